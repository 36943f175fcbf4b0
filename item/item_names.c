/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Names of a card, of which a device may know but one: see item_slots.h. */
#include <string.h>
#include <strings.h>

#include "item/item_slots.h"

/* So many lines of a side are compared one by one. */
#define MAX_NAMES  16

item_entry_t *item_only_line(const item_slot_t *slot, item_side_e side,
                             item_span_t name)
{
    const item_member_t *member;
    item_entry_t *found = NULL;

    for (member = slot->first[side]; member; member = member->next) {
        item_span_t other = member->entry->line.name;

        if (member->entry->part || member->number >= 0
            || other.len != name.len
            || strncasecmp(other.s, name.s, name.len) != 0)
            continue;
        if (found)
            return NULL;
        found = member->entry;
    }
    return found;
}

/** A line's value without its escapes, which is asked for again and again. */
static item_span_t text_of(item_merging_t *m, const item_entry_t *entry)
{
    item_span_t *text;
    const item_entry_t **key;
    item_buf_t b = { NULL, NULL, 0, 0 };

    if (!m->texts)
        m->texts = apr_hash_make(m->p);
    text = apr_hash_get(m->texts, &entry, sizeof(entry));
    if (!text) {
        b.p = m->p;
        item_value_text(&b, entry->line.value);
        text = apr_palloc(m->p, sizeof(*text));
        *text = item_buf_span(&b);
        key = apr_palloc(m->p, sizeof(*key));
        *key = entry;
        apr_hash_set(m->texts, key, sizeof(*key), text);
    }
    return *text;
}

static int same_value(item_merging_t *m, const item_entry_t *a,
                      const item_entry_t *b)
{
    item_span_t ta = text_of(m, a), tb = text_of(m, b);

    return ta.len == tb.len && (!ta.len || !memcmp(ta.s, tb.s, ta.len));
}

/** Non-zero if there are not too many to look at. */
static int are_few(const item_slot_t *slot)
{
    return slot->n[ITEM_BASE] <= MAX_NAMES && slot->n[ITEM_OURS] <= MAX_NAMES
           && slot->n[ITEM_THEIRS] <= MAX_NAMES;
}

item_entry_t *item_line_like(item_merging_t *m, const item_slot_t *slot,
                             item_side_e side, const item_entry_t *like)
{
    const item_member_t *member;

    for (member = slot->first[side]; member; member = member->next)
        if (member->entry->line.name.len == like->line.name.len
            && same_value(m, member->entry, like))
            return member->entry;
    return NULL;
}

const item_entry_t *item_name_before(item_merging_t *m,
                                     const item_slot_t *slot,
                                     const item_entry_t *theirs)
{
    const item_entry_t *same, *left = NULL;
    const item_member_t *member;

    if (!are_few(slot))
        return NULL;
    same = item_line_like(m, slot, ITEM_BASE, theirs);
    for (member = slot->first[ITEM_BASE]; !same && member;
         member = member->next) {
        if (member->entry->line.name.len != theirs->line.name.len
            || item_line_like(m, slot, ITEM_THEIRS, member->entry))
            continue;
        if (left)
            return NULL;
        left = member->entry;
    }
    return same ? same : left;
}

/** Non-zero for a name of ours that is none of those that a device had; those
 * that were edited here stand before such. */
static int is_unknown_name(item_merging_t *m, const item_slot_t *slot,
                           const item_entry_t *ours)
{
    const item_member_t *member;
    int had = 0, edited = 0;

    if (!are_few(slot))
        return 0;
    for (member = slot->first[ITEM_BASE]; member; member = member->next) {
        if (member->entry->line.name.len != ours->line.name.len)
            continue;
        had = 1;
        edited += !item_line_like(m, slot, ITEM_OURS, member->entry);
    }
    for (member = slot->first[ITEM_OURS]; had && member;
         member = member->next) {
        if (member->entry->line.name.len == ours->line.name.len
            && !item_line_like(m, slot, ITEM_BASE, member->entry)
            && edited-- <= 0 && member->entry == ours)
            return 1;
    }
    return 0;
}

static const item_span_t name_of_card = { "N", 1 };

/** The N of ours that theirs has changed. */
static const item_entry_t *former_name(item_merging_t *m,
                                       const item_slot_t *slot,
                                       const item_entry_t *now)
{
    const item_entry_t *was = item_only_line(slot, ITEM_OURS, name_of_card);
    const item_entry_t *base = was || !now ? NULL
                               : item_name_before(m, slot, now);

    return base ? item_line_like(m, slot, ITEM_OURS, base) : was;
}

void item_keep_names(item_merging_t *m, const item_slot_t *slot)
{
    const item_entry_t *now = item_only_line(slot, ITEM_THEIRS, name_of_card);
    const item_entry_t *was = former_name(m, slot, now);
    item_member_t *member, *theirs;

    for (member = slot->first[ITEM_OURS]; member; member = member->next) {
        item_span_t name = member->entry->line.name;

        theirs = slot->first[ITEM_THEIRS];
        while (theirs && theirs->entry->line.name.len != name.len)
            theirs = theirs->next;
        if (theirs && !is_unknown_name(m, slot, member->entry))
            continue;
        member->entry->gone = 0;
        m->not_theirs = 1;
        if (was && now && item_span_is(name, "FN"))
            item_revise_fn(m, member->entry, was, now);
    }
}

/** Non-zero if theirs has changed an FN that it had, or made one more. */
static int has_changed_fn(const apr_array_header_t *slots)
{
    const item_slot_t *slot;
    int i;

    for (i = 0; i < slots->nelts; i++) {
        slot = APR_ARRAY_IDX(slots, i, const item_slot_t *);
        if (!strcmp(slot->name, "FN") && slot->there[ITEM_THEIRS]
            && (!slot->member || !slot->there[ITEM_BASE]))
            return 1;
    }
    return 0;
}

void item_follow_names(item_merging_t *m, const item_slot_t *name,
                       const apr_array_header_t *slots)
{
    const item_entry_t *was, *now;
    const item_member_t *member;
    const item_slot_t *slot;
    int i;

    if (!has_changed_fn(slots))
        return;
    now = item_only_line(name, ITEM_THEIRS, name_of_card);
    was = now ? former_name(m, name, now) : NULL;
    for (i = 0; was && i < slots->nelts; i++) {
        slot = APR_ARRAY_IDX(slots, i, const item_slot_t *);
        if (!slot->member || strcmp(slot->name, "FN")
            || slot->there[ITEM_BASE] || slot->there[ITEM_THEIRS])
            continue;
        for (member = slot->first[ITEM_OURS]; member; member = member->next)
            item_revise_fn(m, member->entry, was, now);
    }
}
