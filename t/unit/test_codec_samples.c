/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Whole messages of the three versions, in both formats and both directions,
 * with libwbxml between our reader and our writer.
 */
#include "codec_oracle.h"

#define SAMPLES_DIR "t/fuzz/corpus/xml"
#define MAX_SAMPLES 64

static apr_pool_t *pool;
static sample_t samples[MAX_SAMPLES];
static unsigned samples_len;

static const char *decode_log(codec_format_e format, const char *data,
                              apr_size_t len, codec_info_t *info)
{
    events_t *e = events_create(pool);
    apr_status_t rv;

    e->open_devinf = 1;
    rv = events_decode(e, format, data, len, NULL, info);
    if (rv != APR_SUCCESS)
        fail_msg("%s at %lu", info->error,
                 (unsigned long)info->error_offset);
    return oracle_normal(e->log, pool);
}

/* ---- a writer that is driven by events ------------------------------------ */

typedef struct echo_t {
    codec_writer_t *w;          /* the document that is being written */
    codec_writer_t *outer;      /* where w is DevInf inside of Data */
    int pending;                /* begun, not known if a leaf; or -1 */
    unsigned depth;             /* of w */
    char *text;
    codec_version_e version;
} echo_t;

static apr_status_t echo_start(void *baton, int tag)
{
    echo_t *e = baton;

    if (tag == DEVINF_DEVINF && e->depth > 0) {
        e->outer = e->w;
        e->w = codec_writer_create(codec_writer_format(e->w),
                                   CODEC_DOC_DEVINF, e->version, pool);
        e->depth = 0;
        e->pending = tag;
        return APR_SUCCESS;
    }
    if (e->pending >= 0) {
        codec_open(e->w, e->pending);
        e->depth++;
    }
    e->pending = tag;
    if (e->depth == 0)
        e->depth = 1;
    return APR_SUCCESS;
}

static apr_status_t echo_text(void *baton, const char *s, apr_size_t n,
                              int opaque)
{
    echo_t *e = baton;

    e->text = apr_pstrcat(pool, e->text, apr_pstrmemdup(pool, s, n), NULL);
    return APR_SUCCESS;
}

static apr_status_t echo_end(void *baton, int tag)
{
    echo_t *e = baton;

    if (e->pending >= 0)
        codec_text(e->w, e->pending, e->text);
    else if (tag == SYNCML_DATA && e->outer)
        ;
    else
        codec_close(e->w);
    e->pending = -1;
    e->text = apr_pstrdup(pool, "");
    if (tag == DEVINF_DEVINF && e->outer) {
        codec_embed(e->outer, SYNCML_DATA, e->w);
        e->w = e->outer;
    } else if (tag == SYNCML_DATA) {
        e->outer = NULL;
    }
    return APR_SUCCESS;
}

/* The sample once more, in our own words. */
static const char *echo(const sample_t *sample, codec_format_e format,
                        apr_size_t *len)
{
    echo_t e = { NULL, NULL, -1, 0, NULL, CODEC_V_UNKNOWN };
    codec_sink_t sink = { echo_start, echo_end, echo_text, &e };
    codec_info_t info;
    const char *data;
    apr_size_t size;

    decode_log(CODEC_XML, sample->data, sample->len, &info);
    e.version = info.version;
    e.w = codec_writer_create(format, info.doc, info.version, pool);
    e.text = apr_pstrdup(pool, "");
    assert_int_equal(codec_decode(CODEC_XML, sample->data, sample->len, NULL,
                                  &sink, NULL, pool), APR_SUCCESS);
    size = codec_writer_size(e.w);
    data = codec_writer_data(e.w, len);
    assert_non_null(data);
    assert_int_equal(size, *len);
    return data;
}

/* ---- tests ---------------------------------------------------------------- */

static void same_as_sample(const sample_t *sample, codec_format_e format,
                           const char *data, apr_size_t len)
{
    codec_info_t want, have;

    assert_string_equal(decode_log(format, data, len, &have),
                        decode_log(CODEC_XML, sample->data, sample->len,
                                   &want));
    assert_int_equal(have.doc, want.doc);
    assert_int_equal(have.version, want.version);
}

/* libwbxml's WBXML, with a string table and without: the XML's events. */
static void test_from_libwbxml(void **state)
{
    unsigned i, strtbl;

    for (i = 0; i < samples_len; i++) {
        for (strtbl = 0; strtbl < 2; strtbl++) {
            char *wbxml;
            apr_size_t len;

            assert_true(oracle_to_wbxml(samples[i].data, samples[i].len,
                                        (int)strtbl, &wbxml, &len, pool));
            same_as_sample(&samples[i], CODEC_WBXML, wbxml, len);
        }
    }
}

