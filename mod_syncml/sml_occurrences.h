/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_occurrences.h
 * @brief Changed occurrences of series, for devices that have them as items
 * of their own.
 *
 * The store keeps a series and its changed occurrences as one item
 * (item_occurrence.h).  A device of habit "one-event" makes one entry of each
 * item: it gets the series without them, and each of them as a further item of
 * the same database.
 *
 * Those items live in a datastore of their own beside the calendar, or the
 * tasks, which are meant as well where it says calendar:
 * "calendar/(occurrences)", which no path can name.  It is a copy: each is
 * made of its series, and what a device makes of it goes back there.  To the
 * engine both are a combination (sml_group.c): LUIDs, versions, conflicts,
 * slow sync and resuming are those of any items.
 *
 * Both are made the same (settled) when such a device's items begin to come,
 * and when its package is complete, in the transaction of the message.  That
 * costs what has changed in them since the last time: how far that was is a
 * setting of the store, "occurrences." and the calendar's id.
 */
#ifndef SYNCML_SML_OCCURRENCES_H
#define SYNCML_SML_OCCURRENCES_H

#include "mod_syncml/sml_receive.h"

/** What the name of such a datastore ends with, behind the calendar's. */
#define SML_OCCURRENCES  "/(occurrences)"

/** Name of the store's setting: counters of the calendar and of its
 * occurrences up to which they are the same, with a space between. */
#define SML_OCCURRENCES_SETTING  "occurrences."

/** Non-zero if a datastore of that name is one of changed occurrences. */
int sml_occurrences_named(const char *name);

/** The name of the calendar whose occurrences a datastore has; of any other
 * datastore its own. */
const char *sml_occurrences_calendar(const char *name, apr_pool_t *p);

/** That of a calendar's in the session; NULL: the device has none, or @p y is
 * none. */
sml_sync_t *sml_occurrences_of(sml_session_t *s, const sml_sync_t *y);

/** Give each calendar of the session whose items may begin to come that of its
 * occurrences, where the device is to have it.  s->state->syncs may move. */
void sml_occurrences_join(sml_session_t *s);

/** Add the names of those that the account has for calendars of a path.
 * @param names  const char *, as sml_path_names() */
void sml_occurrences_names(sml_session_t *s, apr_array_header_t *names);

/** Make calendars and occurrences the same, both ways, for those of the
 * session.  s->rv tells a failure. */
void sml_occurrences_settle(sml_session_t *s);

/**
 * An item has come for a calendar: is it one of its occurrences?  It is, if its
 * LUID is one's, or if it says of which series it is one.  Then it is one of
 * theirs from here on.
 * @param y  in: the calendar; out: that of its occurrences, if so
 */
void sml_occurrences_route(sml_session_t *s, sml_sync_t **y,
                           sml_change_t *c);

/**
 * Nothing was found in a calendar for an item that has come: look among its
 * occurrences, of which phones do not say that they are.
 * @param y, c  in and out, as sml_occurrences_route()
 * @return the store's status; *found is NULL if there is none
 */
apr_status_t sml_occurrences_match(sml_session_t *s, sml_sync_t **y,
                                   sml_change_t *c, store_item_t **found,
                                   store_id_t *version);

/** In a slow sync: sml_match() in a calendar, or among its occurrences.  These
 * come before what has only the UID in common, or is near: a client may keep
 * the series' UID and drop RECURRENCE-ID (measured: SyncEvolution, of tasks),
 * and would put the occurrence in the place of the series.  But not before what
 * its LUID meant in the calendar, or an equal one there.
 * @param y  in and out, as in sml_occurrences_match() */
apr_status_t sml_occurrences_slow(sml_session_t *s, sml_sync_t **y,
                                  sml_change_t *c, store_item_t **found,
                                  store_id_t *version);

/** A device's text of a series has come: days of changed occurrences that the
 * server has are no exceptions of it, even if the server knows not that the
 * device has heard of them. @param old  the server's text */
void sml_occurrences_days(sml_session_t *s, const sml_sync_t *y,
                          sml_change_t *c, const store_item_t *old);

/** Do two texts of occurrences say the same, wherever they belong? */
int sml_occurrences_equal(const store_item_t *a, const store_item_t *b,
                          apr_pool_t *p);

/** Non-zero if two texts are the same occurrence of the series whose UID key
 * they share. */
int sml_occurrences_same(const store_item_t *a, const store_item_t *b,
                         apr_pool_t *p);

/** Compute an occurrence's keys: as an event that stands alone, but with the
 * UID key of its series. @return APR_SUCCESS, ITEM_E* */
apr_status_t sml_occurrences_keys(store_item_t *item, apr_pool_t *p);

/** Non-zero if all that has changed of a series since the version that the
 * device has are occurrences, which it gets by themselves.  (Not in a slow
 * sync, whose changes are counted without looking at each.) */
int sml_occurrences_only(sml_session_t *s, sml_sync_t *y,
                         const store_change_t *c, apr_pool_t *scratch);

#endif
