/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What the store keeps beyond the present state, over both drivers: former
 * maps, soft-deleted items, archived items, expired sessions; and the keys
 * and settings beside them.
 */
#include "store_fixture.h"

/* ---- former maps ------------------------------------------------------- */

static void former_is(store_tx_t *tx, fixture_t *f, const char *luid,
                      store_id_t item, store_id_t version)
{
    store_id_t i, v;

    OK(store_map_former(tx, f->phone, f->contacts, luid, &i, &v));
    assert_int_equal(i, item);
    assert_int_equal(v, version);
}

static void no_former(store_tx_t *tx, fixture_t *f, const char *luid)
{
    store_id_t i = 9, v = 9;

    EXPECT(APR_NOTFOUND, store_map_former(tx, f->phone, f->contacts, luid,
                                          &i, &v));
    assert_int_equal(i, 0);
    assert_int_equal(v, 0);
}

static void former_maps(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a = add_item(tx, f->alice, f->contacts, 0, "a");
    store_item_t b = add_item(tx, f->alice, f->contacts, 0, "b");
    store_item_t c = add_item(tx, f->alice, f->contacts, 0, "c");
    store_item_t e = add_item(tx, f->alice, f->calendar, 0, "e");
    store_map_t *m;

    put_map(tx, f->phone, f->contacts, a.id, "1", a.change);
    put_map(tx, f->phone, f->contacts, b.id, "2", 0);
    put_map(tx, f->phone, f->contacts, c.id, NULL, c.change);
    put_map(tx, f->phone, f->calendar, e.id, "1", e.change);
    put_map(tx, f->tablet, f->contacts, a.id, "9", a.change);
    OK(store_map_clear(tx, f->phone, f->contacts));
    EXPECT(APR_NOTFOUND, store_map_by_luid(tx, f->phone, f->contacts, "1",
                                           &m));
    former_is(tx, f, "1", a.id, a.change);
    former_is(tx, f, "2", b.id, 0);
    no_former(tx, f, "9");
    /* Other datastores and devices are none of its business. */
    OK(store_map_by_luid(tx, f->phone, f->calendar, "1", &m));
    OK(store_map_by_luid(tx, f->tablet, f->contacts, "9", &m));
    EXPECT(APR_NOTFOUND, store_map_former(tx, f->phone, f->calendar, "1",
                                          &a.id, NULL));
    OK(store_map_forget_former(tx, f->phone, f->contacts));
    no_former(tx, f, "1");
    no_former(tx, f, "2");
    commit(tx);
}

/* A slow sync that breaks off and is begun anew: what the first one had
 * mapped takes the place of the older, the rest is still known. */
static void former_twice(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a = add_item(tx, f->alice, f->contacts, 0, "a");
    store_item_t b = add_item(tx, f->alice, f->contacts, 0, "b");
    store_item_t c = add_item(tx, f->alice, f->contacts, 0, "c");

    put_map(tx, f->phone, f->contacts, a.id, "1", 1);
    put_map(tx, f->phone, f->contacts, b.id, "2", 2);
    OK(store_map_clear(tx, f->phone, f->contacts));
    put_map(tx, f->phone, f->contacts, c.id, "1", 3);   /* LUID used again */
    put_map(tx, f->phone, f->contacts, b.id, "7", 2);   /* item elsewhere */
    OK(store_map_clear(tx, f->phone, f->contacts));
    former_is(tx, f, "1", c.id, 3);
    former_is(tx, f, "7", b.id, 2);
    no_former(tx, f, "2");
    commit(tx);
}

static void former_goes_with_its_device(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a = add_item(tx, f->alice, f->contacts, 0, "a");

    put_map(tx, f->phone, f->contacts, a.id, "1", 1);
    OK(store_map_clear(tx, f->phone, f->contacts));
    OK(store_device_delete(tx, f->alice, f->phone));
    no_former(tx, f, "1");
    commit(tx);
}

