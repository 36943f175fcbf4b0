/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_merge.h
 * @brief Two versions of an item become one, property by property.
 *
 * Three-way: what one side changed against the base is taken, the other
 * side's lines keep every octet: folding, order, parameters, X- properties,
 * groups, time zones, alarms.  Values are compared in the form of item.h, so
 * what a phone merely writes differently is no change.  All is linear but for
 * sorting, and bound by the limits of item.h.
 *
 * Rules:
 * - TEL, EMAIL, ADR, URL, IMPP, LABEL and MEMBER of contacts, ATTENDEE,
 *   ATTACH, COMMENT, CONTACT, RELATED-TO and alarms are sets: the value is the
 *   member, so a changed value is one removed and one added; TYPE or PARTSTAT
 *   changed is a change of the member.  CATEGORIES, RESOURCES, EXDATE and
 *   RDATE are sets of words.
 * - ORG, TITLE, ROLE, NICKNAME, NOTE, PHOTO and others that usually stand
 *   once are sets only where a side has several; unknown properties (X-...)
 *   are one value only where the base has one and no side more.
 * - What belongs together is taken whole from one side: N and FN (either
 *   stays where theirs has none, with a base or not; an FN that stays beside
 *   another N follows it: made of N it is made anew, else the names that were
 *   changed are, where they stand in it once); DTSTART,
 *   DTEND, DUE, DURATION, RRULE and EXRULE, with EXDATE and RDATE if the two
 *   sides start at different times; STATUS, COMPLETED and PERCENT-COMPLETE. A
 *   property named "X-" in a group ("item1.X-ABLabel") goes with the group's
 *   first other property.
 * - VEVENT, VTODO and VJOURNAL are found by RECURRENCE-ID and merged in turn; time
 *   zones that lines from theirs need come along.
 * - NOTE, DESCRIPTION and text/plain are merged line by line.
 * - UID, VERSION, PRODID and CREATED stay as they are in ours; the newest REV,
 *   LAST-MODIFIED and DTSTAMP and the greatest SEQUENCE win: none of them
 *   clashes.
 * - Emails and files are merged field by field; what theirs does not say is no
 *   change.  Without a base an email is read, replied to or forwarded if one side
 *   says so.  Their content ("CONTENT") is one; a message cut short is none.
 *
 * A clash is what both sides changed differently: the preferred side wins,
 * but a change wins over a removal, and over what is the base's value cut
 * short.
 */
#ifndef SYNCML_ITEM_MERGE_H
#define SYNCML_ITEM_MERGE_H

#include <apr_tables.h>

#include "item/item.h"

/** So many names of clashes are listed. */
#define ITEM_MAX_CLASHES  64

/** A text with its length; need not end in NUL. */
typedef struct item_text_t {
    const char *data;
    apr_size_t len;
} item_text_t;

/** Who wins a clash; and, as a bit of it, how poor theirs may be. */
typedef enum {
    ITEM_PREFER_OURS = 0,
    ITEM_PREFER_THEIRS = 1,
    /** Theirs comes from a device that drops what it does not know: a
     * property that item_keys() does not compare, and an FN that is more than
     * the words of N, is not removed because theirs lacks it.  (Facts: every
     * Nokia sends unknown properties back stripped.) */
    ITEM_SPARE_UNKNOWN = 2,
    /** Theirs comes from a device that keeps which one of several numbers, or
     * addresses of mail, is preferred: that it prefers another one is an
     * edit.  (Facts: others mark the first, or none.) */
    ITEM_TAKE_PREF_TEL = 4,
    ITEM_TAKE_PREF_EMAIL = 8
} item_prefer_e;

typedef struct item_merge_t {
    const char *text;           /* the result, in the pool or one of the
                                 * arguments; ends in NUL if in the pool */
    apr_size_t len;
    int is_ours;                /* text is ours, octet by octet */
    int is_theirs;              /* likewise */
    int preferred;              /* another one is preferred than in ours, which
                                 * item_equal() does not see */
    apr_array_header_t *clashes;        /* const char *: names in upper case,
                                         * none twice, "TEXT" for plain
                                         * text; never NULL */
} item_merge_t;

/**
 * Merge two versions of an item.
 * @param m  out: the result; all zero but for an empty list on failure
 * @param type  media type of all three, as item_keys()
 * @param base  the version that both come from; NULL, or one that is
 *              malformed or of another kind: unknown, then nothing that only
 *              one side has is lost, of a value that one side has cut short
 *              the longer is taken, and differing lines of long texts are
 *              both kept
 * @param ours  the version whose octets are kept where it says the same
 * @param theirs  the other one
 * @param prefer  who wins a clash: item_prefer_e, bits may be joined
 * @param p  for the result and as scratch
 * @return APR_SUCCESS; ITEM_EMALFORMED, ITEM_ETYPE (also: of two kinds) or
 * ITEM_ELIMIT for ours or theirs; ITEM_ELIMIT also for a result that would be
 * beyond the limits
 *
 * A result that says the same as ours is ours, octet by octet.  Else what
 * theirs edited stands in ours' line: its group, its place and the parameters
 * that theirs did not change are kept, and of N, ADR and ORG the components.
 * So the result is theirs only where nothing of ours differs from it.
 */
apr_status_t item_merge(item_merge_t *m, const char *type,
                        const item_text_t *base, const item_text_t *ours,
                        const item_text_t *theirs, int prefer,
                        apr_pool_t *p);

#endif
