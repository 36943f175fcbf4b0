/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* iCalendar for a device: see item_vcal.h. */
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "item/item_charset.h"
#include "item/item_ical_form.h"
#include "item/item_vcal.h"

#define DAY  ITEM_CAL_DAY

static const item_span_t no_zone = { "", 0 };

int item_ical_changes(const item_form_t *form)
{
    return form->clock != ITEM_CLOCK_DEFAULT
           || form->days > ITEM_DAYS_DATE
           || (form->habits & ITEM_ICAL_HABITS);
}

int item_ical_keeps(const item_form_t *form)
{
    return form->clock == ITEM_CLOCK_DEFAULT
           && !(form->habits & ITEM_HABIT_NO_ZONE);
}

int item_ical_is_time(item_span_t name)
{
    static const char *const names[] = {
        "DTSTART", "DTEND", "DUE", "RECURRENCE-ID", "EXDATE", "RDATE", NULL
    };
    int i = 0;

    while (names[i] && !item_span_is(name, names[i]))
        i++;
    return names[i] != NULL;
}

void item_ical_words(item_buf_t *b, const item_line_t *line, int strip)
{
    item_buf_t text = { NULL, NULL, 0, 0 };
    item_span_t rest = line->value, word, head = item_line_head(line);
    int n = 0;

    text.p = b->p;
    item_buf_add(&text, head.s, head.len);
    while (item_value_next(&rest, ',', &word)) {
        word = item_span_trim(word);
        if (n++)
            item_buf_putc(&text, ',');
        if (!strip)
            item_buf_puts(&text, "X-");
        else if (word.len > 2 && !strncasecmp(word.s, "X-", 2)) {
            word.s += 2;
            word.len -= 2;
        }
        item_buf_add(&text, word.s, word.len);
    }
    item_fold_add(b, item_buf_span(&text), "\r\n");
}

/* ---- times ------------------------------------------------------------- */

typedef struct out_t {
    item_cal_ctx_t *c;
    const item_plan_t *plan;
    item_buf_t *b;
    int keep;                   /* times as the store has them */
    apr_int64_t moved;          /* seconds, by date-min-1980 */
} out_t;

/** A time as it is sent, and its VALUE. */
static const char *sent_time(const out_t *o, item_time_t t, int last,
                             int *is_date)
{
    int task = o->plan->cal->kind == ITEM_VTODO;

    *is_date = 0;
    if (t.kind == ITEM_TIME_DATE && o->c->form->days > ITEM_DAYS_DATE) {
        t.kind = ITEM_TIME_LOCAL;
        if (last && o->c->form->days == ITEM_DAYS_LAST_SECOND)
            t.secs += task ? DAY - 1 : -1;
    }
    *is_date = t.kind == ITEM_TIME_DATE;
    return item_wire_text(o->c, &t);
}

static void put_line(const out_t *o, const char *text)
{
    item_span_t span;

    span.s = text;
    span.len = strlen(text);
    item_fold_add(o->b, span, "\r\n");
}

static void put_time(const out_t *o, const char *name, item_time_t t,
                     int last)
{
    int is_date;
    const char *text = sent_time(o, t, last, &is_date);

    put_line(o, apr_pstrcat(o->c->p, name, is_date ? ";VALUE=DATE:" : ":",
                            text, NULL));
}

/** As in the store, but moved. */
static void put_moved(const out_t *o, const item_line_t *line)
{
    item_span_t head = item_line_head(line);
    item_time_t t;

    if (!item_time_parse(&t, line->value, no_zone)) {
        item_fold_add(o->b, head, "\r\n");
        return;
    }
    t.secs += o->moved;
    put_line(o, apr_pstrcat(o->c->p, apr_pstrmemdup(o->c->p, head.s,
                                                    head.len),
                            item_time_canon(&t, o->c->p), NULL));
}

