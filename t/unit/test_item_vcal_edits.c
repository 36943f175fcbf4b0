/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Events that were edited on a phone that speaks vCalendar 1.0. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "item/item_doc.h"
#include "vcal_text.h"

/* ---- edits on the phone ------------------------------------------------- */

/* A changed occurrence, as KDE writes it: with the rule of its series. */
#define RULED "RECURRENCE-ID;TZID=Europe/Berlin:20260706T110000\r\n" \
    "RRULE:FREQ=DAILY\r\nEXDATE;TZID=Europe/Berlin:20260713T100000\r\n"

typedef struct edit_t {
    const char *zone;
    item_clock_e clock;
    apr_uint32_t habits;
    const char *stored;
    const char *find, *put;     /* in the text of the phone */
    const char *want;
} edit_t;

#define RICH  "BEGIN:VALARM\r\nACTION:AUDIO\r\nX-A:1\r\n" \
    "TRIGGER;RELATED=END:-PT1H\r\nEND:VALARM\r\n"
#define PAYDAY  "UID:1\r\nDTSTART;TZID=Europe/Berlin:20260731T100000\r\n" \
    "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1\r\n"

#define LONG    "UID:1\r\nDTSTART;TZID=Europe/Berlin:20260706T100000\r\n" \
    "DURATION:PT45M\r\n"
#define NIGHTLY "UID:1\r\nDTSTART;TZID=Europe/Berlin:20260706T003000\r\n" \
    "RRULE:FREQ=DAILY;COUNT=10\r\n"
#define SYDNEY  "UID:1\r\nDTSTART;TZID=Australia/Sydney:20261203T090000\r\n" \
    "DURATION:PT45M\r\nRRULE:FREQ=WEEKLY;WKST=MO;COUNT=10\r\n"
#define WEEKENDS  "UID:1\r\n" \
    "DTSTART;TZID=America/New_York:20261205T090000\r\n" \
    "RRULE:FREQ=WEEKLY;BYDAY=SA,SU;UNTIL=20270601T235959Z\r\n"
#define THIRD_YEARS  "UID:1\r\n" \
    "DTSTART;TZID=America/New_York:20270101T090000\r\nDURATION:PT45M\r\n" \
    "RRULE:FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200;COUNT=10\r\n"

#define FLIGHT  "UID:1\r\nDTSTART;TZID=Europe/Berlin:20270310T120000\r\n" \
    "DTEND;TZID=America/New_York:20270310T141500\r\n"
#define IN_UTC  "UID:1\r\nDTSTART:20260706T080000Z\r\n" \
    "DTEND:20260706T090000Z\r\n"

#define EVENINGS  "UID:1\r\n" \
    "DTSTART;TZID=America/New_York:20270106T200000\r\nRRULE:FREQ=DAILY\r\n"

