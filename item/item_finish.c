/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What can only be said of a component when all of it is known: see
 * item_norm.h. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "item/item_norm.h"

#define DAY  86400

static void put_octets(item_comp_t *comp, const char *name, const char *value,
                       apr_size_t len)
{
    item_cut_t *cut = apr_array_push(comp->lines);

    cut->from = comp->buf.len;
    item_buf_puts(&comp->buf, name);
    item_buf_putc(&comp->buf, ':');
    item_buf_add(&comp->buf, value, len);
    cut->len = comp->buf.len - cut->from;
}

static void put_line(item_comp_t *comp, const char *name, const char *value)
{
    put_octets(comp, name, value, strlen(value));
}

static int same_text(const item_buf_t *a, const item_buf_t *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->s, b->s, a->len));
}

/* FN follows from N, and where there is no N it is often the name of the
 * organisation; clients make it up and drop it. */
static void finish_card(item_comp_t *comp)
{
    if (comp->fn.len && !comp->has_name
        && !same_text(&comp->fn, &comp->org))
        put_octets(comp, "FN", comp->fn.s, comp->fn.len);
}

/* An event without a description gets its summary for one in SyncEvolution,
 * measured; and phones with one text field fill in both. */
static void finish_texts(item_comp_t *comp)
{
    if (comp->summary.len)
        put_octets(comp, "SUMMARY", comp->summary.s, comp->summary.len);
    if (comp->description.len
        && !same_text(&comp->summary, &comp->description))
        put_octets(comp, "DESCRIPTION", comp->description.s,
                   comp->description.len);
}

/* DTEND and DURATION say the same; an end that a start alone would have
 * (RFC 5545 3.6.1) is left out. */
static void finish_end(item_comp_t *comp)
{
    const char *name = comp->kind == ITEM_VTODO ? "DUE" : "DTEND";
    apr_int64_t secs, usual;
    item_time_t start, end;
    item_buf_t text;

    if (!comp->end_text.len && comp->duration.len
        && comp->start.kind != ITEM_TIME_NONE
        && item_duration_parse(comp->duration, &secs)) {
        comp->end = comp->start;
        comp->end.secs += secs;
        if (secs % DAY && comp->end.kind == ITEM_TIME_DATE)
            comp->end.kind = ITEM_TIME_LOCAL;
    }
    if (comp->end.kind != ITEM_TIME_NONE) {
        start = item_comp_time(comp, &comp->start);
        end = item_comp_time(comp, &comp->end);
        usual = comp->start.kind == ITEM_TIME_DATE ? DAY : 0;
        if (comp->kind != ITEM_VEVENT
            || !item_time_same_clock(&start, &end)
            || end.secs != start.secs + usual)
            put_line(comp, name, item_time_canon(&end, comp->p));
        return;
    }
    memset(&text, 0, sizeof(text));
    text.p = comp->p;
    item_value_text(&text, comp->end_text.len ? comp->end_text
                                              : comp->duration);
    if (text.len)
        put_octets(comp, name, text.s, text.len);
}

/* An alarm is the time between it and the item's start (or end, for want of
 * a start); whether it beeps or shows a text changes with the client. */
static void finish_alarm(item_comp_t *comp, const item_alarm_t *alarm)
{
    int from_end = comp->start.kind == ITEM_TIME_NONE;
    item_time_t start = item_comp_time(comp, &comp->start);
    item_time_t end = item_comp_time(comp, &comp->end), at;
    const item_time_t *base = from_end ? &end : &start;
    apr_int64_t secs;
    item_buf_t text;

    if (item_duration_parse(alarm->trigger, &secs)) {
        if (alarm->from_end && !from_end
            && item_time_same_clock(&start, &end))
            secs += end.secs - start.secs;
        else if (alarm->from_end)
            from_end = 1;
        put_line(comp, from_end ? "ALARM-END" : "ALARM",
                 apr_psprintf(comp->p, "%" APR_INT64_T_FMT, secs));
        return;
    }
    if (item_time_parse(&at, alarm->trigger, alarm->zone)) {
        at = item_comp_time(comp, &at);
        if (item_time_same_clock(&at, base))
            put_line(comp, from_end ? "ALARM-END" : "ALARM",
                     apr_psprintf(comp->p, "%" APR_INT64_T_FMT,
                                  at.secs - base->secs));
        else
            put_line(comp, "ALARM", item_time_canon(&at, comp->p));
        return;
    }
    memset(&text, 0, sizeof(text));
    text.p = comp->p;
    item_value_text(&text, alarm->trigger);
    if (text.len)
        put_octets(comp, "ALARM", text.s, text.len);
}

