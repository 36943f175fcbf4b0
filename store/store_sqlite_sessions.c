/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: sync sessions.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

static const unsigned char no_hash[16];

static apr_status_t one_session(store_tx_t *tx, sqlite3_stmt *st, int which,
                                store_session_t **session)
{
    store_session_t *s = apr_pcalloc(tx->p, sizeof(*s));
    apr_size_t len;
    const char *hash;

    s->id = sq_text(st, 0, tx->p);
    s->account = sqlite3_column_int64(st, 1);
    s->device = sqlite3_column_int64(st, 2);
    s->state = sq_blob(st, 3, &s->state_len, tx->p);
    hash = sq_blob(st, 4, &len, NULL);
    if (len == sizeof(s->request_hash))
        memcpy(s->request_hash, hash, len);
    s->answer = sq_blob(st, 5, &s->answer_len, tx->p);
    s->answer_type = sq_text(st, 6, tx->p);
    s->expires = sqlite3_column_int64(st, 7);
    sq_done(tx, st, which);
    *session = s;
    return APR_SUCCESS;
}

apr_status_t sq_session_get(store_tx_t *tx, const char *id,
                            store_session_t **session)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_SESSION_GET, "ti", id, tx->now);

    return rv == APR_SUCCESS
           ? one_session(tx, st, SQ_SESSION_GET, session) : rv;
}

apr_status_t sq_session_by_request(store_tx_t *tx,
                                   const unsigned char hash[16],
                                   store_session_t **session)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_SESSION_BY_REQUEST, "hi", hash,
                               tx->now);

    return rv == APR_SUCCESS
           ? one_session(tx, st, SQ_SESSION_BY_REQUEST, session) : rv;
}

/* A session is somebody's or nobody's yet, but never half. */
static apr_status_t check_owner(store_tx_t *tx, const store_session_t *s)
{
    sq_account_t *a;

    if (s->device)
        return sq_device(tx, s->account, s->device, NULL);
    return s->account ? sq_account(tx, s->account, &a) : APR_SUCCESS;
}

apr_status_t sq_session_put(store_tx_t *tx, const store_session_t *s)
{
    int hashed = memcmp(s->request_hash, no_hash, sizeof(no_hash)) != 0;
    apr_status_t rv = check_owner(tx, s);

    if (rv != APR_SUCCESS)
        return rv;
    /* No hash is SQL's NULL, which no search finds. */
    return sq_do(tx, NULL, SQ_SESSION_PUT, "tiibhbti", s->id, s->account,
                 s->device, s->state, s->state_len,
                 hashed ? s->request_hash : NULL, s->answer, s->answer_len,
                 s->answer_type, s->expires);
}

apr_status_t sq_session_delete(store_tx_t *tx, const char *id)
{
    return sq_do(tx, NULL, SQ_SESSION_DELETE, "t", id);
}

apr_status_t sq_session_of_device(store_tx_t *tx, store_id_t device,
                                  store_session_t **session)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_SESSION_OF_DEVICE, "i", device);

    return rv == APR_SUCCESS
           ? one_session(tx, st, SQ_SESSION_OF_DEVICE, session) : rv;
}

/* Those of nobody go; the others are kept, without their answers, and go
 * when they have been kept long enough. */
apr_status_t sq_session_expire(store_tx_t *tx, int limit,
                               apr_interval_time_t keep)
{
    apr_status_t rv;

    if (limit == 0)
        limit = -1;
    rv = sq_do(tx, NULL, SQ_SESSION_EXPIRE, "id", tx->now, limit);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_SESSION_KEEP, "id", tx->now, limit);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_SESSION_FORGET, "id", tx->now - keep, limit);
    return rv;
}

apr_status_t sq_session_delete_others(store_tx_t *tx, store_id_t device,
                                      const char *keep)
{
    return sq_do(tx, NULL, SQ_SESSION_OTHERS, "it", device, keep);
}
