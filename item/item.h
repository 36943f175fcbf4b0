/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item.h
 * @brief What is synchronised: formats, their recognition and the keys by
 * which a slow sync finds equal items.
 *
 * The store keeps each item's full text; this room reads it, it never
 * changes it.  Formats today: vCard 3.0, iCalendar 2.0 (events, tasks and
 * journals), plain text, and OMA's objects of emails and files, for which
 * there is no datastore yet.
 */
#ifndef SYNCML_ITEM_H
#define SYNCML_ITEM_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

/** The text is not what its type says. */
#define ITEM_EMALFORMED  (APR_OS_START_USERERR + 6201)
/** A type, or a version of it, that is not understood (SyncML 415). */
#define ITEM_ETYPE       (APR_OS_START_USERERR + 6202)
/** More lines, parameters or octets than the limits below. */
#define ITEM_ELIMIT      (APR_OS_START_USERERR + 6203)

#define ITEM_MAX_OCTETS      (16 * 1024 * 1024)
#define ITEM_MAX_PROPERTIES  20000   /* and so many words in lists */
#define ITEM_MAX_PARAMS      64      /* of one property */
#define ITEM_MAX_DEPTH       16      /* of components in components */

/** Raised whenever a rule by which item_keys() computes anything changes:
 * keys that were stored under another version are to be computed anew. */
#define ITEM_KEYS_VERSION    5

/** In item_keys_t.ends: no end, or none that is known; with a minus sign in
 * item_keys_t.starts: no beginning. */
#define ITEM_WHEN_ALWAYS     APR_INT64_MAX

typedef enum {
    ITEM_VCARD30 = 0,       /* text/vcard, VERSION:3.0 (4.0 is kept as is) */
    ITEM_VEVENT,            /* text/calendar with a VEVENT */
    ITEM_VTODO,             /* text/calendar with a VTODO */
    ITEM_TEXT,              /* text/plain */
    ITEM_VJOURNAL,          /* text/calendar with a VJOURNAL: a journal's entry, or
                             * a note that is more than a text (item_note.h) */
    ITEM_EMAIL,             /* application/vnd.omads-email+xml */
    ITEM_FILE               /* application/vnd.omads-file+xml: item_object.h */
} item_kind_e;

/** Keys of an item; equal keys do not prove equal items, different keys
 * prove different ones (64-bit hashes; use item_equal() to be sure). */
typedef struct item_keys_t {
    item_kind_e kind;
    apr_int64_t key;        /* of the normalised content, never 0 */
    apr_int64_t uid_key;    /* of UID (and RECURRENCE-ID); 0 without UID */
    apr_int64_t near_key;   /* what it is to a person; 0: nothing to go by */
    apr_int64_t starts;     /* seconds since 1970 UTC; see below */
    apr_int64_t ends;       /* likewise, not before starts */
} item_keys_t;

