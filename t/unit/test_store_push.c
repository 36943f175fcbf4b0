/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The plan of what push owes, the push log, budgets, settings of accounts and
 * requests; over both drivers. */
#include "store_dues.h"

#define S(n)  apr_time_from_sec(n)

/* ---- the plan ------------------------------------------------------------ */

/* A change of an event that starts then (seconds), with both devices having
 * synced the calendar. */
static int event_at(fixture_t *f, apr_time_t now, apr_int64_t starts)
{
    store_item_t item = make_item(f->calendar, f->phone, "event");
    store_tx_t *tx = begin_write(f);

    item.starts = starts;
    item.ends = starts + 3600;
    store_set_now(tx, now);
    OK(store_item_add(tx, f->alice, &item));
    return commit(tx);
}

static void sync_calendar(fixture_t *f)
{
    store_tx_t *tx = begin_write(f);

    store_set_now(tx, 6);
    put_synced(tx, f->alice, f->tablet, "calendar", 6);
    commit(tx);
}

/* A row that is planned is not looked at again for changes that can only put
 * it off. */
static void what_marks_a_row(void **state)
{
    fixture_t *f = *state;
    rows_t rows;

    sync_calendar(f);
    assert_int_equal(change_at(f, S(100), f->phone), 1);
    assert_int_equal(claim(f, S(100), S(900), 100, "w", 9)->nelts, 0);
    assert_int_equal(next(f), S(1000));
    assert_int_equal(change_at(f, S(200), f->phone), 0);
    assert_int_equal(next(f), S(1000));
    /* Another datastore may be more urgent ... */
    assert_int_equal(event_at(f, S(300), S(86400) * 30 / S(1)), 1);
    assert_int_equal(next(f), 1);
    assert_int_equal(claim(f, S(300), S(900), 100, "w", 9)->nelts, 0);
    assert_int_equal(next(f), S(1200));
    /* ... and its next changes only if they start soon. */
    assert_int_equal(event_at(f, S(400), 86400 * 30), 0);
    assert_int_equal(event_at(f, S(500), 500 + 48 * 3600), 1);
    assert_int_equal(next(f), 1);
    rows = look(f, f->tablet);
    assert_int_equal(rows.n_datastores, 2);
    assert_string_equal(rows.first.name, "calendar");
    assert_int_equal(rows.first.first_change, S(300));
    assert_int_equal(rows.first.last_change, S(500));
    assert_int_equal(rows.first.changes, 3);
    assert_int_equal(rows.first.starts, 500 + 48 * 3600);
    assert_int_equal(rows.due.first_change, S(100));
}

/* Moved away, deleted: as urgent as coming. */
static void starts_of_what_was(void **state)
{
    fixture_t *f = *state;
    store_item_t item = make_item(f->calendar, f->phone, "event");
    store_tx_t *tx;

    sync_calendar(f);
    tx = begin_write(f);
    store_set_now(tx, S(100));
    item.starts = 1000;
    OK(store_item_add(tx, f->alice, &item));
    commit(tx);
    claim_one(f, S(100), "w");
    sent(f, f->tablet, "w", S(9000));
    tx = begin_write(f);
    store_set_now(tx, S(200));
    put_map(tx, f->tablet, f->calendar, item.id, "9", item.change);
    put_synced(tx, f->alice, f->tablet, "calendar", S(200));
    commit(tx);
    assert_false(look(f, f->tablet).found);
    tx = begin_write(f);
    store_set_now(tx, S(300));
    item.starts = 900000;
    OK(store_item_update(tx, f->alice, &item));
    commit(tx);
    assert_int_equal(look(f, f->tablet).first.starts, 1000);
    tx = begin_write(f);
    store_set_now(tx, S(2000));
    OK(store_item_delete(tx, f->alice, f->calendar, item.id, f->phone,
                         NULL));
    commit(tx);         /* the other start is over meanwhile */
    assert_int_equal(look(f, f->tablet).first.starts, 900000);
}

