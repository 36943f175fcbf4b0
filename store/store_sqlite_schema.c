/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite schema: numbered migrations, each in a transaction of its own.
 * A migration that has been released is never edited; the next one is added.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/*
 * Ids of accounts, devices and datastores are never used again
 * (AUTOINCREMENT): an item may name the device that made it for longer than
 * the device exists.
 *
 * items.written is the change counter when the text was written: it stays
 * when the item is deleted.  versions.item is an item's row id.
 * maps.item is the item's id, which is unique within the account.
 */
static const char migration_1[] =
    "CREATE TABLE settings ("
    "  name TEXT NOT NULL PRIMARY KEY,"
    "  value TEXT NOT NULL"
    ") WITHOUT ROWID;"

    "CREATE TABLE accounts ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  name TEXT NOT NULL UNIQUE,"
    "  created INTEGER NOT NULL,"
    "  last_item INTEGER NOT NULL DEFAULT 0,"
    "  secret BLOB"
    ");"

    "CREATE TABLE devices ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account INTEGER NOT NULL,"
    "  devid TEXT NOT NULL,"
    "  push INTEGER NOT NULL,"
    "  number TEXT NOT NULL,"
    "  san_session INTEGER NOT NULL DEFAULT 0,"
    "  first_seen INTEGER NOT NULL,"
    "  last_seen INTEGER NOT NULL,"
    "  nonce TEXT NOT NULL,"
    "  nonce_prev TEXT NOT NULL,"
    "  syncml_version TEXT NOT NULL,"
    "  sync_url TEXT NOT NULL,"
    "  manufacturer TEXT NOT NULL,"
    "  model TEXT NOT NULL,"
    "  firmware TEXT NOT NULL,"
    "  software TEXT NOT NULL,"
    "  hardware TEXT NOT NULL,"
    "  UNIQUE (account, devid)"
    ");"
    /* Apart from the device: large, and it seldom changes. */
    "CREATE TABLE devinfs ("
    "  device INTEGER PRIMARY KEY,"
    "  data BLOB NOT NULL"
    ");"

    "CREATE TABLE datastores ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  change INTEGER NOT NULL DEFAULT 0,"
    "  items INTEGER NOT NULL DEFAULT 0,"
    "  UNIQUE (account, name)"
    ");"

    "CREATE TABLE items ("
    "  id INTEGER PRIMARY KEY,"
    "  datastore INTEGER NOT NULL,"
    "  change INTEGER NOT NULL,"
    "  written INTEGER NOT NULL,"
    "  origin INTEGER NOT NULL,"
    "  deleted INTEGER NOT NULL,"
    "  key INTEGER NOT NULL,"
    "  uid_key INTEGER NOT NULL,"
    "  modified INTEGER NOT NULL,"
    "  type TEXT NOT NULL,"
    "  data BLOB NOT NULL"
    ");"
    "CREATE INDEX items_change ON items (datastore, change, deleted);"
    "CREATE INDEX items_key ON items (datastore, key) WHERE deleted = 0;"
    "CREATE INDEX items_uid ON items (datastore, uid_key)"
    "  WHERE uid_key <> 0 AND deleted = 0;"
    "CREATE INDEX items_deleted ON items (modified) WHERE deleted <> 0;"

    "CREATE TABLE versions ("
    "  id INTEGER PRIMARY KEY,"
    "  item INTEGER NOT NULL,"
    "  change INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  modified INTEGER NOT NULL,"
    "  type TEXT NOT NULL,"
    "  data BLOB NOT NULL,"
    "  UNIQUE (item, change)"
    ");"
    "CREATE INDEX versions_time ON versions (time);"

    "CREATE TABLE maps ("
    "  device INTEGER NOT NULL,"
    "  item INTEGER NOT NULL,"
    "  datastore INTEGER NOT NULL,"
    "  version INTEGER NOT NULL,"
    "  retry INTEGER NOT NULL DEFAULT 0,"
    "  luid TEXT,"
    "  PRIMARY KEY (device, item)"
    ") WITHOUT ROWID;"
    "CREATE UNIQUE INDEX maps_luid ON maps (device, datastore, luid);"
    "CREATE INDEX maps_retry ON maps (device, datastore, item)"
    "  WHERE retry <> 0;"

    "CREATE TABLE anchors ("
    "  device INTEGER NOT NULL,"
    "  datastore INTEGER NOT NULL,"
    "  synced INTEGER NOT NULL,"
    "  last_seen INTEGER NOT NULL,"
    "  last_client TEXT NOT NULL,"
    "  last_server TEXT NOT NULL,"
    "  former_seen INTEGER NOT NULL,"
    "  former_client TEXT NOT NULL,"
    "  former_server TEXT NOT NULL,"
    "  content_code INTEGER NOT NULL,"
    "  uri TEXT NOT NULL,"
    "  PRIMARY KEY (device, datastore)"
    ") WITHOUT ROWID;"

    "CREATE TABLE sessions ("
    "  n INTEGER PRIMARY KEY,"
    "  id TEXT NOT NULL UNIQUE,"
    "  account INTEGER NOT NULL,"
    "  device INTEGER NOT NULL,"
    "  expires INTEGER NOT NULL,"
    "  hash BLOB,"
    "  answer_type TEXT NOT NULL,"
    "  answer BLOB NOT NULL,"
    "  state BLOB NOT NULL"
    ");"
    "CREATE INDEX sessions_hash ON sessions (hash) WHERE hash IS NOT NULL;"
    "CREATE INDEX sessions_device ON sessions (device);"
    "CREATE INDEX sessions_expires ON sessions (expires);"

    "CREATE TABLE dues ("
    "  device INTEGER PRIMARY KEY,"
    "  account INTEGER NOT NULL,"
    "  state INTEGER NOT NULL DEFAULT 0,"
    "  attempts INTEGER NOT NULL DEFAULT 0,"
    "  unanswered INTEGER NOT NULL DEFAULT 0,"
    "  first_change INTEGER NOT NULL,"
    "  last_change INTEGER NOT NULL,"
    "  not_before INTEGER NOT NULL DEFAULT 0,"
    "  leased_until INTEGER NOT NULL DEFAULT 0,"
    "  owner TEXT NOT NULL DEFAULT '',"
    "  last_error TEXT NOT NULL DEFAULT ''"
    ");"
    "CREATE INDEX dues_ready"
    "  ON dues (max(not_before, leased_until), last_change)"
    "  WHERE state <> 2;"
    "CREATE INDEX dues_owner ON dues (owner) WHERE owner <> '';";

