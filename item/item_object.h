/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_object.h
 * @brief OMA's data objects: emails and files, as small XML documents
 * (application/vnd.omads-email+xml and -file+xml).
 *
 * An object is some fields, a content, and extensions.  Of an email the
 * fields are its flags and dates and the content is the RFC 822 message; an
 * email without one says flags only.  Of a file the content is its body; a
 * file without one says nothing of it (renaming).
 *
 * The canonical form has the fields in the order of the tables in
 * item_object.c, "true" and "false", dates as 20091128T101500Z, and the content
 * as escaped text where that is the same octets again, else in base64.
 */
#ifndef SYNCML_ITEM_OBJECT_H
#define SYNCML_ITEM_OBJECT_H

#include "item/item_merge.h"

#define ITEM_OBJECT_FIELDS  16

typedef struct item_object_t {
    item_kind_e kind;           /* ITEM_EMAIL or ITEM_FILE */
    const char *fields[ITEM_OBJECT_FIELDS];     /* canonical, by the table;
                                                 * NULL: it does not say */
    item_text_t content;        /* octets; data NULL: there is none */
    const char *extensions;     /* Ext and unknown elements, as XML; never
                                 * NULL */
} item_object_t;

/**
 * Read an object.  The end of the message is where the last end tag is:
 * clients are known to write "]]&gt;" for the end of CDATA, and mails that
 * hold "]]>".
 * @param kind  ITEM_EMAIL or ITEM_FILE
 * @return APR_SUCCESS; ITEM_EMALFORMED (also: a message without any header
 * field, a name that is none of a file), ITEM_ELIMIT
 */
apr_status_t item_object_read(item_object_t *object, item_kind_e kind,
                              const char *data, apr_size_t len,
                              apr_pool_t *p);

/** Write the canonical form. */
void item_object_write(item_text_t *out, const item_object_t *object,
                       apr_pool_t *p);

/** A field by its element's name: of emails read, forwarded, replied,
 * received, created, modified, deleted, flagged; of files name, created,
 * modified, accessed, h, s, a, d, w, r, x, cttype, size.
 * @return NULL: it does not say, or there is no such field */
const char *item_object_get(const item_object_t *object, const char *name);

/** Set one; nothing for a name that the kind has not. @param value  in
 * canonical form, or NULL */
void item_object_set(item_object_t *object, const char *name,
                     const char *value);

/**
 * A header field of an email's message.
 * @param name  "Subject", any case
 * @return unfolded, encoded words decoded (RFC 2047), UTF-8; "" without it
 */
const char *item_object_header(const item_object_t *object, const char *name,
                               apr_pool_t *p);

#endif
