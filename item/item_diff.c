/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Values of properties, and what two items differ in: see item.h. */
#include <string.h>
#include <strings.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_doc.h"
#include "item/item_object_int.h"

#define MAX_LINES  200
#define MAX_CHARS  200

/* ---- values --------------------------------------------------------------- */

static void push_value(apr_array_header_t *values, item_span_t value,
                       apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t text;

    b.p = p;
    item_value_text(&b, value);
    text = item_buf_span(&b);
    if (text.len)
        APR_ARRAY_PUSH(values, const char *) = apr_pstrmemdup(p, text.s,
                                                              text.len);
}

static int is_list(const char *name)
{
    return !strcasecmp(name, "CATEGORIES") || !strcasecmp(name, "RESOURCES")
           || !strcasecmp(name, "EXDATE") || !strcasecmp(name, "RDATE");
}

static void part_values(apr_array_header_t *values, const item_part_t *part,
                        const char *name, apr_pool_t *p)
{
    item_span_t rest, word;
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part && entry->part->kind >= 0)
            part_values(values, entry->part, name, p);
        if (entry->part || part->kind < 0
            || !item_span_is(entry->line.name, name))
            continue;
        rest = entry->line.value;
        if (!is_list(name))
            push_value(values, rest, p);
        else
            while (item_value_next(&rest, ',', &word))
                push_value(values, word, p);
    }
}

/** The only line of a name. @param n  of them were found */
static const item_entry_t *only_line(const item_part_t *part,
                                     const char *name, int *n)
{
    const item_entry_t *found = NULL, *in;
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        in = entry;
        if (entry->part && entry->part->kind >= 0)
            in = only_line(entry->part, name, n);
        else if (entry->part || part->kind < 0 || !entry->line.value.len
                 || !item_span_is(entry->line.name, name))
            in = NULL;
        else
            ++*n;
        found = in ? in : found;
    }
    return found;
}

const char *item_whole_value(const char *type, const char *data,
                             apr_size_t len, const char *name, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    const item_entry_t *entry;
    item_doc_t *doc;
    int n = 0;

    if (item_doc_read(&doc, type, data, len, p) != APR_SUCCESS || !doc->root)
        return NULL;
    entry = only_line(doc->root, name, &n);
    if (n != 1)
        return NULL;
    b.p = p;
    item_unescape(&b, entry->line.value);
    item_buf_putc(&b, '\0');
    return b.s;
}

apr_array_header_t *item_values(const char *type, const char *data,
                                apr_size_t len, const char *name,
                                apr_pool_t *p)
{
    apr_array_header_t *values = apr_array_make(p, 4, sizeof(const char *));
    item_norm_t norm;
    item_span_t text;
    item_doc_t *doc;
    const char *lf;

    if (item_doc_read(&doc, type, data, len, p) != APR_SUCCESS)
        return values;
    if (doc->root) {
        part_values(values, doc->root, name, p);
        return values;
    }
    if (item_is_object(doc->kind)) {
        item_object_values(values, doc->kind, data, len, name, p);
        return values;
    }
    if (item_normalise(&norm, type, data, len, p) != APR_SUCCESS)
        return values;
    text = norm.canon;
    if (!strcasecmp(name, "SUMMARY")) {
        text = item_span_trim(text);
        lf = text.len ? memchr(text.s, '\n', text.len) : NULL;
        text.len = lf ? (apr_size_t)(lf - text.s) : text.len;
        text = item_span_trim(text);
    }
    else if (strcasecmp(name, "BODY"))
        return values;
    if (text.len)
        APR_ARRAY_PUSH(values, const char *) = apr_pstrmemdup(p, text.s,
                                                              text.len);
    return values;
}

/* ---- differences ---------------------------------------------------------- */

/** What one side has: as it is compared, and as it is shown. */
typedef struct line_t {
    const char *key;
    const char *shown;
} line_t;

static item_span_t span_text(const char *text)
{
    item_span_t span;

    span.s = text;
    span.len = strlen(text);
    return span;
}

static void push_line(apr_array_header_t *lines, const char *key,
                      const char *shown)
{
    line_t *line = apr_array_push(lines);

    line->key = key;
    line->shown = shown;
}

/** The parameters of a line as they are written: ";TYPE=HOME". */
static const char *params_of(const item_line_t *line, apr_pool_t *p)
{
    const char *from = line->name.s + line->name.len;

    return apr_pstrmemdup(p, from, (apr_size_t)(line->value.s - from - 1));
}

/** @param head  place, name and parameters as they are shown */
static void value_line(apr_array_header_t *lines, const char *place,
                       const char *name, const char *head, int kind,
                       const item_line_t *line, apr_pool_t *p)
{
    item_buf_t key = { NULL, NULL, 0, 0 }, value = { NULL, NULL, 0, 0 };
    apr_size_t before;

    key.p = value.p = p;
    item_buf_puts(&key, place);
    item_buf_puts(&key, name);
    item_buf_putc(&key, ':');
    before = key.len;
    item_prop_value(&key, kind, line);
    if (key.len == before)
        return;
    item_prop_detail(&key, kind, line);
    item_buf_add(&key, "", 0);
    item_value_text(&value, line->value);
    item_buf_add(&value, "", 0);
    push_line(lines, key.s, apr_pstrcat(p, head, ": ", value.s, NULL));
}

