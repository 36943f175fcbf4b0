/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* How an event or task is written on a device's clock: see item_cal.h. */
#include <string.h>

#include <apr_strings.h>

#include "item/item_cal.h"
#include "item/item_civil.h"
#include "item/item_vcal.h"

#define DAY        ITEM_CAL_DAY
/* 1980-01-01, before which Nokias show nothing. */
#define YEAR_1980  APR_INT64_C(315532800)
/* Of an endless series, what is sent as single dates: from a month before
 * its text was written, since nobody looks far back, over two years. */
#define BACK       (31 * (apr_int64_t)DAY)
#define AHEAD      (2 * 366 * (apr_int64_t)DAY)
#define MAX_STEPS  20000

static apr_int64_t day_of(apr_int64_t secs)
{
    return item_recur_day_of(secs);
}

static apr_int64_t clock_of(apr_int64_t secs)
{
    return secs - day_of(secs) * DAY;
}

static const item_zone_t *zone_of(item_cal_ctx_t *c, const item_time_t *t)
{
    return t->kind == ITEM_TIME_LOCAL ? item_zones_get(&c->zones, t->zone)
                                      : NULL;
}

/** The zone on whose clock a series goes; without one that is the user's. */
static const item_zone_t *series_zone(item_cal_ctx_t *c,
                                      const item_time_t *t)
{
    const item_zone_t *own = zone_of(c, t);

    return own || t->kind != ITEM_TIME_LOCAL ? own : c->user;
}

static item_time_t make_time(item_time_e kind, apr_int64_t secs)
{
    item_time_t t;

    memset(&t, 0, sizeof(t));
    t.kind = kind;
    t.secs = secs;
    return t;
}

int item_plan_instant(const item_plan_t *plan, const item_time_t *t,
                      apr_int64_t *utc)
{
    *utc = t->secs;
    if (t->kind == ITEM_TIME_LOCAL && plan->zone)
        *utc = item_zone_to_utc(plan->zone, t->secs);
    return t->kind == ITEM_TIME_UTC
           || (t->kind == ITEM_TIME_LOCAL && plan->zone);
}

item_time_t item_plan_time(item_cal_ctx_t *c, const item_plan_t *plan,
                           const item_time_t *t)
{
    apr_int64_t utc;

    if (t->kind == ITEM_TIME_DATE || t->kind == ITEM_TIME_NONE)
        return make_time(t->kind, t->secs);
    if (item_zones_instant(&c->zones, t, NULL, &utc)) {
        if (!plan->local)
            return make_time(ITEM_TIME_UTC, utc);
        return make_time(ITEM_TIME_LOCAL,
                         plan->zone ? item_zone_to_local(plan->zone, utc)
                                    : utc);
    }
    /* Without a zone: as it is, or through the user's. */
    if (!plan->local && c->user)
        return make_time(ITEM_TIME_UTC,
                         item_zone_to_utc(c->user, t->secs));
    return make_time(c->form->clock == ITEM_CLOCK_UTC_BARE
                     ? ITEM_TIME_UTC : ITEM_TIME_LOCAL, t->secs);
}

item_time_t item_cal_done(item_cal_ctx_t *c, const item_entry_t *entry)
{
    item_time_t t;

    if (!item_time_parse(&t, entry->line.value,
                         item_line_value(&entry->line, "TZID")))
        return make_time(ITEM_TIME_NONE, 0);
    if (t.kind == ITEM_TIME_LOCAL && !zone_of(c, &t))
        t.kind = ITEM_TIME_UTC;
    return t;
}

/* ---- the clock ---------------------------------------------------------- */

static int has_series(const item_cal_t *cal)
{
    return cal->rules->nelts || cal->rdates->nelts;
}

static const item_time_t *base_of(const item_cal_t *cal)
{
    return cal->start.kind != ITEM_TIME_NONE ? &cal->start : &cal->end;
}

static int zones_agree(const item_zone_t *a, const item_zone_t *b,
                       apr_int64_t from)
{
    return item_zone_same(a, b, from, from + 10 * 366 * (apr_int64_t)DAY);
}

/** Local time in its own zone. */
static void use_own(item_plan_t *plan, const item_zone_t *own)
{
    plan->local = 1;
    plan->zone = own;
    plan->lines = 1;            /* where there are such lines */
}

