/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The store's contract, over both drivers: items, their versions, matching,
 * upkeep; and that no account reaches another's.
 */
#include "store_fixture.h"

static store_item_t *get_item(store_tx_t *tx, store_id_t account,
                              store_id_t datastore, store_id_t id)
{
    store_item_t *item;

    OK(store_item_get(tx, account, datastore, id, &item));
    assert_int_equal(item->id, id);
    assert_int_equal(item->datastore, datastore);
    return item;
}

static void assert_data(const store_item_t *item, const char *data)
{
    assert_int_equal(item->len, strlen(data));
    assert_memory_equal(item->data, data, item->len);
}

/* ---- one item ---------------------------------------------------------- */

static void add_and_get(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = make_item(f->contacts, f->phone, "a\0b"), *got;

    item.len = 3;
    item.type = "text/x-vcard";
    item.key = APR_INT64_MIN;
    item.uid_key = APR_INT64_MAX;
    store_set_now(tx, 1234567);
    OK(store_item_add(tx, f->alice, &item));
    assert_int_equal(item.id, 1);
    assert_int_equal(item.change, 1);
    assert_int_equal(item.modified, 1234567);
    commit(tx);
    tx = begin(f, STORE_READ);
    got = get_item(tx, f->alice, f->contacts, 1);
    assert_int_equal(got->change, 1);
    assert_int_equal(got->origin, f->phone);
    assert_int_equal(got->deleted, 0);
    assert_string_equal(got->type, "text/x-vcard");
    assert_true(got->key == APR_INT64_MIN && got->uid_key == APR_INT64_MAX);
    assert_int_equal(got->len, 3);
    assert_memory_equal(got->data, "a\0b", 3);
    assert_int_equal(got->modified, 1234567);
    EXPECT(APR_NOTFOUND, store_item_get(tx, f->alice, f->contacts, 2, &got));
    assert_null(got);
    roll_back(tx);
}

/* Ids run through all datastores of an account; counters do not. */
static void numbering(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a, b, c, d;

    a = add_item(tx, f->alice, f->contacts, 0, "a");
    b = add_item(tx, f->alice, f->calendar, 0, "b");
    c = add_item(tx, f->alice, f->contacts, 0, "c");
    d = add_item(tx, f->bob, f->bobs_contacts, 0, "d");
    assert_true(a.id == 1 && b.id == 2 && c.id == 3 && d.id == 1);
    assert_true(a.change == 1 && b.change == 1 && c.change == 2
                && d.change == 1);
    commit(tx);
    tx = begin_write(f);
    a = add_item(tx, f->alice, f->contacts, 0, "e");
    assert_true(a.id == 4 && a.change == 3);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 3);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->change, 3);
    commit(tx);
}

static void update(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = add_item(tx, f->alice, f->contacts, 0, "one"), *got;

    item.data = "two!";
    item.len = 4;
    item.origin = f->tablet;
    item.type = "text/plain";
    item.key = 8;
    OK(store_item_update(tx, f->alice, &item));
    assert_int_equal(item.change, 2);
    got = get_item(tx, f->alice, f->contacts, item.id);
    assert_data(got, "two!");
    assert_string_equal(got->type, "text/plain");
    assert_true(got->key == 8 && got->origin == f->tablet
                && got->change == 2);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 1);
    item.id = 99;
    EXPECT(APR_NOTFOUND, store_item_update(tx, f->alice, &item));
    item.id = 1;
    item.datastore = f->calendar;
    EXPECT(APR_NOTFOUND, store_item_update(tx, f->alice, &item));
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->change, 2);
    assert_int_equal(get_datastore(tx, f->alice, "calendar")->change, 0);
    commit(tx);
}

