/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Lines sorted into what is decided as one: see item_slots.h. */
#include <string.h>

#include <apr_strings.h>

#include "item/item_slots_int.h"

int item_slot_same(const item_slot_t *slot, item_side_e a, item_side_e b)
{
    return slot->there[a] == slot->there[b]
           && slot->canon[a].len == slot->canon[b].len
           && (!slot->canon[a].len
               || !memcmp(slot->canon[a].s, slot->canon[b].s,
                          slot->canon[a].len));
}

/* ---- sorting lines into slots --------------------------------------------- */

static item_slot_t *slot_of(item_sorter_t *s, const char *key, apr_size_t len,
                            const char *name, item_how_e how)
{
    item_slot_t *slot = apr_hash_get(s->known, key, (apr_ssize_t)len);

    if (!slot) {
        slot = apr_pcalloc(s->m->p, sizeof(*slot));
        slot->name = name;
        slot->how = how;
        apr_hash_set(s->known, key, (apr_ssize_t)len, slot);
        APR_ARRAY_PUSH(s->slots, item_slot_t *) = slot;
    }
    return slot;
}

static item_member_t *add_member(item_sorter_t *s, item_slot_t *slot, int side,
                                 item_entry_t *entry)
{
    item_member_t *member = apr_pcalloc(s->m->p, sizeof(*member));

    member->entry = entry;
    member->number = -1;
    if (slot->last[side])
        slot->last[side]->next = member;
    else
        slot->first[side] = member;
    slot->last[side] = member;
    slot->n[side]++;
    return member;
}

static void sort_property(item_sorter_t *s, int side, item_entry_t *entry)
{
    const item_slot_rule_t *rule = item_slot_rule(s->kind,
                                                  entry->line.name);
    const char *key = rule->slot ? rule->slot
                      : rule->name ? rule->name
                      : item_span_upper(entry->line.name, s->m->p);
    item_how_e how = rule->how;

    if (s->moved && how == MERGE_LIST && (!strcmp(key, "EXDATE")
                                          || !strcmp(key, "RDATE"))) {
        key = "DTSTART";
        how = MERGE_TIME;
    }
    if (s->names && item_span_is(entry->line.name, "FN")) {
        key = "FN";
        how = MERGE_SET;
    }
    add_member(s, slot_of(s, key, strlen(key), key, how), side, entry);
}

/** What labels a list, of which the words are members, stands for itself. */
static void sort_label(item_sorter_t *s, int side, item_entry_t *entry)
{
    const item_slot_rule_t *rule = item_slot_rule(s->kind,
                                                  entry->lead->line.name);
    const char *name, *key;

    if (rule->how != MERGE_LIST)
        return;
    name = item_span_upper(entry->line.name, s->m->p);
    key = apr_pstrcat(s->m->p, rule->name, "\x1d", name, NULL);
    add_member(s, slot_of(s, key, strlen(key), name, MERGE_LABEL), side,
               entry);
}

/** Components: the key says which are the same. */
static void sort_part(item_sorter_t *s, int side, item_entry_t *entry)
{
    item_part_t *part = entry->part;
    const item_entry_t *id;
    item_buf_t key = { NULL, NULL, 0, 0 };
    const char *name = item_span_upper(part->name, s->m->p);
    item_how_e how = MERGE_OTHER;
    apr_size_t len;
    int n = 0;

    key.p = s->m->p;
    item_buf_puts(&key, name);
    item_buf_putc(&key, ';');
    if (part->kind >= 0) {
        how = MERGE_PART;
        id = item_part_find_last(part, "RECURRENCE-ID");
        if (id)
            item_prop_value(&key, part->kind, &id->line);
    }
    else if (s->kind == ITEM_PART_ROOT && !strcmp(name, "VTIMEZONE")) {
        how = MERGE_ZONE;
        id = item_part_find(part, "TZID");
        if (id)
            item_value_text(&key, id->line.value);
    }
    else if (s->kind >= 0 && s->kind != (int)ITEM_VCARD30
             && !strcmp(name, "VALARM"))
        how = MERGE_ALARM;
    /* The first of ours is the first of theirs, and so on. */
    len = key.len;
    if (how == MERGE_PART) {
        item_slot_t *count = slot_of(s, apr_pstrmemdup(key.p, key.s, len),
                                     len, name, MERGE_PART);

        count->split = 1;
        n = count->n[side]++;
        item_buf_puts(&key, apr_psprintf(key.p, ";%d", n));
    }
    add_member(s, slot_of(s, key.s, key.len, name, how), side, entry);
}

/** An FN that theirs has made of N is not one more, where nobody knows what it
 * had. */
