/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* SIF-E and SIF-T: literal samples both ways. */
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

static apr_pool_t *pool;
static item_form_t form;

static item_text_t text_of(const char *s)
{
    item_text_t text;

    text.data = s;
    text.len = strlen(s);
    return text;
}

static const char *import(const char *s, const char *like)
{
    item_text_t in = text_of(s), old = { NULL, 0 }, out;
    item_keys_t keys;

    if (like)
        old = text_of(like);
    assert_int_equal(item_sif_import(&form, &in, like ? &old : NULL, &out,
                                     pool), APR_SUCCESS);
    assert_int_equal(item_keys(&keys, "text/calendar", out.data, out.len,
                               pool), APR_SUCCESS);
    return apr_pstrmemdup(pool, out.data, out.len);
}

static const char *export(const char *s)
{
    item_text_t in = text_of(s), out;

    assert_int_equal(item_sif_export(&form, &in, &out, pool), APR_SUCCESS);
    return apr_pstrmemdup(pool, out.data, out.len);
}

static const char *calendar(const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
                       "PRODID:-//mod_syncml//EN\r\n", body,
                       "END:VCALENDAR\r\n", NULL);
}

static const char *event(const char *lines)
{
    return calendar(apr_pstrcat(pool, "BEGIN:VEVENT\r\n", lines,
                                "END:VEVENT\r\n", NULL));
}

static const char *todo(const char *lines)
{
    return calendar(apr_pstrcat(pool, "BEGIN:VTODO\r\n", lines,
                                "END:VTODO\r\n", NULL));
}

/** One element's text out of a document. */
static const char *element(const char *document, const char *name)
{
    const char *from, *to;

    from = strstr(document, apr_psprintf(pool, "<%s>", name));
    to = strstr(document, apr_psprintf(pool, "</%s>", name));
    if (!from || !to)
        return "(none)";
    from += strlen(name) + 2;
    return apr_pstrmemdup(pool, from, (apr_size_t)(to - from));
}

/** The line of a component that begins so. */
static const char *line(const char *text, const char *begin)
{
    const char *main = strstr(text, "BEGIN:VEVENT");
    const char *from = strstr(main ? main : text,
                              apr_psprintf(pool, "\r\n%s", begin));
    const char *to = from ? strstr(from + 2, "\r\n") : NULL;

    return to ? apr_pstrmemdup(pool, from + 2, (apr_size_t)(to - from - 2))
              : "(none)";
}

static const char *sife(const char *elements)
{
    return apr_pstrcat(pool, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                       "<appointment><SIFVersion>1.1</SIFVersion>",
                       elements, "</appointment>", NULL);
}

static const char *sift(const char *elements)
{
    return apr_pstrcat(pool, "<task>", elements, "</task>", NULL);
}

/* ---- events --------------------------------------------------------------- */

static void test_event(void **state)
{
    (void)state;
    assert_string_equal(import(sife(
        "<Subject>Lunch, again</Subject><Body>a\r\nb</Body>"
        "<Location>Caf\xc3\xa9</Location><Categories>Work, Fun</Categories>"
        "<Importance>2</Importance><Sensitivity>2</Sensitivity>"
        "<BusyStatus>3</BusyStatus><AllDayEvent>0</AllDayEvent>"
        "<Start>20091016T080000Z</Start><End>20091016T093000Z</End>"
        "<ReminderSet>1</ReminderSet>"
        "<ReminderMinutesBeforeStart>15</ReminderMinutesBeforeStart>"
        "<ReminderInterval>5</ReminderInterval>"
        "<ReminderRepeatCount>2</ReminderRepeatCount>"
        "<ReminderSoundFile/><ReminderOptions>8</ReminderOptions>"
        "<Companies>ACME; Ltd</Companies><Mileage/><IsRecurring>0"
        "</IsRecurring><Url>http://x/?a,b</Url><Contact>Jo</Contact>"
        "<Geo>52.5;13.4</Geo><UID>u1</UID><Folder>Private</Folder>"
        "<MeetingStatus>0</MeetingStatus>"),
        NULL), event(
        "UID:u1\r\nDTSTART:20091016T080000Z\r\nDTEND:20091016T093000Z\r\n"
        "SUMMARY:Lunch\\, again\r\nDESCRIPTION:a\\nb\r\n"
        "LOCATION:Caf\xc3\xa9\r\nCONTACT:Jo\r\nURL:http://x/?a,b\r\n"
        "GEO:52.5;13.4\r\nCATEGORIES:Work,Fun\r\nPRIORITY:1\r\n"
        "CLASS:PRIVATE\r\nTRANSP:OPAQUE\r\n"
        "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n"
        "X-FUNAMBOL-ReminderOptions:8\r\n"
        "X-FUNAMBOL-Companies:ACME\\; Ltd\r\n"
        "X-FUNAMBOL-Folder:Private\r\n"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nREPEAT:2\r\n"
        "DURATION:PT5M\r\nDESCRIPTION:Lunch\\, again\r\nEND:VALARM\r\n"));
}

