/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store.h
 * @brief The store: accounts, devices, datastores, items, changes, maps,
 * anchors and sessions.  Part of the same contract: store_log.h, what each
 * sync session did, store_push.h, what push owes, and store_ledger.h, what it
 * has told and why not.
 *
 * One store is the centre of the house: sync sessions, the command line tool
 * and the push worker see the world only through this contract, never
 * through SQL.  A driver (SQLite, in-memory) fills in a table of functions
 * that is private to the room (store_driver.h).
 *
 * Transactions.  All access happens inside a transaction (store_tx_t), which
 * belongs to one thread.  A read transaction sees one snapshot and never
 * waits; write transactions are serialised, and a waiting one waits
 * milliseconds, at most store_options_t.busy_timeout.  A write is durable
 * when store_commit() has returned APR_SUCCESS.
 *
 * Memory.  Everything that a call returns lives in the pool given to
 * store_begin() unless said otherwise; rows handed to a callback live for
 * that call only.
 *
 * Change counters.  Each datastore of an account has a counter that grows by
 * one with each change of an item; the item carries the value of its latest
 * change.  A device's map row carries the value that the device has of that
 * item.  So "what does this device lack" is an index range over the counter,
 * and an item whose map row carries the same value is known to the device:
 * the device's own edits, among others.
 *
 * Push.  Committing a transaction that changed items derives, in the same
 * transaction, the due rows of the devices that owe a sync for it: devices
 * of the account other than the change's origin, with push switched on and a
 * number, that have synced the datastore before.  At most one row per device.
 */
#ifndef SYNCML_STORE_H
#define SYNCML_STORE_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The store has no room for the data: SyncML 420. Nothing was changed. */
#define STORE_EFULL     (APR_OS_START_USERERR + 6001)
/** The write lock was not free within busy_timeout: a retry is useful. */
#define STORE_EBUSY     (APR_OS_START_USERERR + 6002)
/** The database file is damaged, unreadable or not ours. */
#define STORE_ECORRUPT  (APR_OS_START_USERERR + 6003)
/** The schema is newer than this program. */
#define STORE_EVERSION  (APR_OS_START_USERERR + 6004)
/** The key file is missing, unreadable, too open or not the store's. */
#define STORE_EKEY      (APR_OS_START_USERERR + 6005)
/* Also used everywhere: APR_NOTFOUND, APR_EEXIST, APR_EINVAL, APR_EGENERAL
 * (the database's own words are in store_error()). */

/** Limits, in octets unless said otherwise; longer values: APR_EINVAL. */
#define STORE_MAX_NAME          255     /* account, datastore, device id */
#define STORE_MAX_LUID          255
#define STORE_MAX_URI           255
#define STORE_MAX_ANCHOR        255
#define STORE_MAX_NUMBER        32      /* a telephone number */
#define STORE_MAX_PASSWORD      1024
#define STORE_MAX_VALUE         (64 * 1024)     /* of a setting */
#define STORE_MAX_DEVINF        (256 * 1024)
#define STORE_MAX_STATE         (8 * 1024 * 1024)
#define STORE_MAX_DATA          (64 * 1024 * 1024)
#define STORE_GUID_LEN          14      /* base 36 of an item id, with NUL */

/** Account, device, datastore ids and change counters; 0 means none. */
typedef apr_int64_t store_id_t;

typedef struct store_t store_t;
typedef struct store_tx_t store_tx_t;

/** Levels as in syslog: 3 error, 4 warning, 6 info, 7 debug. */
typedef void store_log_fn(void *baton, int level, apr_status_t rv,
                          const char *message);

/**
 * When an item begins next, for who knows formats: the first of from < begin
 * <= to, seconds since 1970 UTC; 0: none.  Called within write transactions.
 */
typedef apr_int64_t store_starts_fn(const char *type, const char *data,
                                    apr_size_t len, apr_int64_t from,
                                    apr_int64_t to, apr_pool_t *p);

