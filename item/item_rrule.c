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
/* So much is counted; a rule beyond is compared as written. */
#define MAX_COUNT    1000
#define MAX_INTERVAL 1000
#define MAX_STEPS    2000
#define MAX_LIST     16

typedef enum { F_OTHER, F_DAILY, F_WEEKLY, F_MONTHLY, F_YEARLY } freq_e;

/** A part that the arithmetic knows. */
typedef enum { P_FREQ, P_INTERVAL, P_BYDAY, P_BYMONTHDAY, P_BYMONTH, P_UNTIL,
               P_COUNT, P_WKST, P_OTHER } part_e;

static const char *const part_names[] = {
    "FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYMONTH", "UNTIL", "COUNT",
    "WKST", NULL
};

typedef struct day_t {
    int nth;                    /* 2 of 2TU, -1 of -1FR, 0 of MO */
    int weekday;                /* 0 Monday to 6 */
} day_t;

typedef struct rule_t {
    item_span_t parts[P_OTHER + 1];     /* values of the known parts */
    item_span_t others[MAX_PARTS];      /* whole parts "BYSETPOS=-1" */
    int nothers;
    freq_e freq;
    int interval, count, month; /* -1: no such number; month 0: none */
    day_t days[MAX_LIST];       /* BYDAY */
    int ndays;
    int mdays[MAX_LIST];        /* BYMONTHDAY */
    int nmdays;
    int vague;                  /* lists not understood or too long */
} rule_t;

/** A number with an optional sign. @return 0: it is none */
static int take_int(item_span_t span, int *value)
{
    int n = 0, sign = 1;

    if (!span.s)
        return 0;
    if (span.len > 1 && (*span.s == '-' || *span.s == '+')) {
        sign = *span.s == '-' ? -1 : 1;
        span.s++;
        span.len--;
    }
    if (!span.len || span.len > 6)
        return 0;
    for (; span.len; span.len--, span.s++) {
        if (!apr_isdigit(*span.s))
            return 0;
        n = n * 10 + (*span.s - '0');
    }
    *value = sign * n;
    return 1;
}

static int number_of(item_span_t span, int without)
{
    int n;

    if (!span.len)
        return without;
    return take_int(span, &n) && n > 0 ? n : -1;
}

/* ---- reading ------------------------------------------------------------ */

/** @return 0: too many parts */
static int take_part(rule_t *rule, item_span_t part)
{
    const char *eq = memchr(part.s, '=', part.len);
    item_span_t name = part;
    int i;

    name.len = eq ? (apr_size_t)(eq - part.s) : 0;
    for (i = 0; part_names[i]; i++) {
        if (item_span_is(name, part_names[i])) {
            rule->parts[i].s = eq + 1;
            rule->parts[i].len = part.len - name.len - 1;
            return 1;
        }
    }
    if (rule->nothers == MAX_PARTS)
        return 0;
    rule->others[rule->nothers++] = part;
    return 1;
}

static int take_day(rule_t *rule, item_span_t word)
{
    static const char names[] = "MOTUWETHFRSASU";
    day_t day = { 0, 0 };
    item_span_t number = word;

    if (rule->ndays == MAX_LIST || word.len < 2)
        return 0;
    number.len -= 2;
    if (number.len && (!take_int(number, &day.nth) || !day.nth
                       || abs(day.nth) > 5))
        return 0;
    while (day.weekday < 7 && strncasecmp(word.s + word.len - 2,
                                          names + 2 * day.weekday, 2))
        day.weekday++;
    rule->days[rule->ndays++] = day;
    return day.weekday < 7;
}

static int take_mday(rule_t *rule, item_span_t word)
{
    int n;

    if (rule->nmdays == MAX_LIST || !take_int(word, &n) || !n || abs(n) > 31)
        return 0;
    rule->mdays[rule->nmdays++] = n;
    return 1;
}

static void take_lists(rule_t *rule)
{
    item_span_t list = rule->parts[P_BYDAY], word;

    while (list.len && !rule->vague && item_param_value(&list, &word))
        rule->vague = !take_day(rule, word);
    list = rule->parts[P_BYMONTHDAY];
    while (list.len && !rule->vague && item_param_value(&list, &word))
        rule->vague = !take_mday(rule, word);
}

