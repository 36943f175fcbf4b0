/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The calls of store.h for what a sync does: maps, changes, anchors,
 * sessions; and for what push owes.
 */
#include "store_calls.h"

/* ---- maps -------------------------------------------------------------- */

apr_status_t store_map_put(store_tx_t *tx, const store_map_t *map)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(map->device), BAD_DEVICE);
    NEED(good_id(map->datastore), BAD_DATASTORE);
    NEED(good_item(map->item), BAD_ITEM);
    NEED(map->version >= 0, "a version is not negative");
    NEED(!map->luid || (good_text(map->luid, STORE_MAX_LUID) && *map->luid),
         "a LUID has 1 to 255 octets");
    CALL(map_put, map);
}

apr_status_t store_map_by_luid(store_tx_t *tx, store_id_t device,
                               store_id_t datastore, const char *luid,
                               store_map_t **map)
{
    *map = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(good_text(luid, STORE_MAX_LUID) && *luid,
         "a LUID has 1 to 255 octets");
    CALL(map_by_luid, device, datastore, luid, map);
}

apr_status_t store_map_by_item(store_tx_t *tx, store_id_t device,
                               store_id_t item, store_id_t datastore,
                               store_map_t **map)
{
    *map = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(good_item(item), BAD_ITEM);
    CALL(map_by_item, device, item, datastore, map);
}

apr_status_t store_map_delete(store_tx_t *tx, store_id_t device,
                              store_id_t datastore, store_id_t item)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(good_item(item), BAD_ITEM);
    CALL(map_delete, device, datastore, item);
}

apr_status_t store_map_clear(store_tx_t *tx, store_id_t device,
                             store_id_t datastore)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    CALL(map_clear, device, datastore);
}

apr_status_t store_map_former(store_tx_t *tx, store_id_t device,
                              store_id_t datastore, const char *luid,
                              store_id_t *item, store_id_t *version)
{
    store_id_t ignored;

    if (!version)
        version = &ignored;
    *item = *version = 0;
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(good_text(luid, STORE_MAX_LUID) && *luid,
         "a LUID has 1 to 255 octets");
    CALL(map_former, device, datastore, luid, item, version);
}

apr_status_t store_map_forget_former(store_tx_t *tx, store_id_t device,
                                     store_id_t datastore)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    CALL(map_forget_former, device, datastore);
}

apr_status_t store_map_list(store_tx_t *tx, store_id_t device,
                            store_id_t datastore, store_map_fn *fn,
                            void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(fn, BAD_CALLBACK);
    CALL(map_list, device, datastore, fn, baton);
}

/* ---- changes ----------------------------------------------------------- */

apr_status_t store_changes(store_tx_t *tx, store_id_t account,
                           store_id_t device, store_id_t datastore,
                           store_id_t after, store_id_t upto,
                           store_change_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(fn, BAD_CALLBACK);
    CALL(changes, account, device, datastore, after, upto, fn, baton);
}

apr_status_t store_changes_retry(store_tx_t *tx, store_id_t account,
                                 store_id_t device, store_id_t datastore,
                                 store_id_t after, store_id_t upto,
                                 store_change_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(fn, BAD_CALLBACK);
    CALL(changes_retry, account, device, datastore, after, upto, fn, baton);
}

int store_in_window(const store_item_t *item, apr_int64_t from,
                    apr_int64_t to)
{
    if (from != STORE_WHEN_ALWAYS && to != STORE_WHEN_ALWAYS && from > to)
        return 0;
    return (item->ends == STORE_WHEN_ALWAYS || from == STORE_WHEN_ALWAYS
            || item->ends >= from)
           && (item->starts == STORE_WHEN_ALWAYS || to == STORE_WHEN_ALWAYS
               || item->starts <= to);
}

apr_status_t store_changes_moved(store_tx_t *tx, store_id_t account,
                                 store_id_t device, store_id_t datastore,
                                 const store_moved_t *moved,
                                 store_id_t after, store_id_t upto,
                                 store_change_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(moved, "no window was given");
    NEED(fn, BAD_CALLBACK);
    CALL(changes_moved, account, device, datastore, moved, after, upto, fn,
         baton);
}

apr_status_t store_changes_held(store_tx_t *tx, store_id_t account,
                                store_id_t device, store_id_t datastore,
                                store_id_t after, store_id_t upto,
                                store_change_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(fn, BAD_CALLBACK);
    CALL(changes_held, account, device, datastore, after, upto, fn, baton);
}

apr_status_t store_changes_count(store_tx_t *tx, store_id_t account,
                                 store_id_t device, store_id_t datastore,
                                 store_id_t after, store_id_t upto,
                                 apr_int64_t *count)
{
    *count = 0;
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    CALL(changes_count, account, device, datastore, after, upto, count);
}

