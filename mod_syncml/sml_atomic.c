/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Atomic: all of its commands are done, or none (SyncML Representation
 * Protocol 1.2, Atomic).
 *
 * They are done in their order inside a savepoint of the message's
 * transaction.  After the first that fails no other is tried (215), and all
 * that was done is undone, in the store as in the session (216); the one that
 * failed keeps its own status, and the Atomic gets 507.  Since a message is
 * one transaction, the result is certain before the first Status leaves:
 * statuses that need several messages are no reason to refuse an Atomic
 * (517), and a roll-back cannot fail by itself (516).
 *
 * The client still has what was undone or not tried, and says it again.  Until
 * then our own changes of those items wait: a Delete or Replace would take its
 * user's edit away before anybody had it.  Not so of the one that failed: its
 * Status was the answer, and where we won ours is what comes of it.
 *
 * In a slow sync even what each item is would be forgotten with the Atomic: so
 * it is found out before that, also of what was not tried.  Those of ours wait
 * as well, for they would be doubled there (a refresh from the client would
 * delete them here); and if the client does not say all of it again before its
 * package ends, also what is new to us, its next sync is slow once more.
 *
 * What may not be in it, because it is more than a change of items or has an
 * effect outside the store: another Atomic, Alert, Get, Put, Results, Status.
 */
#include "mod_syncml/sml_guard.h"

#include <string.h>

#include <apr_strings.h>

/* What the session was before the Atomic. */
typedef struct snapshot_t {
    apr_pool_t *p;
    sml_sync_t *syncs;
    int nsyncs;
    int staged;
    int doubled;                /* ranges of doubled items, and the last */
    sml_range_t last;
    int related;                /* items noted for the package's end */
    sml_pieces_t pieces;
} snapshot_t;

