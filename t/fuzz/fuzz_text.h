/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * For the fuzz targets of items: texts cut out of the input, and what aborts.
 */
#ifndef T_FUZZ_FUZZ_TEXT_H
#define T_FUZZ_FUZZ_TEXT_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "item/item_form.h"

#define MUST(x)  do { if (!(x)) abort(); } while (0)

/** The octets up to the next NUL, or all that is left, in memory of exactly
 * their size; the caller frees text.data.  Moves data and size on. */
static inline item_text_t fuzz_take_text(const uint8_t **data, size_t *size)
{
    const uint8_t *end = *size ? memchr(*data, 0, *size) : NULL;
    size_t len = end ? (size_t)(end - *data) : *size;
    char *copy = malloc(len ? len : 1);
    item_text_t text;

    MUST(copy);
    memcpy(copy, *data, len);
    text.data = copy;
    text.len = len;
    *data += len + (end != NULL);
    *size -= len + (end != NULL);
    return text;
}

static inline int fuzz_same(const item_text_t *a, const item_text_t *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

#endif
