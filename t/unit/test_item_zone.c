/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Time zones, against libc and libical; see item/item_zone.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <libical/ical.h>

#include "item/item_zone.h"

#define DAY  86400

static apr_pool_t *pool;

static item_span_t span(const char *s)
{
    item_span_t result;

    result.s = s;
    result.len = strlen(s);
    return result;
}

static const item_zone_t *open_zone(const char *name)
{
    const item_zone_t *zone = item_zone_open(span(name), pool);

    if (!zone)
        fail_msg("no zone %s", name);
    return zone;
}

static apr_int64_t utc(const char *text)
{
    item_time_t t;

    assert_true(item_time_parse(&t, span(text), span("")));
    return t.secs;
}

static const char *const zones[] = {
    "Europe/Berlin", "America/New_York", "Australia/Sydney",
    "America/Sao_Paulo", "America/Santiago", "Asia/Kolkata",
    "Europe/Dublin", "Asia/Jerusalem", "America/Nuuk", "Australia/Lord_Howe",
    "Africa/Casablanca", "Africa/Cairo", "Asia/Tehran", "Europe/Moscow",
    "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns", "Europe/London",
    "America/Argentina/Buenos_Aires", "Pacific/Chatham", "UTC", "CET"
};

#define NZONES  (sizeof(zones) / sizeof(zones[0]))

/** Both directions as libc has them, every 40 hours or so for 300 years. */
static void test_libc(void **state)
{
    apr_int64_t from = utc("19020101T000000Z"), t, back;
    struct tm tm;
    time_t when;
    unsigned i;

    for (i = 0; i < NZONES; i++) {
        const item_zone_t *zone = open_zone(zones[i]);

        setenv("TZ", zones[i], 1);
        tzset();
        for (t = from; t < from + 300 * 366 * (apr_int64_t)DAY;
             t += 145000) {
            when = (time_t)t;
            localtime_r(&when, &tm);
            if (item_zone_offset(zone, t, NULL) != (int)tm.tm_gmtoff)
                fail_msg("%s at %ld: %d, libc %ld", zones[i], (long)t,
                         item_zone_offset(zone, t, NULL), tm.tm_gmtoff);
            back = item_zone_to_utc(zone, item_zone_to_local(zone, t));
            assert_true(back == t || (back < t && t - back <= 3 * 3600));
        }
    }
    setenv("TZ", "UTC", 1);
    tzset();
}

/** A time that comes twice, and one that never comes. */
static void test_edges(void **state)
{
    const item_zone_t *zone = open_zone("Europe/Berlin");

    assert_int_equal(item_zone_to_utc(zone, utc("20261025T023000")),
                     utc("20261025T003000Z"));
    assert_int_equal(item_zone_to_utc(zone, utc("20260329T023000")),
                     utc("20260329T013000Z"));
    assert_int_equal(item_zone_to_utc(zone, utc("20260329T015959")),
                     utc("20260329T005959Z"));
    assert_int_equal(item_zone_to_utc(zone, utc("20260329T030000")),
                     utc("20260329T010000Z"));
    assert_int_equal(item_zone_to_utc(zone, utc("20261025T030000")),
                     utc("20261025T020000Z"));
    zone = open_zone("America/New_York");
    assert_int_equal(item_zone_to_utc(zone, utc("21000704T120000")),
                     utc("21000704T160000Z"));
}

