/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Changed occurrences of a series: see item_occurrence.h. */
#include "item/item_occurrence.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_cal.h"
#include "item/item_edit.h"

#define RID  "RECURRENCE-ID"
#define ZONE_YEAR  APR_INT64_C(31557600)        /* seconds */

/** A calendar, read. */
typedef struct series_t {
    item_doc_t *doc;
    apr_hash_t *zones;          /* item_zones_t by name and year */
    const item_part_t *master;  /* the event or task without RECURRENCE-ID */
    item_span_t uid;
    apr_pool_t *p;
} series_t;

/* ---- reading ------------------------------------------------------------ */

static item_entry_t *entry_at(const item_part_t *part, int i)
{
    return APR_ARRAY_IDX(part->entries, i, item_entry_t *);
}

static item_span_t value_of(const item_part_t *part, const char *name)
{
    static const item_span_t none = { "", 0 };
    const item_entry_t *entry = item_part_find_last(part, name);

    return entry ? item_span_trim(entry->line.value) : none;
}

/** The name that a VTIMEZONE gives its zone. */
static item_span_t zone_name(const item_part_t *part)
{
    static const item_span_t none = { "", 0 };
    const item_entry_t *entry = item_part_find(part, "TZID");

    return entry ? item_span_trim(entry->line.value) : none;
}

static int same(item_span_t a, item_span_t b)
{
    return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

static int is_zone(const item_entry_t *entry)
{
    return entry->part && item_span_is(entry->part->name, "VTIMEZONE");
}

/** The first zone of that name; NULL: none. */
static const item_part_t *find_zone(const item_doc_t *doc, item_span_t tzid)
{
    int i;

    for (i = 0; i < doc->root->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(doc->root, i);

        if (is_zone(entry) && same(zone_name(entry->part), tzid))
            return entry->part;
    }
    return NULL;
}

/** The zone of a time, as its calendar has it.  Its rules are compared with
 * those of zones that are known, in the year of the time: so one occurrence is
 * the same wherever it stands, and whatever else is there. */
static item_zones_t *zones_of(series_t *s, const item_time_t *t)
{
    apr_int64_t year = t->secs / ZONE_YEAR - (t->secs < 0);
    const char *key = apr_psprintf(s->p, "%" APR_INT64_T_FMT " %.*s", year,
                                   (int)t->zone.len, t->zone.s);
    item_zones_t *zones = apr_hash_get(s->zones, key, APR_HASH_KEY_STRING);
    const item_part_t *part;

    if (zones)
        return zones;
    zones = apr_pcalloc(s->p, sizeof(*zones));
    item_zones_init(zones, NULL, s->p);
    part = t->zone.len ? find_zone(s->doc, t->zone) : NULL;
    if (part)
        item_zones_add(zones, part, year * ZONE_YEAR);
    apr_hash_set(s->zones, key, APR_HASH_KEY_STRING, zones);
    return zones;
}

/** Which occurrence a time means. @return NULL: it is no time */
static const char *id_of_time(series_t *s, item_span_t value,
                              item_span_t zone)
{
    item_time_t t;
    apr_int64_t utc;

    if (!item_time_parse(&t, value, zone))
        return NULL;
    if (t.kind == ITEM_TIME_LOCAL
        && item_zones_instant(zones_of(s, &t), &t, NULL, &utc)) {
        t.kind = ITEM_TIME_UTC;
        t.secs = utc;
    }
    if (t.kind == ITEM_TIME_UTC)
        t.zone.len = 0;
    return item_time_canon(&t, s->p);
}

/** @return NULL: no changed occurrence, or one that stands for all that
 * follow */
static const char *id_of(series_t *s, const item_part_t *part)
{
    const item_entry_t *entry = item_part_find_last(part, RID);

    if (!entry || item_line_param(&entry->line, "RANGE"))
        return NULL;
    return id_of_time(s, item_span_trim(entry->line.value),
                      item_line_value(&entry->line, "TZID"));
}

/** An event or a task. */
static int is_event(const item_entry_t *entry)
{
    return entry->part && (entry->part->kind == (int)ITEM_VEVENT
                           || entry->part->kind == (int)ITEM_VTODO);
}

static apr_status_t read_series(series_t *s, const item_text_t *text,
                                apr_pool_t *p)
{
    apr_status_t rv;
    int i;

    memset(s, 0, sizeof(*s));
    s->p = p;
    rv = item_doc_read(&s->doc, "text/calendar", text->data, text->len, p);
    if (rv != APR_SUCCESS)
        return rv;
    s->zones = apr_hash_make(p);
    for (i = 0; i < s->doc->root->entries->nelts && !s->master; i++) {
        const item_entry_t *entry = entry_at(s->doc->root, i);

        if (is_event(entry) && !item_part_find(entry->part, RID))
            s->master = entry->part;
    }
    if (s->master)
        s->uid = value_of(s->master, "UID");
    return APR_SUCCESS;
}

/** Which changed occurrence of the series a component is. @return NULL: none */
static const char *id_in(series_t *s, const item_entry_t *entry)
{
    return is_event(entry) && s->master
           && entry->part->kind == s->master->kind
           && same(value_of(entry->part, "UID"), s->uid)
           ? id_of(s, entry->part) : NULL;
}

/** Non-zero: the component is the series' changed occurrence of that id. */
static int has_id(series_t *s, const item_entry_t *entry, const char *id)
{
    const char *its = id_in(s, entry);

    return its && !strcmp(its, id);
}

/** The first component of that id; NULL. */
static const item_part_t *find_part(series_t *s, const char *id)
{
    int i;

    for (i = 0; i < s->doc->root->entries->nelts; i++)
        if (has_id(s, entry_at(s->doc->root, i), id))
            return entry_at(s->doc->root, i)->part;
    return NULL;
}

static int is_series(const series_t *s)
{
    return s->master && s->uid.len;
}

/* ---- writing ------------------------------------------------------------ */

/** A line as it is; in the series' line ends where it comes from a text of
 * others. @param eol  NULL: octet by octet */
static void put_line(item_buf_t *b, item_span_t raw, const char *eol)
{
    if (eol)
        item_raw_add(b, raw, eol);
    else
        item_buf_add(b, raw.s, raw.len);
}

static void put_part(item_buf_t *b, const item_part_t *part, const char *eol)
{
    int i;

    put_line(b, part->begin, eol);
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(part, i);

        if (entry->part)
            put_part(b, entry->part, eol);
        else
            put_line(b, entry->raw, eol);
    }
    put_line(b, part->end, eol);
}

