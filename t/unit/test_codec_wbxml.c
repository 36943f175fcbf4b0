/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The WBXML decoder: every form that it reads, every one that it refuses,
 * each limit from both sides, and attacks, whose cost is told by what the
 * sink was given.
 */
#include "codec_events.h"

static apr_pool_t *pool;

/* A document from literals, NULs included. */
#define DOC(s) (s), sizeof(s) - 1

#define H11 "\x02\x9f\x53\x6a\x00"      /* WBXML 1.2, SyncML 1.1, UTF-8 */
#define D11 "\x02\x9f\x54\x6a\x00"      /* DevInf 1.1 */
#define SYNCML   "\x6d"                 /* with content */
#define SYNCBODY "\x6b"
#define DATA     "\x4f"
#define END      "\x01"
#define STR_I    "\x03"
#define OPAQUE   "\xc3"

static codec_info_t info;
static events_t *events;

static apr_status_t decode_with(const char *doc, apr_size_t len,
                                const codec_limits_t *limits)
{
    events = events_create(pool);
    events->show_opaque = 1;
    return events_decode(events, CODEC_WBXML, doc, len, limits, &info);
}

static apr_status_t decode(const char *doc, apr_size_t len)
{
    return decode_with(doc, len, NULL);
}

static void expect(const char *doc, apr_size_t len, const char *log)
{
    apr_status_t rv = decode(doc, len);

    if (rv != APR_SUCCESS)
        fail_msg("%s at %lu", info.error, (unsigned long)info.error_offset);
    assert_string_equal(events->log, log);
    assert_null(info.error);
    assert_int_equal(events->depth, 0);
}

static void refuse(const char *doc, apr_size_t len, apr_status_t status)
{
    assert_int_equal(decode(doc, len), status);
    assert_non_null(info.error);
    assert_non_null(codec_strerror(status));
    assert_true(info.error_offset <= len);
}

/* ---- header --------------------------------------------------------------- */

static void test_versions_of_wbxml(void **state)
{
    /* 1.0 has no character set. */
    expect(DOC("\x00\x9f\x53\x00" SYNCML END), "(SyncML)");
    expect(DOC("\x01\x9f\x53\x6a\x00" SYNCML END), "(SyncML)");
    expect(DOC("\x02\x9f\x53\x6a\x00" SYNCML END), "(SyncML)");
    expect(DOC("\x03\x9f\x53\x6a\x00" SYNCML END), "(SyncML)");
    refuse(DOC("\x04\x9f\x53\x6a\x00" SYNCML END), CODEC_EMALFORMED);
    refuse(DOC("<SyncML></SyncML>"), CODEC_EMALFORMED);
}

static void expect_pubid(const char *doc, apr_size_t len, codec_doc_e type,
                         codec_version_e version)
{
    expect(doc, len, type == CODEC_DOC_SYNCML ? "(SyncML)" : "(d:DevInf)");
    assert_int_equal(info.doc, type);
    assert_int_equal(info.version, version);
}

static void test_numeric_public_ids(void **state)
{
    expect_pubid(DOC("\x02\x9f\x51\x6a\x00\x2d"), CODEC_DOC_SYNCML, CODEC_V10);
    expect_pubid(DOC("\x02\x9f\x53\x6a\x00\x2d"), CODEC_DOC_SYNCML, CODEC_V11);
    expect_pubid(DOC("\x02\xa4\x01\x6a\x00\x2d"), CODEC_DOC_SYNCML, CODEC_V12);
    expect_pubid(DOC("\x02\x9f\x52\x6a\x00\x0a"), CODEC_DOC_DEVINF, CODEC_V10);
    expect_pubid(DOC("\x02\x9f\x54\x6a\x00\x0a"), CODEC_DOC_DEVINF, CODEC_V11);
    expect_pubid(DOC("\x02\xa4\x03\x6a\x00\x0a"), CODEC_DOC_DEVINF, CODEC_V12);
    /* MetInf, WML, OMA provisioning, ActiveSync's */
    refuse(DOC("\x02\xa4\x02\x6a\x00\x0e"), CODEC_EDOCTYPE);
    refuse(DOC("\x02\x04\x6a\x00\x2d"), CODEC_EDOCTYPE);
    refuse(DOC("\x02\x0b\x6a\x00\x45"), CODEC_EDOCTYPE);
    refuse(DOC("\x02\x8f\xff\xff\xff\x7f\x6a\x00\x2d"), CODEC_EDOCTYPE);
}

