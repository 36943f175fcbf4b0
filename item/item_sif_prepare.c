/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* An item's XML made fit for the parser: see item_sif_prepare.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_sif_prepare.h"
#include "item/item_sif_xml.h"

/* Windows-1252 where it is not ISO-8859-1: 0x80 to 0x9f. */
static const unsigned short cp1252[32] = {
    0x20ac, 0xfffd, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
    0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0xfffd, 0x017d, 0xfffd,
    0xfffd, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
    0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0xfffd, 0x017e, 0x0178
};

typedef struct prepare_t {
    const char *s, *end;
    item_buf_t out;
    int single;                 /* windows-1252 */
} prepare_t;

apr_size_t item_utf8_len(const char *text, apr_size_t left)
{
    const unsigned char *s = (const unsigned char *)text;
    apr_size_t n, i;

    if (!left)
        return 0;
    n = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
        : s[0] >= 0xe0 && s[0] < 0xf0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
        : 0;
    if (!n || n > left)
        return 0;
    for (i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0)
                   || (s[0] == 0xed && s[1] > 0x9f)))
        return 0;
    if (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90)
                   || (s[0] == 0xf4 && s[1] > 0x8f)))
        return 0;
    return n;
}

static int is_utf8(const char *s, apr_size_t len)
{
    apr_size_t n;

    for (; len; s += n, len -= n) {
        n = item_utf8_len(s, len);
        if (!n)
            return 0;
    }
    return 1;
}

static void put_char(item_buf_t *b, unsigned c)
{
    char s[3];

    if (c < 0x800) {
        s[0] = (char)(0xc0 | c >> 6);
        s[1] = (char)(0x80 | (c & 0x3f));
        item_buf_add(b, s, 2);
        return;
    }
    s[0] = (char)(0xe0 | c >> 12);
    s[1] = (char)(0x80 | (c >> 6 & 0x3f));
    s[2] = (char)(0x80 | (c & 0x3f));
    item_buf_add(b, s, 3);
}

/** One octet or character of text, as XML allows it. */
static void take_char(prepare_t *x)
{
    unsigned char c = (unsigned char)*x->s;
    apr_size_t n;

    if (c < 0x80) {
        if (c >= ' ' || c == '\t' || c == '\n' || c == '\r')
            item_buf_putc(&x->out, (char)c);
        else if (c == '\v' || c == '\f')
            item_buf_putc(&x->out, '\n');
        x->s++;
        return;
    }
    if (x->single) {
        put_char(&x->out, c < 0xa0 ? cp1252[c - 0x80] : c);
        x->s++;
        return;
    }
    n = item_utf8_len(x->s, (apr_size_t)(x->end - x->s));
    if (n == 3 && !memcmp(x->s, "\xef\xbf", 2)
        && (unsigned char)x->s[2] >= 0xbe) {
        x->s += 3;              /* U+FFFE, U+FFFF: no characters of XML */
        return;
    }
    item_buf_add(&x->out, x->s, n ? n : 1);
    x->s += n ? n : 1;
}

static int at(const prepare_t *x, const char *word)
{
    apr_size_t n = strlen(word);

    return (apr_size_t)(x->end - x->s) >= n && !memcmp(x->s, word, n);
}

/* ---- other texts ---------------------------------------------------------- */

static int is_single(item_span_t name)
{
    return item_span_is(name, "ISO-8859-1") || item_span_is(name, "latin1")
           || item_span_is(name, "ISO8859-1")
           || item_span_is(name, "windows-1252");
}

void item_utf8_from(item_buf_t *b, item_span_t text, item_span_t charset)
{
    int single = is_single(charset) || !is_utf8(text.s, text.len);
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.s[i];

        if (c == '\r' && i + 1 < text.len && text.s[i + 1] == '\n')
            continue;
        if (c == '\r')
            item_buf_putc(b, '\n');
        else if (c >= 0x80 && single)
            put_char(b, c < 0xa0 ? cp1252[c - 0x80] : c);
        else if (c)
            item_buf_putc(b, (char)c);
    }
}

