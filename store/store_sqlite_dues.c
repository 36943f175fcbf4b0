/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: what push owes.
 *
 * A row is cheap to make and costly to get wrong, so it is made on the mere
 * suspicion (another device's change in a datastore that this one syncs) and
 * looked at closely when it is claimed and when the device has synced.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/* ---- what is owed ------------------------------------------------------ */

/* A datastore with changes above what the device has seen: is one of them
 * another's, and does the device lack it?
 * @param row  of SQ_DUE_OWED */
static apr_status_t first_lack(store_tx_t *tx, store_id_t device,
                               sqlite3_stmt *row, store_id_t *change)
{
    sqlite3_stmt *st;
    apr_status_t rv;

    *change = 0;
    rv = sq_first(tx, &st, SQ_DUE_LACKS, "iiiii", device,
                  sqlite3_column_int64(row, 3), sqlite3_column_int64(row, 4),
                  sqlite3_column_int64(row, 5),
                  sqlite3_column_int64(row, 6));
    if (rv == APR_SUCCESS) {
        *change = sqlite3_column_int64(st, 0);
        sq_done(tx, st, SQ_DUE_LACKS);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

typedef struct owed_t {
    store_id_t device;
    apr_array_header_t *list;   /* NULL: the first one is enough */
    int any;
} owed_t;

static apr_status_t owed_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    owed_t *owed = baton;
    store_due_datastore_t *ds;
    store_id_t change;
    apr_status_t rv;

    rv = first_lack(tx, owed->device, st, &change);
    if (rv != APR_SUCCESS || !change)
        return rv;
    owed->any = 1;
    if (!owed->list)
        return APR_EOF;
    ds = apr_array_push(owed->list);
    ds->name = sq_text(st, 0, tx->p);
    ds->uri = sq_text(st, 1, tx->p);
    ds->content_code = (apr_uint32_t)sqlite3_column_int64(st, 2);
    ds->change = change;
    return APR_SUCCESS;
}

/* The datastores for which the device owes a sync.  The counters of this
 * transaction must be written. */
static apr_status_t find_owed(store_tx_t *tx, owed_t *owed)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_OWED, "i", owed->device);

    return sq_each(tx, rv, st, SQ_DUE_OWED, owed_row, owed);
}

/* Make the device's row what its state asks for, from the beginning. */
static apr_status_t derive_device(store_tx_t *tx, store_id_t device)
{
    owed_t owed = { device, NULL, 0 };
    store_id_t account = 0;
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_PUSHABLE, "i", device);

    if (rv == APR_SUCCESS) {
        account = sqlite3_column_int64(st, 0);
        sq_done(tx, st, SQ_DUE_PUSHABLE);
        rv = find_owed(tx, &owed);
    }
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND)
        return rv;
    if (!owed.any)
        return sq_do(tx, NULL, SQ_DUE_DELETE, "i", device);
    SQ_TX(tx)->owes_push = 1;
    return sq_do(tx, NULL, SQ_DUE_RESET, "iii", device, account, tx->now);
}

static apr_status_t state_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    if (sqlite3_column_int(st, 0) == STORE_DUE_WAITING)
        SQ_TX(tx)->owes_push = 1;
    return APR_SUCCESS;
}

apr_status_t sq_derive_dues(store_tx_t *tx)
{
    sq_tx_t *t = SQ_TX(tx);
    sq_datastore_t *ds = (sq_datastore_t *)t->datastores->elts;
    apr_status_t rv = APR_SUCCESS;
    sqlite3_stmt *st;
    int i;

    for (i = 0; i < t->datastores->nelts && rv == APR_SUCCESS; i++) {
        if (!ds[i].changed)
            continue;
        rv = sq_first(tx, &st, SQ_DUE_DERIVE, "iiii", ds[i].account,
                      ds[i].id, ds[i].mixed ? (store_id_t)0 : ds[i].origin,
                      tx->now);
        rv = sq_each(tx, rv, st, SQ_DUE_DERIVE, state_row, NULL);
    }
    for (i = 0; i < t->synced->nelts && rv == APR_SUCCESS; i++)
        rv = derive_device(tx, APR_ARRAY_IDX(t->synced, i, store_id_t));
    return rv;
}

