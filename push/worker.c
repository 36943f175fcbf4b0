/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker's life and main loop: see worker.h. */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_thread_pool.h>

#include "schedule.h"
#include "worker_int.h"

/* How often other processes' commits are looked for. */
#define POLL_INTERVAL   apr_time_from_sec(1)
/* For the write lock; a failure is tried again. */
#define BUSY_TIMEOUT    apr_time_from_sec(2)
/* For posts in flight when the worker is stopped. */
#define PATIENCE        apr_time_from_sec(1)
/* Nanoseconds: several times what Linux gives by itself. */
#define LONG_SLICE      20000000

/* ---- the store ----------------------------------------------------------- */

/* The store's own words: once, until it works again. */
static void on_store_log(void *baton, int level, apr_status_t rv,
                         const char *message)
{
    worker_t *w = baton;

    worker_log(w, w->store_failures ? 7 : level, rv, "%s", message);
}

static void close_store(worker_t *w)
{
    if (w->store_pool) {
        apr_pool_destroy(w->store_pool);
    }
    w->store_pool = NULL;
    w->store = NULL;
}

static void store_trouble(worker_t *w, apr_status_t rv, const char *words,
                          apr_time_t now)
{
    char buf[256];
    apr_interval_time_t wait = schedule_store(++w->store_failures);

    w->store_until = now + wait;
    worker_count_trouble(w, words ? words
                         : store_strerror(rv, buf, sizeof buf), now);
    worker_log(w, w->store_failures == 1 || rv != w->store_status ? 3 : 7, 0,
               "the store %s fails: %s; %strying again", w->o.store_url,
               words ? words : store_strerror(rv, buf, sizeof buf),
               w->done ? "results are kept, " : "");
    w->store_status = rv;
    /* A busy or full store is well; for other troubles begin anew. */
    if (!w->store || (rv != STORE_EBUSY && rv != STORE_EFULL)) {
        close_store(w);
    }
}

static void store_works(worker_t *w)
{
    if (w->store_failures) {
        worker_log(w, 5, 0, "the store %s works again", w->o.store_url);
    }
    w->store_failures = 0;
    w->store_until = 0;
}

/* The server id, where the options do not say it. */
static apr_status_t get_server_id(worker_t *w, const char **error)
{
    const char *id;
    store_tx_t *tx;
    apr_pool_t *p;
    apr_status_t rv;

    apr_pool_create(&p, w->store_pool);
    rv = store_begin(&tx, w->store, STORE_READ, p);
    if (rv == APR_SUCCESS) {
        rv = store_setting_get(tx, STORE_SETTING_SERVER_ID, &id);
        if (rv == APR_SUCCESS) {
            w->o.server_id = apr_pstrdup(w->pool, id);
        }
        else if (rv == APR_NOTFOUND) {
            *error = "it has no server id yet (mod_syncml gives it one)";
        }
        store_rollback(&tx);
    }
    apr_pool_destroy(p);
    return rv;
}

static apr_status_t open_store(worker_t *w, const char **error)
{
    store_options_t options = { .key_file = w->o.key_file,
                                .busy_timeout = BUSY_TIMEOUT,
                                .log = on_store_log,
                                .log_baton = w };
    apr_status_t rv;

    apr_pool_create(&w->store_pool, w->pool);
    rv = store_open(&w->store, w->o.store_url, &options, error,
                    w->store_pool);
    if (rv != APR_SUCCESS) {
        w->store = NULL;
    }
    else if (!w->o.server_id) {
        rv = get_server_id(w, error);
    }
    if (rv == APR_SUCCESS && !w->paced) {
        rv = worker_lanes_pace(w, apr_time_now());
        w->paced = rv == APR_SUCCESS;
    }
    w->look = 1;
    w->version_seen = 0;
    return rv;
}

/* Notice what other processes have committed. */
static apr_status_t check_version(worker_t *w, apr_time_t now)
{
    apr_int64_t version;
    apr_status_t rv = store_data_version(w->store, &version);

    if (rv == APR_SUCCESS) {
        w->look |= version != w->version;
        w->version = version;
        w->version_seen = now;
    }
    return rv;
}

/* The clock was put back: times of the future would hold everything up. */
static void check_clock(worker_t *w, apr_time_t now)
{
    if (now < w->latest) {
        w->version_seen = w->store_until = 0;
        worker_lanes_clock(w);
        w->turned = w->next_gc = w->next_close = w->gate_until = 0;
        w->look = w->check_times = 1;
    }
    w->latest = now;
}

