/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Lines and values of vCalendar 1.0: see item_cal.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_cal.h"
#include "item/item_charset.h"
#include "item/item_qp.h"

/* ---- reading lines ------------------------------------------------------ */

typedef struct source_t {
    const char *s, *end;
    item_qp_doc_t *quoted;      /* all of it */
} source_t;

/** The next physical line, without its end. @return 0: no more */
static int physical(source_t *src, item_span_t *line)
{
    const char *s = src->s;

    if (s >= src->end)
        return 0;
    while (s < src->end && *s != '\r' && *s != '\n')
        s++;
    line->s = src->s;
    line->len = (apr_size_t)(s - src->s);
    if (s < src->end && *s == '\r')
        s++;
    if (s + 1 < src->end && *s == '\r' && s[1] == '\n')
        s++;                    /* CRCRLF */
    if (s < src->end && *s == '\n')
        s++;
    src->s = s;
    return 1;
}

/** Whether a line's name and parameters say quoted-printable. */
static int is_quoted(item_span_t line)
{
    const char *colon = memchr(line.s, ':', line.len), *s;

    if (!colon)
        return 0;
    for (s = line.s; s + 6 <= colon; s++)
        if (!strncasecmp(s, "QUOTED", 6) && s > line.s
            && (s[-1] == ';' || s[-1] == '='))
            return 1;
    return 0;
}

/** A line that can only be the next one, though the one before asks for more:
 * some devices write "=" at the very end. */
static int is_structure(item_span_t line)
{
    return (line.len >= 7 && !strncasecmp(line.s, "BEGIN:V", 7))
           || (line.len >= 5 && !strncasecmp(line.s, "END:V", 5));
}

static int is_blank_first(item_span_t line)
{
    return line.len > 1 && (*line.s == ' ' || *line.s == '\t')
           && line.s[1] != ' ';
}

/** Append what continues a line: after "=" in quoted-printable, or behind
 * white space. */
static void take_rest(source_t *src, item_buf_t *b, int quoted)
{
    int folded = quoted && b->len && b->s[b->len - 1] == '='
                 && item_qp_is_folded(src->quoted, src->s);
    source_t look = *src;
    item_span_t line;

    while (physical(&look, &line)) {
        int soft = quoted && b->len && b->s[b->len - 1] == '=';

        if (soft && !is_structure(line)) {
            b->len--;
            while (b->len && b->s[b->len - 1] == '=')   /* "==": N9 */
                b->len--;
            if (folded && is_blank_first(line)) {
                line.s++;
                line.len--;
            }
        }
        else if (!line.len || (*line.s != ' ' && *line.s != '\t'))
            break;
        else if (!quoted) {
            line.s++;
            line.len--;
        }
        item_buf_add(b, line.s, line.len);
        *src = look;
    }
    if (quoted && b->len && b->s[b->len - 1] == '=')
        b->len--;
}

/** All lines unfolded, VERSION as the tree's reader wants it.
 * @param version  out: as it was */
static void unfold(const item_text_t *in, item_buf_t *b,
                   item_span_t *version)
{
    item_qp_doc_t quoted = { { in->data, in->len }, 0 };
    source_t src = { in->data, in->data + in->len, &quoted };
    item_span_t line;
    apr_size_t from;
    int depth = 0;

    while (physical(&src, &line)) {
        if (!item_span_trim(line).len)
            continue;
        from = b->len;
        item_buf_add(b, line.s, line.len);
        take_rest(&src, b, is_quoted(line));
        line.s = b->s + from;
        line.len = b->len - from;
        line = item_span_trim(line);
        if (line.len > 8 && !strncasecmp(line.s, "VERSION:", 8)
            && depth <= 1) {
            version->s = apr_pstrmemdup(b->p, line.s + 8, line.len - 8);
            version->len = line.len - 8;
            *version = item_span_trim(*version);
            b->len = from;
            continue;
        }
        if (line.len > 6 && !strncasecmp(line.s, "BEGIN:", 6))
            depth++;
        item_buf_putc(b, '\n');
        if (depth == 1 && line.len == 15
            && !strncasecmp(line.s, "BEGIN:VCALENDAR", 15))
            item_buf_puts(b, "VERSION:2.0\n");
    }
}

