/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/gateway_held.h
 * @brief Connections held open (held.h) as a gateway that is no SMS: it
 * reaches the devices that are connected, and asks the store who they are.
 *
 * A client is who it says it is if its account is in the store with its
 * password, and its device has synced before.  A device without a number that
 * connects and owes a sync is told at once, out of back-off and suspension,
 * unless it has been told in the last GATEWAY_HELD_AGAIN, or somebody has
 * paused push and nobody has asked for this device.  Of one with a number the
 * rules are asked anew, no more: should the connection break, it might be sent
 * an SMS.  A device whose push is off may connect and is not told.
 */
#ifndef SYNCML_PUSH_GATEWAY_HELD_H
#define SYNCML_PUSH_GATEWAY_HELD_H

#include "gateway.h"
#include "held.h"
#include "store/store.h"

/** Notifications that are on their way at a time. */
#define GATEWAY_HELD_PARALLEL  GATEWAY_MAX_PARALLEL
#define GATEWAY_HELD_AGAIN     apr_time_from_sec(120)
/** And that begin in a second: a sync follows each of them at once, and those
 * of all who come back after a restart would hold up everybody else. */
#define GATEWAY_HELD_RATE      50

typedef struct gateway_held_options_t {
    const int *fds;             /* listening sockets, non-blocking; the
                                   caller's, as all here */
    int nfds;
    int max;                    /* connections; 0: HELD_MAX */
    int proxied;                /* who connects is a proxy: see held.h */
    const char *store_url, *key_file;
    int look_fd;                /* eventfd written when a device has connected
                                   that owes a sync; -1: none */
    store_log_fn *log;          /* may be NULL */
    void *log_baton;
    held_counts_t *counts;      /* may be NULL */
} gateway_held_options_t;

/** @param options  copied */
gateway_t *gateway_held_create(const gateway_held_options_t *options,
                               apr_pool_t *p);

/* held_login.c: who a client is, by the store. */

typedef struct held_login_t held_login_t;

/** Opens the store at the first login, and again after failures. */
held_login_t *held_login_create(const gateway_held_options_t *options,
                                apr_pool_t *p);

/** A held_login_fn; its baton is a held_login_t. */
held_verdict_e held_login(void *baton, const char *devid, const char *user,
                          const ctp_param_t *cred, const char *nonce,
                          apr_int64_t *device);

/** A device that has logged in is connected: make it reachable, and tell it
 * what it owes, by the next held_login_write().  After the connection can be
 * seen by who gives up on devices that have none, else one that comes at that
 * moment would be forgotten.
 * @return 0: the store does not let us now */
int held_login_arrived(held_login_t *hl, apr_int64_t device);

/** How long to wait until what has arrived is to be written, at most @p wait:
 * after a restart thousands arrive, and each write to the disk is one that
 * those who sync wait for. */
apr_interval_time_t held_login_wait(const held_login_t *hl,
                                    apr_interval_time_t wait);

/** A device cannot be told: it shall come back later. */
typedef void held_lost_fn(void *baton, apr_int64_t device);

/** Write what has arrived, in one transaction, if it is time.
 * @param lost  called for all of them if the store fails */
void held_login_write(held_login_t *hl, held_lost_fn *lost, void *baton);

#endif
