/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* vCalendar 1.0 as phones write it, one by one; laws: see
 * test_item_vcal_laws.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "item/item_value.h"
#include "vcal_text.h"

/* ---- what phones send --------------------------------------------------- */

typedef struct from_t {
    const char *zone;
    item_clock_e clock;
    apr_uint32_t habits;
    const char *head, *body, *want;
} from_t;

static const from_t from_phones[] = {
    /* S60: UTC, TZ and DAYLIGHT, quoted-printable without ENCODING=. */
    { "Europe/Helsinki", 0, 0, "TZ:+02\r\nDAYLIGHT:TRUE;+03;"
      "20050327T030000;20051030T040000;+02;+03\r\n",
      "SUMMARY;QUOTED-PRINTABLE;CHARSET=UTF-8:J=C3=A4=\r\n=C3=A4t\r\n"
      "DTSTART:20050411T100000\r\nDTEND:20050411T113000\r\n"
      "X-EPOCAGENDAENTRYTYPE:APPOINTMENT\r\nRRULE:W1 MO #0\r\n"
      "AALARM;TYPE=X-EPOCSOUND:20050411T094500;;;\r\n"
      "LAST-MODIFIED:20050401T120000Z\r\n",
      "SUMMARY:Jäät|DTSTART;TZID=Europe/Helsinki:20050411T100000|"
      "DTEND;TZID=Europe/Helsinki:20050411T113000|"
      "RRULE:FREQ=WEEKLY;BYDAY=MO|TRIGGER:-PT15M|ACTION:AUDIO|"
      "TZID:Europe/Helsinki|LAST-MODIFIED:20050401T120000Z|!X-EPOC" },
    { "Europe/Helsinki", 0, 0, "", "SUMMARY:A\r\n"
      "DTSTART:20050411T070000Z\r\nDTEND:20050411T083000Z\r\n",
      "DTSTART:20050411T070000Z|DTEND:20050411T083000Z|!BEGIN:VTIMEZONE" },
    /* A day, as phones write it. */
    { BERLIN, 0, 0, "", "DTSTART:20261128T000000\r\n"
      "DTEND:20261129T000000\r\n",
      "DTSTART;VALUE=DATE:20261128|DTEND;VALUE=DATE:20261129" },
    { BERLIN, 0, 0, "", "DTSTART:20261128T000000\r\n"
      "DTEND:20261128T235959\r\n",
      "DTSTART;VALUE=DATE:20261128|DTEND;VALUE=DATE:20261129" },
    { BERLIN, 0, 0, "", "DTSTART:20261128T000000\r\n"
      "DTEND:20261130T235900\r\n",
      "DTSTART;VALUE=DATE:20261128|DTEND;VALUE=DATE:20261201" },
    { BERLIN, 0, 0, "", "DTSTART:20261127T230000Z\r\n"
      "DTEND:20261128T230000Z\r\n",
      "DTSTART;VALUE=DATE:20261128|DTEND;VALUE=DATE:20261129" },
    { BERLIN, 0, 0, "", "DTSTART:20261128\r\nDTEND:20261128\r\n",
      "DTSTART;VALUE=DATE:20261128|DTEND;VALUE=DATE:20261129" },
    { BERLIN, 0, 0, "", "DTSTART:20261128\r\n",
      "DTSTART;VALUE=DATE:20261128|DTEND;VALUE=DATE:20261129" },
    { BERLIN, LOCAL_Z, 0, "", "DTSTART:20261128T000000Z\r\n"
      "DTEND:20261128T240000Z\r\n",
      "DTSTART;VALUE=DATE:20261128|DTEND;VALUE=DATE:20261129" },
    { BERLIN, 0, 0, "", "DTSTART:20261128T000000\r\n"
      "X-EPOCAGENDAENTRYTYPE:EVENT\r\n",
      "DTSTART;VALUE=DATE:20261128|DTEND;VALUE=DATE:20261129" },
    { BERLIN, 0, 0, "", "DTSTART:19570304T000000\r\n"
      "DTEND:19570304T000000\r\nX-EPOCAGENDAENTRYTYPE:ANNIVERSARY\r\n"
      "RRULE:YD1 #0\r\n",
      "DTSTART;VALUE=DATE:19570304|DTEND;VALUE=DATE:19570305|"
      "RRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=4|!RRULE:FREQ=YEARLY;BYY" },
    { BERLIN, 0, 0, "", "DTSTART:20261128T080000\r\n"
      "DTEND:20261128T080000\r\nX-FUNAMBOL-ALLDAY:1\r\n",
      "DTSTART;VALUE=DATE:20261128|DTEND;VALUE=DATE:20261129" },
    /* Clocks. */
    { BERLIN, LOCAL, 0, "", "DTSTART:20260706T100000\r\n"
      "DTEND:20260706T110000\r\n",
      "DTSTART;TZID=Europe/Berlin:20260706T100000|TZID:Europe/Berlin" },
    { NULL, LOCAL, 0, "", "DTSTART:20260706T100000\r\n",
      "DTSTART:20260706T100000|!BEGIN:VTIMEZONE" },
    { BERLIN, LOCAL_Z, 0, "", "DTSTART:20260706T100000Z\r\n",
      "DTSTART;TZID=Europe/Berlin:20260706T100000" },
    { BERLIN, BARE, 0, "", "DTSTART:20260706T080000\r\n",
      "DTSTART:20260706T080000Z" },
    { BERLIN, 0, 0, "TZ:+05:30\r\nDAYLIGHT:FALSE\r\n",
      "DTSTART:20260706T100000\r\n",
      "DTSTART;TZID=Asia/Kolkata:20260706T100000" },
    { BERLIN, 0, 0, "TZ:+0517\r\n", "DTSTART:20260706T100000\r\n",
      "DTSTART:20260706T044300Z" },
    { BERLIN, 0, 0, "TZ:-0500\r\nDAYLIGHT:TRUE;-0400;20090308T020000;"
      "20091101T020000;;\r\n", "DTSTART:20090706T100000\r\n",
      "DTSTART;TZID=America/New_York:20090706T100000" },
    /* Some write zones as iCalendar does. */
    { BERLIN, 0, 0, "", "DTSTART;TZID=America/New_York:20260706T100000\r\n"
      "DTEND;TZID=America/New_York:20260706T113000\r\n"
      "AALARM:20260706T133000Z\r\n",
      "DTSTART;TZID=America/New_York:20260706T100000|"
      "DTEND;TZID=America/New_York:20260706T113000|TRIGGER:-PT30M" },
    { BERLIN, 0, 0, "", "DTSTART;TZID=Nowhere:20260706T100000\r\n",
      "DTSTART;TZID=Europe/Berlin:20260706T100000" },
    /* A series in UTC is the user's. */
    { BERLIN, 0, 0, "", "DTSTART:20260706T080000Z\r\nRRULE:W1 MO #0\r\n",
      "DTSTART;TZID=Europe/Berlin:20260706T100000" },
    { BERLIN, 0, 0, "", "DTSTART:20260705T223000Z\r\n"
      "RRULE:W1 SU 20261101T233000Z\r\n",
      "DTSTART;TZID=Europe/Berlin:20260706T003000|"
      "RRULE:FREQ=WEEKLY;UNTIL=20261101T233000Z;BYDAY=MO" },
    /* Ends of series. */
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\n"
      "RRULE:W1 MO 20260720T000000\r\n",
      "RRULE:FREQ=WEEKLY;UNTIL=20260720T080000Z;BYDAY=MO" },
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\n"
      "RRULE:W1 MO 20260720T235959\r\n",
      "RRULE:FREQ=WEEKLY;UNTIL=20260720T080000Z;BYDAY=MO" },
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\n"
      "RRULE:W1 MO 20260720T090000\r\n",
      "RRULE:FREQ=WEEKLY;UNTIL=20260719T080000Z;BYDAY=MO" },
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\n"
      "RRULE:W1 MO 20260720\r\n",
      "RRULE:FREQ=WEEKLY;UNTIL=20260720T080000Z;BYDAY=MO" },
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\n"
      "RRULE:W1 MO #2 20260720T100000\r\n",
      "RRULE:FREQ=WEEKLY;COUNT=2;BYDAY=MO" },
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\n"
      "RRULE:W1 MO #9 20260720T100000\r\n",
      "RRULE:FREQ=WEEKLY;UNTIL=20260720T080000Z;BYDAY=MO" },
    { NULL, 0, 0, "", "DTSTART:20260706T100000\r\nRRULE:\r\n",
      "DTSTART:20260706T100000|!RRULE" },
    /* Exceptions: a list, with semicolons or commas, or as days. */
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\nRRULE:D1 #9\r\n"
      "EXDATE:20260707T100000;20260708T100000\r\n",
      "EXDATE;TZID=Europe/Berlin:20260707T100000,20260708T100000" },
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\nRRULE:D1 #9\r\n"
      "EXDATE:20260707T080000Z,20260708T000000\r\n",
      "EXDATE;TZID=Europe/Berlin:20260707T100000,20260708T100000" },
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\n"
      "RDATE:20260708T100000;20260709T120000\r\n",
      "RDATE;TZID=Europe/Berlin:20260708T100000,20260709T120000" },
    /* An override of S60. */
    { BERLIN, 0, 0, "", "UID:a\r\nDTSTART:20260708T120000\r\n"
      "X-RECURRENCE-ID:20260707T100000\r\n",
      "RECURRENCE-ID;TZID=Europe/Berlin:20260707T100000|!X-REC" },
    /* Alarms. */
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\nSUMMARY:S\r\n"
      "DALARM:20260706T074500Z;PT5M;2;Go\\; now\r\n"
      "AALARM;TYPE=WAVE:20260706T094500;PT5M;2;x.wav\r\n",
      "ACTION:DISPLAY|TRIGGER:-PT15M|REPEAT:2|DURATION:PT5M|"
      "DESCRIPTION:Go\\; now|!ACTION:AUDIO" },
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\n"
      "AALARM:-PT15M;;;\r\n", "TRIGGER:-PT15M" },
    { BERLIN, 0, 0, "", "DTSTART:20260706T100000\r\n"
      "MALARM:20260705T100000;;;me@example.com;Note\r\n"
      "PALARM:20260706T100000;;;file:///bin/true\r\nAALARM:;;;\r\n",
      "ACTION:EMAIL|TRIGGER:-P1D|ATTENDEE:mailto:me@example.com|"
      "DESCRIPTION:Note|ACTION:PROCEDURE|TRIGGER:PT0S|"
      "ATTACH:file:///bin/true|!ACTION:AUDIO" },
    { BERLIN, 0, 0, "", "DTSTART:20261128T000000\r\n"
      "DTEND:20261129T000000\r\nAALARM:20261127T080000Z;;;\r\n",
      "TRIGGER:-PT15H" },
    /* Properties. */
    { NULL, 0, 0, "", "CATEGORIES:A;B\\;C\r\nTRANSP:1\r\n"
      "STATUS:NEEDS ACTION\r\nGEO:1.5,-2.5\r\nPRIORITY:1\r\n"
      "CLASS:PRIVATE\r\nDCREATED:20260101T000000Z\r\n"
      "X-FOO;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE;A=B:a=3Bb\r\n",
      "CATEGORIES:A,B\\;C|TRANSP:TRANSPARENT|STATUS:TENTATIVE|"
      "GEO:1.5;-2.5|PRIORITY:1|CLASS:PRIVATE|CREATED:20260101T000000Z|"
      "X-FOO;A=B:a;b" },
    { NULL, 0, 0, "", "ORGANIZER;CN=Jo:MAILTO:jo@x.org\r\nCONTACT:Eva\r\n"
      "COMMENT:a\\;b\r\n",
      "ORGANIZER;CN=Jo:MAILTO:jo@x.org|CONTACT:Eva|COMMENT:a\\;b" },
    { NULL, 0, 0, "", "ATTENDEE;ROLE=ORGANIZER:b@x.org\r\n"
      "ORGANIZER;CN=B:mailto:b@x.org\r\nCOMMENT:\r\n",
      "ORGANIZER:mailto:b@x.org|!ORGANIZER;CN|!COMMENT" },
    { NULL, 0, ITEM_HABIT_CATEGORY_X, "",
      "CATEGORIES:X-Work;MEETING\r\n", "CATEGORIES:Work,MEETING" },
    { NULL, 0, 0, "", "CATEGORIES:X-Work\r\n", "CATEGORIES:X-Work" },
    { NULL, 0, 0, "", "CATEGORIES:Work,Trip, Fun;a\\, b\r\nRESOURCES:x,y\r\n",
      "CATEGORIES:Work,Trip,Fun,a\\, b|RESOURCES:x,y" },
    { NULL, 0, 0, "", "SUMMARY;ENCODING=QUOTED-PRINTABLE;"
      "CHARSET=ISO-8859-1:M=FCller=0D=0A2\\, a\\;b\\\\c\r\n",
      "SUMMARY:Müller\\n2\\, a\\;b\\\\c" },
    { NULL, 0, 0, "", "SUMMARY;CHARSET=UTF8;ENCODING=QUOTEDPRINTABLE:"
      "=E2=82=AC==\r\n=0D=0A=\r\nend\r\n", "SUMMARY:€\\nend" },
    { NULL, 0, 0, "", "SUMMARY;ENCODING=QUOTED-PRINTABLE:cut=\r\n",
      "SUMMARY:cut" },
    { NULL, 0, 0, "", "SUMMARY;ENCODING=QUOTED-PRINTABLE:Party,=\r\n"
      "Begin:10 Uhr, =\r\nEnd:12\r\n",
      "SUMMARY:Party\\,Begin:10 Uhr\\, End:12" },
    { NULL, 0, 0, "", "SUMMARY:Folded\r\n  text\r\n",
      "SUMMARY:Folded text" },
    { NULL, 0, 0, "", "ATTENDEE;ROLE=ORGANIZER:Boss <b@x.org>\r\n"
      "ATTENDEE;ROLE=ATTENDEE;STATUS=CONFIRMED;RSVP=YES;EXPECT=REQUEST:"
      "a@x.org\r\nATTENDEE:Only Name\r\n"
      "ATTENDEE;STATUS=NEEDS ACTION:\"Q\" <mailto:q@x.org>\r\n",
      "ORGANIZER;CN=Boss:mailto:b@x.org|"
      "ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=ACCEPTED;RSVP=TRUE:"
      "mailto:a@x.org|ATTENDEE;CN=Only Name:invalid:nomail|"
      "ATTENDEE;CN=Q;PARTSTAT=NEEDS-ACTION:mailto:q@x.org" },
    { NULL, 0, 0, "", "ATTACH;VALUE=URL:http://x/\r\n"
      "ATTACH;ENCODING=BASE64:\r\n AAEC\r\n AwQ=\r\n\r\nURL:http://y/\r\n",
      "ATTACH:http://x/|ATTACH;ENCODING=BASE64;VALUE=BINARY:AAECAwQ=|"
      "URL:http://y/" },
    { NULL, 0, 0, "", "DTSTART:2009-10-16\r\nSUMMARY:x\r\n",
      "DTSTART;VALUE=DATE:20091016" }
};