static const edit_t edits[] = {
    /* Midnight is the hour of a series, in another part of the year. */
    { "America/New_York", ITEM_CLOCK_UTC, 0, EVENINGS, "RRULE:",
      "EXDATE:20270708T000000Z\r\nRRULE:",
      "EXDATE;TZID=America/New_York:20270707T200000" },
    { BERLIN, ITEM_CLOCK_UTC, 0, EVENINGS
      "EXDATE;TZID=America/New_York:20270707T200000\r\n",
      "20270708T000000Z", "20270708T000000Z;20270109T010000Z",
      "EXDATE;TZID=America/New_York:20270108T200000,20270707T200000" },
    /* ... and else a day. */
    { BERLIN, ITEM_CLOCK_UTC, 0, EVENINGS, "RRULE:",
      "EXDATE:20270115T000000Z\r\nRRULE:",
      "EXDATE;TZID=America/New_York:20270114T200000" },
    /* It lands where it did. */
    { BERLIN, LOCAL, 0, FLIGHT, "T120000\r\nDTEND:20270310T201500",
      "T130000\r\nDTEND:20270310T213000",
      "DTSTART;TZID=Europe/Berlin:20270310T130000|"
      "DTEND;TZID=America/New_York:20270310T153000" },
    { BERLIN, 0, 0, FLIGHT, "DTEND:20270310T191500Z", "DTEND:20270310T190000Z",
      "DTSTART;TZID=Europe/Berlin:20270310T120000|"
      "DTEND;TZID=America/New_York:20270310T140000" },
    /* A series goes on the clock of who makes it. */
    { BERLIN, 0, 0, IN_UTC, "END:VEVENT", "RRULE:W1 MO #0\r\nEND:VEVENT",
      "DTSTART;TZID=Europe/Berlin:20260706T100000|"
      "DTEND;TZID=Europe/Berlin:20260706T110000|RRULE:FREQ=WEEKLY;BYDAY=MO" },
    { NULL, 0, 0, IN_UTC, "END:VEVENT", "RRULE:W1 MO #0\r\nEND:VEVENT",
      "DTSTART:20260706T080000Z|DTEND:20260706T090000Z|"
      "RRULE:FREQ=WEEKLY;BYDAY=MO" },
    { BERLIN, 0, 0, IN_UTC "RRULE:FREQ=DAILY\r\n", "RRULE:D1 #0",
      "RRULE:W1 MO #0",
      "DTSTART:20260706T080000Z|DTEND:20260706T090000Z|"
      "RRULE:FREQ=WEEKLY;BYDAY=MO" },
    /* A length stays one, whatever clock the phone answers on. */
    { BERLIN, 0, 0, LONG "RRULE:FREQ=WEEKLY\r\n",
      "20260706T100000\r\nDTEND:20260706T104500",
      "20260706T090000Z\r\nDTEND:20260706T094500Z",
      "DTSTART;TZID=Europe/Berlin:20260706T110000|DURATION:PT45M|!DTEND" },
    { BERLIN, 0, 0, LONG, "T084500", "T093000", "DURATION:PT1H30M|!DTEND" },
    { BERLIN, LOCAL, 0, "UID:1\r\nDTSTART;VALUE=DATE:20260706\r\n"
      "DURATION:P2D\r\n", "DTEND:20260708", "DTEND:20260709",
      "DTSTART;VALUE=DATE:20260706|DURATION:P3D|!DTEND" },
    /* Over the hour that summer time takes, an end says more. */
    { BERLIN, 0, 0, "UID:1\r\nDTSTART;TZID=Europe/Berlin:20260328T220000\r\n"
      "DURATION:PT1H\r\n", "T220000Z", "T230000Z\r\nX-A:1",
      "DURATION:PT2H|!DTEND" },
    { BERLIN, 0, 0, "UID:1\r\nDTSTART;TZID=Europe/Berlin:20260328T220000\r\n"
      "DURATION:PT1H\r\n", "20260328T220000Z", "20260329T020000Z",
      "DTEND;TZID=Europe/Berlin:20260329T040000|!DURATION" },
    /* No counts: the day of the last one, on the phone's clock, which the
     * series moves over midnight. */
    { "Europe/Helsinki", 0, 0, SYDNEY, "20261202T220000Z\r\n"
      "DTEND:20261202T224500Z\r\nRRULE:W1 WE #10", "20261202T230000Z\r\n"
      "DTEND:20261202T234500Z\r\nRRULE:W1 WE 20270209T230000Z",
      "RRULE:FREQ=WEEKLY;WKST=MO;COUNT=10|DURATION:PT45M|"
      "DTSTART;TZID=Australia/Sydney:20261203T100000" },
    { BERLIN, ITEM_CLOCK_UTC, 0, NIGHTLY, "#10", "20260715T235959",
      "RRULE:FREQ=DAILY;COUNT=10" },
    /* ... and one instance less. */
    { BERLIN, ITEM_CLOCK_UTC, 0, NIGHTLY, "#10", "20260714T235959",
      "RRULE:FREQ=DAILY;UNTIL=20260713T223000Z" },
    { BERLIN, ITEM_CLOCK_UTC, 0, NIGHTLY, "#10", "20260713T223000Z",
      "RRULE:FREQ=DAILY;UNTIL=20260713T223000Z" },
    /* Begins later and ends when it ended. */
    { BERLIN, LOCAL, 0, ONCE "RRULE:FREQ=WEEKLY;COUNT=4\r\n",
      "20260706T100000\r\nDTEND:20260706T110000\r\nRRULE:W1 MO #4",
      "20260720T100000\r\nDTEND:20260720T110000\r\n"
      "RRULE:W1 MO 20260727T100000",
      "RRULE:FREQ=WEEKLY;UNTIL=20260727T080000Z" },
    /* As many on another day of the week. */
    { BERLIN, LOCAL, 0, ONCE "RRULE:FREQ=WEEKLY;COUNT=4\r\n",
      "20260706T100000\r\nDTEND:20260706T110000\r\nRRULE:W1 MO #4",
      "20260707T100000\r\nDTEND:20260707T110000\r\n"
      "RRULE:W1 TU 20260728T100000", "RRULE:FREQ=WEEKLY;COUNT=4" },
    { BERLIN, LOCAL, 0, "UID:1\r\n"
      "DTSTART;TZID=Europe/Berlin:20260706T100000\r\n"
      "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4\r\n",
      "20260706T100000\r\nRRULE:W1 MO WE #4", "20260707T100000\r\n"
      "RRULE:W1 TU TH 20260716T100000",
      "RRULE:FREQ=WEEKLY;COUNT=4;BYDAY=TU,TH" },
    /* An end that the phone has on its own day is the one that it got. */
    /* An evening course on other days: no days that were left. */
    { "America/New_York", ITEM_CLOCK_UTC, 0, "UID:1\r\n"
      "DTSTART;TZID=America/New_York:20290108T173000\r\n"
      "RRULE:FREQ=WEEKLY;BYDAY=MO,WE\r\n",
      "20290108T223000Z\r\nRRULE:W1 MO WE",
      "20290109T223000Z\r\nRRULE:W1 TU TH",
      "DTSTART;TZID=America/New_York:20290109T173000|"
      "RRULE:FREQ=WEEKLY;BYDAY=TU,TH" },
    { "Australia/Adelaide", ITEM_CLOCK_UTC, 0, WEEKENDS, "20270530T140000Z",
      "20270529T150000Z",
      "RRULE:FREQ=WEEKLY;BYDAY=SA,SU;UNTIL=20270601T235959Z" },
    { "Australia/Adelaide", ITEM_CLOCK_UTC, 0, WEEKENDS, "20270530T140000Z",
      "20270528T150000Z", "!RRULE:FREQ=WEEKLY;BYDAY=SA,SU;UNTIL=20270601" },
    /* The hour is moved behind the one at which the series ended. */
    { BERLIN, LOCAL, 0, ONCE "RRULE:FREQ=WEEKLY;UNTIL=20260727T080000Z\r\n",
      "20260706T100000\r\nDTEND:20260706T110000\r\n"
      "RRULE:W1 MO 20260727T100000",
      "20260706T120000\r\nDTEND:20260706T130000\r\n"
      "RRULE:W1 MO 20260727T120000",
      "RRULE:FREQ=WEEKLY;UNTIL=20260727T100000Z" },
    /* A rule that would be sent as dates now, but the phone has it still. */
    { "Europe/Stockholm", 0, 0, "UID:1\r\n"
      "DTSTART;TZID=America/New_York:20260524T200000\r\n"
      "RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=4SU;COUNT=14\r\nX-A:1\r\n",
      "X-A:1\r\n", "RRULE:MP1 4+ SU #14\r\n",
      "RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=4SU;COUNT=14" },
    /* Its days are those of the series' own clock. */
    { "Europe/Helsinki", 0, 0, "UID:1\r\n"
      "DTSTART;TZID=America/Santiago:20291001T210500\r\n"
      "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=25\r\n",
      "20291002T000500Z\r\nRDATE:", "20291002T010500Z\r\n"
      "RRULE:MD1 1 15 20301015T010500Z\r\nX-A:",
      "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=25" },
    /* Moved over midnight in UTC once, its rule says the day before. */
    { "Europe/Stockholm", 0, 0, "UID:1\r\n"
      "DTSTART;TZID=Australia/Sydney:20290401T102000\r\n"
      "RRULE:FREQ=WEEKLY;INTERVAL=1\r\n", "W1 SU", "W1 SA",
      "RRULE:FREQ=WEEKLY;INTERVAL=1" },
    { "Europe/Stockholm", 0, 0, "UID:1\r\n"
      "DTSTART;TZID=Australia/Sydney:20290401T102000\r\n"
      "RRULE:FREQ=WEEKLY;BYDAY=SU,TH\r\n", "W1 SU TH", "W1 SA WE",
      "RRULE:FREQ=WEEKLY;BYDAY=SU,TH" },
    { "Australia/Adelaide", 0, 0, "UID:1\r\n"
      "DTSTART;TZID=Australia/Sydney:20280825T103000\r\n"
      "RRULE:FREQ=MONTHLY;INTERVAL=2\r\n", "20280825T003000Z\r\nRRULE:MD2 25",
      "20280825T013000Z\r\nRRULE:MD2 24", "RRULE:FREQ=MONTHLY;INTERVAL=2" },
    { "Australia/Adelaide", 0, 0, "UID:1\r\n"
      "DTSTART;TZID=Australia/Sydney:20280801T103000\r\n"
      "RRULE:FREQ=YEARLY;COUNT=4\r\n", "20280801T003000Z\r\nRRULE:YM1 8",
      "20280801T013000Z\r\nRRULE:YM1 7", "RRULE:FREQ=YEARLY;COUNT=4" },
    { "Australia/Adelaide", 0, 0, "UID:1\r\n"
      "DTSTART;TZID=Australia/Sydney:20280825T103000\r\n"
      "RRULE:FREQ=MONTHLY;INTERVAL=2\r\n", "MD2 25", "MD2 20",
      "RRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=20" },
    /* It is the day before where the user is. */
    { "America/New_York", ITEM_CLOCK_UTC, 0, "UID:1\r\n"
      "DTSTART;TZID=Europe/Berlin:20261222T011500\r\n"
      "RRULE:FREQ=WEEKLY;WKST=SU\r\n", "W1 TU", "W1 MO",
      "RRULE:FREQ=WEEKLY;WKST=SU" },
    { "Europe/Stockholm", 0, 0, "UID:1\r\n"
      "DTSTART;TZID=Australia/Sydney:20290401T102000\r\n"
      "RRULE:FREQ=WEEKLY;INTERVAL=1\r\n", "W1 SU", "W1 WE",
      "RRULE:FREQ=WEEKLY;BYDAY=WE" },
    /* A month left out is that of the start. */
    { BERLIN, ITEM_CLOCK_UTC, 0, "UID:1\r\n"
      "DTSTART;TZID=Asia/Kolkata:20330612T052500\r\n"
      "RRULE:FREQ=YEARLY;INTERVAL=4;UNTIL=20340615T120000Z\r\n", "YM4 6",
      "YM4", "RRULE:FREQ=YEARLY;INTERVAL=4;UNTIL=20340615T120000Z" },
    { BERLIN, ITEM_CLOCK_UTC, 0, "UID:1\r\n"
      "DTSTART;TZID=Europe/Berlin:20330612T052500\r\n"
      "RRULE:FREQ=YEARLY;BYMONTH=6,7\r\n", "YM1 6 7", "YM1",
      "!RRULE:FREQ=YEARLY;BYMONTH=6,7" },
    /* Escapes that came otherwise, or twice. */
    { BERLIN, 0, 0, ONCE "LOCATION;X-P=1:a\\;b\\\\\\;c\r\n", "a\\;b\\\\\\;c",
      "a;b\\;c", "LOCATION;X-P=1:a\\;b\\\\\\;c" },
    { BERLIN, 0, 0, ONCE "LOCATION;X-P=1:a\\;b\r\n", "a\\;b", "a;d",
      "LOCATION:a\\;d" },
    /* A description that says the title, encoded otherwise. */
    { BERLIN, 0, 0, ONCE, "SUMMARY:S\r\n", "SUMMARY:a\\\\b=\r\nDESCRIPTION;"
      "ENCODING=QUOTED-PRINTABLE:a\\\\b=3D\r\n",
      "SUMMARY:a\\\\b=|!DESCRIPTION" },
    /* The second of two hours alike is that of DTSTART, too. */
    { BERLIN, LOCAL, 0, "UID:1\r\nDTSTART:20261025T013000Z\r\n"
      "RRULE:FREQ=WEEKLY;COUNT=4\r\n", "RRULE:",
      "EXDATE:20261025T023000\r\nRRULE:", "EXDATE:20261025T013000Z" },
    /* A day before by the clock, 25 hours by the sun: moved on. */
    { "Australia/Adelaide", ITEM_CLOCK_UTC, 0, "UID:1\r\n"
      "DTSTART:20280402T113000\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\n"
      "TRIGGER:-P1D\r\nEND:VALARM\r\n", "DTSTART:20280402T020000Z\r\n"
      "AALARM:20280401T01", "DTSTART:20280402T030000Z\r\nAALARM:20280401T02",
      "DTSTART:20280402T123000|TRIGGER:-P1D" },
    /* Before the end of whole days, by a phone that counts the seconds. */
    { "America/Denver", LOCAL, 0, "UID:1\r\nDTSTART;VALUE=DATE:20260306\r\n"
      "DTEND;VALUE=DATE:20260308\r\nBEGIN:VALARM\r\nACTION:AUDIO\r\n"
      "TRIGGER;RELATED=END:-PT5M\r\nEND:VALARM\r\n",
      "DTSTART:20260306T000000\r\nDTEND:20260308T000000\r\n"
      "AALARM:20260307T235500", "DTSTART:20260307T000000\r\n"
      "DTEND:20260309T000000\r\nAALARM:20260309T005500",
      "DTSTART;VALUE=DATE:20260307|TRIGGER;RELATED=END:-PT5M" },
    /* Beyond the phone, which answers in UTC. */
    { "America/New_York", 0, 0, THIRD_YEARS, "20270101T090000\r\n"
      "DTEND:20270101T094500\r\nRRULE:YD3 1 100 200 #10",
      "20270101T140000Z\r\nDTEND:20270101T144500Z",
      "RRULE:FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200;COUNT=10|"
      "DURATION:PT45M|!DTEND|DTSTART;TZID=America/New_York:20270101T090000" },
    /* Moved: still in its zone, the rule untouched. */
    { BERLIN, 0, 0, WEEKLY ALARM, "0706T1", "0706T1",
      "DTSTART;TZID=Europe/Berlin:20260706T100000|RRULE:FREQ=WEEKLY|"
      "DESCRIPTION:Up" },
    { BERLIN, ITEM_CLOCK_UTC, 0, WEEKLY, "DTSTART:20260706T08",
      "DTSTART:20260706T07",
      "DTSTART;TZID=Europe/Berlin:20260706T090000|RRULE:FREQ=WEEKLY|"
      "DTEND;TZID=Europe/Berlin:20260706T110000" },
    { "America/New_York", LOCAL, 0, WEEKLY, "DTSTART:20260706T040000",
      "DTSTART:20260706T030000",
      "DTSTART;TZID=Europe/Berlin:20260706T090000" },
    { BERLIN, LOCAL, 0, ONCE ALARM, "20260706T1", "20260807T1",
      "DTSTART;TZID=Europe/Berlin:20260807T100000" },
    /* Without the phone knowing of zones at all. */
    { NULL, LOCAL, ITEM_HABIT_NO_ZONE, ONCE, "DTSTART:20260706T10",
      "DTSTART:20260706T12", "DTSTART;TZID=Europe/Berlin:20260706T120000" },
    /* A time without a zone stays one. */
    { BERLIN, 0, 0, "UID:1\r\nDTSTART:20260706T100000\r\n",
      "0706T080000Z", "0706T083000Z", "DTSTART:20260706T103000" },
    /* An alarm moved; the other one is still there. */
    { BERLIN, 0, 0, ONCE ALARM, "T0745", "T0730",
      "TRIGGER:-PT30M|!TRIGGER:-PT15M" },
    { BERLIN, 0, 0, ONCE ALARM RICH, "AALARM:20260706T080000Z;;;\r\n", "",
      "TRIGGER:-PT15M|TRIGGER;RELATED=END:-PT1H|X-A:1" },
    { BERLIN, 0, 0, ONCE ALARM, "DALARM:20260706T074500Z;;;Up\r\n", "",
      "ACTION:DISPLAY|TRIGGER:-PT15M|DESCRIPTION:Up|!ACTION:AUDIO" },
    /* The event moved with its alarm: from the end. */
    { BERLIN, LOCAL, 0, ONCE RICH, "20260706T1", "20260807T1",
      "X-A:1|TRIGGER;RELATED=END:-PT1H" },
    /* A rule that was sent as dates. */
    { BERLIN, 0, 0, PAYDAY, "RDATE", "RDATE",
      "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1|!RDATE" },
    { BERLIN, 0, ITEM_HABIT_NO_RDATE, PAYDAY, "DTSTART:20260731T08",
      "DTSTART:20260731T09",
      "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1|"
      "DTSTART;TZID=Europe/Berlin:20260731T110000" },
    { BERLIN, 0, 0, PAYDAY, "20260831T080000Z;", "",
      "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1|"
      "EXDATE;TZID=Europe/Berlin:20260831T100000|!RDATE" },
    /* Only the end of a rule changed. */
    { BERLIN, 0, 0, WEEKLY, "W1 MO #0", "W1 MO #5",
      "RRULE:FREQ=WEEKLY;COUNT=5" },
    { BERLIN, 0, 0, WEEKLY, "W1 MO #0", "W1 MO TU #0",
      "RRULE:FREQ=WEEKLY;BYDAY=MO,TU" },
    { BERLIN, 0, 0, ONCE "RRULE:FREQ=WEEKLY;COUNT=4\r\n", "W1 MO #4",
      "W1 MO 20260727T100000", "RRULE:FREQ=WEEKLY;COUNT=4" },
    { BERLIN, 0, 0, ONCE "RRULE:FREQ=MONTHLY;COUNT=4\r\n", "0706T1",
      "0707T1", "RRULE:FREQ=MONTHLY;COUNT=4|"
      "DTSTART;TZID=Europe/Berlin:20260707T100000" },
    { BERLIN, LOCAL, 0, "UID:1\r\n"
      "DTSTART;TZID=Europe/Berlin:20261130T090000\r\n"
      "RRULE:FREQ=MONTHLY;INTERVAL=18;COUNT=4\r\n", "T090000\r\n"
      "RRULE:MD18 30 #4", "T100000\r\nRRULE:MD18 30 20310530T100000",
      "RRULE:FREQ=MONTHLY;INTERVAL=18;COUNT=4" },
    { "Asia/Tokyo", 0, 0, ONCE "RRULE:FREQ=WEEKLY;COUNT=4\r\n", "W1 MO #4",
      "W1 MO 20260728T000000Z", "RRULE:FREQ=WEEKLY;COUNT=4" },
    { BERLIN, 0, 0, ONCE "STATUS:TENTATIVE\r\n",
      "STATUS:TENTATIVE\r\n", "", "STATUS:TENTATIVE" },
    /* The phone's own calendar begins with 1980. */
    { BERLIN, 0, 0, BORN, "1957030", "1980030",
      "DTSTART;VALUE=DATE:19570304|RRULE:FREQ=YEARLY" },
    /* A rule that is beyond the phone, which drops it. */
    { BERLIN, 0, 0, ONCE "RRULE:FREQ=MONTHLY;BYDAY=1MO,-1MO\r\n",
      "RRULE:MP1 1+ 1- MO #0\r\n", "",
      "RRULE:FREQ=MONTHLY;BYDAY=1MO,-1MO" },
    /* The days of its own clock, above a start in UTC. */
    { BERLIN, ITEM_CLOCK_UTC, 0, "UID:1\r\n"
      "DTSTART;TZID=Europe/Berlin:20260706T003000\r\n"
      "RRULE:FREQ=WEEKLY;BYDAY=MO,TH\r\n", "W1 SU WE", "W1 MO TH",
      "RRULE:FREQ=WEEKLY;BYDAY=MO,TH" },
    { BERLIN, ITEM_CLOCK_UTC, 0, "UID:1\r\n"
      "DTSTART;TZID=Europe/Berlin:20260706T003000\r\n"
      "RRULE:FREQ=WEEKLY;BYDAY=MO,TH\r\n", "W1 SU WE", "W1 MO FR",
      "RRULE:FREQ=WEEKLY;BYDAY=MO,FR" },
    /* The phone takes UTC for local time: the same digits. */
    { BERLIN, 0, 0, ONCE ALARM, "00Z", "00",
      "DTSTART;TZID=Europe/Berlin:20260706T100000|TRIGGER:-PT15M|"
      "DESCRIPTION:Up" },
    /* An event without an end that moved; one with a task done. */
    { BERLIN, LOCAL, 0, "UID:1\r\nDTSTART;VALUE=DATE:20260706\r\n",
      "2026070", "2026080", "DTSTART;VALUE=DATE:20260806|!DTEND" },
    /* A day that ends on itself, as some calendars of holidays have it. */
    { BERLIN, LOCAL, 0, "UID:1\r\nDTSTART;VALUE=DATE:20260706\r\n"
      "DTEND;VALUE=DATE:20260706\r\n", "2026070", "2026080",
      "DTSTART;VALUE=DATE:20260806|DTEND;VALUE=DATE:20260806" },
    { BERLIN, LOCAL, 0, "UID:1\r\nDTSTART;VALUE=DATE:20260706\r\n"
      "DTEND;VALUE=DATE:20260706\r\n", "DTEND:20260707", "DTEND:20260709",
      "DTSTART;VALUE=DATE:20260706|DTEND;VALUE=DATE:20260709" },
    /* No longer a series. */
    { BERLIN, 0, 0, WEEKLY, "RRULE:W1 MO #0\r\n", "",
      "!RRULE:FREQ=WEEKLY" },
    /* Now a whole day. */
    { BERLIN, LOCAL, 0, ONCE, "T100000\r\nDTEND:20260706T110000",
      "T000000\r\nDTEND:20260707T000000",
      "DTSTART;VALUE=DATE:20260706|DTEND;VALUE=DATE:20260707" },
    /* A birthday before 1980 keeps its year. */
    { BERLIN, 0, ITEM_HABIT_DATE_1980, BORN, "SUMMARY:Eva",
      "SUMMARY:Eva B.", "SUMMARY:Eva B.|DTSTART;VALUE=DATE:19570304|"
      "RRULE:FREQ=YEARLY" },
    /* Some programs escape quotes. */
    { BERLIN, 0, 0, ONCE "DESCRIPTION:A \\\"b\\\"\r\n", "N:A \"b\"\r\n",
      "N:A \"c\"\r\n", "DESCRIPTION:A \"c\"" },
    /* Sent on the zone's clock, it comes in UTC. */
    { BERLIN, 0, 0, WEEKLY "EXDATE;VALUE=DATE:20260713\r\n"
      "EXDATE:20260720T100000\r\n", "T100000", "T080000Z",
      "EXDATE;VALUE=DATE:20260713|EXDATE:20260720T100000" },
    /* No series, but what it had is no edit. */
    { BERLIN, 0, 0, ONCE "EXDATE;TZID=Europe/Berlin:20260713T100000\r\n",
      "S\r\n", "T\r\n",
      "SUMMARY:T|EXDATE;TZID=Europe/Berlin:20260713T100000" },
    { BERLIN, 0, 0, ONCE RULED, "S\r\n", "T\r\n",
      "SUMMARY:T|RRULE:FREQ=DAILY|EXDATE;TZID=Europe/Berlin:20260713T100000|"
      "RECURRENCE-ID;TZID=Europe/Berlin:20260706T110000" },
    { BERLIN, 0, 0, ONCE "CATEGORIES:A,B\r\n", "A;B", "A;C",
      "CATEGORIES:A,C" },
    { BERLIN, 0, 0, ONCE "CATEGORIES:A\\, B,C\r\n", "A\\, B;C", "A, B;D",
      "CATEGORIES:A\\, B,D" },
    { BERLIN, 0, 0, ONCE "CATEGORIES:A\\, B,C\r\n", "A\\, B;C", "A\\, B,C,D",
      "CATEGORIES:A\\, B,C,D" },
    /* All commas alike: those of a word that it had are its. */
    { BERLIN, 0, 0, ONCE "SUMMARY:S\r\nCATEGORIES:A\\, B,C\r\n", "A\\, B;C",
      "A, B,C", "CATEGORIES:A\\, B,C" },
    { BERLIN, 0, 0, ONCE "CATEGORIES:C,A\\, B\r\n", "C;A\\, B", "C,D,A, B",
      "CATEGORIES:C,D,A\\, B" },
    { BERLIN, 0, 0, ONCE "CATEGORIES:C,A\\, B\r\n", "C;A\\, B", "C",
      "CATEGORIES:C" },
    { BERLIN, 0, 0, ONCE "ATTENDEE;CUTYPE=ROOM;PARTSTAT=TENTATIVE:"
      "mailto:r@x\r\n", "S\r\n", "T\r\n",
      "ATTENDEE;CUTYPE=ROOM;PARTSTAT=TENTATIVE:mailto:r@x|SUMMARY:T" }
};

