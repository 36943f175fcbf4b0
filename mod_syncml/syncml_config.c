/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/syncml_config.h"

#include <stdarg.h>
#include <string.h>

#include "ap_provider.h"
#include "apr_lib.h"
#include "apr_strings.h"
#include "http_core.h"
#include "util_cfgtree.h"

/* The provider that is no httpd provider. */
#define PROVIDER_STORE "store"

const char *syncml_conf_error(cmd_parms *cmd, const char *format, ...)
{
    const char *text;
    va_list args;

    va_start(args, format);
    text = apr_pvsprintf(cmd->pool, format, args);
    va_end(args);
    return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", text, NULL);
}

/* ---- structures --------------------------------------------------------- */

void *syncml_create_server_conf(apr_pool_t *p, server_rec *s)
{
    return apr_pcalloc(p, sizeof(syncml_server_conf_t));
}

void *syncml_merge_server_conf(apr_pool_t *p, void *base, void *over)
{
    const syncml_server_conf_t *b = base, *o = over;
    syncml_server_conf_t *m = apr_pcalloc(p, sizeof(*m));

    m->store_url = o->store_url ? o->store_url : b->store_url;
    m->key_file = o->key_file ? o->key_file : b->key_file;
    m->server_id = o->server_id ? o->server_id : b->server_id;
    m->quirks_path = o->quirks_path ? o->quirks_path : b->quirks_path;
    return m;
}

void *syncml_create_dir_conf(apr_pool_t *p, char *dir)
{
    return apr_pcalloc(p, sizeof(syncml_dir_conf_t));
}

void *syncml_merge_dir_conf(apr_pool_t *p, void *base, void *over)
{
    const syncml_dir_conf_t *b = base, *o = over;
    syncml_dir_conf_t *m = apr_pmemdup(p, o, sizeof(*m));

    if (m->auth_schemes == 0) {
        m->auth_schemes = b->auth_schemes;
    }
    if (m->providers == NULL) {
        m->providers = b->providers;
    }
    if (m->max_msg_size == 0) {
        m->max_msg_size = b->max_msg_size;
    }
    if (m->max_obj_size == 0) {
        m->max_obj_size = b->max_obj_size;
    }
    if (m->session_timeout == 0) {
        m->session_timeout = b->session_timeout;
    }
    syncml_merge_keep(m, b);
    if (m->answer_within == 0) {
        m->answer_within = b->answer_within;
    }
    if (m->login_limit == 0) {
        m->login_limit = b->login_limit;
        m->login_window = b->login_window;
    }
    if (m->time_zone == NULL) {
        m->time_zone = b->time_zone;
    }
    if (!m->dump_given) {
        m->dump_given = b->dump_given;
        m->dump_device = b->dump_device;
        m->dump_dir = b->dump_dir;
    }
    m->datastores = syncml_merge_datastores(p, b->datastores, o->datastores);
    syncml_merge_safety(p, b, o, m);
    return m;
}

syncml_server_conf_t *syncml_server_conf(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &syncml_module);
}

const syncml_dir_conf_t *syncml_dir_conf(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &syncml_module);
}

int syncml_login_limit(const syncml_dir_conf_t *conf)
{
    if (conf->login_limit == 0) {
        return SYNCML_LOGIN_LIMIT;
    }
    return conf->login_limit > 0 ? conf->login_limit : 0;
}

apr_interval_time_t syncml_login_window(const syncml_dir_conf_t *conf)
{
    return conf->login_window ? conf->login_window : SYNCML_LOGIN_WINDOW;
}

int syncml_conf_uses_store_passwords(const syncml_dir_conf_t *conf)
{
    int i;

    if (conf->providers == NULL) {
        return 1;
    }
    for (i = 0; i < conf->providers->nelts; i++) {
        if (APR_ARRAY_IDX(conf->providers, i, syncml_provider_t).provider
            == NULL) {
            return 1;
        }
    }
    return 0;
}

