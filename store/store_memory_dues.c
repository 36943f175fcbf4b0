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

static int change_of(const void *row, const void *id)
{
    return ((const mem_due_change_t *)row)->device == *(const store_id_t *)id;
}

static void remove_due(store_tx_t *tx, store_id_t device)
{
    mem_due_t key = { .device = device };

    mem_remove(tx, MEM_DUES, &key);
    mem_remove_if(tx, MEM_DUE_CHANGES, change_of, &device);
}

static mem_due_change_t *due_change(store_tx_t *tx, store_id_t device,
                                    store_id_t datastore)
{
    mem_due_change_t key = { .device = device, .datastore = datastore };

    return mem_find(tx, MEM_DUE_CHANGES, &key);
}

mem_push_state_t mem_push_state(store_tx_t *tx, store_id_t device)
{
    mem_push_state_t key = { .device = device }, *found;

    found = mem_find(tx, MEM_PUSH_STATES, &key);
    return found ? *found : key;
}

/* A decision that the store makes itself. */
static void log_event(store_tx_t *tx, store_id_t device,
                      store_push_event_e event, const char *reason,
                      apr_time_t first_change)
{
    mem_device_t *d = mem_device(tx, 0, device);
    store_push_log_t e = { .device = device, .time = tx->now,
        .event = event, .reason = reason, .transport = "", .number = "",
        .datastores = "", .answer = "", .message_id = "", .token = "",
        .report_text = "", .first_change = first_change };

    if (!d)
        return;
    e.account = d->v.account;
    e.devid = d->v.devid;
    mem_push_log_add(tx, &e);
}

void mem_push_forget(store_tx_t *tx, store_id_t device)
{
    mem_push_state_t key = { .device = device };

    remove_due(tx, device);
    mem_remove(tx, MEM_PUSH_STATES, &key);
}

/* Does a setting make it reachable without a number? */
static int reached_by(store_tx_t *tx, const mem_device_t *d,
                      const char *name)
{
    mem_device_setting_t key = { .device = d->v.id, .name = name }, *s;

    s = mem_find(tx, MEM_DEVICE_SETTINGS, &key);
    return s && strcmp(s->value, "off") != 0;
}

static int pushable(store_tx_t *tx, const mem_device_t *d)
{
    return d && d->v.push
           && (*d->v.number || reached_by(tx, d, STORE_DEVICE_TCP)
               || reached_by(tx, d, STORE_DEVICE_HELD));
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
 * the device lacks; NULL: none. */
static const mem_item_t *first_lack(store_tx_t *tx, const store_anchor_t *a)
{
    store_id_t device = a->device, datastore = a->datastore;
    store_id_t seen = a->last.seen;
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_ITEMS];
    mem_item_t key = { .v.datastore = datastore };
    const mem_item_t *first = NULL;
    int i;

    for (i = mem_lower(t, MEM_ITEMS, &key); i < t->n; i++) {
        mem_item_t *item = t->rows[i];

        if (item->v.datastore != datastore)
            break;
        if (item->v.change > seen && item->v.origin != device
            && (!first || item->v.change < first->v.change)
            && mem_lacks(item, mem_map(tx, device, item->v.id))
            && concerns(tx, a, item))
            first = item;
    }
    return first;
}

static int by_name(const void *va, const void *vb)
{
    const store_due_datastore_t *a = va, *b = vb;

    return strcmp(a->name, b->name);
}

/* The datastores for which the device owes a sync, by name.
 * @param ids  theirs are added; may be NULL */
