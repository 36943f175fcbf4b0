/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Recurrence rules expanded: see item_recur.h.  A period (year, month, week,
 * day) after the other, the days of it that the rule has, and the times of a
 * day. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "item/item_civil.h"
#include "item/item_recur.h"

#define DAY        86400
#define LAST_YEAR  9999

static int has(const item_numbers_t *list, int n)
{
    int i;

    for (i = 0; i < list->n; i++)
        if (list->v[i] == n)
            return 1;
    return 0;
}

/** Whether a place counted from both ends is listed. */
static int has_place(const item_numbers_t *list, int n, int of)
{
    return has(list, n) || has(list, n - of - 1);
}

/* ---- days --------------------------------------------------------------- */

/** A day, taken apart. */
typedef struct day_t {
    apr_int64_t day;
    int y, m, d, weekday;
} day_t;

static int year_days(int y)
{
    return item_civil_month_days(y, 2) == 29 ? 366 : 365;
}

/** The week of a day in its year of weeks: the first has four days or more
 * of the year. @param of  out: how many weeks that year has */
static int week_of(const day_t *day, int wkst, int *of)
{
    int back = (day->weekday - wkst + 7) % 7, y, m, d, next;
    apr_int64_t middle = day->day - back + 3, first;

    item_civil_from_days(middle, &y, &m, &d);   /* the week's fourth day */
    first = item_civil_days(y, 1, 1);
    next = (int)(middle - first) % 7;
    *of = ((int)(item_civil_days(y + 1, 1, 1) - 1 - first) - next) / 7 + 1;
    return (int)(middle - first) / 7 + 1;
}

/** BYDAY; numbers count in the month or in the year. */
static int day_matches(const item_recur_t *r, const day_t *day)
{
    int i, nth, place, of, from, len;

    if (!r->days.n)
        return 1;
    if (r->freq == ITEM_FREQ_MONTHLY || r->months.n) {
        from = day->d;
        len = item_civil_month_days(day->y, day->m);
    }
    else {
        from = (int)(day->day - item_civil_days(day->y, 1, 1)) + 1;
        len = year_days(day->y);
    }
    place = (from - 1) / 7 + 1;
    of = place + (len - from) / 7;
    for (i = 0; i < r->days.n; i++) {
        if (ITEM_RECUR_WEEKDAY(r->days.v[i]) != day->weekday)
            continue;
        nth = ITEM_RECUR_NTH(r->days.v[i]);
        if (!nth || r->freq < ITEM_FREQ_MONTHLY || r->weeks.n
            || nth == place || nth == place - of - 1)
            return 1;
    }
    return 0;
}

static int matches(const item_recur_t *r, const day_t *day)
{
    int n, of;

    if (r->months.n && !has(&r->months, day->m))
        return 0;
    if (r->mdays.n && !has_place(&r->mdays, day->d,
                                 item_civil_month_days(day->y, day->m)))
        return 0;
    if (!day_matches(r, day))
        return 0;
    if (r->ydays.n) {
        n = (int)(day->day - item_civil_days(day->y, 1, 1)) + 1;
        if (!has_place(&r->ydays, n, year_days(day->y)))
            return 0;
    }
    if (r->weeks.n && r->freq == ITEM_FREQ_YEARLY) {
        n = week_of(day, r->wkst, &of);
        if (!has_place(&r->weeks, n, of))
            return 0;
    }
    return 1;
}

/** What DTSTART says where the rule says nothing. */
static int matches_start(const item_recur_iter_t *it, const day_t *day)
{
    const item_recur_t *r = it->r;
    int listed = r->days.n || r->mdays.n || r->ydays.n;

    switch (r->freq) {
    case ITEM_FREQ_YEARLY:
        if (listed)
            return 1;
        if (r->weeks.n)
            return day->weekday == item_recur_weekday(
                       item_recur_day_of(it->start));
        return day->d == it->mday && (r->months.n || day->m == it->month);
    case ITEM_FREQ_MONTHLY:
        return listed || day->d == it->mday;
    case ITEM_FREQ_WEEKLY:
        return r->days.n || day->weekday == item_recur_weekday(
                                item_recur_day_of(it->start));
    default:
        return 1;
    }
}

