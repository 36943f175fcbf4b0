/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Accounts, devices, datastores and items as people name them: ctl.h. */
#include <string.h>

#include <apr_strings.h>

#include "item/item.h"
#include "syncmlctl/ctl.h"

/* ---- accounts ------------------------------------------------------------ */

typedef struct names_t {
    apr_pool_t *p;
    apr_array_header_t *accounts;       /* of store_account_t * */
} names_t;

static apr_status_t collect_account(void *baton, const store_account_t *a)
{
    names_t *names = baton;
    store_account_t *copy = apr_pmemdup(names->p, a, sizeof(*a));

    copy->name = apr_pstrdup(names->p, a->name);
    APR_ARRAY_PUSH(names->accounts, store_account_t *) = copy;
    return APR_SUCCESS;
}

static int only_account(ctl_t *ctl, store_account_t **account)
{
    names_t names;
    apr_status_t rv;

    names.p = ctl->p;
    names.accounts = apr_array_make(ctl->p, 4, sizeof(store_account_t *));
    rv = store_account_list(ctl->tx, collect_account, &names);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list the accounts");
    if (!names.accounts->nelts)
        return ctl_fail(ctl, CTL_NOT_FOUND, "there is no account yet: "
                        "`syncmlctl account add NAME' makes one");
    if (names.accounts->nelts > 1)
        return ctl_fail(ctl, CTL_USAGE, "there are %d accounts: say which "
                        "with --account NAME (`syncmlctl account list' shows "
                        "them)", names.accounts->nelts);
    *account = APR_ARRAY_IDX(names.accounts, 0, store_account_t *);
    return CTL_OK;
}

int ctl_account(ctl_t *ctl, store_account_t **account)
{
    const char *name = ctl->options[OPT_ACCOUNT];
    apr_status_t rv;

    *account = NULL;
    if (!name)
        return only_account(ctl, account);
    rv = store_account_find(ctl->tx, name, account);
    if (rv == APR_NOTFOUND)
        return ctl_fail(ctl, CTL_NOT_FOUND, "there is no account \"%s\" "
                        "(`syncmlctl account list' shows them)", name);
    return rv == APR_SUCCESS
           ? CTL_OK : ctl_fail_store(ctl, rv, "cannot look up the account");
}

int ctl_begin_list(ctl_t *ctl, store_account_t **account)
{
    int status = ctl_begin(ctl, STORE_READ);

    *account = NULL;
    return status == CTL_OK && ctl->options[OPT_ACCOUNT]
           ? ctl_account(ctl, account) : status;
}

const char *ctl_account_name(ctl_t *ctl, store_id_t id)
{
    store_account_t *account;

    return store_account_get(ctl->tx, id, &account) == APR_SUCCESS
           ? account->name : "?";
}

/* ---- devices ------------------------------------------------------------- */

typedef struct found_t {
    const char *devid;
    store_id_t account, id;
    int count;
} found_t;

static apr_status_t match_device(void *baton, const store_device_t *d)
{
    found_t *found = baton;

    if (!strcmp(d->devid, found->devid)) {
        found->account = d->account;
        found->id = d->id;
        found->count++;
    }
    return APR_SUCCESS;
}

int ctl_device(ctl_t *ctl, const char *devid, store_device_t **device)
{
    found_t found = { devid, 0, 0, 0 };
    store_account_t *account = NULL;
    apr_status_t rv;
    int status;

    *device = NULL;
    if (ctl->options[OPT_ACCOUNT]) {
        status = ctl_account(ctl, &account);
        if (status != CTL_OK)
            return status;
        rv = store_device_find(ctl->tx, account->id, devid, device);
    }
    else {
        rv = store_device_list(ctl->tx, 0, match_device, &found);
        if (rv == APR_SUCCESS && found.count > 1)
            return ctl_fail(ctl, CTL_USAGE, "%d accounts have a device "
                            "\"%s\": say which with --account NAME",
                            found.count, devid);
        if (rv == APR_SUCCESS)
            rv = found.count ? store_device_get(ctl->tx, found.account,
                                                found.id, device)
                             : APR_NOTFOUND;
    }
    if (rv == APR_NOTFOUND)
        return ctl_fail(ctl, CTL_NOT_FOUND, "there is no device \"%s\"%s%s: "
                        "one is known after its first sync (`syncmlctl "
                        "device list' shows them)", devid,
                        account ? " of account " : "",
                        account ? account->name : "");
    return rv == APR_SUCCESS
           ? CTL_OK : ctl_fail_store(ctl, rv, "cannot look up the device");
}

