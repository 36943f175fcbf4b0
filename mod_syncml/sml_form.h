/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_form.h
 * @brief Items in the device's own form: on their way in, on their way out,
 * and as the device has them.
 *
 * The store's texts are vCard 3.0 and iCalendar 2.0; what the device speaks
 * is an item_form_t (item_form.h).  What a text says to the device is its
 * echo: the text as it is sent, taken in again.  Merging and matching compare
 * with echoes, so that what the device's form cannot say is neither an edit
 * nor a contradiction.  Where a form needs no conversion, an echo is the text
 * itself and costs nothing.
 */
#ifndef SYNCML_SML_FORM_H
#define SYNCML_SML_FORM_H

#include "item/item_limits.h"
#include "item/item_quirks.h"
#include "mod_syncml/sml_receive.h"

/** How a format came to be chosen, the strongest first. */
typedef enum {
    SML_FORM_PATH,              /* the path says so: "/fo(vcard21)" */
    SML_FORM_SET,               /* a setting of the device */
    SML_FORM_QUIRK,             /* the quirks file */
    SML_FORM_DEVINF,            /* the device's DevInf */
    SML_FORM_SENT,              /* what it sent last */
    SML_FORM_VERSION,           /* its version of SyncML */
    SML_FORM_UNKNOWN            /* as the store has it */
} sml_form_why_e;

typedef struct sml_form_t {
    store_id_t datastore;
    item_form_t form;
    const char *type;           /* media type to be announced instead of the
                                   format's own; NULL: that one */
    /* What of an item does not reach the device, or not whole. */
    apr_array_header_t *not_held;       /* const char *: properties that its
                                   model cannot hold; NULL: none known */
    item_limits_t limits;       /* lengths of its fields */
    sml_form_why_e why;
    item_format_e sent;         /* what the device sent last; AS_IS: not known */
} sml_form_t;

/** The form in which the device has the items of a datastore; never NULL.
 * s->rv tells that the store failed. */
const sml_form_t *sml_form(sml_session_t *s, const sml_sync_t *y);

/** The same for a datastore of the configuration, that may take part in the
 * session or not. */
const sml_form_t *sml_form_for(sml_session_t *s,
                               const sml_datastore_conf_t *d);

/** Remember what the device's items are written in. */
void sml_form_learn(sml_session_t *s, const sml_sync_t *y,
                    item_format_e format);

/** Where the device has its settings, "format.contacts" and the like. */
#define SML_FORM_SETTING   "format."
#define SML_FORM_SENT_AS   "sent."

/**
 * Choose a format as sml_form() does, for who has a store and no session.
 * @param said  the setting "format.NAME"; NULL: none
 * @param sent  the setting "sent.NAME"; NULL: none
 * @param devinf  the device's
 * @param uri  the device's name of the datastore; NULL: not known
 * @param version  of SyncML, "1.1"; "" or NULL: not known
 */
void sml_form_choose(sml_form_t *form, item_kind_e kind,
                     const item_traits_t *traits, const char *said,
                     const char *sent, const char *devinf,
                     apr_size_t devinf_len, const char *uri,
                     const char *version, apr_pool_t *p);

/** Words for why. */
const char *sml_form_why(sml_form_why_e why);

/**
 * Turn what the device sent into a text for the store.
 * @param c  item.data and item.len in and out; item.type out: a type for
 *           item_keys().  raw and raw_type out, if it was converted
 * @param type  as the device said, or the datastore's
 * @return APR_SUCCESS, ITEM_E*
 */
apr_status_t sml_form_import(sml_session_t *s, const sml_sync_t *y,
                             sml_change_t *c, const char *type);

/**
 * The same once it is known which item it is: what the device's form cannot
 * say is written as that one has it.  Nothing is done for a text that was not
 * converted, or that cannot be converted this way.
 * @param like  the text that the device had, or else the present one
 */
void sml_form_import_like(sml_session_t *s, const sml_sync_t *y,
                          sml_change_t *c, const store_item_t *like);

/**
 * Take out of a contact that came names that were made up for the device: see
 * item_card_unmake().
 * @param had  what the device was sent once
 * @param like  as sml_form_import_like(), which was called before
 * @return as item_card_unmake()
 */
int sml_form_unmake(sml_session_t *s, const sml_sync_t *y, sml_change_t *c,
                    const store_item_t *had, const store_item_t *like);

/** Non-zero if a name that the device has sent was made up for a contact, and
 * would be another one for another text of it. */
int sml_form_renames(sml_session_t *s, const sml_sync_t *y,
                     const sml_change_t *c, const item_text_t *had,
                     const item_text_t *now);

/**
 * Turn a projection into what is sent.
 * @param item  type, data and len in and out; unchanged on failure
 * @return APR_SUCCESS, ITEM_E*; ITEM_ETYPE: the device's format has no such
 * items
 */
apr_status_t sml_form_export(sml_session_t *s, const sml_sync_t *y,
                             store_item_t *item);

/**
 * What a projection says to the device.
 * @param item  of which it is one: gives type, and what the form cannot say
 * @param data, len  in and out
 */
void sml_form_echo(sml_session_t *s, const sml_sync_t *y,
                   const store_item_t *item, const char **data,
                   apr_size_t *len);

/** Take out of a projection what the device has no room for: properties that
 * its model does not hold, images that are larger than its field. */
void sml_form_fit(sml_session_t *s, const sml_sync_t *y, const char *type,
                  const char **data, apr_size_t *len);

/**
 * Make a projection fit into so many octets as it is sent: see item_reduce().
 * @param octets  0: no limit
 * @param data, len  in and out; unchanged where that is not to be done, so that
 *                   it is passed over, and for what is no contact, event, task
 *                   or journal
 */
void sml_form_shrink(sml_session_t *s, const sml_sync_t *y, const char *type,
                     const char **data, apr_size_t *len, apr_size_t octets);

/** What the device sent, with the ends of NOTE and DESCRIPTION put back that
 * it was not sent.
 * @param full  the text of which it had a projection; @param had  that */
item_text_t sml_form_unshrink(sml_session_t *s, const char *type,
                              item_text_t full, item_text_t had,
                              item_text_t theirs);

/** What the device sent, with what it has cut put back: see item_uncut().
 * @param had  what it had */
item_text_t sml_form_uncut(sml_session_t *s, const sml_sync_t *y,
                           const char *type, item_text_t had,
                           item_text_t theirs);

/** Do two items say the same thing, or nearly, to people?  As
 * item_likeness(), with the second one as the device has it.
 * @param item  of ours; @param mine  the device's */
item_likeness_e sml_form_likeness(sml_session_t *s, const sml_sync_t *y,
                                  const store_item_t *item,
                                  const store_item_t *mine);

/** Non-zero if a line of the device's text, or an element of SIF, begins so;
 * in any case of letters, with a group before it or not. */
int sml_form_has_line(const item_text_t *text, const char *name);

/** Non-zero if items of that media type travel in base64 (Meta Format b64):
 * those of SIF. */
int sml_form_is_b64(const char *type);

#endif
