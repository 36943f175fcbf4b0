/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_qp.h
 * @brief Quoted-printable and base64 as vCard 2.1 and vCalendar 1.0 have
 * them.  Private to item/.
 */
#ifndef SYNCML_ITEM_QP_H
#define SYNCML_ITEM_QP_H

#include "item/item_value.h"

/** Octets of a line, without its end, in what is written here. */
#define ITEM_QP_LINE  76

/**
 * Decode in place a text whose soft line breaks are joined.  A "=" that two
 * hexadecimal digits do not follow stays, but before another "=" it goes, as
 * at the text's end (Nokia N9: "==0A=0D=").  Line ends, also LF CR, become
 * LF; NUL is left out.
 * @return octets of the result
 */
apr_size_t item_qp_decode(char *s, apr_size_t len);

/** A document that has quoted-printable in it. */
typedef struct item_qp_doc_t {
    item_span_t text;
    int bare;                   /* a value goes on without a blank: 0: not
                                 * looked yet, 1: yes, -1: no */
} item_qp_doc_t;

/**
 * Are the lines behind a "=" folded as well, with a blank that is none of the
 * text's?  So if each of several begins with one, unless one follows a comma
 * or the like, where a text has blanks, or another value of the document goes
 * on without.
 * @param at  in the text: the line behind the first "="
 */
int item_qp_is_folded(item_qp_doc_t *doc, const char *at);

/**
 * Encode.  No line but perhaps the first begins with B, E or a space.
 * @param column  octets that are on the line already
 * @param soft  break lines
 */
void item_qp_encode(item_buf_t *b, item_span_t text, apr_size_t column,
                    int soft);

/** A base64 text's letters and padding only, in place; of a "data:" URI those
 * of what it holds.  @return octets */
apr_size_t item_base64_letters(char *s, apr_size_t len);

/**
 * What a URI like "data:image/jpeg;base64,/9j/" holds, which may have been
 * escaped as a text is.
 * @param type  out: its media type; NULL: not asked for
 * @return len 0: it is no such URI
 */
item_span_t item_data_base64(item_span_t uri, item_span_t *type);

/** Write base64 letters in lines that begin with @p indent, each preceded by
 * CRLF. */
void item_base64_lines(item_buf_t *b, item_span_t letters,
                       const char *indent);

#endif
