/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What Synthesis' clients make of an item, as SyncEvolution 2.0 was seen to
 * send it, is no edit; and what its user changed is one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "item/item_form.h"


static apr_pool_t *pool;

#define SYNTHESIS \
    (ITEM_HABITS_ICAL | ITEM_HABIT_X_TWINS | ITEM_HABIT_ZONE_CLOCK \
     | ITEM_HABIT_COARSE_PRIORITY | ITEM_HABIT_ESCAPES_ALL)

#define SYDNEY "BEGIN:VTIMEZONE\r\nTZID:Australia/Sydney\r\n" \
    "BEGIN:STANDARD\r\nDTSTART:20080406T030000\r\n" \
    "RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU\r\nTZOFFSETFROM:+1100\r\n" \
    "TZOFFSETTO:+1000\r\nTZNAME:AEST\r\nEND:STANDARD\r\n" \
    "BEGIN:DAYLIGHT\r\nDTSTART:20081005T020000\r\n" \
    "RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU\r\nTZOFFSETFROM:+1000\r\n" \
    "TZOFFSETTO:+1100\r\nTZNAME:AEDT\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
#define THEIR_SYDNEY "BEGIN:VTIMEZONE\r\nTZID:Sydney\r\n" \
    "BEGIN:STANDARD\r\nDTSTART:19670402T030000\r\n" \
    "RRULE:FREQ=MONTHLY;INTERVAL=12;BYDAY=1SU\r\nTZOFFSETFROM:+1100\r\n" \
    "TZOFFSETTO:+1000\r\nTZNAME:AEST\r\nEND:STANDARD\r\n" \
    "BEGIN:DAYLIGHT\r\nDTSTART:19871004T020000\r\n" \
    "RRULE:FREQ=MONTHLY;INTERVAL=12;BYDAY=1SU\r\nTZOFFSETFROM:+1000\r\n" \
    "TZOFFSETTO:+1100\r\nTZNAME:AEDT\r\nEND:DAYLIGHT\r\nEND:VTIMEZONE\r\n"
#define CAL(zone, lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" \
    "PRODID:-//x//y\r\n" zone "BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Meet\r\n" \
    lines "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define SYDNEY_TASK(zone, lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" \
    "PRODID:-//x//y\r\n" zone "BEGIN:VTODO\r\nUID:u\r\nSUMMARY:Call\r\n" \
    lines "END:VTODO\r\nEND:VCALENDAR\r\n"
#define VCAL(lines) "BEGIN:VCALENDAR\r\nVERSION:1.0\r\n" lines \
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define CARD(lines) "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Berg;Anna;;;\r\n" \
    "FN:Anna Berg\r\n" lines "END:VCARD\r\n"

#define ALARM(lines) "BEGIN:VALARM\r\n" lines "END:VALARM\r\n"
#define SERIES "DTSTART:20261207T090000Z\r\nDTEND:20261207T093000Z\r\n"

#define WEEKLY "DTSTART;TZID=Australia/Sydney:20270110T100000\r\n" \
    "DTEND;TZID=Australia/Sydney:20270110T110000\r\n" \
    "RRULE:FREQ=WEEKLY;COUNT=9\r\n"

/* The first hour of the year in Sydney, and what is sent of it by a client that
 * takes Brisbane's time for its, or knows Sydney's. */
#define NEW_YEAR(hour) "DTSTART;TZID=Australia/Sydney:20270101T" hour \
    "3000\r\nDTEND;TZID=Australia/Sydney:20270101T" hour "4500\r\n"
#define BRISBANE "TZ:+10:00\r\nDAYLIGHT:FALSE\r\nBEGIN:VEVENT\r\n"
#define THEIR_LINES "TZ:+10:00\r\n" \
    "DAYLIGHT:TRUE;+11;20271002T160000Z;20280401T160000Z;AEST;AEDT\r\n" \
    "BEGIN:VEVENT\r\n"
