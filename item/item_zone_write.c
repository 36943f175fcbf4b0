/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Zones written: VTIMEZONE, and vCalendar's TZ and DAYLIGHT: see
 * item_zone.h. */
#include <string.h>

#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_recur.h"
#include "item/item_zone_file.h"

#define DAY          86400
/* Changes that are listed one by one; a zone has some hundred at most. */
#define MAX_CHANGES  1000
#define MAX_LINES    20
/* The first year in which a rule is looked for. */
#define FIRST_YEAR   1900

static int year_of(apr_int64_t secs)
{
    int y, m, d;

    item_civil_from_days(item_recur_day_of(secs), &y, &m, &d);
    return y;
}

static const char *local_text(apr_int64_t secs, apr_pool_t *p)
{
    item_time_t t;

    memset(&t, 0, sizeof(t));
    t.kind = ITEM_TIME_LOCAL;
    t.secs = secs;
    return item_time_canon(&t, p);
}

static const char *offset_text(int secs, apr_pool_t *p)
{
    int abs = secs < 0 ? -secs : secs;

    return apr_psprintf(p, abs % 60 ? "%c%02d%02d%02d" : "%c%02d%02d",
                        secs < 0 ? '-' : '+', abs / 3600, abs / 60 % 60,
                        abs % 60);
}

/* ---- VTIMEZONE ---------------------------------------------------------- */

/** Whether the rule's two changes of a year are what comes after an instant;
 * which moves behind them. */
static int year_is_regular(const item_zone_t *zone, int year,
                           apr_int64_t *from)
{
    item_zone_change_t rule[2], c;
    int i, first;

    item_zone_rule_change(zone, year, 1, &rule[0]);
    item_zone_rule_change(zone, year, 0, &rule[1]);
    first = rule[0].at < rule[1].at ? 0 : 1;
    *from = rule[first].at - 1;
    for (i = 0; i < 2; i++) {
        const item_zone_change_t *r = &rule[i ? !first : first];

        if (!item_zone_next(zone, *from, &c) || c.at != r->at
            || c.before != r->before || c.after != r->after)
            return 0;
        *from = c.at;
    }
    return 1;
}

/** The first year from which on the rule alone says when clocks change, with
 * nothing else between. */
static int regular_from(const item_zone_t *zone)
{
    int year = year_of(item_zone_rule_from(zone)) + 1;
    apr_int64_t from, next;
    item_zone_change_t c;

    if (year < FIRST_YEAR)
        return FIRST_YEAR;
    while (year > FIRST_YEAR && year_is_regular(zone, year - 1, &from)) {
        if (!year_is_regular(zone, year, &next)
            || !item_zone_next(zone, from, &c) || c.at > next)
            break;
        /* the year's first change must be the next after the one before */
        item_zone_next(zone, from, &c);
        if (year_of(c.at + c.before) != year)
            break;
        year--;
    }
    return year;
}

/** The parts of an RRULE for a day of the rule. @return NULL: none says it */
static const char *rule_text(const item_zone_day_t *day, apr_pool_t *p)
{
    static const char names[] = "SUMOTUWETHFRSA";
    int shift, first, last, month_days, i;
    const char *list;

    if (day->kind == 'J')
        return day->time >= 0 && day->time < DAY
               ? "FREQ=YEARLY" : NULL;  /* the day of DTSTART */
    if (day->kind != 'M')
        return NULL;
    shift = (int)item_recur_day_of(day->time);
    if (!shift)
        return apr_psprintf(p, "FREQ=YEARLY;BYMONTH=%d;BYDAY=%d%.2s",
                            day->month, day->week == 5 ? -1 : day->week,
                            names + 2 * day->weekday);
    month_days = item_civil_month_days(2001, day->month);
    if (day->week == 5 && day->month == 2)
        return NULL;
    first = (day->week == 5 ? month_days - 6 : 7 * day->week - 6) + shift;
    last = first + 6;
    if (first < 1 || last > month_days)
        return NULL;
    list = apr_itoa(p, first);
    for (i = first + 1; i <= last; i++)
        list = apr_psprintf(p, "%s,%d", list, i);
    return apr_psprintf(p, "FREQ=YEARLY;BYMONTH=%d;BYMONTHDAY=%s;BYDAY=%.2s",
                        day->month, list,
                        names + 2 * ((day->weekday + shift + 70) % 7));
}

