/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The store's savepoints, over both drivers: what is undone, what stays, and
 * that counters and dues are those of what stayed.
 */
#include "store_fixture.h"

static store_id_t counter(store_tx_t *tx, fixture_t *f)
{
    return get_datastore(tx, f->alice, "contacts")->change;
}

static void undone_and_kept(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t kept = add_item(tx, f->alice, f->contacts, 0, "kept"), gone;
    store_item_t after, *got;
    store_savepoint_t sp;
    store_map_t *m;

    OK(store_savepoint(tx, &sp));
    gone = add_item(tx, f->alice, f->contacts, f->phone, "gone");
    put_map(tx, f->phone, f->contacts, gone.id, "1", gone.change);
    OK(store_item_delete(tx, f->alice, f->contacts, kept.id, f->phone,
                         NULL));
    /* This writes the counters before they are taken back. */
    assert_int_equal(counter(tx, f), 3);
    OK(store_savepoint_rollback(tx, sp));
    assert_int_equal(counter(tx, f), 1);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 1);
    EXPECT(APR_NOTFOUND, store_item_get(tx, f->alice, f->contacts, gone.id,
                                        &got));
    EXPECT(APR_NOTFOUND, store_map_by_item(tx, f->phone, gone.id,
                                           f->contacts, &m));
    OK(store_item_get(tx, f->alice, f->contacts, kept.id, &got));
    assert_int_equal(got->deleted, 0);
    after = add_item(tx, f->alice, f->contacts, 0, "after");
    assert_int_equal(after.id, gone.id);
    assert_int_equal(after.change, gone.change);
    commit(tx);
    tx = begin(f, STORE_READ);
    assert_int_equal(counter(tx, f), 2);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 2);
    roll_back(tx);
}

static void released(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_savepoint_t sp;

    OK(store_savepoint(tx, &sp));
    add_item(tx, f->alice, f->contacts, 0, "a");
    OK(store_savepoint_release(tx, sp));
    EXPECT(APR_EINVAL, store_savepoint_rollback(tx, sp));
    EXPECT(APR_EINVAL, store_savepoint_release(tx, sp));
    OK(store_savepoint(tx, &sp));
    add_item(tx, f->alice, f->contacts, 0, "b");
    commit(tx);                 /* with one still open */
    tx = begin(f, STORE_READ);
    assert_int_equal(counter(tx, f), 2);
    EXPECT(APR_EINVAL, store_savepoint(tx, &sp));
    assert_int_equal(sp, 0);
    roll_back(tx);
}

static void nested(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_savepoint_t sp[STORE_MAX_SAVEPOINTS + 1];
    int i;

    for (i = 0; i < STORE_MAX_SAVEPOINTS; i++) {
        OK(store_savepoint(tx, &sp[i]));
        add_item(tx, f->alice, f->contacts, 0, "x");
    }
    EXPECT(APR_EINVAL, store_savepoint(tx, &sp[i]));
    assert_int_equal(counter(tx, f), 4);
    OK(store_savepoint_rollback(tx, sp[3]));
    assert_int_equal(counter(tx, f), 3);
    /* An outer one takes those within it along. */
    OK(store_savepoint_rollback(tx, sp[1]));
    assert_int_equal(counter(tx, f), 1);
    EXPECT(APR_EINVAL, store_savepoint_rollback(tx, sp[2]));
    OK(store_savepoint(tx, &sp[1]));
    add_item(tx, f->alice, f->contacts, 0, "y");
    OK(store_savepoint(tx, &sp[2]));
    add_item(tx, f->alice, f->contacts, 0, "z");
    OK(store_savepoint_release(tx, sp[1]));
    assert_int_equal(counter(tx, f), 3);
    OK(store_savepoint_rollback(tx, sp[0]));
    assert_int_equal(counter(tx, f), 0);
    commit(tx);
}

/* A whole transaction is rolled back with savepoints open, and the handle is
 * good for another. */
