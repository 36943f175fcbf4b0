/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What a device has been seen to hold: see item_room.h. */
#include "item/item_room.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "item/item_doc.h"
#include "item/item_value.h"

#define ALARMS    "VALARM"
#define MAX_LIKE  64            /* properties of one name that are compared */

typedef struct seen_t {
    const char *name;
    int most;                   /* in one item */
    int items;
    apr_size_t octets[ITEM_ROOM_PARTS];
} seen_t;

struct item_room_t {
    apr_pool_t *p;
    apr_hash_t *names;          /* name => seen_t */
};

item_room_t *item_room_make(apr_pool_t *p)
{
    item_room_t *room = apr_pcalloc(p, sizeof(*room));

    room->p = p;
    room->names = apr_hash_make(p);
    return room;
}

static seen_t *seen_of(item_room_t *room, const char *name)
{
    seen_t *seen = apr_hash_get(room->names, name, APR_HASH_KEY_STRING);

    if (!seen && apr_hash_count(room->names) < ITEM_ROOM_NAMES) {
        seen = apr_pcalloc(room->p, sizeof(*seen));
        seen->name = apr_pstrdup(room->p, name);
        apr_hash_set(room->names, seen->name, APR_HASH_KEY_STRING, seen);
    }
    return seen;
}

/* ---- values --------------------------------------------------------------- */

/** What says when something is, or who wrote it: never cut, never one of
 * several that a device drops. */
static int is_other(item_span_t name)
{
    static const char *const names[] = {
        "UID", "REV", "PRODID", "VERSION", "DTSTAMP", "CREATED",
        "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DTEND", "DUE", "DURATION",
        "RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "COMPLETED",
        "STATUS", "PERCENT-COMPLETE", "PRIORITY", "CLASS", "TRANSP", "BDAY",
        "ANNIVERSARY", "GEO", "TZ", "PHOTO", "LOGO", "SOUND", "KEY",
        "NOTE", "DESCRIPTION",  /* long texts: see the caller */
        NULL
    };
    int i;

    for (i = 0; names[i]; i++)
        if (item_span_is(name, names[i]))
            return 1;
    return 0;
}

static int has_parts(item_span_t name)
{
    return item_span_is(name, "N") || item_span_is(name, "ADR")
           || item_span_is(name, "ORG");
}

typedef struct value_t {
    item_span_t part[ITEM_ROOM_PARTS];
    int n;
} value_t;

/** A value's components, unescaped. */
static void read_value(value_t *v, const item_line_t *line, apr_pool_t *p)
{
    item_span_t rest = line->value, word;

    memset(v, 0, sizeof(*v));
    if (!has_parts(line->name)) {
        item_buf_t b = { NULL, NULL, 0, 0 };

        b.p = p;
        if (item_span_is(line->name, "TEL"))
            item_value_phone(&b, line->value);
        else
            item_value_text(&b, line->value);
        v->part[0] = item_buf_span(&b);
        v->n = 1;
        return;
    }
    while (v->n < ITEM_ROOM_PARTS && item_value_next(&rest, ';', &word)) {
        item_buf_t b = { NULL, NULL, 0, 0 };

        b.p = p;
        item_value_text(&b, word);
        v->part[v->n++] = item_buf_span(&b);
    }
}

