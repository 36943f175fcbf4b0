/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The commands of a message in their order, and what the end of the client's
 * package brings about.
 */
#include "mod_syncml/sml_occurrences.h"

#include <string.h>

/* ---- refusals ----------------------------------------------------------- */

/* @param counted  it is part of a unit of work that has its turn */
static void refuse_alone(sml_session_t *s, const sml_command_t *c, int code,
                         int counted)
{
    int i;

    if (c->items->nelts == 0 || c->tag == SYNCML_MAP) {
        if (counted || sml_turn_quick(s)) {
            sml_status(s, c, code, c->target.uri, c->source.uri);
        }
        return;
    }
    for (i = 0; i < c->items->nelts; i++) {
        const sml_item_t *item = &APR_ARRAY_IDX(c->items, i, sml_item_t);

        if (counted || sml_turn_quick(s)) {
            sml_status(s, c, code, item->target.uri, item->source.uri);
        }
    }
}

/* Whatever is refused counts as many units as if it were done: the reason may
 * be gone, or have come, when the message is taken up again. */
static void refuse(sml_session_t *s, const sml_command_t *c, int code,
                   int counted)
{
    int i;

    if (c->tag == SYNCML_STATUS) {
        return;
    }
    if (c->tag == SYNCML_ATOMIC && !counted) {
        if (!sml_turn_quick(s)) {
            return;
        }
        counted = 1;
    }
    refuse_alone(s, c, code, counted);
    for (i = 0; c->commands != NULL && i < c->commands->nelts; i++) {
        refuse(s, APR_ARRAY_IDX(c->commands, i, const sml_command_t *), code,
               counted);
    }
}

void sml_refuse(sml_session_t *s, const sml_command_t *c, int code)
{
    refuse(s, c, code, 0);
}

/* ---- Put, Results, Get -------------------------------------------------- */

static int is_devinf(const char *uri)
{
    apr_size_t n = uri ? strlen(uri) : 0;

    return n >= 8 && strncasecmp(uri + n - 8, "devinf1", 7) == 0;
}

static void put(sml_session_t *s, const sml_command_t *c)
{
    int i;

    if (c->items->nelts == 0) {
        sml_status(s, c, 400, NULL, NULL);
    }
    for (i = 0; i < c->items->nelts; i++) {
        const sml_item_t *item = &APR_ARRAY_IDX(c->items, i, sml_item_t);
        int code = item->devinf || is_devinf(item->source.uri)
                           || is_devinf(item->target.uri)
                 ? sml_devinf_take(s, item) : 404;

        sml_status(s, c, code, item->target.uri, item->source.uri);
    }
}

/* There is only our DevInf to be got; asked for twice, it comes once. */
static void get(sml_session_t *s, const sml_command_t *c)
{
    sml_state_t *state = s->state;
    int i;

    if (c->items->nelts == 0) {
        sml_status(s, c, 400, NULL, NULL);
    }
    for (i = 0; i < c->items->nelts; i++) {
        const char *uri = APR_ARRAY_IDX(c->items, i, sml_item_t).target.uri;

        if (is_devinf(uri)) {
            state->want_results = 1;
            state->results_msg = s->in->msg_id;
            state->results_cmd = c->cmdid;
            state->results_uri = uri;
        }
        sml_status(s, c, is_devinf(uri) ? 200 : uri ? 404 : 400, uri, NULL);
    }
}

/* ---- commands ----------------------------------------------------------- */

static void command(sml_session_t *s, const sml_command_t *c, void *baton)
{
    int i;

    if (sml_atomic_skips(s, c)) {
        return;
    }
    if (c->tag == SYNCML_SYNC) {
        s->works = 1;
        sml_receive(s, c);      /* item by item */
        return;
    }
    if (c->tag == SYNCML_SEQUENCE) {
        s->works = 1;
        if (sml_turn(s)) {
            sml_status(s, c, 200, NULL, NULL);
        }
        for (i = 0; i < c->commands->nelts && s->rv == APR_SUCCESS; i++) {
            command(s, APR_ARRAY_IDX(c->commands, i, sml_command_t *), baton);
        }
        return;
    }
    /* What any message brings, an empty one too, must not add to the work
     * that waits. */
    if (!(c->tag == SYNCML_STATUS || c->tag == SYNCML_ALERT
          ? sml_turn_quick(s) : sml_turn(s))) {
        return;
    }
    s->works |= c->tag != SYNCML_STATUS && c->tag != SYNCML_ALERT;
    switch (c->tag) {
    case SYNCML_ALERT:   sml_alert(s, c); break;
    case SYNCML_STATUS:  sml_confirm(s, c); break;
    case SYNCML_MAP:     sml_map(s, c); break;
    case SYNCML_PUT:
    case SYNCML_RESULTS: put(s, c); break;
    case SYNCML_GET:     get(s, c); break;
    case SYNCML_ATOMIC:
        sml_atomic(s, c, NULL, command, baton);
        break;
    case SYNCML_EXEC: case SYNCML_SEARCH:
        /* Optional in every version, and of no use for a datastore. */
        refuse(s, c, 406, 1);
        break;
    default:
        /* Add and the like: only inside Sync do they say what they belong
         * to. */
        refuse(s, c, 400, 1);
        break;
    }
}