static void test_public_ids_by_name(void **state)
{
    expect_pubid(DOC("\x02\x00\x00\x6a\x1e-//SYNCML//DTD SyncML 1.0//EN\x00"
                     "\x2d"), CODEC_DOC_SYNCML, CODEC_V10);
    expect_pubid(DOC("\x02\x00\x02\x6a\x20xx-//SYNCML//DTD SyncML 1.1//EN"
                     "\x00\x2d"), CODEC_DOC_SYNCML, CODEC_V11);
    /* no NUL at the table's end */
    expect_pubid(DOC("\x02\x00\x00\x6a\x1d-//SYNCML//DTD SyncML 1.2//EN\x2d"),
                 CODEC_DOC_SYNCML, CODEC_V12);
    expect_pubid(DOC("\x02\x00\x00\x6a\x1d-//SYNCML//DTD DevInf 1.0//EN\x0a"),
                 CODEC_DOC_DEVINF, CODEC_V10);
    expect_pubid(DOC("\x02\x00\x00\x6a\x1d-//SYNCML//DTD DevInf 1.1//EN\x0a"),
                 CODEC_DOC_DEVINF, CODEC_V11);
    expect_pubid(DOC("\x02\x00\x00\x6a\x1a-//oma//dtd devinf 1.2//en\x0a"),
                 CODEC_DOC_DEVINF, CODEC_V12);
    refuse(DOC("\x02\x00\x00\x6a\x1d-//SYNCML//DTD SyncML 1.3//EN\x2d"),
           CODEC_EDOCTYPE);
    refuse(DOC("\x02\x00\x00\x6a\x1e-//SYNCML//DTD SyncML 1.22//EN\x2d"),
           CODEC_EDOCTYPE);
    refuse(DOC("\x02\x00\x00\x6a\x1d-//SYNCML//DTD MetInf 1.1//EN\x0e"),
           CODEC_EDOCTYPE);
    refuse(DOC("\x02\x00\x00\x6a\x16-//SYNCML//DTD SyncML \x2d"),
           CODEC_EDOCTYPE);
    /* outside of the table, and no table */
    refuse(DOC("\x02\x00\x1d\x6a\x1d-//SYNCML//DTD SyncML 1.1//EN\x2d"),
           CODEC_EMALFORMED);
    refuse(DOC("\x02\x00\x00\x6a\x00\x2d"), CODEC_EMALFORMED);
}

static void test_unknown_public_id(void **state)
{
    expect_pubid(DOC("\x02\x01\x6a\x00\x2d"), CODEC_DOC_SYNCML,
                 CODEC_V_UNKNOWN);
    /* Nokia: the namespace in an attribute of no name */
    expect_pubid(DOC("\x02\x01\x6a\x00\xed\x04\x00\x03SYNCML:SYNCML1.2\x00"
                     "\x01\x01"), CODEC_DOC_SYNCML, CODEC_V12);
    expect_pubid(DOC("\x02\x01\x6a\x06xmlns\x00\xad\x04\x00\x03"
                     "SYNCML:SYNCML1.1\x00\x01"), CODEC_DOC_SYNCML,
                 CODEC_V11);
    /* another namespace tells nothing, and only the root's counts */
    expect_pubid(DOC("\x02\x01\x6a\x00\xad\x04\x00\x03urn:x\x00\x01"),
                 CODEC_DOC_SYNCML, CODEC_V_UNKNOWN);
    expect(DOC("\x02\x01\x6a\x00" SYNCML "\xab\x04\x00\x03SYNCML:SYNCML1.2"
               "\x00\x01" END), "(SyncML(SyncBody))");
    assert_int_equal(info.version, CODEC_V_UNKNOWN);
    /* a public id is believed before an attribute */
    expect_pubid(DOC(H11 "\xad\x04\x00\x03SYNCML:SYNCML1.2\x00\x01"),
                 CODEC_DOC_SYNCML, CODEC_V11);
    refuse(DOC("\x02\x01\x6a\x00\x0a"), CODEC_EDOCTYPE);
    refuse(DOC("\x02\x01\x6a\x00\x00\x02\x0a"), CODEC_EDOCTYPE);
}

