/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * An item of ours on its way in pieces: what the client says of a piece, and
 * whether a resumed session has to go on with it.  sml_send.c writes them.
 */
#include "mod_syncml/sml_session.h"

#include <string.h>

int sml_large_says_where(const sml_session_t *s)
{
    return strstr(s->device->model, "SyncEvolution") != NULL
        || strstr(s->device->manufacturer, "Synthesis") != NULL;
}

static void go_on(sml_object_t *o)
{
    o->data += o->last;
    o->len -= o->last;
    o->last = 0;
}

void sml_large_next(const sml_session_t *s, sml_object_t *o)
{
    if (o->last > 0 && s->heard > 0 && s->heard < (long)o->msg) {
        o->last = 0;
        o->begun = o->len < o->size;
    }
    go_on(o);
}

int sml_large_confirm(sml_session_t *s, long msg, long cmd, long code,
                      sml_outstanding_t *refused)
{
    sml_object_t *o = s->state->outgoing;

    memset(refused, 0, sizeof(*refused));
    if (o == NULL || o->last == 0 || (long)o->msg != msg
        || (long)o->cmd != cmd) {
        return 0;
    }
    if (code < 300) {
        go_on(o);
        return 1;
    }
    refused->sync = o->sync;
    refused->tag = o->tag;
    refused->item = o->item;
    refused->version = o->version;
    refused->luid = o->luid;
    s->state->outgoing = NULL;
    return 1;
}

/* Does the device still lack it?  It may have told a Map of it, or changed
 * or deleted the item itself. */
static int is_due(const sml_object_t *o, const store_item_t *item,
                  const store_map_t *map)
{
    if (o->tag == SYNCML_ADD) {
        return map == NULL || (map->luid == NULL && map->version == 0);
    }
    return map != NULL && map->version != item->change;
}

static apr_status_t look(sml_session_t *s, const sml_sync_t *y,
                         const sml_object_t *o, int *due, int *newer)
{
    store_item_t *item;
    store_map_t *map = NULL;
    apr_status_t rv = store_item_get(s->tx, s->account, y->datastore,
                                     o->item, &item);

    *due = *newer = 0;
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    rv = store_map_by_item(s->tx, s->device->id, o->item, y->datastore, &map);
    if (rv == APR_NOTFOUND) {
        rv = APR_SUCCESS;
        map = NULL;
    }
    if (rv == APR_SUCCESS) {
        *due = is_due(o, item, map);
        *newer = item->change > y->upto;
    }
    return rv;
}

void sml_large_check(sml_session_t *s)
{
    sml_object_t *o = s->state->outgoing;
    sml_sync_t *y;
    int due;

    if (o == NULL || !o->resumed) {
        return;
    }
    y = &APR_ARRAY_IDX(s->state->syncs, o->sync, sml_sync_t);
    s->rv = look(s, y, o, &due, &y->large_is_newer);
    if (s->rv == APR_SUCCESS && !due) {
        s->state->outgoing = NULL;
        y->large = 0;
    }
}
