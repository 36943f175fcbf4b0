/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* A device's text is completed: see item_room.h. */
#include "item/item_room_int.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define PROBE     16            /* octets by which a text's end is found */
#define MAX_LIKE  64            /* properties of one name that are compared */

static apr_size_t char_len(item_span_t text)
{
    apr_size_t n = 1;

    while (n < text.len && ((unsigned char)text.s[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static void skip(item_span_t *text, apr_size_t n)
{
    text->s += n;
    text->len -= n;
}

/** How much of @p was @p is says, where characters that the device does not
 * have may be question marks or missing.
 * @param garbled  out: there are such
 * @return 0: something else; 1: its beginning; 2: all of it */
static int reads_like(item_span_t was, item_span_t is, int *garbled)
{
    *garbled = 0;
    while (was.len) {
        apr_size_t n = char_len(was);
        int marks = 0;

        if (is.len >= n && !memcmp(was.s, is.s, n)) {
            skip(&was, n);
            skip(&is, n);
            continue;
        }
        if (!is.len && !((unsigned char)*was.s & 0x80))
            return 1;
        if (!((unsigned char)*was.s & 0x80))
            return 0;
        for (; is.len && marks < 4 && *is.s == '?'; marks++)
            skip(&is, 1);
        if (is.len >= 3 && !marks && !memcmp(is.s, "\xef\xbf\xbd", 3))
            skip(&is, 3);
        *garbled = 1;
        skip(&was, n);
    }
    return is.len ? 0 : 2;
}

/** A long text that was cut is known to the caller. */
static int is_long(item_span_t name)
{
    return item_span_is(name, "NOTE") || item_span_is(name, "DESCRIPTION");
}

/** Non-zero if t is b, as far as the device has place and characters. */
static int is_cut(const room_seen_t *seen, item_span_t name,
                  const room_value_t *b, const room_value_t *t)
{
    int i, cut = 0;

    for (i = 0; i < ITEM_ROOM_PARTS; i++) {
        item_span_t was = room_value_part(b, i), is = room_value_part(t, i);
        int garbled, how;

        if (room_part_same(was, is))
            continue;
        cut = 1;
        if (!is.len) {
            if (seen->octets[i] > 0 || b->n == 1)
                return 0;
            continue;
        }
        how = reads_like(was, is, &garbled);
        if (!how || (how == 1 && (is.len < ITEM_ROOM_SHORT
                                  || is.len < seen->octets[i]
                                  || (!garbled && is_long(name)))))
            return 0;
    }
    return cut;
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
    room_value_t value[MAX_LIKE];
    int used[MAX_LIKE];
    int n;
} likes_t;

static int is_of(const item_entry_t *entry, const char *name)
{
    if (entry->part)
        return !strcmp(name, ITEM_ROOM_ALARMS)
               && item_span_is(entry->part->name, ITEM_ROOM_ALARMS);
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
                room_value_read(&likes->value[likes->n], &trigger->line, p);
        }
        else
            room_value_read(&likes->value[likes->n], &entry->line, p);
        likes->entry[likes->n++] = entry;
    }
}

static int has_words(item_span_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++)
        /* "p" and "w" are pauses to a phone. */
        if (apr_isalpha(value.s[i]) && !strchr("pPwW", value.s[i]))
            return 1;
    return 0;
}

/** Write theirs' line anew, with base's value, or with base's parameters. */
static void rewrite(job_t *job, const item_entry_t *head_of,
                    const item_entry_t *value_of, item_entry_t *theirs)
{
    item_buf_t line = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };
    item_span_t head = item_line_head(&head_of->line);

    line.p = out.p = job->p;
    item_buf_add(&line, head.s, head.len);
    item_buf_add(&line, value_of->line.value.s, value_of->line.value.len);
    item_fold_add(&out, item_buf_span(&line), job->eol);
    theirs->instead = item_buf_span(&out);
    job->done++;
}

/** Non-zero if theirs lacks kinds of number only that the device never had. */
static int lacks_kinds(const room_seen_t *seen, const item_entry_t *base,
                       const item_entry_t *theirs)
{
    int was = room_kinds(&base->line), is = room_kinds(&theirs->line);

    return was != is && !(is & ~was) && !((was & ~is) & seen->kinds);
}

static void complete_kinds(job_t *job, const room_seen_t *seen,
                           const item_entry_t *base, item_entry_t *theirs)
{
    if (lacks_kinds(seen, base, theirs))
        rewrite(job, base, theirs, theirs);
}

static void complete_line(job_t *job, const room_seen_t *seen,
                          const item_entry_t *base, item_entry_t *theirs)
{
    rewrite(job, lacks_kinds(seen, base, theirs) ? base : theirs, base,
            theirs);
}

