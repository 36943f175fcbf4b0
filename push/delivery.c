/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* A gateway's queue: see delivery.h. */
#include "delivery.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

/* Nothing wakes a queue but its owner and its transfers. */
#define IDLE_WAIT  apr_time_from_sec(60)
#define STOP_WAIT  (APR_USEC_PER_SEC / 50)
/* A message that had to wait for another reason than the rate makes up for
 * as much. */
#define MAKE_GOOD  (APR_USEC_PER_SEC / 50)

typedef struct list_t {
    delivery_t *first, **last;
} list_t;

struct delivery_queue_t {
    gateway_link_t *link;
    int whole;                  /* of the gateway */
    apr_interval_time_t pace;   /* between two messages; 0: none */
    delivery_notify_fn *notify;
    void *baton;

    /* Shared with the owner, under the mutex. */
    apr_thread_mutex_t *mutex;
    list_t in, out;
    int hold;
    int stop;
    apr_interval_time_t patience;

    /* The task's own. */
    list_t begun;               /* with a part sent and more to come */
    list_t waiting;
    apr_time_t next_start;      /* by the pace */
    int active;
    int stopping;
};

static void list_init(list_t *list)
{
    list->first = NULL;
    list->last = &list->first;
}

static void list_append(list_t *list, delivery_t *first, delivery_t **last)
{
    if (first) {
        *list->last = first;
        list->last = last;
    }
}

static void list_move(list_t *to, list_t *from)
{
    list_append(to, from->first, from->last);
    list_init(from);
}

static delivery_t *list_shift(list_t *list)
{
    delivery_t *d = list->first;

    if (d) {
        list->first = d->next;
        d->next = NULL;
        if (!list->first) {
            list->last = &list->first;
        }
    }
    return d;
}

/* ---- the task's side ---------------------------------------------------- */

static void finish(delivery_queue_t *queue, delivery_t *d)
{
    int was_empty;

    d->answer.took = d->took;
    if (d->answer.result == GATEWAY_ACCEPTED && d->unanswered) {
        d->answer.result = GATEWAY_UNANSWERED;
    }
    d->next = NULL;
    apr_thread_mutex_lock(queue->mutex);
    was_empty = !queue->out.first;
    list_append(&queue->out, d, &d->next);
    apr_thread_mutex_unlock(queue->mutex);
    if (was_empty) {
        queue->notify(queue->baton);
    }
}

static void not_tried(delivery_queue_t *queue, delivery_t *d,
                      const char *why)
{
    d->answer.result = GATEWAY_NOT_TRIED;
    d->answer.status = 0;
    apr_cpystrn(d->answer.words, why, sizeof d->answer.words);
    finish(queue, d);
}

static void send_part(delivery_queue_t *queue, delivery_t *d, apr_time_t now)
{
    gateway_message_t *m = &d->message;

    m->part = queue->whole ? NULL
        : &APR_ARRAY_IDX(d->parts, d->parts_sent, sms_part_t);
    m->number = d->parts_sent + 1;
    m->count = d->count;
    if (queue->pace) {
        if (queue->next_start < now - MAKE_GOOD) {
            queue->next_start = now - MAKE_GOOD;
        }
        queue->next_start += queue->pace;
    }
    queue->active++;
    gateway_send(queue->link, m, d);
}

static void on_done(void *baton, void *message_baton,
                    const gateway_answer_t *answer)
{
    delivery_queue_t *queue = baton;
    delivery_t *d = message_baton;
    int sent = answer->result == GATEWAY_ACCEPTED
               || answer->result == GATEWAY_UNANSWERED;

    queue->active--;
    d->answer = *answer;
    d->took += answer->took;
    d->parts_sent += sent;
    d->unanswered += answer->result == GATEWAY_UNANSWERED;
    if (!sent || d->parts_sent == d->count) {
        finish(queue, d);
    }
    else {
        list_append(&queue->begun, d, &d->next);
    }
}

/* Whether the next message may start: room, and its time has come. */
static int may_start(const delivery_queue_t *queue, apr_time_t now)
{
    return gateway_room(queue->link) > 0
           && (!queue->pace || queue->next_start <= now
               || queue->next_start > now + queue->pace);   /* clock put back */
}

/* The next parts of what has been begun: before others, and whatever is held
 * up, since a part without the rest is of no use to the phone. */
static void go_on(delivery_queue_t *queue, apr_time_t now)
{
    while (queue->begun.first
           && (queue->stopping || now > queue->begun.first->deadline
               || may_start(queue, now))) {
        delivery_t *d = list_shift(&queue->begun);

        if (queue->stopping || now > d->deadline) {
            /* It is as if nothing had been sent. */
            not_tried(queue, d, "stopped between two parts");
        }
        else {
            send_part(queue, d, now);
        }
    }
}