static void test_names(void **state)
{
    static const char *const same[][2] = {
        { "/freeassociation.sourceforge.net/Tzfile/Europe/Berlin",
          "Europe/Berlin" },
        { "/softwarestudio.org/Olson_20011030_5/America/Indiana/Knox",
          "America/Indiana/Knox" },
        { "W. Europe Standard Time", "Europe/Berlin" },
        { "pacific standard time", "America/Los_Angeles" },
        { "utc", "UTC" }, { "Etc/UTC", "UTC" }
    };
    static const char *const none[] = {
        "", "/", "..", "../../etc/passwd", "Europe/../etc/passwd",
        "Europe", "Europe/Berlin/", "localtime", "right/UTC",
        "tzdata.zi", "leapseconds", "zone1970.tab", "Berlin",
        "/etc/passwd", "Europe/Atlantis", "My Zone"
    };
    unsigned i;

    for (i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        assert_string_equal(item_zone_name(open_zone(same[i][0])),
                            same[i][1]);
    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (item_zone_open(span(none[i]), pool))
            fail_msg("\"%s\" is a zone", none[i]);
}

static item_part_t *zone_part(const char *text)
{
    item_doc_t *doc;

    text = apr_pstrcat(pool, "BEGIN:VCALENDAR\nVERSION:2.0\n", text,
                       "BEGIN:VEVENT\nEND:VEVENT\nEND:VCALENDAR\n", NULL);
    assert_int_equal(item_doc_read(&doc, NULL, text, strlen(text), pool),
                     APR_SUCCESS);
    return APR_ARRAY_IDX(doc->root->entries, 1, item_entry_t *)->part;
}

static char *vtimezone(const item_zone_t *zone, const char *tzid,
                       apr_int64_t from)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = pool;
    item_zone_vtimezone(&b, zone, tzid, from, "\n");
    return b.s;
}

/** What is written means to libical what the zone is. */
static void check_vtimezone(const char *name, const char *from)
{
    const item_zone_t *zone = open_zone(name);
    apr_int64_t start = utc(from), t;
    char *text = vtimezone(zone, name, start);
    icaltimezone *theirs = icaltimezone_new();
    icalcomponent *comp = icalparser_parse_string(text);

    assert_non_null(comp);
    assert_int_equal(icalcomponent_count_errors(comp), 0);
    assert_true(icaltimezone_set_component(theirs, comp));
    for (t = start + DAY; t < start + 11 * 366 * (apr_int64_t)DAY;
         t += 50000) {
        struct icaltimetype tt
            = icaltime_from_timet_with_zone((time_t)t, 0, NULL);
        int offset = icaltimezone_get_utc_offset_of_utc_time(theirs, &tt,
                                                             NULL);

        if (offset != item_zone_offset(zone, t, NULL))
            fail_msg("%s from %s at %ld: %d, libical %d\n%s", name, from,
                     (long)t, item_zone_offset(zone, t, NULL), offset, text);
    }
    icaltimezone_free(theirs, 1);
}

static void test_vtimezone(void **state)
{
    static const char *const starts[] = {
        "19720301T100000Z", "19960901T100000Z", "20051231T230000Z",
        "20180101T000000Z", "20260701T100000Z"
    };
    unsigned i, k;

    for (i = 0; i < NZONES; i++)
        for (k = 0; k < sizeof(starts) / sizeof(starts[0]); k++)
            check_vtimezone(zones[i], starts[k]);
    assert_string_equal(
        vtimezone(open_zone("Europe/Berlin"), "Europe/Berlin",
                  utc("20260701T100000Z")),
        "BEGIN:VTIMEZONE\nTZID:Europe/Berlin\nBEGIN:DAYLIGHT\n"
        "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\nTZNAME:CEST\n"
        "DTSTART:19960331T020000\n"
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\n"
        "BEGIN:STANDARD\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
        "TZNAME:CET\nDTSTART:19961027T030000\n"
        "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n"
        "END:VTIMEZONE\n");
}

