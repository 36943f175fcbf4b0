/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What a client names is what it gets: paths with options, datastores of one
 * account's own, and several datastores as one.
 */
#include "sml_world.h"

#include "mod_syncml/sml_path.h"

#define EVENT(summary) \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:" summary "\r\n" \
    "DTSTART:20260301T100000Z\r\nSUMMARY:" summary "\r\n" \
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define TASK(summary) \
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:" summary "\r\n" \
    "SUMMARY:" summary "\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"

/* ---- paths --------------------------------------------------------------- */

static const char *described(const char *uri)
{
    sml_path_t path;

    sml_path_parse(&w->config, uri, &path, w->pool);
    if (path.conf == NULL) {
        return "none";
    }
    if (path.error != NULL) {
        return apr_pstrcat(w->pool, "bad ", path.error, NULL);
    }
    return apr_psprintf(w->pool, "%s%s%s%s%s%s", path.conf->name,
                        path.sub ? " sub " : "", path.sub ? path.sub : "",
                        sml_view_text(&path.view, 1, w->pool),
                        path.passed_over ? " over " : "",
                        path.passed_over ? path.passed_over : "");
}

static void is_path(const char *uri, const char *wanted)
{
    const char *got = described(uri);

    if (strcmp(got, wanted) != 0) {
        fail_msg("\"%s\": %s, not %s", uri, got, wanted);
    }
}

static void test_names(void **state)
{
    is_path("contacts", "contacts");
    is_path("./contacts", "contacts");
    is_path("/contacts/", "contacts");
    is_path("././CONTACTS", "contacts");
    is_path("./Contact/Unfiled", "contacts");
    is_path("scard", "contacts");
    is_path("calendar/tasks", "tasks");
    is_path("./EventTask/Tasks/", "tasks");
    is_path("EventTask", "caltasks");
    is_path("calendar+todo", "caltasks");
    is_path("photos", "none");
    is_path("", "none");
    is_path("./", "none");
    is_path("contactsx", "none");
    assert_string_equal(described(NULL), "none");
    is_path("contacts/private", "contacts sub private");
    is_path("./Calendar/Work/Old", "calendar sub Work/Old");
    is_path("card/x", "contacts sub x");
}

static void test_options(void **state)
{
    is_path("cal/dr(-30,90)", "calendar/dr(-30,90)");
    is_path("./Cal/DR( -30 , +90 )/LI(5)", "calendar/dr(-30,90)/li(5)");
    is_path("calendar/li(5)/dr(0,0)/na/max(10)/slow",
            "calendar/dr(0,0)/li(5)/max(10)/na/slow");
    is_path("calendar?/dr(-1,2)", "calendar/dr(-1,2)");
    is_path("calendar?dr(-1,2)", "calendar/dr(-1,2)");
    is_path("calendar?dr(-1,2)&na&slow", "calendar/dr(-1,2)/na/slow");
    is_path("calendar/na?/li(7)", "calendar/li(7)/na");
    is_path("calendar/office/dr(-1,2)", "calendar sub office/dr(-1,2)");
    is_path("contacts/fi(ORG&iEQ;acme)", "contacts/fi(ORG&iEQ;acme)");
    is_path("contacts/fi(ORG=a/b)/na", "contacts/na/fi(ORG&EQ;a%2Fb)");
    is_path("contacts/fi((A=1|B=2)&C=3)",
            "contacts/fi(((A&EQ;1&OR;B&EQ;2)&AND;C&EQ;3))");
    is_path("contacts/tf(A=1)/fi(B=2)", "contacts/fi(B&EQ;2)/tf(A&EQ;1)");
    is_path("contacts/fi(A=1)/fi(B=2)",
            "contacts/fi((A&EQ;1&AND;B&EQ;2))");
    is_path("contacts?ORG&EQ;acme", "contacts/tf(ORG&EQ;acme)");
    is_path("contacts/o(whatever)", "contacts");
    /* Not ours, and of no harm. */
    is_path("contacts?user=joe", "contacts over user=joe");
    is_path("contacts/xx(3)", "contacts over xx(3)");
    is_path("contacts/na/more", "contacts/na over more");
    is_path("contacts/fields(N)", "contacts over fields(N)");
    is_path("contacts/na/access(full)", "contacts/na over access(full)");
    /* Ours, and wrong. */
    is_path("cal/dr(30)", "bad option \"dr(30)\": dr wants two numbers of "
            "days, as in dr(-30,90)");
    is_path("cal/dr(9,1)", "bad option \"dr(9,1)\": dr wants its earlier day "
            "first, and no more than 36500 days either way");
    is_path("cal/dr(-1,99999999)", "bad option \"dr(-1,99999999)\": dr wants "
            "two numbers of days, as in dr(-30,90)");
    is_path("cal/li(0)", "bad option \"li(0)\": li wants a number of "
            "kilobytes from 1, as in li(5)");
    is_path("cal/max(x)", "bad option \"max(x)\": max wants a number of "
            "items from 1, as in max(100)");
    is_path("cal/li(5", "bad option \"li(5\": its ) is missing");
    is_path("cal/fi(A)", "bad option \"fi(A)\": an operator such as &EQ; or "
            "&CON; is missing, at octet 2");
    is_path("cal?A&EQ;", "calendar/tf(A&EQ;)");
}

