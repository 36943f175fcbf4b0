/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The writer, driven by octets: elements, texts, marks and rollbacks in both
 * formats at once.  What is written is read back and compared with a record
 * of what was asked for.
 *
 * An operation is one octet, its low three bits what to do, the rest which
 * element; texts follow as a length octet and their octets.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "codec/codec.h"

#define CHECK(what) do { if (!(what)) abort(); } while (0)

#define MAX_DEPTH 100           /* below what the decoders take */
#define MAX_MARKS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is in the document: "(" and the tag, texts, ")". */
typedef struct record_t {
    char *octets;
    apr_size_t len, size;
} record_t;

static void record(record_t *r, const void *octets, apr_size_t len)
{
    if (r->len + len > r->size) {
        r->size = (r->len + len) * 2;
        r->octets = realloc(r->octets, r->size);
        CHECK(r->octets != NULL);
    }
    if (len)
        memcpy(r->octets + r->len, octets, len);
    r->len += len;
}

static apr_status_t record_start(void *baton, int tag)
{
    unsigned char octets[3] = { '(', (unsigned char)CODEC_PAGE(tag),
                                (unsigned char)CODEC_TOKEN(tag) };

    record(baton, octets, sizeof(octets));
    return APR_SUCCESS;
}

static apr_status_t record_end(void *baton, int tag)
{
    record(baton, ")", 1);
    return APR_SUCCESS;
}

static apr_status_t record_text(void *baton, const char *text,
                                apr_size_t len, int opaque)
{
    record(baton, text, len);
    return APR_SUCCESS;
}

typedef struct place_t {
    codec_mark_t marks[2];
    apr_size_t sizes[2];
    apr_size_t record_len;
    unsigned depth;
} place_t;

typedef struct drive_t {
    const uint8_t *p, *end;
    codec_writer_t *w[2];       /* WBXML, XML */
    record_t wanted;
    int tags[MAX_DEPTH];        /* open elements */
    unsigned depth;
    place_t places[MAX_MARKS];
    unsigned places_len;
    int changed;                /* XML cannot carry all of the texts */
} drive_t;

static unsigned next_octet(drive_t *d)
{
    return d->p < d->end ? *d->p++ : 0;
}

/* Elements whose names are on one page only below any parent: an XML name
 * is also looked up by its place. */
static int choose_tag(unsigned n)
{
    static const int tags[] = {
        SYNCML_ADD, SYNCML_DATA, SYNCML_META, SYNCML_CMDID, SYNCML_ITEM,
        METINF_TYPE, METINF_ANCHOR, METINF_NEXTNONCE, METINF_MAXOBJSIZE,
        DEVINF_DEVINF, DEVINF_UTC, DEVINF_CTCAP
    };

    return tags[n % (sizeof(tags) / sizeof(tags[0]))];
}

static const char *next_text(drive_t *d, apr_size_t *len)
{
    apr_size_t n = next_octet(d), i;
    const char *text = (const char *)d->p;

    if (n > (apr_size_t)(d->end - d->p))
        n = (apr_size_t)(d->end - d->p);
    d->p += n;
    *len = n;
    for (i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c >= 0x7f || (c < 0x20 && c != '\r' && c != '\n' && c != '\t'))
            d->changed = 1;
    }
    return text;
}

static void do_text(drive_t *d, int tag, int opaque)
{
    apr_size_t len;
    const char *text = next_text(d, &len);
    unsigned i;

    for (i = 0; i < 2; i++) {
        if (opaque)
            codec_opaque(d->w[i], tag, text, len);
        else
            codec_textn(d->w[i], tag, text, len);
    }
    record_start(&d->wanted, tag);
    record(&d->wanted, text, len);
    record_end(&d->wanted, tag);
}

static void do_open(drive_t *d, int tag)
{
    codec_open(d->w[0], tag);
    codec_open(d->w[1], tag);
    d->tags[d->depth++] = tag;
    record_start(&d->wanted, tag);
}

static void do_close(drive_t *d)
{
    codec_close(d->w[0]);
    codec_close(d->w[1]);
    record_end(&d->wanted, d->tags[--d->depth]);
}

