/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/counters.h
 * @brief What a push worker has done and is doing, in memory that it shares
 * with the processes that show it.
 *
 * One worker writes (two for the moment of a graceful restart, when a count
 * may be lost), anybody reads.  Words may be seen half-written: they end in
 * NUL whatever happens, since the last octet is never written.
 */
#ifndef SYNCML_PUSH_COUNTERS_H
#define SYNCML_PUSH_COUNTERS_H

#include <apr_time.h>

#include "held.h"
#include "route.h"

typedef struct push_lane_counters_t {
    char name[ROUTE_MAX_NAME + 1];
    volatile apr_uint32_t queued;       /* now: waiting or being sent */
    volatile apr_uint32_t accepted, unanswered, failed, rejected;
    volatile apr_time_t paused_until;   /* 0: it is not */
    volatile apr_time_t error_time;     /* of last_error; 0: none yet */
    char last_error[GATEWAY_MAX_WORDS];
} push_lane_counters_t;

typedef struct push_counters_t {
    volatile apr_time_t started;        /* the present worker; 0: none yet */
    volatile apr_time_t looked;         /* its latest round */
    volatile apr_uint32_t workers;      /* so many have been started */
    volatile apr_uint32_t claimed;      /* now: devices being told */
    volatile apr_time_t next_due;       /* when the next row is due; 0: none */
    /* decisions */
    volatile apr_uint32_t sent, failed, suspended, put_off;
    volatile apr_uint32_t held_back;    /* by the rules, once for a reason */
    volatile apr_time_t error_time;     /* of last_error */
    char last_error[GATEWAY_MAX_WORDS]; /* of the store */
    held_counts_t held;
    int nlanes;
    push_lane_counters_t lanes[ROUTE_MAX + 2];  /* with TCP and held */
} push_counters_t;

#endif