static void test_root_elements(void **state)
{
    refuse(DOC(H11 "\x6b\x01"), CODEC_EDOCTYPE);            /* SyncBody */
    refuse(DOC(H11 "\x7f\x01"), CODEC_EDOCTYPE);            /* unknown */
    refuse(DOC(H11 "\x00\x01\x4e\x01"), CODEC_EDOCTYPE);    /* MetInf */
    refuse(DOC(H11 "\x00\x02\x4a\x01"), CODEC_EDOCTYPE);    /* DevInf */
    assert_int_equal(info.doc, CODEC_DOC_SYNCML);
    refuse(DOC(D11 "\x6d\x01"), CODEC_EDOCTYPE);
    assert_int_equal(info.doc, CODEC_DOC_DEVINF);
    refuse(DOC(D11 "\x45\x01"), CODEC_EDOCTYPE);            /* CTCap */
}

static void test_character_sets(void **state)
{
    expect(DOC("\x02\x9f\x53\x6a\x00" SYNCML STR_I "\xc3\xa9\x00" END),
           "(SyncML'\xc3\xa9')");
    expect(DOC("\x02\x9f\x53\x03\x00" SYNCML STR_I "a\x00" END),
           "(SyncML'a')");
    expect(DOC("\x02\x9f\x53\x00\x00" SYNCML STR_I "\xc3\xa9\x00" END),
           "(SyncML'\xc3\xa9')");
    /* ISO-8859-1: strings are converted, opaque data stay as they are */
    expect(DOC("\x02\x9f\x53\x04\x00" SYNCML STR_I "Jos\xe9 \x80\xff\x00"
               OPAQUE "\x01\xe9" END),
           "(SyncML'Jos\xc3\xa9 \xc2\x80\xc3\xbf'o'\xe9')");
    expect(DOC("\x02\x9f\x53\x04\x03\xe4z\x00" SYNCML "\x83\x00" END),
           "(SyncML'\xc3\xa4z')");
    refuse(DOC("\x02\x9f\x53\x05\x00" SYNCML END), CODEC_ECHARSET);
    refuse(DOC("\x02\x9f\x53\x11\x00" SYNCML END), CODEC_ECHARSET);
    refuse(DOC("\x02\x9f\x53\x87\x68\x00" SYNCML END), CODEC_ECHARSET);
    refuse(DOC("\x02\x9f\x53\x87\x77\x00" SYNCML END), CODEC_ECHARSET);
    refuse(DOC("\x02\x9f\x53\x8f\x6a\x00" SYNCML END), CODEC_ECHARSET);
}

/* Longer than the decoder's own buffer, each octet doubled. */
static void test_long_latin1(void **state)
{
    const unsigned n = 5000;
    char *doc = apr_pcalloc(pool, n + 32), *out = doc;
    unsigned i;

    memcpy(out, "\x02\x9f\x53\x04\x00" SYNCML STR_I, 7);
    out += 7;
    for (i = 0; i < n; i++)
        *out++ = i % 3 ? 'x' : (char)0xe4;
    *out++ = 0;
    *out++ = 1;
    assert_int_equal(decode(doc, (apr_size_t)(out - doc)), APR_SUCCESS);
    assert_int_equal(events->octets, n + (n + 2) / 3);
    assert_memory_equal(events->log, "(SyncML'\xc3\xa4xx\xc3\xa4xx", 16);
}

/* ---- content -------------------------------------------------------------- */

