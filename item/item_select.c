/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* An item with some of its properties only. */
#include <string.h>
#include <strings.h>

#include "item/item_lines.h"

/* Properties in components inside an event (its alarms) or beside it (time
 * zones) are not the item's own. */
static int is_item(item_span_t name)
{
    return item_span_is(name, "VCARD") || item_span_is(name, "VEVENT")
           || item_span_is(name, "VTODO")
           || item_span_is(name, "VJOURNAL");
}

/* Without these an item is none, or another one. */
static const char *const needed[] = {
    "VERSION", "PRODID", "UID", "DTSTAMP", "DTSTART", "RECURRENCE-ID", "N",
    "FN"
};

/* One line with those that continue it, as it stands. */
static item_span_t take_line(const char **at, const char *end)
{
    item_span_t line = { *at, 0 };
    const char *c = *at;

    for (;;) {
        while (c < end && *c != '\n' && *c != '\r')
            c++;
        while (c < end && *c == '\r')
            c++;
        if (c < end && *c == '\n')
            c++;
        if (c >= end || (*c != ' ' && *c != '\t'))
            break;
    }
    line.len = (apr_size_t)(c - *at);
    *at = c;
    return line;
}

/* The property's name, without a group. */
static item_span_t name_of(item_span_t line)
{
    item_span_t name = { line.s, 0 };

    while (name.len < line.len && !strchr(":;\r\n", line.s[name.len])) {
        if (line.s[name.len] == '.') {
            line.s += name.len + 1;
            line.len -= name.len + 1;
            name.s = line.s;
            name.len = 0;
        }
        else
            name.len++;
    }
    return name;
}

static int is_one_of(item_span_t name, const char *const *names, int n)
{
    while (n-- > 0)
        if (item_span_is(name, names[n]))
            return 1;
    return 0;
}

typedef struct select_t {
    const char *const *names;
    int n, drop;
    int depth, inside;
    int skipping;               /* depth of a component that is left out */
} select_t;

static int wanted(const select_t *s, item_span_t name)
{
    if (is_one_of(name, needed, (int)(sizeof(needed) / sizeof(*needed))))
        return 1;
    return is_one_of(name, s->names, s->n) != s->drop;
}

/* Is this line to stay? */
static int keeps(select_t *s, item_span_t line)
{
    item_span_t name = name_of(line), value = { line.s, 0 };
    const char *colon = memchr(line.s, ':', line.len);

    if (colon) {
        value.s = colon + 1;
        value.len = line.len - (apr_size_t)(value.s - line.s);
        value = item_span_trim(value);
    }
    if (item_span_is(name, "BEGIN")) {
        s->depth++;
        if (!s->inside && is_item(value))
            s->inside = s->depth;
        else if (s->inside && !s->skipping && s->depth == s->inside + 1
                 && !wanted(s, value))
            s->skipping = s->depth;
        return !s->skipping;
    }
    if (item_span_is(name, "END")) {
        int left_out = s->skipping > 0;

        s->skipping = s->skipping == s->depth ? 0 : s->skipping;
        s->inside = s->inside == s->depth ? 0 : s->inside;
        s->depth--;
        return !left_out;
    }
    return !s->skipping && (s->inside != s->depth || wanted(s, name));
}

apr_status_t item_select(const char *type, const char **data,
                         apr_size_t *len, const char *const *names, int n,
                         int drop, apr_pool_t *p)
{
    select_t s = { 0 };
    const char *at = *data, *end = at + *len;
    char *out;
    apr_size_t size = 0;

    if (*len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    if (type && (strncasecmp(type, "text/plain", 10) == 0
                 || strncasecmp(type, "application/vnd.omads-", 22) == 0))
        return APR_SUCCESS;
    s.names = names;
    s.n = n;
    s.drop = drop;
    out = apr_palloc(p, *len + 1);
    while (at < end) {
        item_span_t line = take_line(&at, end);

        if (keeps(&s, line)) {
            memcpy(out + size, line.s, line.len);
            size += line.len;
        }
    }
    if (s.depth != 0)
        return ITEM_EMALFORMED;
    *data = out;
    *len = size;
    return APR_SUCCESS;
}
