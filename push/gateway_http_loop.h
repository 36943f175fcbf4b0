/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/gateway_http_loop.h
 * @brief What libcurl waits for, in an epoll of ours: private to this room.
 *
 * curl_multi_perform() looks at every transfer each time that one of them
 * moves; told which socket it was, libcurl looks at that one.  With 32
 * requests under way that is a third of what a request costs.
 *
 * A loop belongs to one multi handle and to the thread that uses it; only
 * http_loop_wakeup() may be called by others.
 */
#ifndef SYNCML_PUSH_GATEWAY_HTTP_LOOP_H
#define SYNCML_PUSH_GATEWAY_HTTP_LOOP_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>
#include <curl/curl.h>

typedef struct http_loop_t http_loop_t;

/**
 * Make the loop of a multi handle that has no transfers yet.
 * @return APR_SUCCESS; APR_ENOMEM or another if the system has no
 *         descriptors left
 */
apr_status_t http_loop_create(http_loop_t **loop, CURLM *multi,
                              apr_pool_t *p);

/** After curl_multi_cleanup(), which still calls back. @param loop  may be
 * NULL */
void http_loop_destroy(http_loop_t *loop);

/** Let a transfer of the multi handle open and close its sockets here, before
 * its first request: the loop then knows which numbers are still the same
 * connection, and need not be taken out and back for each request. */
void http_loop_attach(http_loop_t *loop, CURL *easy);

/** Start what was added, and see to time-outs. */
void http_loop_start(http_loop_t *loop);

/** Wait for sockets, time-outs or http_loop_wakeup(), and let libcurl act on
 * them. @param wait  microseconds at most; 0: only what is ready */
void http_loop_wait(http_loop_t *loop, apr_interval_time_t wait);

/** Make http_loop_wait() return soon.  Any thread. */
void http_loop_wakeup(http_loop_t *loop);

#endif