static void put_observance(item_buf_t *b, const item_zone_change_t *c,
                           const char *start, const char *rule,
                           const char *eol)
{
    const char *name = c->dst ? "DAYLIGHT" : "STANDARD";

    item_buf_puts(b, apr_pstrcat(b->p, "BEGIN:", name, eol,
                                 "TZOFFSETFROM:",
                                 offset_text(c->before, b->p), eol,
                                 "TZOFFSETTO:", offset_text(c->after, b->p),
                                 eol, NULL));
    if (c->name && *c->name)
        item_buf_puts(b, apr_pstrcat(b->p, "TZNAME:", c->name, eol, NULL));
    item_buf_puts(b, apr_pstrcat(b->p, "DTSTART:", start, eol, NULL));
    if (rule)
        item_buf_puts(b, apr_pstrcat(b->p, "RRULE:", rule, eol, NULL));
}

static void end_observance(item_buf_t *b, const item_zone_change_t *c,
                           const char *eol)
{
    item_buf_puts(b, apr_pstrcat(b->p, "END:", c->dst ? "DAYLIGHT"
                                                      : "STANDARD", eol,
                                 NULL));
}

/** What holds at an instant, as a change. */
static void change_before(const item_zone_t *zone, apr_int64_t utc,
                          item_zone_change_t *change)
{
    /* Far enough back for any zone, and near enough for one with changes. */
    apr_int64_t from = utc - 2 * 366 * (apr_int64_t)DAY;
    item_zone_change_t c;

    memset(change, 0, sizeof(*change));
    change->at = item_civil_days(1970, 1, 1) * DAY;
    if (change->at > utc)
        change->at = item_civil_days(1601, 1, 1) * DAY;
    change->after = item_zone_offset(zone, utc, &change->dst);
    change->before = change->after;
    while (item_zone_next(zone, from, &c) && c.at <= utc) {
        *change = c;
        from = c.at;
    }
}

/** Changes one by one, those of one kind together. */
static void put_changes(item_buf_t *b, apr_array_header_t *changes,
                        const char *eol)
{
    item_zone_change_t *c = (item_zone_change_t *)changes->elts;
    char *done = apr_pcalloc(b->p, (apr_size_t)changes->nelts + 1);
    int i, k;

    for (i = 0; i < changes->nelts; i++) {
        if (done[i])
            continue;
        put_observance(b, &c[i], local_text(c[i].at + c[i].before, b->p),
                       NULL, eol);
        for (k = i + 1; k < changes->nelts; k++) {
            if (c[k].before != c[i].before || c[k].after != c[i].after
                || c[k].dst != c[i].dst)
                continue;
            done[k] = 1;
            item_buf_puts(b, apr_pstrcat(
                b->p, "RDATE:", local_text(c[k].at + c[k].before, b->p), eol,
                NULL));
        }
        end_observance(b, &c[i], eol);
    }
}

static void put_rule(item_buf_t *b, const item_zone_t *zone, int year,
                     const char *eol)
{
    item_zone_change_t c;
    int start;

    for (start = 1; start >= 0; start--) {
        item_zone_rule_change(zone, year, start, &c);
        put_observance(b, &c, local_text(c.at + c.before, b->p),
                       rule_text(start ? &zone->rule.start
                                       : &zone->rule.end, b->p), eol);
        end_observance(b, &c, eol);
    }
}