/* One round with the store, if there is anything to do. */
static void work(worker_t *w, apr_time_t now)
{
    const char *words = NULL;
    apr_status_t rv = APR_SUCCESS;

    check_clock(w, now);
    if (now < w->store_until) {
        return;
    }
    if (!w->store) {
        rv = open_store(w, &words);
    }
    if (rv == APR_SUCCESS && now - w->version_seen >= POLL_INTERVAL) {
        rv = check_version(w, now);
    }
    if ((w->next_due && w->next_due <= now) || worker_has_upkeep(w, now)) {
        w->look = 1;
    }
    if (rv == APR_SUCCESS) {
        apr_time_t next = worker_next_turn(w, now);

        rv = next && next <= now ? worker_turn(w, now) : APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        store_works(w);
    }
    else {
        store_trouble(w, rv, words, now);
    }
}

/* ---- the loop ------------------------------------------------------------ */

/* How long nothing will be there to do, as far as is known. */
static apr_interval_time_t idle_time(const worker_t *w, apr_time_t now)
{
    apr_time_t until = now + POLL_INTERVAL, next, pause;

    if (w->store_until > now) {
        return w->store_until - now;
    }
    if (!w->store) {
        return 0;
    }
    next = worker_next_turn(w, now);
    if (next) {
        return next > now ? next - now : 0;
    }
    if (w->look) {
        /* the end of a pause, or results */
        pause = worker_pause_end(w);
        return pause > now && pause < until ? pause - now : POLL_INTERVAL;
    }
    if (w->next_due && w->next_due < until) {
        until = w->next_due;
    }
    return until > now ? until - now : 0;
}

static void wait_for_more(worker_t *w, apr_interval_time_t wait)
{
    struct pollfd fd[3] = {     /* poll() passes over those below 0 */
        { .fd = w->self_fd, .events = POLLIN },
        { .fd = w->stop ? -1 : w->o.wake_fd, .events = POLLIN },
        { .fd = w->nreports < WORKER_REPORTS ? w->o.report_fd : -1,
          .events = POLLIN }
    };
    int nfds = 3;
    eventfd_t n;

    /* Results are gathered for a moment: not to be woken by each of them. */
    if ((w->done || w->nreports) && !w->store_failures) {
        nfds = 0;
    }
    if (poll(fd, nfds, (int)((wait + 999) / 1000)) <= 0) {
        return;
    }
    if (fd[0].revents & POLLIN) {
        eventfd_read(w->self_fd, &n);
    }
    if (fd[2].revents & POLLIN) {
        worker_reports_read(w);
    }
    if (fd[1].revents & POLLIN
        && eventfd_read(w->o.wake_fd, &n) == 0) {
        w->look = 1;
    }
}

void worker_stop(worker_t *worker)
{
    int saved = errno;

    worker->stop = 1;
    eventfd_write(worker->self_fd, 1);
    errno = saved;
}

/* ---- the end ------------------------------------------------------------- */

/* Rows that were not posted go back without counting as an attempt, for the
 * next worker; requests have leases of their own, which end. */
static void drop_not_tried(worker_t *w)
{
    job_t **at = &w->done;

    while (*at) {
        int untried = (*at)->delivery.answer.result == GATEWAY_NOT_TRIED;

        if (untried && (*at)->request) {
            *at = (*at)->next;
            w->ndone--;
            continue;
        }
        if (untried) {
            (*at)->not_before = apr_time_now();
        }
        at = &(*at)->next;
    }
    w->last_done = at;
}

static apr_status_t give_back(worker_t *w)
{
    store_tx_t *tx;
    apr_pool_t *p;
    apr_status_t rv;

    apr_pool_create(&p, w->pool);
    rv = store_begin(&tx, w->store, STORE_WRITE, p);
    if (rv == APR_SUCCESS) {
        rv = store_due_release(tx, w->owner);
        if (rv == APR_SUCCESS) {
            rv = store_commit(&tx, NULL);
        }
        store_rollback(&tx);
    }
    apr_pool_destroy(p);
    return rv;
}

