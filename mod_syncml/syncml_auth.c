/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/syncml_auth.h"

#include "apr_tables.h"

#include "mod_syncml/syncml_throttle.h"

static apr_status_t ask_provider(request_rec *r,
                                 const syncml_provider_t *provider,
                                 const char *user, const char *password)
{
    authn_status status;

    /* Aliases of mod_authn_core and the cache of mod_authn_socache look here
     * for the name that they were called by. */
    apr_table_setn(r->notes, AUTHN_PROVIDER_NAME_NOTE, provider->name);
    status = provider->provider->check_password(r, user, password);
    apr_table_unset(r->notes, AUTHN_PROVIDER_NAME_NOTE);
    switch (status) {
    case AUTH_GRANTED:
        return APR_SUCCESS;
    case AUTH_DENIED:
        return APR_EACCES;
    case AUTH_USER_NOT_FOUND:
        return APR_NOTFOUND;
    default:
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "SyncMLAuthProvider %s cannot tell whether the password"
                      " is right; its own message says why",
                      provider->name);
        return APR_EGENERAL;
    }
}

int syncml_auth_wait(void *baton, const char *user, const char *device)
{
    const syncml_auth_t *auth = baton;

    return syncml_throttle_wait(auth->r, user, device);
}

apr_status_t syncml_auth_check(void *baton, const char *user,
                               const char *password)
{
    const syncml_auth_t *auth = baton;
    const syncml_dir_conf_t *conf = syncml_dir_conf(auth->r);
    apr_status_t rv = APR_NOTFOUND;
    int i;

    if (conf->providers == NULL) {
        return sml_check_store_password(auth->store, user, password,
                                        auth->r->pool);
    }
    for (i = 0; i < conf->providers->nelts && rv == APR_NOTFOUND; i++) {
        const syncml_provider_t *provider =
            &APR_ARRAY_IDX(conf->providers, i, syncml_provider_t);

        rv = provider->provider == NULL
            ? sml_check_store_password(auth->store, user, password,
                                       auth->r->pool)
            : ask_provider(auth->r, provider, user, password);
    }
    return rv;
}
