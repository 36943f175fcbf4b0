/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: sessions that break off at each message, before and after the
 * server has handled it; messages that come twice, late or in the name of
 * another.  Afterwards nothing is lost, nothing is doubled, and no phone
 * that knew its anchors is sent into a slow sync.
 */
#include <pthread.h>

#include "sml_story.h"

static void expect_count(client_t *c, int n, int code, unsigned at, int after)
{
    const char *difference = world_differs(c, "contacts");

    if (difference != NULL || client_count(c, "contacts") != n) {
        fail_msg("type %d, broken %s message %u: %s; %d items, %d expected",
                 code, after ? "after" : "before", at,
                 difference ? difference : "same on both sides",
                 client_count(c, "contacts"), n);
    }
}

/* ---- one break --------------------------------------------------------- */

/* Break at each message in turn, sync again with @p then. */
static void break_everywhere(int code, int then, int sync_first, int expect,
                             void (*habit)(client_t *))
{
    int after;

    for (after = 0; after <= 1; after++) {
        unsigned at;

        for (at = 1;; at++) {
            client_t *c = fresh_phone(sync_first);
            int on = 1;

            if (habit != NULL) {
                habit(c);
            }
            if (sync_first) {
                edit_both(c);
            }
            on = broken(c, code, at, after);
            SYNCED(c, client_sync(c, then, "contacts"));
            if (sync_first && then == 200) {
                assert_int_equal(client_store(c, "contacts")->code, 200);
            }
            expect_count(c, expect, code, at, after);
            if (!on) {
                assert_true(at > 3);    /* the story has several messages */
                break;
            }
            world_quiet(c, "contacts");
        }
    }
    assert_int_equal(w->loud, 0);
}

static void test_two_way(void **state)
{
    break_everywhere(200, 200, 1, 4 * CARDS - 4, NULL);
}

static void final_everywhere(client_t *c)
{
    c->final_222 = 1;
    c->map_first = 1;
}

static void test_two_way_other_habits(void **state)
{
    break_everywhere(200, 200, 1, 4 * CARDS - 4, final_everywhere);
}

static void xml(client_t *c)
{
    c->ph->format = CODEC_XML;
    c->ph->version = CODEC_V11;
    c->ph->max_msg = 4000;
    c->devinf_known = 0;
}

static void test_two_way_xml(void **state)
{
    break_everywhere(200, 200, 1, 4 * CARDS - 4, xml);
}

static void test_first_sync(void **state)
{
    break_everywhere(200, 200, 0, 2 * CARDS, NULL);
}

static void test_slow(void **state)
{
    break_everywhere(201, 201, 0, 2 * CARDS, NULL);
}

static void test_refresh_from_client(void **state)
{
    /* What the phone has: 2 * CARDS, its 2 deletes, its CARDS adds. */
    break_everywhere(203, 203, 1, 3 * CARDS - 2, NULL);
}

static void test_refresh_from_server(void **state)
{
    break_everywhere(205, 205, 1, 3 * CARDS - 2, NULL);
}

static void test_one_way_from_client(void **state)
{
    break_everywhere(202, 200, 1, 4 * CARDS - 4, NULL);
}

static void test_one_way_from_server(void **state)
{
    break_everywhere(204, 200, 1, 4 * CARDS - 4, NULL);
}

/* ---- worse ------------------------------------------------------------- */

/* Both ends of the line break again and again, at ever later messages; the
 * sync that gets through in the end makes it good. */
static void test_again_and_again(void **state)
{
    int after;

    for (after = 0; after <= 1; after++) {
        client_t *c = fresh_phone(1);
        unsigned at;

        edit_both(c);
        for (at = 1; broken(c, 200, at, after); at++) {
            assert_true(at < 40);
        }
        assert_int_equal(client_store(c, "contacts")->code, 200);
        expect_count(c, 4 * CARDS - 4, 200, at, after);
        world_quiet(c, "contacts");
    }
}

