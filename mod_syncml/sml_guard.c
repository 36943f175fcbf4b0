/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Deletes: a device that has lost its memory says that all is gone.  They are
 * staged until its package ends anyway (sml_deletes.c), so the numbers are
 * known before anything happens.
 *
 * Doubles: a device that has forgotten the LUIDs of its items sends all of
 * them again as new ones.  Each is looked for among those that the device has
 * already; what is doubled is remembered by ranges of item ids, which are
 * given out in order, and deleted again when it was too much.
 */
#include "mod_syncml/sml_guard.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

/* Candidates compared for one Add. */
#define DOUBLE_LOOKS 4

static const char *note_name(const char *datastore, apr_pool_t *p)
{
    return apr_pstrcat(p, "guard.", datastore, NULL);
}

static const char *pass_name(const char *datastore, apr_pool_t *p)
{
    return apr_pstrcat(p, "guard-pass.", datastore, NULL);
}

static int too_many(const sml_session_t *s, apr_int64_t n, apr_int64_t of,
                    int percent)
{
    const sml_guard_conf_t *g = &s->config->guard;

    return g->action != SML_GUARD_OFF && percent < 100 && n > g->least
        && n * 100 > of * percent;
}

/* The administrator lets this one through: to its end, which may be several
 * answers away. */
static int has_pass(sml_session_t *s, sml_sync_t *y)
{
    const char *name = pass_name(y->name, s->p), *value;
    apr_status_t rv = store_device_setting_get(s->tx, s->device->id, name,
                                               &value);

    if (rv == APR_NOTFOUND) {
        return 0;
    }
    y->passed = 1;
    if (rv == APR_SUCCESS) {
        rv = store_device_setting_set(s->tx, s->device->id, name, NULL);
    }
    s->rv = rv;
    sml_log(s->config, 5, 0, "guard account=%s device=%s datastore=%s: let "
            "through this once, as the administrator has said",
            s->state->user, s->device->devid, y->name);
    return rv == APR_SUCCESS;
}

static void write_note(sml_session_t *s, const sml_sync_t *y,
                       const char *what, apr_int64_t n, apr_int64_t of,
                       const char *ids)
{
    if (s->rv == APR_SUCCESS) {
        s->rv = store_device_setting_set(s->tx, s->device->id,
            note_name(y->name, s->p),
            apr_psprintf(s->p, "%s %" APR_INT64_T_FMT " %" APR_INT64_T_FMT
                         " %" APR_INT64_T_FMT " %s", what,
                         (apr_int64_t)apr_time_sec(s->now), n, of, ids));
    }
}

static apr_int64_t live_items(sml_session_t *s, const sml_sync_t *y)
{
    store_datastore_t *ds;

    s->rv = store_datastore_open(s->tx, s->account, y->name, &ds);
    return s->rv == APR_SUCCESS ? ds->items : 0;
}

static void warn(sml_session_t *s, const sml_sync_t *y, const char *what,
                 apr_int64_t n, apr_int64_t of, const char *done)
{
    sml_log(s->config, 4, 0, "guard account=%s device=%s datastore=%s: it %s "
            "%" APR_INT64_T_FMT " of %" APR_INT64_T_FMT " items. %s If that "
            "was meant: syncmlctl guard release --account %s %s %s",
            s->state->user, s->device->devid, y->name, what, n, of, done,
            s->state->user, s->device->devid, y->name);
}

/* The datastore takes no further part in the session, and its next sync is a
 * slow one. */
static void stop(sml_session_t *s, sml_sync_t *y, int code)
{
    if (s->rv == APR_SUCCESS) {
        sml_sync_forget(s, y);
    }
    y->failed = code;
}

/* ---- doubles ------------------------------------------------------------- */

typedef struct twin_t {
    sml_session_t *s;
    const sml_sync_t *y;
    const sml_change_t *c;
    int looks, found;
} twin_t;

static apr_status_t on_twin(void *baton, const store_item_t *item)
{
    twin_t *t = baton;
    const store_item_t *mine = &t->c->item;
    store_map_t *map;
    apr_status_t rv;

    if (item_likeness(item->type, item->data, item->len, mine->type,
                      mine->data, mine->len, t->s->p) >= ITEM_NEAR
        && sml_same_name(item, mine, t->s->p)) {
        rv = store_map_by_item(t->s->tx, t->s->device->id, item->id,
                               t->y->datastore, &map);
        if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
            return rv;
        }
        t->found = rv == APR_SUCCESS && map->luid != NULL
            && strcmp(map->luid, t->c->luid) != 0;
    }
    return t->found || ++t->looks == DOUBLE_LOOKS ? APR_EOF : APR_SUCCESS;
}

