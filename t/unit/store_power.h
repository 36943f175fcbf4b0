/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A disk that loses its power: a VFS for SQLite, under the store.
 *
 * Reads and writes go to the real files, so that all runs as always.  Beside
 * that it keeps of each file what is safe, that is, its contents at its
 * latest sync, and the writes since.  At a chosen operation (a piece of a write,
 * a sync, a truncation or the removal of a file) the power goes: this operation and
 * all after it fail.  power_on() then writes the files as a disk may have
 * them afterwards.
 *
 * One thread, one process, one database.
 */
#ifndef T_UNIT_STORE_POWER_H
#define T_UNIT_STORE_POWER_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#define POWER_FILES  8
#define POWER_PIECE  2048       /* octets of a write that arrive together */

/** What becomes of the writes that no sync has made safe. */
typedef enum {
    POWER_KEEP_ALL,             /* as after a killed process */
    POWER_KEEP_NONE,
    POWER_KEEP_SOME,            /* each is there or not */
    POWER_TEAR                  /* in order, the last one only in part */
} power_keep_e;

/** What happens at the chosen operation. */
typedef enum {
    POWER_OFF,                  /* it and all that follow fail */
    POWER_KILL,                 /* this process gets SIGKILL */
    POWER_FULL                  /* writes find no room, until power_room() */
} power_event_e;

typedef struct power_write_t {
    struct power_write_t *next;
    sqlite3_int64 at;
    int len;                    /* -1: the file ends at `at' */
    char data[];
} power_write_t;

typedef struct power_image_t {
    char *path;
    char *safe;
    sqlite3_int64 size, room;   /* of what is safe, and as it is allocated */
    int gone;                   /* removed */
    power_write_t *first, **last;       /* since the latest sync */
} power_image_t;

typedef struct power_file_t {
    sqlite3_file base;
    power_image_t *image;       /* NULL: not looked after */
    sqlite3_file *real;
} power_file_t;

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *real;
    power_image_t images[POWER_FILES];
    int nimages;
    unsigned long count;        /* operations so far */
    unsigned long at;           /* the chosen one, 0: none */
    power_event_e event;
    int off, full;
    int hits;                   /* operations that found no room */
    unsigned dice;
} power;

static inline unsigned power_dice(unsigned sides)
{
    power.dice = power.dice * 1664525u + 1013904223u;
    return (power.dice >> 8) % sides;
}

/* One operation more. @return what SQLite is told */
static inline int power_tick(int writes)
{
    if (power.off) {
        return SQLITE_IOERR;
    }
    if (++power.count == power.at) {
        if (power.event == POWER_KILL) {
            kill(getpid(), SIGKILL);
        }
        power.off = power.event == POWER_OFF;
        power.full = power.event == POWER_FULL;
    }
    if (power.full && writes) {
        power.hits++;
        return SQLITE_FULL;
    }
    return power.off ? SQLITE_IOERR : SQLITE_OK;
}

/* ---- what is safe ------------------------------------------------------ */

static inline power_image_t *power_image(const char *path)
{
    power_image_t *image;
    int i;

    for (i = 0; i < power.nimages; i++) {
        if (strcmp(power.images[i].path, path) == 0) {
            return &power.images[i];
        }
    }
    if (power.nimages == POWER_FILES) {
        abort();
    }
    image = &power.images[power.nimages++];
    memset(image, 0, sizeof(*image));
    image->path = strdup(path);
    image->last = &image->first;
    return image;
}

static inline void power_resize(power_image_t *image, sqlite3_int64 size)
{
    if (size > image->room) {
        image->room = 2 * size; /* files grow piece by piece */
        image->safe = realloc(image->safe, (size_t)image->room);
        if (image->safe == NULL) {
            abort();
        }
    }
    if (size > image->size) {
        memset(image->safe + image->size, 0, (size_t)(size - image->size));
    }
    image->size = size;
}

static inline void power_apply(power_image_t *image, const power_write_t *o,
                               int len)
{
    if (o->len < 0) {
        if (o->at < image->size) {
            power_resize(image, o->at);
        }
        return;
    }
    if (len > 0 && o->at + len > image->size) {
        power_resize(image, o->at + len);
    }
    memcpy(image->safe + o->at, o->data, (size_t)len);
}

static inline void power_note(power_image_t *image, const void *data, int len,
                              sqlite3_int64 at)
{
    power_write_t *o = malloc(sizeof(*o) + (size_t)(len > 0 ? len : 0));

    o->next = NULL;
    o->at = at;
    o->len = len;
    if (len > 0) {
        memcpy(o->data, data, (size_t)len);
    }
    image->gone = 0;
    *image->last = o;
    image->last = &o->next;
}

