/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A calendar and its occurrences are made the same: first what devices have
 * made of occurrences goes into their series, then what has become of series
 * into the occurrences.  Neither is told by who did it, only by the counters,
 * so it does not matter how or where else the calendar has changed.
 */
#include "mod_syncml/sml_occurrences.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "item/item_edit.h"
#include "item/item_occurrence.h"

/* A calendar and its occurrences. */
typedef struct pair_t {
    sml_session_t *s;
    sml_sync_t *y, *o;
    store_id_t calendar, occurrences;   /* counters up to which they are the
                                           same */
    apr_pool_t *scratch;        /* for one item */
} pair_t;

static item_text_t text_of(const store_item_t *item)
{
    item_text_t text = { item->data, item->len };

    return text;
}

static int same_text(const item_text_t *a, const item_text_t *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

/* ---- how far ------------------------------------------------------------ */

static const char *setting_name(const pair_t *t)
{
    return apr_psprintf(t->s->p, SML_OCCURRENCES_SETTING "%" APR_INT64_T_FMT,
                        t->y->datastore);
}

static apr_status_t read_marks(pair_t *t)
{
    const char *value;
    char *end;
    apr_status_t rv = store_setting_get(t->s->tx, setting_name(t), &value);

    t->calendar = t->occurrences = 0;
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    t->calendar = apr_strtoi64(value, &end, 10);
    t->occurrences = apr_strtoi64(end, NULL, 10);
    return APR_SUCCESS;
}

static apr_status_t counter(const pair_t *t, const sml_sync_t *y,
                            store_id_t *change, apr_int64_t *items)
{
    store_datastore_t *ds;
    apr_status_t rv = store_datastore_open(t->s->tx, t->s->account, y->name,
                                           &ds);

    *change = rv == APR_SUCCESS ? ds->change : 0;
    *items = rv == APR_SUCCESS ? ds->items : 0;
    return rv;
}

/* What was written here belongs to what is to be sent now. */
static void reach(sml_sync_t *y, store_id_t change)
{
    if (y->client_ended && !y->committed && change > y->upto) {
        y->upto = y->limit && y->limit < change ? y->limit : change;
    }
}

static apr_status_t write_marks(pair_t *t)
{
    store_id_t calendar, occurrences;
    apr_int64_t items;
    apr_status_t rv = counter(t, t->y, &calendar, &items);

    if (rv == APR_SUCCESS) {
        rv = counter(t, t->o, &occurrences, &items);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    reach(t->y, calendar);
    reach(t->o, occurrences);
    return store_setting_set(t->s->tx, setting_name(t),
                             apr_psprintf(t->s->p, "%" APR_INT64_T_FMT " %"
                                          APR_INT64_T_FMT, calendar,
                                          occurrences));
}

/* ---- rows --------------------------------------------------------------- */

typedef struct rows_t {
    apr_array_header_t *list;   /* of store_item_t */
    apr_pool_t *p;
    int first;                  /* one will do */
} rows_t;

static apr_status_t take_row(void *baton, const store_item_t *item)
{
    rows_t *rows = baton;
    store_item_t *row = apr_array_push(rows->list);

    *row = *item;
    row->type = apr_pstrdup(rows->p, item->type);
    row->data = apr_pstrmemdup(rows->p, item->data, item->len);
    return rows->first ? APR_EOF : APR_SUCCESS;
}

/* The live items of one UID key. */
static apr_status_t find_rows(pair_t *t, const sml_sync_t *y,
                              apr_int64_t uid_key, int first, rows_t *rows)
{
    rows->p = t->scratch;
    rows->first = first;
    rows->list = apr_array_make(t->scratch, 4, sizeof(store_item_t));
    return uid_key == 0 ? APR_SUCCESS
        : store_item_match(t->s->tx, t->s->account, y->datastore,
                           STORE_MATCH_UID, uid_key, 0, take_row, rows);
}

/* What there is of a series, by id. */
static apr_hash_t *known_rows(pair_t *t, apr_int64_t uid_key)
{
    apr_hash_t *known = apr_hash_make(t->scratch);
    rows_t rows;
    int i;

    t->s->rv = find_rows(t, t->o, uid_key, 0, &rows);
    for (i = 0; i < rows.list->nelts; i++) {
        store_item_t *row = &APR_ARRAY_IDX(rows.list, i, store_item_t);
        item_text_t text = text_of(row);
        const char *id = item_occurrence_id(&text, t->scratch);

        if (id != NULL) {
            apr_hash_set(known, id, APR_HASH_KEY_STRING, row);
        }
    }
    return known;
}

/* @return NULL: there is none */
static store_item_t *find_series(pair_t *t, apr_int64_t uid_key)
{
    rows_t rows;

    t->s->rv = find_rows(t, t->y, uid_key, 1, &rows);
    return rows.list->nelts ? (store_item_t *)rows.list->elts : NULL;
}

/* The device has said that itself, so it has it: as long as it had what was
 * there before. */
static apr_status_t device_has(pair_t *t, const sml_sync_t *y,
                               store_id_t item, store_id_t before,
                               store_id_t now)
{
    store_map_t *map;
    apr_status_t rv = store_map_by_item(t->s->tx, t->s->device->id, item,
                                        y->datastore, &map);

    if (rv == APR_SUCCESS && map->version == before && !map->retry) {
        map->version = now;
        rv = store_map_put(t->s->tx, map);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static apr_status_t write_series(pair_t *t, const store_item_t *series,
                                 const item_text_t *text)
{
    store_item_t item = *series;
    item_keys_t keys;
    apr_status_t rv = item_keys(&keys, item.type, text->data, text->len,
                                t->scratch);

    if (rv != APR_SUCCESS) {
        return APR_SUCCESS;     /* too long now, say: as it was */
    }
    sml_set_keys(&item, &keys);
    item.data = text->data;
    item.len = text->len;
    item.origin = t->s->device->id;
    rv = store_item_update(t->s->tx, t->s->account, &item);
    return rv == APR_SUCCESS ? device_has(t, t->y, item.id, series->change,
                                          item.change) : rv;
}

static apr_status_t write_occurrence(pair_t *t, store_item_t *item,
                                     const item_text_t *text)
{
    item->datastore = t->o->datastore;
    item->origin = t->s->device->id;
    item->data = text->data;
    item->len = text->len;
    if (sml_occurrences_keys(item, t->scratch) != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    return item->id ? store_item_update(t->s->tx, t->s->account, item)
                    : store_item_add(t->s->tx, t->s->account, item);
}

/* ---- from occurrences into series --------------------------------------- */

/* It has no series (any more): it is an event of the calendar. */
static apr_status_t set_loose(pair_t *t, const store_item_t *item)
{
    sml_session_t *s = t->s;
    apr_hash_t *names = apr_hash_make(t->scratch);
    store_item_t copy = *item;
    store_map_t *map = NULL;
    apr_status_t rv;

    apr_hash_set(names, "RECURRENCE-ID", APR_HASH_KEY_STRING, "");
    copy.data = item_without(item->data, &copy.len, names, t->scratch);
    copy.datastore = t->y->datastore;
    copy.id = 0;
    if (sml_own_uid(s, &copy) != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    rv = store_item_add(s->tx, s->account, &copy);
    if (rv == APR_SUCCESS) {
        rv = store_map_by_item(s->tx, s->device->id, item->id,
                               t->o->datastore, &map);
    }
    if (rv == APR_SUCCESS) {
        rv = store_map_delete(s->tx, s->device->id, t->o->datastore,
                              item->id);
        map->datastore = t->y->datastore;
        map->item = copy.id;
        map->version = map->version == item->change ? copy.change : 0;
        if (rv == APR_SUCCESS) {
            rv = store_map_put(s->tx, map);
        }
    }
    if (rv == APR_SUCCESS || rv == APR_NOTFOUND) {
        rv = store_item_delete(s->tx, s->account, t->o->datastore, item->id,
                               s->device->id, NULL);
    }
    return rv;
}

/* As it stands in the series now; another frame or UID is not the device's to
 * choose. */
static apr_status_t take_back(pair_t *t, store_item_t *item, const char *id,
                              const item_text_t *series)
{
    const apr_array_header_t *list = item_occurrences(series, t->scratch);
    item_text_t text = text_of(item);
    store_id_t before = item->change;
    int i;
    apr_status_t rv;

    for (i = 0; i < list->nelts; i++) {
        const item_occurrence_t *one = &APR_ARRAY_IDX(list, i,
                                                      item_occurrence_t);

        if (strcmp(one->id, id) != 0) {
            continue;
        }
        if (same_text(&one->text, &text)) {
            return sml_occurrences_keys(item, t->scratch) == APR_SUCCESS
                   ? store_item_rekey(t->s->tx, t->s->account, item)
                   : APR_SUCCESS;
        }
        rv = write_occurrence(t, item, &one->text);
        return rv == APR_SUCCESS ? device_has(t, t->o, item->id, before,
                                              item->change) : rv;
    }
    return APR_SUCCESS;
}

/* The device has deleted it.  What a device may not say is a row as well, that
 * is deleted at once (sml_access.c): then the other is there. */
static apr_status_t fold_deleted(pair_t *t, const store_item_t *series,
                                 apr_int64_t uid_key, const char *id)
{
    item_text_t whole = text_of(series), out;
    apr_hash_t *known = known_rows(t, uid_key);

    if (t->s->rv != APR_SUCCESS
        || apr_hash_get(known, id, APR_HASH_KEY_STRING) != NULL
        || item_occurrence_drop(&whole, id, &out, t->scratch)
           != APR_SUCCESS) {
        return t->s->rv;
    }
    return write_series(t, series, &out);
}

static apr_status_t fold_one(pair_t *t, store_item_t *item)
{
    item_text_t text = text_of(item), whole, out;
    const char *id = item_occurrence_id(&text, t->scratch);
    store_item_t keyed = *item, *series = NULL;
    apr_status_t rv;

    if (id != NULL && sml_occurrences_keys(&keyed, t->scratch)
                      == APR_SUCCESS) {
        series = find_series(t, keyed.uid_key);
    }
    if (t->s->rv != APR_SUCCESS) {
        return t->s->rv;
    }
    if (series == NULL) {
        return item->deleted ? APR_SUCCESS : set_loose(t, item);
    }
    if (item->deleted) {
        return fold_deleted(t, series, keyed.uid_key, id);
    }
    whole = text_of(series);
    if (item_occurrence_put(&whole, id, &text, &out, t->scratch)
        != APR_SUCCESS) {
        return set_loose(t, item);
    }
    rv = same_text(&whole, &out) ? APR_SUCCESS
                                 : write_series(t, series, &out);
    return rv == APR_SUCCESS ? take_back(t, item, id, &out) : rv;
}

/* ---- from series into occurrences --------------------------------------- */

static apr_status_t derive(pair_t *t, const store_item_t *series,
                           const item_occurrence_t *one, store_item_t *row)
{
    store_item_t fresh = { 0 };
    item_text_t text = text_of(row ? row : &fresh);

    if (row != NULL && same_text(&text, &one->text)) {
        return APR_SUCCESS;
    }
    fresh.type = series->type;
    return write_occurrence(t, row ? row : &fresh, &one->text);
}

/* Those that the series has no more. */
static apr_status_t remove_rest(pair_t *t, apr_hash_t *known)
{
    apr_hash_index_t *hi;
    apr_status_t rv = APR_SUCCESS;

    for (hi = apr_hash_first(t->scratch, known);
         hi != NULL && rv == APR_SUCCESS; hi = apr_hash_next(hi)) {
        const store_item_t *row = apr_hash_this_val(hi);

        rv = store_item_delete(t->s->tx, t->s->account, t->o->datastore,
                               row->id, t->s->device->id, NULL);
    }
    return rv;
}

/* Those that the series has; they are taken out of those that are known. */
static apr_status_t derive_of(pair_t *t, const store_item_t *series,
                              apr_hash_t *known)
{
    item_text_t text = text_of(series);
    apr_array_header_t *wanted = item_occurrences(&text, t->scratch);
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < wanted->nelts && rv == APR_SUCCESS; i++) {
        const item_occurrence_t *one = &APR_ARRAY_IDX(wanted, i,
                                                      item_occurrence_t);

        rv = derive(t, series, one, apr_hash_get(known, one->id,
                                                 APR_HASH_KEY_STRING));
        apr_hash_set(known, one->id, APR_HASH_KEY_STRING, NULL);
    }
    return rv;
}

/* Whatever has become of the item: its series, if there is one, counts. */
static apr_status_t derive_all(pair_t *t, store_item_t *item)
{
    apr_int64_t key = item->uid_key;
    store_item_t *series = find_series(t, key);
    apr_hash_t *known;
    apr_status_t rv;

    if (key == 0 || t->s->rv != APR_SUCCESS) {
        return t->s->rv;
    }
    known = known_rows(t, key);
    rv = t->s->rv;
    if (rv == APR_SUCCESS && series != NULL) {
        rv = derive_of(t, series, known);
    }
    return rv == APR_SUCCESS ? remove_rest(t, known) : rv;
}

/* ---- both --------------------------------------------------------------- */

/* Each item that has changed since, one at a time. */
static apr_status_t each(pair_t *t, const sml_sync_t *y, store_id_t since,
                         int only_likely,
                         apr_status_t (*fn)(pair_t *t, store_item_t *item))
{
    apr_array_header_t *items;
    store_item_t *item;
    apr_status_t rv = store_item_since(t->s->tx, t->s->account, y->datastore,
                                       since, &items);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < items->nelts; i += 2) {
        apr_pool_clear(t->scratch);
        rv = store_item_get_into(t->s->tx, t->s->account, y->datastore,
                                 APR_ARRAY_IDX(items, i, store_id_t),
                                 t->scratch, &item);
        if (rv == APR_SUCCESS
            && (!only_likely
                || item_occurrence_likely(item->data, item->len))) {
            rv = fn(t, item);
        }
    }
    return rv;
}

static apr_status_t settle(pair_t *t)
{
    store_id_t calendar = 0, occurrences = 0;
    apr_int64_t items = 0;
    apr_status_t rv = read_marks(t);

    if (rv == APR_SUCCESS) {
        rv = counter(t, t->y, &calendar, &items);
    }
    if (rv == APR_SUCCESS) {
        rv = counter(t, t->o, &occurrences, &items);
    }
    if (rv != APR_SUCCESS
        || (t->calendar == calendar && t->occurrences == occurrences)) {
        return rv;
    }
    if (t->occurrences < occurrences) {
        rv = each(t, t->o, t->occurrences, 0, fold_one);
    }
    if (rv == APR_SUCCESS) {
        rv = each(t, t->y, t->calendar, items == 0, derive_all);
    }
    return rv == APR_SUCCESS ? write_marks(t) : rv;
}

void sml_occurrences_settle(sml_session_t *s)
{
    pair_t t = { 0 };
    int i;

    t.s = s;
    for (i = 0; i < s->state->syncs->nelts && s->rv == APR_SUCCESS; i++) {
        t.y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);
        t.o = sml_occurrences_of(s, t.y);
        if (t.o == NULL || t.y->committed) {
            continue;
        }
        if (t.scratch == NULL) {
            apr_pool_create(&t.scratch, s->p);
        }
        s->rv = settle(&t);
    }
    if (t.scratch != NULL) {
        apr_pool_destroy(t.scratch);
    }
}
