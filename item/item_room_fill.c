/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* A device's text is completed: see item_room.h. */
#include "item/item_room_int.h"
#include "item/item_image.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define MAX_LIKE  64            /* properties of one name that are compared */
#define MAX_PARTS 500           /* of those several may be of one kind */

/** A long text that was cut is known to the caller. */
static int is_long(item_span_t name)
{
    return item_span_is(name, "NOTE") || item_span_is(name, "DESCRIPTION");
}

/** Non-zero if a component is as long as any that came. */
static int is_longest(room_seen_t *seen, int i, item_span_t text)
{
    return text.len >= seen->octets[i]
           || (seen->chars[i] && room_chars(text) >= seen->chars[i]);
}

/** Non-zero if a component is what it was, as far as the device has place
 * and characters. */
static int is_cut_part(item_image_t *image, room_seen_t *seen, int i,
                       item_span_t name, item_span_t was, item_span_t is)
{
    int garbled, how = item_image_reads(image, was, is, &garbled);

    if (how != 1 || is.len < ITEM_ROOM_SHORT || !is_longest(seen, i, is))
        return how == 2;
    seen->cuts = 1;             /* so it does cut */
    return garbled || !is_long(name);
}

/** Non-zero if t is b, as far as the device has place and characters. */
static int is_cut(item_image_t *image, room_seen_t *seen,
                  item_span_t name, const room_value_t *b,
                  const room_value_t *t)
{
    int i, cut = 0;

    for (i = 0; i < ITEM_ROOM_PARTS; i++) {
        item_span_t was = room_value_part(b, i), is = room_value_part(t, i);

        if (room_part_same(was, is))
            continue;
        cut = 1;
        if (!is.len) {
            if (seen->octets[i] > 0 || b->n == 1)
                return 0;
            continue;
        }
        if (!is_cut_part(image, seen, i, name, was, is))
            return 0;
    }
    return cut;
}

/* ---- completing ----------------------------------------------------------- */

/** The properties of one name, or the alarms. */
typedef struct likes_t {
    item_entry_t *entry[MAX_LIKE];
    room_value_t value[MAX_LIKE];
    int used[MAX_LIKE];
    int n;
} likes_t;

typedef struct job_t {
    item_room_t *room;
    const char *eol;
    apr_hash_t *more;           /* item_part_t * => item_buf_t * */
    int done, uncertain;
    item_image_t image;         /* of what the device does not show */
    /* Room for one name after the other: all, and one of them. */
    likes_t *base, *theirs, *was, *is;
    apr_pool_t *p;
} job_t;

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

    likes->n = 0;
    for (i = 0; i < part->entries->nelts && likes->n < MAX_LIKE; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                            item_entry_t *);

        if (!is_of(entry, name))
            continue;
        if (entry->part) {
            const item_entry_t *trigger = item_part_find(entry->part,
                                                         "TRIGGER");

            memset(&likes->value[likes->n], 0, sizeof(likes->value[0]));
            if (trigger)
                room_value_read(&likes->value[likes->n], &trigger->line, p);
        }
        else
            room_value_read(&likes->value[likes->n], &entry->line, p);
        likes->used[likes->n] = 0;
        likes->entry[likes->n++] = entry;
    }
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
static int lacks_kinds(room_seen_t *seen, const item_entry_t *base,
                       const item_entry_t *theirs)
{
    int was = room_kinds(&base->line), is = room_kinds(&theirs->line);

    return was != is && !(is & ~was) && !((was & ~is) & seen->kinds);
}

static void complete_kinds(job_t *job, room_seen_t *seen,
                           const item_entry_t *base, item_entry_t *theirs)
{
    if (lacks_kinds(seen, base, theirs))
        rewrite(job, base, theirs, theirs);
}

static void complete_line(job_t *job, room_seen_t *seen,
                          const item_entry_t *base, item_entry_t *theirs)
{
    rewrite(job, lacks_kinds(seen, base, theirs) ? base : theirs, base,
            theirs);
}

