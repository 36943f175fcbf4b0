/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Small XML documents, read and written: see item_sif_xml.h. */
#include <string.h>

#include <libxml/parser.h>

#include <apr_strings.h>

#include "item/item_charset.h"
#include "item/item_sif_prepare.h"
#include "item/item_sif_xml.h"

#define PUSH_OCTETS  8192

/* ---- reading -------------------------------------------------------------- */

typedef struct reader_t {
    apr_pool_t *p;
    xmlParserCtxtPtr parser;
    apr_status_t rv;            /* the first failure; then all stops */
    item_xml_t *root, *open;
    int depth, elements;
    item_buf_t texts[ITEM_XML_MAX_DEPTH];       /* of the open elements */
} reader_t;

static void stop(reader_t *r, apr_status_t rv)
{
    if (r->rv == APR_SUCCESS)
        r->rv = rv;
    xmlStopParser(r->parser);
}

/** Attributes come as name, prefix, namespace, value, value's end. */
static const char *find_enc(reader_t *r, const xmlChar **attributes, int n)
{
    item_span_t name;
    int i;

    for (i = 0; i < n; i++, attributes += 5) {
        name.s = (const char *)attributes[0];
        name.len = strlen(name.s);
        if (item_span_is(name, "enc"))
            return apr_pstrmemdup(r->p, (const char *)attributes[3],
                                  (apr_size_t)(attributes[4]
                                               - attributes[3]));
    }
    return NULL;
}

static void on_start(void *baton, const xmlChar *name, const xmlChar *prefix,
                     const xmlChar *uri, int nb_namespaces,
                     const xmlChar **namespaces, int nb_attributes,
                     int nb_defaulted, const xmlChar **attributes)
{
    reader_t *r = baton;
    item_xml_t *e;

    if (r->rv != APR_SUCCESS)
        return;
    if (r->depth == ITEM_XML_MAX_DEPTH
        || ++r->elements > ITEM_XML_MAX_ELEMENTS) {
        stop(r, ITEM_ELIMIT);
        return;
    }
    e = apr_pcalloc(r->p, sizeof(*e));
    e->name = apr_pstrdup(r->p, (const char *)name);
    e->text = "";
    e->enc = find_enc(r, attributes, nb_attributes);
    e->parent = r->open;
    if (!r->root)
        r->root = e;
    else if (r->open->last)
        r->open->last->next = e;
    else
        r->open->first = e;
    if (r->open)
        r->open->last = e;
    r->open = e;
    memset(&r->texts[r->depth], 0, sizeof(r->texts[0]));
    r->texts[r->depth++].p = r->p;
}

static void on_end(void *baton, const xmlChar *name, const xmlChar *prefix,
                   const xmlChar *uri)
{
    reader_t *r = baton;
    item_buf_t *text;

    if (r->rv != APR_SUCCESS || !r->depth)
        return;
    text = &r->texts[--r->depth];
    if (!r->open->first && text->len) {
        r->open->text = text->s;
        r->open->len = text->len;
    }
    r->open = r->open->parent;
}

static void on_text(void *baton, const xmlChar *s, int len)
{
    reader_t *r = baton;

    if (r->rv == APR_SUCCESS && r->depth && len > 0)
        item_buf_add(&r->texts[r->depth - 1], (const char *)s,
                     (apr_size_t)len);
}

static void on_reference(void *baton, const xmlChar *name)
{
    stop(baton, ITEM_EMALFORMED);
}

static void on_entity(void *baton, const xmlChar *name, int type,
                      const xmlChar *public_id, const xmlChar *system_id,
                      xmlChar *content)
{
    stop(baton, ITEM_EMALFORMED);
}

static xmlEntityPtr no_entity(void *baton, const xmlChar *name)
{
    return NULL;
}

static xmlParserInputPtr no_input(void *baton, const xmlChar *public_id,
                                  const xmlChar *system_id)
{
    return NULL;
}

/* Takes the errors, so that no handler of the thread or process gets them
 * and nothing is printed. */
static void on_error(void *baton, xmlErrorPtr error)
{
}

/* Not derived from libxml2's default table: no tree is built, no entity is
 * looked up.  Declarations do not get here, see item_sif_prepare.h. */
static const xmlSAXHandler handlers = {
    .initialized = XML_SAX2_MAGIC,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_text,
    .cdataBlock = on_text,
    .ignorableWhitespace = on_text,
    .entityDecl = on_entity,
    .reference = on_reference,
    .getEntity = no_entity,
    .getParameterEntity = no_entity,
    .resolveEntity = no_input,
    .serror = on_error
};

