/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* iCalendar for devices that know less of it: see item_ical_form.h. */
#include <string.h>

#include <apr_strings.h>

#include "item/item_ical_form.h"

#define DAY        ITEM_CAL_DAY
/* Of a series so much is compared: more than two years of working days. */
#define OCCURRENCES  600

/* ---- events of an item --------------------------------------------------- */

const item_part_t *item_ical_main(const item_form_t *form,
                                  const item_doc_t *doc)
{
    const item_part_t *first = NULL;
    int i;

    if (!(form->habits & ITEM_HABIT_ONE_EVENT))
        return NULL;
    for (i = 0; i < doc->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(doc->root->entries, i,
                                                  const item_entry_t *);

        if (!item_cal_is(entry))
            continue;
        if (!item_part_find(entry->part, "RECURRENCE-ID"))
            return entry->part;
        if (!first)
            first = entry->part;
    }
    return first;
}

/* ---- alarms --------------------------------------------------------------- */

/** The alarm that goes where only one does: the first before the start that
 * shows or sounds, since any device has such; else the first. */
static const item_part_t *main_alarm(const item_cal_t *cal)
{
    int i;

    for (i = 0; i < cal->alarms->nelts; i++) {
        const item_cal_alarm_t *alarm = &APR_ARRAY_IDX(cal->alarms, i,
                                                       item_cal_alarm_t);

        if (alarm->relative && !alarm->from_end && alarm->secs <= 0
            && alarm->action <= ITEM_ALARM_AUDIO)
            return alarm->part;
    }
    return cal->alarms->nelts
        ? APR_ARRAY_IDX(cal->alarms, 0, item_cal_alarm_t).part : NULL;
}