#define OLD_YEAR "UID:u\r\nSUMMARY:Meet\r\nDTSTART:20261231T133000Z\r\n" \
    "DTEND:20261231T134500Z\r\n"

#define TASK(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n" \
    "BEGIN:VTODO\r\nUID:u\r\nSUMMARY:Water\r\n" lines \
    "END:VTODO\r\nEND:VCALENDAR\r\n"
#define DUE_LATER "DTSTART:20261214T130000Z\r\nDUE:20261214T140000Z\r\n"

typedef struct answer_t {
    const char *what;
    const char *had, *came, *want;      /* want NULL: had */
} answer_t;

static const answer_t answers[] = {
    { "a length, in a zone by another name",
      CAL(SYDNEY, "DTSTART;TZID=Australia/Sydney:20270110T100000\r\n"
          "DURATION:PT1H30M\r\n"),
      CAL(THEIR_SYDNEY, "DTSTART;TZID=Sydney:20270110T100000\r\n"
          "DTEND;TZID=Sydney:20270110T113000\r\n"
          "DURATION;VALUE=DURATION:PT1H30M\r\n"), NULL },
    { "exceptions on another clock",
      CAL(SYDNEY, WEEKLY "EXDATE:20270116T230000Z\r\n"
          "EXDATE;TZID=Australia/Sydney:20270124T100000\r\n"),
      CAL(SYDNEY, WEEKLY
          "EXDATE;TZID=Australia/Sydney:20270117T100000\r\n"
          "EXDATE;TZID=Australia/Sydney:20270124T100000\r\n"), NULL },
    { "exceptions on another clock, and one more",
      CAL(SYDNEY, WEEKLY "EXDATE:20270116T230000Z\r\n"),
      CAL(SYDNEY, WEEKLY
          "EXDATE;TZID=Australia/Sydney:20270117T100000\r\n"
          "EXDATE;TZID=Australia/Sydney:20270124T100000\r\n"),
      CAL(SYDNEY, WEEKLY
          "EXDATE;TZID=Australia/Sydney:20270117T100000\r\n"
          "EXDATE;TZID=Australia/Sydney:20270124T100000\r\n") },
    { "a task's end, in a zone by another name",
      SYDNEY_TASK(SYDNEY, "DUE;TZID=Australia/Sydney:20270815T192000\r\n"),
      SYDNEY_TASK(THEIR_SYDNEY, "DUE;TZID=Sydney:20270815T192000\r\n"), NULL },
    { "the same, moved",
      CAL(SYDNEY, "DTSTART;TZID=Australia/Sydney:20270110T100000\r\n"
          "DURATION:PT1H30M\r\n"),
      CAL(THEIR_SYDNEY, "DTSTART;TZID=Sydney:20270111T110000\r\n"
          "DTEND;TZID=Sydney:20270111T123000\r\n"),
      CAL(SYDNEY, "DTSTART;TZID=Australia/Sydney:20270111T110000\r\n"
          "DURATION:PT1H30M\r\n") },
    { "the same, longer",
      CAL(SYDNEY, "DTSTART;TZID=Australia/Sydney:20270110T100000\r\n"
          "DURATION:PT1H30M\r\n"),
      CAL(THEIR_SYDNEY, "DTSTART;TZID=Sydney:20270110T100000\r\n"
          "DTEND;TZID=Sydney:20270110T120000\r\n"),
      CAL(SYDNEY, "DTSTART;TZID=Australia/Sydney:20270110T100000\r\n"
          "DURATION:PT2H\r\n") },
    { "a zone that is another",
      CAL(SYDNEY, "DTSTART;TZID=Australia/Sydney:20270110T100000\r\n"
          "DTEND;TZID=Australia/Sydney:20270110T110000\r\n"),
      CAL("", "DTSTART;TZID=Asia/Kolkata:20270110T100000\r\n"
          "DTEND;TZID=Asia/Kolkata:20270110T110000\r\n"),
      CAL("", "DTSTART;TZID=Asia/Kolkata:20270110T100000\r\n"
          "DTEND;TZID=Asia/Kolkata:20270110T110000\r\n") },
    { "a day without an end", CAL("", "DTSTART;VALUE=DATE:20270401\r\n"),
      CAL("", "DTSTART;VALUE=DATE:20270401\r\n"
          "DTEND;VALUE=DATE:20270402\r\n"), NULL },
    { "such a day, moved", CAL("", "DTSTART;VALUE=DATE:20270401\r\n"),
      CAL("", "DTSTART;VALUE=DATE:20270402\r\n"
          "DTEND;VALUE=DATE:20270403\r\n"),
      CAL("", "DTSTART;VALUE=DATE:20270402\r\n") },
    { "two days instead", CAL("", "DTSTART;VALUE=DATE:20270401\r\n"),
      CAL("", "DTSTART;VALUE=DATE:20270401\r\n"
          "DTEND;VALUE=DATE:20270403\r\n"),
      CAL("", "DTSTART;VALUE=DATE:20270401\r\n"
          "DTEND;VALUE=DATE:20270403\r\n") },
    { "an end for a number", CAL("", SERIES "RRULE:FREQ=WEEKLY;COUNT=3\r\n"),
      CAL("", SERIES "RRULE:FREQ=WEEKLY;INTERVAL=1;UNTIL=20261221T090000Z\r\n"),
      NULL },
    { "one week more", CAL("", SERIES "RRULE:FREQ=WEEKLY;COUNT=3\r\n"),
      CAL("", SERIES "RRULE:FREQ=WEEKLY;INTERVAL=1;UNTIL=20261228T090000Z\r\n"),
      CAL("", SERIES
          "RRULE:FREQ=WEEKLY;INTERVAL=1;UNTIL=20261228T090000Z\r\n") },
    { "the same days in other words",
      CAL("", SERIES "RRULE:FREQ=YEARLY;BYMONTH=12;BYDAY=1MO\r\n"),
      CAL("", SERIES "RRULE:FREQ=MONTHLY;INTERVAL=12;BYDAY=1MO\r\n"), NULL },
    { "a rule that it cannot say",
      CAL("", SERIES "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=3\r\n"),
      CAL("", SERIES), NULL },
    { "a rule in its place",
      CAL("", SERIES "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=3\r\n"),
      CAL("", SERIES "RRULE:FREQ=DAILY;INTERVAL=1\r\n"),
      CAL("", SERIES "RRULE:FREQ=DAILY;INTERVAL=1\r\n") },
    { "a rule that its user deleted",
      CAL("", SERIES "RRULE:FREQ=WEEKLY\r\n"), CAL("", SERIES),
      CAL("", SERIES) },
    { "a yearly series whose zone it does not know",
      CAL(SYDNEY, NEW_YEAR("00") "RRULE:FREQ=YEARLY\r\n"),
      VCAL(BRISBANE OLD_YEAR), NULL },
    { "one that is none any more, whose zone it knows",
      CAL(SYDNEY, NEW_YEAR("00") "RRULE:FREQ=YEARLY\r\n"),
      VCAL(THEIR_LINES OLD_YEAR), CAL(SYDNEY, NEW_YEAR("00")) },
    { "one that was moved, too",
      CAL(SYDNEY, NEW_YEAR("00") "RRULE:FREQ=YEARLY\r\n"),
      VCAL(BRISBANE "UID:u\r\nSUMMARY:Meet\r\n"
           "DTSTART:20261231T143000Z\r\nDTEND:20261231T144500Z\r\n"),
      CAL(SYDNEY, NEW_YEAR("01")) },
    { "a day that a weekly series has in its zone only",
      CAL(SYDNEY, NEW_YEAR("00") "RRULE:FREQ=WEEKLY;BYDAY=FR,SU\r\n"),
      VCAL(BRISBANE OLD_YEAR "RRULE:W1 TH FR SU #0\r\n"), NULL },
    { "a further day of that",
      CAL(SYDNEY, NEW_YEAR("00") "RRULE:FREQ=WEEKLY;BYDAY=FR,SU\r\n"),
      VCAL(BRISBANE OLD_YEAR "RRULE:W1 MO TH FR SU #0\r\n"),
      CAL(SYDNEY, NEW_YEAR("00")
          "RRULE:FREQ=WEEKLY;BYDAY=MO,FR,SU\r\n") },
    { "such a day where it knows the zone",
      CAL(SYDNEY, NEW_YEAR("00") "RRULE:FREQ=WEEKLY;BYDAY=FR,SU\r\n"),
      VCAL(THEIR_LINES OLD_YEAR "RRULE:W1 TH FR SU #0\r\n"),
      CAL(SYDNEY, NEW_YEAR("00")
          "RRULE:FREQ=WEEKLY;BYDAY=TH,FR,SU\r\n") },
    { "a title that was made up",
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\n"
      "UID:u\r\nDESCRIPTION:First line\\nsecond\r\n" SERIES
      "END:VEVENT\r\nEND:VCALENDAR\r\n",
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\n"
      "UID:u\r\nSUMMARY:First line\r\nDESCRIPTION:First line\\nsecond\r\n"
      SERIES "END:VEVENT\r\nEND:VCALENDAR\r\n", NULL },
    { "an excluding rule beside one that came, moved by an hour",
      CAL("", SERIES "RRULE:FREQ=DAILY;COUNT=9\r\n"
          "EXRULE:FREQ=WEEKLY;BYDAY=TU\r\n"),
      CAL("", "DTSTART:20261207T100000Z\r\nDTEND:20261207T103000Z\r\n"
          "RRULE:FREQ=DAILY;INTERVAL=1;UNTIL=20261215T100000Z\r\n"),
      CAL("", "DTSTART:20261207T100000Z\r\nDTEND:20261207T103000Z\r\n"
          "RRULE:FREQ=DAILY;COUNT=9\r\nEXRULE:FREQ=WEEKLY;BYDAY=TU\r\n") },
    { "another event in the same item",
      CAL("", SERIES "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:w\r\n"
          "SUMMARY:Two\r\nDTSTART:20261214T100000Z\r\n"),
      CAL("", SERIES), NULL },
    { "once", CAL("", SERIES "RRULE:FREQ=DAILY;COUNT=1\r\n"),
      CAL("", SERIES), NULL },
    { "an alarm of two",
      CAL("", SERIES ALARM("ACTION:EMAIL\r\nTRIGGER:-PT1H\r\n")
          ALARM("ACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-P1D\r\n"
                "X-KEEP:1\r\n")),
      CAL("", SERIES ALARM("TRIGGER;VALUE=DURATION:-P1D\r\n"
                           "ACTION:DISPLAY\r\nDESCRIPTION:x\r\n")), NULL },
    { "another time for it",
      CAL("", SERIES ALARM("ACTION:EMAIL\r\nTRIGGER:-PT1H\r\n")
          ALARM("ACTION:DISPLAY\r\nTRIGGER:-P1D\r\n")),
      CAL("", SERIES ALARM("TRIGGER;VALUE=DURATION:-P2D\r\n"
                           "ACTION:DISPLAY\r\n")),
      CAL("", SERIES ALARM("ACTION:EMAIL\r\nTRIGGER:-PT1H\r\n")
          ALARM("TRIGGER;VALUE=DURATION:-P2D\r\nACTION:DISPLAY\r\n")) },
    { "a series whose changed occurrence did not go along",
      CAL("", SERIES "RRULE:FREQ=WEEKLY\r\nEXDATE:20270104T090000Z\r\n"
          "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Late\r\n"
          "RECURRENCE-ID:20261214T090000Z\r\n"
          "DTSTART:20261214T100000Z\r\n"),
      CAL("", SERIES "RRULE:FREQ=WEEKLY;INTERVAL=1\r\n"
          "EXDATE:20270104T090000Z,20261214T090000Z\r\n"), NULL },
    { "a task that is one of a series",
      TASK("RECURRENCE-ID:20261214T090000Z\r\n" DUE_LATER),
      TASK(DUE_LATER), NULL },
    { "an event that is one, with the rule of its series",
      CAL("", SERIES "RECURRENCE-ID:20261207T090000Z\r\n"
          "RRULE:FREQ=WEEKLY\r\nEXDATE:20261214T090000Z\r\n"),
      CAL("", SERIES), NULL },
    { "such a task, done",
      TASK("RECURRENCE-ID:20261214T090000Z\r\n" DUE_LATER),
      TASK(DUE_LATER "STATUS:COMPLETED\r\n"),
      TASK("RECURRENCE-ID:20261214T090000Z\r\n" DUE_LATER
           "STATUS:COMPLETED\r\n") },
    { "one thing under two names",
      CARD("X-SPOUSE:Bert\r\nX-EVOLUTION-MANAGER:Eva\r\n"
           "X-ANNIVERSARY:2001-05-06\r\n"),
      CARD("X-EVOLUTION-SPOUSE:Bert\r\nX-SPOUSE:Bert\r\n"
           "X-EVOLUTION-MANAGER:Eva\r\nX-MANAGER:Eva\r\n"
           "X-EVOLUTION-ANNIVERSARY:20010506\r\nX-ANNIVERSARY:20010506\r\n"
           "PRODID:-//Synthesis AG//NONSGML SyncML Engine V3.4.0.47//EN\r\n"),
      NULL },
    { "another one under both",
      CARD("X-SPOUSE:Bert\r\nX-ANNIVERSARY:2001-05-06\r\n"),
      CARD("X-EVOLUTION-SPOUSE:Ernie\r\nX-SPOUSE:Ernie\r\n"
           "X-EVOLUTION-ANNIVERSARY:20010507\r\nX-ANNIVERSARY:20010507\r\n"),
      CARD("X-SPOUSE:Ernie\r\nX-ANNIVERSARY:20010507\r\n") },
};

