/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Names of properties, and texts without some: see item_edit.h. */
#include "item/item_edit.h"

#include <stdio.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_doc.h"
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

/* In capitals; in the buffer, unless it is one of the rare long ones. */
static const char *upper(char name[MAX_NAME + 1], item_span_t span,
                         apr_pool_t *p)
{
    apr_size_t i;

    if (span.len > MAX_NAME) {
        return item_span_upper(span, p);
    }
    for (i = 0; i < span.len; i++) {
        name[i] = (char)apr_toupper(span.s[i]);
    }
    name[i] = '\0';
    return name;
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
    char buf[MAX_NAME + 1];
    place_t at = { 0, 0, 0 };
    item_reader_t r;
    item_line_t line;

    if (item_reader_init(&r, data, len, p) != APR_SUCCESS) {
        return names;
    }
    while (item_reader_next(&r, &line) == APR_SUCCESS) {
        const char *where = enter(&at, &line), *name;

        if (where == NULL) {
            continue;
        }
        if (*where != '\0') {
            apr_hash_set(names, where, APR_HASH_KEY_STRING, "");
        }
        else if (has_value(line.value)) {
            name = upper(buf, line.name, p);
            if (apr_hash_get(names, name, APR_HASH_KEY_STRING) == NULL) {
                apr_hash_set(names, apr_pstrdup(p, name),
                             APR_HASH_KEY_STRING, "");
            }
        }
    }
    return names;
}

/* ---- without some -------------------------------------------------------- */

/* What tells of the property that it shares a group with. */
static int is_label(const char *name)
{
    return strncmp(name, "X-AB", 4) == 0
        && (strcmp(name, "X-ABLABEL") == 0 || strcmp(name, "X-ABADR") == 0);
}

/* The groups of which labels go with the last property that they tell of.
 * @return NULL: there are none */
static apr_hash_t *groups_of(const char *data, apr_size_t len,
                             apr_hash_t *names, apr_pool_t *p)
{
    apr_hash_t *gone = NULL;
    char buf[MAX_NAME + 1];
    place_t at = { 0, 0, 0 };
    item_reader_t r;
    item_line_t line;

    if (item_reader_init(&r, data, len, p) != APR_SUCCESS) {
        return NULL;
    }
    while (item_reader_next(&r, &line) == APR_SUCCESS) {
        const char *where = enter(&at, &line), *name, *group;

        if (where == NULL || *where != '\0' || !line.group.len) {
            continue;
        }
        name = upper(buf, line.name, p);
        if (is_label(name)) {
            continue;
        }
        gone = gone ? gone : apr_hash_make(p);
        group = item_span_upper(line.group, p);
        if (apr_hash_get(names, name, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(gone, group, APR_HASH_KEY_STRING, "stays");
        }
        else if (apr_hash_get(gone, group, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(gone, group, APR_HASH_KEY_STRING, "");
        }
    }
    return gone;
}

static int goes(const item_line_t *line, const char *name, apr_hash_t *names,
                apr_hash_t *groups, apr_pool_t *p)
{
    const char *group;

    if (apr_hash_get(names, name, APR_HASH_KEY_STRING) != NULL) {
        return 1;
    }
    if (groups == NULL || !line->group.len || !is_label(name)) {
        return 0;
    }
    group = apr_hash_get(groups, item_span_upper(line->group, p),
                         APR_HASH_KEY_STRING);
    return group != NULL && *group == '\0';
}

const char *item_without(const char *data, apr_size_t *len,
                         apr_hash_t *names, apr_pool_t *p)
{
    char name[MAX_NAME + 1], *out, *w;
    const char *kept = data, *from, *where;
    place_t at = { 0, 0, 0 };
    item_reader_t r;
    item_line_t line;
    apr_hash_t *groups;

    if (apr_hash_count(names) == 0
        || item_reader_init(&r, data, *len, p) != APR_SUCCESS) {
        return data;
    }
    groups = groups_of(data, *len, names, p);
    out = w = apr_palloc(p, *len + 1);
    from = data;
    while (item_reader_next(&r, &line) == APR_SUCCESS) {
        where = enter(&at, &line);
        if (where != NULL && *where == '\0') {
            where = upper(name, line.name, p);
        }
        if (where != NULL && goes(&line, where, names, groups, p)) {
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