/* The phone writes its new anchor down as soon as it has all changes: where
 * its Statuses are lost, the two sides remember different syncs. */
static void test_phone_commits_early(void **state)
{
    int after, early = 0;

    for (after = 0; after <= 1; after++) {
        unsigned at;

        for (at = 1;; at++) {
            client_t *c = fresh_phone(1);

            int commits;

            edit_both(c);
            if (!broken(c, 200, at, after)) {
                break;
            }
            commits = c->server_final && client_store(c, "contacts")->came[0];
            if (commits) {
                client_commit(c);
                early++;
            }
            client_put(c, "contacts", name_of("Late", 0));
            world_put("contacts", 0, name_of("LateServer", 0));
            SYNCED(c, client_sync(c, 200, "contacts"));
            if (commits) {
                assert_int_equal(client_store(c, "contacts")->code, 200);
            }
            expect_count(c, 4 * CARDS - 2, 200, at, after);
            world_quiet(c, "contacts");
        }
    }
    assert_true(early > 1);
}

/* More edits between the break and the next sync. */
static void test_edits_after_the_break(void **state)
{
    unsigned at;
    int on = 1;

    for (at = 1; on; at++) {
        client_t *c = fresh_phone(1);
        client_item_t *item;

        edit_both(c);
        on = broken(c, 200, at, 1);
        /* What the broken session may have carried is edited once more. */
        client_edit(c, item_of(c, "PhoneNew", 0), name_of("PhoneLater", 0));
        client_edit(c, item_of(c, "PhoneEdit", 0), name_of("PhoneLater", 1));
        world_put("contacts", id_of("ServerNew", 0),
                  name_of("ServerLater", 0));
        world_delete("contacts", id_of("ServerNew", 1));
        item = item_of(c, "ServerNew", 2);
        if (item != NULL) {
            client_edit(c, item, name_of("PhoneLater", 2));
        }
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
        assert_non_null(item_of(c, "PhoneLater", 0));
        assert_non_null(item_of(c, "PhoneLater", 1));
        assert_null(item_of(c, "ServerNew", 1));
        assert_non_null(item_of(c, "ServerLater", 0));
        world_quiet(c, "contacts");
    }
}

/* The phone loses its anchors after the break: slow sync. */
static void test_slow_after_the_break(void **state)
{
    unsigned at;
    int on = 1;

    for (at = 1; on; at++) {
        client_t *c = fresh_phone(1);
        int i;

        for (i = 0; i < CARDS; i++) {
            client_put(c, "contacts", name_of("PhoneNew", i));
            world_put("contacts", 0, name_of("ServerNew", i));
        }
        on = broken(c, 200, at, 1);
        client_store(c, "contacts")->last = NULL;
        SYNCED(c, client_sync(c, 200, "contacts"));
        assert_int_equal(client_store(c, "contacts")->code, 201);
        expect_count(c, 4 * CARDS, 200, at, 1);
        world_quiet(c, "contacts");
    }
}

/* ---- the same message again -------------------------------------------- */

static void test_every_message_twice(void **state)
{
    client_t *c;

    w->twice = 1;
    c = fresh_phone(1);
    edit_both(c);
    SYNCED(c, client_sync(c, 200, "contacts"));
    expect_count(c, 4 * CARDS - 4, 200, 0, 0);
    world_quiet(c, "contacts");
    c = fresh_phone(0);
    c->ph->scheme = SML_AUTH_BASIC;
    SYNCED(c, client_sync(c, 200, "contacts"));
    expect_count(c, 2 * CARDS, 200, 0, 0);
}

/* Impatient clients and proxies send a message again while the first is
 * still being handled. */
typedef struct twin_t {
    pthread_t thread;
    pthread_barrier_t *start;
    sml_request_t request;
    sml_answer_t answer;
    apr_pool_t *p;
    apr_status_t rv;
} twin_t;

