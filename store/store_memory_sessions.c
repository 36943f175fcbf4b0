/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: sync sessions.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

/* ---- sessions ---------------------------------------------------------- */

static apr_status_t give_session(store_tx_t *tx, const mem_session_t *s,
                                 store_session_t **session)
{
    mem_session_t *copy;

    if (!s)
        return APR_NOTFOUND;
    copy = mem_copy(MEM_SESSIONS, s, tx->p);
    *session = &copy->v;
    return APR_SUCCESS;
}

apr_status_t mem_session_get(store_tx_t *tx, const char *id,
                             store_session_t **session)
{
    mem_session_t key = { .v.id = id }, *s;

    s = mem_find(tx, MEM_SESSIONS, &key);
    return give_session(tx, s && s->v.expires > tx->now ? s : NULL, session);
}

apr_status_t mem_session_by_request(store_tx_t *tx,
                                    const unsigned char hash[16],
                                    store_session_t **session)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_SESSIONS];
    mem_session_t *best = NULL;
    int i;

    for (i = 0; i < t->n; i++) {
        mem_session_t *s = t->rows[i];

        if (memcmp(s->v.request_hash, hash, 16) != 0
            || s->v.expires <= tx->now)
            continue;
        if (!best || s->v.expires > best->v.expires
            || (s->v.expires == best->v.expires
                && s->serial > best->serial))
            best = s;
    }
    return give_session(tx, best, session);
}

apr_status_t mem_session_put(store_tx_t *tx, const store_session_t *s)
{
    mem_session_t row = { .v = *s };
    mem_session_t *old = mem_find(tx, MEM_SESSIONS, &row);

    if ((s->device && !mem_device(tx, s->account, s->device))
        || (s->account && !mem_account(tx, s->account)))
        return APR_NOTFOUND;
    row.serial = old ? old->serial : ++MEM_STATE(tx)->serial;
    mem_put(tx, MEM_SESSIONS, &row);
    return APR_SUCCESS;
}

apr_status_t mem_session_delete(store_tx_t *tx, const char *id)
{
    mem_session_t key = { .v.id = id };

    mem_remove(tx, MEM_SESSIONS, &key);
    return APR_SUCCESS;
}

static int by_expiry(const void *va, const void *vb)
{
    const mem_session_t *a = *(void *const *)va, *b = *(void *const *)vb;

    return a->v.expires < b->v.expires ? -1 : a->v.expires > b->v.expires;
}

static int expired(const void *row, const void *now)
{
    return ((const mem_session_t *)row)->v.expires
           <= *(const apr_time_t *)now;
}

apr_status_t mem_session_of_device(store_tx_t *tx, store_id_t device,
                                   store_session_t **session)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_SESSIONS];
    mem_session_t *best = NULL;
    int i;

    for (i = 0; i < t->n; i++) {
        mem_session_t *s = t->rows[i];

        if (s->v.device == device
            && (!best || s->v.expires > best->v.expires
                || (s->v.expires == best->v.expires
                    && s->serial > best->serial)))
            best = s;
    }
    return give_session(tx, best, session);
}

/* What is left of a device's session for a while. */
static void keep_session(store_tx_t *tx, const mem_session_t *s)
{
    mem_session_t row = *s;

    memset(row.v.request_hash, 0, sizeof(row.v.request_hash));
    row.v.answer = row.v.answer_type = "";
    row.v.answer_len = 0;
    row.kept = 1;
    mem_put(tx, MEM_SESSIONS, &row);
}

static int kept_until(const void *row, const void *time)
{
    return ((const mem_session_t *)row)->kept && expired(row, time);
}

apr_status_t mem_session_expire(store_tx_t *tx, int limit,
                                apr_interval_time_t keep)
{
    mem_table_t *t = mem_hold(tx, MEM_SESSIONS);
    apr_time_t kept = tx->now - keep;
    int i, n;
    void **rows = mem_pick(tx, t, expired, &tx->now, by_expiry, &n);

    for (i = 0; i < n && (limit == 0 || i < limit); i++) {
        mem_session_t *s = rows[i];

        if (!s->v.device)
            mem_remove(tx, MEM_SESSIONS, s);
        else
            keep_session(tx, s);
    }
    mem_release(tx, t);
    t = mem_hold(tx, MEM_SESSIONS);
    rows = mem_pick(tx, t, kept_until, &kept, by_expiry, &n);
    for (i = 0; i < n && (limit == 0 || i < limit); i++)
        mem_remove(tx, MEM_SESSIONS, rows[i]);
    mem_release(tx, t);
    return APR_SUCCESS;
}

typedef struct others_t {
    store_id_t device;
    const char *keep;
    const mem_session_t *kept;  /* NULL: there is none */
} others_t;

static int other_session(const void *row, const void *baton)
{
    const mem_session_t *s = row;
    const others_t *others = baton;

    return s->v.device == others->device
           && strcmp(s->v.id, others->keep) != 0
           && (!others->kept || s->serial < others->kept->serial);
}

apr_status_t mem_session_delete_others(store_tx_t *tx, store_id_t device,
                                       const char *keep)
{
    mem_session_t key = { .v = { .id = keep } };
    others_t others = { device, keep, mem_find(tx, MEM_SESSIONS, &key) };

    mem_remove_if(tx, MEM_SESSIONS, other_session, &others);
    return APR_SUCCESS;
}
