/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The store's contract, over both drivers: maps, changes, anchors and
 * sessions, which is what a sync lives on.
 */
#include "store_fixture.h"

/* ---- maps -------------------------------------------------------------- */

static apr_status_t count_maps(void *n, const store_map_t *map)
{
    assert_true(map->device > 0 && map->datastore > 0);
    return count_row(n);
}

static void maps(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_map_t *m;
    int i, n = 0;

    for (i = 0; i < 4; i++)
        add_item(tx, f->alice, f->contacts, 0, "x");
    add_item(tx, f->alice, f->calendar, 0, "event");            /* 5 */
    put_map(tx, f->phone, f->contacts, 1, "a", 1);
    put_map(tx, f->phone, f->contacts, 2, NULL, 2);
    put_map(tx, f->phone, f->contacts, 3, NULL, 3);     /* NULLs differ */
    put_map(tx, f->phone, f->calendar, 5, "a", 1);      /* LUIDs per store */
    put_map(tx, f->tablet, f->contacts, 1, "a", 1);

    OK(store_map_by_luid(tx, f->phone, f->contacts, "a", &m));
    assert_true(m->device == f->phone && m->datastore == f->contacts
                && m->item == 1 && m->version == 1);
    assert_string_equal(m->luid, "a");
    OK(store_map_by_luid(tx, f->phone, f->calendar, "a", &m));
    assert_int_equal(m->item, 5);
    OK(store_map_by_item(tx, f->phone, 2, f->contacts, &m));
    assert_null(m->luid);
    EXPECT(APR_NOTFOUND, store_map_by_item(tx, f->phone, 5, f->contacts,
                                           &m));
    assert_null(m);
    EXPECT(APR_NOTFOUND, store_map_by_luid(tx, f->phone, f->contacts, "A",
                                           &m));
    /* A LUID moves: the phone has used it for another item. */
    put_map(tx, f->phone, f->contacts, 4, "a", 4);
    OK(store_map_by_luid(tx, f->phone, f->contacts, "a", &m));
    assert_int_equal(m->item, 4);
    EXPECT(APR_NOTFOUND, store_map_by_item(tx, f->phone, 1, f->contacts,
                                           &m));
    OK(store_map_by_luid(tx, f->tablet, f->contacts, "a", &m));
    /* Overwrite: the Map command has come, then another version. */
    put_map(tx, f->phone, f->contacts, 2, "b", 7);
    OK(store_map_by_item(tx, f->phone, 2, f->contacts, &m));
    assert_string_equal(m->luid, "b");
    assert_int_equal(m->version, 7);

    OK(store_map_list(tx, f->phone, f->contacts, count_maps, &n));
    assert_int_equal(n, 3);
    OK(store_map_delete(tx, f->phone, f->contacts, 2));
    OK(store_map_delete(tx, f->phone, f->contacts, 2));
    OK(store_map_delete(tx, f->phone, f->contacts, 5)); /* other datastore */
    OK(store_map_clear(tx, f->phone, f->contacts));
    n = 0;
    OK(store_map_list(tx, f->phone, f->contacts, count_maps, &n));
    assert_int_equal(n, 0);
    OK(store_map_by_item(tx, f->phone, 5, f->calendar, &m));
    OK(store_map_by_item(tx, f->tablet, 1, f->contacts, &m));
    commit(tx);
}

static void map_limits(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    char luid[STORE_MAX_LUID + 2];
    store_map_t map = { .device = f->phone, .datastore = f->contacts,
                        .item = 1, .luid = luid, .version = 1 }, *m;

    memset(luid, 'l', sizeof(luid));
    luid[STORE_MAX_LUID + 1] = '\0';
    EXPECT(APR_EINVAL, store_map_put(tx, &map));
    EXPECT(APR_EINVAL, store_map_by_luid(tx, f->phone, f->contacts, luid,
                                         &m));
    luid[STORE_MAX_LUID] = '\0';
    EXPECT(APR_NOTFOUND, store_map_put(tx, &map));      /* no such item */
    add_item(tx, f->alice, f->contacts, 0, "x");
    OK(store_map_put(tx, &map));
    OK(store_map_by_luid(tx, f->phone, f->contacts, luid, &m));
    map.luid = "";
    EXPECT(APR_EINVAL, store_map_put(tx, &map));
    map.luid = "x";
    map.item = 0;
    EXPECT(APR_EINVAL, store_map_put(tx, &map));
    map.item = 1;
    map.datastore = f->calendar;                /* the item is not there */
    EXPECT(APR_NOTFOUND, store_map_put(tx, &map));
    commit(tx);
}

