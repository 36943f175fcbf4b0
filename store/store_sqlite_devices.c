/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: devices and their anchors.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/* ---- devices ----------------------------------------------------------- */

static void read_device(sqlite3_stmt *st, store_device_t *d, apr_pool_t *p)
{
    d->id = sqlite3_column_int64(st, 0);
    d->account = sqlite3_column_int64(st, 1);
    d->devid = sq_text(st, 2, p);
    d->manufacturer = sq_text(st, 3, p);
    d->model = sq_text(st, 4, p);
    d->firmware = sq_text(st, 5, p);
    d->software = sq_text(st, 6, p);
    d->hardware = sq_text(st, 7, p);
    d->syncml_version = sq_text(st, 8, p);
    d->sync_url = sq_text(st, 9, p);
    d->devinf = sq_blob(st, 10, &d->devinf_len, p);
    d->nonce = sq_text(st, 11, p);
    d->nonce_prev = sq_text(st, 12, p);
    d->number = sq_text(st, 13, p);
    d->push = sqlite3_column_int(st, 14);
    d->first_seen = sqlite3_column_int64(st, 15);
    d->last_seen = sqlite3_column_int64(st, 16);
}

static apr_status_t set_devinf(store_tx_t *tx, const store_device_t *d)
{
    if (d->devinf_len == 0)
        return sq_do(tx, NULL, SQ_DEVINF_DELETE, "i", d->id);
    return sq_do(tx, NULL, SQ_DEVINF_SET, "ib", d->id, d->devinf,
                 d->devinf_len);
}

apr_status_t sq_device_add(store_tx_t *tx, store_device_t *d)
{
    sqlite3_stmt *st;
    sq_account_t *a;
    apr_status_t rv = sq_account(tx, d->account, &a);

    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, SQ_DEVICE_EXISTS, "it", d->account, d->devid);
    if (rv == APR_SUCCESS) {
        sq_done(tx, st, SQ_DEVICE_EXISTS);
        return store_fail(tx, APR_EEXIST, "the account has such a device");
    }
    if (rv == APR_NOTFOUND)
        rv = sq_first(tx, &st, SQ_DEVICE_ADD, "i" "ttttttttttt" "dii",
                      d->account, d->devid, d->manufacturer, d->model,
                      d->firmware, d->software, d->hardware,
                      d->syncml_version, d->sync_url, d->nonce,
                      d->nonce_prev, d->number, d->push, d->first_seen,
                      d->last_seen);
    if (rv != APR_SUCCESS)
        return rv;
    d->id = sqlite3_column_int64(st, 0);
    sq_done(tx, st, SQ_DEVICE_ADD);
    return d->devinf_len ? set_devinf(tx, d) : APR_SUCCESS;
}

apr_status_t sq_device_update(store_tx_t *tx, const store_device_t *d)
{
    int changed;
    apr_status_t rv;

    rv = sq_do(tx, &changed, SQ_DEVICE_UPDATE, "ii" "tttttttttt" "dii",
               d->id, d->account, d->manufacturer, d->model, d->firmware,
               d->software, d->hardware, d->syncml_version, d->sync_url,
               d->nonce, d->nonce_prev, d->number, d->push, d->first_seen,
               d->last_seen);
    if (rv != APR_SUCCESS)
        return rv;
    return changed ? set_devinf(tx, d) : APR_NOTFOUND;
}

static apr_status_t one_device(store_tx_t *tx, sqlite3_stmt *st, int which,
                               store_device_t **d)
{
    *d = apr_palloc(tx->p, sizeof(**d));
    read_device(st, *d, tx->p);
    sq_done(tx, st, which);
    return APR_SUCCESS;
}

apr_status_t sq_device_find(store_tx_t *tx, store_id_t account,
                            const char *devid, store_device_t **d)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DEVICE_FIND, "it", account,
                               devid);

    return rv == APR_SUCCESS ? one_device(tx, st, SQ_DEVICE_FIND, d) : rv;
}

apr_status_t sq_device_get(store_tx_t *tx, store_id_t account, store_id_t id,
                           store_device_t **d)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DEVICE_GET, "ii", id, account);

    return rv == APR_SUCCESS ? one_device(tx, st, SQ_DEVICE_GET, d) : rv;
}

