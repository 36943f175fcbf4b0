/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A place for push workers in a test: a directory with a SQLite store and a
 * file: gateway, workers in threads of the program, what they log.
 */
#ifndef SYNCML_TEST_PUSH_PLACE_H
#define SYNCML_TEST_PUSH_PLACE_H

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>

#include "push/worker.h"
#include "push_seed.h"

#define SECONDS(n)  apr_time_from_sec(n)
#define NUMBER      "+491701234567"

static const char *const contacts[] = { "contacts", NULL };
static const char *const both[] = { "contacts", "calendar", NULL };

/* ---- a directory, a store, a worker -------------------------------------- */

typedef struct running_t {
    worker_t *worker;           /* NULL: stopped */
    pthread_t thread;
} running_t;

typedef struct place_t {
    apr_pool_t *pool;
    char dir[40];
    const char *sms;            /* the gateway's directory */
    store_t *store;
    store_id_t account;
    apr_array_header_t *routes;
    int wake_fd;
    pthread_mutex_t mutex;
    char log[65536];
    apr_size_t logged;
    store_due_t due;            /* what due_of() found */
    policy_rules_t rules;
    running_t running[4];       /* of which a failed test leaves some */
    int started;
} place_t;

static inline void on_log(void *baton, int level, apr_status_t rv,
                   const char *message)
{
    place_t *b = baton;

    pthread_mutex_lock(&b->mutex);
    if (level < 7) {
        b->logged += snprintf(b->log + b->logged, sizeof b->log - b->logged,
                              "<%d>%s\n", level, message);
        if (b->logged >= sizeof b->log) {
            b->logged = sizeof b->log - 1;
        }
    }
    pthread_mutex_unlock(&b->mutex);
}

static inline int logged(place_t *b, const char *words)
{
    int found;

    pthread_mutex_lock(&b->mutex);
    found = strstr(b->log, words) != NULL;
    pthread_mutex_unlock(&b->mutex);
    return found;
}

