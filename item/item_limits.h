/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_limits.h
 * @brief Devices whose fields are short: what they are not sent, and what
 * comes back cut.
 *
 * Texts are never cut on their way to a device, since that does it itself and
 * knows best where; what it wants whole or not at all it is not sent.  What
 * comes back as the beginning of what it had, and as long as its field, is no
 * edit: the long value is put in its place, before the texts are merged.
 * Where somebody has edited the beginning of a long text, what the device
 * never showed him is put behind it again.
 */
#ifndef SYNCML_ITEM_LIMITS_H
#define SYNCML_ITEM_LIMITS_H

#include <apr_hash.h>

#include "item/item_merge.h"

/** Where lengths are not known, a value of so many characters may be cut. */
#define ITEM_LIMITS_LEAST  12

typedef struct item_limits_t {
    apr_hash_t *sizes;          /* octets or characters, apr_size_t * by name in
                                 * capitals; NULL: none are known */
    int any;                    /* non-zero: any value may have been cut */
    apr_hash_t *whole;          /* names of those of sizes that the device wants
                                 * whole or not at all (NoTruncate); NULL: none */
} item_limits_t;

/**
 * The item without images, sounds, keys and attachments (PHOTO, LOGO, SOUND,
 * KEY, ATTACH) that are larger than the device's field: the value's octets,
 * as they are written, are counted.  And without values that the device wants
 * whole and has no room for, by octets of the text: all but N, FN and SUMMARY,
 * without which nobody knows what an item is.
 * @param data, len  in and out; unchanged where there are none, and on failure
 * @return APR_SUCCESS, ITEM_E* as item_keys()
 */
apr_status_t item_without_large(const char *type, const char **data,
                                apr_size_t *len, const item_limits_t *limits,
                                apr_pool_t *p);

/**
 * Undo what a device has cut.
 * @param had  the text that it had
 * @param theirs  what it made of it
 * @param out  theirs with the long values in place of the cut ones; theirs
 *             itself where nothing was cut, or on failure
 * @return how many values were cut
 */
int item_uncut(const char *type, const item_text_t *had,
               const item_text_t *theirs, const item_limits_t *limits,
               item_text_t *out, apr_pool_t *p);

#endif
