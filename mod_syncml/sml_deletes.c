/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The client's deletes: staged while its package comes, carried out when the
 * package is complete, so that a session that breaks off has deleted nothing.
 */
#include "mod_syncml/sml_conflict.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

/* Where the item's delete is staged. */
static void note_staged(sml_session_t *s, int index)
{
    const store_id_t *item =
        &APR_ARRAY_IDX(s->state->staged, index, sml_staged_t).item;

    /* Keys outlive the list, which moves as it grows. */
    apr_hash_set(s->staged, apr_pmemdup(s->p, item, sizeof(*item)),
                 sizeof(*item), (void *)(apr_uintptr_t)(index + 1));
}

/* @return the item's staged delete, or NULL */
static sml_staged_t *find_staged(sml_session_t *s, store_id_t item)
{
    apr_uintptr_t at;
    int i;

    if (s->staged == NULL) {
        s->staged = apr_hash_make(s->p);
        for (i = 0; i < s->state->staged->nelts; i++) {
            note_staged(s, i);
        }
    }
    at = (apr_uintptr_t)apr_hash_get(s->staged, &item, sizeof(item));
    if (at == 0) {
        return NULL;
    }
    return &APR_ARRAY_IDX(s->state->staged, at - 1, sml_staged_t);
}

static void note_change(sml_session_t *s, const sml_staged_t *d)
{
    sml_restage_t *r;

    if (s->atomic != NULL) {
        r = apr_array_push(s->atomic->journal);
        r->index = (int)(d - (sml_staged_t *)s->state->staged->elts);
        r->before = *d;
    }
}

void sml_staged_restore(sml_session_t *s, int nelts)
{
    apr_array_header_t *list = s->state->staged;
    apr_array_header_t *journal = s->atomic->journal;
    int i;

    for (i = journal->nelts - 1; i >= 0; i--) {
        const sml_restage_t *r = &APR_ARRAY_IDX(journal, i, sml_restage_t);

        APR_ARRAY_IDX(list, r->index, sml_staged_t) = r->before;
    }
    for (i = nelts; i < list->nelts; i++) {
        const store_id_t *item = &APR_ARRAY_IDX(list, i, sml_staged_t).item;

        apr_hash_set(s->staged, item, sizeof(*item), NULL);
    }
    list->nelts = nelts;
}

/* The item comes back although its delete is staged: no delete then. */
void sml_unstage(sml_session_t *s, store_id_t item)
{
    sml_staged_t *d = find_staged(s, item);

    if (d != NULL) {
        note_change(s, d);
        d->item = 0;
    }
}

int sml_is_staged(sml_session_t *s, store_id_t item)
{
    const sml_staged_t *d = find_staged(s, item);

    return d != NULL && d->item != 0 && !d->told;
}

static sml_staged_t *stage(sml_session_t *s, const sml_sync_t *y,
                           store_id_t item)
{
    sml_staged_t *d = find_staged(s, item);

    if (d == NULL) {
        if (s->state->staged->nelts >= SML_MAX_STAGED) {
            return NULL;
        }
        d = apr_array_push(s->state->staged);
        memset(d, 0, sizeof(*d));
        d->item = item;
        note_staged(s, s->state->staged->nelts - 1);
    }
    else {
        note_change(s, d);
    }
    d->sync = sml_sync_index(s, y);
    d->item = item;
    return d;
}

/* A client that died while it wrote its memory may say both, Add and Delete,
 * of what it has. */
void sml_vouch(sml_session_t *s, const sml_sync_t *y, store_id_t item)
{
    sml_staged_t *d = stage(s, y, item);

    if (d != NULL) {
        d->told = 1;
    }
}

/* @return 0 if there are too many */
int sml_stage(sml_session_t *s, const sml_sync_t *y, store_id_t item,
              store_id_t version, int archive)
{
    sml_staged_t *d = stage(s, y, item);

    if (d != NULL && d->told) {
        sml_log(s->config, 5, 0, "device %s deletes the item %"
                APR_INT64_T_FMT " in %s that it has just told as there; it is "
                "kept", s->device->devid, item, y->name);
    }
    else if (d != NULL) {
        d->archive = archive;
        d->version = version;
    }
    return d != NULL;
}

static int changed_meanwhile(const store_item_t *item, store_id_t version)
{
    return !item->deleted && item->change != version;
}

/* The device has no room for the item any more; others have, so it lives on.
 * It is not sent again until a slow sync or refresh, whatever becomes of it:
 * a change would find nothing there, and a new copy of it no room.
 * @return 423 if it is gone here, which the device then need not be told */
