/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Merging: what becomes of each slot. See item_merge.h. */
#include <string.h>
#include <strings.h>

#include "item/item_object_int.h"
#include "item/item_slots.h"
#include "item/item_text.h"

/* So many members that only one side has are compared one by one. */
#define MAX_ODD  64

static apr_status_t merge_part(item_merging_t *m, item_buf_t *out,
                               item_part_t *const *parts);

/** What the result says of a slot is what that side says. */
static void take_side(item_merging_t *m, const item_slot_t *slot,
                      item_side_e side)
{
    if (!item_slot_same(slot, side, ITEM_OURS))
        m->not_ours = 1;
    if (!item_slot_same(slot, side, ITEM_THEIRS))
        m->not_theirs = 1;
}

/* ---- carrying out --------------------------------------------------------- */

typedef struct job_t {
    item_merging_t *m;
    item_adds_t *adds;
    int kind;                   /* of the component */
    int moved;                  /* the times are theirs */
    item_side_e summary;        /* whose it is; ITEM_BASE: both say so */
    const item_slot_t *name;    /* N is theirs; NULL: it is not */
    const item_part_t *ours;
} job_t;

static void drop_ours(job_t *job, const item_slot_t *slot)
{
    item_member_t *member;

    for (member = slot->first[ITEM_OURS]; member; member = member->next)
        item_member_drop(job->m, member);
}

/** Put theirs' value into the line of ours that it belongs to.
 * @return 0: there is none */
static int revise(job_t *job, const item_slot_t *slot,
                  const item_member_t *theirs)
{
    item_span_t name = theirs->entry->line.name;
    const item_entry_t *base;
    item_entry_t *ours;

    if (slot->how == MERGE_ALARM && slot->n[ITEM_OURS] == 1
        && slot->n[ITEM_THEIRS] == 1
        && item_revise_alarm(job->m, slot->first[ITEM_OURS]->entry,
                             theirs->entry)) {
        slot->first[ITEM_OURS]->entry->gone = 0;
        return 1;
    }
    if (theirs->entry->part || slot->how == MERGE_TIME
        || slot->how >= MERGE_NEWEST)
        return 0;
    base = item_only_line(slot, ITEM_BASE, name);
    ours = item_only_line(slot, ITEM_THEIRS, name)
           ? item_only_line(slot, ITEM_OURS, name) : NULL;
    if (!ours && slot->how == MERGE_NAME) {
        base = item_name_before(job->m, slot, theirs->entry);
        ours = base ? item_line_like(job->m, slot, ITEM_OURS, base) : NULL;
        if (ours && ours->instead.s)
            return 0;           /* another one of theirs was it */
    }
    if (!ours || !item_revise(job->m, job->kind, base, ours, theirs->entry))
        return 0;
    ours->gone = 0;
    return 1;
}

/** Put theirs of a slot where ours was, or where it belongs. */
static void replace(job_t *job, const item_slot_t *slot)
{
    item_member_t *member = slot->first[ITEM_OURS];
    int place = member ? member->entry->index : -2;

    drop_ours(job, slot);
    if (slot->how == MERGE_NAME)
        item_keep_names(job->m, slot);
    for (member = slot->first[ITEM_THEIRS]; member; member = member->next) {
        if (member->number >= 0) {
            item_adds_word(job->adds, member);
            continue;
        }
        if (revise(job, slot, member))
            continue;
        if (place < -1)
            place = item_adds_place(job->adds, member->entry);
        item_adds_entry(job->adds, place, member->entry);
    }
}

/** The group that a list of theirs has in ours; len 0: none. */
static item_span_t group_of_list(const job_t *job, const item_entry_t *theirs)
{
    static const item_span_t none = { "", 0 };
    const item_entry_t *entry;
    item_span_t name = theirs->line.name;
    int i;

    for (i = 0; i < job->ours->entries->nelts; i++) {
        entry = APR_ARRAY_IDX(job->ours->entries, i, const item_entry_t *);
        if (!entry->part && entry->line.group.len
            && entry->line.name.len == name.len
            && !strncasecmp(entry->line.name.s, name.s, name.len))
            return entry->line.group;
    }
    return none;
}