static void test_from_phones(void **state)
{
    unsigned i;

    for (i = 0; i < sizeof(from_phones) / sizeof(from_phones[0]); i++) {
        const from_t *f = &from_phones[i];
        item_form_t form = form_of(f->zone, f->clock, 0, f->habits);

        has(import(&form, vcal(f->head, f->body), NULL), f->want);
    }
}

/* ---- the table of rules ------------------------------------------------- */

typedef struct rule_t {
    const char *vcal, *ical;
    const char *back;           /* as written again; NULL: the same */
} rule_t;

/* DTSTART is Friday, 10 July 2026. */
static const rule_t rules[] = {
    { "D1 #10", "FREQ=DAILY;COUNT=10", NULL },
    { "D2 20261224T100000", "FREQ=DAILY;INTERVAL=2;"
      "UNTIL=20261224T100000", "D2 20261223T100000" },
    { "D1", "FREQ=DAILY;COUNT=2", "D1 #2" },
    { "W1 MO WE #0", "FREQ=WEEKLY;BYDAY=MO,WE", NULL },
    { "W2 #4", "FREQ=WEEKLY;INTERVAL=2;COUNT=4", "W2 FR #4" },
    { "W1 FR 0900 #4", "FREQ=WEEKLY;COUNT=4;BYDAY=FR", "W1 FR #4" },
    { "W1 TU$ FR #4", "FREQ=WEEKLY;COUNT=4;BYDAY=TU,FR", "W1 TU FR #4" },
    { "MP1 1+ FR #10", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", NULL },
    { "MP2 1+ 1- SU #10", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;"
      "BYDAY=1SU,-1SU", NULL },
    { "MP6 1+ MO 2+ TH #5", "FREQ=MONTHLY;INTERVAL=6;COUNT=5;"
      "BYDAY=1MO,2TH", NULL },
    { "MP1 1+ 2- MO FR #0", "FREQ=MONTHLY;BYDAY=1MO,-2MO,1FR,-2FR", NULL },
    { "MP1 #3", "FREQ=MONTHLY;COUNT=3;BYDAY=2FR", "MP1 2+ FR #3" },
    { "MD1 2 15 #10", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", NULL },
    { "MD1 3- LD #0", "FREQ=MONTHLY;BYMONTHDAY=-3,-1", NULL },
    { "MD2 13+ #4", "FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYMONTHDAY=13",
      "MD2 13 #4" },
    { "MD1 #3", "FREQ=MONTHLY;COUNT=3", "MD1 10 #3" },
    { "YM1 6 7 #10", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7;BYMONTHDAY=10",
      NULL },
    { "YM1 #0", "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=10", "YM1 7 #0" },
    { "YD1 1 100 200 #10", "FREQ=YEARLY;COUNT=10;BYYEARDAY=1,100,200",
      NULL },
    { "YD1 #0", "FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=10", "YM1 7 #0" },
    { "MP12 2+ FR #0", "FREQ=YEARLY;BYDAY=2FR;BYMONTH=7", NULL },
    { "MD12 10 12 #3", "FREQ=YEARLY;COUNT=3;BYMONTH=7;BYMONTHDAY=10,12",
      NULL },
    { "YM1 6 MP1 1+ MO #0", "FREQ=YEARLY;BYDAY=1MO;BYMONTH=6", NULL },
    { "w1 mo #2", "FREQ=WEEKLY;COUNT=2;BYDAY=MO", "W1 MO #2" }
};

static void test_rules(void **state)
{
    item_form_t form = form_of(NULL, 0, 0, 0);
    unsigned i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        const char *body = apr_pstrcat(pool, "DTSTART:20260710T100000\r\n"
                                       "RRULE:", rules[i].vcal, "\r\n", NULL);
        const char *stored = import(&form, vcal("", body), NULL);
        const char *want = strstr(rules[i].ical, "UNTIL")
            ? "FREQ=DAILY;INTERVAL=2;UNTIL=20261224T100000" : rules[i].ical;

        has(stored, apr_psprintf(pool, "RRULE:%s", want));
        if (strstr(rules[i].vcal, "YM1 6 MP1"))
            continue;           /* not with a start in July */
        has(export(&form, stored), apr_psprintf(
                pool, "RRULE:%s", rules[i].back ? rules[i].back
                                                : rules[i].vcal));
    }
}

/* ---- what phones get ---------------------------------------------------- */

typedef struct to_t {
    const char *zone;
    item_clock_e clock;
    item_days_e days;
    apr_uint32_t habits;
    const char *body, *want;
} to_t;

static const to_t to_phones[] = {
    { BERLIN, 0, 0, 0, ONCE ALARM, "VERSION:1.0|DTSTART:20260706T080000Z|"
      "DTEND:20260706T090000Z|DALARM:20260706T074500Z;;;Up|"
      "AALARM:20260706T074500Z;;;|!TZ|!DAYLIGHT|!BEGIN:VTIMEZONE" },
    { BERLIN, LOCAL, 0, 0, ONCE ALARM, "DTSTART:20260706T100000|"
      "AALARM:20260706T094500;;;|!TZ" },
    { BERLIN, LOCAL_Z, 0, 0, ONCE, "DTSTART:20260706T100000Z" },
    { BERLIN, BARE, 0, 0, ONCE, "DTSTART:20260706T080000" },
    { "America/New_York", LOCAL, 0, 0, ONCE, "DTSTART:20260706T040000" },
    /* A series in UTC is an hour off in winter. */
    { BERLIN, 0, 0, 0, WEEKLY, "TZ:+01|DAYLIGHT:TRUE;+02;20260329T020000;"
      "20261025T030000;CET;CEST|DTSTART:20260706T100000|RRULE:W1 MO #0" },
    { NULL, 0, 0, 0, WEEKLY, "TZ:+01|DTSTART:20260706T100000" },
    { BERLIN, 0, 0, ITEM_HABIT_NO_ZONE, WEEKLY,
      "DTSTART:20260706T080000Z|!TZ|!DAYLIGHT" },
    { "Asia/Tokyo", 0, 0, 0, WEEKLY, "TZ:+01|DTSTART:20260706T080000Z" },
    { BERLIN, ITEM_CLOCK_UTC, 0, 0, WEEKLY,
      "TZ:+01|DTSTART:20260706T080000Z" },
    /* Days. */
    { BERLIN, 0, 0, 0, A_DAY, "DTSTART:20260706T000000|"
      "DTEND:20260708T000000" },
    { BERLIN, 0, ITEM_DAYS_MIDNIGHT, 0, A_DAY, "DTSTART:20260706T000000|"
      "DTEND:20260708T000000" },
    { BERLIN, 0, ITEM_DAYS_LAST_SECOND, 0, A_DAY,
      "DTSTART:20260706T000000|DTEND:20260707T235959" },
    { BERLIN, 0, ITEM_DAYS_DATE, 0, A_DAY,
      "DTSTART:20260706|DTEND:20260708" },
    { BERLIN, LOCAL_Z, 0, 0, A_DAY, "DTSTART:20260706T000000Z" },
    /* Habits. */
    { BERLIN, 0, 0, ITEM_HABIT_EPOC_ENTRY, ONCE,
      "X-EPOCAGENDAENTRYTYPE:APPOINTMENT" },
    { BERLIN, 0, 0, ITEM_HABIT_EPOC_ENTRY, A_DAY,
      "X-EPOCAGENDAENTRYTYPE:EVENT" },
    { BERLIN, 0, 0, ITEM_HABIT_EPOC_ENTRY, BORN,
      "X-EPOCAGENDAENTRYTYPE:ANNIVERSARY|RRULE:YM1 3 #0|"
      "DTSTART:19570304T000000" },
    { BERLIN, 0, 0, ITEM_HABIT_DATE_1980, BORN,
      "DTSTART:19800304T000000|DTEND:19800305T000000" },
    { BERLIN, 0, 0, ITEM_HABIT_DATE_1980, "UID:1\r\n"
      "DTSTART:19690720T201700Z\r\nDTEND:19690720T211700Z\r\n",
      "DTSTART:19800101T201700Z|DTEND:19800101T211700Z" },
    { BERLIN, 0, 0, ITEM_HABIT_SE_DST, ONCE, "X-SONYERICSSON-DST:4" },
    { BERLIN, 0, 0, ITEM_HABIT_SE_DST, "UID:1\r\n"
      "DTSTART;TZID=Europe/Berlin:20261206T100000\r\n", "!X-SONY" },
    { BERLIN, 0, 0, ITEM_HABIT_CATEGORY_X, ONCE
      "CATEGORIES:Work,Meeting\r\n", "CATEGORIES:X-Work;Meeting" },
    { BERLIN, 0, 0, ITEM_HABIT_NO_EMPTY, ONCE "LOCATION:\r\nX-A:\r\n",
      "!LOCATION|!X-A" },
    { BERLIN, 0, 0, 0, ONCE "LOCATION:\r\n", "LOCATION:" },
    { BERLIN, 0, 0, ITEM_HABIT_BMP_ONLY, ONCE "LOCATION:😀!\r\n",
      "LOCATION:?!" },
    { BERLIN, 0, 0, ITEM_HABIT_TEXT_8BIT, ONCE "LOCATION:Zürich\\nA\r\n",
      "LOCATION;CHARSET=UTF-8:Zürich\\nA" },
    { BERLIN, 0, 0, 0, ONCE "LOCATION:Zürich\\nA\r\n",
      "LOCATION;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"
      "Z=C3=BCrich=0D=0AA" },
    /* No line of a text begins like one of the calendar's own. */
    { BERLIN, 0, 0, 0, ONCE "LOCATION:ä 0123456789012345678BEGIN:VEVENT\r\n",
      "LOCATION;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=A4 "
      "0123456789012345678=\r\n=42EGIN:VEVENT" },
    /* So Apple's calendar says that an event has none. */
    { BERLIN, 0, 0, 0, ONCE "BEGIN:VALARM\r\nACTION:NONE\r\n"
      "TRIGGER;VALUE=DATE-TIME:19760401T005545Z\r\nEND:VALARM\r\n"
      "BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n",
      "!DALARM|!AALARM:1976|AALARM:20260706T075500Z;;;" },
    /* What vCalendar cannot say. */
    { BERLIN, 0, 0, 0, "UID:1\r\nDTSTART:20260703T100000Z\r\n"
      "RRULE:FREQ=YEARLY;INTERVAL=834;BYMONTH=7;BYDAY=1FR\r\n", "!RRULE" },
    { BERLIN, 0, 0, 0, "UID:1\r\nDTSTART:20260703T100000Z\r\n"
      "RRULE:FREQ=YEARLY;INTERVAL=833;BYMONTH=7;BYDAY=1FR\r\n",
      "RRULE:MP9996 1+ FR #0" },
    { BERLIN, 0, 0, 0, "UID:1\r\nDTSTART:20260703T100000Z\r\n"
      "RRULE:FREQ=MONTHLY;COUNT=4;BYDAY=SA,SU;BYSETPOS=-1\r\n",
      "RDATE:20260726T100000Z;20260830T100000Z;20260927T100000Z;"
      "20261031T100000Z|!RRULE" },
    { BERLIN, 0, 0, ITEM_HABIT_NO_RDATE, "UID:1\r\n"
      "DTSTART:20260703T100000Z\r\n"
      "RRULE:FREQ=MONTHLY;COUNT=4;BYDAY=SA,SU;BYSETPOS=-1\r\n",
      "!RDATE|!RRULE" },
    { BERLIN, 0, 0, 0, "UID:1\r\nDTSTART:20260703T100000Z\r\n"
      "RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30\r\n", "!RDATE|!RRULE" },
    /* The last occurrence, not the day after it: SE T700. */
    { BERLIN, 0, 0, 0, ONCE "RRULE:FREQ=DAILY;UNTIL=20260712T215959Z\r\n",
      "RRULE:D1 20260712T100000" },
    { BERLIN, 0, 0, 0, A_DAY "RRULE:FREQ=WEEKLY;UNTIL=20260719\r\n",
      "RRULE:W1 MO 20260713T000000" }
};

static void test_to_phones(void **state)
{
    unsigned i;

    for (i = 0; i < sizeof(to_phones) / sizeof(to_phones[0]); i++) {
        const to_t *t = &to_phones[i];
        item_form_t form = form_of(t->zone, t->clock, t->days, t->habits);

        has(export(&form, ical(t->body)), t->want);
    }
}

static void test_charset(void **state)
{
    item_form_t form = form_of(NULL, 0, 0, 0);
    const char *sent;

    form.charset = "ISO-8859-1";
    sent = export(&form, ical("SUMMARY:Müller €\r\n"));
    has(sent, "SUMMARY;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:"
        "M=FCller EUR");
    has(import(&form, vcal("", "SUMMARY:M\xfcller\r\n"), NULL),
        "SUMMARY:Müller");
}

/* ---- tasks -------------------------------------------------------------- */

static const char *task(const char *version, const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:", version,
                       "\r\nBEGIN:VTODO\r\n", body,
                       "END:VTODO\r\nEND:VCALENDAR\r\n", NULL);
}

