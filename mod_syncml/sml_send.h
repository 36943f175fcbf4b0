/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_send.h
 * @brief What the parts of sending share: sml_send.c (what is due, command by
 * command), sml_large.c (items in pieces) and sml_count.c (how many there
 * are).
 *
 * A sml_sender_t lives while one datastore's Sync is written into one answer,
 * in the pool of the request.
 */
#ifndef SYNCML_SML_SEND_H
#define SYNCML_SML_SEND_H

#include "mod_syncml/sml_form.h"

typedef struct sml_sender_t {
    sml_session_t *s;
    sml_sync_t *y;
    int index;                  /* of y in the session */
    int full;                   /* the message has no room for the next */
    int written;                /* commands in this Sync */
    apr_uint32_t sync_cmdid;    /* of this Sync */
    int none;                   /* counted: there are no changes */
    int over;                   /* the present item is larger than the path
                                   allows */
    sml_stage_e stage;
    apr_pool_t *scratch;        /* for one item's way out */
    apr_array_header_t *waiting;        /* of store_map_t: due, but the Map of
                                   their Add has not come */
} sml_sender_t;

/* ---- sml_send.c -------------------------------------------------------- */

/**
 * Write an Add, Replace or Delete.
 * @param type  NULL: without Meta
 * @param luid  NULL: it has none yet, its GUID is said
 * @param data  NULL: none, for a Delete
 * @param size  octets of the whole, with its first piece; else 0
 * @param at  octets before the piece, with the first one of a resumed session;
 *            else -1.  Synthesis' clients know no other way to be told
 * @param more  non-zero: with MoreData
 * @param cmdid  out
 */
void sml_send_item(sml_session_t *s, int tag, const char *type,
                   store_id_t item, const char *luid, const char *data,
                   apr_size_t len, apr_size_t size, long at, int more,
                   apr_uint32_t *cmdid);
/** A change has been written whole: its Status is waited for. */
void sml_send_remember(sml_sender_t *b, apr_uint32_t cmdid, int tag,
                       store_id_t item, store_id_t version,
                       const char *luid);
/** Log that an item is not sent, and why; it is counted among those, and what
 * sml_select() took for it of the maximum is given back.
 * @param tag  as which it would have been sent */
void sml_send_pass_over(sml_sender_t *b, store_id_t item, int tag,
                        const char *why);
/** Non-zero if the message is as empty as they get. */
int sml_send_is_empty(const sml_sender_t *b);
/** The device took it but has not said under which LUID: until its Map comes
 * nothing can be told of the item without doubling it. */
int sml_send_waits_for_map(const store_change_t *c);
/** Non-zero if an item in the device's form is above its MaxObjSize. */
int sml_send_is_too_large(const sml_session_t *s, const store_item_t *item);
/**
 * The item as it goes on its way.
 * @param item  in and out: data and type
 * @param over  out: it is larger than the path allows
 * @param scratch  cleared, then the item is in it: any number of items may be
 *                 looked at for one answer, only to be passed over
 * @return 0: the device's form has no such items
 */
int sml_send_form(sml_session_t *s, sml_sync_t *y, store_item_t *item,
                  int *over, apr_pool_t *scratch);
/** Non-zero if the first command of all is to be a Delete of what nobody
 * has. */
int sml_send_begins_with_nothing(const sml_session_t *s, const sml_sync_t *y);

/* ---- sml_large.c ------------------------------------------------------- */

/** The item is to go in pieces: it becomes s->state->outgoing.
 * @param c  in the device's form */
void sml_large_begin(sml_sender_t *b, const store_change_t *c, int tag);
/** Write the next piece of the object on its way, if there is room. */
void sml_large_send(sml_sender_t *b);

/* ---- sml_count.c ------------------------------------------------------- */

/** Write NumberOfChanges: of all members of a combination in the first's.
 * Sets b->none.  s->rv tells that the store failed. */
void sml_count_write(sml_sender_t *b);

#endif
