/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A value that was edited stays in its own line: see item_slots.h.
 *
 * Devices send a line back without the parameters and groups that they do not
 * know, and write components of a name in their own way.  So of a line that
 * they have changed the value is taken, component by component, and of its
 * parameters what they changed; the rest is as it was.
 */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_slots.h"

/* So many members of sets are compared one by one. */
#define MAX_PAIRS  64

/* ---- values --------------------------------------------------------------- */

static int same_span(item_span_t a, item_span_t b)
{
    return a.len == b.len && !strncasecmp(a.s, b.s, a.len);
}

int item_same_detail(int kind, const item_entry_t *a, const item_entry_t *b,
                     apr_pool_t *p)
{
    item_buf_t da = { NULL, NULL, 0, 0 }, db = { NULL, NULL, 0, 0 };

    da.p = db.p = p;
    item_prop_detail(&da, kind, &a->line);
    item_prop_detail(&db, kind, &b->line);
    return da.len == db.len && (!da.len || !memcmp(da.s, db.s, da.len));
}

static int says_same(item_span_t a, item_span_t b, apr_pool_t *p)
{
    item_buf_t ta = { NULL, NULL, 0, 0 }, tb = { NULL, NULL, 0, 0 };

    ta.p = tb.p = p;
    item_value_text(&ta, a);
    item_value_text(&tb, b);
    return ta.len == tb.len && (!ta.len || !memcmp(ta.s, tb.s, ta.len));
}

static int same_value_of(int kind, const item_entry_t *a,
                         const item_entry_t *b, apr_pool_t *p)
{
    item_buf_t va = { NULL, NULL, 0, 0 }, vb = { NULL, NULL, 0, 0 };

    va.p = vb.p = p;
    item_prop_value(&va, kind, &a->line);
    item_prop_value(&vb, kind, &b->line);
    return va.len == vb.len && (!va.len || !memcmp(va.s, vb.s, va.len));
}

/** Of components those of ours that theirs has not changed. */
static void put_components(item_buf_t *b, item_span_t base, item_span_t ours,
                           item_span_t theirs)
{
    item_span_t t, o, was;
    int first = 1;

    while (item_value_next(&theirs, ';', &t)) {
        int have_ours = item_value_next(&ours, ';', &o);
        int have_base = item_value_next(&base, ';', &was);

        if (!first)
            item_buf_putc(b, ';');
        first = 0;
        if (have_ours && have_base && says_same(t, was, b->p))
            t = o;
        item_buf_add(b, t.s, t.len);
    }
}

static int has_components(item_span_t name)
{
    return item_span_is(name, "N") || item_span_is(name, "ADR")
           || item_span_is(name, "ORG");
}

/** Non-zero if the lines are of two people: their names, and whether they
 * come, are no matter of form. */
static int is_other_person(int kind, const item_entry_t *a,
                           const item_entry_t *b, apr_pool_t *p)
{
    return (item_span_is(a->line.name, "ATTENDEE")
            || item_span_is(a->line.name, "ORGANIZER"))
           && !same_value_of(kind, a, b, p);
}

static int is_encoded(const item_entry_t *entry)
{
    return item_line_param(&entry->line, "ENCODING") != NULL
           || (entry->line.value.len > 5
               && !strncasecmp(entry->line.value.s, "data:", 5));
}

/** Non-zero if theirs has no labels of its own. */
static int same_adjuncts(const item_entry_t *ours, const item_entry_t *theirs,
                         apr_pool_t *p)
{
    const item_entry_t *o, *t = theirs->adjuncts;

    for (; t; t = t->next) {
        for (o = ours->adjuncts; o; o = o->next)
            if (same_span(o->line.name, t->line.name)
                && says_same(o->line.value, t->line.value, p))
                break;
        if (!o)
            return 0;
    }
    return 1;
}

/** Non-zero if an unfolded text is that line. */
static int is_line(item_span_t text, const item_line_t *line)
{
    item_span_t head = item_line_head(line);

    return text.len == head.len + line->value.len
           && !memcmp(text.s, head.s, head.len)
           && !memcmp(text.s + head.len, line->value.s, line->value.len);
}

