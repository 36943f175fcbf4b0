/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Habits of single devices: by the quirks file, then as the administrator has
 * set them for the device.
 */
#include "item/item_zone.h"
#include "mod_syncml/sml_session.h"

#include <string.h>

#include <apr_strings.h>

#include "store/store_push.h"

/* ---- settings ------------------------------------------------------------ */

int sml_traits_setting(item_traits_t *traits, const char *name,
                       const char *value, const char **error, apr_pool_t *p)
{
    apr_size_t n = strlen(SML_QUIRK_PREFIX);
    const char *words[2];

    *error = NULL;
    words[1] = value;
    if (strncmp(name, SML_QUIRK_PREFIX, n) == 0) {
        words[0] = name + n;
    }
    else if (strcmp(name, SML_SETTING_CLOCK) == 0
             || strcmp(name, SML_SETTING_DAYS) == 0
             || strcmp(name, SML_SETTING_CHARSET) == 0) {
        words[0] = name;
    }
    else {
        return 0;
    }
    return item_traits_set(traits, words, 2, error, p);
}

void sml_traits_make(item_traits_t *traits, const item_quirks_t *quirks,
                     const item_device_t *device, apr_hash_t *settings,
                     apr_array_header_t *wrong, apr_pool_t *p)
{
    apr_hash_index_t *at;
    const char *error;

    item_quirks_match(quirks, device, traits, p);
    at = settings ? apr_hash_first(p, settings) : NULL;
    for (; at != NULL; at = apr_hash_next(at)) {
        const void *name;
        void *value;

        apr_hash_this(at, &name, NULL, &value);
        if (!sml_traits_setting(traits, name, value, &error, p)
            && error != NULL && wrong != NULL) {
            APR_ARRAY_PUSH(wrong, const char *) =
                apr_psprintf(p, "%s is \"%s\", but %s", (const char *)name,
                             (const char *)value, error);
        }
    }
}

static apr_status_t on_setting(void *baton, const char *name,
                               const char *value)
{
    sml_session_t *s = baton;

    apr_hash_set(s->settings, apr_pstrdup(s->p, name), APR_HASH_KEY_STRING,
                 apr_pstrdup(s->p, value));
    return APR_SUCCESS;
}

static void load_settings(sml_session_t *s)
{
    apr_status_t rv;

    if (s->settings == NULL) {
        s->settings = apr_hash_make(s->p);
        rv = store_device_setting_list(s->tx, s->device->id, on_setting, s);
        if (s->rv == APR_SUCCESS) {
            s->rv = rv;
        }
    }
}

const char *sml_device_setting(sml_session_t *s, const char *name)
{
    load_settings(s);
    return apr_hash_get(s->settings, name, APR_HASH_KEY_STRING);
}

void sml_device_set(sml_session_t *s, const char *name, const char *value)
{
    const char *is = sml_device_setting(s, name);

    if (s->rv != APR_SUCCESS || (is == NULL && value == NULL)
        || (is != NULL && value != NULL && strcmp(is, value) == 0)) {
        return;
    }
    apr_hash_set(s->settings, apr_pstrdup(s->p, name), APR_HASH_KEY_STRING,
                 value ? apr_pstrdup(s->p, value) : NULL);
    s->rv = store_device_setting_set(s->tx, s->device->id, name, value);
}

/* ---- traits -------------------------------------------------------------- */

static void describe(const sml_session_t *s, item_device_t *d)
{
    static const char *const versions[] = { "1.0", "1.1", "1.2" };

    d->manufacturer = s->device->manufacturer;
    d->model = s->device->model;
    d->firmware = s->device->firmware;
    d->software = s->device->software;
    d->hardware = s->device->hardware;
    d->id = s->device->devid;
    d->syncml = versions[s->state->version];
}

const item_traits_t *sml_traits(sml_session_t *s)
{
    const sml_config_t *config = s->config;
    apr_array_header_t *wrong;
    item_traits_t *traits;
    item_device_t device;
    int i;

    if (s->traits != NULL) {
        return s->traits;
    }
    load_settings(s);
    describe(s, &device);
    traits = apr_palloc(s->p, sizeof(*traits));
    wrong = apr_array_make(s->p, 1, sizeof(const char *));
    sml_traits_make(traits, config->quirks
                            ? config->quirks(config->quirks_baton, s->p)
                            : NULL,
                    &device, s->settings, wrong, s->p);
    s->traits = traits;
    for (i = 0; i < wrong->nelts && s->is_new; i++) {
        sml_log(config, 4, 0, "device %s of account %s: its setting %s",
                s->device->devid, s->state->user,
                APR_ARRAY_IDX(wrong, i, const char *));
    }
    return traits;
}