/** @return the line ends that a text's lines are to get in another; NULL: they
 * have them */
static const char *other_eol(const item_doc_t *doc, const item_doc_t *from)
{
    return strcmp(doc->eol, from->eol) ? doc->eol : NULL;
}

/* ---- zones -------------------------------------------------------------- */

static int names_zone(const item_part_t *part, item_span_t tzid)
{
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(part, i);

        if (entry->part ? names_zone(entry->part, tzid)
                        : same(item_line_value(&entry->line, "TZID"), tzid))
            return 1;
    }
    return 0;
}

/** The zones of a calendar that a component names.
 * @param into  NULL, or the calendar that they are for: its own are left out */
static void put_zones(item_buf_t *b, const item_doc_t *doc,
                      const item_part_t *part, const item_doc_t *into)
{
    const char *eol = into ? other_eol(into, doc) : NULL;
    int i;

    for (i = 0; i < doc->root->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(doc->root, i);
        item_span_t tzid;

        if (!is_zone(entry))
            continue;
        tzid = zone_name(entry->part);
        if (tzid.len && names_zone(part, tzid)
            && !(into && find_zone(into, tzid)))
            put_part(b, entry->part, eol);
    }
}

/* ---- taking out --------------------------------------------------------- */

static item_text_t text_of(item_buf_t *b)
{
    item_text_t text;

    text.len = b->len;
    item_buf_putc(b, '\0');
    text.data = b->s;
    return text;
}

/** The end of a calendar, whose lines may be more now than it may have. */
static apr_status_t put_end(item_buf_t *b, const series_t *s,
                            item_text_t *out)
{
    item_doc_t *doc;

    put_line(b, s->doc->root->end, NULL);
    put_line(b, s->doc->rest, NULL);
    *out = text_of(b);
    return item_doc_read(&doc, "text/calendar", out->data, out->len, s->p);
}

static item_text_t stand_alone(series_t *s, const item_part_t *part)
{
    const item_part_t *root = s->doc->root;
    item_buf_t b = { NULL, NULL, 0, 0 };
    int i;

    b.p = s->p;
    put_line(&b, root->begin, NULL);
    for (i = 0; i < root->entries->nelts; i++)
        if (!entry_at(root, i)->part)
            put_line(&b, entry_at(root, i)->raw, NULL);
    put_zones(&b, s->doc, part, NULL);
    put_part(&b, part, NULL);
    put_line(&b, root->end, NULL);
    return text_of(&b);
}

