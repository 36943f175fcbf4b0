/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Alarms from a device: see item_vcal_back.h. */
#include <string.h>

#include "item/item_vcal_back.h"

/* Alarms that others are compared with, as each costs conversions of times:
 * more than any event has. */
#define MAX_COMPARED  64

static const item_time_t *base_of(const item_came_t *came)
{
    return came->start.kind != ITEM_TIME_NONE ? &came->start : &came->end;
}

/** The instant of a time, days at their midnight where the user is. */
static int instant(const item_back_t *k, const item_time_t *t,
                   apr_int64_t *utc)
{
    item_time_t local = *t;

    if (local.kind == ITEM_TIME_DATE) {
        local.kind = ITEM_TIME_LOCAL;
        *utc = local.secs;
        if (!k->c->user)
            return 0;
        *utc = item_zone_to_utc(k->c->user, local.secs);
        return 1;
    }
    return item_back_instant(k, &local, utc);
}

/** How long after the start an alarm is; as the sun goes, but from a day's
 * beginning as the clock goes. @return 0: that cannot be told */
static int offset_of(const item_back_t *k, const item_came_t *came,
                     const item_cal_alarm_t *alarm, apr_int64_t *secs)
{
    const item_time_t *base = base_of(came);
    item_time_t at = alarm->at;
    apr_int64_t from, to;

    *secs = alarm->secs;
    if (alarm->relative)
        return base->kind != ITEM_TIME_NONE;
    if (base->kind == ITEM_TIME_NONE)
        return 0;
    if (base->kind == ITEM_TIME_DATE) {
        if (at.kind == ITEM_TIME_UTC && k->c->user)
            at.secs = item_zone_to_local(k->c->user, at.secs);
        *secs = at.secs - base->secs;
        return 1;
    }
    if (base->kind == at.kind && base->kind == ITEM_TIME_LOCAL
        && !k->device) {
        *secs = at.secs - base->secs;
        return 1;
    }
    if (!instant(k, base, &from) || !instant(k, &at, &to))
        return 0;
    *secs = to - from;
    return 1;
}

/** How long after the beginning of a day a time is: some devices count so,
 * also where a clock is changed in between. */
static int by_the_sun(const item_back_t *k, const item_came_t *came,
                      const item_time_t *at, apr_int64_t *secs)
{
    apr_int64_t from, to;

    if (base_of(came)->kind != ITEM_TIME_DATE || at->kind == ITEM_TIME_NONE
        || !instant(k, base_of(came), &from) || !instant(k, at, &to))
        return 0;
    *secs = to - from;
    return 1;
}

/** The same alarm twice: to be seen and to be heard. */
static int is_twin(const item_back_t *k, const item_cal_alarm_t *a,
                   const item_cal_alarm_t *b)
{
    apr_int64_t ta, tb;

    if (a->action > ITEM_ALARM_AUDIO || b->action > ITEM_ALARM_AUDIO
        || a->relative != b->relative)
        return 0;
    if (a->relative)
        return a->secs == b->secs;
    return item_time_equal(&a->at, &b->at)
           || (instant(k, &a->at, &ta) && instant(k, &b->at, &tb)
               && ta == tb);
}

static apr_array_header_t *without_twins(const item_back_t *k,
                                         const item_came_t *came)
{
    apr_array_header_t *alarms = apr_array_make(k->c->p, 2,
                                                sizeof(item_cal_alarm_t));
    item_cal_alarm_t *alarm, *each, *other;
    int i, n;

    for (i = 0; i < came->alarms->nelts; i++) {
        alarm = &APR_ARRAY_IDX(came->alarms, i, item_cal_alarm_t);
        other = NULL;
        for (n = 0; n < alarms->nelts && n < MAX_COMPARED && !other; n++) {
            each = &APR_ARRAY_IDX(alarms, n, item_cal_alarm_t);
            if (each->action != alarm->action && is_twin(k, each, alarm))
                other = each;
        }
        if (!other)
            APR_ARRAY_PUSH(alarms, item_cal_alarm_t) = *alarm;
        else if (alarm->action == ITEM_ALARM_DISPLAY)
            *other = *alarm;
    }
    return alarms;
}

/** Whether an alarm is one of like, by its time before the start or by the
 * time at which it was sent. */
