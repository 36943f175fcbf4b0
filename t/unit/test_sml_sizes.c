/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: message sizes.  No answer is larger than the client's
 * MaxMsgSize (sml_phone.h looks at each), however small that is and whatever
 * has to be said; large objects travel in pieces both ways.
 */
#include "sml_world.h"

static void add_items(client_t *c, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        client_put(c, "contacts",
                   world_card(apr_psprintf(w->pool, "Phone%d", i)));
        world_put("contacts", 0,
                  world_card(apr_psprintf(w->pool, "Server%d", i)));
    }
}

static client_t *fresh_phone(int format, int version, apr_size_t max_msg)
{
    client_t *c;

    world_add_account(apr_psprintf(w->pool, "user%d-%d-%lu", format, version,
                                   (unsigned long)max_msg));
    c = world_phone("IMEI:353918051234567");
    c->ph->format = (codec_format_e)format;
    c->ph->version = (codec_version_e)version;
    c->ph->max_msg = max_msg;
    w->largest = 0;
    return c;
}

/* ---- small messages ---------------------------------------------------- */

/* More is said at once than fits into an answer: the Statuses of many
 * changes spill over into later messages. */
static void spill(int format, int version, apr_size_t max_msg)
{
    client_t *c = fresh_phone(format, version, max_msg);
    int i;

    add_items(c, 60);
    client_put(c, "notes", "a note");
    world_put("notes", 0, "another");
    SYNCED(c, client_sync(c, 200, "contacts notes"));
    world_same(c, "contacts");
    world_same(c, "notes");
    assert_int_equal(client_count(c, "contacts"), 120);
    /* Most of what may be used is used. */
    assert_true(w->largest > max_msg * 3 / 4);
    world_quiet(c, "contacts notes");
    for (i = 0; i < 60; i++) {
        client_edit(c, client_find(c, "contacts", apr_psprintf(w->pool,
                    "FN:Phone%d\r", i)), world_card(apr_psprintf(w->pool,
                    "Edited%d", i)));
        world_delete("contacts", world_find("contacts",
                     apr_psprintf(w->pool, "FN:Server%d\r", i)));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(client_count(c, "contacts"), 60);
    world_quiet(c, "contacts notes");
}

static void test_client_sizes(void **state)
{
    static const apr_size_t sizes[] = {
        1500, 1600, 1700, 1800, 1900, 2000, 3000, 5000, 10000
    };
    unsigned i;
    int version;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (version = CODEC_V10; version <= CODEC_V12; version++) {
            spill(CODEC_WBXML, version, sizes[i]);
            spill(CODEC_XML, version, sizes[i]);
        }
    }
    assert_int_equal(w->loud, 0);
}

/* The server's own limit, from both sides. */
static void test_server_sizes(void **state)
{
    static const apr_size_t sizes[] = { 2000, 4000, 10000 };
    unsigned i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        client_t *c = fresh_phone(CODEC_WBXML, (int)i, 0);

        w->config.max_msg_size = sizes[i];
        add_items(c, 40);
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
        assert_true(w->largest <= sizes[i]);
        assert_int_equal(c->ph->server_max, sizes[i]);
    }
}

/* Each size in a small range: no boundary is off by one. */
static void test_every_size(void **state)
{
    apr_size_t size;
    client_t *c;
    int i;

    for (size = 1500; size < 1600; size++) {
        c = fresh_phone(size % 2, CODEC_V12, size);
        for (i = 0; i < 12; i++) {
            world_put("contacts", 0, world_card(apr_psprintf(w->pool,
                      "Server of a long name %d", i)));
        }
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
    }
}

/* What cannot be is not believed, and nothing comes to harm. */
static void test_sizes_that_are_none(void **state)
{
    static const char *const sizes[] = {
        "0", "-5", "x", "", "1", "99999999999999999999", "5000x"
    };
    unsigned i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        client_t *c = fresh_phone(CODEC_WBXML, CODEC_V12, i);

        c->ph->max_msg = 0;
        c->ph->max_msg_text = sizes[i];
        add_items(c, 3);
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
    }
}

