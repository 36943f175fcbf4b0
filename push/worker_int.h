/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker's own structures, for the worker*.c files only. */
#ifndef SYNCML_PUSH_WORKER_INT_H
#define SYNCML_PUSH_WORKER_INT_H

#include <stdatomic.h>

#include <apr_hash.h>

#include "counters.h"
#include "delivery.h"
#include "push_device.h"
#include "report.h"
#include "route.h"
#include "worker.h"

/* Octets of a token that nobody can guess. */
#define WORKER_RANDOM   (GATEWAY_TOKEN / 2 - 4)
/* No part may go out so late that its answer could miss the lease. */
#define WORKER_LATEST  (WORKER_LEASE - WORKER_TIMEOUT - apr_time_from_sec(2))
/* Delivery reports that are taken from the pipe at a time. */
#define WORKER_REPORTS  256

/* Rows claimed in one transaction, with the pool that holds them. */
typedef struct batch_t {
    apr_pool_t *pool;
    int left;                   /* jobs not settled yet */
} batch_t;

typedef struct lane_t lane_t;

/* A gateway that was asked and did not take it. */
typedef struct attempt_t {
    lane_t *lane;
    gateway_answer_t answer;
    int parts_sent;
} attempt_t;

/* A claimed row on its way to a result that the store knows. */
typedef struct job_t {
    delivery_t delivery;        /* its baton is the job */
    batch_t *batch;
    store_due_t *due;
    const char *number;         /* as the gateway gets it */
    const char *password;
    push_device_t *device;
    notification_t *notification;   /* NULL: could not be made */
    char token[GATEWAY_TOKEN + 1];
    lane_t *lane;               /* that has it or had it last, or NULL */
    int choice[ROUTE_MAX];      /* lanes to try, the best first */
    int nchoice, next_choice;
    apr_array_header_t *attempts;   /* of attempt_t, that failed; NULL: none */
    int decisive;               /* of them, the one that leaves most hope */
    store_id_t log;             /* its row in the push log; 0: none */
    apr_interval_time_t wait;   /* for an answer, once sent; 0: suspended */
    const int *sync_types;      /* of its datastores; NULL: all two-way */
    int free_only;              /* by nothing that costs money */
    int parts;                  /* SMS, where a budget counts them; 0 */
    int dry;                    /* it is not sent, but all else is done */
    store_id_t request;         /* a test that was asked for; 0: none */
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
    int held;                   /* the queue is told */
} health_t;

/* A route with its queue and thread, as the main thread sees it. */
struct lane_t {
    const route_t *route;
    delivery_queue_t *queue;
    int parallel;
    health_t health;
    int under_way;              /* jobs that the queue has */
    int reserved;               /* rows claimed with it in mind */
    double took;                /* seconds for a delivery, running mean */
    apr_time_t start;           /* of its first, by its rate; 0: at once */
    apr_time_t promised;        /* jobs sent away come back up to then */
    delivery_t *first, **last;  /* on the way to the queue in this turn */
};

/* What the rules of a claimed row say about what comes later. */
typedef struct taken_t {
    store_id_t device, account;
    push_settings_t settings;   /* the device's, for push_device_make() */
    const int *sync_types;      /* for its notification_form_t */
    int dry;
    int free_only;              /* its budget is used up */
    int parts;                  /* SMS that a budget has room for; 0: none
                                   counts them */
    apr_interval_time_t wait;
} taken_t;

struct worker_t {
    worker_options_t o;
    apr_pool_t *pool;
    const char *owner;          /* of leases */
    int self_fd;                /* eventfd: results, stop */
    atomic_int stop;
    int ending;                 /* nothing goes to a queue any more */
    apr_uint32_t random;

    lane_t *lanes;              /* as o.routes */
    int nlanes;
    int unsettled;              /* jobs claimed and not settled */
    apr_hash_t *under_way;      /* device ids of the others */
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
    int paced;                  /* worker_lanes_pace() has been */
    int check_times;            /* the clock may have been put back */
    int started;                /* it may have been before this worker: looked
                                   at once nothing else is to be done */
    int replanned;              /* all rows, by the rules of this worker */
    apr_time_t next_gc;
    apr_time_t next_close;      /* of rows whose result was lost */
    policy_rules_t rules;       /* where o.rules points */
    policy_rules_t server_rules, *account_rules;    /* of the claim */
    store_id_t rules_account;   /* whose account_rules are; 0: nobody's */
    store_use_t uses[2];        /* of the server and of an account, as the
                                   claim has changed them */
    store_id_t use_of[2];       /* whose; -1: not read yet */
    apr_pool_t *rules_pool;
    apr_array_header_t *taken;  /* of taken_t: rows that the rules took */
    int next_taken;
    const char *address;        /* where the device being planned listens;
                                   "": it does not */
    apr_hash_t *zones, *told;   /* time zones; budgets told to be used up */
    apr_hash_t *warned;         /* device ids told to need several SMS */
    apr_time_t gate_until;      /* budgets for which rows wait are looked at
                                   then; 0: at once */
    store_id_t gate_account;    /* the last that was; -1: none of this look */
    int gate_step;              /* rows woken in the latest looks, and none
                                   was taken */
    apr_pool_t *plan_pool;      /* of the claim that is being made */
    apr_pool_t *report_pool;    /* of those being written */
    report_t reports[WORKER_REPORTS];   /* not in the store yet */
    int nreports;
    int warned_key;             /* told that passwords cannot be read */
};

