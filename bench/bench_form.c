/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * How long an item takes on its way to a device in the device's own form, and
 * back: what one edit on the device costs, which is the echo of the text that
 * it had, its answer, and the merge; against libical's parsing of the same
 * event.
 *
 * Prints one line `name value unit' for each figure.  A figure is the least
 * of many rounds' processor time.  Status 1: an aim was missed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <libical/ical.h>

#include "bench/measure.h"
#include "item/item_form.h"

#define ROUNDS    20
#define MAX_TIMES 12            /* of an event, times libical's parsing */
#define MAX_US    60.0          /* of an event in a calendar's form */

static const char card[] =
    "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:a1b2c3d4@example.com\r\n"
    "REV:20200102T101112Z\r\nN:M\xc3\xbcller;Anna;;;\r\n"
    "FN:Anna M\xc3\xbcller\r\nORG:Example GmbH;Sales\r\n"
    "TITLE:Head of Sales\r\nTEL;TYPE=CELL:+49 170 1234567\r\n"
    "TEL;TYPE=WORK:+49 30 7654321\r\nEMAIL:anna@example.com\r\n"
    "EMAIL;TYPE=HOME:anna@example.org\r\n"
    "ADR;TYPE=HOME:;;Some Street 12;Berlin;;10115;Germany\r\n"
    "BDAY:1980-02-03\r\nCATEGORIES:Friends,Work\r\n"
    "NOTE:met in 2010\\nlikes tea\r\nEND:VCARD\r\n";
static const char event[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
    "BEGIN:VEVENT\r\nUID:e1@example.com\r\nSUMMARY:Weekly meeting\r\n"
    "DTSTART:20200102T100000Z\r\nDTEND:20200102T110000Z\r\n"
    "RRULE:FREQ=WEEKLY;COUNT=10\r\nLOCATION:Caf\xc3\xa9\r\n"
    "DESCRIPTION:first\\nsecond\r\nCATEGORIES:Work\r\n"
    "ATTENDEE;CN=A:mailto:a@example.com\r\nCLASS:PUBLIC\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";
static const char zoned[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
    "BEGIN:VTIMEZONE\r\nTZID:America/New_York\r\nBEGIN:DAYLIGHT\r\n"
    "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nTZNAME:EDT\r\n"
    "DTSTART:20070311T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n"
    "END:DAYLIGHT\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:-0400\r\n"
    "TZOFFSETTO:-0500\r\nTZNAME:EST\r\nDTSTART:20071104T020000\r\n"
    "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\nEND:STANDARD\r\n"
    "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:e1@example.com\r\n"
    "SUMMARY:Weekly meeting\r\nDTSTAMP:20200101T000000Z\r\n"
    "DTSTART;TZID=America/New_York:20200102T200000\r\n"
    "DTEND;TZID=America/New_York:20200102T210000\r\n"
    "RRULE:FREQ=WEEKLY;BYDAY=TH;UNTIL=20211231T235959Z\r\n"
    "EXDATE;TZID=America/New_York:20200109T200000\r\n"
    "LOCATION:Caf\xc3\xa9\r\nDESCRIPTION:first\\nsecond\r\n"
    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\n"
    "DESCRIPTION:x\r\nEND:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
static const char journal[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
    "BEGIN:VJOURNAL\r\nUID:j1@example.com\r\nSUMMARY:Caf\xc3\xa9\r\n"
    "DESCRIPTION:first\\nsecond\r\nCATEGORIES:Work\r\n"
    "END:VJOURNAL\r\nEND:VCALENDAR\r\n";

typedef struct job_t {
    item_form_t form;
    const char *type;
    item_text_t stored;
    apr_pool_t *pool;           /* cleared for each */
    unsigned long sum;          /* keeps work alive */
} job_t;

/** Out, its echo, the device's answer, and all three merged. */
static void do_edit(void *baton)
{
    job_t *job = baton;
    item_text_t sent, base, answer;
    const char *type = job->type, *back;
    item_merge_t m;

    if (item_export(&job->form, &type, &job->stored, &sent, job->pool)
        != APR_SUCCESS)
        abort();
    back = type;
    if (item_import(&job->form, &back, &sent, &job->stored, &base, job->pool)
        != APR_SUCCESS)
        abort();
    back = type;
    if (item_import(&job->form, &back, &sent, &job->stored, &answer,
                    job->pool) != APR_SUCCESS
        || item_merge(&m, back, &base, &job->stored, &answer, 0, job->pool)
           != APR_SUCCESS || !m.is_ours)
        abort();
    job->sum += sent.len;
    apr_pool_clear(job->pool);
}

static void do_libical(void *baton)
{
    job_t *job = baton;
    icalcomponent *c = icalparser_parse_string(job->stored.data);

    job->sum += c != NULL;
    icalcomponent_free(c);
}

static double measure_form(job_t *job, item_format_e format,
                           const char *type, const char *text)
{
    double ns;

    job->form.format = format;
    job->type = type;
    job->stored.data = text;
    job->stored.len = strlen(text);
    ns = measure_call(do_edit, job, ROUNDS);
    printf("form_%s_edit %.3f us\n", item_format_name(format), ns / 1000);
    return ns;
}

static int aim(const char *what, double value, double limit)
{
    printf("# aim: %s below %.0f: %.2f, %s\n", what, limit, value,
           value < limit ? "met" : "MISSED");
    return value >= limit;
}

/** A series in a zone that is not the user's: with UTC, and in iCalendar.
 * @return non-zero: an aim was missed */
static int measure_zoned(job_t *job)
{
    double vcal = measure_form(job, ITEM_FORMAT_VCAL10, "text/calendar",
                               zoned), ical, libical;

    job->form.clock = ITEM_CLOCK_UTC;
    ical = measure_form(job, ITEM_FORMAT_ICAL20, "text/calendar", zoned);
    job->form.clock = ITEM_CLOCK_DEFAULT;
    libical = measure_call(do_libical, job, ROUNDS);
    printf("form_zoned_libical_parse %.3f us\n", libical / 1000);
    return aim("an edit of a series in a zone in vCalendar, times libical's "
               "parsing", vcal / libical, MAX_TIMES)
           | aim("the same in iCalendar on another clock", ical / libical,
                 MAX_TIMES);
}

int main(void)
{
    double libical, sife, vcal;
    int missed;
    job_t job = { .sum = 0 };
    apr_pool_t *p;

    apr_initialize();
    apr_pool_create(&p, NULL);
    apr_pool_create(&job.pool, p);
    job.form.zone = "Europe/Berlin";
    measure_form(&job, ITEM_FORMAT_VCARD21, "text/vcard", card);
    measure_form(&job, ITEM_FORMAT_SIFC, "text/vcard", card);
    measure_form(&job, ITEM_FORMAT_VNOTE, "text/calendar", journal);
    measure_form(&job, ITEM_FORMAT_SIFN, "text/calendar", journal);
    measure_form(&job, ITEM_FORMAT_TEXT, "text/calendar", journal);
    vcal = measure_form(&job, ITEM_FORMAT_VCAL10, "text/calendar", event);
    sife = measure_form(&job, ITEM_FORMAT_SIFE, "text/calendar", event);
    libical = measure_call(do_libical, &job, ROUNDS);
    printf("form_event_libical_parse %.3f us\n", libical / 1000);
    missed = aim("an edit of an event in SIF, times libical's parsing",
                 sife / libical, MAX_TIMES)
             | aim("microseconds for an edit of an event in vCalendar",
                   vcal / 1000, MAX_US);
    missed |= measure_zoned(&job);
    if (!job.sum)
        abort();
    apr_pool_destroy(p);
    apr_terminate();
    return missed;
}