static int same_span(item_span_t a, item_span_t b)
{
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

int item_ical_alarm_same(const item_cal_alarm_t *a,
                         const item_cal_alarm_t *b)
{
    return a->action == b->action && a->relative == b->relative
        && (a->relative ? a->secs == b->secs && a->from_end == b->from_end
                        : item_time_equal(&a->at, &b->at))
        && a->repeat == b->repeat && same_span(a->text, b->text);
}

/* ---- rules ---------------------------------------------------------------- */

/** Whether a rule has only the parts that Synthesis' clients know (measured:
 * SyncEvolution 2.0 sends a rule with BYSETPOS, BYYEARDAY, BYHOUR or both
 * BYDAY and BYMONTHDAY back without a rule, one of days with BYMONTHDAY
 * without that). */
static int is_simple(const item_recur_t *r)
{
    if (r->setpos.n || r->ydays.n || r->weeks.n || r->hours.n
        || r->minutes.n || r->seconds.n || (r->days.n && r->mdays.n))
        return 0;
    switch (r->freq) {
    case ITEM_FREQ_DAILY:
        return !r->months.n && !r->mdays.n
               && (!r->days.n || r->interval == 1);
    case ITEM_FREQ_WEEKLY:
        return !r->months.n && !r->mdays.n
               && (r->interval == 1 || r->days.n < 2 || !r->wkst);
    case ITEM_FREQ_MONTHLY:
        return !r->months.n;
    case ITEM_FREQ_YEARLY:
        return r->months.n <= 1 && r->mdays.n <= 1
               && (!r->mdays.n || r->mdays.v[0] > 0)
               && (!r->days.n || r->months.n);
    default:
        return 0;
    }
}

/** UNTIL on the clock of the start. */
static apr_int64_t until_of(item_cal_ctx_t *c, const item_recur_t *r,
                            const item_time_t *start)
{
    const item_zone_t *zone;

    switch (r->until.kind) {
    case ITEM_TIME_NONE:
        return APR_INT64_MAX;
    case ITEM_TIME_DATE:
        return r->until.secs + (start->kind == ITEM_TIME_DATE ? 0 : DAY - 1);
    case ITEM_TIME_UTC:
        zone = start->kind == ITEM_TIME_LOCAL
            ? item_zones_get(&c->zones, start->zone) : NULL;
        return zone ? item_zone_to_local(zone, r->until.secs)
                    : r->until.secs;
    default:
        return r->until.secs;
    }
}

/** The occurrences of a rule, one that is not there being DTSTART alone. */
typedef struct walk_t {
    item_recur_iter_t it;
    item_recur_t rule;
    int has_rule, given;
    apr_int64_t start;
} walk_t;

static int walk_begin(walk_t *w, item_cal_ctx_t *c, const item_recur_t *r,
                      const item_time_t *start)
{
    memset(w, 0, sizeof(*w));
    w->start = start->secs;
    w->has_rule = r != NULL;
    if (!r)
        return 1;
    w->rule = *r;
    return item_recur_begin(&w->it, &w->rule, start->secs,
                            until_of(c, r, start));
}

static int walk_next(walk_t *w, apr_int64_t *secs)
{
    if (w->has_rule)
        return item_recur_next(&w->it, secs);
    *secs = w->start;
    return !w->given++;
}

int item_ical_series_same(item_cal_ctx_t *c, const item_recur_t *a,
                          const item_recur_t *b, const item_time_t *start)
{
    walk_t *x = apr_palloc(c->p, sizeof(*x)), *y = apr_palloc(c->p,
                                                              sizeof(*y));
    apr_int64_t s, t;
    int i, more;

    if (!walk_begin(x, c, a, start) || !walk_begin(y, c, b, start))
        return 0;
    for (i = 0; i < OCCURRENCES; i++) {
        more = walk_next(x, &s);
        if (more != walk_next(y, &t) || (more && s != t))
            return 0;
        if (!more)
            break;
    }
    return !(a && item_recur_gave_up(&x->it))
           && !(b && item_recur_gave_up(&y->it));
}

int item_ical_simplify(item_cal_ctx_t *c, item_recur_t *r,
                       const item_time_t *start)
{
    apr_int64_t day = item_recur_day_of(start->secs);
    const char *text;
    item_recur_t simple;

    if (is_simple(r))
        return 1;
    text = item_vcal_rule_write(r, day, c->p);
    if (!text || !item_vcal_rule_read(&simple, item_span_of(text), day))
        return 0;
    simple.count = r->count;
    simple.until = r->until;
    if (!is_simple(&simple) || !item_ical_series_same(c, r, &simple, start))
        return 0;
    *r = simple;
    return 2;
}

/* ---- lines ---------------------------------------------------------------- */

/** Only the first rule goes, and only if it can be said. */
static int sends_rule(item_cal_ctx_t *c, const item_cal_t *cal,
                      const item_entry_t *entry)
{
    item_recur_t r;

    return entry == item_part_find(cal->part, "RRULE")
        && item_recur_parse(&r, entry->line.value)
        && item_ical_simplify(c, &r, &cal->start);
}

/** Whether a line says when a series is. */
static int is_series_line(item_span_t name)
{
    return item_span_is(name, "RRULE") || item_span_is(name, "EXRULE")
           || item_span_is(name, "RDATE") || item_span_is(name, "EXDATE");
}

int item_ical_sends(item_cal_ctx_t *c, const item_cal_t *cal,
                    const item_entry_t *entry)
{
    apr_uint32_t habits = c->form->habits;
    const item_line_t *line = &entry->line;
    const item_part_t *alarm;

    if (entry->part) {
        if (!(habits & ITEM_HABIT_ONE_ALARM)
            || !item_span_is(entry->part->name, "VALARM"))
            return 1;
        alarm = main_alarm(cal);
        return !alarm || alarm == entry->part;
    }
    if ((habits & ITEM_HABIT_NO_EMPTY) && !line->junk
        && !item_span_trim(line->value).len)
        return 0;
    if ((habits & ITEM_HABIT_ONE_EVENT) && item_cal_is_single(cal)
        && is_series_line(line->name))
        return 0;
    if ((habits & ITEM_HABIT_SIMPLE_RULES)
        && (item_span_is(line->name, "RRULE")
            || item_span_is(line->name, "EXRULE")))
        return sends_rule(c, cal, entry);
    return 1;
}

const char *item_ical_time(const char *name, const item_time_t *t,
                           apr_pool_t *p)
{
    item_time_t bare = *t;

    if (t->kind != ITEM_TIME_LOCAL || !t->zone.len)
        return apr_pstrcat(p, name, t->kind == ITEM_TIME_DATE
                           ? ";VALUE=DATE:" : ":", item_time_canon(t, p),
                           NULL);
    bare.zone = item_span_of("");
    return apr_pstrcat(p, name, ";TZID=", item_param_text(t->zone, p), ":",
                       item_time_canon(&bare, p), NULL);
}
