/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: the session log, and what it needs to know of the past
 * of items.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/* ---- writing ----------------------------------------------------------- */

apr_status_t sq_log_begin(store_tx_t *tx, store_log_t *log)
{
    sq_account_t *a;
    sqlite3_stmt *st;
    apr_status_t rv = sq_account(tx, log->account, &a);

    log->devid = "";
    if (rv == APR_SUCCESS && log->device) {
        store_device_t *d;

        rv = sq_device_get(tx, log->account, log->device, &d);
        if (rv == APR_SUCCESS)
            log->devid = d->devid;
        if (rv == APR_SUCCESS)
            rv = sq_do(tx, NULL, SQ_LOG_BREAK, "i", log->device);
    }
    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_LOG_ADD, "iiiitt", log->account,
                      log->device, tx->now, log->undoes, log->devid,
                      log->session);
    if (rv != APR_SUCCESS)
        return rv;
    log->id = sqlite3_column_int64(st, 0);
    sq_done(tx, st, SQ_LOG_ADD);
    log->started = log->latest = tx->now;
    return APR_SUCCESS;
}

/* Messages that nobody else came between make one range. */
apr_status_t sq_log_range(store_tx_t *tx, store_id_t log,
                          store_id_t datastore, store_id_t after,
                          store_id_t upto)
{
    int grown = 0;
    apr_status_t rv = sq_do(tx, &grown, SQ_LOG_RANGE_GROW, "iiii", log,
                            datastore, after, upto);

    if (rv == APR_SUCCESS && !grown)
        rv = sq_do(tx, &grown, SQ_LOG_RANGE_ADD, "iiii", log, datastore,
                   after, upto);
    return rv == APR_SUCCESS && !grown ? APR_NOTFOUND : rv;
}

apr_status_t sq_log_datastore(store_tx_t *tx, store_id_t log,
                              const store_log_datastore_t *d)
{
    int changed = 0;
    apr_status_t rv;

    rv = sq_do(tx, &changed, SQ_LOG_DATASTORE_PUT, "iidd" "iiiiiiiii", log,
               d->datastore, d->sync, d->status,
               (apr_int64_t)d->received[0], (apr_int64_t)d->received[1],
               (apr_int64_t)d->received[2], (apr_int64_t)d->received[3],
               (apr_int64_t)d->sent[0], (apr_int64_t)d->sent[1],
               (apr_int64_t)d->sent[2], (apr_int64_t)d->sent[3],
               (apr_int64_t)d->conflicts);
    return rv == APR_SUCCESS && !changed ? APR_NOTFOUND : rv;
}

apr_status_t sq_log_end(store_tx_t *tx, store_id_t log, int state)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_LOG_END, "idi", log, state,
                            tx->now);

    return rv == APR_SUCCESS && !changed ? APR_NOTFOUND : rv;
}

apr_status_t sq_log_undone(store_tx_t *tx, store_id_t log,
                           store_id_t undone_by)
{
    return sq_do(tx, NULL, SQ_LOG_UNDONE, "ii", log, undone_by);
}

/* ---- reading ----------------------------------------------------------- */

static void read_log(sqlite3_stmt *st, store_log_t *log, apr_pool_t *p)
{
    log->id = sqlite3_column_int64(st, 0);
    log->account = sqlite3_column_int64(st, 1);
    log->device = sqlite3_column_int64(st, 2);
    log->state = sqlite3_column_int(st, 3);
    log->started = sqlite3_column_int64(st, 4);
    log->latest = sqlite3_column_int64(st, 5);
    log->undoes = sqlite3_column_int64(st, 6);
    log->undone_by = sqlite3_column_int64(st, 7);
    log->devid = sq_text(st, 8, p);
    log->session = sq_text(st, 9, p);
    log->datastores = NULL;
}

static apr_status_t datastore_row(store_tx_t *tx, sqlite3_stmt *st,
                                  void *baton)
{
    store_log_datastore_t *d = apr_array_push(baton);
    int i;

    d->datastore = sqlite3_column_int64(st, 0);
    d->name = sq_text(st, 1, tx->p);
    d->sync = sqlite3_column_int(st, 2);
    d->status = sqlite3_column_int(st, 3);
    for (i = 0; i < 4; i++) {
        d->received[i] = (apr_uint32_t)sqlite3_column_int64(st, 4 + i);
        d->sent[i] = (apr_uint32_t)sqlite3_column_int64(st, 8 + i);
    }
    d->conflicts = (apr_uint32_t)sqlite3_column_int64(st, 12);
    return APR_SUCCESS;
}

apr_status_t sq_log_get(store_tx_t *tx, store_id_t account, store_id_t id,
                        store_log_t **log)
{
    store_log_t *l = apr_palloc(tx->p, sizeof(*l));
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_LOG_GET, "i", id);

    if (rv != APR_SUCCESS)
        return rv;
    read_log(st, l, tx->p);
    sq_done(tx, st, SQ_LOG_GET);
    if (account && l->account != account)
        return APR_NOTFOUND;
    l->datastores = apr_array_make(tx->p, 4, sizeof(store_log_datastore_t));
    rv = sq_first(tx, &st, SQ_LOG_DATASTORES, "i", id);
    rv = sq_each(tx, rv, st, SQ_LOG_DATASTORES, datastore_row,
                 l->datastores);
    if (rv == APR_SUCCESS)
        *log = l;
    return rv;
}