/* ---- changes ----------------------------------------------------------- */

/* "id+" to be added, "id=luid" to be replaced, "id-luid" to be deleted. */
static apr_status_t see_change(void *baton, const store_change_t *c)
{
    char *all = baton;

    assert_true(c->mapped || (!c->luid && c->version == 0));
    assert_int_equal(c->item.len, 1);
    sprintf(all + strlen(all), "%d%s%s ", (int)c->item.id,
            c->item.deleted ? "-" : c->mapped ? "=" : "+",
            c->luid ? c->luid : "");
    return strlen(all) > 60 ? APR_EOF : APR_SUCCESS;
}

/* The same of any length, which is said. */
static apr_status_t see_any(void *baton, const store_change_t *c)
{
    char *all = baton;

    sprintf(all + strlen(all), "%d%s%d ", (int)c->item.id,
            c->item.deleted ? "-" : c->mapped ? "=" : "+", (int)c->item.len);
    return APR_SUCCESS;
}

static void assert_changes(fixture_t *f, store_tx_t *tx, store_id_t device,
                           store_id_t after, store_id_t upto,
                           const char *wanted)
{
    char all[400] = "";
    apr_int64_t count;
    const char *c;
    int n = 0;

    OK(store_changes(tx, f->alice, device, f->contacts, after, upto,
                     see_change, all));
    assert_string_equal(all, wanted);
    for (c = wanted; *c; c++)
        n += *c == ' ';
    OK(store_changes_count(tx, f->alice, device, f->contacts, after, upto,
                           &count));
    assert_int_equal(count, n);
}

static void changes(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = make_item(f->contacts, f->phone, "2");
    store_id_t change, settled;
    int i;

    for (i = 1; i <= 5; i++)
        add_item(tx, f->alice, f->contacts, 0, "1");            /* 1 to 5 */
    assert_changes(f, tx, f->phone, 0, 5, "1+ 2+ 3+ 4+ 5+ ");
    assert_changes(f, tx, f->phone, 2, 4, "3+ 4+ ");
    assert_changes(f, tx, f->phone, 5, 99, "");
    for (i = 1; i <= 4; i++)
        put_map(tx, f->phone, f->contacts, i, apr_itoa(f->p, i), i);
    assert_changes(f, tx, f->phone, 0, 5, "5+ ");

    item.id = 2;
    item.origin = f->tablet;
    OK(store_item_update(tx, f->alice, &item));                 /* 6 */
    OK(store_item_delete(tx, f->alice, f->contacts, 3, 0, &change));
    item.id = 1;
    item.origin = f->phone;
    OK(store_item_update(tx, f->alice, &item));                 /* 8 */
    put_map(tx, f->phone, f->contacts, 1, "1", item.change);
    OK(store_item_delete(tx, f->alice, f->contacts, 4, f->phone, &change));
    OK(store_map_delete(tx, f->phone, f->contacts, 4));         /* 9 */
    add_item(tx, f->alice, f->contacts, f->phone, "1");         /* 10 */
    put_map(tx, f->phone, f->contacts, 6, "6", 10);
    /* In the order of change; nothing of what the phone did itself. */
    assert_changes(f, tx, f->phone, 0, 10, "5+ 2=2 3-3 ");
    assert_changes(f, tx, f->phone, 5, 10, "2=2 3-3 ");
    assert_changes(f, tx, f->tablet, 0, 10, "5+ 2+ 1+ 6+ ");

    OK(store_changes_settled(tx, f->phone, f->contacts, 0, &settled));
    assert_int_equal(settled, 4);
    OK(store_changes_settled(tx, f->phone, f->contacts, 5, &settled));
    assert_int_equal(settled, 5);
    OK(store_changes_settled(tx, f->phone, f->contacts, 7, &settled));
    assert_int_equal(settled, 10);
    OK(store_changes_settled(tx, f->tablet, f->contacts, 10, &settled));
    assert_int_equal(settled, 10);
    /* A slow sync: the maps are cleared and it lacks everything. */
    OK(store_map_clear(tx, f->phone, f->contacts));
    assert_changes(f, tx, f->phone, 0, 10, "5+ 2+ 1+ 6+ ");
    /* A deleted item comes back. */
    item.id = 3;
    item.origin = 0;
    OK(store_item_restore(tx, f->alice, &item));
    assert_changes(f, tx, f->phone, 10, 11, "3+ ");
    commit(tx);
}

