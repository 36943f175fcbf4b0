/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* datastore list, add, del: see ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "mod_syncml/sml_occurrences.h"
#include "mod_syncml/sml_path.h"
#include "syncmlctl/ctl.h"

typedef struct list_t {
    ctl_t *ctl;
    ctl_json_t j;
    ctl_table_t *t;
} list_t;

static apr_status_t list_one(void *baton, const store_datastore_t *ds)
{
    list_t *list = baton;
    apr_pool_t *p = list->ctl->p;

    if (list->ctl->json) {
        ctl_json_open(&list->j, NULL, '{');
        ctl_json_string(&list->j, "datastore", ds->name);
        ctl_json_int(&list->j, "items", ds->items);
        ctl_json_int(&list->j, "change", ds->change);
        ctl_json_close(&list->j, '}');
        return APR_SUCCESS;
    }
    ctl_table_add(list->t, ctl_clean(ds->name, p));
    ctl_table_add(list->t, apr_psprintf(p, "%" APR_INT64_T_FMT, ds->items));
    return APR_SUCCESS;
}

int ctl_datastore_list(ctl_t *ctl)
{
    static const char *const heads[] = { "DATASTORE", "ITEMS", NULL };
    store_account_t *account;
    apr_status_t rv;
    list_t list;
    int status = ctl_begin(ctl, STORE_READ);

    if (status == CTL_OK)
        status = ctl_account(ctl, &account);
    if (status != CTL_OK)
        return status;
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    list.t = ctl_table_make(ctl->p, heads);
    if (ctl->json)
        ctl_json_open(&list.j, NULL, '[');
    rv = store_datastore_list(ctl->tx, account->id, list_one, &list);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list the datastores");
    if (ctl->json)
        ctl_json_close(&list.j, ']');
    else
        ctl_table_print(list.t, "There are no datastores: one is made when a "
                        "device first syncs it, or by `datastore add'.");
    return CTL_OK;
}

/* ---- add, del ------------------------------------------------------------ */

/** The name as it is kept: the part before the first slash is that of a
 * usual datastore, in its own letters. */
static int canonical(ctl_t *ctl, const char *given, const char **name)
{
    const char *slash = strchr(given, '/');
    char *above = apr_pstrmemdup(ctl->p, given, strcspn(given, "/")), *c;
    const sml_datastore_conf_t *known;

    for (c = above; *c; c++)
        *c = (char)apr_tolower(*c);
    known = slash ? ctl_known_datastore(above, ctl->p) : NULL;
    if (!known || !sml_path_sub_ok(slash + 1)
        || strlen(given) > STORE_MAX_NAME)
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" cannot be a datastore of an "
                        "account's own: give one of contacts, calendar, "
                        "tasks, notes and journal, a slash, and a name of "
                        "printable ASCII that is no option (such as slow)", given);
    *name = apr_pstrcat(ctl->p, known->name, slash, NULL);
    return CTL_OK;
}

typedef struct search_t {
    const char *name;
    store_datastore_t found;
    apr_pool_t *p;
} search_t;

/* Clients name them in any case. */
static apr_status_t compare_one(void *baton, const store_datastore_t *ds)
{
    search_t *search = baton;

    if (strcasecmp(ds->name, search->name))
        return APR_SUCCESS;
    search->found = *ds;
    search->found.name = apr_pstrdup(search->p, ds->name);
    return APR_EOF;
}

static int find_of(ctl_t *ctl, const store_account_t *account,
                   const char *given, search_t *search)
{
    apr_status_t rv;
    int status;

    memset(search, 0, sizeof(*search));
    search->p = ctl->p;
    status = canonical(ctl, given, &search->name);
    if (status != CTL_OK)
        return status;
    rv = store_datastore_list(ctl->tx, account->id, compare_one, search);
    return rv == APR_SUCCESS
           ? CTL_OK
           : ctl_fail_store(ctl, rv, "cannot look at the datastores");
}

