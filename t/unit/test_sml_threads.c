/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Several devices of one account, and the server's side, at work at the same
 * time on the same items: no edit is lost, none echoes, all agree in the end.
 */
#include "sml_world.h"

#include <pthread.h>

#define DEVICES  4
#define ITEMS    3
#define ROUNDS   8

typedef struct worker_t {
    pthread_t thread;
    apr_pool_t *pool;
    sml_config_t config;
    client_t *c;
    int number;
    int failed;                 /* syncs that did not end well */
} worker_t;

/* The log of the world belongs to the main thread. */
static void no_log(void *baton, int level, apr_status_t rv,
                   const char *message)
{
    int *loud = baton;

    if (level <= 3) {
        __atomic_add_fetch(loud, 1, __ATOMIC_RELAXED);
    }
}

static apr_status_t post(phone_t *ph, const char *body, apr_size_t len,
                         const char **answer, apr_size_t *answer_len)
{
    worker_t *me = ph->baton;
    const char *at = ph->resp_uri ? strstr(ph->resp_uri, "?s=") : NULL;
    sml_request_t request = { 0 };
    sml_answer_t a;
    apr_status_t rv;

    request.format = ph->format;
    request.body = body;
    request.len = len;
    request.session = at ? apr_pstrdup(ph->message_pool, at + 3) : NULL;
    request.url = ph->url;
    request.remote = "192.0.2.1";
    rv = sml_handle(&me->config, w->store, &request, &a, ph->message_pool);
    if (rv != APR_SUCCESS) {
        ph->why = apr_psprintf(ph->pool, "HTTP %d: %s", a.http_status,
                               a.error);
        return rv;
    }
    *answer = a.body;
    *answer_len = a.len;
    return APR_SUCCESS;
}

static int loud;

static void make_worker(worker_t *me, int number)
{
    phone_t *ph;

    memset(me, 0, sizeof(*me));
    apr_pool_create(&me->pool, NULL);
    me->number = number;
    me->config = w->config;
    me->config.log = no_log;
    me->config.log_baton = &loud;
    ph = phone_create(me->pool, post, me,
                      apr_psprintf(me->pool, "IMEI:%d", number));
    ph->user = "alice";
    me->c = client_create(ph);
    client_add_store(me->c, "contacts", "text/vcard");
}

/* The property that belongs to a device: its own telephone number. */
static const char *number_of(int device, int round, apr_pool_t *p)
{
    return apr_psprintf(p, "TEL;TYPE=CELL:9%d%03d\r\n", device, round);
}

static const char *card(int item, apr_pool_t *p)
{
    const char *lines = "";
    int i;

    for (i = 0; i <= DEVICES; i++) {
        lines = apr_pstrcat(p, lines, number_of(i, 0, p), NULL);
    }
    return apr_psprintf(p, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Item%d;;;;\r\n"
                        "FN:Item%d\r\n%sEND:VCARD\r\n", item, item, lines);
}

/* The text with that device's line in its next state. */
static const char *edited(const char *text, int device, int round,
                          apr_pool_t *p)
{
    const char *mark = apr_psprintf(p, "TEL;TYPE=CELL:9%d", device);
    const char *at = strstr(text, mark), *end = at ? strchr(at, '\n') : NULL;

    if (end == NULL) {
        return NULL;
    }
    return apr_pstrcat(p, apr_pstrmemdup(p, text, (apr_size_t)(at - text)),
                       number_of(device, round, p), end + 1, NULL);
}

static void *run(void *baton)
{
    worker_t *me = baton;
    client_store_t *s = client_store(me->c, "contacts");
    int round, i;

    for (round = 1; round <= ROUNDS; round++) {
        for (i = 0; i < s->items->nelts; i++) {
            client_item_t *item = APR_ARRAY_IDX(s->items, i,
                                                client_item_t *);
            const char *text = edited(item->text, me->number, round,
                                      me->pool);

            if (text == NULL) {
                me->failed++;
                continue;
            }
            client_edit(me->c, item, text);
        }
        if (client_sync(me->c, 200, "contacts") != APR_SUCCESS) {
            me->failed++;
        }
    }
    return NULL;
}

/* The server's side edits in between: read, change, write in one
 * transaction, as syncmlctl does. */
