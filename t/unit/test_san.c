/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Notification packages against packages made by other programs: one
 * captured from Nokia's own PC software, three made by libsynthesis.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ctype.h>

#include <cmocka.h>

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "push/san.h"

static apr_pool_t *pool;

/* Server id "PC Suite Data Sync", no password, no nonce, session 0. */
#define OVI_CONTACTS \
    "0179AB671B68F26698269B4CA78222AD0318000000000012504320537569746520446174" \
    "612053796E63106000000008436F6E7461637473"

/* Server id "sync.example.com", password "s3cret", nonce "bm9uY2U=",
 * session 1: two datastores; all datastores; one with vendor data. */
#define SYNTHESIS_TWO \
    "A71F2828DAEB23EBE077E6DAAA1537A3031800000000011073796E632E6578616D706C" \
    "652E636F6D20600000070463617264900003050A2E2F63616C656E646172"
#define SYNTHESIS_ALL \
    "F38EB651E9A1AF43F6CE18648CAE6ADD031800000000011073796E632E6578616D706C" \
    "652E636F6D00"
#define SYNTHESIS_VENDOR \
    "13999DBECD9C1B35CB6E845D2677A8CD031800000000011073796E632E6578616D706C" \
    "652E636F6D106000000008436F6E746163747356454E44"

#define ID        "sync.example.com"
#define PASSWORD  "s3cret"
#define NONCE     "bm9uY2U="

static unsigned char *unhex(const char *hex, apr_size_t *len)
{
    return (unsigned char *)(uintptr_t)
        apr_punescape_hex(pool, hex, 0, len);
}

static const char *hex_of(const unsigned char *data, apr_size_t len)
{
    char *hex = (char *)(uintptr_t)apr_pescape_hex(pool, data, len, 0), *c;

    for (c = hex; *c; c++) {
        *c = (char)toupper((unsigned char)*c);
    }
    return hex;
}

static san_t plain(const char *id, int n)
{
    san_t san = { .ui_mode = SAN_UI_BACKGROUND, .by_server = 1,
                  .session = 1, .server_id = id, .ndatastores = n };
    int i;

    for (i = 0; i < n && i < SAN_MAX_DATASTORES; i++) {
        san.datastores[i].sync_type = SAN_SYNC_TWO_WAY;
        san.datastores[i].uri = "Contacts";
    }
    return san;
}

static void encode(san_t *san, const char *password, const char *nonce,
                   const char *expected)
{
    const unsigned char *out;
    apr_size_t len;
    const char *error = NULL;

    assert_int_equal(san_encode(&out, &len, san, password, nonce, &error,
                                pool), APR_SUCCESS);
    assert_null(error);
    assert_string_equal(hex_of(out, len), expected);
}

static void test_encode_like_nokia(void **state)
{
    san_t san = plain("PC Suite Data Sync", 1);

    san.session = 0;
    encode(&san, "", "", OVI_CONTACTS);
}

static void test_encode_like_synthesis(void **state)
{
    san_t san = plain(ID, 2);

    san.datastores[0].uri = "card";
    san.datastores[0].content_code = 7;
    san.datastores[1].uri = "./calendar";
    san.datastores[1].content_code = 0x305;
    san.datastores[1].sync_type = SAN_SYNC_ONE_WAY_FROM_SERVER;
    encode(&san, PASSWORD, NONCE, SYNTHESIS_TWO);

    san = plain(ID, 1);
    san.vendor = (const unsigned char *)"VEND";
    san.vendor_len = 4;
    encode(&san, PASSWORD, NONCE, SYNTHESIS_VENDOR);
}

static void test_encode_header_bits(void **state)
{
    san_t san = plain("x", 1);
    const unsigned char *out;
    apr_size_t len;

    san.ui_mode = SAN_UI_INTERACTION;
    san.by_server = 0;
    san.session = 0xBEEF;
    san.datastores[0].content_code = 0x123456;
    san.datastores[0].sync_type = SAN_SYNC_REFRESH_FROM_SERVER;
    san.datastores[0].uri = "";
    assert_int_equal(san_encode(&out, &len, &san, "", "", NULL, pool), 0);
    assert_string_equal(hex_of(out + 16, len - 16),
                        "0330000000BEEF017810A012345600");
}

