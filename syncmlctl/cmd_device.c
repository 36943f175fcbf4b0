/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* device list, show, set, del: see ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "mod_syncml/sml.h"
#include "syncmlctl/ctl.h"

/** Of the settings that say what a device may do: access.contacts. */
#define ACCESS_PREFIX  "access."

typedef struct list_t {
    ctl_t *ctl;
    ctl_json_t j;
    ctl_table_t *t;
    store_id_t account;         /* name is of this one */
    const char *name;
    apr_status_t rv;
    const store_device_t *device;
} list_t;

/* Devices come sorted by account: look each account up once. */
static const char *account_name(list_t *list, store_id_t id)
{
    if (list->account != id) {
        list->account = id;
        list->name = ctl_account_name(list->ctl, id);
    }
    return list->name ? list->name : "?";
}

static void json_device(list_t *list, const store_device_t *d)
{
    ctl_json_t *j = &list->j;

    ctl_json_string(j, "account", account_name(list, d->account));
    ctl_json_string(j, "device", d->devid);
    ctl_json_string(j, "number", d->number);
    ctl_json_bool(j, "push", d->push);
    ctl_json_string(j, "manufacturer", d->manufacturer);
    ctl_json_string(j, "model", d->model);
    ctl_json_string(j, "firmware", d->firmware);
    ctl_json_string(j, "software", d->software);
    ctl_json_string(j, "hardware", d->hardware);
    ctl_json_string(j, "syncml_version", d->syncml_version);
    ctl_json_string(j, "sync_url", d->sync_url);
    ctl_json_time(j, "first_seen", d->first_seen);
    ctl_json_time(j, "last_seen", d->last_seen);
}

/** Manufacturer and model, without saying one twice. */
static const char *make_and_model(const store_device_t *d, apr_pool_t *p)
{
    if (!*d->manufacturer || strstr(d->model, d->manufacturer))
        return d->model;
    return apr_pstrcat(p, d->manufacturer, *d->model ? " " : "", d->model,
                       NULL);
}

static apr_status_t list_one(void *baton, const store_device_t *d)
{
    list_t *list = baton;
    apr_pool_t *p = list->ctl->p;

    if (list->ctl->json) {
        ctl_json_open(&list->j, NULL, '{');
        json_device(list, d);
        ctl_json_close(&list->j, '}');
        return APR_SUCCESS;
    }
    ctl_table_add(list->t, account_name(list, d->account));
    ctl_table_add(list->t, d->devid);
    ctl_table_add(list->t, d->number);
    ctl_table_add(list->t, d->push ? "on" : "off");
    ctl_table_add(list->t, ctl_time(d->last_seen, p));
    ctl_table_add(list->t, make_and_model(d, p));
    return APR_SUCCESS;
}

