/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Conflicts: the phone and the server have changed the same item.  What each
 * side has afterwards, the Status, and that nothing goes round in circles.
 */
#include "sml_contact.h"

/* ---- merge ------------------------------------------------------------- */

static void test_different_properties(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", TEL1 NOTE1));

    both_change(c, card("Doe", TEL2 NOTE1), card("Doe", TEL1 NOTE2));
    synced_with(c, 207);
    has(c, "222");
    has(c, "second");
    lacks(c, "first");
    assert_int_equal(client_store(c, "contacts")->came[1], 1);
    assert_true(world_logged("conflict account=alice device=IMEI:1 datastore="
                             "contacts item=1 clashes=none: merged"));
    assert_true(world_logged("conflicts=1"));
    in_peace(c);
}

static void test_same_property(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", NOTE1 TEL1));

    both_change(c, card("Doe", "NOTE:phone\r\n" TEL1),
                card("Doe", "NOTE:server\r\n" TEL2));
    synced_with(c, 207);
    has(c, "NOTE:phone");       /* came last */
    has(c, "222");
    assert_true(world_logged("clashes=NOTE: merged"));
    in_peace(c);
}

static void test_fallback_server(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", NOTE1 TEL1));

    policy("contacts", SML_NORMAL_SYNC)->fallback = SML_POLICY_SERVER;
    both_change(c, card("Doe", "NOTE:phone\r\n" TEL2),
                card("Doe", "NOTE:server\r\n" TEL1));
    synced_with(c, 207);
    has(c, "NOTE:server");
    has(c, "222");
    in_peace(c);
}