static void test_event_out(void **state)
{
    (void)state;
    assert_string_equal(export(event(
        "UID:u1\r\nDTSTART:20091016T080000Z\r\nDURATION:PT90M\r\n"
        "SUMMARY:Lunch\\, again\r\nDESCRIPTION:a\\nb\r\n"
        "CATEGORIES:Work,Fun\r\nPRIORITY:7\r\nCLASS:CONFIDENTIAL\r\n"
        "TRANSP:TRANSPARENT\r\nX-FUNAMBOL-Folder:F\r\nX-OTHER:no\r\n"
        "BEGIN:VALARM\r\nACTION:NONE\r\nTRIGGER;VALUE=DATE-TIME:"
        "19760401T005545Z\r\nEND:VALARM\r\n"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-P1D\r\nEND:VALARM\r\n")),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<appointment>"
        "<SIFVersion>1.1</SIFVersion>\r\n<AllDayEvent>0</AllDayEvent>\r\n"
        "<Start>20091016T080000Z</Start>\r\n<End>20091016T093000Z</End>\r\n"
        "<Subject>Lunch, again</Subject>\r\n<Body>a\r\nb</Body>\r\n"
        "<Location></Location>\r\n<Categories>Work, Fun</Categories>\r\n"
        "<Importance>0</Importance>\r\n<Sensitivity>3</Sensitivity>\r\n"
        "<BusyStatus>0</BusyStatus>\r\n<ReminderSet>1</ReminderSet>\r\n"
        "<ReminderMinutesBeforeStart>1440</ReminderMinutesBeforeStart>\r\n"
        "<IsRecurring>0</IsRecurring>\r\n<Folder>F</Folder>\r\n"
        "</appointment>\r\n");
}

/* End is the last day. */
static void test_all_day(void **state)
{
    static const struct {
        const char *start, *end, *dtstart, *dtend;
    } days[] = {
        { "2009-10-16", "2009-10-16", "20091016", "20091017" },
        { "20091016", "20091018", "20091016", "20091019" },
        { "2009-10-16", "", "20091016", NULL },
        { "2009-10-16", "2009-10-15", "20091016", "20091017" },
        { "20091016T000000", "20091016T235959", "20091016", "20091017" },
        { "20091016T000000", "20091017T000000", "20091016", "20091017" },
        { "20091015T220000Z", "20091016T215900Z", "20091016", "20091017" }
    };
    const char *text;
    unsigned i;

    (void)state;
    form.zone = "Europe/Berlin";
    for (i = 0; i < sizeof(days) / sizeof(days[0]); i++) {
        text = import(sife(apr_pstrcat(pool, "<AllDayEvent>1</AllDayEvent>"
                           "<Start>", days[i].start, "</Start><End>",
                           days[i].end, "</End>", NULL)), NULL);
        assert_string_equal(line(text, "DTSTART"),
            apr_pstrcat(pool, "DTSTART;VALUE=DATE:", days[i].dtstart, NULL));
        assert_string_equal(line(text, "DTEND"), !days[i].dtend ? "(none)"
            : apr_pstrcat(pool, "DTEND;VALUE=DATE:", days[i].dtend, NULL));
    }
    text = export(event("DTSTART;VALUE=DATE:20091016\r\n"
                        "DTEND;VALUE=DATE:20091019\r\n"));
    assert_string_equal(element(text, "AllDayEvent"), "1");
    assert_string_equal(element(text, "Start"), "2009-10-16");
    assert_string_equal(element(text, "End"), "2009-10-18");
    text = export(event("DTSTART;VALUE=DATE:20091016\r\n"));
    assert_string_equal(element(text, "End"), "2009-10-16");
    form.days = ITEM_DAYS_DATE;
    text = export(event("DTSTART;VALUE=DATE:20091016\r\n"));
    assert_string_equal(element(text, "Start"), "20091016");
}

/* ---- clocks and zones ----------------------------------------------------- */

static const char *const berlin = "DTSTART;TZID=Europe/Berlin:"
    "20091016T100000\r\nDTEND;TZID=Europe/Berlin:20091016T110000\r\n";

static void test_clocks(void **state)
{
    static const struct {
        item_clock_e clock;
        const char *start;
    } clocks[] = {
        { ITEM_CLOCK_DEFAULT, "20091016T080000Z" },
        { ITEM_CLOCK_UTC, "20091016T080000Z" },
        { ITEM_CLOCK_UTC_BARE, "20091016T080000" },
        { ITEM_CLOCK_LOCAL, "20091016T090000" },
        { ITEM_CLOCK_LOCAL_Z, "20091016T090000Z" }
    };
    const char *stored = event(berlin), *floats, *text;
    unsigned i;

    (void)state;
    form.zone = "Europe/London";
    for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        form.clock = clocks[i].clock;
        text = export(stored);
        assert_string_equal(element(text, "Start"), clocks[i].start);
        /* On the way back in the store's zone. */
        text = import(text, stored);
        assert_non_null(strstr(text, berlin));
        assert_non_null(strstr(text, "BEGIN:VTIMEZONE\r\n"
                                     "TZID:Europe/Berlin\r\n"));
        /* Floating times are the user's. */
        floats = event("DTSTART:20091016T090000\r\n");
        text = export(floats);
        assert_string_equal(element(text, "Start"), clocks[i].start);
        assert_string_equal(line(import(text, floats), "DTSTART"),
                            "DTSTART:20091016T090000");
    }
    /* Nobody knows the zone: what is written stays. */
    form.zone = NULL;
    form.clock = ITEM_CLOCK_DEFAULT;
    floats = event("DTSTART:20091016T090000\r\n");
    text = export(floats);
    assert_string_equal(element(text, "Start"), "20091016T090000");
    assert_string_equal(line(import(text, floats), "DTSTART"),
                        "DTSTART:20091016T090000");
}

static void test_new_zones(void **state)
{
    const char *utc = "<Start>20091016T080000Z</Start>";
    const char *local = "<Start>20091016T090000</Start>";
    const char *weekly = "<IsRecurring>1</IsRecurring>"
                         "<RecurrenceType>1</RecurrenceType>";
    const char *zone = "<Timezone><BasicOffset>-0500</BasicOffset>"
        "<DayLight><DSTOffset>-0400</DSTOffset><DSTStart>20090308T020000"
        "</DSTStart><DSTEnd>20091101T020000</DSTEnd><StandardName>EST"
        "</StandardName><DSTName>EDT</DSTName></DayLight></Timezone>";
    const char *text;

    (void)state;
    assert_string_equal(line(import(sife(utc), NULL), "DTSTART"),
                        "DTSTART:20091016T080000Z");
    assert_string_equal(line(import(sife(local), NULL), "DTSTART"),
                        "DTSTART:20091016T090000");
    form.zone = "Europe/London";
    assert_string_equal(line(import(sife(local), NULL), "DTSTART"),
                        "DTSTART;TZID=Europe/London:20091016T090000");
    text = import(sife(apr_pstrcat(pool, utc, weekly, NULL)), NULL);
    assert_string_equal(line(text, "DTSTART"),
                        "DTSTART;TZID=Europe/London:20091016T090000");
    assert_string_equal(line(text, "RRULE"), "RRULE:FREQ=WEEKLY;BYDAY=FR");
    form.zone = NULL;
    text = import(sife(apr_pstrcat(pool, utc, weekly, zone, NULL)), NULL);
    assert_string_equal(line(text, "DTSTART"),
                        "DTSTART;TZID=America/New_York:20091016T040000");
    /* The Timezone element goes there and comes back. */
    text = export(text);
    assert_string_equal(element(text, "Start"), "20091016T080000Z");
    assert_string_equal(element(text, "BasicOffset"), "-05");
    assert_string_equal(line(import(text, NULL), "DTSTART"),
                        "DTSTART;TZID=America/New_York:20091016T040000");
}

/* ---- series --------------------------------------------------------------- */

static const char *rule_of(const char *elements)
{
    return line(import(sife(apr_pstrcat(pool,
        "<Start>20091016T080000Z</Start><End>20091016T090000Z</End>"
        "<IsRecurring>1</IsRecurring>", elements, NULL)), NULL), "RRULE") + 6;
}

#define TYPE(n)   "<RecurrenceType>" #n "</RecurrenceType>"
#define MASK(n)   "<DayOfWeekMask>" #n "</DayOfWeekMask>"
#define NTH(n)    "<Instance>" #n "</Instance>"
#define EVERY(n)  "<Interval>" #n "</Interval>"
#define MONTH(n)  "<MonthOfYear>" #n "</MonthOfYear>"
#define DAY(n)    "<DayOfMonth>" #n "</DayOfMonth>"

static void test_patterns(void **state)
{
    static const struct {
        const char *elements, *rule;
    } in[] = {
        { TYPE(0) EVERY(3) "<NoEndDate>1</NoEndDate><PatternEndDate>2010-01-01"
          "</PatternEndDate>", "FREQ=DAILY;INTERVAL=3" },
        { TYPE(0) "<Occurrences>5</Occurrences>", "FREQ=DAILY;COUNT=5" },
        { TYPE(1) MASK(62), "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" },
        { TYPE(1) MASK(32) "<Occurrences>3</Occurrences><PatternEndDate>"
          "20091023T000000</PatternEndDate>",
          "FREQ=WEEKLY;BYDAY=FR;UNTIL=20091023T080000Z" },
        { TYPE(2) DAY(15) EVERY(2),
          "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=15" },
        { TYPE(2), "FREQ=MONTHLY;BYMONTHDAY=16" },
        { TYPE(3) MASK(32) NTH(3), "FREQ=MONTHLY;BYDAY=3FR" },
        { TYPE(3) MASK(1) NTH(5), "FREQ=MONTHLY;BYDAY=-1SU" },
        { TYPE(3) MASK(62) NTH(5),
          "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1" },
        { TYPE(5) DAY(16) MONTH(10) EVERY(12),
          "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=16" },
        { TYPE(5) EVERY(1), "FREQ=YEARLY;BYMONTH=10;BYMONTHDAY=16" },
        { TYPE(5) EVERY(24), "FREQ=YEARLY;INTERVAL=2;BYMONTH=10;"
                             "BYMONTHDAY=16" },
        { TYPE(6) MASK(64) NTH(1) MONTH(3), "FREQ=YEARLY;BYMONTH=3;BYDAY=1SA"
        }
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(in) / sizeof(in[0]); i++)
        assert_string_equal(rule_of(in[i].elements), in[i].rule);
    assert_string_equal(rule_of(TYPE(4)), "");
    assert_string_equal(rule_of(""), "");
}

static void test_patterns_out(void **state)
{
    /* rule, type, interval, mask, instance, day, month, end, count */
    static const struct {
        const char *rule, *want;
    } out[] = {
        { "FREQ=DAILY", "0 1 0 0 0 0 1  0" },
        { "FREQ=DAILY;BYDAY=MO,FR", "1 1 34 0 0 0 1  0" },
        { "FREQ=WEEKLY;INTERVAL=2;WKST=SU", "1 2 32 0 0 0 1  0" },
        { "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=7", "1 1 10 0 0 0 0  7" },
        { "FREQ=WEEKLY;UNTIL=20091030T090000Z",
          "1 1 32 0 0 0 0 20091030T000000 0" },
        { "FREQ=WEEKLY;UNTIL=20091030T080000Z",
          "1 1 32 0 0 0 0 20091029T000000 0" },
        { "FREQ=WEEKLY;UNTIL=20091030", "1 1 32 0 0 0 0 20091030T000000 0" },
        { "FREQ=MONTHLY", "2 1 0 0 16 0 1  0" },
        { "FREQ=MONTHLY;BYMONTHDAY=31", "2 1 0 0 31 0 1  0" },
        { "FREQ=MONTHLY;BYMONTHDAY=-1", "2 1 0 0 31 0 1  0" },
        { "FREQ=MONTHLY;BYDAY=-1FR", "3 1 32 5 0 0 1  0" },
        { "FREQ=MONTHLY;BYDAY=SA,SU;BYSETPOS=2", "3 1 65 2 0 0 1  0" },
        { "FREQ=YEARLY", "5 1 0 0 16 10 1  0" },
        { "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "5 1 0 0 29 2 1  0" },
        { "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "6 1 16 4 0 11 1  0" }
    };
    static const char *const none[] = {
        "FREQ=HOURLY", "FREQ=DAILY;BYMONTH=2", "FREQ=DAILY;BYHOUR=8,10",
        "FREQ=WEEKLY;BYDAY=1MO", "FREQ=MONTHLY;BYMONTHDAY=1,15",
        "FREQ=MONTHLY;BYMONTHDAY=-2", "FREQ=MONTHLY;BYDAY=5MO",
        "FREQ=MONTHLY;BYDAY=1MO,3MO", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "FREQ=MONTHLY;BYDAY=MO", "FREQ=YEARLY;BYYEARDAY=100",
        "FREQ=YEARLY;BYWEEKNO=20", "FREQ=YEARLY;BYDAY=1MO",
        "FREQ=YEARLY;BYMONTHDAY=5", "FREQ=YEARLY;BYMONTH=1,2",
        "FREQ=DAILY;INTERVAL=0", "", "X"
    };
    const char *text;
    unsigned i;

    (void)state;
    form.zone = "Europe/London";
    for (i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
        text = export(event(apr_pstrcat(pool,
            "DTSTART;TZID=Europe/London:20091016T090000\r\nRRULE:",
            out[i].rule, "\r\n", NULL)));
        assert_string_equal(element(text, "IsRecurring"), "1");
        assert_string_equal(element(text, "PatternStartDate"),
                            "20091016T000000");
        assert_string_equal(apr_psprintf(pool, "%s %s %s %s %s %s %s %s %s",
            element(text, "RecurrenceType"), element(text, "Interval"),
            element(text, "DayOfWeekMask"), element(text, "Instance"),
            element(text, "DayOfMonth"), element(text, "MonthOfYear"),
            element(text, "NoEndDate"), element(text, "PatternEndDate"),
            element(text, "Occurrences")), out[i].want);
    }
    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        text = export(event(apr_pstrcat(pool, "DTSTART:20091016T080000Z\r\n"
                                        "RRULE:", none[i], "\r\n", NULL)));
        assert_string_equal(element(text, "IsRecurring"), "0");
        assert_string_equal(element(text, "RecurrenceType"), "(none)");
    }
}

/* A meeting of Tuesdays in New York is one of Wednesdays in Berlin. */
static void test_other_day(void **state)
{
    const char *stored = event(
        "DTSTART;TZID=America/New_York:20091013T200000\r\n"
        "DTEND;TZID=America/New_York:20091013T210000\r\n"
        "RRULE:FREQ=WEEKLY;BYDAY=TU\r\n"
        "EXDATE;TZID=America/New_York:20091020T200000\r\n");
    const char *text;

    (void)state;
    form.zone = "Europe/Berlin";
    text = export(stored);
    assert_string_equal(element(text, "Timezone"), "(none)");
    assert_string_equal(element(text, "DayOfWeekMask"), "8");
    assert_string_equal(element(text, "PatternStartDate"), "20091014T000000");
    assert_string_equal(element(text, "ExcludeDate"), "20091021T000000Z");
    text = import(text, stored);
    assert_string_equal(line(text, "RRULE"), "RRULE:FREQ=WEEKLY;BYDAY=TU");
    assert_string_equal(line(text, "EXDATE"),
                        "EXDATE;TZID=America/New_York:20091020T200000");
    /* Nobody knows the device's zone: then it is told the item's. */
    form.zone = NULL;
    text = export(stored);
    assert_string_equal(element(text, "BasicOffset"), "-05");
    assert_string_equal(element(text, "DayOfWeekMask"), "4");
    assert_string_equal(line(import(text, stored), "RRULE"),
                        "RRULE:FREQ=WEEKLY;BYDAY=TU");
}

static void test_exceptions(void **state)
{
    const char *in = sife(
        "<UID>u</UID><Subject>Daily</Subject><Location>here</Location>"
        "<Start>20091016T080000Z</Start><End>20091016T090000Z</End>"
        "<IsRecurring>1</IsRecurring><RecurrenceType>0</RecurrenceType>"
        "<Exceptions><ExcludeDate>20091017T080000Z</ExcludeDate>"
        "<ExcludeDate>2009-10-18</ExcludeDate>"
        "<ExcludeDate>20091019T000000</ExcludeDate>"
        "<ExcludeDate>nonsense</ExcludeDate>"
        "<ExcludeDate>20091020T080000Z</ExcludeDate>"
        "<IncludeDate>20091021T120000Z</IncludeDate>"
        "<ExAppointment><OriginalDate>20091020T080000Z</OriginalDate>"
        "<Subject>Moved</Subject><Start>20091020T100000Z</Start>"
        "</ExAppointment></Exceptions>");
    const char *want = calendar(
        "BEGIN:VEVENT\r\nUID:u\r\nDTSTART:20091016T080000Z\r\n"
        "DTEND:20091016T090000Z\r\nSUMMARY:Daily\r\nLOCATION:here\r\n"
        "RRULE:FREQ=DAILY\r\nEXDATE:20091017T080000Z,20091018T080000Z,"
        "20091019T080000Z\r\nRDATE:20091021T120000Z\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20091020T080000Z\r\n"
        "DTSTART:20091020T100000Z\r\nDTEND:20091020T110000Z\r\n"
        "SUMMARY:Moved\r\nLOCATION:here\r\nEND:VEVENT\r\n");
    const char *text;

    (void)state;
    assert_string_equal(import(in, NULL), want);
    text = export(want);
    assert_non_null(strstr(element(text, "Exceptions"),
        "<ExcludeDate>20091019T080000Z</ExcludeDate>\r\n"
        "<IncludeDate>20091021T120000Z</IncludeDate>\r\n"
        "<ExAppointment><OriginalDate>20091020T080000Z</OriginalDate>\r\n"
        "<AllDayEvent>0</AllDayEvent>\r\n"
        "<Start>20091020T100000Z</Start>\r\n"
        "<End>20091020T110000Z</End>\r\n<Subject>Moved</Subject>"));
    assert_true(item_equal(NULL, import(text, want), strlen(import(text,
                           want)), NULL, want, strlen(want), pool));
}

/* ---- people, tasks -------------------------------------------------------- */

static void test_attendees(void **state)
{
    const char *in = "<Attendees><Attendee><AttendeeName>Jo \"J\" D"
        "</AttendeeName><AttendeeEmail>jo@x.org</AttendeeEmail>"
        "<AttendeeStatus>3</AttendeeStatus><AttendeeType>1</AttendeeType>"
        "</Attendee><Attendee><AttendeeName>Room 1</AttendeeName>"
        "<AttendeeEmail/><AttendeeType>3</AttendeeType></Attendee>"
        "<Attendee><AttendeeEmail>me@x.org</AttendeeEmail><AttendeeStatus>1"
        "</AttendeeStatus><AttendeeType>0</AttendeeType></Attendee>"
        "<Attendee/></Attendees>";
    const char *text = import(sife(in), NULL), *again;

    (void)state;
    assert_non_null(strstr(text,
        "ATTENDEE;CN=\"Jo 'J' D\";PARTSTAT=TENTATIVE;ROLE=REQ-PARTICIPANT:ma"
        "ilto:jo@x.\r\n org\r\n"
        "ATTENDEE;CN=\"Room 1\";CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT:cn:Room"
        "%201\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:me@x.org\r\n"));
    again = export(text);
    assert_non_null(strstr(import(again, NULL), strstr(text, "ATTENDEE")));
    assert_non_null(strstr(again, "<AttendeeName>Room 1</AttendeeName>\r\n"
        "<AttendeeEmail></AttendeeEmail>\r\n<AttendeeStatus>0"));
}

/* Numbers are Windows Mobile's, words the Outlook client's. */
static void test_attendee_status(void **state)
{
    static const char *const both[][2] = {
        { "1", "ACCEPTED" }, { "2", "DECLINED" }, { "3", "TENTATIVE" },
        { "4", "NEEDS-ACTION" }, { "ACCEPTED", "ACCEPTED" },
        { "DECLINED", "DECLINED" }, { "TENATIVE", "TENTATIVE" },
        { "NEEDS ACTION", "NEEDS-ACTION" }
    };
    static const char *const out[][3] = {
        { "PARTSTAT=ACCEPTED;ROLE=CHAIR", "1", "1" },
        { "PARTSTAT=DECLINED;ROLE=OPT-PARTICIPANT", "2", "2" },
        { "PARTSTAT=TENTATIVE;CUTYPE=ROOM", "3", "3" },
        { "PARTSTAT=NEEDS-ACTION;ROLE=NON-PARTICIPANT", "4", "2" },
        { "PARTSTAT=DELEGATED;ROLE=REQ-PARTICIPANT", "2", "1" }
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(both) / sizeof(both[0]); i++) {
        const char *text = import(sife(apr_pstrcat(pool, "<Attendees>"
            "<Attendee><AttendeeEmail>a@x</AttendeeEmail><AttendeeStatus>",
            both[i][0], "</AttendeeStatus></Attendee></Attendees>", NULL)),
            NULL);

        assert_non_null(strstr(text, apr_pstrcat(pool, "ATTENDEE;PARTSTAT=",
                                                 both[i][1], ":mailto:a@x",
                                                 NULL)));
    }
    for (i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
        const char *text = export(event(apr_pstrcat(pool, "ATTENDEE;",
            out[i][0], ":mailto:a@x\r\n", NULL)));

        assert_non_null(strstr(text, apr_pstrcat(pool, "<AttendeeStatus>",
            out[i][1], "</AttendeeStatus>\r\n<AttendeeType>", out[i][2],
            "</", NULL)));
    }
}

static void test_task(void **state)
{
    const char *text;

    (void)state;
    form.zone = "Europe/Berlin";
    text = import(sift(
        "<Subject>Tax</Subject><StartDate>2009-10-16</StartDate>"
        "<DueDate>2009-10-20</DueDate><DateCompleted>2009-10-19"
        "</DateCompleted><Complete>1</Complete><PercentComplete>100"
        "</PercentComplete><Status>2</Status><Importance>0</Importance>"
        "<Sensitivity>1</Sensitivity><ActualWork>60</ActualWork>"
        "<ReminderSet>1</ReminderSet>"
        "<ReminderTime>20091016T070000Z</ReminderTime>"), NULL);
    assert_string_equal(text, todo(
        "DTSTART;VALUE=DATE:20091016\r\nDUE;VALUE=DATE:20091020\r\n"
        "SUMMARY:Tax\r\nPRIORITY:9\r\nCLASS:PRIVATE\r\n"
        "X-FUNAMBOL-Sensitivity:1\r\nSTATUS:COMPLETED\r\n"
        "PERCENT-COMPLETE:100\r\nCOMPLETED:20091018T220000Z\r\n"
        "X-FUNAMBOL-ActualWork:60\r\n"
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
        "TRIGGER;VALUE=DATE-TIME:20091016T070000Z\r\nDESCRIPTION:Tax\r\n"
        "END:VALARM\r\n"));
    text = export(text);
    assert_string_equal(element(text, "Sensitivity"), "1");
    assert_string_equal(element(text, "DateCompleted"), "2009-10-19");
    assert_string_equal(element(text, "DueDate"), "2009-10-20");
    assert_string_equal(element(text, "ReminderTime"), "20091016T070000Z");
    assert_string_equal(element(text, "ActualWork"), "60");
}

static void test_task_states(void **state)
{
    static const struct {
        const char *stored, *status, *back;
    } states[] = {
        { "STATUS:NEEDS-ACTION\r\n", "0", "STATUS:NEEDS-ACTION" },
        { "STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:40\r\n", "1",
          "STATUS:IN-PROCESS" },
        { "STATUS:COMPLETED\r\n", "2", "STATUS:COMPLETED" },
        { "STATUS:CANCELLED\r\n", "4", "STATUS:CANCELLED" },
        { "STATUS:NEEDS-ACTION\r\nX-FUNAMBOL-Status:3\r\n", "3",
          "STATUS:NEEDS-ACTION" },
        { "STATUS:NEEDS-ACTION\r\nX-FUNAMBOL-Status:4\r\n", "4",
          "STATUS:NEEDS-ACTION" },
        { "STATUS:COMPLETED\r\nX-FUNAMBOL-Status:4\r\n", "2",
          "STATUS:COMPLETED" },
        { "", "0", "STATUS:NEEDS-ACTION" }
    };
    const char *text, *stored;
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        stored = todo(states[i].stored);
        text = export(stored);
        assert_string_equal(element(text, "Status"), states[i].status);
        text = import(text, stored);
        assert_string_equal(line(text, "STATUS"), states[i].back);
    }
}

/* Devices that keep the days of tasks only. */
static void test_task_times(void **state)
{
    const char *stored = todo("DTSTART;TZID=Europe/Berlin:20091016T003000\r\n"
                              "DUE:20091020T120000Z\r\n"
                              "COMPLETED:20091019T083000Z\r\n"
                              "BEGIN:VALARM\r\nTRIGGER:-PT1H\r\n"
                              "END:VALARM\r\n");
    const char *text;

    (void)state;
    form.zone = "Europe/Berlin";
    text = import(sift("<StartDate>2009-10-16</StartDate><DueDate>2009-10-21"
                       "</DueDate><DateCompleted>20091019</DateCompleted>"
                       "<ReminderSet>1</ReminderSet>"
                       "<ReminderTime>20091015T213000Z</ReminderTime>"),
                  stored);
    assert_string_equal(line(text, "DTSTART"),
                        "DTSTART;TZID=Europe/Berlin:20091016T003000");
    assert_string_equal(line(text, "DUE"), "DUE;VALUE=DATE:20091021");
    assert_string_equal(line(text, "COMPLETED"),
                        "COMPLETED:20091019T083000Z");
    assert_string_equal(line(text, "TRIGGER"), "TRIGGER:-PT1H");
}

/* Who is invited to one occurrence has an event that is nothing but that. */
static void test_lone_occurrence(void **state)
{
    const char *id = "RECURRENCE-ID;TZID=Europe/Berlin:20091016T090000";
    const char *stored = event(apr_pstrcat(pool, "UID:u\r\n", id,
                               "\r\nDTSTART:20091016T080000Z\r\n"
                               "SUMMARY:a\r\n", NULL));

    (void)state;
    form.zone = "Europe/Berlin";
    assert_string_equal(line(import(sife(
        "<Subject>b</Subject><Start>20091016T080000Z</Start>"
        "<IsRecurring>0</IsRecurring>"), stored), "RECURRENCE-ID"), id);
    assert_string_equal(line(import(sift(
        "<Subject>b</Subject><IsRecurring>0</IsRecurring>"),
        todo(apr_pstrcat(pool, "UID:u\r\n", id, "\r\nSUMMARY:a\r\n",
                         NULL))), "RECURRENCE-ID"), id);
    /* A series of its own is none. */
    assert_string_equal(line(import(sife(
        "<Start>20091016T080000Z</Start><IsRecurring>1</IsRecurring>"
        "<Interval>1</Interval>"), stored), "RECURRENCE-ID"), "(none)");
}

static void test_refused(void **state)
{
    item_text_t in = text_of("<contact/>"), out;

    (void)state;
    assert_int_equal(item_sif_import(&form, &in, NULL, &out, pool),
                     ITEM_ETYPE);
    in = text_of("BEGIN:VCALENDAR");
    assert_int_equal(item_sif_import(&form, &in, NULL, &out, pool),
                     ITEM_EMALFORMED);
    assert_int_equal(item_sif_export(&form, &in, &out, pool),
                     ITEM_EMALFORMED);
    in = text_of(calendar("BEGIN:VJOURNAL\r\nEND:VJOURNAL\r\n"));
    assert_int_equal(item_sif_export(&form, &in, &out, pool), ITEM_ETYPE);
    assert_null(out.data);
}

static int fresh(void **state)
{
    (void)state;
    memset(&form, 0, sizeof(form));
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return apr_initialize() != APR_SUCCESS
           || apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_event, fresh),
        cmocka_unit_test_setup(test_event_out, fresh),
        cmocka_unit_test_setup(test_all_day, fresh),
        cmocka_unit_test_setup(test_clocks, fresh),
        cmocka_unit_test_setup(test_new_zones, fresh),
        cmocka_unit_test_setup(test_patterns, fresh),
        cmocka_unit_test_setup(test_patterns_out, fresh),
        cmocka_unit_test_setup(test_other_day, fresh),
        cmocka_unit_test_setup(test_exceptions, fresh),
        cmocka_unit_test_setup(test_attendees, fresh),
        cmocka_unit_test_setup(test_attendee_status, fresh),
        cmocka_unit_test_setup(test_task, fresh),
        cmocka_unit_test_setup(test_task_states, fresh),
        cmocka_unit_test_setup(test_task_times, fresh),
        cmocka_unit_test_setup(test_lone_occurrence, fresh),
        cmocka_unit_test_setup(test_refused, fresh)
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, set_up, NULL);
}
