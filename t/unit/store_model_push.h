/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The part of push in the random story of test_store_model.c. */
#ifndef STORE_MODEL_PUSH_H
#define STORE_MODEL_PUSH_H

#include "store_tell.h"

static int roll(side_t *s, int n)
{
    return (int)(rand_r(&s->dice) / 7 % (unsigned)n);
}

static const char *word(side_t *s)
{
    return words[roll(s, 6)];
}

/* ---- what is owed ------------------------------------------------------ */

/* The baton is a quiet time; some rows are suspended by the rules. */
static apr_status_t plan_quiet(void *baton, store_tx_t *tx,
                               const store_due_t *due, apr_time_t now,
                               store_plan_t *plan)
{
    apr_interval_time_t quiet = *(apr_interval_time_t *)baton;

    plan->when = quiet == 7 ? 0 : quiet == 8 ? STORE_DUE_NEVER
        : quiet == 9 ? STORE_DUE_ROOM(0)
        : quiet == 10 ? STORE_DUE_ROOM(due->account)
        : due->last_change + quiet > due->not_before
          ? due->last_change + quiet : due->not_before;
    plan->reason = quiet == 7 ? "given up" : "quiet";
    plan->logged = due->logged | (apr_uint32_t)quiet;
    return APR_SUCCESS;
}

/* Who waits for room in a budget; it has room. */
static apr_status_t act_room(side_t *s)
{
    store_id_t account = 0;
    int woken = 0;
    apr_status_t rv;

    if (roll(s, 2)) {
        rv = store_due_waits(s->tx, roll(s, 4) - 1, &account);
        tell(s, "waits for room %d: %d\n", (int)account, rv);
        return rv;
    }
    rv = store_due_wake(s->tx, roll(s, 3), 1000, &woken);
    tell(s, "woken %d\n", woken);
    return rv;
}

static apr_status_t act_due(side_t *s, int device, apr_time_t now)
{
    apr_array_header_t *dues = NULL;
    const char *owner = word(s);
    apr_interval_time_t quiet;
    apr_time_t when = 0;
    apr_status_t rv;
    store_id_t last = 0;
    int i, moved;

    switch (roll(s, 17)) {
    case 15: case 16:
        return act_room(s);
    case 0: case 1:
        /* All of them: rows with equal times may come in any order. */
        quiet = roll(s, 30);
        rv = store_due_claim(s->tx, now, plan_quiet, &quiet,
                             1 + roll(s, 100), owner, 1000, &dues);
        for (i = 0; dues && i < dues->nelts; i++)
            tell(s, "claimed\n");
        return rv;
    case 2:
        return store_due_sent(s->tx, device, owner,
                              roll(s, 3) ? now + roll(s, 200) : 0);
    case 3:
        return store_due_failed(s->tx, device, owner,
                                roll(s, 3) ? now + roll(s, 200) : 0,
                                word(s));
    case 4:
        return store_due_release(s->tx, owner);
    case 5:
        return store_due_dry(s->tx, device, owner);
    case 6:
        return store_due_now(s->tx, device);
    case 7:
        if (!roll(s, 3)) {
            rv = store_due_replan_some(s->tx, roll(s, 4), 1 + roll(s, 3),
                                       &last);
            tell(s, "planned anew up to %d\n", (int)last);
            return rv;
        }
        if (!roll(s, 3))
            return store_due_replan_gateway(s->tx, now, now + roll(s, 200));
        return store_due_replan(s->tx, roll(s, 3), roll(s, 2) ? device : 0);
    case 8:
        rv = store_due_ahead(s->tx, now - roll(s, 100) + 1, &moved);
        tell(s, "ahead %d: %d\n", moved, rv);
        rv = store_due_clock(s->tx, now - roll(s, 100) + 1, &moved);
        tell(s, "moved %d\n", moved);
        return rv;
    case 10:
        return store_due_undelivered(s->tx, device, now + roll(s, 200),
                                     roll(s, 3) ? now + roll(s, 200) : 0,
                                     word(s));
    case 9:
        return store_due_later(s->tx, device, owner, now + 1 + roll(s, 200));
    default:
        rv = store_due_next(s->tx, &when);
        tell(s, "next %d\n", (int)when);
        return rv;
    }
}

/* ---- what was told ----------------------------------------------------- */

static apr_status_t tell_entry(void *s, const store_push_log_t *e)
{
    tell(s, "entry %d of %d by %d (%s) at %d: %d %s, %s %s %s %d parts for "
         "%d, '%s' %s %s since %d until %d, report %d %s %d, answered %d\n",
         (int)e->id, (int)e->account, (int)e->device, e->devid, (int)e->time,
         e->event, e->reason, e->transport, e->number, e->datastores,
         e->parts, (int)e->cost, e->answer, e->message_id, e->token,
         (int)e->first_change, (int)e->until, e->report, e->report_text,
         (int)e->report_time, (int)e->answered);
    return APR_SUCCESS;
}

