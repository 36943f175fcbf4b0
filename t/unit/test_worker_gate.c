/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker, with a budget that is full of what another worker has under
 * way: how often it looks at rows that wait, and what becomes of them. */
#include <sqlite3.h>

#include "push_place.h"

#define MANY  300

/* Each of them owes a sync. */
static void owe_many(place_t *b, store_id_t account, int devices)
{
    store_tx_t *tx = seed_begin(b->store, b->pool);
    int i;

    for (i = 0; i < devices; i++) {
        seed_device(tx, account, apr_psprintf(b->pool, "dev%d", i), NUMBER,
                    contacts);
    }
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    seed_change(tx, account, "contacts");
    seed_commit(tx);
}

static apr_status_t take(void *baton, store_tx_t *tx, const store_due_t *due,
                         apr_time_t now, store_plan_t *plan)
{
    plan->parts = 1;
    return APR_SUCCESS;
}

/* Another worker has claimed rows. @param open  out: theirs in the push log */
static void claim_as_another(place_t *b, int rows, store_push_log_t *open)
{
    store_tx_t *tx = seed_begin(b->store, b->pool);
    apr_array_header_t *dues;
    int i;

    assert_int_equal(store_due_claim(tx, apr_time_now(), take, NULL,
                                     WORKER_LEASE, "another", rows, &dues),
                     APR_SUCCESS);
    assert_int_equal(dues->nelts, rows);
    for (i = 0; i < rows; i++) {
        store_due_t *due = APR_ARRAY_IDX(dues, i, store_due_t *);
        store_push_log_t sending = { .account = due->account,
            .device = due->device, .devid = "", .number = NUMBER,
            .event = STORE_PUSH_SENDING, .parts = 1,
            .token = apr_psprintf(b->pool, "another%d", i) };

        open[i] = sending;
        assert_int_equal(store_push_log_add(tx, &open[i]), APR_SUCCESS);
    }
    seed_commit(tx);
}

/* The other worker's result. */
static void result(place_t *b, store_push_log_t *open, int sent)
{
    store_tx_t *tx = seed_begin(b->store, b->pool);

    open->event = sent ? STORE_PUSH_SENT : STORE_PUSH_FAILED;
    open->parts = sent;
    open->cost = sent * 800;
    open->reason = sent ? "quiet" : "rejected";
    assert_int_equal(sent ? store_due_sent(tx, open->device, "another",
                                           apr_time_now() + SECONDS(900))
                          : store_due_failed(tx, open->device, "another", 0,
                                             "rejected"), APR_SUCCESS);
    assert_int_equal(store_push_log_result(tx, open), APR_SUCCESS);
    seed_commit(tx);
}

typedef struct waiting_t {
    int n;
} waiting_t;

static apr_status_t see_waiting(void *baton, const store_due_t *due)
{
    ((waiting_t *)baton)->n += strcmp(due->plan, "under-way") == 0;
    return APR_SUCCESS;
}

static void wait_until_wait(place_t *b, int n)
{
    apr_time_t limit = apr_time_now() + SECONDS(10);
    waiting_t seen;

    do {
        store_tx_t *tx;

        usleep(20000);
        seen.n = 0;
        tx = seed_begin(b->store, b->pool);
        assert_int_equal(store_due_list(tx, 0, see_waiting, &seen), 0);
        store_rollback(&tx);
    } while (seen.n != n && apr_time_now() < limit);
    assert_int_equal(seen.n, n);
}

