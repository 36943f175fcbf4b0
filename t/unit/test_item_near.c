/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Near keys, likeness, and when items take place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "item/item.h"

static apr_pool_t *pool;

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

static char *text(const char *body)
{
    return apr_pstrdup(pool, body);
}

static item_keys_t keys_of(const char *data)
{
    item_keys_t keys;

    assert_int_equal(item_keys(&keys, NULL, data, strlen(data), pool),
                     APR_SUCCESS);
    return keys;
}

static item_likeness_e likeness(const char *a, const char *b)
{
    item_likeness_e like = item_likeness(NULL, a, strlen(a), NULL, b,
                                         strlen(b), pool);

    assert_int_equal(like, item_likeness(NULL, b, strlen(b), NULL, a,
                                         strlen(a), pool));
    return like;
}

/* ---- pairs ---------------------------------------------------------------- */

typedef struct pair_t {
    item_likeness_e like;
    int same_key;
    const char *a, *b;
} pair_t;

static void check_pairs(const pair_t *pair, char *(*wrap)(const char *))
{
    for (; pair->a; pair++) {
        const char *a = wrap(pair->a), *b = wrap(pair->b);
        item_likeness_e like = likeness(a, b);

        if (like != pair->like)
            fail_msg("likeness %d instead of %d: [%s] and [%s]", like,
                     pair->like, pair->a, pair->b);
        if ((keys_of(a).near_key == keys_of(b).near_key) != pair->same_key)
            fail_msg("near keys: [%s] and [%s]", pair->a, pair->b);
    }
}

static const pair_t cards[] = {
    { ITEM_EQUAL, 1, "N:Miller;Anna\r\nTEL:1\r\n",
      "FN:Anna Miller\r\nN:Miller;Anna;;;\r\nTEL:1\r\n" },
    /* Absent properties, cut texts. */
    { ITEM_NEAR, 1, "N:Miller;Anna\r\nTEL:1\r\nNOTE:long text\r\n",
      "N:Miller;Anna\r\nEMAIL:a@x\r\nNOTE:long\r\n" },
    { ITEM_NEAR, 1, "N:Schwarzenegger;Maximiliane\r\nTEL:1\r\n",
      "N:Schwarzene;Maximilian\r\n" },
    { ITEM_NEAR, 1, "N:Miller;Anna;Maria;Dr.\r\n", "N:Miller;Anna\r\n" },
    { ITEM_NEAR, 1, "N:Miller;Anna\r\nTEL;TYPE=HOME:1\r\n",
      "N:Miller;Anna\r\nTEL:1\r\n" },
    { ITEM_NEAR, 1, "N:Miller;Anna\r\nADR:;;Long Street 1;Town;;;\r\n",
      "N:Miller;Anna\r\nADR:;;Long Str;Town\r\n" },
    { ITEM_NEAR, 1, "N:Miller;Anna\r\nTEL:1\r\nTEL:2\r\n",
      "N:Miller;Anna\r\nTEL:2\r\n" },
    /* The name in other fields or another order. */
    { ITEM_NEAR, 1, "N:Miller;Anna\r\nTEL:1\r\n",
      "FN:Anna Miller\r\nTEL:1\r\n" },
    { ITEM_NEAR, 1, "N:Miller;Anna\r\nTEL:1\r\n",
      "FN:Miller\\, Anna\r\nTEL:1\r\n" },
    { ITEM_NEAR, 1, "N:Miller;Anna\r\nTEL:1\r\n", "N:Anna Miller\r\n" },
    { ITEM_NEAR, 1, "N:Miller;Anna\r\n", "FN:Dr. Anna Miller\r\n" },
    { ITEM_NEAR, 1, "N:van der Berg;Jan\r\n", "FN:Jan van der Berg\r\n" },
    { ITEM_RELATED, 1, "N:MILLER;Anna\r\nTEL:1\r\n",
      "N:Miller;anna\r\nTEL:2\r\n" },
    /* Contradictions. */
    { ITEM_RELATED, 1, "N:Miller;Anna\r\nTEL:1\r\n",
      "N:Miller;Anna\r\nTEL:2\r\n" },
    { ITEM_RELATED, 1, "N:Miller;Anna\r\nTEL;TYPE=HOME:1\r\n",
      "N:Miller;Anna\r\nTEL;TYPE=WORK:1\r\n" },
    { ITEM_RELATED, 1, "N:Miller;Anna\r\nBDAY:20000101\r\n",
      "N:Miller;Anna\r\nBDAY:20000102\r\n" },
    { ITEM_RELATED, 0, "UID:u\r\nN:Miller;Anna\r\n",
      "UID:u\r\nN:Smith;Bob\r\n" },
    /* Other people. */
    { ITEM_DIFFERENT, 0, "N:Miller;Anna\r\n", "N:Miller;Bob\r\n" },
    { ITEM_DIFFERENT, 0, "N:Miller;Anna\r\n", "N:Miller\r\n" },
    { ITEM_DIFFERENT, 1, "N:Schneider;Christopher\r\n",
      "N:Schneider;Christophine\r\n" },
    /* Without a name. */
    { ITEM_NEAR, 1, "ORG:Acme Works\r\nTEL:1\r\n", "ORG:Acme Works;Sales\r\n" },
    { ITEM_NEAR, 1, "ORG:Acme Works\r\n", "FN:Acme Works\r\n" },
    { ITEM_NEAR, 1, "EMAIL:A@x.org\r\nNOTE:a\r\n", "EMAIL:a@x.org\r\n" },
    { ITEM_RELATED, 1, "TEL:+49 170 1234567\r\n", "TEL:01701234567\r\n" },
    { ITEM_DIFFERENT, 0, "EMAIL:a@x\r\n", "EMAIL:b@x\r\n" },
    { 0, 0, NULL, NULL }
};

