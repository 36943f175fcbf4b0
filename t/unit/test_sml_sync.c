/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: whole sessions of every sync type, version and format, with
 * one device and with two; what each side has afterwards is compared.
 */
#include "sml_world.h"

static void add_cards(client_t *c, const char *prefix, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        client_put(c, "contacts",
                   world_card(apr_psprintf(w->pool, "%s%d", prefix, i)));
    }
}

static void sync_same(client_t *c, int code)
{
    SYNCED(c, client_sync(c, code, "contacts"));
    world_same(c, "contacts");
}

/* ---- versions, formats, credentials ------------------------------------ */

/* First contact, a quiet sync, and everything on both sides. */
static void story(client_t *c)
{
    client_store_t *s = client_store(c, "contacts");
    store_id_t id;

    add_cards(c, "Mine", 5);
    world_put("contacts", 0, world_card("Theirs1"));
    id = world_put("contacts", 0, world_card("Theirs2"));
    sync_same(c, 200);
    assert_int_equal(s->alert_status, 508);
    assert_int_equal(s->code, 201);
    assert_int_equal(client_count(c, "contacts"), 7);
    assert_int_equal(s->announced, c->ph->counts
                                   && c->ph->version != CODEC_V10 ? 2 : -1);
    world_quiet(c, "contacts");
    assert_int_equal(s->alert_status, 200);

    client_edit(c, client_find(c, "contacts", "Mine1"), world_card("Edited"));
    client_erase(client_find(c, "contacts", "Mine2"));
    add_cards(c, "New", 1);
    world_put("contacts", id, world_card("Changed"));
    world_delete("contacts", world_find("contacts", "Theirs1"));
    world_put("contacts", 0, world_card("Theirs3"));
    sync_same(c, 200);
    assert_int_equal(s->code, 200);
    assert_int_equal(s->came[0], 1);
    assert_int_equal(s->came[1], 1);
    assert_int_equal(s->came[2], 1);
    assert_int_equal(client_count(c, "contacts"), 7);
    assert_non_null(client_find(c, "contacts", "Changed"));
    assert_true(world_find("contacts", "Edited"));
    world_quiet(c, "contacts");
    assert_int_equal(w->loud, 0);
}

static void test_each_version_and_format(void **state)
{
    int version, format, scheme;

    for (version = CODEC_V10; version <= CODEC_V12; version++) {
        for (format = CODEC_WBXML; format <= CODEC_XML; format++) {
            for (scheme = 1; scheme <= 2; scheme++) {
                client_t *c;

                world_add_account(apr_psprintf(w->pool, "user%d%d%d",
                                               version, format, scheme));
                c = world_phone("IMEI:1");
                c->ph->version = (codec_version_e)version;
                c->ph->format = (codec_format_e)format;
                c->ph->scheme = scheme;
                story(c);
            }
        }
    }
}

static void test_habits(void **state)
{
    client_t *c = world_phone("IMEI:1");

    c->ph->counts = c->ph->large = 0;
    c->slow_tag = SYNCML_ADD;
    c->per_message = 2;
    c->map_first = 1;
    c->final_222 = 1;
    story(c);
}

/* ---- sync types -------------------------------------------------------- */

/* A phone with three items in step with the server. */
static client_t *in_step(const char *devid)
{
    client_t *c = world_phone(devid);

    if (world_count("contacts") == 0) {
        add_cards(c, "Item", 3);
    }
    sync_same(c, 200);
    return c;
}

/* An edit on each side, of different items, and a new item on each. */
static void edit_both(client_t *c)
{
    client_edit(c, client_find(c, "contacts", "Item0"),
                world_card("PhoneEdit"));
    add_cards(c, "PhoneNew", 1);
    world_put("contacts", world_find("contacts", "Item1"),
              world_card("ServerEdit"));
    world_put("contacts", 0, world_card("ServerNew"));
}

