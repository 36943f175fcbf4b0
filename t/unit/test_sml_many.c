/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: many changes in one session, in messages as large as may be.
 * Ten times as many may cost ten times the processor time, not a hundred
 * times, in whatever order the client answers; and what an administrator
 * may allow as the size of a message can also be used up.
 */
#include "sml_world.h"

#include <time.h>

#define FEW   1500
#define MANY  15000
/* Processor time per item with MANY may be so many times that with FEW. */
#define AIM   3

static phone_t *ph;
static double spent;            /* processor time in the engine, seconds */

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static apr_status_t timed_post(phone_t *phone, const char *body,
                               apr_size_t len, const char **answer,
                               apr_size_t *answer_len)
{
    double before = now();
    apr_status_t rv = world_post(phone, body, len, answer, answer_len);

    spent += now() - before;
    return rv;
}

/* A phone with large messages that has said what it wants to sync. */
static void open_session(const char *devid, int code, const char *last,
                         const char *next)
{
    if (ph == NULL || strcmp(ph->devid, devid) != 0) {
        ph = phone_create(w->pool, timed_post, w, devid);
        ph->user = w->account;
        ph->scheme = SML_AUTH_BASIC;
        w->config.max_msg_size = 1024 * 1024;
    }
    phone_begin(ph);
    phone_open(ph);
    phone_put_devinf(ph);
    phone_alert(ph, code, "notes", "./n", last, next);
    SENT(ph, 1);
    assert_int_equal(phone_code(ph, "Alert", 0), 200);
    phone_open(ph);
}

static const char *number(int i)
{
    return apr_psprintf(ph->message_pool, "L%d", i);
}

static void put_notes(int n)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, "notes");
    int i;

    for (i = 0; i < n; i++) {
        store_item_t item = { 0 };

        item.datastore = ds->id;
        world_fill(&item, apr_psprintf(p, "note %d", i), p);
        OK(store_item_add(tx, ds->account, &item));
    }
    world_end(tx, p);
}

static void delete_notes(void)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, "notes");

    OK(store_item_delete_all(tx, ds->account, ds->id, 0, NULL));
    world_end(tx, p);
}

/* ---- from the server ----------------------------------------------------- */

typedef struct got_t {
    const char *cmd, *guid, *name;
} got_t;

static apr_pool_t *got_pool;
static apr_array_header_t *got; /* of got_t */
static const char *got_msg;

/* Keep what the answer brought, beyond the message. */
static void keep_changes(void)
{
    const sml_command_t *sync = phone_got(ph, SYNCML_SYNC, 0);
    int i;

    apr_pool_clear(got_pool);
    got = apr_array_make(got_pool, 64, sizeof(got_t));
    got_msg = apr_pstrdup(got_pool, ph->in->msg_id);
    for (i = 0; sync && i < sync->commands->nelts; i++) {
        const sml_command_t *c =
            APR_ARRAY_IDX(sync->commands, i, const sml_command_t *);
        const sml_item_t *item = &APR_ARRAY_IDX(c->items, 0, sml_item_t);
        got_t *g = apr_array_push(got);

        g->cmd = apr_pstrdup(got_pool, c->cmdid);
        g->guid = apr_pstrdup(got_pool, item->source.uri ? item->source.uri
                                                         : item->target.uri);
        g->name = codec_tag_name(c->tag);
    }
}

static void write_statuses(int backwards)
{
    int i;

    for (i = 0; i < got->nelts; i++) {
        const got_t *g = &APR_ARRAY_IDX(got, backwards ? got->nelts - 1 - i
                                                       : i, got_t);

        phone_status(ph, got_msg, g->cmd, g->name, NULL, NULL, 200);
    }
}

static void write_map(int backwards)
{
    int i;

    phone_open_map(ph, "notes", "./n");
    for (i = 0; i < got->nelts; i++) {
        const got_t *g = &APR_ARRAY_IDX(got, backwards ? got->nelts - 1 - i
                                                       : i, got_t);

        phone_map_item(ph, g->guid,
                       apr_pstrcat(ph->message_pool, "L", g->guid, NULL));
    }
    codec_close(ph->w);
}

enum { STATUS_FIRST, MAP_FIRST, BACKWARDS };

