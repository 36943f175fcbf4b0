/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_conflict.h
 * @brief What becomes of an item that the device has changed: the device's
 * text put together with the server's, by the datastore's policy.
 *
 * Looks and computes, writes nothing of the item; sml_apply.c writes.
 */
#ifndef SYNCML_SML_CONFLICT_H
#define SYNCML_SML_CONFLICT_H

#include "mod_syncml/sml_receive.h"

/** The policy in force for this sync: of the datastore, and of the first, a
 * slow or a normal sync.  A refresh from the client is the client's. */
sml_conflict_conf_t sml_policy(const sml_session_t *s, const sml_sync_t *y);

/** How the two texts came together. */
typedef struct sml_outcome_t {
    store_item_t item;          /* the text to be kept; type, keys, data */
    int unchanged;              /* the device told nothing new */
    int keep_ours;              /* item is what the server has already */
    int theirs_fine;            /* the device needs nothing of item */
    int conflict;               /* both sides had changed it */
    int both;                   /* keep the server's as an item of its own */
    sml_policy_e winner;        /* CLIENT, SERVER, MERGE: both have a part */
    const char *clashes;        /* names of properties, "" for none */
} sml_outcome_t;

/**
 * @param c  the device's modification
 * @param old  the server's item, with its last text if it is deleted
 * @param base  the text that the device had, or NULL; only its data and type
 *              are used
 * @param known  the version that the device had, 0: not known
 * @param out  filled in; item.id and item.datastore are old's
 */
apr_status_t sml_resolve(sml_session_t *s, const sml_sync_t *y,
                         const sml_change_t *c, const store_item_t *old,
                         const store_item_t *base, store_id_t known,
                         sml_outcome_t *out);

/** Does one text say all that another, newer than what the device is known to
 * have had, says otherwise than that?  Then the device had that one.
 * @param base  what it is known to have had
 * @param newer  what it was sent perhaps
 * @param theirs  what it says */
int sml_builds_on(const store_item_t *base, const store_item_t *newer,
                  const store_item_t *theirs, apr_pool_t *p);

/** Take out of such a newer text the properties of which neither the base nor
 * theirs has any: whether the device had those nobody knows, and what it never
 * had it has not deleted. */
void sml_leave_unheard(store_item_t *newer, const store_item_t *base,
                       const store_item_t *theirs, apr_pool_t *p);

/** Items are likened without the URL of an event or a task: have both one, and
 * another?  One that is cut short is a poorer copy, and so is none.
 * @return non-zero: somebody has edited it */
int sml_other_url(const store_item_t *a, const store_item_t *b, apr_pool_t *p);

/** One log line for a conflict, and count it.
 * @param done  what was done, in words */
void sml_conflict_log(sml_session_t *s, sml_sync_t *y, store_id_t item,
                      const char *clashes, const char *done);

#endif
