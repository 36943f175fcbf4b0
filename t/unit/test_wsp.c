/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* WSP push PDUs: ours octet for octet, and headers as other senders write
 * them (Kannel's provisioning and sync settings, operators' messages). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_escape.h>
#include <apr_general.h>

#include "push/wsp.h"

static apr_pool_t *pool;

static const unsigned char *unhex(const char *hex, apr_size_t *len)
{
    return apr_punescape_hex(pool, hex, 0, len);
}

static wsp_push_t *decode(const char *hex)
{
    apr_size_t len;
    const unsigned char *data = unhex(hex, &len);
    wsp_push_t *push;
    const char *error = NULL;

    assert_int_equal(wsp_decode(&push, data, len, &error, pool),
                     APR_SUCCESS);
    assert_null(error);
    return push;
}

static void refuse(const char *hex, const char *words)
{
    apr_size_t len;
    const unsigned char *data = unhex(hex, &len);
    wsp_push_t *push = (wsp_push_t *)pool;
    const char *error = NULL;

    assert_int_equal(wsp_decode(&push, data, len, &error, pool),
                     WSP_EMALFORMED);
    assert_null(push);
    assert_non_null(strstr(error, words));
}

static void test_encode_notification(void **state)
{
    wsp_push_t push = {
        .tid = 1, .content_type = WSP_TYPE_SYNCML_DS_NOTIFICATION,
        .application = WSP_APP_SYNCML_DS,
        .body = (const unsigned char *)"ab", .body_len = 2
    };
    const unsigned char *out;
    apr_size_t len;

    assert_int_equal(wsp_encode(&out, &len, &push, pool), APR_SUCCESS);
    assert_int_equal(len, 8);
    assert_memory_equal(out, "\x01\x06\x03\xCE\xAF\x85" "ab", 8);

    /* the six octets that device management notifications begin with */
    push.content_type = WSP_TYPE_SYNCML_NOTIFICATION;
    push.application = WSP_APP_SYNCML_DM;
    assert_int_equal(wsp_encode(&out, &len, &push, pool), APR_SUCCESS);
    assert_memory_equal(out, "\x01\x06\x03\xC4\xAF\x87" "ab", 8);
}

/* A content type without a short form: four octets. */
static void test_encode_syncml(void **state)
{
    wsp_push_t push = { .tid = 1, .content_type = WSP_TYPE_SYNCML_WBXML,
                        .application = WSP_APP_SYNCML_DS,
                        .body = (const unsigned char *)"a", .body_len = 1 };
    const unsigned char *out;
    apr_size_t len;
    wsp_push_t *back;

    assert_int_equal(wsp_encode(&out, &len, &push, pool), APR_SUCCESS);
    assert_int_equal(len, 10);
    assert_memory_equal(out, "\x01\x06\x06\x03\x02\x03\x03\xAF\x85" "a", 10);
    assert_int_equal(wsp_decode(&back, out, len, NULL, pool), APR_SUCCESS);
    assert_int_equal(back->content_type, WSP_TYPE_SYNCML_WBXML);
    assert_int_equal(back->application, WSP_APP_SYNCML_DS);
}

static void test_encode_refuses(void **state)
{
    wsp_push_t push = { .tid = 256, .content_type = 1, .application = 1 };
    const unsigned char *out;
    apr_size_t len;

    assert_int_equal(wsp_encode(&out, &len, &push, pool), APR_EINVAL);
    push.tid = 1;
    push.content_type = 0x10000;
    assert_int_equal(wsp_encode(&out, &len, &push, pool), APR_EINVAL);
    push.content_type = 1;
    push.application = -1;
    assert_int_equal(wsp_encode(&out, &len, &push, pool), APR_EINVAL);
    assert_null(out);
    assert_int_equal(len, 0);
}

