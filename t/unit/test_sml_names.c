/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Contacts without N, FN or both: a device gets one that is made up, and what
 * it says of that is no name of its user's.
 */
#include "sml_poor.h"

static const described_t speaks[] = {
    { "./contacts", "text/x-vcard", "2.1", NULL },
    { "./calendar", "text/x-vcalendar", "1.0", NULL },
    { NULL, NULL, NULL, NULL }
};

#define CARD(lines) "BEGIN:VCARD\r\nVERSION:3.0\r\n" lines "END:VCARD\r\n"
#define NAMELESS CARD("EMAIL:jo@example.org\r\nTEL;TYPE=CELL:+491\r\n")

/** As a phone has it that makes FN of N, or has none. */
static void edit(client_t *c, const char *from, const char *to)
{
    client_item_t *card = item_of(c, "contacts");

    client_edit(c, card, with(card->text, from, to));
}

/** The source of the name is edited, then something else. */
static void test_source(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *want = with(NAMELESS, "jo@", "new.jo@");

    world_put("contacts", 0, NAMELESS);
    SYNCED(c, client_sync(c, 205, "contacts"));
    assert_non_null(strstr(item_of(c, "contacts")->text,
                           "\r\nN:jo@example.org;"));
    edit(c, "EMAIL:jo@", "EMAIL:new.jo@");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), want);
    /* It is called by that now. */
    assert_non_null(strstr(item_of(c, "contacts")->text,
                           "\r\nN:new.jo@example.org;"));
    edit(c, "+491", "+492");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(want, "+491", "+492"));
    world_quiet(c, "contacts");
}

/** A device that gets nothing back still calls it as it did at first. */
static void test_sent_only(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *want = with(NAMELESS, "jo@", "new.jo@");

    world_put("contacts", 0, NAMELESS);
    SYNCED(c, client_sync(c, 205, "contacts"));
    edit(c, "EMAIL:jo@", "EMAIL:new.jo@");
    SYNCED(c, client_sync(c, 202, "contacts"));
    assert_string_equal(stored("contacts"), want);
    assert_non_null(strstr(item_of(c, "contacts")->text,
                           "\r\nN:jo@example.org;"));
    edit(c, "+491", "+492");
    SYNCED(c, client_sync(c, 202, "contacts"));
    assert_string_equal(stored("contacts"), with(want, "+491", "+492"));
    /* Now its user gives it one. */
    edit(c, "\r\nN:jo@example.org;", "\r\nN:Doe;Jo");
    SYNCED(c, client_sync(c, 202, "contacts"));
    assert_non_null(strstr(stored("contacts"), "\r\nN:Doe;Jo;"));
}

/** The store has N alone, and the device edits that. */
static void test_fn_of_n(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *store = CARD("N:Doe;Jo;;;\r\nTEL:+491\r\n");

    world_put("contacts", 0, store);
    SYNCED(c, client_sync(c, 205, "contacts"));
    assert_non_null(strstr(item_of(c, "contacts")->text, "\r\nFN:Jo Doe"));
    edit(c, "N:Doe;Jo;;;", "N:Doe;Joan;;;");
    edit(c, "FN:Jo Doe", "FN:Joan Doe");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, "Jo", "Joan"));
    /* Its FN stays as it is where it is none that it makes. */
    edit(c, "N:Doe;Joan;;;", "N:Doe;Ann;;;");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, "Jo", "Ann"));
    assert_non_null(strstr(item_of(c, "contacts")->text, "\r\nFN:Ann Doe"));
    /* One that says something else is its user's. */
    edit(c, "FN:Ann Doe", "FN:Annie");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored("contacts"), "\r\nFN:Annie\r\n"));
}

/** Nothing is there that a name could be made of: a phone shows "?". */
static void test_no_name(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *store = CARD("NOTE:x\r\nURL:http://example.org/\r\n");

    world_put("contacts", 0, store);
    SYNCED(c, client_sync(c, 205, "contacts"));
    edit(c, "NOTE:x\r\n", "FN:?\r\nNOTE:xy\r\n");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, ":x", ":xy"));
    /* Nor is it another contact. */
    SYNCED(c, client_sync(c, 201, "contacts"));
    assert_int_equal(world_count("contacts"), 1);
    edit(c, "FN:?\r\n", "FN:Who?\r\n");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored("contacts"), "\r\nFN:Who?\r\n"));
}

/** A name as it was before the server's side changed it is an edit. */
static void test_back_again(void **state)
{
    client_t *c = s60("Maker", speaks);
    store_id_t id = world_put("contacts", 0, CARD("FN:Jo Doe\r\nTEL:+491\r\n"));

    SYNCED(c, client_sync(c, 205, "contacts"));
    world_put("contacts", id, CARD("FN:Jo Dean\r\nTEL:+491\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edit(c, "\r\nN:Dean;Jo;", "\r\nN:Doe;Jo;");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored("contacts"), "\r\nN:Doe;Jo;"));
}

/** What a device has cut in a word is no name of its user's; where a word has
 * gone it is one. */
static void test_shortened(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *store = CARD("ORG:Universal Exports Limited\r\n"
                             "TEL:+491\r\n");

    world_put("contacts", 0, store);
    SYNCED(c, client_sync(c, 205, "contacts"));
    edit(c, "\r\nN:Universal Exports Limited", "\r\nN:Universal Exports Lim");
    edit(c, "+491", "+492");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, "+491", "+492"));
    edit(c, "\r\nN:Universal Exports Lim", "\r\nN:Universal Exports");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored("contacts"), "\r\nN:Universal Exports;"));
}