static void test_edits(void **state)
{
    unsigned i;

    for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
        const edit_t *e = &edits[i];
        item_form_t form = form_of(e->zone, e->clock, 0, e->habits);
        const char *sent = export(&form, ical(e->stored));
        const char *edited = replace(sent, e->find, e->put);

        if (!strcmp(sent, edited) && strcmp(e->find, e->put))
            fail_msg("no \"%s\" in\n%s", e->find, sent);
        has(import(&form, edited, ical(e->stored)), e->want);
    }
}

#define TASK  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\nUID:1\r\n" \
    "DUE;TZID=Europe/Berlin:20260706T100000\r\nBEGIN:VALARM\r\n" \
    "ACTION:DISPLAY\r\nTRIGGER;RELATED=START:-PT1H\r\nEND:VALARM\r\n" \
    "END:VTODO\r\nEND:VCALENDAR\r\n"

/* Tasks without a start have alarms before it: they go with the end. */
static void test_task(void **state)
{
    item_form_t form = form_of(BERLIN, LOCAL, 0, 0);
    const char *sent = export(&form, TASK);

    has(sent, "DUE:20260706T100000");
    has(import(&form, replace(sent, "20260706", "20260708"), TASK),
        "DUE;TZID=Europe/Berlin:20260708T100000|"
        "TRIGGER;RELATED=START:-PT1H|!TRIGGER;RELATED=END|!PRODID");
}