static void match_equal(job_t *job, room_seen_t *seen, likes_t *b,
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
                && room_has_words(b->entry[j]->line.value)
                && !room_has_words(t->entry[i]->line.value))
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
                      room_seen_t *seen)
{
    int i;

    for (i = 0; i < b->n; i++)
        if (b->entry[i]->line.value.len > seen->octets[0])
            add_from(job, theirs, base, b->entry[i]);
}

/** Non-zero if the device knows no component of a value that is not empty:
 * then nothing is left of it there. */
static int is_unknown(room_seen_t *seen, const room_value_t *value)
{
    int i, known = 0;

    for (i = 0; i < value->n; i++)
        known |= value->part[i].len && seen->octets[i];
    return !known;
}

static void add_unknown(job_t *job, const item_part_t *base,
                        item_part_t *theirs, const likes_t *b,
                        room_seen_t *seen)
{
    int i;

    for (i = 0; i < b->n; i++)
        if (is_unknown(seen, &b->value[i]))
            add_from(job, theirs, base, b->entry[i]);
}

/** A component that was edited, or stayed as the device shows it.
 * @param was, is  as they are written, escaped; the values have them as text
 * @return non-zero if it is not as it came */
static int put_part(job_t *job, room_seen_t *seen, int i,
                    item_span_t name, item_span_t was, item_span_t is,
                    const likes_t *b, const likes_t *t, item_buf_t *out)
{
    if (!was.len || (is.len == was.len && !memcmp(is.s, was.s, is.len))
        || (!is.len && seen->octets[i])) {
        item_buf_add(out, is.s, is.len);
        return 0;
    }
    if (!is.len || is_cut_part(&job->image, seen, i, name,
                               room_value_part(b->value, i),
                               room_value_part(t->value, i)))
        item_buf_add(out, was.s, was.len);
    else if (!item_image_restore(&job->image, was, is, out)) {
        item_buf_add(out, is.s, is.len);
        return 0;
    }
    return 1;
}

/** Components that the device does not know or show, of an edited value.
 * @param b, t  the value that was and the one that is, as values[0]
 * @return 0: there are none */
static int edited_parts(job_t *job, room_seen_t *seen,
                        const likes_t *b, const likes_t *t, item_buf_t *out)
{
    item_span_t was = b->entry[0]->line.value, w;
    item_span_t is = t->entry[0]->line.value, one;
    int i = 0, filled = 0, more_was = 1, more_is = 1;

    for (;; i++) {
        more_was = more_was && item_value_next(&was, ';', &w);
        more_is = more_is && item_value_next(&is, ';', &one);
        if ((!more_was && !more_is) || i == ITEM_ROOM_PARTS)
            break;
        if (i)
            item_buf_putc(out, ';');
        if (!more_was)
            w.len = 0;
        if (!more_is)
            one.len = 0;
        filled |= put_part(job, seen, i, t->entry[0]->line.name, w, one, b,
                           t, out);
    }
    return filled && !more_is;
}

/** Whether its DevInf, or the quirks file, says where values end. */
static int is_said_to_cut(const item_room_t *room, const room_seen_t *seen)
{
    const item_limits_t *limits = room->limits;

    return limits && (limits->any
                      || (limits->sizes
                          && apr_hash_get(limits->sizes, seen->name,
                                          APR_HASH_KEY_STRING)));
}

/** Where a text ends that the device shows the beginning of, and that was
 * edited there. @return 0: it shows all of it, or that cannot be told */
static apr_size_t shown_end(job_t *job, room_seen_t *seen,
                            item_span_t name, item_span_t was, item_span_t is)
{
    apr_size_t octets = seen->octets[0], chars = seen->chars[0], at;
    apr_size_t was_n = room_chars(was), is_n = room_chars(is);

    if (is_n > was_n || (was.len <= octets && (!chars || was_n <= chars)))
        return 0;
    /* Whoever never cut anything shows all of it; who does, about as much as
     * it ever showed. */
    if (!seen->cuts && !is_said_to_cut(job->room, seen))
        return 0;
    if (is.len < octets - octets / 4
        && (!chars || is_n < chars - chars / 4))
        return 0;
    if (is_long(name) && is.len <= was.len && !memcmp(was.s, is.s, is.len))
        return 0;               /* cut, and no more: the caller's */
    at = item_image_end(&job->image, was, is);
    return at == was.len ? 0 : at;
}

