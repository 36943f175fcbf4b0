/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The store's contract, over both drivers: what push owes.
 */
#include "store_fixture.h"

#define SEC  apr_time_from_sec(1)

/* Both devices of Alice have synced contacts at time 5. */
static int setup_synced(void **state)
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
static int change_at(fixture_t *f, apr_time_t now, store_id_t origin)
{
    store_tx_t *tx = begin_write(f);

    store_set_now(tx, now);
    add_item(tx, f->alice, f->contacts, origin, "x");
    return commit(tx);
}

/* Everything that a device has become, synced at `now`. */
static int sync_at(fixture_t *f, store_id_t device, apr_time_t now)
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

static apr_status_t see_row(void *baton, const store_due_t *due)
{
    rows_t *rows = baton;

    rows->all++;
    if (due->device == rows->device) {
        rows->due = *due;
        rows->due.last_error = apr_pstrdup(rows->p, due->last_error);
        rows->found = 1;
        rows->n_datastores = due->datastores->nelts;
        if (rows->n_datastores)
            rows->first = APR_ARRAY_IDX(due->datastores, 0,
                                        store_due_datastore_t);
    }
    return APR_SUCCESS;
}

static rows_t look(fixture_t *f, store_id_t device)
{
    store_tx_t *tx = begin(f, STORE_READ);
    rows_t rows = { .device = device, .p = f->p };

    OK(store_due_list(tx, 0, see_row, &rows));
    roll_back(tx);
    return rows;
}

static apr_array_header_t *claim(fixture_t *f, apr_time_t now,
                                 apr_interval_time_t quiet,
                                 apr_interval_time_t lease,
                                 const char *owner, int max)
{
    store_tx_t *tx = begin_write(f);
    apr_array_header_t *dues;

    OK(store_due_claim(tx, now, quiet, lease, owner, max, &dues));
    commit(tx);
    return dues;
}

static store_due_t *claim_one(fixture_t *f, apr_time_t now, const char *owner)
{
    apr_array_header_t *dues = claim(f, now, 0, 100, owner, 10);

    assert_int_equal(dues->nelts, 1);
    return APR_ARRAY_IDX(dues, 0, store_due_t *);
}

static apr_status_t sent(fixture_t *f, store_id_t device, const char *owner,
                         apr_time_t not_before)
{
    store_tx_t *tx = begin_write(f);
    apr_status_t rv = store_due_sent(tx, device, owner, not_before);

    commit(tx);
    return rv;
}

static apr_status_t failed(fixture_t *f, store_id_t device, const char *owner,
                           apr_time_t not_before, const char *reason)
{
    store_tx_t *tx = begin_write(f);
    apr_status_t rv = store_due_failed(tx, device, owner, not_before, reason);

    commit(tx);
    return rv;
}

static apr_time_t next(fixture_t *f, apr_interval_time_t quiet)
{
    store_tx_t *tx = begin(f, STORE_READ);
    apr_time_t when = 1;

    OK(store_due_next(tx, quiet, &when));
    roll_back(tx);
    return when;
}

/* ---- deriving ---------------------------------------------------------- */

static void others_owe(void **state)
{
    fixture_t *f = *state;
    rows_t rows;

    assert_int_equal(change_at(f, 100, f->phone), 1);
    rows = look(f, f->tablet);
    assert_int_equal(rows.all, 1);      /* not the phone that did it */
    assert_true(rows.found);
    assert_int_equal(rows.due.account, f->alice);
    assert_int_equal(rows.due.state, STORE_DUE_WAITING);
    assert_true(rows.due.first_change == 100 && rows.due.last_change == 100);
    assert_true(rows.due.attempts == 0 && rows.due.unanswered == 0
                && rows.due.not_before == 0 && rows.due.leased_until == 0);
    assert_int_equal(rows.n_datastores, 1);
    assert_string_equal(rows.first.name, "contacts");
    assert_string_equal(rows.first.uri, "./contacts");
    assert_int_equal(rows.first.content_code, 6);
    assert_int_equal(rows.first.change, 2);
    assert_int_equal(change_at(f, 101, 0), 1);  /* the server: both */
    assert_int_equal(look(f, f->phone).all, 2);
}

