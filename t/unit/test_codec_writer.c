/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The writer: exact octets, texts of every kind, sizes, and marks, which
 * random operations try against documents written without detours.
 */
#include <apr_escape.h>

#include "codec_events.h"

static apr_pool_t *pool;

#define LIT(s) (s), sizeof(s) - 1

static const codec_format_e formats[] = { CODEC_WBXML, CODEC_XML };

static void expect_octets(codec_writer_t *w, const char *octets,
                          apr_size_t len)
{
    apr_size_t have_len;
    const char *have;

    assert_int_equal(codec_writer_size(w), len);
    have = codec_writer_data(w, &have_len);
    assert_int_equal(have_len, len);
    assert_memory_equal(have, octets, len);
}

static events_t *decode_back(codec_writer_t *w)
{
    events_t *e = events_create(pool);
    codec_limits_t limits = { .max_octets = 64 << 20, .max_depth = 128 };
    codec_info_t info;
    apr_size_t len;
    const char *data = codec_writer_data(w, &len);

    assert_non_null(data);
    if (events_decode(e, codec_writer_format(w), data, len, &limits, &info)
        != APR_SUCCESS)
        fail_msg("%s at %lu", info.error, (unsigned long)info.error_offset);
    return e;
}

/* ---- octets --------------------------------------------------------------- */

static void test_headers(void **state)
{
    static const char *const wbxml[2][3] = {
        { "\x02\x9f\x51\x6a\x00\x2d", "\x02\x9f\x53\x6a\x00\x2d",
          "\x02\xa4\x01\x6a\x00\x2d" },
        { "\x02\x9f\x52\x6a\x00\x0a", "\x02\x9f\x54\x6a\x00\x0a",
          "\x02\xa4\x03\x6a\x00\x0a" }
    };
    int doc, v;

    for (doc = 0; doc < 2; doc++) {
        int root = doc ? DEVINF_DEVINF : SYNCML_SYNCML;

        for (v = 0; v < 3; v++) {
            codec_writer_t *w = codec_writer_create(CODEC_WBXML,
                (codec_doc_e)doc, (codec_version_e)v, pool);
            const char *xml = doc
                ? "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                  "<DevInf xmlns=\"syncml:devinf\"/>"
                : apr_psprintf(pool,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                  "<SyncML xmlns=\"SYNCML:SYNCML1.%d\"/>", v);

            assert_int_equal(codec_writer_format(w), CODEC_WBXML);
            codec_empty(w, root);
            expect_octets(w, wbxml[doc][v], 6);
            w = codec_writer_create(CODEC_XML, (codec_doc_e)doc,
                                    (codec_version_e)v, pool);
            assert_int_equal(codec_writer_format(w), CODEC_XML);
            codec_empty(w, root);
            expect_octets(w, xml, strlen(xml));
        }
    }
}

static void write_alert_item(codec_writer_t *w, const char *store,
                             const char *type)
{
    codec_open(w, SYNCML_ITEM);
    codec_open(w, SYNCML_SOURCE);
    codec_text(w, SYNCML_LOCURI, store);
    codec_close(w);
    codec_open(w, SYNCML_META);
    codec_text(w, METINF_TYPE, type);
    codec_close(w);
    codec_close(w);
}

/* A notification of SyncML 1.1, octet by octet what libsynthesis makes. */
static void test_like_libsynthesis(void **state)
{
    static const char hex[] =
        "029f536a006d6c7103312e310001720353796e634d4c2f312e3100016503310001"
        "5b033100016e57032f000101675703687474703a2f2f73796e632e6578616d706c"
        "652e636f6d2f6473000101016b464b033100014f03323036000154675703636172"
        "640001015a00015303746578742f782d7663617264000101010000546757036361"
        "6c0001015a00015303746578742f782d7663616c656e6461720001010101000012"
        "0101";
    codec_writer_t *w = codec_writer_create(CODEC_WBXML, CODEC_DOC_SYNCML,
                                            CODEC_V11, pool);
    const void *octets;
    apr_size_t len;

    codec_open(w, SYNCML_SYNCML);
    codec_open(w, SYNCML_SYNCHDR);
    codec_text(w, SYNCML_VERDTD, "1.1");
    codec_text(w, SYNCML_VERPROTO, "SyncML/1.1");
    codec_text(w, SYNCML_SESSIONID, "1");
    codec_number(w, SYNCML_MSGID, 1);
    codec_open(w, SYNCML_TARGET);
    codec_text(w, SYNCML_LOCURI, "/");
    codec_close(w);
    codec_open(w, SYNCML_SOURCE);
    codec_text(w, SYNCML_LOCURI, "http://sync.example.com/ds");
    codec_close(w);
    codec_close(w);
    codec_open(w, SYNCML_SYNCBODY);
    codec_open(w, SYNCML_ALERT);
    codec_number(w, SYNCML_CMDID, 1);
    codec_number(w, SYNCML_DATA, 206);
    write_alert_item(w, "card", "text/x-vcard");
    write_alert_item(w, "cal", "text/x-vcalendar");
    codec_close(w);
    codec_empty(w, SYNCML_FINAL);
    codec_close(w);
    codec_close(w);
    octets = apr_punescape_hex(pool, hex, 0, &len);
    expect_octets(w, octets, len);
}

