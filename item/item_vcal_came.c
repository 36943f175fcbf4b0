/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What came from a device, read: see item_vcal_back.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_vcal_back.h"

#define DAY        ITEM_CAL_DAY
#define YEAR_1980  APR_INT64_C(315532800)      /* 1980-01-01 */

static const item_span_t no_zone = { "", 0 };

static apr_int64_t day_of(apr_int64_t secs)
{
    return item_recur_day_of(secs);
}

static apr_int64_t clock_of(apr_int64_t secs)
{
    return secs - day_of(secs) * DAY;
}

/** What a Z, or none, means to that device. */
void item_wire_clock(const item_cal_ctx_t *c, item_time_t *t)
{
    if (c->form->clock == ITEM_CLOCK_UTC_BARE
        && t->kind == ITEM_TIME_LOCAL)
        t->kind = ITEM_TIME_UTC;
    else if (c->form->clock == ITEM_CLOCK_LOCAL_Z
             && t->kind == ITEM_TIME_UTC)
        t->kind = ITEM_TIME_LOCAL;
}

int item_wire_parse(const item_cal_ctx_t *c, item_span_t text,
                    item_time_t *t)
{
    if (!item_time_parse(t, text, no_zone))
        return 0;
    item_wire_clock(c, t);
    return 1;
}

int item_back_instant(const item_back_t *k, const item_time_t *t,
                      apr_int64_t *utc)
{
    *utc = t->secs;
    if (t->kind == ITEM_TIME_LOCAL && k->device)
        *utc = item_zone_to_utc(k->device, t->secs);
    return t->kind == ITEM_TIME_UTC
           || (t->kind == ITEM_TIME_LOCAL && k->device);
}

/** No more words than an item may have: one more, and it is refused. */
static void take_times(item_back_t *k, apr_array_header_t *times,
                       item_span_t value)
{
    item_span_t word;
    item_time_t t;
    char *text = apr_pstrmemdup(k->c->p, value.s, value.len), *s;

    /* A list is cut at semicolons, and by some at commas. */
    for (s = text; *s; s++)
        if (*s == ',')
            *s = ';';
    value.s = text;
    while (item_value_next(&value, ';', &word)
           && k->words <= ITEM_MAX_PROPERTIES && ++k->words)
        if (item_wire_parse(k->c, word, &t))
            APR_ARRAY_PUSH(times, item_time_t) = t;
}

static int is_true(item_span_t value)
{
    return item_span_is(value, "1") || item_span_is(value, "TRUE");
}

/** Whether a line says that the event takes whole days. */
static int says_days(const item_line_t *line)
{
    item_span_t value = item_span_trim(line->value);

    if (item_span_is(line->name, "X-EPOCAGENDAENTRYTYPE"))
        return item_span_is(value, "EVENT") || item_span_is(value, "DAY NOTE")
               || item_span_is(value, "ANNIVERSARY");
    return (item_span_is(line->name, "X-FUNAMBOL-ALLDAY")
            || item_span_is(line->name, "X-MICROSOFT-CDO-ALLDAYEVENT"))
           && is_true(value);
}

static void take_rule(apr_array_header_t *rules, item_span_t value)
{
    value = item_span_trim(value);
    if (value.len)
        APR_ARRAY_PUSH(rules, item_span_t) = value;
}

static void take_alarm(item_back_t *k, item_came_t *came,
                       const item_line_t *line)
{
    item_cal_alarm_t alarm;

    if (!item_vcal_alarm_in(k->c, line, item_vcal_decode(k->c, line),
                            &alarm))
        return;
    if (!alarm.relative)
        item_wire_clock(k->c, &alarm.at);
    APR_ARRAY_PUSH(came->alarms, item_cal_alarm_t) = alarm;
}