static void test_forms_of_text(void **state)
{
    expect(DOC(H11 SYNCML STR_I "plain\x00" END), "(SyncML'plain')");
    expect(DOC(H11 SYNCML STR_I "\x00" END), "(SyncML)");
    expect(DOC("\x02\x9f\x53\x6a\x09" "aaa\0bbb\0c" SYNCML
               "\x83\x04\x83\x00\x83\x05\x83\x08\x83\x03" END),
           "(SyncML'bbbaaabbc')");
    expect(DOC(H11 SYNCML OPAQUE "\x00" END), "(SyncML)");
    expect(DOC(H11 SYNCML OPAQUE "\x03\x01\xff\x03" END),
           "(SyncMLo'\x01\xff\x03')");
    /* U+0E01 and U+1F600, which some encoders get wrong, and 80 padding */
    expect(DOC(H11 SYNCML "\x02\x41\x02\x9c\x01\x02\x87\xec\x00" END),
           "(SyncML'A\xe0\xb8\x81\xf0\x9f\x98\x80')");
    expect(DOC(H11 SYNCML "\x02\x80\x80\x80\x80\x41" END), "(SyncML'A')");
    expect(DOC(H11 SYNCML STR_I "a\x00" "\x02\x42" OPAQUE "\x01" "c"
               STR_I "d\x00" END), "(SyncML'aB'o'c''d')");
}

static void test_opaque_keeps_nul(void **state)
{
    assert_int_equal(decode(DOC(H11 SYNCML OPAQUE "\x03" "a\0b" END)),
                     APR_SUCCESS);
    assert_int_equal(events->octets, 3);
    assert_memory_equal(events->log, "(SyncMLo'a\0b')", 15);
}

static const char *text_doc(const char *text, apr_size_t *len)
{
    apr_size_t n = strlen(text);
    char *doc = apr_pcalloc(pool, n + 9);

    memcpy(doc, H11 SYNCML STR_I, 7);
    memcpy(doc + 7, text, n);
    doc[7 + n + 1] = 1;
    *len = n + 9;
    return doc;
}

static void test_text_is_utf8(void **state)
{
    static const char *const good[] = {
        "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf", "12345678\xc3\xa9" "12345678"
    };
    static const char *const bad[] = {
        "\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41",
        "\xe0\x9f\xbf", "\xe0\xa0", "\xed\xa0\x80", "\xef\xbf",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff",
        "\xf0\x90\x80", "\xe1\x80\xc0", "12345678\xff", "1234567\xe9" "89012"
    };
    apr_size_t len;
    unsigned i;

    for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        const char *doc = text_doc(good[i], &len);

        assert_int_equal(decode(doc, len), APR_SUCCESS);
        assert_int_equal(events->octets, strlen(good[i]));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const char *doc = text_doc(bad[i], &len);

        refuse(doc, len, CODEC_EMALFORMED);
        assert_int_equal(events->calls, 1);     /* the root only */
    }
    /* from the string table too */
    refuse(DOC("\x02\x9f\x53\x6a\x02\xe4z" SYNCML "\x83\x00" END),
           CODEC_EMALFORMED);
}

static void test_entities_that_are_none(void **state)
{
    refuse(DOC(H11 SYNCML "\x02\x00" END), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x02\x83\xb0\x00" END), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x02\x83\xbf\x7f" END), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x02\xc4\x80\x00" END), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x02\x88\x80\x80\x80\x00" END), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x02\x8f\xff\xff\xff\x7f" END), CODEC_EMALFORMED);
}

static void test_numbers(void **state)
{
    /* 33 bits, and six octets */
    refuse(DOC(H11 SYNCML OPAQUE "\x90\x80\x80\x80\x01" "x" END),
           CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML OPAQUE "\x80\x80\x80\x80\x80\x01" "x" END),
           CODEC_EMALFORMED);
    expect(DOC(H11 SYNCML OPAQUE "\x80\x80\x80\x80\x01" "x" END),
           "(SyncMLo'x')");
    /* lengths beyond the end */
    refuse(DOC(H11 SYNCML OPAQUE "\x03" "xy"), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML OPAQUE "\x8f\xff\xff\xff\x7f" "xy" END),
           CODEC_EMALFORMED);
    refuse(DOC("\x02\x9f\x53\x6a\x05" "abc"), CODEC_EMALFORMED);
    refuse(DOC("\x02\x9f\x53\x6a\x8f\xff\xff\xff\x7f" "abc"), CODEC_ELIMIT);
    refuse(DOC(H11 SYNCML "\x83\x00" END), CODEC_EMALFORMED);
    refuse(DOC("\x02\x9f\x53\x6a\x02" "a\0" SYNCML "\x83\x02" END),
           CODEC_EMALFORMED);
}

