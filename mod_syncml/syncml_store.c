/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/syncml_store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ap_mpm.h"
#include "apr_strings.h"
#include "apr_thread_mutex.h"
#include "unixd.h"

#include "mod_syncml/syncml_prepare.h"

/* After a failure, the next try to open a store comes no sooner. */
#define RETRY_AFTER apr_time_from_sec(1)

void syncml_log_server(void *baton, int level, apr_status_t rv,
                       const char *message)
{
    server_rec *s = baton;

    /* APR has no words for the statuses of ours; the message has. */
    ap_log_error(APLOG_MARK, level,
                 rv >= APR_OS_START_USERERR ? APR_SUCCESS : rv, s, "%s",
                 message);
}

/* ---- which stores there are --------------------------------------------- */

static const char *server_label(const server_rec *s, apr_pool_t *p)
{
    return s->defn_name
        ? apr_psprintf(p, "the virtual host at %s:%u", s->defn_name,
                       s->defn_line_number)
        : "the main server";
}

/* Two servers name the same store: do they mean the same? */
static apr_status_t check_shared(const syncml_store_t *st, const char *key,
                                 const char *id, const server_rec *s,
                                 apr_pool_t *p)
{
    const char *what = NULL, *here = NULL, *there = NULL;

    if (strcmp(st->key_file, key) != 0) {
        what = "SyncMLKeyFile";
        here = key;
        there = st->key_file;
    } else if (id != NULL && st->wanted_id != NULL
               && strcmp(id, st->wanted_id) != 0) {
        what = "SyncMLServerID";
        here = id;
        there = st->wanted_id;
    }
    if (what == NULL) {
        return APR_SUCCESS;
    }
    ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                 "%s is %s for %s, but %s for %s, and both use the store %s:"
                 " give one %s for both, or a SyncMLStore for each",
                 what, here, server_label(s, p), there,
                 server_label(st->server, p), st->url, what);
    return APR_EINVAL;
}

static apr_status_t resolve_one(apr_array_header_t *stores, server_rec *s,
                                apr_pool_t *p)
{
    syncml_server_conf_t *conf = syncml_server_conf(s);
    const char *url = conf->store_url ? conf->store_url
                                      : SYNCML_DEFAULT_STORE;
    const char *path = url + strlen(SYNCML_SQLITE);
    const char *key = conf->key_file;
    syncml_store_t *st;
    int i;

    if (key == NULL) {
        key = apr_pstrcat(p, apr_pstrmemdup(p, path, (apr_size_t)
                          (strrchr(path, '/') + 1 - path)),
                          SYNCML_DEFAULT_KEY, NULL);
    }
    for (i = 0; i < stores->nelts; i++) {
        st = APR_ARRAY_IDX(stores, i, syncml_store_t *);
        if (strcmp(st->url, url) == 0) {
            conf->store = st;
            if (st->wanted_id == NULL) {
                st->wanted_id = conf->server_id;
            }
            return check_shared(st, key, conf->server_id, s, p);
        }
    }
    st = apr_pcalloc(p, sizeof(*st));
    st->url = url;
    st->path = path;
    st->key_file = key;
    st->wanted_id = conf->server_id;
    st->by_default = conf->store_url == NULL;
    st->server = s;
    APR_ARRAY_PUSH(stores, syncml_store_t *) = st;
    conf->store = st;
    return APR_SUCCESS;
}

apr_status_t syncml_stores_resolve(server_rec *main_server, apr_pool_t *p)
{
    apr_array_header_t *stores =
        apr_array_make(p, 2, sizeof(syncml_store_t *));
    apr_status_t rv = APR_SUCCESS;
    server_rec *s;

    for (s = main_server; s != NULL; s = s->next) {
        syncml_server_conf_t *conf = syncml_server_conf(s);

        conf->store = NULL;
        if (conf->store_url != NULL || syncml_handler_is_used(s)) {
            apr_status_t one = resolve_one(stores, s, p);

            rv = rv == APR_SUCCESS ? one : rv;
        }
    }
    return rv;
}

/* The stores of all servers, each once. */
static apr_array_header_t *all_stores(server_rec *main_server, apr_pool_t *p)
{
    apr_array_header_t *stores =
        apr_array_make(p, 2, sizeof(syncml_store_t *));
    server_rec *s;

    for (s = main_server; s != NULL; s = s->next) {
        syncml_store_t *st = syncml_server_conf(s)->store;

        if (st != NULL && st->server == s) {
            APR_ARRAY_PUSH(stores, syncml_store_t *) = st;
        }
    }
    return stores;
}

/* ---- the parent ----------------------------------------------------------- */

/*
 * What an administrator made as root, with the command line tool, is given
 * to httpd's user.  Only a plain file with one name that belongs to root: in
 * a directory that its user can write to, anything may have been put there.
 */
static void give_to_httpd(server_rec *s, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0) {
        return;                 /* missing, or its user's to explain */
    }
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1
        && st.st_uid == 0 && ap_unixd_config.user_id != 0
        && fchown(fd, ap_unixd_config.user_id,
                  ap_unixd_config.group_id) != 0) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, errno, s,
                     "cannot give %s to the user %s", path,
                     ap_unixd_config.user_name);
    }
    close(fd);
}

/* The directory of the default store is made, other ones are not: see
 * check_parent() of the directive. */
