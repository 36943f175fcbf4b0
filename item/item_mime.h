/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_mime.h
 * @brief As much of messages and their encodings as items need. Private to
 * item/.
 */
#ifndef SYNCML_ITEM_MIME_H
#define SYNCML_ITEM_MIME_H

#include "item/item_value.h"

/** Decode quoted-printable with its soft line breaks; what is no escape
 * stands for itself. @param line  of a header's encoded word: "_" is a blank */
void item_mime_quoted(item_buf_t *b, item_span_t text, int word);

/** Decode base64, white space allowed. @return APR_SUCCESS,
 * ITEM_EMALFORMED: another character, or cut off inside an octet */
apr_status_t item_mime_base64(item_buf_t *b, item_span_t text);

/** Encode in base64, in one line. */
void item_mime_to_base64(item_buf_t *b, item_span_t octets);

/** The header of a message: up to the first empty line.
 * @return its length; 0 if its first line is no field */
apr_size_t item_mime_header(item_span_t message);

/** Append the value of a header's first field of that name (any case),
 * unfolded, with encoded words decoded. @return 0: there is none */
int item_mime_field(item_buf_t *b, item_span_t message, const char *name);

#endif