/** What labels a list, into the group that the list has here. */
static void replace_label(job_t *job, const item_slot_t *slot)
{
    const item_member_t *was = slot->first[ITEM_BASE];
    item_member_t *ours = slot->first[ITEM_OURS];
    item_buf_t line = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };
    item_entry_t *theirs;
    item_span_t group, head;

    drop_ours(job, slot);
    if (!slot->first[ITEM_THEIRS])
        return;
    theirs = slot->first[ITEM_THEIRS]->entry;
    if (ours && item_revise(job->m, job->kind, (was ? was : ours)->entry,
                            ours->entry, theirs)) {
        ours->entry->gone = 0;
        return;
    }
    line.p = out.p = job->m->p;
    group = group_of_list(job, theirs->lead);
    head = item_line_head(&theirs->line);
    item_buf_add(&line, group.s, group.len);
    item_buf_add(&line, head.s + theirs->line.group.len,
                 head.len - theirs->line.group.len);
    item_buf_add(&line, theirs->line.value.s, theirs->line.value.len);
    item_fold_add(&out, item_buf_span(&line), job->m->docs[ITEM_OURS]->eol);
    item_adds_put(job->adds, item_adds_place(job->adds, theirs),
                  item_buf_span(&out));
    job->m->not_theirs = 1;
}

/** What labels a list is decided where there is one such on each side. */
static void merge_label(job_t *job, const item_slot_t *slot)
{
    item_side_e side = ITEM_OURS;

    if (slot->n[ITEM_BASE] > 1 || slot->n[ITEM_OURS] > 1
        || slot->n[ITEM_THEIRS] > 1) {
        item_keeps_ours(job->m, slot);
        return;
    }
    if (slot->n[ITEM_OURS] || !slot->n[ITEM_THEIRS]
        || group_of_list(job, slot->first[ITEM_THEIRS]->entry->lead).len)
        side = item_decide(job->m, slot);
    take_side(job->m, slot, side);
    if (side == ITEM_THEIRS)
        replace_label(job, slot);
}

static item_span_t plain_text(item_merging_t *m, const item_slot_t *slot,
                              item_side_e side)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = m->p;
    if (slot->first[side])
        item_unescape(&b, slot->first[side]->entry->line.value);
    return item_buf_span(&b);
}

/** The side that a merged text says the same as, ITEM_BASE: neither. */
static item_side_e same_text(item_merging_t *m, const item_slot_t *slot,
                             item_span_t value)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    int side;

    b.p = m->p;
    item_value_text(&b, value);
    for (side = ITEM_OURS; side < ITEM_SIDES; side++)
        if (b.len == slot->canon[side].len
            && (!b.len || !memcmp(b.s, slot->canon[side].s, b.len)))
            return (item_side_e)side;
    return ITEM_BASE;
}

/** A long text that both changed.
 * @return the side to be taken; ITEM_BASE: done, a text of both was made */
static item_side_e merge_text(job_t *job, const item_slot_t *slot)
{
    item_span_t base = plain_text(job->m, slot, ITEM_BASE), line;
    item_buf_t text = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };
    item_buf_t folded = { NULL, NULL, 0, 0 };
    item_entry_t *ours = slot->first[ITEM_OURS]->entry;
    apr_size_t head;
    item_side_e side;

    text.p = out.p = folded.p = job->m->p;
    if (item_text_merge(&text, slot->there[ITEM_BASE] ? &base : NULL,
                        plain_text(job->m, slot, ITEM_OURS),
                        plain_text(job->m, slot, ITEM_THEIRS),
                        job->m->theirs_first, "\n"))
        item_note_clash(job->m, slot->name);
    line = item_line_head(&ours->line);
    item_buf_add(&out, line.s, line.len);
    head = out.len;
    item_escape(&out, item_buf_span(&text));
    line.s = out.s + head;
    line.len = out.len - head;
    side = same_text(job->m, slot, line);
    if (side == ITEM_BASE) {
        item_fold_add(&folded, item_buf_span(&out),
                      job->m->docs[ITEM_OURS]->eol);
        ours->instead = item_buf_span(&folded);
        job->m->not_ours = job->m->not_theirs = 1;
    }
    return side;
}

/** Non-zero if one side did not change it. */
static int is_one_sided(const item_slot_t *slot)
{
    return item_slot_same(slot, ITEM_OURS, ITEM_THEIRS)
           || item_slot_same(slot, ITEM_OURS, ITEM_BASE)
           || item_slot_same(slot, ITEM_THEIRS, ITEM_BASE);
}

