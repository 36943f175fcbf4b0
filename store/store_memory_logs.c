/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: the session log, and the past of items.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

static mem_log_t *find_log(store_tx_t *tx, store_id_t id)
{
    mem_log_t key = { .v.id = id };

    return mem_find(tx, MEM_LOGS, &key);
}

/* Log and datastore of one account? */
static int is_pair(store_tx_t *tx, store_id_t log, store_id_t datastore)
{
    mem_log_t *l = find_log(tx, log);

    return l && mem_datastore(tx, l->v.account, datastore);
}

/* ---- writing ----------------------------------------------------------- */

static void break_off(store_tx_t *tx, store_id_t device)
{
    mem_table_t *t = mem_hold(tx, MEM_LOGS);
    int i;

    for (i = 0; i < t->n; i++) {
        mem_log_t row = *(mem_log_t *)t->rows[i];

        if (row.v.device != device || row.v.state != STORE_LOG_OPEN)
            continue;
        row.v.state = STORE_LOG_BROKEN;
        mem_put(tx, MEM_LOGS, &row);
    }
    mem_release(tx, t);
}

apr_status_t mem_log_begin(store_tx_t *tx, store_log_t *log)
{
    mem_device_t *d = NULL;
    mem_log_t row;

    if (!mem_account(tx, log->account))
        return APR_NOTFOUND;
    if (log->device) {
        d = mem_device(tx, log->account, log->device);
        if (!d)
            return APR_NOTFOUND;
        break_off(tx, log->device);
    }
    log->devid = d ? apr_pstrdup(tx->p, d->v.devid) : "";
    log->id = ++MEM_STATE(tx)->last_log;
    log->started = log->latest = tx->now;
    row.v = *log;
    row.v.state = STORE_LOG_OPEN;
    row.v.undone_by = 0;
    row.v.datastores = NULL;
    mem_put(tx, MEM_LOGS, &row);
    return APR_SUCCESS;
}

apr_status_t mem_log_range(store_tx_t *tx, store_id_t log,
                           store_id_t datastore, store_id_t after,
                           store_id_t upto)
{
    mem_log_range_t row = { { datastore, after, upto }, log };
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_LOG_RANGES];
    int i;

    if (!is_pair(tx, log, datastore))
        return APR_NOTFOUND;
    for (i = 0; i < t->n; i++) {
        mem_log_range_t *r = t->rows[i];

        if (r->log == log && r->v.datastore == datastore
            && r->v.upto == after)
            row.v.after = r->v.after;
    }
    mem_put(tx, MEM_LOG_RANGES, &row);
    return APR_SUCCESS;
}

apr_status_t mem_log_datastore(store_tx_t *tx, store_id_t log,
                               const store_log_datastore_t *d)
{
    mem_log_datastore_t row = { *d, log };

    if (!is_pair(tx, log, d->datastore))
        return APR_NOTFOUND;
    row.v.name = NULL;
    mem_put(tx, MEM_LOG_DATASTORES, &row);
    return APR_SUCCESS;
}

apr_status_t mem_log_end(store_tx_t *tx, store_id_t log, int state)
{
    mem_log_t *old = find_log(tx, log), row;

    if (!old)
        return APR_NOTFOUND;
    row = *old;
    row.v.state = state;
    row.v.latest = tx->now;
    mem_put(tx, MEM_LOGS, &row);
    return APR_SUCCESS;
}

apr_status_t mem_log_undone(store_tx_t *tx, store_id_t log,
                            store_id_t undone_by)
{
    mem_log_t *old = find_log(tx, log), row;

    if (!old)
        return APR_NOTFOUND;
    row = *old;
    row.v.undone_by = undone_by;
    mem_put(tx, MEM_LOGS, &row);
    return APR_SUCCESS;
}

/* ---- reading ----------------------------------------------------------- */

apr_status_t mem_log_get(store_tx_t *tx, store_id_t account, store_id_t id,
                         store_log_t **log)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_LOG_DATASTORES];
    mem_log_t *found = find_log(tx, id);
    int i;

    if (!found || (account && found->v.account != account))
        return APR_NOTFOUND;
    found = mem_copy(MEM_LOGS, found, tx->p);
    found->v.datastores = apr_array_make(tx->p, 4,
                                         sizeof(store_log_datastore_t));
    for (i = 0; i < t->n; i++) {
        mem_log_datastore_t *d = t->rows[i];
        mem_datastore_t *ds = mem_datastore(tx, 0, d->v.datastore);
        store_log_datastore_t *to;

        if (d->log != id || !ds)
            continue;           /* another's, or deleted since */
        to = apr_array_push(found->v.datastores);
        *to = d->v;
        to->name = apr_pstrdup(tx->p, ds->v.name);
    }
    *log = &found->v;
    return APR_SUCCESS;
}