apr_array_header_t *item_occurrences(const item_text_t *series,
                                     apr_pool_t *p)
{
    apr_array_header_t *list = apr_array_make(p, 2,
                                              sizeof(item_occurrence_t));
    apr_hash_t *seen = apr_hash_make(p);
    series_t s;
    int i;

    if (!item_occurrence_likely(series->data, series->len)
        || read_series(&s, series, p) != APR_SUCCESS || !is_series(&s))
        return list;
    for (i = 0; i < s.doc->root->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(s.doc->root, i);
        const char *id = id_in(&s, entry);
        item_occurrence_t *one;

        if (!id || apr_hash_get(seen, id, APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(seen, id, APR_HASH_KEY_STRING, id);
        one = apr_array_push(list);
        one->id = id;
        one->text = stand_alone(&s, entry->part);
    }
    return list;
}

item_text_t item_occurrences_without(const item_text_t *series,
                                     apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    series_t s;
    int i;

    if (!item_occurrence_likely(series->data, series->len)
        || read_series(&s, series, p) != APR_SUCCESS || !is_series(&s))
        return *series;
    b.p = p;
    put_line(&b, s.doc->root->begin, NULL);
    for (i = 0; i < s.doc->root->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(s.doc->root, i);

        if (!entry->part)
            put_line(&b, entry->raw, NULL);
        else if (!id_in(&s, entry))
            put_part(&b, entry->part, NULL);
    }
    put_line(&b, s.doc->root->end, NULL);
    return text_of(&b);
}

item_text_t item_occurrence_first(const item_text_t *text, apr_pool_t *p)
{
    series_t s;
    int i;

    if (!item_occurrence_likely(text->data, text->len)
        || read_series(&s, text, p) != APR_SUCCESS || s.master)
        return *text;
    for (i = 0; i < s.doc->root->entries->nelts; i++)
        if (is_event(entry_at(s.doc->root, i)))
            return stand_alone(&s, entry_at(s.doc->root, i)->part);
    return *text;
}

/* ---- one alone ---------------------------------------------------------- */

/** The only event or task of a calendar; NULL: there are none, or several, or
 * it has something else besides. */
static const item_part_t *only_event(const series_t *s)
{
    const item_part_t *only = NULL;
    int i;

    for (i = 0; i < s->doc->root->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(s->doc->root, i);

        if (!entry->part || is_zone(entry))
            continue;
        if (only || !is_event(entry))
            return NULL;
        only = entry->part;
    }
    return only;
}

const char *item_occurrence_id(const item_text_t *text, apr_pool_t *p)
{
    const item_part_t *part;
    series_t s;

    if (!item_occurrence_likely(text->data, text->len)
        || read_series(&s, text, p) != APR_SUCCESS || s.master)
        return NULL;
    part = only_event(&s);
    return part ? id_of(&s, part) : NULL;
}

/* ---- putting in --------------------------------------------------------- */

static int is_of_series(item_span_t name)
{
    return item_span_is(name, "UID") || item_span_is(name, RID)
           || item_span_is(name, "RRULE") || item_span_is(name, "EXRULE")
           || item_span_is(name, "RDATE") || item_span_is(name, "EXDATE");
}

static void put_last(item_buf_t *b, const item_part_t *part,
                     const char *name, const char *eol)
{
    const item_entry_t *entry = item_part_find_last(part, name);

    if (entry)
        put_line(b, entry->raw, eol);
}

/** What some programs leave of the series in its occurrence, and no device is
 * told. */
static void put_left(item_buf_t *b, const item_part_t *was)
{
    int i;

    for (i = 0; i < was->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(was, i);

        if (!entry->part && is_of_series(entry->line.name)
            && !item_span_is(entry->line.name, "UID")
            && !item_span_is(entry->line.name, RID))
            put_line(b, entry->raw, NULL);
    }
}

/** Write the event as the series' changed occurrence.
 * @param was  the one in whose place it comes; NULL: none
 * @param eol  of the event's lines: as put_line() */
static void put_event(item_buf_t *b, const series_t *s,
                      const item_part_t *was, const item_part_t *part,
                      const char *eol)
{
    const item_part_t *uid_of = was ? was : s->master;
    const item_part_t *rid_of = was ? was : part;
    const char *rid_eol = was ? NULL : eol;
    int i, uid = 0, rid = 0;

    put_line(b, part->begin, eol);
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(part, i);

        if (entry->part)
            put_part(b, entry->part, eol);
        else if (!is_of_series(entry->line.name))
            put_line(b, entry->raw, eol);
        else if (item_span_is(entry->line.name, "UID") && !uid++)
            put_last(b, uid_of, "UID", NULL);
        else if (item_span_is(entry->line.name, RID) && !rid++)
            put_last(b, rid_of, RID, rid_eol);
    }
    if (!uid)
        put_last(b, uid_of, "UID", NULL);
    if (!rid)
        put_last(b, rid_of, RID, rid_eol);
    if (was)
        put_left(b, was);
    put_line(b, part->end, eol);
}

/** Write an EXDATE line without the words of those ids. */
static void put_exdates(item_buf_t *b, series_t *s, const item_entry_t *entry,
                        apr_hash_t *ids)
{
    item_span_t rest = entry->line.value, word;
    item_span_t head = item_line_head(&entry->line);
    item_span_t zone = item_line_value(&entry->line, "TZID");
    item_buf_t text = { NULL, NULL, 0, 0 };
    int n = 0, left = 0;

    text.p = s->p;
    item_buf_add(&text, head.s, head.len);
    while (item_value_next(&rest, ',', &word)) {
        const char *its = id_of_time(s, word, zone);

        if (its && apr_hash_get(ids, its, APR_HASH_KEY_STRING)) {
            left++;
            continue;
        }
        if (n++)
            item_buf_putc(&text, ',');
        item_buf_add(&text, word.s, word.len);
    }
    if (!left)
        put_line(b, entry->raw, NULL);
    else if (n)
        item_fold_add(b, item_buf_span(&text), s->doc->eol);
}

/** EXDATE as the RECURRENCE-ID of an occurrence is written. */
static void put_exception(item_buf_t *b, const series_t *s,
                          const item_part_t *gone)
{
    const item_entry_t *rid = item_part_find_last(gone, RID);
    item_span_t head = item_line_head(&rid->line);
    item_buf_t line = { NULL, NULL, 0, 0 };
    apr_size_t n = sizeof(RID) - 1 + (rid->line.group.len
                                      ? rid->line.group.len + 1 : 0);

    line.p = s->p;
    item_buf_puts(&line, "EXDATE");
    item_buf_add(&line, head.s + n, head.len - n);
    item_buf_add(&line, rid->line.value.s, rid->line.value.len);
    item_fold_add(b, item_buf_span(&line), s->doc->eol);
}

/** The event without RECURRENCE-ID.
 * @param ids  no exceptions on these days; NULL: all stay
 * @param gone  one more, on its day, behind its own lines; NULL: none */
static void put_master(item_buf_t *b, series_t *s, apr_hash_t *ids,
                       const item_part_t *gone)
{
    const item_part_t *part = s->master;
    int i;

    put_line(b, part->begin, NULL);
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(part, i);

        if (entry->part && gone) {
            put_exception(b, s, gone);
            gone = NULL;
        }
        if (entry->part)
            put_part(b, entry->part, NULL);
        else if (ids && item_span_is(entry->line.name, "EXDATE"))
            put_exdates(b, s, entry, ids);
        else
            put_line(b, entry->raw, NULL);
    }
    if (gone)
        put_exception(b, s, gone);
    put_line(b, part->end, NULL);
}

