/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* iCalendar from a device: see item_vcal.h and item_ical_form.h. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_charset.h"
#include "item/item_ical_in.h"
#include "item/item_vcal.h"

#define DAY  ITEM_CAL_DAY

static const item_span_t no_zone = { "", 0 };

/* ---- what was sent ------------------------------------------------------ */

static item_span_t line_key(const item_entry_t *entry, apr_pool_t *p)
{
    item_buf_t key = { NULL, NULL, 0, 0 };
    const item_line_t *line = &entry->line;
    int i;

    if (entry->part)
        return item_part_canon(entry->part, p);
    key.p = p;
    item_buf_puts(&key, item_span_upper(line->name, p));
    for (i = 0; i < line->nparams; i++) {
        item_buf_putc(&key, ';');
        item_buf_puts(&key, item_span_upper(line->params[i].name, p));
        item_buf_putc(&key, '=');
        item_buf_add(&key, line->params[i].value.s,
                     line->params[i].value.len);
    }
    item_buf_putc(&key, ':');
    item_buf_add(&key, line->value.s, line->value.len);
    return item_buf_span(&key);
}

/** @param e  the component of like as it was sent: see item_ical_form.h */
static apr_hash_t *sent_lines(const item_part_t *e, const item_cal_t *was,
                              item_cal_ctx_t *c)
{
    const item_part_t *like = was->part;
    apr_pool_t *p = c->p;
    apr_hash_t *sent = apr_hash_make(p);
    int i, n = 0;

    for (i = 0; i < e->entries->nelts; i++) {
        const item_entry_t *to = APR_ARRAY_IDX(e->entries, i,
                                               const item_entry_t *);
        const item_entry_t *from = NULL;
        item_span_t key = line_key(to, p);

        if (!to->part && item_span_is(to->line.name, "DTEND")
            && !was->has_end)
            from = apr_pcalloc(p, sizeof(*from));       /* was added */
        for (; n < like->entries->nelts && !from; n++) {
            from = APR_ARRAY_IDX(like->entries, n, const item_entry_t *);
            if (!item_ical_sends(c, was, from))
                from = NULL;
        }
        if (!from)
            from = apr_pcalloc(p, sizeof(*from));
        if (!apr_hash_get(sent, key.s, (apr_ssize_t)key.len))
            apr_hash_set(sent, key.s, (apr_ssize_t)key.len, from);
    }
    return sent;
}

/* ---- times -------------------------------------------------------------- */

/** Whether a time from the device is one that it has no zone for. */
static int is_bare(const item_in_t *in, const item_time_t *t)
{
    return t->kind == ITEM_TIME_LOCAL && !t->zone.len;
}

/** Where times without a zone, or in UTC, are to go. */
static void choose_dest(item_in_t *in)
{
    const item_form_t *form = in->k.c->form;
    const item_time_t *t = in->was
        ? in->was->start.kind != ITEM_TIME_NONE ? &in->was->start
                                                : &in->was->end : NULL;

    memset(&in->dest, 0, sizeof(in->dest));
    in->dest.tzid = no_zone;
    if (t && t->kind == ITEM_TIME_LOCAL) {
        in->dest.kind = t->kind;
        in->dest.tzid = t->zone;
        in->dest.zone = item_zones_get(&in->k.c->zones, t->zone);
    }
    else if (t && t->kind == ITEM_TIME_UTC && !item_ical_keeps(form))
        in->dest.kind = ITEM_TIME_UTC;
    else if (!item_ical_keeps(form) && in->k.device
             && *item_zone_name(in->k.device)
             && is_bare(in, &in->cal->start)
             && form->clock != ITEM_CLOCK_DEFAULT) {
        in->dest.kind = ITEM_TIME_LOCAL;
        in->dest.zone = in->k.device;
        in->dest.tzid.s = item_zone_name(in->k.device);
        in->dest.tzid.len = strlen(in->dest.tzid.s);
    }
}

/** Where such times of a line are to go: an end that is on another clock than
 * the start stays there. */
