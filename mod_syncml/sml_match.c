/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Slow sync: which item of ours is the client's?  In this order, of those
 * that this device has not been matched with yet:
 *
 * 1. what its LUID meant before, if the text is the one that it had then, or
 *    a poorer copy of it: then its version is known, too, so what either side
 *    changed since can be told;
 * 2. an equal one;
 * 3. what its LUID meant before, if it is still the same thing to people;
 * 4. one with the same UID;
 * 5. a near twin: the same thing to people, without contradictions.
 *
 * One of the same name that contradicts is not taken here, since an equal one
 * may still come: see sml_related.c.
 *
 * (In a normal sync the equal ones are asked for, see sml_apply.c.)
 *
 * The store passes over the items that are matched already, so where many
 * are alike each look would be longer than the one before.  From the second
 * look for the same key on, ids are therefore fetched many at a time and
 * used up one by one.  Of near twins, which have the same name but may be
 * different things, only so many are looked at for one item.
 */
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_held.h"
#include "mod_syncml/sml_occurrences.h"

#include <string.h>

#include <apr_strings.h>

#define AT_ONCE 4096

/* Near twins: fetched in one message, and compared for one item. */
#define NEAR_LISTED  64
#define NEAR_LOOKS   16

typedef struct sought_t {
    store_id_t datastore;
    apr_int64_t key;
    apr_int64_t which;          /* STORE_MATCH_* */
} sought_t;

/* What the store had for a key. */
typedef struct candidates_t {
    sought_t sought;
    apr_array_header_t *ids;    /* of store_id_t; NULL: looked once only */
    int next;                   /* of them, not used yet */
    int more;                   /* the store may have others */
} candidates_t;

typedef struct match_t {
    sml_session_t *s;
    const sml_sync_t *y;
    const store_item_t *mine;
    apr_int64_t which;
    candidates_t *c;
    store_item_t *found;
} match_t;

static int is_same(const match_t *m, const store_item_t *item)
{
    const store_item_t *mine = m->mine;

    if (sml_occurrences_named(m->y->name)) {
        return m->which == STORE_MATCH_UID
               ? sml_occurrences_same(item, mine, m->s->p)
               : sml_occurrences_equal(item, mine, m->s->p);
    }
    return m->which == STORE_MATCH_UID
        || item_equal(item->type, item->data, item->len, mine->type,
                      mine->data, mine->len, m->s->p);
}

static apr_status_t on_match(void *baton, const store_item_t *item)
{
    match_t *m = baton;

    if (!is_same(m, item)) {
        return APR_SUCCESS;
    }
    m->found = apr_pmemdup(m->s->p, item, sizeof(*item));
    m->found->type = apr_pstrdup(m->s->p, item->type);
    m->found->data = apr_pstrmemdup(m->s->p, item->data, item->len);
    return APR_EOF;
}

static apr_status_t on_candidate(void *baton, const store_item_t *item)
{
    candidates_t *c = ((match_t *)baton)->c;

    APR_ARRAY_PUSH(c->ids, store_id_t) = item->id;
    c->more = c->ids->nelts == AT_ONCE;
    return c->more ? APR_EOF : APR_SUCCESS;
}

static apr_status_t look(match_t *m, store_item_fn *fn)
{
    sml_session_t *s = m->s;

    return store_item_match(s->tx, s->account, m->c->sought.datastore,
                            (int)m->which, m->c->sought.key, s->device->id,
                            fn, m);
}

/* Take the next candidate if it still is one. */
static apr_status_t take_next(match_t *m)
{
    sml_session_t *s = m->s;
    const sought_t *sought = &m->c->sought;
    store_id_t id = APR_ARRAY_IDX(m->c->ids, m->c->next, store_id_t);
    store_item_t *item;
    store_map_t *map;
    apr_status_t rv;

    m->c->next++;
    rv = store_map_by_item(s->tx, s->device->id, id, sought->datastore, &map);
    if (rv != APR_NOTFOUND) {
        return rv;
    }
    rv = store_item_get(s->tx, s->account, sought->datastore, id, &item);
    if (rv == APR_SUCCESS && !item->deleted && is_same(m, item)
        && sought->key == (m->which == STORE_MATCH_UID ? item->uid_key
                                                       : item->key)) {
        m->found = item;
    }
    return rv;
}

static apr_status_t use_up(match_t *m)
{
    candidates_t *c = m->c;
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && m->found == NULL) {
        if (c->next < c->ids->nelts) {
            rv = take_next(m);
        }
        else if (c->more) {
            c->more = 0;
            c->next = 0;
            apr_array_clear(c->ids);
            rv = look(m, on_candidate);
        }
        else {
            break;
        }
    }
    return rv;
}

