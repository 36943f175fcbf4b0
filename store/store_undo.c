/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What a session did to items, and how to take it back; above the drivers.
 *
 * An item's past is a row of texts, each with the change that wrote it and,
 * where the item was deleted with it, the change that did.  The changes within
 * the session's ranges are the session's.  The item was, before the session,
 * what it was just before the first of them.  Where a change that is not the
 * session's comes between them, or after them so that the item is not any more
 * what the session left, somebody else has built on it, and only force puts
 * the item back.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_calls.h"

typedef struct undo_t {
    store_tx_t *tx;
    apr_pool_t *p;              /* the transaction's own */
    store_id_t account;
    apr_array_header_t *ranges; /* of store_range_t */
    const store_undo_t *how;    /* NULL: only tell */
    store_log_change_fn *fn;
    void *baton;
    store_id_t log;             /* of the undo itself; 0: not begun yet */
    store_id_t undoes;
    store_datastore_t *ds;      /* of the present range */
} undo_t;

/* The state of an item, as a place in its past. */
typedef struct place_t {
    int known;                  /* 0: no longer kept */
    int exists;                 /* 0: not added yet */
    int deleted, archived;
    store_id_t text;            /* the change that wrote it */
} place_t;

typedef struct story_t {
    int touched;                /* by the session */
    int changed_since;          /* by somebody else */
    int changed_between;        /* and then by the session again */
    place_t was, became;
} story_t;

static int is_ours(const undo_t *u, store_id_t datastore, store_id_t change)
{
    const store_range_t *r = (const store_range_t *)u->ranges->elts;
    int from = 0, to = u->ranges->nelts;

    /* The last range that does not begin after it. */
    while (from < to) {
        int middle = from + (to - from) / 2;

        if (r[middle].datastore < datastore
            || (r[middle].datastore == datastore
                && r[middle].after < change))
            from = middle + 1;
        else
            to = middle;
    }
    return from > 0 && r[from - 1].datastore == datastore
           && change <= r[from - 1].upto;
}

/* ---- from the past of an item ------------------------------------------ */

static place_t at_text(const store_past_t *past, int deleted)
{
    place_t place = { 1, 1, deleted, deleted && past->archived,
                      past->change };

    return place;
}

/* One change of the item, in order. */
static void take_change(const undo_t *u, story_t *story,
                        store_id_t datastore, store_id_t change,
                        place_t before, place_t after)
{
    if (is_ours(u, datastore, change)) {
        if (!story->touched)
            story->was = before;
        story->touched = 1;
        story->changed_between |= story->changed_since;
        story->became = after;
    }
    else if (story->touched) {
        story->changed_since = 1;
    }
}

/* What came before a text was written: the one that ended with it. */
static place_t before_text(const store_past_t *past, int i,
                           store_id_t added)
{
    place_t none = { 0 };

    if (past[i].change == added) {
        none.known = 1;
        return none;
    }
    if (i > 0 && past[i - 1].until == past[i].change)
        return at_text(&past[i - 1], past[i - 1].deleted != 0);
    return none;
}

static apr_status_t read_story(const undo_t *u, store_id_t datastore,
                               store_id_t item, story_t *story)
{
    apr_array_header_t *list = NULL;
    store_id_t added = 0;
    apr_status_t rv = u->tx->driver->item_history(u->tx, datastore, item,
                                                  &added, &list);
    const store_past_t *past;
    int i;

    memset(story, 0, sizeof(*story));
    if (rv != APR_SUCCESS)
        return rv;
    past = (const store_past_t *)list->elts;
    for (i = 0; i < list->nelts; i++) {
        take_change(u, story, datastore, past[i].change,
                    before_text(past, i, added), at_text(&past[i], 0));
        if (past[i].deleted)
            take_change(u, story, datastore, past[i].deleted,
                        at_text(&past[i], 0), at_text(&past[i], 1));
    }
    return APR_SUCCESS;
}

/* ---- texts ------------------------------------------------------------- */

/* The item as it was at a place; NULL if it did not exist or is not kept. */
static apr_status_t read_place(const undo_t *u, store_id_t datastore,
                               store_id_t item, place_t *place,
                               store_item_t **out)
{
    apr_status_t rv;

    *out = NULL;
    if (!place->known || !place->exists)
        return APR_SUCCESS;
    rv = u->tx->driver->item_version(u->tx, u->account, datastore, item,
                                     place->text, out);
    if (rv == APR_NOTFOUND) {
        place->known = 0;
        return APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        (*out)->deleted = place->deleted;
        (*out)->archived = place->archived;
    }
    return rv;
}

static int same_text(const store_item_t *a, const store_item_t *b)
{
    return a->len == b->len && strcmp(a->type, b->type) == 0
           && memcmp(a->data, b->data, a->len) == 0;
}

/* ---- putting back ------------------------------------------------------ */

static apr_status_t erase(undo_t *u, const store_log_change_t *c,
                          int archive)
{
    store_id_t change;

    return u->tx->driver->item_delete(u->tx, u->account, c->datastore,
                                      c->item, 0, archive, &change);
}

