/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Items for devices with little room: see item_reduce() in item.h. */
#include <stdlib.h>
#include <string.h>

#include "item/item_doc.h"
#include "item/item_object_int.h"

#define MIN_TEXT  8             /* a text is not cut shorter, it goes */
#define OVERHEAD  16            /* of folding, at the most, beside 3 in 74 */

static const char *const binaries[] = {
    "PHOTO", "LOGO", "SOUND", "KEY", "ATTACH", NULL
};
static const char *const texts[] = {
    "NOTE", "DESCRIPTION", "COMMENT", "LABEL", NULL
};

typedef struct reduction_t {
    apr_pool_t *p;
    const item_doc_t *doc;
    apr_array_header_t *found;  /* item_entry_t *, of the kind looked for */
    apr_size_t size;            /* of the item as it has become */
    apr_size_t limit;
} reduction_t;

typedef enum { BINARIES, TEXTS, UNKNOWN, KINDS } what_e;

static int is_among(const char *const *names, item_span_t name)
{
    while (*names && !item_span_is(name, *names))
        names++;
    return *names != NULL;
}

static int is_kind(what_e what, const item_entry_t *entry)
{
    item_span_t name = entry->line.name;

    switch (what) {
    case BINARIES: return is_among(binaries, name);
    case TEXTS:    return is_among(texts, name);
    default:       return name.len > 1 && name.s[1] == '-';
    }
}

static void find_entries(reduction_t *r, what_e what, const item_part_t *part)
{
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                            item_entry_t *);

        if (entry->part)
            find_entries(r, what, entry->part);
        else if (is_kind(what, entry))
            APR_ARRAY_PUSH(r->found, item_entry_t *) = entry;
    }
}

static int by_size(const void *a, const void *b)
{
    const item_entry_t *const *ea = a, *const *eb = b;
    apr_size_t la = (*ea)->raw.len, lb = (*eb)->raw.len;

    return (la < lb) - (la > lb);
}

/** Octets of a value up to a limit, without half characters or escapes. */
static apr_size_t cut_value(item_span_t value, apr_size_t limit)
{
    apr_size_t n = limit < value.len ? limit : value.len, slashes = 0;

    while (n && n < value.len && ((unsigned char)value.s[n] & 0xc0) == 0x80)
        n--;
    while (slashes < n && value.s[n - 1 - slashes] == '\\')
        slashes++;
    return n - slashes % 2;
}

/** Make a line so much shorter, or leave it out. */
static void shorten(reduction_t *r, item_entry_t *entry, apr_size_t excess)
{
    item_span_t head = item_line_head(&entry->line);
    item_buf_t line = { NULL, NULL, 0, 0 }, folded = { NULL, NULL, 0, 0 };
    apr_size_t room = entry->raw.len > excess ? entry->raw.len - excess : 0;

    room = room > OVERHEAD ? (room - OVERHEAD) / 77 * 74
                             + (room - OVERHEAD) % 77 * 74 / 77 : 0;
    r->size -= entry->raw.len;
    if (room < head.len + MIN_TEXT || entry->line.junk) {
        entry->gone = 1;
        return;
    }
    line.p = folded.p = r->p;
    item_buf_add(&line, head.s, head.len);
    item_buf_add(&line, entry->line.value.s,
                 cut_value(entry->line.value, room - head.len));
    item_fold_add(&folded, item_buf_span(&line), r->doc->eol);
    entry->instead = item_buf_span(&folded);
    r->size += entry->instead.len;
}

static void reduce_kind(reduction_t *r, what_e what)
{
    int i;

    r->found = apr_array_make(r->p, 4, sizeof(item_entry_t *));
    find_entries(r, what, r->doc->root);
    qsort(r->found->elts, (apr_size_t)r->found->nelts,
          sizeof(item_entry_t *), by_size);
    for (i = 0; i < r->found->nelts && r->size > r->limit; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(r->found, i, item_entry_t *);

        if (what == TEXTS)
            shorten(r, entry, r->size - r->limit);
        else {
            entry->gone = 1;
            r->size -= entry->raw.len;
        }
    }
}

apr_status_t item_reduce(const char *type, const char **data,
                         apr_size_t *len, apr_size_t limit, apr_pool_t *p)
{
    item_buf_t out = { NULL, NULL, 0, 0 };
    item_doc_t *doc;
    apr_status_t rv;
    reduction_t r;
    int what;

    rv = item_doc_read(&doc, type, *data, *len, p);
    if (rv != APR_SUCCESS || *len <= limit)
        return rv;
    if (item_is_object(doc->kind))
        return item_object_reduce(doc->kind, data, len, limit, p);
    out.p = p;
    if (!doc->root) {
        while (limit && ((unsigned char)doc->text.s[limit] & 0xc0) == 0x80)
            limit--;
        item_buf_add(&out, doc->text.s, limit);
    }
    else {
        memset(&r, 0, sizeof(r));
        r.p = p;
        r.doc = doc;
        r.size = *len - doc->rest.len;
        r.limit = limit;
        for (what = BINARIES; what < KINDS && r.size > limit; what++)
            reduce_kind(&r, (what_e)what);
        if (r.size > limit)
            return ITEM_ELIMIT;
        item_part_put(&out, doc->root);
    }
    *data = out.s;
    *len = out.len;
    return APR_SUCCESS;
}
