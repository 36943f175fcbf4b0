/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What a device has been seen to hold, as the text that the store keeps: see
 * item_room.h. */
#include "item/item_room_int.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const room_seen_t *const *)a)->name,
                  (*(const room_seen_t *const *)b)->name);
}

/** "/14,9", after a "," for each but the first. */
static void put_sizes(apr_array_header_t *out, const char *first,
                      const apr_size_t *sizes, apr_pool_t *p)
{
    int j, last = ITEM_ROOM_PARTS;

    while (last > 0 && !sizes[last - 1])
        last--;
    for (j = 0; j < last; j++)
        APR_ARRAY_PUSH(out, const char *) =
            apr_psprintf(p, "%s%" APR_SIZE_T_FMT, j ? "," : first, sizes[j]);
}

/** How many of a kind came, where that is not said: former versions did not
 * count them. */
static int alike_unsaid(const room_seen_t *seen)
{
    return seen->most > 1 && (seen->kinds & (ROOM_KINDS - 1)) ? 1 : seen->most;
}

const char *item_room_text(const item_room_t *room, apr_pool_t *p)
{
    apr_array_header_t *all = apr_array_make(p, 32, sizeof(room_seen_t *));
    apr_array_header_t *out = apr_array_make(p, 64, sizeof(const char *));
    apr_hash_index_t *hi;
    int i;

    for (hi = apr_hash_first(p, room->names); hi; hi = apr_hash_next(hi)) {
        void *seen;

        apr_hash_this(hi, NULL, NULL, &seen);
        APR_ARRAY_PUSH(all, room_seen_t *) = seen;
    }
    qsort(all->elts, (size_t)all->nelts, sizeof(room_seen_t *), by_name);
    for (i = 0; i < all->nelts; i++) {
        const room_seen_t *seen = APR_ARRAY_IDX(all, i, const room_seen_t *);

        APR_ARRAY_PUSH(out, const char *) =
            apr_psprintf(p, "%s%s=%d,%d,%d", i ? " " : "", seen->name,
                         seen->most, seen->items, seen->kinds);
        put_sizes(out, ",", seen->octets, p);
        put_sizes(out, "/", seen->chars, p);
        if (seen->cuts)
            APR_ARRAY_PUSH(out, const char *) = "!";
        if (seen->alike != alike_unsaid(seen) || seen->order)
            APR_ARRAY_PUSH(out, const char *) =
                apr_psprintf(p, ";%d,%d", seen->alike, seen->order);
    }
    return apr_array_pstrcat(p, out, 0);
}

/** Numbers, each behind a "," but the first. @return what follows them */
static char *read_sizes(char *at, char first, apr_size_t *sizes)
{
    int i;

    for (i = 0; *at == (i ? ',' : first) && i < ITEM_ROOM_PARTS; i++)
        sizes[i] = (apr_size_t)strtoul(at + 1, &at, 10);
    return at;
}

void item_room_read(item_room_t *room, const char *text)
{
    char *words = apr_pstrdup(room->p, text), *last, *word, *at;
    room_seen_t *seen;

    while ((word = apr_strtok(words, " ", &last)) != NULL) {
        words = NULL;
        at = strchr(word, '=');
        if (!at || at == word)
            continue;
        *at++ = '\0';
        seen = room_seen(room, word);
        if (!seen)
            return;
        seen->most = (int)strtol(at, &at, 10);
        if (*at == ',')
            seen->items = (int)strtol(at + 1, &at, 10);
        if (*at == ',')
            seen->kinds = (int)strtol(at + 1, &at, 10);
        at = read_sizes(at, ',', seen->octets);
        at = read_sizes(at, '/', seen->chars);
        seen->cuts = *at == '!';
        seen->alike = alike_unsaid(seen);
        at += seen->cuts;
        if (*at == ';')
            seen->alike = (int)strtol(at + 1, &at, 10);
        if (*at == ',')
            seen->order = (int)strtol(at + 1, &at, 10);
    }
}

int item_room_learned(const item_room_t *room)
{
    apr_hash_index_t *hi;
    int n = 0;

    for (hi = apr_hash_first(NULL, room->names); hi; hi = apr_hash_next(hi)) {
        void *seen;

        apr_hash_this(hi, NULL, NULL, &seen);
        n += ((const room_seen_t *)seen)->cuts
             + ((const room_seen_t *)seen)->order
             + (((const room_seen_t *)seen)->kinds & ROOM_PREF_KEPT);
    }
    return n;
}
