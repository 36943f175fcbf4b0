/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Delivery reports in every gateway's words, and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/report.h"

#define TOKEN  "0123456789abcdef0123456789abcdef"
#define OTHER  "fedcba9876543210fedcba9876543210"
#define PATH   "/syncml-dlr/" TOKEN
#define JSON   "application/json; charset=utf-8"
#define FORM   "application/x-www-form-urlencoded"

static apr_pool_t *pool;

static apr_array_header_t *reports;

static report_result_e read_it(const char *path, const char *query,
                               const char *type, const char *body)
{
    return report_read(&reports, path, query, type, body, strlen(body),
                       pool);
}

/* One report with that state. */
static void expect(const char *path, const char *query, const char *type,
                   const char *body, store_report_e state, int permanent)
{
    const report_t *r;

    if (read_it(path, query, type, body) != REPORT_OK) {
        fail_msg("%s?%s %s: no report", path, query, body);
    }
    assert_int_equal(reports->nelts, 1);
    r = &APR_ARRAY_IDX(reports, 0, report_t);
    if (r->state != state || r->permanent != permanent
        || strcmp(r->token, TOKEN) != 0) {
        fail_msg("%s?%s %s: state %d, permanent %d, %s", path, query, body,
                 r->state, r->permanent, r->text);
    }
}

static void test_kannel(void **state)
{
    expect(PATH, "dlr=1&answer=&smsc=7", NULL, "", STORE_REPORT_DELIVERED, 0);
    assert_string_equal(APR_ARRAY_IDX(reports, 0, report_t).text,
                        "dlr=1 smsc=7");
    expect(PATH "/", "dlr=2&answer=id%3A1+stat%3AUNDELIV", NULL, "",
           STORE_REPORT_FAILED, 0);
    assert_string_equal(APR_ARRAY_IDX(reports, 0, report_t).text,
                        "dlr=2 answer=id:1 stat:UNDELIV");
    expect(PATH, "dlr=2&answer=unknown%20subscriber", NULL, "",
           STORE_REPORT_FAILED, 1);
    expect(PATH, "dlr=4", NULL, "", STORE_REPORT_BUFFERED, 0);
    expect(PATH, "dlr=8&answer=ACK%2F", NULL, "", STORE_REPORT_ACCEPTED, 0);
    expect(PATH, "dlr=16&answer=NACK%2F11", NULL, "", STORE_REPORT_FAILED, 0);
    expect("/x", "a=b&token=" TOKEN "&dlr=1", NULL, "",
           STORE_REPORT_DELIVERED, 0);
}

static void test_vonage(void **state)
{
    expect(PATH, "msisdn=4917&to=SyncML&messageId=0A&status=delivered"
           "&err-code=0&message-timestamp=2026", NULL, "",
           STORE_REPORT_DELIVERED, 0);
    expect(PATH, NULL, FORM, "msisdn=4917&status=expired&err-code=2",
           STORE_REPORT_FAILED, 0);
    expect(PATH, NULL, FORM, "status=failed&err-code=3", STORE_REPORT_FAILED,
           1);
    expect(PATH, NULL, FORM, "status=rejected&err-code=9",
           STORE_REPORT_FAILED, 1);
    expect(PATH, NULL, JSON, "{\"msisdn\":\"4917\",\"status\":\"buffered\","
           "\"err-code\":\"0\"}", STORE_REPORT_BUFFERED, 0);
    expect("/dlr", NULL, JSON, "{\"status\":\"accepted\",\"client-ref\":\""
           TOKEN "\"}", STORE_REPORT_ACCEPTED, 0);
}

static void test_others(void **state)
{
    expect(PATH, NULL, JSON, "{\"results\":[{\"bulkId\":\"B\",\"messageId\":"
           "\"c9\",\"to\":\"4917\",\"price\":{\"pricePerMessage\":0.01},"
           "\"status\":{\"groupId\":3,\"groupName\":\"DELIVERED\",\"id\":5,"
           "\"name\":\"DELIVERED_TO_HANDSET\"},\"error\":{\"groupId\":0,"
           "\"groupName\":\"OK\",\"permanent\":false},\"callbackData\":\""
           TOKEN "\"}]}", STORE_REPORT_DELIVERED, 0);
    expect("/dlr", NULL, JSON, "{\"results\":[{\"callbackData\":\"" TOKEN
           "\",\"error\":{\"name\":\"EC_UNKNOWN_SUBSCRIBER\",\"permanent\":"
           "true},\"status\":{\"groupName\":\"UNDELIVERABLE\"}}]}",
           STORE_REPORT_FAILED, 1);
    expect(PATH, NULL, JSON, "{\"type\":\"recipient_delivery_report_sms\","
           "\"batch_id\":\"01FC\",\"recipient\":\"4917\",\"code\":0,"
           "\"status\":\"Delivered\",\"client_reference\":\"" TOKEN "\"}",
           STORE_REPORT_DELIVERED, 0);
    expect(PATH, NULL, JSON, "{\"type\":\"delivery_report_sms\",\"statuses\":"
           "[{\"code\":401,\"status\":\"Dispatched\",\"count\":1}]}",
           STORE_REPORT_ACCEPTED, 0);
    expect(PATH, NULL, JSON, "{\"status\":\"Aborted\"}", STORE_REPORT_FAILED,
           0);
    expect("/dlr", NULL, FORM, "apiMsgId=1&cliMsgId=" TOKEN "&status=004",
           STORE_REPORT_DELIVERED, 0);
    expect("/dlr", "cliMsgId=" TOKEN "&status=7", NULL, "",
           STORE_REPORT_FAILED, 0);
    expect("/dlr", "cliMsgId=" TOKEN "&status=011", NULL, "",
           STORE_REPORT_BUFFERED, 0);
}

