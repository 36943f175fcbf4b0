/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The commands of a message in their order, and what the end of the client's
 * package brings about.
 */
#include "mod_syncml/sml_session.h"

#include <string.h>

static int is_devinf(const char *uri)
{
    apr_size_t n = uri ? strlen(uri) : 0;

    return n >= 8 && strncasecmp(uri + n - 8, "devinf1", 7) == 0;
}

static void put(sml_session_t *s, const sml_command_t *c)
{
    int i, code = c->items->nelts ? 200 : 400;

    for (i = 0; i < c->items->nelts; i++) {
        const sml_item_t *item = &APR_ARRAY_IDX(c->items, i, sml_item_t);

        code = item->devinf || is_devinf(item->source.uri)
                   || is_devinf(item->target.uri)
             ? sml_devinf_take(s, item) : 404;
    }
    sml_status(s, c, code, NULL,
               c->items->nelts
                   ? APR_ARRAY_IDX(c->items, 0, sml_item_t).source.uri
                   : NULL);
}

static void get(sml_session_t *s, const sml_command_t *c)
{
    const sml_item_t *item =
        c->items->nelts ? &APR_ARRAY_IDX(c->items, 0, sml_item_t) : NULL;
    sml_state_t *state = s->state;

    if (item == NULL || !is_devinf(item->target.uri)) {
        sml_status(s, c, item ? 404 : 400, item ? item->target.uri : NULL,
                   NULL);
        return;
    }
    state->want_results = 1;
    state->results_msg = s->in->msg_id;
    state->results_cmd = c->cmdid;
    state->results_uri = item->target.uri;
    sml_status(s, c, 200, item->target.uri, NULL);
}

static void command(sml_session_t *s, const sml_command_t *c)
{
    int i;

    switch (c->tag) {
    case SYNCML_ALERT:   sml_alert(s, c); break;
    case SYNCML_STATUS:  sml_confirm(s, c); break;
    case SYNCML_SYNC:    sml_receive(s, c); break;
    case SYNCML_MAP:     sml_map(s, c); break;
    case SYNCML_PUT:
    case SYNCML_RESULTS: put(s, c); break;
    case SYNCML_GET:     get(s, c); break;
    case SYNCML_SEQUENCE:
        sml_status(s, c, 200, NULL, NULL);
        for (i = 0; i < c->commands->nelts && s->rv == APR_SUCCESS; i++) {
            command(s, APR_ARRAY_IDX(c->commands, i, sml_command_t *));
        }
        break;
    case SYNCML_ADD: case SYNCML_REPLACE: case SYNCML_DELETE:
    case SYNCML_COPY: case SYNCML_MOVE:
        /* Only inside Sync do they say what they belong to. */
        sml_status(s, c, 400, NULL, NULL);
        break;
    case SYNCML_ATOMIC:
        sml_status(s, c, 501, NULL, NULL);
        break;
    default:             /* Exec, Search: optional, and not for a datastore */
        sml_status(s, c, 406, NULL, NULL);
        break;
    }
}

/* The client's package is complete: Final came. */
static void package_end(sml_session_t *s)
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
        if (began == 0 || waiting > 0) {
            return;
        }
        /* Alerts and modifications in one package: go on at once. */
    }
    else if (state->phase != SML_CLIENT_SYNC || !state->final_sent) {
        return;
    }
    sml_receive_no_end(s);
    for (i = 0; i < state->syncs->nelts; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(state->syncs, i, sml_sync_t);

        if (!y->committed) {
            sml_sync_client_done(s, y);
        }
    }
    state->phase = SML_SERVER_SYNC;
    state->final_sent = 0;
}

/* One-way from the client: nothing to wait for once its package is in. */
static void commit_received(sml_session_t *s)
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

void sml_commands(sml_session_t *s)
{
    int i;

    for (i = 0; i < s->in->commands->nelts && s->rv == APR_SUCCESS; i++) {
        command(s, APR_ARRAY_IDX(s->in->commands, i, sml_command_t *));
    }
    sml_confirm_end(s);
    if (s->in->final && !s->suspended && s->rv == APR_SUCCESS) {
        package_end(s);
    }
    if (s->rv == APR_SUCCESS && s->state->phase == SML_SERVER_SYNC) {
        commit_received(s);
    }
}
