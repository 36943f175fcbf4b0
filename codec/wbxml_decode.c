/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file codec/wbxml_decode.c
 * @brief WBXML to events: one pass, no allocation, no recursion.
 *
 * The source is WAP-192 (WBXML 1.3) with the code pages of SyncML.  Read are
 * WBXML 1.0 to 1.3, public ids 0FD1 to 0FD4, 1201 and 1203 and their formal
 * names in the string table, and public id 1 ("unknown") where the root
 * element is SyncML: some Nokia phones write that and put the namespace into
 * an attribute.  1202 (MetInf) is no message and is refused.  Character sets:
 * UTF-8, US-ASCII and "unknown" (all read as UTF-8, of which ASCII is a
 * part) and ISO-8859-1, which is converted.
 *
 * Elements: tokens, and literals, whose name is looked up (libwbxml writes
 * what it does not know that way).  An element of no table comes out as
 * CODEC_UNKNOWN with its content.  Attributes: a literal name with string
 * values, ignored but for the root's namespace.  Not read, because nothing
 * in SyncML has them: processing instructions, extension tokens, attribute
 * tokens; they end the decoding.
 *
 * After the root element only NUL octets may follow; there are senders that
 * count a terminator in.
 *
 * Time is bounded by the length of the document plus max_strtbl_out: each
 * octet is looked at once, but for those that string table references name.
 */
#include <string.h>

#include "codec_int.h"

enum {      /* global tokens */
    WB_SWITCH_PAGE = 0x00, WB_END = 0x01, WB_ENTITY = 0x02, WB_STR_I = 0x03,
    WB_LITERAL = 0x04, WB_STR_T = 0x83, WB_OPAQUE = 0xc3
};
enum { WB_ATTRIBUTES = 0x80, WB_CONTENT = 0x40, WB_TOKEN_MASK = 0x3f };
enum { WB_MAX_VERSION = 0x03 };
enum { PUBID_STRTBL = 0, PUBID_UNKNOWN = 1 };
enum {      /* MIBenum numbers of IANA */
    CHARSET_UNKNOWN = 0, CHARSET_ASCII = 3, CHARSET_LATIN1 = 4,
    CHARSET_UTF8 = 106
};

#define NO_PAGE (-1)
#define PAGES 3
/* Code pages as they are on the wire, by document type.  Page 2 of a SyncML
 * document is DevInf written in place instead of as opaque data. */
static const signed char wire_pages[2][PAGES] = {
    [CODEC_DOC_SYNCML] = {
        CODEC_PAGE_SYNCML, CODEC_PAGE_METINF, CODEC_PAGE_DEVINF
    },
    [CODEC_DOC_DEVINF] = { CODEC_PAGE_DEVINF, NO_PAGE, NO_PAGE }
};

typedef struct wbxml_t {
    codec_run_t *run;
    const unsigned char *begin;
    const unsigned char *p;         /* next octet */
    const unsigned char *end;
    const char *strtbl;
    apr_uint32_t strtbl_len;
    apr_size_t strtbl_out;          /* octets named by references so far */
    codec_doc_e doc;
    int page;                       /* a page of tokens.h, or NO_PAGE */
    apr_uint64_t page_tokens;       /* those of the page that have a name */
    int latin1;
    int rooted;                     /* the root element has begun */
} wbxml_t;

static apr_status_t malformed(wbxml_t *w, const char *words)
{
    return codec_fail(w->run, CODEC_EMALFORMED, words);
}

static apr_status_t truncated(wbxml_t *w)
{
    return malformed(w, "document ends too early");
}

/* mb_u_int32: seven bits an octet, at most five octets and 32 bits. */
static apr_status_t read_number(wbxml_t *w, apr_uint32_t *value)
{
    apr_uint32_t v = 0;
    int i;

    *value = 0;
    for (i = 0; i < 5; i++) {
        unsigned char octet;

        if (w->p == w->end)
            return truncated(w);
        octet = *w->p++;
        if (v >> 25)
            break;
        v = v << 7 | (octet & 0x7f);
        if (!(octet & 0x80)) {
            *value = v;
            return APR_SUCCESS;
        }
    }
    return malformed(w, "number above 32 bits");
}

