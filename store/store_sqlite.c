/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: the database file and its handles.
 *
 * Write-ahead log, so that readers never wait for a writer; synchronous=FULL
 * always, so that a commit is on the disk when it returns.  -wal and -shm get
 * owner and mode of the database file from SQLite, also when root writes, so
 * the server's children and an administrator can share it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/** Free handles kept: more threads than this at once open anew. */
#define MAX_FREE  64

#define X(NAME, SQL) SQL,
const char *const sq_sql[SQ_COUNT] = { SQ_STATEMENTS(X) };
#undef X

apr_status_t sq_status(sqlite3 *db, int rc)
{
    /* SQLite keeps the errno of some failures.  Of a commit's it does not,
     * but what it does afterwards succeeds and so leaves errno alone. */
    int kept = db ? sqlite3_system_errno(db) : 0;
    int code = kept ? kept : errno;
    int no_room = code == ENOSPC || code == EDQUOT || code == EFBIG;

    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return APR_SUCCESS;
    case SQLITE_FULL:
        return STORE_EFULL;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return STORE_EBUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
        return STORE_ECORRUPT;
    case SQLITE_IOERR:
        if (rc == SQLITE_IOERR_SHMSIZE || no_room)
            return STORE_EFULL;
        if (rc == SQLITE_IOERR_NOMEM)
            return APR_ENOMEM;
        return rc == SQLITE_IOERR_SHORT_READ
               || rc == SQLITE_IOERR_CORRUPTFS ? STORE_ECORRUPT
                                               : APR_EGENERAL;
    case SQLITE_CANTOPEN:
        return code == ENOENT ? APR_ENOENT : no_room ? STORE_EFULL
                                                       : APR_EACCES;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return APR_EACCES;
    case SQLITE_NOMEM:
        return APR_ENOMEM;
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:
        return APR_EINVAL;
    default:
        return APR_EGENERAL;
    }
}

apr_status_t sq_run(sq_handle_t *h, const char *sql)
{
    int rc;

    errno = 0;
    rc = sqlite3_exec(h->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? APR_SUCCESS
                           : sq_status(h->db, rc);
}

/* Called by SQLite while the lock is taken: sleep 0.5 to 1.5 ms, at random
 * so that two writers do not keep step, until it is time to give up. */
static int wait_for_lock(void *baton, int count)
{
    sq_handle_t *h = baton;

    if (apr_time_now() >= h->give_up)
        return 0;
    apr_sleep(500 + rand_r(&h->seed) % 1000);
    return 1;
}

/* ---- handles ----------------------------------------------------------- */

static void handle_close(sq_handle_t *h)
{
    int i;

    if (!h)
        return;
    for (i = 0; i < SQ_COUNT; i++)
        sqlite3_finalize(h->stmts[i]);
    sqlite3_close_v2(h->db);
    if (h->queue >= 0)
        close(h->queue);
    free(h);
}

static apr_status_t handle_open(sq_handle_t **handle, sq_store_t *s,
                                const char **words, apr_pool_t *p)
{
    static const char settings[] =
        "PRAGMA synchronous = FULL;"
        "PRAGMA foreign_keys = OFF;"    /* deletes are spelt out */
        "PRAGMA trusted_schema = OFF;"
        "PRAGMA secure_delete = FAST;"
        "PRAGMA temp_store = MEMORY;"
        "PRAGMA cache_size = -4096;"    /* KiB */
        /* Pages.  A first upload of 50,000 contacts writes the same pages of
         * indexes again and again: fewer checkpoints, 1.3 instead of 1.45
         * times the price of a contact among 1,000 (make bench). */
        "PRAGMA wal_autocheckpoint = 4000;"
        "PRAGMA journal_size_limit = 67108864;";
    sq_handle_t *h = calloc(1, sizeof(*h));
    apr_status_t rv;
    int rc;

    *handle = NULL;
    if (!h)
        return APR_ENOMEM;
    h->queue = -1;
    h->busy_timeout = s->base->busy_timeout;
    h->give_up = apr_time_now() + h->busy_timeout;
    h->seed = (unsigned)(apr_time_now() ^ (apr_uintptr_t)h ^ getpid());
    errno = 0;
    rc = sqlite3_open_v2(s->path, &h->db, SQLITE_OPEN_READWRITE
                         | SQLITE_OPEN_NOMUTEX, sq_wal_vfs());
    if (rc == SQLITE_OK) {
        sqlite3_extended_result_codes(h->db, 1);
        sqlite3_busy_handler(h->db, wait_for_lock, h);
        rc = sqlite3_exec(h->db, settings, NULL, NULL, NULL);
    }
    if (rc != SQLITE_OK) {
        rv = sq_status(h->db, rc);
        if (words)
            *words = apr_psprintf(p, "cannot open %s: %s%s", s->path,
                                  h->db ? sqlite3_errmsg(h->db)
                                        : sqlite3_errstr(rc),
                                  APR_STATUS_IS_EACCES(rv) ? " (the file and "
                                  "its directory must be writable by this "
                                  "user)" : "");
        handle_close(h);
        return rv != APR_SUCCESS ? rv : APR_EGENERAL;
    }
    *handle = h;
    return APR_SUCCESS;
}

apr_status_t sq_handle_get(sq_handle_t **handle, sq_store_t *s,
                           const char **words, apr_pool_t *p)
{
    sq_handle_t *h;

    apr_thread_mutex_lock(s->mutex);
    h = s->free;
    if (h) {
        s->free = h->next;
        s->n_free--;
        h->next = NULL;
    }
    apr_thread_mutex_unlock(s->mutex);
    *handle = h;
    return h ? APR_SUCCESS : handle_open(handle, s, words, p);
}

void sq_handle_put(sq_handle_t *h, sq_store_t *s)
{
    int full;

    /* A transaction that could not even be rolled back stays with it. */
    if (!sqlite3_get_autocommit(h->db)) {
        handle_close(h);
        return;
    }
    apr_thread_mutex_lock(s->mutex);
    full = s->n_free >= MAX_FREE;
    if (!full) {
        h->next = s->free;
        s->free = h;
        s->n_free++;
    }
    apr_thread_mutex_unlock(s->mutex);
    if (full)
        handle_close(h);
}

/* ---- the store --------------------------------------------------------- */

/* Make an empty file with our mode rather than SQLite's 0644.  It is closed
 * before it has its name: closing a descriptor of a database that is in use
 * would drop the process's locks on it. */
static apr_status_t make_file(const char *path, apr_pool_t *p)
{
    const char *temp = apr_psprintf(p, "%s.%ld.%" APR_TIME_T_FMT ".new",
                                    path, (long)getpid(), apr_time_now());
    apr_status_t rv = APR_SUCCESS;
    int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0660);

    if (fd < 0)
        return errno;
    close(fd);
    if (link(temp, path) != 0 && errno != EEXIST)
        rv = errno;
    unlink(temp);
    return rv;
}

