/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: what becomes of claimed dues, and what an
 * administrator does to them.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

#define MINUTE  apr_time_from_sec(60)

/* ---- results ----------------------------------------------------------- */

/* The row if its lease is the owner's. */
static mem_due_t *leased(store_tx_t *tx, store_id_t device,
                         const char *owner)
{
    mem_due_t key = { .device = device };
    mem_due_t *row = mem_find(tx, MEM_DUES, &key);

    return row && strcmp(row->owner, owner) == 0 ? row : NULL;
}

static int change_of(const void *row, const void *id)
{
    return ((const mem_due_change_t *)row)->device == *(const store_id_t *)id;
}

static void note_sent(store_tx_t *tx, store_id_t device)
{
    mem_push_state_t s = mem_push_state(tx, device);

    s.last_sent = tx->now;
    mem_put(tx, MEM_PUSH_STATES, &s);
}

apr_status_t mem_due_sent(store_tx_t *tx, store_id_t device,
                          const char *owner, apr_time_t not_before)
{
    mem_due_t *old = leased(tx, device, owner), row;

    if (!old)
        return APR_NOTFOUND;
    row = *old;
    row.state = not_before ? STORE_DUE_SENT : STORE_DUE_SUSPENDED;
    row.attempts = row.now = 0;
    row.unanswered++;
    row.not_before = row.planned = not_before;
    row.planned_at = tx->now;
    row.plan = "unanswered";
    row.logged = 0;
    row.leased_until = 0;
    row.owner = row.last_error = "";
    mem_put(tx, MEM_DUES, &row);
    note_sent(tx, device);
    return APR_SUCCESS;
}

apr_status_t mem_due_dry(store_tx_t *tx, store_id_t device,
                         const char *owner)
{
    mem_due_t *old = leased(tx, device, owner), row;

    if (!old)
        return APR_NOTFOUND;
    row = *old;
    row.state = STORE_DUE_DRY;
    row.attempts = row.now = 0;
    row.not_before = row.planned = row.leased_until = 0;
    row.planned_at = tx->now;
    row.plan = "dry-run";
    row.logged = 0;
    row.owner = row.last_error = "";
    mem_put(tx, MEM_DUES, &row);
    note_sent(tx, device);
    mem_remove_if(tx, MEM_DUE_CHANGES, change_of, &device);
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
    row.not_before = row.planned = not_before;
    row.planned_at = tx->now;
    row.plan = "retry";
    row.leased_until = 0;
    row.owner = "";
    row.last_error = reason;
    mem_put(tx, MEM_DUES, &row);
    return APR_SUCCESS;
}

apr_status_t mem_due_later(store_tx_t *tx, store_id_t device,
                           const char *owner, apr_time_t when)
{
    mem_due_t *old = leased(tx, device, owner), row;

    if (!old)
        return APR_NOTFOUND;
    row = *old;
    row.planned = when;
    row.planned_at = tx->now;
    row.plan = "gateway";
    row.leased_until = 0;
    row.owner = "";
    mem_put(tx, MEM_DUES, &row);
    return APR_SUCCESS;
}

apr_status_t mem_due_undelivered(store_tx_t *tx, store_id_t device,
                                 apr_time_t until, apr_time_t not_before,
                                 const char *reason)
{
    mem_due_t key = { .device = device };
    mem_due_t *old = mem_find(tx, MEM_DUES, &key), row;

    if (!old || old->state != STORE_DUE_SENT || old->not_before != until
        || *old->owner)
        return APR_NOTFOUND;
    row = *old;
    if (!not_before)
        row.state = STORE_DUE_SUSPENDED;
    row.not_before = row.planned = not_before;
    row.planned_at = tx->now;
    row.plan = "undelivered";
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

        if (!row.leased_until || strcmp(row.owner, owner) != 0)
            continue;
        row.owner = "";
        row.leased_until = 0;
        mem_put(tx, MEM_DUES, &row);
    }
    mem_release(tx, t);
    return APR_SUCCESS;
}

/* ---- the administrator ------------------------------------------------- */

