/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_receive.h
 * @brief What the parts that take the client's modifications share:
 * sml_receive (commands), sml_pieces (large objects), sml_apply (one Add or
 * Replace), sml_deletes (staged deletes), sml_copy (Copy and Move).
 *
 * All of it works inside the message's transaction; s->rv tells that the
 * store failed, and then nothing of the message is kept.
 */
#ifndef SYNCML_SML_RECEIVE_H
#define SYNCML_SML_RECEIVE_H

#include "item/item_merge.h"
#include "mod_syncml/sml_session.h"

/** One Add or Replace, ready to be applied. */
typedef struct sml_change_t {
    int tag;
    const char *luid;
    const char *guid;           /* Target, if the client gave one */
    store_item_t item;
    item_keys_t keys;
    const char *raw_type;       /* the device's own text was converted: what
                                   it said of it; NULL: item is that text */
    item_text_t raw;            /* see sml_form.h */
    int met;                    /* it was added on both sides: found by its UID
                                   in a sync of the changes */
} sml_change_t;

/* ---- sml_group.c ------------------------------------------------------- */

/** Take an item out of the other members of a combination, because its kind
 * has changed: it is now one of @p y. */
void sml_leave_other(sml_session_t *s, sml_sync_t *head, const sml_sync_t *y,
                     const sml_change_t *c);

/* ---- sml_select.c, sml_access.c ---------------------------------------- */

/** An item that the client has sent, but does not see: it goes from the
 * client with its next sync. */
void sml_select_mark(sml_session_t *s, sml_sync_t *y, const sml_change_t *c);
/** A read-only device changes an item, or deletes one: ours goes there again.
 * @return the item's status code */
int sml_undo_change(sml_session_t *s, sml_sync_t *y, sml_change_t *c);
int sml_undo_delete(sml_session_t *s, sml_sync_t *y, const sml_item_t *item);

/* ---- sml_apply.c ------------------------------------------------------- */

/**
 * The device's row for a LUID.  A client that uses our GUID as its own id
 * sends no Map for it; the row that waits for one is then meant, but not by
 * an Add: a new item's LUID may look like any GUID.
 * @param guid  the command's Target, may be NULL
 * @return APR_NOTFOUND: the device has no such item
 */
apr_status_t sml_find_map(sml_session_t *s, const sml_sync_t *y, int tag,
                          const char *luid, const char *guid,
                          store_map_t **map);
/** A text that is to live beside another gets a UID of its own, if it has
 * one, and its keys.
 * @param copy  data, len and keys in and out
 * @return APR_SUCCESS, ITEM_E* */
apr_status_t sml_own_uid(sml_session_t *s, store_item_t *copy);
/** What somebody else made of the item is sent to this device, even where it
 * was offered that before and refused it. */
void sml_come_back(sml_sync_t *y, const store_item_t *item);
/** Apply an Add or Replace. @return the item's status code */
int sml_apply(sml_session_t *s, sml_sync_t *y, sml_change_t *c);

/* ---- sml_match.c ------------------------------------------------------- */

/**
 * Slow sync: the item of ours that is the client's, of those that the device
 * has not been matched with yet.
 * @param found  out, NULL if there is none; it may be a deleted one, which
 *               the device had before
 * @param version  out: what the device had of it before this sync, 0: not
 *                 known
 */
apr_status_t sml_match(sml_session_t *s, const sml_sync_t *y,
                       const sml_change_t *mine, store_item_t **found,
                       store_id_t *version);
/** After sml_match() found nothing: an item of ours of the same name that
 * contradicts the client's; 0: there is none. */
store_id_t sml_match_related(const sml_session_t *s);
/** Do two items have the same name: each word of one is a word of the other's,
 * or one is the other's beginning and so long that a phone may have cut it?
 * ("Client10" is no poor copy of "Client100".) */
int sml_same_name(const store_item_t *a, const store_item_t *b,
                  apr_pool_t *p);
/** An equal one, in any sync, or else one of the same UID; NULL if there is
 * none. */
apr_status_t sml_match_equal(sml_session_t *s, const sml_sync_t *y,
                             const store_item_t *mine, int or_uid,
                             store_item_t **found);

/**
 * A new item turns out to be one that we had: its text is put together with
 * that one's, its LUID means that one, and it is deleted.
 * @param luid  of the new one
 */
void sml_apply_related(sml_session_t *s, sml_sync_t *y, const char *luid,
                       const store_item_t *fresh, store_item_t *old);

/* ---- sml_related.c ----------------------------------------------------- */

