/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A database as the first release wrote it is brought to the present schema
 * when it is opened, and nothing that was in it is lost.
 */
#include <sqlite3.h>

#include "store/store_sqlite.h"

#include "store_fixture.h"

/* The first schema, word by word: what is out there does not change with
 * this program. */
static const char schema_1[] =
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
/* One account with a phone that has synced, an item of each state, maps of
 * every kind, and a session. */
static const char content_1[] =
    "INSERT INTO accounts VALUES (3, 'carol', 1000, 5, NULL);"
    "INSERT INTO devices VALUES (4, 3, 'IMEI:9', 1, '+4917', 7, 10, 20,"
    "  'n1', 'n0', '1.1', 'http://h/s', 'Nokia', 'N70', 'f', 's', 'h');"
    "INSERT INTO devinfs VALUES (4, x'0203');"
    "INSERT INTO datastores VALUES (2, 3, 'contacts', 9, 2);"
    "INSERT INTO items VALUES ((2 << 36) + 1, 2, 8, 8, 0, 0, 71, 81, 600,"
    "  'text/vcard', 'second text');"
    "INSERT INTO items VALUES ((2 << 36) + 2, 2, 5, 5, 4, 0, 72, 0, 500,"
    "  'text/vcard', 'other');"
    "INSERT INTO items VALUES ((2 << 36) + 3, 2, 9, 6, 4, 1, 73, 0, 700,"
    "  'text/vcard', 'gone');"
    "INSERT INTO versions VALUES (1, (2 << 36) + 1, 2, 600, 400,"
    "  'text/vcard', 'first text');"
    "INSERT INTO maps VALUES (4, 1, 2, 2, 0, 'L1');"
    "INSERT INTO maps VALUES (4, 2, 2, 5, 1, 'L2');"
    "INSERT INTO maps VALUES (4, 3, 2, 6, 0, NULL);"
    "INSERT INTO anchors VALUES (4, 2, 650, 7, 'c2', 's2', 4, 'c1', 's1', 6,"
    "  './contacts');"
    "INSERT INTO sessions VALUES (1, 'sess', 3, 4, 9999999999999999, NULL,"
    "  'type', 'answer', 'state');"
    "INSERT INTO dues VALUES (4, 3, 0, 0, 0, 600, 700, 0, 0, '', '');";

static void run(sqlite3 *db, const char *sql)
{
    char *words = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &words) != SQLITE_OK)
        fail_msg("%s", words);
}

/* Put a database of the first schema in the place of the fixture's. */
static void first_release(fixture_t *f, int content)
{
    sqlite3 *db;

    store_close(&f->store);
    assert_int_equal(unlink(f->db), 0);
    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    run(db, schema_1);
    if (content)
        run(db, content_1);
    run(db, apr_psprintf(f->p, "PRAGMA application_id = %d;"
                         "PRAGMA user_version = 1", SQ_APPLICATION_ID));
    sqlite3_close(db);
}

static void open_again(fixture_t *f)
{
    const char *words = "";

    expect_at(APR_SUCCESS, open_store(f, f->key, 1, &words), words, __FILE__,
              __LINE__);
}

static void item_is(store_tx_t *tx, store_id_t id, int deleted,
                    store_id_t change, apr_int64_t key, apr_time_t modified,
                    const char *data)
{
    store_item_t *i;

    OK(store_item_get(tx, 3, 2, id, &i));
    assert_int_equal(i->deleted, deleted);
    assert_int_equal(i->change, change);
    assert_int_equal(i->key, key);
    assert_int_equal(i->modified, modified);
    assert_string_equal(i->type, "text/vcard");
    assert_int_equal(i->len, strlen(data));
    assert_memory_equal(i->data, data, i->len);
    assert_int_equal(i->archived, 0);
    assert_int_equal(i->near_key, 0);
    assert_int_equal(i->starts, STORE_WHEN_ALWAYS);
    assert_int_equal(i->ends, STORE_WHEN_ALWAYS);
}

static int matches(store_tx_t *tx, int which, apr_int64_t key)
{
    int found = 0;

    OK(store_item_match(tx, 3, 2, which, key, 0, count_items, &found));
    return found;
}

