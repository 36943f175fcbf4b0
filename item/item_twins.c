/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Members of a set that say the same, of several kinds: see item_slots.h. */
#include <string.h>

#include <apr_hash.h>

#include "item/item_slots.h"

/** Lines of one kind: who has some, as bits of sides. */
typedef struct twin_t {
    int sides;
    const item_entry_t *theirs;
} twin_t;

#define HAS(twin, side)  ((twin)->sides & (1 << (side)))

/** The lines of a slot by their kinds. */
typedef struct twins_t {
    item_merging_t *m;
    int kind;                   /* of the component */
    int labels;                 /* what labels them tells kinds apart, too */
    apr_hash_t *known;          /* => twin_t */
} twins_t;

static twin_t *twin_of(twins_t *twins, const item_member_t *member)
{
    item_buf_t detail = { NULL, NULL, 0, 0 };
    item_merging_t *m = twins->m;
    item_span_t key;
    twin_t *twin;

    detail.p = m->p;
    item_buf_putc(&detail, ':');
    if (twins->labels)
        item_entry_detail(&detail, twins->kind, member->entry);
    else
        item_prop_detail(&detail, twins->kind, &member->entry->line);
    key = item_buf_span(&detail);
    twin = apr_hash_get(twins->known, key.s, (apr_ssize_t)key.len);
    if (!twin) {
        twin = apr_pcalloc(m->p, sizeof(*twin));
        /* A phone that knows no kinds has not made another one. */
        if (!m->docs[ITEM_BASE] && key.len == 1)
            twin->sides = 1 << ITEM_BASE;
        apr_hash_set(twins->known, key.s, (apr_ssize_t)key.len, twin);
    }
    return twin;
}

static void find_twins(twins_t *twins, const item_slot_t *slot, int labels)
{
    const item_member_t *member;
    twin_t *twin;
    int side;

    twins->labels = labels;
    twins->known = apr_hash_make(twins->m->p);
    for (side = 0; side < ITEM_SIDES; side++)
        for (member = slot->first[side]; member; member = member->next) {
            twin = twin_of(twins, member);
            twin->sides |= 1 << side;
            if (side == ITEM_THEIRS)
                twin->theirs = member->entry;
        }
}

/** Non-zero if of two sides each has what the other has. */
static int same_twins(twins_t *twins, const item_slot_t *slot, item_side_e a,
                      item_side_e b)
{
    const item_member_t *member;
    int i;

    for (i = 0; i < 2; i++)
        for (member = slot->first[i ? b : a]; member; member = member->next)
            if (!HAS(twin_of(twins, member), i ? a : b))
                return 0;
    return 1;
}

/** Labels count where theirs alone can have changed any: a device without
 * groups has none in the base either, and keeps what it does not know. */
static void make_twins(twins_t *twins, item_merging_t *m, int kind,
                       const item_slot_t *slot)
{
    twins->m = m;
    twins->kind = kind;
    if (m->docs[ITEM_BASE]) {
        find_twins(twins, slot, 1);
        if (same_twins(twins, slot, ITEM_BASE, ITEM_OURS))
            return;
    }
    find_twins(twins, slot, 0);
}

/** Non-zero if a line of ours is not one that theirs has removed. */
static int stays(const item_merging_t *m, const item_slot_t *slot,
                 const twin_t *twin)
{
    return HAS(twin, ITEM_THEIRS) || !HAS(twin, ITEM_BASE)
           || !m->docs[ITEM_BASE] || (m->spare && !slot->known);
}

static int is_new(const twin_t *twin)
{
    return twin->sides == 1 << ITEM_THEIRS;
}

static int has_twins(const item_slot_t *slot)
{
    const item_member_t *ours = slot->first[ITEM_OURS];

    return slot->member && slot->how != MERGE_LIST && ours
           && !ours->entry->part && slot->n[ITEM_THEIRS]
           && (slot->n[ITEM_BASE] > 1 || slot->n[ITEM_OURS] > 1
               || slot->n[ITEM_THEIRS] > 1);
}

int item_merge_twins(item_merging_t *m, item_adds_t *adds, int kind,
                     const item_slot_t *slot)
{
    item_member_t *member;
    twins_t twins;
    twin_t *twin;
    int left = 0;

    if (!has_twins(slot))
        return 0;
    make_twins(&twins, m, kind, slot);
    for (member = slot->first[ITEM_OURS]; member; member = member->next)
        left += stays(m, slot, twin_of(&twins, member));
    for (member = slot->first[ITEM_THEIRS]; member; member = member->next)
        left += is_new(twin_of(&twins, member));
    if (!left)
        return 0;
    m->not_theirs |= left != slot->n[ITEM_THEIRS];
    for (member = slot->first[ITEM_OURS]; member; member = member->next) {
        twin = twin_of(&twins, member);
        if (!stays(m, slot, twin)) {
            item_member_drop(m, member);
            m->not_ours = 1;
        }
        else if (!twin->theirs
                 || !item_same_octets(member->entry, twin->theirs, m->p))
            m->not_theirs = 1;
    }
    for (member = slot->first[ITEM_THEIRS]; member; member = member->next) {
        twin = twin_of(&twins, member);
        if (!is_new(twin))
            continue;
        item_adds_entry(adds, item_adds_place(adds, member->entry),
                        member->entry);
        twin->sides |= 1 << ITEM_OURS;
        m->not_ours = 1;
    }
    return 1;
}