/* In vCalendar 1.0. */
static const answer_t old_answers[] = {
    { "a title as description, and priorities in three steps",
      CAL("", SERIES "PRIORITY:7\r\n"),
      VCAL("BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Meet\r\nDESCRIPTION:Meet\r\n"
           SERIES "PRIORITY:3\r\n"), NULL },
    { "a title as description, each with escapes of its own",
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\n"
      "UID:u\r\nSUMMARY:C:\\\\new\r\n" SERIES
      "END:VEVENT\r\nEND:VCALENDAR\r\n",
      VCAL("BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:C:\\\\new\r\n"
           "DESCRIPTION;ENCODING=QUOTED-PRINTABLE:C:=5Cnew\r\n" SERIES), NULL },
    { "another priority", CAL("", SERIES "PRIORITY:7\r\n"),
      VCAL("BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Meet\r\n"
           SERIES "PRIORITY:1\r\n"), CAL("", SERIES "PRIORITY:1\r\n") },
    { "a low priority", CAL("", SERIES),
      VCAL("BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Meet\r\n"
           SERIES "PRIORITY:3\r\n"), CAL("", SERIES "PRIORITY:9\r\n") },
    { "a description", CAL("", SERIES),
      VCAL("BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Meet\r\nDESCRIPTION:All\r\n"
           SERIES), CAL("", SERIES "DESCRIPTION:All\r\n") },
    { "a weekday of its own zone",
      CAL(SYDNEY, "DTSTART;TZID=Australia/Sydney:20261203T090000\r\n"
          "DTEND;TZID=Australia/Sydney:20261203T094500\r\n"
          "RRULE:FREQ=WEEKLY;COUNT=10\r\n"),
      VCAL("TZ:+10:00\r\nDAYLIGHT:FALSE\r\nBEGIN:VEVENT\r\nUID:u\r\n"
           "SUMMARY:Meet\r\nDTSTART:20261202T220000Z\r\n"
           "RRULE:W1 TH 20270203T220000Z\r\nDTEND:20261202T224500Z\r\n"),
      NULL },
    { "a title that was made up",
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\nBEGIN:VEVENT\r\n"
      "UID:u\r\nDESCRIPTION:First line\\, and\r\n" SERIES
      "END:VEVENT\r\nEND:VCALENDAR\r\n",
      VCAL("BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:First line\r\n"
           "DESCRIPTION:First line, and\r\n" SERIES), NULL },
    { "a series without its changed occurrence",
      CAL("", SERIES "RRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n"
          "UID:u\r\nSUMMARY:Late\r\nRECURRENCE-ID:20261214T090000Z\r\n"
          "DTSTART:20261214T100000Z\r\n"),
      VCAL("BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:Meet\r\n" SERIES
           "RRULE:W1 MO #0\r\nEXDATE:20261214T090000Z\r\n"), NULL },
};

