/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What the push worker does by the rules and keeps in the log: results that a
 * killed worker left behind, devices that listen while no gateway for SMS
 * works, whose clock quiet hours go by.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "push/gateway_tcp.h"
#include "push/schedule.h"
#include "push/tcp_address.h"
#include "push_place.h"

/* ---- results that were lost ---------------------------------------------- */

static void test_closes_what_was_lost(void **state)
{
    place_t *b = *state;
    apr_time_t now = apr_time_now();
    policy_price_t price = { "+49", 750 };
    apr_array_header_t *prices = apr_array_make(b->pool, 1, sizeof price);
    worker_options_t o = options(b);
    store_push_log_t old = { .account = b->account, .devid = "IMEI:1",
        .event = STORE_PUSH_SENDING, .number = NUMBER, .token = "old",
        .parts = 2, .time = now - SECONDS(60) };
    store_push_log_t young = { .account = b->account, .devid = "IMEI:2",
        .event = STORE_PUSH_SENDING, .number = NUMBER, .token = "young",
        .time = now - SECONDS(5) };
    store_tx_t *tx = seed_begin(b->store, b->pool);
    store_use_t use;
    running_t *r;
    last_t last;

    assert_int_equal(store_push_log_add(tx, &old), APR_SUCCESS);
    assert_int_equal(store_push_log_add(tx, &young), APR_SUCCESS);
    seed_commit(tx);
    APR_ARRAY_PUSH(prices, policy_price_t) = price;
    o.prices = prices;
    r = start_with(b, &o);
    last = wait_log_row(b, STORE_PUSH_SENT, 5);
    stop(r);
    assert_int_equal(last.n, 1);
    assert_int_equal(last.e.id, old.id);
    assert_string_equal(last.e.reason, "unknown");
    assert_non_null(strstr(last.e.answer, "killed between POST and result"));
    assert_int_equal(last.e.parts, 2);
    assert_int_equal(last.e.cost, 1500);
    assert_true(logged(b, "<4>1 notifications have no result"));
    /* the other may still get its own */
    last = log_of(b, 1u << STORE_PUSH_SENDING);
    assert_int_equal(last.n, 1);
    assert_int_equal(last.e.id, young.id);
    tx = seed_begin(b->store, b->pool);
    assert_int_equal(store_push_use(tx, STORE_USE_ACCOUNT, b->account, now,
                                    &use), APR_SUCCESS);
    store_rollback(&tx);
    assert_int_equal(use.day, 2);
    assert_int_equal(use.day_cost, 1500);
}

/* ---- devices that listen ------------------------------------------------- */

typedef struct phone_t {
    int fd, port;
    volatile int told;
    pthread_t thread;
} phone_t;

static void *answer_all(void *baton)
{
    phone_t *phone = baton;
    char buf[512];
    int fd;

    while ((fd = accept(phone->fd, NULL, NULL)) >= 0) {
        if (read(fd, buf, sizeof buf) > 0
            && write(fd, "200 OK\r\n", 8) == 8) {
            phone->told++;
        }
        close(fd);
    }
    return NULL;
}

static void listen_as_phone(phone_t *phone)
{
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t len = sizeof a;

    memset(phone, 0, sizeof *phone);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    phone->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(phone->fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(phone->fd, 128), 0);
    assert_int_equal(getsockname(phone->fd, (struct sockaddr *)&a, &len), 0);
    phone->port = ntohs(a.sin_port);
    assert_int_equal(pthread_create(&phone->thread, NULL, answer_all, phone),
                     0);
}

static void hang_up(phone_t *phone)
{
    shutdown(phone->fd, SHUT_RDWR);
    pthread_join(phone->thread, NULL);
    close(phone->fd);
}

