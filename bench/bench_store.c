/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What the store costs, against SQLite without it, in processor time and in
 * one run:
 *
 *  - taking in items, a new account each round: the store's calls for an
 *    upload (item, map row, the session's state with each transaction)
 *    against raw SQLite inserting the same rows in the same number of
 *    transactions, into the items table alone and into all the tables and
 *    indexes;
 *  - asking what is new, and looking for a match, with 100 and with 50,000
 *    items stored.
 *
 * Prints one line `name value unit' for each figure.  The variants take turns
 * and the median of their rounds counts.  Status 1: an aim was missed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <sqlite3.h>

#include "store/store.h"

#define ITEMS    2000           /* per round */
#define PER_TX   50
#define ROUNDS   9
#define OCTETS   500
#define LARGE    50000
#define QUERIES  2000

#define AIM_INSERT  3.0         /* times raw SQLite, items table only */
/* 50,000 against 100 items: one more level of the trees and no more.  Of a
 * whole session this look is a hundredth. */
#define AIM_STORED  1.25

static char dir[64];
static char card[OCTETS];

static void die(const char *what, const char *words)
{
    fprintf(stderr, "bench_store: %s: %s\n", what, words);
    exit(2);
}

#define OK(CALL) do { \
        apr_status_t rv_ = (CALL); \
        char buf_[120]; \
        if (rv_ != APR_SUCCESS) \
            die(#CALL, store_strerror(rv_, buf_, sizeof(buf_))); \
    } while (0)

static double cpu_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double median(double *values, int n)
{
    qsort(values, n, sizeof(*values), by_value);
    return values[n / 2];
}

/* A contact's key is a hash: anywhere in the index. */
static apr_int64_t some_key(unsigned *dice)
{
    return (apr_int64_t)rand_r(dice) << 32 ^ rand_r(dice);
}

/* ---- raw SQLite -------------------------------------------------------- */

typedef struct raw_t {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *item, *map;
    unsigned dice;
    apr_int64_t account, n;     /* each with one device and one datastore */
} raw_t;

static const char raw_tables[] =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
    "PRAGMA cache_size = -4096;"
    "CREATE TABLE items (id INTEGER PRIMARY KEY, datastore INTEGER NOT NULL,"
    " change INTEGER NOT NULL, written INTEGER NOT NULL,"
    " added INTEGER NOT NULL, origin INTEGER NOT NULL,"
    " deleted INTEGER NOT NULL, archived INTEGER NOT NULL,"
    " key INTEGER NOT NULL, uid_key INTEGER NOT NULL,"
    " near_key INTEGER NOT NULL, starts INTEGER NOT NULL,"
    " ends INTEGER NOT NULL, modified INTEGER NOT NULL,"
    " type TEXT NOT NULL, data BLOB NOT NULL);";
static const char raw_rest[] =
    "CREATE INDEX items_change ON items (datastore, change, deleted);"
    "CREATE INDEX items_key ON items"
    " ((datastore << 36) | (key & 68719476735)) WHERE deleted = 0;"
    "CREATE INDEX items_near ON items"
    " ((datastore << 36) | (near_key & 68719476735))"
    " WHERE near_key <> 0 AND deleted = 0;"
    "CREATE INDEX items_starts ON items (datastore, starts)"
    " WHERE starts <> 0 AND deleted = 0;"
    "CREATE INDEX items_ends ON items (datastore, ends)"
    " WHERE ends <> 0 AND deleted = 0;"
    "CREATE TABLE maps (device INTEGER NOT NULL, item INTEGER NOT NULL,"
    " datastore INTEGER NOT NULL, version INTEGER NOT NULL, luid TEXT,"
    " PRIMARY KEY (device, item)) WITHOUT ROWID;"
    "CREATE UNIQUE INDEX maps_luid ON maps (device, datastore, luid);";

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;

    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL)
        != SQLITE_OK)
        die(sql, sqlite3_errmsg(db));
    return st;
}

static void step(raw_t *r, sqlite3_stmt *st)
{
    if (sqlite3_step(st) != SQLITE_DONE)
        die(sqlite3_sql(st), sqlite3_errmsg(r->db));
    sqlite3_reset(st);
}

static void raw_open(raw_t *r, const char *name, int all)
{
    char path[100];

    memset(r, 0, sizeof(*r));
    r->dice = 1;
    snprintf(path, sizeof(path), "%s/%s.db", dir, name);
    if (sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READWRITE
                        | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)
        || sqlite3_exec(r->db, raw_tables, NULL, NULL, NULL)
        || (all && sqlite3_exec(r->db, raw_rest, NULL, NULL, NULL)))
        die(path, sqlite3_errmsg(r->db));
    r->begin = prepare(r->db, "BEGIN IMMEDIATE");
    r->commit = prepare(r->db, "COMMIT");
    r->item = prepare(r->db, "INSERT INTO items VALUES (?1, ?7, ?2, ?2, ?2, "
                      "?7, 0, 0, ?3, 0, 0, 0, 0, ?4, ?5, ?6)");
    if (all)
        r->map = prepare(r->db, "INSERT INTO maps VALUES (?3, ?1, ?3, ?1, "
                         "?2)");
}

static void raw_insert(raw_t *r, int items)
{
    char luid[24];
    int i;

    r->account++;
    r->n = 0;
    for (i = 0; i < items; i++) {
        if (i % PER_TX == 0)
            step(r, r->begin);
        r->n++;
        sqlite3_bind_int64(r->item, 1, r->account << 36 | r->n);
        sqlite3_bind_int64(r->item, 2, r->n);
        sqlite3_bind_int64(r->item, 3, some_key(&r->dice));
        sqlite3_bind_int64(r->item, 4, apr_time_now());
        sqlite3_bind_text(r->item, 5, "text/vcard", -1, SQLITE_STATIC);
        sqlite3_bind_blob(r->item, 6, card, OCTETS, SQLITE_STATIC);
        sqlite3_bind_int64(r->item, 7, r->account);
        step(r, r->item);
        if (r->map) {
            snprintf(luid, sizeof(luid), "%d", (int)r->n);
            sqlite3_bind_int64(r->map, 1, r->n);
            sqlite3_bind_text(r->map, 2, luid, -1, SQLITE_STATIC);
            sqlite3_bind_int64(r->map, 3, r->account);
            step(r, r->map);
        }
        if (i % PER_TX == PER_TX - 1)
            step(r, r->commit);
    }
}

/* ---- the store --------------------------------------------------------- */

typedef struct side_t {
    apr_pool_t *p, *ptx;
    store_t *store;
    store_id_t account, device, datastore;
    unsigned dice;
    int accounts, n;
} side_t;

/* Another account; it has a second device that is owed each change. */
static void side_account(side_t *s)
{
    store_device_t d = { .devid = "IMEI:1" };
    store_device_t other = { .devid = "IMEI:2", .number = "+49", .push = 1 };
    store_anchor_t a = { .synced = 1 };
    store_datastore_t *ds;
    store_tx_t *tx;

    apr_pool_clear(s->ptx);
    OK(store_begin(&tx, s->store, STORE_WRITE, s->ptx));
    OK(store_account_add(tx, apr_psprintf(s->ptx, "alice%d", s->accounts++),
                         NULL, &s->account));
    d.account = other.account = s->account;
    OK(store_device_add(tx, &d));
    OK(store_device_add(tx, &other));
    OK(store_datastore_open(tx, s->account, "contacts", &ds));
    s->device = d.id;
    s->datastore = a.datastore = ds->id;
    a.device = other.id;
    OK(store_anchor_put(tx, &a));
    a.device = d.id;
    OK(store_anchor_put(tx, &a));
    OK(store_commit(&tx, NULL));
    s->n = 0;
}

static void side_open(side_t *s, const char *name, apr_pool_t *p)
{
    store_options_t options = { .create = 1 };
    const char *words;

    memset(s, 0, sizeof(*s));
    s->dice = 1;
    apr_pool_create(&s->p, p);
    apr_pool_create(&s->ptx, p);
    if (store_open(&s->store, apr_psprintf(p, "sqlite:%s/%s.db", dir, name),
                   &options, &words, s->p) != APR_SUCCESS)
        die(name, words);
    side_account(s);
}

/* What a session does for each message of PER_TX items. */
static void side_insert(side_t *s, int items, int session)
{
    static char state[2048], answer[4096];
    store_session_t x = { .id = "0123456789abcdef", .state = state,
                          .state_len = sizeof(state), .answer = answer,
                          .answer_len = sizeof(answer),
                          .answer_type = "application/vnd.syncml+wbxml" };
    store_tx_t *tx = NULL;
    char luid[24];
    int i;

    x.account = s->account;
    x.device = s->device;
    for (i = 0; i < items; i++) {
        store_item_t item = { .datastore = s->datastore,
                              .origin = s->device, .type = "text/vcard",
                              .data = card, .len = OCTETS };
        store_map_t map = { .device = s->device, .luid = luid,
                            .datastore = s->datastore };

        if (i % PER_TX == 0) {
            apr_pool_clear(s->ptx);
            OK(store_begin(&tx, s->store, STORE_WRITE, s->ptx));
        }
        item.key = some_key(&s->dice);
        OK(store_item_add(tx, s->account, &item));
        snprintf(luid, sizeof(luid), "%d", ++s->n);
        map.item = item.id;
        map.version = item.change;
        OK(store_map_put(tx, &map));
        if (i % PER_TX == PER_TX - 1) {
            if (session) {
                memset(x.request_hash, s->n & 0xff, 16);
                x.expires = apr_time_now() + apr_time_from_sec(600);
                OK(store_session_put(tx, &x));
            }
            OK(store_commit(&tx, NULL));
        }
    }
}

static apr_status_t ignore(void *baton, const store_item_t *item)
{
    ++*(int *)baton;
    return APR_SUCCESS;
}

static apr_status_t refused(void *baton, const store_change_t *c)
{
    return APR_EGENERAL;
}

/* A session without changes: its look into the store. */
static void side_ask(side_t *s, int times)
{
    store_tx_t *tx;
    store_datastore_t *ds;
    store_device_t *d;
    store_anchor_t *a;
    apr_int64_t count;
    store_id_t settled;

    while (times-- > 0) {
        apr_pool_clear(s->ptx);
        OK(store_begin(&tx, s->store, STORE_READ, s->ptx));
        OK(store_device_find(tx, s->account, "IMEI:1", &d));
        OK(store_datastore_open(tx, s->account, "contacts", &ds));
        OK(store_anchor_get(tx, d->id, ds->id, &a));
        OK(store_changes_count(tx, s->account, d->id, ds->id, ds->change - 5,
                               ds->change, &count));
        OK(store_changes_retry(tx, s->account, d->id, ds->id, 0, ds->change,
                               refused, NULL));
        OK(store_changes_settled(tx, d->id, ds->id, ds->change - 5,
                                 &settled));
        if (count != 0 || settled != ds->change)
            die("changes", "the device lacks something");
        store_rollback(&tx);
    }
}

/* One item changes on the server, the device gets it: one transaction. */
static void side_change(side_t *s, int times)
{
    store_tx_t *tx;

    while (times-- > 0) {
        store_item_t item = { .id = 1 + rand_r(&s->dice) % s->n,
                              .datastore = s->datastore,
                              .type = "text/vcard", .data = card,
                              .len = OCTETS };
        store_map_t map = { .device = s->device, .luid = "x",
                            .datastore = s->datastore, .item = item.id };
        apr_int64_t count;

        apr_pool_clear(s->ptx);
        OK(store_begin(&tx, s->store, STORE_WRITE, s->ptx));
        OK(store_item_update(tx, s->account, &item));
        OK(store_changes_count(tx, s->account, s->device, s->datastore,
                               item.change - 1, item.change, &count));
        map.version = item.change;
        OK(store_map_put(tx, &map));
        OK(store_commit(&tx, NULL));
    }
}

static void side_match(side_t *s, int times)
{
    store_tx_t *tx;
    int found = 0;

    apr_pool_clear(s->ptx);
    OK(store_begin(&tx, s->store, STORE_READ, s->ptx));
    while (times-- > 0)
        OK(store_item_match(tx, s->account, s->datastore, STORE_MATCH_KEY,
                            some_key(&s->dice), s->device, ignore, &found));
    store_rollback(&tx);
}

/* ---- measures ---------------------------------------------------------- */

static int inserts(apr_pool_t *p)
{
    double alone[ROUNDS], all[ROUNDS], store[ROUNDS], message[ROUNDS];
    raw_t r_alone, r_all;
    side_t s, m;
    double a, b, c, d;
    int i;

    raw_open(&r_alone, "alone", 0);
    raw_open(&r_all, "all", 1);
    side_open(&s, "store", p);
    side_open(&m, "message", p);
    for (i = 0; i < ROUNDS; i++) {
        double t0, t1, t2, t3, t4;

        side_account(&s);
        side_account(&m);
        t0 = cpu_us();
        raw_insert(&r_alone, ITEMS);
        t1 = cpu_us();
        raw_insert(&r_all, ITEMS);
        t2 = cpu_us();
        side_insert(&s, ITEMS, 0);
        t3 = cpu_us();
        side_insert(&m, ITEMS, 1);
        t4 = cpu_us();
        alone[i] = (t1 - t0) / ITEMS;
        all[i] = (t2 - t1) / ITEMS;
        store[i] = (t3 - t2) / ITEMS;
        message[i] = (t4 - t3) / ITEMS;
    }
    a = median(alone, ROUNDS);
    b = median(all, ROUNDS);
    c = median(store, ROUNDS);
    d = median(message, ROUNDS);
    printf("store_raw_items_only %.2f us/item\n", a);
    printf("store_raw_all_tables %.2f us/item\n", b);
    printf("store_add_and_map %.2f us/item\n", c);
    printf("store_add_map_session %.2f us/item\n", d);
    printf("store_add_and_map_ratio %.2f x_raw_items_only\n", c / a);
    printf("store_add_and_map_ratio_all %.2f x_raw_all_tables\n", c / b);
    printf("store_add_map_session_ratio %.2f x_raw_items_only\n", d / a);
    printf("# aim: the store below %.1f times raw SQLite, items only: %s\n",
           AIM_INSERT, d / a < AIM_INSERT ? "reached" : "missed");
    store_close(&s.store);
    store_close(&m.store);
    return d / a < AIM_INSERT;
}

typedef void act_fn(side_t *s, int times);

/* The same act on a small and a large store, in turns. */
static int compare(const char *name, act_fn *act, int times, side_t *small,
                   side_t *large, double aim)
{
    double a[ROUNDS], b[ROUNDS], ma, mb;
    int i;

    for (i = 0; i < ROUNDS; i++) {
        double t0 = cpu_us(), t1;

        act(small, times);
        t1 = cpu_us();
        act(large, times);
        a[i] = (t1 - t0) / times;
        b[i] = (cpu_us() - t1) / times;
    }
    ma = median(a, ROUNDS);
    mb = median(b, ROUNDS);
    printf("store_%s_100 %.2f us\n", name, ma);
    printf("store_%s_%d %.2f us\n", name, LARGE, mb);
    printf("store_%s_ratio %.3f x_100_items\n", name, mb / ma);
    if (!aim)
        return 1;
    printf("# aim: %s below %.2f times the cost at 100 items: %s\n", name,
           aim, mb / ma < aim ? "reached" : "missed");
    return mb / ma < aim;
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    char command[100];
    apr_pool_t *p;
    side_t small, large;
    int good;

    apr_initialize();
    apr_pool_create(&p, NULL);
    snprintf(dir, sizeof(dir), "%s/benchXXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        die(dir, "cannot make it");
    memset(card, 'c', sizeof(card));
    printf("# %d items of %d octets per round, %d per transaction; SQLite "
           "%s\n", ITEMS, OCTETS, PER_TX, sqlite3_libversion());
    good = inserts(p);
    side_open(&small, "small", p);
    side_open(&large, "large", p);
    side_insert(&small, 100, 0);
    side_insert(&large, LARGE, 0);
    good &= compare("no_change", side_ask, QUERIES, &small, &large,
                    AIM_STORED);
    good &= compare("match", side_match, QUERIES, &small, &large, 0);
    good &= compare("one_change", side_change, 100, &small, &large, 0);
    apr_pool_destroy(p);
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    if (system(command) != 0)
        return 2;
    return good ? 0 : 1;
}
