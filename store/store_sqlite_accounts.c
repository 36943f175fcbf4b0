/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: settings, accounts, datastores.
 */
#include <apr_strings.h>

#include "store_sqlite.h"

/* ---- settings ---------------------------------------------------------- */

apr_status_t sq_setting_get(store_tx_t *tx, const char *name,
                            const char **value)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_SETTING_GET, "t", name);

    if (rv == APR_SUCCESS) {
        *value = sq_text(st, 0, tx->p);
        sq_done(tx, st, SQ_SETTING_GET);
    }
    return rv;
}

apr_status_t sq_setting_set(store_tx_t *tx, const char *name,
                            const char *value)
{
    if (!value)
        return sq_do(tx, NULL, SQ_SETTING_DELETE, "t", name);
    return sq_do(tx, NULL, SQ_SETTING_SET, "tt", name, value);
}

/* ---- accounts ---------------------------------------------------------- */

apr_status_t sq_account_add(store_tx_t *tx, const char *name,
                            store_id_t *id)
{
    sqlite3_stmt *st;
    apr_status_t rv;

    rv = sq_first(tx, &st, SQ_ACCOUNT_FIND, "t", name);
    if (rv == APR_SUCCESS) {
        sq_done(tx, st, SQ_ACCOUNT_FIND);
        return store_fail(tx, APR_EEXIST, "there is such an account already");
    }
    if (rv == APR_NOTFOUND)
        rv = sq_first(tx, &st, SQ_ACCOUNT_ADD, "ti", name, tx->now);
    if (rv == APR_SUCCESS) {
        *id = sqlite3_column_int64(st, 0);
        sq_done(tx, st, SQ_ACCOUNT_ADD);
    }
    return rv;
}

static void read_account(sqlite3_stmt *st, store_account_t *a,
                         apr_pool_t *p)
{
    a->id = sqlite3_column_int64(st, 0);
    a->name = sq_text(st, 1, p);
    a->has_password = sqlite3_column_int(st, 2);
    a->created = sqlite3_column_int64(st, 3);
}

static apr_status_t one_account(store_tx_t *tx, sqlite3_stmt *st, int which,
                                store_account_t **account)
{
    *account = apr_palloc(tx->p, sizeof(**account));
    read_account(st, *account, tx->p);
    sq_done(tx, st, which);
    return APR_SUCCESS;
}

apr_status_t sq_account_find(store_tx_t *tx, const char *name,
                             store_account_t **account)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_ACCOUNT_FIND, "t", name);

    return rv == APR_SUCCESS ? one_account(tx, st, SQ_ACCOUNT_FIND, account)
                             : rv;
}

apr_status_t sq_account_get(store_tx_t *tx, store_id_t id,
                            store_account_t **account)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_ACCOUNT_GET, "i", id);

    return rv == APR_SUCCESS ? one_account(tx, st, SQ_ACCOUNT_GET, account)
                             : rv;
}

typedef struct accounts_t {
    store_account_fn *fn;
    void *baton;
} accounts_t;

static apr_status_t account_row(store_tx_t *tx, sqlite3_stmt *st,
                                void *baton)
{
    accounts_t *to = baton;
    store_account_t a;

    read_account(st, &a, NULL);
    return to->fn(to->baton, &a);
}

apr_status_t sq_account_list(store_tx_t *tx, store_account_fn *fn,
                             void *baton)
{
    accounts_t to = { fn, baton };
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_ACCOUNT_LIST, "");

    return sq_each(tx, rv, st, SQ_ACCOUNT_LIST, account_row, &to);
}

apr_status_t sq_account_secret(store_tx_t *tx, store_id_t id,
                               const unsigned char **secret,
                               apr_size_t *len)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_ACCOUNT_SECRET, "i", id);

    if (rv == APR_SUCCESS) {
        *secret = (const unsigned char *)sq_blob(st, 0, len, tx->p);
        sq_done(tx, st, SQ_ACCOUNT_SECRET);
    }
    return rv;
}

apr_status_t sq_account_set_secret(store_tx_t *tx, store_id_t id,
                                   const unsigned char *secret,
                                   apr_size_t len)
{
    int changed = 0;
    apr_status_t rv;

    if (len == 0)
        rv = sq_do(tx, &changed, SQ_ACCOUNT_NO_SECRET, "i", id);
    else
        rv = sq_do(tx, &changed, SQ_ACCOUNT_SET_SECRET, "ib", id,
                   (const char *)secret, len);
    return rv == APR_SUCCESS && !changed ? APR_NOTFOUND : rv;
}

static apr_status_t id_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    APR_ARRAY_PUSH((apr_array_header_t *)baton, store_id_t)
        = sqlite3_column_int64(st, 0);
    return APR_SUCCESS;
}

/* The ids that a statement lists for an account. */
static apr_status_t ids(store_tx_t *tx, store_id_t account, int which,
                        apr_array_header_t **out)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, which, "i", account);

    *out = apr_array_make(tx->p, 8, sizeof(store_id_t));
    return sq_each(tx, rv, st, which, id_row, *out);
}

static apr_status_t delete_datastore(store_tx_t *tx, store_id_t id)
{
    store_id_t from = SQ_ROWID(id, 0), to = SQ_ROWID(id + 1, 0);
    apr_status_t rv;

    rv = sq_do(tx, NULL, SQ_DATASTORE_ITEMS, "ii", from, to);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_DATASTORE_VERSIONS, "ii", from, to);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_DATASTORE_DELETE, "i", id);
    return rv;
}