static freq_e freq_of(item_span_t value)
{
    return item_span_is(value, "DAILY") ? F_DAILY
           : item_span_is(value, "WEEKLY") ? F_WEEKLY
           : item_span_is(value, "MONTHLY") ? F_MONTHLY
           : item_span_is(value, "YEARLY") ? F_YEARLY : F_OTHER;
}

/** @return 0: too many parts */
static int read_rule(rule_t *rule, item_span_t text)
{
    const char *s = text.s, *end = text.s + text.len, *semi;
    item_span_t part;

    memset(rule, 0, sizeof(*rule));
    for (; s < end; s = semi ? semi + 1 : end) {
        semi = memchr(s, ';', (apr_size_t)(end - s));
        part.s = s;
        part.len = (apr_size_t)((semi ? semi : end) - s);
        part = item_span_trim(part);
        if (part.len && !take_part(rule, part))
            return 0;
    }
    rule->freq = freq_of(rule->parts[P_FREQ]);
    rule->interval = number_of(rule->parts[P_INTERVAL], 1);
    rule->count = number_of(rule->parts[P_COUNT], 0);
    rule->month = number_of(rule->parts[P_BYMONTH], 0);
    take_lists(rule);
    return 1;
}

/* ---- one form of the same rule ------------------------------------------- */

static int weekday_of(apr_int64_t days)
{
    return (int)(((days % 7) + 7 + 3) % 7);     /* day 0 was a Thursday */
}

static void drop_part(rule_t *rule, part_e part)
{
    rule->parts[part].len = 0;
    if (part == P_BYDAY)
        rule->ndays = 0;
    else if (part == P_BYMONTHDAY)
        rule->nmdays = 0;
    else if (part == P_BYMONTH)
        rule->month = 0;
}

/** Leave out what follows from DTSTART anyway, and take each weekday of
 * DAILY rules for WEEKLY ones: clients write it either way. */
static void simplify(rule_t *rule, apr_int64_t start)
{
    int y, m, d;

    if (rule->nothers || rule->vague)
        return;
    item_civil_from_days(start, &y, &m, &d);
    if (rule->freq == F_DAILY && rule->ndays && rule->interval == 1
        && !rule->nmdays && !rule->month) {
        rule->freq = F_WEEKLY;
        rule->parts[P_FREQ].s = "WEEKLY";
        rule->parts[P_FREQ].len = 6;
    }
    if (rule->freq == F_WEEKLY && rule->ndays == 1 && !rule->nmdays
        && rule->days[0].weekday == weekday_of(start))
        drop_part(rule, P_BYDAY);
    if ((rule->freq == F_MONTHLY
         || (rule->freq == F_YEARLY && rule->month == m))
        && rule->nmdays == 1 && !rule->ndays && rule->mdays[0] == d)
        drop_part(rule, P_BYMONTHDAY);
    if (rule->freq == F_YEARLY && rule->month == m && !rule->ndays
        && !rule->nmdays)
        drop_part(rule, P_BYMONTH);
}

/* ---- COUNT to the day of the last occurrence ----------------------------- */

static int last_weekly(const rule_t *rule, apr_int64_t *day)
{
    int wd = weekday_of(*day), set = 0, count = rule->count, i;
    apr_int64_t monday = *day - wd;

    if (!rule->ndays)
        set = 1 << wd;
    for (i = 0; i < rule->ndays; i++)
        set |= 1 << rule->days[i].weekday;
    for (;; monday += 7 * rule->interval, wd = 0) {
        for (; wd < 7; wd++) {
            if ((set & (1 << wd)) && !--count) {
                *day = monday + wd;
                return 1;
            }
        }
    }
}

/** Days of a month that a BYDAY word means, as bits 1 to 31. */
static unsigned weekdays_in(const day_t *day, int first, int last)
{
    int d = 1 + (day->weekday - first + 7) % 7, n = 1;
    int total = (last - d) / 7 + 1;
    unsigned set = 0;

    for (; d <= last; d += 7, n++)
        if (!day->nth || day->nth == n || day->nth == n - total - 1)
            set |= 1u << d;
    return set;
}

