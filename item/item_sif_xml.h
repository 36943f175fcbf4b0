/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_sif_xml.h
 * @brief Small XML documents that are items: SIF, and OMA's objects of email
 * and files.
 *
 * Private to item/.  Read by libxml2's push parser into a tree of elements,
 * with handlers of our own: no entities, no declarations, no network, no
 * namespaces looked at.  Before that one linear look repairs what clients
 * were seen to write (control characters out of Outlook, a bare "&", octets
 * that are no UTF-8) and refuses what would be dear: too long tags, too many
 * attributes, an internal subset.  The tree lives in its pool.
 */
#ifndef SYNCML_ITEM_SIF_XML_H
#define SYNCML_ITEM_SIF_XML_H

#include "item/item_value.h"

#define ITEM_XML_MAX_DEPTH     8
#define ITEM_XML_MAX_ELEMENTS  5000
#define ITEM_XML_MAX_TAG       4096     /* octets of one tag */
#define ITEM_XML_MAX_ATTRS     16       /* of one tag */

typedef struct item_xml_t {
    const char *name;           /* as written, without a prefix */
    const char *text;           /* character data of a leaf, line ends LF,
                                 * all white space kept; "" of others; ends
                                 * in NUL, which it holds none of */
    apr_size_t len;
    const char *enc;            /* attribute "enc", any case, or NULL */
    struct item_xml_t *parent, *first, *last, *next;
} item_xml_t;

/**
 * Read a document.
 * @param root  out: its root element, NULL on failure
 * @param data  in a character set of item_charset.h by declaration; without
 *              one UTF-8, or windows-1252 where it is none; a BOM is allowed,
 *              and base64 of all that
 * @return APR_SUCCESS; ITEM_EMALFORMED (no XML, an entity or declaration,
 * another character set); ITEM_ELIMIT (the limits above, or ITEM_MAX_OCTETS)
 */
apr_status_t item_xml_read(item_xml_t **root, const char *data,
                           apr_size_t len, apr_pool_t *p);

/** The first child of that name (ASCII, any case); NULL: none, or @p parent
 * is NULL. */
const item_xml_t *item_xml_find(const item_xml_t *parent, const char *name);

/** The text of the first child of that name without white space at both
 * ends; len 0: none, or empty.  Never s NULL. */
item_span_t item_xml_text(const item_xml_t *parent, const char *name);

/** Begin a document: the declaration and a line end. */
void item_xml_begin(item_buf_t *b);

/** Write a start tag, an end tag. @param name  letters and digits */
void item_xml_open(item_buf_t *b, const char *name);
void item_xml_close(item_buf_t *b, const char *name);

/**
 * Write an element with its text, and a line end.
 * @param text  any octets: line ends become CRLF (non-validating clients take
 *              what stands there, Outlook wants CRLF; XML reads LF), other
 *              control characters are left out, octets that are no UTF-8
 *              become U+FFFD
 */
void item_xml_put(item_buf_t *b, const char *name, item_span_t text);

/** Write text only, as item_xml_put() does. */
void item_xml_escape(item_buf_t *b, item_span_t text);

#endif
