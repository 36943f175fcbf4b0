/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* When an event or task takes place, and when an item was changed: see
 * item.h. */
#include <string.h>

#include "item/item_object_int.h"

#define DAY    86400
/* No zone is further from UTC: +14 on Kiritimati, -12 on Baker Island. */
#define SLACK  (14 * 3600)

/** From here to there, in seconds since 1970 UTC. */
typedef struct range_t {
    apr_int64_t from, to;
} range_t;

static void widen(range_t *r, apr_int64_t from, apr_int64_t to)
{
    if (from < r->from)
        r->from = from;
    if (to > r->to)
        r->to = to;
}

/** Take in what begins then and takes so long. */
static void take(range_t *r, const item_comp_t *comp, const item_time_t *t,
                 apr_int64_t duration)
{
    item_time_t at = comp ? item_comp_time(comp, t) : *t;
    apr_int64_t slack = at.kind == ITEM_TIME_UTC ? 0 : SLACK;

    widen(r, at.secs - slack, at.secs + duration + slack);
}

/** How long an occurrence takes, at the most. */
static apr_int64_t duration_of(const item_comp_t *comp)
{
    apr_int64_t secs = comp->start.kind == ITEM_TIME_DATE ? DAY : 0;
    item_time_t start, end;

    if (comp->start.kind != ITEM_TIME_NONE
        && comp->end.kind != ITEM_TIME_NONE) {
        start = item_comp_time(comp, &comp->start);
        end = item_comp_time(comp, &comp->end);
        secs = end.secs - start.secs;
        if (!item_time_same_clock(&start, &end))
            secs += 2 * SLACK;
    }
    return secs > 0 ? secs : 0;
}

static void take_series(range_t *r, const item_comp_t *comp,
                        apr_int64_t duration)
{
    item_time_t last;
    int i;

    for (i = 0; i < comp->rules->nelts; i++) {
        const item_rule_t *rule = &APR_ARRAY_IDX(comp->rules, i, item_rule_t);

        if (strcmp(rule->name, "RRULE") || !rule->text.len)
            continue;
        if (!item_rrule_last(rule->text, &comp->start, &last))
            r->to = ITEM_WHEN_ALWAYS;
        else if (last.secs > comp->start.secs && r->to != ITEM_WHEN_ALWAYS)
            take(r, comp, &last, duration);
    }
    for (i = 0; i < comp->dates->nelts && r->to != ITEM_WHEN_ALWAYS; i++)
        take(r, comp, &APR_ARRAY_IDX(comp->dates, i, item_time_t), duration);
    if (comp->open_end)
        r->to = ITEM_WHEN_ALWAYS;
}

/** @return 0: it has no date */
static int take_component(range_t *r, const item_comp_t *comp)
{
    apr_int64_t duration = duration_of(comp);
    int open = comp->kind == ITEM_VTODO && !comp->completed
               && !comp->percent_full && comp->done.kind == ITEM_TIME_NONE;

    if (comp->start.kind == ITEM_TIME_NONE
        && comp->end.kind == ITEM_TIME_NONE
        && comp->done.kind == ITEM_TIME_NONE)
        return 0;
    if (comp->start.kind != ITEM_TIME_NONE)
        take(r, comp, &comp->start, duration);
    else if (comp->end.kind != ITEM_TIME_NONE)
        take(r, comp, &comp->end, comp->end.kind == ITEM_TIME_DATE ? DAY : 0);
    if (comp->done.kind != ITEM_TIME_NONE)
        take(r, comp, &comp->done, 0);
    if (open)
        r->to = ITEM_WHEN_ALWAYS;
    else
        take_series(r, comp, duration);
    return 1;
}

void item_when(const item_norm_t *norm, apr_int64_t *starts,
               apr_int64_t *ends)
{
    range_t r = { ITEM_WHEN_ALWAYS, -ITEM_WHEN_ALWAYS };
    int i, dated = norm->comps && norm->kind != ITEM_VCARD30;

    if (norm->at.kind != ITEM_TIME_NONE) {
        take(&r, NULL, &norm->at, 0);
        *starts = r.from;
        *ends = r.to;
        return;
    }
    for (i = 0; dated && i < norm->comps->nelts; i++)
        dated = take_component(&r, APR_ARRAY_IDX(norm->comps, i,
                                                 const item_comp_t *));
    *starts = dated ? r.from : -ITEM_WHEN_ALWAYS;
    *ends = dated ? r.to : ITEM_WHEN_ALWAYS;
}

/** The day on which a time falls; for UTC, which midnight is the nearest. */
static apr_int64_t day_of(const item_time_t *t)
{
    apr_int64_t secs = t->secs + (t->kind == ITEM_TIME_UTC ? DAY / 2 : 0);

    return (secs >= 0 ? secs : secs - DAY + 1) / DAY;
}

int item_when_days(const item_comp_t *comp, apr_int64_t *day)
{
    apr_int64_t length = comp->end.secs - comp->start.secs;

    *day = day_of(&comp->start);
    if (comp->start.kind == ITEM_TIME_DATE)
        return 1;
    if (!item_time_same_clock(&comp->start, &comp->end) || length <= 0
        || length % DAY)
        return 0;
    return comp->start.kind == ITEM_TIME_UTC
           || comp->start.secs == *day * DAY;
}

apr_int64_t item_modified(const char *type, const char *data, apr_size_t len,
                          apr_pool_t *p)
{
    static const item_span_t no_zone = { "", 0 };
    apr_int64_t newest = 0;
    item_reader_t reader;
    const char *strict;
    item_kind_e kind;
    item_line_t line;
    item_time_t t;

    if (!data || item_recognise(&kind, &strict, type, data, len)
                 != APR_SUCCESS || kind == ITEM_TEXT)
        return 0;
    if (item_is_object(kind))
        return item_object_modified(kind, data, len, p);
    if (item_reader_init(&reader, data, len, p) != APR_SUCCESS)
        return 0;
    while (item_reader_next(&reader, &line) == APR_SUCCESS) {
        if (!item_span_is(line.name, kind == ITEM_VCARD30 ? "REV"
                                     : "LAST-MODIFIED"))
            continue;
        if (item_time_parse(&t, line.value, no_zone)
            && t.kind != ITEM_TIME_DATE && t.secs > newest)
            newest = t.secs;
    }
    return newest;
}
