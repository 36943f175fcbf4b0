/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The life of a datastore's sync: it begins with the client's items, goes on
 * when its package is complete, and ends with the anchors, which are written
 * only when all that was sent has been confirmed.
 */
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_guard.h"
#include "mod_syncml/sml_resume.h"

#include <string.h>

#include <apr_strings.h>

/* Refresh from the client: so many at once. */
#define DELETE_AT_ONCE  2000

int sml_sync_from_client(const sml_sync_t *y)
{
    return y->code != 204 && y->code != 205;
}

int sml_sync_to_client(const sml_sync_t *y)
{
    return y->code != 202 && y->code != 203;
}

int sml_sync_is_slow(const sml_sync_t *y)
{
    return y->code == 201 || y->code == 203;
}

const char *sml_sync_name(int code)
{
    static const char *const names[] = {
        "two-way", "slow", "one-way-from-client", "refresh-from-client",
        "one-way-from-server", "refresh-from-server"
    };

    return code >= 200 && code <= 205 ? names[code - 200] : "?";
}

/* The number of the content type that a notification gives for it: that of
 * the device's own form by the phones' table, since Nokia's skip a datastore
 * with the number of a type that they do not have.  One that is not in it has
 * a number of the store's own, for notifications that say it in words. */
static apr_uint32_t content_code(sml_session_t *s, const sml_sync_t *y)
{
    static const struct { const char *type; apr_uint32_t code; } table[] = {
        { "text/x-vcard", 0x07 }, { "text/x-vcalendar", 0x06 },
        { "text/calendar", 0x0305 }, { "text/plain", 0x03 },
        { "application/vnd.omads-email", 0x0306 },
        { "application/vnd.omads-file", 0x0307 },
        { "text/vcard", STORE_CONTENT_VCARD },
        { "text/x-vnote", STORE_CONTENT_VNOTE },
        { "text/x-s4j-sifc", STORE_CONTENT_SIFC },
        { "text/x-s4j-sife", STORE_CONTENT_SIFE },
        { "text/x-s4j-sift", STORE_CONTENT_SIFT },
        { "text/x-s4j-sifn", STORE_CONTENT_SIFN }
    };
    const sml_datastore_conf_t *d = sml_sync_conf(s, y);
    const sml_form_t *form = sml_form(s, y);
    const char *type = form->type ? form->type
                       : item_format_type(form->form.format);
    unsigned i;

    if (type == NULL || form->why == SML_FORM_UNKNOWN) {
        return d ? d->content_code : 0;
    }
    for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strncasecmp(type, table[i].type, strlen(table[i].type)) == 0) {
            return table[i].code;
        }
    }
    return 0;
}

static apr_status_t get_anchor(sml_session_t *s, const sml_sync_t *y,
                               store_anchor_t **a)
{
    apr_status_t rv = store_anchor_get(s->tx, s->device->id, y->datastore,
                                       a);

    if (rv == APR_NOTFOUND) {
        *a = apr_pcalloc(s->p, sizeof(**a));
        (*a)->device = s->device->id;
        (*a)->datastore = y->datastore;
        (*a)->last.client = (*a)->last.server = "";
        (*a)->former.client = (*a)->former.server = "";
        rv = APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        (*a)->uri = y->server_uri;
        (*a)->content_code = content_code(s, y);
        rv = s->rv;
    }
    return rv;
}

static apr_status_t counter(sml_session_t *s, const sml_sync_t *y,
                            store_id_t *change)
{
    store_datastore_t *ds;
    apr_status_t rv = store_datastore_open(s->tx, s->account, y->name, &ds);

    *change = rv == APR_SUCCESS ? ds->change : 0;
    return rv;
}

/* Maps are forgotten together with the anchors: should the sync be cut off
 * now, the next one must be slow as well. */
