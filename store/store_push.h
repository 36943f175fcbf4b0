/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_push.h
 * @brief What push owes, and when it is planned to be told.  Part of store.h.
 *
 * A due row is made or marked by the commit of a change; the store knows
 * nothing of delays and budgets.  Whoever claims rows brings the rules along
 * as a function (store_due_plan_fn), which is asked for each row whose
 * planned time has come, and either takes it or plans it for later.  A row
 * that waits costs nothing until then, however often its datastores change:
 * the plan is made anew when its time has come.  Only what may come earlier
 * than planned (a datastore that was not among those changed, an event that
 * starts within STORE_URGENT_LIMIT) marks the row to be planned at once.
 */
#ifndef SYNCML_STORE_PUSH_H
#define SYNCML_STORE_PUSH_H

#include "store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Changes of events that start within this mark their rows at once. */
#define STORE_URGENT_LIMIT  apr_time_from_sec(48 * 3600)
/** A planned time that never comes. */
#define STORE_DUE_NEVER     ((apr_time_t)1 << 60)
/** A planned time that comes when a budget has room, by store_due_wake().
 * @param account  whose budget; 0: the server's */
#define STORE_DUE_ROOM(account)  (((apr_time_t)1 << 59) + (account))
/** Whether a planned time is one that comes by itself. */
#define STORE_DUE_IS_TIME(planned)  ((planned) < STORE_DUE_ROOM(0))
/** The gaps between a device's own syncs that are remembered. */
#define STORE_GAPS          4

/** Settings of a device that make it reachable without a telephone number,
 * unless their value is "off": it listens on a TCP port ("auto" or ADDRESS);
 * it has held a connection open. */
#define STORE_DEVICE_TCP       "push.tcp"
#define STORE_DEVICE_HELD      "push.held"
/** The address of its latest sync, noted where STORE_DEVICE_TCP is "auto". */
#define STORE_DEVICE_TCP_SEEN  "push.tcp-seen"

typedef enum {
    STORE_DUE_WAITING = 0,      /* not told yet */
    STORE_DUE_SENT = 1,         /* told, not answered yet */
    STORE_DUE_SUSPENDED = 2,    /* gave up until the device syncs again */
    STORE_DUE_DRY = 3           /* would have been told; waits for the next
                                   change (or store_due_replan()) */
} store_due_state_e;

typedef struct store_due_datastore_t {
    const char *name;
    const char *uri;            /* as the device sent it */
    apr_uint32_t content_code;
    store_id_t change;          /* of the first item that it lacks */
    apr_time_t first_change, last_change;   /* others' changes since it was
                                   synced last */
    int changes;                /* so many, its own of the same transactions
                                   included */
    apr_int64_t starts;         /* UTC seconds: the earliest start, after the
                                   change, of the events changed; 0: none */
    int unfetched;              /* notifications since it last fetched any of
                                   this, after which it has synced without */
} store_due_datastore_t;

/** Of store_due_t.logged the bit that a sync leaves alone which fetches
 * nothing of a datastore that the device has been told of.  With it, every
 * change marks the row. */
#define STORE_LOGGED_GIVEN_UP  (1u << 8)        /* in DUE_DERIVE: 256 */

typedef struct store_due_t {
    store_id_t device, account;
    const char *account_name;
    const char *devid;
    const char *number;
    const char *syncml_version;
    const char *manufacturer, *model;
    const char *sync_url;       /* "": not known */
    apr_time_t last_seen;       /* of the device, see store_device_t */
    apr_uint16_t san_session;   /* a new one for each claim, never 0 */
    apr_array_header_t *datastores;     /* of store_due_datastore_t */
    store_due_state_e state;
    int attempts;               /* deliveries tried since the last success */
    int unanswered;             /* SANs sent since the device's last sync */
    apr_time_t first_change, last_change;
    apr_time_t not_before;      /* retry or back-off; 0: none */
    apr_time_t leased_until;
    const char *last_error;     /* "" if none */

    apr_time_t planned;         /* when it is looked at; 0: to be planned;
                                   see STORE_DUE_IS_TIME() */
    const char *plan;           /* why then, in a word of the rules; "" */
    apr_uint32_t logged;        /* decisions that are in the push log already,
                                   bits of the rules */
    int now;                    /* somebody asked for it (store_due_now()) */
    apr_time_t last_sent;       /* the latest notification, 0: none */
    apr_time_t last_sync;       /* end of the device's latest sync, 0 */
    apr_time_t own_sync;        /* of the latest one that it began by itself */
    apr_interval_time_t gap;    /* the longest of the STORE_GAPS latest times
                                   between its own syncs; 0: not so many */
    apr_time_t in_session;      /* latest message of a sync session that is
                                   under way; 0: none */
} store_due_t;