/* The rest of an inline string, without its NUL. */
static apr_status_t read_inline(wbxml_t *w, const char **s, apr_size_t *len)
{
    const unsigned char *nul = memchr(w->p, 0, (apr_size_t)(w->end - w->p));

    *s = NULL;
    *len = 0;
    if (!nul)
        return truncated(w);
    *s = (const char *)w->p;
    *len = (apr_size_t)(nul - w->p);
    w->p = nul + 1;
    return APR_SUCCESS;
}

/* A string of the table; the last one's NUL may be missing, as some senders
 * leave it out. */
static apr_status_t table_string(wbxml_t *w, apr_uint32_t index,
                                 const char **s, apr_size_t *len)
{
    *s = NULL;
    *len = 0;
    if (index >= w->strtbl_len)
        return malformed(w, "reference outside of the string table");
    *s = w->strtbl + index;
    *len = strnlen(*s, w->strtbl_len - index);
    w->strtbl_out += *len;
    if (w->strtbl_out > w->run->limits.max_strtbl_out)
        return codec_fail(w->run, CODEC_ELIMIT,
                          "too much text from the string table");
    return APR_SUCCESS;
}

static apr_status_t read_table_string(wbxml_t *w, const char **s,
                                      apr_size_t *len)
{
    apr_uint32_t index;
    apr_status_t rv = read_number(w, &index);

    *s = NULL;
    *len = 0;
    return rv == APR_SUCCESS ? table_string(w, index, s, len) : rv;
}

static void set_page(wbxml_t *w, int wire)
{
    w->page = wire < PAGES ? wire_pages[w->doc][wire] : NO_PAGE;
    w->page_tokens = codec_page_tokens(w->page);
}

/* ---- header -------------------------------------------------------------- */

static apr_status_t set_numeric_pubid(wbxml_t *w, apr_uint32_t pubid)
{
    static const struct {
        apr_uint32_t pubid;
        codec_doc_e doc;
        codec_version_e version;
    } known[] = {
        { PUBID_UNKNOWN, CODEC_DOC_SYNCML, CODEC_V_UNKNOWN },
        { 0x0fd1, CODEC_DOC_SYNCML, CODEC_V10 },
        { 0x0fd2, CODEC_DOC_DEVINF, CODEC_V10 },
        { 0x0fd3, CODEC_DOC_SYNCML, CODEC_V11 },
        { 0x0fd4, CODEC_DOC_DEVINF, CODEC_V11 },
        { 0x1201, CODEC_DOC_SYNCML, CODEC_V12 },
        { 0x1203, CODEC_DOC_DEVINF, CODEC_V12 }
    };
    unsigned i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].pubid == pubid) {
            w->doc = known[i].doc;
            w->run->info->version = known[i].version;
            return APR_SUCCESS;
        }
    }
    return codec_fail(w->run, CODEC_EDOCTYPE, "public id not of SyncML");
}

static apr_status_t set_named_pubid(wbxml_t *w, apr_uint32_t index)
{
    const char *fpi;
    apr_size_t len;
    apr_status_t rv = table_string(w, index, &fpi, &len);

    if (rv != APR_SUCCESS)
        return rv;
    rv = codec_parse_fpi(fpi, len, &w->doc, &w->run->info->version);
    if (rv != APR_SUCCESS)
        return codec_fail(w->run, rv, "public id not of SyncML");
    return APR_SUCCESS;
}

static apr_status_t read_charset(wbxml_t *w)
{
    apr_uint32_t charset;
    apr_status_t rv = read_number(w, &charset);

    if (rv != APR_SUCCESS)
        return rv;
    switch (charset) {
    case CHARSET_UNKNOWN:
    case CHARSET_ASCII:
    case CHARSET_UTF8:
        return APR_SUCCESS;
    case CHARSET_LATIN1:
        w->latin1 = 1;
        return APR_SUCCESS;
    default:
        return codec_fail(w->run, CODEC_ECHARSET,
                          "character set of no known number");
    }
}