static int is_double(sml_session_t *s, const sml_sync_t *y,
                     const sml_change_t *c)
{
    twin_t t = { s, y, c, 0, 0 };

    s->rv = store_item_match(s->tx, s->account, y->datastore,
                             STORE_MATCH_KEY, c->item.key, 0, on_twin, &t);
    if (s->rv == APR_SUCCESS && !t.found && c->item.near_key != 0) {
        t.looks = 0;
        s->rv = store_item_match(s->tx, s->account, y->datastore,
                                 STORE_MATCH_NEAR, c->item.near_key, 0,
                                 on_twin, &t);
    }
    return t.found;
}

static void take_back_item(sml_session_t *s, const sml_sync_t *y,
                           store_id_t item, apr_pool_t *scratch)
{
    store_map_t *map = NULL;
    store_item_t *it = NULL;

    s->rv = store_map_by_item(s->tx, s->device->id, item, y->datastore,
                              &map);
    if (s->rv == APR_SUCCESS) {
        s->rv = store_item_get_into(s->tx, s->account, y->datastore, item,
                                    scratch, &it);
    }
    if (s->rv == APR_SUCCESS && !it->deleted && it->change == map->version) {
        s->rv = store_item_delete(s->tx, s->account, y->datastore, item,
                                  s->device->id, NULL);
        if (s->rv == APR_SUCCESS) {
            s->rv = store_map_delete(s->tx, s->device->id, y->datastore,
                                     item);
        }
    }
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;    /* another of the account's datastores */
    }
}

static void take_back(sml_session_t *s, const sml_sync_t *y)
{
    apr_array_header_t *list = s->state->doubled;
    apr_pool_t *scratch;
    int i;

    if (s->rv == APR_SUCCESS) {
        s->rv = apr_pool_create(&scratch, s->p);
    }
    if (s->rv != APR_SUCCESS) {
        return;
    }
    for (i = 0; i < list->nelts; i++) {
        const sml_range_t *r = &APR_ARRAY_IDX(list, i, sml_range_t);
        store_id_t item;

        for (item = r->from; r->sync == sml_sync_index(s, y)
             && item <= r->to && s->rv == APR_SUCCESS; item++) {
            apr_pool_clear(scratch);
            take_back_item(s, y, item, scratch);
        }
    }
    apr_pool_destroy(scratch);
}

static void stop_doubling(sml_session_t *s, sml_sync_t *y, int code)
{
    take_back(s, y);
    write_note(s, y, SML_GUARD_DOUBLED, y->doubles, y->live, "");
    stop(s, y, code);
}

void sml_guard_again(sml_session_t *s, sml_sync_t *y)
{
    stop_doubling(s, y, y->failed);
}

int sml_guard_add(sml_session_t *s, sml_sync_t *y, const sml_change_t *c)
{
    const sml_guard_conf_t *g = &s->config->guard;
    int code = sml_sync_is_slow(y) ? 409 : 508;

    s->doubling = 0;
    if (g->action == SML_GUARD_OFF || g->doubles >= 100 || y->alone
        || y->passed || !is_double(s, y, c) || s->rv != APR_SUCCESS) {
        return 0;
    }
    s->doubling = 1;
    y->doubles++;
    if (!too_many(s, y->doubles, y->live, g->doubles)) {
        return 0;
    }
    if (has_pass(s, y)) {
        return 0;
    }
    warn(s, y, "adds what it has already,", y->doubles, y->live, "That was "
         "taken back; its next sync will be slow, which finds what is the "
         "same.");
    stop_doubling(s, y, code);
    return code;
}

void sml_guard_added(sml_session_t *s, sml_sync_t *y, store_id_t item)
{
    apr_array_header_t *list = s->state->doubled;
    int sync = sml_sync_index(s, y);
    sml_range_t *last;

    if (!s->doubling || y->passed) {
        return;
    }
    last = list->nelts ? &APR_ARRAY_IDX(list, list->nelts - 1, sml_range_t)
                       : NULL;
    if (last != NULL && last->sync == sync && last->to == item - 1) {
        last->to = item;
    }
    else if (list->nelts < SML_MAX_DOUBLED) {
        last = apr_array_push(list);
        last->sync = sync;
        last->from = last->to = item;
    }
}

