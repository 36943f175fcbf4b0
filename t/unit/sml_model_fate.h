/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What becomes of a device of the model test (sml_model_phone.h): how it is
 * made, backed up, restored and wiped, and how it works from one session to
 * the next.
 */
#ifndef T_UNIT_SML_MODEL_FATE_H
#define T_UNIT_SML_MODEL_FATE_H

#include "sml_model_phone.h"

/* ---- what becomes of it ------------------------------------------------ */

static inline void device_copy_store(device_t *d, client_store_t *to,
                                     const client_store_t *from)
{
    int i;

    *to = *from;
    to->items = apr_array_copy(d->pool, from->items);
    to->spare = apr_array_copy(d->pool, from->spare);
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

/* What a backup program writes anew has the LUIDs that come, in another
 * order. */
static inline void device_renumber(client_store_t *s)
{
    int i, n = s->items->nelts;

    for (i = 0; i < n; i++) {
        client_item_t *a = APR_ARRAY_IDX(s->items, i, client_item_t *);
        client_item_t *b = APR_ARRAY_IDX(s->items, n - 1 - i,
                                         client_item_t *);

        if (i < n - 1 - i) {
            const char *luid = a->luid;

            a->luid = b->luid;
            b->luid = luid;
        }
        a->guid = NULL;
        a->map = 0;
    }
}

/* Contents and anchors are as they were; what was made since is gone, and
 * nobody can tell what is old from what is meant.  An anchor that no later
 * one has followed in an Alert could be taken for a missed end: its owner
 * does without. */
static inline void device_restore(device_t *d)
{
    int i, renumbered = (int)device_dice(d, 2);

    if (d->backup == NULL) {
        return;
    }
    for (i = 0; i < d->c->nstores; i++) {
        client_store_t *s = &d->c->stores[i];
        int anchors = s->anchors;

        device_lose(d, i, 0);
        device_uncertain(d, i, 1, 1);
        device_copy_store(d, s, &d->backup->stores[i]);
        if (renumbered) {
            device_renumber(s);
        }
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
        apr_array_clear(s->spare);
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
    d->c->spares_luids = n == 1;
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

static inline int device_is_suspended(const device_t *d)
{
    int i, n = 0;

    for (i = 0; i < MODEL_STORES; i++) {
        n += d->suspended[i] != 0;
    }
    return n;
}

/** How the phone works in its next session. */
static inline void device_habits(device_t *d)
{
    client_t *c = d->c;
    int large = c->ph->version != CODEC_V10, replace;

    c->per_message = (int)device_dice(d, 4);
    c->map_first = (int)device_dice(d, 2);
    c->final_222 = (int)device_dice(d, 2);
    /* Who gives a LUID again and says Replace of it as well says just what an
     * edit of the former item would say.  And none changes this habit in the
     * middle of a sync: what remains of an item in pieces would look like
     * another item. */
    replace = device_dice(d, 4) == 0 && !c->spares_luids;
    c->knows_replace = device_is_suspended(d) ? c->knows_replace : replace;
    c->slow_tag = device_dice(d, 2) ? SYNCML_ADD : SYNCML_REPLACE;
    c->maps = device_dice(d, 4) ? MAPS_NOW : MAPS_NEXT_SESSION;
    c->chunk = large && device_dice(d, 3) == 0 ? 60 + device_dice(d, 400)
                                               : 0;
    c->atomic = device_dice(d, 4) == 0;
    c->atomic_pieces = (int)(d->dice >> 26) % 4;
    c->spoils = c->atomic && (d->dice >> 20) % 3 == 0 ? 1 + (d->dice >> 24) % 2
                                                      : 0;
    faults[FAULT_SPOILT] += c->spoils != 0;
    faults[FAULT_PIECES] += c->atomic && c->chunk;
    c->ph->scheme = device_dice(d, 4) ? SML_AUTH_MD5 : SML_AUTH_BASIC;
    c->ph->max_msg = (large ? 2600 : 5500) + device_dice(d, 3000);
}

/** The habits with which everything goes through. */
static inline void device_behave(device_t *d)
{
    d->rough = 0;
    d->suspend_at = 0;
    d->refuses = 0;
    d->between = NULL;
    d->c->per_message = 0;
    d->c->maps = MAPS_NOW;
    d->c->mute = d->c->sync_code = d->c->atomic = d->c->spoils = 0;
}

#endif