/* Lotus Notes calls London's clock GMT. */
#define LOTUS(rules, times)  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" \
    "PRODID:-//Lotus//Calendar//EN\r\nBEGIN:VTIMEZONE\r\nTZID:GMT\r\n" \
    "BEGIN:STANDARD\r\nDTSTART:19501029T020000\r\nTZOFFSETFROM:+0100\r\n" \
    "TZOFFSETTO:+0000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\n" \
    "END:STANDARD\r\n" rules "END:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1\r\n" \
    times "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define SUMMER  "BEGIN:DAYLIGHT\r\nDTSTART:19500326T020000\r\n" \
    "TZOFFSETFROM:+0000\r\nTZOFFSETTO:+0100\r\n" \
    "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n"
#define LOTUS_TIMES  "DTSTART;TZID=\"GMT\":20150721T140000\r\n" \
    "DTEND;TZID=\"GMT\":20150721T150000\r\n"

static void test_gmt(void **state)
{
    item_form_t form = form_of(BERLIN, ITEM_CLOCK_UTC, 0, 0);
    const char *stored = LOTUS(SUMMER, LOTUS_TIMES);
    const char *sent = export(&form, stored);

    has(sent, "DTSTART:20150721T130000Z|DTEND:20150721T140000Z");
    has(import(&form, replace(replace(sent, "T140000Z", "T150000Z"),
                              "T130000Z", "T140000Z"), stored),
        "DTSTART;TZID=GMT:20150721T150000|DTEND;TZID=GMT:20150721T160000|"
        "TZID:GMT");
    /* Without a definition it is UTC. */
    has(export(&form, ical("UID:1\r\n" LOTUS_TIMES)),
        "DTSTART:20150721T140000Z|DTEND:20150721T150000Z");
}

