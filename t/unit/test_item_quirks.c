/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The quirks file: its grammar, its errors, whom a section means, and that a
 * file which changes is read anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_quirks_file.h"

static apr_pool_t *pool;

static item_quirks_t *parsed(const char *text)
{
    item_quirks_t *q;
    const char *error;
    apr_status_t rv = item_quirks_parse(&q, text, strlen(text), &error, pool);

    if (rv != APR_SUCCESS)
        fail_msg("%s", error);
    return q;
}

static void refused(const char *text, const char *why)
{
    item_quirks_t *q;
    const char *error;
    apr_status_t rv = item_quirks_parse(&q, text, strlen(text), &error, pool);

    assert_true(rv == ITEM_EMALFORMED || rv == ITEM_ELIMIT);
    assert_null(q);
    if (strstr(error, why) == NULL)
        fail_msg("\"%s\" is refused as: %s", text, error);
}

static item_traits_t traits_of(const item_quirks_t *q, const char *man,
                               const char *model)
{
    item_device_t d = { 0 };
    item_traits_t t;

    d.manufacturer = man;
    d.model = model;
    item_quirks_match(q, &d, &t, pool);
    return t;
}

static void test_grammar(void **state)
{
    item_quirks_t *q = parsed(
        "\xef\xbb\xbf# quirks\r\n\r\n[One]  # first\r\n"
        "match manufacturer Nokia \"Sony Ericsson\"\r\n"
        "\tmatch model N7? \"K\\\"7*\"\r\n"
        "alarm-absolute on\r\nclock local # by night\r\n"
        "[Two]\nmatch model N70\nclock utc-bare\nalarm-absolute off\n"
        "not-held contacts photo LOGO\nmax-length contacts Note 40\n"
        "format contacts vcard21\nformat calendar vcal10\nsan 1.1\n"
        "charset ISO-8859-1\ndays last-second\nsend-guid on");
    item_traits_t t = traits_of(q, "nokia", "n71");

    assert_int_equal(item_quirks_count(q), 2);
    assert_int_equal(t.sections->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(t.sections, 0, const char *), "One");
    assert_int_equal(t.habits, ITEM_HABIT_ALARM_ABSOLUTE);
    assert_int_equal(t.clock, ITEM_CLOCK_LOCAL);
    assert_int_equal(traits_of(q, "Sony Ericsson", "K\"750i").clock,
                     ITEM_CLOCK_LOCAL);
    assert_int_equal(traits_of(q, "Sony", "K\"750i").sections->nelts, 0);

    t = traits_of(q, "NOKIA", "N70");
    assert_int_equal(t.sections->nelts, 2);
    assert_int_equal(t.habits, 0);
    assert_int_equal(t.flags, ITEM_QUIRK_SEND_GUID);
    assert_int_equal(t.clock, ITEM_CLOCK_UTC_BARE);
    assert_int_equal(t.days, ITEM_DAYS_LAST_SECOND);
    assert_string_equal(t.charset, "ISO-8859-1");
    assert_string_equal(t.san, "1.1");
    assert_int_equal(t.formats[ITEM_CLASS_CONTACTS], ITEM_FORMAT_VCARD21);
    assert_int_equal(t.formats[ITEM_CLASS_CALENDAR], ITEM_FORMAT_VCAL10);
    assert_int_equal(t.formats[ITEM_CLASS_NOTES], ITEM_FORMAT_AS_IS);
    assert_int_equal(apr_hash_count(t.not_held[ITEM_CLASS_CONTACTS]), 2);
    assert_non_null(apr_hash_get(t.not_held[ITEM_CLASS_CONTACTS], "PHOTO",
                                 APR_HASH_KEY_STRING));
    assert_int_equal(*(apr_size_t *)apr_hash_get(
                         t.lengths[ITEM_CLASS_CONTACTS], "NOTE",
                         APR_HASH_KEY_STRING), 40);
    assert_null(t.not_held[ITEM_CLASS_CALENDAR]);
}