/** Under another name it is known by its rules. */
static void test_recognise(void **state)
{
    static const char *const known[] = {
        "Europe/Berlin", "America/New_York", "Australia/Sydney",
        "Asia/Kolkata", "Europe/London", "Asia/Jerusalem", "America/Nuuk",
        "Asia/Kathmandu", "Australia/Lord_Howe"
    };
    apr_int64_t from = utc("20260701T100000Z");
    const item_zone_t *zone, *found;
    unsigned i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        const char *text;
        char *location;

        zone = open_zone(known[i]);
        text = vtimezone(zone, "Mine", from);
        location = strstr(text, "X-LIC-LOCATION");
        memcpy(location, "X-ANY", 5);
        found = item_zone_recognise(zone_part(text), NULL, from, pool);
        assert_non_null(found);
        assert_string_equal(item_zone_name(found), known[i]);
    }
    zone = open_zone("Europe/Paris");
    found = item_zone_recognise(
        zone_part("BEGIN:VTIMEZONE\nTZID:GMT +0100 (Standard)\n"
                  "BEGIN:STANDARD\nDTSTART:16010101T030000\n"
                  "TZOFFSETFROM:+0200\nTZOFFSETTO:+0100\n"
                  "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\nEND:STANDARD\n"
                  "BEGIN:DAYLIGHT\nDTSTART:16010101T020000\n"
                  "TZOFFSETFROM:+0100\nTZOFFSETTO:+0200\n"
                  "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\nEND:DAYLIGHT\n"
                  "END:VTIMEZONE\n"), zone, from, pool);
    assert_ptr_equal(found, zone);
    /* A Windows name above rules of another zone. */
    found = item_zone_recognise(
        zone_part("BEGIN:VTIMEZONE\nTZID:GMT Standard Time\n"
                  "BEGIN:STANDARD\nDTSTART:16010101T000000\n"
                  "TZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\n"
                  "END:VTIMEZONE\n"), zone, from, pool);
    assert_non_null(found);
    assert_string_equal(item_zone_name(found), "Asia/Kolkata");
}

#define MINE(parts)  "BEGIN:VTIMEZONE\nTZID:Mine\n" parts "END:VTIMEZONE\n"
#define PART(name, from, to, start, rule)  "BEGIN:" name "\nDTSTART:" start \
    "\nTZOFFSETFROM:" from "\nTZOFFSETTO:" to "\n" rule "END:" name "\n"
#define MARCH  "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY="
#define APRIL  "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY="
#define OCTOBER  "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY="

/** Hours from UTC at some instants, of a zone as its text says. */
static void is_nobodys(const char *text, const char *around,
                       const char *hours)
{
    const item_zone_t *zone = item_zone_recognise(
        zone_part(text), open_zone("Europe/Paris"), utc(around), pool);
    char *last, *word = apr_strtok(apr_pstrdup(pool, hours), " ", &last);

    assert_non_null(zone);
    for (; word; word = apr_strtok(NULL, " ", &last)) {
        char *is = strchr(word, '=');

        *is++ = '\0';
        assert_int_equal(item_zone_offset(zone, utc(word), NULL),
                         (int)(atof(is) * 3600));
    }
}

/** Some rules are no country's: they count as they are. */
static void test_nobodys(void **state)
{
    is_nobodys(MINE(PART("STANDARD", "+0515", "+0515", "16010101T000000",
                         "")), "20260701T100000Z", "20260701T100000Z=5.25");
    /* Mulberry's clock is changed at one and at six. */
    is_nobodys(MINE(PART("DAYLIGHT", "-0500", "-0400", "19900404T010000",
                         APRIL "1SU\n")
                    PART("STANDARD", "-0400", "-0500", "19901026T060000",
                         OCTOBER "-1SU\n")), "19970902T090000Z",
               "19970902T130000Z=-4 19971026T095959Z=-4 19971026T100000Z=-5 "
               "19980405T055959Z=-5 19980405T060000Z=-4 20110401T000000Z=-5");
    /* On the fourth of what may be five, in the south. */
    is_nobodys(MINE(PART("STANDARD", "+0330", "+0230", "20000101T043000",
                         MARCH "4SU\n")
                    PART("DAYLIGHT", "+0230", "+0330", "20000101T020000",
                         OCTOBER "2TU\n")), "20270601T090000Z",
               "20270328T005959Z=3.5 20270328T010000Z=2.5 "
               "20310323T010000Z=2.5 20310322T235959Z=3.5 "
               "20271011T232959Z=2.5 20271011T233000Z=3.5");
}

