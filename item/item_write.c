/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Writing a merged component: see item_slots.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_slots.h"

#define MAX_ADJUNCTS  8         /* that are looked for behind a line */

typedef struct add_t {
    item_span_t text;
    struct add_t *next;
} add_t;

struct item_adds_t {
    item_merging_t *m;
    const item_part_t *part;    /* of ours */
    const char *eol;
    add_t **first, **last;      /* by index of the entry, plus 1 */
    apr_hash_t *names;          /* name => index + 1 of its last entry */
    int properties;             /* index of the last property, -1: none */
    apr_hash_t *lists;          /* lists made for words of theirs */
    apr_array_header_t *made;   /* item_entry_t *: the same */
};

item_adds_t *item_adds_make(item_merging_t *m, const item_part_t *ours)
{
    item_adds_t *adds = apr_pcalloc(m->p, sizeof(*adds));
    int i;

    adds->m = m;
    adds->part = ours;
    adds->eol = m->docs[ITEM_OURS]->eol;
    adds->properties = -1;
    for (i = ours->entries->nelts - 1; i >= 0 && adds->properties < 0; i--)
        if (!APR_ARRAY_IDX(ours->entries, i, item_entry_t *)->part)
            adds->properties = i;
    return adds;
}

void item_adds_put(item_adds_t *adds, int index, item_span_t text)
{
    apr_size_t size = sizeof(add_t *)
                      * (apr_size_t)(adds->part->entries->nelts + 1);
    add_t *add = apr_palloc(adds->m->p, sizeof(*add));

    if (!adds->first) {
        adds->first = apr_pcalloc(adds->m->p, size);
        adds->last = apr_pcalloc(adds->m->p, size);
    }
    add->text = text;
    add->next = NULL;
    if (adds->last[index + 1])
        adds->last[index + 1]->next = add;
    else
        adds->first[index + 1] = add;
    adds->last[index + 1] = add;
}

/* ---- where ---------------------------------------------------------------- */

static const char *name_of(const item_entry_t *entry, apr_pool_t *p)
{
    return item_span_upper(entry->part ? entry->part->name
                                       : entry->line.name, p);
}

static int last_of_name(item_adds_t *adds, const item_entry_t *entry)
{
    const apr_array_header_t *entries = adds->part->entries;
    const item_entry_t *known;
    int i;

    if (!adds->names) {
        adds->names = apr_hash_make(adds->m->p);
        for (i = 0; i < entries->nelts; i++) {
            known = APR_ARRAY_IDX(entries, i, const item_entry_t *);
            apr_hash_set(adds->names, name_of(known, adds->m->p),
                         APR_HASH_KEY_STRING, known);
        }
    }
    known = apr_hash_get(adds->names, name_of(entry, adds->m->p),
                         APR_HASH_KEY_STRING);
    return known ? known->index : -1;
}

int item_adds_place(item_adds_t *adds, const item_entry_t *entry)
{
    const apr_array_header_t *entries = adds->part->entries;
    int last = last_of_name(adds, entry), next = last + 1;

    if (last >= 0) {            /* not between it and its adjuncts */
        while (next < entries->nelts && next <= last + MAX_ADJUNCTS
               && APR_ARRAY_IDX(entries, next, item_entry_t *)->lead)
            next++;
        return next - 1;
    }
    if (entry->part && !item_span_is(entry->part->name, "VTIMEZONE"))
        return entries->nelts - 1;
    return adds->properties;
}

/* ---- lines of theirs ------------------------------------------------------ */

static void find_groups(item_merging_t *m)
{
    static const int sides[] = { ITEM_OURS, ITEM_THEIRS };
    const item_part_t *root;
    char *name;
    int side, i;

    m->groups = apr_hash_make(m->p);
    m->renamed = apr_hash_make(m->p);
    for (side = 0; side < 2; side++) {
        root = m->docs[sides[side]]->root;
        for (i = 0; i < root->entries->nelts; i++) {
            const item_entry_t *entry = APR_ARRAY_IDX(root->entries, i,
                                                      const item_entry_t *);

            if (entry->part || !entry->line.group.len)
                continue;
            name = item_span_upper(entry->line.group, m->p);
            if (!apr_hash_get(m->groups, name, APR_HASH_KEY_STRING))
                apr_hash_set(m->groups, name, APR_HASH_KEY_STRING,
                             side ? "theirs" : "ours");
        }
    }
}