static void test_pages(void **state)
{
    expect(DOC(H11 SYNCML "\x5a\x00\x01\x53" STR_I "t\x00" END "\x4c" STR_I
               "9\x00" END END "\x00\x00" SYNCBODY END END),
           "(SyncML(Meta(m:Type't')(m:MaxMsgSize'9'))(SyncBody))");
    /* Switches where none is needed: before an end, twice, to the same
     * page. */
    expect(DOC(H11 SYNCML "\x5a\x00\x01\x4c" STR_I "9\x00" END "\x00\x00"
               END END),
           "(SyncML(Meta(m:MaxMsgSize'9')))");
    expect(DOC(H11 "\x00\x00" SYNCML "\x00\x01\x00\x00\x12\x00\x01" END),
           "(SyncML(Final))");
    /* DevInf in place */
    expect(DOC(H11 SYNCML DATA "\x00\x02\x4a\x28" END END END),
           "(SyncML(Data(d:DevInf(d:UTC))))");
    /* pages and tokens of no table */
    expect(DOC(H11 SYNCML "\x00\x03\x45" STR_I "x\x00" "\x05" END "\x00\x00"
               "\x12" END), "(SyncML(?'x'(?))(Final))");
    expect(DOC(H11 SYNCML "\x30\x7f\x00\x01\x17" END END),
           "(SyncML(?)(?(?)))");
    expect(DOC(D11 "\x4a\x28\x00\x01\x05\x00\xff\x05\x00\x00\x25" END),
           "(d:DevInf(d:UTC)(?)(?)(d:VerDTD))");
}

static void test_literal_tags(void **state)
{
    /* name only, with content, with attributes */
    expect(DOC("\x02\x9f\x53\x6a\x0b" "Final\0Bogus" SYNCML "\x04\x00"
               "\x44\x06" STR_I "x\x00" END
               "\xc4\x00\x04\x06\x03v\x00\x01" END END),
           "(SyncML(Final)(?'x')(Final))");
    expect(DOC("\x02\x9f\x53\x6a\x06SyncML\x04\x00"), "(SyncML)");
    refuse(DOC("\x02\x9f\x53\x6a\x06" "Final\0" SYNCML "\x04\x06" END),
           CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x04\x00" END), CODEC_EMALFORMED);
}

static void test_attributes(void **state)
{
    expect(DOC("\x02\x9f\x53\x6a\x04" "a\0b\0" SYNCML
               "\x8f\x04\x00\x03v\x00\x04\x02\x83\x02\x03w\x00\x01" END),
           "(SyncML(Data))");
    expect(DOC(H11 SYNCML "\x8f\x01" END), "(SyncML(Data))");
    /* an attribute token, a value token, a name outside of the table */
    refuse(DOC(H11 SYNCML "\x8f\x05\x03v\x00\x01" END), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x8f\x04\x00\x85\x01" END), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x8f\x04\x01\x03v\x00\x01" END),
           CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x8f\x03v\x00\x01" END), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x8f\x04\x00\x03v\x00"), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML "\x8f\x04\x00\x83\x00\x01" END),
           CODEC_EMALFORMED);
}

static void test_tokens_of_no_use(void **state)
{
    static const unsigned char tokens[] = {
        0x40, 0x41, 0x42, 0x43, 0x80, 0x81, 0x82, 0xc0, 0xc1, 0xc2
    };
    unsigned i;

    for (i = 0; i < sizeof(tokens); i++) {
        char doc[] = H11 SYNCML "\x00" "a\x00\x01\x01";

        doc[6] = (char)tokens[i];
        refuse(doc, sizeof(doc) - 1, CODEC_EMALFORMED);
        assert_int_equal(events->calls, 1);
    }
}

