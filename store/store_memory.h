/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_memory.h
 * @brief The in-memory driver's inside, for store_memory*.c.
 *
 * For tests and fuzzing: nothing outlives the store, and calls cost what is
 * stored, not what changes.  It shares no code with the SQLite driver, so
 * that the tests which both pass say something about both.
 *
 * The whole content is a state: a few numbers and one table per kind of row.
 * A table is an array of pointers to rows, in the order of its type's
 * compare function.  States, tables and rows are counted, and what is
 * published never changes: a reader holds the state that it began with, a
 * writer copies a table before its first change to it and publishes its
 * state at the commit.  So readers never wait, and a rollback is to forget.
 */
#ifndef SYNCML_STORE_MEMORY_H
#define SYNCML_STORE_MEMORY_H

#include <stddef.h>

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "store_driver.h"

enum mem_table_e {
    MEM_SETTINGS, MEM_ACCOUNTS, MEM_DEVICES, MEM_DATASTORES, MEM_ITEMS,
    MEM_VERSIONS, MEM_MAPS, MEM_ANCHORS, MEM_SESSIONS, MEM_DUES, MEM_FORMER,
    MEM_DEVICE_SETTINGS, MEM_LOGS, MEM_LOG_DATASTORES, MEM_LOG_RANGES,
    MEM_DUE_CHANGES, MEM_PUSH_STATES, MEM_PUSH_LOG, MEM_PUSH_USES,
    MEM_ACCOUNT_SETTINGS, MEM_PUSH_REQUESTS, MEM_TABLES
};

/* Rows; `v` is what callers see.  A row's count lies before it, apart, because
 * a reader may copy a row while others are counted. */
typedef struct { const char *name, *value; } mem_setting_t;
typedef struct {
    store_account_t v;
    store_id_t last_item;
    const char *secret;
    apr_size_t secret_len;      /* 0: none */
} mem_account_t;
typedef struct {
    store_device_t v;
    apr_uint16_t san_session;
} mem_device_t;
typedef struct { store_datastore_t v; } mem_datastore_t;
typedef struct {
    store_item_t v;
    store_id_t written;         /* change counter when the text was written */
    store_id_t added;           /* and when the item was added */
} mem_item_t;
typedef struct {
    store_item_t v;             /* v.change: when it was written */
    apr_time_t time;            /* when it was overwritten */
    store_id_t until, gone;     /* by which change; the one that deleted the
                                   item before, 0: none */
} mem_version_t;
typedef struct { store_map_t v; } mem_map_t;
typedef struct {
    store_map_t v;
    apr_time_t time;            /* when it became former */
} mem_former_t;
typedef struct {
    store_id_t device;
    const char *name, *value;
} mem_device_setting_t;
typedef struct { store_anchor_t v; } mem_anchor_t;
typedef struct {
    store_session_t v;
    apr_int64_t serial;         /* later ones are greater */
    int kept;                   /* expired: only for a resume */
} mem_session_t;
typedef struct {
    store_id_t device, account;
    store_due_state_e state;
    int attempts, unanswered;
    apr_time_t first_change, last_change, not_before, leased_until;
    apr_time_t planned, planned_at;
    apr_uint32_t logged;
    int now, parts;
    const char *owner, *last_error, *plan;
} mem_due_t;
typedef struct {
    store_id_t device, datastore;
    apr_time_t first_change, last_change;
    int changes, unfetched;
    apr_int64_t starts;
} mem_due_change_t;
typedef struct {
    store_id_t device;
    apr_time_t last_sent, last_sync, own_sync;
    apr_interval_time_t gaps[STORE_GAPS];       /* the latest first */
} mem_push_state_t;
typedef struct { store_push_log_t v; } mem_push_log_t;
typedef struct {
    int scope, period;
    store_id_t id;
    apr_int64_t sms, cost;
} mem_push_use_t;
typedef struct {
    store_id_t account;
    const char *name, *value;
} mem_account_setting_t;
typedef struct {
    store_push_request_t v;
    apr_time_t leased_until;
} mem_push_request_t;

typedef struct { store_log_t v; } mem_log_t;
typedef struct {
    store_log_datastore_t v;
    store_id_t log;
} mem_log_datastore_t;
typedef struct {
    store_range_t v;
    store_id_t log;
} mem_log_range_t;

typedef struct mem_table_t {
    int refs;
    int n, room;
    void **rows;
} mem_table_t;

typedef struct mem_state_t {
    int refs;
    store_id_t last_account, last_device, last_datastore, last_log;
    store_id_t last_push_log, last_push_request;
    apr_int64_t serial;
    mem_table_t *tables[MEM_TABLES];
} mem_state_t;

typedef struct mem_store_t {
    apr_thread_mutex_t *mutex;  /* guards all of this and every count */
    apr_thread_cond_t *turn;    /* the writer has gone */
    int writing;
    apr_int64_t commits;
    mem_state_t *state;         /* the committed one */
} mem_store_t;