static void test_view_texts(void **state)
{
    static const char *const texts[] = {
        "", "/dr(-30,90)", "/dr(-30,90)/li(5)/max(10)/na/slow/more",
        "/fi((A&EQ;1&AND;B&CON;x%2Fy))/tf(C&EQ;&NULL;)/fields(N,TEL)"
        "/access(send-only)"
    };
    apr_int64_t from, to;
    sml_view_t view;
    unsigned i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(sml_view_parse(&view, texts[i], w->pool));
        assert_string_equal(sml_view_text(&view, 1, w->pool), texts[i]);
    }
    assert_true(sml_view_parse(&view, texts[2], w->pool));
    assert_string_equal(sml_view_text(&view, 0, w->pool),
                        "/dr(-30,90)/li(5)/max(10)/na");
    assert_false(sml_view_parse(&view, "x", w->pool));
    assert_false(sml_view_parse(&view, "/dr(1)", w->pool));

    /* Whole days around today. */
    sml_path_parse(&w->config, "cal", &(sml_path_t){ 0 }, w->pool);
    assert_true(sml_view_parse(&view, "/dr(-1,2)", w->pool));
    sml_view_window(&view, 10 * 86400 + 5, &from, &to);
    assert_int_equal(from, 9 * 86400);
    assert_int_equal(to, 13 * 86400 - 1);
    view.since = 9 * 86400 + 100;
    view.before = 11 * 86400;
    sml_view_window(&view, 10 * 86400 + 86399, &from, &to);
    assert_int_equal(from, 9 * 86400 + 100);
    assert_int_equal(to, 11 * 86400 - 1);
    sml_view_init(&view);
    sml_view_window(&view, 0, &from, &to);
    assert_true(from == SML_WINDOW_FROM && to == SML_WINDOW_TO);
    view.access = SML_ACCESS_SEND_ONLY;
    sml_view_window(&view, 0, &from, &to);
    assert_true(from > to);
}

static void test_subs_allowed(void **state)
{
    assert_true(sml_path_sub_ok("private"));
    assert_true(sml_path_sub_ok("Work/2026"));
    assert_false(sml_path_sub_ok(""));
    assert_false(sml_path_sub_ok("a//b"));
    assert_false(sml_path_sub_ok("/a"));
    assert_false(sml_path_sub_ok("a/"));
    assert_false(sml_path_sub_ok("slow"));
    assert_false(sml_path_sub_ok("a/NA"));
    assert_false(sml_path_sub_ok("dr(1,2)"));
    assert_false(sml_path_sub_ok("a b"));
    assert_false(sml_path_sub_ok("a?b"));
    assert_false(sml_path_sub_ok("\xc3\xa4"));
}

/* ---- datastores of one account's own ------------------------------------- */

static void make_datastore(const char *name)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);

    world_datastore(tx, w->account, name);
    world_end(tx, p);
}

static void test_own_datastore(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_t *d = world_phone("IMEI:2");

    client_add_store(c, "./Contacts/PRIVATE", "text/vcard");
    client_put(c, "./Contacts/PRIVATE", world_card("Secret"));
    assert_int_equal(client_session(c, 200, "./Contacts/PRIVATE"),
                     APR_EGENERAL);
    assert_true(world_logged("account alice has no contacts/PRIVATE; "
                             "`syncmlctl datastore add --account alice "
                             "contacts/PRIVATE' makes it"));
    make_datastore("contacts/Private");
    SYNCED(c, client_sync(c, 200, "./Contacts/PRIVATE"));
    assert_int_equal(world_count("contacts/Private"), 1);
    assert_int_equal(world_count("contacts"), 0);
    world_put("contacts/Private", 0, world_card("From server"));
    SYNCED(c, client_sync(c, 200, "./Contacts/PRIVATE"));
    assert_int_equal(client_count(c, "./Contacts/PRIVATE"), 2);
    /* Another device's address book is not touched by it. */
    SYNCED(d, client_sync(d, 200, "contacts"));
    assert_int_equal(client_count(d, "contacts"), 0);
    /* Both in one session. */
    client_put(c, "contacts", world_card("Public"));
    SYNCED(c, client_sync(c, 200, "contacts ./Contacts/PRIVATE"));
    assert_int_equal(world_count("contacts"), 1);
    assert_int_equal(world_count("contacts/Private"), 2);
}

