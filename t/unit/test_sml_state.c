/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What a session remembers, as octets: every field comes back, and octets
 * that are cut, longer or of another program are refused.
 */
#include "mod_syncml/sml_state.h"
#include "sml_world.h"

static apr_pool_t *pool;

static int setup(void **state)
{
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

/* ---- states ------------------------------------------------------------ */

static void fill_view(sml_sync_t *y, int n)
{
    y->view = n ? "dr(-1,2)" : NULL;
    y->view_had = n ? "dr(-30,90)" : NULL;
    y->view_sent = n == 2 ? "li(5)" : NULL;
    y->access = SML_ACCESS_READ_ONLY;
    y->from = -31;
    y->to = 32;
    y->had_from = 33;
    y->had_to = 34;
    y->review = y->selected = y->moved = y->left_out = y->undone = 1;
    y->moved_cursor = 35;
    y->room = 36;
}

static void fill_sync(sml_sync_t *y, int n)
{
    int i;

    y->datastore = 1000 + n;
    y->name = "contacts";
    y->client_uri = "./c";
    y->server_uri = "CARD?x";
    y->code = 200 + n;
    y->asked = 201;
    y->client_last = "last";
    y->client_next = "next";
    y->server_last = "";
    y->server_next = "20200101T000000Z";
    y->seen = ((store_id_t)1 << 62) + n;
    y->upto = -1;
    y->cursor = 7;
    y->retry_cursor = 8;
    y->retried = 1;
    y->unmapped = 9;
    y->alert_pending = 1;
    y->alert_msg = 12;
    y->alert_cmd = 13;
    y->client_began = y->client_ended = 1;
    y->opened = y->server_ended = y->committed = 1;
    y->failed = 404;
    y->start = 10;
    y->alone = 1;
    y->left_at = 14;
    y->resend_from = 11;
    y->announced = n ? n : -1;
    y->came = 15;
    y->combined = n == 1 ? "caltasks" : NULL;
    y->member = n;
    y->first = y->live = y->resumed = y->large_is_newer = 1;
    y->conflicts = 23;
    y->doubles = 24;
    y->passed = 25;
    y->limit = 26;
    y->large = 27;
    fill_view(y, n);
    for (i = 0; i < 4; i++) {
        y->received[i] = 4000000000u + (apr_uint32_t)i;
        y->sent[i] = (apr_uint32_t)i;
    }
}

static sml_object_t *object(const char *data, apr_size_t len)
{
    sml_object_t *o = apr_pcalloc(pool, sizeof(*o));

    o->sync = 1;
    o->tag = SYNCML_REPLACE;
    o->luid = "17";
    o->type = "text/vcard";
    o->format = "b64";
    o->size = 12345;
    o->refused = 424;
    o->data = data;
    o->len = len;
    o->item = 18;
    o->version = 19;
    o->begun = 1;
    o->last = 28;
    o->seam = 29;
    o->twice = 30;
    o->resumed = 1;
    o->code = -424;
    o->msg = 37;
    o->cmd = 38;
    return o;
}

static void fill_lists(sml_state_t *s)
{
    int i;

    for (i = 0; i < 3; i++) {
        sml_sync_t *y = apr_array_push(s->syncs);
        sml_outstanding_t *o = apr_array_push(s->outstanding);
        sml_staged_t *d = apr_array_push(s->staged);
        sml_status_t *t = apr_array_push(s->pending);

        memset(y, 0, sizeof(*y));
        memset(t, 0, sizeof(*t));
        memset(o, 0, sizeof(*o));
        fill_sync(y, i);
        o->msg = 1;
        o->cmd = 2 + (apr_uint32_t)i;
        o->sync = i;
        o->tag = SYNCML_ADD;
        o->item = 20;
        o->version = 21;
        o->luid = i ? "luid" : NULL;
        memset(d, 0, sizeof(*d));
        d->sync = i;
        d->item = 22 + i;
        d->archive = i == 1;
        t->msgref = "1";
        t->cmdref = "2";
        t->cmd = "Add";
        t->targetref = i == 1 ? "target" : NULL;
        t->sourceref = i == 2 ? "" : "source";
        t->code = 201;
        t->next_anchor = i ? NULL : "anchor";
        t->chal = i;
    }
}

/* What is noted for the package's end, and for a session to come. */
static void fill_notes(sml_state_t *s)
{
    int i;

    for (i = 0; i < 2; i++) {
        sml_offered_t *o = apr_array_push(s->offered);
        sml_range_t *d = apr_array_push(s->doubled);
        sml_related_t *r = apr_array_push(s->related);
        sml_range_t *u = apr_array_push(s->owed);

        memset(o, 0, sizeof(*o));
        memset(d, 0, sizeof(*d));
        memset(r, 0, sizeof(*r));
        memset(u, 0, sizeof(*u));
        o->sync = d->sync = r->sync = u->sync = i;
        o->item = 39;
        o->version = 40;
        d->from = 41;
        d->to = 42 + i;
        r->item = 43;
        u->from = u->to = 47 + i;
    }
}

static void fill_backlog(sml_state_t *s)
{
    sml_backlog_t *b = apr_array_push(s->backlog);

    b->format = CODEC_XML;
    b->body = "<a\0b/>";
    b->len = 6;
    b->done = 44;
}

static sml_state_t *full_state(void)
{
    sml_state_t *s = sml_state_make(pool);

    s->version = CODEC_V11;
    s->session_id = "17";
    s->began = 46;
    s->continued = 1;
    s->client_uri = "IMEI:1";
    s->client_name = "alice";
    s->server_uri = "http://sync.example/syncml";
    s->resp_uri = "http://sync.example/syncml?s=1";
    s->user = "alice";
    s->last_msg = 999999999;
    s->our_msg = 3;
    s->client_max_msg = 10000;
    s->client_max_obj = 786432;
    s->client_counts = s->client_large = 1;
    s->phase = SML_MAP;
    s->final_sent = s->want_results = s->get_sent = 1;
    s->idle = 2;
    s->results_msg = "1";
    s->results_cmd = "2";
    s->results_uri = "./devinf11";
    s->results_type = "";
    fill_lists(s);
    s->incoming = object("a\0b", 3);
    s->outgoing = object("", 0);
    s->finished = object("end", 3);
    s->no_end = "18";
    s->log = 45;
    s->client_filters = s->ending = 1;
    fill_notes(s);
    fill_backlog(s);
    s->former = sml_state_make(pool);
    fill_lists(s->former);
    s->former->pending->nelts = 0;      /* does not outlive the session */
    fill_notes(s->former);
    s->former->outgoing = object("former", 6);
    return s;
}

/* ---- comparing --------------------------------------------------------- */

static void same_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        assert_null(a);
        assert_null(b);
        return;
    }
    assert_string_equal(a, b);
}

