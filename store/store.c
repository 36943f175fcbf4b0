/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Opening a store by its URL, transactions, and the small things that are
 * the same for every driver.  The calls themselves are in store_calls.c.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "store_driver.h"
#include "store_secret.h"

#define DEFAULT_BUSY_TIMEOUT  apr_time_from_sec(10)

static const store_driver_t *const drivers[] = {
    &store_sqlite_driver, &store_memory_driver
};

/* ---- words ------------------------------------------------------------- */

const char *store_strerror(apr_status_t rv, char *buf, apr_size_t size)
{
    const char *words = NULL;

    if (!buf || size == 0)
        return "";
    switch (rv) {
    case STORE_EFULL:
        words = "the store has no room for the data";
        break;
    case STORE_EBUSY:
        words = "the store is busy with another writer";
        break;
    case STORE_ECORRUPT:
        words = "the store's database is damaged or not ours";
        break;
    case STORE_EVERSION:
        words = "the store's schema is of another version than this program";
        break;
    case STORE_EKEY:
        words = "the store's key file is missing, unusable or the wrong one";
        break;
    default:
        return apr_strerror(rv, buf, size);
    }
    apr_cpystrn(buf, words, size);
    return buf;
}

const char *store_guid(store_id_t item, char *buf)
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    char turned[STORE_GUID_LEN];
    int n = 0, i;

    if (item < 0)
        item = 0;
    do {
        turned[n++] = digits[item % 36];
        item /= 36;
    } while (item > 0);
    for (i = 0; i < n; i++)
        buf[i] = turned[n - 1 - i];
    buf[n] = '\0';
    return buf;
}

store_id_t store_guid_parse(const char *guid)
{
    store_id_t id = 0;
    const char *c;

    if (!guid || !*guid || *guid == '0')
        return 0;               /* ours have no leading zero */
    for (c = guid; *c; c++) {
        int digit;

        /* Phones are known to change the case of what they were given. */
        if (*c >= '0' && *c <= '9')
            digit = *c - '0';
        else if (*c >= 'A' && *c <= 'Z')
            digit = *c - 'A' + 10;
        else if (*c >= 'a' && *c <= 'z')
            digit = *c - 'a' + 10;
        else
            return 0;
        id = id * 36 + digit;
        if (id >= STORE_ITEM_LIMIT)
            return 0;
    }
    return id;
}

/* ---- open and close ---------------------------------------------------- */

/* Read the key file, and hold the store's key check against it. */
static apr_status_t open_secret(store_t *store, const char *file,
                                const char **error)
{
    apr_pool_t *ptemp;
    store_tx_t *tx = NULL;
    const char *check = NULL;
    apr_status_t rv;

    apr_pool_create(&ptemp, store->p);
    rv = store_begin(&tx, store, STORE_READ, ptemp);
    if (rv == APR_SUCCESS)
        rv = store->driver->setting_get(tx, STORE_KEY_CHECK, &check);
    if (rv == APR_NOTFOUND)
        rv = APR_SUCCESS;
    if (rv != APR_SUCCESS) {
        *error = apr_psprintf(store->p, "cannot read the store's settings: "
                              "%s", tx ? store_error(tx) : "no transaction");
    }
    else {
        /* A new key would not open what the lost one has closed. */
        rv = store_secret_open(&store->secret, file, store->create && !check,
                               error, store->p);
        if (rv != APR_SUCCESS && check)
            *error = apr_pstrcat(store->p, *error, " (this store holds "
                                 "passwords, so it must be the key file "
                                 "that they were written with: restore it "
                                 "from your backup)", NULL);
    }
    if (rv == APR_SUCCESS && check
        && strcmp(check, store_secret_check(store->secret)) != 0) {
        *error = apr_psprintf(store->p, "%s is not the key file that this "
                              "store's passwords were written with", file);
        rv = STORE_EKEY;
    }
    store_rollback(&tx);
    apr_pool_destroy(ptemp);
    return rv;
}

/* After a fork the handles and locks are the parent's: a child that clears
 * the pool must not touch them. */
static int is_ours(const store_t *store)
{
    return store->pid == getpid();
}

static void close_now(store_t *store)
{
    if (!is_ours(store))
        return;
    while (store->open) {
        store_tx_t *tx = store->open;

        store_rollback(&tx);
    }
    if (store->impl)
        store->driver->close(store);
    store->impl = NULL;
}

static apr_status_t cleanup(void *baton)
{
    close_now(baton);
    return APR_SUCCESS;
}

static const store_driver_t *find_driver(const char *url, const char **rest)
{
    size_t i;

    for (i = 0; url && i < sizeof(drivers) / sizeof(drivers[0]); i++) {
        size_t n = strlen(drivers[i]->scheme);

        if (strncmp(url, drivers[i]->scheme, n) == 0) {
            *rest = url + n;
            return drivers[i];
        }
    }
    return NULL;
}

