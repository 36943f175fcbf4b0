/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Words where a number belongs: see item_room_int.h. */
#include "item/item_room_int.h"

#include <apr_lib.h>

static int has_digit(item_span_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++)
        if (apr_isdigit(value.s[i]))
            return 1;
    return 0;
}

static int is_number(const room_likes_t *likes, int i)
{
    return has_digit(likes->entry[i]->line.value)
           || !room_has_words(likes->entry[i]->line.value);
}

void room_complete_words(room_job_t *job, const room_seen_t *seen,
                         const item_part_t *theirs, room_likes_t *b,
                         room_likes_t *t)
{
    int i, words = 0;

    if (b->entry[0]->part || !item_span_is(b->entry[0]->line.name, "TEL")
        || (seen->kinds & ROOM_WORDS))
        return;
    for (i = 0; i < b->n; i++)
        words += !is_number(b, i);
    for (i = 0; i < t->n && words; i++) {
        if (has_digit(t->entry[i]->line.value))
            continue;
        t->entry[i]->instead.s = "";
        t->entry[i]->instead.len = 0;
        t->used[i] = 1;
        job->done++;
    }
    for (i = 0; i < b->n && words; i++) {
        if (is_number(b, i))
            continue;
        b->used[i] = ROOM_ASIDE;
        room_add(job, theirs, b->entry[i]);
    }
    job->uncertain |= words && seen->items < ITEM_ROOM_CERTAIN;
}
