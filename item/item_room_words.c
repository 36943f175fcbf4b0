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

/** With its labels: they come back, too. */
static void leave_out(item_entry_t *entry)
{
    item_entry_t *label;

    entry->instead.s = "";
    entry->instead.len = 0;
    for (label = entry->mates ? NULL : entry->adjuncts; label;
         label = label->next) {
        label->instead.s = "";
        label->instead.len = 0;
    }
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
        leave_out(t->entry[i]);
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