/*
 * items and versions are made anew, because a column after the text would lie
 * behind it.  items.added is the change counter when it was added, 0 for those
 * of the first schema.  A version says how its text ended: by the change
 * `until`, and whether the item was deleted then (the counter of that).
 * Times of starts and ends that mean nothing (0) are not indexed.
 * former_maps: one row per item as in maps, so they do not grow with the
 * number of slow syncs.  sessions.kept: expired, only what a resume needs is
 * left.
 */
static const char migration_2[] =
    "CREATE TABLE items_2 ("
    "  id INTEGER PRIMARY KEY,"
    "  datastore INTEGER NOT NULL,"
    "  change INTEGER NOT NULL,"
    "  written INTEGER NOT NULL,"
    "  added INTEGER NOT NULL DEFAULT 0,"
    "  origin INTEGER NOT NULL,"
    "  deleted INTEGER NOT NULL,"
    "  archived INTEGER NOT NULL DEFAULT 0,"
    "  key INTEGER NOT NULL,"
    "  uid_key INTEGER NOT NULL,"
    "  near_key INTEGER NOT NULL DEFAULT 0,"
    "  starts INTEGER NOT NULL DEFAULT 0,"
    "  ends INTEGER NOT NULL DEFAULT 0,"
    "  modified INTEGER NOT NULL,"
    "  type TEXT NOT NULL,"
    "  data BLOB NOT NULL"
    ");"
    "INSERT INTO items_2 (id, datastore, change, written, origin, deleted,"
    "  key, uid_key, modified, type, data)"
    "  SELECT id, datastore, change, written, origin, deleted, key, uid_key,"
    "  modified, type, data FROM items ORDER BY id;"
    "DROP TABLE items;"
    "ALTER TABLE items_2 RENAME TO items;"
    "CREATE INDEX items_change ON items (datastore, change, deleted);"
    "CREATE INDEX items_key ON items (datastore, key) WHERE deleted = 0;"
    "CREATE INDEX items_uid ON items (datastore, uid_key)"
    "  WHERE uid_key <> 0 AND deleted = 0;"
    "CREATE INDEX items_near ON items (datastore, near_key)"
    "  WHERE near_key <> 0 AND deleted = 0;"
    "CREATE INDEX items_starts ON items (datastore, starts)"
    "  WHERE starts <> 0 AND deleted = 0;"
    "CREATE INDEX items_ends ON items (datastore, ends)"
    "  WHERE ends <> 0 AND deleted = 0;"
    "CREATE INDEX items_deleted ON items (modified)"
    "  WHERE deleted <> 0 AND archived = 0;"
    "CREATE INDEX items_archived ON items (datastore)"
    "  WHERE archived <> 0;"

    "CREATE TABLE versions_2 ("
    "  id INTEGER PRIMARY KEY,"
    "  item INTEGER NOT NULL,"
    "  change INTEGER NOT NULL,"
    "  until INTEGER NOT NULL DEFAULT 0,"
    "  deleted INTEGER NOT NULL DEFAULT 0,"
    "  archived INTEGER NOT NULL DEFAULT 0,"
    "  time INTEGER NOT NULL,"
    "  modified INTEGER NOT NULL,"
    "  type TEXT NOT NULL,"
    "  data BLOB NOT NULL,"
    "  UNIQUE (item, change)"
    ");"
    "INSERT INTO versions_2 (id, item, change, time, modified, type, data)"
    "  SELECT id, item, change, time, modified, type, data FROM versions"
    "  ORDER BY id;"
    "DROP TABLE versions;"
    "ALTER TABLE versions_2 RENAME TO versions;"
    "CREATE INDEX versions_time ON versions (time);"

    "ALTER TABLE maps ADD COLUMN soft INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE former_maps ("
    "  device INTEGER NOT NULL,"
    "  item INTEGER NOT NULL,"
    "  datastore INTEGER NOT NULL,"
    "  version INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  luid TEXT NOT NULL,"
    "  PRIMARY KEY (device, item)"
    ") WITHOUT ROWID;"
    "CREATE UNIQUE INDEX former_maps_luid"
    "  ON former_maps (device, datastore, luid);"
    "CREATE INDEX former_maps_time ON former_maps (time);"

    "ALTER TABLE sessions ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX sessions_device;"
    "CREATE INDEX sessions_device ON sessions (device, expires);"
    "DROP INDEX sessions_expires;"
    "CREATE INDEX sessions_expires ON sessions (expires) WHERE kept = 0;"
    "CREATE INDEX sessions_kept ON sessions (expires) WHERE kept <> 0;"

    "CREATE INDEX devices_seen ON devices (last_seen);"
    "ALTER TABLE anchors ADD COLUMN view TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE anchors ADD COLUMN window_from INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE anchors ADD COLUMN window_to INTEGER NOT NULL DEFAULT 0;"

    "CREATE TABLE device_settings ("
    "  device INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY (device, name)"
    ") WITHOUT ROWID;"

    /* What each sync session did: the ranges say which changes were its. */
    "CREATE TABLE logs ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account INTEGER NOT NULL,"
    "  device INTEGER NOT NULL,"
    "  state INTEGER NOT NULL,"
    "  started INTEGER NOT NULL,"
    "  latest INTEGER NOT NULL,"
    "  undoes INTEGER NOT NULL,"
    "  undone_by INTEGER NOT NULL DEFAULT 0,"
    "  devid TEXT NOT NULL,"
    "  session TEXT NOT NULL"
    ");"
    "CREATE INDEX logs_account ON logs (account);"
    "CREATE INDEX logs_device ON logs (device);"
    "CREATE INDEX logs_open ON logs (device) WHERE state = 0;"
    "CREATE INDEX logs_latest ON logs (latest);"
    "CREATE TABLE log_datastores ("
    "  log INTEGER NOT NULL,"
    "  datastore INTEGER NOT NULL,"
    "  sync INTEGER NOT NULL,"
    "  status INTEGER NOT NULL,"
    "  received_0 INTEGER NOT NULL,"
    "  received_1 INTEGER NOT NULL,"
    "  received_2 INTEGER NOT NULL,"
    "  received_3 INTEGER NOT NULL,"
    "  sent_0 INTEGER NOT NULL,"
    "  sent_1 INTEGER NOT NULL,"
    "  sent_2 INTEGER NOT NULL,"
    "  sent_3 INTEGER NOT NULL,"
    "  conflicts INTEGER NOT NULL,"
    "  PRIMARY KEY (log, datastore)"
    ") WITHOUT ROWID;"
    "CREATE TABLE log_ranges ("
    "  log INTEGER NOT NULL,"
    "  datastore INTEGER NOT NULL,"
    "  after INTEGER NOT NULL,"
    "  upto INTEGER NOT NULL,"
    "  PRIMARY KEY (log, datastore, after)"
    ") WITHOUT ROWID;";

