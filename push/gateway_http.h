/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/gateway_http.h
 * @brief What gateways over HTTP have in common: private to this room.
 *
 * A driver says how a message becomes a request and what an answer means (a
 * dialect); connections, time-outs, limits and everything that goes wrong
 * between the two are here, with libcurl's multi interface.  Connections are
 * kept and used again.  Certificates are verified; redirects are not followed
 * and proxies of the environment not used.
 *
 * Limits: those of gateway.h.
 */
#ifndef SYNCML_PUSH_GATEWAY_HTTP_H
#define SYNCML_PUSH_GATEWAY_HTTP_H

#include <apr_tables.h>

#include "gateway_driver.h"

/** A request.  Everything lives until the message is done. */
typedef struct http_request_t {
    const char *method;         /* GET, POST, PUT */
    const char *url;            /* may hold credentials; not looked at if
                                   http_conf_t.url is set */
    apr_array_header_t *headers;    /* of const char *: "Name: value" */
    const void *body;           /* NULL: none */
    apr_size_t len;
} http_request_t;

typedef struct http_dialect_t {
    /** @param request  out: headers is an empty array, the rest is zero
     *  @param p  cleared when the message is done */
    void (*build)(const gateway_t *gateway, const gateway_message_t *message,
                  http_request_t *request, apr_pool_t *p);
    /** @param answer  out: result, words and id; status is set already */
    void (*classify)(const gateway_t *gateway, const char *body,
                     apr_size_t len, gateway_answer_t *answer,
                     apr_pool_t *p);
} http_dialect_t;

/** The beginning of gateway_t.conf of each of these drivers. */
typedef struct http_conf_t {
    const http_dialect_t *dialect;
    const char *url;            /* of every request, which is then taken apart
                                   once: an eighth of what libcurl does for a
                                   request; NULL: each has its own */
    const char *ca_file;        /* PEM, or NULL */
    apr_array_header_t *secrets;    /* of const char *: never to be said */
} http_conf_t;

/* For the driver's table. */
apr_status_t gateway_http_open(gateway_link_t *link);
void gateway_http_send(gateway_link_t *link, const gateway_message_t *message,
                       void *message_baton);
void gateway_http_run(gateway_link_t *link, apr_interval_time_t wait);
void gateway_http_wakeup(gateway_link_t *link);
void gateway_http_abort(gateway_link_t *link);
void gateway_http_close(gateway_link_t *link);

/** Put asterisks over every secret in a text. */
void gateway_http_mask(const http_conf_t *conf, char *text);

/**
 * Whether a text is the URL of a gateway: http or https with a host.
 * @param name  out: the URL without user, password, path and query
 * @return words for what is wrong, or NULL
 */
const char *gateway_http_check(const char *url, const char **name,
                               apr_pool_t *p);

/** Words for what would break a header line, or NULL: control characters,
 * blanks at the ends, which the other side takes off. */
int gateway_http_fits_header(const char *value);

/** Non-zero for the status by which a proxy says that the gateway has had the
 * request and gave no answer in time: 504, and 524 of Cloudflare's.  The message
 * may be on its way. */
int gateway_http_is_late(int status);

#endif
