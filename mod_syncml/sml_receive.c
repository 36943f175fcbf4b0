/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The client's modifications.  Each may come twice (a lost answer, an older
 * anchor), so an Add of a LUID that is mapped already is taken as a Replace,
 * a Replace of an unknown one as an Add, and equal text changes nothing.
 *
 * Both sides changed the same item: the client's text is taken (208), the
 * server's stays in the store as a version; against a delete the change
 * wins, whichever side it is on.  The text that the device is known to have
 * is no change, though: what comes again must not undo what others did since.
 */
#include "mod_syncml/sml_session.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

/* One Add or Replace, ready to be applied. */
typedef struct change_t {
    int tag;
    const char *luid;
    const char *guid;           /* Target, if the client gave one */
    store_item_t item;
    item_keys_t keys;
} change_t;

static void count(sml_sync_t *y, int tag, int code)
{
    int which = code >= 300 ? 3 : tag == SYNCML_ADD ? 0
              : tag == SYNCML_REPLACE ? 1 : 2;

    if (code != 211) {
        y->received[which]++;
    }
}

static int sync_index(const sml_session_t *s, const sml_sync_t *y)
{
    return (int)(y - (sml_sync_t *)s->state->syncs->elts);
}

/* ---- finding the item --------------------------------------------------- */

/* The device's row for a LUID.  A client that uses our GUID as its own id
 * sends no Map for it; the row that waits for one is then meant, but not by
 * an Add: a new item's LUID may look like any GUID. */
