/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_value.h
 * @brief Values of properties in the form in which they are compared.
 *
 * Private to item/.  Each function appends to a buffer that grows in its
 * pool; what is appended holds no octet below a space but tab, line feed and
 * ITEM_SEP, which stands between components.
 */
#ifndef SYNCML_ITEM_VALUE_H
#define SYNCML_ITEM_VALUE_H

#include <string.h>

#include "item/item_lines.h"

#define ITEM_SEP  '\x1f'

typedef struct item_buf_t {
    apr_pool_t *p;
    char *s;
    apr_size_t len, size;
} item_buf_t;

void item_buf_add(item_buf_t *b, const char *s, apr_size_t len);

/* Inline, since most of what is put is known when it is compiled. */
static inline void item_buf_puts(item_buf_t *b, const char *s)
{
    item_buf_add(b, s, strlen(s));
}

static inline void item_buf_putc(item_buf_t *b, char c)
{
    if (!b->s || b->size - b->len < 2) {
        item_buf_add(b, &c, 1);
        return;
    }
    b->s[b->len++] = c;
    b->s[b->len] = '\0';
}

/** All of it, valid until the buffer grows; never s NULL. */
item_span_t item_buf_span(const item_buf_t *b);

/** Unescape a text (\n \N \, \; \\ and backslash with anything else, which
 * stands for the latter), line ends as LF, without white space at the end of
 * lines and at both ends of the text. */
void item_value_text(item_buf_t *b, item_span_t value);

/** Unescape a text and nothing else; line ends as LF. */
void item_unescape(item_buf_t *b, item_span_t value);

/** Escape a text (RFC 5545 3.3.11); CRLF, LF and CR become \n, other control
 * characters but tab are left out. */
void item_escape(item_buf_t *b, item_span_t text);

/** So many parts has N: family, given, additional, before, behind. */
#define ITEM_NAMES  5

/** The parts of N as FN has them, parted by blanks: "Dr. Given Additional
 * Family Jr."
 * @param names  ITEM_NAMES texts */
void item_value_names(item_buf_t *b, const item_span_t *names);

/** Components cut at ; each a text, empty ones at the end left out. */
void item_value_struct(item_buf_t *b, item_span_t value);

/** Cut off the next word before an unescaped separator; as
 * item_param_value(), but by backslashes instead of quotes. */
int item_value_next(item_span_t *rest, char sep, item_span_t *word);

/** A telephone number without the characters that only part it; with none
 * left the text. */
void item_value_phone(item_buf_t *b, item_span_t value);

/** A text in ASCII lower case (addresses of mail). */
void item_value_lower(item_buf_t *b, item_span_t value);

/** The letters of a base64 text, without white space and padding. */
void item_value_base64(item_buf_t *b, item_span_t value);

/** A birthday or the like: YYYYMMDD where there is a full date, without
 * time; else the text. */
void item_value_date(item_buf_t *b, item_span_t value);

/** Time values, a comma list cut into words before: item_time_canon(), or
 * the text where it is no time. */
void item_value_time(item_buf_t *b, item_span_t value, item_span_t zone);

#endif
