/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/syncml_auth.h
 * @brief Passwords: httpd's authn providers and the store, in the order of
 * SyncMLAuthProvider.
 */
#ifndef SYNCML_AUTH_H
#define SYNCML_AUTH_H

#include "mod_syncml/syncml_config.h"

/** What sml_config_t.check_baton points to. */
typedef struct syncml_auth_t {
    request_rec *r;
    store_t *store;
} syncml_auth_t;

/**
 * sml_config_t.check_password.  The first provider that knows the user
 * decides.
 * @param baton  syncml_auth_t *
 * @return APR_SUCCESS, APR_EACCES, APR_NOTFOUND; APR_EGENERAL if a provider
 *         is in trouble (it has logged why)
 */
apr_status_t syncml_auth_check(void *baton, const char *user,
                               const char *password);

/** sml_config_t.login_wait: see syncml_throttle_wait().
 * @param baton  syncml_auth_t * */
int syncml_auth_wait(void *baton, const char *user, const char *device);

#endif
