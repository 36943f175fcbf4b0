/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Whole sync sessions of a phone.
 *
 * A sync takes the edits since the last good one to the server and the
 * server's to the phone.  A session that breaks off leaves the phone as real
 * ones are left: what it took in is there, its anchors and its own marks are
 * the old ones, and Maps that were not answered are sent in the next
 * session.
 */
#ifndef T_UNIT_SML_RUN_H
#define T_UNIT_SML_RUN_H

#include "sml_client.h"

/* ---- package 1 --------------------------------------------------------- */

static inline void client_write_init(client_t *c, int code)
{
    int i;

    client_open(c);
    if (!c->devinf_known) {
        phone_put_devinf(c->ph);
        phone_get_devinf(c->ph);
    }
    for (i = 0; i < c->nstores; i++) {
        client_store_t *s = &c->stores[i];

        if (s->wanted) {
            s->next = apr_psprintf(c->pool, "%dx", ++s->anchors);
            phone_alert(c->ph, code, s->name, s->local,
                        code == 201 || code == 203 || code == 205 ? NULL
                        : s->last, s->next);
            APR_ARRAY_IDX(c->ph->sent, c->ph->sent->nelts - 1,
                          phone_sent_t).what = s;
        }
    }
}

/* With up to two more tries after a challenge. */
static inline apr_status_t client_init(client_t *c, int code)
{
    apr_status_t rv;
    int try;

    for (try = 0;; try++) {
        client_write_init(c, code);
        rv = phone_post(c->ph, 1);
        if (rv != APR_SUCCESS || c->ph->authorised || try == 2) {
            break;
        }
        if (c->ph->header_code != 401 && c->ph->header_code != 407) {
            break;
        }
    }
    if (rv == APR_SUCCESS && !c->ph->authorised) {
        rv = phone_wrong(c->ph, apr_psprintf(c->ph->message_pool,
                         "login: %d", c->ph->header_code));
    }
    if (rv == APR_SUCCESS) {
        rv = client_take(c);
    }
    while (rv == APR_SUCCESS && !c->server_final) {
        client_open(c);
        client_write_replies(c);
        phone_next_message(c->ph, c->ph->url, c->ph->devid);
        rv = client_post(c, c->final_222);
    }
    return rv;
}

/* What was said of a sync that stopped counts for no other: each item is
 * said anew and from its beginning. */
static inline void client_begin_anew(client_store_t *s)
{
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        item->at = 0;
        item->confirmed = 0;
    }
    s->refreshed = 0;
}

/* What the server said to our Alerts.  @return number of datastores to sync */
static inline int client_alerted(client_t *c)
{
    int i, n = 0;

    for (i = 0; i < c->ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(c->ph->sent, i, phone_sent_t);

        if (strcmp(t->name, "Alert") == 0 && t->what != NULL) {
            ((client_store_t *)t->what)->alert_status = t->code;
        }
    }
    for (i = 0; i < c->nstores; i++) {
        client_store_t *s = &c->stores[i];

        s->wanted = s->wanted && s->code != 0;
        n += s->wanted;
        s->resumed = c->resuming && s->wanted && s->alert_status == 200;
        if (s->wanted && !s->resumed) {
            client_begin_anew(s);
            /* As libsynthesis does: what is not resumed comes whole. */
            c->partial = c->partial_in == s ? NULL : c->partial;
        }
    }
    return n;
}

/* ---- package 3 --------------------------------------------------------- */

/* Tag under which the item travels in this session, 0: it does not. */
static inline int client_tag(const client_t *c, const client_store_t *s,
                             const client_item_t *item)
{
    switch (s->code) {
    case 201: case 203:
        /* The server may know of it from the first part of the sync, so its
         * end must be told as well. */
        return !item->gone ? c->slow_tag
             : s->resumed ? item->dirty : 0;
    case 204: case 205:
        return 0;
    default:
        return item->dirty == SYNCML_ADD && c->knows_replace
             ? SYNCML_REPLACE : item->dirty;
    }
}

static inline void client_spoil(client_t *c, int when)
{
    if (c->spoils == when) {
        phone_change(c->ph, SYNCML_ADD, "spoilt", "image/jpeg", "x", 1, 0, 0);
    }
}

static inline void client_open_atomic(client_t *c)
{
    phone_command(c->ph, SYNCML_ATOMIC);
    phone_expect(c->ph, "Atomic", NULL);
    c->in_atomic = 1;
}

static inline void client_close_atomic(client_t *c)
{
    if (c->in_atomic) {
        client_spoil(c, 2);
        codec_close(c->ph->w);
        c->in_atomic = 0;
    }
}

static inline void client_close_sync(client_t *c)
{
    client_close_atomic(c);
    codec_close(c->ph->w);
}

/* End the message inside a Sync and begin the next there. */
static inline apr_status_t client_turn_page(client_t *c, client_store_t *s)
{
    apr_status_t rv;

    client_close_sync(c);
    rv = client_post(c, 0);
    if (rv == APR_SUCCESS) {
        client_open(c);
        client_write_replies(c);
        phone_open_sync(c->ph, s->name, s->local);
    }
    return rv;
}

