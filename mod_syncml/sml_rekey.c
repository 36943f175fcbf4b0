/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The keys that the store keeps with each item: from item/, whose rules they
 * follow, into the store, which does not know them; and all of them anew
 * when the rules have changed.
 */
#include "mod_syncml/sml.h"

#include <string.h>

#include <apr_strings.h>

/* So many items in one write transaction, so that others get their turn;
 * their keys are computed before it. */
#define BATCH  500
#define TELL_EVERY  apr_time_from_sec(10)

/* The two rooms name what has no limit each in its own way; the store's name
 * is a second that items can begin in, which then is the next one. */
static apr_int64_t limit_of(apr_int64_t seconds)
{
    return seconds == ITEM_WHEN_ALWAYS || seconds == -ITEM_WHEN_ALWAYS
         ? STORE_WHEN_ALWAYS : seconds == STORE_WHEN_ALWAYS ? 1 : seconds;
}

void sml_set_keys(store_item_t *item, const item_keys_t *keys)
{
    item->key = keys->key;
    item->uid_key = keys->uid_key;
    item->near_key = keys->near_key;
    item->starts = limit_of(keys->starts);
    item->ends = limit_of(keys->ends);
}

apr_status_t sml_compute_keys(store_item_t *item, apr_pool_t *p)
{
    item_keys_t keys;
    apr_status_t rv = item_keys(&keys, item->type, item->data, item->len, p);

    if (rv == APR_SUCCESS) {
        sml_set_keys(item, &keys);
    }
    return rv;
}

apr_int64_t sml_next_start(const char *type, const char *data,
                           apr_size_t len, apr_int64_t from, apr_int64_t to,
                           apr_pool_t *p)
{
    return item_next_start(type, data, len, from, to, NULL, p);
}

/* ---- all anew ------------------------------------------------------------ */

typedef struct rekey_t {
    const sml_rekey_t *how;
    apr_pool_t *p;              /* of the batch */
    store_id_t account, datastore;
    store_id_t last;            /* item */
    apr_array_header_t *items;  /* of store_item_t, without their texts */
    apr_int64_t done;
    apr_time_t told;
} rekey_t;

/* An item that is no longer understood keeps the keys that it has. */
static apr_status_t take_item(void *baton, const store_item_t *item)
{
    rekey_t *r = baton;
    store_item_t copy = *item;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, r->p);
    if (sml_compute_keys(&copy, scratch) == APR_SUCCESS) {
        copy.type = copy.data = "";
        copy.len = 0;
        APR_ARRAY_PUSH(r->items, store_item_t) = copy;
    }
    apr_pool_destroy(scratch);
    r->last = item->id;
    return APR_SUCCESS;
}

static apr_status_t write_keys(rekey_t *r, store_tx_t *tx)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < r->items->nelts && rv == APR_SUCCESS; i++) {
        rv = store_item_rekey(tx, r->account,
                              &APR_ARRAY_IDX(r->items, i, store_item_t));
        if (rv == APR_NOTFOUND) {
            rv = APR_SUCCESS;   /* somebody has written it meanwhile */
        }
    }
    return rv;
}

