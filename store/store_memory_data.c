/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: settings, accounts, devices, datastores and anchors.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

/* ---- finding ----------------------------------------------------------- */

mem_account_t *mem_account(store_tx_t *tx, store_id_t id)
{
    mem_account_t key = { .v.id = id };

    return mem_find(tx, MEM_ACCOUNTS, &key);
}

mem_device_t *mem_device(store_tx_t *tx, store_id_t account, store_id_t id)
{
    mem_device_t key = { .v.id = id }, *d;

    d = mem_find(tx, MEM_DEVICES, &key);
    return d && (!account || d->v.account == account) ? d : NULL;
}

mem_datastore_t *mem_datastore(store_tx_t *tx, store_id_t account,
                               store_id_t id)
{
    mem_datastore_t key = { .v.id = id }, *ds;

    ds = mem_find(tx, MEM_DATASTORES, &key);
    return ds && (!account || ds->v.account == account) ? ds : NULL;
}

mem_datastore_t *mem_pair(store_tx_t *tx, store_id_t account,
                          store_id_t device, store_id_t datastore)
{
    mem_device_t *d = mem_device(tx, account, device);

    return d ? mem_datastore(tx, d->v.account, datastore) : NULL;
}

/* The rows of a table for which match() is true, in the order of compare();
 * each held by the table, which the caller releases. */
void **mem_pick(store_tx_t *tx, mem_table_t *t, mem_match_fn *match,
                const void *baton,
                int (*compare)(const void *a, const void *b), int *n)
{
    void **rows = apr_palloc(tx->p, (t->n + 1) * sizeof(void *));
    int i;

    *n = 0;
    for (i = 0; i < t->n; i++) {
        if (match(t->rows[i], baton))
            rows[(*n)++] = t->rows[i];
    }
    qsort(rows, *n, sizeof(void *), compare);
    return rows;
}

static apr_status_t ended(apr_status_t rv)
{
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

/* ---- settings ---------------------------------------------------------- */

apr_status_t mem_setting_get(store_tx_t *tx, const char *name,
                             const char **value)
{
    mem_setting_t key = { .name = name }, *s;

    s = mem_find(tx, MEM_SETTINGS, &key);
    if (!s)
        return APR_NOTFOUND;
    *value = apr_pstrdup(tx->p, s->value);
    return APR_SUCCESS;
}

apr_status_t mem_setting_set(store_tx_t *tx, const char *name,
                             const char *value)
{
    mem_setting_t row = { .name = name, .value = value };

    if (value)
        mem_put(tx, MEM_SETTINGS, &row);
    else
        mem_remove(tx, MEM_SETTINGS, &row);
    return APR_SUCCESS;
}

/* ---- accounts ---------------------------------------------------------- */

static mem_account_t *account_by_name(store_tx_t *tx, const char *name)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_ACCOUNTS];
    int i;

    for (i = 0; i < t->n; i++) {
        mem_account_t *a = t->rows[i];

        if (strcmp(a->v.name, name) == 0)
            return a;
    }
    return NULL;
}

apr_status_t mem_account_add(store_tx_t *tx, const char *name,
                             store_id_t *id)
{
    mem_account_t row = { .v.name = name, .v.created = tx->now };

    if (account_by_name(tx, name))
        return store_fail(tx, APR_EEXIST, "there is such an account already");
    *id = row.v.id = ++MEM_STATE(tx)->last_account;
    mem_put(tx, MEM_ACCOUNTS, &row);
    return APR_SUCCESS;
}

static apr_status_t give_account(store_tx_t *tx, const mem_account_t *a,
                                 store_account_t **account)
{
    mem_account_t *copy;

    if (!a)
        return APR_NOTFOUND;
    copy = mem_copy(MEM_ACCOUNTS, a, tx->p);
    *account = &copy->v;
    return APR_SUCCESS;
}

apr_status_t mem_account_find(store_tx_t *tx, const char *name,
                              store_account_t **account)
{
    return give_account(tx, account_by_name(tx, name), account);
}

apr_status_t mem_account_get(store_tx_t *tx, store_id_t id,
                             store_account_t **account)
{
    return give_account(tx, mem_account(tx, id), account);
}

apr_status_t mem_account_secret(store_tx_t *tx, store_id_t id,
                                const unsigned char **secret,
                                apr_size_t *len)
{
    mem_account_t *a = mem_account(tx, id);

    if (!a || !a->secret_len)
        return APR_NOTFOUND;
    *secret = apr_pmemdup(tx->p, a->secret, a->secret_len);
    *len = a->secret_len;
    return APR_SUCCESS;
}

