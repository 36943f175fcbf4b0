/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_ical_form.h
 * @brief iCalendar in a device's form, both ways.
 *
 * Private to item/.  Export rewrites lines in their places, so that a
 * component has the same lines in the same order, but for a DTEND that whole
 * days may need and for empty ones; import knows by that which line of the
 * stored item a line that comes back untouched was.
 */
#ifndef SYNCML_ITEM_ICAL_FORM_H
#define SYNCML_ITEM_ICAL_FORM_H

#include "item/item_cal.h"

/** Habits that change an iCalendar text. */
#define ITEM_ICAL_HABITS \
    (ITEM_HABIT_ALARM_ABSOLUTE | ITEM_HABIT_DATE_1980 \
     | ITEM_HABIT_NO_ZONE | ITEM_HABIT_CATEGORY_X | ITEM_HABIT_BMP_ONLY \
     | ITEM_HABIT_NO_EMPTY)

/** Whether a form changes times, alarms or words at all. */
int item_ical_changes(const item_form_t *form);

/** Whether times stay as the store has them. */
int item_ical_keeps(const item_form_t *form);

/** Write categories with or without X-. @param strip  0: put it on */
void item_ical_words(item_buf_t *b, const item_line_t *line, int strip);

/** DTSTART, DTEND, DUE, RECURRENCE-ID, EXDATE, RDATE. */
int item_ical_is_time(item_span_t name);

#endif
