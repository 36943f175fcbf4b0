/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/syncml_prepare.h
 * @brief Making and checking stores in a process that has the rights of
 * httpd's children; private to syncml_store.c.
 */
#ifndef SYNCML_PREPARE_H
#define SYNCML_PREPARE_H

#include "apr_thread_mutex.h"

#include "mod_syncml/syncml_store.h"

struct syncml_store_t {
    const char *url;
    const char *path;           /* of the database */
    const char *key_file;
    const char *wanted_id;      /* SyncMLServerID, or NULL */
    int by_default;             /* no SyncMLStore said so */
    server_rec *server;         /* the first that uses it */
    const char *server_id;      /* NULL: not known yet */
    /* in a child */
    apr_pool_t *pool;           /* cleared with each try */
    apr_thread_mutex_t *lock;   /* of all that follows, and server_id */
    store_t *store;
    apr_status_t rv;            /* of the last try */
    apr_time_t retry;
};

/**
 * Fork, take on the rights of httpd's children, make or open every store and
 * settle its server id, try the directories of SyncMLDump, report.  Takes as
 * long as SQLite does, at most a minute.
 * @param stores  of syncml_store_t *; server_id is filled in from @p p
 * @return APR_SUCCESS, or APR_EGENERAL with the reasons logged
 */
apr_status_t syncml_prepare_run(server_rec *s, apr_array_header_t *stores,
                                apr_pool_t *p, apr_pool_t *ptemp);

/**
 * What the server calls itself: SyncMLServerID, which is kept in the store,
 * else what the store has, else a new one.  Writes only what is new.
 * @param error  out, for an admin
 */
apr_status_t syncml_prepare_server_id(const syncml_store_t *st,
                                      store_t *store, const char **id,
                                      const char **error, apr_pool_t *p);

#endif
