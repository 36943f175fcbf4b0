/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Changed occurrences among a session's items: see sml_occurrences.h. */
#include "mod_syncml/sml_occurrences.h"

#include <string.h>

#include <apr_strings.h>

#include "item/item_edit.h"
#include "item/item_occurrence.h"
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_resume.h"
#include "mod_syncml/sml_send.h"

int sml_occurrences_named(const char *name)
{
    apr_size_t n = strlen(name), end = sizeof(SML_OCCURRENCES) - 1;

    return n > end && strcmp(name + n - end, SML_OCCURRENCES) == 0;
}

const char *sml_occurrences_calendar(const char *name, apr_pool_t *p)
{
    return sml_occurrences_named(name)
           ? apr_pstrmemdup(p, name, strlen(name)
                                     - (sizeof(SML_OCCURRENCES) - 1))
           : name;
}

static const char *name_beside(const sml_sync_t *y, apr_pool_t *p)
{
    return apr_pstrcat(p, y->name, SML_OCCURRENCES, NULL);
}

sml_sync_t *sml_occurrences_of(sml_session_t *s, const sml_sync_t *y)
{
    sml_sync_t *o;

    if (y->combined == NULL || sml_occurrences_named(y->name)) {
        return NULL;
    }
    o = sml_sync_by_name(s, name_beside(y, s->p));
    return o != NULL && o->combined != NULL
           && strcmp(o->combined, y->combined) == 0 ? o : NULL;
}

/* ---- taking part -------------------------------------------------------- */

static int may_have(sml_session_t *s, const sml_sync_t *y)
{
    const sml_datastore_conf_t *d = sml_sync_conf(s, y);

    return d != NULL && (d->kind == ITEM_VEVENT || d->kind == ITEM_VTODO)
        && !sml_occurrences_named(y->name)
        && strlen(y->name) + sizeof(SML_OCCURRENCES) <= STORE_MAX_NAME;
}

/* Does the device make one event of each item, and not more? */
static int is_apart(sml_session_t *s, const sml_sync_t *y)
{
    const sml_form_t *form = sml_form(s, y);

    return !(sml_traits(s)->flags & ITEM_QUIRK_NO_OCCURRENCES)
        && (form->form.habits & ITEM_HABIT_ONE_EVENT)
        && (form->form.format == ITEM_FORMAT_VCAL10
            || form->form.format == ITEM_FORMAT_ICAL20);
}

typedef struct search_t {
    const char *name;
    store_id_t id;
} search_t;

static apr_status_t is_sought(void *baton, const store_datastore_t *ds)
{
    search_t *search = baton;

    if (strcmp(ds->name, search->name) != 0) {
        return APR_SUCCESS;
    }
    search->id = ds->id;
    return APR_EOF;
}

/* Did it have them in its last sync? */
static int was_apart(sml_session_t *s, const sml_sync_t *y)
{
    search_t search = { name_beside(y, s->p), 0 };
    store_anchor_t *a;
    apr_status_t rv = store_datastore_list(s->tx, s->account, is_sought,
                                           &search);

    if (rv == APR_SUCCESS) {
        rv = search.id ? store_anchor_get(s->tx, s->device->id, search.id, &a)
                       : APR_NOTFOUND;
    }
    s->rv = rv == APR_NOTFOUND ? s->rv : rv;
    return rv == APR_SUCCESS;
}

/* Where the calendar's occurrences go in the session. @return NULL: they take
 * part already, or there is no room */
static sml_sync_t *place(sml_session_t *s, const char *name, int *waiting)
{
    sml_sync_t *o = sml_sync_by_name(s, name);

    *waiting = o ? o->waiting : 0;
    if (o == NULL) {
        return s->state->syncs->nelts < SML_MAX_DATASTORES
               ? apr_array_push(s->state->syncs) : NULL;
    }
    return o->committed || o->failed ? o : NULL;
}

static int last_member(sml_session_t *s, sml_sync_t *y)
{
    int last = 0;

    for (y = sml_sync_head(s, y); y != NULL; y = sml_sync_next(s, y)) {
        last = y->member;
    }
    return last;
}

/* How far the device is with them.  Where that is not known, what its maps say
 * counts: it never sent those items as its own. */
