/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file codec/codec.c
 * @brief What both decoders share: limits, events, names of documents.
 */
#include <string.h>
#include <strings.h>

#include <libxml/parser.h>

#include "codec_int.h"

static const codec_limits_t default_limits = {
    .max_octets = 1024 * 1024,
    .max_depth = 32,
    .max_events = 500000,
    .max_strtbl = 4 * 1024,
    .max_strtbl_out = 64 * 1024,
    .max_tag = 2 * 1024
};

static codec_limits_t effective_limits(const codec_limits_t *asked)
{
    codec_limits_t l = default_limits;

    if (asked) {
        if (asked->max_octets)
            l.max_octets = asked->max_octets;
        if (asked->max_depth)
            l.max_depth = asked->max_depth;
        if (asked->max_events)
            l.max_events = asked->max_events;
        if (asked->max_strtbl)
            l.max_strtbl = asked->max_strtbl;
        if (asked->max_strtbl_out)
            l.max_strtbl_out = asked->max_strtbl_out;
        if (asked->max_tag)
            l.max_tag = asked->max_tag;
    }
    if (l.max_depth > CODEC_DEPTH_CAP)
        l.max_depth = CODEC_DEPTH_CAP;
    return l;
}

apr_status_t codec_decode(codec_format_e format, const void *data,
                          apr_size_t len, const codec_limits_t *limits,
                          const codec_sink_t *sink, codec_info_t *info,
                          apr_pool_t *p)
{
    codec_info_t own_info;
    codec_run_t run;

    if (!info)
        info = &own_info;
    info->doc = CODEC_DOC_SYNCML;
    info->version = CODEC_V_UNKNOWN;
    info->error_offset = 0;
    info->error = NULL;

    run.limits = effective_limits(limits);
    run.sink = *sink;
    run.info = info;
    run.events_left = run.limits.max_events;
    run.depth = 0;
    if (len > run.limits.max_octets)
        return codec_fail(&run, CODEC_ELIMIT, "document too large");
    if (len == 0)
        return codec_fail(&run, CODEC_EMALFORMED, "empty document");
    return format == CODEC_WBXML ? codec_wbxml_decode(&run, data, len)
                                 : codec_xml_decode(&run, data, len, p);
}

const char *codec_strerror(apr_status_t rv)
{
    switch (rv) {
    case CODEC_EMALFORMED: return "malformed document";
    case CODEC_ELIMIT: return "document over a limit";
    case CODEC_EDOCTYPE: return "not a SyncML document";
    case CODEC_ECHARSET: return "unsupported character set";
    default: return NULL;
    }
}

void codec_init(void)
{
    xmlInitParser();
}

/* ---- the common part of the decoders ----------------------------------- */

apr_status_t codec_run_root(codec_run_t *r, int tag)
{
    if (tag == SYNCML_SYNCML)
        r->info->doc = CODEC_DOC_SYNCML;
    else if (tag == DEVINF_DEVINF)
        r->info->doc = CODEC_DOC_DEVINF;
    else
        return codec_fail(r, CODEC_EDOCTYPE,
                          "root element neither SyncML nor DevInf");
    return APR_SUCCESS;
}

/* ---- names of documents -------------------------------------------------- */

/* "1.0", "1.1" or "1.2", perhaps with a third part ("1.1.2"). */
static codec_version_e parse_version(const char *s, apr_size_t len)
{
    if (len < 3 || s[0] != '1' || s[1] != '.' || s[2] < '0' || s[2] > '2')
        return CODEC_V_UNKNOWN;
    if (len > 3 && s[3] >= '0' && s[3] <= '9')
        return CODEC_V_UNKNOWN;
    return (codec_version_e)(s[2] - '0');
}

apr_status_t codec_parse_fpi(const char *fpi, apr_size_t len,
                             codec_doc_e *doc, codec_version_e *version)
{
    /* The owner was SYNCML at first and OMA later. */
    static const struct {
        const char *start;
        codec_doc_e doc;
    } known[] = {
        { "-//SYNCML//DTD SyncML ", CODEC_DOC_SYNCML },
        { "-//SYNCML//DTD DevInf ", CODEC_DOC_DEVINF },
        { "-//OMA//DTD SyncML ", CODEC_DOC_SYNCML },
        { "-//OMA//DTD DevInf ", CODEC_DOC_DEVINF }
    };
    unsigned i;

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        apr_size_t n = strlen(known[i].start);

        if (len > n && strncasecmp(fpi, known[i].start, n) == 0) {
            *doc = known[i].doc;
            *version = parse_version(fpi + n, len - n);
            return *version == CODEC_V_UNKNOWN ? CODEC_EDOCTYPE : APR_SUCCESS;
        }
    }
    return CODEC_EDOCTYPE;
}

codec_version_e codec_parse_namespace(const char *uri, apr_size_t len,
                                      int *is_syncml)
{
    static const char start[] = "SYNCML:SYNCML";
    const apr_size_t n = sizeof(start) - 1;

    *is_syncml = len >= n && strncasecmp(uri, start, n) == 0;
    return *is_syncml ? parse_version(uri + n, len - n) : CODEC_V_UNKNOWN;
}