static item_dest_t dest_of(item_in_t *in, const item_line_t *line)
{
    const item_time_t *end = in->was ? &in->was->end : NULL;
    const char *name = in->cal->kind == ITEM_VTODO ? "DUE" : "DTEND";
    item_dest_t dest = in->dest;

    if (!end || dest.kind == ITEM_TIME_NONE
        || (end->kind != ITEM_TIME_LOCAL && end->kind != ITEM_TIME_UTC)
        || item_time_same_clock(end, &in->was->start)
        || !item_span_is(line->name, name)
        || !item_part_find(in->was->part, name))
        return dest;
    dest.kind = end->kind;
    dest.tzid = end->kind == ITEM_TIME_LOCAL ? end->zone : no_zone;
    dest.zone = dest.tzid.len ? item_zones_get(&in->k.c->zones, dest.tzid)
                              : in->k.c->user;
    return dest;
}

/** A time as it is to be stored. @return 0: as it came */
static int convert(item_in_t *in, const item_dest_t *dest, item_time_t *t)
{
    apr_int64_t utc;
    int sure;

    if (t->kind == ITEM_TIME_DATE || t->zone.len
        || dest->kind == ITEM_TIME_NONE
        || (dest->kind == ITEM_TIME_UTC && t->kind == ITEM_TIME_UTC))
        return 0;
    if (is_bare(in, t) && item_ical_keeps(in->k.c->form))
        return 0;
    sure = item_back_instant(&in->k, t, &utc);
    if (dest->kind == ITEM_TIME_UTC)
        t->secs = utc;
    else if (dest->zone && sure)
        t->secs = item_zone_to_local(dest->zone, utc);
    else if (t->kind == ITEM_TIME_UTC && in->k.c->user)
        t->secs = item_zone_to_local(in->k.c->user, utc);
    t->kind = dest->kind;
    t->zone = dest->tzid;
    return 1;
}

/** A line of a time, whose zone is noted. */
static const char *time_line(item_in_t *in, const char *name,
                             const item_time_t *t)
{
    if (t->kind == ITEM_TIME_LOCAL && t->zone.len)
        item_back_use(&in->k, t->zone,
                      item_zones_get(&in->k.c->zones, t->zone), t->secs);
    return item_ical_time(name, t, in->k.c->p);
}

/** Words of a line of times, each converted; one head for all. @return 0:
 * nothing to be done */
static int convert_line(item_in_t *in, const item_line_t *line)
{
    apr_pool_t *p = in->k.c->p;
    /* Apart, as a word behind others may leave the line as it is. */
    item_buf_t lines = { NULL, NULL, 0, 0 }, text = { NULL, NULL, 0, 0 };
    item_span_t rest = line->value, word, zone = item_line_value(line, "TZID");
    const char *name = item_span_upper(line->name, p);
    const char *head = NULL, *next;
    item_dest_t dest = dest_of(in, line);
    int changed = 0, len;
    item_time_t t;

    if (zone.len)
        return 0;
    lines.p = text.p = p;
    while (item_value_next(&rest, ',', &word)) {
        if (!item_time_parse(&t, word, zone))
            return 0;
        item_wire_clock(in->k.c, &t);
        if (in->all_day && t.kind != ITEM_TIME_DATE) {
            t = item_back_day(&in->k, &t);
            changed = 1;
        }
        else
            changed |= convert(in, &dest, &t)
                       || (in->k.c->form->clock >= ITEM_CLOCK_UTC_BARE);
        next = time_line(in, name, &t);
        len = (int)(strrchr(next, ':') + 1 - next);
        if (head && !strncmp(head, next, (apr_size_t)len)) {
            item_buf_putc(&text, ',');
            item_buf_puts(&text, next + len);
            continue;
        }
        if (head)
            item_fold_add(&lines, item_buf_span(&text), "\r\n");
        text.len = 0;
        item_buf_puts(&text, next);
        head = apr_pstrmemdup(p, next, (apr_size_t)len);
    }
    if (!changed)
        return 0;
    if (head)
        item_fold_add(&lines, item_buf_span(&text), "\r\n");
    item_buf_add(in->k.b, lines.s, lines.len);
    return 1;
}