static int same_part(item_span_t a, item_span_t b)
{
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

static item_span_t part_of(const value_t *v, int i)
{
    static const item_span_t none = { "", 0 };

    return i < v->n ? v->part[i] : none;
}

static int same_value(const value_t *a, const value_t *b)
{
    int i;

    for (i = 0; i < ITEM_ROOM_PARTS; i++)
        if (!same_part(part_of(a, i), part_of(b, i)))
            return 0;
    return 1;
}

/** Non-zero if t is b, as far as the device has place for it. */
static int is_cut(const seen_t *seen, const value_t *b, const value_t *t)
{
    int i, cut = 0;

    for (i = 0; i < ITEM_ROOM_PARTS; i++) {
        item_span_t was = part_of(b, i), is = part_of(t, i);

        if (same_part(was, is))
            continue;
        if (is.len > was.len || (is.len && memcmp(is.s, was.s, is.len) != 0))
            return 0;
        if (is.len ? is.len < ITEM_ROOM_SHORT || is.len < seen->octets[i]
                   : seen->octets[i] > 0 || b->n == 1)
            return 0;
        cut = 1;
    }
    return cut;
}

/* ---- learning ------------------------------------------------------------- */

static int is_item(const item_part_t *part)
{
    return part->kind >= 0;
}

static int note_line(item_room_t *room, apr_hash_t *counts,
                     const item_line_t *line, apr_pool_t *p)
{
    const char *name = item_span_upper(line->name, p);
    seen_t *seen = seen_of(room, name);
    int *count = apr_hash_get(counts, name, APR_HASH_KEY_STRING);
    int i, news = 0;
    value_t v;

    if (!seen)
        return 0;
    if (!count) {
        count = apr_pcalloc(p, sizeof(*count));
        apr_hash_set(counts, name, APR_HASH_KEY_STRING, count);
        news = seen->items < ITEM_ROOM_CERTAIN;
        seen->items += news;
    }
    if (++*count > seen->most) {
        seen->most = *count;
        news = 1;
    }
    read_value(&v, line, p);
    for (i = 0; i < v.n; i++) {
        if (v.part[i].len > seen->octets[i]) {
            seen->octets[i] = v.part[i].len;
            news = 1;
        }
    }
    return news;
}

static int note_part(item_room_t *room, const item_part_t *part,
                     apr_pool_t *p)
{
    apr_hash_t *counts = apr_hash_make(p);
    int i, news = 0, alarms = 0;
    seen_t *seen;

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part && is_item(part))
            alarms += item_span_is(entry->part->name, ALARMS);
        else if (entry->part)
            news += note_part(room, entry->part, p);
        else if (is_item(part) && !entry->line.junk && entry->line.value.len
                 && !is_other(entry->line.name))
            news += note_line(room, counts, &entry->line, p);
    }
    seen = alarms ? seen_of(room, ALARMS) : NULL;
    if (seen && (alarms > seen->most || seen->items < ITEM_ROOM_CERTAIN)) {
        seen->most = alarms > seen->most ? alarms : seen->most;
        seen->items += seen->items < ITEM_ROOM_CERTAIN;
        news++;
    }
    return news;
}

int item_room_note(item_room_t *room, const char *data, apr_size_t len,
                   apr_pool_t *p)
{
    item_doc_t *doc;

    if (item_doc_read(&doc, NULL, data, len, p) != APR_SUCCESS || !doc->root)
        return 0;
    return note_part(room, doc->root, p) > 0;
}

/* ---- keeping -------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const seen_t *const *)a)->name,
                  (*(const seen_t *const *)b)->name);
}

const char *item_room_text(const item_room_t *room, apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 32, sizeof(seen_t *));
    apr_array_header_t *out = apr_array_make(p, 64, sizeof(const char *));
    apr_hash_index_t *hi;
    int i, j;

    for (hi = apr_hash_first(p, room->names); hi; hi = apr_hash_next(hi)) {
        void *seen;

        apr_hash_this(hi, NULL, NULL, &seen);
        APR_ARRAY_PUSH(all, seen_t *) = seen;
    }
    qsort(all->elts, (size_t)all->nelts, sizeof(seen_t *), by_name);
    for (i = 0; i < all->nelts; i++) {
        const seen_t *seen = APR_ARRAY_IDX(all, i, const seen_t *);
        int last = ITEM_ROOM_PARTS;

        while (last > 0 && !seen->octets[last - 1])
            last--;
        APR_ARRAY_PUSH(out, const char *) =
            apr_psprintf(p, "%s%s=%d,%d", i ? " " : "", seen->name,
                         seen->most, seen->items);
        for (j = 0; j < last; j++)
            APR_ARRAY_PUSH(out, const char *) =
                apr_psprintf(p, ",%" APR_SIZE_T_FMT, seen->octets[j]);
    }
    return apr_array_pstrcat(p, out, 0);
}

void item_room_read(item_room_t *room, const char *text)
{
    char *words = apr_pstrdup(room->p, text), *last, *word, *at;
    seen_t *seen;
    int i;

    while ((word = apr_strtok(words, " ", &last)) != NULL) {
        words = NULL;
        at = strchr(word, '=');
        if (!at || at == word)
            continue;
        *at++ = '\0';
        seen = seen_of(room, word);
        if (!seen)
            return;
        seen->most = (int)strtol(at, &at, 10);
        if (*at == ',')
            seen->items = (int)strtol(at + 1, &at, 10);
        for (i = 0; *at == ',' && i < ITEM_ROOM_PARTS; i++)
            seen->octets[i] = (apr_size_t)strtoul(at + 1, &at, 10);
    }
}

/* ---- completing ----------------------------------------------------------- */

