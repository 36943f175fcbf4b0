/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_views.h
 * @brief What a device is to get or to lose although the item has not
 * changed: its date window has moved, or it sees the datastore in another
 * way.  Part of the contract of store.h, whose terms it uses.
 *
 * A device's anchor has its view in the last sync (opaque words, "" for all)
 * and the date window that this meant: UTC seconds, both ends inside;
 * STORE_WHEN_ALWAYS (0) for no limit; a window_from above window_to: nothing
 * goes to the device.  What is outside and not on the device makes no due.
 */
#ifndef SYNCML_STORE_VIEWS_H
#define SYNCML_STORE_VIEWS_H

#include "store/store.h"

#ifdef __cplusplus
extern "C" {
#endif

/** How a date window has moved: from its former ends to its present ones, UTC
 * seconds, both inside; STORE_WHEN_ALWAYS (0): no limit. */
typedef struct store_moved_t {
    apr_int64_t old_from, old_to;
    apr_int64_t from, to;
} store_moved_t;
/** Non-zero if an item takes place within a window. */
int store_in_window(const store_item_t *item, apr_int64_t from,
                    apr_int64_t to);
/**
 * The live items that a window has passed over as it moved, by index on
 * their ends: with item > @p after and change <= @p upto, by item.  Those of
 * which the device has a map row and that are outside now leave; those it
 * has none of and that are inside come.  Map rows marked retry are left to
 * store_changes_retry(), soft ones out.  Costs what has moved, not what is
 * stored.  The callback returns APR_EOF to stop with success.
 */
apr_status_t store_changes_moved(store_tx_t *tx, store_id_t account,
                                 store_id_t device, store_id_t datastore,
                                 const store_moved_t *moved,
                                 store_id_t after, store_id_t upto,
                                 store_change_fn *fn, void *baton);
/**
 * The live items that the device has in their present version, with item >
 * @p after and change <= @p upto, by item: what store_changes() leaves out.
 * Costs as much as the device has.  The callback returns APR_EOF to stop with
 * success.
 */
apr_status_t store_changes_held(store_tx_t *tx, store_id_t account,
                                store_id_t device, store_id_t datastore,
                                store_id_t after, store_id_t upto,
                                store_change_fn *fn, void *baton);

#ifdef __cplusplus
}
#endif
#endif
