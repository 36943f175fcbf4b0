/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file codec/writer.c
 * @brief Writing SyncML documents, WBXML and XML.
 *
 * WBXML is what old phones read: version octet 1.2 (02), numeric public id,
 * UTF-8, no string table, no attributes; a page switch stands right before
 * the tag that needs it, and each text is one token (of a text in several
 * tokens some phones keep the last).
 *
 * XML has no DOCTYPE, no white space and no prefixes; xmlns is written where
 * the page changes, which is how both libsynthesis and namespace-aware
 * parsers read it.  In text "<", "&" and ">" are entities.  CR is written as
 * "&#13;": a parser by the book turns a raw CR LF into LF, in CDATA sections
 * too, while the reference gives the same octet in libxml2 and in
 * libsynthesis, which both decode decimal references.  White space at the
 * beginning of a text is a reference as well, because libsynthesis skips it
 * otherwise.  What XML cannot carry becomes U+FFFD.
 *
 * There is nothing pending between two calls, so a mark is only the place,
 * the depth and the code page, and the size with all ends is always known.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "codec_int.h"

#define FIRST_SIZE 4096
#define FIRST_DEPTH 16

enum { WB_SWITCH_PAGE = 0x00, WB_END = 0x01, WB_STR_I = 0x03,
       WB_OPAQUE = 0xc3, WB_CONTENT = 0x40 };

typedef struct open_t {
    int tag;
    apr_size_t ends;        /* octets of the ends of this and all outer */
} open_t;

struct codec_writer_t {
    codec_format_e format;
    codec_doc_e doc;
    codec_version_e version;
    apr_pool_t *pool;
    char *buf;
    apr_size_t len, size;
    apr_size_t header_len;
    int page;               /* WBXML: the current page, as in tokens.h */
    open_t *stack;
    unsigned depth, stack_size;
};

/* ---- the buffer ---------------------------------------------------------- */

/* Room for n more octets. */
static char *reserve(codec_writer_t *w, apr_size_t n)
{
    if (n > w->size - w->len) {
        char *old = w->buf;

        w->size = (w->len + n) * 2;
        w->buf = apr_palloc(w->pool, w->size);
        memcpy(w->buf, old, w->len);
    }
    return w->buf + w->len;
}

static void put(codec_writer_t *w, const char *s, apr_size_t n)
{
    memcpy(reserve(w, n), s, n);
    w->len += n;
}

static void put_octet(codec_writer_t *w, int octet)
{
    *reserve(w, 1) = (char)octet;
    w->len++;
}

#define PUT(w, literal) put(w, literal, sizeof(literal) - 1)

/* ---- WBXML --------------------------------------------------------------- */

/* The functions below write at o, where there is room, and return the place
 * behind; one reserve() serves a whole element. */

#define NUMBER_MAX 5
#define TAG_MAX    3            /* page switch, page, tag */

/* Take the octets up to o into the document. */
static void commit(codec_writer_t *w, const char *o)
{
    w->len = (apr_size_t)(o - w->buf);
}

static char *wbxml_number(char *o, apr_uint32_t v)
{
    int shift = 28;

    while (shift > 0 && !(v >> shift))
        shift -= 7;
    for (; shift > 0; shift -= 7)
        *o++ = (char)(0x80 | (v >> shift & 0x7f));
    *o++ = (char)(v & 0x7f);
    return o;
}

static char *wbxml_tag(codec_writer_t *w, char *o, int tag, int flags)
{
    int page = CODEC_PAGE(tag);

    if (page != w->page) {
        *o++ = WB_SWITCH_PAGE;
        /* DevInf is the first page of its own documents. */
        *o++ = (char)(w->doc == CODEC_DOC_DEVINF
                      && page == CODEC_PAGE_DEVINF ? 0 : page);
        w->page = page;
    }
    *o++ = (char)(CODEC_TOKEN(tag) | flags);
    return o;
}

static char *wbxml_opaque(char *o, const char *s, apr_size_t len)
{
    *o++ = (char)WB_OPAQUE;
    o = wbxml_number(o, (apr_uint32_t)len);
    memcpy(o, s, len);
    return o + len;
}

/* An inline string ends with NUL and is UTF-8; other octets go as opaque. */
static char *wbxml_text(char *o, const char *s, apr_size_t len)
{
    if (memchr(s, 0, len) || codec_utf8_prefix(s, len) != len)
        return wbxml_opaque(o, s, len);
    *o++ = WB_STR_I;
    memcpy(o, s, len);
    o += len;
    *o++ = 0;
    return o;
}

static void wbxml_put_header(codec_writer_t *w)
{
    static const apr_uint32_t pubids[2][3] = {
        [CODEC_DOC_SYNCML] = { 0x0fd1, 0x0fd3, 0x1201 },
        [CODEC_DOC_DEVINF] = { 0x0fd2, 0x0fd4, 0x1203 }
    };
    char *o = reserve(w, 3 + NUMBER_MAX);

    *o++ = 0x02;                                    /* WBXML 1.2 */
    o = wbxml_number(o, pubids[w->doc][w->version]);
    *o++ = 106;                                     /* UTF-8 */
    *o++ = 0;                                       /* no string table */
    commit(w, o);
}