static apr_status_t match_by(match_t *m, store_id_t datastore,
                             apr_int64_t which, apr_int64_t key)
{
    sml_session_t *s = m->s;
    sought_t sought = { datastore, key, which };

    m->which = which;
    if (s->candidates == NULL) {
        s->candidates = apr_hash_make(s->p);
    }
    m->c = apr_hash_get(s->candidates, &sought, sizeof(sought));
    if (m->c == NULL) {
        m->c = apr_pcalloc(s->p, sizeof(*m->c));
        m->c->sought = sought;
        apr_hash_set(s->candidates, &m->c->sought, sizeof(sought), m->c);
        return look(m, on_match);
    }
    if (m->c->ids == NULL) {
        m->c->ids = apr_array_make(s->p, 16, sizeof(store_id_t));
        m->c->more = 1;
    }
    return use_up(m);
}

apr_status_t sml_match_equal(sml_session_t *s, const sml_sync_t *y,
                             const store_item_t *mine, int or_uid,
                             store_item_t **found)
{
    match_t m = { 0 };
    apr_status_t rv;

    m.s = s;
    m.y = y;
    m.mine = mine;
    rv = match_by(&m, y->datastore, STORE_MATCH_KEY, mine->key);
    if (rv == APR_SUCCESS && m.found == NULL && or_uid
        && mine->uid_key != 0) {
        rv = match_by(&m, y->datastore, STORE_MATCH_UID, mine->uid_key);
    }
    *found = m.found;
    return rv;
}

store_id_t sml_match_related(const sml_session_t *s)
{
    return s->related;
}

/* ---- what the LUID meant before --------------------------------------- */

typedef struct former_t {
    store_item_t *item;         /* NULL: none, or not to be taken */
    store_id_t version;
    item_likeness_e likeness;   /* of the client's text to what it had */
} former_t;

/* The item, if it has not been matched yet in this sync. */
static apr_status_t get_free(sml_session_t *s, const sml_sync_t *y,
                             store_id_t id, store_item_t **item)
{
    store_map_t *map;
    apr_status_t rv = store_map_by_item(s->tx, s->device->id, id,
                                        y->datastore, &map);

    *item = NULL;
    if (rv != APR_NOTFOUND) {
        return rv == APR_SUCCESS ? APR_NOTFOUND : rv;
    }
    return store_item_get(s->tx, s->account, y->datastore, id, item);
}

static apr_status_t find_former(sml_session_t *s, const sml_sync_t *y,
                                const sml_change_t *mine, former_t *f)
{
    const store_item_t *m = &mine->item;
    store_item_t *had;
    store_id_t id;
    apr_status_t rv = store_map_former(s->tx, s->device->id, y->datastore,
                                       mine->luid, &id, &f->version);

    if (rv == APR_SUCCESS) {
        rv = get_free(s, y, id, &f->item);
    }
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    had = f->item;
    if (f->version != 0 && f->version != had->change
        && store_item_version(s->tx, s->account, y->datastore, id,
                              f->version, &had) != APR_SUCCESS) {
        had = f->item;
        f->version = had->deleted ? f->version : 0;
    }
    f->likeness = sml_form_likeness(s, y, had, m);
    if (f->likeness < ITEM_NEAR) {
        item_likeness_e held = sml_held_likeness(s, y, had, mine);

        f->likeness = held > f->likeness ? held : f->likeness;
    }
    return APR_SUCCESS;
}

static int is_live(const former_t *f)
{
    return f->item != NULL && !f->item->deleted;
}

/* ---- names ---------------------------------------------------------------- */

/* Phones were seen to cut names at 20 characters and more. */
#define MAY_BE_CUT 20
#define MAX_NAME   200

static int has_word(const char *words, const char *word, apr_size_t len)
{
    while (*words != '\0') {
        apr_size_t n = strcspn(words, " ");

        if (n == len && strncasecmp(words, word, len) == 0) {
            return 1;
        }
        words += n;
        words += strspn(words, " ");
    }
    return 0;
}

static int has_words(const char *words, const char *of)
{
    of += strspn(of, " ");
    while (*of != '\0') {
        apr_size_t n = strcspn(of, " ");

        if (!has_word(words, of, n)) {
            return 0;
        }
        of += n;
        of += strspn(of, " ");
    }
    return 1;
}

int sml_same_name(const store_item_t *a, const store_item_t *b,
                  apr_pool_t *p)
{
    const char *x = item_summary(a->type, a->data, a->len, MAX_NAME, p);
    const char *y = item_summary(b->type, b->data, b->len, MAX_NAME, p);
    apr_size_t nx = strlen(x), ny = strlen(y), n = nx < ny ? nx : ny;

    return has_words(x, y) || has_words(y, x)
        || (n >= MAY_BE_CUT && strncasecmp(x, y, n) == 0);
}

/* ---- near twins -------------------------------------------------------- */

static apr_status_t on_near(void *baton, const store_item_t *item)
{
    candidates_t *c = ((match_t *)baton)->c;

    APR_ARRAY_PUSH(c->ids, store_id_t) = item->id;
    return c->ids->nelts == NEAR_LISTED ? APR_EOF : APR_SUCCESS;
}

