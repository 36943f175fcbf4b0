/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver's transactions, and what they know of the accounts,
 * devices and datastores that they have met: looked up once, checked
 * against each other by number afterwards, counters written once.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/* ---- begin, commit, rollback ------------------------------------------- */

/* Nothing of the transaction is left but the handle, which goes back. */
static void end(store_tx_t *tx)
{
    sq_tx_t *t = SQ_TX(tx);

    if (t->h) {
        sq_queue_leave(t->h);
        sq_handle_put(t->h, t->store);
    }
    t->h = NULL;
}

apr_status_t sq_begin(store_tx_t *tx)
{
    sq_tx_t *t = apr_pcalloc(tx->p, sizeof(*t));
    int write = tx->mode == STORE_WRITE;
    sqlite3_stmt *st;
    apr_status_t rv;

    t->base = tx;
    t->store = tx->store->impl;
    rv = sq_handle_get(&t->h, t->store, &tx->error, tx->p);
    if (rv != APR_SUCCESS)
        return rv;
    tx->impl = t;
    t->h->give_up = apr_time_now() + t->h->busy_timeout;
    t->datastores = apr_array_make(tx->p, 4, sizeof(sq_datastore_t));
    t->accounts = apr_array_make(tx->p, 1, sizeof(sq_account_t));
    t->devices = apr_array_make(tx->p, 4, sizeof(store_id_t));
    t->synced = apr_array_make(tx->p, 2, sizeof(store_id_t));
    if (write) {
        if (t->h->queue < 0)
            t->h->queue = sq_queue_open(t->store->path, tx->p);
        sq_queue_enter(t->h);
    }
    rv = sq_do(tx, NULL, write ? SQ_BEGIN_WRITE : SQ_BEGIN_READ, "");
    if (rv == APR_SUCCESS && !write) {
        /* SQLite takes the snapshot at the first read, so read. */
        rv = sq_first(tx, &st, SQ_SNAPSHOT, "");
        if (rv == APR_SUCCESS)
            sq_done(tx, st, SQ_SNAPSHOT);
        if (rv == APR_NOTFOUND)
            rv = APR_SUCCESS;
    }
    if (rv != APR_SUCCESS)
        sq_rollback(tx);
    return rv;
}

void sq_rollback(store_tx_t *tx)
{
    sq_tx_t *t = SQ_TX(tx);
    const char *words = tx->error;

    if (t->h && !sqlite3_get_autocommit(t->h->db))
        sq_do(tx, NULL, SQ_ROLLBACK, "");
    tx->error = words;
    end(tx);
}

apr_status_t sq_commit(store_tx_t *tx, int *owes_push)
{
    sq_tx_t *t = SQ_TX(tx);
    apr_status_t rv = APR_SUCCESS;

    if (tx->mode == STORE_WRITE) {
        rv = sq_flush(tx);
        if (rv == APR_SUCCESS)
            rv = sq_derive_dues(tx);
        if (rv == APR_SUCCESS)
            rv = sq_uses_flush(tx);
    }
    if (rv == APR_SUCCESS) {
        sq_wal_gather(t->h->db, tx->mode == STORE_WRITE);
        rv = sq_do(tx, NULL, SQ_COMMIT, "");
        sq_wal_gather(t->h->db, 0);
    }
    if (rv != APR_SUCCESS) {
        sq_rollback(tx);
        return rv;
    }
    *owes_push = t->owes_push;
    end(tx);
    return APR_SUCCESS;
}

/* ---- savepoints -------------------------------------------------------- */

/* What the transaction knew when a savepoint was set.  SQLite's own part of
 * it comes back by ROLLBACK TO; names nest, so one is enough. */
typedef struct sq_saved_t {
    apr_array_header_t *datastores, *accounts, *devices, *synced;
    int owes_push;
    struct sq_saved_t *outer;
} sq_saved_t;