/* They hold what maps would hold, until they are too old themselves. */
static void former_and_gc(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a, gone, *got;
    apr_int64_t n;

    store_set_now(tx, 1000);
    a = add_item(tx, f->alice, f->contacts, 0, "first");
    gone = add_item(tx, f->alice, f->contacts, 0, "gone");
    put_map(tx, f->phone, f->contacts, a.id, "1", a.change);
    put_map(tx, f->phone, f->contacts, gone.id, "2", gone.change);
    a.data = "other";
    OK(store_item_update(tx, f->alice, &a));
    OK(store_item_delete(tx, f->alice, f->contacts, gone.id, 0, NULL));
    commit(tx);
    tx = begin_write(f);
    store_set_now(tx, 5000);
    OK(store_map_clear(tx, f->phone, f->contacts));
    OK(store_gc(tx, 4000, 0, &n));
    assert_int_equal(n, 0);
    OK(store_item_version(tx, f->alice, f->contacts, a.id, 1, &got));
    former_is(tx, f, "2", gone.id, gone.change);
    OK(store_gc(tx, 5001, 1, &n));      /* one former map: the rest later */
    assert_true(n >= 1);
    OK(store_gc(tx, 5001, 0, &n));
    no_former(tx, f, "1");
    no_former(tx, f, "2");
    EXPECT(APR_NOTFOUND, store_item_version(tx, f->alice, f->contacts, a.id,
                                            1, &got));
    EXPECT(APR_NOTFOUND, store_item_get(tx, f->alice, f->contacts, gone.id,
                                        &got));
    OK(store_item_get(tx, f->alice, f->contacts, a.id, &got));
    commit(tx);
}

/* ---- soft-deleted ------------------------------------------------------ */

static void put_soft(store_tx_t *tx, fixture_t *f, const store_item_t *item,
                     const char *luid)
{
    store_map_t map = { .device = f->tablet, .datastore = f->contacts,
                        .item = item->id, .luid = luid,
                        .version = item->change, .soft = 1, .retry = 1 };

    OK(store_map_put(tx, &map));
}

static apr_status_t count_change(void *n, const store_change_t *c)
{
    return count_row(n);
}

static void lacks_nothing(store_tx_t *tx, fixture_t *f)
{
    store_datastore_t *ds = get_datastore(tx, f->alice, "contacts");
    store_id_t settled;
    apr_int64_t n;
    int found = 0;

    OK(store_changes(tx, f->alice, f->tablet, f->contacts, 0, ds->change,
                     count_change, &found));
    OK(store_changes_retry(tx, f->alice, f->tablet, f->contacts, 0,
                           ds->change, count_change, &found));
    assert_int_equal(found, 0);
    OK(store_changes_count(tx, f->alice, f->tablet, f->contacts, 0,
                           ds->change, &n));
    assert_int_equal(n, 0);
    OK(store_changes_settled(tx, f->tablet, f->contacts, 0, &settled));
    assert_int_equal(settled, ds->change);
}

static apr_status_t count_due(void *n, const store_due_t *due)
{
    return count_row(n);
}

/* Whatever becomes of it, the device gets nothing and no SMS. */
static void soft_deleted(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a, b;
    apr_array_header_t *dues;
    store_map_t *m;
    apr_int64_t n;
    int listed = 0;

    store_set_now(tx, 1000);
    a = add_item(tx, f->alice, f->contacts, 0, "a");
    b = add_item(tx, f->alice, f->contacts, 0, "b");
    put_soft(tx, f, &a, "1");
    put_soft(tx, f, &b, "2");
    put_synced(tx, f->alice, f->tablet, "contacts", 1000);
    commit(tx);

    tx = begin_write(f);
    store_set_now(tx, 2000);
    lacks_nothing(tx, f);
    a.data = "other";
    OK(store_item_update(tx, f->alice, &a));
    OK(store_item_delete(tx, f->alice, f->contacts, b.id, 0, NULL));
    lacks_nothing(tx, f);
    OK(store_map_by_luid(tx, f->tablet, f->contacts, "1", &m));
    assert_true(m->soft);
    commit(tx);

    tx = begin_write(f);
    OK(store_due_claim(tx, 9000, NULL, NULL, 100, "w", 9, &dues));
    assert_int_equal(dues->nelts, 0);
    OK(store_due_list(tx, 0, count_due, &listed));
    assert_int_equal(listed, 0);        /* the suspicion is gone, too */
    /* With a fresh start it is given again. */
    OK(store_map_clear(tx, f->tablet, f->contacts));
    OK(store_changes_count(tx, f->alice, f->tablet, f->contacts, 0, 99, &n));
    assert_int_equal(n, 1);
    commit(tx);
}