apr_status_t item_vcal_doc(item_doc_t **doc, int *ical,
                           const item_text_t *in, apr_pool_t *p)
{
    item_span_t version = { "1.0", 3 };
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_text_t text = *in;

    *doc = NULL;
    *ical = 0;
    if (text.len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    if (text.len >= 3 && !memcmp(text.data, "\xef\xbb\xbf", 3)) {
        text.data += 3;
        text.len -= 3;
    }
    b.p = p;
    unfold(&text, &b, &version);
    *ical = item_span_is(version, "2.0");
    /* Whatever number a program gave its own: "1.1.4". */
    if (version.len && *version.s != '1' && !*ical)
        return ITEM_ETYPE;
    return item_doc_read(doc, "text/calendar", b.s ? b.s : "", b.len, p);
}

/* ---- reading values ----------------------------------------------------- */

static int hex_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static item_span_t unquote(item_span_t value, apr_pool_t *p)
{
    char *out = apr_palloc(p, value.len + 1), *w = out;
    const char *s = value.s, *end = s + value.len;
    item_span_t result;

    while (s < end) {
        int hi = s + 2 < end && *s == '=' ? hex_of(s[1]) : -1;
        int lo = hi >= 0 ? hex_of(s[2]) : -1;

        if (s + 2 == end && *s == '=')
            hi = -1;            /* cut off: kept as it is */
        if (s + 2 < end && lo >= 0) {
            *w++ = (char)(hi * 16 + lo);
            s += 3;
        }
        else
            *w++ = *s++;
    }
    result.s = out;
    result.len = (apr_size_t)(w - out);
    return result;
}

static item_span_t without_nul(item_span_t value, apr_pool_t *p)
{
    char *out, *w;
    apr_size_t i;

    if (!value.len || !memchr(value.s, '\0', value.len))
        return value;
    out = w = apr_palloc(p, value.len);
    for (i = 0; i < value.len; i++)
        if (value.s[i])
            *w++ = value.s[i];
    value.s = out;
    value.len = (apr_size_t)(w - out);
    return value;
}

item_span_t item_vcal_decode(item_cal_ctx_t *c, const item_line_t *line)
{
    const item_param_t *param;
    item_span_t value = line->value, name = { "", 0 };
    item_buf_t b = { NULL, NULL, 0, 0 };
    int i;

    for (i = 0; i < line->nparams; i++) {
        param = &line->params[i];
        if ((!param->name.len || item_span_is(param->name, "ENCODING"))
            && param->value.len >= 6
            && !strncasecmp(param->value.s, "QUOTED", 6))
            value = unquote(line->value, c->p);
        else if (item_span_is(param->name, "CHARSET"))
            name = param->value;
    }
    if (item_charset_is_ascii(value))
        return without_nul(value, c->p);
    if (!name.len && c->form->charset) {
        name.s = c->form->charset;
        name.len = strlen(name.s);
    }
    b.p = c->p;
    item_charset_in(&b, item_charset_find(name), value);
    return without_nul(item_buf_span(&b), c->p);
}

item_span_t item_vcal_plain(item_span_t value, apr_pool_t *p)
{
    char *out = apr_palloc(p, value.len + 1), *w = out;
    const char *s = value.s, *end = s + value.len;
    item_span_t result;

    while (s < end) {
        if (*s == '\\' && s + 1 < end && strchr("\\;,:\"nN", s[1])) {
            s++;
            *w++ = *s == 'n' || *s == 'N' ? '\n' : *s;
            s++;
        }
        else if (*s == '\r') {
            s++;
            if (s == end || *s != '\n')
                *w++ = '\n';
        }
        else
            *w++ = *s++;
    }
    result.s = out;
    result.len = (apr_size_t)(w - out);
    return result;
}

item_span_t item_vcal_escape(item_span_t text, apr_pool_t *p)
{
    char *out = apr_palloc(p, 2 * text.len + 1), *w = out;
    item_span_t result;
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        char ch = text.s[i];

        if (ch == '\n' || ch == '\\' || ch == ';' || ch == ',') {
            *w++ = '\\';
            ch = ch == '\n' ? 'n' : ch;
        }
        if ((unsigned char)ch >= ' ' || ch == '\t')
            *w++ = ch;
    }
    result.s = out;
    result.len = (apr_size_t)(w - out);
    return result;
}