/* Packing again gives the same octets: nothing was lost or changed. */
static void same_octets(const sml_state_t *a, const sml_state_t *b)
{
    apr_size_t la, lb;
    const char *pa = sml_state_pack(a, &la, pool);
    const char *pb = sml_state_pack(b, &lb, pool);

    assert_int_equal(la, lb);
    assert_memory_equal(pa, pb, la);
}

static void same_object(const sml_object_t *a, const sml_object_t *b)
{
    if (a == NULL || b == NULL) {
        assert_null(a);
        assert_null(b);
        return;
    }
    assert_int_equal(a->sync, b->sync);
    assert_int_equal(a->tag, b->tag);
    same_text(a->luid, b->luid);
    same_text(a->type, b->type);
    same_text(a->format, b->format);
    assert_int_equal(a->size, b->size);
    assert_int_equal(a->refused, b->refused);
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
    assert_int_equal(a->item, b->item);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->begun, b->begun);
    assert_int_equal(a->last, b->last);
    assert_int_equal(a->seam, b->seam);
    assert_int_equal(a->twice, b->twice);
    assert_int_equal(a->resumed, b->resumed);
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->msg, b->msg);
    assert_int_equal(a->cmd, b->cmd);
}

static void same_sync(const sml_sync_t *a, const sml_sync_t *b)
{
    sml_sync_t left = *a, right = *b;

    same_text(a->combined, b->combined);
    same_text(a->view, b->view);
    same_text(a->view_had, b->view_had);
    same_text(a->view_sent, b->view_sent);
    left.combined = right.combined = NULL;
    left.view = left.view_had = left.view_sent = NULL;
    right.view = right.view_had = right.view_sent = NULL;
    same_text(a->name, b->name);
    same_text(a->client_uri, b->client_uri);
    same_text(a->server_uri, b->server_uri);
    same_text(a->client_last, b->client_last);
    same_text(a->client_next, b->client_next);
    same_text(a->server_last, b->server_last);
    same_text(a->server_next, b->server_next);
    /* The numbers, whichever there are. */
    left.name = left.client_uri = left.server_uri = NULL;
    left.client_last = left.client_next = NULL;
    left.server_last = left.server_next = NULL;
    right.name = right.client_uri = right.server_uri = NULL;
    right.client_last = right.client_next = NULL;
    right.server_last = right.server_next = NULL;
    left.waiting = right.waiting;   /* not written */
    assert_memory_equal(&left, &right, sizeof(left));
}

