/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Opening the store, transactions, and words for what goes wrong: ctl.h. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "item/item.h"
#include "syncmlctl/ctl.h"

int ctl_fail(const ctl_t *ctl, int status, const char *format, ...)
{
    va_list args;
    char *words;

    va_start(args, format);
    words = apr_pvsprintf(ctl->p, format, args);
    va_end(args);
    fprintf(stderr, "syncmlctl: %s\n", ctl_clean(words, ctl->p));
    return status;
}

static int exit_status(apr_status_t rv)
{
    switch (rv) {
    case APR_SUCCESS:    return CTL_OK;
    case APR_NOTFOUND:   return CTL_NOT_FOUND;
    case APR_EEXIST:     return CTL_EXISTS;
    case APR_EINVAL:     return CTL_BAD_DATA;
    case STORE_EBUSY:    return CTL_BUSY;
    case STORE_EFULL:    return CTL_FULL;
    case STORE_ECORRUPT:
    case STORE_EVERSION:
    case STORE_EKEY:     return CTL_NO_STORE;
    default:             return CTL_FAILURE;
    }
}

int ctl_fail_store(const ctl_t *ctl, apr_status_t rv, const char *what)
{
    const char *words = ctl->tx ? store_error(ctl->tx) : "";
    char buf[200];

    store_strerror(rv, buf, sizeof(buf));
    if (rv == STORE_EBUSY)
        words = "try again, or wait longer with --wait SECONDS";
    return ctl_fail(ctl, exit_status(rv), "%s: %s%s%s", what, buf,
                    *words && strcmp(words, buf) ? ": " : "",
                    strcmp(words, buf) ? words : "");
}

/* ---- whose files --------------------------------------------------------- */

/** Give a file that root made in its owner's directory to that owner.  Only
 * a plain file with one name: the owner can put anything there. */
static void give_file(const char *path, uid_t uid, gid_t gid)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1
        && st.st_uid == 0 && fchown(fd, uid, gid) != 0)
        perror(path);
    close(fd);
}

/**
 * Root works as the owner of the store's directory.  So what is made there
 * stays usable by httpd's children, and a file that is no database cannot
 * lead root astray.
 */
static int become_owner(ctl_t *ctl, const char *dir, const char *db)
{
    static const char *const suffixes[] = { "", "-wal", "-shm", "-queue" };
    struct passwd *user;
    struct stat st;
    gid_t group;
    unsigned i;

    if (geteuid() != 0 || stat(dir, &st) != 0 || st.st_uid == 0)
        return CTL_OK;
    user = getpwuid(st.st_uid);
    group = user ? user->pw_gid : st.st_gid;
    for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        give_file(apr_pstrcat(ctl->p, db, suffixes[i], NULL), st.st_uid,
                  group);
    if (ctl->key_file)
        give_file(ctl->key_file, st.st_uid, group);
    if ((user ? initgroups(user->pw_name, group) : setgroups(1, &group)) != 0
        || setgid(group) != 0 || setuid(st.st_uid) != 0)
        return ctl_fail(ctl, CTL_FAILURE, "cannot work as the owner of %s: "
                        "%s", dir, strerror(errno));
    return CTL_OK;
}

static const char *user_name(apr_pool_t *p)
{
    struct passwd *user = getpwuid(geteuid());

    return user ? apr_pstrdup(p, user->pw_name)
                : apr_psprintf(p, "user %ld", (long)geteuid());
}

/* ---- open ---------------------------------------------------------------- */

/** What would help, for the commonest failures; "" if nothing is known. */
static const char *way_out(ctl_t *ctl, apr_status_t rv, const char *dir,
                           const char *db)
{
    struct stat st;

    if (stat(dir, &st) != 0 && errno == ENOENT)
        return apr_psprintf(ctl->p, ". There is no directory %s: make it for "
                            "httpd's user, on Debian `install -d -o www-data "
                            "-g www-data -m 0750 %s'", dir, dir);
    if (APR_STATUS_IS_ENOENT(rv))
        return apr_psprintf(ctl->p, ". Is it elsewhere (--store URL, "
                            "$SYNCML_STORE)? `syncmlctl account add NAME' "
                            "makes it, and so does httpd's start");
    if (APR_STATUS_IS_EACCES(rv)
        || (access(db, F_OK) == 0 && access(db, R_OK | W_OK) != 0)
        || access(dir, W_OK | X_OK) != 0)
        return apr_psprintf(ctl->p, ". This ran as %s: run it as root or as "
                            "the owner of %s, whom root works as too",
                            user_name(ctl->p), dir);
    return "";
}

static void find_key_file(ctl_t *ctl, const char *dir)
{
    if (!(ctl->command->store & CTL_NEEDS_KEY)
        || ctl->options[OPT_NO_PASSWORD])
        ctl->key_file = NULL;
    else if (!ctl->key_file)
        ctl->key_file = apr_pstrcat(ctl->p, dir,
                                    strcmp(dir, "/") ? "/" : "",
                                    CTL_KEY_NAME, NULL);
}

int ctl_open(ctl_t *ctl)
{
    const char *db = ctl->url + strlen(CTL_SQLITE), *dir, *slash;
    store_options_t options;
    const char *error = "";
    apr_status_t rv;
    int status;

    if (strncmp(ctl->url, CTL_SQLITE, strlen(CTL_SQLITE)) || *db != '/')
        return ctl_fail(ctl, CTL_USAGE, "the store \"%s\" cannot be used: it "
                        "is named as sqlite:/absolute/path/syncml.db",
                        ctl->url);
    slash = strrchr(db, '/');
    dir = slash == db ? "/" : apr_pstrmemdup(ctl->p, db,
                                             (apr_size_t)(slash - db));
    find_key_file(ctl, dir);
    status = become_owner(ctl, dir, db);
    if (status != CTL_OK)
        return status;
    memset(&options, 0, sizeof(options));
    options.key_file = ctl->key_file;
    ctl->made_store = access(db, F_OK) != 0;
    /* The first password of a store that is there makes the key file. */
    options.create = (ctl->command->store & CTL_MAKES_STORE)
                     || (ctl->key_file && !ctl->made_store);
    options.busy_timeout = ctl->wait;
    options.starts = sml_next_start;
    rv = store_open(&ctl->store, ctl->url, &options, &error, ctl->p);
    if (rv == APR_SUCCESS)
        return CTL_OK;
    status = exit_status(rv);
    if (rv == STORE_EBUSY)
        return ctl_fail(ctl, status, "%s: try again, or wait longer with "
                        "--wait SECONDS", error);
    return ctl_fail(ctl, status == CTL_FULL ? status : CTL_NO_STORE, "%s%s",
                    *error ? error : "the store cannot be opened",
                    way_out(ctl, rv, dir, db));
}

/* ---- transactions -------------------------------------------------------- */

int ctl_begin(ctl_t *ctl, int mode)
{
    apr_status_t rv = store_begin(&ctl->tx, ctl->store, mode, ctl->p);

    return rv == APR_SUCCESS ? CTL_OK
                             : ctl_fail_store(ctl, rv, "cannot begin");
}

int ctl_commit(ctl_t *ctl)
{
    apr_status_t rv = store_commit(&ctl->tx, NULL);

    return rv == APR_SUCCESS
           ? CTL_OK
           : ctl_fail_store(ctl, rv, "nothing was changed");
}
