/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* How a device writes items, and in which time its user lives: what of it is
 * set, and what comes of that; see ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "item/item_quirks_file.h"
#include "item/item_zone.h"
#include "mod_syncml/sml_form.h"
#include "syncmlctl/ctl.h"

/* ---- taking words -------------------------------------------------------- */

/** Remember that a setting is to be written. @param value  NULL: removed */
static void push(ctl_t *ctl, const char *name, const char *value)
{
    ctl_setting_t *s;

    if (!ctl->settings)
        ctl->settings = apr_array_make(ctl->p, 4, sizeof(ctl_setting_t));
    s = apr_array_push(ctl->settings);
    s->name = name;
    s->value = value;
}

static const char *flag_list(apr_pool_t *p)
{
    const char *const *name = item_flag_names();
    const char *all = *name;

    while (*++name)
        all = apr_pstrcat(p, all, ", ", *name, NULL);
    return all;
}

/** "NAME=on", "NAME=off", "NAME=default" of a flag that there is. */
int ctl_take_quirk(ctl_t *ctl, const char *text)
{
    const char *eq = strchr(text, '='), *name;
    item_traits_t traits;
    const char *words[2], *error;

    if (!eq || (strcmp(eq, "=on") && strcmp(eq, "=off")
                && strcmp(eq, "=default")))
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" is no quirk to be set: it is "
                        "NAME=on, NAME=off or NAME=default", text);
    name = apr_pstrmemdup(ctl->p, text, (apr_size_t)(eq - text));
    words[0] = name;
    words[1] = "on";
    item_traits_init(&traits, ctl->p);
    if (!item_traits_set(&traits, words, 2, &error, ctl->p)
        || !item_traits_flag(&traits, name))
        return ctl_fail(ctl, CTL_BAD_DATA, "there is no quirk \"%s\"; there "
                        "is: %s", name, flag_list(ctl->p));
    push(ctl, apr_pstrcat(ctl->p, SML_QUIRK_PREFIX, name, NULL),
         strcmp(eq, "=default") ? eq + 1 : NULL);
    return CTL_OK;
}

/** "contacts=vcard21", "contacts=default". */
static int take_format(ctl_t *ctl, const char *text)
{
    const char *eq = strchr(text, '='), *name;
    const sml_datastore_conf_t *known;
    item_format_e format;

    if (!eq || eq == text)
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" is no format to be set: it is "
                        "DATASTORE=FORMAT or DATASTORE=default", text);
    name = apr_pstrmemdup(ctl->p, text, (apr_size_t)(eq - text));
    known = ctl_known_datastore(name, ctl->p);
    name = known ? known->name : name;
    format = item_format_named(eq + 1);
    if (strcmp(eq, "=default")
        && (format == ITEM_FORMAT_AS_IS
            || (known && !item_format_holds(format, known->kind)
                && (known->kind != ITEM_TEXT
                    || format != ITEM_FORMAT_ICAL20))))
        return ctl_fail(ctl, CTL_BAD_DATA, "\"%s\" is no format for %s: there "
                        "are vcard21, vcard30, vcard40 and sifc for contacts, "
                        "vcal10, ical20 and sife for a calendar, vcal10, "
                        "ical20 and sift for tasks, text, vnote, sifn and "
                        "ical20 for notes", eq + 1, name);
    if (strlen(SML_FORM_SETTING) + strlen(name) > STORE_MAX_NAME)
        return ctl_fail(ctl, CTL_USAGE, "the datastore's name is too long");
    push(ctl, apr_pstrcat(ctl->p, SML_FORM_SETTING, name, NULL),
         strcmp(eq, "=default") ? item_format_name(format) : NULL);
    return CTL_OK;
}

int ctl_take_zone(ctl_t *ctl, const char *text)
{
    item_span_t name = { text, strlen(text) };
    int none = !strcmp(text, "none") || !strcmp(text, "default");

    if (!none && (name.len > ITEM_ZONE_NAME_MAX
                  || !item_zone_open(name, ctl->p)))
        return ctl_fail(ctl, CTL_BAD_DATA, "\"%s\" is no time zone of this "
                        "system: give one such as Europe/Berlin, or none",
                        text);
    push(ctl, SML_SETTING_ZONE, none ? NULL : text);
    return CTL_OK;
}