static void assert_doubtful(fixture_t *f, store_tx_t *tx, apr_int64_t over,
                            store_id_t after, store_id_t upto,
                            const char *wanted)
{
    char all[400] = "";

    OK(store_changes_doubtful(tx, f->alice, f->phone, f->contacts, after,
                              upto, over, see_any, all));
    assert_string_equal(all, wanted);
}

/* What may be too large, or waits for its Map. */
static void doubtful(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = make_item(f->contacts, 0, "22");
    int i;

    for (i = 1; i <= 9; i++)
        add_item(tx, f->alice, f->contacts, 0, &"123456789"[9 - i]);
    put_map(tx, f->phone, f->contacts, 8, "8", 8);      /* it has that one */
    put_map(tx, f->phone, f->contacts, 2, NULL, 1);
    put_map(tx, f->phone, f->contacts, 3, NULL, 0);
    put_map(tx, f->phone, f->contacts, 7, "7", 3);
    OK(store_item_delete(tx, f->alice, f->contacts, 9, 0, NULL));   /* 10 */
    put_map(tx, f->phone, f->contacts, 9, "9", 9);
    assert_doubtful(f, tx, -1, 0, 99, "2=2 ");
    assert_doubtful(f, tx, 5, 0, 99, "2=2 6+6 7=7 ");
    assert_doubtful(f, tx, 6, 0, 99, "2=2 7=7 ");
    assert_doubtful(f, tx, 7, 0, 99, "2=2 ");
    assert_doubtful(f, tx, 0, 2, 5, "3=3 4+4 5+5 ");
    assert_doubtful(f, tx, 0, 7, 99, "");
    put_map(tx, f->phone, f->contacts, 9, NULL, 9);
    OK(store_item_delete(tx, f->alice, f->contacts, 3, 0, NULL));   /* 11 */
    assert_doubtful(f, tx, -1, 0, 99, "2=2 9-9 3-3 ");
    assert_doubtful(f, tx, 9, 0, 10, "2=2 9-9 ");
    item.id = 2;
    OK(store_item_update(tx, f->alice, &item));                     /* 12 */
    assert_doubtful(f, tx, -1, 11, 12, "2=2 ");
    commit(tx);
    EXPECT(APR_EINVAL, store_changes_doubtful(tx = begin_write(f), 0,
                                              f->phone, f->contacts, 0, 9,
                                              0, see_any, NULL));
    EXPECT(APR_NOTFOUND, store_changes_doubtful(tx, f->bob, f->phone,
                                                f->contacts, 0, 9, 0,
                                                see_any, NULL));
    EXPECT(APR_NOTFOUND, store_changes_doubtful(tx, f->alice, f->bobs,
                                                f->contacts, 0, 9, 0,
                                                see_any, NULL));
    store_rollback(&tx);
}

static void assert_retries(fixture_t *f, store_tx_t *tx, store_id_t after,
                           store_id_t upto, const char *wanted)
{
    char all[400] = "";

    OK(store_changes_retry(tx, f->alice, f->phone, f->contacts, after, upto,
                           see_change, all));
    assert_string_equal(all, wanted);
}

static void put_retry(store_tx_t *tx, fixture_t *f, store_id_t item,
                      const char *luid, store_id_t version)
{
    store_map_t map = { .device = f->phone, .datastore = f->contacts,
                        .item = item, .luid = luid, .version = version,
                        .retry = 1 };

    OK(store_map_put(tx, &map));
}

/* What the phone had no room for comes again, though it is below what the
 * phone has seen. */