static void edit_on_server(int round)
{
    int i;

    for (i = 0; i < ITEMS; i++) {
        apr_pool_t *p;
        store_tx_t *tx = world_begin(STORE_WRITE, &p);
        store_datastore_t *ds = world_datastore(tx, "alice", "contacts");
        store_item_t *old, item = { 0 };

        OK(store_item_get(tx, ds->account, ds->id, i + 1, &old));
        item.id = old->id;
        item.datastore = ds->id;
        world_fill(&item, edited(apr_pstrmemdup(p, old->data, old->len),
                                 DEVICES, round, p), p);
        OK(store_item_update(tx, ds->account, &item));
        world_end(tx, p);
    }
}

static void in_step(worker_t *workers)
{
    int i;

    for (i = 0; i < ITEMS; i++) {
        client_put(workers[0].c, "contacts", card(i, w->pool));
    }
    for (i = 0; i < DEVICES; i++) {
        SYNCED(workers[i].c, client_sync(workers[i].c, 200, "contacts"));
        world_same(workers[i].c, "contacts");
    }
}

static void test_all_at_once(void **state)
{
    worker_t workers[DEVICES];
    int i, j, round;

    loud = 0;
    for (i = 0; i < DEVICES; i++) {
        make_worker(&workers[i], i);
    }
    in_step(workers);
    for (i = 0; i < DEVICES; i++) {
        assert_int_equal(pthread_create(&workers[i].thread, NULL, run,
                                        &workers[i]), 0);
    }
    for (round = 1; round <= ROUNDS; round++) {
        edit_on_server(round);
    }
    for (i = 0; i < DEVICES; i++) {
        pthread_join(workers[i].thread, NULL);
        assert_int_equal(workers[i].failed, 0);
    }
    assert_int_equal(loud, 0);
    for (j = 0; j < 2; j++) {
        for (i = 0; i < DEVICES; i++) {
            SYNCED(workers[i].c, client_sync(workers[i].c, 200, "contacts"));
        }
    }
    assert_int_equal(world_count("contacts"), ITEMS);
    for (i = 0; i < DEVICES; i++) {
        world_same(workers[i].c, "contacts");
        world_quiet(workers[i].c, "contacts");
    }
    for (i = 0; i < ITEMS; i++) {
        const char *text = APR_ARRAY_IDX(client_store(workers[0].c,
            "contacts")->items, i, client_item_t *)->text;

        for (j = 0; j <= DEVICES; j++) {
            if (strstr(text, number_of(j, ROUNDS, w->pool)) == NULL) {
                fail_msg("the last edit of %d is lost: %s", j, text);
            }
        }
    }
    for (i = 0; i < DEVICES; i++) {
        apr_pool_destroy(workers[i].pool);
    }
}

/* ---- one device, twice --------------------------------------------------- */

static client_t *again;

/* While its session is under way, the same device begins another. */
static void second_session(client_t *c)
{
    if (c->ph->posts == 2 && again != NULL) {
        client_t *other = again;

        again = NULL;
        SYNCED(other, client_sync(other, 201, "contacts"));
    }
}

static void test_newer_session_wins(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_store_t *s = client_store(c, "contacts");
    int i;

    for (i = 0; i < 5; i++) {
        client_put(c, "contacts", card(i, w->pool));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    again = world_phone("IMEI:1");
    again->ph->session = 50;
    for (i = 0; i < 5; i++) {
        client_item_t *item = client_put(again, "contacts",
                                         card(i, w->pool));

        item->luid = APR_ARRAY_IDX(s->items, i, client_item_t *)->luid;
    }
    c->per_message = 1;
    for (i = 0; i < 5; i++) {
        client_edit(c, APR_ARRAY_IDX(s->items, i, client_item_t *),
                    edited(card(i, w->pool), 0, 7, w->pool));
    }
    c->between = second_session;
    assert_int_not_equal(client_sync(c, 200, "contacts"), APR_SUCCESS);
    c->between = NULL;
    assert_null(again);
    assert_int_equal(world_count("contacts"), 5);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 5);
    world_same(c, "contacts");
    for (i = 0; i < 5; i++) {
        assert_non_null(strstr(APR_ARRAY_IDX(s->items, i,
                                             client_item_t *)->text,
                               number_of(0, 7, w->pool)));
    }
    assert_int_equal(w->loud, 0);
}

/* SQLite waits for a writer as long as httpd's does. */
static int patient_setup(void **state)
{
    store_options_t options = { 0 };
    int rv = world_setup(state);

    if (rv == 0) {
        store_close(&w->store);
        options.key_file = apr_pstrcat(w->pool, w->dir, "/key", NULL);
        OK(store_open(&w->store, w->url, &options, NULL, w->pool));
    }
    return rv;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        { "test_all_at_once", test_all_at_once, patient_setup,
          world_teardown, NULL },
        ON_EACH_STORE(test_newer_session_wins)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_threads");
}
