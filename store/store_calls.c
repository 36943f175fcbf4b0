/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The calls of store.h for settings, accounts, devices, datastores and
 * items: arguments and limits are checked here, once for every driver, then
 * the driver does the work.  The calls of a sync are in store_calls_sync.c.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_calls.h"
#include "store_secret.h"

/* ---- checks ------------------------------------------------------------ */

/* Well-formed UTF-8 without control characters. */
static int good_utf8(const char *text)
{
    const unsigned char *c = (const unsigned char *)text;

    while (*c) {
        unsigned point = *c, more = 0, least = 0;

        if (*c >= 0x80) {
            if (*c >= 0xc2 && *c <= 0xdf)
                more = 1, point &= 0x1f, least = 0x80;
            else if (*c >= 0xe0 && *c <= 0xef)
                more = 2, point &= 0x0f, least = 0x800;
            else if (*c >= 0xf0 && *c <= 0xf4)
                more = 3, point &= 0x07, least = 0x10000;
            else
                return 0;
        }
        for (c++; more > 0; more--, c++) {
            if ((*c & 0xc0) != 0x80)
                return 0;
            point = point << 6 | (*c & 0x3f);
        }
        if (point < least || point > 0x10ffff || point < 0x20
            || point == 0x7f || (point >= 0xd800 && point <= 0xdfff))
            return 0;
    }
    return 1;
}

/* ---- settings ---------------------------------------------------------- */

apr_status_t store_setting_get(store_tx_t *tx, const char *name,
                               const char **value)
{
    *value = NULL;
    BEGIN(STORE_READ);
    NEED(good_name(name), BAD_SETTING);
    CALL(setting_get, name, value);
}

apr_status_t store_setting_set(store_tx_t *tx, const char *name,
                               const char *value)
{
    BEGIN(STORE_WRITE);
    NEED(good_name(name), BAD_SETTING);
    NEED(strncmp(name, "store.", 6) != 0, "the setting is the store's own");
    NEED(!value || good_text(value, STORE_MAX_VALUE),
         "a setting's value is too long");
    CALL(setting_set, name, value);
}

/* ---- accounts ---------------------------------------------------------- */

/* Is the key here, and the one that this store's passwords are under?  The
 * first password of a store settles which one it is. */
static apr_status_t key_ready(store_tx_t *tx, int writing)
{
    store_secret_t *secret = tx->store->secret;
    const char *check = NULL;
    apr_status_t rv;

    if (!secret)
        return store_fail(tx, STORE_EKEY, "the store was opened without a "
                          "key file, so passwords are out of reach");
    rv = tx->driver->setting_get(tx, STORE_KEY_CHECK, &check);
    if (rv == APR_NOTFOUND)
        return writing ? tx->driver->setting_set(tx, STORE_KEY_CHECK,
                                                 store_secret_check(secret))
                       : APR_SUCCESS;
    if (rv == APR_SUCCESS && strcmp(check, store_secret_check(secret)) != 0)
        return store_fail(tx, STORE_EKEY, "the key file is not the one that "
                          "this store's passwords were written with");
    return rv;
}

static apr_status_t seal(store_tx_t *tx, store_id_t id, const char *password)
{
    const unsigned char *sealed = NULL;
    apr_size_t len = 0;
    apr_status_t rv;

    rv = store_secret_seal(tx->store->secret, id, password, &sealed, &len,
                           tx->p);
    if (rv != APR_SUCCESS)
        return store_fail(tx, rv, "OpenSSL could not encrypt a password");
    return tx->driver->account_set_secret(tx, id, sealed, len);
}

