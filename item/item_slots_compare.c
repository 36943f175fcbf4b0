/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* How what is decided as one is compared: see item_slots_int.h. */
#include <string.h>

#include "item/item_slots_int.h"
#include "item/item_zone.h"

item_comp_t *item_sorter_comp(item_sorter_t *s)
{
    item_comp_t *comp = item_comp_make((item_kind_e)s->kind, &s->m->words,
                                       s->m->p);

    if (!s->m->looked_up) {
        s->m->looked_up = apr_palloc(s->m->p, sizeof(*s->m->looked_up));
        item_zones_init(s->m->looked_up, NULL, s->m->p);
    }
    comp->zones = s->m->looked_up;
    return comp;
}

int item_sorter_same_line(const item_entry_t *a, const item_entry_t *b)
{
    return !a->part && !b->part && !a->adjuncts && !b->adjuncts
           && a->raw.len == b->raw.len
           && !memcmp(a->raw.s, b->raw.s, a->raw.len);
}

int item_sorter_made_of(const item_comp_t *fn, const item_comp_t *n,
                        apr_pool_t *p)
{
    item_span_t a[32], b[32];
    int na = item_near_name(fn, a, 32, p), nb = item_near_name(n, b, 32, p);
    int i, j;

    for (i = 0; i < na; i++) {
        for (j = 0; j < nb; j++)
            if (a[i].len == b[j].len && !memcmp(a[i].s, b[j].s, a[i].len))
                break;
        if (j == nb)
            return 0;
    }
    return na > 0 && na < 32;
}

/** Properties whose meaning lies in all of them together. */
static item_span_t canon_together(item_sorter_t *s, const item_slot_t *slot,
                                  int side)
{
    item_comp_t *comp = item_sorter_comp(s);
    const item_member_t *member;

    for (member = slot->first[side]; member; member = member->next)
        item_comp_property(comp, &member->entry->line);
    return item_comp_finish(comp);
}

static int says_same(const item_sorter_t *s, const item_entry_t *a,
                     const item_entry_t *b)
{
    item_buf_t ta = { NULL, NULL, 0, 0 }, tb = { NULL, NULL, 0, 0 };

    if (!a || !b)
        return a == b;
    ta.p = tb.p = s->m->p;
    item_prop_value(&ta, s->kind, &a->line);
    item_prop_value(&tb, s->kind, &b->line);
    return ta.len == tb.len && (!ta.len || !memcmp(ta.s, tb.s, ta.len));
}

/** Non-zero if theirs has another FN than it had, and here the name is what it
 * was: an edit, though it may be made of words of N. */
static int is_fn_edited(const item_sorter_t *s, const item_slot_t *slot)
{
    static const item_span_t fn = { "FN", 2 }, n = { "N", 1 };
    const item_entry_t *was, *ours, *is;

    was = item_only_line(slot, ITEM_BASE, fn);
    ours = item_only_line(slot, ITEM_OURS, fn);
    is = item_only_line(slot, ITEM_THEIRS, fn);
    return !s->m->spare && was && ours && is
           && item_span_trim(is->line.value).len && says_same(s, was, ours)
           && !says_same(s, was, is)
           && says_same(s, item_only_line(slot, ITEM_BASE, n),
                        item_only_line(slot, ITEM_OURS, n));
}

/** N, and FN where it says more than N.
 * @param own  in: it counts whatever it says; out: it does */
static item_span_t canon_name(item_sorter_t *s, const item_slot_t *slot,
                              int side, int *own)
{
    item_comp_t *fn = item_comp_make(ITEM_VCARD30, &s->m->words, s->m->p);
    item_comp_t *n = item_comp_make(ITEM_VCARD30, &s->m->words, s->m->p);
    item_buf_t b = { NULL, NULL, 0, 0 };
    const item_member_t *member;

    b.p = s->m->p;
    for (member = slot->first[side]; member; member = member->next) {
        int is_fn = item_span_is(member->entry->line.name, "FN");

        item_comp_property(is_fn ? fn : n, &member->entry->line);
        if (!is_fn)
            item_prop_value(&b, s->kind, &member->entry->line);
    }
    *own = fn->fn.len && (*own || !n->has_name
                          || !item_sorter_made_of(fn, n, s->m->p));
    if (*own) {
        if (b.len)
            item_buf_putc(&b, '\x1e');
        item_buf_add(&b, fn->fn.s, fn->fn.len);
    }
    return item_buf_span(&b);
}

