/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* One line for people about an item: see item.h. */
#include <string.h>

#include "item/item_charset.h"
#include "item/item_object_int.h"

/** Properties that can name an item, the best first. */
static const char *const card_names[] = {
    "FN", "N", "ORG", "NICKNAME", "EMAIL", "TEL", NULL
};
static const char *const calendar_names[] = {
    "SUMMARY", "DESCRIPTION", "LOCATION", "DTSTART", "DUE", NULL
};

const char *item_one_line(item_span_t text, apr_size_t max, apr_pool_t *p)
{
    const char *s = text.s;
    apr_size_t left = text.len, chars = 0, n;
    item_buf_t out = { NULL, NULL, 0, 0 };

    out.p = p;
    item_buf_add(&out, "", 0);
    for (; left && chars < max; s += n, left -= n) {
        n = item_utf8_len(s, left);
        if (n == 1 && ((unsigned char)*s <= ' ' || *s == 0x7f)) {
            if (!out.len || out.s[out.len - 1] == ' ')
                continue;
            item_buf_putc(&out, ' ');
        }
        else if (n == 2 && *s == '\xc2' && (unsigned char)s[1] < 0xa0)
            item_buf_putc(&out, ' ');   /* C1 controls */
        else if (n)
            item_buf_add(&out, s, n);
        else {
            item_buf_putc(&out, '?');
            n = 1;
        }
        chars++;
    }
    while (out.len && out.s[out.len - 1] == ' ')
        out.s[--out.len] = '\0';
    return out.s;
}

/** Words of N in the order in which a name is spoken. */
static void spoken_name(item_buf_t *out, item_span_t value)
{
    static const int order[] = { 3, 1, 2, 0, 4 };
    item_span_t parts[5], part;
    unsigned n = 0, i;

    memset(parts, 0, sizeof(parts));
    while (n < 5 && item_value_next(&value, ';', &part))
        parts[n++] = part;
    for (i = 0; i < 5; i++) {
        apr_size_t before = out->len;

        if (before)
            item_buf_putc(out, ' ');
        if (parts[order[i]].len)
            item_value_text(out, parts[order[i]]);
        if (out->len == before + 1 && before)
            out->len = before;
    }
}

static void readable_value(item_buf_t *out, const item_line_t *line)
{
    apr_size_t i;

    if (item_span_is(line->name, "N"))
        spoken_name(out, line->value);
    else if (item_span_is(line->name, "ORG")) {
        item_value_struct(out, line->value);
        for (i = 0; i < out->len; i++)
            if (out->s[i] == ITEM_SEP)
                out->s[i] = ' ';
    }
    else
        item_value_text(out, line->value);
}

static item_span_t first_line(const char *data, apr_size_t len)
{
    item_span_t text, line;

    text.s = data;
    text.len = len;
    if (len >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
        text.s += 3;
        text.len -= 3;
    }
    line = item_span_trim(text);
    for (line.len = 0; line.s + line.len < data + len; line.len++)
        if (line.s[line.len] == '\r' || line.s[line.len] == '\n')
            break;
    return line;
}

/** The best property of an item's main component; VTIMEZONE and VALARM are
 * passed over. */
static item_span_t best_property(const char *const *names, const char *data,
                                 apr_size_t len, apr_pool_t *p)
{
    item_span_t best = { "", 0 };
    int rank = 100, i, skip = 0;
    item_reader_t reader;
    item_line_t line;

    if (item_reader_init(&reader, data, len, p) != APR_SUCCESS)
        return best;
    while (item_reader_next(&reader, &line) == APR_SUCCESS) {
        item_span_t value = item_span_trim(line.value);
        int begin = item_span_is(line.name, "BEGIN");

        if (begin || item_span_is(line.name, "END")) {
            if (item_span_is(value, "VTIMEZONE")
                || item_span_is(value, "VALARM"))
                skip += begin ? 1 : skip > 0 ? -1 : 0;
            continue;
        }
        for (i = 0; !skip && names[i] && i < rank; i++) {
            item_buf_t text = { NULL, NULL, 0, 0 };

            if (!item_span_is(line.name, names[i]))
                continue;
            text.p = p;
            readable_value(&text, &line);
            if (text.len) {
                rank = i;
                best.s = text.s;
                best.len = text.len;
            }
        }
        if (!rank)
            break;
    }
    return best;
}

const char *item_summary(const char *type, const char *data, apr_size_t len,
                         apr_size_t max, apr_pool_t *p)
{
    item_span_t text = { "", 0 };
    const char *strict;
    item_kind_e kind;

    if (!data)
        data = "";
    if (item_recognise(&kind, &strict, type, data, len) != APR_SUCCESS)
        kind = ITEM_TEXT;
    if (item_is_object(kind))
        text = item_object_title(kind, data, len, p);
    else if (kind != ITEM_TEXT)
        text = best_property(kind == ITEM_VCARD30 ? card_names
                                                  : calendar_names,
                             data, len, p);
    if (!text.len)
        text = first_line(data, len);
    return item_one_line(text, max, p);
}
