/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: what a client says again because it missed our answer, what it
 * says before it can know our decision, and what it refuses or breaks off.
 * None of it may overwrite, bring back, double or delete what others wrote.
 */
#include "sml_world.h"

static const char *card(const char *name)
{
    return world_card(name);
}

/* A phone in step with the server: one card, "Old". */
static client_t *in_step(void)
{
    client_t *c = world_phone("IMEI:1");

    client_put(c, "contacts", card("Old"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    return c;
}

/* The session breaks off after the server has handled the modifications. */
static void sync_broken(client_t *c)
{
    w->break_at = 2;
    w->break_after = 1;
    assert_int_equal(client_session(c, 200, "contacts"), APR_TIMEUP);
    w->break_at = 0;
}

/* ---- modifications that come again --------------------------------------- */

/* The edit that comes again is older than the server's. */
static void test_edit_again(void **state)
{
    client_t *c = in_step();
    store_id_t id = world_find("contacts", "Old");

    client_edit(c, client_find(c, "contacts", "Old"), card("Phone"));
    sync_broken(c);
    assert_int_equal(world_find("contacts", "Phone"), id);
    world_put("contacts", id, card("Later"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(world_find("contacts", "Later"), id);
    assert_int_equal(world_count("contacts"), 1);
    world_quiet(c, "contacts");
}

static void test_add_again(void **state)
{
    client_t *c = in_step();
    store_id_t id;

    client_put(c, "contacts", card("Phone"));
    sync_broken(c);
    id = world_find("contacts", "Phone");
    world_put("contacts", id, card("Later"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(world_find("contacts", "Later"), id);
    assert_int_equal(world_count("contacts"), 2);
    world_quiet(c, "contacts");
}

/* The phone took our Add and died before it said so, and before it noted where
 * it came from: it tells the item as its own. */
static void test_our_add_as_its_own(void **state)
{
    client_t *c = in_step();
    store_id_t id = world_put("contacts", 0, card("New"));

    world_put("contacts", 0, card("Other"));
    client_put(c, "contacts", card("New"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(world_count("contacts"), 3);
    assert_int_equal(client_count(c, "contacts"), 3);
    assert_int_equal(client_store(c, "contacts")->came[0], 1);
    assert_int_equal(world_find("contacts", "New"), id);
    world_quiet(c, "contacts");
    /* What both have already is not taken for it: a copy is a copy. */
    client_put(c, "contacts", card("New"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 4);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
    /* Two of each kind are two. */
    world_put("contacts", 0, card("Twin"));
    world_put("contacts", 0, card("Twin"));
    client_put(c, "contacts", card("Twin"));
    client_put(c, "contacts", card("Twin"));
    client_put(c, "contacts", card("Twin"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 7);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

static const char *event(const char *uid, const char *summary,
                         const char *more)
{
    return apr_psprintf(w->pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:"
                        "VEVENT\r\nUID:%s\r\nDTSTART:20270101T100000Z\r\n"
                        "SUMMARY:%s\r\n%sEND:VEVENT\r\nEND:VCALENDAR\r\n",
                        uid, summary, more);
}

/* An invitation that came to both sides is one event; what only one of them
 * says is kept.  Another UID is another event. */
static void test_same_uid_on_both_sides(void **state)
{
    client_t *c = world_phone("IMEI:1");
    store_id_t id;

    client_add_store(c, "calendar", "text/calendar");
    SYNCED(c, client_sync(c, 200, "calendar"));
    id = world_put("calendar", 0, event("one", "Party", "LOCATION:here\r\n"));
    world_put("calendar", 0, event("two", "Other", ""));
    client_put(c, "calendar", event("one", "Party", "PRIORITY:5\r\n"));
    client_put(c, "calendar", event("three", "Another", ""));
    SYNCED(c, client_sync(c, 200, "calendar"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    world_same(c, "calendar");
    assert_int_equal(world_count("calendar"), 4 - 1);
    assert_int_equal(world_find("calendar", "LOCATION:here"), id);
    assert_int_equal(world_find("calendar", "PRIORITY:5"), id);
    world_quiet(c, "calendar");
}

/* ... and must not bring back what was deleted after it. */
static void test_deleted_after_edit(void **state)
{
    client_t *c = in_step();
    store_id_t id = world_find("contacts", "Old");

    client_edit(c, client_find(c, "contacts", "Old"), card("Phone"));
    client_put(c, "contacts", card("New"));
    sync_broken(c);
    world_delete("contacts", id);
    world_delete("contacts", world_find("contacts", "New"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(world_count("contacts"), 0);
    world_quiet(c, "contacts");
}

/* A new edit on top of it is one, and wins. */
static void test_edited_again(void **state)
{
    client_t *c = in_step();
    store_id_t id = world_find("contacts", "Old");

    client_edit(c, client_find(c, "contacts", "Old"), card("Phone"));
    sync_broken(c);
    world_put("contacts", id, card("Later"));
    client_edit(c, client_find(c, "contacts", "Phone"), card("Latest"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(world_find("contacts", "Latest"), id);
    world_quiet(c, "contacts");
}

/* A new item's LUID may look like the GUID of one whose Map is missing. */
static void test_luid_like_a_guid(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_item_t *item;
    char guid[STORE_GUID_LEN];
    store_id_t id;

    SYNCED(c, client_sync(c, 200, "contacts"));
    c->maps = MAPS_NEVER;
    id = world_put("contacts", 0, card("Server"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    item = client_put(c, "contacts", card("Phone"));
    item->luid = apr_pstrdup(w->pool, store_guid(id, guid));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(world_find("contacts", "Server"), id);
    assert_int_equal(world_count("contacts"), 2);
}

static int refuse(client_t *c, client_store_t *s, const sml_command_t *change)
{
    return 420;
}

/* ... also that of one which it had no room for; and not all phones say Add of
 * a new item. */
static void test_luid_like_a_refused_guid(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_item_t *item;
    char guid[STORE_GUID_LEN];
    store_id_t id;
    int i;

    for (i = 0; i < 2; i++) {
        SYNCED(c, client_sync(c, 200, "contacts"));
        c->judge = refuse;
        id = world_put("contacts", 0, card(i ? "Server1" : "Server0"));
        SYNCED(c, client_sync(c, 200, "contacts"));
        c->judge = NULL;
        item = client_put(c, "contacts", card(i ? "Phone1" : "Phone0"));
        item->luid = apr_pstrdup(w->pool, store_guid(id, guid));
        item->dirty = SYNCML_REPLACE;
        if (i == 1) {
            client_erase(item); /* nobody knows it yet */
            item->dirty = SYNCML_DELETE;
        }
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
        assert_int_equal(world_find("contacts", i ? "Server1" : "Server0"),
                         id);
        assert_int_equal(world_count("contacts"), 2 + i);
        world_quiet(c, "contacts");
    }
}

/* An item that was refused once is taken the next time, without a Status: its
 * Map says so, and a delete of it is no clash. */
static void test_taken_the_second_time(void **state)
{
    client_t *c = in_step();

    c->judge = refuse;
    world_put("contacts", 0, card("Server"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    c->judge = NULL;
    w->break_at = 3;
    assert_int_equal(client_sync(c, 200, "contacts"), APR_TIMEUP);
    w->break_at = 0;
    client_erase(client_find(c, "contacts", "Server"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_false(world_find("contacts", "Server"));
    world_same(c, "contacts");
    assert_int_equal(world_count("contacts"), 1);
    world_quiet(c, "contacts");
}

/* A phone has taken our Delete, its Status was lost, and the LUID is that of a
 * new item by now. */
static void test_luid_of_a_deleted_one(void **state)
{
    client_t *c = in_step();
    client_item_t *old = client_find(c, "contacts", "Old");
    store_id_t id = world_find("contacts", "Old");

    world_delete("contacts", id);
    w->break_at = 3;
    assert_int_equal(client_sync(c, 200, "contacts"), APR_TIMEUP);
    w->break_at = 0;
    assert_true(old->gone);
    client_put(c, "contacts", card("Successor"))->luid = old->luid;
    old->luid = "none";
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_false(world_find("contacts", "Old"));
    assert_true(world_find("contacts", "Successor"));
    assert_true(world_find("contacts", "Successor") != id);
    world_same(c, "contacts");
    assert_int_equal(world_count("contacts"), 1);
    world_quiet(c, "contacts");
}

/* ---- modifications before our decision ------------------------------------- */

static phone_t *ph;

static void add(const char *luid, const char *name)
{
    phone_change(ph, SYNCML_ADD, luid, "text/vcard", card(name),
                 strlen(card(name)), 0, 0);
}

/* Alert and modifications in one package, where the server wants a slow
 * sync: what came was not all that the client has. */
static void test_changes_with_the_alert(void **state)
{
    client_t *c = in_step();

    world_put("contacts", 0, card("Server"));
    ph = c->ph;
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "stranger", "n1");
    phone_open_sync(ph, "contacts", "./c");
    add("77", "Phone");
    codec_close(ph->w);
    SENT(ph, 1);
    assert_int_equal(phone_code(ph, "Alert", 0), 508);
    assert_int_equal(phone_code(ph, "Sync", 0), 508);
    assert_int_equal(phone_code(ph, "Add", 0), 508);
    assert_string_equal(phone_got(ph, SYNCML_ALERT, 0)->data, "201");
    assert_null(phone_got(ph, SYNCML_SYNC, 0));
    assert_int_equal(world_count("contacts"), 2);

    phone_open(ph);             /* everything, then */
    phone_open_sync(ph, "contacts", "./c");
    add("1", "Old");
    add("77", "Phone");
    codec_close(ph->w);
    SENT(ph, 1);
    assert_int_equal(phone_got(ph, SYNCML_SYNC, 0)->commands->nelts, 1);
    assert_int_equal(world_count("contacts"), 3);
}

/* ---- broken off or refused by the client ------------------------------------ */

static void next_alert(int code)
{
    phone_alert(ph, code, ph->url, ph->devid, NULL, NULL);
}

/* Suspended in the middle of a refresh from the client: what has not come is
 * not deleted, even where the message says Final. */
static void test_suspended(void **state)
{
    client_t *c = in_step();

    world_put("contacts", 0, card("Server"));
    ph = c->ph;
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 203, "contacts", "./c", NULL, "n1");
    SENT(ph, 1);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    add("5", "Phone");
    codec_close(ph->w);
    SENT(ph, 0);
    phone_open(ph);
    next_alert(224);
    SENT(ph, 1);
    assert_int_equal(phone_code(ph, "Alert", 1), 200);
    assert_int_equal(world_count("contacts"), 3);
    assert_true(ph->in->final);
    assert_null(phone_got(ph, SYNCML_SYNC, 0));
    assert_null(phone_got(ph, SYNCML_ALERT, 0));
}

/* Suspended while the server sends: nothing more comes. */
static void test_suspended_later(void **state)
{
    client_t *c = world_phone("IMEI:1");

    world_put("contacts", 0, card("Server"));
    ph = c->ph;
    world_start(ph);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    codec_close(ph->w);
    next_alert(224);
    SENT(ph, 1);
    assert_null(phone_got(ph, SYNCML_SYNC, 0));
    assert_true(ph->in->final);
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
}

/* The client does not want the slow sync that we ask for. */
static void test_alert_refused(void **state)
{
    client_t *c = in_step();
    const char *msg, *cmd;

    world_put("contacts", 0, card("Server"));
    ph = c->ph;
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "stranger", "n1");
    SENT(ph, 1);
    msg = apr_pstrdup(w->pool, ph->in->msg_id);
    cmd = apr_pstrdup(w->pool, phone_got(ph, SYNCML_ALERT, 0)->cmdid);
    phone_open(ph);
    phone_status(ph, msg, cmd, "Alert", NULL, NULL, 406);
    SENT(ph, 1);
    assert_null(phone_got(ph, SYNCML_SYNC, 0));
    assert_true(world_logged("406"));
    /* Its anchors are still good. */
    client_put(c, "contacts", card("Phone"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_store(c, "contacts")->code, 200);
    world_same(c, "contacts");
}

/* Two databases of the client cannot be one datastore here: their LUIDs
 * would be mixed up. */
static void test_two_databases_for_one(void **state)
{
    client_t *c = world_phone("IMEI:1");

    ph = c->ph;
    phone_begin(ph);
    ph->scheme = SML_AUTH_BASIC;
    phone_open(ph);
    phone_alert(ph, 201, "contacts", "./sim", NULL, "n1");
    phone_alert(ph, 201, "addressbook", "./phone", NULL, "n1");
    SENT(ph, 1);
    assert_int_equal(phone_code(ph, "Alert", 0), 200);
    assert_int_equal(phone_code(ph, "Alert", 1), 403);
    assert_string_equal(APR_ARRAY_IDX(phone_got(ph, SYNCML_ALERT, 0)->items,
                                      0, sml_item_t).target.uri, "./sim");
    assert_null(phone_got(ph, SYNCML_ALERT, 1));
}

/* ---- deletes ------------------------------------------------------------------ */

static void erase(const char *luid, int how)
{
    phone_command(ph, SYNCML_DELETE);
    phone_expect(ph, "Delete", luid);
    if (how) {
        codec_empty(ph->w, how);
    }
    codec_open(ph->w, SYNCML_ITEM);
    phone_uri(ph, SYNCML_SOURCE, luid, NULL);
    codec_close(ph->w);
    codec_close(ph->w);
}

/* Deleted here too, but not by those that only want room. */
static void test_archive_and_soft_delete(void **state)
{
    client_t *c = in_step();

    client_put(c, "contacts", card("Other"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    ph = c->ph;
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c",
                client_store(c, "contacts")->last, "n1");
    SENT(ph, 1);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    erase(client_find(c, "contacts", "Old")->luid, SYNCML_ARCHIVE);
    erase(client_find(c, "contacts", "Other")->luid, SYNCML_SFTDEL);
    erase("unknown", SYNCML_ARCHIVE);
    codec_close(ph->w);
    SENT(ph, 1);
    assert_int_equal(phone_code(ph, "Delete", 0), 200);
    assert_int_equal(phone_code(ph, "Delete", 1), 200);
    assert_int_equal(phone_code(ph, "Delete", 2), 211);
    assert_int_equal(world_find("contacts", "Old"), 0);
    assert_true(world_find("contacts", "Other"));
    assert_int_equal(world_count("contacts"), 1);
}

/* It says of the same item that it is new and that it is gone, in either order:
 * the item is there, so nothing is deleted.  Another one goes. */
static void test_added_and_deleted(void **state)
{
    client_t *c = in_step();
    const char *old, *other;

    client_put(c, "contacts", card("Other"));
    client_put(c, "contacts", card("Third"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    old = client_find(c, "contacts", "Old")->luid;
    other = client_find(c, "contacts", "Other")->luid;
    ph = c->ph;
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c",
                client_store(c, "contacts")->last, "n1");
    SENT(ph, 1);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    add(old, "Old");
    erase(other, 0);
    codec_close(ph->w);
    SENT(ph, 0);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    erase(old, 0);
    add(other, "Other");
    erase(client_find(c, "contacts", "Third")->luid, 0);
    codec_close(ph->w);
    SENT(ph, 1);
    assert_int_equal(phone_code(ph, "Delete", 0), 200);
    assert_int_equal(phone_code(ph, "Add", 0), 201);
    assert_int_equal(phone_code(ph, "Delete", 1), 200);
    assert_true(world_find("contacts", "Old"));
    assert_true(world_find("contacts", "Other"));
    assert_int_equal(world_find("contacts", "Third"), 0);
    assert_int_equal(world_count("contacts"), 2);
}

/* It says so of all that it has, which is no mass deletion. */
static void test_all_added_and_deleted(void **state)
{
    client_t *c = in_step();
    apr_array_header_t *items = client_store(c, "contacts")->items;
    int i;

    w->config.guard.action = SML_GUARD_SLOW;
    w->config.guard.deletes = 50;
    w->config.guard.least = 10;
    for (i = 0; i < 39; i++) {
        client_put(c, "contacts", card(apr_psprintf(w->pool, "Card%d", i)));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    ph = c->ph;
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c",
                client_store(c, "contacts")->last, "n1");
    SENT(ph, 1);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    for (i = 0; i < items->nelts; i++) {
        const client_item_t *item = APR_ARRAY_IDX(items, i, client_item_t *);

        phone_change(ph, SYNCML_ADD, item->luid, "text/vcard", item->text,
                     strlen(item->text), 0, 0);
        erase(item->luid, 0);
    }
    codec_close(ph->w);
    SENT(ph, 1);
    for (i = 0; i < items->nelts; i++) {
        assert_int_equal(phone_code(ph, "Add", i), 201);
        assert_int_equal(phone_code(ph, "Delete", i), 200);
    }
    assert_false(world_logged("guard"));
    assert_int_equal(world_count("contacts"), 40);
}

/* ---- data -------------------------------------------------------------------- */

/* Base64 in lines; what is no base64 at all is refused. */
static void test_base64_in_lines(void **state)
{
    static const struct {
        const char *data, *text;
    } notes[] = {
        { "Rmlyc3QgbGluZSBhbmQg\r\nYW5vdGhlcg==\r\n",
          "First line and another" },
        { " \n Rmlyc3Q= ", "First" },
        { "Rmlyc3Q", "First" },
        { "Rml*yc3Q=", NULL },
        { "Rmlyc3Q=Rmlyc3Q=", NULL },
        { "R", NULL }
    };
    client_t *c = world_phone("IMEI:1");
    apr_size_t i;
    int good = 0;

    ph = c->ph;
    phone_begin(ph);
    ph->scheme = SML_AUTH_BASIC;
    phone_open(ph);
    phone_alert(ph, 201, "notes", "./n", NULL, "n1");
    SENT(ph, 1);
    phone_open(ph);
    phone_open_sync(ph, "notes", "./n");
    for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        const char *luid = apr_psprintf(w->pool, "%d", (int)i);

        phone_command(ph, SYNCML_ADD);
        phone_expect(ph, "Add", luid);
        codec_open(ph->w, SYNCML_META);
        codec_text(ph->w, METINF_TYPE, "text/plain");
        codec_text(ph->w, METINF_FORMAT, "b64");
        codec_close(ph->w);
        codec_open(ph->w, SYNCML_ITEM);
        phone_uri(ph, SYNCML_SOURCE, luid, NULL);
        codec_text(ph->w, SYNCML_DATA, notes[i].data);
        codec_close(ph->w);
        codec_close(ph->w);
    }
    codec_close(ph->w);
    SENT(ph, 1);
    for (i = 0; i < sizeof(notes) / sizeof(notes[0]); i++) {
        assert_int_equal(phone_code(ph, "Add", (int)i),
                         notes[i].text ? 201 : 400);
        good += notes[i].text != NULL;
    }
    assert_int_equal(world_count("notes"), good);
    assert_true(world_find("notes", notes[0].text));
}

/* ---- out of a backup ------------------------------------------------------ */

/* The items and the anchor are those of the sync before the last.  The server
 * must not take that for a missed end, since the phone has named the last
 * one: what it sent then is gone from there. */
static void test_old_backup(void **state)
{
    client_t *c = in_step();
    client_store_t *s = client_store(c, "contacts"), backup = *s;

    backup.items = apr_array_copy(w->pool, s->items);
    APR_ARRAY_IDX(backup.items, 0, client_item_t *) =
        apr_pmemdup(w->pool, APR_ARRAY_IDX(s->items, 0, client_item_t *),
                    sizeof(client_item_t));
    world_put("contacts", 0, card("Server"));
    world_put("contacts", world_find("contacts", "Old"), card("New"));
    client_put(c, "contacts", card("Phone"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    sync_broken(c);                     /* it has named the last anchor */

    *s = backup;
    s->numbers = 100;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->code, 201);
    world_same(c, "contacts");
    assert_int_not_equal(world_find("contacts", "Server"), 0);
    assert_int_not_equal(world_find("contacts", "New"), 0);
    assert_int_not_equal(world_find("contacts", "Phone"), 0);
    world_quiet(c, "contacts");
}

/* Without that proof the end was missed, and no slow sync is needed. */
static void test_missed_end(void **state)
{
    client_t *c = in_step();
    client_store_t *s = client_store(c, "contacts");
    const char *last = s->last;

    world_put("contacts", 0, card("Server"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    s->last = last;
    world_quiet(c, "contacts");
    world_same(c, "contacts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_edit_again),
        ON_EACH_STORE(test_add_again),
        ON_EACH_STORE(test_our_add_as_its_own),
        ON_EACH_STORE(test_same_uid_on_both_sides),
        ON_EACH_STORE(test_deleted_after_edit),
        ON_EACH_STORE(test_edited_again),
        ON_EACH_STORE(test_luid_like_a_guid),
        ON_EACH_STORE(test_luid_like_a_refused_guid),
        ON_EACH_STORE(test_taken_the_second_time),
        ON_EACH_STORE(test_luid_of_a_deleted_one),
        ON_EACH_STORE(test_changes_with_the_alert),
        ON_EACH_STORE(test_suspended),
        ON_EACH_STORE(test_suspended_later),
        ON_EACH_STORE(test_alert_refused),
        ON_EACH_STORE(test_two_databases_for_one),
        ON_EACH_STORE(test_archive_and_soft_delete),
        ON_EACH_STORE(test_added_and_deleted),
        ON_EACH_STORE(test_all_added_and_deleted),
        ON_EACH_STORE(test_base64_in_lines),
        ON_EACH_STORE(test_old_backup),
        ON_EACH_STORE(test_missed_end)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_stale");
}
