/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The tag tables: names both ways, and every token against libwbxml's
 * tables, in each direction and version.
 */
#include "codec/codec_int.h"
#include "codec_oracle.h"

static apr_pool_t *pool;

#define FIRST_TOKEN 0x05
#define LAST_TOKEN  0x3f

static void test_names_both_ways(void **state)
{
    int page, token;
    unsigned count = 0;

    for (page = 0; page < 3; page++) {
        for (token = 0; token <= 0xff; token++) {
            int tag = page << 8 | token;
            const char *name = codec_tag_name(tag);

            assert_int_equal(codec_tag_known(tag), name != NULL);
            if (!name)
                continue;
            count++;
            assert_int_equal(codec_tag_lookup(page, name,
                                              (unsigned)strlen(name)), tag);
        }
    }
    /* The lists that are searched have them all: 55 of SyncML, 18 of
     * MetInf, 47 of DevInf. */
    assert_int_equal(count, 55 + 18 + 47);
}

static void test_names_unknown(void **state)
{
    static const char *const wrong[] = {
        "", "A", "Ad", "Addd", "add", "ADD", "Zzz", "SyncMLx", "Sync "
    };
    unsigned i;

    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(codec_tag_lookup(CODEC_PAGE_SYNCML, wrong[i],
                                          (unsigned)strlen(wrong[i])),
                         CODEC_UNKNOWN);
    assert_int_equal(codec_tag_lookup(3, "Add", 3), CODEC_UNKNOWN);
    assert_int_equal(codec_tag_lookup(-1, "Add", 3), CODEC_UNKNOWN);
    assert_int_equal(codec_tag_lookup(CODEC_PAGE_METINF, "Add", 3),
                     CODEC_UNKNOWN);
    assert_null(codec_tag_name(CODEC_UNKNOWN));
    assert_false(codec_tag_known(CODEC_UNKNOWN));
    assert_false(codec_tag_known(-1));
    assert_false(codec_tag_known(0x305));
    assert_null(codec_tag_name(-1));
    assert_null(codec_tag_name(0x030));     /* reserved between two names */
    assert_null(codec_tag_name(0x22f));
    assert_null(codec_tag_name(0x004));
    assert_null(codec_tag_name(0x03d));
}

static void test_size_has_two_names(void **state)
{
    assert_string_equal(codec_tag_name(DEVINF_SIZE), "Size");
    assert_int_equal(codec_tag_lookup(CODEC_PAGE_DEVINF, "Size", 4),
                     DEVINF_SIZE);
    assert_int_equal(codec_tag_lookup(CODEC_PAGE_DEVINF, "MaxSize", 7),
                     DEVINF_SIZE);
    assert_int_equal(codec_tag_lookup(CODEC_PAGE_METINF, "MaxSize", 7),
                     CODEC_UNKNOWN);
}

/* ---- against libwbxml ------------------------------------------------------- */

typedef struct language_t {
    codec_doc_e doc;
    codec_version_e version;
    const char *fpi;
    const char *root;
    int pages[3];               /* ends with -1 */
    int last[2];                /* the last token, by page of the list */
} language_t;

/* What each version has: 1.1 has all of 1.0 (for which libwbxml uses the
 * tables of 1.1), 1.2 added the filters, hierarchy and properties. */
static const language_t languages[] = {
    { CODEC_DOC_SYNCML, CODEC_V10, "-//SYNCML//DTD SyncML 1.0//EN", "SyncML",
      { 0, 1, -1 }, { SYNCML_MOREDATA, METINF_MAXOBJSIZE } },
    { CODEC_DOC_SYNCML, CODEC_V11, "-//SYNCML//DTD SyncML 1.1//EN", "SyncML",
      { 0, 1, -1 }, { SYNCML_MOREDATA, METINF_MAXOBJSIZE } },
    { CODEC_DOC_SYNCML, CODEC_V12, "-//SYNCML//DTD SyncML 1.2//EN", "SyncML",
      { 0, 1, -1 }, { SYNCML_CORRELATOR, METINF_FIELDLEVEL } },
    { CODEC_DOC_DEVINF, CODEC_V10, "-//SYNCML//DTD DevInf 1.0//EN", "DevInf",
      { 2, -1, -1 }, { DEVINF_LARGEOBJS, 0 } },
    { CODEC_DOC_DEVINF, CODEC_V11, "-//SYNCML//DTD DevInf 1.1//EN", "DevInf",
      { 2, -1, -1 }, { DEVINF_LARGEOBJS, 0 } },
    { CODEC_DOC_DEVINF, CODEC_V12, "-//SYNCML//DTD DevInf 1.2//EN", "DevInf",
      { 2, -1, -1 }, { DEVINF_HIERARCHICAL, 0 } }
};
#define LANGUAGES (sizeof(languages) / sizeof(languages[0]))

static const char *name_in(const language_t *l, int tag)
{
    return tag == DEVINF_SIZE && l->version == CODEC_V12
           ? "MaxSize" : codec_tag_name(tag);
}

