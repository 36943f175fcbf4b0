/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_driver.h
 * @brief What a store driver is: a table of functions, private to the room.
 *
 * store.c and store_calls.c stand in front of every driver.  They check the
 * arguments and limits of store.h, that a write happens in a write
 * transaction, that the transaction is still open and has not failed before,
 * and they reset the out-parameters on failure.  They also encrypt the
 * passwords.  So a driver may take for granted:
 *
 *  - ids are above 0 (item ids below STORE_ITEM_LIMIT) unless 0 is said to
 *    have a meaning; strings are never NULL unless said so, and within limits;
 *  - out-parameters are never NULL and already reset;
 *  - one transaction is used by one thread at a time.
 *
 * What a driver must see to itself: that accounts, devices, datastores and
 * items belong together (else APR_NOTFOUND), and what its commit derives.
 *
 * A status of a write call other than those in store_is_answer() dooms the
 * transaction: something may be half-done, so nothing but a rollback is left.
 */
#ifndef SYNCML_STORE_DRIVER_H
#define SYNCML_STORE_DRIVER_H

#include <sys/types.h>

#include <apr_thread_mutex.h>

#include "store.h"
#include "store_views.h"

/** Item ids of an account are below this: 6.8e10 items. */
#define STORE_ITEM_BITS   36
#define STORE_ITEM_LIMIT  ((store_id_t)1 << STORE_ITEM_BITS)

typedef struct store_driver_t store_driver_t;
typedef struct store_secret_t store_secret_t;

struct store_t {
    const store_driver_t *driver;
    void *impl;                 /* the driver's own */
    apr_pool_t *p;
    store_secret_t *secret;     /* NULL: no key file */
    apr_interval_time_t busy_timeout;
    int create;
    store_log_fn *log;
    void *log_baton;
    store_starts_fn *starts;    /* may be NULL */
    pid_t pid;                  /* of the process that opened it */
    apr_thread_mutex_t *mutex;  /* guards `open` */
    store_tx_t *open;           /* transactions under way */
};

struct store_tx_t {
    store_t *store;             /* NULL: ended */
    const store_driver_t *driver;
    void *impl;                 /* the driver's own */
    apr_pool_t *p;
    int mode;
    apr_time_t now;
    apr_status_t doomed;        /* a write failed half-way, with this */
    const char *error;          /* the driver's words, NULL: none */
    int n_savepoints;           /* open ones, the innermost last */
    store_savepoint_t savepoints[STORE_MAX_SAVEPOINTS], last_savepoint;
    store_tx_t *next, **link;   /* in store->open */
};

/* What a changed item, or its former text, says of how urgent it is: when it
 * begins, if it does within STORE_URGENT_LIMIT; else any other time or 0.
 * @param item  type and data count where store_starts_asks() says so */
apr_int64_t store_starts(store_tx_t *tx, const store_item_t *item);
/* Whether its text has to be read for that: a series may go on. */
int store_starts_asks(store_tx_t *tx, const store_item_t *item);

/** A session's changes of a datastore: after < change <= upto. */
typedef struct store_range_t {
    store_id_t datastore, after, upto;
} store_range_t;

/** One text of an item, present or former. */
typedef struct store_past_t {
    store_id_t change;          /* that wrote it */
    store_id_t until;           /* that put another in its place; 0: none, or
                                   of the first schema */
    store_id_t deleted;         /* that deleted the item with this text; 0 */
    int archived;               /* by archiving it */
} store_past_t;

/** The functions are those of store.h of the same name where nothing else is
 * said. */
struct store_driver_t {
    const char *scheme;         /* of the URL, with the colon */

    /** @param rest  the URL after the scheme */
    apr_status_t (*open)(store_t *store, const char *rest,
                         const char **error);
    void (*close)(store_t *store);
    apr_status_t (*data_version)(store_t *store, apr_int64_t *version);

    /** tx is filled in but for impl and error. */
    apr_status_t (*begin)(store_tx_t *tx);
    /** Ends the transaction in every case. */
    apr_status_t (*commit)(store_tx_t *tx, int *owes_push);
    void (*rollback)(store_tx_t *tx);
    /** Set one, or end the innermost, of which there is one. */
    apr_status_t (*savepoint)(store_tx_t *tx);
    apr_status_t (*savepoint_rollback)(store_tx_t *tx);
    apr_status_t (*savepoint_release)(store_tx_t *tx);