#define CHORE(due)  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\n" \
    "UID:1\r\n" due "\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
#define AT_NIGHT  CHORE("DUE:20260421T200000Z")
#define AT_NOON   CHORE("DUE;TZID=Europe/Berlin:20260421T120000")
#define MIDNIGHT  CHORE("DUE:20260421T210000Z")
#define AT_SYDNEY CHORE("DUE;TZID=Australia/Sydney:20290318T110000")

/* Midnight is a time, too, where the task was due at one. */
static void test_task_at_midnight(void **state)
{
    item_form_t form = form_of("Europe/Helsinki", ITEM_CLOCK_UTC, 0, 0);
    item_form_t local = form_of(BERLIN, LOCAL, 0, 0);
    const char *sent = export(&form, AT_NIGHT);

    has(sent, "DUE:20260421T200000Z");
    has(import(&form, replace(sent, "T200000Z", "T210000Z"), AT_NIGHT),
        "DUE:20260421T210000Z");
    sent = export(&local, AT_NOON);
    has(import(&local, replace(sent, "21T120000", "23T000000"), AT_NOON),
        "DUE;TZID=Europe/Berlin:20260423T000000");
    /* A phone that keeps the day alone. */
    has(import(&local, replace(sent, "T120000", "T000000"), AT_NOON),
        "DUE;TZID=Europe/Berlin:20260421T120000");
    local.due_times = 1;
    has(import(&local, replace(sent, "T120000", "T000000"), AT_NOON),
        "DUE;TZID=Europe/Berlin:20260421T000000");
    /* What was sent as a day. */
    sent = export(&form, MIDNIGHT);
    has(import(&form, sent, MIDNIGHT), "DUE:20260421T210000Z");
    has(import(&form, replace(sent, "20260422T", "20260424T"), MIDNIGHT),
        "DUE:20260423T210000Z");
    has(import(&form, replace(sent, "20260422T000000", "20260422T100000Z"),
               MIDNIGHT), "DUE:20260422T100000Z");
    /* What is midnight in UTC alone, from a client that takes midnight for a
     * day, keeps all other times, and says days without the Z. */
    form = form_of(BERLIN, ITEM_CLOCK_UTC, 0, 0);
    form.due_times = 1;
    sent = export(&form, AT_SYDNEY);
    has(sent, "DUE:20290318T000000Z");
    has(import(&form, replace(sent, "T000000Z", "T000000"), AT_SYDNEY),
        "DUE;TZID=Australia/Sydney:20290318T110000");
    /* It says that it is a day. */
    has(import(&local, replace(export(&local, AT_NOON), "20260421T120000",
                               "20260423"), AT_NOON),
        "DUE;VALUE=DATE:20260423");
}