apr_status_t sq_due_refresh(store_tx_t *tx, store_id_t device)
{
    apr_status_t rv = sq_device(tx, 0, device, NULL);

    if (rv == APR_SUCCESS)
        rv = sq_flush(tx);
    return rv == APR_SUCCESS ? derive_device(tx, device) : rv;
}

/* ---- rows -------------------------------------------------------------- */

static void read_due(sqlite3_stmt *st, store_due_t *due, apr_pool_t *p)
{
    due->device = sqlite3_column_int64(st, 0);
    due->account = sqlite3_column_int64(st, 1);
    due->account_name = sq_text(st, 2, p);
    due->devid = sq_text(st, 3, p);
    due->number = sq_text(st, 4, p);
    due->syncml_version = sq_text(st, 5, p);
    due->manufacturer = sq_text(st, 6, p);
    due->model = sq_text(st, 7, p);
    due->san_session = (apr_uint16_t)sqlite3_column_int(st, 8);
    due->state = (store_due_state_e)sqlite3_column_int(st, 9);
    due->attempts = sqlite3_column_int(st, 10);
    due->unanswered = sqlite3_column_int(st, 11);
    due->first_change = sqlite3_column_int64(st, 12);
    due->last_change = sqlite3_column_int64(st, 13);
    due->not_before = sqlite3_column_int64(st, 14);
    due->leased_until = sqlite3_column_int64(st, 15);
    due->last_error = sq_text(st, 16, p);
}

typedef struct dues_t {
    store_due_fn *fn;
    void *baton;
} dues_t;

static apr_status_t due_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    dues_t *to = baton;
    store_due_t due;
    owed_t owed = { 0, NULL, 0 };
    apr_status_t rv;

    read_due(st, &due, NULL);
    owed.device = due.device;
    owed.list = apr_array_make(tx->p, 4, sizeof(store_due_datastore_t));
    rv = find_owed(tx, &owed);
    due.datastores = owed.list;
    return rv == APR_SUCCESS ? to->fn(to->baton, &due) : rv;
}

apr_status_t sq_due_list(store_tx_t *tx, store_id_t account,
                         store_due_fn *fn, void *baton)
{
    dues_t to = { fn, baton };
    sqlite3_stmt *st = NULL;
    apr_status_t rv = sq_flush(tx);

    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_DUE_LIST, "i", account);
    return sq_each(tx, rv, st, SQ_DUE_LIST, due_row, &to);
}

typedef struct times_t {
    apr_interval_time_t quiet;
    apr_time_t best;            /* 0: none yet */
} times_t;

/* Rows come by the time at which they are free; one cannot be claimed
 * earlier than that, so those after the best need no look. */
static apr_status_t time_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    times_t *times = baton;
    apr_time_t ready = sqlite3_column_int64(st, 0);
    apr_time_t calm = sqlite3_column_int64(st, 1) + times->quiet;

    if (times->best && ready >= times->best)
        return APR_EOF;
    if (calm > ready)
        ready = calm;
    if (!times->best || ready < times->best)
        times->best = ready;
    return APR_SUCCESS;
}

apr_status_t sq_due_next(store_tx_t *tx, apr_interval_time_t quiet,
                         apr_time_t *when)
{
    times_t times = { quiet, 0 };
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_TIMES, "");

    rv = sq_each(tx, rv, st, SQ_DUE_TIMES, time_row, &times);
    if (rv == APR_SUCCESS)
        *when = times.best;
    return rv;
}

/* ---- claiming ---------------------------------------------------------- */