/* Take all that the server has, in two messages for each of its own. */
static int take_all(int how)
{
    int n = 0;

    for (keep_changes(); got->nelts > 0; keep_changes()) {
        int last = ph->in->final;

        n += got->nelts;
        phone_open(ph);
        if (how == MAP_FIRST) {
            write_map(0);
        }
        else {
            write_statuses(how == BACKWARDS);
        }
        if (how == STATUS_FIRST) {
            SENT(ph, last);
            continue;
        }
        SENT(ph, 0);
        if (phone_got(ph, SYNCML_SYNC, 0) != NULL) {
            continue;
        }
        phone_open(ph);
        if (how == MAP_FIRST) {
            write_statuses(0);
        }
        else {
            write_map(1);
        }
        SENT(ph, last);
    }
    return n;
}

/* A first sync in which the server sends n items. */
static double download(int n, int how)
{
    world_add_account(apr_psprintf(w->pool, "a%d-%d", n, how));
    put_notes(n);
    open_session(apr_psprintf(w->pool, "IMEI:%d-%d", n, how), 201, NULL,
                 "n1");
    phone_open_sync(ph, "notes", "./n");
    codec_close(ph->w);
    spent = 0;
    SENT(ph, 1);
    assert_int_equal(take_all(how), n);
    return spent / n;
}

static void linear(const char *what, double few, double many)
{
    print_message("# %s: %.1f us each of %d, %.1f us each of %d\n", what,
                  few * 1e6, FEW, many * 1e6, MANY);
    if (many > AIM * few) {
        fail_msg("%s: %d cost %.1f us each, %d cost %.1f us each", what, FEW,
                 few * 1e6, MANY, many * 1e6);
    }
}

static void test_download(void **state)
{
    apr_pool_create(&got_pool, w->pool);
    linear("from the server, answered in order",
           download(FEW, STATUS_FIRST), download(MANY, STATUS_FIRST));
    linear("answered backwards", download(FEW, BACKWARDS),
           download(MANY, BACKWARDS));
    linear("Map before Status", download(FEW, MAP_FIRST),
           download(MANY, MAP_FIRST));
}

/* The server deletes what the phone has. */
static double server_deletes(int n)
{
    download(n, BACKWARDS);
    delete_notes();
    open_session(ph->devid, 200, "n1", "n2");
    phone_open_sync(ph, "notes", "./n");
    codec_close(ph->w);
    spent = 0;
    SENT(ph, 1);
    keep_changes();
    assert_int_equal(got->nelts, n);
    phone_open(ph);
    write_statuses(0);
    SENT(ph, 1);
    return spent / n;
}

static void test_server_deletes(void **state)
{
    apr_pool_create(&got_pool, w->pool);
    linear("deletes from the server", server_deletes(FEW),
           server_deletes(MANY));
}

/* ---- from the client ------------------------------------------------------- */

/* @param text  a number follows where it ends in a blank */
static void send_notes(int tag, int n, const char *text)
{
    int i, numbered = text != NULL && text[strlen(text) - 1] == ' ';

    for (i = 0; i < n; i++) {
        const char *data = numbered
            ? apr_psprintf(ph->message_pool, "%s%d", text, i) : text;

        phone_change(ph, tag, number(i), data ? "text/plain" : NULL, data,
                     data ? strlen(data) : 0, 0, 0);
    }
}

/* Messages of one Sync each; all but the last end without Final. */
static void send_package(int tag, int n, const char *text, int final)
{
    phone_open_sync(ph, "notes", "./n");
    send_notes(tag, n, text);
    codec_close(ph->w);
    SENT(ph, final);
}

static double upload(int n, const char *text)
{
    world_add_account(apr_psprintf(w->pool, "u%d%s", n, text));
    open_session(apr_psprintf(w->pool, "IMEI:u%d%s", n, text), 201, NULL,
                 "n1");
    spent = 0;
    send_package(SYNCML_ADD, n, text, 1);
    assert_int_equal(world_count("notes"), n);
    return spent / n;
}

static void test_upload(void **state)
{
    linear("adds from the client", upload(FEW, "note "),
           upload(MANY, "note "));
}

