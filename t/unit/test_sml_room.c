/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Items larger than a device's MaxObjSize: it gets them without what makes
 * them so large, the store keeps that, and a device with more room gets it.
 */
#include "sml_poor.h"

static const described_t speaks[] = {
    { "./contacts", "text/x-vcard", "2.1", NULL },
    { "./calendar", "text/x-vcalendar", "1.0", NULL },
    { NULL, NULL, NULL, NULL }
};

/** @param size  of the picture in base64, in octets */
static const char *picture(apr_size_t size)
{
    char *text = apr_palloc(w->pool, size + 1);
    apr_size_t i;

    for (i = 0; i < size; i++) {
        text[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop0123456789+/ab"
                  "cdefgh"[(i * 7 + i / 64) % 62];
    }
    text[size] = '\0';
    return text;
}

static const char *card_with(const char *name, const char *photo)
{
    return apr_pstrcat(w->pool, "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:", name,
                       "\r\nN:", name, ";Ann;;;\r\nFN:Ann ", name,
                       "\r\nTEL;TYPE=CELL:+491\r\nNOTE:short\r\n"
                       "PHOTO;ENCODING=b;TYPE=JPEG:", photo,
                       "\r\nEND:VCARD\r\n", NULL);
}

/** A text as one line of the store, without its folding. */
static const char *flat(const char *text)
{
    char *out = apr_palloc(w->pool, strlen(text) + 1), *to = out;

    for (; *text != '\0'; text++) {
        if (text[0] == '\r' && text[1] == '\n' && text[2] == ' ') {
            text += 2;
            continue;
        }
        *to++ = *text;
    }
    *to = '\0';
    return out;
}

/** The store's item with that word in it, flat. */
static const char *stored_with(const char *word)
{
    world_items_t list = { 0 };
    int i;

    world_list(&list, w->account, "contacts");
    for (i = 0; i < list.texts->nelts; i++) {
        const char *text = APR_ARRAY_IDX(list.texts, i, const char *);

        if (strstr(text, word) != NULL) {
            return flat(text);
        }
    }
    fail_msg("nothing has %s", word);
    return "";
}

static void a_photo(client_t *c, apr_size_t small)
{
    const char *large = picture(200000);
    client_item_t *card;

    c->chunk = 10000;
    /* It can hold pictures, and has sent one. */
    client_put(c, "contacts", "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Own;;;;\r\n"
               "PHOTO;ENCODING=BASE64;JPEG:\r\n AAAA\r\n\r\nEND:VCARD\r\n");
    c->ph->max_obj = small;
    world_put("contacts", 0, card_with("Large", large));
    SYNCED(c, client_sync(c, 200, "contacts"));
    card = client_find(c, "contacts", "+491");
    assert_non_null(card);
    assert_null(strstr(card->text, "PHOTO"));
    assert_non_null(strstr(card->text, "short"));
    assert_true(strlen(card->text) <= small);
    assert_false(world_logged("larger than its MaxObjSize"));
    world_quiet(c, "contacts");

    client_edit(c, card, with(card->text, "+491", "+4917"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored_with("+4917"), large));
    world_quiet(c, "contacts");

    /* In a slow sync, too. */
    SYNCED(c, client_sync(c, 201, "contacts"));
    assert_int_equal(world_count("contacts"), 2);
    assert_non_null(strstr(stored_with("+4917"), large));

    /* There is room for it now. */
    c->ph->max_obj = 400000;
    SYNCED(c, client_sync(c, 200, "contacts"));
    card = client_find(c, "contacts", "+4917");
    assert_non_null(strstr(card->text, "PHOTO"));
    assert_true(strlen(card->text) > 200000);
    world_quiet(c, "contacts");

    /* And less again: it has it all the same, nothing goes back and forth. */
    c->ph->max_obj = small;
    world_quiet(c, "contacts");
    assert_non_null(strstr(client_find(c, "contacts", "+4917")->text,
                           "PHOTO"));
    client_edit(c, card, with(card->text, "+4917", "+4918"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(stored_with("+4918"), large));
}

static client_t *s60_of_12(void)
{
    client_t *c = s60("Maker", speaks);

    c->ph->version = CODEC_V12;
    c->counts_less = 1;
    return c;
}

static void test_photo(void **state)
{
    a_photo(s60_of_12(), 32000);
}

static void test_photo_without_conversion(void **state)
{
    client_t *c = world_phone("IMEI:1");

    c->counts_less = 1;
    a_photo(c, 32000);
}

/* What may be cut is cut; the end stays, whatever is done to the beginning. */
static void test_note(void **state)
{
    client_t *c = s60_of_12();
    client_item_t *card;
    const char *text;

    c->ph->max_obj = 2000;
    world_put("contacts", 0, with(world_large_card("Long", 30000),
                                  "NOTE:", "NOTE:Begin "));
    SYNCED(c, client_sync(c, 200, "contacts"));
    card = client_find(c, "contacts", "Begin ");
    assert_non_null(card);
    assert_true(strlen(card->text) <= 2000);
    assert_true(strlen(card->text) > 1000);
    world_quiet(c, "contacts");
    client_edit(c, card, with(card->text, "Begin ", "Edited "));
    SYNCED(c, client_sync(c, 200, "contacts"));
    text = flat(stored("contacts"));
    assert_non_null(strstr(text, "NOTE:Edited abc"));
    assert_null(strstr(text, "Begin"));
    assert_true(strlen(text) > 30000);
    assert_int_equal(strlen(text),
                     strlen(with(world_large_card("Long", 30000), "NOTE:",
                                 "NOTE:Edited ")));
    /* A number besides. */
    card = client_find(c, "contacts", "Edited ");
    client_edit(c, card, with(card->text, "END:", "TEL:+49\r\nEND:"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    text = flat(stored("contacts"));
    assert_non_null(strstr(text, "+49"));
    assert_true(strlen(text) > 30000);
}

static void test_event(void **state)
{
    client_t *c = s60_of_12();
    const char *large = picture(50000);
    client_item_t *event;

    c->ph->max_obj = 3000;
    world_put("calendar", 0, apr_pstrcat(
        w->pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"
        "BEGIN:VEVENT\r\nUID:e\r\nDTSTART:20270104T100000Z\r\n"
        "DTEND:20270104T110000Z\r\nSUMMARY:Plan\r\nATTACH;ENCODING=BASE64;"
        "VALUE=BINARY:", large, "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", NULL));
    SYNCED(c, client_sync(c, 200, "calendar"));
    event = client_find(c, "calendar", "Plan");
    assert_non_null(event);
    assert_true(strlen(event->text) <= 3000);
    client_edit(c, event, with(event->text, "Plan", "Plans"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_non_null(strstr(flat(stored("calendar")), large));
    assert_non_null(strstr(stored("calendar"), "SUMMARY:Plans"));
}

static const described_t no_cuts[] = {
    { "./contacts", "text/x-vcard", "2.1",
      "BEGIN VERSION N TEL NOTE=20! TITLE=20 END" },
    { NULL, NULL, NULL, NULL }
};

/* What a device wants whole or not at all, and has no room for: it stays in
 * the store, and an edit of something else is one. */
static void test_no_truncate(void **state)
{
    client_t *c = s60("Maker", no_cuts);
    const char *full = "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nN:B;A;;;\r\n"
        "FN:A B\r\nTEL:+491\r\nNOTE:More than twenty octets\r\n"
        "TITLE:More than twenty octets\r\nEND:VCARD\r\n";
    client_item_t *card;

    c->ph->version = CODEC_V12;
    world_put("contacts", 0, full);
    SYNCED(c, client_sync(c, 200, "contacts"));
    card = item_of(c, "contacts");
    assert_null(strstr(card->text, "NOTE"));
    assert_non_null(strstr(card->text, "TITLE:More than twenty octets"));
    client_edit(c, card, with(card->text, "+491", "+4917"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    edited("contacts", full, "+491", "+4917");
    world_quiet(c, "contacts");
    /* One that fits is sent. */
    world_put("contacts", world_find("contacts", "+4917"),
              with(full, "NOTE:More than twenty octets", "NOTE:Short"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(strstr(item_of(c, "contacts")->text, "NOTE:Short"));
}

/* ---- long texts ------------------------------------------------------------- */

static const char *described_as(const char *uid, const char *text)
{
    return apr_pstrcat(w->pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
                       "PRODID:-//x//y\r\nBEGIN:VEVENT\r\nUID:", uid,
                       "\r\nDTSTAMP:20260101T000000Z\r\nSUMMARY:", uid,
                       "\r\nDTSTART:20260701T080000Z\r\n"
                       "DTEND:20260701T090000Z\r\nDESCRIPTION:", text,
                       "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
}

/** The phone's copy, its description cut. @param qp  quoted-printable */
static void cut_description(client_t *c, const char *uid, const char *qp)
{
    client_edit(c, client_find(c, "calendar",
                               apr_pstrcat(w->pool, "SUMMARY:", uid, NULL)),
                apr_pstrcat(w->pool, "BEGIN:VCALENDAR\r\nVERSION:1.0\r\n"
                            "BEGIN:VEVENT\r\nSUMMARY:", uid,
                            "\r\nDTSTART:20260701T080000Z\r\n"
                            "DTEND:20260701T090000Z\r\n"
                            "DESCRIPTION;ENCODING=QUOTED-PRINTABLE:", qp,
                            "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", NULL));
}

static void stays(const char *uid, const char *text)
{
    world_items_t list = { 0 };
    int i;

    world_list(&list, w->account, "calendar");
    for (i = 0; i < list.texts->nelts; i++) {
        const char *is = flat(APR_ARRAY_IDX(list.texts, i, const char *));

        if (strstr(is, apr_pstrcat(w->pool, "UID:", uid, NULL)) != NULL) {
            assert_string_equal(is, flat(described_as(uid, text)));
        }
    }
}

#define FORTY "Forty characters of a text one by one it "
#define LINES "Of \\nthese \\nmany \\nlines \\n" FORTY "are some blank at ends"
#define BLANK FORTY "and forty of those: the last is no more     "

/** It has place for 82 characters, whatever stands at the ends of lines, and
 * whether white space stands where it cuts. */
static void test_cut_at_white_space(void **state)
{
    client_t *c = s60("Maker", speaks);

    world_put("calendar", 0, described_as("one", FORTY FORTY "and more"));
    world_put("calendar", 0, described_as("two", LINES));
    world_put("calendar", 0, described_as("three", BLANK "and"));
    SYNCED(c, client_sync(c, 205, "calendar"));
    cut_description(c, "one", FORTY "Forty characters of a text one by one it=20");
    cut_description(c, "two", "Of =0D=0Athese =0D=0Amany =0D=0Alines =0D=0A=\r\n"
                    FORTY "are some blank at");
    cut_description(c, "three", FORTY "and forty of those: the last is no more=20");
    SYNCED(c, client_sync(c, 200, "calendar"));
    stays("one", FORTY FORTY "and more");
    stays("two", LINES);
    stays("three", BLANK "and");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_photo),
        ON_EACH_STORE(test_photo_without_conversion),
        ON_EACH_STORE(test_note),
        ON_EACH_STORE(test_event),
        ON_EACH_STORE(test_no_truncate),
        ON_EACH_STORE(test_cut_at_white_space)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_room");
}