/** What the rules decided about a row. */
typedef struct store_plan_t {
    apr_time_t when;            /* not after now: take it now; STORE_DUE_NEVER
                                   until it is marked or replanned;
                                   STORE_DUE_ROOM() as well, or woken; 0:
                                   suspend it until the device syncs */
    const char *reason;         /* a word, kept as the row's plan */
    apr_uint32_t logged;        /* kept as the row's */
    int parts;                  /* if it is taken: the SMS that it is for, as
                                   others' budgets see them; 0 is 1 */
} store_plan_t;

/**
 * The rules.  Called in the claim's transaction, in which it may read and
 * write the push log.  @param due  lives for the transaction
 * A row with a lease is one whose lease has run out without a result.
 * @param plan  in: when = now; out
 */
typedef apr_status_t store_due_plan_fn(void *baton, store_tx_t *tx,
                                       const store_due_t *due,
                                       apr_time_t now, store_plan_t *plan);

/**
 * Claim due rows for delivery: those whose planned time has come, that are
 * not suspended and not under a live lease, and that the rules take.  The
 * others are planned for later.  A row whose device turns out to lack nothing
 * is removed instead.  Write transaction.
 * If more rows are ready than @p max, a quarter of those taken go to accounts
 * by turns, the oldest row of each: the devices of one account, however many,
 * do not keep others waiting.
 * @param plan    the rules; NULL: at once, but not before not_before
 * @param owner   names this worker in the lease (pid and start time)
 * @param lease   how long the claim holds, microseconds
 * @param max     at most so many; at most STORE_CLAIM_LOOKS * max rows are
 *                looked at (store_due_next() says if there are more)
 * @param dues    out: array of store_due_t *
 */
#define STORE_CLAIM_LOOKS  4
/** Accounts that are looked at for their turn, in one claim. */
#define STORE_CLAIM_TURNS  64
/** Of max rows so many go by turns; with few of them, now and then one. */
#define STORE_CLAIM_SHARE(max, now) \
    (((max) + (int)(apr_time_as_msec(now) % 4)) / 4)
apr_status_t store_due_claim(store_tx_t *tx, apr_time_t now,
                             store_due_plan_fn *plan, void *baton,
                             apr_interval_time_t lease, const char *owner,
                             int max, apr_array_header_t **dues);
/** Told: ends the lease; state STORE_DUE_SENT until the device syncs.
 * @param not_before  when it may be told again although it has not
 *                    answered; 0: never (suspended)
 * No-op (APR_NOTFOUND) if the lease is not @p owner's any more. */
apr_status_t store_due_sent(store_tx_t *tx, store_id_t device,
                            const char *owner, apr_time_t not_before);
/** It would have been told: ends the lease; state STORE_DUE_DRY. */
apr_status_t store_due_dry(store_tx_t *tx, store_id_t device,
                           const char *owner);
/** Not told: ends the lease, counts the attempt, keeps the reason.
 * @param not_before  0: never (a permanent failure: suspended) */
apr_status_t store_due_failed(store_tx_t *tx, store_id_t device,
                              const char *owner, apr_time_t not_before,
                              const char *reason);
/** Not tried: ends the lease without counting an attempt; the row is planned
 * for @p when, for the reason "gateway". */
