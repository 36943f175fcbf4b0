/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Interim answers.  A phone waits for an answer a minute or so and then gives
 * up.  Where a message means more work than its time allows, the answer
 * carries the Statuses so far and Alert 222 instead of Final, and the message
 * itself is kept in the session, with the number of units of work that are
 * done.  The client's next message, usually an empty one, goes on there; what
 * it brings of its own is done afterwards, or waits as well.
 *
 * Each answer is a transaction of its own, so that between two of them other
 * writers have their turn.
 */
#include "mod_syncml/sml_session.h"

static apr_time_t present(const sml_config_t *config)
{
    return config->clock ? config->clock(config->clock_baton)
                         : apr_time_now();
}

int sml_is_late(sml_session_t *s)
{
    return s->until != 0
        && ((s->config->stopping
             && s->config->stopping(s->config->stop_baton))
            || present(s->config) >= s->until);
}

int sml_go_on(sml_session_t *s)
{
    s->late = s->late || (s->worked && sml_is_late(s));
    s->worked = 1;
    return !s->late;
}

/* An Atomic is one unit, which is done whole. */
int sml_turn(sml_session_t *s)
{
    if (s->atomic != NULL) {
        return 1;
    }
    if (s->late) {
        return 0;
    }
    if (s->unit < s->done) {
        s->unit++;
        return 0;
    }
    s->unit += sml_go_on(s);
    return !s->late;
}

int sml_turn_quick(sml_session_t *s)
{
    return s->atomic != NULL || (!s->late && s->unit++ >= s->done);
}

/* ---- messages ----------------------------------------------------------- */

/* The client goes away: what is left of its former messages has no Status
 * yet, so it comes again. */
static int is_suspend(const sml_message_t *in)
{
    int i;

    for (i = 0; i < in->commands->nelts; i++) {
        const sml_command_t *c =
            APR_ARRAY_IDX(in->commands, i, const sml_command_t *);

        if (c->tag == SYNCML_ALERT && sml_number(c->data) == 224) {
            return 1;
        }
    }
    return 0;
}

static apr_size_t octets(const sml_session_t *s)
{
    apr_size_t n = s->request->len;
    int i;

    for (i = 0; i < s->state->backlog->nelts; i++) {
        n += APR_ARRAY_IDX(s->state->backlog, i, sml_backlog_t).len;
    }
    return n;
}

/* @return non-zero if the client's package is complete with it */
static int work(sml_session_t *s, const sml_message_t *in, apr_int64_t done)
{
    s->in = in;
    s->unit = 0;
    s->done = done;
    s->final = in->final;
    s->asks = s->works = 0;
    sml_commands(s);
    return s->final && !s->late && !s->suspended;
}

static void decode(sml_session_t *s, const sml_backlog_t *b,
                   sml_message_t **in)
{
    const char *error;

    s->rv = sml_message_decode(in, b->format, b->body, b->len,
                               s->config->max_msg_size + SML_MSG_SLACK,
                               &error, s->p);
}

static int work_off(sml_session_t *s)
{
    apr_array_header_t *list = s->state->backlog;
    int i, kept = 0, final = 0;

    for (i = 0; i < list->nelts && s->rv == APR_SUCCESS; i++) {
        sml_backlog_t *b = &APR_ARRAY_IDX(list, i, sml_backlog_t);
        sml_message_t *in;

        if (!s->late) {
            decode(s, b, &in);
            if (s->rv == APR_SUCCESS) {
                final |= work(s, in, b->done);
                b->done = s->unit;
            }
        }
        if (s->late) {
            APR_ARRAY_IDX(list, kept++, sml_backlog_t) = *b;
        }
    }
    list->nelts = kept;
    return final;
}

static void keep(sml_session_t *s, apr_int64_t done)
{
    sml_backlog_t *b = apr_array_push(s->state->backlog);

    b->format = s->request->format;
    b->body = s->request->body;
    b->len = s->request->len;
    b->done = done;
}

void sml_backlog_work(sml_session_t *s)
{
    const sml_message_t *in = s->in;
    int final;

    s->suspended = is_suspend(in);
    if (s->suspended) {
        s->state->backlog->nelts = 0;
        s->state->ending = 0;
    }
    if (s->config->answer_within == 0 || s->suspended
        || octets(s) > SML_MAX_BACKLOG) {
        s->until = 0;
    }
    final = work_off(s);
    if (s->late && s->rv == APR_SUCCESS) {
        keep(s, 0);
    }
    else if (s->rv == APR_SUCCESS) {
        final |= work(s, in, 0);
        if (s->late) {
            keep(s, s->unit);
        }
    }
    s->in = in;
    s->final = final;
    if (s->late && s->rv == APR_SUCCESS) {
        sml_log(s->config, 6, 0, "device %s of account %s: the work of "
                "message %s goes on with its next message", s->device->devid,
                s->state->user, in->msg_id);
    }
    if (s->rv == APR_SUCCESS && !s->late
        && s->state->phase == SML_SERVER_SYNC) {
        sml_commit_received(s);
    }
}
