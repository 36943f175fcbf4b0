/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_held.h
 * @brief Which properties a device can hold, so that what is missing in its
 * text is not taken for what its user has deleted.
 *
 * Phones send an item back without the properties that they do not know.  A
 * property that is missing was deleted if the device can hold it, and is to
 * be kept if it cannot.  The voices, strongest first:
 * - it has sent such a property before, in any item: it can;
 * - its CTCap (sml_ctcap.h) leaves the property out: it cannot;
 * - else nobody knows, whatever its CTCap lists, since that may be wrong: the
 *   property is kept, and sent to the device again.
 *   Once it comes back without it a second time, the device cannot hold it.
 *
 * Long texts (NOTE, DESCRIPTION) are cut by phones, too.  One that comes back
 * as the beginning of what the device had, and is as long as any that it ever
 * sent, is taken for cut: the long one is kept, and sent to the device again,
 * but not any more when another one ends at just that length.
 *
 * What there is too much of for the device (the third address, the end of a
 * name) is completed first: see item_room.h.
 *
 * What was learned is kept with the device, in one setting for each
 * datastore ("held.contacts"): names, "?" before one that was missing once,
 * "-" before one that it cannot hold, "=260/256/258" behind one: octets,
 * characters, and characters with two for the end of a line, of the longest
 * that came; and what item_room.h knows in "room.contacts".
 */
#ifndef SYNCML_SML_HELD_H
#define SYNCML_SML_HELD_H

#include "mod_syncml/sml_receive.h"
#include "mod_syncml/sml_session.h"

/** Remember what the device sent, and so can hold. */
void sml_held_note(sml_session_t *s, const sml_sync_t *y, item_kind_e kind,
                   const char *data, apr_size_t len);

/** Tell of the device's form what it was seen to keep. */
void sml_held_tell(sml_session_t *s, const sml_sync_t *y, item_kind_e kind,
                   item_form_t *form);

/**
 * Complete a device's text by what it had and has no place for.
 * @param base  the text that the device had
 * @param theirs  in and out
 * @return non-zero if that is certain: the device need not be sent it again
 */
int sml_held_complete(sml_session_t *s, const sml_sync_t *y,
                      item_kind_e kind, const store_item_t *base,
                      store_item_t *theirs);

/** Of which names it keeps which one is preferred: item_room_prefers(). */
int sml_held_prefers(sml_session_t *s, const sml_sync_t *y, item_kind_e kind);

/** What a device's text and the one that it had are to each other, but for
 * what the device cannot hold: as item_likeness(). */
item_likeness_e sml_held_likeness(sml_session_t *s, const sml_sync_t *y,
                                  const store_item_t *had,
                                  const sml_change_t *mine);

/**
 * What a device's SIF lacks because the device has no such fields: see
 * item_sif_fill().  Which it has is learned on the way.
 * @param had  the document that it had
 * @param raw  in and out: what it sent
 */
void sml_held_fill(sml_session_t *s, const sml_sync_t *y, item_kind_e kind,
                   const item_text_t *had, item_text_t *raw);

typedef struct sml_missing_t {
    apr_hash_t *keep;           /* names that are no deletes of the user's */
    apr_hash_t *silent;         /* of them or of ours, what need not be sent
                                   to the device again */
    apr_hash_t *cut;            /* names whose value is but the beginning of
                                   what the device had */
} sml_missing_t;

/**
 * What the device's text lacks without its user having deleted it.
 * @param base  the text that the device had, NULL if that is not known: then
 *              nothing is learned, and keep is empty (but see met)
 * @param ours  the server's present text
 * @param slow  all items come: absence is no sign of an edit
 * @param met  it was added on both sides: what the device never sent of any
 *             item is no sign of one either
 */
void sml_held_missing(sml_session_t *s, const sml_sync_t *y,
                      item_kind_e kind, const store_item_t *base,
                      const store_item_t *ours, const store_item_t *theirs,
                      int slow, int met, sml_missing_t *missing);

#endif