static void delete_and_restore(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = add_item(tx, f->alice, f->contacts, 0, "one"), *got;
    store_id_t change = 9;

    OK(store_item_delete(tx, f->alice, f->contacts, item.id, f->phone,
                         &change));
    assert_int_equal(change, 2);
    got = get_item(tx, f->alice, f->contacts, item.id);
    assert_true(got->deleted && got->change == 2 && got->origin == f->phone);
    assert_data(got, "one");
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 0);
    EXPECT(APR_NOTFOUND, store_item_delete(tx, f->alice, f->contacts,
                                           item.id, 0, &change));
    assert_int_equal(change, 0);
    EXPECT(APR_NOTFOUND, store_item_update(tx, f->alice, &item));
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->change, 2);

    item.data = "two";
    OK(store_item_restore(tx, f->alice, &item));
    assert_int_equal(item.change, 3);
    got = get_item(tx, f->alice, f->contacts, item.id);
    assert_true(!got->deleted && got->change == 3 && got->origin == 0);
    assert_data(got, "two");
    EXPECT(APR_NOTFOUND, store_item_restore(tx, f->alice, &item));
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 1);
    OK(store_item_delete(tx, f->alice, f->contacts, item.id, 0, NULL));
    commit(tx);
}

static void assert_version(fixture_t *f, store_tx_t *tx, store_id_t id,
                           store_id_t change, const char *data)
{
    store_item_t *v;

    if (!data) {
        EXPECT(APR_NOTFOUND, store_item_version(tx, f->alice, f->contacts,
                                                id, change, &v));
        assert_null(v);
        return;
    }
    OK(store_item_version(tx, f->alice, f->contacts, id, change, &v));
    assert_data(v, data);
    assert_true(v->id == id && v->change == change && v->modified > 0);
    assert_string_equal(v->type, "text/vcard");
}

static void assert_before(fixture_t *f, store_tx_t *tx, store_id_t id,
                          store_id_t change, store_id_t is, const char *data)
{
    store_item_t *v;
    apr_status_t rv = store_item_version_before(tx, f->alice, f->contacts, id,
                                                change, &v);

    assert_int_equal(rv, data ? APR_SUCCESS : APR_NOTFOUND);
    if (data == NULL) {
        assert_null(v);
        return;
    }
    assert_data(v, data);
    assert_true(v->id == id && v->change == is);
}

/* Each text is found by the counter value that a device may have of it,
 * through overwriting, deletion and restoring. */
static void versions(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = add_item(tx, f->alice, f->contacts, 0, "1");

    add_item(tx, f->alice, f->contacts, 0, "other");            /* 2 */
    item.data = "3";
    OK(store_item_update(tx, f->alice, &item));
    item.data = "4";
    OK(store_item_update(tx, f->alice, &item));
    OK(store_item_delete(tx, f->alice, f->contacts, item.id, 0, NULL));
    commit(tx);
    tx = begin_write(f);
    assert_version(f, tx, item.id, 1, "1");
    assert_version(f, tx, item.id, 2, NULL);
    assert_version(f, tx, item.id, 3, "3");
    assert_version(f, tx, item.id, 4, "4");
    assert_version(f, tx, item.id, 5, "4");
    assert_version(f, tx, item.id, 6, NULL);
    assert_before(f, tx, item.id, 6, 4, "4");
    item.data = "6";
    OK(store_item_restore(tx, f->alice, &item));
    assert_before(f, tx, item.id, 7, 6, "6");
    assert_before(f, tx, item.id, 6, 4, "4");
    assert_before(f, tx, item.id, 4, 3, "3");
    assert_before(f, tx, item.id, 3, 1, "1");
    assert_before(f, tx, item.id, 1, 0, NULL);
    assert_before(f, tx, item.id + 1, 2, 0, NULL);
    EXPECT(APR_EINVAL, store_item_version_before(tx, f->alice, f->contacts,
                                                 item.id, 0,
                                                 &(store_item_t *){ NULL }));
    EXPECT(APR_NOTFOUND, store_item_version_before(tx, f->bob, f->contacts,
                                                   item.id, 7,
                                                   &(store_item_t *){ NULL }));
    assert_version(f, tx, item.id, 1, "1");
    assert_version(f, tx, item.id, 4, "4");
    assert_version(f, tx, item.id, 5, NULL);
    assert_version(f, tx, item.id, 6, "6");
    commit(tx);
}

