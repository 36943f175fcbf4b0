/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Items: recognition, which differences count, keys, limits, summaries.
 * Pairs marked "measured" are what SyncEvolution 2.0.0 (libsynthesis
 * 3.4.0.47) made of the first text when it passed through a sync. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item.h"

static apr_pool_t *pool;

#define VCARD  "text/vcard"
#define ICAL   "text/calendar"

static char *card(const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCARD\r\nVERSION:3.0\r\n", body,
                       "END:VCARD\r\n", NULL);
}

static char *calendar(const char *component, const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:",
                       component, "\r\n", body, "END:", component,
                       "\r\nEND:VCALENDAR\r\n", NULL);
}

static char *event(const char *body)
{
    return calendar("VEVENT", body);
}

static char *todo(const char *body)
{
    return calendar("VTODO", body);
}

static apr_status_t keys_of(item_keys_t *keys, const char *type,
                            const char *data)
{
    return item_keys(keys, type, data, strlen(data), pool);
}

/** Non-zero if equal; keys and item_equal() must be of one mind. */
static int same(const char *type, const char *a, const char *b)
{
    item_keys_t ka, kb;
    int equal;

    assert_int_equal(keys_of(&ka, type, a), APR_SUCCESS);
    assert_int_equal(keys_of(&kb, type, b), APR_SUCCESS);
    assert_true(ka.key != 0 && kb.key != 0);
    equal = item_equal(type, a, strlen(a), type, b, strlen(b), pool);
    assert_int_equal(ka.key == kb.key, equal);
    return equal;
}

typedef struct pair_t {
    const char *a, *b;
} pair_t;

static void check_pairs(const pair_t *pairs, const char *type,
                        char *(*wrap)(const char *), int want)
{
    for (; pairs->a; pairs++)
        if (same(type, wrap(pairs->a), wrap(pairs->b)) != want)
            fail_msg("%s: [%s] and [%s]", want ? "not equal" : "equal",
                     pairs->a, pairs->b);
}

/* ---- recognition --------------------------------------------------------- */

typedef struct recognise_t {
    const char *type, *data;
    apr_status_t rv;
    item_kind_e kind;
} recognise_t;

#define CARD30  "BEGIN:VCARD\nVERSION:3.0\nFN:a\nEND:VCARD\n"
#define CARD21  "BEGIN:VCARD\nVERSION:2.1\nN:a\nEND:VCARD\n"
#define CARD40  "BEGIN:VCARD\nVERSION:4.0\nFN:a\nEND:VCARD\n"
#define EVENT20 "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nSUMMARY:a\n" \
                "END:VEVENT\nEND:VCALENDAR\n"
#define TODO20  "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTODO\nSUMMARY:a\n" \
                "END:VTODO\nEND:VCALENDAR\n"
#define EVENT10 "BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nSUMMARY:a\n" \
                "END:VEVENT\nEND:VCALENDAR\n"

static const recognise_t recognised[] = {
    { "text/vcard", CARD30, APR_SUCCESS, ITEM_VCARD30 },
    { "Text/VCard; charset=UTF-8", CARD30, APR_SUCCESS, ITEM_VCARD30 },
    { "text/vcard", CARD40, APR_SUCCESS, ITEM_VCARD30 },
    { "text/x-vcard", CARD30, APR_SUCCESS, ITEM_VCARD30 },
    { "text/directory;profile=vcard", CARD30, APR_SUCCESS, ITEM_VCARD30 },
    { "text/calendar", EVENT20, APR_SUCCESS, ITEM_VEVENT },
    { "text/calendar", TODO20, APR_SUCCESS, ITEM_VTODO },
    { "text/x-vcalendar", TODO20, APR_SUCCESS, ITEM_VTODO },
    { "text/plain", "hello", APR_SUCCESS, ITEM_TEXT },
    { "text/plain", "", APR_SUCCESS, ITEM_TEXT },
    { "text/plain", CARD30, APR_SUCCESS, ITEM_TEXT },
    { NULL, CARD30, APR_SUCCESS, ITEM_VCARD30 },
    { "", "\xef\xbb\xbf" CARD30, APR_SUCCESS, ITEM_VCARD30 },
    { NULL, "\r\n begin:vcalendar\nVERSION:2.0\nBEGIN:VTODO\nEND:VTODO\n"
            "END:VCALENDAR", APR_SUCCESS, ITEM_VTODO },
    { NULL, "BEGIN:VCARDS are nice", APR_SUCCESS, ITEM_TEXT },
    { NULL, "just text", APR_SUCCESS, ITEM_TEXT },
    { "text/x-vcard", CARD21, ITEM_ETYPE, 0 },
    { "text/vcard", CARD21, ITEM_ETYPE, 0 },
    { "text/x-vcard", CARD40, ITEM_ETYPE, 0 },
    { NULL, CARD21, ITEM_ETYPE, 0 },
    { "text/calendar", EVENT10, ITEM_ETYPE, 0 },
    { "text/x-vcalendar", EVENT10, ITEM_ETYPE, 0 },
    { "text/x-s4j-sifc", "<contact/>", ITEM_ETYPE, 0 },
    { "text/vcards", CARD30, ITEM_ETYPE, 0 },
    { "text/calendar", "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VFREEBUSY\n"
                       "END:VFREEBUSY\nEND:VCALENDAR\n", ITEM_ETYPE, 0 },
    { "text/calendar", "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VJOURNAL\n"
                       "END:VJOURNAL\nEND:VCALENDAR\n", APR_SUCCESS,
      ITEM_VJOURNAL },
    { "text/calendar", "BEGIN:VCALENDAR\nVERSION:2.0\nEND:VCALENDAR\n",
      ITEM_ETYPE, 0 },
    { "text/vcard", EVENT20, ITEM_EMALFORMED, 0 },
    { "text/calendar", CARD30, ITEM_EMALFORMED, 0 },
    { "text/vcard", "", ITEM_EMALFORMED, 0 },
    { "text/vcard", "hello", ITEM_EMALFORMED, 0 },
    { "text/vcard", "BEGIN:VCARD\nFN:a\nEND:VCARD\n", ITEM_EMALFORMED, 0 },
    { "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nFN:a\n", ITEM_EMALFORMED, 0 },
    { "text/vcard", CARD30 CARD30, ITEM_EMALFORMED, 0 },
    { "text/vcard", CARD30 "FN:b\n", ITEM_EMALFORMED, 0 },
    { "text/vcard", "FN:b\n" CARD30, ITEM_EMALFORMED, 0 },
    { "text/vcard", "BEGIN:VCARD\nVERSION:3.0\nEND:VCAR\nEND:VCARD\n",
      ITEM_EMALFORMED, 0 },
    { "text/calendar", "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n"
                       "END:VTODO\nEND:VCALENDAR\n", ITEM_EMALFORMED, 0 }
};