static void choose_clock(item_cal_ctx_t *c, item_plan_t *plan)
{
    const item_time_t *base = base_of(plan->cal);
    const item_zone_t *own = series_zone(c, base);
    int zone_said = c->vcal && !(c->form->habits & ITEM_HABIT_NO_ZONE);
    item_zone_change_t change;

    plan->local = plan->lines = 0;
    plan->zone = c->user;
    switch (c->form->clock) {
    case ITEM_CLOCK_LOCAL:
    case ITEM_CLOCK_LOCAL_Z:
        plan->local = 1;
        if (!c->user) {
            plan->zone = own;
            plan->lines = own && zone_said;
        }
        return;
    case ITEM_CLOCK_UTC:
    case ITEM_CLOCK_UTC_BARE:
        break;
    default:
        /* A series that is written in UTC is an hour off in half of the
         * year. */
        if (own && (zone_said || (!c->vcal && c->user))
            && ((plan->cal->rules->nelts && !plan->expanded)
                || plan->cal->rid.kind != ITEM_TIME_NONE)
            && item_zone_next(own, base->secs, &change)
            && !(zone_said && (c->form->habits & ITEM_HABIT_ZONE_CLOCK))
            && (!c->user || zones_agree(own, c->user, base->secs))) {
            use_own(plan, own);
            return;
        }
    }
    if (own && has_series(plan->cal) && zone_said) {
        plan->zone = own;
        plan->lines = 1;
    }
    else if (base->kind == ITEM_TIME_UTC && has_series(plan->cal)
             && zone_said && c->user) {
        plan->zone = NULL;      /* so that it does not get the user's */
        plan->lines = 1;
    }
}

/* ---- whole days --------------------------------------------------------- */

static int is_midnight(apr_int64_t secs)
{
    return clock_of(secs) == 0;
}

/** 23:59 or 23:59:59, in which devices let days end. */
static int is_day_end(apr_int64_t secs)
{
    return clock_of(secs) >= DAY - 60;
}

/** @param secs  local @param first, last  out: days, last exclusive */
static int local_days(apr_int64_t start, apr_int64_t end,
                      apr_int64_t *first, apr_int64_t *last)
{
    if (!is_midnight(start) || end <= start
        || (!is_midnight(end) && !is_day_end(end)))
        return 0;
    *first = day_of(start);
    *last = day_of(end + 60);
    return 1;
}

/** The clocks on which a time on the wire may be midnight. @return how many
 */
static int local_of(const item_cal_ctx_t *c, const item_time_t *t,
                    apr_int64_t local[2])
{
    int n = 0;

    if (t->kind == ITEM_TIME_LOCAL) {
        local[n++] = t->secs;
        return n;
    }
    if (t->kind != ITEM_TIME_UTC)
        return 0;
    if (c->user)
        local[n++] = item_zone_to_local(c->user, t->secs);
    if (!c->user || c->form->clock == ITEM_CLOCK_UTC_BARE)
        local[n++] = t->secs;
    return n;
}

/** A task's times are days that count. */
static int task_days(const item_cal_ctx_t *c, const item_time_t *start,
                     const item_time_t *end, item_time_t *first,
                     item_time_t *last)
{
    const item_time_t *times[2] = { start, end };
    item_time_t *days[2] = { first, last };
    apr_int64_t local[2];
    int i, k, n, ok;

    for (i = 0; i < 2; i++) {
        *days[i] = *times[i];
        if (times[i]->kind == ITEM_TIME_NONE
            || times[i]->kind == ITEM_TIME_DATE)
            continue;
        n = local_of(c, times[i], local);
        for (k = ok = 0; k < n && !ok; k++) {
            ok = is_midnight(local[k]) || (i && is_day_end(local[k]));
            *days[i] = make_time(ITEM_TIME_DATE, day_of(local[k]) * DAY);
        }
        if (!ok)
            return 0;
    }
    return start->kind != ITEM_TIME_NONE || end->kind != ITEM_TIME_NONE;
}