static void test_round_trip(void **state)
{
    wsp_push_t push = { .tid = 255, .content_type = 0x7F, .application = 0 };
    const unsigned char *out;
    apr_size_t len;
    wsp_push_t *back;

    assert_int_equal(wsp_encode(&out, &len, &push, pool), APR_SUCCESS);
    assert_int_equal(wsp_decode(&back, out, len, NULL, pool), APR_SUCCESS);
    assert_int_equal(back->tid, 255);
    assert_int_equal(back->content_type, 0x7F);
    assert_int_equal(back->application, 0);
    assert_int_equal(back->body_len, 0);
}

static void test_decode_foreign(void **state)
{
    /* client provisioning: value length 45 as a quoted length, SEC, MAC */
    wsp_push_t *push = decode(
        "01062F1F2DB69180923444304342444646424333434133443532334339454135354238"
        "344433324441443834374532384300030B6A00");

    assert_int_equal(push->content_type, 0x36);
    assert_null(push->content_text);
    assert_int_equal(push->application, -1);
    assert_int_equal(push->body_len, 4);
    assert_memory_equal(push->body, "\x03\x0B\x6A\x00", 4);

    /* sync settings: long integer 020B, charset parameter */
    push = decode("3406060502020B81EA01016A00");
    assert_int_equal(push->tid, 0x34);
    assert_int_equal(push->content_type, 0x020B);
    assert_string_equal(wsp_type_name(push->content_type),
                        "application/vnd.nokia.syncset+wbxml");

    /* general form of a short content type, other application id */
    push = decode("0106051F01C4AF9A00");
    assert_int_equal(push->content_type, 0x44);
    assert_int_equal(push->application, 0x1A);
    assert_int_equal(push->body_len, 1);

    /* long-integer content type of SyncML in WBXML */
    push = decode("010606030203"  "03AF85AA");
    assert_int_equal(push->content_type, 0x0303);
    assert_int_equal(push->application, 5);
    assert_int_equal(push->body_len, 1);
}

static void test_decode_text(void **state)
{
    /* text/x\0, application id as text "a\0", Content-Length: 2 (short),
     * a named header "n: v", a header with a length before its value */
    wsp_push_t *push = decode("000619" "746578742F7800" "AF6100" "8D82"
                              "6E007600" "8E0302AABB" "AF85" "B600" "7A7A");

    assert_string_equal(push->content_text, "text/x");
    assert_int_equal(push->content_type, -1);
    assert_int_equal(push->application, 5);
    assert_int_equal(push->body_len, 2);
    assert_memory_equal(push->body, "zz", 2);
    assert_null(wsp_type_name(push->content_type));
}

static void test_decode_refuses(void **state)
{
    refuse("", "shorter");
    refuse("0106", "shorter");
    refuse("010503CEAF85", "not a push");
    refuse("010604CEAF85", "cut short");
    refuse("0106FFFFFFFFFF7F", "cut short");
    refuse("0106FF", "cut short");
    refuse("010600", "content type");
    refuse("01060161", "content type");             /* text without end */
    refuse("0106010500", "content type");           /* value too long */
    refuse("01060103", "content type");
    refuse("010604050400CE", "content type");
    refuse("010602CEAF", "header");
    refuse("010603CEAF61", "header");
    refuse("010603CE0180", "header");               /* code page shift */
    refuse("010607CEAF0401020304", "header");       /* over 24 bits */
}

static void test_decode_every_cut(void **state)
{
    apr_size_t len, n;
    const unsigned char *data = unhex("010609" "1F0302030381EA" "AF85"
                                      "0102", &len);

    for (n = 0; n <= len; n++) {
        unsigned char *exact = malloc(n ? n : 1);
        wsp_push_t *push;
        apr_status_t rv;

        memcpy(exact, data, n);
        rv = wsp_decode(&push, exact, n, NULL, pool);
        /* from the end of the headers on, everything is body */
        assert_int_equal(rv, n < 12 ? WSP_EMALFORMED : APR_SUCCESS);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode_notification),
        cmocka_unit_test(test_encode_syncml),
        cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_decode_foreign),
        cmocka_unit_test(test_decode_text),
        cmocka_unit_test(test_decode_refuses),
        cmocka_unit_test(test_decode_every_cut),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