static int is_made_up(item_sorter_t *s, int side, const item_entry_t *entry)
{
    const item_entry_t *name;
    item_comp_t *fn, *n;

    if (!s->names || s->m->docs[ITEM_BASE] || side != ITEM_THEIRS
        || !item_span_is(entry->line.name, "FN"))
        return 0;
    name = item_part_find(s->parts[side], "N");
    if (!name)
        return 0;
    fn = item_comp_make(ITEM_VCARD30, &s->m->words, s->m->p);
    n = item_comp_make(ITEM_VCARD30, &s->m->words, s->m->p);
    item_comp_property(fn, &entry->line);
    item_comp_property(n, &name->line);
    return item_sorter_made_of(fn, n, s->m->p);
}

static void sort_side(item_sorter_t *s, int side)
{
    const item_part_t *part = s->parts[side];
    int i;

    if (!part)
        return;
    if (s->kind == (int)ITEM_VCARD30)
        item_part_adjuncts(part, s->m->p);
    for (i = 0; i < part->entries->nelts; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                            item_entry_t *);

        if (entry->part)
            sort_part(s, side, entry);
        else if (is_made_up(s, side, entry))
            s->m->not_theirs = 1;
        else if (entry->lead)
            sort_label(s, side, entry);
        else
            sort_property(s, side, entry);
    }
}

/* ---- members of sets ------------------------------------------------------ */

void item_entry_detail(item_buf_t *b, int kind, const item_entry_t *entry)
{
    const item_entry_t *adjunct = entry->adjuncts;
    apr_array_header_t *lines;
    item_span_t all;

    item_prop_detail(b, kind, &entry->line);
    if (!adjunct)
        return;
    lines = apr_array_make(b->p, 2, sizeof(item_span_t));
    for (; adjunct; adjunct = adjunct->next) {
        item_buf_t line = { NULL, NULL, 0, 0 };

        line.p = b->p;
        item_buf_puts(&line, item_span_upper(adjunct->line.name, b->p));
        item_buf_putc(&line, ':');
        item_value_text(&line, adjunct->line.value);
        APR_ARRAY_PUSH(lines, item_span_t) = item_buf_span(&line);
    }
    all = item_spans_join(lines, '\x1e', 1, b->p);
    item_buf_add(b, all.s, all.len);
}

/** What alarms of a side are reckoned from; shared with a side that says it
 * in the same lines. */
static item_comp_t *alarm_times(item_sorter_t *s, int side)
{
    static const char *const names[] = { "DTSTART", "DTEND", "DUE",
                                         "DURATION" };
    const item_entry_t *own[4], *other;
    int i, n;

    for (n = 0; n < 4; n++)
        own[n] = item_part_find(s->parts[side], names[n]);
    for (i = 0; i < ITEM_SIDES; i++) {
        for (n = 0; s->times[i] && n < 4; n++) {
            other = item_part_find(s->parts[i], names[n]);
            if (!own[n] != !other
                || (other && !item_sorter_same_line(own[n], other)))
                break;
        }
        if (n == 4)
            return s->times[i];
    }
    s->times[side] = item_sorter_comp(s);
    for (n = 0; n < 4; n++)
        if (own[n])
            item_comp_property(s->times[side], &own[n]->line);
    item_comp_finish(s->times[side]);
    return s->times[side];
}

/** An alarm's time, as it is compared. */
static item_span_t alarm_key(item_sorter_t *s, int side,
                             const item_part_t *alarm)
{
    const item_entry_t *entry;
    item_comp_t *comp;
    int i;

    if (!s->times[side])
        s->times[side] = alarm_times(s, side);
    comp = s->times[side];
    for (i = 0; i < alarm->entries->nelts; i++) {
        entry = APR_ARRAY_IDX(alarm->entries, i, const item_entry_t *);
        if (!entry->part)
            item_comp_alarm(comp, &entry->line);
    }
    return item_comp_alarm_key(comp);
}

/** The value by which a member is known in its set, behind the name. */
static void put_key(item_sorter_t *s, item_buf_t *key, const item_slot_t *slot,
                    int side, const item_entry_t *entry)
{
    item_span_t text;

    switch (slot->how) {
    case MERGE_ALARM:
        text = alarm_key(s, side, entry->part);
        break;
    case MERGE_OTHER:
        text = item_part_canon(entry->part, s->m->p);
        break;
    default:
        item_prop_value(key, s->kind, &entry->line);
        return;
    }
    item_buf_add(key, text.s, text.len);
}

/** Values that stand several times in the base, of numbers and addresses:
 * what else their lines say tells which of them is gone or was edited.
 * @return NULL: there are none */
