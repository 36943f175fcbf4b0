/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The push worker: budgets that are full of what is under way.
 *
 * Such a budget has room again only if some of that fails without an SMS, and
 * until then each row that is due would be over it.  So these rows wait for
 * the budget (STORE_DUE_ROOM()), and the budget is looked at: one look every
 * two seconds, however many wait.  As many rows as have room are woken, and
 * the rules decide about each of them as ever.  Once nothing is under way any
 * more a budget is used up or has room, and rows are woken until none waits:
 * each is told, or held with an entry in the push log.
 *
 * All of it is in the store but for the time of the next look: a worker that
 * starts after another was killed looks at once.
 */
#include "worker_int.h"

/* Between two looks: what is under way has a result within seconds. */
#define LOOK      apr_time_from_sec(2)
/* Budgets in one look; of more, the others in the next transactions. */
#define BUDGETS   64
/* Rows. */
#define SOME      16

static void take_lower(apr_int64_t *lowest, apr_int64_t price)
{
    if (price > 0 && (!*lowest || price < *lowest)) {
        *lowest = price;
    }
}

/* Of the SMS that cost anything; 0: none does. */
static apr_int64_t cheapest(const worker_t *w)
{
    apr_int64_t lowest = 0;
    int i;

    for (i = 0; w->o.prices && i < w->o.prices->nelts; i++) {
        take_lower(&lowest, APR_ARRAY_IDX(w->o.prices, i,
                                          policy_price_t).price);
    }
    for (i = 0; i < w->nlanes; i++) {
        take_lower(&lowest, w->lanes[i].route->price);
    }
    return lowest;
}

/* How many rows a budget is worth looking at.  With nothing under way, none
 * of those that are woken waits again unless others of them are taken: some
 * more are, which need too many SMS perhaps, and ever more while none is. */
static apr_int64_t worth(const worker_t *w, apr_int64_t room, int leased)
{
    return leased ? room
        : room > 0 && room < APR_INT64_MAX ? room + SOME + 2 * w->gate_step
        : APR_INT64_MAX;
}

/* @param account  whose budget; 0: the server's
 * @param more  out: there is more to be done at once */
static apr_status_t look_at(worker_t *w, store_tx_t *tx, store_id_t account,
                            apr_time_t now, int most, int *more)
{
    const policy_rules_t *rules = &w->server_rules;
    store_use_e scope = account ? STORE_USE_ACCOUNT : STORE_USE_SERVER;
    apr_status_t rv = APR_SUCCESS;
    apr_int64_t n;
    store_use_t use;
    int woken = 0;

    if (account) {
        rv = worker_account_rules(w, tx, account, "an account", &rules);
    }
    if (rv == APR_SUCCESS) {
        rv = store_push_use(tx, scope, account, now, &use);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    n = worth(w, policy_room(rules, scope, &use, cheapest(w)), use.leased);
    n = n < most ? n : most;
    if (n > 0) {
        rv = store_due_wake(tx, account, (int)n, &woken);
    }
    if (woken && (!use.leased || woken == most)) {
        *more = 1;
    }
    w->gate_step = use.leased ? 0 : woken;
    return rv;
}

apr_status_t worker_gate(worker_t *w, store_tx_t *tx, apr_time_t now,
                         int max)
{
    int n, more = 0;
    store_id_t account;
    apr_status_t rv = APR_SUCCESS;

    if (now < w->gate_until) {
        return APR_SUCCESS;
    }
    for (n = 0; n < BUDGETS && rv == APR_SUCCESS; n++) {
        rv = store_due_waits(tx, w->gate_account, &account);
        if (rv == APR_SUCCESS) {
            rv = look_at(w, tx, account, now, STORE_CLAIM_LOOKS * max,
                         &more);
            w->gate_account = account;
        }
    }
    w->gate_until = more || rv == APR_SUCCESS ? 0 : now + LOOK;
    if (rv == APR_NOTFOUND) {
        w->gate_account = -1;
        rv = APR_SUCCESS;
    }
    return rv;
}

apr_status_t worker_gate_next(worker_t *w, store_tx_t *tx, apr_time_t *when)
{
    apr_time_t look = w->gate_until ? w->gate_until : 1;
    store_id_t account;
    apr_status_t rv = store_due_waits(tx, -1, &account);

    if (rv == APR_SUCCESS && (!*when || look < *when)) {
        *when = look;
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}
