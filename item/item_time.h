/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_time.h
 * @brief Dates, durations and the ends of simple recurrences, as far as
 * comparing items needs them.
 *
 * Private to item/.  Plain calendar arithmetic on what is written: no time
 * zone database, so a local time stays local and carries the name of its
 * zone.
 */
#ifndef SYNCML_ITEM_TIME_H
#define SYNCML_ITEM_TIME_H

#include "item/item_lines.h"

typedef enum {
    ITEM_TIME_NONE = 0,         /* not understood */
    ITEM_TIME_DATE,             /* a day */
    ITEM_TIME_LOCAL,            /* floating, or in the zone named */
    ITEM_TIME_UTC
} item_time_e;

typedef struct item_time_t {
    item_time_e kind;
    apr_int64_t secs;           /* since 1970-01-01 of its own clock */
    item_span_t zone;           /* TZID, len 0 for none */
} item_time_t;

/** Read YYYYMMDD[THHMMSS[Z]], with or without - and :, 24:00 allowed, years
 * 1 to 9999.  @param zone  value of TZID or an empty span */
int item_time_parse(item_time_t *t, item_span_t text, item_span_t zone);

/** Write in the form in which times are compared: 20200131,
 * 20200131T100000, 20200131T100000@europe/berlin or 20200131T100000Z. */
const char *item_time_canon(const item_time_t *t, apr_pool_t *p);

/** Non-zero if both are on the same clock, so that they can be subtracted. */
int item_time_same_clock(const item_time_t *a, const item_time_t *b);

/** Read a duration ("-PT15M", "P1W") into seconds. @return 0: it is none */
int item_duration_parse(item_span_t text, apr_int64_t *secs);

/**
 * Write a recurrence rule in the form in which rules are compared: parts in
 * alphabetical order, INTERVAL=1 and WKST left out, UNTIL and COUNT as the day
 * of the last occurrence where that follows from simple arithmetic (measured:
 * libsynthesis turns COUNT into UNTIL, some days after it), else UNTIL as a
 * day.
 * @param start  DTSTART; kind ITEM_TIME_NONE: not known
 */
const char *item_rrule_canon(item_span_t text, const item_time_t *start,
                             apr_pool_t *p);

/**
 * When the last occurrence of a rule begins, at the latest.
 * @param last  out: UNTIL (of a day its last second), or the last by COUNT
 *              where that is simple arithmetic, on DTSTART's clock
 * @return 0: no end, or none that can be told
 */
int item_rrule_last(item_span_t text, const item_time_t *start,
                    item_time_t *last);

#endif
