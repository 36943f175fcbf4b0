/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Alerts: which datastores, which sync type, and the anchors that say
 * whether both sides remember the same last sync (OMA DS Protocol 1.2,
 * chapter 6; SyncML Sync Protocol 1.0 and 1.1 likewise).
 */
#include "mod_syncml/sml_session.h"

#include <string.h>

#include <apr_strings.h>

#define MAX_WORDS  200          /* octets of a text for the log */

static sml_sync_t *find_by_name(sml_session_t *s, const char *name)
{
    int i;

    for (i = 0; i < s->state->syncs->nelts; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        if (strcmp(y->name, name) == 0) {
            return y;
        }
    }
    return NULL;
}

/* Some phones leave the Target empty (Sony Ericsson C510): their own name of
 * the database is then all there is. */
static const char *server_path(const sml_uri_t *target,
                               const sml_uri_t *source)
{
    return target->uri && *target->uri ? target->uri : source->uri;
}

sml_sync_t *sml_sync_find(sml_session_t *s, const sml_uri_t *target,
                          const sml_uri_t *source)
{
    const sml_datastore_conf_t *d =
        sml_datastore_lookup(s->config, server_path(target, source));

    return d ? find_by_name(s, d->name) : NULL;
}

/* ---- anchors ------------------------------------------------------------ */

/* Our Next: the time in UTC, never one of the last two. */
static const char *next_anchor(sml_session_t *s, const store_anchor_t *a)
{
    apr_time_t t = s->now;

    for (;;) {
        apr_time_exp_t x;
        const char *text;

        apr_time_exp_gmt(&x, t);
        text = apr_psprintf(s->p, "%04d%02d%02dT%02d%02d%02dZ",
                            x.tm_year + 1900, x.tm_mon + 1, x.tm_mday,
                            x.tm_hour, x.tm_min, x.tm_sec);
        if (a == NULL || (strcmp(text, a->last.server) != 0
                          && strcmp(text, a->former.server) != 0)) {
            return text;
        }
        t += apr_time_from_sec(1);
    }
}

/* Do both sides remember the same sync?  The former generation counts too:
 * the client may have missed the end of the last. */
static const store_anchor_gen_t *matching(const store_anchor_t *a,
                                          const char *client_last)
{
    if (a == NULL || client_last == NULL || *client_last == '\0') {
        return NULL;
    }
    if (strcmp(a->last.client, client_last) == 0) {
        return &a->last;
    }
    if (strcmp(a->former.client, client_last) == 0) {
        return &a->former;
    }
    return NULL;
}

static void decide(sml_session_t *s, sml_sync_t *y, const store_anchor_t *a)
{
    const store_anchor_gen_t *match = matching(a, y->client_last);

    y->code = y->asked;
    y->seen = 0;
    y->server_last = a ? a->last.server : "";
    if (SML_FORGETS(y->code)) {
        return;
    }
    if (match == NULL) {
        y->code = 201;
        return;
    }
    y->seen = match->seen;
    y->server_last = match->server;
}

static sml_sync_t *place_for(sml_session_t *s, const char *name)
{
    sml_sync_t *y = find_by_name(s, name);
    int waiting = y ? y->waiting : 0;

    if (y == NULL) {
        if (s->state->syncs->nelts >= SML_MAX_DATASTORES) {
            return NULL;
        }
        y = apr_array_push(s->state->syncs);
    }
    else if (y->client_began && !y->committed && !y->failed) {
        return NULL;
    }
    memset(y, 0, sizeof(*y));
    y->name = name;
    y->waiting = waiting;       /* of a former cycle */
    return y;
}

/* Two of the client's databases for one of ours: their LUIDs are not of one
 * kind, so what is done to one would be done to the other's items. */
static int taken_by_another(sml_session_t *s, const char *name,
                            const char *source)
{
    const sml_sync_t *y = find_by_name(s, name);

    if (y == NULL || y->committed || y->failed
        || strcmp(y->client_uri, source) == 0) {
        return 0;
    }
    sml_log(s->config, 4, 0, "device %s asks for %s with its \"%s\" and with "
            "its \"%s\"; only the first is synchronised", s->device->devid,
            name, y->client_uri, source);
    return 1;
}

