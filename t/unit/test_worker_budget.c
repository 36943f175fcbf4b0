/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What the push worker may spend: notifications of several SMS, other workers,
 * what is under way, killed workers, rates. */
#include "push/schedule.h"
#include "push_place.h"

/* Two devices whose notifications take two SMS each. */
static void owe_long_ones(place_t *b, int devices)
{
    char name[3][60];
    const char *stores[4] = { NULL };
    store_tx_t *tx = seed_begin(b->store, b->pool);
    int i;

    for (i = 0; i < 3; i++) {
        memset(name[i], 'a' + i, sizeof name[i] - 1);
        name[i][sizeof name[i] - 1] = '\0';
        stores[i] = name[i];
    }
    for (i = 0; i < devices; i++) {
        seed_device(tx, b->account, apr_psprintf(b->pool, "dev%d", i),
                    NUMBER, stores);
    }
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    for (i = 0; i < 3; i++) {
        seed_change(tx, b->account, stores[i]);
    }
    seed_commit(tx);
}

/* A budget that ends within a notification is not exceeded by its rest, nor
 * by others that are under way. */
static void test_budget_of_parts(void **state)
{
    place_t *b = *state;
    running_t *r;
    last_t last;

    set(b, "budget.day", "5");
    owe_long_ones(b, 4);
    r = start(b);
    expect_files(b, 4, 5);      /* two devices; a third would be six SMS */
    last = wait_log_row(b, STORE_PUSH_HELD, 5);
    usleep(200000);
    stop(r);
    assert_int_equal(count_files(b), 4);
    assert_int_equal(last.n, 2);
    assert_string_equal(last.e.reason, "budget of the server for the day");
}

/* Another worker's rule: a row is taken, and takes so many SMS. */
static apr_status_t take_parts(void *baton, store_tx_t *tx,
                               const store_due_t *due, apr_time_t now,
                               store_plan_t *plan)
{
    plan->parts = *(int *)baton;
    return APR_SUCCESS;
}

/* Another worker has claimed a row at a time, and no result came of it. */
static void claim_as_another(place_t *b, int parts, apr_time_t when)
{
    store_push_log_t sending = { .account = b->account, .time = when,
        .event = STORE_PUSH_SENDING, .number = NUMBER, .token = "another",
        .parts = parts };
    store_tx_t *tx = seed_begin(b->store, b->pool);
    apr_array_header_t *dues;
    store_due_t *due;

    assert_int_equal(store_due_claim(tx, when, take_parts, &parts,
                                     WORKER_LEASE, "another", 1, &dues),
                     APR_SUCCESS);
    assert_int_equal(dues->nelts, 1);
    due = APR_ARRAY_IDX(dues, 0, store_due_t *);
    sending.device = due->device;
    sending.devid = due->devid;
    assert_int_equal(store_push_log_add(tx, &sending), APR_SUCCESS);
    seed_commit(tx);
}

/* A row waits for what is under way. */
static apr_status_t see_waiting(void *baton, const store_due_t *due)
{
    *(int *)baton += strcmp(due->plan, "under-way") == 0
        && due->planned == STORE_DUE_ROOM(0);
    return APR_SUCCESS;
}

static void wait_under_way(place_t *b, double seconds)
{
    apr_time_t limit = apr_time_now()
                       + (apr_interval_time_t)(seconds * APR_USEC_PER_SEC);
    int waiting = 0;

    while (!waiting && apr_time_now() < limit) {
        store_tx_t *tx;

        usleep(5000);
        tx = seed_begin(b->store, b->pool);
        assert_int_equal(store_due_list(tx, 0, see_waiting, &waiting), 0);
        store_rollback(&tx);
    }
    assert_int_equal(waiting, 1);
}

/* What another worker has under way, during a graceful restart, counts with
 * all of its parts, and when its lease is over. */
static void test_budget_of_two_workers(void **state)
{
    place_t *b = *state;
    running_t *r;

    set(b, "budget.day", "5");
    owe_long_ones(b, 3);
    claim_as_another(b, 2, apr_time_now() - WORKER_LEASE + SECONDS(3));
    r = start(b);
    expect_files(b, 2, 5);
    wait_under_way(b, 5);
    assert_int_equal(log_of(b, 1u << STORE_PUSH_HELD).n, 0);
    assert_int_equal(count_files(b), 2);    /* two more would be six SMS */
    wait_log_row(b, STORE_PUSH_HELD, 10);   /* the lease is over */
    usleep(3000000);
    stop(r);
    assert_int_equal(count_files(b), 2);
    assert_int_equal(log_of(b, 1u << STORE_PUSH_HELD).n, 2);
}

/* What another worker had under way has failed for good: its SMS are there for
 * who waits. */
static void test_budget_of_what_failed(void **state)
{
    place_t *b = *state;
    store_push_log_t sending, failed = { .event = STORE_PUSH_FAILED,
        .devid = "", .reason = "bad number", .transport = "", .number = "",
        .datastores = "", .answer = "", .message_id = "", .token = "",
        .report_text = "" };
    store_tx_t *tx;
    running_t *r;

    set(b, "budget.day", "5");
    owe_long_ones(b, 3);
    claim_as_another(b, 2, apr_time_now());
    sending = log_of(b, 1u << STORE_PUSH_SENDING).e;
    failed.id = sending.id;
    failed.account = sending.account;
    failed.device = sending.device;
    r = start(b);
    expect_files(b, 2, 5);
    wait_under_way(b, 5);
    tx = seed_begin(b->store, b->pool);
    assert_int_equal(store_due_failed(tx, failed.device, "another", 0,
                                      "bad number"), APR_SUCCESS);
    assert_int_equal(store_push_log_result(tx, &failed), APR_SUCCESS);
    seed_commit(tx);
    expect_files(b, 4, 5);
    stop(r);
    assert_int_equal(log_of(b, 1u << STORE_PUSH_HELD).n, 0);
}