static apr_status_t read_strtbl(wbxml_t *w)
{
    apr_uint32_t len;
    apr_status_t rv = read_number(w, &len);

    if (rv != APR_SUCCESS)
        return rv;
    if (len > w->run->limits.max_strtbl)
        return codec_fail(w->run, CODEC_ELIMIT, "string table too large");
    if (len > (apr_size_t)(w->end - w->p))
        return truncated(w);
    w->strtbl = (const char *)w->p;
    w->strtbl_len = len;
    w->p += len;
    return APR_SUCCESS;
}

static apr_status_t read_header(wbxml_t *w)
{
    apr_uint32_t pubid, index = 0;
    int wbxml_version;
    apr_status_t rv;

    if (w->p == w->end)
        return truncated(w);
    wbxml_version = *w->p++;
    if (wbxml_version > WB_MAX_VERSION)
        return malformed(w, "not WBXML 1.0 to 1.3");
    rv = read_number(w, &pubid);
    if (rv == APR_SUCCESS && pubid == PUBID_STRTBL)
        rv = read_number(w, &index);
    /* WBXML 1.0 has no character set in its header. */
    if (rv == APR_SUCCESS && wbxml_version > 0)
        rv = read_charset(w);
    if (rv == APR_SUCCESS)
        rv = read_strtbl(w);
    if (rv != APR_SUCCESS)
        return rv;
    rv = pubid == PUBID_STRTBL ? set_named_pubid(w, index)
                               : set_numeric_pubid(w, pubid);
    w->run->info->doc = w->doc;
    set_page(w, 0);
    return rv;
}

/* ---- text ---------------------------------------------------------------- */

/* Octets 80 to FF become two; a piece at a time, from the stack. */
static apr_status_t send_latin1(wbxml_t *w, const char *s, apr_size_t len)
{
    char out[512];
    apr_size_t i, n = 0;

    for (i = 0; i < len; i++) {
        if (n > sizeof(out) - 2) {
            apr_status_t rv = codec_run_text(w->run, out, n, 0);

            if (rv != APR_SUCCESS)
                return rv;
            n = 0;
        }
        n += codec_utf8_put((unsigned char)s[i], out + n);
    }
    return codec_run_text(w->run, out, n, 0);
}

static apr_status_t send_text(wbxml_t *w, const char *s, apr_size_t len)
{
    if (w->latin1)
        return send_latin1(w, s, len);
    if (codec_utf8_prefix(s, len) != len)
        return malformed(w, "text is not UTF-8");
    return codec_run_text(w->run, s, len, 0);
}

static apr_status_t read_entity(wbxml_t *w)
{
    apr_uint32_t c;
    char out[4];
    apr_status_t rv = read_number(w, &c);

    if (rv != APR_SUCCESS)
        return rv;
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return malformed(w, "entity is no character");
    return codec_run_text(w->run, out, codec_utf8_put(c, out), 0);
}

static apr_status_t read_opaque(wbxml_t *w)
{
    const char *s;
    apr_uint32_t len;
    apr_status_t rv = read_number(w, &len);

    if (rv != APR_SUCCESS)
        return rv;
    if (len > (apr_size_t)(w->end - w->p))
        return truncated(w);
    s = (const char *)w->p;
    w->p += len;
    return codec_run_text(w->run, s, len, 1);
}

static apr_status_t read_text(wbxml_t *w, int token)
{
    const char *s;
    apr_size_t len;
    apr_status_t rv;

    if (w->run->depth == 0)
        return malformed(w, "text outside of the root element");
    switch (token) {
    case WB_ENTITY:
        return read_entity(w);
    case WB_OPAQUE:
        return read_opaque(w);
    case WB_STR_T:
        rv = read_table_string(w, &s, &len);
        break;
    default:
        rv = read_inline(w, &s, &len);
        break;
    }
    return rv == APR_SUCCESS ? send_text(w, s, len) : rv;
}

/* ---- elements ------------------------------------------------------------ */