static void test_tasks(void **state)
{
    item_form_t form = form_of(BERLIN, 0, 0, ITEM_HABIT_EPOC_ENTRY);
    const char *half = task("2.0", "UID:1\r\nSUMMARY:S\r\n"
                            "STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:50\r\n");

    has(export(&form, half), "STATUS:ACCEPTED|!PERCENT|"
        "X-EPOCAGENDAENTRYTYPE:TODO");
    has(import(&form, task("1.0", "SUMMARY:S\r\nSTATUS:COMPLETED\r\n"
                           "COMPLETED:20260704T120000Z\r\n"), half),
        "STATUS:COMPLETED|COMPLETED:20260704T120000Z|PERCENT-COMPLETE:100");
    has(import(&form, task("1.0", "SUMMARY:S\r\n"
                           "COMPLETED:20260704T120000\r\n"), NULL),
        "STATUS:COMPLETED|COMPLETED:20260704T100000Z");
    has(import(&form, task("1.0", "DUE:20260704T000000\r\nPRIORITY:1\r\n"
                           "STATUS:NEEDS ACTION\r\n"), NULL),
        "DUE;VALUE=DATE:20260704|PRIORITY:1|STATUS:NEEDS-ACTION");
    has(import(&form, task("1.0", "DUE:20260704T235959\r\n"), NULL),
        "DUE;VALUE=DATE:20260704");
    has(import(&form, task("1.1.4", "SUMMARY:S\r\n"), NULL), "SUMMARY:S");
    has(export(&form, task("2.0", "PERCENT-COMPLETE:100\r\n"
                           "LAST-MODIFIED:20260702T000000Z\r\n")),
        "STATUS:COMPLETED|COMPLETED:20260702T000000Z");
    has(export(&form, task("2.0", "DUE;VALUE=DATE:20260704\r\n")),
        "DUE:20260704T000000|!DTSTART");
}

