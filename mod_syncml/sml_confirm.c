/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What the client says of our changes: a Status for each, and a Map for each
 * Add.  Only a good Status makes an item known to the device; a Map gives it
 * the device's LUID and may come in the same message, in the next, or at the
 * start of the next session.
 */
#include "mod_syncml/sml_occurrences.h"
#include "mod_syncml/sml_resume.h"

#include <string.h>

int sml_outstanding(const sml_session_t *s, const sml_sync_t *y)
{
    int n = y->waiting;

    if (s->state->outgoing != NULL
        && &APR_ARRAY_IDX(s->state->syncs, s->state->outgoing->sync,
                          sml_sync_t) == y) {
        n++;
    }
    return n;
}

static apr_status_t set_map(sml_session_t *s, const sml_sync_t *y,
                            const sml_outstanding_t *o)
{
    store_map_t map = { 0 }, *old;
    apr_status_t rv = store_map_by_item(s->tx, s->device->id, o->item,
                                        y->datastore, &old);

    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return rv;
    }
    map.device = s->device->id;
    map.datastore = y->datastore;
    map.item = o->item;
    map.luid = rv == APR_SUCCESS ? old->luid : o->luid;
    map.version = o->version;
    map.retry = 0;
    return store_map_put(s->tx, &map);
}

/* The device could not take it now, but later perhaps: full, busy, an error
 * of its own.  What it has stays as it is. */
static int is_passing(long code)
{
    return code == 417 || code == 420 || code == 500 || code == 503
        || code == 510 || code == 511 || code == 516
        /* pieces that did not fit together */
        || code == 411 || code == 424;
}

static apr_status_t try_again(sml_session_t *s, const sml_sync_t *y,
                              const sml_outstanding_t *o)
{
    store_map_t map = { 0 }, *old;
    apr_status_t rv = store_map_by_item(s->tx, s->device->id, o->item,
                                        y->datastore, &old);

    if (rv == APR_SUCCESS) {
        map = *old;
    }
    else if (rv == APR_NOTFOUND) {
        map.device = s->device->id;
        map.datastore = y->datastore;
        map.item = o->item;
    }
    else {
        return rv;
    }
    map.retry = 1;
    return store_map_put(s->tx, &map);
}

/* An item that was not behind the device is to be sent anew: also if the sync
 * does not end, in which case the next begins from the anchors of before. */
static apr_status_t lower_anchor(sml_session_t *s, const sml_sync_t *y,
                                 store_id_t version)
{
    store_anchor_t *a;
    apr_status_t rv = store_anchor_get(s->tx, s->device->id, y->datastore,
                                       &a);

    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    if (a->last.seen >= version) {
        a->last.seen = version - 1;
    }
    if (a->former.seen >= version) {
        a->former.seen = version - 1;
    }
    return store_anchor_put(s->tx, a);
}

