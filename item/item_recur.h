/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_recur.h
 * @brief Recurrence rules: read, written, and expanded so that it ends.
 *
 * Private to item/.  Rules come from strangers, and an expansion may not end
 * (FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30 has no occurrence; libical's
 * iterator does not come back from it).  Here lists are bounded when they are
 * read, days are looked at one by one, each at most once, and all steps of an
 * iterator together are capped: it ends after at most ITEM_RECUR_STEPS of
 * them, in a few milliseconds, whatever the rule.
 */
#ifndef SYNCML_ITEM_RECUR_H
#define SYNCML_ITEM_RECUR_H

#include "item/item_time.h"
#include "item/item_value.h"

#define ITEM_RECUR_LIST   64    /* numbers of one BY* part */
#define ITEM_RECUR_STEPS  200000        /* days or times looked at */
#define ITEM_RECUR_INTERVAL  9999
#define ITEM_RECUR_TIMES  1440  /* times of day by BYHOUR, BYMINUTE... */

typedef enum {
    ITEM_FREQ_NONE = 0, ITEM_FREQ_SECONDLY, ITEM_FREQ_MINUTELY,
    ITEM_FREQ_HOURLY, ITEM_FREQ_DAILY, ITEM_FREQ_WEEKLY, ITEM_FREQ_MONTHLY,
    ITEM_FREQ_YEARLY
} item_freq_e;

typedef struct item_numbers_t {
    int n;
    short v[ITEM_RECUR_LIST];
} item_numbers_t;

typedef struct item_recur_t {
    item_freq_e freq;
    int interval;               /* 1 to ITEM_RECUR_INTERVAL */
    int count;                  /* 0: none */
    item_time_t until;          /* kind ITEM_TIME_NONE: none */
    int wkst;                   /* 0 Monday to 6 */
    item_numbers_t days;        /* BYDAY: weekday (0 Monday to 6) + 8 x
                                 * (nth + 64), nth 0 for all of them */
    item_numbers_t months, mdays, ydays, weeks, setpos;
    item_numbers_t hours, minutes, seconds;
} item_recur_t;

#define ITEM_RECUR_DAY(nth, weekday)  (8 * ((nth) + 64) + (weekday))
#define ITEM_RECUR_NTH(day)           ((day) / 8 - 64)
#define ITEM_RECUR_WEEKDAY(day)       ((day) % 8)

/** Read an RRULE. @return 0: not understood (another calendar, a number out
 * of range, an unknown part, a list too long), or without FREQ */
int item_recur_parse(item_recur_t *r, item_span_t text);

/** Write it as an RRULE, parts in the usual order. */
void item_recur_write(item_buf_t *b, const item_recur_t *r);

/** The weekday of a day counted from 1970, 0 Monday. */
int item_recur_weekday(apr_int64_t day);

/** The day of a time in seconds, counted from 1970. */
apr_int64_t item_recur_day_of(apr_int64_t secs);

typedef struct item_recur_iter_t {
    const item_recur_t *r;
    apr_int64_t start, until;   /* seconds of DTSTART's clock */
    int count, steps;
    apr_int64_t period;         /* how many were gone through */
    apr_int64_t next;           /* of the frequencies below a day */
    int days[366], ndays;       /* of the period, less base */
    apr_int64_t base;
    int times[ITEM_RECUR_TIMES], ntimes;        /* seconds of a day */
    int at, end;                /* in days x times */
    int year, month, mday;      /* of start */
} item_recur_iter_t;

/**
 * Begin to expand a rule.
 * @param r  must outlive the iterator
 * @param start  DTSTART in seconds of its own clock
 * @param until  nothing after that is given; likewise
 * @return 0: no rule that can be expanded (HOURLY with BYMINUTE and the
 * like)
 */
int item_recur_begin(item_recur_iter_t *it, const item_recur_t *r,
                     apr_int64_t start, apr_int64_t until);

/** The next occurrence. DTSTART itself comes only if the rule has it.
 * @return 0: no more, or the cap was reached */
int item_recur_next(item_recur_iter_t *it, apr_int64_t *secs);

/**
 * Go on from the period (day, week, month or year) that has a time, as many
 * of them before it; none is given twice if they are behind what was given.
 * For rules without COUNT, since what is passed over is not counted; those
 * of HOURLY and below stay where they are.
 * @param secs  on DTSTART's clock
 * @return 0: that is the first period
 */
int item_recur_skip(item_recur_iter_t *it, apr_int64_t secs,
                    apr_int64_t before);

/** Non-zero if the last item_recur_next() gave up at the cap, or in the year
 * 9999. */
int item_recur_gave_up(const item_recur_iter_t *it);

#endif