static apr_hash_t *values_twice(item_sorter_t *s, const item_slot_t *slot)
{
    apr_hash_t *seen = NULL, *twice = NULL;
    const item_member_t *member = slot->first[ITEM_BASE];

    if (s->kind != (int)ITEM_VCARD30 || slot->how != MERGE_SET
        || slot->n[ITEM_BASE] < 2)
        return NULL;
    for (; member; member = member->next) {
        item_buf_t key = { NULL, NULL, 0, 0 };

        key.p = s->m->p;
        put_key(s, &key, slot, ITEM_BASE, member->entry);
        if (!key.len)
            continue;
        if (!seen)
            seen = apr_hash_make(s->m->p);
        if (apr_hash_get(seen, key.s, (apr_ssize_t)key.len)) {
            if (!twice)
                twice = apr_hash_make(s->m->p);
            apr_hash_set(twice, key.s, (apr_ssize_t)key.len, "");
        }
        apr_hash_set(seen, key.s, (apr_ssize_t)key.len, "");
    }
    return twice;
}

/** Look which member of its set a line is.
 * @param twice  values that do not tell a member from others; NULL: none */
static void find_member(item_sorter_t *s, const item_slot_t *slot, int side,
                        item_member_t *line, apr_hash_t *twice)
{
    item_buf_t key = { NULL, NULL, 0, 0 }, detail = { NULL, NULL, 0, 0 };
    apr_size_t name;

    key.p = detail.p = s->m->p;
    item_buf_puts(&key, slot->name);
    item_buf_putc(&key, ':');
    name = key.len;
    put_key(s, &key, slot, side, line->entry);
    if (key.len == name)
        return;                 /* an empty one is as good as none */
    if (twice && apr_hash_get(twice, key.s + name,
                              (apr_ssize_t)(key.len - name))) {
        item_buf_putc(&key, '\x1d');
        item_entry_detail(&key, s->kind, line->entry);
    }
    line->set = slot_of(s, key.s, key.len, slot->name, slot->how);
    line->set->member = 1;
    if (!line->entry->part)
        item_entry_detail(&detail, s->kind, line->entry);
    line->detail = item_buf_span(&detail);
}

/** @param twin  the line of ours that may be the same, moved on; at NULL:
 * there is none */
static void split_member(item_sorter_t *s, const item_slot_t *slot, int side,
                         item_member_t *line, const item_member_t **twin,
                         apr_hash_t *twice)
{
    const item_member_t *ours = *twin;
    item_slot_t *member;
    item_span_t *canon;

    /* One may be missing here. */
    if (ours && ours->next && !item_sorter_same_line(ours->entry, line->entry)
        && item_sorter_same_line(ours->next->entry, line->entry))
        ours = ours->next;
    if (ours && item_sorter_same_line(ours->entry, line->entry)) {
        line->set = ours->set;
        line->detail = ours->detail;
    }
    else
        find_member(s, slot, side, line, twice);
    *twin = ours ? ours->next : NULL;
    member = line->set;
    if (!member)
        return;
    member->there[side] = 1;
    add_member(s, member, side, line->entry);
    canon = &member->canon[side];
    if (line->detail.len > canon->len
        || (line->detail.len && line->detail.len == canon->len
            && memcmp(line->detail.s, canon->s, canon->len) > 0))
        *canon = line->detail;
}

static apr_status_t split_words(item_sorter_t *s, const item_slot_t *slot,
                                int side, item_entry_t *entry)
{
    const item_param_t *zone = item_line_param(&entry->line, "TZID");
    item_span_t rest = entry->line.value, no_zone = { "", 0 };
    int times = !strcmp(slot->name, "EXDATE") || !strcmp(slot->name, "RDATE");
    item_member_t word;
    item_buf_t key;

    for (entry->words = 0; item_value_next(&rest, ',', &word.word);
         entry->words++) {
        item_slot_t *member;
        item_member_t *added;
        apr_size_t name;

        if (++s->m->words > ITEM_SIDES * ITEM_MAX_PROPERTIES)
            return ITEM_ELIMIT;
        memset(&key, 0, sizeof(key));
        key.p = s->m->p;
        item_buf_puts(&key, slot->name);
        item_buf_putc(&key, ':');
        name = key.len;
        if (times)
            item_value_time(&key, word.word, zone ? zone->value : no_zone);
        else
            item_value_text(&key, word.word);
        if (key.len == name)
            continue;
        member = slot_of(s, key.s, key.len, slot->name, MERGE_LIST);
        member->member = 1;
        member->there[side] = 1;
        added = add_member(s, member, side, entry);
        added->word = word.word;
        added->number = entry->words;
    }
    return APR_SUCCESS;
}