static apr_array_header_t *owed(store_tx_t *tx, store_id_t device,
                                apr_array_header_t *ids)
{
    apr_array_header_t *list
        = apr_array_make(tx->p, 4, sizeof(store_due_datastore_t));
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_ANCHORS];
    mem_anchor_t key = { .v.device = device };
    int i;

    for (i = mem_lower(t, MEM_ANCHORS, &key); i < t->n; i++) {
        mem_anchor_t *a = t->rows[i];
        store_due_datastore_t *ds;
        mem_due_change_t *c;
        const mem_item_t *lack;

        if (a->v.device != device)
            break;
        if (!a->v.synced)
            continue;
        lack = first_lack(tx, &a->v);
        if (!lack)
            continue;
        ds = apr_array_push(list);
        ds->name = apr_pstrdup(tx->p, mem_datastore(tx, 0,
                                                    a->v.datastore)->v.name);
        ds->uri = apr_pstrdup(tx->p, a->v.uri);
        ds->content_code = a->v.content_code;
        ds->change = lack->v.change;
        c = due_change(tx, device, a->v.datastore);
        ds->first_change = c ? c->first_change : 0;
        ds->last_change = c ? c->last_change : 0;
        ds->changes = c ? c->changes : 0;
        ds->starts = c ? c->starts : 0;
        ds->unfetched = c ? c->unfetched : 0;
        if (ids)
            APR_ARRAY_PUSH(ids, store_id_t) = a->v.datastore;
    }
    qsort(list->elts, list->nelts, sizeof(store_due_datastore_t), by_name);
    return list;
}

/* ---- deriving ---------------------------------------------------------- */

static mem_due_t new_due(store_tx_t *tx, const mem_device_t *d)
{
    mem_due_t row = { .device = d->v.id, .account = d->v.account,
                      .first_change = tx->now, .last_change = tx->now,
                      .owner = "", .last_error = "", .plan = "" };

    return row;
}

/* Others' changes in a datastore that the device syncs. */
static void note_change(store_tx_t *tx, const mem_device_t *d,
                        const mem_touch_t *all)
{
    mem_due_change_t *known = due_change(tx, d->v.id, all->datastore), c;
    mem_due_t *old = find_due(tx, d->v.id), row;
    apr_int64_t now = apr_time_sec(tx->now);

    row = old ? *old : new_due(tx, d);
    if (row.last_change < tx->now)
        row.last_change = tx->now;
    if (row.state == STORE_DUE_DRY)
        row.first_change = tx->now;
    if (row.state == STORE_DUE_DRY
        || (row.state == STORE_DUE_SENT && !(row.logged & 1))
        || (row.state == STORE_DUE_WAITING
            && (!known || row.logged & STORE_LOGGED_GIVEN_UP
                || (all->starts && all->starts - now
                    <= apr_time_sec(STORE_URGENT_LIMIT)))))
        row.planned = 0;
    if (row.state == STORE_DUE_DRY)
        row.state = STORE_DUE_WAITING;
    if (row.state == STORE_DUE_WAITING && !row.planned)
        MEM_TX(tx)->owes_push = 1;
    if (known) {
        c = *known;
    }
    else {
        memset(&c, 0, sizeof(c));
        c.device = d->v.id;
        c.datastore = all->datastore;
        c.first_change = tx->now;
    }
    if (c.last_change < tx->now)
        c.last_change = tx->now;
    c.changes += all->n;
    if (all->starts && (c.starts <= now || all->starts < c.starts))
        c.starts = all->starts;
    mem_put(tx, MEM_DUES, &row);
    mem_put(tx, MEM_DUE_CHANGES, &c);
}

/* All that was done to the datastore of touched[from].
 * @return 0: that has been seen to already */
static int sum_up(const apr_array_header_t *touched, int from,
                  mem_touch_t *all, int *origins)
{
    int i;

    *all = APR_ARRAY_IDX(touched, from, mem_touch_t);
    *origins = 1;
    for (i = 0; i < touched->nelts; i++) {
        const mem_touch_t *t = &APR_ARRAY_IDX(touched, i, mem_touch_t);

        if (t->datastore != all->datastore || i == from)
            continue;
        if (i < from)
            return 0;
        all->n += t->n;
        ++*origins;
        if (t->starts && (!all->starts || t->starts < all->starts))
            all->starts = t->starts;
    }
    return 1;
}