int item_wire_all_day(const item_cal_ctx_t *c, int vtodo,
                      const item_time_t *start, const item_time_t *end,
                      item_time_t *first, item_time_t *last)
{
    apr_int64_t s[2], e[2], from, to;
    int n, i;

    if (vtodo)
        return task_days(c, start, end, first, last);
    n = local_of(c, start, s);
    if (!n || n != local_of(c, end, e))
        return 0;
    for (i = 0; i < n; i++) {
        if (!local_days(s[i], e[i], &from, &to))
            continue;
        *first = make_time(ITEM_TIME_DATE, from * DAY);
        *last = make_time(ITEM_TIME_DATE, to * DAY);
        return 1;
    }
    return 0;
}

/* ---- start and end ------------------------------------------------------ */

/** Move what begins before 1980: a series to its next occurrence. */
static const item_cal_t *since_1980(item_cal_ctx_t *c, const item_cal_t *cal)
{
    item_cal_t *copy;
    item_recur_iter_t *it;
    item_recur_t r;
    apr_int64_t secs = 0, by;
    int found = 0;

    if (!(c->form->habits & ITEM_HABIT_DATE_1980)
        || cal->start.kind == ITEM_TIME_NONE || cal->start.secs >= YEAR_1980)
        return cal;
    by = (day_of(YEAR_1980) - day_of(cal->start.secs)) * DAY;
    if (cal->rules->nelts == 1
        && item_recur_parse(&r, APR_ARRAY_IDX(cal->rules, 0, item_span_t))) {
        it = apr_palloc(c->p, sizeof(*it));
        if (item_recur_begin(it, &r, cal->start.secs, APR_INT64_MAX / 2))
            while (!found && item_recur_next(it, &secs))
                found = secs >= YEAR_1980;
        if (found)
            by = secs - cal->start.secs;
    }
    copy = apr_pmemdup(c->p, cal, sizeof(*cal));
    copy->start.secs += by;
    if (copy->end.kind != ITEM_TIME_NONE)
        copy->end.secs += by;
    return copy;
}

/** Times of an event or task of whole days. */
static void plan_days(item_plan_t *plan)
{
    const item_cal_t *cal = plan->cal;

    plan->all_day = 1;
    plan->start = make_time(cal->start.kind, cal->start.secs);
    plan->end = make_time(cal->end.kind, day_of(cal->end.secs) * DAY);
    if (cal->kind == ITEM_VTODO) {
        if (plan->end.kind != ITEM_TIME_NONE)
            plan->end.kind = ITEM_TIME_DATE;
        return;
    }
    if (cal->end.kind != ITEM_TIME_DATE || cal->end.secs <= cal->start.secs)
        plan->end = make_time(ITEM_TIME_DATE, cal->start.secs + DAY);
}

static void plan_times(item_cal_ctx_t *c, item_plan_t *plan)
{
    const item_cal_t *cal = plan->cal;
    item_time_t first = make_time(ITEM_TIME_NONE, 0), last = first;

    plan->all_day = 0;
    if (base_of(cal)->kind == ITEM_TIME_DATE) {
        plan_days(plan);
        return;
    }
    plan->start = item_plan_time(c, plan, &cal->start);
    plan->end = item_plan_time(c, plan, &cal->end);
    if (plan->end.kind == ITEM_TIME_DATE && cal->kind == ITEM_VEVENT)
        plan->end.kind = ITEM_TIME_NONE;
    if (!item_wire_all_day(c, cal->kind == ITEM_VTODO, &plan->start,
                           &plan->end, &first, &last))
        return;
    plan->all_day = 1;
    plan->start = first;
    plan->end = last;
}

item_time_t item_plan_occurrence(item_cal_ctx_t *c, const item_plan_t *plan,
                                 const item_time_t *t)
{
    const item_time_t *start = &plan->cal->start;
    item_time_t full = *t, wire;

    if (t->kind == ITEM_TIME_DATE && start->kind != ITEM_TIME_DATE) {
        /* A day, where the series has times: the one of that day. */
        full = *start;
        full.secs = t->secs + clock_of(start->secs);
    }
    if (start->kind == ITEM_TIME_DATE)
        return make_time(ITEM_TIME_DATE, day_of(t->secs) * DAY);
    wire = item_plan_time(c, plan, &full);
    if (plan->all_day) {
        if (wire.kind == ITEM_TIME_UTC && c->user)
            wire.secs = item_zone_to_local(c->user, wire.secs);
        wire = make_time(ITEM_TIME_DATE, day_of(wire.secs) * DAY);
    }
    return wire;
}

