/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Short fields: see item_limits.h. */
#include "item/item_limits.h"

#include <string.h>

#include "item/item_doc.h"
#include "item/item_qp.h"

/* Devices count octets of this or that encoding, and end before a character
 * that does not fit, or drop the space that the value then ends with. */
#define SLACK  4

/* Octets that are compared for one item: some hundred milliseconds.  What
 * comes behind stays as the device has it. */
#define MAX_WORK   (256 * 1024 * 1024)
#define PAIR_WORK  64           /* what two values cost that are short */

static int is_large_name(const char *name)
{
    static const char *const names[] = {
        "PHOTO", "LOGO", "SOUND", "KEY", "ATTACH", NULL
    };
    int i;

    for (i = 0; names[i] && strcmp(names[i], name); i++)
        ;
    return names[i] != NULL;
}

static apr_size_t limit_of(apr_hash_t *sizes, const char *name)
{
    const apr_size_t *limit =
        sizes ? apr_hash_get(sizes, name, APR_HASH_KEY_STRING) : NULL;

    return limit ? *limit : 0;
}

static item_span_t put_doc(const item_doc_t *doc, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = p;
    item_part_put(&b, doc->root);
    item_buf_add(&b, doc->rest.s, doc->rest.len);
    item_buf_putc(&b, '\0');
    b.len--;
    return item_buf_span(&b);
}

/* ---- large values --------------------------------------------------------- */

/** Non-zero for what stays whatever its length is. */
static int is_title(const char *name)
{
    return !strcmp(name, "N") || !strcmp(name, "FN")
           || !strcmp(name, "SUMMARY");
}

/** Octets of a picture or the like, as letters of base64. */
static apr_size_t large_len(item_span_t value)
{
    item_span_t data = item_data_base64(value, NULL);

    return data.len ? data.len : value.len;
}

/** Octets of a value as a text. */
static apr_size_t text_len(item_span_t value, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    if (!value.len || !memchr(value.s, '\\', value.len))
        return value.len;
    b.p = p;
    item_unescape(&b, value);
    return b.len;
}

/** Has the device no room for it, and will it not cut it? */
static int is_too_large(const item_entry_t *entry,
                        const item_limits_t *limits, apr_pool_t *p)
{
    const char *name = item_span_upper(entry->line.name, p);
    apr_size_t limit = limit_of(limits->sizes, name);

    if (!limit || entry->line.value.len <= limit)
        return 0;
    return (is_large_name(name) && large_len(entry->line.value) > limit)
           || (limits->whole && !is_title(name)
               && apr_hash_get(limits->whole, name, APR_HASH_KEY_STRING)
               && text_len(entry->line.value, p) > limit);
}

static int drop_large(const item_part_t *part, const item_limits_t *limits,
                      apr_pool_t *p)
{
    int i, dropped = 0;

    for (i = 0; i < part->entries->nelts; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(part->entries, i, item_entry_t *);

        if (entry->part)
            dropped += drop_large(entry->part, limits, p);
        else if (is_too_large(entry, limits, p)) {
            entry->gone = 1;
            dropped++;
        }
    }
    return dropped;
}

apr_status_t item_without_large(const char *type, const char **data,
                                apr_size_t *len, const item_limits_t *limits,
                                apr_pool_t *p)
{
    item_doc_t *doc;
    item_span_t out;
    apr_status_t rv;

    if (limits->sizes == NULL)
        return APR_SUCCESS;
    rv = item_doc_read(&doc, type, *data, *len, p);
    if (rv != APR_SUCCESS || !doc->root || !drop_large(doc->root, limits, p))
        return rv;
    out = put_doc(doc, p);
    *data = out.s;
    *len = out.len;
    return APR_SUCCESS;
}

/* ---- cut values ------------------------------------------------------------ */

typedef struct uncut_t {
    const item_limits_t *limits;
    const item_doc_t *theirs;
    apr_pool_t *p;
    apr_pool_t *line;           /* for as long as a line is looked at */
    item_buf_t left, right;     /* two values, as texts */
    apr_size_t work;
    int n;
} uncut_t;

static apr_size_t characters(item_span_t text)
{
    apr_size_t n = 0, i;

    for (i = 0; i < text.len; i++)
        n += ((unsigned char)text.s[i] & 0xc0) != 0x80;
    return n;
}

/** @param b  used anew, and only where the value is not its own text */
static item_span_t unescaped(item_buf_t *b, item_span_t value)
{
    if (!value.len || (!memchr(value.s, '\\', value.len)
                       && !memchr(value.s, '\r', value.len)))
        return value;
    b->len = 0;
    item_unescape(b, value);
    return item_buf_span(b);
}

static item_span_t trimmed_end(item_span_t s)
{
    while (s.len && strchr(" \t\r\n", s.s[s.len - 1]) != NULL)
        s.len--;
    return s;
}