/*
 * dues.planned: when the row is looked at next, 0 at once; the index is all
 * that finding the due ones costs, whatever waits.  due_changes: of which
 * datastores, and since when.  push_states: what is known of a device after
 * its due row has gone; gap_*: times between the syncs that it began itself.
 * push_uses: SMS and their cost by day (yyyymmdd) and month (yyyymm); scope
 * as store_use_e.
 */
static const char migration_3[] =
    "ALTER TABLE dues ADD COLUMN planned INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE dues ADD COLUMN planned_at INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE dues ADD COLUMN plan TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE dues ADD COLUMN logged INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE dues ADD COLUMN now INTEGER NOT NULL DEFAULT 0;"
    "DROP INDEX dues_ready;"
    "CREATE INDEX dues_planned"
    "  ON dues (max(planned, leased_until), first_change)"
    "  WHERE state < 2;"
    "CREATE INDEX dues_turns"
    "  ON dues (account, max(planned, leased_until), first_change)"
    "  WHERE state < 2;"
    "CREATE TABLE due_changes ("
    "  device INTEGER NOT NULL,"
    "  datastore INTEGER NOT NULL,"
    "  first_change INTEGER NOT NULL,"
    "  last_change INTEGER NOT NULL,"
    "  changes INTEGER NOT NULL,"
    "  starts INTEGER NOT NULL,"
    "  PRIMARY KEY (device, datastore)"
    ") WITHOUT ROWID;"
    "CREATE TABLE push_states ("
    "  device INTEGER PRIMARY KEY,"
    "  last_sent INTEGER NOT NULL DEFAULT 0,"
    "  last_sync INTEGER NOT NULL DEFAULT 0,"
    "  own_sync INTEGER NOT NULL DEFAULT 0,"
    "  gap_0 INTEGER NOT NULL DEFAULT 0,"
    "  gap_1 INTEGER NOT NULL DEFAULT 0,"
    "  gap_2 INTEGER NOT NULL DEFAULT 0,"
    "  gap_3 INTEGER NOT NULL DEFAULT 0"
    ");"

    "CREATE TABLE push_log ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  account INTEGER NOT NULL,"
    "  device INTEGER NOT NULL,"
    "  time INTEGER NOT NULL,"
    "  event INTEGER NOT NULL,"
    "  parts INTEGER NOT NULL,"
    "  cost INTEGER NOT NULL,"
    "  first_change INTEGER NOT NULL,"
    "  until INTEGER NOT NULL,"
    "  report INTEGER NOT NULL DEFAULT 0,"
    "  report_time INTEGER NOT NULL DEFAULT 0,"
    "  answered INTEGER NOT NULL DEFAULT 0,"
    "  devid TEXT NOT NULL,"
    "  reason TEXT NOT NULL,"
    "  transport TEXT NOT NULL,"
    "  number TEXT NOT NULL,"
    "  datastores TEXT NOT NULL,"
    "  answer TEXT NOT NULL,"
    "  message_id TEXT NOT NULL,"
    "  token TEXT NOT NULL,"
    "  report_text TEXT NOT NULL DEFAULT ''"
    ");"
    "CREATE INDEX push_log_account ON push_log (account);"
    "CREATE INDEX push_log_device ON push_log (device);"
    "CREATE INDEX push_log_time ON push_log (time);"
    "CREATE UNIQUE INDEX push_log_token ON push_log (token)"
    "  WHERE token <> '';"
    "CREATE INDEX push_log_open ON push_log (device)"
    "  WHERE answered = 0 AND event IN (1, 2);"
    "CREATE TABLE push_uses ("
    "  scope INTEGER NOT NULL,"
    "  id INTEGER NOT NULL,"
    "  period INTEGER NOT NULL,"
    "  sms INTEGER NOT NULL,"
    "  cost INTEGER NOT NULL,"
    "  PRIMARY KEY (scope, id, period)"
    ") WITHOUT ROWID;"
    "CREATE TABLE account_settings ("
    "  account INTEGER NOT NULL,"
    "  name TEXT NOT NULL,"
    "  value TEXT NOT NULL,"
    "  PRIMARY KEY (account, name)"
    ") WITHOUT ROWID;"
    "CREATE TABLE push_requests ("
    "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
    "  created INTEGER NOT NULL,"
    "  leased_until INTEGER NOT NULL DEFAULT 0,"
    "  done INTEGER NOT NULL DEFAULT 0,"
    "  ok INTEGER NOT NULL DEFAULT 0,"
    "  number TEXT NOT NULL,"
    "  uri TEXT NOT NULL,"
    "  result TEXT NOT NULL DEFAULT ''"
    ");"
    "CREATE INDEX push_requests_waiting ON push_requests (leased_until)"
    "  WHERE done = 0;";

