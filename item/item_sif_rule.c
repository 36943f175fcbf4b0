/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Series in SIF: patterns and the dates of exceptions. See item_sif_int.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_sif.h"
#include "item/item_sif_int.h"

#define DAY       86400
#define LAST      5             /* Instance: the last in the month */
#define MAX_STEP  9999

/* RecurrenceType */
enum { DAILY = 0, WEEKLY = 1, MONTHLY = 2, MONTHLY_NTH = 3, YEARLY = 5,
       YEARLY_NTH = 6 };

static const char *const weekdays[] = {
    "SU", "MO", "TU", "WE", "TH", "FR", "SA"
};

typedef struct pattern_t {
    int type, mask, instance, day, month;
    long interval, count;
    item_span_t until;          /* as written; len 0: none */
} pattern_t;

static const item_span_t nothing = { "", 0 };

static apr_int64_t time_of_day(apr_int64_t secs)
{
    return (secs % DAY + DAY) % DAY;
}

static int weekday_of(apr_int64_t day)
{
    return (int)(((day / DAY + 4) % 7 + 7) % 7);
}

/** How many days the store's date of the start is after the device's. */
static int shift_of(const item_sif_t *s)
{
    if (s->start.kind != SIF_INSTANT)
        return 0;
    return (int)((sif_time_day(&s->start, s->own)
                  - sif_time_day(&s->start, s->pattern)) / DAY);
}

static int rotate(int mask, int days)
{
    days = (days % 7 + 7) % 7;
    return ((mask << days) | (mask >> (7 - days))) & 127;
}

/* ---- from the device ------------------------------------------------------ */

sif_when_t sif_rule_occurrence(const item_sif_t *s, item_span_t text)
{
    sif_when_t when = sif_time_read(s, text, NULL);
    apr_int64_t local;
    item_time_t t;

    if (when.kind == SIF_NEVER)
        return when;
    item_time_parse(&t, text, nothing);
    if (s->start.kind == SIF_DAY) {
        when.secs = when.kind == SIF_DAY || !time_of_day(t.secs)
                    ? t.secs - time_of_day(t.secs)
                    : sif_time_day(&when, s->pattern);
        when.kind = SIF_DAY;
        return when;
    }
    if (when.kind != SIF_DAY && time_of_day(t.secs))
        return when;
    local = time_of_day(sif_time_local(&s->start, s->pattern));
    /* An instant that happens to be midnight in UTC is no day. */
    if (when.kind == SIF_INSTANT
        && time_of_day(sif_time_local(&when, s->pattern)) == local)
        return when;
    return sif_time_of_local(s, t.secs - time_of_day(t.secs) + local,
                             s->pattern);
}

static void put_days(item_buf_t *b, int mask)
{
    int i, n = 0;

    for (i = 0; i < 7; i++) {
        int day = (i + 1) % 7;  /* the week begins on Monday */

        if (!(mask & 1 << day))
            continue;
        if (n++)
            item_buf_putc(b, ',');
        item_buf_puts(b, weekdays[day]);
    }
}

/** The nth of one weekday, or of several. */
static void put_nth(item_buf_t *b, apr_pool_t *p, int mask, int instance)
{
    int nth = instance >= LAST ? -1 : instance > 0 ? instance : 1;

    item_buf_puts(b, ";BYDAY=");
    if (mask & (mask - 1)) {
        put_days(b, mask);
        item_buf_puts(b, apr_psprintf(p, ";BYSETPOS=%d", nth));
        return;
    }
    item_buf_puts(b, apr_psprintf(p, "%d", nth));
    put_days(b, mask);
}

/** Non-zero if the store's rule has that part. */
static int stored_says(const item_sif_t *s, const char *part)
{
    const item_entry_t *rule = s->main ? item_part_find(s->main, "RRULE")
                                       : NULL;
    item_span_t rest, word;

    if (!rule)
        return 0;
    rest = rule->line.value;
    while (item_value_next(&rest, ';', &word))
        if (item_span_is(item_span_trim(word), part))
            return 1;
    return 0;
}

/** The end: a day wins over a count, as it does where both are known; but a
 * count that is the store's stays one. */