/* A row written anew without the mark is an ordinary one. */
static void soft_no_more(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a = add_item(tx, f->alice, f->contacts, 0, "a");
    apr_int64_t n;

    put_soft(tx, f, &a, "1");
    put_map(tx, f->tablet, f->contacts, a.id, "1", 0);
    OK(store_changes_count(tx, f->alice, f->tablet, f->contacts, 0, 99, &n));
    assert_int_equal(n, 1);
    commit(tx);
}

/* Nobody will ever tell the device that it is deleted, so its row does not
 * hold the item. */
static void soft_and_gc(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a, b, *got;
    store_map_t *m;
    apr_int64_t n;

    store_set_now(tx, 1000);
    a = add_item(tx, f->alice, f->contacts, 0, "a");
    b = add_item(tx, f->alice, f->contacts, 0, "b");
    put_soft(tx, f, &a, "1");
    put_soft(tx, f, &b, "2");
    OK(store_item_delete(tx, f->alice, f->contacts, a.id, 0, NULL));
    OK(store_gc(tx, 2000, 0, &n));
    assert_int_equal(n, 2);
    EXPECT(APR_NOTFOUND, store_item_get(tx, f->alice, f->contacts, a.id,
                                        &got));
    EXPECT(APR_NOTFOUND, store_map_by_luid(tx, f->tablet, f->contacts, "1",
                                           &m));
    OK(store_map_by_luid(tx, f->tablet, f->contacts, "2", &m));
    commit(tx);
}

/* ---- archived ---------------------------------------------------------- */

static apr_status_t keep_item(void *to, const store_item_t *item)
{
    *(store_item_t *)to = *item;
    return APR_SUCCESS;
}

static void archived(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a, b, *got, last = { 0 };
    store_id_t change;
    apr_int64_t n;
    int found = 0;

    store_set_now(tx, 1000);
    a = add_item(tx, f->alice, f->contacts, 0, "a");
    b = add_item(tx, f->alice, f->contacts, 0, "b");
    put_map(tx, f->tablet, f->contacts, a.id, "1", a.change);
    OK(store_item_archive(tx, f->alice, f->contacts, a.id, f->phone,
                          &change));
    assert_int_equal(change, 3);
    EXPECT(APR_NOTFOUND, store_item_archive(tx, f->alice, f->contacts, a.id,
                                            0, NULL));
    EXPECT(APR_NOTFOUND, store_item_archive(tx, f->bob, f->bobs_contacts,
                                            b.id, 0, NULL));
    OK(store_item_delete(tx, f->alice, f->contacts, b.id, 0, NULL));
    OK(store_item_get(tx, f->alice, f->contacts, a.id, &got));
    assert_true(got->deleted && got->archived);
    assert_int_equal(got->origin, f->phone);
    OK(store_item_get(tx, f->alice, f->contacts, b.id, &got));
    assert_true(got->deleted && !got->archived);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 0);
    /* For the devices it is deleted. */
    OK(store_changes_count(tx, f->alice, f->tablet, f->contacts, 2, 99, &n));
    assert_int_equal(n, 1);
    OK(store_map_clear(tx, f->tablet, f->contacts));
    OK(store_map_forget_former(tx, f->tablet, f->contacts));
    OK(store_gc(tx, 9000, 0, &n));
    assert_int_equal(n, 1);     /* b, not a */
    OK(store_item_list_archived(tx, f->alice, f->contacts, 0, 0, keep_item,
                                &last));
    assert_int_equal(last.id, a.id);
    OK(store_item_list_archived(tx, f->alice, f->contacts, a.id, 0,
                                count_items, &found));
    OK(store_item_list_archived(tx, f->alice, f->calendar, 0, 0, count_items,
                                &found));
    OK(store_item_list(tx, f->alice, f->contacts, 0, 0, count_items,
                       &found));
    assert_int_equal(found, 0);
    a.data = "back";
    a.len = 4;
    OK(store_item_restore(tx, f->alice, &a));
    OK(store_item_list_archived(tx, f->alice, f->contacts, 0, 0, count_items,
                                &found));
    assert_int_equal(found, 0);
    OK(store_item_get(tx, f->alice, f->contacts, a.id, &got));
    assert_true(!got->deleted && !got->archived);
    commit(tx);
}