/* ---- what is refused ---------------------------------------------------- */

static void test_refused(void **state)
{
    static const struct {
        const char *text;
        apr_status_t rv;
    } bad[] = {
        { "", ITEM_EMALFORMED },
        { "hello", ITEM_EMALFORMED },
        { "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nEND:VCALENDAR\r\n",
          ITEM_ETYPE },
        { "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\n",
          ITEM_EMALFORMED },
        { "BEGIN:VCALENDAR\r\nVERSION:3.0\r\nBEGIN:VEVENT\r\nEND:VEVENT\r\n"
          "END:VCALENDAR\r\n", ITEM_ETYPE },
        { "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VJOURNAL\r\n"
          "END:VJOURNAL\r\nEND:VCALENDAR\r\n", ITEM_ETYPE },
        { "BEGIN:VCARD\r\nVERSION:2.1\r\nN:A\r\nEND:VCARD\r\n",
          ITEM_ETYPE }
    };
    item_form_t form = form_of(BERLIN, 0, 0, 0);
    item_text_t text, out;
    unsigned i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        text = text_of(bad[i].text);
        assert_int_equal(item_vcal_import(&form, &text, NULL, &out, pool),
                         bad[i].rv);
        assert_int_equal(out.len, 0);
        assert_int_not_equal(item_vcal_export(&form, &text, &out, pool),
                             APR_SUCCESS);
    }
}