/* Where nothing is said of a time, what was last holds. */
static void test_lasts(void **state)
{
#define ENDED  PART("DAYLIGHT", "-0500", "-0400", "19900404T010000", \
                    APRIL "1SU;UNTIL=20060402T060000Z\n") \
               PART("STANDARD", "-0400", "-0500", "19901026T060000", \
                    OCTOBER "-1SU;UNTIL=20061029T060000Z\n")
    is_nobodys(MINE(ENDED), "20270701T090000Z", "20270701T090000Z=-5");
    is_nobodys(MINE(PART("STANDARD", "+0200", "+0100", "20001029T030000", "")
                    PART("DAYLIGHT", "+0100", "+0200", "20010325T020000",
                         "")), "20270101T090000Z", "20270101T090000Z=2");
    is_nobodys(MINE(PART("STANDARD", "+0200", "+0100", "20001029T030000", "")
                    PART("DAYLIGHT", "+0100", "+0200", "20010325T020000",
                         "")), "19900101T090000Z", "19900101T090000Z=2");
}

static const item_zone_t *from_lines(const char *tz, const char *daylight,
                                     const char *prefer)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(item_span_t));
    char *last, *line = apr_strtok(apr_pstrdup(pool, daylight), "\n", &last);

    for (; line; line = apr_strtok(NULL, "\n", &last))
        APR_ARRAY_PUSH(list, item_span_t) = span(line);
    return item_zone_from_lines(span(tz), list,
                                prefer ? open_zone(prefer) : NULL,
                                utc("20260701T000000Z"), pool);
}

static void check_lines(const char *tz, const char *daylight,
                        const char *prefer, const char *want)
{
    const item_zone_t *zone = from_lines(tz, daylight, prefer);

    assert_non_null(zone);
    assert_string_equal(item_zone_name(zone), want);
}

static void test_lines(void **state)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    unsigned i;

    b.p = pool;
    item_zone_lines(&b, open_zone("Europe/Berlin"), 2026, 2027, 1, "\n");
    assert_string_equal(
        b.s, "TZ:+01\n"
        "DAYLIGHT:TRUE;+02;20260329T020000;20261025T030000;CET;CEST\n"
        "DAYLIGHT:TRUE;+02;20270328T020000;20271031T030000;CET;CEST\n");
    b.len = 0;
    item_zone_lines(&b, open_zone("Australia/Sydney"), 2026, 2026, 1, "\n");
    assert_string_equal(
        b.s, "TZ:+10\n"
        "DAYLIGHT:TRUE;+11;20261004T020000;20270404T030000;AEST;AEDT\n");
    b.len = 0;
    item_zone_lines(&b, open_zone("Australia/Sydney"), 2026, 2026, 0, "\n");
    assert_string_equal(
        b.s, "TZ:+10\nDAYLIGHT:TRUE;+11;20261004T020000;20270404T030000;;\n");
    b.len = 0;
    item_zone_lines(&b, open_zone("Asia/Kolkata"), 2026, 2030, 1, "\n");
    assert_string_equal(b.s, "TZ:+0530\nDAYLIGHT:FALSE\n");
    for (i = 0; i < 2; i++) {
        check_lines("+02", "TRUE;+03;20050327T030000;20051030T040000;"
                    "+02;+03", i ? "Europe/Helsinki" : NULL,
                    i ? "Europe/Helsinki" : "Europe/Athens");
        check_lines("+01", "TRUE;+02;20090329T010000Z;20091025T010000Z;;\n"
                    "TRUE;+02;20100328T010000Z;20101031T010000Z;;",
                    i ? "Asia/Tokyo" : NULL, "Europe/Berlin");
        check_lines("-0500", "TRUE;-0400;20090308T020000;20091101T020000;;",
                    i ? "Europe/Rome" : NULL, "America/New_York");
        check_lines("+05:30", "FALSE", NULL, "Asia/Kolkata");
    }
    check_lines("+01", "", "Europe/Rome", "Europe/Rome");
    check_lines("+01", "FALSE", "Europe/Rome", "Africa/Lagos");
    check_lines("+00", "FALSE", "Europe/London", "UTC");
    check_lines("+0517", "", NULL, "");
    assert_null(from_lines("CET", "", "Europe/Rome"));
    assert_null(from_lines("", "", NULL));
}

static int set_up(void **state)
{
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int tear_down(void **state)
{
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libc),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_vtimezone),
        cmocka_unit_test(test_recognise),
        cmocka_unit_test(test_nobodys),
        cmocka_unit_test(test_lasts),
        cmocka_unit_test(test_lines)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