apr_status_t mem_log_list(store_tx_t *tx, store_id_t account,
                          store_id_t device, store_id_t before, int limit,
                          store_log_row_fn *fn, void *baton)
{
    mem_table_t *t = mem_hold(tx, MEM_LOGS);
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    for (i = t->n - 1; i >= 0 && rv == APR_SUCCESS; i--) {
        mem_log_t *log = t->rows[i];

        if (log->v.id >= before
            || (device ? log->v.device != device
                       : account && log->v.account != account))
            continue;
        if (limit && n++ == limit)
            break;
        rv = fn(baton, &log->v);
    }
    mem_release(tx, t);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

apr_status_t mem_log_ranges(store_tx_t *tx, store_id_t log,
                            apr_array_header_t **ranges)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_LOG_RANGES];
    int i;

    *ranges = apr_array_make(tx->p, 8, sizeof(store_range_t));
    for (i = 0; i < t->n; i++) {
        mem_log_range_t *r = t->rows[i];

        if (r->log == log)
            APR_ARRAY_PUSH(*ranges, store_range_t) = r->v;
    }
    return APR_SUCCESS;
}

/* ---- the past of items ------------------------------------------------- */

static int by_change(const void *va, const void *vb)
{
    const store_id_t *a = va, *b = vb;

    return a[1] < b[1] ? -1 : a[1] > b[1];
}

apr_status_t mem_item_since(store_tx_t *tx, store_id_t account,
                            store_id_t datastore, store_id_t after,
                            apr_array_header_t **items)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_ITEMS];
    mem_item_t *item;
    int i = mem_first_item(t, datastore, 0);

    if (!mem_datastore(tx, account, datastore))
        return APR_NOTFOUND;
    *items = apr_array_make(tx->p, 64, sizeof(store_id_t));
    for (; (item = mem_item_at(t, i, datastore)) != NULL; i++) {
        if (item->v.change <= after)
            continue;
        APR_ARRAY_PUSH(*items, store_id_t) = item->v.id;
        APR_ARRAY_PUSH(*items, store_id_t) = item->v.change;
    }
    qsort((*items)->elts, (*items)->nelts / 2, 2 * sizeof(store_id_t),
          by_change);
    return APR_SUCCESS;
}

apr_status_t mem_item_history(store_tx_t *tx, store_id_t datastore,
                              store_id_t id, store_id_t *added,
                              apr_array_header_t **past)
{
    mem_item_t *item = mem_item(tx, datastore, id);
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_VERSIONS];
    store_past_t *p;
    int i;

    if (!item)
        return APR_NOTFOUND;
    *past = apr_array_make(tx->p, 4, sizeof(store_past_t));
    for (i = 0; i < t->n; i++) {
        mem_version_t *v = t->rows[i];

        if (v->v.datastore != datastore || v->v.id != id)
            continue;
        p = apr_array_push(*past);
        p->change = v->v.change;
        p->until = v->until;
        p->deleted = v->gone;
        p->archived = v->v.archived;
    }
    p = apr_array_push(*past);
    p->change = item->written;
    p->until = 0;
    p->deleted = item->v.deleted ? item->v.change : 0;
    p->archived = item->v.archived;
    *added = item->added;
    return APR_SUCCESS;
}

/* ---- upkeep ------------------------------------------------------------ */

static int datastore_of_log(const void *row, const void *log)
{
    return ((const mem_log_datastore_t *)row)->log
           == *(const store_id_t *)log;
}

static int range_of_log(const void *row, const void *log)
{
    return ((const mem_log_range_t *)row)->log == *(const store_id_t *)log;
}

int mem_remove_logs(store_tx_t *tx, mem_match_fn *match, const void *baton,
                    int limit)
{
    mem_table_t *t = mem_hold(tx, MEM_LOGS);
    int i, n = 0;

    for (i = 0; i < t->n && (limit == 0 || n < limit); i++) {
        mem_log_t *log = t->rows[i];

        if (!match(log, baton))
            continue;
        mem_remove_if(tx, MEM_LOG_DATASTORES, datastore_of_log, &log->v.id);
        mem_remove_if(tx, MEM_LOG_RANGES, range_of_log, &log->v.id);
        n += mem_remove(tx, MEM_LOGS, log);
    }
    mem_release(tx, t);
    return n;
}