/** Non-zero if a slot is a set of members. */
static int is_set(const item_slot_t *slot, int based, int kind)
{
    int most = slot->n[ITEM_OURS] > slot->n[ITEM_THEIRS]
               ? slot->n[ITEM_OURS] : slot->n[ITEM_THEIRS];

    switch (slot->how) {
    case MERGE_SET:
    case MERGE_LIST:
    case MERGE_ALARM:
    case MERGE_OTHER:
        return 1;
    case MERGE_TEXT:
        if (kind != (int)ITEM_VCARD30)
            return 0;
        /* fall through */
    case MERGE_MANY:
        return most > 1 || slot->n[ITEM_BASE] > 1;
    case MERGE_LOOSE:
        return !based || slot->n[ITEM_BASE] != 1 || most > 1;
    default:
        return 0;
    }
}

static apr_status_t split(item_sorter_t *s, item_slot_t *slot)
{
    static const int order[] = { ITEM_OURS, ITEM_THEIRS, ITEM_BASE };
    apr_hash_t *twice = values_twice(s, slot);
    apr_status_t rv = APR_SUCCESS;
    const item_member_t *twin = NULL;
    item_member_t *member;
    int i;

    slot->split = 1;
    for (i = 0; i < ITEM_SIDES; i++) {
        for (member = slot->first[order[i]]; member; member = member->next) {
            if (slot->how == MERGE_LIST)
                rv = split_words(s, slot, order[i], member->entry);
            else
                split_member(s, slot, order[i], member, &twin, twice);
            if (rv != APR_SUCCESS)
                return rv;
        }
        twin = slot->first[ITEM_OURS];
    }
    return APR_SUCCESS;
}

/* ---- all of them ---------------------------------------------------------- */

/** Non-zero if a side has several FN, and theirs has any. */
static int has_names(const item_sorter_t *s)
{
    const item_entry_t *first, *last;
    int side, several = 0;

    for (side = 0; side < ITEM_SIDES; side++) {
        first = s->parts[side] ? item_part_find(s->parts[side], "FN") : NULL;
        last = first ? item_part_find_last(s->parts[side], "FN") : NULL;
        several |= first != last;
        if (side == ITEM_THEIRS && !first)
            return 0;
    }
    return several;
}

/** Non-zero if both sides have a start, and not the same. */
static int starts_differ(const item_sorter_t *s)
{
    item_buf_t text[ITEM_SIDES];
    const item_entry_t *entry;
    int side;

    memset(text, 0, sizeof(text));
    for (side = ITEM_OURS; side < ITEM_SIDES; side++) {
        entry = s->parts[side] ? item_part_find(s->parts[side], "DTSTART")
                               : NULL;
        if (!entry)
            return 0;
        text[side].p = s->m->p;
        item_prop_value(&text[side], s->kind, &entry->line);
    }
    return text[ITEM_OURS].len != text[ITEM_THEIRS].len
           || (text[ITEM_OURS].len
               && memcmp(text[ITEM_OURS].s, text[ITEM_THEIRS].s,
                         text[ITEM_OURS].len));
}

apr_status_t item_slots_make(apr_array_header_t **slots, item_merging_t *m,
                             item_part_t *const *parts)
{
    apr_status_t rv = APR_SUCCESS;
    item_slot_t *slot;
    item_sorter_t s;
    int i, whole;

    memset(&s, 0, sizeof(s));
    s.m = m;
    s.parts = parts;
    s.kind = parts[ITEM_OURS]->kind;
    s.known = apr_hash_make(m->p);
    s.slots = apr_array_make(m->p, 32, sizeof(item_slot_t *));
    s.moved = s.kind >= 0 && s.kind != (int)ITEM_VCARD30 && starts_differ(&s);
    s.names = s.kind == (int)ITEM_VCARD30 && has_names(&s);
    sort_side(&s, ITEM_OURS);
    sort_side(&s, ITEM_THEIRS);
    sort_side(&s, ITEM_BASE);
    whole = s.slots->nelts;
    for (i = 0; i < whole && rv == APR_SUCCESS; i++) {
        slot = APR_ARRAY_IDX(s.slots, i, item_slot_t *);
        if (!slot->split && is_set(slot, m->docs[ITEM_BASE] != NULL,
                                    s.kind))
            rv = split(&s, slot);
    }
    *slots = apr_array_make(m->p, s.slots->nelts + 1, sizeof(item_slot_t *));
    for (i = 0; i < s.slots->nelts && rv == APR_SUCCESS; i++) {
        slot = APR_ARRAY_IDX(s.slots, i, item_slot_t *);
        if (slot->split)
            continue;
        if (i < whole)
            item_sorter_compare(&s, slot);
        else
            item_sorter_compare_member(&s, slot);
        APR_ARRAY_PUSH(*slots, item_slot_t *) = slot;
    }
    return rv;
}