/** clock, days, charset: by the words of the quirks file. */
static int take_value(ctl_t *ctl, const char *name, const char *text)
{
    item_traits_t traits;
    const char *error;

    item_traits_init(&traits, ctl->p);
    if (!sml_traits_setting(&traits, name, text, &error, ctl->p))
        return ctl_fail(ctl, CTL_BAD_DATA, "%s, not \"%s\"", error, text);
    push(ctl, name, strcmp(text, "default") ? text : NULL);
    return CTL_OK;
}

int ctl_take_habit(ctl_t *ctl, const char *word, const char *value)
{
    if (!strcmp(word, "quirk"))
        return ctl_take_quirk(ctl, value);
    if (!strcmp(word, "format"))
        return take_format(ctl, value);
    if (!strcmp(word, "zone"))
        return ctl_take_zone(ctl, value);
    if (!strcmp(word, SML_SETTING_CLOCK) || !strcmp(word, SML_SETTING_DAYS)
        || !strcmp(word, SML_SETTING_CHARSET))
        return take_value(ctl, word, value);
    return -1;
}

/* ---- what comes of it ---------------------------------------------------- */

typedef struct known_t {
    ctl_t *ctl;
    apr_hash_t *settings;       /* all of the device's */
    item_traits_t traits;
    const char *file;           /* of the quirks; NULL: none was read */
} known_t;

static apr_status_t on_setting(void *baton, const char *name,
                               const char *value)
{
    known_t *k = baton;

    apr_hash_set(k->settings, apr_pstrdup(k->ctl->p, name),
                 APR_HASH_KEY_STRING, apr_pstrdup(k->ctl->p, value));
    return APR_SUCCESS;
}

/** @return exit status */
static int find_out(known_t *k, const store_device_t *d)
{
    ctl_t *ctl = k->ctl;
    const char *path = ctl->options[OPT_QUIRKS_FILE], *error;
    item_device_t device = { d->manufacturer, d->model, d->firmware,
                             d->software, d->hardware, d->devid,
                             d->syncml_version };
    item_quirks_t *quirks = NULL;
    apr_status_t rv;

    k->settings = apr_hash_make(ctl->p);
    rv = store_device_setting_list(ctl->tx, d->id, on_setting, k);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot read its settings");
    rv = item_quirks_load(&quirks, path ? path : SML_DEFAULT_QUIRKS, &error,
                          ctl->p);
    if (rv != APR_SUCCESS && (path || !APR_STATUS_IS_ENOENT(rv)))
        return ctl_fail(ctl, CTL_BAD_DATA, "quirks: %s", error);
    k->file = quirks ? path ? path : SML_DEFAULT_QUIRKS : NULL;
    sml_traits_make(&k->traits, quirks, &device, k->settings, NULL, ctl->p);
    return CTL_OK;
}

apr_status_t ctl_habits_set(ctl_t *ctl, const store_device_t *d)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; ctl->settings && i < ctl->settings->nelts
                && rv == APR_SUCCESS; i++) {
        const ctl_setting_t *s = &APR_ARRAY_IDX(ctl->settings, i,
                                                ctl_setting_t);

        rv = store_device_setting_set(ctl->tx, d->id, s->name, s->value);
    }
    return rv;
}

/* ---- show ---------------------------------------------------------------- */

static const char *setting(const known_t *k, const char *name)
{
    return apr_hash_get(k->settings, name, APR_HASH_KEY_STRING);
}

static const char *more(ctl_t *ctl, const char *text, const char *what)
{
    return apr_pstrcat(ctl->p, text, *text ? " " : "", what, NULL);
}

/** What is so with the device, whoever says so: "alarm-absolute clock=utc". */
static const char *habits(const known_t *k)
{
    const item_traits_t *t = &k->traits;
    const char *const *name, *text = "";

    for (name = item_flag_names(); *name; name++) {
        if (item_traits_flag(t, *name))
            text = more(k->ctl, text, *name);
    }
    if (t->clock != ITEM_CLOCK_DEFAULT)
        text = more(k->ctl, text, apr_pstrcat(k->ctl->p, "clock=",
                                              item_clock_name(t->clock),
                                              NULL));
    if (t->days != ITEM_DAYS_DEFAULT)
        text = more(k->ctl, text, apr_pstrcat(k->ctl->p, "days=",
                                              item_days_name(t->days), NULL));
    if (t->charset)
        text = more(k->ctl, text, apr_pstrcat(k->ctl->p, "charset=",
                                              t->charset, NULL));
    return text;
}