static void make_default_dir(server_rec *s)
{
    if (mkdir(SYNCML_DEFAULT_DIR, 0700) == 0) {
        if (geteuid() == 0
            && lchown(SYNCML_DEFAULT_DIR, ap_unixd_config.user_id,
                      ap_unixd_config.group_id) != 0) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, errno, s,
                         "cannot give %s to the user %s",
                         SYNCML_DEFAULT_DIR, ap_unixd_config.user_name);
        }
    } else if (errno != EEXIST) {
        ap_log_error(APLOG_MARK, APLOG_ERR, errno, s,
                     "SyncMLStore is not set, and the directory %s of its"
                     " default cannot be made", SYNCML_DEFAULT_DIR);
    }
}

apr_status_t syncml_stores_prepare(server_rec *main_server, int first,
                                   apr_pool_t *p, apr_pool_t *ptemp)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    apr_array_header_t *stores = all_stores(main_server, ptemp);
    apr_status_t rv;
    unsigned k;
    int i;

    for (i = 0; i < stores->nelts; i++) {
        syncml_store_t *st = APR_ARRAY_IDX(stores, i, syncml_store_t *);

        if (st->by_default) {
            make_default_dir(st->server);
        }
        if (geteuid() == 0) {
            for (k = 0; k < sizeof(suffixes) / sizeof(suffixes[0]); k++) {
                give_to_httpd(st->server, apr_pstrcat(ptemp, st->path,
                                                      suffixes[k], NULL));
            }
            give_to_httpd(st->server, st->key_file);
        }
    }
    rv = syncml_prepare_run(main_server, stores, p, ptemp);
    if (rv != APR_SUCCESS && !first) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, main_server,
                     "httpd goes on without: clients are answered 503, and"
                     " each of their requests tries again");
        return APR_SUCCESS;
    }
    return rv;
}

/* ---- the children ---------------------------------------------------------- */

static void try_open(syncml_store_t *st)
{
    store_options_t options = { 0 };
    const char *error = NULL;

    apr_pool_clear(st->pool);
    options.key_file = st->key_file;
    options.log = syncml_log_server;
    options.log_baton = st->server;
    options.starts = sml_next_start;
    st->rv = store_open(&st->store, st->url, &options, &error, st->pool);
    if (st->rv == APR_SUCCESS && st->server_id == NULL) {
        /* The parent could not ask. */
        st->rv = syncml_prepare_server_id(st, st->store, &st->server_id,
                                          &error, st->pool);
        if (st->rv != APR_SUCCESS) {
            store_close(&st->store);
        }
    }
    if (st->rv != APR_SUCCESS) {
        st->store = NULL;
        st->retry = apr_time_now() + RETRY_AFTER;
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, st->server,
                     "SyncMLStore %s cannot be opened: %s", st->url,
                     error ? error : "no reason known");
    }
}

/*
 * The pool of a store has an allocator of its own, since its first use may be
 * in any thread.  A prefork child may be told to stop in the middle of a
 * statement, and leaves from within the signal's handler: nothing may be
 * closed there, so the pool is then no child of any other.
 */
static apr_status_t make_pool(syncml_store_t *st, apr_pool_t *pchild)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *lock;
    apr_status_t rv;
    int threaded = 0;

    ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded);
    if (threaded == AP_MPMQ_NOT_SUPPORTED) {
        return apr_pool_create_unmanaged_ex(&st->pool, NULL, NULL);
    }
    rv = apr_allocator_create(&allocator);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_pool_create_ex(&st->pool, pchild, NULL, allocator);
    if (rv != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, st->pool);
    rv = apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_DEFAULT, pchild);
    if (rv == APR_SUCCESS) {
        apr_allocator_mutex_set(allocator, lock);
    }
    return rv;
}

void syncml_stores_open(server_rec *main_server, apr_pool_t *pchild)
{
    apr_array_header_t *stores = all_stores(main_server, pchild);
    int i;

    for (i = 0; i < stores->nelts; i++) {
        syncml_store_t *st = APR_ARRAY_IDX(stores, i, syncml_store_t *);
        apr_status_t rv = make_pool(st, pchild);

        if (rv == APR_SUCCESS) {
            rv = apr_thread_mutex_create(&st->lock, APR_THREAD_MUTEX_DEFAULT,
                                         pchild);
        }
        if (rv != APR_SUCCESS) {
            st->lock = NULL;
            st->rv = rv;
            ap_log_error(APLOG_MARK, APLOG_CRIT, rv, main_server,
                         "no memory for the store %s", st->url);
            continue;
        }
        try_open(st);
    }
}

apr_status_t syncml_store_get(server_rec *s, store_t **store,
                              const char **server_id)
{
    syncml_store_t *st = syncml_server_conf(s)->store;
    apr_status_t rv;

    *store = NULL;
    *server_id = NULL;
    if (st == NULL) {
        return APR_NOTFOUND;
    }
    if (st->lock == NULL) {
        return st->rv != APR_SUCCESS ? st->rv : APR_EINIT;
    }
    apr_thread_mutex_lock(st->lock);
    if (st->rv != APR_SUCCESS && apr_time_now() >= st->retry) {
        try_open(st);
    }
    rv = st->rv;
    if (rv == APR_SUCCESS) {
        *store = st->store;
        *server_id = st->server_id;
    }
    apr_thread_mutex_unlock(st->lock);
    return rv;
}

const char *syncml_store_url_of(const server_rec *s)
{
    const syncml_store_t *st = syncml_server_conf(s)->store;

    return st ? st->url : NULL;
}

const char *syncml_store_key_file_of(const server_rec *s)
{
    const syncml_store_t *st = syncml_server_conf(s)->store;

    return st ? st->key_file : NULL;
}

const char *syncml_store_server_id_of(const server_rec *s)
{
    const syncml_store_t *st = syncml_server_conf(s)->store;

    return st ? st->server_id : NULL;
}