/* @return the status of the Alert for this datastore */
static int begin_datastore(sml_session_t *s, int code,
                           const sml_item_t *item, const char *path,
                           const sml_datastore_conf_t *d, int resume)
{
    const char *source = item->source.uri ? item->source.uri : "";
    store_datastore_t *ds;
    store_anchor_t *a;
    sml_sync_t *y;

    if (item->meta.next == NULL || *item->meta.next == '\0'
        || strlen(item->meta.next) > STORE_MAX_ANCHOR
        || strlen(path) > STORE_MAX_URI) {
        return 400;
    }
    if (taken_by_another(s, d->name, source)) {
        return 403;
    }
    y = place_for(s, d->name);
    if (y == NULL) {
        return 412;
    }
    s->rv = store_datastore_open(s->tx, s->account, d->name, &ds);
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    s->rv = store_anchor_get(s->tx, s->device->id, ds->id, &a);
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        a = NULL;
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    y->datastore = ds->id;
    y->client_uri = source;
    y->server_uri = path;
    y->asked = code;
    y->announced = -1;
    y->client_last = item->meta.last ? item->meta.last : "";
    y->client_next = item->meta.next;
    y->server_next = next_anchor(s, a);
    decide(s, y, a);
    if (resume) {
        y->code = 201;
        y->seen = 0;
    }
    y->alert_pending = 1;
    return y->code == code && !resume ? 200 : 508;
}

static void alert_item(sml_session_t *s, const sml_command_t *c, int code,
                       const sml_item_t *item, int resume)
{
    const char *path = server_path(&item->target, &item->source);
    const sml_datastore_conf_t *d = sml_datastore_lookup(s->config, path);
    int status;

    if (d == NULL || path == NULL) {
        sml_log(s->config, 5, 0, "device %s asked for datastore \"%s\", "
                "which is not offered here", s->device->devid,
                path ? path : "");
        sml_status(s, c, 404, item->target.uri, item->source.uri);
        return;
    }
    status = begin_datastore(s, code, item, path, d, resume);
    sml_status_anchor(s, c, status, item->target.uri, item->source.uri,
                      status == 200 || status == 508 ? item->meta.next
                                                     : NULL);
}

static void alert_sync(sml_session_t *s, const sml_command_t *c, int code,
                       int resume)
{
    int i;

    if (c->items->nelts == 0) {
        sml_status(s, c, 400, NULL, NULL);
        return;
    }
    if (s->state->phase == SML_MAP || s->state->phase == SML_DONE) {
        /* Another cycle in the same session. */
        s->state->phase = SML_INIT;
        s->state->final_sent = 0;
    }
    else if (s->state->phase != SML_INIT) {
        sml_status(s, c, 412, NULL, NULL);
        return;
    }
    for (i = 0; i < c->items->nelts && s->rv == APR_SUCCESS; i++) {
        alert_item(s, c, code, &APR_ARRAY_IDX(c->items, i, sml_item_t),
                   resume);
    }
}

/* Words for the user of the other side: those of a phone to its server are
 * for whoever reads the log. */
static void alert_display(sml_session_t *s, const sml_command_t *c)
{
    int i;

    for (i = 0; i < c->items->nelts; i++) {
        const sml_item_t *item = &APR_ARRAY_IDX(c->items, i, sml_item_t);

        if (item->data != NULL) {
            sml_log(s->config, 6, 0, "device %s of account %s says: %.*s",
                    s->device->devid, s->state->user, MAX_WORDS, item->data);
        }
    }
    sml_status(s, c, 200, NULL, NULL);
}

void sml_alert(sml_session_t *s, const sml_command_t *c)
{
    long code = sml_number(c->data);

    s->works |= code != 222;

    if (code >= 200 && code <= 205) {
        alert_sync(s, c, (int)code, 0);
    }
    else if (code >= 206 && code <= 210) {
        /* The answer to a notification names the type so; 201 has none. */
        static const int types[] = { 200, 202, 203, 204, 205 };

        alert_sync(s, c, types[code - 206], 0);
    }
    else if (code == 225) {
        /* What a suspended session had got is in the store; a slow sync
         * finds it by its content and doubles nothing. */
        alert_sync(s, c, 200, 1);
    }
    else if (code == 100) {
        alert_display(s, c);
    }
    else if (code >= 221 && code <= 224) {
        /* Results, next message, end of data: nothing to do here but to say
         * so.  Suspend: a Final beside it says nothing of the package, which
         * is not complete. */
        s->asks |= code == 222;
        s->suspended |= code == 224;
        sml_status(s, c, 200, NULL, NULL);
    }
    else {
        sml_status(s, c, code < 0 ? 400 : 406, NULL, NULL);
    }
}