/** Lines, sorted within the component; zones and what is empty left out. */
static const char *sorted(const char *s)
{
    apr_array_header_t *lines = apr_array_make(pool, 16, sizeof(char *));
    const char *end, *out = "";
    int i, k;

    for (; *s; s = end) {
        end = s + strcspn(s, "\r\n");
        APR_ARRAY_PUSH(lines, const char *)
            = apr_pstrmemdup(pool, s, (apr_size_t)(end - s));
        end += strspn(end, "\r\n");
        if (!strncmp(s, "BEGIN:VTIMEZONE", 15)) {
            apr_array_pop(lines);
            end = strstr(s, "END:VTIMEZONE\r\n") + 15;
        }
    }
    for (i = 0; i < lines->nelts; i++)
        for (k = i; k > 0 && strcmp(APR_ARRAY_IDX(lines, k, char *),
                                    APR_ARRAY_IDX(lines, k - 1, char *)) < 0;
             k--) {
            char *swap = APR_ARRAY_IDX(lines, k, char *);

            APR_ARRAY_IDX(lines, k, char *) = APR_ARRAY_IDX(lines, k - 1,
                                                            char *);
            APR_ARRAY_IDX(lines, k - 1, char *) = swap;
        }
    for (i = 0; i < lines->nelts; i++)
        out = apr_pstrcat(pool, out, APR_ARRAY_IDX(lines, i, char *), "\n",
                          NULL);
    return out;
}

