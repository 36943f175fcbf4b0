/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * For the codec's tests: events written down as one line, so that two
 * documents can be compared and a failure can be read.
 *
 *     (SyncML(SyncBody(Data'text')(Final)))
 *
 * MetInf names have a leading "m:", DevInf names "d:", an unknown element is
 * "?".  Pieces of text that follow each other are joined.
 */
#ifndef T_UNIT_CODEC_EVENTS_H
#define T_UNIT_CODEC_EVENTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>

#include "codec/codec.h"

typedef struct events_t {
    apr_pool_t *pool;
    char *log;                  /* ends with NUL, which len does not count */
    apr_size_t len, size;
    unsigned in_text;           /* 1: plain, 2: opaque that is shown */
    int show_opaque;            /* opaque text as o'...' */
    int open_devinf;            /* opaque DevInf documents as their events */
    unsigned calls;             /* of the sink */
    unsigned depth, deepest;
    apr_size_t octets;          /* of text */
    unsigned fail_at;           /* this call of the sink fails, 0: none */
} events_t;

#define EVENTS_FAILURE APR_EGENERAL

static inline void events_put(events_t *e, const char *s, apr_size_t n)
{
    if (e->len + n + 1 > e->size) {
        char *old = e->log;

        e->size = (e->len + n + 1) * 2;
        e->log = apr_palloc(e->pool, e->size);
        if (e->len)
            memcpy(e->log, old, e->len);
    }
    memcpy(e->log + e->len, s, n);
    e->len += n;
    e->log[e->len] = 0;
}

static inline void events_close_text(events_t *e)
{
    if (e->in_text)
        events_put(e, "'", 1);
    e->in_text = 0;
}

static inline apr_status_t events_called(events_t *e)
{
    return ++e->calls == e->fail_at ? EVENTS_FAILURE : APR_SUCCESS;
}

static inline apr_status_t events_start(void *baton, int tag)
{
    static const char *const prefix[] = { "", "m:", "d:" };
    events_t *e = baton;
    const char *name = codec_tag_name(tag);

    events_close_text(e);
    events_put(e, "(", 1);
    if (name) {
        events_put(e, prefix[CODEC_PAGE(tag)],
                   strlen(prefix[CODEC_PAGE(tag)]));
        events_put(e, name, strlen(name));
    } else {
        assert_int_equal(tag, CODEC_UNKNOWN);
        events_put(e, "?", 1);
    }
    if (++e->depth > e->deepest)
        e->deepest = e->depth;
    return events_called(e);
}

static inline apr_status_t events_end(void *baton, int tag)
{
    events_t *e = baton;

    assert_true(e->depth > 0);
    e->depth--;
    events_close_text(e);
    events_put(e, ")", 1);
    return events_called(e);
}

static inline apr_status_t events_text(void *baton, const char *s,
                                       apr_size_t n, int opaque);

static inline events_t *events_create(apr_pool_t *p)
{
    events_t *e = apr_pcalloc(p, sizeof(*e));

    e->pool = p;
    events_put(e, "", 0);
    return e;
}

/* The document's octets are put where a read beyond them is noticed. */
static inline apr_status_t events_decode(events_t *e, codec_format_e format,
                                         const void *data, apr_size_t len,
                                         const codec_limits_t *limits,
                                         codec_info_t *info)
{
    codec_sink_t sink = { events_start, events_end, events_text, e };
    char *exact = malloc(len ? len : 1);
    apr_pool_t *scratch;
    apr_status_t rv;

    assert_non_null(exact);
    memcpy(exact, data, len);
    apr_pool_create(&scratch, e->pool);
    rv = codec_decode(format, exact, len, limits, &sink, info, scratch);
    apr_pool_destroy(scratch);
    free(exact);
    return rv;
}

static inline int events_splice_devinf(events_t *e, const char *s,
                                       apr_size_t n)
{
    events_t *inner = events_create(e->pool);
    codec_info_t info;

    if (events_decode(inner, CODEC_WBXML, s, n, NULL, &info) != APR_SUCCESS
        || info.doc != CODEC_DOC_DEVINF)
        return 0;
    events_put(e, inner->log, inner->len);
    return 1;
}

static inline apr_status_t events_text(void *baton, const char *s,
                                       apr_size_t n, int opaque)
{
    events_t *e = baton;
    unsigned kind = opaque && e->show_opaque ? 2 : 1;

    assert_true(e->depth > 0);
    e->octets += n;
    if (opaque && e->open_devinf && events_splice_devinf(e, s, n))
        return events_called(e);
    if (n > 0 && e->in_text != kind) {
        events_close_text(e);
        events_put(e, "o'" + (kind == 1), kind);
        e->in_text = kind;
    }
    events_put(e, s, n);
    return events_called(e);
}

/* ---- documents ---------------------------------------------------------- */

typedef struct sample_t {
    const char *name;
    char *data;
    apr_size_t len;
} sample_t;

static inline void read_sample(const char *dir, const char *name,
                               sample_t *sample, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, dir, "/", name, NULL);
    apr_file_t *file;
    apr_finfo_t finfo;

    assert_int_equal(apr_file_open(&file, path, APR_FOPEN_READ,
                                   APR_FPROT_OS_DEFAULT, p), APR_SUCCESS);
    assert_int_equal(apr_file_info_get(&finfo, APR_FINFO_SIZE, file),
                     APR_SUCCESS);
    sample->name = apr_pstrdup(p, name);
    sample->len = (apr_size_t)finfo.size;
    sample->data = apr_pcalloc(p, sample->len + 1);
    assert_int_equal(apr_file_read_full(file, sample->data, sample->len,
                                        NULL), APR_SUCCESS);
    apr_file_close(file);
}

/* The files of a directory whose names begin so; at least min of them.
 * The tests run in the top directory. */
static inline unsigned read_samples(const char *dir, const char *start,
                                    unsigned min, sample_t *samples,
                                    unsigned max, apr_pool_t *p)
{
    apr_dir_t *handle;
    apr_finfo_t finfo;
    unsigned n = 0;

    assert_int_equal(apr_dir_open(&handle, dir, p), APR_SUCCESS);
    while (apr_dir_read(&finfo, APR_FINFO_NAME, handle) == APR_SUCCESS) {
        if (strncmp(finfo.name, start, strlen(start)) != 0)
            continue;
        assert_true(n < max);
        read_sample(dir, finfo.name, &samples[n++], p);
    }
    apr_dir_close(handle);
    assert_true(n >= min);
    return n;
}

#endif
