/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Events and tasks of the store as vCalendar 1.0: see item_vcal.h. */
#include <string.h>

#include <apr_strings.h>

#include "item/item_cal.h"
#include "item/item_civil.h"
#include "item/item_ical_form.h"
#include "item/item_vcal.h"

#define DAY  ITEM_CAL_DAY
/* Of EXDATE and RDATE in one line. */
#define WORDS_IN_LINE  8
/* Years after the text was written for which summer time is told. */
#define YEARS_AHEAD    5

static void put(item_buf_t *b, const char *name, const char *value)
{
    item_buf_puts(b, name);
    item_buf_putc(b, ':');
    item_buf_puts(b, value);
    item_buf_puts(b, "\r\n");
}

/** A day as the device wants to be told of days. @param last  the end, whose
 * day is exclusive but of a task */
static const char *day_text(item_cal_ctx_t *c, const item_time_t *day,
                            int last, int task)
{
    item_time_t t = *day;

    if (c->form->days == ITEM_DAYS_DATE)
        return item_time_canon(&t, c->p);
    t.kind = ITEM_TIME_LOCAL;
    if (last && c->form->days == ITEM_DAYS_LAST_SECOND)
        t.secs += task ? DAY - 1 : -1;
    return item_wire_text(c, &t);
}

static const char *time_text(item_cal_ctx_t *c, const item_plan_t *plan,
                             const item_time_t *t, int last)
{
    return t->kind == ITEM_TIME_DATE
           ? day_text(c, t, last, plan->cal->kind == ITEM_VTODO)
           : item_wire_text(c, t);
}

static void put_list(item_cal_ctx_t *c, item_buf_t *b, const char *name,
                     const item_plan_t *plan,
                     const apr_array_header_t *times)
{
    int i;

    for (i = 0; i < times->nelts; i++) {
        if (i % WORDS_IN_LINE == 0) {
            item_buf_puts(b, i ? "\r\n" : "");
            item_buf_puts(b, name);
            item_buf_putc(b, ':');
        }
        else
            item_buf_putc(b, ';');
        item_buf_puts(b, time_text(c, plan, &APR_ARRAY_IDX(times, i,
                                                           item_time_t), 0));
    }
    if (times->nelts)
        item_buf_puts(b, "\r\n");
}

/** A changed occurrence on a device that has it as an event by itself.  Under
 * the UID of its series it would be taken for that. */
static int stands_alone(const item_cal_ctx_t *c, const item_cal_t *cal)
{
    return (c->form->habits & ITEM_HABIT_ONE_EVENT)
           && cal->rid.kind != ITEM_TIME_NONE;
}

static void put_times(item_cal_ctx_t *c, item_buf_t *b,
                      const item_plan_t *plan)
{
    int task = plan->cal->kind == ITEM_VTODO;

    if (plan->start.kind != ITEM_TIME_NONE)
        put(b, "DTSTART", time_text(c, plan, &plan->start, 0));
    if (plan->end.kind != ITEM_TIME_NONE)
        put(b, task ? "DUE" : "DTEND", time_text(c, plan, &plan->end, 1));
    if (plan->rid.kind != ITEM_TIME_NONE)
        put(b, plan->cal->range ? "X-RECURRENCE-ID;RANGE=THISANDFUTURE"
                                : "X-RECURRENCE-ID",
            time_text(c, plan, &plan->rid, 0));
    if (plan->rule)
        put(b, "RRULE", plan->rule);
    put_list(c, b, "EXDATE", plan, plan->exdates);
    put_list(c, b, "RDATE", plan, plan->rdates);
}

/* ---- tasks -------------------------------------------------------------- */

static int is_done(const item_part_t *part)
{
    const item_entry_t *entry = item_part_find(part, "STATUS");

    if (entry)
        return item_span_is(item_span_trim(entry->line.value), "COMPLETED");
    entry = item_part_find(part, "PERCENT-COMPLETE");
    if (entry && item_span_is(item_span_trim(entry->line.value), "100"))
        return 1;
    entry = item_part_find(part, "COMPLETED");
    return entry && item_span_trim(entry->line.value).len;
}

/** A task that is done says so in the two ways that phones look at. */
static void put_done(item_cal_ctx_t *c, item_buf_t *b,
                     const item_plan_t *plan)
{
    const item_part_t *part = plan->cal->part;
    const item_entry_t *entry = item_part_find(part, "COMPLETED");
    item_time_t t, wire;

    if (!is_done(part))
        return;
    if (!item_part_find(part, "STATUS"))
        put(b, "STATUS", "COMPLETED");
    memset(&t, 0, sizeof(t));
    if (entry)
        t = item_cal_done(c, entry);
    if (t.kind == ITEM_TIME_NONE || t.kind == ITEM_TIME_DATE) {
        t.secs = t.kind == ITEM_TIME_DATE ? t.secs : plan->cal->stamp;
        if (!t.secs)
            return;
        t.kind = ITEM_TIME_UTC;
    }
    wire = item_plan_time(c, plan, &t);
    put(b, "COMPLETED", item_wire_text(c, &wire));
}

/* ---- habits ------------------------------------------------------------- */

static int is_yearly(const item_plan_t *plan)
{
    return plan->rule && plan->rule[0] == 'Y';
}