/** The calendar with another master.
 * @param ids, gone  as put_master()
 * @param id  of occurrences that are left out; NULL: of none */
static apr_status_t put_series(series_t *s, apr_hash_t *ids,
                               const item_part_t *gone, const char *id,
                               item_text_t *out)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    int i;

    b.p = s->p;
    put_line(&b, s->doc->root->begin, NULL);
    for (i = 0; i < s->doc->root->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(s->doc->root, i);

        if (!entry->part)
            put_line(&b, entry->raw, NULL);
        else if (entry->part == s->master)
            put_master(&b, s, ids, gone);
        else if (!id || !has_id(s, entry, id))
            put_part(&b, entry->part, NULL);
    }
    return put_end(&b, s, out);
}

/** The one in whose place a text comes.  Either side may know the zone of a
 * time by rules that the other lacks, and so call the same by another id.
 * @param id  in: which is meant; out: which it is in this series; NULL: none
 *            that can be put in */
static const item_part_t *place_of(series_t *s, series_t *from,
                                   const item_part_t *part, const char **id)
{
    const item_entry_t *rid = item_part_find_last(part, RID);
    const item_part_t *was = find_part(s, *id);
    const char *here;

    if (was)
        return was;
    here = id_of(s, part);
    was = here ? find_part(s, here) : NULL;
    if (was || !here
        || find_zone(s->doc, item_line_value(&rid->line, "TZID")))
        *id = here;
    else
        *id = id_of(from, part);
    return was || !*id ? was : find_part(s, *id);
}