/* What one device's section adds to a list is no other device's. */
static void test_lists_are_their_own(void **state)
{
    item_quirks_t *q = parsed("[a]\nnot-held contacts PHOTO\n"
                              "[b]\nmatch model X\nnot-held contacts KEY\n"
                              "max-length contacts N 20\n");
    item_traits_t x = traits_of(q, "", "X"), other = traits_of(q, "", "Y");

    assert_int_equal(apr_hash_count(x.not_held[0]), 2);
    assert_int_equal(apr_hash_count(other.not_held[0]), 1);
    assert_null(other.lengths[0]);
    /* Nothing is known: no section at all. */
    other = traits_of(NULL, "", "");
    assert_int_equal(other.habits | other.flags, 0);
    assert_int_equal(other.sections->nelts, 0);
}

static void test_each_way_to_match(void **state)
{
    static const char *const names[] = {
        "manufacturer", "model", "firmware", "software", "hardware", "device",
        "syncml"
    };
    unsigned i;

    for (i = 0; i < 7; i++) {
        item_quirks_t *q = parsed(apr_psprintf(pool, "[x]\nmatch %s one "
                                               "t[vw]o*\nsend-guid on\n",
                                               names[i]));
        item_device_t d = { "", "", "", "", "", "", "" };
        const char **field = &d.manufacturer + i;
        item_traits_t t;

        item_quirks_match(q, &d, &t, pool);
        assert_int_equal(t.flags, 0);
        *field = "TWOfold";
        item_quirks_match(q, &d, &t, pool);
        assert_int_equal(t.flags, ITEM_QUIRK_SEND_GUID);
        *field = "one more";
        item_quirks_match(q, &d, &t, pool);
        assert_int_equal(t.flags, 0);
        *field = NULL;
        item_quirks_match(q, &d, &t, pool);
        assert_int_equal(t.flags, 0);
    }
}

static void test_errors(void **state)
{
    refused("clock utc\n", "line 1: a section has to begin");
    refused("\n\n[x\n", "line 3: a section begins with its name in brackets");
    refused("[]\n", "brackets");
    refused("[x] y\n", "brackets");
    refused("[x]\nmatch\n", "line 2: match wants manufacturer, model");
    refused("[x]\nmatch colour red\n", "match wants");
    refused("[x]\nmatch model\n", "match wants");
    refused("[x]\nalarm-absolute\n", "alarm-absolute wants on or off");
    refused("[x]\nalarm-absolute maybe\n", "alarm-absolute wants on or off");
    refused("[x]\nalarm-absolute on off\n", "wants on or off");
    refused("[x]\nflies on\n", "\"flies\" is not known; there are the flags "
            "alarm-absolute, ");
    refused("[x]\nclock later\n",
            "clock wants default, utc, utc-bare, local or local-z");
    refused("[x]\ndays\n", "days wants default, date, midnight or "
            "last-second");
    refused("[x]\ncharset \"a b\"\n", "charset wants the name of a character");
    refused("[x]\nsan 1.3\n", "san wants default, 1.1 or 1.2");
    refused("[x]\nformat contacts ical20\n", "format wants contacts");
    refused("[x]\nformat tasks\n", "format wants contacts");
    refused("[x]\nformat mail vcard21\n", "format wants contacts");
    refused("[x]\nnot-held contacts\n", "not-held wants contacts");
    refused("[x]\nnot-held contacts A;B\n", "not-held wants contacts");
    refused("[x]\nmax-length contacts NOTE\n", "max-length wants");
    refused("[x]\nmax-length contacts NOTE 0\n", "octets from 1 to 999999");
    refused("[x]\nmax-length contacts NOTE 1000000\n", "octets from 1");
    refused("[x]\nmatch model \"a\n", "the closing quotation mark");
    refused("[x]\nmatch model \"a\"b\n", "a blank is missing");
    refused(apr_pstrcat(pool, "[x]\nmatch model ",
                        "1234567890123456789012345678901234567890123456789"
                        "1234567890123456789012345678901234567890123456789"
                        "1234567890123456789012345678901\n", NULL),
            "a pattern is longer than 128");
}