apr_status_t sq_savepoint(store_tx_t *tx)
{
    sq_tx_t *t = SQ_TX(tx);
    sq_saved_t *s = apr_palloc(tx->p, sizeof(*s));
    apr_status_t rv = sq_uses_flush(tx);

    if (rv != APR_SUCCESS)
        return rv;
    s->datastores = apr_array_copy(tx->p, t->datastores);
    s->accounts = apr_array_copy(tx->p, t->accounts);
    s->devices = apr_array_copy(tx->p, t->devices);
    s->synced = apr_array_copy(tx->p, t->synced);
    s->owes_push = t->owes_push;
    s->outer = t->saved;
    t->saved = s;
    return sq_do(tx, NULL, SQ_SAVEPOINT, "");
}

apr_status_t sq_savepoint_release(store_tx_t *tx)
{
    sq_tx_t *t = SQ_TX(tx);

    t->saved = t->saved->outer;
    return sq_do(tx, NULL, SQ_SAVEPOINT_END, "");
}

apr_status_t sq_savepoint_rollback(store_tx_t *tx)
{
    sq_tx_t *t = SQ_TX(tx);
    sq_saved_t *s = t->saved;
    apr_status_t rv = sq_do(tx, NULL, SQ_SAVEPOINT_BACK, "");

    if (rv != APR_SUCCESS)
        return rv;
    t->datastores = s->datastores;
    t->accounts = s->accounts;
    t->devices = s->devices;
    t->synced = s->synced;
    t->owes_push = s->owes_push;
    memset(&t->uses, 0, sizeof(t->uses));
    return sq_savepoint_release(tx);
}

/* ---- the cache --------------------------------------------------------- */

apr_status_t sq_datastore(store_tx_t *tx, store_id_t account, store_id_t id,
                          sq_datastore_t **ds)
{
    apr_array_header_t *cache = SQ_TX(tx)->datastores;
    sq_datastore_t *all = (sq_datastore_t *)cache->elts, *d = NULL;
    sqlite3_stmt *st;
    apr_status_t rv;
    int i;

    *ds = NULL;
    for (i = 0; i < cache->nelts && !d; i++) {
        if (all[i].id == id)
            d = &all[i];
    }
    if (!d) {
        rv = sq_first(tx, &st, SQ_DATASTORE_GET, "i", id);
        if (rv != APR_SUCCESS)
            return rv;
        d = apr_array_push(cache);
        memset(d, 0, sizeof(*d));
        d->id = id;
        d->account = sqlite3_column_int64(st, 1);
        d->change = sqlite3_column_int64(st, 3);
        d->items = sqlite3_column_int64(st, 4);
        sq_done(tx, st, SQ_DATASTORE_GET);
    }
    if (account && d->account != account)
        return APR_NOTFOUND;
    *ds = d;
    return APR_SUCCESS;
}

apr_status_t sq_account(store_tx_t *tx, store_id_t id, sq_account_t **a)
{
    apr_array_header_t *cache = SQ_TX(tx)->accounts;
    sq_account_t *all = (sq_account_t *)cache->elts;
    sqlite3_stmt *st;
    apr_status_t rv;
    int i;

    *a = NULL;
    for (i = 0; i < cache->nelts; i++) {
        if (all[i].id == id) {
            *a = &all[i];
            return APR_SUCCESS;
        }
    }
    rv = sq_first(tx, &st, SQ_ACCOUNT_COUNTER, "i", id);
    if (rv != APR_SUCCESS)
        return rv;
    *a = apr_array_push(cache);
    (*a)->id = id;
    (*a)->last_item = sqlite3_column_int64(st, 0);
    (*a)->new_row = 0;
    (*a)->dirty = 0;
    sq_done(tx, st, SQ_ACCOUNT_COUNTER);
    return APR_SUCCESS;
}