void syncml_conf_engine(const syncml_dir_conf_t *conf, sml_config_t *config,
                        apr_pool_t *p)
{
    config->datastores = syncml_datastores(p, conf->datastores);
    config->auth_schemes = conf->auth_schemes
        ? conf->auth_schemes : SML_AUTH_BASIC | SML_AUTH_MD5;
    if (!syncml_conf_uses_store_passwords(conf)) {
        /* A digest can be checked against a known password only, and httpd's
         * providers do not tell theirs. */
        config->auth_schemes &= ~SML_AUTH_MD5;
    }
    /* More providers than the store alone: it does not know every account
     * before its first login. */
    config->other_accounts =
        conf->providers != NULL && conf->providers->nelts > 1;
    config->max_msg_size =
        conf->max_msg_size ? conf->max_msg_size : SYNCML_MSG_DEFAULT;
    config->max_obj_size =
        conf->max_obj_size ? conf->max_obj_size : SYNCML_OBJ_DEFAULT;
    config->session_timeout = conf->session_timeout
        ? conf->session_timeout : SYNCML_TIMEOUT_DEFAULT;
    syncml_safety(conf, config);
    syncml_conf_keep(conf, config);
    config->answer_within = conf->answer_within
        ? conf->answer_within : SYNCML_ANSWER_DEFAULT;
}

/* ---- directives of a server --------------------------------------------- */

/* At a restart, a directory that has gone is no reason to end everything else
 * that this httpd does: see syncml_store.h. */
static int is_restart(void)
{
    return ap_state_query(AP_SQ_CONFIG_GEN) > 1;
}

/* The directory that a file is to live in must be there: most often the name
 * is mistyped, so it is not made. */
static const char *check_parent(cmd_parms *cmd, const char *path)
{
    const char *slash = strrchr(path, '/');
    char *dir = apr_pstrmemdup(cmd->temp_pool, path,
                               slash > path ? (apr_size_t)(slash - path) : 1);
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE, cmd->temp_pool);

    if (rv == APR_SUCCESS && info.filetype == APR_DIR) {
        return syncml_conf_error(cmd, "%s is a directory: a file in it is"
                                 " wanted", path);
    }
    rv = apr_stat(&info, dir, APR_FINFO_TYPE, cmd->temp_pool);
    if (APR_STATUS_IS_ENOENT(rv) || APR_STATUS_IS_ENOTDIR(rv)) {
        return syncml_conf_error(cmd, "the directory %s does not exist: make"
                                 " it and give it to the user that httpd's"
                                 " children run as", dir);
    }
    if (rv == APR_SUCCESS && info.filetype != APR_DIR) {
        return syncml_conf_error(cmd, "%s is no directory", dir);
    }
    return NULL;
}

/* A path from the file, absolute. */
static const char *set_path(cmd_parms *cmd, const char *arg,
                            const char **path)
{
    const char *full;

    *path = NULL;
    if (*arg == '\0' || arg[strlen(arg) - 1] == '/'
        || (full = ap_server_root_relative(cmd->pool, arg)) == NULL) {
        return syncml_conf_error(cmd, "'%s' is no name of a file", arg);
    }
    *path = full;
    return is_restart() ? NULL : check_parent(cmd, full);
}

static const char *set_store(cmd_parms *cmd, void *dummy, const char *arg)
{
    syncml_server_conf_t *conf = syncml_server_conf(cmd->server);
    const char *path, *error;

    if (ap_cstr_casecmpn(arg, "memory:", 7) == 0) {
        return syncml_conf_error(cmd, "a store in memory is for tests of"
                                 " programs: each httpd process would have"
                                 " one of its own.  Use sqlite:/path/of/"
                                 "syncml.db");
    }
    if (ap_cstr_casecmpn(arg, SYNCML_SQLITE, strlen(SYNCML_SQLITE)) != 0) {
        return syncml_conf_error(cmd, "'%s' names no kind of store that is"
                                 " known here: use sqlite:/path/of/syncml.db"
                                 " (default: %s)", arg, SYNCML_DEFAULT_STORE);
    }
    error = set_path(cmd, arg + strlen(SYNCML_SQLITE), &path);
    if (error == NULL && path != NULL) {
        conf->store_url = apr_pstrcat(cmd->pool, SYNCML_SQLITE, path, NULL);
    }
    return error;
}

static const char *set_key_file(cmd_parms *cmd, void *dummy, const char *arg)
{
    return set_path(cmd, arg, &syncml_server_conf(cmd->server)->key_file);
}