static void limits(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = make_item(f->contacts, 0, "x");
    char type[STORE_MAX_NAME + 2];

    item.len = (apr_size_t)STORE_MAX_DATA + 1;
    EXPECT(APR_EINVAL, store_item_add(tx, f->alice, &item));
    assert_true(strlen(store_error(tx)) > 10);
    item.data = NULL;
    item.len = 1;
    EXPECT(APR_EINVAL, store_item_add(tx, f->alice, &item));
    item.len = 0;
    OK(store_item_add(tx, f->alice, &item));
    item.type = NULL;
    EXPECT(APR_EINVAL, store_item_add(tx, f->alice, &item));
    memset(type, 't', sizeof(type));
    type[STORE_MAX_NAME + 1] = '\0';
    item.type = type;
    EXPECT(APR_EINVAL, store_item_add(tx, f->alice, &item));
    type[STORE_MAX_NAME] = '\0';
    OK(store_item_add(tx, f->alice, &item));
    item.id = (store_id_t)1 << 36;
    EXPECT(APR_EINVAL, store_item_update(tx, f->alice, &item));
    item.id = 0;
    EXPECT(APR_EINVAL, store_item_update(tx, f->alice, &item));
    EXPECT(APR_EINVAL, store_item_delete(tx, f->alice, f->contacts, -1, 0,
                                         NULL));
    EXPECT(APR_EINVAL, store_item_list(tx, f->alice, f->contacts, 0, -1,
                                       count_items, NULL));
    EXPECT(APR_EINVAL, store_item_list(tx, f->alice, f->contacts, 0, 0, NULL,
                                       NULL));
    EXPECT(APR_EINVAL, store_item_match(tx, f->alice, f->contacts, 3, 0, 0,
                                        count_items, NULL));
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 2);
    commit(tx);
}

/* As large as it may be, and back. */
static void largest(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = make_item(f->contacts, 0, ""), *got;
    char *data = malloc(STORE_MAX_DATA);

    memset(data, 'd', STORE_MAX_DATA);
    data[STORE_MAX_DATA - 1] = 'e';
    item.data = data;
    item.len = STORE_MAX_DATA;
    OK(store_item_add(tx, f->alice, &item));
    commit(tx);
    tx = begin(f, STORE_READ);
    got = get_item(tx, f->alice, f->contacts, item.id);
    assert_int_equal(got->len, STORE_MAX_DATA);
    assert_memory_equal(got->data, data, STORE_MAX_DATA);
    roll_back(tx);
    free(data);
}

/* ---- many items -------------------------------------------------------- */

/* Rows as "id id id ", stopping where told. */
typedef struct seen_t {
    char text[400];
    store_id_t stop_at;
    apr_status_t stop_with;
} seen_t;

static apr_status_t see(void *baton, const store_item_t *item)
{
    seen_t *seen = baton;

    sprintf(seen->text + strlen(seen->text), "%d ", (int)item->id);
    return item->id == seen->stop_at ? seen->stop_with : APR_SUCCESS;
}

static void list(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    seen_t all = { "", 0, 0 }, some = { "", 0, 0 }, none = { "", 0, 0 };
    seen_t stop = { "", 3, APR_EGENERAL }, end = { "", 3, APR_EOF };
    int i;

    for (i = 0; i < 6; i++)
        add_item(tx, f->alice, i == 1 ? f->calendar : f->contacts, 0, "x");
    OK(store_item_delete(tx, f->alice, f->contacts, 4, 0, NULL));
    OK(store_item_list(tx, f->alice, f->contacts, 0, 0, see, &all));
    assert_string_equal(all.text, "1 3 5 6 ");
    OK(store_item_list(tx, f->alice, f->contacts, 1, 2, see, &some));
    assert_string_equal(some.text, "3 5 ");
    OK(store_item_list(tx, f->alice, f->contacts, 6, 0, see, &none));
    assert_string_equal(none.text, "");
    EXPECT(APR_EGENERAL, store_item_list(tx, f->alice, f->contacts, 0, 0,
                                         see, &stop));
    assert_string_equal(stop.text, "1 3 ");
    OK(store_item_list(tx, f->alice, f->contacts, 0, 0, see, &end));
    assert_string_equal(end.text, "1 3 ");
    commit(tx);
}