/* ---- keys -------------------------------------------------------------- */

static int matches(store_tx_t *tx, fixture_t *f, int which, apr_int64_t key)
{
    int n = 0;

    OK(store_item_match(tx, f->alice, f->contacts, which, key, 0,
                        count_items, &n));
    return n;
}

static void near_keys(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = make_item(f->contacts, 0, "a"), *got;
    int n = 0;

    item.near_key = 5;
    item.starts = 100;
    item.ends = 200;
    OK(store_item_add(tx, f->alice, &item));
    add_item(tx, f->alice, f->contacts, 0, "none");
    OK(store_item_get(tx, f->alice, f->contacts, item.id, &got));
    assert_int_equal(got->near_key, 5);
    assert_int_equal(got->starts, 100);
    assert_int_equal(got->ends, 200);
    assert_int_equal(matches(tx, f, STORE_MATCH_NEAR, 5), 1);
    assert_int_equal(matches(tx, f, STORE_MATCH_NEAR, 0), 0);
    item.near_key = 6;
    item.starts = item.ends = STORE_WHEN_ALWAYS;
    OK(store_item_update(tx, f->alice, &item));
    assert_int_equal(matches(tx, f, STORE_MATCH_NEAR, 5), 0);
    assert_int_equal(matches(tx, f, STORE_MATCH_NEAR, 6), 1);
    put_map(tx, f->phone, f->contacts, item.id, "1", 1);
    OK(store_item_match(tx, f->alice, f->contacts, STORE_MATCH_NEAR, 6,
                        f->phone, count_items, &n));
    assert_int_equal(n, 0);
    OK(store_item_delete(tx, f->alice, f->contacts, item.id, 0, NULL));
    assert_int_equal(matches(tx, f, STORE_MATCH_NEAR, 6), 0);
    commit(tx);
}

/* New keys are no change of the item. */
static void rekeyed(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t a = add_item(tx, f->alice, f->contacts, 0, "a"), k, *got;

    k = a;
    k.key = 70;
    k.uid_key = 71;
    k.near_key = 72;
    k.starts = 73;
    k.ends = 74;
    k.data = NULL;
    k.len = 0;
    k.type = NULL;
    OK(store_item_rekey(tx, f->alice, &k));
    OK(store_item_get(tx, f->alice, f->contacts, a.id, &got));
    assert_int_equal(got->change, a.change);
    assert_int_equal(got->modified, a.modified);
    assert_memory_equal(got->data, "a", 1);
    assert_int_equal(got->key, 70);
    assert_int_equal(got->uid_key, 71);
    assert_int_equal(got->near_key, 72);
    assert_int_equal(got->starts, 73);
    assert_int_equal(got->ends, 74);
    assert_int_equal(matches(tx, f, STORE_MATCH_NEAR, 72), 1);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->change, 1);
    EXPECT(APR_NOTFOUND, store_item_rekey(tx, f->bob, &k));
    k.change = 99;              /* somebody was faster */
    k.key = 1;
    EXPECT(APR_NOTFOUND, store_item_rekey(tx, f->alice, &k));
    k.change = a.change;
    k.id = 55;
    EXPECT(APR_NOTFOUND, store_item_rekey(tx, f->alice, &k));
    assert_int_equal(matches(tx, f, STORE_MATCH_KEY, 70), 1);
    commit(tx);
}

/* ---- expired sessions -------------------------------------------------- */