static int soft_delete(sml_session_t *s, const sml_sync_t *y,
                       const store_item_t *item, store_map_t *map)
{
    if (item->deleted) {
        s->rv = store_map_delete(s->tx, s->device->id, y->datastore,
                                 item->id);
        return 423;
    }
    map->soft = 1;
    map->retry = 0;
    s->rv = store_map_put(s->tx, map);
    return 200;
}

/* The server's side has changed it: the change wins, and is sent as a new
 * item, unless the policy says otherwise. */
static int erase_changed(sml_session_t *s, sml_sync_t *y,
                         const store_map_t *map, const store_item_t *old,
                         int archive)
{
    if (sml_policy(s, y).delete_wins) {
        sml_conflict_log(s, y, map->item, "", "deleted by the client, the "
                         "server's change is kept as a version");
        return sml_stage(s, y, map->item, map->version, archive) ? 208
                                                                 : 510;
    }
    sml_conflict_log(s, y, map->item, "", "deleted by the client, back by "
                     "the server's change");
    sml_come_back(y, old);
    s->rv = store_map_delete(s->tx, s->device->id, y->datastore, map->item);
    return 419;
}

int sml_erase(sml_session_t *s, sml_sync_t *y, const sml_command_t *c,
              const sml_item_t *item)
{
    store_map_t *map;
    store_item_t *old = NULL;

    s->rv = sml_find_map(s, y, SYNCML_DELETE, item->source.uri, item->target.uri,
                     &map);
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        return 211;
    }
    if (s->rv == APR_SUCCESS) {
        sml_atomic_paid(s, map->item);
        s->rv = store_item_get(s->tx, s->account, y->datastore, map->item,
                               &old);
    }
    if (s->rv != APR_SUCCESS || old == NULL) {
        return 510;
    }
    if (c->sftdel) {
        return sml_is_staged(s, old->id) ? 211
                                         : soft_delete(s, y, old, map);
    }
    if (changed_meanwhile(old, map->version)) {
        return erase_changed(s, y, map, old, c->archive);
    }
    return sml_stage(s, y, map->item, map->version, c->archive) ? 200 : 510;
}

/* Without a row the device has begun a slow sync since it said so: what it
 * knew counts then.
 * @param scratch  for the item, of which there may be very many */
static void delete_staged(sml_session_t *s, sml_sync_t *y,
                          const sml_staged_t *d, apr_pool_t *scratch)
{
    store_id_t version = d->version;
    store_map_t *map = NULL;
    store_item_t *old = NULL;

    s->rv = store_map_by_item(s->tx, s->device->id, d->item, y->datastore,
                              &map);
    if (s->rv == APR_SUCCESS) {
        version = map->version;
    }
    if (s->rv == APR_SUCCESS || s->rv == APR_NOTFOUND) {
        s->rv = store_item_get_into(s->tx, s->account, y->datastore,
                                    d->item, scratch, &old);
    }
    if (s->rv == APR_SUCCESS && changed_meanwhile(old, version)
        && !sml_policy(s, y).delete_wins) {
        sml_come_back(y, old);
    }
    else if (s->rv == APR_SUCCESS && !old->deleted) {
        s->rv = (d->archive ? store_item_archive : store_item_delete)
                (s->tx, s->account, y->datastore, d->item, s->device->id,
                 NULL);
    }
    if (s->rv == APR_SUCCESS) {
        s->rv = store_map_delete(s->tx, s->device->id, y->datastore,
                                 d->item);
    }
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;    /* the store has forgotten the item */
    }
}

void sml_receive_deletes(sml_session_t *s, sml_sync_t *y)
{
    apr_array_header_t *list = s->state->staged;
    apr_pool_t *scratch;
    int i, kept = 0;

    if (s->rv == APR_SUCCESS) {
        s->rv = apr_pool_create(&scratch, s->p);
    }
    if (s->rv != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < list->nelts && s->rv == APR_SUCCESS; i++) {
        sml_staged_t d = APR_ARRAY_IDX(list, i, sml_staged_t);

        if (d.sync != sml_sync_index(s, y)
            || (d.item != 0 && !sml_go_on(s))) {
            APR_ARRAY_IDX(list, kept++, sml_staged_t) = d;
        }
        else if (d.item != 0 && !d.told) {
            apr_pool_clear(scratch);
            delete_staged(s, y, &d, scratch);
        }
    }
    apr_pool_destroy(scratch);
    list->nelts = kept;
    s->staged = NULL;           /* they have moved */
}