static apr_status_t write_text(undo_t *u, const store_log_change_t *c,
                               int deleted)
{
    store_item_t item = *c->was;
    apr_status_t rv;

    item.origin = 0;
    item.key = item.uid_key = item.near_key = 0;
    item.starts = item.ends = STORE_WHEN_ALWAYS;
    rv = u->how->keys ? u->how->keys(u->how->baton, &item) : APR_SUCCESS;
    if (rv != APR_SUCCESS)
        return rv;
    return deleted
           ? u->tx->driver->item_restore(u->tx, u->account, &item)
           : u->tx->driver->item_update(u->tx, u->account, &item);
}

/* Make the item what it was; its present state is `now`. */
static apr_status_t put_back(undo_t *u, const store_log_change_t *c,
                             const store_item_t *now)
{
    int write;
    apr_status_t rv = APR_SUCCESS;

    if (!c->was)
        return erase(u, c, 0);
    /* A deleted item changes only by being live for a moment; it is no more
     * what it was, so it does not stay as it is. */
    write = now->deleted || !same_text(c->was, now);
    if (write)
        rv = write_text(u, c, now->deleted);
    if (rv == APR_SUCCESS && c->was->deleted)
        rv = erase(u, c, c->was->archived);
    return rv;
}

static apr_status_t begin_log(undo_t *u)
{
    store_log_t log = { .account = u->account, .undoes = u->undoes,
                        .session = "" };
    apr_status_t rv;

    if (u->log)
        return APR_SUCCESS;
    rv = u->tx->driver->log_begin(u->tx, &log);
    u->log = log.id;
    return rv;
}

/* The kinds as in store_log_datastore_t. */
static int kind_of(const store_log_change_t *c, const store_item_t *now)
{
    if (!c->was || c->was->deleted)
        return 2;
    return now->deleted ? 0 : 1;
}

/* ---- item by item ------------------------------------------------------ */

/* Is it what it was already? */
static int is_back(const store_item_t *was, const store_item_t *now)
{
    if (!was)
        return now->deleted;
    return was->deleted == now->deleted && was->archived == now->archived
           && same_text(was, now);
}

static store_undo_e judge(const undo_t *u, const story_t *story,
                          const store_log_change_t *c,
                          const store_item_t *now)
{
    if (!story->was.known)
        return STORE_UNDO_LOST;
    if (is_back(c->was, now))
        return STORE_UNDO_NOTHING;
    if (u->how && u->how->force)
        return STORE_UNDO_DONE;
    return story->changed_between
           || (story->changed_since
               && (!c->became || !is_back(c->became, now)))
           ? STORE_UNDO_CHANGED : STORE_UNDO_DONE;
}

/* What the callback asks of the store lives as long as it always does. */
static apr_status_t tell(undo_t *u, const store_log_change_t *c)
{
    apr_pool_t *scratch = u->tx->p;
    apr_status_t rv;

    if (!u->fn)
        return APR_SUCCESS;
    u->tx->p = u->p;
    rv = u->fn(u->baton, c);
    u->tx->p = scratch;
    return rv;
}

static apr_status_t one_item(undo_t *u, store_id_t datastore,
                             store_id_t item, apr_uint32_t *counts)
{
    store_log_change_t c = { .item = item, .datastore = datastore,
                             .datastore_name = u->ds->name };
    store_item_t *was, *became, *now;
    story_t story;
    apr_status_t rv = read_story(u, datastore, item, &story);

    if (rv != APR_SUCCESS || !story.touched)
        return rv;
    rv = read_place(u, datastore, item, &story.was, &was);
    if (rv == APR_SUCCESS)
        rv = read_place(u, datastore, item, &story.became, &became);
    if (rv == APR_SUCCESS)
        rv = u->tx->driver->item_get(u->tx, u->account, datastore, item,
                                     &now);
    if (rv != APR_SUCCESS)
        return rv;
    c.was = was;
    c.became = became;
    c.outcome = judge(u, &story, &c, now);
    if (u->how && c.outcome == STORE_UNDO_DONE) {
        rv = begin_log(u);
        if (rv == APR_SUCCESS)
            rv = put_back(u, &c, now);
        counts[kind_of(&c, now)]++;
    }
    return rv == APR_SUCCESS ? tell(u, &c) : rv;
}

/* What the driver gives lives in the transaction's pool; for the texts of one
 * item that is one which is cleared. */
static apr_status_t each_item(undo_t *u, store_id_t datastore,
                              store_id_t after, apr_uint32_t *counts)
{
    apr_array_header_t *items = NULL;
    apr_pool_t *scratch;
    const char *words;
    apr_status_t rv = u->tx->driver->item_since(u->tx, u->account, datastore,
                                                after, &items);
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    apr_pool_create(&scratch, u->p);
    for (i = 0; i < items->nelts && rv == APR_SUCCESS; i += 2) {
        apr_pool_clear(scratch);
        words = u->tx->error;
        u->tx->p = scratch;
        rv = one_item(u, datastore, APR_ARRAY_IDX(items, i, store_id_t),
                      counts);
        u->tx->p = u->p;
        if (u->tx->error != words)
            u->tx->error = apr_pstrdup(u->p, u->tx->error);
    }
    apr_pool_destroy(scratch);
    return rv;
}

