/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: what becomes of due rows: results of their delivery,
 * what an administrator asks for, changed rules and clocks.
 */
#include "store_sqlite.h"

/* ---- results ----------------------------------------------------------- */

/* The end of a lease that was the owner's, or not. */
static apr_status_t ended(apr_status_t rv, int changed)
{
    return rv == APR_SUCCESS && !changed ? APR_NOTFOUND : rv;
}

apr_status_t sq_due_sent(store_tx_t *tx, store_id_t device,
                         const char *owner, apr_time_t not_before)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_DUE_SENT, "itii", device, owner,
                            not_before, tx->now);

    if (rv == APR_SUCCESS && changed)
        rv = sq_do(tx, NULL, SQ_PUSH_STATE_SENT, "ii", device, tx->now);
    return ended(rv, changed);
}

apr_status_t sq_due_dry(store_tx_t *tx, store_id_t device, const char *owner)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_DUE_DRY, "iti", device, owner,
                            tx->now);

    if (rv == APR_SUCCESS && changed)
        rv = sq_do(tx, NULL, SQ_PUSH_STATE_SENT, "ii", device, tx->now);
    if (rv == APR_SUCCESS && changed)
        rv = sq_do(tx, NULL, SQ_DUE_CHANGES_DELETE, "i", device);
    return ended(rv, changed);
}

apr_status_t sq_due_failed(store_tx_t *tx, store_id_t device,
                           const char *owner, apr_time_t not_before,
                           const char *reason)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_DUE_FAILED, "ititi", device,
                            owner, not_before, reason, tx->now);

    return ended(rv, changed);
}

apr_status_t sq_due_later(store_tx_t *tx, store_id_t device,
                          const char *owner, apr_time_t when)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_DUE_LATER, "itii", device,
                            owner, when, tx->now);

    return ended(rv, changed);
}

apr_status_t sq_due_undelivered(store_tx_t *tx, store_id_t device,
                                apr_time_t until, apr_time_t not_before,
                                const char *reason)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_DUE_UNDELIVERED, "iiiti",
                            device, until, not_before, reason, tx->now);

    return ended(rv, changed);
}

apr_status_t sq_due_release(store_tx_t *tx, const char *owner)
{
    return sq_do(tx, NULL, SQ_DUE_RELEASE, "t", owner);
}

/* ---- the administrator ------------------------------------------------- */

apr_status_t sq_due_now(store_tx_t *tx, store_id_t device)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_DUE_NOW, "i", device);

    SQ_TX(tx)->owes_push |= changed;
    return ended(rv, changed);
}

apr_status_t sq_due_replan(store_tx_t *tx, store_id_t account,
                           store_id_t device)
{
    int changed = 0;
    apr_status_t rv = device
        ? sq_do(tx, &changed, SQ_DUE_REPLAN_DEVICE, "i", device)
        : sq_do(tx, &changed, SQ_DUE_REPLAN, "i", account);

    SQ_TX(tx)->owes_push |= changed > 0;
    return rv;
}

static apr_status_t last_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    *(store_id_t *)baton = sqlite3_column_int64(st, 0);
    return APR_SUCCESS;
}

apr_status_t sq_due_replan_some(store_tx_t *tx, store_id_t after, int limit,
                                store_id_t *last)
{
    int changed = 0;
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_PORTION, "id", after, limit);

    rv = sq_each(tx, rv, st, SQ_DUE_PORTION, last_row, last);
    if (rv == APR_SUCCESS && *last)
        rv = sq_do(tx, &changed, SQ_DUE_REPLAN_SOME, "ii", after, *last);
    SQ_TX(tx)->owes_push |= changed > 0;
    return rv;
}

apr_status_t sq_due_replan_gateway(store_tx_t *tx, apr_time_t from,
                                   apr_time_t to)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_DUE_REPLAN_GATEWAY, "ii", from,
                            to);

    SQ_TX(tx)->owes_push |= changed > 0;
    return rv;
}

apr_status_t sq_due_clock(store_tx_t *tx, apr_time_t now, int *moved)
{
    static const int updates[] = {
        SQ_DUE_CLOCK, SQ_DUE_CLOCK_CHANGES, SQ_DUE_CLOCK_STATES,
        SQ_PUSH_REQUEST_CLOCK
    };
    apr_status_t rv = APR_SUCCESS;
    size_t i;

    for (i = 0; i < sizeof(updates) / sizeof(updates[0]); i++) {
        int n = 0;

        if (rv == APR_SUCCESS)
            rv = sq_do(tx, &n, updates[i], "i", now);
        *moved += n;
    }
    return rv;
}

apr_status_t sq_due_ahead(store_tx_t *tx, apr_time_t now, int *ahead)
{
    static const int looks[] = {
        SQ_DUE_AHEAD, SQ_DUE_AHEAD_CHANGES, SQ_DUE_AHEAD_STATES,
        SQ_PUSH_REQUEST_AHEAD
    };
    apr_status_t rv = APR_NOTFOUND;
    sqlite3_stmt *st;
    size_t i;

    for (i = 0; i < sizeof(looks) / sizeof(looks[0])
                && rv == APR_NOTFOUND; i++) {
        rv = sq_first(tx, &st, looks[i], "i", now);
        if (rv == APR_SUCCESS) {
            *ahead = 1;
            sq_done(tx, st, looks[i]);
        }
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}
