/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* vCalendar 1.0 for the store: see item_vcal.h and item_vcal_back.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_ical_form.h"
#include "item/item_vcal.h"
#include "item/item_vcal_back.h"

/* ---- zones of the result ------------------------------------------------ */

void item_back_use(item_back_t *k, item_span_t tzid, const item_zone_t *zone,
                   apr_int64_t from)
{
    item_used_t *used;
    int i;

    for (i = 0; i < k->used->nelts; i++) {
        used = &APR_ARRAY_IDX(k->used, i, item_used_t);
        if (used->tzid.len == tzid.len
            && !memcmp(used->tzid.s, tzid.s, tzid.len)) {
            if (from < used->from)
                used->from = from;
            return;
        }
    }
    used = apr_array_push(k->used);
    used->tzid = tzid;
    used->zone = zone;
    used->from = from;
}

void item_back_raw(item_back_t *k, const item_entry_t *entry)
{
    const item_param_t *param = item_line_param(&entry->line, "TZID");
    item_span_t list, tzid;
    item_time_t t;

    item_raw_add(k->b, entry->raw, "\r\n");
    if (!param)
        return;
    list = param->value;
    item_param_value(&list, &tzid);
    if (!item_time_parse(&t, entry->line.value, tzid))
        t.secs = 0;
    item_back_use(k, tzid, item_zones_get(&k->c->zones, tzid), t.secs);
}

void item_back_part(item_back_t *k, const item_part_t *part)
{
    int i;

    item_raw_add(k->b, part->begin, "\r\n");
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part)
            item_back_part(k, entry->part);
        else
            item_back_raw(k, entry);
    }
    item_raw_add(k->b, part->end, "\r\n");
}

static const item_part_t *like_zone(const item_back_t *k, item_span_t tzid)
{
    int i;

    for (i = 0; k->like && i < k->like->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(k->like->root->entries, i,
                                                  const item_entry_t *);
        const item_entry_t *name = entry->part
            && item_span_is(entry->part->name, "VTIMEZONE")
            ? item_part_find(entry->part, "TZID") : NULL;
        item_span_t value;

        if (!name)
            continue;
        value = item_span_trim(name->line.value);
        if (value.len == tzid.len && !memcmp(value.s, tzid.s, tzid.len))
            return entry->part;
    }
    return NULL;
}

void item_back_zones(const item_back_t *k, item_buf_t *b)
{
    int i;

    for (i = 0; i < k->used->nelts; i++) {
        const item_used_t *used = &APR_ARRAY_IDX(k->used, i, item_used_t);
        const item_part_t *part = like_zone(k, used->tzid);

        if (part)
            item_part_add(b, part);
        else if (used->zone)
            item_zone_vtimezone(b, used->zone, apr_pstrmemdup(
                                    b->p, used->tzid.s, used->tzid.len),
                                used->from, "\r\n");
    }
}

/* ---- properties --------------------------------------------------------- */

/** A property on the wire as one text.  Devices differ in what they escape,
 * and some write what they read as if there had been no escapes: so without
 * backslashes, and ends of lines alike. */
static const char *wire_key(const char *head, item_span_t value,
                            apr_pool_t *p, apr_size_t *len)
{
    apr_size_t n = strlen(head), i;
    char *key = apr_palloc(p, n + value.len + 2), *w = key + n;

    memcpy(key, head, n);
    *w++ = ':';
    for (i = 0; i < value.len; i++)
        if (value.s[i] != '\\' && value.s[i] != '\r')
            *w++ = value.s[i];
    *len = (apr_size_t)(w - key);
    return key;
}

/** What the device was sent of the like, by what it looked like. */
static apr_hash_t *sent_lines(item_back_t *k, const item_cal_t *cal)
{
    apr_hash_t *sent = apr_hash_make(k->c->p);
    item_wire_t wire;
    const char *key;
    apr_size_t len;
    int i;

    for (i = 0; i < cal->part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(cal->part->entries, i,
                                                  const item_entry_t *);

        if (entry->part || entry->line.junk
            || !item_vcal_prop_out(k->c, cal, &entry->line, &wire))
            continue;
        key = wire_key(wire.head, item_vcal_through(k->c, wire.value),
                       k->c->p, &len);
        if (!apr_hash_get(sent, key, (apr_ssize_t)len))
            apr_hash_set(sent, key, (apr_ssize_t)len, entry);
    }
    return sent;
}

