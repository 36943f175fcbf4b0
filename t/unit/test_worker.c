/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The push worker without httpd: a SQLite store, the file: gateway, a worker
 * in a thread of this program.
 */
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>

#include "push/notification.h"
#include "push/schedule.h"
#include "push_place.h"

/* ---- tests --------------------------------------------------------------- */

static void test_sends(void **state)
{
    place_t *b = *state;
    apr_time_t before = apr_time_now();
    running_t *r;
    store_due_t due;

    owe(b, "0049 170 1234567", both);
    r = start(b);
    expect_files(b, 1, 5);
    due = wait_due(b, STORE_DUE_SENT, 2);
    assert_in_range(due.not_before - before, SECONDS(14 * 60),
                    SECONDS(16 * 60));
    assert_int_equal(due.leased_until, 0);
    stop(r);
    assert_true(logged(b, "<5>push account=alice device=IMEI:1 number="
                       NUMBER " datastores="));
    assert_true(logged(b, " parts=1/1 gateway=file:/"));
    assert_true(logged(b, " result=accepted "));
    assert_true(logged(b, " attempt=1 unanswered=0 next=20"));
    assert_false(logged(b, "<4>"));
    assert_false(logged(b, "<3>"));
    assert_false(logged(b, "secret"));
}

static void test_waits_for_quiet(void **state)
{
    place_t *b = *state;
    worker_options_t o = options(b);
    apr_time_t before = apr_time_now();
    running_t *r;

    b->rules.delay = SECONDS(1);
    owe(b, NUMBER, contacts);
    r = start_with(b, &o);
    usleep(500000);
    assert_int_equal(count_files(b), 0);
    expect_files(b, 1, 3);
    assert_in_range(apr_time_now() - before, SECONDS(1), SECONDS(2));
    stop(r);
}

static void test_wake(void **state)
{
    place_t *b = *state;
    running_t *r = start(b);
    apr_time_t before;

    usleep(200000);             /* it has looked and found nothing */
    owe(b, NUMBER, contacts);
    before = apr_time_now();
    eventfd_write(b->wake_fd, 1);
    while (!count_files(b) && apr_time_now() - before < SECONDS(5)) {
        usleep(1000);
    }
    assert_in_range(apr_time_now() - before, 1, SECONDS(1) / 2);
    stop(r);
}

static void test_notices_commits(void **state)
{
    place_t *b = *state;
    running_t *r = start(b);

    usleep(200000);
    owe(b, NUMBER, contacts);   /* nobody writes the eventfd */
    expect_files(b, 1, 1.5);
    stop(r);
}

static void test_unanswered_ladder(void **state)
{
    place_t *b = *state;
    static const int minutes[] = { 15, 60, 360, 1440, 0 };
    store_due_t due;
    running_t *r;
    int i;

    owe(b, NUMBER, contacts);
    for (i = 0; i < 5; i++) {
        /* the time has come: the row as if claimed and told at that time */
        apr_pool_t *p;
        store_tx_t *tx;
        apr_array_header_t *dues;

        r = start(b);
        expect_files(b, i + 1, 5);
        stop(r);                /* the result is written by then */
        due = wait_due(b, i < 4 ? STORE_DUE_SENT : STORE_DUE_SUSPENDED, 2);
        b->started = 0;
        assert_int_equal(due.unanswered, i + 1);
        if (minutes[i]) {
            assert_in_range(due.not_before - apr_time_now(),
                            SECONDS(minutes[i] * 60 - 60),
                            SECONDS(minutes[i] * 60));
        }
        /* let the back-off be over */
        apr_pool_create(&p, b->pool);
        tx = seed_begin(b->store, p);
        assert_int_equal(store_due_claim(tx, due.not_before + 1, NULL,
            NULL, SECONDS(1), "test", 10, &dues), APR_SUCCESS);
        assert_int_equal(dues->nelts, i < 4);
        if (i < 4) {
            assert_int_equal(store_due_failed(tx, due.device, "test", 1,
                                              "clock"), APR_SUCCESS);
        }
        seed_commit(tx);
        apr_pool_destroy(p);
        assert_int_equal(logged(b, "suspended until it syncs"), i == 4);
    }
    assert_true(logged(b, "<4>push account=alice device=IMEI:1 "
                       "number=" NUMBER " suspended until it syncs: "
                       "unanswered after 5"));
}

