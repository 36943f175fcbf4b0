/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Notes that are more than a text, between devices that know texts only,
 * journals, vNotes or SIF-N. */
#include "sml_world.h"

#define JOURNAL(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" \
    "PRODID:-//mod_syncml//EN\r\nBEGIN:VJOURNAL\r\n" lines \
    "END:VJOURNAL\r\nEND:VCALENDAR\r\n"
#define LIST  JOURNAL("SUMMARY:List\r\nDESCRIPTION:Milk\\nEggs\r\n" \
                      "CATEGORIES:A\r\nX-FUNAMBOL-Color:3\r\n")

#define TEXT   "notes/fo(text)"
#define VNOTE  "notes/fo(vnote)"

static client_t *phone_of(const char *devid, const char *path,
                          const char *type)
{
    client_t *c = world_phone(devid);

    client_store(c, "notes")->type = type;
    client_store(c, "notes")->name = path;
    return c;
}

/** The only item that the server has there. */
static const char *stored_in(const char *datastore)
{
    world_items_t list = { 0 };

    list.p = w->pool;
    world_list(&list, w->account, datastore);
    assert_int_equal(list.texts->nelts, 1);
    return APR_ARRAY_IDX(list.texts, 0, const char *);
}

static const char *stored(void)
{
    return stored_in("notes");
}

static void test_text_device(void **state)
{
    client_t *c = phone_of("IMEI:1", TEXT, "text/plain");

    (void)state;
    world_put("notes", 0, LIST);
    SYNCED(c, client_sync(c, 201, TEXT));
    assert_non_null(client_find(c, TEXT, "List\r\nMilk\r\nEggs"));
    world_quiet(c, TEXT);
    client_edit(c, client_find(c, TEXT, "List"), "List\nMilk\nEggs\nHam");
    SYNCED(c, client_sync(c, 200, TEXT));
    assert_string_equal(stored(),
        JOURNAL("SUMMARY:List\r\nDESCRIPTION:Milk\\nEggs\\nHam\r\n"
                "CATEGORIES:A\r\nX-FUNAMBOL-Color:3\r\n"));
    world_quiet(c, TEXT);
    /* A slow sync finds it again. */
    client_store(c, TEXT)->last = NULL;
    SYNCED(c, client_sync(c, 201, TEXT));
    assert_int_equal(world_count("notes"), 1);
    assert_int_equal(client_count(c, TEXT), 1);
    world_quiet(c, TEXT);
}

/** A text of one device becomes more by another. */
static void test_more_and_less(void **state)
{
    client_t *text = phone_of("IMEI:1", TEXT, "text/plain");
    client_t *vnote = phone_of("IMEI:2", VNOTE, "text/x-vnote");
    client_item_t *item;

    (void)state;
    client_put(text, TEXT, "Milk\nEggs");
    SYNCED(text, client_sync(text, 200, TEXT));
    client_put(vnote, VNOTE, "BEGIN:VNOTE\r\nVERSION:1.1\r\n"
               "BODY;ENCODING=QUOTED-PRINTABLE:Milk=0D=0AEggs\r\n"
               "END:VNOTE\r\n");
    SYNCED(vnote, client_sync(vnote, 201, VNOTE));
    assert_int_equal(world_count("notes"), 1);
    assert_string_equal(stored(), "Milk\nEggs");
    item = client_find(vnote, VNOTE, "Milk");
    client_edit(vnote, item, "BEGIN:VNOTE\r\nVERSION:1.1\r\n"
                "BODY;ENCODING=QUOTED-PRINTABLE:Milk=0D=0AEggs\r\n"
                "CATEGORIES:Food\r\nEND:VNOTE\r\n");
    SYNCED(vnote, client_sync(vnote, 200, VNOTE));
    assert_string_equal(stored(),
        JOURNAL("DESCRIPTION:Milk\\nEggs\r\nCATEGORIES:Food\r\n"));
    /* Meanwhile, on the text device. */
    client_edit(text, client_find(text, TEXT, "Milk"),
                "Milk\nEggs\nHam");
    SYNCED(text, client_sync(text, 200, TEXT));
    assert_string_equal(stored(),
        JOURNAL("DESCRIPTION:Milk\\nEggs\\nHam\r\nCATEGORIES:Food\r\n"));
    world_quiet(text, TEXT);
    SYNCED(vnote, client_sync(vnote, 200, VNOTE));
    assert_non_null(client_find(vnote, VNOTE, "Eggs=0D=0AHam\r\n"
                                "CATEGORIES:Food"));
    world_quiet(vnote, VNOTE);
}

/** A telephone's diary of texts. */
static void test_text_journal(void **state)
{
    client_t *c = phone_of("IMEI:1", "journal/fo(text)", "text/plain");
    client_item_t *item;

    (void)state;
    item = client_put(c, "journal/fo(text)", "Monday\nrain");
    SYNCED(c, client_sync(c, 201, "journal/fo(text)"));
    assert_string_equal(stored_in("journal"),
                        JOURNAL("DESCRIPTION:Monday\\nrain\r\n"));
    world_quiet(c, "journal/fo(text)");
    client_edit(c, item, "Monday\nsun");
    SYNCED(c, client_sync(c, 200, "journal/fo(text)"));
    assert_string_equal(stored_in("journal"),
                        JOURNAL("DESCRIPTION:Monday\\nsun\r\n"));
    world_put("journal", world_find("journal", "sun"),
              JOURNAL("DTSTART;VALUE=DATE:20270104\r\nSUMMARY:Day 1\r\n"
                      "DESCRIPTION:Monday\\nsun\r\n"));
    SYNCED(c, client_sync(c, 200, "journal/fo(text)"));
    assert_string_equal(item->text, "Day 1\r\nMonday\r\nsun");
    client_edit(c, item, "Day 1\nMonday\nsun, then rain");
    SYNCED(c, client_sync(c, 200, "journal/fo(text)"));
    assert_string_equal(stored_in("journal"),
        JOURNAL("DTSTART;VALUE=DATE:20270104\r\nSUMMARY:Day 1\r\n"
                "DESCRIPTION:Monday\\nsun\\, then rain\r\n"));
    world_quiet(c, "journal/fo(text)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_text_device),
        ON_EACH_STORE(test_more_and_less),
        ON_EACH_STORE(test_text_journal)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_notes");
}
