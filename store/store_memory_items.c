/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: items, and versions.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

mem_item_t *mem_item(store_tx_t *tx, store_id_t datastore, store_id_t id)
{
    mem_item_t key = { .v.datastore = datastore, .v.id = id };

    return mem_find(tx, MEM_ITEMS, &key);
}

mem_map_t *mem_map(store_tx_t *tx, store_id_t device, store_id_t item)
{
    mem_map_t key = { .v.device = device, .v.item = item };

    return mem_find(tx, MEM_MAPS, &key);
}

int mem_lacks(const mem_item_t *item, const mem_map_t *map)
{
    if (map && map->v.soft)
        return 0;
    if (item->v.deleted)
        return map != NULL;
    return !map || map->v.version != item->v.change;
}

/* ---- writing items ----------------------------------------------------- */

static apr_status_t check(store_tx_t *tx, store_id_t account,
                          store_id_t datastore, store_id_t origin)
{
    if (!mem_datastore(tx, account, datastore))
        return APR_NOTFOUND;
    return origin && !mem_device(tx, account, origin) ? APR_NOTFOUND
                                                      : APR_SUCCESS;
}

/* Count a change and, for the dues, whose it was. */
static store_id_t count_change(store_tx_t *tx, store_id_t datastore,
                               store_id_t origin, int items)
{
    apr_array_header_t *touched = MEM_TX(tx)->touched;
    mem_datastore_t row = *mem_datastore(tx, 0, datastore);
    mem_touch_t *touch;
    int i;

    row.v.change++;
    row.v.items += items;
    mem_put(tx, MEM_DATASTORES, &row);
    for (i = 0; i < touched->nelts; i++) {
        touch = &APR_ARRAY_IDX(touched, i, mem_touch_t);
        if (touch->datastore == datastore && touch->origin == origin) {
            touch->n++;
            return row.v.change;
        }
    }
    touch = apr_array_push(touched);
    touch->datastore = datastore;
    touch->origin = origin;
    touch->n = 1;
    touch->starts = 0;
    return row.v.change;
}

/* The changed item is or was an event that starts then (0: it is none). */
static void note_starts(store_tx_t *tx, store_id_t datastore,
                        apr_int64_t starts)
{
    apr_array_header_t *touched = MEM_TX(tx)->touched;
    int i;

    for (i = 0; starts > apr_time_sec(tx->now) && i < touched->nelts; i++) {
        mem_touch_t *touch = &APR_ARRAY_IDX(touched, i, mem_touch_t);

        if (touch->datastore == datastore
            && (!touch->starts || starts < touch->starts))
            touch->starts = starts;
    }
}

/* @param added  counter when it was added; 0: now */
static void write_item(store_tx_t *tx, store_item_t *item, int items,
                       store_id_t added)
{
    mem_item_t row;

    item->deleted = item->archived = 0;
    item->change = count_change(tx, item->datastore, item->origin, items);
    note_starts(tx, item->datastore, store_starts(tx, item));
    item->modified = tx->now;
    row.v = *item;
    row.written = item->change;
    row.added = added ? added : item->change;
    mem_put(tx, MEM_ITEMS, &row);
}

apr_status_t mem_item_add(store_tx_t *tx, store_id_t account,
                          store_item_t *item)
{
    mem_account_t *a = mem_account(tx, account), row;
    apr_status_t rv = check(tx, account, item->datastore, item->origin);

    if (rv != APR_SUCCESS)
        return rv;
    if (a->last_item + 1 >= STORE_ITEM_LIMIT)
        return store_fail(tx, STORE_EFULL, "no item ids are left");
    row = *a;
    item->id = ++row.last_item;
    mem_put(tx, MEM_ACCOUNTS, &row);
    write_item(tx, item, 1, 0);
    return APR_SUCCESS;
}