typedef struct nested_t {
    fixture_t *f;
    store_tx_t *tx;
    int inner;
} nested_t;

static apr_status_t nest(void *baton, const store_item_t *item)
{
    nested_t *n = baton;
    store_tx_t *tx = n->tx;
    store_item_t copy = *item;

    /* The same listing inside itself, and a write of the row at hand. */
    OK(store_item_list(tx, n->f->alice, n->f->contacts, 0, 0, count_items,
                       &n->inner));
    OK(store_item_update(tx, n->f->alice, &copy));
    put_map(tx, n->f->phone, n->f->contacts, item->id, NULL, copy.change);
    return APR_SUCCESS;
}

static void callbacks_may_call(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    nested_t n = { f, tx, 0 };
    int i;

    for (i = 0; i < 5; i++)
        add_item(tx, f->alice, f->contacts, 0, "x");
    OK(store_item_list(tx, f->alice, f->contacts, 0, 0, nest, &n));
    assert_int_equal(n.inner, 25);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->change, 10);
    commit(tx);
}

static void match(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    seen_t key = { "", 0, 0 }, free_ones = { "", 0, 0 };
    seen_t uid = { "", 0, 0 }, zero = { "", 0, 0 }, end = { "", 1, APR_EOF };
    store_item_t item = make_item(f->contacts, 0, "x");
    int i;

    for (i = 1; i <= 6; i++) {
        item.key = i == 6 ? 42 : 41;
        item.uid_key = i == 2 || i == 5 ? -9 : 0;
        OK(store_item_add(tx, f->alice, &item));
    }
    item.datastore = f->calendar;
    item.key = 41;
    OK(store_item_add(tx, f->alice, &item));
    OK(store_item_delete(tx, f->alice, f->contacts, 3, 0, NULL));
    put_map(tx, f->phone, f->contacts, 2, "2", 2);
    OK(store_item_match(tx, f->alice, f->contacts, STORE_MATCH_KEY, 41, 0,
                        see, &key));
    assert_string_equal(key.text, "1 2 4 5 ");
    OK(store_item_match(tx, f->alice, f->contacts, STORE_MATCH_KEY, 41,
                        f->phone, see, &free_ones));
    assert_string_equal(free_ones.text, "1 4 5 ");
    OK(store_item_match(tx, f->alice, f->contacts, STORE_MATCH_UID, -9,
                        f->tablet, see, &uid));
    assert_string_equal(uid.text, "2 5 ");
    OK(store_item_match(tx, f->alice, f->contacts, STORE_MATCH_UID, 0, 0,
                        see, &zero));
    assert_string_equal(zero.text, "");
    OK(store_item_match(tx, f->alice, f->contacts, STORE_MATCH_KEY, 41, 0,
                        see, &end));
    assert_string_equal(end.text, "1 ");
    /* Keys follow updates and restores. */
    item.datastore = f->contacts;
    item.key = 43;
    item.id = 1;
    OK(store_item_update(tx, f->alice, &item));
    item.id = 3;
    OK(store_item_restore(tx, f->alice, &item));
    key.text[0] = '\0';
    OK(store_item_match(tx, f->alice, f->contacts, STORE_MATCH_KEY, 43, 0,
                        see, &key));
    assert_string_equal(key.text, "1 3 ");
    commit(tx);
}

/* Keys that differ in their upper half only are different ones. */
static void match_whole_keys(void **state)
{
    static const apr_int64_t keys[] = {
        7, 7 | APR_INT64_C(1) << 36, 7 | APR_INT64_C(1) << 62, -7,
        APR_INT64_MIN | 7
    };
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    int which, i;

    for (i = 0; i < 5; i++) {
        store_item_t item = make_item(f->contacts, 0, "x");

        item.key = item.uid_key = item.near_key = keys[i];
        OK(store_item_add(tx, f->alice, &item));
    }
    for (which = STORE_MATCH_KEY; which <= STORE_MATCH_NEAR; which++) {
        for (i = 0; i < 5; i++) {
            seen_t seen = { "", 0, 0 };

            OK(store_item_match(tx, f->alice, f->contacts, which, keys[i], 0,
                                see, &seen));
            assert_string_equal(seen.text, apr_psprintf(f->p, "%d ", i + 1));
        }
    }
    commit(tx);
}

