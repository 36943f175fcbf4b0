/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Slow sync: which item of ours is the client's?  An equal one that this
 * device has not been matched with yet, else one with the same UID.  (In a
 * normal sync the equal ones are asked for, see sml_apply.c.)
 *
 * The store passes over the items that are matched already, so where many
 * are alike each look would be longer than the one before.  From the second
 * look for the same key on, ids are therefore fetched many at a time and
 * used up one by one.
 */
#include "mod_syncml/sml_session.h"

#include <string.h>

#include <apr_strings.h>

#define AT_ONCE 4096

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
    const store_item_t *mine;
    apr_int64_t which;
    candidates_t *c;
    store_item_t *found;
} match_t;

static int is_same(const match_t *m, const store_item_t *item)
{
    const store_item_t *mine = m->mine;

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
                             const store_item_t *mine, store_item_t **found)
{
    match_t m = { 0 };
    apr_status_t rv;

    m.s = s;
    m.mine = mine;
    rv = match_by(&m, y->datastore, STORE_MATCH_KEY, mine->key);
    *found = m.found;
    return rv;
}

apr_status_t sml_match(sml_session_t *s, const sml_sync_t *y,
                       const store_item_t *mine, store_item_t **found)
{
    match_t m = { 0 };
    apr_status_t rv;

    m.s = s;
    m.mine = mine;
    rv = match_by(&m, y->datastore, STORE_MATCH_KEY, mine->key);
    if (rv == APR_SUCCESS && m.found == NULL && mine->uid_key != 0) {
        rv = match_by(&m, y->datastore, STORE_MATCH_UID, mine->uid_key);
    }
    *found = m.found;
    return rv;
}