apr_status_t store_account_add(store_tx_t *tx, const char *name,
                               const char *password, store_id_t *id)
{
    store_id_t ignored;
    apr_status_t rv = APR_SUCCESS;

    if (!id)
        id = &ignored;
    *id = 0;
    BEGIN(STORE_WRITE);
    NEED(good_name(name) && good_utf8(name), "an account's name has 1 to 255 "
         "octets of UTF-8 without control characters");
    NEED(!password || good_text(password, STORE_MAX_PASSWORD),
         "the password is too long");
    if (password)
        rv = key_ready(tx, 1);
    if (rv == APR_SUCCESS)
        rv = tx->driver->account_add(tx, name, id);
    if (rv == APR_SUCCESS && password) {
        rv = seal(tx, *id, password);
        if (rv != APR_SUCCESS)
            *id = 0;
    }
    return store_tx_result(tx, mode_, rv);
}

apr_status_t store_account_find(store_tx_t *tx, const char *name,
                                store_account_t **account)
{
    *account = NULL;
    BEGIN(STORE_READ);
    NEED(good_name(name), "an account's name is empty or too long");
    CALL(account_find, name, account);
}

apr_status_t store_account_get(store_tx_t *tx, store_id_t id,
                               store_account_t **account)
{
    *account = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(id), BAD_ACCOUNT);
    CALL(account_get, id, account);
}

apr_status_t store_account_set_password(store_tx_t *tx, store_id_t id,
                                        const char *password)
{
    apr_status_t rv;

    BEGIN(STORE_WRITE);
    NEED(good_id(id), BAD_ACCOUNT);
    NEED(!password || good_text(password, STORE_MAX_PASSWORD),
         "the password is too long");
    if (!password) {
        rv = tx->driver->account_set_secret(tx, id, NULL, 0);
    }
    else {
        rv = key_ready(tx, 1);
        if (rv == APR_SUCCESS)
            rv = seal(tx, id, password);
    }
    return store_tx_result(tx, mode_, rv);
}

apr_status_t store_account_password(store_tx_t *tx, store_id_t id,
                                    const char **password)
{
    const unsigned char *sealed = NULL;
    apr_size_t len = 0;
    apr_status_t rv;

    *password = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(id), BAD_ACCOUNT);
    rv = tx->driver->account_secret(tx, id, &sealed, &len);
    if (rv == APR_SUCCESS)
        rv = key_ready(tx, 0);
    if (rv == APR_SUCCESS) {
        rv = store_secret_unseal(tx->store->secret, id, sealed, len,
                                 password, tx->p);
        if (rv != APR_SUCCESS)
            store_fail(tx, rv, "the password kept for the account was not "
                       "written for it with this key file");
    }
    return store_tx_result(tx, mode_, rv);
}

apr_status_t store_account_delete(store_tx_t *tx, store_id_t id)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(id), BAD_ACCOUNT);
    CALL(account_delete, id);
}

apr_status_t store_account_list(store_tx_t *tx, store_account_fn *fn,
                                void *baton)
{
    BEGIN(STORE_READ);
    NEED(fn, BAD_CALLBACK);
    CALL(account_list, fn, baton);
}

/* ---- devices ----------------------------------------------------------- */

/* A copy with empty texts for absent ones, or what is wrong with it. */
static const char *check_device(store_device_t *to, const store_device_t *d)
{
    const char **text[] = {
        &to->manufacturer, &to->model, &to->firmware, &to->software,
        &to->hardware, &to->syncml_version, &to->sync_url, &to->nonce,
        &to->nonce_prev
    };
    size_t i;

    *to = *d;
    for (i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
        *text[i] = or_empty(*text[i]);
        if (!good_text(*text[i], STORE_MAX_NAME))
            return "a text of the device is longer than 255 octets";
    }
    to->number = or_empty(to->number);
    if (!good_text(to->number, STORE_MAX_NUMBER))
        return "the telephone number is longer than 32 octets";
    if (!good_data(to->devinf, to->devinf_len, STORE_MAX_DEVINF))
        return "the DevInf is longer than 256 KiB";
    to->push = d->push != 0;
    return NULL;
}

