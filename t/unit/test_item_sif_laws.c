/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* SIF-E and SIF-T: what must hold of each of many events and tasks, made up
 * of whatever groupware writes, for each clock and zone of a device. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_sif.h"

#define TYPE  "text/calendar"

static apr_pool_t *pool;
static unsigned seed;

static unsigned dice(unsigned n)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % n;
}

#define PICK(list)  list[dice(sizeof(list) / sizeof(list[0]))]

static item_text_t text_of(const char *s)
{
    item_text_t text;

    text.data = s;
    text.len = strlen(s);
    return text;
}

/* ---- items ---------------------------------------------------------------- */

static const char *times(void)
{
    static const char *const starts[] = {
        "DTSTART:20270115T090000Z\r\nDTEND:20270115T103000Z\r\n",
        "DTSTART;TZID=Europe/Berlin:20270301T003000\r\n"
            "DTEND;TZID=Europe/Berlin:20270301T013000\r\n",
        "DTSTART;TZID=America/New_York:20270228T233000\r\n"
            "DURATION:PT45M\r\n",
        "DTSTART;TZID=Australia/Sydney:20270401T080000\r\n"
            "DTEND;TZID=Asia/Tokyo:20270401T080000\r\n",
        "DTSTART;TZID=\"Own, zone\":20270401T080000\r\nDURATION:P1D\r\n",
        "DTSTART:20270131T120000\r\nDTEND:20270131T130000\r\n",
        "DTSTART;VALUE=DATE:20270228\r\nDTEND;VALUE=DATE:20270302\r\n",
        "DTSTART;VALUE=DATE:20270228\r\n",
        "DTSTART;VALUE=DATE:20270228\r\nDURATION:P2D\r\n",
        "DTSTART:20270115T090000Z\r\n"
    };

    return PICK(starts);
}

static const char *rule(void)
{
    static const char *const rules[] = {
        "", "", "RRULE:FREQ=DAILY;COUNT=5\r\n",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=2\r\n",
        "RRULE:FREQ=WEEKLY;WKST=SU;UNTIL=20270601T000000Z\r\n",
        "RRULE:FREQ=WEEKLY;UNTIL=20270601\r\nEXDATE;VALUE=DATE:20270308\r\n",
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1\r\n",
        "RRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=3\r\n",
        "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1\r\n",
        "RRULE:FREQ=YEARLY;BYMONTH=2;BYDAY=-1SU\r\n",
        "RRULE:FREQ=YEARLY\r\nEXDATE:20280115T090000Z\r\n",
        "RRULE:FREQ=YEARLY;BYWEEKNO=20\r\n",
        "RRULE:FREQ=HOURLY;BYHOUR=9,10;COUNT=20\r\n",
        "RRULE:FREQ=DAILY\r\nRRULE:FREQ=WEEKLY\r\n",
        "RDATE:20270118T090000Z,20270119T090000Z\r\n"
    };

    return PICK(rules);
}

static const char *reminder(void)
{
    static const char *const triggers[] = {
        "TRIGGER:-PT15M\r\n", "TRIGGER:PT10M\r\n", "TRIGGER:-PT90S\r\n",
        "TRIGGER;RELATED=END:-PT5M\r\n", "TRIGGER:-P1D\r\n",
        "TRIGGER;VALUE=DATE-TIME:20270114T080000Z\r\n",
        "TRIGGER:-PT30M\r\nREPEAT:2\r\nDURATION:PT5M\r\n"
    };

    return apr_pstrcat(pool, "BEGIN:VALARM\r\nACTION:AUDIO\r\n",
                       PICK(triggers), "X-WR-ALARMUID:1\r\nEND:VALARM\r\n",
                       NULL);
}

static const char *fields(void)
{
    static const char *const lines[] = {
        "DESCRIPTION:one\\ntwo\\, three\\\\\r\n", "LOCATION: Caf\xc3\xa9 \r\n",
        "CATEGORIES:A,B\\,C\r\nCATEGORIES:D\r\n", "CLASS:PRIVATE\r\n",
        "CLASS:CONFIDENTIAL\r\n", "PRIORITY:3\r\n", "PRIORITY:5\r\n",
        "TRANSP:TRANSPARENT\r\n", "X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\n",
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n", "URL:http://x/?a=1;b,c\r\n",
        "GEO:52.5;13.4\r\n", "CONTACT:Jo\\; Do\r\nCONTACT:Jim\r\n",
        "X-FUNAMBOL-Companies:ACME\r\n", "X-OTHER;A=\"b:c\":d;e\r\n",
        "ATTACH:http://x/y\r\n", "SEQUENCE:3\r\nCOMMENT:c\r\n",
        "ATTENDEE;CN=\"Do, Jo\";PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:jo@x.org"
            "\r\nATTENDEE;ROLE=CHAIR:mailto:a@x.org\r\n",
        "ORGANIZER;CN=Boss:mailto:boss@x.org\r\n"
    };
    const char *all = "";
    unsigned n = dice(5);

    while (n--)
        all = apr_pstrcat(pool, all, PICK(lines), NULL);
    return all;
}

