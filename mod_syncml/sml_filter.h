/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_filter.h
 * @brief Record filters in the grammar "syncml:filtertype-cgi": which items
 * a client wants.
 *
 * They come in a Filter element (OMA DS Protocol 1.2, chapter on filtering;
 * grammar in its DataSync Usage of the Representation Protocol) and in the
 * path options /fi(...) and /tf(...).
 *
 *   expression = term *( ("&OR;" / "|") term )
 *   term       = factor *( ("&AND;" / "&amp;" / "&") factor )
 *   factor     = "(" expression ")" / field operator value
 *   field      = property name / "&LUID;" / "SINCE" / "BEFORE"
 *   operator   = "&EQ;" "&NE;" "&GT;" "&GE;" "&LT;" "&LE;" "&CON;" "&NCON;",
 *                each also with an "i" (case does not count); and what can be
 *                typed on a phone: = <> > >= < <=, with ^ before for "i"
 *   value      = "&NULL;" (the property is absent or empty) or octets up to
 *                & | ), any of them as %HH
 *
 * AND binds more than OR.  Names and operators are compared without case
 * (of ASCII letters, as everywhere here); white space around each part does
 * not count.
 *
 * A property with several values satisfies a comparison if one value does,
 * but NE and NCON only if all do.  Absent ones satisfy NE and NCON.  GT, GE,
 * LT and LE compare numbers as numbers, everything else octet by octet (which
 * is the order of times written in one form).
 *
 * A filter belongs to the pool it was parsed into and never changes.
 */
#ifndef SYNCML_SML_FILTER_H
#define SYNCML_SML_FILTER_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

/** Limits: octets of an expression, comparisons in it, parentheses open at
 * once, octets of a value. */
#define SML_FILTER_MAX_OCTETS  4096
#define SML_FILTER_MAX_TERMS   64
#define SML_FILTER_MAX_DEPTH   16
#define SML_FILTER_MAX_VALUE   1024

typedef struct sml_filter_t sml_filter_t;

/** An item as a filter sees it. */
typedef struct sml_filter_item_t {
    /** The values of a property: unescaped, NUL-terminated. @return array of
     * const char *, or NULL for none */
    const apr_array_header_t *(*values)(void *baton, const char *name);
    void *baton;
    const char *luid;           /* the device's id of it; NULL: none */
    apr_int64_t starts, ends;   /* seconds, UTC; as item_when() has them */
} sml_filter_item_t;

/**
 * Read an expression.
 * @param text  need not end in NUL
 * @param error  out: what is wrong and where, for a log line; NULL allowed
 * @return APR_SUCCESS, APR_EINVAL (grammar), APR_ENOSPC (a limit)
 */
apr_status_t sml_filter_parse(sml_filter_t **filter, const char *text,
                              apr_size_t len, const char **error,
                              apr_pool_t *p);

/** Non-zero if the item satisfies the expression; a NULL filter is satisfied
 * by all. */
int sml_filter_match(const sml_filter_t *filter,
                     const sml_filter_item_t *item);

/** Both must match; a NULL filter matches all. */
const sml_filter_t *sml_filter_and(const sml_filter_t *a,
                                   const sml_filter_t *b, apr_pool_t *p);

/** Non-zero if the outcome depends on the device's LUID of an item. */
int sml_filter_uses_luid(const sml_filter_t *filter);

/** The expression in one canonical form, which sml_filter_parse() reads back
 * as the same filter: two filters with equal text are equal. */
const char *sml_filter_text(const sml_filter_t *filter, apr_pool_t *p);

/**
 * Take SINCE and BEFORE out of the filter where they stand beside all the
 * rest (joined by AND on the outside): they are a date window, which the
 * store finds by index.
 * @param since  in and out: raised to the latest SINCE, seconds in UTC
 * @param before  in and out: lowered to the earliest BEFORE
 * @return what is left of it; NULL: nothing
 */
const sml_filter_t *sml_filter_window(const sml_filter_t *filter,
                                      apr_int64_t *since,
                                      apr_int64_t *before, apr_pool_t *p);

/**
 * A time as filters have it: "20260131T120000Z", the same without Z (taken
 * as UTC) or without a time (midnight), dashes and colons allowed.
 * @return 0 if it is none
 */
int sml_filter_time(const char *text, apr_int64_t *seconds);

#endif
