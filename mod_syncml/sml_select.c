/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What of a datastore goes to the device: which items, by its view and the
 * date window that this means today, and how much of each.
 *
 * What was sent is a projection; the store has the whole.  An item that is no
 * longer seen is deleted on the device only: its map row goes, nothing else.
 */
#include "mod_syncml/sml_form.h"

#include <string.h>

#include <apr_strings.h>

/* ---- the views of a sync ------------------------------------------------ */

static const sml_view_t *parsed(sml_session_t *s, const char *text,
                                const sml_view_t **cache)
{
    if (*cache == NULL) {
        sml_view_t *view = apr_palloc(s->p, sizeof(*view));

        if (text == NULL || !sml_view_parse(view, text, s->p)) {
            sml_view_init(view);
        }
        *cache = view;
    }
    return *cache;
}

const sml_view_t *sml_sync_view(sml_session_t *s, sml_sync_t *y)
{
    return parsed(s, y->view, &y->view_parsed);
}

static const sml_view_t *view_had(sml_session_t *s, sml_sync_t *y)
{
    return parsed(s, y->view_had, &y->view_had_parsed);
}

/* A view that was in force while some items were sent, in a sync that has not
 * ended yet, is written behind the one in force at the end of the last sync.
 * So it is not forgotten with the session's row, nor by a sync that ends
 * without sending anything. */
#define SENT      "/sent"
#define SENT_LEN  (sizeof(SENT) - 1)

/* @param had  in and out: the text of an anchor
 * @return the text behind the first mark; NULL: there is none */
static const char *behind_mark(const char **had, apr_pool_t *p)
{
    const char *at = *had;

    while (*at == '/') {
        apr_size_t n = 1 + sml_view_segment(at + 1, strlen(at + 1));

        if (n == SENT_LEN && strncmp(at, SENT, SENT_LEN) == 0) {
            *had = apr_pstrmemdup(p, *had, (apr_size_t)(at - *had));
            return at + SENT_LEN;
        }
        at += n;
    }
    return NULL;
}

/* The store writes 0 for "no limit". */
static apr_int64_t from_store(apr_int64_t when, apr_int64_t none)
{
    return when == STORE_WHEN_ALWAYS ? none : when;
}

static apr_int64_t to_store(apr_int64_t when, apr_int64_t none)
{
    return when == none ? STORE_WHEN_ALWAYS : when == 0 ? 1 : when;
}

/* Which part of the items do two texts of views differ in?  What has to be
 * looked at one by one. */
static int is_other_view(sml_session_t *s, sml_sync_t *y)
{
    const sml_view_t *now = sml_sync_view(s, y), *had = view_had(s, y);
    sml_view_t a = *now, b = *had;

    /* Days are the window's, which moves by index. */
    a.ranged = b.ranged = a.days_from = b.days_from = 0;
    a.days_to = b.days_to = 0;
    /* A smaller size takes nothing from the device, see has_other_size(). */
    if (a.octets != 0 && (b.octets == 0 || a.octets <= b.octets)) {
        a.octets = b.octets;
    }
    return had->left_out || strcmp(sml_view_text(&a, 0, s->p),
                                   sml_view_text(&b, 0, s->p)) != 0;
}

/* @return non-zero if the device may have items of three views, which are not
 * to be told apart */
static int take_had(sml_session_t *s, sml_sync_t *y, const store_anchor_t *a)
{
    int again = y->view_had != NULL;    /* the sync has another Filter */
    const char *sent, *rest;

    y->view_had = a && a->view ? a->view : "";
    y->view_had_parsed = NULL;
    rest = sent = behind_mark(&y->view_had, s->p);
    if (!again) {
        y->view_sent = sent;
        y->view_sent_parsed = NULL;
    }
    return rest != NULL && behind_mark(&rest, s->p) != NULL;
}

