/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: what a device has (maps) and what it lacks (changes).
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/* ---- maps -------------------------------------------------------------- */

static void read_map(sqlite3_stmt *st, store_map_t *map, store_id_t device,
                     store_id_t datastore, apr_pool_t *p)
{
    map->device = device;
    map->datastore = datastore;
    map->item = sqlite3_column_int64(st, 0);
    map->luid = sq_text_or_null(st, 1, p);
    map->version = sqlite3_column_int64(st, 2);
    map->retry = sqlite3_column_int(st, 3);
    map->soft = sqlite3_column_int(st, 4);
}

/* Does the item exist?  The one that was just added does. */
static apr_status_t check_item(store_tx_t *tx, const sq_datastore_t *ds,
                               store_id_t item)
{
    store_id_t row = SQ_ROWID(ds->id, item);
    sq_account_t *a;
    sqlite3_stmt *st;
    apr_status_t rv = sq_account(tx, ds->account, &a);

    if (rv != APR_SUCCESS || row == a->new_row)
        return rv;
    rv = sq_first(tx, &st, SQ_ITEM_EXISTS, "i", row);
    if (rv == APR_SUCCESS)
        sq_done(tx, st, SQ_ITEM_EXISTS);
    return rv;
}

apr_status_t sq_map_put(store_tx_t *tx, const store_map_t *map)
{
    sq_datastore_t *ds;
    apr_status_t rv;

    rv = sq_pair(tx, 0, map->device, map->datastore, &ds);
    if (rv == APR_SUCCESS)
        rv = check_item(tx, ds, map->item);
    if (rv != APR_SUCCESS)
        return rv;
    return sq_do(tx, NULL, SQ_MAP_PUT, "iiitidd", map->device, map->item,
                 map->datastore, map->luid, map->version, map->retry != 0,
                 map->soft != 0);
}

static apr_status_t one_map(store_tx_t *tx, sqlite3_stmt *st, int which,
                            store_id_t device, store_id_t datastore,
                            store_map_t **map)
{
    *map = apr_palloc(tx->p, sizeof(**map));
    read_map(st, *map, device, datastore, tx->p);
    sq_done(tx, st, which);
    return APR_SUCCESS;
}

apr_status_t sq_map_by_luid(store_tx_t *tx, store_id_t device,
                            store_id_t datastore, const char *luid,
                            store_map_t **map)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_MAP_BY_LUID, "iit", device,
                               datastore, luid);

    return rv == APR_SUCCESS
           ? one_map(tx, st, SQ_MAP_BY_LUID, device, datastore, map) : rv;
}

apr_status_t sq_map_by_item(store_tx_t *tx, store_id_t device,
                            store_id_t item, store_id_t datastore,
                            store_map_t **map)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_MAP_BY_ITEM, "iii", device, item,
                               datastore);

    return rv == APR_SUCCESS
           ? one_map(tx, st, SQ_MAP_BY_ITEM, device, datastore, map) : rv;
}

apr_status_t sq_map_delete(store_tx_t *tx, store_id_t device,
                           store_id_t datastore, store_id_t item)
{
    return sq_do(tx, NULL, SQ_MAP_DELETE, "iii", device, item, datastore);
}

apr_status_t sq_map_clear(store_tx_t *tx, store_id_t device,
                          store_id_t datastore)
{
    apr_status_t rv = sq_do(tx, NULL, SQ_MAP_TO_FORMER, "iii", device,
                            datastore, tx->now);

    return rv == APR_SUCCESS
           ? sq_do(tx, NULL, SQ_MAP_CLEAR, "ii", device, datastore) : rv;
}

apr_status_t sq_map_former(store_tx_t *tx, store_id_t device,
                           store_id_t datastore, const char *luid,
                           store_id_t *item, store_id_t *version)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_FORMER_GET, "iit", device,
                               datastore, luid);

    if (rv == APR_SUCCESS) {
        *item = sqlite3_column_int64(st, 0);
        *version = sqlite3_column_int64(st, 1);
        sq_done(tx, st, SQ_FORMER_GET);
    }
    return rv;
}

apr_status_t sq_map_forget_former(store_tx_t *tx, store_id_t device,
                                  store_id_t datastore)
{
    return sq_do(tx, NULL, SQ_FORMER_CLEAR, "ii", device, datastore);
}

typedef struct maps_t {
    store_map_fn *fn;
    void *baton;
    store_id_t device, datastore;
} maps_t;

static apr_status_t map_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    maps_t *to = baton;
    store_map_t map;

    read_map(st, &map, to->device, to->datastore, NULL);
    return to->fn(to->baton, &map);
}

apr_status_t sq_map_list(store_tx_t *tx, store_id_t device,
                         store_id_t datastore, store_map_fn *fn,
                         void *baton)
{
    maps_t to = { fn, baton, device, datastore };
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_MAP_LIST, "ii", device,
                               datastore);

    return sq_each(tx, rv, st, SQ_MAP_LIST, map_row, &to);
}

/* ---- changes ----------------------------------------------------------- */