typedef struct store_options_t {
    /** File with the 32 random octets that encrypt the passwords; made with
     * mode 0600 if create is set and it does not exist.  NULL: passwords
     * cannot be read or written (STORE_EKEY). */
    const char *key_file;
    /** Non-zero: make the database, its tables and the key file. */
    int create;
    /** How long a writer waits for its turn, microseconds; 0: 10 s. */
    apr_interval_time_t busy_timeout;
    /** NULL: silent.  Told what has no transaction or words to ask for:
     * failures of store_begin() and store_commit(). */
    store_log_fn *log;
    void *log_baton;
    /** Asked of changed items that may begin within STORE_URGENT_LIMIT; NULL:
     * an item begins when its row says, and never again. */
    store_starts_fn *starts;
} store_options_t;

/**
 * Open a store.
 * @param url  "sqlite:/absolute/path/syncml.db" or "memory:"
 * @param options  may be NULL (no key file, nothing is created)
 * @param error  out: what is wrong and what would be right, for an admin;
 *               may be NULL
 * @param p  the store closes when this pool is cleared.  Thread-safe
 *           afterwards: handles are pooled per thread in use.  Never use a
 *           store across fork(): open another.  (A child's calls give
 *           APR_EINVAL, and clearing the pool there touches nothing.)
 *           Root that makes a store for another user closes it again and
 *           chowns database and key file; -wal and -shm then take the
 *           database's owner, whoever writes.
 * @return APR_SUCCESS; APR_EINVAL for an unknown URL; APR_ENOENT without a
 *         database when create is not set; STORE_E*
 */
apr_status_t store_open(store_t **store, const char *url,
                        const store_options_t *options,
                        const char **error, apr_pool_t *p);

/** Close now instead of with the pool. Sets *store to NULL. */
void store_close(store_t **store);

/** Words for a status of this file, or apr_strerror()'s. Never NULL. */
const char *store_strerror(apr_status_t rv, char *buf, apr_size_t size);

/**
 * A number that differs from the last call's whenever another connection or
 * process has committed since.  Cheap (no transaction): polled each second
 * by the push worker.  Not to be called by two threads at once.
 */
apr_status_t store_data_version(store_t *store, apr_int64_t *version);

/* ---- transactions ------------------------------------------------------ */

#define STORE_READ   0
#define STORE_WRITE  1

/**
 * Begin a transaction.  A transaction still open when @p p is cleared is
 * rolled back.
 * @return APR_SUCCESS, STORE_EBUSY, STORE_EFULL, STORE_ECORRUPT
 */
apr_status_t store_begin(store_tx_t **tx, store_t *store, int mode,
                         apr_pool_t *p);

/**
 * Make everything durable, derive what push owes, and end the transaction:
 * *tx is NULL afterwards in every case.
 * @param owes_push  out: non-zero if a due row was added or moved, so the
 *                   worker should look; may be NULL
 */
apr_status_t store_commit(store_tx_t **tx, int *owes_push);

/* After a write call has failed with another status than APR_NOTFOUND,
 * APR_EEXIST, APR_EINVAL or STORE_EKEY, the transaction is doomed: it answers
 * with that status until it is rolled back, so nothing half-done is ever
 * committed. */

/** Forget everything since store_begin(). Sets *tx to NULL; NULL is fine. */
void store_rollback(store_tx_t **tx);

/** The database's words for the last failure in this transaction, or "". */
const char *store_error(store_tx_t *tx);

/** The time that this transaction writes (default: when it began). */
void store_set_now(store_tx_t *tx, apr_time_t now);

/* ---- savepoints -------------------------------------------------------- */

/** So many savepoints may be open in one another. */
#define STORE_MAX_SAVEPOINTS  4

/** Names a savepoint of one transaction; 0 is none. */
typedef unsigned store_savepoint_t;

/**
 * Set a mark in a write transaction, to come back to it without losing what
 * was done before (a SyncML Atomic that fails).  Not from within a row
 * callback: so with all three.
 * @return APR_EINVAL: STORE_MAX_SAVEPOINTS are open
 */
