/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_lines.h
 * @brief Content lines of vCard and iCalendar: one reader for both.
 *
 * Private to item/.  The reader unfolds the text into a buffer of its own,
 * line by line, and cuts each line into group, name, parameters and value.
 * It belongs to one caller; spans stay valid as long as its pool.  Line ends
 * are CRLF, LF or CR; a line that begins with a space or a tab continues the
 * one before (RFC 2425 5.8.1, RFC 5545 3.1).  Blank lines are passed over.
 * Values are octets: UTF-8 is neither needed nor checked.
 */
#ifndef SYNCML_ITEM_LINES_H
#define SYNCML_ITEM_LINES_H

#include "item/item.h"

/** Octets inside another buffer, not NUL-terminated. */
typedef struct item_span_t {
    const char *s;
    apr_size_t len;
} item_span_t;

typedef struct item_param_t {
    item_span_t name;           /* len 0: a bare parameter ("TEL;CELL:") */
    item_span_t value;          /* as written: a comma list, maybe quoted */
} item_param_t;

typedef struct item_line_t {
    item_span_t group;          /* "item1" of "item1.TEL", len 0 for none */
    item_span_t name;           /* as written */
    item_span_t value;          /* as written, still escaped */
    int junk;                   /* no colon: name is empty, value is all */
    int nparams;
    item_param_t *params;       /* the reader's, until its next line */
} item_line_t;

typedef struct item_reader_t {
    const char *pos, *end;      /* what is left of the text */
    const char *lf;             /* the next LF from pos on, or end */
    char *out;                  /* free space for the next unfolded line */
    int count;                  /* lines read */
    item_param_t params[ITEM_MAX_PARAMS];
} item_reader_t;

/** Start reading. @return APR_SUCCESS, ITEM_ELIMIT (octets) */
apr_status_t item_reader_init(item_reader_t *r, const char *data,
                              apr_size_t len, apr_pool_t *p);

/** Read one line. @return APR_SUCCESS, APR_EOF, ITEM_ELIMIT (too many lines
 * or parameters) */
apr_status_t item_reader_next(item_reader_t *r, item_line_t *line);

/** Cut an unfolded line.
 * @param line  all zero but for params, which has room for ITEM_MAX_PARAMS
 * @return APR_SUCCESS, ITEM_ELIMIT (parameters); a line without a colon
 * becomes junk */
apr_status_t item_line_split(item_line_t *line, item_span_t text);

/** Take the next value out of a parameter's comma list, quotes removed.
 * @param rest  in: what is left of the list; out: what then is left, with
 *              s NULL after the last
 * @return non-zero if there was one */
int item_param_value(item_span_t *rest, item_span_t *value);

/** One value of a parameter as it is written: in quotes where it needs them.
 * What has quotes of its own stays as it is if these do; else it goes without
 * them, since there is no way to say them. */
const char *item_param_text(item_span_t value, apr_pool_t *p);

/** The first parameter of that name (ASCII, upper case), or NULL. */
const item_param_t *item_line_param(const item_line_t *line,
                                    const char *name);

/** The first value of the first parameter of that name (upper case), without
 * quotes; len 0 where there is none. */
item_span_t item_line_value(const item_line_t *line, const char *name);

/** Non-zero if a line is the preferred one of several: PREF=1, TYPE=PREF. */
int item_is_preferred(const item_line_t *line);

/** A string as a span. */
item_span_t item_span_of(const char *text);

/** item_span_is() behind the first octet. */
int item_span_is_all(item_span_t span, const char *word);

/** Non-zero if a span is that word, without regard to ASCII case. */
static inline int item_span_is(item_span_t span, const char *word)
{
    /* Here, since nearly all words differ in their first letter. */
    return span.len ? ((*span.s ^ *word) & 0xdf) == 0
                      && item_span_is_all(span, word) : !*word;
}

/** How many octets two spans have in common at their beginning and, besides,
 * at their end. @param most  to be counted at most; 0: all */
apr_size_t item_span_ends(item_span_t a, item_span_t b, apr_size_t most);

/** Non-zero for a space, a tab, CR or LF. */
static inline int item_is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/** The span without white space at its ends. */
static inline item_span_t item_span_trim(item_span_t span)
{
    for (; span.len && item_is_white(*span.s); span.len--)
        span.s++;
    while (span.len && item_is_white(span.s[span.len - 1]))
        span.len--;
    return span;
}

#endif