static const pair_t events[] = {
    { ITEM_NEAR, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n",
      "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\nLOCATION:x\r\n" },
    { ITEM_NEAR, 1, "SUMMARY:A long subject indeed\r\nDTSTART:20200710\r\n",
      "SUMMARY:A long subject\r\nDTSTART:20200710\r\n" },
    /* UTC and local time. */
    { ITEM_NEAR, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n"
      "DTEND:20200710T110000Z\r\n",
      "SUMMARY:Call\r\nDTSTART;TZID=Nowhere:20200710T120000\r\n"
      "DTEND;TZID=Nowhere:20200710T130000\r\n" },
    /* The same instant in a zone that is known; and another one. */
    { ITEM_EQUAL, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n"
      "DTEND:20200710T110000Z\r\n",
      "SUMMARY:Call\r\nDTSTART;TZID=Europe/Berlin:20200710T120000\r\n"
      "DTEND;TZID=Europe/Berlin:20200710T130000\r\n" },
    { ITEM_EQUAL, 1,
      "SUMMARY:Call\r\nDTSTART;TZID=America/New_York:20200630T233000\r\n",
      "SUMMARY:Call\r\nDTSTART;TZID=Europe/Berlin:20200701T053000\r\n" },
    { ITEM_DIFFERENT, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n",
      "SUMMARY:Call\r\nDTSTART;TZID=Europe/Berlin:20200710T130000\r\n" },
    /* A series in UTC is another one in winter, but a poorer copy. */
    { ITEM_NEAR, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n"
      "RRULE:FREQ=WEEKLY\r\n",
      "SUMMARY:Call\r\nDTSTART;TZID=Europe/Berlin:20200710T120000\r\n"
      "RRULE:FREQ=WEEKLY\r\n" },
    { ITEM_EQUAL, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n"
      "RRULE:FREQ=WEEKLY\r\n",
      "SUMMARY:Call\r\nDTSTART;TZID=Asia/Kolkata:20200710T153000\r\n"
      "RRULE:FREQ=WEEKLY\r\n" },
    { ITEM_RELATED, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n"
      "DTEND:20200710T113000Z\r\n",
      "SUMMARY:Call\r\nDTSTART:20200710T120000\r\n"
      "DTEND:20200710T130000\r\n" },
    { ITEM_DIFFERENT, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n",
      "SUMMARY:Call\r\nDTSTART:20200710T120700\r\n" },
    { ITEM_DIFFERENT, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n",
      "SUMMARY:Call\r\nDTSTART:20200711T120000\r\n" },
    { ITEM_DIFFERENT, 1, "SUMMARY:Call\r\nDTSTART:20200710T100000Z\r\n",
      "SUMMARY:Call\r\nDTSTART:20200710T101500Z\r\n" },
    /* A whole day, written in several ways. */
    { ITEM_NEAR, 1, "SUMMARY:May\r\nDTSTART;VALUE=DATE:20200501\r\n"
      "DTEND;VALUE=DATE:20200502\r\n",
      "SUMMARY:May\r\nDTSTART:20200501T000000\r\n"
      "DTEND:20200502T000000\r\n" },
    { ITEM_NEAR, 1, "SUMMARY:May\r\nDTSTART;VALUE=DATE:20200501\r\n",
      "SUMMARY:May\r\nDTSTART:20200430T220000Z\r\n"
      "DTEND:20200501T220000Z\r\n" },
    { ITEM_NEAR, 1, "SUMMARY:May\r\nDTSTART;VALUE=DATE:20200501\r\n",
      "SUMMARY:May\r\nDTSTART:20200501T000000\r\n"
      "DTEND:20200501T240000\r\n" },
    { ITEM_RELATED, 1, "SUMMARY:May\r\nDTSTART;VALUE=DATE:20200501\r\n",
      "SUMMARY:May\r\nDTSTART:20200430T220000Z\r\n"
      "DTEND:20200502T220000Z\r\n" },
    { ITEM_DIFFERENT, 1, "SUMMARY:May\r\nDTSTART;VALUE=DATE:20200501\r\n",
      "SUMMARY:May\r\nDTSTART;VALUE=DATE:20200502\r\n" },
    { ITEM_DIFFERENT, 0, "SUMMARY:a\r\nDTSTART:20200710T100000Z\r\n",
      "SUMMARY:b\r\nDTSTART:20200710T100000Z\r\n" },
    { ITEM_RELATED, 1, "SUMMARY:a\r\nDTSTART:20200710T100000Z\r\n"
      "LOCATION:here\r\n",
      "SUMMARY:a\r\nDTSTART:20200710T100000Z\r\nLOCATION:there\r\n" },
    { ITEM_RELATED, 0, "UID:u\r\nSUMMARY:a\r\nDTSTART:20200710T100000Z\r\n",
      "UID:u\r\nSUMMARY:a\r\nDTSTART:20200810T100000Z\r\n" },
    { ITEM_DIFFERENT, 0, "DTSTART:20200710T100000Z\r\n",
      "DTSTART:20200711T100000Z\r\n" },
    { 0, 0, NULL, NULL }
};