/* Everything deleted, and back again before the package ends. */
static double delete_and_add(int n)
{
    upload(n, "note ");
    phone_open(ph);
    SENT(ph, 1);
    open_session(ph->devid, 200, "n1", "n2");
    spent = 0;
    send_package(SYNCML_DELETE, n, NULL, 0);
    phone_open(ph);
    send_package(SYNCML_REPLACE, n, "other ", 1);
    assert_int_equal(world_count("notes"), n);
    return spent / n;
}

static void test_delete_and_add(void **state)
{
    linear("deletes that are taken back", delete_and_add(FEW),
           delete_and_add(MANY));
}

/* Both sides have as many notes that are all alike. */
static double twins(int n)
{
    upload(n, "alike");
    open_session(ph->devid, 201, NULL, "n2");
    spent = 0;
    send_package(SYNCML_REPLACE, n, "alike", 1);
    assert_int_equal(world_count("notes"), n);
    return spent / n;
}

static void test_twins(void **state)
{
    linear("equal items in a slow sync", twins(FEW), twins(MANY));
}

/* A large object in many pieces, all in one message. */
static double pieces(int n)
{
    char piece[40];
    int i;

    memset(piece, 'x', sizeof(piece));
    world_add_account(apr_psprintf(w->pool, "p%d", n));
    open_session(apr_psprintf(w->pool, "IMEI:p%d", n), 201, NULL, "n1");
    phone_open_sync(ph, "notes", "./n");
    for (i = 0; i < n; i++) {
        phone_change(ph, SYNCML_ADD, "1", "text/plain", piece, sizeof(piece),
                     i == 0 ? sizeof(piece) * (apr_size_t)n : 0, i < n - 1);
    }
    codec_close(ph->w);
    spent = 0;
    SENT(ph, 1);
    assert_int_equal(phone_code(ph, "Add", n - 1), 201);
    assert_int_equal(world_count("notes"), 1);
    return spent / n;
}

static void test_pieces(void **state)
{
    w->config.max_obj_size = 4 * 1024 * 1024;
    linear("pieces of a large object", pieces(FEW / 2), pieces(MANY / 2));
}

/* ---- dumps --------------------------------------------------------------------- */

/* A text of n character references, each a piece of its own. */
static double describe(int n)
{
    apr_pool_t *p;
    char *xml;
    int i, len;
    double before, cost;

    apr_pool_create(&p, w->pool);
    xml = apr_palloc(p, (apr_size_t)n * 5 + 200);
    len = sprintf(xml, "<SyncML><SyncBody><Alert><Data>");
    for (i = 0; i < n; i++) {
        len += sprintf(xml + len, "&#65;");
    }
    len += sprintf(xml + len, "</Data></Alert></SyncBody></SyncML>");
    before = now();
    assert_null(strstr(sml_describe(CODEC_XML, xml, (apr_size_t)len, p),
                       "not decodable"));
    cost = now() - before;
    apr_pool_destroy(p);
    return cost / n;
}

static void test_dump(void **state)
{
    describe(FEW);
    linear("a text in pieces, dumped", describe(4 * FEW),
           describe(4 * MANY));
}

/* ---- as much as a message holds ---------------------------------------------- */

/* More than 20000 commands, items or ids. */
static void test_full_message(void **state)
{
    int n = 21000, i;

    apr_pool_create(&got_pool, w->pool);
    world_add_account("full");
    open_session("IMEI:full", 201, NULL, "n1");
    phone_open_sync(ph, "notes", "./n");
    codec_close(ph->w);
    SENT(ph, 1);
    phone_open(ph);
    for (i = 0; i < n; i++) {
        phone_status(ph, "2", apr_psprintf(ph->message_pool, "%d", i + 9),
                     "Add", NULL, NULL, 200);
    }
    SENT(ph, 0);
    assert_int_equal(ph->header_code, 200);
    phone_open(ph);
    phone_open_map(ph, "notes", "./n");
    for (i = 0; i < n; i++) {
        phone_map_item(ph, number(i), number(i));
    }
    codec_close(ph->w);
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_SQLITE(test_download),
        ON_SQLITE(test_server_deletes),
        ON_SQLITE(test_upload),
        ON_SQLITE(test_delete_and_add),
        ON_SQLITE(test_twins),
        ON_SQLITE(test_pieces),
        ON_SQLITE(test_dump),
        ON_SQLITE(test_full_message)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_many");
}
