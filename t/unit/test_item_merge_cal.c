/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Merging items: cases of events, tasks and whole calendars. */
#include "item_merge_cases.h"

/* ---- events --------------------------------------------------------------- */

static const case_t events[] = {
    { "SUMMARY:a\nDTSTART:20200101T100000Z\n",
      "SUMMARY:b\nDTSTART:20200101T100000Z\n",
      "SUMMARY:a\nDTSTART:20200101T110000Z\n", O, "",
      "SUMMARY:b\nDTSTART:20200101T110000Z\n" },
    /* No event is without a start because a device has lost the line. */
    { "DTSTART:20200101T100000Z\nDTEND:20200101T110000Z\nSUMMARY:a\n",
      "DTSTART:20200101T100000Z\nDTEND:20200101T110000Z\nSUMMARY:a\n",
      "DTEND:20200101T110000Z\nSUMMARY:b\n", 0, "",
      "DTSTART:20200101T100000Z\nDTEND:20200101T110000Z\nSUMMARY:b\n" },
    /* Times are one. */
    { "DTSTART:20200101T100000Z\nDTEND:20200101T110000Z\n",
      "DTSTART:20200101T100000Z\nDTEND:20200101T120000Z\n",
      "DTSTART:20200101T090000Z\nDTEND:20200101T110000Z\n", T, "DTSTART",
      THEIRS },
    { "DTSTART:20200101T100000Z\nDTEND:20200101T110000Z\n",
      "DTSTART:20200101T100000Z\nDURATION:PT1H\nLOCATION:l\n",
      "DTSTART:20200101T090000Z\nDTEND:20200101T110000Z\n", O, "",
      "DTSTART:20200101T090000Z\nDTEND:20200101T110000Z\nLOCATION:l\n" },
    /* EXDATE: words of a set while the start stays. */
    { "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY\n",
      "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY\n"
      "EXDATE:20200102T100000Z\n",
      "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY\n"
      "EXDATE:20200103T100000Z\n", O, "",
      "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY\n"
      "EXDATE:20200102T100000Z,20200103T100000Z\n" },
    { "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY\n",
      "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY\n"
      "EXDATE:20200102T100000Z\nSUMMARY:a\n",
      "DTSTART:20200101T110000Z\nRRULE:FREQ=DAILY\n", T, "DTSTART",
      "DTSTART:20200101T110000Z\nRRULE:FREQ=DAILY\nSUMMARY:a\n" },
    /* COUNT and UNTIL that say the same. */
    { "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY;COUNT=3\n",
      "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY;COUNT=3\nSUMMARY:x\n",
      "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY;UNTIL=20200103T100000Z\n",
      T, "", OURS },
    /* The summary again as description is no description. */
    { "SUMMARY:a\n", "SUMMARY:a\nLOCATION:l\n",
      "SUMMARY:a\nDESCRIPTION:a\n", O, "", OURS },
    { "SUMMARY:a\nDESCRIPTION:a\n", "SUMMARY:a\nDESCRIPTION:a\nURL:u\n",
      "SUMMARY:b\n", O, "", "SUMMARY:b\nURL:u\n" },
    /* ... but what only one side knows of stays there. */
    { "SUMMARY:a\n", "SUMMARY:a\nDESCRIPTION:a\n", "SUMMARY:b\n", O, "",
      "SUMMARY:b\nDESCRIPTION:a\n" },
    { "SUMMARY:a\nDESCRIPTION:x\n", "SUMMARY:b\nDESCRIPTION:x\n",
      "SUMMARY:a\nDESCRIPTION:a\n", O, "", "SUMMARY:b\n" },
    /* An empty one repeats nothing (Exchange). */
    { "SUMMARY:a\nDESCRIPTION;LANGUAGE=de:\n",
      "SUMMARY:a\nDESCRIPTION;LANGUAGE=de:\n", "SUMMARY:b\n", O, "",
      "SUMMARY:b\nDESCRIPTION;LANGUAGE=de:\n" },
    { "SUMMARY:a\nDESCRIPTION;LANGUAGE=de:\\n\n",
      "SUMMARY:a\nDESCRIPTION;LANGUAGE=de:\\n\n", "SUMMARY:b\n", O, "",
      "SUMMARY:b\nDESCRIPTION;LANGUAGE=de:\\n\n" },
    /* Defaults come and go. */
    { "SUMMARY:a\n", "SUMMARY:a\nLOCATION:l\n",
      "SUMMARY:a\nCLASS:PUBLIC\nTRANSP:OPAQUE\nPRIORITY:0\n", O, "", OURS },
    /* Attendees: the state is compared, their names are carried over. */
    { "ATTENDEE;CN=A:mailto:a\nATTENDEE:mailto:b\n",
      "ATTENDEE;CN=A;PARTSTAT=ACCEPTED:mailto:a\nATTENDEE:mailto:b\n",
      "ATTENDEE;CN=A:mailto:a\nATTENDEE:MAILTO:c\n", O, "",
      "ATTENDEE;CN=A;PARTSTAT=ACCEPTED:mailto:a\nATTENDEE:MAILTO:c\n" },
    { "ATTENDEE;CN=A:mailto:a\n", "ATTENDEE;CN=A:mailto:a\nSUMMARY:x\n",
      "ATTENDEE;CN=B:mailto:a\n", O, "",
      "ATTENDEE;CN=B:mailto:a\nSUMMARY:x\n" },
    { "ATTENDEE;CN=A:mailto:a\n", "ATTENDEE;CN=A:mailto:a\n",
      "ATTENDEE;CN=B:mailto:a\n", O, "", THEIRS },
    { "ATTENDEE;CN=A:mailto:a\n", "ATTENDEE;CN=A:mailto:a\nSUMMARY:x\n",
      "ATTENDEE;ROLE=CHAIR:mailto:a\n", O, "", OURS },
    { "ATTENDEE;PARTSTAT=ACCEPTED;CN=A:mailto:a\n",
      "ATTENDEE;PARTSTAT=ACCEPTED;CN=A:mailto:a\nSUMMARY:x\n",
      "ATTENDEE:mailto:a\n", T, "", "ATTENDEE;CN=A:mailto:a\nSUMMARY:x\n" },
    /* Someone else: not by that name, and nobody knows whether they come. */
    { "ATTENDEE;PARTSTAT=ACCEPTED;CN=A:mailto:a\nORGANIZER;CN=B:mailto:b\n",
      "ATTENDEE;PARTSTAT=ACCEPTED;CN=A:mailto:a\nORGANIZER;CN=B:mailto:b\n"
      "SUMMARY:x\n", "ATTENDEE:mailto:c\nORGANIZER:mailto:d\n", T, "",
      "ATTENDEE:mailto:c\nORGANIZER:mailto:d\nSUMMARY:x\n" },
    /* Alarms. */
    { "DTSTART:20200101T100000Z\n",
      "DTSTART:20200101T100000Z\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\n",
      "DTSTART:20200101T100000Z\nBEGIN:VALARM\nTRIGGER:-PT9M\nEND:VALARM\n",
      O, "",
      "DTSTART:20200101T100000Z\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\n"
      "BEGIN:VALARM\nTRIGGER:-PT9M\nEND:VALARM\n" },
    { "DTSTART:20200101T100000Z\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\n",
      "DTSTART:20200101T100000Z\nBEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\n"
      "X-A:1\n",
      "DTSTART:20200101T100000Z\nBEGIN:VALARM\nACTION:AUDIO\n"
      "TRIGGER;VALUE=DATE-TIME:20200101T095500Z\nEND:VALARM\n",
      O, "", OURS },
    /* Ours' trigger says from what; so it does at another time. */
    { "BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\n",
      "BEGIN:VALARM\nTRIGGER;RELATED=START;X-A=1:-PT5M\nX-B:1\nEND:VALARM\n",
      "BEGIN:VALARM\nTRIGGER:-PT9M\nEND:VALARM\n", O, "",
      "BEGIN:VALARM\nTRIGGER;RELATED=START;X-A=1:-PT9M\nX-B:1\nEND:VALARM\n" },
    { "BEGIN:VALARM\nTRIGGER;RELATED=END:-PT5M\nEND:VALARM\n",
      "BEGIN:VALARM\nTRIGGER;RELATED=END:-PT5M\nX-B:1\nEND:VALARM\n",
      "BEGIN:VALARM\nTRIGGER:-PT9M\nEND:VALARM\n", O, "",
      "BEGIN:VALARM\nTRIGGER:-PT9M\nX-B:1\nEND:VALARM\n" },
    /* Of two triggers, whichever is a time, none is the other's. */
    { "BEGIN:VALARM\nTRIGGER:soon\nTRIGGER:-PT5M\nEND:VALARM\n",
      "BEGIN:VALARM\nTRIGGER:soon\nTRIGGER:-PT5M\nEND:VALARM\n",
      "BEGIN:VALARM\nTRIGGER:-PT9M\nEND:VALARM\n", O, "", THEIRS },
    { "BEGIN:VALARM\nTRIGGER:-PT5M\nEND:VALARM\n",
      "SUMMARY:a\nBEGIN:VALARM\nTRIGGER:-PT5M\nX-B:1\nEND:VALARM\n",
      "BEGIN:VALARM\nTRIGGER:soon\nTRIGGER:-PT9M\nEND:VALARM\n", O, "",
      "SUMMARY:a\nBEGIN:VALARM\nTRIGGER:soon\nTRIGGER:-PT9M\nEND:VALARM\n" },
    /* A fixed alarm moves with the event. */
    { "DTSTART:20200101T100000Z\nBEGIN:VALARM\n"
      "TRIGGER;VALUE=DATE-TIME:20200101T095500Z\nEND:VALARM\n",
      "DTSTART:20200101T100000Z\nSUMMARY:a\nBEGIN:VALARM\n"
      "TRIGGER;VALUE=DATE-TIME:20200101T095500Z\nEND:VALARM\n",
      "DTSTART:20200101T110000Z\nBEGIN:VALARM\n"
      "TRIGGER;VALUE=DATE-TIME:20200101T105500Z\nEND:VALARM\n", O, "",
      "DTSTART:20200101T110000Z\nSUMMARY:a\nBEGIN:VALARM\n"
      "TRIGGER;VALUE=DATE-TIME:20200101T105500Z\nEND:VALARM\n" },
    { "SUMMARY:a\n", "SEQUENCE:1\n2:b\nSUMMARY:b\n",
      "SEQUENCE:9\nSUMMARY:a\nURL:u\n", O, "",
      "SEQUENCE:9\n2:b\nSUMMARY:b\nURL:u\n" },
    /* Without a base: who has a recurrence keeps it. */
    { NULL, "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY\n",
      "DTSTART:20200101T100000Z\nLOCATION:l\n", T, "",
      "DTSTART:20200101T100000Z\nRRULE:FREQ=DAILY\nLOCATION:l\n" },
    { NULL, "DTSTART:20200101T100000Z\n",
      "DTSTART:20200101T110000\nRRULE:FREQ=DAILY\n", O, "DTSTART",
      THEIRS },
    { NULL, "DTSTART:20200101T100000Z\n", "DTSTART:20200101T110000\n", O,
      "DTSTART", OURS },
    /* SEQUENCE and times of change. */
    { "SEQUENCE:1\nSUMMARY:a\n",
      "SEQUENCE:2\nSUMMARY:b\nLAST-MODIFIED:20200101T000000Z\n",
      "SEQUENCE:10\nSUMMARY:a\nLOCATION:l\n"
      "LAST-MODIFIED:20200101T000001Z\n", O, "",
      "SEQUENCE:10\nSUMMARY:b\nLAST-MODIFIED:20200101T000001Z\n"
      "LOCATION:l\n" },
    { NULL, NULL, NULL, 0, NULL, NULL }
};