int ctl_device_list(ctl_t *ctl)
{
    static const char *const heads[] = {
        "ACCOUNT", "DEVICE", "NUMBER", "PUSH", "LAST SEEN", "MODEL", NULL
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
    rv = store_device_list(ctl->tx, account ? account->id : 0, list_one,
                           &list);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list the devices");
    if (ctl->json)
        ctl_json_close(&list.j, ']');
    else
        ctl_table_print(list.t, "There are no devices: one is known after "
                        "its first sync.");
    return CTL_OK;
}

/* ---- show ---------------------------------------------------------------- */

static apr_status_t show_datastore(void *baton, const store_anchor_t *a,
                                   const store_datastore_t *ds)
{
    list_t *list = baton;
    ctl_t *ctl = list->ctl;
    apr_int64_t lacks = 0;
    apr_status_t rv;

    rv = store_changes_count(ctl->tx, ds->account, a->device, ds->id,
                             a->last.seen, ds->change, &lacks);
    if (rv != APR_SUCCESS)
        return rv;
    if (ctl->json) {
        ctl_json_open(&list->j, NULL, '{');
        ctl_json_string(&list->j, "datastore", ds->name);
        ctl_json_string(&list->j, "uri", a->uri);
        ctl_json_time(&list->j, "synced", a->synced);
        ctl_json_int(&list->j, "lacks", lacks);
        ctl_json_close(&list->j, '}');
        return APR_SUCCESS;
    }
    ctl_table_add(list->t, ds->name);
    ctl_table_add(list->t, a->uri);
    ctl_table_add(list->t, ctl_time(a->synced, ctl->p));
    ctl_table_add(list->t, apr_psprintf(ctl->p, "%" APR_INT64_T_FMT, lacks));
    return APR_SUCCESS;
}

static void show_line(ctl_t *ctl, const char *what, const char *value)
{
    printf("%-14s  %s\n", what, *value ? ctl_clean(value, ctl->p) : "-");
}

static void show_lines(list_t *list, const store_device_t *d)
{
    ctl_t *ctl = list->ctl;

    show_line(ctl, "Device", d->devid);
    show_line(ctl, "Account", account_name(list, d->account));
    show_line(ctl, "Number", d->number);
    show_line(ctl, "Push", d->push ? "on" : "off");
    show_line(ctl, "Manufacturer", d->manufacturer);
    show_line(ctl, "Model", d->model);
    show_line(ctl, "Firmware", d->firmware);
    show_line(ctl, "Software", d->software);
    show_line(ctl, "Hardware", d->hardware);
    show_line(ctl, "SyncML", d->syncml_version);
    show_line(ctl, "Sync URL", d->sync_url);
    show_line(ctl, "DevInf", d->devinf_len
              ? apr_psprintf(ctl->p, "%" APR_SIZE_T_FMT " octets",
                             d->devinf_len) : "");
    show_line(ctl, "First seen", ctl_time(d->first_seen, ctl->p));
    show_line(ctl, "Last seen", ctl_time(d->last_seen, ctl->p));
}

/** Some settings, as they are found. */
typedef struct quirks_t {
    ctl_t *ctl;
    ctl_json_t *j;              /* NULL: as text */
    const char *text;
} quirks_t;

static apr_status_t add_access(void *baton, const char *name,
                               const char *value)
{
    size_t n = strlen(ACCESS_PREFIX);
    quirks_t *q = baton;

    if (strncmp(name, ACCESS_PREFIX, n))
        return APR_SUCCESS;
    if (q->j)
        ctl_json_string(q->j, name + n, value);
    else
        q->text = apr_pstrcat(q->ctl->p, q->text, *q->text ? " " : "",
                              name + n, "=", value, NULL);
    return APR_SUCCESS;
}

/** Some of its settings: an object or array of that name, or a line. */
static apr_status_t show_settings(list_t *list, const store_device_t *d,
                                  store_setting_fn *add, const char *name,
                                  const char *brackets, const char *none)
{
    ctl_t *ctl = list->ctl;
    quirks_t q = { ctl, ctl->json ? &list->j : NULL, "" };
    char *title = apr_pstrdup(ctl->p, name);
    apr_status_t rv;

    if (ctl->json)
        ctl_json_open(&list->j, name, brackets[0]);
    rv = store_device_setting_list(ctl->tx, d->id, add, &q);
    *title = (char)apr_toupper(*title);
    if (ctl->json)
        ctl_json_close(&list->j, brackets[1]);
    else
        show_line(ctl, title, *q.text ? q.text : none);
    return rv;
}

int ctl_device_show(ctl_t *ctl)
{
    static const char *const heads[] = {
        "DATASTORE", "DEVICE'S PATH", "SYNCED", "LACKS", NULL
    };
    store_device_t *d;
    apr_status_t rv;
    list_t list;
    int status = ctl_begin(ctl, STORE_READ);

    if (status == CTL_OK)
        status = ctl_device(ctl, ctl->argv[0], &d);
    if (status != CTL_OK)
        return status;
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    list.t = ctl_table_make(ctl->p, heads);
    if (ctl->json) {
        ctl_json_open(&list.j, NULL, '{');
        json_device(&list, d);
        ctl_json_data(&list.j, "devinf", d->devinf, d->devinf_len, ctl->p);
    }
    else
        show_lines(&list, d);
    status = ctl_habits_show(ctl, d, ctl->json ? &list.j : NULL);
    if (status != CTL_OK)
        return status;
    rv = show_settings(&list, d, add_access, "access", "{}", "full");
    if (rv == APR_SUCCESS)
        rv = ctl_device_push_show(ctl, d, &list.j, show_line);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot read its settings");
    if (ctl->json)
        ctl_json_open(&list.j, "datastores", '[');
    else
        putchar('\n');
    rv = store_anchor_list(ctl->tx, d->id, show_datastore, &list);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot read what it has synced");
    if (ctl->json) {
        ctl_json_close(&list.j, ']');
        ctl_json_close(&list.j, '}');
    }
    else
        ctl_table_print(list.t, "It has not synced anything yet.");
    return CTL_OK;
}

/* ---- set ----------------------------------------------------------------- */

static int take_number(ctl_t *ctl, const char *text)
{
    if (!*text || !strcmp(text, "none")) {
        ctl->number = "";
        return CTL_OK;
    }
    ctl->number = ctl_number(text, ctl->p);
    return ctl->number
           ? CTL_OK
           : ctl_fail(ctl, CTL_BAD_DATA, "\"%s\" is no telephone number: 3 "
                      "to 15 digits, with a + before the country code, or "
                      "none", text);
}

static int take_push(ctl_t *ctl, const char *text)
{
    ctl->push = !strcmp(text, "on") ? 1 : !strcmp(text, "off") ? 0 : -1;
    return ctl->push >= 0
           ? CTL_OK : ctl_fail(ctl, CTL_USAGE, "push is on or off, not "
                               "\"%s\"", text);
}

/** "contacts=read-only"; an alias of a usual datastore will do. */
static int take_access(ctl_t *ctl, const char *text)
{
    const char *eq = strchr(text, '='), *name;
    const sml_datastore_conf_t *known;

    if (!eq || eq == text
        || (strcmp(eq, "=full") && strcmp(eq, "=read-only")
            && strcmp(eq, "=send-only")))
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" is no access: it is "
                        "DATASTORE=full, read-only or send-only", text);
    name = apr_pstrmemdup(ctl->p, text, (apr_size_t)(eq - text));
    known = ctl_known_datastore(name, ctl->p);
    ctl->access = known ? apr_pstrcat(ctl->p, known->name, eq, NULL) : text;
    if (strlen(ACCESS_PREFIX) + (size_t)(eq - text) > STORE_MAX_NAME)
        return ctl_fail(ctl, CTL_USAGE, "the datastore's name is too long");
    return CTL_OK;
}

