/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_vcal.h
 * @brief Events and tasks in a device's form: vCalendar 1.0, and iCalendar
 * 2.0 with the device's clock, whole days and habits.
 *
 * The store's text is iCalendar 2.0.  Both directions are functions of their
 * arguments and of the system's time zone data, linear in the text but for
 * series that vCalendar cannot say, which are expanded to at most
 * ITEM_VCAL_DATES dates.
 *
 * @p like should be the text that the device had, for base and answer alike:
 * what comes back as it was sent gets that text's own lines.
 *
 * Times.  A time in a zone is sent on the clock of the form.  By default that
 * is UTC in vCalendar, but a series whose times move with summer time is sent
 * in its local time with the lines TZ and DAYLIGHT, if its zone is the user's
 * or the user's is not known: in UTC half of its occurrences would be an hour
 * off.  Times without a zone are local on a local clock, else they go through
 * the user's zone.  A local time that comes back is in the zone of the lines
 * TZ and DAYLIGHT, or the user's; with @p like, each is written as the stored item
 * has it: in its zone, in UTC or without a zone.
 *
 * Series.  A rule is sent in the grammar of vCalendar 1.0; what that cannot
 * say becomes RDATE (or nothing, by habit "no-rdate"): of an endless series
 * what comes in two years (ten if it is yearly) from a month before the text
 * was written, by DTSTAMP or LAST-MODIFIED, and at most ITEM_VCAL_DATES.  With
 * @p like the dates become the rule again, moved with DTSTART if need be.
 * An override (RECURRENCE-ID) is an event of its own, its day an EXDATE of the
 * series; both are put together again by UID, or by the stored item.
 *
 * Alarms.  DALARM and AALARM, MALARM, PALARM <-> VALARM; in vCalendar at an
 * absolute time, which comes back as the time before the start.
 */
#ifndef SYNCML_ITEM_VCAL_H
#define SYNCML_ITEM_VCAL_H

#include "item/item_form.h"

/** Dates to which a series is expanded at most. */
#define ITEM_VCAL_DATES  100

/**
 * vCalendar 1.0 for the store.
 * @param form  charset, zone, clock and habits count
 * @param in  the device's text; a text that is iCalendar 2.0 is taken as
 *            item_ical_import() does
 * @param like  the store's text of the same item, or NULL
 * @param out  in the pool, ends in NUL; empty on failure
 * @return APR_SUCCESS; ITEM_EMALFORMED (no VCALENDAR, or it does not end),
 * ITEM_ETYPE (neither event nor task in it), ITEM_ELIMIT
 */
apr_status_t item_vcal_import(const item_form_t *form, const item_text_t *in,
                              const item_text_t *like, item_text_t *out,
                              apr_pool_t *p);

/** The store's iCalendar as vCalendar 1.0; as item_vcal_import(). */
apr_status_t item_vcal_export(const item_form_t *form, const item_text_t *in,
                              item_text_t *out, apr_pool_t *p);

/** iCalendar from a device for the store: times and alarms as @p like has
 * them; without one, on a local clock times get the user's zone.  As
 * item_vcal_import(); a text that needs nothing comes out as it is. */
apr_status_t item_ical_import(const item_form_t *form, const item_text_t *in,
                              const item_text_t *like, item_text_t *out,
                              apr_pool_t *p);

/** iCalendar of the store for a device, by its clock, days and habits.  A
 * form without any of these gets the text as it is. */
apr_status_t item_ical_export(const item_form_t *form, const item_text_t *in,
                              item_text_t *out, apr_pool_t *p);

#endif
