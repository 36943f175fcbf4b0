/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Short fields: what is put back, and what is an edit; the formats' names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_form.h"
#include "item/item_limits.h"

static apr_pool_t *pool;

#define CARD(lines) "BEGIN:VCARD\r\nVERSION:3.0\r\n" lines "END:VCARD\r\n"

static item_limits_t limits_of(const char *name, apr_size_t size, int any)
{
    item_limits_t limits = { NULL, any, NULL };

    if (name) {
        limits.sizes = apr_hash_make(pool);
        apr_hash_set(limits.sizes, name, APR_HASH_KEY_STRING,
                     apr_pmemdup(pool, &size, sizeof(size)));
    }
    return limits;
}

static void check(const item_limits_t *limits, const char *had,
                  const char *is, const char *want, int n)
{
    item_text_t a = { had, strlen(had) }, b = { is, strlen(is) }, out;

    assert_int_equal(item_uncut("", &a, &b, limits, &out, pool), n);
    assert_string_equal(apr_pstrmemdup(pool, out.data, out.len), want);
}

static void test_known_length(void **state)
{
    item_limits_t ten = limits_of("TITLE", 10, 0);

    check(&ten, CARD("N:A\r\nTITLE:Head of all things\r\n"),
          CARD("N:A\r\nTITLE:Head of al\r\n"),
          CARD("N:A\r\nTITLE:Head of all things\r\n"), 1);
    /* The space at the end went, too. */
    check(&ten, CARD("N:A\r\nTITLE:Head ofxx things\r\n"),
          CARD("N:A\r\nTITLE:Head ofxx\r\n"),
          CARD("N:A\r\nTITLE:Head ofxx things\r\n"), 1);
    /* Shorter than the field: somebody has cut it himself. */
    check(&ten, CARD("N:A\r\nTITLE:Head of all things\r\n"),
          CARD("N:A\r\nTITLE:Head\r\n"), CARD("N:A\r\nTITLE:Head\r\n"), 0);
    /* Not the beginning of what it had. */
    check(&ten, CARD("N:A\r\nTITLE:Head of all things\r\n"),
          CARD("N:A\r\nTITLE:Feet of al\r\n"),
          CARD("N:A\r\nTITLE:Feet of al\r\n"), 0);
    /* Another property's length is not known. */
    check(&ten, CARD("N:A\r\nROLE:Head of all things\r\n"),
          CARD("N:A\r\nROLE:Head of al\r\n"),
          CARD("N:A\r\nROLE:Head of al\r\n"), 0);
    /* Ten characters are more octets. */
    check(&ten, CARD("N:A\r\nTITLE:\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                     "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\r\n"),
          CARD("N:A\r\nTITLE:\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
               "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\r\n"),
          CARD("N:A\r\nTITLE:\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
               "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\r\n"), 1);
}

static void test_parts(void **state)
{
    item_limits_t ten = limits_of("N", 10, 0);

    check(&ten, CARD("N:Sachsen;Maria-Theresia;X;;\r\n"),
          CARD("N:Sachsen;Maria-Ther;X\r\n"),
          CARD("N:Sachsen;Maria-Theresia;X;;\r\n"), 1);
    /* One part is cut, another one edited: an edit. */
    check(&ten, CARD("N:Sachsen;Maria-Theresia;X;;\r\n"),
          CARD("N:Saxony;Maria-Ther;X\r\n"),
          CARD("N:Saxony;Maria-Ther;X\r\n"), 0);
}

static void test_unknown_lengths(void **state)
{
    item_limits_t any = limits_of(NULL, 0, 1);

    check(&any, CARD("N:A\r\nORG:A company of many words\r\n"),
          CARD("N:A\r\nORG:A company of\r\n"),
          CARD("N:A\r\nORG:A company of many words\r\n"), 1);
    check(&any, CARD("N:A\r\nORG:A company\r\n"), CARD("N:A\r\nORG:A com\r\n"),
          CARD("N:A\r\nORG:A com\r\n"), 0);
    /* A time that is shorter is another one. */
    check(&any, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
          "DTSTART:20261128T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
          "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
          "DTSTART:20261128T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
          "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
          "DTSTART:20261128T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n", 0);
    /* Of two values each has its own. */
    check(&any, CARD("N:A\r\nEMAIL:a-long-address-of@example.org\r\n"
                     "EMAIL:a-long-address-to@example.org\r\n"),
          CARD("N:A\r\nEMAIL:a-long-address-o\r\nEMAIL:a-long-address-t\r\n"),
          CARD("N:A\r\nEMAIL:a-long-address-of@example.org\r\n"
               "EMAIL:a-long-address-to@example.org\r\n"), 2);
}

#define MANY  4000              /* lines of a name; what all pairs of them hold
                                 * is gigabytes */

/** A card of a title and many lines of one name. */
static const char *many_lines(const char *title, const char *value)
{
    char *text = apr_palloc(pool, MANY * 64 + 256), *w = text;
    int i;

    w += sprintf(w, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:A\r\nTITLE:%s\r\n",
                 title);
    for (i = 0; i < MANY; i++)
        w += sprintf(w, "X-A:%s\\, of a size %d\r\n", value, i);
    strcpy(w, "END:VCARD\r\n");
    return text;
}

static void test_many_lines(void **state)
{
    item_limits_t ten = limits_of("TITLE", 10, 0);
    item_limits_t any = limits_of(NULL, 0, 1);

    check(&ten, many_lines("Head of all things", "this"),
          many_lines("Head of al", "this"),
          many_lines("Head of all things", "this"), 1);
    check(&any, many_lines("Head of all the things", "this"),
          many_lines("Head of all the", "other"),
          many_lines("Head of all the things", "other"), 1);
}

static void test_end_of_a_note(void **state)
{
    item_limits_t ten = limits_of("NOTE", 20, 0);

    check(&ten, CARD("N:A\r\nNOTE:0123456789 abcdefghi, and more\\nend\r\n"),
          CARD("N:A\r\nNOTE:0123456789 ABCdefghi\r\n"),
          CARD("N:A\r\nNOTE:0123456789 ABCdefghi\\, and more\\nend\r\n"), 1);
    check(&ten, CARD("N:A\r\nNOTE:0123456789 abcdefghi, and more\r\n"),
          CARD("N:A\r\nNOTE:something else\r\n"),
          CARD("N:A\r\nNOTE:something else\r\n"), 0);
    check(&ten, CARD("N:A\r\nNOTE:0123456789 abcdefghi, and more\r\n"),
          CARD("N:A\r\n"), CARD("N:A\r\n"), 0);
}

static void test_large_values(void **state)
{
    item_limits_t eight = limits_of("PHOTO", 8, 0);
    const char *text = CARD("N:A\r\nPHOTO;ENCODING=b:QUJDREVGR0g=\r\n"
                            "KEY;ENCODING=b:QUJDREVGR0g=\r\n"), *data = text;
    apr_size_t len = strlen(text);

    assert_int_equal(item_without_large("", &data, &len, &eight, pool),
                     APR_SUCCESS);
    assert_string_equal(apr_pstrmemdup(pool, data, len),
                        CARD("N:A\r\nKEY;ENCODING=b:QUJDREVGR0g=\r\n"));
    data = text = CARD("N:A\r\nPHOTO;ENCODING=b:QUJDRA==\r\n");
    len = strlen(text);
    assert_int_equal(item_without_large("", &data, &len, &eight, pool),
                     APR_SUCCESS);
    assert_ptr_equal(data, text);
}

/* ---- formats --------------------------------------------------------------- */

static void is_format(const char *type, const char *text, item_format_e want)
{
    assert_int_equal(item_format_recognise(type, text, strlen(text)), want);
}

static void test_formats(void **state)
{
    int f;

    for (f = ITEM_FORMAT_VCARD21; f <= ITEM_FORMAT_TEXT; f++) {
        item_format_e format = (item_format_e)f;

        assert_int_equal(item_format_named(item_format_name(format)), f);
        assert_int_equal(item_format_parse(item_format_type(format),
                                           item_format_version(format)), f);
    }
    assert_int_equal(item_format_named("VCARD21"), ITEM_FORMAT_VCARD21);
    assert_int_equal(item_format_named("as-is"), ITEM_FORMAT_AS_IS);
    assert_int_equal(item_format_parse("Text/X-vCard; charset=UTF-8", NULL),
                     ITEM_FORMAT_VCARD21);
    assert_int_equal(item_format_parse("text/x-vcard", "3.0"),
                     ITEM_FORMAT_VCARD30);
    assert_int_equal(item_format_parse("text/x-vcard", "5.0"),
                     ITEM_FORMAT_AS_IS);
    assert_int_equal(item_format_parse("text/x-vcardx", NULL),
                     ITEM_FORMAT_AS_IS);
    assert_null(item_format_type(ITEM_FORMAT_AS_IS));
}

static void test_recognising(void **state)
{
    is_format("text/vcard", "BEGIN:VCARD\r\nVERSION:2.1\r\n",
              ITEM_FORMAT_VCARD21);
    is_format(NULL, "\xef\xbb\xbf\n begin:vcard\nversion : 3.0 \n",
              ITEM_FORMAT_VCARD30);
    is_format("text/x-vcard", "BEGIN:VCARD\nN:A\nVERSION:4.0",
              ITEM_FORMAT_VCARD40);
    is_format("text/x-vcard", "BEGIN:VCARD\nN:A\nEND:VCARD",
              ITEM_FORMAT_VCARD21);
    is_format("text/calendar", "BEGIN:VCALENDAR\nVERSION:1.0\n",
              ITEM_FORMAT_VCAL10);
    is_format("text/x-vcalendar", "BEGIN:VCALENDAR\nPRODID:x\nVERSION:2.0\n",
              ITEM_FORMAT_ICAL20);
    is_format("", "<?xml version=\"1.0\"?>\n<!-- x -->\n<contact>",
              ITEM_FORMAT_SIFC);
    is_format("text/x-s4j-sifc", "<appointment >", ITEM_FORMAT_SIFE);
    is_format("text/x-s4j-sifn", "<other>", ITEM_FORMAT_SIFN);
    is_format(NULL, "BEGIN:VNOTE\r\n", ITEM_FORMAT_VNOTE);
    is_format("text/plain", "BEGIN:VCARD\r\nVERSION:3.0\r\n",
              ITEM_FORMAT_TEXT);
    is_format(NULL, "anything", ITEM_FORMAT_TEXT);
    is_format("image/png", "anything", ITEM_FORMAT_AS_IS);
}

/** VERSION is put in where there is none, not where it is folded, as Mozilla's
 * calendar does. */
static void test_versions(void **state)
{
#define EVENT(version) "BEGIN:VCALENDAR\r\n" version "BEGIN:VEVENT\r\n" \
    "UID:1\r\nDTSTART:20260301T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    static const char *const came[][2] = {
        { EVENT(""), EVENT("VERSION:2.0\r\n") },
        { EVENT("VERSION\r\n :2.0\r\n"), EVENT("VERSION\r\n :2.0\r\n") },
        { EVENT("VERSION\n :2.0\n"), EVENT("VERSION\n :2.0\n") }
    };
    item_form_t form;
    unsigned i;

    memset(&form, 0, sizeof(form));
    form.format = ITEM_FORMAT_ICAL20;
    for (i = 0; i < sizeof(came) / sizeof(came[0]); i++) {
        item_text_t in = { came[i][0], strlen(came[i][0]) }, out;
        const char *type = "text/calendar";

        assert_int_equal(item_import(&form, &type, &in, NULL, &out, pool),
                         APR_SUCCESS);
        assert_string_equal(apr_pstrmemdup(pool, out.data, out.len),
                            came[i][1]);
    }
#undef EVENT
}

