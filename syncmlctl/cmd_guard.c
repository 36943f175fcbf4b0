/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* guard list, release, drop: see ctl.h and mod_syncml/sml_guard.h. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "mod_syncml/sml_guard.h"
#include "syncmlctl/ctl.h"

typedef struct list_t {
    ctl_t *ctl;
    ctl_json_t j;
    ctl_table_t *t;
    const store_device_t *device;
} list_t;

static const char *words_for(const char *what)
{
    return strcmp(what, SML_GUARD_HELD) == 0 ? "deletes held"
         : strcmp(what, SML_GUARD_STOPPED) == 0 ? "deletes stopped"
         : "doubling stopped";
}

static apr_status_t list_note(void *baton, const sml_guard_note_t *note)
{
    list_t *list = baton;
    ctl_json_t *j = &list->j;
    apr_pool_t *p = list->ctl->p;
    const char *account = ctl_account_name(list->ctl, list->device->account);

    if (list->ctl->json) {
        ctl_json_open(j, NULL, '{');
        ctl_json_string(j, "account", account);
        ctl_json_string(j, "device", list->device->devid);
        ctl_json_string(j, "datastore", note->datastore);
        ctl_json_string(j, "what", note->what);
        ctl_json_int(j, "count", note->count);
        ctl_json_int(j, "items", note->of);
        ctl_json_time(j, "since", note->when);
        ctl_json_close(j, '}');
        return APR_SUCCESS;
    }
    ctl_table_add(list->t, account);
    ctl_table_add(list->t, list->device->devid);
    ctl_table_add(list->t, note->datastore);
    ctl_table_add(list->t, words_for(note->what));
    ctl_table_add(list->t, apr_psprintf(p, "%" APR_INT64_T_FMT " of %"
                                        APR_INT64_T_FMT, note->count,
                                        note->of));
    ctl_table_add(list->t, ctl_time(note->when, p));
    return APR_SUCCESS;
}

static apr_status_t list_device(void *baton, const store_device_t *d)
{
    list_t *list = baton;

    list->device = d;
    return sml_guard_list(list->ctl->tx, d->id, list_note, list,
                          list->ctl->p);
}

int ctl_guard_list(ctl_t *ctl)
{
    static const char *const heads[] = {
        "ACCOUNT", "DEVICE", "DATASTORE", "WHAT", "ITEMS", "SINCE", NULL
    };
    store_account_t *account;
    apr_status_t rv;
    list_t list;
    int status = ctl_begin_list(ctl, &account);

    if (status != CTL_OK)
        return status;
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    list.t = ctl_table_make(ctl->p, heads);
    if (ctl->json)
        ctl_json_open(&list.j, NULL, '[');
    rv = store_device_list(ctl->tx, account ? account->id : 0, list_device,
                           &list);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list what was stopped");
    if (ctl->json)
        ctl_json_close(&list.j, ']');
    else
        ctl_table_print(list.t, "No session was stopped.");
    return CTL_OK;
}

typedef apr_status_t decide_fn(store_tx_t *tx, store_id_t account,
                               store_id_t device, const char *name,
                               apr_int64_t *count, apr_pool_t *p);

/** What it was, before it is decided. */
static apr_status_t find_note(void *baton, const sml_guard_note_t *note)
{
    sml_guard_note_t *found = baton;

    if (strcmp(note->datastore, found->datastore) == 0)
        *found = *note;
    return APR_SUCCESS;
}

static int decide(ctl_t *ctl, decide_fn *fn, sml_guard_note_t *note,
                  apr_int64_t *count)
{
    const sml_datastore_conf_t *known =
        ctl_known_datastore(ctl->argv[1], ctl->p);
    store_device_t *device;
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE);

    if (status == CTL_OK)
        status = ctl_device(ctl, ctl->argv[0], &device);
    if (status != CTL_OK)
        return status;
    memset(note, 0, sizeof(*note));
    note->datastore = known ? known->name : ctl->argv[1];
    rv = sml_guard_list(ctl->tx, device->id, find_note, note, ctl->p);
    if (rv == APR_SUCCESS)
        rv = note->what ? fn(ctl->tx, device->account, device->id,
                             note->datastore, count, ctl->p) : APR_NOTFOUND;
    if (rv == APR_NOTFOUND)
        return ctl_fail(ctl, CTL_NOT_FOUND, "nothing of %s waits for a "
                        "decision about device %s: see syncmlctl guard list",
                        ctl->argv[1], ctl->argv[0]);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot decide");
    return ctl_commit(ctl);
}

static int is_held(const sml_guard_note_t *note)
{
    return strcmp(note->what, SML_GUARD_HELD) == 0;
}

int ctl_guard_release(ctl_t *ctl)
{
    sml_guard_note_t note;
    apr_int64_t count = 0;
    int status = decide(ctl, sml_guard_release, &note, &count);

    if (status != CTL_OK)
        return status;
    if (is_held(&note))
        printf("%" APR_INT64_T_FMT " items deleted.\n", count);
    else
        puts("The device's next session is let through, once.");
    return CTL_OK;
}

int ctl_guard_drop(ctl_t *ctl)
{
    sml_guard_note_t note;
    apr_int64_t count = 0;
    int status = decide(ctl, sml_guard_drop, &note, &count);

    if (status != CTL_OK)
        return status;
    if (is_held(&note))
        printf("The device gets %" APR_INT64_T_FMT " items back with its "
               "next sync.\n", count);
    else
        puts("Forgotten: nothing had been done.");
    return CTL_OK;
}
