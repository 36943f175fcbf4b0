/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* A device's own names of the store's time zones: see item_ical_form.h. */
#include <string.h>

#include "item/item_ical_form.h"

#define YEAR   (366 * (apr_int64_t)ITEM_CAL_DAY)
/* Zones that agree from a year before a text's first time for so long are
 * taken for the same. */
#define YEARS  6
#define MAX_ALIASES  8

typedef struct alias_t {
    item_span_t theirs, ours;   /* TZID */
} alias_t;

typedef struct aliases_t {
    int n;
    alias_t list[MAX_ALIASES];
} aliases_t;

static int same_name(item_span_t a, item_span_t b)
{
    return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

static item_span_t tzid_of(const item_entry_t *entry)
{
    const item_entry_t *tzid = NULL;

    if (entry->part && item_span_is(entry->part->name, "VTIMEZONE"))
        tzid = item_part_find(entry->part, "TZID");
    return tzid ? item_span_trim(tzid->line.value) : item_span_of("");
}

/** Whether a component of the store's text names that zone. */
static int names_zone(const apr_array_header_t *cals, item_span_t tzid)
{
    int i;

    for (i = 0; i < cals->nelts; i++) {
        const item_cal_t *cal = APR_ARRAY_IDX(cals, i, item_cal_t *);

        if (same_name(cal->start.zone, tzid) || same_name(cal->end.zone, tzid)
            || same_name(cal->rid.zone, tzid))
            return 1;
    }
    return 0;
}

/** The store's name of a zone of theirs. @return its len is 0: none */
static item_span_t our_name(item_cal_ctx_t *c,
                            const apr_array_header_t *cals,
                            item_span_t theirs)
{
    const item_zone_t *zone = item_zones_get(&c->zones, theirs), *other;
    int i, k;

    for (i = 0; zone && i < cals->nelts; i++) {
        const item_cal_t *cal = APR_ARRAY_IDX(cals, i, item_cal_t *);
        const item_time_t *times[3];

        times[0] = &cal->start;
        times[1] = &cal->end;
        times[2] = &cal->rid;
        for (k = 0; k < 3; k++) {
            other = times[k]->zone.len
                ? item_zones_get(&c->zones, times[k]->zone) : NULL;
            if (other && item_zone_same(zone, other, times[k]->secs - YEAR,
                                        times[k]->secs + YEARS * YEAR))
                return times[k]->zone;
        }
    }
    return item_span_of("");
}

static void find_aliases(aliases_t *a, item_cal_ctx_t *c,
                         const item_doc_t *doc,
                         const apr_array_header_t *cals)
{
    alias_t alias;
    int i;

    a->n = 0;
    for (i = 0; i < doc->root->entries->nelts && a->n < MAX_ALIASES; i++) {
        alias.theirs = tzid_of(APR_ARRAY_IDX(doc->root->entries, i,
                                             const item_entry_t *));
        if (!alias.theirs.len || names_zone(cals, alias.theirs))
            continue;
        alias.ours = our_name(c, cals, alias.theirs);
        if (alias.ours.len)
            a->list[a->n++] = alias;
    }
}

static item_span_t renamed(const aliases_t *a, item_span_t tzid)
{
    int i;

    for (i = 0; i < a->n; i++)
        if (same_name(a->list[i].theirs, tzid))
            return a->list[i].ours;
    return item_span_of("");
}

/** A line whose TZID is to be another. */
static void put_renamed(item_buf_t *b, const item_line_t *line,
                        item_span_t tzid)
{
    item_buf_t text = { NULL, NULL, 0, 0 };
    int i, quote = memchr(tzid.s, ';', tzid.len)
                   || memchr(tzid.s, ':', tzid.len)
                   || memchr(tzid.s, ',', tzid.len);

    text.p = b->p;
    item_buf_add(&text, line->name.s, line->name.len);
    for (i = 0; i < line->nparams; i++) {
        const item_param_t *param = &line->params[i];
        int is = item_span_is(param->name, "TZID");

        item_buf_putc(&text, ';');
        item_buf_add(&text, param->name.s, param->name.len);
        if (param->name.len)
            item_buf_putc(&text, '=');
        if (is && quote)
            item_buf_putc(&text, '"');
        item_buf_add(&text, is ? tzid.s : param->value.s,
                     is ? tzid.len : param->value.len);
        if (is && quote)
            item_buf_putc(&text, '"');
    }
    item_buf_putc(&text, ':');
    item_buf_add(&text, line->value.s, line->value.len);
    item_fold_add(b, item_buf_span(&text), "\r\n");
}

static void put_part(item_buf_t *b, const item_part_t *part,
                     const aliases_t *a)
{
    int i;

    item_raw_add(b, part->begin, "\r\n");
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);
        item_span_t tzid = item_span_of("");

        if (entry->part) {
            if (!renamed(a, tzid_of(entry)).len)
                put_part(b, entry->part, a);
            continue;
        }
        if (entry->line.nparams && !entry->line.group.len)
            tzid = renamed(a, item_line_value(&entry->line, "TZID"));
        if (tzid.len)
            put_renamed(b, &entry->line, tzid);
        else
            item_raw_add(b, entry->raw, "\r\n");
    }
    item_raw_add(b, part->end, "\r\n");
}

const item_doc_t *item_ical_rename(item_cal_ctx_t *c, const item_doc_t *doc,
                                   const item_doc_t *like)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    aliases_t aliases;
    item_doc_t *again;

    find_aliases(&aliases, c, doc, item_cals_read(like, c->p));
    if (!aliases.n)
        return doc;
    b.p = c->p;
    put_part(&b, doc->root, &aliases);
    if (item_doc_read(&again, "text/calendar", b.s, b.len, c->p)
        != APR_SUCCESS)
        return doc;
    return again;
}
