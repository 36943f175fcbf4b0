/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Names of properties, and texts without some: see item_edit.h. */
#include "item/item_edit.h"

#include <stdio.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_lines.h"

#define MAX_NAME 63

/* Where a line stands: how deep, and whether in the item itself. */
typedef struct place_t {
    int depth;                  /* components that are open */
    int item;                   /* depth of the item's component; 0: none */
    int alarm;                  /* depth of an open VALARM; 0: none */
} place_t;

static int is_item(item_span_t name)
{
    return item_span_is(name, "VCARD") || item_span_is(name, "VEVENT")
        || item_span_is(name, "VTODO")
        || item_span_is(name, "VJOURNAL");
}

/* @return what the line belongs to: NULL, or "VALARM", or "" for a property
 * of the item itself */
static const char *enter(place_t *at, const item_line_t *line)
{
    item_span_t value = item_span_trim(line->value);

    if (item_span_is(line->name, "BEGIN")) {
        at->depth++;
        if (at->item == 0 && is_item(value)) {
            at->item = at->depth;
        }
        else if (at->item && !at->alarm && item_span_is(value, "VALARM")) {
            at->alarm = at->depth;
        }
        return at->alarm ? "VALARM" : NULL;
    }
    if (item_span_is(line->name, "END")) {
        int alarm = at->alarm;

        at->alarm = at->depth == at->alarm ? 0 : at->alarm;
        at->item = at->depth == at->item ? 0 : at->item;
        at->depth -= at->depth > 0;
        return alarm ? "VALARM" : NULL;
    }
    if (at->alarm) {
        return "VALARM";
    }
    return at->item && at->depth == at->item && !line->junk ? "" : NULL;
}

/* @return 0: it is longer than any that counts */
static apr_size_t upper(char name[MAX_NAME + 1], item_span_t span)
{
    apr_size_t i;

    if (span.len > MAX_NAME) {
        return 0;
    }
    for (i = 0; i < span.len; i++) {
        name[i] = (char)apr_toupper(span.s[i]);
    }
    name[i] = '\0';
    return i;
}

static int has_value(item_span_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++) {
        if (value.s[i] != ';' && value.s[i] != ',' && value.s[i] != ' ') {
            return 1;
        }
    }
    return 0;
}

apr_hash_t *item_names(const char *data, apr_size_t len, apr_pool_t *p)
{
    apr_hash_t *names = apr_hash_make(p);
    char name[MAX_NAME + 1];
    place_t at = { 0, 0, 0 };
    item_reader_t r;
    item_line_t line;

    if (item_reader_init(&r, data, len, p) != APR_SUCCESS) {
        return names;
    }
    while (item_reader_next(&r, &line) == APR_SUCCESS) {
        const char *where = enter(&at, &line);
        apr_size_t n = 0;

        if (where == NULL) {
            continue;
        }
        if (*where != '\0') {
            apr_hash_set(names, where, APR_HASH_KEY_STRING, "");
        }
        else if (has_value(line.value)
                 && (n = upper(name, line.name)) > 0
                 && apr_hash_get(names, name, (apr_ssize_t)n) == NULL) {
            apr_hash_set(names, apr_pstrmemdup(p, name, n), (apr_ssize_t)n,
                         "");
        }
    }
    return names;
}

const char *item_without(const char *data, apr_size_t *len,
                         apr_hash_t *names, apr_pool_t *p)
{
    char name[MAX_NAME + 1], *out, *w;
    const char *kept = data, *from, *where;
    place_t at = { 0, 0, 0 };
    item_reader_t r;
    item_line_t line;

    if (apr_hash_count(names) == 0
        || item_reader_init(&r, data, *len, p) != APR_SUCCESS) {
        return data;
    }
    out = w = apr_palloc(p, *len + 1);
    from = data;
    while (item_reader_next(&r, &line) == APR_SUCCESS) {
        apr_size_t n;

        where = enter(&at, &line);
        if (where != NULL && *where == '\0') {
            n = upper(name, line.name);
            where = n ? name : NULL;
        }
        if (where != NULL
            && apr_hash_get(names, where, APR_HASH_KEY_STRING) != NULL) {
            memcpy(w, kept, (apr_size_t)(from - kept));
            w += from - kept;
            kept = r.pos;
        }
        from = r.pos;
    }
    if (kept == data) {
        return data;
    }
    memcpy(w, kept, (apr_size_t)(data + *len - kept));
    w += data + *len - kept;
    *w = '\0';
    *len = (apr_size_t)(w - out);
    return out;
}

/* How often a line of that name can begin. */
static apr_size_t count_word(const char *data, apr_size_t len,
                             const char *word)
{
    apr_size_t n = strlen(word), found = 0, i;

    for (i = 0; i + n <= len; i++) {
        found += strncasecmp(data + i, word, n) == 0;
    }
    return found;
}

const char *item_with_uid(const char *data, apr_size_t *len,
                          const char *uid, apr_pool_t *p)
{
    apr_size_t more = strlen(uid) + 8;
    const char *kept = data, *from = data;
    int found = 0;
    char *out, *w;
    place_t at = { 0, 0, 0 };
    item_reader_t r;
    item_line_t line;

    if (item_reader_init(&r, data, *len, p) != APR_SUCCESS) {
        return data;
    }
    out = w = apr_palloc(p, *len + count_word(data, *len, "UID") * more + 1);
    while (item_reader_next(&r, &line) == APR_SUCCESS) {
        const char *where = enter(&at, &line);

        if (where != NULL && *where == '\0'
            && item_span_is(line.name, "UID")) {
            memcpy(w, kept, (apr_size_t)(from - kept));
            w += from - kept;
            w += sprintf(w, "UID:%s\r\n", uid);
            kept = r.pos;
            found = 1;
        }
        from = r.pos;
    }
    if (!found) {
        return data;
    }
    memcpy(w, kept, (apr_size_t)(data + *len - kept));
    w += data + *len - kept;
    *w = '\0';
    *len = (apr_size_t)(w - out);
    return out;
}
