/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file codec/xml_prepare.c
 * @brief What is done to an XML document before the parser sees it.
 *
 * The parser is given UTF-8 only, so none of the converters that libxml2 or
 * iconv may have is reached from the network.  Read are UTF-8, US-ASCII,
 * ISO-8859-1 and UTF-16.  Then one linear look at the markup refuses what
 * costs the parser more than linear time or is of no use in SyncML: start
 * tags with many attributes (their duplicate check is quadratic), tags and
 * declarations over max_tag octets, and an internal DTD subset, where
 * entities and default attributes would be declared.
 *
 * Where this scan and the parser could see different tags, the document is
 * not well-formed and the parser stops at that place or before.
 */
#include <string.h>
#include <strings.h>

#include "codec_int.h"

#define MAX_EQUAL_SIGNS 16      /* in a start tag, outside of quotes */

typedef enum { ENC_UTF8, ENC_LATIN1, ENC_UTF16LE, ENC_UTF16BE } encoding_e;

static int is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static apr_status_t malformed_at(codec_run_t *r, apr_size_t offset,
                                 const char *words)
{
    r->info->error_offset = offset;
    return codec_fail(r, CODEC_EMALFORMED, words);
}

/* ---- character set ------------------------------------------------------- */

/* By the octets alone: byte order mark, or how "<" is written. */
static encoding_e detect_encoding(const unsigned char *s, apr_size_t len)
{
    if (len >= 2) {
        if ((s[0] == 0xff && s[1] == 0xfe) || (s[0] == '<' && s[1] == 0))
            return ENC_UTF16LE;
        if ((s[0] == 0xfe && s[1] == 0xff) || (s[0] == 0 && s[1] == '<'))
            return ENC_UTF16BE;
    }
    return ENC_UTF8;
}

/* The value of encoding="..." in the XML declaration; NULL if there is no
 * such thing. */
static const char *declared_encoding(const char *s, apr_size_t len,
                                     apr_size_t *value_len)
{
    static const char key[] = "encoding";
    const char *end, *p, *close;

    if (len < 6 || memcmp(s, "<?xml", 5) != 0)
        return NULL;
    end = memchr(s, '>', len);
    if (!end)
        return NULL;
    p = memmem(s, (apr_size_t)(end - s), key, sizeof(key) - 1);
    if (!p)
        return NULL;
    for (p += sizeof(key) - 1; p < end && (is_space(*p) || *p == '='); p++)
        ;
    if (p == end || (*p != '"' && *p != '\''))
        return NULL;
    close = memchr(p + 1, *p, (apr_size_t)(end - p - 1));
    if (!close)
        return NULL;
    *value_len = (apr_size_t)(close - p - 1);
    return p + 1;
}

static int encoding_is(const char *value, apr_size_t len, const char *name)
{
    return strlen(name) == len && strncasecmp(value, name, len) == 0;
}

/* Find out the document's encoding; a declaration that contradicts the
 * octets is refused. */
static apr_status_t choose_encoding(codec_run_t *r, encoding_e *enc,
                                    const char *s, apr_size_t len)
{
    apr_size_t n;
    const char *value = declared_encoding(s, len, &n);

    if (!value || encoding_is(value, n, "UTF-8")
        || encoding_is(value, n, "UTF8") || encoding_is(value, n, "US-ASCII")
        || encoding_is(value, n, "ASCII"))
        return APR_SUCCESS;
    if (encoding_is(value, n, "ISO-8859-1")
        || encoding_is(value, n, "ISO8859-1")
        || encoding_is(value, n, "ISO_8859-1")
        || encoding_is(value, n, "LATIN1")) {
        *enc = ENC_LATIN1;
        return APR_SUCCESS;
    }
    return codec_fail(r, CODEC_ECHARSET,
                      "encoding other than UTF-8, UTF-16 or ISO-8859-1");
}

static char *convert_latin1(const unsigned char *s, apr_size_t *len,
                            apr_pool_t *p)
{
    char *out = apr_palloc(p, *len * 2 + 1);
    apr_size_t i, n = 0;

    for (i = 0; i < *len; i++)
        n += codec_utf8_put(s[i], out + n);
    *len = n;
    return out;
}

static unsigned utf16_unit(const unsigned char *s, encoding_e enc)
{
    return enc == ENC_UTF16LE ? (unsigned)(s[0] | s[1] << 8)
                              : (unsigned)(s[0] << 8 | s[1]);
}

/* NULL where the octets are no UTF-16. */
static char *convert_utf16(const unsigned char *s, apr_size_t *len,
                           encoding_e enc, apr_pool_t *p)
{
    /* A unit of two octets becomes at most three. */
    char *out = apr_palloc(p, *len / 2 * 3 + 1);
    apr_size_t i, n = 0;

    if (*len % 2)
        return NULL;
    for (i = 0; i < *len; i += 2) {
        apr_uint32_t c = utf16_unit(s + i, enc);

        if (c >= 0xdc00 && c <= 0xdfff)
            return NULL;
        if (c >= 0xd800 && c <= 0xdbff) {
            unsigned low;

            i += 2;
            if (i == *len)
                return NULL;
            low = utf16_unit(s + i, enc);
            if (low < 0xdc00 || low > 0xdfff)
                return NULL;
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        }
        n += codec_utf8_put(c, out + n);
    }
    *len = n;
    return out;
}