static void retries(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_map_t *m;
    int i;

    for (i = 1; i <= 6; i++)
        add_item(tx, f->alice, f->contacts, 0, "1");            /* 1 to 6 */
    put_retry(tx, f, 1, NULL, 0);       /* refused an Add */
    put_retry(tx, f, 2, "two", 1);      /* refused a Replace */
    put_map(tx, f->phone, f->contacts, 3, "three", 3);
    put_retry(tx, f, 4, "four", 4);
    put_retry(tx, f, 5, NULL, 0);
    put_retry(tx, f, 6, NULL, 0);
    OK(store_item_delete(tx, f->alice, f->contacts, 4, 0, NULL));  /* 7 */
    OK(store_item_delete(tx, f->alice, f->contacts, 5, 0, NULL));  /* 8 */
    assert_retries(f, tx, 0, 6, "1= 2=two 6= ");
    assert_retries(f, tx, 0, 8, "1= 2=two 4-four 6= ");
    assert_retries(f, tx, 1, 8, "2=two 4-four 6= ");
    EXPECT(APR_NOTFOUND, store_changes_retry(tx, f->bob, f->phone,
                                             f->contacts, 0, 9, see_change,
                                             NULL));
    EXPECT(APR_NOTFOUND, store_changes_retry(tx, f->alice, f->bobs,
                                             f->contacts, 0, 9, see_change,
                                             NULL));
    OK(store_map_by_item(tx, f->phone, 2, f->contacts, &m));
    assert_true(m->retry);
    put_map(tx, f->phone, f->contacts, 2, "two", 2);    /* now it fitted */
    OK(store_map_by_item(tx, f->phone, 2, f->contacts, &m));
    assert_false(m->retry);
    assert_retries(f, tx, 0, 8, "1= 4-four 6= ");
    commit(tx);
}

typedef struct sender_t {
    fixture_t *f;
    store_tx_t *tx;
    int sent;
} sender_t;

/* What an engine does: note what it sends while it looks, a few at a time. */
static apr_status_t send_one(void *baton, const store_change_t *c)
{
    sender_t *s = baton;

    if (s->sent % 10 == 9) {
        s->sent++;
        return APR_EOF;
    }
    put_map(s->tx, s->f->phone, s->f->contacts, c->item.id, NULL,
            c->item.change);
    s->sent++;
    return APR_SUCCESS;
}

static void changes_in_pieces(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    sender_t s = { f, NULL, 0 };
    apr_int64_t left = 1;
    int i, rounds = 0;

    for (i = 0; i < 45; i++)
        add_item(tx, f->alice, f->contacts, 0, "1");
    commit(tx);
    while (left > 0 && rounds++ < 20) {
        tx = s.tx = begin_write(f);
        OK(store_changes(tx, f->alice, f->phone, f->contacts, 0, 45,
                         send_one, &s));
        OK(store_changes_count(tx, f->alice, f->phone, f->contacts, 0, 45,
                               &left));
        commit(tx);
    }
    assert_int_equal(rounds, 5);        /* nine at a time */
    assert_int_equal(left, 0);
}

/* ---- anchors ----------------------------------------------------------- */

static apr_status_t join_anchors(void *baton, const store_anchor_t *a,
                                 const store_datastore_t *ds)
{
    char *all = baton;

    assert_int_equal(a->datastore, ds->id);
    sprintf(all + strlen(all), "%s:%s:%d:%d ", ds->name, a->last.client,
            (int)ds->change, (int)ds->items);
    return APR_SUCCESS;
}

