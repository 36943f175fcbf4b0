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
#include "sml_story.h"
#include "sml_suspend.h"

#define DEVICE_OLD  6           /* messages that may come again later */

/* What went wrong so far, by kind. */
typedef enum {
    FAULT_REQUEST_LOST, FAULT_REPLY_LOST, FAULT_REPEATED, FAULT_LATE,
    FAULT_GIVEN_UP, FAULT_SUSPENDED, FAULT_OVERLAP, FAULT_OFF, FAULT_RESTORED,
    FAULT_WIPED, FAULT_EXPIRED, FAULT_REFUSED, FAULT_HELD, FAULT_SLOW,
    FAULT_SPOILT, FAULT_PIECES, FAULTS
} fault_e;

static const char *const fault_names[FAULTS] = {
    "requests lost", "replies lost", "messages repeated",
    "messages repeated late", "sessions given up", "suspended",
    "overlapped by another", "devices off for a while",
    "restored from a backup", "wiped", "sessions expired",
    "changes refused", "times deletes held", "slow syncs",
    "with Atomics that fail", "with pieces in Atomics"
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
    int refuses;                /* one change of the server's in so many, 0:
                                   none */
    int may_slow[MODEL_STORES]; /* a slow sync is no wonder */
    int owes[MODEL_STORES];     /* the last session that said anything of it had
                                   an Atomic that failed */
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
    int i, spoilt = d->c->spoils != 0
        || (d->c->atomic && d->c->chunk && d->c->atomic_pieces >= 2);

    for (i = 0; i < d->c->nstores; i++) {
        client_store_t *s = &d->c->stores[i];
        int owes;               /* also what it said before it was suspended */

        if (!s->wanted || s->code == 0) {
            continue;
        }
        owes = spoilt || (code == 225 && d->owes[i]);
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
            /* What it was told before an Atomic that failed it knows yet. */
            d->known[i] &= owes && good && s->code == 201;
        }
        d->suspended[i] = good || d->disturbed ? 0 : s->code;
        d->owes[i] = owes;
        if (good && !(owes && d->may_slow[i])) {
            d->known[i] = 1;
            d->may_slow[i] = 0;
        }
    }
}

/* Is it the text that the device has?  It refuses some, for reasons that pass:
 * it is full or busy. */
static inline int device_judge(client_t *c, client_store_t *s,
                               const sml_command_t *change)
{
    static const int codes[] = { 417, 420, 500, 503, 510 };
    const sml_item_t *in = &APR_ARRAY_IDX(change->items, 0, sml_item_t);
    device_t *d = c->baton;
    int store = (int)(s - c->stores);
    client_item_t *item;

    if (d->refuses && device_dice(d, (apr_uint32_t)d->refuses) == 0) {
        faults[FAULT_REFUSED]++;
        return codes[device_dice(d, 5)];
    }
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
    if (rv == APR_SUCCESS && c->sync_code >= 300) {
        rv = device_cut(d, "it refused all");   /* no anchors, then */
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

/* The server waits no longer for the next message. */
static inline void device_expire(device_t *d)
{
    if (d->c->ph->authorised) {
        suspend_expire(d->c->ph->devid);
        d->disturbed = 1;
        faults[FAULT_EXPIRED]++;
    }
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

#endif
