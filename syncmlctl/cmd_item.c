/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* item list, get, put, del, restore: see ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "item/item.h"
#include "syncmlctl/ctl.h"

#define SUMMARY_MAX  60

/** Find the account and its datastores in a new transaction. */
static int begin(ctl_t *ctl, int mode, store_account_t **account,
                 apr_array_header_t **datastores)
{
    int status = ctl_begin(ctl, mode);

    if (status == CTL_OK)
        status = ctl_account(ctl, account);
    if (status == CTL_OK && datastores)
        status = ctl_datastores(ctl, *account, datastores);
    return status;
}

/* ---- list ---------------------------------------------------------------- */

typedef struct list_t {
    ctl_t *ctl;
    ctl_json_t j;
    ctl_table_t *t;
    apr_pool_t *scratch;
    const char *datastore;
    store_id_t account;
    store_id_t origin;          /* devid is of this one */
    const char *devid;
} list_t;

/** The device that an item comes from; NULL for the server's side. */
static const char *origin_of(list_t *list, store_id_t id)
{
    store_device_t *d;

    if (!id)
        return NULL;
    if (list->origin != id) {
        list->origin = id;
        list->devid = store_device_get(list->ctl->tx, list->account, id, &d)
                      == APR_SUCCESS ? d->devid : "?";
    }
    return list->devid;
}

static void json_item(list_t *list, const store_item_t *item)
{
    ctl_json_t *j = &list->j;
    char guid[STORE_GUID_LEN];

    ctl_json_string(j, "id", store_guid(item->id, guid));
    ctl_json_string(j, "datastore", list->datastore);
    ctl_json_string(j, "type", item->type);
    ctl_json_string(j, "summary", item_summary(item->type, item->data,
                                               item->len, SUMMARY_MAX,
                                               list->scratch));
    ctl_json_int(j, "size", (apr_int64_t)item->len);
    ctl_json_time(j, "modified", item->modified);
    ctl_json_int(j, "change", item->change);
    ctl_json_string(j, "origin", origin_of(list, item->origin));
}

static apr_status_t list_one(void *baton, const store_item_t *item)
{
    list_t *list = baton;
    const char *origin = origin_of(list, item->origin);
    char guid[STORE_GUID_LEN];

    apr_pool_clear(list->scratch);
    if (list->ctl->json) {
        ctl_json_open(&list->j, NULL, '{');
        json_item(list, item);
        ctl_json_close(&list->j, '}');
        return APR_SUCCESS;
    }
    ctl_table_add(list->t, store_guid(item->id, guid));
    ctl_table_add(list->t, list->datastore);
    ctl_table_add(list->t, ctl_time(item->modified, list->scratch));
    ctl_table_add(list->t, origin ? origin : "server");
    ctl_table_add(list->t, item_summary(item->type, item->data, item->len,
                                        SUMMARY_MAX, list->scratch));
    return APR_SUCCESS;
}

int ctl_item_list(ctl_t *ctl)
{
    static const char *const heads[] = {
        "ID", "DATASTORE", "MODIFIED", "FROM", "SUMMARY", NULL
    };
    apr_array_header_t *datastores;
    store_account_t *account;
    apr_status_t rv = APR_SUCCESS;
    list_t list;
    int i, status = begin(ctl, STORE_READ, &account, &datastores);

    if (status != CTL_OK)
        return status;
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    list.account = account->id;
    list.t = ctl_table_make(ctl->p, heads);
    apr_pool_create(&list.scratch, ctl->p);
    if (ctl->json)
        ctl_json_open(&list.j, NULL, '[');
    for (i = 0; i < datastores->nelts && rv == APR_SUCCESS; i++) {
        store_datastore_t *ds = APR_ARRAY_IDX(datastores, i,
                                              store_datastore_t *);

        list.datastore = ds->name;
        rv = (ctl->options[OPT_ARCHIVED] ? store_item_list_archived
                                         : store_item_list)
             (ctl->tx, account->id, ds->id, 0, 0, list_one, &list);
    }
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list the items");
    if (ctl->json)
        ctl_json_close(&list.j, ']');
    else
        ctl_table_print(list.t, ctl->options[OPT_ARCHIVED]
                        ? "There are no archived items."
                        : "There are no items.");
    return CTL_OK;
}

/* ---- get ----------------------------------------------------------------- */

