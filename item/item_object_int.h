/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_object_int.h
 * @brief What item.h's functions do for objects. Private to item/.
 */
#ifndef SYNCML_ITEM_OBJECT_INT_H
#define SYNCML_ITEM_OBJECT_INT_H

#include "item/item_norm.h"
#include "item/item_object.h"

typedef enum { OBJECT_FLAG, OBJECT_DATE, OBJECT_TEXT, OBJECT_NUMBER }
    item_object_how_e;

typedef struct item_object_field_t {
    const char *name;
    item_object_how_e how;
    int compared;               /* part of what makes two equal */
    int grows;                  /* once true on any side it is true */
    int attribute;              /* of a file: inside of <attributes> */
} item_object_field_t;

/** The fields of a kind, name NULL at the end. */
const item_object_field_t *item_object_fields(item_kind_e kind);

/** Non-zero for emails and files. */
int item_is_object(item_kind_e kind);

/** As item_normalise(), item_likeness() of two, item_merge(), item_reduce(),
 * item_values(), item_modified(); the latter three for texts that may be
 * malformed. */
apr_status_t item_object_normalise(item_norm_t *norm, item_kind_e kind,
                                   const char *data, apr_size_t len,
                                   apr_pool_t *p);
item_likeness_e item_object_likeness(item_kind_e kind, const char *a,
                                     apr_size_t len_a, const char *b,
                                     apr_size_t len_b, apr_pool_t *p);
apr_status_t item_object_merge(item_merge_t *m, item_kind_e kind,
                               const item_text_t *base,
                               const item_text_t *ours,
                               const item_text_t *theirs, int prefer,
                               apr_array_header_t *clashes, apr_pool_t *p);
apr_status_t item_object_reduce(item_kind_e kind, const char **data,
                                apr_size_t *len, apr_size_t limit,
                                apr_pool_t *p);
void item_object_values(apr_array_header_t *values, item_kind_e kind,
                        const char *data, apr_size_t len, const char *name,
                        apr_pool_t *p);
apr_int64_t item_object_modified(item_kind_e kind, const char *data,
                                 apr_size_t len, apr_pool_t *p);

/** A subject, or a file's name; len 0: nothing of that kind. */
item_span_t item_object_title(item_kind_e kind, const char *data,
                              apr_size_t len, apr_pool_t *p);

#endif
