/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/sml_guard.h
 * @brief Sessions that would delete or double more than a share of a
 * datastore are stopped before they do harm (sml_guard_conf_t).
 *
 * What a guard did is kept with the device as its setting "guard.contacts",
 * until the administrator has decided or the device has synced well again;
 * the permission to let the next session through as "guard-pass.contacts".
 */
#ifndef SYNCML_SML_GUARD_H
#define SYNCML_SML_GUARD_H

#include "mod_syncml/sml_receive.h"

/**
 * A new item comes from the device.  Looks whether the device has it already
 * under another LUID, and counts that.
 * @return 0: go on; a status: the datastore's sync is stopped (y->failed),
 * and what was doubled in it is taken back
 */
int sml_guard_add(sml_session_t *s, sml_sync_t *y, const sml_change_t *c);
/** That stop (y->failed, y->doubles) was undone in the store, with the Atomic
 * that it came in: once more. */
void sml_guard_again(sml_session_t *s, sml_sync_t *y);
/** The item that was just looked at has been added. */
void sml_guard_added(sml_session_t *s, sml_sync_t *y, store_id_t item);

/** The device's package has ended: may its staged deletes be carried out?  If
 * not, they are gone afterwards: held, or with y->failed set forgotten. */
void sml_guard_deletes(sml_session_t *s, sml_sync_t *y);

/** The same for what a refresh from the client has not mentioned.
 * @return 0: nothing may be deleted */
int sml_guard_refresh(sml_session_t *s, sml_sync_t *y);

/** A slow sync begins: deletes that were held are void, since the device now
 * says all that it has. */
void sml_guard_void(sml_session_t *s, const sml_sync_t *y);

/* ---- for the administrator ----------------------------------------------- */

#define SML_GUARD_DOUBLED  "doubled"
#define SML_GUARD_STOPPED  "stopped"
#define SML_GUARD_HELD     "held"

typedef struct sml_guard_note_t {
    const char *what;           /* SML_GUARD_*: Adds or deletes were stopped,
                                   deletes are held */
    const char *datastore;
    apr_time_t when;
    apr_int64_t count, of;      /* changes in question, items there were */
    const char *ids;            /* of held items: "3-17,20"; else "" */
} sml_guard_note_t;

typedef apr_status_t sml_guard_fn(void *baton, const sml_guard_note_t *note);
/** What waits for a decision about a device, by datastore. */
apr_status_t sml_guard_list(store_tx_t *tx, store_id_t device,
                            sml_guard_fn *fn, void *baton, apr_pool_t *p);

/**
 * It was meant: carry out the held deletes, or where the session was stopped
 * let the next one through, once.  Held items that have changed meanwhile are
 * not deleted but go back to the device.
 * @param name  of the datastore
 * @param count  out: items deleted
 * @return APR_NOTFOUND: nothing waits there
 */
apr_status_t sml_guard_release(store_tx_t *tx, store_id_t account,
                               store_id_t device, const char *name,
                               apr_int64_t *count, apr_pool_t *p);

/** It was not: the device gets held items back with its next sync.
 * @param count  out: items that go back
 * @return APR_NOTFOUND: nothing waits there */
apr_status_t sml_guard_drop(store_tx_t *tx, store_id_t account,
                            store_id_t device, const char *name,
                            apr_int64_t *count, apr_pool_t *p);

#endif