static apr_status_t never(void *baton, store_tx_t *tx, const store_due_t *due,
                          apr_time_t now, store_plan_t *plan)
{
    plan->when = *(apr_time_t *)baton;
    plan->reason = "because";
    plan->logged = due->logged | 4;
    return APR_SUCCESS;
}

static apr_array_header_t *plan_at(fixture_t *f, apr_time_t now,
                                   apr_time_t when)
{
    store_tx_t *tx = begin_write(f);
    apr_array_header_t *dues;

    OK(store_due_claim(tx, now, never, &when, 100, "w", 9, &dues));
    commit(tx);
    return dues;
}

static void plans_are_kept(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    rows_t rows;

    change_at(f, S(100), f->phone);
    assert_int_equal(plan_at(f, S(100), STORE_DUE_NEVER)->nelts, 0);
    assert_int_equal(next(f), 0);               /* never */
    rows = look(f, f->tablet);
    assert_string_equal(rows.due.plan, "because");
    assert_int_equal(rows.due.logged, 4);
    assert_int_equal(plan_at(f, S(9999), S(10))->nelts, 0);
    tx = begin_write(f);
    OK(store_due_replan(tx, f->alice, 0));
    assert_int_equal(commit(tx), 1);
    assert_int_equal(plan_at(f, S(200), 0)->nelts, 0);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_SUSPENDED);
    tx = begin_write(f);                /* not for settings ... */
    OK(store_due_replan(tx, 0, f->tablet));
    commit(tx);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_SUSPENDED);
    tx = begin_write(f);                /* ... but if somebody wants it */
    OK(store_due_now(tx, f->tablet));
    EXPECT(APR_NOTFOUND, store_due_now(tx, f->phone));
    assert_int_equal(commit(tx), 1);
    assert_true(look(f, f->tablet).due.now);
    assert_int_equal(plan_at(f, S(200), S(200))->nelts, 1);
    sent(f, f->tablet, "w", S(900));
    rows = look(f, f->tablet);
    assert_false(rows.due.now);
    assert_int_equal(rows.due.logged, 0);
    /* The first change while an answer is waited for marks it, for the log;
     * the others do not. */
    change_at(f, S(300), f->phone);
    assert_int_equal(next(f), 1);
}

static void dry_runs(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    rows_t rows;

    change_at(f, S(100), f->phone);
    claim_one(f, S(100), "w");
    tx = begin_write(f);
    store_set_now(tx, S(110));
    EXPECT(APR_NOTFOUND, store_due_dry(tx, f->tablet, "other"));
    OK(store_due_dry(tx, f->tablet, "w"));
    commit(tx);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.state, STORE_DUE_DRY);
    assert_int_equal(rows.due.last_sent, S(110));
    assert_int_equal(next(f), 0);
    assert_int_equal(change_at(f, S(200), f->phone), 1);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.state, STORE_DUE_WAITING);
    assert_int_equal(rows.due.first_change, S(200));
    claim_one(f, S(200), "w");
    tx = begin_write(f);
    OK(store_due_dry(tx, f->tablet, "w"));
    commit(tx);
    tx = begin_write(f);                /* the dry run is over */
    OK(store_due_replan(tx, 0, 0));
    commit(tx);
    assert_int_equal(look(f, f->tablet).due.state, STORE_DUE_WAITING);
    claim_one(f, S(300), "w");
}