static void finish(worker_t *w, apr_thread_pool_t *threads)
{
    const char *words = NULL;
    apr_status_t rv = APR_SUCCESS;
    char buf[256];
    int i;

    w->ending = 1;
    for (i = 0; i < w->nlanes; i++) {
        delivery_queue_stop(w->lanes[i].queue, PATIENCE);
    }
    apr_thread_pool_destroy(threads);       /* waits for the tasks */
    worker_collect(w);
    drop_not_tried(w);
    if (!w->unsettled && !w->nreports && !w->store) {
        return;
    }
    if (!w->store) {
        rv = open_store(w, &words);
    }
    w->look = 0;
    if (rv == APR_SUCCESS && (w->done || w->nreports)) {
        rv = worker_turn(w, apr_time_now());
    }
    if (rv == APR_SUCCESS && w->unsettled) {
        rv = give_back(w);
    }
    if (rv != APR_SUCCESS) {
        worker_log(w, 3, 0, "the store %s fails at the end: %s; "
                   "notifications sent last may be sent again",
                   w->o.store_url, words ? words
                   : store_strerror(rv, buf, sizeof buf));
    }
    close_store(w);
}

/* What Linux calls struct sched_attr, which older C libraries do not have. */
typedef struct slice_t {
    apr_uint32_t size, policy;
    apr_uint64_t flags;
    apr_int32_t nice;
    apr_uint32_t priority;
    apr_uint64_t runtime, deadline, period;     /* nanoseconds */
} slice_t;

/* This thread computes for milliseconds, the queues' threads, the gateway and
 * httpd for microseconds each time they are woken: let them go first.  A long
 * slice says that since Linux 6.12, and before nothing.  The thread's share of
 * a processor stays what it is: a lower priority would let others wait for the
 * store's lock. */
static void give_way(void)
{
    slice_t slice = { 0 };

    if (syscall(SYS_sched_getattr, 0, &slice, sizeof slice, 0) == 0) {
        slice.runtime = LONG_SLICE;
        syscall(SYS_sched_setattr, 0, &slice, 0);
    }
}

apr_status_t worker_run(worker_t *w)
{
    apr_thread_pool_t *threads;
    apr_status_t rv = apr_thread_pool_create(&threads, w->nlanes, w->nlanes,
                                             w->pool);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < w->nlanes; i++) {
        rv = apr_thread_pool_push(threads, delivery_queue_run,
                                  w->lanes[i].queue,
                                  APR_THREAD_TASK_PRIORITY_NORMAL, w);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    give_way();
    worker_count_start(w);
    while (!w->stop) {
        worker_collect(w);
        work(w, apr_time_now());
        worker_count_round(w, apr_time_now());
        wait_for_more(w, idle_time(w, apr_time_now()));
    }
    finish(w, threads);
    return APR_SUCCESS;
}

static apr_status_t close_fd(void *data)
{
    worker_t *w = data;

    close(w->self_fd);
    return APR_SUCCESS;
}

apr_status_t worker_create(worker_t **worker,
                           const worker_options_t *options, apr_pool_t *p)
{
    char host[APRMAXHOSTLEN + 1] = "localhost";
    worker_t *w = apr_pcalloc(p, sizeof *w);
    apr_status_t rv;

    *worker = NULL;
    if (!options->store_url || !options->routes
        || options->routes->nelts < 1 || options->routes->nelts > ROUTE_MAX
        || options->parallel < 0 || options->parallel > GATEWAY_MAX_PARALLEL
        || (options->server_id && !*options->server_id)) {
        return APR_EINVAL;
    }
    w->o = *options;
    w->pool = p;
    if (options->rules) {
        w->rules = *options->rules;
    }
    else {
        policy_defaults(&w->rules);
    }
    w->o.rules = &w->rules;
    w->last_done = &w->done;
    w->gate_account = -1;
    w->warned = apr_hash_make(p);
    w->under_way = apr_hash_make(p);
    gethostname(host, sizeof host - 1);
    w->owner = apr_psprintf(p, "%s:%ld:%" APR_TIME_T_FMT, host,
                            (long)getpid(), apr_time_now());
    w->random = (apr_uint32_t)(apr_time_now() ^ getpid()) | 1;
    w->self_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (w->self_fd < 0) {
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(p, w, close_fd, apr_pool_cleanup_null);
    rv = worker_lanes_create(w);
    if (rv == APR_SUCCESS) {
        *worker = w;
    }
    return rv;
}