static void match_equal(job_t *job, const room_seen_t *seen, likes_t *b,
                        likes_t *t)
{
    int i, j;

    for (i = 0; i < t->n; i++) {
        for (j = 0; j < b->n && !t->used[i]; j++) {
            if (b->used[j] || !room_value_same(&b->value[j], &t->value[i]))
                continue;
            b->used[j] = t->used[i] = 1;
            if (!b->entry[j]->part
                && item_span_is(b->entry[j]->line.name, "TEL")
                && has_words(b->entry[j]->line.value)
                && !has_words(t->entry[i]->line.value))
                complete_line(job, seen, b->entry[j], t->entry[i]);
            else if (!b->entry[j]->part)
                complete_kinds(job, seen, b->entry[j], t->entry[i]);
        }
    }
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

/** Pictures larger than any that the device has sent: it has no place. */
static void add_large(job_t *job, const item_part_t *base,
                      item_part_t *theirs, const likes_t *b,
                      const room_seen_t *seen)
{
    int i;

    for (i = 0; i < b->n; i++)
        if (b->entry[i]->line.value.len > seen->octets[0])
            add_from(job, theirs, base, b->entry[i]);
}

/** Components that the device does not know, of an edited value. */
static void complete_parts(job_t *job, const room_seen_t *seen,
                           const item_entry_t *base, item_entry_t *theirs)
{
    item_span_t was = base->line.value, is = theirs->line.value, w, t;
    item_buf_t value = { NULL, NULL, 0, 0 };
    item_entry_t whole = *base;
    int i = 0, filled = 0, more_was = 1, more_is = 1;

    value.p = job->p;
    for (;; i++) {
        more_was = more_was && item_value_next(&was, ';', &w);
        more_is = more_is && item_value_next(&is, ';', &t);
        if ((!more_was && !more_is) || i == ITEM_ROOM_PARTS)
            break;
        if (i)
            item_buf_putc(&value, ';');
        if (more_was && w.len && !(more_is && t.len) && !seen->octets[i]) {
            item_buf_add(&value, w.s, w.len);
            filled = 1;
        }
        else if (more_is)
            item_buf_add(&value, t.s, t.len);
    }
    if (!filled || more_is)
        return;
    whole.line.value = item_buf_span(&value);
    rewrite(job, theirs, &whole, theirs);
}

/** Where the end of theirs stands in base, behind it; 0: nowhere, or at
 * several places. */
static apr_size_t end_in(item_span_t base, item_span_t theirs)
{
    apr_size_t n = theirs.len < PROBE ? theirs.len : PROBE, i, found = 0;
    const char *probe = theirs.s + theirs.len - n;

    if (n < PROBE)
        return 0;
    for (i = 0; i + n <= base.len; i++) {
        if (memcmp(base.s + i, probe, n) != 0)
            continue;
        if (found)
            return 0;
        found = i + n;
    }
    return found;
}

/** A text that the device shows the beginning of was edited there: what it
 * does not show follows. */
static void complete_tail(job_t *job, const room_seen_t *seen,
                          const item_entry_t *base, item_entry_t *theirs)
{
    item_span_t was = base->line.value, is = theirs->line.value;
    item_buf_t value = { NULL, NULL, 0, 0 };
    item_entry_t whole = *base;
    apr_size_t room = seen->octets[0], at;

    /* It is about as long as what the device ever showed. */
    if (was.len <= room || is.len > was.len || is.len < room - room / 4)
        return;
    if (is_long(base->line.name) && !memcmp(was.s, is.s, is.len))
        return;                 /* cut, and no more: the caller's */
    at = end_in(was, is);
    if (!at || at == was.len)
        return;
    value.p = job->p;
    item_buf_add(&value, is.s, is.len);
    item_buf_add(&value, was.s + at, was.len - at);
    whole.line.value = item_buf_span(&value);
    rewrite(job, theirs, &whole, theirs);
}

/** What was edited, one by one in order, has kept kinds that the device
 * cannot say. */
static void complete_edited(job_t *job, const room_seen_t *seen, likes_t *b,
                            likes_t *t)
{
    int i, j = 0;

    for (i = 0; i < t->n; i++) {
        if (t->used[i] || t->entry[i]->part)
            continue;
        while (j < b->n && b->used[j])
            j++;
        if (j == b->n || j >= seen->most)
            return;             /* the rest has no place there */
        if (lacks_kinds(seen, b->entry[j], t->entry[i]))
            rewrite(job, b->entry[j], t->entry[i], t->entry[i]);
        else if (room_has_parts(t->entry[i]->line.name))
            complete_parts(job, seen, b->entry[j], t->entry[i]);
        else if (!item_span_is(t->entry[i]->line.name, "TEL")
                 && !item_span_is(t->entry[i]->line.name, "EMAIL"))
            complete_tail(job, seen, b->entry[j], t->entry[i]);
        j++;
    }
}

static void complete_name(job_t *job, const item_part_t *base,
                          item_part_t *theirs, const char *name)
{
    const room_seen_t *seen = apr_hash_get(job->room->names, name,
                                      APR_HASH_KEY_STRING);
    int i, j, before = job->done;
    likes_t *b, *t;

    if (!seen || !strcmp(name, "FN"))
        return;                 /* before there is room for each name */
    b = apr_palloc(job->p, sizeof(*b));
    t = apr_palloc(job->p, sizeof(*t));
    find_likes(b, base, name, job->p);
    find_likes(t, theirs, name, job->p);
    if (!b->n)
        return;
    if (!t->n) {                /* absence as such: the caller's */
        if (!b->entry[0]->part && room_is_large(b->entry[0]->line.name))
            add_large(job, base, theirs, b, seen);
        return;
    }
    match_equal(job, seen, b, t);
    for (i = 0; i < t->n && !t->entry[i]->part; i++) {
        for (j = 0; j < b->n && !t->used[i]; j++) {
            if (b->used[j] || !is_cut(seen, t->entry[i]->line.name,
                                      &b->value[j], &t->value[i]))
                continue;
            b->used[j] = t->used[i] = 1;
            complete_line(job, seen, b->entry[j], t->entry[i]);
        }
    }
    complete_edited(job, seen, b, t);
    for (j = seen->most; j < b->n && t->n < b->n; j++) {
        if (!b->used[j]) {
            add_from(job, theirs, base, b->entry[j]);
            /* There is place for it now. */
            job->uncertain |= t->n < seen->most;
        }
    }
    if (job->done > before && seen->items < ITEM_ROOM_CERTAIN)
        job->uncertain = 1;
}

/** A device that makes FN of N has none of its own. */
static void complete_fn(job_t *job, const item_part_t *base,
                        item_part_t *theirs)
{
    const room_seen_t *seen = apr_hash_get(job->room->names, "FN",
                                      APR_HASH_KEY_STRING);
    const item_entry_t *was = item_part_find(base, "FN");
    const item_entry_t *n = item_part_find(theirs, "N");
    const item_entry_t *had = item_part_find(base, "N");
    item_entry_t *is = item_part_find(theirs, "FN");
    room_value_t a, b;

    if (!seen || seen->kinds || !was || !n || !had || !is)
        return;
    room_value_read(&a, &n->line, job->p);
    room_value_read(&b, &had->line, job->p);
    if (!n->instead.s && !room_value_same(&a, &b))
        return;                 /* another name */
    room_value_read(&a, &is->line, job->p);
    room_value_read(&b, &was->line, job->p);
    if (!room_value_same(&a, &b)) {
        rewrite(job, is, was, is);
        job->uncertain |= seen->items < ITEM_ROOM_CERTAIN;
    }
}

/** A series of a kind that the device never sent became a single event. */
static void complete_rule(job_t *job, const item_part_t *base,
                          item_part_t *theirs)
{
    static const char *const names[] = {
        "RRULE", "EXRULE", "RDATE", "EXDATE", NULL
    };
    const room_seen_t *seen = apr_hash_get(job->room->names, "RRULE",
                                           APR_HASH_KEY_STRING);
    const item_entry_t *rule = item_part_find(base, "RRULE"), *entry;
    int i, j;

    if (!rule || item_part_find(theirs, "RRULE")
        || (seen && (room_rule_kind(rule->line.value) & seen->kinds)))
        return;
    for (i = 0; names[i]; i++) {
        if (item_part_find(theirs, names[i]))
            continue;
        for (j = 0; j < base->entries->nelts; j++) {
            entry = APR_ARRAY_IDX(base->entries, j, const item_entry_t *);
            if (!entry->part && item_span_is(entry->line.name, names[i]))
                add_from(job, theirs, base, entry);
        }
    }
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

        if (entry->part && !item_span_is(entry->part->name, ITEM_ROOM_ALARMS))
            continue;
        if (!entry->part && (entry->line.junk
                             || room_is_other(entry->line.name)))
            continue;
        name = entry->part ? ITEM_ROOM_ALARMS
                           : item_span_upper(entry->line.name, job->p);
        if (apr_hash_get(names, name, APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(names, name, APR_HASH_KEY_STRING, "");
        complete_name(job, base, theirs, name);
    }
    complete_fn(job, base, theirs);
    complete_rule(job, base, theirs);
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
            && room_part_same(recurrence(part), recurrence(theirs)))
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

/** A note whose characters the device does not have. */
static int complete_note(const item_text_t *base, item_text_t *theirs,
                         const char *type)
{
    item_span_t was = { base->data, base->len };
    item_span_t is = { theirs->data, theirs->len };
    int garbled;

    if (!type || strncasecmp(type, "text/plain", 10) != 0
        || reads_like(was, is, &garbled) != 2 || !garbled)
        return 0;
    *theirs = *base;
    return 1;
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
    if (complete_note(base, theirs, type))
        return 1;
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
    if (room_is_item(has->root))
        complete_part(&job, had->root, has->root);
    for (i = 0; i < has->root->entries->nelts
                && !room_is_item(has->root); i++) {
        item_part_t *part = APR_ARRAY_IDX(has->root->entries, i,
                                          item_entry_t *)->part;
        const item_part_t *was = part && room_is_item(part)
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
