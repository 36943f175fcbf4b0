/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: merging items, and what two items are to each other.  The
 * first octet chooses the media type and who wins, the rest is base, ours and
 * theirs, parted by NUL octets, each copied to memory of exactly its size.
 * What must hold for any texts: a result is an item again; what one side left
 * alone is taken from the other; a side merged with itself stays itself.
 */
#include <strings.h>

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

/** Non-zero if merging may leave a line of a card's difference to theirs:
 * nobody is without a name because a device has no place for it, and some
 * properties stay or are the newest (item_merge.h). */
static int may_differ(const char *line)
{
    static const char *const names[] = {
        "UID", "VERSION", "PRODID", "CREATED", "REV", "N", "FN"
    };
    size_t n = strcspn(line + 2, ";:"), i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strlen(names[i]) == n && !strncasecmp(line + 2, names[i], n))
            return i < 5 || *line == '-';
    return 0;
}

/** Non-zero if a name stays that theirs lacks. */
static int keeps_name(const char *diff)
{
    return !strncmp(diff, "- N", 3) || !strncmp(diff, "- FN", 4)
        || strstr(diff, "\n- N:") || strstr(diff, "\n- N;")
        || strstr(diff, "\n- FN");
}

/** Non-zero if an event has a start that theirs lacks: it stays, with what
 * belongs to it. */
static int keeps_start(const char *diff)
{
    const char *line;

    for (line = diff; *line; line = strchr(line, '\n') + 1)
        if (*line == '-'
            && memmem(line, strcspn(line, ":\n"), "DTSTART", 7))
            return 1;
    return 0;
}

/** The same, where the start that theirs lacks is that of another event. */
static int lacks_start(const char *type, const item_text_t *theirs,
                       apr_pool_t *p)
{
    const apr_array_header_t *all;
    item_doc_t *doc;
    int i;

    if (item_doc_read(&doc, type, theirs->data, theirs->len, p)
        != APR_SUCCESS)
        return 0;
    all = doc->root->entries;
    for (i = 0; i < all->nelts; i++) {
        const item_part_t *part = APR_ARRAY_IDX(all, i,
                                                item_entry_t *)->part;

        if (part && part->kind == (int)ITEM_VEVENT
            && !item_part_find(part, "DTSTART"))
            return 1;
    }
    return 0;
}

/** Non-zero if a line of theirs opens a quote that nothing closes: what is
 * behind it is no word that could be said again (item_put_type()). */
static int opens_quote(const char *diff)
{
    const char *line, *s;
    int open;

    for (line = diff; *line; line = strchr(line, '\n') + 1) {
        for (open = 0, s = line; *s != '\n' && (open || *s != ':'); s++)
            open ^= *s == '"';
        if (*line == '+' && open)
            return 1;
    }
    return 0;
}

/** What theirs changed alone is taken: the result says what theirs says. */
static int is_taken(const char *type, const item_merge_t *m,
                    const item_text_t *theirs, apr_pool_t *p)
{
    const char *line, *diff;
    item_keys_t keys;

    if (item_equal(type, m->text, m->len, type, theirs->data, theirs->len, p))
        return 1;
    if (item_keys(&keys, type, m->text, m->len, p) != APR_SUCCESS)
        return 0;
    diff = item_diff(type, m->text, m->len, type, theirs->data, theirs->len,
                     p);
    if (keys.kind != ITEM_VCARD30)
        return keys.kind == ITEM_VEVENT
               && (keeps_start(diff) || lacks_start(type, theirs, p));
    if (opens_quote(diff))
        return 1;
    /* What is in the group of a name that stays, stays with it. */
    for (line = diff; *line; line = strchr(line, '\n') + 1)
        if (!may_differ(line)
            && (strncmp(line, "- X-", 4) || !keeps_name(diff)))
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
        MUST(!m.clashes->nelts && is_taken(type, &m, theirs, p));
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
