/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What push owes: deriving, claiming, telling; over both drivers. */
#include "store_dues.h"

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
    EXPECT(APR_EINVAL, store_due_claim(tx, 1, NULL, NULL, 1, "w", 0, &dues));
    EXPECT(APR_EINVAL, store_due_claim(tx, 1, NULL, NULL, 0, "w", 1, &dues));
    EXPECT(APR_EINVAL, store_due_claim(tx, 1, NULL, NULL, 1, "", 1, &dues));
    EXPECT(APR_EINVAL, store_due_claim(tx, 0, NULL, NULL, 1, "w", 1, &dues));
    commit(tx);
    tx = begin(f, STORE_READ);
    EXPECT(APR_EINVAL, store_due_claim(tx, 1, NULL, NULL, 1, "w", 1, &dues));
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
    assert_int_equal(next(f), 1000);
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
    assert_int_equal(next(f), 0);
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
        assert_int_equal(next(f), (i + 1) * 1000);
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

    assert_int_equal(next(f), 0);
    change_at(f, 100, f->phone);
    assert_int_equal(next(f), 1);               /* to be planned */
    assert_int_equal(claim(f, 100, 10, 1000, "w", 10)->nelts, 0);
    assert_int_equal(next(f), 110);             /* planned */
    assert_int_equal(look(f, f->tablet).due.planned, 110);
    /* More changes do not move the plan: it is made anew when its time has
     * come. */
    assert_int_equal(change_at(f, 108, f->phone), 0);
    assert_int_equal(next(f), 110);
    assert_int_equal(claim(f, 110, 10, 1000, "w", 10)->nelts, 0);
    assert_int_equal(next(f), 118);
    assert_int_equal(claim(f, 118, 10, 1000, "w", 10)->nelts, 1);
    assert_int_equal(next(f), 1118);            /* the lease's end */
    change_at(f, 300, f->tablet);               /* now the phone too */
    assert_int_equal(next(f), 1);
    assert_int_equal(claim(f, 300, 5000, 1000, "w", 10)->nelts, 0);
    assert_int_equal(next(f), 1118);
    failed(f, f->tablet, "w", 250, "x");
    assert_int_equal(next(f), 250);
}

/* ---- the rest ---------------------------------------------------------- */

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
        OK(store_due_claim(tx, 200 + i, NULL, NULL, 1, "w", 1, &dues));
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
    store_due_t *due;

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
    OK(store_due_get(tx, f->tablet, &due));
    assert_int_equal(due->device, f->tablet);
    assert_int_equal(due->account, f->alice);
    assert_int_equal(due->datastores->nelts, 0);
    EXPECT(APR_NOTFOUND, store_due_get(tx, 4711, &due));
    EXPECT(APR_EINVAL, store_due_get(tx, 0, &due));
    roll_back(tx);
}

/* A row that no gateway had room for: as if it had not been claimed. */
static void later(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    rows_t rows;

    change_at(f, 10, f->phone);
    claim_one(f, 20, "w");
    tx = begin_write(f);
    EXPECT(APR_NOTFOUND, store_due_later(tx, f->tablet, "other", 50));
    EXPECT(APR_EINVAL, store_due_later(tx, f->tablet, "w", 0));
    OK(store_due_later(tx, f->tablet, "w", 50));
    commit(tx);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.state, STORE_DUE_WAITING);
    assert_int_equal(rows.due.attempts, 0);
    assert_int_equal(rows.due.leased_until, 0);
    assert_int_equal(rows.due.not_before, 0);
    assert_int_equal(next(f), 50);
    assert_int_equal(claim(f, 49, 0, 100, "w", 10)->nelts, 0);
    assert_int_equal(claim_one(f, 50, "v")->device, f->tablet);
}