/* The Atomic around a piece, or none. */
static inline void client_around_piece(client_t *c, int first, int last)
{
    int inside = c->atomic && (first ? c->atomic_pieces >= 2
                                     : last && c->atomic_pieces == 1);

    if (inside && !c->in_atomic) {
        client_open_atomic(c);
    }
    else if (!inside) {
        client_close_atomic(c);
    }
}

static inline apr_status_t client_write_pieces(client_t *c,
                                               client_store_t *s,
                                               client_item_t *item, int tag)
{
    apr_size_t len = strlen(item->text), n;
    apr_size_t at = item->at;
    apr_status_t rv = APR_SUCCESS;
    int sent, code, tries = 0;

    c->ph->datapos = c->says_datapos ? at : 0;
    for (;;) {
        n = len - at > c->chunk ? c->chunk : len - at;
        client_around_piece(c, at == 0 && tries == 0, at + n == len);
        sent = c->ph->sent->nelts;
        phone_change(c->ph, tag, item->luid, s->type, item->text + at, n,
                     at == 0 ? len : 0, at + n < len)->what =
            at + n < len ? NULL : item;
        at += n;
        if (at == len) {
            return APR_SUCCESS;
        }
        if (c->in_atomic) {     /* it fails by that, and nothing follows */
            codec_close(c->ph->w);
            c->in_atomic = 0;
        }
        rv = client_turn_page(c, s);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        code = APR_ARRAY_IDX(c->ph->sent, sent, phone_sent_t).code;
        if (code != 0 && code != 213 && c->atomic_pieces == 3) {
            item->at = 0;
            return APR_SUCCESS;
        }
        at = code == 412 && tries++ == 0 ? 0 : at;
        item->at = at;
    }
}

static inline void client_write_item(client_t *c, client_store_t *s,
                                     client_item_t *item, int tag)
{
    int delete = tag == SYNCML_DELETE;

    if (c->atomic && !c->in_atomic) {
        client_open_atomic(c);
        client_spoil(c, 1);
    }
    phone_change(c->ph, tag, item->luid, delete ? NULL : s->type,
                 delete ? NULL : item->text, delete ? 0 : strlen(item->text),
                 0, 0)->what = item;
}

static inline apr_status_t client_write_store(client_t *c, client_store_t *s)
{
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    c->in_atomic = 0;
    phone_open_sync(c->ph, s->name, s->local);
    for (i = 0; i < s->items->nelts && rv == APR_SUCCESS; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);
        int tag = client_tag(c, s, item);
        unsigned cmd = c->ph->cmd;
        codec_mark_t mark;
        int inside;

        if (tag == 0 || item->confirmed) {
            continue;
        }
        item->told = 1;
        if (c->per_message && n == c->per_message) {
            rv = client_turn_page(c, s);
            n = 0;
        }
        if (rv != APR_SUCCESS) {
            break;
        }
        n++;
        if (tag != SYNCML_DELETE && c->chunk
            && strlen(item->text) > c->chunk) {
            rv = client_write_pieces(c, s, item, tag);
            continue;
        }
        codec_writer_mark(c->ph->w, &mark);
        cmd = c->ph->cmd;
        inside = c->in_atomic;
        client_write_item(c, s, item, tag);
        if (!phone_has_room(c->ph, c->spoils ? 500 : 200)) {
            client_undo(c, &mark, cmd);
            c->in_atomic = inside;
            rv = client_turn_page(c, s);
            if (rv == APR_SUCCESS) {
                client_write_item(c, s, item, tag);
            }
            n = 1;
        }
    }
    if (rv == APR_SUCCESS) {
        client_close_sync(c);
    }
    return rv;
}

static inline apr_status_t client_changes(client_t *c)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    client_open(c);
    client_write_replies(c);
    for (i = 0; i < c->nstores; i++) {
        client_store_t *s = &c->stores[i];

        /* Those owed since the last session. */
        if (s->wanted && c->maps != MAPS_NEVER
            && (s->code != 205 || s->resumed)
            && client_maps_owed(s)) {
            client_write_map(c, s);
        }
    }
    for (i = 0; i < c->nstores && rv == APR_SUCCESS; i++) {
        if (c->stores[i].wanted) {
            rv = client_write_store(c, &c->stores[i]);
        }
    }
    return rv == APR_SUCCESS ? client_post(c, 1) : rv;
}

/* ---- packages 4 to 6 --------------------------------------------------- */

static inline apr_status_t client_rest(client_t *c)
{
    apr_status_t rv = APR_SUCCESS;
    int last = 0;

    while (rv == APR_SUCCESS && !(c->server_final && !client_waiting(c))) {
        int server_done = c->server_final;

        client_open(c);
        if (c->map_first) {
            client_write_maps(c);
        }
        client_write_replies(c);
        if (!c->map_first) {
            client_write_maps(c);
        }
        last = server_done && !client_waiting(c);
        if (!server_done) {
            phone_next_message(c->ph, c->ph->url, c->ph->devid);
        }
        rv = client_post(c, last || (c->final_222 && !server_done));
        if (last) {
            /* Only Statuses of the server's Statuses could follow. */
            c->replies->nelts = 0;
        }
    }
    return rv;
}