static inline int setup(void **state)
{
    place_t *b = calloc(1, sizeof *b);
    store_tx_t *tx;

    apr_pool_create(&b->pool, NULL);
    strcpy(b->dir, "/tmp/test_worker.XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    b->sms = apr_pstrcat(b->pool, b->dir, "/sms", NULL);
    assert_int_equal(mkdir(b->sms, 0700), 0);
    pthread_mutex_init(&b->mutex, NULL);
    b->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    b->routes = seed_route(NULL, NULL, apr_pstrcat(b->pool, "file:", b->sms,
                                                   NULL), "", b->pool);
    b->store = seed_open(b->dir, 1, b->pool);
    tx = seed_begin(b->store, b->pool);
    b->account = seed_account(tx, "alice");
    seed_commit(tx);
    policy_defaults(&b->rules);
    b->rules.delay = b->rules.min_interval = 0;
    *state = b;
    return 0;
}

static inline void stop(running_t *r)
{
    if (r->worker) {
        worker_stop(r->worker);
        pthread_join(r->thread, NULL);
        r->worker = NULL;
    }
}

static inline int teardown(void **state)
{
    place_t *b = *state;

    while (b->started) {
        stop(&b->running[--b->started]);
    }
    store_close(&b->store);
    close(b->wake_fd);
    assert_int_equal(system(apr_pstrcat(b->pool, "rm -rf ", b->dir, NULL)),
                     0);
    apr_pool_destroy(b->pool);
    free(b);
    return 0;
}

static inline void *run(void *worker)
{
    worker_run(worker);
    return NULL;
}

static inline worker_options_t options(place_t *b)
{
    worker_options_t o = {
        .store_url = apr_pstrcat(b->pool, "sqlite:", b->dir, "/syncml.db",
                                 NULL),
        .key_file = apr_pstrcat(b->pool, b->dir, "/syncml.key", NULL),
        .server_id = "sync.example.com", .routes = b->routes,
        .rules = &b->rules, .parallel = 16, .report_fd = -1,
        .wake_fd = b->wake_fd, .log = on_log, .log_baton = b
    };

    return o;
}

static inline running_t *start_with(place_t *b, const worker_options_t *o)
{
    running_t *r = &b->running[b->started];
    apr_pool_t *p;

    assert_in_range(b->started, 0, 3);
    apr_pool_create(&p, b->pool);
    assert_int_equal(worker_create(&r->worker, o, p), APR_SUCCESS);
    assert_int_equal(pthread_create(&r->thread, NULL, run, r->worker), 0);
    b->started++;
    return r;
}

static inline running_t *start(place_t *b)
{
    worker_options_t o = options(b);

    return start_with(b, &o);
}

static inline int count_files(place_t *b)
{
    DIR *d = opendir(b->sms);
    struct dirent *e;
    int n = 0;

    while (d && (e = readdir(d)) != NULL) {
        n += e->d_name[0] != '.';
    }
    if (d) {
        closedir(d);
    }
    return n;
}

/* Wait until so many SMS are there; then a little for more of them. */
static inline void expect_files(place_t *b, int n, double seconds)
{
    apr_time_t limit = apr_time_now()
                       + (apr_interval_time_t)(seconds * APR_USEC_PER_SEC);

    while (count_files(b) < n && apr_time_now() < limit) {
        usleep(2000);
    }
    usleep(30000);
    assert_int_equal(count_files(b), n);
}

static inline int wait_log(place_t *b, const char *words, double seconds)
{
    apr_time_t limit = apr_time_now()
                       + (apr_interval_time_t)(seconds * APR_USEC_PER_SEC);

    while (!logged(b, words) && apr_time_now() < limit) {
        usleep(2000);
    }
    return logged(b, words);
}

static inline apr_status_t copy_due(void *baton, const store_due_t *due)
{
    place_t *b = baton;

    b->due = *due;
    b->due.last_error = apr_pstrdup(b->pool, due->last_error);
    b->due.plan = apr_pstrdup(b->pool, due->plan);
    return APR_SUCCESS;
}

/* The (only) row; state -1 if there is none. */
static inline store_due_t due_of(place_t *b)
{
    store_tx_t *tx;
    apr_pool_t *p;

    memset(&b->due, 0, sizeof b->due);
    b->due.state = (store_due_state_e)-1;
    apr_pool_create(&p, b->pool);
    assert_int_equal(store_begin(&tx, b->store, STORE_READ, p), 0);
    assert_int_equal(store_due_list(tx, 0, copy_due, b), APR_SUCCESS);
    store_rollback(&tx);
    apr_pool_destroy(p);
    return b->due;
}

static inline store_due_t wait_due(place_t *b, int state, double seconds)
{
    apr_time_t limit = apr_time_now()
                       + (apr_interval_time_t)(seconds * APR_USEC_PER_SEC);
    store_due_t due = due_of(b);

    while ((int)due.state != state && apr_time_now() < limit) {
        usleep(5000);
        due = due_of(b);
    }
    assert_int_equal(due.state, state);
    return due;
}

/* One device that has synced, and a change that it lacks. */
static inline void owe(place_t *b, const char *number, const char *const *stores)
{
    store_tx_t *tx = seed_begin(b->store, b->pool);

    seed_device(tx, b->account, "IMEI:1", number, stores);
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    for (; *stores; stores++) {
        seed_change(tx, b->account, *stores);
    }
    assert_true(seed_commit(tx));
}

/* A rule of the server. */
static inline void set(place_t *b, const char *name, const char *value)
{
    const char *error = NULL;

    if (policy_set(&b->rules, STORE_USE_SERVER, name, value, &error, b->pool)
        != APR_SUCCESS) {
        fail_msg("%s %s: %s", name, value, error);
    }
}

/* ---- the push log --------------------------------------------------------- */

/* The latest row of the push log that has one of the events. */
typedef struct last_t {
    apr_pool_t *p;
    int n;
    store_push_log_t e;
} last_t;

static inline apr_status_t see(void *baton, const store_push_log_t *e)
{
    last_t *last = baton;

    if (!last->n++) {
        last->e = *e;
        last->e.reason = apr_pstrdup(last->p, e->reason);
        last->e.answer = apr_pstrdup(last->p, e->answer);
        last->e.transport = apr_pstrdup(last->p, e->transport);
    }
    return APR_SUCCESS;
}

static inline last_t log_of(place_t *b, apr_uint32_t events)
{
    store_push_filter_t filter = { .events = events };
    last_t last = { .p = b->pool };
    store_tx_t *tx;
    apr_pool_t *p;

    apr_pool_create(&p, b->pool);
    assert_int_equal(store_begin(&tx, b->store, STORE_READ, p), 0);
    assert_int_equal(store_push_log_list(tx, &filter, see, &last), 0);
    store_rollback(&tx);
    apr_pool_destroy(p);
    return last;
}

static inline last_t wait_log_row(place_t *b, store_push_event_e event,
                           double seconds)
{
    apr_time_t limit = apr_time_now()
                       + (apr_interval_time_t)(seconds * APR_USEC_PER_SEC);
    last_t last = log_of(b, 1u << event);

    while (!last.n && apr_time_now() < limit) {
        usleep(5000);
        last = log_of(b, 1u << event);
    }
    assert_true(last.n > 0);
    return last;
}

#endif
