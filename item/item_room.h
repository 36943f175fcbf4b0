/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_room.h
 * @brief How much of each property a device has been seen to hold.
 *
 * A phone that has place for two addresses sends the first two of four back,
 * or the last two, or one of each kind; one that has place for 40 characters
 * the first 40, one that knows family and given names these two of five.
 * None of that is an edit of its user's.  What a device sent so far tells: so
 * many properties of a name in one item, so many of a kind, so long, with
 * these components.  Where its text has less than the text that it had, and
 * no more than it ever had, it is completed from there.  Fields end after so
 * many octets or so many characters: as long as any in either is as long as
 * it gets.
 *
 * Of a device that has sent the beginning of a value back, or says that it cuts,
 * the end of one that was edited is put back too; else a shorter text may be
 * all there is.
 *
 * Characters that the device does not have (item_image.h) are put back, in
 * values that were edited as well.
 *
 * The same holds for series: one of a kind (by days of the week, by several
 * days of the month...) that it never sent came back as a single event.
 *
 * An FN that a device makes of N is none of its own.  Where N is as it was, so
 * is FN; where N was edited, FN is left out: merging makes it follow.
 *
 * Long texts (NOTE, DESCRIPTION) and what says when something is are left to
 * the caller.
 *
 * A user who shortens a text to just the longest that the device ever sent,
 * or deletes one of several, is taken for such a device once; as soon as
 * anything longer, or more, has come, he is not.
 */
#ifndef SYNCML_ITEM_ROOM_H
#define SYNCML_ITEM_ROOM_H

#include <apr_hash.h>

#include "item/item_limits.h"
#include "item/item_lines.h"
#include "item/item_form.h"

/** So many names are remembered. */
#define ITEM_ROOM_NAMES   128
/** Components of a value that are told apart. */
#define ITEM_ROOM_PARTS   8
/** A value shorter than that, octets, was not cut by a device. */
#define ITEM_ROOM_SHORT   16
/** From so many items on with a property, what is known of it is certain. */
#define ITEM_ROOM_CERTAIN 3

typedef struct item_room_t item_room_t;

item_room_t *item_room_make(apr_pool_t *p);

/** Learn from a text that the device sent; texts that cannot be read and
 * notes teach nothing.  @return non-zero if that is news */
int item_room_note(item_room_t *room, const char *data, apr_size_t len,
                   apr_pool_t *p);

/**
 * How the device is spoken to.
 * @param charset  of what it is sent; NULL, as at first: UTF-8
 * @param fields  its form has fields (SIF): it has a place for all that it had,
 *                and says of each what is in it
 */
void item_room_speaks(item_room_t *room, const char *charset, int fields);

/** Names of which its text has none since its user deleted what it had of
 * them; NULL, as at first: that is known of none.  Must outlive the room. */
void item_room_deleted(item_room_t *room, apr_hash_t *names);

/** How long its values are said to be; must outlive the room. */
void item_room_limits(item_room_t *room, const item_limits_t *limits);

/** Whether it keeps which one of several is preferred: of which names, as bits
 * ITEM_TAKE_PREF_... of item_merge.h.  It does once it has sent a preferred
 * one that is not the first as it was, and several without any. */
int item_room_prefers(const item_room_t *room);

/** As words without line ends, to be kept: "TEL=2,3,5,14/14;1,0 N=1,3,0,20,9/20,8",
 * which are most in one item, items (at most ITEM_ROOM_CERTAIN), kinds, octets
 * by component, characters by component, "!" once a value came back cut, behind
 * a ";" which are most of one kind in one item (of more kinds than one left out
 * where that is 1) and which of several it keeps; "*" stands for all, its kinds
 * for the blocks of characters that came. */
const char *item_room_text(const item_room_t *room, apr_pool_t *p);

/** Read that again; what is none of it is passed over. */
void item_room_read(item_room_t *room, const char *text);

/** Non-zero if a task came that was due at a time of the clock: the device does
 * not keep its day alone. */
int item_room_due_times(const item_room_t *room);

/** Non-zero if an alarm came of a task that has no date: where one is missing it
 * was deleted. */
int item_room_dateless_alarms(const item_room_t *room);

/** How long the longest value, or component of it, is that came of a name. */
item_longest_t item_room_longest(const item_room_t *room, const char *name,
                                 int part);

/** Which kinds of rules came, as bits. */
apr_uint32_t item_room_rules(const item_room_t *room);

/** Of which kind a rule of iCalendar is, as one bit: how often, by days of the
 * week or not, one or several.  0: none */
apr_uint32_t item_room_rule(item_span_t rule);

/** What item_room_complete() has learned, as a number: it is to be kept where
 * that has changed. */
int item_room_learned(const item_room_t *room);

/**
 * Complete a device's text.
 * @param room  learns whether the device cuts values: the end of an edited one
 *              is put back only then
 * @param base  what it had, as the device's form says it
 * @param theirs  in: what it sent, of which item_room_note() has learned
 *                already; out: the completed text, in the pool
 * @param certain  out: what was missing is known to have no place there
 * @return the number of values completed or added
 */
int item_room_complete(item_room_t *room, const char *type,
                       const item_text_t *base, item_text_t *theirs,
                       int *certain, apr_pool_t *p);

#endif
