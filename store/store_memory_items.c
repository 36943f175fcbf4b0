/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: items, versions, maps and changes.
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
        if (touch->datastore == datastore && touch->origin == origin)
            return row.v.change;
    }
    touch = apr_array_push(touched);
    touch->datastore = datastore;
    touch->origin = origin;
    return row.v.change;
}

static void write_item(store_tx_t *tx, store_item_t *item, int items)
{
    mem_item_t row;

    item->deleted = 0;
    item->change = count_change(tx, item->datastore, item->origin, items);
    item->modified = tx->now;
    row.v = *item;
    row.written = item->change;
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
    write_item(tx, item, 1);
    return APR_SUCCESS;
}

static apr_status_t replace(store_tx_t *tx, store_id_t account,
                            store_item_t *item, int deleted)
{
    mem_version_t version = { .time = tx->now };
    mem_item_t *old;
    apr_status_t rv = check(tx, account, item->datastore, item->origin);

    if (rv != APR_SUCCESS)
        return rv;
    old = mem_item(tx, item->datastore, item->id);
    if (!old || old->v.deleted != deleted)
        return APR_NOTFOUND;
    version.v = old->v;
    version.v.change = old->written;
    mem_put(tx, MEM_VERSIONS, &version);
    write_item(tx, item, deleted);
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
                             store_id_t origin, store_id_t *change)
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
    row.v.origin = origin;
    row.v.modified = tx->now;
    row.v.change = *change = count_change(tx, datastore, origin, -1);
    mem_put(tx, MEM_ITEMS, &row);
    return APR_SUCCESS;
}

/* Index of a datastore's first item after one. */
static int first_item(const mem_table_t *t, store_id_t datastore,
                      store_id_t after)
{
    mem_item_t key = { .v.datastore = datastore, .v.id = after + 1 };

    return mem_lower(t, MEM_ITEMS, &key);
}

static mem_item_t *item_at(const mem_table_t *t, int i, store_id_t datastore)
{
    mem_item_t *item = i < t->n ? t->rows[i] : NULL;

    return item && item->v.datastore == datastore ? item : NULL;
}

apr_status_t mem_item_delete_many(store_tx_t *tx, store_id_t account,
                                  store_id_t datastore, store_id_t device,
                                  store_id_t origin, store_id_t upto,
                                  apr_int64_t *count)
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
    i = first_item(t, datastore, 0);
    for (; (item = item_at(t, i, datastore)) != NULL; i++) {
        if (item->v.deleted || item->v.change > upto
            || (device && mem_map(tx, device, item->v.id)))
            continue;
        mem_item_delete(tx, account, datastore, item->v.id, origin, &change);
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

apr_status_t mem_item_list(store_tx_t *tx, store_id_t account,
                           store_id_t datastore, store_id_t after, int limit,
                           store_item_fn *fn, void *baton)
{
    apr_status_t rv = APR_SUCCESS;
    mem_table_t *t;
    mem_item_t *item;
    int i, n = 0;

    if (!mem_datastore(tx, account, datastore))
        return APR_NOTFOUND;
    t = mem_hold(tx, MEM_ITEMS);
    i = first_item(t, datastore, after);
    while (rv == APR_SUCCESS && (limit == 0 || n < limit)
           && (item = item_at(t, i++, datastore)) != NULL) {
        if (!item->v.deleted) {
            rv = fn(baton, &item->v);
            n++;
        }
    }
    mem_release(tx, t);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

apr_status_t mem_item_match(store_tx_t *tx, store_id_t account,
                            store_id_t datastore, int which, apr_int64_t key,
                            store_id_t device, store_item_fn *fn,
                            void *baton)
{
    int uid = which == STORE_MATCH_UID;
    apr_status_t rv = APR_SUCCESS;
    mem_table_t *t;
    mem_item_t *item;
    int i;

    if (!mem_datastore(tx, account, datastore)
        || (device && !mem_device(tx, account, device)))
        return APR_NOTFOUND;
    t = mem_hold(tx, MEM_ITEMS);
    i = first_item(t, datastore, 0);
    while (rv == APR_SUCCESS && (item = item_at(t, i++, datastore)) != NULL) {
        if (item->v.deleted || (uid && key == 0)
            || (uid ? item->v.uid_key : item->v.key) != key
            || (device && mem_map(tx, device, item->v.id)))
            continue;
        rv = fn(baton, &item->v);
    }
    mem_release(tx, t);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

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

apr_status_t mem_map_clear(store_tx_t *tx, store_id_t device,
                           store_id_t datastore)
{
    mem_map_t key = { .v.device = device, .v.datastore = datastore };

    mem_remove_if(tx, MEM_MAPS, map_in, &key);
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
    int i = first_item(t, datastore, 0);

    *n = 0;
    for (; (item = item_at(t, i, datastore)) != NULL; i++) {
        if (item->v.change > after && item->v.change <= upto
            && mem_lacks(item, mem_map(tx, device, item->v.id)))
            rows[(*n)++] = item;
    }
    qsort(rows, *n, sizeof(*rows), by_change);
    return rows;
}

apr_status_t mem_changes(store_tx_t *tx, store_id_t account,
                         store_id_t device, store_id_t datastore,
                         store_id_t after, store_id_t upto,
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
        rv = fn(baton, &c);
    }
    mem_release(tx, maps);
    mem_release(tx, items);
    return rv == APR_EOF ? APR_SUCCESS : rv;
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
            || !m->v.retry || m->v.item <= after)
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

/* Does some device have a map row for the item, of that version?
 * @param version  0: of any */
static int referred(store_tx_t *tx, store_id_t datastore, store_id_t item,
                    store_id_t version)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_MAPS];
    int i;

    for (i = 0; i < t->n; i++) {
        mem_map_t *m = t->rows[i];

        if (m->v.datastore == datastore && m->v.item == item
            && (!version || m->v.version == version))
            return 1;
    }
    return 0;
}

static int version_of(const void *row, const void *baton)
{
    const mem_version_t *v = row;
    const mem_item_t *item = baton;

    return v->v.datastore == item->v.datastore && v->v.id == item->v.id;
}

apr_status_t mem_gc(store_tx_t *tx, apr_time_t before, int limit,
                    apr_int64_t *removed)
{
    mem_table_t *t = mem_hold(tx, MEM_ITEMS);
    apr_int64_t done = 0;
    int i, n = 0;

    for (i = 0; i < t->n && (limit == 0 || n < limit); i++) {
        mem_item_t *item = t->rows[i];

        if (item->v.deleted && item->v.modified < before
            && !referred(tx, item->v.datastore, item->v.id, 0)) {
            done += mem_remove_if(tx, MEM_VERSIONS, version_of, item);
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
    *removed = done;
    return APR_SUCCESS;
}
