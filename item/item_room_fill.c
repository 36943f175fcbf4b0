/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* A device's text is completed: see item_room.h. */
#include "item/item_room_int.h"
#include "item/item_image.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define MAX_PARTS 500           /* of those several may be of one kind */

int room_is_long(item_span_t name)
{
    return item_span_is(name, "NOTE") || item_span_is(name, "DESCRIPTION");
}

/** Non-zero if a component is as long as any that came; with the white space
 * at its end, which nobody keeps.
 * @param was  of which it is the beginning, as far as it can be shown */
static int is_longest(room_seen_t *seen, int i, item_span_t was,
                      item_span_t text)
{
    apr_size_t at = text.len, white = 0;

    if (at < was.len && !memcmp(was.s, text.s, at))
        while (at + white < was.len && item_is_white(was.s[at + white]))
            white++;
    return at + white >= seen->octets[i]
           || (seen->chars[i] && room_chars(text) + white >= seen->chars[i]);
}

int room_is_cut_part(item_image_t *image, room_seen_t *seen, int i,
                     item_span_t name, item_span_t was, item_span_t is)
{
    int garbled, how = item_image_reads(image, was, is, &garbled);

    if (how != 1 || is.len < ITEM_ROOM_SHORT || !is_longest(seen, i, was, is))
        return how == 2;
    seen->cuts = 1;             /* so it does cut */
    return garbled || !room_is_long(name);
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
        if (!room_is_cut_part(image, seen, i, name, was, is))
            return 0;
    }
    return cut;
}

/* ---- completing ----------------------------------------------------------- */

static int is_of(const item_entry_t *entry, const char *name)
{
    if (entry->part)
        return !strcmp(name, ITEM_ROOM_ALARMS)
               && item_span_is(entry->part->name, ITEM_ROOM_ALARMS);
    return !entry->line.junk && entry->line.value.len
           && item_span_is(entry->line.name, name);
}

/** Non-zero if nothing is in a value: no device shows it, or sends it back. */
static int is_empty(const room_value_t *value)
{
    int i = 0;

    while (i < value->n && !value->part[i].len)
        i++;
    return i == value->n;
}

static void find_likes(room_likes_t *likes, const item_part_t *part,
                       const char *name, apr_pool_t *p)
{
    int some = strcmp(name, "N") != 0;  /* a name is there, even if empty */
    int i;

    likes->n = 0;
    for (i = 0; i < part->entries->nelts && likes->n < ROOM_LIKES; i++) {
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
        if (!entry->part && some && is_empty(&likes->value[likes->n]))
            continue;
        likes->used[likes->n] = 0;
        likes->entry[likes->n++] = entry;
    }
}

void room_rewrite(room_job_t *job, const item_entry_t *head_of,
                  const item_entry_t *value_of, item_entry_t *theirs)
{
    item_buf_t line = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };
    item_span_t head = item_line_head(&head_of->line);

    line.p = out.p = job->p;
    item_buf_add(&line, head.s, head.len);
    item_buf_add(&line, value_of->line.value.s, value_of->line.value.len);
    item_fold_add(&out, item_buf_span(&line), job->eol);
    theirs->instead = item_buf_span(&out);
    theirs->line.value = value_of->line.value;
    job->done++;
}

int room_lacks_kinds(room_seen_t *seen, const item_entry_t *base,
                     const item_entry_t *theirs)
{
    int was = room_kinds(&base->line), is = room_kinds(&theirs->line);

    return was != is && !(is & ~was) && !((was & ~is) & seen->kinds);
}

static void complete_kinds(room_job_t *job, room_seen_t *seen,
                           const item_entry_t *base, item_entry_t *theirs)
{
    if (room_lacks_kinds(seen, base, theirs))
        room_rewrite(job, base, theirs, theirs);
}

static void complete_line(room_job_t *job, room_seen_t *seen,
                          const item_entry_t *base, item_entry_t *theirs)
{
    room_rewrite(job, room_lacks_kinds(seen, base, theirs) ? base : theirs,
                 base, theirs);
}

