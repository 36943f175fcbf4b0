/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A device of the model test: a phone (sml_client.h) with its owner, its
 * backup, and a line that does what lines do.
 *
 * What the line does is decided anew for each exchange: the request or the
 * reply is lost, the reply is cut short, the message arrives twice, an older
 * message of the device arrives again before it.  After a loss the phone
 * sends the same octets once more, or gives the session up.
 */
#ifndef T_UNIT_SML_MODEL_PHONE_H
#define T_UNIT_SML_MODEL_PHONE_H

#include "sml_model.h"
#include "sml_suspend.h"

#define DEVICE_OLD  6           /* messages that may come again later */

/* What went wrong so far, by kind. */
typedef enum {
    FAULT_REQUEST_LOST, FAULT_REPLY_LOST, FAULT_REPEATED, FAULT_LATE,
    FAULT_GIVEN_UP, FAULT_SUSPENDED, FAULT_OVERLAP, FAULT_OFF, FAULT_RESTORED,
    FAULT_WIPED, FAULT_SLOW, FAULTS
} fault_e;

static const char *const fault_names[FAULTS] = {
    "requests lost", "replies lost", "messages repeated",
    "messages repeated late", "sessions given up", "suspended",
    "overlapped by another", "devices off for a while",
    "restored from a backup", "wiped", "slow syncs"
};

static int faults[FAULTS];

typedef struct device_message_t {
    const char *body, *token;
    apr_size_t len;
} device_message_t;

typedef struct device_backup_t {
    client_store_t stores[CLIENT_STORES];
    const char *nonce;
} device_backup_t;

typedef struct device_t {
    client_t *c;
    apr_pool_t *pool;
    model_t *m;
    device_backup_t *backup;    /* NULL: none */
    int off;                    /* syncs that it still misses */
    int may_slow[MODEL_STORES]; /* a slow sync is no wonder */
    int suspended[MODEL_STORES];        /* sync type of the session that was
                                   suspended or cut: may be resumed */
    int known[MODEL_STORES];    /* the server knows its LUIDs */
    int said[MODEL_STORES];     /* number of the last anchor that it said */
    int proved[MODEL_STORES];   /* and of one that the server has heard */
    /* what the line does; the device's own dice, so that a session does
     * not depend on those before it */
    apr_uint32_t dice;
    int rough;                  /* one exchange in so many goes wrong, 0: none
                                   does */
    int cut;                    /* the session is given up */
    int disturbed;              /* others used its session */
    unsigned suspend_at;        /* message that says so, 0: none does */
    device_message_t old[DEVICE_OLD];
    int nold;
    int sessions;
    int echoes;                 /* items that came as they were, in the
                                   latest session */
    void (*between)(struct device_t *d);
} device_t;

static inline apr_uint32_t device_dice(device_t *d, apr_uint32_t sides)
{
    d->dice = d->dice * 1664525u + 1013904223u;
    return (d->dice >> 8) % sides;
}

/* ---- the line ---------------------------------------------------------- */

static inline apr_status_t device_cut(device_t *d, const char *why)
{
    d->cut = 1;
    d->c->ph->why = why;
    return APR_TIMEUP;
}

static inline void device_remember(device_t *d, const char *body,
                                   apr_size_t len)
{
    device_message_t *o = &d->old[d->nold++ % DEVICE_OLD];
    const char *token = world_token(d->c->ph);

    o->body = apr_pmemdup(d->pool, body, len);
    o->len = len;
    o->token = token ? apr_pstrdup(d->pool, token) : NULL;
}

/* A message that hung somewhere arrives now, whoever waits for its answer. */
static inline void device_late(device_t *d)
{
    const device_message_t *o;
    sml_answer_t answer;

    if (d->nold == 0) {
        return;
    }
    o = &d->old[device_dice(d, (apr_uint32_t)(d->nold < DEVICE_OLD ? d->nold
                                              : DEVICE_OLD))];
    w->token = o->token ? o->token : "";
    world_handle(d->c->ph, o->body, o->len, &answer);
    w->token = NULL;
    d->disturbed = 1;
}