static void add_tcp(place_t *b, apr_array_header_t *routes, int parallel)
{
    route_t *route = apr_pcalloc(b->pool, sizeof *route);
    apr_array_header_t *networks = NULL;
    const char *error;

    assert_int_equal(tcp_networks_add(&networks, "127.0.0.0/8", &error,
                                      b->pool), APR_SUCCESS);
    route->gateway = gateway_tcp_create(networks, 0, b->pool);
    route->name = route->label = route->said = "tcp";
    route->prefixes = apr_array_make(b->pool, 1, sizeof(char *));
    route->priority = ROUTE_PRIORITY_WHOLE;
    route->parallel = parallel;
    route->price = -1;
    APR_ARRAY_PUSH(routes, route_t *) = route;
}

static store_id_t listener(place_t *b, store_tx_t *tx, int n, int port)
{
    store_id_t id = seed_device(tx, b->account, apr_psprintf(b->pool,
                                "listens%d", n), NUMBER, contacts);

    assert_int_equal(store_device_setting_set(tx, id, STORE_DEVICE_TCP,
        apr_psprintf(b->pool, "127.0.0.1:%d", port)), APR_SUCCESS);
    return id;
}

/* No gateway for SMS works: who listens is told all the same, at once. */
static void test_tells_who_listens(void **state)
{
    place_t *b = *state;
    worker_options_t o = options(b);
    store_tx_t *tx;
    phone_t phone;
    running_t *r;
    last_t last;

    /* nobody listens at port 1 */
    b->routes = seed_route(NULL, NULL, "kannel:http://a:b@127.0.0.1:1", "",
                           b->pool);
    add_tcp(b, b->routes, 4);
    o.routes = b->routes;
    listen_as_phone(&phone);
    tx = seed_begin(b->store, b->pool);
    seed_device(tx, b->account, "IMEI:1", NUMBER, contacts);
    seed_device(tx, b->account, "IMEI:2", NUMBER, contacts);
    seed_device(tx, b->account, "IMEI:3", NUMBER, contacts);
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    seed_change(tx, b->account, "contacts");
    seed_commit(tx);
    r = start_with(b, &o);
    assert_true(wait_log(b, "nothing is sent for", 10));
    tx = seed_begin(b->store, b->pool);
    listener(b, tx, 1, phone.port);
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    seed_change(tx, b->account, "contacts");
    seed_commit(tx);
    eventfd_write(b->wake_fd, 1);
    last = wait_log_row(b, STORE_PUSH_SENT, 2);
    stop(r);
    hang_up(&phone);
    assert_string_equal(last.e.transport, "tcp");
    assert_int_equal(phone.told, 1);
}

/* So many are claimed as the lane takes, however many listen. */
static void test_bound_of_who_listens(void **state)
{
    place_t *b = *state;
    worker_options_t o = options(b);
    store_tx_t *tx = seed_begin(b->store, b->pool);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), i, leased = 0;
    struct sockaddr_in a = { .sin_family = AF_INET };
    socklen_t len = sizeof a;
    apr_array_header_t *routes = apr_array_make(b->pool, 2, sizeof(void *));
    running_t *r;
    store_use_t use;

    /* it takes connections and says nothing */
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(fd, 1024), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    seed_route(routes, NULL, apr_pstrcat(b->pool, "file:", b->sms, NULL), "",
               b->pool);
    add_tcp(b, routes, 4);
    APR_ARRAY_IDX(routes, 1, route_t *)->rate = 4;
    o.routes = routes;
    for (i = 0; i < 300; i++) {
        listener(b, tx, i, ntohs(a.sin_port));
    }
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    seed_change(tx, b->account, "contacts");
    seed_commit(tx);
    r = start_with(b, &o);
    for (i = 0; i < 20; i++) {
        usleep(50000);
        tx = seed_begin(b->store, b->pool);
        assert_int_equal(store_push_use(tx, STORE_USE_SERVER, 0,
                                        apr_time_now(), &use), APR_SUCCESS);
        store_rollback(&tx);
        leased = use.leased > leased ? use.leased : leased;
    }
    stop(r);
    close(fd);
    assert_in_range(leased, 1, 20);     /* five seconds' worth of it */
    assert_int_equal(count_files(b), 0);
}