void sml_select_begin(sml_session_t *s, sml_sync_t *y, const sml_view_t *view,
                      const store_anchor_t *a)
{
    sml_view_t sized = *view;
    int three;

    if (s->state->client_max_obj <= SML_VIEW_MAX_OCTETS) {
        sized.octets = (int)s->state->client_max_obj;
    }
    y->view = sml_view_text(&sized, 1, s->p);
    y->view_parsed = NULL;
    three = take_had(s, y, a);
    y->access = view->access;
    sml_view_window(view, apr_time_sec(s->now), &y->from, &y->to);
    y->had_from = from_store(a ? a->window_from : 0, SML_WINDOW_FROM);
    y->had_to = from_store(a ? a->window_to : 0, SML_WINDOW_TO);
    if (three && y->code == 200) {
        y->code = 201;
        y->seen = 0;
    }
    if (view->slow && !view_had(s, y)->slow && y->code == 200) {
        sml_log(s->config, 6, 0, "device %s of account %s asks by its path "
                "for a slow sync of %s", s->device->devid, s->state->user,
                y->name);
        y->code = 201;
        y->seen = 0;
    }
    y->review = y->view_sent != NULL || is_other_view(s, y);
}

/* Do the texts mean the same items and properties? */
static int same_view(sml_session_t *s, const char *a, const char *b)
{
    sml_view_t x, y;

    return strcmp(a, b) == 0
        || (sml_view_parse(&x, a, s->p) && sml_view_parse(&y, b, s->p)
            && strcmp(sml_view_text(&x, 0, s->p),
                      sml_view_text(&y, 0, s->p)) == 0);
}

/* Of two texts that differ in the size only, the one of the smaller: what the
 * device lacks by it may lack everywhere.  NULL: they differ in more. */
static const char *narrower(sml_session_t *s, const char *a, const char *b)
{
    sml_view_t x, y;
    int octets;

    if (!sml_view_parse(&x, a, s->p) || !sml_view_parse(&y, b, s->p)) {
        return NULL;
    }
    octets = x.octets;
    x.octets = y.octets;
    if (strcmp(sml_view_text(&x, 0, s->p), sml_view_text(&y, 0, s->p)) != 0) {
        return NULL;
    }
    return y.octets == 0 || (octets != 0 && octets < y.octets) ? a : b;
}

int sml_select_after(sml_session_t *s, sml_sync_t *y, const sml_sync_t *r)
{
    const char *sent = r->selected && !r->committed ? r->view : NULL;
    const char *known = r->committed || r->view_sent == NULL ? y->view_sent
                                                             : r->view_sent;
    int three = 0;

    if (sent != NULL && narrower(s, sent, y->view_had) == y->view_had) {
        sent = NULL;
    }
    if (sent == NULL) {
        sent = known;
    }
    else if (known != NULL && narrower(s, sent, known) != NULL) {
        sent = narrower(s, sent, known);
    }
    else if (known != NULL && !same_view(s, sent, known)) {
        three = 1;              /* not to be told apart */
        if (y->code == 200) {
            y->code = 201;
            y->seen = 0;
        }
    }
    y->view_sent = sent;
    y->view_sent_parsed = NULL;
    y->review = y->review || sent != NULL;
    return three;
}

/* Before the first item is sent: the anchor says under which views the device
 * has been sent some, until the sync has ended.  Three are told no better by
 * more. */
