/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Quoted-printable and base64: see item_qp.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_qp.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c & ~0x20);
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/** The line end at s: as many octets. */
static apr_size_t line_end(const char *s, const char *end)
{
    if (*s == '\r')
        return s + 1 < end && s[1] == '\n' ? 2 : 1;
    if (*s == '\n')
        return s + 1 < end && s[1] == '\r' && (s + 2 == end || s[2] != '\n')
               ? 2 : 1;
    return 0;
}

/** Line ends as LF; NUL out. */
static apr_size_t unify_lines(char *s, apr_size_t len)
{
    const char *from = s, *end = s + len;
    char *w = s;

    while (from < end) {
        apr_size_t n = line_end(from, end);

        if (n)
            *w++ = '\n';
        else if (*from)
            *w++ = *from;
        from += n ? n : 1;
    }
    return (apr_size_t)(w - s);
}

apr_size_t item_qp_decode(char *s, apr_size_t len)
{
    const char *from = s, *end = s + len;
    char *w = s;

    while (from < end) {
        if (*from != '=') {
            *w++ = *from++;
            continue;
        }
        from++;
        if (from == end || *from == '=')
            continue;
        if (end - from >= 2 && hex(from[0]) >= 0 && hex(from[1]) >= 0) {
            *w++ = (char)(hex(from[0]) << 4 | hex(from[1]));
            from += 2;
        }
        else
            *w++ = '=';
    }
    return unify_lines(s, (apr_size_t)(w - s));
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/** The line at s, up to its end. */
static item_span_t line_at(const char *s, const char *end)
{
    item_span_t line = { s, 0 };

    while (s + line.len < end && !line_end(s + line.len, end))
        line.len++;
    return line;
}

/** Non-zero if a value goes on behind "=" with an octet in hexadecimal: no
 * blank is put in there. */
static int goes_on_bare(item_span_t doc)
{
    const char *s = doc.s, *end = s + doc.len, *next;

    while (s < end && (s = memchr(s, '=', (apr_size_t)(end - s))) != NULL) {
        s++;
        if (s == end || !line_end(s, end))
            continue;
        next = s + line_end(s, end);
        if (end - next >= 3 && *next == '=' && hex(next[1]) >= 0
            && hex(next[2]) >= 0)
            return 1;
    }
    return 0;
}

int item_qp_is_folded(item_qp_doc_t *doc, const char *at)
{
    const char *begin = doc->text.s, *end = begin + doc->text.len;
    const char *before = at;
    item_span_t line;
    int n = 0;

    while (before > begin && strchr(" \t\r\n", before[-1]))
        before--;
    while (before > begin && before[-1] == '=')
        before--;
    while (at < end) {
        line = line_at(at, end);
        if (line.len < 2 || !is_blank(*line.s) || is_blank(line.s[1])
            || (before > begin && strchr(",.;:!?", before[-1])))
            return 0;
        n++;
        if (line.s[line.len - 1] != '=')
            break;
        before = line.s + line.len - 1;
        at = line.s + line.len;
        while (end - at > 2 && *at == '\r' && at[1] == '\r')
            at++;               /* CRCRLF */
        at += at < end ? line_end(at, end) : 0;
    }
    if (n > 1 && !doc->bare)
        doc->bare = goes_on_bare(doc->text) ? 1 : -1;
    return n > 1 && doc->bare < 0;
}

/** One octet as it is written. @return octets of it */
static apr_size_t encode_one(char *out, unsigned char c, int quote)
{
    static const char digits[] = "0123456789ABCDEF";

    if (c == '\n') {
        memcpy(out, "=0D=0A", 6);
        return 6;
    }
    if (quote || c < ' ' || c == '=' || c > '~') {
        out[0] = '=';
        out[1] = digits[c >> 4];
        out[2] = digits[c & 15];
        return 3;
    }
    out[0] = (char)c;
    return 1;
}

void item_qp_encode(item_buf_t *b, item_span_t text, apr_size_t column,
                    int soft)
{
    apr_size_t i, n;
    char out[6];

    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.s[i];
        int edge = i == 0 || i + 1 == text.len;

        /* Most need nothing, wherever they stand but at a line's beginning. */
        if (c > ' ' && c <= '~' && c != '=' && column
            && column < ITEM_QP_LINE - 1) {
            item_buf_putc(b, (char)c);
            column++;
            continue;
        }
        n = encode_one(out, c, c == ' ' && edge);
        /* One octet is kept for the "=" of the break. */
        if (soft && column + n > ITEM_QP_LINE - 1) {
            item_buf_puts(b, "=\r\n");
            column = 0;
        }
        /* A line is not to begin or end with a space, nor with what could be
         * taken for BEGIN or END. */
        if (soft && ((c == ' ' && column + 4 > ITEM_QP_LINE - 1)
                     || (column == 0 && strchr(" BE", c)))) {
            n = encode_one(out, c, 1);
            if (column + n > ITEM_QP_LINE - 1) {
                item_buf_puts(b, "=\r\n");
                column = 0;
            }
        }
        item_buf_add(b, out, n);
        column += n;
    }
}

