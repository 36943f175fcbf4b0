/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Who a held connection is, by the store: see gateway_held.h. */
#include <string.h>
#include <sys/eventfd.h>

#include <apr_strings.h>

#include "gateway_held.h"
#include "push_device.h"
#include "store/store_push.h"

#define BUSY_TIMEOUT  apr_time_from_sec(1)
#define TRY_AGAIN     apr_time_from_sec(5)      /* after the store failed */

struct held_login_t {
    gateway_held_options_t o;
    apr_pool_t *pool;
    apr_pool_t *store_pool;
    store_t *store;             /* NULL: to be opened */
    apr_time_t failed;          /* 0: it works */
};

/* What one login finds. */
typedef struct login_t {
    const char *devid, *user, *nonce;
    const ctp_param_t *cred;
    held_verdict_e verdict;
    store_device_t *device;
    int is_new;                 /* its first connection */
    int owes;                   /* and is to be told now */
    apr_time_t now;
} login_t;

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
    if (rv != STORE_EBUSY && rv != STORE_EFULL) {
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

/* ---- looking ------------------------------------------------------------- */

static apr_status_t on_due(void *baton, const store_due_t *due)
{
    login_t *l = baton;

    if (due->device != l->device->id) {
        return APR_SUCCESS;
    }
    l->owes = due->state != STORE_DUE_SENT
              || due->last_sent > l->now
              || l->now - due->last_sent > GATEWAY_HELD_AGAIN;
    return APR_EOF;
}

/* The account with its password, the digest, the device. */
static apr_status_t identify(login_t *l, store_tx_t *tx)
{
    store_account_t *account;
    const char *password = NULL, *held;
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
    rv = store_device_find(tx, account->id, l->devid, &l->device);
    if (rv != APR_SUCCESS || !l->device->last_seen) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    l->verdict = HELD_WELCOME;
    rv = store_device_setting_get(tx, l->device->id, PUSH_DEVICE_HELD,
                                  &held);
    l->is_new = rv == APR_NOTFOUND;
    return rv == APR_SUCCESS || rv == APR_NOTFOUND
        ? store_due_list(tx, account->id, on_due, l) : rv;
}

/* ---- writing ------------------------------------------------------------- */

static apr_status_t make_reachable(login_t *l, store_tx_t *tx, apr_pool_t *p)
{
    apr_status_t rv = store_device_setting_set(tx, l->device->id,
        PUSH_DEVICE_HELD, apr_psprintf(p, "%" APR_TIME_T_FMT,
                                       apr_time_sec(l->now)));

    return rv == APR_SUCCESS ? store_due_refresh(tx, l->device->id) : rv;
}

static apr_status_t write_login(held_login_t *hl, login_t *l, apr_pool_t *p)
{
    store_tx_t *tx;
    apr_status_t rv = store_begin(&tx, hl->store, STORE_WRITE, p);

    if (rv == APR_SUCCESS) {
        rv = l->is_new ? make_reachable(l, tx, p) : APR_SUCCESS;
        if (rv == APR_SUCCESS) {
            rv = store_due_now(tx, l->device->id);
            rv = rv == APR_NOTFOUND ? APR_SUCCESS : rv;
        }
        if (rv == APR_SUCCESS) {
            rv = store_commit(&tx, NULL);
        }
        store_rollback(&tx);
    }
    if (rv == APR_SUCCESS && hl->o.look_fd >= 0) {
        eventfd_write(hl->o.look_fd, 1);
    }
    return rv;
}

/* ---- the call ------------------------------------------------------------ */

static apr_status_t look_up(held_login_t *hl, login_t *l, apr_pool_t *p)
{
    store_tx_t *tx;
    apr_status_t rv = store_begin(&tx, hl->store, STORE_READ, p);

    if (rv == APR_SUCCESS) {
        rv = identify(l, tx);
        store_rollback(&tx);
    }
    /* Without a key file nobody can be known. */
    if (rv == APR_SUCCESS && l->verdict == HELD_WELCOME
        && (l->is_new || l->owes)) {
        rv = write_login(hl, l, p);
    }
    return rv;
}

held_verdict_e held_login(void *baton, const char *devid, const char *user,
                          const ctp_param_t *cred, const char *nonce,
                          apr_int64_t *device)
{
    held_login_t *hl = baton;
    login_t l = { .devid = devid, .user = user, .nonce = nonce,
                  .cred = cred, .now = apr_time_now() };
    const char *words = NULL;
    apr_status_t rv;
    apr_pool_t *p;

    if (!hl->store && hl->failed && l.now > hl->failed
        && l.now - hl->failed < TRY_AGAIN) {
        return HELD_TROUBLE;
    }
    rv = open_store(hl, &words);
    if (rv == APR_SUCCESS) {
        apr_pool_create(&p, hl->store_pool);
        rv = look_up(hl, &l, p);
        if (l.device) {
            *device = l.device->id;
        }
        apr_pool_destroy(p);
    }
    if (rv != APR_SUCCESS) {
        trouble(hl, rv, words);
        return HELD_TROUBLE;
    }
    hl->failed = 0;
    return l.verdict;
}

held_login_t *held_login_create(const gateway_held_options_t *options,
                                apr_pool_t *p)
{
    held_login_t *hl = apr_pcalloc(p, sizeof *hl);

    hl->o = *options;
    hl->pool = p;
    return hl;
}