apr_status_t store_savepoint(store_tx_t *tx, store_savepoint_t *sp);
/** Undo everything of this transaction since the mark, counters and what the
 * commit derives from them included; the mark and those set after it are
 * gone afterwards.  A doomed transaction stays doomed.
 * @return APR_EINVAL: @p sp is not open */
apr_status_t store_savepoint_rollback(store_tx_t *tx, store_savepoint_t sp);
/** Forget the mark and those set after it; what was done since stays part
 * of the transaction.  A commit releases all.
 * @return APR_EINVAL: @p sp is not open */
apr_status_t store_savepoint_release(store_tx_t *tx, store_savepoint_t sp);

/* ---- settings of the whole store (server id and the like) -------------- */

/* Names that begin with "store." are the store's own: APR_EINVAL. */

/** The name by which devices know this store's server: DevInf's DevID, the
 * server id of notifications.  Written by mod_syncml. */
#define STORE_SETTING_SERVER_ID  "server-id"
/** By which version of the rules the items' keys were computed, a number in
 * digits; absent: before versions were counted.  See store_item_rekey(). */
#define STORE_SETTING_ITEM_KEYS  "item-keys"

apr_status_t store_setting_get(store_tx_t *tx, const char *name,
                               const char **value);      /* APR_NOTFOUND */
/** @param value  NULL: remove the setting */
apr_status_t store_setting_set(store_tx_t *tx, const char *name,
                               const char *value);

/* ---- accounts ---------------------------------------------------------- */

typedef struct store_account_t {
    store_id_t id;
    const char *name;           /* UTF-8, unique, case-sensitive */
    int has_password;           /* 0: only httpd's providers know it */
    apr_time_t created;
} store_account_t;

/** @param password  NULL: none kept here.  @return APR_EEXIST, STORE_EKEY */
apr_status_t store_account_add(store_tx_t *tx, const char *name,
                               const char *password, store_id_t *id);
apr_status_t store_account_find(store_tx_t *tx, const char *name,
                                store_account_t **account);
apr_status_t store_account_get(store_tx_t *tx, store_id_t id,
                               store_account_t **account);
apr_status_t store_account_set_password(store_tx_t *tx, store_id_t id,
                                        const char *password);
/** The password in clear. @return APR_NOTFOUND: none kept; STORE_EKEY */
apr_status_t store_account_password(store_tx_t *tx, store_id_t id,
                                    const char **password);
/** Delete the account and everything that is its. */
apr_status_t store_account_delete(store_tx_t *tx, store_id_t id);

/** A callback's answer other than APR_SUCCESS ends the listing and is
 * returned by it, but APR_EOF ends it with success: so in every listing.
 * A callback may make other calls in the same transaction. */
typedef apr_status_t store_account_fn(void *baton, const store_account_t *a);
apr_status_t store_account_list(store_tx_t *tx, store_account_fn *fn,
                                void *baton);           /* by name */

/* ---- devices ----------------------------------------------------------- */

typedef struct store_device_t {
    store_id_t id;
    store_id_t account;
    const char *devid;          /* SyncHdr Source LocURI; unique in account */
    const char *manufacturer, *model, *firmware, *software, *hardware;
                                /* from DevInf, "" if not known */
    const char *syncml_version; /* "1.0" "1.1" "1.2", "" if not known */
    const char *sync_url;       /* Target LocURI that the device used, or "" */
    const char *devinf;         /* DevInf as it was sent, may be binary */
    apr_size_t devinf_len;      /* 0: none */
    const char *nonce, *nonce_prev;  /* base64 as sent; "" for none */
    const char *number;         /* for SMS, "+491701234567"; "" for none */
    int push;                   /* non-zero: may be notified */
    apr_time_t first_seen, last_seen;   /* 0: made by hand, never seen */
} store_device_t;