static void start_waiting(delivery_queue_t *queue, int hold)
{
    apr_time_t now = apr_time_now();

    go_on(queue, now);
    while (queue->waiting.first
           && (hold || queue->stopping || now > queue->waiting.first->deadline
               || may_start(queue, now))) {
        delivery_t *d = list_shift(&queue->waiting);

        if (hold || queue->stopping) {
            not_tried(queue, d, hold ? "the gateway is paused"
                      : "the worker ends");
        }
        else if (now > d->deadline) {
            not_tried(queue, d, "the gateway is too slow");
        }
        else {
            send_part(queue, d, now);
        }
    }
}

/* How long to wait for the gateway and for others. */
static apr_interval_time_t get_wait(const delivery_queue_t *queue)
{
    apr_time_t now = apr_time_now();

    if (queue->stopping) {
        return STOP_WAIT;
    }
    if (queue->pace && gateway_room(queue->link) > 0
        && (queue->begun.first || queue->waiting.first)) {
        return queue->next_start > now && queue->next_start <= now
            + queue->pace ? queue->next_start - now : 0;
    }
    return queue->begun.first && gateway_room(queue->link) > 0 ? 0
        : IDLE_WAIT;
}

void *APR_THREAD_FUNC delivery_queue_run(apr_thread_t *thread, void *data)
{
    delivery_queue_t *queue = data;
    apr_time_t end = 0;

    for (;;) {
        int hold;

        apr_thread_mutex_lock(queue->mutex);
        list_move(&queue->waiting, &queue->in);
        hold = queue->hold;
        if (queue->stop && !queue->stopping) {
            queue->stopping = 1;
            end = apr_time_now() + queue->patience;
        }
        apr_thread_mutex_unlock(queue->mutex);

        start_waiting(queue, hold);
        if (queue->stopping) {
            if (queue->active && apr_time_now() >= end) {
                gateway_abort(queue->link);
            }
            if (!queue->active && !queue->begun.first) {
                break;
            }
        }
        gateway_run(queue->link, get_wait(queue));
    }
    return NULL;
}

/* ---- the owner's side --------------------------------------------------- */

apr_status_t delivery_queue_create(delivery_queue_t **queue,
                                   const gateway_t *gateway,
                                   const gateway_options_t *options,
                                   double rate,
                                   delivery_notify_fn *notify, void *baton,
                                   apr_pool_t *p)
{
    delivery_queue_t *q = apr_pcalloc(p, sizeof *q);
    apr_status_t rv;

    *queue = NULL;
    list_init(&q->in);
    list_init(&q->out);
    list_init(&q->begun);
    list_init(&q->waiting);
    q->whole = gateway->whole;
    q->pace = rate > 0 ? (apr_interval_time_t)(APR_USEC_PER_SEC / rate) : 0;
    q->notify = notify;
    q->baton = baton;
    rv = apr_thread_mutex_create(&q->mutex, APR_THREAD_MUTEX_DEFAULT, p);
    if (rv == APR_SUCCESS) {
        rv = gateway_open(&q->link, gateway, options, on_done, q, p);
    }
    if (rv == APR_SUCCESS) {
        *queue = q;
    }
    return rv;
}

void delivery_queue_start(delivery_queue_t *queue, apr_time_t when)
{
    apr_thread_mutex_lock(queue->mutex);
    queue->next_start = when;
    apr_thread_mutex_unlock(queue->mutex);
}

void delivery_queue_add(delivery_queue_t *queue, delivery_t *list)
{
    list_t in;

    list_init(&in);
    while (list) {
        delivery_t *d = list;

        list = d->next;
        d->next = NULL;
        memset(&d->answer, 0, sizeof d->answer);
        d->parts_sent = d->unanswered = 0;
        d->count = queue->whole ? 1 : d->parts->nelts;
        d->took = 0;
        list_append(&in, d, &d->next);
    }
    apr_thread_mutex_lock(queue->mutex);
    list_move(&queue->in, &in);
    apr_thread_mutex_unlock(queue->mutex);
    gateway_wakeup(queue->link);
}

delivery_t *delivery_queue_take(delivery_queue_t *queue)
{
    delivery_t *out;

    apr_thread_mutex_lock(queue->mutex);
    out = queue->out.first;
    list_init(&queue->out);
    apr_thread_mutex_unlock(queue->mutex);
    return out;
}

void delivery_queue_hold(delivery_queue_t *queue, int hold)
{
    apr_thread_mutex_lock(queue->mutex);
    queue->hold = hold;
    apr_thread_mutex_unlock(queue->mutex);
    gateway_wakeup(queue->link);
}

void delivery_queue_stop(delivery_queue_t *queue,
                         apr_interval_time_t patience)
{
    apr_thread_mutex_lock(queue->mutex);
    queue->stop = 1;
    queue->patience = patience;
    apr_thread_mutex_unlock(queue->mutex);
    gateway_wakeup(queue->link);
}
