/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_vcal_back.h
 * @brief From a device: a component on the wire becomes one of iCalendar.
 *
 * Private to item/.  item_vcal_import.c has the text and its components,
 * item_vcal_came.c reads one, item_vcal_back.c writes its times and lists,
 * item_vcal_back_rule.c its rules, item_vcal_back_alarm.c its alarms.
 */
#ifndef SYNCML_ITEM_VCAL_BACK_H
#define SYNCML_ITEM_VCAL_BACK_H

#include <apr_hash.h>

#include "item/item_cal.h"

/** How times of a component are to be written. */
typedef struct item_dest_t {
    item_time_e kind;           /* DATE, UTC, LOCAL */
    item_span_t tzid;           /* of LOCAL; len 0: without a zone */
    const item_zone_t *zone;    /* what tzid means; NULL: not known */
} item_dest_t;

typedef struct item_back_t {
    item_cal_ctx_t *c;
    const item_zone_t *device;  /* in which local times of the text are */
    int said;                   /* ... because the text says so */
    const item_doc_t *like;     /* NULL: none */
    apr_array_header_t *cals;   /* of like: item_cal_t * */
    const item_part_t *only;    /* of like that the device got, which is an
                                 * exception; NULL: not so */
    apr_array_header_t *used;   /* item_used_t */
    int words;                  /* of lists of times, all that came */
    item_buf_t *b;
} item_back_t;

/** A zone of which a VTIMEZONE is to be written. */
typedef struct item_used_t {
    item_span_t tzid;
    const item_zone_t *zone;
    apr_int64_t from;           /* the earliest time */
} item_used_t;

/** A component on the wire. */
typedef struct item_came_t {
    const item_part_t *part;
    item_kind_e kind;
    item_time_t start, end, rid, done;
    item_time_t said[2];        /* start and end before they became days */
    item_span_t rid_range;
    int all_day;
    apr_array_header_t *rules, *exrules;        /* item_span_t, decoded */
    apr_array_header_t *rdates, *exdates;       /* item_time_t */
    apr_array_header_t *alarms; /* item_cal_alarm_t */
    item_span_t uid;
    item_span_t summary;        /* escaped */
    item_cal_t *cal;            /* of like that it was, or NULL */
    item_plan_t *plan;          /* of cal */
    int planned;                /* begins as it was sent */
    apr_array_header_t *skip;   /* item_time_t: EXDATE that overrides are */
} item_came_t;

/** Read a component. */
item_came_t *item_came_read(item_back_t *k, const item_part_t *part);

/** Find the zone that the text says its local times are in; else the user's. */
void item_back_device_zone(item_back_t *k, const item_doc_t *doc);

/** Undo what devices do to the times of a component that nobody changed: a Z
 * left out, 1980 for an earlier year, midnight for the time of a task.
 * @param came  with its plan, which is what was sent */
void item_came_undo(const item_back_t *k, item_came_t *came);

/** Make days, and midnights that stand for them, times of the series in its
 * lists. @param came  with its plan, if it has one */
void item_came_fit(const item_back_t *k, item_came_t *came);

/** A time on the wire, by the clock of the form. */
int item_wire_parse(const item_cal_ctx_t *c, item_span_t text,
                    item_time_t *t);

/** What a Z, or none, means to that device. */
void item_wire_clock(const item_cal_ctx_t *c, item_time_t *t);

/** A time of whole days where the user is; midnight in UTC is meant as one.
 */
apr_int64_t item_back_local(const item_back_t *k, const item_time_t *t);

/** The day whose midnight is the nearest. */
item_time_t item_back_day(const item_back_t *k, const item_time_t *t);

/** The instant of a time on the wire. @return 0: it has no zone */
int item_back_instant(const item_back_t *k, const item_time_t *t,
                      apr_int64_t *utc);

/** Write DTSTART, DTEND, rules and so on. */
void item_back_times(item_back_t *k, const item_came_t *from);

/** Write RRULE and EXRULE.  A rule that did not change is like's, however the
 * device says its end.
 * @return non-zero: RDATE is done with, too */
int item_back_rules(item_back_t *k, item_came_t *came,
                    const item_dest_t *dest);

/** A time on the wire as it is to be stored. */
item_time_t item_back_dest(item_back_t *k, const item_dest_t *dest,
                           const item_time_t *wire);

/** Write like's properties of a name as they are. @return how many */
int item_back_named(item_back_t *k, const item_cal_t *cal, const char *name);

/** Write VALARM components. */
void item_back_alarms(item_back_t *k, const item_came_t *came);

/** Write a line or component of like as it is there; its zones are noted. */
void item_back_raw(item_back_t *k, const item_entry_t *entry);
void item_back_part(item_back_t *k, const item_part_t *part);

/** Note a zone that is used. */
void item_back_use(item_back_t *k, item_span_t tzid, const item_zone_t *zone,
                   apr_int64_t from);

/** Write a VTIMEZONE of each zone that is used: like's, or a new one. */
void item_back_zones(const item_back_t *k, item_buf_t *b);

/* ---- rules of a device that is astray (item_vcal_back_astray.c) ---------- */

/** The days of a weekly rule as bits, a number of days later.
 * @param start  the day of DTSTART, which counts where the rule has none */
unsigned item_back_week_days(const item_recur_t *r, apr_int64_t start,
                             int by);

/** The day of the week, as a bit, that a device which takes another zone for
 * the one that it was sent (habit "zone-clock") adds to a weekly rule, since
 * the series begins on it there.
 * @param was  the rule that the stored item has
 * @return 0: none, or the rule has it anyway */
unsigned item_back_added_day(const item_back_t *k, const item_came_t *came,
                             const item_recur_t *was);

/** Whether such a device has no rule for a yearly series, since that begins in
 * another month there than the rule says. */
int item_back_year_lost(const item_back_t *k, const item_came_t *came);

#endif