/** Add; fills in d->id. @return APR_EEXIST */
apr_status_t store_device_add(store_tx_t *tx, store_device_t *d);
/** Write all fields of d->id but account and devid. */
apr_status_t store_device_update(store_tx_t *tx, const store_device_t *d);
apr_status_t store_device_find(store_tx_t *tx, store_id_t account,
                               const char *devid, store_device_t **d);
apr_status_t store_device_get(store_tx_t *tx, store_id_t account,
                              store_id_t id, store_device_t **d);
apr_status_t store_device_delete(store_tx_t *tx, store_id_t account,
                                 store_id_t id);
typedef apr_status_t store_device_fn(void *baton, const store_device_t *d);
/** Forget what devices have that were last seen before @p before (not those
 * never seen): maps, anchors, session and what they owe go, so that nothing
 * is kept for them any more and their next sync is slow.  The devices
 * themselves and their settings stay.
 * @param limit  so many devices at most; 0: all
 * @param fn  told of each; may be NULL */
apr_status_t store_device_forget(store_tx_t *tx, apr_time_t before,
                                 int limit, store_device_fn *fn,
                                 void *baton);
/** @param account  0: of all accounts. Ordered by account, device id. */
apr_status_t store_device_list(store_tx_t *tx, store_id_t account,
                               store_device_fn *fn, void *baton);

/* ---- settings of a device ---------------------------------------------- */

/* What an administrator has settled for one device ("access.contacts"); they
 * go with the device.  Names of 1 to 255, values of at most 64 Ki octets. */

/** @return APR_NOTFOUND */
apr_status_t store_device_setting_get(store_tx_t *tx, store_id_t device,
                                      const char *name, const char **value);
/** @param value  NULL: remove the setting
 * @return APR_NOTFOUND: no such device */
apr_status_t store_device_setting_set(store_tx_t *tx, store_id_t device,
                                      const char *name, const char *value);
typedef apr_status_t store_setting_fn(void *baton, const char *name,
                                      const char *value);
/** By name. */
apr_status_t store_device_setting_list(store_tx_t *tx, store_id_t device,
                                       store_setting_fn *fn, void *baton);

/* ---- datastores -------------------------------------------------------- */

typedef struct store_datastore_t {
    store_id_t id;
    store_id_t account;
    const char *name;           /* "contacts", "calendar", ... */
    store_id_t change;          /* counter's present value */
    apr_int64_t items;          /* live items (kept, not counted) */
} store_datastore_t;

/** Find, or make in a write transaction (else APR_NOTFOUND). */
apr_status_t store_datastore_open(store_tx_t *tx, store_id_t account,
                                  const char *name, store_datastore_t **ds);
/** Delete a datastore with its items and all that devices have of it.
 * @return APR_NOTFOUND: none of that account */
apr_status_t store_datastore_delete(store_tx_t *tx, store_id_t account,
                                    store_id_t datastore);
typedef apr_status_t store_datastore_fn(void *baton,
                                        const store_datastore_t *ds);
apr_status_t store_datastore_list(store_tx_t *tx, store_id_t account,
                                  store_datastore_fn *fn, void *baton);

/* ---- items ------------------------------------------------------------- */

typedef struct store_item_t {
    store_id_t id;              /* counter of the account; see store_guid() */
    store_id_t datastore;
    store_id_t change;          /* counter's value at the latest change */
    store_id_t origin;          /* device that made it; 0: the server side */
    int deleted;                /* data is then the last text */
    int archived;               /* deleted, but kept for good: the store's
                                   to set, see store_item_archive() */
    const char *type;           /* media type of data, "text/vcard" */
    apr_int64_t key;            /* matching key of the normalised item */
    apr_int64_t uid_key;        /* hash of its UID, 0 for none */
    apr_int64_t near_key;       /* hash of what it is to a person, 0 for
                                   none: see STORE_MATCH_NEAR */
    apr_int64_t starts, ends;   /* UTC seconds since 1970 between which it
                                   takes place; STORE_WHEN_ALWAYS */
    const char *data;           /* full text, not NUL-terminated by contract */
    apr_size_t len;
    apr_time_t modified;
} store_item_t;