void worker_log(worker_t *w, int level, apr_status_t rv, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

/* worker_count.c: what others may see of it, in o.counters. */
void worker_count_start(worker_t *w);
void worker_count_round(worker_t *w, apr_time_t now);
void worker_count_answer(worker_t *w, const lane_t *lane,
                         const gateway_answer_t *answer, apr_time_t now);
void worker_count_job(worker_t *w, const job_t *job);
/* The rules do not tell a device. @param until  0: not until it syncs */
void worker_count_hold(worker_t *w, apr_time_t until);
void worker_count_trouble(worker_t *w, const char *words, apr_time_t now);

/* worker_turn.c: a transaction that writes results and claims rows, and
 * what follows from it.  @return a store's status */
apr_status_t worker_turn(worker_t *w, apr_time_t now);
/* When the next transaction is worth its price, as far as is known: results
 * wait for others a moment while much is under way. @return 0: no time set */
apr_time_t worker_next_turn(const worker_t *w, apr_time_t now);

/* worker_lane.c: the gateways, one queue each. */

/* Make the lanes' queues. */
apr_status_t worker_lanes_create(worker_t *w);
/* Deadline, token and row of the push log of a job, in the claim's
 * transaction.
 * @param random  WORKER_RANDOM octets; NULL: the system has none */
apr_status_t worker_start_job(worker_t *w, store_tx_t *tx, job_t *job,
                              apr_time_t now, const unsigned char *random);
/* Random octets for n jobs, or NULL. */
const unsigned char *worker_random_octets(int n, apr_pool_t *p);
/* How many rows may be claimed now: what all gateways together have room
 * for. */
int worker_room(const worker_t *w, apr_time_t now);
/* Rows that may be claimed and not settled, at the most. */
int worker_most(const worker_t *w);
/* The end of the first pause, or 0: none is paused. */
apr_time_t worker_pause_end(const worker_t *w);
/* The clock was put back. */
void worker_lanes_clock(worker_t *w);
/* At the start: gateways that have a rate wait as long as it asks for after
 * what the push log says that others have given them. */
apr_status_t worker_lanes_pace(worker_t *w, apr_time_t now);

typedef enum {
    PLACE_DONE,                 /* it is on its way */
    PLACE_LATER,                /* all that could take it are full or paused:
                                   not before *when */
    PLACE_NOWHERE               /* no further gateway takes this number */
} place_e;
/* Give a job that is prepared to the first gateway among those not tried yet
 * that can take it. @param when  out, for PLACE_LATER */
place_e worker_place(worker_t *w, job_t *job, apr_time_t now,
                     apr_time_t *when);
/* Whether a row may be claimed now, as far as gateways go; if so, room is kept
 * for it until worker_unreserve(). The device is the one that the rules have
 * just looked at: w->address. @return now, or when one has room */
apr_time_t worker_lane_when(worker_t *w, const store_due_t *due,
                            apr_time_t now, apr_pool_t *ptemp);
void worker_unreserve(worker_t *w);
/* Hand what was placed to the queues. */
void worker_flush(worker_t *w);
/* A delivery has come back from its lane: what its answer says of the
 * gateway. */
void worker_lane_result(worker_t *w, job_t *job, apr_time_t now);
/* "sms:NAME", for the push log. */
const char *worker_transport(const lane_t *lane, apr_pool_t *p);
apr_uint32_t worker_random(worker_t *w);

/* worker_plan.c: the rules, as store_due_claim() asks for them; the baton is
 * the worker. */
store_due_plan_fn worker_plan;
/* Before the rows of a claim are planned: forget the former claim's. */
apr_status_t worker_plan_begin(worker_t *w, store_tx_t *tx);
/* The row that was planned last is not taken after all. */
void worker_plan_undo(worker_t *w);
/* What the rules said of a row that was claimed; rows in their order.
 * @return the settings of its device */
push_settings_t *worker_plan_taken(worker_t *w, job_t *job);
/* The rules of a row. @param settings  out: its device's, in w->plan_pool */
apr_status_t worker_rules(worker_t *w, store_tx_t *tx, const store_due_t *due,
                          policy_rules_t *rules, push_settings_t *settings);
/* Of one SMS, where the gateway has no price. */
apr_int64_t worker_price(const worker_t *w, const char *number);
/* The rules of an account, kept for the rows of one claim.
 * @param name  of the account, for log lines */
apr_status_t worker_account_rules(worker_t *w, store_tx_t *tx,
                                  store_id_t account, const char *name,
                                  const policy_rules_t **rules);
/* worker_gate.c: budgets that are full of what is under way.  Rows that would
 * be over one wait for it, in the store, and not one by one. */

/* In the claim's transaction: as many rows are to be planned as budgets have
 * room for.  Costs nothing between two looks. @param max  rows of the claim */
apr_status_t worker_gate(worker_t *w, store_tx_t *tx, apr_time_t now,
                         int max);
/* When to look again, if rows wait. @param when  in and out: 0: no time yet */
apr_status_t worker_gate_next(worker_t *w, store_tx_t *tx, apr_time_t *when);

/* worker_replan.c: rows that other rules have planned are planned anew, some
 * of them.  In the transaction of the upkeep.
 * @param done  out: all are */
apr_status_t worker_replan(worker_t *w, store_tx_t *tx, apr_time_t now,
                           int *done);
/* A transaction now and then: old rows of the push log, the clock. */
int worker_has_upkeep(const worker_t *w, apr_time_t now);
apr_status_t worker_upkeep(worker_t *w, apr_time_t now);

/* worker_request.c: tests that somebody asks for. */

/* Take a request, as a job that is not in the store's dues.
 * @param job  out: NULL if there is none */
apr_status_t worker_request_begin(worker_t *w, store_tx_t *tx, apr_time_t now,
                                  batch_t *batch, job_t **job);
apr_status_t worker_request_end(worker_t *w, store_tx_t *tx,
                                const job_t *job);

/* What one SMS to a number costs by the dearest gateway that may get it. */
apr_int64_t worker_dearest(const worker_t *w, const char *number,
                           apr_pool_t *ptemp);
/* Whether a device can be told without an SMS now: it holds a connection open,
 * or listens at that address ("": it does not). (worker_lane.c) */
int worker_is_free(const worker_t *w, const store_due_t *due,
                   const char *address);

/* worker_ledger.c: the push log's row of a claimed job, and what became of
 * it.  In the transactions of the claim and of the result. */
apr_status_t worker_ledger_begin(worker_t *w, store_tx_t *tx, job_t *job);
apr_status_t worker_ledger_end(worker_t *w, store_tx_t *tx,
                               const job_t *job);

/* The line in the log about it. @param unanswered  notifications */
void worker_log_suspended(worker_t *w, const store_due_t *due,
                          const char *why, int unanswered);

/* Rows whose result nobody will write any more, since their worker was killed,
 * are closed as if sent.  Transactions of its own. */
apr_status_t worker_ledger_close(worker_t *w, apr_time_t now);
/* Those of a device whose lease has run out, before it is told again: what may
 * have been sent to it counts for its budget. */
apr_status_t worker_ledger_lost(worker_t *w, store_tx_t *tx,
                                store_id_t device, apr_pool_t *ptemp);

/* worker_report.c: take delivery reports from the pipe; write them into the
 * push log, in the transaction of the results; forget them after it. */
void worker_reports_read(worker_t *w);
apr_status_t worker_reports_write(worker_t *w, store_tx_t *tx,
                                  apr_time_t now);

/* A message has not arrived, as the network says: what follows from it.
 * @param row  of the push log, with its result
 * @param text  of the report */
apr_status_t worker_undelivered(worker_t *w, store_tx_t *tx,
                                const store_push_log_t *row,
                                const char *text, apr_time_t now,
                                apr_pool_t *p);

/* Names of the datastores that are owed, with commas. */
const char *worker_names(const store_due_t *due, apr_pool_t *p);

/* worker_result.c: take finished deliveries from the queues, decide what
 * they mean and put them on w->done, or let another gateway try. */
void worker_collect(worker_t *w);
/* A job that no gateway can have now: it goes back, as if not claimed. */
void worker_later(worker_t *w, job_t *job, apr_time_t when, const char *why);
/* A job that is not posted, because it is a dry run. */
void worker_dry(worker_t *w, job_t *job);
/* A job that will not be posted: the notification is impossible.
 * @param for_good  0: it is tried again after an hour */
void worker_reject(worker_t *w, job_t *job, const char *why, int for_good);

#endif
