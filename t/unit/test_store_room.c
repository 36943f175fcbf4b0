/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Rows that wait for room in a budget; over both drivers. */
#include "store_dues.h"

#define S(n)  apr_time_from_sec(n)

/* The baton is a planned time. */
static apr_status_t plan_for(void *baton, store_tx_t *tx,
                             const store_due_t *due, apr_time_t now,
                             store_plan_t *plan)
{
    plan->when = *(apr_time_t *)baton;
    plan->reason = "under-way";
    return APR_SUCCESS;
}

static int plan_all(fixture_t *f, apr_time_t now, apr_time_t when)
{
    store_tx_t *tx = begin_write(f);
    apr_array_header_t *dues;

    OK(store_due_claim(tx, now, plan_for, &when, 100, "w", 50, &dues));
    commit(tx);
    return dues->nelts;
}

/* @return whose budget; -1: none */
static store_id_t waits(fixture_t *f, store_id_t after)
{
    store_tx_t *tx = begin(f, STORE_READ);
    store_id_t account = 99;
    apr_status_t rv = store_due_waits(tx, after, &account);

    if (rv != APR_SUCCESS) {
        EXPECT(APR_NOTFOUND, rv);
        assert_int_equal(account, 0);
        account = -1;
    }
    roll_back(tx);
    return account;
}

static int wake(fixture_t *f, store_id_t account, int limit, apr_time_t now)
{
    store_tx_t *tx = begin_write(f);
    int woken = 99;

    store_set_now(tx, now);
    OK(store_due_wake(tx, account, limit, &woken));
    assert_int_equal(commit(tx), woken > 0);
    return woken;
}

static void of_whom_a_row_waits(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(waits(f, -1), -1);
    change_at(f, S(100), f->phone);
    assert_int_equal(waits(f, -1), -1);
    assert_int_equal(plan_all(f, S(100), STORE_DUE_ROOM(0)), 0);
    assert_int_equal(next(f), 0);               /* not by itself */
    assert_int_equal(plan_all(f, S(99999999), S(1)), 0);
    assert_int_equal(look(f, f->tablet).due.planned, STORE_DUE_ROOM(0));
    assert_string_equal(look(f, f->tablet).due.plan, "under-way");
    assert_int_equal(waits(f, -1), 0);          /* the server's */
    assert_int_equal(waits(f, 0), -1);
    assert_int_equal(wake(f, f->alice, 5, S(200)), 0);
    assert_int_equal(wake(f, 0, 5, S(200)), 1);
    assert_int_equal(waits(f, -1), -1);
    assert_int_equal(next(f), 1);

    plan_all(f, S(300), STORE_DUE_ROOM(f->alice));
    assert_int_equal(next(f), 0);
    assert_int_equal(waits(f, -1), f->alice);
    assert_int_equal(waits(f, f->alice), -1);
    assert_int_equal(wake(f, 0, 5, S(400)), 0);
    assert_int_equal(wake(f, f->bob, 5, S(400)), 0);
    assert_int_equal(wake(f, f->alice, 5, S(400)), 1);
    assert_int_equal(claim_one(f, S(400), "w")->device, f->tablet);
}

/* What else marks a row does so now, too. */
static void what_else_wakes(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;

    change_at(f, S(100), f->phone);
    plan_all(f, S(100), STORE_DUE_ROOM(0));
    assert_int_equal(change_at(f, S(200), f->phone), 0);    /* not that */
    assert_int_equal(waits(f, -1), 0);
    tx = begin_write(f);
    OK(store_due_now(tx, f->tablet));
    commit(tx);
    assert_int_equal(waits(f, -1), -1);
    plan_all(f, S(300), STORE_DUE_ROOM(0));
    tx = begin_write(f);
    OK(store_due_replan(tx, f->alice, 0));
    commit(tx);
    assert_int_equal(waits(f, -1), -1);
    plan_all(f, S(300), STORE_DUE_ROOM(0));
    sync_at(f, f->tablet, S(400));
    assert_int_equal(waits(f, -1), -1);
    assert_false(look(f, f->tablet).found);
    change_at(f, S(500), f->phone);
    plan_all(f, S(500), STORE_DUE_ROOM(0));
    tx = begin_write(f);
    OK(store_due_clock(tx, S(450), NULL));
    commit(tx);
    assert_int_equal(waits(f, -1), -1);
}

/* Those owed for longest come first, but some of every account. */
static void whose_turn(void **state)
{
    fixture_t *f = *state;
    store_id_t many[20];
    store_tx_t *tx = begin_write(f);
    int i, n = 0;

    store_set_now(tx, 6);
    for (i = 0; i < 20; i++) {
        many[i] = add_device(tx, f->alice, apr_psprintf(f->p, "d%d", i),
                             "+491");
        put_synced(tx, f->alice, many[i], "contacts", 6);
    }
    put_synced(tx, f->bob, f->bobs, "contacts", 6);
    commit(tx);
    change_at(f, S(100), 0);
    tx = begin_write(f);
    store_set_now(tx, S(150));
    add_item(tx, f->bob, f->bobs_contacts, 0, "x");
    commit(tx);
    plan_all(f, S(200), STORE_DUE_ROOM(0));
    assert_int_equal(wake(f, 0, 8, S(200)), 8);
    assert_int_equal(look(f, f->bobs).due.planned, 0);
    for (i = 0; i < 20; i++)
        n += look(f, many[i]).due.planned == 0;
    n += !look(f, f->phone).due.planned + !look(f, f->tablet).due.planned;
    assert_int_equal(n, 7);
    assert_int_equal(waits(f, -1), 0);
    assert_int_equal(wake(f, 0, 100, S(200)), 15);
    assert_int_equal(waits(f, -1), -1);
}

static void wrong_arguments(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_id_t account;
    int n;

    EXPECT(APR_EINVAL, store_due_waits(tx, -2, &account));
    EXPECT(APR_EINVAL, store_due_wake(tx, -1, 1, &n));
    EXPECT(APR_EINVAL, store_due_wake(tx, 0, 0, &n));
    assert_int_equal(n, 0);
    roll_back(tx);
}

int main(void)
{
    static const test_entry_t tests[] = {
        SYNCED(of_whom_a_row_waits), SYNCED(what_else_wakes),
        SYNCED(whose_turn), SYNCED(wrong_arguments)
    };

    return RUN_BOTH("store dues, waiting for room", tests);
}