/** In starts: since ever; in ends: for ever.  So an item that says nothing of
 * its time (both are 0) is in every window. */
#define STORE_WHEN_ALWAYS  0

/** An item's GUID as devices see it: base 36, at most 8 characters for the
 * first 2.8e12 items of an account. buf: STORE_GUID_LEN octets. */
const char *store_guid(store_id_t item, char *buf);
/** The other way round. @return 0 if it is no GUID of ours */
store_id_t store_guid_parse(const char *guid);

/* In all these calls a datastore that is not the account's, or an origin
 * that is no device of it, gives APR_NOTFOUND. */

/** Add; fills in id, change and modified. datastore, origin, type, keys and
 * data are the caller's. */
apr_status_t store_item_add(store_tx_t *tx, store_id_t account,
                            store_item_t *item);
/** Replace type, keys and data of a live item; the former text is kept as
 * a version.  Fills in change and modified.  @return APR_NOTFOUND: no such
 * live item of that account and datastore */
apr_status_t store_item_update(store_tx_t *tx, store_id_t account,
                               store_item_t *item);
/** Mark as deleted; the text is kept for a time, see store_gc().
 * @param change out, may be NULL
 * @return APR_NOTFOUND: no such live item */
apr_status_t store_item_delete(store_tx_t *tx, store_id_t account,
                               store_id_t datastore, store_id_t id,
                               store_id_t origin, store_id_t *change);
/** The same for an item that its device has put away for good (SyncML's
 * Delete with Archive): all devices lose it, the store keeps it until it is
 * restored. */
apr_status_t store_item_archive(store_tx_t *tx, store_id_t account,
                                store_id_t datastore, store_id_t id,
                                store_id_t origin, store_id_t *change);
/** Make a deleted or archived item live again with the given text (item->id).
 * @return APR_NOTFOUND: no such deleted item */
apr_status_t store_item_restore(store_tx_t *tx, store_id_t account,
                                store_item_t *item);
/** Write an item's keys (key, uid_key, near_key, starts, ends) after their
 * rules have changed.  That is no change of the item: no device gets it.
 * @param item  id, datastore, change and the keys count
 * @return APR_NOTFOUND: no such item, or it has changed since item->change,
 *         and so has keys by the new rules already */
apr_status_t store_item_rekey(store_tx_t *tx, store_id_t account,
                              const store_item_t *item);
/** Deleted ones too. */
apr_status_t store_item_get(store_tx_t *tx, store_id_t account,
                            store_id_t datastore, store_id_t id,
                            store_item_t **item);
/** The same into a pool of the caller's, who clears it between many. */
apr_status_t store_item_get_into(store_tx_t *tx, store_id_t account,
                                 store_id_t datastore, store_id_t id,
                                 apr_pool_t *p, store_item_t **item);

/** The text that an item had at a former value of its change counter (the
 * base of a three-way merge): type, data, modified and change are filled in.
 * The present one is found too.  @return APR_NOTFOUND: never was, or no
 * longer kept, see store_gc() */
apr_status_t store_item_version(store_tx_t *tx, store_id_t account,
                                store_id_t datastore, store_id_t id,
                                store_id_t change, store_item_t **item);

/** The text that it had before that: the latest one written below @p change,
 * by its own change counter.  @return APR_NOTFOUND: there was none, or none is
 * kept any longer */
apr_status_t store_item_version_before(store_tx_t *tx, store_id_t account,
                                       store_id_t datastore, store_id_t id,
                                       store_id_t change,
                                       store_item_t **item);

typedef apr_status_t store_item_fn(void *baton, const store_item_t *item);
/** Live items by id, from the one after @p after, at most @p limit
 * (0: all). */
apr_status_t store_item_list(store_tx_t *tx, store_id_t account,
                             store_id_t datastore, store_id_t after,
                             int limit, store_item_fn *fn, void *baton);

/** The same for archived items. */
apr_status_t store_item_list_archived(store_tx_t *tx, store_id_t account,
                                      store_id_t datastore, store_id_t after,
                                      int limit, store_item_fn *fn,
                                      void *baton);