/* ---- whose clock --------------------------------------------------------- */

/* Quiet hours that hold now in one zone and not in another. */
static const char *hours_in(place_t *b, int offset)
{
    int now = (int)(apr_time_sec(apr_time_now()) + offset) % 86400 / 3600;

    return apr_psprintf(b->pool, "%02d:00-%02d:00", (now + 23) % 24,
                        (now + 2) % 24);
}

static void set_for_store(place_t *b, const char *name, const char *value)
{
    store_tx_t *tx = seed_begin(b->store, b->pool);

    assert_int_equal(store_setting_set(tx, apr_psprintf(b->pool, "%s%"
                     APR_INT64_T_FMT, name, b->account), value), APR_SUCCESS);
    seed_commit(tx);
}

/* Nobody has set a zone, but the devices of the account have named one. */
static void test_quiet_hours_as_learnt(void **state)
{
    place_t *b = *state;
    last_t last;
    running_t *r;

    /* Kiribati is 14 hours ahead and has no summer time */
    set(b, "quiet-hours", hours_in(b, 14 * 3600));
    set_for_store(b, "zone-seen.", "Pacific/Kiritimati");
    owe(b, NUMBER, contacts);
    r = start(b);
    last = wait_log_row(b, STORE_PUSH_HELD, 5);
    stop(r);
    assert_string_equal(last.e.reason, "quiet-hours");
    assert_int_equal(count_files(b), 0);
}

/* What was set comes before what was learnt. */
static void test_quiet_hours_as_set(void **state)
{
    place_t *b = *state;
    running_t *r;

    set(b, "quiet-hours", hours_in(b, 14 * 3600));
    set_for_store(b, "zone-seen.", "Pacific/Kiritimati");
    set_for_store(b, "zone.", "UTC");
    owe(b, NUMBER, contacts);
    r = start(b);
    expect_files(b, 1, 5);
    stop(r);
}

/* ---- rules of another worker --------------------------------------------- */

#define MANY  1100              /* more than are planned anew at a time */

/* So many rows are planned up to a time, by this reason. */
typedef struct planned_t {
    apr_time_t to;
    const char *plan;
    int n, all;
} planned_t;

static apr_status_t see_planned(void *baton, const store_due_t *due)
{
    planned_t *seen = baton;

    seen->all++;
    seen->n += due->planned > 0 && due->planned <= seen->to
        && strcmp(due->plan, seen->plan) == 0;
    return APR_SUCCESS;
}

#define MARS  (apr_time_from_sec((apr_int64_t)8000000000))

static apr_status_t to_mars(void *baton, store_tx_t *tx,
                            const store_due_t *due, apr_time_t now,
                            store_plan_t *plan)
{
    plan->when = MARS;
    plan->reason = "mars";
    return APR_SUCCESS;
}

/* The digest of the rules by which all rows are planned. */
static const char *planned_by(place_t *b)
{
    apr_time_t limit = apr_time_now() + SECONDS(5);
    const char *value = "";
    store_tx_t *tx;

    while (strlen(value) != 32 && apr_time_now() < limit) {
        usleep(10000);
        assert_int_equal(store_begin(&tx, b->store, STORE_READ, b->pool), 0);
        if (store_setting_get(tx, "push.planned-by", &value)
            != APR_SUCCESS) {
            value = "";         /* it has not begun yet */
        }
        store_rollback(&tx);
    }
    assert_int_equal(strlen(value), 32);
    return value;
}