static apr_status_t find_datastore(undo_t *u, store_id_t id);

static apr_status_t one_datastore(undo_t *u, store_id_t datastore,
                                  store_id_t after)
{
    store_log_datastore_t d = { .datastore = datastore, .status = 200 };
    store_id_t before, upto;
    apr_status_t rv = find_datastore(u, datastore);

    if (rv == APR_NOTFOUND)
        return APR_SUCCESS;     /* deleted since, with all its items */
    if (rv != APR_SUCCESS)
        return rv;
    before = u->ds->change;
    rv = each_item(u, datastore, after, d.received);
    if (rv == APR_SUCCESS)
        rv = find_datastore(u, datastore);
    if (rv != APR_SUCCESS)
        return rv;
    upto = u->ds->change;
    if (upto == before)
        return APR_SUCCESS;
    rv = u->tx->driver->log_range(u->tx, u->log, datastore, before, upto);
    return rv == APR_SUCCESS
           ? u->tx->driver->log_datastore(u->tx, u->log, &d) : rv;
}

typedef struct sought_t {
    store_id_t id;
    undo_t *u;
} sought_t;

static apr_status_t is_sought(void *baton, const store_datastore_t *ds)
{
    sought_t *sought = baton;

    if (ds->id != sought->id)
        return APR_SUCCESS;
    sought->u->ds = apr_pmemdup(sought->u->tx->p, ds, sizeof(*ds));
    sought->u->ds->name = apr_pstrdup(sought->u->tx->p, ds->name);
    return APR_EOF;
}

/* The account's datastore with its present counter. */
static apr_status_t find_datastore(undo_t *u, store_id_t id)
{
    sought_t sought = { id, u };
    apr_status_t rv;

    u->ds = NULL;
    rv = u->tx->driver->datastore_list(u->tx, u->account, is_sought,
                                       &sought);
    return rv == APR_SUCCESS && !u->ds ? APR_NOTFOUND : rv;
}

/* ---- the whole session ------------------------------------------------- */

static apr_status_t all_datastores(undo_t *u)
{
    store_log_t *log;
    apr_status_t rv = u->tx->driver->log_get(u->tx, u->account, u->undoes,
                                             &log);
    store_id_t last = 0;
    int i;

    if (rv == APR_SUCCESS) {
        u->account = log->account;
        rv = u->tx->driver->log_ranges(u->tx, u->undoes, &u->ranges);
    }
    /* Ranges come by datastore and counter: the first of each says since
     * when to look. */
    for (i = 0; rv == APR_SUCCESS && i < u->ranges->nelts; i++) {
        const store_range_t *r = &APR_ARRAY_IDX(u->ranges, i, store_range_t);

        if (r->datastore != last)
            rv = one_datastore(u, r->datastore, r->after);
        last = r->datastore;
    }
    return rv;
}

apr_status_t store_log_changes(store_tx_t *tx, store_id_t account,
                               store_id_t id, store_log_change_fn *fn,
                               void *baton)
{
    undo_t u = { .tx = tx, .account = account, .undoes = id, .fn = fn,
                 .baton = baton };
    apr_status_t rv;

    BEGIN(STORE_READ);
    NEED(account >= 0, BAD_ACCOUNT);
    NEED(good_id(id), "no log was given");
    NEED(fn, BAD_CALLBACK);
    u.p = tx->p;
    rv = all_datastores(&u);
    return store_tx_result(tx, mode_, rv == APR_EOF ? APR_SUCCESS : rv);
}

apr_status_t store_log_undo(store_tx_t *tx, store_id_t account,
                            store_id_t id, const store_undo_t *undo,
                            store_id_t *undo_log)
{
    undo_t u = { .tx = tx, .account = account, .undoes = id, .how = undo,
                 .fn = undo ? undo->fn : NULL,
                 .baton = undo ? undo->baton : NULL };
    apr_status_t rv;

    if (undo_log)
        *undo_log = 0;
    BEGIN(STORE_WRITE);
    NEED(account >= 0, BAD_ACCOUNT);
    NEED(good_id(id), "no log was given");
    NEED(undo, "how to undo was not said");
    u.p = tx->p;
    rv = all_datastores(&u);
    if (rv == APR_SUCCESS && u.log)
        rv = tx->driver->log_end(tx, u.log, STORE_LOG_ENDED);
    if (rv == APR_SUCCESS && u.log)
        rv = tx->driver->log_undone(tx, id, u.log);
    if (rv == APR_SUCCESS && undo_log)
        *undo_log = u.log;
    /* Nothing that stops half-way may be committed. */
    if (rv != APR_SUCCESS && u.log && store_is_answer(rv))
        rv = APR_EGENERAL;
    return store_tx_result(tx, mode_, rv);
}
