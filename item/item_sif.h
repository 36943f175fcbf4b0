/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_sif.h
 * @brief SIF-E and SIF-T, the XML in which clients for Windows Mobile and
 * Outlook write events and tasks, and iCalendar.
 *
 * Every element has its property; those that iCalendar has nothing for are
 * kept as X-FUNAMBOL-Name.  What is told apart in one and not in the other
 * (personal and private, waiting and deferred) likewise.
 *
 * Times: UTC, or as the form's clock says.  The days of a series are those of
 * the user's zone, which the device shows; where that is not known, of its
 * Timezone element.  On the way back
 * they are written as the store's version has them (its TZID, or
 * floating); of a new series in the user's zone, with a VTIMEZONE.  A day in
 * AllDayEvent's End is the last one, in DTEND the one after.
 *
 * A series that SIF has no pattern for is sent as its first occurrence; its
 * rule stays in the store, by the principle of item_form.h.
 */
#ifndef SYNCML_ITEM_SIF_H
#define SYNCML_ITEM_SIF_H

#include <apr_hash.h>

#include "item/item_form.h"

/** More exceptions of one series are left out. */
#define ITEM_SIF_MAX_EXCEPTIONS  1000

/**
 * A device's event or task for the store, as item_import().
 * @param form  format: ITEM_FORMAT_SIFE or ITEM_FORMAT_SIFT; a document of
 *              the other kind is taken as what it is
 * @param out  iCalendar with a VEVENT (and one for each changed occurrence)
 *             or a VTODO; without a UID unless one came
 * @return APR_SUCCESS; ITEM_EMALFORMED, ITEM_ETYPE (another document),
 * ITEM_ELIMIT
 */
apr_status_t item_sif_import(const item_form_t *form, const item_text_t *in,
                             const item_text_t *like, item_text_t *out,
                             apr_pool_t *p);

/**
 * A store's event or task for a device, as item_export().
 * @return APR_SUCCESS; ITEM_EMALFORMED, ITEM_ELIMIT, ITEM_ETYPE (neither)
 */
apr_status_t item_sif_export(const item_form_t *form, const item_text_t *in,
                             item_text_t *out, apr_pool_t *p);

/** The elements below a document's root, empty ones too, in lower case;
 * empty where it cannot be read. */
apr_hash_t *item_sif_names(const item_text_t *in, apr_pool_t *p);

/**
 * Fill in what a device has no field for.  A client writes all fields that
 * it has, empty ones too; one that is not there at all was not emptied.
 * @param in  any SIF; @param had  the document that the device had
 * @param known  elements that it ever wrote, as item_sif_names(): these it
 *               has left out because they are empty
 * @param out  @p in, if there is nothing to fill in
 * @return APR_SUCCESS, ITEM_E*
 */
apr_status_t item_sif_fill(const item_text_t *in, const item_text_t *had,
                           apr_hash_t *known, item_text_t *out,
                           apr_pool_t *p);

#endif