static inline apr_status_t device_exchange(device_t *d, const char *body,
                                           apr_size_t len, int *lost)
{
    apr_uint32_t what = d->rough && device_dice(d, (apr_uint32_t)d->rough)
                        == 0 ? device_dice(d, 6) : 6;
    sml_answer_t again;
    apr_status_t rv;

    *lost = what == 0;
    if (what == 1) {
        faults[FAULT_LATE]++;
        device_late(d);
    }
    if (what == 0) {
        faults[FAULT_REQUEST_LOST]++;
        return APR_SUCCESS;
    }
    rv = world_handle(d->c->ph, body, len, &w->answer);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (what == 2) {
        faults[FAULT_REPEATED]++;
        rv = world_handle(d->c->ph, body, len, &again);
        if (rv != APR_SUCCESS || (w->answer.auth_status < 300
            && (again.len != w->answer.len
                || memcmp(again.body, w->answer.body, again.len) != 0))) {
            model_fail("a repeated message has another answer");
        }
    }
    *lost = what == 3 || what == 4;     /* all of the reply or its end */
    faults[FAULT_REPLY_LOST] += *lost;
    return APR_SUCCESS;
}

static inline apr_status_t device_post(phone_t *ph, const char *body,
                                       apr_size_t len, const char **answer,
                                       apr_size_t *answer_len)
{
    device_t *d = ph->baton;
    int lost, try;

    if (d->cut) {
        return device_cut(d, "given up");
    }
    for (try = 0;; try++) {
        apr_status_t rv = device_exchange(d, body, len, &lost);

        if (rv != APR_SUCCESS) {
            model_fail("HTTP %d: %s", w->answer.http_status,
                       w->answer.error);
        }
        if (!lost) {
            break;
        }
        if (try == 3 || device_dice(d, 2)) {
            faults[FAULT_GIVEN_UP]++;
            return device_cut(d, "the line broke");
        }
    }
    device_remember(d, body, len);
    *answer = w->answer.body;
    *answer_len = w->answer.len;
    return APR_SUCCESS;
}

/* ---- its sessions ------------------------------------------------------ */

/* Say Alert 224 for all that is being synchronised, and no more. */
static inline void device_suspend(device_t *d)
{
    client_t *c = d->c;
    int i;

    d->suspend_at = 0;
    phone_open(c->ph);
    phone_status(c->ph, apr_psprintf(c->ph->session_pool, "%u",
                 c->ph->server_msg), "0", "SyncHdr", c->ph->devid,
                 c->ph->url, 200);
    client_write_replies(c);
    for (i = 0; i < c->nstores; i++) {
        if (c->stores[i].wanted && c->stores[i].code) {
            phone_alert(c->ph, 224, c->stores[i].name, c->stores[i].local,
                        c->stores[i].last, c->stores[i].next);
        }
    }
    if (phone_post(c->ph, 1) != APR_SUCCESS && !d->cut && !d->disturbed) {
        model_fail("suspending: %s", c->ph->why);
    }
    faults[FAULT_SUSPENDED]++;
    device_cut(d, "suspended");
}

/* A slow sync begins with no anchor and no ids but the phone's own; Maps that
 * it owes still are sent before. */
static inline void device_forget(client_t *c)
{
    int i, j;

    for (i = 0; i < c->nstores; i++) {
        client_store_t *s = &c->stores[i];

        if (!s->wanted || (s->code != 201 && s->code != 203)) {
            continue;
        }
        for (j = 0; j < s->items->nelts; j++) {
            client_item_t *item = APR_ARRAY_IDX(s->items, j,
                                                client_item_t *);

            item->guid = item->map ? item->guid : NULL;
        }
        s->last = NULL;
    }
}

static inline void device_between(client_t *c)
{
    device_t *d = c->baton;

    if (d->cut) {
        return;
    }
    device_forget(c);
    if (d->suspend_at && c->ph->posts >= d->suspend_at && c->ph->authorised
        && c->partial == NULL) {
        device_suspend(d);
        return;
    }
    if (d->between != NULL && device_dice(d, 3) == 0) {
        d->between(d);
    }
}

static inline model_text_t device_text(const client_store_t *s,
                                       const client_item_t *item, int store,
                                       apr_pool_t *p)
{
    model_text_t t;

    model_read(&t, store, item->text, p);
    return t;
}

/* What the owner changed and the device cannot tell is perhaps lost: all of
 * a datastore. */
static inline void device_lose(device_t *d, int store, int deletes_only)
{
    client_store_t *s = &d->c->stores[store];
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);
        model_text_t t = device_text(s, item, store, d->pool);

        if (item->gone && item->dirty) {
            model_lose_delete(d->m, t.item);
        }
        else if (item->dirty && !deletes_only) {
            model_lose_edits(d->m, &t);
        }
    }
}