static void complete_equal(room_job_t *job, room_seen_t *seen,
                           const item_entry_t *base, item_entry_t *theirs)
{
    if (base->part)
        return;
    if (item_span_is(base->line.name, "TEL")
        && room_has_words(base->line.value)
        && !room_has_words(theirs->line.value))
        complete_line(job, seen, base, theirs);
    else
        complete_kinds(job, seen, base, theirs);
}

static int is_twin(const room_likes_t *b, int j, const room_likes_t *t, int i)
{
    return b->entry[j]->part
           || room_kinds(&b->entry[j]->line) == room_kinds(&t->entry[i]->line);
}

/** Those of the same kind first: a number may be there as two. */
static void match_equal(room_job_t *job, room_seen_t *seen, room_likes_t *b,
                        room_likes_t *t)
{
    int i, j, pass;

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < t->n; i++) {
            for (j = 0; j < b->n && !t->used[i]; j++) {
                if (b->used[j]
                    || !room_value_same(&b->value[j], &t->value[i])
                    || (!pass && !is_twin(b, j, t, i)))
                    continue;
                b->used[j] = t->used[i] = 1;
                if (j > 0 && !b->entry[j]->part
                    && item_is_preferred(&b->entry[j]->line)
                    && item_is_preferred(&t->entry[i]->line)
                    && !item_span_is(t->entry[i]->line.name, "FN"))
                    seen->kinds |= ROOM_PREF_KEPT;
                complete_equal(job, seen, b->entry[j], t->entry[i]);
            }
        }
    }
}

static int has_kind(const room_likes_t *likes, const item_entry_t *entry)
{
    int i = 0;

    while (i < likes->n && room_kinds(&likes->entry[i]->line)
                           != room_kinds(&entry->line))
        i++;
    return i < likes->n;
}

static void find_empty(room_likes_t *empty, const item_part_t *part,
                       const char *name, apr_pool_t *p)
{
    int i;

    empty->n = 0;
    for (i = 0; i < part->entries->nelts && empty->n < ROOM_LIKES; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(part->entries, i, item_entry_t *);

        if (entry->part || !is_of(entry, name))
            continue;
        room_value_read(&empty->value[empty->n], &entry->line, p);
        if (!is_empty(&empty->value[empty->n]))
            continue;
        empty->used[empty->n] = 0;
        empty->entry[empty->n++] = entry;
    }
}

/** Of a property without a value no device has anything to send; but where it
 * sends one more than there were, its user has filled one in. */
static void add_empty(room_job_t *job, const item_part_t *base,
                      item_part_t *theirs, const char *name)
{
    room_likes_t *empty = job->was, *t = job->theirs;
    int filled = t->n - job->base->n, pass, i;

    find_empty(empty, theirs, name, job->p);
    if (empty->n)
        return;
    find_empty(empty, base, name, job->p);
    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < empty->n && filled > 0; i++) {
            if (empty->used[i] || (!pass && !has_kind(t, empty->entry[i])))
                continue;
            empty->used[i] = 1;
            filled--;
        }
    }
    for (i = 0; i < empty->n; i++)
        if (!empty->used[i])
            room_add(job, theirs, empty->entry[i]);
}

/** Pictures larger than any that the device has sent: it has no place. */
static void add_large(room_job_t *job, item_part_t *theirs, room_likes_t *b,
                      room_seen_t *seen)
{
    int i;

    for (i = 0; i < b->n; i++) {
        b->used[i] = b->value[i].part[0].len > seen->octets[0];
        if (b->used[i])
            room_add(job, theirs, b->entry[i]);
    }
}