/** An account's own datastore must be there, and be named as it is kept:
 * what is set for another one would protect nothing. */
static int check_access(ctl_t *ctl, const store_device_t *d)
{
    const char *eq = ctl->access ? strchr(ctl->access, '=') : NULL, *name;
    store_account_t *account;
    apr_status_t rv;
    int status;

    if (!eq || !memchr(ctl->access, '/', (size_t)(eq - ctl->access)))
        return CTL_OK;
    rv = store_account_get(ctl->tx, d->account, &account);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot look up the account");
    status = ctl_own_datastore(ctl, account,
                               apr_pstrmemdup(ctl->p, ctl->access,
                                              (apr_size_t)(eq - ctl->access)),
                               &name);
    if (status == CTL_OK)
        ctl->access = apr_pstrcat(ctl->p, name, eq, NULL);
    return status;
}

static apr_status_t set_access(ctl_t *ctl, const store_device_t *d)
{
    const char *eq = ctl->access ? strchr(ctl->access, '=') : NULL;

    if (!eq)
        return APR_SUCCESS;
    return store_device_setting_set(
        ctl->tx, d->id,
        apr_pstrcat(ctl->p, ACCESS_PREFIX,
                    apr_pstrmemdup(ctl->p, ctl->access,
                                   (apr_size_t)(eq - ctl->access)), NULL),
        strcmp(eq, "=full") ? eq + 1 : NULL);
}

/** What is to be set stands in options or in words behind the device. */
int ctl_device_prepare(ctl_t *ctl)
{
    int status = CTL_OK, i;

    if (ctl->options[OPT_NUMBER])
        status = take_number(ctl, ctl->options[OPT_NUMBER]);
    if (status == CTL_OK && ctl->options[OPT_PUSH])
        status = take_push(ctl, ctl->options[OPT_PUSH]);
    if (status == CTL_OK && ctl->options[OPT_ACCESS])
        status = take_access(ctl, ctl->options[OPT_ACCESS]);
    if (status == CTL_OK && ctl->options[OPT_QUIRK])
        status = ctl_take_quirk(ctl, ctl->options[OPT_QUIRK]);
    for (i = 1; i < ctl->argc && status == CTL_OK; i += 2) {
        const char *value = i + 1 < ctl->argc ? ctl->argv[i + 1] : NULL;

        if (!value)
            status = ctl_fail(ctl, CTL_USAGE, "a value is missing behind "
                              "\"%s\"", ctl->argv[i]);
        else if (!strcmp(ctl->argv[i], "number"))
            status = take_number(ctl, value);
        else if (!strcmp(ctl->argv[i], "push"))
            status = take_push(ctl, value);
        else if (!ctl_device_push_word(ctl, ctl->argv[i], value, &status))
            status = ctl_take_habit(ctl, ctl->argv[i], value);
        if (status < 0)
            status = ctl_fail(ctl, CTL_USAGE, "\"%s\" cannot be set; number, "
                              "push, quirk, format, zone, charset, clock, "
                              "days, tcp, san-form, ui-mode, vendor, nonce "
                              "and poll can", ctl->argv[i]);
    }
    if (status == CTL_OK && !ctl->number && ctl->push < 0 && !ctl->settings
        && !ctl->access && !ctl->push_settings)
        status = ctl_fail(ctl, CTL_USAGE, "nothing to set: give --number "
                          "NUMBER, --push on|off, --quirk NAME=on|off or "
                          "--access DATASTORE=full|read-only|send-only");
    return status;
}