static void do_mark(drive_t *d)
{
    place_t *at = &d->places[d->places_len++];
    unsigned i;

    for (i = 0; i < 2; i++) {
        codec_writer_mark(d->w[i], &at->marks[i]);
        at->sizes[i] = codec_writer_size(d->w[i]);
    }
    at->record_len = d->wanted.len;
    at->depth = d->depth;
}

static void do_rollback(drive_t *d)
{
    const place_t *at = &d->places[--d->places_len];
    unsigned i;

    for (i = 0; i < 2; i++) {
        codec_writer_rollback(d->w[i], &at->marks[i]);
        CHECK(codec_writer_size(d->w[i]) == at->sizes[i]);
    }
    d->wanted.len = at->record_len;
    d->depth = at->depth;
}

static void do_next(drive_t *d)
{
    unsigned octet = next_octet(d);
    int tag = choose_tag(octet >> 3);
    unsigned floor = d->places_len ? d->places[d->places_len - 1].depth : 1;

    switch (octet & 7) {
    case 0:
        if (d->depth < MAX_DEPTH)
            do_open(d, tag);
        break;
    case 1:
        if (d->depth > floor)
            do_close(d);
        break;
    case 2:
        do_text(d, tag, 0);
        break;
    case 3:
        do_text(d, tag, 1);
        break;
    case 4:
        codec_empty(d->w[0], tag);
        codec_empty(d->w[1], tag);
        record_start(&d->wanted, tag);
        record_end(&d->wanted, tag);
        break;
    case 5:
        if (d->places_len < MAX_MARKS)
            do_mark(d);
        break;
    case 6:
        if (d->places_len > 0)
            do_rollback(d);
        break;
    default:        /* keep what was written since the mark */
        if (d->places_len > 0)
            d->places_len--;
        break;
    }
}

/* Read back: the same elements; the same texts too where they could be
 * carried. */
static void compare(codec_writer_t *w, const record_t *wanted, int texts,
                    apr_pool_t *pool)
{
    static const codec_limits_t limits = {
        .max_octets = 16 << 20, .max_depth = 128, .max_events = 10000000
    };
    record_t have = { NULL, 0, 0 };
    codec_sink_t sink = { record_start, record_end, record_text, &have };
    codec_info_t info;
    apr_size_t size = codec_writer_size(w), len;
    const char *data = codec_writer_data(w, &len);

    CHECK(data != NULL && len == size);
    CHECK(codec_decode(codec_writer_format(w), data, len, &limits, &sink,
                       &info, pool) == APR_SUCCESS);
    CHECK(info.version == CODEC_V12 && info.doc == CODEC_DOC_SYNCML);
    if (texts) {
        CHECK(have.len == wanted->len);
        CHECK(memcmp(have.octets, wanted->octets, have.len) == 0);
    }
    free(have.octets);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int initialized;
    drive_t d;
    apr_pool_t *pool;
    apr_size_t sizes[2];

    if (!initialized) {
        apr_initialize();
        codec_init();
        initialized = 1;
    }
    memset(&d, 0, sizeof(d));
    d.p = data;
    d.end = data + size;
    apr_pool_create(&pool, NULL);
    d.w[0] = codec_writer_create(CODEC_WBXML, CODEC_DOC_SYNCML, CODEC_V12,
                                 pool);
    d.w[1] = codec_writer_create(CODEC_XML, CODEC_DOC_SYNCML, CODEC_V12,
                                 pool);
    do_open(&d, SYNCML_SYNCML);
    while (d.p < d.end)
        do_next(&d);
    sizes[0] = codec_writer_size(d.w[0]);
    sizes[1] = codec_writer_size(d.w[1]);
    while (d.depth > 0)
        do_close(&d);
    CHECK(codec_writer_size(d.w[0]) == sizes[0]);
    CHECK(codec_writer_size(d.w[1]) == sizes[1]);
    compare(d.w[0], &d.wanted, 1, pool);
    compare(d.w[1], &d.wanted, !d.changed, pool);
    free(d.wanted.octets);
    apr_pool_destroy(pool);
    return 0;
}