/** Put together what somebody has edited and what the device does not show.
 * @return 0: there is no such */
static int put_edited(job_t *job, room_seen_t *seen, item_span_t name,
                      item_span_t was, item_span_t is, item_buf_t *out)
{
    apr_size_t at = shown_end(job, seen, name, was, is);
    item_span_t shown = was;

    if (at)
        shown.len = at;
    if (!item_image_restore(&job->image, shown, is, out)) {
        if (!at)
            return 0;
        item_buf_add(out, is.s, is.len);
    }
    if (at)
        item_buf_add(out, was.s + at, was.len - at);
    return 1;
}

/** Non-zero for lists, in which a comma may part words. */
static int is_list(item_span_t name)
{
    return item_span_is(name, "CATEGORIES") || item_span_is(name, "NICKNAME")
           || item_span_is(name, "RESOURCES");
}

/** An edited text: what the device does not show of it is as it was.
 * @return 0: there is no such */
static int edited_text(job_t *job, room_seen_t *seen,
                       const likes_t *b, const likes_t *t, item_buf_t *out)
{
    item_span_t name = t->entry[0]->line.name;
    item_buf_t text = { NULL, NULL, 0, 0 };

    if (item_span_is(name, "TEL") || item_span_is(name, "EMAIL")
        || room_is_large(name))
        return 0;
    if (put_edited(job, seen, name, b->entry[0]->line.value,
                   t->entry[0]->line.value, out))
        return 1;
    /* One of them may have other escapes. */
    text.p = job->p;
    if (is_list(name)
        || !put_edited(job, seen, name, room_value_part(b->value, 0),
                       room_value_part(t->value, 0), &text))
        return 0;
    item_escape(out, item_buf_span(&text));
    return 1;
}

/** The i-th of several, by itself. */
static void one_of(likes_t *one, const likes_t *all, int i)
{
    one->entry[0] = all->entry[i];
    one->value[0] = all->value[i];
    one->n = 1;
}

/** A value that was edited: it has kept what the device cannot say. */
static void complete_edited_line(job_t *job, room_seen_t *seen,
                                 const likes_t *b, const likes_t *t)
{
    item_entry_t *base = b->entry[0], *theirs = t->entry[0];
    item_entry_t whole = *theirs;
    const item_entry_t *head = lacks_kinds(seen, base, theirs) ? base
                                                               : theirs;
    item_buf_t value = { NULL, NULL, 0, 0 };

    value.p = job->p;
    if (room_has_parts(theirs->line.name)
        ? edited_parts(job, seen, b, t, &value)
        : edited_text(job, seen, b, t, &value))
        whole.line.value = item_buf_span(&value);
    else if (head == theirs)
        return;
    rewrite(job, head, &whole, theirs);
}

/** What was edited, one by one in order, has kept kinds that the device
 * cannot say. */
static void complete_edited(job_t *job, room_seen_t *seen, likes_t *b,
                            likes_t *t)
{
    likes_t *was = job->was, *is = job->is;
    int i, j = 0;

    for (i = 0; i < t->n; i++) {
        if (t->used[i] || t->entry[i]->part)
            continue;
        while (j < b->n && b->used[j])
            j++;
        if (j == b->n || j >= seen->most)
            return;             /* the rest has no place there */
        one_of(was, b, j);
        one_of(is, t, i);
        complete_edited_line(job, seen, was, is);
        j++;
    }
}

