/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Date windows of devices, over both drivers: what comes and goes as they
 * move, what push owes for them; what has happened in a datastore, and its
 * end.
 */
#include "store_dues.h"

#include "store/store_views.h"

/* An event from one time to another, changed by nobody known. */
static store_item_t add_event(store_tx_t *tx, fixture_t *f,
                              apr_int64_t starts, apr_int64_t ends)
{
    store_item_t item = make_item(f->calendar, 0, "e");

    item.starts = starts;
    item.ends = ends;
    OK(store_item_add(tx, f->alice, &item));
    return item;
}

typedef struct seen_t {
    store_id_t items[16];
    int mapped[16];
    int n;
} seen_t;

static apr_status_t see(void *baton, const store_change_t *c)
{
    seen_t *seen = baton;

    seen->items[seen->n] = c->item.id;
    seen->mapped[seen->n++] = c->mapped;
    return APR_SUCCESS;
}

static seen_t moved(store_tx_t *tx, fixture_t *f, apr_int64_t old_from,
                    apr_int64_t old_to, apr_int64_t from, apr_int64_t to)
{
    store_moved_t m = { old_from, old_to, from, to };
    seen_t seen = { .n = 0 };

    OK(store_changes_moved(tx, f->alice, f->phone, f->calendar, &m, 0, 1000,
                           see, &seen));
    return seen;
}

static void windows_move(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t past = add_event(tx, f, 100, 150);
    store_item_t now = add_event(tx, f, 200, 250);
    store_item_t next = add_event(tx, f, 300, 350);
    store_item_t ever = add_event(tx, f, 120, STORE_WHEN_ALWAYS);
    store_item_t undated = add_event(tx, f, 0, 0);
    store_item_t gone = add_event(tx, f, 300, 320);
    seen_t seen;

    OK(store_item_delete(tx, f->alice, f->calendar, gone.id, 0, NULL));
    put_map(tx, f->phone, f->calendar, past.id, "1", past.change);
    put_map(tx, f->phone, f->calendar, now.id, "2", now.change);
    put_map(tx, f->phone, f->calendar, ever.id, "3", ever.change);
    put_map(tx, f->phone, f->calendar, undated.id, "4", undated.change);

    assert_int_equal(moved(tx, f, 140, 260, 140, 260).n, 0);
    /* One day on: one leaves, one comes. */
    seen = moved(tx, f, 140, 260, 160, 300);
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.items[0], past.id);
    assert_true(seen.mapped[0]);
    assert_int_equal(seen.items[1], next.id);
    assert_false(seen.mapped[1]);
    /* Limits count as inside. */
    assert_int_equal(moved(tx, f, 150, 260, 151, 260).n, 1);
    assert_int_equal(moved(tx, f, 149, 260, 150, 260).n, 0);
    assert_int_equal(moved(tx, f, 160, 299, 160, 300).n, 1);
    assert_int_equal(moved(tx, f, 160, 298, 160, 299).n, 0);
    /* Backwards, and from and to "no limit". */
    assert_int_equal(moved(tx, f, 160, 300, 140, 260).n, 2);
    assert_int_equal(moved(tx, f, 0, 0, 160, 260).n, 2);
    assert_int_equal(moved(tx, f, 160, 260, 0, 0).n, 2);
    assert_int_equal(moved(tx, f, 0, 0, 0, 0).n, 0);
    /* Those to be tried again come elsewhere, soft-deleted ones not. */
    OK(store_map_put(tx, &(store_map_t){ f->phone, f->calendar, past.id, "1",
                                         past.change, 1, 0 }));
    assert_int_equal(moved(tx, f, 140, 260, 160, 260).n, 0);
    OK(store_map_put(tx, &(store_map_t){ f->phone, f->calendar, past.id, "1",
                                         past.change, 0, 1 }));
    assert_int_equal(moved(tx, f, 140, 260, 160, 260).n, 0);
    commit(tx);
}

static void in_window(void **state)
{
    store_item_t item = { 0 };

    assert_true(store_in_window(&item, 5, 6));
    assert_true(store_in_window(&item, 0, 0));
    assert_false(store_in_window(&item, 6, 5));
    item.starts = 10;
    item.ends = 20;
    assert_true(store_in_window(&item, 20, 30));
    assert_false(store_in_window(&item, 21, 30));
    assert_true(store_in_window(&item, 1, 10));
    assert_false(store_in_window(&item, 1, 9));
    assert_true(store_in_window(&item, 0, 10));
    assert_true(store_in_window(&item, 20, 0));
    assert_false(store_in_window(&item, 21, 0));
}

static void held(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a = add_event(tx, f, 0, 0), b = add_event(tx, f, 0, 0);
    store_item_t c = add_event(tx, f, 0, 0), d = add_event(tx, f, 0, 0);
    store_item_t other = add_item(tx, f->alice, f->contacts, 0, "x");
    seen_t seen = { .n = 0 };

    put_map(tx, f->phone, f->calendar, a.id, "1", a.change);
    put_map(tx, f->phone, f->calendar, b.id, "2", b.change + 7);
    put_map(tx, f->phone, f->calendar, d.id, "3", d.change);
    put_map(tx, f->phone, f->contacts, other.id, "1", other.change);
    put_map(tx, f->tablet, f->calendar, c.id, "1", c.change);
    OK(store_changes_held(tx, f->alice, f->phone, f->calendar, 0, 1000, see,
                          &seen));
    assert_int_equal(seen.n, 2);
    assert_int_equal(seen.items[0], a.id);
    assert_int_equal(seen.items[1], d.id);
    seen.n = 0;
    OK(store_changes_held(tx, f->alice, f->phone, f->calendar, a.id, 1000,
                          see, &seen));
    assert_int_equal(seen.n, 1);
    seen.n = 0;
    OK(store_changes_held(tx, f->alice, f->phone, f->calendar, 0, a.change,
                          see, &seen));
    assert_int_equal(seen.n, 1);
    commit(tx);
}

