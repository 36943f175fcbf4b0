/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * For the decoders' fuzz targets: a sink that aborts on what codec.h says
 * cannot happen, and the call of the decoder with an exact copy of the input.
 */
#ifndef T_FUZZ_FUZZ_SINK_H
#define T_FUZZ_FUZZ_SINK_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "codec/codec.h"
#include "codec/codec_int.h"

#define CHECK(what) do { if (!(what)) abort(); } while (0)

typedef struct fuzz_sink_t {
    codec_format_e format;
    const codec_limits_t *limits;
    unsigned depth, events, roots;
    int stack[CODEC_DEPTH_CAP];
    apr_size_t text, opaque;    /* octets */
} fuzz_sink_t;

static apr_status_t fuzz_start(void *baton, int tag)
{
    fuzz_sink_t *s = baton;

    CHECK(tag == CODEC_UNKNOWN || codec_tag_name(tag));
    CHECK(++s->events <= s->limits->max_events);
    CHECK(s->depth < s->limits->max_depth);
    if (s->depth == 0)
        CHECK(++s->roots == 1);
    s->stack[s->depth++] = tag;
    return APR_SUCCESS;
}

static apr_status_t fuzz_end(void *baton, int tag)
{
    fuzz_sink_t *s = baton;

    CHECK(++s->events <= s->limits->max_events);
    CHECK(s->depth > 0 && s->stack[--s->depth] == tag);
    return APR_SUCCESS;
}

static apr_status_t fuzz_text(void *baton, const char *data, apr_size_t len,
                              int opaque)
{
    fuzz_sink_t *s = baton;
    char *copy = malloc(len ? len : 1);

    CHECK(++s->events <= s->limits->max_events);
    CHECK(s->depth > 0);
    CHECK(copy != NULL);
    memcpy(copy, data, len);    /* all of it can be read */
    if (opaque) {
        CHECK(s->format == CODEC_WBXML);
        s->opaque += len;
    } else {
        CHECK(codec_utf8_prefix(copy, len) == len);
        s->text += len;
    }
    free(copy);
    return APR_SUCCESS;
}

static void fuzz_decode(codec_format_e format, const uint8_t *data,
                        size_t size)
{
    static const codec_limits_t limits = {
        .max_octets = 1 << 16, .max_depth = 24, .max_events = 20000,
        .max_strtbl = 1024, .max_strtbl_out = 8192, .max_tag = 512
    };
    fuzz_sink_t s = { .format = format, .limits = &limits };
    codec_sink_t sink = { fuzz_start, fuzz_end, fuzz_text, &s };
    uint8_t *exact = malloc(size ? size : 1);
    codec_info_t info;
    apr_pool_t *pool;
    apr_status_t rv;

    CHECK(exact != NULL);
    memcpy(exact, data, size);
    apr_pool_create(&pool, NULL);
    rv = codec_decode(format, exact, size, &limits, &sink, &info, pool);
    if (rv == APR_SUCCESS) {
        CHECK(s.depth == 0 && s.roots == 1);
        CHECK(info.error == NULL && info.error_offset == 0);
    } else {
        CHECK(codec_strerror(rv) != NULL && info.error != NULL);
    }
    /* Octets that come out are octets that went in, or the table's; a
     * Latin-1 octet becomes two, a reference in XML is longer than what it
     * stands for. */
    CHECK(s.opaque <= size);
    CHECK(s.text <= 2 * (size + limits.max_strtbl_out));
    apr_pool_destroy(pool);
    free(exact);
}

static inline void fuzz_init_once(void)
{
    static int done;

    if (!done) {
        apr_initialize();
        codec_init();
        done = 1;
    }
}

#endif
