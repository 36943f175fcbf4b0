/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_ledger.h
 * @brief The push log: every notification that was sent and every decision
 * not to send one, with what became of it; what it cost, counted by day and
 * month; settings of accounts; and requests for a test.  Part of store.h.
 *
 * A notification is written when it is claimed (STORE_PUSH_SENDING), so a
 * report of it finds its row however early it comes, and gets its result
 * later.  A row that is SENDING when the lease is over is one whose worker was
 * killed between the claim and the commit of the result: nobody knows whether
 * it went out, and it is closed as if it had.
 */
#ifndef SYNCML_STORE_LEDGER_H
#define SYNCML_STORE_LEDGER_H

#include "store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Texts of the push log are cut to this, at a whole character. */
#define STORE_MAX_ANSWER  1000
#define STORE_MAX_TOKEN   64

typedef enum {
    STORE_PUSH_SENDING = 1,     /* claimed */
    STORE_PUSH_SENT,            /* the gateway took it, or did not answer */
    STORE_PUSH_FAILED,          /* not sent; it is tried again or not, see
                                   the reason */
    STORE_PUSH_HELD,            /* a decision to wait, until `until` */
    STORE_PUSH_SUSPENDED,       /* a decision to wait for the device */
    STORE_PUSH_DRY,             /* would have been sent */
    STORE_PUSH_FETCHED,         /* not needed: the device synced before */
    STORE_PUSH_UNDONE,          /* not needed: the changes were taken back */
    STORE_PUSH_RELEASED         /* claimed, but not tried: as a result, it
                                   removes the row */
} store_push_event_e;
#define STORE_PUSH_EVENTS  9

/** Reports, in the order in which they outdo each other: of several, the
 * highest counts, in whatever order they come. */
typedef enum {
    STORE_REPORT_NONE = 0,
    STORE_REPORT_ACCEPTED,      /* the centre has it */
    STORE_REPORT_BUFFERED,      /* the centre waits for the phone */
    STORE_REPORT_DELIVERED,     /* the phone has it (or this part of it) */
    STORE_REPORT_FAILED         /* expired, rejected, undeliverable */
} store_report_e;

typedef struct store_push_log_t {
    store_id_t id;              /* later ones are greater */
    store_id_t account;         /* 0: a test */
    store_id_t device;          /* may be gone since; 0: a test */
    const char *devid;          /* its device id then */
    apr_time_t time;
    store_push_event_e event;
    const char *reason;         /* a word of the rules, or of the result */
    const char *transport;      /* "sms:NAME", "tcp", "held", "file"; "" */
    const char *number;         /* or address */
    const char *datastores;     /* names, with commas */
    int parts;                  /* SMS */
    apr_int64_t cost;           /* 1/10000 of the currency's unit */
    const char *answer;         /* the gateway's words */
    const char *message_id;     /* the gateway's */
    const char *token;          /* unguessable, for the report; "" for none */
    apr_time_t first_change;    /* the oldest change that it tells of; 0 */
    apr_time_t until;           /* HELD: planned time; SENT: end of the wait
                                   for an answer; 0: none */
    store_report_e report;
    const char *report_text;
    apr_time_t report_time;     /* 0: no report */
    apr_time_t answered;        /* when the device synced; 0: not yet */
} store_push_log_t;

/** Add a row; fills in id and, if 0, time.  Texts may be NULL for "".
 * Rows that are SENT count for the budgets at once.
 * @return APR_EEXIST: the token is taken */
apr_status_t store_push_log_add(store_tx_t *tx, store_push_log_t *entry);
/** What became of a row that is SENDING: event, reason, transport, number,
 * parts, cost, answer, message_id and until are taken from @p entry, the
 * row's id too.  SENT counts for the budgets (once).
 * @param entry  its datastores too, unless NULL; out: report, report_text
 *               and answered, what has come before the result
 * @return APR_NOTFOUND: no such row, or it has a result already */
apr_status_t store_push_log_result(store_tx_t *tx, store_push_log_t *entry);
typedef apr_status_t store_push_log_fn(void *baton,
                                       const store_push_log_t *entry);
/** Rows that are SENDING, of a time, the oldest first: of those from before
 * a lease nobody will write the result any more.
 * @param from, to  from <= time < to
 * @param limit  0: all
 * @param fn  APR_EOF from it ends the list */