int ctl_item_get(ctl_t *ctl)
{
    apr_array_header_t *datastores;
    store_account_t *account;
    store_datastore_t *ds;
    store_item_t *item;
    list_t list;
    int status = begin(ctl, STORE_READ, &account, &datastores);

    if (status == CTL_OK)
        status = ctl_item(ctl, account, datastores, ctl->argv[0], &item, &ds);
    if (status != CTL_OK)
        return status;
    if (item->deleted && !ctl->options[OPT_DELETED])
        return ctl_fail(ctl, CTL_NOT_FOUND, "item %s was deleted on %s; "
                        "--deleted prints its last text", ctl->argv[0],
                        ctl_time(item->modified, ctl->p));
    if (!ctl->json) {
        fwrite(item->data, 1, item->len, stdout);
        return CTL_OK;
    }
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    list.account = account->id;
    list.datastore = ds->name;
    list.scratch = ctl->p;
    ctl_json_open(&list.j, NULL, '{');
    json_item(&list, item);
    ctl_json_bool(&list.j, "deleted", item->deleted);
    ctl_json_data(&list.j, "data", item->data, item->len, ctl->p);
    ctl_json_close(&list.j, '}');
    return CTL_OK;
}

/* ---- put ----------------------------------------------------------------- */

static const char *item_to_replace(const ctl_t *ctl)
{
    return ctl->options[OPT_ID] ? ctl->options[OPT_ID]
           : ctl->argc ? ctl->argv[0] : NULL;
}

int ctl_item_put_prepare(ctl_t *ctl)
{
    if (ctl->options[OPT_ID] && ctl->argc)
        return ctl_fail(ctl, CTL_USAGE, "the item's id is given twice");
    return ctl_read_all(ctl, ctl->options[OPT_FILE], ITEM_MAX_OCTETS,
                        &ctl->data, &ctl->data_len);
}

/** The datastore that a kind of item goes to by itself. */
static const char *usual_datastore(item_kind_e kind, apr_pool_t *p)
{
    apr_array_header_t *known = sml_default_datastores(p);
    int i;

    for (i = 0; i < known->nelts; i++) {
        sml_datastore_conf_t *d =
            APR_ARRAY_IDX(known, i, sml_datastore_conf_t *);

        if (d->kind == kind)
            return d->name;
    }
    return "notes";
}

static const char *kind_name(item_kind_e kind)
{
    return kind == ITEM_VCARD30 ? "a vCard"
           : kind == ITEM_VEVENT ? "an iCalendar event"
           : kind == ITEM_VTODO ? "an iCalendar task"
           : kind == ITEM_VJOURNAL ? "an iCalendar journal" : "plain text";
}

static int recognise(ctl_t *ctl, item_keys_t *keys)
{
    const char *type = ctl->options[OPT_TYPE], *words;
    apr_status_t rv;

    memset(keys, 0, sizeof(*keys));
    if (!ctl->data_len)
        return ctl_fail(ctl, CTL_BAD_DATA, "the text of the item is empty");
    rv = item_keys(keys, type, ctl->data, ctl->data_len, ctl->p);
    words = item_strerror(rv);
    if (rv != APR_SUCCESS)
        return ctl_fail(ctl, CTL_BAD_DATA, "the item is refused: %s",
                        words ? words : "it cannot be read");
    return CTL_OK;
}

/** The datastore for a new item: made if it is one of the usual ones. */
static int datastore_for(ctl_t *ctl, const store_account_t *account,
                         item_kind_e kind, store_datastore_t **ds)
{
    const char *name = ctl->options[OPT_DATASTORE];
    const sml_datastore_conf_t *known;
    apr_array_header_t *list;
    apr_status_t rv;
    int status;

    if (!name)
        name = usual_datastore(kind, ctl->p);
    else if (!ctl->options[OPT_CREATE]) {
        status = ctl_datastores(ctl, account, &list);
        if (status != CTL_OK)
            return status;
        if (list->nelts)
            name = APR_ARRAY_IDX(list, 0, store_datastore_t *)->name;
    }
    known = ctl_known_datastore(name, ctl->p);
    if (known && !ctl->options[OPT_CREATE])
        name = known->name;
    rv = store_datastore_open(ctl->tx, account->id, name, ds);
    return rv == APR_SUCCESS
           ? CTL_OK : ctl_fail_store(ctl, rv, "cannot use the datastore");
}

/** One of the usual datastores takes its own kind of item only: the server
 * sends nothing else from there. */
