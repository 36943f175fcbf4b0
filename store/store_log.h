/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_log.h
 * @brief The session log: what each sync session did, and how to take it
 * back.  Part of store.h.
 *
 * One row per sync session, one per datastore of it, and ranges of change
 * counters: a message changes items within one write transaction, so all
 * changes between the counter before it and after it are the session's.
 * Nothing is written per item: what became of an item, and what it was
 * before, is found in its present row and its former versions.
 */
#ifndef SYNCML_STORE_LOG_H
#define SYNCML_STORE_LOG_H

#include "store.h"

#ifdef __cplusplus
extern "C" {
#endif

#define STORE_LOG_OPEN      0   /* under way, or nobody has come since */
#define STORE_LOG_ENDED     1
#define STORE_LOG_BROKEN    2   /* broken off: the device began another */

/** Counters by kind: added, replaced, deleted, refused. */
typedef struct store_log_datastore_t {
    store_id_t datastore;
    const char *name;           /* filled in by store_log_get() */
    int sync;                   /* 200 to 205: two-way, slow, one-way and
                                   refresh from client, from server; 0: none */
    int status;                 /* 0: not ended; 200; SyncML's of a failure */
    apr_uint32_t received[4], sent[4];
    apr_uint32_t conflicts;     /* items that both sides had changed */
} store_log_datastore_t;

typedef struct store_log_t {
    store_id_t id;              /* never used again; later ones are greater */
    store_id_t account;
    store_id_t device;          /* 0: the server side.  May be gone since */
    const char *devid;          /* its device id then, "" for device 0 */
    const char *session;        /* SyncML SessionID, or ""; at most 255 */
    int state;                  /* STORE_LOG_* */
    apr_time_t started, latest; /* of its first and latest message */
    store_id_t undoes;          /* the log that this one took back; 0: none */
    store_id_t undone_by;       /* the log that took this one back; 0 */
    apr_array_header_t *datastores;     /* of store_log_datastore_t, without
                                   those deleted since; NULL in listings */
} store_log_t;

/** Begin a log: account, device, session and undoes are the caller's, id,
 * devid and times are filled in.  Open logs of that device become broken off.
 * @return APR_NOTFOUND: no such account, or device of it */
apr_status_t store_log_begin(store_tx_t *tx, store_log_t *log);
/** The changes of a datastore from the one after @p after up to @p upto are
 * this session's.  after = upto: nothing happens.
 * @return APR_NOTFOUND: no such log, or the datastore is not its account's */
apr_status_t store_log_range(store_tx_t *tx, store_id_t log,
                             store_id_t datastore, store_id_t after,
                             store_id_t upto);
/** What has become of a datastore so far; takes the place of what was said
 * before. @return APR_NOTFOUND: as store_log_range() */
apr_status_t store_log_datastore(store_tx_t *tx, store_id_t log,
                                 const store_log_datastore_t *d);
/** The session has ended, or goes on (STORE_LOG_OPEN).  Both note the time of
 * the message.  @return APR_NOTFOUND: no such log (any more) */
apr_status_t store_log_end(store_tx_t *tx, store_id_t log, int state);
/** @param account  0: whoever's */
apr_status_t store_log_get(store_tx_t *tx, store_id_t account, store_id_t id,
                           store_log_t **log);
typedef apr_status_t store_log_row_fn(void *baton, const store_log_t *log);
/** Latest first.
 * @param account  0: all
 * @param device  0: all; else account is not looked at
 * @param before  only those with a lower id; 0: from the latest
 * @param limit  0: all */
apr_status_t store_log_list(store_tx_t *tx, store_id_t account,
                            store_id_t device, store_id_t before, int limit,
                            store_log_row_fn *fn, void *baton);

/** What can be done about an item that a session changed. */
typedef enum {
    STORE_UNDO_DONE = 0,        /* put back (or would be) */
    STORE_UNDO_NOTHING,         /* it is what it was already */
    STORE_UNDO_CHANGED,         /* somebody else has changed it since the
                                   session first did, and it is not what the
                                   session left: left alone */
    STORE_UNDO_LOST             /* what it was is no longer kept */
} store_undo_e;

/** An item that a session changed; texts may be large and live for the call
 * only.  `was` and `became` have id, datastore, deleted, archived, type, data
 * and modified; `became` is NULL where its text is no longer kept. */
typedef struct store_log_change_t {
    store_id_t item, datastore;
    const char *datastore_name;
    const store_item_t *was;    /* before the session's first change; NULL:
                                   the session added it, or (LOST) unknown */
    const store_item_t *became; /* after its last one */
    store_undo_e outcome;
} store_log_change_t;

typedef apr_status_t store_log_change_fn(void *baton,
                                         const store_log_change_t *change);
/** Each item that the session changed, in the order of the items' latest
 * changes; outcome says what an undo without force would do.  Costs what has
 * changed in its datastores since the session began.
 * @return APR_NOTFOUND: no such log of the account */
apr_status_t store_log_changes(store_tx_t *tx, store_id_t account,
                               store_id_t id, store_log_change_fn *fn,
                               void *baton);

typedef struct store_undo_t {
    int force;                  /* also what others have changed since: their
                                   changes become former versions */
    /** Compute the keys of an item from its type and data (a restored text's;
     * the store does not know formats).  Failures end the undo. */
    apr_status_t (*keys)(void *baton, store_item_t *item);
    store_log_change_fn *fn;    /* told of each item; NULL: nobody */
    void *baton;                /* of both */
} store_undo_t;

/**
 * Take a session back: what it added is deleted, what it changed, deleted or
 * restored is again what it was before, exactly, even if the session changed
 * it several times.  These are changes of the server side, so devices get
 * them; they are logged as a session of their own, which can be taken back as
 * well.  Of a datastore that has been deleted since, nothing comes back.
 * @param undo_log  out: id of that log; 0 if there was nothing to do; may be
 *                  NULL
 * @return APR_NOTFOUND: no such log of the account
 */
apr_status_t store_log_undo(store_tx_t *tx, store_id_t account,
                            store_id_t id, const store_undo_t *undo,
                            store_id_t *undo_log);

#ifdef __cplusplus
}
#endif
#endif
