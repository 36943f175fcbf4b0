/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_text.h
 * @brief Two versions of a text become one, line by line.
 *
 * Private to item/.  Lines are equal but for white space at their ends.  What
 * stayed the same is found by common beginnings and ends and by lines that
 * stand once on both sides, in their longest common order: n log n.
 */
#ifndef SYNCML_ITEM_TEXT_H
#define SYNCML_ITEM_TEXT_H

#include "item/item_value.h"

#define ITEM_TEXT_LINES  100000 /* of one side; longer texts are one line */

/**
 * Merge.
 * @param out  the result is appended, its lines parted by @p eol
 * @param base  NULL: differing lines are both kept
 * @param ours  lines end in CRLF, LF or CR
 * @param theirs_first  who wins a clash; and whose lines come first where
 *                      both added some at one place
 * @return non-zero: the same lines were changed differently
 */
int item_text_merge(item_buf_t *out, const item_span_t *base,
                    item_span_t ours, item_span_t theirs, int theirs_first,
                    const char *eol);

#endif