static void test_one_way_from_client(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    edit_both(c);
    SYNCED(c, client_sync(c, 202, "contacts"));
    assert_int_equal(s->code, 202);
    assert_true(world_find("contacts", "PhoneEdit"));
    assert_true(world_find("contacts", "PhoneNew"));
    assert_null(client_find(c, "contacts", "ServerNew"));
    assert_non_null(client_find(c, "contacts", "Item1"));
    /* What was not sent is still due. */
    sync_same(c, 200);
    assert_int_equal(s->code, 200);
    assert_int_equal(s->came[0], 1);
    assert_int_equal(s->came[1], 1);
    assert_int_equal(client_count(c, "contacts"), 5);
    world_quiet(c, "contacts");
}

static void test_one_way_from_server(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    edit_both(c);
    SYNCED(c, client_sync(c, 204, "contacts"));
    assert_int_equal(s->code, 204);
    assert_int_equal(s->came[0], 1);
    assert_int_equal(s->came[1], 1);
    assert_false(world_find("contacts", "PhoneNew"));
    assert_non_null(client_find(c, "contacts", "ServerNew"));
    sync_same(c, 200);
    assert_int_equal(s->code, 200);
    assert_int_equal(client_count(c, "contacts"), 5);
    world_quiet(c, "contacts");
}

static void test_refresh_from_client(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    edit_both(c);
    client_erase(client_find(c, "contacts", "Item2"));
    sync_same(c, 203);
    assert_int_equal(s->code, 203);
    assert_int_equal(world_count("contacts"), 3);
    assert_false(world_find("contacts", "ServerNew"));
    world_quiet(c, "contacts");
}

static void test_refresh_from_client_with_nothing(void **state)
{
    client_t *c = in_step("IMEI:1");

    while (client_count(c, "contacts") > 0) {
        client_erase(client_find(c, "contacts", ""));
    }
    sync_same(c, 203);
    assert_int_equal(world_count("contacts"), 0);
    world_quiet(c, "contacts");
}

static void test_refresh_from_server(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    edit_both(c);
    sync_same(c, 205);
    assert_int_equal(s->code, 205);
    assert_int_equal(s->came[0], 4);
    assert_null(client_find(c, "contacts", "PhoneNew"));
    assert_non_null(client_find(c, "contacts", "Item0"));
    world_quiet(c, "contacts");
}

static void test_slow_twice_doubles_nothing(void **state)
{
    client_t *c = in_step("IMEI:1");
    int i;

    add_cards(c, "More", 40);
    for (i = 0; i < 3; i++) {
        c->slow_tag = i == 1 ? SYNCML_ADD : SYNCML_REPLACE;
        sync_same(c, 201);
        assert_int_equal(client_count(c, "contacts"), 43);
        assert_int_equal(client_store(c, "contacts")->came[0], 0);
    }
    /* A phone that was emptied and filled again: other LUIDs, same items. */
    c = world_phone("IMEI:1");
    add_cards(c, "More", 40);
    add_cards(c, "Item", 3);
    c->ph->session = 100;
    sync_same(c, 200);
    assert_int_equal(client_store(c, "contacts")->code, 201);
    assert_int_equal(client_count(c, "contacts"), 43);
    world_quiet(c, "contacts");
}

static void test_twins(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_t *d = world_phone("IMEI:2");
    int i;

    for (i = 0; i < 3; i++) {
        client_put(c, "contacts", world_card("Twin"));
    }
    for (i = 0; i < 3; i++) {
        sync_same(c, 201);
        assert_int_equal(world_count("contacts"), 3);
    }
    /* Two of them are on the other phone as well. */
    client_put(d, "contacts", world_card("Twin"));
    client_put(d, "contacts", world_card("Twin"));
    sync_same(d, 201);
    assert_int_equal(client_count(d, "contacts"), 3);
    client_erase(client_find(c, "contacts", "Twin"));
    sync_same(c, 200);
    sync_same(d, 200);
    assert_int_equal(client_count(d, "contacts"), 2);
    world_quiet(c, "contacts");
}