static void test_bad_number(void **state)
{
    place_t *b = *state;
    running_t *r;
    store_due_t due;

    owe(b, "call me", contacts);
    r = start(b);
    due = wait_due(b, STORE_DUE_SUSPENDED, 3);
    stop(r);
    assert_non_null(strstr(due.last_error, "only digits"));
    assert_true(logged(b, "<4>push account=alice device=IMEI:1 "
                       "number=\"call me\""));
    assert_true(logged(b, "result=impossible"));
    assert_int_equal(count_files(b), 0);
}

static void test_several_sms(void **state)
{
    place_t *b = *state;
    char name[4][120];
    const char *stores[5] = { NULL };
    running_t *r;
    int i;

    for (i = 0; i < 4; i++) {
        memset(name[i], 'a' + i, 100);
        name[i][100] = '\0';
        stores[i] = name[i];
    }
    owe(b, NUMBER, stores);
    r = start(b);
    expect_files(b, 4, 5);
    stop(r);
    assert_true(logged(b, " parts=4/4 "));
    assert_true(logged(b, "<4>account alice device IMEI:1: its notifications "
                       "need 4 SMS each"));
}

static void test_gateway_comes_back(void **state)
{
    place_t *b = *state;
    running_t *r;
    store_due_t due;

    assert_int_equal(rmdir(b->sms), 0);
    owe(b, NUMBER, contacts);
    r = start(b);
    assert_true(wait_log(b, "refuses our configuration", 5));
    assert_true(logged(b, "<4>push account=alice"));
    assert_true(logged(b, "result=refused"));
    stop(r);                    /* its results are written then */
    due = due_of(b);
    assert_int_equal(due.state, STORE_DUE_WAITING);
    assert_int_equal(due.attempts, 1);
    assert_non_null(strstr(due.last_error, "No such file"));
    /* the admin repairs it and restarts: no more than the row's own wait */
    assert_int_equal(mkdir(b->sms, 0700), 0);
    r = start(b);
    expect_files(b, 1, 8);
    stop(r);
}

/* The changes were made a year ahead, by a clock that has been put right. */
static void test_clock_was_ahead(void **state)
{
    place_t *b = *state;
    store_tx_t *tx = seed_begin(b->store, b->pool);
    running_t *r;

    seed_device(tx, b->account, "dev1", NUMBER, contacts);
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    store_set_now(tx, apr_time_now() + SECONDS(365 * 86400));
    seed_change(tx, b->account, "contacts");
    seed_commit(tx);
    b->rules.delay = SECONDS(1);
    r = start(b);
    expect_files(b, 1, 5);
    assert_true(logged(b, "<4>the clock was put back"));
    stop(r);
}

static apr_status_t count_entry(void *n, const store_push_log_t *e)
{
    ++*(int *)n;
    return APR_SUCCESS;
}

/* Old rows of the push log go, also where nothing else is to be done. */
static void test_keeps_the_log(void **state)
{
    place_t *b = *state;
    worker_options_t o = options(b);
    apr_time_t now = apr_time_now(), limit = now + SECONDS(5);
    store_push_filter_t all = { 0 };
    store_tx_t *tx = seed_begin(b->store, b->pool);
    running_t *r;
    int i, n;

    for (i = 0; i < 2; i++) {
        store_push_log_t e = { .account = b->account,
                               .event = STORE_PUSH_FAILED,
                               .time = now - SECONDS(i * 7200) };

        assert_int_equal(store_push_log_add(tx, &e), APR_SUCCESS);
    }
    seed_commit(tx);
    o.keep = SECONDS(3600);
    r = start_with(b, &o);
    do {
        usleep(10000);
        n = 0;
        tx = seed_begin(b->store, b->pool);
        assert_int_equal(store_push_log_list(tx, &all, count_entry, &n),
                         APR_SUCCESS);
        store_rollback(&tx);
    } while (n == 2 && apr_time_now() < limit);
    assert_int_equal(n, 1);
    stop(r);
}