/* So little that not even the shortest answer fits: it says at least who it
 * answers. */
static void test_header_status_always(void **state)
{
    char devid[151];
    apr_size_t size;

    memset(devid, 'x', 150);
    devid[150] = '\0';
    for (size = 1000; size < 1200; size += 10) {
        phone_t *ph = world_phone(devid)->ph;

        ph->format = CODEC_XML;
        ph->max_msg_text = apr_psprintf(w->pool, "%d", (int)size);
        ph->scheme = SML_AUTH_BASIC;
        phone_begin(ph);
        phone_open(ph);
        phone_alert(ph, 201, "contacts", "./c", NULL, "a1");
        SENT(ph, 1);
        assert_int_equal(ph->header_code, 200);
        phone_open(ph);
        phone_next_message(ph, ph->url, ph->devid);
        SENT(ph, 0);
        assert_int_equal(ph->header_code, 200);
    }
}

/* A Status that fits into no message is left out: the session goes on. */
static void test_references_too_long(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    char *luid = apr_palloc(w->pool, 3001);

    memset(luid, 'x', 3000);
    luid[3000] = '\0';
    ph->max_msg = 1500;
    world_start(ph);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    phone_change(ph, SYNCML_ADD, luid, "text/vcard", "x", 1, 0, 0);
    phone_change(ph, SYNCML_ADD, "2", "text/vcard", world_card("A"),
                 strlen(world_card("A")), 0, 0);
    codec_close(ph->w);
    SENT(ph, 0);
    phone_open(ph);
    SENT(ph, 0);
    assert_int_equal(phone_code(ph, "Add", 1), 201);
    assert_true(world_logged("with references so long"));
}

/* ---- large objects from the client ------------------------------------- */

static void test_large_from_client(void **state)
{
    int format, version;

    for (format = CODEC_WBXML; format <= CODEC_XML; format++) {
        for (version = CODEC_V11; version <= CODEC_V12; version++) {
            client_t *c = fresh_phone(format, version, 5000);

            w->config.max_msg_size = 6000;
            c->chunk = 1500;
            client_put(c, "contacts", world_card("Small1"));
            client_put(c, "contacts", world_large_card("Large1", 30000));
            client_put(c, "contacts", world_card("Small2"));
            client_put(c, "contacts", world_large_card("Large2", 1400));
            client_put(c, "contacts", world_large_card("Large3", 9000));
            SYNCED(c, client_sync(c, 200, "contacts"));
            world_same(c, "contacts");
            client_edit(c, client_find(c, "contacts", "Large1"),
                        world_large_card("Larger", 40000));
            SYNCED(c, client_sync(c, 200, "contacts"));
            world_same(c, "contacts");
            world_quiet(c, "contacts");
        }
    }
}

/* A message with one piece. @return its Status */
static int piece(phone_t *ph, const char *luid, const char *data,
                 apr_size_t size, int more)
{
    phone_sent_t *t;
    int i;

    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    t = phone_change(ph, SYNCML_ADD, luid, "text/vcard", data, strlen(data),
                     size, more);
    i = (int)(t - (phone_sent_t *)ph->sent->elts);
    codec_close(ph->w);
    SENT(ph, 0);
    return APR_ARRAY_IDX(ph->sent, i, phone_sent_t).code;
}