static void a_thousand_edits(void **state)
{
    fixture_t *f = *state;
    rows_t rows;
    int i;

    for (i = 0; i < 1000; i++)
        assert_int_equal(change_at(f, 100 + i, f->phone), 1);
    rows = look(f, f->tablet);
    assert_int_equal(rows.all, 1);
    assert_true(rows.due.first_change == 100
                && rows.due.last_change == 1099);
    assert_int_equal(claim(f, 2000, 0, 100, "w", 10)->nelts, 1);
    assert_int_equal(claim(f, 2000, 0, 100, "w", 10)->nelts, 0);
}

/* Push off, no number, never synced, another account: nothing is owed. */
static void who_owes_nothing(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_device_t d = { .account = f->alice, .devid = "off", .push = 0,
                         .number = "+49" };
    store_device_t e = { .account = f->alice, .devid = "none", .push = 1 };
    store_anchor_t begun = { .device = 0, .datastore = f->contacts };

    OK(store_device_add(tx, &d));
    OK(store_device_add(tx, &e));
    store_set_now(tx, 6);
    put_synced(tx, f->alice, d.id, "contacts", 6);
    put_synced(tx, f->alice, e.id, "contacts", 6);
    put_synced(tx, f->bob, f->bobs, "contacts", 6);
    begun.device = add_device(tx, f->alice, "begun", "+49");
    OK(store_anchor_put(tx, &begun));   /* its first sync has not ended */
    commit(tx);
    assert_int_equal(change_at(f, 100, f->phone), 1);
    assert_int_equal(look(f, f->tablet).all, 1);
    assert_true(look(f, f->tablet).found);
    /* A datastore that nobody syncs. */
    tx = begin_write(f);
    OK(store_device_delete(tx, f->alice, f->tablet));
    add_item(tx, f->alice, f->calendar, f->phone, "x");
    assert_int_equal(commit(tx), 0);
    assert_int_equal(look(f, f->phone).all, 0);
}

static void every_kind_of_change(void **state)
{
    fixture_t *f = *state;
    store_item_t item = make_item(f->contacts, f->phone, "x");
    store_tx_t *tx;
    int i;

    for (i = 0; i < 4; i++) {
        tx = begin_write(f);
        store_set_now(tx, 100 + i);
        item.id = 1;
        if (i == 0)
            OK(store_item_update(tx, f->alice, &item));
        else if (i == 1)
            OK(store_item_delete(tx, f->alice, f->contacts, 1, f->phone,
                                 NULL));
        else if (i == 2)
            OK(store_item_restore(tx, f->alice, &item));
        else
            OK(store_item_delete_all(tx, f->alice, f->contacts, f->phone,
                                     NULL));
        assert_int_equal(commit(tx), 1);
        assert_int_equal(look(f, f->tablet).due.last_change, 100 + i);
        assert_int_equal(look(f, f->tablet).all, 1);
    }
}

static void two_origins_in_one_transaction(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);

    add_item(tx, f->alice, f->contacts, f->phone, "x");
    add_item(tx, f->alice, f->contacts, f->tablet, "y");
    assert_int_equal(commit(tx), 1);
    assert_int_equal(look(f, f->phone).all, 2);
}

static void rollback_owes_nothing(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);

    add_item(tx, f->alice, f->contacts, f->phone, "x");
    roll_back(tx);
    assert_int_equal(look(f, f->tablet).all, 0);
}

/* ---- claiming ---------------------------------------------------------- */

static void claim_and_lease(void **state)
{
    fixture_t *f = *state;
    store_due_t *due;

    change_at(f, 100, f->phone);
    /* Not before it has been quiet. */
    assert_int_equal(claim(f, 109, 10, 50, "w1", 10)->nelts, 0);
    due = APR_ARRAY_IDX(claim(f, 110, 10, 50, "w1", 10), 0, store_due_t *);
    assert_int_equal(due->device, f->tablet);
    assert_string_equal(due->account_name, "alice");
    assert_string_equal(due->devid, "IMEI:2");
    assert_string_equal(due->number, "+491702");
    assert_string_equal(due->syncml_version, "1.2");
    assert_string_equal(due->model, "N70");
    assert_string_equal(due->last_error, "");
    assert_int_equal(due->san_session, 1);
    assert_int_equal(due->leased_until, 160);
    assert_int_equal(due->datastores->nelts, 1);
    assert_int_equal(claim(f, 159, 10, 50, "w2", 10)->nelts, 0);
    /* The lease has run out: another worker takes over ... */
    due = APR_ARRAY_IDX(claim(f, 160, 10, 50, "w2", 10), 0, store_due_t *);
    assert_int_equal(due->san_session, 2);
    /* ... and what the first one reports is nobody's business any more. */
    expect_at(APR_NOTFOUND, sent(f, f->tablet, "w1", 500), "", __FILE__,
              __LINE__);
    expect_at(APR_NOTFOUND, failed(f, f->tablet, "w1", 500, "x"), "",
              __FILE__, __LINE__);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_WAITING);
    expect_at(APR_SUCCESS, sent(f, f->tablet, "w2", 500), "", __FILE__,
              __LINE__);
    assert_int_equal(look(f, f->tablet).due.leased_until, 0);
    expect_at(APR_NOTFOUND, sent(f, f->tablet, "w2", 500), "", __FILE__,
              __LINE__);
}

