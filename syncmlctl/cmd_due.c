/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* due list, server-id: see ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "syncmlctl/ctl.h"

typedef struct list_t {
    ctl_t *ctl;
    ctl_json_t j;
    ctl_table_t *t;
    apr_time_t now;
} list_t;

static const char *state_of(const store_due_t *due, apr_time_t now)
{
    if (due->leased_until > now)
        return "in delivery";
    return due->state == STORE_DUE_SENT ? "sent"
           : due->state == STORE_DUE_DRY ? "dry-run"
           : due->state == STORE_DUE_SUSPENDED ? "suspended" : "waiting";
}

/** When it is looked at; 0: not known, or not before somebody does
 * something. */
static apr_time_t planned(const store_due_t *due)
{
    return due->state == STORE_DUE_SUSPENDED || due->state == STORE_DUE_DRY
           || !STORE_DUE_IS_TIME(due->planned) ? 0
           : due->planned > due->not_before ? due->planned : due->not_before;
}

static void json_due(list_t *list, const store_due_t *due)
{
    ctl_json_t *j = &list->j;
    int i;

    ctl_json_open(j, NULL, '{');
    ctl_json_string(j, "account", due->account_name);
    ctl_json_string(j, "device", due->devid);
    ctl_json_string(j, "number", due->number);
    ctl_json_open(j, "datastores", '[');
    for (i = 0; i < due->datastores->nelts; i++)
        ctl_json_string(j, NULL, APR_ARRAY_IDX(due->datastores, i,
                                               store_due_datastore_t).name);
    ctl_json_close(j, ']');
    ctl_json_string(j, "state", state_of(due, list->now));
    ctl_json_time(j, "since", due->first_change);
    ctl_json_time(j, "last_change", due->last_change);
    ctl_json_int(j, "attempts", due->attempts);
    ctl_json_int(j, "unanswered", due->unanswered);
    ctl_json_time(j, "next", planned(due));
    ctl_json_string(j, "plan", due->plan);
    ctl_json_time(j, "leased_until", due->leased_until > list->now
                                     ? due->leased_until : 0);
    ctl_json_string(j, "last_error", due->last_error);
    ctl_json_close(j, '}');
}

static const char *next_of(const store_due_t *due, apr_time_t now,
                           apr_pool_t *p)
{
    if (due->state == STORE_DUE_SUSPENDED)
        return "after a sync";
    if (planned(due) > now)
        return ctl_time(planned(due), p);
    if (due->state == STORE_DUE_DRY)
        return "after a change";
    return !STORE_DUE_IS_TIME(due->planned) ? due->plan
           : due->state == STORE_DUE_WAITING ? "now" : "-";
}

static apr_status_t list_one(void *baton, const store_due_t *due)
{
    list_t *list = baton;
    apr_pool_t *p = list->ctl->p;
    const char *names = "";
    int i;

    if (list->ctl->json) {
        json_due(list, due);
        return APR_SUCCESS;
    }
    for (i = 0; i < due->datastores->nelts; i++)
        names = apr_pstrcat(p, names, *names ? "," : "",
                            APR_ARRAY_IDX(due->datastores, i,
                                          store_due_datastore_t).name, NULL);
    ctl_table_add(list->t, due->account_name);
    ctl_table_add(list->t, due->devid);
    ctl_table_add(list->t, due->number);
    ctl_table_add(list->t, names);
    ctl_table_add(list->t, ctl_time(due->first_change, p));
    ctl_table_add(list->t, state_of(due, list->now));
    ctl_table_add(list->t, apr_itoa(p, due->attempts));
    ctl_table_add(list->t, apr_itoa(p, due->unanswered));
    ctl_table_add(list->t, next_of(due, list->now, p));
    ctl_table_add(list->t, due->last_error);
    return APR_SUCCESS;
}

int ctl_due_list(ctl_t *ctl)
{
    static const char *const heads[] = {
        "ACCOUNT", "DEVICE", "NUMBER", "DATASTORES", "SINCE", "STATE",
        "ATTEMPTS", "UNANSWERED", "NEXT", "LAST ERROR", NULL
    };
    store_account_t *account;
    apr_status_t rv;
    list_t list;
    int status = ctl_begin_list(ctl, &account);

    if (status != CTL_OK)
        return status;
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    list.now = apr_time_now();
    list.t = ctl_table_make(ctl->p, heads);
    if (ctl->json)
        ctl_json_open(&list.j, NULL, '[');
    rv = store_due_list(ctl->tx, account ? account->id : 0, list_one, &list);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list what is due");
    if (ctl->json)
        ctl_json_close(&list.j, ']');
    else
        ctl_table_print(list.t, "Nothing is due: all devices are told.");
    return CTL_OK;
}

int ctl_server_id(ctl_t *ctl)
{
    ctl_json_t j = { 0, { 0 } };
    const char *id;
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_READ);

    if (status != CTL_OK)
        return status;
    rv = store_setting_get(ctl->tx, SML_SETTING_SERVER_ID, &id);
    if (rv == APR_NOTFOUND)
        return ctl_fail(ctl, CTL_NOT_FOUND, "this store has no server id "
                        "yet: httpd's first start with it settles that");
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot read the server id");
    if (!ctl->json) {
        puts(ctl_clean(id, ctl->p));
        return CTL_OK;
    }
    ctl_json_open(&j, NULL, '{');
    ctl_json_string(&j, "server_id", id);
    ctl_json_close(&j, '}');
    return CTL_OK;
}
