/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Record filters: the grammar and what it means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "mod_syncml/sml_filter.h"

static apr_pool_t *pool;

/* Properties as "NAME=value" words, parted by "|". */
static const apr_array_header_t *values(void *baton, const char *name)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(char *));
    char *words = apr_pstrdup(pool, baton), *last = NULL, *word;
    apr_size_t n = strlen(name);

    while ((word = apr_strtok(words, "|", &last)) != NULL) {
        words = NULL;
        if (strncmp(word, name, n) == 0 && word[n] == '=') {
            APR_ARRAY_PUSH(list, const char *) = word + n + 1;
        }
    }
    return list->nelts ? list : NULL;
}

static sml_filter_t *parsed(const char *text)
{
    const char *error = NULL;
    sml_filter_t *f;

    if (sml_filter_parse(&f, text, strlen(text), &error, pool)
        != APR_SUCCESS) {
        fail_msg("%s: %s", text, error);
    }
    return f;
}

static int matches(const char *text, const char *item)
{
    sml_filter_item_t i = { values, NULL, "17", 1000, 2000 };
    sml_filter_t *f = parsed(text), *again;
    int result;

    i.baton = apr_pstrdup(pool, item);
    result = sml_filter_match(f, &i);
    /* Its canonical text is the same filter, and a fixed point. */
    again = parsed(sml_filter_text(f, pool));
    assert_int_equal(sml_filter_match(again, &i), result);
    assert_string_equal(sml_filter_text(again, pool),
                        sml_filter_text(f, pool));
    return result;
}

static void refused(const char *text, apr_status_t rv, const char *why)
{
    const char *error = NULL;
    sml_filter_t *f;

    assert_int_equal(sml_filter_parse(&f, text, strlen(text), &error, pool),
                     rv);
    assert_null(f);
    assert_non_null(error);
    if (strstr(error, why) == NULL) {
        fail_msg("%s: %s, not %s", text, error, why);
    }
}

static void test_operators(void **state)
{
    static const char item[] = "SUMMARY=Tea at noon|PRIORITY=9|"
                               "DTSTART=20260301T100000Z";

    assert_true(matches("SUMMARY&EQ;Tea at noon", item));
    assert_true(matches("summary&eq;Tea at noon", item));
    assert_false(matches("SUMMARY&EQ;tea at noon", item));
    assert_true(matches("SUMMARY&iEQ;tea AT noon", item));
    assert_true(matches("SUMMARY^=tea AT noon", item));
    assert_true(matches("SUMMARY&NE;tea at noon", item));
    assert_false(matches("SUMMARY&iNE;tea at noon", item));
    assert_true(matches("SUMMARY&CON;at no", item));
    assert_false(matches("SUMMARY&CON;AT NO", item));
    assert_true(matches("SUMMARY&iCON;AT NO", item));
    assert_false(matches("SUMMARY&NCON;noon", item));
    assert_true(matches("SUMMARY&NCON;NOON", item));
    assert_false(matches("SUMMARY&iNCON;NOON", item));
    /* 9 is less than 10, although "9" comes after "10". */
    assert_true(matches("PRIORITY&LT;10", item));
    assert_true(matches("PRIORITY&LE;9", item));
    assert_false(matches("PRIORITY<9", item));
    assert_true(matches("PRIORITY>=9", item));
    assert_true(matches("PRIORITY<>8", item));
    assert_true(matches("DTSTART&GE;20260301T100000Z", item));
    assert_false(matches("DTSTART&GT;20260301T100000Z", item));
    assert_true(matches("DTSTART&iGE;20260101T000000Z", item));
    assert_true(matches("  SUMMARY  &EQ;  Tea at noon  ", item));
    assert_true(matches("SUMMARY&EQ;%54ea%20at noon", item));
    assert_false(matches("SUMMARY&EQ;Tea at noon%20", item));
}

static void test_absent_and_several(void **state)
{
    static const char item[] = "TEL=1|TEL=22|NOTE=";

    assert_true(matches("TEL&EQ;22", item));
    assert_false(matches("TEL&NE;22", item));
    assert_true(matches("TEL&NE;3", item));
    assert_false(matches("TEL&NCON;2", item));
    assert_false(matches("EMAIL&EQ;x", item));
    assert_true(matches("EMAIL&NE;x", item));
    assert_true(matches("EMAIL&NCON;x", item));
    assert_true(matches("EMAIL&EQ;&NULL;", item));
    assert_true(matches("NOTE&EQ;&NULL;", item));
    assert_true(matches("TEL&NE;&NULL;", item));
    assert_false(matches("TEL&EQ;&NULL;", item));
    assert_true(matches("&LUID;&EQ;17", item));
    assert_true(matches("LUID&EQ;17", item));
    assert_false(matches("&LUID;&EQ;18", item));
    assert_true(sml_filter_uses_luid(parsed("A&EQ;1&AND;&LUID;&EQ;18")));
    assert_false(sml_filter_uses_luid(parsed("A&EQ;1&OR;B&EQ;2")));
}