/* Some of the rows; those that wait for a gateway. */
static void replanned_in_part(void **state)
{
    fixture_t *f = *state;
    store_id_t last, first;
    store_tx_t *tx;

    change_at(f, S(100), 0);            /* owed by both */
    assert_int_equal(plan_at(f, S(100), S(5000))->nelts, 0);
    tx = begin_write(f);
    OK(store_due_replan_some(tx, 0, 1, &first));
    assert_true(first > 0);
    assert_int_equal(commit(tx), 1);
    assert_int_equal(look(f, first).due.planned, 0);
    tx = begin_write(f);
    OK(store_due_replan_some(tx, first, 9, &last));
    assert_true(last > first);
    commit(tx);
    assert_int_equal(look(f, last).due.planned, 0);
    tx = begin_write(f);
    OK(store_due_replan_some(tx, last, 9, &last));
    assert_int_equal(last, 0);
    assert_int_equal(commit(tx), 0);
    tx = begin_write(f);
    OK(store_due_replan_some(tx, 0, 9, &last));
    assert_true(last > first);
    assert_int_equal(commit(tx), 0);    /* they are to be planned already */
    assert_int_equal(plan_at(f, S(100), S(5000))->nelts, 0);
    tx = begin_write(f);
    OK(store_due_replan_gateway(tx, S(100), S(9000)));  /* "because" */
    assert_int_equal(commit(tx), 0);
    assert_int_equal(claim(f, S(6000), 0, 100, "w", 10)->nelts, 2);
    tx = begin_write(f);
    OK(store_due_later(tx, first, "w", S(7000)));
    OK(store_due_replan_gateway(tx, S(7000), S(9000)));
    OK(store_due_replan_gateway(tx, S(100), S(6999)));
    commit(tx);
    assert_int_equal(look(f, first).due.planned, S(7000));
    tx = begin_write(f);
    OK(store_due_replan_gateway(tx, S(6999), S(7000)));
    assert_int_equal(commit(tx), 1);
    assert_int_equal(look(f, first).due.planned, 0);
    tx = begin_write(f);
    EXPECT(APR_EINVAL, store_due_replan_some(tx, 0, 0, &last));
    store_rollback(&tx);
}

/* ---- habits, clocks ------------------------------------------------------ */

static void own_syncs(void **state)
{
    fixture_t *f = *state;
    rows_t rows;
    int i;

    for (i = 0; i < 3; i++)
        sync_at(f, f->tablet, S(1000 + 300 * i));
    change_at(f, S(1650), f->phone);
    assert_int_equal(look(f, f->tablet).due.gap, 0);    /* three gaps */
    sync_at(f, f->tablet, S(1900));
    sync_at(f, f->tablet, S(2230));
    sync_at(f, f->tablet, S(2240));     /* the same, in two sessions */
    change_at(f, S(2250), f->phone);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.gap, S(330));
    assert_int_equal(rows.due.own_sync, S(2230));
    assert_int_equal(rows.due.last_sync, S(2240));
    /* One that was asked for is none of its own. */
    claim_one(f, S(2260), "w");
    sent(f, f->tablet, "w", S(9000));
    sync_at(f, f->tablet, S(2700));
    change_at(f, S(2710), f->phone);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.own_sync, S(2230));
    assert_int_equal(rows.due.last_sync, S(2700));
}

static void session_under_way(void **state)
{
    fixture_t *f = *state;
    store_log_t log = { .account = f->alice, .device = f->tablet };
    store_tx_t *tx = begin_write(f);

    store_set_now(tx, S(150));
    OK(store_log_begin(tx, &log));
    commit(tx);
    change_at(f, S(160), f->phone);
    assert_int_equal(look(f, f->tablet).due.in_session, S(150));
    tx = begin_write(f);
    OK(store_log_end(tx, log.id, STORE_LOG_ENDED));
    commit(tx);
    assert_int_equal(look(f, f->tablet).due.in_session, 0);
}

