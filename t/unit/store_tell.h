/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * For test_store_model: one of two stores that live the same story, and every
 * kind of row as text, so that what they tell can be compared.
 */
#ifndef STORE_TELL_H
#define STORE_TELL_H

#include "store_fixture.h"

typedef struct side_t {
    store_t *store;
    store_tx_t *tx;
    apr_pool_t *p;              /* of the transaction */
    apr_pool_t *all;
    char *out;                  /* what it told */
    size_t len, room;
    unsigned dice;
    store_id_t logged[64];      /* by datastore: no change is two sessions' */
} side_t;

/* ---- telling ----------------------------------------------------------- */

static void tell(side_t *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void tell(side_t *s, const char *format, ...)
{
    va_list ap;

    if (s->room - s->len < 2048) {
        s->room = s->room * 2 + 8192;
        s->out = realloc(s->out, s->room);
        assert_non_null(s->out);
    }
    va_start(ap, format);
    s->len += vsnprintf(s->out + s->len, 2048, format, ap);
    va_end(ap);
}

static apr_status_t tell_account(void *s, const store_account_t *a)
{
    tell(s, "account %d %s %d\n", (int)a->id, a->name, a->has_password);
    return APR_SUCCESS;
}

static apr_status_t tell_device(void *s, const store_device_t *d)
{
    tell(s, "device %d of %d %s <%s> push %d, %s, %d, %.*s\n", (int)d->id,
         (int)d->account, d->devid, d->number, d->push, d->model,
         (int)d->last_seen, (int)d->devinf_len, d->devinf);
    return APR_SUCCESS;
}

static apr_status_t tell_datastore(void *s, const store_datastore_t *ds)
{
    tell(s, "datastore %d of %d %s change %d items %d\n", (int)ds->id,
         (int)ds->account, ds->name, (int)ds->change, (int)ds->items);
    return APR_SUCCESS;
}

static apr_status_t tell_item(void *s, const store_item_t *i)
{
    tell(s, "item %d in %d change %d by %d deleted %d/%d %s %d/%d/%d %d-%d "
         "at %d: %.*s\n", (int)i->id, (int)i->datastore, (int)i->change,
         (int)i->origin, i->deleted, i->archived, i->type, (int)i->key,
         (int)i->uid_key, (int)i->near_key, (int)i->starts, (int)i->ends,
         (int)i->modified, (int)i->len, i->data);
    return APR_SUCCESS;
}

static apr_status_t tell_map(void *s, const store_map_t *m)
{
    tell(s, "map %d/%d/%d %s %d %d %d\n", (int)m->device,
         (int)m->datastore, (int)m->item, m->luid ? m->luid : "-",
         (int)m->version, m->retry != 0, m->soft != 0);
    return APR_SUCCESS;
}

/* Maps come in no particular order. */
static apr_status_t sum_map(void *sum, const store_map_t *m)
{
    *(apr_int64_t *)sum += m->item * 1000003 + m->version * 97
                           + (m->luid ? m->luid[0] : 0)
                           + (m->retry ? 31 : 0) + (m->soft ? 77 : 0);
    return APR_SUCCESS;
}

static apr_status_t tell_change(void *s, const store_change_t *c)
{
    tell(s, "lacks (%d %s %d) ", c->mapped, c->luid ? c->luid : "-",
         (int)c->version);
    return tell_item(s, &c->item);
}

static apr_status_t tell_anchor(void *s, const store_anchor_t *a,
                                const store_datastore_t *ds)
{
    tell(s, "anchor %d/%d %s %s %d, %s %s %d, %s %u %d of ", (int)a->device,
         (int)a->datastore, a->last.client, a->last.server,
         (int)a->last.seen, a->former.client, a->former.server,
         (int)a->former.seen, a->uri, a->content_code, (int)a->synced);
    return ds ? tell_datastore(s, ds) : APR_SUCCESS;
}

static apr_status_t tell_due(void *s, const store_due_t *d)
{
    int i;

    tell(s, "due %d of %d %s %s %s san %d state %d %d/%d %d-%d nb %d lease "
         "%d '%s'", (int)d->device, (int)d->account, d->account_name,
         d->devid, d->number, d->san_session, d->state, d->attempts,
         d->unanswered, (int)d->first_change, (int)d->last_change,
         (int)d->not_before, (int)d->leased_until, d->last_error);
    for (i = 0; i < d->datastores->nelts; i++) {
        store_due_datastore_t *ds = &APR_ARRAY_IDX(d->datastores, i,
                                                   store_due_datastore_t);

        tell(s, " %s %s %u %d %d-%d (%d) starts %d unfetched %d", ds->name,
             ds->uri, ds->content_code, (int)ds->change,
             (int)ds->first_change, (int)ds->last_change, ds->changes,
             (int)ds->starts, ds->unfetched);
    }
    tell(s, " planned %d %s %x%s sent %d synced %d own %d gap %d session "
         "%d\n", (int)d->planned, d->plan, d->logged, d->now ? " now" : "",
         (int)d->last_sent, (int)d->last_sync, (int)d->own_sync,
         (int)d->gap, (int)d->in_session);
    return APR_SUCCESS;
}

static apr_status_t tell_session(side_t *s, store_session_t *x,
                                 apr_status_t rv)
{
    if (x)
        tell(s, "session %s %d %d %.*s %.*s %s %d %02x\n", x->id,
             (int)x->account, (int)x->device, (int)x->state_len, x->state,
             (int)x->answer_len, x->answer, x->answer_type, (int)x->expires,
             x->request_hash[3]);
    return rv;
}

static apr_status_t tell_setting(void *s, const char *name,
                                 const char *value)
{
    tell(s, "setting %s %s\n", name, value);
    return APR_SUCCESS;
}

static const char *const words[] = { "a", "b", "c", "dd", "eee", "ffff" };

static apr_status_t tell_log(void *s, const store_log_t *l)
{
    tell(s, "log %d of %d by %d (%s) %s state %d %d-%d undoes %d by %d\n",
         (int)l->id, (int)l->account, (int)l->device, l->devid, l->session,
         l->state, (int)l->started, (int)l->latest, (int)l->undoes,
         (int)l->undone_by);
    return APR_SUCCESS;
}

static apr_status_t tell_log_change(void *s, const store_log_change_t *c)
{
    tell(s, "did %d in %s: %d\n", (int)c->item, c->datastore_name,
         c->outcome);
    if (c->was)
        tell_item(s, c->was);
    return c->became ? tell_item(s, c->became) : APR_SUCCESS;
}

#endif