/**
 * Recognise an item and compute its keys.
 * @param type  media type as in Meta/Type, parameters allowed, any case;
 *              NULL or "": recognise by the text
 * @param data  the text; line ends CRLF, LF or CR; need not end in NUL
 * @param p  scratch, freed by the caller
 * @return APR_SUCCESS, ITEM_E*
 *
 * Normalised, after what phones and SyncEvolution were seen to change:
 * - form: order of properties, parameters and components, repeated lines,
 *   groups, folding, case of names, escapes, line ends, white space at the
 *   ends of lines and values, empty components at the end, empty properties;
 * - all parameters but these: TYPE's HOME, WORK (TEL, EMAIL, ADR, URL), CELL,
 *   FAX, PAGER, CAR (TEL); TZID; PARTSTAT other than NEEDS-ACTION; RELATED;
 * - properties that clients do not know come back missing, so only these are
 *   compared: of vCards N, FN (where there is no N and it is not the ORG), ORG,
 *   TITLE, ROLE, NICKNAME, TEL, EMAIL, ADR, URL, IMPP, BDAY, NOTE, PHOTO, GEO,
 *   CATEGORIES, KIND, MEMBER; of events, tasks and journals SUMMARY, DESCRIPTION,
 *   LOCATION, CLASS, STATUS, TRANSP, PRIORITY, PERCENT-COMPLETE, GEO,
 *   CATEGORIES, ATTENDEE, ORGANIZER (of events), all times, recurrences and
 *   alarms; a DESCRIPTION that is the SUMMARY again and values that are the
 *   default (CLASS:PUBLIC, TRANSP:OPAQUE, STATUS:CONFIRMED or NEEDS-ACTION,
 *   PRIORITY:0, ...) count as missing;
 * - values: telephone numbers without what only parts the digits, addresses
 *   of mail in lower case, those of pages without "http://", lists one by one,
 *   pictures as what they hold, full dates without time, zones without their
 *   maker's prefix, DURATION as DTEND or DUE, alarms as the time before the
 *   start, times in a zone that the system knows as their instant (and of a
 *   series how its zone goes with the year), recurrence rules as in
 *   item_time.h.
 *
 * So equal items are the same thing to people, but not the same octets: do
 * not drop an update because it is equal.  The store keeps the keys: whoever
 * changes these rules must raise ITEM_KEYS_VERSION.
 *
 * near_key finds candidates for item_likeness(), which decides.  It is taken
 * from letters and digits only (octets above 127 are letters, ASCII case is
 * ignored), of
 * - contacts: the first eight characters of the given name and of the last
 *   word of the family name, in either order; without N, of the first and
 *   last word of FN, else of ORG; else the first EMAIL, else the last seven
 *   digits of the first TEL;
 * - events: the first twelve characters of SUMMARY (else DESCRIPTION, else
 *   LOCATION), with the month of DTSTART, which begins on the first at 03:00
 *   of the clock that is written (UTC if the zone is known); without any of
 *   these the day;
 * - tasks: the first twelve characters of SUMMARY (else DESCRIPTION);
 * - texts: the first twelve characters of the first line that has any;
 * - journals: as tasks, and as a text of the same first line, since a note may
 *   be either;
 * - emails: the first twelve characters of the subject; files: the name.
 * A phone that writes local times where the other side writes UTC moves an
 * event to another month only in the hours about that limit.
 *
 * starts and ends enclose all that an event or task takes: overrides and
 * RDATE included, EXDATE and EXRULE not looked at.  Times without a zone, or
 * in one that is not known, and whole days are widened by 14 hours at both
 * sides, so that a window never misses an item.  A series ends by
 * UNTIL, or by COUNT where that is simple arithmetic (item_time.h), else
 * never.  A task that is not completed has no end: it is still to be done.
 * An email was received at one moment.  Undated items, contacts, texts and files:
 * always.
 */
apr_status_t item_keys(item_keys_t *keys, const char *type,
                       const char *data, apr_size_t len, apr_pool_t *p);

/**
 * When an event, or an occurrence of it, begins next: the first of from <
 * begin <= to.  Overrides, RDATE and EXDATE count, EXRULE does not; a task
 * begins when it is due, where it says no more.  Its cost does not grow with
 * the age of a series (without COUNT), and ends as said in item_recur.h.
 * @param from, to  seconds since 1970 UTC
 * @param floating  Olson name of the zone of times that have none; NULL: UTC
 * @return 0: none, or no calendar
 */
apr_int64_t item_next_start(const char *type, const char *data,
                            apr_size_t len, apr_int64_t from, apr_int64_t to,
                            const char *floating, apr_pool_t *p);

/** Non-zero if two items are equal after normalisation. Malformed items
 * are equal only octet by octet. */
int item_equal(const char *type_a, const char *a, apr_size_t len_a,
               const char *type_b, const char *b, apr_size_t len_b,
               apr_pool_t *p);

/** What two items are to each other. */
typedef enum {
    ITEM_DIFFERENT = 0,     /* two things */
    ITEM_RELATED,           /* share their identity (name; subject and start;
                             * UID), but contradict each other in something */
    ITEM_NEAR,              /* same identity, and each property is equal,
                             * absent on one side, or cut short on one side:
                             * a phone's poorer copy */
    ITEM_EQUAL              /* as item_equal() */
} item_likeness_e;

/**
 * Compare two items as a person would.  Arguments as item_keys().
 *
 * Identity: of contacts the name, where one may lack or cut words of the
 * other's (without names ORG, EMAIL or TEL); of events the subject and the
 * start; of journals likewise, where both have a start; of tasks and texts
 * the subject or first line.  A text and a journal are compared as texts,
 * and are ITEM_NEAR at most.  A start in UTC and one on a clock that is not
 * known can be the same if they differ by quarters of an hour, at most 14
 * hours; an all-day event may be written as a date, from midnight to
 * midnight, or as that in UTC.  The same UID is identity, too.
 *
 * Of properties that may repeat, one side may have more than the other; if
 * each has values that the other has not, they contradict.
 * @return ITEM_DIFFERENT to ITEM_EQUAL; malformed items are ITEM_EQUAL if
 * they are so octet by octet, else ITEM_DIFFERENT
 */
