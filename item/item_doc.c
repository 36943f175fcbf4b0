/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The tree of lines: see item_doc.h. */
#include <string.h>
#include <strings.h>

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_doc.h"
#include "item/item_object_int.h"

#define FOLD  75                /* octets of a line, RFC 5545 3.1 */
#define EARLY  20               /* nobody folds so soon on purpose */

typedef struct builder_t {
    apr_pool_t *p;
    item_doc_t *doc;
    item_part_t *open[ITEM_MAX_DEPTH];
    int depth;
    int kinds;                  /* events, tasks and journals seen */
} builder_t;

static int part_kind(const builder_t *b, item_span_t name)
{
    item_kind_e kind;

    if (!b->depth)
        return b->doc->kind == ITEM_VCARD30 ? (int)ITEM_VCARD30
                                            : ITEM_PART_ROOT;
    if (b->open[b->depth - 1]->kind != ITEM_PART_ROOT)
        return ITEM_PART_OTHER;
    return item_calendar_kind(name, &kind) ? (int)kind : ITEM_PART_OTHER;
}

static item_entry_t *add_entry(builder_t *b, item_span_t raw)
{
    item_part_t *part = b->open[b->depth - 1];
    item_entry_t *entry = apr_pcalloc(b->p, sizeof(*entry));

    entry->raw = raw;
    entry->index = part->entries->nelts;
    APR_ARRAY_PUSH(part->entries, item_entry_t *) = entry;
    return entry;
}

static apr_status_t begin(builder_t *b, item_span_t name, item_span_t raw)
{
    item_part_t *part;

    if (!b->depth && (b->doc->root
                      || !item_span_is(name, b->doc->kind == ITEM_VCARD30
                                             ? "VCARD" : "VCALENDAR")))
        return ITEM_EMALFORMED;
    if (b->depth == ITEM_MAX_DEPTH)
        return ITEM_ELIMIT;
    part = apr_pcalloc(b->p, sizeof(*part));
    part->kind = part_kind(b, name);
    part->name = name;
    part->begin = raw;
    part->entries = apr_array_make(b->p, 16, sizeof(item_entry_t *));
    if (!b->depth)
        b->doc->root = part;
    else
        add_entry(b, raw)->part = part;
    if (part->kind >= 0 && part->kind != (int)ITEM_VCARD30) {
        if (!b->kinds++)
            b->doc->kind = (item_kind_e)part->kind;
    }
    b->open[b->depth++] = part;
    return APR_SUCCESS;
}

static apr_status_t end(builder_t *b, item_span_t name, item_span_t raw)
{
    item_part_t *part;

    if (!b->depth)
        return ITEM_EMALFORMED;
    part = b->open[--b->depth];
    if (name.len != part->name.len
        || strncasecmp(name.s, part->name.s, name.len))
        return ITEM_EMALFORMED;
    part->end = raw;
    return APR_SUCCESS;
}

static apr_status_t take_line(builder_t *b, const item_line_t *line,
                              item_span_t raw)
{
    item_entry_t *entry;

    if (!line->junk && item_span_is(line->name, "BEGIN"))
        return begin(b, item_span_trim(line->value), raw);
    if (!line->junk && item_span_is(line->name, "END"))
        return end(b, item_span_trim(line->value), raw);
    if (!b->depth)
        return ITEM_EMALFORMED;
    entry = add_entry(b, raw);
    entry->line = *line;
    entry->line.params = line->nparams
        ? apr_pmemdup(b->p, line->params,
                      sizeof(item_param_t) * (apr_size_t)line->nparams)
        : NULL;
    return APR_SUCCESS;
}

static apr_status_t read_lines(builder_t *b)
{
    item_doc_t *doc = b->doc;
    const char *from = doc->text.s;
    item_reader_t reader;
    item_line_t line;
    item_span_t raw;
    apr_status_t rv;

    rv = item_reader_init(&reader, doc->text.s, doc->text.len, b->p);
    while (rv == APR_SUCCESS) {
        rv = item_reader_next(&reader, &line);
        if (rv != APR_SUCCESS)
            break;
        raw.s = from;
        raw.len = (apr_size_t)(reader.pos - from);
        from = reader.pos;
        rv = take_line(b, &line, raw);
    }
    doc->rest.s = from;
    doc->rest.len = doc->text.len - (apr_size_t)(from - doc->text.s);
    doc->lines = reader.count;
    return rv;
}

static const char *first_eol(item_span_t text)
{
    const char *end = text.s + text.len, *s;

    for (s = text.s; s < end && *s != '\r' && *s != '\n'; s++)
        ;
    if (s < end && *s == '\n')
        return "\n";
    return s + 1 < end && s[1] != '\r' && s[1] != '\n' ? "\r" : "\r\n";
}