apr_status_t mem_account_set_secret(store_tx_t *tx, store_id_t id,
                                    const unsigned char *secret,
                                    apr_size_t len)
{
    mem_account_t *a = mem_account(tx, id), row;

    if (!a)
        return APR_NOTFOUND;
    row = *a;
    row.secret = (const char *)secret;
    row.secret_len = len;
    row.v.has_password = len != 0;
    mem_put(tx, MEM_ACCOUNTS, &row);
    return APR_SUCCESS;
}

static int any(const void *row, const void *baton)
{
    return 1;
}

static int by_account_name(const void *va, const void *vb)
{
    const mem_account_t *a = *(void *const *)va, *b = *(void *const *)vb;

    return strcmp(a->v.name, b->v.name);
}

apr_status_t mem_account_list(store_tx_t *tx, store_account_fn *fn,
                              void *baton)
{
    mem_table_t *t = mem_hold(tx, MEM_ACCOUNTS);
    int i, n;
    void **rows = mem_pick(tx, t, any, NULL, by_account_name, &n);
    apr_status_t rv = APR_SUCCESS;

    for (i = 0; i < n && rv == APR_SUCCESS; i++)
        rv = fn(baton, &((mem_account_t *)rows[i])->v);
    mem_release(tx, t);
    return ended(rv);
}

static int session_of_account(const void *row, const void *id)
{
    return ((const mem_session_t *)row)->v.account
           == *(const store_id_t *)id;
}

static int log_of_account(const void *row, const void *id)
{
    return ((const mem_log_t *)row)->v.account == *(const store_id_t *)id;
}

apr_status_t mem_account_delete(store_tx_t *tx, store_id_t id)
{
    mem_account_t key = { .v.id = id };
    mem_table_t *t;
    int i;

    if (!mem_account(tx, id))
        return APR_NOTFOUND;
    t = mem_hold(tx, MEM_DEVICES);
    for (i = 0; i < t->n; i++) {
        mem_device_t *d = t->rows[i];

        if (d->v.account == id)
            mem_device_delete(tx, id, d->v.id);
    }
    mem_release(tx, t);
    t = mem_hold(tx, MEM_DATASTORES);
    for (i = 0; i < t->n; i++) {
        mem_datastore_t *ds = t->rows[i];

        if (ds->v.account == id)
            mem_datastore_delete(tx, id, ds->v.id);
    }
    mem_release(tx, t);
    mem_remove_if(tx, MEM_SESSIONS, session_of_account, &id);
    mem_remove_logs(tx, log_of_account, &id, 0);
    mem_push_delete(tx, id);
    mem_remove(tx, MEM_ACCOUNTS, &key);
    return APR_SUCCESS;
}

/* ---- devices ----------------------------------------------------------- */

static mem_device_t *device_by_devid(store_tx_t *tx, store_id_t account,
                                     const char *devid)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_DEVICES];
    int i;

    for (i = 0; i < t->n; i++) {
        mem_device_t *d = t->rows[i];

        if (d->v.account == account && strcmp(d->v.devid, devid) == 0)
            return d;
    }
    return NULL;
}

apr_status_t mem_device_add(store_tx_t *tx, store_device_t *d)
{
    mem_device_t row = { .v = *d };

    if (!mem_account(tx, d->account))
        return APR_NOTFOUND;
    if (device_by_devid(tx, d->account, d->devid))
        return store_fail(tx, APR_EEXIST, "the account has such a device");
    d->id = row.v.id = ++MEM_STATE(tx)->last_device;
    mem_put(tx, MEM_DEVICES, &row);
    return APR_SUCCESS;
}

apr_status_t mem_device_update(store_tx_t *tx, const store_device_t *d)
{
    mem_device_t *old = mem_device(tx, d->account, d->id), row;

    if (!old)
        return APR_NOTFOUND;
    row = *old;
    row.v = *d;
    row.v.devid = old->v.devid;
    mem_put(tx, MEM_DEVICES, &row);
    return APR_SUCCESS;
}

static apr_status_t give_device(store_tx_t *tx, const mem_device_t *d,
                                store_device_t **device)
{
    mem_device_t *copy;

    if (!d)
        return APR_NOTFOUND;
    copy = mem_copy(MEM_DEVICES, d, tx->p);
    *device = &copy->v;
    return APR_SUCCESS;
}

apr_status_t mem_device_find(store_tx_t *tx, store_id_t account,
                             const char *devid, store_device_t **d)
{
    return give_device(tx, device_by_devid(tx, account, devid), d);
}

apr_status_t mem_device_get(store_tx_t *tx, store_id_t account,
                            store_id_t id, store_device_t **d)
{
    return give_device(tx, mem_device(tx, account, id), d);
}

static int map_of(const void *row, const void *id)
{
    return ((const mem_map_t *)row)->v.device == *(const store_id_t *)id;
}

static int former_of(const void *row, const void *id)
{
    return ((const mem_former_t *)row)->v.device == *(const store_id_t *)id;
}