static void delete_all(void **state)
{
    enum { MANY = 2500 };
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    apr_int64_t count = 9;
    store_datastore_t *ds;
    int i, n = 0;

    for (i = 0; i < MANY; i++)
        add_item(tx, f->alice, f->contacts, 0, "x");
    add_item(tx, f->alice, f->calendar, 0, "stays");
    OK(store_item_delete(tx, f->alice, f->contacts, 5, 0, NULL));
    OK(store_item_delete_all(tx, f->alice, f->contacts, f->phone, &count));
    assert_int_equal(count, MANY - 1);
    commit(tx);
    tx = begin_write(f);
    ds = get_datastore(tx, f->alice, "contacts");
    assert_int_equal(ds->items, 0);
    assert_int_equal(ds->change, 2 * MANY); /* each has its own number */
    OK(store_item_list(tx, f->alice, f->contacts, 0, 0, count_items, &n));
    assert_int_equal(n, 0);
    assert_int_equal(get_item(tx, f->alice, f->contacts, 6)->origin,
                     f->phone);
    assert_int_equal(get_datastore(tx, f->alice, "calendar")->items, 1);
    OK(store_item_delete_all(tx, f->alice, f->contacts, 0, &count));
    assert_int_equal(count, 0);
    commit(tx);
}

static void delete_unmapped(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    apr_int64_t count = 9;
    seen_t left = { "", 0, 0 };
    int i;

    for (i = 0; i < 6; i++)
        add_item(tx, f->alice, f->contacts, 0, "x");
    put_map(tx, f->phone, f->contacts, 2, "2", 2);
    put_map(tx, f->phone, f->contacts, 3, NULL, 3);
    put_map(tx, f->tablet, f->contacts, 4, "4", 4);
    /* 6 came after what the client has seen. */
    OK(store_item_delete_unmapped(tx, f->alice, f->contacts, f->phone, 0, 5,
                                  2, &count));
    assert_int_equal(count, 2);
    OK(store_item_delete_unmapped(tx, f->alice, f->contacts, f->phone, 0, 5,
                                  2, &count));
    assert_int_equal(count, 1);
    OK(store_item_delete_unmapped(tx, f->alice, f->contacts, f->phone, 0, 5,
                                  0, &count));
    assert_int_equal(count, 0);
    OK(store_item_list(tx, f->alice, f->contacts, 0, 0, see, &left));
    assert_string_equal(left.text, "2 3 6 ");
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 3);
    EXPECT(APR_EINVAL, store_item_delete_unmapped(tx, f->alice, f->contacts,
                                                  0, 0, 5, 0, &count));
    commit(tx);
}

/* ---- whose it is ------------------------------------------------------- */

