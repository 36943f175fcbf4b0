/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_sqlite.h
 * @brief The SQLite driver's inside, for store_sqlite*.c and its tests.
 *
 * A handle is a connection with its prepared statements.  Each transaction
 * takes one from the store's list of free ones (or opens another) and gives
 * it back at its end, so a handle is used by one thread at a time.
 *
 * An item's row id is the datastore's id and the item's id in one number:
 * the items of a datastore are one range of one b-tree, and an item is found
 * by its number without an index.
 *
 * Within a write transaction the counters of datastores and accounts, and
 * of the SMS of the server and an account, are kept in the transaction's
 * cache and written once, at the commit or before a statement that reads them
 * (sq_flush(), sq_uses_flush()).
 */
#ifndef SYNCML_STORE_SQLITE_H
#define SYNCML_STORE_SQLITE_H

#include <apr_thread_mutex.h>
#include <sqlite3.h>

#include "store_driver.h"
#include "store_sqlite_sql.h"

/** Written into the file's header: "SyML". */
#define SQ_APPLICATION_ID  0x53794d4c
/** The schema that this program writes: the last migration's number. */
#define SQ_SCHEMA_VERSION  7

#define X(NAME, SQL) SQ_##NAME,
enum sq_sql_e { SQ_STATEMENTS(X) SQ_COUNT };
#undef X

/** The texts of all statements, by sq_sql_e. */
extern const char *const sq_sql[SQ_COUNT];

typedef struct sq_store_t sq_store_t;

typedef struct sq_handle_t {
    sqlite3 *db;
    sqlite3_stmt *stmts[SQ_COUNT];      /* prepared at their first use */
    unsigned char in_use[SQ_COUNT];
    struct sq_handle_t *next;           /* in the list of free ones */
    apr_time_t give_up;                 /* when a waiting writer does */
    apr_interval_time_t busy_timeout;
    unsigned seed;
    int queue;                  /* the writers' queue, -1: goes without */
    apr_int64_t queued;         /* the octet that it holds there; 0: none */
} sq_handle_t;

struct sq_store_t {
    store_t *base;
    const char *path;
    apr_thread_mutex_t *mutex;          /* guards free, n_free */
    sq_handle_t *free;
    int n_free;
    sq_handle_t *watch;                 /* store_data_version()'s own */
};

/** A datastore's counters as this transaction sees them. */
typedef struct sq_datastore_t {
    store_id_t id, account, change;
    apr_int64_t items;
    store_id_t origin;          /* whose changes it has, if changed */
    int n_changes;              /* by this transaction */
    apr_int64_t starts;         /* earliest start of its events after now */
    unsigned dirty : 1;         /* to be written */
    unsigned changed : 1;       /* by this transaction */
    unsigned mixed : 1;         /* changes of more than one origin */
} sq_datastore_t;

typedef struct sq_account_t {
    store_id_t id;
    store_id_t last_item;       /* the latest item id given out */
    store_id_t new_row;         /* row id of the item added last, 0: none */
    int dirty;
} sq_account_t;

/** SMS that are not in push_uses yet, of one day and month. */
typedef struct sq_use_t {
    apr_int64_t sms, cost;
    int any;
} sq_use_t;

typedef struct sq_uses_t {
    apr_time_t when;            /* 0: nothing */
    int periods[2];             /* the day and the month of it */
    store_id_t account;         /* whose of_account is */
    sq_use_t server, of_account;
} sq_uses_t;

typedef struct sq_tx_t {
    store_tx_t *base;
    sq_store_t *store;
    sq_handle_t *h;
    apr_array_header_t *datastores;     /* of sq_datastore_t */
    apr_array_header_t *accounts;       /* of sq_account_t */
    apr_array_header_t *devices;        /* of store_id_t: device, account */
    apr_array_header_t *synced;         /* of store_id_t: devices whose due
                                           row is derived at the commit */
    sq_uses_t uses;
    int owes_push;
    struct sq_saved_t *saved;           /* of the innermost savepoint */
} sq_tx_t;