/* ---- datastores ---------------------------------------------------------- */

const sml_datastore_conf_t *ctl_known_datastore(const char *name,
                                                apr_pool_t *p)
{
    apr_array_header_t *known = sml_default_datastores(p);
    int i, j;

    for (i = 0; i < known->nelts; i++) {
        sml_datastore_conf_t *d =
            APR_ARRAY_IDX(known, i, sml_datastore_conf_t *);

        if (d->members)
            continue;           /* it has no items of its own */
        if (!strcmp(name, d->name))
            return d;
        for (j = 0; j < d->aliases->nelts; j++)
            if (!strcmp(name, APR_ARRAY_IDX(d->aliases, j, const char *)))
                return d;
    }
    return NULL;
}

typedef struct stores_t {
    apr_pool_t *p;
    const char *only, *alias_of;        /* NULL: all */
    apr_array_header_t *list;
} stores_t;

static apr_status_t collect_datastore(void *baton,
                                      const store_datastore_t *ds)
{
    stores_t *stores = baton;
    store_datastore_t *copy;

    if (stores->only && strcmp(ds->name, stores->only)
        && (!stores->alias_of || strcmp(ds->name, stores->alias_of)))
        return APR_SUCCESS;
    copy = apr_pmemdup(stores->p, ds, sizeof(*ds));
    copy->name = apr_pstrdup(stores->p, ds->name);
    /* One that really has the name goes before one that it is an alias of. */
    if (stores->only && !strcmp(ds->name, stores->only))
        apr_array_clear(stores->list);
    else if (stores->only && stores->list->nelts)
        return APR_SUCCESS;
    APR_ARRAY_PUSH(stores->list, store_datastore_t *) = copy;
    return APR_SUCCESS;
}

int ctl_datastores(ctl_t *ctl, const store_account_t *account,
                   apr_array_header_t **list)
{
    const sml_datastore_conf_t *known;
    stores_t stores;
    apr_status_t rv;

    stores.p = ctl->p;
    stores.only = ctl->options[OPT_DATASTORE];
    known = stores.only ? ctl_known_datastore(stores.only, ctl->p) : NULL;
    stores.alias_of = known ? known->name : NULL;
    stores.list = *list = apr_array_make(ctl->p, 4,
                                         sizeof(store_datastore_t *));
    rv = store_datastore_list(ctl->tx, account->id, collect_datastore,
                              &stores);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list the datastores");
    /* One of the usual ones, without items yet, is no mistake. */
    if (stores.only && !known && !stores.list->nelts)
        return ctl_fail(ctl, CTL_NOT_FOUND, "account \"%s\" has no datastore "
                        "\"%s\"; the usual ones are contacts, calendar, "
                        "tasks, notes and journal", account->name, stores.only);
    return CTL_OK;
}

/* ---- items --------------------------------------------------------------- */

int ctl_item(ctl_t *ctl, const store_account_t *account,
             const apr_array_header_t *datastores, const char *guid,
             store_item_t **item, store_datastore_t **datastore)
{
    store_id_t id = store_guid_parse(guid);
    apr_status_t rv = APR_NOTFOUND;
    int i;

    for (i = 0; id && i < datastores->nelts && rv == APR_NOTFOUND; i++) {
        *datastore = APR_ARRAY_IDX(datastores, i, store_datastore_t *);
        rv = store_item_get(ctl->tx, account->id, (*datastore)->id, id,
                            item);
    }
    if (rv == APR_NOTFOUND)
        return ctl_fail(ctl, CTL_NOT_FOUND, "account \"%s\" has no item %s%s"
                        "%s (`syncmlctl item list' shows them)",
                        account->name, guid,
                        ctl->options[OPT_DATASTORE] ? " in " : "",
                        ctl->options[OPT_DATASTORE]
                        ? ctl->options[OPT_DATASTORE] : "");
    return rv == APR_SUCCESS
           ? CTL_OK : ctl_fail_store(ctl, rv, "cannot read the item");
}