static void test_encode_largest(void **state)
{
    char id[256], uri[256];
    san_t san, *back;
    const unsigned char *out;
    apr_size_t len;
    int i;

    memset(id, 'i', 255);
    memset(uri, 'u', 255);
    id[255] = uri[255] = '\0';
    san = plain(id, SAN_MAX_DATASTORES);
    for (i = 0; i < SAN_MAX_DATASTORES; i++) {
        san.datastores[i].uri = uri;
    }
    assert_int_equal(san_encode(&out, &len, &san, PASSWORD, NONCE, NULL,
                                pool), APR_SUCCESS);
    assert_int_equal(len, 24 + 255 + 1 + 15 * (5 + 255));
    assert_true(san_verify(out, len, id, PASSWORD, NONCE));
    assert_int_equal(san_decode(&back, out, len, NULL, pool), APR_SUCCESS);
    assert_int_equal(back->ndatastores, 15);
    assert_string_equal(back->datastores[14].uri, uri);
    assert_string_equal(back->server_id, id);
    assert_int_equal(back->vendor_len, 0);
}

static void refuse(const san_t *san, const char *words)
{
    const unsigned char *out = (const unsigned char *)"";
    apr_size_t len = 1;
    const char *error = NULL;

    assert_int_equal(san_encode(&out, &len, san, "", "", &error, pool),
                     APR_EINVAL);
    assert_null(out);
    assert_int_equal(len, 0);
    assert_non_null(error);
    assert_non_null(strstr(error, words));
}

static void test_encode_refuses(void **state)
{
    char long_text[257];
    san_t san;

    memset(long_text, 'x', 256);
    long_text[256] = '\0';

    san = plain(ID, 0);
    refuse(&san, "1 to 15 datastores");     /* "all" would sync nothing */
    san = plain(ID, 16);
    refuse(&san, "not 16");
    san = plain("", 1);
    refuse(&san, "server id");
    san = plain(long_text, 1);
    refuse(&san, "server id");
    san = plain(ID, 1);
    san.datastores[0].uri = long_text;
    refuse(&san, "255 octets");
    san = plain(ID, 1);
    san.datastores[0].uri = NULL;
    refuse(&san, "URI");
    san = plain(ID, 2);
    san.datastores[1].sync_type = 205;
    refuse(&san, "206 to 210");
    san = plain(ID, 1);
    san.datastores[0].content_code = 0x1000000;
    refuse(&san, "24 bits");
    san = plain(ID, 1);
    san.ui_mode = (san_ui_e)4;
    refuse(&san, "0 to 3");
    san = plain(ID, 1);
    san.vendor = (const unsigned char *)long_text;
    san.vendor_len = SAN_MAX_OCTETS;
    refuse(&san, "vendor");
}

static void test_decode_vectors(void **state)
{
    apr_size_t len;
    unsigned char *data = unhex(OVI_CONTACTS, &len);
    san_t *san;

    assert_int_equal(san_decode(&san, data, len, NULL, pool), APR_SUCCESS);
    assert_int_equal(san->ui_mode, SAN_UI_BACKGROUND);
    assert_int_equal(san->by_server, 1);
    assert_int_equal(san->session, 0);
    assert_string_equal(san->server_id, "PC Suite Data Sync");
    assert_int_equal(san->ndatastores, 1);
    assert_int_equal(san->datastores[0].sync_type, 206);
    assert_int_equal(san->datastores[0].content_code, 0);
    assert_string_equal(san->datastores[0].uri, "Contacts");
    assert_true(san_verify(data, len, "PC Suite Data Sync", "", ""));
    assert_false(san_verify(data, len, "PC Suite Data Sync", "x", ""));

    data = unhex(SYNTHESIS_TWO, &len);
    assert_int_equal(san_decode(&san, data, len, NULL, pool), APR_SUCCESS);
    assert_int_equal(san->ndatastores, 2);
    assert_int_equal(san->session, 1);
    assert_int_equal(san->datastores[0].content_code, 7);
    assert_int_equal(san->datastores[1].sync_type, 209);
    assert_int_equal(san->datastores[1].content_code, 0x305);
    assert_string_equal(san->datastores[1].uri, "./calendar");
    assert_true(san_verify(data, len, ID, PASSWORD, NONCE));

    data = unhex(SYNTHESIS_ALL, &len);
    assert_int_equal(san_decode(&san, data, len, NULL, pool), APR_SUCCESS);
    assert_int_equal(san->ndatastores, 0);

    data = unhex(SYNTHESIS_VENDOR, &len);
    assert_int_equal(san_decode(&san, data, len, NULL, pool), APR_SUCCESS);
    assert_int_equal(san->vendor_len, 4);
    assert_memory_equal(san->vendor, "VEND", 4);
}

