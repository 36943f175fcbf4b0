/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* When an event begins next: see item.h. */
#include <string.h>

#include "item/item_cal.h"

/* Zones are not further from UTC. */
#define SLACK  (26 * 3600)
/* Periods before the time, in which an occurrence may lie late. */
#define BEFORE 2

typedef struct next_t {
    item_cal_ctx_t c;
    apr_array_header_t *cals;   /* item_cal_t *, of the item */
    apr_int64_t from, to;
    apr_int64_t best;           /* 0: none yet */
} next_t;

static apr_int64_t instant(next_t *n, const item_time_t *t)
{
    item_time_t local = *t;
    apr_int64_t utc;

    if (local.kind == ITEM_TIME_DATE)
        local.kind = ITEM_TIME_LOCAL;       /* the day's beginning */
    item_zones_instant(&n->c.zones, &local, n->c.user, &utc);
    return utc;
}

static int same_time(next_t *n, const item_time_t *a, const item_time_t *b)
{
    return item_time_equal(a, b) || instant(n, a) == instant(n, b);
}

/** Is an occurrence of a series left out, or told by a component of its own? */
static int is_left_out(next_t *n, const item_cal_t *cal,
                       const item_time_t *t)
{
    int i;

    for (i = 0; i < cal->exdates->nelts; i++) {
        item_time_t ex = APR_ARRAY_IDX(cal->exdates, i, item_time_t);

        if (ex.kind == ITEM_TIME_DATE && t->kind != ITEM_TIME_DATE
                ? item_recur_day_of(ex.secs) == item_recur_day_of(t->secs)
                : same_time(n, &ex, t))
            return 1;
    }
    for (i = 0; i < n->cals->nelts; i++) {
        const item_cal_t *other = APR_ARRAY_IDX(n->cals, i, item_cal_t *);

        if (other->rid.kind != ITEM_TIME_NONE
            && same_time(n, &other->rid, t))
            return 1;
    }
    return 0;
}

/** @return non-zero if it counts */
static int take(next_t *n, const item_time_t *t)
{
    apr_int64_t utc = instant(n, t);

    if (utc <= n->from || utc > n->to)
        return 0;
    if (!n->best || utc < n->best)
        n->best = utc;
    return 1;
}

static void take_rule(next_t *n, const item_cal_t *cal, item_span_t text)
{
    item_recur_iter_t *it = apr_palloc(n->c.p, sizeof(*it));
    item_recur_t *r = apr_palloc(n->c.p, sizeof(*r));
    apr_int64_t last = n->to + SLACK, until;
    item_time_t t = cal->start;

    if (!item_recur_parse(r, text))
        return;
    until = item_plan_until(&n->c, cal, r);
    if (!item_recur_begin(it, r, t.secs, until < last ? until : last))
        return;
    if (n->from - SLACK > t.secs)
        item_recur_skip(it, n->from - SLACK, BEFORE);
    while (item_recur_next(it, &t.secs))
        if (!is_left_out(n, cal, &t) && take(n, &t))
            return;             /* the first of them */
}

static void take_event(next_t *n, const item_cal_t *cal)
{
    int i;

    if (cal->start.kind == ITEM_TIME_NONE) {
        if (cal->has_end)       /* a task that is due then */
            take(n, &cal->end);
        return;
    }
    if (cal->rid.kind != ITEM_TIME_NONE || !is_left_out(n, cal, &cal->start))
        take(n, &cal->start);
    for (i = 0; i < cal->rdates->nelts; i++) {
        const item_time_t *t = &APR_ARRAY_IDX(cal->rdates, i, item_time_t);

        if (!is_left_out(n, cal, t))
            take(n, t);
    }
    for (i = 0; i < cal->rules->nelts; i++)
        take_rule(n, cal, APR_ARRAY_IDX(cal->rules, i, item_span_t));
}

apr_int64_t item_next_start(const char *type, const char *data,
                            apr_size_t len, apr_int64_t from, apr_int64_t to,
                            const char *floating, apr_pool_t *p)
{
    item_form_t form;
    item_doc_t *doc;
    next_t n;
    int i;

    if (item_doc_read(&doc, type, data, len, p) != APR_SUCCESS || !doc->root
        || doc->kind == ITEM_VCARD30)
        return 0;
    memset(&n, 0, sizeof(n));
    memset(&form, 0, sizeof(form));
    form.zone = floating;
    item_cal_ctx_init(&n.c, &form, 0, p);
    item_cal_ctx_zones(&n.c, doc);
    n.cals = item_cals_read(doc, p);
    n.from = from;
    n.to = to;
    for (i = 0; i < n.cals->nelts; i++)
        take_event(&n, APR_ARRAY_IDX(n.cals, i, item_cal_t *));
    return n.best;
}
