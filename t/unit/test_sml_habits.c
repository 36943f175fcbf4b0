/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine and clients with ways of their own: that never send a Map, say
 * no Status, refuse a whole Sync, use a LUID again, contradict themselves.
 */
#include "sml_world.h"

static client_t *in_step(const char *devid)
{
    client_t *c = world_phone(devid);

    client_put(c, "contacts", world_card("Item0"));
    client_put(c, "contacts", world_card("Item1"));
    client_put(c, "contacts", world_card("Item2"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    return c;
}

static const char *card_with_uid(const char *uid, const char *name)
{
    return apr_psprintf(w->pool, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:%s\r\n"
                        "N:%s;;;;\r\nEND:VCARD\r\n", uid, name);
}

/* ---- what they do not say ----------------------------------------------------- */

/* The item changes, and the Map of its Add never comes: in the end a slow
 * sync finds out what the device has. */
static void test_map_never_comes(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    c->maps = MAPS_NEVER;
    world_put("contacts", 0, card_with_uid("u1", "New"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->came[0], 1);
    world_put("contacts", world_find("contacts", "N:New;"),
              card_with_uid("u1", "Newer"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->code, 200);
    assert_int_equal(s->came[0] + s->came[1], 0);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_true(world_logged("next sync will be slow"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->code, 201);
    assert_int_equal(client_count(c, "contacts"), 4);
    assert_int_equal(world_count("contacts"), 4);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->code, 200);
}

/* No Status for single changes: they count as not received. */
static void test_no_status_for_changes(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    c->mute = 1;
    c->maps = MAPS_NEVER;
    world_put("contacts", 0, world_card("New"));
    world_delete("contacts", world_find("contacts", "Item1"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->came[0], 1);
    c->mute = 0;
    c->maps = MAPS_NOW;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->code, 200);
    /* The Map says that the Add was taken, and of which version it was is
     * remembered: nothing comes again but the Delete. */
    assert_int_equal(s->came[0] + s->came[1], 0);
    assert_int_equal(s->came[2], 1);
    assert_int_equal(client_count(c, "contacts"), 3);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

static void test_whole_sync_refused(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    client_put(c, "contacts", world_card("Mine"));
    world_put("contacts", 0, world_card("New"));
    c->sync_code = 503;
    c->counts_less = 1;
    SYNCED(c, client_session(c, 200, "contacts"));
    assert_true(world_logged("refused our changes of contacts with status "
                             "503"));
    c->sync_code = 0;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->code, 200);
    assert_int_equal(s->came[0], 1);
    world_same(c, "contacts");
    assert_int_equal(client_count(c, "contacts"), 5);
    world_quiet(c, "contacts");
}

/* ---- what they contradict ------------------------------------------------------ */

/* A deleted item's LUID is given to a new one, in the same message. */
static void test_luid_used_again(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_item_t *old = client_find(c, "contacts", "Item1"), *new;

    client_erase(old);
    new = client_put(c, "contacts", world_card("Successor"));
    new->luid = old->luid;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_false(world_find("contacts", "Item1"));
    assert_true(world_find("contacts", "Successor"));
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* It is another item: nothing of the former goes into it, be it that the phone
 * tells both at once, or that a session broke off in between. */
static void test_luid_of_another(void **state)
{
    int apart;

    for (apart = 0; apart < 2; apart++) {
        client_t *c;
        client_item_t *old, *new;

        world_add_account(apr_psprintf(w->pool, "u%d", apart));
        c = in_step("IMEI:1");
        world_put("contacts", world_find("contacts", "Item1"),
                  "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Item1;;;;\r\nFN:Item1\r\n"
                  "NICKNAME:Former\r\nEND:VCARD\r\n");
        SYNCED(c, client_sync(c, 200, "contacts"));
        old = client_find(c, "contacts", "Item1");
        client_erase(old);
        if (apart) {
            w->break_at = 3;
            client_put(c, "contacts", world_large_card("Large", 6000));
            c->per_message = 1;
            assert_int_equal(client_sync(c, 200, "contacts"), APR_TIMEUP);
            w->break_at = 0;
            old->dirty = 0;     /* it had its Status */
        }
        new = client_put(c, "contacts", world_card("Successor"));
        new->luid = old->luid;
        SYNCED(c, client_sync(c, 200, "contacts"));
        assert_false(world_find("contacts", "Item1"));
        assert_false(world_find("contacts", "Former"));
        assert_true(world_find("contacts", "Successor"));
        world_same(c, "contacts");
        world_quiet(c, "contacts");
    }
}

/* The phone gives the LUID of an item that we delete to one that we add, and
 * dies before it says so: then it tells that one as its own. */
static void test_luid_of_a_gone_one(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_item_t *item;

    c->spares_luids = 1;
    world_delete("contacts", world_find("contacts", "Item1"));
    world_put("contacts", 0, world_card("Successor"));
    w->break_at = 3;
    assert_int_equal(client_sync(c, 200, "contacts"), APR_TIMEUP);
    w->break_at = 0;
    item = client_find(c, "contacts", "Successor");
    item->luid = "2";
    item->guid = NULL;
    item->map = 0;
    item->dirty = SYNCML_ADD;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 3);
    assert_int_equal(client_count(c, "contacts"), 3);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* Deletes of two datastores wait for the same end. */
static void test_deletes_of_two_datastores(void **state)
{
    client_t *c = in_step("IMEI:1");

    client_put(c, "notes", "one");
    client_put(c, "notes", "two");
    SYNCED(c, client_sync(c, 200, "contacts notes"));
    client_erase(client_find(c, "notes", "one"));
    client_erase(client_find(c, "contacts", "Item2"));
    client_erase(client_find(c, "contacts", "Item0"));
    c->per_message = 1;
    SYNCED(c, client_sync(c, 200, "contacts notes"));
    world_same(c, "contacts");
    world_same(c, "notes");
    assert_int_equal(world_count("contacts"), 1);
    assert_int_equal(world_count("notes"), 1);
    world_quiet(c, "contacts notes");
}

static void test_same_delete_twice(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_item_t *item = client_find(c, "contacts", "Item1"), *again;

    client_erase(item);
    again = client_put(c, "contacts", "");
    again->luid = item->luid;
    again->dirty = SYNCML_DELETE;
    again->gone = 1;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(phone_code(c->ph, "Delete", 0), 200);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* Changes against the direction that it asked for itself. */
static void test_changes_in_the_wrong_direction(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;

    phone_begin(ph);
    ph->scheme = SML_AUTH_BASIC;
    phone_open(ph);
    phone_alert(ph, 205, "contacts", "./c", NULL, "1");
    SENT(ph, 1);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    phone_change(ph, SYNCML_ADD, "1", "text/vcard", world_card("A"),
                 strlen(world_card("A")), 0, 0);
    phone_change(ph, SYNCML_DELETE, "2", NULL, NULL, 0, 0, 0);
    codec_close(ph->w);
    SENT(ph, 1);
    assert_int_equal(phone_code(ph, "Add", 0), 405);
    assert_int_equal(phone_code(ph, "Delete", 0), 405);
    assert_int_equal(world_count("contacts"), 0);
}

/* Credentials in the middle of a session: its own are fine, another
 * account's or wrong ones end it. */
static void test_credentials_in_a_session(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;

    world_add_account("bob");
    world_start(ph);
    ph->authorised = 0;
    phone_open(ph);
    SENT(ph, 0);
    assert_int_equal(ph->header_code, 200);
    ph->user = "bob";
    ph->authorised = 0;
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    phone_change(ph, SYNCML_ADD, "1", "text/vcard", world_card("A"),
                 strlen(world_card("A")), 0, 0);
    codec_close(ph->w);
    phone_post(ph, 0);
    assert_int_equal(w->answer.auth_status, 401);
    assert_int_equal(world_count("contacts"), 0);
    ph->user = "alice";
    ph->password = "wrong";
    ph->authorised = 0;
    phone_open(ph);
    SENT(ph, 0);
    assert_int_equal(ph->header_code, 401);
}

/* ---- what is too much ------------------------------------------------------------ */

static apr_status_t post_http(phone_t *ph)
{
    return phone_post(ph, 1) == APR_SUCCESS ? 200 : w->answer.http_status;
}

static void test_too_many_commands(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    int i;

    world_start(ph);
    phone_open(ph);
    for (i = 0; i <= SML_MAX_PARTS; i++) {
        codec_open(ph->w, SYNCML_ALERT);
        codec_text(ph->w, SYNCML_CMDID, "1");
        codec_close(ph->w);
    }
    assert_int_equal(post_http(ph), 400);
    assert_non_null(strstr(w->answer.error, "too many commands"));
    assert_int_equal(world_count("contacts"), 0);
}

static void test_too_deep(void **state)
{
    int depth;

    for (depth = SML_MAX_NESTING; depth <= SML_MAX_NESTING + 1; depth++) {
        phone_t *ph = world_phone("IMEI:1")->ph;
        int i;

        ph->session = (unsigned)depth;
        world_start(ph);
        phone_open(ph);
        for (i = 0; i < depth; i++) {
            phone_command(ph, SYNCML_SEQUENCE);
            phone_expect(ph, "Sequence", NULL);
        }
        phone_get_devinf(ph);
        for (i = 0; i < depth; i++) {
            codec_close(ph->w);
        }
        assert_int_equal(post_http(ph), depth > SML_MAX_NESTING ? 400 : 200);
    }
}

/* The header says that nothing is to be answered. */
static void test_no_resp_in_the_header(void **state)
{
    static const char body[] = "<SyncML><SyncHdr><VerDTD>1.2</VerDTD>"
        "<VerProto>SyncML/1.2</VerProto><SessionID>1</SessionID>"
        "<MsgID>1</MsgID><Target><LocURI>http://x.example/s</LocURI></Target>"
        "<Source><LocURI>IMEI:9</LocURI></Source><NoResp/><Cred><Meta><Type>"
        "syncml:auth-basic</Type></Meta><Data>alice:secret</Data></Cred>"
        "</SyncHdr><SyncBody><Alert><CmdID>1</CmdID><Data>222</Data></Alert>"
        "<Final/></SyncBody></SyncML>";
    sml_request_t request = { 0 };
    sml_answer_t answer;
    sml_message_t *m;
    const char *error;

    request.format = CODEC_XML;
    request.body = body;
    request.len = sizeof(body) - 1;
    request.url = "http://sync.example/syncml";
    request.remote = "192.0.2.1";
    OK(sml_handle(&w->config, w->store, &request, &answer, w->pool));
    /* Its password came as it is, without base64. */
    assert_int_equal(answer.auth_status, 200);
    OK(sml_message_decode(&m, CODEC_XML, answer.body, answer.len, answer.len,
                          &error, w->pool));
    assert_int_equal(m->commands->nelts, 1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_map_never_comes),
        ON_EACH_STORE(test_no_status_for_changes),
        ON_EACH_STORE(test_whole_sync_refused),
        ON_EACH_STORE(test_luid_used_again),
        ON_EACH_STORE(test_luid_of_another),
        ON_EACH_STORE(test_luid_of_a_gone_one),
        ON_EACH_STORE(test_deletes_of_two_datastores),
        ON_EACH_STORE(test_same_delete_twice),
        ON_EACH_STORE(test_changes_in_the_wrong_direction),
        ON_EACH_STORE(test_credentials_in_a_session),
        ON_EACH_STORE(test_too_many_commands),
        ON_EACH_STORE(test_too_deep),
        ON_EACH_STORE(test_no_resp_in_the_header)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_habits");
}
