/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Syncs under another view that break off: the device then has items of two
 * views, and what it was not sent it has not deleted.
 */
#include "sml_views.h"

/* All of the device's contacts, by their numbers, with another name. */
static void edit_all(client_t *c, const char *path)
{
    int i;

    for (i = 0; i < 20; i++) {
        client_item_t *item =
            client_find(c, path, apr_psprintf(w->pool, "TEL:%d\r", i));
        const char *photo = strstr(item->text, "PHOTO");
        const char *end = photo ? strstr(photo, "\r\n") : NULL;

        client_edit(c, item, card_of("New", "Acme", apr_psprintf(w->pool,
            "%.*sTEL:%d\r\n", photo ? (int)(end + 2 - photo) : 0,
            photo ? photo : "", i)));
    }
}

static void breaks_off(client_t *c, const char *from, const char *path)
{
    rename_store(c, from, path);
    w->break_at = 3;
    w->break_after = 1;
    c->ph->max_msg = 2500;
    assert_int_not_equal(client_session(c, 200, path), APR_SUCCESS);
    assert_non_null(strstr(c->ph->why, "the line broke"));
    w->break_at = c->ph->max_msg = 0;
}

/* Two syncs under other views each broke off: what of which the device has
 * cannot be told, and so the last of them cannot be resumed. */
static void test_three_views_resumed(void **state)
{
    static const char some[] = "contacts/li(1)", more[] = "contacts/li(2)";
    client_t *c = phone_with("contacts", "text/vcard");
    char *photo = apr_palloc(w->pool, 1101);
    int i;

    memset(photo, 'A', 1100);
    photo[1100] = '\0';
    for (i = 0; i < 20; i++) {
        client_put(c, "contacts", card_of("Old", "Acme",
                   apr_psprintf(w->pool, "PHOTO;ENCODING=b:%s\r\n"
                                "TEL:%d\r\n", photo, i)));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    breaks_off(c, "contacts", some);
    breaks_off(c, some, more);
    c->resuming = 1;
    SYNCED(c, client_sync(c, 225, more));
    assert_int_equal(client_store(c, more)->alert_status, 508);
    assert_int_equal(client_store(c, more)->code, 201);
}

/* What lies between a sync that broke off and the next. */
enum { NOTHING, ONLY_OURS, FORGOTTEN, BETWEENS };

/* A sync under a narrow view breaks off, and the next has the wide one again:
 * what the device was not sent in between it has not deleted. */
static void view_broken_off(int between)
{
    static const char small[] = "contacts/li(1)";
    char *photo = apr_palloc(w->pool, 1501);
    unsigned at;
    int on = 1, i;

    memset(photo, 'A', 1500);
    photo[1500] = '\0';
    for (at = 2; on; at++) {
        client_t *c;

        world_add_account(apr_psprintf(w->pool, "broken%d-%u", between, at));
        c = phone_with("contacts", "text/vcard");
        for (i = 0; i < 20; i++) {
            client_put(c, "contacts", card_of("Old", "Acme",
                       apr_psprintf(w->pool, "PHOTO;ENCODING=b:%s\r\n"
                                    "TEL:%d\r\n", photo, i)));
        }
        SYNCED(c, client_sync(c, 200, "contacts"));
        rename_store(c, "contacts", small);
        w->break_at = at;
        w->break_after = 1;
        c->ph->max_msg = 1300;
        on = client_session(c, 200, small) != APR_SUCCESS;
        w->break_at = c->ph->max_msg = 0;
        if (on && strstr(c->ph->why, "the line broke") == NULL) {
            fail_msg("broken at %u: %s", at, c->ph->why);
        }
        if (!on) {
            client_commit(c);
        }
        rename_store(c, small, "contacts");
        if (between == ONLY_OURS) {
            SYNCED(c, client_sync(c, 202, "contacts"));
        }
        else if (between == FORGOTTEN) {
            world_forget_sessions(c);
        }
        edit_all(c, "contacts");
        SYNCED(c, client_sync(c, 200, "contacts"));
        for (i = 0; i < 20; i++) {
            store_id_t id = world_find("contacts", apr_psprintf(w->pool,
                "FN:New\r\nORG:Acme\r\nPHOTO;ENCODING=b:%s\r\nTEL:%d\r",
                photo, i));

            if (id == 0) {
                fail_msg("broken at %u: no photo of %d", at, i);
            }
        }
        assert_int_equal(world_count("contacts"), 20);
        world_same(c, "contacts");
        world_quiet(c, "contacts");
    }
    assert_true(at > 5);
}

static void test_view_broken_off(void **state)
{
    int between;

    for (between = 0; between < BETWEENS; between++) {
        view_broken_off(between);
    }
}

/* The same of three views, of which two were never whole: a slow sync, which
 * takes what the device says for what it had. */
static void test_three_views_forgotten(void **state)
{
    static const char some[] = "contacts/li(1)", more[] = "contacts/li(2)";
    client_t *c = phone_with("contacts", "text/vcard");
    char *photo = apr_palloc(w->pool, 1101);
    int i;

    memset(photo, 'A', 1100);
    photo[1100] = '\0';
    for (i = 0; i < 20; i++) {
        client_put(c, "contacts", card_of("Old", "Acme",
                   apr_psprintf(w->pool, "PHOTO;ENCODING=b:%s\r\n"
                                "TEL:%d\r\n", photo, i)));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    breaks_off(c, "contacts", some);
    breaks_off(c, some, more);
    SYNCED(c, client_sync(c, 202, more));
    world_forget_sessions(c);
    rename_store(c, more, "contacts");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_store(c, "contacts")->code, 201);
    assert_int_equal(world_count("contacts"), 20);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* Some devices say as their MaxObjSize how much room is left: that is another
 * view each time, but such views can be put together. */
static void test_sizes_broken_off(void **state)
{
    client_t *c = phone_with("contacts", "text/vcard");
    char *photo = apr_palloc(w->pool, 1101);
    int i;

    memset(photo, 'A', 1100);
    photo[1100] = '\0';
    for (i = 0; i < 20; i++) {
        client_put(c, "contacts", card_of("Old", "Acme",
                   apr_psprintf(w->pool, "PHOTO;ENCODING=b:%s\r\n"
                                "TEL:%d\r\n", photo, i)));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    for (i = 0; i < 20; i++) {
        store_id_t id = world_find("contacts", apr_psprintf(w->pool,
                                                            "TEL:%d\r", i));

        world_put("contacts", id, card_of("Next", "Acme",
                  apr_psprintf(w->pool, "PHOTO;ENCODING=b:%s\r\n"
                               "TEL:%d\r\n", photo, i)));
    }
    for (i = 0; i < 3; i++) {
        c->ph->max_obj = (apr_size_t)(900 - 100 * i);
        w->break_at = 3;
        w->break_after = 1;
        c->ph->max_msg = 1300;
        assert_int_not_equal(client_session(c, 200, "contacts"),
                             APR_SUCCESS);
        w->break_at = c->ph->max_msg = 0;
    }
    c->ph->max_obj = 100000;
    edit_all(c, "contacts");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_store(c, "contacts")->code, 200);
    for (i = 0; i < 20; i++) {
        assert_int_not_equal(world_find("contacts", apr_psprintf(w->pool,
            "PHOTO;ENCODING=b:%s\r\nTEL:%d\r", photo, i)), 0);
    }
    assert_int_equal(world_count("contacts"), 20);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_three_views_resumed),
        ON_EACH_STORE(test_view_broken_off),
        ON_EACH_STORE(test_three_views_forgotten),
        ON_EACH_STORE(test_sizes_broken_off)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_views_broken");
}
