/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What push owes: a device syncs; over both drivers. */
#include "store_dues.h"

/* A sync that went only so far, or while others went on. */
static void sync_that_saw_not_all(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    store_anchor_t *a;
    rows_t rows;

    change_at(f, 100, f->phone);                        /* change 2 */
    claim_one(f, 200, "w");
    sent(f, f->tablet, "w", 9000);
    tx = begin_write(f);        /* the session took in what there was ... */
    OK(store_anchor_get(tx, f->tablet, f->contacts, &a));
    put_map(tx, f->tablet, f->contacts, 2, "2", 2);
    commit(tx);
    change_at(f, 250, 0);       /* ... then came change 3 ... */
    tx = begin_write(f);        /* ... and then its end */
    store_set_now(tx, 300);
    a->last.seen = 2;
    a->synced = 300;
    OK(store_anchor_put(tx, a));
    assert_int_equal(commit(tx), 1);
    rows = look(f, f->tablet);
    assert_true(rows.found);
    assert_int_equal(rows.due.state, STORE_DUE_WAITING);
    assert_true(rows.due.unanswered == 0 && rows.due.not_before == 0
                && rows.due.last_change == 250);
    assert_int_equal(rows.first.change, 3);
}

/* What the device itself did in its session does not make it owe. */
static void own_changes_above_seen(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    store_anchor_t *a;
    store_item_t item;

    change_at(f, 100, 0);
    tx = begin_write(f);
    store_set_now(tx, 200);
    OK(store_anchor_get(tx, f->tablet, f->contacts, &a));
    a->last.seen = 2;
    a->synced = 200;
    OK(store_anchor_put(tx, a));
    put_map(tx, f->tablet, f->contacts, 2, "2", 2);
    item = add_item(tx, f->alice, f->contacts, f->tablet, "mine");
    put_map(tx, f->tablet, f->contacts, item.id, "3", item.change);
    OK(store_item_delete(tx, f->alice, f->contacts, 1, f->tablet, NULL));
    OK(store_map_delete(tx, f->tablet, f->contacts, 1));
    commit(tx);
    assert_false(look(f, f->tablet).found);
    assert_true(look(f, f->phone).found);
}

static void one_notice_for_two_datastores(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_due_t *due;
    rows_t rows;

    store_set_now(tx, 6);
    put_synced(tx, f->alice, f->tablet, "calendar", 6);
    commit(tx);
    tx = begin_write(f);
    store_set_now(tx, 100);
    add_item(tx, f->alice, f->contacts, f->phone, "x");
    add_item(tx, f->alice, f->calendar, f->phone, "y");
    assert_int_equal(commit(tx), 1);
    due = claim_one(f, 200, "w");
    assert_int_equal(due->datastores->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(due->datastores, 0,
                                      store_due_datastore_t).name,
                        "calendar");
    sent(f, f->tablet, "w", 9000);
    /* It syncs one of them: the other is owed, at once. */
    assert_int_equal(sync_at(f, f->tablet, 300), 1);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.state, STORE_DUE_WAITING);
    assert_int_equal(rows.due.not_before, 0);
    assert_int_equal(rows.n_datastores, 1);
    assert_string_equal(rows.first.name, "calendar");
}

/* A first sync during which another changed something. */
static void change_during_the_first_sync(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_id_t id = add_device(tx, f->alice, "new", "+4917");
    store_anchor_t a = { .device = id, .datastore = f->contacts };

    OK(store_anchor_put(tx, &a));
    put_map(tx, id, f->contacts, 1, "1", 1);
    commit(tx);
    change_at(f, 100, f->phone);
    assert_false(look(f, id).found);
    tx = begin_write(f);
    store_set_now(tx, 200);
    a.last.seen = 1;
    a.synced = 200;
    OK(store_anchor_put(tx, &a));
    assert_int_equal(commit(tx), 1);
    assert_true(look(f, id).found);
    assert_int_equal(look(f, id).due.first_change, 100);
}

/* An anchor that is written without ending a sync changes no row. */
static void anchor_in_the_middle(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    store_anchor_t *a;

    change_at(f, 100, f->phone);
    claim_one(f, 200, "w");
    sent(f, f->tablet, "w", 9000);
    tx = begin_write(f);
    store_set_now(tx, 300);
    OK(store_anchor_get(tx, f->tablet, f->contacts, &a));
    a->uri = "./addressbook";
    OK(store_anchor_put(tx, a));
    assert_int_equal(commit(tx), 0);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_SENT);
}

/* A sync of contacts that ends and fetches nothing. */
static void sync_one_way(fixture_t *f, apr_time_t now)
{
    store_tx_t *tx = begin_write(f);
    store_anchor_t *a;

    store_set_now(tx, now);
    OK(store_anchor_get(tx, f->tablet, f->contacts, &a));
    a->synced = now;
    OK(store_anchor_put(tx, a));
    commit(tx);
}

static void tell_at(fixture_t *f, apr_time_t now)
{
    store_tx_t *tx = begin_write(f);
    apr_interval_time_t none = 0;
    apr_array_header_t *dues;

    store_set_now(tx, now);
    OK(store_due_claim(tx, now, plan_quiet, &none, 100, "w", 9, &dues));
    assert_int_equal(dues->nelts, 1);
    OK(store_due_sent(tx, f->tablet, "w", now + 9000));
    commit(tx);
}

