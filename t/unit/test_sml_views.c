/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What a device sees: date windows as time passes, filters, limits; and
 * devices that may only read or only send.
 */
#include "sml_views.h"

#define CAL(days_from, days_to) "calendar/dr(" #days_from "," #days_to ")"

/* An event some days from today, an hour long. */
static const char *event(const char *summary, int day)
{
    apr_time_t t = apr_time_now() + apr_time_from_sec((apr_time_t)day * 86400);
    apr_time_exp_t x;

    apr_time_exp_gmt(&x, t);
    return apr_psprintf(w->pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
                        "BEGIN:VEVENT\r\nUID:%s\r\n"
                        "DTSTART:%04d%02d%02dT100000Z\r\n"
                        "DTEND:%04d%02d%02dT110000Z\r\nSUMMARY:%s\r\n"
                        "END:VEVENT\r\nEND:VCALENDAR\r\n", summary,
                        x.tm_year + 1900, x.tm_mon + 1, x.tm_mday,
                        x.tm_year + 1900, x.tm_mon + 1, x.tm_mday, summary);
}

static int has(client_t *c, const char *path, const char *part)
{
    return client_find(c, path, part) != NULL;
}

/* The device's last sync was so many days ago, with that view. */
static void days_pass(const char *datastore, int days, const char *view)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, datastore);
    store_anchor_t *a;
    store_device_t *d;

    OK(store_device_find(tx, ds->account, "IMEI:1", &d));
    OK(store_anchor_get(tx, d->id, ds->id, &a));
    if (view != NULL) {
        sml_view_t v;

        assert_true(sml_view_parse(&v, view, p));
        sml_view_window(&v, apr_time_sec(apr_time_now()), &a->window_from,
                        &a->window_to);
        a->view = view;
    }
    a->window_from -= (apr_int64_t)days * 86400;
    a->window_to -= (apr_int64_t)days * 86400;
    OK(store_anchor_put(tx, a));
    world_end(tx, p);
}

static void came(client_t *c, const char *path, int adds, int replaces,
                 int deletes)
{
    client_store_t *s = client_store(c, path);

    assert_int_equal(s->came[0], adds);
    assert_int_equal(s->came[1], replaces);
    assert_int_equal(s->came[2], deletes);
    assert_int_equal(s->announced, adds + replaces + deletes);
}

/* ---- date windows -------------------------------------------------------- */

static void test_window(void **state)
{
    static const char path[] = CAL(-2, 5);
    client_t *c = phone_with(path, "text/calendar");
    store_id_t later;

    world_put("calendar", 0, event("Past", -4));
    world_put("calendar", 0, event("Yesterday", -1));
    world_put("calendar", 0, event("Soon", 4));
    later = world_put("calendar", 0, event("Later", 9));
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 2, 0, 0);
    assert_true(has(c, path, "Yesterday") && has(c, path, "Soon"));
    assert_int_equal(world_count("calendar"), 4);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 0);

    /* The last sync was two days ago: then Past was inside, Soon not yet. */
    world_put("calendar", later, event("Later", 8));
    days_pass("calendar", 2, NULL);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 0);
    assert_int_equal(world_count("calendar"), 4);

    /* An edit moves an item out, and another one in. */
    world_put("calendar", world_find("calendar", "SUMMARY:Soon"),
              event("Soon", 30));
    world_put("calendar", later, event("Later", 3));
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 1, 0, 1);
    assert_false(has(c, path, "SUMMARY:Soon"));
    assert_true(has(c, path, "Later"));
    assert_int_equal(world_count("calendar"), 4);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 0);
}

/* Items come and go although nobody touches them. */
static void test_window_moves(void **state)
{
    static const char path[] = CAL(-2, 5);
    client_t *c = phone_with(path, "text/calendar");
    client_item_t *item;

    world_put("calendar", 0, event("Stays", 1));
    SYNCED(c, client_sync(c, 200, path));
    /* What the phone has had since, it no longer sees now; and the other way
     * round: made to happen by their times, since the test cannot wait. */
    item = client_put(c, path, event("Old", -20));
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 0);             /* not in the same session */
    assert_int_equal(world_count("calendar"), 2);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 1);
    assert_true(item->gone);
    assert_int_equal(world_count("calendar"), 2);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 0);

    /* A phone with a wide window that gets old: what is behind is deleted
     * there, what comes in from ahead is added. */
    rename_store(c, path, CAL(-30, 5));
    SYNCED(c, client_sync(c, 200, CAL(-30, 5)));
    came(c, CAL(-30, 5), 1, 0, 0);
    rename_store(c, CAL(-30, 5), path);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 1);
    assert_int_equal(client_count(c, path), 1);
    assert_int_equal(world_count("calendar"), 2);
    world_put("calendar", 0, event("Far", 40));
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 0);
    rename_store(c, path, "calendar");
    SYNCED(c, client_sync(c, 200, "calendar"));
    came(c, "calendar", 2, 0, 0);
}