static apr_status_t lease_row(store_tx_t *tx, store_due_t *due,
                              const char *owner)
{
    sqlite3_stmt *st;
    apr_status_t rv;

    rv = sq_do(tx, NULL, SQ_DUE_LEASE, "iti", due->device, owner,
               due->leased_until);
    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_DUE_SAN_SESSION, "i", due->device);
    if (rv != APR_SUCCESS)
        return rv;
    due->san_session = (apr_uint16_t)sqlite3_column_int(st, 0);
    sq_done(tx, st, SQ_DUE_SAN_SESSION);
    return APR_SUCCESS;
}

/* One row: claim it, or remove it if its device owes nothing.
 * @param due  out: NULL if removed */
static apr_status_t claim(store_tx_t *tx, store_id_t device,
                          apr_time_t leased_until, const char *owner,
                          store_due_t **due)
{
    owed_t owed = { device, NULL, 0 };
    store_due_t *d = apr_pcalloc(tx->p, sizeof(*d));
    sqlite3_stmt *st;
    int push;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_GET, "i", device);

    *due = NULL;
    if (rv == APR_NOTFOUND)     /* a row without its device: impossible */
        return sq_do(tx, NULL, SQ_DUE_DELETE, "i", device);
    if (rv != APR_SUCCESS)
        return rv;
    read_due(st, d, tx->p);
    push = sqlite3_column_int(st, 17);
    sq_done(tx, st, SQ_DUE_GET);
    owed.list = d->datastores
        = apr_array_make(tx->p, 4, sizeof(store_due_datastore_t));
    if (push && *d->number) {
        rv = find_owed(tx, &owed);
        if (rv != APR_SUCCESS)
            return rv;
    }
    if (!owed.any)
        return sq_do(tx, NULL, SQ_DUE_DELETE, "i", device);
    d->leased_until = leased_until;
    *due = d;
    return lease_row(tx, d, owner);
}

static apr_status_t device_id(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    APR_ARRAY_PUSH((apr_array_header_t *)baton, store_id_t)
        = sqlite3_column_int64(st, 0);
    return APR_SUCCESS;
}

apr_status_t sq_due_claim(store_tx_t *tx, apr_time_t now,
                          apr_interval_time_t quiet,
                          apr_interval_time_t lease, const char *owner,
                          int max, apr_array_header_t **dues)
{
    apr_array_header_t *out = apr_array_make(tx->p, 8, sizeof(void *));
    apr_array_header_t *ids = apr_array_make(tx->p, 8, sizeof(store_id_t));
    sqlite3_stmt *st;
    store_due_t *due;
    apr_status_t rv = sq_flush(tx);
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    do {                        /* again if rows turned out to owe nothing */
        apr_array_clear(ids);
        rv = sq_first(tx, &st, SQ_DUE_READY, "iid", now, now - quiet,
                      max - out->nelts);
        rv = sq_each(tx, rv, st, SQ_DUE_READY, device_id, ids);
        for (i = 0; i < ids->nelts && rv == APR_SUCCESS; i++) {
            rv = claim(tx, APR_ARRAY_IDX(ids, i, store_id_t), now + lease,
                       owner, &due);
            if (rv == APR_SUCCESS && due)
                APR_ARRAY_PUSH(out, store_due_t *) = due;
        }
    } while (rv == APR_SUCCESS && ids->nelts > 0 && out->nelts < max);
    if (rv == APR_SUCCESS)
        *dues = out;
    return rv;
}

apr_status_t sq_due_sent(store_tx_t *tx, store_id_t device,
                         const char *owner, apr_time_t not_before)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_DUE_SENT, "iti", device, owner,
                            not_before);

    return rv == APR_SUCCESS && !changed ? APR_NOTFOUND : rv;
}

apr_status_t sq_due_failed(store_tx_t *tx, store_id_t device,
                           const char *owner, apr_time_t not_before,
                           const char *reason)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_DUE_FAILED, "itit", device,
                            owner, not_before, reason);

    return rv == APR_SUCCESS && !changed ? APR_NOTFOUND : rv;
}

apr_status_t sq_due_release(store_tx_t *tx, const char *owner)
{
    return sq_do(tx, NULL, SQ_DUE_RELEASE, "t", owner);
}