/** What it had no place for it has not deleted. */
static void add_hidden(room_job_t *job, item_part_t *theirs, room_likes_t *b,
                       const room_seen_t *seen)
{
    room_likes_t *t = job->theirs;
    int last = seen->order == ROOM_LAST && t->n && !t->entry[0]->part, i, j;

    for (i = 0; i < b->n; i++) {
        j = last ? b->n - 1 - i : i;
        if (!b->hidden[j] || b->used[j] || b->entry[j]->lead)
            continue;
        if (last)
            room_add_before(job, theirs, t->entry[0], b->entry[j]);
        else
            room_add(job, theirs, b->entry[j]);
        /* There is place for it now. */
        job->uncertain |= t->n < seen->most;
    }
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

static void add_unknown(room_job_t *job, item_part_t *theirs,
                        room_likes_t *b, room_seen_t *seen)
{
    int i;

    for (i = 0; i < b->n; i++) {
        b->used[i] = is_unknown(seen, &b->value[i]);
        if (b->used[i])
            room_add(job, theirs, b->entry[i]);
    }
}

/** Nothing of that name is there: absence as such is the caller's, but what
 * the device had no place for is none. */
static void complete_absent(room_job_t *job, item_part_t *theirs,
                            const char *name, room_seen_t *seen)
{
    const item_room_t *room = job->room;
    room_likes_t *b = job->base;
    const item_entry_t *first = b->entry[0];
    int deleted = room->deleted && !room->fields
                  && apr_hash_get(room->deleted, name, APR_HASH_KEY_STRING);

    if (deleted)
        room_find_hidden(seen, b, job->theirs);
    if (!first->part && room_is_large(first->line.name))
        add_large(job, theirs, b, seen);
    else if (!first->part && room_has_parts(first->line.name))
        add_unknown(job, theirs, b, seen);
    if (deleted)
        add_hidden(job, theirs, b, seen);
}

static void complete_name(room_job_t *job, const item_part_t *base,
                          item_part_t *theirs, const char *name)
{
    room_seen_t *seen = apr_hash_get(job->room->names, name,
                                      APR_HASH_KEY_STRING);
    int i, j, before = job->done;
    room_likes_t *b = job->base, *t = job->theirs;

    if (!seen)
        return;
    find_likes(b, base, name, job->p);
    find_likes(t, theirs, name, job->p);
    if (strcmp(name, "N") != 0)
        add_empty(job, base, theirs, name);
    if (!b->n)
        return;
    room_complete_words(job, seen, theirs, b, t);
    if (!t->n) {
        complete_absent(job, theirs, name, seen);
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
    if (!job->room->fields)
        room_find_hidden(seen, b, t);
    room_find_former(seen, b, t);
    if (strcmp(name, "FN") != 0)
        room_complete_edited(job, seen, b, t);
    if (t->n < b->n && !job->room->fields)
        add_hidden(job, theirs, b, seen);
    if (job->done > before && seen->items < ITEM_ROOM_CERTAIN)
        job->uncertain = 1;
}

/** Has the device the same N as before, or no place for anything of it? */
static int same_name(const room_job_t *job, const item_entry_t *had,
                     const item_entry_t *n)
{
    room_seen_t *seen = apr_hash_get(job->room->names, "N",
                                           APR_HASH_KEY_STRING);
    room_value_t a, b;

    room_value_read(&b, &had->line, job->p);
    if (!n)
        return seen && is_unknown(seen, &b);
    room_value_read(&a, &n->line, job->p);
    return room_value_same(&a, &b);
}

/** Non-zero if an FN is its N, put together. */
static int is_made_of(const room_job_t *job, const room_value_t *fn,
                      const item_entry_t *n)
{
    item_buf_t made = { NULL, NULL, 0, 0 };
    room_value_t names;

    made.p = job->p;
    room_value_read(&names, &n->line, job->p);
    item_value_names(&made, names.part);
    return room_part_same(fn->part[0], item_buf_span(&made));
}

/** Non-zero for an N of which nothing is left: FN is none that is made of it. */
static int is_emptied(const room_job_t *job, const item_entry_t *n)
{
    room_value_t value;

    if (!n)
        return 0;
    room_value_read(&value, &n->line, job->p);
    return is_empty(&value);
}

/** Whether a device that has no place for anything of N has made FN of what
 * else the card has. */
static int is_stopgap(room_job_t *job, const item_part_t *card,
                      const room_value_t *fn)
{
    static const char *const names[] = {
        "ORG", "EMAIL", "TEL", "NICKNAME", NULL
    };
    const item_entry_t *n = item_part_find(card, "N"), *entry;
    room_value_t value;
    int i, garbled;

    if (n && !is_emptied(job, n))
        return 0;
    for (i = 0; names[i]; i++) {
        entry = item_part_find(card, names[i]);
        if (!entry)
            continue;
        room_value_read(&value, &entry->line, job->p);
        if (room_part_same(value.part[0], fn->part[0])
            || item_image_reads(&job->image, value.part[0], fn->part[0],
                                &garbled) == 2)
            return 1;
    }
    return 0;
}

/** Of the base's FN the one that theirs has, or shows it in place of. */
static const item_entry_t *former_fn(room_job_t *job, room_seen_t *seen,
                                     const item_part_t *base,
                                     const room_value_t *is)
{
    room_likes_t *b = job->base;
    int i;

    find_likes(b, base, "FN", job->p);
    for (i = 0; i < b->n; i++)
        if (room_value_same(&b->value[i], is))
            return b->entry[i];
    return !b->n ? NULL
           : b->entry[seen && seen->order == ROOM_LAST ? b->n - 1 : 0];
}

/** A device that makes FN of N, or of what else there is, has none of its
 * own: it is what it was.  Where N was edited, and FN is not simply N before
 * and after, what became of it is left to merging, as of a device that sends
 * none.
 * @return non-zero if it was left out */
static int complete_made_fn(room_job_t *job, const item_part_t *base,
                            item_part_t *theirs)
{
    room_seen_t *seen = apr_hash_get(job->room->names, "FN",
                                     APR_HASH_KEY_STRING);
    const item_entry_t *had = item_part_find(base, "N"), *was = NULL;
    const item_entry_t *n = item_part_find(theirs, "N");
    item_entry_t *is = item_part_find(theirs, "FN");
    room_value_t a, b;
    int left_out = 0;

    if (is) {
        room_value_read(&a, &is->line, job->p);
        was = former_fn(job, seen, base, &a);
    }
    if (!was || !had || item_part_find_last(theirs, "FN") != is)
        return 0;
    room_value_read(&b, &was->line, job->p);
    if (room_value_same(&a, &b))
        return 0;
    if (is_stopgap(job, theirs, &a)) {
        room_rewrite(job, is, was, is);
        job->uncertain |= !seen || seen->items < ITEM_ROOM_CERTAIN;
        return 0;
    }
    if (!seen || seen->kinds || is_emptied(job, n))
        return 0;
    if (same_name(job, had, n))
        room_rewrite(job, is, was, is);
    else if (n && (!is_made_of(job, &b, had) || !is_made_of(job, &a, n))) {
        is->instead.s = "";
        is->instead.len = 0;
        job->done++;
        left_out = 1;
    }
    else
        return 0;
    job->uncertain |= seen->items < ITEM_ROOM_CERTAIN;
    return left_out;
}

static void complete_fn(room_job_t *job, const item_part_t *base,
                        item_part_t *theirs)
{
    if (!complete_made_fn(job, base, theirs)
        && (item_part_find(theirs, "FN")
            || item_part_find(base, "FN") != item_part_find_last(base, "FN")))
        complete_name(job, base, theirs, "FN");
}

/** A series of a kind that the device never sent became a single event. */
static void complete_rule(room_job_t *job, const item_part_t *base,
                          item_part_t *theirs)
{
    static const char *const names[] = {
        "RRULE", "EXRULE", "RDATE", "EXDATE", NULL
    };
    const item_entry_t *rule = item_part_find(base, "RRULE"), *entry;
    int i, j;

    if (!rule || item_part_find(theirs, "RRULE")
        || (item_room_rule(rule->line.value) & item_room_rules(job->room)))
        return;
    for (i = 0; names[i]; i++) {
        if (item_part_find(theirs, names[i]))
            continue;
        for (j = 0; j < base->entries->nelts; j++) {
            entry = APR_ARRAY_IDX(base->entries, j, const item_entry_t *);
            if (!entry->part && item_span_is(entry->line.name, names[i]))
                room_add(job, theirs, entry);
        }
    }
    job->uncertain = 1;
}

static void complete_part(room_job_t *job, const item_part_t *base,
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
        if (apr_hash_get(names, name, APR_HASH_KEY_STRING)
            || !strcmp(name, "FN"))     /* once the others are done */
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

static void write_part(room_job_t *job, item_buf_t *b, const item_part_t *part)
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
    room_job_t job;
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
    item_part_adjuncts(had->root, p);
    item_part_adjuncts(has->root, p);
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