static int check_kind(ctl_t *ctl, const store_datastore_t *ds,
                      item_kind_e kind)
{
    /* Of contacts/private those of contacts. */
    const char *name = apr_pstrmemdup(ctl->p, ds->name,
                                      strcspn(ds->name, "/"));
    const sml_datastore_conf_t *known = ctl_known_datastore(name, ctl->p);

    if (!known || strcmp(known->name, name) || sml_datastore_takes(known, kind))
        return CTL_OK;
    return ctl_fail(ctl, CTL_BAD_DATA, "an item of %s is %s, but this is %s",
                    ds->name, kind_name(known->kind), kind_name(kind));
}

static void report_put(ctl_t *ctl, const store_item_t *item,
                       const char *account, const char *datastore, int added)
{
    ctl_json_t j = { 0, { 0 } };
    char guid[STORE_GUID_LEN];
    const char *summary = item_summary(item->type, item->data, item->len,
                                       SUMMARY_MAX, ctl->p);

    store_guid(item->id, guid);
    if (!ctl->json) {
        printf("item %s: %s %s of %s: %s\n", guid,
               added ? "added to" : "replaced in", datastore,
               ctl_clean(account, ctl->p), summary);
        return;
    }
    ctl_json_open(&j, NULL, '{');
    ctl_json_string(&j, "id", guid);
    ctl_json_string(&j, "done", added ? "added" : "replaced");
    ctl_json_string(&j, "account", account);
    ctl_json_string(&j, "datastore", datastore);
    ctl_json_string(&j, "type", item->type);
    ctl_json_string(&j, "summary", summary);
    ctl_json_int(&j, "change", item->change);
    ctl_json_close(&j, '}');
}

/** Where the item goes, and for a replacement, which one it is. */
static int place_item(ctl_t *ctl, const store_account_t *account,
                      item_kind_e kind, store_item_t *item,
                      store_datastore_t **ds)
{
    const char *guid = item_to_replace(ctl);
    apr_array_header_t *datastores;
    store_item_t *old;
    int status;

    if (!guid)
        return datastore_for(ctl, account, kind, ds);
    status = ctl_datastores(ctl, account, &datastores);
    if (status == CTL_OK)
        status = ctl_item(ctl, account, datastores, guid, &old, ds);
    if (status != CTL_OK)
        return status;
    if (old->deleted)
        return ctl_fail(ctl, CTL_NOT_FOUND, "item %s was deleted on %s: "
                        "`syncmlctl item restore' brings it back; put its "
                        "text without an id to add it anew", guid,
                        ctl_time(old->modified, ctl->p));
    item->id = old->id;
    return CTL_OK;
}

int ctl_item_put(ctl_t *ctl)
{
    store_datastore_t *ds = NULL;
    store_account_t *account = NULL;
    store_item_t item;
    item_keys_t keys;
    apr_status_t rv;
    int added, status = recognise(ctl, &keys);

    if (status == CTL_OK)
        status = begin(ctl, STORE_WRITE, &account, NULL);
    memset(&item, 0, sizeof(item));
    if (status == CTL_OK)
        status = place_item(ctl, account, keys.kind, &item, &ds);
    if (status == CTL_OK)
        status = check_kind(ctl, ds, keys.kind);
    if (status != CTL_OK)
        return status;
    item.datastore = ds->id;
    item.type = item_kind_type(keys.kind);
    sml_set_keys(&item, &keys);
    item.data = ctl->data;
    item.len = ctl->data_len;
    added = !item.id;
    rv = added ? store_item_add(ctl->tx, account->id, &item)
               : store_item_update(ctl->tx, account->id, &item);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the item was not stored");
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        report_put(ctl, &item, account->name, ds->name, added);
    return status;
}

/* ---- del ----------------------------------------------------------------- */

int ctl_item_del_prepare(ctl_t *ctl)
{
    int all = ctl->options[OPT_ALL] != NULL;

    if (!all == !ctl->argc)
        return ctl_fail(ctl, CTL_USAGE, all
                        ? "--all and single items do not go together"
                        : "say which items, or --all");
    if (all && !ctl_confirm(ctl, apr_psprintf(
            ctl->p, "Delete all items%s%s, on all devices too?",
            ctl->options[OPT_DATASTORE] ? " of " : "",
            ctl->options[OPT_DATASTORE] ? ctl->options[OPT_DATASTORE] : "")))
        return ctl_fail(ctl, CTL_FAILURE, "nothing was deleted");
    return CTL_OK;
}

