/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Values of properties: see item_value.h. */
#include <string.h>

#include <apr_lib.h>

#include "item/item_time.h"
#include "item/item_value.h"

void item_buf_add(item_buf_t *b, const char *s, apr_size_t len)
{
    if (!b->s || b->size - b->len < len + 1) {
        char *bigger;

        b->size = 2 * b->size + len + 64;
        bigger = apr_palloc(b->p, b->size);
        if (b->s)
            memcpy(bigger, b->s, b->len);
        b->s = bigger;
    }
    if (len)
        memcpy(b->s + b->len, s, len);
    b->len += len;
    b->s[b->len] = '\0';
}

item_span_t item_buf_span(const item_buf_t *b)
{
    item_span_t span;

    span.s = b->s ? b->s : "";
    span.len = b->len;
    return span;
}

static void trim_end(item_buf_t *b, apr_size_t from, int newlines)
{
    while (b->len > from
           && (b->s[b->len - 1] == ' ' || b->s[b->len - 1] == '\t'
               || (newlines && b->s[b->len - 1] == '\n')))
        b->len--;
}

/** The next character of an escaped text. */
static char take_char(const char **s, const char *end)
{
    char c = *(*s)++;

    if (c == '\\') {            /* a lone one at the end is dropped */
        c = *s < end ? *(*s)++ : '\0';
        return c == 'n' || c == 'N' ? '\n' : c;
    }
    if (c == '\r') {
        if (*s < end && **s == '\n')
            (*s)++;
        return '\n';
    }
    return c;
}

/** How many characters from s on mean just themselves; blanks are among them
 * unless they lead. */
static apr_size_t plain_run(const char *s, const char *end, int leading)
{
    const char *at = s;

    if (leading)
        while (at < end && (unsigned char)*at > ' ' && *at != '\\')
            at++;
    else
        while (at < end && (unsigned char)*at >= ' ' && *at != '\\')
            at++;
    return (apr_size_t)(at - s);
}

void item_value_text(item_buf_t *b, item_span_t value)
{
    const char *s = value.s, *end;
    apr_size_t from = b->len, n;
    char c;

    if (!value.len)
        return;
    end = s + value.len;
    while (s < end) {
        n = plain_run(s, end, b->len == from);
        if (n) {
            item_buf_add(b, s, n);
            s += n;
            continue;
        }
        c = take_char(&s, end);
        if (c == '\n') {
            trim_end(b, from, 0);
            if (b->len > from)
                item_buf_putc(b, c);
        }
        else if (c == ' ' || c == '\t') {
            if (b->len > from)
                item_buf_putc(b, c);
        }
        else if ((unsigned char)c > ' ')
            item_buf_putc(b, c);
    }
    trim_end(b, from, 1);
}

void item_unescape(item_buf_t *b, item_span_t value)
{
    const char *s = value.s, *end = s + value.len, *from;

    while (s < end) {
        for (from = s; s < end && *s != '\\' && *s != '\r'; s++)
            ;
        item_buf_add(b, from, (apr_size_t)(s - from));
        if (s == end)
            break;
        if (*s == '\\' && s + 1 == end) {
            item_buf_putc(b, *s);
            break;
        }
        item_buf_putc(b, take_char(&s, end));
    }
}

void item_escape(item_buf_t *b, item_span_t text)
{
    const char *s = text.s, *end = s + text.len, *from;

    while (s < end) {
        for (from = s; s < end && (unsigned char)*s >= ' ' && *s != '\\'
                       && *s != ',' && *s != ';'; s++)
            ;
        item_buf_add(b, from, (apr_size_t)(s - from));
        if (s == end)
            break;
        if (*s == '\n' || (*s == '\r' && (s + 1 == end || s[1] != '\n')))
            item_buf_puts(b, "\\n");
        else if (*s == '\t')
            item_buf_putc(b, '\t');
        else if ((unsigned char)*s >= ' ') {
            item_buf_putc(b, '\\');
            item_buf_putc(b, *s);
        }
        s++;
    }
}

int item_value_next(item_span_t *rest, char sep, item_span_t *word)
{
    const char *s = rest->s, *end;

    if (!s)
        return 0;
    end = s + rest->len;
    word->s = s;
    for (; s < end && *s != sep; s++)
        if (*s == '\\' && s + 1 < end)
            s++;
    word->len = (apr_size_t)(s - word->s);
    rest->s = s < end ? s + 1 : NULL;
    rest->len = s < end ? (apr_size_t)(end - s - 1) : 0;
    return 1;
}

void item_value_names(item_buf_t *b, const item_span_t *names)
{
    static const int order[ITEM_NAMES] = { 3, 1, 2, 0, 4 };
    apr_size_t from = b->len;
    int i;

    for (i = 0; i < ITEM_NAMES; i++) {
        if (!names[order[i]].len)
            continue;
        if (b->len > from)
            item_buf_putc(b, ' ');
        item_buf_add(b, names[order[i]].s, names[order[i]].len);
    }
}

void item_value_struct(item_buf_t *b, item_span_t value)
{
    apr_size_t from = b->len, kept = b->len;
    item_span_t part;
    int n = 0;

    while (item_value_next(&value, ';', &part)) {
        apr_size_t before;

        if (n++)
            item_buf_putc(b, ITEM_SEP);
        before = b->len;
        item_value_text(b, part);
        if (b->len > before)
            kept = b->len;
    }
    b->len = kept > from ? kept : from;
}

void item_value_phone(item_buf_t *b, item_span_t value)
{
    apr_size_t from = b->len, i, w;

    item_value_text(b, value);
    for (i = w = from; i < b->len; i++)
        if (apr_isdigit(b->s[i]) || !strchr(" \t\n-./()", b->s[i]))
            b->s[w++] = b->s[i];
    if (w > from)
        b->len = w;
}

void item_value_lower(item_buf_t *b, item_span_t value)
{
    apr_size_t i = b->len;

    for (item_value_text(b, value); i < b->len; i++)
        b->s[i] = (char)apr_tolower(b->s[i]);
}

void item_value_base64(item_buf_t *b, item_span_t value)
{
    apr_size_t i, from = 0;

    for (i = 0; i <= value.len; i++) {
        if (i == value.len || (unsigned char)value.s[i] <= ' '
            || value.s[i] == '=') {
            item_buf_add(b, value.s + from, i - from);
            from = i + 1;
        }
    }
}

void item_value_date(item_buf_t *b, item_span_t value)
{
    static const item_span_t no_zone = { "", 0 };
    item_span_t day = item_span_trim(value);
    const char *t = memchr(day.s, 'T', day.len);
    item_time_t time;

    if (t)
        day.len = (apr_size_t)(t - day.s);
    if (item_time_parse(&time, day, no_zone)
        && time.kind == ITEM_TIME_DATE)
        item_buf_puts(b, item_time_canon(&time, b->p));
    else
        item_value_text(b, value);
}

void item_value_time(item_buf_t *b, item_span_t value, item_span_t zone)
{
    item_time_t time;

    if (item_time_parse(&time, value, zone))
        item_buf_puts(b, item_time_canon(&time, b->p));
    else
        item_value_text(b, value);
}