static void put_session(store_tx_t *tx, fixture_t *f, const char *id,
                        store_id_t device, apr_time_t expires)
{
    store_session_t s = { .id = id, .account = device ? f->alice : 0,
                          .device = device, .state = id,
                          .state_len = strlen(id), .answer = "answer",
                          .answer_len = 6, .answer_type = "t",
                          .expires = expires };

    memset(s.request_hash, *id, sizeof(s.request_hash));
    OK(store_session_put(tx, &s));
}

static void kept_sessions(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    unsigned char hash[16];
    store_session_t *s;

    memset(hash, 'p', sizeof(hash));
    store_set_now(tx, 1000);
    put_session(tx, f, "older", f->phone, 1500);
    put_session(tx, f, "phone", f->phone, 2000);
    put_session(tx, f, "nobody", 0, 2000);
    OK(store_session_of_device(tx, f->phone, &s));
    assert_string_equal(s->id, "phone");
    assert_int_equal(s->answer_len, 6);
    EXPECT(APR_NOTFOUND, store_session_of_device(tx, f->tablet, &s));
    assert_null(s);
    commit(tx);

    tx = begin_write(f);
    store_set_now(tx, 3000);
    OK(store_session_of_device(tx, f->phone, &s));      /* expired as it is */
    assert_int_equal(s->answer_len, 6);
    OK(store_session_expire(tx, 0, 5000));
    EXPECT(APR_NOTFOUND, store_session_get(tx, "phone", &s));
    OK(store_session_of_device(tx, f->phone, &s));
    assert_string_equal(s->id, "phone");
    assert_int_equal(s->account, f->alice);
    assert_memory_equal(s->state, "phone", 5);
    assert_int_equal(s->expires, 2000);
    assert_int_equal(s->answer_len, 0);
    assert_int_equal(s->request_hash[0], 0);
    store_set_now(tx, 0);       /* not even for one whose clock is behind */
    EXPECT(APR_NOTFOUND, store_session_by_request(tx, hash, &s));
    EXPECT(APR_NOTFOUND, store_session_get(tx, "nobody", &s));
    commit(tx);

    tx = begin_write(f);
    store_set_now(tx, 6600);
    OK(store_session_expire(tx, 0, 5000));      /* the older one goes */
    OK(store_session_of_device(tx, f->phone, &s));
    store_set_now(tx, 7000);
    OK(store_session_expire(tx, 0, 5000));
    EXPECT(APR_NOTFOUND, store_session_of_device(tx, f->phone, &s));
    commit(tx);
}

/* A session that is written again lives again. */
static void session_lives_again(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_session_t *s;

    store_set_now(tx, 3000);
    put_session(tx, f, "phone", f->phone, 2000);
    OK(store_session_expire(tx, 0, 5000));
    put_session(tx, f, "phone", f->phone, 4000);
    OK(store_session_get(tx, "phone", &s));
    store_set_now(tx, 4500);
    OK(store_session_expire(tx, 0, 5000));
    OK(store_session_of_device(tx, f->phone, &s));
    assert_int_equal(s->answer_len, 0);
    OK(store_session_delete_others(tx, f->phone, "new"));
    EXPECT(APR_NOTFOUND, store_session_of_device(tx, f->phone, &s));
    EXPECT(APR_EINVAL, store_session_expire(tx, 0, -1));
    commit(tx);
}

/* ---- settings of devices ----------------------------------------------- */

static apr_status_t join(void *to, const char *name, const char *value)
{
    strcat(strcat(strcat(strcat(to, name), "="), value), " ");
    return APR_SUCCESS;
}

