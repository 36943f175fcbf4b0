/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* SIF-E: what a field does not say of a text, and what no device was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/item_sif.h"
#include "vcal_text.h"

#define START  "UID:1\r\nDTSTART;TZID=Europe/Berlin:20260706T100000\r\n"

/** What a text in the store is after an edit on the device. */
static const char *edited(const char *stored, const char *find,
                          const char *put)
{
    item_form_t form = form_of(BERLIN, 0, 0, 0);
    item_text_t like = text_of(stored), text, out;

    form.format = ITEM_FORMAT_SIFE;
    assert_int_equal(item_sif_export(&form, &like, &text, pool),
                     APR_SUCCESS);
    text.data = apr_pstrmemdup(pool, text.data, text.len);
    if (!strstr(text.data, find))
        fail_msg("no \"%s\" in\n%s", find, text.data);
    text = text_of(replace(text.data, find, put));
    assert_int_equal(item_sif_import(&form, &text, &like, &out, pool),
                     APR_SUCCESS);
    return apr_pstrmemdup(pool, out.data, out.len);
}

/* A field goes without the white space at its ends, which its user has not
 * taken away. */
static void test_white_space(void **state)
{
    const char *stored = ical(START "SUMMARY: Lunch \\n\r\n"
                              "LOCATION:Room 1  \r\n");

    has(edited(stored, "Lunch", "Dinner"),
        "SUMMARY: Dinner \\n|LOCATION:Room 1  ");
    has(edited(stored, "Room 1", "Room 2"),
        "SUMMARY: Lunch \\n|LOCATION:Room 2  ");
    /* None of one's own, by which XML is laid out. */
    has(edited(ical(START "SUMMARY:Lunch\r\n"), "Lunch", "\r\n  Dinner\r\n"),
        "SUMMARY:Dinner");
    has(edited(stored, "Lunch", ""), "!SUMMARY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_white_space)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