/** Name and parameters as they would be sent. */
static const char *came_head(const item_line_t *line, apr_pool_t *p)
{
    const char *head = item_span_upper(line->name, p);
    int i;

    for (i = 0; i < line->nparams; i++) {
        const item_param_t *param = &line->params[i];

        if (item_span_is(param->name, "CHARSET")
            || item_span_is(param->name, "ENCODING")
            || (!param->name.len && param->value.len >= 6
                && !strncasecmp(param->value.s, "QUOTED", 6)))
            continue;
        head = apr_psprintf(p, "%s;%.*s%s%.*s", head, (int)param->name.len,
                            param->name.s, param->name.len ? "=" : "",
                            (int)param->value.len, param->value.s);
    }
    return head;
}

static int is_wire_time(item_span_t name)
{
    static const char *const names[] = {
        "DTSTART", "DTEND", "DUE", "RRULE", "EXRULE", "RDATE", "EXDATE",
        "RECURRENCE-ID", "X-RECURRENCE-ID", "COMPLETED", "DALARM", "AALARM",
        "MALARM", "PALARM", "RNUM", "DURATION", NULL
    };
    int i = 0;

    while (names[i] && !item_span_is(name, names[i]))
        i++;
    return names[i] != NULL;
}

/** A priority as devices of "coarse-priority" send it. */
static int coarse(item_span_t value)
{
    long n = value.len && apr_isdigit(*value.s) ? strtol(value.s, NULL, 10)
                                                : 0;

    return n <= 0 ? 0 : n <= 4 ? 1 : n == 5 ? 2 : 3;
}

/** Such a priority, in the middle of those for which it stands. */
static void refine(const item_back_t *k, const item_line_t *line,
                   item_span_t *value)
{
    static const char *const of[] = { "1", "5", "9" };

    if ((k->c->form->habits & ITEM_HABIT_COARSE_PRIORITY)
        && item_span_is(line->name, "PRIORITY") && value->len == 1
        && *value->s >= '1' && *value->s <= '3')
        *value = item_span_of(of[*value->s - '1']);
}

static int same_span(item_span_t a, item_span_t b)
{
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

/** What all lines of a component are held against: found out once, since
 * there may be many. */
typedef struct against_t {
    const item_line_t *summary; /* the first one; NULL: none */
    const char *title;          /* that a description may say again, as */
    apr_size_t title_len;       /* wire_key(); NULL: it says something */
    item_vcal_commas_t commas;
} against_t;

static void find_against(const item_back_t *k, const item_came_t *came,
                         against_t *against)
{
    const item_entry_t *title = item_part_find(came->part, "SUMMARY");

    memset(against, 0, sizeof(*against));
    against->summary = title ? &title->line : NULL;
    if (!came->cal)
        return;
    item_vcal_commas(&against->commas, came->cal->part, k->c->p);
    if (title && !item_part_find(came->cal->part, "DESCRIPTION"))
        against->title = wire_key("", item_vcal_decode(k->c, &title->line),
                                  k->c->p, &against->title_len);
}

/** Whether a text says the title, each in its own escapes. */
static int is_title(const item_back_t *k, const against_t *against,
                    item_span_t value)
{
    apr_size_t len;
    const char *key;

    if (!against->title)
        return 0;
    key = wire_key("", value, k->c->p, &len);
    return len == against->title_len && !memcmp(key, against->title, len);
}

/** Whether a line says nothing that like does not say: a description that
 * repeats the title where there is none, a priority that is like's in the
 * device's steps. @param value  of the line, without its encoding
 * @param same  out: like's line, NULL: none */
static int is_echo(const item_back_t *k, const item_came_t *came,
                   const against_t *against, const item_line_t *line,
                   item_span_t value, const item_entry_t **same)
{
    const item_part_t *part = came->cal ? came->cal->part : NULL;

    if (part && item_span_is(line->name, "SUMMARY"))
        return line == against->summary && item_cal_is_made_title(
            k->c->form, part, came->part,
            item_vcal_escape(item_vcal_plain(value, k->c->p), k->c->p),
            k->c->p);
    if (part && item_span_is(line->name, "DESCRIPTION"))
        return is_title(k, against, value);
    if (part && item_span_is(line->name, "PRIORITY")
        && (k->c->form->habits & ITEM_HABIT_COARSE_PRIORITY)) {
        *same = item_part_find(part, "PRIORITY");
        return *same && coarse((*same)->line.value)
            && line->value.len == 1
            && *line->value.s - '0' == coarse((*same)->line.value);
    }
    return 0;
}

/** Whether vCalendar's own way says who has invited. */
static int has_organizer(const item_part_t *part)
{
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (!entry->part && item_span_is(item_line_value(&entry->line,
                                                         "ROLE"),
                                         "ORGANIZER"))
            return 1;
    }
    return 0;
}