/* ---- series ------------------------------------------------------------- */

apr_int64_t item_plan_until(item_cal_ctx_t *c, const item_cal_t *cal,
                            const item_recur_t *r)
{
    const item_zone_t *own = zone_of(c, &cal->start);
    item_time_t t = r->until;

    if (t.kind == ITEM_TIME_NONE)
        return APR_INT64_MAX;
    if (t.kind == ITEM_TIME_DATE || cal->start.kind == ITEM_TIME_DATE)
        return day_of(t.secs) * DAY + DAY - 1;
    if (t.kind == ITEM_TIME_UTC && own)
        return item_zone_to_local(own, t.secs);
    return t.secs;
}

/** A time of the series' own clock. */
static item_time_t own_time(const item_cal_t *cal, apr_int64_t secs)
{
    item_time_t t = cal->start;

    t.secs = secs;
    return t;
}

/** The beginning of the last occurrence, as the device will reckon: always
 * at the same time of its own clock.  In UTC some expand a series there,
 * others where they are, an hour earlier or later for half of the year: an
 * hour more is right for both, unless it is another day to the user. */
static apr_int64_t end_on_wire(const item_cal_ctx_t *c,
                               const item_plan_t *plan, item_time_e kind,
                               apr_int64_t last)
{
    apr_int64_t end = plan->start.secs
        + (day_of(last) - day_of(plan->cal->start.secs)) * DAY;

    if (kind != ITEM_TIME_UTC
        || (c->user && day_of(item_zone_to_local(c->user, end))
                       != day_of(item_zone_to_local(c->user, end + 3600))))
        return end;
    return end + 3600;
}

/** The end of a rule, as vCalendar writes it. */
static const char *rule_end(item_cal_ctx_t *c, const item_plan_t *plan,
                            const item_recur_t *r)
{
    apr_int64_t until = item_plan_until(c, plan->cal, r), last;
    item_time_t t;

    /* What a number counts is understood otherwise by some: Synthesis'
     * clients count weeks and months, not occurrences. */
    if (r->count && !(c->form->habits & ITEM_HABIT_SIMPLE_RULES))
        return apr_psprintf(c->p, " #%d", r->count);
    if (until == APR_INT64_MAX && !r->count)
        return " #0";
    /* The beginning of the last occurrence: that is the end whether a device
     * compares times or days. */
    if (!item_recur_last(r, plan->cal->start.secs, until, &last, c->p)) {
        if (r->count)
            return apr_psprintf(c->p, " #%d", r->count);
        last = until;
    }
    t = own_time(plan->cal, last);
    t = item_plan_occurrence(c, plan, &t);
    if (t.kind == ITEM_TIME_DATE)
        t.kind = ITEM_TIME_LOCAL;
    else
        t.secs = end_on_wire(c, plan, t.kind, last);
    return apr_pstrcat(c->p, " ", item_wire_text(c, &t), NULL);
}

/** How many days later DTSTART is on the wire. */
static int day_shift(const item_plan_t *plan)
{
    return (int)(day_of(plan->start.secs) - day_of(plan->cal->start.secs));
}

/** Whether a rule in vCalendar's words is one that devices of "simple-rules"
 * read: Synthesis' clients drop one of the last day of the month. */
static int is_understood(const item_cal_ctx_t *c, const item_recur_t *r,
                         const char *text)
{
    int i;

    if (!(c->form->habits & ITEM_HABIT_SIMPLE_RULES))
        return 1;
    for (i = 0; i < r->mdays.n; i++)
        if (r->mdays.v[i] < 0)
            return 0;
    return item_vcal_rule_is_plain(text);
}