static const pair_t tasks[] = {
    { ITEM_NEAR, 1, "SUMMARY:Pay\r\nDUE:20200710\r\n", "SUMMARY:Pay\r\n" },
    { ITEM_RELATED, 1, "SUMMARY:Pay\r\n",
      "SUMMARY:Pay\r\nSTATUS:COMPLETED\r\n" },
    { ITEM_RELATED, 1, "SUMMARY:Pay\r\nDUE:20200710\r\n",
      "SUMMARY:Pay\r\nDUE:20200711\r\n" },
    { ITEM_NEAR, 1, "SUMMARY:Pay\r\nDTSTART:20200710T100000Z\r\n",
      "SUMMARY:Pay\r\nDTSTART:20200710T120000\r\n" },
    { ITEM_DIFFERENT, 0, "SUMMARY:Pay\r\n", "SUMMARY:Go\r\n" },
    { 0, 0, NULL, NULL }
};

static const pair_t notes[] = {
    { ITEM_EQUAL, 1, "Shopping list\nmilk\n", "Shopping list\r\nmilk" },
    { ITEM_NEAR, 1, "Shopping list\nmilk\neggs", "Shopping list\nmilk" },
    { ITEM_RELATED, 1, "Shopping list\nmilk\neggs", "Shopping list\nflour" },
    { ITEM_RELATED, 1, "\n Shopping list", "SHOPPING-LIST" },
    { ITEM_DIFFERENT, 0, "Shopping list\nmilk", "Books\nmilk" },
    { 0, 0, NULL, NULL }
};

static void pairs_as_people_see_them(void **state)
{
    (void)state;
    check_pairs(cards, card);
    check_pairs(events, event);
    check_pairs(tasks, todo);
    check_pairs(notes, text);
}

static void kinds_are_never_alike(void **state)
{
    (void)state;
    assert_int_equal(likeness(event("SUMMARY:a\r\n"), todo("SUMMARY:a\r\n")),
                     ITEM_DIFFERENT);
    assert_int_equal(likeness(event("UID:u\r\n"), todo("UID:u\r\n")),
                     ITEM_DIFFERENT);
    assert_true(keys_of(event("SUMMARY:a\r\n")).near_key
                != keys_of(todo("SUMMARY:a\r\n")).near_key);
}