#define SQ_TX(TX)  ((sq_tx_t *)(TX)->impl)

/** Row id of an item and back. */
#define SQ_ROWID(DATASTORE, ITEM) \
    ((store_id_t)(DATASTORE) << STORE_ITEM_BITS | (ITEM))
#define SQ_ITEM(ROWID)  ((store_id_t)(ROWID) & (STORE_ITEM_LIMIT - 1))
/** Datastore ids are below this, so that a row id fits in 63 bits. */
#define SQ_DATASTORE_LIMIT  ((store_id_t)1 << (63 - STORE_ITEM_BITS))

/* ---- store_sqlite_schema.c --------------------------------------------- */

/** Bring an open database to SQ_SCHEMA_VERSION, or say why not.
 * @param create  non-zero: may write
 * @return APR_SUCCESS, APR_ENOENT (empty and not to be made),
 *         STORE_ECORRUPT (not ours), STORE_EVERSION, others by sq_status() */
apr_status_t sq_schema(sq_handle_t *h, int create, const char *path,
                       const char **error, apr_pool_t *p);

/* ---- store_sqlite.c ---------------------------------------------------- */

/** An SQLite result as the store's status.  errno must have been cleared
 * before the call that gave it.  @param db  may be NULL */
apr_status_t sq_status(sqlite3 *db, int rc);

/** A free handle, or a new one. @param words  may be NULL */
apr_status_t sq_handle_get(sq_handle_t **handle, sq_store_t *s,
                           const char **words, apr_pool_t *p);
/** Back to the free ones; no statement may be under way. */
void sq_handle_put(sq_handle_t *h, sq_store_t *s);

/** Run an SQL text without a result. */
apr_status_t sq_run(sq_handle_t *h, const char *sql);

/* ---- store_sqlite_queue.c ---------------------------------------------- */

/** Open the queue of the writers of a database, a file beside it; one for
 * each handle.  @return a descriptor, or -1: they go without */
int sq_queue_open(const char *path, apr_pool_t *p);
/** Wait for one's turn, until h->give_up at most. */
void sq_queue_enter(sq_handle_t *h);
/** The next one's turn; nothing if one is not in the queue. */
void sq_queue_leave(sq_handle_t *h);

/* ---- store_sqlite_wal.c ------------------------------------------------ */

/** The VFS by which a database is to be opened, made at the first call of
 * the process.  @return its name; NULL: the default one, there is no memory */
const char *sq_wal_vfs(void);
/** From 1 to 0 what goes to the log is gathered, to be written at the sync:
 * to be called around a COMMIT.  What no sync has followed is dropped. */
void sq_wal_gather(sqlite3 *db, int on);

/* ---- store_sqlite_stmt.c: statements ----------------------------------- */

/*
 * Values are bound by a format of one letter each, in the order of the
 * parameters: i apr_int64_t, d int, t text (NULL is SQL's), b blob (pointer
 * and apr_size_t; never SQL's NULL), h 16 octets (NULL is SQL's).  They must
 * live until sq_done().
 */

/** Bind, and step to the first row.
 * @param st  out: the statement on its row, for sq_next() and sq_done()
 * @return APR_SUCCESS; APR_NOTFOUND: no row (and st is done with) */
apr_status_t sq_first(store_tx_t *tx, sqlite3_stmt **st, int which,
                      const char *format, ...);
/** @return APR_SUCCESS: another row; APR_EOF: none */
apr_status_t sq_next(store_tx_t *tx, sqlite3_stmt *st);
/** Hand each row to @p row, from where sq_first() ended with @p rv, and give
 * the statement back.  No row is fine.  @return what row returned if not
 * APR_SUCCESS, but APR_SUCCESS for its APR_EOF */
typedef apr_status_t sq_row_fn(store_tx_t *tx, sqlite3_stmt *st,
                               void *baton);
apr_status_t sq_each(store_tx_t *tx, apr_status_t rv, sqlite3_stmt *st,
                     int which, sq_row_fn *row, void *baton);