static apr_status_t find_map(sml_session_t *s, const sml_sync_t *y, int tag,
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
    store_map_t map;

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

static int add(sml_session_t *s, sml_sync_t *y, change_t *c)
{
    s->rv = store_item_add(s->tx, s->account, &c->item);
    if (s->rv == APR_SUCCESS) {
        s->rv = put_map(s, y, c->luid, &c->item);
    }
    return 201;
}

/* What somebody else made of the item is sent to this device, even where it
 * was offered that before and refused it. */
static void come_back(sml_sync_t *y, const store_item_t *item)
{
    if (y->seen >= item->change) {
        y->seen = item->change - 1;
    }
}

/* Is it the text that the device has of us, or had told us: a modification
 * that comes again because our answer was lost? */
static int is_again(sml_session_t *s, const sml_sync_t *y, const change_t *c,
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

/* The item exists; @p version is the one that the device knew, 0: none. */
static int update(sml_session_t *s, sml_sync_t *y, change_t *c,
                  store_item_t *old, store_id_t version)
{
    int conflict = version != 0 && version != old->change;
    int code = c->tag == SYNCML_ADD ? 201 : 200;

    c->item.id = old->id;
    if (conflict && is_again(s, y, c, old, version)) {
        come_back(y, old);
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
             || (version == 0 && sml_sync_is_slow(y)
                 && old->key == c->item.key)) {
        /* In a slow sync an equal item is no edit. */
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

/* The item comes back although its delete is staged: no delete then. */
static void unstage(sml_session_t *s, store_id_t item)
{
    sml_staged_t *d = find_staged(s, item);

    if (d != NULL) {
        d->item = 0;
    }
}

/* @return 0 if there are too many */
static int stage(sml_session_t *s, const sml_sync_t *y, store_id_t item)
{
    sml_staged_t *d = find_staged(s, item);

    if (d == NULL) {
        if (s->state->staged->nelts >= SML_MAX_STAGED) {
            return 0;
        }
        d = apr_array_push(s->state->staged);
        d->item = item;
        note_staged(s, s->state->staged->nelts - 1);
    }
    d->sync = sync_index(s, y);
    d->item = item;
    return 1;
}

static int apply(sml_session_t *s, sml_sync_t *y, change_t *c)
{
    store_map_t *map;
    store_item_t *old = NULL;
    store_id_t version = 0;

    s->rv = find_map(s, y, c->tag, c->luid, c->guid, &map);
    if (s->rv == APR_SUCCESS) {
        version = map->version;
        unstage(s, map->item);
        s->rv = store_item_get(s->tx, s->account, y->datastore, map->item,
                               &old);
    }
    else if (s->rv == APR_NOTFOUND && !y->alone
             && sml_sync_is_slow(y)) {
        s->rv = sml_match(s, y, &c->item, &old);
    }
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        old = NULL;
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    return old ? update(s, y, c, old, version) : add(s, y, c);
}

/* ---- from the wire ------------------------------------------------------ */

/* @return a status code for a refusal, 0 if it is an item of this place */
static int recognise(sml_session_t *s, const sml_sync_t *y, change_t *c,
                     const char *type)
{
    const sml_datastore_conf_t *d = sml_datastore_lookup(s->config, y->name);
    apr_status_t rv;

    if (c->item.len > s->config->max_obj_size) {
        return 413;
    }
    rv = item_keys(&c->keys, type ? type : d->type, c->item.data,
                   c->item.len, s->p);
    if (rv == ITEM_ELIMIT) {
        return 413;
    }
    if (rv == ITEM_ETYPE || (rv == APR_SUCCESS && c->keys.kind != d->kind)) {
        return 415;
    }
    if (rv != APR_SUCCESS) {
        return 400;
    }
    c->item.type = item_kind_type(c->keys.kind);
    c->item.key = c->keys.key;
    c->item.uid_key = c->keys.uid_key;
    c->item.datastore = y->datastore;
    c->item.origin = s->device->id;
    return 0;
}

/* apr's decoder ends at the first octet that is no digit, so white space
 * goes first.  @return 0 if it is not base64 */
static int decode_b64(change_t *c, apr_pool_t *p)
{
    char *text = apr_palloc(p, c->item.len + 1), *out;
    apr_size_t i, n = 0, digits = 0;

    for (i = 0; i < c->item.len; i++) {
        char x = c->item.data[i];

        if (x == ' ' || x == '\t' || x == '\r' || x == '\n') {
            continue;
        }
        if (x != '=' && digits == n
            && (apr_isalnum(x) || x == '+' || x == '/')) {
            digits++;
        }
        else if (x != '=' || n - digits == 2) {
            return 0;
        }
        text[n++] = x;
    }
    if (digits % 4 == 1) {
        return 0;
    }
    text[digits] = '\0';
    out = apr_palloc(p, (apr_size_t)apr_base64_decode_len(text) + 1);
    c->item.len = (apr_size_t)apr_base64_decode(out, text);
    c->item.data = out;
    return 1;
}

/* Put a piece to those before; room for twice as much each time, so that
 * many small ones cost no more than they bring. */
static void append_piece(sml_session_t *s, sml_object_t *o,
                         const sml_item_t *item)
{
    char *whole;

    if (o->len + item->len + 1 > o->room) {
        o->room = 2 * (o->len + item->len + 1);
        whole = apr_palloc(s->p, o->room);
        memcpy(whole, o->data, o->len);
        o->data = whole;
    }
    whole = (char *)(apr_uintptr_t)o->data;
    memcpy(whole + o->len, item->data, item->len);
    o->len += item->len;
    whole[o->len] = '\0';
}

/* A piece that is not the last. */
static int take_piece(sml_session_t *s, const sml_sync_t *y,
                      const sml_command_t *c, const sml_item_t *item)
{
    sml_object_t *o = s->state->incoming;
    long size = sml_number(SML_META(item, c, size));

    if (o == NULL) {
        if (size < 0) {
            return 411;         /* the first piece has to say the size */
        }
        if ((apr_size_t)size > s->config->max_obj_size) {
            return 416;
        }
        o = s->state->incoming = apr_pcalloc(s->p, sizeof(*o));
        o->sync = sync_index(s, y);
        o->tag = c->tag;
        o->luid = item->source.uri;
        o->type = SML_META(item, c, type);
        o->size = (apr_size_t)size;
        o->data = "";
    }
    if (o->len + item->len > o->size) {
        s->state->incoming = NULL;
        return 424;
    }
    append_piece(s, o, item);
    return 213;
}

/* Put the last piece to those before. @return a status code or 0 */
static int join_pieces(sml_session_t *s, change_t *c,
                       const sml_item_t *last, const char **type)
{
    sml_object_t *o = s->state->incoming;

    append_piece(s, o, last);
    c->item.len = o->len;
    c->item.data = o->data;
    if (*type == NULL) {
        *type = o->type;
    }
    s->state->incoming = NULL;
    return c->item.len == o->size ? 0 : 424;
}

static int same_object(const sml_session_t *s, const sml_sync_t *y,
                       const sml_command_t *c, const sml_item_t *item)
{
    const sml_object_t *o = s->state->incoming;

    return o != NULL && o->sync == sync_index(s, y) && o->tag == c->tag
        && item->source.uri != NULL && strcmp(o->luid, item->source.uri) == 0;
}

void sml_receive_no_end(sml_session_t *s)
{
    if (s->state->incoming == NULL) {
        return;
    }
    sml_log(s->config, 5, 0, "device %s: an item in pieces was not finished; "
            "what had come of it is dropped", s->device->devid);
    s->state->no_end = s->state->incoming->luid;
    s->state->incoming = NULL;
}

static int modify(sml_session_t *s, sml_sync_t *y, const sml_command_t *c,
                  const sml_item_t *item)
{
    const char *type = SML_META(item, c, type);
    const char *format = SML_META(item, c, format);
    change_t change;
    int code;

    if (item->data == NULL) {
        return 400;
    }
    if (s->state->incoming != NULL && !same_object(s, y, c, item)) {
        sml_receive_no_end(s);
    }
    if (item->more) {
        return take_piece(s, y, c, item);
    }
    memset(&change, 0, sizeof(change));
    change.tag = c->tag;
    change.luid = item->source.uri;
    change.guid = item->target.uri;
    change.item.data = item->data;
    change.item.len = item->len;
    if (s->state->incoming != NULL
        && (code = join_pieces(s, &change, item, &type)) != 0) {
        return code;
    }
    if (format != NULL && strcasecmp(format, "b64") == 0
        && !decode_b64(&change, s->p)) {
        return 400;
    }
    code = recognise(s, y, &change, type);
    return code ? code : apply(s, y, &change);
}

/* ---- deletes ------------------------------------------------------------ */

static int changed_meanwhile(const store_item_t *item,
                             const store_map_t *map)
{
    return !item->deleted && item->change != map->version;
}

static int erase(sml_session_t *s, sml_sync_t *y, const sml_item_t *item)
{
    store_map_t *map;
    store_item_t *old = NULL;

    s->rv = find_map(s, y, SYNCML_DELETE, item->source.uri, item->target.uri,
                     &map);
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        return 211;
    }
    if (s->rv == APR_SUCCESS) {
        s->rv = store_item_get(s->tx, s->account, y->datastore, map->item,
                               &old);
    }
    if (s->rv != APR_SUCCESS || old == NULL) {
        return 510;
    }
    if (changed_meanwhile(old, map)) {
        /* Change wins over delete: it is sent as a new item. */
        come_back(y, old);
        s->rv = store_map_delete(s->tx, s->device->id, y->datastore,
                                 map->item);
        return 419;
    }
    return stage(s, y, map->item) ? 200 : 510;
}

static void delete_staged(sml_session_t *s, sml_sync_t *y,
                          store_id_t item)
{
    store_map_t *map = NULL;
    store_item_t *old = NULL;

    s->rv = store_map_by_item(s->tx, s->device->id, item, y->datastore,
                              &map);
    if (s->rv == APR_SUCCESS) {
        s->rv = store_item_get(s->tx, s->account, y->datastore, item, &old);
    }
    if (s->rv == APR_SUCCESS && changed_meanwhile(old, map)) {
        come_back(y, old);
    }
    else if (s->rv == APR_SUCCESS && !old->deleted) {
        s->rv = store_item_delete(s->tx, s->account, y->datastore, item,
                                  s->device->id, NULL);
    }
    if (s->rv == APR_SUCCESS) {
        s->rv = store_map_delete(s->tx, s->device->id, y->datastore, item);
    }
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;    /* the same LUID was deleted twice */
    }
}

void sml_receive_deletes(sml_session_t *s, sml_sync_t *y)
{
    apr_array_header_t *list = s->state->staged;
    int i, kept = 0;

    for (i = 0; i < list->nelts && s->rv == APR_SUCCESS; i++) {
        sml_staged_t d = APR_ARRAY_IDX(list, i, sml_staged_t);

        if (d.sync != sync_index(s, y)) {
            APR_ARRAY_IDX(list, kept++, sml_staged_t) = d;
        }
        else if (d.item != 0) {
            delete_staged(s, y, d.item);
        }
    }
    list->nelts = kept;
    s->staged = NULL;           /* they have moved */
}

/* ---- commands ----------------------------------------------------------- */

static int one_item(sml_session_t *s, sml_sync_t *y, const sml_command_t *c,
                    const sml_item_t *item)
{
    int code;

    if (y->failed) {
        return y->failed;
    }
    if (!sml_sync_from_client(y)) {
        return 405;             /* this sync goes the other way */
    }
    if (item->source.uri == NULL || *item->source.uri == '\0'
        || strlen(item->source.uri) > STORE_MAX_LUID) {
        return 400;
    }
    switch (c->tag) {
    case SYNCML_ADD:
    case SYNCML_REPLACE:
        return modify(s, y, c, item);
    case SYNCML_DELETE:
        if (c->sftdel) {
            return 406;
        }
        code = erase(s, y, item);
        /* The text is kept for a time only: that is no archive. */
        return code == 200 && c->archive ? 210 : code;
    default:
        return 501;
    }
}

static void one_command(sml_session_t *s, sml_sync_t *y,
                        const sml_command_t *c, int depth);

static void children(sml_session_t *s, sml_sync_t *y, const sml_command_t *c,
                     int depth)
{
    int i;

    for (i = 0; i < c->commands->nelts && s->rv == APR_SUCCESS; i++) {
        one_command(s, y, APR_ARRAY_IDX(c->commands, i, sml_command_t *),
                    depth);
    }
}

static void one_command(sml_session_t *s, sml_sync_t *y,
                        const sml_command_t *c, int depth)
{
    int i, code;

    if (c->tag == SYNCML_SEQUENCE && depth < SML_MAX_NESTING) {
        sml_status(s, c, 200, NULL, NULL);
        children(s, y, c, depth + 1);
        return;
    }
    if (c->commands != NULL) {
        /* Atomic, and Sync inside Sync: refused whole, nothing is done. */
        sml_status(s, c, c->tag == SYNCML_ATOMIC ? 501 : 400, NULL, NULL);
        return;
    }
    if (c->items->nelts == 0) {
        sml_status(s, c, 400, NULL, NULL);
    }
    for (i = 0; i < c->items->nelts && s->rv == APR_SUCCESS; i++) {
        const sml_item_t *item = &APR_ARRAY_IDX(c->items, i, sml_item_t);

        code = one_item(s, y, c, item);
        if (code != 213) {
            count(y, c->tag, code);
        }
        sml_status(s, c, code, item->target.uri, item->source.uri);
    }
}

static void refuse(sml_session_t *s, const sml_command_t *c, int code)
{
    int i, j;

    sml_status(s, c, code, c->target.uri, c->source.uri);
    for (i = 0; i < c->commands->nelts; i++) {
        const sml_command_t *child =
            APR_ARRAY_IDX(c->commands, i, sml_command_t *);

        if (child->items->nelts == 0) {
            sml_status(s, child, code, NULL, NULL);
        }
        for (j = 0; j < child->items->nelts; j++) {
            const sml_item_t *item =
                &APR_ARRAY_IDX(child->items, j, sml_item_t);

            sml_status(s, child, code, item->target.uri, item->source.uri);
        }
    }
}

void sml_receive(sml_session_t *s, const sml_command_t *c)
{
    sml_sync_t *y = sml_sync_find(s, &c->target, &c->source);
    store_datastore_t *ds;

    if (y == NULL) {
        const char *path = c->target.uri && *c->target.uri ? c->target.uri
                                                           : c->source.uri;

        /* 412: the Alert that has to come first did not come. */
        refuse(s, c, sml_datastore_lookup(s->config, path) ? 412 : 404);
        return;
    }
    if (y->failed || y->client_ended) {
        refuse(s, c, y->failed ? y->failed : 412);
        return;
    }
    if (y->alert_pending && y->code != y->asked) {
        /* It cannot know yet that all is wanted: these are only changes. */
        refuse(s, c, 508);
        return;
    }
    sml_sync_begin(s, y);
    if (s->rv != APR_SUCCESS) {
        return;
    }
    sml_status(s, c, 200, c->target.uri, c->source.uri);
    s->rv = store_datastore_open(s->tx, s->account, y->name, &ds);
    if (s->rv != APR_SUCCESS) {
        return;
    }
    y->alone = y->alone && ds->change == y->left_at;
    children(s, y, c, 0);
    if (s->rv == APR_SUCCESS) {
        s->rv = store_datastore_open(s->tx, s->account, y->name, &ds);
        y->left_at = ds ? ds->change : 0;
    }
}