    apr_status_t (*setting_get)(store_tx_t *tx, const char *name,
                                const char **value);
    /** value NULL: remove it. */
    apr_status_t (*setting_set)(store_tx_t *tx, const char *name,
                                const char *value);

    /** Without a password. */
    apr_status_t (*account_add)(store_tx_t *tx, const char *name,
                                store_id_t *id);
    apr_status_t (*account_find)(store_tx_t *tx, const char *name,
                                 store_account_t **account);
    apr_status_t (*account_get)(store_tx_t *tx, store_id_t id,
                                store_account_t **account);
    /** The encrypted password; APR_NOTFOUND: no account or none kept. */
    apr_status_t (*account_secret)(store_tx_t *tx, store_id_t id,
                                   const unsigned char **secret,
                                   apr_size_t *len);
    /** len 0: forget it. */
    apr_status_t (*account_set_secret)(store_tx_t *tx, store_id_t id,
                                       const unsigned char *secret,
                                       apr_size_t len);
    apr_status_t (*account_delete)(store_tx_t *tx, store_id_t id);
    apr_status_t (*account_list)(store_tx_t *tx, store_account_fn *fn,
                                 void *baton);

    apr_status_t (*device_add)(store_tx_t *tx, store_device_t *d);
    apr_status_t (*device_update)(store_tx_t *tx, const store_device_t *d);
    apr_status_t (*device_find)(store_tx_t *tx, store_id_t account,
                                const char *devid, store_device_t **d);
    apr_status_t (*device_get)(store_tx_t *tx, store_id_t account,
                               store_id_t id, store_device_t **d);
    apr_status_t (*device_delete)(store_tx_t *tx, store_id_t account,
                                  store_id_t id);
    apr_status_t (*device_list)(store_tx_t *tx, store_id_t account,
                                store_device_fn *fn, void *baton);
    /** fn may be NULL. */
    apr_status_t (*device_forget)(store_tx_t *tx, apr_time_t before,
                                  int limit, store_device_fn *fn,
                                  void *baton);
    apr_status_t (*device_setting_get)(store_tx_t *tx, store_id_t device,
                                       const char *name, const char **value);
    /** value NULL: remove it. */
    apr_status_t (*device_setting_set)(store_tx_t *tx, store_id_t device,
                                       const char *name, const char *value);
    apr_status_t (*device_setting_list)(store_tx_t *tx, store_id_t device,
                                        store_setting_fn *fn, void *baton);

    apr_status_t (*datastore_open)(store_tx_t *tx, store_id_t account,
                                   const char *name,
                                   store_datastore_t **ds);
    apr_status_t (*datastore_delete)(store_tx_t *tx, store_id_t account,
                                     store_id_t datastore);
    apr_status_t (*datastore_list)(store_tx_t *tx, store_id_t account,
                                   store_datastore_fn *fn, void *baton);

    apr_status_t (*item_add)(store_tx_t *tx, store_id_t account,
                             store_item_t *item);
    apr_status_t (*item_update)(store_tx_t *tx, store_id_t account,
                                store_item_t *item);
    apr_status_t (*item_delete)(store_tx_t *tx, store_id_t account,
                                store_id_t datastore, store_id_t id,
                                store_id_t origin, int archive,
                                store_id_t *change);
    apr_status_t (*item_rekey)(store_tx_t *tx, store_id_t account,
                               const store_item_t *item);
    apr_status_t (*item_restore)(store_tx_t *tx, store_id_t account,
                                 store_item_t *item);
    apr_status_t (*item_get)(store_tx_t *tx, store_id_t account,
                             store_id_t datastore, store_id_t id,
                             store_item_t **item);
    apr_status_t (*item_version)(store_tx_t *tx, store_id_t account,
                                 store_id_t datastore, store_id_t id,
                                 store_id_t change, store_item_t **item);
    apr_status_t (*item_list)(store_tx_t *tx, store_id_t account,
                              store_id_t datastore, store_id_t after,
                              int limit, store_item_fn *fn, void *baton);
    apr_status_t (*item_archived)(store_tx_t *tx, store_id_t account,
                                  store_id_t datastore, store_id_t after,
                                  int limit, store_item_fn *fn,
                                  void *baton);
    apr_status_t (*item_match)(store_tx_t *tx, store_id_t account,
                               store_id_t datastore, int which,
                               apr_int64_t key, store_id_t device,
                               store_item_fn *fn, void *baton);
    /** device 0: all live items; else those it has no map row of and whose
     * latest change is at most upto.  limit 0: all of them. */
    apr_status_t (*item_delete_many)(store_tx_t *tx, store_id_t account,
                                     store_id_t datastore,
                                     store_id_t device, store_id_t origin,
                                     store_id_t upto, int limit,
                                     apr_int64_t *count);