static void take_line(item_back_t *k, item_came_t *came,
                      const item_line_t *line)
{
    item_span_t value = line->value;

    if (item_span_is(line->name, "DTSTART"))
        item_wire_parse(k->c, value, &came->start);
    else if (item_span_is(line->name, came->kind == ITEM_VTODO ? "DUE"
                                                               : "DTEND"))
        item_wire_parse(k->c, value, &came->end);
    else if (item_span_is(line->name, "COMPLETED"))
        item_wire_parse(k->c, value, &came->done);
    else if (item_span_is(line->name, "RECURRENCE-ID")
             || item_span_is(line->name, "X-RECURRENCE-ID")) {
        const item_param_t *range = item_line_param(line, "RANGE");

        item_wire_parse(k->c, value, &came->rid);
        if (range)
            came->rid_range = range->value;
    }
    else if (item_span_is(line->name, "RRULE"))
        take_rule(came->rules, item_vcal_decode(k->c, line));
    else if (item_span_is(line->name, "EXRULE"))
        take_rule(came->exrules, item_vcal_decode(k->c, line));
    else if (item_span_is(line->name, "EXDATE"))
        take_times(k, came->exdates, item_vcal_decode(k->c, line));
    else if (item_span_is(line->name, "RDATE"))
        take_times(k, came->rdates, item_vcal_decode(k->c, line));
    else if (item_span_is(line->name, "UID"))
        came->uid = item_span_trim(value);
    else if (item_span_is(line->name, "SUMMARY"))
        came->summary = item_vcal_escape(item_vcal_plain(
            item_vcal_decode(k->c, line), k->c->p), k->c->p);
    else
        take_alarm(k, came, line);
}

/** A time of whole days where the user is; midnight in UTC is meant as one.
 */
apr_int64_t item_back_local(const item_back_t *k, const item_time_t *t)
{
    return t->kind == ITEM_TIME_UTC && k->c->user && clock_of(t->secs)
           ? item_zone_to_local(k->c->user, t->secs) : t->secs;
}

/** The day whose midnight is the nearest. */
item_time_t item_back_day(const item_back_t *k, const item_time_t *t)
{
    item_time_t day = *t;

    day.secs = item_back_local(k, t);
    if (t->kind != ITEM_TIME_DATE)
        day.secs = day_of(day.secs + DAY / 2) * DAY;
    day.kind = ITEM_TIME_DATE;
    return day;
}

static void find_days(const item_back_t *k, item_came_t *came, int said)
{
    item_time_t first, last;
    int task = came->kind == ITEM_VTODO;

    came->said[0] = came->start;
    came->said[1] = came->end;
    if (came->start.kind == ITEM_TIME_NONE
        && came->end.kind == ITEM_TIME_NONE)
        return;
    if (item_wire_all_day(k->c, task, &came->start, &came->end, &first,
                          &last)) {
        came->all_day = 1;
        came->start = first;
        came->end = last;
        return;
    }
    if (task || (came->start.kind != ITEM_TIME_DATE && !said)
        || came->start.kind == ITEM_TIME_NONE)
        return;
    came->all_day = 1;
    came->start = item_back_day(k, &came->start);
    if (came->end.kind != ITEM_TIME_NONE)
        came->end = item_back_day(k, &came->end);
    if (came->end.kind == ITEM_TIME_NONE
        || came->end.secs <= came->start.secs) {
        came->end = came->start;
        came->end.secs += DAY;
    }
}

item_came_t *item_came_read(item_back_t *k, const item_part_t *part)
{
    item_came_t *came = apr_pcalloc(k->c->p, sizeof(*came));
    int i, said = 0;

    came->part = part;
    came->kind = (item_kind_e)part->kind;
    came->uid = came->summary = no_zone;
    came->rules = apr_array_make(k->c->p, 1, sizeof(item_span_t));
    came->exrules = apr_array_make(k->c->p, 1, sizeof(item_span_t));
    came->rdates = apr_array_make(k->c->p, 1, sizeof(item_time_t));
    came->exdates = apr_array_make(k->c->p, 1, sizeof(item_time_t));
    came->skip = apr_array_make(k->c->p, 1, sizeof(item_time_t));
    came->alarms = apr_array_make(k->c->p, 2, sizeof(item_cal_alarm_t));
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part || entry->line.junk)
            continue;
        take_line(k, came, &entry->line);
        said |= says_days(&entry->line);
    }
    find_days(k, came, said);
    if (came->rid.kind != ITEM_TIME_NONE && came->all_day
        && clock_of(came->rid.secs) == 0)
        came->rid.kind = ITEM_TIME_DATE;
    return came;
}