/* ---- the end of the client's package ------------------------------------- */

/* Final came.  @return non-zero if that ends its modifications */
static int modifications_end(sml_session_t *s)
{
    sml_state_t *state = s->state;
    int i, began = 0, waiting = 0;

    for (i = 0; i < state->syncs->nelts; i++) {
        const sml_sync_t *y = &APR_ARRAY_IDX(state->syncs, i, sml_sync_t);

        began += y->client_began && !y->committed;
        waiting += !y->client_began && !y->failed && !y->committed;
    }
    if (state->phase == SML_INIT && state->syncs->nelts > 0) {
        state->phase = SML_CLIENT_SYNC;
        state->final_sent = 0;
        /* Alerts and modifications in one package: go on at once. */
        return began > 0 && waiting == 0;
    }
    return state->phase == SML_CLIENT_SYNC && state->final_sent;
}

static void package_end(sml_session_t *s)
{
    sml_state_t *state = s->state;
    int i;

    if (!state->ending) {
        if (!modifications_end(s)) {
            return;
        }
        state->ending = 1;
        sml_receive_no_end(s);
        sml_occurrences_join(s);
        sml_occurrences_settle(s);
    }
    for (i = 0; i < state->syncs->nelts; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(state->syncs, i, sml_sync_t);

        if (!y->committed && !y->client_ended) {
            sml_sync_client_done(s, y);
        }
        if (s->late || s->rv != APR_SUCCESS) {
            return;
        }
    }
    sml_occurrences_settle(s);
    state->ending = 0;
    state->phase = SML_SERVER_SYNC;
    state->final_sent = 0;
}

void sml_commit_received(sml_session_t *s)
{
    int i;

    for (i = 0; i < s->state->syncs->nelts; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        if (y->client_ended && y->server_ended
            && sml_outstanding(s, y) == 0) {
            sml_sync_commit(s, y);
        }
    }
}

/* Is there anything that the answer before this one had no room for? */
static int is_owed(const sml_session_t *s)
{
    const sml_state_t *state = s->state;
    int i;

    for (i = 0; i < state->syncs->nelts; i++) {
        if (APR_ARRAY_IDX(state->syncs, i, sml_sync_t).alert_pending) {
            return 1;
        }
    }
    /* One is of this message's SyncHdr. */
    return state->pending->nelts > 1 || state->want_results
        || state->no_end != NULL || state->phase == SML_SERVER_SYNC;
}

/* A client that asks for the next message while it is its own turn, and says
 * nothing else, again and again. */
static void note_idle(sml_session_t *s)
{
    sml_state_t *state = s->state;

    s->only_asks = s->asks && !s->works && !s->settled;
    if (!s->only_asks || s->owed || s->final || s->suspended || s->worked) {
        state->idle = 0;
        return;
    }
    if (++state->idle < SML_MAX_IDLE) {
        return;
    }
    sml_log(s->config, 5, 0, "device %s of account %s asked %d times for the "
            "next message without saying anything; its package counts as "
            "complete", s->device->devid, state->user, state->idle);
    state->idle = 0;
    s->final = 1;
}

void sml_commands(sml_session_t *s)
{
    int i;

    s->owed = is_owed(s);
    for (i = 0; i < s->in->commands->nelts && s->rv == APR_SUCCESS; i++) {
        command(s, APR_ARRAY_IDX(s->in->commands, i, sml_command_t *), NULL);
    }
    if (!s->late) {
        note_idle(s);
    }
    sml_confirm_end(s);
    if (s->final && !s->suspended && !s->late && s->rv == APR_SUCCESS) {
        package_end(s);
    }
}