/* The network gives the message up: only if it is the latest. */
static void undelivered(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    rows_t rows;

    change_at(f, 10, f->phone);
    claim_one(f, 20, "w");
    tx = begin_write(f);
    EXPECT(APR_NOTFOUND, store_due_undelivered(tx, f->tablet, 0, 30, "x"));
    OK(store_due_sent(tx, f->tablet, "w", 500));
    EXPECT(APR_NOTFOUND, store_due_undelivered(tx, f->tablet, 400, 30, "x"));
    OK(store_due_undelivered(tx, f->tablet, 500, 30, "centre full"));
    commit(tx);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.state, STORE_DUE_SENT);
    assert_int_equal(rows.due.unanswered, 1);
    assert_string_equal(rows.due.last_error, "centre full");
    assert_int_equal(next(f), 30);
    claim_one(f, 30, "w");
    tx = begin_write(f);
    EXPECT(APR_NOTFOUND, store_due_undelivered(tx, f->tablet, 30, 0, "x"));
    OK(store_due_sent(tx, f->tablet, "w", 600));
    OK(store_due_undelivered(tx, f->tablet, 600, 0, "no such number"));
    commit(tx);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.state, STORE_DUE_SUSPENDED);
    assert_int_equal(next(f), 0);
}

static apr_status_t take_three(void *baton, store_tx_t *tx,
                               const store_due_t *due, apr_time_t now,
                               store_plan_t *plan)
{
    *(int *)baton += due->leased_until != 0;
    plan->parts = 3;
    return APR_SUCCESS;
}

static int leased(fixture_t *f, store_use_e scope, store_id_t id,
                  apr_time_t now)
{
    store_tx_t *tx = begin_write(f);
    store_use_t use;

    OK(store_push_use(tx, scope, id, now, &use));
    store_rollback(&tx);
    return use.leased;
}

/* What others have claimed counts in SMS, as long as the lease holds; and a
 * lease that has run out is seen by the rules. */
static void parts_of_leases(void **state)
{
    fixture_t *f = *state;
    apr_array_header_t *dues;
    int lost = 0;
    store_tx_t *tx;

    change_at(f, 100, 0);            /* owed by both */
    assert_int_equal(claim(f, 101, 0, 10, "w", 1)->nelts, 1);
    tx = begin_write(f);
    OK(store_due_claim(tx, 101, take_three, &lost, 20, "v", 9, &dues));
    commit(tx);
    assert_int_equal(dues->nelts, 1);
    assert_int_equal(lost, 0);
    assert_int_equal(leased(f, STORE_USE_SERVER, 0, 102), 4);
    assert_int_equal(leased(f, STORE_USE_ACCOUNT, f->alice, 102), 4);
    assert_int_equal(leased(f, STORE_USE_DEVICE, APR_ARRAY_IDX(dues, 0,
                            store_due_t *)->device, 102), 3);
    assert_int_equal(leased(f, STORE_USE_SERVER, 0, 115), 3);
    tx = begin_write(f);
    OK(store_due_claim(tx, 125, take_three, &lost, 20, "x", 9, &dues));
    commit(tx);
    assert_int_equal(dues->nelts, 2);
    assert_int_equal(lost, 2);
    tx = begin_write(f);
    OK(store_due_release(tx, "x"));
    commit(tx);
    assert_int_equal(leased(f, STORE_USE_SERVER, 0, 126), 0);
}

/* A lease may be gone before the result is there: the device has synced, or the
 * worker was killed.  It counts until the push log has the result. */
