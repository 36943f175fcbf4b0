/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* When an event begins next; see item/item.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item.h"

#define HOUR  3600

static apr_pool_t *pool;

/* Seconds of "20261130T090000Z". */
static apr_int64_t utc(const char *text)
{
    apr_time_exp_t e = { 0 };
    apr_time_t t;

    assert_int_equal(sscanf(text, "%4d%2d%2dT%2d%2d%2dZ", &e.tm_year,
                            &e.tm_mon, &e.tm_mday, &e.tm_hour, &e.tm_min,
                            &e.tm_sec), 6);
    e.tm_year -= 1900;
    e.tm_mon--;
    assert_int_equal(apr_time_exp_gmt_get(&t, &e), APR_SUCCESS);
    return apr_time_sec(t);
}

static const char *text_of(apr_int64_t secs)
{
    apr_time_exp_t e;

    if (!secs)
        return "none";
    apr_time_exp_gmt(&e, apr_time_from_sec(secs));
    return apr_psprintf(pool, "%04d%02d%02dT%02d%02d%02dZ", e.tm_year + 1900,
                        e.tm_mon + 1, e.tm_mday, e.tm_hour, e.tm_min,
                        e.tm_sec);
}

/* @param lines  of the event, or of several with END and BEGIN between */
static const char *next_in(const char *lines, const char *from, int hours,
                           const char *floating)
{
    const char *data = apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
                                   "BEGIN:VEVENT\r\nUID:1\r\n", lines,
                                   "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
                                   NULL);

    return text_of(item_next_start("text/calendar", data, strlen(data),
                                   utc(from), utc(from) + hours * HOUR,
                                   floating, pool));
}

static void expect(const char *lines, const char *from, const char *next)
{
    assert_string_equal(next_in(lines, from, 48, NULL), next);
}

#define NOV30  "20261130T080000Z"       /* a Monday */

static void test_once(void **state)
{
    expect("DTSTART:20261130T090000Z", NOV30, "20261130T090000Z");
    expect("DTSTART:20261130T080000Z", NOV30, "none");      /* it has begun */
    expect("DTSTART:20261129T090000Z", NOV30, "none");
    expect("DTSTART:20261203T090000Z", NOV30, "none");      /* not so soon */
    expect("DTSTART;TZID=Europe/Berlin:20261130T100000", NOV30,
           "20261130T090000Z");
    expect("DTSTART;VALUE=DATE:20261201", NOV30, "20261201T000000Z");
    assert_string_equal(next_in("DTSTART;VALUE=DATE:20261201", NOV30, 48,
                                "Europe/Berlin"), "20261130T230000Z");
    assert_string_equal(next_in("DTSTART:20261130T120000", NOV30, 48,
                                "America/New_York"), "20261130T170000Z");
    expect("SUMMARY:undated", NOV30, "none");
}

static void test_series(void **state)
{
    /* begun years ago, in another half of the year */
    expect("DTSTART;TZID=Europe/Berlin:20150601T100000\r\n"
           "RRULE:FREQ=WEEKLY;BYDAY=MO,TU", NOV30, "20261130T090000Z");
    expect("DTSTART:20150601T070000Z\r\nRRULE:FREQ=DAILY", NOV30,
           "20261201T070000Z");
    expect("DTSTART:20201130T070000Z\r\nRRULE:FREQ=YEARLY", NOV30, "none");
    expect("DTSTART:20201201T070000Z\r\nRRULE:FREQ=YEARLY", NOV30,
           "20261201T070000Z");
    expect("DTSTART:20200101T093000Z\r\nRRULE:FREQ=HOURLY;INTERVAL=5",
           NOV30, "20261130T093000Z");
    expect("DTSTART:20261101T093000Z\r\nRRULE:FREQ=DAILY;COUNT=30", NOV30,
           "20261130T093000Z");
    expect("DTSTART:20261101T093000Z\r\nRRULE:FREQ=DAILY;COUNT=29", NOV30,
           "none");
    expect("DTSTART:20261101T093000Z\r\nRRULE:FREQ=DAILY;UNTIL="
           "20261130T093000Z", NOV30, "20261130T093000Z");
    expect("DTSTART:20261101T093000Z\r\nRRULE:FREQ=DAILY;UNTIL=20261129",
           NOV30, "none");
    expect("DTSTART;TZID=Europe/Berlin:20261101T103000\r\n"
           "RRULE:FREQ=DAILY;UNTIL=20261130T093000Z", NOV30,
           "20261130T093000Z");
}