/** Events and tasks of one RECURRENCE-ID. */
static apr_status_t merge_parts(job_t *job, const item_slot_t *slot)
{
    item_part_t *parts[ITEM_SIDES] = { NULL };
    item_buf_t out = { NULL, NULL, 0, 0 };
    item_merging_t *m = job->m;
    item_span_t canon[2];
    item_side_e side;
    apr_status_t rv;
    int i;

    for (i = 0; i < ITEM_SIDES; i++)
        parts[i] = slot->first[i] ? slot->first[i]->entry->part : NULL;
    if (parts[ITEM_OURS] && parts[ITEM_THEIRS]) {
        out.p = m->p;
        rv = merge_part(m, &out, parts);
        slot->first[ITEM_OURS]->entry->instead = item_buf_span(&out);
        return rv;
    }
    side = parts[ITEM_OURS] ? ITEM_OURS : ITEM_THEIRS;
    if (parts[ITEM_BASE] && parts[side]) {
        canon[0] = item_part_canon(parts[ITEM_BASE], m->p);
        canon[1] = item_part_canon(parts[side], m->p);
        if (canon[0].len == canon[1].len
            && !memcmp(canon[0].s, canon[1].s, canon[0].len))
            side = side == ITEM_OURS ? ITEM_THEIRS : ITEM_OURS;
        else
            item_note_clash(m, slot->name);
    }
    take_side(m, slot, side);
    if (side == ITEM_THEIRS)
        replace(job, slot);
    return APR_SUCCESS;
}

/** What never changes stays as ours has it, once; only what ours lacks comes
 * from theirs. */
static void keep_ours(job_t *job, item_slot_t *slot)
{
    item_merging_t *m = job->m;
    item_member_t *twice;

    item_keeps_ours(m, slot);
    if (!strcmp(slot->name, "UID") && slot->n[ITEM_OURS]
        && !item_slot_same(slot, ITEM_OURS, ITEM_THEIRS))
        m->not_theirs = 1;
    if (!slot->n[ITEM_OURS])
        replace(job, slot);
    for (twice = slot->first[ITEM_OURS]; twice; twice = twice->next)
        if (twice->next)
            item_member_drop(m, twice);
}

/** Non-zero for a description that repeats a summary which is gone: it counts
 * as none, but is there. */
static int repeats_summary(const job_t *job, const item_slot_t *slot,
                           item_side_e side)
{
    return slot->how == MERGE_TEXT && !slot->member
           && job->summary != ITEM_BASE && !slot->there[side]
           && job->summary != side
           && (slot->n[ITEM_BASE] || slot->n[ITEM_THEIRS])
           && (!slot->first[ITEM_OURS]
               || item_span_trim(plain_text(job->m, slot, ITEM_OURS)).len);
}

static apr_status_t carry_out(job_t *job, item_slot_t *slot)
{
    item_merging_t *m = job->m;
    item_side_e side = ITEM_BASE;

    switch (slot->how) {
    case MERGE_ZONE:
        item_keeps_ours(m, slot);
        return APR_SUCCESS;     /* see put_zones() */
    case MERGE_PART:
        return merge_parts(job, slot);
    case MERGE_NEWEST:
    case MERGE_GREATEST:
        if (item_greatest(slot) == ITEM_THEIRS)
            replace(job, slot);
        else
            item_keeps_ours(m, slot);
        return APR_SUCCESS;
    case MERGE_KEEP:
        keep_ours(job, slot);
        return APR_SUCCESS;
    case MERGE_LABEL:
        merge_label(job, slot);
        return APR_SUCCESS;
    case MERGE_TEXT:
        if (slot->member || is_one_sided(slot) || slot->n[ITEM_OURS] != 1
            || slot->n[ITEM_THEIRS] != 1 || !slot->there[ITEM_OURS]
            || !slot->there[ITEM_THEIRS])
            break;
        side = merge_text(job, slot);
        if (side == ITEM_BASE)
            return APR_SUCCESS;
        break;
    default:
        break;
    }
    if (item_merge_twins(m, job->adds, job->kind, slot))
        return APR_SUCCESS;
    if (side == ITEM_BASE)
        side = item_decide(m, slot);
    take_side(m, slot, side);
    if (slot->how == MERGE_TIME && side == ITEM_THEIRS)
        job->moved = 1;
    /* An alarm at a fixed time moves with the event. */
    if (slot->how == MERGE_ALARM && job->moved && side == ITEM_OURS
        && slot->there[ITEM_OURS] && slot->there[ITEM_THEIRS])
        side = ITEM_THEIRS;
    if (!strcmp(slot->name, "SUMMARY")
        && !item_slot_same(slot, ITEM_OURS, ITEM_THEIRS))
        job->summary = side;
    if (slot->how == MERGE_NAME && side == ITEM_THEIRS)
        job->name = slot;
    if (repeats_summary(job, slot, side))
        drop_ours(job, slot);
    else if (side == ITEM_THEIRS)
        replace(job, slot);
    return APR_SUCCESS;
}

