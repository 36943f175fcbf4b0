/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Texts on devices that lack some of their characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "item/item_image.h"

#define AE  "\xc3\xa4"          /* a with two dots */
#define UE  "\xc3\xbc"
#define SS  "\xc5\xa1"          /* s with a caron, that ISO-8859-1 has not */
#define NN  "\xc5\x84"          /* n with an acute, nor windows-1252 */
#define JP  "\xe5\x81\xa5"
#define JOINER "\xe2\x80\x8d"
#define SMILE "\xf0\x9f\x98\x80"

static apr_pool_t *pool;
static const char *charset;     /* of the device, NULL: UTF-8 */
static const char *sent;        /* what it sent before */

static item_span_t span(const char *s)
{
    return (item_span_t){ s, strlen(s) };
}

static item_image_t *image(void)
{
    item_image_t *i = apr_palloc(pool, sizeof(*i));

    item_image_init(i, charset, item_image_blocks(span(sent)), pool);
    return i;
}

static int reads(const char *was, const char *is)
{
    int garbled, n = item_image_reads(image(), span(was), span(is), &garbled);

    return n + 10 * garbled;
}

static const char *restored(const char *was, const char *is)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = pool;
    if (!item_image_restore(image(), span(was), span(is), &b))
        return "no";
    return apr_pstrmemdup(pool, b.s, b.len);
}

static void test_signs(void **state)
{
    assert_int_equal(reads("abc", "abc"), 2);
    assert_int_equal(reads("abc", "ab"), 1);
    assert_int_equal(reads("abc", "abd"), 0);
    assert_int_equal(reads("abc", "abcd"), 0);
    assert_int_equal(reads("M" UE "ller", "M?ller"), 12);
    assert_int_equal(reads("M" UE "ller", "M??ller"), 12);
    assert_int_equal(reads("M" UE "ller", "M\xef\xbf\xbdller"), 12);
    assert_int_equal(reads("M" UE "ller", "M_ller"), 12);
    assert_int_equal(reads("M" UE "ller", "M?l"), 11);
    assert_int_equal(reads("M" UE "ller", "M???ller"), 0);
    assert_int_equal(reads("M" UE "ller", "M?iler"), 0);
    assert_int_equal(reads(SMILE ".", "??."), 12);
    assert_int_equal(reads(JP JP, "??"), 12);
    assert_int_equal(reads(JP JP, "??????"), 12);
    assert_int_equal(reads(JP JP, "?????"), 0);
    /* Its octets, taken for other characters. */
    assert_int_equal(reads("M" UE "ller", "M\xc3\x83\xc2\xbcller"), 12);
    /* Gone. */
    assert_int_equal(reads("a" JP "b", "ab"), 12);
    /* A backslash, taken for an escape. */
    assert_int_equal(reads("a\\;b", "a;b"), 12);
    assert_int_equal(reads("a\\\\;b", "a;b"), 12);
    assert_int_equal(reads("a\\\\;b", "a\\;b"), 12);
    assert_int_equal(reads("a\\\\b;", "ab;"), 0);
    assert_int_equal(reads("a\\nb", "anb"), 0);
    /* So is one before what it is not sent. */
    assert_int_equal(reads("a\\" JOINER ",b", "a,b"), 0);
    charset = "ISO-8859-1";
    assert_int_equal(reads("a\\" JOINER ",b", "a,b"), 12);
    /* Cut among the letters that were sent for one. */
    assert_int_equal(reads("10 \xe2\x82\xac a day", "10 EU"), 11);
    assert_int_equal(reads("10 \xe2\x82\xac a day", "10 ES"), 0);
    charset = NULL;
    /* An ASCII character was none that it lacks. */
    assert_int_equal(reads("Mueller", "M?eller"), 0);
}

/* What somebody may have meant. */
static void test_meant(void **state)
{
    /* The device has the letter: it is there. */
    assert_int_equal(reads("J" UE "rgen M" UE "ller", "J" UE "rgen M?ller"),
                     0);
    assert_int_equal(reads("J" UE "rgen M" UE "ller", "J" UE "rgen Muller"),
                     0);
    assert_int_equal(reads("M" UE "ller", "Muller"), 0);
    assert_int_equal(reads("J" UE "rgen M" UE "ller", "Jurgen Muller"), 12);
    assert_int_equal(reads("M" UE "ller", "Mller"), 12);
    assert_string_equal(restored("M" UE "ller", "Miller"), "no");
    assert_string_equal(restored("M" UE "ller", "Muiller"), "no");
    assert_string_equal(restored("M" UE "ller & Co", "Mller & Cie"),
                        "M" UE "ller & Cie");
    sent = AE;
    assert_int_equal(reads("J" UE "rgen M" UE "ller", "Jurgen Muller"), 0);
    assert_int_equal(reads("M" UE "ller", "Mller"), 0);
    assert_int_equal(reads("M" UE "ller", "M?ller"), 12);
    assert_string_equal(restored("Jo M" UE "ller", "Ja Muller"), "no");
}