static apr_status_t take_snapshot(snapshot_t *old, sml_session_t *s)
{
    const sml_state_t *state = s->state;
    apr_status_t rv = apr_pool_create(&old->p, s->p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    sml_pieces_keep(s, &old->pieces);
    old->nsyncs = state->syncs->nelts;
    old->syncs = apr_pmemdup(old->p, state->syncs->elts,
                             (apr_size_t)old->nsyncs * sizeof(sml_sync_t));
    old->staged = state->staged->nelts;
    old->related = state->related->nelts;
    old->doubled = state->doubled->nelts;
    if (old->doubled > 0) {
        old->last = APR_ARRAY_IDX(state->doubled, old->doubled - 1,
                                  sml_range_t);
    }
    return APR_SUCCESS;
}

/* The lists that commands in it only add to, or that they may not touch
 * (outstanding, pending), stay.  What sml_session_t keeps of the store's
 * contents is forgotten. */
static void restore(const snapshot_t *old, sml_session_t *s)
{
    sml_state_t *state = s->state;
    int i;

    for (i = 0; i < old->nsyncs; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(state->syncs, i, sml_sync_t);
        sml_sync_t now = *y;

        *y = old->syncs[i];
        y->announced = now.announced;
        y->came = now.came;
        y->received[3] += (apr_uint32_t)(now.came - old->syncs[i].came);
        if (now.failed) {               /* a guard has stopped it */
            y->failed = now.failed;
            y->doubles = now.doubles;
        }
    }
    sml_staged_restore(s, old->staged);
    /* Their ids are given out again: to items that double nothing. */
    state->doubled->nelts = old->doubled;
    if (old->doubled > 0) {
        APR_ARRAY_IDX(state->doubled, old->doubled - 1, sml_range_t) =
            old->last;
    }
    state->related->nelts = old->related;
    s->settings = NULL;
    sml_traits_forget(s);
    s->candidates = NULL;
    s->sent_adds = NULL;
}

/* What a guard has stopped inside stays stopped: its note, and what it took
 * back of the commands before the Atomic, must not go with the savepoint. */
static void stop_again(const snapshot_t *old, sml_session_t *s)
{
    int i;

    for (i = 0; i < old->nsyncs && s->rv == APR_SUCCESS; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        if (y->failed && !old->syncs[i].failed) {
            sml_guard_again(s, y);
        }
    }
}

static sml_status_t *status_at(sml_session_t *s, int i)
{
    return &APR_ARRAY_IDX(s->state->pending, i, sml_status_t);
}

/* The statuses from that one on say what has become of the commands. */
static void tell_undone(sml_session_t *s, int from)
{
    int i;

    for (i = from; i < s->state->pending->nelts; i++) {
        sml_status_t *t = status_at(s, i);

        if (t->code < 300 && t->code != 215) {
            t->code = 216;
        }
    }
}

/* All or nothing: what is not whole at the Atomic's end is nothing.  Its
 * piece is the last of the commands. */
static void note_unfinished(sml_session_t *s, int from)
{
    int i;

    s->atomic->failed = 1;
    for (i = s->state->pending->nelts - 1; i >= from; i--) {
        if (status_at(s, i)->code == 213) {
            status_at(s, i)->code = 412;
            return;
        }
    }
}

/* ---- what the client owes ----------------------------------------------- */

/* A LUID of which nobody can tell what it is of ours. */
static int is_lacking(const sml_range_t *r)
{
    return r->from < 0 && r->to == 0;
}

static void note_owed(sml_session_t *s, int i)
{
    const sml_range_t *r = &APR_ARRAY_IDX(s->state->owed, i, sml_range_t);

    s->lacking += is_lacking(r);
    apr_hash_set(s->owed_at, apr_pmemdup(s->p, &r->from, sizeof(r->from)),
                 sizeof(r->from), apr_pmemdup(s->p, &i, sizeof(i)));
}

/* @return NULL: it owes nothing of the item */
static sml_range_t *find_owed(sml_session_t *s, store_id_t item)
{
    const apr_array_header_t *list = s->state->owed;
    const int *at;
    int i;

    if (list->nelts == 0) {
        return NULL;
    }
    if (s->owed_at == NULL) {
        s->owed_at = apr_hash_make(s->p);
        s->lacking = 0;
        for (i = 0; i < list->nelts; i++) {
            note_owed(s, i);
        }
    }
    at = apr_hash_get(s->owed_at, &item, sizeof(item));
    return at ? &APR_ARRAY_IDX(list, *at, sml_range_t) : NULL;
}

void sml_atomic_paid(sml_session_t *s, store_id_t item)
{
    sml_range_t *r = find_owed(s, item);

    if (r != NULL) {
        apr_hash_set(s->owed_at, &item, sizeof(item), NULL);
        s->lacking -= is_lacking(r);
        r->from = r->to = 0;
    }
}

typedef struct owing_t {
    sml_sync_t *y;              /* of the Sync around it; NULL: none */
    const sml_status_t *failed; /* of the one that failed; NULL: not known */
} owing_t;

static void add_owed(sml_session_t *s, sml_range_t what)
{
    sml_range_t *r = find_owed(s, what.from);

    if (r != NULL && is_lacking(r) && !is_lacking(&what)) {
        s->lacking--;
        r->to = what.to;
    }
    if (r != NULL || s->state->owed->nelts >= SML_MAX_OWED) {
        return;
    }
    APR_ARRAY_PUSH(s->state->owed, sml_range_t) = what;
    if (s->owed_at != NULL) {
        note_owed(s, s->state->owed->nelts - 1);
    }
}

static void owe_item(sml_session_t *s, const sml_command_t *c,
                     const sml_item_t *item, const owing_t *o)
{
    const sml_status_t *t = o->failed;
    const char *luid = item->source.uri;
    sml_range_t r = { 0 };
    store_map_t *map;

    if (luid == NULL || *luid == '\0'
        || (t != NULL && c->cmdid != NULL && strcmp(t->cmdref, c->cmdid) == 0
            && (t->sourceref == NULL || strcmp(t->sourceref, luid) == 0))
        || sml_sync_with_luid(s, o->y, c->tag, luid, item->target.uri, NULL,
                              &map) == NULL) {
        return;
    }
    r.sync = sml_sync_index(s, o->y);
    r.from = r.to = map->item;
    add_owed(s, r);
}

static void owe(sml_session_t *s, const sml_command_t *c, owing_t o)
{
    int i;

    if (c->tag == SYNCML_SYNC) {
        o.y = sml_sync_find(s, &c->target, &c->source);
    }
    for (i = 0; c->commands != NULL && i < c->commands->nelts; i++) {
        owe(s, APR_ARRAY_IDX(c->commands, i, sml_command_t *), o);
    }
    if ((c->tag != SYNCML_REPLACE && c->tag != SYNCML_ADD
         && c->tag != SYNCML_DELETE) || o.y == NULL || o.y->failed
        || !sml_sync_from_client(o.y)) {
        return;
    }
    for (i = 0; i < c->items->nelts && s->rv == APR_SUCCESS; i++) {
        owe_item(s, c, &APR_ARRAY_IDX(c->items, i, sml_item_t), &o);
    }
}

/* ---- slow syncs ---------------------------------------------------------- */

store_id_t sml_atomic_luid(store_id_t datastore, const char *luid)
{
    apr_uint64_t hash = (14695981039346656037u ^ (apr_uint64_t)datastore)
        * 1099511628211u;

    for (; *luid != '\0'; luid++) {
        hash = (hash ^ (unsigned char)*luid) * 1099511628211u;
    }
    return -1 - (store_id_t)(hash >> 2);        /* never an item's id */
}

void sml_atomic_know(sml_session_t *s, store_id_t datastore, store_id_t item)
{
    int i;

    for (i = 0; s->atomic != NULL && item != 0
             && i < s->state->syncs->nelts; i++) {
        if (APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t).datastore
            == datastore) {
            sml_range_t *r = apr_array_push(s->atomic->known);

            r->sync = i;
            r->from = r->to = item;
            return;
        }
    }
}

