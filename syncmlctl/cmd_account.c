/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* account add, passwd, del, list: see ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "syncmlctl/ctl.h"

/** A name that can log in: auth-basic ends it at the first colon. */
static int check_name(ctl_t *ctl, const char *name)
{
    apr_size_t left = strlen(name), n;
    const char *s = name;

    if (!left || left > STORE_MAX_NAME)
        return ctl_fail(ctl, CTL_BAD_DATA, "an account's name has 1 to %d "
                        "octets", STORE_MAX_NAME);
    for (; left; s += n, left -= n) {
        n = ctl_utf8(s, left);
        if (!n || (unsigned char)*s < ' ' || *s == 0x7f)
            return ctl_fail(ctl, CTL_BAD_DATA, "the account's name must be "
                            "UTF-8 without control characters");
        if (*s == ':')
            return ctl_fail(ctl, CTL_BAD_DATA, "an account with a colon in "
                            "its name could not log in: in auth-basic the "
                            "password begins there");
    }
    return CTL_OK;
}

int ctl_account_prepare(ctl_t *ctl)
{
    int status = check_name(ctl, ctl->argv[0]);

    if (status != CTL_OK || ctl->options[OPT_NO_PASSWORD])
        return status;
    return ctl_read_password(ctl, &ctl->password);
}

/** {"account": name, "done": what} or a sentence. */
static void report(ctl_t *ctl, const char *name, const char *done)
{
    ctl_json_t j = { 0, { 0 } };

    if (!ctl->json) {
        printf("account %s: %s\n", ctl_clean(name, ctl->p), done);
        return;
    }
    ctl_json_open(&j, NULL, '{');
    ctl_json_string(&j, "account", name);
    ctl_json_string(&j, "done", done);
    ctl_json_close(&j, '}');
}

int ctl_account_add(ctl_t *ctl)
{
    const char *name = ctl->argv[0];
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE);

    if (status != CTL_OK)
        return status;
    rv = store_account_add(ctl->tx, name, ctl->password, NULL);
    if (rv == APR_EEXIST)
        return ctl_fail(ctl, CTL_EXISTS, "there is an account \"%s\" "
                        "already; `syncmlctl account passwd' changes its "
                        "password", name);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the account was not added");
    status = ctl_commit(ctl);
    if (status != CTL_OK)
        return status;
    if (ctl->made_store && !ctl->json)
        printf("made the store %s\n", ctl->url);
    report(ctl, name, "added");
    return CTL_OK;
}

/** Find the account that is the command's argument. */
static int named_account(ctl_t *ctl, store_account_t **account)
{
    ctl->options[OPT_ACCOUNT] = ctl->argv[0];
    return ctl_account(ctl, account);
}

/* ---- set ----------------------------------------------------------------- */

int ctl_account_set_prepare(ctl_t *ctl)
{
    if (strcmp(ctl->argv[1], "zone"))
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" cannot be set; zone can",
                        ctl->argv[1]);
    return ctl_take_zone(ctl, ctl->argv[2]);
}

/* prefix: SML_ACCOUNT_ZONE or SML_LEARNED_ZONE */
static apr_status_t set_zone(ctl_t *ctl, const char *prefix,
                             store_id_t account, const char *value)
{
    return store_setting_set(ctl->tx, apr_psprintf(ctl->p, "%s%"
                             APR_INT64_T_FMT, prefix, account), value);
}

int ctl_account_set(ctl_t *ctl)
{
    const char *zone = APR_ARRAY_IDX(ctl->settings, 0, ctl_setting_t).value;
    store_account_t *account;
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE);

    if (status == CTL_OK)
        status = named_account(ctl, &account);
    if (status != CTL_OK)
        return status;
    rv = set_zone(ctl, SML_ACCOUNT_ZONE, account->id, zone);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the account was not changed");
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        report(ctl, account->name,
               zone ? apr_pstrcat(ctl->p, "zone ", zone, NULL)
                    : "zone removed");
    return status;
}

int ctl_account_passwd(ctl_t *ctl)
{
    store_account_t *account;
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE);

    if (status == CTL_OK)
        status = named_account(ctl, &account);
    if (status != CTL_OK)
        return status;
    rv = store_account_set_password(ctl->tx, account->id, ctl->password);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the password was not changed");
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        report(ctl, account->name,
               ctl->password ? "password changed" : "password removed");
    return status;
}

/* ---- what an account has ------------------------------------------------- */

typedef struct sums_t {
    apr_int64_t devices, items;
} sums_t;

static apr_status_t count_device(void *baton, const store_device_t *d)
{
    ((sums_t *)baton)->devices++;
    return APR_SUCCESS;
}

static apr_status_t count_items(void *baton, const store_datastore_t *ds)
{
    ((sums_t *)baton)->items += ds->items;
    return APR_SUCCESS;
}

static apr_status_t count_all(ctl_t *ctl, store_id_t account, sums_t *sums)
{
    apr_status_t rv;

    memset(sums, 0, sizeof(*sums));
    rv = store_device_list(ctl->tx, account, count_device, sums);
    return rv == APR_SUCCESS
           ? store_datastore_list(ctl->tx, account, count_items, sums) : rv;
}

