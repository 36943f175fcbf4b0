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

static const char *task(const char *lines)
{
    return replace(ical(lines), "VEVENT", "VTODO");
}

/** What a text in the store is after an edit on the phone. */
static const char *edited(const item_form_t *form, const char *stored,
                          const char *find, const char *put)
{
    const char *sent = export(form, stored);

    if (!strstr(sent, find))
        fail_msg("no \"%s\" in\n%s", find, sent);
    return import(form, replace(sent, find, put), stored);
}

/* ---- ends ---------------------------------------------------------------- */

static void test_unreadable_times(void **state)
{
    item_form_t form = form_of(BERLIN, LOCAL, 0, 0);
    const char *stored = ical(START "DTEND:20131010T180000T\r\n");

    has(edited(&form, stored, "SUMMARY:S", "SUMMARY:T"),
        "SUMMARY:T|DTEND:20131010T180000T|"
        "DTSTART;TZID=Europe/Berlin:20260706T100000");
    has(edited(&form, stored, "T100000", "T110000"),
        "DTEND:20131010T180000T|DTSTART;TZID=Europe/Berlin:20260706T110000");
    /* The phone knows one now. */
    has(edited(&form, stored, "T100000\r\n", "T100000\r\n"
               "DTEND:20260706T120000\r\n"),
        "DTEND;TZID=Europe/Berlin:20260706T120000|!DTEND:20131010T180000T");
    stored = ical("UID:1\r\nSUMMARY:S\r\nDTSTART:20131010T170000T\r\n");
    has(edited(&form, stored, "SUMMARY:S", "SUMMARY:T"),
        "SUMMARY:T|DTSTART:20131010T170000T");
    stored = ical(START "DURATION:PT\r\n");
    has(edited(&form, stored, "SUMMARY:S", "SUMMARY:T"),
        "SUMMARY:T|DURATION:PT");
    stored = task("UID:1\r\nSUMMARY:S\r\nDUE:tomorrow\r\n");
    has(edited(&form, stored, "SUMMARY:S", "SUMMARY:T"),
        "SUMMARY:T|DUE:tomorrow");
}

/* Seconds, as some programs write a length. */
static void test_bare_seconds(void **state)
{
    item_form_t form = form_of(BERLIN, LOCAL, 0, 0);
    const char *stored = ical(START "DURATION:3600\r\n");

    has(export(&form, stored), "DTEND:20260706T110000");
    has(edited(&form, stored, "SUMMARY:S", "SUMMARY:T"),
        "SUMMARY:T|DURATION:3600|!DTEND");
    has(edited(&form, stored, "20260706T1", "20260707T1"),
        "DURATION:3600|!DTEND|DTSTART;TZID=Europe/Berlin:20260707T100000");
    has(edited(&form, stored, "T110000", "T120000"), "DURATION:PT2H|!DTEND");
}

/* An end that is a day, where the start is none, goes to no phone. */
static void test_event_until_a_day(void **state)
{
    item_form_t form = form_of(BERLIN, LOCAL, 0, 0);
    const char *stored = ical(START "DTEND;VALUE=DATE:20260707\r\n");

    has(edited(&form, stored, "SUMMARY:S", "SUMMARY:T"),
        "SUMMARY:T|DTEND;VALUE=DATE:20260707");
}

/* Each on its own clock, as some programs write it. */
static void test_end_on_another_clock(void **state)
{
    static const char *const ends[][2] = {
        { "DTEND:20260706T090000Z\r\n", "DTEND:20260706T100000Z" },
        { "DTEND:20260706T110000\r\n", "DTEND:20260706T120000" },
        { "DTEND;TZID=Asia/Tokyo:20260706T180000\r\n",
          "DTEND;TZID=Asia/Tokyo:20260706T190000" }
    };
    static const item_clock_e clocks[] = { ITEM_CLOCK_UTC, LOCAL };
    item_form_t form;
    unsigned i, j;

    for (i = 0; i < 6; i++) {
        form = form_of(BERLIN, clocks[i % 2], 0, 0);
        j = i / 2;
        has(edited(&form, ical(apr_pstrcat(pool, START, ends[j][0], NULL)),
                   i % 2 ? "T110000" : "T090000",
                   i % 2 ? "T120000" : "T100000"),
            apr_pstrcat(pool, ends[j][1], "|DTSTART;TZID=Europe/Berlin:"
                        "20260706T100000", NULL));
    }
    form = form_of(BERLIN, LOCAL, 0, 0);
    has(edited(&form, ical("UID:1\r\nDTSTART:20260706T080000Z\r\n"
                           "DTEND;TZID=Asia/Tokyo:20260706T180000\r\n"),
               "T110000", "T120000"),
        "DTSTART:20260706T080000Z|DTEND;TZID=Asia/Tokyo:20260706T190000");
}