/* One attribute, its LITERAL token read: the name's index, then strings. */
static apr_status_t read_attribute(wbxml_t *w)
{
    const char *s = NULL;
    apr_size_t len = 0;
    apr_uint32_t index;
    int is_syncml;
    apr_status_t rv = read_number(w, &index);

    if (rv != APR_SUCCESS)
        return rv;
    /* Nokia's form has no string table; the index is 0 then. */
    if (w->strtbl_len ? index >= w->strtbl_len : index != 0)
        return malformed(w, "attribute name outside of the string table");
    while (w->p < w->end && (*w->p == WB_STR_I || *w->p == WB_STR_T)) {
        rv = *w->p++ == WB_STR_I ? read_inline(w, &s, &len)
                                 : read_table_string(w, &s, &len);
        if (rv != APR_SUCCESS)
            return rv;
    }
    if (s && !w->rooted && w->run->info->version == CODEC_V_UNKNOWN)
        w->run->info->version = codec_parse_namespace(s, len, &is_syncml);
    return APR_SUCCESS;
}

static apr_status_t read_attributes(wbxml_t *w)
{
    for (;;) {
        apr_status_t rv;
        int token;

        if (w->p == w->end)
            return truncated(w);
        token = *w->p++;
        if (token == WB_END)
            return APR_SUCCESS;
        if (token != WB_LITERAL)
            return malformed(w, "attribute other than a literal one");
        rv = read_attribute(w);
        if (rv != APR_SUCCESS)
            return rv;
    }
}

/* The tag of a token: its name in the tables, or a literal name. */
static apr_status_t read_tag(wbxml_t *w, int token, int *tag)
{
    const char *name;
    apr_size_t len;
    apr_status_t rv;

    *tag = CODEC_UNKNOWN;
    if ((token & WB_TOKEN_MASK) != WB_LITERAL) {
        token &= WB_TOKEN_MASK;
        if (w->page_tokens >> token & 1)
            *tag = w->page << 8 | token;
        return APR_SUCCESS;
    }
    rv = read_table_string(w, &name, &len);
    if (rv == APR_SUCCESS)
        *tag = codec_tag_lookup(w->page, name, (unsigned)len);
    return rv;
}

static apr_status_t check_root(wbxml_t *w, int tag)
{
    apr_status_t rv = codec_run_root(w->run, tag);

    if (rv == APR_SUCCESS && w->run->info->doc != w->doc) {
        w->run->info->doc = w->doc;
        return codec_fail(w->run, CODEC_EDOCTYPE,
                          "root element is not what the public id says");
    }
    w->rooted = 1;
    return rv;
}

static apr_status_t read_element(wbxml_t *w, int token)
{
    int tag;
    apr_status_t rv;

    if ((token & WB_TOKEN_MASK) < WB_LITERAL)
        return malformed(w, "token that no SyncML document has");
    rv = read_tag(w, token, &tag);
    if (rv == APR_SUCCESS && (token & WB_ATTRIBUTES))
        rv = read_attributes(w);
    if (rv == APR_SUCCESS && !w->rooted)
        rv = check_root(w, tag);
    if (rv == APR_SUCCESS)
        rv = codec_run_start(w->run, tag);
    if (rv == APR_SUCCESS && !(token & WB_CONTENT))
        rv = codec_run_end(w->run);
    return rv;
}

static apr_status_t switch_page(wbxml_t *w)
{
    if (w->p == w->end)
        return truncated(w);
    set_page(w, *w->p++);
    return APR_SUCCESS;
}

static apr_status_t read_token(wbxml_t *w)
{
    int token;

    if (w->p == w->end)
        return truncated(w);
    token = *w->p++;
    switch (token) {
    case WB_SWITCH_PAGE:
        return switch_page(w);
    case WB_END:
        return codec_run_end(w->run);
    case WB_ENTITY:
    case WB_STR_I:
    case WB_STR_T:
    case WB_OPAQUE:
        return read_text(w, token);
    default:
        return read_element(w, token);
    }
}

apr_status_t codec_wbxml_decode(codec_run_t *r, const void *data,
                                apr_size_t len)
{
    wbxml_t w;
    apr_status_t rv;

    memset(&w, 0, sizeof(w));
    w.run = r;
    w.begin = w.p = data;
    w.end = w.begin + len;
    rv = read_header(&w);
    while (rv == APR_SUCCESS && (r->depth > 0 || !w.rooted))
        rv = read_token(&w);
    while (rv == APR_SUCCESS && w.p < w.end) {
        if (*w.p++ != 0)
            rv = malformed(&w, "octets after the root element");
    }
    if (rv != APR_SUCCESS)
        r->info->error_offset = (apr_size_t)(w.p - w.begin);
    return rv;
}