static void anchors(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_anchor_t a = {
        .device = f->phone, .datastore = f->contacts,
        .last = { "c2", "s2", 17 }, .former = { "c1", "s1", 9 },
        .uri = "./contacts", .content_code = 0x030a, .synced = 99
    }, *got, bare = { .device = f->phone, .datastore = f->calendar };
    char longest[STORE_MAX_ANCHOR + 2], all[200] = "";

    EXPECT(APR_NOTFOUND, store_anchor_get(tx, f->phone, f->contacts, &got));
    OK(store_anchor_put(tx, &a));
    OK(store_anchor_get(tx, f->phone, f->contacts, &got));
    assert_string_equal(got->last.client, "c2");
    assert_string_equal(got->last.server, "s2");
    assert_string_equal(got->former.client, "c1");
    assert_string_equal(got->former.server, "s1");
    assert_string_equal(got->uri, "./contacts");
    assert_true(got->last.seen == 17 && got->former.seen == 9
                && got->content_code == 0x030a && got->synced == 99);
    a.last.client = "c3";
    OK(store_anchor_put(tx, &a));
    OK(store_anchor_put(tx, &bare));
    OK(store_anchor_get(tx, f->phone, f->calendar, &got));
    assert_string_equal(got->last.client, "");
    assert_int_equal(got->synced, 0);
    add_item(tx, f->alice, f->contacts, 0, "x");
    OK(store_anchor_list(tx, f->phone, join_anchors, all));
    assert_string_equal(all, "calendar::0:0 contacts:c3:1:1 ");
    all[0] = '\0';
    OK(store_anchor_list(tx, f->tablet, join_anchors, all));
    assert_string_equal(all, "");

    memset(longest, 'a', sizeof(longest));
    longest[STORE_MAX_ANCHOR + 1] = '\0';
    a.former.server = longest;
    EXPECT(APR_EINVAL, store_anchor_put(tx, &a));
    longest[STORE_MAX_ANCHOR] = '\0';
    OK(store_anchor_put(tx, &a));
    longest[STORE_MAX_ANCHOR] = 'a';
    a.former.server = "";
    a.uri = longest;
    EXPECT(APR_EINVAL, store_anchor_put(tx, &a));
    a.uri = "";
    a.last.seen = -1;
    EXPECT(APR_EINVAL, store_anchor_put(tx, &a));
    commit(tx);
}

/* ---- sessions ---------------------------------------------------------- */

static store_session_t make_session(const char *id, store_id_t account,
                                    store_id_t device, int hash,
                                    apr_time_t expires)
{
    store_session_t s = { .id = id, .account = account, .device = device,
                          .state = "st\0te", .state_len = 5,
                          .answer = "\x02\x00", .answer_len = 2,
                          .answer_type = "application/vnd.syncml+wbxml",
                          .expires = expires };

    memset(s.request_hash, hash, sizeof(s.request_hash));
    return s;
}

static void sessions(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_session_t s = make_session("one", f->alice, f->phone, 0xab, 2000);
    store_session_t anonymous = make_session("two", 0, 0, 0, 2000), *got;

    store_set_now(tx, 1000);
    OK(store_session_put(tx, &s));
    OK(store_session_put(tx, &anonymous));
    commit(tx);
    tx = begin_write(f);
    store_set_now(tx, 1999);
    OK(store_session_get(tx, "one", &got));
    assert_string_equal(got->id, "one");
    assert_true(got->account == f->alice && got->device == f->phone
                && got->expires == 2000);
    assert_int_equal(got->state_len, 5);
    assert_memory_equal(got->state, "st\0te", 5);
    assert_int_equal(got->answer_len, 2);
    assert_memory_equal(got->answer, "\x02\x00", 2);
    assert_string_equal(got->answer_type, s.answer_type);
    assert_memory_equal(got->request_hash, s.request_hash, 16);
    OK(store_session_by_request(tx, s.request_hash, &got));
    assert_string_equal(got->id, "one");
    OK(store_session_get(tx, "two", &got));
    assert_int_equal(got->account, 0);
    /* No hash is not a hash to be found by. */
    EXPECT(APR_NOTFOUND, store_session_by_request(tx, anonymous.request_hash,
                                                  &got));
    assert_null(got);
    EXPECT(APR_NOTFOUND, store_session_get(tx, "three", &got));

    /* The next message: the former request is no longer known. */
    memset(s.request_hash, 0xcd, 16);
    s.state_len = 0;
    s.expires = 3000;
    OK(store_session_put(tx, &s));
    OK(store_session_by_request(tx, s.request_hash, &got));
    assert_int_equal(got->state_len, 0);
    memset(s.request_hash, 0xab, 16);
    EXPECT(APR_NOTFOUND, store_session_by_request(tx, s.request_hash, &got));
    store_set_now(tx, 3000);
    EXPECT(APR_NOTFOUND, store_session_get(tx, "one", &got));
    memset(s.request_hash, 0xcd, 16);
    EXPECT(APR_NOTFOUND, store_session_by_request(tx, s.request_hash, &got));
    store_set_now(tx, 2999);
    OK(store_session_delete(tx, "one"));
    OK(store_session_delete(tx, "one"));
    EXPECT(APR_NOTFOUND, store_session_get(tx, "one", &got));
    commit(tx);
}

