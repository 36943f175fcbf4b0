/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_sif_int.h
 * @brief A SIF-E or SIF-T document on its way. Private to item/.
 *
 * item_sif.c walks through the fields, item_sif_time.c knows clocks and
 * zones, item_sif_rule.c patterns and exceptions, item_sif_people.c attendees
 * and reminders.
 */
#ifndef SYNCML_ITEM_SIF_INT_H
#define SYNCML_ITEM_SIF_INT_H

#include "item/item_form.h"
#include "item/item_sif_field.h"
#include "item/item_zone.h"

typedef enum {
    SIF_NEVER = 0,
    SIF_DAY,                    /* secs: its midnight, without a zone */
    SIF_INSTANT,                /* secs since 1970 UTC */
    SIF_FLOATING                /* secs of a clock that is not known */
} sif_when_e;

typedef struct sif_when_t {
    sif_when_e kind;
    apr_int64_t secs;
} sif_when_t;

/** How times are written in the store. */
typedef enum { SIF_AS_UTC, SIF_AS_LOCAL, SIF_AS_FLOATING } sif_style_e;

typedef struct item_sif_t {
    apr_pool_t *p;
    const item_form_t *form;
    item_kind_e kind;           /* ITEM_VEVENT or ITEM_VTODO */
    item_zones_t zones;
    const item_zone_t *user;    /* NULL: not known */
    const item_doc_t *doc;      /* of the store; import: NULL without like */
    const item_part_t *main;    /* its master, NULL likewise */
    const item_zone_t *pattern; /* in which a series' days are meant; NULL:
                                 * UTC */
    const item_zone_t *own;     /* of the store's times; NULL: UTC */
    const char *tzid;           /* its name there */
    sif_style_e style;
    int recurs;
    sif_when_t start, end;
    item_buf_t out;
} item_sif_t;

/* ---- item_sif_time.c ------------------------------------------------------ */

/** The zone of the store's times, and how they are written: from its
 * version, if there is one. @return 0: there is none, or it has no times */
int sif_time_from_store(item_sif_t *s);

/** Choose them for a new item, when start is known.
 * @param local  the device wrote no UTC */
void sif_time_choose(item_sif_t *s, int local);

/** Read a device's time. @param local  out: it was no UTC; may be NULL */
sif_when_t sif_time_read(const item_sif_t *s, item_span_t text, int *local);

/** The day of a time in a zone (NULL: UTC), as midnight. */
apr_int64_t sif_time_day(const sif_when_t *when, const item_zone_t *zone);

/** Seconds of the clock of a zone (NULL: UTC). */
apr_int64_t sif_time_local(const sif_when_t *when, const item_zone_t *zone);

/** The other way round; floating if start is. */
sif_when_t sif_time_of_local(const item_sif_t *s, apr_int64_t local,
                             const item_zone_t *zone);

/** Append a time as the store writes it. @param head  in: name; with the
 * parameters put before the value: the whole "NAME;TZID=...:VALUE" line */
void sif_time_put(item_sif_t *s, const char *name, const sif_when_t *when);

/** The parameters and the value apart, for lists. */
const char *sif_time_params(const item_sif_t *s, const sif_when_t *when);
const char *sif_time_value(const item_sif_t *s, const sif_when_t *when);

/** A time of the store. @return kind SIF_NEVER: none, or not understood */
sif_when_t sif_time_stored(item_sif_t *s, const item_part_t *part,
                           const char *name);
sif_when_t sif_time_word(item_sif_t *s, const item_line_t *line,
                         item_span_t word);

/** A time as the device wants it; "" for SIF_NEVER. */
const char *sif_time_device(const item_sif_t *s, const sif_when_t *when);

/** The end of an event or due time of a task. */
sif_when_t sif_time_end(item_sif_t *s, const item_part_t *part,
                        const sif_when_t *start);

/** The VTIMEZONE that the times written need, if any. */
void sif_time_put_zone(item_buf_t *b, item_sif_t *s);

/** The device's Timezone element, or NULL. */
const item_zone_t *sif_time_read_zone(item_sif_t *s, const item_xml_t *root);

/** Write it, if days are meant in own. */
void sif_time_write_zone(item_sif_t *s);

/* ---- item_sif_rule.c ------------------------------------------------------ */

/** RRULE, EXDATE and RDATE of a document that recurs. */
void sif_rule_read(item_sif_t *s, const item_xml_t *root);

/** The pattern of a component; IsRecurring is 0 without one, and for a rule
 * that SIF cannot say. @return non-zero: it recurs */
int sif_rule_write(item_sif_t *s, const item_part_t *part);

/** Which occurrence a device means: a day, or a midnight, is the one of that
 * day. */
sif_when_t sif_rule_occurrence(const item_sif_t *s, item_span_t text);

/** Element Exceptions: dates, and overrides by @p write. */
void sif_rule_write_exceptions(item_sif_t *s,
                               void (*write)(item_sif_t *s,
                                             const item_part_t *part));

/* ---- item_sif_people.c ---------------------------------------------------- */

void sif_people_read(item_sif_t *s, const item_xml_t *root);
void sif_people_write(item_sif_t *s, const item_part_t *part);

void sif_reminder_read(item_sif_t *s, const item_xml_t *root);
void sif_reminder_write(item_sif_t *s, const item_part_t *part);

/* ---- item_sif.c ----------------------------------------------------------- */

/** Begin: the form, its zone. */
void sif_init(item_sif_t *s, const item_form_t *form, apr_pool_t *p);

/** Set main from doc: the component without RECURRENCE-ID, else the first. */
void sif_find_main(item_sif_t *s);

/** Names of elements that stand for properties, NULL at the end. */
const char *const *sif_structure(void);

/* ---- small -------------------------------------------------------------- */

/** A number in an element. @return otherwise if there is none */
long sif_number(const item_xml_t *root, const char *name, long otherwise);

/** Write a number, a text. */
void sif_put_number(item_sif_t *s, const char *name, long n);
void sif_put(item_sif_t *s, const char *name, const char *text);

/** The unescaped text of a property, len 0 without it. */
item_span_t sif_stored_text(item_sif_t *s, const item_part_t *part,
                            const char *name);

#endif
