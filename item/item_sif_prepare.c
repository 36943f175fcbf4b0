/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* An item's XML made fit for the parser: see item_sif_prepare.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_charset.h"
#include "item/item_mime.h"
#include "item/item_sif_prepare.h"
#include "item/item_sif_xml.h"

typedef struct prepare_t {
    const char *s, *end;
    item_buf_t out;
} prepare_t;

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
    n = item_utf8_len(x->s, (apr_size_t)(x->end - x->s));
    if (n == 3 && !memcmp(x->s, "\xef\xbf", 2)
        && (unsigned char)x->s[2] >= 0xbe) {
        x->s += 3;              /* U+FFFE, U+FFFF: no characters of XML */
        return;
    }
    item_buf_add(&x->out, x->s, n ? n : 1);
    x->s += n ? n : 1;
}

/** As many letters, digits and spaces as there are, else one character: names
 * and texts are made of those, and markup is not. */
static void take_some(prepare_t *x)
{
    const char *from = x->s;

    while (x->s < x->end && (apr_isalnum(*x->s) || *x->s == ' '))
        x->s++;
    if (x->s > from)
        item_buf_add(&x->out, from, (apr_size_t)(x->s - from));
    else
        take_char(x);
}

static int at(const prepare_t *x, const char *word)
{
    apr_size_t n = strlen(word);

    return (apr_size_t)(x->end - x->s) >= n && !memcmp(x->s, word, n);
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

/** Clients that send base64 do not always say so. */
static void undo_base64(prepare_t *x)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t text = { x->s, 0 };

    text.len = (apr_size_t)(x->end - x->s);
    b.p = x->out.p;
    if (text.len < 8 || *text.s == '<'
        || item_mime_base64(&b, text) != APR_SUCCESS || b.len < 3
        || (b.s[0] != '<' && memcmp(b.s, "\xef\xbb\xbf", 3)))
        return;
    x->s = b.s;
    x->end = b.s + b.len;
    if (at(x, "\xef\xbb\xbf"))
        x->s += 3;
}

/** Make it UTF-8. @return ITEM_EMALFORMED: nobody knows that character set */
static apr_status_t make_utf8(prepare_t *x)
{
    item_span_t name = declared(x->s, x->end), text = { x->s, 0 };
    const item_charset_t *cs = name.len ? item_charset_find(name)
                                        : item_charset_utf8();
    item_buf_t b = { NULL, NULL, 0, 0 };

    text.len = (apr_size_t)(x->end - x->s);
    if (!cs)
        return ITEM_EMALFORMED;
    if (item_charset_is_ascii(text)
        || (cs->how == ITEM_CHARSET_UTF8 && item_charset_is_utf8(text)))
        return APR_SUCCESS;
    b.p = x->out.p;
    item_charset_in(&b, cs, text);
    text = item_buf_span(&b);
    x->s = text.s;
    x->end = text.s + text.len;
    return text.len > ITEM_MAX_OCTETS ? ITEM_ELIMIT : APR_SUCCESS;
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

    for (; x->s < x->end; take_some(x)) {
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
    undo_base64(&x);
    rv = make_utf8(&x);
    while (rv == APR_SUCCESS && x.s < x.end) {
        if (*x.s == '&')
            take_reference(&x);
        else if (*x.s != '<')
            take_some(&x);
        else if (at(&x, "<!--"))
            rv = skip_to(&x, "-->");
        else if (at(&x, "<?"))
            rv = skip_to(&x, "?>");
        else if (at(&x, "<![CDATA["))
            rv = take_cdata(&x);
        else if (at(&x, "<!"))
            rv = skip_doctype(&x);
        else
            rv = take_tag(&x);
    }
    if (rv == APR_SUCCESS)
        *out = item_buf_span(&x.out);
    return rv;
}