static void put_props(item_back_t *k, const item_came_t *came)
{
    apr_hash_t *sent = came->cal ? sent_lines(k, came->cal) : NULL;
    item_cal_ctx_t *c = k->c;
    const item_entry_t *echo;
    item_entry_t *same;
    against_t against;
    item_span_t value;
    const char *key;
    apr_size_t len;
    int i, organized = has_organizer(came->part);

    find_against(k, came, &against);
    for (i = 0; i < came->part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(came->part->entries, i,
                                                  const item_entry_t *);
        const item_line_t *line = &entry->line;

        if (entry->part || line->junk || is_wire_time(line->name)
            || (organized && item_span_is(line->name, "ORGANIZER")))
            continue;
        value = item_vcal_decode(c, line);
        same = NULL;
        if (sent) {
            key = wire_key(came_head(line, c->p), value, c->p, &len);
            same = apr_hash_get(sent, key, (apr_ssize_t)len);
        }
        echo = same;
        if (same || is_echo(k, came, &against, line, value, &echo)) {
            if (echo)
                item_back_raw(k, echo);
        }
        else {
            refine(k, line, &value);
            value = item_vcal_list_as(c, &against.commas, line, value);
            item_vcal_prop_in(c, came->kind, line, value, k->b);
        }
    }
}

/** How far a task is, which vCalendar does not say but for the end. */
static void put_percent(item_back_t *k, const item_came_t *came)
{
    const item_entry_t *was = item_part_find(came->cal->part,
                                             "PERCENT-COMPLETE");
    const item_entry_t *status = item_part_find(came->part, "STATUS");
    int done = came->done.kind != ITEM_TIME_NONE
               || (status && item_span_is(item_span_trim(
                       status->line.value), "COMPLETED"));
    int full;

    if (!was || item_part_find(came->part, "PERCENT-COMPLETE"))
        return;
    full = item_span_is(item_span_trim(was->line.value), "100");
    if (done == full || (!done && !full))
        item_back_raw(k, was);
    else if (done)
        item_buf_puts(k->b, "PERCENT-COMPLETE:100\r\n");
}

/** A device that holds no status does not take it away: it would write
 * another one.  Only that a task is done it says by COMPLETED alone. */
static void put_status(item_back_t *k, const item_came_t *came)
{
    const item_entry_t *was = item_part_find(came->cal->part, "STATUS");

    if (was && !item_part_find(came->part, "STATUS")
        && came->done.kind == ITEM_TIME_NONE
        && !item_span_is(item_span_trim(was->line.value), "COMPLETED"))
        item_back_raw(k, was);
}

/** What the device never sees, and what a component needs. */
static void put_unseen(item_back_t *k, const item_came_t *came)
{
    const item_entry_t *entry;

    if (!came->cal)
        return;
    entry = item_part_find(came->cal->part, "DTSTAMP");
    if (entry)
        item_back_raw(k, entry);
    entry = item_part_find(came->cal->part, "UID");
    if (entry && !item_part_find(came->part, "UID"))
        item_back_raw(k, entry);
    put_status(k, came);
    if (came->kind == ITEM_VTODO)
        put_percent(k, came);
}