/* ---- deletes ------------------------------------------------------------- */

static int compare_ids(const void *a, const void *b)
{
    store_id_t x = *(const store_id_t *)a, y = *(const store_id_t *)b;

    return x < y ? -1 : x > y;
}

/* "3-17,20". @return NULL: longer than a setting may be */
static const char *write_ids(apr_array_header_t *ids, apr_pool_t *p)
{
    char *text = apr_palloc(p, STORE_MAX_VALUE + 64);
    apr_size_t len = 0;
    int i, j;

    qsort(ids->elts, (size_t)ids->nelts, sizeof(store_id_t), compare_ids);
    for (i = 0; i < ids->nelts && len < STORE_MAX_VALUE - 128; i = j) {
        store_id_t from = APR_ARRAY_IDX(ids, i, store_id_t), to = from;

        for (j = i + 1; j < ids->nelts
             && APR_ARRAY_IDX(ids, j, store_id_t) <= to + 1; j++) {
            to = APR_ARRAY_IDX(ids, j, store_id_t);
        }
        len += (apr_size_t)apr_snprintf(text + len, 64,
            "%s%" APR_INT64_T_FMT, len ? "," : "", from);
        if (to > from) {
            len += (apr_size_t)apr_snprintf(text + len, 32,
                                            "-%" APR_INT64_T_FMT, to);
        }
    }
    return i < ids->nelts ? NULL : text;
}

/* The device has deleted it, or never mentioned it, but it is not decided
 * whether that is to be so: nothing of it is sent.  Its LUID is free there, and
 * may be that of another item before long. */
static void hold_item(sml_session_t *s, const sml_sync_t *y, store_id_t item,
                      store_id_t version)
{
    store_map_t map = { 0 }, *old;

    s->rv = store_map_by_item(s->tx, s->device->id, item, y->datastore,
                              &old);
    if (s->rv == APR_SUCCESS) {
        map = *old;
    }
    else if (s->rv == APR_NOTFOUND) {
        map.device = s->device->id;
        map.datastore = y->datastore;
        map.item = item;
        map.version = version;
        s->rv = APR_SUCCESS;
    }
    map.luid = NULL;
    map.soft = 1;
    if (s->rv == APR_SUCCESS) {
        s->rv = store_map_put(s->tx, &map);
    }
}

typedef struct held_item_t {
    store_id_t item, version;
} held_item_t;

/* What was held before waits on, with what is held now. */
static void add_held(sml_session_t *s, const sml_sync_t *y,
                     apr_array_header_t *ids)
{
    const char *value, *at;
    char *end;

    s->rv = store_device_setting_get(s->tx, s->device->id,
                                     note_name(y->name, s->p), &value);
    if (s->rv != APR_SUCCESS
        || strncmp(value, SML_GUARD_HELD " ", strlen(SML_GUARD_HELD) + 1)) {
        s->rv = s->rv == APR_NOTFOUND ? APR_SUCCESS : s->rv;
        return;
    }
    for (at = strrchr(value, ' ') + 1; *at >= '0' && *at <= '9';
         at = *end == ',' ? end + 1 : end) {
        store_id_t id = apr_strtoi64(at, &end, 10), to = id;

        if (*end == '-') {
            to = apr_strtoi64(end + 1, &end, 10);
        }
        for (; id <= to; id++) {
            APR_ARRAY_PUSH(ids, store_id_t) = id;
        }
    }
}

/* @param items  of held_item_t. @return 0: there is no place to note so many */
static int hold(sml_session_t *s, const sml_sync_t *y,
                apr_array_header_t *items, apr_int64_t of)
{
    apr_array_header_t *ids = apr_array_make(s->p, items->nelts + 1,
                                             sizeof(store_id_t));
    const char *text;
    int i;

    for (i = 0; i < items->nelts; i++) {
        APR_ARRAY_PUSH(ids, store_id_t) =
            APR_ARRAY_IDX(items, i, held_item_t).item;
    }
    add_held(s, y, ids);
    text = write_ids(ids, s->p);
    if (text == NULL) {
        return 0;
    }
    for (i = 0; i < items->nelts && s->rv == APR_SUCCESS; i++) {
        const held_item_t *h = &APR_ARRAY_IDX(items, i, held_item_t);

        hold_item(s, y, h->item, h->version);
    }
    write_note(s, y, SML_GUARD_HELD, ids->nelts, of, text);
    return 1;
}