/* The clock was a year ahead, and is put right. */
static void clock_put_back(void **state)
{
    fixture_t *f = *state;
    apr_time_t year = S(86400 * 365), now = S(1000);
    store_tx_t *tx;
    rows_t rows;
    int moved, ahead;

    change_at(f, year, f->phone);
    claim_one(f, year, "w");
    tx = begin_write(f);
    store_set_now(tx, year);
    OK(store_due_sent(tx, f->tablet, "w", year + S(900)));
    commit(tx);
    assert_int_equal(next(f), year + S(900));
    OK(store_begin(&tx, f->store, STORE_READ, f->p));
    OK(store_due_ahead(tx, now, &ahead));
    assert_int_equal(ahead, 1);
    store_rollback(&tx);
    tx = begin_write(f);
    OK(store_due_clock(tx, now, &moved));
    OK(store_due_ahead(tx, now, &ahead));
    assert_int_equal(ahead, 0);
    commit(tx);
    assert_true(moved > 0);
    rows = look(f, f->tablet);
    assert_int_equal(rows.due.not_before, now + S(900));
    assert_int_equal(rows.due.last_change, now);
    assert_int_equal(rows.due.first_change, now);
    assert_int_equal(rows.due.last_sent, now);
    assert_int_equal(rows.first.last_change, now);
    assert_int_equal(next(f), 1);
    tx = begin_write(f);
    OK(store_due_clock(tx, now, &moved));
    commit(tx);
    assert_int_equal(moved, 0);
    /* A lease of that time does not hold for a year. */
    assert_int_equal(claim(f, now + S(900), 0, year, "dead", 9)->nelts, 1);
    tx = begin_write(f);
    OK(store_due_clock(tx, now, NULL));
    commit(tx);
    claim_one(f, now + S(900), "w");
}

/* ---- the push log -------------------------------------------------------- */

typedef struct seen_t {
    apr_pool_t *p;
    int n;
    store_push_log_t first;
} seen_t;

static apr_status_t see(void *baton, const store_push_log_t *e)
{
    seen_t *seen = baton;

    if (!seen->n++) {
        seen->first = *e;
        seen->first.reason = apr_pstrdup(seen->p, e->reason);
        seen->first.datastores = apr_pstrdup(seen->p, e->datastores);
        seen->first.report_text = apr_pstrdup(seen->p, e->report_text);
    }
    return APR_SUCCESS;
}

static seen_t log_of(fixture_t *f, apr_uint32_t events)
{
    store_push_filter_t filter = { .events = events };
    store_tx_t *tx = begin(f, STORE_READ);
    seen_t seen = { .p = f->p };

    OK(store_push_log_list(tx, &filter, see, &seen));
    roll_back(tx);
    return seen;
}

static store_push_log_t entry(fixture_t *f, store_push_event_e event,
                              const char *token)
{
    store_push_log_t e = { .account = f->alice, .device = f->tablet,
        .devid = "IMEI:2", .event = event, .reason = "quiet",
        .number = "+491702", .datastores = "contacts", .token = token };

    return e;
}

static void results(void **state)
{
    fixture_t *f = *state;
    store_push_log_t e = entry(f, STORE_PUSH_SENDING, "t1");
    store_push_log_t lost = entry(f, STORE_PUSH_SENDING, "t2");
    store_tx_t *tx = begin_write(f);
    store_use_t use;
    seen_t seen;

    store_set_now(tx, S(1000));
    OK(store_push_log_add(tx, &e));
    assert_int_equal(e.time, S(1000));
    EXPECT(APR_EEXIST, store_push_log_add(tx, &(store_push_log_t){
        .account = f->alice, .event = STORE_PUSH_SENDING, .token = "t1" }));
    OK(store_push_log_add(tx, &lost));
    e.event = STORE_PUSH_SENT;
    e.parts = 2;
    e.cost = 1500;
    e.datastores = NULL;
    OK(store_push_log_result(tx, &e));
    EXPECT(APR_NOTFOUND, store_push_log_result(tx, &e));
    lost.event = STORE_PUSH_RELEASED;
    OK(store_push_log_result(tx, &lost));
    OK(store_push_use(tx, STORE_USE_ACCOUNT, f->alice, S(1000), &use));
    assert_true(use.day == 2 && use.month == 2 && use.day_cost == 1500
                && use.month_cost == 1500);
    OK(store_push_use(tx, STORE_USE_SERVER, 0, S(1000), &use));
    assert_int_equal(use.day, 2);
    OK(store_push_use(tx, STORE_USE_DEVICE, f->tablet, S(1000) + S(86400),
                      &use));
    assert_int_equal(use.day, 0);               /* the next day */
    assert_int_equal(use.month, 2);
    OK(store_push_use(tx, STORE_USE_DEVICE, f->phone, S(1000), &use));
    assert_int_equal(use.month, 0);
    EXPECT(APR_EINVAL, store_push_use(tx, STORE_USE_DEVICE, 0, 1, &use));
    commit(tx);
    seen = log_of(f, 0);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.first.event, STORE_PUSH_SENT);
    assert_string_equal(seen.first.datastores, "contacts");
}