/*
 * The keys of an upload come in no order, so each new row touches a page of its
 * own in each of their indexes: what grows with the number of items.  One
 * number instead of two columns, see SQL_HASHED(), is found with fewer and
 * simpler comparisons, and more of them fit on a page.
 */
static const char migration_4[] =
    "DROP INDEX items_key;"
    "DROP INDEX items_uid;"
    "DROP INDEX items_near;"
    "CREATE INDEX items_key ON items (" SQL_HASHED("datastore", "key") ")"
    "  WHERE deleted = 0;"
    "CREATE INDEX items_uid ON items (" SQL_HASHED("datastore", "uid_key") ")"
    "  WHERE uid_key <> 0 AND deleted = 0;"
    "CREATE INDEX items_near ON items ("
    SQL_HASHED("datastore", "near_key") ")"
    "  WHERE near_key <> 0 AND deleted = 0;";

/*
 * dues.parts: SMS that the lease is for.  Rows under a lease have an index of
 * their own, and are in no other: a claim and its end write half as many
 * entries.
 */
static const char migration_5[] =
    "ALTER TABLE dues ADD COLUMN parts INTEGER NOT NULL DEFAULT 0;"
    "UPDATE dues SET leased_until = 0 WHERE owner = '' AND leased_until <> 0;"
    "DROP INDEX dues_planned;"
    "DROP INDEX dues_turns;"
    "DROP INDEX dues_owner;"
    "CREATE INDEX dues_planned ON dues (planned, first_change)"
    "  WHERE state < 2 AND leased_until = 0;"
    "CREATE INDEX dues_turns ON dues (account, planned, first_change)"
    "  WHERE state < 2 AND leased_until = 0;"
    "CREATE INDEX dues_leased ON dues (leased_until, first_change)"
    "  WHERE leased_until <> 0;";

