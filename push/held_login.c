/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Who a held connection is, by the store: see gateway_held.h. */
#include <string.h>
#include <sys/eventfd.h>

#include <apr_strings.h>

#include "gateway_held.h"
#include "policy.h"
#include "push_device.h"
#include "store/store_push.h"

#define BUSY_TIMEOUT  apr_time_from_sec(1)
#define TRY_AGAIN     apr_time_from_sec(5)      /* after the store failed */
/* Arrivals are written together with those of the next moment, unless the
 * latest of these writes was longer ago, or there are so many. */
#define GATHER        apr_time_from_msec(50)
#define ENOUGH        256

struct held_login_t {
    gateway_held_options_t o;
    apr_pool_t *pool;
    apr_pool_t *store_pool;
    store_t *store;             /* NULL: to be opened */
    apr_time_t failed;          /* 0: it works */
    store_id_t device, account; /* of the latest login */
    apr_array_header_t *arrivals;       /* of arrival_t, to be written */
    apr_time_t written;         /* the latest ones */
};

/* What one login finds. */
typedef struct login_t {
    const char *devid, *user, *nonce;
    const ctp_param_t *cred;
    held_verdict_e verdict;
    store_id_t device, account;
} login_t;

/* What comes of it. */
typedef struct arrival_t {
    store_id_t device, account;
    int is_new;                 /* its first connection */
    int is_free;                /* no SMS can follow */
    int owes;                   /* and is to be told now */
    int failed;                 /* so far, by another way */
    int asked;                  /* somebody has asked for it: pause or not */
    apr_time_t now;
} arrival_t;

static void close_store(held_login_t *hl)
{
    if (hl->store_pool) {
        apr_pool_destroy(hl->store_pool);
    }
    hl->store_pool = NULL;
    hl->store = NULL;
}

static void trouble(held_login_t *hl, apr_status_t rv, const char *words)
{
    char buf[256];
    const char *line = apr_psprintf(hl->store_pool, "held connections cannot "
        "log in, the store %s fails: %s", hl->o.store_url,
        words ? words : store_strerror(rv, buf, sizeof buf));

    if (hl->o.log && !hl->failed) {
        hl->o.log(hl->o.log_baton, 3, 0, line);
    }
    hl->failed = apr_time_now();
    if (!hl->store || (rv != STORE_EBUSY && rv != STORE_EFULL)) {
        close_store(hl);
    }
}

static apr_status_t open_store(held_login_t *hl, const char **words)
{
    store_options_t options = { .key_file = hl->o.key_file,
                                .busy_timeout = BUSY_TIMEOUT };

    if (hl->store) {
        return APR_SUCCESS;
    }
    apr_pool_create(&hl->store_pool, hl->pool);
    return store_open(&hl->store, hl->o.store_url, &options, words,
                      hl->store_pool);
}

/* ---- who it is ----------------------------------------------------------- */

