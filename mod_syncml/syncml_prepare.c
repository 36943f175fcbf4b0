/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/syncml_prepare.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "apr_strings.h"
#include "mpm_common.h"
#include "unixd.h"

/* A network file system may hang: then httpd must not. Seconds. */
#define PATIENCE 60

#ifdef SYNCML_COVERAGE
extern void __gcov_dump(void);
#endif

/* ---- the server id -------------------------------------------------------- */

/* SyncMLServerID is kept, so that the other programs find it too. */
static apr_status_t keep_wanted_id(const syncml_store_t *st, store_tx_t *tx,
                                   int mode)
{
    const char *kept = NULL;
    apr_status_t rv = store_setting_get(tx, SML_SETTING_SERVER_ID, &kept);

    if (rv == APR_SUCCESS && strcmp(kept, st->wanted_id) == 0) {
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return rv;
    }
    if (rv == APR_SUCCESS && mode == STORE_WRITE) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, st->server,
                     "SyncMLServerID changes from %s to %s: devices know"
                     " this server as %s, and their profiles must be changed"
                     " too (or configured anew) before they can be notified"
                     " again", kept, st->wanted_id, kept);
    }
    return store_setting_set(tx, SML_SETTING_SERVER_ID, st->wanted_id);
}

/* @return APR_EINVAL if something has to be written and @p mode is
 *         STORE_READ */
static apr_status_t try_settle_id(const syncml_store_t *st, store_t *store,
                                  int mode, const char **id, apr_pool_t *p)
{
    store_tx_t *tx;
    apr_status_t rv = store_begin(&tx, store, mode, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (st->wanted_id != NULL) {
        rv = keep_wanted_id(st, tx, mode);
    }
    if (rv == APR_SUCCESS) {
        rv = sml_server_id(tx, id, p);
    }
    if (rv == APR_SUCCESS && mode == STORE_WRITE) {
        return store_commit(&tx, NULL);
    }
    store_rollback(&tx);
    return rv;
}

/* A restart finds everything in its place and need not wait for its turn to
 * write, which a long import could keep it from. */
static apr_status_t settle_id(const syncml_store_t *st, store_t *store,
                              const char **id, apr_pool_t *p)
{
    apr_status_t rv = try_settle_id(st, store, STORE_READ, id, p);

    return rv == APR_EINVAL ? try_settle_id(st, store, STORE_WRITE, id, p)
                            : rv;
}

apr_status_t syncml_prepare_server_id(const syncml_store_t *st,
                                      store_t *store, const char **id,
                                      const char **error, apr_pool_t *p)
{
    char buf[256];
    const char *found = NULL;
    apr_status_t rv = settle_id(st, store, &found, p);

    *id = rv == APR_SUCCESS ? apr_pstrdup(p, found) : NULL;
    if (rv != APR_SUCCESS) {
        *error = apr_psprintf(p, "its server id can be neither read nor"
                              " written: %s",
                              store_strerror(rv, buf, sizeof(buf)));
    }
    return rv;
}

/* ---- in the process with the children's rights ---------------------------- */

static const char *user_label(apr_pool_t *p)
{
    return apr_psprintf(p, "%s (uid %ld)",
                        ap_unixd_config.user_name && geteuid()
                            == ap_unixd_config.user_id
                        ? ap_unixd_config.user_name : "the user of httpd",
                        (long)geteuid());
}

/*
 * Why may we not write into a directory?  Names the first one on the way to
 * it that is closed, which the error of open() does not.
 * @return NULL if we may
 */
static const char *why_closed(const char *dir, apr_pool_t *p)
{
    char *path = apr_pstrdup(p, dir), *slash;
    struct stat st;

    for (slash = strchr(path + 1, '/'); ; slash = strchr(slash + 1, '/')) {
        if (slash != NULL) {
            *slash = '\0';
        }
        if (access(path, X_OK) != 0) {
            return errno == ENOENT
                ? apr_psprintf(p, "%s does not exist", path)
                : apr_psprintf(p, "%s may not enter %s: give it a directory"
                               " that it can reach", user_label(p), path);
        }
        if (slash == NULL) {
            break;
        }
        *slash = '/';
    }
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return apr_psprintf(p, "%s is no directory", dir);
    }
    if (access(dir, W_OK) != 0) {
        return apr_psprintf(p, "%s may not write in %s: chown it to that"
                            " user", user_label(p), dir);
    }
    return NULL;
}

static const char *parent_of(const char *path, apr_pool_t *p)
{
    const char *slash = strrchr(path, '/');

    return apr_pstrmemdup(p, path, slash > path ? (apr_size_t)(slash - path)
                                                : 1);
}

/* It may take longer than opening ever should, but it moves. */
static void be_patient(void *baton)
{
    alarm(PATIENCE);
}

static apr_status_t renew_keys(const syncml_store_t *st, store_t *store,
                               const char **error, apr_pool_t *p)
{
    sml_rekey_t how = { store, syncml_log_server, st->server, be_patient,
                        NULL };
    char buf[256];
    apr_status_t rv = sml_rekey(&how, p);

    if (rv != APR_SUCCESS) {
        *error = apr_psprintf(p, "the keys of its items cannot be computed"
                              " anew: %s",
                              store_strerror(rv, buf, sizeof(buf)));
    }
    return rv;
}

