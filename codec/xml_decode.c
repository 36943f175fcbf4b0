/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file codec/xml_decode.c
 * @brief XML to events, by libxml2's push parser and handlers of our own.
 *
 * The handler table is not derived from libxml2's default one, so no tree is
 * built and no entity is ever looked up; the parser has no NOENT, DTDLOAD,
 * DTDATTR, DTDVALID, HUGE, XINCLUDE or RECOVER.  A DOCTYPE is allowed (clients
 * send one) and never followed.  Entity, attribute, element and notation
 * declarations and references to entities other than XML's five end the
 * decoding; codec_xml_prepare() has refused most of that before.  Nothing of
 * libxml2's process-wide or thread-wide settings is touched or relied on:
 * other modules of the process use the library too.
 *
 * Names: an element is looked up by its namespace ("syncml:metinf",
 * "syncml:devinf", "SYNCML:SYNCML1.x", case ignored), and by its place where
 * the namespace is absent, foreign or SyncML's own: below Meta it is MetInf,
 * inside DevInf it is DevInf, else SyncML.  Prefixes do not matter.  A MetInf
 * element around the children of Meta is reported like any other element.
 *
 * White space: in an element that turns out to have child elements it is
 * dropped, in a leaf it is text.  Which of the two it is shows late, so white
 * space at the beginning of an element is kept aside until then.
 */
#include <string.h>
#include <strings.h>

#include <libxml/parser.h>

#include "codec_int.h"

#define PUSH_OCTETS 8192
/* The first piece: enough for the parser's look at the character set, small
 * enough that a foreign document ends early. */
#define FIRST_PUSH_OCTETS 4

typedef struct xml_t {
    codec_run_t *run;
    xmlParserCtxtPtr parser;
    apr_pool_t *pool;
    apr_status_t rv;                /* the first failure; then all stops */
    int rooted;
    codec_version_e doctype_version;
    /* [i]: has the i-th open element had a child element or real text? */
    unsigned char has_child[CODEC_DEPTH_CAP];
    unsigned char has_text[CODEC_DEPTH_CAP];
    char *space;                    /* white space kept aside */
    apr_size_t space_len, space_size;
} xml_t;

static void stop(xml_t *x, apr_status_t rv)
{
    long offset = xmlByteConsumed(x->parser);

    x->rv = rv;
    x->run->info->error_offset = offset > 0 ? (apr_size_t)offset : 0;
    xmlStopParser(x->parser);
}

static void stop_malformed(xml_t *x, const char *words)
{
    if (x->rv == APR_SUCCESS)
        stop(x, codec_fail(x->run, CODEC_EMALFORMED, words));
}

/* ---- names --------------------------------------------------------------- */

/* The page that a namespace names, or -1; a SyncML namespace tells the
 * version. */
static int namespace_page(xml_t *x, const char *uri)
{
    codec_version_e version;
    int is_syncml;

    if (!uri)
        return -1;
    if (strcasecmp(uri, CODEC_NS_METINF) == 0)
        return CODEC_PAGE_METINF;
    if (strcasecmp(uri, CODEC_NS_DEVINF) == 0)
        return CODEC_PAGE_DEVINF;
    version = codec_parse_namespace(uri, strlen(uri), &is_syncml);
    if (!is_syncml)
        return -1;
    if (!x->rooted && version != CODEC_V_UNKNOWN)
        x->run->info->version = version;
    return CODEC_PAGE_SYNCML;
}

static int page_by_place(const xml_t *x)
{
    int parent;

    if (x->run->depth == 0)
        return CODEC_PAGE_SYNCML;
    parent = x->run->stack[x->run->depth - 1];
    if (parent == SYNCML_META || CODEC_PAGE(parent) == CODEC_PAGE_METINF)
        return CODEC_PAGE_METINF;
    if (CODEC_PAGE(parent) == CODEC_PAGE_DEVINF)
        return CODEC_PAGE_DEVINF;
    return CODEC_PAGE_SYNCML;
}

static int find_tag(xml_t *x, const char *name, const char *uri)
{
    unsigned len = (unsigned)strlen(name);
    int page = namespace_page(x, uri);
    int tag = CODEC_UNKNOWN;

    if (page > CODEC_PAGE_SYNCML)
        tag = codec_tag_lookup(page, name, len);
    if (tag == CODEC_UNKNOWN)
        tag = codec_tag_lookup(page_by_place(x), name, len);
    if (tag == CODEC_UNKNOWN)
        tag = codec_tag_lookup(CODEC_PAGE_SYNCML, name, len);
    /* DevInf begins without a place of its own: as root or inside Data. */
    if (tag == CODEC_UNKNOWN
        && codec_tag_lookup(CODEC_PAGE_DEVINF, name, len) == DEVINF_DEVINF)
        tag = DEVINF_DEVINF;
    return tag;
}

