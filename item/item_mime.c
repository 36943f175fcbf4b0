/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Messages and their encodings: see item_mime.h. */
#include <string.h>
#include <strings.h>

#include <apr_base64.h>
#include <apr_lib.h>

#include "item/item_charset.h"
#include "item/item_mime.h"

static int hex_digit(char c)
{
    return apr_isdigit(c) ? c - '0'
           : apr_isxdigit(c) ? apr_tolower(c) - 'a' + 10 : -1;
}

/** Octets of a line end at s, 0: there is none. */
static apr_size_t eol_at(const char *s, const char *end)
{
    if (s < end && *s == '\r')
        return s + 1 < end && s[1] == '\n' ? 2 : 1;
    return s < end && *s == '\n';
}

void item_mime_quoted(item_buf_t *b, item_span_t text, int word)
{
    const char *s = text.s, *end = s + text.len;

    while (s < end) {
        if (*s == '=' && end - s > 2 && hex_digit(s[1]) >= 0
            && hex_digit(s[2]) >= 0) {
            item_buf_putc(b, (char)(hex_digit(s[1]) << 4 | hex_digit(s[2])));
            s += 3;
        }
        else if (*s == '=' && eol_at(s + 1, end))
            s += 1 + eol_at(s + 1, end);
        else if (*s == '=' && s + 1 == end)
            s++;
        else {
            item_buf_putc(b, word && *s == '_' ? ' ' : *s);
            s++;
        }
    }
}

apr_status_t item_mime_base64(item_buf_t *b, item_span_t text)
{
    item_buf_t digits = { NULL, NULL, 0, 0 };
    apr_size_t i;
    char *out;

    digits.p = b->p;
    item_value_base64(&digits, text);
    for (i = 0; i < digits.len; i++)
        if (!apr_isalnum(digits.s[i]) && digits.s[i] != '+'
            && digits.s[i] != '/')
            return ITEM_EMALFORMED;
    if (digits.len % 4 == 1)
        return ITEM_EMALFORMED;
    if (digits.len) {
        out = apr_palloc(b->p,
                         (apr_size_t)apr_base64_decode_len(digits.s) + 1);
        item_buf_add(b, out, (apr_size_t)apr_base64_decode(out, digits.s));
    }
    return APR_SUCCESS;
}

void item_mime_to_base64(item_buf_t *b, item_span_t octets)
{
    char *out = apr_palloc(b->p, (apr_size_t)apr_base64_encode_len(
                                     (int)octets.len) + 1);

    apr_base64_encode(out, octets.s, (int)octets.len);
    item_buf_puts(b, out);
}

/* ---- headers -------------------------------------------------------------- */

/** A line, and what is behind its end. */
static item_span_t take_line(item_span_t *rest)
{
    const char *end = rest->s + rest->len, *s = rest->s;
    item_span_t line = { rest->s, 0 };

    while (s < end && !eol_at(s, end))
        s++;
    line.len = (apr_size_t)(s - line.s);
    s += eol_at(s, end);
    rest->s = s;
    rest->len = (apr_size_t)(end - s);
    return line;
}

/** The octets of a field's name, 0: this line is none. */
static apr_size_t name_len(item_span_t line)
{
    apr_size_t i;

    for (i = 0; i < line.len && line.s[i] > ' ' && line.s[i] < 0x7f
                && line.s[i] != ':'; i++)
        ;
    return i < line.len && line.s[i] == ':' ? i : 0;
}

apr_size_t item_mime_header(item_span_t message)
{
    item_span_t rest = message, line;

    if (!name_len(take_line(&rest)))
        return 0;
    while (rest.len) {
        line = take_line(&rest);
        if (!line.len)
            break;
    }
    return message.len - rest.len;
}

/** "=?charset?Q?text?=". @return its octets, 0: it is none */
static apr_size_t encoded_word(item_buf_t *b, const char *s, apr_size_t left)
{
    item_buf_t octets = { NULL, NULL, 0, 0 };
    const char *part[3], *end = s + left, *at = s + 2;
    item_span_t text, charset;
    int i;

    if (left < 8 || memcmp(s, "=?", 2))
        return 0;
    for (i = 0; i < 3; i++) {
        part[i] = at;
        while (at < end && *at != '?' && *at > ' ')
            at++;
        if (at == end || *at != '?')
            return 0;
        at++;
    }
    if (at == end || *at != '=' || part[2] - part[1] != 2)
        return 0;
    octets.p = b->p;
    text.s = part[2];
    text.len = (apr_size_t)(at - 1 - part[2]);
    charset.s = part[0];
    charset.len = (apr_size_t)(part[1] - 1 - part[0]);
    if (apr_toupper(*part[1]) == 'Q')
        item_mime_quoted(&octets, text, 1);
    else if (apr_toupper(*part[1]) != 'B'
             || item_mime_base64(&octets, text) != APR_SUCCESS)
        return 0;
    item_charset_in(b, item_charset_find(charset), item_buf_span(&octets));
    return (apr_size_t)(at + 1 - s);
}

/** A value; white space between two encoded words is not part of it. */
static void put_value(item_buf_t *b, item_span_t value)
{
    const char *s = value.s, *end = s + value.len;
    apr_size_t n, behind = 0;
    item_buf_t raw = { NULL, NULL, 0, 0 };

    raw.p = b->p;
    while (s < end) {
        n = *s == '=' ? encoded_word(b, s, (apr_size_t)(end - s)) : 0;
        if (n) {
            s += n;
            behind = b->len;
            continue;
        }
        for (n = 0; s + n < end && (s[n] == ' ' || s[n] == '\t'); n++)
            ;
        if (n && behind == b->len && behind && s + n < end
            && s[n] == '=' && encoded_word(&raw, s + n,
                                           (apr_size_t)(end - s) - n)) {
            s += n;
            continue;
        }
        raw.len = 0;
        item_buf_add(&raw, s, n ? n : 1);
        for (n = n ? n : 1; s + n < end && s[n] != '=' && s[n] != ' '; n++)
            item_buf_putc(&raw, s[n]);
        item_charset_in(b, item_charset_utf8(), item_buf_span(&raw));
        raw.len = 0;
        s += n;
    }
}

int item_mime_field(item_buf_t *b, item_span_t message, const char *name)
{
    item_span_t rest = message, line, at;
    item_buf_t value = { NULL, NULL, 0, 0 };
    apr_size_t n = strlen(name);

    rest.len = item_mime_header(message);
    while (rest.len) {
        line = take_line(&rest);
        if (name_len(line) != n || strncasecmp(line.s, name, n))
            continue;
        value.p = b->p;
        item_buf_add(&value, line.s + n + 1, line.len - n - 1);
        while (rest.len && (*rest.s == ' ' || *rest.s == '\t')) {
            at = take_line(&rest);
            item_buf_add(&value, at.s, at.len);
        }
        put_value(b, item_span_trim(item_buf_span(&value)));
        return 1;
    }
    return 0;
}
