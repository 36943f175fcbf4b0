/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_charset.h
 * @brief Characters of devices: into UTF-8 and back.
 *
 * Private to item/.  Names are looked up in a table of our own, by their
 * letters and digits alone, since phones misspell them; what else iconv may
 * have is not to be reached from the network.  Character sets whose octets
 * below 128 are not ASCII are left out, but for UTF-7 and ISO-2022-JP.
 * Conversions depend on no locale: what a character set lacks is written by
 * the table here, as letters without their marks, or "?".
 */
#ifndef SYNCML_ITEM_CHARSET_H
#define SYNCML_ITEM_CHARSET_H

#include "item/item_value.h"

typedef enum {
    ITEM_CHARSET_UTF8 = 0,
    ITEM_CHARSET_ASCII,
    ITEM_CHARSET_LATIN1,        /* read as windows-1252, as all do */
    ITEM_CHARSET_CP1252,
    ITEM_CHARSET_ICONV
} item_charset_e;

typedef struct item_charset_t {
    item_charset_e how;
    const char *name;           /* for CHARSET= */
    const char *iconv;          /* as iconv knows it */
} item_charset_t;

/** Look a name up. @return NULL: not known, or len is 0 */
const item_charset_t *item_charset_find(item_span_t name);

/** UTF-8. */
const item_charset_t *item_charset_utf8(void);

/** Non-zero if no octet is above 127. */
int item_charset_is_ascii(item_span_t text);

/** Non-zero if a text is UTF-8: shortest forms, no surrogates. */
int item_charset_is_utf8(item_span_t text);

/** The character at s. @param n  out: its octets, 1 to 4
 * @return its number; U+FFFD and one octet where it is no UTF-8 */
unsigned item_charset_char(const char *s, const char *end, int *n);

/** Octets of the UTF-8 character at text, 0 if it is none or left is 0. */
apr_size_t item_utf8_len(const char *text, apr_size_t left);

/** Append a character. @param c  up to 0x10ffff */
void item_charset_put(item_buf_t *b, unsigned c);

/**
 * Append octets as UTF-8.
 * @param cs  NULL: not known, as UTF-8.  Octets that are no UTF-8 are taken for
 *            windows-1252, and so are all if more are none than characters
 *            are; of others what cannot be read becomes "?"
 */
void item_charset_in(item_buf_t *b, const item_charset_t *cs,
                     item_span_t octets);

/**
 * Append a text in a character set.
 * @param text  UTF-8
 * @param bmp  characters above U+FFFF become "?" even in UTF-8
 */
void item_charset_out(item_buf_t *b, const item_charset_t *cs,
                      item_span_t text, int bmp);

#endif