/* ---- anchors and dues ---------------------------------------------------- */

static apr_status_t any_due(void *baton, const store_due_t *due)
{
    *(int *)baton += due->datastores->nelts;
    return APR_SUCCESS;
}

/* After an event that the phone lacks. @return datastores that it owes */
static int owed_for(fixture_t *f, apr_int64_t from, apr_int64_t to,
                    apr_int64_t starts, apr_int64_t ends, int known)
{
    store_tx_t *tx = begin_write(f);
    store_anchor_t a = { .device = f->phone, .datastore = f->calendar,
                         .synced = 7, .view = "/dr(1,2)", .uri = "cal" };
    store_anchor_t *back;
    store_item_t item;
    int n = 0;

    store_set_now(tx, 7);
    a.last.seen = get_datastore(tx, f->alice, "calendar")->change;
    a.window_from = from;
    a.window_to = to;
    OK(store_anchor_put(tx, &a));
    OK(store_anchor_get(tx, f->phone, f->calendar, &back));
    assert_string_equal(back->view, "/dr(1,2)");
    assert_true(back->window_from == from && back->window_to == to);
    commit(tx);
    tx = begin_write(f);
    store_set_now(tx, 8);
    item = add_event(tx, f, starts, ends);
    if (known)
        put_map(tx, f->phone, f->calendar, item.id, "9", 0);
    commit(tx);
    tx = begin_write(f);
    OK(store_due_refresh(tx, f->phone));
    OK(store_due_list(tx, f->alice, any_due, &n));
    commit(tx);
    return n;
}

static void dues_of_a_window(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(owed_for(f, 0, 0, 100, 200, 0), 1);
    assert_int_equal(owed_for(f, 150, 0, 100, 200, 0), 1);
    assert_int_equal(owed_for(f, 201, 0, 100, 200, 0), 0);
    assert_int_equal(owed_for(f, 0, 99, 100, 200, 0), 0);
    assert_int_equal(owed_for(f, 50, 100, 100, 200, 0), 1);
    assert_int_equal(owed_for(f, 50, 100, 0, 0, 0), 1);
    /* What it has and what is to go from it is its business. */
    assert_int_equal(owed_for(f, 201, 0, 100, 200, 1), 1);
    /* It gets nothing at all. */
    assert_int_equal(owed_for(f, 2, 1, 100, 200, 1), 0);
    assert_int_equal(owed_for(f, APR_INT64_MAX, APR_INT64_MIN, 0, 0, 0), 0);
}

/* ---- the end of a datastore ---------------------------------------------- */

static void delete_datastore(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a = add_item(tx, f->alice, f->contacts, 0, "a");
    store_item_t e = add_event(tx, f, 0, 0);
    store_anchor_t *anchor;
    store_item_t *item;
    store_map_t *map;

    put_map(tx, f->phone, f->contacts, a.id, "1", a.change);
    put_map(tx, f->phone, f->calendar, e.id, "1", e.change);
    put_synced(tx, f->alice, f->phone, "calendar", 5);
    EXPECT(APR_NOTFOUND, store_datastore_delete(tx, f->bob, f->calendar));
    OK(store_datastore_delete(tx, f->alice, f->calendar));
    EXPECT(APR_NOTFOUND, store_datastore_delete(tx, f->alice, f->calendar));
    EXPECT(APR_NOTFOUND, store_item_get(tx, f->alice, f->calendar, e.id,
                                        &item));
    EXPECT(APR_NOTFOUND, store_map_by_luid(tx, f->phone, f->calendar, "1",
                                           &map));
    EXPECT(APR_NOTFOUND, store_anchor_get(tx, f->phone, f->calendar,
                                          &anchor));
    OK(store_map_by_luid(tx, f->phone, f->contacts, "1", &map));
    commit(tx);
    tx = begin_write(f);
    /* Made anew it is empty and another one. */
    assert_int_not_equal(open_datastore(tx, f->alice, "calendar"),
                         f->calendar);
    assert_int_equal(get_datastore(tx, f->alice, "calendar")->items, 0);
    commit(tx);
}

/* What has happened since, deletes too; nobody sees another's. */
static void since(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    apr_array_header_t *items;
    const store_id_t *ids;
    int i;

    for (i = 0; i < 4; i++)
        add_item(tx, f->alice, i == 1 ? f->calendar : f->contacts, 0, "x");
    OK(store_item_delete(tx, f->alice, f->contacts, 1, 0, NULL));
    OK(store_item_since(tx, f->alice, f->contacts, 1, &items));
    ids = (const store_id_t *)items->elts;
    assert_int_equal(items->nelts, 6);
    assert_int_equal(ids[0], 3);
    assert_int_equal(ids[1], 2);
    assert_int_equal(ids[2], 4);
    assert_int_equal(ids[4], 1);
    assert_int_equal(ids[5], 4);
    OK(store_item_since(tx, f->alice, f->contacts, 4, &items));
    assert_int_equal(items->nelts, 0);
    EXPECT(APR_NOTFOUND, store_item_since(tx, f->bob, f->contacts, 0,
                                          &items));
    EXPECT(APR_EINVAL, store_item_since(tx, f->alice, f->contacts, -1,
                                        &items));
    commit(tx);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(windows_move), TEST(in_window), TEST(held), TEST(since),
        TEST(dues_of_a_window), TEST(delete_datastore)
    };

    return RUN_BOTH("store views", tests);
}
