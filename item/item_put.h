/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_put.h
 * @brief Content lines of the store's form, written. Private to item/.
 */
#ifndef SYNCML_ITEM_PUT_H
#define SYNCML_ITEM_PUT_H

#include "item/item_value.h"

/** BEGIN and END of VCALENDAR, with VERSION. @param prodid  and PRODID; 0 for
 * a text of an item that has none in the store */
void item_put_calendar(item_buf_t *b, int prodid);
void item_put_calendar_end(item_buf_t *b);

/** A line, folded, CRLF. @param head  name and parameters, no colon
 * @param value  as it shall stand there; control characters but tab become
 *               spaces */
void item_put_line(item_buf_t *b, const char *head, item_span_t value);

/** Likewise, of a C string. */
void item_put(item_buf_t *b, const char *head, const char *value);

/** A line with a text, which is escaped; none if the text is empty. */
void item_put_text(item_buf_t *b, const char *head, item_span_t text);

/** A line with words of a list that devices part by commas or semicolons,
 * white space around each left out; none without words. */
void item_put_words(item_buf_t *b, const char *head, item_span_t list);

#endif