static void test_recognition(void **state)
{
    item_keys_t keys;
    unsigned i;

    for (i = 0; i < sizeof(recognised) / sizeof(recognised[0]); i++) {
        const recognise_t *r = &recognised[i];
        apr_status_t rv = keys_of(&keys, r->type, r->data);

        if (rv != r->rv || (rv == APR_SUCCESS && keys.kind != r->kind))
            fail_msg("%s [%s]: status %d, kind %d",
                     r->type ? r->type : "none", r->data, rv, keys.kind);
        if (rv != APR_SUCCESS)
            assert_true(!keys.key && !keys.uid_key && item_strerror(rv));
    }
    assert_null(item_strerror(APR_SUCCESS));
    assert_null(item_strerror(APR_EOF));
    assert_string_equal(item_kind_type(ITEM_VCARD30), "text/vcard");
    assert_string_equal(item_kind_type(ITEM_VEVENT), "text/calendar");
    assert_string_equal(item_kind_type(ITEM_VTODO), "text/calendar");
    assert_string_equal(item_kind_type(ITEM_TEXT), "text/plain");
}

static void test_nul(void **state)
{
    item_keys_t keys;
    const char data[] = "BEGIN:VCARD\nVERSION:3.0\nFN:a\0b\nEND:VCARD\n";

    assert_int_equal(item_keys(&keys, VCARD, data, sizeof(data) - 1, pool),
                     ITEM_EMALFORMED);
    assert_int_equal(item_keys(&keys, "text/plain", data, sizeof(data) - 1,
                               pool), ITEM_EMALFORMED);
    /* Malformed items are equal octet by octet only. */
    assert_true(item_equal(VCARD, data, sizeof(data) - 1, VCARD, data,
                           sizeof(data) - 1, pool));
    assert_false(item_equal(VCARD, data, sizeof(data) - 1, VCARD, data,
                            sizeof(data) - 2, pool));
    assert_false(item_equal(VCARD, "x", 1, VCARD, CARD30, strlen(CARD30),
                            pool));
    assert_true(item_equal(VCARD, NULL, 0, VCARD, "", 0, pool));
}

/* ---- vCard --------------------------------------------------------------- */