/* What is being sent: some of the newest rows of a log that may be long. */
static const char migration_6[] =
    "CREATE INDEX push_log_sending ON push_log (time) WHERE event = 1;";

/* Told of it, the device has synced, and not fetched it: so often. */
static const char migration_7[] =
    "ALTER TABLE due_changes ADD COLUMN unfetched INTEGER NOT NULL DEFAULT 0;";

static const char *const migrations[SQ_SCHEMA_VERSION] = {
    migration_1, migration_2, migration_3, migration_4, migration_5,
    migration_6, migration_7
};

/* One number that a statement gives. */
static apr_status_t number(sq_handle_t *h, const char *sql, apr_int64_t *n)
{
    sqlite3_stmt *st = NULL;
    int rc = sqlite3_prepare_v2(h->db, sql, -1, &st, NULL);

    *n = 0;
    if (rc == SQLITE_OK)
        rc = sqlite3_step(st);
    if (rc == SQLITE_ROW)
        *n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return rc == SQLITE_ROW ? APR_SUCCESS
                            : sq_status(h->db, rc);
}

/* In a transaction: is the file ours, and of which version? */
static apr_status_t identify(sq_handle_t *h, int *version, const char *path,
                             const char **error, apr_pool_t *p)
{
    apr_int64_t application = 0, user = 0, tables = 0;
    apr_status_t rv;

    *version = 0;
    rv = number(h, "PRAGMA application_id", &application);
    if (rv == APR_SUCCESS)
        rv = number(h, "PRAGMA user_version", &user);
    if (rv == APR_SUCCESS)
        rv = number(h, "SELECT count(*) FROM sqlite_schema", &tables);
    if (rv != APR_SUCCESS)
        return rv;
    if (application == SQ_APPLICATION_ID && user > 0) {
        if (user > SQ_SCHEMA_VERSION) {
            *error = apr_psprintf(p, "%s has schema version %"
                                  APR_INT64_T_FMT ", this program knows up "
                                  "to %d: it was written by a newer one", path,
                                  user, SQ_SCHEMA_VERSION);
            return STORE_EVERSION;
        }
        *version = (int)user;
        return APR_SUCCESS;
    }
    if (application == 0 && user == 0 && tables == 0)
        return APR_SUCCESS;     /* new and empty */
    *error = apr_psprintf(p, "%s is a database, but not a SyncML store",
                          path);
    return STORE_ECORRUPT;
}

