/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: merging items, and what two items are to each other.  The
 * first octet chooses the media type and who wins, the rest is base, ours and
 * theirs, parted by NUL octets, each copied to memory of exactly its size.
 * What must hold for any texts: a result is an item again; a side merged with
 * itself, or with what it was, stays itself.  Of well-formed ones what one side
 * left alone is taken from the other.
 */
#include "item/item_doc.h"
#include "item/item_merge.h"
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = {
    NULL, "text/vcard", "text/calendar", "text/plain"
};

/** Merge; a result must be an item. */
static apr_status_t merge(item_merge_t *m, const char *type,
                          const item_text_t *base, const item_text_t *ours,
                          const item_text_t *theirs, int prefer,
                          apr_pool_t *p)
{
    apr_status_t rv = item_merge(m, type, base, ours, theirs, prefer, p);
    item_keys_t keys;

    MUST(m->clashes);
    if (rv != APR_SUCCESS) {
        MUST(item_strerror(rv));
        MUST(!m->text && !m->is_ours && !m->is_theirs);
        return rv;
    }
    MUST(item_keys(&keys, type, m->text, m->len, p) == APR_SUCCESS);
    if (m->is_ours)
        MUST(m->len == ours->len && !memcmp(m->text, ours->data, m->len));
    if (m->is_theirs)
        MUST(m->len == theirs->len
             && !memcmp(m->text, theirs->data, m->len));
    return rv;
}

/** What a component's properties of that name say; len 0: nothing. */
static item_span_t said_in(const item_part_t *part, const char *name,
                           apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    int i;

    b.p = p;
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (!entry->part && item_span_is(entry->line.name, name))
            item_prop_value(&b, part->kind, &entry->line);
    }
    return item_buf_span(&b);
}

/** Non-zero if merging takes N from theirs: not where it lacks it, nor where
 * it says what the result's FN says alone, which is the same name. */
static int is_n_taken(const item_part_t *own, const item_part_t *theirs,
                      apr_pool_t *p)
{
    item_span_t n = said_in(theirs, "N", p), fn = said_in(own, "FN", p);

    return n.len && (said_in(own, "N", p).len || n.len != fn.len
                     || memcmp(n.s, fn.s, n.len));
}

/** Non-zero if an event of theirs has no start: one that it had stays, with
 * what belongs to it. */
static int lacks_start(const item_part_t *theirs, apr_pool_t *p)
{
    int i;

    for (i = 0; i < theirs->entries->nelts; i++) {
        const item_part_t *part = APR_ARRAY_IDX(theirs->entries, i,
                                                item_entry_t *)->part;

        if (part && part->kind == (int)ITEM_VEVENT
            && !said_in(part, "DTSTART", p).len)
            return 1;
    }
    return 0;
}

/** Non-zero if merging takes a line of a card from theirs: nobody is without
 * a name because a device has no place for it, and some stay or are the newest
 * (item_merge.h).  What is in the group of one of those, or of one that says
 * nothing, is as little looked at as that; and nothing belongs to a list, of
 * which each word is taken for itself. */
