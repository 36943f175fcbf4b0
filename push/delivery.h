/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/delivery.h
 * @brief A gateway's queue: notifications on their way, part by part.
 *
 * A queue is one task of a thread pool with one link to the gateway.  The
 * worker's main thread puts deliveries in and takes finished ones out; in
 * between they are the queue's.  The parts of a notification go one after
 * the other, since phones of the time do not all put them in order; the
 * first part that is not taken over ends the delivery.  A gateway that is no
 * SMS (gateway_t.whole) gets each notification once, without parts.
 *
 * A queue may have a rate: messages begin at least 1/rate apart, but for 20 ms
 * of waiting that are made good, since no clock is exact.
 *
 * The queue allocates nothing per delivery and knows neither store nor
 * schedule.
 */
#ifndef SYNCML_PUSH_DELIVERY_H
#define SYNCML_PUSH_DELIVERY_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_thread_pool.h>
#include <apr_time.h>

#include "gateway.h"

typedef struct delivery_t delivery_t;

struct delivery_t {
    /* What to deliver, the caller's, alive until it is taken out again. */
    gateway_message_t message;  /* but for part, number and count */
    apr_array_header_t *parts;  /* of sms_part_t, at least one */
    apr_time_t deadline;        /* no part is sent after it */
    void *baton;                /* the caller's */

    /* What became of it. */
    gateway_answer_t answer;    /* to the part that decided */
    int parts_sent;             /* of several SMS; else 1 or 0 */

    /* The queue's own. */
    apr_interval_time_t took;
    int count;                  /* messages that it takes */
    int unanswered;
    delivery_t *next;
};

typedef struct delivery_queue_t delivery_queue_t;

/** Deliveries are finished: runs in the queue's thread, must not block. */
typedef void delivery_notify_fn(void *baton);

/**
 * Make a queue; nothing runs yet.
 * @param rate  messages per second; 0: no limit
 * @param p  destroyed after delivery_queue_stop() and the end of the task
 * @return APR_SUCCESS; APR_ENOMEM
 */
apr_status_t delivery_queue_create(delivery_queue_t **queue,
                                   const gateway_t *gateway,
                                   const gateway_options_t *options,
                                   double rate,
                                   delivery_notify_fn *notify, void *baton,
                                   apr_pool_t *p);

/** The first message is not to begin before this time, if the queue has a rate.
 * @param when  at most 1/rate from now; before the first delivery is added */
void delivery_queue_start(delivery_queue_t *queue, apr_time_t when);

/** The task: push it on a thread pool with the queue as its data.  Ends
 * after delivery_queue_stop(). */
void *APR_THREAD_FUNC delivery_queue_run(apr_thread_t *thread, void *data);

/** Put deliveries (a list by next) in, in their order. */
void delivery_queue_add(delivery_queue_t *queue, delivery_t *list);

/** Take the finished ones out, oldest first; NULL if there are none. */
delivery_t *delivery_queue_take(delivery_queue_t *queue);

/** Hold (or no longer): what has not begun is finished as
 * GATEWAY_NOT_TRIED. */
void delivery_queue_hold(delivery_queue_t *queue, int hold);

/** Ask the task to end: what has not begun is not tried, what is in flight
 * has @p patience microseconds to end and is aborted then.  Everything comes
 * out of delivery_queue_take(). */
void delivery_queue_stop(delivery_queue_t *queue,
                         apr_interval_time_t patience);

#endif
