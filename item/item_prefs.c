/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Which of several numbers or addresses is the preferred one: see
 * item_slots.h.  Devices put that in and leave it out as they like, so it does
 * not count when lines are compared; of one that is known to keep it, a
 * preference that has moved is an edit.
 */
#include <string.h>
#include <strings.h>

#include "item/item_slots.h"

#define MAX_LOST  16

static const item_span_t pref_type = { "PREF", 4 };

int item_is_preferred(const item_line_t *line)
{
    item_span_t pref = item_line_value(line, "PREF");

    return item_span_is(pref, "1") || item_has_type(line, pref_type);
}

static int is_v4(const item_part_t *card)
{
    const item_entry_t *version = item_part_find(card, "VERSION");

    return version && item_span_is(item_span_trim(version->line.value),
                                   "4.0");
}

/** Types but PREF. @param also  one more; NULL: none */
static void put_types(item_buf_t *b, const item_line_t *line,
                      const char *also)
{
    item_types_t t;
    item_span_t word;
    int n = 0;

    for (item_types_begin(&t, line); item_types_next(&t, &word);) {
        if (item_span_is(word, "PREF"))
            continue;
        n = item_put_type(b, word, n);
    }
    if (also) {
        item_buf_puts(b, n ? "," : ";TYPE=");
        item_buf_puts(b, also);
    }
}

/** Write a line of ours as the preferred one, or as none. */
static void set_pref(item_merging_t *m, item_entry_t *entry, int on, int v4)
{
    item_buf_t line = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };
    int i;

    line.p = out.p = m->p;
    if (entry->line.group.len) {
        item_buf_add(&line, entry->line.group.s, entry->line.group.len);
        item_buf_putc(&line, '.');
    }
    item_buf_add(&line, entry->line.name.s, entry->line.name.len);
    put_types(&line, &entry->line, on && !v4 ? "PREF" : NULL);
    for (i = 0; i < entry->line.nparams; i++) {
        const item_param_t *param = &entry->line.params[i];

        if (!param->name.len || item_span_is(param->name, "TYPE")
            || item_span_is(param->name, "PREF"))
            continue;
        item_buf_putc(&line, ';');
        item_buf_add(&line, param->name.s, param->name.len);
        item_buf_putc(&line, '=');
        item_buf_add(&line, param->value.s, param->value.len);
    }
    item_buf_puts(&line, on && v4 ? ";PREF=1:" : ":");
    item_buf_add(&line, entry->line.value.s, entry->line.value.len);
    item_fold_add(&out, item_buf_span(&line), m->docs[ITEM_OURS]->eol);
    entry->instead = item_buf_span(&out);
    m->not_ours = m->not_theirs = m->preferred = 1;
}

static item_entry_t *only_of(const item_slot_t *slot, item_side_e side)
{
    return slot->n[side] == 1 && !slot->first[side]->entry->part
           ? slot->first[side]->entry : NULL;
}

static int says(const item_entry_t *entry)
{
    return entry && item_is_preferred(&entry->line);
}

static void move_pref(item_merging_t *m, const apr_array_header_t *slots,
                      const char *name, const item_part_t *card)
{
    item_entry_t *lost[MAX_LOST], *gained = NULL, *base, *ours, *theirs;
    int nlost = 0, ngained = 0, v4 = is_v4(card), i;

    for (i = 0; i < slots->nelts; i++) {
        const item_slot_t *slot = APR_ARRAY_IDX(slots, i,
                                                const item_slot_t *);

        if (slot->split || strcmp(slot->name, name))
            continue;
        base = only_of(slot, ITEM_BASE);
        ours = only_of(slot, ITEM_OURS);
        theirs = only_of(slot, ITEM_THEIRS);
        if (!theirs)
            continue;
        if (says(theirs) && !says(base)) {
            ngained++;
            gained = ours && !says(ours) && !ours->instead.s ? ours : NULL;
        }
        else if (says(base) && !says(theirs) && says(ours)
                 && !ours->instead.s && nlost < MAX_LOST)
            lost[nlost++] = ours;
    }
    if (ngained != 1)
        return;
    while (nlost--)
        set_pref(m, lost[nlost], 0, v4);
    if (gained)
        set_pref(m, gained, 1, v4);
}

void item_move_prefs(item_merging_t *m, const apr_array_header_t *slots,
                     const item_part_t *card)
{
    if (m->prefs & ITEM_TAKE_PREF_TEL)
        move_pref(m, slots, "TEL", card);
    if (m->prefs & ITEM_TAKE_PREF_EMAIL)
        move_pref(m, slots, "EMAIL", card);
}