/* Equal but for what does not count: order, REV, line ends. */
static void test_slow_matches_equal_items(void **state)
{
    client_t *c = world_phone("IMEI:1");

    world_put("contacts", 0, "BEGIN:VCARD\nVERSION:3.0\nREV:20200101T000000Z"
              "\nTEL;TYPE=CELL:123\nN:Doe;Jane;;;\nEND:VCARD\n");
    client_put(c, "contacts", "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane;;;"
               "\r\nTEL;TYPE=CELL:123\r\nEND:VCARD\r\n");
    SYNCED(c, client_sync(c, 201, "contacts"));
    assert_int_equal(world_count("contacts"), 1);
    assert_int_equal(client_count(c, "contacts"), 1);
    world_quiet(c, "contacts");
}

static void test_several_datastores(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_store_t *notes = client_store(c, "notes");

    client_put(c, "contacts", world_card("A"));
    client_put(c, "notes", "first\nnote");
    world_put("notes", 0, "of the server");
    SYNCED(c, client_sync(c, 200, "contacts notes"));
    world_same(c, "contacts");
    world_same(c, "notes");
    assert_int_equal(client_count(c, "notes"), 2);
    world_quiet(c, "contacts notes");
    client_edit(c, client_find(c, "notes", "first"), "second");
    SYNCED(c, client_sync(c, 200, "contacts notes"));
    assert_int_equal(notes->came[0] + notes->came[1], 0);
    world_same(c, "notes");
    /* One of them fresh, the other known. */
    notes->last = NULL;
    SYNCED(c, client_sync(c, 200, "notes contacts"));
    assert_int_equal(notes->code, 201);
    assert_int_equal(client_store(c, "contacts")->code, 200);
    world_same(c, "notes");
    world_quiet(c, "contacts notes");
}

static void test_hundreds(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    c->per_message = 60;
    add_cards(c, "P", 400);
    for (i = 0; i < 400; i++) {
        world_put("contacts", 0,
                  world_card(apr_psprintf(w->pool, "S%d", i)));
    }
    c->ph->max_msg = 20000;
    sync_same(c, 200);
    assert_int_equal(client_count(c, "contacts"), 800);
    world_quiet(c, "contacts");
    for (i = 0; i < 400; i += 2) {
        client_erase(client_find(c, "contacts",
                                 apr_psprintf(w->pool, "FN:P%d\r", i)));
        world_delete("contacts", world_find("contacts",
                     apr_psprintf(w->pool, "FN:S%d\r", i)));
    }
    sync_same(c, 200);
    assert_int_equal(client_count(c, "contacts"), 400);
    world_quiet(c, "contacts");
}

/* ---- conflicts --------------------------------------------------------- */

/* Code of the Status for the phone's n-th command of that name. */
#define CODE(c, name, n) phone_code((c)->ph, name, n)

static void test_both_changed(void **state)
{
    client_t *c = in_step("IMEI:1");
    store_id_t id = world_find("contacts", "Item1");

    client_edit(c, client_find(c, "contacts", "Item1"), world_card("Phone"));
    world_put("contacts", id, world_card("Server"));
    sync_same(c, 200);
    assert_int_equal(CODE(c, "Replace", 0), 208);
    assert_int_equal(world_find("contacts", "Phone"), id);
    assert_non_null(client_find(c, "contacts", "Phone"));
    assert_true(world_logged("conflict account=alice device=IMEI:1"));
    world_quiet(c, "contacts");
}

static void test_both_changed_alike(void **state)
{
    client_t *c = in_step("IMEI:1");

    client_edit(c, client_find(c, "contacts", "Item1"), world_card("Same"));
    world_put("contacts", world_find("contacts", "Item1"),
              world_card("Same"));
    sync_same(c, 200);
    assert_int_equal(CODE(c, "Replace", 0), 200);
    assert_int_equal(client_store(c, "contacts")->came[1], 0);
    world_quiet(c, "contacts");
}

static void test_changed_there_deleted_here(void **state)
{
    client_t *c = in_step("IMEI:1");

    client_erase(client_find(c, "contacts", "Item1"));
    world_put("contacts", world_find("contacts", "Item1"),
              world_card("Server"));
    sync_same(c, 200);
    assert_int_equal(CODE(c, "Delete", 0), 419);
    assert_int_equal(client_count(c, "contacts"), 3);
    assert_non_null(client_find(c, "contacts", "Server"));
    world_quiet(c, "contacts");
}