static const pair_t cards_same[] = {
    /* form only */
    { "N:Doe;John\r\nTEL:1\r\n", "TEL:1\r\nN:Doe;John\r\n" },
    { "N:Doe;John\r\nTEL:1\r\n", "n:Doe;John\ntel:1\n" },
    { "N:Doe;John\r\n", "N:Doe;John;;;\r" },
    { "NOTE:abc def\r\n", "NOTE:abc\r\n  def\r\n" },
    { "NOTE:abc def\r\n", "NO\r\n\tTE:abc d\n ef\r\n" },
    { "NOTE:a\\nb\r\n", "NOTE:a\\Nb\r\n" },
    { "NOTE:a\r\n", "NOTE:a  \r\n" },
    { "NOTE:a\\n\\nb\r\n", "NOTE:a  \\n\\nb\\n\r\n" },
    { "NOTE:a\\, b\\; c\r\n", "NOTE:a, b; c\r\n" },
    { "NOTE:a\\: b\r\n", "NOTE:a: b\r\n" },
    { "NOTE:x\r\n", "NOTE;CHARSET=UTF-8;LANGUAGE=de;VALUE=TEXT:x\r\n" },
    { "ORG:A;B\r\n", "ORG:A;B;;\r\n" },
    { "FN:a\r\n", "FN:a\r\nEMAIL:\r\nADR:;;;;;;\r\nGEO:;\r\nNOTE:\r\n" },
    { "FN:a\r\n", "\r\nFN:a\r\n\r\n" },
    /* what does not make another person */
    { "FN:a\r\n", "FN:a\r\nUID:1\r\nREV:20200101T000000Z\r\nPRODID:x\r\n" },
    { "FN:a\r\n", "FN:a\r\nX-FOO:bar\r\nX-EVOLUTION-SPOUSE:s\r\n" },
    { "N:Doe;John\r\n", "N:Doe;John\r\nFN:John Doe\r\n" },
    { "FN:Acme\r\nORG:Acme\r\n", "N:;;;;\r\nORG:Acme;;;\r\n" },
    { "TEL;TYPE=CELL:+49 (170) 123-45.67\r\n", "TEL;TYPE=cell:"
      "+491701234567\r\n" },
    { "TEL;TYPE=HOME,VOICE:1\r\n", "TEL;TYPE=VOICE;TYPE=HOME;PREF:1\r\n" },
    { "TEL;HOME:1\r\n", "TEL;TYPE=\"home,voice\":1\r\n" },
    { "TEL;TYPE=FAX,WORK:1\r\n", "TEL;TYPE=WORK;TYPE=FAX:1\r\n" },
    { "TEL:1\r\nTEL:1\r\n", "TEL:1\r\n" },
    { "EMAIL;TYPE=INTERNET:A@b.c\r\n", "EMAIL:a@B.c\r\n" },
    { "item1.TEL:1\r\nitem1.X-ABLabel:x\r\n", "TEL:1\r\n" },
    { "BDAY:19700102\r\n", "BDAY;VALUE=date:1970-01-02\r\n" },
    { "BDAY:19700102\r\n", "BDAY:1970-01-02T00:00:00Z\r\n" },
    { "PHOTO;ENCODING=b;TYPE=JPEG:AAEC\r\n",
      "PHOTO;BASE64:AA\r\n EC\r\n" },
    { "CATEGORIES:a,b\r\n", "CATEGORIES:b\r\nCATEGORIES:a\r\n" },
    { "FN:a\r\nCLASS:PUBLIC\r\nLABEL:x\r\nSORT-STRING:a\r\n", "FN:a\r\n" },
    { "FN:a\r\nGENDER:M\r\nANNIVERSARY:20000101\r\nRELATED:b\r\n",
      "FN:a\r\n" },
    { "FN:a\r\na line that has no colon\r\n", "FN:a\r\n" },
    /* measured */
    { "N:D;J;Q,R;Dr.,Prof.;Jr.\\, III\r\n",
      "N:D;J;Q\\,R;Dr.\\,Prof.;Jr.\\, III\r\n" },
    { "FN:Only Fn\r\n", "N:;;;;\r\nFN:Only Fn\r\n" },
    { "NICKNAME:Nick,Two\r\n", "NICKNAME:Nick\\,Two\r\n" },
    { "URL:http://x.org/a?b=c;d\\,e\r\n",
      "URL:http://x.org/a?b=c\\;d\\,e\r\n" },
    { "ADR;TYPE=work,postal,parcel:PO;Ext;Str\\, 2;C\\;ity;;;\r\n"
      "ADR;TYPE=dom:;;dom;;;;\r\nADR:;;nokind;x\r\n",
      "ADR;TYPE=WORK:PO;Ext;Str\\, 2;C\\;ity;;;\r\n"
      "ADR:;;nokind;x;;;\r\nADR:;;dom;;;;\r\n" },
    { "N: Sp ; Ace \r\nNOTE: lead trail \r\n",
      "N: Sp ; Ace ;;;\r\nNOTE: lead trail \r\nX-GENDER:\r\nBDAY:\r\n" },
    { "FN:a\r\nNOTE:end\\\r\n", "FN:a\r\nNOTE:end\r\n" },
    { "FN:a\r\nIMPP;TYPE=home:xmpp:a@b\r\nKEY:k\r\nTZ:+01:00\r\n",
      "FN:a\r\nIMPP:xmpp:a@b\r\n" },
    { NULL, NULL }
};

