/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A delivery report from anybody: up to REPORT_MAX of them, each with a token
 * that is one, a known state and printable text.  The first octet chooses how
 * it comes: in the query, as a form, as JSON, with and without a token in the
 * path.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/report.h"

#define TOKEN  "0123456789abcdef0123456789abcdef"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

static void one(int kind, const char *text, size_t len, apr_pool_t *p)
{
    static const char *const types[] = { NULL,
        "application/x-www-form-urlencoded", "application/json", "text/xml" };
    const char *path = kind & 4 ? "/dlr/" TOKEN : "/dlr";
    const char *query = kind & 3 ? NULL : apr_pstrmemdup(p, text, len);
    apr_array_header_t *reports;
    report_result_e result = report_read(&reports, path, query,
                                         types[kind & 3], text,
                                         query ? 0 : len, p);
    int i;

    check((result == REPORT_OK) == (reports->nelts > 0));
    check(reports->nelts <= REPORT_MAX);
    for (i = 0; i < reports->nelts; i++) {
        const report_t *r = &APR_ARRAY_IDX(reports, i, report_t);
        const char *c;

        check(report_is_token(r->token));
        check(r->state >= STORE_REPORT_ACCEPTED
              && r->state <= STORE_REPORT_FAILED);
        check(!r->permanent || r->state == STORE_REPORT_FAILED);
        check(memchr(r->text, '\0', REPORT_MAX_TEXT) != NULL);
        for (c = r->text; *c; c++) {
            check(*c >= 0x20 && *c < 0x7F);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    char *exact;
    apr_pool_t *p;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (size == 0 || size > REPORT_MAX_BODY) {
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