void sml_atomic_lack(sml_session_t *s, const sml_sync_t *y, const char *luid)
{
    sml_range_t r = { 0 };

    if (!sml_sync_is_slow(y)) {
        return;
    }
    r.sync = sml_sync_index(s, y);
    r.from = sml_atomic_luid(y->datastore, luid);
    add_owed(s, r);
}

/* The commands of an Atomic have been gone through once more, and have left
 * an object without its end. */
static void know_lacking(sml_session_t *s)
{
    const sml_object_t *o = s->state->incoming;

    if (s->rv == APR_SUCCESS && o != NULL && !o->refused && !o->resumed) {
        sml_atomic_lack(s, &APR_ARRAY_IDX(s->state->syncs, o->sync,
                                          sml_sync_t), o->luid);
    }
}

/* Is the LUID one of the datastore's, or perhaps of it, since it is of the
 * combination? */
static int is_among(sml_session_t *s, sml_sync_t *y, const sml_range_t *r)
{
    sml_sync_t *of = &APR_ARRAY_IDX(s->state->syncs, r->sync, sml_sync_t);

    return of->datastore == y->datastore
        || (is_lacking(r) && sml_sync_head(s, of) == sml_sync_head(s, y));
}

int sml_atomic_holds(sml_session_t *s, sml_sync_t *y,
                     const store_change_t *c)
{
    const apr_array_header_t *list = s->state->owed;
    int i, holds = find_owed(s, c->item.id) != NULL;

    for (i = 0; !holds && s->lacking > 0 && !c->mapped && !c->item.deleted
             && sml_sync_is_slow(y) && i < list->nelts; i++) {
        const sml_range_t *r = &APR_ARRAY_IDX(list, i, sml_range_t);

        holds = is_lacking(r) && is_among(s, y, r);
    }
    return holds;
}

void sml_atomic_paid_luid(sml_session_t *s, sml_sync_t *y, const char *luid)
{
    for (y = sml_sync_head(s, y); y != NULL && s->state->owed->nelts > 0;
         y = sml_sync_next(s, y)) {
        sml_atomic_paid(s, sml_atomic_luid(y->datastore, luid));
    }
}

/* But those that were made in the Atomic. */
static void owe_known(sml_session_t *s)
{
    const apr_array_header_t *known = s->atomic->known;
    int i;

    for (i = 0; i < known->nelts && s->rv == APR_SUCCESS; i++) {
        const sml_range_t *r = &APR_ARRAY_IDX(known, i, sml_range_t);
        const sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, r->sync,
                                             sml_sync_t);
        store_item_t *item;
        apr_status_t rv = r->from < 0 ? APR_SUCCESS
            : store_item_get(s->tx, s->account, y->datastore, r->from, &item);

        if (rv == APR_SUCCESS) {
            add_owed(s, *r);
        }
        s->rv = rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
}

/* Is it an owed item of that datastore of which the device has no row, or
 * none that says what it is there? */
static int is_lost(sml_session_t *s, sml_sync_t *y,
                   const sml_range_t *r)
{
    store_map_t *map;

    if (r->from == 0 || !is_among(s, y, r)
        || s->rv != APR_SUCCESS) {
        return 0;
    }
    if (r->from < 0) {
        return 1;               /* a LUID */
    }
    s->rv = store_map_by_item(s->tx, s->device->id, r->from, y->datastore,
                              &map);
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        return 1;
    }
    return s->rv == APR_SUCCESS && map->luid == NULL;
}