/** Give the statement back. */
void sq_done(store_tx_t *tx, sqlite3_stmt *st, int which);
/** Bind, run to the end, give back. @param changed  out: rows changed; may
 * be NULL */
apr_status_t sq_do(store_tx_t *tx, int *changed, int which,
                   const char *format, ...);

/** Column values; texts and blobs as copies in the transaction's pool or,
 * with p NULL, valid until the statement moves on. */
const char *sq_text(sqlite3_stmt *st, int column, apr_pool_t *p);
const char *sq_text_or_null(sqlite3_stmt *st, int column, apr_pool_t *p);
const char *sq_blob(sqlite3_stmt *st, int column, apr_size_t *len,
                    apr_pool_t *p);

/** Note SQLite's words for a failure in the transaction; returns the status.
 * If SQLite has rolled back by itself, the transaction is doomed. */
apr_status_t sq_fail(store_tx_t *tx, int rc);

/* ---- store_sqlite_tx.c: what a transaction knows ----------------------- */

/** The datastore if it is the account's (account 0: whoever's).
 * @return APR_NOTFOUND. *ds is valid until the next sq_datastore() */
apr_status_t sq_datastore(store_tx_t *tx, store_id_t account, store_id_t id,
                          sq_datastore_t **ds);
/** The account's item counter; valid until the next sq_account(). */
apr_status_t sq_account(store_tx_t *tx, store_id_t id, sq_account_t **a);
/** Is the device the account's? @param account  0: tell, not ask
 * @param owner  out: its account; may be NULL */
apr_status_t sq_device(store_tx_t *tx, store_id_t account, store_id_t id,
                       store_id_t *owner);
/** Device and datastore of one account? */
apr_status_t sq_pair(store_tx_t *tx, store_id_t account, store_id_t device,
                     store_id_t datastore, sq_datastore_t **ds);
/** A change by origin: the datastore's next counter value. */
store_id_t sq_change(sq_datastore_t *ds, store_id_t origin);
/** The changed item is or was an event that starts then (0: it is none). */
void sq_starts(store_tx_t *tx, sq_datastore_t *ds, apr_int64_t starts);
/** Write the counters. */
apr_status_t sq_flush(store_tx_t *tx);
/** Forget what is cached of a deleted account or device. */
void sq_forget(store_tx_t *tx, store_id_t account);
void sq_forget_device(store_tx_t *tx, store_id_t device);

/* ---- store_sqlite_items.c ---------------------------------------------- */

/** The columns of SQL_ITEM_COLUMNS; texts as in sq_text(.., NULL). */
void sq_read_item(sqlite3_stmt *st, store_item_t *item);

/* ---- store_sqlite_push.c ----------------------------------------------- */

/** The device has synced: what was sent to it and not answered is. */
apr_status_t sq_push_log_answered(store_tx_t *tx, store_id_t device,
                                  apr_time_t when);
/** Write what was counted for the server and an account. */
apr_status_t sq_uses_flush(store_tx_t *tx);

/* ---- store_sqlite_logs.c ----------------------------------------------- */

/** Forget the session log of an account. */
apr_status_t sq_logs_delete(store_tx_t *tx, store_id_t account);
/** Logs whose last message came before a time. @param removed  counted up */
apr_status_t sq_gc_logs(store_tx_t *tx, apr_time_t before, int limit,
                        apr_int64_t *removed);

/* ---- store_sqlite_dues.c ----------------------------------------------- */

/** What the commit derives; the counters are written already. */
apr_status_t sq_derive_dues(store_tx_t *tx);

/* ---- store_sqlite_push.c ----------------------------------------------- */

/** Forget the push log and the settings of an account. */
apr_status_t sq_push_delete(store_tx_t *tx, store_id_t account);

/* ---- the driver's functions, see store_driver.h ------------------------ */

#define X(NAME) STORE_DECLARE(sq_, NAME)
STORE_DRIVER_CALLS(X)
#undef X

#endif