static apr_status_t see_id(void *baton, const store_push_log_t *e)
{
    store_id_t *sum = baton;

    *sum = *sum * 10 + e->id;
    return APR_SUCCESS;
}

static store_id_t sending(fixture_t *f, apr_time_t from, apr_time_t to,
                          int limit)
{
    store_tx_t *tx = begin(f, STORE_READ);
    store_id_t ids = 0;

    OK(store_push_log_sending(tx, from, to, limit, see_id, &ids));
    roll_back(tx);
    return ids;
}

/* Rows without a result, by their time; a report may come before it. */
static void results_to_come(void **state)
{
    fixture_t *f = *state;
    store_push_log_t e[4];
    store_tx_t *tx = begin_write(f);
    int i;

    for (i = 0; i < 4; i++) {
        e[i] = entry(f, i == 3 ? STORE_PUSH_SENT : STORE_PUSH_SENDING,
                     apr_psprintf(f->p, "t%d", i));
        e[i].time = S(1000 - 10 * i);
        OK(store_push_log_add(tx, &e[i]));
        assert_int_equal(e[i].id, i + 1);
    }
    OK(store_push_log_report(tx, "t1", STORE_REPORT_FAILED, "dlr=16", S(999),
                             NULL));
    commit(tx);
    assert_int_equal(sending(f, 0, S(2000), 0), 321);
    assert_int_equal(sending(f, S(980), S(1000), 0), 32);
    assert_int_equal(sending(f, S(981), S(1001), 0), 21);
    assert_int_equal(sending(f, 0, S(2000), 2), 32);
    tx = begin_write(f);
    for (i = 0; i < 2; i++) {
        e[i].event = STORE_PUSH_SENT;
        e[i].report_text = NULL;
        OK(store_push_log_result(tx, &e[i]));
    }
    commit(tx);
    assert_int_equal(e[0].report, STORE_REPORT_NONE);
    assert_string_equal(e[0].report_text, "");
    assert_int_equal(e[1].report, STORE_REPORT_FAILED);
    assert_string_equal(e[1].report_text, "dlr=16");
    assert_int_equal(e[1].answered, 0);
    assert_int_equal(sending(f, 0, S(2000), 0), 3);
}

/* Of two parts the network took one: that one is paid for. */
static void paid_in_part(void **state)
{
    fixture_t *f = *state;
    store_push_log_t e = entry(f, STORE_PUSH_SENDING, "t1");
    store_tx_t *tx = begin_write(f);
    store_use_t use;

    store_set_now(tx, S(1000));
    OK(store_push_log_add(tx, &e));
    e.event = STORE_PUSH_FAILED;
    e.parts = 1;
    e.cost = 750;
    e.datastores = NULL;
    OK(store_push_log_result(tx, &e));
    OK(store_push_use(tx, STORE_USE_SERVER, 0, S(1000), &use));
    assert_true(use.day == 1 && use.day_cost == 750);
    commit(tx);
}

