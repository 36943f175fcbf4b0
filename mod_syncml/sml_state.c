/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * One routine per struct describes its fields once, for packing and for
 * unpacking: each field is passed to a step that either writes it or reads
 * it.  Numbers are little-endian of 8 octets; strings carry their length
 * plus one, so that 0 stands for NULL.
 */
#include "mod_syncml/sml_state.h"

#include <string.h>

#include <apr_strings.h>

/* To be raised with every change of the fields below. */
#define STATE_FORMAT 0x534d4c13

typedef struct step_t {
    apr_pool_t *p;
    int reading;
    int bad;                    /* reading: the octets end too early */
    char *data;                 /* writing: the buffer; reading: the input */
    apr_size_t len, size;       /* position; capacity or end */
} step_t;

static void *room(step_t *s, apr_size_t n)
{
    void *at;

    if (s->reading) {
        if (s->bad || s->size - s->len < n) {
            s->bad = 1;
            return NULL;
        }
    }
    else if (s->size - s->len < n) {
        apr_size_t size = s->size * 2 + n;
        char *data = apr_palloc(s->p, size);

        memcpy(data, s->data, s->len);
        s->data = data;
        s->size = size;
    }
    at = s->data + s->len;
    s->len += n;
    return at;
}

static apr_int64_t step_i64(step_t *s, apr_int64_t value)
{
    unsigned char *at = room(s, 8);
    int i;

    if (at == NULL) {
        return 0;
    }
    if (s->reading) {
        apr_uint64_t v = 0;

        for (i = 7; i >= 0; i--) {
            v = v << 8 | at[i];
        }
        return (apr_int64_t)v;
    }
    for (i = 0; i < 8; i++) {
        at[i] = (unsigned char)((apr_uint64_t)value >> (8 * i));
    }
    return value;
}

/* The field keeps its own type; only its value passes through. */
#define STEP(s, field) ((field) = step_i64((s), (apr_int64_t)(field)))

static void step_octets(step_t *s, const char **data, apr_size_t *len)
{
    apr_uint64_t n = *data ? (apr_uint64_t)*len + 1 : 0;
    char *at;

    n = (apr_uint64_t)step_i64(s, (apr_int64_t)n);
    if (n == 0) {
        *data = NULL;
        *len = 0;
        return;
    }
    n--;
    if (s->reading && n > s->size - s->len) {
        s->bad = 1;
        return;
    }
    at = room(s, (apr_size_t)n);
    if (at == NULL) {
        return;
    }
    if (s->reading) {
        *data = apr_pstrmemdup(s->p, at, (apr_size_t)n);
        *len = (apr_size_t)n;
    }
    else if (*data != NULL && n > 0) {
        memcpy(at, *data, (apr_size_t)n);
    }
}

static void step_string(step_t *s, const char **string)
{
    apr_size_t len = *string ? strlen(*string) : 0;

    step_octets(s, string, &len);
}

static void step_view(step_t *s, sml_sync_t *y)
{
    step_string(s, &y->view);
    step_string(s, &y->view_had);
    step_string(s, &y->view_sent);
    STEP(s, y->access);
    STEP(s, y->from);
    STEP(s, y->to);
    STEP(s, y->had_from);
    STEP(s, y->had_to);
    STEP(s, y->review);
    STEP(s, y->selected);
    STEP(s, y->moved_cursor);
    STEP(s, y->moved);
    STEP(s, y->room);
    STEP(s, y->left_out);
    STEP(s, y->undone);
}

static void step_sync(step_t *s, void *element)
{
    sml_sync_t *y = element;
    int i;

    STEP(s, y->datastore);
    step_string(s, &y->name);
    step_string(s, &y->client_uri);
    step_string(s, &y->server_uri);
    step_string(s, &y->combined);
    STEP(s, y->member);
    STEP(s, y->code);
    STEP(s, y->asked);
    step_string(s, &y->client_last);
    step_string(s, &y->client_next);
    step_string(s, &y->server_last);
    step_string(s, &y->server_next);
    STEP(s, y->seen);
    STEP(s, y->upto);
    STEP(s, y->cursor);
    STEP(s, y->retry_cursor);
    STEP(s, y->retried);
    STEP(s, y->unmapped);
    STEP(s, y->alert_pending);
    STEP(s, y->alert_msg);
    STEP(s, y->alert_cmd);
    STEP(s, y->client_began);
    STEP(s, y->client_ended);
    STEP(s, y->opened);
    STEP(s, y->server_ended);
    STEP(s, y->committed);
    STEP(s, y->failed);
    STEP(s, y->start);
    STEP(s, y->first);
    STEP(s, y->conflicts);
    STEP(s, y->doubles);
    STEP(s, y->passed);
    STEP(s, y->live);
    STEP(s, y->alone);
    STEP(s, y->left_at);
    STEP(s, y->resend_from);
    step_view(s, y);
    for (i = 0; i < 4; i++) {
        STEP(s, y->received[i]);
        STEP(s, y->sent[i]);
    }
    STEP(s, y->announced);
    STEP(s, y->came);
    STEP(s, y->resumed);
    STEP(s, y->limit);
    STEP(s, y->large);
    STEP(s, y->large_is_newer);
    STEP(s, y->taken);
}

