/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Recurrences: expanded here and by libical, hostile ones, and over ten years
 * what a device's form makes of them. See item/item_recur.h. */
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

#include <libical/ical.h>

#include "item/item_cal.h"
#include "item/item_vcal.h"

#define DAY    86400
#define YEARS  10

static apr_pool_t *pool;

static item_span_t span(const char *s)
{
    item_span_t result;

    result.s = s;
    result.len = strlen(s);
    return result;
}

static apr_int64_t secs_of(const char *text)
{
    item_time_t t;

    assert_true(item_time_parse(&t, span(text), span("")));
    return t.secs;
}

static apr_uint64_t seed = 20261128;

static int chance(int n)
{
    seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (int)((seed >> 33) % (unsigned)n);
}

/* ---- against libical ---------------------------------------------------- */

static const char *random_list(const char *name, int min, int max, int sign)
{
    const char *text = apr_psprintf(pool, ";%s=", name);
    int i, n = 1 + chance(3), v;

    for (i = 0; i < n; i++) {
        v = min + chance(max - min + 1);
        text = apr_psprintf(pool, "%s%s%s%d", text, i ? "," : "",
                            sign && chance(3) == 0 ? "-" : "", v);
    }
    return text;
}

static const char *random_days(int nth)
{
    static const char names[] = "MOTUWETHFRSASU";
    const char *text = ";BYDAY=";
    int i, n = 1 + chance(3), first = chance(7);

    for (i = 0; i < n; i++) {
        const char *number = nth && chance(2)
            ? apr_psprintf(pool, "%d", chance(2) ? 1 + chance(4)
                                                 : -1 - chance(4)) : "";

        text = apr_psprintf(pool, "%s%s%s%.2s", text, i ? "," : "", number,
                            names + 2 * ((first + 2 * i) % 7));
    }
    return text;
}

static const char *random_rule(void)
{
    static const char *const freqs[] = {
        "DAILY", "WEEKLY", "MONTHLY", "YEARLY"
    };
    int freq = chance(4);
    const char *text = apr_psprintf(pool, "FREQ=%s", freqs[freq]);

    if (chance(2))
        text = apr_psprintf(pool, "%s;INTERVAL=%d", text, 1 + chance(4));
    if (chance(2))
        text = apr_psprintf(pool, "%s;COUNT=%d", text, 1 + chance(20));
    if (freq == 1 && chance(2))
        return apr_pstrcat(pool, text, random_days(0), chance(2)
                           ? ";WKST=SU" : ";WKST=MO", NULL);
    if (freq >= 2 && chance(2))
        text = apr_pstrcat(pool, text, random_days(freq == 2), NULL);
    else if (freq >= 2 && chance(2))
        text = apr_pstrcat(pool, text, random_list("BYMONTHDAY", 1, 31,
                                                   freq == 2), NULL);
    /* libical knows no other months for days of the month in YEARLY. */
    if (freq != 1 && (chance(3) == 0
                      || (freq == 3 && strstr(text, "BYMONTHDAY"))))
        text = apr_pstrcat(pool, text, random_list("BYMONTH", 1, 12, 0),
                           NULL);
    if (freq == 2 && strstr(text, "BYDAY") && chance(3) == 0)
        text = apr_pstrcat(pool, text, random_list("BYSETPOS", 1, 4, 1),
                           NULL);
    return text;
}

/** @return how many, at most max, in local seconds */
static int theirs(const char *rule, apr_int64_t start, apr_int64_t until,
                  apr_int64_t *times, int max)
{
    struct icalrecurrencetype recur = icalrecurrencetype_from_string(rule);
    struct icaltimetype at = icaltime_from_timet_with_zone(
        (time_t)start, 0, icaltimezone_get_utc_timezone());
    icalrecur_iterator *it = icalrecur_iterator_new(recur, at);
    int n = 0;

    if (!it)
        return -1;
    for (at = icalrecur_iterator_next(it); !icaltime_is_null_time(at)
         && n < max; at = icalrecur_iterator_next(it)) {
        times[n] = icaltime_as_timet(at);
        if (times[n] > until)
            break;
        n++;
    }
    icalrecur_iterator_free(it);
    return n;
}

static int ours(const char *rule, apr_int64_t start, apr_int64_t until,
                apr_int64_t *times, int max)
{
    item_recur_iter_t *it = apr_palloc(pool, sizeof(*it));
    item_recur_t r;
    int n = 0;

    if (!item_recur_parse(&r, span(rule))
        || !item_recur_begin(it, &r, start, until))
        return -1;
    while (n < max && item_recur_next(it, &times[n]))
        n++;
    return n;
}

#define MAX  400