static void put_end(item_sif_t *s, const item_xml_t *root, item_buf_t *b)
{
    item_span_t text = item_xml_text(root, "PatternEndDate");
    long count = sif_number(root, "Occurrences", 0);
    const char *as_count;
    sif_when_t until;

    if (sif_number(root, "NoEndDate", 0) == 1)
        return;
    as_count = apr_psprintf(s->p, "COUNT=%ld", count);
    until = sif_rule_occurrence(s, text);
    if (until.kind == SIF_NEVER || (count > 0 && stored_says(s, as_count))) {
        if (count > 0)
            item_buf_puts(b, apr_pstrcat(s->p, ";", as_count, NULL));
        return;
    }
    item_buf_puts(b, ";UNTIL=");
    if (until.kind == SIF_INSTANT && s->style != SIF_AS_FLOATING) {
        item_time_t t;

        memset(&t, 0, sizeof(t));
        t.kind = ITEM_TIME_UTC;
        t.secs = until.secs;
        item_buf_puts(b, item_time_canon(&t, s->p));
    }
    else
        item_buf_puts(b, sif_time_value(s, &until));
}

static int day_of_month(const item_sif_t *s, const item_xml_t *root)
{
    long day = sif_number(root, "DayOfMonth", 0);
    int y, m, d;

    if (day >= 1 && day <= 31)
        return day == 31 && stored_says(s, "BYMONTHDAY=-1") ? -1 : (int)day;
    item_civil_from_days(sif_time_day(&s->start, s->own) / DAY, &y, &m, &d);
    return d;
}

static int month_of_year(const item_sif_t *s, const item_xml_t *root)
{
    long month = sif_number(root, "MonthOfYear", 0);
    int y, m, d;

    if (month >= 1 && month <= 12)
        return (int)month;
    item_civil_from_days(sif_time_day(&s->start, s->own) / DAY, &y, &m, &d);
    return m;
}

static void put_rule(item_sif_t *s, const item_xml_t *root, int type)
{
    static const char *const names[] = {
        "DAILY", "WEEKLY", "MONTHLY", "MONTHLY", NULL, "YEARLY", "YEARLY"
    };
    long interval = sif_number(root, "Interval", 1);
    int mask = (int)(sif_number(root, "DayOfWeekMask", 0) & 127);
    int instance = (int)sif_number(root, "Instance", 1);
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = s->p;
    if (!mask)
        mask = 1 << weekday_of(sif_time_day(&s->start, s->pattern));
    mask = rotate(mask, shift_of(s));
    /* Outlook counts the months of a yearly pattern. */
    if (type >= YEARLY && interval % 12 == 0)
        interval /= 12;
    item_buf_puts(&b, apr_pstrcat(s->p, "FREQ=", names[type], NULL));
    if (interval > 1)
        item_buf_puts(&b, apr_psprintf(s->p, ";INTERVAL=%ld",
                                       interval < MAX_STEP ? interval
                                                           : MAX_STEP));
    if (type >= YEARLY)
        item_buf_puts(&b, apr_psprintf(s->p, ";BYMONTH=%d",
                                       month_of_year(s, root)));
    if (type == MONTHLY || type == YEARLY)
        item_buf_puts(&b, apr_psprintf(s->p, ";BYMONTHDAY=%d",
                                       day_of_month(s, root)));
    else if (type == WEEKLY) {
        item_buf_puts(&b, ";BYDAY=");
        put_days(&b, mask);
    }
    else if (type != DAILY)
        put_nth(&b, s->p, mask, instance);
    put_end(s, root, &b);
    item_put(&s->out, "RRULE", b.s);
}

/** Non-zero if a changed occurrence stands for that one. */
static int is_changed(const item_sif_t *s, const item_xml_t *exceptions,
                      const sif_when_t *when)
{
    const item_xml_t *e;
    sif_when_t original;

    for (e = exceptions->first; e; e = e->next) {
        if (!item_sif_is(e, "ExAppointment"))
            continue;
        original = sif_rule_occurrence(s, item_xml_text(e, "OriginalDate"));
        if (original.kind == when->kind && original.secs == when->secs)
            return 1;
    }
    return 0;
}

