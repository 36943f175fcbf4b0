/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file codec/codec_int.h
 * @brief What the codec's own files share; nothing for other rooms.
 */
#ifndef SYNCML_CODEC_INT_H
#define SYNCML_CODEC_INT_H

#include "codec.h"

/** Hard bound of codec_limits_t.max_depth: the decoders' stacks have a fixed
 * size, and libxml2 stops at 256 by itself. */
#define CODEC_DEPTH_CAP 128

#define CODEC_NS_METINF "syncml:metinf"
#define CODEC_NS_DEVINF "syncml:devinf"

/**
 * The decoders' common part: counts events against the limits, keeps the
 * stack of open elements, calls the sink.
 */
typedef struct codec_run_t {
    codec_sink_t sink;
    unsigned events_left;           /* of limits.max_events */
    unsigned depth;                 /* open elements */
    codec_limits_t limits;          /* no zeros left in it */
    codec_info_t *info;
    apr_uint16_t stack[CODEC_DEPTH_CAP];
} codec_run_t;

/** Set the words of an error; returns @p rv. */
static inline apr_status_t codec_fail(codec_run_t *r, apr_status_t rv,
                                      const char *words)
{
    r->info->error = words;
    return rv;
}

/* The four below are called for each token of a message: they are inline
 * for the sake of speed (a quarter of the time of a WBXML message). */

/** Count something that costs time; every event is counted by this. */
static inline apr_status_t codec_run_count(codec_run_t *r)
{
    if (r->events_left == 0)
        return codec_fail(r, CODEC_ELIMIT, "too many events");
    r->events_left--;
    return APR_SUCCESS;
}

/** Open an element. */
static inline apr_status_t codec_run_start(codec_run_t *r, int tag)
{
    apr_status_t rv = codec_run_count(r);

    if (rv != APR_SUCCESS)
        return rv;
    if (r->depth >= r->limits.max_depth)
        return codec_fail(r, CODEC_ELIMIT, "elements nested too deeply");
    r->stack[r->depth++] = (apr_uint16_t)tag;
    return r->sink.start(r->sink.baton, tag);
}

/** Close the innermost element. */
static inline apr_status_t codec_run_end(codec_run_t *r)
{
    apr_status_t rv = codec_run_count(r);

    if (rv != APR_SUCCESS)
        return rv;
    if (r->depth == 0)
        return codec_fail(r, CODEC_EMALFORMED, "end without a start");
    return r->sink.end(r->sink.baton, r->stack[--r->depth]);
}

/** Hand over text. */
static inline apr_status_t codec_run_text(codec_run_t *r, const char *data,
                                          apr_size_t len, int opaque)
{
    apr_status_t rv = codec_run_count(r);

    return rv == APR_SUCCESS
           ? r->sink.text(r->sink.baton, data, len, opaque) : rv;
}

/**
 * The root element decides what document this is.
 * @return CODEC_EDOCTYPE unless it is SyncML or DevInf
 */
apr_status_t codec_run_root(codec_run_t *r, int tag);

apr_status_t codec_wbxml_decode(codec_run_t *r, const void *data,
                                apr_size_t len);
apr_status_t codec_xml_decode(codec_run_t *r, const void *data,
                              apr_size_t len, apr_pool_t *p);

/**
 * Make an XML document fit for the parser: UTF-8 whatever it came in, no
 * byte order mark, no internal DTD subset, no start tag over the limits.
 * @param text  in: the document, out: the same or a converted copy in @p p
 */
apr_status_t codec_xml_prepare(codec_run_t *r, const char **text,
                               apr_size_t *len, apr_pool_t *p);

/** A formal public identifier such as "-//SYNCML//DTD SyncML 1.1//EN".
 * @return APR_SUCCESS, or CODEC_EDOCTYPE for a foreign one */
apr_status_t codec_parse_fpi(const char *fpi, apr_size_t len,
                             codec_doc_e *doc, codec_version_e *version);

/** The version in a namespace name such as "SYNCML:SYNCML1.2", else
 * CODEC_V_UNKNOWN.  @param is_syncml  out: whether it is one of SyncML's */
codec_version_e codec_parse_namespace(const char *uri, apr_size_t len,
                                      int *is_syncml);

/** codec_tag_name() in the words of one version: DevInf 1.2 calls MaxSize
 * what was Size before; the token is the same.
 * @param len  out: octets of the name */
const char *codec_tag_name_in(int tag, codec_version_e version,
                              unsigned *len);

/** The tokens of a page that have a name, as bits: they are below 64.  The
 * tests compare this with the names. */
static inline apr_uint64_t codec_page_tokens(int page)
{
#define CODEC_BITS(first, last) \
    ((APR_UINT64_C(2) << (last)) - (APR_UINT64_C(1) << (first)))
    switch (page) {
    case CODEC_PAGE_SYNCML:
        return CODEC_BITS(0x05, 0x2f) | CODEC_BITS(0x31, 0x3c);
    case CODEC_PAGE_METINF:
        return CODEC_BITS(0x05, 0x16);
    case CODEC_PAGE_DEVINF:
        return CODEC_BITS(0x05, 0x2e) | CODEC_BITS(0x30, 0x34);
    default:
        return 0;
    }
#undef CODEC_BITS
}

/** Whether codec_tag_name() has a name. */
static inline int codec_tag_known(int tag)
{
    return CODEC_TOKEN(tag) < 64
           && (codec_page_tokens(CODEC_PAGE(tag)) >> CODEC_TOKEN(tag) & 1);
}

/** Octets at the beginning of @p s that are well-formed UTF-8. */
apr_size_t codec_utf8_prefix(const char *s, apr_size_t len);

/** Write @p c (not a surrogate, up to 10FFFF) as UTF-8.
 * @return octets written, 1 to 4 */
unsigned codec_utf8_put(apr_uint32_t c, char out[4]);

#endif