#define XML_START "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" \
                  "<SyncML xmlns=\"SYNCML:SYNCML1.2\">"

static codec_writer_t *begin(codec_format_e format)
{
    codec_writer_t *w = codec_writer_create(format, CODEC_DOC_SYNCML,
                                            CODEC_V12, pool);

    codec_open(w, SYNCML_SYNCML);
    return w;
}

static void test_namespaces_and_pages(void **state)
{
    codec_writer_t *w;
    unsigned i;

    for (i = 0; i < 2; i++) {
        w = begin(formats[i]);
        codec_open(w, SYNCML_META);
        codec_text(w, METINF_TYPE, "t");
        codec_open(w, METINF_ANCHOR);
        codec_text(w, METINF_NEXT, "2");
        codec_close(w);
        codec_close(w);
        codec_empty(w, SYNCML_FINAL);
        codec_close(w);
        if (formats[i] == CODEC_XML)
            expect_octets(w, LIT(XML_START
                          "<Meta><Type xmlns=\"syncml:metinf\">t</Type>"
                          "<Anchor xmlns=\"syncml:metinf\"><Next>2</Next>"
                          "</Anchor></Meta><Final/></SyncML>"));
        else
            expect_octets(w, LIT("\x02\xa4\x01\x6a\x00\x6d\x5a\x00\x01\x53"
                          "\x03t\x00\x01\x45\x4f\x03" "2\x00\x01\x01\x01"
                          "\x00\x00\x12\x01"));
    }
}

static codec_writer_t *small_devinf(codec_format_e format)
{
    codec_writer_t *w = codec_writer_create(format, CODEC_DOC_DEVINF,
                                            CODEC_V12, pool);

    codec_open(w, DEVINF_DEVINF);
    codec_empty(w, DEVINF_UTC);
    codec_text(w, DEVINF_SIZE, "9");
    codec_close(w);
    return w;
}

static void test_embed(void **state)
{
    codec_writer_t *w = begin(CODEC_WBXML);

    codec_embed(w, SYNCML_DATA, small_devinf(CODEC_WBXML));
    codec_close(w);
    expect_octets(w, LIT("\x02\xa4\x01\x6a\x00\x6d\x4f\xc3\x0d\x02\xa4\x03"
                  "\x6a\x00\x4a\x28\x5c\x03" "9\x00\x01\x01\x01\x01"));

    w = begin(CODEC_XML);
    codec_embed(w, SYNCML_DATA, small_devinf(CODEC_XML));
    codec_close(w);
    expect_octets(w, LIT(XML_START
                  "<Data><DevInf xmlns=\"syncml:devinf\"><UTC/>"
                  "<MaxSize>9</MaxSize></DevInf></Data></SyncML>"));
    assert_string_equal(decode_back(w)->log,
                        "(SyncML(Data(d:DevInf(d:UTC)(d:Size'9'))))");
}

static void test_size_of_devinf_11(void **state)
{
    codec_writer_t *w = codec_writer_create(CODEC_XML, CODEC_DOC_DEVINF,
                                            CODEC_V11, pool);

    codec_open(w, DEVINF_DEVINF);
    codec_open(w, DEVINF_SIZE);
    codec_close(w);
    codec_close(w);
    expect_octets(w, LIT("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
                  "<DevInf xmlns=\"syncml:devinf\"><Size></Size></DevInf>"));
}

/* ---- text ----------------------------------------------------------------- */

static void expect_text_octets(codec_format_e format, const char *text,
                               apr_size_t len, const char *octets,
                               apr_size_t octets_len)
{
    codec_writer_t *w = begin(format);
    apr_size_t start = codec_writer_size(w), size;
    const char *data;

    start -= format == CODEC_XML ? strlen("</SyncML>") : 1;
    codec_textn(w, SYNCML_DATA, text, len);
    codec_close(w);
    data = codec_writer_data(w, &size);
    assert_true(size > start + octets_len);
    assert_memory_equal(data + start, octets, octets_len);
    assert_int_equal(size, start + octets_len
                     + (format == CODEC_XML ? strlen("</SyncML>") : 1));
}