/* Of two live sessions with the same first message the newer one counts. */
static void newest_request(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_session_t a = make_session("a", f->alice, f->phone, 1, 50);
    store_session_t b = make_session("b", f->alice, f->phone, 1, 60), *got;

    store_set_now(tx, 10);
    OK(store_session_put(tx, &b));
    OK(store_session_put(tx, &a));
    OK(store_session_by_request(tx, a.request_hash, &got));
    assert_string_equal(got->id, "b");
    a.expires = 60;
    OK(store_session_put(tx, &a));
    OK(store_session_by_request(tx, a.request_hash, &got));
    assert_string_equal(got->id, "a");
    commit(tx);
}

static void session_expiry(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_session_t s, *got;
    int i;

    store_set_now(tx, 1);
    for (i = 0; i < 5; i++) {
        s = make_session(apr_itoa(f->p, i), f->alice, f->phone, i + 1,
                         10 * (i + 1));
        OK(store_session_put(tx, &s));
    }
    store_set_now(tx, 40);      /* 0 to 3 have expired */
    OK(store_session_expire(tx, 3, 0));
    store_set_now(tx, 1);
    EXPECT(APR_NOTFOUND, store_session_get(tx, "2", &got));
    OK(store_session_get(tx, "3", &got));
    store_set_now(tx, 40);
    OK(store_session_expire(tx, 0, 0));
    store_set_now(tx, 1);
    EXPECT(APR_NOTFOUND, store_session_get(tx, "3", &got));
    OK(store_session_get(tx, "4", &got));
    commit(tx);
}

static void other_sessions(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_session_t a = make_session("a", f->alice, f->phone, 1, 50);
    store_session_t b = make_session("b", f->alice, f->phone, 2, 50);
    store_session_t c = make_session("c", f->alice, f->tablet, 3, 50), *got;

    store_set_now(tx, 1);
    OK(store_session_put(tx, &a));
    OK(store_session_put(tx, &b));
    OK(store_session_put(tx, &c));
    OK(store_session_delete_others(tx, f->phone, "b"));
    EXPECT(APR_NOTFOUND, store_session_get(tx, "a", &got));
    OK(store_session_get(tx, "b", &got));
    OK(store_session_get(tx, "c", &got));
    OK(store_session_delete_others(tx, f->phone, NULL));
    EXPECT(APR_NOTFOUND, store_session_get(tx, "b", &got));
    EXPECT(APR_EINVAL, store_session_delete_others(tx, 0, "b"));
    commit(tx);
}

static void session_limits(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    char *large = malloc(STORE_MAX_STATE + 1);
    store_session_t s = make_session("", f->alice, f->phone, 1, 50), *got;

    store_set_now(tx, 1);
    EXPECT(APR_EINVAL, store_session_put(tx, &s));
    s.id = "large";
    memset(large, 's', STORE_MAX_STATE + 1);
    s.state = large;
    s.state_len = STORE_MAX_STATE + 1;
    EXPECT(APR_EINVAL, store_session_put(tx, &s));
    s.state_len = STORE_MAX_STATE;
    OK(store_session_put(tx, &s));
    s.answer = large;
    s.answer_len = STORE_MAX_STATE + 1;
    EXPECT(APR_EINVAL, store_session_put(tx, &s));
    s.answer_len = STORE_MAX_STATE;
    OK(store_session_put(tx, &s));
    OK(store_session_get(tx, "large", &got));
    assert_int_equal(got->state_len, STORE_MAX_STATE);
    assert_memory_equal(got->answer, large, STORE_MAX_STATE);
    s.account = 0;              /* a device, but nobody's */
    EXPECT(APR_EINVAL, store_session_put(tx, &s));
    s.account = f->bob;
    EXPECT(APR_NOTFOUND, store_session_put(tx, &s));
    s.account = 4711;
    s.device = 0;
    EXPECT(APR_NOTFOUND, store_session_put(tx, &s));
    commit(tx);
    free(large);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(maps), TEST(map_limits), TEST(changes), TEST(changes_in_pieces),
        TEST(doubtful), TEST(retries),
        TEST(anchors), TEST(sessions), TEST(newest_request),
        TEST(session_expiry), TEST(other_sessions), TEST(session_limits)
    };

    return RUN_BOTH("store sync", tests);
}