apr_status_t store_push_log_sending(store_tx_t *tx, apr_time_t from,
                                    apr_time_t to, int limit,
                                    store_push_log_fn *fn, void *baton);
/** A report from the network for the message of a token.  Repeated and
 * reordered ones change nothing.
 * @param entry  out: the row as it is now; may be NULL
 * @return APR_NOTFOUND: no such token */
apr_status_t store_push_log_report(store_tx_t *tx, const char *token,
                                   store_report_e report, const char *text,
                                   apr_time_t when,
                                   store_push_log_t **entry);

typedef struct store_push_filter_t {
    store_id_t account, device; /* 0: all */
    store_id_t before;          /* only lower ids; 0: from the latest */
    apr_time_t since;           /* not before this time */
    apr_uint32_t events;        /* bits 1 << event; 0: all */
    const char *number;         /* NULL: all */
    int limit;                  /* 0: all */
} store_push_filter_t;
/** Latest first. */
apr_status_t store_push_log_list(store_tx_t *tx,
                                 const store_push_filter_t *filter,
                                 store_push_log_fn *fn, void *baton);
/** Forget rows from before a time, counters of days and months long past,
 * and old requests.  @param limit  rows of each; 0: all */
apr_status_t store_push_log_gc(store_tx_t *tx, apr_time_t before, int limit,
                               apr_int64_t *removed);

/* ---- budgets ----------------------------------------------------------- */

typedef enum {
    STORE_USE_SERVER = 0, STORE_USE_ACCOUNT = 1, STORE_USE_DEVICE = 2
} store_use_e;

typedef struct store_use_t {
    apr_int64_t day, month;             /* SMS (parts) */
    apr_int64_t day_cost, month_cost;   /* 1/10000 */
    int leased;                 /* SMS that are under way now, whoever has
                                   claimed them (store_plan_t.parts), also
                                   without a lease: sending in the push log */
} store_use_t;

/** The day and the month of a time, as the counters know them: in the local
 * time of the machine, yyyymmdd and yyyymm. */
void store_use_period(apr_time_t when, int *day, int *month);
/** What was sent in the day and month of @p when.  A device's are known for 40
 * days.
 * @param id  account or device; 0 for the server */
apr_status_t store_push_use(store_tx_t *tx, store_use_e scope, store_id_t id,
                            apr_time_t when, store_use_t *use);

/* ---- settings of an account -------------------------------------------- */

/* As those of a device (store.h), and they go with the account. */

apr_status_t store_account_setting_get(store_tx_t *tx, store_id_t account,
                                       const char *name, const char **value);
apr_status_t store_account_setting_set(store_tx_t *tx, store_id_t account,
                                       const char *name, const char *value);
apr_status_t store_account_setting_list(store_tx_t *tx, store_id_t account,
                                        store_setting_fn *fn, void *baton);

/* ---- requests for a test ----------------------------------------------- */

typedef struct store_push_request_t {
    store_id_t id;
    const char *number;         /* to which a test goes */
    const char *uri;            /* of the datastore that it names */
    apr_time_t created;
    apr_time_t done;            /* 0: not yet */
    int ok;                     /* the gateway took it */
    const char *result;         /* words for people */
} store_push_request_t;

/** Ask the worker to send a test notification. id and created are filled
 * in. */
apr_status_t store_push_request_add(store_tx_t *tx,
                                    store_push_request_t *request);
/** The oldest request that nobody has taken.  @param lease  how long it is
 * taken @return APR_NOTFOUND: none */
apr_status_t store_push_request_claim(store_tx_t *tx, apr_time_t now,
                                      apr_interval_time_t lease,
                                      store_push_request_t **request);
/** When the next one can be claimed; 0: none waits. */
apr_status_t store_push_request_next(store_tx_t *tx, apr_time_t *when);
/** What became of it. @return APR_NOTFOUND: no such request, or done */
apr_status_t store_push_request_done(store_tx_t *tx, store_id_t id, int ok,
                                     const char *result);
apr_status_t store_push_request_get(store_tx_t *tx, store_id_t id,
                                    store_push_request_t **request);

#ifdef __cplusplus
}
#endif
#endif
