/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: recurrence rules.  Any rule ends, its occurrences are in order
 * and after the start; what is written of it is read as the same; and so in
 * vCalendar's grammar.  The first four octets are the start.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "item/item_cal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)  do { if (!(x)) abort(); } while (0)
#define MAX      2000

static void check_end(const item_recur_t *r, apr_int64_t start,
                      apr_pool_t *p)
{
    item_recur_iter_t *it = apr_palloc(p, sizeof(*it));
    apr_int64_t until = APR_INT64_MAX / 2, secs, last = start;
    int n = 0;

    if (!item_recur_begin(it, r, start, until))
        return;
    while (n < MAX && item_recur_next(it, &secs)) {
        MUST(secs >= start && (!n || secs >= last));
        last = secs;
        n++;
    }
    MUST(!r->count || n <= r->count);
    MUST(it->steps <= ITEM_RECUR_STEPS + 400);
}

static void check_written(const item_recur_t *r, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 }, c = { NULL, NULL, 0, 0 };
    item_recur_t again;

    b.p = c.p = p;
    item_recur_write(&b, r);
    MUST(item_recur_parse(&again, item_buf_span(&b)));
    item_recur_write(&c, &again);
    MUST(b.len == c.len && !memcmp(b.s, c.s, b.len));
}

static void check_vcal(const item_recur_t *r, apr_int64_t day,
                       apr_pool_t *p)
{
    const char *text = item_vcal_rule_write(r, day, p), *again;
    item_recur_t back;
    item_span_t span;

    if (!text)
        return;
    span.s = text;
    span.len = strlen(text);
    MUST(item_vcal_rule_read(&back, span, day));
    again = item_vcal_rule_write(&back, day, p);
    MUST(again);
    /* Each twelfth month, MD12, is read as the yearly rule that it is. */
    if (back.freq == ITEM_FREQ_YEARLY && r->freq == ITEM_FREQ_MONTHLY) {
        span.s = text = again;
        span.len = strlen(text);
        MUST(item_vcal_rule_read(&back, span, day));
        again = item_vcal_rule_write(&back, day, p);
        MUST(again);
    }
    MUST(!strcmp(text, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    apr_int64_t start;
    item_span_t text;
    item_recur_t r;
    apr_pool_t *p;
    char *copy;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (size < 4)
        return 0;
    start = (apr_int64_t)data[0] << 24 | (apr_int64_t)data[1] << 16
            | (apr_int64_t)data[2] << 8 | data[3];
    copy = malloc(size - 4 ? size - 4 : 1);
    MUST(copy);
    memcpy(copy, data + 4, size - 4);
    text.s = copy;
    text.len = size - 4;
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    if (item_recur_parse(&r, text)) {
        check_end(&r, start, p);
        check_written(&r, p);
        check_vcal(&r, item_recur_day_of(start), p);
        if (item_recur_shift(&r, item_recur_day_of(start), 1))
            check_written(&r, p);
    }
    if (item_vcal_rule_read(&r, text, item_recur_day_of(start))) {
        check_end(&r, start, p);
        check_vcal(&r, item_recur_day_of(start), p);
    }
    apr_pool_destroy(p);
    free(copy);
    return 0;
}