static const pair_t cards_differ[] = {
    { "N:Smith;John\r\nTEL:1\r\n", "N:Smith;John\r\nTEL:2\r\n" },
    { "N:Smith;John\r\n", "N:Smith;John\r\nTEL:2\r\n" },
    { "N:Smith;John\r\n", "N:John;Smith\r\n" },
    { "N:;a\r\n", "N:a\r\n" },
    { "N:a;b\r\n", "N:a\\;b\r\n" },
    { "FN:a\r\n", "FN:b\r\n" },
    { "FN:a\r\n", "FN:A\r\n" },
    { "FN:a\r\nORG:b\r\n", "ORG:b\r\n" },
    { "TEL;TYPE=HOME:1\r\n", "TEL;TYPE=WORK:1\r\n" },
    { "TEL;TYPE=CELL:1\r\n", "TEL;TYPE=FAX:1\r\n" },
    { "TEL:+1\r\n", "TEL:1\r\n" },
    { "TEL:1w2\r\n", "TEL:12\r\n" },
    { "TEL:-\r\n", "TEL:.\r\n" },
    { "EMAIL:a@b\r\n", "EMAIL:a@c\r\n" },
    { "EMAIL;TYPE=HOME:a@b\r\n", "EMAIL;TYPE=WORK:a@b\r\n" },
    { "NOTE:a\r\n", "NOTE:b\r\n" },
    { "NOTE:a b\r\n", "NOTE:ab\r\n" },
    { "NOTE:a  b\r\n", "NOTE:a b\r\n" },
    { "NOTE:a\\nb\r\n", "NOTE:a\\n\\nb\r\n" },
    { "NOTE:a\\nb\r\n", "NOTE:a\\\\nb\r\n" },
    { "NOTE:a\r\nNOTE:b\r\n", "NOTE:ab\r\n" },
    { "NOTE:a\r\n", "TITLE:a\r\n" },
    { "BDAY:19700102\r\n", "BDAY:19700103\r\n" },
    { "BDAY:--0102\r\n", "BDAY:--0103\r\n" },
    { "ADR:;;x;;;;\r\n", "ADR:;x;;;;;\r\n" },
    { "ADR;TYPE=HOME:;;x;;;;\r\n", "ADR;TYPE=WORK:;;x;;;;\r\n" },
    { "ORG:a;b\r\n", "ORG:a\r\n" },
    { "CATEGORIES:a,b\r\n", "CATEGORIES:a\\,b\r\n" },
    { "PHOTO;ENCODING=b:AAEC\r\n", "PHOTO;ENCODING=b:AAED\r\n" },
    { "FN:\xc3\xa4\r\n", "FN:\xc3\xb6\r\n" },
    { "FN:\xff\r\n", "FN:\xfe\r\n" },
    { "KIND:group\r\nFN:g\r\nMEMBER:a\r\n",
      "KIND:group\r\nFN:g\r\nMEMBER:b\r\n" },
    { NULL, NULL }
};

static void test_cards(void **state)
{
    check_pairs(cards_same, VCARD, card, 1);
    check_pairs(cards_differ, VCARD, card, 0);
}

/* ---- events -------------------------------------------------------------- */

#define AT  "DTSTART:20200101T100000Z\r\nDTEND:20200101T110000Z\r\n"
#define ZONED  "DTSTART;TZID=Europe/Berlin:20200701T100000\r\n" \
               "DTEND;TZID=Europe/Berlin:20200701T110000\r\n"
#define WED  "DTSTART:20200115T100000Z\r\nDTEND:20200115T110000Z\r\n"