/** The rule in vCalendar's words. @return 0: there is none for it */
static int say_rule(item_cal_ctx_t *c, item_plan_t *plan)
{
    const item_cal_t *cal = plan->cal;
    apr_int64_t day = day_of(plan->start.secs);
    item_recur_t r, moved;
    const char *text;

    if (cal->rules->nelts != 1 || cal->exrules->nelts
        || cal->start.kind == ITEM_TIME_NONE
        || !item_recur_parse(&r, APR_ARRAY_IDX(cal->rules, 0, item_span_t)))
        return 0;
    moved = r;
    if (!plan->local && plan->lines
        && (c->form->habits & ITEM_HABIT_ZONE_CLOCK))
        day = day_of(cal->start.secs);
    else if (!item_recur_shift(&moved, day_of(cal->start.secs),
                               day_shift(plan)))
        return 0;
    text = item_vcal_rule_write(&moved, day, c->p);
    if (!text || !is_understood(c, &moved, text))
        return 0;
    plan->rule = apr_pstrcat(c->p, text, rule_end(c, plan, &r), NULL);
    return 1;
}

static void expand_rule(item_cal_ctx_t *c, const item_cal_t *cal,
                        item_span_t text, apr_array_header_t *times)
{
    apr_int64_t from = cal->start.secs, secs, until, ahead = AHEAD;
    item_recur_iter_t *it = apr_palloc(c->p, sizeof(*it));
    item_recur_t *r = apr_palloc(c->p, sizeof(*r));
    int steps = 0;

    if (!item_recur_parse(r, text))
        return;
    if (cal->stamp - BACK > from)
        from = cal->stamp - BACK;
    if (r->freq == ITEM_FREQ_YEARLY)
        ahead *= 5;
    until = item_plan_until(c, cal, r);
    if (until > from + ahead)
        until = from + ahead;
    if (!item_recur_begin(it, r, cal->start.secs, until))
        return;
    while (times->nelts < ITEM_VCAL_DATES && steps++ < MAX_STEPS
           && item_recur_next(it, &secs))
        if (secs >= from)
            APR_ARRAY_PUSH(times, item_time_t) = own_time(cal, secs);
}

static int is_listed(const apr_array_header_t *times, const item_time_t *t)
{
    int i;

    for (i = 0; i < times->nelts; i++)
        if (item_time_equal(&APR_ARRAY_IDX(times, i, item_time_t), t))
            return 1;
    return 0;
}

/** The series date by date, less what its exceptions leave out. */
static void expand(item_cal_ctx_t *c, item_plan_t *plan)
{
    const item_cal_t *cal = plan->cal;
    apr_array_header_t *times = apr_array_make(c->p, 16,
                                               sizeof(item_time_t));
    apr_array_header_t *without = apr_array_make(c->p, 4,
                                                 sizeof(item_time_t));
    item_time_t t;
    int i;

    if (c->form->habits & ITEM_HABIT_NO_RDATE)
        return;
    for (i = 0; i < cal->rules->nelts; i++)
        expand_rule(c, cal, APR_ARRAY_IDX(cal->rules, i, item_span_t),
                    times);
    for (i = 0; i < cal->exrules->nelts; i++)
        expand_rule(c, cal, APR_ARRAY_IDX(cal->exrules, i, item_span_t),
                    without);
    for (i = 0; i < times->nelts; i++) {
        t = APR_ARRAY_IDX(times, i, item_time_t);
        if (t.secs == cal->start.secs || is_listed(without, &t))
            continue;
        t = item_plan_occurrence(c, plan, &t);
        if (!is_listed(plan->exdates, &t))
            APR_ARRAY_PUSH(plan->rdates, item_time_t) = t;
    }
}

/** The same series in its own local time, where the grammar does not say it
 * on another clock.  Not where that is none of the user's: many devices do not
 * look at TZ, and would show it, and send it back, hours off.
 * @return 0: no such way */
static int say_rule_locally(item_cal_ctx_t *c, item_plan_t *plan)
{
    const item_zone_t *own = series_zone(c, &plan->cal->start);
    item_plan_t trial = *plan;

    /* Only where a device that does not read TZ is in the same zone. */
    if (!own || plan->local || plan->all_day || !day_shift(plan)
        || (c->user && !zones_agree(own, c->user, plan->cal->start.secs))
        || c->form->clock == ITEM_CLOCK_UTC_BARE
        || (c->form->habits & ITEM_HABIT_NO_ZONE))
        return 0;
    use_own(&trial, own);
    plan_times(c, &trial);
    if (!say_rule(c, &trial))
        return 0;
    *plan = trial;
    return 1;
}

