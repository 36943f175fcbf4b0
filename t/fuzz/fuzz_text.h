/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * For the fuzz targets of items: texts cut out of the input, what aborts, and
 * which texts the laws of what is kept are asked of.
 */
#ifndef T_FUZZ_FUZZ_TEXT_H
#define T_FUZZ_FUZZ_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_pools.h>

#include "item/item_form.h"
#include "item/item_lines.h"

#define MUST(x)  do { if (!(x)) abort(); } while (0)

/** The octets up to the next NUL, or all that is left, in memory of exactly
 * their size; the caller frees text.data.  Moves data and size on. */
static inline item_text_t fuzz_take_text(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size ? memchr(*data, 0, *size) : NULL;
    size_t len = end ? (size_t)(end - *data) : *size;
    char *copy = malloc(len ? len : 1);
    item_text_t text;

    MUST(copy);
    memcpy(copy, *data, len);
    text.data = copy;
    text.len = len;
    *data += len + (end != NULL);
    *size -= len + (end != NULL);
    return text;
}

static inline int fuzz_same(const item_text_t *a, const item_text_t *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/** Non-zero if a span is of letters, digits and hyphens. */
static inline int fuzz_is_name(item_span_t span)
{
    size_t i;

    for (i = 0; i < span.len; i++)
        if (!apr_isalnum(span.s[i]) && span.s[i] != '-')
            return 0;
    return span.len > 0;
}

/** Non-zero if a span has neither a control character but tabs nor, of a
 * parameter, a quote that is not around a whole word. */
static inline int fuzz_is_said(item_span_t span, int quoted)
{
    int open = 0;
    size_t i;

    for (i = 0; i < span.len; i++) {
        if (apr_iscntrl(span.s[i]) && span.s[i] != '\t')
            return 0;
        if (!quoted || span.s[i] != '"')
            continue;
        if (open ? i + 1 < span.len && span.s[i + 1] != ','
                 : i > 0 && span.s[i - 1] != ',')
            return 0;
        open = !open;
    }
    return !open;
}

/** Non-zero if a value is of times, or its property is of something else. */
static inline int fuzz_is_timely(const item_line_t *line)
{
    static const char *const times[] = {
        "DTSTART", "DTEND", "DUE", "EXDATE", "RDATE", "RECURRENCE-ID"
    };
    size_t i, n;

    for (i = 0; i < sizeof(times) / sizeof(*times); i++) {
        if (!item_span_is(line->name, times[i]))
            continue;
        for (n = 0; n < line->value.len; n++)
            if (!memchr("0123456789TZPWDHMS/,+-", line->value.s[n], 22))
                return 0;
    }
    return 1;
}

static inline int fuzz_is_line(const item_line_t *line)
{
    int i;

    for (i = 0; i < line->nparams; i++)
        if (!(line->params[i].name.len ? fuzz_is_name(line->params[i].name)
                                       : fuzz_is_name(line->params[i].value))
            || !fuzz_is_said(line->params[i].value, 1))
            return 0;
    return !line->junk && fuzz_is_name(line->name)
           && (!line->group.len || fuzz_is_name(line->group))
           && fuzz_is_said(line->value, 0) && fuzz_is_timely(line);
}

/** Non-zero if a text is what a program might write: every line a property,
 * BEGIN and END in pairs, no component in a card.  Any text must stay an item
 * and be read without harm; what is kept of lines that mean nothing is no
 * law. */
static inline int fuzz_is_well_formed(const item_text_t *text, apr_pool_t *p)
{
    item_span_t open[4];
    item_reader_t reader;
    item_line_t line;
    size_t depth = 0;

    if (item_reader_init(&reader, text->data, text->len, p) != APR_SUCCESS)
        return 0;
    while (item_reader_next(&reader, &line) == APR_SUCCESS) {
        if (!fuzz_is_line(&line))
            return 0;
        if (item_span_is(line.name, "BEGIN")) {
            if (depth == sizeof(open) / sizeof(*open)
                || (depth && item_span_is(open[0], "VCARD")))
                return 0;
            open[depth++] = line.value;
        }
        else if (item_span_is(line.name, "END")) {
            if (!depth-- || line.value.len != open[depth].len
                || memcmp(line.value.s, open[depth].s, line.value.len))
                return 0;
        }
        else if (!depth)
            return 0;
    }
    return !depth;
}

#endif