/* @param items  of held_item_t: what would be deleted */
static void stop_deletes(sml_session_t *s, sml_sync_t *y,
                         apr_array_header_t *items, apr_int64_t of)
{
    if (s->config->guard.action == SML_GUARD_HOLD
        && hold(s, y, items, of)) {
        warn(s, y, "deletes", items->nelts, of, "They are kept and wait for "
             "you; it gets them back with: syncmlctl guard drop.");
        return;
    }
    write_note(s, y, SML_GUARD_STOPPED, items->nelts, of, "");
    warn(s, y, "deletes", items->nelts, of, "Nothing was deleted; its next "
         "sync will be slow and brings them back.");
    stop(s, y, 508);
}

void sml_guard_deletes(sml_session_t *s, sml_sync_t *y)
{
    apr_array_header_t *list = s->state->staged, *items;
    int i, kept = 0, index = sml_sync_index(s, y);
    apr_int64_t of;

    if (list->nelts == 0 || s->config->guard.action == SML_GUARD_OFF
        || y->passed) {
        return;
    }
    items = apr_array_make(s->p, list->nelts, sizeof(held_item_t));
    for (i = 0; i < list->nelts; i++) {
        const sml_staged_t *d = &APR_ARRAY_IDX(list, i, sml_staged_t);

        if (d->sync == index && d->item != 0 && !d->told) {
            held_item_t *h = apr_array_push(items);

            h->item = d->item;
            h->version = d->version;
        }
    }
    of = live_items(s, y);
    if (s->rv != APR_SUCCESS
        || !too_many(s, items->nelts, of, s->config->guard.deletes)
        || has_pass(s, y) || s->rv != APR_SUCCESS) {
        return;
    }
    stop_deletes(s, y, items, of);
    for (i = 0; i < list->nelts; i++) {
        sml_staged_t d = APR_ARRAY_IDX(list, i, sml_staged_t);

        if (d.sync != index) {
            APR_ARRAY_IDX(list, kept++, sml_staged_t) = d;
        }
    }
    list->nelts = kept;
    s->staged = NULL;
}

typedef struct unsent_t {
    sml_session_t *s;
    sml_sync_t *y;
    apr_array_header_t *items;
} unsent_t;

static apr_status_t on_unmapped(void *baton, const store_change_t *c)
{
    unsent_t *u = baton;
    held_item_t *h;

    if (sml_select_unsent(u->s, u->y, c)) {
        h = apr_array_push(u->items);
        h->item = c->item.id;
        h->version = c->item.change;
    }
    return APR_SUCCESS;
}

int sml_guard_refresh(sml_session_t *s, sml_sync_t *y)
{
    unsent_t u = { s, y, NULL };
    apr_int64_t of, n = 0;

    if (s->config->guard.action == SML_GUARD_OFF || y->passed) {
        return 1;
    }
    of = live_items(s, y);
    if (s->rv == APR_SUCCESS) {
        s->rv = store_changes_count(s->tx, s->account, s->device->id,
                                    y->datastore, 0, y->start, &n);
    }
    if (s->rv != APR_SUCCESS
        || !too_many(s, n, of, s->config->guard.deletes)) {
        return 1;
    }
    u.items = apr_array_make(s->p, (int)n, sizeof(held_item_t));
    s->rv = store_changes(s->tx, s->account, s->device->id, y->datastore, 0,
                          y->start, on_unmapped, &u);
    if (s->rv != APR_SUCCESS
        || !too_many(s, u.items->nelts, of, s->config->guard.deletes)
        || has_pass(s, y)) {
        return 1;
    }
    stop_deletes(s, y, u.items, of);
    return 0;
}

void sml_guard_void(sml_session_t *s, const sml_sync_t *y)
{
    const char *name = note_name(y->name, s->p), *value;

    if (s->rv != APR_SUCCESS) {
        return;
    }
    s->rv = store_device_setting_get(s->tx, s->device->id, name, &value);
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        return;
    }
    if (s->rv == APR_SUCCESS
        && strncmp(value, SML_GUARD_HELD, strlen(SML_GUARD_HELD)) == 0) {
        sml_log(s->config, 5, 0, "guard account=%s device=%s datastore=%s: "
                "the deletes that were held are void, since a slow sync "
                "begins", s->state->user, s->device->devid, y->name);
        s->rv = store_device_setting_set(s->tx, s->device->id, name, NULL);
    }
}
