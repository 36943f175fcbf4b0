/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Zones recognised by what a text says of them: see item_zone.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_recur.h"
#include "item/item_zone_file.h"

#define DAY          86400
#define YEARS        2          /* that rules are compared in */
#define MAX_CHANGES  64

/** What a text says happens in a zone. */
typedef struct clue_t {
    apr_int64_t at;             /* instant; from here on ... */
    int before, after;          /* NEITHER: not said */
} clue_t;

#define NEITHER  (-1000000)

typedef struct clues_t {
    clue_t list[MAX_CHANGES];
    int n;
    int slack;                  /* so many seconds off a change may be */
} clues_t;

static void add_clue(clues_t *clues, apr_int64_t at, int before, int after)
{
    clue_t *clue;

    if (clues->n == MAX_CHANGES)
        return;
    clue = &clues->list[clues->n++];
    clue->at = at;
    clue->before = before;
    clue->after = after;
}

static int agrees(const item_zone_t *zone, const clues_t *clues)
{
    int i;

    for (i = 0; i < clues->n; i++) {
        const clue_t *c = &clues->list[i];

        if (item_zone_offset(zone, c->at + clues->slack, NULL) != c->after
            || (c->before != NEITHER
                && item_zone_offset(zone, c->at - 1 - clues->slack, NULL)
                   != c->before))
            return 0;
    }
    return 1;
}

/** Always at UTC? Then no zone need be tried. */
static int is_utc(const clues_t *clues)
{
    int i;

    for (i = 0; i < clues->n; i++) {
        const clue_t *c = &clues->list[i];

        if (c->after || (c->before != NEITHER && c->before))
            return 0;
    }
    return 1;
}

/** The first zone that agrees. @return NULL: none */
static const item_zone_t *by_clues(const clues_t *clues,
                                   const item_zone_t *prefer, apr_pool_t *p)
{
    const char *const *name = item_zone_usual();
    const item_zone_t *zone;
    item_span_t span;

    if (!clues->n)
        return NULL;
    if (prefer && agrees(prefer, clues))
        return prefer;
    if (is_utc(clues)) {
        span.s = "UTC";
        span.len = 3;
        return item_zone_open(span, p);
    }
    for (; *name; name++) {
        span.s = *name;
        span.len = strlen(*name);
        zone = item_zone_open(span, p);
        if (zone && agrees(zone, clues))
            return zone;
    }
    return NULL;
}

/** "+01", "-0500", "+05:30", "+053000". @return 0: none */
static int take_offset(item_span_t s, int *secs)
{
    int sign = 1, digits = 0, n = 0, i;

    s = item_span_trim(s);
    if (s.len && (*s.s == '-' || *s.s == '+')) {
        sign = *s.s == '-' ? -1 : 1;
        s.s++;
        s.len--;
    }
    for (; s.len; s.s++, s.len--) {
        if (*s.s == ':' && digits)
            continue;
        if (!apr_isdigit(*s.s) || ++digits > 6)
            return 0;
        n = n * 10 + (*s.s - '0');
    }
    if (!digits)
        return 0;
    if (digits <= 2)
        n *= 100;               /* hours */
    if (digits <= 4)
        n *= 100;
    i = n / 10000 * 3600 + n / 100 % 100 * 60 + n % 100;
    *secs = sign * i;
    return i < DAY;
}

/* ---- VTIMEZONE ---------------------------------------------------------- */

static item_span_t value_of(const item_part_t *part, const char *name)
{
    const item_entry_t *entry = item_part_find(part, name);
    item_span_t none = { "", 0 };

    return entry ? item_span_trim(entry->line.value) : none;
}

/** A rule of every year, whatever it says of that: Synthesis' clients write
 * FREQ=MONTHLY;INTERVAL=12. @param month  of DTSTART @return 0: it is none */
static int take_yearly(item_recur_t *r, item_span_t text, int month)
{
    if (!item_recur_parse(r, text) || r->count)
        return 0;
    if (r->freq == ITEM_FREQ_MONTHLY && r->interval == 12 && !r->months.n) {
        r->freq = ITEM_FREQ_YEARLY;
        r->interval = 1;
        r->months.n = 1;
        r->months.v[0] = (short)month;
    }
    return r->freq == ITEM_FREQ_YEARLY && r->interval == 1;
}

