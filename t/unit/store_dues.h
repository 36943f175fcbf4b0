/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What the tests of dues share: devices that have synced, and short forms of
 * the calls. */
#ifndef STORE_DUES_H
#define STORE_DUES_H

#include "store_fixture.h"

#define SEC  apr_time_from_sec(1)

/* Both devices of Alice have synced contacts at time 5. */
static inline int setup_synced(void **state)
{
    fixture_t *f;
    store_tx_t *tx;

    fixture_setup(state);
    f = *state;
    tx = begin_write(f);
    store_set_now(tx, 5);
    add_item(tx, f->alice, f->contacts, 0, "1");
    put_map(tx, f->phone, f->contacts, 1, "1", 1);
    put_map(tx, f->tablet, f->contacts, 1, "1", 1);
    assert_int_equal(commit(tx), 0);
    tx = begin_write(f);
    store_set_now(tx, 5);
    put_synced(tx, f->alice, f->phone, "contacts", 5);
    put_synced(tx, f->alice, f->tablet, "contacts", 5);
    assert_int_equal(commit(tx), 0);
    return 0;
}

/* A change of contacts in a transaction of its own. @return owes_push */
static inline int change_at(fixture_t *f, apr_time_t now, store_id_t origin)
{
    store_tx_t *tx = begin_write(f);

    store_set_now(tx, now);
    add_item(tx, f->alice, f->contacts, origin, "x");
    return commit(tx);
}

/* Everything that a device has become, synced at `now`. */
static inline int sync_at(fixture_t *f, store_id_t device, apr_time_t now)
{
    store_tx_t *tx = begin_write(f);

    store_set_now(tx, now);
    put_synced(tx, f->alice, device, "contacts", now);
    return commit(tx);
}

typedef struct rows_t {
    store_id_t device;
    store_due_t due;            /* the row of that device */
    int n_datastores;
    store_due_datastore_t first;
    int all, found;
    apr_pool_t *p;
} rows_t;

static inline apr_status_t see_row(void *baton, const store_due_t *due)
{
    rows_t *rows = baton;

    rows->all++;
    if (due->device == rows->device) {
        rows->due = *due;
        rows->due.last_error = apr_pstrdup(rows->p, due->last_error);
        rows->due.plan = apr_pstrdup(rows->p, due->plan);
        rows->found = 1;
        rows->n_datastores = due->datastores->nelts;
        if (rows->n_datastores)
            rows->first = APR_ARRAY_IDX(due->datastores, 0,
                                        store_due_datastore_t);
    }
    return APR_SUCCESS;
}

static inline rows_t look(fixture_t *f, store_id_t device)
{
    store_tx_t *tx = begin(f, STORE_READ);
    rows_t rows = { .device = device, .p = f->p };

    OK(store_due_list(tx, 0, see_row, &rows));
    roll_back(tx);
    return rows;
}

/* The simplest rule there is: the baton is a quiet time. */
static inline apr_status_t plan_quiet(void *baton, store_tx_t *tx,
                                      const store_due_t *due,
                                      apr_time_t now, store_plan_t *plan)
{
    plan->when = due->last_change + *(apr_interval_time_t *)baton;
    if (plan->when < due->not_before)
        plan->when = due->not_before;
    plan->reason = "quiet";
    return APR_SUCCESS;
}

static inline apr_array_header_t *claim(fixture_t *f, apr_time_t now,
                                 apr_interval_time_t quiet,
                                 apr_interval_time_t lease,
                                 const char *owner, int max)
{
    store_tx_t *tx = begin_write(f);
    apr_array_header_t *dues;

    OK(store_due_claim(tx, now, plan_quiet, &quiet, lease, owner, max,
                       &dues));
    commit(tx);
    return dues;
}

static inline store_due_t *claim_one(fixture_t *f, apr_time_t now, const char *owner)
{
    apr_array_header_t *dues = claim(f, now, 0, 100, owner, 10);

    assert_int_equal(dues->nelts, 1);
    return APR_ARRAY_IDX(dues, 0, store_due_t *);
}

static inline apr_status_t sent(fixture_t *f, store_id_t device, const char *owner,
                         apr_time_t not_before)
{
    store_tx_t *tx = begin_write(f);
    apr_status_t rv = store_due_sent(tx, device, owner, not_before);

    commit(tx);
    return rv;
}

static inline apr_status_t failed(fixture_t *f, store_id_t device, const char *owner,
                           apr_time_t not_before, const char *reason)
{
    store_tx_t *tx = begin_write(f);
    apr_status_t rv = store_due_failed(tx, device, owner, not_before, reason);

    commit(tx);
    return rv;
}

static inline apr_time_t next(fixture_t *f)
{
    store_tx_t *tx = begin(f, STORE_READ);
    apr_time_t when = 1;

    OK(store_due_next(tx, &when));
    roll_back(tx);
    return when;
}

#define SYNCED(F)  { #F, F, setup_synced }

#endif
