/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Values that were edited keep what the device does not show of them: see
 * item_room.h. */
#include "item/item_room_int.h"

/** A component that was edited, or stayed as the device shows it.
 * @param was, is  as they are written, escaped; the values have them as text
 * @return non-zero if it is not as it came */
static int put_part(room_job_t *job, room_seen_t *seen, int i,
                    item_span_t name, item_span_t was, item_span_t is,
                    const room_likes_t *b, const room_likes_t *t,
                    item_buf_t *out)
{
    if (!was.len || (is.len == was.len && !memcmp(is.s, was.s, is.len))
        || (!is.len && seen->octets[i])) {
        item_buf_add(out, is.s, is.len);
        return 0;
    }
    if (!is.len || room_is_cut_part(&job->image, seen, i, name,
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
static int edited_parts(room_job_t *job, room_seen_t *seen,
                        const room_likes_t *b, const room_likes_t *t,
                        item_buf_t *out)
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
static apr_size_t shown_end(room_job_t *job, room_seen_t *seen,
                            item_span_t name, item_span_t was, item_span_t is)
{
    apr_size_t octets = seen->octets[0], chars = seen->chars[0], at;
    apr_size_t was_n = room_chars(was), is_n = room_chars(is);

    /* It showed all of it, unless more was typed than there is place for. */
    if (was.len <= octets && (!chars || was_n <= chars)
        ? is_n <= was_n || (is.len < octets && (!chars || is_n < chars))
        : is_n > was_n)
        return 0;
    /* Whoever never cut anything shows all of it; who does, about as much as
     * it ever showed. */
    if (!seen->cuts && !is_said_to_cut(job->room, seen))
        return 0;
    if (is.len < octets - octets / 4
        && (!chars || is_n < chars - chars / 4))
        return 0;
    if (room_is_long(name) && is.len <= was.len
        && !memcmp(was.s, is.s, is.len))
        return 0;               /* cut, and no more: the caller's */
    at = item_image_end(&job->image, was, is);
    return at == was.len ? 0 : at;
}

/** Put together what somebody has edited and what the device does not show.
 * @return 0: there is no such */
static int put_edited(room_job_t *job, room_seen_t *seen, item_span_t name,
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
static int edited_text(room_job_t *job, room_seen_t *seen,
                       const room_likes_t *b, const room_likes_t *t,
                       item_buf_t *out)
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
static void one_of(room_likes_t *one, const room_likes_t *all, int i)
{
    one->entry[0] = all->entry[i];
    one->value[0] = all->value[i];
    one->n = 1;
}

/** A value that was edited: it has kept what the device cannot say. */
static void complete_edited_line(room_job_t *job, room_seen_t *seen,
                                 const room_likes_t *b, const room_likes_t *t)
{
    item_entry_t *base = b->entry[0], *theirs = t->entry[0];
    item_entry_t whole = *theirs;
    const item_entry_t *head = room_lacks_kinds(seen, base, theirs) ? base
                                                                    : theirs;
    item_buf_t value = { NULL, NULL, 0, 0 };

    value.p = job->p;
    if (room_has_parts(theirs->line.name)
        ? edited_parts(job, seen, b, t, &value)
        : edited_text(job, seen, b, t, &value))
        whole.line.value = item_buf_span(&value);
    else if (head == theirs)
        return;
    room_rewrite(job, head, &whole, theirs);
}

void room_complete_edited(room_job_t *job, room_seen_t *seen,
                          room_likes_t *b, room_likes_t *t)
{
    room_likes_t *was = job->was, *is = job->is;
    int i;

    for (i = 0; i < t->n; i++) {
        if (t->used[i] || t->entry[i]->part || t->former[i] < 0)
            continue;
        one_of(was, b, t->former[i]);
        one_of(is, t, i);
        complete_edited_line(job, seen, was, is);
    }
}
