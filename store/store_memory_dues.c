/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: what push owes.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

static mem_due_t *find_due(store_tx_t *tx, store_id_t device)
{
    mem_due_t key = { .device = device };

    return mem_find(tx, MEM_DUES, &key);
}

static void remove_due(store_tx_t *tx, store_id_t device)
{
    mem_due_t key = { .device = device };

    mem_remove(tx, MEM_DUES, &key);
}

static int pushable(const mem_device_t *d)
{
    return d && d->v.push && *d->v.number;
}

/* ---- what is owed ------------------------------------------------------ */

/* A change of an item within the anchor's window, or of one that the device
 * has. */
static int concerns(store_tx_t *tx, const store_anchor_t *a,
                    const mem_item_t *item)
{
    if (a->window_from && a->window_to && a->window_from > a->window_to)
        return 0;
    return mem_map(tx, a->device, item->v.id)
           || store_in_window(&item->v, a->window_from, a->window_to);
}

/* The first change above what the device has seen that is another's and that
 * the device lacks; 0: none. */
static store_id_t first_lack(store_tx_t *tx, const store_anchor_t *a)
{
    store_id_t device = a->device, datastore = a->datastore;
    store_id_t seen = a->last.seen;
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_ITEMS];
    mem_item_t key = { .v.datastore = datastore };
    store_id_t first = 0;
    int i;

    for (i = mem_lower(t, MEM_ITEMS, &key); i < t->n; i++) {
        mem_item_t *item = t->rows[i];

        if (item->v.datastore != datastore)
            break;
        if (item->v.change > seen && item->v.origin != device
            && (!first || item->v.change < first)
            && mem_lacks(item, mem_map(tx, device, item->v.id))
            && concerns(tx, a, item))
            first = item->v.change;
    }
    return first;
}

static int by_name(const void *va, const void *vb)
{
    const store_due_datastore_t *a = va, *b = vb;

    return strcmp(a->name, b->name);
}

/* The datastores for which the device owes a sync, by name. */
static apr_array_header_t *owed(store_tx_t *tx, store_id_t device)
{
    apr_array_header_t *list
        = apr_array_make(tx->p, 4, sizeof(store_due_datastore_t));
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_ANCHORS];
    mem_anchor_t key = { .v.device = device };
    int i;

    for (i = mem_lower(t, MEM_ANCHORS, &key); i < t->n; i++) {
        mem_anchor_t *a = t->rows[i];
        store_due_datastore_t *ds;
        store_id_t change;

        if (a->v.device != device)
            break;
        if (!a->v.synced)
            continue;
        change = first_lack(tx, &a->v);
        if (!change)
            continue;
        ds = apr_array_push(list);
        ds->name = apr_pstrdup(tx->p, mem_datastore(tx, 0,
                                                    a->v.datastore)->v.name);
        ds->uri = apr_pstrdup(tx->p, a->v.uri);
        ds->content_code = a->v.content_code;
        ds->change = change;
    }
    qsort(list->elts, list->nelts, sizeof(store_due_datastore_t), by_name);
    return list;
}

/* ---- deriving ---------------------------------------------------------- */

static mem_due_t new_due(store_tx_t *tx, const mem_device_t *d)
{
    mem_due_t row = { .device = d->v.id, .account = d->v.account,
                      .first_change = tx->now, .last_change = tx->now,
                      .owner = "", .last_error = "" };

    return row;
}

/* Another's change in a datastore that the device syncs. */
static void note_change(store_tx_t *tx, const mem_device_t *d)
{
    mem_due_t *old = find_due(tx, d->v.id), row;

    row = old ? *old : new_due(tx, d);
    if (row.last_change < tx->now)
        row.last_change = tx->now;
    if (row.state == STORE_DUE_WAITING)
        MEM_TX(tx)->owes_push = 1;
    mem_put(tx, MEM_DUES, &row);
}

static void note_touch(store_tx_t *tx, const mem_touch_t *touch)
{
    mem_datastore_t *ds = mem_datastore(tx, 0, touch->datastore);
    mem_table_t *t = mem_hold(tx, MEM_DEVICES);
    int i;

    for (i = 0; ds && i < t->n; i++) {
        mem_device_t *d = t->rows[i];
        mem_anchor_t key = { .v.device = d->v.id, .v.datastore = ds->v.id };
        mem_anchor_t *a = mem_find(tx, MEM_ANCHORS, &key);

        if (d->v.account == ds->v.account && d->v.id != touch->origin
            && pushable(d) && a && a->v.synced)
            note_change(tx, d);
    }
    mem_release(tx, t);
}