/* The same from a client of iCalendar that knows no zones. */
static void test_end_in_icalendar(void **state)
{
    item_form_t form = form_of(BERLIN, ITEM_CLOCK_UTC, 0, ITEM_HABIT_NO_ZONE);
    const char *stored = ical(START "DTEND:20260706T090000Z\r\n");
    item_text_t like = text_of(stored), text, out;

    form.format = ITEM_FORMAT_ICAL20;
    assert_int_equal(item_ical_export(&form, &like, &text, pool),
                     APR_SUCCESS);
    text = text_of(replace(replace(apr_pstrmemdup(pool, text.data, text.len),
                                   "T090000Z", "T093000Z"), "T080000Z",
                           "T083000Z"));
    assert_int_equal(item_ical_import(&form, &text, &like, &out, pool),
                     APR_SUCCESS);
    has(apr_pstrmemdup(pool, out.data, out.len), "DTEND:20260706T093000Z|"
        "DTSTART;TZID=Europe/Berlin:20260706T103000");
}

/* ---- tasks --------------------------------------------------------------- */

/* It begins at a time, and is due on a day. */
static void test_task_due_on_a_day(void **state)
{
    const char *stored = task(START "DUE;VALUE=DATE:20260708\r\n");
    static const item_clock_e clocks[] = { ITEM_CLOCK_UTC, LOCAL };
    item_form_t form;
    unsigned i;

    for (i = 0; i < 2; i++) {
        form = form_of(BERLIN, clocks[i], 0, 0);
        has(edited(&form, stored, "SUMMARY:S", "SUMMARY:T"),
            "SUMMARY:T|DUE;VALUE=DATE:20260708|"
            "DTSTART;TZID=Europe/Berlin:20260706T100000");
        has(edited(&form, stored, "202607", "202609"),
            "DUE;VALUE=DATE:20260908|"
            "DTSTART;TZID=Europe/Berlin:20260906T100000");
    }
    /* To midnight, and to a time of the clock. */
    has(edited(&form, stored, "T100000", "T000000"),
        "DUE;VALUE=DATE:20260708|DTSTART;TZID=Europe/Berlin:20260706T000000");
    has(edited(&form, stored, "DUE:20260708T000000", "DUE:20260708T120000"),
        "DUE;TZID=Europe/Berlin:20260708T120000|"
        "DTSTART;TZID=Europe/Berlin:20260706T100000");
}

/* The other way round. */
static void test_task_from_a_day(void **state)
{
    const char *stored = task("UID:1\r\nSUMMARY:S\r\n"
                              "DTSTART;VALUE=DATE:20260706\r\n"
                              "DUE;TZID=Europe/Berlin:20260708T120000\r\n");
    item_form_t form = form_of(BERLIN, LOCAL, 0, 0);

    has(edited(&form, stored, "SUMMARY:S", "SUMMARY:T"),
        "SUMMARY:T|DUE;TZID=Europe/Berlin:20260708T120000|"
        "DTSTART;VALUE=DATE:20260706");
    has(edited(&form, stored, "202607", "202609"),
        "DUE;TZID=Europe/Berlin:20260908T120000|"
        "DTSTART;VALUE=DATE:20260906");
}

/* Done on a clock of its own, which it must not be. */
static void test_task_done_in_a_zone(void **state)
{
    item_form_t form = form_of(BERLIN, ITEM_CLOCK_UTC, 0, 0);
    const char *stored = task(START "STATUS:COMPLETED\r\n"
        "COMPLETED;TZID=America/New_York:20260706T040000\r\n");

    has(export(&form, stored), "COMPLETED:20260706T080000Z");
    has(edited(&form, stored, "SUMMARY:S", "SUMMARY:T"),
        "SUMMARY:T|COMPLETED;TZID=America/New_York:20260706T040000");
    has(edited(&form, stored, "COMPLETED:20260706", "COMPLETED:20260707"),
        "COMPLETED:20260707T080000Z");
}