static const char *set_by_hand(const known_t *k)
{
    const char *const *name, *text = "", *value;

    for (name = item_flag_names(); *name; name++) {
        value = setting(k, apr_pstrcat(k->ctl->p, SML_QUIRK_PREFIX, *name,
                                       NULL));
        if (value)
            text = more(k->ctl, text, strcmp(value, "on")
                        ? apr_pstrcat(k->ctl->p, *name, "=", value, NULL)
                        : *name);
    }
    return text;
}

static void choose(const known_t *k, const store_device_t *d,
                   const sml_datastore_conf_t *ds, sml_form_t *form)
{
    memset(form, 0, sizeof(*form));
    sml_form_choose(form, ds->kind, &k->traits,
                    setting(k, apr_pstrcat(k->ctl->p, SML_FORM_SETTING,
                                           ds->name, NULL)),
                    setting(k, apr_pstrcat(k->ctl->p, SML_FORM_SENT_AS,
                                           ds->name, NULL)),
                    d->devinf, d->devinf_len, NULL, d->syncml_version,
                    k->ctl->p);
}

static void json_forms(const known_t *k, const store_device_t *d,
                       ctl_json_t *j)
{
    apr_array_header_t *list = sml_default_datastores(k->ctl->p);
    sml_form_t form;
    int i;

    ctl_json_open(j, "forms", '{');
    for (i = 0; i < list->nelts; i++) {
        const sml_datastore_conf_t *ds =
            APR_ARRAY_IDX(list, i, sml_datastore_conf_t *);

        if (ds->members)
            continue;
        choose(k, d, ds, &form);
        ctl_json_open(j, ds->name, '{');
        ctl_json_string(j, "format", item_format_name(form.form.format));
        ctl_json_string(j, "why", sml_form_why(form.why));
        ctl_json_close(j, '}');
    }
    ctl_json_close(j, '}');
}

static void json_known(const known_t *k, const store_device_t *d,
                       ctl_json_t *j)
{
    const char *const *name, *zone = setting(k, SML_SETTING_ZONE);
    int i;

    ctl_json_open(j, "quirks", '[');
    for (name = item_flag_names(); *name; name++) {
        const char *value = setting(k, apr_pstrcat(k->ctl->p,
                                                   SML_QUIRK_PREFIX, *name,
                                                   NULL));

        if (value && !strcmp(value, "on"))
            ctl_json_string(j, NULL, *name);
    }
    ctl_json_close(j, ']');
    ctl_json_string(j, "zone", zone ? zone : "");
    ctl_json_open(j, "sections", '[');
    for (i = 0; i < k->traits.sections->nelts; i++)
        ctl_json_string(j, NULL, APR_ARRAY_IDX(k->traits.sections, i,
                                               const char *));
    ctl_json_close(j, ']');
    ctl_json_string(j, "habits", habits(k));
    json_forms(k, d, j);
}

static void print_line(ctl_t *ctl, const char *what, const char *value)
{
    printf("%-14s  %s\n", what, *value ? ctl_clean(value, ctl->p) : "-");
}

static void print_known(const known_t *k, const store_device_t *d)
{
    ctl_t *ctl = k->ctl;
    apr_array_header_t *list = sml_default_datastores(ctl->p);
    const char *zone = setting(k, SML_SETTING_ZONE), *text = "";
    sml_form_t form;
    int i;

    print_line(ctl, "Quirks", set_by_hand(k));
    print_line(ctl, "Zone", zone ? zone : "");
    for (i = 0; i < k->traits.sections->nelts; i++)
        text = apr_pstrcat(ctl->p, text, *text ? ", " : "",
                           APR_ARRAY_IDX(k->traits.sections, i, const char *),
                           NULL);
    print_line(ctl, "Sections", k->file ? text : "no quirks file was read");
    print_line(ctl, "Habits", habits(k));
    for (i = 0, text = ""; i < list->nelts; i++) {
        const sml_datastore_conf_t *ds =
            APR_ARRAY_IDX(list, i, sml_datastore_conf_t *);

        if (ds->members)
            continue;
        choose(k, d, ds, &form);
        print_line(ctl, *text ? "" : "Formats",
                   apr_psprintf(ctl->p, "%s: %s, %s", ds->name,
                                item_format_name(form.form.format),
                                sml_form_why(form.why)));
        text = ",";
    }
}

int ctl_habits_show(ctl_t *ctl, const store_device_t *d, ctl_json_t *j)
{
    known_t k = { 0 };
    int status;

    k.ctl = ctl;
    status = find_out(&k, d);
    if (status != CTL_OK)
        return status;
    if (j)
        json_known(&k, d, j);
    else
        print_known(&k, d);
    return CTL_OK;
}