static void put_component(item_back_t *k, const item_came_t *came)
{
    const char *name = came->kind == ITEM_VTODO ? "VTODO\r\n" : "VEVENT\r\n";
    static const item_span_t done = { "STATUS:COMPLETED\r\n", 18 };

    item_buf_puts(k->b, "BEGIN:");
    item_buf_puts(k->b, name);
    put_props(k, came);
    if (came->done.kind != ITEM_TIME_NONE
        && !item_part_find(came->part, "STATUS"))
        item_buf_add(k->b, done.s, done.len);
    put_unseen(k, came);
    item_back_times(k, came);
    item_back_alarms(k, came);
    item_buf_puts(k->b, "END:");
    item_buf_puts(k->b, name);
}

/* ---- which is which ----------------------------------------------------- */

static item_plan_t *plan_of(item_back_t *k, item_cal_t *cal)
{
    int series = cal->rid.kind == ITEM_TIME_NONE
                 && (cal->rules->nelts || cal->rdates->nelts);

    if (!cal->plan)
        cal->plan = item_plan_make(k->c, cal, series ? k->cals : NULL);
    return cal->plan;
}

/** The component of like that one from the device is. */
static void find_like(item_back_t *k, item_came_t *came, int index)
{
    int override = came->rid.kind != ITEM_TIME_NONE, i, best = 0, score;
    item_plan_t *plan, *found = NULL;
    item_cal_t *cal;

    for (i = 0; i < k->cals->nelts; i++) {
        cal = APR_ARRAY_IDX(k->cals, i, item_cal_t *);
        if (cal->matched || cal->kind != came->kind
            || (k->only && cal->part != k->only))
            continue;
        plan = plan_of(k, cal);
        if (override && !item_time_equal(&plan->rid, &came->rid))
            continue;
        /* The first is the series; what follows it without an id is one of
         * its exceptions, known by its start. */
        score = 1 + same_span(cal->uid, came->uid)
                + (override ? 8 : (cal->rid.kind == ITEM_TIME_NONE)
                                  == (index == 0) ? 4 : 0)
                + 2 * item_time_equal(&plan->start, &came->start);
        if (score > best) {
            best = score;
            found = plan;
            came->cal = cal;
        }
    }
    if (found) {
        came->cal->matched = 1;
        came->plan = found;
        item_came_undo(k, came);
    }
    item_came_fit(k, came);
}

/** Exceptions of a series that are components of their own. */
static void skip_overrides(item_back_t *k, apr_array_header_t *all)
{
    item_came_t *master = APR_ARRAY_IDX(all, 0, item_came_t *), *came;
    int i;

    if (master->rid.kind != ITEM_TIME_NONE)
        return;
    for (i = 1; i < all->nelts; i++) {
        came = APR_ARRAY_IDX(all, i, item_came_t *);
        if (came->rid.kind == ITEM_TIME_NONE && came->plan
            && came->cal->rid.kind != ITEM_TIME_NONE)
            came->rid = came->plan->rid;
        if (came->rid.kind != ITEM_TIME_NONE)
            APR_ARRAY_PUSH(master->skip, item_time_t) = came->rid;
    }
}

/** A device that holds one event for an item sends the series alone, or the one
 * exception that it got: the others are not deleted.
 * @return item_cal_t *: those of like that stay */
static apr_array_header_t *left_out(item_back_t *k, item_came_t *master,
                                    int came)
{
    apr_array_header_t *stay = apr_array_make(k->c->p, 1,
                                              sizeof(item_cal_t *));
    item_cal_t *cal;
    int i;

    if (came != 1 || !master->plan
        || (!k->only && (master->rid.kind != ITEM_TIME_NONE
                         || master->cal->rid.kind != ITEM_TIME_NONE
                         || (!master->rules->nelts && !master->rdates->nelts
                             && !master->plan->expanded))))
        return stay;
    for (i = 0; i < k->cals->nelts; i++) {
        cal = APR_ARRAY_IDX(k->cals, i, item_cal_t *);
        if (cal->rid.kind == ITEM_TIME_NONE || cal->matched)
            continue;
        APR_ARRAY_PUSH(stay, item_cal_t *) = cal;
        APR_ARRAY_PUSH(master->skip, item_time_t) = plan_of(k, cal)->rid;
    }
    return stay;
}

