/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_push.h
 * @brief What push owes.  Part of store.h.
 */
#ifndef SYNCML_STORE_PUSH_H
#define SYNCML_STORE_PUSH_H

#include "store.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
    STORE_DUE_WAITING = 0,      /* not told yet */
    STORE_DUE_SENT = 1,         /* told, not answered yet */
    STORE_DUE_SUSPENDED = 2     /* gave up until the device syncs again */
} store_due_state_e;

typedef struct store_due_datastore_t {
    const char *name;
    const char *uri;            /* as the device sent it */
    apr_uint32_t content_code;
    store_id_t change;          /* of the first item that it lacks */
} store_due_datastore_t;

typedef struct store_due_t {
    store_id_t device, account;
    const char *account_name;
    const char *devid;
    const char *number;
    const char *syncml_version;
    const char *manufacturer, *model;
    apr_uint16_t san_session;   /* a new one for each claim, never 0 */
    apr_array_header_t *datastores;     /* of store_due_datastore_t */
    store_due_state_e state;
    int attempts;               /* deliveries tried since the last success */
    int unanswered;             /* SANs sent since the device's last sync */
    apr_time_t first_change, last_change;
    apr_time_t not_before;      /* retry or back-off; 0: none */
    apr_time_t leased_until;
    const char *last_error;     /* "" if none */
} store_due_t;

/**
 * Claim due rows for delivery: those whose last change is at least
 * @p quiet old, whose not_before has passed, that are not suspended and not
 * under a live lease.  A row whose device turns out to lack nothing is
 * removed instead.  Write transaction.
 * @param owner   names this worker in the lease (pid and start time)
 * @param lease   how long the claim holds, microseconds
 * @param max     at most so many
 * @param dues    out: array of store_due_t *
 */
apr_status_t store_due_claim(store_tx_t *tx, apr_time_t now,
                             apr_interval_time_t quiet,
                             apr_interval_time_t lease, const char *owner,
                             int max, apr_array_header_t **dues);
/** Told: ends the lease; state STORE_DUE_SENT until the device syncs.
 * @param not_before  when it may be told again although it has not
 *                    answered; 0: never (suspended)
 * No-op (APR_NOTFOUND) if the lease is not @p owner's any more. */
apr_status_t store_due_sent(store_tx_t *tx, store_id_t device,
                            const char *owner, apr_time_t not_before);
/** Not told: ends the lease, counts the attempt, keeps the reason.
 * @param not_before  0: never (a permanent failure: suspended) */
apr_status_t store_due_failed(store_tx_t *tx, store_id_t device,
                              const char *owner, apr_time_t not_before,
                              const char *reason);
/** End all leases of this owner (clean stop). */
apr_status_t store_due_release(store_tx_t *tx, const char *owner);
/** When the next row may be claimed; 0: none waits. */
apr_status_t store_due_next(store_tx_t *tx, apr_interval_time_t quiet,
                            apr_time_t *when);
typedef apr_status_t store_due_fn(void *baton, const store_due_t *due);
/** @param account 0: all */
apr_status_t store_due_list(store_tx_t *tx, store_id_t account,
                            store_due_fn *fn, void *baton);
/** Derive the device's row anew (a number or push switch was set): it
 * becomes STORE_DUE_WAITING, or goes if nothing is owed. */
apr_status_t store_due_refresh(store_tx_t *tx, store_id_t device);

#ifdef __cplusplus
}
#endif
#endif