/* Rows that were looked at, and not taken, since a time. */
static int looked_at(place_t *b, apr_time_t since)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    int n;

    assert_int_equal(sqlite3_open(apr_pstrcat(b->pool, b->dir, "/syncml.db",
                                              NULL), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, apr_psprintf(b->pool,
                     "SELECT count(*) FROM dues WHERE owner = '' "
                     "AND planned_at > %" APR_TIME_T_FMT, since), -1, &st,
                     NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

/* A rule of an account. */
static void set_account(place_t *b, const char *name, const char *value)
{
    store_tx_t *tx = seed_begin(b->store, b->pool);

    assert_int_equal(store_account_setting_set(tx, b->account, name, value),
                     APR_SUCCESS);
    seed_commit(tx);
}

/* Rows that wait are not looked at one by one; what fails leaves its room to
 * one of them; when the budget is used up, they are held. */
static void wait_together(place_t *b, const char *reason)
{
    store_push_log_t open[3];
    apr_time_t since;
    running_t *r;
    last_t last;

    owe_many(b, b->account, MANY);
    claim_as_another(b, 3, open);
    r = start(b);
    wait_until_wait(b, MANY - 3);
    since = apr_time_now();
    usleep(5000000);            /* two looks at the budget */
    assert_in_range(looked_at(b, since), 0, 2);
    assert_int_equal(count_files(b), 0);
    assert_int_equal(log_of(b, 1u << STORE_PUSH_HELD).n, 0);

    since = apr_time_now();
    result(b, &open[0], 0);
    expect_files(b, 1, 6);
    assert_in_range(looked_at(b, since), 1, 6);
    wait_until_wait(b, MANY - 4);
    stop(r);

    r = start(b);               /* another one knows of them, too */
    b->started = 0;
    result(b, &open[1], 1);
    result(b, &open[2], 1);
    wait_until_wait(b, 0);
    usleep(500000);
    stop(r);
    assert_int_equal(count_files(b), 1);
    last = log_of(b, 1u << STORE_PUSH_HELD);
    assert_int_equal(last.n, MANY - 4);
    assert_string_equal(last.e.reason, reason);
    assert_true(due_of(b).planned < STORE_DUE_NEVER);
}

static void test_of_the_server(void **state)
{
    set(*state, "budget.server.day", "3");
    wait_together(*state, "budget of the server for the day");
}

static void test_of_an_account(void **state)
{
    set_account(*state, "push.budget.month", "3");
    wait_together(*state, "budget of the account for the month");
}

/* Money: of one SMS at the lowest price there is room for. */
static void test_of_money(void **state)
{
    place_t *b = *state;

    set(b, "budget.server.day", "cost=0.25");
    b->routes = seed_route(NULL, NULL, apr_pstrcat(b->pool, "file:", b->sms,
                           NULL), "price=0.08", b->pool);
    wait_together(b, "budget of the server for the day");
}

/* With nothing under way, rows that need more SMS than there is room for are
 * found to be over the budget, all of them. */
static void test_too_long_for_the_rest(void **state)
{
    place_t *b = *state;
    char name[3][60];
    const char *stores[4] = { NULL };
    store_push_log_t open[1];
    store_tx_t *tx;
    running_t *r;
    int i;

    for (i = 0; i < 3; i++) {
        memset(name[i], 'a' + i, sizeof name[i] - 1);
        name[i][sizeof name[i] - 1] = '\0';
        stores[i] = name[i];
    }
    set(b, "budget.server.day", "2");
    tx = seed_begin(b->store, b->pool);
    for (i = 0; i < 200; i++) {
        seed_device(tx, b->account, apr_psprintf(b->pool, "dev%d", i),
                    NUMBER, stores);
    }
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    for (i = 0; i < 3; i++) {
        seed_change(tx, b->account, stores[i]);
    }
    seed_commit(tx);
    claim_as_another(b, 1, open);
    r = start(b);
    wait_until_wait(b, 199);    /* each of them takes two */
    result(b, &open[0], 1);
    wait_until_wait(b, 0);
    stop(r);
    assert_int_equal(log_of(b, 1u << STORE_PUSH_HELD).n, 199);
    assert_int_equal(count_files(b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_of_the_server),
        TEST(test_of_an_account),
        TEST(test_of_money),
        TEST(test_too_long_for_the_rest),
    };
    int failed;

    apr_initialize();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