int sml_atomic_left(sml_session_t *s, sml_sync_t *y)
{
    const apr_array_header_t *list = s->state->owed;
    int i, left = 0;

    for (i = 0; i < list->nelts && sml_sync_is_slow(y) && !left; i++) {
        left = is_lost(s, y, &APR_ARRAY_IDX(list, i, sml_range_t));
    }
    return left;
}

/* ---- undoing ------------------------------------------------------------- */

static void undo(sml_session_t *s, const sml_command_t *c, sml_sync_t *y,
                 const snapshot_t *old, store_savepoint_t sp, int at)
{
    owing_t o = { y, NULL };
    int told = !c->no_resp && !s->in->no_resp, i;
    sml_object_t *left = sml_pieces_left(s, &old->pieces);

    sml_pieces_restore(s, &old->pieces, NULL);
    sml_receive_known(s, y, c);
    know_lacking(s);
    sml_pieces_restore(s, &old->pieces, left);
    if (s->rv == APR_SUCCESS) {
        s->rv = store_savepoint_rollback(s->tx, sp);
    }
    if (s->rv != APR_SUCCESS) {
        return;
    }
    restore(old, s);
    stop_again(old, s);
    tell_undone(s, at + told);
    for (i = at + told; i < s->state->pending->nelts; i++) {
        if (status_at(s, i)->code >= 300) {
            o.failed = status_at(s, i);
        }
    }
    if (s->rv == APR_SUCCESS) {
        owe(s, c, o);
        owe_known(s);
    }
    if (told) {
        status_at(s, at)->code = 507;
    }
    if (s->undone++ == 0) {
        sml_log(s->config, 5, 0, "device %s of account %s: a command of an "
                "Atomic failed, so nothing of the Atomic was done",
                s->device->devid, s->state->user);
    }
}

static void children(sml_session_t *s, const sml_command_t *c,
                     sml_child_fn *child, void *baton)
{
    int i;

    for (i = 0; i < c->commands->nelts && s->rv == APR_SUCCESS; i++) {
        child(s, APR_ARRAY_IDX(c->commands, i, sml_command_t *), baton);
    }
}

static void nested(sml_session_t *s, const sml_command_t *c)
{
    int i;

    sml_status(s, c, 500, NULL, NULL);
    for (i = 0; i < c->commands->nelts; i++) {
        sml_refuse(s, APR_ARRAY_IDX(c->commands, i, sml_command_t *), 215);
    }
}

void sml_atomic(sml_session_t *s, const sml_command_t *c, sml_sync_t *y,
                sml_child_fn *child, void *baton)
{
    int at = s->state->pending->nelts;
    sml_atomic_t atomic = { 0 };
    store_savepoint_t sp;
    snapshot_t old;

    if (s->atomic != NULL) {
        nested(s, c);
        return;
    }
    if (c->commands->nelts == 0) {
        sml_status(s, c, 400, NULL, NULL);
        return;
    }
    s->rv = take_snapshot(&old, s);
    if (s->rv == APR_SUCCESS) {
        s->rv = store_savepoint(s->tx, &sp);
    }
    if (s->rv != APR_SUCCESS) {
        return;
    }
    sml_status(s, c, 200, NULL, NULL);
    atomic.journal = apr_array_make(old.p, 4, sizeof(sml_restage_t));
    atomic.known = apr_array_make(old.p, 8, sizeof(sml_range_t));
    s->atomic = &atomic;
    children(s, c, child, baton);
    if (s->rv == APR_SUCCESS && sml_pieces_left(s, &old.pieces) != NULL) {
        note_unfinished(s, at);
    }
    if (s->rv == APR_SUCCESS && atomic.failed) {
        undo(s, c, y, &old, sp, at);
    }
    else if (s->rv == APR_SUCCESS) {
        s->rv = store_savepoint_release(s->tx, sp);
    }
    s->atomic = NULL;
    apr_pool_destroy(old.p);
}

void sml_atomic_note(sml_session_t *s, int code)
{
    if (s->atomic != NULL && code >= 300) {
        s->atomic->failed = 1;
    }
}

int sml_atomic_skips(sml_session_t *s, const sml_command_t *c)
{
    if (s->atomic == NULL) {
        return 0;
    }
    if (s->atomic->failed) {
        sml_refuse(s, c, 215);
        return 1;
    }
    switch (c->tag) {
    case SYNCML_STATUS:
        return 1;
    case SYNCML_ALERT: case SYNCML_GET: case SYNCML_PUT: case SYNCML_RESULTS:
        sml_refuse(s, c, 500);
        return 1;
    default:
        return 0;
    }
}