/** Each of which could be one that is said twice. */
static void test_many_organizers(void **state)
{
    item_form_t form = form_of(BERLIN, 0, 0, 0);
    char *lines = apr_palloc(pool, 18000 * 40), *w = lines;
    item_text_t text, out;
    clock_t start;
    int i;

    for (i = 0; i < 18000; i++)
        w += apr_snprintf(w, 40, "ORGANIZER:mailto:%d@x.org\r\n", i);
    text = text_of(vcal("", apr_pstrcat(pool, "DTSTART:20260101T100000Z\r\n",
                                        lines, NULL)));
    start = clock();
    assert_int_equal(item_vcal_import(&form, &text, NULL, &out, pool),
                     APR_SUCCESS);
    if (clock() - start > CLOCKS_PER_SEC / 2)
        fail_msg("%.2f s", (double)(clock() - start) / CLOCKS_PER_SEC);
}

/** Each of which is held against a long text of the other side. */
static void test_many_against_one(void **state)
{
    static const struct {
        const char *stored, *came, *lines;
        item_format_e format;
        int n;
    } tests[] = {
        { "SUMMARY:S\r\n", "SUMMARY:", "DESCRIPTION:\r\n",
          ITEM_FORMAT_VCAL10, 2000 },
        { "CATEGORIES:", "", "CATEGORIES:a,b\r\n", ITEM_FORMAT_VCAL10,
          15000 },
        { "DESCRIPTION:", "", "SUMMARY:a\r\n", ITEM_FORMAT_VCAL10, 4000 },
        { "DESCRIPTION:", "", "SUMMARY:a\r\n", ITEM_FORMAT_ICAL20, 4000 }
    };
    static char line[200002];
    item_form_t form = form_of(BERLIN, 0, 0, ITEM_HABIT_WANTS_TITLE);
    item_text_t text, like, out;
    item_buf_t b;
    clock_t start;
    unsigned i;
    int n;

    memset(line, 'x', sizeof(line) - 3);
    memcpy(line + sizeof(line) - 3, "\r\n", 3);
    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        memset(&b, 0, sizeof(b));
        b.p = pool;
        if (*tests[i].came)
            item_buf_puts(&b, apr_pstrcat(pool, tests[i].came, line, NULL));
        for (n = tests[i].n; n--;)
            item_buf_puts(&b, tests[i].lines);
        item_buf_putc(&b, '\0');
        form.format = tests[i].format;
        text = text_of(form.format == ITEM_FORMAT_ICAL20 ? ical(b.s)
                                                         : vcal("", b.s));
        like = text_of(ical(apr_pstrcat(pool, tests[i].stored,
                                        *tests[i].came ? "" : line, NULL)));
        start = clock();
        assert_int_equal(item_vcal_import(&form, &text, &like, &out, pool),
                         APR_SUCCESS);
        if (clock() - start > CLOCKS_PER_SEC / 2)
            fail_msg("%s%.2f s", tests[i].lines,
                     (double)(clock() - start) / CLOCKS_PER_SEC);
    }
}