/* ---- its clock ---------------------------------------------------------- */

/** The zone that the first time of an event names in the manner of
 * iCalendar. */
static void named_zone(item_back_t *k, const item_doc_t *doc)
{
    static const char *const names[] = { "DTSTART", "DUE", NULL };
    const item_zone_t *zone = NULL;
    int i, j;

    for (i = 0; !zone && i < doc->root->entries->nelts; i++) {
        const item_part_t *part = APR_ARRAY_IDX(doc->root->entries, i,
                                                const item_entry_t *)->part;

        for (j = 0; part && !zone && names[j]; j++) {
            const item_entry_t *time = item_part_find(part, names[j]);

            if (time)
                zone = item_zones_get(&k->c->zones,
                                      item_line_value(&time->line, "TZID"));
        }
    }
    if (zone) {
        k->device = zone;
        k->said = 1;
    }
}

/** TZ, and what DAYLIGHT lines stand beside it. @return NULL: none */
static const item_entry_t *zone_lines(const item_doc_t *doc,
                                      apr_array_header_t *list)
{
    const item_entry_t *tz = NULL;
    int i, depth;

    /* Some write them inside the event. */
    for (depth = 0; depth < 2 && !tz; depth++) {
        const item_part_t *part = doc->root;

        for (i = 0; depth && i < doc->root->entries->nelts; i++) {
            part = APR_ARRAY_IDX(doc->root->entries, i,
                                 const item_entry_t *)->part;
            if (part)
                break;
        }
        if (!part)
            break;
        tz = item_part_find(part, "TZ");
        for (i = 0; tz && i < part->entries->nelts; i++) {
            const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                      const item_entry_t *);

            if (!entry->part && item_span_is(entry->line.name, "DAYLIGHT"))
                APR_ARRAY_PUSH(list, item_span_t)
                    = item_span_trim(entry->line.value);
        }
    }
    return tz;
}

void item_back_device_zone(item_back_t *k, const item_doc_t *doc)
{
    apr_array_header_t *list = apr_array_make(k->c->p, 8,
                                              sizeof(item_span_t));
    const item_entry_t *tz = zone_lines(doc, list);
    const item_zone_t *prefer = k->c->user;
    apr_int64_t around = 0;
    int i;

    k->device = k->c->user;
    if (!tz) {
        named_zone(k, doc);
        return;
    }
    for (i = 0; i < k->cals->nelts; i++) {
        const item_cal_t *cal = APR_ARRAY_IDX(k->cals, i, const item_cal_t *);
        const item_zone_t *own = item_zones_get(&k->c->zones,
                                                cal->start.zone);

        around = cal->start.secs;
        if (own) {
            prefer = own;
            break;
        }
    }
    for (i = 0; !around && i < doc->root->entries->nelts; i++) {
        const item_part_t *part = APR_ARRAY_IDX(doc->root->entries, i,
                                                const item_entry_t *)->part;
        const item_entry_t *start = part ? item_part_find(part, "DTSTART")
                                         : NULL;
        item_time_t t;

        if (start && item_wire_parse(k->c, start->line.value, &t))
            around = t.secs;
    }
    k->device = item_zone_from_lines(item_span_trim(tz->line.value), list,
                                     prefer, around, k->c->p);
    if (k->device)
        k->said = 1;
    else
        k->device = k->c->user;
}

/* ---- what the device did by itself -------------------------------------  */

/** Whether a time is the digits that were sent in UTC, but without the Z. */
static int is_digits_of(const item_time_t *said, const item_time_t *sent)
{
    return said->kind == ITEM_TIME_LOCAL && sent->kind == ITEM_TIME_UTC
           && said->secs == sent->secs;
}

