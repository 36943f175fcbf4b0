/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_norm.h
 * @brief An item in the one form in which items are compared.
 *
 * Private to item/.  item_norm.c knows the structure (components in
 * components), item_props.c what becomes of a property, with one table,
 * item_finish.c what can only be said at a component's end; item_near.c and
 * item_when.c read the finished components.
 */
#ifndef SYNCML_ITEM_NORM_H
#define SYNCML_ITEM_NORM_H

#include <apr_tables.h>

#include "item/item_time.h"
#include "item/item_value.h"

typedef struct item_norm_t {
    item_kind_e kind;
    item_span_t canon;          /* equal for equal items */
    item_span_t uid;            /* UID and RECURRENCE-ID, or Message-ID */
    item_span_t near;           /* of objects: see item_near() */
    item_time_t at;             /* of emails: when it was received */
    apr_array_header_t *comps;  /* item_comp_t *, finished; none of a text */
} item_norm_t;

/** Recognise and normalise. @return APR_SUCCESS, ITEM_E* */
apr_status_t item_normalise(item_norm_t *norm, const char *type,
                            const char *data, apr_size_t len,
                            apr_pool_t *p);

/** The kind that a media type names, or with none that a text looks like.
 * @param strict  out: the version that the text must have, NULL for any
 * @return APR_SUCCESS, ITEM_ETYPE; VEVENT stands for VTODO and VJOURNAL too */
apr_status_t item_recognise(item_kind_e *kind, const char **strict,
                            const char *type, const char *data,
                            apr_size_t len);

/** The kind of a calendar's component by its name. @return 0: it is none of
 * those that are items */
int item_calendar_kind(item_span_t name, item_kind_e *kind);

/** Whether a version is one that is understood.
 * @param strict  from item_recognise() @return APR_SUCCESS, ITEM_EMALFORMED
 * (none), ITEM_ETYPE */
apr_status_t item_check_version(item_kind_e kind, const char *strict,
                                item_span_t version);

/** A vCard, VEVENT, VTODO or VJOURNAL on its way to the canonical form. */
typedef struct item_comp_t {
    apr_pool_t *p;
    int *words;                 /* of lists, in the whole item */
    struct item_zones_t *zones; /* that were looked up; may be shared */
    item_kind_e kind;
    item_buf_t buf;             /* the canonical lines, one after the other */
    apr_array_header_t *lines;  /* of item_cut_t, into buf */
    apr_array_header_t *rules;  /* of item_rule_t: RRULE, EXRULE */
    apr_array_header_t *alarms; /* of item_alarm_t */
    item_buf_t fn, org;         /* of a vCard */
    item_buf_t summary, description;    /* of a calendar component */
    int has_name;
    item_time_t start, end;
    item_span_t end_text;       /* DTEND or DUE, as written */
    item_span_t duration;
    int completed, percent_full;
    item_buf_t uid, recurrence;
    item_span_t version;
    /* as written, of the first that has a value: for item_near.c */
    item_span_t name, email, phone, place;
    /* for item_when.c */
    item_time_t done;           /* COMPLETED */
    apr_array_header_t *dates;  /* item_time_t: RDATE */
    int open_end;               /* RDATE as a period, or a range of overrides */
    apr_array_header_t *spans;  /* item_span_t: the finished lines, sorted */
} item_comp_t;

typedef struct item_cut_t {
    apr_size_t from, len;
} item_cut_t;

typedef struct item_rule_t {
    const char *name;
    item_span_t text;
} item_rule_t;

typedef struct item_alarm_t {
    item_span_t trigger, zone;
    int from_end;               /* RELATED=END */
} item_alarm_t;

/** Spans sorted and joined, each followed by @p sep.
 * @param once  leave out repetitions */
item_span_t item_spans_join(apr_array_header_t *spans, char sep, int once,
                            apr_pool_t *p);

/** @param words  counts the words of lists, which become lines of their own;
 *               shared by the components of an item */
item_comp_t *item_comp_make(item_kind_e kind, int *words, apr_pool_t *p);

/** A time in a zone that is known becomes one in UTC; others stay. */
item_time_t item_comp_time(const item_comp_t *comp, const item_time_t *t);

/** Take a property in. @return APR_SUCCESS, ITEM_ELIMIT (words) */
apr_status_t item_comp_property(item_comp_t *comp, const item_line_t *line);

/**
 * The canonical value of a property that stands alone; nothing for an empty
 * or usual one.
 * @param kind  of the component, -1 for any other than those
 * @return 0: clients were seen to drop such a property
 */
int item_prop_value(item_buf_t *b, int kind, const item_line_t *line);

/** What item_prop_value() returns. */
int item_prop_is_known(int kind, const item_line_t *line);

/** Non-zero for a word of TYPE that counts with some property. */
int item_type_counts(item_span_t type);

/** What of its parameters counts. */
void item_prop_detail(item_buf_t *b, int kind, const item_line_t *line);

/** Take a VALARM's property in. */
void item_comp_alarm(item_comp_t *comp, const item_line_t *line);

/** The whole component: lines sorted, none twice. */
item_span_t item_comp_finish(item_comp_t *comp);

/** What is compared of the alarm that was taken in since the last call, in a
 * component that has its times and is finished. */
item_span_t item_comp_alarm_key(item_comp_t *comp);

/** One line of at most max characters: control characters become spaces,
 * octets that are no UTF-8 become "?", runs of spaces one. */
const char *item_one_line(item_span_t text, apr_size_t max, apr_pool_t *p);

/** The component that stands for an item: the master of a series, else the
 * first; NULL of a text. */
const item_comp_t *item_norm_main(const item_norm_t *norm);

/** What an item is to a person, to be hashed for near_key; len 0: nothing. */
item_span_t item_near(const item_norm_t *norm, apr_pool_t *p);

/** The letters and digits of an escaped text, ASCII in lower case.
 * @param chars  at most so many characters, 0: all */
void item_near_text(item_buf_t *b, item_span_t value, int chars);

/** The words of a person's name, in the order in which it is spoken, each
 * as item_near_text(); from N, else from FN, else from ORG.
 * @return how many, at most max */
int item_near_name(const item_comp_t *comp, item_span_t *words, int max,
                   apr_pool_t *p);

/** Non-zero if an event takes whole days. @param day  the first, in days
 * since 1970-01-01 where it takes place */
int item_when_days(const item_comp_t *comp, apr_int64_t *day);

/** item_keys_t.starts and .ends. */
void item_when(const item_norm_t *norm, apr_int64_t *starts,
               apr_int64_t *ends);

#endif