static void test_logic(void **state)
{
    static const char item[] = "A=1|B=2|C=3";

    /* AND binds more than OR. */
    assert_true(matches("A&EQ;1&OR;B&EQ;x&AND;C&EQ;x", item));
    assert_false(matches("(A&EQ;1&OR;B&EQ;x)&AND;C&EQ;x", item));
    assert_true(matches("B&EQ;x&AND;C&EQ;x&OR;A&EQ;1", item));
    assert_true(matches("A=1&B=2&C=3", item));
    assert_false(matches("A=1&B=2&C=4", item));
    assert_true(matches("A=x|C=3", item));
    assert_true(matches("A=1&amp;B=2", item));
    assert_true(matches("((A=1))", item));
    assert_true(matches("( A=x | ( B=2 & C=3 ) )", item));
    assert_true(matches("A=1&AND;&LUID;&EQ;17", item));
    /* What parts the grammar can be in a value, escaped. */
    assert_true(matches("D&EQ;a%26b%29%25", "D=a&b)%"));
}

static void test_times(void **state)
{
    apr_int64_t t, since = 0, before = APR_INT64_MAX;
    const sml_filter_t *rest;

    assert_true(sml_filter_time("20260131T120000Z", &t));
    assert_int_equal(t, 1769860800);
    assert_true(sml_filter_time("2026-01-31T12:00:00Z", &t));
    assert_int_equal(t, 1769860800);
    assert_true(sml_filter_time("20260131", &t));
    assert_int_equal(t, 1769860800 - 12 * 3600);
    assert_false(sml_filter_time("20261301", &t));
    assert_false(sml_filter_time("2026013", &t));
    assert_false(sml_filter_time("20260131T1200", &t));
    assert_false(sml_filter_time("20260131x", &t));
    assert_false(sml_filter_time("", &t));
    /* The item is from 1000 to 2000 seconds after the epoch. */
    assert_true(matches("SINCE&EQ;19700101T003320Z", ""));
    assert_false(matches("SINCE&EQ;19700101T003321Z", ""));
    assert_true(matches("BEFORE&EQ;19700101T001641Z", ""));
    assert_false(matches("BEFORE&EQ;19700101T001640Z", ""));

    rest = sml_filter_window(parsed("SINCE&GE;20260101&AND;A=1&AND;"
                                    "BEFORE&LT;20260201&AND;SINCE=20250101"),
                             &since, &before, pool);
    assert_string_equal(sml_filter_text(rest, pool), "A&EQ;1");
    assert_int_equal(since, 1767225600);
    assert_int_equal(before, 1769904000);
    /* Beside an OR it is no window. */
    since = 0;
    rest = sml_filter_window(parsed("SINCE=20260101|A=1"), &since, &before,
                             pool);
    assert_non_null(rest);
    assert_int_equal(since, 0);
    assert_null(sml_filter_window(parsed("SINCE=20260101"), &since, &before,
                                  pool));
}

static void test_errors(void **state)
{
    char text[SML_FILTER_MAX_OCTETS + 2], *many = text;
    int i;

    refused("", APR_EINVAL, "name is missing");
    refused("A", APR_EINVAL, "operator");
    refused("A&XX;1", APR_EINVAL, "operator");
    refused("&EQ;1", APR_EINVAL, "name is missing");
    refused("A&EQ;1)", APR_EINVAL, "no operator");
    refused("(A&EQ;1", APR_EINVAL, ") is missing");
    refused("A&EQ;1&AND;", APR_EINVAL, "name is missing");
    refused("A&EQ;%00", APR_EINVAL, "octet 0");
    refused("SINCE&EQ;soon", APR_EINVAL, "SINCE and BEFORE");
    memset(text, 'A', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    refused(text, APR_ENOSPC, "too long");
    memset(text, '(', SML_FILTER_MAX_DEPTH + 1);
    text[SML_FILTER_MAX_DEPTH + 1] = '\0';
    refused(text, APR_ENOSPC, "parentheses");
    for (i = 0; i <= SML_FILTER_MAX_TERMS; i++, many += 4) {
        memcpy(many, "A=1&", 5);
    }
    many[-1] = '\0';
    refused(text, APR_ENOSPC, "comparisons");
    strcpy(text, "A=");
    memset(text + 2, 'x', SML_FILTER_MAX_VALUE + 1);
    text[SML_FILTER_MAX_VALUE + 3] = '\0';
    refused(text, APR_ENOSPC, "a value is too long");
}

static int begin(void **state)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    return 0;
}

static int end(void **state)
{
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_operators, begin, end),
        cmocka_unit_test_setup_teardown(test_absent_and_several, begin, end),
        cmocka_unit_test_setup_teardown(test_logic, begin, end),
        cmocka_unit_test_setup_teardown(test_times, begin, end),
        cmocka_unit_test_setup_teardown(test_errors, begin, end)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