/** EXDATE and RDATE: periods stay as they are. */
static void put_words(const out_t *o, const item_entry_t *entry)
{
    item_span_t rest = entry->line.value, word;
    item_span_t zone = item_line_value(&entry->line, "TZID");
    item_buf_t words = { NULL, NULL, 0, 0 }, text = { NULL, NULL, 0, 0 };
    int is_date = 0, n = 0;
    item_time_t t;

    words.p = text.p = o->c->p;
    while (item_value_next(&rest, ',', &word)) {
        if (!item_time_parse(&t, word, zone)) {
            item_entry_add(o->b, entry, "\r\n");
            return;
        }
        t = item_plan_occurrence(o->c, o->plan, &t);
        if (n++)
            item_buf_putc(&words, ',');
        item_buf_puts(&words, sent_time(o, t, 0, &is_date));
    }
    if (!n)
        return;
    item_buf_puts(&text, item_span_upper(entry->line.name, o->c->p));
    item_buf_puts(&text, is_date ? ";VALUE=DATE:" : ":");
    item_buf_add(&text, words.s, words.len);
    item_fold_add(o->b, item_buf_span(&text), "\r\n");
}

static void put_time_line(const out_t *o, const item_entry_t *entry)
{
    const item_plan_t *plan = o->plan;
    item_span_t name = entry->line.name;
    int days = plan->all_day && o->c->form->days > ITEM_DAYS_DATE;

    if (o->keep && !days && o->moved && !item_span_is(name, "EXDATE")
        && !item_span_is(name, "RDATE")
        && !item_span_is(name, "RECURRENCE-ID"))
        put_moved(o, &entry->line);
    else if (o->keep && !days)
        item_entry_add(o->b, entry, "\r\n");
    else if (item_span_is(name, "DTSTART"))
        put_time(o, "DTSTART", plan->start, 0);
    else if (item_span_is(name, "DTEND") || item_span_is(name, "DUE"))
        put_time(o, item_span_upper(name, o->c->p), plan->end, 1);
    else if (item_span_is(name, "RECURRENCE-ID"))
        put_time(o, plan->cal->range ? "RECURRENCE-ID;RANGE=THISANDFUTURE"
                                     : "RECURRENCE-ID", plan->rid, 0);
    else
        put_words(o, entry);
}

/** Behind DTSTART: the end of a day that has none. */
static void put_day_end(const out_t *o)
{
    const item_cal_t *cal = o->plan->cal;
    item_time_t end = cal->start;

    if (cal->has_end || cal->kind != ITEM_VEVENT || !o->plan->all_day
        || cal->start.kind != ITEM_TIME_DATE)
        return;
    /* A day alone says how long it is only as a day. */
    if (o->c->form->days > ITEM_DAYS_DATE)
        put_time(o, "DTEND", o->plan->end, 1);
    else if (o->c->form->habits & ITEM_HABIT_PLAIN_END) {
        end.secs += o->moved + DAY;
        put_line(o, item_ical_time("DTEND", &end, o->c->p));
    }
}

/** DURATION as DTEND or DUE, for "plain-end". */
static void put_duration(const out_t *o, const item_entry_t *entry)
{
    const item_cal_t *cal = o->plan->cal;
    const char *name = cal->kind == ITEM_VTODO ? "DUE" : "DTEND";
    item_time_t end = cal->end;

    if (!(o->c->form->habits & ITEM_HABIT_PLAIN_END)
        || !cal->has_end || end.kind != cal->start.kind
        || item_part_find(cal->part, name))
        item_entry_add(o->b, entry, "\r\n");
    else if (!o->keep || o->c->form->days > ITEM_DAYS_DATE)
        put_time(o, name, o->plan->end, 1);
    else {
        end.secs += o->moved;
        put_line(o, item_ical_time(name, &end, o->c->p));
    }
}

/** The occurrences that do not go along are none of the series. */
static void put_exceptions(const out_t *o, const apr_array_header_t *cals)
{
    int i;

    if (!cals || o->plan->cal->rid.kind != ITEM_TIME_NONE)
        return;
    for (i = 0; i < cals->nelts; i++) {
        const item_cal_t *other = APR_ARRAY_IDX(cals, i, const item_cal_t *);
        item_time_t t = other->rid;

        if (t.kind == ITEM_TIME_NONE || other->range
            || other->kind != o->plan->cal->kind)
            continue;
        if (o->keep && o->c->form->days <= ITEM_DAYS_DATE)
            put_line(o, item_ical_time("EXDATE", &t, o->c->p));
        else
            put_time(o, "EXDATE", item_plan_occurrence(o->c, o->plan, &t), 0);
    }
}