static void check(const answer_t *a)
{
    const char *type = strstr(a->had, "VCARD") ? "text/vcard"
                                               : "text/calendar";
    item_text_t had = { a->had, strlen(a->had) };
    item_text_t came = { a->came, strlen(a->came) }, out;
    item_form_t form = { 0 };
    const char *want = sorted(a->want ? a->want : a->had), *is;

    form.format = strstr(type, "vcard")
        ? ITEM_FORMAT_VCARD30 : ITEM_FORMAT_ICAL20;
    form.habits = SYNTHESIS;
    form.zone = "Europe/Berlin";
    assert_int_equal(item_import(&form, &type, &came, &had, &out, pool),
                     APR_SUCCESS);
    is = sorted(apr_pstrmemdup(pool, out.data, out.len));
    if (strcmp(is, want))
        fail_msg("%s: is\n%swanted\n%s", a->what, is, want);
}

static void test_answers(void **state)
{
    unsigned i;

    for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        check(&answers[i]);
    for (i = 0; i < sizeof(old_answers) / sizeof(old_answers[0]); i++)
        check(&old_answers[i]);
}

/* None of it for others: what they send is what they mean. */
static void test_others(void **state)
{
    const char *type = "text/vcard";
    item_text_t had = { CARD("X-SPOUSE:Bert\r\n"), 0 };
    item_text_t came = { CARD("X-SPOUSE:Bert\r\nX-EVOLUTION-SPOUSE:Bert\r\n"),
                         0 };
    item_form_t form = { 0 };
    item_text_t out;

    had.len = strlen(had.data);
    came.len = strlen(came.data);
    form.format = ITEM_FORMAT_VCARD30;
    assert_int_equal(item_import(&form, &type, &came, &had, &out, pool),
                     APR_SUCCESS);
    assert_int_equal(out.len, came.len);
    assert_memory_equal(out.data, came.data, came.len);
}