/** The onsets of a STANDARD or DAYLIGHT about a time. */
static void observance_clues(clues_t *clues, const item_part_t *part,
                             apr_int64_t around)
{
    static const item_span_t no_zone = { "", 0 };
    apr_int64_t from = around - 366 * (apr_int64_t)DAY;
    apr_int64_t to = around + YEARS * 366 * (apr_int64_t)DAY, at;
    int before, after, y, m, d, start;
    item_span_t rule = value_of(part, "RRULE");
    item_recur_iter_t it;
    item_recur_t recur;
    item_time_t t;

    if (!item_time_parse(&t, value_of(part, "DTSTART"), no_zone)
        || !take_offset(value_of(part, "TZOFFSETFROM"), &before)
        || !take_offset(value_of(part, "TZOFFSETTO"), &after))
        return;
    if (!rule.len) {
        if (t.secs >= from && t.secs <= to && before != after)
            add_clue(clues, t.secs - before, before, after);
        return;
    }
    item_civil_from_days(item_recur_day_of(t.secs), &start, &m, &d);
    if (!take_yearly(&recur, rule, m) || before == after)
        return;
    if (recur.until.kind != ITEM_TIME_NONE && recur.until.secs < to)
        to = recur.until.secs;
    /* Without the years since 1601. */
    item_civil_from_days(item_recur_day_of(from), &y, &m, &d);
    item_civil_from_days(item_recur_day_of(t.secs), &start, &m, &d);
    if (y > start && (m != 2 || d != 29))
        t.secs += (item_civil_days(y, m, d) - item_civil_days(start, m, d))
                  * DAY;
    if (item_recur_begin(&it, &recur, t.secs, to))
        while (item_recur_next(&it, &at))
            if (at >= from)
                add_clue(clues, at - before, before, after);
}

/** The same offset for a year. */
static void constant_clues(clues_t *clues, apr_int64_t around, int offset)
{
    int i;

    for (i = 0; i < 4; i++)
        add_clue(clues, around + i * 91 * DAY, NEITHER, offset);
}

/** What holds where nothing changes about a time. */
typedef struct lasting_t {
    apr_int64_t since, from;    /* the last onset before, the first of all */
    int only, offset, first;    /* NEITHER: not known */
    int n;
} lasting_t;

static void take_lasting(lasting_t *l, const item_part_t *part,
                         apr_int64_t around)
{
    static const item_span_t no_zone = { "", 0 };
    item_span_t rule = value_of(part, "RRULE");
    item_recur_t recur;
    item_time_t t;
    int before, after;

    if (!take_offset(value_of(part, "TZOFFSETTO"), &after))
        return;
    l->only = l->n++ && l->only != after ? NEITHER : after;
    if (!item_time_parse(&t, value_of(part, "DTSTART"), no_zone))
        return;
    if (t.secs < l->from
        && take_offset(value_of(part, "TZOFFSETFROM"), &before)) {
        l->from = t.secs;
        l->first = before;
    }
    /* Its last onset, or a day of that year. */
    if (rule.len && item_recur_parse(&recur, rule)
        && recur.until.kind != ITEM_TIME_NONE && recur.until.secs > t.secs)
        t.secs = recur.until.secs;
    if (t.secs <= around && t.secs >= l->since) {
        l->since = t.secs;
        l->offset = after;
    }
}

static void zone_clues(clues_t *clues, const item_part_t *part,
                       apr_int64_t around)
{
    lasting_t l = { APR_INT64_MIN, APR_INT64_MAX, NEITHER, NEITHER, NEITHER,
                    0 };
    int i;

    memset(clues, 0, sizeof(*clues));
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (!entry->part
            || (!item_span_is(entry->part->name, "STANDARD")
                && !item_span_is(entry->part->name, "DAYLIGHT")))
            continue;
        observance_clues(clues, entry->part, around);
        take_lasting(&l, entry->part, around);
    }
    l.offset = l.only != NEITHER ? l.only
               : l.offset != NEITHER ? l.offset : l.first;
    if (!clues->n && l.offset != NEITHER)
        constant_clues(clues, around, l.offset);
}

/* ---- zones that are nobody's ---------------------------------------------- */

/** The day of a year on which the clock is changed.
 * @param last  the last of its weekday in the month, else the first, the second
 * and so on */
static item_zone_day_t day_of_clue(const clue_t *c, int last)
{
    apr_int64_t local = c->at + c->before, day = item_recur_day_of(local);
    item_zone_day_t out;
    int y, d;

    memset(&out, 0, sizeof(out));
    out.kind = 'M';
    item_civil_from_days(day, &y, &out.month, &d);
    out.week = last ? 5 : (d - 1) / 7 + 1;
    out.weekday = (int)((day % 7 + 11) % 7);
    out.time = (int)(local - day * DAY);
    return out;
}

/** A zone of these changes alone: some programs' rules are no country's.
 * @return NULL: they are not one rule of every year */