static void test_two_workers(void **state)
{
    place_t *b = *state;
    worker_options_t o = options(b);
    store_tx_t *tx = seed_begin(b->store, b->pool);
    running_t *r1, *r2;
    int i;

    for (i = 0; i < 300; i++) {
        seed_device(tx, b->account, apr_psprintf(b->pool, "dev%d", i),
                    NUMBER, contacts);
    }
    seed_commit(tx);
    o.parallel = 48;
    o.wake_fd = -1;
    r1 = start_with(b, &o);
    r2 = start_with(b, &o);
    tx = seed_begin(b->store, b->pool);
    seed_change(tx, b->account, "contacts");
    seed_commit(tx);
    expect_files(b, 300, 20);
    stop(r1);
    stop(r2);
    assert_int_equal(count_files(b), 300);
    assert_false(logged(b, "<3>"));
}

/* A gateway that answers when it is told to. */
static int slow_gateway(place_t *b)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    socklen_t len = sizeof in;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&in, len), 0);
    assert_int_equal(listen(fd, 8), 0);
    getsockname(fd, (struct sockaddr *)&in, &len);
    b->routes = seed_route(NULL, NULL, apr_psprintf(b->pool, "kannel:http://"
                           "u:p@127.0.0.1:%d/", ntohs(in.sin_port)), "",
                           b->pool);
    return fd;
}

static int is_ready(int fd, int ms)
{
    struct pollfd pfd = { .fd = fd, .events = POLLIN };

    return poll(&pfd, 1, ms) == 1;
}

/* The device has fetched everything. */
static void synced(place_t *b, store_id_t device)
{
    store_tx_t *tx = seed_begin(b->store, b->pool);
    apr_time_t now = apr_time_now();
    store_datastore_t *ds;
    store_anchor_t *a;

    store_set_now(tx, now);
    seed_must(store_datastore_open(tx, b->account, "contacts", &ds), "sync");
    seed_must(store_anchor_get(tx, device, ds->id, &a), "sync");
    a->last.seen = ds->change;
    a->synced = now;
    seed_must(store_anchor_put(tx, a), "sync");
    seed_commit(tx);
}

/* A gateway is slow to answer; meanwhile the device syncs and owes anew.  It
 * is not told of that before the answer: that would be the other one's. */
static void test_slow_answer(void **state)
{
    static const char answer[] = "HTTP/1.1 202 OK\r\nContent-Length: 24\r\n"
        "\r\n0: Accepted for delivery";
    place_t *b = *state;
    int fd = slow_gateway(b), conn;
    char request[2000];
    store_tx_t *tx;
    running_t *r;

    owe(b, NUMBER, contacts);
    r = start(b);
    conn = accept(fd, NULL, NULL);
    assert_true(conn >= 0 && recv(conn, request, sizeof request, 0) > 0);
    synced(b, due_of(b).device);
    assert_int_equal(due_of(b).device, 0);      /* no row any more */
    tx = seed_begin(b->store, b->pool);
    seed_change(tx, b->account, "contacts");
    assert_true(seed_commit(tx));
    eventfd_write(b->wake_fd, 1);
    assert_false(is_ready(fd, 400));
    assert_int_equal(due_of(b).state, STORE_DUE_WAITING);
    assert_true(send(conn, answer, sizeof answer - 1, MSG_NOSIGNAL) > 0);
    assert_true(is_ready(conn, 3000));
    assert_true(recv(conn, request, sizeof request, 0) > 0);
    assert_true(send(conn, answer, sizeof answer - 1, MSG_NOSIGNAL) > 0);
    assert_int_equal(wait_due(b, STORE_DUE_SENT, 2).unanswered, 1);
    assert_false(is_ready(conn, 50) || is_ready(fd, 0));
    stop(r);
    close(conn);
    close(fd);
}

static void test_store_locked(void **state)
{
    place_t *b = *state;
    store_tx_t *tx;
    running_t *r;

    owe(b, NUMBER, contacts);
    tx = seed_begin(b->store, b->pool);         /* holds the write lock */
    r = start(b);
    assert_true(wait_log(b, "<3>the store sqlite:", 5));
    assert_int_equal(count_files(b), 0);
    store_rollback(&tx);
    expect_files(b, 1, 5);
    assert_true(wait_log(b, "works again", 2));
    wait_due(b, STORE_DUE_SENT, 3);
    stop(r);
}

