/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Values of properties, reduced items, and differences for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item.h"
#include "item/item_edit.h"

static apr_pool_t *pool;

static char *card(const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCARD\r\nVERSION:3.0\r\n", body,
                       "END:VCARD\r\n", NULL);
}

static char *calendar(const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n", body,
                       "END:VCALENDAR\r\n", NULL);
}

/* ---- values --------------------------------------------------------------- */

static const char *values(const char *data, const char *name)
{
    return apr_array_pstrcat(pool, item_values(NULL, data, strlen(data), name,
                                               pool), '|');
}

static void test_values(void **state)
{
    const char *text;

    (void)state;
    text = card("N:Miller;Anna;;;\r\nTEL:1\r\nitem1.tel;TYPE=HOME:2\r\n"
                "NOTE:a\\, b\\nc\r\n d\r\nCATEGORIES:x,y\\,z\r\n"
                "CATEGORIES:w\r\nEMAIL:\r\n");
    assert_string_equal(values(text, "TEL"), "1|2");
    assert_string_equal(values(text, "tel"), "1|2");
    assert_string_equal(values(text, "N"), "Miller;Anna;;;");
    assert_string_equal(values(text, "NOTE"), "a, b\ncd");
    assert_string_equal(values(text, "CATEGORIES"), "x|y,z|w");
    assert_string_equal(values(text, "EMAIL"), "");
    assert_string_equal(values(text, "FN"), "");
    text = calendar("BEGIN:VTIMEZONE\r\nTZID:a\r\nDTSTART:1\r\n"
                    "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nSUMMARY:one\r\n"
                    "BEGIN:VALARM\r\nSUMMARY:no\r\nEND:VALARM\r\n"
                    "END:VEVENT\r\nBEGIN:VEVENT\r\nSUMMARY:two\r\n"
                    "DTSTART:20200101\r\nEND:VEVENT\r\n");
    assert_string_equal(values(text, "SUMMARY"), "one|two");
    assert_string_equal(values(text, "DTSTART"), "20200101");
    assert_string_equal(values(text, "VERSION"), "");
    assert_string_equal(values("\n Title \nmore\n", "SUMMARY"), "Title");
    assert_string_equal(values("Title\r\nmore\r\n", "Body"), "Title\nmore");
    assert_string_equal(values("Title", "NOTE"), "");
    assert_string_equal(values("BEGIN:VCARD\nN:A\n", "N"), "");
}

/* ---- reduction ------------------------------------------------------------ */

static apr_status_t reduce(const char **text, apr_size_t limit)
{
    apr_size_t len = strlen(*text);
    const char *before = *text;
    item_keys_t keys;
    apr_status_t rv = item_reduce(NULL, text, &len, limit, pool);

    if (rv != APR_SUCCESS) {
        assert_ptr_equal(*text, before);
        return rv;
    }
    assert_true(len <= limit);
    *text = apr_pstrmemdup(pool, *text, len);
    assert_int_equal(item_keys(&keys, NULL, *text, len, pool), APR_SUCCESS);
    return APR_SUCCESS;
}

static char *filler(apr_size_t n, const char *unit)
{
    char *text = apr_palloc(pool, n + 8);
    apr_size_t len = 0;

    while (len < n) {
        memcpy(text + len, unit, strlen(unit));
        len += strlen(unit);
    }
    text[len] = '\0';
    return text;
}

static void test_reduce(void **state)
{
    const char *photo = apr_pstrcat(pool, "PHOTO;ENCODING=b:",
                                    filler(4000, "AAAA"), "\r\n", NULL);
    const char *note = apr_pstrcat(pool, "NOTE:", filler(2000, "\xc3\xa9x"),
                                   "\r\n", NULL);
    const char *text, *all;
    apr_size_t limit, len;

    (void)state;
    all = text = card(apr_pstrcat(pool, "N:A;B\r\n", photo, note,
                                  "TEL:1\r\n", NULL));
    len = strlen(all);
    assert_int_equal(item_reduce(NULL, &text, &len, len, pool), APR_SUCCESS);
    assert_ptr_equal(text, all);
    assert_int_equal(len, strlen(all));
    /* The picture goes first, whole. */
    assert_int_equal(reduce(&text, strlen(all) - 1), APR_SUCCESS);
    assert_string_equal(text, card(apr_pstrcat(pool, "N:A;B\r\n", note,
                                               "TEL:1\r\n", NULL)));
    /* Then the text is cut, as little as need be, between characters. */
    text = all;
    assert_int_equal(reduce(&text, 1000), APR_SUCCESS);
    assert_true(strlen(text) > 950);
    assert_null(strstr(text, "PHOTO"));
    assert_non_null(strstr(text, "\r\nNOTE:\xc3\xa9x\xc3\xa9"));
    assert_non_null(strstr(text, "TEL:1\r\n"));
    /* At last all that can go is gone. */
    for (limit = 900; limit > 0; limit--) {
        text = all;
        if (reduce(&text, limit) != APR_SUCCESS)
            break;
    }
    assert_int_equal(limit, strlen(card("N:A;B\r\nTEL:1\r\n")) - 1);
    text = all;
    assert_int_equal(reduce(&text, limit), ITEM_ELIMIT);
    text = card("N:A;B\r\nX-LONG:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n");
    assert_int_equal(reduce(&text, strlen(text) - 1), APR_SUCCESS);
    assert_string_equal(text, card("N:A;B\r\n"));
}