static unsigned month_set(const rule_t *rule, int y, int m, int usual)
{
    int last = item_civil_month_days(y, m), i, d;
    int first = weekday_of(item_civil_days(y, m, 1));
    unsigned set = 0;

    if (!rule->ndays && !rule->nmdays)
        return usual <= last ? 1u << usual : 0;
    for (i = 0; i < rule->ndays; i++)
        set |= weekdays_in(&rule->days[i], first, last);
    for (i = 0; i < rule->nmdays; i++) {
        d = rule->mdays[i] > 0 ? rule->mdays[i] : last + 1 + rule->mdays[i];
        if (d > 0 && d <= last)
            set |= 1u << d;
    }
    return set;
}

static int last_monthly(const rule_t *rule, int step, apr_int64_t *day)
{
    int y, m, d, usual, steps, count = rule->count;
    unsigned set;

    item_civil_from_days(*day, &y, &m, &usual);
    for (steps = 0, d = usual; steps < MAX_STEPS && y < 9999; steps++) {
        set = month_set(rule, y, m, usual);
        for (; d <= 31; d++) {
            if ((set & (1u << d)) && !--count) {
                *day = item_civil_days(y, m, d);
                return 1;
            }
        }
        m += step;
        y += (m - 1) / 12;
        m = (m - 1) % 12 + 1;
        d = 1;
    }
    return 0;
}

/** The day of the last occurrence, from DTSTART's day. @return 0: unknown */
static int last_day(const rule_t *rule, apr_int64_t *day)
{
    int y, m, d;

    if (rule->nothers || rule->vague || rule->count < 1
        || rule->count > MAX_COUNT || rule->interval < 1
        || rule->interval > MAX_INTERVAL || (rule->ndays && rule->nmdays))
        return 0;
    item_civil_from_days(*day, &y, &m, &d);
    switch (rule->freq) {
    case F_DAILY:
        if (rule->ndays || rule->nmdays || rule->month)
            return 0;
        *day += (apr_int64_t)(rule->count - 1) * rule->interval;
        return 1;
    case F_WEEKLY:
        return !rule->nmdays && !rule->month && last_weekly(rule, day);
    case F_MONTHLY:
        return !rule->month && last_monthly(rule, rule->interval, day);
    case F_YEARLY:
        if (rule->month ? rule->month != m : rule->ndays || rule->nmdays)
            return 0;
        return last_monthly(rule, 12 * rule->interval, day);
    default:
        return 0;
    }
}

/** The day of the last occurrence up to a day: clients write for UNTIL any day
 * before the next one.  @return until: unknown, or there is none */
static apr_int64_t last_until(const rule_t *rule, apr_int64_t first,
                              apr_int64_t until)
{
    rule_t r = *rule;
    int low = 0, high = 1;
    apr_int64_t day, last = until;

    for (;;) {                  /* low occurrences are not too many */
        r.count = high;
        day = first;
        if (!last_day(&r, &day))
            return until;
        if (day > until)
            break;
        low = high;
        last = day;
        if (high == MAX_COUNT)
            return until;
        high = high * 2 < MAX_COUNT ? high * 2 : MAX_COUNT;
    }
    while (high - low > 1) {
        r.count = low + (high - low) / 2;
        day = first;
        last_day(&r, &day);
        if (day > until)
            high = r.count;
        else {
            low = r.count;
            last = day;
        }
    }
    return last;
}

/* ---- writing ------------------------------------------------------------- */

static apr_int64_t day_of(const item_time_t *t)
{
    return (t->secs >= 0 ? t->secs : t->secs - DAY + 1) / DAY;
}

static int compare_words(const void *a, const void *b)
{
    const char *const *sa = a, *const *sb = b;

    return strcmp(*sa, *sb);
}