/* The account with its password, the digest, the device. */
static apr_status_t identify(login_t *l, store_tx_t *tx)
{
    store_account_t *account;
    store_device_t *device;
    const char *password = NULL;
    apr_status_t rv = store_account_find(tx, l->user, &account);

    l->verdict = HELD_WRONG;
    if (rv == APR_SUCCESS) {
        rv = store_account_password(tx, account->id, &password);
    }
    /* A wrong user takes as long as a wrong password. */
    if (!ctp_digest_matches(l->cred, l->user, password ? password : "",
                            l->nonce) || !password) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    l->verdict = HELD_UNKNOWN;
    rv = store_device_find(tx, account->id, l->devid, &device);
    if (rv == APR_SUCCESS && device->last_seen) {
        l->verdict = HELD_WELCOME;
        l->device = device->id;
        l->account = account->id;
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

/* One transaction, and the store's failures with it. */
typedef apr_status_t work_fn(void *baton, store_tx_t *tx, apr_pool_t *p);

static apr_status_t transact(held_login_t *hl, int mode, work_fn *work,
                             void *baton)
{
    const char *words = NULL;
    apr_pool_t *p = NULL;
    store_tx_t *tx;
    apr_status_t rv = open_store(hl, &words);

    if (rv == APR_SUCCESS) {
        apr_pool_create(&p, hl->store_pool);
        rv = store_begin(&tx, hl->store, mode, p);
    }
    if (p && rv == APR_SUCCESS) {
        rv = work(baton, tx, p);
        if (rv == APR_SUCCESS && mode == STORE_WRITE) {
            rv = store_commit(&tx, NULL);
        }
        store_rollback(&tx);
    }
    if (p) {
        apr_pool_destroy(p);
    }
    if (rv == APR_SUCCESS) {
        hl->failed = 0;
    }
    else {
        trouble(hl, rv, words);
    }
    return rv;
}

static apr_status_t do_identify(void *baton, store_tx_t *tx, apr_pool_t *p)
{
    return identify(baton, tx);
}

held_verdict_e held_login(void *baton, const char *devid, const char *user,
                          const ctp_param_t *cred, const char *nonce,
                          apr_int64_t *device)
{
    held_login_t *hl = baton;
    login_t l = { .devid = devid, .user = user, .nonce = nonce,
                  .cred = cred };
    apr_time_t now = apr_time_now();

    if (!hl->store && hl->failed && now > hl->failed
        && now - hl->failed < TRY_AGAIN) {
        return HELD_TROUBLE;
    }
    if (transact(hl, STORE_READ, do_identify, &l) != APR_SUCCESS) {
        return HELD_TROUBLE;
    }
    *device = hl->device = l.device;
    hl->account = l.account;
    return l.verdict;
}

/* ---- its arrival --------------------------------------------------------- */

static apr_status_t look(void *baton, store_tx_t *tx, apr_pool_t *p)
{
    arrival_t *a = baton;
    store_device_t *d;
    store_due_t *due;
    const char *held;
    apr_status_t rv = store_device_setting_get(tx, a->device,
                                               PUSH_DEVICE_HELD, &held);

    a->is_new = rv == APR_NOTFOUND;
    if (rv == APR_SUCCESS || rv == APR_NOTFOUND) {
        rv = store_device_get(tx, a->account, a->device, &d);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* One with a number might be sent an SMS as well, should the connection
     * break: the rules are asked anew. */
    a->is_free = !*d->number;
    rv = store_due_get(tx, a->device, &due);
    if (rv == APR_SUCCESS) {
        a->owes = a->is_free
            ? due->state != STORE_DUE_SENT || due->last_sent > a->now
              || a->now - due->last_sent > GATEWAY_HELD_AGAIN
            : due->state != STORE_DUE_SUSPENDED;
        a->failed = due->state == STORE_DUE_WAITING && due->attempts > 0;
        a->asked = due->now;
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

/* Somebody has paused push: for all, the account, or the device, of which the
 * nearest counts that has a value with a meaning. */
static apr_status_t look_for_pause(const arrival_t *a, store_tx_t *tx,
                                   int *paused, apr_pool_t *p)
{
    static const char name[] = POLICY_PREFIX "paused";
    const char *value, *ignored;
    policy_rules_t rules;
    apr_status_t rv;
    int i;

    policy_defaults(&rules);
    for (i = 0; i < 3; i++) {
        rv = i == 0 ? store_setting_get(tx, name, &value)
            : i == 1 ? store_account_setting_get(tx, a->account, name, &value)
            : store_device_setting_get(tx, a->device, name, &value);
        if (rv == APR_SUCCESS) {
            policy_set(&rules, STORE_USE_SERVER, "paused", value, &ignored,
                       p);
        }
        else if (rv != APR_NOTFOUND) {
            return rv;
        }
    }
    *paused = rules.paused;
    return APR_SUCCESS;
}

static apr_status_t note(arrival_t *a, store_tx_t *tx, apr_pool_t *p)
{
    int paused = 0;
    apr_status_t rv = a->asked ? APR_SUCCESS
                               : look_for_pause(a, tx, &paused, p);

    if (rv == APR_SUCCESS && a->is_new) {
        rv = store_device_setting_set(tx, a->device, PUSH_DEVICE_HELD,
            apr_psprintf(p, "%" APR_TIME_T_FMT, apr_time_sec(a->now)));
    }
    /* The gateway that has failed is not needed: no retry is waited for. */
    if (rv == APR_SUCCESS && (a->is_new || a->failed
                              || (a->is_free && paused))) {
        rv = store_due_refresh(tx, a->device);
    }
    if (rv == APR_SUCCESS) {
        rv = a->is_free && !paused
            ? store_due_now(tx, a->device)
            : store_due_replan(tx, a->account, a->device);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

int held_login_arrived(held_login_t *hl, apr_int64_t device)
{
    arrival_t a = { .device = device, .account = hl->account,
                    .now = apr_time_now() };

    if (device != hl->device
        || transact(hl, STORE_READ, look, &a) != APR_SUCCESS) {
        return 0;
    }
    if (a.is_new || a.owes) {
        APR_ARRAY_PUSH(hl->arrivals, arrival_t) = a;
    }
    return 1;
}

/* All that have arrived; each is looked at anew, since it may have been told
 * meanwhile. */
static apr_status_t note_all(void *baton, store_tx_t *tx, apr_pool_t *p)
{
    const apr_array_header_t *arrivals = baton;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < arrivals->nelts && rv == APR_SUCCESS; i++) {
        arrival_t a = APR_ARRAY_IDX(arrivals, i, arrival_t);

        a.owes = a.failed = a.asked = 0;
        rv = look(&a, tx, p);
        if (rv == APR_SUCCESS && (a.is_new || a.owes)) {
            rv = note(&a, tx, p);
        }
        if (rv == APR_NOTFOUND) {       /* it was deleted */
            rv = APR_SUCCESS;
        }
    }
    return rv;
}

apr_interval_time_t held_login_wait(const held_login_t *hl,
                                    apr_interval_time_t wait)
{
    apr_time_t now = apr_time_now(), left = hl->written + GATHER - now;

    if (!hl->arrivals->nelts) {
        return wait;
    }
    if (left <= 0 || left > GATHER || hl->arrivals->nelts >= ENOUGH) {
        return 0;
    }
    return left < wait ? left : wait;
}

void held_login_write(held_login_t *hl, held_lost_fn *lost, void *baton)
{
    apr_status_t rv;
    int i;

    if (!hl->arrivals->nelts || held_login_wait(hl, GATHER) > 0) {
        return;
    }
    rv = transact(hl, STORE_WRITE, note_all, hl->arrivals);
    hl->written = apr_time_now();
    for (i = 0; i < hl->arrivals->nelts && rv != APR_SUCCESS; i++) {
        lost(baton, APR_ARRAY_IDX(hl->arrivals, i, arrival_t).device);
    }
    apr_array_clear(hl->arrivals);
    if (rv == APR_SUCCESS && hl->o.look_fd >= 0) {
        eventfd_write(hl->o.look_fd, 1);
    }
}

held_login_t *held_login_create(const gateway_held_options_t *options,
                                apr_pool_t *p)
{
    held_login_t *hl = apr_pcalloc(p, sizeof *hl);

    hl->o = *options;
    hl->pool = p;
    hl->arrivals = apr_array_make(p, ENOUGH, sizeof(arrival_t));
    return hl;
}
