/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Rules in vCalendar 1.0 as an independent reader takes them: libicalvcal
 * converts what we wrote, and libical expands its rule and the stored one.  In
 * UTC, since it passes over TZ and DAYLIGHT. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <libical/ical.h>
#include <libical/icalvcal.h>
#include <libical/vcc.h>

#include "vcal_text.h"

#define TIMES  400              /* compared, of each series */
#define YEARS  10

typedef struct series_t {
    time_t at[TIMES];
    int n;
} series_t;

/** The instances of the first event. */
static void expand(series_t *s, icalcomponent *top)
{
    icalcomponent *event = icalcomponent_get_first_component(
        top, ICAL_VEVENT_COMPONENT);
    icalproperty *rule, *start;
    struct icalrecurrencetype recur;
    icalrecur_iterator *it;
    struct icaltimetype t;
    time_t end;

    s->n = 0;
    assert_non_null(event);
    start = icalcomponent_get_first_property(event, ICAL_DTSTART_PROPERTY);
    rule = icalcomponent_get_first_property(event, ICAL_RRULE_PROPERTY);
    assert_non_null(start);
    if (!rule)
        return;
    recur = icalproperty_get_rrule(rule);
    t = icalproperty_get_dtstart(start);
    end = icaltime_as_timet(t) + YEARS * 366 * 86400L;
    it = icalrecur_iterator_new(recur, t);
    while (it && s->n < TIMES
           && !icaltime_is_null_time(t = icalrecur_iterator_next(it))
           && icaltime_as_timet(t) < end)
        s->at[s->n++] = icaltime_as_timet(t);
    if (it)
        icalrecur_iterator_free(it);
}

static const char *const rules[] = {
    "20261201T090000Z FREQ=DAILY",
    "20261201T090000Z FREQ=DAILY;COUNT=10",
    "20261201T090000Z FREQ=DAILY;INTERVAL=2;COUNT=20",
    "20261201T090000Z FREQ=DAILY;UNTIL=20270115T090000Z",
    "20261203T090000Z FREQ=WEEKLY;COUNT=10",
    "20261203T090000Z FREQ=WEEKLY;INTERVAL=2;COUNT=4",
    "20261207T090000Z FREQ=WEEKLY;BYDAY=MO,WE",
    "20261207T090000Z FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;COUNT=30",
    "20261205T090000Z FREQ=WEEKLY;BYDAY=SA,SU;UNTIL=20270601T090000Z",
    "20261203T090000Z FREQ=WEEKLY;INTERVAL=3",
    "20261205T090000Z FREQ=MONTHLY;BYDAY=1SA;COUNT=10",
    "20261219T090000Z FREQ=MONTHLY;BYDAY=3SA",
    "20261226T090000Z FREQ=MONTHLY;BYDAY=-1SA",
    "20261225T090000Z FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20280101T090000Z",
    "20261206T090000Z FREQ=MONTHLY;INTERVAL=2;BYDAY=1SU,-1SU;COUNT=10",
    "20261202T090000Z FREQ=MONTHLY;BYMONTHDAY=2,15;COUNT=10",
    "20261213T090000Z FREQ=MONTHLY;BYMONTHDAY=13",
    "20261203T090000Z FREQ=MONTHLY",
    "20261130T090000Z FREQ=MONTHLY;INTERVAL=18;COUNT=4",
    "20261231T090000Z FREQ=MONTHLY;BYMONTHDAY=31",
    "20261231T090000Z FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=24",
    "20261229T090000Z FREQ=MONTHLY;BYMONTHDAY=-3",
    "20261204T090000Z FREQ=MONTHLY;BYDAY=FR;BYSETPOS=1",
    "20261231T090000Z FREQ=MONTHLY;BYDAY=5TH",
    "20261203T090000Z FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=3,-1",
    "20261201T090000Z FREQ=MONTHLY;BYDAY=TU",
    "20261201T090000Z FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR;COUNT=30",
    "20261203T090000Z FREQ=WEEKLY;INTERVAL=2;WKST=MO;COUNT=9",
    "20261203T090000Z FREQ=YEARLY",
    "20261203T090000Z FREQ=YEARLY;COUNT=5",
    "20261203T090000Z FREQ=YEARLY;INTERVAL=4",
    "20270610T090000Z FREQ=YEARLY;BYMONTH=6,7;COUNT=10",
    "20270110T090000Z FREQ=YEARLY;INTERVAL=2;BYMONTH=1,2,3;COUNT=10",
    "20270101T090000Z FREQ=YEARLY;INTERVAL=3;BYYEARDAY=1,100,200;COUNT=10",
    "20270704T090000Z FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=4",
    "20280229T090000Z FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"
};

/** How many of them are the same from the first on. */
static int same(const series_t *a, const series_t *b)
{
    int i = 0;

    while (i < a->n && i < b->n && a->at[i] == b->at[i])
        i++;
    return i;
}

static void check_rule(const char *text)
{
    const char *start = apr_pstrmemdup(pool, text, 16), *rule = text + 17;
    item_form_t form = form_of(NULL, ITEM_CLOCK_UTC, 0, 0);
    const char *stored = ical(apr_psprintf(
        pool, "UID:1\r\nSUMMARY:S\r\nDTSTART:%s\r\nRRULE:%s\r\n", start,
        rule));
    const char *sent = export(&form, stored);
    icalcomponent *was = icalparser_parse_string(stored), *is;
    VObject *object = Parse_MIME(sent, strlen(sent));
    series_t a, b;
    int i;

    assert_non_null(was);
    assert_non_null(object);
    is = icalvcal_convert(object);
    assert_non_null(is);
    expand(&a, was);
    expand(&b, is);
    assert_true(a.n > 1);
    i = same(&a, &b);
    if (a.n != b.n || i < a.n)
        fail_msg("%s: %d of %d and %d are the same in\n%s\n%s", text, i,
                 a.n, b.n, sent, icalcomponent_as_ical_string(is));
    icalcomponent_free(was);
    icalcomponent_free(is);
    cleanVObject(object);
}

static void test_rules(void **state)
{
    unsigned i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        check_rule(rules[i]);
}

/* The reader sees what a wrong word would make of it. */
static void test_reader(void **state)
{
    static const char *const words[] = { "W1 TU #4", "W1 WE #4", "W2 TU #4" };
    series_t read[3];
    icalcomponent *is;
    VObject *object;
    const char *text;
    int i;

    for (i = 0; i < 3; i++) {
        text = vcal("", apr_psprintf(pool, "DTSTART:20261201T090000Z\r\n"
                                     "RRULE:%s\r\n", words[i]));
        object = Parse_MIME(text, strlen(text));
        assert_non_null(object);
        is = icalvcal_convert(object);
        expand(&read[i], is);
        icalcomponent_free(is);
        cleanVObject(object);
        assert_int_equal(read[i].n, 4);
    }
    assert_int_equal(same(&read[0], &read[1]), 0);
    assert_int_equal(same(&read[0], &read[2]), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_reader)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