static int setting_of(const void *row, const void *id)
{
    return ((const mem_device_setting_t *)row)->device
           == *(const store_id_t *)id;
}

static int anchor_of(const void *row, const void *id)
{
    return ((const mem_anchor_t *)row)->v.device == *(const store_id_t *)id;
}

static int session_of(const void *row, const void *id)
{
    return ((const mem_session_t *)row)->v.device == *(const store_id_t *)id;
}

static void forget(store_tx_t *tx, store_id_t id)
{
    mem_remove_if(tx, MEM_MAPS, map_of, &id);
    mem_remove_if(tx, MEM_FORMER, former_of, &id);
    mem_remove_if(tx, MEM_ANCHORS, anchor_of, &id);
    mem_remove_if(tx, MEM_SESSIONS, session_of, &id);
    mem_push_forget(tx, id);
}

apr_status_t mem_device_delete(store_tx_t *tx, store_id_t account,
                               store_id_t id)
{
    mem_device_t key = { .v.id = id };

    if (!mem_device(tx, account, id))
        return APR_NOTFOUND;
    forget(tx, id);
    mem_remove_if(tx, MEM_DEVICE_SETTINGS, setting_of, &id);
    mem_remove(tx, MEM_DEVICES, &key);
    return APR_SUCCESS;
}

static int unseen(const void *row, const void *before)
{
    const mem_device_t *d = row;

    return d->v.last_seen > 0
           && d->v.last_seen < *(const apr_time_t *)before;
}

static int by_last_seen(const void *va, const void *vb)
{
    const mem_device_t *a = *(void *const *)va, *b = *(void *const *)vb;

    return a->v.last_seen < b->v.last_seen ? -1
           : a->v.last_seen > b->v.last_seen;
}

static int has_anchor(store_tx_t *tx, store_id_t device)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_ANCHORS];
    int i;

    for (i = 0; i < t->n; i++) {
        if (anchor_of(t->rows[i], &device))
            return 1;
    }
    return 0;
}

apr_status_t mem_device_forget(store_tx_t *tx, apr_time_t before, int limit,
                               store_device_fn *fn, void *baton)
{
    mem_table_t *t = mem_hold(tx, MEM_DEVICES);
    apr_status_t rv = APR_SUCCESS;
    int i, n, done = 0;
    void **rows = mem_pick(tx, t, unseen, &before, by_last_seen, &n);

    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        mem_device_t *d = rows[i];

        if (!has_anchor(tx, d->v.id))
            continue;
        if (limit && done++ == limit)
            break;
        forget(tx, d->v.id);
        if (fn)
            rv = fn(baton, &d->v);
    }
    mem_release(tx, t);
    return ended(rv);
}

static int device_of(const void *row, const void *id)
{
    store_id_t account = *(const store_id_t *)id;

    return !account || ((const mem_device_t *)row)->v.account == account;
}

static int by_devid(const void *va, const void *vb)
{
    const mem_device_t *a = *(void *const *)va, *b = *(void *const *)vb;

    if (a->v.account != b->v.account)
        return a->v.account < b->v.account ? -1 : 1;
    return strcmp(a->v.devid, b->v.devid);
}

apr_status_t mem_device_list(store_tx_t *tx, store_id_t account,
                             store_device_fn *fn, void *baton)
{
    mem_table_t *t = mem_hold(tx, MEM_DEVICES);
    int i, n;
    void **rows = mem_pick(tx, t, device_of, &account, by_devid, &n);
    apr_status_t rv = APR_SUCCESS;

    for (i = 0; i < n && rv == APR_SUCCESS; i++)
        rv = fn(baton, &((mem_device_t *)rows[i])->v);
    mem_release(tx, t);
    return ended(rv);
}

/* ---- settings of a device ---------------------------------------------- */

apr_status_t mem_device_setting_get(store_tx_t *tx, store_id_t device,
                                    const char *name, const char **value)
{
    mem_device_setting_t key = { .device = device, .name = name }, *s;

    s = mem_find(tx, MEM_DEVICE_SETTINGS, &key);
    if (!s)
        return APR_NOTFOUND;
    *value = apr_pstrdup(tx->p, s->value);
    return APR_SUCCESS;
}

apr_status_t mem_device_setting_set(store_tx_t *tx, store_id_t device,
                                    const char *name, const char *value)
{
    mem_device_setting_t row = { device, name, value };

    if (!mem_device(tx, 0, device))
        return APR_NOTFOUND;
    if (value)
        mem_put(tx, MEM_DEVICE_SETTINGS, &row);
    else
        mem_remove(tx, MEM_DEVICE_SETTINGS, &row);
    return APR_SUCCESS;
}