static apr_status_t read_doc(item_doc_t *doc, const char *strict,
                             apr_pool_t *p)
{
    const item_entry_t *version;
    item_kind_e root = doc->kind;
    item_span_t value = { "", 0 };
    apr_status_t rv;
    builder_t b;

    memset(&b, 0, sizeof(b));
    b.p = p;
    b.doc = doc;
    rv = read_lines(&b);
    if (rv != APR_EOF)
        return rv;
    if (!doc->root || b.depth)
        return ITEM_EMALFORMED;
    version = item_part_find_last(doc->root, "VERSION");
    if (version)
        value = item_span_trim(version->line.value);
    rv = item_check_version(root, strict, value);
    if (rv == APR_SUCCESS && root != ITEM_VCARD30 && !b.kinds)
        rv = ITEM_ETYPE;        /* no event, task or journal */
    return rv;
}

apr_status_t item_doc_read(item_doc_t **doc, const char *type,
                           const char *data, apr_size_t len, apr_pool_t *p)
{
    item_doc_t *d = apr_pcalloc(p, sizeof(*d));
    item_object_t object;
    const char *strict;
    apr_status_t rv;

    *doc = NULL;
    d->text.s = data ? data : "";
    d->text.len = len;
    rv = item_recognise(&d->kind, &strict, type, d->text.s, len);
    if (rv != APR_SUCCESS)
        return rv;
    if (len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    if (len && memchr(d->text.s, '\0', len))
        return ITEM_EMALFORMED;
    d->eol = first_eol(d->text);
    if (item_is_object(d->kind))
        rv = item_object_read(&object, d->kind, d->text.s, len, p);
    else if (d->kind != ITEM_TEXT)
        rv = read_doc(d, strict, p);
    if (rv == APR_SUCCESS)
        *doc = d;
    return rv;
}

item_entry_t *item_part_find(const item_part_t *part, const char *name)
{
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                            item_entry_t *);

        if (!entry->part && item_span_is(entry->line.name, name))
            return entry;
    }
    return NULL;
}

item_entry_t *item_part_find_last(const item_part_t *part, const char *name)
{
    int i;

    for (i = part->entries->nelts - 1; i >= 0; i--) {
        item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                            item_entry_t *);

        if (!entry->part && item_span_is(entry->line.name, name))
            return entry;
    }
    return NULL;
}

char *item_span_upper(item_span_t name, apr_pool_t *p)
{
    char *text = apr_pstrmemdup(p, name.s, name.len), *c;

    for (c = text; *c; c++)
        *c = (char)apr_toupper(*c);
    return text;
}

static int says_nothing(item_span_t name)
{
    static const char *const names[] = {
        "UID", "RECURRENCE-ID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE",
        "CREATED", NULL
    };
    int i = 0;

    while (names[i] && !item_span_is(name, names[i]))
        i++;
    return names[i] != NULL;
}

item_span_t item_part_canon(const item_part_t *part, apr_pool_t *p)
{
    apr_array_header_t *lines = apr_array_make(p, 16, sizeof(item_span_t));
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);
        item_buf_t b = { NULL, NULL, 0, 0 };
        apr_size_t before;

        b.p = p;
        if (entry->part) {
            APR_ARRAY_PUSH(lines, item_span_t) = item_part_canon(entry->part,
                                                                 p);
            continue;
        }
        if (says_nothing(entry->line.name))
            continue;
        item_buf_puts(&b, item_span_upper(entry->line.name, p));
        item_buf_putc(&b, ':');
        before = b.len;
        item_prop_value(&b, part->kind, &entry->line);
        if (b.len > before) {
            item_prop_detail(&b, part->kind, &entry->line);
            APR_ARRAY_PUSH(lines, item_span_t) = item_buf_span(&b);
        }
    }
    return item_spans_join(lines, '\x1e', 1, p);
}

/* ---- writing -------------------------------------------------------------- */

void item_raw_add(item_buf_t *b, item_span_t raw, const char *eol)
{
    const char *s = raw.s, *end = s + raw.len, *from;
    int first = 1;

    while (s < end) {
        for (from = s; s < end && *s != '\r' && *s != '\n'; s++)
            ;
        while (first && from < s && (*from == ' ' || *from == '\t'))
            from++;
        if (s > from || !first) {
            item_buf_add(b, from, (apr_size_t)(s - from));
            item_buf_puts(b, eol);
            first = 0;
        }
        if (s < end && *s == '\r')
            s++;
        if (s + 1 < end && *s == '\r' && s[1] == '\n')
            s++;
        if (s < end && *s == '\n')
            s++;
    }
}

