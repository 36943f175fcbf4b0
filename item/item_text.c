/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Merging texts line by line: see item_text.h. */
#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_tables.h>

#include "item/item_text.h"

/** A text cut into lines. */
typedef struct side_t {
    item_span_t *lines;
    int *ids;                   /* equal for equal lines */
    int n;
} side_t;

typedef struct text_t {
    apr_pool_t *p;
    apr_hash_t *known;          /* line => its number from 1 */
    int nids;
    side_t base, ours, theirs;
    int two_way, theirs_first;
    const char *eol;
    item_buf_t *out;
    int written;                /* lines */
    int clash;
} text_t;

/* ---- lines ---------------------------------------------------------------- */

static int line_id(text_t *t, item_span_t line)
{
    apr_uintptr_t known;

    while (line.len && (line.s[line.len - 1] == ' '
                        || line.s[line.len - 1] == '\t'))
        line.len--;
    if (!line.len)
        return 0;
    known = (apr_uintptr_t)apr_hash_get(t->known, line.s,
                                        (apr_ssize_t)line.len);
    if (!known) {
        known = (apr_uintptr_t)++t->nids;
        apr_hash_set(t->known, line.s, (apr_ssize_t)line.len,
                     (const void *)known);
    }
    return (int)known;
}

static void cut_lines(text_t *t, side_t *side, item_span_t text)
{
    apr_array_header_t *lines = apr_array_make(t->p, 16, sizeof(item_span_t));
    const char *s = text.s, *end = s + text.len;
    item_span_t line;
    int i;

    do {
        line.s = s;
        while (s < end && ((*s != '\r' && *s != '\n')
                           || lines->nelts == ITEM_TEXT_LINES))
            s++;
        line.len = (apr_size_t)(s - line.s);
        APR_ARRAY_PUSH(lines, item_span_t) = line;
        if (s + 1 < end && *s == '\r' && s[1] == '\n')
            s++;
    } while (s++ < end);
    side->lines = (item_span_t *)lines->elts;
    side->n = lines->nelts;
    side->ids = apr_palloc(t->p, sizeof(int) * (apr_size_t)side->n);
    for (i = 0; i < side->n; i++)
        side->ids[i] = line_id(t, side->lines[i]);
}

/* ---- what stayed the same ------------------------------------------------- */

typedef struct place_t {
    int a, b;                   /* the same line on both sides */
    int before;                 /* place in front of it, -1: none */
} place_t;

/** Places of lines that stand once between the given limits on both sides. */
static int find_unique(text_t *t, const side_t *a, int a_from, int a_to,
                       const side_t *b, int b_from, int b_to,
                       place_t *places)
{
    apr_size_t size = sizeof(int) * ((apr_size_t)t->nids + 1);
    int *count_a = memset(apr_palloc(t->p, size), 0, size);
    int *count_b = memset(apr_palloc(t->p, size), 0, size);
    int *at = apr_palloc(t->p, size), i, n = 0;

    for (i = a_from; i < a_to; i++)
        count_a[a->ids[i]]++;
    for (i = b_from; i < b_to; i++) {
        count_b[b->ids[i]]++;
        at[b->ids[i]] = i;
    }
    for (i = a_from; i < a_to; i++) {
        if (count_a[a->ids[i]] == 1 && count_b[a->ids[i]] == 1) {
            places[n].a = i;
            places[n].b = at[a->ids[i]];
            places[n++].before = -1;
        }
    }
    return n;
}

/** Link the longest run of places that are in order on both sides.
 * @return its last one, -1: none */
static int longest_order(text_t *t, place_t *places, int n)
{
    int *piles = apr_palloc(t->p, sizeof(int) * ((apr_size_t)n + 1));
    int npiles = 0, i, low, high, mid;

    for (i = 0; i < n; i++) {
        for (low = 0, high = npiles; low < high;) {
            mid = (low + high) / 2;
            if (places[piles[mid]].b < places[i].b)
                low = mid + 1;
            else
                high = mid;
        }
        places[i].before = low ? piles[low - 1] : -1;
        piles[low] = i;
        if (low == npiles)
            npiles++;
    }
    return npiles ? piles[npiles - 1] : -1;
}

/** For each line of a, which line of b it is, or -1; rising. */
static int *match(text_t *t, const side_t *a, const side_t *b)
{
    int *to = apr_palloc(t->p, sizeof(int) * ((apr_size_t)a->n + 1));
    int head = 0, a_end = a->n, b_end = b->n, last, i, j;
    place_t *places;

    memset(to, 0xff, sizeof(int) * ((apr_size_t)a->n + 1));
    for (; head < a_end && head < b_end && a->ids[head] == b->ids[head];
         head++)
        to[head] = head;
    while (a_end > head && b_end > head
           && a->ids[a_end - 1] == b->ids[b_end - 1])
        to[--a_end] = --b_end;
    if (head == a_end || head == b_end)
        return to;
    places = apr_palloc(t->p, sizeof(*places) * (apr_size_t)(a_end - head));
    i = find_unique(t, a, head, a_end, b, head, b_end, places);
    for (last = longest_order(t, places, i); last >= 0;
         last = places[last].before) {
        /* Lines before it that are equal, too, down to the one before. */
        int low_a = places[last].before < 0 ? head
                    : places[places[last].before].a + 1;
        int low_b = places[last].before < 0 ? head
                    : places[places[last].before].b + 1;

        i = places[last].a;
        j = places[last].b;
        to[i] = j;
        while (i > low_a && j > low_b && a->ids[i - 1] == b->ids[j - 1])
            to[--i] = --j;
    }
    return to;
}