/* ---- overrides ---------------------------------------------------------- */

#define SERIES  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n" WEEKLY \
    "EXDATE;TZID=Europe/Berlin:20260713T100000\r\nEND:VEVENT\r\n" \
    "BEGIN:VEVENT\r\nUID:1\r\nSUMMARY:Moved\r\n" \
    "RECURRENCE-ID;TZID=Europe/Berlin:20260720T100000\r\n" \
    "DTSTART;TZID=Europe/Berlin:20260721T120000\r\nEND:VEVENT\r\n" \
    "END:VCALENDAR\r\n"

static int count(const char *text, const char *what)
{
    int n = 0;

    for (; (text = strstr(text, what)) != NULL; text++)
        n++;
    return n;
}

static void test_overrides(void **state)
{
    item_form_t form = form_of(BERLIN, 0, 0, 0);
    const char *sent = export(&form, SERIES), *back, *second;

    has(export(&form, ical(ONCE RULED)),
        "X-RECURRENCE-ID:20260706T110000|!RRULE|!EXDATE");
    has(sent, "EXDATE:20260713T100000;20260720T100000|"
        "X-RECURRENCE-ID:20260720T100000|DTSTART:20260721T120000");
    back = import(&form, sent, NULL);
    has(back, "EXDATE;TZID=Europe/Berlin:20260713T100000|"
        "RECURRENCE-ID;TZID=Europe/Berlin:20260720T100000");
    /* The phone drops the id: known by its start. */
    back = import(&form, replace(sent, "X-RECURRENCE-ID:20260720T100000\r\n",
                                 ""), SERIES);
    has(back, "EXDATE;TZID=Europe/Berlin:20260713T100000|"
        "RECURRENCE-ID;TZID=Europe/Berlin:20260720T100000");
    /* It holds one event for an item: the override is not deleted. */
    second = strstr(sent, "END:VEVENT") + strlen("END:VEVENT\r\n");
    back = import(&form, apr_pstrcat(
        pool, apr_pstrmemdup(pool, sent, (apr_size_t)(second - sent)),
        "END:VCALENDAR\r\n", NULL), SERIES);
    has(back, "EXDATE;TZID=Europe/Berlin:20260713T100000|SUMMARY:Moved|"
        "RECURRENCE-ID;TZID=Europe/Berlin:20260720T100000");
    assert_int_equal(count(back, "BEGIN:VEVENT"), 2);
    /* A new exception of the phone. */
    back = import(&form, replace(sent, ";20260720T100000\r\n",
                                 ";20260720T100000;20260803T100000\r\n"),
                  SERIES);
    has(back, "EXDATE;TZID=Europe/Berlin:20260713T100000,20260803T100000");
}