apr_status_t mem_due_now(store_tx_t *tx, store_id_t device)
{
    mem_due_t key = { .device = device }, *old, row;

    old = mem_find(tx, MEM_DUES, &key);
    if (!old)
        return APR_NOTFOUND;
    row = *old;
    row.state = STORE_DUE_WAITING;
    row.now = 1;
    row.planned = row.not_before = 0;
    row.attempts = 0;
    mem_put(tx, MEM_DUES, &row);
    MEM_TX(tx)->owes_push = 1;
    return APR_SUCCESS;
}

static void replan_row(store_tx_t *tx, const mem_due_t *old)
{
    mem_due_t row = *old;

    row.planned = 0;
    if (row.state == STORE_DUE_DRY)
        row.state = STORE_DUE_WAITING;
    mem_put(tx, MEM_DUES, &row);
    MEM_TX(tx)->owes_push = 1;
}

apr_status_t mem_due_replan(store_tx_t *tx, store_id_t account,
                            store_id_t device)
{
    mem_table_t *t = mem_hold(tx, MEM_DUES);
    int i;

    for (i = 0; i < t->n; i++) {
        const mem_due_t *row = t->rows[i];

        if (row->state == STORE_DUE_SUSPENDED
            || (device ? row->device != device
                       : account && row->account != account))
            continue;
        replan_row(tx, row);
    }
    mem_release(tx, t);
    return APR_SUCCESS;
}

apr_status_t mem_due_replan_some(store_tx_t *tx, store_id_t after, int limit,
                                 store_id_t *last)
{
    mem_table_t *t = mem_hold(tx, MEM_DUES);
    int i, n = 0;

    for (i = 0; i < t->n && n < limit; i++) {
        const mem_due_t *row = t->rows[i];

        if (row->device <= after)
            continue;
        *last = row->device;
        if (row->state != STORE_DUE_SUSPENDED
            && (row->planned || row->state == STORE_DUE_DRY))
            replan_row(tx, row);
        n++;
    }
    mem_release(tx, t);
    return APR_SUCCESS;
}

apr_status_t mem_due_replan_gateway(store_tx_t *tx, apr_time_t from,
                                    apr_time_t to)
{
    mem_table_t *t = mem_hold(tx, MEM_DUES);
    int i;

    for (i = 0; i < t->n; i++) {
        const mem_due_t *row = t->rows[i];
        apr_time_t when = row->planned > row->leased_until ? row->planned
            : row->leased_until;

        if (row->state <= STORE_DUE_SENT && when > from && when <= to
            && strcmp(row->plan, "gateway") == 0)
            replan_row(tx, row);
    }
    mem_release(tx, t);
    return APR_SUCCESS;
}

apr_status_t mem_due_waits(store_tx_t *tx, store_id_t after,
                           store_id_t *account)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_DUES];
    apr_time_t best = STORE_DUE_NEVER;
    int i;

    for (i = 0; i < t->n; i++) {
        const mem_due_t *row = t->rows[i];

        if (row->state <= STORE_DUE_SENT
            && row->planned > STORE_DUE_ROOM(after) && row->planned < best)
            best = row->planned;
    }
    if (best == STORE_DUE_NEVER)
        return APR_NOTFOUND;
    *account = best - STORE_DUE_ROOM(0);
    return APR_SUCCESS;
}

/* The row owed for longest among those that wait.
 * @param of  of this account; 0: of any @return NULL: none */
static const mem_due_t *longest_waiting(const mem_table_t *t,
                                        store_id_t account, store_id_t of)
{
    const mem_due_t *best = NULL;
    int i;

    for (i = 0; i < t->n; i++) {
        const mem_due_t *row = t->rows[i];

        if (row->state <= STORE_DUE_SENT
            && row->planned == STORE_DUE_ROOM(account)
            && (!of || row->account == of)
            && (!best || row->first_change < best->first_change))
            best = row;
    }
    return best;
}