void sml_sync_forget(sml_session_t *s, const sml_sync_t *y)
{
    store_anchor_t *a;

    s->rv = store_map_clear(s->tx, s->device->id, y->datastore);
    if (s->rv == APR_SUCCESS) {
        s->rv = get_anchor(s, y, &a);
    }
    if (s->rv == APR_SUCCESS) {
        a->last.client = a->former.client = "";
        s->rv = store_anchor_put(s->tx, a);
    }
}

void sml_sync_begin(sml_session_t *s, sml_sync_t *y)
{
    store_datastore_t *ds;

    if (y->client_began || s->rv != APR_SUCCESS) {
        return;
    }
    y->client_began = 1;
    if (y->resumed) {
        return;                 /* where it stopped */
    }
    s->rv = store_datastore_open(s->tx, s->account, y->name, &ds);
    if (s->rv == APR_SUCCESS) {
        y->start = y->left_at = ds->change;
        y->live = ds->items;
        y->alone = ds->items == 0;
    }
    if (s->rv == APR_SUCCESS && SML_FORGETS(y->code)) {
        sml_guard_void(s, y);
        sml_sync_forget(s, y);
    }
}

/* What did not come may have been lost on its way to us. */
static void note_announced(sml_session_t *s, const sml_sync_t *y)
{
    if (y->announced >= 0 && y->announced != y->came) {
        sml_log(s->config, 5, 0, "device %s of account %s announced %"
                APR_INT64_T_FMT " changes of %s and sent %" APR_INT64_T_FMT,
                s->device->devid, s->state->user, y->announced, y->name,
                y->came);
    }
}

/* All that it has is mapped now, so the rest goes. */
static void delete_rest(sml_session_t *s, sml_sync_t *y)
{
    apr_int64_t deleted = DELETE_AT_ONCE;

    while (deleted == DELETE_AT_ONCE && s->rv == APR_SUCCESS
           && sml_go_on(s)) {
        deleted = 0;
        sml_select_delete_unmapped(s, y, DELETE_AT_ONCE, &deleted);
        y->received[2] += (apr_uint32_t)deleted;
    }
}

void sml_sync_client_done(sml_session_t *s, sml_sync_t *y)
{
    if (y->failed || s->rv != APR_SUCCESS) {
        return;
    }
    if (y->code == 203 && !y->client_began && !y->resumed) {
        /* Without a Sync there is nothing to refresh from; taking that for
         * an empty database would delete everything. */
        sml_log(s->config, 4, 0, "device %s, %s: refresh from client without "
                "a Sync command: nothing changed", s->device->devid,
                y->name);
        y->failed = 412;
        return;
    }
    if (y->code == 201 && !y->client_began && !y->resumed
        && !s->in->final) {
        /* It only ever asked for the next message: what it has is not known,
         * and all of ours might come as doubles. */
        sml_log(s->config, 4, 0, "device %s, %s: slow sync without a Sync "
                "command: nothing changed", s->device->devid, y->name);
        y->failed = 412;
        return;
    }
    sml_sync_begin(s, y);
    sml_related_settle(s, y);
    if (s->late) {
        return;
    }
    sml_guard_deletes(s, y);
    if (y->failed) {
        return;
    }
    sml_receive_deletes(s, y);
    if (y->code == 203 && s->rv == APR_SUCCESS && !s->late
        && sml_guard_refresh(s, y) && s->rv == APR_SUCCESS) {
        delete_rest(s, y);
    }
    if (y->failed || s->late || s->rv != APR_SUCCESS) {
        return;
    }
    note_announced(s, y);
    y->client_ended = 1;
    s->rv = counter(s, y, &y->upto);
    if (y->limit && y->limit < y->upto) {
        y->upto = y->limit;
    }
    y->cursor = y->seen;
    y->server_ended = !sml_sync_to_client(y);
}

