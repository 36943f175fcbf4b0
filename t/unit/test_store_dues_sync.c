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

int main(void)
{
    static const test_entry_t tests[] = {
        SYNCED(sync_that_saw_not_all), SYNCED(own_changes_above_seen),
        SYNCED(one_notice_for_two_datastores),
        SYNCED(change_during_the_first_sync), SYNCED(anchor_in_the_middle)
    };

    return RUN_BOTH("store dues, syncing", tests);
}