/* What the device wants whole or not at all. */
static void test_whole(void **state)
{
    item_limits_t ten = limits_of("NOTE", 10, 0);
    const char *text = CARD("N:Somebody of ten;B\r\nNOTE:0123456789a\r\n"
                            "TEL:1\r\n");
    const char *fits = CARD("N:A\r\nNOTE:01234567\\,\\n\r\n");
    const char *data = text;
    apr_size_t len = strlen(text);

    assert_int_equal(item_without_large("", &data, &len, &ten, pool),
                     APR_SUCCESS);
    assert_string_equal(data, text);            /* it may cut it */
    ten.whole = apr_hash_make(pool);
    apr_hash_set(ten.whole, "NOTE", APR_HASH_KEY_STRING, "");
    assert_int_equal(item_without_large("", &data, &len, &ten, pool),
                     APR_SUCCESS);
    assert_string_equal(data, CARD("N:Somebody of ten;B\r\nTEL:1\r\n"));
    data = fits;
    len = strlen(fits);
    assert_int_equal(item_without_large("", &data, &len, &ten, pool),
                     APR_SUCCESS);
    assert_string_equal(data, fits);
    /* Nothing is without a name. */
    ten = limits_of("N", 10, 0);
    ten.whole = apr_hash_make(pool);
    apr_hash_set(ten.whole, "N", APR_HASH_KEY_STRING, "");
    data = text;
    len = strlen(text);
    assert_int_equal(item_without_large("", &data, &len, &ten, pool),
                     APR_SUCCESS);
    assert_string_equal(data, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_known_length),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_unknown_lengths),
        cmocka_unit_test(test_many_lines),
        cmocka_unit_test(test_end_of_a_note),
        cmocka_unit_test(test_large_values),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_recognising),
        cmocka_unit_test(test_versions)
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests_name("item_limits", tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