static void test_libical(void **state)
{
    apr_int64_t a[MAX], b[MAX], start, until;
    apr_pool_t *parent = pool;
    int i, k, na, nb, some = 0;

    for (i = 0; i < 1000; i++) {
        const char *rule;

        apr_pool_create(&pool, parent);
        rule = random_rule();
        start = secs_of("20200101T000000") + chance(2000) * (apr_int64_t)DAY
                + chance(DAY);
        until = start + YEARS * 366 * (apr_int64_t)DAY;
        /* A start that is no occurrence is undefined (RFC 5545 3.8.5.3). */
        if (ours(rule, start, until, a, 1) == 1)
            start = a[0];
        na = ours(rule, start, until, a, MAX);
        nb = theirs(rule, start, until, b, MAX);
        for (k = 0; k < na && k < nb && a[k] == b[k]; k++)
            ;
        if (nb >= 0 && (na != nb || k < na))
            fail_msg("%s from %ld: %d, libical %d; at %d: %ld, %ld", rule,
                     (long)start, na, nb, k, k < na ? (long)a[k] : 0,
                     k < nb ? (long)b[k] : 0);
        some += na > 1;
        apr_pool_destroy(pool);
        pool = parent;
    }
    assert_true(some > 500);
}

/* ---- hostile rules ------------------------------------------------------ */

static void test_hostile(void **state)
{
    static const char *const rules[] = {
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=7;BYHOUR=23;BYMINUTE=59",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;INTERVAL=9999;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;BYHOUR=0,1,2,3,4,5,6,7,8,9,10;"
        "BYMINUTE=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20;"
        "BYSECOND=0,1,2,3,4",
        "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
        "FREQ=WEEKLY;BYSETPOS=366;BYDAY=MO",
        "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=31;COUNT=1"
    };
    static const char *const refused[] = {
        "", "FREQ", "FREQ=FORTNIGHTLY", "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=-1", "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTHDAY=0", "FREQ=DAILY;BYDAY=54MO",
        "FREQ=DAILY;BYDAY=XX", "FREQ=DAILY;INTERVAL=99999999999999999999",
        "FREQ=DAILY;RSCALE=HEBREW", "BYDAY=MO", "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;BYHOUR=24"
    };
    apr_int64_t secs = 0, start = secs_of("20260706T100000");
    item_recur_iter_t *it = apr_palloc(pool, sizeof(*it));
    item_recur_t r;
    clock_t begin;
    unsigned i;
    int n;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        begin = clock();
        if (!item_recur_parse(&r, span(rules[i])))
            fail_msg("not read: %s", rules[i]);
        if (!item_recur_begin(it, &r, start, APR_INT64_MAX / 2))
            continue;
        for (n = 0; n < 100000 && item_recur_next(it, &secs); n++)
            ;
        if (n && n < 100000 && !item_recur_gave_up(it) && !r.count)
            fail_msg("%s ended by itself", rules[i]);
        if (clock() - begin > CLOCKS_PER_SEC)
            fail_msg("%s: %ld ms", rules[i],
                     (long)((clock() - begin) * 1000 / CLOCKS_PER_SEC));
    }
    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
        if (item_recur_parse(&r, span(refused[i])))
            fail_msg("taken: \"%s\"", refused[i]);
}

/* ---- through a device's form -------------------------------------------- */

static const char *const zones[] = {
    "Europe/Berlin", "America/New_York", "Australia/Sydney",
    "America/Santiago", "America/Sao_Paulo", "Asia/Kolkata"
};

/* DTSTART is Monday, 6 July 2026. */
static const char *const rules[] = {
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3;COUNT=500",
    "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;WKST=SU", "FREQ=WEEKLY;BYDAY=MO,SU",
    "FREQ=WEEKLY;UNTIL=20301231T235959Z", "FREQ=MONTHLY",
    "FREQ=MONTHLY;BYMONTHDAY=6,-1", "FREQ=MONTHLY;BYDAY=1MO,-1FR",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1", "FREQ=MONTHLY;INTERVAL=5;COUNT=20",
    "FREQ=YEARLY", "FREQ=YEARLY;BYMONTH=1,7", "FREQ=YEARLY;BYMONTH=7;"
    "BYDAY=1MO", "FREQ=YEARLY;BYYEARDAY=1,100,187",
    "FREQ=YEARLY;INTERVAL=2;UNTIL=20340706"
};

static const char *const clocks[] = {
    "T003000", "T023000", "T100000", "T153000", "T233000"
};