/* Several results in one request, each with its own token. */
static void test_several(void **state)
{
    assert_int_equal(read_it("/dlr", NULL, JSON, "{\"results\":["
        "{\"callbackData\":\"" TOKEN "\",\"status\":{\"groupName\":"
        "\"EXPIRED\"}},{\"callbackData\":\"" OTHER "\",\"status\":"
        "{\"groupName\":\"DELIVERED\"}},{\"callbackData\":\"nonsense\","
        "\"status\":{\"groupName\":\"DELIVERED\"}}]}"), REPORT_OK);
    assert_int_equal(reports->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(reports, 0, report_t).token, TOKEN);
    assert_int_equal(APR_ARRAY_IDX(reports, 0, report_t).state,
                     STORE_REPORT_FAILED);
    assert_string_equal(APR_ARRAY_IDX(reports, 1, report_t).token, OTHER);
    assert_int_equal(APR_ARRAY_IDX(reports, 1, report_t).state,
                     STORE_REPORT_DELIVERED);
}

static void expect_none(const char *path, const char *query, const char *type,
                        const char *body, report_result_e result)
{
    report_result_e got = read_it(path, query, type, body);

    if (got != result || reports->nelts) {
        fail_msg("%s?%s %s: %d", path, query, body, got);
    }
}

static void test_none(void **state)
{
    expect_none("/", NULL, NULL, "", REPORT_NO_TOKEN);
    expect_none("/syncml-dlr/", "dlr=1", NULL, "", REPORT_NO_TOKEN);
    expect_none("/syncml-dlr/0123456789ABCDEF0123456789ABCDEF", "dlr=1", NULL,
                "", REPORT_NO_TOKEN);
    expect_none(PATH "0", "dlr=1", NULL, "", REPORT_NO_TOKEN);
    expect_none("/x", "token=%00" TOKEN "x&dlr=1", NULL, "",
                REPORT_NO_TOKEN);
    expect_none(PATH, NULL, NULL, "", REPORT_NO_STATE);
    expect_none(PATH, "dlr=", NULL, "", REPORT_NO_STATE);
    expect_none(PATH, "dlr=0", NULL, "", REPORT_NO_STATE);
    expect_none(PATH, "dlr=32", NULL, "", REPORT_NO_STATE);
    expect_none(PATH, "dlr=-1", NULL, "", REPORT_NO_STATE);
    expect_none(PATH, "dlr=1e3", NULL, "", REPORT_NO_STATE);
    expect_none(PATH, "dlr=99999999999999999999", NULL, "", REPORT_NO_STATE);
    expect_none(PATH, "dlr=%d", NULL, "", REPORT_NO_STATE);
    expect_none(PATH, "status=unknown", NULL, "", REPORT_NO_STATE);
    expect_none(PATH, NULL, JSON, "[", REPORT_NO_STATE);
    expect_none(PATH, NULL, JSON, "{\"status\":", REPORT_NO_STATE);
    expect_none(PATH, NULL, JSON, "{\"status\":null}", REPORT_NO_STATE);
    expect_none(PATH, NULL, JSON, "\"delivered\"", REPORT_NO_STATE);
    expect_none(PATH, NULL, "text/xml", "<status>delivered</status>",
                REPORT_NO_STATE);
    expect_none(PATH, NULL, JSON, "}}}}", REPORT_NO_STATE);
}

static void test_deep_and_wide(void **state)
{
    char *deep = apr_palloc(pool, 40001), *wide = apr_palloc(pool, 60001);
    int i;

    memset(deep, '[', 40000);
    deep[40000] = '\0';
    expect_none(PATH, NULL, JSON, deep, REPORT_NO_STATE);
    *wide = '\0';
    for (i = 0; i < 9000; i++) {
        memcpy(wide + i * 6, "a=bcd&", 7);
    }
    expect_none(PATH, NULL, FORM, wide, REPORT_NO_STATE);
    expect(PATH, "dlr=1", FORM, wide, STORE_REPORT_DELIVERED, 0);
}

static void test_text(void **state)
{
    const report_t *r;
    char *body = apr_palloc(pool, 5000);

    expect(PATH, "dlr=2&answer=a%00b%0A%FF%22c", NULL, "",
           STORE_REPORT_FAILED, 0);
    r = &APR_ARRAY_IDX(reports, 0, report_t);
    assert_string_equal(r->text, "dlr=2 answer=ab \"c");
    strcpy(body, "dlr=2&answer=");
    memset(body + 13, 'x', 4000);
    body[4013] = '\0';
    expect(PATH, NULL, FORM, body, STORE_REPORT_FAILED, 0);
    r = &APR_ARRAY_IDX(reports, 0, report_t);
    assert_in_range(strlen(r->text), 100, REPORT_MAX_TEXT - 1);
    /* JSON's escapes, to the end of the text and beyond */
    expect(PATH, NULL, JSON, "{\"\\u0073tatus\":\"deli\\u0076ered\\u20ac\"}",
           STORE_REPORT_DELIVERED, 0);
    expect_none(PATH, NULL, JSON, "{\"status\\", REPORT_NO_STATE);
    expect_none(PATH, NULL, JSON, "{\"status\":\"\\u00", REPORT_NO_STATE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kannel),
        cmocka_unit_test(test_vonage),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_deep_and_wide),
        cmocka_unit_test(test_text),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