/**
 * The items whose latest change is above @p after, deleted ones too: what has
 * happened in a datastore, for who follows it.  Costs what it gives.
 * @param items  out: pairs of store_id_t, item and change, by change
 */
apr_status_t store_item_since(store_tx_t *tx, store_id_t account,
                              store_id_t datastore, store_id_t after,
                              apr_array_header_t **items);

/** Which key store_item_match() looks for.  A UID or near key of 0 is none
 * and matches nothing. */
#define STORE_MATCH_KEY   0
#define STORE_MATCH_UID   1
#define STORE_MATCH_NEAR  2
/** Live items with that key and no map row of @p device (0: do not look at
 * maps), oldest first; the callback returns APR_EOF to stop with success. */
apr_status_t store_item_match(store_tx_t *tx, store_id_t account,
                              store_id_t datastore, int which,
                              apr_int64_t key, store_id_t device,
                              store_item_fn *fn, void *baton);

/** Mark all live items of a datastore as deleted (refresh from the client).
 * @param count out, may be NULL */
apr_status_t store_item_delete_all(store_tx_t *tx, store_id_t account,
                                   store_id_t datastore, store_id_t origin,
                                   apr_int64_t *count);
/** Mark as deleted the live items without a map row of @p device whose
 * latest change is at most @p upto (what came later was not seen by the
 * client that refreshes and stays).
 * @param limit  no more than so many, so that the write lock is not held for
 *               long: to be called again while *count reaches it; 0: all */
apr_status_t store_item_delete_unmapped(store_tx_t *tx, store_id_t account,
                                        store_id_t datastore,
                                        store_id_t device,
                                        store_id_t origin, store_id_t upto,
                                        int limit, apr_int64_t *count);

/* ---- what a device has: maps and changes ------------------------------- */

typedef struct store_map_t {
    store_id_t device;
    store_id_t datastore;
    store_id_t item;
    const char *luid;           /* the device's id; NULL: sent and confirmed,
                                   its Map has not come yet */
    store_id_t version;         /* change value of the text it has; 0: none
                                   of ours, or not known */
    int retry;                  /* non-zero: it could not be given the item's
                                   present state for a passing reason (full,
                                   busy, no LUID yet): see
                                   store_changes_retry() */
    int soft;                   /* non-zero: the device has soft-deleted it
                                   (SftDel: out of room, the item lives on):
                                   it lacks nothing of the item, whatever
                                   becomes of it, until its maps are cleared
                                   or the row is written anew */
} store_map_t;

/** Add or overwrite the row of (device, item); another row of the device
 * with the same LUID in that datastore is removed first.
 * @return APR_NOTFOUND: no such item in the datastore, or device and
 *         datastore are of different accounts */
apr_status_t store_map_put(store_tx_t *tx, const store_map_t *map);
apr_status_t store_map_by_luid(store_tx_t *tx, store_id_t device,
                               store_id_t datastore, const char *luid,
                               store_map_t **map);
apr_status_t store_map_by_item(store_tx_t *tx, store_id_t device,
                               store_id_t item, store_id_t datastore,
                               store_map_t **map);
/** Success also if there is none. */
apr_status_t store_map_delete(store_tx_t *tx, store_id_t device,
                              store_id_t datastore, store_id_t item);
/** Forget all that the device has in a datastore (a slow sync begins): its
 * rows with a LUID become former maps, in place of older ones of the same
 * LUID or item. */
apr_status_t store_map_clear(store_tx_t *tx, store_id_t device,
                             store_id_t datastore);
/** What a LUID meant before store_map_clear(), so that a slow sync knows its
 * own items again.  Former maps hold items and versions like maps do; they
 * go with store_map_forget_former(), the device, or by store_gc() when they
 * have become former before its time.
 * @param item  out
 * @param version  out: as in store_map_t; may be NULL
 * @return APR_NOTFOUND */