static int refuse_deletes(client_t *c, client_store_t *s,
                          const sml_command_t *change)
{
    return change->tag == SYNCML_DELETE ? 510 : 0;
}

/* What a device had seen four days ago. */
static void test_days_pass(void **state)
{
    static const char wide[] = CAL(-30, 0), path[] = CAL(-2, 5);
    client_t *c = phone_with(wide, "text/calendar");

    world_put("calendar", 0, event("Long", -12));
    world_put("calendar", 0, event("Leaves", -4));
    world_put("calendar", 0, event("Stays", 0));
    world_put("calendar", 0, event("Comes", 4));
    world_put("calendar", 0, event("Far", 20));
    SYNCED(c, client_sync(c, 200, wide));
    came(c, wide, 3, 0, 0);
    days_pass("calendar", 4, "/dr(-2,5)");
    rename_store(c, wide, path);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 1, 0, 1);
    assert_true(has(c, path, "SUMMARY:Comes"));
    assert_false(has(c, path, "SUMMARY:Leaves"));
    /* By the window's old ends only: what it never saw is not looked at. */
    assert_true(has(c, path, "SUMMARY:Long"));
    assert_int_equal(world_count("calendar"), 5);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 0);
}

/* What was not confirmed comes again. */
static void test_window_again(void **state)
{
    static const char path[] = CAL(-2, 5);
    client_t *c = phone_with(path, "text/calendar");

    client_put(c, path, event("Old", -20));
    SYNCED(c, client_sync(c, 200, path));
    c->judge = refuse_deletes;
    client_session(c, 200, path);
    client_commit(c);
    c->judge = NULL;
    assert_int_equal(client_count(c, path), 1);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 1);
    assert_int_equal(client_count(c, path), 0);
    assert_int_equal(world_count("calendar"), 1);

    /* A session that breaks off before its end. */
    rename_store(c, path, "calendar");
    w->break_at = 3;
    assert_int_equal(client_session(c, 200, "calendar"), APR_TIMEUP);
    w->break_at = 0;
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(client_count(c, "calendar"), 1);
}

/* A refresh or slow sync never deletes what the client cannot have. */
static void test_window_refresh(void **state)
{
    static const char path[] = CAL(-2, 5);
    client_t *c = phone_with(path, "text/calendar");

    world_put("calendar", 0, event("Outside", 100));
    world_put("calendar", 0, event("Inside", 1));
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_count(c, path), 1);
    client_store(c, path)->last = NULL;
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(world_count("calendar"), 2);
    assert_int_equal(client_count(c, path), 1);
    client_find(c, path, "Inside")->gone = 1;
    client_put(c, path, event("New", 2));
    SYNCED(c, client_sync(c, 203, path));
    assert_true(world_find("calendar", "Outside") != 0);
    assert_true(world_find("calendar", "SUMMARY:New") != 0);
    assert_int_equal(world_count("calendar"), 2);
}

/* ---- filters, limits ----------------------------------------------------- */

static void test_filters(void **state)
{
    static const char only[] = "contacts/fi(ORG^=acme)";
    static const char adds[] = "contacts/tf(ORG^=acme)";
    client_t *c = phone_with(only, "text/vcard");
    store_id_t id;

    world_put("contacts", 0, card_of("Ann", "Acme", ""));
    id = world_put("contacts", 0, card_of("Bob", "Other", ""));
    SYNCED(c, client_sync(c, 200, only));
    came(c, only, 1, 0, 0);
    world_put("contacts", id, card_of("Bob", "ACME", ""));
    SYNCED(c, client_sync(c, 200, only));
    came(c, only, 1, 0, 0);
    world_put("contacts", id, card_of("Bob", "Else", ""));
    SYNCED(c, client_sync(c, 200, only));
    came(c, only, 0, 0, 1);
    assert_int_equal(world_count("contacts"), 2);

    /* Only new ones are chosen: what the device has stays, and is kept up to
     * date. */
    rename_store(c, only, adds);
    SYNCED(c, client_sync(c, 200, adds));
    came(c, adds, 0, 0, 0);
    id = world_find("contacts", "FN:Ann");
    world_put("contacts", id, card_of("Ann", "Gone", ""));
    SYNCED(c, client_sync(c, 200, adds));
    came(c, adds, 0, 1, 0);
    assert_true(has(c, adds, "Gone"));
    /* Without a filter all comes. */
    rename_store(c, adds, "CONTACTS");
    SYNCED(c, client_sync(c, 200, "CONTACTS"));
    came(c, "CONTACTS", 1, 0, 0);
}

