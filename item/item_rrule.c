/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Recurrence rules in the form in which they are compared: item_time.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "item/item_civil.h"
#include "item/item_time.h"

#define DAY          86400
#define MAX_PARTS    24
/* Occurrences that are counted; a longer COUNT is compared as written. */
#define MAX_COUNT    5000
#define MAX_INTERVAL 1000

typedef struct rule_t {
    item_span_t parts[MAX_PARTS];       /* "BYDAY=MO", without the below */
    int nparts;
    item_span_t freq, byday, bymonthday, bymonth, until, count;
    int other;                  /* a part that the arithmetic cannot do */
    int interval;
} rule_t;

static int to_int(item_span_t span)
{
    int n = 0;

    if (!span.len || span.len > 6)
        return -1;
    while (span.len--) {
        if (!apr_isdigit(*span.s))
            return -1;
        n = n * 10 + (*span.s++ - '0');
    }
    return n;
}

static int part_is(item_span_t part, const char *name, item_span_t *value)
{
    apr_size_t n = strlen(name);

    if (part.len <= n || part.s[n] != '=' || strncasecmp(part.s, name, n))
        return 0;
    value->s = part.s + n + 1;
    value->len = part.len - n - 1;
    return 1;
}

static void take_part(rule_t *rule, item_span_t part)
{
    item_span_t value;

    if (part_is(part, "WKST", &value))
        return;
    if (part_is(part, "INTERVAL", &value)) {
        rule->interval = to_int(value);
        if (rule->interval == 1)
            return;
    }
    else if (part_is(part, "UNTIL", &rule->until)
             || part_is(part, "COUNT", &rule->count))
        return;
    else if (!part_is(part, "FREQ", &rule->freq)
             && !part_is(part, "BYDAY", &rule->byday)
             && !part_is(part, "BYMONTHDAY", &rule->bymonthday)
             && !part_is(part, "BYMONTH", &rule->bymonth))
        rule->other = 1;
    rule->parts[rule->nparts++] = part;
}

/** @return 0: too many parts */
static int split_rule(rule_t *rule, item_span_t text)
{
    const char *s = text.s, *end = text.s + text.len;
    item_span_t part;

    memset(rule, 0, sizeof(*rule));
    rule->interval = 1;
    while (s < end) {
        const char *semi = memchr(s, ';', (apr_size_t)(end - s));

        part.s = s;
        part.len = (apr_size_t)((semi ? semi : end) - s);
        part = item_span_trim(part);
        if (part.len) {
            if (rule->nparts == MAX_PARTS)
                return 0;
            take_part(rule, part);
        }
        s = semi ? semi + 1 : end;
    }
    return 1;
}

/** Weekday 0 (Monday) to 6 of a two-letter name, -1 for none. */
static int weekday(const char *s, apr_size_t len)
{
    static const char names[] = "MOTUWETHFRSASU";
    int i;

    for (i = 0; len == 2 && i < 7; i++)
        if (!strncasecmp(s, names + 2 * i, 2))
            return i;
    return -1;
}

/** Bits of the weekdays in "MO,WE", 0 if there is anything else. */
static int weekday_set(item_span_t list)
{
    item_span_t day;
    int set = 0, wd;

    while (item_param_value(&list, &day)) {
        wd = weekday(day.s, day.len);
        if (wd < 0)
            return 0;
        set |= 1 << wd;
    }
    return set;
}

/* 1970-01-01 was a Thursday. */
static int weekday_of(apr_int64_t days)
{
    return (int)(((days % 7) + 7 + 3) % 7);
}

static int last_weekly(const rule_t *rule, int count, apr_int64_t *days)
{
    int first = weekday_of(*days), wd = first;
    apr_int64_t monday = *days - first;
    int set = rule->byday.len ? weekday_set(rule->byday) : 1 << first;

    if (!(set & (1 << first)))
        return 0;               /* DTSTART is no occurrence: readings vary */
    for (;; monday += 7 * rule->interval, wd = 0) {
        for (; wd < 7; wd++) {
            if ((set & (1 << wd)) && !--count) {
                *days = monday + wd;
                return 1;
            }
        }
    }
}

/** "2TU" or "-1FR": the day in that month, 0 if it has none. */
static int nth_weekday(item_span_t text, int year, int month)
{
    int sign = 1, n, wd, first, last;

    if (text.len == 4 && (*text.s == '-' || *text.s == '+')) {
        sign = *text.s == '-' ? -1 : 1;
        text.s++;
        text.len--;
    }
    if (text.len != 3 || *text.s < '1' || *text.s > '5')
        return 0;
    n = *text.s - '0';
    wd = weekday(text.s + 1, 2);
    if (wd < 0)
        return 0;
    last = item_civil_month_days(year, month);
    if (sign > 0) {
        first = weekday_of(item_civil_days(year, month, 1));
        n = 1 + (wd - first + 7) % 7 + 7 * (n - 1);
        return n <= last ? n : 0;
    }
    first = weekday_of(item_civil_days(year, month, last));
    n = last - (first - wd + 7) % 7 - 7 * (n - 1);
    return n > 0 ? n : 0;
}