static void note_touch(store_tx_t *tx, const mem_touch_t *all, int origins)
{
    mem_datastore_t *ds = mem_datastore(tx, 0, all->datastore);
    mem_table_t *t = mem_hold(tx, MEM_DEVICES);
    int i;

    for (i = 0; ds && i < t->n; i++) {
        mem_device_t *d = t->rows[i];
        mem_anchor_t key = { .v.device = d->v.id, .v.datastore = ds->v.id };
        mem_anchor_t *a = mem_find(tx, MEM_ANCHORS, &key);

        if (d->v.account == ds->v.account
            && (origins > 1 || d->v.id != all->origin)
            && pushable(tx, d) && a && a->v.synced)
            note_change(tx, d, all);
    }
    mem_release(tx, t);
}

/* Since when is what is owed owed?  A datastore of which nothing is noted, or
 * that has just been synced, since the first item that is lacking was
 * changed.
 * @param told  the device was told then, and has synced; 0: it was not
 * @return whether it has not fetched what it was told of */
static int note_owed(store_tx_t *tx, mem_due_t *row,
                     const apr_array_header_t *ids, apr_time_t told)
{
    int i, unfetched = 0;

    row->first_change = row->last_change = 0;
    for (i = 0; i < ids->nelts; i++) {
        store_id_t id = APR_ARRAY_IDX(ids, i, store_id_t);
        mem_anchor_t key = { .v.device = row->device, .v.datastore = id };
        mem_anchor_t *a = mem_find(tx, MEM_ANCHORS, &key);
        mem_due_change_t *known = due_change(tx, row->device, id);
        mem_due_change_t c = { .device = row->device, .datastore = id };

        if (known)
            c = *known;
        if (!known || a->v.synced == tx->now) {
            const store_item_t *lack = &first_lack(tx, &a->v)->v;

            if (c.first_change < lack->modified)
                c.unfetched = 0;
            c.first_change = lack->modified;
            if (c.last_change < lack->modified)
                c.last_change = lack->modified;
            c.changes = 1;
            c.starts = lack->starts > apr_time_sec(tx->now) ? lack->starts
                                                            : 0;
        }
        c.unfetched += told && c.first_change <= told;
        unfetched |= c.unfetched;
        mem_put(tx, MEM_DUE_CHANGES, &c);
        if (!row->first_change || c.first_change < row->first_change)
            row->first_change = c.first_change;
        if (c.last_change > row->last_change)
            row->last_change = c.last_change;
    }
    return unfetched;
}

typedef struct settled_t {
    store_tx_t *tx;
    store_id_t device;
    const apr_array_header_t *ids;      /* still owed */
} settled_t;

/* The changes of a datastore that has just been synced, and is not owed. */
static int is_settled(const void *vrow, const void *vwhat)
{
    const mem_due_change_t *c = vrow;
    const settled_t *what = vwhat;
    mem_anchor_t key = { .v.device = c->device,
                         .v.datastore = c->datastore };
    mem_anchor_t *a = mem_find(what->tx, MEM_ANCHORS, &key);
    int i;

    for (i = 0; i < what->ids->nelts; i++) {
        if (APR_ARRAY_IDX(what->ids, i, store_id_t) == c->datastore)
            return 0;
    }
    return c->device == what->device && a && a->v.synced == what->tx->now;
}