static void test_pieces_of_the_wrong_size(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    const char *card = world_card("Name");
    const char *rest = card + 20;
    const char *head = apr_pstrmemdup(w->pool, card, 20);
    apr_size_t size = strlen(card);

    world_start(ph);
    /* Fewer octets than announced, and more. */
    assert_int_equal(piece(ph, "1", head, size + 1, 1), 213);
    assert_int_equal(piece(ph, "1", rest, 0, 0), 424);
    assert_int_equal(piece(ph, "2", head, size - 1, 1), 213);
    assert_int_equal(piece(ph, "2", rest, 0, 0), 424);
    assert_int_equal(piece(ph, "3", head, 25, 1), 213);
    assert_int_equal(piece(ph, "3", rest, 0, 1), 424);
    /* Nothing said, and too much. */
    assert_int_equal(piece(ph, "4", head, 0, 1), 411);
    assert_int_equal(piece(ph, "5", head, 5 * 1024 * 1024, 1), 416);
    assert_int_equal(world_count("contacts"), 0);
    /* After all that a good one. */
    assert_int_equal(piece(ph, "6", head, size, 1), 213);
    assert_int_equal(piece(ph, "6", rest, 0, 0), 201);
    assert_int_equal(world_count("contacts"), 1);
    assert_int_equal(w->loud, 0);
}

/* The last piece of what was refused is no item of its own, be it fit to be
 * one. */
static void test_pieces_after_a_refusal(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    const char *card = world_card("Name");
    const char *head = apr_pstrmemdup(w->pool, card, 20);

    world_start(ph);
    assert_int_equal(piece(ph, "1", head, 0, 1), 411);
    assert_int_equal(piece(ph, "1", head, 0, 1), 411);
    assert_int_equal(piece(ph, "1", card, 0, 0), 411);
    assert_int_equal(piece(ph, "2", head, 5 * 1024 * 1024, 1), 416);
    assert_int_equal(piece(ph, "2", card, 0, 0), 416);
    assert_int_equal(piece(ph, "3", head, 25, 1), 213);
    assert_int_equal(piece(ph, "3", card, 0, 1), 424);
    assert_int_equal(piece(ph, "3", card, 0, 0), 424);
    assert_int_equal(world_count("contacts"), 0);
    /* It begins anew where it says so, and then it is an item. */
    assert_int_equal(piece(ph, "4", head, 0, 1), 411);
    assert_int_equal(piece(ph, "4", head, strlen(card), 1), 213);
    assert_int_equal(piece(ph, "4", card + 20, 0, 0), 201);
    assert_int_equal(world_count("contacts"), 1);
    assert_null(phone_got(ph, SYNCML_ALERT, 1));
}

static void test_pieces_interrupted(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    const char *card = world_card("Name");
    const char *rest = card + 20;
    const char *head = apr_pstrmemdup(w->pool, card, 20);

    world_start(ph);
    assert_int_equal(piece(ph, "1", head, strlen(card), 1), 213);
    /* Another item comes instead of the rest. */
    assert_int_equal(piece(ph, "2", world_card("Other"), 0, 0), 201);
    assert_true(world_logged("an item in pieces was not finished"));
    assert_int_equal(world_count("contacts"), 1);
    assert_int_equal(piece(ph, "1", head, strlen(card), 1), 213);
    assert_int_equal(piece(ph, "1", rest, 0, 0), 201);
    assert_int_equal(world_count("contacts"), 2);
}

/* The package ends without the rest: what comes under that LUID later is not
 * put to it. */
static void test_pieces_without_end(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    const char *card = world_card("Name");
    const sml_command_t *alert;

    world_start(ph);
    assert_int_equal(piece(ph, "1", apr_pstrmemdup(w->pool, card, 20),
                           strlen(card), 1), 213);
    phone_open(ph);
    SENT(ph, 1);
    alert = phone_got(ph, SYNCML_ALERT, 0);
    assert_string_equal(alert->data, "223");
    assert_string_equal(APR_ARRAY_IDX(alert->items, 0, sml_item_t).source.uri,
                        "1");
    phone_open(ph);
    SENT(ph, 1);
    phone_open(ph);
    phone_alert(ph, 201, "contacts", "./c", NULL, "a2");
    SENT(ph, 1);
    assert_int_equal(piece(ph, "1", card, 0, 0), 201);
    assert_int_equal(world_count("contacts"), 1);
}

/* ---- large objects from the server ------------------------------------- */