/* In whatever order and however often. */
static void reports(void **state)
{
    static const store_report_e orders[][3] = {
        { STORE_REPORT_ACCEPTED, STORE_REPORT_BUFFERED,
          STORE_REPORT_DELIVERED },
        { STORE_REPORT_DELIVERED, STORE_REPORT_ACCEPTED,
          STORE_REPORT_BUFFERED },
        { STORE_REPORT_BUFFERED, STORE_REPORT_DELIVERED,
          STORE_REPORT_BUFFERED }
    };
    fixture_t *f = *state;
    int i, j;

    for (i = 0; i < 3; i++) {
        store_push_log_t e = entry(f, STORE_PUSH_SENT, apr_itoa(f->p, i));
        store_push_log_t *now = NULL;
        store_tx_t *tx = begin_write(f);

        OK(store_push_log_add(tx, &e));
        for (j = 0; j < 6; j++)
            OK(store_push_log_report(tx, e.token, orders[i][j % 3],
                                     apr_itoa(f->p, orders[i][j % 3]),
                                     S(100 + j), &now));
        assert_int_equal(now->report, STORE_REPORT_DELIVERED);
        assert_string_equal(now->report_text, "3");
        assert_true(now->report_time < S(103));
        OK(store_push_log_report(tx, e.token, STORE_REPORT_FAILED, "part 2",
                                 S(300), &now));
        assert_int_equal(now->report, STORE_REPORT_FAILED);
        EXPECT(APR_NOTFOUND, store_push_log_report(tx, "forged",
               STORE_REPORT_DELIVERED, "", S(1), NULL));
        EXPECT(APR_EINVAL, store_push_log_report(tx, "",
               STORE_REPORT_DELIVERED, "", S(1), NULL));
        commit(tx);
    }
}

/* What the store notes itself. */
static void answers_and_needless_ones(void **state)
{
    fixture_t *f = *state;
    store_push_log_t e = entry(f, STORE_PUSH_SENT, "");
    store_tx_t *tx;
    seen_t seen;

    change_at(f, S(100), f->phone);
    sync_at(f, f->tablet, S(150));      /* before it was told */
    seen = log_of(f, 1u << STORE_PUSH_FETCHED);
    assert_int_equal(seen.n, 1);
    assert_int_equal(seen.first.first_change, S(100));
    assert_int_equal(seen.first.time, S(150));
    sync_at(f, f->tablet, S(160));      /* with nothing to fetch */
    assert_int_equal(log_of(f, 1u << STORE_PUSH_FETCHED).n, 1);
    change_at(f, S(200), f->phone);
    claim_one(f, S(200), "w");
    sent(f, f->tablet, "w", S(9000));
    tx = begin_write(f);
    OK(store_push_log_add(tx, &e));
    commit(tx);
    sync_at(f, f->tablet, S(250));
    seen = log_of(f, 1u << STORE_PUSH_SENT);
    assert_int_equal(seen.first.answered, S(250));
    assert_int_equal(log_of(f, 1u << STORE_PUSH_FETCHED).n, 1);
    sync_at(f, f->tablet, S(350));
    assert_int_equal(log_of(f, 1u << STORE_PUSH_SENT).first.answered,
                     S(250));
    /* Taken back before it was told. */
    change_at(f, S(400), f->phone);
    tx = begin_write(f);
    OK(store_item_delete(tx, f->alice, f->contacts, 4, f->phone, NULL));
    commit(tx);
    assert_int_equal(claim(f, S(500), 0, 50, "w", 9)->nelts, 0);
    assert_int_equal(log_of(f, 1u << STORE_PUSH_UNDONE).n, 1);
}