static const pair_t events_same[] = {
    { "SUMMARY:a\r\n" AT, AT "SUMMARY;LANGUAGE=en:a\r\n" },
    { "SUMMARY:a\r\n", "SUMMARY:a\r\nUID:1\r\nDTSTAMP:20200101T000000Z\r\n"
      "CREATED:20200101T000000Z\r\nLAST-MODIFIED:20200101T000000Z\r\n"
      "SEQUENCE:3\r\n" },
    { "SUMMARY:a\r\n", "SUMMARY:a\r\nCLASS:PUBLIC\r\nTRANSP:OPAQUE\r\n"
      "STATUS:CONFIRMED\r\nPRIORITY:0\r\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\n"
    },
    { "DTSTART;VALUE=DATE:20200101\r\n",
      "DTSTART;VALUE=DATE:20200101\r\nDTEND;VALUE=DATE:20200102\r\n" },
    { "DTSTART:20200101T100000Z\r\n", "DTSTART:20200101T100000Z\r\n"
      "DTEND:20200101T100000Z\r\n" },
    { AT, "DTSTART:20200101T100000Z\r\nDURATION:PT1H\r\n" },
    { AT, "DTSTART;VALUE=DATE-TIME;TZID=UTC:20200101T100000\r\n"
          "DTEND;TZID=\"Etc/UTC\":20200101T110000\r\n" },
    { AT, "DTSTART:2020-01-01T10:00:00Z\r\nDTEND:20200101T110000Z\r\n" },
    { "DTSTART:20200101T000000\r\nDTEND:20200102T000000\r\n",
      "DTSTART:20200101T000000\r\nDTEND:20200101T240000\r\n" },
    { "EXDATE:20200108T100000Z,20200109T100000Z\r\n",
      "EXDATE:20200109T100000Z\r\nEXDATE:20200108T100000Z\r\n" },
    { "ATTENDEE;CN=\"A, B: c\";RSVP=TRUE:mailto:a@x\r\n",
      "ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=C:MAILTO:A@x\r\n" },
    { "SUMMARY:a\r\n", "SUMMARY:a\r\nATTENDEE;PARTSTAT=ACCEPTED:\r\n" },
    { "SUMMARY:a\r\nURL:http://x\r\nCOMMENT:c\r\nRELATED-TO:u\r\n",
      "SUMMARY:a\r\n" },
    /* alarms */
    { AT "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:a\r\n"
      "TRIGGER:-PT15M\r\nEND:VALARM\r\n",
      AT "BEGIN:VALARM\r\nTRIGGER;VALUE=DATE-TIME:20200101T094500Z\r\n"
      "ACTION:AUDIO\r\nEND:VALARM\r\n" },
    { AT "BEGIN:VALARM\r\nTRIGGER;RELATED=END:-PT15M\r\nEND:VALARM\r\n",
      "BEGIN:VALARM\r\nTRIGGER;RELATED=START:PT45M\r\nEND:VALARM\r\n" AT },
    { AT "BEGIN:VALARM\r\nTRIGGER:-PT60M\r\nEND:VALARM\r\n",
      AT "BEGIN:VALARM\r\nTRIGGER;VALUE=DURATION:-PT1H\r\nEND:VALARM\r\n" },
    /* measured: time zones */
    { "DTSTART;TZID=/freeassociation.sourceforge.net/Tzfile/Europe/Berlin:"
      "20200701T100000\r\nDTEND;TZID=/freeassociation.sourceforge.net/Tzfile"
      "/Europe/Berlin:20200701T110000\r\n", ZONED },
    /* measured: recurrences */
    { WED "RRULE:FREQ=YEARLY\r\n", WED "RRULE:FREQ=YEARLY;INTERVAL=1\r\n" },
    { WED "RRULE:FREQ=DAILY;UNTIL=20200201T000000Z;INTERVAL=2\r\n",
      WED "RRULE:FREQ=DAILY;INTERVAL=2;UNTIL=20200201T000000Z\r\n" },
    { WED "RRULE:FREQ=WEEKLY;COUNT=5;BYDAY=FR,MO;WKST=MO\r\n",
      WED "RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,FR;UNTIL=20200131T100000Z"
      "\r\n" },
    { WED "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;COUNT=7\r\n",
      WED "RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TU;UNTIL=20200309T100000Z"
      "\r\n" },
    { WED "RRULE:FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=10\r\n",
      WED "RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY=MO,TU,WE,TH,FR;"
      "UNTIL=20200128T100000Z\r\n" },
    { WED "RRULE:FREQ=MONTHLY;COUNT=4;BYDAY=-1FR\r\n",
      WED "RRULE:FREQ=MONTHLY;INTERVAL=1;BYDAY=-1FR;UNTIL=20200424T100000Z"
      "\r\n" },
    { WED "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=3\r\n",
      WED "RRULE:FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=-1;"
      "UNTIL=20200331T100000Z\r\n" },
    { WED "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15;COUNT=5\r\n",
      WED "RRULE:FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=1,15;"
      "UNTIL=20200315T100000Z\r\n" },
    { WED "RRULE:FREQ=MONTHLY;BYMONTHDAY=31;COUNT=4\r\n",
      WED "RRULE:FREQ=MONTHLY;INTERVAL=1;BYMONTHDAY=31;"
      "UNTIL=20200731T100000Z\r\n" },
    { WED "RRULE:FREQ=YEARLY;COUNT=3;BYMONTH=1\r\n",
      WED "RRULE:FREQ=YEARLY;INTERVAL=1;UNTIL=20220115T100000Z\r\n" },
    { WED "RRULE:FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=15\r\n",
      WED "RRULE:FREQ=YEARLY;INTERVAL=1\r\n" },
    { WED "RRULE:FREQ=DAILY;COUNT=10;INTERVAL=3\r\n",
      WED "RRULE:FREQ=DAILY;INTERVAL=3;UNTIL=20200211T100000Z\r\n" },
    /* measured: texts */
    { "SUMMARY:a\\, b\r\n", "SUMMARY:a\\, b\r\nDESCRIPTION:a\\, b\r\n" },
    { "SUMMARY: sp \r\nDESCRIPTION:a\\n\\nb\\n\r\nLOCATION:l \r\n",
      "SUMMARY:sp\r\nDESCRIPTION:a\\n\\nb\r\nLOCATION:l \r\n" },
    { "CATEGORIES:A,B\r\nCATEGORIES:C\r\n", "CATEGORIES:A,B,C\r\n" },
    { NULL, NULL }
};

