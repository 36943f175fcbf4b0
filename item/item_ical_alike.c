/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What a device says in other words, or never had: see item_ical_in.h. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "item/item_ical_in.h"

void item_in_put(item_in_t *in, const char *text)
{
    item_fold_add(in->k.b, item_span_of(text), "\r\n");
}

/** Whether a day has the end that a day without one was sent with, or would be
 * sent with now. */
static int is_plain_day(const item_in_t *in, const item_line_t *line)
{
    const item_cal_t *cal = in->cal;

    return in->was && item_span_is(line->name, "DTEND")
           && cal->kind == ITEM_VEVENT && !in->was->has_end
           && in->was->start.kind == ITEM_TIME_DATE
           && cal->start.kind == ITEM_TIME_DATE
           && cal->end.kind == ITEM_TIME_DATE
           && cal->end.secs - cal->start.secs == ITEM_CAL_DAY;
}

/** DTEND or DUE of what has a DURATION in the store, and the other way round.
 * @return 0: nothing to be done */
static int put_length(item_in_t *in, const item_line_t *line)
{
    const item_cal_t *cal = in->cal;
    apr_int64_t secs = cal->end.secs - cal->start.secs;

    /* Synthesis' clients send both, which RFC 5545 3.6.1 forbids. */
    if (item_span_is(line->name, "DURATION"))
        return item_part_find(in->part, "DTEND")
               || item_part_find(in->part, "DUE");
    if (is_plain_day(in, line))
        return 1;
    if (!in->was || in->all_day
        || !item_span_is(line->name, cal->kind == ITEM_VTODO ? "DUE" : "DTEND")
        || !item_part_find(in->was->part, "DURATION")
        || item_part_find(in->was->part, "DTEND")
        || cal->start.kind != cal->end.kind || secs < 0
        || cal->start.zone.len != cal->end.zone.len
        || memcmp(cal->start.zone.s, cal->end.zone.s, cal->start.zone.len))
        return 0;
    item_in_put(in, apr_pstrcat(in->k.c->p, "DURATION:",
                        item_duration_text(secs, in->k.c->p), NULL));
    return 1;
}

/** Whether the rule that came, or that none came, says what the one that the
 * device had says. */
static int is_like_rule(item_in_t *in)
{
    const apr_array_header_t *rules = in->cal->rules;
    item_recur_t had, came;
    const item_recur_t *is = NULL;

    if (rules->nelts) {
        if (!item_recur_parse(&came, APR_ARRAY_IDX(rules, 0, item_span_t)))
            return 0;
        is = &came;
    }
    return in->was && in->had->rules->nelts == 1 && rules->nelts <= 1
        && item_recur_parse(&had, APR_ARRAY_IDX(in->had->rules, 0,
                                                item_span_t))
        && (item_ical_series_same(in->k.c, &had, is, &in->cal->start)
            || item_ical_series_same(in->k.c, &had, is, &in->had->start));
}

/** Like's rule, where what came says the same. @return 0: it does not */
static int put_like_rule(item_in_t *in)
{
    if (!is_like_rule(in))
        return 0;
    item_back_raw(&in->k, item_part_find(in->was->part, "RRULE"));
    return 1;
}

/** @return 0: it says something else than any of like */
static int put_like_alarm(item_in_t *in, const item_part_t *part)
{
    const item_cal_alarm_t *came = NULL;
    const item_cal_t *had = in->had;
    int i;

    for (i = 0; i < in->cal->alarms->nelts && !came; i++)
        if (APR_ARRAY_IDX(in->cal->alarms, i, item_cal_alarm_t).part == part)
            came = &APR_ARRAY_IDX(in->cal->alarms, i, item_cal_alarm_t);
    for (i = 0; came && had && i < had->alarms->nelts; i++) {
        const item_cal_alarm_t *alarm = &APR_ARRAY_IDX(had->alarms, i,
                                                       item_cal_alarm_t);
        const item_entry_t *was;
        item_span_t key;

        if (!item_ical_alarm_same(alarm, came))
            continue;
        key = item_part_canon(alarm->part, in->k.c->p);
        was = apr_hash_get(in->sent, key.s, (apr_ssize_t)key.len);
        if (!was || !was->part)
            continue;
        item_back_part(&in->k, was->part);
        return 1;
    }
    return 0;
}