/** A rule on the clock on which DTSTART is sent. @return 0: as it is */
static int move_rule(const out_t *o, item_recur_t *r)
{
    const item_plan_t *plan = o->plan;
    apr_int64_t from = item_recur_day_of(plan->cal->start.secs), utc;
    int by = (int)(item_recur_day_of(plan->start.secs) - from);
    item_time_t t;

    if (o->keep || plan->all_day
        || (!by && (r->until.kind == ITEM_TIME_NONE
                    || r->until.kind == ITEM_TIME_DATE)))
        return 0;
    item_recur_shift(r, from, by);
    if (r->until.kind == ITEM_TIME_LOCAL && plan->cal->start.zone.len
        && plan->start.kind == ITEM_TIME_UTC) {
        t = r->until;
        t.zone = plan->cal->start.zone;
        if (item_zones_instant(&o->c->zones, &t, NULL, &utc)) {
            r->until.secs = utc;
            r->until.kind = ITEM_TIME_UTC;
        }
    }
    else if (r->until.kind == ITEM_TIME_UTC
             && plan->start.kind == ITEM_TIME_LOCAL)
        r->until = item_plan_time(o->c, plan, &r->until);
    return 1;
}

static void put_rule(const out_t *o, const item_entry_t *entry)
{
    item_buf_t text = { NULL, NULL, 0, 0 };
    item_recur_t r;
    int changed;

    if (!item_recur_parse(&r, entry->line.value)) {
        item_entry_add(o->b, entry, "\r\n");
        return;
    }
    changed = (o->c->form->habits & ITEM_HABIT_SIMPLE_RULES)
              && item_ical_simplify(o->c, &r, &o->plan->cal->start) > 1;
    changed |= move_rule(o, &r);
    if (!changed) {
        item_entry_add(o->b, entry, "\r\n");
        return;
    }
    text.p = o->c->p;
    item_buf_add(&text, entry->line.name.s, entry->line.name.len);
    item_buf_putc(&text, ':');
    item_recur_write(&text, &r);
    item_fold_add(o->b, item_buf_span(&text), "\r\n");
}

/* ---- the rest ------------------------------------------------------------ */

static void put_alarm(const out_t *o, const item_part_t *part)
{
    const item_cal_alarm_t *alarm = NULL, *each;
    item_time_t at;
    item_plan_t utc;
    int i;

    for (i = 0; i < o->plan->cal->alarms->nelts && !alarm; i++) {
        each = &APR_ARRAY_IDX(o->plan->cal->alarms, i, item_cal_alarm_t);
        if (each->part == part)
            alarm = each;
    }
    if (!alarm || !alarm->relative
        || !(o->c->form->habits & ITEM_HABIT_ALARM_ABSOLUTE)) {
        item_part_add(o->b, part);
        return;
    }
    utc = *o->plan;
    utc.local = 0;
    at = item_plan_alarm(o->c, &utc, alarm);
    at.kind = ITEM_TIME_UTC;    /* RFC 5545 3.8.6.3 */
    item_raw_add(o->b, part->begin, "\r\n");
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part)
            item_part_add(o->b, entry->part);
        else if (item_span_is(entry->line.name, "TRIGGER"))
            put_line(o, apr_pstrcat(o->c->p, "TRIGGER;VALUE=DATE-TIME:",
                                    item_time_canon(&at, o->c->p), NULL));
        else
            item_entry_add(o->b, entry, "\r\n");
    }
    item_raw_add(o->b, part->end, "\r\n");
}

static void put_entry(const out_t *o, const item_entry_t *entry)
{
    const item_line_t *line = &entry->line;
    apr_uint32_t habits = o->c->form->habits;

    if (!item_ical_sends(o->c, o->plan->cal, entry))
        return;
    if (entry->part && item_span_is(entry->part->name, "VALARM"))
        put_alarm(o, entry->part);
    else if (entry->part)
        item_part_add(o->b, entry->part);
    else if (item_ical_is_time(line->name)) {
        put_time_line(o, entry);
        if (item_span_is(line->name, "DTSTART"))
            put_day_end(o);
    }
    else if (item_span_is(line->name, "DURATION"))
        put_duration(o, entry);
    else if (item_span_is(line->name, "RRULE")
             || item_span_is(line->name, "EXRULE"))
        put_rule(o, entry);
    else if (item_span_is(line->name, "CATEGORIES")
             && (habits & ITEM_HABIT_CATEGORY_X))
        item_ical_words(o->b, line, 0);
    else
        item_entry_add(o->b, entry, "\r\n");
}