static void nothing_to_go_by(void **state)
{
    (void)state;
    assert_int_equal(keys_of(card("NOTE:x\r\n")).near_key, 0);
    assert_int_equal(keys_of(todo("PRIORITY:1\r\n")).near_key, 0);
    assert_int_equal(keys_of(event("LOCATION:..\r\n")).near_key, 0);
    assert_int_equal(keys_of("- - -\n").near_key, 0);
    assert_int_equal(likeness(card("NOTE:x\r\n"), card("NOTE:xy\r\n")),
                     ITEM_DIFFERENT);
}

static void malformed_items_are_equal_by_octets(void **state)
{
    const char *bad = "BEGIN:VCARD\nFN:a\n";

    (void)state;
    assert_int_equal(likeness(bad, bad), ITEM_EQUAL);
    assert_int_equal(likeness(bad, card("FN:a\r\n")), ITEM_DIFFERENT);
}

/** Many values on both sides must not cost their product. */
static void many_values_end_soon(void **state)
{
    apr_array_header_t *a = apr_array_make(pool, 8000, sizeof(char *));
    apr_array_header_t *b = apr_array_make(pool, 8000, sizeof(char *));
    const char *one, *two;
    int i;

    (void)state;
    for (i = 0; i < 8000; i++) {
        APR_ARRAY_PUSH(a, char *) = apr_psprintf(pool, "TEL:1%06d\r\n", i);
        APR_ARRAY_PUSH(b, char *) = apr_psprintf(pool, "TEL:2%06d\r\n", i);
    }
    one = apr_pstrcat(pool, "N:M;A\r\n", apr_array_pstrcat(pool, a, 0), NULL);
    two = apr_pstrcat(pool, "N:M;A\r\n", apr_array_pstrcat(pool, b, 0), NULL);
    assert_int_equal(likeness(card(one), card(two)), ITEM_RELATED);
    assert_int_equal(likeness(card(one), card("N:M;A\r\n")), ITEM_NEAR);
}

/* ---- when ---------------------------------------------------------------- */

#define JULY10  INT64_C(1594375200)     /* 2020-07-10T10:00:00Z */
#define HOUR    3600
#define DAY     86400
#define ALWAYS  ITEM_WHEN_ALWAYS
#define SLACK   (14 * HOUR)

typedef struct when_t {
    apr_int64_t starts, ends;
    const char *body;
} when_t;

static const when_t event_times[] = {
    { JULY10, JULY10, "DTSTART:20200710T100000Z\r\n" },
    { JULY10, JULY10 + HOUR, "DTSTART:20200710T100000Z\r\nDURATION:PT1H\r\n" },
    { JULY10, JULY10 + HOUR,
      "DTSTART:20200710T100000Z\r\nDTEND:20200710T110000Z\r\n" },
    { JULY10 - SLACK, JULY10 + SLACK, "DTSTART:20200710T100000\r\n" },
    { JULY10 - SLACK, JULY10 + HOUR + SLACK,
      "DTSTART;TZID=Nowhere:20200710T100000\r\nDURATION:PT1H\r\n" },
    { JULY10 - 2 * HOUR, JULY10 - HOUR,
      "DTSTART;TZID=Europe/Berlin:20200710T100000\r\nDURATION:PT1H\r\n" },
    { JULY10 - 2 * HOUR, JULY10 + 4 * HOUR,
      "DTSTART;TZID=Europe/Berlin:20200710T100000\r\n"
      "DTEND;TZID=America/New_York:20200710T100000\r\n" },
    { JULY10 - 2 * HOUR, JULY10 + 140 * DAY - HOUR,
      "DTSTART;TZID=Europe/Berlin:20200710T100000\r\n"
      "RRULE:FREQ=WEEKLY;COUNT=21\r\n" },
    { JULY10 - 10 * HOUR - SLACK, JULY10 + 14 * HOUR + SLACK,
      "DTSTART;VALUE=DATE:20200710\r\n" },
    { -ALWAYS, ALWAYS, "SUMMARY:undated\r\n" },
    { JULY10, ALWAYS, "DTSTART:20200710T100000Z\r\nRRULE:FREQ=DAILY\r\n" },
    { JULY10, ALWAYS, "DTSTART:20200710T100000Z\r\n"
      "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=3\r\n" },
    { JULY10, JULY10 + 4 * DAY, "DTSTART:20200710T100000Z\r\n"
      "RRULE:FREQ=DAILY;COUNT=5\r\n" },
    { JULY10, JULY10 + 14 * DAY + HOUR, "DTSTART:20200710T100000Z\r\n"
      "DTEND:20200710T110000Z\r\nRRULE:FREQ=WEEKLY;COUNT=3\r\n" },
    { JULY10, JULY10 + 2 * DAY, "DTSTART:20200710T100000Z\r\n"
      "RRULE:FREQ=DAILY;UNTIL=20200712T100000Z\r\n" },
    { JULY10, JULY10 + 2 * DAY + 14 * HOUR - 1 + SLACK,
      "DTSTART:20200710T100000Z\r\n"
      "RRULE:FREQ=DAILY;UNTIL=20200712\r\n" },
    { JULY10, ALWAYS, "DTSTART:20200710T100000Z\r\n"
      "RRULE:FREQ=DAILY;COUNT=2\r\nRRULE:FREQ=YEARLY\r\n" },
    { JULY10 - DAY, JULY10 + DAY, "DTSTART:20200710T100000Z\r\n"
      "RDATE:20200709T100000Z,20200711T100000Z\r\n" },
    { JULY10, ALWAYS, "DTSTART:20200710T100000Z\r\n"
      "RDATE;VALUE=PERIOD:20200711T100000Z/PT1H\r\n" },
    { JULY10 - 30 * DAY, JULY10 + 4 * DAY, "DTSTART:20200710T100000Z\r\n"
      "RRULE:FREQ=DAILY;COUNT=5\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n"
      "RECURRENCE-ID:20200711T100000Z\r\nDTSTART:20200610T100000Z\r\n" },
    { JULY10, JULY10, "DTSTART:20200710T100000Z\r\n"
      "DTEND:20200709T100000Z\r\n" },
    { 0, 0, NULL }
};