apr_status_t store_device_add(store_tx_t *tx, store_device_t *d)
{
    store_device_t copy;
    const char *words;
    apr_status_t rv;

    d->id = 0;
    BEGIN(STORE_WRITE);
    NEED(good_id(d->account), BAD_ACCOUNT);
    NEED(good_name(d->devid), "a device's id has 1 to 255 octets");
    if ((words = check_device(&copy, d)) != NULL)
        return bad(tx, words);
    rv = tx->driver->device_add(tx, &copy);
    if (rv == APR_SUCCESS)
        d->id = copy.id;
    return store_tx_result(tx, mode_, rv);
}

apr_status_t store_device_update(store_tx_t *tx, const store_device_t *d)
{
    store_device_t copy;
    const char *words;

    BEGIN(STORE_WRITE);
    NEED(good_id(d->account), BAD_ACCOUNT);
    NEED(good_id(d->id), BAD_DEVICE);
    if ((words = check_device(&copy, d)) != NULL)
        return bad(tx, words);
    CALL(device_update, &copy);
}

apr_status_t store_device_find(store_tx_t *tx, store_id_t account,
                               const char *devid, store_device_t **d)
{
    *d = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_name(devid), "a device's id has 1 to 255 octets");
    CALL(device_find, account, devid, d);
}

apr_status_t store_device_get(store_tx_t *tx, store_id_t account,
                              store_id_t id, store_device_t **d)
{
    *d = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(id), BAD_DEVICE);
    CALL(device_get, account, id, d);
}

apr_status_t store_device_delete(store_tx_t *tx, store_id_t account,
                                 store_id_t id)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(id), BAD_DEVICE);
    CALL(device_delete, account, id);
}

apr_status_t store_device_list(store_tx_t *tx, store_id_t account,
                               store_device_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(account >= 0, BAD_ACCOUNT);
    NEED(fn, BAD_CALLBACK);
    CALL(device_list, account, fn, baton);
}

apr_status_t store_device_forget(store_tx_t *tx, apr_time_t before,
                                 int limit, store_device_fn *fn, void *baton)
{
    BEGIN(STORE_WRITE);
    NEED(limit >= 0, "a limit is not negative");
    CALL(device_forget, before, limit, fn, baton);
}

/* ---- settings of a device ---------------------------------------------- */

apr_status_t store_device_setting_get(store_tx_t *tx, store_id_t device,
                                      const char *name, const char **value)
{
    *value = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_name(name), BAD_SETTING);
    CALL(device_setting_get, device, name, value);
}

apr_status_t store_device_setting_set(store_tx_t *tx, store_id_t device,
                                      const char *name, const char *value)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_name(name), BAD_SETTING);
    NEED(!value || good_text(value, STORE_MAX_VALUE),
         "a setting's value is too long");
    CALL(device_setting_set, device, name, value);
}

apr_status_t store_device_setting_list(store_tx_t *tx, store_id_t device,
                                       store_setting_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(device), BAD_DEVICE);
    NEED(fn, BAD_CALLBACK);
    CALL(device_setting_list, device, fn, baton);
}

/* ---- datastores -------------------------------------------------------- */

apr_status_t store_datastore_open(store_tx_t *tx, store_id_t account,
                                  const char *name, store_datastore_t **ds)
{
    *ds = NULL;
    BEGIN(tx && tx->mode == STORE_WRITE ? STORE_WRITE : STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_name(name), "a datastore's name has 1 to 255 octets");
    CALL(datastore_open, account, name, ds);
}

apr_status_t store_datastore_delete(store_tx_t *tx, store_id_t account,
                                    store_id_t datastore)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    CALL(datastore_delete, account, datastore);
}

apr_status_t store_datastore_list(store_tx_t *tx, store_id_t account,
                                  store_datastore_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(fn, BAD_CALLBACK);
    CALL(datastore_list, account, fn, baton);
}

/* ---- items ------------------------------------------------------------- */

static const char *check_item(store_id_t account, const store_item_t *item)
{
    if (!good_id(account))
        return BAD_ACCOUNT;
    if (!good_id(item->datastore))
        return BAD_DATASTORE;
    if (item->origin < 0)
        return BAD_DEVICE;
    if (!good_name(item->type))
        return "an item's media type has 1 to 255 octets";
    if (!good_data(item->data, item->len, STORE_MAX_DATA))
        return "an item's data is absent or longer than 64 MiB";
    return NULL;
}