static void put_dates(item_sif_t *s, const item_xml_t *exceptions,
                      const char *element, const char *property)
{
    item_buf_t list = { NULL, NULL, 0, 0 };
    const char *params = "";
    const item_xml_t *e;
    int n = 0;

    list.p = s->p;
    for (e = exceptions ? exceptions->first : NULL;
         e && n < ITEM_SIF_MAX_EXCEPTIONS; e = e->next) {
        item_span_t text;
        sif_when_t when;

        if (!item_sif_is(e, element))
            continue;
        text.s = e->text;
        text.len = e->len;
        when = sif_rule_occurrence(s, text);
        if (when.kind == SIF_NEVER
            || (n < 64 && is_changed(s, exceptions, &when)))
            continue;
        if (n++)
            item_buf_putc(&list, ',');
        item_buf_puts(&list, sif_time_value(s, &when));
        params = sif_time_params(s, &when);
    }
    if (n)
        item_put(&s->out, apr_pstrcat(s->p, property, params, NULL), list.s);
}

void sif_rule_read(item_sif_t *s, const item_xml_t *root)
{
    const item_xml_t *exceptions = item_xml_find(root, "Exceptions");
    long type = sif_number(root, "RecurrenceType", -1);

    if (type < DAILY || type > YEARLY_NTH || type == 4
        || s->start.kind == SIF_NEVER)
        return;
    put_rule(s, root, (int)type);
    put_dates(s, exceptions, "ExcludeDate", "EXDATE");
    put_dates(s, exceptions, "IncludeDate", "RDATE");
}

/* ---- from the store ------------------------------------------------------- */

/** A rule's parts, as far as SIF has any of it. */
typedef struct parts_t {
    char freq;                  /* D, W, M, Y; 0: another */
    pattern_t p;
    int ndays, nth;             /* BYDAY, with the same number each */
    int nmonthdays, nmonths, npos, pos;
    int other;                  /* what no pattern has */
} parts_t;

static void parse_days(parts_t *r, item_span_t list)
{
    item_span_t word;
    char *end;
    int i, nth;

    while (item_value_next(&list, ',', &word)) {
        char text[16];

        word = item_span_trim(word);
        if (word.len < 2 || word.len >= sizeof(text)) {
            r->other = 1;
            return;
        }
        memcpy(text, word.s, word.len);
        text[word.len] = '\0';
        nth = (int)strtol(text, &end, 10);
        for (i = 0; i < 7 && strcasecmp(end, weekdays[i]); i++)
            ;
        if (i == 7 || (r->ndays && nth != r->nth)) {
            r->other = 1;
            return;
        }
        r->nth = nth;
        r->ndays++;
        r->p.mask |= 1 << i;
    }
}

static int parse_number(item_span_t value, apr_pool_t *p)
{
    return (int)strtol(apr_pstrmemdup(p, value.s,
                                      value.len < 9 ? value.len : 9),
                       NULL, 10);
}

/** One number of a list. @return how many there are */
static int parse_list(item_span_t list, int *value, apr_pool_t *p)
{
    item_span_t word;
    int n = 0;

    while (item_value_next(&list, ',', &word)) {
        *value = parse_number(item_span_trim(word), p);
        n++;
    }
    return n;
}

static void parse_part(parts_t *r, item_span_t name, item_span_t value,
                       apr_pool_t *p)
{
    static const char *const freqs[] = {
        "DAILY", "WEEKLY", "MONTHLY", "YEARLY"
    };
    int i;

    if (item_span_is(name, "FREQ")) {
        for (i = 0; i < 4; i++)
            if (item_span_is(value, freqs[i]))
                r->freq = *freqs[i];
    }
    else if (item_span_is(name, "INTERVAL"))
        r->p.interval = parse_number(value, p);
    else if (item_span_is(name, "COUNT"))
        r->p.count = parse_number(value, p);
    else if (item_span_is(name, "UNTIL"))
        r->p.until = value;
    else if (item_span_is(name, "BYDAY"))
        parse_days(r, value);
    else if (item_span_is(name, "BYMONTHDAY"))
        r->nmonthdays = parse_list(value, &r->p.day, p);
    else if (item_span_is(name, "BYMONTH"))
        r->nmonths = parse_list(value, &r->p.month, p);
    else if (item_span_is(name, "BYSETPOS"))
        r->npos = parse_list(value, &r->pos, p);
    else if (!item_span_is(name, "WKST"))
        r->other = 1;
}