void item_zone_vtimezone(item_buf_t *b, const item_zone_t *zone,
                         const char *tzid, apr_int64_t from, const char *eol)
{
    apr_array_header_t *changes
        = apr_array_make(b->p, 8, sizeof(item_zone_change_t));
    const item_zone_rule_t *rule = &zone->rule;
    int by_rule = rule->known && rule->has_dst
                  && rule_text(&rule->start, b->p)
                  && rule_text(&rule->end, b->p);
    int year = by_rule ? regular_from(zone) : 0;
    item_zone_change_t c;

    item_buf_puts(b, apr_pstrcat(b->p, "BEGIN:VTIMEZONE", eol, "TZID:", tzid,
                                 eol, NULL));
    if (*zone->name && strcmp(zone->name, tzid))
        item_buf_puts(b, apr_pstrcat(b->p, "X-LIC-LOCATION:", zone->name,
                                     eol, NULL));
    if (!by_rule || year_of(from) <= year) {
        change_before(zone, from, &c);
        do {
            APR_ARRAY_PUSH(changes, item_zone_change_t) = c;
            if (!by_rule && rule->has_dst && c.at > from
                && year_of(c.at) > year_of(from) + 30)
                break;
        } while (changes->nelts < MAX_CHANGES
                 && item_zone_next(zone, c.at > from ? c.at : from, &c)
                 && (!by_rule || year_of(c.at + c.before) < year));
        put_changes(b, changes, eol);
    }
    if (by_rule)
        put_rule(b, zone, year, eol);
    item_buf_puts(b, apr_pstrcat(b->p, "END:VTIMEZONE", eol, NULL));
}

/* ---- TZ and DAYLIGHT ---------------------------------------------------- */

/** "+01", "+0530": as Nokia and others write it. */
static const char *short_offset(int secs, apr_pool_t *p)
{
    int minutes = (secs < 0 ? -secs : secs) / 60;

    return apr_psprintf(p, minutes % 60 ? "%c%02d%02d" : "%c%02d",
                        secs < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

/** Summer time that begins in a year. @return 0: none */
static int summer_of(const item_zone_t *zone, int year,
                     item_zone_change_t *start, item_zone_change_t *end)
{
    apr_int64_t from = item_civil_days(year, 1, 1) * DAY - DAY;

    do {
        if (!item_zone_next(zone, from, start)
            || year_of(start->at + start->before) > year)
            return 0;
        from = start->at;
    } while (year_of(start->at + start->before) < year || !start->dst
             || start->after <= start->before);
    return item_zone_next(zone, start->at, end) && end->after < end->before
           && end->at - start->at < 366 * (apr_int64_t)DAY;
}

void item_zone_lines(item_buf_t *b, const item_zone_t *zone, int from,
                     int to, int named, const char *eol)
{
    apr_int64_t at = item_civil_days(from, 1, 1) * DAY;
    item_zone_change_t start, end;
    int dst, offset, year, summers = 0;

    /* The standard time of the first year: what holds on one of two days
     * half a year apart. */
    offset = item_zone_offset(zone, at, &dst);
    if (dst)
        offset = item_zone_offset(zone, at + 182 * DAY, &dst);
    item_buf_puts(b, apr_pstrcat(b->p, "TZ:", short_offset(offset, b->p),
                                 eol, NULL));
    if (to > from + MAX_LINES - 1)
        to = from + MAX_LINES - 1;
    for (year = from; year <= to; year++) {
        if (!summer_of(zone, year, &start, &end))
            continue;
        summers++;
        item_buf_puts(b, apr_pstrcat(
            b->p, "DAYLIGHT:TRUE;", short_offset(start.after, b->p), ";",
            local_text(start.at + start.before, b->p), ";",
            local_text(end.at + end.before, b->p), ";",
            named && end.name ? end.name : "", ";",
            named && start.name ? start.name : "", eol, NULL));
    }
    if (!summers)
        item_buf_puts(b, apr_pstrcat(b->p, "DAYLIGHT:FALSE", eol, NULL));
}