/** The windows-1252 octet of a UTF-8 character, '?' for none. */
static char to_single(const char *s, apr_size_t n)
{
    unsigned c = (unsigned char)*s;
    unsigned i;

    if (n == 1)
        return *s;
    if (n > 3)
        return '?';
    c &= n == 2 ? 0x1f : 0x0f;
    for (i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)s[i] & 0x3f);
    for (i = 0; i < 32; i++)
        if (cp1252[i] == c && c != 0xfffd)
            return (char)(0x80 + i);
    return c >= 0xa0 && c < 0x100 ? (char)c : '?';
}

const char *item_utf8_to(item_buf_t *b, item_span_t text,
                         const char *charset)
{
    item_span_t name = { "", 0 };
    apr_size_t i, n;

    if (charset) {
        name.s = charset;
        name.len = strlen(charset);
    }
    if (!is_single(name)) {
        item_buf_add(b, text.s, text.len);
        return "UTF-8";
    }
    for (i = 0; i < text.len; i += n ? n : 1) {
        n = item_utf8_len(text.s + i, text.len - i);
        item_buf_putc(b, n ? to_single(text.s + i, n) : '?');
    }
    return charset;
}

/* ---- the character set ---------------------------------------------------- */

/** The encoding of "<?xml ... encoding='...'?>", len 0 without one. */
static item_span_t declared(const char *s, const char *end)
{
    item_span_t name = { "", 0 };
    const char *close;
    char quote;

    if (end - s < 6 || memcmp(s, "<?xml", 5))
        return name;
    close = memchr(s, '>', (apr_size_t)(end - s < 200 ? end - s : 200));
    if (!close)
        return name;
    for (; close - s > 10; s++)
        if (!strncasecmp(s, "encoding", 8))
            break;
    if (close - s <= 10)
        return name;
    for (s += 8; s < close && *s != '"' && *s != '\''; s++)
        ;
    if (s == close)
        return name;
    quote = *s++;
    for (name.s = s; s < close && *s != quote; s++)
        ;
    name.len = (apr_size_t)(s - name.s);
    return name;
}

static apr_status_t choose_charset(prepare_t *x)
{
    item_span_t name = declared(x->s, x->end);

    if (is_single(name))
        x->single = 1;
    else if (name.len && !item_span_is(name, "UTF-8")
             && !item_span_is(name, "UTF8")
             && !item_span_is(name, "US-ASCII"))
        return ITEM_EMALFORMED;
    else
        x->single = !is_utf8(x->s, (apr_size_t)(x->end - x->s));
    return APR_SUCCESS;
}

/* ---- markup --------------------------------------------------------------- */

/** Step over what begins here and ends with a word. */
static apr_status_t skip_to(prepare_t *x, const char *word)
{
    while (x->s < x->end && !at(x, word))
        x->s++;
    if (x->s == x->end)
        return ITEM_EMALFORMED;
    x->s += strlen(word);
    return APR_SUCCESS;
}

static apr_status_t skip_doctype(prepare_t *x)
{
    for (; x->s < x->end && *x->s != '>'; x->s++)
        if (*x->s == '[')
            return ITEM_EMALFORMED;     /* an internal subset */
    if (x->s == x->end)
        return ITEM_EMALFORMED;
    x->s++;
    return APR_SUCCESS;
}

static apr_status_t take_cdata(prepare_t *x)
{
    item_buf_add(&x->out, x->s, 9);
    x->s += 9;
    while (x->s < x->end && !at(x, "]]>"))
        take_char(x);
    if (x->s == x->end)
        return ITEM_EMALFORMED;
    item_buf_add(&x->out, x->s, 3);
    x->s += 3;
    return APR_SUCCESS;
}