/* ---- several datastores as one ------------------------------------------- */

static client_t *combined_phone(const char *path)
{
    client_t *c = world_phone("IMEI:1");

    client_add_store(c, path, "text/calendar");
    return c;
}

static void test_combined(void **state)
{
    static const char path[] = "./EventTask";
    client_t *c = combined_phone(path);
    client_item_t *item;
    store_id_t event, task;

    client_put(c, path, EVENT("Tea"));
    client_put(c, path, TASK("Shop"));
    world_put("calendar", 0, EVENT("Lunch"));
    world_put("tasks", 0, TASK("Clean"));
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_store(c, path)->announced, 2);
    assert_int_equal(client_count(c, path), 4);
    event = world_find("calendar", "SUMMARY:Tea");
    task = world_find("tasks", "SUMMARY:Shop");
    assert_true(event && task);
    assert_int_equal(world_count("calendar"), 2);
    assert_int_equal(world_count("tasks"), 2);

    /* Changes and deletes find their way, in both directions. */
    client_edit(c, client_find(c, path, "SUMMARY:Shop"), TASK("Shop2"));
    client_erase(client_find(c, path, "SUMMARY:Lunch"));
    world_put("calendar", event, EVENT("Tea2"));
    world_delete("tasks", world_find("tasks", "SUMMARY:Clean"));
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_store(c, path)->code, 200);
    assert_int_equal(client_count(c, path), 2);
    assert_int_equal(world_find("tasks", "SUMMARY:Shop2"), task);
    assert_int_equal(world_count("calendar"), 1);
    assert_non_null(client_find(c, path, "SUMMARY:Tea2"));

    /* A task becomes an event. */
    item = client_find(c, path, "SUMMARY:Shop2");
    client_edit(c, item, EVENT("Shop3"));
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(world_count("tasks"), 0);
    assert_int_equal(world_count("calendar"), 2);
    assert_true(world_logged("went from tasks to calendar"));
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_count(c, path), 2);

    /* A slow sync doubles nothing. */
    client_store(c, path)->last = NULL;
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_store(c, path)->code, 201);
    assert_int_equal(client_count(c, path), 2);
    assert_int_equal(world_count("calendar"), 2);
}

/* What one member needs, all do. */
static void test_combined_agrees(void **state)
{
    static const char path[] = "caltasks";
    client_t *c = combined_phone(path);
    store_anchor_t *a;
    store_device_t *d;
    store_datastore_t *ds;
    store_account_t *account;
    apr_pool_t *p;
    store_tx_t *tx;

    client_put(c, path, EVENT("Tea"));
    client_put(c, path, TASK("Shop"));
    SYNCED(c, client_sync(c, 200, path));
    tx = world_begin(STORE_WRITE, &p);
    OK(store_account_find(tx, "alice", &account));
    OK(store_device_find(tx, account->id, "IMEI:1", &d));
    ds = world_datastore(tx, "alice", "tasks");
    OK(store_anchor_get(tx, d->id, ds->id, &a));
    a->last.client = a->former.client = "";
    OK(store_anchor_put(tx, a));
    world_end(tx, p);
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_store(c, path)->code, 201);
    assert_int_equal(world_count("calendar"), 1);
    assert_int_equal(world_count("tasks"), 1);
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_store(c, path)->code, 200);
    /* A note is nothing for it. */
    client_put(c, path, "just text");
    client_session(c, 200, path);
    assert_int_equal(world_count("notes"), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_MEMORY(test_names),
        ON_MEMORY(test_options),
        ON_MEMORY(test_view_texts),
        ON_MEMORY(test_subs_allowed),
        ON_EACH_STORE(test_own_datastore),
        ON_EACH_STORE(test_combined),
        ON_EACH_STORE(test_combined_agrees)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_paths");
}