apr_size_t item_base64_letters(char *s, apr_size_t len)
{
    item_span_t text = { s, len }, data = item_data_base64(text, NULL);
    apr_size_t i = data.len ? (apr_size_t)(data.s - s) : 0, w = 0;

    for (; i < len; i++)
        if (apr_isalnum(s[i]) || s[i] == '+' || s[i] == '/' || s[i] == '=')
            s[w++] = s[i];
    return w;
}

/** The next character of a URI as devices of 2.1 get it: some write one as a
 * text, with backslashes before what is special there or before more, and
 * line ends and control characters are nothing.
 * @param i  in and out: where it begins, and what follows it
 * @return 0: it is nothing */
static char uri_char(item_span_t uri, apr_size_t *i)
{
    char c = uri.s[(*i)++];

    if (c == '\\' && *i < uri.len) {
        c = uri.s[(*i)++];
        if (c == 'n' || c == 'N')
            return 0;
    }
    return (unsigned char)c < ' ' || c == 0x7f ? 0 : c;
}

item_span_t item_data_base64(item_span_t uri, item_span_t *type)
{
    static const char scheme[] = "data:", base64[] = ";base64";
    static const item_span_t none = { "", 0 };
    enum { BEFORE = sizeof(scheme) - 1, BEHIND = sizeof(base64) - 1 };
    char c = 0, last[BEHIND];           /* what was read last, as a ring */
    apr_size_t at[BEHIND], i = 0, n = 0, from = 0, begin, j;

    uri = item_span_trim(uri);
    while (c != ',' && i < uri.len) {
        begin = i;
        c = uri_char(uri, &i);
        if (!c || c == ',')
            continue;
        c = (char)apr_tolower(c);
        if (n < BEFORE && c != scheme[n])
            return none;
        if (n == BEFORE)
            from = begin;
        last[n % BEHIND] = c;
        at[n++ % BEHIND] = begin;
    }
    if (c != ',' || n < BEFORE + BEHIND)
        return none;
    for (j = 0; j < BEHIND; j++)
        if (last[(n + j) % BEHIND] != base64[j])
            return none;
    if (type) {
        type->s = uri.s + from;
        type->len = at[n % BEHIND] - from;
    }
    uri.s += i;
    uri.len -= i;
    return uri;
}

void item_base64_lines(item_buf_t *b, item_span_t letters,
                       const char *indent)
{
    apr_size_t room = ITEM_QP_LINE - 4, n;

    while (letters.len) {
        n = letters.len < room ? letters.len : room;
        item_buf_puts(b, "\r\n");
        item_buf_puts(b, indent);
        item_buf_add(b, letters.s, n);
        letters.s += n;
        letters.len -= n;
    }
}
