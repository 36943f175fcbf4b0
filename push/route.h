/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/route.h
 * @brief Which gateway takes which number: the gateways of a server with
 * their names, prefixes, order and limits.
 *
 * A route is one SyncMLPushGateway: made from its arguments, never changed
 * after.  For a number there is a list of them, the best first: the one with
 * the longest prefix that the number begins with, then by priority, then as
 * configured.  A route without prefixes takes every number, after those that
 * name it.  What is no SMS (gateway_t.whole) needs no number, costs nothing,
 * and comes before all that is, by priority among its kind.
 */
#ifndef SYNCML_PUSH_ROUTE_H
#define SYNCML_PUSH_ROUTE_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "gateway.h"

#define ROUTE_MAX            32     /* gateways of one server */
#define ROUTE_MAX_NAME       32     /* octets of a name */
#define ROUTE_MAX_PREFIXES   200
#define ROUTE_MAX_RATE       10000.0
#define ROUTE_PRIORITY       10
#define ROUTE_PRIORITY_WHOLE 1

typedef struct route_t {
    const char *name;           /* a-z, 0-9, - and _; not "tcp" or "held" if
                                   it is an SMS gateway */
    const char *label;          /* for logs: the name that was given, else the
                                   gateway's URL without credentials */
    gateway_t *gateway;
    apr_array_header_t *prefixes;   /* of const char *; empty: any number */
    int priority;               /* 1 to 100, the least first */
    double rate;                /* SMS per second; 0: no limit */
    int parallel;               /* requests at a time; 0: not said */
    apr_int64_t price;          /* of one SMS in 1/10000 of the currency's
                                   unit; -1: not said */
    const char *said;           /* all of it, for comparison only: may hold a
                                   password */
} route_t;

/**
 * Make a route.
 *
 * Of the settings these are the route's: prefix=P[,P...], priority=N,
 * rate=N[/s|/min|/h], parallel=N, price=N.NN; these the gateway's, whatever
 * its driver: reports=URL, ca=FILE, credentials=FILE (see credentials.h);
 * the rest goes to its driver.
 *
 * @param name  NULL: the URL's scheme
 * @param settings  array of const char *: "key=value"; may be NULL
 * @param root  for relative file names; NULL: the working directory
 * @param error  out: what is wrong, without credentials
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t route_create(route_t **route, const char *name, const char *url,
                          const apr_array_header_t *settings,
                          const char *root, const char **error,
                          apr_pool_t *p);

/**
 * The routes for a message, the best first.
 * @param routes  array of route_t *, as configured
 * @param message  with number, device and account; to may be NULL
 * @param out, max  indexes into routes
 * @return how many
 */
int route_choose(const apr_array_header_t *routes,
                 const gateway_message_t *message, int *out, int max);

/** Octets of the longest prefix with which the number begins; 0 for a route
 * without prefixes; -1: not for this number. */
int route_match(const route_t *route, const char *number);

/**
 * Money from text: "0.075" is 750.
 * @return APR_SUCCESS; APR_EINVAL: no number from 0 to 1000 with at most four
 *         decimals
 */
apr_status_t route_price(apr_int64_t *price, const char *text);

#endif