apr_status_t store_item_add(store_tx_t *tx, store_id_t account,
                            store_item_t *item)
{
    const char *words;

    item->id = 0;
    item->change = 0;
    item->deleted = item->archived = 0;
    BEGIN(STORE_WRITE);
    if ((words = check_item(account, item)) != NULL)
        return bad(tx, words);
    CALL(item_add, account, item);
}

apr_status_t store_item_update(store_tx_t *tx, store_id_t account,
                               store_item_t *item)
{
    const char *words;

    BEGIN(STORE_WRITE);
    NEED(good_item(item->id), BAD_ITEM);
    if ((words = check_item(account, item)) != NULL)
        return bad(tx, words);
    CALL(item_update, account, item);
}

apr_status_t store_item_restore(store_tx_t *tx, store_id_t account,
                                store_item_t *item)
{
    const char *words;

    BEGIN(STORE_WRITE);
    NEED(good_item(item->id), BAD_ITEM);
    if ((words = check_item(account, item)) != NULL)
        return bad(tx, words);
    CALL(item_restore, account, item);
}

static apr_status_t delete_one(store_tx_t *tx, store_id_t account,
                               store_id_t datastore, store_id_t id,
                               store_id_t origin, int archive,
                               store_id_t *change)
{
    store_id_t ignored;

    if (!change)
        change = &ignored;
    *change = 0;
    BEGIN(STORE_WRITE);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(good_item(id), BAD_ITEM);
    NEED(origin >= 0, BAD_DEVICE);
    CALL(item_delete, account, datastore, id, origin, archive, change);
}

apr_status_t store_item_delete(store_tx_t *tx, store_id_t account,
                               store_id_t datastore, store_id_t id,
                               store_id_t origin, store_id_t *change)
{
    return delete_one(tx, account, datastore, id, origin, 0, change);
}

apr_status_t store_item_archive(store_tx_t *tx, store_id_t account,
                                store_id_t datastore, store_id_t id,
                                store_id_t origin, store_id_t *change)
{
    return delete_one(tx, account, datastore, id, origin, 1, change);
}

apr_status_t store_item_rekey(store_tx_t *tx, store_id_t account,
                              const store_item_t *item)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(item->datastore), BAD_DATASTORE);
    NEED(good_item(item->id), BAD_ITEM);
    CALL(item_rekey, account, item);
}

apr_status_t store_item_get(store_tx_t *tx, store_id_t account,
                            store_id_t datastore, store_id_t id,
                            store_item_t **item)
{
    *item = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(good_item(id), BAD_ITEM);
    CALL(item_get, account, datastore, id, item);
}

apr_status_t store_item_get_into(store_tx_t *tx, store_id_t account,
                                 store_id_t datastore, store_id_t id,
                                 apr_pool_t *p, store_item_t **item)
{
    apr_pool_t *own = tx->p;
    const char *words = tx->error;
    apr_status_t rv;

    tx->p = p;
    rv = store_item_get(tx, account, datastore, id, item);
    tx->p = own;
    if (tx->error != words)
        tx->error = apr_pstrdup(own, tx->error);
    return rv;
}

apr_status_t store_item_version(store_tx_t *tx, store_id_t account,
                                store_id_t datastore, store_id_t id,
                                store_id_t change, store_item_t **item)
{
    *item = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(good_item(id), BAD_ITEM);
    NEED(change > 0, "a version's change counter is above 0");
    CALL(item_version, account, datastore, id, change, item);
}