/* The next migration, if there is one.  The version is read again under the
 * write lock: another process may have been faster. */
static apr_status_t migrate(sq_handle_t *h, int *version, const char *path,
                            const char **error, apr_pool_t *p)
{
    apr_status_t rv = sq_run(h, "BEGIN IMMEDIATE");

    if (rv != APR_SUCCESS)
        return rv;
    rv = identify(h, version, path, error, p);
    if (rv == APR_SUCCESS && *version < SQ_SCHEMA_VERSION) {
        rv = sq_run(h, migrations[*version]);
        if (rv == APR_SUCCESS)
            rv = sq_run(h, apr_psprintf(p, "PRAGMA application_id = %d;"
                                        "PRAGMA user_version = %d",
                                        SQ_APPLICATION_ID, *version + 1));
        if (rv == APR_SUCCESS)
            rv = sq_run(h, "COMMIT");
        if (rv == APR_SUCCESS)
            ++*version;
    }
    if (!sqlite3_get_autocommit(h->db)) {
        if (rv != APR_SUCCESS && !*error)
            *error = apr_psprintf(p, "cannot set up %s: %s", path,
                                  sqlite3_errmsg(h->db));
        sq_run(h, "ROLLBACK");
    }
    return rv;
}

/* Switching a file to the log needs it alone for a moment, and SQLite does
 * not ask the busy handler in every such case. */
static apr_status_t use_wal(sq_handle_t *h)
{
    apr_status_t rv;

    for (;;) {
        sqlite3_stmt *st = NULL;
        int rc = sqlite3_prepare_v2(h->db, "PRAGMA journal_mode = WAL", -1,
                                    &st, NULL);

        if (rc == SQLITE_OK)
            rc = sqlite3_step(st);
        if (rc == SQLITE_ROW) {
            const char *mode = (const char *)sqlite3_column_text(st, 0);

            rv = mode && strcmp(mode, "wal") == 0 ? APR_SUCCESS
                                                  : APR_ENOTIMPL;
        }
        else {
            rv = sq_status(h->db, rc);
        }
        sqlite3_finalize(st);
        if (rv != STORE_EBUSY || apr_time_now() >= h->give_up)
            return rv;
        apr_sleep(1000);
    }
}

apr_status_t sq_schema(sq_handle_t *h, int create, const char *path,
                       const char **error, apr_pool_t *p)
{
    int version = 0;
    apr_status_t rv;

    *error = NULL;
    rv = sq_run(h, "BEGIN");
    if (rv == APR_SUCCESS) {
        rv = identify(h, &version, path, error, p);
        if (rv != APR_SUCCESS && !*error)
            *error = apr_psprintf(p, "cannot read %s: %s", path,
                                  sqlite3_errmsg(h->db));
        if (!sqlite3_get_autocommit(h->db))
            sq_run(h, "ROLLBACK");
    }
    if (rv == APR_SUCCESS && version == 0 && !create) {
        *error = apr_psprintf(p, "%s is empty: there is no store in it",
                              path);
        return APR_ENOENT;
    }
    if (rv == APR_SUCCESS && version < SQ_SCHEMA_VERSION && !create) {
        *error = apr_psprintf(p, "%s has schema version %d, this program "
                              "needs %d: start the server once, it brings "
                              "the store up to date", path, version,
                              SQ_SCHEMA_VERSION);
        return STORE_EVERSION;
    }
    if (rv == APR_SUCCESS)
        rv = use_wal(h);
    while (rv == APR_SUCCESS && version < SQ_SCHEMA_VERSION)
        rv = migrate(h, &version, path, error, p);
    if (rv != APR_SUCCESS && !*error)
        *error = apr_psprintf(p, "cannot set up %s: %s", path,
                              rv == APR_ENOTIMPL ? "its file system allows "
                              "no write-ahead log" : sqlite3_errmsg(h->db));
    return rv;
}