/* The server wrote a letter for another one, the device another sign. */
static void test_charsets(void **state)
{
    charset = "windows-1252";
    sent = AE;
    assert_int_equal(reads("Zieli" NN "ski Tom" SS, "Zielinski Tom" SS), 12);
    assert_int_equal(reads("Zieli" NN "ski Tom" SS, "Zielinski Tom?"), 12);
    assert_int_equal(reads("Zieli" NN "ski", "Zielimski"), 0);
    assert_int_equal(reads("M" AE "x", "Max"), 0);
    charset = "ISO-8859-2";
    assert_int_equal(reads("Zieli" NN "ski " JP, "Zieli" NN "ski ?"), 12);
    assert_int_equal(reads("Zieli" NN "ski \xc3\xb1", "Zieli" NN "ski n"),
                     12);
}

static void test_edits(void **state)
{
    assert_string_equal(restored("Anna", "Anne"), "no");
    assert_string_equal(restored("Str" AE "ng 5", "Str" AE "ng 6"), "no");
    assert_string_equal(restored(JP " Anna 5", "? Anna 6"), JP " Anna 6");
    assert_string_equal(restored("a " JP JP " b", "x ?? b"),
                        "x " JP JP " b");
    assert_string_equal(restored("a " JP JP " b", "a ?? " JP " b"), "no");
    assert_string_equal(restored(JP, "x"), "no");
    /* Backslashes before a semicolon, unless the edit is beside them. */
    assert_string_equal(restored("a\\;b c", "a;b d"), "a\\;b d");
    assert_string_equal(restored("c a\\\\;b", "d a;b"), "d a\\\\;b");
    assert_string_equal(restored("a\\; b", "a b"), "no");
    assert_string_equal(restored("a\\;" JP "b", "a;?c"), "a\\;" JP "c");
    assert_string_equal(restored(JP " to be kept", "not to be kept"), "no");
    assert_string_equal(restored("keep all of this " JP,
                                 "keep each of this "),
                        "keep each of this " JP);
}

static void test_end(void **state)
{
    const char *was = "one two three four five " JP " six seven eight nine";
    const char *again = "One, two, three and four. One, two, three and four. "
                        "One, two, three and four.";

    assert_int_equal(item_image_end(image(), span(was),
                                    span("0 one two three four five ? six")),
                     strlen("one two three four five " JP " six"));
    assert_int_equal(item_image_end(image(), span(was), span("five ? six")),
                     0);
    assert_int_equal(item_image_end(image(), span(was),
                                    span("one two three four or more")), 0);
    /* Where the end stands at several places, the one with all before it. */
    assert_int_equal(item_image_end(image(), span(again),
                                    span("Yes: One, two, three and four. One,"
                                         " two")), 34);
    assert_int_equal(item_image_end(image(), span(again),
                                    span("four. Two, three and four.")), 25);
    assert_int_equal(item_image_end(image(), span("aaaaaaaaaaaaaaaaaaaaaaaa"),
                                    span("baaaaaaaaaaaaaaaaaaaa")), 20);
}

/* A text as large as there may be is done with in time. */
static void test_large(void **state)
{
    apr_size_t n = 300000, i;
    char *was = apr_palloc(pool, 3 * n + 1), *is = apr_palloc(pool, n + 1);
    item_buf_t b = { NULL, NULL, 0, 0 };
    apr_time_t start = apr_time_now();
    int garbled;

    for (i = 0; i < n; i++)
        memcpy(was + 3 * i, JP, 3);
    was[3 * n] = '\0';
    memset(is, '?', n);
    is[n] = '\0';
    b.p = pool;
    charset = "KOI8-R";
    assert_int_equal(item_image_reads(image(), span(was), span(is), &garbled),
                     2);
    is[n / 2] = 'x';
    item_image_restore(image(), span(was), span(is), &b);
    item_image_end(image(), span(was), span(is));
    assert_true(apr_time_now() - start < 10 * APR_USEC_PER_SEC);
}

static int setup(void **state)
{
    charset = NULL;
    sent = "";
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int teardown(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_signs, setup, teardown),
        cmocka_unit_test_setup_teardown(test_meant, setup, teardown),
        cmocka_unit_test_setup_teardown(test_charsets, setup, teardown),
        cmocka_unit_test_setup_teardown(test_edits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_large, setup, teardown)
    };

    apr_initialize();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