static int is_judged(const item_entry_t *entry, const item_part_t *own,
                     const item_part_t *theirs, apr_pool_t *p)
{
    static const char *const names[] = {
        "UID", "VERSION", "PRODID", "CREATED", "REV"
    };
    const item_line_t *line = entry->lead ? &entry->lead->line : &entry->line;
    item_buf_t b = { NULL, NULL, 0, 0 };
    size_t i;

    if (item_span_is(line->name, "N"))
        return !entry->lead && is_n_taken(own, theirs, p);
    if (item_span_is(line->name, "FN"))
        return !entry->lead && said_in(theirs, "FN", p).len;
    for (i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (item_span_is(line->name, names[i]))
            return 0;
    b.p = p;
    item_prop_value(&b, ITEM_VCARD30, line);
    return !entry->lead
           || (b.len > 0 && !item_span_is(line->name, "CATEGORIES"));
}

/** A card without the lines that merging need not take from theirs. */
static item_text_t judged(const item_part_t *card, const item_part_t *own,
                          const item_part_t *theirs, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_text_t text;
    int i;

    for (i = 0; i < card->entries->nelts; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(card->entries, i,
                                            item_entry_t *);

        if (entry->part || is_judged(entry, own, theirs, p))
            continue;
        entry->gone = 1;
        if (item_span_is(entry->line.name, "VERSION"))
            entry->instead = item_span_of("VERSION:3.0\r\n");
    }
    b.p = p;
    item_part_put(&b, card);
    text.data = b.s;
    text.len = b.len;
    return text;
}

/** Non-zero if a line of a difference is of a property that is compared. */
static int is_compared(const char *diff)
{
    item_line_t line;

    memset(&line, 0, sizeof(line));
    line.name.s = diff + 2;
    line.name.len = strcspn(diff + 2, ";:\n");
    return item_prop_is_known(ITEM_VCARD30, &line);
}

/** Non-zero if nothing but PRODIDs differs, of which one stays. */
static int is_of_program(const char *diff)
{
    const char *line;

    for (line = diff; *line; line = strchr(line, '\n') + 1)
        if (strncmp(line + 2, "PRODID:", 7))
            return 0;
    return *diff != '\0';
}

/** What theirs changed alone is taken: a card says all that theirs says, and
 * nothing besides that is compared.  An FN made of N may be another one, and
 * of several FN another may be the last; an X- line may stay where its group
 * is that of several lines that were the same. */
static int is_taken(const char *type, const item_merge_t *m,
                    const item_text_t *theirs, apr_pool_t *p)
{
    item_text_t mine = { m->text, m->len }, said = *theirs;
    const char *diff, *line;
    item_doc_t *doc, *own;
    int equal;

    MUST(item_doc_read(&doc, type, said.data, said.len, p) == APR_SUCCESS);
    if (!doc->root || doc->kind != ITEM_VCARD30)
        return item_equal(type, mine.data, mine.len, type, said.data,
                          said.len, p)
               || (doc->kind == ITEM_VEVENT && lacks_start(doc->root, p))
               || is_of_program(item_diff(type, mine.data, mine.len, type,
                                          said.data, said.len, p));
    MUST(item_doc_read(&own, type, mine.data, mine.len, p) == APR_SUCCESS);
    /* Not the result's: a group may have become one with another there. */
    item_part_adjuncts(doc->root, p);
    mine = judged(own->root, own->root, doc->root, p);
    said = judged(doc->root, own->root, doc->root, p);
    equal = item_equal(type, mine.data, mine.len, type, said.data, said.len,
                       p);
    diff = item_diff(type, mine.data, mine.len, type, said.data, said.len, p);
    for (line = diff; *line; line = strchr(line, '\n') + 1)
        if (is_compared(line) ? !equal : *line == '+')
            return 0;
    return 1;
}

static void check(const char *type, int prefer, const item_text_t *base,
                  const item_text_t *ours, const item_text_t *theirs,
                  apr_pool_t *p)
{
    item_merge_t m;

    merge(&m, type, base, ours, theirs, prefer, p);
    if (merge(&m, type, NULL, ours, theirs, prefer, p) == APR_SUCCESS)
        item_likeness(type, ours->data, ours->len, type, theirs->data,
                      theirs->len, p);
    if (merge(&m, type, base, ours, ours, prefer, p) == APR_SUCCESS)
        MUST(m.is_ours && m.is_theirs && !m.clashes->nelts);
    prefer &= ITEM_PREFER_THEIRS;
    if (merge(&m, type, base, ours, base, prefer, p) == APR_SUCCESS)
        MUST(m.is_ours && !m.clashes->nelts);
    if (merge(&m, type, base, base, theirs, prefer, p) == APR_SUCCESS)
        MUST(!m.clashes->nelts && (!fuzz_is_well_formed(base, p)
                                   || !fuzz_is_well_formed(theirs, p)
                                   || is_taken(type, &m, theirs, p)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    item_text_t base, ours, theirs;
    static int ready;
    apr_pool_t *p;
    unsigned how;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (!size)
        return 0;
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    how = *data++;
    size--;
    base = fuzz_take_text(&data, &size);
    ours = fuzz_take_text(&data, &size);
    theirs = fuzz_take_text(&data, &size);
    check(types[how % 4], (int)(how / 4 % 16), &base, &ours, &theirs, p);
    free((void *)(uintptr_t)base.data);
    free((void *)(uintptr_t)ours.data);
    free((void *)(uintptr_t)theirs.data);
    apr_pool_destroy(p);
    return 0;
}