static void tell_use(side_t *s, store_use_e scope, store_id_t id,
                     apr_time_t now)
{
    store_use_t u;
    apr_status_t rv = store_push_use(s->tx, scope, id, now, &u);

    tell(s, "use %d of %d: %d, %d %d %d %d, %d\n", scope, (int)id, rv,
         (int)u.day, (int)u.month, (int)u.day_cost, (int)u.month_cost,
         u.leased);
}

/* Everything that there is of push beside the dues. */
static void tell_push(side_t *s)
{
    store_push_filter_t all = { 0 };
    int i;

    store_push_log_list(s->tx, &all, tell_entry, s);
    tell_use(s, STORE_USE_SERVER, 0, 1);
    for (i = 1; i <= 4; i++) {
        tell_use(s, STORE_USE_ACCOUNT, i, 1);
        tell_use(s, STORE_USE_DEVICE, i, 1);
        store_account_setting_list(s->tx, i, tell_setting, s);
    }
}

static apr_status_t add_entry(side_t *s, int account, int device)
{
    store_push_log_t e = { .account = account, .device = device,
        .devid = word(s), .event = 1 + roll(s, STORE_PUSH_EVENTS),
        .reason = word(s), .transport = word(s), .number = word(s),
        .datastores = roll(s, 2) ? word(s) : NULL, .parts = roll(s, 3),
        .cost = roll(s, 900), .answer = word(s),
        .token = roll(s, 3) ? apr_itoa(s->p, roll(s, 30)) : NULL,
        .until = roll(s, 3000) };
    apr_status_t rv = store_push_log_add(s->tx, &e);

    tell(s, "entry %d\n", (int)e.id);
    return rv;
}

static apr_status_t result(side_t *s)
{
    store_push_log_t e = { .id = 1 + roll(s, 60),
        .event = 1 + roll(s, STORE_PUSH_EVENTS), .reason = word(s),
        .transport = word(s), .parts = roll(s, 3), .cost = roll(s, 900),
        .message_id = word(s), .datastores = roll(s, 2) ? word(s) : NULL };

    return store_push_log_result(s->tx, &e);
}

static apr_status_t act_request(side_t *s, apr_time_t now)
{
    store_push_request_t r = { .number = word(s), .uri = word(s) };
    store_push_request_t *got = NULL;
    apr_time_t when = 0;
    apr_status_t rv;

    switch (roll(s, 5)) {
    case 0:
        rv = store_push_request_add(s->tx, &r);
        tell(s, "request %d\n", (int)r.id);
        return rv;
    case 1:
        rv = store_push_request_next(s->tx, &when);
        tell(s, "next request %d\n", (int)when);
        return rv;
    case 2:
        return store_push_request_done(s->tx, 1 + roll(s, 9), roll(s, 2),
                                       word(s));
    case 3:
        rv = store_push_request_get(s->tx, 1 + roll(s, 9), &got);
        break;
    default:
        /* Two that have waited equally long may come in any order. */
        rv = store_push_request_next(s->tx, &when);
        if (rv == APR_SUCCESS && when > 1)
            rv = store_push_request_claim(s->tx, now, 1 + roll(s, 99999),
                                          &got);
        break;
    }
    if (got)
        tell(s, "request %d %s %s %d-%d %d %s\n", (int)got->id, got->number,
             got->uri, (int)got->created, (int)got->done, got->ok,
             got->result);
    return rv;
}

static apr_status_t act_push(side_t *s, int account, int device,
                             apr_time_t now)
{
    store_push_filter_t f = { .account = roll(s, 3),
        .device = roll(s, 2) ? device : 0, .before = roll(s, 2) * 9,
        .since = roll(s, 2) * (now - 100), .events = roll(s, 2) ? 12 : 0,
        .number = roll(s, 4) ? NULL : word(s), .limit = roll(s, 4) };
    store_push_log_t *entry = NULL;
    const char *text = NULL;
    apr_int64_t removed = 0;
    apr_status_t rv;

    switch (roll(s, 12)) {
    case 0: case 1: case 2:
        return add_entry(s, account, device);
    case 3: case 4:
        return result(s);
    case 5:
        rv = store_push_log_report(s->tx, apr_itoa(s->p, roll(s, 30)),
                                   1 + roll(s, 4), word(s), now, &entry);
        return entry ? tell_entry(s, entry) : rv;
    case 6:
        return store_push_log_list(s->tx, &f, tell_entry, s);
    case 7:
        rv = store_push_log_gc(s->tx, roll(s, 3) ? 0 : now - 500, 0,
                               &removed);
        tell(s, "removed %d\n", (int)removed);
        return rv;
    case 8:
        return store_account_setting_set(s->tx, account, word(s),
                                         roll(s, 3) ? word(s) : NULL);
    case 9:
        rv = store_account_setting_get(s->tx, account, word(s), &text);
        tell(s, "%s\n", text ? text : "-");
        return rv;
    default:
        return act_request(s, now);
    }
}

#endif
