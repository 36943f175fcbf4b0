/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What becomes of rules where a device takes another zone for the one that it
 * was sent: see item_vcal_back.h. */
#include "item/item_civil.h"
#include "item/item_vcal_back.h"

unsigned item_back_week_days(const item_recur_t *r, apr_int64_t start, int by)
{
    unsigned bits = 0;
    int i;

    for (i = 0; i < r->days.n; i++)
        bits |= 1u << (ITEM_RECUR_WEEKDAY(r->days.v[i]) + 7 + by) % 7;
    return r->days.n ? bits
                     : 1u << (item_recur_weekday(start) + 7 + by) % 7;
}

/** Whether a device that reads TZ has taken another zone for the one that was
 * sent (Synthesis' clients know some, by their names or by what they look
 * like), in which the series begins on another day.
 * @param day  out: that one */
static int is_astray(const item_back_t *k, const item_came_t *came,
                     apr_int64_t *day)
{
    const item_plan_t *plan = came->plan;
    apr_int64_t utc;

    if (!(k->c->form->habits & ITEM_HABIT_ZONE_CLOCK) || !k->said
        || !k->device || !plan || came->all_day
        || !item_plan_instant(plan, &plan->start, &utc))
        return 0;
    *day = item_recur_day_of(item_zone_to_local(k->device, utc));
    return *day != item_recur_day_of(plan->cal->start.secs);
}

unsigned item_back_added_day(const item_back_t *k, const item_came_t *came,
                             const item_recur_t *was)
{
    apr_int64_t day;
    unsigned bit;

    if (was->freq != ITEM_FREQ_WEEKLY || !is_astray(k, came, &day))
        return 0;
    bit = 1u << item_recur_weekday(day);
    day = item_recur_day_of(came->plan->cal->start.secs);
    return bit & ~item_back_week_days(was, day, 0);
}

int item_back_year_lost(const item_back_t *k, const item_came_t *came)
{
    int y, d, theirs, ours;
    apr_int64_t day;
    item_recur_t was;

    if (!came->planned || came->cal->rules->nelts != 1
        || !item_recur_parse(&was, APR_ARRAY_IDX(came->cal->rules, 0,
                                                 item_span_t))
        || was.freq != ITEM_FREQ_YEARLY || !is_astray(k, came, &day))
        return 0;
    item_civil_from_days(day, &y, &theirs, &d);
    day = item_recur_day_of(came->plan->cal->start.secs);
    item_civil_from_days(day, &y, &ours, &d);
    return theirs != ours;
}