static void same_status(const sml_status_t *a, const sml_status_t *b)
{
    same_text(a->msgref, b->msgref);
    same_text(a->cmdref, b->cmdref);
    same_text(a->cmd, b->cmd);
    same_text(a->targetref, b->targetref);
    same_text(a->sourceref, b->sourceref);
    same_text(a->next_anchor, b->next_anchor);
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->chal, b->chal);
}

static void same_header(const sml_state_t *a, const sml_state_t *b)
{
    assert_int_equal(a->version, b->version);
    same_text(a->session_id, b->session_id);
    assert_int_equal(a->began, b->began);
    assert_int_equal(a->continued, b->continued);
    same_text(a->client_uri, b->client_uri);
    same_text(a->client_name, b->client_name);
    same_text(a->server_uri, b->server_uri);
    same_text(a->resp_uri, b->resp_uri);
    same_text(a->user, b->user);
    assert_int_equal(a->last_msg, b->last_msg);
    assert_int_equal(a->our_msg, b->our_msg);
    assert_int_equal(a->client_max_msg, b->client_max_msg);
    assert_int_equal(a->client_max_obj, b->client_max_obj);
    assert_int_equal(a->client_counts, b->client_counts);
    assert_int_equal(a->client_large, b->client_large);
    assert_int_equal(a->phase, b->phase);
    assert_int_equal(a->final_sent, b->final_sent);
    assert_int_equal(a->idle, b->idle);
    assert_int_equal(a->want_results, b->want_results);
    same_text(a->results_msg, b->results_msg);
    same_text(a->results_cmd, b->results_cmd);
    same_text(a->results_uri, b->results_uri);
    same_text(a->results_type, b->results_type);
    assert_int_equal(a->get_sent, b->get_sent);
    same_text(a->no_end, b->no_end);
}

static void same_notes(const sml_state_t *a, const sml_state_t *b)
{
    assert_int_equal(a->offered->nelts, b->offered->nelts);
    assert_memory_equal(a->offered->elts, b->offered->elts,
                        2 * sizeof(sml_offered_t));
    assert_int_equal(a->doubled->nelts, b->doubled->nelts);
    assert_memory_equal(a->doubled->elts, b->doubled->elts,
                        2 * sizeof(sml_range_t));
    assert_int_equal(a->related->nelts, b->related->nelts);
    assert_memory_equal(a->related->elts, b->related->elts,
                        2 * sizeof(sml_related_t));
    assert_int_equal(a->owed->nelts, b->owed->nelts);
    assert_memory_equal(a->owed->elts, b->owed->elts,
                        2 * sizeof(sml_range_t));
    same_object(a->outgoing, b->outgoing);
}

static void same_full(const sml_state_t *a, const sml_state_t *b)
{
    const sml_backlog_t *x = &APR_ARRAY_IDX(a->backlog, 0, sml_backlog_t);
    const sml_backlog_t *y = &APR_ARRAY_IDX(b->backlog, 0, sml_backlog_t);

    same_notes(a, b);
    same_object(a->finished, b->finished);
    assert_int_equal(b->log, a->log);
    assert_int_equal(b->client_filters, 1);
    assert_int_equal(b->ending, 1);
    assert_int_equal(b->backlog->nelts, 1);
    assert_int_equal(y->format, x->format);
    assert_int_equal(y->len, x->len);
    assert_memory_equal(y->body, x->body, x->len);
    assert_int_equal(y->done, x->done);
    assert_non_null(b->former);
    assert_int_equal(b->former->syncs->nelts, a->former->syncs->nelts);
    same_notes(a->former, b->former);
}

static void same_state(const sml_state_t *a, const sml_state_t *b)
{
    int i;

    same_header(a, b);
    if (a->former != NULL) {
        same_full(a, b);
    }
    assert_int_equal(a->syncs->nelts, b->syncs->nelts);
    assert_int_equal(a->outstanding->nelts, b->outstanding->nelts);
    assert_int_equal(a->staged->nelts, b->staged->nelts);
    assert_int_equal(a->pending->nelts, b->pending->nelts);
    for (i = 0; i < a->syncs->nelts; i++) {
        same_sync(&APR_ARRAY_IDX(a->syncs, i, sml_sync_t),
                  &APR_ARRAY_IDX(b->syncs, i, sml_sync_t));
    }
    for (i = 0; i < a->outstanding->nelts; i++) {
        sml_outstanding_t x =
            APR_ARRAY_IDX(a->outstanding, i, sml_outstanding_t);
        sml_outstanding_t y =
            APR_ARRAY_IDX(b->outstanding, i, sml_outstanding_t);

        same_text(x.luid, y.luid);
        x.luid = y.luid = NULL;
        assert_memory_equal(&x, &y, sizeof(x));
    }
    for (i = 0; i < a->staged->nelts; i++) {
        sml_staged_t x = APR_ARRAY_IDX(a->staged, i, sml_staged_t);
        sml_staged_t y = APR_ARRAY_IDX(b->staged, i, sml_staged_t);

        assert_int_equal(x.sync, y.sync);
        assert_int_equal(x.item, y.item);
        assert_int_equal(x.archive, y.archive);
    }
    for (i = 0; i < a->pending->nelts; i++) {
        same_status(&APR_ARRAY_IDX(a->pending, i, sml_status_t),
                    &APR_ARRAY_IDX(b->pending, i, sml_status_t));
    }
    same_object(a->incoming, b->incoming);
    same_object(a->outgoing, b->outgoing);
    same_octets(a, b);
}

