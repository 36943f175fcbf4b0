/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver's statements: prepared once per handle, bound by a
 * format, their results as the store's statuses.
 */
#include <errno.h>
#include <stdarg.h>

#include <apr_strings.h>

#include "store_sqlite.h"

apr_status_t sq_fail(store_tx_t *tx, int rc)
{
    sqlite3 *db = SQ_TX(tx)->h->db;
    apr_status_t rv = sq_status(db, rc);

    tx->error = apr_pstrdup(tx->p, sqlite3_errmsg(db));
    /* Some failures make SQLite roll back by itself.  What followed would
     * each be a transaction of its own. */
    if (sqlite3_get_autocommit(db) && tx->doomed == APR_SUCCESS)
        tx->doomed = rv;
    return rv;
}

/* The handle's statement, or a fresh one if that is on a row right now: a
 * callback may ask what its caller is listing. */
static int take(store_tx_t *tx, sqlite3_stmt **st, int which)
{
    sq_handle_t *h = SQ_TX(tx)->h;
    int rc;

    *st = NULL;
    errno = 0;                  /* see sq_status() */
    if (h->in_use[which])
        return sqlite3_prepare_v3(h->db, sq_sql[which], -1, 0, st, NULL);
    if (!h->stmts[which]) {
        rc = sqlite3_prepare_v3(h->db, sq_sql[which], -1,
                                SQLITE_PREPARE_PERSISTENT, &h->stmts[which],
                                NULL);
        if (rc != SQLITE_OK)
            return rc;
    }
    h->in_use[which] = 1;
    *st = h->stmts[which];
    return SQLITE_OK;
}

void sq_done(store_tx_t *tx, sqlite3_stmt *st, int which)
{
    sq_handle_t *h = SQ_TX(tx)->h;

    if (!st)
        return;
    if (st == h->stmts[which]) {
        sqlite3_reset(st);
        h->in_use[which] = 0;
    }
    else {
        sqlite3_finalize(st);
    }
}

static int bind_values(sqlite3_stmt *st, const char *format, va_list ap)
{
    const unsigned char *hash;
    int i, rc = SQLITE_OK;

    for (i = 1; *format && rc == SQLITE_OK; i++, format++) {
        switch (*format) {
        case 'i':
            rc = sqlite3_bind_int64(st, i, va_arg(ap, apr_int64_t));
            break;
        case 'd':
            rc = sqlite3_bind_int(st, i, va_arg(ap, int));
            break;
        case 't':
            rc = sqlite3_bind_text(st, i, va_arg(ap, const char *), -1,
                                   SQLITE_STATIC);
            break;
        case 'h':
            hash = va_arg(ap, const unsigned char *);
            rc = hash ? sqlite3_bind_blob(st, i, hash, 16, SQLITE_STATIC)
                      : sqlite3_bind_null(st, i);
            break;
        default: {
            const char *data = va_arg(ap, const char *);
            apr_size_t len = va_arg(ap, apr_size_t);

            rc = data || len == 0
                 ? sqlite3_bind_blob64(st, i, data ? data : "", len,
                                       SQLITE_STATIC)
                 : SQLITE_MISUSE;
            break;
        }
        }
    }
    return rc;
}

apr_status_t sq_first(store_tx_t *tx, sqlite3_stmt **st, int which,
                      const char *format, ...)
{
    va_list ap;
    apr_status_t rv = APR_SUCCESS;
    int rc = take(tx, st, which);

    if (rc == SQLITE_OK) {
        va_start(ap, format);
        rc = bind_values(*st, format, ap);
        va_end(ap);
    }
    if (rc == SQLITE_OK)
        rc = sqlite3_step(*st);
    if (rc == SQLITE_ROW)
        return APR_SUCCESS;
    rv = rc == SQLITE_DONE ? APR_NOTFOUND : sq_fail(tx, rc);
    sq_done(tx, *st, which);
    *st = NULL;
    return rv;
}

apr_status_t sq_next(store_tx_t *tx, sqlite3_stmt *st)
{
    int rc;

    errno = 0;
    rc = sqlite3_step(st);
    return rc == SQLITE_ROW ? APR_SUCCESS
           : rc == SQLITE_DONE ? APR_EOF : sq_fail(tx, rc);
}

apr_status_t sq_each(store_tx_t *tx, apr_status_t rv, sqlite3_stmt *st,
                     int which, sq_row_fn *row, void *baton)
{
    if (rv == APR_NOTFOUND)
        return APR_SUCCESS;
    if (rv != APR_SUCCESS)
        return rv;
    do {
        rv = row(tx, st, baton);
        if (rv == APR_SUCCESS)
            rv = sq_next(tx, st);
    } while (rv == APR_SUCCESS);
    sq_done(tx, st, which);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

apr_status_t sq_do(store_tx_t *tx, int *changed, int which,
                   const char *format, ...)
{
    sqlite3_stmt *st;
    va_list ap;
    apr_status_t rv = APR_SUCCESS;
    int rc = take(tx, &st, which);

    if (changed)
        *changed = 0;
    if (rc == SQLITE_OK) {
        va_start(ap, format);
        rc = bind_values(st, format, ap);
        va_end(ap);
    }
    if (rc == SQLITE_OK) {
        do {
            rc = sqlite3_step(st);
        } while (rc == SQLITE_ROW);
    }
    if (rc != SQLITE_DONE)
        rv = sq_fail(tx, rc);
    else if (changed)
        *changed = sqlite3_changes(SQ_TX(tx)->h->db);
    sq_done(tx, st, which);
    return rv;
}

const char *sq_text_or_null(sqlite3_stmt *st, int column, apr_pool_t *p)
{
    const char *text = (const char *)sqlite3_column_text(st, column);

    return text && p ? apr_pstrmemdup(p, text,
                                      sqlite3_column_bytes(st, column))
                     : text;
}

const char *sq_text(sqlite3_stmt *st, int column, apr_pool_t *p)
{
    const char *text = sq_text_or_null(st, column, p);

    return text ? text : "";
}

const char *sq_blob(sqlite3_stmt *st, int column, apr_size_t *len,
                    apr_pool_t *p)
{
    const char *data = sqlite3_column_blob(st, column);

    *len = (apr_size_t)sqlite3_column_bytes(st, column);
    if (!data || *len == 0) {
        *len = 0;
        return "";
    }
    return p ? apr_pmemdup(p, data, *len) : data;
}