apr_status_t store_map_former(store_tx_t *tx, store_id_t device,
                              store_id_t datastore, const char *luid,
                              store_id_t *item, store_id_t *version);
/** Forget them: the slow sync has ended well. */
apr_status_t store_map_forget_former(store_tx_t *tx, store_id_t device,
                                     store_id_t datastore);
/** In no particular order. */
typedef apr_status_t store_map_fn(void *baton, const store_map_t *map);
apr_status_t store_map_list(store_tx_t *tx, store_id_t device,
                            store_id_t datastore, store_map_fn *fn,
                            void *baton);

/** One thing that a device lacks.  The texts of an item whose map row has
 * another version are kept: see store_item_version(). */
typedef struct store_change_t {
    store_item_t item;
    int mapped;                 /* the device has a map row for it */
    const char *luid;           /* of the map row, or NULL */
    store_id_t version;         /* of the map row, or 0 */
} store_change_t;

typedef apr_status_t store_change_fn(void *baton, const store_change_t *c);
/**
 * The changes with @p after < change <= @p upto that the device does not
 * have, in the order of change: live items without a map row (to be added),
 * live items with a row of another version (to be replaced), deleted items
 * with a row (to be deleted).  With after = 0 and the maps cleared these are
 * all items: a slow sync or refresh.  The callback returns APR_EOF to stop
 * with success.
 */
apr_status_t store_changes(store_tx_t *tx, store_id_t account,
                           store_id_t device, store_id_t datastore,
                           store_id_t after, store_id_t upto,
                           store_change_fn *fn, void *baton);
/**
 * What the device could not be given for a passing reason and still lacks:
 * the items of its map rows marked retry, with item > @p after and change <=
 * @p upto (what is above comes with store_changes()), by item; deleted ones
 * only if the device has them.  The callback returns APR_EOF to stop with
 * success.
 */
apr_status_t store_changes_retry(store_tx_t *tx, store_id_t account,
                                 store_id_t device, store_id_t datastore,
                                 store_id_t after, store_id_t upto,
                                 store_change_fn *fn, void *baton);
/** How many store_changes() would give (SyncML NumberOfChanges). */
apr_status_t store_changes_count(store_tx_t *tx, store_id_t account,
                                 store_id_t device, store_id_t datastore,
                                 store_id_t after, store_id_t upto,
                                 apr_int64_t *count);
/**
 * Those of store_changes() of which it is not sure that the device can be told
 * of them now, in the same order: live items of more than @p over octets
 * (negative: of no size), and items that it has without having said under
 * which LUID.  Costs as store_changes_count() does, and what it gives: no text
 * is read for its length.
 */
apr_status_t store_changes_doubtful(store_tx_t *tx, store_id_t account,
                                    store_id_t device, store_id_t datastore,
                                    store_id_t after, store_id_t upto,
                                    apr_int64_t over, store_change_fn *fn,
                                    void *baton);
/**
 * The highest counter value up to which the device lacks nothing, given that
 * it has everything up to @p upto: passes over the device's own changes, so
 * that its next sync need not look at them again.
 */
apr_status_t store_changes_settled(store_tx_t *tx, store_id_t device,
                                   store_id_t datastore, store_id_t upto,
                                   store_id_t *settled);

/* ---- anchors: how far a device is with a datastore --------------------- */

/** One generation of anchors. */
typedef struct store_anchor_gen_t {
    const char *client;         /* the client's Next of that sync; "" none */
    const char *server;         /* ours */
    store_id_t seen;            /* change counter up to which it has all */
} store_anchor_gen_t;

/** Content types without a number of OMNA's that the phones' table has: above
 * the 24 bits of one, and said in words only. */
enum {
    STORE_CONTENT_VCARD = 0x1000001,    /* text/vcard */
    STORE_CONTENT_VNOTE,                /* text/x-vnote */
    STORE_CONTENT_SIFC,                 /* text/x-s4j-sifc, and so on */
    STORE_CONTENT_SIFE, STORE_CONTENT_SIFT, STORE_CONTENT_SIFN
};