static void claim_limits(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    apr_array_header_t *dues, *a, *b;
    int i;

    for (i = 0; i < 10; i++) {
        store_id_t id = add_device(tx, f->alice, apr_itoa(f->p, i), "+49");

        store_set_now(tx, 6);
        put_synced(tx, f->alice, id, "contacts", 6);
    }
    commit(tx);
    change_at(f, 100, 0);
    a = claim(f, 200, 0, 50, "w1", 5);
    b = claim(f, 200, 0, 50, "w2", 100);
    assert_int_equal(a->nelts, 5);
    assert_int_equal(b->nelts, 7);
    tx = begin_write(f);
    EXPECT(APR_EINVAL, store_due_claim(tx, 1, 0, 1, "w", 0, &dues));
    EXPECT(APR_EINVAL, store_due_claim(tx, 1, 0, 0, "w", 1, &dues));
    EXPECT(APR_EINVAL, store_due_claim(tx, 1, 0, 1, "", 1, &dues));
    EXPECT(APR_EINVAL, store_due_claim(tx, 1, -1, 1, "w", 1, &dues));
    commit(tx);
    tx = begin(f, STORE_READ);
    EXPECT(APR_EINVAL, store_due_claim(tx, 1, 0, 1, "w", 1, &dues));
    roll_back(tx);
}

/* The change was undone before anybody was told, or the device got it in
 * another way: the row goes at the claim. */
static void undone_owes_nothing(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;

    change_at(f, 100, f->phone);                        /* item 2 */
    assert_int_equal(look(f, f->tablet).n_datastores, 1);
    tx = begin_write(f);
    OK(store_item_delete(tx, f->alice, f->contacts, 2, f->phone, NULL));
    commit(tx);
    assert_int_equal(look(f, f->tablet).n_datastores, 0);
    assert_int_equal(claim(f, apr_time_now() + SEC, 0, 50, "w", 10)->nelts,
                     0);
    assert_int_equal(look(f, f->tablet).all, 0);
    /* Rows that go do not use up the claim's number. */
    change_at(f, 100, f->phone);
    tx = begin_write(f);
    put_map(tx, f->tablet, f->contacts, 3, "3", 4);
    add_item(tx, f->alice, f->contacts, f->tablet, "for the phone");
    commit(tx);
    assert_int_equal(claim(f, apr_time_now() + SEC, 0, 50, "w", 1)->nelts, 1);
    assert_int_equal(look(f, f->phone).all, 1);
    assert_true(look(f, f->phone).found);
}

/* The number was taken away without a refresh. */
static void not_to_be_pushed_any_more(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    store_device_t *d;

    change_at(f, 100, f->phone);
    tx = begin_write(f);
    OK(store_device_get(tx, f->alice, f->tablet, &d));
    d->number = "";
    OK(store_device_update(tx, d));
    commit(tx);
    assert_int_equal(claim(f, 200, 0, 50, "w", 10)->nelts, 0);
    assert_int_equal(look(f, f->tablet).all, 0);
}

/* ---- telling ----------------------------------------------------------- */