/* Of the writes since the latest sync, take those that @p keep says. */
static inline void power_settle(power_image_t *image, power_keep_e keep)
{
    power_write_t *o, *next;
    int n = 0, upto;

    for (o = image->first; o != NULL; o = o->next) {
        n++;
    }
    upto = n > 0 ? (int)power_dice((unsigned)n) : 0;
    for (n = 0, o = image->first; o != NULL; n++, o = next) {
        next = o->next;
        if (keep == POWER_KEEP_ALL || (keep == POWER_KEEP_SOME
                                       && power_dice(2))
            || (keep == POWER_TEAR && n < upto)) {
            power_apply(image, o, o->len);
        }
        else if (keep == POWER_TEAR && n == upto && o->len > 0) {
            power_apply(image, o, (int)power_dice((unsigned)o->len));
        }
        free(o);
    }
    image->first = NULL;
    image->last = &image->first;
}

/* ---- files ------------------------------------------------------------- */

#define POWER_REAL(file) (((power_file_t *)(file))->real)

static inline int power_close(sqlite3_file *f)
{
    return POWER_REAL(f)->pMethods->xClose(POWER_REAL(f));
}

static inline int power_read(sqlite3_file *f, void *data, int len,
                             sqlite3_int64 at)
{
    return power.off ? SQLITE_IOERR_READ
         : POWER_REAL(f)->pMethods->xRead(POWER_REAL(f), data, len, at);
}

static inline int power_piece(sqlite3_file *f, const void *data, int len,
                              sqlite3_int64 at)
{
    power_image_t *image = ((power_file_t *)f)->image;
    int rc = image ? power_tick(1) : SQLITE_OK;

    /* The write under way may arrive, in part or whole. */
    if (image && (rc == SQLITE_OK || power.count == power.at)
        && !power.full) {
        power_note(image, data, len, at);
    }
    return rc ? rc : POWER_REAL(f)->pMethods->xWrite(POWER_REAL(f), data,
                                                     len, at);
}

/* A disk takes what is written at once in pieces, each of which may be the
 * last one, or arrive while one before it does not. */
static inline int power_write(sqlite3_file *f, const void *data, int len,
                              sqlite3_int64 at)
{
    int done, rc = SQLITE_OK;

    for (done = 0; done < len && rc == SQLITE_OK; done += POWER_PIECE) {
        rc = power_piece(f, (const char *)data + done,
                         len - done < POWER_PIECE ? len - done : POWER_PIECE,
                         at + done);
    }
    return rc;
}

static inline int power_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    power_image_t *image = ((power_file_t *)f)->image;
    int rc = image ? power_tick(0) : SQLITE_OK;

    if (image && rc == SQLITE_OK) {
        power_note(image, NULL, -1, size);
    }
    return rc ? rc : POWER_REAL(f)->pMethods->xTruncate(POWER_REAL(f), size);
}

static inline int power_sync(sqlite3_file *f, int flags)
{
    power_image_t *image = ((power_file_t *)f)->image;
    int rc = image ? power_tick(0) : SQLITE_OK;

    if (image && rc == SQLITE_OK) {
        power_settle(image, POWER_KEEP_ALL);
    }
    return rc;                  /* nobody waits for the real disk */
}

static inline int power_size(sqlite3_file *f, sqlite3_int64 *size)
{
    return POWER_REAL(f)->pMethods->xFileSize(POWER_REAL(f), size);
}

static inline int power_lock(sqlite3_file *f, int level)
{
    return POWER_REAL(f)->pMethods->xLock(POWER_REAL(f), level);
}

static inline int power_unlock(sqlite3_file *f, int level)
{
    return POWER_REAL(f)->pMethods->xUnlock(POWER_REAL(f), level);
}

static inline int power_reserved(sqlite3_file *f, int *result)
{
    return POWER_REAL(f)->pMethods->xCheckReservedLock(POWER_REAL(f),
                                                       result);
}

static inline int power_control(sqlite3_file *f, int op, void *arg)
{
    return POWER_REAL(f)->pMethods->xFileControl(POWER_REAL(f), op, arg);
}

static inline int power_sector(sqlite3_file *f)
{
    return POWER_REAL(f)->pMethods->xSectorSize(POWER_REAL(f));
}

/* No promise of the file system is relied on. */
static inline int power_traits(sqlite3_file *f)
{
    return 0;
}