void sml_traits_forget(sml_session_t *s)
{
    s->traits = NULL;
    s->forms = NULL;
    s->held = NULL;
    s->zone = NULL;
}

int sml_quirk(sml_session_t *s, const char *name)
{
    return item_traits_flag(sml_traits(s), name);
}

/* What was set by hand stays: it is another than what was set here. */
void sml_traits_tell_push(sml_session_t *s)
{
    const item_traits_t *traits = sml_traits(s);
    const char *ours = sml_device_setting(s, SML_PUSH_SAN_BY);
    const char *form = sml_device_setting(s, SML_PUSH_SAN_FORM);

    if (form == NULL || (ours != NULL && strcmp(form, ours) == 0)) {
        sml_device_set(s, SML_PUSH_SAN_FORM, traits->san);
        sml_device_set(s, SML_PUSH_SAN_BY, traits->san);
    }
}

/* ---- the user's zone ----------------------------------------------------- */

static const char *account_zone(sml_session_t *s, const char *prefix)
{
    const char *value;
    apr_status_t rv =
        store_setting_get(s->tx, apr_psprintf(s->p, "%s%" APR_INT64_T_FMT,
                                              prefix, s->account),
                          &value);

    if (rv != APR_SUCCESS && rv != APR_NOTFOUND && s->rv == APR_SUCCESS) {
        s->rv = rv;
    }
    return rv == APR_SUCCESS ? apr_pstrdup(s->p, value) : NULL;
}

const char *sml_user_zone(sml_session_t *s)
{
    if (s->zone == NULL) {
        const char *zone = sml_device_setting(s, SML_SETTING_ZONE);

        zone = zone ? zone : account_zone(s, SML_ACCOUNT_ZONE);
        zone = zone ? zone : s->config->time_zone;
        zone = zone ? zone : account_zone(s, SML_LEARNED_ZONE);
        s->zone = zone ? zone : "";
    }
    return *s->zone ? s->zone : NULL;
}

/* @return the zone of the first time that has one; NULL: none that is known */
static const char *named_zone(const item_text_t *text, apr_pool_t *p)
{
    static const char tzid[] = "DTSTART;TZID=";
    const apr_size_t n = sizeof(tzid) - 1;
    const item_zone_t *zone;
    item_span_t name;
    apr_size_t i;

    for (i = 0; i + n < text->len; i++) {
        if (text->data[i] != 'D' || memcmp(text->data + i, tzid, n) != 0) {
            continue;
        }
        name.s = text->data + i + n;
        for (name.len = 0; i + n + name.len < text->len
             && strchr(":;\"\r\n", name.s[name.len]) == NULL; name.len++) {
        }
        zone = item_zone_open(name, p);
        return zone && *item_zone_name(zone) ? item_zone_name(zone) : NULL;
    }
    return NULL;
}

void sml_learn_zone(sml_session_t *s, const item_text_t *text)
{
    const char *zone;

    if (s->rv != APR_SUCCESS || sml_user_zone(s) != NULL
        || s->rv != APR_SUCCESS) {
        return;
    }
    zone = named_zone(text, s->p);
    if (zone != NULL) {
        s->rv = store_setting_set(s->tx, apr_psprintf(s->p, "%s%"
                                  APR_INT64_T_FMT, SML_LEARNED_ZONE,
                                  s->account), zone);
        s->zone = apr_pstrdup(s->p, zone);
        s->forms = NULL;
    }
}

/* ---- where it was seen ------------------------------------------------- */

apr_status_t sml_note_address(sml_session_t *s, const char *remote)
{
    const char *tcp, *seen = "";
    apr_status_t rv;

    if (remote == NULL) {
        return APR_SUCCESS;
    }
    rv = store_device_setting_get(s->tx, s->device->id, STORE_DEVICE_TCP,
                                  &tcp);
    if (rv != APR_SUCCESS || strcmp(tcp, "auto") != 0) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    rv = store_device_setting_get(s->tx, s->device->id,
                                  STORE_DEVICE_TCP_SEEN, &seen);
    if (rv == APR_NOTFOUND
        || (rv == APR_SUCCESS && strcmp(seen, remote) != 0)) {
        rv = store_device_setting_set(s->tx, s->device->id,
                                      STORE_DEVICE_TCP_SEEN, remote);
    }
    return rv;
}