/** Whether a device that knows local time alone took the times that were sent
 * in UTC for that, and nobody changed them.  A task's as they were said: one
 * that is due at midnight in UTC may have been read as a whole day. */
static int is_without_z(const item_came_t *came)
{
    const item_plan_t *plan = came->plan;
    int task = came->kind == ITEM_VTODO;
    const item_time_t *start = task ? &came->said[0] : &came->start;
    const item_time_t *end = task ? &came->said[1] : &came->end;

    if (start->kind == ITEM_TIME_NONE && plan->start.kind == ITEM_TIME_NONE)
        return is_digits_of(end, &plan->end);
    return is_digits_of(start, &plan->start)
           && (end->kind != ITEM_TIME_LOCAL
               || plan->end.kind == ITEM_TIME_NONE
               || end->secs == plan->end.secs);
}

static void times_utc(apr_array_header_t *times)
{
    int i;

    for (i = 0; i < times->nelts; i++)
        if (APR_ARRAY_IDX(times, i, item_time_t).kind == ITEM_TIME_LOCAL)
            APR_ARRAY_IDX(times, i, item_time_t).kind = ITEM_TIME_UTC;
}

static void set_utc(item_came_t *came)
{
    item_time_t *const times[] = {
        &came->start, &came->end, &came->said[0], &came->said[1]
    };
    int i;

    for (i = 0; i < 4; i++)
        if (times[i]->kind == ITEM_TIME_LOCAL)
            times[i]->kind = ITEM_TIME_UTC;
    times_utc(came->exdates);
    times_utc(came->rdates);
    for (i = 0; i < came->alarms->nelts; i++) {
        item_time_t *at = &APR_ARRAY_IDX(came->alarms, i,
                                         item_cal_alarm_t).at;

        if (at->kind == ITEM_TIME_LOCAL)
            at->kind = ITEM_TIME_UTC;
    }
}

/** Whether a device that begins with 1980 has made that the year. */
static int is_clamped(const item_came_t *came)
{
    const item_time_t *was = &came->plan->start, *now = &came->start;
    int y[2], m[2], d[2];

    if (was->kind != now->kind || was->secs >= YEAR_1980
        || now->secs < YEAR_1980)
        return 0;
    item_civil_from_days(day_of(was->secs), &y[0], &m[0], &d[0]);
    item_civil_from_days(day_of(now->secs), &y[1], &m[1], &d[1]);
    return y[1] == 1980 && m[0] == m[1] && d[0] == d[1]
           && (now->secs - was->secs) % DAY == 0;
}

static void set_back(item_came_t *came)
{
    apr_int64_t by = came->plan->start.secs - came->start.secs;
    int i;

    came->start.secs += by;
    if (came->end.kind != ITEM_TIME_NONE)
        came->end.secs += by;
    for (i = 0; i < came->alarms->nelts; i++)
        APR_ARRAY_IDX(came->alarms, i, item_cal_alarm_t).at.secs += by;
}

/** Whether a time is one of the clock: no day, nor the last second of one. */
static int is_timed(const item_time_t *t)
{
    return t->kind == ITEM_TIME_NONE
           || (t->kind != ITEM_TIME_DATE && t->secs % 60 == 0);
}

/** The day of a time where the user is. */
static apr_int64_t user_day(const item_back_t *k, const item_time_t *t)
{
    return item_recur_day_of(t->kind == ITEM_TIME_UTC && k->c->user
                             ? item_zone_to_local(k->c->user, t->secs)
                             : t->secs);
}

/** A task due at a time of the clock that comes back due at midnight: of its
 * own day, from a device that keeps the day alone, which takes nothing away;
 * of another one, or where it is known to keep the time, it is due at that
 * time. */