/** DTSTART, DTEND and DUE of whole days. @return 0: nothing to be done */
static int put_days(item_in_t *in, const item_line_t *line)
{
    int start = item_span_is(line->name, "DTSTART");
    const item_time_t *day = start ? &in->first : &in->last;

    if (!in->all_day || (!start && !item_span_is(line->name, "DTEND")
                         && !item_span_is(line->name, "DUE")))
        return 0;
    item_in_put(in, time_line(in, item_span_upper(line->name, in->k.c->p), day));
    return 1;
}

/* ---- rules and alarms --------------------------------------------------- */

/** @return 0: nothing to be done */
static int put_rule(item_in_t *in, const item_line_t *line)
{
    item_buf_t text = { NULL, NULL, 0, 0 };
    apr_int64_t day = item_recur_day_of(in->cal->start.secs), utc;
    item_recur_t r;

    if (!item_recur_parse(&r, line->value)
        || (!in->by && (r.until.kind == ITEM_TIME_NONE
                        || r.until.kind == ITEM_TIME_DATE
                        || (r.until.kind == ITEM_TIME_UTC && !in->all_day))))
        return 0;
    item_recur_shift(&r, day, in->by);
    if (in->all_day && r.until.kind != ITEM_TIME_NONE) {
        item_wire_clock(in->k.c, &r.until);
        r.until = item_back_day(&in->k, &r.until);
    }
    else if (r.until.kind == ITEM_TIME_LOCAL) {
        item_wire_clock(in->k.c, &r.until);
        if (in->dest.kind != ITEM_TIME_NONE
            && (in->dest.zone || in->dest.kind == ITEM_TIME_UTC)
            && item_back_instant(&in->k, &r.until, &utc)) {
            r.until.secs = utc;
            r.until.kind = ITEM_TIME_UTC;
        }
        else if (!in->by)
            return 0;
    }
    text.p = in->k.c->p;
    item_buf_add(&text, line->name.s, line->name.len);
    item_buf_putc(&text, ':');
    item_recur_write(&text, &r);
    item_fold_add(in->k.b, item_buf_span(&text), "\r\n");
    return 1;
}

/** An alarm at a time becomes one before the start: a device that cannot say
 * that moves it with the event. @return 0: nothing to be done */
static int put_alarm(item_in_t *in, const item_part_t *part)
{
    const item_entry_t *trigger = item_part_find(part, "TRIGGER");
    apr_int64_t from, at;
    item_time_t t;
    int i;

    if (!(in->k.c->form->habits & ITEM_HABIT_ALARM_ABSOLUTE) || !trigger
        || !item_time_parse(&t, trigger->line.value, no_zone)
        || t.kind != ITEM_TIME_UTC)
        return 0;
    at = t.secs;
    t = in->cal->start;
    if (in->all_day || t.kind == ITEM_TIME_DATE
        || (t.kind == ITEM_TIME_LOCAL && !t.zone.len)) {
        from = in->all_day ? in->first.secs : t.secs;
        if (in->k.c->user)
            at = item_zone_to_local(in->k.c->user, at);
    }
    else if (!item_zones_instant(&in->k.c->zones, &t, NULL, &from))
        return 0;
    item_raw_add(in->k.b, part->begin, "\r\n");
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry == trigger)
            item_in_put(in, apr_pstrcat(in->k.c->p, "TRIGGER:",
                                item_duration_text(at - from, in->k.c->p),
                                NULL));
        else if (entry->part)
            item_part_add(in->k.b, entry->part);
        else
            item_raw_add(in->k.b, entry->raw, "\r\n");
    }
    item_raw_add(in->k.b, part->end, "\r\n");
    return 1;
}

/* ---- components --------------------------------------------------------- */

