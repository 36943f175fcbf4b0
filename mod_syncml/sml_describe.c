/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A message for people to read, in dumps that may be sent around: names,
 * numbers, ids and anchors are shown; credentials, nonces, session tokens
 * and what people wrote are not, only how long they are.
 */
#include "mod_syncml/sml.h"

#include <string.h>

#include <apr_strings.h>

#define MAX_DEPTH   40
#define MAX_SHOWN   200         /* octets of one text */

typedef struct describer_t {
    apr_pool_t *p;
    apr_array_header_t *out;    /* of char */
    int tags[MAX_DEPTH];
    int depth, base;            /* base: indentation of a nested document */
    int fresh;                  /* the open element has no content yet */
    char *text;
    apr_size_t len, room;
} describer_t;

static void put(describer_t *d, const char *text, apr_size_t len)
{
    apr_array_header_t *out = d->out;
    apr_size_t need = (apr_size_t)out->nelts + len;

    if (need > (apr_size_t)out->nalloc) {
        apr_size_t size = 2 * need;
        char *elts = apr_palloc(d->p, size);

        memcpy(elts, out->elts, (apr_size_t)out->nelts);
        out->elts = elts;
        out->nalloc = (int)size;
    }
    memcpy(out->elts + out->nelts, text, len);
    out->nelts += (int)len;
}

static void puts_(describer_t *d, const char *text)
{
    put(d, text, strlen(text));
}

static void indent(describer_t *d)
{
    int i;

    puts_(d, "\n");
    for (i = 0; i < d->base + d->depth; i++) {
        puts_(d, "  ");
    }
}

static const char *tag_name(int tag)
{
    const char *name = codec_tag_name(tag);

    return name ? name : "unknown";
}

static int parent(const describer_t *d)
{
    return d->depth > 1 && d->depth <= MAX_DEPTH ? d->tags[d->depth - 2] : 0;
}

static int is_secret(const describer_t *d, int tag)
{
    if (tag == METINF_NEXTNONCE) {
        return 1;
    }
    return tag == SYNCML_DATA && parent(d) != SYNCML_ALERT
        && parent(d) != SYNCML_STATUS;
}

/* Without the session's token. */
static apr_size_t shown_length(int tag, const char *text, apr_size_t len)
{
    apr_size_t i;

    if (tag == SYNCML_LOCURI || tag == SYNCML_RESPURI
        || tag == SYNCML_TARGETREF || tag == SYNCML_SOURCEREF) {
        for (i = 0; i + 2 < len; i++) {
            if ((text[i] == '?' || text[i] == '&') && text[i + 1] == 's'
                && text[i + 2] == '=') {
                return i + 3;
            }
        }
    }
    return len < MAX_SHOWN ? len : MAX_SHOWN;
}

static void put_text(describer_t *d, int tag)
{
    apr_size_t n = shown_length(tag, d->text, d->len), i;

    for (i = 0; i < n; i++) {
        char c = d->text[i];

        switch (c) {
        case '<': puts_(d, "&lt;"); break;
        case '>': puts_(d, "&gt;"); break;
        case '&': puts_(d, "&amp;"); break;
        default:
            if ((unsigned char)c < 0x20 || c == 0x7f) {
                c = '?';
            }
            put(d, &c, 1);
        }
    }
    if (n < d->len) {
        puts_(d, "...");
    }
}

static apr_status_t decode(describer_t *d, codec_format_e format,
                           const char *data, apr_size_t len);

/* A DevInf document inside Data is of interest and nobody's secret. */
static int put_devinf(describer_t *d)
{
    describer_t inner = { 0 };

    if (d->len < 4 || (unsigned char)d->text[0] > 3) {
        return 0;
    }
    inner.p = d->p;
    inner.out = apr_array_make(d->p, 1024, 1);
    inner.base = d->base + d->depth;
    if (decode(&inner, CODEC_WBXML, d->text, d->len) != APR_SUCCESS) {
        return 0;
    }
    put(d, inner.out->elts, (apr_size_t)inner.out->nelts);
    indent(d);
    return 1;
}

static apr_status_t on_start(void *baton, int tag)
{
    describer_t *d = baton;

    indent(d);
    puts_(d, "<");
    puts_(d, tag_name(tag));
    puts_(d, ">");
    if (d->depth < MAX_DEPTH) {
        d->tags[d->depth] = tag;
    }
    d->depth++;
    d->fresh = 1;
    d->len = 0;
    return APR_SUCCESS;
}

static apr_status_t on_end(void *baton, int tag)
{
    describer_t *d = baton;

    if (!d->fresh) {
        d->depth--;
        indent(d);
    }
    else {
        if (d->len > 0 && is_secret(d, tag)) {
            if (!put_devinf(d)) {
                puts_(d, apr_psprintf(d->p, "[%" APR_SIZE_T_FMT " octets]",
                                      d->len));
            }
        }
        else if (d->len > 0) {
            put_text(d, tag);
        }
        d->depth--;
    }
    puts_(d, "</");
    puts_(d, tag_name(tag));
    puts_(d, ">");
    d->fresh = 0;
    d->len = 0;
    return APR_SUCCESS;
}

static apr_status_t on_text(void *baton, const char *data, apr_size_t len,
                            int opaque)
{
    describer_t *d = baton;
    char *larger;

    if (!d->fresh || len == 0) {
        return APR_SUCCESS;
    }
    if (d->len + len > d->room) {
        d->room = 2 * (d->len + len);
        larger = apr_palloc(d->p, d->room);
        if (d->len) {
            memcpy(larger, d->text, d->len);
        }
        d->text = larger;
    }
    memcpy(d->text + d->len, data, len);
    d->len += len;
    return APR_SUCCESS;
}

static apr_status_t decode(describer_t *d, codec_format_e format,
                           const char *data, apr_size_t len)
{
    codec_sink_t sink = { on_start, on_end, on_text, NULL };

    sink.baton = d;
    return codec_decode(format, data, len, NULL, &sink, NULL, d->p);
}

const char *sml_describe(codec_format_e format, const char *data,
                         apr_size_t len, apr_pool_t *p)
{
    describer_t d = { 0 };
    apr_status_t rv;

    d.p = p;
    d.out = apr_array_make(p, 4096, 1);
    rv = decode(&d, format, data, len);
    if (rv != APR_SUCCESS) {
        puts_(&d, apr_psprintf(p, "\n<!-- not decodable from here on: %s; "
                               "%" APR_SIZE_T_FMT " octets in all -->",
                               codec_strerror(rv) ? codec_strerror(rv) : "?",
                               len));
    }
    puts_(&d, "\n");
    return apr_pstrmemdup(p, d.out->elts + 1,
                          (apr_size_t)d.out->nelts - 1);
}