static const pair_t events_differ[] = {
    { "SUMMARY:a\r\n" AT, "SUMMARY:b\r\n" AT },
    { "SUMMARY:a\r\n" AT, "DESCRIPTION:a\r\n" AT },
    { "LOCATION:a\r\n", "LOCATION:b\r\n" },
    { "DTSTART:20200101T100000Z\r\n", "DTSTART:20200101T100001Z\r\n" },
    { "DTSTART:20200101T100000Z\r\n", "DTSTART:20200101T100000\r\n" },
    { "DTSTART:20200101T000000\r\n", "DTSTART;VALUE=DATE:20200101\r\n" },
    { "DTSTART;TZID=Europe/Berlin:20200101T100000\r\n",
      "DTSTART;TZID=Europe/London:20200101T100000\r\n" },
    { "DTSTART;TZID=Europe/Berlin:20200101T100000\r\n",
      "DTSTART:20200101T100000\r\n" },
    { AT, "DTSTART:20200101T100000Z\r\nDTEND:20200101T110001Z\r\n" },
    { AT, "DTSTART:20200101T100000Z\r\nDURATION:PT2H\r\n" },
    { "DTSTART:99999999T000000\r\n", "DTSTART:99999998T000000\r\n" },
    { "CLASS:PRIVATE\r\n", "CLASS:PUBLIC\r\n" },
    { "TRANSP:TRANSPARENT\r\n", "TRANSP:OPAQUE\r\n" },
    { "STATUS:CANCELLED\r\n", "STATUS:CONFIRMED\r\n" },
    { "ATTENDEE:mailto:a@x\r\n", "ATTENDEE:mailto:b@x\r\n" },
    { "ATTENDEE:mailto:a@x\r\n", "ATTENDEE;PARTSTAT=DECLINED:mailto:a@x\r\n"
    },
    { "RECURRENCE-ID:20200101T100000Z\r\n",
      "RECURRENCE-ID:20200102T100000Z\r\n" },
    { WED "RRULE:FREQ=DAILY\r\n", WED "RRULE:FREQ=WEEKLY\r\n" },
    { WED "RRULE:FREQ=DAILY\r\n", WED },
    { WED "RRULE:FREQ=DAILY;COUNT=3\r\n", WED "RRULE:FREQ=DAILY;COUNT=4\r\n"
    },
    { WED "RRULE:FREQ=DAILY;UNTIL=20200201\r\n",
      WED "RRULE:FREQ=DAILY;UNTIL=20200202\r\n" },
    { WED "RRULE:FREQ=WEEKLY;BYDAY=MO\r\n", WED "RRULE:FREQ=WEEKLY\r\n" },
    { WED "RRULE:FREQ=WEEKLY;INTERVAL=2\r\n", WED "RRULE:FREQ=WEEKLY\r\n" },
    { WED "RRULE:FREQ=YEARLY;BYMONTH=2\r\n", WED "RRULE:FREQ=YEARLY\r\n" },
    { WED "RRULE:FREQ=DAILY;COUNT=2000\r\n",
      WED "RRULE:FREQ=DAILY;COUNT=2001\r\n" },
    { WED "RRULE:FREQ=HOURLY;COUNT=2\r\n", WED "RRULE:FREQ=HOURLY;COUNT=3\r\n"
    },
    { WED "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1\r\n",
      WED "RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1\r\n" },
    { WED "EXDATE:20200108T100000Z\r\n", WED "EXDATE:20200109T100000Z\r\n" },
    { AT "BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n", AT },
    { AT "BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n",
      AT "BEGIN:VALARM\r\nTRIGGER:-PT20M\r\nEND:VALARM\r\n" },
    { NULL, NULL }
};

static const pair_t todos_same[] = {
    { "SUMMARY:a\r\n", "SUMMARY:a\r\nSTATUS:NEEDS-ACTION\r\n"
      "PERCENT-COMPLETE:0\r\nPRIORITY:0\r\nCLASS:PUBLIC\r\n" },
    { "STATUS:COMPLETED\r\n", "PERCENT-COMPLETE:100\r\nSTATUS:COMPLETED\r\n"
    },
    { "DUE:20200101T100000Z\r\nBEGIN:VALARM\r\nTRIGGER;RELATED=END:-PT15M"
      "\r\nEND:VALARM\r\n", "DUE:20200101T100000Z\r\nBEGIN:VALARM\r\n"
      "TRIGGER;VALUE=DATE-TIME:20200101T094500Z\r\nEND:VALARM\r\n" },
    { NULL, NULL }
};

static const pair_t todos_differ[] = {
    { "SUMMARY:a\r\n", "SUMMARY:b\r\n" },
    { "DUE;VALUE=DATE:20200101\r\n", "DUE;VALUE=DATE:20200102\r\n" },
    { "DTSTART:20200101T100000Z\r\n",
      "DTSTART:20200101T100000Z\r\nDUE:20200101T100000Z\r\n" },
    { "STATUS:COMPLETED\r\n", "STATUS:IN-PROCESS\r\n" },
    { "STATUS:COMPLETED\r\n", "PERCENT-COMPLETE:100\r\n" },
    { "PERCENT-COMPLETE:50\r\n", "PERCENT-COMPLETE:60\r\n" },
    { "PRIORITY:1\r\n", "PRIORITY:2\r\n" },
    { NULL, NULL }
};

static void test_calendars(void **state)
{
    item_keys_t a, b;

    check_pairs(events_same, ICAL, event, 1);
    check_pairs(events_differ, ICAL, event, 0);
    check_pairs(todos_same, ICAL, todo, 1);
    check_pairs(todos_differ, ICAL, todo, 0);
    /* An event and a task with the same words are two things. */
    assert_int_equal(keys_of(&a, ICAL, event("SUMMARY:a\r\n")), 0);
    assert_int_equal(keys_of(&b, ICAL, todo("SUMMARY:a\r\n")), 0);
    assert_true(a.key != b.key);
}

/* A wire form with its VTIMEZONE and the plain one; the components of a
 * series in either order. */