/* ---- the text ----------------------------------------------------------- */

/** What a device of one event for an item got of exceptions without their
 * series. @return NULL: like is none such */
static const item_part_t *exception_alone(const item_back_t *k)
{
    const item_part_t *main = k->like ? item_ical_main(k->c->form, k->like)
                                      : NULL;

    return main && item_part_find(main, "RECURRENCE-ID") ? main : NULL;
}

static apr_array_header_t *read_all(item_back_t *k, const item_doc_t *doc)
{
    apr_array_header_t *all = apr_array_make(k->c->p, 2,
                                             sizeof(item_came_t *));
    int i;

    for (i = 0; i < doc->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(doc->root->entries, i,
                                                  const item_entry_t *);

        if (!item_cal_is(entry))
            continue;
        APR_ARRAY_PUSH(all, item_came_t *) = item_came_read(k, entry->part);
    }
    if (all->nelts == 1)
        k->only = exception_alone(k);
    for (i = 0; i < all->nelts; i++)
        find_like(k, APR_ARRAY_IDX(all, i, item_came_t *), i);
    skip_overrides(k, all);
    return all;
}

static void put_text(item_back_t *k, const item_doc_t *doc, item_buf_t *out)
{
    apr_array_header_t *all = read_all(k, doc);
    apr_array_header_t *stay
        = left_out(k, APR_ARRAY_IDX(all, 0, item_came_t *), all->nelts);
    item_buf_t *body = apr_pcalloc(k->c->p, sizeof(*body));
    const item_entry_t *prodid = k->like
        ? item_part_find(k->like->root, "PRODID") : NULL;
    int i;

    body->p = k->c->p;
    k->b = body;
    for (i = 0; i < all->nelts; i++)
        put_component(k, APR_ARRAY_IDX(all, i, item_came_t *));
    for (i = 0; i < stay->nelts; i++)
        item_back_part(k, APR_ARRAY_IDX(stay, i, item_cal_t *)->part);
    item_buf_puts(out, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
    if (prodid)
        item_raw_add(out, prodid->raw, "\r\n");
    else if (!k->like)
        item_buf_puts(out, "PRODID:-//mod_syncml//EN\r\n");
    item_back_zones(k, out);
    item_buf_add(out, body->s, body->len);
    item_buf_puts(out, "END:VCALENDAR\r\n");
}

static int has_any(const item_doc_t *doc)
{
    int i;

    for (i = 0; i < doc->root->entries->nelts; i++)
        if (item_cal_is(APR_ARRAY_IDX(doc->root->entries, i,
                                      const item_entry_t *)))
            return 1;
    return 0;
}

apr_status_t item_vcal_import(const item_form_t *form, const item_text_t *in,
                              const item_text_t *like, item_text_t *out,
                              apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_doc_t *doc, *stored = NULL;
    item_cal_ctx_t c;
    item_back_t k;
    apr_status_t rv;
    int ical;

    out->data = "";
    out->len = 0;
    rv = item_vcal_doc(&doc, &ical, in, p);
    if (rv != APR_SUCCESS)
        return rv;
    if (ical)
        return item_ical_import(form, in, like, out, p);
    if (!has_any(doc))
        return ITEM_ETYPE;
    memset(&k, 0, sizeof(k));
    item_cal_ctx_init(&c, form, 1, p);
    if (like && item_doc_read(&stored, "text/calendar", like->data,
                              like->len, p) == APR_SUCCESS)
        item_cal_ctx_zones(&c, stored);
    k.c = &c;
    k.like = stored;
    k.cals = stored ? item_cals_said(stored, p)
                    : apr_array_make(p, 1, sizeof(item_cal_t *));
    k.used = apr_array_make(p, 2, sizeof(item_used_t));
    item_back_device_zone(&k, doc);
    b.p = p;
    put_text(&k, doc, &b);
    if (k.words > ITEM_MAX_PROPERTIES)
        return ITEM_ELIMIT;
    out->data = b.s;
    out->len = b.len;
    return APR_SUCCESS;
}