static const char *set_server_id(cmd_parms *cmd, void *dummy,
                                 const char *arg)
{
    apr_size_t len = strlen(arg);

    if (len == 0 || len > SYNCML_SERVER_ID_MAX
        || strspn(arg, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                  "0123456789.-_:/@+~") != len) {
        return syncml_conf_error(cmd, "'%s' cannot be a server id: give 1 to"
                                 " %d letters, digits or . - _ : / @ + ~",
                                 arg, SYNCML_SERVER_ID_MAX);
    }
    syncml_server_conf(cmd->server)->server_id = arg;
    return NULL;
}

/* ---- directives of a section -------------------------------------------- */

static const char *set_auth_scheme(cmd_parms *cmd, void *c, const char *arg)
{
    syncml_dir_conf_t *conf = c;

    if (ap_cstr_casecmp(arg, "any") == 0) {
        conf->auth_schemes = SML_AUTH_BASIC | SML_AUTH_MD5;
    } else if (ap_cstr_casecmp(arg, "basic") == 0) {
        conf->auth_schemes = SML_AUTH_BASIC;
    } else if (ap_cstr_casecmp(arg, "md5") == 0) {
        conf->auth_schemes = SML_AUTH_MD5;
    } else {
        return syncml_conf_error(cmd, "'%s' is unknown: give any (default),"
                                 " basic or md5", arg);
    }
    return NULL;
}

static const char *set_auth_provider(cmd_parms *cmd, void *c,
                                     const char *arg)
{
    syncml_dir_conf_t *conf = c;
    syncml_provider_t provider = { arg, NULL };
    int i;

    if (conf->providers == NULL) {
        conf->providers =
            apr_array_make(cmd->pool, 2, sizeof(syncml_provider_t));
    }
    for (i = 0; i < conf->providers->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(conf->providers, i, syncml_provider_t).name,
                   arg) == 0) {
            return syncml_conf_error(cmd, "%s is given twice", arg);
        }
    }
    if (strcmp(arg, PROVIDER_STORE) != 0) {
        provider.provider = ap_lookup_provider(AUTHN_PROVIDER_GROUP, arg,
                                               AUTHN_PROVIDER_VERSION);
        if (provider.provider == NULL) {
            return syncml_conf_error(cmd, "there is no provider '%s': give"
                                     " store (default), or one of httpd's"
                                     " after the LoadModule of its module,"
                                     " such as file (mod_authn_file)", arg);
        }
        if (provider.provider->check_password == NULL) {
            return syncml_conf_error(cmd, "the provider '%s' cannot check"
                                     " passwords", arg);
        }
    }
    APR_ARRAY_PUSH(conf->providers, syncml_provider_t) = provider;
    return NULL;
}

const char *syncml_conf_time(cmd_parms *cmd, const char *arg,
                             apr_interval_time_t min,
                             apr_interval_time_t max, const char *range,
                             apr_interval_time_t *value)
{
    apr_interval_time_t t;

    if (!apr_isdigit(*arg)
        || ap_timeout_parameter_parse(arg, &t, "s") != APR_SUCCESS
        || t < min || t > max) {
        return syncml_conf_error(cmd, "'%s' will not do: give seconds, or a"
                                 " number with s, min or h, %s", arg, range);
    }
    *value = t;
    return NULL;
}

static const char *set_octets(cmd_parms *cmd, const char *arg, long min,
                              long max, long usual, apr_size_t *value)
{
    char *end;
    apr_int64_t n = apr_strtoi64(arg, &end, 10);

    if (!apr_isdigit(*arg) || *end != '\0' || n < min || n > max) {
        return syncml_conf_error(cmd, "'%s' will not do: give a number of"
                                 " octets from %ld to %ld (default %ld)",
                                 arg, min, max, usual);
    }
    *value = (apr_size_t)n;
    return NULL;
}

static const char *set_max_msg_size(cmd_parms *cmd, void *c, const char *arg)
{
    syncml_dir_conf_t *conf = c;

    return set_octets(cmd, arg, SYNCML_MSG_MIN, SYNCML_MSG_MAX,
                      SYNCML_MSG_DEFAULT, &conf->max_msg_size);
}

static const char *set_max_obj_size(cmd_parms *cmd, void *c, const char *arg)
{
    syncml_dir_conf_t *conf = c;

    return set_octets(cmd, arg, SYNCML_OBJ_MIN, SYNCML_OBJ_MAX,
                      SYNCML_OBJ_DEFAULT, &conf->max_obj_size);
}