/* ---- writing ------------------------------------------------------------ */

static const item_charset_t *charset_of(const item_cal_ctx_t *c)
{
    const item_charset_t *cs = NULL;
    item_span_t name;

    if (c->form->charset) {
        name.s = c->form->charset;
        name.len = strlen(name.s);
        cs = item_charset_find(name);
    }
    return cs ? cs : item_charset_utf8();
}

item_span_t item_vcal_through(item_cal_ctx_t *c, item_span_t value)
{
    int bmp = (c->form->habits & ITEM_HABIT_BMP_ONLY) != 0;
    const item_charset_t *cs = charset_of(c);
    item_buf_t out = { NULL, NULL, 0, 0 }, in = { NULL, NULL, 0, 0 };

    if ((cs->how == ITEM_CHARSET_UTF8 && !bmp)
        || item_charset_is_ascii(value))
        return value;
    out.p = in.p = c->p;
    item_charset_out(&out, cs, value, bmp);
    item_charset_in(&in, cs, item_buf_span(&out));
    return item_buf_span(&in);
}

static int needs_quoting(item_span_t octets, apr_size_t column)
{
    apr_size_t i;

    for (i = 0; i < octets.len; i++)
        if ((unsigned char)octets.s[i] < ' '
            || (unsigned char)octets.s[i] > 0x7e)
            return 1;
    return column + octets.len > 200
           || (octets.len && (octets.s[octets.len - 1] == ' '
                              || *octets.s == ' '));
}

/** Line ends as the one escape that is left. */
static item_span_t fold_lines(item_span_t value, apr_pool_t *p)
{
    char *out = apr_palloc(p, 2 * value.len + 1), *w = out;
    item_span_t result;
    apr_size_t i;

    for (i = 0; i < value.len; i++) {
        if (value.s[i] == '\n') {
            *w++ = '\\';
            *w++ = 'n';
        }
        else if ((unsigned char)value.s[i] >= ' ' || value.s[i] == '\t')
            *w++ = value.s[i];
    }
    result.s = out;
    result.len = (apr_size_t)(w - out);
    return result;
}

void item_vcal_line(item_cal_ctx_t *c, item_buf_t *b, const char *head,
                    item_span_t value)
{
    const item_charset_t *cs = charset_of(c);
    int ascii = item_charset_is_ascii(value);
    item_buf_t octets = { NULL, NULL, 0, 0 };
    apr_size_t from = b->len;

    if (!value.len && (c->form->habits & ITEM_HABIT_NO_EMPTY))
        return;
    item_buf_puts(b, head);
    if (c->form->habits & ITEM_HABIT_TEXT_8BIT)
        value = fold_lines(value, c->p);
    if (!ascii) {
        octets.p = c->p;
        item_charset_out(&octets, cs, value,
                         (c->form->habits & ITEM_HABIT_BMP_ONLY) != 0);
        value = item_buf_span(&octets);
    }
    if (!item_charset_is_ascii(value)) {
        item_buf_puts(b, ";CHARSET=");
        item_buf_puts(b, cs->name);
    }
    if ((c->form->habits & ITEM_HABIT_TEXT_8BIT)
        || !needs_quoting(value, b->len - from)) {
        item_buf_putc(b, ':');
        item_buf_add(b, value.s, value.len);
    }
    else {
        item_buf_puts(b, ";ENCODING=QUOTED-PRINTABLE:");
        item_qp_encode(b, value, b->len - from,
                       !(c->form->habits & ITEM_HABIT_NO_FOLD));
    }
    item_buf_puts(b, "\r\n");
}