static void set_clock(const item_back_t *k, item_came_t *came)
{
    const item_plan_t *plan = came->plan;
    const item_cal_t *cal = came->cal;

    if (came->kind != ITEM_VTODO || !came->all_day
        || cal->start.kind == ITEM_TIME_DATE
        || cal->end.kind == ITEM_TIME_DATE || came->rules->nelts
        || came->rdates->nelts || !is_timed(&came->said[0])
        || !is_timed(&came->said[1]))
        return;
    if (plan->all_day) {
        if (item_time_equal(&plan->start, &came->start)
            && item_time_equal(&plan->end, &came->end))
            return;
        came->start = came->said[0];
        came->end = came->said[1];
    }
    else if (!k->c->form->due_times && plan->start.kind == ITEM_TIME_NONE
             && came->start.kind == ITEM_TIME_NONE
             && user_day(k, &plan->end) == user_day(k, &came->end))
        came->end = plan->end;
    else {
        came->start = came->said[0];
        came->end = came->said[1];
    }
    came->all_day = 0;
}

/** A task due on a day that begins at a time of the clock: devices say such a
 * day as its midnight. */
static void set_due_day(const item_back_t *k, item_came_t *came)
{
    const item_time_t *start = &came->cal->start;
    item_time_t none, first, last;

    if (came->kind != ITEM_VTODO || came->cal->end.kind != ITEM_TIME_DATE
        || (start->kind != ITEM_TIME_LOCAL && start->kind != ITEM_TIME_UTC))
        return;
    memset(&none, 0, sizeof(none));
    if (came->all_day) {
        came->start = came->said[0];
        came->all_day = came->start.kind == ITEM_TIME_NONE
                        || came->start.kind == ITEM_TIME_DATE;
    }
    else if (item_wire_all_day(k->c, 1, &none, &came->end, &first, &last))
        came->end = last;
}

void item_came_undo(const item_back_t *k, item_came_t *came)
{
    if (!k->said && is_without_z(came))
        set_utc(came);
    if (is_clamped(came))
        set_back(came);
    set_clock(k, came);
    set_due_day(k, came);
}

/* ---- the times of a series ---------------------------------------------- */

/** Whether a clock that moves with the year shows a time as that of the
 * start. */
static int is_at_hour(const item_zone_t *zone, const item_time_t *start,
                      const item_time_t *t)
{
    return zone && clock_of(item_zone_to_local(zone, t->secs))
                       == clock_of(item_zone_to_local(zone, start->secs));
}

/** Whether midnight is a time of the clock: one that was sent, or in UTC the
 * hour at which the series begins. Else it is how a device says the day. */
static int is_midnight_meant(const item_back_t *k, const item_came_t *came,
                             const item_time_t *t)
{
    if (came->plan && (item_times_have(came->plan->exdates, t)
                       || item_times_have(came->plan->rdates, t)))
        return 1;
    return came->start.kind == ITEM_TIME_UTC && t->kind == ITEM_TIME_UTC
           && (is_at_hour(k->c->user, &came->start, t)
               || is_at_hour(k->device, &came->start, t));
}

/** A time of the series, where it takes whole days or is written as one. */
static void fit_occurrence(const item_back_t *k, const item_came_t *came,
                           item_time_t *t)
{
    if (came->all_day) {
        *t = item_back_day(k, t);
        return;
    }
    if (came->start.kind != ITEM_TIME_LOCAL
        && came->start.kind != ITEM_TIME_UTC)
        return;
    if (t->kind == ITEM_TIME_DATE
        || (clock_of(t->secs) == 0 && clock_of(came->start.secs)
            && !is_midnight_meant(k, came, t))) {
        t->secs += clock_of(came->start.secs);
        t->kind = came->start.kind;
    }
}

void item_came_fit(const item_back_t *k, item_came_t *came)
{
    apr_array_header_t *const lists[] = { came->rdates, came->exdates };
    int i, n;

    for (n = 0; n < 2; n++) {
        for (i = 0; i < lists[n]->nelts; i++)
            fit_occurrence(k, came, &APR_ARRAY_IDX(lists[n], i,
                                                   item_time_t));
        item_times_sort(lists[n]);
    }
}