static void begin(sml_session_t *s, sml_sync_t *y, sml_sync_t *o,
                  const store_anchor_t *a)
{
    const store_anchor_gen_t *match = sml_anchor_matching(a, y->client_last);
    sml_view_t view = *sml_sync_view(s, y);

    o->first = a == NULL;
    if (match != NULL && !SML_FORGETS(o->code)) {
        o->seen = match->seen;
        o->server_last = match->server;
    }
    view.access = y->access;
    sml_select_begin(s, o, &view, a);
    if (SML_FORGETS(y->code) != SML_FORGETS(o->code)) {
        o->code = y->code;
        o->seen = 0;
    }
    sml_resume_datastore(s, o, y->resumed);
}

/* Nothing is to be seen of them any more: what the device has goes from it,
 * and push owes nothing for them. */
static void hide(sml_sync_t *o)
{
    o->from = SML_WINDOW_TO;
    o->to = SML_WINDOW_FROM;
    o->review |= o->had_from != o->from || o->had_to != o->to;
}

/* @param shown  0: the device is not to have them any more */
static void join(sml_session_t *s, int index, int shown)
{
    sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, index, sml_sync_t), *o;
    const char *name = name_beside(y, s->p);
    int waiting, member = last_member(s, y) + 1;
    store_anchor_t *a = NULL;
    store_datastore_t *ds;

    o = place(s, name, &waiting);
    if (o == NULL) {
        return;
    }
    y = &APR_ARRAY_IDX(s->state->syncs, index, sml_sync_t);
    if (y->combined == NULL) {
        y->combined = y->name;
    }
    memset(o, 0, sizeof(*o));
    s->rv = store_datastore_open(s->tx, s->account, name, &ds);
    if (s->rv == APR_SUCCESS) {
        s->rv = store_anchor_get(s->tx, s->device->id, ds->id, &a);
        s->rv = s->rv == APR_NOTFOUND ? APR_SUCCESS : s->rv;
    }
    if (s->rv != APR_SUCCESS) {
        return;
    }
    o->name = name;
    o->waiting = waiting;
    o->datastore = ds->id;
    o->combined = y->combined;
    o->member = member;
    o->client_uri = y->client_uri;
    o->server_uri = y->server_uri;
    o->asked = y->asked;
    o->code = y->code;
    o->announced = -1;
    o->client_last = y->client_last;
    o->client_next = y->client_next;
    o->server_last = y->server_last;
    o->server_next = y->server_next;
    begin(s, y, o, a);
    if (!shown) {
        hide(o);
    }
}

void sml_occurrences_join(sml_session_t *s)
{
    int i, n = s->state->syncs->nelts;

    for (i = 0; i < n && s->rv == APR_SUCCESS; i++) {
        const sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        int apart;

        if (y->client_began || y->client_ended || y->committed || y->failed
            || !may_have(s, y)) {
            continue;
        }
        apart = is_apart(s, y);
        if (apart || was_apart(s, y)) {
            join(s, i, apart);
        }
    }
}

typedef struct names_t {
    apr_array_header_t *names;
    int given;
    apr_pool_t *p;
} names_t;

static apr_status_t on_datastore(void *baton, const store_datastore_t *ds)
{
    names_t *n = baton;
    apr_size_t len = strlen(ds->name) - (sizeof(SML_OCCURRENCES) - 1);
    int i;

    for (i = 0; sml_occurrences_named(ds->name) && i < n->given; i++) {
        const char *name = APR_ARRAY_IDX(n->names, i, const char *);

        if (strlen(name) == len && strncmp(name, ds->name, len) == 0) {
            APR_ARRAY_PUSH(n->names, const char *) = apr_pstrdup(n->p,
                                                                 ds->name);
        }
    }
    return APR_SUCCESS;
}

void sml_occurrences_names(sml_session_t *s, apr_array_header_t *names)
{
    names_t n = { names, names->nelts, s->p };

    s->rv = store_datastore_list(s->tx, s->account, on_datastore, &n);
}

/* ---- items -------------------------------------------------------------- */

static item_text_t text_of(const store_item_t *item)
{
    item_text_t text = { item->data, item->len };

    return text;
}

