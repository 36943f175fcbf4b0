/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_ical_form.h
 * @brief iCalendar in a device's form, both ways.
 *
 * Private to item/.  Export rewrites lines in their places, so that a
 * component has the same lines in the same order, but for what is left out
 * (item_ical_sends()) and what is added: a DTEND that days may need, the
 * EXDATE of occurrences that do not go along.  Import knows by that which line
 * of the stored item a line that comes back untouched was, and what the device
 * never had.
 */
#ifndef SYNCML_ITEM_ICAL_FORM_H
#define SYNCML_ITEM_ICAL_FORM_H

#include "item/item_cal.h"

/** Habits that change an iCalendar text. */
#define ITEM_ICAL_HABITS \
    (ITEM_HABIT_ALARM_ABSOLUTE | ITEM_HABIT_DATE_1980 \
     | ITEM_HABIT_NO_ZONE | ITEM_HABIT_CATEGORY_X | ITEM_HABIT_BMP_ONLY \
     | ITEM_HABIT_NO_EMPTY | ITEM_HABITS_ICAL)

/** Whether a form changes times, alarms or words at all. */
int item_ical_changes(const item_form_t *form);

/** Whether times stay as the store has them. */
int item_ical_keeps(const item_form_t *form);

/** Write categories with or without X-. @param strip  0: put it on */
void item_ical_words(item_buf_t *b, const item_line_t *line, int strip);

/* ---- for devices that know less (item_ical_less.c) ------------------------ */

/** Whether a line or component of an event or task goes to the device. */
int item_ical_sends(item_cal_ctx_t *c, const item_cal_t *cal,
                    const item_entry_t *entry);

/** The one event or task of an item that goes to a device of "one-event": the
 * series, not its changed occurrences. @return NULL: all of them go */
const item_part_t *item_ical_main(const item_form_t *form,
                                  const item_doc_t *doc);

/** Let a rule have only parts that "simple-rules" have.
 * @param start  DTSTART @return 0: it cannot be said with these; 1: it is as it
 * was; 2: it has changed */
int item_ical_simplify(item_cal_ctx_t *c, item_recur_t *r,
                       const item_time_t *start);

/** Whether two rules have the same occurrences, as far as anyone will look.
 * @param a, b  NULL: none, so DTSTART is the only occurrence
 * @param start  DTSTART of both */
int item_ical_series_same(item_cal_ctx_t *c, const item_recur_t *a,
                          const item_recur_t *b, const item_time_t *start);

/** Whether two alarms say the same. */
int item_ical_alarm_same(const item_cal_alarm_t *a,
                         const item_cal_alarm_t *b);

/** A line of a time, with its zone, unfolded and without a line end. */
const char *item_ical_time(const char *name, const item_time_t *t,
                           apr_pool_t *p);

/* ---- names of zones (item_ical_alias.c) ----------------------------------- */

/**
 * Call zones as the stored text does where a device has names of its own for
 * them (Synthesis' clients send "Sydney", with the rules, for
 * Australia/Sydney), and leave out its VTIMEZONE.
 * @param c  knows the zones of both texts
 * @return doc, or another one in c's pool
 */
const item_doc_t *item_ical_rename(item_cal_ctx_t *c, const item_doc_t *doc,
                                   const item_doc_t *like);

/* ---- lines ---------------------------------------------------------------- */

/** DTSTART, DTEND, DUE, RECURRENCE-ID, EXDATE, RDATE. */
int item_ical_is_time(item_span_t name);

#endif