/* What was sent, what came back of it, and with one field edited. */
typedef struct slashes_t {
    item_format_e format;
    const char *had;
    const char *sent[8];        /* lines */
    const char *came;
    const char *cut, *edit;     /* of what came; in the same words here */
    const char *was, *is;
} slashes_t;

static const slashes_t slashes[] = {
    { ITEM_FORMAT_VCARD21,
      "BEGIN:VCARD\r\nVERSION:3.0\r\nN:C:\\\\new;a\\\\\\;b\\\\;\\\\;;\r\n"
      "FN:a\\\\b \\\\\\\\srv\r\nTITLE:C:\\\\new\\\\table\r\n"
      "NOTE:a\\\\\\nline\\n\\\\N\r\nCATEGORIES:a\\\\b,c\\\\\\,d\r\n"
      "URL:https://e.x/a\\\\nb\r\nX-FOO:a\\,b\\\\c\r\nEND:VCARD\r\n",
      { "N:C:\\\\new;a\\\\\\;b\\\\;\\\\;;\r\n", "FN:a\\\\b \\\\\\\\srv\r\n",
        "TITLE:C:\\\\new\\\\table\r\n", "CATEGORIES:a\\\\b,c\\\\\\,d\r\n",
        "URL:https://e.x/a\\\\nb\r\n", "X-FOO:a\\,b\\\\c\r\n",
        ":a\\\\=0D=0Aline=0D=0A\\\\N\r\n" },
      "BEGIN:VCARD\r\nVERSION:2.1\r\nREV:20100328T103410Z\r\n"
      "N:C:\\\\new;a\\\\\\;b\\\\;\\\\;;\r\nFN:a\\\\b \\\\\\\\srv\r\n"
      "TITLE:C:\\\\new\\\\table\r\nCATEGORIES:a\\\\b,c\\\\\\,d\r\n"
      "URL:https://e.x/a\\\\nb\r\nNOTE;ENCODING=QUOTED-PRINTABLE:"
      "a\\\\=0D=0Aline=0D=0A\\\\N\r\nX-FOO:a\\,b\\\\c\r\nEND:VCARD\r\n",
      "e.x/a\\\\nb", "e.x/c\\\\nb", "e.x/a\\\\nb", "e.x/c\\\\nb" },
    { ITEM_FORMAT_VCAL10,
      "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
      "BEGIN:VTODO\r\nUID:u\r\nSUMMARY:C:\\\\new\\; \\\\\r\n"
      "CATEGORIES:a\\\\b,c\\\\\\,d,e\\,f\r\nURL:https://e.x/a\\nb\r\n"
      "END:VTODO\r\nEND:VCALENDAR\r\n",
      { "SUMMARY:C:\\\\new\\; \\\\\r\n",
        "CATEGORIES:a\\\\b;c\\\\\\,d;e\\,f\r\n",
        "URL:https://e.x/a\\\\nb\r\n" },
      "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VTODO\r\nUID:u\r\n"
      "CATEGORIES:a\\\\b;c\\\\\\,d;e\\,f\r\n"
      "SUMMARY:C:\\\\new; \\\\\r\nURL:https://e.x/a\\\\nb\r\n"
      "END:VTODO\r\nEND:VCALENDAR\r\n",
      "e.x/a\\\\nb", "e.x/c\\\\nb", "e.x/a\\nb", "e.x/c\\nb" }
};