/* Syncs after a notification that leave what it told of. */
static void told_and_not_fetched(void **state)
{
    fixture_t *f = *state;
    rows_t rows;

    change_at(f, 100, f->phone);
    sync_one_way(f, 150);               /* it has not been told */
    assert_int_equal(look(f, f->tablet).first.unfetched, 0);
    tell_at(f, 200);
    sync_one_way(f, 250);
    assert_int_equal(look(f, f->tablet).first.unfetched, 1);
    sync_one_way(f, 260);               /* not told since */
    rows = look(f, f->tablet);
    assert_int_equal(rows.first.unfetched, 1);
    assert_int_equal(rows.due.state, STORE_DUE_WAITING);
    change_at(f, 300, f->phone);
    assert_int_equal(look(f, f->tablet).first.unfetched, 1);
    tell_at(f, 400);
    change_at(f, 450, f->phone);        /* one that it was not told of */
    sync_one_way(f, 500);
    assert_int_equal(look(f, f->tablet).first.unfetched, 2);
    sync_at(f, f->tablet, 600);
    assert_false(look(f, f->tablet).found);
    change_at(f, 700, f->phone);
    assert_int_equal(look(f, f->tablet).first.unfetched, 0);
}

/* It has fetched what it was told of, and lacks what came meanwhile. */
static void told_and_fetched_in_part(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    store_anchor_t *a;

    change_at(f, 100, f->phone);
    tell_at(f, 200);
    sync_one_way(f, 250);
    tell_at(f, 300);
    change_at(f, 350, f->phone);
    tx = begin_write(f);
    store_set_now(tx, 400);
    OK(store_anchor_get(tx, f->tablet, f->contacts, &a));
    a->last.seen++;
    a->synced = 400;
    OK(store_anchor_put(tx, a));
    commit(tx);
    assert_true(look(f, f->tablet).found);
    assert_int_equal(look(f, f->tablet).first.unfetched, 0);
}

/* Told of two, it syncs one of them, again and again. */
static void told_of_two(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    int i;

    store_set_now(tx, 6);
    put_synced(tx, f->alice, f->tablet, "calendar", 6);
    commit(tx);
    tx = begin_write(f);
    store_set_now(tx, 100);
    add_item(tx, f->alice, f->calendar, 0, "event");
    commit(tx);
    for (i = 1; i < 4; i++) {
        change_at(f, i * 1000, f->phone);
        tell_at(f, i * 1000 + 100);
        sync_at(f, f->tablet, i * 1000 + 200);
        assert_int_equal(look(f, f->tablet).n_datastores, 1);
        assert_int_equal(look(f, f->tablet).first.unfetched, i);
        sync_at(f, f->tablet, i * 1000 + 300);
        assert_int_equal(look(f, f->tablet).first.unfetched, i);
    }
}

typedef struct logged_t {
    apr_time_t when;
    apr_uint32_t logged;
} logged_t;

static apr_status_t plan_as(void *baton, store_tx_t *tx,
                            const store_due_t *due, apr_time_t now,
                            store_plan_t *plan)
{
    const logged_t *as = baton;

    plan->when = as->when;
    plan->reason = "never-fetched";
    plan->logged = as->logged;
    return APR_SUCCESS;
}

static void plan_logged(fixture_t *f, apr_time_t now, apr_time_t when,
                        apr_uint32_t logged)
{
    store_tx_t *tx = begin_write(f);
    logged_t as = { when, logged };
    apr_array_header_t *dues;

    OK(store_due_claim(tx, now, plan_as, &as, 100, "w", 9, &dues));
    assert_int_equal(dues->nelts, 0);
    commit(tx);
}

/* The word that it is given up outlives such syncs, and marks the row. */
static void given_up(void **state)
{
    fixture_t *f = *state;
    apr_time_t never = STORE_DUE_NEVER;

    change_at(f, 100, f->phone);
    tell_at(f, 200);
    sync_one_way(f, 250);
    plan_logged(f, 260, never, STORE_LOGGED_GIVEN_UP | 4);
    sync_one_way(f, 300);
    assert_int_equal(look(f, f->tablet).due.logged, STORE_LOGGED_GIVEN_UP);
    plan_logged(f, 310, never, STORE_LOGGED_GIVEN_UP);
    assert_int_equal(next(f), 0);
    assert_int_equal(change_at(f, 400, f->phone), 1);
    assert_int_equal(next(f), 1);
    sync_at(f, f->tablet, 500);
    change_at(f, 600, f->phone);
    assert_int_equal(look(f, f->tablet).due.logged, 0);
}

int main(void)
{
    static const test_entry_t tests[] = {
        SYNCED(sync_that_saw_not_all), SYNCED(own_changes_above_seen),
        SYNCED(one_notice_for_two_datastores),
        SYNCED(change_during_the_first_sync), SYNCED(anchor_in_the_middle),
        SYNCED(told_and_not_fetched), SYNCED(told_and_fetched_in_part),
        SYNCED(told_of_two), SYNCED(given_up)
    };

    return RUN_BOTH("store dues, syncing", tests);
}