static void nothing_is_lost(void **state)
{
    fixture_t *f = *state;
    store_datastore_t *ds;
    store_session_t *s;
    store_device_t *d;
    store_anchor_t *a;
    store_item_t *old;
    apr_array_header_t *dues;
    apr_time_t when;
    store_due_t *due;
    store_map_t *m;
    apr_int64_t n;
    store_tx_t *tx;

    first_release(f, 1);
    open_again(f);
    tx = begin_write(f);
    item_is(tx, 1, 0, 8, 71, 600, "second text");
    item_is(tx, 2, 0, 5, 72, 500, "other");
    item_is(tx, 3, 1, 9, 73, 700, "gone");
    assert_int_equal(matches(tx, STORE_MATCH_KEY, 71), 1);
    assert_int_equal(matches(tx, STORE_MATCH_KEY, 72), 1);
    assert_int_equal(matches(tx, STORE_MATCH_KEY, 73), 0);  /* is deleted */
    assert_int_equal(matches(tx, STORE_MATCH_UID, 81), 1);
    OK(store_item_version(tx, 3, 2, 1, 2, &old));
    assert_memory_equal(old->data, "first text", 10);
    OK(store_datastore_open(tx, 3, "contacts", &ds));
    assert_int_equal(ds->change, 9);
    OK(store_map_by_luid(tx, 4, 2, "L2", &m));
    assert_int_equal(m->item, 2);
    assert_int_equal(m->retry, 1);
    assert_int_equal(m->soft, 0);
    OK(store_changes_count(tx, 3, 4, 2, 0, 9, &n));
    assert_int_equal(n, 2);     /* 1 has changed, 3 is gone */
    OK(store_anchor_get(tx, 4, 2, &a));
    assert_string_equal(a->last.client, "c2");
    assert_string_equal(a->uri, "./contacts");
    OK(store_device_get(tx, 3, 4, &d));
    assert_string_equal(d->model, "N70");
    assert_int_equal(d->devinf_len, 2);
    OK(store_session_get(tx, "sess", &s));
    assert_memory_equal(s->answer, "answer", 6);
    /* What was owed is, and its plan is to be made. */
    OK(store_due_next(tx, &when));
    assert_int_equal(when, 1);
    OK(store_due_claim(tx, 9000, NULL, NULL, 100, "w", 9, &dues));
    assert_int_equal(dues->nelts, 1);
    due = APR_ARRAY_IDX(dues, 0, store_due_t *);
    assert_int_equal(due->san_session, 8);
    assert_int_equal(due->datastores->nelts, 1);
    assert_int_equal(APR_ARRAY_IDX(due->datastores, 0,
                                   store_due_datastore_t).first_change, 600);
    commit(tx);
}

/* The migrated database works like a new one. */
static void it_goes_on(void **state)
{
    fixture_t *f = *state;
    store_item_t item = make_item(2, 0, "new text");
    store_map_t soft = { .device = 4, .datastore = 2, .item = 2,
                         .luid = "L2", .version = 5, .soft = 1 };
    store_id_t former;
    store_tx_t *tx;

    first_release(f, 1);
    open_again(f);
    tx = begin_write(f);
    item.id = 1;
    item.near_key = 99;
    OK(store_item_update(tx, 3, &item));
    assert_int_equal(item.change, 10);
    OK(store_map_put(tx, &soft));
    assert_int_equal(matches(tx, STORE_MATCH_NEAR, 99), 1);
    assert_int_equal(matches(tx, STORE_MATCH_KEY, 71), 0);
    OK(store_map_clear(tx, 4, 2));
    OK(store_map_former(tx, 4, 2, "L1", &former, NULL));
    assert_int_equal(former, 1);
    commit(tx);
    reopen(f);
    tx = begin_write(f);
    OK(store_map_former(tx, 4, 2, "L1", &former, NULL));
    commit(tx);
}

/* Without the right to write nothing is touched, and the words say what to
 * do. */
static void not_by_a_reader(void **state)
{
    fixture_t *f = *state;
    const char *words = "";
    sqlite3 *db;

    first_release(f, 1);
    assert_int_equal(open_store(f, f->key, 0, &words), STORE_EVERSION);
    assert_non_null(strstr(words, "start the server once"));
    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    run(db, "SELECT retry FROM maps; INSERT INTO items SELECT id + 9, "
        "datastore, change, written, origin, deleted, key, uid_key, "
        "modified, type, data FROM items WHERE id & 15 = 1");
    sqlite3_close(db);
}

/* Schema of a database as SQLite keeps it, without white space. */
static char *schema_of(fixture_t *f)
{
    sqlite3_stmt *st;
    sqlite3 *db;
    char *all = apr_pstrdup(f->p, "");

    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT name || sql FROM "
                     "sqlite_schema WHERE sql IS NOT NULL ORDER BY name", -1,
                     &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        all = apr_pstrcat(f->p, all, sqlite3_column_text(st, 0), "\n", NULL);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return all;
}

/* A migrated database and a new one are the same. */
static void same_as_new(void **state)
{
    fixture_t *f = *state;
    char *fresh = schema_of(f);

    first_release(f, 1);
    open_again(f);
    assert_string_equal(schema_of(f), fresh);
    store_close(&f->store);
    first_release(f, 0);
    open_again(f);
    assert_string_equal(schema_of(f), fresh);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST_EMPTY(nothing_is_lost), TEST_EMPTY(it_goes_on),
        TEST_EMPTY(not_by_a_reader), TEST_EMPTY(same_as_new)
    };

    return RUN_SQLITE("store migrations", tests);
}
