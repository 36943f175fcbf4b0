/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_ctcap.h
 * @brief Which properties of items a device can hold, by its own words: the
 * CTCap of its DevInf.
 *
 * Both forms are read: that of DevInf 1.0 and 1.1, where CTType, PropName
 * and what belongs to them follow one another in one CTCap, and that of 1.2,
 * where each datastore has a CTCap of its own with Property elements (OMA DS
 * DevInf 1.2, 5.3.4).  What several of them say of one kind of items adds
 * up.  Phones are known to leave out what they do hold and to list what they
 * do not, so this is one voice among others: see sml_held.h.
 */
#ifndef SYNCML_SML_CTCAP_H
#define SYNCML_SML_CTCAP_H

#include <apr_hash.h>

#include "item/item.h"

/** More names than this are not remembered. */
#define SML_MAX_CAPS  256

/**
 * @param devinf  the document, WBXML or XML, as it was sent
 * @param kind  vCards, or events and tasks, which share a media type
 * @return names of properties in capitals, and "VALARM" if alarms can be
 * held in any form; NULL if the device does not say, or nothing that can be
 * believed (no name or subject among them), or if @p kind has no properties
 */
apr_hash_t *sml_ctcap_read(const char *devinf, apr_size_t len,
                           item_kind_e kind, apr_pool_t *p);

/**
 * How long the values of properties may be on the device: Size in DevInf 1.0
 * and 1.1, MaxSize in 1.2.  Arguments as above.
 * @return apr_size_t * by name in capitals; NULL: it does not say
 */
apr_hash_t *sml_ctcap_sizes(const char *devinf, apr_size_t len,
                            item_kind_e kind, apr_pool_t *p);

/**
 * Which properties a device wants whole or not at all: those with NoTruncate,
 * which DevInf 1.2 has beside MaxSize.  Values above that size are not for it
 * (Synthesis' clients and servers leave them out, too).  Arguments as above.
 * @return names in capitals; NULL: there are none
 */
apr_hash_t *sml_ctcap_whole(const char *devinf, apr_size_t len,
                            item_kind_e kind, apr_pool_t *p);

/** Non-zero if a device takes times in UTC, by its DevInf: the UTC element of
 * 1.1 and 1.2, without which times are to be local ones.  Also where it has
 * said nothing that can be read. */
int sml_ctcap_utc(const char *devinf, apr_size_t len, apr_pool_t *p);

#endif
