/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_slots_int.h
 * @brief What item_slots*.c share: the sorting of lines into slots.
 *
 * Private to item/.
 */
#ifndef SYNCML_ITEM_SLOTS_INT_H
#define SYNCML_ITEM_SLOTS_INT_H

#include "item/item_slots.h"

/** A component of three sides on its way. */
typedef struct item_sorter_t {
    item_merging_t *m;
    item_part_t *const *parts;
    int kind;
    apr_hash_t *known;          /* key => slot */
    apr_array_header_t *slots;  /* item_slot_t *, as they come */
    int moved;                  /* ours and theirs start at different times */
    int names;                  /* FN stands several times: each for itself */
    item_comp_t *times[ITEM_SIDES];     /* for alarms */
} item_sorter_t;

/* ---- item_slots_compare.c ------------------------------------------------- */

/** A component to compare with, which shares the zones that were looked up. */
item_comp_t *item_sorter_comp(item_sorter_t *s);

/** Non-zero if two lines are the same octets, and nothing belongs to them:
 * then all that is made of them is the same. */
int item_sorter_same_line(const item_entry_t *a, const item_entry_t *b);

/** Non-zero if all words of an FN are in an N. */
int item_sorter_made_of(const item_comp_t *fn, const item_comp_t *n,
                        apr_pool_t *p);

/** How a slot that is decided as a whole is compared: fill in canon, there and
 * known. */
void item_sorter_compare(item_sorter_t *s, item_slot_t *slot);

/** The same of a member of a set, whose canon is known: whether clients drop
 * such shows in any side's. */
void item_sorter_compare_member(const item_sorter_t *s, item_slot_t *slot);

#endif