static void step_outstanding(step_t *s, void *element)
{
    sml_outstanding_t *o = element;

    STEP(s, o->msg);
    STEP(s, o->cmd);
    STEP(s, o->sync);
    STEP(s, o->tag);
    STEP(s, o->item);
    STEP(s, o->version);
    step_string(s, &o->luid);
}

static void step_staged(step_t *s, void *element)
{
    sml_staged_t *d = element;

    STEP(s, d->sync);
    STEP(s, d->item);
    STEP(s, d->archive);
    STEP(s, d->told);
    STEP(s, d->version);
}

static void step_range(step_t *s, void *element)
{
    sml_range_t *r = element;

    STEP(s, r->sync);
    STEP(s, r->from);
    STEP(s, r->to);
}

static void step_related(step_t *s, void *element)
{
    sml_related_t *r = element;

    STEP(s, r->sync);
    STEP(s, r->item);
}

static void step_offered(step_t *s, void *element)
{
    sml_offered_t *o = element;

    STEP(s, o->sync);
    STEP(s, o->item);
    STEP(s, o->version);
}

static void step_status(step_t *s, void *element)
{
    sml_status_t *t = element;

    step_string(s, &t->msgref);
    step_string(s, &t->cmdref);
    step_string(s, &t->cmd);
    step_string(s, &t->targetref);
    step_string(s, &t->sourceref);
    STEP(s, t->code);
    step_string(s, &t->next_anchor);
    STEP(s, t->chal);
}

static void step_backlog(step_t *s, void *element)
{
    sml_backlog_t *b = element;

    STEP(s, b->format);
    step_octets(s, &b->body, &b->len);
    STEP(s, b->done);
}

static void step_object(step_t *s, sml_object_t **object)
{
    sml_object_t *o = *object;
    int there = (int)step_i64(s, o != NULL);

    if (s->bad || (s->reading ? !there : o == NULL)) {
        *object = NULL;
        return;
    }
    if (s->reading) {
        *object = o = apr_pcalloc(s->p, sizeof(*o));
    }
    STEP(s, o->sync);
    STEP(s, o->tag);
    step_string(s, &o->luid);
    step_string(s, &o->type);
    step_string(s, &o->format);
    STEP(s, o->size);
    STEP(s, o->refused);
    step_octets(s, &o->data, &o->len);
    STEP(s, o->item);
    STEP(s, o->version);
    STEP(s, o->last);
    STEP(s, o->seam);
    STEP(s, o->twice);
    STEP(s, o->resumed);
    STEP(s, o->code);
    STEP(s, o->begun);
    STEP(s, o->msg);
    STEP(s, o->cmd);
}

static void step_array(step_t *s, apr_array_header_t *array, int max,
                       void (*element)(step_t *, void *))
{
    apr_int64_t n = step_i64(s, array->nelts);
    apr_int64_t i;

    if (n < 0 || n > max) {
        s->bad = 1;
        return;
    }
    for (i = 0; i < n && !s->bad; i++) {
        void *at;

        if (s->reading) {
            at = apr_array_push(array);
            memset(at, 0, (apr_size_t)array->elt_size);
        }
        else {
            at = array->elts + i * array->elt_size;
        }
        element(s, at);
    }
}

