/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A commit reaches the log in few writes, and whatever becomes of them, the
 * database is whole: for the store that wrote, and for others at the same time.
 * (On disks that tear sectors: test_sml_power.)
 */
#include <sqlite3.h>

#include "store_fixture.h"

/* A disk under the store: counts what is written to the log, and may fail. */
typedef struct disk_file_t {
    sqlite3_file base;
    sqlite3_file *real;
} disk_file_t;

static struct {
    sqlite3_vfs vfs, *real;
    sqlite3_io_methods methods;
    int writes, syncs;
    long octets;
    int fail_write, fail_sync;  /* from which on: 1 is the next; 0: none */
} disk;

#define REAL(F)  (((disk_file_t *)(F))->real)
#define CALL(F, NAME, ...) \
    (REAL(F)->pMethods->NAME(REAL(F), ##__VA_ARGS__))

static int fails(int from, int count)
{
    return from && count >= from;
}

static int disk_close(sqlite3_file *f) { return CALL(f, xClose); }

static int disk_read(sqlite3_file *f, void *data, int n, sqlite3_int64 at)
{
    return CALL(f, xRead, data, n, at);
}

static int disk_write(sqlite3_file *f, const void *data, int n,
                      sqlite3_int64 at)
{
    disk.octets += n;
    return fails(disk.fail_write, ++disk.writes)
         ? SQLITE_IOERR_WRITE : CALL(f, xWrite, data, n, at);
}

static int disk_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return CALL(f, xTruncate, size);
}

static int disk_sync(sqlite3_file *f, int flags)
{
    return fails(disk.fail_sync, ++disk.syncs)
         ? SQLITE_IOERR_FSYNC : CALL(f, xSync, flags);
}

static int disk_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return CALL(f, xFileSize, size);
}

static int disk_control(sqlite3_file *f, int op, void *arg)
{
    return CALL(f, xFileControl, op, arg);
}

static int disk_sector(sqlite3_file *f) { return CALL(f, xSectorSize); }

static int disk_traits(sqlite3_file *f)
{
    return CALL(f, xDeviceCharacteristics);
}

static int disk_open(sqlite3_vfs *vfs, sqlite3_filename name,
                     sqlite3_file *f, int flags, int *out)
{
    disk_file_t *d = (disk_file_t *)f;
    int rc;

    if (!(flags & SQLITE_OPEN_WAL))
        return disk.real->xOpen(disk.real, name, f, flags, out);
    d->real = (sqlite3_file *)(d + 1);
    d->real->pMethods = NULL;
    rc = disk.real->xOpen(disk.real, name, d->real, flags, out);
    f->pMethods = rc == SQLITE_OK ? &disk.methods : NULL;
    return rc;
}

static void disk_install(void)
{
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "disk";
    disk.vfs.szOsFile += (int)sizeof(disk_file_t);
    disk.vfs.xOpen = disk_open;
    disk.methods = (sqlite3_io_methods){
        .iVersion = 1, .xClose = disk_close, .xRead = disk_read,
        .xWrite = disk_write, .xTruncate = disk_truncate,
        .xSync = disk_sync, .xFileSize = disk_size,
        .xFileControl = disk_control, .xSectorSize = disk_sector,
        .xDeviceCharacteristics = disk_traits
    };
    sqlite3_vfs_register(&disk.vfs, 1);
}

static void disk_count(void)
{
    disk.writes = disk.syncs = disk.fail_write = disk.fail_sync = 0;
    disk.octets = 0;
}

/* ---- what is written and seen ------------------------------------------ */

/* @return the commit's status */
static apr_status_t add_many(fixture_t *f, int n)
{
    store_tx_t *tx = begin_write(f);
    char data[600];
    int i;

    memset(data, 'x', sizeof(data) - 1);
    data[sizeof(data) - 1] = '\0';
    for (i = 0; i < n; i++)
        add_item(tx, f->alice, f->contacts, 0, data);
    return store_commit(&tx, NULL);
}

/* The items as another program sees them, while the store is open. */
static int items_seen(fixture_t *f)
{
    sqlite3_stmt *st;
    sqlite3 *db;
    int n;

    assert_int_equal(sqlite3_open_v2(f->db, &db, SQLITE_OPEN_READWRITE,
                                     "unix"), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1,
                                        &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(st, 0), "ok");
    sqlite3_finalize(st);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM items", -1,
                                        &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

static void few_writes(void **state)
{
    fixture_t *f = *state;

    disk_count();
    assert_int_equal(add_many(f, 200), APR_SUCCESS);
    /* 200 times 600 octets, and one sync: but no write for each page. */
    assert_true(disk.octets > 200 * 600);
    assert_in_range(disk.writes, 1, 4);
    assert_int_equal(disk.syncs, 1);
    assert_int_equal(items_seen(f), 200);
}

/* More than the cache holds is written before the commit, as ever. */
static void spilled(void **state)
{
    fixture_t *f = *state;

    disk_count();
    assert_int_equal(add_many(f, 12000), APR_SUCCESS);
    assert_true(disk.writes > 100);
    assert_int_equal(items_seen(f), 12000);
    assert_int_equal(add_many(f, 1), APR_SUCCESS);
    assert_int_equal(items_seen(f), 12001);
}

/* What a commit that failed had gathered is never written: by then the log
 * may be another writer's. */
static void failed(void **state)
{
    fixture_t *f = *state;
    store_t *mine = f->store, *other;
    int i, n = 0;

    assert_int_equal(open_store(f, f->key, 0, NULL), APR_SUCCESS);
    other = f->store;
    for (i = 0; i < 8; i++) {
        f->store = mine;
        disk_count();
        *(i % 2 ? &disk.fail_write : &disk.fail_sync) = 1 + i / 4;
        if (add_many(f, 150 + i) == APR_SUCCESS)
            n += 150 + i;
        assert_int_equal(items_seen(f), n);
        disk_count();
        f->store = other;
        assert_int_equal(add_many(f, 100 + i), APR_SUCCESS);
        n += 100 + i;
        assert_int_equal(items_seen(f), n);
        f->store = mine;
        assert_int_equal(add_many(f, 1), APR_SUCCESS);
        assert_int_equal(items_seen(f), ++n);
    }
    store_close(&other);
    f->store = mine;
    reopen(f);
    assert_int_equal(items_seen(f), n);
}

/* The log is written into the database many times, and begins anew. */
static void checkpoints(void **state)
{
    fixture_t *f = *state;
    int i;

    for (i = 1; i <= 60; i++) {
        assert_int_equal(add_many(f, 700), APR_SUCCESS);
        if (i % 10 == 0)
            assert_int_equal(items_seen(f), 700 * i);
    }
    reopen(f);
    assert_int_equal(items_seen(f), 42000);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(few_writes), TEST(spilled), TEST(failed), TEST(checkpoints)
    };

    disk_install();
    return RUN_SQLITE("store's log", tests);
}