static inline int power_shm_map(sqlite3_file *f, int page, int size,
                                int extend, void volatile **map)
{
    return POWER_REAL(f)->pMethods->xShmMap(POWER_REAL(f), page, size,
                                            extend, map);
}

static inline int power_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return POWER_REAL(f)->pMethods->xShmLock(POWER_REAL(f), at, n, flags);
}

static inline void power_shm_barrier(sqlite3_file *f)
{
    POWER_REAL(f)->pMethods->xShmBarrier(POWER_REAL(f));
}

static inline int power_shm_unmap(sqlite3_file *f, int remove)
{
    return POWER_REAL(f)->pMethods->xShmUnmap(POWER_REAL(f), remove);
}

static const sqlite3_io_methods power_methods = {
    2, power_close, power_read, power_write, power_truncate, power_sync,
    power_size, power_lock, power_unlock, power_reserved, power_control,
    power_sector, power_traits, power_shm_map, power_shm_lock,
    power_shm_barrier, power_shm_unmap, NULL, NULL
};

/* ---- the file system --------------------------------------------------- */

static inline int power_open(sqlite3_vfs *vfs, sqlite3_filename name,
                             sqlite3_file *f, int flags, int *out)
{
    power_file_t *p = (power_file_t *)f;
    int rc;

    memset(p, 0, sizeof(*p));
    p->real = (sqlite3_file *)(p + 1);
    if (power.off) {
        return SQLITE_CANTOPEN;
    }
    rc = power.real->xOpen(power.real, name, p->real, flags, out);
    if (rc == SQLITE_OK) {
        p->base.pMethods = &power_methods;
        if (name != NULL && (flags & (SQLITE_OPEN_MAIN_DB
                                      | SQLITE_OPEN_MAIN_JOURNAL
                                      | SQLITE_OPEN_WAL))) {
            p->image = power_image(name);
        }
    }
    return rc;
}

static inline int power_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    int rc = power_tick(0);

    if (rc == SQLITE_OK) {
        power_image_t *image = power_image(name);

        power_settle(image, POWER_KEEP_NONE);
        image->size = 0;
        image->gone = 1;
        rc = power.real->xDelete(power.real, name, sync);
    }
    return rc;
}

static inline int power_access(sqlite3_vfs *vfs, const char *name, int flags,
                               int *result)
{
    return power.off ? SQLITE_IOERR_ACCESS
         : power.real->xAccess(power.real, name, flags, result);
}

/** Before the first store is opened. */
static inline void power_install(void)
{
    power.real = sqlite3_vfs_find(NULL);
    power.vfs = *power.real;
    power.vfs.zName = "power";
    power.vfs.szOsFile = (int)sizeof(power_file_t) + power.real->szOsFile;
    power.vfs.xOpen = power_open;
    power.vfs.xDelete = power_delete;
    power.vfs.xAccess = power_access;
    sqlite3_vfs_register(&power.vfs, 1);
}

/** A new disk. */
static inline void power_reset(void)
{
    int i;

    for (i = 0; i < power.nimages; i++) {
        power_settle(&power.images[i], POWER_KEEP_NONE);
        free(power.images[i].safe);
        free(power.images[i].path);
    }
    memset(power.images, 0, sizeof(power.images));
    power.nimages = 0;
    power.count = power.at = 0;
    power.off = power.full = power.hits = 0;
}

/** Let it happen at the n-th operation from now (from 1). */
static inline void power_at(unsigned long n, power_event_e event)
{
    power.at = power.count + n;
    power.event = event;
}

/** There is room again. @return operations that found none */
static inline int power_room(void)
{
    int hits = power.hits;

    power.full = power.hits = 0;
    power.at = 0;
    return hits;
}

/** Write the files as the disk may have them, whether or not the power has
 * gone.  The store is closed. */
static inline void power_on(power_keep_e keep, unsigned dice)
{
    int i;

    power.dice = dice;
    for (i = 0; i < power.nimages; i++) {
        power_image_t *image = &power.images[i];
        char *shm;
        FILE *f;

        power_settle(image, keep);
        unlink(image->path);
        if (image->gone) {
            continue;
        }
        f = fopen(image->path, "w");
        if (f == NULL || fwrite(image->safe, 1, (size_t)image->size, f)
                         != (size_t)image->size || fclose(f) != 0) {
            abort();
        }
        shm = sqlite3_mprintf("%s-shm", image->path);
        unlink(shm);
        sqlite3_free(shm);
    }
    power.off = power.full = 0;
    power.at = 0;
}

#endif