/** What is to be known of a component before it is written. */
static void look(item_in_t *in)
{
    item_cal_t *cal = in->cal;
    const item_form_t *form = in->k.c->form;
    item_time_t start, end;

    item_wire_clock(in->k.c, &cal->start);
    item_wire_clock(in->k.c, &cal->end);
    choose_dest(in);
    in->all_day = in->exdates = 0;
    if (cal->start.kind != ITEM_TIME_DATE
        && (form->days > ITEM_DAYS_DATE
            || (in->was && in->was->start.kind == ITEM_TIME_DATE))
        && !cal->start.zone.len && !cal->end.zone.len)
        in->all_day = item_wire_all_day(in->k.c, cal->kind == ITEM_VTODO,
                                        &cal->start, &cal->end, &in->first,
                                        &in->last);
    start = end = cal->start;
    in->by = 0;
    if (!in->all_day && convert(in, &in->dest, &end))
        in->by = (int)(item_recur_day_of(end.secs)
                       - item_recur_day_of(start.secs));
    if (in->by < -1 || in->by > 1)
        in->by = 0;
}

static void put_entry(item_in_t *in, const item_entry_t *entry)
{
    const item_entry_t *same = NULL;
    const item_line_t *line = &entry->line;
    item_span_t key;

    if (!entry->part && item_span_is(line->name, "EXDATE")
        && item_in_exdates(in))
        return;
    if (in->sent) {
        key = line_key(entry, in->k.c->p);
        same = apr_hash_get(in->sent, key.s, (apr_ssize_t)key.len);
    }
    if (same) {
        if (same->part)
            item_back_part(&in->k, same->part);
        else if (same->raw.len)
            item_back_raw(&in->k, same);
        return;
    }
    if (item_in_alike(in, entry))
        return;
    if (entry->part) {
        if (!item_span_is(entry->part->name, "VALARM")
            || !put_alarm(in, entry->part))
            item_part_add(in->k.b, entry->part);
        return;
    }
    if (item_ical_is_time(line->name)
        ? put_days(in, line) || convert_line(in, line)
        : (item_span_is(line->name, "RRULE")
           || item_span_is(line->name, "EXRULE")) && put_rule(in, line))
        return;
    if (item_span_is(line->name, "CATEGORIES")
        && (in->k.c->form->habits & ITEM_HABIT_CATEGORY_X))
        item_ical_words(in->k.b, line, 1);
    else
        item_raw_add(in->k.b, entry->raw, "\r\n");
}

/** A device that makes one entry of each item does not always say which
 * occurrence it is that it got alone: Synthesis' clients do not of tasks. */
static int lost_its_id(const item_in_t *in, const apr_array_header_t *sent,
                       const item_cal_t *e)
{
    return (in->k.c->form->habits & ITEM_HABIT_ONE_EVENT) && sent->nelts == 1
           && e->rid.kind != ITEM_TIME_NONE
           && in->cal->rid.kind == ITEM_TIME_NONE;
}

/** The component of like with the same RECURRENCE-ID, or the next one. */
static int find_was(item_in_t *in, const apr_array_header_t *cals,
                    const apr_array_header_t *sent)
{
    item_cal_t *e, *was;
    int i, lost;

    for (i = 0; i < sent->nelts; i++) {
        e = APR_ARRAY_IDX(sent, i, item_cal_t *);
        was = APR_ARRAY_IDX(cals, i, item_cal_t *);
        lost = lost_its_id(in, sent, e);
        if (was->matched || e->kind != in->cal->kind
            || (!item_time_equal(&e->rid, &in->cal->rid) && !lost))
            continue;
        if (lost)
            item_back_named(&in->k, was, "RECURRENCE-ID");
        was->matched = 1;
        in->was = was;
        in->had = e;
        return i;
    }
    return -1;
}

/** The like as it was sent, and its components. */
typedef struct sent_t {
    apr_array_header_t *cals, *sent;    /* item_cal_t *, pairwise */
    apr_array_header_t *others; /* item_cal_t *: were not sent; NULL: none */
} sent_t;