typedef struct changes_t {
    store_change_fn *fn;
    void *baton;
} changes_t;

static apr_status_t change_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    changes_t *to = baton;
    store_change_t c;

    sq_read_item(st, &c.item);
    c.mapped = sqlite3_column_int(st, SQL_ITEM_N);
    c.luid = sq_text_or_null(st, SQL_ITEM_N + 1, NULL);
    c.version = sqlite3_column_int64(st, SQL_ITEM_N + 2);
    return to->fn(to->baton, &c);
}

static apr_status_t changes(store_tx_t *tx, int which, store_id_t account,
                            store_id_t device, store_id_t datastore,
                            store_id_t after, store_id_t upto,
                            store_change_fn *fn, void *baton)
{
    changes_t to = { fn, baton };
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_pair(tx, account, device, datastore, &ds);

    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, which, "iiii", device, datastore, after, upto);
    return sq_each(tx, rv, st, which, change_row, &to);
}

apr_status_t sq_changes(store_tx_t *tx, store_id_t account,
                        store_id_t device, store_id_t datastore,
                        store_id_t after, store_id_t upto,
                        store_change_fn *fn, void *baton)
{
    return changes(tx, SQ_CHANGES, account, device, datastore, after, upto,
                   fn, baton);
}

apr_status_t sq_changes_retry(store_tx_t *tx, store_id_t account,
                              store_id_t device, store_id_t datastore,
                              store_id_t after, store_id_t upto,
                              store_change_fn *fn, void *baton)
{
    return changes(tx, SQ_CHANGES_RETRY, account, device, datastore, after,
                   upto, fn, baton);
}

apr_status_t sq_changes_held(store_tx_t *tx, store_id_t account,
                             store_id_t device, store_id_t datastore,
                             store_id_t after, store_id_t upto,
                             store_change_fn *fn, void *baton)
{
    return changes(tx, SQ_CHANGES_HELD, account, device, datastore, after,
                   upto, fn, baton);
}

/* The two ends of what lies between two limits; none is one beyond all. */
static void stretch(apr_int64_t a, apr_int64_t b, apr_int64_t none,
                    apr_int64_t *low, apr_int64_t *high)
{
    a = a == STORE_WHEN_ALWAYS ? none : a;
    b = b == STORE_WHEN_ALWAYS ? none : b;
    *low = a < b ? a : b;
    *high = a < b ? b : a;
}

apr_status_t sq_changes_moved(store_tx_t *tx, store_id_t account,
                              store_id_t device, store_id_t datastore,
                              const store_moved_t *moved, store_id_t after,
                              store_id_t upto, store_change_fn *fn,
                              void *baton)
{
    changes_t to = { fn, baton };
    apr_int64_t from1, from2, to1, to2;
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_pair(tx, account, device, datastore, &ds);

    if (rv != APR_SUCCESS)
        return rv;
    stretch(moved->from, moved->old_from, APR_INT64_MIN, &from1, &from2);
    stretch(moved->to, moved->old_to, APR_INT64_MAX, &to1, &to2);
    rv = sq_first(tx, &st, SQ_CHANGES_MOVED, "iiiiiiii", device, datastore,
                  from1, from2, to1, to2, after, upto);
    return sq_each(tx, rv, st, SQ_CHANGES_MOVED, change_row, &to);
}

apr_status_t sq_changes_count(store_tx_t *tx, store_id_t account,
                              store_id_t device, store_id_t datastore,
                              store_id_t after, store_id_t upto,
                              apr_int64_t *count)
{
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_pair(tx, account, device, datastore, &ds);

    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_CHANGES_COUNT, "iiii", device, datastore,
                      after, upto);
    if (rv == APR_SUCCESS) {
        *count = sqlite3_column_int64(st, 0);
        sq_done(tx, st, SQ_CHANGES_COUNT);
    }
    return rv;
}

apr_status_t sq_changes_doubtful(store_tx_t *tx, store_id_t account,
                                 store_id_t device, store_id_t datastore,
                                 store_id_t after, store_id_t upto,
                                 apr_int64_t over, store_change_fn *fn,
                                 void *baton)
{
    changes_t to = { fn, baton };
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_pair(tx, account, device, datastore, &ds);

    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, SQ_CHANGES_DOUBTFUL, "iiiii", device, datastore,
                  after, upto, over);
    return sq_each(tx, rv, st, SQ_CHANGES_DOUBTFUL, change_row, &to);
}

apr_status_t sq_changes_settled(store_tx_t *tx, store_id_t device,
                                store_id_t datastore, store_id_t upto,
                                store_id_t *settled)
{
    sq_datastore_t *ds;
    sqlite3_stmt *st;
    apr_status_t rv = sq_pair(tx, 0, device, datastore, &ds);

    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, SQ_CHANGES_SETTLED, "iii", device, datastore,
                  upto);
    if (rv == APR_NOTFOUND) {
        *settled = ds->change;
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        *settled = sqlite3_column_int64(st, 0) - 1;
        sq_done(tx, st, SQ_CHANGES_SETTLED);
    }
    return rv;
}