apr_status_t store_due_later(store_tx_t *tx, store_id_t device,
                             const char *owner, apr_time_t when);
/** The network says that what was sent has not arrived.
 * @param until  the not_before with which it was sent: it must still be the
 *               row's latest
 * @param not_before  when it is told again; 0: never (suspended)
 * @return APR_NOTFOUND: it has synced, or was told again, or is claimed */
apr_status_t store_due_undelivered(store_tx_t *tx, store_id_t device,
                                   apr_time_t until, apr_time_t not_before,
                                   const char *reason);
/** End all leases of this owner (clean stop). */
apr_status_t store_due_release(store_tx_t *tx, const char *owner);
/** When the next row is to be looked at: in the past if one is to be
 * planned; 0: none waits.  Its cost is that of one row. */
apr_status_t store_due_next(store_tx_t *tx, apr_time_t *when);
/** The row of one device, without its datastores.
 * @return APR_NOTFOUND: it owes nothing */
apr_status_t store_due_get(store_tx_t *tx, store_id_t device,
                           store_due_t **due);
typedef apr_status_t store_due_fn(void *baton, const store_due_t *due);
/** @param account 0: all */
apr_status_t store_due_list(store_tx_t *tx, store_id_t account,
                            store_due_fn *fn, void *baton);
/** Derive the device's row anew (a number or push switch was set): it
 * becomes STORE_DUE_WAITING, or goes if nothing is owed. */
apr_status_t store_due_refresh(store_tx_t *tx, store_id_t device);
/** Tell the device now: out of back-off and suspension, past delays.
 * @return APR_NOTFOUND: it owes nothing */
apr_status_t store_due_now(store_tx_t *tx, store_id_t device);
/** Settings have changed: plan rows anew, dry ones too.
 * @param account, device  0: of all */
apr_status_t store_due_replan(store_tx_t *tx, store_id_t account,
                              store_id_t device);
/** Some rows as by store_due_replan(tx, 0, 0): where there are many, and other
 * writers are not to wait for all of them.  Those that are to be planned
 * already are passed over, and wake nobody.
 * @param after  rows of devices above it; 0: from the first
 * @param limit  so many rows, at least 1
 * @param last  out: the device of the last of them; 0: none is left */
apr_status_t store_due_replan_some(store_tx_t *tx, store_id_t after,
                                   int limit, store_id_t *last);
/** Rows that wait for a gateway (store_due_later(), or by the rules for the
 * reason "gateway") are planned anew.  Costs what waits up to then.
 * @param from, to  when they are planned: from < planned <= to */
apr_status_t store_due_replan_gateway(store_tx_t *tx, apr_time_t from,
                                      apr_time_t to);
/** A budget for whose room rows wait (STORE_DUE_ROOM()).  Its cost is that of
 * one row, however many wait.
 * @param after  one of an account above it; -1: from the first
 * @param account  out: whose; 0: the server's
 * @return APR_NOTFOUND: none */
apr_status_t store_due_waits(store_tx_t *tx, store_id_t after,
                             store_id_t *account);
/** Rows that wait for room in a budget are to be planned, those first that
 * have been owed for longest; a quarter of those that wait for the server's
 * are of one account after the other, as in store_due_claim().
 * @param account  whose budget; 0: the server's
 * @param limit  so many rows, at least 1
 * @param woken  out: so many were */
apr_status_t store_due_wake(store_tx_t *tx, store_id_t account, int limit,
                            int *woken);
/** The clock has been put back to @p now: times that lie after it are moved
 * before it, and what was planned by them is planned anew.
 * @param moved  out: rows; may be NULL */
apr_status_t store_due_clock(store_tx_t *tx, apr_time_t now, int *moved);
/** Whether that would move anything.  Looks at all rows, as it does; but in a
 * read transaction, which no writer waits for.  @param ahead  out */
apr_status_t store_due_ahead(store_tx_t *tx, apr_time_t now, int *ahead);

#ifdef __cplusplus
}
#endif
#endif
