/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_offer.h
 * @brief What a device's DevInf says of its datastores: their names, and the
 * formats that they receive and send.
 */
#ifndef SYNCML_SML_OFFER_H
#define SYNCML_SML_OFFER_H

#include <apr_tables.h>

#include "item/item_form.h"

/** Of datastores, and of formats in each direction, more are not read. */
#define SML_MAX_OFFERS       32
#define SML_MAX_OFFER_TYPES  16

/** A CTType with its VerCT. */
typedef struct sml_offer_type_t {
    const char *type, *version;
} sml_offer_type_t;

typedef struct sml_offer_t {
    const char *uri;                    /* SourceRef, "" if there is none */
    apr_array_header_t *rx, *tx;        /* of sml_offer_type_t, the preferred
                                           one first */
} sml_offer_t;

/**
 * @param devinf  the document, WBXML or XML, as it was sent
 * @return array of sml_offer_t; empty: it says nothing, or cannot be read
 */
apr_array_header_t *sml_offers_read(const char *devinf, apr_size_t len,
                                    apr_pool_t *p);

/**
 * The format in which a datastore of the device wants items of a kind: the
 * first that it receives, else the first that it sends.
 * @param uri  the device's name of it; where it is not listed, or NULL, the
 *             first datastore that takes such items counts
 * @param type  out: the type as it was said
 * @return ITEM_FORMAT_AS_IS: it does not say
 */
item_format_e sml_offer_format(const apr_array_header_t *offers,
                               const char *uri, item_kind_e kind,
                               const char **type);

#endif