/* A slow sync.  Was it asked for, then items that the device has come back
 * where they were deleted.  If the device is @p strange to the server, nobody
 * can tell its old values from new, nor two versions of an item without UID
 * from two items, nor what it brings back from what another brings back. */
static inline void device_uncertain(device_t *d, int store, int strange,
                                    int asked)
{
    const client_store_t *s = &d->c->stores[store];
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        const client_item_t *item = APR_ARRAY_IDX(s->items, i,
                                                  client_item_t *);
        model_text_t t = device_text(s, item, store, d->pool);
        model_item_t *it = &d->m->items[t.item];

        it->free |= asked || strange;
        it->loose |= strange;
        d->m->strange |= strange;
        it->apart = 1;
        it->twins |= strange && (!model_has_uid(store, t.item)
                                 || model_was_deleted(d->m, t.item));
    }
}

/* Everything of a datastore may become as this device has it, or not. */
static inline void device_overrides(device_t *d, int store)
{
    int i;

    for (i = 0; i < d->m->nitems; i++) {
        if (d->m->items[i].store == store) {
            d->m->items[i].free = d->m->items[i].loose = 1;
        }
    }
    device_lose(d, store, 0);
}

/* Before a session of that type: what it will do to unsaid changes. */
static inline void device_expect(device_t *d, int code, const char *names)
{
    int i;

    for (i = 0; i < d->c->nstores; i++) {
        if (strstr(names, d->c->stores[i].name) == NULL) {
            continue;
        }
        if (code != 225) {
            d->suspended[i] = 0;
        }
        else if (d->suspended[i] >= 203) {
            device_expect(d, d->suspended[i], d->c->stores[i].name);
        }
        d->said[i] = d->c->stores[i].last ? atoi(d->c->stores[i].last) : 0;
        if (code == 203) {
            device_overrides(d, i);
        }
        if (code == 204 || code == 205) {
            device_lose(d, i, 0);
        }
        if (code == 201 || code == 203 || code == 205) {
            d->may_slow[i] = 1;
        }
    }
}

/* After it: deletes cannot be told in a slow sync, and one that was not asked
 * for must have a reason. */
static inline void device_account(device_t *d, int code, int good)
{
    int i;

    for (i = 0; i < d->c->nstores; i++) {
        client_store_t *s = &d->c->stores[i];

        if (!s->wanted || s->code == 0) {
            continue;
        }
        if (code != 201 && code != 203 && code != 205) {
            d->proved[i] = d->said[i];
        }
        if (s->code == 201) {
            faults[FAULT_SLOW]++;
            device_lose(d, i, 1);
        }
        if (s->code == 201) {
            device_uncertain(d, i, !d->known[i], code == 201);
        }
        if (s->code == 203) {
            device_overrides(d, i);
        }
        if (s->code != code && code != 225 && !d->may_slow[i]) {
            model_fail("%s, %s: sync type %d instead of %d without need",
                       d->c->ph->devid, s->name, s->code, code);
        }
        if (s->code == 201 || s->code == 203 || s->code == 205) {
            d->may_slow[i] = 1;
            d->known[i] = 0;
        }
        d->suspended[i] = good || d->disturbed ? 0 : s->code;
        if (good) {
            d->known[i] = 1;
            d->may_slow[i] = 0;
        }
    }
}

/* Is it the text that the device has? */
static inline int device_judge(client_t *c, client_store_t *s,
                               const sml_command_t *change)
{
    const sml_item_t *in = &APR_ARRAY_IDX(change->items, 0, sml_item_t);
    device_t *d = c->baton;
    int store = (int)(s - c->stores);
    client_item_t *item;

    if (change->tag == SYNCML_REPLACE && !s->pieces
        && in->target.uri != NULL) {
        item = client_by(s, in->target.uri, "");
        if (item != NULL && !item->gone) {
            model_text_t had = device_text(s, item, store, d->pool), got;

            model_read(&got, store, apr_pstrmemdup(d->pool, in->data,
                                                   in->len), d->pool);
            d->echoes += memcmp(&had, &got, sizeof(had)) == 0;
        }
    }
    return 0;
}