static void plan_exceptions(item_cal_ctx_t *c, item_plan_t *plan,
                            const apr_array_header_t *overrides)
{
    const item_cal_t *cal = plan->cal, *other;
    int i;

    for (i = 0; i < cal->exdates->nelts; i++)
        APR_ARRAY_PUSH(plan->exdates, item_time_t)
            = item_plan_occurrence(c, plan, &APR_ARRAY_IDX(cal->exdates, i,
                                                 item_time_t));
    for (i = 0; overrides && i < overrides->nelts; i++) {
        other = APR_ARRAY_IDX(overrides, i, const item_cal_t *);
        if (other->rid.kind != ITEM_TIME_NONE && !other->range
            && other->uid.len == cal->uid.len
            && !memcmp(other->uid.s, cal->uid.s, cal->uid.len))
            APR_ARRAY_PUSH(plan->exdates, item_time_t)
                = item_plan_occurrence(c, plan, &other->rid);
    }
    item_times_sort(plan->exdates);
}

item_plan_t *item_plan_make(item_cal_ctx_t *c, const item_cal_t *cal,
                            const apr_array_header_t *overrides)
{
    item_plan_t *plan = apr_pcalloc(c->p, sizeof(*plan));
    int i, said;

    plan->rdates = apr_array_make(c->p, 4, sizeof(item_time_t));
    plan->exdates = apr_array_make(c->p, 4, sizeof(item_time_t));
    plan->cal = since_1980(c, cal);
    choose_clock(c, plan);
    plan_times(c, plan);
    if (plan->cal->rid.kind != ITEM_TIME_NONE)
        plan->rid = plan->all_day && plan->cal->rid.kind == ITEM_TIME_DATE
                    ? make_time(ITEM_TIME_DATE, plan->cal->rid.secs)
                    : item_plan_time(c, plan, &plan->cal->rid);
    said = !c->vcal || !plan->cal->rules->nelts || say_rule(c, plan)
           || say_rule_locally(c, plan);
    if (!said) {
        /* Single dates are right on any clock. */
        plan->expanded = 1;
        choose_clock(c, plan);
        plan_times(c, plan);
    }
    plan_exceptions(c, plan, overrides);
    if (!said)
        expand(c, plan);
    for (i = 0; i < plan->cal->rdates->nelts; i++)
        APR_ARRAY_PUSH(plan->rdates, item_time_t)
            = item_plan_occurrence(c, plan, &APR_ARRAY_IDX(plan->cal->rdates, i,
                                                 item_time_t));
    item_times_sort(plan->rdates);
    if (plan->all_day || (!plan->zone && plan->local)
        || (!plan->rule && !plan->rdates->nelts && !plan->local
            && plan->rid.kind == ITEM_TIME_NONE))
        plan->lines = 0;
    return plan;
}

/* ---- alarms, texts ------------------------------------------------------ */

item_time_t item_plan_alarm(item_cal_ctx_t *c, const item_plan_t *plan,
                            const item_cal_alarm_t *alarm)
{
    const item_cal_t *cal = plan->cal;
    const item_time_t *base = alarm->from_end
                              && cal->end.kind != ITEM_TIME_NONE
                              ? &cal->end : base_of(cal);
    item_time_t t = alarm->at;

    if (alarm->relative) {
        t = *base;
        t.secs += alarm->secs;
        if (t.kind == ITEM_TIME_DATE)
            t.kind = ITEM_TIME_LOCAL;   /* without a zone */
        else if (t.kind == ITEM_TIME_LOCAL) {
            apr_int64_t utc;

            /* So long before, by the sun. */
            if (item_zones_instant(&c->zones, base, NULL, &utc))
                t = make_time(ITEM_TIME_UTC, utc + alarm->secs);
        }
    }
    return item_plan_time(c, plan, &t);
}

const char *item_wire_text(const item_cal_ctx_t *c, const item_time_t *t)
{
    item_time_t written = *t;

    if (c->form->clock == ITEM_CLOCK_UTC_BARE && t->kind == ITEM_TIME_UTC)
        written.kind = ITEM_TIME_LOCAL;
    else if (c->form->clock == ITEM_CLOCK_LOCAL_Z
             && t->kind == ITEM_TIME_LOCAL)
        written.kind = ITEM_TIME_UTC;
    written.zone.len = 0;
    return item_time_canon(&written, c->p);
}