/** The number among the weekdays of a month. @return 0: SIF has none */
static int find_instance(const parts_t *r)
{
    int nth = r->npos ? r->pos : r->nth;

    if (r->npos ? r->npos != 1 || r->nth : r->ndays != 1)
        return 0;
    return nth == -1 ? LAST : nth >= 1 && nth < LAST ? nth : 0;
}

/** Monthly, or yearly in one month. */
static int find_month_type(parts_t *r, int yearly, int start_day)
{
    r->p.type = yearly ? YEARLY : MONTHLY;
    if (!r->ndays) {
        if (r->npos || r->nmonthdays > 1
            || (yearly && r->nmonthdays && !r->nmonths))
            return 0;
        if (!r->nmonthdays)
            r->p.day = start_day;
        if (r->p.day == -1 && !yearly)
            r->p.day = 31;
        return r->p.day >= 1 && r->p.day <= 31;
    }
    r->p.instance = find_instance(r);
    r->p.type = yearly ? YEARLY_NTH : MONTHLY_NTH;
    return r->p.instance && !r->nmonthdays && (!yearly || r->nmonths);
}

/** @return 0: no pattern of SIF says this */
static int find_type(parts_t *r, const item_sif_t *s)
{
    apr_int64_t day = sif_time_day(&s->start, s->own);
    int shift = shift_of(s), y, m, d, ok = 0;

    if (r->other || r->nmonths > 1 || r->p.interval < 1
        || (r->nmonths && (r->p.month < 1 || r->p.month > 12)))
        return 0;
    item_civil_from_days(day / DAY, &y, &m, &d);
    switch (r->freq) {
    case 'D':
        r->p.type = r->ndays ? WEEKLY : DAILY;
        ok = !r->nmonthdays && !r->nmonths && !r->npos && !r->nth
             && (!r->ndays || r->p.interval == 1);
        break;
    case 'W':
        r->p.type = WEEKLY;
        if (!r->p.mask)
            r->p.mask = 1 << weekday_of(day);
        ok = !r->nmonthdays && !r->nmonths && !r->npos && !r->nth;
        break;
    case 'M':
        ok = !r->nmonths && find_month_type(r, 0, d) && !shift;
        break;
    case 'Y':
        ok = find_month_type(r, 1, d) && !shift;
        if (!r->nmonths)
            r->p.month = m;
        break;
    default:
        break;
    }
    r->p.mask = rotate(r->p.mask, -shift);
    return ok;
}

/** The only rule of a component. @return 0: none, or more than one, or not
 * one for SIF */
static int find_pattern(item_sif_t *s, const item_part_t *part,
                        pattern_t *pattern)
{
    const item_entry_t *rule = item_part_find(part, "RRULE");
    item_span_t rest, word, name;
    parts_t r;

    memset(&r, 0, sizeof(r));
    r.p.interval = 1;
    r.p.until = nothing;
    if (!rule || item_part_find_last(part, "RRULE") != rule
        || item_part_find(part, "EXRULE") || s->start.kind == SIF_NEVER)
        return 0;
    rest = rule->line.value;
    while (item_value_next(&rest, ';', &word)) {
        const char *eq = word.len ? memchr(word.s, '=', word.len) : NULL;

        if (!eq)
            continue;
        name.s = word.s;
        name.len = (apr_size_t)(eq - word.s);
        word.s = eq + 1;
        word.len -= name.len + 1;
        parse_part(&r, item_span_trim(name), item_span_trim(word), s->p);
    }
    *pattern = r.p;
    if (!find_type(&r, s))
        return 0;
    *pattern = r.p;
    return 1;
}

