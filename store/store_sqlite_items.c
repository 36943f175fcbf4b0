/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: items and their former versions.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

static void read_item(sqlite3_stmt *st, store_item_t *item, apr_pool_t *p)
{
    item->id = sqlite3_column_int64(st, 0);
    item->datastore = sqlite3_column_int64(st, 1);
    item->change = sqlite3_column_int64(st, 2);
    item->origin = sqlite3_column_int64(st, 3);
    item->deleted = sqlite3_column_int(st, 4);
    item->archived = sqlite3_column_int(st, 5);
    item->type = sq_text(st, 6, p);
    item->key = sqlite3_column_int64(st, 7);
    item->uid_key = sqlite3_column_int64(st, 8);
    item->near_key = sqlite3_column_int64(st, 9);
    item->starts = sqlite3_column_int64(st, 10);
    item->ends = sqlite3_column_int64(st, 11);
    item->modified = sqlite3_column_int64(st, 12);
    item->data = sq_blob(st, 13, &item->len, p);
}

void sq_read_item(sqlite3_stmt *st, store_item_t *item)
{
    read_item(st, item, NULL);
}

/* The datastore, and is the origin a device of the account (or nobody)? */
static apr_status_t check(store_tx_t *tx, store_id_t account,
                          store_id_t datastore, store_id_t origin,
                          sq_datastore_t **ds)
{
    apr_status_t rv = sq_datastore(tx, account, datastore, ds);

    if (rv == APR_SUCCESS && origin)
        rv = sq_device(tx, account, origin, NULL);
    return rv;
}

/* ---- writing ----------------------------------------------------------- */

apr_status_t sq_item_add(store_tx_t *tx, store_id_t account,
                         store_item_t *item)
{
    sq_datastore_t *ds;
    sq_account_t *a;
    store_id_t id, change;
    apr_status_t rv;

    rv = check(tx, account, item->datastore, item->origin, &ds);
    if (rv == APR_SUCCESS)
        rv = sq_account(tx, account, &a);
    if (rv != APR_SUCCESS)
        return rv;
    if (a->last_item + 1 >= STORE_ITEM_LIMIT)
        return store_fail(tx, STORE_EFULL, "no item ids are left");
    id = ++a->last_item;
    a->dirty = 1;
    change = sq_change(ds, item->origin);
    rv = sq_do(tx, NULL, SQ_ITEM_ADD, "iiiitiiiiiib", SQ_ROWID(ds->id, id),
               ds->id, change, item->origin, item->type, item->key,
               item->uid_key, item->near_key, item->starts, item->ends,
               tx->now, item->data, item->len);
    if (rv != APR_SUCCESS)
        return rv;
    ds->items++;
    sq_starts(tx, ds, store_starts(tx, item));
    a->new_row = SQ_ROWID(ds->id, id);
    item->id = id;
    item->change = change;
    item->modified = tx->now;
    return APR_SUCCESS;
}

/* When the item that is about to change, or has just been deleted, starts: an
 * event that is put off is as urgent as one that is not. */
static apr_status_t old_starts(store_tx_t *tx, sq_datastore_t *ds,
                               store_id_t row)
{
    store_item_t old = { 0 };
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_ITEM_STARTS, "i", row);

    if (rv != APR_SUCCESS)
        return rv;
    old.starts = sqlite3_column_int64(st, 0);
    old.ends = sqlite3_column_int64(st, 1);
    sq_done(tx, st, SQ_ITEM_STARTS);
    if (!store_starts_asks(tx, &old)) {
        sq_starts(tx, ds, old.starts);
        return APR_SUCCESS;
    }
    rv = sq_first(tx, &st, SQ_ITEM_STARTS_TEXT, "i", row);
    if (rv != APR_SUCCESS)
        return rv;
    old.type = sq_text(st, 0, NULL);
    old.data = sqlite3_column_blob(st, 1);
    old.len = (apr_size_t)sqlite3_column_bytes(st, 1);
    sq_starts(tx, ds, store_starts(tx, &old));
    sq_done(tx, st, SQ_ITEM_STARTS_TEXT);
    return APR_SUCCESS;
}

