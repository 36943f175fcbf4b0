/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: events and tasks of devices.  The first octets choose the
 * device's zone, clock, days and habits, and whether it speaks vCalendar or
 * iCalendar; the rest is its text, copied to memory of exactly its size.
 * What must hold for any text that is taken: the store can read the result;
 * it can be sent, taken back and sent again, and is then the same; and with
 * the stored text as like it is taken, too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "item/item_vcal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)  do { if (!(x)) abort(); } while (0)

static const char *const zones[] = {
    NULL, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
};

static const char *const charsets[] = { NULL, "ISO-8859-1" };

static void check(const item_form_t *form, const item_text_t *text,
                  apr_pool_t *p)
{
    item_text_t stored, sent, back, again;
    item_keys_t keys;
    apr_status_t rv;

    rv = item_vcal_import(form, text, NULL, &stored, p);
    if (rv != APR_SUCCESS) {
        MUST(item_strerror(rv) && !stored.len);
        return;
    }
    rv = item_keys(&keys, "text/calendar", stored.data, stored.len, p);
    MUST(rv == APR_SUCCESS || rv == ITEM_ELIMIT);
    if (form->format == ITEM_FORMAT_VCAL10) {
        rv = item_vcal_export(form, &stored, &sent, p);
        if (rv != APR_SUCCESS)  /* a journal; or it has grown too much */
            return;
        rv = item_vcal_import(form, &sent, NULL, &back, p);
        MUST(rv == APR_SUCCESS || rv == ITEM_ELIMIT);
        if (rv != APR_SUCCESS)
            return;
        MUST(item_vcal_export(form, &back, &again, p) == APR_SUCCESS);
    }
    else {
        rv = item_ical_export(form, &stored, &sent, p);
        if (rv != APR_SUCCESS)
            return;
        rv = item_ical_import(form, &sent, NULL, &back, p);
        MUST(rv == APR_SUCCESS || rv == ITEM_ELIMIT);
        if (rv != APR_SUCCESS)
            return;
        MUST(item_ical_export(form, &back, &again, p) == APR_SUCCESS);
    }
    rv = item_vcal_import(form, text, &stored, &back, p);
    MUST(rv == APR_SUCCESS);
    rv = item_vcal_import(form, &sent, &stored, &back, p);
    MUST(rv == APR_SUCCESS || rv == ITEM_ELIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    item_form_t form;
    item_text_t text;
    apr_pool_t *p;
    char *copy;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (size < 4)
        return 0;
    memset(&form, 0, sizeof(form));
    form.format = data[0] & 1 ? ITEM_FORMAT_ICAL20 : ITEM_FORMAT_VCAL10;
    form.charset = charsets[data[0] >> 1 & 1];
    form.zone = zones[data[0] >> 2 & 3];
    form.clock = (item_clock_e)(data[1] % 5);
    form.days = (item_days_e)(data[1] / 5 % 4);
    form.habits = data[2] | (apr_uint32_t)data[3] << 8
                  | (apr_uint32_t)(data[0] >> 4 & 15) << 16
                  | (apr_uint32_t)(data[1] / 20 & 3) << 20;
    size -= 4;
    copy = malloc(size ? size : 1);
    MUST(copy);
    memcpy(copy, data + 4, size);
    text.data = copy;
    text.len = size;
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    check(&form, &text, p);
    apr_pool_destroy(p);
    free(copy);
    return 0;
}