static void test_text_in_wbxml(void **state)
{
    codec_format_e f = CODEC_WBXML;

    expect_text_octets(f, LIT("a\r\n <&>"), LIT("\x4f\x03" "a\r\n <&>\0\1"));
    expect_text_octets(f, LIT("\xe2\x82\xac"), LIT("\x4f\x03\xe2\x82\xac\0"
                                                   "\1"));
    expect_text_octets(f, LIT(""), LIT("\x0f"));
    expect_text_octets(f, NULL, 0, LIT("\x0f"));
    /* what an inline string cannot hold goes as opaque */
    expect_text_octets(f, LIT("a\0b"), LIT("\x4f\xc3\x03" "a\0b\1"));
    expect_text_octets(f, LIT("\0"), LIT("\x4f\xc3\x01\0\1"));
    expect_text_octets(f, LIT("Jos\xe9"), LIT("\x4f\xc3\x04Jos\xe9\1"));
}

static void test_text_in_xml(void **state)
{
    codec_format_e f = CODEC_XML;

    expect_text_octets(f, LIT("a<b>&c]]>\"'"),
                       LIT("<Data>a&lt;b&gt;&amp;c]]&gt;\"'</Data>"));
    expect_text_octets(f, LIT("a\r\nb\tc \r"),
                       LIT("<Data>a&#13;\nb\tc &#13;</Data>"));
    /* white space at the beginning */
    expect_text_octets(f, LIT("  a"), LIT("<Data>&#32; a</Data>"));
    expect_text_octets(f, LIT("\n"), LIT("<Data>&#10;</Data>"));
    expect_text_octets(f, LIT("\t"), LIT("<Data>&#9;</Data>"));
    expect_text_octets(f, LIT("\r "), LIT("<Data>&#13; </Data>"));
    expect_text_octets(f, LIT(""), LIT("<Data/>"));
    expect_text_octets(f, NULL, 0, LIT("<Data/>"));
    expect_text_octets(f, LIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbb"
                              "\xbf\xef\xbf\xbd\x7f"),
                       LIT("<Data>\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\xef"
                           "\xbb\xbf\xef\xbf\xbd\x7f</Data>"));
    /* no characters of XML */
    expect_text_octets(f, LIT("a\0b\x01\x1f\x0b"),
                       LIT("<Data>a\xef\xbf\xbd" "b\xef\xbf\xbd\xef\xbf\xbd"
                           "\xef\xbf\xbd</Data>"));
    expect_text_octets(f, LIT("\xef\xbf\xbe\xef\xbf\xbf"),
                       LIT("<Data>\xef\xbf\xbd\xef\xbf\xbd</Data>"));
    expect_text_octets(f, LIT("Jos\xe9z \xe2\x82"),
                       LIT("<Data>Jos\xef\xbf\xbdz \xef\xbf\xbd\xef\xbf\xbd"
                           "</Data>"));
    expect_text_octets(f, LIT("\xed\xa0\x80\xef"),
                       LIT("<Data>\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef"
                           "\xbf\xbd</Data>"));
}

static void test_text_comes_back(void **state)
{
    static const char *const texts[] = {
        "a", " ", "  x  ", "\r\n", "\n", "\t\t", "BEGIN:VCARD\r\nN:A;B\r\n",
        "]]>", "]]&gt;", "&amp;", "<!-- -->", "<![CDATA[x]]>", "&#13;",
        "\xc3\xa9", "\xf0\x9f\x98\x80", "\xef\xbb\xbf" "bom", "\xef\xbf\xbd",
        " \xc2\xa0 ", "\x7f", "\xc2\x85", "\xe2\x80\xa8"
    };
    unsigned f, i;

    for (f = 0; f < 2; f++) {
        for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
            codec_writer_t *w = begin(formats[f]);

            codec_text(w, SYNCML_DATA, texts[i]);
            codec_opaque(w, SYNCML_DATA, texts[i], strlen(texts[i]));
            codec_close(w);
            assert_string_equal(decode_back(w)->log,
                                apr_psprintf(pool,
                                    "(SyncML(Data'%s')(Data'%s'))",
                                    texts[i], texts[i]));
        }
    }
}