/* The later REV decides, where both have one. */
static void test_fallback_newest(void **state)
{
    client_t *c = in_step("IMEI:1",
                          card("Doe", NOTE1 "REV:20200101T000000Z\r\n"));

    both_change(c, card("Doe", "NOTE:phone\r\nREV:20210101T000000Z\r\n"),
                card("Doe", "NOTE:server\r\nREV:20220101T000000Z\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    has(c, "NOTE:server");
    in_peace(c);
    both_change(c, card("Doe", "NOTE:phone\r\nREV:20240101T000000Z\r\n"),
                card("Doe", "NOTE:again\r\nREV:20230101T000000Z\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    has(c, "NOTE:phone");
    in_peace(c);
}

static void test_notes(void **state)
{
    client_t *c = world_phone("IMEI:1");

    client_put(c, "notes", "one\ntwo\nthree");
    SYNCED(c, client_sync(c, 200, "notes"));
    client_edit(c, client_find(c, "notes", ""), "one phone\ntwo\nthree");
    world_put("notes", world_find("notes", ""), "one\ntwo\nthree server");
    SYNCED(c, client_sync(c, 200, "notes"));
    world_same(c, "notes");
    assert_int_equal(world_count("notes"), 1);
    assert_true(world_find("notes", "one phone"));
    world_quiet(c, "notes");
}

/* ---- other policies ----------------------------------------------------- */

static void test_server_wins(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", NOTE1 TEL1));

    policy("contacts", SML_NORMAL_SYNC)->policy = SML_POLICY_SERVER;
    both_change(c, card("Doe", NOTE2 TEL1), card("Doe", NOTE1 TEL2));
    synced_with(c, 419);
    has(c, "first");
    has(c, "222");
    lacks(c, "second");
    in_peace(c);
    /* Without a conflict, the phone's changes are taken as always. */
    client_edit(c, client_find(c, "contacts", ""), card("Doe", NOTE2 TEL2));
    synced_with(c, 200);
    has(c, "second");
    in_peace(c);
}

static void test_client_wins(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", NOTE1 TEL1));

    policy("contacts", SML_NORMAL_SYNC)->policy = SML_POLICY_CLIENT;
    both_change(c, card("Doe", NOTE2 TEL1), card("Doe", NOTE1 TEL2));
    synced_with(c, 208);
    has(c, "second");
    has(c, "111");
    lacks(c, "222");
    assert_int_equal(client_store(c, "contacts")->came[1], 0);
    in_peace(c);
}

static void test_newest_wins(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", NOTE1 TEL1));

    policy("contacts", SML_NORMAL_SYNC)->policy = SML_POLICY_NEWEST;
    both_change(c, card("Doe", NOTE2 TEL1 "REV:20200101T000000Z\r\n"),
                card("Doe", NOTE1 TEL2 "REV:20200101T000001Z\r\n"));
    synced_with(c, 419);
    has(c, "222");
    lacks(c, "second");
    in_peace(c);
}

static void test_keep_both(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", "UID:u-1\r\n" NOTE1 TEL1));
    client_t *d = in_step("IMEI:2", NULL);

    policy("contacts", SML_NORMAL_SYNC)->policy = SML_POLICY_BOTH;
    both_change(c, card("Doe", "UID:u-1\r\n" NOTE2 TEL1),
                card("Doe", "UID:u-1\r\n" NOTE1 TEL2));
    synced_with(c, 209);
    assert_int_equal(client_count(c, "contacts"), 2);
    assert_int_equal(client_store(c, "contacts")->came[0], 1);
    has(c, "second");
    has(c, "222");
    assert_non_null(strstr(client_find(c, "contacts", "second")->text,
                           "UID:u-1"));
    assert_null(strstr(client_find(c, "contacts", "222")->text, "UID:u-1"));
    in_peace(c);
    SYNCED(d, client_sync(d, 200, "contacts"));
    world_same(d, "contacts");
    /* Two items they are, also in slow syncs. */
    policy("contacts", SML_SLOW_SYNC)->policy = SML_POLICY_BOTH;
    SYNCED(c, client_sync(c, 201, "contacts"));
    assert_int_equal(client_count(c, "contacts"), 2);
    in_peace(c);
}

/* Each kind of sync has its own. */
static void test_policies_by_sync(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", "UID:u-1\r\n" NOTE1));
    client_t *d = world_phone("IMEI:2");

    policy("contacts", SML_FIRST_SYNC)->policy = SML_POLICY_SERVER;
    policy("contacts", SML_SLOW_SYNC)->policy = SML_POLICY_CLIENT;
    client_put(d, "contacts", card("Doe", "UID:u-1\r\n" NOTE2));
    SYNCED(d, client_sync(d, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 1);
    has(d, "first");
    in_peace(d);
    both_change(c, card("Doe", "UID:u-1\r\nNOTE:phone\r\n"),
                card("Doe", "UID:u-1\r\nNOTE:server\r\n"));
    SYNCED(c, client_sync(c, 201, "contacts"));
    assert_int_equal(world_count("contacts"), 1);
    has(c, "NOTE:phone");
    in_peace(c);
}

/* ---- one event that came to both sides ----------------------------------- */

static const char *event(const char *summary, const char *more)
{
    return apr_psprintf(w->pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:"
                        "VEVENT\r\nUID:one\r\nDTSTART:20270101T100000Z\r\n"
                        "SUMMARY:%s\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
                        summary, more);
}

static int is_there(client_t *c, const char *part)
{
    int there = client_find(c, "calendar", part) != NULL;

    assert_int_equal(there, world_find("calendar", part) != 0);
    return there;
}

/* The phone adds an event by whose UID the server has another, which it never
 * sent there.  By that policy, the Add gets that Status and so many events are
 * there in the end. */
static client_t *met(sml_policy_e by, const char *phone, const char *server,
                     int code, int events)
{
    client_t *c = world_phone("IMEI:1");

    client_add_store(c, "calendar", "text/calendar");
    SYNCED(c, client_sync(c, 200, "calendar"));
    policy("calendar", SML_NORMAL_SYNC)->policy = by;
    world_put("calendar", 0, server);
    client_put(c, "calendar", phone);
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(CODE(c, "Add", 0), code);
    world_same(c, "calendar");
    assert_int_equal(world_count("calendar"), events);
    world_quiet(c, "calendar");
    return c;
}

#define HERE   "LOCATION:here\r\n"
#define THERE  "LOCATION:there\r\nPRIORITY:5\r\n"

static void test_same_event(void **state)
{
    static const struct {
        sml_policy_e by;
        int code, events, phone, server;
    } all[] = {
        { SML_POLICY_SERVER, 419, 1, 0, 1 },
        { SML_POLICY_CLIENT, 208, 1, 1, 0 },
        { SML_POLICY_NEWEST, 208, 1, 1, 0 },
        { SML_POLICY_BOTH, 209, 2, 1, 1 },
        { SML_POLICY_MERGE, 201, 1, 1, 0 }
    };
    unsigned i;

    for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        client_t *c = met(all[i].by, event("Phone", THERE),
                          event("Server", HERE), all[i].code, all[i].events);

        assert_int_equal(is_there(c, "Phone"), all[i].phone);
        assert_int_equal(is_there(c, "Server"), all[i].server);
        assert_int_equal(is_there(c, "PRIORITY:5"), all[i].phone);
        if (all[i].by == SML_POLICY_BOTH) {
            assert_non_null(strstr(client_find(c, "calendar", "Phone")->text,
                                   "UID:one"));
            assert_null(strstr(client_find(c, "calendar", "Server")->text,
                               "UID:one"));
        }
        world_teardown(state);
        world_setup(state);
    }
}

/* The server's is the newer one.  What only one of them says is no conflict,
 * whatever the policy. */
static void test_same_event_newer(void **state)
{
    client_t *c = met(SML_POLICY_NEWEST,
                      event("Phone", "LAST-MODIFIED:20260101T000000Z\r\n"),
                      event("Server", "LAST-MODIFIED:20260102T000000Z\r\n"),
                      419, 1);

    assert_true(is_there(c, "Server"));
    world_teardown(state);
    world_setup(state);
    c = met(SML_POLICY_BOTH, event("Party", "PRIORITY:5\r\n"),
            event("Party", HERE), 207, 1);
    assert_true(is_there(c, "PRIORITY:5"));
    assert_true(is_there(c, HERE));
}

/* The phone wins, but what it has never sent it has not deleted. */
static void test_same_event_kept(void **state)
{
    client_t *c = met(SML_POLICY_CLIENT, event("Phone", ""),
                      event("Server", HERE), 207, 1);

    assert_true(is_there(c, "Phone"));
    assert_false(is_there(c, "Server"));
    assert_true(is_there(c, HERE));
}

/* ---- against deletes ----------------------------------------------------- */

static void test_delete_wins(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", NOTE1));
    store_id_t id = world_find("contacts", "");

    policy("contacts", SML_NORMAL_SYNC)->delete_wins = 1;
    client_erase(client_find(c, "contacts", ""));
    world_put("contacts", id, card("Doe", NOTE2));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(CODE(c, "Delete", 0), 208);
    assert_int_equal(world_count("contacts"), 0);
    assert_int_equal(client_count(c, "contacts"), 0);
    in_peace(c);
    client_put(c, "contacts", card("Roe", NOTE1));
    SYNCED(c, client_sync(c, 200, "contacts"));
    client_edit(c, client_find(c, "contacts", ""), card("Roe", NOTE2));
    world_delete("contacts", world_find("contacts", ""));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(CODE(c, "Replace", 0), 419);
    assert_int_equal(world_count("contacts"), 0);
    assert_int_equal(client_count(c, "contacts"), 0);
    in_peace(c);
}

static void test_change_revives(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", NOTE1 TEL1));
    store_id_t id = world_find("contacts", "");

    client_edit(c, client_find(c, "contacts", ""), card("Doe", NOTE2 TEL1));
    world_delete("contacts", id);
    synced_with(c, 208);
    assert_int_equal(world_find("contacts", "second"), id);
    in_peace(c);
}

/* ---- what a phone cannot hold -------------------------------------------- */

#define RICH TEL1 NOTE1 ORG1 TITLE1

/* A contact of the server's on a phone that knows names and numbers only. */
static client_t *poor_phone(const char *caps, const char *lines)
{
    client_t *c = world_phone("IMEI:1");

    c->ph->caps = caps;
    c->ph->caps_type = "text/x-vcard";
    world_put("contacts", 0, card("Doe", lines));
    SYNCED(c, client_sync(c, 200, "contacts"));
    return c;
}

static void edit_poorly(client_t *c, const char *name, const char *lines)
{
    client_edit(c, client_find(c, "contacts", ""), card(name, lines));
    SYNCED(c, client_sync(c, 200, "contacts"));
}

static void server_has(const char *name)
{
    assert_int_equal(world_count("contacts"), 1);
    assert_true(world_find("contacts", name));
    assert_true(world_find("contacts", "NOTE:first"));
    assert_true(world_find("contacts", "ORG:Works"));
    assert_true(world_find("contacts", "TITLE:Boss"));
}

/* By its CTCap: nothing is lost, and nothing is sent in vain. */
static void test_not_in_ctcap(void **state)
{
    int version;

    for (version = CODEC_V11; version <= CODEC_V12; version++) {
        client_t *c;

        world_add_account(apr_psprintf(w->pool, "user%d", version));
        c = world_phone("IMEI:1");
        c->ph->version = (codec_version_e)version;
        c->ph->caps = "BEGIN END VERSION N FN TEL";
        c->ph->caps_type = "text/x-vcard";
        world_put("contacts", 0, card("Doe", RICH));
        SYNCED(c, client_sync(c, 200, "contacts"));
        edit_poorly(c, "Roe", TEL1);
        assert_int_equal(client_store(c, "contacts")->came[1], 0);
        server_has("N:Roe");
        edit_poorly(c, "Poe", TEL2);
        assert_int_equal(client_store(c, "contacts")->came[1], 0);
        server_has("N:Poe");
        assert_true(world_find("contacts", "222"));
        assert_false(world_find("contacts", "111"));
        in_peace(c);
    }
}

/* It does not say what it can: kept, sent once more, then not any more. */
static void test_no_ctcap(void **state)
{
    client_t *c = poor_phone(NULL, RICH);

    edit_poorly(c, "Roe", TEL1);
    assert_int_equal(CODE(c, "Replace", 0), 207);
    assert_int_equal(client_store(c, "contacts")->came[1], 1);
    server_has("N:Roe");
    world_same(c, "contacts");
    edit_poorly(c, "Poe", TEL1);
    assert_int_equal(client_store(c, "contacts")->came[1], 0);
    server_has("N:Poe");
    in_peace(c);
}

/* It lists what it does not keep. */
static void test_wrong_ctcap(void **state)
{
    client_t *c = poor_phone("N FN TEL NOTE ORG TITLE", RICH);

    edit_poorly(c, "Roe", TEL1);
    server_has("N:Roe");
    edit_poorly(c, "Poe", TEL1);
    server_has("N:Poe");
    in_peace(c);
}

/* A note that is missing has been deleted, once the device has shown that it
 * can hold one. */
static void test_deleted_property(void **state)
{
    client_t *c = poor_phone("N FN TEL NOTE ORG TITLE", RICH);

    edit_poorly(c, "Foe", RICH);
    edit_poorly(c, "Doe", TEL1 ORG1 TITLE1);
    assert_int_equal(CODE(c, "Replace", 0), 200);
    world_same(c, "contacts");
    lacks(c, "NOTE");
    /* What it sent itself it can delete, too. */
    edit_poorly(c, "Roe", TEL1 ORG1);
    world_same(c, "contacts");
    lacks(c, "TITLE");
    in_peace(c);
}

/* A phone that cuts its notes. */
static void test_cut_note(void **state)
{
    const char *words = "seventy octets of a text that a phone has room for, "
                        "and then the end ";
    const char *lines = apr_psprintf(w->pool, "NOTE:%sthat it cuts\r\n",
                                     words);
    const char *cut = apr_psprintf(w->pool, "NOTE:%s\r\n", words);
    client_t *c = world_phone("IMEI:1");

    world_put("contacts", 0, card("Doe", lines));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edit_poorly(c, "Roe", cut);
    assert_true(world_find("contacts", "that it cuts"));
    assert_int_equal(client_store(c, "contacts")->came[1], 1);
    world_same(c, "contacts");
    edit_poorly(c, "Poe", cut);
    assert_true(world_find("contacts", "that it cuts"));
    assert_true(world_find("contacts", "N:Poe"));
    assert_int_equal(client_store(c, "contacts")->came[1], 0);
    in_peace(c);
    /* A shorter one is an edit. */
    edit_poorly(c, "Poe", "NOTE:seventy octets of a text that a phone has "
                "room for\r\n");
    assert_false(world_find("contacts", "that it cuts"));
    world_same(c, "contacts");
    in_peace(c);
}

/* The same with a change by the server, and a policy that would lose it. */
static void test_not_held_in_conflict(void **state)
{
    client_t *c = poor_phone("N FN TEL", RICH);

    policy("contacts", SML_NORMAL_SYNC)->policy = SML_POLICY_CLIENT;
    both_change(c, card("Roe", TEL1), card("Doe", TEL2 NOTE1 ORG1 TITLE1));
    SYNCED(c, client_sync(c, 200, "contacts"));
    server_has("N:Roe");
    assert_true(world_find("contacts", "111"));
    in_peace(c);
}

/* Its room is so many characters, whatever octets they take: what it cut is
 * shorter in octets than another note that it sent whole. */
static void test_cut_by_characters(void **state)
{
    const char *words = "seventy characters of a text that a phone has room "
                        "for, then the ends";
    const char *wide = "NOTE:einundsiebzig Zeichen w\xc3\xa4ren sch\xc3\xb6n "
                       "f\xc3\xbcr den, der ger\xc3\xa4umig \xc3\xbc" "bt, "
                       "schreibt\r\n";
    client_t *c = world_phone("IMEI:1");

    client_put(c, "contacts", card("Wide", wide));
    SYNCED(c, client_sync(c, 200, "contacts"));
    client_erase(client_find(c, "contacts", "N:Wide"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_put("contacts", 0, card("Doe", apr_psprintf(w->pool,
              "NOTE:%s that it cuts\r\n", words)));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edit_poorly(c, "Roe", apr_psprintf(w->pool, "NOTE:%s\r\n", words));
    assert_true(world_find("contacts", "that it cuts"));
    assert_true(world_find("contacts", "N:Roe"));
}

/* ... and the end of a line may take two of them. */
static void test_cut_with_lines(void **state)
{
    const char *lines = "a text of\\nseventy characters\\nin four lines\\nthat"
                        " a phone has room for";
    client_t *c = world_phone("IMEI:1");

    client_put(c, "contacts", card("Long", "NOTE:a text of seventy characters "
               "in one line that a phone has just room for\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    client_erase(client_find(c, "contacts", "N:Long"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_put("contacts", 0, card("Doe", apr_psprintf(w->pool,
              "NOTE:%s that it cuts\r\n", lines)));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edit_poorly(c, "Roe", apr_psprintf(w->pool, "NOTE:%s\r\n", lines));
    assert_true(world_find("contacts", "that it cuts"));
    assert_true(world_find("contacts", "N:Roe"));
}

/* Former versions knew the octets alone: what is shorter is an edit. */
static void test_cut_as_kept_before(void **state)
{
#define CUT "NOTE:sixty octets of a text that a phone has room for, not its end"
    client_t *c = world_phone("IMEI:1");
    apr_pool_t *p;
    store_tx_t *tx;
    store_device_t *d;

    world_put("contacts", 0, card("Doe", CUT " of it\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    tx = world_begin(STORE_WRITE, &p);
    OK(store_device_find(tx, world_account_id(tx, w->account), "IMEI:1", &d));
    OK(store_device_setting_set(tx, d->id, "held.contacts", "FN NOTE=260 N"));
    world_end(tx, p);
    edit_poorly(c, "Doe", CUT "\r\n");
    assert_false(world_find("contacts", "its end of it"));
}

/* ... nor what it has cut. */
static void test_cut_in_conflict(void **state)
{
    const char *words = "seventy octets of a text that a phone has room for, "
                        "and then the end ";
    const char *lines = apr_psprintf(w->pool, "NOTE:%sthat it cuts\r\n",
                                     words);
    const char *cut = apr_psprintf(w->pool, "NOTE:%s\r\n", words);
    client_t *c = world_phone("IMEI:1");

    policy("contacts", SML_NORMAL_SYNC)->policy = SML_POLICY_CLIENT;
    world_put("contacts", 0, card("Doe", lines));
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_change(c, card("Roe", cut),
                card("Doe", apr_pstrcat(w->pool, lines, TEL1, NULL)));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 1);
    assert_true(world_find("contacts", "N:Roe"));
    assert_true(world_find("contacts", "that it cuts"));
    in_peace(c);
}

/* ---- again and again ------------------------------------------------------ */

static store_id_t changes(void)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_id_t change = world_datastore(tx, w->account, "contacts")->change;

    world_end(tx, p);
    return change;
}

static void test_sent_again(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", NOTE1));
    client_item_t *item = client_find(c, "contacts", "");
    store_id_t before = changes();

    item->dirty = SYNCML_REPLACE;
    synced_with(c, 200);
    assert_int_equal(changes(), before);
    item->dirty = SYNCML_ADD;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(CODE(c, "Add", 0), 201);
    assert_int_equal(changes(), before);
    in_peace(c);
}

/* Unchanged, but the server's is another by now: that comes. */
static void test_sent_again_late(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", NOTE1));

    client_find(c, "contacts", "")->dirty = SYNCML_REPLACE;
    world_put("contacts", world_find("contacts", ""), card("Doe", NOTE2));
    synced_with(c, 200);
    has(c, "second");
    in_peace(c);
}

/* The session ends at each message in turn; the merge is made in the next. */
static void test_broken_off(void **state)
{
    unsigned at;
    int after;

    for (at = 1; at < 5; at++) {
        for (after = 0; after < 2; after++) {
            client_t *c;

            world_add_account(apr_psprintf(w->pool, "b%u%d", at, after));
            c = in_step("IMEI:1", card("Doe", TEL1 NOTE1 ORG1));
            both_change(c, card("Doe", TEL2 NOTE1 ORG1),
                        card("Doe", TEL1 NOTE2 ORG1));
            w->break_at = at;
            w->break_after = after;
            client_sync(c, 200, "contacts");
            w->break_at = 0;
            client_edit(c, client_find(c, "contacts", ""),
                        card("Doe", TEL2 NOTE1 "ORG:Other\r\n"));
            SYNCED(c, client_sync(c, 200, "contacts"));
            world_same(c, "contacts");
            has(c, "222");
            has(c, "Other");
            lacks(c, "Works");
            assert_int_equal(world_count("contacts"), 1);
            in_peace(c);
        }
    }
}

/* Three sides: each changes something else of one contact. */
static void test_three_sides(void **state)
{
    client_t *a = in_step("IMEI:1", card("Doe", TEL1 NOTE1 ORG1));
    client_t *b = in_step("IMEI:2", NULL);
    int i;

    client_edit(a, client_find(a, "contacts", ""),
                card("Doe", TEL2 NOTE1 ORG1));
    client_edit(b, client_find(b, "contacts", ""),
                card("Doe", TEL1 NOTE2 ORG1));
    world_put("contacts", world_find("contacts", ""),
              card("Doe", TEL1 NOTE1 "ORG:Other\r\n"));
    for (i = 0; i < 2; i++) {
        SYNCED(a, client_sync(a, 200, "contacts"));
        SYNCED(b, client_sync(b, 200, "contacts"));
    }
    world_same(a, "contacts");
    world_same(b, "contacts");
    has(a, "222");
    has(a, "second");
    has(a, "Other");
    in_peace(a);
    in_peace(b);
}

/* One way only: what the other side should get, it gets later. */
static void test_one_way(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", TEL1 NOTE1));

    both_change(c, card("Doe", TEL2 NOTE1), card("Doe", TEL1 NOTE2));
    SYNCED(c, client_sync(c, 202, "contacts"));
    assert_true(world_find("contacts", "222"));
    assert_true(world_find("contacts", "second"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    has(c, "222");
    has(c, "second");
    in_peace(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_different_properties),
        ON_EACH_STORE(test_same_property),
        ON_EACH_STORE(test_fallback_server),
        ON_EACH_STORE(test_fallback_newest),
        ON_EACH_STORE(test_notes),
        ON_EACH_STORE(test_server_wins),
        ON_EACH_STORE(test_client_wins),
        ON_EACH_STORE(test_newest_wins),
        ON_EACH_STORE(test_keep_both),
        ON_EACH_STORE(test_policies_by_sync),
        ON_EACH_STORE(test_same_event),
        ON_EACH_STORE(test_same_event_newer),
        ON_EACH_STORE(test_same_event_kept),
        ON_EACH_STORE(test_delete_wins),
        ON_EACH_STORE(test_change_revives),
        ON_EACH_STORE(test_not_in_ctcap),
        ON_EACH_STORE(test_no_ctcap),
        ON_EACH_STORE(test_wrong_ctcap),
        ON_EACH_STORE(test_deleted_property),
        ON_EACH_STORE(test_cut_note),
        ON_EACH_STORE(test_cut_by_characters),
        ON_EACH_STORE(test_cut_with_lines),
        ON_EACH_STORE(test_cut_as_kept_before),
        ON_EACH_STORE(test_not_held_in_conflict),
        ON_EACH_STORE(test_cut_in_conflict),
        ON_EACH_STORE(test_sent_again),
        ON_EACH_STORE(test_sent_again_late),
        ON_EACH_STORE(test_broken_off),
        ON_EACH_STORE(test_three_sides),
        ON_EACH_STORE(test_one_way)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_conflict");
}
