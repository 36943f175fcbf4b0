/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * How long an item takes on its way to a device in the device's own form, and
 * back: what one edit on the device costs, which is what the device has of the
 * text by its CTCap and in its form, the device's answer with another word in
 * it, and the merge of both with the text; against the parsing of the same text
 * alone: of events and tasks by libical, of contacts by the vObject parser
 * (libicalvcal), which was made for vCard 2.1.
 *
 * Prints one line `name value unit' for each figure.  A figure is the least
 * of many rounds' processor time.  Status 1: an aim was missed.
 * BENCH_ONLY=event_vcal10 or another's name measures only that one, for a
 * profiler.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <libical/ical.h>
#include <libical/vcc.h>

#include "bench/measure.h"
#include "item/item_form.h"

#define ROUNDS      20
#define MOST_US     60.0        /* of any item, microseconds */
#define CARD_US     20.0        /* of a contact in vCard */
#define MOST_TIMES  8           /* the same, times the parsing */
#define CARD_TIMES  3

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
static const char task[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
    "BEGIN:VTODO\r\nUID:t1@example.com\r\nSUMMARY:Weekly report\r\n"
    "DTSTAMP:20200101T000000Z\r\nDTSTART:20200102T100000Z\r\n"
    "DUE:20200103T110000Z\r\nPRIORITY:1\r\nSTATUS:IN-PROCESS\r\n"
    "PERCENT-COMPLETE:40\r\nDESCRIPTION:first\\nsecond\r\n"
    "CATEGORIES:Work\r\nCLASS:PUBLIC\r\nBEGIN:VALARM\r\n"
    "ACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDESCRIPTION:x\r\nEND:VALARM\r\n"
    "END:VTODO\r\nEND:VCALENDAR\r\n";
static const char journal[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n"
    "BEGIN:VJOURNAL\r\nUID:j1@example.com\r\nSUMMARY:Caf\xc3\xa9\r\n"
    "DESCRIPTION:first\\nsecond\r\nCATEGORIES:Work\r\n"
    "END:VJOURNAL\r\nEND:VCALENDAR\r\n";

/* What a phone says in its CTCap that it holds; UID stays without. */
static const char *const fields[] = {
    "N", "ORG", "TITLE", "TEL", "EMAIL", "ADR", "URL", "BDAY", "NOTE",
    "PHOTO"
};
#define FIELDS  ((int)(sizeof(fields) / sizeof(fields[0])))

/* What is measured: a text in a form, and what the user makes of a part. */
static const struct {
    const char *name, *type, *text;
    item_format_e format;
    item_clock_e clock;
    const char *from, *to;
} cases[] = {
    { "contact_vcard21", "text/vcard", card, ITEM_FORMAT_VCARD21, 0,
      "7654321", "1234567" },
    { "contact_sifc", "text/vcard", card, ITEM_FORMAT_SIFC, 0,
      "7654321", "1234567" },
    { "note_vnote", "text/calendar", journal, ITEM_FORMAT_VNOTE, 0,
      "second", "thirds" },
    { "note_sifn", "text/calendar", journal, ITEM_FORMAT_SIFN, 0,
      "second", "thirds" },
    { "note_text", "text/calendar", journal, ITEM_FORMAT_TEXT, 0,
      "second", "thirds" },
    { "event_vcal10", "text/calendar", event, ITEM_FORMAT_VCAL10, 0,
      "meeting", "seminar" },
    { "event_sife", "text/calendar", event, ITEM_FORMAT_SIFE, 0,
      "meeting", "seminar" },
    { "zoned_vcal10", "text/calendar", zoned, ITEM_FORMAT_VCAL10, 0,
      "meeting", "seminar" },
    { "zoned_ical20", "text/calendar", zoned, ITEM_FORMAT_ICAL20,
      ITEM_CLOCK_UTC, "meeting", "seminar" },
    { "task_vcal10", "text/calendar", task, ITEM_FORMAT_VCAL10, 0,
      "report", "letter" },
    { "task_sift", "text/calendar", task, ITEM_FORMAT_SIFT, 0,
      "report", "letter" }
};
#define CASES  (sizeof(cases) / sizeof(cases[0]))

typedef struct job_t {
    item_form_t form;
    const char *type;
    item_text_t stored, answer;
    apr_pool_t *pool;           /* cleared for each */
    unsigned long sum;          /* keeps work alive */
} job_t;

/** What the device holds of the store's text. */
static item_text_t held_of(const job_t *job, apr_pool_t *p)
{
    item_text_t held = job->stored;

    if (!strcmp(job->type, "text/vcard")
        && item_select(job->type, &held.data, &held.len, fields, FIELDS, 0,
                       p) != APR_SUCCESS)
        abort();
    return held;
}

/** What the device has, what it answers, and all three merged. */
static void do_edit(void *baton)
{
    job_t *job = baton;
    item_text_t held = held_of(job, job->pool), base, answer;
    const char *type = item_format_type(job->form.format);
    item_merge_t m;

    if (item_echo(&job->form, job->type, &held, &job->stored, &base,
                  job->pool) != APR_SUCCESS
        || item_import(&job->form, &type, &job->answer, &job->stored, &answer,
                       job->pool) != APR_SUCCESS
        || item_merge(&m, type, &base, &job->stored, &answer, 0, job->pool)
           != APR_SUCCESS || m.is_ours)
        abort();
    job->sum += m.len;
    apr_pool_clear(job->pool);
}

static void do_libical(void *baton)
{
    job_t *job = baton;
    icalcomponent *c = icalparser_parse_string(job->stored.data);

    job->sum += c != NULL;
    icalcomponent_free(c);
}

static void do_vobject(void *baton)
{
    job_t *job = baton;
    VObject *o = Parse_MIME(job->stored.data, job->stored.len);

    job->sum += o != NULL;
    cleanVObject(o);
}

/** The text that the device sends back. */
static item_text_t answer_of(const job_t *job, const char *from,
                             const char *to, apr_pool_t *p)
{
    const char *type = job->type;
    item_text_t held = held_of(job, p), answer;
    char *copy, *at;

    if (item_export(&job->form, &type, &held, &answer, p) != APR_SUCCESS)
        abort();
    copy = apr_pstrmemdup(p, answer.data, answer.len);
    at = strstr(copy, from);
    if (!at || strlen(from) != strlen(to))
        abort();
    memcpy(at, to, strlen(to));
    answer.data = copy;
    return answer;
}

static int aim(const char *what, const char *unit, double value,
               double limit)
{
    printf("# aim: %s, %s below %.0f: %.2f, %s\n", what, unit, limit, value,
           value < limit ? "met" : "MISSED");
    return value >= limit;
}

/** @return non-zero: an aim was missed */
static int measure_case(job_t *job, unsigned i, apr_pool_t *p)
{
    const char *name = cases[i].name;
    int is_contact = !strcmp(cases[i].type, "text/vcard");
    int is_card = cases[i].format == ITEM_FORMAT_VCARD21;
    double us, parse;

    job->form.format = cases[i].format;
    job->form.clock = cases[i].clock;
    job->type = cases[i].type;
    job->stored.data = cases[i].text;
    job->stored.len = strlen(cases[i].text);
    job->answer = answer_of(job, cases[i].from, cases[i].to, p);
    us = measure_call(do_edit, job, ROUNDS) / 1000;
    parse = measure_call(is_contact ? do_vobject : do_libical, job, ROUNDS)
            / 1000;
    printf("form_%s_edit %.3f us\n", name, us);
    printf("form_%s_parse %.3f us\n", name, parse);
    printf("form_%s_ratio %.2f x_parse\n", name, us / parse);
    return aim(name, "microseconds", us, is_card ? CARD_US : MOST_US)
           | aim(name, "times the parsing", us / parse,
                 is_card ? CARD_TIMES : MOST_TIMES);
}

int main(void)
{
    const char *only = getenv("BENCH_ONLY");
    job_t job = { .sum = 0 };
    int missed = 0;
    apr_pool_t *p;
    unsigned i;

    apr_initialize();
    apr_pool_create(&p, NULL);
    apr_pool_create(&job.pool, p);
    job.form.zone = "Europe/Berlin";
    for (i = 0; i < CASES; i++)
        if (!only || !strcmp(only, cases[i].name))
            missed |= measure_case(&job, i, p);
    if (!job.sum)
        abort();
    apr_pool_destroy(p);
    apr_terminate();
    return missed;
}
