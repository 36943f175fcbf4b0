/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_card.h
 * @brief Contacts in a device's form: vCard 2.1, 3.0, 4.0 and SIF-C.
 *
 * The store's form is vCard 3.0, or 4.0 where a text came as that.  Between
 * the forms each property is carried over by itself, so that nothing depends
 * on its neighbours but FN and N, which are made of each other where a form
 * needs one that is missing.
 *
 * Laws, for any text x that export takes: export(import(export(x))) is
 * export(x), octet by octet; and import(export(x), like x) has the octets of
 * x in each line that the form could say at all, and none of the others.
 *
 * Read with patience, since phones write what they like: quoted-printable and
 * base64 in every spelling and with every kind of broken line end, character
 * sets that are misnamed or not named, parameters without a name, lines that
 * are not folded as they should be.  A card must begin and end, though, and
 * be within the limits of item.h.
 */
#ifndef SYNCML_ITEM_CARD_H
#define SYNCML_ITEM_CARD_H

#include "item/item_form.h"

/** Cards in cards (AGENT). */
#define ITEM_CARD_MAX_DEPTH  4

/**
 * A device's vCard for the store.
 * @param form  charset is that of values without a CHARSET; habits: CATEGORY_X
 *              and DATE_1980 are undone; format is the version of a text
 *              without VERSION
 * @param in  a vCard of any version
 * @param like  the store's version of the contact or NULL.  The result is of
 *              its version of vCard; lines that say what this form makes of a
 *              line of it have that line's octets; a property whose value is
 *              the same has its parameters but TYPE
 * @param out  in's octets where they are in the store's form
 * @return APR_SUCCESS; ITEM_EMALFORMED, ITEM_ETYPE (a version that is none
 * of the three), ITEM_ELIMIT; out is empty on failure
 */
apr_status_t item_card_import(const item_form_t *form, const item_text_t *in,
                              const item_text_t *like, item_text_t *out,
                              apr_pool_t *p);

/** Non-zero for a card that may not be written as 3.0 and 4.0 are, whatever its
 * VERSION says: quoted-printable, in a charset that it names, or with a card in
 * it (AGENT) that is no text.  item_card_import() mends it. */
int item_card_is_encoded(const char *data, apr_size_t len);

/** Non-zero for a card with a picture or the like in a "data:" URI, roughly:
 * item_card_export() makes of it what all devices of 3.0 know. */
int item_card_has_data(const char *data, apr_size_t len);

/**
 * A vCard of the store for a device.
 * @param form  format ITEM_FORMAT_VCARD21, _VCARD30, _VCARD40; any other: in
 *              the version that it has.  Characters that charset has not are
 *              written in ASCII or as "?"
 * @return as item_card_import()
 */
apr_status_t item_card_export(const item_form_t *form, const item_text_t *in,
                              item_text_t *out, apr_pool_t *p);

/**
 * What a device has of a card of the store's, in the store's own lines: as if
 * what item_card_export() makes of it came back as it was sent.
 * @param in  the card, or a part of it
 * @param like  the whole of it
 */
apr_status_t item_card_echo(const item_form_t *form, const item_text_t *in,
                            const item_text_t *like, item_text_t *out,
                            apr_pool_t *p);

/** The N or FN that is made up for a device, of another name or of what else
 * there is. @param name  "N" or "FN" @return unescaped; NULL: the card has its
 * own, or there is nothing to make it of */
const char *item_card_made(const item_form_t *form, const item_text_t *card,
                           const char *name, apr_pool_t *p);

/**
 * Leave out of a device's card the FN, and where the store has none of both the
 * N, that were made up: of what the store had then, which the device's user may
 * have edited since, or by the device itself, FN of the N beside it or "?" of
 * nothing.
 * @param had  the store's text then
 * @param like  the store's text of which the device's is an edit
 * @param card  in and out: the device's in the store's form
 * @return non-zero if one stays that an older text may explain
 */
int item_card_unmake(const item_form_t *form, const item_text_t *had,
                     const item_text_t *like, item_text_t *card,
                     apr_pool_t *p);

/** A device's SIF-C document for the store; as item_card_import().  Elements
 * that vCard knows no property for are kept as X-FUNAMBOL-Name. */
apr_status_t item_sifc_import(const item_form_t *form, const item_text_t *in,
                              const item_text_t *like, item_text_t *out,
                              apr_pool_t *p);

/** A vCard of the store as a SIF-C document.  An element holds the first
 * property that belongs there; what there is no room for is left out. */
apr_status_t item_sifc_export(const item_form_t *form, const item_text_t *in,
                              item_text_t *out, apr_pool_t *p);

#endif
