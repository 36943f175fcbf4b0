/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: maps and former maps, changes, upkeep.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

/* ---- maps -------------------------------------------------------------- */

static mem_map_t *map_by_luid(store_tx_t *tx, store_id_t device,
                              store_id_t datastore, const char *luid)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_MAPS];
    mem_map_t key = { .v.device = device };
    int i;

    for (i = mem_lower(t, MEM_MAPS, &key); i < t->n; i++) {
        mem_map_t *m = t->rows[i];

        if (m->v.device != device)
            break;
        if (m->v.datastore == datastore && m->v.luid
            && strcmp(m->v.luid, luid) == 0)
            return m;
    }
    return NULL;
}

apr_status_t mem_map_put(store_tx_t *tx, const store_map_t *map)
{
    mem_map_t row = { .v = *map }, *other = NULL;

    if (!mem_pair(tx, 0, map->device, map->datastore)
        || !mem_item(tx, map->datastore, map->item))
        return APR_NOTFOUND;
    if (map->luid)
        other = map_by_luid(tx, map->device, map->datastore, map->luid);
    if (other && other->v.item != map->item)
        mem_remove(tx, MEM_MAPS, other);
    mem_put(tx, MEM_MAPS, &row);
    return APR_SUCCESS;
}

static apr_status_t give_map(store_tx_t *tx, const mem_map_t *m,
                             store_map_t **map)
{
    mem_map_t *copy;

    if (!m)
        return APR_NOTFOUND;
    copy = mem_copy(MEM_MAPS, m, tx->p);
    *map = &copy->v;
    return APR_SUCCESS;
}

apr_status_t mem_map_by_luid(store_tx_t *tx, store_id_t device,
                             store_id_t datastore, const char *luid,
                             store_map_t **map)
{
    return give_map(tx, map_by_luid(tx, device, datastore, luid), map);
}

apr_status_t mem_map_by_item(store_tx_t *tx, store_id_t device,
                             store_id_t item, store_id_t datastore,
                             store_map_t **map)
{
    mem_map_t *m = mem_map(tx, device, item);

    return give_map(tx, m && m->v.datastore == datastore ? m : NULL, map);
}

apr_status_t mem_map_delete(store_tx_t *tx, store_id_t device,
                            store_id_t datastore, store_id_t item)
{
    mem_map_t *m = mem_map(tx, device, item);

    if (m && m->v.datastore == datastore)
        mem_remove(tx, MEM_MAPS, m);
    return APR_SUCCESS;
}

static int map_in(const void *row, const void *baton)
{
    const mem_map_t *m = row, *key = baton;

    return m->v.device == key->v.device
           && m->v.datastore == key->v.datastore;
}

static int former_of_item(const void *row, const void *baton)
{
    const mem_former_t *m = row;
    const mem_map_t *key = baton;

    return m->v.device == key->v.device && m->v.item == key->v.item;
}

/* Of a LUID, and of an item, there is one former map at most. */
static void make_former(store_tx_t *tx, const mem_map_t *m)
{
    mem_former_t row = { .v = m->v, .time = tx->now };

    mem_remove_if(tx, MEM_FORMER, former_of_item, m);
    mem_put(tx, MEM_FORMER, &row);
}

apr_status_t mem_map_clear(store_tx_t *tx, store_id_t device,
                           store_id_t datastore)
{
    mem_map_t key = { .v.device = device, .v.datastore = datastore };
    mem_table_t *t = mem_hold(tx, MEM_MAPS);
    int i;

    for (i = 0; i < t->n; i++) {
        mem_map_t *m = t->rows[i];

        if (map_in(m, &key) && m->v.luid)
            make_former(tx, m);
    }
    mem_release(tx, t);
    mem_remove_if(tx, MEM_MAPS, map_in, &key);
    return APR_SUCCESS;
}

apr_status_t mem_map_former(store_tx_t *tx, store_id_t device,
                            store_id_t datastore, const char *luid,
                            store_id_t *item, store_id_t *version)
{
    mem_former_t key = { .v.device = device, .v.datastore = datastore,
                         .v.luid = luid }, *found;

    found = mem_find(tx, MEM_FORMER, &key);
    if (!found)
        return APR_NOTFOUND;
    *item = found->v.item;
    *version = found->v.version;
    return APR_SUCCESS;
}

static int former_in(const void *row, const void *baton)
{
    const mem_former_t *m = row;
    const mem_map_t *key = baton;

    return m->v.device == key->v.device
           && m->v.datastore == key->v.datastore;
}

apr_status_t mem_map_forget_former(store_tx_t *tx, store_id_t device,
                                   store_id_t datastore)
{
    mem_map_t key = { .v.device = device, .v.datastore = datastore };

    mem_remove_if(tx, MEM_FORMER, former_in, &key);
    return APR_SUCCESS;
}