static apr_status_t replace(store_tx_t *tx, store_id_t account,
                            store_item_t *item, int deleted)
{
    mem_version_t version = { .time = tx->now };
    apr_int64_t starts;
    mem_item_t *old;
    apr_status_t rv = check(tx, account, item->datastore, item->origin);

    if (rv != APR_SUCCESS)
        return rv;
    old = mem_item(tx, item->datastore, item->id);
    if (!old || old->v.deleted != deleted)
        return APR_NOTFOUND;
    version.v = old->v;
    version.v.change = old->written;
    version.until = mem_datastore(tx, 0, item->datastore)->v.change + 1;
    version.gone = deleted ? old->v.change : 0;
    starts = store_starts(tx, &old->v);
    mem_put(tx, MEM_VERSIONS, &version);
    write_item(tx, item, deleted, old->added);
    note_starts(tx, item->datastore, starts);
    return APR_SUCCESS;
}

apr_status_t mem_item_update(store_tx_t *tx, store_id_t account,
                             store_item_t *item)
{
    return replace(tx, account, item, 0);
}

apr_status_t mem_item_restore(store_tx_t *tx, store_id_t account,
                              store_item_t *item)
{
    return replace(tx, account, item, 1);
}

apr_status_t mem_item_delete(store_tx_t *tx, store_id_t account,
                             store_id_t datastore, store_id_t id,
                             store_id_t origin, int archive,
                             store_id_t *change)
{
    mem_item_t *old, row;
    apr_status_t rv = check(tx, account, datastore, origin);

    if (rv != APR_SUCCESS)
        return rv;
    old = mem_item(tx, datastore, id);
    if (!old || old->v.deleted)
        return APR_NOTFOUND;
    row = *old;
    row.v.deleted = 1;
    row.v.archived = archive;
    row.v.origin = origin;
    row.v.modified = tx->now;
    row.v.change = *change = count_change(tx, datastore, origin, -1);
    note_starts(tx, datastore, store_starts(tx, &row.v));
    mem_put(tx, MEM_ITEMS, &row);
    return APR_SUCCESS;
}

apr_status_t mem_item_rekey(store_tx_t *tx, store_id_t account,
                            const store_item_t *item)
{
    mem_item_t *old = mem_datastore(tx, account, item->datastore)
                      ? mem_item(tx, item->datastore, item->id) : NULL, row;

    if (!old || old->v.change != item->change)
        return APR_NOTFOUND;
    row = *old;
    row.v.key = item->key;
    row.v.uid_key = item->uid_key;
    row.v.near_key = item->near_key;
    row.v.starts = item->starts;
    row.v.ends = item->ends;
    mem_put(tx, MEM_ITEMS, &row);
    return APR_SUCCESS;
}

int mem_first_item(const mem_table_t *t, store_id_t datastore,
                   store_id_t after)
{
    mem_item_t key = { .v.datastore = datastore, .v.id = after + 1 };

    return mem_lower(t, MEM_ITEMS, &key);
}

mem_item_t *mem_item_at(const mem_table_t *t, int i, store_id_t datastore)
{
    mem_item_t *item = i < t->n ? t->rows[i] : NULL;

    return item && item->v.datastore == datastore ? item : NULL;
}

apr_status_t mem_item_delete_many(store_tx_t *tx, store_id_t account,
                                  store_id_t datastore, store_id_t device,
                                  store_id_t origin, store_id_t upto,
                                  int limit, apr_int64_t *count)
{
    apr_status_t rv = check(tx, account, datastore, origin);
    apr_int64_t done = 0;
    mem_table_t *t;
    mem_item_t *item;
    store_id_t change;
    int i;

    if (rv == APR_SUCCESS && device && !mem_device(tx, account, device))
        rv = APR_NOTFOUND;
    if (rv != APR_SUCCESS)
        return rv;
    t = mem_hold(tx, MEM_ITEMS);
    i = mem_first_item(t, datastore, 0);
    for (; (item = mem_item_at(t, i, datastore)) != NULL
           && (limit == 0 || done < limit); i++) {
        if (item->v.deleted || item->v.change > upto
            || (device && mem_map(tx, device, item->v.id)))
            continue;
        mem_item_delete(tx, account, datastore, item->v.id, origin, 0,
                        &change);
        done++;
    }
    mem_release(tx, t);
    *count = done;
    return APR_SUCCESS;
}

/* ---- reading items ----------------------------------------------------- */

