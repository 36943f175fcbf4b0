/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What is known of phones and of their users' time: SyncMLQuirks,
 * SyncMLTimeZone.
 */
#include "mod_syncml/syncml_config.h"

#include "apr_file_info.h"
#include "apr_strings.h"
#include "http_core.h"

#include "item/item_quirks_file.h"
#include "item/item_zone.h"

/* ---- the directives -------------------------------------------------------- */

const char *syncml_set_quirks(cmd_parms *cmd, void *dummy, const char *arg)
{
    syncml_server_conf_t *conf = syncml_server_conf(cmd->server);
    item_quirks_t *quirks;
    const char *error;

    if (ap_cstr_casecmp(arg, "off") == 0) {
        conf->quirks_path = "";
        return NULL;
    }
    conf->quirks_path = ap_server_root_relative(cmd->pool, arg);
    if (conf->quirks_path == NULL) {
        return syncml_conf_error(cmd, "'%s' is no path of a file", arg);
    }
    /* A restart does not fail over it: the running server would be gone. */
    if (ap_state_query(AP_SQ_CONFIG_GEN) <= 1
        && item_quirks_load(&quirks, conf->quirks_path, &error,
                            cmd->temp_pool) != APR_SUCCESS) {
        return syncml_conf_error(cmd, "%s; give a file of quirks, or off"
                                 " (default " SYNCML_DEFAULT_QUIRKS ")",
                                 error);
    }
    return NULL;
}

const char *syncml_set_time_zone(cmd_parms *cmd, void *c, const char *arg)
{
    syncml_dir_conf_t *conf = c;
    item_span_t name = { arg, strlen(arg) };

    conf->time_zone = "";
    if (ap_cstr_casecmp(arg, "none") == 0) {
        return NULL;
    }
    conf->time_zone = arg;
    if (strlen(arg) > ITEM_ZONE_NAME_MAX
        || item_zone_open(name, cmd->temp_pool) == NULL) {
        return syncml_conf_error(cmd, "'%s' is no time zone of this system:"
                                 " give one such as Europe/Berlin, or none"
                                 " (default)", arg);
    }
    return NULL;
}

/* ---- in each process --------------------------------------------------------- */

static void say(void *baton, int level, const char *text)
{
    ap_log_error(APLOG_MARK, level, 0, (const server_rec *)baton, "%s", text);
}

/* Servers with the same file share what was read of it. */
static struct item_quirks_file_t *same_file(server_rec *first,
                                            const server_rec *s,
                                            const char *path)
{
    for (; first != s; first = first->next) {
        const syncml_server_conf_t *conf = syncml_server_conf(first);

        if (conf->quirks != NULL && strcmp(conf->quirks_in, path) == 0) {
            return conf->quirks;
        }
    }
    return NULL;
}

void syncml_quirks_open(server_rec *first, apr_pool_t *pchild)
{
    server_rec *s;

    for (s = first; s != NULL; s = s->next) {
        syncml_server_conf_t *conf = syncml_server_conf(s);
        const char *path = conf->quirks_path;
        apr_finfo_t info;

        if (path == NULL) {
            path = SYNCML_DEFAULT_QUIRKS;
            if (apr_stat(&info, path, APR_FINFO_TYPE, pchild)
                != APR_SUCCESS) {
                continue;       /* not installed */
            }
        }
        if (*path == '\0') {
            continue;
        }
        conf->quirks_in = path;
        conf->quirks = same_file(first, s, path);
        if (conf->quirks == NULL
            && item_quirks_file_make(&conf->quirks, path, say, s, pchild)
               != APR_SUCCESS) {
            conf->quirks = NULL;
        }
    }
}

/* ---- for a request ----------------------------------------------------------- */

static const item_quirks_t *in_force(void *baton, apr_pool_t *p)
{
    return item_quirks_file_get(baton, apr_time_now(), p);
}

void syncml_conf_quirks(const syncml_dir_conf_t *conf, const server_rec *s,
                        sml_config_t *config)
{
    struct item_quirks_file_t *file = syncml_server_conf(s)->quirks;

    config->time_zone = conf->time_zone && *conf->time_zone
                      ? conf->time_zone : NULL;
    if (file != NULL) {
        config->quirks = in_force;
        config->quirks_baton = file;
    }
}