/* Our WBXML through libwbxml to XML. */
static void test_to_libwbxml(void **state)
{
    unsigned i;

    for (i = 0; i < samples_len; i++) {
        apr_size_t len, xml_len;
        const char *wbxml = echo(&samples[i], CODEC_WBXML, &len);
        char *xml;

        same_as_sample(&samples[i], CODEC_WBXML, wbxml, len);
        assert_true(oracle_to_xml(wbxml, len, &xml, &xml_len, pool));
        same_as_sample(&samples[i], CODEC_XML, xml, xml_len);
    }
}

/* Our XML through ourselves, and through libwbxml to WBXML.  libwbxml knows
 * a DevInf document by its DOCTYPE only, which we do not write. */
static void test_xml_to_libwbxml(void **state)
{
    unsigned i;

    for (i = 0; i < samples_len; i++) {
        apr_size_t len, wbxml_len;
        const char *xml = echo(&samples[i], CODEC_XML, &len);
        codec_info_t info;
        char *wbxml;

        if (strstr(samples[i].name, "-devinf")) {
            assert_string_equal(decode_log(CODEC_XML, xml, len, &info),
                                decode_log(CODEC_XML, samples[i].data,
                                           samples[i].len, &info));
            continue;
        }
        same_as_sample(&samples[i], CODEC_XML, xml, len);
        assert_true(oracle_to_wbxml(xml, len, 0, &wbxml, &wbxml_len, pool));
        same_as_sample(&samples[i], CODEC_WBXML, wbxml, wbxml_len);
    }
}

/* No part of a document from its beginning on is a document. */
static void check_truncated(codec_format_e format, const char *data,
                            apr_size_t len)
{
    apr_pool_t *all = pool;
    codec_info_t info;
    apr_size_t n;

    while (len > 0 && data[len - 1] == '\n')
        len--;
    for (n = 0; n < len; n++) {
        apr_status_t rv;

        apr_pool_create(&pool, all);
        rv = events_decode(events_create(pool), format, data, n, NULL,
                           &info);
        assert_int_equal(rv, CODEC_EMALFORMED);
        assert_non_null(info.error);
        apr_pool_destroy(pool);
    }
    pool = all;
}

static void test_truncated(void **state)
{
    unsigned i;

    for (i = 0; i < samples_len; i++) {
        apr_size_t len;
        char *wbxml;
        const char *own;

        check_truncated(CODEC_XML, samples[i].data, samples[i].len);
        assert_true(oracle_to_wbxml(samples[i].data, samples[i].len, 1,
                                    &wbxml, &len, pool));
        check_truncated(CODEC_WBXML, wbxml, len);
        own = echo(&samples[i], CODEC_WBXML, &len);
        check_truncated(CODEC_WBXML, own, len);
    }
}

/* One octet wrong, each in turn: any result, but an orderly one. */
static void test_damaged(void **state)
{
    static const unsigned char damage[] = { 0x00, 0x01, 0x03, 0x80, 0xc3,
                                            0xff };
    unsigned i, accepted = 0, refused = 0;

    for (i = 0; i < samples_len; i++) {
        apr_size_t len, at;
        char *wbxml;
        unsigned d;

        assert_true(oracle_to_wbxml(samples[i].data, samples[i].len, 1,
                                    &wbxml, &len, pool));
        for (at = 0; at < len; at++) {
            char kept = wbxml[at];

            for (d = 0; d < sizeof(damage); d++) {
                apr_pool_t *scratch;
                codec_info_t info;
                events_t *e;
                apr_status_t rv;

                apr_pool_create(&scratch, pool);
                e = events_create(scratch);
                wbxml[at] = (char)damage[d];
                rv = events_decode(e, CODEC_WBXML, wbxml, len, NULL, &info);
                if (rv == APR_SUCCESS) {
                    accepted++;
                    assert_int_equal(e->depth, 0);
                } else {
                    refused++;
                    assert_non_null(codec_strerror(rv));
                    assert_non_null(info.error);
                }
                apr_pool_destroy(scratch);
            }
            wbxml[at] = kept;
        }
    }
    assert_true(accepted > 1000);
    assert_true(refused > 1000);
}

static int make_pool(void **state)
{
    if (apr_pool_create(&pool, NULL) != APR_SUCCESS)
        return 1;
    samples_len = read_samples(SAMPLES_DIR, "msg-", 15, samples, MAX_SAMPLES,
                               pool);
    return 0;
}

static int end_pool(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_pool, end_pool)
    const struct CMUnitTest tests[] = {
        TEST(test_from_libwbxml),
        TEST(test_to_libwbxml),
        TEST(test_xml_to_libwbxml),
        TEST(test_truncated),
        TEST(test_damaged)
    };

    apr_initialize();
    codec_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