static void device_settings(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    const char *value;
    char all[100] = "";

    EXPECT(APR_NOTFOUND, store_device_setting_get(tx, f->phone, "b",
                                                  &value));
    OK(store_device_setting_set(tx, f->phone, "b", "1"));
    OK(store_device_setting_set(tx, f->phone, "b", "2"));
    OK(store_device_setting_set(tx, f->phone, "a", ""));
    OK(store_device_setting_set(tx, f->phone, "c", "3"));
    OK(store_device_setting_set(tx, f->phone, "c", NULL));
    OK(store_device_setting_set(tx, f->tablet, "b", "4"));
    OK(store_device_setting_get(tx, f->phone, "b", &value));
    assert_string_equal(value, "2");
    OK(store_device_setting_list(tx, f->phone, join, all));
    assert_string_equal(all, "a= b=2 ");
    EXPECT(APR_NOTFOUND, store_device_setting_set(tx, 99, "b", "1"));
    EXPECT(APR_EINVAL, store_device_setting_set(tx, f->phone, "", "1"));
    EXPECT(APR_EINVAL, store_device_setting_set(tx, 0, "b", "1"));
    EXPECT(APR_EINVAL, store_device_setting_list(tx, f->phone, NULL, NULL));
    OK(store_device_delete(tx, f->alice, f->phone));
    EXPECT(APR_NOTFOUND, store_device_setting_get(tx, f->phone, "b",
                                                  &value));
    assert_null(value);
    OK(store_account_delete(tx, f->alice));
    EXPECT(APR_NOTFOUND, store_device_setting_get(tx, f->tablet, "b",
                                                  &value));
    commit(tx);
}

/* ---- devices that do not come any more --------------------------------- */

static void seen(store_tx_t *tx, fixture_t *f, store_id_t device,
                 apr_time_t when)
{
    store_device_t *d;

    OK(store_device_get(tx, f->alice, device, &d));
    d->last_seen = when;
    OK(store_device_update(tx, d));
}

static apr_status_t keep_devid(void *to, const store_device_t *d)
{
    strcat(strcat(to, d->devid), " ");
    return APR_SUCCESS;
}

static void forgotten_devices(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    char who[100] = "";
    store_item_t a;
    store_anchor_t *anchor;
    store_device_t *d;
    store_map_t *m;
    const char *value;
    apr_int64_t n;

    store_set_now(tx, 1000);
    a = add_item(tx, f->alice, f->contacts, 0, "a");
    put_map(tx, f->phone, f->contacts, a.id, "1", a.change);
    put_map(tx, f->tablet, f->contacts, a.id, "1", a.change);
    put_synced(tx, f->alice, f->phone, "contacts", 1000);
    put_synced(tx, f->alice, f->tablet, "contacts", 1000);
    put_session(tx, f, "phone", f->phone, 2000);
    OK(store_device_setting_set(tx, f->phone, "x", "y"));
    seen(tx, f, f->phone, 1000);
    seen(tx, f, f->tablet, 5000);
    OK(store_item_delete(tx, f->alice, f->contacts, a.id, 0, NULL));
    OK(store_device_forget(tx, 1000, 0, keep_devid, who));
    assert_string_equal(who, "");
    OK(store_device_forget(tx, 5000, 0, keep_devid, who));
    assert_string_equal(who, "IMEI:1 ");
    EXPECT(APR_NOTFOUND, store_map_by_luid(tx, f->phone, f->contacts, "1",
                                           &m));
    EXPECT(APR_NOTFOUND, store_anchor_get(tx, f->phone, f->contacts,
                                          &anchor));
    OK(store_map_by_luid(tx, f->tablet, f->contacts, "1", &m));
    OK(store_device_get(tx, f->alice, f->phone, &d));
    assert_string_equal(d->number, "+491701");
    OK(store_device_setting_get(tx, f->phone, "x", &value));
    /* It is told once, and nothing is held for it any more. */
    OK(store_device_forget(tx, 5000, 0, keep_devid, who));
    assert_string_equal(who, "IMEI:1 ");
    OK(store_gc(tx, 9000, 0, &n));
    assert_int_equal(n, 0);
    OK(store_device_forget(tx, 6000, 1, NULL, NULL));
    OK(store_gc(tx, 9000, 0, &n));
    assert_int_equal(n, 1);
    EXPECT(APR_EINVAL, store_device_forget(tx, 6000, -1, NULL, NULL));
    commit(tx);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(former_maps), TEST(former_twice),
        TEST(former_goes_with_its_device), TEST(former_and_gc),
        TEST(soft_deleted), TEST(soft_no_more), TEST(soft_and_gc),
        TEST(archived), TEST(near_keys), TEST(rekeyed), TEST(kept_sessions),
        TEST(session_lives_again), TEST(device_settings),
        TEST(forgotten_devices)
    };

    return RUN_BOTH("store keeping", tests);
}
