/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A table of places in shared memory, eight to a bucket.  A place holds the
 * hash of what is counted and one time, so counting needs no lock:
 *
 * - of failures: the time at which all of them are forgotten.  Each failure
 *   adds window / limit; more than a window ahead of now is too many (the
 *   "generic cell rate algorithm" of ATM, which needs no counter beside);
 * - of a good login: when it was.
 *
 * Processes that write the same place at once may lose a failure; that costs
 * one more guess.  The hash is keyed (SipHash), so that nobody can choose
 * names that share a bucket.
 */
#include "mod_syncml/syncml_throttle.h"

#include <string.h>

#include "apr_general.h"
#include "apr_shm.h"
#include "apr_siphash.h"
#include "apr_strings.h"

#define BUCKETS     2048
#define WAYS        8
#define GOOD_FOR    apr_time_from_sec(24 * 60 * 60)
#define RETAINED    "mod_syncml-throttle"

typedef struct place_t {
    apr_uint64_t key;           /* 0: free */
    apr_uint64_t time;          /* microseconds */
} place_t;

typedef struct table_t {
    unsigned char secret[APR_SIPHASH_KSIZE];
    place_t places[BUCKETS][WAYS];
} table_t;

typedef enum {
    BY_ADDRESS = 'a',           /* failures of an address */
    BY_ACCOUNT = 'n',           /* of an account from an address */
    BY_DEVICE = 'd',            /* of a known device from an address */
    GOOD = 'g'                  /* a login of an account's device */
} what_e;

/* Of this process: where the shared memory is.  It belongs to the process
 * pool, so that neither a restart nor the unloading of the module in between
 * takes it away; children inherit it. */
static table_t *table;

apr_status_t syncml_throttle_prepare(server_rec *s)
{
    table_t **retained = ap_retained_data_get(RETAINED);
    apr_shm_t *shm;
    apr_status_t rv;

    if (retained == NULL) {
        retained = ap_retained_data_create(RETAINED, sizeof(*retained));
    }
    if (*retained == NULL) {
        rv = apr_shm_create(&shm, sizeof(table_t), NULL, s->process->pool);
        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, rv, s, "no shared memory"
                         " for failed logins: they are logged, but not"
                         " limited");
            return rv;
        }
        *retained = apr_shm_baseaddr_get(shm);
        memset(*retained, 0, sizeof(table_t));
        rv = apr_generate_random_bytes((*retained)->secret,
                                       APR_SIPHASH_KSIZE);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    table = *retained;
    return APR_SUCCESS;
}

/* ---- places -------------------------------------------------------------- */

/* IPv6: the first four groups, which one customer has. */
static const char *network_of(const request_rec *r)
{
    const char *ip = r->useragent_ip ? r->useragent_ip : "";
    const apr_sockaddr_t *addr = r->useragent_addr;
    const unsigned char *octets;

    if (addr == NULL || addr->ipaddr_len != 16) {
        return ip;
    }
    octets = addr->ipaddr_ptr;
    if (memcmp(octets, "\0\0\0\0\0\0\0\0\0\0\377\377", 12) == 0) {
        return ip;              /* IPv4 inside IPv6 */
    }
    return apr_psprintf(r->pool, "%02x%02x%02x%02x%02x%02x%02x%02x/64",
                        octets[0], octets[1], octets[2], octets[3],
                        octets[4], octets[5], octets[6], octets[7]);
}

static apr_uint64_t key_of(const request_rec *r, what_e what,
                           const char *account, const char *device,
                           const char *network)
{
    /* Lengths in front: no two lists of names give the same text. */
    const char *text = apr_psprintf(r->pool, "%c%" APR_SIZE_T_FMT ":%s%"
                                    APR_SIZE_T_FMT ":%s%s", what,
                                    strlen(account), account, strlen(device),
                                    device, network);
    apr_uint64_t key = apr_siphash24(text, strlen(text), table->secret);

    return key ? key : 1;
}

static apr_uint64_t load(const apr_uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static apr_time_t look(apr_uint64_t key)
{
    const place_t *bucket = table->places[key % BUCKETS];
    int i;

    for (i = 0; i < WAYS; i++) {
        if (load(&bucket[i].key) == key) {
            return (apr_time_t)load(&bucket[i].time);
        }
    }
    return 0;
}

static void put(apr_uint64_t key, apr_time_t time)
{
    place_t *bucket = table->places[key % BUCKETS], *place = bucket;
    int i;

    for (i = 0; i < WAYS; i++) {
        if (load(&bucket[i].key) == key) {
            place = &bucket[i];
            break;
        }
        if (load(&bucket[i].time) < load(&place->time)) {
            place = &bucket[i];
        }
    }
    __atomic_store_n(&place->time, (apr_uint64_t)time, __ATOMIC_RELAXED);
    __atomic_store_n(&place->key, key, __ATOMIC_RELAXED);
}

/* ---- counting ------------------------------------------------------------ */

typedef struct rate_t {
    apr_uint64_t key;
    apr_interval_time_t step;   /* what a failure adds */
} rate_t;

/* What a login of that account and device counts on.
 * @return how many of the two */
static int rates_of(const request_rec *r, const char *account,
                    const char *device, rate_t rates[2])
{
    const syncml_dir_conf_t *conf = syncml_dir_conf(r);
    const char *network = network_of(r);
    apr_interval_time_t step =
        syncml_login_window(conf) / syncml_login_limit(conf);
    apr_time_t good = look(key_of(r, GOOD, account, device, ""));

    rates[0].step = step;
    if (good != 0 && apr_time_now() - good < GOOD_FOR) {
        rates[0].key = key_of(r, BY_DEVICE, account, device, network);
        return 1;
    }
    rates[0].key = key_of(r, BY_ACCOUNT, account, "", network);
    rates[1].key = key_of(r, BY_ADDRESS, "", "", network);
    rates[1].step = step / SYNCML_THROTTLE_ADDRESS;
    return 2;
}

static int is_on(const request_rec *r)
{
    return table != NULL && syncml_login_limit(syncml_dir_conf(r)) > 0;
}

int syncml_throttle_wait(request_rec *r, const char *account,
                         const char *device)
{
    apr_time_t now = apr_time_now(), until;
    apr_interval_time_t most = 0, wait;
    rate_t rates[2];
    int i, n;

    if (!is_on(r)) {
        return 0;
    }
    n = rates_of(r, account, device, rates);
    for (i = 0; i < n; i++) {
        until = look(rates[i].key) + rates[i].step;
        wait = until - now - syncml_login_window(syncml_dir_conf(r));
        most = wait > most ? wait : most;
    }
    return most > 0 ? (int)(apr_time_sec(most) + 1) : 0;
}

void syncml_throttle_failed(request_rec *r, const char *account,
                            const char *device)
{
    apr_time_t now = apr_time_now(), until;
    rate_t rates[2];
    int i, n;

    if (!is_on(r)) {
        return;
    }
    n = rates_of(r, account, device, rates);
    for (i = 0; i < n; i++) {
        until = look(rates[i].key);
        put(rates[i].key, (until > now ? until : now) + rates[i].step);
    }
}

void syncml_throttle_granted(request_rec *r, const char *account,
                             const char *device)
{
    if (is_on(r)) {
        put(key_of(r, GOOD, account, device, ""), apr_time_now());
    }
}