/* ---- white space --------------------------------------------------------- */

static int all_space(const char *s, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (s[i] != ' ' && s[i] != '\n' && s[i] != '\t' && s[i] != '\r')
            return 0;
    }
    return 1;
}

static void keep_space(xml_t *x, const char *s, apr_size_t len)
{
    if (x->space_len + len > x->space_size) {
        char *old = x->space;

        x->space_size = (x->space_len + len) * 2;
        x->space = apr_palloc(x->pool, x->space_size);
        if (x->space_len)
            memcpy(x->space, old, x->space_len);
    }
    memcpy(x->space + x->space_len, s, len);
    x->space_len += len;
}

static apr_status_t send_space(xml_t *x)
{
    apr_size_t len = x->space_len;

    x->space_len = 0;
    return len ? codec_run_text(x->run, x->space, len, 0) : APR_SUCCESS;
}

/* ---- handlers ------------------------------------------------------------ */

static apr_status_t begin_element(xml_t *x, const char *name, const char *uri)
{
    codec_run_t *r = x->run;
    int tag = find_tag(x, name, uri);
    apr_status_t rv;

    if (r->depth > 0)
        x->has_child[r->depth - 1] = 1;
    x->space_len = 0;
    if (!x->rooted) {
        x->rooted = 1;
        if (r->info->version == CODEC_V_UNKNOWN)
            r->info->version = x->doctype_version;
        rv = codec_run_root(r, tag);
        if (rv != APR_SUCCESS)
            return rv;
    }
    if (r->depth < CODEC_DEPTH_CAP) {
        x->has_child[r->depth] = 0;
        x->has_text[r->depth] = 0;
    }
    return codec_run_start(r, tag);
}

static void on_start(void *baton, const xmlChar *name, const xmlChar *prefix,
                     const xmlChar *uri, int nb_namespaces,
                     const xmlChar **namespaces, int nb_attributes,
                     int nb_defaulted, const xmlChar **attributes)
{
    xml_t *x = baton;
    apr_status_t rv;

    if (x->rv != APR_SUCCESS)
        return;
    rv = begin_element(x, (const char *)name, (const char *)uri);
    if (rv != APR_SUCCESS)
        stop(x, rv);
}

static void on_end(void *baton, const xmlChar *name, const xmlChar *prefix,
                   const xmlChar *uri)
{
    xml_t *x = baton;
    apr_status_t rv;

    if (x->rv != APR_SUCCESS)
        return;
    rv = send_space(x);
    if (rv == APR_SUCCESS)
        rv = codec_run_end(x->run);
    if (rv != APR_SUCCESS)
        stop(x, rv);
}

static apr_status_t take_text(xml_t *x, const char *s, apr_size_t len)
{
    unsigned top = x->run->depth - 1;
    apr_status_t rv;

    if (!x->has_text[top] && all_space(s, len)) {
        if (!x->has_child[top])
            keep_space(x, s, len);
        return APR_SUCCESS;
    }
    rv = send_space(x);
    x->has_text[top] = 1;
    return rv == APR_SUCCESS ? codec_run_text(x->run, s, len, 0) : rv;
}

static void on_text(void *baton, const xmlChar *s, int len)
{
    xml_t *x = baton;
    apr_status_t rv;

    if (x->rv != APR_SUCCESS || len <= 0 || x->run->depth == 0)
        return;
    rv = take_text(x, (const char *)s, (apr_size_t)len);
    if (rv != APR_SUCCESS)
        stop(x, rv);
}

static void count_markup(xml_t *x)
{
    apr_status_t rv;

    if (x->rv != APR_SUCCESS)
        return;
    rv = codec_run_count(x->run);
    if (rv != APR_SUCCESS)
        stop(x, rv);
}

static void on_comment(void *baton, const xmlChar *text)
{
    count_markup(baton);
}

static void on_instruction(void *baton, const xmlChar *target,
                           const xmlChar *data)
{
    count_markup(baton);
}

