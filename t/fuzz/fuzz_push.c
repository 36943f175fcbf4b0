/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What push reads: notifications (syncmlctl and dry runs take them apart),
 * a gateway's answers, telephone numbers and gateway URLs.  The first octet
 * chooses.  A package that can be read is written again and must come out
 * the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/gateway_driver.h"
#include "push/notification.h"
#include "push/san.h"
#include "push/sms.h"
#include "push/wsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

static void read_package(const unsigned char *data, size_t size,
                         apr_pool_t *p)
{
    const unsigned char *again;
    apr_size_t len;
    san_t *san;

    if (san_decode(&san, data, size, NULL, p) != APR_SUCCESS) {
        check(san == NULL);
        return;
    }
    check(strlen(san_describe(san, p)) > 0);
    if (san_encode(&again, &len, san, "secret", "nonce", NULL, p)
        == APR_SUCCESS) {
        san_t *back;

        check(san_verify(again, len, san->server_id, "secret", "nonce"));
        check(san_decode(&back, again, len, NULL, p) == APR_SUCCESS);
        check(back->ndatastores == san->ndatastores
              && back->session == san->session
              && back->vendor_len == san->vendor_len
              && strcmp(back->server_id, san->server_id) == 0);
    }
}

static void read_answer(const char *data, size_t size)
{
    gateway_answer_t answer;
    const char *c;

    if (size < 2) {
        return;
    }
    gateway_kannel_classify((unsigned char)data[0] * 256
                            + (unsigned char)data[1], data + 2, size - 2,
                            &answer);
    for (c = answer.words; *c; c++) {
        check(*c >= 0x20 && *c < 0x7F);
    }
}

static void read_text(const char *text, apr_pool_t *p)
{
    const char *number, *error = NULL;
    gateway_t *gw;

    if (sms_number(&number, text, &error, p) == APR_SUCCESS) {
        check(strlen(number) <= SMS_MAX_NUMBER);
        check(strspn(number, "+0123456789") == strlen(number));
    }
    else {
        check(error != NULL);
    }
    if (gateway_parse(&gw, text, &error, p) != APR_SUCCESS) {
        check(gw == NULL && error != NULL);
    }
}

static void one(int kind, const unsigned char *data, size_t size,
                apr_pool_t *p)
{
    switch (kind & 3) {
    case 0:
        check(strlen(notification_describe(data, size, p)) > 0);
        break;
    case 1:
        read_package(data, size, p);
        break;
    case 2:
        read_answer((const char *)data, size);
        break;
    default:
        read_text(apr_pstrmemdup(p, (const char *)data, size), p);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    unsigned char *exact;
    apr_pool_t *p;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (size == 0) {
        return 0;
    }
    exact = malloc(size > 1 ? size - 1 : 1);
    memcpy(exact, data + 1, size - 1);
    apr_pool_create(&p, NULL);
    one(data[0], exact, size - 1, p);
    apr_pool_destroy(p);
    free(exact);
    return 0;
}