/** The name that a group of theirs has in the result; NULL: its own. */
static const char *new_group(item_merging_t *m, item_span_t group)
{
    const char *name = item_span_upper(group, m->p), *side, *fresh;
    item_span_t span;

    if (!m->groups)
        find_groups(m);
    side = apr_hash_get(m->groups, name, APR_HASH_KEY_STRING);
    if (!side || *side != 'o')
        return NULL;
    fresh = apr_hash_get(m->renamed, name, APR_HASH_KEY_STRING);
    while (!fresh) {
        fresh = apr_psprintf(m->p, "item%d", ++m->new_groups);
        span.s = fresh;
        span.len = strlen(fresh);
        if (apr_hash_get(m->groups, item_span_upper(span, m->p),
                         APR_HASH_KEY_STRING))
            fresh = NULL;
        else
            apr_hash_set(m->renamed, name, APR_HASH_KEY_STRING, fresh);
    }
    return fresh;
}

static void note_zone(item_merging_t *m, const item_entry_t *entry)
{
    const item_param_t *zone = item_line_param(&entry->line, "TZID");
    item_span_t list, value;

    if (!zone)
        return;
    if (!m->zones)
        m->zones = apr_hash_make(m->p);
    list = zone->value;
    item_param_value(&list, &value);
    apr_hash_set(m->zones, value.s, (apr_ssize_t)value.len, "");
}

static void put_line(item_buf_t *b, item_adds_t *adds,
                     const item_entry_t *entry)
{
    item_span_t head = item_line_head(&entry->line);
    const char *group = NULL;
    item_buf_t text = { NULL, NULL, 0, 0 };

    note_zone(adds->m, entry);
    if (entry->line.group.len && !entry->line.junk)
        group = new_group(adds->m, entry->line.group);
    if (!group) {
        item_raw_add(b, entry->raw, adds->eol);
        return;
    }
    text.p = b->p;
    item_buf_puts(&text, group);
    item_buf_add(&text, head.s + entry->line.group.len,
                 head.len - entry->line.group.len);
    item_buf_add(&text, entry->line.value.s, entry->line.value.len);
    item_fold_add(b, item_buf_span(&text), adds->eol);
}

/** A component of theirs; an event or task gets the UID of ours. */
static void put_part(item_buf_t *b, item_adds_t *adds,
                     const item_part_t *part)
{
    const item_entry_t *uid = part->kind >= 0 ? adds->m->uid : NULL;
    int i;

    item_raw_add(b, part->begin, adds->eol);
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part)
            put_part(b, adds, entry->part);
        else if (uid && item_span_is(entry->line.name, "UID"))
            item_raw_add(b, uid->raw, adds->eol);
        else
            put_line(b, adds, entry);
    }
    item_raw_add(b, part->end, adds->eol);
}

void item_adds_entry(item_adds_t *adds, int index, item_entry_t *entry)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    const item_entry_t *adjunct;

    b.p = adds->m->p;
    if (entry->part)
        put_part(&b, adds, entry->part);
    else
        put_line(&b, adds, entry);
    for (adjunct = entry->adjuncts; adjunct; adjunct = adjunct->next)
        put_line(&b, adds, adjunct);
    item_adds_put(adds, index, item_buf_span(&b));
}

/* ---- lists ---------------------------------------------------------------- */

/** Non-zero if words of b may stand in a's line. */
static int same_params(const item_line_t *a, const item_line_t *b)
{
    const char *end_a = a->value.s, *end_b = b->value.s;
    const char *from_a = a->name.s + a->name.len;
    const char *from_b = b->name.s + b->name.len;

    return end_a - from_a == end_b - from_b
           && !strncasecmp(from_a, from_b, (apr_size_t)(end_a - from_a));
}

/** A list of ours that a word can be added to, else one made for it. */
static item_entry_t *list_for(item_adds_t *adds, const item_entry_t *theirs)
{
    int index = last_of_name(adds, theirs);
    item_span_t head = item_line_head(&theirs->line);
    item_entry_t *list;

    if (index >= 0) {
        list = APR_ARRAY_IDX(adds->part->entries, index, item_entry_t *);
        if (!list->part && list->words
            && same_params(&list->line, &theirs->line))
            return list;
    }
    if (!adds->lists) {
        adds->lists = apr_hash_make(adds->m->p);
        adds->made = apr_array_make(adds->m->p, 2, sizeof(item_entry_t *));
    }
    list = apr_hash_get(adds->lists, head.s, (apr_ssize_t)head.len);
    if (!list) {
        list = apr_pcalloc(adds->m->p, sizeof(*list));
        list->line = theirs->line;
        list->line.value.len = 0;
        list->index = index >= 0 ? index : adds->properties;
        apr_hash_set(adds->lists, head.s, (apr_ssize_t)head.len, list);
        APR_ARRAY_PUSH(adds->made, item_entry_t *) = list;
        note_zone(adds->m, theirs);
    }
    return list;
}

