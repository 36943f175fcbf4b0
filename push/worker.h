/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/worker.h
 * @brief The push worker: looks into a store for devices that are owed a
 * notification and sends it through a gateway, until it is stopped.
 *
 * Knows nothing of httpd: the glue runs one in a process of its own, tests
 * and benchmarks run one in a thread.
 *
 * Threads.  worker_run() is the main loop and the only one that touches the
 * store.  Each gateway has a queue with a thread of its own, and in it up to
 * route_t.parallel requests at a time; so one that is slow, paused or limited
 * holds up nothing but what only it can carry.  Rows are claimed ahead, up to
 * WORKER_AHEAD times as many, and never more than a gateway takes in some
 * seconds at the pace it has shown.
 *
 * Which gateway.  The best by number, priority and order (route.h) that is
 * not paused; if it does not take the notification, the next.  What has been
 * sent and not answered is never given to another.  A gateway that fails for
 * everybody is paused, then tried with one notification.
 *
 * When it looks.  At once when the eventfd is written; otherwise each second
 * whether another process has committed (store_data_version()); and when the
 * store said that the next row is due.
 *
 * What it guarantees.  A row is under a lease from its claim to its result,
 * so two workers on one store do not send twice; and a device that syncs and
 * owes anew meanwhile is not told again before that result.  Results are
 * written in the next transaction (under load those of 20 ms together, since
 * each transaction costs a write to the disk) and kept until the store takes
 * them.  A notification that went out and was not answered by the gateway
 * counts as sent.  No error of store or gateway ends the worker; it backs off,
 * says so once, and says when it is over.
 */
#ifndef SYNCML_PUSH_WORKER_H
#define SYNCML_PUSH_WORKER_H

#include <apr_pools.h>
#include <apr_time.h>

#include "policy.h"
#include "route.h"
#include "store/store.h"

#define WORKER_PARALLEL     32      /* requests to a gateway at a time */
#define WORKER_AHEAD        8       /* claimed rows for each of them... */
#define WORKER_BATCH        512     /* ...or as many, if it is fast: each
                                       transaction costs a write to disk */

/** How long a claim holds: other workers take a row over after it if this
 * one was killed. */
#define WORKER_LEASE        apr_time_from_sec(30)
/** For an answer, connecting included; well below the lease. */
#define WORKER_TIMEOUT      apr_time_from_sec(10)
#define WORKER_CONNECT      apr_time_from_sec(5)

typedef struct worker_options_t {
    const char *store_url;
    const char *key_file;       /* NULL: digests with an empty password */
    const char *server_id;      /* 1 to 255 octets; NULL: as the store has
                                   it (STORE_SETTING_SERVER_ID) */
    const apr_array_header_t *routes;   /* of route_t *, 1 to ROUTE_MAX */
    const policy_rules_t *rules;        /* NULL: the defaults */
    const apr_array_header_t *prices;   /* of policy_price_t, for routes that
                                   have none; NULL: none */
    apr_interval_time_t keep;   /* of the push log; 0: for ever */
    int parallel;               /* for routes that do not say it; 0:
                                   WORKER_PARALLEL */
    int report_fd;              /* pipe of report_t (report.h), non-blocking;
                                   the caller's; -1: none */
    int wake_fd;                /* eventfd that says "look", non-blocking;
                                   the caller's; -1: none */
    struct push_counters_t *counters;   /* kept up to date; NULL: none */
    store_log_fn *log;          /* levels of syslog: 5 for each delivery, 4
                                   for one that failed */
    void *log_baton;
} worker_options_t;

typedef struct worker_t worker_t;

/**
 * Make a worker.  Touches neither store nor network; start nothing that
 * forks between this and the end of worker_run().
 * @return APR_SUCCESS; APR_EINVAL: an option outside its limits; APR_ENOMEM
 */
apr_status_t worker_create(worker_t **worker,
                           const worker_options_t *options, apr_pool_t *p);

/**
 * Work until worker_stop().  Then posts in flight have a second to end,
 * their results are written and the leases of the rest are given back.
 * @return APR_SUCCESS; APR_ENOMEM if threads could not be started
 */
apr_status_t worker_run(worker_t *worker);

/** Ask worker_run() to return.  From any thread or signal handler. */
void worker_stop(worker_t *worker);

#endif