/** The words of a list are compared by themselves: their order and what
 * lines they stand in say nothing. */
static void property_lines(apr_array_header_t *lines, const char *place,
                           int kind, const item_entry_t *entry, apr_pool_t *p)
{
    const char *name = item_span_upper(entry->line.name, p);
    const char *head = apr_pstrcat(p, place, name, entry->line.junk ? ""
                                   : params_of(&entry->line, p), NULL);
    item_line_t line = entry->line;
    item_span_t rest = line.value;

    if (!is_list(name))
        value_line(lines, place, name, head, kind, &line, p);
    else
        while (item_value_next(&rest, ',', &line.value))
            value_line(lines, place, name, head, kind, &line, p);
}

static void part_lines(apr_array_header_t *lines, const char *place,
                       const item_part_t *part, apr_pool_t *p)
{
    const item_entry_t *id;
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);
        item_part_t *inner = entry->part;
        const char *name;

        if (!inner) {
            property_lines(lines, place, part->kind, entry, p);
            continue;
        }
        name = item_span_upper(inner->name, p);
        if (!strcmp(name, "VTIMEZONE"))
            continue;
        id = inner->kind >= 0 ? item_part_find(inner, "RECURRENCE-ID") : NULL;
        part_lines(lines, inner->kind < 0
                          ? apr_pstrcat(p, place, name, " ", NULL)
                          : id ? apr_pstrcat(p, place, apr_pstrmemdup(
                                 p, id->line.value.s, id->line.value.len),
                                             " ", NULL) : place,
                   inner, p);
    }
}

static void text_lines(apr_array_header_t *lines, const char *data,
                       apr_size_t len, apr_pool_t *p)
{
    const char *s = data, *end = data + len, *from;

    while (s < end) {
        for (from = s; s < end && *s != '\r' && *s != '\n'; s++)
            ;
        if (s > from) {
            item_span_t line;
            const char *text;

            line.s = from;
            line.len = (apr_size_t)(s - from);
            line = item_span_trim(line);
            text = apr_pstrmemdup(p, line.s, line.len);
            push_line(lines, text, text);
        }
        while (s < end && (*s == '\r' || *s == '\n'))
            s++;
    }
}

static apr_array_header_t *lines_of(const char *type, const char *data,
                                    apr_size_t len, apr_pool_t *p)
{
    apr_array_header_t *lines = apr_array_make(p, 16, sizeof(line_t));
    item_norm_t norm;
    item_doc_t *doc;

    if (!data)
        return lines;
    if (item_doc_read(&doc, type, data, len, p) == APR_SUCCESS && doc->root)
        part_lines(lines, "", doc->root, p);
    else if (doc && item_is_object(doc->kind)
             && item_normalise(&norm, type, data, len, p) == APR_SUCCESS)
        text_lines(lines, norm.canon.s, norm.canon.len, p);
    else
        text_lines(lines, data, len, p);
    return lines;
}

/** Lines of one side that the other has not. */
static int put_missing(item_buf_t *out, const char *sign, int n,
                       const apr_array_header_t *lines,
                       const apr_array_header_t *others, apr_pool_t *p)
{
    apr_hash_t *known = apr_hash_make(p);
    int i;

    for (i = 0; i < others->nelts; i++)
        apr_hash_set(known, APR_ARRAY_IDX(others, i, line_t).key,
                     APR_HASH_KEY_STRING, "");
    for (i = 0; i < lines->nelts && n < MAX_LINES; i++) {
        const line_t *line = &APR_ARRAY_IDX(lines, i, line_t);

        if (apr_hash_get(known, line->key, APR_HASH_KEY_STRING))
            continue;
        apr_hash_set(known, line->key, APR_HASH_KEY_STRING, "");
        item_buf_puts(out, sign);
        item_buf_puts(out, item_one_line(span_text(line->shown),
                                         MAX_CHARS - 2, p));
        item_buf_putc(out, '\n');
        n++;
    }
    return n;
}

const char *item_diff(const char *type_a, const char *a, apr_size_t len_a,
                      const char *type_b, const char *b, apr_size_t len_b,
                      apr_pool_t *p)
{
    apr_array_header_t *la = lines_of(type_a, a, len_a, p);
    apr_array_header_t *lb = lines_of(type_b, b, len_b, p);
    item_buf_t out = { NULL, NULL, 0, 0 };
    int n;

    out.p = p;
    item_buf_add(&out, "", 0);
    n = put_missing(&out, "- ", 0, la, lb, p);
    put_missing(&out, "+ ", n, lb, la, p);
    return out.s;
}