/** The day of the last occurrence, as the device's calendar has it. */
static sif_when_t last_day(item_sif_t *s, item_span_t text)
{
    sif_when_t until = { SIF_NEVER, 0 };
    apr_int64_t start = sif_time_local(&s->start, s->pattern), local;
    item_time_t t;

    if (!item_time_parse(&t, text, nothing))
        return until;
    until.kind = SIF_DAY;
    if (t.kind == ITEM_TIME_DATE || s->start.kind == SIF_DAY) {
        until.secs = t.secs - time_of_day(t.secs);
        return until;
    }
    until.kind = t.kind == ITEM_TIME_UTC ? SIF_INSTANT : SIF_FLOATING;
    until.secs = t.secs;
    local = sif_time_local(&until, s->pattern);
    until.kind = SIF_DAY;
    until.secs = local - time_of_day(local);
    if (until.secs + time_of_day(start) > local)
        until.secs -= DAY;
    return until;
}

/** A day as patterns have it: as a time for what has times. */
static const char *pattern_day(item_sif_t *s, const sif_when_t *day)
{
    item_time_t t;

    if (s->start.kind == SIF_DAY)
        return sif_time_device(s, day);
    memset(&t, 0, sizeof(t));
    t.kind = ITEM_TIME_LOCAL;
    t.secs = day->secs;
    return item_time_canon(&t, s->p);
}

int sif_rule_write(item_sif_t *s, const item_part_t *part)
{
    sif_when_t day = { SIF_DAY, 0 }, until;
    pattern_t p;

    if (!find_pattern(s, part, &p)) {
        sif_put_number(s, "IsRecurring", 0);
        return 0;
    }
    day.secs = sif_time_day(&s->start, s->pattern);
    until = last_day(s, p.until);
    sif_put_number(s, "IsRecurring", 1);
    sif_put_number(s, "RecurrenceType", p.type);
    sif_put_number(s, "Interval", p.interval);
    sif_put_number(s, "DayOfMonth", p.day > 0 ? p.day : 0);
    sif_put_number(s, "DayOfWeekMask", p.mask);
    sif_put_number(s, "Instance", p.instance);
    sif_put_number(s, "MonthOfYear", p.month);
    sif_put(s, "PatternStartDate", pattern_day(s, &day));
    sif_put_number(s, "NoEndDate", !p.count && until.kind == SIF_NEVER);
    sif_put(s, "PatternEndDate", until.kind == SIF_NEVER
                                 ? "" : pattern_day(s, &until));
    sif_put_number(s, "Occurrences", p.count > 0 ? p.count : 0);
    return 1;
}

static void write_dates(item_sif_t *s, const char *property,
                        const char *element, int *n)
{
    const item_entry_t *entry;
    item_span_t rest, word;
    sif_when_t when;
    int i;

    for (i = 0; i < s->main->entries->nelts; i++) {
        entry = APR_ARRAY_IDX(s->main->entries, i, const item_entry_t *);
        if (entry->part || !item_span_is(entry->line.name, property))
            continue;
        rest = entry->line.value;
        while (item_value_next(&rest, ',', &word)
               && *n < ITEM_SIF_MAX_EXCEPTIONS) {
            when = sif_time_word(s, &entry->line, word);
            if (when.kind == SIF_NEVER)
                continue;
            sif_put(s, element, sif_time_device(s, &when));
            ++*n;
        }
    }
}

void sif_rule_write_exceptions(item_sif_t *s,
                               void (*write)(item_sif_t *s,
                                             const item_part_t *part))
{
    const item_entry_t *entry;
    int i, n = 0;

    item_xml_open(&s->out, "Exceptions");
    write_dates(s, "EXDATE", "ExcludeDate", &n);
    write_dates(s, "RDATE", "IncludeDate", &n);
    for (i = 0; i < s->doc->root->entries->nelts
                && n < ITEM_SIF_MAX_EXCEPTIONS; i++) {
        entry = APR_ARRAY_IDX(s->doc->root->entries, i,
                              const item_entry_t *);
        /* An occurrence alone that recurs is the series, not an exception
         * to itself, of which each way there and back would make one more. */
        if (!entry->part || entry->part->kind != (int)s->kind
            || entry->part == s->main
            || !item_part_find(entry->part, "RECURRENCE-ID"))
            continue;
        write(s, entry->part);
        n++;
    }
    item_xml_close(&s->out, "Exceptions");
}