apr_status_t item_occurrence_put(const item_text_t *series, const char *id,
                                 const item_text_t *text, item_text_t *out,
                                 apr_pool_t *p)
{
    const item_part_t *was = NULL, *part;
    item_buf_t b = { NULL, NULL, 0, 0 };
    const char *eol;
    apr_hash_t *ids = apr_hash_make(p);
    series_t s, from;
    apr_status_t rv = read_series(&s, series, p);
    int i, zones = 0;

    if (rv == APR_SUCCESS)
        rv = read_series(&from, text, p);
    if (rv != APR_SUCCESS)
        return rv;
    part = only_event(&from);
    if (part && s.master && part->kind != s.master->kind)
        part = NULL;
    if (part && is_series(&s))
        was = place_of(&s, &from, part, &id);
    if (!part || !is_series(&s) || !id)
        return APR_NOTFOUND;
    apr_hash_set(ids, id, APR_HASH_KEY_STRING, id);
    eol = other_eol(s.doc, from.doc);
    b.p = p;
    put_line(&b, s.doc->root->begin, NULL);
    for (i = 0; i < s.doc->root->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(s.doc->root, i);

        if (entry->part && !is_zone(entry) && !zones++)
            put_zones(&b, from.doc, part, s.doc);
        if (!entry->part)
            put_line(&b, entry->raw, NULL);
        else if (entry->part == s.master)
            put_master(&b, &s, ids, NULL);
        else if (was && entry->part == was)
            put_event(&b, &s, was, part, eol);
        else
            put_part(&b, entry->part, NULL);
    }
    if (!was)
        put_event(&b, &s, NULL, part, eol);
    return put_end(&b, &s, out);
}

/* ---- dropping ----------------------------------------------------------- */

apr_status_t item_occurrence_drop(const item_text_t *series, const char *id,
                                  item_text_t *out, apr_pool_t *p)
{
    const item_part_t *gone;
    series_t s;
    apr_status_t rv = read_series(&s, series, p);

    if (rv != APR_SUCCESS)
        return rv;
    gone = is_series(&s) ? find_part(&s, id) : NULL;
    return gone ? put_series(&s, NULL, gone, id, out) : APR_NOTFOUND;
}

/* ---- exceptions of a device --------------------------------------------- */

/** Take the days that a series has exceptions on out of a set. */
static void forget_exceptions(series_t *s, apr_hash_t *ids)
{
    int i;

    for (i = 0; i < s->master->entries->nelts; i++) {
        const item_entry_t *entry = entry_at(s->master, i);
        item_span_t rest = entry->line.value, word, zone;

        if (entry->part || !item_span_is(entry->line.name, "EXDATE"))
            continue;
        zone = item_line_value(&entry->line, "TZID");
        while (item_value_next(&rest, ',', &word)) {
            const char *its = id_of_time(s, word, zone);

            if (its)
                apr_hash_set(ids, its, APR_HASH_KEY_STRING, NULL);
        }
    }
}

apr_status_t item_occurrence_days(const item_text_t *series,
                                  const item_text_t *ours, item_text_t *out,
                                  apr_pool_t *p)
{
    const apr_array_header_t *list = item_occurrences(ours, p);
    apr_hash_t *ids = apr_hash_make(p);
    series_t s, o;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const char *id = APR_ARRAY_IDX(list, i, item_occurrence_t).id;

        apr_hash_set(ids, id, APR_HASH_KEY_STRING, id);
    }
    if (!list->nelts || read_series(&o, ours, p) != APR_SUCCESS
        || read_series(&s, series, p) != APR_SUCCESS || !s.master)
        return APR_NOTFOUND;
    forget_exceptions(&o, ids);
    return put_series(&s, ids, NULL, NULL, out);
}
