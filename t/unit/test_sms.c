/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Splitting data into SMS, and telephone numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>

#include "push/sms.h"

static apr_pool_t *pool;

static apr_array_header_t *split(apr_size_t len, unsigned char reference)
{
    unsigned char *data = apr_palloc(pool, len);
    apr_array_header_t *parts;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        data[i] = (unsigned char)(i * 7 + i / 256);
    }
    assert_int_equal(sms_split(&parts, data, len, SMS_PORT_WAP_PUSH,
                               SMS_PORT_WSP, reference, pool), APR_SUCCESS);
    /* whatever the cut: the parts are the data, in one piece */
    for (i = 0; i < (apr_size_t)parts->nelts; i++) {
        sms_part_t *part = &APR_ARRAY_IDX(parts, i, sms_part_t);

        assert_ptr_equal(part->data, data);
        assert_in_range(part->len, 1, SMS_MAX_SINGLE);
        assert_in_range(part->udh_len + part->len, 1, SMS_MAX_OCTETS);
        data += part->len;
        len -= part->len;
    }
    assert_int_equal(len, 0);
    return parts;
}

#define PART(parts, i) (&APR_ARRAY_IDX(parts, i, sms_part_t))

static void test_single(void **state)
{
    apr_array_header_t *parts = split(1, 9);

    assert_int_equal(parts->nelts, 1);
    assert_int_equal(PART(parts, 0)->udh_len, 7);
    assert_memory_equal(PART(parts, 0)->udh, "\x06\x05\x04\x0B\x84\x23\xF0",
                        7);
    assert_int_equal(split(133, 9)->nelts, 1);
}

static void test_two_parts(void **state)
{
    apr_array_header_t *parts = split(134, 0xFE);

    assert_int_equal(parts->nelts, 2);
    assert_int_equal(PART(parts, 0)->len, 128);
    assert_int_equal(PART(parts, 1)->len, 6);
    assert_int_equal(PART(parts, 0)->udh_len, 12);
    assert_memory_equal(PART(parts, 0)->udh,
        "\x0B\x05\x04\x0B\x84\x23\xF0\x00\x03\xFE\x02\x01", 12);
    assert_memory_equal(PART(parts, 1)->udh,
        "\x0B\x05\x04\x0B\x84\x23\xF0\x00\x03\xFE\x02\x02", 12);
    assert_int_equal(split(256, 1)->nelts, 2);
    assert_int_equal(split(257, 1)->nelts, 3);
}

static void test_limits(void **state)
{
    apr_array_header_t *parts = split(255 * 128, 0);
    static const unsigned char big[255 * 128 + 1];

    assert_int_equal(parts->nelts, 255);
    assert_memory_equal(PART(parts, 254)->udh + 7, "\x00\x03\x00\xFF\xFF",
                        5);
    assert_int_equal(sms_split(&parts, big, sizeof big, 1, 2, 3, pool),
                     APR_EINVAL);
    assert_null(parts);
    assert_int_equal(sms_split(&parts, big, 0, 1, 2, 3, pool), APR_EINVAL);
    assert_null(parts);
}

static void number(const char *given, const char *expected)
{
    const char *out, *error = NULL;

    assert_int_equal(sms_number(&out, given, &error, pool), APR_SUCCESS);
    assert_string_equal(out, expected);
    assert_null(error);
}

static void no_number(const char *given, const char *words)
{
    const char *out = given, *error = NULL;

    assert_int_equal(sms_number(&out, given, &error, pool), APR_EINVAL);
    assert_null(out);
    assert_non_null(strstr(error, words));
}

static void test_numbers(void **state)
{
    number("+491701234567", "+491701234567");
    number("+49 (170) 123-45.67", "+491701234567");
    number("0049 170/1234567", "+491701234567");
    number("01701234567", "01701234567");
    number("112", "112");
    number("+123456789012345", "+123456789012345");
    number("00123456789012345", "+123456789012345");
    number("0123", "0123");
}

static void test_not_numbers(void **state)
{
    no_number("", "at least 3");
    no_number("+", "at least 3");
    no_number("12", "at least 3");
    no_number("00", "at least 3");
    no_number("0012", "at least 3");
    no_number("+1234567890123456", "at most 15");
    no_number("1234567890123456", "at most 15");
    no_number("123456789012345678901234567890", "at most 15");
    no_number("00000", "country code");
    no_number("+0491701234567", "country code");
    no_number("12+34", "only digits");
    no_number("++491701234567", "only digits");
    no_number("alice", "only digits");
    no_number("+49170\r\nX-Kannel-To: 1", "only digits");
    no_number("+4917012345\xD9\xA3", "only digits");
    no_number("tel:+491701234567", "only digits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_single),
        cmocka_unit_test(test_two_parts),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_not_numbers),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