/* What is kept for a device that will not come again, or start anew. */
static apr_status_t forget(store_tx_t *tx, store_id_t id)
{
    static const int deletes[] = {
        SQ_DEVICE_MAPS, SQ_DEVICE_FORMER_MAPS, SQ_DEVICE_ANCHORS,
        SQ_DEVICE_SESSIONS, SQ_DUE_DELETE, SQ_DUE_CHANGES_DELETE,
        SQ_PUSH_STATE_DELETE
    };
    apr_status_t rv = APR_SUCCESS;
    size_t i;

    for (i = 0; i < sizeof(deletes) / sizeof(deletes[0]); i++) {
        if (rv == APR_SUCCESS)
            rv = sq_do(tx, NULL, deletes[i], "i", id);
    }
    return rv;
}

apr_status_t sq_device_delete(store_tx_t *tx, store_id_t account,
                              store_id_t id)
{
    static const int deletes[] = {
        SQ_DEVICE_SETTINGS, SQ_DEVINF_DELETE, SQ_DEVICE_DELETE
    };
    apr_status_t rv = sq_device(tx, account, id, NULL);
    size_t i;

    if (rv == APR_SUCCESS)
        rv = forget(tx, id);
    for (i = 0; i < sizeof(deletes) / sizeof(deletes[0]); i++) {
        if (rv == APR_SUCCESS)
            rv = sq_do(tx, NULL, deletes[i], "i", id);
    }
    if (rv == APR_SUCCESS)
        sq_forget_device(tx, id);
    return rv;
}

static apr_status_t unseen_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    store_device_t *d = apr_array_push(baton);

    read_device(st, d, tx->p);
    return APR_SUCCESS;
}

apr_status_t sq_device_forget(store_tx_t *tx, apr_time_t before, int limit,
                              store_device_fn *fn, void *baton)
{
    apr_array_header_t *list = apr_array_make(tx->p, 4,
                                              sizeof(store_device_t));
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DEVICE_UNSEEN, "id", before,
                               limit ? limit : -1);
    int i;

    rv = sq_each(tx, rv, st, SQ_DEVICE_UNSEEN, unseen_row, list);
    for (i = 0; i < list->nelts && rv == APR_SUCCESS; i++) {
        const store_device_t *d = &APR_ARRAY_IDX(list, i, store_device_t);

        rv = forget(tx, d->id);
        if (rv == APR_SUCCESS && fn)
            rv = fn(baton, d);
    }
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

typedef struct devices_t {
    store_device_fn *fn;
    void *baton;
} devices_t;

static apr_status_t device_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    devices_t *to = baton;
    store_device_t d;

    read_device(st, &d, NULL);
    return to->fn(to->baton, &d);
}

apr_status_t sq_device_list(store_tx_t *tx, store_id_t account,
                            store_device_fn *fn, void *baton)
{
    devices_t to = { fn, baton };
    int which = account ? SQ_DEVICE_LIST : SQ_DEVICE_LIST_ALL;
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, which, account ? "i" : "", account);

    return sq_each(tx, rv, st, which, device_row, &to);
}

/* ---- settings of a device ---------------------------------------------- */

apr_status_t sq_device_setting_get(store_tx_t *tx, store_id_t device,
                                   const char *name, const char **value)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DEVICE_SETTING_GET, "it", device,
                               name);

    if (rv == APR_SUCCESS) {
        *value = sq_text(st, 0, tx->p);
        sq_done(tx, st, SQ_DEVICE_SETTING_GET);
    }
    return rv;
}

apr_status_t sq_device_setting_set(store_tx_t *tx, store_id_t device,
                                   const char *name, const char *value)
{
    apr_status_t rv = sq_device(tx, 0, device, NULL);

    if (rv != APR_SUCCESS)
        return rv;
    return value ? sq_do(tx, NULL, SQ_DEVICE_SETTING_SET, "itt", device,
                         name, value)
                 : sq_do(tx, NULL, SQ_DEVICE_SETTING_DELETE, "it", device,
                         name);
}