apr_status_t mem_map_list(store_tx_t *tx, store_id_t device,
                          store_id_t datastore, store_map_fn *fn,
                          void *baton)
{
    mem_map_t key = { .v.device = device, .v.datastore = datastore };
    mem_table_t *t = mem_hold(tx, MEM_MAPS);
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < t->n && rv == APR_SUCCESS; i++) {
        if (map_in(t->rows[i], &key))
            rv = fn(baton, &((mem_map_t *)t->rows[i])->v);
    }
    mem_release(tx, t);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

/* ---- changes ----------------------------------------------------------- */

static int by_change(const void *va, const void *vb)
{
    const mem_item_t *a = *(void *const *)va, *b = *(void *const *)vb;

    return a->v.change < b->v.change ? -1 : a->v.change > b->v.change;
}

/* What the device lacks, by change.  The rows are held by t. */
static mem_item_t **lacking(store_tx_t *tx, const mem_table_t *t,
                            store_id_t device, store_id_t datastore,
                            store_id_t after, store_id_t upto, int *n)
{
    mem_item_t **rows = apr_palloc(tx->p, (t->n + 1) * sizeof(*rows));
    mem_item_t *item;
    int i = mem_first_item(t, datastore, 0);

    *n = 0;
    for (; (item = mem_item_at(t, i, datastore)) != NULL; i++) {
        if (item->v.change > after && item->v.change <= upto
            && mem_lacks(item, mem_map(tx, device, item->v.id)))
            rows[(*n)++] = item;
    }
    qsort(rows, *n, sizeof(*rows), by_change);
    return rows;
}

/* See store_changes_doubtful(). */
static int is_meant(const store_change_t *c, int doubtful, apr_int64_t over)
{
    return !doubtful
        || (c->mapped && !c->luid && (c->item.deleted || c->version > 0))
        || (!c->item.deleted && over >= 0 && (apr_int64_t)c->item.len > over);
}

static apr_status_t some_changes(store_tx_t *tx, store_id_t account,
                                 store_id_t device, store_id_t datastore,
                                 store_id_t after, store_id_t upto,
                                 int doubtful, apr_int64_t over,
                                 store_change_fn *fn, void *baton)
{
    apr_status_t rv = APR_SUCCESS;
    mem_table_t *items, *maps;
    mem_item_t **rows;
    int i, n;

    if (!mem_pair(tx, account, device, datastore))
        return APR_NOTFOUND;
    items = mem_hold(tx, MEM_ITEMS);
    maps = mem_hold(tx, MEM_MAPS);
    rows = lacking(tx, items, device, datastore, after, upto, &n);
    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        mem_map_t key = { .v.device = device, .v.item = rows[i]->v.id };
        mem_map_t *m = mem_find_in(maps, MEM_MAPS, &key);
        store_change_t c = { .item = rows[i]->v };

        c.mapped = m != NULL;
        c.luid = m ? m->v.luid : NULL;
        c.version = m ? m->v.version : 0;
        if (is_meant(&c, doubtful, over))
            rv = fn(baton, &c);
    }
    mem_release(tx, maps);
    mem_release(tx, items);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

apr_status_t mem_changes(store_tx_t *tx, store_id_t account,
                         store_id_t device, store_id_t datastore,
                         store_id_t after, store_id_t upto,
                         store_change_fn *fn, void *baton)
{
    return some_changes(tx, account, device, datastore, after, upto, 0, 0,
                        fn, baton);
}

apr_status_t mem_changes_doubtful(store_tx_t *tx, store_id_t account,
                                  store_id_t device, store_id_t datastore,
                                  store_id_t after, store_id_t upto,
                                  apr_int64_t over, store_change_fn *fn,
                                  void *baton)
{
    return some_changes(tx, account, device, datastore, after, upto, 1, over,
                        fn, baton);
}