/** The lines' values and what counts of their parameters. */
static item_span_t canon_lines(item_sorter_t *s, const item_slot_t *slot,
                               int side, int *known)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    const item_member_t *member;
    apr_size_t before;

    b.p = s->m->p;
    for (member = slot->first[side]; member; member = member->next) {
        before = b.len;
        *known = item_prop_value(&b, s->kind, &member->entry->line);
        if (b.len > before && (member->entry->adjuncts || member->next
                               || member->entry->line.nparams)) {
            before = b.len;
            item_buf_putc(&b, '\x1d');
            item_entry_detail(&b, s->kind, member->entry);
            if (b.len == before + 1 && !member->next)
                b.len = before;
        }
    }
    return item_buf_span(&b);
}

/** An event's description that is its summary again is none. */
static int repeats_summary(const item_sorter_t *s, int side, item_span_t text)
{
    const item_entry_t *summary = item_part_find(s->parts[side], "SUMMARY");
    item_buf_t b = { NULL, NULL, 0, 0 };

    if (!summary)
        return 0;
    b.p = s->m->p;
    item_value_text(&b, summary->line.value);
    return b.len == text.len && (!b.len || !memcmp(b.s, text.s, b.len));
}

/** A side before another that has the same lines; the other one: none. */
static int same_lines(const item_slot_t *slot, int side)
{
    const item_member_t *a, *b;
    int other;

    for (other = 0; other < side; other++) {
        a = slot->first[other];
        b = slot->first[side];
        while (a && b && item_sorter_same_line(a->entry, b->entry)) {
            a = a->next;
            b = b->next;
        }
        if (!a && !b)
            return other;
    }
    return side;
}

void item_sorter_compare(item_sorter_t *s, item_slot_t *slot)
{
    int own[ITEM_SIDES] = { 0, 0, 0 }, side, like;
    int edited = slot->how == MERGE_NAME && is_fn_edited(s, slot);

    slot->known = 1;
    for (side = 0; side < ITEM_SIDES; side++) {
        slot->canon[side].s = "";
        if (!slot->n[side])
            continue;
        like = same_lines(slot, side);
        if (like != side) {
            slot->canon[side] = slot->canon[like];
            own[side] = own[like];
        }
        else if (slot->how == MERGE_TIME || slot->how == MERGE_STATE)
            slot->canon[side] = canon_together(s, slot, side);
        else if (slot->how == MERGE_NAME) {
            own[side] = edited;
            slot->canon[side] = canon_name(s, slot, side, &own[side]);
        }
        else if (slot->how == MERGE_PART || slot->how == MERGE_ZONE)
            slot->canon[side].len = 1;      /* compared by item_merge.c */
        else
            slot->canon[side] = canon_lines(s, slot, side, &slot->known);
    }
    for (side = 0; side < ITEM_SIDES; side++) {
        if (slot->how == MERGE_TEXT && s->kind != (int)ITEM_VCARD30
            && slot->canon[side].len
            && repeats_summary(s, side, slot->canon[side]))
            slot->canon[side].len = 0;
        slot->there[side] = slot->canon[side].len > 0;
    }
    if (slot->how == MERGE_NAME && own[ITEM_OURS] && !own[ITEM_THEIRS])
        slot->known = 0;        /* an FN that theirs does not know */
}

void item_sorter_compare_member(const item_sorter_t *s, item_slot_t *slot)
{
    const item_member_t *member = NULL;
    int side;

    for (side = 0; side < ITEM_SIDES && !member; side++)
        member = slot->first[side];
    slot->known = !member || member->entry->part
                  || item_prop_is_known(s->kind, &member->entry->line);
    for (side = 0; side < ITEM_SIDES; side++)
        if (!slot->canon[side].s)
            slot->canon[side].s = "";
}