static void test_around_the_root(void **state)
{
    expect(DOC(H11 SYNCML END "\x00"), "(SyncML)");
    expect(DOC(H11 SYNCML END "\0\0\0\0\0\0"), "(SyncML)");
    refuse(DOC(H11 SYNCML END END), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML END "\0\0\x01"), CODEC_EMALFORMED);
    refuse(DOC(H11 SYNCML END SYNCML END), CODEC_EMALFORMED);
    refuse(DOC(H11 END SYNCML END), CODEC_EMALFORMED);
    refuse(DOC(H11 STR_I "x\x00" SYNCML END), CODEC_EMALFORMED);
    refuse(DOC(H11 OPAQUE "\x01x" SYNCML END), CODEC_EMALFORMED);
    refuse(DOC(H11 "\x02\x41" SYNCML END), CODEC_EMALFORMED);
    refuse(DOC(H11), CODEC_EMALFORMED);
    refuse(DOC(H11 "\x00\x00"), CODEC_EMALFORMED);
    assert_int_equal(decode("", 0), CODEC_EMALFORMED);
}

/* ---- limits --------------------------------------------------------------- */

static void test_limit_octets(void **state)
{
    codec_limits_t limits = { .max_octets = 7 };

    assert_int_equal(decode_with(DOC(H11 SYNCML END), &limits), APR_SUCCESS);
    assert_int_equal(decode_with(DOC(H11 SYNCML END "\x00"), &limits),
                     CODEC_ELIMIT);
    assert_int_equal(events->calls, 0);
}

/* n elements inside each other; the innermost with or without content. */
static char *nested(unsigned n, int empty, apr_size_t *len)
{
    char *doc = apr_palloc(pool, 5 + 2 * (apr_size_t)n), *out = doc;

    memcpy(out, H11 SYNCML, 6);
    memset(out + 6, 0x6b, n - 1);
    out += 5 + n;
    if (empty)
        out[-1] = 0x2b;
    memset(out, 1, n - (empty != 0));
    *len = 5 + 2 * n - (empty != 0);
    return doc;
}

static void check_depth(unsigned asked, unsigned allowed)
{
    codec_limits_t limits = { .max_depth = asked };
    apr_size_t len;
    char *doc;

    doc = nested(allowed, 0, &len);
    assert_int_equal(decode_with(doc, len, &limits), APR_SUCCESS);
    assert_int_equal(events->deepest, allowed);
    doc = nested(allowed, 1, &len);
    assert_int_equal(decode_with(doc, len, &limits), APR_SUCCESS);
    doc = nested(allowed + 1, 0, &len);
    assert_int_equal(decode_with(doc, len, &limits), CODEC_ELIMIT);
    assert_int_equal(events->deepest, allowed);
    doc = nested(allowed + 1, 1, &len);
    assert_int_equal(decode_with(doc, len, &limits), CODEC_ELIMIT);
    assert_int_equal(events->deepest, allowed);
}

static void test_limit_depth(void **state)
{
    check_depth(0, 32);         /* the default */
    check_depth(2, 2);
    check_depth(64, 64);
    check_depth(128, 128);
    check_depth(4000000, 128);  /* no more than the decoder's own stack */
}

static void test_limit_events(void **state)
{
    /* start, start, text, end, end */
    codec_limits_t limits = { .max_events = 5 };

    assert_int_equal(decode_with(DOC(H11 SYNCML DATA STR_I "x\x00" END END),
                                 &limits), APR_SUCCESS);
    limits.max_events = 4;
    assert_int_equal(decode_with(DOC(H11 SYNCML DATA STR_I "x\x00" END END),
                                 &limits), CODEC_ELIMIT);
    assert_int_equal(events->calls, 4);
}

static void test_limit_strtbl(void **state)
{
    codec_limits_t limits = { .max_strtbl = 4 };

    assert_int_equal(decode_with(DOC("\x02\x9f\x53\x6a\x04" "abc\0" "\x2d"),
                                 &limits), APR_SUCCESS);
    assert_int_equal(decode_with(DOC("\x02\x9f\x53\x6a\x05" "abcd\0" "\x2d"),
                                 &limits), CODEC_ELIMIT);
}