static const char *set_session_timeout(cmd_parms *cmd, void *c,
                                       const char *arg)
{
    syncml_dir_conf_t *conf = c;

    return syncml_conf_time(cmd, arg, SYNCML_TIMEOUT_MIN, SYNCML_TIMEOUT_MAX,
                            "from 1s to 24h (default 30min)",
                            &conf->session_timeout);
}

static const char *set_answer_within(cmd_parms *cmd, void *c,
                                     const char *arg)
{
    syncml_dir_conf_t *conf = c;

    return syncml_conf_time(cmd, arg, SYNCML_ANSWER_MIN, SYNCML_ANSWER_MAX,
                            "from 1ms to 10min (default 5s)",
                            &conf->answer_within);
}

static const char *set_login_limit(cmd_parms *cmd, void *c, const char *arg,
                                   const char *window)
{
    syncml_dir_conf_t *conf = c;
    char *end;
    apr_int64_t n = apr_strtoi64(arg, &end, 10);

    if (ap_cstr_casecmp(arg, "off") == 0 && window == NULL) {
        conf->login_limit = -1;
        return NULL;
    }
    if (!apr_isdigit(*arg) || *end != '\0' || n < 1
        || n > SYNCML_LOGIN_LIMIT_MAX) {
        return syncml_conf_error(cmd, "'%s' will not do: give off, or how"
                                 " many logins may fail, from 1 to %d"
                                 " (default %d), and in what time (default"
                                 " 10min)", arg, SYNCML_LOGIN_LIMIT_MAX,
                                 SYNCML_LOGIN_LIMIT);
    }
    conf->login_limit = (int)n;
    return window == NULL ? NULL
        : syncml_conf_time(cmd, window, SYNCML_TIMEOUT_MIN,
                           SYNCML_TIMEOUT_MAX,
                           "from 1s to 24h (default 10min)",
                           &conf->login_window);
}

static const char *set_dump(cmd_parms *cmd, void *c, const char *device,
                            const char *dir)
{
    syncml_dir_conf_t *conf = c;
    apr_finfo_t info;

    conf->dump_given = 1;
    if (dir == NULL) {
        if (ap_cstr_casecmp(device, "off") != 0) {
            return syncml_conf_error(cmd, "give a device id and a directory,"
                                     " or off (default)");
        }
        conf->dump_device = NULL;
        conf->dump_dir = NULL;
        return NULL;
    }
    if (*device == '\0' || strlen(device) > STORE_MAX_NAME) {
        return syncml_conf_error(cmd, "a device id has 1 to %d octets",
                                 STORE_MAX_NAME);
    }
    dir = ap_server_root_relative(cmd->pool, dir);
    if (dir == NULL
        || (!is_restart()
            && (apr_stat(&info, dir, APR_FINFO_TYPE, cmd->temp_pool)
                != APR_SUCCESS || info.filetype != APR_DIR))) {
        return syncml_conf_error(cmd, "%s is no directory: make it and give"
                                 " it to the user that httpd's children run"
                                 " as", dir ? dir : "this path");
    }
    conf->dump_device = device;
    conf->dump_dir = dir;
    return NULL;
}