/* ---- without a base ------------------------------------------------------- */

static int is_odd(const item_slot_t *slot, item_side_e side)
{
    static const char *const texts[] = {
        "ADR", "LABEL", "URL", "ORG", "TITLE", "ROLE", "NICKNAME", "NOTE",
        "DESCRIPTION", "PHOTO", "COMMENT", "CONTACT", NULL
    };
    int i = 0;

    if (!slot->member || slot->there[ITEM_OURS] + slot->there[ITEM_THEIRS]
                         != 1 || !slot->there[side])
        return 0;
    while (texts[i] && strcmp(texts[i], slot->name))
        i++;
    return texts[i] != NULL;
}

/** A member that only one side has may be one of the other's, cut short:
 * then they are one. */
static void join_cut(item_merging_t *m, apr_array_header_t *slots)
{
    item_slot_t *odd[2][MAX_ODD], *o, *t;
    int n[2] = { 0, 0 }, i, j, side;
    item_buf_t a, b;
    item_span_t sa, sb;

    for (i = 0; i < slots->nelts; i++) {
        o = APR_ARRAY_IDX(slots, i, item_slot_t *);
        for (side = 0; side < 2; side++)
            if (is_odd(o, side ? ITEM_THEIRS : ITEM_OURS)
                && n[side] < MAX_ODD)
                odd[side][n[side]++] = o;
    }
    for (i = 0; i < n[0]; i++) {
        for (j = 0; j < n[1]; j++) {
            o = odd[0][i];
            t = odd[1][j];
            if (!t || o->name != t->name)
                continue;
            memset(&a, 0, sizeof(a));
            memset(&b, 0, sizeof(b));
            a.p = b.p = m->p;
            item_prop_value(&a, m->docs[ITEM_OURS]->root->kind,
                            &o->first[ITEM_OURS]->entry->line);
            item_prop_value(&b, m->docs[ITEM_OURS]->root->kind,
                            &t->first[ITEM_THEIRS]->entry->line);
            sa = item_buf_span(&a);
            sb = item_buf_span(&b);
            if (!item_is_poorer(sb, sa) && !item_is_poorer(sa, sb))
                continue;
            /* One slot, of which the richer side is taken. */
            o->first[ITEM_THEIRS] = t->first[ITEM_THEIRS];
            o->there[ITEM_THEIRS] = 1;
            o->how = MERGE_ONE;
            o->member = 0;
            o->canon[ITEM_OURS] = sa;
            o->canon[ITEM_THEIRS] = sb;
            t->split = 1;
            odd[1][j] = NULL;
            break;
        }
    }
}

/* ---- whole components ----------------------------------------------------- */

/** Zones of theirs that lines from there need and ours has not got. */
static void put_zones(job_t *job, const apr_array_header_t *slots)
{
    const item_entry_t *id;
    item_slot_t *slot;
    int i;

    for (i = 0; job->m->zones && i < slots->nelts; i++) {
        slot = APR_ARRAY_IDX(slots, i, item_slot_t *);
        if (slot->how != MERGE_ZONE || slot->n[ITEM_OURS]
            || !slot->n[ITEM_THEIRS])
            continue;
        id = item_part_find(slot->first[ITEM_THEIRS]->entry->part, "TZID");
        if (id && apr_hash_get(job->m->zones, id->line.value.s,
                               (apr_ssize_t)id->line.value.len))
            replace(job, slot);
    }
}

