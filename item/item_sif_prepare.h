/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_sif_prepare.h
 * @brief An item's XML made fit for the parser. Private to item/.
 */
#ifndef SYNCML_ITEM_SIF_PREPARE_H
#define SYNCML_ITEM_SIF_PREPARE_H

#include "item/item_lines.h"

/**
 * One linear pass over a document: into UTF-8, without its declaration,
 * comments, processing instructions and DOCTYPE; control characters become
 * line feeds (vertical tab, form feed) or go; a "&" that begins no reference
 * to a character or to one of XML's five entities becomes "&amp;".  Inside
 * CDATA only the characters are looked at.
 * @return as item_xml_read(), but for what only a parser sees
 */
apr_status_t item_xml_prepare(item_span_t *out, const char *data,
                              apr_size_t len, apr_pool_t *p);

#endif