/** NAME=VALUE in upper case, a list's words sorted. */
static void put_part(apr_array_header_t *list, const char *name,
                     item_span_t value, apr_pool_t *p)
{
    apr_array_header_t *words = apr_array_make(p, 4, sizeof(char *));
    item_span_t word;
    char *c;

    while (item_param_value(&value, &word)) {
        APR_ARRAY_PUSH(words, char *) = apr_pstrmemdup(p, word.s, word.len);
        for (c = APR_ARRAY_IDX(words, words->nelts - 1, char *); *c; c++)
            *c = (char)apr_toupper(*c);
    }
    qsort(words->elts, (apr_size_t)words->nelts, sizeof(char *),
          compare_words);
    APR_ARRAY_PUSH(list, const char *)
        = apr_pstrcat(p, name, apr_array_pstrcat(p, words, ','), NULL);
}

static void put_other(apr_array_header_t *list, item_span_t part,
                      apr_pool_t *p)
{
    const char *eq = memchr(part.s, '=', part.len);
    apr_size_t name = eq ? (apr_size_t)(eq + 1 - part.s) : 0;
    char *text = apr_pstrmemdup(p, part.s, name), *c;

    for (c = text; *c; c++)
        *c = (char)apr_toupper(*c);
    part.s += name;
    part.len -= name;
    put_part(list, text, part, p);
}

/** Where the rule ends: a day if that is known, else as written. */
static void put_end(apr_array_header_t *list, const rule_t *rule,
                    const item_time_t *start, apr_pool_t *p)
{
    static const item_span_t no_zone = { "", 0 };
    item_span_t until = rule->parts[P_UNTIL];
    apr_int64_t day = day_of(start);
    item_time_t t;

    if (until.len && item_time_parse(&t, until, no_zone)) {
        day = day_of(&t);
        if (start->kind != ITEM_TIME_NONE)
            day = last_until(rule, day_of(start), day);
    }
    else if (until.len) {
        put_part(list, "UNTIL=", until, p);
        return;
    }
    else if (!rule->parts[P_COUNT].len)
        return;
    else if (start->kind == ITEM_TIME_NONE || !last_day(rule, &day)) {
        put_part(list, "COUNT=", rule->parts[P_COUNT], p);
        return;
    }
    memset(&t, 0, sizeof(t));
    t.kind = ITEM_TIME_DATE;
    t.secs = day * DAY;
    APR_ARRAY_PUSH(list, const char *)
        = apr_pstrcat(p, "END=", item_time_canon(&t, p), NULL);
}

const char *item_rrule_canon(item_span_t text, const item_time_t *start,
                             apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 8, sizeof(char *));
    rule_t rule;
    int i;

    if (!read_rule(&rule, text))
        return apr_pstrmemdup(p, text.s, text.len);
    if (start->kind != ITEM_TIME_NONE)
        simplify(&rule, day_of(start));
    for (i = 0; i <= P_BYMONTH; i++)
        if (rule.parts[i].len && (i != P_INTERVAL || rule.interval != 1))
            put_part(list, apr_pstrcat(p, part_names[i], "=", NULL),
                     rule.parts[i], p);
    for (i = 0; i < rule.nothers; i++)
        put_other(list, rule.others[i], p);
    put_end(list, &rule, start, p);
    qsort(list->elts, (apr_size_t)list->nelts, sizeof(char *),
          compare_words);
    return apr_array_pstrcat(p, list, ';');
}

int item_rrule_last(item_span_t text, const item_time_t *start,
                    item_time_t *last)
{
    static const item_span_t no_zone = { "", 0 };
    apr_int64_t first = day_of(start), day = first;
    rule_t rule;

    if (!read_rule(&rule, text))
        return 0;
    if (rule.parts[P_UNTIL].len) {
        if (!item_time_parse(last, rule.parts[P_UNTIL], no_zone))
            return 0;
        if (last->kind == ITEM_TIME_DATE)
            last->secs += DAY - 1;
        return 1;
    }
    if (!rule.parts[P_COUNT].len || start->kind == ITEM_TIME_NONE)
        return 0;
    simplify(&rule, first);
    if (!last_day(&rule, &day))
        return 0;
    *last = *start;
    last->secs += (day - first) * DAY;
    return 1;
}
