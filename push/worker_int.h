/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker's own structures, for the worker*.c files only. */
#ifndef SYNCML_PUSH_WORKER_INT_H
#define SYNCML_PUSH_WORKER_INT_H

#include <stdatomic.h>

#include <apr_hash.h>

#include "delivery.h"
#include "notification.h"
#include "worker.h"

/* Rows claimed in one transaction, with the pool that holds them. */
typedef struct batch_t {
    apr_pool_t *pool;
    int left;                   /* jobs not settled yet */
} batch_t;

/* A claimed row on its way to a result that the store knows. */
typedef struct job_t {
    delivery_t delivery;        /* its baton is the job */
    batch_t *batch;
    store_due_t *due;
    const char *number;         /* as the gateway gets it */
    const char *password;
    notification_t *notification;   /* NULL: could not be made */
    int sent;                   /* the result: store_due_sent() or _failed() */
    apr_time_t not_before;
    const char *reason;
    struct job_t *next;
} job_t;

/* The gateway's health, as far as it concerns everybody. */
typedef struct health_t {
    int failures;               /* in a row; not counted during a pause */
    int refused;                /* the latest was a refusal */
    apr_time_t until;           /* end of the pause, or 0 */
    int held;                   /* the queues are told */
} health_t;

struct worker_t {
    worker_options_t o;
    apr_pool_t *pool;
    const char *owner;          /* of leases */
    int self_fd;                /* eventfd: results, stop */
    atomic_int stop;
    apr_uint32_t random;

    delivery_queue_t **queues;  /* o.threads of them */
    int unsettled;              /* jobs claimed and not settled */
    job_t *done, **last_done;   /* to be settled */
    int ndone;

    store_t *store;             /* NULL: to be opened */
    apr_pool_t *store_pool;
    int store_failures;
    apr_status_t store_status;  /* the latest failure's */
    apr_time_t store_until;     /* no try before */
    apr_int64_t version;        /* store_data_version() */
    apr_time_t version_seen;    /* when it was asked for */

    apr_time_t latest;          /* that the clock has said */
    apr_time_t turned;          /* the latest transaction */
    int look;                   /* something may be due */
    int more;                   /* the latest claim was as large as could be */
    apr_time_t next_due;        /* 0: nothing waits */
    health_t health;
    apr_hash_t *warned;         /* device ids told to need several SMS */
    int warned_key;             /* told that passwords cannot be read */
};

void worker_log(worker_t *w, int level, apr_status_t rv, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* worker_turn.c: a transaction that writes results and claims rows, and
 * what follows from it.  @return a store's status */
apr_status_t worker_turn(worker_t *w, apr_time_t now);
/* How many rows may be claimed now. */
int worker_room(const worker_t *w, apr_time_t now);
/* When the next transaction is worth its price, as far as is known: results
 * wait for others a moment while much is under way. @return 0: no time set */
apr_time_t worker_next_turn(const worker_t *w, apr_time_t now);

/* worker_result.c: take finished deliveries from the queues, decide what
 * they mean and put them on w->done. */
void worker_collect(worker_t *w);
/* Tell the queues that the gateway is paused, or no longer. */
void worker_hold(worker_t *w, int hold);
/* A job that will not be posted: the notification is impossible. */
void worker_reject(worker_t *w, job_t *job, const char *why);

#endif