static void put_habits(item_cal_ctx_t *c, item_buf_t *b,
                       const item_plan_t *plan)
{
    const item_cal_t *cal = plan->cal;
    const item_zone_t *zone = c->user;
    apr_int64_t utc;
    int dst = 0;

    if (c->form->habits & ITEM_HABIT_EPOC_ENTRY)
        put(b, "X-EPOCAGENDAENTRYTYPE",
            cal->kind == ITEM_VTODO ? "TODO"
            : !plan->all_day ? "APPOINTMENT"
            : is_yearly(plan) ? "ANNIVERSARY" : "EVENT");
    if (!(c->form->habits & ITEM_HABIT_SE_DST) || cal->kind != ITEM_VEVENT
        || plan->all_day)
        return;
    if (!zone || plan->start.kind == ITEM_TIME_NONE)
        return;
    utc = plan->start.secs;
    if (plan->start.kind == ITEM_TIME_LOCAL)
        utc = item_zone_to_utc(plan->zone ? plan->zone : zone, utc);
    item_zone_offset(zone, utc, &dst);
    if (dst)
        put(b, "X-SONYERICSSON-DST", "4");
}

/* ---- components --------------------------------------------------------- */

static void put_props(item_cal_ctx_t *c, item_buf_t *b,
                      const item_cal_t *cal)
{
    item_wire_t wire;
    int i;

    for (i = 0; i < cal->part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(cal->part->entries, i,
                                                  const item_entry_t *);

        if (!entry->part && !entry->line.junk
            && !(item_span_is(entry->line.name, "UID")
                 && stands_alone(c, cal))
            && item_vcal_prop_out(c, cal, &entry->line, &wire))
            item_vcal_line(c, b, wire.head, wire.value);
    }
}

static void put_component(item_cal_ctx_t *c, item_buf_t *b,
                          const item_plan_t *plan)
{
    const char *name = plan->cal->kind == ITEM_VTODO ? "VTODO" : "VEVENT";
    const char *title = item_cal_made_title(c->form, plan->cal->part, c->p);

    put(b, "BEGIN", name);
    put_props(c, b, plan->cal);
    if (title)
        item_vcal_line(c, b, "SUMMARY",
                       item_vcal_plain(item_span_of(title), c->p));
    put_times(c, b, plan);
    if (plan->cal->kind == ITEM_VTODO)
        put_done(c, b, plan);
    item_vcal_alarms_out(c, plan, b);
    put_habits(c, b, plan);
    put(b, "END", name);
}

static int year_of(apr_int64_t secs)
{
    int y, m, d;

    item_civil_from_days(item_recur_day_of(secs), &y, &m, &d);
    return y;
}

/** TZ and DAYLIGHT for the first component that needs them. */
static void put_zone(item_cal_ctx_t *c, item_buf_t *b,
                     const apr_array_header_t *plans)
{
    const item_plan_t *plan = NULL, *each;
    const item_zone_t *zone;
    int i, from, to;

    for (i = 0; i < plans->nelts && !plan; i++) {
        each = APR_ARRAY_IDX(plans, i, const item_plan_t *);
        if (each->lines)
            plan = each;
    }
    if (!plan)
        return;
    zone = plan->zone ? plan->zone : item_zone_fixed(0, c->p);
    from = year_of(plan->start.kind != ITEM_TIME_NONE ? plan->start.secs
                                                      : plan->end.secs);
    to = year_of(plan->cal->told) + YEARS_AHEAD;
    /* Synthesis' clients look for a zone of that name, and take one without
     * summer time where they know none; without a name, one like it. */
    item_zone_lines(b, zone, from, to > from ? to : from + YEARS_AHEAD,
                    !(c->form->habits & ITEM_HABIT_ZONE_CLOCK), "\r\n");
}

apr_status_t item_vcal_export(const item_form_t *form, const item_text_t *in,
                              item_text_t *out, apr_pool_t *p)
{
    apr_array_header_t *cals, *plans;
    const item_part_t *main;
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_cal_ctx_t c;
    item_doc_t *doc;
    apr_status_t rv;
    int i;

    out->data = "";
    out->len = 0;
    rv = item_doc_read(&doc, "text/calendar", in->data, in->len, p);
    if (rv != APR_SUCCESS)
        return rv;
    item_cal_ctx_init(&c, form, 1, p);
    item_cal_ctx_zones(&c, doc);
    cals = item_cals_said(doc, p);
    main = item_ical_main(form, doc);
    if (!cals->nelts)
        return ITEM_ETYPE;      /* vCalendar has no journals */
    plans = apr_array_make(p, cals->nelts, sizeof(item_plan_t *));
    for (i = 0; i < cals->nelts; i++) {
        const item_cal_t *cal = APR_ARRAY_IDX(cals, i, const item_cal_t *);

        if (main && cal->part != main)
            continue;
        APR_ARRAY_PUSH(plans, item_plan_t *)
            = item_plan_make(&c, cal, cal->rid.kind == ITEM_TIME_NONE
                                      && (cal->rules->nelts
                                          || cal->rdates->nelts)
                                      ? cals : NULL);
    }
    b.p = p;
    item_buf_puts(&b, "BEGIN:VCALENDAR\r\nVERSION:1.0\r\n");
    put_zone(&c, &b, plans);
    for (i = 0; i < plans->nelts; i++)
        put_component(&c, &b, APR_ARRAY_IDX(plans, i, const item_plan_t *));
    item_buf_puts(&b, "END:VCALENDAR\r\n");
    out->data = b.s;
    out->len = b.len;
    return APR_SUCCESS;
}
