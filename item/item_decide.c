/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Which side a slot is taken from: see item_merge.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_slots.h"

void item_note_clash(item_merging_t *m, const char *name)
{
    int i;

    for (i = 0; i < m->clashes->nelts; i++)
        if (!strcmp(APR_ARRAY_IDX(m->clashes, i, const char *), name))
            return;
    if (m->clashes->nelts < ITEM_MAX_CLASHES)
        APR_ARRAY_PUSH(m->clashes, const char *) = name;
}

/* ---- parameters that are no matter of form -------------------------------- */

/** Parameters that come and go, or are compared otherwise. */
static int is_formal(item_span_t name)
{
    static const char *const formal[] = {
        "TYPE", "ENCODING", "CHARSET", "VALUE", "TZID", "PARTSTAT",
        "RELATED", "PREF", NULL
    };
    int i = 0;

    if (!name.len || (name.len > 1 && name.s[1] == '-'))
        return 1;
    while (formal[i] && !item_span_is(name, formal[i]))
        i++;
    return formal[i] != NULL;
}

/** Non-zero if a parameter that both lines have, say the name of an
 * attendee, has two values. */
static int params_differ(const item_member_t *a, const item_member_t *b)
{
    const item_line_t *la, *lb;
    int i, j;

    if (!a || !b || a->next || b->next || a->entry->part || b->entry->part)
        return 0;
    la = &a->entry->line;
    lb = &b->entry->line;
    for (i = 0; i < la->nparams; i++) {
        if (is_formal(la->params[i].name))
            continue;
        for (j = 0; j < lb->nparams; j++) {
            item_span_t x = la->params[i].value, y = lb->params[j].value;

            if (la->params[i].name.len == lb->params[j].name.len
                && !strncasecmp(la->params[i].name.s, lb->params[j].name.s,
                                la->params[i].name.len)
                && (x.len != y.len || memcmp(x.s, y.s, x.len)))
                return 1;
        }
    }
    return 0;
}

int item_same_octets(const item_entry_t *a, const item_entry_t *b,
                     apr_pool_t *p)
{
    item_span_t ha, hb;

    if (!a->part != !b->part)
        return 0;
    if (a->part) {
        item_buf_t ta = { NULL, NULL, 0, 0 }, tb = { NULL, NULL, 0, 0 };

        ta.p = tb.p = p;
        item_part_keep(&ta, a->part);
        item_part_keep(&tb, b->part);
        return ta.len == tb.len && !memcmp(ta.s, tb.s, ta.len);
    }
    ha = item_line_head(&a->line);
    hb = item_line_head(&b->line);
    return ha.len == hb.len && !memcmp(ha.s, hb.s, ha.len)
           && a->line.value.len == b->line.value.len
           && !memcmp(a->line.value.s, b->line.value.s, a->line.value.len);
}

/** Non-zero if an entry has each label of another. */
static int has_labels(const item_entry_t *entry, const item_entry_t *of,
                      apr_pool_t *p)
{
    const item_entry_t *o, *e = entry->adjuncts;

    for (o = of->adjuncts; o; o = o->next) {
        if (!e || !item_same_octets(o, e, p))
            return 0;
        e = e->next;
    }
    return 1;
}

/** Non-zero if each label of ours is theirs as well, or was there when theirs
 * was edited: then it was changed or taken away there. */
static int loses_no_label(const item_member_t *base, const item_entry_t *ours,
                          const item_entry_t *theirs, apr_pool_t *p)
{
    return has_labels(theirs, ours, p)
           || (base && has_labels(base->entry, ours, p));
}

void item_keeps_ours(item_merging_t *m, const item_slot_t *slot)
{
    const item_member_t *ours = slot->first[ITEM_OURS];
    const item_member_t *theirs = slot->first[ITEM_THEIRS];

    for (; ours && theirs && !m->not_theirs; ours = ours->next) {
        if (!item_same_octets(ours->entry, theirs->entry, m->p)
            || !loses_no_label(slot->first[ITEM_BASE], ours->entry,
                               theirs->entry, m->p))
            m->not_theirs = 1;
        theirs = theirs->next;
    }
    if (ours)
        m->not_theirs = 1;
}

static int has_line(const item_slot_t *slot, item_side_e side,
                    const char *name)
{
    const item_member_t *member = slot->first[side];

    while (member && !item_span_is(member->entry->line.name, name))
        member = member->next;
    return member != NULL;
}

/** A slot that says the same on both sides: ours, unless theirs alone
 * changed such a parameter. */