/* A series goes by its zone's clock, and at the start alone that cannot be
 * told from UTC: how far the zone is from it then, and half a year later. */
static void finish_zone(item_comp_t *comp)
{
    item_time_t now = item_comp_time(comp, &comp->start);
    item_time_t later = comp->start;
    apr_int64_t half = 182 * (apr_int64_t)DAY;

    later.secs += half;
    later = item_comp_time(comp, &later);
    if (comp->rules->nelts && now.kind != comp->start.kind
        && later.secs - now.secs != half)
        put_line(comp, "ZONE", apr_psprintf(
            comp->p, "%" APR_INT64_T_FMT ";%" APR_INT64_T_FMT,
            comp->start.secs - now.secs,
            comp->start.secs + half - later.secs));
}

static void finish_calendar(item_comp_t *comp)
{
    int i;

    finish_texts(comp);
    finish_end(comp);
    finish_zone(comp);
    for (i = 0; i < comp->rules->nelts; i++) {
        item_rule_t *rule = &APR_ARRAY_IDX(comp->rules, i, item_rule_t);
        const char *text = item_rrule_canon(rule->text, &comp->start,
                                            comp->p);

        if (*text)
            put_line(comp, rule->name, text);
    }
    for (i = 0; i < comp->alarms->nelts; i++)
        finish_alarm(comp, &APR_ARRAY_IDX(comp->alarms, i, item_alarm_t));
    if (comp->percent_full && !comp->completed)
        put_line(comp, "PERCENT-COMPLETE", "100");
}

static int compare_spans(const void *a, const void *b)
{
    const item_span_t *sa = a, *sb = b;
    apr_size_t len = sa->len < sb->len ? sa->len : sb->len;
    int c = memcmp(sa->s, sb->s, len);

    return c ? c : (sa->len > sb->len) - (sa->len < sb->len);
}

item_span_t item_spans_join(apr_array_header_t *spans, char sep, int once,
                            apr_pool_t *p)
{
    item_span_t *s = (item_span_t *)spans->elts, result;
    item_buf_t buf;
    int i;

    memset(&buf, 0, sizeof(buf));
    buf.p = p;
    qsort(s, (apr_size_t)spans->nelts, sizeof(*s), compare_spans);
    for (i = 0; i < spans->nelts; i++) {
        if (once && i && !compare_spans(&s[i - 1], &s[i]))
            continue;
        item_buf_add(&buf, s[i].s, s[i].len);
        item_buf_putc(&buf, sep);
    }
    result.s = buf.s ? buf.s : "";
    result.len = buf.len;
    return result;
}

item_span_t item_comp_finish(item_comp_t *comp)
{
    apr_array_header_t *spans;
    item_span_t canon;
    int i;

    if (comp->kind == ITEM_VCARD30)
        finish_card(comp);
    else
        finish_calendar(comp);
    spans = apr_array_make(comp->p, comp->lines->nelts + 1,
                           sizeof(item_span_t));
    for (i = 0; i < comp->lines->nelts; i++) {
        item_cut_t *cut = &APR_ARRAY_IDX(comp->lines, i, item_cut_t);
        item_span_t *span = apr_array_push(spans);

        span->s = comp->buf.s + cut->from;
        span->len = cut->len;
    }
    canon = item_spans_join(spans, '\x1e', 1, comp->p);
    comp->spans = spans;
    return canon;
}

item_span_t item_comp_alarm_key(item_comp_t *comp)
{
    int lines = comp->lines->nelts, i;
    apr_size_t from = comp->buf.len;
    item_span_t key;

    for (i = 0; i < comp->alarms->nelts; i++)
        finish_alarm(comp, &APR_ARRAY_IDX(comp->alarms, i, item_alarm_t));
    key.len = comp->buf.len - from;
    key.s = key.len ? apr_pmemdup(comp->p, comp->buf.s + from, key.len) : "";
    comp->buf.len = from;
    comp->lines->nelts = lines;
    comp->alarms->nelts = 0;
    return key;
}