static int is_like(const item_back_t *k, const item_came_t *came,
                   const item_cal_alarm_t *alarm,
                   const item_cal_alarm_t *was)
{
    item_time_t at = item_plan_alarm(k->c, came->plan, was);
    item_came_t sent;
    apr_int64_t now, then;
    item_cal_alarm_t planned = *was;

    if (was->action != alarm->action
        && (was->action > ITEM_ALARM_AUDIO
            || alarm->action > ITEM_ALARM_AUDIO))
        return 0;
    if (!alarm->relative && item_time_equal(&at, &alarm->at)
        && (!was->relative
            || item_time_equal(&came->plan->start, &came->start)))
        return 1;
    if (!offset_of(k, came, alarm, &now))
        return 0;
    /* A task without a start: what is before that is before its end. */
    if (was->relative && !was->from_end && was->secs == now
        && (base_of(came) == &came->start
            || came->cal->start.kind == ITEM_TIME_NONE))
        return 1;
    /* By how long after the start it was sent: a device moves an alarm with
     * its event, also one from the end or at a time of its own. */
    sent = *came;
    sent.start = came->plan->start;
    sent.end = came->plan->end;
    planned.relative = 0;
    planned.at = at;
    if (offset_of(k, &sent, &planned, &then) && then == now)
        return 1;
    return by_the_sun(k, came, &alarm->at, &now)
           && by_the_sun(k, &sent, &at, &then) && then == now;
}

static void put_new(item_back_t *k, const item_came_t *came,
                    const item_cal_alarm_t *alarm)
{
    item_cal_alarm_t out = *alarm;
    apr_int64_t utc;

    if (offset_of(k, came, alarm, &out.secs)) {
        out.relative = 1;
        out.from_end = base_of(came) == &came->end;
    }
    else if (!alarm->relative && instant(k, &alarm->at, &utc)) {
        out.at.kind = ITEM_TIME_UTC;
        out.at.secs = utc;
    }
    else
        return;
    item_cal_alarm_write(k->b, &out, came->summary);
}

/** What like has that does not say when it rings, or never does: no device is
 * sent such. */
static void put_silent(item_back_t *k, const item_came_t *came)
{
    int i, n = 0;

    for (i = 0; came->cal && i < came->cal->part->entries->nelts; i++) {
        const item_part_t *part = APR_ARRAY_IDX(
            came->cal->part->entries, i, const item_entry_t *)->part;

        if (!part || !item_span_is(part->name, "VALARM"))
            continue;
        if (n < came->cal->alarms->nelts
            && APR_ARRAY_IDX(came->cal->alarms, n,
                             item_cal_alarm_t).part == part)
            n++;
        else
            item_back_part(k, part);
    }
}

/** Whether a task has no date, before which alarms ring on many phones: these
 * have none then, and have not deleted it. */
static int is_dateless(const item_back_t *k, const item_came_t *came)
{
    return came->kind == ITEM_VTODO && came->cal
           && !k->c->form->dateless_alarms
           && came->start.kind == ITEM_TIME_NONE
           && came->end.kind == ITEM_TIME_NONE
           && came->cal->start.kind == ITEM_TIME_NONE
           && came->cal->end.kind == ITEM_TIME_NONE;
}

void item_back_alarms(item_back_t *k, const item_came_t *came)
{
    apr_array_header_t *alarms = without_twins(k, came);
    int known = came->cal ? came->cal->alarms->nelts : 0, i, n, first = 0;
    int most = known < MAX_COMPARED ? known : MAX_COMPARED;
    char *used = apr_pcalloc(k->c->p, (apr_size_t)known + 1);

    for (i = 0; i < alarms->nelts; i++) {
        const item_cal_alarm_t *alarm = &APR_ARRAY_IDX(alarms, i,
                                                       item_cal_alarm_t);
        const item_cal_alarm_t *was = NULL;

        for (n = 0; n < most; n++) {
            was = &APR_ARRAY_IDX(came->cal->alarms, n, item_cal_alarm_t);
            if (!used[n] && is_like(k, came, alarm, was))
                break;
        }
        if (n < most) {
            used[n] = 1;
            item_back_part(k, was->part);
        }
        else {
            first = 1;          /* in the place of the first that was */
            put_new(k, came, alarm);
        }
    }
    put_silent(k, came);
    /* Phones hold one alarm: the others were not taken away. */
    if (alarms->nelts != 1 && (alarms->nelts || !is_dateless(k, came)))
        return;
    for (n = 0; n < known; n++) {
        if (used[n] || (first && n == 0))
            continue;
        item_back_part(k, APR_ARRAY_IDX(came->cal->alarms, n,
                                        item_cal_alarm_t).part);
    }
}