/** Leave those that were not sent out of the pairs. */
static void drop_others(sent_t *s, const item_form_t *form,
                        const item_doc_t *doc, apr_pool_t *p)
{
    const item_part_t *main = item_ical_main(form, doc);
    apr_array_header_t *all = s->cals;
    int i;

    if (!main)
        return;
    s->cals = apr_array_make(p, 1, sizeof(item_cal_t *));
    s->others = apr_array_make(p, 2, sizeof(item_cal_t *));
    for (i = 0; i < all->nelts; i++) {
        item_cal_t *cal = APR_ARRAY_IDX(all, i, item_cal_t *);

        APR_ARRAY_PUSH(cal->part == main ? s->cals : s->others,
                       item_cal_t *) = cal;
    }
}

static int read_like(sent_t *s, item_back_t *k, const item_text_t *like)
{
    const item_form_t *form = k->c->form;
    apr_pool_t *p = k->c->p;
    item_form_t plain = *form;
    item_doc_t *doc, *sent;
    item_text_t text;

    memset(s, 0, sizeof(*s));
    plain.charset = NULL;
    if (!like || item_doc_read(&doc, "text/calendar", like->data, like->len,
                               p) != APR_SUCCESS
        || item_ical_export(&plain, like, &text, p) != APR_SUCCESS
        || item_doc_read(&sent, "text/calendar", text.data, text.len, p)
           != APR_SUCCESS)
        return 0;
    k->like = doc;
    item_cal_ctx_zones(k->c, doc);
    s->cals = item_cals_read(doc, p);
    s->sent = item_cals_read(sent, p);
    drop_others(s, form, doc, p);
    return s->cals->nelts == s->sent->nelts;
}

static void put_component(item_in_t *in, const sent_t *s)
{
    int i, n = -1;

    item_raw_add(in->k.b, in->part->begin, "\r\n");
    if (s->cals)
        n = find_was(in, s->cals, s->sent);
    if (n >= 0)
        in->sent = sent_lines(in->had->part, in->was, in->k.c);
    in->others = s->others;
    look(in);
    for (i = 0; i < in->part->entries->nelts; i++)
        put_entry(in, APR_ARRAY_IDX(in->part->entries, i,
                                    const item_entry_t *));
    if (in->was)
        item_in_unsent(in);
    item_raw_add(in->k.b, in->part->end, "\r\n");
}

/** The changed occurrences of a series that the device never had, unless it
 * says now what they are. */
static void put_others(item_back_t *k, const sent_t *s,
                       const item_doc_t *doc)
{
    apr_array_header_t *came = s->others ? item_cals_read(doc, k->c->p)
                                         : NULL;
    int i, n, there;

    for (i = 0; came && i < s->others->nelts; i++) {
        const item_cal_t *cal = APR_ARRAY_IDX(s->others, i,
                                              const item_cal_t *);

        for (n = there = 0; n < came->nelts && !there; n++)
            there = cal->rid.kind != ITEM_TIME_NONE
                    && item_time_equal(&cal->rid, &APR_ARRAY_IDX(
                                           came, n, item_cal_t *)->rid);
        if (!there)
            item_back_part(k, cal->part);
    }
}

static int has_zone(const item_doc_t *doc, item_span_t tzid)
{
    int i;

    for (i = 0; i < doc->root->entries->nelts; i++) {
        const item_part_t *part = APR_ARRAY_IDX(doc->root->entries, i,
                                                const item_entry_t *)->part;
        const item_entry_t *name = part ? item_part_find(part, "TZID") : NULL;

        if (name && item_span_is(part->name, "VTIMEZONE")
            && item_span_trim(name->line.value).len == tzid.len
            && !memcmp(item_span_trim(name->line.value).s, tzid.s, tzid.len))
            return 1;
    }
    return 0;
}