static void test_settings_of_a_device(void **state)
{
    const char *const *name;
    const char *words[2], *error;
    item_traits_t t;
    int n = 0;

    item_traits_init(&t, pool);
    words[1] = "on";
    for (name = item_flag_names(); *name; name++, n++) {
        words[0] = *name;
        assert_int_equal(item_traits_flag(&t, *name), 0);
        assert_int_equal(item_traits_set(&t, words, 2, &error, pool), 1);
        assert_null(error);
        assert_int_equal(item_traits_flag(&t, *name), 1);
    }
    assert_int_equal(n, 29);
    assert_int_equal(t.habits, 0x3fffff);
    assert_int_equal(t.flags, 0x7f);
    words[0] = "bmp-only";
    words[1] = "off";
    assert_int_equal(item_traits_set(&t, words, 2, &error, pool), 1);
    assert_int_equal(t.habits, 0x3fffff & ~ITEM_HABIT_BMP_ONLY);
    words[0] = "charset";
    words[1] = "utf-8";
    assert_int_equal(item_traits_set(&t, words, 2, &error, pool), 1);
    assert_null(t.charset);
    assert_int_equal(item_traits_flag(&t, "no such"), 0);
}

/* ---- a file that changes -------------------------------------------------- */

static const char *said;

static void on_log(void *baton, int level, const char *text)
{
    said = apr_psprintf(pool, "%d %s", level, text);
}

static void put(const char *path, const char *text)
{
    apr_file_t *f;

    assert_int_equal(apr_file_open(&f, path, APR_FOPEN_WRITE
                                   | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE,
                                   APR_FPROT_OS_DEFAULT, pool), APR_SUCCESS);
    assert_int_equal(apr_file_write_full(f, text, strlen(text), NULL),
                     APR_SUCCESS);
    assert_int_equal(apr_file_close(f), APR_SUCCESS);
}

static void test_reading_anew(void **state)
{
    const char *dir, *path;
    item_quirks_file_t *file;
    apr_time_t now = apr_time_from_sec(1000);
    const item_quirks_t *q, *old;
    apr_pool_t *own, *kept, *p;

    apr_temp_dir_get(&dir, pool);
    path = apr_psprintf(pool, "%s/quirks-%d", dir, (int)getpid());
    apr_pool_create(&own, pool);
    apr_pool_create(&kept, own);
    apr_pool_create(&p, own);
    apr_file_remove(path, pool);
    assert_int_equal(item_quirks_file_make(&file, path, on_log, NULL, own),
                     APR_SUCCESS);
    said = NULL;
    assert_null(item_quirks_file_get(file, now, p));
    assert_non_null(strstr(said, "none are in force"));
    said = NULL;
    put(path, "[a]\nclock local\n");
    assert_null(item_quirks_file_get(file, now + 1000, p));     /* too soon */
    assert_null(said);
    now += ITEM_QUIRKS_LOOK;
    old = item_quirks_file_get(file, now, p);
    assert_int_equal(item_quirks_count(old), 1);
    said = NULL;
    put(path, "[a]\nclock local\n[b]\n[c]\n");
    now += ITEM_QUIRKS_LOOK;
    q = item_quirks_file_get(file, now, kept);
    assert_int_equal(item_quirks_count(q), 3);
    assert_int_equal(item_quirks_count(old), 1);        /* in use still */
    apr_pool_clear(p);
    assert_non_null(strstr(said, "3 sections"));
    put(path, "[a]\nclock by night\n");
    now += ITEM_QUIRKS_LOOK;
    assert_ptr_equal(item_quirks_file_get(file, now, p), q);
    assert_non_null(strstr(said, "3 quirks: "));
    assert_non_null(strstr(said, ", line 2: clock wants"));
    assert_non_null(strstr(said, "those read before stay in force"));
    said = NULL;
    now += ITEM_QUIRKS_LOOK;
    assert_ptr_equal(item_quirks_file_get(file, now, p), q);
    assert_null(said);          /* said once */
    apr_file_remove(path, pool);
    now += ITEM_QUIRKS_LOOK;
    assert_ptr_equal(item_quirks_file_get(file, now, p), q);
    assert_non_null(strstr(said, "cannot be read"));
    apr_pool_destroy(own);
}

/* The file that is shipped has no error in it. */
static void test_shipped_file(void **state)
{
    item_quirks_t *q;
    const char *error;

    if (item_quirks_load(&q, "conf/quirks.conf", &error, pool) != APR_SUCCESS)
        fail_msg("%s", error);
    assert_true(item_quirks_count(q) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grammar),
        cmocka_unit_test(test_lists_are_their_own),
        cmocka_unit_test(test_each_way_to_match),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_settings_of_a_device),
        cmocka_unit_test(test_reading_anew),
        cmocka_unit_test(test_shipped_file)
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests_name("item_quirks", tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
