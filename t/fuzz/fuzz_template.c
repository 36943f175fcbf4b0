/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A gateway's template from anybody: it is read or refused with words; what
 * was read makes a request for every message, and a meaning of every answer.
 * The text before the first octet 0 is the template, what follows an answer.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/gateway_template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

static void make_request(const template_t *t, int reports, apr_pool_t *p)
{
    static const unsigned char octets[] = { 0, 1, 10, 13, 0x25, 0x7F, 0xFF };
    sms_part_t part = { .udh = { 6, 5, 4, 11, 0x84, 0x23, 0xF0 },
                        .udh_len = 7, .data = octets,
                        .len = sizeof octets };
    gateway_message_t m = { .to = reports ? "+491701234567" : "12345",
        .part = &part, .number = 1, .count = 2, .validity = reports ? 15 : 0,
        .token = reports ? "0123456789abcdef0123456789abcdef" : NULL };
    http_request_t r = { .headers = apr_array_make(p, 4,
                                                   sizeof(const char *)) };
    int i;

    template_build(t, &m, &r, p);
    check(r.url && strlen(r.url) < 1000000);
    for (i = 0; i < r.headers->nelts; i++) {
        const char *c = APR_ARRAY_IDX(r.headers, i, const char *);

        check(strchr(c, ':') != NULL);
        for (; *c; c++) {
            check(*c != '\r' && *c != '\n');
        }
    }
    check(!t->body == !r.body);
}

static void read_answer(const template_t *t, const char *body, size_t len)
{
    static const int statuses[] = { 0, 200, 302, 401, 503 };
    unsigned i;

    for (i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        gateway_answer_t a = { .status = statuses[i] };
        const char *c;

        template_classify(t, body, len, &a);
        check(a.result <= GATEWAY_REJECTED);
        for (c = a.words; *c; c++) {
            check(*c >= 0x20 && *c < 0x7F);
        }
        for (c = a.id; *c; c++) {
            check(*c >= 0x20 && *c < 0x7F);
        }
    }
}

static void one(const char *text, const char *body, size_t len,
                apr_pool_t *p)
{
    gateway_settings_t s = { .reports = "http://s/dlr" };
    apr_table_t *values = apr_table_make(p, 4);
    const char *error = NULL;
    template_t *t;

    apr_table_set(values, "user", "me");
    apr_table_set(values, "password", "s3cret");
    s.values = values;
    if (template_parse(&t, text, "x.conf", &s, &error, p) != APR_SUCCESS) {
        check(t == NULL && error != NULL);
        check(strstr(error, "s3cret") == NULL || strstr(text, "s3cret"));
        apr_table_clear(values);
        error = NULL;
        if (template_parse(&t, text, "x.conf", &s, &error, p)
            != APR_SUCCESS) {
            check(t == NULL && error != NULL);
            return;
        }
    }
    make_request(t, 0, p);
    make_request(t, 1, p);
    read_answer(t, body, len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = memchr(data, 0, size);
    size_t n = zero ? (size_t)(zero - data) : size;
    size_t len = zero ? size - n - 1 : 0;
    static int ready;
    char *text, *body;
    apr_pool_t *p;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    text = malloc(n + 1);               /* exact sizes, for ASan */
    memcpy(text, data, n);
    text[n] = '\0';
    len = len > 4096 ? 4096 : len;      /* as much as is ever read */
    body = malloc(len ? len : 1);
    if (len) {
        memcpy(body, zero + 1, len);
    }
    apr_pool_create(&p, NULL);
    one(text, body, len, p);
    apr_pool_destroy(p);
    free(text);
    free(body);
    return 0;
}