int item_revise(item_merging_t *m, int kind, const item_entry_t *base,
                item_entry_t *ours, const item_entry_t *theirs)
{
    item_buf_t line = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };

    if (!base || base->part || ours->part || theirs->part || ours->line.junk
        || theirs->line.junk || !same_adjuncts(ours, theirs, m->p)
        || is_other_person(kind, ours, theirs, m->p) || is_encoded(ours)
        || is_encoded(theirs) || item_line_param(&theirs->line, "TZID")
        || item_line_param(&ours->line, "TZID"))
        return 0;
    line.p = out.p = m->p;
    if (ours->line.group.len) {
        item_buf_add(&line, ours->line.group.s, ours->line.group.len);
        item_buf_putc(&line, '.');
    }
    item_buf_add(&line, ours->line.name.s, ours->line.name.len);
    item_put_params(&line, kind, base, ours, theirs);
    item_buf_putc(&line, ':');
    if (has_components(ours->line.name)
        && same_value_of(kind, base, ours, m->p))
        put_components(&line, base->line.value, ours->line.value,
                       theirs->line.value);
    else
        item_buf_add(&line, theirs->line.value.s, theirs->line.value.len);
    item_fold_add(&out, item_buf_span(&line), m->docs[ITEM_OURS]->eol);
    ours->instead = item_buf_span(&out);
    /* Labels that theirs does not know stay, too. */
    if ((ours->adjuncts && !base->adjuncts)
        || !is_line(item_buf_span(&line), &theirs->line))
        m->not_theirs = 1;
    return 1;
}

/* ---- names ---------------------------------------------------------------- */

#define NAMES  ITEM_NAMES

static item_span_t plain(item_span_t value, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = p;
    item_unescape(&b, value);
    return item_span_trim(item_buf_span(&b));
}

static void names_of(const item_entry_t *n, item_span_t *names, apr_pool_t *p)
{
    item_span_t rest = n->line.value, word;
    int i = 0;

    memset(names, 0, NAMES * sizeof(*names));
    while (i < NAMES && item_value_next(&rest, ';', &word))
        names[i++] = plain(word, p);
}

static item_span_t joined(const item_span_t *names, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = p;
    item_value_names(&b, names);
    return item_buf_span(&b);
}

static int is_edge(item_span_t text, apr_size_t at)
{
    return at >= text.len || strchr(" ,.;()\"'-\\", text.s[at]) != NULL;
}

/** Where a word stands in a text, once. @return text.len: not, or twice */
static apr_size_t only_place(item_span_t text, item_span_t word)
{
    apr_size_t i, found = text.len;

    for (i = 0; word.len && i + word.len <= text.len; i++) {
        if (memcmp(text.s + i, word.s, word.len) != 0
            || (i && !is_edge(text, i - 1)) || !is_edge(text, i + word.len))
            continue;
        if (found < text.len)
            return text.len;
        found = i;
    }
    return found;
}

static int is_word(item_span_t a, item_span_t b)
{
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

static int is_comma_or_blank(char c)
{
    return c == ' ' || c == ',';
}

/** A text with a word for another; without one also without a blank, and
 * without the comma before or behind which nothing is left. */
static item_span_t with_word(item_span_t text, apr_size_t at, apr_size_t len,
                             item_span_t word, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    apr_size_t behind = at + len;

    b.p = p;
    if (!word.len && !at)
        while (behind < text.len && is_comma_or_blank(text.s[behind]))
            behind++;
    else if (!word.len && behind < text.len && text.s[behind] == ' ')
        behind++;
    else if (!word.len && behind == text.len)
        while (at && is_comma_or_blank(text.s[at - 1]))
            at--;
    item_buf_add(&b, text.s, at);
    item_buf_add(&b, word.s, word.len);
    item_buf_add(&b, text.s + behind, text.len - behind);
    return item_buf_span(&b);
}

/** Each part that was changed, where it stands in the text; from the last
 * one on, so that the others stay where they were found. */
static item_span_t with_names(item_span_t text, const item_span_t *old,
                              const item_span_t *new, apr_pool_t *p)
{
    apr_size_t at[NAMES] = { 0 }, end = text.len;
    int i, last;

    for (i = 0; i < NAMES; i++)
        at[i] = is_word(old[i], new[i]) ? text.len
                                        : only_place(text, old[i]);
    do {
        for (i = 0, last = -1; i < NAMES; i++)
            if (at[i] < end && (last < 0 || at[i] > at[last]))
                last = i;
        if (last < 0)
            break;
        if (at[last] + old[last].len <= end)
            text = with_word(text, at[last], old[last].len, new[last], p);
        end = at[last];
    } while (end);
    return text;
}

void item_revise_fn(item_merging_t *m, item_entry_t *fn,
                    const item_entry_t *was, const item_entry_t *now)
{
    item_span_t old[NAMES], new[NAMES], text = plain(fn->line.value, m->p);
    item_span_t is = text, head;
    item_buf_t line = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };

    names_of(was, old, m->p);
    names_of(now, new, m->p);
    line.p = out.p = m->p;
    text = is_word(joined(old, m->p), is) ? joined(new, m->p)
                                          : with_names(is, old, new, m->p);
    if (!text.len || is_word(text, is))
        return;
    head = item_line_head(&fn->line);
    item_buf_add(&line, head.s, head.len);
    item_escape(&line, text);
    item_fold_add(&out, item_buf_span(&line), m->docs[ITEM_OURS]->eol);
    fn->instead = item_buf_span(&out);
    m->not_theirs = 1;
}

