/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_cal.h
 * @brief Events and tasks between the store's iCalendar and a device's form.
 *
 * Private to item/.  A component is read into a model of its times, series
 * and alarms (item_cal.c); a plan says how these are written on the clock of
 * a device (item_cal_plan.c).  Import compares what came with the plan of the
 * text that the device had: what is as planned was not touched, and gets that
 * text's own words again.
 */
#ifndef SYNCML_ITEM_CAL_H
#define SYNCML_ITEM_CAL_H

#include "item/item_doc.h"
#include "item/item_form.h"
#include "item/item_recur.h"
#include "item/item_zone.h"

#define ITEM_CAL_DAY  86400

/** What an alarm does. */
typedef enum {
    ITEM_ALARM_DISPLAY = 0, ITEM_ALARM_AUDIO, ITEM_ALARM_EMAIL,
    ITEM_ALARM_PROCEDURE
} item_alarm_e;

typedef struct item_cal_alarm_t {
    item_alarm_e action;
    int relative;               /* secs counts, else at */
    int from_end;               /* of DTEND or DUE */
    apr_int64_t secs;           /* after the start or end */
    item_time_t at;
    int repeat;
    apr_int64_t snooze;         /* seconds, 0: none */
    item_span_t text;           /* DESCRIPTION, escaped */
    item_span_t attach;         /* ATTACH that is a URI, or the address */
    const item_part_t *part;    /* NULL: of a device */
} item_cal_alarm_t;

/** An event or task. */
typedef struct item_cal_t {
    item_kind_e kind;
    const item_part_t *part;
    item_time_t start, end;     /* end: DTEND or DUE, or by DURATION */
    int has_end;                /* DTEND, DUE or DURATION is there */
    apr_array_header_t *rules, *exrules;        /* item_span_t */
    apr_array_header_t *rdates, *exdates;       /* item_time_t */
    int periods;                /* RDATE holds some that are none of these */
    item_time_t rid;            /* RECURRENCE-ID, ITEM_TIME_NONE: none */
    int range;                  /* ... with RANGE */
    apr_array_header_t *alarms; /* item_cal_alarm_t */
    item_span_t uid;
    apr_int64_t stamp;          /* newest of CREATED, DTSTAMP,
                                 * LAST-MODIFIED; 0: none */
    apr_int64_t told;           /* the same without DTSTAMP, of which
                                 * vCalendar does not tell */
    int matched;                /* by a component of the device */
    struct item_plan_t *plan;   /* once it was made */
} item_cal_t;

/** Write a component, each line as it is, with CRLF. */
void item_part_add(item_buf_t *b, const item_part_t *part);

/** Read a component. */
item_cal_t *item_cal_read(const item_part_t *part, apr_pool_t *p);

/** Non-zero of an event or task in a calendar. */
int item_cal_is(const item_entry_t *entry);

/** All events and tasks of a document: item_cal_t *, in order. */
apr_array_header_t *item_cals_read(const item_doc_t *doc, apr_pool_t *p);

/** The same without rules and dates of changed occurrences: such a one does not
 * repeat, though some programs leave the rule of its series in it. */
apr_array_header_t *item_cals_said(const item_doc_t *doc, apr_pool_t *p);

/** Non-zero of one changed occurrence of a series. */
int item_cal_is_single(const item_cal_t *cal);

/** The SUMMARY that a component goes with to devices of "wants-title": the
 * beginning of DESCRIPTION, or a hyphen, escaped for iCalendar.
 * @return NULL: it has one, or none is wanted */
const char *item_cal_made_title(const item_form_t *form,
                                const item_part_t *part, apr_pool_t *p);

/** Whether a device's SUMMARY is one that was made up for it: of the
 * description that is there, or was before its user changed that, so that it
 * still stands in it.  To be asked of its first one alone, since all of the
 * description is searched. @param value  escaped for iCalendar */
int item_cal_is_made_title(const item_form_t *form, const item_part_t *like,
                           const item_part_t *theirs, item_span_t value,
                           apr_pool_t *p);

/** What both directions know. */
typedef struct item_cal_ctx_t {
    apr_pool_t *p;
    const item_form_t *form;
    int vcal;                   /* vCalendar 1.0 */
    item_zones_t zones;
    const item_zone_t *user;    /* NULL: not known */
} item_cal_ctx_t;