void item_adds_word(item_adds_t *adds, const item_member_t *member)
{
    item_entry_t *list = list_for(adds, member->entry);

    list->more.p = adds->m->p;
    if (list->more.len)
        item_buf_putc(&list->more, ',');
    item_buf_add(&list->more, member->word.s, member->word.len);
}

/** A list's line without its lost words and with its new ones. */
static void put_list(item_buf_t *b, item_adds_t *adds,
                     const item_entry_t *entry)
{
    item_span_t rest = entry->line.value, word, line;
    item_buf_t text = { NULL, NULL, 0, 0 };
    apr_size_t head;
    int i;

    text.p = b->p;
    line = item_line_head(&entry->line);
    item_buf_add(&text, line.s, line.len);
    head = text.len;
    for (i = 0; i < entry->words && item_value_next(&rest, ',', &word); i++) {
        if (entry->lost && entry->lost[i])
            continue;
        if (text.len > head)
            item_buf_putc(&text, ',');
        item_buf_add(&text, word.s, word.len);
    }
    if (text.len > head && entry->more.len)
        item_buf_putc(&text, ',');
    item_buf_add(&text, entry->more.s, entry->more.len);
    if (text.len > head)
        item_fold_add(b, item_buf_span(&text), adds->eol);
}

/* ---- the component -------------------------------------------------------- */

void item_member_drop(item_merging_t *m, item_member_t *member)
{
    item_entry_t *entry = member->entry;

    if (member->number < 0) {
        entry->gone = 1;
        return;
    }
    if (!entry->lost)
        entry->lost = apr_pcalloc(m->p, (apr_size_t)entry->words);
    entry->lost[member->number] = 1;
}

/** Non-zero if nothing is left of a line, or of the words of a list. */
static int is_gone(const item_entry_t *entry)
{
    int i = 0;

    if (entry->gone || !entry->lost || entry->more.len)
        return entry->gone;
    while (i < entry->words && entry->lost[i])
        i++;
    return i == entry->words;
}

/** Non-zero if nothing is left of a group that would need its label. */
static int is_group_gone(item_entry_t *lead)
{
    while (is_gone(lead) && lead->mates && is_gone(lead->mates))
        lead->mates = lead->mates->mates;
    return is_gone(lead) && !lead->mates;
}

static void put_entry(item_buf_t *b, item_adds_t *adds,
                      const item_entry_t *entry)
{
    if (entry->gone || (entry->lead && is_group_gone(entry->lead)))
        return;
    if (entry->instead.s)
        item_buf_add(b, entry->instead.s, entry->instead.len);
    else if (entry->part)
        item_part_keep(b, entry->part);
    else if (entry->lost || entry->more.len)
        put_list(b, adds, entry);
    else
        item_buf_add(b, entry->raw.s, entry->raw.len);
}

void item_adds_write(item_buf_t *b, item_adds_t *adds)
{
    const apr_array_header_t *entries = adds->part->entries;
    const add_t *add;
    int i;

    for (i = 0; adds->made && i < adds->made->nelts; i++) {
        item_entry_t *list = APR_ARRAY_IDX(adds->made, i, item_entry_t *);
        item_buf_t line = { NULL, NULL, 0, 0 };

        line.p = adds->m->p;
        put_list(&line, adds, list);
        item_adds_put(adds, list->index, item_buf_span(&line));
    }
    item_buf_add(b, adds->part->begin.s, adds->part->begin.len);
    for (i = -1; i < entries->nelts; i++) {
        if (i >= 0)
            put_entry(b, adds, APR_ARRAY_IDX(entries, i,
                                             const item_entry_t *));
        for (add = adds->first ? adds->first[i + 1] : NULL; add;
             add = add->next)
            item_buf_add(b, add->text.s, add->text.len);
    }
    item_buf_add(b, adds->part->end.s, adds->part->end.len);
}