static item_side_e same_meaning(item_merging_t *m, const item_slot_t *slot)
{
    const item_member_t *base = slot->first[ITEM_BASE];
    const item_member_t *ours = slot->first[ITEM_OURS];
    const item_member_t *theirs = slot->first[ITEM_THEIRS];

    /* "N:Jo D" and "FN:Jo D" are one name; with both it is a card, unless it
     * was ours that wrote the one for the other. */
    if (slot->how == MERGE_NAME && has_line(slot, ITEM_THEIRS, "FN")
        && !has_line(slot, ITEM_THEIRS, "N")
        && !has_line(slot, ITEM_OURS, "FN")
        && !has_line(slot, ITEM_BASE, "FN")) {
        m->not_ours = m->not_theirs = 1;
        return ITEM_THEIRS;
    }
    if (!params_differ(ours, theirs)) {
        item_keeps_ours(m, slot);
        return ITEM_OURS;
    }
    if (params_differ(base, theirs) && base && !params_differ(base, ours)) {
        m->not_ours = 1;
        return ITEM_THEIRS;
    }
    m->not_theirs = 1;
    return ITEM_OURS;
}

/* ---- clashes -------------------------------------------------------------- */

int item_is_poorer(item_span_t a, item_span_t b)
{
    while (a.len) {
        const char *end_a = memchr(a.s, ITEM_SEP, a.len);
        const char *end_b = b.len ? memchr(b.s, ITEM_SEP, b.len) : NULL;
        apr_size_t len_a = end_a ? (apr_size_t)(end_a - a.s) : a.len;
        apr_size_t len_b = end_b ? (apr_size_t)(end_b - b.s) : b.len;

        if (len_a > len_b || (len_a && memcmp(a.s, b.s, len_a)))
            return 0;
        a.s += len_a + (end_a != NULL);
        a.len -= len_a + (end_a != NULL);
        b.s += len_b + (end_b != NULL);
        b.len -= len_b + (end_b != NULL);
    }
    return 1;
}

/** Non-zero if all canonical lines of a, or the names of all, are in b. */
static int is_within(item_span_t a, item_span_t b, int names)
{
    while (a.len) {
        const char *end = memchr(a.s, '\x1e', a.len);
        apr_size_t line = end ? (apr_size_t)(end - a.s) : a.len;
        const char *colon = names ? memchr(a.s, ':', line) : NULL;
        apr_size_t wanted = colon ? (apr_size_t)(colon - a.s) : line;

        /* Both are sorted, so what b has before it is done with. */
        for (;;) {
            const char *b_end = b.len ? memchr(b.s, '\x1e', b.len) : NULL;
            apr_size_t b_line = b_end ? (apr_size_t)(b_end - b.s) : b.len;

            if (b_line >= wanted && !memcmp(a.s, b.s, wanted)
                && (b_line == wanted || (names && b.s[wanted] == ':')))
                break;
            if (!b_end)
                return 0;
            b.len -= b_line + 1;
            b.s = b_end + 1;
        }
        a.s += line + (end != NULL);
        a.len -= line + (end != NULL);
    }
    return 1;
}

/** Non-zero if both sides' starts may be the same moment, on two clocks. */
static int on_two_clocks(const item_slot_t *slot)
{
    item_time_t start[ITEM_SIDES];
    const item_member_t *member;
    int side;

    memset(start, 0, sizeof(start));
    for (side = ITEM_OURS; side < ITEM_SIDES; side++) {
        for (member = slot->first[side]; member; member = member->next) {
            const item_param_t *zone = item_line_param(&member->entry->line,
                                                       "TZID");
            item_span_t name = { "", 0 };

            if (zone)
                name = zone->value;
            if (item_span_is(member->entry->line.name, "DTSTART"))
                item_time_parse(&start[side], member->entry->line.value,
                                name);
        }
    }
    return start[ITEM_OURS].kind != ITEM_TIME_NONE
           && start[ITEM_THEIRS].kind != ITEM_TIME_NONE
           && !item_time_same_clock(&start[ITEM_OURS], &start[ITEM_THEIRS]);
}

/** Without a base: the side that has all that the other has, ITEM_BASE:
 * neither. */
static item_side_e richer(const item_slot_t *slot, int names)
{
    item_span_t ours = slot->canon[ITEM_OURS];
    item_span_t theirs = slot->canon[ITEM_THEIRS];

    if (slot->how == MERGE_TIME || slot->how == MERGE_STATE) {
        int ours_within = is_within(ours, theirs, names);
        int theirs_within = is_within(theirs, ours, names);

        return ours_within == theirs_within ? ITEM_BASE
               : theirs_within ? ITEM_OURS : ITEM_THEIRS;
    }
    if (names || !(item_slot_is_text(slot) || slot->member))
        return ITEM_BASE;
    return item_is_poorer(theirs, ours) ? ITEM_OURS
           : item_is_poorer(ours, theirs) ? ITEM_THEIRS : ITEM_BASE;
}