/** A change of this transaction: what the dues are derived from. */
typedef struct mem_touch_t {
    store_id_t datastore, origin;
    int n;                      /* changes */
    apr_int64_t starts;         /* earliest start of its events after now */
} mem_touch_t;

/** What a savepoint keeps. */
typedef struct mem_saved_t {
    mem_state_t *state;
    apr_array_header_t *touched, *synced;
    int owes_push;
} mem_saved_t;

typedef struct mem_tx_t {
    mem_store_t *store;
    mem_state_t *state;         /* a writer's own, else the shared one */
    apr_array_header_t *touched;        /* of mem_touch_t, each pair once */
    apr_array_header_t *synced;         /* of store_id_t */
    int owes_push;
    int n_saved;
    mem_saved_t saved[STORE_MAX_SAVEPOINTS];
} mem_tx_t;

#define MEM_TX(TX)     ((mem_tx_t *)(TX)->impl)
#define MEM_STATE(TX)  (MEM_TX(TX)->state)

/* ---- store_memory.c: tables -------------------------------------------- */

/** The row that compares equal to @p key, which is a row with the fields set
 * that the order looks at; NULL: none.  Valid until the table changes. */
void *mem_find(store_tx_t *tx, int table, const void *key);
/** The same in a table that is held. */
void *mem_find_in(const mem_table_t *t, int table, const void *key);
/** Index of the first row that is not below @p key. */
int mem_lower(const mem_table_t *t, int table, const void *key);
/** Put a copy of @p row, with its texts, in the place of the one that
 * compares equal or as a new one. */
void mem_put(store_tx_t *tx, int table, const void *row);
/** Remove the row that compares equal. @return 0 if there was none */
int mem_remove(store_tx_t *tx, int table, const void *key);
/** Remove the rows for which @p match is true. @return how many */
typedef int mem_match_fn(const void *row, const void *baton);
int mem_remove_if(store_tx_t *tx, int table, mem_match_fn *match,
                  const void *baton);
/** The rows of a table that the caller holds for which @p match is true, in
 * the order of @p compare; an array in the transaction's pool. */
void **mem_pick(store_tx_t *tx, mem_table_t *t, mem_match_fn *match,
                const void *baton,
                int (*compare)(const void *a, const void *b), int *n);
/** A copy of a row and its texts in a pool. */
void *mem_copy(int table, const void *row, apr_pool_t *p);

/** Hold a table as it is now, to walk over it while callbacks write. */
mem_table_t *mem_hold(store_tx_t *tx, int table);
void mem_release(store_tx_t *tx, mem_table_t *t);

/* ---- who belongs to whom ----------------------------------------------- */

mem_account_t *mem_account(store_tx_t *tx, store_id_t id);
/** @param account  0: whoever's */
mem_device_t *mem_device(store_tx_t *tx, store_id_t account, store_id_t id);
mem_datastore_t *mem_datastore(store_tx_t *tx, store_id_t account,
                               store_id_t id);
/** Device and datastore of one account? */
mem_datastore_t *mem_pair(store_tx_t *tx, store_id_t account,
                          store_id_t device, store_id_t datastore);
/** Index of the first item of a datastore after one, in its table; and the
 * item at an index, NULL when the datastore's are over. */
int mem_first_item(const mem_table_t *t, store_id_t datastore,
                   store_id_t after);
mem_item_t *mem_item_at(const mem_table_t *t, int i, store_id_t datastore);
mem_item_t *mem_item(store_tx_t *tx, store_id_t datastore, store_id_t id);
mem_map_t *mem_map(store_tx_t *tx, store_id_t device, store_id_t item);
/** Does the device lack what the item has become? @param map  its map row,
 * NULL: none */
int mem_lacks(const mem_item_t *item, const mem_map_t *map);

/** Remove the logs for which @p match is true, with all that is theirs, at
 * most limit (0: all). @return how many */
int mem_remove_logs(store_tx_t *tx, mem_match_fn *match, const void *baton,
                    int limit);

/** What the commit derives. */
void mem_derive_dues(store_tx_t *tx);
/** What is known of a device's syncs and notifications; zero if nothing. */
mem_push_state_t mem_push_state(store_tx_t *tx, store_id_t device);
/** A row of dues with its datastores, in the transaction's pool. */
store_due_t *mem_give_due(store_tx_t *tx, const mem_due_t *row);
/** The device has synced: what was sent to it and not answered is. */
apr_status_t mem_push_log_answered(store_tx_t *tx, store_id_t device,
                                   apr_time_t when);
/** Remove what push has of a device, or of an account's ledger. */
void mem_push_forget(store_tx_t *tx, store_id_t device);
void mem_push_delete(store_tx_t *tx, store_id_t account);

/* ---- the driver's functions, see store_driver.h ------------------------ */

#define X(NAME) STORE_DECLARE(mem_, NAME)
STORE_DRIVER_CALLS(X)
#undef X

#endif