/** Monthly (step months) on one day or one weekday of the month. */
static int last_monthly(const rule_t *rule, int step, int count,
                        apr_int64_t *days)
{
    int y, m, d, day, tries;

    item_civil_from_days(*days, &y, &m, &d);
    if (rule->byday.len && rule->bymonthday.len)
        return 0;
    if (rule->bymonthday.len && to_int(rule->bymonthday) != d)
        return 0;
    if (rule->byday.len && nth_weekday(rule->byday, y, m) != d)
        return 0;
    for (tries = 0; tries < 8 * MAX_COUNT && y < 9999; tries++) {
        day = rule->byday.len ? nth_weekday(rule->byday, y, m) : d;
        if (day && day <= item_civil_month_days(y, m) && !--count) {
            *days = item_civil_days(y, m, day);
            return 1;
        }
        m += step;
        y += (m - 1) / 12;
        m = (m - 1) % 12 + 1;
    }
    return 0;
}

/** The day of the last occurrence, from DTSTART's day. @return 0: unknown */
static int last_day(const rule_t *rule, int count, apr_int64_t *days)
{
    int y, m, d;

    if (rule->other || rule->interval < 1 || rule->interval > MAX_INTERVAL
        || count < 1 || count > MAX_COUNT)
        return 0;
    if (item_span_is(rule->freq, "WEEKLY"))
        return !rule->bymonth.len && !rule->bymonthday.len
               && last_weekly(rule, count, days);
    if (item_span_is(rule->freq, "MONTHLY"))
        return !rule->bymonth.len
               && last_monthly(rule, rule->interval, count, days);
    if (item_span_is(rule->freq, "YEARLY")) {
        item_civil_from_days(*days, &y, &m, &d);
        if (rule->bymonth.len ? to_int(rule->bymonth) != m
                              : rule->byday.len || rule->bymonthday.len)
            return 0;
        return last_monthly(rule, 12 * rule->interval, count, days);
    }
    if (!item_span_is(rule->freq, "DAILY") || rule->byday.len
        || rule->bymonth.len || rule->bymonthday.len)
        return 0;
    *days += (apr_int64_t)(count - 1) * rule->interval;
    return 1;
}

static apr_int64_t day_of(const item_time_t *t)
{
    return (t->secs >= 0 ? t->secs : t->secs - DAY + 1) / DAY;
}

static const char *canon_end(const rule_t *rule, const item_time_t *start,
                             apr_pool_t *p)
{
    static const item_span_t no_zone = { "", 0 };
    item_time_t t;
    apr_int64_t days;

    if (!rule->until.len && !rule->count.len)
        return NULL;
    memset(&t, 0, sizeof(t));
    if (rule->until.len && item_time_parse(&t, rule->until, no_zone))
        days = day_of(&t);
    else {
        days = start->kind != ITEM_TIME_NONE ? day_of(start) : 0;
        if (rule->until.len || start->kind == ITEM_TIME_NONE
            || !last_day(rule, to_int(rule->count), &days))
            return apr_psprintf(p, "END=%.*s,%.*s",
                                (int)rule->until.len, rule->until.s,
                                (int)rule->count.len, rule->count.s);
    }
    t.kind = ITEM_TIME_DATE;
    t.secs = days * DAY;
    return apr_pstrcat(p, "END=", item_time_canon(&t, p), NULL);
}

static int compare_words(const void *a, const void *b)
{
    const char *const *sa = a, *const *sb = b;

    return strcmp(*sa, *sb);
}

/** Sort the words of a list that is cut at a character. */
static char *sort_words(char *text, char sep, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 8, sizeof(char *));
    char *next;

    for (; text; text = next) {
        next = strchr(text, sep);
        if (next)
            *next++ = '\0';
        APR_ARRAY_PUSH(words, const char *) = text;
    }
    qsort(words->elts, (apr_size_t)words->nelts, sizeof(char *),
          compare_words);
    return apr_array_pstrcat(p, words, sep);
}

/** "BYDAY=we,mo" to "BYDAY=MO,WE" */
static char *canon_part(item_span_t part, apr_pool_t *p)
{
    char *text = apr_pstrmemdup(p, part.s, part.len), *c, *eq;

    for (c = text; *c; c++)
        *c = (char)apr_toupper(*c);
    eq = strchr(text, '=');
    if (!eq || !strchr(eq, ','))
        return text;
    *eq = '\0';
    return apr_pstrcat(p, text, "=", sort_words(eq + 1, ',', p), NULL);
}

const char *item_rrule_canon(item_span_t text, const item_time_t *start,
                             apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 8, sizeof(char *));
    const char *end;
    rule_t rule;
    int i;

    if (!split_rule(&rule, text))
        return apr_pstrmemdup(p, text.s, text.len);
    for (i = 0; i < rule.nparts; i++)
        APR_ARRAY_PUSH(list, char *) = canon_part(rule.parts[i], p);
    end = canon_end(&rule, start, p);
    if (end)
        APR_ARRAY_PUSH(list, const char *) = end;
    qsort(list->elts, (apr_size_t)list->nelts, sizeof(char *),
          compare_words);
    return apr_array_pstrcat(p, list, ';');
}