apr_status_t store_open(store_t **store, const char *url,
                        const store_options_t *options,
                        const char **error, apr_pool_t *p)
{
    static const store_options_t none;
    const char *ignored, *rest = NULL, *words = NULL;
    const store_driver_t *driver = find_driver(url, &rest);
    apr_pool_t *pool;
    store_t *s;
    apr_status_t rv;

    if (!error)
        error = &ignored;
    if (!options)
        options = &none;
    *store = NULL;
    *error = "";
    if (!driver) {
        *error = apr_psprintf(p, "unknown store \"%s\": it is "
                              "sqlite:/absolute/path/syncml.db or memory:",
                              url ? url : "");
        return APR_EINVAL;
    }
    apr_pool_create(&pool, p);
    s = apr_pcalloc(pool, sizeof(*s));
    s->driver = driver;
    s->p = pool;
    s->create = options->create;
    s->starts = options->starts;
    s->busy_timeout = options->busy_timeout > 0 ? options->busy_timeout
                                                : DEFAULT_BUSY_TIMEOUT;
    s->log = options->log;
    s->log_baton = options->log_baton;
    s->pid = getpid();
    rv = apr_thread_mutex_create(&s->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (rv == APR_SUCCESS)
        rv = driver->open(s, rest, &words);
    apr_pool_cleanup_register(pool, s, cleanup, apr_pool_cleanup_null);
    if (rv == APR_SUCCESS && options->key_file)
        rv = open_secret(s, options->key_file, &words);
    if (rv != APR_SUCCESS) {
        char buf[120];

        if (!words)
            words = store_strerror(rv, buf, sizeof(buf));
        *error = apr_pstrdup(p, words);
        apr_pool_destroy(pool);
        return rv;
    }
    *store = s;
    return APR_SUCCESS;
}

void store_close(store_t **store)
{
    if (store && *store) {
        apr_pool_destroy((*store)->p);
        *store = NULL;
    }
}

apr_status_t store_data_version(store_t *store, apr_int64_t *version)
{
    apr_int64_t ignored;

    if (!version)
        version = &ignored;
    *version = 0;
    if (!store || !is_ours(store))
        return APR_EINVAL;
    return store->driver->data_version(store, version);
}

/* ---- transactions ------------------------------------------------------ */

static void lock(store_t *store)
{
    apr_thread_mutex_lock(store->mutex);
}

static void unlock(store_t *store)
{
    apr_thread_mutex_unlock(store->mutex);
}

static apr_status_t tx_cleanup(void *baton)
{
    store_tx_t *tx = baton;

    if (tx->store && is_ours(tx->store))
        store_rollback(&tx);
    return APR_SUCCESS;
}

/* Say what has no transaction left to be asked for its words. */
static void log_failure(store_t *store, apr_status_t rv, const char *words)
{
    if (store->log && words)
        store->log(store->log_baton, rv == STORE_EBUSY ? 4 : 3, rv, words);
}

/* Take the transaction off the store's list; nothing reaches it any more. */
static void tx_end(store_tx_t *tx)
{
    store_t *store = tx->store;

    lock(store);
    *tx->link = tx->next;
    if (tx->next)
        tx->next->link = tx->link;
    unlock(store);
    tx->store = NULL;
    tx->impl = NULL;
    apr_pool_cleanup_kill(tx->p, tx, tx_cleanup);
}

apr_status_t store_begin(store_tx_t **tx, store_t *store, int mode,
                         apr_pool_t *p)
{
    store_tx_t *t;
    apr_status_t rv;

    *tx = NULL;
    if (!store || !p || (mode != STORE_READ && mode != STORE_WRITE))
        return APR_EINVAL;
    if (!is_ours(store)) {
        log_failure(store, APR_EINVAL, "a store of another process is used "
                    "after a fork");
        return APR_EINVAL;
    }
    t = apr_pcalloc(p, sizeof(*t));
    t->store = store;
    t->driver = store->driver;
    t->p = p;
    t->mode = mode;
    t->now = apr_time_now();
    rv = t->driver->begin(t);
    if (rv != APR_SUCCESS) {
        log_failure(store, rv, t->error);
        return rv;
    }
    lock(store);
    t->next = store->open;
    t->link = &store->open;
    if (t->next)
        t->next->link = &t->next;
    store->open = t;
    unlock(store);
    apr_pool_cleanup_register(p, t, tx_cleanup, apr_pool_cleanup_null);
    *tx = t;
    return APR_SUCCESS;
}

apr_status_t store_commit(store_tx_t **tx, int *owes_push)
{
    store_tx_t *t = tx ? *tx : NULL;
    store_t *store;
    apr_status_t rv;
    int ignored;

    if (!owes_push)
        owes_push = &ignored;
    *owes_push = 0;
    if (!t || !t->store)
        return APR_EINVAL;
    *tx = NULL;
    store = t->store;
    rv = t->doomed;
    if (rv == APR_SUCCESS)
        rv = t->driver->commit(t, owes_push);
    else
        t->driver->rollback(t);
    if (rv != APR_SUCCESS) {
        *owes_push = 0;
        log_failure(store, rv, t->error);
    }
    tx_end(t);
    return rv;
}

void store_rollback(store_tx_t **tx)
{
    store_tx_t *t = tx ? *tx : NULL;

    if (!t)
        return;
    *tx = NULL;
    if (t->store) {
        t->driver->rollback(t);
        tx_end(t);
    }
}

/* ---- savepoints -------------------------------------------------------- */

apr_status_t store_savepoint(store_tx_t *tx, store_savepoint_t *sp)
{
    apr_status_t rv = store_tx_check(tx, STORE_WRITE);

    *sp = 0;
    if (rv != APR_SUCCESS)
        return rv;
    if (tx->n_savepoints == STORE_MAX_SAVEPOINTS)
        return store_fail(tx, APR_EINVAL, "too many savepoints are open in "
                          "one another");
    rv = tx->driver->savepoint(tx);
    if (rv == APR_SUCCESS)
        *sp = tx->savepoints[tx->n_savepoints++] = ++tx->last_savepoint;
    return store_tx_result(tx, STORE_WRITE, rv);
}

/* End the savepoint and those set after it, innermost first. */
static apr_status_t end_savepoints(store_tx_t *tx, store_savepoint_t sp,
                                   apr_status_t (*end)(store_tx_t *tx))
{
    apr_status_t rv = APR_SUCCESS;
    int from = tx->n_savepoints;

    while (from > 0 && tx->savepoints[from - 1] != sp)
        from--;
    if (from == 0)
        return store_fail(tx, APR_EINVAL, "the savepoint is not open");
    while (tx->n_savepoints >= from && rv == APR_SUCCESS) {
        rv = end(tx);
        tx->n_savepoints--;
    }
    return store_tx_result(tx, STORE_WRITE, rv);
}

apr_status_t store_savepoint_rollback(store_tx_t *tx, store_savepoint_t sp)
{
    apr_status_t rv = store_tx_check(tx, STORE_WRITE);

    return rv == APR_SUCCESS
           ? end_savepoints(tx, sp, tx->driver->savepoint_rollback) : rv;
}

apr_status_t store_savepoint_release(store_tx_t *tx, store_savepoint_t sp)
{
    apr_status_t rv = store_tx_check(tx, STORE_WRITE);

    return rv == APR_SUCCESS
           ? end_savepoints(tx, sp, tx->driver->savepoint_release) : rv;
}

/* ---- what a transaction says and writes -------------------------------- */

const char *store_error(store_tx_t *tx)
{
    return tx && tx->error ? tx->error : "";
}

void store_set_now(store_tx_t *tx, apr_time_t now)
{
    if (tx)
        tx->now = now;
}

/* ---- for the calls ----------------------------------------------------- */

int store_is_answer(apr_status_t rv)
{
    return rv == APR_SUCCESS || rv == APR_NOTFOUND || rv == APR_EEXIST
           || rv == APR_EINVAL || rv == STORE_EKEY || rv == APR_EOF;
}

apr_status_t store_fail(store_tx_t *tx, apr_status_t rv, const char *words)
{
    tx->error = apr_pstrdup(tx->p, words);
    return rv;
}

apr_status_t store_tx_check(store_tx_t *tx, int mode)
{
    if (!tx || !tx->store)
        return APR_EINVAL;
    if (tx->doomed != APR_SUCCESS)
        return tx->doomed;
    if (mode == STORE_WRITE && tx->mode != STORE_WRITE)
        return store_fail(tx, APR_EINVAL, "a write in a read transaction");
    return APR_SUCCESS;
}

apr_status_t store_tx_result(store_tx_t *tx, int mode, apr_status_t rv)
{
    if (mode == STORE_WRITE && !store_is_answer(rv)
        && tx->doomed == APR_SUCCESS)
        tx->doomed = rv;
    return rv;
}

/* ---- how urgent an item is ----------------------------------------------- */

int store_starts_asks(store_tx_t *tx, const store_item_t *item)
{
    apr_int64_t now = apr_time_sec(tx->now);

    return tx->store->starts && item->starts != STORE_WHEN_ALWAYS
           && item->starts <= now + apr_time_sec(STORE_URGENT_LIMIT)
           && (item->ends == STORE_WHEN_ALWAYS || item->ends > now);
}

apr_int64_t store_starts(store_tx_t *tx, const store_item_t *item)
{
    apr_int64_t now = apr_time_sec(tx->now), starts;
    apr_pool_t *p;

    if (!store_starts_asks(tx, item))
        return item->starts;
    apr_pool_create(&p, tx->p);
    starts = tx->store->starts(item->type, item->data, item->len, now,
                               now + apr_time_sec(STORE_URGENT_LIMIT), p);
    apr_pool_destroy(p);
    return starts;
}
