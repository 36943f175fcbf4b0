/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/mod_syncml.h
 * @brief What mod_syncml and mod_syncml_push offer each other, as httpd
 * optional functions: either module works without the other.
 */
#ifndef SYNCML_MOD_SYNCML_H
#define SYNCML_MOD_SYNCML_H

#include "apr_optional.h"
#include "httpd.h"

/* mod_syncml, for any module; valid from the end of its post_config (which
 * runs APR_HOOK_MIDDLE) until the configuration is reloaded. */

/** The SyncMLStore of a server, or NULL if none is configured there. */
APR_DECLARE_OPTIONAL_FN(const char *, syncml_store_url, (server_rec *s));
/** Its SyncMLKeyFile. */
APR_DECLARE_OPTIONAL_FN(const char *, syncml_key_file, (server_rec *s));
/** Its SyncMLServerID: what DevInf, SAN and configuration SMS all say.  NULL
 * also where the store could not be opened at a restart (logged; a first
 * start would have failed). */
APR_DECLARE_OPTIONAL_FN(const char *, syncml_server_id, (server_rec *s));

/* mod_syncml_push, for any module. */

/** "Look into the store": called after a commit that owes push, from any
 * thread of any child.  Never blocks, never fails. */
APR_DECLARE_OPTIONAL_FN(void, syncml_push_wake, (server_rec *s));

#endif