/* ---- alarms -------------------------------------------------------------- */

#define SILENT  "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:?\r\n" \
    "TRIGGER\r\nEND:VALARM\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\n" \
    "TRIGGER:900\r\nEND:VALARM\r\n"

static void test_alarms_without_a_time(void **state)
{
    item_form_t form = form_of(BERLIN, LOCAL, 0, 0);
    const char *back = edited(&form, ical(START SILENT ALARM), "SUMMARY:S",
                              "SUMMARY:T");

    has(back, "SUMMARY:T|DESCRIPTION:?|TRIGGER:900|TRIGGER:-PT15M");
    back = edited(&form, ical(START SILENT), "T100000", "T120000");
    has(back, "DESCRIPTION:?|TRIGGER:900");
    back = edited(&form, ical(START SILENT), "DTSTART:20260706T100000\r\n",
                  "DTSTART:20260706T100000\r\nAALARM:20260706T094500\r\n");
    has(back, "DESCRIPTION:?|TRIGGER:900|TRIGGER:-PT15M");
}

#define NO_DATE  "UID:1\r\nSUMMARY:S\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n" \
    "TRIGGER;VALUE=DATE-TIME:20260706T080000Z\r\nEND:VALARM\r\n"

/* Many phones have alarms before a date alone. */
static void test_alarm_of_a_task_without_a_date(void **state)
{
    item_form_t form = form_of(BERLIN, LOCAL, 0, 0);
    const char *alarms = "DALARM:20260706T100000;;;\r\n"
                         "AALARM:20260706T100000;;;\r\n";
    const char *gone = "!BEGIN:VALARM|!TRIGGER";

    has(edited(&form, task(NO_DATE), alarms, ""),
        "BEGIN:VALARM|TRIGGER;VALUE=DATE-TIME:20260706T080000Z");
    has(edited(&form, task(NO_DATE), "T100000;", "T110000;"),
        "TRIGGER;VALUE=DATE-TIME:20260706T090000Z|"
        "!TRIGGER;VALUE=DATE-TIME:20260706T08");
    form.dateless_alarms = 1;
    has(edited(&form, task(NO_DATE), alarms, ""), gone);
    form.dateless_alarms = 0;
    has(edited(&form, task("DUE:20260706T080000Z\r\n" NO_DATE), alarms, ""),
        gone);
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

/* ---- changed occurrences without their series ------------------------------ */

#define CHANGED(day, title)  "UID:1\r\nSUMMARY:" title "\r\n" \
    "RECURRENCE-ID;TZID=Europe/Berlin:202607" day "T100000\r\n" \
    "DTSTART;TZID=Europe/Berlin:202607" day "T120000\r\n"

static void test_occurrences_alone(void **state)
{
    item_form_t form = form_of(BERLIN, LOCAL, 0, ITEM_HABIT_ONE_EVENT);
    const char *stored = ical(CHANGED("06", "A") "END:VEVENT\r\n"
        "BEGIN:VEVENT\r\n" CHANGED("13", "B"));
    const char *back;

    has(export(&form, stored), "SUMMARY:A|!SUMMARY:B");
    back = edited(&form, stored, "SUMMARY:A", "SUMMARY:T");
    has(back, "SUMMARY:T|SUMMARY:B|"
        "RECURRENCE-ID;TZID=Europe/Berlin:20260706T100000|"
        "RECURRENCE-ID;TZID=Europe/Berlin:20260713T100000");
    /* To where the other one is. */
    back = edited(&form, stored, "20260706T12", "20260713T12");
    has(back, "SUMMARY:A|SUMMARY:B|"
        "RECURRENCE-ID;TZID=Europe/Berlin:20260706T100000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unreadable_times),
        cmocka_unit_test(test_bare_seconds),
        cmocka_unit_test(test_event_until_a_day),
        cmocka_unit_test(test_end_on_another_clock),
        cmocka_unit_test(test_end_in_icalendar),
        cmocka_unit_test(test_task_due_on_a_day),
        cmocka_unit_test(test_task_from_a_day),
        cmocka_unit_test(test_task_done_in_a_zone),
        cmocka_unit_test(test_alarms_without_a_time),
        cmocka_unit_test(test_alarm_of_a_task_without_a_date),
        cmocka_unit_test(test_quotes_within),
        cmocka_unit_test(test_occurrences_alone)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
