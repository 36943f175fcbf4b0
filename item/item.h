/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item.h
 * @brief What is synchronised: formats, their recognition and the keys by
 * which a slow sync finds equal items.
 *
 * The store keeps each item's full text; this room reads it, it never
 * changes it.  Formats today: vCard 3.0, iCalendar 2.0 (events and tasks)
 * and plain text.
 */
#ifndef SYNCML_ITEM_H
#define SYNCML_ITEM_H

#include <apr_errno.h>
#include <apr_pools.h>

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

typedef enum {
    ITEM_VCARD30 = 0,       /* text/vcard, VERSION:3.0 (4.0 is kept as is) */
    ITEM_VEVENT,            /* text/calendar with a VEVENT */
    ITEM_VTODO,             /* text/calendar with a VTODO */
    ITEM_TEXT               /* text/plain */
} item_kind_e;

/** Keys of an item; equal keys do not prove equal items, different keys
 * prove different ones (64-bit hashes; use item_equal() to be sure). */
typedef struct item_keys_t {
    item_kind_e kind;
    apr_int64_t key;        /* of the normalised content, never 0 */
    apr_int64_t uid_key;    /* of UID (and RECURRENCE-ID); 0 without UID */
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
 *   CATEGORIES, KIND, MEMBER; of events and tasks SUMMARY, DESCRIPTION,
 *   LOCATION, CLASS, STATUS, TRANSP, PRIORITY, PERCENT-COMPLETE, GEO,
 *   CATEGORIES, ATTENDEE, ORGANIZER (of events), all times, recurrences and
 *   alarms; a DESCRIPTION that is the SUMMARY again and values that are the
 *   default (CLASS:PUBLIC, TRANSP:OPAQUE, STATUS:CONFIRMED or NEEDS-ACTION,
 *   PRIORITY:0, ...) count as missing;
 * - values: telephone numbers without what only parts the digits, addresses
 *   of mail in lower case, lists one by one, full dates without time, zones
 *   without their maker's prefix, DURATION as DTEND or DUE, alarms as the time
 *   before the start, recurrence rules as in item_time.h.
 *
 * So equal items are the same thing to people, but not the same octets: do
 * not drop an update because it is equal.  The store keeps the keys: whoever
 * changes these rules must have them computed anew there.
 */
apr_status_t item_keys(item_keys_t *keys, const char *type,
                       const char *data, apr_size_t len, apr_pool_t *p);

/** Non-zero if two items are equal after normalisation. Malformed items
 * are equal only octet by octet. */
int item_equal(const char *type_a, const char *a, apr_size_t len_a,
               const char *type_b, const char *b, apr_size_t len_b,
               apr_pool_t *p);

/** The media type without parameters under which a kind is stored and sent:
 * "text/vcard", "text/calendar", "text/plain". */
const char *item_kind_type(item_kind_e kind);

/** One line for people: a name or subject of the item, at most @p max
 * characters, never NULL; for lists and logs. */
const char *item_summary(const char *type, const char *data, apr_size_t len,
                         apr_size_t max, apr_pool_t *p);

/** Words for an ITEM_E* status; NULL for others. */
const char *item_strerror(apr_status_t rv);

#endif
