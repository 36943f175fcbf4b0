/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Events and tasks as a store may have them: the inner lines of one. */
#ifndef T_UNIT_CAL_SAMPLES_H
#define T_UNIT_CAL_SAMPLES_H

typedef struct cal_sample_t {
    const char *name;
    const char *kind;           /* VEVENT, VTODO */
    const char *lines;
    const char *more;           /* further components, or NULL */
} cal_sample_t;

#define BERLIN   ";TZID=Europe/Berlin:"
#define NEWYORK  ";TZID=America/New_York:"
#define SYDNEY   ";TZID=Australia/Sydney:"
#define STAMP    "DTSTAMP:20260701T080000Z\n"
#define MEETING  "UID:s@x\n" STAMP "SUMMARY:Meeting\n" \
    "DTSTART" BERLIN "20260706T100000\nDTEND" BERLIN "20260706T110000\n"
#define LATE     "UID:s@x\n" STAMP "SUMMARY:Late\n" \
    "DTSTART" BERLIN "20260706T003000\nDTEND" BERLIN "20260706T010000\n"
#define DAYS     "UID:s@x\n" STAMP "SUMMARY:Day\n" \
    "DTSTART;VALUE=DATE:20260706\n"

static const cal_sample_t cal_samples[] = {
    { "utc", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:One\n"
      "DTSTART:20260706T080000Z\nDTEND:20260706T090000Z\n", NULL },
    { "zone", "VEVENT", MEETING, NULL },
    { "far zone", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Far\n"
      "DTSTART" NEWYORK "20260706T200000\nDURATION:PT90M\n", NULL },
    { "two zones", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Flight\n"
      "DTSTART" BERLIN "20260706T100000\nDTEND" NEWYORK
      "20260706T123000\n", NULL },
    { "floating", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Tea\n"
      "DTSTART:20260706T170000\nDTEND:20260706T173000\n", NULL },
    { "unknown zone", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Where\n"
      "DTSTART;TZID=Nowhere:20260706T170000\n"
      "DTEND;TZID=Nowhere:20260706T173000\n", NULL },
    { "windows zone", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Outlook\n"
      "DTSTART;TZID=W. Europe Standard Time:20260706T170000\n"
      "DTEND;TZID=W. Europe Standard Time:20260706T173000\n", NULL },
    { "no end", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Point\n"
      "DTSTART" BERLIN "20260706T170000\n", NULL },
    { "day", "VEVENT", DAYS "DTEND;VALUE=DATE:20260707\n", NULL },
    { "day alone", "VEVENT", DAYS, NULL },
    { "days", "VEVENT", DAYS "DTEND;VALUE=DATE:20260711\n", NULL },
    { "days by duration", "VEVENT", DAYS "DURATION:P3D\n", NULL },
    { "midnights", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:All night\n"
      "DTSTART" BERLIN "20260706T000000\nDTEND" BERLIN
      "20260707T000000\n", NULL },
    { "midnights utc", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:UTC day\n"
      "DTSTART:20260706T000000Z\nDTEND:20260707T000000Z\n", NULL },
    { "to the last minute", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Day\n"
      "DTSTART" BERLIN "20260706T000000\nDTEND" BERLIN
      "20260706T235900\n", NULL },
    { "birthday", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Birthday\n"
      "DTSTART;VALUE=DATE:19570304\nRRULE:FREQ=YEARLY\n", NULL },
    { "old", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Moon\n"
      "DTSTART:19690720T201700Z\nDTEND:19690721T000000Z\n", NULL },
    { "texts", "VEVENT", MEETING
      "DESCRIPTION:first\\nsecond\\, with\\; all\\\\ of it: C:\\\\new\n"
      "LOCATION:Zürich 😀\nURL:http://example.com/?a=b;c=d\n"
      "COMMENT:kept\nCONTACT:nobody\n", NULL },
    { "people", "VEVENT", MEETING
      "ORGANIZER;CN=\"Boss, The\":mailto:boss@example.com\n"
      "ATTENDEE;CN=Anna Müller;PARTSTAT=ACCEPTED;ROLE=OPT-PARTICIPANT;"
      "RSVP=TRUE;CUTYPE=INDIVIDUAL:mailto:anna@example.com\n"
      "ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:b@example.com\n"
      "ATTENDEE;CN=Room;ROLE=NON-PARTICIPANT:invalid:nomail\n"
      "ATTENDEE;ROLE=CHAIR;PARTSTAT=DELEGATED:mailto:c@example.com\n",
      NULL },
    { "words", "VEVENT", MEETING
      "CATEGORIES:Work,A\\, B,X-Own,MEETING\nRESOURCES:Beamer,Car\n"
      "CLASS:CONFIDENTIAL\nTRANSP:TRANSPARENT\nSTATUS:CANCELLED\n"
      "PRIORITY:3\nSEQUENCE:4\nGEO:37.24;-17.87\n"
      "ATTACH:http://example.com/a.pdf\nRELATED-TO:other@x\n"
      "CREATED:20260101T000000Z\nLAST-MODIFIED:20260702T090000Z\n"
      "X-MOZ-GENERATION:3\nX-FOO;X-BAR=\"a;b\":x\\,y\n", NULL },
    { "alarms", "VEVENT", MEETING
      "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\n"
      "DESCRIPTION:Reminder\nX-WR-ALARMUID:123\nEND:VALARM\n"
      "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER;RELATED=END:-PT5M\n"
      "REPEAT:3\nDURATION:PT2M\nEND:VALARM\n"
      "BEGIN:VALARM\nACTION:EMAIL\nTRIGGER;VALUE=DATE-TIME:"
      "20260705T080000Z\nSUMMARY:S\nDESCRIPTION:Mail; me\n"
      "ATTENDEE:mailto:a@b\nEND:VALARM\n", NULL },
    { "alarm of a day", "VEVENT", DAYS
      "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15H\n"
      "DESCRIPTION:Day\nEND:VALARM\n", NULL },
    { "weekly", "VEVENT", MEETING "RRULE:FREQ=WEEKLY\n", NULL },
    { "weekly count", "VEVENT", MEETING
      "RRULE:FREQ=WEEKLY;COUNT=30;BYDAY=MO,TH\n", NULL },
    { "weekly until", "VEVENT", MEETING
      "RRULE:FREQ=WEEKLY;UNTIL=20261214T090000Z;INTERVAL=2\n", NULL },
    { "weekly until day", "VEVENT", MEETING
      "RRULE:FREQ=WEEKLY;UNTIL=20261214\n", NULL },
    { "weekly late", "VEVENT", LATE "RRULE:FREQ=WEEKLY;BYDAY=MO,SU\n",
      NULL },
    { "weekly wkst", "VEVENT", MEETING
      "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU;WKST=SU\n", NULL },
    { "daily", "VEVENT", MEETING "RRULE:FREQ=DAILY;INTERVAL=3\n", NULL },
    { "workdays", "VEVENT", MEETING
      "RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR\n", NULL },
    { "monthly", "VEVENT", MEETING "RRULE:FREQ=MONTHLY;COUNT=5\n", NULL },
    { "monthly 31", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:31\n"
      "DTSTART" BERLIN "20260531T100000\nRRULE:FREQ=MONTHLY\n", NULL },
    { "monthly late", "VEVENT", LATE "RRULE:FREQ=MONTHLY;BYDAY=1MO\n",
      NULL },
    { "monthly days", "VEVENT", MEETING
      "RRULE:FREQ=MONTHLY;BYMONTHDAY=6,15,-3,-1\n", NULL },
    { "monthly places", "VEVENT", MEETING
      "RRULE:FREQ=MONTHLY;INTERVAL=2;BYDAY=1MO,-1FR,2TH,2FR\n", NULL },
    { "monthly setpos", "VEVENT", MEETING
      "RRULE:FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1\n", NULL },
    { "last workday", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Pay\n"
      "DTSTART" BERLIN "20260731T100000\nDTEND" BERLIN
      "20260731T101500\n"
      "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1\n", NULL },
    { "yearly", "VEVENT", MEETING "RRULE:FREQ=YEARLY\n", NULL },
    { "yearly months", "VEVENT", MEETING
      "RRULE:FREQ=YEARLY;BYMONTH=1,7;COUNT=6\n", NULL },
    { "yearly place", "VEVENT", MEETING
      "RRULE:FREQ=YEARLY;BYMONTH=7;BYDAY=1MO\n", NULL },
    { "yearly days", "VEVENT", MEETING
      "RRULE:FREQ=YEARLY;BYYEARDAY=1,100,187\n", NULL },
    { "yearly weeks", "VEVENT", MEETING
      "RRULE:FREQ=YEARLY;BYWEEKNO=28;BYDAY=MO\n", NULL },
    { "thanksgiving", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Turkey\n"
      "DTSTART;VALUE=DATE:20251127\n"
      "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH\n", NULL },
    { "hourly", "VEVENT", MEETING "RRULE:FREQ=HOURLY;COUNT=5\n", NULL },
    { "two rules", "VEVENT", MEETING
      "RRULE:FREQ=WEEKLY;COUNT=4\nRRULE:FREQ=MONTHLY;COUNT=3\n", NULL },
    { "exrule", "VEVENT", MEETING
      "RRULE:FREQ=WEEKLY;COUNT=9\nEXRULE:FREQ=MONTHLY;BYDAY=2MO\n", NULL },
    { "odd rule", "VEVENT", MEETING
      "RRULE:FREQ=WEEKLY;RSCALE=GREGORIAN;SKIP=OMIT\n", NULL },
    { "exceptions", "VEVENT", MEETING "RRULE:FREQ=WEEKLY;COUNT=9\n"
      "EXDATE" BERLIN "20260713T100000,20260720T100000\n"
      "EXDATE:20260727T080000Z\nEXDATE;VALUE=DATE:20260803\n", NULL },
    { "more dates", "VEVENT", MEETING
      "RDATE" BERLIN "20260708T100000,20260710T120000\n", NULL },
    { "rule and dates", "VEVENT", MEETING "RRULE:FREQ=WEEKLY;COUNT=3\n"
      "RDATE" BERLIN "20260708T100000\n", NULL },
    { "sydney", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Sydney\n"
      "DTSTART" SYDNEY "20260706T083000\nDTEND" SYDNEY
      "20260706T093000\nRRULE:FREQ=WEEKLY;BYDAY=MO,WE\n", NULL },
    { "utc series", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:UTC\n"
      "DTSTART:20260706T233000Z\nDTEND:20260707T003000Z\n"
      "RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20270104T233000Z\n", NULL },
    { "floating series", "VEVENT", "UID:1@x\n" STAMP "SUMMARY:Pills\n"
      "DTSTART:20260706T073000\nDTEND:20260706T074000\n"
      "RRULE:FREQ=DAILY;UNTIL=20261101T073000\n", NULL },
    { "day series", "VEVENT", DAYS
      "RRULE:FREQ=WEEKLY;UNTIL=20261005;BYDAY=MO\n"
      "EXDATE;VALUE=DATE:20260720\n", NULL },
    { "overrides", "VEVENT", MEETING
      "RRULE:FREQ=WEEKLY;COUNT=9\nEXDATE" BERLIN "20260713T100000\n",
      "BEGIN:VEVENT\nUID:s@x\n" STAMP "SUMMARY:Moved\n"
      "RECURRENCE-ID" BERLIN "20260720T100000\n"
      "DTSTART" BERLIN "20260721T120000\nDURATION:PT1H\nEND:VEVENT\n"
      "BEGIN:VEVENT\nUID:s@x\n" STAMP "SUMMARY:Longer\n"
      "RECURRENCE-ID:20260727T080000Z\n"
      "DTSTART" BERLIN "20260727T100000\n"
      "DTEND" BERLIN "20260727T140000\nEND:VEVENT\n" },
    { "override alone", "VEVENT", "UID:s@x\n" STAMP "SUMMARY:Guest\n"
      "RECURRENCE-ID" BERLIN "20260720T100000\n"
      "DTSTART" BERLIN "20260721T120000\nDURATION:PT1H\n", NULL },
    { "day overrides", "VEVENT", DAYS "RRULE:FREQ=DAILY;COUNT=9\n",
      "BEGIN:VEVENT\nUID:s@x\n" STAMP "SUMMARY:Other\n"
      "RECURRENCE-ID;VALUE=DATE:20260708\n"
      "DTSTART;VALUE=DATE:20260709\nEND:VEVENT\n" },
    { "task", "VTODO", "UID:1@x\n" STAMP "SUMMARY:Do\n", NULL },
    { "task due", "VTODO", "UID:1@x\n" STAMP "SUMMARY:Do\n"
      "DUE" BERLIN "20260706T170000\nSTATUS:IN-PROCESS\n"
      "PERCENT-COMPLETE:40\nPRIORITY:1\n"
      "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=END:-PT1H\n"
      "DESCRIPTION:x\nEND:VALARM\n", NULL },
    { "task days", "VTODO", "UID:1@x\n" STAMP "SUMMARY:Do\n"
      "DTSTART;VALUE=DATE:20260701\nDUE;VALUE=DATE:20260706\n"
      "STATUS:NEEDS-ACTION\n", NULL },
    { "task due day", "VTODO", "UID:1@x\n" STAMP "SUMMARY:Do\n"
      "DUE;VALUE=DATE:20260706\n", NULL },
    { "task done", "VTODO", "UID:1@x\n" STAMP "SUMMARY:Do\n"
      "STATUS:COMPLETED\nCOMPLETED:20260704T121500Z\n"
      "PERCENT-COMPLETE:100\n", NULL },
    { "task done vaguely", "VTODO", "UID:1@x\n" STAMP "SUMMARY:Do\n"
      "PERCENT-COMPLETE:100\n", NULL },
    { "task series", "VTODO", "UID:1@x\n" STAMP "SUMMARY:Water\n"
      "DTSTART" BERLIN "20260706T080000\nDUE" BERLIN "20260706T090000\n"
      "RRULE:FREQ=DAILY;INTERVAL=2\n", NULL },
    { "empty", "VEVENT", STAMP "DTSTART:20260706T080000Z\nSUMMARY:\n"
      "LOCATION:\n", NULL }
};

#define CAL_SAMPLES  (sizeof(cal_samples) / sizeof(cal_samples[0]))

#endif