void item_cal_ctx_init(item_cal_ctx_t *c, const item_form_t *form, int vcal,
                       apr_pool_t *p);

/** Read the zones of a calendar. */
void item_cal_ctx_zones(item_cal_ctx_t *c, const item_doc_t *doc);

/** A component as it is written. Times are kind DATE, LOCAL or UTC. */
typedef struct item_plan_t {
    const item_cal_t *cal;
    int local;                  /* times that have a zone are local ... */
    const item_zone_t *zone;    /* ... in this one; NULL: UTC's clock */
    int lines;                  /* needs TZ and DAYLIGHT */
    int all_day;
    item_time_t start, end;     /* NONE: not written */
    const char *rule;           /* vCalendar's, NULL: none */
    int expanded;               /* rule could not be said */
    apr_array_header_t *rdates, *exdates;       /* item_time_t */
    item_time_t rid;
} item_plan_t;

/**
 * Plan a component.
 * @param overrides  item_cal_t *: of the same document, whose days are
 *                   exceptions of a series in vCalendar; NULL: none
 */
item_plan_t *item_plan_make(item_cal_ctx_t *c, const item_cal_t *cal,
                            const apr_array_header_t *overrides);

/** A time of the component as planned. */
item_time_t item_plan_time(item_cal_ctx_t *c, const item_plan_t *plan,
                           const item_time_t *t);

/** When a task was done: in UTC, as it must be, unless it names a zone.
 * @param entry  COMPLETED @return kind NONE: unreadable */
item_time_t item_cal_done(item_cal_ctx_t *c, const item_entry_t *entry);

/** A time of the series as planned: an occurrence, an exception. */
item_time_t item_plan_occurrence(item_cal_ctx_t *c, const item_plan_t *plan,
                                 const item_time_t *t);

/** The instant of a time as planned. @return 0: it has no zone */
int item_plan_instant(const item_plan_t *plan, const item_time_t *t,
                      apr_int64_t *utc);

/** UNTIL of a rule on the clock of DTSTART; of a day its last second,
 * APR_INT64_MAX for none. */
apr_int64_t item_plan_until(item_cal_ctx_t *c, const item_cal_t *cal,
                            const item_recur_t *r);

/** Non-zero for an alarm that never rings: Apple's calendar writes one of
 * ACTION:NONE where an event has none.  Devices that know no actions are not
 * sent it. */
int item_alarm_is_none(const item_part_t *alarm);

/** When an alarm goes off, as planned; kind NONE: cannot be told. */
item_time_t item_plan_alarm(item_cal_ctx_t *c, const item_plan_t *plan,
                            const item_cal_alarm_t *alarm);

/** A time as a device of that form writes it: with or without the Z. */
const char *item_wire_text(const item_cal_ctx_t *c, const item_time_t *t);

/** Whether start and end on the wire are whole days. @param vtodo  each by
 * itself, and the end is a day that counts */
int item_wire_all_day(const item_cal_ctx_t *c, int vtodo,
                      const item_time_t *start, const item_time_t *end,
                      item_time_t *first, item_time_t *last);

int item_time_equal(const item_time_t *a, const item_time_t *b);

/** Sorted, none twice. */
void item_times_sort(apr_array_header_t *times);

/** Whether a time is among sorted ones. */
int item_times_have(const apr_array_header_t *times, const item_time_t *t);

/* ---- rules (item_vcal_rule.c) ------------------------------------------- */

/**
 * A rule in vCalendar's grammar, without its end.
 * @param day  of DTSTART, since 1970, on the clock on which it is written
 * @return NULL: it cannot be said
 */
const char *item_vcal_rule_write(const item_recur_t *r, apr_int64_t day,
                                 apr_pool_t *p);

/** Whether a rule is one that every device can have: of months and places not
 * more than one.  Others are dropped by many without a word. */
int item_vcal_rule_is_plain(const char *rule);

/**
 * Read a rule of vCalendar.
 * @param r  out: count from # (default 2, 0 for ever); until as written
 * @param day  of DTSTART, since 1970, on the clock on which it is written
 * @return 0: not understood
 */
int item_vcal_rule_read(item_recur_t *r, item_span_t text, apr_int64_t day);