static void test_opaque_lengths(void **state)
{
    static const apr_size_t lengths[] = {
        0, 1, 127, 128, 129, 16383, 16384, 16385, 2097151, 2097152
    };
    unsigned i;

    for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        apr_size_t n = lengths[i], at;
        unsigned char *octets = apr_palloc(pool, n + 1);
        codec_writer_t *w = begin(CODEC_WBXML);
        events_t *e;

        for (at = 0; at < n; at++)
            octets[at] = (unsigned char)(at * 7 + 3);
        codec_opaque(w, SYNCML_DATA, octets, n);
        codec_close(w);
        e = decode_back(w);
        assert_int_equal(e->octets, n);
        assert_int_equal(e->calls, n ? 5 : 4);
        assert_memory_equal(e->log, n ? "(SyncML(Data'" : "(SyncML(Data)",
                            13);
        assert_memory_equal(e->log + 13, octets, n);
    }
}

static void test_numbers(void **state)
{
    unsigned f;

    for (f = 0; f < 2; f++) {
        codec_writer_t *w = begin(formats[f]);

        codec_number(w, SYNCML_DATA, 0);
        codec_number(w, SYNCML_DATA, -1);
        codec_number(w, SYNCML_DATA, APR_INT64_MAX);
        codec_number(w, SYNCML_DATA, APR_INT64_MIN);
        codec_close(w);
        assert_string_equal(decode_back(w)->log,
                            "(SyncML(Data'0')(Data'-1')"
                            "(Data'9223372036854775807')"
                            "(Data'-9223372036854775808'))");
    }
}

static void test_unfinished(void **state)
{
    codec_writer_t *w = begin(CODEC_XML);
    apr_size_t len = 1;

    assert_null(codec_writer_data(w, &len));
    assert_int_equal(len, 0);
    codec_close(w);
    assert_non_null(codec_writer_data(w, &len));
    assert_int_equal(len, codec_writer_size(w));
}

static void test_growth(void **state)
{
    unsigned f, i;

    for (f = 0; f < 2; f++) {
        codec_writer_t *w = begin(formats[f]);
        events_t *e;

        for (i = 0; i < 100; i++)
            codec_open(w, i % 2 ? SYNCML_DATA : SYNCML_ITEM);
        for (i = 0; i < 20000; i++)
            codec_text(w, SYNCML_CMDID, "0123456789");
        for (i = 0; i < 100; i++)
            codec_close(w);
        codec_close(w);
        e = decode_back(w);
        assert_int_equal(e->octets, 200000);
        assert_int_equal(e->deepest, 102);
    }
}

/* ---- random operations ---------------------------------------------------- */

typedef enum { OP_OPEN, OP_CLOSE, OP_EMPTY, OP_TEXT, OP_OPAQUE, OP_NUMBER,
               OP_EMBED, OP_KINDS } op_kind_e;

typedef struct op_t {
    op_kind_e kind;
    int tag;
    unsigned number;
} op_t;

static apr_uint64_t random_state;

static unsigned draw(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % below);
}

static void apply(codec_writer_t *w, const op_t *op)
{
    static const char text[] = " a\r\n<&>\xc3\xa9\0]]>\xff the end of it";
    apr_size_t n = op->number % sizeof(text);

    switch (op->kind) {
    case OP_OPEN: codec_open(w, op->tag); break;
    case OP_CLOSE: codec_close(w); break;
    case OP_EMPTY: codec_empty(w, op->tag); break;
    case OP_TEXT: codec_textn(w, op->tag, text, n); break;
    case OP_OPAQUE: codec_opaque(w, op->tag, text, n); break;
    case OP_NUMBER: codec_number(w, op->tag, op->number); break;
    default: codec_embed(w, op->tag,
                         small_devinf(codec_writer_format(w)));
    }
}

static const int some_tags[] = {
    SYNCML_ADD, SYNCML_DATA, SYNCML_META, METINF_TYPE, METINF_ANCHOR,
    METINF_MAXOBJSIZE, DEVINF_DEVINF, DEVINF_UTC, DEVINF_SIZE,
    SYNCML_CORRELATOR
};

/* Below the root, which is open: depth is how many are open inside it. */
static op_t draw_op(unsigned depth)
{
    op_t op;

    op.kind = (op_kind_e)draw(OP_KINDS);
    if ((op.kind == OP_CLOSE && depth == 0)
        || (op.kind == OP_OPEN && depth > 20))
        op.kind = OP_EMPTY;
    op.tag = some_tags[draw(sizeof(some_tags) / sizeof(some_tags[0]))];
    op.number = draw(1000000);
    return op;
}