/* Is that candidate the one?  Those that have been used up go. */
static apr_status_t look_near(match_t *m, int at, int *gone)
{
    sml_session_t *s = m->s;
    candidates_t *c = m->c;
    store_id_t id = APR_ARRAY_IDX(c->ids, at, store_id_t);
    const store_item_t *mine = m->mine;
    store_item_t *item = NULL;
    store_map_t *map;
    apr_status_t rv;

    rv = store_map_by_item(s->tx, s->device->id, id, c->sought.datastore,
                           &map);
    *gone = rv == APR_SUCCESS;
    if (rv == APR_NOTFOUND) {
        rv = store_item_get(s->tx, s->account, c->sought.datastore, id,
                            &item);
        *gone = rv == APR_SUCCESS && item->deleted;
    }
    if (rv == APR_SUCCESS && !*gone) {
        item_likeness_e likeness = sml_form_likeness(s, m->y, item, mine);

        if (likeness >= ITEM_RELATED && !sml_same_name(item, mine, s->p)) {
            likeness = ITEM_DIFFERENT;
        }
        s->related = likeness == ITEM_RELATED ? id : s->related;
        if (likeness >= ITEM_NEAR) {
            m->found = item;
            *gone = 1;
        }
    }
    if (*gone) {
        APR_ARRAY_IDX(c->ids, at, store_id_t) =
            APR_ARRAY_IDX(c->ids, --c->ids->nelts, store_id_t);
    }
    return rv;
}

static apr_status_t match_near(match_t *m, store_id_t datastore,
                               apr_int64_t key)
{
    sml_session_t *s = m->s;
    sought_t sought = { datastore, key, STORE_MATCH_NEAR };
    apr_status_t rv = APR_SUCCESS;
    int looks, gone;

    m->which = STORE_MATCH_NEAR;
    m->c = apr_hash_get(s->candidates, &sought, sizeof(sought));
    if (m->c == NULL) {
        m->c = apr_pcalloc(s->p, sizeof(*m->c));
        m->c->sought = sought;
        m->c->ids = apr_array_make(s->p, 4, sizeof(store_id_t));
        apr_hash_set(s->candidates, &m->c->sought, sizeof(sought), m->c);
        rv = look(m, on_near);
    }
    for (looks = 0; rv == APR_SUCCESS && m->found == NULL
         && looks < NEAR_LOOKS && m->c->ids->nelts > 0; looks++) {
        if (m->c->next >= m->c->ids->nelts) {
            m->c->next = 0;
        }
        rv = look_near(m, m->c->next, &gone);
        m->c->next += !gone;
        if (!gone && looks + 1 >= m->c->ids->nelts) {
            break;              /* all have been looked at */
        }
    }
    return rv;
}

/* ---- in order ----------------------------------------------------------- */

static void take_former(const former_t *f, store_item_t **found,
                        store_id_t *version)
{
    *found = f->item;
    *version = f->version;
}

static apr_status_t match_others(match_t *m, const sml_sync_t *y,
                                 const former_t *f, store_id_t *version)
{
    const store_item_t *mine = m->mine;
    apr_status_t rv = match_by(m, y->datastore, STORE_MATCH_KEY, mine->key);

    if (rv == APR_SUCCESS && m->found == NULL && is_live(f)
        && f->likeness >= ITEM_RELATED) {
        take_former(f, &m->found, version);
    }
    if (rv == APR_SUCCESS && m->found == NULL && mine->uid_key != 0) {
        rv = match_by(m, y->datastore, STORE_MATCH_UID, mine->uid_key);
    }
    if (rv == APR_SUCCESS && m->found == NULL && mine->near_key != 0) {
        rv = match_near(m, y->datastore, mine->near_key);
    }
    return rv;
}

apr_status_t sml_match(sml_session_t *s, const sml_sync_t *y,
                       const sml_change_t *mine, store_item_t **found,
                       store_id_t *version)
{
    former_t f = { 0 };
    match_t m = { 0 };
    apr_status_t rv;

    *found = NULL;
    *version = 0;
    s->related = 0;
    rv = y->first ? APR_SUCCESS : find_former(s, y, mine, &f);
    if (rv == APR_SUCCESS && f.item != NULL && f.likeness >= ITEM_NEAR) {
        take_former(&f, found, version);
        return APR_SUCCESS;
    }
    m.s = s;
    m.y = y;
    m.mine = &mine->item;
    if (rv == APR_SUCCESS && !y->alone) {
        rv = match_others(&m, y, &f, version);
    }
    if (rv == APR_SUCCESS && m.found == NULL && f.item != NULL
        && f.likeness >= ITEM_RELATED) {
        /* Deleted here and edited there.  It comes back as what it was:
         * another device that has it may have edited it as well. */
        take_former(&f, &m.found, version);
    }
    *found = m.found;
    return rv;
}