static void note_sent(sml_session_t *s, sml_sync_t *y)
{
    const char *had = y->view_had ? y->view_had : "", *text = had;
    const char *sent = y->view_sent, *now = y->view;
    store_anchor_t *a;
    apr_status_t rv;

    if (narrower(s, now, had) == had) {
        now = NULL;
    }
    else if (sent != NULL && narrower(s, now, sent) != NULL) {
        sent = narrower(s, now, sent);
        now = NULL;
    }
    if (sent != NULL) {
        text = apr_pstrcat(s->p, text, SENT, sent, NULL);
    }
    if (now != NULL && (sent == NULL || behind_mark(&sent, s->p) == NULL)) {
        text = apr_pstrcat(s->p, text, SENT, now, NULL);
    }
    if (strcmp(text, had) == 0) {
        return;
    }
    rv = store_anchor_get(s->tx, s->device->id, y->datastore, &a);
    if (rv == APR_SUCCESS && strcmp(a->view, text) != 0) {
        a->view = text;
        rv = store_anchor_put(s->tx, a);
    }
    s->rv = rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

void sml_select_commit(sml_session_t *s, sml_sync_t *y, store_anchor_t *a)
{
    sml_view_t view = *sml_sync_view(s, y);

    if (y->code == 202) {
        return;                 /* nothing was sent: it has what it had */
    }
    view.left_out = y->left_out;
    a->view = sml_view_text(&view, 1, s->p);
    a->window_from = to_store(y->from, SML_WINDOW_FROM);
    a->window_to = to_store(y->to, SML_WINDOW_TO);
}

int sml_select_all(sml_session_t *s, sml_sync_t *y)
{
    return !y->review && sml_view_is_whole(y->view)
           && sml_view_is_whole(y->view_had) && y->view_sent == NULL
           && y->from == SML_WINDOW_FROM && y->to == SML_WINDOW_TO
           && y->had_from == SML_WINDOW_FROM && y->had_to == SML_WINDOW_TO;
}

/* ---- one item ----------------------------------------------------------- */

typedef struct viewed_t {
    const store_item_t *item;
    apr_pool_t *p;
} viewed_t;

static const apr_array_header_t *values(void *baton, const char *name)
{
    const viewed_t *v = baton;

    return item_values(v->item->type, v->item->data, v->item->len, name,
                       v->p);
}

static int matches(sml_session_t *s, const sml_filter_t *filter,
                   const store_item_t *item, const char *luid)
{
    sml_filter_item_t f = { values, NULL, NULL, 0, 0 };
    viewed_t v = { NULL, NULL };
    int result;

    if (filter == NULL) {
        return 1;
    }
    apr_pool_create(&v.p, s->p);
    v.item = item;
    f.baton = &v;
    f.luid = luid;
    f.starts = from_store(item->starts, SML_WINDOW_FROM);
    f.ends = from_store(item->ends, SML_WINDOW_TO);
    result = sml_filter_match(filter, &f);
    apr_pool_destroy(v.p);
    return result;
}

int sml_sees(sml_session_t *s, sml_sync_t *y, const store_item_t *item,
             const char *luid)
{
    return store_in_window(item, to_store(y->from, SML_WINDOW_FROM),
                           to_store(y->to, SML_WINDOW_TO))
           && matches(s, sml_sync_view(s, y)->only, item, luid);
}

static void project(const sml_view_t *view, const store_item_t *item,
                    const char **data, apr_size_t *len, apr_pool_t *p)
{
    static const char *const attachments[] = { "ATTACH" };
    apr_status_t rv = APR_SUCCESS;

    *data = item->data;
    *len = item->len;
    if (view->fields != NULL) {
        rv = item_select(item->type, data, len,
                         (const char *const *)view->fields->elts,
                         view->fields->nelts, 0, p);
    }
    if (rv == APR_SUCCESS && view->no_attachments) {
        rv = item_select(item->type, data, len, attachments, 1, 1, p);
    }
    if (rv == APR_SUCCESS && view->limit > 0) {
        rv = item_reduce(item->type, data, len,
                         (apr_size_t)view->limit * 1024, p);
    }
    if (rv != APR_SUCCESS) {
        /* It cannot be read: whole is better than not at all. */
        *data = item->data;
        *len = item->len;
    }
}

void sml_select_part(sml_session_t *s, sml_sync_t *y, const store_item_t *item,
                     const char **data, apr_size_t *len)
{
    const sml_view_t *view = sml_sync_view(s, y);

    project(view, item, data, len, s->p);
    sml_form_fit(s, y, item->type, data, len);
    sml_form_shrink(s, y, item->type, data, len, (apr_size_t)view->octets);
}

void sml_projection(sml_session_t *s, sml_sync_t *y, const store_item_t *item,
                    const char **data, apr_size_t *len)
{
    sml_select_part(s, y, item, data, len);
    sml_form_echo(s, y, item, data, len);
}

int sml_too_large(sml_session_t *s, sml_sync_t *y, apr_size_t len)
{
    int limit = sml_sync_view(s, y)->limit;

    return limit > 0 && len > (apr_size_t)limit * 1024;
}

static void part_had(sml_session_t *s, sml_sync_t *y,
                     const store_item_t *item, const char **data,
                     apr_size_t *len, apr_pool_t *p)
{
    store_item_t had = *item;

    project(view_had(s, y), item, data, len, p);
    if (y->view_sent != NULL) {
        had.data = *data;
        had.len = *len;
        project(parsed(s, y->view_sent, &y->view_sent_parsed), &had, data,
                len, p);
    }
}

/* As octets that the device may have had at the most; 0: no limit. */
static apr_size_t octets_had(sml_session_t *s, sml_sync_t *y)
{
    int had = view_had(s, y)->octets, sent = 0;

    if (y->view_sent != NULL) {
        sent = parsed(s, y->view_sent, &y->view_sent_parsed)->octets;
    }
    return (apr_size_t)(sent > 0 && (had == 0 || sent < had) ? sent : had);
}

void sml_projection_had(sml_session_t *s, sml_sync_t *y,
                        const store_item_t *item, const char **data,
                        apr_size_t *len)
{
    part_had(s, y, item, data, len, s->p);
    sml_form_fit(s, y, item->type, data, len);
    sml_form_shrink(s, y, item->type, data, len, octets_had(s, y));
    sml_form_echo(s, y, item, data, len);
}

/* Has the device room for more of it than before?  What it has already stays
 * there when it says less, as some do when they are full.
 * @param p  scratch */
static int has_other_size(sml_session_t *s, sml_sync_t *y,
                          const store_item_t *item, const char *data,
                          apr_size_t len, apr_pool_t *p)
{
    apr_size_t now = (apr_size_t)sml_sync_view(s, y)->octets;
    apr_size_t had = octets_had(s, y), now_len, had_len;
    const char *now_data, *had_data;
    apr_pool_t *own = s->p;

    if (had == 0 || (now != 0 && now <= had)) {
        return 0;
    }
    sml_form(s, y);             /* what the session keeps is in its own pool */
    s->p = p;
    sml_form_fit(s, y, item->type, &data, &len);
    now_data = had_data = data;
    now_len = had_len = len;
    sml_form_shrink(s, y, item->type, &now_data, &now_len, now);
    sml_form_shrink(s, y, item->type, &had_data, &had_len, had);
    s->p = own;
    return now_len != had_len || memcmp(now_data, had_data, now_len) != 0;
}

/* An item that the device has as it is: has its projection changed? */
static int looks_other(sml_session_t *s, sml_sync_t *y,
                       const store_item_t *item)
{
    apr_size_t now_len, had_len;
    const char *now, *had;
    apr_pool_t *p;
    int other;

    apr_pool_create(&p, s->p);  /* all items may be looked at */
    project(sml_sync_view(s, y), item, &now, &now_len, p);
    part_had(s, y, item, &had, &had_len, p);
    other = now_len != had_len || memcmp(now, had, now_len) != 0
            || has_other_size(s, y, item, now, now_len, p);
    apr_pool_destroy(p);
    return other;
}

int sml_select(sml_session_t *s, sml_sync_t *y, const store_change_t *c,
               sml_stage_e stage)
{
    const sml_view_t *view = sml_sync_view(s, y);

    if (c->item.deleted) {
        return SYNCML_DELETE;
    }
    if (c->mapped && c->luid != NULL) {
        if (!sml_sees(s, y, &c->item, c->luid)) {
            return SYNCML_DELETE;
        }
        if (stage == SML_STAGE_MOVED
            || (stage == SML_STAGE_HELD && !looks_other(s, y, &c->item))) {
            return 0;
        }
        return SYNCML_REPLACE;
    }
    if (!sml_sees(s, y, &c->item, NULL)
        || !matches(s, view->adds, &c->item, NULL)) {
        return 0;
    }
    if (view->max > 0 && y->room <= 0) {
        y->left_out = 1;
        return 0;
    }
    y->room--;
    return SYNCML_ADD;
}

/* ---- the stages of sending ---------------------------------------------- */

static apr_status_t count_map(void *baton, const store_map_t *map)
{
    *(apr_int64_t *)baton += map->luid != NULL || map->version != 0;
    return APR_SUCCESS;
}

void sml_select_open(sml_session_t *s, sml_sync_t *y)
{
    const sml_view_t *view = sml_sync_view(s, y);
    const sml_object_t *o = s->state->outgoing;
    apr_int64_t n = 0;

    if (y->selected) {
        return;
    }
    y->selected = 1;
    if (y->access != SML_ACCESS_SEND_ONLY) {
        note_sent(s, y);
    }
    if (SML_FORGETS(y->code)) {
        y->review = 0;          /* it gets everything there is to see */
        y->moved = 1;
        y->had_from = y->from;
        y->had_to = y->to;
        y->view_had = y->view;
        y->view_had_parsed = y->view_parsed;
        y->view_sent = NULL;
    }
    if (y->review) {
        y->cursor = 0;
        y->retried = 1;         /* they are among all the others */
    }
    if (view->max > 0 && s->rv == APR_SUCCESS) {
        s->rv = store_map_list(s->tx, s->device->id, y->datastore, count_map,
                               &n);
        /* One that goes on in pieces is no row yet. */
        n += o != NULL && o->sync == sml_sync_index(s, y)
             && o->tag == SYNCML_ADD;
        y->room = view->max - n;
    }
}

apr_status_t sml_select_moved(sml_session_t *s, sml_sync_t *y,
                              store_id_t after, store_change_fn *fn,
                              void *baton)
{
    store_moved_t m;

    if (y->review) {
        return store_changes_held(s->tx, s->account, s->device->id,
                                  y->datastore, after, y->upto, fn, baton);
    }
    m.old_from = to_store(y->had_from, SML_WINDOW_FROM);
    m.old_to = to_store(y->had_to, SML_WINDOW_TO);
    m.from = to_store(y->from, SML_WINDOW_FROM);
    m.to = to_store(y->to, SML_WINDOW_TO);
    return store_changes_moved(s->tx, s->account, s->device->id, y->datastore,
                               &m, after, y->seen, fn, baton);
}

/* ---- the client's own items --------------------------------------------- */

/* What the client sends is taken even where it does not see it; it goes from
 * the client with its next sync. */
void sml_select_mark(sml_session_t *s, sml_sync_t *y, const sml_change_t *c)
{
    store_map_t *map;
    apr_status_t rv;

    if (s->rv != APR_SUCCESS || (*y->view == '\0'
                                 && y->from == SML_WINDOW_FROM
                                 && y->to == SML_WINDOW_TO)
        || y->access == SML_ACCESS_SEND_ONLY
        || sml_sees(s, y, &c->item, c->luid)) {
        return;
    }
    rv = store_map_by_luid(s->tx, s->device->id, y->datastore, c->luid, &map);
    if (rv == APR_SUCCESS) {
        map->retry = 1;
        rv = store_map_put(s->tx, map);
    }
    s->rv = rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

int sml_select_unsent(sml_session_t *s, sml_sync_t *y,
                      const store_change_t *c)
{
    const sml_view_t *view = sml_sync_view(s, y);

    /* With a maximum, or send-only, it never had all there is to see. */
    return !c->mapped && !c->item.deleted && view->max == 0
           && !sml_atomic_holds(s, y, c)
           && y->access != SML_ACCESS_SEND_ONLY
           && sml_sees(s, y, &c->item, NULL)
           && matches(s, view->adds, &c->item, NULL);
}

typedef struct unmapped_t {
    sml_session_t *s;
    sml_sync_t *y;
    apr_array_header_t *ids;
    int limit;
} unmapped_t;

static apr_status_t on_unmapped(void *baton, const store_change_t *c)
{
    unmapped_t *u = baton;

    if (sml_select_unsent(u->s, u->y, c)) {
        APR_ARRAY_PUSH(u->ids, store_id_t) = c->item.id;
    }
    return u->ids->nelts < u->limit ? APR_SUCCESS : APR_EOF;
}

void sml_select_delete_unmapped(sml_session_t *s, sml_sync_t *y, int limit,
                                apr_int64_t *deleted)
{
    unmapped_t u = { s, y, NULL, limit };
    int i;

    if (sml_select_all(s, y) && s->state->owed->nelts == 0) {
        s->rv = store_item_delete_unmapped(s->tx, s->account, y->datastore,
                                           s->device->id, s->device->id,
                                           y->start, limit, deleted);
        return;
    }
    u.ids = apr_array_make(s->p, 64, sizeof(store_id_t));
    s->rv = store_changes(s->tx, s->account, s->device->id, y->datastore, 0,
                          y->start, on_unmapped, &u);
    for (i = 0; i < u.ids->nelts && s->rv == APR_SUCCESS; i++) {
        s->rv = store_item_delete(s->tx, s->account, y->datastore,
                                  APR_ARRAY_IDX(u.ids, i, store_id_t),
                                  s->device->id, NULL);
        ++*deleted;
    }
}
