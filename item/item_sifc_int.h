/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_sifc_int.h
 * @brief A contact as the fields of a SIF-C document. Private to item/.
 *
 * Both ways lead through this table: a property goes to the field that suits
 * it, a field becomes the property that its row says.  Fields that share a
 * property (the parts of a name) are one group, named by its first field.
 */
#ifndef SYNCML_ITEM_SIFC_INT_H
#define SYNCML_ITEM_SIFC_INT_H

#include "item/item_card_int.h"

typedef enum {
    SIFC_TEXT, SIFC_URI, SIFC_RAW, SIFC_LIST, SIFC_DATE, SIFC_CLASS,
    SIFC_PHOTO
} sifc_kind_e;

/* What tells fields of one property apart. */
#define SIFC_HOME      1
#define SIFC_WORK      2
#define SIFC_CELL      4
#define SIFC_FAX       8
#define SIFC_PAGER     16
#define SIFC_CAR       32
#define SIFC_DC        64
#define SIFC_CALLBACK  128
#define SIFC_RADIO     256
#define SIFC_TELEX     512
#define SIFC_IM        1024

/** A parameter with the name of the field, where types do not say which. */
#define SIFC_FIELD  "X-FUNAMBOL-FIELD"

typedef struct sifc_field_t {
    const char *element, *name; /* in SIF-C, in vCard */
    const char *types;          /* of TYPE; NULL: none */
    sifc_kind_e kind;
    int part;                   /* of a structured value; -1: all of it */
    int parts;                  /* fields in the group, at its first; else 0 */
    int bits;                   /* SIFC_HOME and so on */
    int marked;                 /* with SIFC_FIELD */
} sifc_field_t;

extern const sifc_field_t sifc_fields[];
extern const int sifc_count;

/** The field of that element; -1: none. */
int sifc_find(item_span_t element);

/** The bits of a property's types. */
int sifc_bits(const item_line_t *line);

typedef struct sifc_slot_t {
    item_span_t value;          /* plain text; s NULL: none */
    item_span_t raw;            /* the store's line that it is of */
} sifc_slot_t;

/** An element without a field. */
typedef struct sifc_kept_t {
    item_span_t element, value, raw;
} sifc_kept_t;

typedef struct sifc_t {
    apr_pool_t *p;
    sifc_slot_t *slots;         /* by field */
    apr_array_header_t *kept;   /* sifc_kept_t */
} sifc_t;

/** Non-zero if a property has fields. */
int sifc_knows(item_span_t name);

/** The first free field for a property. @return -1: none */
int sifc_place(const sifc_t *s, const item_line_t *line);

#endif