static const char *event(const char *zone, const char *clock,
                         const char *rule)
{
    return apr_psprintf(
        pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\n"
        "DTSTAMP:20260701T000000Z\r\nDTSTART;TZID=%s:20260706%s\r\n"
        "DURATION:PT30M\r\nRRULE:%s\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        zone, clock, rule);
}

static const char *line_of(const char *text, const char *name)
{
    const char *at = strstr(text, "BEGIN:VEVENT");

    at = at ? strstr(at, apr_pstrcat(pool, "\n", name, NULL)) : NULL;
    return at ? apr_pstrmemdup(pool, at + 1, strcspn(at + 1, "\r\n"))
              : NULL;
}

/** All occurrences of ten years by libical, as instants. @return how many */
static int expand(const char *text, apr_int64_t *times, int max)
{
    const char *start = line_of(text, "DTSTART"), *zone;
    const char *rule = line_of(text, "RRULE:"), *until;
    const item_zone_t *own = NULL;
    apr_int64_t local, limit;
    item_time_t t;
    int n, i;

    assert_non_null(start);
    zone = strstr(start, "TZID=");
    if (zone)
        own = item_zone_open(span(apr_pstrmemdup(pool, zone + 5,
                                                 strcspn(zone + 5, ":"))),
                             pool);
    assert_true(item_time_parse(&t, span(strchr(start, ':') + 1),
                                span("")));
    assert_true(own || t.kind == ITEM_TIME_UTC);
    if (!rule)
        return 0;
    local = t.secs;
    limit = local + YEARS * 366 * (apr_int64_t)DAY;
    until = strstr(rule, "UNTIL=");
    if (until) {
        const char *end = until + 6 + strcspn(until + 6, ";");

        assert_true(item_time_parse(&t, span(apr_pstrmemdup(
            pool, until + 6, (apr_size_t)(end - until - 6))), span("")));
        limit = t.kind == ITEM_TIME_DATE ? t.secs + DAY - 1
                : own ? item_zone_to_local(own, t.secs) : t.secs;
        rule = apr_pstrcat(pool, apr_pstrmemdup(
            pool, rule, (apr_size_t)(until - 1 - rule)), end, NULL);
    }
    n = theirs(rule + 6, local, limit, times, max);
    for (i = 0; i < n && own; i++)
        times[i] = item_zone_to_utc(own, times[i]);
    return n;
}

#define MANY  4000

static void check_form(const item_form_t *form, const char *stored,
                       const item_text_t *like)
{
    static apr_int64_t a[MANY], b[MANY];
    item_text_t text, sent, back;
    int na, nb, i;

    text.data = stored;
    text.len = strlen(stored);
    assert_int_equal(item_vcal_export(form, &text, &sent, pool),
                     APR_SUCCESS);
    if (!strstr(sent.data, "\nRRULE:"))
        return;                 /* as dates: see the test of edits */
    assert_int_equal(item_vcal_import(form, &sent, like, &back, pool),
                     APR_SUCCESS);
    na = expand(stored, a, MANY);
    nb = expand(back.data, b, MANY);
    for (i = 0; i < na && i < nb && a[i] == b[i]; i++)
        ;
    if (na != nb || i < na || na < 2)
        fail_msg("zone %s, clock %d: %d and %d occurrences, at %d %ld and "
                 "%ld:\n%s\n%s\n%s", form->zone, (int)form->clock, na, nb,
                 i, i < na ? (long)a[i] : 0, i < nb ? (long)b[i] : 0,
                 stored, sent.data, back.data);
}

/** As long as the device's zone is that of the series nothing is lost, like
 * or no like; else with like. */
static void test_ten_years(void **state)
{
    apr_pool_t *parent = pool;
    unsigned z, r, k, user;
    int clock, all = getenv("TEST_ALL") != NULL;
    item_form_t form;
    item_text_t like;

    memset(&form, 0, sizeof(form));
    form.format = ITEM_FORMAT_VCAL10;
    for (z = 0; z < sizeof(zones) / sizeof(zones[0]); z++)
        for (r = 0; r < sizeof(rules) / sizeof(rules[0]); r++)
            for (k = 0; k < sizeof(clocks) / sizeof(clocks[0]); k++)
                for (clock = 0; clock <= ITEM_CLOCK_LOCAL_Z; clock++) {
                    /* A minute's work; some of it each time. */
                    if (!all && (r + k + (unsigned)clock) % 5 != z % 5)
                        continue;
                    apr_pool_create(&pool, parent);
                    form.clock = (item_clock_e)clock;
                    like.data = event(zones[z], clocks[k], rules[r]);
                    like.len = strlen(like.data);
                    form.zone = zones[z];
                    check_form(&form, like.data, NULL);
                    form.habits = ITEM_HABIT_NO_ZONE;
                    check_form(&form, like.data, NULL);
                    form.habits = 0;
                    for (user = 0; user < (all ? 6 : 2); user++) {
                        form.zone = zones[user];
                        check_form(&form, like.data, &like);
                    }
                    apr_pool_destroy(pool);
                    pool = parent;
                }
}

static int set_up(void **state)
{
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int tear_down(void **state)
{
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libical),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_ten_years)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