static const when_t task_times[] = {
    { JULY10, ALWAYS, "DUE:20200710T100000Z\r\n" },
    { JULY10, JULY10, "DUE:20200710T100000Z\r\nSTATUS:COMPLETED\r\n" },
    { JULY10, JULY10 + DAY, "DUE:20200710T100000Z\r\n"
      "COMPLETED:20200711T100000Z\r\n" },
    { JULY10 - DAY, JULY10, "DTSTART:20200709T100000Z\r\n"
      "DUE:20200710T100000Z\r\nPERCENT-COMPLETE:100\r\n" },
    { -ALWAYS, ALWAYS, "SUMMARY:a\r\n" },
    { 0, 0, NULL }
};

static void check_times(const when_t *when, char *(*wrap)(const char *))
{
    for (; when->body; when++) {
        item_keys_t keys = keys_of(wrap(when->body));

        if (keys.starts != when->starts || keys.ends != when->ends)
            fail_msg("from %" APR_INT64_T_FMT " (wrong by %" APR_INT64_T_FMT
                     ") to %" APR_INT64_T_FMT " (wrong by %" APR_INT64_T_FMT
                     "): [%s]", keys.starts, keys.starts - when->starts,
                     keys.ends, keys.ends - when->ends, when->body);
    }
}

static void items_have_their_time(void **state)
{
    item_keys_t keys;

    (void)state;
    check_times(event_times, event);
    check_times(task_times, todo);
    keys = keys_of(card("FN:a\r\nBDAY:20000101\r\n"));
    assert_true(keys.starts == -ALWAYS && keys.ends == ALWAYS);
    keys = keys_of("note");
    assert_true(keys.starts == -ALWAYS && keys.ends == ALWAYS);
}

static apr_int64_t modified(const char *data)
{
    return item_modified(NULL, data, strlen(data), pool);
}

static void items_say_when_they_changed(void **state)
{
    (void)state;
    assert_int_equal(modified(card("FN:a\r\n")), 0);
    assert_int_equal(modified(card("REV:20200710T100000Z\r\n")), JULY10);
    assert_int_equal(modified(card("rev:2020-07-10T10:00:00Z\r\n")), JULY10);
    assert_int_equal(modified(card("REV:20200710\r\n")), 0);
    assert_int_equal(modified(card("REV:soon\r\n")), 0);
    assert_int_equal(modified(event("LAST-MODIFIED:20200709T100000Z\r\n"
                                    "END:VEVENT\r\nBEGIN:VEVENT\r\n"
                                    "LAST-MODIFIED:20200710T100000Z\r\n")),
                     JULY10);
    assert_int_equal(modified("REV:20200710T100000Z"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_as_people_see_them),
        cmocka_unit_test(kinds_are_never_alike),
        cmocka_unit_test(nothing_to_go_by),
        cmocka_unit_test(malformed_items_are_equal_by_octets),
        cmocka_unit_test(many_values_end_soon),
        cmocka_unit_test(items_have_their_time),
        cmocka_unit_test(items_say_when_they_changed)
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests_name("item near", tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