typedef struct logs_t {
    store_log_row_fn *fn;
    void *baton;
} logs_t;

static apr_status_t log_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    logs_t *to = baton;
    store_log_t log;

    read_log(st, &log, NULL);
    return to->fn(to->baton, &log);
}

apr_status_t sq_log_list(store_tx_t *tx, store_id_t account,
                         store_id_t device, store_id_t before, int limit,
                         store_log_row_fn *fn, void *baton)
{
    logs_t to = { fn, baton };
    int which = device ? SQ_LOG_LIST_DEVICE
                : account ? SQ_LOG_LIST_ACCOUNT : SQ_LOG_LIST;
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, which,
                               which == SQ_LOG_LIST ? "id" : "idi", before,
                               limit ? limit : -1,
                               device ? device : account);

    return sq_each(tx, rv, st, which, log_row, &to);
}

static apr_status_t range_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    store_range_t *r = apr_array_push(baton);

    r->datastore = sqlite3_column_int64(st, 0);
    r->after = sqlite3_column_int64(st, 1);
    r->upto = sqlite3_column_int64(st, 2);
    return APR_SUCCESS;
}

apr_status_t sq_log_ranges(store_tx_t *tx, store_id_t log,
                           apr_array_header_t **ranges)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_LOG_RANGES, "i", log);

    *ranges = apr_array_make(tx->p, 8, sizeof(store_range_t));
    return sq_each(tx, rv, st, SQ_LOG_RANGES, range_row, *ranges);
}

/* ---- the past of items ------------------------------------------------- */

static apr_status_t since_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    apr_array_header_t *items = baton;

    APR_ARRAY_PUSH(items, store_id_t) = sqlite3_column_int64(st, 0);
    APR_ARRAY_PUSH(items, store_id_t) = sqlite3_column_int64(st, 1);
    return APR_SUCCESS;
}

apr_status_t sq_item_since(store_tx_t *tx, store_id_t account,
                           store_id_t datastore, store_id_t after,
                           apr_array_header_t **items)
{
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_datastore(tx, account, datastore, &ds);

    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, SQ_ITEM_SINCE, "ii", datastore, after);
    *items = apr_array_make(tx->p, 64, sizeof(store_id_t));
    return sq_each(tx, rv, st, SQ_ITEM_SINCE, since_row, *items);
}

static apr_status_t past_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    store_past_t *past = apr_array_push(baton);

    past->change = sqlite3_column_int64(st, 0);
    past->until = sqlite3_column_int64(st, 1);
    past->deleted = sqlite3_column_int64(st, 2);
    past->archived = sqlite3_column_int(st, 3);
    return APR_SUCCESS;
}

apr_status_t sq_item_history(store_tx_t *tx, store_id_t datastore,
                             store_id_t id, store_id_t *added,
                             apr_array_header_t **past)
{
    store_id_t row = SQ_ROWID(datastore, id);
    store_past_t present = { 0 };
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_HISTORY_PRESENT, "i", row);

    if (rv != APR_SUCCESS)
        return rv;
    present.change = sqlite3_column_int64(st, 0);
    if (sqlite3_column_int(st, 2))
        present.deleted = sqlite3_column_int64(st, 1);
    present.archived = sqlite3_column_int(st, 3);
    *added = sqlite3_column_int64(st, 4);
    sq_done(tx, st, SQ_HISTORY_PRESENT);
    *past = apr_array_make(tx->p, 4, sizeof(store_past_t));
    rv = sq_first(tx, &st, SQ_HISTORY, "i", row);
    rv = sq_each(tx, rv, st, SQ_HISTORY, past_row, *past);
    if (rv == APR_SUCCESS)
        APR_ARRAY_PUSH(*past, store_past_t) = present;
    return rv;
}

/* ---- upkeep ------------------------------------------------------------ */

static apr_status_t id_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    APR_ARRAY_PUSH((apr_array_header_t *)baton, store_id_t)
        = sqlite3_column_int64(st, 0);
    return APR_SUCCESS;
}

/* Delete the logs that a statement has listed up to rv. */
static apr_status_t delete_logs(store_tx_t *tx, apr_status_t rv,
                                sqlite3_stmt *st, int which,
                                apr_int64_t *removed)
{
    static const int deletes[] = {
        SQ_LOG_DELETE_DATASTORES, SQ_LOG_DELETE_RANGES, SQ_LOG_DELETE
    };
    apr_array_header_t *ids = apr_array_make(tx->p, 16, sizeof(store_id_t));
    int i, d;

    rv = sq_each(tx, rv, st, which, id_row, ids);
    for (i = 0; i < ids->nelts; i++) {
        for (d = 0; d < 3 && rv == APR_SUCCESS; d++)
            rv = sq_do(tx, NULL, deletes[d], "i",
                       APR_ARRAY_IDX(ids, i, store_id_t));
    }
    *removed += ids->nelts;
    return rv;
}

apr_status_t sq_logs_delete(store_tx_t *tx, store_id_t account)
{
    apr_int64_t ignored = 0;
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_ACCOUNT_LOGS, "i", account);

    return delete_logs(tx, rv, st, SQ_ACCOUNT_LOGS, &ignored);
}

apr_status_t sq_gc_logs(store_tx_t *tx, apr_time_t before, int limit,
                        apr_int64_t *removed)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_GC_LOGS, "id", before, limit);

    return delete_logs(tx, rv, st, SQ_GC_LOGS, removed);
}