static apr_status_t merge_part(item_merging_t *m, item_buf_t *out,
                               item_part_t *const *parts)
{
    apr_array_header_t *slots;
    apr_status_t rv;
    int i, pass;
    job_t job;

    rv = item_slots_make(&slots, m, parts);
    if (rv != APR_SUCCESS)
        return rv;
    job.m = m;
    job.adds = item_adds_make(m, parts[ITEM_OURS]);
    job.kind = parts[ITEM_OURS]->kind;
    job.moved = 0;
    job.summary = ITEM_BASE;
    job.name = NULL;
    job.ours = parts[ITEM_OURS];
    if (m->docs[ITEM_BASE])
        item_pair_edited(m, job.kind, slots);
    else
        join_cut(m, slots);
    /* The times first, since alarms go with them, and the summary, which a
     * description may repeat. */
    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < slots->nelts && rv == APR_SUCCESS; i++) {
            item_slot_t *slot = APR_ARRAY_IDX(slots, i, item_slot_t *);

            if (!slot->split && pass != (slot->how == MERGE_TIME
                                         || !strcmp(slot->name, "SUMMARY")))
                rv = carry_out(&job, slot);
        }
    }
    if (job.name)
        item_follow_names(m, job.name, slots);
    if (m->prefs && m->docs[ITEM_BASE] && job.kind == (int)ITEM_VCARD30)
        item_move_prefs(m, slots, parts[ITEM_OURS]);
    if (rv == APR_SUCCESS && parts[ITEM_OURS]->kind == ITEM_PART_ROOT)
        put_zones(&job, slots);
    if (rv == APR_SUCCESS)
        item_adds_write(out, job.adds);
    return rv;
}

/* ---- the whole item ------------------------------------------------------- */

/** Which input the result is; NULL text: neither. */
static void take_text(item_merge_t *m, const item_text_t *ours,
                      const item_text_t *theirs, int is_theirs)
{
    const item_text_t *text = is_theirs ? theirs : ours;

    m->text = text->data;
    m->len = text->len;
    m->is_ours = text->len == ours->len
                 && !memcmp(text->data, ours->data, text->len);
    m->is_theirs = text->len == theirs->len
                   && !memcmp(text->data, theirs->data, text->len);
}

static apr_status_t merge_notes(item_merge_t *result, item_merging_t *m,
                                const item_text_t *base,
                                const item_text_t *ours,
                                const item_text_t *theirs)
{
    const item_text_t *in[ITEM_SIDES] = { base, ours, theirs };
    item_norm_t norm[ITEM_SIDES];
    item_span_t text[ITEM_SIDES];
    item_slot_t slot;
    item_buf_t out = { NULL, NULL, 0, 0 };
    int i;

    memset(&slot, 0, sizeof(slot));
    for (i = 0; i < ITEM_SIDES; i++) {
        slot.canon[i].s = text[i].s = "";
        text[i].len = 0;
        if ((i == ITEM_BASE && !base)
            || item_normalise(&norm[i], "text/plain", in[i]->data,
                              in[i]->len, m->p) != APR_SUCCESS)
            continue;
        slot.canon[i] = norm[i].canon;
        slot.there[i] = 1;
        text[i].s = in[i]->data;
        text[i].len = in[i]->len;
        if (i != ITEM_OURS && text[i].len >= 3
            && !memcmp(text[i].s, "\xef\xbb\xbf", 3)) {
            text[i].s += 3;
            text[i].len -= 3;
        }
    }
    if (is_one_sided(&slot)) {
        take_text(result, ours, theirs,
                  !item_slot_same(&slot, ITEM_OURS, ITEM_THEIRS)
                  && item_slot_same(&slot, ITEM_OURS, ITEM_BASE));
        return APR_SUCCESS;
    }
    out.p = m->p;
    if (item_text_merge(&out, slot.there[ITEM_BASE] ? &text[ITEM_BASE] : NULL,
                        text[ITEM_OURS], text[ITEM_THEIRS], m->theirs_first,
                        m->docs[ITEM_OURS]->eol))
        item_note_clash(m, "TEXT");
    result->text = out.s;
    result->len = out.len;
    if (item_normalise(&norm[ITEM_BASE], "text/plain", out.s, out.len, m->p)
        != APR_SUCCESS)
        return ITEM_ELIMIT;
    slot.canon[ITEM_BASE] = norm[ITEM_BASE].canon;
    slot.there[ITEM_BASE] = 1;
    for (i = ITEM_OURS; i < ITEM_SIDES; i++) {
        if (!item_slot_same(&slot, ITEM_BASE, (item_side_e)i))
            continue;
        take_text(result, ours, theirs, i == ITEM_THEIRS);
        break;
    }
    return APR_SUCCESS;
}