/** The item was just added, and sml_match_related() says so of it. */
void sml_related_note(sml_session_t *s, const sml_sync_t *y,
                      store_id_t item);
/** The client's package has ended: which of those noted are ours?  To be called
 * again if s->late: those left are still noted. */
void sml_related_settle(sml_session_t *s, sml_sync_t *y);

/* ---- sml_pieces.c ------------------------------------------------------ */

/** Take a piece that is not the last. @return its status code */
int sml_piece_take(sml_session_t *s, const sml_sync_t *y,
                   const sml_command_t *c, const sml_item_t *item);
/** The item that is coming in pieces gets that status, and so does each piece
 * of it still to come. @return the code */
int sml_piece_refuse(sml_session_t *s, int code);
/** An item while no object is coming: does it belong to the latest one?
 * @return a status code for it, 0: no */
int sml_piece_alone(sml_session_t *s, const sml_sync_t *y,
                    const sml_command_t *c, const sml_item_t *item);
/** Put the last piece to those before.
 * @param change  out: data and length of the whole
 * @param type, format  in: of the last piece; out: of the whole
 * @return a status code, or 0: sml_piece_done() is due then */
int sml_piece_join(sml_session_t *s, sml_change_t *change,
                   const sml_command_t *c, const sml_item_t *last,
                   const char **type, const char **format);
/** The Status of an object that was whole, in case it has to be said again. */
void sml_piece_done(sml_session_t *s, int code);
/** The objects of a session before an Atomic. */
typedef struct sml_pieces_t {
    sml_object_t *incoming;     /* now changed perhaps; or NULL */
    sml_object_t before;        /* what it was */
    sml_object_t *finished;
    const char *no_end;
} sml_pieces_t;
/** Note them. */
void sml_pieces_keep(sml_session_t *s, sml_pieces_t *old);
/** Since then: the object of which a piece has come that was not its last.
 * @return NULL: there is none */
sml_object_t *sml_pieces_left(const sml_session_t *s,
                              const sml_pieces_t *old);
/** The Atomic has failed.  Pieces that were here before it are here still; the
 * client may go on from there, or begin anew.
 * @param left  the object that it left unfinished: what follows of it gets
 *              412.  NULL: none */
void sml_pieces_restore(sml_session_t *s, const sml_pieces_t *old,
                        sml_object_t *left);
/** Non-zero if the item is the one that is coming in pieces. */
int sml_piece_of_same(const sml_session_t *s, const sml_sync_t *y,
                      const sml_command_t *c, const sml_item_t *item);

/* ---- sml_deletes.c ----------------------------------------------------- */

/** The client deletes an item, perhaps to be archived here (Archive) or only
 * to make room on its side (SftDel).  @return the item's status code */
int sml_erase(sml_session_t *s, sml_sync_t *y, const sml_command_t *c,
              const sml_item_t *item);
/** Have the item deleted at the package's end.
 * @param version  that the device has of it
 * @param archive  non-zero: it is then kept for good
 * @return 0: there are too many of them */
int sml_stage(sml_session_t *s, const sml_sync_t *y, store_id_t item,
              store_id_t version, int archive);
/** The item comes back although its delete is staged: no delete then. */
void sml_unstage(sml_session_t *s, store_id_t item);
/** A staged delete that was changed inside an Atomic, as it was before. */
typedef struct sml_restage_t {
    int index;
    sml_staged_t before;
} sml_restage_t;
/** The Atomic has failed: the list is again what it was.
 * @param nelts  its length then */
void sml_staged_restore(sml_session_t *s, int nelts);
/** The client has told the item as new, whatever it knew of it: a Delete of it
 * in the same sync is a mistake. */
void sml_vouch(sml_session_t *s, const sml_sync_t *y, store_id_t item);
/** Non-zero if the item's delete is staged. */
int sml_is_staged(sml_session_t *s, store_id_t item);

/* ---- sml_copy.c -------------------------------------------------------- */

/** The client has copied one of its items: Source names the original, Target
 * the copy, both by LUID.  @return the item's status code: 200; 404 without
 * such an original, 418 if there is something under the copy's LUID */
int sml_copy(sml_session_t *s, sml_sync_t *y, const sml_item_t *item);
/** The client has moved an item to another folder (SyncML 1.2).  Datastores
 * have no folders here: only to their root can an item be moved, which
 * changes nothing.  @return 200; 404 for another place or without such an
 * item, 501 before SyncML 1.2, which has no Move */
int sml_move(sml_session_t *s, sml_sync_t *y, const sml_item_t *item);

#endif