    apr_status_t (*map_put)(store_tx_t *tx, const store_map_t *map);
    apr_status_t (*map_by_luid)(store_tx_t *tx, store_id_t device,
                                store_id_t datastore, const char *luid,
                                store_map_t **map);
    apr_status_t (*map_by_item)(store_tx_t *tx, store_id_t device,
                                store_id_t item, store_id_t datastore,
                                store_map_t **map);
    apr_status_t (*map_delete)(store_tx_t *tx, store_id_t device,
                               store_id_t datastore, store_id_t item);
    apr_status_t (*map_clear)(store_tx_t *tx, store_id_t device,
                              store_id_t datastore);
    apr_status_t (*map_former)(store_tx_t *tx, store_id_t device,
                               store_id_t datastore, const char *luid,
                               store_id_t *item, store_id_t *version);
    apr_status_t (*map_forget_former)(store_tx_t *tx, store_id_t device,
                                      store_id_t datastore);
    apr_status_t (*map_list)(store_tx_t *tx, store_id_t device,
                             store_id_t datastore, store_map_fn *fn,
                             void *baton);

    apr_status_t (*changes)(store_tx_t *tx, store_id_t account,
                            store_id_t device, store_id_t datastore,
                            store_id_t after, store_id_t upto,
                            store_change_fn *fn, void *baton);
    apr_status_t (*changes_retry)(store_tx_t *tx, store_id_t account,
                                  store_id_t device, store_id_t datastore,
                                  store_id_t after, store_id_t upto,
                                  store_change_fn *fn, void *baton);
    apr_status_t (*changes_moved)(store_tx_t *tx, store_id_t account,
                                  store_id_t device, store_id_t datastore,
                                  const store_moved_t *moved,
                                  store_id_t after, store_id_t upto,
                                  store_change_fn *fn, void *baton);
    apr_status_t (*changes_held)(store_tx_t *tx, store_id_t account,
                                 store_id_t device, store_id_t datastore,
                                 store_id_t after, store_id_t upto,
                                 store_change_fn *fn, void *baton);
    apr_status_t (*changes_count)(store_tx_t *tx, store_id_t account,
                                  store_id_t device, store_id_t datastore,
                                  store_id_t after, store_id_t upto,
                                  apr_int64_t *count);
    apr_status_t (*changes_doubtful)(store_tx_t *tx, store_id_t account,
                                     store_id_t device, store_id_t datastore,
                                     store_id_t after, store_id_t upto,
                                     apr_int64_t over, store_change_fn *fn,
                                     void *baton);
    apr_status_t (*changes_settled)(store_tx_t *tx, store_id_t device,
                                    store_id_t datastore, store_id_t upto,
                                    store_id_t *settled);

    apr_status_t (*anchor_get)(store_tx_t *tx, store_id_t device,
                               store_id_t datastore, store_anchor_t **a);
    apr_status_t (*anchor_put)(store_tx_t *tx, const store_anchor_t *a);
    apr_status_t (*anchor_list)(store_tx_t *tx, store_id_t device,
                                store_anchor_fn *fn, void *baton);

    apr_status_t (*session_get)(store_tx_t *tx, const char *id,
                                store_session_t **session);
    /** hash is not all zero. */
    apr_status_t (*session_by_request)(store_tx_t *tx,
                                       const unsigned char hash[16],
                                       store_session_t **session);
    apr_status_t (*session_put)(store_tx_t *tx, const store_session_t *s);
    apr_status_t (*session_delete)(store_tx_t *tx, const char *id);
    apr_status_t (*session_of_device)(store_tx_t *tx, store_id_t device,
                                      store_session_t **session);
    apr_status_t (*session_expire)(store_tx_t *tx, int limit,
                                   apr_interval_time_t keep);
    /** keep may be "": all of them. */
    apr_status_t (*session_delete_others)(store_tx_t *tx, store_id_t device,
                                          const char *keep);