/** A tag: libxml2 compares the attributes of one pairwise. */
static apr_status_t take_tag(prepare_t *x)
{
    const char *from = x->s;
    int attributes = 0;
    char quote = '\0';

    for (; x->s < x->end; take_char(x)) {
        if (x->s - from > ITEM_XML_MAX_TAG)
            return ITEM_ELIMIT;
        if (quote)
            quote = *x->s == quote ? '\0' : quote;
        else if (*x->s == '"' || *x->s == '\'')
            quote = *x->s;
        else if (*x->s == '=' && ++attributes > ITEM_XML_MAX_ATTRS)
            return ITEM_ELIMIT;
        else if (*x->s == '>') {
            take_char(x);
            return APR_SUCCESS;
        }
    }
    return ITEM_EMALFORMED;
}

/** The character of "&#10;" or "&#xA;". @return octets, 0: it is none */
static apr_size_t char_ref(const char *s, apr_size_t left, unsigned long *c)
{
    int hex = left > 3 && (s[2] == 'x' || s[2] == 'X');
    apr_size_t i = hex ? 3 : 2, from = i;

    *c = 0;
    for (; i < left && i - from < 8; i++) {
        unsigned digit = apr_isdigit(s[i]) ? (unsigned)(s[i] - '0')
                         : hex && apr_isxdigit(s[i])
                         ? (unsigned)(apr_tolower(s[i]) - 'a' + 10) : 99;

        if (digit == 99)
            break;
        *c = *c * (hex ? 16 : 10) + digit;
    }
    return i > from && i < left && s[i] == ';' ? i + 1 : 0;
}

static int is_xml_char(unsigned long c)
{
    return c == '\t' || c == '\n' || c == '\r'
           || (c >= ' ' && c < 0xd800) || (c >= 0xe000 && c < 0xfffe)
           || (c >= 0x10000 && c < 0x110000);
}

static void take_reference(prepare_t *x)
{
    static const char *const known[] = {
        "&amp;", "&lt;", "&gt;", "&quot;", "&apos;"
    };
    unsigned long c;
    apr_size_t n;
    unsigned i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (at(x, known[i])) {
            item_buf_puts(&x->out, known[i]);
            x->s += strlen(known[i]);
            return;
        }
    }
    n = at(x, "&#") ? char_ref(x->s, (apr_size_t)(x->end - x->s), &c) : 0;
    if (!n) {
        item_buf_puts(&x->out, "&amp;");
        x->s++;
        return;
    }
    if (is_xml_char(c))
        item_buf_puts(&x->out, apr_psprintf(x->out.p, "&#%lu;", c));
    else if (c == '\v' || c == '\f')
        item_buf_putc(&x->out, '\n');
    x->s += n;
}

apr_status_t item_xml_prepare(item_span_t *out, const char *data,
                              apr_size_t len, apr_pool_t *p)
{
    apr_status_t rv;
    prepare_t x;

    memset(&x, 0, sizeof(x));
    memset(out, 0, sizeof(*out));
    if (len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    x.s = data ? data : "";
    x.end = x.s + len;
    x.out.p = p;
    if (at(&x, "\xef\xbb\xbf"))
        x.s += 3;
    while (x.s < x.end && apr_isspace(*x.s))
        x.s++;
    rv = choose_charset(&x);
    while (rv == APR_SUCCESS && x.s < x.end) {
        if (at(&x, "<!--"))
            rv = skip_to(&x, "-->");
        else if (at(&x, "<?"))
            rv = skip_to(&x, "?>");
        else if (at(&x, "<![CDATA["))
            rv = take_cdata(&x);
        else if (at(&x, "<!"))
            rv = skip_doctype(&x);
        else if (*x.s == '<')
            rv = take_tag(&x);
        else if (*x.s == '&')
            take_reference(&x);
        else
            take_char(&x);
    }
    if (rv == APR_SUCCESS)
        *out = item_buf_span(&x.out);
    return rv;
}