/** A text with one piece of it replaced. */
static const char *replaced(const char *text, const char *was, const char *is)
{
    const char *at = strstr(text, was);

    assert_non_null(at);
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text,
                                            (apr_size_t)(at - text)),
                       is, at + strlen(was), NULL);
}

static void comes_back(const slashes_t *s, const item_form_t *form,
                       const char *came, const char *want)
{
    const char *type = s->format == ITEM_FORMAT_VCARD21 ? "text/x-vcard"
                                                        : "text/x-vcalendar";
    item_text_t had = { s->had, strlen(s->had) }, out;
    item_text_t in = { came, strlen(came) };

    assert_int_equal(item_import(form, &type, &in, &had, &out, pool),
                     APR_SUCCESS);
    out.data = replaced(apr_pstrmemdup(pool, out.data, out.len),
                        strstr(out.data, "REV:") ? "REV:20100328T103410Z\r\n"
                                                 : "", "");
    assert_string_equal(sorted(out.data), sorted(want));
}

/* Any backslash is an escape, there and back. */
static void test_slashes(void **state)
{
    unsigned i, k;

    for (i = 0; i < sizeof(slashes) / sizeof(slashes[0]); i++) {
        const slashes_t *s = &slashes[i];
        const char *type = i ? "text/calendar" : "text/vcard", *text;
        item_text_t had = { s->had, strlen(s->had) }, out;
        item_form_t form = { 0 };

        form.format = s->format;
        form.habits = SYNTHESIS;
        assert_int_equal(item_export(&form, &type, &had, &out, pool),
                         APR_SUCCESS);
        text = apr_pstrmemdup(pool, out.data, out.len);
        for (k = 0; s->sent[k]; k++)
            if (!strstr(text, s->sent[k]))
                fail_msg("%s is not in\n%s", s->sent[k], text);
        comes_back(s, &form, s->came, s->had);
        comes_back(s, &form, replaced(s->came, s->cut, s->edit),
                   replaced(s->had, s->was, s->is));
    }
}