    apr_status_t (*log_begin)(store_tx_t *tx, store_log_t *log);
    /** after < upto. */
    apr_status_t (*log_range)(store_tx_t *tx, store_id_t log,
                              store_id_t datastore, store_id_t after,
                              store_id_t upto);
    apr_status_t (*log_datastore)(store_tx_t *tx, store_id_t log,
                                  const store_log_datastore_t *d);
    apr_status_t (*log_end)(store_tx_t *tx, store_id_t log, int state);
    apr_status_t (*log_undone)(store_tx_t *tx, store_id_t log,
                               store_id_t undone_by);
    /** With the datastores. */
    apr_status_t (*log_get)(store_tx_t *tx, store_id_t account,
                            store_id_t id, store_log_t **log);
    /** before is above every id if it does not matter. */
    apr_status_t (*log_list)(store_tx_t *tx, store_id_t account,
                             store_id_t device, store_id_t before, int limit,
                             store_log_row_fn *fn, void *baton);
    /** Array of store_range_t, by datastore and after. */
    apr_status_t (*log_ranges)(store_tx_t *tx, store_id_t log,
                               apr_array_header_t **ranges);
    apr_status_t (*item_since)(store_tx_t *tx, store_id_t account,
                               store_id_t datastore, store_id_t after,
                               apr_array_header_t **items);
    /** Array of store_past_t, by change; the last is the present text. */
    apr_status_t (*item_history)(store_tx_t *tx, store_id_t datastore,
                                 store_id_t id, store_id_t *added,
                                 apr_array_header_t **past);

    /** plan is never NULL. */
    apr_status_t (*due_claim)(store_tx_t *tx, apr_time_t now,
                              store_due_plan_fn *plan, void *baton,
                              apr_interval_time_t lease, const char *owner,
                              int max, apr_array_header_t **dues);
    apr_status_t (*due_sent)(store_tx_t *tx, store_id_t device,
                             const char *owner, apr_time_t not_before);
    apr_status_t (*due_dry)(store_tx_t *tx, store_id_t device,
                            const char *owner);
    apr_status_t (*due_failed)(store_tx_t *tx, store_id_t device,
                               const char *owner, apr_time_t not_before,
                               const char *reason);
    apr_status_t (*due_later)(store_tx_t *tx, store_id_t device,
                              const char *owner, apr_time_t when);
    apr_status_t (*due_undelivered)(store_tx_t *tx, store_id_t device,
                                    apr_time_t until, apr_time_t not_before,
                                    const char *reason);
    apr_status_t (*due_release)(store_tx_t *tx, const char *owner);
    apr_status_t (*due_next)(store_tx_t *tx, apr_time_t *when);
    apr_status_t (*due_get)(store_tx_t *tx, store_id_t device,
                            store_due_t **due);
    apr_status_t (*due_list)(store_tx_t *tx, store_id_t account,
                             store_due_fn *fn, void *baton);
    apr_status_t (*due_refresh)(store_tx_t *tx, store_id_t device);
    apr_status_t (*due_now)(store_tx_t *tx, store_id_t device);
    apr_status_t (*due_replan)(store_tx_t *tx, store_id_t account,
                               store_id_t device);
    apr_status_t (*due_replan_some)(store_tx_t *tx, store_id_t after,
                                    int limit, store_id_t *last);
    apr_status_t (*due_replan_gateway)(store_tx_t *tx, apr_time_t from,
                                       apr_time_t to);
    apr_status_t (*due_waits)(store_tx_t *tx, store_id_t after,
                              store_id_t *account);
    apr_status_t (*due_wake)(store_tx_t *tx, store_id_t account, int limit,
                             int *woken);
    apr_status_t (*due_clock)(store_tx_t *tx, apr_time_t now, int *moved);
    /** The transaction may be one for reading only. */
    apr_status_t (*due_ahead)(store_tx_t *tx, apr_time_t now, int *ahead);

