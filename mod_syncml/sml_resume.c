/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What a session that did not end leaves to the next one of its device.
 *
 * Its row stays in the store after it has been suspended, has broken off or
 * has expired.  The next login takes over what is of use of it (and of what
 * that one had taken over itself, of datastores that it did not get to), and
 * keeps it until the client says by an Alert how it goes on with the
 * datastore:
 *
 * - Alert 225: the sync goes on as the type that was interrupted.  What had a
 *   Status stays done, maps and staged deletes stay, an object on its way
 *   goes on at the piece.  Not what others changed since: neither side sends
 *   that in a resumed sync (OMA DS 1.2.1), and the client would overwrite
 *   edits of its user with it that it holds back for the same reason.
 * - another Alert: what the client has said stays true all the same.  Deletes
 *   that had their Status may not come again, so they stay staged, each
 *   for the version that the device had; and the Adds that it may have got
 *   are remembered, so that a late Map says which version of the item it has.
 */
#include "mod_syncml/sml_resume.h"

#include <string.h>

#include <apr_strings.h>

/* Expired sessions of devices are kept so long: a phone that is off for a
 * week still resumes. */
#define KEEP_EXPIRED    apr_time_from_sec(30 * 86400)
#define EXPIRE_AT_ONCE  20

/* ---- taking apart ------------------------------------------------------- */

static int find_name(const sml_state_t *state, const char *name)
{
    int i;

    for (i = 0; state != NULL && i < state->syncs->nelts; i++) {
        const sml_sync_t *y = &APR_ARRAY_IDX(state->syncs, i, sml_sync_t);

        if (strcmp(y->name, name) == 0) {
            return i;
        }
    }
    return -1;
}

/* @param told  with those that an Add has vouched for, in this sync */
static void copy_staged(const sml_state_t *from, int at, sml_state_t *to,
                        int place, int told)
{
    int i;

    for (i = 0; i < from->staged->nelts
             && to->staged->nelts < SML_MAX_STAGED; i++) {
        const sml_staged_t *d = &APR_ARRAY_IDX(from->staged, i, sml_staged_t);

        if (d->sync == at && d->item != 0 && (told || !d->told)) {
            sml_staged_t *n = apr_array_push(to->staged);

            *n = *d;
            n->sync = place;
        }
    }
}

static void offer(sml_state_t *to, int place, store_id_t item,
                  store_id_t version)
{
    sml_offered_t *n;

    if (to->offered->nelts < SML_MAX_OFFERED) {
        n = apr_array_push(to->offered);
        n->sync = place;
        n->item = item;
        n->version = version;
    }
}

/* Adds without a Status, of this session and of those before. */
static void copy_offered(const sml_state_t *from, int at, sml_state_t *to,
                         int place)
{
    int i;

    for (i = 0; i < from->offered->nelts; i++) {
        const sml_offered_t *o =
            &APR_ARRAY_IDX(from->offered, i, sml_offered_t);

        if (o->sync == at) {
            offer(to, place, o->item, o->version);
        }
    }
    for (i = 0; i < from->outstanding->nelts; i++) {
        const sml_outstanding_t *o =
            &APR_ARRAY_IDX(from->outstanding, i, sml_outstanding_t);

        if (o->sync == at && o->tag == SYNCML_ADD) {
            offer(to, place, o->item, o->version);
        }
    }
}

static void copy_ranges(const apr_array_header_t *from, int at,
                        apr_array_header_t *to, int place, int max)
{
    int i;

    for (i = 0; i < from->nelts && to->nelts < max; i++) {
        sml_range_t r = APR_ARRAY_IDX(from, i, sml_range_t);

        if (r.sync == at) {
            r.sync = place;
            APR_ARRAY_PUSH(to, sml_range_t) = r;
        }
    }
}

/* What guards, matching and Atomics have noted, which counts while the sync
 * goes on. */
static void copy_notes(const sml_state_t *from, int at, sml_state_t *to,
                       int place)
{
    int i;

    copy_ranges(from->doubled, at, to->doubled, place, SML_MAX_DOUBLED);
    copy_ranges(from->owed, at, to->owed, place, SML_MAX_OWED);
    for (i = 0; i < from->related->nelts
             && to->related->nelts < SML_MAX_RELATED; i++) {
        sml_related_t r = APR_ARRAY_IDX(from->related, i, sml_related_t);

        if (r.sync == at) {
            r.sync = place;
            APR_ARRAY_PUSH(to->related, sml_related_t) = r;
        }
    }
}