/* @param told  it has been notified then, and has synced now; 0: no */
static void derive_device(store_tx_t *tx, store_id_t device, apr_time_t told)
{
    apr_array_header_t *ids = apr_array_make(tx->p, 4, sizeof(store_id_t));
    mem_device_t *d = mem_device(tx, 0, device);
    settled_t what = { tx, device, ids };
    mem_due_t *old, row;

    if (!pushable(tx, d) || owed(tx, device, ids)->nelts == 0) {
        remove_due(tx, device);
        return;
    }
    old = find_due(tx, device);
    row = old ? *old : new_due(tx, d);
    row.state = STORE_DUE_WAITING;
    row.attempts = row.unanswered = row.now = 0;
    row.not_before = row.planned = 0;
    row.last_error = row.plan = "";
    mem_remove_if(tx, MEM_DUE_CHANGES, is_settled, &what);
    row.logged &= note_owed(tx, &row, ids, told) ? STORE_LOGGED_GIVEN_UP : 0;
    mem_put(tx, MEM_DUES, &row);
    MEM_TX(tx)->owes_push = 1;
}

static void note_sync(store_tx_t *tx, store_id_t device, int own)
{
    mem_push_state_t s = mem_push_state(tx, device);
    int i;

    s.last_sync = tx->now;
    if (own && s.own_sync > 0 && tx->now - s.own_sync >= apr_time_from_sec(60)) {
        for (i = STORE_GAPS - 1; i > 0; i--)
            s.gaps[i] = s.gaps[i - 1];
        s.gaps[0] = tx->now - s.own_sync;
        s.own_sync = tx->now;
    }
    else if (own && (!s.own_sync || s.own_sync > tx->now)) {
        s.own_sync = tx->now;
    }
    mem_put(tx, MEM_PUSH_STATES, &s);
    mem_push_log_answered(tx, device, tx->now);
}

static void device_synced(store_tx_t *tx, store_id_t device)
{
    mem_due_t *row = find_due(tx, device);
    int state = row ? (int)row->state : -1;
    apr_time_t first = row ? row->first_change : 0;
    apr_time_t told = state == STORE_DUE_SENT || state == STORE_DUE_SUSPENDED
        ? mem_push_state(tx, device).last_sent : 0;

    note_sync(tx, device, state != STORE_DUE_SENT);
    derive_device(tx, device, told);
    if (state == STORE_DUE_WAITING && !find_due(tx, device))
        log_event(tx, device, STORE_PUSH_FETCHED, "synced", first);
}

void mem_derive_dues(store_tx_t *tx)
{
    apr_array_header_t *touched = MEM_TX(tx)->touched;
    apr_array_header_t *synced = MEM_TX(tx)->synced;
    mem_touch_t all;
    int i, origins;

    for (i = 0; i < touched->nelts; i++) {
        if (sum_up(touched, i, &all, &origins))
            note_touch(tx, &all, origins);
    }
    for (i = 0; i < synced->nelts; i++) {
        store_id_t device = APR_ARRAY_IDX(synced, i, store_id_t);

        if (mem_device(tx, 0, device))
            device_synced(tx, device);
    }
}

apr_status_t mem_due_refresh(store_tx_t *tx, store_id_t device)
{
    if (!mem_device(tx, 0, device))
        return APR_NOTFOUND;
    derive_device(tx, device, 0);
    return APR_SUCCESS;
}

/* ---- rows -------------------------------------------------------------- */

/* Latest message of a session under way. */
static apr_time_t in_session(store_tx_t *tx, store_id_t device)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_LOGS];
    apr_time_t latest = 0;
    int i;

    for (i = 0; i < t->n; i++) {
        mem_log_t *l = t->rows[i];

        if (l->v.device == device && l->v.state == STORE_LOG_OPEN
            && l->v.latest > latest)
            latest = l->v.latest;
    }
    return latest;
}

static void give_state(store_tx_t *tx, store_due_t *due)
{
    mem_push_state_t s = mem_push_state(tx, due->device);
    int i;

    due->last_sent = s.last_sent;
    due->last_sync = s.last_sync;
    due->own_sync = s.own_sync;
    due->gap = s.gaps[0];
    for (i = 1; i < STORE_GAPS; i++) {
        if (s.gaps[i] > due->gap)
            due->gap = s.gaps[i];
    }
    if (!s.gaps[STORE_GAPS - 1])
        due->gap = 0;
    due->in_session = in_session(tx, due->device);
}