static apr_status_t make_utf8(codec_run_t *r, const char **text,
                              apr_size_t *len, apr_pool_t *p)
{
    const unsigned char *octets = (const unsigned char *)*text;
    encoding_e enc = detect_encoding(octets, *len);
    apr_size_t valid;
    apr_status_t rv;

    if (enc != ENC_UTF8) {
        *text = convert_utf16(octets, len, enc, p);
        if (!*text)
            return codec_fail(r, CODEC_EMALFORMED, "text is not UTF-16");
    } else {
        rv = choose_encoding(r, &enc, *text, *len);
        if (rv != APR_SUCCESS)
            return rv;
        if (enc == ENC_LATIN1)
            *text = convert_latin1(octets, len, p);
    }
    if (*len >= 3 && memcmp(*text, "\xef\xbb\xbf", 3) == 0) {
        *text += 3;
        *len -= 3;
    }
    while (*len > 0 && (*text)[*len - 1] == 0)
        (*len)--;
    valid = codec_utf8_prefix(*text, *len);
    if (valid != *len)
        return malformed_at(r, valid, "text is not UTF-8");
    return APR_SUCCESS;
}

/* ---- markup -------------------------------------------------------------- */

typedef struct scan_t {
    codec_run_t *run;
    const char *begin;
    const char *p;
    const char *end;
} scan_t;

static apr_status_t scan_fail(scan_t *s, apr_status_t rv, const char *words)
{
    s->run->info->error_offset = (apr_size_t)(s->p - s->begin);
    return codec_fail(s->run, rv, words);
}

static int looking_at(const scan_t *s, const char *words, apr_size_t n)
{
    return (apr_size_t)(s->end - s->p) >= n && memcmp(s->p, words, n) == 0;
}

/* Go behind the next @p close, which must be there. */
static apr_status_t skip_to(scan_t *s, apr_size_t open_len, const char *close)
{
    const apr_size_t n = strlen(close);
    const char *hit;

    hit = memmem(s->p + open_len, (apr_size_t)(s->end - s->p) - open_len,
                 close, n);
    if (!hit)
        return scan_fail(s, CODEC_EMALFORMED, "markup is not closed");
    s->p = hit + n;
    return APR_SUCCESS;
}

/* A start or end tag, or a DOCTYPE: up to ">" outside of quotes. */
static apr_status_t scan_tag(scan_t *s, int doctype)
{
    const char *q;
    char quote = 0;
    unsigned equals = 0;

    for (q = s->p + 1; q < s->end; q++) {
        if ((apr_size_t)(q - s->p) >= s->run->limits.max_tag)
            return scan_fail(s, CODEC_ELIMIT, "tag too long");
        if (quote) {
            if (*q == quote)
                quote = 0;
            continue;
        }
        switch (*q) {
        case '"':
        case '\'':
            quote = *q;
            break;
        case '=':
            if (++equals > MAX_EQUAL_SIGNS)
                return scan_fail(s, CODEC_ELIMIT, "too many attributes");
            break;
        case '[':
            if (doctype)
                return scan_fail(s, CODEC_EMALFORMED,
                                 "DOCTYPE with an internal subset");
            break;
        case '<':
            return scan_fail(s, CODEC_EMALFORMED, "tag inside of a tag");
        case '>':
            s->p = q + 1;
            return APR_SUCCESS;
        default:
            break;
        }
    }
    return scan_fail(s, CODEC_EMALFORMED, "document ends inside of a tag");
}

static apr_status_t scan_markup(scan_t *s)
{
    const char *start = s->p;
    apr_status_t rv;

    if (looking_at(s, "<!--", 4))
        return skip_to(s, 4, "-->");
    if (looking_at(s, "<![CDATA[", 9))
        return skip_to(s, 9, "]]>");
    if (looking_at(s, "<?", 2)) {
        rv = skip_to(s, 2, "?>");
        if (rv == APR_SUCCESS
            && (apr_size_t)(s->p - start) > s->run->limits.max_tag)
            return scan_fail(s, CODEC_ELIMIT, "tag too long");
        return rv;
    }
    if (looking_at(s, "<!", 2) && !looking_at(s, "<!DOCTYPE", 9))
        return scan_fail(s, CODEC_EMALFORMED, "declaration out of place");
    return scan_tag(s, looking_at(s, "<!", 2));
}

apr_status_t codec_xml_prepare(codec_run_t *r, const char **text,
                               apr_size_t *len, apr_pool_t *p)
{
    scan_t s;
    apr_status_t rv = make_utf8(r, text, len, p);

    if (rv != APR_SUCCESS)
        return rv;
    s.run = r;
    /* The parser takes no white space before the declaration; we do. */
    while (*len > 0 && is_space(**text)) {
        ++*text;
        --*len;
    }
    s.begin = s.p = *text;
    s.end = *text + *len;
    if (s.p == s.end || *s.p != '<')
        return scan_fail(&s, CODEC_EMALFORMED, "not XML");
    while (rv == APR_SUCCESS && s.p
           && (s.p = memchr(s.p, '<', (apr_size_t)(s.end - s.p))) != NULL)
        rv = scan_markup(&s);
    return rv;
}