/* A copy: in @p from its place has a meaning of its own. */
static sml_object_t *move_object(const sml_object_t *o, int at, int place,
                                 apr_pool_t *p)
{
    sml_object_t *moved;

    if (o == NULL || o->sync != at) {
        return NULL;
    }
    moved = apr_pmemdup(p, o, sizeof(*o));
    moved->sync = place;
    return moved;
}

static void move_objects(sml_state_t *from, int at, sml_state_t *to,
                         int place)
{
    apr_pool_t *p = to->syncs->pool;
    sml_object_t *in = move_object(from->incoming, at, place, p);
    sml_object_t *out = move_object(from->outgoing, at, place, p);
    sml_object_t *done = move_object(from->finished, at, place, p);

    to->incoming = in ? in : to->incoming;
    to->outgoing = out ? out : to->outgoing;
    to->finished = done ? done : to->finished;
}

/* Append a datastore of a former session with all that belongs to it. */
static void append(sml_state_t *to, sml_state_t *from, int at)
{
    int place = to->syncs->nelts;

    if (place >= SML_MAX_DATASTORES) {
        return;
    }
    *(sml_sync_t *)apr_array_push(to->syncs) =
        APR_ARRAY_IDX(from->syncs, at, sml_sync_t);
    copy_staged(from, at, to, place, 1);
    copy_offered(from, at, to, place);
    copy_notes(from, at, to, place);
    move_objects(from, at, to, place);
}

/* All datastores of the former state that nobody has taken over, and those of
 * @p older that are not among them. */
static sml_state_t *fold(sml_state_t *from, sml_state_t *older,
                         apr_pool_t *p)
{
    sml_state_t *to = sml_state_make(p);
    int i;

    for (i = 0; i < from->syncs->nelts; i++) {
        if (!APR_ARRAY_IDX(from->syncs, i, sml_sync_t).taken) {
            append(to, from, i);
        }
    }
    for (i = 0; older != NULL && i < older->syncs->nelts; i++) {
        const sml_sync_t *y = &APR_ARRAY_IDX(older->syncs, i, sml_sync_t);

        if (find_name(to, y->name) < 0) {
            append(to, older, i);
        }
    }
    return to->syncs->nelts > 0 ? to : NULL;
}

/* A session that was only begun has taken the datastore over.  Does a client
 * that resumes mean what was under way before?  It does if the Alert was a
 * copy of the same.  If it was another for a refresh from the client, nobody
 * knows: then neither goes on, since a refresh of which nothing has come would
 * delete all that had come before. */
static int is_meant(sml_sync_t *r, const sml_sync_t *begun)
{
    if ((!r->client_began && !r->resumed) || r->committed || r->failed) {
        return 0;
    }
    if (strcmp(r->client_next, begun->client_next) == 0) {
        return 1;
    }
    if (begun->code == 203 && !begun->resumed) {
        r->failed = 412;
        return 1;
    }
    return 0;
}

/* One that was only begun may be the copy of an older message: what was under
 * way before is worth more. */
static sml_state_t *fold_begun(sml_state_t *old, apr_pool_t *p)
{
    sml_state_t *former = old->former;
    int i;

    for (i = 0; i < former->syncs->nelts; i++) {
        sml_sync_t *r = &APR_ARRAY_IDX(former->syncs, i, sml_sync_t);
        int at = find_name(old, r->name);

        r->taken = r->taken && at >= 0
            && !is_meant(r, &APR_ARRAY_IDX(old->syncs, at, sml_sync_t));
    }
    return fold(former, old, p);
}

/* A login that nobody has gone on with for so long is not held up on its way:
 * its client has gone. */
#define LATE_WITHIN  apr_time_from_sec(60)