/* Bob with Alice's numbers, and the other way round. */
static void foreign_items(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = add_item(tx, f->alice, f->contacts, 0, "x"), *got;
    apr_int64_t count;

    EXPECT(APR_NOTFOUND, store_item_get(tx, f->bob, f->contacts, 1, &got));
    EXPECT(APR_NOTFOUND, store_item_get(tx, f->bob, f->bobs_contacts, 1,
                                        &got));
    EXPECT(APR_NOTFOUND, store_item_get(tx, f->alice, f->bobs_contacts, 1,
                                        &got));
    EXPECT(APR_NOTFOUND, store_item_get(tx, 4711, f->contacts, 1, &got));
    EXPECT(APR_NOTFOUND, store_item_version(tx, f->bob, f->contacts, 1, 1,
                                            &got));
    EXPECT(APR_NOTFOUND, store_item_update(tx, f->bob, &item));
    EXPECT(APR_NOTFOUND, store_item_restore(tx, f->bob, &item));
    EXPECT(APR_NOTFOUND, store_item_delete(tx, f->bob, f->contacts, 1, 0,
                                           NULL));
    EXPECT(APR_NOTFOUND, store_item_list(tx, f->bob, f->contacts, 0, 0,
                                         count_items, NULL));
    EXPECT(APR_NOTFOUND, store_item_match(tx, f->bob, f->contacts,
                                          STORE_MATCH_KEY, 7, 0,
                                          count_items, NULL));
    EXPECT(APR_NOTFOUND, store_item_match(tx, f->alice, f->contacts,
                                          STORE_MATCH_KEY, 7, f->bobs,
                                          count_items, NULL));
    EXPECT(APR_NOTFOUND, store_item_delete_all(tx, f->bob, f->contacts, 0,
                                               &count));
    EXPECT(APR_NOTFOUND,
           store_item_delete_unmapped(tx, f->bob, f->contacts, f->bobs, 0,
                                      100, 0, &count));
    EXPECT(APR_NOTFOUND,
           store_item_delete_unmapped(tx, f->alice, f->contacts, f->bobs, 0,
                                      100, 0, &count));
    EXPECT(APR_NOTFOUND, store_item_add(tx, f->bob, &item));
    item = make_item(f->contacts, f->bobs, "another's device");
    EXPECT(APR_NOTFOUND, store_item_add(tx, f->alice, &item));
    EXPECT(APR_NOTFOUND, store_item_delete(tx, f->alice, f->contacts, 1,
                                           f->bobs, NULL));
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 1);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->change, 1);
    assert_int_equal(get_datastore(tx, f->bob, "contacts")->change, 0);
    commit(tx);
}

static apr_status_t no_change(void *baton, const store_change_t *c)
{
    return APR_EGENERAL;
}

static apr_status_t no_map(void *baton, const store_map_t *map)
{
    return APR_EGENERAL;
}

static void foreign_devices(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_device_t *d, copy;
    store_map_t map = { .device = f->bobs, .datastore = f->contacts,
                        .item = 1, .luid = "1", .version = 1 }, *m;
    store_anchor_t a = { .device = f->bobs, .datastore = f->contacts }, *pa;
    store_session_t s = { .id = "s", .account = f->alice,
                          .device = f->bobs };
    apr_int64_t count;
    store_id_t settled;

    add_item(tx, f->alice, f->contacts, 0, "x");
    OK(store_device_get(tx, f->bob, f->bobs, &d));
    copy = *d;
    copy.account = f->alice;
    EXPECT(APR_NOTFOUND, store_device_update(tx, &copy));
    EXPECT(APR_NOTFOUND, store_device_get(tx, f->alice, f->bobs, &d));
    EXPECT(APR_NOTFOUND, store_device_delete(tx, f->alice, f->bobs));
    OK(store_device_find(tx, f->alice, "IMEI:1", &d));
    assert_int_equal(d->id, f->phone);
    EXPECT(APR_NOTFOUND, store_map_put(tx, &map));
    EXPECT(APR_NOTFOUND, store_map_by_luid(tx, f->bobs, f->contacts, "1",
                                           &m));
    OK(store_map_list(tx, f->bobs, f->contacts, no_map, NULL));
    EXPECT(APR_NOTFOUND, store_anchor_put(tx, &a));
    EXPECT(APR_NOTFOUND, store_anchor_get(tx, f->bobs, f->contacts, &pa));
    EXPECT(APR_NOTFOUND, store_session_put(tx, &s));
    EXPECT(APR_NOTFOUND, store_changes(tx, f->bob, f->bobs, f->contacts, 0,
                                       9, no_change, NULL));
    EXPECT(APR_NOTFOUND, store_changes(tx, f->alice, f->bobs, f->contacts,
                                       0, 9, no_change, NULL));
    EXPECT(APR_NOTFOUND, store_changes(tx, f->bob, f->phone, f->contacts, 0,
                                       9, no_change, NULL));
    EXPECT(APR_NOTFOUND, store_changes_count(tx, f->bob, f->bobs,
                                             f->contacts, 0, 9, &count));
    EXPECT(APR_NOTFOUND, store_changes_settled(tx, f->bobs, f->contacts, 0,
                                               &settled));
    commit(tx);
}

