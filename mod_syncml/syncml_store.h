/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/syncml_store.h
 * @brief The stores of this httpd: one for each SyncMLStore, shared by the
 * virtual hosts that name it.
 *
 * The parent process never opens a store: SQLite's files must not be open
 * across a fork(), and what root opens in a directory of another user can be
 * made to be something else.  At each start and restart a short-lived process
 * with the rights of httpd's children makes what is missing, finds the
 * server id and says what is wrong; each child then opens its own handle.
 *
 * A store that cannot be opened at the first start keeps httpd from
 * starting.  At a restart it does not, since there are other things than
 * this on a server: clients are told 503 and each request tries again.
 */
#ifndef SYNCML_STORE_GLUE_H
#define SYNCML_STORE_GLUE_H

#include "mod_syncml/syncml_config.h"

typedef struct syncml_store_t syncml_store_t;

/**
 * Find out which stores the servers need and check that those who share one
 * agree about it.  Touches nothing: for check_config, so that httpd -t sees
 * it.  Sets syncml_server_conf_t.store.
 * @return APR_SUCCESS, or APR_EINVAL with the reason logged
 */
apr_status_t syncml_stores_resolve(server_rec *main_server, apr_pool_t *p);

/**
 * Make and check the stores and the directories of SyncMLDump, in the parent.
 * @param first  the first start, not a restart
 * @param ptemp  scratch
 * @return APR_SUCCESS, or APR_EGENERAL with the reasons logged
 */
apr_status_t syncml_stores_prepare(server_rec *main_server, int first,
                                   apr_pool_t *p, apr_pool_t *ptemp);

/** Open the stores in a child; failures are logged and tried again later. */
void syncml_stores_open(server_rec *main_server, apr_pool_t *pchild);

/**
 * The store of a server, in a child. Any thread.
 * @param server_id  out: what the server calls itself
 * @return APR_SUCCESS, APR_NOTFOUND if there is none for this server, or why
 *         it cannot be opened (logged)
 */
apr_status_t syncml_store_get(server_rec *s, store_t **store,
                              const char **server_id);

/** NULL if this server needs no store. */
const char *syncml_store_url_of(const server_rec *s);
const char *syncml_store_key_file_of(const server_rec *s);
/** NULL also if the store could not be opened. */
const char *syncml_store_server_id_of(const server_rec *s);

/** The log of libraries; the baton is a server_rec *. */
void syncml_log_server(void *baton, int level, apr_status_t rv,
                       const char *message);

#endif