static void test_components(void **state)
{
    const char *zone = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n"
                       "BEGIN:STANDARD\r\nDTSTART:19671029T030000\r\n"
                       "END:STANDARD\r\nEND:VTIMEZONE\r\n";
    const char *one = "BEGIN:VEVENT\r\nUID:u\r\nSUMMARY:a\r\nEND:VEVENT\r\n";
    const char *two = "BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20200101\r\n"
                      "SUMMARY:b\r\nEND:VEVENT\r\n";
    const char *head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n";
    const char *tail = "METHOD:PUBLISH\r\nX-WR-CALNAME:x\r\nEND:VCALENDAR";
    char *ab = apr_pstrcat(pool, head, one, two, tail, NULL);
    char *ba = apr_pstrcat(pool, head, zone, two, one, tail, NULL);
    char *a = apr_pstrcat(pool, head, one, tail, NULL);
    item_keys_t keys, master;

    assert_true(same(ICAL, ab, ba));
    assert_false(same(ICAL, ab, a));
    assert_int_equal(keys_of(&master, ICAL, a), APR_SUCCESS);
    assert_int_equal(keys_of(&keys, ICAL, ba), APR_SUCCESS);
    assert_true(keys.uid_key && keys.uid_key == master.uid_key);
}

static void test_uid_keys(void **state)
{
    item_keys_t a, b, c, none;

    assert_int_equal(keys_of(&a, ICAL, event("UID:u\r\nSUMMARY:a\r\n")), 0);
    assert_int_equal(keys_of(&b, ICAL, event("SUMMARY:b\r\nUID: u \r\n")), 0);
    assert_true(a.uid_key && a.uid_key == b.uid_key && a.key != b.key);
    assert_int_equal(keys_of(&c, ICAL, event("UID:U\r\nSUMMARY:a\r\n")), 0);
    assert_true(c.uid_key != a.uid_key && c.key == a.key);
    assert_int_equal(keys_of(&b, ICAL, event("UID:u\r\nRECURRENCE-ID:"
                                             "20200101T100000Z\r\n")), 0);
    assert_int_equal(keys_of(&c, ICAL, event("UID:u\r\nRECURRENCE-ID:"
                                             "20200102T100000Z\r\n")), 0);
    assert_true(a.uid_key != b.uid_key && b.uid_key != c.uid_key);
    assert_int_equal(keys_of(&none, ICAL, event("SUMMARY:a\r\n")), 0);
    assert_int_equal(none.uid_key, 0);
    assert_int_equal(keys_of(&none, VCARD, card("FN:a\r\nUID:\r\n")), 0);
    assert_int_equal(none.uid_key, 0);
    assert_int_equal(keys_of(&a, VCARD, card("UID:urn:uuid:12-34\r\n")), 0);
    assert_int_equal(keys_of(&b, VCARD, card("UID:12-34\r\n")), 0);
    assert_true(a.uid_key && a.uid_key == b.uid_key);
}

/* ---- text ---------------------------------------------------------------- */

static char *text(const char *body)
{
    return apr_pstrdup(pool, body);
}

static const pair_t texts_same[] = {
    { "Title\nBody\nmore", "Title\r\nBody\r\nmore\r\n" },    /* measured */
    { "Title\nBody", "Title\rBody\r" },
    { "Title\nBody", "Title  \nBody \t\n\n\n" },
    { "Title", "\xef\xbb\xbfTitle" },
    { "", " \r\n" },
    { NULL, NULL }
};

static const pair_t texts_differ[] = {
    { "Title\nBody", "Title\nBodY" },
    { "Title\nBody", "Title\n\nBody" },
    { "Title\nBody", "Title\n Body" },
    { "Title", "\nTitle" },
    { "Title", "" },
    { NULL, NULL }
};

static void test_texts(void **state)
{
    item_keys_t keys;

    check_pairs(texts_same, "text/plain", text, 1);
    check_pairs(texts_differ, "text/plain", text, 0);
    assert_int_equal(keys_of(&keys, "text/plain", "UID:1"), 0);
    assert_int_equal(keys.uid_key, 0);
    /* The same octets as another kind are another item. */
    assert_false(item_equal("text/plain", CARD30, strlen(CARD30), VCARD,
                            CARD30, strlen(CARD30), pool));
}

/* ---- limits -------------------------------------------------------------- */

static char *repeat(const char *line, int n)
{
    apr_size_t len = strlen(line);
    char *all = apr_palloc(pool, len * n + 1);
    int i;

    for (i = 0; i < n; i++)
        memcpy(all + i * len, line, len);
    all[len * n] = '\0';
    return all;
}