/* ---- alarms --------------------------------------------------------------- */

static int same_keep(item_span_t text, const item_part_t *part, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = p;
    item_part_keep(&b, part);
    return b.len == text.len && !memcmp(b.s, text.s, b.len);
}

/** Both are times before or after the start, which one may say and the other
 * need not. */
static int are_from_start(const item_entry_t *ours,
                          const item_entry_t *theirs)
{
    const item_entry_t *entries[2] = { ours, theirs };
    const item_param_t *from;
    apr_int64_t secs;
    int i;

    for (i = 0; i < 2; i++) {
        from = item_line_param(&entries[i]->line, "RELATED");
        if (!item_duration_parse(entries[i]->line.value, &secs)
            || (from && !item_span_is(from->value, "START")))
            return 0;
    }
    return 1;
}

/** The time of an alarm that has one, NULL: none, or several. */
static const item_entry_t *only_trigger(const item_part_t *alarm)
{
    const item_entry_t *first = item_part_find(alarm, "TRIGGER");

    return first == item_part_find_last(alarm, "TRIGGER") ? first : NULL;
}

int item_revise_alarm(item_merging_t *m, item_entry_t *ours,
                      const item_entry_t *theirs)
{
    const item_entry_t *when = only_trigger(theirs->part);
    const item_entry_t *was = only_trigger(ours->part);
    const item_part_t *part = ours->part;
    item_buf_t out = { NULL, NULL, 0, 0 };
    int i;

    if (!when || !was)
        return 0;
    out.p = m->p;
    item_buf_add(&out, part->begin.s, part->begin.len);
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part)
            item_part_keep(&out, entry->part);
        else if (entry != was)
            item_buf_add(&out, entry->raw.s, entry->raw.len);
        else if (are_from_start(was, when)) {
            item_span_t head = item_line_head(&was->line);

            item_buf_add(&out, head.s, head.len);
            item_buf_add(&out, when->line.value.s, when->line.value.len);
            item_buf_puts(&out, m->docs[ITEM_OURS]->eol);
        }
        else
            item_raw_add(&out, when->raw, m->docs[ITEM_OURS]->eol);
    }
    item_buf_add(&out, part->end.s, part->end.len);
    ours->instead = item_buf_span(&out);
    if (!same_keep(ours->instead, theirs->part, m->p))
        m->not_theirs = 1;
    return 1;
}

/* ---- members of sets ------------------------------------------------------ */

/** A member that stands once, in a set of properties. */
static int is_single(const item_slot_t *slot, item_side_e side)
{
    const item_member_t *member = slot->first[side];

    return slot->member && slot->there[side] && slot->n[side] == 1
           && !member->entry->part && member->number < 0
           && slot->how != MERGE_LIST;
}

static item_span_t value_of(item_merging_t *m, int kind,
                            const item_slot_t *slot, item_side_e side)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = m->p;
    item_prop_value(&b, kind, &slot->first[side]->entry->line);
    return item_buf_span(&b);
}

/** What a member says and of which kind, and what labels it, since that
 * alone may be edited. */
static item_span_t canon_of(item_merging_t *m, int kind,
                            const item_slot_t *slot, item_side_e side)
{
    item_span_t value = value_of(m, kind, slot, side);
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = m->p;
    item_buf_add(&b, value.s, value.len);
    item_buf_putc(&b, '\x1d');
    item_entry_detail(&b, kind, slot->first[side]->entry);
    return item_buf_span(&b);
}

/** One slot of two: what theirs has removed became what theirs has added. */
static void pair(item_merging_t *m, int kind, item_slot_t *removed,
                 item_slot_t *added)
{
    removed->canon[ITEM_BASE] = removed->canon[ITEM_OURS] =
        canon_of(m, kind, removed, ITEM_OURS);
    removed->canon[ITEM_THEIRS] = canon_of(m, kind, added, ITEM_THEIRS);
    removed->first[ITEM_THEIRS] = added->first[ITEM_THEIRS];
    removed->n[ITEM_THEIRS] = 1;
    removed->there[ITEM_THEIRS] = 1;
    removed->how = MERGE_ONE;
    removed->member = 0;
    added->split = 1;
}