static void test_deleted_there_changed_here(void **state)
{
    client_t *c = in_step("IMEI:1");
    store_id_t id = world_find("contacts", "Item1");

    client_edit(c, client_find(c, "contacts", "Item1"), world_card("Phone"));
    world_delete("contacts", id);
    sync_same(c, 200);
    assert_int_equal(CODE(c, "Replace", 0), 208);
    assert_int_equal(world_find("contacts", "Phone"), id);
    assert_int_equal(client_count(c, "contacts"), 3);
    world_quiet(c, "contacts");
}

static void test_both_deleted(void **state)
{
    client_t *c = in_step("IMEI:1");

    client_erase(client_find(c, "contacts", "Item1"));
    world_delete("contacts", world_find("contacts", "Item1"));
    sync_same(c, 200);
    assert_int_equal(CODE(c, "Delete", 0), 200);
    assert_int_equal(client_count(c, "contacts"), 2);
    world_quiet(c, "contacts");
}

/* ---- two devices ------------------------------------------------------- */

static void test_two_devices(void **state)
{
    client_t *a = in_step("IMEI:1"), *b = in_step("IMEI:2");
    int i;

    assert_int_equal(client_count(b, "contacts"), 3);
    for (i = 0; i < 5; i++) {
        add_cards(a, apr_psprintf(w->pool, "A%d-", i), 2);
        client_edit(b, client_find(b, "contacts", "Item0"),
                    world_card(apr_psprintf(w->pool, "Item0 of b %d", i)));
        sync_same(a, 200);
        sync_same(b, 200);
        sync_same(a, 200);
        assert_int_equal(client_store(a, "contacts")->came[1], 1);
        assert_int_equal(client_store(a, "contacts")->came[0], 0);
        assert_int_equal(client_count(a, "contacts"), 5 + 2 * i);
    }
    client_erase(client_find(b, "contacts", "Item1"));
    sync_same(b, 200);
    sync_same(a, 200);
    assert_int_equal(client_store(a, "contacts")->came[2], 1);
    world_quiet(a, "contacts");
    world_quiet(b, "contacts");
}

static void test_two_devices_in_conflict(void **state)
{
    client_t *a = in_step("IMEI:1"), *b = in_step("IMEI:2");

    client_edit(a, client_find(a, "contacts", "Item0"), world_card("OfA"));
    client_edit(b, client_find(b, "contacts", "Item0"), world_card("OfB"));
    client_erase(client_find(b, "contacts", "Item1"));
    client_edit(a, client_find(a, "contacts", "Item1"), world_card("Kept"));
    sync_same(a, 200);
    sync_same(b, 200);
    assert_int_equal(CODE(b, "Replace", 0), 208);
    assert_int_equal(CODE(b, "Delete", 0), 419);
    sync_same(a, 200);
    assert_non_null(client_find(a, "contacts", "OfB"));
    assert_non_null(client_find(a, "contacts", "Kept"));
    world_quiet(a, "contacts");
    world_quiet(b, "contacts");
}

/* A change that another device makes while this one is in its session. */
static void change_under_way(client_t *c)
{
    if (c->ph->posts == 2) {
        world_put("contacts", world_find("contacts", "Item2"),
                  world_card("Late"));
        world_put("contacts", 0, world_card("LateNew"));
        world_delete("contacts", world_find("contacts", "Item1"));
    }
}

static void test_change_during_a_session(void **state)
{
    client_t *c = in_step("IMEI:1");
    int code;

    for (code = 200; code <= 201; code++) {
        c->between = change_under_way;
        add_cards(c, "X", 2);
        SYNCED(c, client_sync(c, code, "contacts"));
        c->between = NULL;
        sync_same(c, 200);
        assert_int_equal(client_store(c, "contacts")->code, 200);
        assert_non_null(client_find(c, "contacts", "LateNew"));
        world_quiet(c, "contacts");
        if (code == 200) {
            world_put("contacts", world_find("contacts", "FN:Late\r"),
                      world_card("Item2"));
            world_delete("contacts", world_find("contacts", "LateNew"));
            world_put("contacts", 0, world_card("Item1"));
            sync_same(c, 200);
        }
    }
}