apr_status_t sml_occurrences_keys(store_item_t *item, apr_pool_t *p)
{
    item_text_t whole = text_of(item), bare = item_occurrence_bare(&whole, p);
    item_text_t series = whole;
    apr_hash_t *names = apr_hash_make(p);
    item_keys_t keys, uid = { 0 };
    apr_status_t rv = item_keys(&keys, item->type, bare.data, bare.len, p);

    apr_hash_set(names, "RECURRENCE-ID", APR_HASH_KEY_STRING, "");
    series.data = item_without(whole.data, &series.len, names, p);
    if (rv == APR_SUCCESS) {
        rv = item_keys(&uid, item->type, series.data, series.len, p);
    }
    if (rv == APR_SUCCESS) {
        sml_set_keys(item, &keys);
        item->uid_key = uid.uid_key;
    }
    return rv;
}

int sml_occurrences_equal(const store_item_t *a, const store_item_t *b,
                          apr_pool_t *p)
{
    item_text_t ta = text_of(a), tb = text_of(b);

    ta = item_occurrence_bare(&ta, p);
    tb = item_occurrence_bare(&tb, p);
    return item_equal(a->type, ta.data, ta.len, b->type, tb.data, tb.len, p);
}

int sml_occurrences_same(const store_item_t *a, const store_item_t *b,
                         apr_pool_t *p)
{
    item_text_t ta = text_of(a), tb = text_of(b);
    const char *ia = item_occurrence_id(&ta, p);
    const char *ib = item_occurrence_id(&tb, p);

    return ia != NULL && ib != NULL && strcmp(ia, ib) == 0;
}

/* It is an occurrence from here on. */
static void go_over(sml_sync_t **y, sml_sync_t *o, sml_change_t *c,
                    apr_pool_t *p)
{
    *y = o;
    c->item.datastore = o->datastore;
    sml_occurrences_keys(&c->item, p);
    c->keys.key = c->item.key;
    c->keys.uid_key = c->item.uid_key;
    c->keys.near_key = c->item.near_key;
}

static int has_luid(sml_session_t *s, const sml_sync_t *y,
                    const sml_change_t *c)
{
    store_map_t *map;
    apr_status_t rv = sml_find_map(s, y, c->tag, c->luid, c->guid, &map);

    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        s->rv = rv;
    }
    return rv == APR_SUCCESS;
}

static apr_status_t on_series(void *baton, const store_item_t *item)
{
    (void)item;
    *(int *)baton = 1;
    return APR_EOF;
}

/* Is there the series that the text is an occurrence of?  (The UID key of a
 * text without the series has the occurrence in it.) */
static int has_series(sml_session_t *s, const sml_sync_t *y,
                      const sml_change_t *c)
{
    store_item_t item = c->item;
    int there = 0;

    if (sml_occurrences_keys(&item, s->p) == APR_SUCCESS
        && item.uid_key != 0) {
        s->rv = store_item_match(s->tx, s->account, y->datastore,
                                 STORE_MATCH_UID, item.uid_key, 0, on_series,
                                 &there);
    }
    return there;
}

/* An event of its own now, because its user made a series of it. */
static void set_free(sml_session_t *s, sml_change_t *c)
{
    item_text_t whole = text_of(&c->item);
    item_text_t bare = item_occurrence_bare(&whole, s->p);
    item_keys_t keys;

    if (item_keys(&keys, c->item.type, bare.data, bare.len, s->p)
        == APR_SUCCESS) {
        c->item.data = bare.data;
        c->item.len = bare.len;
        c->keys = keys;
        sml_set_keys(&c->item, &keys);
    }
}

void sml_occurrences_route(sml_session_t *s, sml_sync_t **y,
                           sml_change_t *c)
{
    sml_sync_t *o = sml_occurrences_of(s, *y);
    item_text_t text = text_of(&c->item);

    if (o == NULL || has_luid(s, *y, c) || s->rv != APR_SUCCESS) {
        return;
    }
    if (has_luid(s, o, c)) {
        if (item_is_series(&text, s->p)) {
            set_free(s, c);
        }
        else {
            go_over(y, o, c, s->p);
        }
        return;
    }
    if (s->rv == APR_SUCCESS && item_occurrence_id(&text, s->p) != NULL
        && has_series(s, *y, c)) {
        go_over(y, o, c, s->p);
    }
}