/** Names of texts: a time or a rule that is shorter is another one. */
static int is_text_name(const char *name)
{
    static const char *const names[] = {
        "N", "FN", "ORG", "TITLE", "ROLE", "NICKNAME", "ADR", "LABEL", "NOTE",
        "EMAIL", "URL", "CATEGORIES", "SUMMARY", "DESCRIPTION", "LOCATION",
        "COMMENT", "CONTACT", NULL
    };
    int i;

    for (i = 0; names[i] && strcmp(names[i], name); i++)
        ;
    return names[i] != NULL || strncmp(name, "X-", 2) == 0;
}

/** May a value of this length have been cut by that field?
 * @param limit  0: not known */
static int at_limit(const uncut_t *u, item_span_t value, apr_size_t limit)
{
    apr_size_t n = characters(value);

    if (u->limits->any && n >= ITEM_LIMITS_LEAST)
        return 1;
    return limit && value.len + SLACK >= limit
           && (value.len <= limit || n <= limit);
}

static int is_beginning(item_span_t of, item_span_t is)
{
    return is.len < of.len && (is.len == 0 || !memcmp(of.s, is.s, is.len))
           && ((unsigned char)of.s[is.len] & 0xc0) != 0x80;
}

/** Is a part of theirs what the device has of a part of ours? */
static int is_cut_part(uncut_t *u, item_span_t had, item_span_t is,
                       apr_size_t limit)
{
    item_span_t a = trimmed_end(unescaped(&u->left, had));
    item_span_t b = trimmed_end(unescaped(&u->right, is));

    return is_beginning(a, b) && at_limit(u, b, limit);
}