typedef struct job_t {
    const item_room_t *room;
    const char *eol;
    apr_hash_t *more;           /* item_part_t * => item_buf_t * */
    int done, uncertain;
    apr_pool_t *p;
} job_t;

/** The properties of one name, or the alarms. */
typedef struct likes_t {
    item_entry_t *entry[MAX_LIKE];
    value_t value[MAX_LIKE];
    int used[MAX_LIKE];
    int n;
} likes_t;

static int is_of(const item_entry_t *entry, const char *name)
{
    if (entry->part)
        return !strcmp(name, ALARMS)
               && item_span_is(entry->part->name, ALARMS);
    return !entry->line.junk && entry->line.value.len
           && item_span_is(entry->line.name, name);
}

static void find_likes(likes_t *likes, const item_part_t *part,
                       const char *name, apr_pool_t *p)
{
    int i;

    memset(likes, 0, sizeof(*likes));
    for (i = 0; i < part->entries->nelts && likes->n < MAX_LIKE; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                            item_entry_t *);

        if (!is_of(entry, name))
            continue;
        if (entry->part) {
            const item_entry_t *trigger = item_part_find(entry->part,
                                                         "TRIGGER");

            if (trigger)
                read_value(&likes->value[likes->n], &trigger->line, p);
        }
        else
            read_value(&likes->value[likes->n], &entry->line, p);
        likes->entry[likes->n++] = entry;
    }
}

static void match_equal(likes_t *b, likes_t *t)
{
    int i, j;

    for (i = 0; i < t->n; i++) {
        for (j = 0; j < b->n && !t->used[i]; j++) {
            if (!b->used[j] && same_value(&b->value[j], &t->value[i]))
                b->used[j] = t->used[i] = 1;
        }
    }
}

/** Write base's value into theirs' line. */
static void lengthen(job_t *job, const item_entry_t *base,
                     item_entry_t *theirs)
{
    item_buf_t line = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };
    item_span_t head = item_line_head(&theirs->line);

    line.p = out.p = job->p;
    item_buf_add(&line, head.s, head.len);
    item_buf_add(&line, base->line.value.s, base->line.value.len);
    item_fold_add(&out, item_buf_span(&line), job->eol);
    theirs->instead = item_buf_span(&out);
    job->done++;
}

static void add_from(job_t *job, const item_part_t *to,
                     const item_part_t *from, const item_entry_t *entry)
{
    item_buf_t *more = apr_hash_get(job->more, &to, sizeof(to));
    int i;

    if (!more) {
        const item_part_t **key = apr_palloc(job->p, sizeof(to));

        *key = to;
        more = apr_pcalloc(job->p, sizeof(*more));
        more->p = job->p;
        apr_hash_set(job->more, key, sizeof(to), more);
    }
    job->done++;
    if (entry->part) {
        item_part_keep(more, entry->part);
        return;
    }
    item_raw_add(more, entry->raw, job->eol);
    /* What is labelled comes with its label. */
    for (i = 0; entry->line.group.len && i < from->entries->nelts; i++) {
        const item_entry_t *label = APR_ARRAY_IDX(from->entries, i,
                                                  const item_entry_t *);

        if (label != entry && !label->part
            && label->line.group.len == entry->line.group.len
            && !strncasecmp(label->line.group.s, entry->line.group.s,
                            label->line.group.len))
            item_raw_add(more, label->raw, job->eol);
    }
}