/* Keep the present text as a version, and put another in its place.
 * @param deleted  whether the item must be a deleted or a live one */
static apr_status_t replace(store_tx_t *tx, store_id_t account,
                            store_item_t *item, int deleted)
{
    store_id_t row = SQ_ROWID(item->datastore, item->id), change;
    sq_datastore_t *ds;
    int changed = 0;
    apr_status_t rv;

    rv = check(tx, account, item->datastore, item->origin, &ds);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, &changed, SQ_VERSION_ADD, "idii", row, deleted,
                   tx->now, ds->change + 1);
    if (rv != APR_SUCCESS || !changed)
        return rv == APR_SUCCESS ? APR_NOTFOUND : rv;
    rv = old_starts(tx, ds, row);
    if (rv != APR_SUCCESS)
        return rv;
    change = sq_change(ds, item->origin);
    rv = sq_do(tx, NULL, SQ_ITEM_UPDATE, "iiitiiiiiib", row, change,
               item->origin, item->type, item->key, item->uid_key,
               item->near_key, item->starts, item->ends, tx->now,
               item->data, item->len);
    if (rv != APR_SUCCESS)
        return rv;
    ds->items += deleted;
    sq_starts(tx, ds, store_starts(tx, item));
    item->deleted = item->archived = 0;
    item->change = change;
    item->modified = tx->now;
    return APR_SUCCESS;
}

apr_status_t sq_item_update(store_tx_t *tx, store_id_t account,
                            store_item_t *item)
{
    return replace(tx, account, item, 0);
}

apr_status_t sq_item_restore(store_tx_t *tx, store_id_t account,
                             store_item_t *item)
{
    return replace(tx, account, item, 1);
}

/* Mark one live row.  The counter has moved before it is known whether there
 * was one: it is put back if not. */
static apr_status_t delete_row(store_tx_t *tx, sq_datastore_t *ds,
                               store_id_t row, store_id_t origin,
                               int archive, store_id_t *change)
{
    sq_datastore_t before = *ds;
    sqlite3_stmt *st;
    apr_status_t rv;

    *change = sq_change(ds, origin);
    rv = sq_first(tx, &st, SQ_ITEM_DELETE, "iiiid", row, *change, origin,
                  tx->now, archive);
    if (rv == APR_SUCCESS) {
        ds->items--;
        sq_done(tx, st, SQ_ITEM_DELETE);
        rv = old_starts(tx, ds, row);
    }
    else {
        *ds = before;
        *change = 0;
    }
    return rv;
}

apr_status_t sq_item_delete(store_tx_t *tx, store_id_t account,
                            store_id_t datastore, store_id_t id,
                            store_id_t origin, int archive,
                            store_id_t *change)
{
    sq_datastore_t *ds;
    apr_status_t rv = check(tx, account, datastore, origin, &ds);

    return rv == APR_SUCCESS
           ? delete_row(tx, ds, SQ_ROWID(datastore, id), origin, archive,
                        change)
           : rv;
}

apr_status_t sq_item_rekey(store_tx_t *tx, store_id_t account,
                           const store_item_t *item)
{
    sq_datastore_t *ds;
    int changed = 0;
    apr_status_t rv = sq_datastore(tx, account, item->datastore, &ds);

    if (rv == APR_SUCCESS)
        rv = sq_do(tx, &changed, SQ_ITEM_REKEY, "iiiiiii",
                   SQ_ROWID(item->datastore, item->id), item->change,
                   item->key, item->uid_key, item->near_key, item->starts,
                   item->ends);
    return rv == APR_SUCCESS && !changed ? APR_NOTFOUND : rv;
}

static apr_status_t row_id(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    APR_ARRAY_PUSH((apr_array_header_t *)baton, store_id_t)
        = sqlite3_column_int64(st, 0);
    return APR_SUCCESS;
}

