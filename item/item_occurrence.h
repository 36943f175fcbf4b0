/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_occurrence.h
 * @brief The changed occurrences of a series of events or tasks, taken out of
 * it as items of their own and put back.
 *
 * In the store a series and its changed occurrences (RECURRENCE-ID, RFC 5545
 * 3.8.4.4) are one item, as groupware has them.  A device that makes one entry
 * of each item (habit "one-event") gets the series without them, their days
 * being exceptions; here each becomes an item that can be sent beside it.
 *
 * All are functions of their arguments.  Lines that are not meant stay octet
 * by octet, so what is put in that was taken out gives the same text, but for
 * an exception on its day, and rules of its own.  Those with RANGE and a series
 * without a UID stay as they are.  Texts over the limits of item.h are refused.
 */
#ifndef SYNCML_ITEM_OCCURRENCE_H
#define SYNCML_ITEM_OCCURRENCE_H

#include <apr_tables.h>

#include "item/item_merge.h"

typedef struct item_occurrence_t {
    const char *id;             /* which it is: the instant in UTC, or the day,
                                 * or the time as written where its zone is
                                 * not known */
    item_text_t text;           /* a calendar of its own: the head of the
                                 * series', the zones that it names, the
                                 * event or task */
} item_occurrence_t;

/** Non-zero where a text may have a RECURRENCE-ID: a quick look. */
int item_occurrence_likely(const char *data, apr_size_t len);

/**
 * The changed occurrences of a series.
 * @return item_occurrence_t, in the order of the text, each id once; empty
 * where there is no series, or none was changed
 */
apr_array_header_t *item_occurrences(const item_text_t *series,
                                     apr_pool_t *p);

/**
 * Which occurrence a text is that has nothing but one.
 * @return its id; NULL: it is no such text
 */
const char *item_occurrence_id(const item_text_t *text, apr_pool_t *p);

/** A series without its changed occurrences, for a quick look at what a device
 * has that gets it so; their zones stay.  @return the same text where there
 * are none, or it cannot be read */
item_text_t item_occurrences_without(const item_text_t *series,
                                     apr_pool_t *p);

/** The first of changed occurrences that are there without their series, which
 * is the one that a device gets that makes one entry of each item.
 * @return a calendar of its own; any other text as it is */
item_text_t item_occurrence_first(const item_text_t *text, apr_pool_t *p);

/** Non-zero if a text is a series by a rule or by dates of its own. */
int item_is_series(const item_text_t *text, apr_pool_t *p);

/** The same event or task standing alone: without RECURRENCE-ID and UID. */
item_text_t item_occurrence_bare(const item_text_t *text, apr_pool_t *p);

/**
 * Put a changed occurrence into its series, in the place of the one of that
 * id, or as a further one; an exception on its day is none any more.
 * @param id  which it is to be; of a further one that of the text
 * @param text  the event or task, whose UID and RECURRENCE-ID become those that the
 *              series has; of a further one the latter is its own.  Rules and
 *              dates of it are left out.
 * @param out  in the pool
 * @return APR_SUCCESS; APR_NOTFOUND: there is no series, or no one event that
 *         can be put in; ITEM_E*, also where the series were over the limits
 */
apr_status_t item_occurrence_put(const item_text_t *series, const char *id,
                                 const item_text_t *text, item_text_t *out,
                                 apr_pool_t *p);

/**
 * Take a changed occurrence out for good (each of that id, if it stands twice):
 * its day becomes an exception.
 * @return APR_SUCCESS; APR_NOTFOUND: the series has none of that id; ITEM_E*
 */
apr_status_t item_occurrence_drop(const item_text_t *series, const char *id,
                                  item_text_t *out, apr_pool_t *p);

/**
 * A device's series without exceptions on days of which we have changed
 * occurrences, unless they are exceptions of ours as well: it has these days so
 * because they are entries of their own to it.
 * @param out  in the pool
 * @return APR_SUCCESS, perhaps the same text; APR_NOTFOUND: there is nothing
 *         such; ITEM_E*
 */
apr_status_t item_occurrence_days(const item_text_t *series,
                                  const item_text_t *ours, item_text_t *out,
                                  apr_pool_t *p);

#endif