static void *handle_twin(void *baton)
{
    twin_t *t = baton;

    pthread_barrier_wait(t->start);
    t->rv = sml_handle(&w->config, w->store, &t->request, &t->answer, t->p);
    return NULL;
}

static apr_status_t twin_post(phone_t *ph, const char *body, apr_size_t len,
                              const char **answer, apr_size_t *answer_len)
{
    twin_t twins[3] = { 0 };
    pthread_barrier_t start;
    int i;

    pthread_barrier_init(&start, NULL, 3);
    for (i = 0; i < 3; i++) {
        twin_t *t = &twins[i];

        apr_pool_create_unmanaged_ex(&t->p, NULL, NULL);
        t->start = &start;
        t->request.format = ph->format;
        t->request.body = body;
        t->request.len = len;
        t->request.session = world_token(ph);
        t->request.url = ph->url;
        t->request.remote = "192.0.2.1";
        assert_int_equal(pthread_create(&t->thread, NULL, handle_twin, t),
                         0);
    }
    for (i = 0; i < 3; i++) {
        assert_int_equal(pthread_join(twins[i].thread, NULL), 0);
        OK(twins[i].rv);
        assert_int_equal(twins[i].answer.len, twins[0].answer.len);
        assert_memory_equal(twins[i].answer.body, twins[0].answer.body,
                            twins[0].answer.len);
    }
    assert_int_equal(twins[0].answer.resent + twins[1].answer.resent
                     + twins[2].answer.resent, 2);
    *answer = apr_pmemdup(ph->message_pool, twins[0].answer.body,
                          twins[0].answer.len);
    *answer_len = twins[0].answer.len;
    for (i = 0; i < 3; i++) {
        apr_pool_destroy(twins[i].p);
    }
    pthread_barrier_destroy(&start);
    return APR_SUCCESS;
}

static void test_three_times_at_once(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    c->ph->post = twin_post;
    c->ph->scheme = SML_AUTH_BASIC;
    w->config.log = NULL;       /* ours is for one thread */
    for (i = 0; i < 10; i++) {
        client_put(c, "contacts", name_of("Phone", i));
        world_put("contacts", 0, name_of("Server", i));
        SYNCED(c, client_sync(c, 200, "contacts"));
        expect_count(c, 2 * i + 2, 200, 0, 0);
    }
}

static void add_by_hand(phone_t *ph, const char *luid, const char *text)
{
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    phone_change(ph, SYNCML_ADD, luid, "text/vcard", text, strlen(text), 0,
                 0);
    codec_close(ph->w);
}

static void test_old_message_again(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;

    world_start(ph);
    add_by_hand(ph, "1", world_card("One"));
    SENT(ph, 0);
    add_by_hand(ph, "2", world_card("Two"));
    SENT(ph, 0);
    assert_int_equal(world_count("contacts"), 2);
    /* Number 2 again, with other contents. */
    ph->msg = 1;
    add_by_hand(ph, "3", world_card("Three"));
    ph->server_msg = 0;
    SENT(ph, 0);
    assert_int_equal(ph->header_code, 400);
    assert_int_equal(phone_code(ph, "Add", 2), 400);
    assert_int_equal(world_count("contacts"), 2);
    /* The session lives on. */
    ph->msg = 3;
    add_by_hand(ph, "3", world_card("Three"));
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 200);
    assert_int_equal(world_count("contacts"), 3);
}

static void test_gap_in_the_numbers(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;

    world_start(ph);
    ph->msg = 6;
    add_by_hand(ph, "1", world_card("One"));
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 200);
    assert_int_equal(world_count("contacts"), 1);
}

/* ---- the session of another -------------------------------------------- */

static const char *token_of(const phone_t *ph)
{
    return apr_pstrdup(w->pool, strstr(ph->resp_uri, "?s=") + 3);
}