static void derive_device(store_tx_t *tx, store_id_t device)
{
    mem_device_t *d = mem_device(tx, 0, device);
    mem_due_t *old, row;

    if (!pushable(d) || owed(tx, device)->nelts == 0) {
        remove_due(tx, device);
        return;
    }
    old = find_due(tx, device);
    row = old ? *old : new_due(tx, d);
    row.state = STORE_DUE_WAITING;
    row.attempts = row.unanswered = 0;
    row.not_before = 0;
    row.last_error = "";
    mem_put(tx, MEM_DUES, &row);
    MEM_TX(tx)->owes_push = 1;
}

void mem_derive_dues(store_tx_t *tx)
{
    apr_array_header_t *touched = MEM_TX(tx)->touched;
    apr_array_header_t *synced = MEM_TX(tx)->synced;
    int i;

    for (i = 0; i < touched->nelts; i++)
        note_touch(tx, &APR_ARRAY_IDX(touched, i, mem_touch_t));
    for (i = 0; i < synced->nelts; i++)
        derive_device(tx, APR_ARRAY_IDX(synced, i, store_id_t));
}

apr_status_t mem_due_refresh(store_tx_t *tx, store_id_t device)
{
    if (!mem_device(tx, 0, device))
        return APR_NOTFOUND;
    derive_device(tx, device);
    return APR_SUCCESS;
}

/* ---- rows -------------------------------------------------------------- */

static store_due_t *give_due(store_tx_t *tx, const mem_due_t *row)
{
    mem_device_t *d = mem_copy(MEM_DEVICES, mem_device(tx, 0, row->device),
                               tx->p);
    mem_due_t *copy = mem_copy(MEM_DUES, row, tx->p);
    store_due_t *due = apr_pcalloc(tx->p, sizeof(*due));

    due->device = row->device;
    due->account = row->account;
    due->account_name = apr_pstrdup(tx->p,
                                    mem_account(tx, row->account)->v.name);
    due->devid = d->v.devid;
    due->number = d->v.number;
    due->syncml_version = d->v.syncml_version;
    due->manufacturer = d->v.manufacturer;
    due->model = d->v.model;
    due->san_session = d->san_session;
    due->datastores = owed(tx, row->device);
    due->state = copy->state;
    due->attempts = copy->attempts;
    due->unanswered = copy->unanswered;
    due->first_change = copy->first_change;
    due->last_change = copy->last_change;
    due->not_before = copy->not_before;
    due->leased_until = copy->leased_until;
    due->last_error = copy->last_error;
    return due;
}

static int by_names(const void *va, const void *vb)
{
    const store_due_t *a = *(store_due_t *const *)va;
    const store_due_t *b = *(store_due_t *const *)vb;
    int order = strcmp(a->account_name, b->account_name);

    return order ? order : strcmp(a->devid, b->devid);
}

apr_status_t mem_due_list(store_tx_t *tx, store_id_t account,
                          store_due_fn *fn, void *baton)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_DUES];
    store_due_t **list = apr_palloc(tx->p, (t->n + 1) * sizeof(*list));
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    for (i = 0; i < t->n; i++) {
        mem_due_t *row = t->rows[i];

        if (!account || row->account == account)
            list[n++] = give_due(tx, row);
    }
    qsort(list, n, sizeof(*list), by_names);
    for (i = 0; i < n && rv == APR_SUCCESS; i++)
        rv = fn(baton, list[i]);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

static apr_time_t free_at(const mem_due_t *row)
{
    return row->not_before > row->leased_until ? row->not_before
                                               : row->leased_until;
}

apr_status_t mem_due_next(store_tx_t *tx, apr_interval_time_t quiet,
                          apr_time_t *when)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_DUES];
    apr_time_t best = 0;
    int i;

    for (i = 0; i < t->n; i++) {
        mem_due_t *row = t->rows[i];
        apr_time_t at = free_at(row), calm = row->last_change + quiet;

        if (calm > at)
            at = calm;
        if (row->state != STORE_DUE_SUSPENDED && (!best || at < best))
            best = at;
    }
    *when = best;
    return APR_SUCCESS;
}