static void test_large_from_server(void **state)
{
    static const apr_size_t sizes[] = { 1500, 2000, 2100, 2200, 5000 };
    int format, version;
    unsigned i;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (format = CODEC_WBXML; format <= CODEC_XML; format++) {
            for (version = CODEC_V11; version <= CODEC_V12; version++) {
                client_t *c = fresh_phone(format, version, sizes[i]);
                client_store_t *s = client_store(c, "contacts");

                world_put("contacts", 0, world_card("Small1"));
                world_put("contacts", 0, world_large_card("Large1", 30000));
                world_put("contacts", 0, world_card("Small2"));
                world_put("contacts", 0, world_large_card("Large2", 3000));
                SYNCED(c, client_sync(c, 200, "contacts"));
                world_same(c, "contacts");
                assert_true(s->pieces > 6);
                world_put("contacts", world_find("contacts", "Large1"),
                          world_large_card("Larger", 40000));
                SYNCED(c, client_sync(c, 200, "contacts"));
                assert_int_equal(s->came[1], 1);
                world_same(c, "contacts");
                world_quiet(c, "contacts");
            }
        }
    }
}

/* Wherever the message happens to be full when a large object's turn comes:
 * its first piece says the Size. */
static void test_large_begins_anywhere(void **state)
{
    int before;

    for (before = 0; before < 40; before++) {
        client_t *c = fresh_phone(before % 2, CODEC_V12,
                                  (apr_size_t)(2000 + before));
        int i;

        for (i = 0; i < before / 4; i++) {
            world_put("contacts", 0, world_card(apr_psprintf(w->pool,
                      "Small%d%.*s", i, before, "xxxxxxxxxxxxxxxxxxxxxxxxx"
                      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")));
        }
        world_put("contacts", 0, world_large_card("Large", 5000));
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
    }
}

static void test_large_text_is_cut_between_characters(void **state)
{
    client_t *c = fresh_phone(CODEC_XML, CODEC_V12, 2000);
    char *text = apr_palloc(w->pool, 9002);
    int i;

    for (i = 0; i < 9000; i += 3) {
        memcpy(text + i, "\xe2\x82\xac", 3);    /* the euro sign */
    }
    text[9000] = '\0';
    world_put("notes", 0, text);
    SYNCED(c, client_sync(c, 200, "notes"));
    world_same(c, "notes");
}

/* For those that take no pieces it is passed over, with a word in the log;
 * everything else comes. */
static void test_too_large_for_the_client(void **state)
{
    client_t *c = fresh_phone(CODEC_WBXML, CODEC_V12, 3000);

    c->ph->large = 0;
    world_put("contacts", 0, world_card("Small1"));
    world_put("contacts", 0, world_large_card("Large1", 30000));
    world_put("contacts", 0, world_card("Small2"));
    world_put("contacts", 0, world_large_card("Medium", 2000));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 3);
    assert_non_null(client_find(c, "contacts", "Medium"));
    assert_true(world_logged("larger than its MaxMsgSize"));
    world_quiet(c, "contacts");
}

/* SyncML 1.0 knows no pieces, though the device knew them in 1.2. */
static void test_no_pieces_in_1_0(void **state)
{
    client_t *c = fresh_phone(CODEC_WBXML, CODEC_V12, 2000);

    SYNCED(c, client_sync(c, 200, "contacts"));
    c->ph->version = CODEC_V10;
    c->devinf_known = 1;
    world_put("contacts", 0, world_large_card("Large1", 30000));
    world_put("contacts", 0, world_card("Small1"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_store(c, "contacts")->pieces, 0);
    assert_int_equal(client_count(c, "contacts"), 1);
    assert_true(world_logged("larger than its MaxMsgSize"));
}

/* One that is large in what cannot be left out. */
static void test_larger_than_max_obj_size(void **state)
{
    client_t *c = fresh_phone(CODEC_WBXML, CODEC_V12, 3000);

    c->ph->max_obj = 8000;
    world_put("contacts", 0, world_large_role("Large", 30000));
    world_put("contacts", 0, world_large_card("Medium", 7000));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 1);
    assert_non_null(client_find(c, "contacts", "Medium"));
    assert_true(world_logged("larger than its MaxObjSize"));
    world_quiet(c, "contacts");
}

/* NumberOfChanges is what will come, whatever is passed over: sml_run.h
 * compares.  Sizes close to a limit as the phone will have them. */
static void test_number_is_what_comes(void **state)
{
    client_t *c = fresh_phone(CODEC_WBXML, CODEC_V12, 0);
    client_store_t *s = client_store(c, "contacts");
    int i;

    c->ph->max_obj = 2000;
    for (i = 0; i < 20; i++) {
        world_put("contacts", 0, world_large_role(
                      apr_psprintf(w->pool, "Card%d", i),
                      (apr_size_t)(1850 + 10 * i)));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_in_range(s->came[0], 5, 15);
    assert_int_equal(s->announced, s->came[0]);
    /* Some grow above it, which the phone then keeps as they were; others get
     * below it. */
    for (i = 0; i < 20; i += 2) {
        world_put("contacts", world_find("contacts",
                      apr_psprintf(w->pool, "FN:Card%d\r", i)),
                  world_large_role(apr_psprintf(w->pool, "Card%d", i),
                                   (apr_size_t)(1990 - 10 * i)));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_true(s->came[0] > 0 && s->came[1] > 0);
    assert_int_equal(s->announced, s->came[0] + s->came[1]);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->announced, 0);
    /* All again, in a slow sync. */
    SYNCED(c, client_sync(c, 201, "contacts"));
    assert_int_equal(s->announced, s->came[0] + s->came[1]);
    /* Where not all is seen, all are looked at. */
    s->name = "contacts/fi(FN^=Card1)";
    SYNCED(c, client_sync(c, 205, s->name));
    assert_true(s->came[0] > 0);
    assert_int_equal(s->announced, s->came[0]);
}

static void test_too_large_for_the_server(void **state)
{
    client_t *c = fresh_phone(CODEC_WBXML, CODEC_V12, 0);

    w->config.max_obj_size = 5000;
    client_put(c, "contacts", world_large_card("Large", 6000));
    client_put(c, "contacts", world_card("Small"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(phone_code(c->ph, "Replace", 0), 413);
    assert_int_equal(phone_code(c->ph, "Replace", 1), 201);
    assert_int_equal(world_count("contacts"), 1);
}

static void test_message_larger_than_the_servers(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    apr_size_t size = w->config.max_msg_size + SML_MSG_SLACK;

    world_start(ph);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    phone_change(ph, SYNCML_ADD, "1", "text/vcard",
                 world_large_card("Large", size), size, 0, 0);
    codec_close(ph->w);
    assert_int_not_equal(phone_post(ph, 1), APR_SUCCESS);
    assert_int_equal(w->answer.http_status, 413);
    assert_int_equal(world_count("contacts"), 0);
}

/* ---- broken off in the middle of an object ----------------------------- */

static void test_break_inside_an_object(void **state)
{
    unsigned at;
    int on = 1;

    for (at = 1; on; at++) {
        client_t *c = fresh_phone(CODEC_WBXML, CODEC_V12,
                                  (apr_size_t)(3000 + at));

        client_put(c, "contacts", world_large_card("Phone", 9000));
        world_put("contacts", 0, world_large_card("Server", 9000));
        c->chunk = 2500;
        w->break_at = at;
        w->break_after = at % 2;
        on = client_session(c, 200, "contacts") != APR_SUCCESS;
        w->break_at = 0;
        if (!on) {
            client_commit(c);
            assert_true(at > 8);
        }
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
        assert_int_equal(client_count(c, "contacts"), 2);
        world_quiet(c, "contacts");
    }
}

/* The client has a part of an item, and its sync is not resumed but becomes a
 * slow one: the item then comes anew, small and whole. */
static void test_part_and_no_resume(void **state)
{
    int where;

    for (where = 0; where <= 1; where++) {
        client_t *c = fresh_phone(CODEC_WBXML, CODEC_V12,
                                  (apr_size_t)(3000 + where));
        store_id_t id = world_put("contacts", 0, world_card("Server"));

        SYNCED(c, client_sync(c, 200, "contacts"));
        world_put("contacts", id, world_large_card("Server", 9000));
        w->break_at = 4;
        w->break_after = 1;
        assert_int_not_equal(client_session(c, 200, "contacts"),
                             APR_SUCCESS);
        w->break_at = 0;
        assert_non_null(c->partial);
        world_put("contacts", id, world_card("Small"));
        world_forget_sessions(c);
        c->resuming = 1;
        c->says_datapos = where;
        SYNCED(c, client_sync(c, 225, "contacts"));
        c->resuming = 0;
        assert_int_equal(client_store(c, "contacts")->alert_status, 508);
        assert_int_equal(client_store(c, "contacts")->code, 201);
        world_same(c, "contacts");
        assert_int_equal(client_count(c, "contacts"), 1);
        assert_non_null(client_find(c, "contacts", "FN:Small"));
        world_quiet(c, "contacts");
    }
}

/* The server has a part of an item, its user makes it small, and the client
 * that goes on sends it whole, without its size. */
static void test_part_and_edited(void **state)
{
    int code;

    for (code = 201; code >= 200; code--) {
        client_t *c = fresh_phone(CODEC_WBXML, CODEC_V12,
                                  (apr_size_t)(2000 + code));
        client_item_t *item = client_put(c, "contacts", world_card("Phone"));

        SYNCED(c, client_sync(c, 200, "contacts"));
        client_edit(c, item, world_large_card("Phone", 9000));
        c->chunk = 2500;
        c->slow_tag = SYNCML_REPLACE;
        w->break_at = 4;
        w->break_after = 1;
        assert_int_equal(client_session(c, code, "contacts"), APR_TIMEUP);
        w->break_at = 0;
        client_edit(c, item, world_large_card("Phone", 20));
        c->resuming = 1;
        SYNCED(c, client_sync(c, 225, "contacts"));
        c->resuming = 0;
        assert_int_equal(client_store(c, "contacts")->code, code);
        assert_int_equal(phone_code(c->ph, "Replace", 0), 200);
        world_same(c, "contacts");
        assert_int_equal(client_count(c, "contacts"), 1);
        assert_int_equal(world_count("contacts"), 1);
        assert_true(world_find("contacts", "NOTE:abcdefghijklmnopqrst\r\n"));
        world_quiet(c, "contacts");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_MEMORY(test_client_sizes),
        ON_EACH_STORE(test_server_sizes),
        ON_MEMORY(test_every_size),
        ON_EACH_STORE(test_sizes_that_are_none),
        ON_SQLITE(test_header_status_always),
        ON_EACH_STORE(test_references_too_long),
        ON_EACH_STORE(test_large_from_client),
        ON_EACH_STORE(test_pieces_of_the_wrong_size),
        ON_EACH_STORE(test_pieces_after_a_refusal),
        ON_EACH_STORE(test_pieces_interrupted),
        ON_EACH_STORE(test_pieces_without_end),
        ON_EACH_STORE(test_no_pieces_in_1_0),
        ON_MEMORY(test_large_from_server),
        ON_EACH_STORE(test_large_begins_anywhere),
        ON_EACH_STORE(test_large_text_is_cut_between_characters),
        ON_EACH_STORE(test_too_large_for_the_client),
        ON_EACH_STORE(test_larger_than_max_obj_size),
        ON_EACH_STORE(test_number_is_what_comes),
        ON_EACH_STORE(test_too_large_for_the_server),
        ON_EACH_STORE(test_message_larger_than_the_servers),
        ON_EACH_STORE(test_break_inside_an_object),
        ON_EACH_STORE(test_part_and_no_resume),
        ON_EACH_STORE(test_part_and_edited)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_sizes");
}
