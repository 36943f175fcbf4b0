/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Copy and Move inside Sync: what the client has done with items that are
 * here already, so that their text need not travel.
 */
#include "mod_syncml/sml_receive.h"

#include <string.h>

static int is_luid(const char *luid)
{
    return luid != NULL && *luid && strlen(luid) <= STORE_MAX_LUID;
}

/* @return the device's row, NULL: it has no such item, or the store failed */
static store_map_t *find(sml_session_t *s, const sml_sync_t *y,
                         const char *luid)
{
    store_map_t *map;

    s->rv = sml_find_map(s, y, SYNCML_COPY, luid, NULL, &map);
    if (s->rv == APR_SUCCESS) {
        return map;
    }
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
    }
    return NULL;
}

/* Not those that it has deleted in this package. */
static store_map_t *find_live(sml_session_t *s, const sml_sync_t *y,
                              const char *luid)
{
    store_map_t *map = find(s, y, luid);

    return map != NULL && !sml_is_staged(s, map->item) ? map : NULL;
}

/* A LUID whose item was deleted in this package, and is used again: that item
 * becomes the copy, as it would by an Add. */
static apr_status_t put_item(sml_session_t *s, const sml_sync_t *y,
                             store_item_t *copy, const char *luid)
{
    store_map_t *former = find(s, y, luid);
    store_item_t *old;
    apr_status_t rv = s->rv;

    if (rv != APR_SUCCESS || former == NULL) {
        return rv == APR_SUCCESS ? store_item_add(s->tx, s->account, copy)
                                 : rv;
    }
    sml_unstage(s, former->item);
    copy->id = former->item;
    rv = store_item_get(s->tx, s->account, y->datastore, copy->id, &old);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return old->deleted ? store_item_restore(s->tx, s->account, copy)
                        : store_item_update(s->tx, s->account, copy);
}

/* The copy is what the device has of the original: if that has changed here
 * meanwhile, the device gets the new text for the copy as well. */
static int add_copy(sml_session_t *s, const sml_sync_t *y,
                    const store_map_t *of, const char *luid)
{
    store_map_t map = { 0 };
    store_item_t *original, copy;

    s->rv = store_item_get(s->tx, s->account, y->datastore, of->item,
                           &original);
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    copy = *original;
    copy.id = 0;
    copy.deleted = 0;
    copy.origin = s->device->id;
    if (copy.uid_key != 0) {
        /* Two of one UID are one to other devices, and to groupware. */
        s->rv = sml_own_uid(s, &copy);
    }
    if (s->rv == APR_SUCCESS) {
        s->rv = put_item(s, y, &copy, luid);
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    map.device = s->device->id;
    map.datastore = y->datastore;
    map.item = copy.id;
    map.luid = luid;
    map.version = original->change == of->version || original->deleted
                ? copy.change : 0;
    s->rv = store_map_put(s->tx, &map);
    return s->rv == APR_SUCCESS ? 200 : 510;
}

int sml_copy(sml_session_t *s, sml_sync_t *y, const sml_item_t *item)
{
    const char *luid = item->target.uri;
    store_map_t *original, *other = NULL;

    if (!is_luid(luid)) {
        return 400;             /* without a name the copy cannot be mapped */
    }
    original = find_live(s, y, item->source.uri);
    if (s->rv == APR_SUCCESS) {
        other = find_live(s, y, luid);
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    if (original != NULL && other != NULL) {
        return 418;
    }
    if (original == NULL) {
        /* Or the two the other way round, as in Map: the Target is what is
         * known here. */
        original = other;
        luid = item->source.uri;
    }
    return original ? add_copy(s, y, original, luid) : 404;
}

/* The root of the datastore, in the ways that it may be written. */
static int is_root(const sml_session_t *s, const sml_sync_t *y,
                   const char *parent)
{
    const sml_datastore_conf_t *d;

    if (parent == NULL || *parent == '\0' || strcmp(parent, "/") == 0
        || strcmp(parent, ".") == 0 || strcmp(parent, "./") == 0) {
        return 1;
    }
    d = sml_datastore_lookup(s->config, parent);
    return d != NULL && strcmp(d->name, y->combined ? y->combined
                                                    : y->name) == 0;
}

int sml_move(sml_session_t *s, sml_sync_t *y, const sml_item_t *item)
{
    if (s->state->version != CODEC_V12) {
        return 501;
    }
    if (find_live(s, y, item->source.uri) == NULL) {
        return s->rv == APR_SUCCESS ? 404 : 510;
    }
    if (is_root(s, y, item->target_parent)) {
        return 200;
    }
    sml_log(s->config, 5, 0, "device %s of account %s moved an item of %s to "
            "the folder \"%s\"; there are no folders here, so the item stays "
            "where it is", s->device->devid, s->state->user, y->name,
            item->target_parent);
    return 404;
}
