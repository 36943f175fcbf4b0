/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/held.h
 * @brief Connections that devices hold open to be told of changes (ctp.h),
 * thousands of them in one thread: for devices that cannot be connected to,
 * behind NAT for one.
 *
 * A held_t belongs to the thread that runs it; only held_is_connected() and
 * held_wakeup() may be called by others.  It knows nothing of the store: who
 * a client is, is asked of a function.
 *
 * Who may connect.  A connection that has not logged in within HELD_LOGIN is
 * closed.  One that has not within HELD_RUSH is suspect: an address may have
 * HELD_STRANGERS of those (thousands of phones may come back at once from the
 * one address of their operator, and each needs two of its slow round trips),
 * and when there are HELD_ALL_STRANGERS of all kinds, or no room for another
 * connection, the oldest suspect gives its place to the newcomer.  A login that
 * fails closes the connection; an address that has failed HELD_FAILURES times
 * is not listened to for HELD_BAN.  One connection per device: a newer one
 * takes the place of the older.
 *
 * Behind a proxy on this machine (for TLS) all clients have one address, which
 * says nothing: with held_options_t.proxied there are no limits by address.
 * Beyond HELD_FAILURES in HELD_BAN nobody is shut out, since a stranger would
 * shut out all; they are let in slowly, HELD_SLOW a second.
 *
 * All at once.  After a restart everybody comes back, and those that owe a
 * sync are told: so not more than held_options_t.rate are let in each second;
 * the others wait in the listener's queue.  (What is more than the kernel's
 * net.core.somaxconn it may reset after a while, as measured with 10,000 at
 * once; such a client comes again.  The protocol has no word by which
 * clients could be told when to come.)
 *
 * Who is dead.  Clients say READY each few minutes; one that has said nothing
 * for HELD_SILENCE is closed.  (No TCP keepalive of ours: it would wake the
 * phone's radio.)  A notification counts as delivered when the other end's
 * TCP has acknowledged it, and where it does not within HELD_ACK, the
 * connection is dead and the notification goes another way.  Data that is not
 * read at once is never queued: a client that does not read is closed.
 */
#ifndef SYNCML_PUSH_HELD_H
#define SYNCML_PUSH_HELD_H

#include <apr_pools.h>
#include <apr_time.h>

#include "ctp.h"
#include "gateway.h"

#define HELD_LOGIN          apr_time_from_sec(20)
#define HELD_SILENCE        apr_time_from_sec(15 * 60)
#define HELD_ACK            apr_time_from_sec(5)
#define HELD_RUSH           apr_time_from_sec(5)
#define HELD_STRANGERS      200     /* of an address, not logged in so long */
#define HELD_ALL_STRANGERS  4096
#define HELD_FAILURES       50      /* many phones may share an address */
#define HELD_BAN            apr_time_from_sec(10 * 60)
#define HELD_MAX            20000   /* connections, where it is not said */
#define HELD_RATE           500     /* let in a second, likewise */
#define HELD_SLOW           20      /* ...while passwords are guessed by way
                                       of a proxy */

typedef struct held_t held_t;

typedef enum {
    HELD_WELCOME,               /* it is who it says it is */
    HELD_WRONG,                 /* it is not: wrong user or digest */
    HELD_UNKNOWN,               /* it is, but the device has never synced */
    HELD_TROUBLE                /* cannot be found out now */
} held_verdict_e;

/**
 * Who is it?  May block for the store's time.
 * @param nonce  that its digest has to be made with
 * @param device  out: the device's id in the store
 */
typedef held_verdict_e held_login_fn(void *baton, const char *devid,
                                     const char *user,
                                     const ctp_param_t *cred,
                                     const char *nonce, apr_int64_t *device);

/** A device has connected, and held_is_connected() says so already; or the
 * connection of one is gone.
 * @return 0: it cannot be had now, it shall come back later */
typedef int held_event_fn(void *baton, apr_int64_t device, int connected);

/** Levels of syslog. */
typedef void held_log_fn(void *baton, int level, const char *message);

/** What it counts, if anybody wants to see it: read by other threads and
 * processes, written by the one thread, so that each may be torn off by one
 * but is never lost. */
typedef struct held_counts_t {
    volatile apr_uint32_t open, connected;  /* now: all, logged in */
    volatile apr_uint32_t logins, failed_logins;
    volatile apr_uint32_t turned_away;  /* for limits */
    volatile apr_uint32_t dead;         /* silent, or without acknowledgement */
    volatile apr_uint32_t told;         /* notifications taken */
} held_counts_t;

typedef struct held_options_t {
    const int *fds;             /* listening sockets; the caller's */
    int nfds;
    int max;                    /* connections; 0: HELD_MAX */
    int rate;                   /* let in a second; 0: HELD_RATE */
    int proxied;                /* who connects is a proxy */
    held_login_fn *login;
    held_event_fn *event;       /* may be NULL */
    held_log_fn *log;           /* may be NULL */
    void *baton;                /* of these */
    gateway_done_fn *done;      /* a notification's end */
    void *done_baton;
    held_counts_t *counts;      /* may be NULL */
} held_options_t;

/** @return APR_SUCCESS; APR_ENOMEM: the system has none of something */
apr_status_t held_create(held_t **held, const held_options_t *options,
                         apr_pool_t *p);

/** Begin to tell a device: message->device and package. Its end comes from
 * held_run() or held_abort(). */
void held_tell(held_t *held, const gateway_message_t *message,
               void *message_baton);

/** Do what can be done, then wait for more, at most @p wait microseconds. */
void held_run(held_t *held, apr_interval_time_t wait);

/** Make held_run() return soon.  Any thread. */
void held_wakeup(held_t *held);

/** Whether a device is connected.  Any thread. */
int held_is_connected(held_t *held, apr_int64_t device);

/** Close a device's connection: it shall come back later.  Not from a
 * callback. */
void held_drop(held_t *held, apr_int64_t device);

/** End all notifications that are on their way. */
void held_abort(held_t *held);

/** Close all connections. */
void held_close(held_t *held);

#endif