static const char *task_state(void)
{
    static const char *const states[] = {
        "", "STATUS:NEEDS-ACTION\r\n", "STATUS:CANCELLED\r\n",
        "STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:40\r\n",
        "STATUS:COMPLETED\r\nCOMPLETED:20270116T231500Z\r\n",
        "COMPLETED:20270116T231500Z\r\nPERCENT-COMPLETE:100\r\n",
        "STATUS:NEEDS-ACTION\r\nX-FUNAMBOL-Status:4\r\n"
    };

    return PICK(states);
}

static const char *some_item(void)
{
    int task = dice(3) == 0;
    const char *name = task ? "VTODO" : "VEVENT";
    const char *override = "";
    const char *start = times();

    if (task)                   /* DTEND is an event's */
        start = dice(2) ? "DUE;VALUE=DATE:20270220\r\n"
                        : "DTSTART:20270115T090000Z\r\n"
                          "DUE;TZID=Europe/Berlin:20270116T003000\r\n";
    else if (dice(4) == 0)
        override = "BEGIN:VEVENT\r\nUID:u@x\r\nRECURRENCE-ID:20270116T0900"
                   "00Z\r\nDTSTART:20270116T100000Z\r\nSUMMARY:later\r\n"
                   "ATTENDEE:mailto:c@x.org\r\nEND:VEVENT\r\n";
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
        "PRODID:-//x//EN\r\nBEGIN:", name, "\r\nUID:u@x\r\n"
        "DTSTAMP:20270101T000000Z\r\nSUMMARY:Meeting of Jo\r\n", start,
        task ? task_state() : "", rule(), fields(),
        dice(3) ? "" : reminder(), dice(4) ? "" : reminder(), "END:", name, "\r\n",
        override, "END:VCALENDAR\r\n", NULL);
}

static item_form_t some_form(void)
{
    static const char *const zones[] = {
        NULL, "Europe/Berlin", "America/New_York", "Australia/Sydney"
    };
    item_form_t form;

    memset(&form, 0, sizeof(form));
    form.format = ITEM_FORMAT_SIFE;
    form.zone = PICK(zones);
    form.clock = (item_clock_e)dice(5);
    form.habits = (dice(4) ? 0u : ITEM_HABIT_NO_EMPTY)
                  | (dice(4) ? 0u : ITEM_HABIT_NO_ZONE);
    return form;
}

/* ---- laws ----------------------------------------------------------------- */

static item_text_t export(const item_form_t *form, const char *stored)
{
    item_text_t in = text_of(stored), out;

    assert_int_equal(item_sif_export(form, &in, &out, pool), APR_SUCCESS);
    return out;
}

static item_text_t import(const item_form_t *form, const item_text_t *in,
                          const char *like)
{
    item_text_t old = text_of(like), out;

    assert_int_equal(item_sif_import(form, in, &old, &out, pool),
                     APR_SUCCESS);
    return out;
}

/** An answer merged into the store's text. */
static const char *merged(const item_form_t *form, const char *stored,
                          const item_text_t *answer, int *is_ours)
{
    item_text_t sent = export(form, stored), ours = text_of(stored);
    item_text_t base = import(form, &sent, stored);
    item_text_t theirs = import(form, answer, stored);
    item_merge_t m;

    assert_int_equal(item_merge(&m, TYPE, &base, &ours, &theirs,
                                ITEM_PREFER_THEIRS, pool), APR_SUCCESS);
    assert_int_equal(m.clashes->nelts, 0);
    *is_ours = m.is_ours;
    return apr_pstrmemdup(pool, m.text, m.len);
}

static const char *replaced(const char *text, const char *from,
                            const char *to)
{
    const char *at = strstr(text, from);

    return at ? apr_pstrcat(pool, apr_pstrmemdup(pool, text,
                                                 (apr_size_t)(at - text)),
                            to, at + strlen(from), NULL) : NULL;
}

static void check_unedited(const item_form_t *form, const char *stored)
{
    item_text_t sent = export(form, stored);
    int is_ours;

    merged(form, stored, &sent, &is_ours);
    if (!is_ours)
        print_message("zone %s, clock %d:\n%s\n%.*s\n",
                      form->zone ? form->zone : "-", (int)form->clock, stored,
                      (int)sent.len, sent.data);
    assert_true(is_ours);
}

/** What the owner changed is changed, and nothing else. */
static void check_edited(const item_form_t *form, const char *stored)
{
    const char *edited, *result, *want;
    item_text_t sent = export(form, stored), answer;
    int is_ours;

    edited = replaced(apr_pstrmemdup(pool, sent.data, sent.len),
                      "<Subject>Meeting of Jo</Subject>",
                      "<Subject>Party</Subject>");
    assert_non_null(edited);
    answer = text_of(edited);
    result = merged(form, stored, &answer, &is_ours);
    want = replaced(stored, "SUMMARY:Meeting of Jo", "SUMMARY:Party");
    assert_string_equal(result, want);
}

static void test_laws(void **state)
{
    apr_pool_t *all = pool;
    unsigned i;

    (void)state;
    for (seed = 7, i = 0; i < 4000; i++) {
        item_form_t form = some_form();
        const char *stored;

        apr_pool_create(&pool, all);
        stored = some_item();
        check_unedited(&form, stored);
        check_edited(&form, stored);
        apr_pool_destroy(pool);
        pool = all;
    }
}

static int set_up(void **state)
{
    (void)state;
    return apr_initialize() != APR_SUCCESS
           || apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_laws) };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, NULL);
}
