/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Each flag and value of the quirks file that is about texts: what a device
 * gets with it and without it, from the word in the file to the octets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_quirks.h"

static apr_pool_t *pool;

#define CARD(lines) "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Berg;Anna;;;\r\n" \
    "FN:Anna Berg\r\n" lines "END:VCARD\r\n"
#define EVENT(start, end, lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" \
    "PRODID:-//x//y\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n" \
    "SUMMARY:Meet\r\nDTSTART" start "\r\nDTEND" end "\r\n" lines \
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define UNENDING(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" \
    "PRODID:-//x//y\r\nBEGIN:VEVENT\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n" \
    "SUMMARY:Meet\r\n" lines "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define SUMMER EVENT(":20260701T080000Z", ":20260701T090000Z", "")
#define DAY EVENT(";VALUE=DATE:20260701", ";VALUE=DATE:20260702", "")
#define LONG_TEXT "one two three four five six seven eight nine ten eleven " \
    "twelve thirteen fourteen fifteen"

typedef struct habit_t {
    const char *line;           /* of the quirks file */
    item_format_e format;
    const char *text;           /* of the store */
    const char *with, *without; /* what is sent then, and else; NULL: not
                                 * looked at */
} habit_t;

static const habit_t habits[] = {
    { "alarm-absolute on", ITEM_FORMAT_ICAL20,
      EVENT(":20260701T080000Z", ":20260701T090000Z",
            "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\n"
            "DESCRIPTION:x\r\nEND:VALARM\r\n"),
      "TRIGGER;VALUE=DATE-TIME:20260701T074500Z\r\n", "TRIGGER:-PT15M\r\n" },
    { "email-internet on", ITEM_FORMAT_VCARD21, CARD("EMAIL:a@example.org\r\n"),
      "EMAIL;INTERNET:a@example.org\r\n", "EMAIL:a@example.org\r\n" },
    { "epoc-entry-type on", ITEM_FORMAT_VCAL10, SUMMER,
      "X-EPOCAGENDAENTRYTYPE:APPOINTMENT\r\n", NULL },
    { "epoc-entry-type on", ITEM_FORMAT_VCAL10, DAY,
      "X-EPOCAGENDAENTRYTYPE:EVENT\r\n", NULL },
    { "photo-blank-line on", ITEM_FORMAT_VCARD21,
      CARD("PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n"), "\r\n\r\n", NULL },
    { "se-dst on", ITEM_FORMAT_VCAL10, SUMMER, "X-SONYERICSSON-DST:4\r\n",
      NULL },
    { "no-fold on", ITEM_FORMAT_VCARD30,
      CARD("NOTE:" LONG_TEXT "\r\n  sixteen\r\n"),
      "NOTE:" LONG_TEXT " sixteen\r\n", "\r\n  sixteen" },
    { "date-min-1980 on", ITEM_FORMAT_VCAL10,
      EVENT(":19700506T100000Z", ":19700506T110000Z", ""), "DTSTART:1980",
      "DTSTART:19700506T100000Z\r\n" },
    { "bmp-only on", ITEM_FORMAT_VCARD30,
      CARD("NOTE:a \xf0\x9f\x98\x80 b\r\n"), NULL, "\xf0\x9f\x98\x80" },
    { "no-rdate on", ITEM_FORMAT_VCAL10,
      EVENT(":20260701T080000Z", ":20260701T090000Z",
            "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=2;COUNT=3\r\n"), NULL,
      "RDATE:" },
    { "text-8bit on", ITEM_FORMAT_VCARD21, CARD("NOTE:\xc3\xa4\r\n"),
      "\xc3\xa4", "=C3=A4" },
    { "plain-end on", ITEM_FORMAT_ICAL20,
      UNENDING("DTSTART;TZID=Europe/Berlin:20260701T080000\r\n"
               "DURATION:PT90M\r\n"), "DTEND;TZID=Europe/Berlin:20260701T093000\r\n",
      "DURATION:PT90M\r\n" },
    { "plain-end on", ITEM_FORMAT_ICAL20,
      UNENDING("DTSTART;VALUE=DATE:20260701\r\n"),
      "DTEND;VALUE=DATE:20260702\r\n", NULL },
    { "one-alarm on", ITEM_FORMAT_ICAL20,
      EVENT(":20260701T080000Z", ":20260701T090000Z",
            "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT1H\r\n"
            "END:VALARM\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\n"
            "TRIGGER:-PT15M\r\nEND:VALARM\r\n"), NULL, "TRIGGER:-PT1H" },
    { "one-event on", ITEM_FORMAT_ICAL20,
      EVENT(":20260701T080000Z", ":20260701T090000Z",
            "RRULE:FREQ=DAILY\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n"
            "RECURRENCE-ID:20260703T080000Z\r\n"
            "DTSTART:20260703T090000Z\r\n"),
      "EXDATE:20260703T080000Z\r\n", "RECURRENCE-ID:20260703T080000Z\r\n" },
    { "one-event on", ITEM_FORMAT_VCAL10,
      EVENT(":20260701T080000Z", ":20260701T090000Z",
            "RRULE:FREQ=DAILY\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n"
            "RECURRENCE-ID:20260703T080000Z\r\n"
            "DTSTART:20260703T090000Z\r\n"), NULL, "X-RECURRENCE-ID" },
    { "simple-rules on", ITEM_FORMAT_VCAL10,
      EVENT(":20260701T080000Z", ":20260701T090000Z",
            "RRULE:FREQ=DAILY;COUNT=3\r\n"), "RRULE:D1 20260703T",
      "#3" },
    { "wants-title on", ITEM_FORMAT_ICAL20,
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\n"
      "UID:u\r\nDTSTART:20260701T080000Z\r\nEND:VEVENT\r\n"
      "END:VCALENDAR\r\n", "SUMMARY:-\r\n", NULL },
    { "wants-title on", ITEM_FORMAT_VCAL10,
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\n"
      "UID:u\r\nDTSTART:20260701T080000Z\r\nDESCRIPTION:One\\; two\\nand\r\n"
      "END:VEVENT\r\nEND:VCALENDAR\r\n", "SUMMARY:One\r\n", NULL },
    { "zone-clock on", ITEM_FORMAT_VCAL10,
      EVENT(";TZID=Australia/Sydney:20261203T090000",
            ";TZID=Australia/Sydney:20261203T094500",
            "RRULE:FREQ=WEEKLY\r\n"), "RRULE:W1 TH #0\r\n",
      "RRULE:W1 WE #0\r\n" },
    { "simple-rules on", ITEM_FORMAT_ICAL20,
      EVENT(":20260701T080000Z", ":20260701T090000Z",
            "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=1\r\n"), NULL,
      "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=1\r\n" },
    { "simple-rules on", ITEM_FORMAT_ICAL20,
      EVENT(":20260703T080000Z", ":20260703T090000Z",
            "RRULE:FREQ=MONTHLY;BYDAY=FR;BYSETPOS=1\r\n"),
      "RRULE:FREQ=MONTHLY;BYDAY=1FR\r\n", "BYSETPOS=1\r\n" },
    { "charset ISO-8859-1", ITEM_FORMAT_VCARD21, CARD("NOTE:\xc3\xa4\r\n"),
      "=E4", "=C3=A4" },
    { "clock utc-bare", ITEM_FORMAT_VCAL10, SUMMER,
      "DTSTART:20260701T080000\r\n", "DTSTART:20260701T080000Z\r\n" },
    { "clock local", ITEM_FORMAT_VCAL10, SUMMER,
      "DTSTART:20260701T100000\r\n", "DTSTART:20260701T080000Z\r\n" },
    { "clock local-z", ITEM_FORMAT_VCAL10, SUMMER,
      "DTSTART:20260701T100000Z\r\n", "DTSTART:20260701T080000Z\r\n" },
    { "clock utc", ITEM_FORMAT_ICAL20,
      EVENT(";TZID=Europe/Berlin:20260701T100000",
            ";TZID=Europe/Berlin:20260701T110000", ""),
      "DTSTART:20260701T080000Z\r\n", "TZID=Europe/Berlin" },
    { "days last-second", ITEM_FORMAT_VCAL10, DAY, "T235959", NULL },
    { "days date", ITEM_FORMAT_VCAL10, DAY, "DTSTART:20260701\r\n", NULL }
};

/** What the device gets.  @param line  of the quirks file; NULL: none */
static const char *sent(const habit_t *h, const char *line)
{
    const char *type = *h->text == 'B' && strstr(h->text, "VCARD")
                       ? "text/vcard" : "text/calendar", *error;
    const char *text = line ? apr_pstrcat(pool, "[x]\n", line, "\n", NULL)
                            : "";
    item_text_t in = { h->text, strlen(h->text) }, out;
    item_device_t device = { 0 };
    item_form_t form = { 0 };
    item_traits_t traits;
    item_quirks_t *q;

    if (item_quirks_parse(&q, text, strlen(text), &error, pool)
        != APR_SUCCESS)
        fail_msg("%s", error);
    item_quirks_match(q, &device, &traits, pool);
    form.format = h->format;
    form.zone = "Europe/Berlin";
    form.charset = traits.charset;
    form.clock = traits.clock;
    form.days = traits.days;
    form.habits = traits.habits;
    assert_int_equal(item_export(&form, &type, &in, &out, pool),
                     APR_SUCCESS);
    return apr_pstrmemdup(pool, out.data, out.len);
}

static void test_what_is_sent(void **state)
{
    unsigned i;

    for (i = 0; i < sizeof(habits) / sizeof(habits[0]); i++) {
        const habit_t *h = &habits[i];
        const char *with = sent(h, h->line), *without = sent(h, NULL);

        if (h->with && (!strstr(with, h->with) || strstr(without, h->with)))
            fail_msg("%s: \"%s\" is not only in\n%s\nbut in\n%s", h->line,
                     h->with, with, without);
        if (h->without
            && (!strstr(without, h->without) || strstr(with, h->without)))
            fail_msg("%s: \"%s\" is not only in\n%s\nbut in\n%s", h->line,
                     h->without, without, with);
    }
}

/* Lines that are not there with the flag. */
static void test_what_is_left_out(void **state)
{
    habit_t empty = { NULL, ITEM_FORMAT_VCARD30, CARD("NOTE:\r\nTEL:1\r\n"),
                      NULL, NULL };
    habit_t zone = { NULL, ITEM_FORMAT_VCAL10,
                     EVENT(";TZID=Europe/Berlin:20260601T100000",
                           ";TZID=Europe/Berlin:20260601T110000",
                           "RRULE:FREQ=MONTHLY;BYMONTHDAY=1;COUNT=12\r\n"),
                     NULL, NULL };

    assert_null(strstr(sent(&empty, "no-empty on"), "NOTE"));
    assert_non_null(strstr(sent(&empty, "no-empty on"), "TEL:1"));
    assert_non_null(strstr(sent(&zone, NULL), "DAYLIGHT:"));
    assert_null(strstr(sent(&zone, "no-zone on"), "DAYLIGHT:"));
    assert_null(strstr(sent(&zone, "no-zone on"), "TZ:"));
}

/* Categories that come back with X- before them. */
static void test_category_x(void **state)
{
    const char *text = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:A\r\n"
                       "CATEGORIES:X-Friends\r\nEND:VCARD\r\n";
    item_text_t in = { text, strlen(text) }, out;
    item_form_t form = { 0 };
    const char *type = "text/x-vcard";

    form.format = ITEM_FORMAT_VCARD21;
    assert_int_equal(item_import(&form, &type, &in, NULL, &out, pool),
                     APR_SUCCESS);
    assert_non_null(strstr(out.data, "CATEGORIES:X-Friends\r\n"));
    form.habits = ITEM_HABIT_CATEGORY_X;
    assert_int_equal(item_import(&form, &type, &in, NULL, &out, pool),
                     APR_SUCCESS);
    assert_non_null(strstr(out.data, "CATEGORIES:Friends\r\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_sent),
        cmocka_unit_test(test_what_is_left_out),
        cmocka_unit_test(test_category_x)
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests_name("item_habits", tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