static apr_status_t find_file(sq_store_t *s, const char **error)
{
    apr_pool_t *p = s->base->p;
    struct stat st;
    apr_status_t rv = APR_SUCCESS;
    char buf[120];

    if (stat(s->path, &st) != 0)
        rv = errno;
    if (APR_STATUS_IS_ENOENT(rv) && s->base->create) {
        rv = make_file(s->path, p);
        if (rv != APR_SUCCESS)
            *error = apr_psprintf(p, "cannot make %s: %s (its directory "
                                  "must exist and be writable)", s->path,
                                  apr_strerror(rv, buf, sizeof(buf)));
        return APR_STATUS_IS_ENOSPC(rv) ? STORE_EFULL : rv;
    }
    if (APR_STATUS_IS_ENOENT(rv)) {
        *error = apr_psprintf(p, "there is no database %s", s->path);
        return APR_ENOENT;
    }
    if (rv != APR_SUCCESS) {
        *error = apr_psprintf(p, "cannot use %s: %s", s->path,
                              apr_strerror(rv, buf, sizeof(buf)));
        return rv;
    }
    if (!S_ISREG(st.st_mode)) {
        *error = apr_psprintf(p, "%s is not a file", s->path);
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}

apr_status_t sq_open(store_t *store, const char *rest,
                            const char **error)
{
    sq_store_t *s = apr_pcalloc(store->p, sizeof(*s));
    sq_handle_t *h = NULL;
    apr_status_t rv;

    if (*rest != '/' || strlen(rest) > 500) {
        *error = "the path after sqlite: must be absolute, as in "
                 "sqlite:/var/lib/syncml/syncml.db";
        return APR_EINVAL;
    }
    if (!sqlite3_threadsafe()) {
        *error = "this libsqlite3 was built without threads";
        return APR_ENOTIMPL;
    }
    /* Nobody asks SQLite how much memory it uses, and to count takes a mutex
     * of the process for each allocation: a tenth of a claim's time.  Refused,
     * without harm, where somebody uses SQLite already. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    s->base = store;
    s->path = apr_pstrdup(store->p, rest);
    rv = apr_thread_mutex_create(&s->mutex, APR_THREAD_MUTEX_DEFAULT,
                                 store->p);
    if (rv == APR_SUCCESS)
        rv = find_file(s, error);
    if (rv == APR_SUCCESS)
        rv = handle_open(&h, s, error, store->p);
    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_schema(h, store->create, s->path, error, store->p);
    if (rv != APR_SUCCESS) {
        handle_close(h);
        return rv;
    }
    store->impl = s;
    sq_handle_put(h, s);
    return APR_SUCCESS;
}

void sq_close(store_t *store)
{
    sq_store_t *s = store->impl;

    while (s->free) {
        sq_handle_t *h = s->free;

        s->free = h->next;
        handle_close(h);
    }
    handle_close(s->watch);
    s->watch = NULL;
}

/* A connection of its own: its number moves with every commit of another
 * connection, those of this store included. */
apr_status_t sq_data_version(store_t *store, apr_int64_t *version)
{
    sq_store_t *s = store->impl;
    sqlite3_stmt **st;
    apr_status_t rv = APR_SUCCESS;
    int rc = SQLITE_OK;

    if (!s->watch)
        rv = handle_open(&s->watch, s, NULL, NULL);
    if (rv != APR_SUCCESS)
        return rv;
    s->watch->give_up = apr_time_now() + s->watch->busy_timeout;
    st = &s->watch->stmts[SQ_DATA_VERSION];
    if (!*st)
        rc = sqlite3_prepare_v3(s->watch->db, sq_sql[SQ_DATA_VERSION], -1,
                                SQLITE_PREPARE_PERSISTENT, st, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(*st);
    if (rc == SQLITE_ROW)
        *version = sqlite3_column_int64(*st, 0);
    else
        rv = sq_status(s->watch->db, rc);
    sqlite3_reset(*st);
    return rv;
}

#define X(NAME) .NAME = sq_##NAME,
const store_driver_t store_sqlite_driver = {
    .scheme = "sqlite:", STORE_DRIVER_CALLS(X)
};
#undef X