static void test_reduce_others(void **state)
{
    const char *text;

    (void)state;
    text = calendar(apr_pstrcat(pool, "BEGIN:VEVENT\r\nSUMMARY:a\r\n"
                                "DESCRIPTION:", filler(600, "\\,"),
                                "\r\nATTACH:cid:1\r\nEND:VEVENT\r\n", NULL));
    assert_int_equal(reduce(&text, 300), APR_SUCCESS);
    assert_null(strstr(text, "ATTACH"));
    assert_non_null(strstr(text, "\\,\r\nEND:VEVENT"));
    text = "ab\xc3\xa9";
    assert_int_equal(reduce(&text, 3), APR_SUCCESS);
    assert_string_equal(text, "ab");
    text = "BEGIN:VCARD\n";
    assert_int_equal(reduce(&text, 3), ITEM_EMALFORMED);
}

/* ---- differences ---------------------------------------------------------- */

static const char *diff(const char *a, const char *b)
{
    return item_diff(NULL, a, strlen(a), NULL, b, strlen(b), pool);
}

static void test_diff(void **state)
{
    (void)state;
    assert_string_equal(diff(card("N:A;B\r\nTEL:+49 1\r\n"),
                             card("TEL:+491\r\nN:A;B;;;\r\n")), "");
    assert_string_equal(
        diff(card("N:A;B\r\nTEL;TYPE=HOME:1\r\nNOTE:a\\nb\r\n"),
             card("N:A;C\r\nTEL;TYPE=WORK:1\r\nX-A:1\r\nNOTE:a\\nb\r\n")),
        "- N: A;B\n- TEL;TYPE=HOME: 1\n+ N: A;C\n+ TEL;TYPE=WORK: 1\n"
        "+ X-A: 1\n");
    assert_string_equal(
        diff(calendar("BEGIN:VEVENT\r\nSUMMARY:a\r\nDTSTART:20200101\r\n"
                      "END:VEVENT\r\n"),
             calendar("BEGIN:VEVENT\r\nSUMMARY:a\r\n"
                      "DTSTART;VALUE=DATE:20200101\r\nBEGIN:VALARM\r\n"
                      "TRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n"
                      "BEGIN:VEVENT\r\nRECURRENCE-ID:20200102\r\n"
                      "SUMMARY:a\r\nEND:VEVENT\r\n")),
        "+ VALARM TRIGGER: -PT5M\n+ 20200102 RECURRENCE-ID: 20200102\n"
        "+ 20200102 SUMMARY: a\n");
    assert_string_equal(
        diff(card("N:A\r\nCATEGORIES:a,b,c\r\nCATEGORIES:,\r\n"),
             card("CATEGORIES:c\r\nN:A\r\nCATEGORIES:d,a\r\n")),
        "- CATEGORIES: b\n+ CATEGORIES: d\n");
    assert_string_equal(diff("a\nb\nc\n", "a\r\nB\r\nc"), "- b\n+ B\n");
    assert_string_equal(diff("BEGIN:VCARD\nN:A\n", card("N:A\r\n")),
                        "- BEGIN:VCARD\n+ VERSION: 3.0\n");
}

static void test_diff_is_short(void **state)
{
    char *text = apr_pcalloc(pool, 10000 * 8), *w = text;
    const char *out;
    int i, lines = 0;

    (void)state;
    for (i = 0; i < 10000; i++)
        w += apr_snprintf(w, 8, "%d\n", i);
    for (out = diff(text, filler(5000, "x")); *out; out++)
        lines += *out == '\n';
    assert_int_equal(lines, 200);
    out = diff("", filler(5000, "x"));
    assert_int_equal(strlen(out), 201);
}

/* ---- without some ---------------------------------------------------------- */

static const char *without(const char *data, const char *name)
{
    apr_hash_t *names = apr_hash_make(pool);
    apr_size_t len = strlen(data);

    apr_hash_set(names, name, APR_HASH_KEY_STRING, "");
    return item_without(data, &len, names, pool);
}

/* A label tells of the property of its group: alone it says nothing. */
static void test_without_label(void **state)
{
    const char *text = card("item1.X-ABDATE:20200131\r\n"
                            "item1.X-ABLabel:Moved in\r\n"
                            "ITEM2.TEL:+44 1\r\n"
                            "item2.X-ABDATE:20210131\r\n"
                            "item2.X-ABLabel:Boat\r\n");

    (void)state;
    assert_string_equal(without(text, "X-ABDATE"),
                        card("ITEM2.TEL:+44 1\r\n"
                             "item2.X-ABLabel:Boat\r\n"));
    assert_string_equal(without(text, "X-ABLABEL"),
                        card("item1.X-ABDATE:20200131\r\n"
                             "ITEM2.TEL:+44 1\r\n"
                             "item2.X-ABDATE:20210131\r\n"));
}

/* Apps put what they like into names. */
static void test_long_names(void **state)
{
    const char *name = "X-APP-0123456789012345678901234567890123456789"
                       "012345678901234567890123456789";
    const char *text = card(apr_pstrcat(pool, "TEL:1\r\n", name,
                                        ":kept\r\n", NULL));

    (void)state;
    assert_non_null(apr_hash_get(item_names(text, strlen(text), pool), name,
                                 APR_HASH_KEY_STRING));
    assert_string_equal(without(text, name), card("TEL:1\r\n"));
}

static int setup(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

#define TEST(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_values), TEST(test_reduce), TEST(test_reduce_others),
        TEST(test_diff), TEST(test_diff_is_short),
        TEST(test_without_label), TEST(test_long_names)
    };
    int rv;

    apr_initialize();
    rv = cmocka_run_group_tests_name("item tools", tests, NULL, NULL);
    apr_terminate();
    return rv;
}