static void test_limit_strtbl_out(void **state)
{
    codec_limits_t limits = { .max_strtbl_out = 6 };

    assert_int_equal(decode_with(DOC("\x02\x9f\x53\x6a\x04" "abc\0" SYNCML
                                     "\x83\x00\x83\x00\x83\x03" END),
                                 &limits), APR_SUCCESS);
    assert_int_equal(decode_with(DOC("\x02\x9f\x53\x6a\x04" "abc\0" SYNCML
                                     "\x83\x00\x83\x00\x83\x02" END),
                                 &limits), CODEC_ELIMIT);
    assert_int_equal(events->octets, 6);
    /* names of literal elements and values of attributes count */
    assert_int_equal(decode_with(DOC("\x02\x9f\x53\x6a\x04" "abc\0" SYNCML
                                     "\x04\x00\x04\x00\x04\x02" END),
                                 &limits), CODEC_ELIMIT);
    assert_int_equal(decode_with(DOC("\x02\x9f\x53\x6a\x04" "abc\0" SYNCML
                                     "\x8f\x04\x03\x83\x00\x83\x00\x83\x02"
                                     "\x01" END),
                                 &limits), CODEC_ELIMIT);
}

/* ---- attacks -------------------------------------------------------------- */

/* A document of the default size filled with one pattern. */
static char *filled(const char *start, apr_size_t start_len,
                    const char *pattern, apr_size_t pattern_len,
                    apr_size_t *len)
{
    const apr_size_t size = 1024 * 1024;
    char *doc = apr_palloc(pool, size), *out = doc + start_len;

    memcpy(doc, start, start_len);
    while ((apr_size_t)(doc + size - out) >= pattern_len) {
        memcpy(out, pattern, pattern_len);
        out += pattern_len;
    }
    *len = (apr_size_t)(out - doc);
    return doc;
}

static void test_attack_string_table(void **state)
{
    /* a table of 4 KiB, 500,000 references to its first string */
    char *table = apr_palloc(pool, 8 + 4096);
    apr_size_t len;
    char *doc;

    memcpy(table, "\x02\x9f\x53\x6a\xa0\x00", 6);
    memset(table + 6, 'a', 4096);
    memcpy(table + 6 + 4096, SYNCML, 1);
    doc = filled(table, 7 + 4096, "\x83\x00", 2, &len);
    assert_int_equal(decode(doc, len), CODEC_ELIMIT);
    assert_true(events->octets <= 64 * 1024);
    /* the same by attributes, which give the sink nothing */
    memcpy(table + 6 + 4096, "\xed", 1);
    doc = filled(table, 7 + 4096, "\x04\x00\x83\x00", 4, &len);
    assert_int_equal(decode(doc, len), CODEC_ELIMIT);
    assert_true(info.error_offset < 8 + 4096 + 4 * 20);
}

static void test_attack_nesting(void **state)
{
    apr_size_t len;
    char *doc = filled(DOC(H11 SYNCML), DOC(SYNCBODY), &len);

    assert_int_equal(decode(doc, len), CODEC_ELIMIT);
    assert_int_equal(events->calls, 32);
    assert_int_equal(events->deepest, 32);
}

static void test_attack_siblings(void **state)
{
    apr_size_t len;
    char *doc = filled(DOC(H11 SYNCML), DOC("\x12"), &len);

    assert_int_equal(decode(doc, len), CODEC_ELIMIT);
    assert_int_equal(events->calls, 500000);
}

static void test_attack_page_switches(void **state)
{
    apr_size_t len;
    char *doc = filled(DOC(H11 SYNCML), DOC("\x00\x01"), &len);

    assert_int_equal(decode(doc, len), CODEC_EMALFORMED);
    assert_int_equal(events->calls, 1);
    assert_int_equal(info.error_offset, len);
}