/** A slow sync of a device that has cut it. */
static void test_shortened_slow(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *store = CARD("EMAIL:joan.fetherstonhaugh@example.com\r\n");

    world_put("contacts", 0, store);
    SYNCED(c, client_sync(c, 205, "contacts"));
    edit(c, "\r\nN:joan.fetherstonhaugh@example.com",
         "\r\nN:joan.fetherstonhaugh@exam");
    edit(c, "\r\nFN:joan.fetherstonhaugh@example.com",
         "\r\nFN:joan.fetherstonhaugh@exam");
    SYNCED(c, client_sync(c, 201, "contacts"));
    assert_int_equal(world_count("contacts"), 1);
    assert_string_equal(stored("contacts"), store);
    /* FN is as long as its N, which is the shorter one. */
    client_put(c, "contacts", "BEGIN:VCARD\r\nVERSION:2.1\r\n"
               "N:Berg;Ann\r\nFN:Her Royal Highness Princess Ann of Berg\r\n"
               "END:VCARD\r\n");
    SYNCED(c, client_sync(c, 200, "contacts"));
    client_edit(c, client_find(c, "contacts", "joan"),
                with(client_find(c, "contacts", "joan")->text, "EMAIL:joan",
                     "EMAIL:jo"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_not_equal(world_find("contacts", "\r\nVERSION:3.0\r\n"
                                    "EMAIL:jo.fetherstonhaugh@example.com"
                                    "\r\nEND:VCARD"), 0);
}

/** Once it has sent a longer one, its user has shortened it. */
static void test_shortened_by_user(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *store = CARD("ORG:Universal Exports Limited\r\n"
                             "TEL:+491\r\n");

    world_put("contacts", 0, store);
    SYNCED(c, client_sync(c, 205, "contacts"));
    edit(c, "+491", "+492");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, "+491", "+492"));
    edit(c, "\r\nN:Universal Exports Limited", "\r\nN:Universal Exports Lim");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored("contacts"),
                           "\r\nN:Universal Exports Lim;"));
    world_quiet(c, "contacts");
}

/** So it is with FN that was made of N. */
static void test_shortened_fn(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *store = CARD("N:Fetherstonhaugh;Joan;;;\r\nTEL:+491\r\n");

    world_put("contacts", 0, store);
    SYNCED(c, client_sync(c, 205, "contacts"));
    edit(c, "+491", "+492");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, "+491", "+492"));
    edit(c, "FN:Joan Fetherstonhaugh", "FN:Joan Fetherstonh");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored("contacts"), "\r\nFN:Joan Fetherstonh\r\n"));
    assert_non_null(strstr(stored("contacts"), "\r\nN:Fetherstonhaugh;Joan;"));
}

/** Its user empties the name, and calls the card otherwise. */
static void test_emptied(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *store = CARD("N:Doe;Jo;;;\r\nFN:Jo Doe\r\nTEL:+491\r\n");

    world_put("contacts", 0, store);
    SYNCED(c, client_sync(c, 205, "contacts"));
    edit(c, "N:Doe;Jo;;;", "N:;;;;");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), store);
    edit(c, "+491", "+492");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, "+491", "+492"));
    edit(c, "N:Doe;Jo;;;", "N:;;;;");
    edit(c, "FN:Jo Doe", "FN:City Taxi");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"),
                        CARD("N:;;;;\r\nFN:City Taxi\r\nTEL:+492\r\n"));
    world_quiet(c, "contacts");
    edit(c, "+492", "+493");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"),
                        CARD("N:;;;;\r\nFN:City Taxi\r\nTEL:+493\r\n"));
}

/** A device that has an FN of its own says the same words in another order. */
static void test_reordered(void **state)
{
    client_t *c = s60("Maker", speaks);
    const char *store = CARD("N:Doe;Jo;;;\r\nFN:Jo Doe\r\nTEL:+491\r\n");

    world_put("contacts", 0, store);
    SYNCED(c, client_sync(c, 205, "contacts"));
    edit(c, "FN:Jo Doe", "FN:Boss");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, "Jo Doe", "Boss"));
    edit(c, "FN:Boss", "FN:Jo Doe");
    SYNCED(c, client_sync(c, 200, "contacts"));
    edit(c, "FN:Jo Doe", "FN:Doe Jo");
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, "Jo Doe", "Doe Jo"));
    world_quiet(c, "contacts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_source),
        ON_EACH_STORE(test_sent_only),
        ON_EACH_STORE(test_fn_of_n),
        ON_EACH_STORE(test_no_name),
        ON_EACH_STORE(test_back_again),
        ON_EACH_STORE(test_shortened),
        ON_EACH_STORE(test_shortened_slow),
        ON_EACH_STORE(test_shortened_by_user),
        ON_EACH_STORE(test_shortened_fn),
        ON_EACH_STORE(test_emptied),
        ON_EACH_STORE(test_reordered)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_names");
}