/** Zones that only the like has, or none of them. */
static void drop_known_zones(item_back_t *k, const item_doc_t *doc)
{
    int i, n = 0;

    for (i = 0; i < k->used->nelts; i++) {
        item_used_t used = APR_ARRAY_IDX(k->used, i, item_used_t);

        if (!has_zone(doc, used.tzid))
            APR_ARRAY_IDX(k->used, n++, item_used_t) = used;
    }
    k->used->nelts = n;
}

static void import_doc(item_cal_ctx_t *c, const item_doc_t *doc,
                       const item_text_t *like, item_buf_t *out)
{
    item_buf_t head = { NULL, NULL, 0, 0 }, body = { NULL, NULL, 0, 0 };
    item_back_t k;
    sent_t s;
    item_in_t in;
    int i;

    memset(&k, 0, sizeof(k));
    k.c = c;
    k.device = c->user;
    k.used = apr_array_make(c->p, 2, sizeof(item_used_t));
    head.p = body.p = c->p;
    if (!read_like(&s, &k, like))
        memset(&s, 0, sizeof(s));
    item_cal_ctx_zones(c, doc);
    if (k.like)
        doc = item_ical_rename(c, doc, k.like);
    k.b = &body;
    for (i = 0; i < doc->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(doc->root->entries, i,
                                                  const item_entry_t *);

        if (!entry->part)
            item_raw_add(&head, entry->raw, "\r\n");
        else if (item_span_is(entry->part->name, "VTIMEZONE"))
            item_part_add(&head, entry->part);
        else if (!item_cal_is(entry))
            item_part_add(&body, entry->part);
        else {
            memset(&in, 0, sizeof(in));
            in.k = k;
            in.part = entry->part;
            in.cal = item_cal_read(entry->part, c->p);
            put_component(&in, &s);
        }
    }
    put_others(&k, &s, doc);
    drop_known_zones(&k, doc);
    item_raw_add(out, doc->root->begin, "\r\n");
    item_buf_add(out, head.s, head.len);
    item_back_zones(&k, out);
    item_buf_add(out, body.s, body.len);
    item_raw_add(out, doc->root->end, "\r\n");
}

/** In UTF-8. */
static void take_charset(const item_form_t *form, item_text_t *in,
                         apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t text, name = no_zone;

    text.s = in->data;
    text.len = in->len;
    if (form->charset) {
        name.s = form->charset;
        name.len = strlen(name.s);
    }
    if (item_charset_is_ascii(text)
        || (!name.len && item_charset_is_utf8(text)))
        return;
    b.p = p;
    item_charset_in(&b, item_charset_find(name), text);
    in->data = b.s ? b.s : "";
    in->len = b.len;
}

/** Some forget to say of which version their text is. */
static void say_version(item_text_t *text, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    apr_size_t head = 0;

    if (!item_format_is_unsaid(text->data, text->len))
        return;
    while (head < text->len && apr_isspace(text->data[head]))
        head++;
    while (head < text->len && text->data[head] != '\r'
           && text->data[head] != '\n')
        head++;
    b.p = p;
    item_buf_add(&b, text->data, head);
    item_buf_puts(&b, "\r\nVERSION:2.0");
    item_buf_add(&b, text->data + head, text->len - head);
    text->len = b.len;
    item_buf_putc(&b, '\0');
    text->data = b.s;
}

apr_status_t item_ical_import(const item_form_t *form, const item_text_t *in,
                              const item_text_t *like, item_text_t *out,
                              apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_text_t text = *in;
    item_cal_ctx_t c;
    item_doc_t *doc;
    apr_status_t rv;

    out->data = "";
    out->len = 0;
    if (text.len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    take_charset(form, &text, p);
    say_version(&text, p);
    rv = item_doc_read(&doc, "text/calendar", text.data, text.len, p);
    if (rv != APR_SUCCESS)
        return rv;
    if (!item_ical_changes(form) && !like) {
        *out = text;
        return APR_SUCCESS;
    }
    item_cal_ctx_init(&c, form, 0, p);
    b.p = p;
    import_doc(&c, doc, like, &b);
    out->data = b.s;
    out->len = b.len;
    return APR_SUCCESS;
}