static void test_attack_embedded(void **state)
{
    /* A document in a document in a document...: data is not looked into. */
    char *doc = apr_palloc(pool, 64 * 1024);
    apr_size_t len = 0, i;

    for (i = 0; i < 3000; i++) {
        memcpy(doc + len, H11 SYNCML DATA OPAQUE "\x83\xff\x7f", 11);
        len += 11;
    }
    memset(doc + len, 1, 64 * 1024 - len);
    assert_int_equal(decode(doc, 64 * 1024), CODEC_EMALFORMED);
    assert_int_equal(events->deepest, 2);
}

/* The shortest inputs that crash or hang other decoders. */
static void test_attack_small(void **state)
{
    refuse(DOC("\x03\x9f\x53\x6a\x00\x6d\x02\x88\x80\x80\x80\x00\x01"),
           CODEC_EMALFORMED);
    refuse(DOC("\x03\x0e\x6a\x00\x45\x01\xc3\x01x\x01"), CODEC_EDOCTYPE);
    refuse(DOC("\x03\x10\x6a\x00\x49\x01\xc3\x01x\x01"), CODEC_EDOCTYPE);
    refuse(DOC("\x02"), CODEC_EMALFORMED);
    refuse(DOC("\x02\x80\x80\x80\x80\x80\x80"), CODEC_EMALFORMED);
    refuse(DOC("\x00"), CODEC_EMALFORMED);
    refuse(DOC("\xff\xff\xff\xff"), CODEC_EMALFORMED);
}

/* ---- the sink, truncation ------------------------------------------------- */

static const char whole[] =
    "\x02\x00\x00\x6a\x24-//SYNCML//DTD SyncML 1.1//EN\0xmlns\0"
    "\xed\x04\x1e\x03SYNCML:SYNCML1.1\0\x01" "\x6c\x71\x03" "1.1\0\x01\x01"
    SYNCBODY "\x5a\x00\x01\x53\x83\x1e\x01\x01\x00\x00" DATA OPAQUE "\x03"
    "abc" "\x02\x81\x00" END "\x12" END END;

static void test_sink_fails(void **state)
{
    codec_sink_t sink = { events_start, events_end, events_text, NULL };
    unsigned at, calls;

    expect(DOC(whole), "(SyncML(SyncHdr(VerDTD'1.1'))(SyncBody"
           "(Meta(m:Type'xmlns'))(Datao'abc''\xc2\x80')(Final)))");
    calls = events->calls;
    for (at = 1; at <= calls; at++) {
        events_t *e = events_create(pool);

        e->fail_at = at;
        sink.baton = e;
        assert_int_equal(codec_decode(CODEC_WBXML, DOC(whole), NULL, &sink,
                                      NULL, NULL), EVENTS_FAILURE);
        assert_int_equal(e->calls, at);
    }
}

static void test_truncated(void **state)
{
    apr_size_t len;

    for (len = 0; len < sizeof(whole) - 1; len++) {
        apr_status_t rv = decode(whole, len);

        assert_int_equal(rv, CODEC_EMALFORMED);
        assert_true(info.error_offset <= len);
    }
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
        TEST(test_versions_of_wbxml),
        TEST(test_numeric_public_ids),
        TEST(test_public_ids_by_name),
        TEST(test_unknown_public_id),
        TEST(test_root_elements),
        TEST(test_character_sets),
        TEST(test_long_latin1),
        TEST(test_forms_of_text),
        TEST(test_opaque_keeps_nul),
        TEST(test_text_is_utf8),
        TEST(test_entities_that_are_none),
        TEST(test_numbers),
        TEST(test_pages),
        TEST(test_literal_tags),
        TEST(test_attributes),
        TEST(test_tokens_of_no_use),
        TEST(test_around_the_root),
        TEST(test_limit_octets),
        TEST(test_limit_depth),
        TEST(test_limit_events),
        TEST(test_limit_strtbl),
        TEST(test_limit_strtbl_out),
        TEST(test_attack_string_table),
        TEST(test_attack_nesting),
        TEST(test_attack_siblings),
        TEST(test_attack_page_switches),
        TEST(test_attack_embedded),
        TEST(test_attack_small),
        TEST(test_sink_fails),
        TEST(test_truncated)
    };

    apr_initialize();
    codec_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