/* @return APR_EOF: the datastore has no more */
static apr_status_t one_batch(rekey_t *r)
{
    store_id_t before = r->last;
    store_tx_t *tx;
    apr_status_t rv;

    r->items = apr_array_make(r->p, BATCH, sizeof(store_item_t));
    rv = store_begin(&tx, r->how->store, STORE_READ, r->p);
    if (rv == APR_SUCCESS) {
        rv = store_item_list(tx, r->account, r->datastore, r->last, BATCH,
                             take_item, r);
        store_rollback(&tx);
    }
    if (rv == APR_SUCCESS && r->last == before) {
        return APR_EOF;
    }
    if (rv == APR_SUCCESS) {
        rv = store_begin(&tx, r->how->store, STORE_WRITE, r->p);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = write_keys(r, tx);
    if (rv == APR_SUCCESS) {
        return store_commit(&tx, NULL);
    }
    store_rollback(&tx);
    return rv;
}

static void tell(const rekey_t *r, const char *words)
{
    if (r->how->log != NULL) {
        r->how->log(r->how->log_baton, 5, 0, words);
    }
}

/* One that is deleted meanwhile is done as well. */
static apr_status_t one_datastore(rekey_t *r, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;

    apr_pool_create(&r->p, p);
    for (r->last = 0; rv == APR_SUCCESS; ) {
        rv = one_batch(r);
        if (rv == APR_SUCCESS) {
            r->done += r->items->nelts;
        }
        if (apr_time_now() - r->told >= TELL_EVERY) {
            r->told = apr_time_now();
            tell(r, apr_psprintf(r->p, "keys of items are computed anew: "
                                 "%" APR_INT64_T_FMT " so far", r->done));
        }
        if (r->how->progress != NULL) {
            r->how->progress(r->how->progress_baton);
        }
        apr_pool_clear(r->p);
    }
    apr_pool_destroy(r->p);
    return rv == APR_EOF || rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

typedef struct pairs_t {
    store_tx_t *tx;
    apr_array_header_t *list;   /* of store_id_t: account, datastore */
} pairs_t;

static apr_status_t take_datastore(void *baton, const store_datastore_t *ds)
{
    apr_array_header_t *list = baton;

    APR_ARRAY_PUSH(list, store_id_t) = ds->account;
    APR_ARRAY_PUSH(list, store_id_t) = ds->id;
    return APR_SUCCESS;
}

static apr_status_t take_account(void *baton, const store_account_t *account)
{
    pairs_t *pairs = baton;

    return store_datastore_list(pairs->tx, account->id, take_datastore,
                                pairs->list);
}

/* @param list  out: all accounts and datastores; NULL: the keys are right */
static apr_status_t look(const sml_rekey_t *how, apr_array_header_t **list,
                         apr_pool_t *p)
{
    pairs_t pairs;
    const char *version;
    apr_status_t rv = store_begin(&pairs.tx, how->store, STORE_READ, p);

    *list = NULL;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = store_setting_get(pairs.tx, STORE_SETTING_ITEM_KEYS, &version);
    if (rv == APR_NOTFOUND
        || (rv == APR_SUCCESS && apr_atoi64(version) != ITEM_KEYS_VERSION)) {
        pairs.list = apr_array_make(p, 16, sizeof(store_id_t));
        rv = store_account_list(pairs.tx, take_account, &pairs);
        *list = pairs.list;
    }
    store_rollback(&pairs.tx);
    return rv;
}

/* From now on the keys are of these rules. */
static apr_status_t settle(const sml_rekey_t *how, apr_pool_t *p)
{
    store_tx_t *tx;
    apr_status_t rv = store_begin(&tx, how->store, STORE_WRITE, p);

    if (rv == APR_SUCCESS) {
        rv = store_setting_set(tx, STORE_SETTING_ITEM_KEYS,
                               apr_itoa(p, ITEM_KEYS_VERSION));
        if (rv == APR_SUCCESS) {
            return store_commit(&tx, NULL);
        }
        store_rollback(&tx);
    }
    return rv;
}

apr_status_t sml_rekey(const sml_rekey_t *how, apr_pool_t *p)
{
    apr_array_header_t *list;
    rekey_t r = { 0 };
    apr_status_t rv = look(how, &list, p);
    int i;

    if (rv != APR_SUCCESS || list == NULL) {
        return rv;
    }
    r.how = how;
    r.told = apr_time_now();
    for (i = 0; i < list->nelts && rv == APR_SUCCESS; i += 2) {
        r.account = APR_ARRAY_IDX(list, i, store_id_t);
        r.datastore = APR_ARRAY_IDX(list, i + 1, store_id_t);
        rv = one_datastore(&r, p);
    }
    if (rv == APR_SUCCESS) {
        rv = settle(how, p);
    }
    if (rv == APR_SUCCESS && r.done > 0) {
        tell(&r, apr_psprintf(p, "the keys of %" APR_INT64_T_FMT " items "
                              "were computed anew: the rules by which slow "
                              "syncs recognise items have changed", r.done));
    }
    return rv;
}