static void test_session_of_another_device(void **state)
{
    phone_t *a = world_phone("IMEI:1")->ph, *b = world_phone("IMEI:2")->ph;

    world_start(a);
    phone_begin(b);
    b->msg = 1;
    b->scheme = 0;
    w->token = token_of(a);
    add_by_hand(b, "1", world_card("Stolen"));
    SENT(b, 1);
    assert_int_equal(b->header_code, 407);
    assert_int_equal(phone_code(b, "Add", 0), 407);
    assert_null(b->resp_uri);
    w->token = NULL;
    assert_int_equal(world_count("contacts"), 0);
    add_by_hand(a, "1", world_card("Own"));
    SENT(a, 1);
    assert_int_equal(a->header_code, 200);
    assert_int_equal(world_count("contacts"), 1);
}

static void test_unknown_session(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;

    world_start(ph);
    ph->scheme = 0;
    w->token = "00000000000000000000000000000000";
    add_by_hand(ph, "1", world_card("One"));
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 407);
    w->token = token_of(ph);
    ph->session++;              /* another SessionID */
    add_by_hand(ph, "1", world_card("One"));
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 407);
    assert_int_equal(world_count("contacts"), 0);
}

static void test_new_session_ends_the_old(void **state)
{
    client_t *c = world_phone("IMEI:1");
    phone_t *ph = c->ph;
    const char *token;

    world_start(ph);
    w->token = token_of(ph);
    world_start(ph);
    token = w->token;
    w->token = NULL;
    phone_open(ph);             /* it goes on with the new one */
    phone_next_message(ph, ph->url, ph->devid);
    SENT(ph, 0);
    w->token = token;
    ph->session--;
    ph->scheme = 0;
    add_by_hand(ph, "1", world_card("Old"));
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 407);
    assert_int_equal(world_count("contacts"), 0);
}

static void test_expired_session(void **state)
{
    client_t *c = world_phone("IMEI:1");

    w->config.session_timeout = apr_time_from_msec(1);
    client_put(c, "contacts", world_card("One"));
    world_start(c->ph);
    apr_sleep(5000);
    c->ph->scheme = 0;
    add_by_hand(c->ph, "1", world_card("One"));
    SENT(c->ph, 1);
    assert_int_equal(c->ph->header_code, 407);
    w->config.session_timeout = apr_time_from_sec(60);
    c->ph->scheme = SML_AUTH_BASIC;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 1);
}

/* Another process of the server answers the next message. */
static void reopen(client_t *c)
{
    store_close(&w->store);
    world_open(0);
}

static void test_other_process_each_message(void **state)
{
    client_t *c = fresh_phone(1);

    edit_both(c);
    c->between = reopen;
    SYNCED(c, client_sync(c, 200, "contacts"));
    expect_count(c, 4 * CARDS - 4, 200, 0, 0);
    world_quiet(c, "contacts");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_two_way),
        ON_EACH_STORE(test_two_way_other_habits),
        ON_EACH_STORE(test_two_way_xml),
        ON_EACH_STORE(test_first_sync),
        ON_EACH_STORE(test_slow),
        ON_EACH_STORE(test_refresh_from_client),
        ON_EACH_STORE(test_refresh_from_server),
        ON_EACH_STORE(test_one_way_from_client),
        ON_EACH_STORE(test_one_way_from_server),
        ON_EACH_STORE(test_again_and_again),
        ON_EACH_STORE(test_phone_commits_early),
        ON_EACH_STORE(test_edits_after_the_break),
        ON_EACH_STORE(test_slow_after_the_break),
        ON_EACH_STORE(test_every_message_twice),
        ON_EACH_STORE(test_three_times_at_once),
        ON_EACH_STORE(test_old_message_again),
        ON_EACH_STORE(test_gap_in_the_numbers),
        ON_EACH_STORE(test_session_of_another_device),
        ON_EACH_STORE(test_unknown_session),
        ON_EACH_STORE(test_new_session_ends_the_old),
        ON_EACH_STORE(test_expired_session),
        ON_SQLITE(test_other_process_each_message)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_break");
}