apr_status_t sq_device(store_tx_t *tx, store_id_t account, store_id_t id,
                       store_id_t *owner)
{
    apr_array_header_t *cache = SQ_TX(tx)->devices;
    store_id_t *all = (store_id_t *)cache->elts, found = 0;
    sqlite3_stmt *st;
    apr_status_t rv;
    int i;

    for (i = 0; i + 1 < cache->nelts && !found; i += 2) {
        if (all[i] == id)
            found = all[i + 1];
    }
    if (!found) {
        rv = sq_first(tx, &st, SQ_DEVICE_ACCOUNT, "i", id);
        if (rv != APR_SUCCESS)
            return rv;
        found = sqlite3_column_int64(st, 0);
        sq_done(tx, st, SQ_DEVICE_ACCOUNT);
        APR_ARRAY_PUSH(cache, store_id_t) = id;
        APR_ARRAY_PUSH(cache, store_id_t) = found;
    }
    if (owner)
        *owner = found;
    return account && found != account ? APR_NOTFOUND : APR_SUCCESS;
}

apr_status_t sq_pair(store_tx_t *tx, store_id_t account, store_id_t device,
                     store_id_t datastore, sq_datastore_t **ds)
{
    store_id_t owner = 0;
    apr_status_t rv;

    *ds = NULL;
    rv = sq_device(tx, account, device, &owner);
    if (rv == APR_SUCCESS)
        rv = sq_datastore(tx, owner, datastore, ds);
    return rv;
}

store_id_t sq_change(sq_datastore_t *ds, store_id_t origin)
{
    if (ds->changed && ds->origin != origin)
        ds->mixed = 1;
    ds->origin = origin;
    ds->changed = 1;
    ds->dirty = 1;
    ds->n_changes++;
    return ++ds->change;
}

void sq_starts(store_tx_t *tx, sq_datastore_t *ds, apr_int64_t starts)
{
    if (starts > apr_time_sec(tx->now)
        && (!ds->starts || starts < ds->starts))
        ds->starts = starts;
}

apr_status_t sq_flush(store_tx_t *tx)
{
    sq_tx_t *t = SQ_TX(tx);
    sq_datastore_t *ds = (sq_datastore_t *)t->datastores->elts;
    sq_account_t *a = (sq_account_t *)t->accounts->elts;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < t->datastores->nelts && rv == APR_SUCCESS; i++) {
        if (!ds[i].dirty)
            continue;
        rv = sq_do(tx, NULL, SQ_DATASTORE_COUNT, "iii", ds[i].id,
                   ds[i].change, ds[i].items);
        ds[i].dirty = 0;
    }
    for (i = 0; i < t->accounts->nelts && rv == APR_SUCCESS; i++) {
        if (!a[i].dirty)
            continue;
        rv = sq_do(tx, NULL, SQ_ACCOUNT_COUNT, "ii", a[i].id,
                   a[i].last_item);
        a[i].dirty = 0;
    }
    return rv;
}

void sq_forget(store_tx_t *tx, store_id_t account)
{
    sq_tx_t *t = SQ_TX(tx);
    sq_datastore_t *ds = (sq_datastore_t *)t->datastores->elts;
    sq_account_t *a = (sq_account_t *)t->accounts->elts;
    int i, kept = 0;

    for (i = 0; i < t->datastores->nelts; i++) {
        if (ds[i].account != account)
            ds[kept++] = ds[i];
    }
    t->datastores->nelts = kept;
    for (i = 0, kept = 0; i < t->accounts->nelts; i++) {
        if (a[i].id != account)
            a[kept++] = a[i];
    }
    t->accounts->nelts = kept;
}

void sq_forget_device(store_tx_t *tx, store_id_t device)
{
    sq_tx_t *t = SQ_TX(tx);
    store_id_t *d = (store_id_t *)t->devices->elts;
    store_id_t *synced = (store_id_t *)t->synced->elts;
    int i, kept = 0;

    for (i = 0; i + 1 < t->devices->nelts; i += 2) {
        if (d[i] != device) {
            d[kept++] = d[i];
            d[kept++] = d[i + 1];
        }
    }
    t->devices->nelts = kept;
    for (i = 0, kept = 0; i < t->synced->nelts; i++) {
        if (synced[i] != device)
            synced[kept++] = synced[i];
    }
    t->synced->nelts = kept;
}