static const case_t todos[] = {
    /* A client that writes the scheme which people leave out. */
    { "URL:www.example.org\nSUMMARY:a\n",
      "URL:www.example.org\nSUMMARY:a\n",
      "SUMMARY:b\nURL:http://www.example.org\n", T, "",
      "URL:www.example.org\nSUMMARY:b\n" },
    { "URL:www.example.org\n", "URL:www.example.org\n",
      "URL:https://www.example.org\n", T, "", THEIRS },
    { "URL:http:\n", "URL:http:\n", "URL:http://\n", T, "", THEIRS },
    { "SUMMARY:a\nSTATUS:NEEDS-ACTION\n",
      "SUMMARY:a\nSTATUS:IN-PROCESS\nPERCENT-COMPLETE:50\n",
      "SUMMARY:a\nSTATUS:COMPLETED\nCOMPLETED:20200101T100000Z\n"
      "PERCENT-COMPLETE:100\nPRIORITY:1\n", O, "STATUS",
      "SUMMARY:a\nSTATUS:IN-PROCESS\nPERCENT-COMPLETE:50\nPRIORITY:1\n" },
    { "SUMMARY:a\n", "SUMMARY:b\n",
      "SUMMARY:a\nSTATUS:COMPLETED\nPERCENT-COMPLETE:100\n", O, "",
      "SUMMARY:b\nSTATUS:COMPLETED\nPERCENT-COMPLETE:100\n" },
    { NULL, NULL, NULL, 0, NULL, NULL }
};