static int find_existing_of(ctl_t *ctl, const store_account_t *account,
                            const char *given, search_t *search)
{
    int status = find_of(ctl, account, given, search);

    if (status == CTL_OK && !search->found.id)
        status = ctl_fail(ctl, CTL_NOT_FOUND, "account \"%s\" has no "
                          "datastore \"%s\": `syncmlctl datastore list' shows "
                          "those that it has", account->name, search->name);
    return status;
}

int ctl_own_datastore(ctl_t *ctl, const store_account_t *account,
                      const char *given, const char **name)
{
    search_t search;
    int status = find_existing_of(ctl, account, given, &search);

    *name = search.found.name;
    return status;
}

static int find(ctl_t *ctl, int mode, store_account_t **account,
                search_t *search)
{
    int status = ctl_begin(ctl, mode);

    if (status == CTL_OK)
        status = ctl_account(ctl, account);
    return status == CTL_OK
           ? find_of(ctl, *account, ctl->argv[0], search) : status;
}

static void report(const ctl_t *ctl, const store_account_t *account,
                   const char *name, const char *done)
{
    ctl_json_t j = { 0, { 0 } };

    if (!ctl->json) {
        printf("datastore %s of %s: %s\n", name,
               ctl_clean(account->name, ctl->p), done);
        return;
    }
    ctl_json_open(&j, NULL, '{');
    ctl_json_string(&j, "account", account->name);
    ctl_json_string(&j, "datastore", name);
    ctl_json_string(&j, "done", done);
    ctl_json_close(&j, '}');
}

int ctl_datastore_add(ctl_t *ctl)
{
    store_account_t *account;
    store_datastore_t *ds;
    search_t search;
    apr_status_t rv;
    int status = find(ctl, STORE_WRITE, &account, &search);

    if (status != CTL_OK)
        return status;
    if (search.found.id)
        return ctl_fail(ctl, CTL_EXISTS, "account \"%s\" has a datastore "
                        "\"%s\" already", account->name, search.found.name);
    rv = store_datastore_open(ctl->tx, account->id, search.name, &ds);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the datastore was not added");
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        report(ctl, account, search.name, "added");
    return status;
}

static int find_existing(ctl_t *ctl, int mode, store_account_t **account,
                         search_t *search)
{
    int status = ctl_begin(ctl, mode);

    if (status == CTL_OK)
        status = ctl_account(ctl, account);
    return status == CTL_OK
           ? find_existing_of(ctl, *account, ctl->argv[0], search) : status;
}

/** The occurrences of a calendar go with it. */
static apr_status_t delete_both(ctl_t *ctl, const store_account_t *account,
                                const store_datastore_t *ds)
{
    search_t search = { NULL, { 0 }, ctl->p };
    apr_status_t rv;

    search.name = apr_pstrcat(ctl->p, ds->name, SML_OCCURRENCES, NULL);
    rv = store_datastore_list(ctl->tx, account->id, compare_one, &search);
    if (rv == APR_SUCCESS && search.found.id)
        rv = store_datastore_delete(ctl->tx, account->id, search.found.id);
    return rv == APR_SUCCESS
           ? store_datastore_delete(ctl->tx, account->id, ds->id) : rv;
}

int ctl_datastore_del(ctl_t *ctl)
{
    store_account_t *account;
    search_t search;
    apr_status_t rv;
    int status = find_existing(ctl, STORE_READ, &account, &search);

    if (status != CTL_OK)
        return status;
    store_rollback(&ctl->tx);
    if (!ctl_confirm(ctl, apr_psprintf(
            ctl->p, "Delete %s of %s with %" APR_INT64_T_FMT " items for "
            "good?", ctl_clean(search.found.name, ctl->p),
            ctl_clean(account->name, ctl->p), search.found.items)))
        return ctl_fail(ctl, CTL_FAILURE, "nothing was deleted");
    status = find_existing(ctl, STORE_WRITE, &account, &search);
    if (status != CTL_OK)
        return status;
    rv = delete_both(ctl, account, &search.found);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the datastore was not deleted");
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        report(ctl, account, search.found.name, "deleted");
    return status;
}