/* A Map that got no good Status is owed again. */
static inline void client_settle_maps(client_t *c)
{
    int i, j, good = 1;

    for (i = 0; i < c->ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(c->ph->sent, i, phone_sent_t);

        if (strcmp(t->name, "Map") == 0 && t->code != 200) {
            good = 0;
        }
    }
    for (i = 0; i < c->nstores; i++) {
        for (j = 0; j < c->stores[i].items->nelts; j++) {
            client_item_t *item = APR_ARRAY_IDX(c->stores[i].items, j,
                                                client_item_t *);

            if (item->map == 2) {
                item->map = good ? 0 : 1;
                /* Known for certain now: of no more use to the phone. */
                item->guid = good ? NULL : item->guid;
            }
        }
    }
}

/* 215 and 216: in an Atomic that failed. */
static inline int client_is_done(int code)
{
    return (code >= 200 && code < 300 && code != 215 && code != 216)
        || code == 419;
}

/** Take the end of the session as good: anchors move on. */
static inline void client_commit(client_t *c)
{
    int i, j;

    for (i = 0; i < c->ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(c->ph->sent, i, phone_sent_t);

        if (t->what != NULL && client_is_done(t->code)
            && strcmp(t->name, "Alert") != 0) {
            ((client_item_t *)t->what)->dirty = 0;
            ((client_item_t *)t->what)->clashed = t->code == 419;
        }
    }
    for (i = 0; i < c->nstores; i++) {
        client_store_t *s = &c->stores[i];
        int kept = 0;

        if (!s->wanted) {
            continue;
        }
        s->last = s->next;
        for (j = 0; j < s->items->nelts; j++) {
            client_item_t *item = APR_ARRAY_IDX(s->items, j,
                                                client_item_t *);

            if (s->code == 201 || s->code == 203) {
                /* All there is was said; deletes cannot be. */
                item->dirty = item->gone ? 0 : item->dirty;
            }
            item->unheard &= c->mute;
            if (!item->gone || item->dirty) {
                APR_ARRAY_IDX(s->items, kept++, client_item_t *) = item;
            }
            else if (!item->clashed && !c->mute) {
                APR_ARRAY_PUSH(s->spare, const char *) = item->luid;
            }
        }
        s->items->nelts = kept;
    }
    c->devinf_known = 1;
}

static inline void client_want(client_t *c, const char *names)
{
    int i;

    for (i = 0; i < c->nstores; i++) {
        client_store_t *s = &c->stores[i];

        s->wanted = strstr(names, s->name) != NULL;
        s->alert_status = s->code = s->pieces = 0;
        if (s->wanted && !c->resuming) {
            s->refreshed = 0;
        }
        s->announced = -1;
        memset(s->came, 0, sizeof(s->came));
    }
}

/* Counts that must agree at the end. */
static inline apr_status_t client_check_end(client_t *c)
{
    const phone_sent_t *t = phone_unanswered(c->ph);
    int i;

    if (t != NULL) {
        return phone_wrong(c->ph, apr_psprintf(c->pool, "no Status for %s "
                           "%u/%u %s", t->name, t->msg, t->cmd,
                           t->ref ? t->ref : ""));
    }
    for (i = 0; i < c->nstores; i++) {
        const client_store_t *s = &c->stores[i];
        long n = s->came[0] + s->came[1] + s->came[2];

        if (s->wanted && s->announced >= 0 && s->announced != n
            && !(c->counts_less && s->announced > n)) {
            return phone_wrong(c->ph, apr_psprintf(c->pool, "NumberOfChanges "
                               "%ld, %ld came", s->announced, n));
        }
    }
    return APR_SUCCESS;
}

/**
 * Run a session, without taking its end as good yet.
 * @param code  200 to 205
 * @param names  the datastores, as words of one string
 */
static inline apr_status_t client_session(client_t *c, int code,
                                          const char *names)
{
    apr_status_t rv;

    phone_begin(c->ph);
    c->replies = apr_array_make(c->ph->session_pool, 16,
                                sizeof(client_reply_t));
    c->partial = c->resuming ? c->partial : NULL;
    c->idle = c->server_final = 0;
    client_want(c, names);
    rv = client_init(c, code);
    if (rv == APR_SUCCESS && client_alerted(c) == 0) {
        rv = phone_wrong(c->ph, "no datastore to sync");
    }
    if (rv == APR_SUCCESS) {
        rv = client_changes(c);
    }
    if (rv == APR_SUCCESS) {
        rv = client_rest(c);
    }
    client_settle_maps(c);
    return rv == APR_SUCCESS ? client_check_end(c) : rv;
}

/** A whole sync. */
static inline apr_status_t client_sync(client_t *c, int code,
                                       const char *names)
{
    apr_status_t rv = client_session(c, code, names);

    if (rv == APR_SUCCESS) {
        client_commit(c);
    }
    return rv;
}

#endif
