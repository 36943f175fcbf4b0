/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What a device had no place for is written into its text: see
 * item_room_int.h. */
#include "item/item_room_int.h"

#include <apr_strings.h>

static void use_group(room_job_t *job, const char *name)
{
    apr_hash_set(job->groups, name, APR_HASH_KEY_STRING, name);
}

static void find_groups(room_job_t *job, const item_part_t *to)
{
    int i;

    job->groups_of = to;
    job->groups = apr_hash_make(job->p);
    job->renamed = apr_hash_make(job->p);
    for (i = 0; i < to->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(to->entries, i,
                                                  const item_entry_t *);

        if (!entry->part && entry->line.group.len
            && (!entry->instead.s || entry->instead.len))
            use_group(job, item_span_upper(entry->line.group, job->p));
    }
}

/** The name of a group of the base's in theirs, where the device may have given
 * its name to another. */
static const char *group_in(room_job_t *job, const item_part_t *to,
                            item_span_t group)
{
    const char *name = item_span_upper(group, job->p), *fresh, *used = name;

    if (job->groups_of != to)
        find_groups(job, to);
    fresh = apr_hash_get(job->renamed, name, APR_HASH_KEY_STRING);
    if (fresh)
        return fresh;
    fresh = apr_pstrmemdup(job->p, group.s, group.len);
    while (apr_hash_get(job->groups, used, APR_HASH_KEY_STRING)) {
        fresh = apr_psprintf(job->p, "item%d", ++job->new_groups);
        used = apr_psprintf(job->p, "ITEM%d", job->new_groups);
    }
    use_group(job, used);
    apr_hash_set(job->renamed, name, APR_HASH_KEY_STRING, fresh);
    return fresh;
}

static void put_line(room_job_t *job, const item_part_t *to, item_buf_t *b,
                     const item_entry_t *entry)
{
    item_span_t head = item_line_head(&entry->line);
    item_span_t group = entry->line.group;
    item_buf_t line = { NULL, NULL, 0, 0 };
    const char *name = group.len ? group_in(job, to, group) : NULL;

    if (!name || (strlen(name) == group.len
                  && !memcmp(name, group.s, group.len))) {
        item_raw_add(b, entry->raw, job->eol);
        return;
    }
    line.p = job->p;
    item_buf_puts(&line, name);
    item_buf_add(&line, head.s + group.len, head.len - group.len);
    item_buf_add(&line, entry->line.value.s, entry->line.value.len);
    item_fold_add(b, item_buf_span(&line), job->eol);
}

/** What is labelled comes with its label, of a device that knows any; what else
 * is in its group stands for itself. */
static void put_labelled(room_job_t *job, const item_part_t *to,
                         item_buf_t *b, const item_entry_t *entry)
{
    const item_entry_t *label;

    put_line(job, to, b, entry);
    for (label = entry->adjuncts; label; label = label->next)
        if (apr_hash_get(job->room->names,
                         item_span_upper(label->line.name, job->p),
                         APR_HASH_KEY_STRING))
            put_line(job, to, b, label);
}

void room_add(room_job_t *job, const item_part_t *to,
              const item_entry_t *entry)
{
    item_buf_t *more = apr_hash_get(job->more, &to, sizeof(to));

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
    put_labelled(job, to, more, entry);
}

void room_add_before(room_job_t *job, const item_part_t *to,
                     item_entry_t *theirs, const item_entry_t *entry)
{
    item_span_t text = theirs->instead.s ? theirs->instead : theirs->raw;
    item_buf_t lines = { NULL, NULL, 0, 0 };

    lines.p = job->p;
    put_labelled(job, to, &lines, entry);
    item_buf_add(&lines, text.s, text.len);
    theirs->instead = item_buf_span(&lines);
    job->done++;
}