/* ---- tests ------------------------------------------------------------- */

static void round_trip(const sml_state_t *state)
{
    apr_size_t len;
    const char *octets = sml_state_pack(state, &len, pool);
    char *exact = malloc(len);
    sml_state_t *back;

    memcpy(exact, octets, len);
    OK(sml_state_unpack(&back, exact, len, pool));
    memset(exact, 0xff, len);   /* nothing refers to the input */
    free(exact);
    same_state(state, back);
}

static void test_empty(void **state)
{
    round_trip(sml_state_make(pool));
}

static void test_full(void **state)
{
    round_trip(full_state());
}

static void test_many(void **state)
{
    sml_state_t *s = full_state();
    int i;

    for (i = 0; i < 20000 - 3; i++) {
        sml_outstanding_t *o = apr_array_push(s->outstanding);

        memset(o, 0, sizeof(*o));
        o->item = i;
    }
    s->outgoing = object(apr_pcalloc(pool, 4 << 20), 4 << 20);
    round_trip(s);
}

/* A list that would not be read back is not written. */
static void test_too_many(void **state)
{
    sml_state_t *s = full_state();
    apr_size_t len = 1;

    while (s->pending->nelts <= SML_MAX_PENDING) {
        memset(apr_array_push(s->pending), 0, sizeof(sml_status_t));
    }
    assert_null(sml_state_pack(s, &len, pool));
    assert_int_equal(len, 0);
}

/* Cut at each octet, and with one more. */
static void test_truncated(void **state)
{
    apr_size_t len, n;
    const char *octets = sml_state_pack(full_state(), &len, pool);

    for (n = 0; n <= len + 1; n++) {
        char *exact = malloc(n ? n : 1);
        sml_state_t *back = NULL;
        apr_pool_t *p;

        apr_pool_create(&p, pool);
        memcpy(exact, octets, n < len ? n : len);
        if (n > len) {
            exact[len] = 0;
        }
        if (n == len) {
            OK(sml_state_unpack(&back, exact, n, p));
        }
        else {
            assert_int_equal(sml_state_unpack(&back, exact, n, p),
                             APR_EINVAL);
            assert_null(back);
        }
        apr_pool_destroy(p);
        free(exact);
    }
}

/* Any octet another: refused, or a state that can be packed and read again;
 * never memory that is not there (the sanitizers look on). */
static void test_damaged(void **state)
{
    static const unsigned char values[] = { 0, 1, 0x7f, 0x80, 0xff };
    apr_size_t len, at;
    const char *octets = sml_state_pack(full_state(), &len, pool);
    int accepted = 0;
    unsigned v;

    for (at = 0; at < len; at++) {
        for (v = 0; v < sizeof(values); v++) {
            char *exact = malloc(len);
            sml_state_t *back;
            apr_pool_t *p;

            apr_pool_create(&p, pool);
            memcpy(exact, octets, len);
            exact[at] = (char)values[v];
            if (sml_state_unpack(&back, exact, len, p) == APR_SUCCESS) {
                apr_size_t again;

                sml_state_pack(back, &again, p);
                accepted++;
            }
            apr_pool_destroy(p);
            free(exact);
        }
    }
    assert_true(accepted > 0);
    /* The first octets name the format: none of them may be another. */
    for (at = 0; at < 8; at++) {
        char *exact = apr_pmemdup(pool, octets, len);
        sml_state_t *back;

        exact[at] ^= 1;
        assert_int_equal(sml_state_unpack(&back, exact, len, pool),
                         APR_EINVAL);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty, setup, teardown),
        cmocka_unit_test_setup_teardown(test_full, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_too_many, setup, teardown),
        cmocka_unit_test_setup_teardown(test_truncated, setup, teardown),
        cmocka_unit_test_setup_teardown(test_damaged, setup, teardown)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_state");
}
