/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: NumberOfChanges is what comes, because phones wait for the last
 * one.  sml_run.h compares both in every sync; these are the cases in which
 * counting and sending could decide differently.  See also test_sml_sizes.c.
 */
#include "sml_views.h"

static client_t *next_phone(const char *path, apr_size_t max_msg)
{
    client_t *c;

    world_add_account(apr_psprintf(w->pool, "user-%s-%lu", path,
                                   (unsigned long)max_msg));
    c = phone_with(path, "text/vcard");
    c->ph->max_msg = max_msg;
    return c;
}

static void came_as_announced(client_t *c, const char *path, int n)
{
    client_store_t *s = client_store(c, path);

    assert_int_equal(s->came[0] + s->came[1] + s->came[2], n);
    assert_int_equal(s->announced, n);
}

/* ---- a large object first, and no room for any of it -------------------- */

static int refuse(client_t *c, client_store_t *s, const sml_command_t *change)
{
    return 500;
}

/* Notes come before the contacts, and take so much of the answer that in one
 * of the runs a Sync of contacts begins in it without room for a piece of the
 * first. */
#define FILLED  16

static client_t *filled_phone(const char *path, int n)
{
    client_t *c = next_phone(path, (apr_size_t)(2000 + n));
    client_store_t *notes = client_store(c, "notes"), contacts = c->stores[0];

    c->stores[0] = *notes;
    *notes = contacts;
    return c;
}

static void fill_answer(int n)
{
    int i;

    for (i = 0; i < 2; i++) {
        char *text = apr_palloc(w->pool, 1000);

        memset(text, 'a' + i, 999);
        text[500 + 20 * n] = '\0';
        world_put("notes", 0, text);
    }
}

static void put_large(int n)
{
    while (n-- > 0) {
        world_put("contacts", 0, world_large_card(apr_psprintf(
                      w->pool, "Large%d", n), 3000));
    }
}

static void test_large_again(void **state)
{
    int n;

    for (n = 0; n < FILLED; n++) {
        client_t *c = filled_phone("contacts", n);

        put_large(3);
        c->judge = refuse;
        SYNCED(c, client_sync(c, 200, "contacts"));
        came_as_announced(c, "contacts", 3);
        c->judge = NULL;
        fill_answer(n);
        SYNCED(c, client_sync(c, 200, "contacts notes"));
        came_as_announced(c, "contacts", 3);
        assert_int_equal(client_count(c, "contacts"), 3);
        world_quiet(c, "contacts notes");
    }
}

/* With another view all that the device has is looked at. */
static void test_large_under_another_view(void **state)
{
    static const char small[] = "contacts/li(1)", wide[] = "contacts/li(9)";
    int n;

    for (n = 0; n < FILLED; n++) {
        client_t *c = filled_phone(small, n);

        put_large(3);
        SYNCED(c, client_sync(c, 200, small));
        came_as_announced(c, small, 3);
        rename_store(c, small, wide);
        fill_answer(n);
        SYNCED(c, client_sync(c, 200, "contacts/li(9) notes"));
        came_as_announced(c, wide, 3);
        assert_int_equal(client_store(c, wide)->came[1], 3);
    }
}

static void test_large_ones_are_new(void **state)
{
    int n;

    for (n = 0; n < FILLED; n++) {
        client_t *c = filled_phone("contacts", n);

        put_large(3);
        fill_answer(n);
        SYNCED(c, client_sync(c, 200, "contacts notes"));
        came_as_announced(c, "contacts", 3);
    }
}

/* ---- no more than the device takes -------------------------------------- */

/* One in pieces takes a place as well as a small one does. */
static void test_maximum_of_large_ones(void **state)
{
    static const char path[] = "contacts/max(2)";
    client_t *c = next_phone(path, 2000);

    put_large(4);
    SYNCED(c, client_sync(c, 200, path));
    came_as_announced(c, path, 2);
    assert_int_equal(client_count(c, path), 2);
}

/* It asks for two, and the first that it might get is large. */
static void two_of_four(client_t *c, const char *path)
{
    world_put("contacts", 0, world_large_role("Large", 9000));
    world_put("contacts", 0, world_card("Ann"));
    world_put("contacts", 0, world_card("Bob"));
    world_put("contacts", 0, world_card("Cid"));
    SYNCED(c, client_sync(c, 200, path));
    came_as_announced(c, path, 2);
    assert_int_equal(client_count(c, path), 2);
}

/* One that is passed over takes none. */
static void test_maximum_and_too_large(void **state)
{
    static const char path[] = "contacts/max(2)";
    client_t *c = next_phone(path, 3000);

    c->ph->large = 0;
    two_of_four(c, path);
    c = next_phone(path, 2999);
    c->ph->max_obj = 2000;
    two_of_four(c, path);
}

/* Nor does one that goes on take another. */
static void test_maximum_and_resumed(void **state)
{
    static const char path[] = "contacts/max(2)";
    unsigned at;

    for (at = 3; at < 9; at++) {
        client_t *c = next_phone(path, (apr_size_t)(2000 + at));

        c->says_datapos = 1;
        c->ph->model = "SyncEvolution";
        put_large(4);
        w->break_at = at;
        w->break_after = at % 2;
        assert_int_not_equal(client_session(c, 200, path), APR_SUCCESS);
        w->break_at = 0;
        c->resuming = 1;
        SYNCED(c, client_sync(c, 225, path));
        c->resuming = 0;
        assert_int_equal(client_count(c, path), 2);
        SYNCED(c, client_sync(c, 200, path));
        assert_int_equal(client_count(c, path), 2);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_large_again),
        ON_EACH_STORE(test_large_under_another_view),
        ON_MEMORY(test_large_ones_are_new),
        ON_EACH_STORE(test_maximum_of_large_ones),
        ON_MEMORY(test_maximum_and_too_large),
        ON_EACH_STORE(test_maximum_and_resumed)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_number");
}