static apr_status_t prepare_store(const syncml_store_t *st, const char **id,
                                  apr_pool_t *p)
{
    store_options_t options = { 0 };
    store_t *store = NULL;
    const char *error = why_closed(parent_of(st->path, p), p);
    apr_status_t rv = APR_EACCES;

    *id = NULL;
    if (error == NULL) {
        options.key_file = st->key_file;
        options.create = 1;
        options.log = syncml_log_server;
        options.log_baton = st->server;
        rv = store_open(&store, st->url, &options, &error, p);
    }
    if (rv == APR_SUCCESS) {
        rv = syncml_prepare_server_id(st, store, id, &error, p);
        if (rv == APR_SUCCESS) {
            rv = renew_keys(st, store, &error, p);
        }
        store_close(&store);
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, st->server,
                     "SyncMLStore %s%s cannot be used: %s", st->url,
                     st->by_default ? " (the default)" : "",
                     error ? error : "no reason known");
    }
    return rv;
}

typedef struct dump_check_t {
    server_rec *s;
    apr_pool_t *p;
    apr_status_t rv;
} dump_check_t;

static void check_dump(void *baton, const ap_directive_t *d)
{
    dump_check_t *check = baton;
    const char *args = d->args, *dir, *error;

    ap_getword_conf(check->p, &args);   /* the device */
    dir = ap_getword_conf(check->p, &args);
    if (*dir == '\0') {
        return;                         /* off */
    }
    dir = ap_server_root_relative(check->p, dir);
    error = dir ? why_closed(dir, check->p) : "no path";
    if (error != NULL) {
        check->rv = APR_EACCES;
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, check->s,
                     "SyncMLDump on line %d of %s: %s", d->line_num,
                     d->filename, error);
    }
}

/* Writes a line for each store, "+id" or "-", and one for the rest. */
static void report(int fd, const char *text)
{
    apr_size_t len = strlen(text);

    while (len > 0) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return;
        }
        text += n;
        len -= (apr_size_t)n;
    }
}

static void child_main(int fd, server_rec *s, apr_array_header_t *stores,
                       apr_pool_t *p)
{
    dump_check_t check = { s, p, APR_SUCCESS };
    int i;

    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGALRM, SIG_DFL);
    alarm(PATIENCE);
    if (ap_run_drop_privileges(p, s) != OK) {
        return;                         /* it has said why */
    }
    for (i = 0; i < stores->nelts; i++) {
        const char *id;
        apr_status_t rv =
            prepare_store(APR_ARRAY_IDX(stores, i, syncml_store_t *), &id, p);

        report(fd, rv == APR_SUCCESS ? apr_pstrcat(p, "+", id, "\n", NULL)
                                     : "-\n");
    }
    syncml_each_directive(NULL, "SyncMLDump", check_dump, &check);
    report(fd, check.rv == APR_SUCCESS ? "+\n" : "-\n");
}

/* ---- in the parent --------------------------------------------------------- */

static char *read_report(int fd, apr_pool_t *p)
{
    apr_size_t size = 4096, len = 0;
    char *text = apr_palloc(p, size + 1);

    for (;;) {
        ssize_t n = read(fd, text + len, size - len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            break;
        }
        len += (apr_size_t)n;
        if (len == size) {
            char *more = apr_palloc(p, 2 * size + 1);

            memcpy(more, text, len);
            text = more;
            size *= 2;
        }
    }
    text[len] = '\0';
    return text;
}

static apr_status_t take_report(server_rec *s, char *text,
                                apr_array_header_t *stores, apr_pool_t *p)
{
    apr_status_t rv = APR_SUCCESS;
    char *last = NULL, *line = apr_strtok(text, "\n", &last);
    int i;

    for (i = 0; i <= stores->nelts; i++) {
        if (line == NULL) {
            ap_log_error(APLOG_MARK, APLOG_CRIT, 0, s,
                         "the check of SyncMLStore did not come to its end"
                         " (it has %d seconds): is the file system of the"
                         " store well?", PATIENCE);
            return APR_EGENERAL;
        }
        if (*line != '+') {
            rv = APR_EGENERAL;
        } else if (i < stores->nelts) {
            APR_ARRAY_IDX(stores, i, syncml_store_t *)->server_id =
                apr_pstrdup(p, line + 1);
        }
        line = apr_strtok(NULL, "\n", &last);
    }
    return rv;
}

apr_status_t syncml_prepare_run(server_rec *s, apr_array_header_t *stores,
                                apr_pool_t *p, apr_pool_t *ptemp)
{
    int fds[2], status;
    char *text;
    pid_t pid;

    if (pipe(fds) != 0) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, errno, s, "SyncMLStore: pipe");
        return APR_EGENERAL;
    }
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        child_main(fds[1], s, stores, ptemp);
#ifdef SYNCML_COVERAGE
        __gcov_dump();
#endif
        _exit(0);               /* the pools' cleanups are the parent's */
    }
    close(fds[1]);
    if (pid < 0) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, errno, s, "SyncMLStore: fork");
        close(fds[0]);
        return APR_EGENERAL;
    }
    text = read_report(fds[0], ptemp);
    close(fds[0]);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return take_report(s, text, stores, p);
}
