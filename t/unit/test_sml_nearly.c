/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine and devices that speak the store's own formats, or nearly so:
 * what they write in the way of others is read as it is meant.
 */
#include "sml_poor.h"

#define CARD(lines) "BEGIN:VCARD\r\nVERSION:3.0\r\n" lines "END:VCARD\r\n"

/* Phones that write 2.1's encodings into what they say is 3.0. */
static void test_encoded(void **state)
{
    client_t *c = world_phone("IMEI:1");

    client_store(c, "contacts")->type = "text/vcard";
    client_put(c, "contacts",
        CARD("N;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:M=C3=BCller;Jo;;;\r\n"
             "FN;CHARSET=ISO-8859-1:Jo M\xfcller\r\n"
             "NOTE;ENCODING=QUOTED-PRINTABLE:one=0D=0A=\r\ntwo, and=\r\n"
             "TEL:3\r\nTEL;TYPE=CELL:+491\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"),
        CARD("N:M\xc3\xbcller;Jo;;;\r\nFN:Jo M\xc3\xbcller\r\n"
             "NOTE:one\\ntwo, andTEL:3\r\nTEL;TYPE=CELL:+491\r\n"));
    /* Nothing of that is an edit. */
    client_edit(c, item_of(c, "contacts"),
                with(item_of(c, "contacts")->text, "+491", "+492"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"),
        CARD("N:M\xc3\xbcller;Jo;;;\r\nFN:Jo M\xc3\xbcller\r\n"
             "NOTE:one\\ntwo, andTEL:3\r\nTEL;TYPE=CELL:+492\r\n"));
}

/* So it is with a card in a card. */
static void test_nested(void **state)
{
    client_t *c = world_phone("IMEI:1");

    client_store(c, "contacts")->type = "text/vcard";
    client_put(c, "contacts",
        CARD("N:Berg;Ann;;;\r\nFN:Ann Berg\r\nAGENT:BEGIN:VCARD\r\n"
             "VERSION:3.0\r\nFN:Bo\r\nEND:VCARD\r\nTEL:+493\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"),
        CARD("N:Berg;Ann;;;\r\nFN:Ann Berg\r\nAGENT:BEGIN:VCARD\\nVERSION:3.0"
             "\\nFN:Bo\\nEND:VCARD\\n\r\nTEL:+493\r\n"));
    world_quiet(c, "contacts");
}

/* One that is cut off in that is kept as it came. */
static void test_nested_end(void **state)
{
    client_t *c = world_phone("IMEI:1");
    const char *cut = CARD("N:Berg;Ann;;;\r\nFN:Ann Berg\r\n"
                           "AGENT:BEGIN:VCARD\r\nTEL:+493\r\n");

    client_store(c, "contacts")->type = "text/vcard";
    client_put(c, "contacts", cut);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), cut);
}

/* A picture in a URI is one to a phone of the store's own form, too. */
static void test_data_uri(void **state)
{
    client_t *c = world_phone("IMEI:1");
    const char *store = CARD("N:Doe;Jo;;;\r\nFN:Jo Doe\r\nTEL:+491\r\n"
                             "PHOTO;VALUE=uri:data:image/png;base64,iVBOR\r\n");
    const char *photo = "PHOTO;TYPE=PNG;ENCODING=b:iVBOR\r\n";

    client_store(c, "contacts")->type = "text/vcard";
    world_put("contacts", 0, store);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(item_of(c, "contacts")->text, photo));
    client_edit(c, item_of(c, "contacts"),
                with(item_of(c, "contacts")->text, "+491", "+492"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_string_equal(stored("contacts"), with(store, "+491", "+492"));
    /* It has sent one as large: so this one is deleted. */
    client_edit(c, item_of(c, "contacts"),
                with(item_of(c, "contacts")->text, photo, ""));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_null(strstr(stored("contacts"), "PHOTO"));
}

/* What does not say of which version it is is taken for what it looks like. */
static void test_no_version(void **state)
{
    client_t *c = world_phone("IMEI:1");

    client_store(c, "contacts")->type = "text/vcard";
    client_put(c, "contacts", "BEGIN:VCARD\r\nN:Berg;Anna\r\n"
               "TEL;TYPE=CELL:+491\r\nEND:VCARD\r\n");
    client_add_store(c, "calendar", "text/calendar");
    client_put(c, "calendar", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
               "SUMMARY:Tea\r\nDTSTART:20261201T150000Z\r\nEND:VEVENT\r\n"
               "END:VCALENDAR\r\n");
    SYNCED(c, client_sync(c, 200, "contacts calendar"));
    assert_non_null(strstr(stored("contacts"), "VERSION:3.0\r\n"));
    assert_non_null(strstr(stored("contacts"), "TEL;TYPE=CELL:+491\r\n"));
    assert_string_equal(stored("calendar"), "BEGIN:VCALENDAR\r\n"
        "VERSION:2.0\r\nBEGIN:VEVENT\r\nSUMMARY:Tea\r\n"
        "DTSTART:20261201T150000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_encoded),
        ON_EACH_STORE(test_nested),
        ON_EACH_STORE(test_nested_end),
        ON_EACH_STORE(test_data_uri),
        ON_EACH_STORE(test_no_version)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_nearly");
}