static void keeping(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    apr_int64_t removed;
    store_use_t use;
    int i;

    for (i = 0; i < 10; i++) {
        store_push_log_t e = entry(f, STORE_PUSH_SENT, "");

        e.parts = 1;
        store_set_now(tx, S(86400) * (100 + i));
        OK(store_push_log_add(tx, &e));
    }
    OK(store_push_log_gc(tx, S(86400) * 105, 3, &removed));
    assert_int_equal(removed, 3);
    OK(store_push_log_gc(tx, S(86400) * 105, 0, &removed));
    assert_int_equal(removed, 2);
    OK(store_push_use(tx, STORE_USE_SERVER, 0, S(86400) * 109, &use));
    assert_int_equal(use.day, 1);
    store_set_now(tx, S(86400) * 600);
    OK(store_push_log_gc(tx, S(86400) * 109, 0, &removed));
    assert_int_equal(removed, 4);
    OK(store_push_use(tx, STORE_USE_SERVER, 0, S(86400) * 109, &use));
    assert_true(use.day == 0 && use.month == 0);
    commit(tx);
    assert_int_equal(log_of(f, 0).n, 1);
    tx = begin_write(f);
    OK(store_account_delete(tx, f->alice));
    commit(tx);
    assert_int_equal(log_of(f, 0).n, 0);
}

/* ---- the rest ------------------------------------------------------------ */

static apr_status_t count_settings(void *n, const char *name,
                                   const char *value)
{
    ++*(int *)n;
    return APR_SUCCESS;
}

static void account_settings(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    const char *value;
    int n = 0;

    OK(store_account_setting_set(tx, f->alice, "push.delay", "1h"));
    OK(store_account_setting_set(tx, f->alice, "push.delay", "2h"));
    EXPECT(APR_NOTFOUND, store_account_setting_set(tx, 4711, "a", "b"));
    EXPECT(APR_NOTFOUND, store_account_setting_get(tx, f->bob, "push.delay",
                                                   &value));
    OK(store_account_setting_get(tx, f->alice, "push.delay", &value));
    assert_string_equal(value, "2h");
    OK(store_account_setting_set(tx, f->alice, "push.zone", "UTC"));
    OK(store_account_setting_set(tx, f->alice, "push.delay", NULL));
    OK(store_account_setting_list(tx, f->alice, count_settings, &n));
    assert_int_equal(n, 1);
    commit(tx);
}

static void requests(void **state)
{
    fixture_t *f = *state;
    store_push_request_t r = { .number = "+491", .uri = "" }, *got;
    store_tx_t *tx = begin_write(f);
    apr_time_t when;

    OK(store_push_request_next(tx, &when));
    assert_int_equal(when, 0);
    EXPECT(APR_NOTFOUND, store_push_request_claim(tx, S(1), S(1), &got));
    OK(store_push_request_add(tx, &r));
    assert_int_equal(commit(tx), 1);            /* wakes the worker */
    tx = begin_write(f);
    OK(store_push_request_next(tx, &when));
    assert_int_equal(when, 1);
    OK(store_push_request_claim(tx, S(100), S(30), &got));
    assert_string_equal(got->number, "+491");
    EXPECT(APR_NOTFOUND, store_push_request_claim(tx, S(129), S(30), &got));
    OK(store_push_request_next(tx, &when));
    assert_int_equal(when, S(130));
    OK(store_push_request_claim(tx, S(130), S(30), &got));
    OK(store_push_request_done(tx, r.id, 1, "fine"));
    EXPECT(APR_NOTFOUND, store_push_request_done(tx, r.id, 0, "again"));
    OK(store_push_request_get(tx, r.id, &got));
    assert_true(got->ok && got->done && !strcmp(got->result, "fine"));
    OK(store_push_request_next(tx, &when));
    assert_int_equal(when, 0);
    commit(tx);
}

int main(void)
{
    static const test_entry_t tests[] = {
        SYNCED(what_marks_a_row), SYNCED(starts_of_what_was),
        SYNCED(plans_are_kept), SYNCED(dry_runs), SYNCED(own_syncs),
        SYNCED(replanned_in_part),
        SYNCED(session_under_way), SYNCED(clock_put_back), SYNCED(results),
        SYNCED(results_to_come),
        SYNCED(paid_in_part),
        SYNCED(reports), SYNCED(answers_and_needless_ones), SYNCED(keeping),
        SYNCED(account_settings), SYNCED(requests)
    };

    return RUN_BOTH("store push", tests);
}