/* Up to where the device now has everything. */
static apr_status_t reached(sml_session_t *s, const sml_sync_t *y,
                            store_id_t *seen)
{
    store_id_t base = y->upto;
    int i;

    if (y->code == 202) {
        base = y->seen;
    }
    else if (y->code == 203) {
        base = y->start;
    }
    for (i = 0; i < s->state->outstanding->nelts; i++) {
        const sml_outstanding_t *o =
            &APR_ARRAY_IDX(s->state->outstanding, i, sml_outstanding_t);

        if (&APR_ARRAY_IDX(s->state->syncs, o->sync, sml_sync_t) == y
            && o->tag != 0 && o->version <= base) {
            base = o->version - 1;
        }
    }
    if (y->resend_from && y->resend_from <= base) {
        base = y->resend_from - 1;
    }
    return store_changes_settled(s->tx, s->device->id, y->datastore, base,
                                 seen);
}

/* An item that the device took without ever saying its LUID has changed.  It
 * cannot be sent as it is; a slow sync finds out what the device has. */
static apr_status_t still_unmapped(sml_session_t *s, const sml_sync_t *y,
                                   int *unmapped)
{
    store_map_t *map;
    apr_status_t rv;

    *unmapped = 0;
    if (!y->unmapped) {
        return APR_SUCCESS;
    }
    rv = store_map_by_item(s->tx, s->device->id, y->unmapped, y->datastore,
                           &map);
    if (rv == APR_SUCCESS && map->luid == NULL) {
        *unmapped = 1;
        sml_log(s->config, 4, 0, "device %s of account %s never sent a Map "
                "for item %" APR_INT64_T_FMT " of %s, which has changed: its "
                "next sync will be slow", s->device->devid, s->state->user,
                y->unmapped, y->name);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

/* The client has items that an Atomic told of and that was undone: nobody
 * knows by now what they are. */
static int is_undone(sml_session_t *s, sml_sync_t *y)
{
    if (!sml_atomic_left(s, y)) {
        return 0;
    }
    sml_log(s->config, 5, 0, "device %s of account %s has not said again what "
            "was in an Atomic that failed, of %s: its next sync will be slow",
            s->device->devid, s->state->user, y->name);
    return 1;
}

static void log_sync(sml_session_t *s, const sml_sync_t *y)
{
    sml_log(s->config, 6, 0, "sync account=%s device=%s datastore=%s type=%s "
            "received=%u+%u-%u refused=%u sent=%u+%u-%u refused=%u "
            "conflicts=%u seen=%" APR_INT64_T_FMT, s->state->user,
            s->device->devid, y->name, sml_sync_name(y->code),
            y->received[0], y->received[1], y->received[2], y->received[3],
            y->sent[0], y->sent[1], y->sent[2], y->sent[3], y->conflicts,
            y->seen);
}

void sml_sync_commit(sml_session_t *s, sml_sync_t *y)
{
    store_anchor_t *a;
    store_id_t seen;
    int unmapped;

    if (y->committed || y->failed || s->rv != APR_SUCCESS) {
        return;
    }
    s->rv = get_anchor(s, y, &a);
    if (s->rv == APR_SUCCESS) {
        s->rv = reached(s, y, &seen);
    }
    if (s->rv == APR_SUCCESS) {
        s->rv = still_unmapped(s, y, &unmapped);
    }
    if (s->rv == APR_SUCCESS) {
        unmapped |= is_undone(s, y);
    }
    if (s->rv != APR_SUCCESS) {
        return;
    }
    a->former.client = y->client_last;
    a->former.server = y->server_last;
    a->former.seen = SML_FORGETS(y->code) ? seen : y->seen;
    if (y->resend_from && y->resend_from <= a->former.seen) {
        a->former.seen = y->resend_from - 1;
    }
    a->last.client = unmapped ? "" : y->client_next;
    if (unmapped) {
        a->former.client = "";
    }
    a->last.server = y->server_next;
    a->last.seen = seen;
    a->synced = s->now;
    sml_select_commit(s, y, a);
    s->rv = store_anchor_put(s->tx, a);
    y->committed = 1;
    sml_resume_end(s, y);
    y->seen = seen;
    sml_undo_log(s, y);
    log_sync(s, y);
}