store_due_t *mem_give_due(store_tx_t *tx, const mem_due_t *row)
{
    mem_device_t *d = mem_copy(MEM_DEVICES, mem_device(tx, 0, row->device),
                               tx->p);
    mem_due_t *copy = mem_copy(MEM_DUES, row, tx->p);
    store_due_t *due = apr_pcalloc(tx->p, sizeof(*due));
    int i;

    due->device = row->device;
    due->account = row->account;
    due->account_name = apr_pstrdup(tx->p,
                                    mem_account(tx, row->account)->v.name);
    due->devid = d->v.devid;
    due->number = d->v.number;
    due->syncml_version = d->v.syncml_version;
    due->manufacturer = d->v.manufacturer;
    due->model = d->v.model;
    due->sync_url = d->v.sync_url;
    due->last_seen = d->v.last_seen;
    due->san_session = d->san_session;
    due->datastores = owed(tx, row->device, NULL);
    due->state = copy->state;
    due->attempts = copy->attempts;
    due->unanswered = copy->unanswered;
    due->first_change = copy->first_change;
    due->last_change = copy->last_change;
    due->not_before = copy->not_before;
    due->leased_until = copy->leased_until;
    due->last_error = copy->last_error;
    due->planned = copy->planned;
    due->plan = copy->plan;
    due->logged = copy->logged;
    due->now = copy->now;
    for (i = 0; i < due->datastores->nelts; i++) {
        store_due_datastore_t *ds
            = &APR_ARRAY_IDX(due->datastores, i, store_due_datastore_t);

        if (!ds->first_change) {
            ds->first_change = due->first_change;
            ds->last_change = due->last_change;
        }
    }
    give_state(tx, due);
    return due;
}

static apr_time_t free_at(const mem_due_t *row)
{
    return row->planned > row->leased_until ? row->planned
                                            : row->leased_until;
}

apr_status_t mem_due_next(store_tx_t *tx, apr_time_t *when)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_DUES];
    apr_time_t best = 0;
    int i;

    for (i = 0; i < t->n; i++) {
        mem_due_t *row = t->rows[i];
        apr_time_t at = free_at(row);

        if (at < 1)
            at = 1;             /* to be planned */
        if (row->state <= STORE_DUE_SENT && STORE_DUE_IS_TIME(at)
            && (!best || at < best))
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
    if (a->first_change != b->first_change)
        return a->first_change < b->first_change ? -1 : 1;
    return a->device < b->device ? -1 : a->device > b->device;
}

typedef struct claim_t {
    apr_time_t now;
    store_due_plan_fn *plan;
    void *baton;
    apr_interval_time_t lease;
    const char *owner;
} claim_t;

/* Lease a row, plan it for later, or remove it if its device owes nothing.
 * @param due  out: NULL if it was not leased */
static apr_status_t claim(store_tx_t *tx, const claim_t *c,
                          const mem_due_t *found, store_due_t **due)
{
    mem_device_t *old = mem_device(tx, 0, found->device), d;
    store_due_t *give = mem_give_due(tx, found);
    store_plan_t plan = { c->now, "", found->logged, 0 };
    apr_time_t first = found->first_change;
    mem_due_t row = *found;
    apr_status_t rv;

    *due = NULL;
    if (!pushable(tx, old) || give->datastores->nelts == 0) {
        remove_due(tx, found->device);
        log_event(tx, old->v.id, STORE_PUSH_UNDONE,
                  pushable(tx, old) ? "nothing lacking" : "push off", first);
        return APR_SUCCESS;
    }
    rv = c->plan(c->baton, tx, give, c->now, &plan);
    if (rv != APR_SUCCESS)
        return rv;
    row.planned = plan.when;
    row.planned_at = c->now;
    row.plan = plan.reason;
    row.logged = plan.logged;
    row.leased_until = 0;
    if (plan.when > 0 && plan.when <= c->now) {
        d = *mem_device(tx, 0, found->device);
        d.san_session = (apr_uint16_t)(d.san_session % 65535 + 1);
        mem_put(tx, MEM_DEVICES, &d);
        row.owner = c->owner;
        row.leased_until = c->now + c->lease;
        row.planned = c->now;
        row.parts = plan.parts;
        give->leased_until = row.leased_until;
        give->san_session = d.san_session;
        give->plan = plan.reason;
        give->logged = plan.logged;
        *due = give;
    }
    else if (!plan.when) {
        row.state = STORE_DUE_SUSPENDED;
    }
    mem_put(tx, MEM_DUES, &row);
    return APR_SUCCESS;
}