static void sent_waits_for_the_device(void **state)
{
    fixture_t *f = *state;
    rows_t rows;

    change_at(f, 100, f->phone);
    claim_one(f, 200, "w");
    sent(f, f->tablet, "w", 1000);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.state, STORE_DUE_SENT);
    assert_true(rows.due.unanswered == 1 && rows.due.not_before == 1000);
    /* Another change: remembered, but nothing more is sent yet. */
    assert_int_equal(change_at(f, 300, f->phone), 0);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.state, STORE_DUE_SENT);
    assert_true(rows.due.last_change == 300 && rows.due.not_before == 1000);
    assert_int_equal(claim(f, 999, 0, 50, "w", 10)->nelts, 0);
    assert_int_equal(next(f, 0), 1000);
    claim_one(f, 1000, "w");    /* the back-off is over */
    sent(f, f->tablet, "w", 5000);
    assert_int_equal(look(f, f->tablet).due.unanswered, 2);
    /* It syncs: told again at the next change. */
    assert_int_equal(sync_at(f, f->tablet, 2000), 0);
    assert_int_equal(look(f, f->tablet).all, 0);
    assert_int_equal(change_at(f, 2100, f->phone), 1);
    rows = look(f, f->tablet);
    assert_true(rows.due.unanswered == 0 && rows.due.not_before == 0);
    claim_one(f, 2100, "w");
}

static void suspended(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;

    change_at(f, 100, f->phone);
    claim_one(f, 200, "w");
    sent(f, f->tablet, "w", 0);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_SUSPENDED);
    assert_int_equal(next(f, 0), 0);
    assert_int_equal(claim(f, 900000, 0, 50, "w", 10)->nelts, 0);
    assert_int_equal(change_at(f, 300, f->phone), 0);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_SUSPENDED);
    /* A new number is a new beginning. */
    tx = begin_write(f);
    OK(store_due_refresh(tx, f->tablet));
    assert_int_equal(commit(tx), 1);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_WAITING);
    claim_one(f, 400, "w");
    expect_at(APR_SUCCESS, failed(f, f->tablet, "w", 0, "no such number"), "",
              __FILE__, __LINE__);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_SUSPENDED);
    assert_string_equal(look(f, f->tablet).due.last_error, "no such number");
    assert_int_equal(sync_at(f, f->tablet, 500), 0);
    assert_int_equal(look(f, f->tablet).all, 0);
}

static void failed_is_tried_again(void **state)
{
    fixture_t *f = *state;
    char *reason = apr_pcalloc(f->p, 4001);
    rows_t rows;
    int i;

    change_at(f, 100, f->phone);
    for (i = 1; i <= 3; i++) {
        store_due_t *due = claim_one(f, i * 1000, "w");

        assert_int_equal(due->attempts, i - 1);
        failed(f, f->tablet, "w", (i + 1) * 1000, "503");
        rows = look(f, f->tablet);
        assert_int_equal(rows.due.state, STORE_DUE_WAITING);
        assert_true(rows.due.attempts == i && rows.due.unanswered == 0);
        assert_string_equal(rows.due.last_error, "503");
        assert_int_equal(next(f, 0), (i + 1) * 1000);
    }
    assert_string_equal(claim_one(f, 4000, "w")->last_error, "503");
    sent(f, f->tablet, "w", 9000);
    rows = look(f, f->tablet);
    assert_true(rows.due.attempts == 0 && rows.due.unanswered == 1);
    assert_string_equal(rows.due.last_error, "");
    /* A long reason is cut between characters. */
    claim_one(f, 9000, "w");
    for (i = 0; i < 4000; i += 2)
        memcpy(reason + i, "\xc3\xa4", 2);
    reason[0] = 'a';
    reason[1] = 'b';
    failed(f, f->tablet, "w", 9500, reason + 1);
    assert_int_equal(strlen(look(f, f->tablet).due.last_error), 999);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_SENT);
}

static void release(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;

    change_at(f, 100, 0);
    assert_int_equal(claim(f, 200, 0, 1000, "w1", 1)->nelts, 1);
    assert_int_equal(claim(f, 200, 0, 1000, "w2", 1)->nelts, 1);
    tx = begin_write(f);
    OK(store_due_release(tx, "w1"));
    OK(store_due_release(tx, "w3"));
    EXPECT(APR_EINVAL, store_due_release(tx, ""));
    commit(tx);
    assert_int_equal(claim(f, 201, 0, 1000, "w3", 10)->nelts, 1);
}

static void next_time(void **state)
{
    fixture_t *f = *state;

    assert_int_equal(next(f, 10), 0);
    change_at(f, 100, f->phone);
    assert_int_equal(next(f, 0), 100);
    assert_int_equal(next(f, 10), 110);
    claim(f, 200, 0, 1000, "w", 10);
    assert_int_equal(next(f, 10), 1200);        /* the lease's end */
    change_at(f, 300, f->tablet);               /* now the phone too */
    assert_int_equal(next(f, 10), 310);
    assert_int_equal(next(f, 5000), 5100);
    failed(f, f->tablet, "w", 250, "x");
    assert_int_equal(next(f, 0), 250);
    assert_int_equal(next(f, 100), 250);        /* 100 + 100 < 250 */
    assert_int_equal(next(f, 160), 260);
}