typedef struct store_anchor_t {
    store_id_t device;
    store_id_t datastore;
    store_anchor_gen_t last;    /* of the last sync that ended well */
    store_anchor_gen_t former;  /* of the one before: the client may have
                                   missed the end of the last */
    const char *uri;            /* path of the datastore as the device sent
                                   it, for SAN and replies */
    apr_uint32_t content_code;  /* OMNA WSP content type number for the SAN,
                                   or STORE_CONTENT_...; 0: by path only */
    apr_time_t synced;          /* end of the last sync, 0: never */
    const char *view;           /* what it sees of it, in the engine's words */
    apr_int64_t window_from, window_to; /* of which dates, see store_views.h:
                                   push owes nothing for others */
} store_anchor_t;

apr_status_t store_anchor_get(store_tx_t *tx, store_id_t device,
                              store_id_t datastore, store_anchor_t **a);
/** Write.  If `synced` is this transaction's time, the datastore counts as
 * synced: the device's due row is cleared of it as far as `last.seen`
 * reaches, and the unanswered back-off ends. */
apr_status_t store_anchor_put(store_tx_t *tx, const store_anchor_t *a);
typedef apr_status_t store_anchor_fn(void *baton, const store_anchor_t *a,
                                     const store_datastore_t *ds);
apr_status_t store_anchor_list(store_tx_t *tx, store_id_t device,
                               store_anchor_fn *fn, void *baton);

/* ---- sync sessions ----------------------------------------------------- */

typedef struct store_session_t {
    const char *id;             /* unguessable, in the RespURI */
    store_id_t account, device; /* 0: not authenticated yet */
    const char *state;          /* the engine's own, opaque */
    apr_size_t state_len;
    unsigned char request_hash[16];     /* of the latest request */
    const char *answer;         /* to the latest request, exact octets */
    apr_size_t answer_len;
    const char *answer_type;    /* its content type */
    apr_time_t expires;
} store_session_t;

/** @return APR_NOTFOUND also when it has expired */
apr_status_t store_session_get(store_tx_t *tx, const char *id,
                               store_session_t **session);
/** The live session whose latest request has that hash. */
apr_status_t store_session_by_request(store_tx_t *tx,
                                      const unsigned char hash[16],
                                      store_session_t **session);
/** Add or overwrite. */
apr_status_t store_session_put(store_tx_t *tx, const store_session_t *s);
/** Success also if there is none. */
apr_status_t store_session_delete(store_tx_t *tx, const char *id);
/** The latest session of a device, also one that has expired but is kept
 * (its answer and hash are gone then): for a resume.
 * @return APR_NOTFOUND */
apr_status_t store_session_of_device(store_tx_t *tx, store_id_t device,
                                     store_session_t **session);
/** Forget expired sessions; at most @p limit in one call (0: no limit).
 * @param keep  microseconds for which the expired sessions of devices stay,
 *              only for store_session_of_device() and without their answer;
 *              0: not at all */
apr_status_t store_session_expire(store_tx_t *tx, int limit,
                                  apr_interval_time_t keep);
/** Forget the sessions of a device that began before @p keep did; all but it
 * if there is no such session. */
apr_status_t store_session_delete_others(store_tx_t *tx, store_id_t device,
                                         const char *keep);

/* ---- upkeep ------------------------------------------------------------ */

/**
 * Remove what is no longer needed: former maps, deleted items that no device
 * has a map row of (soft-deleted ones do not count, archived items stay),
 * overwritten versions that no map row points to, and the session log, all if
 * that happened before @p before.  Removes no more than @p limit of each (0:
 * no limit), so that the write lock is not held for long.
 * @param removed  out: rows removed; may be NULL
 */
apr_status_t store_gc(store_tx_t *tx, apr_time_t before, int limit,
                      apr_int64_t *removed);

#ifdef __cplusplus
}
#endif

#include "store_log.h"
#include "store_push.h"
#include "store_ledger.h"

#endif