static void test_limits(void **state)
{
    item_keys_t keys;
    char *big = apr_palloc(pool, ITEM_MAX_OCTETS + 1);

    memset(big, 'x', ITEM_MAX_OCTETS + 1);
    assert_int_equal(item_keys(&keys, "text/plain", big, ITEM_MAX_OCTETS,
                               pool), APR_SUCCESS);
    assert_int_equal(item_keys(&keys, "text/plain", big, ITEM_MAX_OCTETS + 1,
                               pool), ITEM_ELIMIT);
    /* Three lines are BEGIN, VERSION and END. */
    assert_int_equal(keys_of(&keys, VCARD, card(
        repeat("TEL:1\n", ITEM_MAX_PROPERTIES - 3))), APR_SUCCESS);
    assert_int_equal(keys_of(&keys, VCARD, card(
        repeat("TEL:1\n", ITEM_MAX_PROPERTIES - 2))), ITEM_ELIMIT);
    assert_int_equal(keys_of(&keys, VCARD, card(apr_pstrcat(
        pool, "TEL", repeat(";A=b", ITEM_MAX_PARAMS), ":1\n", NULL))),
        APR_SUCCESS);
    assert_int_equal(keys_of(&keys, VCARD, card(apr_pstrcat(
        pool, "TEL", repeat(";A=b", ITEM_MAX_PARAMS + 1), ":1\n", NULL))),
        ITEM_ELIMIT);
    assert_int_equal(keys_of(&keys, VCARD, card(apr_pstrcat(
        pool, repeat("BEGIN:X\n", ITEM_MAX_DEPTH - 1),
        repeat("END:X\n", ITEM_MAX_DEPTH - 1), NULL))), APR_SUCCESS);
    assert_int_equal(keys_of(&keys, VCARD, card(apr_pstrcat(
        pool, repeat("BEGIN:X\n", ITEM_MAX_DEPTH),
        repeat("END:X\n", ITEM_MAX_DEPTH), NULL))), ITEM_ELIMIT);
    assert_int_equal(keys_of(&keys, VCARD, card(apr_pstrcat(
        pool, "CATEGORIES:a", repeat(",a", ITEM_MAX_PROPERTIES - 1), "\n",
        NULL))), APR_SUCCESS);
    assert_int_equal(keys_of(&keys, VCARD, card(apr_pstrcat(
        pool, "CATEGORIES:a", repeat(",a", ITEM_MAX_PROPERTIES), "\n",
        NULL))), ITEM_ELIMIT);
    assert_true(item_summary(VCARD, big, ITEM_MAX_OCTETS + 1, 20, pool)[0]);
}

/** CPU seconds that the keys of a text take. */
static double cpu_of(const char *type, const char *data)
{
    item_keys_t keys;
    clock_t start = clock();

    assert_int_equal(keys_of(&keys, type, data), APR_SUCCESS);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* Texts made to be slow: each must cost no more than its octets do. */
static void test_hostile_cost(void **state)
{
    int n = ITEM_MAX_PROPERTIES - 10;
    char *fold = repeat("\n x", 2000000), *lines;
    double worst = 0, cpu;
    unsigned i;
    const char *texts[6];

    lines = repeat("NOTE:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                   "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", n);
    texts[0] = card(lines);
    texts[1] = card(apr_pstrcat(pool, "NOTE:", fold, "\n", NULL));
    texts[2] = card(apr_pstrcat(pool, "N:", repeat("a;", 2000000),
                                "\n", NULL));
    texts[3] = card(apr_pstrcat(pool, "NOTE:", repeat(" \\n", 2000000),
                                "\n", NULL));
    texts[4] = card(apr_pstrcat(pool, "TEL;TYPE=", repeat("\",", 2000000),
                                ":1\n", NULL));
    texts[5] = apr_pstrcat(
        pool, "BEGIN:VCALENDAR\nVERSION:2.0\n",
        repeat("BEGIN:VEVENT\nDTSTART:20200131\nRRULE:FREQ=YEARLY;BYMONTH=1;"
               "BYDAY=5MO,5TU,5WE,5TH,5FR,5SA,5SU;COUNT=1000\nEND:VEVENT\n",
               n / 4), "END:VCALENDAR\n", NULL);
    for (i = 0; i < 6; i++) {
        cpu = cpu_of(i == 5 ? ICAL : VCARD, texts[i]);
        print_message("# hostile text %u: %zu octets, %.3f s\n", i,
                      strlen(texts[i]), cpu);
        worst = cpu > worst ? cpu : worst;
    }
    assert_true(worst < 8);     /* generous: sanitizers, busy machines */
}

/** Every prefix of a text, in memory of exactly its size. */
static void test_truncated(void **state)
{
    const char *whole = event("UID:u\r\nSUMMARY;X=\"a:b\":c\\n\r\n d\r\n" WED
                              "RRULE:FREQ=DAILY;COUNT=3\r\n"
                              "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\n"
                              "END:VALARM\r\n");
    apr_size_t len = strlen(whole), i;
    item_keys_t keys;
    char *copy;

    for (i = 0; i < len; i++) {
        copy = malloc(i ? i : 1);
        assert_non_null(copy);
        memcpy(copy, whole, i);
        assert_int_equal(item_keys(&keys, ICAL, copy, i, pool),
                         i < len - 2 ? ITEM_EMALFORMED : APR_SUCCESS);
        assert_non_null(item_summary(ICAL, copy, i, 30, pool));
        free(copy);
    }
}

static int setup(void **state)
{
    apr_pool_create(&pool, NULL);
    return 0;
}

static int teardown(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

#define TEST(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_recognition), TEST(test_nul), TEST(test_cards),
        TEST(test_calendars), TEST(test_components), TEST(test_uid_keys),
        TEST(test_texts), TEST(test_limits), TEST(test_hostile_cost),
        TEST(test_truncated)
    };
    int rv;

    apr_initialize();
    rv = cmocka_run_group_tests_name("item", tests, NULL, NULL);
    apr_terminate();
    return rv;
}
