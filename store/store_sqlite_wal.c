/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The log of a commit in few writes.
 *
 * SQLite writes each page of a transaction into its write-ahead log by two
 * calls, one for the frame's header of 24 octets and one for the page.  An
 * upload changes some 50 to 200 pages in each of its transactions, and the
 * calls cost more than the octets.  So a VFS of ours opens the log: what a
 * COMMIT writes is gathered, and goes on in pieces of GATHER octets, the last
 * when SQLite asks for the sync.  All else, and all other files, are the
 * default VFS's.
 *
 * Nothing is gathered but within sq_wal_gather(.., 1) and (.., 0), and nothing
 * over a sync or behind it, so that what SQLite takes for written is.  A commit
 * that fails before its sync leaves nothing here that could be written later,
 * when the log is another writer's.  Others do not look at frames before
 * SQLite says in the shared memory that they are there, which it does after
 * the sync.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

/** Octets that are gathered, and those of the log's header. */
#define GATHER  131072
#define HEADER  32

typedef struct wal_file_t {
    sqlite3_file base;
    sqlite3_file *real;         /* behind this */
    int gathers;
    int len;                    /* gathered */
    sqlite3_int64 at;           /* where it belongs */
    char *buf;                  /* of GATHER octets; NULL: not yet */
} wal_file_t;

/* ---- the log's file ---------------------------------------------------- */

static int flush(wal_file_t *f)
{
    int len = f->len;

    f->len = 0;
    return len ? f->real->pMethods->xWrite(f->real, f->buf, len, f->at)
               : SQLITE_OK;
}

static int wal_close(sqlite3_file *file)
{
    wal_file_t *f = (wal_file_t *)file;

    free(f->buf);
    return f->real->pMethods->xClose(f->real);
}

static int wal_read(sqlite3_file *file, void *data, int n, sqlite3_int64 at)
{
    wal_file_t *f = (wal_file_t *)file;
    int rc = flush(f);

    return rc == SQLITE_OK ? f->real->pMethods->xRead(f->real, data, n, at)
                           : rc;
}

static int wal_write(sqlite3_file *file, const void *data, int n,
                     sqlite3_int64 at)
{
    wal_file_t *f = (wal_file_t *)file;
    int rc = SQLITE_OK;

    if (f->len && (at != f->at + f->len || n > GATHER - f->len))
        rc = flush(f);
    if (rc != SQLITE_OK)
        return rc;
    if (!f->gathers || n > GATHER)
        return f->real->pMethods->xWrite(f->real, data, n, at);
    if (!f->len)
        f->at = at;
    memcpy(f->buf + f->len, data, (size_t)n);
    f->len += n;
    return SQLITE_OK;
}

static int wal_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    wal_file_t *f = (wal_file_t *)file;
    int rc = flush(f);

    return rc == SQLITE_OK ? f->real->pMethods->xTruncate(f->real, size)
                           : rc;
}

/* The sync of a COMMIT.  Where a disk tears sectors, SQLite fills the last one
 * up, with what it writes behind the sync: nothing is gathered any more.  The
 * log's header has a sync of its own, before the frames. */
static int wal_sync(sqlite3_file *file, int flags)
{
    wal_file_t *f = (wal_file_t *)file;
    int rc;

    if (f->len && f->at + f->len > HEADER)
        f->gathers = 0;
    rc = flush(f);
    return rc == SQLITE_OK ? f->real->pMethods->xSync(f->real, flags) : rc;
}

static int wal_size(sqlite3_file *file, sqlite3_int64 *size)
{
    wal_file_t *f = (wal_file_t *)file;
    int rc = flush(f);

    return rc == SQLITE_OK ? f->real->pMethods->xFileSize(f->real, size) : rc;
}

static int wal_lock(sqlite3_file *file, int level)
{
    wal_file_t *f = (wal_file_t *)file;

    return f->real->pMethods->xLock(f->real, level);
}

static int wal_unlock(sqlite3_file *file, int level)
{
    wal_file_t *f = (wal_file_t *)file;

    return f->real->pMethods->xUnlock(f->real, level);
}

static int wal_reserved(sqlite3_file *file, int *reserved)
{
    wal_file_t *f = (wal_file_t *)file;

    return f->real->pMethods->xCheckReservedLock(f->real, reserved);
}

static int wal_control(sqlite3_file *file, int op, void *arg)
{
    wal_file_t *f = (wal_file_t *)file;

    return f->real->pMethods->xFileControl(f->real, op, arg);
}

static int wal_sector(sqlite3_file *file)
{
    wal_file_t *f = (wal_file_t *)file;

    return f->real->pMethods->xSectorSize(f->real);
}

static int wal_device(sqlite3_file *file)
{
    wal_file_t *f = (wal_file_t *)file;

    return f->real->pMethods->xDeviceCharacteristics(f->real);
}

static const sqlite3_io_methods wal_methods = {
    .iVersion = 1, .xClose = wal_close, .xRead = wal_read,
    .xWrite = wal_write, .xTruncate = wal_truncate, .xSync = wal_sync,
    .xFileSize = wal_size, .xLock = wal_lock, .xUnlock = wal_unlock,
    .xCheckReservedLock = wal_reserved, .xFileControl = wal_control,
    .xSectorSize = wal_sector, .xDeviceCharacteristics = wal_device
};

/* ---- the VFS ----------------------------------------------------------- */

static int vfs_open(sqlite3_vfs *vfs, sqlite3_filename name,
                    sqlite3_file *file, int flags, int *out_flags)
{
    sqlite3_vfs *real = vfs->pAppData;
    wal_file_t *f = (wal_file_t *)file;
    int rc;

    if (!(flags & SQLITE_OPEN_WAL))
        return real->xOpen(real, name, file, flags, out_flags);
    memset(f, 0, sizeof(*f));
    f->real = (sqlite3_file *)(f + 1);
    f->real->pMethods = NULL;
    rc = real->xOpen(real, name, f->real, flags, out_flags);
    /* SQLite closes what has methods, also after a failure. */
    f->base.pMethods = f->real->pMethods ? &wal_methods : NULL;
    return rc;
}

const char *sq_wal_vfs(void)
{
    sqlite3_vfs *real = sqlite3_vfs_find(NULL), *vfs;
    char name[80];

    if (!real)
        return NULL;
    /* Each copy of this code has its own, over the VFS that it was made of:
     * two modules and two versions of them may share a libsqlite3. */
    snprintf(name, sizeof(name), "syncml-%p-%.32s", (const void *)&wal_methods,
             real->zName);
    vfs = sqlite3_vfs_find(name);
    if (vfs)
        return vfs->zName;
    /* Never freed: SQLite knows it for as long as the process lives. */
    vfs = malloc(sizeof(*vfs) + sizeof(name));
    if (!vfs)
        return NULL;
    *vfs = *real;
    vfs->zName = memcpy(vfs + 1, name, sizeof(name));
    vfs->szOsFile += (int)sizeof(wal_file_t);
    vfs->pAppData = real;
    vfs->xOpen = vfs_open;
    if (sqlite3_vfs_register(vfs, 0) != SQLITE_OK) {
        free(vfs);
        return NULL;
    }
    return vfs->zName;
}

void sq_wal_gather(sqlite3 *db, int on)
{
    sqlite3_file *file = NULL;
    wal_file_t *f;

    /* Of a database with a log this is the log. */
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file)
        != SQLITE_OK || !file || file->pMethods != &wal_methods)
        return;
    f = (wal_file_t *)file;
    f->len = 0;
    if (on && !f->buf)
        f->buf = malloc(GATHER);
    f->gathers = on && f->buf;
}