apr_status_t sml_occurrences_match(sml_session_t *s, sml_sync_t **y,
                                   sml_change_t *c, store_item_t **found,
                                   store_id_t *version)
{
    sml_sync_t *o = sml_occurrences_of(s, *y);
    item_text_t text = text_of(&c->item);
    sml_change_t mine = *c;
    store_id_t related = s->related;
    apr_status_t rv;

    *found = NULL;
    if (o == NULL || item_is_series(&text, s->p)
        || sml_occurrences_keys(&mine.item, s->p) != APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if (sml_sync_is_slow(o)) {
        rv = sml_match(s, o, &mine, found, version);
    }
    else {
        rv = sml_match_equal(s, o, &mine.item, 0, found);
        if (rv == APR_SUCCESS && *found != NULL
            && (*found)->change <= o->seen) {
            *found = NULL;
        }
    }
    s->related = related;
    if (rv == APR_SUCCESS && *found != NULL) {
        go_over(y, o, c, s->p);
    }
    return rv;
}

/* May what is no RECURRENCE-ID's be one of them all the same? */
static int may_be_one(sml_session_t *s, const sml_sync_t *y,
                      const sml_change_t *c)
{
    store_id_t item, version;

    return sml_occurrences_of(s, y) != NULL
        && (y->first
            || store_map_former(s->tx, s->device->id, y->datastore, c->luid,
                                &item, &version) == APR_NOTFOUND);
}

apr_status_t sml_occurrences_slow(sml_session_t *s, sml_sync_t **y,
                                  sml_change_t *c, store_item_t **found,
                                  store_id_t *version)
{
    int early = may_be_one(s, *y, c);
    apr_status_t rv = APR_SUCCESS;

    *found = NULL;
    if (early) {
        rv = sml_match_equal(s, *y, &c->item, 0, found);
        if (rv == APR_SUCCESS && *found == NULL) {
            rv = sml_occurrences_match(s, y, c, found, version);
        }
    }
    if (rv == APR_SUCCESS && *found == NULL) {
        rv = sml_match(s, *y, c, found, version);
    }
    if (rv == APR_SUCCESS && *found == NULL && !early) {
        rv = sml_occurrences_match(s, y, c, found, version);
    }
    return rv;
}

void sml_occurrences_days(sml_session_t *s, const sml_sync_t *y,
                          sml_change_t *c, const store_item_t *old)
{
    item_text_t theirs = text_of(&c->item), ours = text_of(old), out;
    item_keys_t keys;

    if (old->deleted || sml_occurrences_of(s, y) == NULL
        || item_occurrence_days(&theirs, &ours, &out, s->p) != APR_SUCCESS
        || (out.len == theirs.len
            && memcmp(out.data, theirs.data, out.len) == 0)
        || item_keys(&keys, c->item.type, out.data, out.len, s->p)
           != APR_SUCCESS) {
        return;
    }
    c->item.data = out.data;
    c->item.len = out.len;
    c->keys = keys;
    sml_set_keys(&c->item, &keys);
}

/* ---- on their way out --------------------------------------------------- */

int sml_occurrences_only(sml_session_t *s, sml_sync_t *y,
                         const store_change_t *c, apr_pool_t *scratch)
{
    store_item_t *had, before, now = c->item;
    int over;

    if (c->luid == NULL || c->version == 0 || c->item.deleted
        || SML_FORGETS(y->code) || sml_occurrences_of(s, y) == NULL
        || store_item_version(s->tx, s->account, y->datastore, c->item.id,
                              c->version, &had) != APR_SUCCESS
        || !(item_occurrence_likely(had->data, had->len)
             || item_occurrence_likely(now.data, now.len))) {
        return 0;
    }
    before = *had;
    if (!sml_send_form(s, y, &before, &over, scratch)) {
        return 0;
    }
    before.data = apr_pstrmemdup(s->p, before.data, before.len);
    return sml_send_form(s, y, &now, &over, scratch)
        && before.len == now.len
        && memcmp(before.data, now.data, now.len) == 0;
}
