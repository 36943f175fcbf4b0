/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Devices that may only read a datastore, or only send to it.
 *
 * What a read-only device changes is answered as if it had been taken, and
 * rolled back on the device in the same session: its owner then sees what is
 * true, where a refusal would leave a device showing what nobody else has and
 * trying again for ever.  The texts are kept like those of deleted items.
 */
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_occurrences.h"

#include <string.h>

#include <apr_strings.h>

/* ---- which access ------------------------------------------------------- */

/* @return 0 if the device has no such setting */
static int setting(sml_session_t *s, const char *name, sml_access_e *access)
{
    const char *value;
    apr_status_t rv;

    if (name == NULL) {
        return 0;
    }
    rv = store_device_setting_get(s->tx, s->device->id,
                                  apr_pstrcat(s->p, "access.", name, NULL),
                                  &value);
    if (rv != APR_SUCCESS) {
        s->rv = rv == APR_NOTFOUND ? s->rv : rv;
        return 0;
    }
    if (!sml_access_parse(value, access)) {
        sml_log(s->config, 4, 0, "device %s of account %s: its setting "
                "access.%s is \"%s\", but full, read-only or send-only are "
                "known; read-only is taken", s->device->devid, s->state->user,
                name, value);
        *access = SML_ACCESS_READ_ONLY;
    }
    return 1;
}

sml_access_e sml_access_of(sml_session_t *s, const char *name,
                           const char *combined)
{
    const sml_datastore_conf_t *d = sml_datastore_lookup(s->config, name);
    sml_access_e access = d ? d->access : SML_ACCESS_FULL;

    if (!setting(s, name, &access)
        && (d == NULL || strcmp(d->name, name) == 0
            || !setting(s, d->name, &access))) {
        setting(s, combined, &access);
    }
    return access;
}

int sml_access_forbids(sml_session_t *s, sml_access_e access, int code,
                       const char *name)
{
    if ((access != SML_ACCESS_READ_ONLY || (code != 202 && code != 203))
        && (access != SML_ACCESS_SEND_ONLY || (code != 204 && code != 205))) {
        return 0;
    }
    sml_log(s->config, 4, 0, "device %s of account %s is %s for %s: its %s "
            "sync was refused; choose another kind of sync on it, or allow "
            "it by `syncmlctl device set %s --access %s=full'",
            s->device->devid, s->state->user, sml_access_name(access), name,
            sml_sync_name(code), s->device->devid, name);
    return 1;
}

/* ---- rolling back ------------------------------------------------------- */

static apr_status_t put_map(sml_session_t *s, const sml_sync_t *y,
                            store_id_t item, const char *luid,
                            store_id_t version, int retry)
{
    store_map_t map = { 0 };

    map.device = s->device->id;
    map.datastore = y->datastore;
    map.item = item;
    map.luid = luid;
    map.version = version;
    map.retry = retry;
    return store_map_put(s->tx, &map);
}

/* A new item of the device's: one that is deleted at once, so that the device
 * is told so. */
static void bury(sml_session_t *s, sml_sync_t *y, sml_change_t *c)
{
    s->rv = store_item_add(s->tx, s->account, &c->item);
    if (s->rv == APR_SUCCESS) {
        s->rv = put_map(s, y, c->item.id, c->luid, c->item.change, 0);
    }
    if (s->rv == APR_SUCCESS) {
        s->rv = store_item_delete(s->tx, s->account, y->datastore, c->item.id,
                                  s->device->id, NULL);
    }
    y->undone++;
}

static int same_text(const store_item_t *a, const store_item_t *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* Is it ours, in the device's own words? */
static int is_echo(sml_session_t *s, sml_sync_t *y, sml_change_t *c,
                   const store_item_t *old)
{
    const char *data;
    apr_size_t len;

    sml_form_import_like(s, y, c, old);
    sml_projection(s, y, old, &data, &len);
    return item_equal(old->type, data, len, c->item.type, c->item.data,
                      c->item.len, s->p);
}

int sml_undo_change(sml_session_t *s, sml_sync_t *y, sml_change_t *c)
{
    int code = c->tag == SYNCML_ADD ? 201 : 200;
    store_item_t *old = NULL;
    store_id_t version = 0;
    store_map_t *map;

    s->rv = sml_find_map(s, y, c->tag, c->luid, c->guid, &map);
    if (s->rv == APR_SUCCESS) {
        version = map->version;
        s->rv = store_item_get(s->tx, s->account, y->datastore, map->item,
                               &old);
    }
    else if (s->rv == APR_NOTFOUND && sml_sync_is_slow(y)) {
        s->rv = sml_occurrences_slow(s, &y, c, &old, &version);
    }
    if (s->rv != APR_SUCCESS && s->rv != APR_NOTFOUND) {
        return 510;
    }
    if (old == NULL) {
        bury(s, y, c);
    }
    else if (!old->deleted) {
        int same = old->key == c->item.key || same_text(old, &c->item)
                || (c->raw_type != NULL && is_echo(s, y, c, old));

        /* Else ours goes there again. */
        s->rv = put_map(s, y, old->id, c->luid, same ? old->change : 0,
                        !same);
        y->undone += !same;
    }
    else {
        /* Deleted here: with a row of its own it goes from the device. */
        s->rv = put_map(s, y, old->id, c->luid,
                        version ? version : old->change, 0);
    }
    return s->rv == APR_SUCCESS ? code : 510;
}

int sml_undo_delete(sml_session_t *s, sml_sync_t *y, const sml_item_t *item)
{
    store_map_t *map;

    s->rv = sml_find_map(s, y, SYNCML_DELETE, item->source.uri,
                         item->target.uri, &map);
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        return 211;
    }
    if (s->rv == APR_SUCCESS) {
        /* Without a LUID it is added again. */
        s->rv = put_map(s, y, map->item, NULL, 0, 1);
        y->undone++;
    }
    return s->rv == APR_SUCCESS ? 200 : 510;
}

void sml_undo_log(sml_session_t *s, const sml_sync_t *y)
{
    if (y->undone > 0) {
        sml_log(s->config, 5, 0, "device %s of account %s may only read %s: "
                "%u changes of it were not taken and are rolled back on it; "
                "the texts of new items are kept for a time (`syncmlctl item "
                "get --deleted'); `syncmlctl device set %s --access %s=full' "
                "would allow them", s->device->devid, s->state->user,
                y->name, y->undone, s->device->devid, y->name);
    }
}