/** Both sides changed it, or there is no base to tell who did. */
static item_side_e clash(item_merging_t *m, const item_slot_t *slot)
{
    item_side_e prefer = m->theirs_first ? ITEM_THEIRS : ITEM_OURS;
    const item_span_t *canon = slot->canon;
    int poor[ITEM_SIDES], i;

    if (!m->docs[ITEM_BASE]) {
        item_side_e side = richer(slot, 0);

        if (side != ITEM_BASE)
            return side;
        item_note_clash(m, slot->name);
        if (slot->how == MERGE_TIME && on_two_clocks(slot))
            side = richer(slot, 1);     /* who has a recurrence keeps it */
        return side == ITEM_BASE ? prefer : side;
    }
    item_note_clash(m, slot->name);
    if (!slot->there[ITEM_OURS] || !slot->there[ITEM_THEIRS])
        return slot->there[ITEM_OURS] ? ITEM_OURS : ITEM_THEIRS;
    for (i = ITEM_OURS; i < ITEM_SIDES; i++)
        poor[i] = item_slot_is_text(slot)
                  && item_is_poorer(canon[i], canon[ITEM_BASE]);
    if (poor[ITEM_OURS] != poor[ITEM_THEIRS])
        return poor[ITEM_OURS] ? ITEM_THEIRS : ITEM_OURS;
    return prefer;
}

/** Theirs has removed what ours has besides with a label of a group, which
 * theirs does not know. */
static int is_removed_labelled(item_merging_t *m, const item_slot_t *slot)
{
    const item_member_t *base = slot->first[ITEM_BASE];
    const item_member_t *ours = slot->first[ITEM_OURS];

    return slot->member && base && ours && !slot->there[ITEM_THEIRS]
           && slot->n[ITEM_BASE] == 1 && slot->n[ITEM_OURS] == 1
           && !ours->entry->part && ours->entry->adjuncts
           && !base->entry->adjuncts
           && item_same_detail((int)ITEM_VCARD30, base->entry, ours->entry,
                               m->p);
}

item_side_e item_decide(item_merging_t *m, const item_slot_t *slot)
{
    if (item_slot_same(slot, ITEM_OURS, ITEM_THEIRS))
        return same_meaning(m, slot);
    if (m->spare && !slot->known && slot->there[ITEM_OURS]
        && (!slot->there[ITEM_THEIRS] || slot->how == MERGE_NAME))
        return ITEM_OURS;
    /* Nobody is without a name because a phone has no place for it. */
    if (slot->how == MERGE_NAME && slot->there[ITEM_OURS]
        && !slot->there[ITEM_THEIRS])
        return ITEM_OURS;
    /* No event is without a start because a device has lost the line. */
    if (slot->how == MERGE_TIME && m->docs[ITEM_OURS]->kind == ITEM_VEVENT
        && has_line(slot, ITEM_OURS, "DTSTART")
        && !has_line(slot, ITEM_THEIRS, "DTSTART"))
        return ITEM_OURS;
    if (item_slot_same(slot, ITEM_OURS, ITEM_BASE)
        || is_removed_labelled(m, slot))
        return ITEM_THEIRS;
    if (item_slot_same(slot, ITEM_THEIRS, ITEM_BASE))
        return ITEM_OURS;
    return clash(m, slot);
}

/** Digits at the beginning of a value, as far as they fit. */
static apr_int64_t number_of(item_span_t text)
{
    apr_int64_t n = 0;

    text = item_span_trim(text);
    for (; text.len && apr_isdigit(*text.s) && n < APR_INT32_MAX; text.s++) {
        n = n * 10 + (*text.s - '0');
        text.len--;
    }
    return n;
}

item_side_e item_greatest(const item_slot_t *slot)
{
    static const item_span_t no_zone = { "", 0 };
    const item_member_t *ours = slot->first[ITEM_OURS];
    const item_member_t *theirs = slot->first[ITEM_THEIRS];
    item_time_t a, b;

    if (!ours || !theirs)
        return theirs ? ITEM_THEIRS : ITEM_OURS;
    if (slot->how == MERGE_GREATEST)
        return number_of(theirs->entry->line.value)
               > number_of(ours->entry->line.value) ? ITEM_THEIRS
                                                    : ITEM_OURS;
    item_time_parse(&a, ours->entry->line.value, no_zone);
    item_time_parse(&b, theirs->entry->line.value, no_zone);
    return b.kind != ITEM_TIME_NONE
           && (a.kind == ITEM_TIME_NONE || b.secs > a.secs)
           ? ITEM_THEIRS : ITEM_OURS;
}