/* A thousand at a time, read before they are written. */
apr_status_t sq_item_delete_many(store_tx_t *tx, store_id_t account,
                                 store_id_t datastore, store_id_t device,
                                 store_id_t origin, store_id_t upto,
                                 int limit, apr_int64_t *count)
{
    store_id_t last = SQ_ROWID(datastore, 0);
    apr_array_header_t *rows = apr_array_make(tx->p, 64, sizeof(store_id_t));
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    store_id_t change;
    apr_int64_t done = 0;
    apr_status_t rv = check(tx, account, datastore, origin, &ds);
    int i;

    if (rv == APR_SUCCESS && device)
        rv = sq_device(tx, account, device, NULL);
    while (rv == APR_SUCCESS && (limit == 0 || done < limit)) {
        apr_array_clear(rows);
        rv = sq_first(tx, &st, SQ_ITEM_LIVE, "iiii", last,
                      SQ_ROWID(datastore + 1, 0), device, upto);
        rv = sq_each(tx, rv, st, SQ_ITEM_LIVE, row_id, rows);
        if (rv != APR_SUCCESS || rows->nelts == 0)
            break;
        for (i = 0; i < rows->nelts && rv == APR_SUCCESS
                    && (limit == 0 || done < limit); i++, done++) {
            last = APR_ARRAY_IDX(rows, i, store_id_t);
            rv = delete_row(tx, ds, last, origin, 0, &change);
        }
        if (rv == APR_NOTFOUND)
            rv = APR_EGENERAL;  /* it was there a moment ago */
    }
    if (rv == APR_SUCCESS)
        *count = done;
    return rv;
}

/* ---- reading ----------------------------------------------------------- */

apr_status_t sq_item_get(store_tx_t *tx, store_id_t account,
                         store_id_t datastore, store_id_t id,
                         store_item_t **item)
{
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_datastore(tx, account, datastore, &ds);

    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_ITEM_GET, "i", SQ_ROWID(datastore, id));
    if (rv == APR_SUCCESS) {
        *item = apr_palloc(tx->p, sizeof(**item));
        read_item(st, *item, tx->p);
        sq_done(tx, st, SQ_ITEM_GET);
    }
    return rv;
}

apr_status_t sq_item_version(store_tx_t *tx, store_id_t account,
                             store_id_t datastore, store_id_t id,
                             store_id_t change, store_item_t **item)
{
    store_id_t row = SQ_ROWID(datastore, id);
    int which = SQ_VERSION_PRESENT;
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    store_item_t *v;
    apr_status_t rv = sq_datastore(tx, account, datastore, &ds);

    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, which, "ii", row, change);
    if (rv == APR_NOTFOUND) {
        which = SQ_VERSION_GET;
        rv = sq_first(tx, &st, which, "ii", row, change);
    }
    if (rv != APR_SUCCESS)
        return rv;
    v = apr_pcalloc(tx->p, sizeof(*v));
    v->id = id;
    v->datastore = datastore;
    v->change = change;
    v->type = sq_text(st, 1, tx->p);
    v->modified = sqlite3_column_int64(st, 2);
    v->data = sq_blob(st, 3, &v->len, tx->p);
    sq_done(tx, st, which);
    *item = v;
    return APR_SUCCESS;
}

typedef struct items_t {
    store_item_fn *fn;
    void *baton;
} items_t;

static apr_status_t item_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    items_t *to = baton;
    store_item_t item;

    read_item(st, &item, NULL);
    return to->fn(to->baton, &item);
}

apr_status_t sq_item_list(store_tx_t *tx, store_id_t account,
                          store_id_t datastore, store_id_t after, int limit,
                          store_item_fn *fn, void *baton)
{
    items_t to = { fn, baton };
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_datastore(tx, account, datastore, &ds);

    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, SQ_ITEM_LIST, "iid", SQ_ROWID(datastore, after),
                  SQ_ROWID(datastore + 1, 0), limit ? limit : -1);
    return sq_each(tx, rv, st, SQ_ITEM_LIST, item_row, &to);
}