static const item_zone_t *by_rule(const clues_t *clues, apr_pool_t *p)
{
    const clue_t *on = NULL, *off = NULL, *c;
    item_zone_t *zone;
    int i;

    for (i = 0; i < clues->n; i++) {
        c = &clues->list[i];
        if (c->before == NEITHER)
            return item_zone_fixed(c->after, p);        /* never changed */
        if (c->after > c->before)
            on = on ? on : c;
        else
            off = off ? off : c;
    }
    if (!on || !off || on->before != off->after || on->after != off->before)
        return NULL;
    zone = apr_pmemdup(p, item_zone_fixed(on->before, p), sizeof(*zone));
    zone->rule.has_dst = 1;
    zone->rule.dst = on->after;
    zone->rule.dst_name = item_zone_fixed(on->after, p)->rule.std_name;
    for (i = 0; i < 4; i++) {
        zone->rule.start = day_of_clue(on, i & 1);
        zone->rule.end = day_of_clue(off, i & 2);
        if (agrees(zone, clues))
            return zone;
    }
    return NULL;
}

const item_zone_t *item_zone_recognise(const item_part_t *part,
                                       const item_zone_t *prefer,
                                       apr_int64_t around, apr_pool_t *p)
{
    item_span_t name = value_of(part, "X-LIC-LOCATION");
    const item_zone_t *zone = item_zone_open(name, p), *found;
    clues_t clues;

    if (zone)
        return zone;
    name = value_of(part, "TZID");
    zone = item_zone_open(name, p);
    /* An Olson name is sure; "GMT", "EST" and Windows' names are often
     * written above rules of another zone. */
    if (zone && memchr(name.s, '/', name.len))
        return zone;
    zone_clues(&clues, part, around);
    if (zone && (!clues.n || agrees(zone, &clues)))
        return zone;
    found = by_clues(&clues, prefer, p);
    if (!found && clues.n) {
        clues.slack = 3600;     /* Lotus Notes lets London's summer begin at
                                 * two, too */
        found = by_clues(&clues, prefer, p);
    }
    if (!found && clues.n) {
        clues.slack = 0;
        found = by_rule(&clues, p);
    }
    return found ? found : clues.n ? NULL : zone;
}

/* ---- TZ and DAYLIGHT ---------------------------------------------------- */

/** "TRUE;+02;20260329T020000;20261025T030000;CET;CEST" */
static void daylight_clues(clues_t *clues, item_span_t value, int std)
{
    static const item_span_t no_zone = { "", 0 };
    item_span_t word;
    item_time_t start, end;
    int dst;

    if (!item_value_next(&value, ';', &word) || !item_span_is(word, "TRUE")
        || !item_value_next(&value, ';', &word) || !take_offset(word, &dst)
        || !item_value_next(&value, ';', &word)
        || !item_time_parse(&start, word, no_zone)
        || !item_value_next(&value, ';', &word)
        || !item_time_parse(&end, word, no_zone) || dst == std)
        return;
    add_clue(clues, start.secs - (start.kind == ITEM_TIME_UTC ? 0 : std),
             std, dst);
    add_clue(clues, end.secs - (end.kind == ITEM_TIME_UTC ? 0 : dst), dst,
             std);
}

/** A user's own zone, even where its clock was changed otherwise than the
 * phone's old tables say: the same offsets in the main. */
static int like_prefer(const item_zone_t *prefer, const clues_t *clues)
{
    int i;

    for (i = 0; i < clues->n; i++)
        if (item_zone_offset(prefer, clues->list[i].at + 45 * DAY, NULL)
            != clues->list[i].after)
            return 0;
    return 1;
}

/** Whether a zone has that standard time. */
static int has_standard(const item_zone_t *zone, int std, apr_int64_t around)
{
    int i, dst;

    for (i = 0; i < 2; i++)
        if (item_zone_offset(zone, around + i * 182 * DAY, &dst) == std
            && !dst)
            return 1;
    return 0;
}

const item_zone_t *item_zone_from_lines(item_span_t tz,
                                        const apr_array_header_t *daylight,
                                        const item_zone_t *prefer,
                                        apr_int64_t around, apr_pool_t *p)
{
    const item_zone_t *zone;
    clues_t clues;
    int std, i, never = 0;

    memset(&clues, 0, sizeof(clues));
    if (!take_offset(tz, &std))
        return NULL;
    for (i = 0; i < daylight->nelts; i++) {
        item_span_t value = APR_ARRAY_IDX(daylight, i, item_span_t);

        daylight_clues(&clues, value, std);
        never |= value.len >= 5 && !strncasecmp(value.s, "FALSE", 5);
    }
    if (!clues.n && !never && prefer && has_standard(prefer, std, around))
        return prefer;
    if (!clues.n)
        constant_clues(&clues, around, std);
    zone = by_clues(&clues, prefer, p);
    if (!zone && prefer && like_prefer(prefer, &clues))
        zone = prefer;
    return zone ? zone : item_zone_fixed(std, p);
}