apr_status_t mem_due_wake(store_tx_t *tx, store_id_t account, int limit,
                          int *woken)
{
    int share = account ? 0 : STORE_CLAIM_SHARE(limit, tx->now), turns;
    store_id_t of = 0, last = 0;
    const mem_due_t *row;
    int i;

    for (i = 0; i < MEM_STATE(tx)->tables[MEM_DUES]->n; i++) {
        row = MEM_STATE(tx)->tables[MEM_DUES]->rows[i];
        last = row->account > last ? row->account : last;
    }
    of = last ? tx->now % (last + 1) : 0;
    for (turns = 0; turns < last && *woken < share; turns++) {
        of = of % last + 1;
        row = longest_waiting(MEM_STATE(tx)->tables[MEM_DUES], 0, of);
        if (row) {
            replan_row(tx, row);
            ++*woken;
        }
    }
    while (*woken < limit
           && (row = longest_waiting(MEM_STATE(tx)->tables[MEM_DUES],
                                     account, 0)) != NULL) {
        replan_row(tx, row);
        ++*woken;
    }
    return APR_SUCCESS;
}

/* @return non-zero if it had to be moved */
static int not_after(apr_time_t *t, apr_time_t now)
{
    if (*t <= now)
        return 0;
    *t = now;
    return 1;
}

static int move_due(mem_due_t *row, apr_time_t now)
{
    int planned = row->planned_at > now, changed = row->last_change > now;

    if (!planned && !changed && row->leased_until <= now + MINUTE)
        return 0;
    if (row->not_before > now && planned)
        row->not_before = row->not_before > row->planned_at
            ? now + row->not_before - row->planned_at : now;
    if (planned || changed)
        row->planned = 0;
    not_after(&row->planned_at, now);
    not_after(&row->first_change, now);
    not_after(&row->last_change, now);
    not_after(&row->leased_until, now + MINUTE);
    return 1;
}

/* @param ask  it is only asked what would be moved */
static void move(store_tx_t *tx, int table, void *row, int ask)
{
    if (!ask)
        mem_put(tx, table, row);
}

static int move_changes(store_tx_t *tx, apr_time_t now, int ask)
{
    mem_table_t *t = mem_hold(tx, MEM_DUE_CHANGES);
    int i, n = 0;

    for (i = 0; i < t->n; i++) {
        mem_due_change_t c = *(mem_due_change_t *)t->rows[i];

        if (!not_after(&c.last_change, now))
            continue;
        not_after(&c.first_change, now);
        move(tx, MEM_DUE_CHANGES, &c, ask);
        n++;
    }
    mem_release(tx, t);
    return n;
}

static int move_states(store_tx_t *tx, apr_time_t now, int ask)
{
    mem_table_t *t = mem_hold(tx, MEM_PUSH_STATES);
    int i, n = 0;

    for (i = 0; i < t->n; i++) {
        mem_push_state_t s = *(mem_push_state_t *)t->rows[i];
        int moved = not_after(&s.last_sent, now);

        moved |= not_after(&s.last_sync, now);
        moved |= not_after(&s.own_sync, now);
        if (!moved)
            continue;
        move(tx, MEM_PUSH_STATES, &s, ask);
        n++;
    }
    mem_release(tx, t);
    return n;
}

static int move_requests(store_tx_t *tx, apr_time_t now, int ask)
{
    mem_table_t *t = mem_hold(tx, MEM_PUSH_REQUESTS);
    int i, n = 0;

    for (i = 0; i < t->n; i++) {
        mem_push_request_t r = *(mem_push_request_t *)t->rows[i];

        if (r.v.done || r.leased_until <= now + MINUTE)
            continue;
        r.leased_until = now;
        move(tx, MEM_PUSH_REQUESTS, &r, ask);
        n++;
    }
    mem_release(tx, t);
    return n;
}

static int move_all(store_tx_t *tx, apr_time_t now, int ask)
{
    mem_table_t *t = mem_hold(tx, MEM_DUES);
    int i, n = 0;

    for (i = 0; i < t->n; i++) {
        mem_due_t row = *(mem_due_t *)t->rows[i];

        if (move_due(&row, now)) {
            move(tx, MEM_DUES, &row, ask);
            n++;
        }
    }
    mem_release(tx, t);
    return n + move_changes(tx, now, ask) + move_states(tx, now, ask)
        + move_requests(tx, now, ask);
}

apr_status_t mem_due_clock(store_tx_t *tx, apr_time_t now, int *moved)
{
    *moved = move_all(tx, now, 0);
    return APR_SUCCESS;
}

apr_status_t mem_due_ahead(store_tx_t *tx, apr_time_t now, int *ahead)
{
    *ahead = move_all(tx, now, 1) > 0;
    return APR_SUCCESS;
}