static void test_decode_cut_short(void **state)
{
    apr_size_t len, n;
    unsigned char *data = unhex(SYNTHESIS_TWO, &len);

    for (n = 0; n < len; n++) {
        /* in a block of its exact size, so that a reading past the end is
         * seen by valgrind and the sanitizer */
        unsigned char *exact = malloc(n ? n : 1);
        const char *error = NULL;
        san_t *san = (san_t *)data;

        memcpy(exact, data, n);
        assert_int_equal(san_decode(&san, exact, n, &error, pool),
                         SAN_EMALFORMED);
        assert_null(san);
        assert_non_null(error);
        assert_false(san_verify(exact, n, ID, PASSWORD, NONCE));
        free(exact);
    }
}

static void spoil(apr_size_t offset, unsigned char value, const char *words)
{
    apr_size_t len;
    unsigned char *data = unhex(SYNTHESIS_TWO, &len);
    const char *error = NULL;
    san_t *san;

    data[offset] = value;
    assert_int_equal(san_decode(&san, data, len, &error, pool),
                     SAN_EMALFORMED);
    assert_non_null(strstr(error, words));
}

static void test_decode_refuses(void **state)
{
    unsigned char *big = apr_pcalloc(pool, SAN_MAX_OCTETS + 1);
    san_t *san;
    const char *error;

    spoil(16, 0x02, "version");
    spoil(23, 0xFF, "server id");
    spoil(24, 0x00, "NUL");
    spoil(40, 0xF0, "ends inside a datastore");
    spoil(45, 0xFF, "URI is cut short");
    assert_int_equal(san_decode(&san, big, SAN_MAX_OCTETS + 1, &error, pool),
                     SAN_EMALFORMED);
    assert_non_null(strstr(error, "longer"));
}

static void test_describe(void **state)
{
    apr_size_t len;
    unsigned char *data = unhex(SYNTHESIS_TWO, &len);
    san_t *san, odd;
    const char *text;

    assert_int_equal(san_decode(&san, data, len, NULL, pool), APR_SUCCESS);
    assert_string_equal(san_describe(san, pool),
        "Notification: OMA DS 1.2\n"
        "Digest: a71f2828daeb23ebe077e6daaa1537a3\n"
        "Mode: background\n"
        "Initiator: server\n"
        "Session: 1\n"
        "Server-Id: sync.example.com\n"
        "Datastore: card; sync 206 (two-way); content 0x7 (text/x-vcard)\n"
        "Datastore: ./calendar; sync 209 (one-way from server); "
        "content 0x305 (text/calendar)\n");

    /* what a stranger wrote stays on its line */
    odd = plain("a\nb\\c\xC3\xA4", 1);
    text = san_describe(&odd, pool);
    assert_non_null(strstr(text, "Server-Id: a\\x0Ab\\x5Cc\\xC3\\xA4\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode_like_nokia),
        cmocka_unit_test(test_encode_like_synthesis),
        cmocka_unit_test(test_encode_header_bits),
        cmocka_unit_test(test_encode_largest),
        cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_decode_vectors),
        cmocka_unit_test(test_decode_cut_short),
        cmocka_unit_test(test_decode_refuses),
        cmocka_unit_test(test_describe),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
