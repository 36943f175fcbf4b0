/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * libwbxml as the codec's oracle: both conversions, in the form that changes
 * least, and the differences that it makes all the same.
 */
#ifndef T_UNIT_CODEC_ORACLE_H
#define T_UNIT_CODEC_ORACLE_H

#include <libwbxml-1.0/wbxml/wbxml.h>
#include <libwbxml-1.0/wbxml/wbxml_conv.h>

#include "codec_events.h"

/* 0 where libwbxml refuses it.  With no string table it refuses what it
 * has no token for. */
static inline int oracle_to_wbxml(const char *xml, apr_size_t len,
                                  int strtbl, char **wbxml,
                                  apr_size_t *wbxml_len, apr_pool_t *p)
{
    WBXMLConvXML2WBXML *conv;
    WB_UTINY *out = NULL;
    WB_ULONG out_len = 0;
    char *in = apr_pstrmemdup(p, xml, len);
    WBXMLError err;

    *wbxml = NULL;
    *wbxml_len = 0;
    assert_int_equal(wbxml_conv_xml2wbxml_create(&conv), WBXML_OK);
    wbxml_conv_xml2wbxml_set_version(conv, WBXML_VERSION_12);
    if (!strtbl)
        wbxml_conv_xml2wbxml_disable_string_table(conv);
    err = wbxml_conv_xml2wbxml_run(conv, (WB_UTINY *)in, (WB_ULONG)len, &out,
                                   &out_len);
    wbxml_conv_xml2wbxml_destroy(conv);
    if (err != WBXML_OK) {
        print_message("# libwbxml: %s\n",
                      (const char *)wbxml_errors_string(err));
        return 0;
    }
    *wbxml = apr_pmemdup(p, out, out_len);
    *wbxml_len = out_len;
    free(out);
    return 1;
}

static inline int oracle_to_xml(const char *wbxml, apr_size_t len,
                                char **xml, apr_size_t *xml_len,
                                apr_pool_t *p)
{
    WBXMLConvWBXML2XML *conv;
    WB_UTINY *out = NULL;
    WB_ULONG out_len = 0;
    char *in = apr_pmemdup(p, wbxml, len);
    WBXMLError err;

    *xml = NULL;
    *xml_len = 0;
    assert_int_equal(wbxml_conv_wbxml2xml_create(&conv), WBXML_OK);
    wbxml_conv_wbxml2xml_set_gen_type(conv, WBXML_GEN_XML_CANONICAL);
    wbxml_conv_wbxml2xml_enable_preserve_whitespaces(conv);
    err = wbxml_conv_wbxml2xml_run(conv, (WB_UTINY *)in, (WB_ULONG)len, &out,
                                   &out_len);
    wbxml_conv_wbxml2xml_destroy(conv);
    if (err != WBXML_OK) {
        print_message("# libwbxml: %s\n",
                      (const char *)wbxml_errors_string(err));
        return 0;
    }
    *xml = apr_pstrmemdup(p, (char *)out, out_len);
    *xml_len = out_len;
    free(out);
    return 1;
}

/* Known differences: libwbxml adds a CR to each LF of Data, and takes the
 * type of DevInf to be that of the format it converts to. */
static inline const char *oracle_normal(const char *log, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(log) + 1), *o = out;

    while (*log) {
        if (strncmp(log, "devinf+wbxml", 12) == 0) {
            memcpy(o, "devinf+xml", 10);
            o += 10;
            log += 12;
        } else if (*log == '\r') {
            log++;
        } else {
            *o++ = *log++;
        }
    }
    *o = 0;
    return out;
}

#endif