/* What outlives the session. */
static void step_rest(step_t *s, sml_state_t *state)
{
    step_array(s, state->syncs, SML_MAX_DATASTORES, step_sync);
    step_array(s, state->outstanding, SML_MAX_OUTSTANDING,
               step_outstanding);
    step_array(s, state->staged, SML_MAX_STAGED, step_staged);
    step_array(s, state->offered, SML_MAX_OFFERED, step_offered);
    step_array(s, state->doubled, SML_MAX_DOUBLED, step_range);
    step_array(s, state->related, SML_MAX_RELATED, step_related);
    step_array(s, state->owed, SML_MAX_OWED, step_range);
    step_object(s, &state->incoming);
    step_object(s, &state->outgoing);
    step_object(s, &state->finished);
}

static void step_former(step_t *s, sml_state_t *state)
{
    if (!step_i64(s, state->former != NULL) || s->bad) {
        return;
    }
    if (s->reading) {
        state->former = sml_state_make(s->p);
    }
    if (state->former != NULL) {
        step_rest(s, state->former);
    }
}

static void step_state(step_t *s, sml_state_t *state)
{
    if (step_i64(s, STATE_FORMAT) != STATE_FORMAT) {
        s->bad = 1;
        return;
    }
    STEP(s, state->version);
    step_string(s, &state->session_id);
    STEP(s, state->began);
    STEP(s, state->continued);
    step_string(s, &state->client_uri);
    step_string(s, &state->client_name);
    step_string(s, &state->server_uri);
    step_string(s, &state->resp_uri);
    step_string(s, &state->user);
    STEP(s, state->last_msg);
    STEP(s, state->our_msg);
    STEP(s, state->log);
    STEP(s, state->client_max_msg);
    STEP(s, state->client_max_obj);
    STEP(s, state->client_counts);
    STEP(s, state->client_large);
    STEP(s, state->client_filters);
    STEP(s, state->phase);
    STEP(s, state->final_sent);
    STEP(s, state->idle);
    STEP(s, state->ending);
    STEP(s, state->want_results);
    step_string(s, &state->results_msg);
    step_string(s, &state->results_cmd);
    step_string(s, &state->results_uri);
    step_string(s, &state->results_type);
    STEP(s, state->get_sent);
    step_array(s, state->pending, SML_MAX_PENDING, step_status);
    step_array(s, state->backlog, SML_MAX_BACKLOG, step_backlog);
    step_string(s, &state->no_end);
    step_rest(s, state);
    step_former(s, state);
}

sml_state_t *sml_state_make(apr_pool_t *p)
{
    sml_state_t *state = apr_pcalloc(p, sizeof(*state));

    state->syncs = apr_array_make(p, 4, sizeof(sml_sync_t));
    state->outstanding = apr_array_make(p, 16, sizeof(sml_outstanding_t));
    state->staged = apr_array_make(p, 4, sizeof(sml_staged_t));
    state->offered = apr_array_make(p, 1, sizeof(sml_offered_t));
    state->pending = apr_array_make(p, 16, sizeof(sml_status_t));
    state->doubled = apr_array_make(p, 4, sizeof(sml_range_t));
    state->related = apr_array_make(p, 4, sizeof(sml_related_t));
    state->owed = apr_array_make(p, 4, sizeof(sml_range_t));
    state->backlog = apr_array_make(p, 1, sizeof(sml_backlog_t));
    return state;
}

const char *sml_state_pack(const sml_state_t *state, apr_size_t *len,
                           apr_pool_t *p)
{
    sml_state_t copy = *state;
    step_t s = { 0 };

    s.p = p;
    s.size = 2048;
    s.data = apr_palloc(p, s.size);
    step_state(&s, &copy);
    *len = s.bad ? 0 : s.len;
    return s.bad ? NULL : s.data;
}

static int count_outstanding(sml_state_t *state)
{
    int i;

    for (i = 0; i < state->outstanding->nelts; i++) {
        int n = APR_ARRAY_IDX(state->outstanding, i, sml_outstanding_t).sync;

        if (n < 0 || n >= state->syncs->nelts) {
            return 0;
        }
        APR_ARRAY_IDX(state->syncs, n, sml_sync_t).waiting++;
    }
    return 1;
}

apr_status_t sml_state_unpack(sml_state_t **state, const char *data,
                              apr_size_t len, apr_pool_t *p)
{
    step_t s = { 0 };

    s.p = p;
    s.reading = 1;
    s.data = apr_pmemdup(p, data, len);
    s.size = len;
    *state = sml_state_make(p);
    step_state(&s, *state);
    if (s.bad || s.len != len || !count_outstanding(*state)) {
        *state = NULL;
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}