/** A usual datastore, one of the account's own, or the usual combination? */
static int is_known_access(const ctl_t *ctl)
{
    apr_size_t n = strcspn(ctl->access, "=");
    const char *name = apr_pstrmemdup(ctl->p, ctl->access, n);

    return strchr(name, '/') || !strcmp(name, "caltasks")
           || ctl_known_datastore(name, ctl->p);
}

static void report_set(ctl_t *ctl, const store_device_t *d,
                       const char *account)
{
    list_t list;

    if (!ctl->json) {
        printf("device %s of %s: number %s, push %s%s%s\n",
               ctl_clean(d->devid, ctl->p), ctl_clean(account, ctl->p),
               *d->number ? d->number : "none", d->push ? "on" : "off",
               ctl->access ? ", access " : "",
               ctl->access ? ctl_clean(ctl->access, ctl->p) : "");
        if (ctl->access && !is_known_access(ctl))
            puts("this is none of the usual datastores: it means something "
                 "only if SyncMLDatastore has a combination of that name");
        if (*d->number && !d->push)
            printf("it is not told of changes: `syncmlctl device set %s "
                   "push on' switches that on\n",
                   ctl_clean(d->devid, ctl->p));
        return;
    }
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    list.account = d->account;
    list.name = account;
    ctl_json_open(&list.j, NULL, '{');
    json_device(&list, d);
    ctl_json_close(&list.j, '}');
}

int ctl_device_set(ctl_t *ctl)
{
    const char *account;
    store_device_t *d;
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE);

    if (status == CTL_OK)
        status = ctl_device(ctl, ctl->argv[0], &d);
    if (status == CTL_OK)
        status = check_access(ctl, d);
    if (status != CTL_OK)
        return status;
    if (ctl->number)
        d->number = ctl->number;
    if (ctl->push >= 0)
        d->push = ctl->push;
    rv = store_device_update(ctl->tx, d);
    if (rv == APR_SUCCESS)
        rv = ctl_habits_set(ctl, d);
    if (rv == APR_SUCCESS)
        rv = set_access(ctl, d);
    if (rv == APR_SUCCESS)
        rv = ctl_device_push_set(ctl, d->id);
    /* Another way to it is a new beginning.  Other settings are not: they end
     * no wait for an answer. */
    if (rv == APR_SUCCESS)
        rv = ctl->number || ctl->push >= 0 || ctl->push_settings
            ? store_due_refresh(ctl->tx, d->id)
            : store_due_replan(ctl->tx, 0, d->id);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the device was not changed");
    account = ctl_account_name(ctl, d->account);
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        report_set(ctl, d, account);
    return status;
}

/* ---- del ----------------------------------------------------------------- */

int ctl_device_del(ctl_t *ctl)
{
    ctl_json_t j = { 0, { 0 } };
    store_device_t *d;
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_READ);

    if (status == CTL_OK)
        status = ctl_device(ctl, ctl->argv[0], &d);
    if (status != CTL_OK)
        return status;
    store_rollback(&ctl->tx);
    if (!ctl_confirm(ctl, apr_psprintf(ctl->p, "Forget device %s?",
                                       ctl_clean(d->devid, ctl->p))))
        return ctl_fail(ctl, CTL_FAILURE, "nothing was deleted");
    status = ctl_begin(ctl, STORE_WRITE);
    if (status != CTL_OK)
        return status;
    rv = store_device_delete(ctl->tx, d->account, d->id);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the device was not deleted");
    status = ctl_commit(ctl);
    if (status == CTL_OK && ctl->json) {
        ctl_json_open(&j, NULL, '{');
        ctl_json_string(&j, "device", d->devid);
        ctl_json_string(&j, "done", "deleted");
        ctl_json_close(&j, '}');
    }
    else if (status == CTL_OK)
        printf("device %s: deleted\n", ctl_clean(d->devid, ctl->p));
    return status;
}