#define MASTER(more)  "BEGIN:VEVENT\nUID:u\nDTSTART:20200101T100000Z\n" \
    "RRULE:FREQ=DAILY;COUNT=9\n" more "END:VEVENT\n"
#define OVER(uid, day, text)  "BEGIN:VEVENT\nUID:" uid "\nRECURRENCE-ID:" \
    "202001" day "T100000Z\nDTSTART:202001" day "T120000Z\nSUMMARY:" text \
    "\nEND:VEVENT\n"
#define ZONE(name)  "BEGIN:VTIMEZONE\nTZID:" name "\nBEGIN:STANDARD\n" \
    "TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nDTSTART:19700101T000000\n" \
    "END:STANDARD\nEND:VTIMEZONE\n"
#define AT(zone, text)  "BEGIN:VEVENT\nUID:u\nDTSTART;TZID=" zone \
    ":20200101T100000\nSUMMARY:" text "\nEND:VEVENT\n"

static const case_t calendars[] = {
    /* Overrides are members. */
    { MASTER(""), MASTER("") OVER("u", "02", "a"),
      MASTER("") OVER("v", "03", "b"), O, "",
      MASTER("") OVER("u", "02", "a") OVER("u", "03", "b") },
    { MASTER("") OVER("u", "02", "a"),
      MASTER("SUMMARY:x\n") OVER("u", "02", "a"), MASTER(""), O, "",
      MASTER("SUMMARY:x\n") },
    { MASTER("") OVER("u", "02", "a"), MASTER("") OVER("u", "02", "b"),
      MASTER("SUMMARY:x\n"), T, "VEVENT",
      MASTER("SUMMARY:x\n") OVER("u", "02", "b") },
    { MASTER("") OVER("u", "02", "a"), MASTER("") OVER("u", "02", "b"),
      MASTER("SUMMARY:x\n") OVER("u", "02", "a"), T, "",
      MASTER("SUMMARY:x\n") OVER("u", "02", "b") },
    /* Zones come along where they are needed. */
    { ZONE("A") AT("A", "s"), ZONE("A") AT("A", "t"),
      ZONE("B") ZONE("C") AT("B", "s"), O, "",
      ZONE("A") ZONE("B") AT("B", "t") },
    { ZONE("A") AT("A", "s"), ZONE("A") AT("A", "t"), AT("A", "s"), O, "",
      OURS },
    { NULL, NULL, NULL, 0, NULL, NULL }
};

static void test_calendars(void **state)
{
    check_cases(events, wrap_event);
    check_cases(todos, wrap_todo);
    check_cases(calendars, wrap_calendar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_calendars)
    };
    int rv;

    apr_initialize();
    rv = cmocka_run_group_tests_name("item merge of calendars", tests, NULL, NULL);
    apr_terminate();
    return rv;
}