/* ---- lists of times ------------------------------------------------------ */

#define FULL  19000             /* words or lines, nearly as many as are taken;
                                 * to compare all pairs takes seconds */
#define MANY  40000             /* words; all texts that they pass through,
                                 * each kept, are gigabytes */

/** EXDATE of so many times by day, in UTC: midnight would be a day. */
static const char *many_dates(int n)
{
    item_buf_t line = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };
    int i;

    line.p = out.p = pool;
    item_buf_puts(&line, "EXDATE:");
    for (i = 0; i < n; i++)
        item_buf_puts(&line, apr_psprintf(
            pool, "%s%04d%02d%02dT%02d0000Z", i ? "," : "",
            2000 + i / 12 / 28 / 12, 1 + i / 12 / 28 % 12, 1 + i / 12 % 28,
            8 + i % 12));
    item_fold_add(&out, item_buf_span(&line), "\r\n");
    return out.s;
}

static int words_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    int n = 1;

    assert_non_null(at);
    for (; at[0] != '\r' || at[2] == ' '; at++)
        n += *at == ',';
    return n;
}

static item_text_t ical_out(const item_form_t *form, const char *text)
{
    item_text_t in = text_of(text), out;

    assert_int_equal(item_ical_export(form, &in, &out, pool), APR_SUCCESS);
    return out;
}