static void complete_name(job_t *job, const item_part_t *base,
                          item_part_t *theirs, const char *name)
{
    room_seen_t *seen = apr_hash_get(job->room->names, name,
                                      APR_HASH_KEY_STRING);
    int i, j, before = job->done;
    likes_t *b = job->base, *t = job->theirs;

    if (!seen || !strcmp(name, "FN"))
        return;                 /* before there is room for each name */
    find_likes(b, base, name, job->p);
    find_likes(t, theirs, name, job->p);
    if (!b->n)
        return;
    if (!t->n) {                /* absence as such: the caller's */
        if (!b->entry[0]->part && room_is_large(b->entry[0]->line.name))
            add_large(job, base, theirs, b, seen);
        else if (!b->entry[0]->part
                 && room_has_parts(b->entry[0]->line.name))
            add_unknown(job, base, theirs, b, seen);
        return;
    }
    match_equal(job, seen, b, t);
    for (i = 0; i < t->n && !t->entry[i]->part; i++) {
        for (j = 0; j < b->n && !t->used[i]; j++) {
            if (b->used[j] || !is_cut(&job->image, seen,
                                        t->entry[i]->line.name,
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

/** Has the device the same N as before, or no place for anything of it? */
static int same_name(const job_t *job, const item_entry_t *had,
                     const item_entry_t *n)
{
    room_seen_t *seen = apr_hash_get(job->room->names, "N",
                                           APR_HASH_KEY_STRING);
    room_value_t a, b;

    room_value_read(&b, &had->line, job->p);
    if (!n)
        return seen && is_unknown(seen, &b);
    room_value_read(&a, &n->line, job->p);
    return n->instead.s || room_value_same(&a, &b);
}

/** A device that makes FN of N, or of what else there is, has none of its
 * own. */
static void complete_fn(job_t *job, const item_part_t *base,
                        item_part_t *theirs)
{
    room_seen_t *seen = apr_hash_get(job->room->names, "FN",
                                      APR_HASH_KEY_STRING);
    const item_entry_t *was = item_part_find(base, "FN");
    const item_entry_t *had = item_part_find(base, "N");
    item_entry_t *is = item_part_find(theirs, "FN");
    room_value_t a, b;

    if (!seen || seen->kinds || !was || !had || !is
        || !same_name(job, had, item_part_find(theirs, "N")))
        return;
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
    room_seen_t *seen = apr_hash_get(job->room->names, "RRULE",
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

static int same_part(const item_part_t *a, const item_part_t *b)
{
    return a->kind == b->kind && room_part_same(recurrence(a), recurrence(b));
}

/** The part of base that is the same event or task: the first of several is
 * the first. @param has  theirs is in it */
static const item_part_t *part_like(const item_part_t *base,
                                    const item_part_t *has,
                                    const item_part_t *theirs)
{
    const item_part_t *part;
    int i, before = 0;

    for (i = 0; i < has->entries->nelts && i < MAX_PARTS; i++) {
        part = APR_ARRAY_IDX(has->entries, i, item_entry_t *)->part;
        if (part == theirs)
            break;
        before += part && same_part(part, theirs);
    }
    for (i = 0; i < base->entries->nelts; i++) {
        part = APR_ARRAY_IDX(base->entries, i, item_entry_t *)->part;
        if (part && same_part(part, theirs) && before-- == 0)
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

int item_room_complete(item_room_t *room, const char *type,
                       const item_text_t *base, item_text_t *theirs,
                       int *certain, apr_pool_t *p)
{
    item_buf_t out = { NULL, NULL, 0, 0 };
    item_doc_t *had, *has;
    job_t job;
    int i;

    *certain = 1;
    memset(&job, 0, sizeof(job));
    room_image_init(&job.image, room, p);
    if (type && !strncasecmp(type, "text/plain", 10))
        return room_complete_note(&job.image, base, theirs, p);
    if (item_doc_read(&had, type, base->data, base->len, p) != APR_SUCCESS
        || item_doc_read(&has, type, theirs->data, theirs->len, p)
           != APR_SUCCESS || !had->root || !has->root
        || had->kind != has->kind)
        return 0;
    job.room = room;
    job.p = out.p = p;
    job.eol = has->eol;
    job.base = apr_palloc(p, 4 * sizeof(*job.base));
    job.theirs = job.base + 1;
    job.was = job.base + 2;
    job.is = job.base + 3;
    job.more = apr_hash_make(p);
    if (room_is_item(has->root))
        complete_part(&job, had->root, has->root);
    for (i = 0; i < has->root->entries->nelts
                && !room_is_item(has->root); i++) {
        item_part_t *part = APR_ARRAY_IDX(has->root->entries, i,
                                          item_entry_t *)->part;
        const item_part_t *was = part && room_is_item(part)
                                 ? part_like(had->root, has->root, part)
                                 : NULL;

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