static int next_tag(const language_t *l, int *i, int tag)
{
    for (;;) {
        if (tag < 0 || tag >= l->last[*i]) {
            if (tag >= 0)
                (*i)++;
            if (l->pages[*i] < 0)
                return -1;
            tag = (l->pages[*i] << 8) + FIRST_TOKEN - 1;
        }
        tag++;
        if (codec_tag_name(tag))
            return tag;
    }
}

/* <root><Add>t</Add>...: every element below the root, by hand. */
static const char *all_in_xml(const language_t *l)
{
    const char *xml = apr_psprintf(pool,
        "<?xml version=\"1.0\"?><!DOCTYPE %s PUBLIC \"%s\" \"x.dtd\"><%s>",
        l->root, l->fpi, l->root);
    int i = 0, tag;

    for (tag = next_tag(l, &i, -1); tag >= 0; tag = next_tag(l, &i, tag))
        xml = apr_psprintf(pool, "%s<%s%s>t</%s>", xml, name_in(l, tag),
                           CODEC_PAGE(tag) == CODEC_PAGE_METINF
                           ? " xmlns=\"syncml:metinf\"" : "",
                           name_in(l, tag));
    return apr_pstrcat(pool, xml, "</", l->root, ">", NULL);
}

static const char *all_as_events(const language_t *l)
{
    events_t *e = events_create(pool);
    int i = 0, tag;

    events_start(e, l->doc == CODEC_DOC_SYNCML ? SYNCML_SYNCML
                                               : DEVINF_DEVINF);
    for (tag = next_tag(l, &i, -1); tag >= 0; tag = next_tag(l, &i, tag)) {
        events_start(e, tag);
        events_text(e, "t", 1, 0);
        events_end(e, tag);
    }
    events_end(e, 0);
    return e->log;
}

static void test_tokens_from_libwbxml(void **state)
{
    unsigned i;

    for (i = 0; i < LANGUAGES; i++) {
        const language_t *l = &languages[i];
        const char *xml = all_in_xml(l);
        events_t *e = events_create(pool);
        codec_info_t info;
        apr_size_t len;
        char *wbxml;

        /* No string table: so each element has a token there. */
        assert_true(oracle_to_wbxml(xml, strlen(xml), 0, &wbxml, &len, pool));
        assert_int_equal(events_decode(e, CODEC_WBXML, wbxml, len, NULL,
                                       &info), APR_SUCCESS);
        assert_string_equal(e->log, all_as_events(l));
        assert_int_equal(info.doc, l->doc);
        assert_int_equal(info.version, l->version);
    }
}

static void test_tokens_to_libwbxml(void **state)
{
    unsigned i;

    for (i = 0; i < LANGUAGES; i++) {
        const language_t *l = &languages[i];
        codec_writer_t *w = codec_writer_create(CODEC_WBXML, l->doc,
                                                l->version, pool);
        events_t *e = events_create(pool);
        codec_info_t info;
        const char *wbxml;
        apr_size_t len, xml_len;
        char *xml;
        int at = 0, tag;

        codec_open(w, l->doc == CODEC_DOC_SYNCML ? SYNCML_SYNCML
                                                 : DEVINF_DEVINF);
        for (tag = next_tag(l, &at, -1); tag >= 0;
             tag = next_tag(l, &at, tag))
            codec_text(w, tag, "t");
        codec_close(w);
        wbxml = codec_writer_data(w, &len);
        assert_true(oracle_to_xml(wbxml, len, &xml, &xml_len, pool));
        assert_int_equal(events_decode(e, CODEC_XML, xml, xml_len, NULL,
                                       &info), APR_SUCCESS);
        assert_string_equal(e->log, all_as_events(l));
        assert_int_equal(info.doc, l->doc);
        assert_int_equal(info.version, l->version);
    }
}

/* What libwbxml has no token for goes as a literal name, and is found. */
static void test_literal_names(void **state)
{
    static const char xml[] =
        "<?xml version=\"1.0\"?><!DOCTYPE SyncML PUBLIC "
        "\"-//SYNCML//DTD SyncML 1.1//EN\" \"x.dtd\"><SyncML><SyncBody>"
        "<Move><CmdID>1</CmdID></Move><Bogus>b</Bogus></SyncBody></SyncML>";
    events_t *e = events_create(pool);
    char *wbxml;
    apr_size_t len;

    assert_false(oracle_to_wbxml(xml, strlen(xml), 0, &wbxml, &len, pool));
    assert_true(oracle_to_wbxml(xml, strlen(xml), 1, &wbxml, &len, pool));
    assert_int_equal(events_decode(e, CODEC_WBXML, wbxml, len, NULL, NULL),
                     APR_SUCCESS);
    assert_string_equal(e->log, "(SyncML(SyncBody(Move(CmdID'1'))(?'b')))");
}

static int make_pool(void **state)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
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
        TEST(test_names_both_ways),
        TEST(test_names_unknown),
        TEST(test_size_has_two_names),
        TEST(test_tokens_from_libwbxml),
        TEST(test_tokens_to_libwbxml),
        TEST(test_literal_names)
    };

    apr_initialize();
    codec_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