apr_status_t sq_item_archived(store_tx_t *tx, store_id_t account,
                              store_id_t datastore, store_id_t after,
                              int limit, store_item_fn *fn, void *baton)
{
    items_t to = { fn, baton };
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_datastore(tx, account, datastore, &ds);

    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, SQ_ITEM_ARCHIVED, "iid", datastore,
                  SQ_ROWID(datastore, after), limit ? limit : -1);
    return sq_each(tx, rv, st, SQ_ITEM_ARCHIVED, item_row, &to);
}

apr_status_t sq_item_match(store_tx_t *tx, store_id_t account,
                           store_id_t datastore, int which, apr_int64_t key,
                           store_id_t device, store_item_fn *fn,
                           void *baton)
{
    items_t to = { fn, baton };
    int sql = which == STORE_MATCH_UID ? SQ_ITEM_BY_UID
              : which == STORE_MATCH_NEAR ? SQ_ITEM_BY_NEAR : SQ_ITEM_BY_KEY;
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_datastore(tx, account, datastore, &ds);

    if (rv == APR_SUCCESS && device)
        rv = sq_device(tx, account, device, NULL);
    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, sql, "iii", datastore, key, device);
    return sq_each(tx, rv, st, sql, item_row, &to);
}

/* ---- upkeep ------------------------------------------------------------ */

static apr_status_t former_id(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    row_id(tx, st, baton);
    APR_ARRAY_PUSH((apr_array_header_t *)baton, store_id_t)
        = sqlite3_column_int64(st, 1);
    return APR_SUCCESS;
}

static apr_status_t gc_former(store_tx_t *tx, apr_time_t before, int limit,
                              apr_int64_t *removed)
{
    apr_array_header_t *ids = apr_array_make(tx->p, 64, sizeof(store_id_t));
    sqlite3_stmt *st;
    apr_status_t rv;
    int i;

    rv = sq_first(tx, &st, SQ_GC_FORMER_MAPS, "id", before, limit);
    rv = sq_each(tx, rv, st, SQ_GC_FORMER_MAPS, former_id, ids);
    for (i = 0; i < ids->nelts && rv == APR_SUCCESS; i += 2) {
        rv = sq_do(tx, NULL, SQ_FORMER_DELETE, "ii",
                   APR_ARRAY_IDX(ids, i, store_id_t),
                   APR_ARRAY_IDX(ids, i + 1, store_id_t));
        ++*removed;
    }
    return rv;
}

apr_status_t sq_gc(store_tx_t *tx, apr_time_t before, int limit,
                   apr_int64_t *removed)
{
    apr_array_header_t *rows = apr_array_make(tx->p, 64, sizeof(store_id_t));
    apr_int64_t done = 0;
    sqlite3_stmt *st;
    apr_status_t rv;
    int i, n = 0;

    if (limit == 0)
        limit = -1;
    rv = gc_former(tx, before, limit, &done);
    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, SQ_GC_ITEMS, "id", before, limit);
    rv = sq_each(tx, rv, st, SQ_GC_ITEMS, row_id, rows);
    for (i = 0; i < rows->nelts && rv == APR_SUCCESS; i++) {
        store_id_t row = APR_ARRAY_IDX(rows, i, store_id_t);

        rv = sq_do(tx, &n, SQ_ITEM_VERSIONS, "i", row);
        if (rv == APR_SUCCESS)
            rv = sq_do(tx, NULL, SQ_ITEM_REMOVE, "i", row);
        done += n + 1;
        if (rv == APR_SUCCESS)
            rv = sq_do(tx, &n, SQ_GC_SOFT_MAPS, "ii",
                       row >> STORE_ITEM_BITS, SQ_ITEM(row));
        done += n;
    }
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, &n, SQ_GC_VERSIONS, "id", before, limit);
    done += n;
    if (rv == APR_SUCCESS)
        rv = sq_gc_logs(tx, before, limit, &done);
    if (rv == APR_SUCCESS)
        *removed = done;
    return rv;
}