/* What the devices of an account have of a datastore. */
static apr_status_t delete_maps(store_tx_t *tx, store_id_t account,
                                store_id_t datastore)
{
    apr_array_header_t *list;
    apr_status_t rv = ids(tx, account, SQ_ACCOUNT_DEVICES, &list);
    int i;

    for (i = 0; rv == APR_SUCCESS && i < list->nelts; i++) {
        store_id_t device = APR_ARRAY_IDX(list, i, store_id_t);

        rv = sq_do(tx, NULL, SQ_MAP_CLEAR, "ii", device, datastore);
        if (rv == APR_SUCCESS)
            rv = sq_do(tx, NULL, SQ_FORMER_CLEAR, "ii", device, datastore);
        if (rv == APR_SUCCESS)
            rv = sq_do(tx, NULL, SQ_ANCHOR_DELETE, "ii", device, datastore);
        if (rv == APR_SUCCESS)
            rv = sq_do(tx, NULL, SQ_DUE_CHANGES_OF, "ii", device, datastore);
    }
    return rv;
}

apr_status_t sq_datastore_delete(store_tx_t *tx, store_id_t account,
                                 store_id_t datastore)
{
    sq_datastore_t *ds;
    apr_status_t rv = sq_datastore(tx, account, datastore, &ds);

    if (rv == APR_SUCCESS)
        rv = sq_flush(tx);
    if (rv == APR_SUCCESS)
        rv = delete_maps(tx, account, datastore);
    if (rv == APR_SUCCESS)
        rv = delete_datastore(tx, datastore);
    sq_forget(tx, account);
    return rv;
}

apr_status_t sq_account_delete(store_tx_t *tx, store_id_t id)
{
    apr_array_header_t *list = NULL;
    sq_account_t *a;
    apr_status_t rv = sq_account(tx, id, &a);
    int i;

    if (rv == APR_SUCCESS)
        rv = sq_flush(tx);
    if (rv == APR_SUCCESS)
        rv = ids(tx, id, SQ_ACCOUNT_DEVICES, &list);
    for (i = 0; rv == APR_SUCCESS && i < list->nelts; i++)
        rv = sq_device_delete(tx, id, APR_ARRAY_IDX(list, i, store_id_t));
    if (rv == APR_SUCCESS)
        rv = ids(tx, id, SQ_ACCOUNT_DATASTORES, &list);
    for (i = 0; rv == APR_SUCCESS && i < list->nelts; i++)
        rv = delete_datastore(tx, APR_ARRAY_IDX(list, i, store_id_t));
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_ACCOUNT_SESSIONS, "i", id);
    if (rv == APR_SUCCESS)
        rv = sq_logs_delete(tx, id);
    if (rv == APR_SUCCESS)
        rv = sq_push_delete(tx, id);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_ACCOUNT_DELETE, "i", id);
    sq_forget(tx, id);
    return rv;
}

/* ---- datastores -------------------------------------------------------- */

static void read_datastore(sqlite3_stmt *st, store_datastore_t *ds,
                           apr_pool_t *p)
{
    ds->id = sqlite3_column_int64(st, 0);
    ds->account = sqlite3_column_int64(st, 1);
    ds->name = sq_text(st, 2, p);
    ds->change = sqlite3_column_int64(st, 3);
    ds->items = sqlite3_column_int64(st, 4);
}

static apr_status_t datastore_add(store_tx_t *tx, store_id_t account,
                                  const char *name, store_datastore_t **ds)
{
    sqlite3_stmt *st;
    sq_account_t *a;
    store_id_t id;
    apr_status_t rv;

    if (tx->mode != STORE_WRITE)
        return APR_NOTFOUND;
    rv = sq_account(tx, account, &a);
    if (rv != APR_SUCCESS)
        return rv;
    rv = sq_first(tx, &st, SQ_DATASTORE_ADD, "it", account, name);
    if (rv != APR_SUCCESS)
        return rv;
    id = sqlite3_column_int64(st, 0);
    sq_done(tx, st, SQ_DATASTORE_ADD);
    if (id >= SQ_DATASTORE_LIMIT)
        return store_fail(tx, STORE_EFULL, "no datastore ids are left");
    *ds = apr_pcalloc(tx->p, sizeof(**ds));
    (*ds)->id = id;
    (*ds)->account = account;
    (*ds)->name = apr_pstrdup(tx->p, name);
    return APR_SUCCESS;
}

apr_status_t sq_datastore_open(store_tx_t *tx, store_id_t account,
                               const char *name, store_datastore_t **ds)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_flush(tx);

    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_DATASTORE_FIND, "it", account, name);
    if (rv == APR_NOTFOUND)
        return datastore_add(tx, account, name, ds);
    if (rv == APR_SUCCESS) {
        *ds = apr_palloc(tx->p, sizeof(**ds));
        read_datastore(st, *ds, tx->p);
        sq_done(tx, st, SQ_DATASTORE_FIND);
    }
    return rv;
}

typedef struct datastores_t {
    store_datastore_fn *fn;
    void *baton;
} datastores_t;

static apr_status_t datastore_row(store_tx_t *tx, sqlite3_stmt *st,
                                  void *baton)
{
    datastores_t *to = baton;
    store_datastore_t ds;

    read_datastore(st, &ds, NULL);
    return to->fn(to->baton, &ds);
}

apr_status_t sq_datastore_list(store_tx_t *tx, store_id_t account,
                               store_datastore_fn *fn, void *baton)
{
    datastores_t to = { fn, baton };
    sqlite3_stmt *st = NULL;
    apr_status_t rv = sq_flush(tx);

    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_DATASTORE_LIST, "i", account);
    return sq_each(tx, rv, st, SQ_DATASTORE_LIST, datastore_row, &to);
}