void item_fold_add(item_buf_t *b, item_span_t line, const char *eol)
{
    apr_size_t room = FOLD, n;

    while (line.len > room) {
        n = room;
        while (n > 1 && ((unsigned char)line.s[n] & 0xc0) == 0x80)
            n--;
        item_buf_add(b, line.s, n);
        item_buf_puts(b, eol);
        item_buf_putc(b, ' ');
        line.s += n;
        line.len -= n;
        room = FOLD - 1;
    }
    item_buf_add(b, line.s, line.len);
    item_buf_puts(b, eol);
}

/** Octets of a property's first line, without its end. */
static apr_size_t first_line(item_span_t raw)
{
    const char *end;

    while (raw.len && strchr(" \t\r\n", *raw.s)) {
        raw.s++;
        raw.len--;
    }
    end = memchr(raw.s, '\n', raw.len);
    if (!end)
        return raw.len;
    while (end > raw.s && end[-1] == '\r')
        end--;
    return (apr_size_t)(end - raw.s);
}

void item_entry_add(item_buf_t *b, const item_entry_t *entry, const char *eol)
{
    item_span_t line = item_line_head(&entry->line);
    apr_size_t early = line.len > EARLY ? line.len : EARLY;

    line.len += entry->line.value.len;
    if (entry->line.junk || first_line(entry->raw)
                            >= (early < line.len ? early : line.len))
        item_raw_add(b, entry->raw, eol);
    else
        item_fold_add(b, line, eol);
}

int item_is_folded_early(item_span_t text)
{
    const char *s = text.s, *end = s + text.len, *line_end;
    int early = 0;

    for (; s < end; s = line_end + 1) {
        line_end = memchr(s, '\n', (apr_size_t)(end - s));
        line_end = line_end ? line_end : end;
        if (*s != ' ' && *s != '\t')
            early = line_end - s < EARLY
                    || !memchr(s, ':', (apr_size_t)(line_end - s));
        else if (early)
            return 1;
    }
    return 0;
}

item_span_t item_line_head(const item_line_t *line)
{
    item_span_t head;

    if (line->junk) {           /* a line without a colon is all value */
        head.s = line->value.s;
        head.len = 0;
        return head;
    }
    head.s = line->group.len ? line->group.s : line->name.s;
    head.len = (apr_size_t)(line->value.s - head.s);
    return head;
}

void item_part_keep(item_buf_t *b, const item_part_t *part)
{
    int i;

    item_buf_add(b, part->begin.s, part->begin.len);
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part)
            item_part_keep(b, entry->part);
        else
            item_buf_add(b, entry->raw.s, entry->raw.len);
    }
    item_buf_add(b, part->end.s, part->end.len);
}

void item_part_put(item_buf_t *b, const item_part_t *part)
{
    int i;

    item_buf_add(b, part->begin.s, part->begin.len);
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part)
            item_part_put(b, entry->part);
        else if (entry->instead.s)
            item_buf_add(b, entry->instead.s, entry->instead.len);
        else if (!entry->gone)
            item_buf_add(b, entry->raw.s, entry->raw.len);
    }
    item_buf_add(b, part->end.s, part->end.len);
}

/** X-ABLabel and its like: what says something of the line it is grouped
 * with. */
static int is_x_name(item_span_t name)
{
    return name.len > 1 && (*name.s == 'X' || *name.s == 'x')
           && name.s[1] == '-';
}

void item_part_adjuncts(const item_part_t *part, apr_pool_t *p)
{
    apr_hash_t *leads = NULL;
    item_entry_t *entry, *lead;
    int n = part->entries->nelts, pass, i;
    char *group;

    for (pass = 0; pass < 2; pass++) {
        for (i = 0; i < n; i++) {       /* adjuncts from the end */
            entry = APR_ARRAY_IDX(part->entries, pass ? n - 1 - i : i,
                                  item_entry_t *);
            if (entry->part || !entry->line.group.len || entry->line.junk
                || is_x_name(entry->line.name) != pass)
                continue;
            if (!leads)
                leads = apr_hash_make(p);
            group = item_span_upper(entry->line.group, p);
            lead = apr_hash_get(leads, group, APR_HASH_KEY_STRING);
            if (!pass && !lead)
                apr_hash_set(leads, group, APR_HASH_KEY_STRING, entry);
            else if (!pass) {
                entry->mates = lead->mates;
                lead->mates = entry;
            }
            else if (lead) {
                entry->lead = lead;
                entry->next = lead->adjuncts;
                lead->adjuncts = entry;
            }
        }
    }
}
