/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/glue_reach.h
 * @brief The directives for telling devices otherwise than by SMS:
 * SyncMLPushTCPNetworks and SyncMLPushTCPPort (devices that listen),
 * SyncMLPushListen, SyncMLPushListenMax and SyncMLPushListenRate (connections
 * held open).
 *
 * The listening socket is made by the parent, which may use any port, and
 * lives in httpd's process pool: a graceful restart does not close it, so
 * that clients which come back meanwhile wait in its queue.
 */
#ifndef SYNCML_PUSH_GLUE_REACH_H
#define SYNCML_PUSH_GLUE_REACH_H

#include "push/glue_worker.h"

/** Part of a server's configuration. */
typedef struct glue_reach_t {
    apr_array_header_t *networks;   /* NULL: not given */
    const char *networks_said;      /* "": none allowed */
    int port;                       /* 0: not given */
    const char *listen;             /* NULL: not given; "off" */
    int max;                        /* 0: not given */
    int rate;                       /* told each second; 0: not given */
} glue_reach_t;

/** A virtual host inherits what it does not give itself. */
void glue_reach_merge(glue_reach_t *reach, const glue_reach_t *base);

/* The directives. @return NULL, or what is wrong, with the directive's
 * name */
const char *glue_reach_set_networks(glue_reach_t *reach, const char *arg,
                                    apr_pool_t *p);
const char *glue_reach_set_port(glue_reach_t *reach, const char *arg,
                                apr_pool_t *p);
const char *glue_reach_set_listen(glue_reach_t *reach, const char *arg,
                                  apr_pool_t *p);
const char *glue_reach_set_max(glue_reach_t *reach, const char *arg,
                               apr_pool_t *p);
const char *glue_reach_set_rate(glue_reach_t *reach, const char *arg,
                                apr_pool_t *p);

/** Whether any device may be told otherwise than by SMS. */
int glue_reach_is_on(const glue_reach_t *reach);

/** The directive in which two servers differ, or NULL. */
const char *glue_reach_difference(const glue_reach_t *a,
                                  const glue_reach_t *b);

/**
 * The routes of a worker: its gateways, and what its reach adds.  Opens the
 * listening socket.
 * @param worker  with all but its routes
 * @return OK; HTTP_INTERNAL_SERVER_ERROR, logged
 */
int glue_reach_routes(glue_worker_t *worker, server_rec *main_server,
                      apr_pool_t *p);

/** Close listening sockets of former configurations that this one does not
 * have; after all glue_reach_routes(). */
void glue_reach_forget(server_rec *main_server);

#endif