/* ---- syncing ----------------------------------------------------------- */

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
    assert_int_equal(look(f, id).due.first_change, 200);
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

static void refresh(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_device_t d = { .account = f->alice, .devid = "late" }, *got;

    OK(store_device_add(tx, &d));
    store_set_now(tx, 6);
    put_synced(tx, f->alice, d.id, "contacts", 6);
    commit(tx);
    change_at(f, 100, 0);
    assert_false(look(f, d.id).found);
    tx = begin_write(f);        /* somebody gives it a number */
    OK(store_device_get(tx, f->alice, d.id, &got));
    got->number = "+491";
    got->push = 1;
    OK(store_device_update(tx, got));
    OK(store_due_refresh(tx, d.id));
    assert_int_equal(commit(tx), 1);
    assert_true(look(f, d.id).found);
    tx = begin_write(f);        /* and takes it away */
    got->push = 0;
    OK(store_device_update(tx, got));
    OK(store_due_refresh(tx, d.id));
    EXPECT(APR_NOTFOUND, store_due_refresh(tx, 4711));
    assert_int_equal(commit(tx), 0);
    assert_false(look(f, d.id).found);
    /* In the same transaction as the change. */
    tx = begin_write(f);
    got->push = 1;
    OK(store_device_update(tx, got));
    add_item(tx, f->alice, f->contacts, 0, "x");
    OK(store_due_refresh(tx, d.id));
    commit(tx);
    assert_true(look(f, d.id).found);
}

static void san_sessions_never_zero(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    apr_array_header_t *dues;
    int i, session = 0;

    change_at(f, 100, f->phone);
    tx = begin_write(f);
    for (i = 1; i <= 65537; i++) {
        OK(store_due_claim(tx, 200 + i, 0, 1, "w", 1, &dues));
        assert_int_equal(dues->nelts, 1);
        session = APR_ARRAY_IDX(dues, 0, store_due_t *)->san_session;
        assert_int_equal(session, (i - 1) % 65535 + 1);
    }
    commit(tx);
    assert_int_equal(session, 2);
    /* Kept when the row goes, and over its end. */
    sync_at(f, f->tablet, 300000);
    change_at(f, 300001, f->phone);
    assert_int_equal(claim_one(f, 400000, "w")->san_session, 3);
}

static void listing(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    rows_t rows = { .device = 0 };

    store_set_now(tx, 6);
    put_synced(tx, f->bob, f->bobs, "contacts", 6);
    commit(tx);
    tx = begin_write(f);
    add_item(tx, f->bob, f->bobs_contacts, 0, "x");
    add_item(tx, f->alice, f->contacts, f->phone, "x");
    commit(tx);
    tx = begin(f, STORE_READ);
    OK(store_due_list(tx, f->bob, see_row, &rows));
    assert_int_equal(rows.all, 1);
    OK(store_due_list(tx, 0, see_row, &rows));
    assert_int_equal(rows.all, 3);
    roll_back(tx);
}

#define SYNCED(F)  { #F, F, setup_synced }

int main(void)
{
    static const test_entry_t tests[] = {
        SYNCED(others_owe), SYNCED(a_thousand_edits),
        SYNCED(who_owes_nothing), SYNCED(every_kind_of_change),
        SYNCED(two_origins_in_one_transaction),
        SYNCED(rollback_owes_nothing), SYNCED(claim_and_lease),
        SYNCED(claim_limits), SYNCED(undone_owes_nothing),
        SYNCED(not_to_be_pushed_any_more),
        SYNCED(sent_waits_for_the_device), SYNCED(suspended),
        SYNCED(failed_is_tried_again), SYNCED(release), SYNCED(next_time),
        SYNCED(sync_that_saw_not_all), SYNCED(own_changes_above_seen),
        SYNCED(one_notice_for_two_datastores),
        SYNCED(change_during_the_first_sync), SYNCED(anchor_in_the_middle),
        SYNCED(refresh), SYNCED(san_sessions_never_zero), SYNCED(listing)
    };

    return RUN_BOTH("store dues", tests);
}