apr_status_t sml_resume_load(sml_session_t *s)
{
    store_session_t *row;
    sml_state_t *old;
    apr_status_t rv = store_session_of_device(s->tx, s->device->id, &row);

    if (rv == APR_NOTFOUND) {
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (row->account != s->account
        || sml_state_unpack(&old, row->state, row->state_len, s->p)
               != APR_SUCCESS) {
        return sml_resume_forget_others(s, "");
    }
    s->state->former = old->continued || old->former == NULL
        ? fold(old, old->former, s->p) : fold_begun(old, s->p);
    return !old->continued && old->began < s->now - LATE_WITHIN
        ? sml_resume_forget_others(s, "") : APR_SUCCESS;
}

apr_status_t sml_resume_expire(sml_session_t *s)
{
    return store_session_expire(s->tx, EXPIRE_AT_ONCE, KEEP_EXPIRED);
}

apr_status_t sml_resume_forget_others(sml_session_t *s, const char *token)
{
    return store_session_delete_others(s->tx, s->device->id, token);
}

apr_status_t sml_resume_continue(sml_session_t *s, const char *token)
{
    sml_state_t *state = s->state;

    if (!state->continued && state->former != NULL) {
        state->former = fold(state->former, NULL, s->p);
    }
    state->continued = 1;
    return sml_resume_forget_others(s, token);
}

/* ---- going on ----------------------------------------------------------- */

/* Has the client gone on from the Next of that sync? */
static int is_past(const sml_sync_t *r, const sml_sync_t *y)
{
    return *y->client_last != '\0'
        && strcmp(r->client_next, y->client_last) == 0
        && strcmp(r->client_last, y->client_last) != 0;
}

/* Do both sides mean the same interrupted sync?  Its Last is what the client
 * says again; in a slow sync, a refresh or the first some say none. */
static int is_same(const sml_sync_t *r, const sml_sync_t *y)
{
    const char *was = sml_combination(r), *is = sml_combination(y);

    return !r->failed && !is_past(r, y) && r->datastore == y->datastore
        && r->member == y->member
        && (was ? is && strcmp(was, is) == 0 : is == NULL)
        && strcmp(r->client_uri, y->client_uri) == 0
        && strcmp(r->server_uri, y->server_uri) == 0
        && (*y->client_last == '\0' || *r->client_last == '\0'
            || strcmp(r->client_last, y->client_last) == 0);
}

/* A sync in which the client says all that it has begins anew if nothing of it
 * has come yet.  Synthesis' clients, asked to go on with one whose datastore's
 * turn had not come, put off all of its items to the next sync (seen with
 * SyncEvolution 2.0): they came back from here doubled, and a refresh from
 * the client would have deleted them here. */
static int is_begun(const sml_session_t *s, const sml_sync_t *r)
{
    return r->client_began || r->resumed
        || (r->code != 201 && (r->code != 203 || !sml_large_says_where(s)));
}

static void go_on(sml_sync_t *y, const sml_sync_t *r)
{
    y->code = y->asked = r->code;
    y->seen = r->seen;
    if (r->resend_from && r->resend_from <= y->seen) {
        y->seen = r->resend_from - 1;
    }
    y->client_last = r->client_last;
    y->server_last = r->server_last;
    y->resumed = r->client_began || r->resumed;
    if (!y->resumed) {
        return;
    }
    y->start = r->start;
    y->first = r->first;
    y->conflicts = r->conflicts;
    y->doubles = r->doubles;
    y->live = r->live;
    y->alone = r->alone;
    y->left_at = r->left_at;
    y->limit = r->limit ? r->limit : r->upto > r->left_at ? r->upto
                                                          : r->left_at;
    memcpy(y->received, r->received, sizeof(y->received));
    memcpy(y->sent, r->sent, sizeof(y->sent));
}

/* @param same  ours may go on: it is of the same view */
static void objects_go_on(sml_session_t *s, sml_sync_t *y, int same)
{
    sml_object_t *in = s->state->incoming, *out = s->state->outgoing;

    if (in != NULL) {
        in->resumed = 1;
    }
    if (s->state->finished != NULL) {
        s->state->finished->resumed = 1;
    }
    if (out != NULL && same && sml_large_says_where(s)) {
        out->resumed = 1;
        out->last = 0;
        out->begun = out->len < out->size;
        y->large = out->item;
    }
    else {
        s->state->outgoing = NULL;      /* begins anew */
    }
}

/* The client holds for ended what did not end here: its last message, with the
 * Status and Map of what we sent, was lost on the way, and it did not care.
 * All that it had to say is here, or it would not hold so; of ours, what has
 * no Status is sent again. */
static int ended_there(const sml_sync_t *r, const sml_sync_t *y)
{
    return y->asked == 200 && y->code == 201 && r->code == 200 && !r->failed
        && !r->committed && r->client_ended && r->server_ended
        && r->datastore == y->datastore && r->member == y->member
        && strcmp(r->client_uri, y->client_uri) == 0
        && strcmp(r->client_next, y->client_last) == 0;
}

static void follow(sml_session_t *s, sml_sync_t *y, const sml_sync_t *r)
{
    y->code = 200;
    y->seen = r->seen;
    if (r->resend_from && r->resend_from <= y->seen) {
        y->seen = r->resend_from - 1;
    }
    y->server_last = r->server_next;
    sml_log(s->config, 6, 0, "device %s of account %s ended its last sync of "
            "\"%s\" without our knowing: it goes on from there",
            s->device->devid, s->state->user, y->server_uri);
}

int sml_resume_datastore(sml_session_t *s, sml_sync_t *y, int resume)
{
    sml_state_t *state = s->state, *former = state->former;
    int at = find_name(former, y->name);
    int place = (int)(y - (sml_sync_t *)state->syncs->elts);
    sml_sync_t *r;
    int can;

    if (state->finished != NULL && state->finished->sync == place) {
        state->finished = NULL; /* of a former cycle of this session */
    }
    if (at < 0 || APR_ARRAY_IDX(former->syncs, at, sml_sync_t).taken) {
        return 0;
    }
    r = &APR_ARRAY_IDX(former->syncs, at, sml_sync_t);
    can = !sml_select_after(s, y, r) && resume && is_same(r, y)
        && is_begun(s, r);
    if (can) {
        go_on(y, r);
        copy_notes(former, at, state, place);
        move_objects(former, at, state, place);
        objects_go_on(s, y, strcmp(r->view, y->view) == 0);
    }
    else if (ended_there(r, y)) {
        follow(s, y, r);
    }
    if (can || (y->code != 203 && y->code != 205)) {
        y->passed = r->passed && !r->committed;
        copy_staged(former, at, state, place, can);
        copy_offered(former, at, state, place);
        s->staged = s->owed_at = NULL;  /* to be looked for anew */
    }
    /* The login may be a copy of an old one: until the client goes on with
     * this session it may still mean the former one. */
    r->taken = 1;
    if (state->continued) {
        state->former = fold(former, NULL, s->p);
    }
    return can;
}

void sml_resume_not(sml_session_t *s, sml_sync_t *y)
{
    int place = (int)(y - (sml_sync_t *)s->state->syncs->elts);
    sml_state_t *dropped = sml_state_make(s->p);

    y->resumed = 0;
    y->limit = y->large = 0;
    y->conflicts = y->doubles = 0;
    move_objects(s->state, place, dropped, place);
    if (dropped->incoming != NULL) {
        s->state->incoming = NULL;
    }
    if (dropped->outgoing != NULL) {
        s->state->outgoing = NULL;
    }
}

store_id_t sml_resume_offered(const sml_session_t *s, store_id_t item)
{
    int i;

    /* Seldom more than one message's. */
    for (i = s->state->offered->nelts - 1; i >= 0; i--) {
        const sml_offered_t *o =
            &APR_ARRAY_IDX(s->state->offered, i, sml_offered_t);

        if (o->item == item) {
            return o->version;
        }
    }
    return 0;
}

void sml_resume_end(sml_session_t *s, const sml_sync_t *y)
{
    apr_array_header_t *list = s->state->offered;
    int place = (int)(y - (sml_sync_t *)s->state->syncs->elts);
    int i, kept = 0;

    for (i = 0; i < list->nelts; i++) {
        sml_offered_t o = APR_ARRAY_IDX(list, i, sml_offered_t);

        if (o.sync != place) {
            APR_ARRAY_IDX(list, kept++, sml_offered_t) = o;
        }
    }
    list->nelts = kept;
}