static void rolled_back(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_savepoint_t sp;

    OK(store_savepoint(tx, &sp));
    add_item(tx, f->alice, f->contacts, 0, "a");
    roll_back(tx);
    tx = begin_write(f);
    EXPECT(APR_EINVAL, store_savepoint_rollback(tx, sp));
    assert_int_equal(counter(tx, f), 0);
    add_item(tx, f->alice, f->contacts, 0, "b");
    commit(tx);
}

static apr_status_t count_due(void *n, const store_due_t *due)
{
    return count_row(n);
}

static int dues(fixture_t *f)
{
    store_tx_t *tx = begin(f, STORE_READ);
    int n = 0;

    OK(store_due_list(tx, 0, count_due, &n));
    roll_back(tx);
    return n;
}

/* What was undone owes nobody anything; what stayed does. */
static void dues_of_what_stayed(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_savepoint_t sp;

    store_set_now(tx, 1000);
    put_synced(tx, f->alice, f->tablet, "contacts", 1000);
    put_synced(tx, f->alice, f->tablet, "calendar", 1000);
    commit(tx);
    assert_int_equal(dues(f), 0);

    tx = begin_write(f);
    store_set_now(tx, 2000);
    OK(store_savepoint(tx, &sp));
    add_item(tx, f->alice, f->contacts, f->phone, "a");
    OK(store_savepoint_rollback(tx, sp));
    assert_int_equal(commit(tx), 0);
    assert_int_equal(dues(f), 0);

    tx = begin_write(f);
    store_set_now(tx, 3000);
    add_item(tx, f->alice, f->contacts, f->phone, "b");
    OK(store_savepoint(tx, &sp));
    add_item(tx, f->alice, f->contacts, f->tablet, "c");
    OK(store_savepoint_rollback(tx, sp));
    assert_int_equal(commit(tx), 1);
    assert_int_equal(dues(f), 1);
}

/* A sync that is undone has not cleared what the device owes. */
static void synced_undone(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_savepoint_t sp;

    store_set_now(tx, 1000);
    put_synced(tx, f->alice, f->tablet, "contacts", 1000);
    commit(tx);
    tx = begin_write(f);
    add_item(tx, f->alice, f->contacts, f->phone, "b");
    commit(tx);
    assert_int_equal(dues(f), 1);
    tx = begin_write(f);
    store_set_now(tx, 5000);
    OK(store_savepoint(tx, &sp));
    put_synced(tx, f->alice, f->tablet, "contacts", 5000);
    OK(store_savepoint_rollback(tx, sp));
    commit(tx);
    assert_int_equal(dues(f), 1);
}

/* Rows that the transaction had met and that are gone again. */
static void devices_undone(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_savepoint_t sp;
    store_id_t device, ds;
    store_item_t item;

    OK(store_savepoint(tx, &sp));
    device = add_device(tx, f->alice, "IMEI:77", "");
    ds = open_datastore(tx, f->alice, "notes");
    item = add_item(tx, f->alice, ds, device, "x");
    put_map(tx, device, ds, item.id, "1", item.change);
    OK(store_savepoint_rollback(tx, sp));
    item = make_item(ds, 0, "y");
    EXPECT(APR_NOTFOUND, store_item_add(tx, f->alice, &item));
    item = make_item(f->contacts, device, "y");
    EXPECT(APR_NOTFOUND, store_item_add(tx, f->alice, &item));
    OK(store_savepoint(tx, &sp));
    OK(store_device_delete(tx, f->alice, f->phone));
    OK(store_savepoint_rollback(tx, sp));
    item = make_item(f->contacts, f->phone, "z");
    OK(store_item_add(tx, f->alice, &item));
    commit(tx);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(undone_and_kept), TEST(released), TEST(nested),
        TEST(rolled_back), TEST(dues_of_what_stayed), TEST(synced_undone),
        TEST(devices_undone)
    };

    return RUN_BOTH("store savepoints", tests);
}
