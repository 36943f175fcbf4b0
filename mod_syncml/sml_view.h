/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_view.h
 * @brief What of a datastore a device gets: which items, and how much of
 * each.
 *
 * A view is made of the options in the path (sml_path.h), of the client's
 * Filter (OMA DS 1.2) and of the device's access.  Its canonical text is kept
 * with the anchor, so that the next sync knows whether it changed; the date
 * window that it means at a given time is kept there as numbers.
 */
#ifndef SYNCML_SML_VIEW_H
#define SYNCML_SML_VIEW_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "item/item_form.h"
#include "mod_syncml/sml_filter.h"

/** What a device may do with a datastore. */
typedef enum {
    SML_ACCESS_FULL = 0,
    SML_ACCESS_READ_ONLY,       /* what it changes is rolled back on it */
    SML_ACCESS_SEND_ONLY        /* it gets nothing */
} sml_access_e;

/** "full", "read-only", "send-only". */
const char *sml_access_name(sml_access_e access);
/** @return 0 if it is none of them (in any case of letters) */
int sml_access_parse(const char *word, sml_access_e *access);

/** Limits of options: days either way, kilobytes, items, properties. */
#define SML_VIEW_MAX_DAYS    36500
#define SML_VIEW_MAX_KB      1000000
#define SML_VIEW_MAX_OCTETS  9999999    /* more is no limit */
#define SML_VIEW_MAX_ITEMS   1000000
#define SML_VIEW_MAX_FIELDS  100

#define SML_WINDOW_FROM  APR_INT64_MIN  /* no limit */
#define SML_WINDOW_TO    APR_INT64_MAX

typedef struct sml_view_t {
    int ranged;                 /* the days count */
    int days_from, days_to;     /* around today: -30, 90 */
    int limit;                  /* kilobytes of an item; 0: none */
    int octets;                 /* of an item as it is sent, the device's
                                   MaxObjSize; 0: none */
    int max;                    /* items on the device; 0: no limit */
    int left_out;               /* last time that limit left something out */
    int no_attachments;
    int slow;
    item_format_e format;       /* in which items travel; AS_IS: not said */
    const sml_filter_t *only;   /* what does not match is not on the device */
    const sml_filter_t *adds;   /* what does not match is not added there */
    apr_array_header_t *fields; /* const char *, upper case, sorted: only
                                   these properties; NULL: all */
    sml_access_e access;
    /* From filters; not part of the text, since they move with the time. */
    apr_int64_t since, before;  /* seconds; SML_WINDOW_* */
} sml_view_t;

/** A view of everything. */
void sml_view_init(sml_view_t *view);

/** What sml_view_option() made of it. */
#define SML_OPTION_TAKEN    0
#define SML_OPTION_UNKNOWN  1
#define SML_OPTION_BAD      2
#define SML_OPTION_NONE     3   /* not written like one: no parentheses, and
                                   no word that is an option without any */

/**
 * Take one option, "dr(-30,90)", without its slash.
 * @param own  non-zero: also those of our own texts, see sml_view_text()
 * @param error  out: for SML_OPTION_BAD what is wrong
 */
int sml_view_option(sml_view_t *view, const char *option, apr_size_t len,
                    int own, const char **error, apr_pool_t *p);

/** Octets of the segment of a path or text that begins here, up to the next
 * "/" outside parentheses or the end. */
apr_size_t sml_view_segment(const char *text, apr_size_t len);

/**
 * The canonical text, "" for a view of everything: options each after a "/".
 * @param all  0: without what does not change which items and properties
 *             there are: slow, left_out, format
 */
const char *sml_view_text(const sml_view_t *view, int all, apr_pool_t *p);

/** Non-zero if such a text is of a view of everything, but for the size. */
int sml_view_is_whole(const char *text);

/** Read such a text back. @return 0 if it is none */
int sml_view_parse(sml_view_t *view, const char *text, apr_pool_t *p);

/** The date window of a view, seconds in UTC, both ends inside: whole days
 * (so that it moves once a day).  A device that gets nothing has an empty
 * one, *from above *to. */
void sml_view_window(const sml_view_t *view, apr_int64_t now,
                     apr_int64_t *from, apr_int64_t *to);

#endif