apr_status_t mem_item_get(store_tx_t *tx, store_id_t account,
                          store_id_t datastore, store_id_t id,
                          store_item_t **item)
{
    mem_item_t *found = mem_datastore(tx, account, datastore)
                        ? mem_item(tx, datastore, id) : NULL;

    if (!found)
        return APR_NOTFOUND;
    found = mem_copy(MEM_ITEMS, found, tx->p);
    *item = &found->v;
    return APR_SUCCESS;
}

apr_status_t mem_item_version(store_tx_t *tx, store_id_t account,
                              store_id_t datastore, store_id_t id,
                              store_id_t change, store_item_t **item)
{
    mem_version_t key = { .v.datastore = datastore, .v.id = id,
                          .v.change = change };
    mem_version_t *old = mem_find(tx, MEM_VERSIONS, &key);
    mem_item_t *now = mem_item(tx, datastore, id);
    const store_item_t *found = NULL;
    store_item_t *v;

    if (mem_datastore(tx, account, datastore)) {
        if (now && (now->v.change == change || now->written == change))
            found = &now->v;
        else if (old)
            found = &old->v;
    }
    if (!found)
        return APR_NOTFOUND;
    v = apr_pcalloc(tx->p, sizeof(*v));
    v->id = id;
    v->datastore = datastore;
    v->change = change;
    v->type = apr_pstrdup(tx->p, found->type);
    v->data = apr_pstrmemdup(tx->p, found->data, found->len);
    v->len = found->len;
    v->modified = found->modified;
    *item = v;
    return APR_SUCCESS;
}

static apr_status_t list(store_tx_t *tx, store_id_t account,
                         store_id_t datastore, store_id_t after, int limit,
                         int archived, store_item_fn *fn, void *baton)
{
    apr_status_t rv = APR_SUCCESS;
    mem_table_t *t;
    mem_item_t *item;
    int i, n = 0;

    if (!mem_datastore(tx, account, datastore))
        return APR_NOTFOUND;
    t = mem_hold(tx, MEM_ITEMS);
    i = mem_first_item(t, datastore, after);
    while (rv == APR_SUCCESS && (limit == 0 || n < limit)
           && (item = mem_item_at(t, i++, datastore)) != NULL) {
        if (archived ? item->v.archived : !item->v.deleted) {
            rv = fn(baton, &item->v);
            n++;
        }
    }
    mem_release(tx, t);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

apr_status_t mem_item_list(store_tx_t *tx, store_id_t account,
                           store_id_t datastore, store_id_t after, int limit,
                           store_item_fn *fn, void *baton)
{
    return list(tx, account, datastore, after, limit, 0, fn, baton);
}

apr_status_t mem_item_archived(store_tx_t *tx, store_id_t account,
                               store_id_t datastore, store_id_t after,
                               int limit, store_item_fn *fn, void *baton)
{
    return list(tx, account, datastore, after, limit, 1, fn, baton);
}

static apr_int64_t key_of(const mem_item_t *item, int which)
{
    return which == STORE_MATCH_UID ? item->v.uid_key
           : which == STORE_MATCH_NEAR ? item->v.near_key : item->v.key;
}

apr_status_t mem_item_match(store_tx_t *tx, store_id_t account,
                            store_id_t datastore, int which, apr_int64_t key,
                            store_id_t device, store_item_fn *fn,
                            void *baton)
{
    apr_status_t rv = APR_SUCCESS;
    mem_table_t *t;
    mem_item_t *item;
    int i;

    if (!mem_datastore(tx, account, datastore)
        || (device && !mem_device(tx, account, device)))
        return APR_NOTFOUND;
    t = mem_hold(tx, MEM_ITEMS);
    i = mem_first_item(t, datastore, 0);
    while (rv == APR_SUCCESS
           && (item = mem_item_at(t, i++, datastore)) != NULL) {
        if (item->v.deleted || (which != STORE_MATCH_KEY && key == 0)
            || key_of(item, which) != key
            || (device && mem_map(tx, device, item->v.id)))
            continue;
        rv = fn(baton, &item->v);
    }
    mem_release(tx, t);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}