/* <!DOCTYPE SyncML PUBLIC "-//SYNCML//DTD SyncML 1.1//EN" "..."> */
static void on_doctype(void *baton, const xmlChar *name,
                       const xmlChar *public_id, const xmlChar *system_id)
{
    xml_t *x = baton;
    codec_doc_e doc;
    codec_version_e version;

    if (public_id
        && codec_parse_fpi((const char *)public_id,
                           strlen((const char *)public_id), &doc,
                           &version) == APR_SUCCESS)
        x->doctype_version = version;
}

#define NO_DTD "declaration or entity of a DTD"

static void on_entity(void *baton, const xmlChar *name, int type,
                      const xmlChar *public_id, const xmlChar *system_id,
                      xmlChar *content)
{
    stop_malformed(baton, NO_DTD);
}

static void on_attribute_decl(void *baton, const xmlChar *element,
                              const xmlChar *name, int type, int def,
                              const xmlChar *value, xmlEnumerationPtr tree)
{
    xmlFreeEnumeration(tree);
    stop_malformed(baton, NO_DTD);
}

static void on_element_decl(void *baton, const xmlChar *name, int type,
                            xmlElementContentPtr content)
{
    stop_malformed(baton, NO_DTD);
}

static void on_notation(void *baton, const xmlChar *name,
                        const xmlChar *public_id, const xmlChar *system_id)
{
    stop_malformed(baton, NO_DTD);
}

static void on_unparsed_entity(void *baton, const xmlChar *name,
                               const xmlChar *public_id,
                               const xmlChar *system_id,
                               const xmlChar *notation)
{
    stop_malformed(baton, NO_DTD);
}

static void on_reference(void *baton, const xmlChar *name)
{
    stop_malformed(baton, NO_DTD);
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

static const xmlSAXHandler handlers = {
    .initialized = XML_SAX2_MAGIC,
    .internalSubset = on_doctype,
    .startElementNs = on_start,
    .endElementNs = on_end,
    .characters = on_text,
    .cdataBlock = on_text,
    .ignorableWhitespace = on_text,
    .comment = on_comment,
    .processingInstruction = on_instruction,
    .entityDecl = on_entity,
    .attributeDecl = on_attribute_decl,
    .elementDecl = on_element_decl,
    .notationDecl = on_notation,
    .unparsedEntityDecl = on_unparsed_entity,
    .reference = on_reference,
    .getEntity = no_entity,
    .getParameterEntity = no_entity,
    .resolveEntity = no_input,
    .serror = on_error
};

/* ---- the parser ---------------------------------------------------------- */

static apr_status_t push_all(xml_t *x, const char *text, apr_size_t len)
{
    apr_size_t piece = len < FIRST_PUSH_OCTETS ? len : FIRST_PUSH_OCTETS;

    while (len > 0 && x->rv == APR_SUCCESS && x->parser->wellFormed) {
        xmlParseChunk(x->parser, text, (int)piece, 0);
        text += piece;
        len -= piece;
        piece = len < PUSH_OCTETS ? len : PUSH_OCTETS;
    }
    if (x->rv == APR_SUCCESS && x->parser->wellFormed)
        xmlParseChunk(x->parser, NULL, 0, 1);
    if (x->rv != APR_SUCCESS)
        return x->rv;
    if (!x->parser->wellFormed || !x->rooted || x->run->depth > 0) {
        stop_malformed(x, "XML is not well-formed");
        return x->rv;
    }
    return APR_SUCCESS;
}

apr_status_t codec_xml_decode(codec_run_t *r, const void *data,
                              apr_size_t len, apr_pool_t *p)
{
    xmlSAXHandler sax = handlers;
    const char *text = data;
    xml_t x;
    apr_status_t rv = codec_xml_prepare(r, &text, &len, p);

    if (rv != APR_SUCCESS)
        return rv;
    memset(&x, 0, sizeof(x));
    x.run = r;
    x.pool = p;
    x.doctype_version = CODEC_V_UNKNOWN;
    x.parser = xmlCreatePushParserCtxt(&sax, &x, NULL, 0, NULL);
    if (!x.parser)
        return APR_ENOMEM;
    xmlCtxtUseOptions(x.parser, XML_PARSE_NONET | XML_PARSE_NOERROR
                                | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC);
    rv = push_all(&x, text, len);
    if (x.parser->myDoc)
        xmlFreeDoc(x.parser->myDoc);
    xmlFreeParserCtxt(x.parser);
    return rv;
}