static const char *ical_back(const item_form_t *form, const char *text,
                             const char *stored)
{
    item_text_t in = text_of(text), like = text_of(stored), out;

    assert_int_equal(item_ical_import(form, &in, &like, &out, pool),
                     APR_SUCCESS);
    return apr_pstrmemdup(pool, out.data, out.len);
}

static void test_long_lists(void **state)
{
    item_form_t form = form_of(BERLIN, ITEM_CLOCK_UTC, 0, 0);
    const char *text = ical(apr_pstrcat(pool, WEEKLY, many_dates(MANY),
                                        NULL));
    item_text_t out;

    form.format = ITEM_FORMAT_ICAL20;
    out = ical_out(&form, text);
    assert_int_equal(words_of(out.data, "EXDATE:20000101T080000Z,"), MANY);
    text = ical_back(&form, text, ical(WEEKLY));
    assert_int_equal(words_of(text, "EXDATE;TZID=Europe/Berlin:"), MANY);
    has(text, "!EXDATE:");
}

static void test_full_lists(void **state)
{
    item_form_t form = form_of(BERLIN, 0, 0, 0);
    const char *stored = ical(apr_pstrcat(pool, WEEKLY, many_dates(FULL),
                                          NULL));
    const char *back = import(&form, export(&form, stored), stored);
    item_text_t text, out;

    /* As they were, though the device has them by its clock. */
    assert_int_equal(words_of(back, "EXDATE:20000101T080000Z,"), FULL);
    has(back, "!EXDATE;");
    text = text_of(vcal("", apr_pstrcat(pool, ONCE, many_dates(MANY),
                                        NULL)));
    assert_int_equal(item_vcal_import(&form, &text, NULL, &out, pool),
                     ITEM_ELIMIT);
}

static void test_many_alarms(void **state)
{
    item_form_t form = form_of(BERLIN, 0, 0, 0);
    item_buf_t lines = { NULL, NULL, 0, 0 };
    const char *back;
    int i;

    lines.p = pool;
    item_buf_puts(&lines, "DTSTART:20260706T100000\r\n");
    for (i = 0; i < FULL; i++)
        item_buf_puts(&lines, apr_psprintf(
            pool, "%cALARM:%04d%02d%02dT%02d0000;;;x\r\n", "DA"[i % 2],
            2000 + i / 12 / 28 / 12, 1 + i / 12 / 28 % 12, 1 + i / 12 % 28,
            8 + i % 12));
    back = import(&form, vcal("", lines.s), NULL);
    assert_int_equal(count(back, "BEGIN:VALARM"), FULL);
}

/* What cannot be converted as a whole is stored once, as it came. */
static void test_half_lists(void **state)
{
    item_form_t form = form_of(BERLIN, ITEM_CLOCK_UTC, 0, 0);
    const char *back;

    form.format = ITEM_FORMAT_ICAL20;
    back = ical_back(&form, ical(WEEKLY
                     "EXDATE:20260101T100000Z,20260102,20260103T1000\r\n"),
                     ical(WEEKLY));
    has(back, "EXDATE:20260101T100000Z,20260102,20260103T1000|!EXDATE;");
    back = ical_back(&form, ical(WEEKLY
                     "EXDATE:20260101T100000Z,20260102\r\n"), ical(WEEKLY));
    has(back, "EXDATE;TZID=Europe/Berlin:20260101T110000|"
        "EXDATE;VALUE=DATE:20260102|!EXDATE:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits),
        cmocka_unit_test(test_task),
        cmocka_unit_test(test_gmt),
        cmocka_unit_test(test_task_at_midnight),
        cmocka_unit_test(test_overrides),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_full_lists),
        cmocka_unit_test(test_many_alarms),
        cmocka_unit_test(test_half_lists)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