/* ---- upkeep ------------------------------------------------------------ */

static void gc(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = make_item(f->contacts, 0, "2");
    apr_int64_t removed = 9;
    int i;

    store_set_now(tx, 1000);
    for (i = 1; i <= 4; i++)
        add_item(tx, f->alice, f->contacts, 0, "1");    /* changes 1 to 4 */
    for (i = 1; i <= 4; i++) {                          /* 5 to 8 */
        item.id = i;
        OK(store_item_update(tx, f->alice, &item));
    }
    put_map(tx, f->phone, f->contacts, 1, "1", 1);  /* pins an old text */
    put_map(tx, f->phone, f->contacts, 2, "2", 6);
    put_map(tx, f->phone, f->contacts, 4, "4", 8);
    OK(store_item_delete(tx, f->alice, f->contacts, 3, 0, NULL));
    OK(store_item_delete(tx, f->alice, f->contacts, 4, 0, NULL));
    commit(tx);

    tx = begin_write(f);
    OK(store_gc(tx, 1000, 0, &removed));
    assert_int_equal(removed, 0);       /* nothing is that old */
    OK(store_gc(tx, 1001, 1, &removed));
    assert_int_equal(removed, 3);       /* item 3, its version; one more */
    OK(store_gc(tx, 1001, 0, &removed));
    assert_int_equal(removed, 1);
    assert_version(f, tx, 1, 1, "1");
    assert_version(f, tx, 2, 2, NULL);
    assert_version(f, tx, 2, 6, "2");
    EXPECT(APR_NOTFOUND, store_item_get(tx, f->alice, f->contacts, 3,
                                        &(store_item_t *){ NULL }));
    assert_true(get_item(tx, f->alice, f->contacts, 4)->deleted);
    OK(store_map_delete(tx, f->phone, f->contacts, 4));
    OK(store_map_delete(tx, f->phone, f->contacts, 1));
    OK(store_gc(tx, 1001, 0, &removed));
    assert_int_equal(removed, 2);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 2);
    /* An id is not used again. */
    assert_int_equal(add_item(tx, f->alice, f->contacts, 0, "x").id, 5);
    commit(tx);
}

/* What is read into a pool of the caller's goes with it, and what fails there
 * leaves its words behind. */
static void get_into(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_id_t id = add_item(tx, f->alice, f->contacts, f->phone, "one").id;
    store_item_t *item;
    apr_pool_t *p;

    commit(tx);
    tx = begin(f, STORE_READ);
    apr_pool_create(&p, NULL);
    OK(store_item_get_into(tx, f->alice, f->contacts, id, p, &item));
    assert_int_equal(item->len, 3);
    assert_memory_equal(item->data, "one", 3);
    EXPECT(APR_NOTFOUND, store_item_get_into(tx, f->bob, f->contacts, id, p,
                                             &item));
    EXPECT(APR_NOTFOUND, store_item_get_into(tx, f->alice, f->contacts, 99,
                                             p, &item));
    EXPECT(APR_EINVAL, store_item_get_into(tx, f->alice, f->contacts, 0, p,
                                           &item));
    apr_pool_destroy(p);
    assert_string_not_equal(store_error(tx), "");
    OK(store_item_get(tx, f->alice, f->contacts, id, &item));
    assert_int_equal(item->len, 3);
    assert_memory_equal(item->data, "one", 3);
    roll_back(tx);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(get_into), TEST(add_and_get), TEST(numbering), TEST(update),
        TEST(delete_and_restore), TEST(versions), TEST(limits),
        TEST(largest), TEST(list), TEST(callbacks_may_call), TEST(match),
        TEST(match_whole_keys),
        TEST(delete_all), TEST(delete_unmapped), TEST(foreign_items),
        TEST(foreign_devices), TEST(gc)
    };

    return RUN_BOTH("store items", tests);
}