/* ---- claiming ---------------------------------------------------------- */

static int by_time(const void *va, const void *vb)
{
    const mem_due_t *a = *(mem_due_t *const *)va;
    const mem_due_t *b = *(mem_due_t *const *)vb;
    apr_time_t ta = free_at(a), tb = free_at(b);

    if (ta != tb)
        return ta < tb ? -1 : 1;
    return a->last_change < b->last_change ? -1
           : a->last_change > b->last_change;
}

/* Lease a row, or remove it if its device owes nothing (NULL). */
static store_due_t *claim(store_tx_t *tx, const mem_due_t *found,
                          apr_time_t leased_until, const char *owner)
{
    mem_device_t *old = mem_device(tx, 0, found->device), d;
    mem_due_t row = *found;
    store_due_t *due;

    if (!pushable(old) || owed(tx, found->device)->nelts == 0) {
        remove_due(tx, found->device);
        return NULL;
    }
    d = *old;
    d.san_session = (apr_uint16_t)(d.san_session % 65535 + 1);
    mem_put(tx, MEM_DEVICES, &d);
    row.owner = owner;
    row.leased_until = leased_until;
    due = give_due(tx, &row);
    mem_put(tx, MEM_DUES, &row);
    return due;
}

apr_status_t mem_due_claim(store_tx_t *tx, apr_time_t now,
                           apr_interval_time_t quiet,
                           apr_interval_time_t lease, const char *owner,
                           int max, apr_array_header_t **dues)
{
    apr_array_header_t *out = apr_array_make(tx->p, 8, sizeof(void *));
    mem_table_t *t = mem_hold(tx, MEM_DUES);
    mem_due_t **rows = apr_palloc(tx->p, (t->n + 1) * sizeof(*rows));
    int i, n = 0;

    for (i = 0; i < t->n; i++) {
        mem_due_t *row = t->rows[i];

        if (row->state != STORE_DUE_SUSPENDED && free_at(row) <= now
            && row->last_change <= now - quiet)
            rows[n++] = row;
    }
    qsort(rows, n, sizeof(*rows), by_time);
    for (i = 0; i < n && out->nelts < max; i++) {
        store_due_t *due = claim(tx, rows[i], now + lease, owner);

        if (due)
            APR_ARRAY_PUSH(out, store_due_t *) = due;
    }
    mem_release(tx, t);
    *dues = out;
    return APR_SUCCESS;
}

/* The row if its lease is the owner's. */
static mem_due_t *leased(store_tx_t *tx, store_id_t device,
                         const char *owner)
{
    mem_due_t *row = find_due(tx, device);

    return row && strcmp(row->owner, owner) == 0 ? row : NULL;
}

apr_status_t mem_due_sent(store_tx_t *tx, store_id_t device,
                          const char *owner, apr_time_t not_before)
{
    mem_due_t *old = leased(tx, device, owner), row;

    if (!old)
        return APR_NOTFOUND;
    row = *old;
    row.state = not_before ? STORE_DUE_SENT : STORE_DUE_SUSPENDED;
    row.attempts = 0;
    row.unanswered++;
    row.not_before = not_before;
    row.leased_until = 0;
    row.owner = row.last_error = "";
    mem_put(tx, MEM_DUES, &row);
    return APR_SUCCESS;
}

apr_status_t mem_due_failed(store_tx_t *tx, store_id_t device,
                            const char *owner, apr_time_t not_before,
                            const char *reason)
{
    mem_due_t *old = leased(tx, device, owner), row;

    if (!old)
        return APR_NOTFOUND;
    row = *old;
    if (!not_before)
        row.state = STORE_DUE_SUSPENDED;
    row.attempts++;
    row.not_before = not_before;
    row.leased_until = 0;
    row.owner = "";
    row.last_error = reason;
    mem_put(tx, MEM_DUES, &row);
    return APR_SUCCESS;
}

apr_status_t mem_due_release(store_tx_t *tx, const char *owner)
{
    mem_table_t *t = mem_hold(tx, MEM_DUES);
    int i;

    for (i = 0; i < t->n; i++) {
        mem_due_t row = *(mem_due_t *)t->rows[i];

        if (strcmp(row.owner, owner) != 0)
            continue;
        row.owner = "";
        row.leased_until = 0;
        mem_put(tx, MEM_DUES, &row);
    }
    mem_release(tx, t);
    return APR_SUCCESS;
}