/** @param others  item_cal_t *: do not go along; NULL: none */
static void put_component(item_cal_ctx_t *c, const item_part_t *part,
                          const apr_array_header_t *others, item_buf_t *b)
{
    const item_cal_t *cal = item_cal_read(part, c->p);
    const char *title;
    out_t o;
    int i;

    memset(&o, 0, sizeof(o));
    o.c = c;
    o.b = b;
    o.keep = item_ical_keeps(c->form);
    o.plan = item_plan_make(c, cal, NULL);
    o.moved = o.plan->cal->start.secs - cal->start.secs;
    item_raw_add(b, part->begin, "\r\n");
    for (i = 0; i < part->entries->nelts; i++)
        put_entry(&o, APR_ARRAY_IDX(part->entries, i, const item_entry_t *));
    title = item_cal_made_title(c->form, part, c->p);
    if (title)
        put_line(&o, apr_pstrcat(c->p, "SUMMARY:", title, NULL));
    put_exceptions(&o, others);
    item_raw_add(b, part->end, "\r\n");
}

/** The whole text in the device's characters. */
static void set_charset(const item_form_t *form, item_text_t *out,
                        apr_pool_t *p)
{
    int bmp = (form->habits & ITEM_HABIT_BMP_ONLY) != 0;
    const item_charset_t *cs = NULL;
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t name, text;

    if (form->charset) {
        name.s = form->charset;
        name.len = strlen(name.s);
        cs = item_charset_find(name);
    }
    text.s = out->data;
    text.len = out->len;
    if ((!cs || cs->how == ITEM_CHARSET_UTF8) && !bmp)
        return;
    if (item_charset_is_ascii(text))
        return;
    b.p = p;
    item_charset_out(&b, cs ? cs : item_charset_utf8(), text, bmp);
    out->data = b.s ? b.s : "";
    out->len = b.len;
}

static apr_status_t export_doc(const item_form_t *form,
                               const item_text_t *in, item_text_t *out,
                               apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    apr_array_header_t *others = NULL;
    const item_part_t *main;
    item_cal_ctx_t c;
    item_doc_t *doc;
    apr_status_t rv = item_doc_read(&doc, "text/calendar", in->data, in->len,
                                    p);
    int i;

    if (rv != APR_SUCCESS)
        return rv;
    item_cal_ctx_init(&c, form, 0, p);
    item_cal_ctx_zones(&c, doc);
    main = item_ical_main(form, doc);
    if (main)
        others = item_cals_read(doc, p);
    b.p = p;
    item_raw_add(&b, doc->root->begin, "\r\n");
    for (i = 0; i < doc->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(doc->root->entries, i,
                                                  const item_entry_t *);

        if (!entry->part)
            item_entry_add(&b, entry, "\r\n");
        else if (item_cal_is(entry)) {
            if (!main || main == entry->part)
                put_component(&c, entry->part, others, &b);
        }
        else if (!item_span_is(entry->part->name, "VTIMEZONE")
                 || item_ical_keeps(form))
            item_part_add(&b, entry->part);
    }
    item_raw_add(&b, doc->root->end, "\r\n");
    out->data = b.s;
    out->len = b.len;
    return APR_SUCCESS;
}

apr_status_t item_ical_export(const item_form_t *form, const item_text_t *in,
                              item_text_t *out, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    item_span_t text;

    *out = *in;
    text.s = in->data;
    text.len = in->len;
    if (item_ical_changes(form) || item_is_folded_early(text)) {
        out->data = "";
        out->len = 0;
        rv = export_doc(form, in, out, p);
    }
    if (rv == APR_SUCCESS)
        set_charset(form, out, p);
    return rv;
}