/** A session. @return non-zero if it came to its end */
static inline int device_sync(device_t *d, int code, const char *names)
{
    client_t *c = d->c;
    apr_status_t rv;

    d->cut = d->disturbed = d->echoes = 0;
    d->sessions++;
    device_expect(d, code, names);
    c->between = device_between;
    c->judge = device_judge;
    c->baton = d;
    c->resuming = code == 225;
    if (!c->resuming) {
        stop_forget(c, 0);
        if (c->partial != NULL) {
            /* The first part of an item is thrown away. */
            memset(d->suspended, 0, sizeof(d->suspended));
        }
    }
    rv = client_session(c, code, names);
    if (rv != APR_SUCCESS && !d->cut && !d->disturbed) {
        model_fail("%s, sync %d of %s: %s", c->ph->devid, code, names,
                   c->ph->why);
    }
    device_account(d, code, rv == APR_SUCCESS);
    if (rv == APR_SUCCESS) {
        stop_forget(c, c->resuming);
        client_commit(c);
    }
    else {
        stop_note_confirmed(c);
    }
    return rv == APR_SUCCESS;
}

/* The device begins another session, of a datastore that its present one does
 * not have, and ends it before it goes on with this one. */
static inline void device_overlap(device_t *d)
{
    client_t *first = d->c, second = *first;
    phone_t *ph = phone_create(d->pool, device_post, d, first->ph->devid);
    int i, echoes = d->echoes, rough = d->rough;

    for (i = 0; i < first->nstores && first->stores[i].wanted; i++) {
    }
    if (i == first->nstores || d->cut) {
        return;
    }
    ph->user = first->ph->user;
    ph->describe = first->ph->describe;
    ph->format = first->ph->format;
    ph->version = first->ph->version;
    ph->nonce = first->ph->nonce;
    ph->max_msg = first->ph->max_msg;
    ph->session = first->ph->session;
    second.ph = ph;
    d->c = &second;
    d->rough = 0;
    device_sync(d, 200, first->stores[i].name);
    d->c = first;
    d->rough = rough;
    d->echoes = echoes;
    first->stores[i] = second.stores[i];
    first->stores[i].wanted = 0;
    first->devinf_known |= second.devinf_known;
    first->ph->nonce = ph->nonce;
    d->cut = 0;
    d->disturbed = 1;
    faults[FAULT_OVERLAP]++;
}

/* ---- its owner --------------------------------------------------------- */

static inline client_item_t *device_some(device_t *d, client_store_t *s)
{
    apr_uint32_t n = (apr_uint32_t)s->items->nelts;
    int i;

    for (i = 0; n > 0 && i < 5; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, device_dice(d, n),
                                            client_item_t *);

        if (!item->gone) {
            return item;
        }
    }
    return NULL;
}

/* Has the server no Status of the change that was deleted with the item, it
 * cannot tell this delete from one by somebody who did not see the change:
 * the change may come back, so that it is not lost. */
static inline void device_delete(device_t *d, int store,
                                 const client_item_t *item)
{
    model_delete(d->m, store, item->text, d->pool)->maybe = item->unheard;
}

static inline void device_change(device_t *d)
{
    int store = (int)device_dice(d, MODEL_STORES), prop;
    client_store_t *s = &d->c->stores[store];
    client_item_t *item = device_some(d, s);

    switch (item ? device_dice(d, 8) : 0) {
    case 0: case 1:
        client_put(d->c, s->name, model_make(d->m, store, d->pool));
        break;
    case 2: case 3:
        device_delete(d, store, item);
        client_erase(item);
        item->confirmed = 0;
        break;
    default:
        prop = (int)device_dice(d, MODEL_PROPS);
        client_edit(d->c, item, model_edit(d->m, store, item->text, prop,
                                           d->pool));
        item->confirmed = 0;
    }
}

/* ---- what becomes of it ------------------------------------------------ */

static inline void device_copy_store(device_t *d, client_store_t *to,
                                     const client_store_t *from)
{
    int i;

    *to = *from;
    to->items = apr_array_copy(d->pool, from->items);
    for (i = 0; i < to->items->nelts; i++) {
        APR_ARRAY_IDX(to->items, i, client_item_t *) = apr_pmemdup(d->pool,
            APR_ARRAY_IDX(from->items, i, client_item_t *),
            sizeof(client_item_t));
    }
}

static inline void device_save(device_t *d)
{
    int i;

    d->backup = apr_palloc(d->pool, sizeof(*d->backup));
    for (i = 0; i < d->c->nstores; i++) {
        device_copy_store(d, &d->backup->stores[i], &d->c->stores[i]);
    }
    d->backup->nonce = d->c->ph->nonce;
}

/* Contents and anchors are as they were; what was made since is gone, and
 * nobody can tell what is old from what is meant.  An anchor that no later
 * one has followed in an Alert could be taken for a missed end: its owner
 * does without. */