static int same_part(uncut_t *u, item_span_t a, item_span_t b)
{
    a = trimmed_end(unescaped(&u->left, a));
    b = trimmed_end(unescaped(&u->right, b));
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

/** A structured value (N, ADR, ORG): some parts cut, all others the same. */
static int is_cut_struct(uncut_t *u, item_span_t had, item_span_t is,
                         apr_size_t limit)
{
    item_span_t a, b;
    int cut = 0;

    while (had.s || is.s) {
        int more_a = had.s && item_value_next(&had, ';', &a);
        int more_b = is.s && item_value_next(&is, ';', &b);

        if (!more_a)
            a.s = "", a.len = 0;
        if (!more_b)
            b.s = "", b.len = 0;
        if (!more_a && !more_b)
            break;
        if (same_part(u, a, b))
            continue;
        if (!is_cut_part(u, a, b, limit))
            return 0;
        cut = 1;
    }
    return cut;
}

static int is_struct(const char *name)
{
    return !strcmp(name, "N") || !strcmp(name, "ADR") || !strcmp(name, "ORG");
}

static int is_long_text(const char *name)
{
    return !strcmp(name, "NOTE") || !strcmp(name, "DESCRIPTION");
}

/** Non-zero if values of that name may have been cut at all. */
static int has_limit(const uncut_t *u, const char *name)
{
    return limit_of(u->limits->sizes, name)
           || (u->limits->any && is_text_name(name));
}

static int is_cut(uncut_t *u, const char *name, item_span_t had,
                  item_span_t is)
{
    apr_size_t limit = limit_of(u->limits->sizes, name);

    if (is_struct(name))
        return is_cut_struct(u, had, is, limit)
               || is_cut_part(u, had, is, limit);
    return is_cut_part(u, had, is, limit);
}

/** Where the device's field ends within a value; 0: it holds it all. */
static apr_size_t field_end(item_span_t value, apr_size_t limit)
{
    apr_size_t n = limit;

    if (!limit || value.len <= limit)
        return 0;
    while (n && ((unsigned char)value.s[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/** The text with the end that the device never had put behind its edit. */
static int put_behind(uncut_t *u, const char *name, item_entry_t *entry,
                      item_span_t had)
{
    apr_size_t end;
    item_span_t text = unescaped(&u->left, had), shown = text;
    item_span_t is = unescaped(&u->right, entry->line.value);
    item_span_t head = item_line_head(&entry->line), tail;
    item_buf_t line = { NULL, NULL, 0, 0 }, folded = { NULL, NULL, 0, 0 };

    end = field_end(text, limit_of(u->limits->sizes, name));
    shown.len = end;
    if (!end || item_span_ends(shown, is, 0) * 2
                < (shown.len > is.len ? shown.len : is.len))
        return 0;
    line.p = u->line;
    folded.p = u->p;
    tail.s = text.s + end;
    tail.len = text.len - end;
    item_buf_add(&line, head.s, head.len);
    item_buf_add(&line, entry->line.value.s, entry->line.value.len);
    item_escape(&line, tail);
    item_fold_add(&folded, item_buf_span(&line), u->theirs->eol);
    entry->instead = item_buf_span(&folded);
    return 1;
}

/** The line as the device had it. */
static void put_back(uncut_t *u, item_entry_t *entry,
                     const item_entry_t *had)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = u->p;
    item_raw_add(&b, had->raw, u->theirs->eol);
    entry->instead = item_buf_span(&b);
}

/** Non-zero if an entry is a property of that name, and is to be compared.
 * What that costs is counted. */
static int is_named(uncut_t *u, const item_entry_t *e, const char *name,
                    item_span_t value)
{
    u->work++;
    if (e->part || !item_span_is(e->line.name, name))
        return 0;
    u->work += PAIR_WORK + e->line.value.len + value.len;
    return 1;
}

/** Is the same value there, so that it cannot be what was cut? */
static int has_value(uncut_t *u, const item_part_t *part, const char *name,
                     item_span_t value)
{
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *e = APR_ARRAY_IDX(part->entries, i,
                                              const item_entry_t *);

        if (is_named(u, e, name, value) && same_part(u, e->line.value, value))
            return 1;
    }
    return 0;
}

/** @param used  by the index of an entry of had */
static void uncut_line(uncut_t *u, const item_part_t *had,
                       const item_part_t *is, item_entry_t *entry,
                       char *used)
{
    item_span_t value = entry->line.value;
    const item_entry_t *only = NULL;
    const char *name;
    int i, n = 0;

    apr_pool_clear(u->line);
    name = item_span_upper(entry->line.name, u->line);
    if (u->work > MAX_WORK || !has_limit(u, name)
        || has_value(u, had, name, value))
        return;                 /* it has not changed, as far as is known */
    for (i = 0; i < had->entries->nelts && u->work <= MAX_WORK; i++) {
        const item_entry_t *e = APR_ARRAY_IDX(had->entries, i,
                                              const item_entry_t *);

        if (used[i] || !is_named(u, e, name, value))
            continue;
        only = e;
        n++;
        if (is_cut(u, name, e->line.value, value)
            && !has_value(u, is, name, e->line.value)) {
            used[i] = 1;
            put_back(u, entry, e);
            u->n++;
            return;
        }
    }
    if (n == 1 && u->work <= MAX_WORK && is_long_text(name))
        u->n += put_behind(u, name, entry, only->line.value);
}

static item_span_t value_of(const item_part_t *part, const char *name)
{
    const item_entry_t *e = item_part_find(part, name);
    item_span_t none = { "", 0 };

    return e ? e->line.value : none;
}

/** The component that the device's is of: of the same name and occurrence. */
static const item_part_t *partner(const item_part_t *had,
                                  const item_part_t *is)
{
    item_span_t when = value_of(is, "RECURRENCE-ID");
    int i;

    for (i = 0; i < had->entries->nelts; i++) {
        const item_part_t *part =
            APR_ARRAY_IDX(had->entries, i, const item_entry_t *)->part;
        item_span_t of;

        if (!part || part->kind != is->kind || part->kind < 0)
            continue;
        of = value_of(part, "RECURRENCE-ID");
        if (of.len == when.len && (!of.len || !memcmp(of.s, when.s, of.len)))
            return part;
    }
    return NULL;
}

static void uncut_part(uncut_t *u, const item_part_t *had,
                       const item_part_t *is)
{
    char *used = apr_pcalloc(u->p, (apr_size_t)had->entries->nelts + 1);
    int i;

    for (i = 0; i < is->entries->nelts; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(is->entries, i, item_entry_t *);
        const item_part_t *other;

        if (!entry->part)
            uncut_line(u, had, is, entry, used);
        else if ((other = partner(had, entry->part)) != NULL)
            uncut_part(u, other, entry->part);
    }
}

int item_uncut(const char *type, const item_text_t *had,
               const item_text_t *theirs, const item_limits_t *limits,
               item_text_t *out, apr_pool_t *p)
{
    uncut_t u;
    item_doc_t *a, *b;
    item_span_t text;

    memset(&u, 0, sizeof(u));
    u.limits = limits;
    u.p = u.left.p = u.right.p = p;
    *out = *theirs;
    if ((!limits->sizes && !limits->any)
        || item_doc_read(&a, type, had->data, had->len, p) != APR_SUCCESS
        || item_doc_read(&b, type, theirs->data, theirs->len, p)
           != APR_SUCCESS
        || !a->root || !b->root)
        return 0;
    u.theirs = b;
    apr_pool_create(&u.line, p);
    uncut_part(&u, a->root, b->root);
    apr_pool_destroy(u.line);
    if (u.n == 0)
        return 0;
    text = put_doc(b, p);
    out->data = text.s;
    out->len = text.len;
    return u.n;
}