apr_status_t store_item_version_before(store_tx_t *tx, store_id_t account,
                                       store_id_t datastore, store_id_t id,
                                       store_id_t change,
                                       store_item_t **item)
{
    apr_array_header_t *past;
    store_id_t added, before = 0;
    apr_status_t rv;
    int i;

    *item = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(good_item(id), BAD_ITEM);
    NEED(change > 0, "a version's change counter is above 0");
    rv = tx->driver->item_history(tx, datastore, id, &added, &past);
    for (i = 0; rv == APR_SUCCESS && i < past->nelts; i++) {
        const store_past_t *text = &APR_ARRAY_IDX(past, i, store_past_t);

        before = text->change < change ? text->change : before;
    }
    if (rv != APR_SUCCESS || before == 0)
        return rv == APR_SUCCESS ? APR_NOTFOUND : rv;
    return store_item_version(tx, account, datastore, id, before, item);
}

apr_status_t store_item_list(store_tx_t *tx, store_id_t account,
                             store_id_t datastore, store_id_t after,
                             int limit, store_item_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(after >= 0 && after < STORE_ITEM_LIMIT, BAD_ITEM);
    NEED(limit >= 0, "a limit is not negative");
    NEED(fn, BAD_CALLBACK);
    CALL(item_list, account, datastore, after, limit, fn, baton);
}

apr_status_t store_item_since(store_tx_t *tx, store_id_t account,
                              store_id_t datastore, store_id_t after,
                              apr_array_header_t **items)
{
    *items = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(after >= 0, BAD_ITEM);
    CALL(item_since, account, datastore, after, items);
}

apr_status_t store_item_list_archived(store_tx_t *tx, store_id_t account,
                                      store_id_t datastore, store_id_t after,
                                      int limit, store_item_fn *fn,
                                      void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(after >= 0 && after < STORE_ITEM_LIMIT, BAD_ITEM);
    NEED(limit >= 0, "a limit is not negative");
    NEED(fn, BAD_CALLBACK);
    CALL(item_archived, account, datastore, after, limit, fn, baton);
}

apr_status_t store_item_match(store_tx_t *tx, store_id_t account,
                              store_id_t datastore, int which,
                              apr_int64_t key, store_id_t device,
                              store_item_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(which >= STORE_MATCH_KEY && which <= STORE_MATCH_NEAR,
         "matching is by key, by UID or by near key");
    NEED(device >= 0, BAD_DEVICE);
    NEED(fn, BAD_CALLBACK);
    CALL(item_match, account, datastore, which, key, device, fn, baton);
}

static apr_status_t delete_many(store_tx_t *tx, store_id_t account,
                                store_id_t datastore, store_id_t device,
                                store_id_t origin, store_id_t upto,
                                int limit, apr_int64_t *count)
{
    apr_int64_t ignored;

    if (!count)
        count = &ignored;
    *count = 0;
    BEGIN(STORE_WRITE);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_id(datastore), BAD_DATASTORE);
    NEED(origin >= 0, BAD_DEVICE);
    NEED(device >= 0, BAD_DEVICE);
    NEED(limit >= 0, "a limit is not negative");
    CALL(item_delete_many, account, datastore, device, origin, upto, limit,
         count);
}

apr_status_t store_item_delete_all(store_tx_t *tx, store_id_t account,
                                   store_id_t datastore, store_id_t origin,
                                   apr_int64_t *count)
{
    return delete_many(tx, account, datastore, 0, origin, APR_INT64_MAX,
                       0, count);
}

apr_status_t store_item_delete_unmapped(store_tx_t *tx, store_id_t account,
                                        store_id_t datastore,
                                        store_id_t device,
                                        store_id_t origin, store_id_t upto,
                                        int limit, apr_int64_t *count)
{
    if (count)
        *count = 0;
    if (device <= 0)
        return tx && tx->store ? bad(tx, BAD_DEVICE) : APR_EINVAL;
    return delete_many(tx, account, datastore, device, origin, upto, limit,
                       count);
}

apr_status_t store_gc(store_tx_t *tx, apr_time_t before, int limit,
                      apr_int64_t *removed)
{
    apr_int64_t ignored;

    if (!removed)
        removed = &ignored;
    *removed = 0;
    BEGIN(STORE_WRITE);
    NEED(limit >= 0, "a limit is not negative");
    CALL(gc, before, limit, removed);
}