/* ---- maps -------------------------------------------------------------- */

static void test_map_before_status(void **state)
{
    client_t *c = in_step("IMEI:1");

    c->map_first = 1;
    world_put("contacts", 0, world_card("New"));
    sync_same(c, 200);
    world_put("contacts", world_find("contacts", "New"), world_card("Newer"));
    sync_same(c, 200);
    assert_int_equal(client_store(c, "contacts")->came[1], 1);
    world_quiet(c, "contacts");
}

static void test_map_in_the_next_session(void **state)
{
    client_t *c = in_step("IMEI:1");

    c->maps = MAPS_NEXT_SESSION;
    world_put("contacts", 0, world_card("New1"));
    world_put("contacts", 0, world_card("New2"));
    world_put("contacts", 0, world_card("New3"));
    sync_same(c, 200);
    /* Not sent again, though no Map has come. */
    world_quiet(c, "contacts");
    assert_int_equal(phone_code(c->ph, "Map", 0), 200);
    world_put("contacts", world_find("contacts", "New1"),
              world_card("Newer1"));
    world_delete("contacts", world_find("contacts", "New2"));
    client_edit(c, client_find(c, "contacts", "New3"), world_card("Newer3"));
    sync_same(c, 200);
    assert_int_equal(client_count(c, "contacts"), 5);
    world_quiet(c, "contacts");
}