/* A claim could not be written: what room was kept for it is free again. */
static void test_store_full(void **state)
{
    place_t *b = *state;
    struct rlimit old, none;
    running_t *r;

    b->rules.delay = SECONDS(1);
    b->routes = seed_route(NULL, NULL, apr_pstrcat(b->pool, "file:", b->sms,
                                                   NULL), "rate=1/min",
                           b->pool);
    owe(b, NUMBER, contacts);
    r = start(b);
    usleep(500000);             /* it has planned it */
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    none = old;
    none.rlim_cur = 1;
    setrlimit(RLIMIT_FSIZE, &none);
    wait_log(b, "<3>the store ", 3);
    setrlimit(RLIMIT_FSIZE, &old);
    assert_true(logged(b, "<3>the store "));
    expect_files(b, 1, 3);
    stop(r);
}

static void test_store_comes_later(void **state)
{
    place_t *b = *state;
    char *path = apr_pstrcat(b->pool, b->dir, "/syncml.db", NULL);
    char *away = apr_pstrcat(b->pool, b->dir, "/away", NULL);
    running_t *r;

    owe(b, NUMBER, contacts);
    store_close(&b->store);
    assert_int_equal(rename(path, away), 0);
    r = start(b);
    assert_true(wait_log(b, "<3>the store sqlite:", 5));
    assert_int_equal(rename(away, path), 0);
    expect_files(b, 1, 5);
    stop(r);
    b->store = seed_open(b->dir, 0, b->pool);
    assert_int_equal(due_of(b).state, STORE_DUE_SENT);
}

static void test_stop_gives_back(void **state)
{
    place_t *b = *state;
    worker_options_t o = options(b);
    running_t *r;
    store_due_t due;
    apr_time_t before;

    /* nobody listens at port 1: refused at once, the row waits */
    o.routes = seed_route(NULL, NULL, "kannel:http://a:b@127.0.0.1:1", "",
                          b->pool);
    owe(b, NUMBER, contacts);
    r = start_with(b, &o);
    assert_true(wait_log(b, "result=unreachable", 5));
    before = apr_time_now();
    stop(r);
    assert_in_range(apr_time_now() - before, 0, SECONDS(2));
    due = due_of(b);
    assert_int_equal(due.state, STORE_DUE_WAITING);
    assert_int_equal(due.leased_until, 0);
    assert_int_equal(due.attempts, 1);
    assert_true(logged(b, "cannot connect (Connection refused)"));
}

static void test_options(void **state)
{
    place_t *b = *state;
    worker_options_t o = options(b);
    worker_t *w = (worker_t *)b;

    o.parallel = -1;
    assert_int_equal(worker_create(&w, &o, b->pool), APR_EINVAL);
    assert_null(w);
    o = options(b);
    o.server_id = "";
    assert_int_equal(worker_create(&w, &o, b->pool), APR_EINVAL);
}

static void test_schedule(void **state)
{
    apr_uint32_t i;

    assert_int_equal(schedule_retry(0), SECONDS(5));
    assert_int_equal(schedule_retry(1), SECONDS(5));
    assert_int_equal(schedule_retry(2), SECONDS(15));
    assert_int_equal(schedule_retry(3), SECONDS(60));
    assert_int_equal(schedule_retry(4), SECONDS(300));
    assert_int_equal(schedule_retry(5), SECONDS(900));
    assert_int_equal(schedule_retry(1000), SECONDS(900));
    assert_int_equal(schedule_validity(SECONDS(900)), 15);
    assert_int_equal(schedule_validity(0), 7 * 1440);
    assert_int_equal(schedule_pause(2, 0), 0);
    assert_int_equal(schedule_pause(3, 0), SECONDS(5));
    assert_int_equal(schedule_pause(0, 0), 0);
    assert_int_equal(schedule_pause(1, 1), SECONDS(60));
    assert_int_equal(schedule_pause(9, 1), SECONDS(900));
    for (i = 0; i < 5000; i++) {
        assert_in_range(schedule_jitter(1000, i), 800, 1200);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_sends),
        TEST(test_waits_for_quiet),
        TEST(test_wake),
        TEST(test_notices_commits),
        TEST(test_unanswered_ladder),
        TEST(test_bad_number),
        TEST(test_several_sms),
        TEST(test_gateway_comes_back),
        TEST(test_clock_was_ahead), TEST(test_keeps_the_log),
        TEST(test_two_workers), TEST(test_slow_answer),
        TEST(test_store_locked), TEST(test_store_full),
        TEST(test_store_comes_later),
        TEST(test_stop_gives_back),
        TEST(test_options),
        cmocka_unit_test(test_schedule),
    };
    int failed;

    apr_initialize();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
