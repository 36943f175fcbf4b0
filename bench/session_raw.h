/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What the measures of sessions are compared with: raw SQLite that inserts
 * the rows of an upload into a copy of the store's items table.
 */
#ifndef BENCH_SESSION_RAW_H
#define BENCH_SESSION_RAW_H

#include "session_bench.h"

typedef struct raw_t {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *insert;
    apr_int64_t n;
} raw_t;

static inline void raw_exec(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        load_die(sql, sqlite3_errmsg(db));
    }
}

static inline sqlite3_stmt *raw_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;

    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL)
        != SQLITE_OK) {
        load_die(sql, sqlite3_errmsg(db));
    }
    return st;
}

/* The store's own definition of the items table. */
static inline void raw_copy_schema(sqlite3 *db, int indexes)
{
    sqlite3 *from;
    sqlite3_stmt *st;
    int n = 0;

    if (sqlite3_open_v2(bench.database, &from, SQLITE_OPEN_READWRITE, NULL)
        != SQLITE_OK) {
        load_die(bench.database, sqlite3_errmsg(from));
    }
    st = raw_prepare(from, "SELECT sql, type FROM sqlite_schema "
                     "WHERE tbl_name = 'items' AND sql IS NOT NULL "
                     "ORDER BY type DESC");
    while (sqlite3_step(st) == SQLITE_ROW) {
        if (indexes || strcmp((const char *)sqlite3_column_text(st, 1),
                              "table") == 0) {
            raw_exec(db, (const char *)sqlite3_column_text(st, 0));
            n++;
        }
    }
    sqlite3_finalize(st);
    sqlite3_close(from);
    if (n == 0) {
        load_die(bench.database, "has no items table");
    }
}

static inline void raw_open(raw_t *r, const char *name, int indexes)
{
    char *path = apr_pstrcat(pool, bench.dir, "/", name, NULL);

    memset(r, 0, sizeof(*r));
    if (sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READWRITE
                        | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)
        != SQLITE_OK) {
        load_die(path, sqlite3_errmsg(r->db));
    }
    raw_exec(r->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
             "PRAGMA cache_size = -4096;");
    raw_copy_schema(r->db, indexes);
    r->begin = raw_prepare(r->db, "BEGIN IMMEDIATE");
    r->commit = raw_prepare(r->db, "COMMIT");
    r->insert = raw_prepare(r->db, "INSERT INTO items (id, datastore, change, "
        "written, origin, deleted, key, uid_key, modified, type, data) "
        "VALUES (?1, ?2, ?3, ?3, 1, 0, ?4, ?5, ?6, 'text/vcard', ?7)");
}

static inline void raw_step(raw_t *r, sqlite3_stmt *st)
{
    if (sqlite3_step(st) != SQLITE_DONE) {
        load_die(sqlite3_sql(st), sqlite3_errmsg(r->db));
    }
    sqlite3_reset(st);
}

/* What hashes are: spread over all numbers. */
static inline apr_int64_t spread(apr_uint64_t n)
{
    n = (n ^ n >> 31) * 0x9e3779b97f4a7c15u;
    n = (n ^ n >> 27) * 0xbf58476d1ce4e5b9u;
    return (apr_int64_t)(n ^ n >> 31);
}

/* The rows of one upload of n contacts, in so many transactions.
 * @return ns per row */
static inline double raw_insert(raw_t *r, int account, int n_rows,
                                int transactions)
{
    char (*cards)[512] = malloc(sizeof(*cards) * (size_t)n_rows);
    int *lengths = malloc(sizeof(*lengths) * (size_t)n_rows);
    double before;
    int i, t, done = 0;

    for (i = 0; i < n_rows; i++) {
        lengths[i] = (int)make_card(cards[i], sizeof(cards[i]),
                                    (unsigned)(account * n_rows + i));
    }
    before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (t = 1; t <= transactions; t++) {
        raw_step(r, r->begin);
        for (; done < (apr_int64_t)n_rows * t / transactions; done++) {
            apr_int64_t n = ++r->n;

            sqlite3_bind_int64(r->insert, 1,
                               (apr_int64_t)account << 36 | done);
            sqlite3_bind_int64(r->insert, 2, account);
            sqlite3_bind_int64(r->insert, 3, done);
            sqlite3_bind_int64(r->insert, 4, spread((apr_uint64_t)n));
            sqlite3_bind_int64(r->insert, 5, spread((apr_uint64_t)n << 32));
            sqlite3_bind_int64(r->insert, 6, apr_time_now());
            sqlite3_bind_blob(r->insert, 7, cards[done], lengths[done],
                              SQLITE_STATIC);
            raw_step(r, r->insert);
        }
        raw_step(r, r->commit);
    }
    before = clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
    free(cards);
    free(lengths);
    return before / n_rows;
}

#endif