/* Parsers look for names and parameters before they unfold: these are in one
 * line, whatever the store's text is like; the rest stays as it is. */
static const struct heads_t {
    const char *type;
    item_format_e format;
    const char *had, *sent[4];
} heads[] = {
    { "text/calendar", ITEM_FORMAT_ICAL20,
      CAL("", "DTSTART\r\n ;VALUE=DATE:20270110\r\n"
          "DESCRIP\r\n TION:a\r\n b\r\nLOCATION:At home in Long\r\n Street\r\n"),
      { "DTSTART;VALUE=DATE:20270110\r\n", "DESCRIPTION:ab\r\n",
        "LOCATION:At home in Long\r\n Street\r\n" } },
    { "text/vcard", ITEM_FORMAT_VCARD30,
      CARD("X-CUST\r\n OM:a\r\nTEL;TYPE=\r\n HOME:1\r\n"),
      { "X-CUSTOM:a\r\n", "TEL;TYPE=HOME:1\r\n" } },
    { "text/vcard", ITEM_FORMAT_VCARD30,
      "BEGIN:VCARD\r\nVERSION:3\r\n .0\r\nN:B;A;;;\r\nFN:A B\r\n"
      "END:VCARD\r\n", { "VERSION:3.0\r\n" } }
};

static void test_heads(void **state)
{
    unsigned i, k;

    for (i = 0; i < 6; i++) {
        const struct heads_t *h = &heads[i / 2];
        item_text_t in = { h->had, strlen(h->had) }, out;
        const char *type = h->type, *text;
        item_form_t form = { 0 };

        form.format = h->format;
        form.habits = i % 2 ? SYNTHESIS : 0;
        assert_int_equal(item_export(&form, &type, &in, &out, pool),
                         APR_SUCCESS);
        text = apr_pstrmemdup(pool, out.data, out.len);
        for (k = 0; h->sent[k]; k++)
            if (!strstr(text, h->sent[k]))
                fail_msg("%s is not in\n%s", h->sent[k], text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_slashes),
    };

    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests_name("item_synthesis", tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