/** Words with commas, each of which might begin at any comma of the list. */
static void test_long_words(void **state)
{
    item_form_t form = form_of(BERLIN, 0, 0, 0);
    char *had = apr_palloc(pool, 2000000), *w = had;
    char *came = apr_palloc(pool, 1000000);
    item_text_t text, like, out;
    clock_t start;
    int i, n;

    for (i = 0; i < 16; i++) {
        for (n = 0; n < 20000; n++, w += 3)
            memcpy(w, "x\\,", 3);
        w += apr_snprintf(w, 8, "%d%s", i, i < 15 ? "," : "\r\n");
    }
    for (n = 0; n < 320000; n++)
        memcpy(came + 2 * n, "x,", 2);
    memcpy(came + 2 * n, "z\r\n", 4);
    like = text_of(ical(apr_pstrcat(pool, ONCE "CATEGORIES:", had, NULL)));
    text = text_of(vcal("", apr_pstrcat(pool, "DTSTART:20260706T080000Z\r\n"
                                        "CATEGORIES:", came, NULL)));
    start = clock();
    item_vcal_import(&form, &text, &like, &out, pool);
    if (clock() - start > CLOCKS_PER_SEC)
        fail_msg("%.2f s", (double)(clock() - start) / CLOCKS_PER_SEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_phones),
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_to_phones),
        cmocka_unit_test(test_charset),
        cmocka_unit_test(test_tasks),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_many_organizers),
        cmocka_unit_test(test_many_against_one),
        cmocka_unit_test(test_long_words)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