static void complete_name(job_t *job, const item_part_t *base,
                          item_part_t *theirs, const char *name)
{
    const seen_t *seen = apr_hash_get(job->room->names, name,
                                      APR_HASH_KEY_STRING);
    likes_t *b = apr_palloc(job->p, sizeof(*b));
    likes_t *t = apr_palloc(job->p, sizeof(*t));
    int i, j, before = job->done;

    find_likes(b, base, name, job->p);
    find_likes(t, theirs, name, job->p);
    if (!seen || !t->n || !b->n)
        return;                 /* absence as such: sml_held.h */
    match_equal(b, t);
    for (i = 0; i < t->n && !t->entry[i]->part; i++) {
        for (j = 0; j < b->n && !t->used[i]; j++) {
            if (b->used[j] || !is_cut(seen, &b->value[j], &t->value[i]))
                continue;
            b->used[j] = t->used[i] = 1;
            lengthen(job, b->entry[j], t->entry[i]);
        }
    }
    for (j = seen->most; j < b->n && t->n < b->n; j++)
        if (!b->used[j])
            add_from(job, theirs, base, b->entry[j]);
    if (job->done > before && seen->items < ITEM_ROOM_CERTAIN)
        job->uncertain = 1;
}

static void complete_part(job_t *job, const item_part_t *base,
                          item_part_t *theirs)
{
    apr_hash_t *names = apr_hash_make(job->p);
    const char *name;
    int i;

    for (i = 0; i < base->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(base->entries, i,
                                                  const item_entry_t *);

        if (entry->part && !item_span_is(entry->part->name, ALARMS))
            continue;
        if (!entry->part && (entry->line.junk || is_other(entry->line.name)))
            continue;
        name = entry->part ? ALARMS : item_span_upper(entry->line.name,
                                                      job->p);
        if (apr_hash_get(names, name, APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(names, name, APR_HASH_KEY_STRING, "");
        complete_name(job, base, theirs, name);
    }
}

static item_span_t recurrence(const item_part_t *part)
{
    const item_entry_t *id = item_part_find_last(part, "RECURRENCE-ID");
    static const item_span_t none = { "", 0 };

    return id ? id->line.value : none;
}

/** The part of base that is the same event or task. */
static const item_part_t *part_like(const item_part_t *base,
                                    const item_part_t *theirs)
{
    int i;

    for (i = 0; i < base->entries->nelts; i++) {
        const item_part_t *part = APR_ARRAY_IDX(base->entries, i,
                                                item_entry_t *)->part;

        if (part && part->kind == theirs->kind
            && same_part(recurrence(part), recurrence(theirs)))
            return part;
    }
    return NULL;
}

static void write_part(job_t *job, item_buf_t *b, const item_part_t *part)
{
    const item_buf_t *more = apr_hash_get(job->more, &part, sizeof(part));
    int i;

    item_buf_add(b, part->begin.s, part->begin.len);
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part)
            write_part(job, b, entry->part);
        else if (entry->instead.s)
            item_buf_add(b, entry->instead.s, entry->instead.len);
        else
            item_buf_add(b, entry->raw.s, entry->raw.len);
    }
    if (more)
        item_buf_add(b, more->s, more->len);
    item_buf_add(b, part->end.s, part->end.len);
}

int item_room_complete(const item_room_t *room, const char *type,
                       const item_text_t *base, item_text_t *theirs,
                       int *certain, apr_pool_t *p)
{
    item_buf_t out = { NULL, NULL, 0, 0 };
    item_doc_t *had, *has;
    job_t job;
    int i;

    *certain = 1;
    if (item_doc_read(&had, type, base->data, base->len, p) != APR_SUCCESS
        || item_doc_read(&has, type, theirs->data, theirs->len, p)
           != APR_SUCCESS || !had->root || !has->root
        || had->kind != has->kind)
        return 0;
    memset(&job, 0, sizeof(job));
    job.room = room;
    job.p = out.p = p;
    job.eol = has->eol;
    job.more = apr_hash_make(p);
    if (is_item(has->root))
        complete_part(&job, had->root, has->root);
    for (i = 0; i < has->root->entries->nelts && !is_item(has->root); i++) {
        item_part_t *part = APR_ARRAY_IDX(has->root->entries, i,
                                          item_entry_t *)->part;
        const item_part_t *was = part && is_item(part)
                                 ? part_like(had->root, part) : NULL;

        if (was)
            complete_part(&job, was, part);
    }
    if (job.done) {
        write_part(&job, &out, has->root);
        item_buf_add(&out, has->rest.s, has->rest.len);
        theirs->data = out.s;
        theirs->len = out.len;
        *certain = !job.uncertain;
    }
    return job.done;
}