/* What is not empty. */
static void wbxml_put_leaf(codec_writer_t *w, int tag, const char *s,
                           apr_size_t len, int opaque)
{
    char *o = reserve(w, TAG_MAX + 1 + NUMBER_MAX + len + 1);

    o = wbxml_tag(w, o, tag, WB_CONTENT);
    o = opaque ? wbxml_opaque(o, s, len) : wbxml_text(o, s, len);
    *o++ = WB_END;
    commit(w, o);
}

/* ---- XML ----------------------------------------------------------------- */

static void xml_put_namespace(codec_writer_t *w, int page)
{
    static const char syncml[3][sizeof("SYNCML:SYNCML1.0")] = {
        "SYNCML:SYNCML1.0", "SYNCML:SYNCML1.1", "SYNCML:SYNCML1.2"
    };

    PUT(w, " xmlns=\"");
    if (page == CODEC_PAGE_METINF)
        PUT(w, CODEC_NS_METINF);
    else if (page == CODEC_PAGE_DEVINF)
        PUT(w, CODEC_NS_DEVINF);
    else
        put(w, syncml[w->version], strlen(syncml[w->version]));
    put_octet(w, '"');
}

/* "<Name xmlns=...", without what closes it. */
static void xml_put_tag(codec_writer_t *w, int tag)
{
    unsigned len;
    const char *name = codec_tag_name_in(tag, w->version, &len);
    int page = CODEC_PAGE(tag);

    put_octet(w, '<');
    put(w, name, len);
    if (w->depth == 0 || CODEC_PAGE(w->stack[w->depth - 1].tag) != page)
        xml_put_namespace(w, page);
}

static void xml_put_end(codec_writer_t *w, int tag)
{
    unsigned len;
    const char *name = codec_tag_name_in(tag, w->version, &len);

    PUT(w, "</");
    put(w, name, len);
    put_octet(w, '>');
}

#define REPLACEMENT "\xef\xbf\xbd"      /* U+FFFD */

/* Octets that cannot be copied as they are; EF only sometimes. */
static const char special[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ['<'] = 1, ['>'] = 1, ['&'] = 1, [0xef] = 1
};

/* What stands for the special character at s; its octets are taken off. */
static void xml_put_special(codec_writer_t *w, const char **s,
                            const char *end)
{
    switch ((unsigned char)**s) {
    case '<':
        PUT(w, "&lt;");
        break;
    case '>':
        PUT(w, "&gt;");
        break;
    case '&':
        PUT(w, "&amp;");
        break;
    case '\r':
        PUT(w, "&#13;");
        break;
    case 0xef:      /* U+FFFE and U+FFFF are no characters of XML */
        if (end - *s >= 3 && (unsigned char)(*s)[1] == 0xbf
            && (unsigned char)(*s)[2] >= 0xbe)
            PUT(w, REPLACEMENT);
        else
            put(w, *s, 3);
        *s += 2;
        break;
    default:
        PUT(w, REPLACEMENT);
        break;
    }
    ++*s;
}

/* Well-formed UTF-8. */
static void xml_put_valid(codec_writer_t *w, const char *s, apr_size_t len)
{
    const char *end = s + len;

    while (s < end) {
        const char *plain = s;

        while (s < end && !special[(unsigned char)*s])
            s++;
        put(w, plain, (apr_size_t)(s - plain));
        if (s < end)
            xml_put_special(w, &s, end);
    }
}

static void xml_put_text(codec_writer_t *w, const char *s, apr_size_t len)
{
    if (*s == ' ' || *s == '\t' || *s == '\n') {
        char ref[8];
        int n = snprintf(ref, sizeof(ref), "&#%d;", *s);

        put(w, ref, (apr_size_t)n);
        s++;
        len--;
    }
    while (len > 0) {
        apr_size_t valid = codec_utf8_prefix(s, len);

        xml_put_valid(w, s, valid);
        s += valid;
        len -= valid;
        if (len > 0) {
            PUT(w, REPLACEMENT);
            s++;
            len--;
        }
    }
}

/* ---- elements ------------------------------------------------------------ */

