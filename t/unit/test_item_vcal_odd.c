/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Events and tasks that are not as the standard has them, on a phone that
 * speaks vCalendar 1.0: what it was not sent stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/item_doc.h"
#include "vcal_text.h"

#define START  "UID:1\r\nSUMMARY:S\r\n" \
    "DTSTART;TZID=Europe/Berlin:20260706T100000\r\n"

/** What a text in the store is after an edit on the phone. */
static const char *edited(const item_form_t *form, const char *stored,
                          const char *find, const char *put)
{
    const char *sent = export(form, stored);

    if (!strstr(sent, find))
        fail_msg("no \"%s\" in\n%s", find, sent);
    return import(form, replace(sent, find, put), stored);
}

/* ---- names of zones ------------------------------------------------------ */

/* Quotes within, around what would part the line. */
static void test_quotes_within(void **state)
{
    item_form_t form = form_of(BERLIN, LOCAL, 0, 0);
    const char *stored = ical("UID:1\r\nSUMMARY:S\r\n"
        "DTSTART;TZID=X\"GMT+1: Rome\"Y:20260706T100000\r\n");

    has(edited(&form, stored, "T100000", "T110000"),
        "DTSTART;TZID=X\"GMT+1: Rome\"Y:20260706T110000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes_within)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