static void parts_without_a_lease(void **state)
{
    fixture_t *f = *state;
    store_push_log_t e = { .account = f->alice, .devid = "", .time = 101,
        .event = STORE_PUSH_SENDING, .reason = "", .transport = "",
        .number = "", .datastores = "", .answer = "", .message_id = "",
        .token = "t1", .parts = 3 };
    apr_array_header_t *dues;
    int lost = 0;
    store_tx_t *tx;

    change_at(f, 100, 0);
    tx = begin_write(f);
    OK(store_due_claim(tx, 101, take_three, &lost, 20, "v", 1, &dues));
    e.device = APR_ARRAY_IDX(dues, 0, store_due_t *)->device;
    OK(store_push_log_add(tx, &e));
    commit(tx);
    assert_int_equal(leased(f, STORE_USE_SERVER, 0, 102), 3);   /* not six */
    assert_int_equal(leased(f, STORE_USE_SERVER, 0, 130), 3);   /* it is over */
    assert_int_equal(leased(f, STORE_USE_ACCOUNT, f->alice, 130), 3);
    assert_int_equal(leased(f, STORE_USE_ACCOUNT, f->alice + 77, 130), 0);
    assert_int_equal(leased(f, STORE_USE_DEVICE, e.device, 130), 3);
    tx = begin_write(f);
    OK(store_due_release(tx, "v"));
    commit(tx);
    assert_int_equal(leased(f, STORE_USE_DEVICE, e.device, 102), 3);
    tx = begin_write(f);
    e.event = STORE_PUSH_SENT;
    OK(store_push_log_result(tx, &e));
    commit(tx);
    assert_int_equal(leased(f, STORE_USE_SERVER, 0, 102), 0);
}

/* Alice has very many devices, others have one: theirs are not the last. */
static void accounts_take_turns(void **state)
{
    fixture_t *f = *state;
    store_id_t crowd[40], others[3], stores[3], accounts[3];
    store_tx_t *tx = begin_write(f);
    apr_time_t now;
    int i, k, seen = 0, n = 0;

    store_set_now(tx, 5);
    for (i = 0; i < 40; i++) {
        crowd[i] = add_device(tx, f->alice, apr_psprintf(f->p, "c%d", i),
                              "+491704");
        put_synced(tx, f->alice, crowd[i], "contacts", 5);
    }
    for (i = 0; i < 3; i++) {
        store_id_t account;

        OK(store_account_add(tx, apr_psprintf(f->p, "other%d", i), "x",
                             &account));
        others[i] = add_device(tx, account, "o", "+491705");
        stores[i] = open_datastore(tx, account, "contacts");
        put_synced(tx, account, others[i], "contacts", 5);
        accounts[i] = account;
    }
    commit(tx);
    tx = begin_write(f);
    store_set_now(tx, 20);              /* after all of Alice's */
    for (i = 0; i < 3; i++)
        add_item(tx, accounts[i], stores[i], 0, "x");
    commit(tx);
    change_at(f, 10, f->phone);
    for (now = 100; now < 120 && seen < 3; now++) {
        apr_array_header_t *dues = claim(f, now * 1013, 0, SEC * 1000, "w",
                                         4);

        assert_int_equal(dues->nelts, 4);
        n += 4;
        for (i = 0; i < 4; i++) {
            for (k = 0; k < 3; k++)
                seen += APR_ARRAY_IDX(dues, i, store_due_t *)->device
                        == others[k];
        }
    }
    assert_int_equal(seen, 3);
    assert_in_range(n, 4, 32);          /* of 44 */
}

int main(void)
{
    static const test_entry_t tests[] = {
        SYNCED(others_owe), SYNCED(a_thousand_edits), SYNCED(who_owes_nothing),
        SYNCED(every_kind_of_change), SYNCED(two_origins_in_one_transaction),
        SYNCED(rollback_owes_nothing), SYNCED(claim_and_lease),
        SYNCED(claim_limits), SYNCED(undone_owes_nothing),
        SYNCED(not_to_be_pushed_any_more), SYNCED(sent_waits_for_the_device),
        SYNCED(suspended), SYNCED(failed_is_tried_again), SYNCED(release),
        SYNCED(next_time), SYNCED(refresh), SYNCED(san_sessions_never_zero),
        SYNCED(listing), SYNCED(later),
        SYNCED(undelivered), SYNCED(accounts_take_turns),
        SYNCED(parts_of_leases), SYNCED(parts_without_a_lease)
    };

    return RUN_BOTH("store dues", tests);
}
