/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The calls of store.h for the session log.  Taking a session back is in
 * store_undo.c, the same for every driver.
 */
#include "store_calls.h"

#define BAD_LOG  "no log was given"

apr_status_t store_log_begin(store_tx_t *tx, store_log_t *log)
{
    log->id = 0;
    BEGIN(STORE_WRITE);
    NEED(good_id(log->account), BAD_ACCOUNT);
    NEED(log->device >= 0, BAD_DEVICE);
    NEED(log->undoes >= 0, BAD_LOG);
    log->session = or_empty(log->session);
    NEED(good_text(log->session, STORE_MAX_NAME),
         "a SessionID is longer than 255 octets");
    CALL(log_begin, log);
}

apr_status_t store_log_range(store_tx_t *tx, store_id_t log,
                             store_id_t datastore, store_id_t after,
                             store_id_t upto)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(log), BAD_LOG);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(after >= 0 && upto >= after, "a range of changes does not end "
         "before it begins");
    if (after == upto)
        return APR_SUCCESS;
    CALL(log_range, log, datastore, after, upto);
}

apr_status_t store_log_datastore(store_tx_t *tx, store_id_t log,
                                 const store_log_datastore_t *d)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(log), BAD_LOG);
    NEED(good_id(d->datastore), BAD_DATASTORE);
    CALL(log_datastore, log, d);
}

apr_status_t store_log_end(store_tx_t *tx, store_id_t log, int state)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(log), BAD_LOG);
    NEED(state >= STORE_LOG_OPEN && state <= STORE_LOG_BROKEN,
         "a log is open, ended or broken off");
    CALL(log_end, log, state);
}

apr_status_t store_log_get(store_tx_t *tx, store_id_t account, store_id_t id,
                           store_log_t **log)
{
    *log = NULL;
    BEGIN(STORE_READ);
    NEED(account >= 0, BAD_ACCOUNT);
    NEED(good_id(id), BAD_LOG);
    CALL(log_get, account, id, log);
}

apr_status_t store_log_list(store_tx_t *tx, store_id_t account,
                            store_id_t device, store_id_t before, int limit,
                            store_log_row_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(account >= 0, BAD_ACCOUNT);
    NEED(device >= 0, BAD_DEVICE);
    NEED(before >= 0, BAD_LOG);
    NEED(limit >= 0, "a limit is not negative");
    NEED(fn, BAD_CALLBACK);
    CALL(log_list, account, device, before ? before : APR_INT64_MAX, limit,
         fn, baton);
}