typedef struct pairs_t {
    item_slot_t *removed[MAX_PAIRS], *added[MAX_PAIRS];
    int nremoved, nadded;
} pairs_t;

/** Of what was removed the one that is most like what was added; where there
 * is one of either, of that name and kind, they need not be alike. */
static item_slot_t *partner_of(item_merging_t *m, int kind, pairs_t *pairs,
                               const item_slot_t *added)
{
    item_span_t value = value_of(m, kind, added, ITEM_THEIRS), other;
    item_slot_t *best = NULL, *slot;
    apr_size_t most = 0;
    int same = 0, rivals = 0, i;

    for (i = 0; i < pairs->nadded; i++)
        rivals += !pairs->added[i]->split
                  && !strcmp(pairs->added[i]->name, added->name);
    for (i = 0; i < pairs->nremoved; i++) {
        apr_size_t like, least;

        slot = pairs->removed[i];
        if (!slot->member || strcmp(slot->name, added->name))
            continue;
        other = value_of(m, kind, slot, ITEM_OURS);
        like = item_span_ends(value, other, 0);
        least = value.len < other.len ? value.len : other.len;
        same++;
        if (like * 2 < least && (same > 1 || rivals > 1))
            continue;
        if (!best || like > most) {
            best = slot;
            most = like;
        }
    }
    if (best && same > 1) {
        other = value_of(m, kind, best, ITEM_OURS);
        if (most * 2 < (value.len < other.len ? value.len : other.len))
            return NULL;
    }
    return best;
}

/** An alarm that rings at another time, the only one of which that is so. */
static void pair_alarms(apr_array_header_t *slots)
{
    item_slot_t *removed = NULL, *added = NULL, *slot;
    int i, n = 0;

    for (i = 0; i < slots->nelts; i++) {
        slot = APR_ARRAY_IDX(slots, i, item_slot_t *);
        if (slot->how != MERGE_ALARM || !slot->member || slot->split
            || slot->there[ITEM_OURS] != slot->there[ITEM_BASE]
            || slot->there[ITEM_OURS] == slot->there[ITEM_THEIRS])
            continue;
        n++;
        if (slot->there[ITEM_OURS])
            removed = slot;
        else
            added = slot;
    }
    if (n != 2 || !removed || !added || removed->n[ITEM_OURS] != 1
        || added->n[ITEM_THEIRS] != 1)
        return;
    removed->canon[ITEM_BASE].s = removed->canon[ITEM_OURS].s = "before";
    removed->canon[ITEM_THEIRS].s = "now";
    removed->canon[ITEM_BASE].len = removed->canon[ITEM_OURS].len = 6;
    removed->canon[ITEM_THEIRS].len = 3;
    removed->first[ITEM_THEIRS] = added->first[ITEM_THEIRS];
    removed->n[ITEM_THEIRS] = removed->there[ITEM_THEIRS] = 1;
    added->split = 1;
}

/** Of several of ours that say the same, in two languages, say, theirs had one:
 * the others are none of its business. */
static void leave_others(item_merging_t *m, item_slot_t *slot)
{
    if (!slot->member || slot->how != MERGE_SET || slot->n[ITEM_BASE] != 1
        || slot->n[ITEM_OURS] < 2 || slot->there[ITEM_THEIRS]
        || strcmp(slot->name, "FN"))
        return;
    slot->first[ITEM_OURS]->next = NULL;
    slot->last[ITEM_OURS] = slot->first[ITEM_OURS];
    slot->n[ITEM_OURS] = 1;
    m->not_theirs = 1;
}

void item_pair_edited(item_merging_t *m, int kind, apr_array_header_t *slots)
{
    item_slot_t *slot, *partner;
    pairs_t pairs = { { NULL }, { NULL }, 0, 0 };
    int i;

    pair_alarms(slots);
    for (i = 0; i < slots->nelts; i++) {
        slot = APR_ARRAY_IDX(slots, i, item_slot_t *);
        leave_others(m, slot);
        if (is_single(slot, ITEM_BASE) && is_single(slot, ITEM_OURS)
            && !slot->there[ITEM_THEIRS] && pairs.nremoved < MAX_PAIRS)
            pairs.removed[pairs.nremoved++] = slot;
        else if (is_single(slot, ITEM_THEIRS) && !slot->there[ITEM_BASE]
                 && !slot->there[ITEM_OURS] && pairs.nadded < MAX_PAIRS)
            pairs.added[pairs.nadded++] = slot;
    }
    for (i = 0; i < pairs.nadded; i++) {
        partner = partner_of(m, kind, &pairs, pairs.added[i]);
        if (partner)
            pair(m, kind, partner, pairs.added[i]);
    }
}