static apr_status_t push_all(reader_t *r, const char *text, apr_size_t len)
{
    /* Four octets for the look at the character set. */
    apr_size_t piece = len < 4 ? len : 4;

    while (len > 0 && r->rv == APR_SUCCESS && r->parser->wellFormed) {
        xmlParseChunk(r->parser, text, (int)piece, 0);
        text += piece;
        len -= piece;
        piece = len < PUSH_OCTETS ? len : PUSH_OCTETS;
    }
    if (r->rv == APR_SUCCESS && r->parser->wellFormed)
        xmlParseChunk(r->parser, NULL, 0, 1);
    if (r->rv != APR_SUCCESS)
        return r->rv;
    return r->parser->wellFormed && r->root && !r->depth ? APR_SUCCESS
                                                         : ITEM_EMALFORMED;
}

apr_status_t item_xml_read(item_xml_t **root, const char *data,
                           apr_size_t len, apr_pool_t *p)
{
    xmlSAXHandler sax = handlers;
    item_span_t text;
    apr_status_t rv;
    reader_t r;

    *root = NULL;
    rv = item_xml_prepare(&text, data, len, p);
    if (rv != APR_SUCCESS)
        return rv;
    memset(&r, 0, sizeof(r));
    r.p = p;
    r.parser = xmlCreatePushParserCtxt(&sax, &r, NULL, 0, NULL);
    if (!r.parser)
        return APR_ENOMEM;
    xmlCtxtUseOptions(r.parser, XML_PARSE_NONET | XML_PARSE_NOERROR
                                | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
    rv = push_all(&r, text.s, text.len);
    if (r.parser->myDoc)
        xmlFreeDoc(r.parser->myDoc);
    xmlFreeParserCtxt(r.parser);
    if (rv == APR_SUCCESS)
        *root = r.root;
    return rv;
}

const item_xml_t *item_xml_find(const item_xml_t *parent, const char *name)
{
    const item_xml_t *e;
    item_span_t span;

    for (e = parent ? parent->first : NULL; e; e = e->next) {
        span.s = e->name;
        span.len = strlen(e->name);
        if (item_span_is(span, name))
            break;
    }
    return e;
}

item_span_t item_xml_text(const item_xml_t *parent, const char *name)
{
    const item_xml_t *e = item_xml_find(parent, name);
    item_span_t text = { "", 0 };

    if (e) {
        text.s = e->text;
        text.len = e->len;
        text = item_span_trim(text);
    }
    return text;
}

/* ---- writing -------------------------------------------------------------- */

void item_xml_begin(item_buf_t *b)
{
    item_buf_puts(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n");
}

void item_xml_open(item_buf_t *b, const char *name)
{
    item_buf_putc(b, '<');
    item_buf_puts(b, name);
    item_buf_putc(b, '>');
}

void item_xml_close(item_buf_t *b, const char *name)
{
    item_buf_puts(b, "</");
    item_buf_puts(b, name);
    item_buf_puts(b, ">\r\n");
}

/** Write what must not stand as it is. @return octets of the text taken */
static apr_size_t escape_one(item_buf_t *b, const char *s, apr_size_t left)
{
    apr_size_t n = item_utf8_len(s, left);

    switch (*s) {
    case '&': item_buf_puts(b, "&amp;"); return 1;
    case '<': item_buf_puts(b, "&lt;"); return 1;
    case '>': item_buf_puts(b, "&gt;"); return 1;
    case '\n': item_buf_puts(b, "\r\n"); return 1;
    case '\t': item_buf_putc(b, '\t'); return 1;
    case '\r':
        if (left < 2 || s[1] != '\n')
            item_buf_puts(b, "\r\n");
        return 1;
    default:
        break;
    }
    if (!n)
        item_buf_puts(b, "\xef\xbf\xbd");
    else if (n > 1 || (unsigned char)*s >= ' ') {
        /* U+FFFE and U+FFFF are no characters of XML. */
        if (n != 3 || memcmp(s, "\xef\xbf", 2) || (unsigned char)s[2] < 0xbe)
            item_buf_add(b, s, n);
    }
    return n ? n : 1;
}

void item_xml_escape(item_buf_t *b, item_span_t text)
{
    apr_size_t i = 0, from;

    while (i < text.len) {
        for (from = i; i < text.len && (unsigned char)text.s[i] >= ' '
                       && (unsigned char)text.s[i] < 0x80
                       && text.s[i] != '&' && text.s[i] != '<'
                       && text.s[i] != '>'; i++)
            ;
        item_buf_add(b, text.s + from, i - from);
        if (i < text.len)
            i += escape_one(b, text.s + i, text.len - i);
    }
}

void item_xml_put(item_buf_t *b, const char *name, item_span_t text)
{
    item_xml_open(b, name);
    item_xml_escape(b, text);
    item_xml_close(b, name);
}
