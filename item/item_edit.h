/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_edit.h
 * @brief Which properties an item has, and the same item without some of
 * them or under another UID.
 *
 * Works on the text line by line, so all that is not meant stays octet by
 * octet.  Names are those of properties of the vCard, or of the VEVENT,
 * VTODO and VJOURNAL components of a calendar, in capitals and without group; "VALARM"
 * stands for all alarms.  Time zones and the calendar's own properties are no
 * properties of the item.  Plain text has none.
 */
#ifndef SYNCML_ITEM_EDIT_H
#define SYNCML_ITEM_EDIT_H

#include <apr_hash.h>

#include "item/item.h"

/**
 * The names of an item's properties.
 * @param data  as in item_keys(), of any length that it takes
 * @return names (const char * keys, value ""); properties without a value
 * are left out; empty for plain text and where no line can be read
 */
apr_hash_t *item_names(const char *data, apr_size_t len, apr_pool_t *p);

/**
 * The item without all properties of some names.  A label (X-ABLabel, X-ABADR)
 * goes with the last property of its group.
 * @param names  keys as those of item_names()
 * @return its text, in @p p; the same pointer if there is none of them, or if
 * the text is over the limits of item.h
 */
const char *item_without(const char *data, apr_size_t *len,
                         apr_hash_t *names, apr_pool_t *p);

/**
 * The item with another UID, where it has one.
 * @param uid  without characters that need escaping
 * @return its text, in @p p
 */
const char *item_with_uid(const char *data, apr_size_t *len,
                          const char *uid, apr_pool_t *p);

#endif