/* ---- writing -------------------------------------------------------------- */

static void put_lines(text_t *t, const side_t *side, int from, int to)
{
    for (; from < to; from++) {
        if (t->written++)
            item_buf_puts(t->out, t->eol);
        item_buf_add(t->out, side->lines[from].s, side->lines[from].len);
    }
}

static int same_lines(const side_t *a, int a_from, int a_to,
                      const side_t *b, int b_from, int b_to)
{
    int n = a_to - a_from;

    return n == b_to - b_from
           && !memcmp(a->ids + a_from, b->ids + b_from,
                      sizeof(int) * (apr_size_t)n);
}

/** Non-zero if all lines of a piece of a are in one of b, in order. */
static int within(const side_t *a, int a_from, int a_to, const side_t *b,
                  int b_from, int b_to)
{
    for (; b_from < b_to && a_from < a_to; b_from++)
        a_from += a->ids[a_from] == b->ids[b_from];
    return a_from == a_to;
}

/** Where neither side has what the other has, and nothing is known of what
 * was there before: a line cut short gives way, all others are kept. */
static void both(text_t *t, int o, int o_to, int h, int h_to)
{
    item_span_t a, b;

    if (within(&t->theirs, h, h_to, &t->ours, o, o_to)) {
        put_lines(t, &t->ours, o, o_to);
        return;
    }
    if (within(&t->ours, o, o_to, &t->theirs, h, h_to)) {
        put_lines(t, &t->theirs, h, h_to);
        return;
    }
    if (o_to - o == 1 && h_to - h == 1) {
        a = t->ours.lines[o];
        b = t->theirs.lines[h];
        if (a.len <= b.len && !memcmp(a.s, b.s, a.len)) {
            put_lines(t, &t->theirs, h, h_to);
            return;
        }
        if (b.len < a.len && !memcmp(a.s, b.s, b.len)) {
            put_lines(t, &t->ours, o, o_to);
            return;
        }
    }
    t->clash |= t->two_way && o < o_to && h < h_to;
    if (t->theirs_first)
        put_lines(t, &t->theirs, h, h_to);
    put_lines(t, &t->ours, o, o_to);
    if (!t->theirs_first)
        put_lines(t, &t->theirs, h, h_to);
}

/** A piece of each side between lines that stayed the same on all. */
static void put_piece(text_t *t, int b, int b_to, int o, int o_to, int h,
                      int h_to)
{
    if (same_lines(&t->ours, o, o_to, &t->theirs, h, h_to)
        || same_lines(&t->base, b, b_to, &t->theirs, h, h_to))
        put_lines(t, &t->ours, o, o_to);
    else if (same_lines(&t->base, b, b_to, &t->ours, o, o_to))
        put_lines(t, &t->theirs, h, h_to);
    else if (b == b_to)
        both(t, o, o_to, h, h_to);
    else {
        t->clash = 1;
        /* A change wins over a removal. */
        if (h < h_to && (t->theirs_first || o == o_to))
            put_lines(t, &t->theirs, h, h_to);
        else
            put_lines(t, &t->ours, o, o_to);
    }
}

static void merge_three(text_t *t)
{
    int *ours = match(t, &t->base, &t->ours);
    int *theirs = match(t, &t->base, &t->theirs);
    int i, b = 0, o = 0, h = 0;

    for (i = 0; i < t->base.n; i++) {
        if (ours[i] < 0 || theirs[i] < 0)
            continue;
        put_piece(t, b, i, o, ours[i], h, theirs[i]);
        put_lines(t, &t->ours, ours[i], ours[i] + 1);
        b = i + 1;
        o = ours[i] + 1;
        h = theirs[i] + 1;
    }
    put_piece(t, b, t->base.n, o, t->ours.n, h, t->theirs.n);
}

static void merge_two(text_t *t)
{
    int *theirs = match(t, &t->ours, &t->theirs);
    int i, o = 0, h = 0;

    for (i = 0; i < t->ours.n; i++) {
        if (theirs[i] < 0)
            continue;
        both(t, o, i, h, theirs[i]);
        put_lines(t, &t->ours, i, i + 1);
        o = i + 1;
        h = theirs[i] + 1;
    }
    both(t, o, t->ours.n, h, t->theirs.n);
}

int item_text_merge(item_buf_t *out, const item_span_t *base,
                    item_span_t ours, item_span_t theirs, int theirs_first,
                    const char *eol)
{
    text_t t;

    memset(&t, 0, sizeof(t));
    t.p = out->p;
    t.known = apr_hash_make(t.p);
    t.theirs_first = theirs_first;
    t.eol = eol;
    t.out = out;
    t.two_way = !base;
    cut_lines(&t, &t.ours, ours);
    cut_lines(&t, &t.theirs, theirs);
    if (base) {
        cut_lines(&t, &t.base, *base);
        merge_three(&t);
    }
    else
        merge_two(&t);
    return t.clash;
}