static void test_exceptions(void **state)
{
    static const char daily[] = "DTSTART;TZID=Europe/Berlin:20260101T100000"
        "\r\nRRULE:FREQ=DAILY\r\n";

    expect(apr_pstrcat(pool, daily,
           "EXDATE;TZID=Europe/Berlin:20261130T100000", NULL), NOV30,
           "20261201T090000Z");
    expect(apr_pstrcat(pool, daily, "EXDATE:20261130T090000Z", NULL), NOV30,
           "20261201T090000Z");
    expect(apr_pstrcat(pool, daily, "EXDATE;VALUE=DATE:20261130", NULL),
           NOV30, "20261201T090000Z");
    expect(apr_pstrcat(pool, daily, "RDATE:20261130T083000Z", NULL), NOV30,
           "20261130T083000Z");
    /* one is put off */
    expect(apr_pstrcat(pool, daily, "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\n"
           "RECURRENCE-ID;TZID=Europe/Berlin:20261130T100000\r\n"
           "DTSTART;TZID=Europe/Berlin:20261130T150000", NULL), NOV30,
           "20261130T140000Z");
    /* one of next month is today */
    expect("DTSTART:20260115T100000Z\r\nRRULE:FREQ=MONTHLY\r\n"
           "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\n"
           "RECURRENCE-ID:20261215T100000Z\r\nDTSTART:20261130T110000Z",
           NOV30, "20261130T110000Z");
}

/* Whatever a stranger writes, it ends soon. */
static void test_it_ends(void **state)
{
    static const char *const rules[] = {
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "FREQ=SECONDLY",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=100000",
        "FREQ=SECONDLY;COUNT=2000000000", "FREQ=YEARLY;BYMONTHDAY=31;BYMONTH=2",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"
    };
    apr_size_t i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        clock_t before = clock();

        next_in(apr_pstrcat(pool, "DTSTART:19710101T000000Z\r\nRRULE:",
                            rules[i], NULL), NOV30, 48, NULL);
        if (clock() - before > CLOCKS_PER_SEC / 2)
            fail_msg("%s takes %.2f s", rules[i],
                     (double)(clock() - before) / CLOCKS_PER_SEC);
    }
}

static void test_others(void **state)
{
    static const char task[] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
        "BEGIN:VTODO\r\nUID:2\r\nDUE:20261130T120000Z\r\nEND:VTODO\r\n"
        "END:VCALENDAR\r\n";
    static const char card[] = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\nN:x\r\n"
        "BDAY:20261201\r\nEND:VCARD\r\n";

    assert_string_equal(text_of(item_next_start("text/calendar", task,
        sizeof(task) - 1, utc(NOV30), utc(NOV30) + 48 * HOUR, NULL, pool)),
        "20261130T120000Z");
    assert_int_equal(item_next_start("text/vcard", card, sizeof(card) - 1,
        utc(NOV30), utc(NOV30) + 48 * HOUR, NULL, pool), 0);
    assert_int_equal(item_next_start("text/calendar", "nonsense", 8, 1, 2,
                                     NULL, pool), 0);
    assert_int_equal(item_next_start("text/plain", "a note", 6, 1, 2, NULL,
                                     pool), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_series),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_it_ends),
        cmocka_unit_test(test_others),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