static void take_days(item_recur_iter_t *it, int y, int m,
                      apr_int64_t from, int n)
{
    day_t day;
    int i;

    if (it->r->months.n && !has(&it->r->months, m)) {
        it->steps++;
        return;
    }
    item_civil_from_days(from, &day.y, &day.m, &day.d);
    day.day = from;
    day.weekday = item_recur_weekday(from);
    for (i = 0; i < n; i++) {
        if (matches(it->r, &day) && matches_start(it, &day))
            it->days[it->ndays++] = (int)(day.day - it->base);
        day.day++;
        day.d++;
        day.weekday = (day.weekday + 1) % 7;
    }
    it->steps += n;
}

/** A week may lie in two months. */
static void take_week(item_recur_iter_t *it)
{
    int y, m, d, left;

    item_civil_from_days(it->base, &y, &m, &d);
    left = item_civil_month_days(y, m) - d + 1;
    take_days(it, y, m, it->base, left < 7 ? left : 7);
    if (left < 7) {
        item_civil_from_days(it->base + left, &y, &m, &d);
        take_days(it, y, m, it->base + left, 7 - left);
    }
}

/** The days of the next period. @return 0: the calendar ends */
static int next_period(item_recur_iter_t *it)
{
    apr_int64_t n = it->period++ * it->r->interval, first;
    apr_int64_t start = item_recur_day_of(it->start);
    int y = it->year, m = it->month, d;

    it->ndays = 0;
    switch (it->r->freq) {
    case ITEM_FREQ_YEARLY:
        if (n + y > LAST_YEAR)
            return 0;
        y += (int)n;
        it->base = item_civil_days(y, 1, 1);
        for (m = 1; m <= 12; m++)
            take_days(it, y, m, item_civil_days(y, m, 1),
                      item_civil_month_days(y, m));
        return 1;
    case ITEM_FREQ_MONTHLY:
        n += m - 1;
        if (n / 12 + y > LAST_YEAR)
            return 0;
        y += (int)(n / 12);
        m = (int)(n % 12) + 1;
        it->base = item_civil_days(y, m, 1);
        take_days(it, y, m, it->base, item_civil_month_days(y, m));
        return 1;
    case ITEM_FREQ_WEEKLY:
        first = start - (item_recur_weekday(start) - it->r->wkst + 7) % 7;
        it->base = first + 7 * n;
        break;
    default:
        it->base = start + n;
    }
    item_civil_from_days(it->base, &y, &m, &d);
    if (y >= LAST_YEAR)
        return 0;
    if (it->r->freq == ITEM_FREQ_WEEKLY)
        take_week(it);
    else
        take_days(it, y, m, it->base, 1);
    return 1;
}

/** The number of the period that has a time. */
static apr_int64_t period_of(const item_recur_iter_t *it, apr_int64_t secs)
{
    apr_int64_t start = item_recur_day_of(it->start), periods;
    apr_int64_t days = item_recur_day_of(secs) - start;
    int y, m, d;

    item_civil_from_days(start + days, &y, &m, &d);
    switch (it->r->freq) {
    case ITEM_FREQ_YEARLY:
        periods = y - it->year;
        break;
    case ITEM_FREQ_MONTHLY:
        periods = 12 * (apr_int64_t)(y - it->year) + m - it->month;
        break;
    case ITEM_FREQ_WEEKLY:
        periods = days / 7;
        break;
    default:
        periods = days;
    }
    return periods / it->r->interval;
}

int item_recur_skip(item_recur_iter_t *it, apr_int64_t secs,
                    apr_int64_t before)
{
    if (it->r->freq < ITEM_FREQ_DAILY || it->r->count)
        return 0;
    it->period = period_of(it, secs) - before;
    it->at = it->end = 0;
    if (it->period <= 0)
        it->period = 0;
    return it->period > 0;
}

/* ---- times of the day --------------------------------------------------- */