static void test_max(void **state)
{
    static const char path[] = "contacts/max(2)";
    client_t *c = phone_with(path, "text/vcard");
    int i;

    for (i = 0; i < 4; i++) {
        world_put("contacts", 0, card_of(apr_psprintf(w->pool, "P%d", i), "",
                                         ""));
    }
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 2, 0, 0);
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 0, 0, 0);
    /* Room again: one of those left out comes. */
    client_erase(client_find(c, path, "P0"));
    SYNCED(c, client_sync(c, 200, path));
    came(c, path, 1, 0, 0);
    assert_int_equal(client_count(c, path), 2);
    assert_int_equal(world_count("contacts"), 3);
    rename_store(c, path, "contacts/max(9)");
    SYNCED(c, client_sync(c, 200, "contacts/max(9)"));
    came(c, "contacts/max(9)", 1, 0, 0);
}

static void test_projection(void **state)
{
    static const char small[] = "contacts/li(1)";
    static const char plain[] = "contacts/na";
    client_t *c = phone_with(small, "text/vcard");
    char *photo = apr_palloc(w->pool, 3001);
    const char *text;

    memset(photo, 'A', 3000);
    photo[3000] = '\0';
    text = card_of("Ann", "Acme", apr_psprintf(w->pool, "PHOTO;ENCODING=b:"
                                               "%s\r\nTEL:123\r\n", photo));
    world_put("contacts", 0, text);
    SYNCED(c, client_sync(c, 200, small));
    assert_false(has(c, small, "PHOTO"));
    assert_true(has(c, small, "TEL:123"));
    assert_true(world_find("contacts", "PHOTO") != 0);
    /* With more room the device gets the whole. */
    rename_store(c, small, "contacts/li(9)");
    SYNCED(c, client_sync(c, 200, "contacts/li(9)"));
    came(c, "contacts/li(9)", 0, 1, 0);
    assert_true(has(c, "contacts/li(9)", "PHOTO"));
    /* Another view under which nothing looks different costs nothing. */
    rename_store(c, "contacts/li(9)", plain);
    SYNCED(c, client_sync(c, 200, plain));
    came(c, plain, 0, 0, 0);
}

/* What a narrow view has left out says nothing of what the device can hold:
 * where it comes with a wider one, and the user deletes it, it is deleted. */
static void test_narrow_view_teaches_nothing(void **state)
{
    static const char small[] = "contacts/li(1)";
    client_t *c = phone_with(small, "text/vcard");
    char *photo = apr_palloc(w->pool, 3001);
    const char *text;

    memset(photo, 'A', 3000);
    photo[3000] = '\0';
    text = card_of("Ann", "Acme", apr_psprintf(w->pool, "PHOTO;ENCODING=b:"
                                               "%s\r\n", photo));
    c->ph->caps = "BEGIN END VERSION N FN ORG PHOTO";
    c->ph->caps_type = "text/x-vcard";
    world_put("contacts", 0, text);
    SYNCED(c, client_sync(c, 200, small));
    client_edit(c, client_find(c, small, "Ann"), card_of("Ann", "Else", ""));
    SYNCED(c, client_sync(c, 200, small));
    assert_true(world_find("contacts", "PHOTO") != 0);
    assert_true(world_find("contacts", "ORG:Else") != 0);
    rename_store(c, small, "contacts");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_true(has(c, "contacts", "PHOTO"));
    /* It shows with another card that it can hold one. */
    memset(photo, 'B', 3000);
    client_put(c, "contacts", card_of("Bob", "Acme", apr_psprintf(
        w->pool, "PHOTO;ENCODING=b:%s\r\n", photo)));
    SYNCED(c, client_sync(c, 200, "contacts"));
    client_edit(c, client_find(c, "contacts", "Ann"),
                card_of("Ann", "Else", ""));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_find("contacts", "AAAAAAAA"), 0);
    assert_false(has(c, "contacts", "AAAAAAAA"));
}

static void test_slow_once(void **state)
{
    static const char path[] = "contacts/slow";
    client_t *c = world_phone("IMEI:1");

    client_put(c, "contacts", world_card("Ann"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_store(c, "contacts")->code, 200);
    rename_store(c, "contacts", path);
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_store(c, path)->code, 201);
    assert_int_equal(world_count("contacts"), 1);
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_store(c, path)->code, 200);
    rename_store(c, path, "contacts");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_store(c, "contacts")->code, 200);
    came(c, "contacts", 0, 0, 0);
    rename_store(c, "contacts", path);
    SYNCED(c, client_sync(c, 200, path));
    assert_int_equal(client_store(c, path)->code, 201);
    assert_true(world_logged("asks by its path for a slow sync"));
}