apr_status_t mem_device_setting_list(store_tx_t *tx, store_id_t device,
                                     store_setting_fn *fn, void *baton)
{
    mem_table_t *t = mem_hold(tx, MEM_DEVICE_SETTINGS);
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < t->n && rv == APR_SUCCESS; i++) {
        mem_device_setting_t *s = t->rows[i];

        if (s->device == device)
            rv = fn(baton, s->name, s->value);
    }
    mem_release(tx, t);
    return ended(rv);
}

/* ---- datastores -------------------------------------------------------- */

static int datastore_of(const void *row, const void *id)
{
    return ((const mem_datastore_t *)row)->v.account
           == *(const store_id_t *)id;
}

static int by_datastore_name(const void *va, const void *vb)
{
    const mem_datastore_t *a = *(void *const *)va, *b = *(void *const *)vb;

    return strcmp(a->v.name, b->v.name);
}

apr_status_t mem_datastore_open(store_tx_t *tx, store_id_t account,
                                const char *name, store_datastore_t **ds)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_DATASTORES];
    mem_datastore_t row = { .v.account = account, .v.name = name };
    mem_datastore_t *found = NULL;
    int i;

    for (i = 0; i < t->n && !found; i++) {
        mem_datastore_t *ds_at = t->rows[i];

        if (ds_at->v.account == account && strcmp(ds_at->v.name, name) == 0)
            found = ds_at;
    }
    if (!found) {
        if (tx->mode != STORE_WRITE || !mem_account(tx, account))
            return APR_NOTFOUND;
        row.v.id = ++MEM_STATE(tx)->last_datastore;
        mem_put(tx, MEM_DATASTORES, &row);
        found = &row;
    }
    found = mem_copy(MEM_DATASTORES, found, tx->p);
    *ds = &found->v;
    return APR_SUCCESS;
}

apr_status_t mem_datastore_list(store_tx_t *tx, store_id_t account,
                                store_datastore_fn *fn, void *baton)
{
    mem_table_t *t = mem_hold(tx, MEM_DATASTORES);
    int i, n;
    void **rows = mem_pick(tx, t, datastore_of, &account, by_datastore_name,
                           &n);
    apr_status_t rv = APR_SUCCESS;

    for (i = 0; i < n && rv == APR_SUCCESS; i++)
        rv = fn(baton, &((mem_datastore_t *)rows[i])->v);
    mem_release(tx, t);
    return ended(rv);
}

/* ---- anchors ----------------------------------------------------------- */

apr_status_t mem_anchor_get(store_tx_t *tx, store_id_t device,
                            store_id_t datastore, store_anchor_t **a)
{
    mem_anchor_t key = { .v.device = device, .v.datastore = datastore };
    mem_anchor_t *found = mem_find(tx, MEM_ANCHORS, &key);

    if (!found)
        return APR_NOTFOUND;
    found = mem_copy(MEM_ANCHORS, found, tx->p);
    *a = &found->v;
    return APR_SUCCESS;
}

apr_status_t mem_anchor_put(store_tx_t *tx, const store_anchor_t *a)
{
    mem_anchor_t row = { .v = *a };
    apr_array_header_t *synced = MEM_TX(tx)->synced;
    int i;

    if (!mem_pair(tx, 0, a->device, a->datastore))
        return APR_NOTFOUND;
    mem_put(tx, MEM_ANCHORS, &row);
    if (a->synced != tx->now)
        return APR_SUCCESS;
    for (i = 0; i < synced->nelts; i++) {
        if (APR_ARRAY_IDX(synced, i, store_id_t) == a->device)
            return APR_SUCCESS;
    }
    APR_ARRAY_PUSH(synced, store_id_t) = a->device;
    return APR_SUCCESS;
}

typedef struct named_anchor_t {
    mem_anchor_t *anchor;
    mem_datastore_t *ds;
} named_anchor_t;

static int by_anchor_name(const void *va, const void *vb)
{
    const named_anchor_t *a = va, *b = vb;

    return strcmp(a->ds->v.name, b->ds->v.name);
}

apr_status_t mem_anchor_list(store_tx_t *tx, store_id_t device,
                             store_anchor_fn *fn, void *baton)
{
    mem_table_t *anchors = mem_hold(tx, MEM_ANCHORS);
    mem_table_t *datastores = mem_hold(tx, MEM_DATASTORES);
    named_anchor_t *list = apr_palloc(tx->p,
                                      (anchors->n + 1) * sizeof(*list));
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    for (i = 0; i < anchors->n; i++) {
        mem_anchor_t *a = anchors->rows[i];

        if (a->v.device == device) {
            list[n].anchor = a;
            list[n++].ds = mem_datastore(tx, 0, a->v.datastore);
        }
    }
    qsort(list, n, sizeof(*list), by_anchor_name);
    for (i = 0; i < n && rv == APR_SUCCESS; i++)
        rv = fn(baton, &list[i].anchor->v, &list[i].ds->v);
    mem_release(tx, datastores);
    mem_release(tx, anchors);
    return ended(rv);
}