apr_status_t store_changes_doubtful(store_tx_t *tx, store_id_t account,
                                    store_id_t device, store_id_t datastore,
                                    store_id_t after, store_id_t upto,
                                    apr_int64_t over, store_change_fn *fn,
                                    void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(fn, BAD_CALLBACK);
    CALL(changes_doubtful, account, device, datastore, after, upto, over, fn,
         baton);
}

apr_status_t store_changes_settled(store_tx_t *tx, store_id_t device,
                                   store_id_t datastore, store_id_t upto,
                                   store_id_t *settled)
{
    *settled = 0;
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    CALL(changes_settled, device, datastore, upto, settled);
}

/* ---- anchors ----------------------------------------------------------- */

apr_status_t store_anchor_get(store_tx_t *tx, store_id_t device,
                              store_id_t datastore, store_anchor_t **a)
{
    *a = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_id(datastore), BAD_DATASTORE);
    CALL(anchor_get, device, datastore, a);
}

apr_status_t store_anchor_put(store_tx_t *tx, const store_anchor_t *a)
{
    store_anchor_t copy = *a;

    BEGIN(STORE_WRITE);
    NEED(good_id(a->device), BAD_DEVICE);
    NEED(good_id(a->datastore), BAD_DATASTORE);
    copy.last.client = or_empty(a->last.client);
    copy.last.server = or_empty(a->last.server);
    copy.former.client = or_empty(a->former.client);
    copy.former.server = or_empty(a->former.server);
    copy.uri = or_empty(a->uri);
    copy.view = or_empty(a->view);
    NEED(good_text(copy.view, STORE_MAX_VALUE),
         "a view is longer than 64 Ki octets");
    NEED(good_text(copy.last.client, STORE_MAX_ANCHOR)
         && good_text(copy.last.server, STORE_MAX_ANCHOR)
         && good_text(copy.former.client, STORE_MAX_ANCHOR)
         && good_text(copy.former.server, STORE_MAX_ANCHOR),
         "an anchor is longer than 255 octets");
    NEED(good_text(copy.uri, STORE_MAX_URI),
         "a datastore's path is longer than 255 octets");
    NEED(a->last.seen >= 0 && a->former.seen >= 0 && a->synced >= 0,
         "a change counter or time of an anchor is negative");
    CALL(anchor_put, &copy);
}

apr_status_t store_anchor_list(store_tx_t *tx, store_id_t device,
                               store_anchor_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    NEED(fn, BAD_CALLBACK);
    CALL(anchor_list, device, fn, baton);
}

/* ---- sessions ---------------------------------------------------------- */

apr_status_t store_session_get(store_tx_t *tx, const char *id,
                               store_session_t **session)
{
    *session = NULL;
    BEGIN(STORE_READ);
    NEED(good_name(id), "a session's id has 1 to 255 octets");
    CALL(session_get, id, session);
}

apr_status_t store_session_by_request(store_tx_t *tx,
                                      const unsigned char hash[16],
                                      store_session_t **session)
{
    static const unsigned char none[16];

    *session = NULL;
    BEGIN(STORE_READ);
    if (memcmp(hash, none, sizeof(none)) == 0)
        return APR_NOTFOUND;
    CALL(session_by_request, hash, session);
}

apr_status_t store_session_put(store_tx_t *tx, const store_session_t *s)
{
    store_session_t copy = *s;

    BEGIN(STORE_WRITE);
    NEED(good_name(s->id), "a session's id has 1 to 255 octets");
    NEED(s->account >= 0, BAD_ACCOUNT);
    NEED(s->device >= 0 && (!s->device || s->account), BAD_DEVICE);
    NEED(good_data(s->state, s->state_len, STORE_MAX_STATE)
         && good_data(s->answer, s->answer_len, STORE_MAX_STATE),
         "a session's state or answer is absent or longer than 8 MiB");
    copy.answer_type = or_empty(s->answer_type);
    NEED(good_text(copy.answer_type, STORE_MAX_NAME),
         "the answer's content type is longer than 255 octets");
    CALL(session_put, &copy);
}

apr_status_t store_session_delete(store_tx_t *tx, const char *id)
{
    BEGIN(STORE_WRITE);
    NEED(good_name(id), "a session's id has 1 to 255 octets");
    CALL(session_delete, id);
}

apr_status_t store_session_of_device(store_tx_t *tx, store_id_t device,
                                     store_session_t **session)
{
    *session = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    CALL(session_of_device, device, session);
}

apr_status_t store_session_expire(store_tx_t *tx, int limit,
                                  apr_interval_time_t keep)
{
    BEGIN(STORE_WRITE);
    NEED(limit >= 0, "a limit is not negative");
    NEED(keep >= 0, "a time to keep is not negative");
    CALL(session_expire, limit, keep);
}

apr_status_t store_session_delete_others(store_tx_t *tx, store_id_t device,
                                         const char *keep)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(!keep || good_text(keep, STORE_MAX_NAME),
         "a session's id has 1 to 255 octets");
    CALL(session_delete_others, device, or_empty(keep));
}
