/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Slow sync: items of the same name that contradict each other, such as one
 * person with another telephone number on either side.  While the client's
 * items come, an equal one of that name may still be among them; so such an
 * item is added at first.  When all have come, and that name is there exactly
 * twice, once from either side, then the two are one, and in conflict.
 */
#include "mod_syncml/sml_conflict.h"

#include <apr_strings.h>

void sml_related_note(sml_session_t *s, const sml_sync_t *y,
                      store_id_t item)
{
    apr_array_header_t *list = s->state->related;
    sml_related_t *r;

    if (list->nelts < SML_MAX_RELATED) {
        r = apr_array_push(list);
        r->sync = sml_sync_index(s, y);
        r->item = item;
    }
}

typedef struct namesakes_t {
    store_id_t ids[3];
    int n;
} namesakes_t;

static apr_status_t on_namesake(void *baton, const store_item_t *item)
{
    namesakes_t *found = baton;

    found->ids[found->n++] = item->id;
    return found->n == 3 ? APR_EOF : APR_SUCCESS;
}

/* @return the item of ours, NULL: none, or there are more of that name */
static store_item_t *other_of(sml_session_t *s, const sml_sync_t *y,
                              const store_item_t *fresh)
{
    namesakes_t found = { { 0 }, 0 };
    store_item_t *other = NULL;
    store_map_t *map;
    store_id_t id;
    apr_status_t rv;

    s->rv = store_item_match(s->tx, s->account, y->datastore,
                             STORE_MATCH_NEAR, fresh->near_key, 0,
                             on_namesake, &found);
    if (s->rv != APR_SUCCESS || found.n != 2) {
        return NULL;
    }
    id = found.ids[found.ids[0] == fresh->id];
    rv = store_map_by_item(s->tx, s->device->id, id, y->datastore, &map);
    if (rv == APR_NOTFOUND) {
        rv = store_item_get(s->tx, s->account, y->datastore, id, &other);
        s->rv = rv;
        return rv == APR_SUCCESS ? other : NULL;
    }
    s->rv = rv;
    return NULL;                /* the device has it under another LUID */
}

static void settle(sml_session_t *s, sml_sync_t *y, store_id_t id)
{
    store_item_t *fresh, *other;
    store_map_t *map;

    s->rv = store_map_by_item(s->tx, s->device->id, id, y->datastore, &map);
    if (s->rv == APR_SUCCESS) {
        s->rv = store_item_get(s->tx, s->account, y->datastore, id, &fresh);
    }
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;    /* taken back meanwhile */
        return;
    }
    if (s->rv != APR_SUCCESS || fresh->deleted || map->luid == NULL
        || fresh->near_key == 0 || fresh->change != map->version) {
        return;
    }
    other = other_of(s, y, fresh);
    if (other != NULL
        && item_likeness(other->type, other->data, other->len, fresh->type,
                         fresh->data, fresh->len, s->p) >= ITEM_RELATED
        && sml_same_name(other, fresh, s->p)) {
        sml_apply_related(s, y, apr_pstrdup(s->p, map->luid), fresh, other);
    }
}

void sml_related_settle(sml_session_t *s, sml_sync_t *y)
{
    apr_array_header_t *list = s->state->related;
    int i, kept = 0, both = sml_policy(s, y).policy == SML_POLICY_BOTH;

    for (i = 0; i < list->nelts && s->rv == APR_SUCCESS; i++) {
        sml_related_t r = APR_ARRAY_IDX(list, i, sml_related_t);

        if (r.sync == sml_sync_index(s, y) && both) {
            continue;
        }
        if (r.sync == sml_sync_index(s, y) && sml_go_on(s)) {
            settle(s, y, r.item);
            continue;
        }
        APR_ARRAY_IDX(list, kept++, sml_related_t) = r;
    }
    list->nelts = kept;
}