apr_status_t mem_changes_retry(store_tx_t *tx, store_id_t account,
                               store_id_t device, store_id_t datastore,
                               store_id_t after, store_id_t upto,
                               store_change_fn *fn, void *baton)
{
    apr_status_t rv = APR_SUCCESS;
    mem_table_t *items, *maps;
    int i;

    if (!mem_pair(tx, account, device, datastore))
        return APR_NOTFOUND;
    items = mem_hold(tx, MEM_ITEMS);
    maps = mem_hold(tx, MEM_MAPS);
    for (i = 0; i < maps->n && rv == APR_SUCCESS; i++) {
        mem_map_t *m = maps->rows[i];
        mem_item_t key = { .v.datastore = datastore, .v.id = m->v.item };
        mem_item_t *item;
        store_change_t c = { .mapped = 1, .luid = m->v.luid,
                             .version = m->v.version };

        if (m->v.device != device || m->v.datastore != datastore
            || !m->v.retry || m->v.soft || m->v.item <= after)
            continue;
        item = mem_find_in(items, MEM_ITEMS, &key);
        if (!item || item->v.change > upto
            || (item->v.deleted && !m->v.luid && !m->v.version))
            continue;
        c.item = item->v;
        rv = fn(baton, &c);
    }
    mem_release(tx, maps);
    mem_release(tx, items);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

apr_status_t mem_changes_count(store_tx_t *tx, store_id_t account,
                               store_id_t device, store_id_t datastore,
                               store_id_t after, store_id_t upto,
                               apr_int64_t *count)
{
    int n;

    if (!mem_pair(tx, account, device, datastore))
        return APR_NOTFOUND;
    lacking(tx, MEM_STATE(tx)->tables[MEM_ITEMS], device, datastore, after,
            upto, &n);
    *count = n;
    return APR_SUCCESS;
}

apr_status_t mem_changes_settled(store_tx_t *tx, store_id_t device,
                                 store_id_t datastore, store_id_t upto,
                                 store_id_t *settled)
{
    mem_datastore_t *ds = mem_pair(tx, 0, device, datastore);
    mem_item_t **rows;
    int n;

    if (!ds)
        return APR_NOTFOUND;
    rows = lacking(tx, MEM_STATE(tx)->tables[MEM_ITEMS], device, datastore,
                   upto, APR_INT64_MAX, &n);
    *settled = n ? rows[0]->v.change - 1 : ds->v.change;
    return APR_SUCCESS;
}

/* ---- upkeep ------------------------------------------------------------ */

/* Does some device have a map row for the item, of that version?  Former
 * maps begin like maps.
 * @param version  0: of any, but not of a soft-deleted one */
static int referred_in(store_tx_t *tx, int table, store_id_t datastore,
                       store_id_t item, store_id_t version)
{
    mem_table_t *t = MEM_STATE(tx)->tables[table];
    int i;

    for (i = 0; i < t->n; i++) {
        const store_map_t *m = t->rows[i];

        if (m->datastore == datastore && m->item == item
            && (version ? m->version == version
                : table == MEM_FORMER || !m->soft))
            return 1;
    }
    return 0;
}

static int referred(store_tx_t *tx, store_id_t datastore, store_id_t item,
                    store_id_t version)
{
    return referred_in(tx, MEM_MAPS, datastore, item, version)
           || referred_in(tx, MEM_FORMER, datastore, item, version);
}

static int soft_map_of(const void *row, const void *baton)
{
    const mem_map_t *m = row;
    const mem_item_t *item = baton;

    return m->v.soft && m->v.datastore == item->v.datastore
           && m->v.item == item->v.id;
}

/* Former maps from before a time. */
static apr_int64_t gc_former(store_tx_t *tx, apr_time_t before, int limit)
{
    mem_table_t *t = mem_hold(tx, MEM_FORMER);
    apr_int64_t done = 0;
    int i;

    for (i = 0; i < t->n && (limit == 0 || done < limit); i++) {
        mem_former_t *m = t->rows[i];

        if (m->time < before)
            done += mem_remove(tx, MEM_FORMER, m);
    }
    mem_release(tx, t);
    return done;
}

static int version_of(const void *row, const void *baton)
{
    const mem_version_t *v = row;
    const mem_item_t *item = baton;

    return v->v.datastore == item->v.datastore && v->v.id == item->v.id;
}

static int log_before(const void *row, const void *before)
{
    return ((const mem_log_t *)row)->v.latest < *(const apr_time_t *)before;
}

apr_status_t mem_gc(store_tx_t *tx, apr_time_t before, int limit,
                    apr_int64_t *removed)
{
    apr_int64_t done = gc_former(tx, before, limit);
    mem_table_t *t = mem_hold(tx, MEM_ITEMS);
    int i, n = 0;

    for (i = 0; i < t->n && (limit == 0 || n < limit); i++) {
        mem_item_t *item = t->rows[i];

        if (item->v.deleted && !item->v.archived
            && item->v.modified < before
            && !referred(tx, item->v.datastore, item->v.id, 0)) {
            done += mem_remove_if(tx, MEM_VERSIONS, version_of, item);
            done += mem_remove_if(tx, MEM_MAPS, soft_map_of, item);
            done += mem_remove(tx, MEM_ITEMS, item);
            n++;
        }
    }
    mem_release(tx, t);
    t = mem_hold(tx, MEM_VERSIONS);
    for (i = 0, n = 0; i < t->n && (limit == 0 || n < limit); i++) {
        mem_version_t *v = t->rows[i];

        if (v->time < before
            && !referred(tx, v->v.datastore, v->v.id, v->v.change)) {
            done += mem_remove(tx, MEM_VERSIONS, v);
            n++;
        }
    }
    mem_release(tx, t);
    done += mem_remove_logs(tx, log_before, &before, limit);
    *removed = done;
    return APR_SUCCESS;
}
