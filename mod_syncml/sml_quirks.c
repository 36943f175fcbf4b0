/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Habits of single devices, as the administrator has set them.
 */
#include "mod_syncml/sml_session.h"

#include <string.h>

#include <apr_strings.h>

static const char *const names[] = {
    SML_QUIRK_NO_ITEM_STATUS, SML_QUIRK_SEND_GUID, NULL
};

const char *const *sml_quirk_names(void)
{
    return names;
}

static apr_status_t on_setting(void *baton, const char *name,
                               const char *value)
{
    sml_session_t *s = baton;
    apr_size_t n = strlen(SML_QUIRK_PREFIX);

    if (strncmp(name, SML_QUIRK_PREFIX, n) == 0 && strcmp(value, "on") == 0) {
        apr_hash_set(s->quirks, apr_pstrdup(s->p, name + n),
                     APR_HASH_KEY_STRING, "");
    }
    return APR_SUCCESS;
}

int sml_quirk(sml_session_t *s, const char *name)
{
    if (s->quirks == NULL) {
        apr_status_t rv;

        s->quirks = apr_hash_make(s->p);
        rv = store_device_setting_list(s->tx, s->device->id, on_setting, s);
        if (s->rv == APR_SUCCESS) {
            s->rv = rv;
        }
    }
    return apr_hash_get(s->quirks, name, APR_HASH_KEY_STRING) != NULL;
}