typedef struct settings_t {
    store_setting_fn *fn;
    void *baton;
} settings_t;

static apr_status_t setting_row(store_tx_t *tx, sqlite3_stmt *st,
                                void *baton)
{
    settings_t *to = baton;

    return to->fn(to->baton, sq_text(st, 0, NULL), sq_text(st, 1, NULL));
}

apr_status_t sq_device_setting_list(store_tx_t *tx, store_id_t device,
                                    store_setting_fn *fn, void *baton)
{
    settings_t to = { fn, baton };
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DEVICE_SETTING_LIST, "i", device);

    return sq_each(tx, rv, st, SQ_DEVICE_SETTING_LIST, setting_row, &to);
}

/* ---- anchors ----------------------------------------------------------- */

static void read_anchor(sqlite3_stmt *st, store_anchor_t *a, apr_pool_t *p)
{
    a->device = sqlite3_column_int64(st, 0);
    a->datastore = sqlite3_column_int64(st, 1);
    a->last.client = sq_text(st, 2, p);
    a->last.server = sq_text(st, 3, p);
    a->last.seen = sqlite3_column_int64(st, 4);
    a->former.client = sq_text(st, 5, p);
    a->former.server = sq_text(st, 6, p);
    a->former.seen = sqlite3_column_int64(st, 7);
    a->uri = sq_text(st, 8, p);
    a->content_code = (apr_uint32_t)sqlite3_column_int64(st, 9);
    a->synced = sqlite3_column_int64(st, 10);
    a->view = sq_text(st, 11, p);
    a->window_from = sqlite3_column_int64(st, 12);
    a->window_to = sqlite3_column_int64(st, 13);
}

apr_status_t sq_anchor_get(store_tx_t *tx, store_id_t device,
                           store_id_t datastore, store_anchor_t **a)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_ANCHOR_GET, "ii", device,
                               datastore);

    if (rv == APR_SUCCESS) {
        *a = apr_palloc(tx->p, sizeof(**a));
        read_anchor(st, *a, tx->p);
        sq_done(tx, st, SQ_ANCHOR_GET);
    }
    return rv;
}

apr_status_t sq_anchor_put(store_tx_t *tx, const store_anchor_t *a)
{
    apr_array_header_t *synced = SQ_TX(tx)->synced;
    sq_datastore_t *ds;
    apr_status_t rv;
    int i;

    rv = sq_pair(tx, 0, a->device, a->datastore, &ds);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_ANCHOR_PUT, "iittittitiitii", a->device,
                   a->datastore, a->last.client, a->last.server,
                   a->last.seen, a->former.client, a->former.server,
                   a->former.seen, a->uri, (apr_int64_t)a->content_code,
                   a->synced, a->view, a->window_from, a->window_to);
    if (rv != APR_SUCCESS || a->synced != tx->now)
        return rv;
    for (i = 0; i < synced->nelts; i++) {
        if (APR_ARRAY_IDX(synced, i, store_id_t) == a->device)
            return APR_SUCCESS;
    }
    APR_ARRAY_PUSH(synced, store_id_t) = a->device;
    return APR_SUCCESS;
}

typedef struct anchors_t {
    store_anchor_fn *fn;
    void *baton;
} anchors_t;

static apr_status_t anchor_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    anchors_t *to = baton;
    store_anchor_t a;
    store_datastore_t ds;

    read_anchor(st, &a, NULL);
    ds.id = a.datastore;
    ds.account = sqlite3_column_int64(st, 14);
    ds.name = sq_text(st, 15, NULL);
    ds.change = sqlite3_column_int64(st, 16);
    ds.items = sqlite3_column_int64(st, 17);
    return to->fn(to->baton, &a, &ds);
}

apr_status_t sq_anchor_list(store_tx_t *tx, store_id_t device,
                            store_anchor_fn *fn, void *baton)
{
    anchors_t to = { fn, baton };
    sqlite3_stmt *st = NULL;
    apr_status_t rv = sq_flush(tx);

    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_ANCHOR_LIST, "i", device);
    return sq_each(tx, rv, st, SQ_ANCHOR_LIST, anchor_row, &to);
}