/* What happened to an item before its Map came is made up for. */
static void test_map_comes_late(void **state)
{
    client_t *c = in_step("IMEI:1");

    c->maps = MAPS_NEVER;
    world_put("contacts", 0, world_card("New1"));
    world_put("contacts", 0, world_card("New2"));
    sync_same(c, 200);
    world_put("contacts", world_find("contacts", "New1"),
              world_card("Newer1"));
    world_delete("contacts", world_find("contacts", "New2"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 5);
    c->maps = MAPS_NOW;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(phone_code(c->ph, "Map", 0), 200);
    assert_non_null(client_find(c, "contacts", "Newer1"));
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* A phone whose own ids are our GUIDs sends no Map. */
static void test_guid_is_the_luid(void **state)
{
    client_t *c = in_step("IMEI:1");
    store_id_t id;
    client_item_t *item;

    c->maps = MAPS_NEVER;
    id = world_put("contacts", 0, world_card("New"));
    sync_same(c, 200);
    item = client_find(c, "contacts", "New");
    item->luid = item->guid;
    item->map = 0;
    client_edit(c, item, world_card("Edited"));
    sync_same(c, 200);
    assert_int_equal(CODE(c, "Replace", 0), 200);
    assert_int_equal(world_find("contacts", "Edited"), id);
    assert_int_equal(world_count("contacts"), 4);
    world_quiet(c, "contacts");
}

/* ---- what the phone says to our changes -------------------------------- */

static int judge_code;

static int judge(client_t *c, client_store_t *s, const sml_command_t *change)
{
    return judge_code;
}

static void test_refused_by_the_phone(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    c->judge = judge;
    judge_code = 415;
    world_put("contacts", 0, world_card("New"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->came[0], 1);
    assert_true(world_logged("refused item 4 of contacts with status 415"));
    world_quiet(c, "contacts");
    /* When it changes, it is offered again. */
    judge_code = 0;
    world_put("contacts", world_find("contacts", "New"), world_card("Newer"));
    sync_same(c, 200);
    assert_int_equal(s->came[0], 1);
    world_quiet(c, "contacts");
}

/* Full or busy is a passing state: the item comes with the next sync. */
static void test_no_room_on_the_phone(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    c->judge = judge;
    judge_code = 420;
    world_put("contacts", 0, world_card("New"));
    world_put("contacts", world_find("contacts", "Item1"),
              world_card("Newer1"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->came[0], 1);
    assert_int_equal(s->came[1], 1);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->came[0], 1);
    assert_int_equal(s->came[1], 1);
    judge_code = 0;
    sync_same(c, 200);
    assert_int_equal(s->came[0], 1);
    assert_int_equal(s->came[1], 1);
    world_quiet(c, "contacts");
}

/* A change that the phone refused, then it deletes its old text: the server's
 * text was never there, so it comes. */
static void test_refused_then_deleted(void **state)
{
    client_t *c = in_step("IMEI:1");

    c->judge = judge;
    judge_code = 500;
    world_put("contacts", world_find("contacts", "Item1"),
              world_card("Server"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    judge_code = 0;
    client_erase(client_find(c, "contacts", "Item1"));
    sync_same(c, 200);
    assert_int_equal(CODE(c, "Delete", 0), 419);
    assert_non_null(client_find(c, "contacts", "Server"));
    world_quiet(c, "contacts");
}

static void test_lost_on_the_phone(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_store_t *s = client_store(c, "contacts");
    client_item_t *item = client_find(c, "contacts", "Item1");

    /* Gone, and nobody wrote it down. */
    item->gone = 1;
    world_put("contacts", world_find("contacts", "Item1"),
              world_card("Changed"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->came[1], 1);
    sync_same(c, 200);
    assert_int_equal(s->came[0], 1);
    assert_int_equal(client_count(c, "contacts"), 3);
    world_quiet(c, "contacts");
}

static void test_replace_of_an_unknown_item(void **state)
{
    client_t *c = in_step("IMEI:1");

    client_put(c, "contacts", world_card("New"))->dirty = SYNCML_REPLACE;
    sync_same(c, 200);
    assert_int_equal(CODE(c, "Replace", 0), 201);
    assert_int_equal(world_count("contacts"), 4);
    world_quiet(c, "contacts");
}

static void test_delete_of_an_unknown_item(void **state)
{
    client_t *c = in_step("IMEI:1");
    client_item_t *item = client_put(c, "contacts", world_card("New"));

    item->dirty = SYNCML_DELETE;
    item->gone = 1;
    sync_same(c, 200);
    assert_int_equal(CODE(c, "Delete", 0), 211);
    world_quiet(c, "contacts");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_each_version_and_format),
        ON_EACH_STORE(test_habits),
        ON_EACH_STORE(test_one_way_from_client),
        ON_EACH_STORE(test_one_way_from_server),
        ON_EACH_STORE(test_refresh_from_client),
        ON_EACH_STORE(test_refresh_from_client_with_nothing),
        ON_EACH_STORE(test_refresh_from_server),
        ON_EACH_STORE(test_slow_twice_doubles_nothing),
        ON_EACH_STORE(test_twins),
        ON_EACH_STORE(test_slow_matches_equal_items),
        ON_EACH_STORE(test_several_datastores),
        ON_EACH_STORE(test_hundreds),
        ON_EACH_STORE(test_both_changed),
        ON_EACH_STORE(test_both_changed_alike),
        ON_EACH_STORE(test_changed_there_deleted_here),
        ON_EACH_STORE(test_deleted_there_changed_here),
        ON_EACH_STORE(test_both_deleted),
        ON_EACH_STORE(test_two_devices),
        ON_EACH_STORE(test_two_devices_in_conflict),
        ON_EACH_STORE(test_change_during_a_session),
        ON_EACH_STORE(test_map_before_status),
        ON_EACH_STORE(test_map_in_the_next_session),
        ON_EACH_STORE(test_map_comes_late),
        ON_EACH_STORE(test_guid_is_the_luid),
        ON_EACH_STORE(test_refused_by_the_phone),
        ON_EACH_STORE(test_no_room_on_the_phone),
        ON_EACH_STORE(test_refused_then_deleted),
        ON_EACH_STORE(test_lost_on_the_phone),
        ON_EACH_STORE(test_replace_of_an_unknown_item),
        ON_EACH_STORE(test_delete_of_an_unknown_item)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_sync");
}
