/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Which of several values a device has place for: see item_room.h.
 *
 * It keeps so many of a name, and so many of a kind; the first of them, or,
 * where each one takes the place of the one before, the last.  Which, is
 * learned from what comes back.
 */
#include "item/item_room_int.h"

#include <string.h>

/* Octets of a component that are compared. */
#define COMPARED  64

static int kinds_of(const room_seen_t *seen, const item_entry_t *entry)
{
    return entry->part ? 0 : room_kinds(&entry->line) & seen->kinds
                             & (ROOM_KINDS - 1);
}

/** What it keeps of all, if it is the first of them, or the last.
 * @param hidden  out: of each, whether it has no place
 * @return how many have one */
static int predict(const room_seen_t *seen, const room_likes_t *b, int last,
                   char *hidden)
{
    int of_kind[ROOM_KINDS] = { 0 }, i, k, kind, n = 0;

    for (k = 0; k < b->n; k++) {
        i = last ? b->n - 1 - k : k;
        kind = kinds_of(seen, b->entry[i]);
        hidden[i] = n == seen->most || of_kind[kind] == seen->alike;
        if (!hidden[i]) {
            of_kind[kind]++;
            n++;
        }
    }
    return n;
}

/** Non-zero if one that has come has no place. */
static int is_refuted(const room_likes_t *b, const char *hidden)
{
    int i = 0;

    while (i < b->n && !(b->used[i] == 1 && hidden[i]))
        i++;
    return i < b->n;
}

/** Non-zero if nobody knows how many places were left for the others. */
static int has_aside(const room_likes_t *b)
{
    int i = 0;

    while (i < b->n && b->used[i] != ROOM_ASIDE)
        i++;
    return i < b->n;
}

void room_find_hidden(room_seen_t *seen, room_likes_t *b,
                      const room_likes_t *t)
{
    char first[ROOM_LIKES], last[ROOM_LIKES];
    int n = predict(seen, b, 0, first), no_first, no_last;

    predict(seen, b, 1, last);
    no_first = is_refuted(b, first);
    no_last = is_refuted(b, last);
    if ((no_first || no_last) && !has_aside(b))
        seen->order |= no_first && no_last ? ROOM_OTHER
                       : no_first ? ROOM_LAST : ROOM_FIRST;
    memcpy(b->hidden, seen->order == ROOM_LAST && !no_last ? last : first,
           (apr_size_t)b->n);
    /* As many as it can hold are there: it has deleted none. */
    if (t->n >= n || (no_first && no_last))
        memset(b->hidden, 1, (apr_size_t)b->n);
}

/* ---- which one was edited ------------------------------------------------- */

/** How much of the shorter one of two values is in the other. */
static apr_size_t likeness(const room_value_t *a, const room_value_t *b,
                           apr_size_t *least)
{
    apr_size_t like = 0, len_a = 0, len_b = 0;
    int i;

    for (i = 0; i < ITEM_ROOM_PARTS; i++) {
        item_span_t x = room_value_part(a, i), y = room_value_part(b, i);

        like += item_span_ends(x, y, COMPARED);
        len_a += x.len < COMPARED ? x.len : COMPARED;
        len_b += y.len < COMPARED ? y.len : COMPARED;
    }
    *least = len_a < len_b ? len_a : len_b;
    return like;
}

/** What one of theirs was before. @return -1: none is left */
static int find_former(const room_seen_t *seen, const room_likes_t *b,
                       const room_likes_t *t, int i, int alike, int same_kind,
                       const char *shown)
{
    apr_size_t most = 0, like, least;
    int j, best = -1;

    for (j = 0; j < b->n; j++) {
        if (b->used[j] || !shown[j]
            || (same_kind && kinds_of(seen, b->entry[j])
                             != kinds_of(seen, t->entry[i])))
            continue;
        like = likeness(&b->value[j], &t->value[i], &least);
        if (alike && like * 2 <= least)
            continue;
        if (best < 0 || like > most) {
            best = j;
            most = like;
        }
    }
    return best;
}

void room_find_former(const room_seen_t *seen, room_likes_t *b,
                      room_likes_t *t)
{
    char shown[ROOM_LIKES] = { 0 };
    int pass, i, j;

    /* Before anything else, those that have a place. */
    predict(seen, b, seen->order == ROOM_LAST, shown);
    for (j = 0; j < b->n; j++)
        shown[j] = !shown[j] || seen->order & ROOM_OTHER;
    for (i = 0; i < t->n; i++)
        t->former[i] = -1;
    for (pass = 0; pass < 4; pass++) {
        for (i = 0; i < t->n; i++) {
            if (t->used[i] || t->former[i] >= 0)
                continue;
            j = find_former(seen, b, t, i, pass < 2, pass % 2 == 0, shown);
            t->former[i] = j;
            if (j >= 0)
                b->used[j] = 1;
        }
    }
}
