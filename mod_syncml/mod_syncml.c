/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * mod_syncml: a SyncML server at a location of httpd.  This file ties the
 * parts to httpd's hooks and is the only one that httpd knows:
 *
 *   syncml_config, syncml_datastore   the directives
 *   syncml_store, syncml_prepare      the stores, over start and restart
 *   syncml_quirks                     what phones do, and users' time
 *   syncml_handler                    HTTP around a message; the log lines
 *   syncml_auth                       who checks passwords
 *   syncml_throttle                   who has guessed too often
 *   syncml_page                       what a browser sees
 *   syncml_dump                       readable copies of messages
 *   sml_*                             the engine, which knows no httpd
 */
#include "mod_syncml/syncml_config.h"

#include "apr_optional.h"
#include "http_core.h"
#include "http_protocol.h"

#include "mod_syncml/mod_syncml.h"
#include "mod_syncml/syncml_handler.h"
#include "mod_syncml/syncml_store.h"
#include "mod_syncml/syncml_throttle.h"

/* ---- for other modules ------------------------------------------------------ */

static const char *syncml_store_url(server_rec *s)
{
    return syncml_store_url_of(s);
}

static const char *syncml_key_file(server_rec *s)
{
    return syncml_store_key_file_of(s);
}

static const char *syncml_server_id(server_rec *s)
{
    return syncml_store_server_id_of(s);
}

/* ---- hooks ------------------------------------------------------------------ */

/* Also for httpd -t. */
static int check_config(apr_pool_t *pconf, apr_pool_t *plog,
                        apr_pool_t *ptemp, server_rec *s)
{
    return syncml_stores_resolve(s, pconf) == APR_SUCCESS
        ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static int post_config(apr_pool_t *pconf, apr_pool_t *plog,
                       apr_pool_t *ptemp, server_rec *s)
{
    int first = ap_state_query(AP_SQ_CONFIG_GEN) <= 1;

    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;      /* the pass that only tries the configuration */
    }
    codec_init();
    syncml_find_push();
    syncml_throttle_prepare(s);
    return syncml_stores_prepare(s, first, pconf, ptemp) == APR_SUCCESS
        ? OK : HTTP_INTERNAL_SERVER_ERROR;
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    codec_init();
    syncml_stores_open(s, pchild);
    syncml_quirks_open(s, pchild);
}

static void register_hooks(apr_pool_t *p)
{
    APR_REGISTER_OPTIONAL_FN(syncml_store_url);
    APR_REGISTER_OPTIONAL_FN(syncml_key_file);
    APR_REGISTER_OPTIONAL_FN(syncml_server_id);
    syncml_register_error_filter();
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(syncml_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_insert_error_filter(syncml_insert_error_filter, NULL, NULL,
                                APR_HOOK_LAST);
}

module AP_MODULE_DECLARE_DATA syncml_module = {
    STANDARD20_MODULE_STUFF,
    syncml_create_dir_conf,
    syncml_merge_dir_conf,
    syncml_create_server_conf,
    syncml_merge_server_conf,
    syncml_commands,
    register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE
#endif
};