static void test_bad_options(void **state)
{
    static const char path[] = "calendar/dr(5)";
    client_t *c = phone_with(path, "text/calendar");

    client_session(c, 200, path);
    assert_int_equal(client_store(c, path)->alert_status, 400);
    assert_true(world_logged("asked for \"calendar/dr(5)\": option "
                             "\"dr(5)\": dr wants two numbers of days"));
}

/* ---- access -------------------------------------------------------------- */

static void set_access(const char *setting, const char *value)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_device_t *d;

    OK(store_device_find(tx, world_account_id(tx, w->account), "IMEI:1", &d));
    OK(store_device_setting_set(tx, d->id, setting, value));
    world_end(tx, p);
}

static void test_read_only(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_item_t *item;

    world_put("contacts", 0, world_card("Ann"));
    world_put("contacts", 0, world_card("Bob"));
    world_put("contacts", 0, world_card("Cid"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    set_access("access.contacts", "read-only");
    item = client_put(c, "contacts", world_card("Mine"));
    client_edit(c, client_find(c, "contacts", "FN:Ann"),
                world_card("Annie"));
    client_erase(client_find(c, "contacts", "FN:Bob"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    /* The phone shows what the server has. */
    assert_true(item->gone);
    world_same(c, "contacts");
    assert_int_equal(world_count("contacts"), 3);
    assert_int_equal(client_count(c, "contacts"), 3);
    assert_true(world_logged("may only read contacts: 3 changes"));
    world_quiet(c, "contacts");

    /* In a slow sync, too. */
    client_put(c, "contacts", world_card("Other"));
    client_store(c, "contacts")->last = NULL;
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(world_count("contacts"), 3);
    client_session(c, 203, "contacts");
    assert_int_equal(client_store(c, "contacts")->alert_status, 405);
    assert_int_equal(world_count("contacts"), 3);
    assert_true(world_logged("is read-only for contacts: its refresh-from-"
                             "client sync was refused"));
    SYNCED(c, client_sync(c, 205, "contacts"));
    world_same(c, "contacts");
}

static void test_send_only(void **state)
{
    client_t *c = world_phone("IMEI:1");

    SYNCED(c, client_sync(c, 200, "contacts"));
    set_access("access.contacts", "send-only");
    world_put("contacts", 0, world_card("Ann"));
    client_put(c, "contacts", world_card("Mine"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, "contacts", 0, 0, 0);
    assert_int_equal(world_count("contacts"), 2);
    assert_int_equal(client_count(c, "contacts"), 1);
    client_store(c, "contacts")->last = NULL;
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, "contacts", 0, 0, 0);
    client_session(c, 205, "contacts");
    assert_int_equal(client_store(c, "contacts")->alert_status, 405);
    /* Later it may have all. */
    set_access("access.contacts", "full");
    SYNCED(c, client_sync(c, 200, "contacts"));
    came(c, "contacts", 1, 0, 0);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* As configured for all, and of one device by its own setting. */
static void test_access_configured(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    for (i = 0; i < w->config.datastores->nelts; i++) {
        APR_ARRAY_IDX(w->config.datastores, i,
                      sml_datastore_conf_t *)->access = SML_ACCESS_READ_ONLY;
    }
    client_put(c, "contacts", world_card("Mine"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 0);
    assert_int_equal(client_count(c, "contacts"), 0);
    set_access("access.contacts", "FULL");
    client_put(c, "contacts", world_card("Mine"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 1);
    set_access("access.contacts", "whatever");
    client_put(c, "contacts", world_card("More"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 1);
    assert_true(world_logged("its setting access.contacts is \"whatever\""));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_window),
        ON_EACH_STORE(test_window_moves),
        ON_EACH_STORE(test_days_pass),
        ON_EACH_STORE(test_window_again),
        ON_EACH_STORE(test_window_refresh),
        ON_EACH_STORE(test_filters),
        ON_EACH_STORE(test_max),
        ON_EACH_STORE(test_projection),
        ON_EACH_STORE(test_narrow_view_teaches_nothing),
        ON_EACH_STORE(test_slow_once),
        ON_MEMORY(test_bad_options),
        ON_EACH_STORE(test_read_only),
        ON_EACH_STORE(test_send_only),
        ON_EACH_STORE(test_access_configured)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_views");
}