static apr_status_t merge_lines(item_merge_t *result, item_merging_t *m,
                                const item_text_t *ours,
                                const item_text_t *theirs)
{
    item_buf_t out = { NULL, NULL, 0, 0 };
    item_part_t *parts[ITEM_SIDES];
    item_doc_t *check;
    apr_status_t rv;
    int i;

    for (i = 0; i < ITEM_SIDES; i++)
        parts[i] = m->docs[i] ? m->docs[i]->root : NULL;
    out.p = m->p;
    rv = merge_part(m, &out, parts);
    if (rv != APR_SUCCESS)
        return rv;
    if (!m->not_ours || !m->not_theirs) {
        take_text(result, ours, theirs, m->not_ours);
        return APR_SUCCESS;
    }
    item_buf_add(&out, m->docs[ITEM_OURS]->rest.s,
                 m->docs[ITEM_OURS]->rest.len);
    result->text = out.s;
    result->len = out.len;
    if (m->docs[ITEM_OURS]->lines + m->docs[ITEM_THEIRS]->lines
        > ITEM_MAX_PROPERTIES || m->words > ITEM_MAX_PROPERTIES)
        return item_doc_read(&check, NULL, out.s, out.len, m->p);
    return out.len > ITEM_MAX_OCTETS ? ITEM_ELIMIT : APR_SUCCESS;
}

static apr_status_t read_all(item_merging_t *m, const char *type,
                             const item_text_t *base, const item_text_t *ours,
                             const item_text_t *theirs)
{
    item_doc_t *docs[ITEM_SIDES] = { NULL, NULL, NULL };
    apr_status_t rv;
    int i;

    rv = item_doc_read(&docs[ITEM_OURS], type, ours->data, ours->len, m->p);
    if (rv == APR_SUCCESS)
        rv = item_doc_read(&docs[ITEM_THEIRS], type, theirs->data,
                           theirs->len, m->p);
    if (rv != APR_SUCCESS)
        return rv;
    if (docs[ITEM_OURS]->kind != docs[ITEM_THEIRS]->kind)
        return ITEM_ETYPE;
    if (base && (item_doc_read(&docs[ITEM_BASE], type, base->data, base->len,
                               m->p) != APR_SUCCESS
                 || docs[ITEM_BASE]->kind != docs[ITEM_OURS]->kind))
        docs[ITEM_BASE] = NULL;
    for (i = 0; i < ITEM_SIDES; i++)
        m->docs[i] = docs[i];
    for (i = 0; docs[ITEM_OURS]->root && !m->uid
                && i < docs[ITEM_OURS]->root->entries->nelts; i++) {
        item_part_t *part = APR_ARRAY_IDX(docs[ITEM_OURS]->root->entries, i,
                                          item_entry_t *)->part;

        if (part && part->kind >= 0)
            m->uid = item_part_find_last(part, "UID");
    }
    return APR_SUCCESS;
}

apr_status_t item_merge(item_merge_t *m, const char *type,
                        const item_text_t *base, const item_text_t *ours,
                        const item_text_t *theirs, int prefer, apr_pool_t *p)
{
    item_merging_t job;
    apr_status_t rv;

    memset(m, 0, sizeof(*m));
    memset(&job, 0, sizeof(job));
    job.p = p;
    job.theirs_first = (prefer & ITEM_PREFER_THEIRS) != 0;
    job.spare = (prefer & ITEM_SPARE_UNKNOWN) != 0;
    job.prefs = prefer & (ITEM_TAKE_PREF_TEL | ITEM_TAKE_PREF_EMAIL);
    job.clashes = apr_array_make(p, 4, sizeof(const char *));
    rv = read_all(&job, type, base, ours, theirs);
    if (rv == APR_SUCCESS && item_is_object(job.docs[ITEM_OURS]->kind))
        rv = item_object_merge(m, job.docs[ITEM_OURS]->kind,
                               job.docs[ITEM_BASE] ? base : NULL, ours,
                               theirs, prefer, job.clashes, p);
    else if (rv == APR_SUCCESS)
        rv = job.docs[ITEM_OURS]->root
             ? merge_lines(m, &job, ours, theirs)
             : merge_notes(m, &job, job.docs[ITEM_BASE] ? base : NULL, ours,
                           theirs);
    if (rv != APR_SUCCESS) {
        memset(m, 0, sizeof(*m));
        job.clashes->nelts = 0;
    }
    m->preferred = job.preferred;
    m->clashes = job.clashes;
    return rv;
}
