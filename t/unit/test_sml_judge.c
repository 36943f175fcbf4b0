/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The judge of answers (sml_judge.h) sees what it is there for: each fault
 * that a phone was known to stumble over, put into a good answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <apr_general.h>

#include "sml_judge.h"

static apr_pool_t *pool;

static int setup(void **state)
{
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

/* ---- octets ------------------------------------------------------------ */

#define HEAD  "\x02\xa4\x01\x6a\x00"

/* @return what is said of <SyncML> with that content, as octets */
#define OCTETS(content) \
    octets(HEAD "\x6d" content "\x01", sizeof(HEAD "\x6d" content "\x01") - 1)

static const char *octets(const char *data, apr_size_t len)
{
    const char *wrong = judge_wbxml(data, len, pool);

    return wrong ? wrong : "";
}

static void test_octets(void **state)
{
    assert_string_equal(OCTETS("\x6c\x71\x03" "1.2\0\x01\x01"), "");
    assert_string_equal(OCTETS("\x4f\xc3\x03" "abc\x01"), "");
    assert_string_equal(OCTETS("\x5a\x00\x01\x53\x03" "a\0\x01\x01"), "");
}

static void test_split_text(void **state)
{
    const char *words = "a text in more than one token";

    assert_string_equal(OCTETS("\x4f\x03" "a\0\x03" "b\0\x01"), words);
    assert_string_equal(OCTETS("\x4f\x03" "a\0\xc3\x01" "b\x01"), words);
    assert_string_equal(OCTETS("\x4f\xc3\x01" "a\x03" "b\0\x01"), words);
}

static void test_unknown_tokens(void **state)
{
    assert_non_null(strstr(OCTETS("\x04\x00"), "token 04"));    /* LITERAL */
    assert_non_null(strstr(OCTETS("\x44\x00\x01"), "token 44"));
    assert_non_null(strstr(OCTETS("\x43\x00\x01"), "token 43"));    /* PI */
    assert_non_null(strstr(OCTETS("\x4f\x02\x41\x01"), "token 02"));
    assert_non_null(strstr(OCTETS("\x4f\x83\x00\x01"), "token 83"));
    assert_string_equal(OCTETS("\xcf\x01\x01"), "an element with attributes");
    assert_string_equal(OCTETS("\x00\x07\x05"), "an unknown page");
}

static void test_broken_octets(void **state)
{
    assert_string_equal(OCTETS("\x4f\x03" "abc"), "a text without its end");
    assert_string_equal(OCTETS("\x4f\xc3\x09" "abc\x01"),
                        "opaque data runs over the end");
    assert_string_equal(OCTETS("\x4f"), "an END is missing");
    assert_string_equal(OCTETS("\x01"), "an END too many");
    assert_string_equal(OCTETS("\x4f\x03" "a\0\x13\x01"),
                        "an element with text and elements");
    assert_string_equal(octets("\x02\xa4\x01\x03\x00\x2d", 6),
                        "no public id, not UTF-8, or a string table");
    assert_string_equal(octets("\x02\xa4\x01\x6a\x01x\x2d", 7),
                        "no public id, not UTF-8, or a string table");
}

/* A DevInf inside is looked at as well. */
static void test_inner_octets(void **state)
{
    assert_non_null(strstr(OCTETS("\x4f\xc3\x08\x02\xa4\x03\x6a\x00\x4a\x04"
                                  "\x01\x01"), "token 04"));
}

/* ---- elements ---------------------------------------------------------- */

/* An answer with everything in it; a test leaves out, doubles or adds. */
typedef struct answer_t {
    codec_format_e format;
    codec_version_e version;
    int leave, twice, extra;
    const char *synctype;
    int synctypes;
    const char *status;
} answer_t;

static codec_writer_t *writer;
static const answer_t *answer;

static void put(int tag, const char *text)
{
    int n = tag == answer->leave ? 0 : tag == answer->twice ? 2 : 1;

    for (; n > 0; n--) {
        codec_text(writer, tag, text);
    }
}

static void name(int tag)
{
    codec_open(writer, tag);
    put(SYNCML_LOCURI, "x");
    codec_close(writer);
}

static void header(void)
{
    codec_open(writer, SYNCML_SYNCHDR);
    put(SYNCML_VERDTD, "1.2");
    put(SYNCML_VERPROTO, "SyncML/1.2");
    put(SYNCML_SESSIONID, "1");
    put(SYNCML_MSGID, "1");
    name(SYNCML_TARGET);
    name(SYNCML_SOURCE);
    codec_open(writer, SYNCML_META);
    if (answer->extra == METINF_METINF) {
        codec_open(writer, METINF_METINF);
    }
    put(METINF_MAXMSGSIZE, "10000");
    if (answer->extra == METINF_METINF) {
        codec_close(writer);
    }
    codec_close(writer);
    codec_close(writer);
}

static codec_writer_t *devinf(void)
{
    codec_writer_t *outer = writer, *w;
    int i;

    writer = w = codec_writer_create(answer->format, CODEC_DOC_DEVINF,
                                     answer->version, pool);
    codec_open(w, DEVINF_DEVINF);
    put(DEVINF_VERDTD, "1.2");
    put(DEVINF_DEVID, "server");
    put(DEVINF_DEVTYP, "server");
    codec_open(w, DEVINF_DATASTORE);
    put(DEVINF_SOURCEREF, "contacts");
    for (i = 0; i < 2; i++) {
        int tag = i ? DEVINF_TXPREF : DEVINF_RXPREF;

        if (tag != answer->leave) {
            codec_open(w, tag);
            codec_text(w, DEVINF_CTTYPE, "text/vcard");
            codec_text(w, DEVINF_VERCT, "3.0");
            codec_close(w);
        }
    }
    codec_open(w, DEVINF_SYNCCAP);
    for (i = 0; i < answer->synctypes; i++) {
        codec_text(w, DEVINF_SYNCTYPE, answer->synctype);
    }
    codec_close(w);
    codec_close(w);
    if (answer->extra == DEVINF_EXT) {
        codec_empty(w, DEVINF_EXT);
    }
    codec_close(w);
    writer = outer;
    return w;
}

static void body(void)
{
    codec_writer_t *w = writer;

    codec_open(w, SYNCML_STATUS);
    codec_text(w, SYNCML_CMDID, "1");
    put(SYNCML_MSGREF, "1");
    put(SYNCML_CMDREF, "0");
    put(SYNCML_CMD, "SyncHdr");
    codec_text(w, SYNCML_DATA, answer->status);
    codec_close(w);
    codec_open(w, SYNCML_RESULTS);
    codec_text(w, SYNCML_CMDID, "2");
    put(SYNCML_MSGREF, "1");
    put(SYNCML_CMDREF, "3");
    codec_open(w, SYNCML_META);
    put(METINF_TYPE, "application/vnd.syncml-devinf+wbxml");
    codec_close(w);
    codec_open(w, SYNCML_ITEM);
    name(SYNCML_SOURCE);
    codec_embed(w, SYNCML_DATA, devinf());
    codec_close(w);
    codec_close(w);
    codec_open(w, SYNCML_ALERT);
    codec_text(w, SYNCML_CMDID, "3");
    codec_text(w, SYNCML_DATA, "201");
    if (answer->leave != SYNCML_ITEM) {
        codec_open(w, SYNCML_ITEM);
        name(SYNCML_SOURCE);
        codec_close(w);
    }
    codec_close(w);
    codec_open(w, SYNCML_SYNC);
    codec_text(w, SYNCML_CMDID, "4");
    name(SYNCML_TARGET);
    name(SYNCML_SOURCE);
    if (answer->extra == SYNCML_NUMBEROFCHANGES) {
        codec_text(w, SYNCML_NUMBEROFCHANGES, "1");
    }
    codec_open(w, SYNCML_DELETE);
    codec_text(w, SYNCML_CMDID, "5");
    codec_open(w, SYNCML_ITEM);
    name(SYNCML_TARGET);
    codec_close(w);
    codec_close(w);
    if (answer->extra == SYNCML_ATOMIC) {
        codec_empty(w, SYNCML_ATOMIC);
    }
    codec_close(w);
}

/* @return what is said of it, "" for nothing */
static const char *said(const answer_t *a)
{
    const char *data, *wrong;
    apr_size_t len;

    answer = a;
    writer = codec_writer_create(a->format, CODEC_DOC_SYNCML, a->version,
                                 pool);
    codec_open(writer, SYNCML_SYNCML);
    header();
    codec_open(writer, SYNCML_SYNCBODY);
    body();
    codec_empty(writer, SYNCML_FINAL);
    if (a->twice == SYNCML_FINAL) {
        codec_empty(writer, SYNCML_FINAL);
    }
    codec_close(writer);
    codec_close(writer);
    data = codec_writer_data(writer, &len);
    wrong = judge_answer(a->format, a->version, data, len, pool);
    return wrong ? wrong : "";
}

static const answer_t good = {
    CODEC_WBXML, CODEC_V12, 0, 0, 0, "1", 7, "200"
};

/* In both formats the same is said. */
static void both(answer_t a, const char *words)
{
    a.format = CODEC_WBXML;
    assert_string_equal(said(&a), words);
    a.format = CODEC_XML;
    assert_string_equal(said(&a), words);
}

static void missing(int tag, const char *words)
{
    answer_t a = good;

    a.leave = tag;
    both(a, words);
}

static void test_elements(void **state)
{
    both(good, "");
}

static void test_missing_elements(void **state)
{
    missing(SYNCML_VERDTD, "SyncHdr: VerProto has no place there");
    missing(SYNCML_VERPROTO, "SyncHdr: SessionID has no place there");
    missing(SYNCML_MSGID, "SyncHdr: Target has no place there");
    missing(SYNCML_LOCURI, "Target: LocURI is missing");
    missing(SYNCML_CMDREF, "Status: Cmd has no place there");
    missing(SYNCML_ITEM, "Alert: Item is missing");
    missing(DEVINF_RXPREF, "DataStore: Tx-Pref has no place there");
    missing(DEVINF_TXPREF, "DataStore: SyncCap has no place there");
    missing(DEVINF_DEVID, "DevInf: DevTyp has no place there");
}

static void test_doubled_elements(void **state)
{
    answer_t a = good;

    a.twice = SYNCML_MSGID;
    both(a, "SyncHdr: MsgID has no place there");
    a.twice = METINF_MAXMSGSIZE;
    both(a, "Meta: MaxMsgSize has no place there");
    a.twice = SYNCML_FINAL;
    both(a, "SyncBody: Final has no place there");
    a.twice = DEVINF_VERDTD;
    both(a, "DevInf: VerDTD has no place there");
}

static void test_strange_elements(void **state)
{
    answer_t a = good;

    a.extra = METINF_METINF;
    both(a, "Meta: MetInf has no place there");
    a.extra = SYNCML_ATOMIC;
    both(a, "Sync: Atomic has no place there");
    a.extra = DEVINF_EXT;
    both(a, "DevInf: Ext has no place there");
    a.extra = SYNCML_NUMBEROFCHANGES;
    both(a, "");
    a.version = CODEC_V10;
    both(a, "NumberOfChanges: not in this version");
}

static void test_values(void **state)
{
    answer_t a = good;

    a.status = "";
    both(a, "Status: Data is no status code");
    a.status = "20";
    both(a, "Status: Data is no status code");
    a.status = "200";
    a.synctype = "8";
    both(a, "SyncType: none from 1 to 7");
    a.synctype = "0";
    both(a, "SyncType: none from 1 to 7");
    a.synctype = "10";
    both(a, "SyncType: none from 1 to 7");
    a.synctype = "7";
    a.synctypes = 9;
    both(a, "");
    a.synctypes = 10;
    both(a, "SyncCap: more than nine entries");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_octets),
        cmocka_unit_test(test_split_text),
        cmocka_unit_test(test_unknown_tokens),
        cmocka_unit_test(test_broken_octets),
        cmocka_unit_test(test_inner_octets),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_missing_elements),
        cmocka_unit_test(test_doubled_elements),
        cmocka_unit_test(test_strange_elements),
        cmocka_unit_test(test_values)
    };

    apr_initialize();
    codec_init();
    return _cmocka_run_group_tests("sml_judge", tests,
                                   sizeof(tests) / sizeof(tests[0]), setup,
                                   teardown);
}