/**
 * Move a rule's days, for a clock on which its occurrences are a day earlier
 * or later.
 * @param from  DTSTART's day on the old clock
 * @param by  -1, 0 or 1
 * @return 0: it cannot be moved, and is as it was
 */
int item_recur_shift(item_recur_t *r, apr_int64_t from, int by);

/** The last occurrence that is not after UNTIL, or by COUNT.
 * @param until  on DTSTART's clock @return 0: endless, or gave up */
int item_recur_last(const item_recur_t *r, apr_int64_t start,
                    apr_int64_t until, apr_int64_t *last, apr_pool_t *p);

/* ---- lines of vCalendar (item_vcal_text.c) ------------------------------ */

/** Read a vCalendar into the tree of lines; VERSION becomes 2.0.
 * @param ical  out: it was 2.0 already */
apr_status_t item_vcal_doc(item_doc_t **doc, int *ical,
                           const item_text_t *in, apr_pool_t *p);

/** A value without its encoding, in UTF-8. */
item_span_t item_vcal_decode(item_cal_ctx_t *c, const item_line_t *line);

/** A text unescaped, or escaped for iCalendar. */
item_span_t item_vcal_plain(item_span_t value, apr_pool_t *p);
item_span_t item_vcal_escape(item_span_t text, apr_pool_t *p);

/** Write a line of vCalendar. @param head  name and parameters
 * @param value  UTF-8, as vCalendar escapes it; LF for line ends */
void item_vcal_line(item_cal_ctx_t *c, item_buf_t *b, const char *head,
                    item_span_t value);

/** What a device can give back of a value: through its charset. */
item_span_t item_vcal_through(item_cal_ctx_t *c, item_span_t value);

/* ---- properties (item_vcal_props.c) ------------------------------------- */

/** A property on the wire. */
typedef struct item_wire_t {
    const char *head;           /* name and parameters, without encoding */
    item_span_t value;
} item_wire_t;

/** How a property that is no time, rule or alarm is sent.
 * @return 0: it is not */
int item_vcal_prop_out(item_cal_ctx_t *c, const item_cal_t *cal,
                       const item_line_t *line, item_wire_t *wire);

/** So many words with commas are known of a list; very long ones are not. */
#define ITEM_VCAL_COMMAS  16

/** Words with commas, of CATEGORIES and of RESOURCES. */
typedef struct item_vcal_commas_t {
    int any[2], n[2];
    item_span_t word[2][ITEM_VCAL_COMMAS];      /* unescaped */
} item_vcal_commas_t;

/** Find those of a component of the store's. */
void item_vcal_commas(item_vcal_commas_t *commas, const item_part_t *like,
                      apr_pool_t *p);

/** A list from a device, in which commas part words as semicolons do; but not
 * where a word that it had has one, whose backslash the device may have
 * dropped: then with one before each, unless it has one; or, where nothing else
 * parts words, before those in the words that it had.  Other values as they
 * are.
 * @param commas  all zero: nothing is known */
item_span_t item_vcal_list_as(item_cal_ctx_t *c,
                              const item_vcal_commas_t *commas,
                              const item_line_t *line, item_span_t value);

/** A property from a device, as a line of iCalendar with its line end, is
 * appended. @return 0: nothing */
int item_vcal_prop_in(item_cal_ctx_t *c, item_kind_e kind,
                      const item_line_t *line, item_span_t value,
                      item_buf_t *b);

/* ---- alarms (item_vcal_alarm.c) ----------------------------------------- */

void item_vcal_alarms_out(item_cal_ctx_t *c, const item_plan_t *plan,
                          item_buf_t *b);

/** An alarm's line of a device. @return 0: none, or not understood
 * @param time  out: as written, kind NONE: secs counts */
int item_vcal_alarm_in(item_cal_ctx_t *c, const item_line_t *line,
                       item_span_t value, item_cal_alarm_t *alarm);

/** A component VALARM. @param summary  escaped */
void item_cal_alarm_write(item_buf_t *b, const item_cal_alarm_t *alarm,
                          item_span_t summary);

/** A duration in seconds as text: "-PT15M". */
const char *item_duration_text(apr_int64_t secs, apr_pool_t *p);

#endif