/** The dates of occurrences that the device never had are no exceptions.
 * @return 0: there are none on this line */
static int put_exdates(item_in_t *in, const item_line_t *line)
{
    item_span_t rest = line->value, word, head = item_line_head(line);
    item_span_t zone = item_line_value(line, "TZID");
    item_buf_t text = { NULL, NULL, 0, 0 };
    int i, left = 0, n = 0;
    item_time_t t;

    text.p = in->k.c->p;
    item_buf_add(&text, head.s, head.len);
    while (item_value_next(&rest, ',', &word)) {
        int is_time = item_time_parse(&t, word, zone), other = 0;

        for (i = 0; is_time && i < in->others->nelts && !other; i++)
            other = item_time_equal(&APR_ARRAY_IDX(in->others, i,
                                                   item_cal_t *)->rid, &t);
        left += other;
        if (other)
            continue;
        if (n++)
            item_buf_putc(&text, ',');
        item_buf_add(&text, word.s, word.len);
    }
    if (!left)
        return 0;
    if (n)
        item_fold_add(in->k.b, item_buf_span(&text), "\r\n");
    return 1;
}

static int by_instant(const void *a, const void *b)
{
    apr_int64_t x = *(const apr_int64_t *)a, y = *(const apr_int64_t *)b;

    return x < y ? -1 : x > y;
}

/** In order. @return NULL: one has none, since it is a day, say */
static apr_int64_t *instants(item_in_t *in, const apr_array_header_t *times)
{
    apr_int64_t *all = apr_palloc(in->k.c->p,
                                  ((size_t)times->nelts + 1) * sizeof(*all));
    int i;

    for (i = 0; i < times->nelts; i++)
        if (!item_zones_instant(&in->k.c->zones,
                                &APR_ARRAY_IDX(times, i, item_time_t),
                                in->k.device, &all[i]))
            return NULL;
    qsort(all, (size_t)times->nelts, sizeof(*all), by_instant);
    return all;
}

/** Whether the exceptions that came are those that the device had, on another
 * clock perhaps: Synthesis' clients write those in UTC in the start's zone. */
static int has_like_exdates(item_in_t *in)
{
    const apr_array_header_t *came = in->cal->exdates;
    apr_int64_t *now, *had;

    if (!in->was || in->all_day || (in->others && in->others->nelts)
        || came->nelts != in->had->exdates->nelts)
        return 0;
    now = instants(in, came);
    had = instants(in, in->had->exdates);
    return now && had && !memcmp(now, had, (size_t)came->nelts
                                           * sizeof(*now));
}

int item_in_exdates(item_in_t *in)
{
    if (!in->exdates) {
        in->exdates = has_like_exdates(in) ? 1 : -1;
        if (in->exdates > 0)
            item_back_named(&in->k, in->was, "EXDATE");
    }
    return in->exdates > 0;
}

int item_in_alike(item_in_t *in, const item_entry_t *entry)
{
    const item_line_t *line = &entry->line;

    if (entry->part)
        return in->sent && item_span_is(entry->part->name, "VALARM")
               && put_like_alarm(in, entry->part);
    if (in->was && item_span_is(line->name, "SUMMARY"))
        return entry == item_part_find(in->part, "SUMMARY")
               && item_cal_is_made_title(in->k.c->form, in->was->part,
                                         in->part, line->value, in->k.c->p);
    if (item_span_is(line->name, "RRULE"))
        return put_like_rule(in);
    if (item_span_is(line->name, "EXDATE"))
        return in->others && put_exdates(in, line);
    return put_length(in, line);
}

void item_in_unsent(item_in_t *in)
{
    const item_part_t *part = in->was->part;
    int i, none = !in->cal->rules->nelts, keeps = none || is_like_rule(in);

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (item_ical_sends(in->k.c, in->was, entry))
            continue;
        if (entry->part)
            item_back_part(&in->k, entry->part);
        else if (keeps && item_span_trim(entry->line.value).len)
            item_back_raw(&in->k, entry);
    }
    if (none)
        put_like_rule(in);
}