/* The device does not have the item: it gets it again, as a new one. */
static apr_status_t lost_there(sml_session_t *s, sml_sync_t *y,
                               const sml_outstanding_t *o)
{
    if (y->resend_from == 0 || o->version < y->resend_from) {
        y->resend_from = o->version;
    }
    if (o->version <= y->seen) {
        apr_status_t rv = lower_anchor(s, y, o->version);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return store_map_delete(s->tx, s->device->id, y->datastore, o->item);
}

static apr_status_t ignore_absent(apr_status_t rv)
{
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static void settle(sml_session_t *s, sml_sync_t *y,
                   const sml_outstanding_t *o, long code)
{
    int good = code >= 200 && code < 300;
    int gone = code == 404 || code == 410 || code == 211;

    if (o->tag == SYNCML_DELETE && (good || gone)) {
        s->rv = ignore_absent(store_map_delete(s->tx, s->device->id,
                                               y->datastore, o->item));
    }
    else if (o->tag == SYNCML_REPLACE && gone) {
        s->rv = ignore_absent(lost_there(s, y, o));
    }
    else if (good || code == 418 || code == 419) {
        /* 418: it has the item already (some phones say so to an Add that
         * comes again); 419: conflict, it has told or will tell its own. */
        s->rv = set_map(s, y, o);
    }
    else {
        y->sent[3]++;
        if (is_passing(code)) {
            s->rv = try_again(s, y, o);
        }
        sml_log(s->config, 4, 0, "device %s of account %s refused item %"
                APR_INT64_T_FMT " of %s with status %ld: it will be sent "
                "again %s", s->device->devid, s->state->user, o->item,
                y->name, code, is_passing(code)
                    ? "with the next sync"
                    : "when it changes or at a slow sync");
        return;
    }
    y->sent[o->tag == SYNCML_ADD ? 0 : o->tag == SYNCML_REPLACE ? 1 : 2]++;
}

/* The list is in the order of sending: by MsgID, then by CmdID.
 * @return NULL: none waits, or no more */
static sml_outstanding_t *find(const sml_session_t *s, long msg, long cmd)
{
    apr_array_header_t *list = s->state->outstanding;
    int low = 0, high = list->nelts;

    while (low < high) {
        int half = low + (high - low) / 2;
        sml_outstanding_t *o = &APR_ARRAY_IDX(list, half, sml_outstanding_t);

        if ((long)o->msg == msg && (long)o->cmd == cmd) {
            return o->tag ? o : NULL;
        }
        if ((long)o->msg < msg || ((long)o->msg == msg
                                   && (long)o->cmd < cmd)) {
            low = half + 1;
        }
        else {
            high = half;
        }
    }
    return NULL;
}

/* A Sync that the client refuses, whole. */
static int refused_sync(sml_session_t *s, const sml_command_t *c, long code)
{
    int i;

    if (c->cmd == NULL || strcasecmp(c->cmd, "Sync") != 0 || code < 300) {
        return 0;
    }
    for (i = 0; i < s->state->syncs->nelts; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);
        int j;

        for (j = 0; c->sourcerefs && j < c->sourcerefs->nelts; j++) {
            if (strcmp(APR_ARRAY_IDX(c->sourcerefs, j, const char *),
                       y->server_uri) == 0 && !y->committed) {
                sml_log(s->config, 4, 0, "device %s of account %s refused "
                        "our changes of %s with status %ld",
                        s->device->devid, s->state->user, y->name, code);
                y->failed = (int)code;
            }
        }
    }
    return 1;
}

static void fail_all(sml_session_t *s, sml_sync_t *head, int code)
{
    sml_sync_t *y;

    for (y = head; y != NULL; y = sml_sync_next(s, y)) {
        y->failed = code;
    }
}

/* An Alert of ours that the client refuses, for instance because its owner
 * wants no slow sync: the datastore takes no further part. */
static int refused_alert(sml_session_t *s, const sml_command_t *c, long code)
{
    long msg = sml_number(c->msgref), cmd = sml_number(c->cmdref);
    int i;

    for (i = 0; i < s->state->syncs->nelts; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        if (y->alert_cmd == 0 || msg != (long)y->alert_msg
            || cmd != (long)y->alert_cmd) {
            continue;
        }
        if (code >= 300 && code != 508 && !y->client_began && !y->failed) {
            sml_log(s->config, 4, 0, "device %s of account %s refused the "
                    "%s sync of %s with status %ld", s->device->devid,
                    s->state->user, sml_sync_name(y->code), y->name, code);
            fail_all(s, y, (int)code);
        }
        return 1;
    }
    return 0;
}

/* A whole message of ours that the client refuses: its changes get no Status
 * of their own, so they count as not received. */
static int of_header(sml_session_t *s, const sml_command_t *c, long code)
{
    if (c->cmdref == NULL || strcmp(c->cmdref, "0") != 0) {
        return 0;
    }
    if (sml_number(c->msgref) > s->heard) {
        s->heard = sml_number(c->msgref);
    }
    if (code >= 300) {
        sml_log(s->config, 4, 0, "device %s of account %s refused our message "
                "%s with status %ld; what was in it will be sent again",
                s->device->devid, s->state->user,
                c->msgref ? c->msgref : "?", code);
    }
    return 1;
}

void sml_confirm(sml_session_t *s, const sml_command_t *c)
{
    long code = sml_number(c->data);
    sml_outstanding_t *o, large;
    sml_sync_t *y;

    if (code != 101
        && sml_large_confirm(s, sml_number(c->msgref), sml_number(c->cmdref),
                             code < 0 ? 500 : code, &large)) {
        if (large.tag) {
            settle(s, &APR_ARRAY_IDX(s->state->syncs, large.sync, sml_sync_t),
                   &large, code < 0 ? 500 : code);
        }
        return;
    }
    if (code == 213 || code == 101 || of_header(s, c, code)
        || refused_sync(s, c, code) || refused_alert(s, c, code)) {
        return;                 /* a piece, or "still at it" */
    }
    o = find(s, sml_number(c->msgref), sml_number(c->cmdref));
    if (o == NULL) {
        return;                 /* of Results, or of nothing that we sent */
    }
    y = &APR_ARRAY_IDX(s->state->syncs, o->sync, sml_sync_t);
    settle(s, y, o, code < 0 ? 500 : code);
    o->tag = 0;
    y->waiting--;
    s->settled++;
    if (s->rv == APR_SUCCESS && y->server_ended
        && sml_outstanding(s, y) == 0) {
        sml_sync_commit(s, y);
    }
}

void sml_confirm_end(sml_session_t *s)
{
    apr_array_header_t *list = s->state->outstanding;
    int i, kept = 0;

    for (i = 0; i < list->nelts && s->settled > 0; i++) {
        sml_outstanding_t o = APR_ARRAY_IDX(list, i, sml_outstanding_t);

        if (o.tag != 0) {
            APR_ARRAY_IDX(list, kept++, sml_outstanding_t) = o;
        }
    }
    if (s->settled > 0) {
        list->nelts = kept;
    }
    s->settled = 0;
    s->sent_adds = NULL;
}

/* ---- Map ---------------------------------------------------------------- */

/* A row that only says that the device refused the item, another time, knows
 * no version. */
static int is_known(const store_map_t *map)
{
    return map != NULL && (map->luid != NULL || map->version != 0);
}

/* Where the Map comes before the Status. */
static store_id_t sent_version(sml_session_t *s, store_id_t item)
{
    apr_array_header_t *list = s->state->outstanding;
    const sml_outstanding_t *o;
    int i;

    if (s->sent_adds == NULL) {
        s->sent_adds = apr_hash_make(s->p);
        for (i = 0; i < list->nelts; i++) {
            o = &APR_ARRAY_IDX(list, i, sml_outstanding_t);
            if (o->tag == SYNCML_ADD) {
                apr_hash_set(s->sent_adds, &o->item, sizeof(o->item), o);
            }
        }
    }
    o = apr_hash_get(s->sent_adds, &item, sizeof(item));
    return o != NULL && o->tag == SYNCML_ADD ? o->version
                                             : sml_resume_offered(s, item);
}

static int map_item(sml_session_t *s, store_id_t datastore,
                    const sml_item_t *pair)
{
    store_id_t id = store_guid_parse(pair->target.uri ? pair->target.uri
                                                      : "");
    store_item_t *item;
    store_map_t map = { 0 }, *old;

    if (id == 0 || pair->source.uri == NULL || *pair->source.uri == '\0'
        || strlen(pair->source.uri) > STORE_MAX_LUID) {
        return 400;
    }
    s->rv = store_item_get(s->tx, s->account, datastore, id, &item);
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        return 404;
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    s->rv = store_map_by_item(s->tx, s->device->id, id, datastore, &old);
    if (s->rv == APR_NOTFOUND) {
        old = NULL;
        s->rv = APR_SUCCESS;
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    map.device = s->device->id;
    map.datastore = datastore;
    map.item = id;
    map.luid = pair->source.uri;
    map.version = is_known(old) ? old->version : sent_version(s, id);
    /* What became of it meanwhile could not be said without the LUID. */
    map.retry = item->change != map.version;
    s->rv = store_map_put(s->tx, &map);
    return 200;
}

/* In whichever of the path's datastores the item is. */
static int map_in(sml_session_t *s, const apr_array_header_t *names,
                  const sml_item_t *pair)
{
    store_datastore_t *ds;
    int i, code = 404;

    for (i = 0; i < names->nelts && code == 404; i++) {
        s->rv = store_datastore_open(s->tx, s->account,
                                     APR_ARRAY_IDX(names, i, const char *),
                                     &ds);
        code = s->rv == APR_SUCCESS ? map_item(s, ds->id, pair) : 510;
    }
    return code;
}

void sml_map(sml_session_t *s, const sml_command_t *c)
{
    const char *uri = sml_server_path(&c->target, &c->source);
    apr_array_header_t *names;
    sml_path_t path;
    int i, code = 200, worst = 200;

    sml_path_take(s, uri, &path);
    names = sml_path_names(s, &path);
    if (s->rv != APR_SUCCESS) {
        return;
    }
    if (names == NULL) {
        sml_path_log_unknown(s, uri, &path);
        sml_status(s, c, 404, c->target.uri, c->source.uri);
        return;
    }
    sml_occurrences_names(s, names);
    for (i = 0; i < c->items->nelts && s->rv == APR_SUCCESS; i++) {
        code = map_in(s, names, &APR_ARRAY_IDX(c->items, i, sml_item_t));
        if (code != 200) {
            worst = code;
        }
    }
    sml_status(s, c, worst, c->target.uri, c->source.uri);
}
