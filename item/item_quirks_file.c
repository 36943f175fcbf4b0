/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Each set of quirks has a pool of its own and counts who uses it: requests
 * still go by the old one while a new one is in force already.
 */
#include "item/item_quirks_file.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

typedef struct set_t {
    item_quirks_file_t *file;
    apr_pool_t *p;
    item_quirks_t *quirks;
    int users;                  /* one of them the file's */
} set_t;

/** What tells one state of a file from another. */
typedef struct stamp_t {
    apr_time_t mtime, ctime;
    apr_off_t size;
    apr_ino_t inode;
    apr_status_t rv;            /* why there is none */
} stamp_t;

struct item_quirks_file_t {
    const char *path;
    item_quirks_log_fn *log;
    void *baton;
    apr_pool_t *p;
    apr_thread_mutex_t *mutex;
    apr_time_t looked;          /* 0: never */
    stamp_t stamp;
    set_t *set;                 /* in force, or NULL */
};

apr_status_t item_quirks_load(item_quirks_t **quirks, const char *path,
                              const char **error, apr_pool_t *p)
{
    apr_size_t len = ITEM_QUIRKS_MAX_OCTETS + 1;
    apr_pool_t *scratch;
    apr_file_t *f;
    char *text, words[120];
    apr_status_t rv;

    *quirks = NULL;
    apr_pool_create(&scratch, p);
    text = apr_palloc(scratch, len);
    rv = apr_file_open(&f, path, APR_FOPEN_READ, 0, scratch);
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(f, text, len, &len);
        apr_file_close(f);
    }
    if (rv != APR_SUCCESS && rv != APR_EOF)
        *error = apr_psprintf(p, "%s cannot be read: %s", path,
                              apr_strerror(rv, words, sizeof(words)));
    else {
        rv = item_quirks_parse(quirks, text, len, error, p);
        if (rv != APR_SUCCESS)
            *error = apr_pstrcat(p, path, ", ", *error, NULL);
    }
    apr_pool_destroy(scratch);
    return rv;
}

static void drop(set_t *set)
{
    if (--set->users == 0)
        apr_pool_destroy(set->p);
}

static apr_status_t forget(void *data)
{
    item_quirks_file_t *f = data;

    if (f->set)
        drop(f->set);
    f->set = NULL;
    return APR_SUCCESS;
}

apr_status_t item_quirks_file_make(item_quirks_file_t **file,
                                   const char *path, item_quirks_log_fn *log,
                                   void *baton, apr_pool_t *p)
{
    item_quirks_file_t *f = apr_pcalloc(p, sizeof(*f));

    f->path = apr_pstrdup(p, path);
    f->log = log;
    f->baton = baton;
    f->p = p;
    *file = f;
    apr_pool_cleanup_register(p, f, forget, apr_pool_cleanup_null);
    return apr_thread_mutex_create(&f->mutex, APR_THREAD_MUTEX_DEFAULT, p);
}

static apr_status_t done_with(void *data)
{
    set_t *set = data;
    apr_thread_mutex_t *mutex = set->file->mutex;

    apr_thread_mutex_lock(mutex);
    drop(set);
    apr_thread_mutex_unlock(mutex);
    return APR_SUCCESS;
}

static void look_at(const item_quirks_file_t *f, stamp_t *stamp,
                    apr_pool_t *p)
{
    apr_finfo_t info;

    memset(stamp, 0, sizeof(*stamp));
    stamp->rv = apr_stat(&info, f->path, APR_FINFO_MIN | APR_FINFO_INODE, p);
    if (APR_STATUS_IS_INCOMPLETE(stamp->rv))
        stamp->rv = APR_SUCCESS;
    if (stamp->rv == APR_SUCCESS) {
        stamp->mtime = info.mtime;
        stamp->ctime = info.ctime;
        stamp->size = info.size;
        stamp->inode = info.inode;
    }
}

static int is_other(const stamp_t *a, const stamp_t *b)
{
    return a->mtime != b->mtime || a->ctime != b->ctime || a->size != b->size
        || a->inode != b->inode || a->rv != b->rv;
}

/** The mutex is held. */
static void read_anew(item_quirks_file_t *f)
{
    apr_pool_t *p;
    const char *error;
    set_t *set;

    /* Not f->p's child: others may use that one meanwhile, without our
     * mutex. */
    if (apr_pool_create_ex(&p, NULL, NULL, NULL) != APR_SUCCESS)
        return;
    set = apr_pcalloc(p, sizeof(*set));
    set->file = f;
    set->p = p;
    set->users = 1;
    if (item_quirks_load(&set->quirks, f->path, &error, p) != APR_SUCCESS) {
        if (f->log)
            f->log(f->baton, 3, apr_psprintf(p, "quirks: %s; %s", error,
                                             f->set ? "those read before "
                                             "stay in force"
                                             : "none are in force"));
        apr_pool_destroy(p);
        return;
    }
    if (f->log)
        f->log(f->baton, f->set ? 5 : 7,
               apr_psprintf(p, "quirks: %s read, %d sections", f->path,
                            item_quirks_count(set->quirks)));
    if (f->set)
        drop(f->set);
    f->set = set;
}

const item_quirks_t *item_quirks_file_get(item_quirks_file_t *f,
                                          apr_time_t now, apr_pool_t *p)
{
    stamp_t stamp;
    set_t *set;

    apr_thread_mutex_lock(f->mutex);
    if (!f->looked || now < f->looked || now - f->looked >= ITEM_QUIRKS_LOOK) {
        look_at(f, &stamp, p);
        if (!f->looked || is_other(&stamp, &f->stamp)) {
            f->stamp = stamp;
            read_anew(f);
        }
        f->looked = now ? now : 1;
    }
    set = f->set;
    if (set)
        set->users++;
    apr_thread_mutex_unlock(f->mutex);
    if (set == NULL)
        return NULL;
    apr_pool_cleanup_register(p, set, done_with, apr_pool_cleanup_null);
    return set->quirks;
}