static int delete_all(ctl_t *ctl, const store_account_t *account,
                      const apr_array_header_t *datastores,
                      apr_int64_t *count)
{
    apr_status_t rv = APR_SUCCESS;
    apr_int64_t n;
    int i;

    for (i = 0; i < datastores->nelts && rv == APR_SUCCESS; i++) {
        rv = store_item_delete_all(
            ctl->tx, account->id,
            APR_ARRAY_IDX(datastores, i, store_datastore_t *)->id, 0, &n);
        if (rv == APR_SUCCESS)
            *count += n;
    }
    return rv == APR_SUCCESS
           ? CTL_OK : ctl_fail_store(ctl, rv, "nothing was deleted");
}

static int delete_some(ctl_t *ctl, const store_account_t *account,
                       const apr_array_header_t *datastores,
                       apr_int64_t *count)
{
    store_datastore_t *ds;
    store_item_t *item;
    apr_status_t rv;
    int i, status;

    for (i = 0; i < ctl->argc; i++) {
        status = ctl_item(ctl, account, datastores, ctl->argv[i], &item, &ds);
        if (status != CTL_OK)
            return status;
        rv = item->deleted ? APR_NOTFOUND
                           : store_item_delete(ctl->tx, account->id, ds->id,
                                               item->id, 0, NULL);
        if (rv == APR_NOTFOUND)
            return ctl_fail(ctl, CTL_NOT_FOUND, "item %s is deleted already; "
                            "nothing was changed", ctl->argv[i]);
        if (rv != APR_SUCCESS)
            return ctl_fail_store(ctl, rv, "nothing was deleted");
        ++*count;
    }
    return CTL_OK;
}

int ctl_item_del(ctl_t *ctl)
{
    apr_array_header_t *datastores;
    ctl_json_t j = { 0, { 0 } };
    store_account_t *account;
    apr_int64_t count = 0;
    int status = begin(ctl, STORE_WRITE, &account, &datastores);

    if (status == CTL_OK)
        status = ctl->options[OPT_ALL]
                 ? delete_all(ctl, account, datastores, &count)
                 : delete_some(ctl, account, datastores, &count);
    if (status == CTL_OK)
        status = ctl_commit(ctl);
    if (status == CTL_OK && ctl->json) {
        ctl_json_open(&j, NULL, '{');
        ctl_json_string(&j, "account", account->name);
        ctl_json_int(&j, "deleted", count);
        ctl_json_close(&j, '}');
    }
    else if (status == CTL_OK)
        printf("%" APR_INT64_T_FMT " item%s deleted\n", count,
               count == 1 ? "" : "s");
    return status;
}

/* ---- restore ------------------------------------------------------------- */

static int restore_one(ctl_t *ctl, const store_account_t *account,
                       const apr_array_header_t *datastores, const char *guid)
{
    store_datastore_t *ds;
    store_item_t *item;
    apr_status_t rv;
    int status = ctl_item(ctl, account, datastores, guid, &item, &ds);

    if (status != CTL_OK)
        return status;
    if (!item->deleted)
        return ctl_fail(ctl, CTL_NOT_FOUND, "item %s is not deleted; nothing "
                        "was changed", guid);
    item->origin = 0;
    rv = store_item_restore(ctl->tx, account->id, item);
    return rv == APR_SUCCESS
           ? CTL_OK : ctl_fail_store(ctl, rv, "nothing was changed");
}

int ctl_item_restore(ctl_t *ctl)
{
    apr_array_header_t *datastores;
    ctl_json_t j = { 0, { 0 } };
    store_account_t *account;
    int i, status = begin(ctl, STORE_WRITE, &account, &datastores);

    for (i = 0; i < ctl->argc && status == CTL_OK; i++)
        status = restore_one(ctl, account, datastores, ctl->argv[i]);
    if (status == CTL_OK)
        status = ctl_commit(ctl);
    if (status == CTL_OK && ctl->json) {
        ctl_json_open(&j, NULL, '{');
        ctl_json_string(&j, "account", account->name);
        ctl_json_int(&j, "restored", ctl->argc);
        ctl_json_close(&j, '}');
    }
    else if (status == CTL_OK)
        printf("%d item%s restored\n", ctl->argc, ctl->argc == 1 ? "" : "s");
    return status;
}