    /** Texts are never NULL and cut, the time is set. */
    apr_status_t (*push_log_add)(store_tx_t *tx, store_push_log_t *entry);
    /** datastores may be NULL: as they are. */
    apr_status_t (*push_log_result)(store_tx_t *tx, store_push_log_t *entry);
    apr_status_t (*push_log_sending)(store_tx_t *tx, apr_time_t from,
                                     apr_time_t to, int limit,
                                     store_push_log_fn *fn, void *baton);
    apr_status_t (*push_log_report)(store_tx_t *tx, const char *token,
                                    store_report_e report, const char *text,
                                    apr_time_t when,
                                    store_push_log_t **entry);
    /** before is above every id if it does not matter. */
    apr_status_t (*push_log_list)(store_tx_t *tx,
                                  const store_push_filter_t *filter,
                                  store_push_log_fn *fn, void *baton);
    apr_status_t (*push_log_gc)(store_tx_t *tx, apr_time_t before,
                                int limit, apr_int64_t *removed);
    apr_status_t (*push_use)(store_tx_t *tx, store_use_e scope,
                             store_id_t id, apr_time_t when,
                             store_use_t *use);
    apr_status_t (*account_setting_get)(store_tx_t *tx, store_id_t account,
                                        const char *name,
                                        const char **value);
    apr_status_t (*account_setting_set)(store_tx_t *tx, store_id_t account,
                                        const char *name, const char *value);
    apr_status_t (*account_setting_list)(store_tx_t *tx, store_id_t account,
                                         store_setting_fn *fn, void *baton);
    apr_status_t (*push_request_add)(store_tx_t *tx,
                                     store_push_request_t *request);
    apr_status_t (*push_request_claim)(store_tx_t *tx, apr_time_t now,
                                       apr_interval_time_t lease,
                                       store_push_request_t **request);
    apr_status_t (*push_request_next)(store_tx_t *tx, apr_time_t *when);
    apr_status_t (*push_request_done)(store_tx_t *tx, store_id_t id, int ok,
                                      const char *result);
    apr_status_t (*push_request_get)(store_tx_t *tx, store_id_t id,
                                     store_push_request_t **request);

    apr_status_t (*gc)(store_tx_t *tx, apr_time_t before, int limit,
                       apr_int64_t *removed);
};

/** The names of all these functions, to declare them and to fill in the
 * table: a driver's function is its prefix and the name. */
#define STORE_DRIVER_CALLS(X) \
    X(open) X(close) X(data_version) X(begin) X(commit) X(rollback) \
    X(savepoint) X(savepoint_rollback) X(savepoint_release) \
    X(setting_get) X(setting_set) X(account_add) X(account_find) \
    X(account_get) X(account_secret) X(account_set_secret) X(account_delete) \
    X(account_list) X(device_add) X(device_update) X(device_find) \
    X(device_get) X(device_delete) X(device_list) X(datastore_open) \
    X(device_forget) X(device_setting_get) X(device_setting_set) X(device_setting_list) \
    X(datastore_list) X(item_add) X(item_update) X(item_delete) \
    X(item_restore) X(item_rekey) X(item_archived) X(item_get) \
    X(item_version) X(item_list) X(item_match) \
    X(item_delete_many) X(map_put) X(map_by_luid) X(map_by_item) \
    X(map_delete) X(map_clear) X(map_list) X(map_former) \
    X(map_forget_former) X(changes) X(changes_count) X(changes_retry) \
    X(changes_moved) X(changes_held) X(changes_doubtful) \
    X(datastore_delete) \
    X(changes_settled) X(anchor_get) X(anchor_put) X(anchor_list) \
    X(session_get) X(session_by_request) X(session_put) X(session_delete) \
    X(session_of_device) X(session_expire) X(session_delete_others) \
    X(log_begin) X(log_range) X(log_datastore) X(log_end) X(log_undone) \
    X(log_get) X(log_list) X(log_ranges) X(item_since) X(item_history) \
    X(due_claim) X(due_sent) X(due_dry) \
    X(due_failed) X(due_later) X(due_undelivered) \
    X(due_release) X(due_next) X(due_get) X(due_list) X(due_refresh) \
    X(due_now) X(due_replan) X(due_replan_some) X(due_replan_gateway) \
    X(due_waits) X(due_wake) X(due_clock) X(due_ahead) X(push_log_add) \
    X(push_log_result) X(push_log_sending) X(push_log_report) \
    X(push_log_list) X(push_log_gc) X(push_use) X(account_setting_get) \
    X(account_setting_set) X(account_setting_list) X(push_request_add) \
    X(push_request_claim) X(push_request_next) X(push_request_done) \
    X(push_request_get) \
    X(gc)

/** Declares a driver's function with the type that the table has for it. */
#define STORE_DECLARE(PREFIX, NAME) \
    extern __typeof__(*((const store_driver_t *)0)->NAME) PREFIX##NAME;

extern const store_driver_t store_sqlite_driver;
extern const store_driver_t store_memory_driver;

/** Statuses that answer a question and leave the transaction sound. */
int store_is_answer(apr_status_t rv);

/** Note the words of a failure in the transaction; returns rv. */
apr_status_t store_fail(store_tx_t *tx, apr_status_t rv, const char *words);

/** May this call go on?  @param mode  STORE_WRITE: it writes */
apr_status_t store_tx_check(store_tx_t *tx, int mode);

/** The end of a call: dooms the transaction if a write went wrong. */
apr_status_t store_tx_result(store_tx_t *tx, int mode, apr_status_t rv);

#endif