/* What a killed worker may have sent counts when its row is told again. */
static void test_budget_after_a_kill(void **state)
{
    place_t *b = *state;
    running_t *r;
    last_t last;

    set(b, "budget.device.day", "3");
    owe_long_ones(b, 1);
    claim_as_another(b, 2, apr_time_now() - WORKER_LEASE - SECONDS(1));
    r = start(b);
    wait_log_row(b, STORE_PUSH_HELD, 5);
    stop(r);
    assert_int_equal(count_files(b), 0);
    last = log_of(b, 1u << STORE_PUSH_SENT);
    assert_int_equal(last.n, 1);
    assert_string_equal(last.e.reason, "unknown");
    assert_int_equal(last.e.parts, 2);
}

static void test_budget_of_one_short(void **state)
{
    place_t *b = *state;
    running_t *r;

    set(b, "budget.device.day", "1");
    owe_long_ones(b, 1);
    r = start(b);
    wait_log_row(b, STORE_PUSH_HELD, 5);
    stop(r);
    assert_int_equal(count_files(b), 0);
}

/* A row that finds its gateway full takes nothing of the budget: the next one,
 * for another gateway, has it. */
static void test_budget_beside_a_full_gateway(void **state)
{
    static const char *const numbers[] = { NUMBER, NUMBER, "+431" };
    place_t *b = *state;
    worker_options_t o = options(b);
    store_push_log_t sent = { .account = b->account, .devid = "IMEI:1",
        .event = STORE_PUSH_SENT, .transport = "file", .number = NUMBER,
        .time = apr_time_now() - SECONDS(1) };
    store_tx_t *tx = seed_begin(b->store, b->pool);
    running_t *r;
    int i;

    assert_int_equal(store_push_log_add(tx, &sent), APR_SUCCESS);
    for (i = 0; i < 3; i++) {
        seed_device(tx, b->account, apr_psprintf(b->pool, "dev%d", i),
                    numbers[i], contacts);
    }
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    seed_change(tx, b->account, "contacts");
    seed_commit(tx);
    set(b, "budget.server.day", "2");
    b->routes = seed_route(NULL, "a", apr_pstrcat(b->pool, "file:", b->sms,
                           NULL), "prefix=+49 rate=1/min", b->pool);
    o.routes = seed_route(b->routes, "b", apr_pstrcat(b->pool, "file:",
                          b->sms, NULL), "prefix=+43", b->pool);
    r = start_with(b, &o);
    expect_files(b, 1, 1);
    stop(r);
}

/* One line for each that is suspended, besides the one about the budget. */
static void test_budget_drops(void **state)
{
    place_t *b = *state;
    running_t *r;

    set(b, "budget.device.day", "1");
    set(b, "over-budget.device", "drop");
    owe_long_ones(b, 1);
    r = start(b);
    wait_log_row(b, STORE_PUSH_SUSPENDED, 5);
    stop(r);
    assert_int_equal(count_files(b), 0);
    assert_true(logged(b, "<4>push account=alice device=dev0 number=" NUMBER
                       " suspended until it syncs: budget of the device for "
                       "the day after 0 unanswered"));
    assert_int_equal(due_of(b).state, STORE_DUE_SUSPENDED);
}

/* A worker that starts goes on at the rate, whoever sent the last one. */
static void test_rate_of_two_workers(void **state)
{
    place_t *b = *state;
    worker_options_t o = options(b);
    store_push_log_t sent = { .account = b->account, .devid = "IMEI:1",
        .event = STORE_PUSH_SENT, .transport = "file", .number = NUMBER,
        .time = apr_time_now() - SECONDS(1), .parts = 1 };
    store_tx_t *tx = seed_begin(b->store, b->pool);
    running_t *r;

    assert_int_equal(store_push_log_add(tx, &sent), APR_SUCCESS);
    seed_commit(tx);
    o.routes = seed_route(NULL, NULL, apr_pstrcat(b->pool, "file:", b->sms,
                          NULL), "rate=40/min", b->pool);
    owe_long_ones(b, 1);
    r = start_with(b, &o);
    usleep(1000000);
    assert_int_equal(count_files(b), 0);    /* it was a second ago */
    expect_files(b, 1, 5);
    stop(r);
}

/* Money: at the price of the gateway that will get it. */
static void test_budget_at_the_gateway_s_price(void **state)
{
    place_t *b = *state;
    worker_options_t o = options(b);
    running_t *r;

    set(b, "budget.day", "cost=0.10");
    o.routes = seed_route(NULL, NULL, apr_pstrcat(b->pool, "file:", b->sms,
                          NULL), "price=0.06", b->pool);
    owe_long_ones(b, 1);
    r = start_with(b, &o);
    wait_log_row(b, STORE_PUSH_HELD, 5);
    stop(r);
    assert_int_equal(count_files(b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_budget_of_parts),
        TEST(test_budget_of_two_workers),
        TEST(test_budget_of_what_failed),
        TEST(test_budget_after_a_kill),
        TEST(test_budget_of_one_short),
        TEST(test_budget_drops),
        TEST(test_budget_beside_a_full_gateway),
        TEST(test_rate_of_two_workers),
        TEST(test_budget_at_the_gateway_s_price),
    };
    int failed;

    apr_initialize();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