codec_writer_t *codec_writer_create(codec_format_e format, codec_doc_e doc,
                                    codec_version_e version, apr_pool_t *p)
{
    codec_writer_t *w = apr_pcalloc(p, sizeof(*w));

    w->format = format;
    w->doc = doc;
    w->version = version == CODEC_V_UNKNOWN ? CODEC_V12 : version;
    w->pool = p;
    w->size = FIRST_SIZE;
    w->buf = apr_palloc(p, w->size);
    w->stack_size = FIRST_DEPTH;
    w->stack = apr_palloc(p, w->stack_size * sizeof(*w->stack));
    w->page = doc == CODEC_DOC_DEVINF ? CODEC_PAGE_DEVINF
                                      : CODEC_PAGE_SYNCML;
    if (format == CODEC_WBXML)
        wbxml_put_header(w);
    else
        PUT(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    w->header_len = w->len;
    return w;
}

codec_format_e codec_writer_format(const codec_writer_t *w)
{
    return w->format;
}

static apr_size_t open_ends(const codec_writer_t *w)
{
    return w->depth ? w->stack[w->depth - 1].ends : 0;
}

/* Octets of an element's end. */
static apr_size_t end_len(const codec_writer_t *w, int tag)
{
    unsigned len;

    if (w->format == CODEC_WBXML)
        return 1;
    codec_tag_name_in(tag, w->version, &len);
    return len + sizeof("</>") - 1;
}

static void push(codec_writer_t *w, int tag)
{
    apr_size_t ends = open_ends(w) + end_len(w, tag);

    if (w->depth == w->stack_size) {
        open_t *old = w->stack;

        w->stack_size *= 2;
        w->stack = apr_palloc(w->pool, w->stack_size * sizeof(*w->stack));
        memcpy(w->stack, old, w->depth * sizeof(*w->stack));
    }
    w->stack[w->depth].tag = tag;
    w->stack[w->depth].ends = ends;
    w->depth++;
}

void codec_open(codec_writer_t *w, int tag)
{
    assert(codec_tag_known(tag));
    if (w->format == CODEC_WBXML) {
        commit(w, wbxml_tag(w, reserve(w, TAG_MAX), tag, WB_CONTENT));
    } else {
        xml_put_tag(w, tag);
        put_octet(w, '>');
    }
    push(w, tag);
}

void codec_close(codec_writer_t *w)
{
    assert(w->depth > 0);
    w->depth--;
    if (w->format == CODEC_WBXML)
        put_octet(w, WB_END);
    else
        xml_put_end(w, w->stack[w->depth].tag);
}

void codec_empty(codec_writer_t *w, int tag)
{
    assert(codec_tag_known(tag));
    if (w->format == CODEC_WBXML) {
        commit(w, wbxml_tag(w, reserve(w, TAG_MAX), tag, 0));
    } else {
        xml_put_tag(w, tag);
        PUT(w, "/>");
    }
}

/* A leaf: its own start and end, nothing pushed. */
static void put_leaf(codec_writer_t *w, int tag, const char *s,
                     apr_size_t len, int opaque)
{
    assert(codec_tag_known(tag));
    if (len == 0) {
        codec_empty(w, tag);
    } else if (w->format == CODEC_WBXML) {
        wbxml_put_leaf(w, tag, s, len, opaque);
    } else {
        xml_put_tag(w, tag);
        put_octet(w, '>');
        xml_put_text(w, s, len);
        xml_put_end(w, tag);
    }
}

void codec_textn(codec_writer_t *w, int tag, const char *text, apr_size_t len)
{
    put_leaf(w, tag, text, len, 0);
}

void codec_text(codec_writer_t *w, int tag, const char *text)
{
    put_leaf(w, tag, text, text ? strlen(text) : 0, 0);
}

void codec_number(codec_writer_t *w, int tag, apr_int64_t value)
{
    char digits[24], *d = digits + sizeof(digits);
    apr_uint64_t rest = value < 0 ? -(apr_uint64_t)value
                                  : (apr_uint64_t)value;

    do {
        *--d = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (value < 0)
        *--d = '-';
    put_leaf(w, tag, d, (apr_size_t)(digits + sizeof(digits) - d), 0);
}

void codec_opaque(codec_writer_t *w, int tag, const void *data,
                  apr_size_t len)
{
    put_leaf(w, tag, data, len, 1);
}

void codec_embed(codec_writer_t *w, int tag, codec_writer_t *inner)
{
    apr_size_t len;
    const char *data = codec_writer_data(inner, &len);

    assert(data && inner->format == w->format);
    if (w->format == CODEC_WBXML) {
        put_leaf(w, tag, data, len, 1);
        return;
    }
    codec_open(w, tag);
    put(w, data + inner->header_len, len - inner->header_len);
    codec_close(w);
}

/* ---- size and marks ------------------------------------------------------ */

apr_size_t codec_writer_size(const codec_writer_t *w)
{
    return w->len + open_ends(w);
}

void codec_writer_mark(const codec_writer_t *w, codec_mark_t *mark)
{
    mark->size = w->len;
    mark->depth = w->depth;
    mark->page = w->page;
}

void codec_writer_rollback(codec_writer_t *w, const codec_mark_t *mark)
{
    assert(mark->size <= w->len && mark->depth <= w->depth);
    w->len = mark->size;
    w->depth = mark->depth;
    w->page = mark->page;
}

const char *codec_writer_data(codec_writer_t *w, apr_size_t *len)
{
    *len = 0;
    if (w->depth > 0)
        return NULL;
    *reserve(w, 1) = 0;         /* for those who print it */
    *len = w->len;
    return w->buf;
}
