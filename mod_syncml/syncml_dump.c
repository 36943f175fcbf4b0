/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/syncml_dump.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "apr_file_info.h"
#include "apr_file_io.h"
#include "apr_lib.h"
#include "apr_strings.h"

#define NAME_MAX_OCTETS 100
#define OURS ".xml"             /* nothing else is ever removed */

const char *syncml_dump_name(apr_pool_t *p, const char *text)
{
    static const char hex[] = "0123456789ABCDEF";
    char *name = apr_palloc(p, NAME_MAX_OCTETS + 1), *out = name;

    for (; *text && out - name <= NAME_MAX_OCTETS - 3; text++) {
        if (apr_isalnum(*text) || *text == '-' || *text == '_') {
            *out++ = *text;
        } else {
            *out++ = '%';
            *out++ = hex[(unsigned char)*text >> 4];
            *out++ = hex[(unsigned char)*text & 15];
        }
    }
    *out = '\0';
    return out == name ? "_" : name;
}

/* ---- room ------------------------------------------------------------------ */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names begin with the time, so the first ones are the oldest. */
static void make_room(const char *dir, int wanted, apr_pool_t *p)
{
    apr_array_header_t *names = apr_array_make(p, 64, sizeof(const char *));
    apr_finfo_t info;
    apr_dir_t *d;
    int i;

    if (apr_dir_open(&d, dir, p) != APR_SUCCESS) {
        return;
    }
    while (apr_dir_read(&info, APR_FINFO_NAME, d) == APR_SUCCESS) {
        apr_size_t len = strlen(info.name);

        if (len > strlen(OURS)
            && strcmp(info.name + len - strlen(OURS), OURS) == 0) {
            APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(p, info.name);
        }
    }
    apr_dir_close(d);
    if (names->nelts + wanted <= SYNCML_DUMP_FILES) {
        return;
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), by_name);
    for (i = 0; i < names->nelts + wanted - SYNCML_DUMP_FILES; i++) {
        apr_file_remove(apr_pstrcat(p, dir, "/",
                                    APR_ARRAY_IDX(names, i, const char *),
                                    NULL), p);
    }
}

/* ---- writing ----------------------------------------------------------------- */

static apr_status_t write_file(const char *path, const char *text,
                               apr_pool_t *p)
{
    apr_size_t len = strlen(text);
    const char *end = "";
    apr_file_t *f;
    apr_status_t rv;

    if (len > SYNCML_DUMP_OCTETS) {
        end = apr_psprintf(p, "\n<!-- cut here: %" APR_SIZE_T_FMT
                           " octets in all -->\n", len);
        len = SYNCML_DUMP_OCTETS - strlen(end);
    }
    /* APR_FOPEN_EXCL also refuses a symbolic link. */
    rv = apr_file_open(&f, path, APR_FOPEN_WRITE | APR_FOPEN_CREATE
                       | APR_FOPEN_EXCL, APR_FPROT_UREAD | APR_FPROT_UWRITE,
                       p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_write_full(f, text, len, NULL);
    if (rv == APR_SUCCESS && *end != '\0') {
        rv = apr_file_write_full(f, end, strlen(end), NULL);
    }
    apr_file_close(f);
    if (rv != APR_SUCCESS) {
        apr_file_remove(path, p);
    }
    return rv;
}

/* 20260214T093059.123456Z */
static const char *time_name(apr_time_t t, apr_pool_t *p)
{
    apr_time_exp_t e;

    apr_time_exp_gmt(&e, t);
    return apr_psprintf(p, "%04d%02d%02dT%02d%02d%02d.%06dZ",
                        e.tm_year + 1900, e.tm_mon + 1, e.tm_mday, e.tm_hour,
                        e.tm_min, e.tm_sec, e.tm_usec);
}

static apr_status_t write_both(request_rec *r, const char *dir,
                               const sml_request_t *request,
                               const sml_answer_t *answer)
{
    apr_pool_t *p = r->pool;
    const char *base =
        apr_pstrcat(p, dir, "/", time_name(r->request_time, p), "-",
                    syncml_dump_name(p, answer->session_id), "-",
                    syncml_dump_name(p, answer->msg_id), NULL);
    apr_status_t rv;

    rv = write_file(apr_pstrcat(p, base, "-in" OURS, NULL),
                    sml_describe(request->format, request->body,
                                 request->len, p), p);
    if (rv == APR_SUCCESS && answer->body != NULL) {
        rv = write_file(apr_pstrcat(p, base, "-out" OURS, NULL),
                        sml_describe(request->format, answer->body,
                                     answer->len, p), p);
    }
    return rv;
}

void syncml_dump(request_rec *r, const sml_request_t *request,
                 const sml_answer_t *answer)
{
    const syncml_dir_conf_t *conf = syncml_dir_conf(r);
    const char *dir;
    apr_status_t rv;

    if (conf->dump_device == NULL
        || strcmp(conf->dump_device, answer->device) != 0) {
        return;
    }
    dir = apr_pstrcat(r->pool, conf->dump_dir, "/",
                      syncml_dump_name(r->pool, answer->device), NULL);
    rv = apr_dir_make(dir, APR_FPROT_UREAD | APR_FPROT_UWRITE
                      | APR_FPROT_UEXECUTE, r->pool);
    if (rv == APR_SUCCESS || APR_STATUS_IS_EEXIST(rv)) {
        make_room(dir, 2, r->pool);
        rv = write_both(r, dir, request, answer);
    }
    if (rv != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, rv, r,
                      "SyncMLDump: cannot write in %s", dir);
    }
}
