/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/glue_worker.h
 * @brief Worker processes under httpd's care: one for each store.
 *
 * The parent forks them in post_config, before it has threads, and starts one
 * again if it dies.  Over a graceful restart the old one ends its deliveries
 * while its successor works already; leases in the store keep them apart.
 * What must outlive a reload of the configuration (the eventfd that children
 * of every generation write, who is whose process) lives in httpd's process
 * pool.
 */
#ifndef SYNCML_PUSH_GLUE_WORKER_H
#define SYNCML_PUSH_GLUE_WORKER_H

#include "httpd.h"
#include "http_config.h"
#include "http_log.h"

#include "push/counters.h"
#include "push/glue_rules.h"
#include "push/route.h"

/* The one symbol that mod_syncml_push.so shows to httpd. */
#pragma GCC visibility push(default)
APLOG_USE_MODULE(syncml_push);
#pragma GCC visibility pop

/** What a store's worker needs to know; in the configuration's pool. */
typedef struct glue_worker_t {
    const char *store_url;
    const char *key_file;       /* may be NULL */
    const char *server_id;      /* NULL: as the store has it */
    const apr_array_header_t *gateways; /* of route_t *, as configured; may
                                   be NULL */
    const struct glue_reach_t *reach;
    const apr_array_header_t *routes;   /* of both */
    glue_rules_t rules;
    int parallel;               /* requests to a gateway, 0: the default */
    push_counters_t *counters;  /* shared memory; NULL: there is none */
    server_rec *server;         /* whose log it uses */
} glue_worker_t;

/** The eventfd of a store's worker, made at its first use. @return -1 if the
 * system has none left */
int glue_worker_wake_fd(server_rec *main_server, const char *store_url);

/** The end of a pipe to a store's worker for delivery reports, non-blocking.
 * @return -1 if the system has none left */
int glue_worker_report_fd(server_rec *main_server, const char *store_url);

/** The counters of a store's worker, made at their first use, over all
 * generations. @return NULL if the system has no shared memory */
push_counters_t *glue_worker_counters(server_rec *main_server,
                                      const char *store_url);

/**
 * Start the workers of this configuration.
 * @param workers  array of glue_worker_t *, one per store
 * @param pconf  its end ends them
 * @return OK or HTTP_INTERNAL_SERVER_ERROR
 */
int glue_workers_start(server_rec *main_server, apr_array_header_t *workers,
                       apr_pool_t *pconf);

/** Make the gateways' directories where they have one and it is missing, and
 * give them to the user of the workers.  What is wrong is logged; the worker says so
 * again when it has something to write. */
void glue_worker_directories(const glue_worker_t *worker);

#endif
