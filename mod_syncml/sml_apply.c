/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * One modification of the client, applied.  Each may come twice (a lost
 * answer, an older anchor), so an Add of a LUID that is mapped already is
 * taken as a Replace, a Replace of an unknown one as an Add, and equal text
 * changes nothing.
 *
 * Both sides changed the same item: the client's text is taken (208), the
 * server's stays in the store as a version; against a delete the change
 * wins, whichever side it is on.  The text that the device is known to have
 * is no change, though: what comes again must not undo what others did since.
 */
#include "mod_syncml/sml_receive.h"

#include <string.h>

#include <apr_strings.h>

/* ---- finding the item --------------------------------------------------- */

/* The device's row for a LUID.  A client that uses our GUID as its own id
 * sends no Map for it; the row that waits for one is then meant, but not by
 * an Add: a new item's LUID may look like any GUID. */
apr_status_t sml_find_map(sml_session_t *s, const sml_sync_t *y, int tag,
                             const char *luid, const char *guid,
                             store_map_t **map)
{
    store_id_t item;
    apr_status_t rv = store_map_by_luid(s->tx, s->device->id, y->datastore,
                                        luid, map);

    if (rv != APR_NOTFOUND || tag == SYNCML_ADD) {
        return rv;
    }
    item = store_guid_parse(guid && *guid ? guid : luid);
    if (item == 0 || sml_sync_is_slow(y)) {
        return APR_NOTFOUND;    /* those begin by forgetting all rows */
    }
    rv = store_map_by_item(s->tx, s->device->id, item, y->datastore, map);
    if (rv == APR_SUCCESS && (*map)->luid != NULL) {
        *map = NULL;
        return APR_NOTFOUND;
    }
    return rv;
}

static apr_status_t put_map(sml_session_t *s, const sml_sync_t *y,
                            const char *luid, const store_item_t *item)
{
    store_map_t map = { 0 };

    map.device = s->device->id;
    map.datastore = y->datastore;
    map.item = item->id;
    map.luid = luid;
    map.version = item->change;
    map.retry = 0;
    return store_map_put(s->tx, &map);
}

/* ---- applying ----------------------------------------------------------- */

static int same_text(const store_item_t *a, const store_item_t *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static int add(sml_session_t *s, sml_sync_t *y, sml_change_t *c)
{
    s->rv = store_item_add(s->tx, s->account, &c->item);
    if (s->rv == APR_SUCCESS) {
        s->rv = put_map(s, y, c->luid, &c->item);
    }
    return 201;
}

/* What somebody else made of the item is sent to this device, even where it
 * was offered that before and refused it. */
void sml_come_back(sml_sync_t *y, const store_item_t *item)
{
    if (y->seen >= item->change) {
        y->seen = item->change - 1;
    }
}

/* Is it the text that the device has of us, or had told us: a modification
 * that comes again because our answer was lost? */
static int is_again(sml_session_t *s, const sml_sync_t *y, const sml_change_t *c,
                    const store_item_t *old, store_id_t version)
{
    store_item_t *base;
    apr_status_t rv = store_item_version(s->tx, s->account, y->datastore,
                                         old->id, version, &base);

    if (rv == APR_NOTFOUND) {
        /* A delete keeps the text, but under its own change. */
        return old->deleted && same_text(old, &c->item);
    }
    s->rv = rv;
    return rv == APR_SUCCESS && same_text(base, &c->item);
}

/* The item exists; @p version is the one that the device knew, 0: none, it was
 * perhaps @p matched by its content. */
static int update(sml_session_t *s, sml_sync_t *y, sml_change_t *c,
                  store_item_t *old, store_id_t version, int matched)
{
    int conflict = version != 0 && version != old->change;
    int code = c->tag == SYNCML_ADD ? 201 : 200;

    c->item.id = old->id;
    if (conflict && is_again(s, y, c, old, version)) {
        sml_come_back(y, old);
        return code;
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    if (old->deleted) {
        s->rv = store_item_restore(s->tx, s->account, &c->item);
        conflict = 1;
    }
    else if (same_text(old, &c->item)
             || (matched && old->key == c->item.key)) {
        /* An equal item is no edit. */
        c->item.change = old->change;
        conflict = 0;
    }
    else {
        s->rv = store_item_update(s->tx, s->account, &c->item);
    }
    if (s->rv == APR_SUCCESS) {
        s->rv = put_map(s, y, c->luid, &c->item);
    }
    if (conflict) {
        sml_log(s->config, 6, 0, "conflict account=%s device=%s "
                "datastore=%s item=%" APR_INT64_T_FMT ": %s on the server "
                "meanwhile, the client's text was taken", s->state->user,
                s->device->devid, y->name, old->id,
                old->deleted ? "deleted" : "changed");
        return 208;
    }
    return code;
}

/* A device that died after it took our Add has no memory of it: in the next
 * sync it tells the item as one of its own, while we, who had no Status, would
 * send it again.  So an equal item that it is still to be sent is meant. */
static apr_status_t match_unsent(sml_session_t *s, const sml_sync_t *y,
                                 sml_change_t *c, store_item_t **old)
{
    apr_status_t rv;

    if (c->tag != SYNCML_ADD || y->code != 200) {
        return APR_NOTFOUND;
    }
    rv = sml_match_equal(s, y, &c->item, old);
    if (rv == APR_SUCCESS && *old != NULL && (*old)->change <= y->seen) {
        *old = NULL;
    }
    return rv;
}

int sml_apply(sml_session_t *s, sml_sync_t *y, sml_change_t *c)
{
    store_map_t *map;
    store_item_t *old = NULL;
    store_id_t version = 0;
    int matched = 0;

    s->rv = sml_find_map(s, y, c->tag, c->luid, c->guid, &map);
    if (s->rv == APR_SUCCESS) {
        version = map->version;
        if (c->tag == SYNCML_ADD && !sml_sync_is_slow(y)) {
            sml_vouch(s, y, map->item);
        }
        else {
            sml_unstage(s, map->item);
        }
        s->rv = store_item_get(s->tx, s->account, y->datastore, map->item,
                               &old);
    }
    else if (s->rv == APR_NOTFOUND && !y->alone) {
        matched = 1;
        s->rv = sml_sync_is_slow(y) ? sml_match(s, y, &c->item, &old)
                                    : match_unsent(s, y, c, &old);
    }
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        old = NULL;
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    return old ? update(s, y, c, old, version, matched) : add(s, y, c);
}
