/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: what a device is to get or to lose although the item
 * has not changed; and the end of a datastore.
 */
#include "store_memory.h"

static int between(apr_int64_t when, apr_int64_t a, apr_int64_t b)
{
    return when != STORE_WHEN_ALWAYS
           && (a < b ? when >= a && when < b : when >= b && when < a);
}

/* No limit is one beyond all times. */
static apr_int64_t limit(apr_int64_t when, apr_int64_t none)
{
    return when == STORE_WHEN_ALWAYS ? none : when;
}

static int passed_over(const store_item_t *item, const store_moved_t *m)
{
    apr_int64_t to = limit(m->to, APR_INT64_MAX - 1);
    apr_int64_t old_to = limit(m->old_to, APR_INT64_MAX - 1);

    return between(item->ends, limit(m->from, APR_INT64_MIN),
                   limit(m->old_from, APR_INT64_MIN))
           || between(item->starts, to + 1, old_to + 1);
}

/* @param moved  NULL: those that the device has as they are */
static apr_status_t unchanged(store_tx_t *tx, store_id_t account,
                              store_id_t device, store_id_t datastore,
                              const store_moved_t *moved, store_id_t after,
                              store_id_t upto, store_change_fn *fn,
                              void *baton)
{
    apr_status_t rv = APR_SUCCESS;
    mem_table_t *items, *maps;
    mem_item_t *item;
    int i;

    if (!mem_pair(tx, account, device, datastore))
        return APR_NOTFOUND;
    items = mem_hold(tx, MEM_ITEMS);
    maps = mem_hold(tx, MEM_MAPS);
    i = mem_first_item(items, datastore, after);
    for (; rv == APR_SUCCESS
           && (item = mem_item_at(items, i, datastore)) != NULL; i++) {
        mem_map_t key = { .v.device = device, .v.item = item->v.id };
        mem_map_t *m = mem_find_in(maps, MEM_MAPS, &key);
        store_change_t c = { .item = item->v };

        if (item->v.deleted || item->v.change > upto
            || item->v.id <= after || (m && m->v.soft)
            || (moved ? !passed_over(&item->v, moved) || (m && m->v.retry)
                      : !m || m->v.version != item->v.change))
            continue;
        c.mapped = m != NULL;
        c.luid = m ? m->v.luid : NULL;
        c.version = m ? m->v.version : 0;
        rv = fn(baton, &c);
    }
    mem_release(tx, maps);
    mem_release(tx, items);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

apr_status_t mem_changes_moved(store_tx_t *tx, store_id_t account,
                               store_id_t device, store_id_t datastore,
                               const store_moved_t *moved, store_id_t after,
                               store_id_t upto, store_change_fn *fn,
                               void *baton)
{
    return unchanged(tx, account, device, datastore, moved, after, upto, fn,
                     baton);
}

apr_status_t mem_changes_held(store_tx_t *tx, store_id_t account,
                              store_id_t device, store_id_t datastore,
                              store_id_t after, store_id_t upto,
                              store_change_fn *fn, void *baton)
{
    return unchanged(tx, account, device, datastore, NULL, after, upto, fn,
                     baton);
}

/* ---- the end of a datastore --------------------------------------------- */

static int map_in(const void *row, const void *id)
{
    return ((const mem_map_t *)row)->v.datastore == *(const store_id_t *)id;
}

static int former_in(const void *row, const void *id)
{
    return ((const mem_former_t *)row)->v.datastore
           == *(const store_id_t *)id;
}

static int due_change_in(const void *row, const void *id)
{
    return ((const mem_due_change_t *)row)->datastore
           == *(const store_id_t *)id;
}

static int anchor_in(const void *row, const void *id)
{
    return ((const mem_anchor_t *)row)->v.datastore
           == *(const store_id_t *)id;
}

static int item_in(const void *row, const void *id)
{
    return ((const mem_item_t *)row)->v.datastore == *(const store_id_t *)id;
}

static int version_in(const void *row, const void *id)
{
    return ((const mem_version_t *)row)->v.datastore
           == *(const store_id_t *)id;
}

apr_status_t mem_datastore_delete(store_tx_t *tx, store_id_t account,
                                  store_id_t datastore)
{
    mem_datastore_t *ds = mem_datastore(tx, account, datastore);

    if (!ds)
        return APR_NOTFOUND;
    mem_remove_if(tx, MEM_MAPS, map_in, &datastore);
    mem_remove_if(tx, MEM_FORMER, former_in, &datastore);
    mem_remove_if(tx, MEM_ANCHORS, anchor_in, &datastore);
    mem_remove_if(tx, MEM_DUE_CHANGES, due_change_in, &datastore);
    mem_remove_if(tx, MEM_ITEMS, item_in, &datastore);
    mem_remove_if(tx, MEM_VERSIONS, version_in, &datastore);
    mem_remove(tx, MEM_DATASTORES, ds);
    return APR_SUCCESS;
}