static inline void device_restore(device_t *d)
{
    int i;

    if (d->backup == NULL) {
        return;
    }
    for (i = 0; i < d->c->nstores; i++) {
        client_store_t *s = &d->c->stores[i];
        int anchors = s->anchors;

        device_lose(d, i, 0);
        device_uncertain(d, i, 1, 1);
        device_copy_store(d, s, &d->backup->stores[i]);
        device_uncertain(d, i, 1, 1);
        d->suspended[i] = d->known[i] = 0;
        s->anchors = anchors;   /* clocks go on */
        if (s->last != NULL && atoi(s->last) >= d->proved[i]) {
            s->last = NULL;
        }
        d->may_slow[i] = 1;
    }
    d->c->ph->nonce = d->backup->nonce;
}

static inline void device_wipe(device_t *d)
{
    int i;

    for (i = 0; i < d->c->nstores; i++) {
        client_store_t *s = &d->c->stores[i];

        device_lose(d, i, 0);
        s->items = apr_array_make(d->pool, 8, sizeof(client_item_t *));
        s->last = NULL;
        s->numbers = 0;         /* LUIDs begin anew */
        d->may_slow[i] = 1;
        d->suspended[i] = d->known[i] = 0;
    }
    d->c->ph->nonce = "";
    d->c->devinf_known = 0;
    d->backup = NULL;
}

static inline void device_write_type(codec_writer_t *to, int tag, int store)
{
    codec_open(to, tag);
    codec_text(to, DEVINF_CTTYPE, model_types[store]);
    codec_text(to, DEVINF_VERCT, model_versions[store]);
    codec_close(to);
}

/** Its part of DevInf: items in the store's own forms. */
static inline void device_describe(phone_t *ph, codec_writer_t *to)
{
    int i, type;

    for (i = 0; i < MODEL_STORES; i++) {
        codec_open(to, DEVINF_DATASTORE);
        codec_text(to, DEVINF_SOURCEREF,
                   apr_pstrcat(ph->message_pool, "./local-", model_stores[i],
                               NULL));
        device_write_type(to, DEVINF_RXPREF, i);
        device_write_type(to, DEVINF_TXPREF, i);
        codec_open(to, DEVINF_SYNCCAP);
        for (type = 1; type <= 7; type++) {
            codec_number(to, DEVINF_SYNCTYPE, type);
        }
        codec_close(to);
        codec_close(to);
    }
}

static inline device_t *device_make(model_t *m, apr_pool_t *p, int n)
{
    device_t *d = apr_pcalloc(p, sizeof(*d));
    phone_t *ph = phone_create(p, device_post, d,
                               apr_psprintf(p, "IMEI:%d", n));
    int i;

    d->pool = p;
    d->m = m;
    d->c = client_create(ph);
    d->c->counts_less = 1;
    ph->user = w->account;
    ph->describe = device_describe;
    ph->format = n == 1 ? CODEC_XML : CODEC_WBXML;
    ph->version = n == 1 ? CODEC_V11 : n == 2 ? CODEC_V10 : CODEC_V12;
    for (i = 0; i < MODEL_STORES; i++) {
        client_add_store(d->c, model_stores[i], model_types[i]);
        d->may_slow[i] = 1;
    }
    return d;
}

/** Only DS 1.2 has Alert 225. */
static inline int device_resumes(const device_t *d)
{
    return d->c->ph->version == CODEC_V12;
}

/** How the phone works in its next session. */
static inline void device_habits(device_t *d)
{
    client_t *c = d->c;
    int large = c->ph->version != CODEC_V10;

    c->per_message = (int)device_dice(d, 4);
    c->map_first = (int)device_dice(d, 2);
    c->final_222 = (int)device_dice(d, 2);
    c->slow_tag = device_dice(d, 2) ? SYNCML_ADD : SYNCML_REPLACE;
    c->maps = device_dice(d, 4) ? MAPS_NOW : MAPS_NEXT_SESSION;
    c->chunk = large && device_dice(d, 3) == 0 ? 60 + device_dice(d, 400)
                                               : 0;
    c->ph->scheme = device_dice(d, 4) ? SML_AUTH_MD5 : SML_AUTH_BASIC;
    c->ph->max_msg = (large ? 2600 : 5500) + device_dice(d, 3000);
}

/** The habits with which everything goes through. */
static inline void device_behave(device_t *d)
{
    d->rough = 0;
    d->suspend_at = 0;
    d->between = NULL;
    d->c->per_message = 0;
    d->c->maps = MAPS_NOW;
}

#endif