/* Claim a row; it is among the claimed if the rules take it. */
static apr_status_t claim_into(store_tx_t *tx, const claim_t *c,
                               mem_due_t **row, apr_array_header_t *out)
{
    store_due_t *due;
    apr_status_t rv = claim(tx, c, *row, &due);

    *row = NULL;                /* it is not looked at again */
    if (rv == APR_SUCCESS && due)
        APR_ARRAY_PUSH(out, store_due_t *) = due;
    return rv;
}

/* The oldest row ready of the account that follows, but for those of leases
 * that have run out. @return place, or -1 */
static int next_turn(mem_due_t *const *rows, int n, store_id_t after)
{
    int i, best = -1;

    for (i = 0; i < n; i++)
        if (rows[i] && !rows[i]->leased_until && rows[i]->account > after
            && (best < 0 || rows[i]->account < rows[best]->account))
            best = i;
    return best;
}

/* The oldest row of one account after the other, at most n of them. */
static apr_status_t claim_turns(store_tx_t *tx, const claim_t *c,
                                mem_due_t **rows, int nrows, int n,
                                apr_array_header_t *out)
{
    store_id_t begin, at = 0;
    apr_status_t rv = APR_SUCCESS;
    int wrapped = 0, looks, i;

    for (i = 0; i < nrows; i++)
        at = rows[i]->account > at ? rows[i]->account : at;
    at = begin = c->now % (at + 1);
    for (looks = 0; rv == APR_SUCCESS && out->nelts < n
                    && looks < STORE_CLAIM_TURNS; looks++) {
        i = next_turn(rows, nrows, at);
        if (i < 0 && wrapped++)
            return APR_SUCCESS;
        at = i < 0 ? 0 : rows[i]->account;
        if (wrapped && at > begin)
            return APR_SUCCESS;
        if (i >= 0)
            rv = claim_into(tx, c, &rows[i], out);
    }
    return rv;
}

apr_status_t mem_due_claim(store_tx_t *tx, apr_time_t now,
                           store_due_plan_fn *plan, void *baton,
                           apr_interval_time_t lease, const char *owner,
                           int max, apr_array_header_t **dues)
{
    claim_t c = { now, plan, baton, lease, owner };
    apr_array_header_t *out = apr_array_make(tx->p, 8, sizeof(void *));
    mem_table_t *t = mem_hold(tx, MEM_DUES);
    mem_due_t **rows = apr_palloc(tx->p, (t->n + 1) * sizeof(*rows));
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    for (i = 0; i < t->n; i++) {
        mem_due_t *row = t->rows[i];

        if (row->state <= STORE_DUE_SENT && free_at(row) <= now)
            rows[n++] = row;
    }
    qsort(rows, n, sizeof(*rows), by_time);
    if (n > max)
        rv = claim_turns(tx, &c, rows, n, STORE_CLAIM_SHARE(max, now), out);
    for (i = 0; i < n && rv == APR_SUCCESS && out->nelts < max
                && i < STORE_CLAIM_LOOKS * max; i++)
        rv = rows[i] ? claim_into(tx, &c, &rows[i], out) : APR_SUCCESS;
    mem_release(tx, t);
    if (rv == APR_SUCCESS)
        *dues = out;
    return rv;
}