const command_rec syncml_commands[] = {
    AP_INIT_TAKE1("SyncMLStore", set_store, NULL, RSRC_CONF,
                  "where everything is kept: sqlite:/path/of/syncml.db"),
    AP_INIT_TAKE1("SyncMLKeyFile", set_key_file, NULL, RSRC_CONF,
                  "file with the key that encrypts the store's passwords;"
                  " made at the first start"),
    AP_INIT_TAKE1("SyncMLServerID", set_server_id, NULL, RSRC_CONF,
                  "name by which devices know this server"),
    AP_INIT_TAKE1("SyncMLAuthScheme", set_auth_scheme, NULL,
                  RSRC_CONF | ACCESS_CONF, "any, basic or md5"),
    AP_INIT_ITERATE("SyncMLAuthProvider", set_auth_provider, NULL,
                    RSRC_CONF | ACCESS_CONF, "who checks passwords, in this"
                    " order: store, or authn providers of httpd"),
    AP_INIT_TAKE_ARGV("SyncMLDatastore", syncml_set_datastore, NULL,
                      RSRC_CONF | ACCESS_CONF, "a datastore's name, then on"
                      " or off, alias=name[,name...], display=text,"
                      " members=name,name[,...]"),
    AP_INIT_TAKE2("SyncMLAccess", syncml_set_access, NULL,
                  RSRC_CONF | ACCESS_CONF, "a datastore's name, and full,"
                  " read-only or send-only"),
    AP_INIT_TAKE1("SyncMLMaxMsgSize", set_max_msg_size, NULL,
                  RSRC_CONF | ACCESS_CONF, "octets of a message, either way"),
    AP_INIT_TAKE1("SyncMLMaxObjSize", set_max_obj_size, NULL,
                  RSRC_CONF | ACCESS_CONF, "octets of an item"),
    AP_INIT_TAKE1("SyncMLAnswerWithin", set_answer_within, NULL,
                  RSRC_CONF | ACCESS_CONF, "when an answer leaves at the"
                  " latest; what is left is done for the next ones"),
    AP_INIT_TAKE1("SyncMLSessionTimeout", set_session_timeout, NULL,
                  RSRC_CONF | ACCESS_CONF, "how long a session waits for its"
                  " next message"),
    AP_INIT_TAKE1("SyncMLKeep", syncml_set_keep, NULL,
                  RSRC_CONF | ACCESS_CONF, "days for which deleted items,"
                  " former texts and the session log are kept"),
    AP_INIT_TAKE1("SyncMLForgetDevices", syncml_set_forget, NULL,
                  RSRC_CONF | ACCESS_CONF, "days after which a device that is"
                  " not seen is forgotten; or never"),
    AP_INIT_TAKE1("SyncMLQuirks", syncml_set_quirks, NULL, RSRC_CONF,
                  "file that says what phones do; or off"),
    AP_INIT_TAKE1("SyncMLTimeZone", syncml_set_time_zone, NULL,
                  RSRC_CONF | ACCESS_CONF, "the users' time zone, such as"
                  " Europe/Berlin; or none"),
    AP_INIT_TAKE12("SyncMLLoginLimit", set_login_limit, NULL,
                   RSRC_CONF | ACCESS_CONF, "how many logins may fail, and"
                   " in what time; or off"),
    AP_INIT_TAKE_ARGV("SyncMLConflict", syncml_set_conflict, NULL,
                      RSRC_CONF | ACCESS_CONF, "a datastore or *, then any of"
                      " first, slow, normal, then merge, server, client,"
                      " newest or both, then delete=wins or delete=loses"),
    AP_INIT_TAKE_ARGV("SyncMLGuard", syncml_set_guard, NULL,
                      RSRC_CONF | ACCESS_CONF, "delete=percent,"
                      " double=percent, least=number, action=slow, hold or"
                      " off"),
    AP_INIT_TAKE12("SyncMLDump", set_dump, NULL,
                   RSRC_CONF | ACCESS_CONF, "a device id and a directory for"
                   " readable copies of its messages, or off"),
    { .name = NULL }
};

/* ---- the configuration as a tree ---------------------------------------- */

static int is_vhost_of(const ap_directive_t *d, const server_rec *s)
{
    return s->defn_name != NULL && d->filename != NULL
        && s->defn_line_number == (unsigned)d->line_num
        && strcmp(s->defn_name, d->filename) == 0;
}

static void visit(const ap_directive_t *d, const server_rec *s,
                  const char *name, syncml_directive_fn *fn, void *baton)
{
    for (; d != NULL; d = d->next) {
        if (ap_cstr_casecmp(d->directive, name) == 0) {
            fn(baton, d);
        }
        if (s != NULL && ap_cstr_casecmp(d->directive, "<VirtualHost") == 0
            && !is_vhost_of(d, s)) {
            continue;
        }
        visit(d->first_child, s, name, fn, baton);
    }
}

void syncml_each_directive(const server_rec *s, const char *name,
                           syncml_directive_fn *fn, void *baton)
{
    visit(ap_conftree, s, name, fn, baton);
}

static void look_for_handler(void *baton, const ap_directive_t *d)
{
    int *found = baton;

    if (d->args != NULL && strstr(d->args, SYNCML_HANDLER) != NULL) {
        *found = 1;
    }
}

int syncml_handler_is_used(const server_rec *s)
{
    int found = 0;

    syncml_each_directive(s, "SetHandler", look_for_handler, &found);
    syncml_each_directive(s, "AddHandler", look_for_handler, &found);
    return found;
}