static void close_all(codec_writer_t *w, unsigned depth)
{
    while (depth-- > 0)
        codec_close(w);
    codec_close(w);
}

/* Directly: n operations; then the size before and after closing all. */
static const char *straight(codec_format_e format, const op_t *ops,
                            unsigned n, apr_size_t *len)
{
    codec_writer_t *w = begin(format);
    unsigned i, depth = 0;
    apr_size_t before;
    const char *data;

    for (i = 0; i < n; i++) {
        apply(w, &ops[i]);
        depth += ops[i].kind == OP_OPEN;
        depth -= ops[i].kind == OP_CLOSE;
    }
    before = codec_writer_size(w);
    close_all(w, depth);
    data = codec_writer_data(w, len);
    assert_int_equal(before, *len);
    assert_int_equal(codec_writer_size(w), *len);
    decode_back(w);
    return data;
}

static void test_sizes_at_random(void **state)
{
    unsigned seed, f;

    for (seed = 1; seed <= 30; seed++) {
        op_t ops[40];
        unsigned i, depth = 0;
        apr_size_t len;

        random_state = seed * APR_UINT64_C(0x9e3779b97f4a7c15);
        for (i = 0; i < 40; i++) {
            ops[i] = draw_op(depth);
            depth += ops[i].kind == OP_OPEN;
            depth -= ops[i].kind == OP_CLOSE;
        }
        for (f = 0; f < 2; f++) {
            for (i = 0; i <= 40; i++)
                straight(formats[f], ops, i, &len);
        }
    }
}

typedef struct walk_t {
    codec_writer_t *w;
    op_t ops[400];              /* those that are still in the document */
    unsigned n, depth;
    struct {
        codec_mark_t mark;
        unsigned n, depth;
        apr_size_t size;
    } marks[8];
    unsigned marks_len;
    unsigned rollbacks;
} walk_t;

static void walk_step(walk_t *k)
{
    unsigned what = draw(10);

    if (what == 0 && k->marks_len < 8) {
        codec_writer_mark(k->w, &k->marks[k->marks_len].mark);
        k->marks[k->marks_len].n = k->n;
        k->marks[k->marks_len].depth = k->depth;
        k->marks[k->marks_len++].size = codec_writer_size(k->w);
    } else if (what == 1 && k->marks_len > 0) {
        /* to the newest mark or an older one, again and again */
        unsigned to = draw(k->marks_len);

        codec_writer_rollback(k->w, &k->marks[to].mark);
        k->n = k->marks[to].n;
        k->depth = k->marks[to].depth;
        assert_int_equal(codec_writer_size(k->w), k->marks[to].size);
        k->marks_len = to + draw(2);
        k->rollbacks++;
    } else {
        op_t op = draw_op(k->depth);

        /* what was open at a mark stays open */
        if (op.kind == OP_CLOSE && k->marks_len > 0
            && k->depth == k->marks[k->marks_len - 1].depth)
            op.kind = OP_EMPTY;
        apply(k->w, &op);
        k->depth += op.kind == OP_OPEN;
        k->depth -= op.kind == OP_CLOSE;
        k->ops[k->n++] = op;
    }
}

static void test_rollback_at_random(void **state)
{
    unsigned seed, f, rollbacks = 0;

    for (seed = 1; seed <= 200; seed++) {
        for (f = 0; f < 2; f++) {
            walk_t k = { .w = begin(formats[f]) };
            apr_size_t len, want_len;
            const char *data, *want;
            unsigned i;

            random_state = seed * APR_UINT64_C(0xd1342543de82ef95);
            for (i = 0; i < 400; i++)
                walk_step(&k);
            close_all(k.w, k.depth);
            data = codec_writer_data(k.w, &len);
            want = straight(formats[f], k.ops, k.n, &want_len);
            assert_int_equal(len, want_len);
            assert_memory_equal(data, want, len);
            rollbacks += k.rollbacks;
        }
    }
    assert_true(rollbacks > 1000);
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
        TEST(test_headers),
        TEST(test_like_libsynthesis),
        TEST(test_namespaces_and_pages),
        TEST(test_embed),
        TEST(test_size_of_devinf_11),
        TEST(test_text_in_wbxml),
        TEST(test_text_in_xml),
        TEST(test_text_comes_back),
        TEST(test_opaque_lengths),
        TEST(test_numbers),
        TEST(test_unfinished),
        TEST(test_growth),
        TEST(test_sizes_at_random),
        TEST(test_rollback_at_random)
    };

    apr_initialize();
    codec_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