/* Wait until all rows are planned so. */
static void expect_planned(place_t *b, apr_time_t to, const char *plan)
{
    apr_time_t limit = apr_time_now() + SECONDS(20);
    planned_t seen;

    do {
        store_tx_t *tx;
        apr_pool_t *p;

        usleep(20000);
        memset(&seen, 0, sizeof seen);
        seen.to = to;
        seen.plan = plan;
        apr_pool_create(&p, b->pool);
        assert_int_equal(store_begin(&tx, b->store, STORE_READ, p), 0);
        assert_int_equal(store_due_list(tx, 0, see_planned, &seen), 0);
        store_rollback(&tx);
        apr_pool_destroy(p);
    } while (seen.n < seen.all && apr_time_now() < limit);
    assert_int_equal(seen.all, MANY);
    assert_int_equal(seen.n, MANY);
}

/* What a worker that starts with rules of its own does to all rows, it does
 * once; the next one with the same rules finds nothing to do. */
static void test_rules_of_another(void **state)
{
    place_t *b = *state;
    apr_time_t now = apr_time_now();
    store_tx_t *tx = seed_begin(b->store, b->pool);
    const char *by, *again;
    apr_array_header_t *dues;
    running_t *r;
    int i;

    for (i = 0; i < MANY; i++) {
        seed_device(tx, b->account, apr_psprintf(b->pool, "dev%d", i),
                    NUMBER, contacts);
    }
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    seed_change(tx, b->account, "contacts");
    assert_true(seed_commit(tx));
    set(b, "delay", "3h");
    set(b, "max-delay", "9h");
    r = start(b);
    expect_planned(b, now + SECONDS(4 * 3600), "quiet");
    by = planned_by(b);
    stop(r);

    tx = seed_begin(b->store, b->pool);     /* as if it were another's plan */
    assert_int_equal(store_due_replan(tx, 0, 0), APR_SUCCESS);
    assert_int_equal(store_due_claim(tx, apr_time_now(), to_mars, NULL, 1,
                                     "x", MANY, &dues), APR_SUCCESS);
    assert_int_equal(dues->nelts, 0);
    seed_commit(tx);
    r = start(b);
    usleep(300000);
    expect_planned(b, MARS, "mars");        /* the same rules: untouched */
    stop(r);

    set(b, "delay", "2h");
    r = start(b);
    expect_planned(b, now + SECONDS(3 * 3600), "quiet");
    again = planned_by(b);
    stop(r);
    assert_string_not_equal(by, again);
    assert_int_equal(count_files(b), 0);
}

/* A gateway was paused for long; who starts a worker has mended it. */
static void test_gateway_was_mended(void **state)
{
    place_t *b = *state;
    apr_time_t now = apr_time_now();
    apr_array_header_t *dues;
    store_tx_t *tx;
    running_t *r;

    set(b, "delay", "1h");
    set(b, "max-delay", "2h");
    owe(b, NUMBER, contacts);
    r = start(b);
    planned_by(b);
    stop(r);
    tx = seed_begin(b->store, b->pool);
    assert_int_equal(store_due_claim(tx, now + SECONDS(4000), NULL, NULL, 100,
                                     "x", 9, &dues), APR_SUCCESS);
    assert_int_equal(dues->nelts, 1);
    assert_int_equal(store_due_later(tx, APR_ARRAY_IDX(dues, 0, store_due_t *)
                                     ->device, "x", now + SECONDS(600)), 0);
    seed_commit(tx);
    r = start(b);
    for (now = apr_time_now(); due_of(b).planned < now + SECONDS(3000)
         && apr_time_now() < now + SECONDS(5); usleep(5000)) {
    }
    stop(r);
    assert_true(due_of(b).planned > now + SECONDS(3000));   /* by its rules */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(test_closes_what_was_lost),
        TEST(test_tells_who_listens),
        TEST(test_bound_of_who_listens),
        TEST(test_quiet_hours_as_learnt),
        TEST(test_quiet_hours_as_set),
        TEST(test_rules_of_another),
        TEST(test_gateway_was_mended),
    };
    int failed;

    apr_initialize();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