static int compare_ints(const void *a, const void *b)
{
    const int *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static int times_of_day(item_recur_iter_t *it)
{
    const item_recur_t *r = it->r;
    int day = (int)(it->start - item_recur_day_of(it->start) * DAY);
    int h, m, s, nh = r->hours.n ? r->hours.n : 1;
    int nm = r->minutes.n ? r->minutes.n : 1;
    int ns = r->seconds.n ? r->seconds.n : 1;

    if (nh * nm > ITEM_RECUR_TIMES || nh * nm * ns > ITEM_RECUR_TIMES)
        return 0;
    it->ntimes = 0;
    for (h = 0; h < nh; h++)
        for (m = 0; m < nm; m++)
            for (s = 0; s < ns; s++)
                it->times[it->ntimes++]
                    = (r->hours.n ? r->hours.v[h] : day / 3600) * 3600
                      + (r->minutes.n ? r->minutes.v[m] : day / 60 % 60) * 60
                      + (r->seconds.n ? r->seconds.v[s] : day % 60);
    qsort(it->times, (apr_size_t)it->ntimes, sizeof(int), compare_ints);
    return 1;
}

int item_recur_begin(item_recur_iter_t *it, const item_recur_t *r,
                     apr_int64_t start, apr_int64_t until)
{
    memset(it, 0, offsetof(item_recur_iter_t, days));
    it->ndays = it->ntimes = it->at = it->end = 0;
    it->r = r;
    it->start = it->next = start;
    it->until = until;
    item_civil_from_days(item_recur_day_of(start), &it->year, &it->month,
                         &it->mday);
    if (r->freq >= ITEM_FREQ_DAILY)
        return times_of_day(it);
    /* Parts that would multiply, and not choose. */
    return r->freq != ITEM_FREQ_NONE && !r->setpos.n
           && !(r->freq > ITEM_FREQ_MINUTELY && r->minutes.n)
           && !(r->freq > ITEM_FREQ_SECONDLY && r->seconds.n);
}

/** One time after the other, for HOURLY and below. */
static int next_time(item_recur_iter_t *it, apr_int64_t *secs)
{
    const item_recur_t *r = it->r;
    apr_int64_t unit = r->freq == ITEM_FREQ_HOURLY ? 3600
                       : r->freq == ITEM_FREQ_MINUTELY ? 60 : 1;
    apr_int64_t step = unit * r->interval, t, skip;
    int rest;
    day_t day;

    while (it->next <= it->until && ++it->steps < ITEM_RECUR_STEPS) {
        t = it->next;
        day.day = item_recur_day_of(t);
        day.weekday = item_recur_weekday(day.day);
        item_civil_from_days(day.day, &day.y, &day.m, &day.d);
        if (day.y >= LAST_YEAR)
            break;
        if (!matches(r, &day)) {        /* on to the next day */
            skip = ((day.day + 1) * DAY - t + step - 1) / step;
            it->next = t + skip * step;
            continue;
        }
        it->next = t + step;
        rest = (int)(t - day.day * DAY);
        if ((!r->hours.n || has(&r->hours, rest / 3600))
            && (!r->minutes.n || has(&r->minutes, rest / 60 % 60))
            && (!r->seconds.n || has(&r->seconds, rest % 60))) {
            *secs = t;
            return 1;
        }
    }
    if (it->next <= it->until)
        it->steps = ITEM_RECUR_STEPS;
    return 0;
}

/** Something in this period. @return 0: no more in it */
static int next_in_period(item_recur_iter_t *it, apr_int64_t *secs)
{
    while (it->at < it->end) {
        int at = it->at++;

        if (it->r->setpos.n && !has_place(&it->r->setpos, at + 1, it->end))
            continue;
        *secs = (it->base + it->days[at / it->ntimes]) * DAY
                + it->times[at % it->ntimes];
        if (*secs >= it->start)
            return 1;
    }
    return 0;
}

int item_recur_next(item_recur_iter_t *it, apr_int64_t *secs)
{
    if (it->r->count && it->count >= it->r->count)
        return 0;
    if (it->r->freq < ITEM_FREQ_DAILY) {
        if (!next_time(it, secs))
            return 0;
    }
    else
        while (!next_in_period(it, secs)) {
            if (it->steps >= ITEM_RECUR_STEPS || !next_period(it)) {
                it->steps = ITEM_RECUR_STEPS;
                return 0;
            }
            if (it->base * DAY > it->until)
                return 0;
            it->at = 0;
            it->end = it->ndays * it->ntimes;
        }
    it->count++;
    return *secs <= it->until;
}

int item_recur_gave_up(const item_recur_iter_t *it)
{
    return it->steps >= ITEM_RECUR_STEPS;
}