/** Ask outside of any transaction: people are slow. */
static int agreed(ctl_t *ctl, int *yes)
{
    store_account_t *account;
    sums_t sums;
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_READ);

    if (status == CTL_OK)
        status = named_account(ctl, &account);
    if (status != CTL_OK)
        return status;
    rv = count_all(ctl, account->id, &sums);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot look at the account");
    store_rollback(&ctl->tx);
    *yes = ctl_confirm(ctl, apr_psprintf(
        ctl->p, "Delete account %s with %" APR_INT64_T_FMT " devices and %"
        APR_INT64_T_FMT " items for good?",
        ctl_clean(account->name, ctl->p), sums.devices, sums.items));
    return CTL_OK;
}

int ctl_account_del(ctl_t *ctl)
{
    store_account_t *account;
    apr_status_t rv;
    int yes = 0, status = agreed(ctl, &yes);

    if (status != CTL_OK)
        return status;
    if (!yes)
        return ctl_fail(ctl, CTL_FAILURE, "nothing was deleted");
    status = ctl_begin(ctl, STORE_WRITE);
    if (status == CTL_OK)
        status = named_account(ctl, &account);
    if (status != CTL_OK)
        return status;
    rv = set_zone(ctl, SML_ACCOUNT_ZONE, account->id, NULL);
    if (rv == APR_SUCCESS)
        rv = set_zone(ctl, SML_LEARNED_ZONE, account->id, NULL);
    if (rv == APR_SUCCESS)
        rv = store_account_delete(ctl->tx, account->id);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the account was not deleted");
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        report(ctl, account->name, "deleted");
    return status;
}

/* ---- list ---------------------------------------------------------------- */

typedef struct list_t {
    ctl_t *ctl;
    apr_array_header_t *accounts;       /* of store_account_t */
    ctl_json_t j;
} list_t;

static apr_status_t collect(void *baton, const store_account_t *a)
{
    list_t *list = baton;
    store_account_t *copy = apr_array_push(list->accounts);

    *copy = *a;
    copy->name = apr_pstrdup(list->ctl->p, a->name);
    return APR_SUCCESS;
}

static apr_status_t json_datastore(void *baton, const store_datastore_t *ds)
{
    ctl_json_int(&((list_t *)baton)->j, ds->name, ds->items);
    return APR_SUCCESS;
}

static apr_status_t print_json(list_t *list)
{
    ctl_t *ctl = list->ctl;
    apr_status_t rv = APR_SUCCESS;
    sums_t sums;
    int i;

    ctl_json_open(&list->j, NULL, '[');
    for (i = 0; i < list->accounts->nelts && rv == APR_SUCCESS; i++) {
        const store_account_t *a = &APR_ARRAY_IDX(list->accounts, i,
                                                  store_account_t);

        rv = count_all(ctl, a->id, &sums);
        ctl_json_open(&list->j, NULL, '{');
        ctl_json_string(&list->j, "name", a->name);
        ctl_json_bool(&list->j, "has_password", a->has_password);
        ctl_json_time(&list->j, "created", a->created);
        ctl_json_int(&list->j, "devices", sums.devices);
        ctl_json_open(&list->j, "items", '{');
        if (rv == APR_SUCCESS)
            rv = store_datastore_list(ctl->tx, a->id, json_datastore, list);
        ctl_json_close(&list->j, '}');
        ctl_json_close(&list->j, '}');
    }
    ctl_json_close(&list->j, ']');
    return rv;
}

static apr_status_t print_table(list_t *list)
{
    static const char *const heads[] = {
        "ACCOUNT", "PASSWORD", "DEVICES", "ITEMS", "CREATED", NULL
    };
    ctl_t *ctl = list->ctl;
    ctl_table_t *t = ctl_table_make(ctl->p, heads);
    apr_status_t rv = APR_SUCCESS;
    sums_t sums;
    int i;

    for (i = 0; i < list->accounts->nelts && rv == APR_SUCCESS; i++) {
        const store_account_t *a = &APR_ARRAY_IDX(list->accounts, i,
                                                  store_account_t);

        rv = count_all(ctl, a->id, &sums);
        ctl_table_add(t, a->name);
        ctl_table_add(t, a->has_password ? "stored" : "by httpd");
        ctl_table_add(t, apr_psprintf(ctl->p, "%" APR_INT64_T_FMT,
                                      sums.devices));
        ctl_table_add(t, apr_psprintf(ctl->p, "%" APR_INT64_T_FMT,
                                      sums.items));
        ctl_table_add(t, ctl_time(a->created, ctl->p));
    }
    if (rv == APR_SUCCESS)
        ctl_table_print(t, "There are no accounts.");
    return rv;
}

int ctl_account_list(ctl_t *ctl)
{
    apr_status_t rv;
    list_t list;
    int status = ctl_begin(ctl, STORE_READ);

    if (status != CTL_OK)
        return status;
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    list.accounts = apr_array_make(ctl->p, 16, sizeof(store_account_t));
    rv = store_account_list(ctl->tx, collect, &list);
    if (rv == APR_SUCCESS)
        rv = ctl->json ? print_json(&list) : print_table(&list);
    return rv == APR_SUCCESS
           ? CTL_OK : ctl_fail_store(ctl, rv, "cannot list the accounts");
}