item_likeness_e item_likeness(const char *type_a, const char *a,
                              apr_size_t len_a, const char *type_b,
                              const char *b, apr_size_t len_b,
                              apr_pool_t *p);

/**
 * When an item says that it was changed last: the newest REV (vCard) or
 * LAST-MODIFIED (of any event or task in it) that is a full time.  Without a
 * zone it is taken as UTC.
 * @return seconds since 1970 UTC; 0: it does not say, or is malformed
 */
apr_int64_t item_modified(const char *type, const char *data, apr_size_t len,
                          apr_pool_t *p);

/** The media type without parameters under which a kind is stored and sent:
 * "text/vcard", "text/calendar", "text/plain", and those of objects. */
const char *item_kind_type(item_kind_e kind);

/**
 * The item with some of its properties only, each line as it stands; of
 * components inside an event or task (VALARM) the name counts likewise.  What
 * an item cannot do without stays: VERSION, PRODID, UID, DTSTAMP, DTSTART,
 * RECURRENCE-ID, N, FN, and time zones.  Plain text and objects stay as they
 * are.
 * @param data, len  in and out; unchanged on failure
 * @param names  n of them, in any case
 * @param drop  0: only these; else all but these
 * @return APR_SUCCESS, ITEM_EMALFORMED (components do not match), ITEM_ELIMIT
 */
apr_status_t item_select(const char *type, const char **data,
                         apr_size_t *len, const char *const *names, int n,
                         int drop, apr_pool_t *p);

/** One line for people: a name or subject of the item, at most @p max
 * characters, never NULL; for lists and logs. */
const char *item_summary(const char *type, const char *data, apr_size_t len,
                         apr_size_t max, apr_pool_t *p);

/**
 * The values of a property, unescaped, for filters.  Of a calendar those of
 * all events and tasks in it, not of alarms and time zones.  CATEGORIES,
 * RESOURCES, EXDATE and RDATE word by word; the parts of N, ADR and ORG stay
 * joined by semicolons.  Of plain text "SUMMARY" is the first line, and "BODY"
 * all of it.
 * @param name  of the property, any case
 * @return of const char *, in their order; empty: none, or malformed
 */
apr_array_header_t *item_values(const char *type, const char *data,
                                apr_size_t len, const char *name,
                                apr_pool_t *p);

/**
 * The value of a property that stands once in an item, or its events and tasks,
 * unescaped, with all of its white space.
 * @return NULL: there is none, or several
 */
const char *item_whole_value(const char *type, const char *data,
                             apr_size_t len, const char *name, apr_pool_t *p);

/**
 * Make an item fit into a number of octets, for devices with a MaxObjSize.
 * First PHOTO, LOGO, SOUND, KEY and ATTACH go, the largest first, then NOTE,
 * DESCRIPTION, COMMENT and LABEL are cut at a character, the longest first,
 * then unknown properties ("X-...") go.  Plain text is cut at a character, an
 * email's text at a line, and a file goes without its body.
 * @param data, len  in: the item; out: in the pool, unless it fits as it is
 * @param limit  octets
 * @return APR_SUCCESS; ITEM_E* of a malformed item, or ITEM_ELIMIT if that is
 * not enough: data and len are as they were
 */
apr_status_t item_reduce(const char *type, const char **data,
                         apr_size_t *len, apr_size_t limit, apr_pool_t *p);

/**
 * What two items differ in, for people: a line "- TEL: 1" for what only a
 * has, "+ TEL: 2" for what only b has, each ended by LF.  Properties are
 * compared as item_keys() does, but all of them, lists (CATEGORIES) word by
 * word; those of an override
 * are preceded by its RECURRENCE-ID.  Of texts and malformed items the lines.
 * @return at most 200 lines of at most 200 characters; "": no difference
 */
const char *item_diff(const char *type_a, const char *a, apr_size_t len_a,
                      const char *type_b, const char *b, apr_size_t len_b,
                      apr_pool_t *p);

/** Words for an ITEM_E* status; NULL for others. */
const char *item_strerror(apr_status_t rv);

#endif
