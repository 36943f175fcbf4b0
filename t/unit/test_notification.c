/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Notifications in both forms: the one of SyncML 1.1 against libsynthesis
 * and libwbxml, both against an independent reader that has the rules of
 * Nokia's client (san_judge.h), and which device gets which.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <libwbxml-1.0/wbxml/wbxml.h>
#include <libwbxml-1.0/wbxml/wbxml_conv.h>

#include "push/notification.h"
#include "push/push_device.h"
#include "push/san11.h"
#include "push/sms.h"
#include "push/wsp.h"

#include "san_judge.h"

static apr_pool_t *pool;

#define ID   "sync.example.com"
#define URL  "http://sync.example.com/syncml"

/* The package that libsynthesis makes: one Alert with two Items, session 1,
 * Target "/". */
#define SYNTHESIS_HEADER \
    "029F536A006D6C7103312E310001720353796E634D4C2F312E31000165033100015B0331" \
    "00016E57032F000101675703687474703A2F2F73796E632E6578616D706C652E636F6D2F" \
    "6473000101016B"
#define SYNTHESIS_ALERT  "464B033100014F0332303600015467570363617264000101" \
    "5A00015303746578742F782D766361726400010101"
#define SYNTHESIS_REST \
    "00005467570363616C0001015A00015303746578742F782D7663616C656E646172000101" \
    "01010000120101"

static const unsigned char *unhex(const char *hex, apr_size_t *len)
{
    return apr_punescape_hex(pool, hex, 0, len);
}

/* ---- the message of SyncML 1.1 ------------------------------------------- */

static void test_decode_synthesis(void **state)
{
    apr_size_t len;
    const unsigned char *data = unhex(SYNTHESIS_HEADER SYNTHESIS_ALERT
                                      SYNTHESIS_REST, &len);
    const char *error = NULL;
    san11_t *san;

    assert_int_equal(san11_decode(&san, data, len, &error, pool),
                     APR_SUCCESS);
    assert_string_equal(san->server_url, "http://sync.example.com/ds");
    assert_string_equal(san->device, "/");
    assert_string_equal(san->session, "1");
    assert_int_equal(san->ndatastores, 2);
    assert_string_equal(san->datastores[1].uri, "cal");
    assert_int_equal(san->datastores[1].sync_type, 206);
    assert_string_equal(san->types[1], "text/x-vcalendar");
    assert_string_equal(san11_describe(san, pool),
        "Notification: SyncML 1.1\nSession: 1\n"
        "Server: http://sync.example.com/ds\nDevice: /\n"
        "Datastore: card; sync 206 (two-way); text/x-vcard\n"
        "Datastore: cal; sync 206 (two-way); text/x-vcalendar\n");
}

/* Header and first Alert are the same octets; the second datastore has an
 * Alert of its own here, since phones read one Item of each. */
static void test_encode_like_synthesis(void **state)
{
    san11_t san = { .server_url = "http://sync.example.com/ds",
                    .device = "/", .session = "1", .ndatastores = 2,
                    .datastores = { { 206, 7, "card" }, { 206, 6, "cal" } } };
    const unsigned char *out, *expected;
    apr_size_t len, n;

    assert_int_equal(san11_encode(&out, &len, &san, NULL, pool), 0);
    expected = unhex(SYNTHESIS_HEADER SYNTHESIS_ALERT "01", &n);
    assert_true(len > n);
    assert_memory_equal(out, expected, n);
    expected = unhex("0000464B033200014F03323036000154"
                     "67570363616C0001015A0001530374"
                     "6578742F782D7663616C656E64617200010101010000120101", &n);
    if (len - 1 == strlen(SYNTHESIS_HEADER SYNTHESIS_ALERT) / 2 + n)
        assert_memory_equal(out + len - n, expected, n);
    else
        fail_msg("%d octets", (int)len);
}

static int count(const char *text, const char *word)
{
    int n = 0;

    for (; (text = strstr(text, word)) != NULL; text += strlen(word))
        n++;
    return n;
}

static void test_libwbxml_reads_it(void **state)
{
    san11_t san = { .server_url = URL, .device = "IMEI:1", .session = "4711",
                    .ndatastores = 3,
                    .datastores = { { 206, 7, "./contacts" },
                                    { 209, 0x305, "cal?/dr(-7,30)" },
                                    { 210, 0, "notes" } } };
    const unsigned char *out;
    WB_UTINY *xml = NULL;
    WB_ULONG n = 0;
    apr_size_t len;

    assert_int_equal(san11_encode(&out, &len, &san, NULL, pool), 0);
    {
        WBXMLConvWBXML2XML *conv = NULL;
        WBXMLError e;

        assert_int_equal(wbxml_conv_wbxml2xml_create(&conv), WBXML_OK);
        e = wbxml_conv_wbxml2xml_run(conv, (WB_UTINY *)(uintptr_t)out,
                                     (WB_ULONG)len, &xml, &n);
        wbxml_conv_wbxml2xml_destroy(conv);
        assert_int_equal(e, WBXML_OK);
    }
    assert_int_equal(count((char *)xml, "<Alert>"), 3);
    assert_int_equal(count((char *)xml, "<Item>"), 3);
    assert_int_equal(count((char *)xml, "<Data>209</Data>"), 1);
    assert_int_equal(count((char *)xml, "<LocURI>" URL "</LocURI>"), 1);
    assert_int_equal(count((char *)xml, "<SessionID>4711</SessionID>"), 1);
    assert_int_equal(count((char *)xml, "cal?/dr(-7,30)"), 1);
    assert_int_equal(count((char *)xml, ">text/x-vcard<"), 1);
    assert_int_equal(count((char *)xml, "<Meta>"), 2);
    free(xml);
}

static void refuse_11(san11_t *san, const char *words)
{
    const unsigned char *out = (const unsigned char *)"";
    apr_size_t len = 1;
    const char *error = NULL;

    assert_int_equal(san11_encode(&out, &len, san, &error, pool),
                     APR_EINVAL);
    assert_null(out);
    assert_int_equal(len, 0);
    assert_non_null(strstr(error, words));
}

static void test_encode_refuses(void **state)
{
    const san11_t good = { .server_url = URL, .device = "d", .session = "1",
                           .ndatastores = 1,
                           .datastores = { { 206, 7, "card" } } };
    san11_t san = good;

    san.server_url = "";
    refuse_11(&san, "has not synced yet");
    san = good;
    san.ndatastores = 0;
    refuse_11(&san, "1 to 15");
    san.ndatastores = 16;
    refuse_11(&san, "not 16");
    san = good;
    san.datastores[0].sync_type = 200;
    refuse_11(&san, "206 to 210");
    san = good;
    san.datastores[0].uri = "";
    refuse_11(&san, "URI");
    san = good;
    san.device = NULL;
    refuse_11(&san, "device");
}

static void test_decode_refuses(void **state)
{
    apr_size_t len, n;
    const unsigned char *data = unhex(SYNTHESIS_HEADER SYNTHESIS_ALERT
                                      SYNTHESIS_REST, &len);
    const char *error;
    san11_t *san;

    for (n = 0; n < len; n++) {
        unsigned char *exact = malloc(n ? n : 1);

        memcpy(exact, data, n);
        error = NULL;
        assert_int_equal(san11_decode(&san, exact, n, &error, pool),
                         SAN11_EMALFORMED);
        assert_null(san);
        assert_non_null(error);
        free(exact);
    }
    data = unhex(SYNTHESIS_HEADER "120101", &len);
    assert_int_equal(san11_decode(&san, data, len, &error, pool),
                     SAN11_EMALFORMED);
    assert_non_null(strstr(error, "no Alert"));
}

/* The type of each datastore, also of those without a number: DS 1.2 has only
 * the number, SyncML 1.1 the words. */
static void test_types_without_a_number(void **state)
{
    static const struct { apr_uint32_t code; const char *type; } types[] = {
        { STORE_CONTENT_VCARD, "text/vcard" },
        { STORE_CONTENT_VNOTE, "text/x-vnote" },
        { STORE_CONTENT_SIFC, "text/x-s4j-sifc" },
        { STORE_CONTENT_SIFE, "text/x-s4j-sife" },
        { STORE_CONTENT_SIFT, "text/x-s4j-sift" },
        { STORE_CONTENT_SIFN, "text/x-s4j-sifn" },
        { 7, "text/x-vcard" }, { 0x305, "text/calendar" }
    };
    const char *error = NULL;
    size_t i;

    for (i = 0; i < sizeof types / sizeof *types; i++) {
        store_due_t due = { .devid = "IMEI:1", .san_session = 7,
                            .account_name = "alice" };
        notification_form_t form = { .form = NOTIFICATION_DS11,
                                     .sync_url = "http://s.example/d" };
        store_due_datastore_t ds = { .name = "x", .uri = "x",
                                     .content_code = types[i].code };
        notification_t *n = NULL;
        wsp_push_t *push;
        san11_t *san11;
        san_t *san;

        due.datastores = apr_array_make(pool, 1, sizeof ds);
        APR_ARRAY_PUSH(due.datastores, store_due_datastore_t) = ds;
        assert_int_equal(notification_create(&n, &due, &form, "s", "", &error,
                                             pool), APR_SUCCESS);
        assert_int_equal(wsp_decode(&push, n->pdu, n->len, &error, pool), 0);
        assert_int_equal(san11_decode(&san11, push->body, push->body_len,
                                      &error, pool), APR_SUCCESS);
        assert_string_equal(san11->types[0], types[i].type);
        assert_int_equal(n->parts->nelts, 1);
        assert_int_equal(san_decode(&san, n->package, n->package_len, &error,
                                    pool), APR_SUCCESS);
        assert_int_equal(san->datastores[0].content_code,
                         types[i].code <= SAN_MAX_CONTENT ? types[i].code : 0);
        /* not for the price of another SMS */
        form.sync_url = "http://sync.example.com/a/path/of/the/sync";
        assert_int_equal(notification_create(&n, &due, &form, "s", "", &error,
                                             pool), APR_SUCCESS);
        assert_int_equal(n->parts->nelts,
                         types[i].code <= SAN_MAX_CONTENT ? 2 : 1);
    }
}

/* ---- the judge ----------------------------------------------------------- */

static const judge_profile_t nokia = {
    ID, URL, { { "./contacts", "text/x-vcard", 7 },
               { "cal", "text/x-vcalendar", 6 },
               { "notes", "text/plain", 3 } }, 3
};

static store_due_t make_due(const char *version)
{
    static const store_due_datastore_t stores[] = {
        { .name = "contacts", .uri = "./contacts", .content_code = 7 },
        { .name = "calendar", .uri = "cal", .content_code = 6 },
        { .name = "notes", .uri = "notes" },
        { .name = "tasks", .uri = "cal", .content_code = 6 }
    };
    store_due_t due = { .devid = "IMEI:490154203237518",
                        .account_name = "alice", .syncml_version = version,
                        .san_session = 700 };
    int i;

    due.datastores = apr_array_make(pool, 4, sizeof stores[0]);
    for (i = 0; i < 4; i++)
        APR_ARRAY_PUSH(due.datastores, store_due_datastore_t) = stores[i];
    return due;
}

static notification_t *make(const store_due_t *due,
                            const notification_form_t *form)
{
    const char *error = NULL;
    notification_t *n = NULL;

    if (notification_create(&n, due, form, ID, "secret", &error, pool))
        fail_msg("%s", error);
    return n;
}

static void test_judge_takes_both_forms(void **state)
{
    store_due_t due = make_due("1.2");
    notification_form_t form = { .form = NOTIFICATION_DS12 };
    notification_t *n = make(&due, &form);
    judge_t j;

    judge_push(&j, n->pdu, n->len, &nokia);
    assert_null(j.refused);
    assert_int_equal(j.form, 12);
    assert_int_equal(j.nsynced, 3);
    assert_int_equal(j.skipped, 0);
    assert_int_equal(n->parts->nelts, 1);
    assert_int_equal(n->too_long, 0);
    assert_string_equal(n->datastores, "contacts,calendar,notes,tasks");

    form.form = NOTIFICATION_DS11;
    form.sync_url = URL;
    due.datastores->nelts = 2;
    n = make(&due, &form);
    judge_push(&j, n->pdu, n->len, &nokia);
    assert_null(j.refused);
    assert_int_equal(j.form, 11);
    assert_int_equal(j.nsynced, 2);
    assert_int_equal(j.synced[0], 206);
    assert_int_equal(n->parts->nelts, 2);
    /* connections carry the other form all the same */
    assert_int_equal(n->package[16], 3);
    assert_non_null(strstr(notification_describe(n->pdu, n->len, pool),
        "Push: content type application/vnd.syncml+wbxml, application 5\n"
        "Notification: SyncML 1.1\nSession: 700\n"));
}

/* In both forms, and over connections. */
static void test_sync_types(void **state)
{
    static const int types[] = { 209, 206, 210, 208 };
    store_due_t due = make_due("1.2");
    notification_form_t form = { .form = NOTIFICATION_DS12,
                                 .sync_types = types };
    notification_t *n = make(&due, &form);
    san_t *san;
    judge_t j;
    int i;

    assert_int_equal(san_decode(&san, n->package, n->package_len, NULL,
                                pool), APR_SUCCESS);
    for (i = 0; i < san->ndatastores; i++) {
        const char *uri = san->datastores[i].uri;
        int type = 0, k;

        for (k = 0; k < due.datastores->nelts; k++) {
            if (!strcmp(uri, APR_ARRAY_IDX(due.datastores, k,
                                           store_due_datastore_t).uri))
                type = type && type != types[k] ? 206 : types[k];
        }
        assert_int_equal(san->datastores[i].sync_type, type);
    }
    assert_int_equal(san->datastores[0].sync_type, 209);
    judge_push(&j, n->pdu, n->len, &nokia);
    assert_null(j.refused);
    assert_int_equal(j.synced[0], 209);

    form.form = NOTIFICATION_DS11;
    form.sync_url = URL;
    n = make(&due, &form);
    judge_push(&j, n->pdu, n->len, &nokia);
    assert_null(j.refused);
    assert_int_equal(j.synced[0], 209);
    assert_non_null(strstr(notification_describe(n->pdu, n->len, pool),
                           "sync 209 (one-way from server)"));
}

/* Two datastores that are one of the phone's: what they agree on. */
static void test_sync_types_of_one_uri(void **state)
{
    static const int same[] = { 209, 209 }, differ[] = { 206, 208 },
                     other[] = { 210, 209 };
    const int *const types[] = { same, differ, other };
    static const int want[] = { 209, 206, 206 };
    store_due_t due = make_due("1.2");
    san_t *san;
    int i;

    due.datastores->nelts = 2;
    for (i = 0; i < 2; i++)
        APR_ARRAY_IDX(due.datastores, i, store_due_datastore_t).uri = "both";
    for (i = 0; i < 3; i++) {
        notification_form_t form = { .sync_types = types[i] };
        notification_t *n = make(&due, &form);

        assert_int_equal(san_decode(&san, n->package, n->package_len, NULL,
                                    pool), APR_SUCCESS);
        assert_int_equal(san->ndatastores, 1);
        assert_int_equal(san->datastores[0].sync_type, want[i]);
    }
}

/* Ours with one thing wrong: what the phone says to it. */
static const char *judge_changed(notification_form_e which,
                                 const judge_profile_t *profile,
                                 const char *from, const char *to)
{
    store_due_t due = make_due("1.1");
    notification_form_t form = { .form = which, .sync_url = URL };
    notification_t *n = make(&due, &form);
    unsigned char *pdu = apr_pmemdup(pool, n->pdu, n->len);
    apr_size_t i, changed = 0, len = strlen(from);
    static judge_t j;

    for (i = 0; i + len <= n->len; i++) {
        if (!memcmp(pdu + i, from, len)) {
            memcpy(pdu + i, to, len);
            changed++;
        }
    }
    assert_true(changed || !len);
    judge_push(&j, pdu, n->len, profile);
    return j.refused ? j.refused : j.skipped ? "skipped" : "taken";
}

static void test_judge_refuses(void **state)
{
    judge_profile_t other = nokia;

#define IS(a, b) assert_string_equal(a, b)
    IS(judge_changed(NOTIFICATION_DS12, &nokia, "", ""), "taken");
    IS(judge_changed(NOTIFICATION_DS12, &nokia, ID, "Sync.example.com"),
       "no profile has this server id");
    IS(judge_changed(NOTIFICATION_DS12, &nokia, "./contacts", "./Contacts"),
       "skipped");
    IS(judge_changed(NOTIFICATION_DS12, &nokia, "\xAF\x85", "\xAF\x87"),
       "X-Wap-Application-Id is not push.syncml");
    other.stores[1].code = 0x305;           /* our 6 is not its type */
    IS(judge_changed(NOTIFICATION_DS12, &other, "", ""), "skipped");
    other.n = 0;
    IS(judge_changed(NOTIFICATION_DS12, &other, "", ""), "nothing to sync");
    /* the count of datastores in its high bits: 3 becomes 0 */
    IS(judge_changed(NOTIFICATION_DS12, &nokia, ".com0`", ".com\x01`"),
       "nothing to sync");

    IS(judge_changed(NOTIFICATION_DS11, &nokia, "/syncml", "/SyncML"),
       "no profile has this URL");
    IS(judge_changed(NOTIFICATION_DS11, &nokia, "text/x-vcard",
                     "text/X-VCARD"), "skipped");
    IS(judge_changed(NOTIFICATION_DS11, &nokia, "\x5B\x03\x31", "\x65\x03\x31"),
       "an element that does not belong there");
    IS(judge_changed(NOTIFICATION_DS11, &nokia, "206", "201"),
       "an Alert of another kind");
    other = nokia;
    other.url = "http://sync.example.com:80/syncml";
    IS(judge_changed(NOTIFICATION_DS11, &nokia, "", ""), "skipped");
    {
        /* libsynthesis' own: of its one Alert only the first Item counts */
        judge_profile_t p = { ID, "http://sync.example.com/ds",
            { { "card", "text/x-vcard", 7 },
              { "cal", "text/x-vcalendar", 6 } }, 2 };
        apr_size_t len;
        const unsigned char *pdu = unhex("010603CEAF85" SYNTHESIS_HEADER
            SYNTHESIS_ALERT SYNTHESIS_REST, &len);
        judge_t j;

        judge_push(&j, pdu, len, &p);
        assert_null(j.refused);
        assert_int_equal(j.nsynced, 1);
    }
#undef IS
}

/* ---- what a device is sent ----------------------------------------------- */

static void test_fields(void **state)
{
    store_due_t due = make_due("1.2");
    notification_form_t form = { .ui_mode = SAN_UI_INTERACTION,
        .nonce = "bm9uY2U=", .vendor = (const unsigned char *)"VEND",
        .vendor_len = 4 };
    notification_t *n = make(&due, &form);
    san_t *san;

    assert_int_equal(san_decode(&san, n->package, n->package_len, NULL,
                                pool), APR_SUCCESS);
    assert_int_equal(san->ui_mode, SAN_UI_INTERACTION);
    assert_int_equal(san->session, 700);
    assert_int_equal(san->vendor_len, 4);
    assert_memory_equal(san->vendor, "VEND", 4);
    assert_true(san_verify(n->package, n->package_len, ID, "secret",
                           "bm9uY2U="));
    assert_false(san_verify(n->package, n->package_len, ID, "secret", ""));
    assert_int_equal(san->ndatastores, 3);
    assert_int_equal(san->datastores[2].content_code, 0);
}

/* The device's id stands in Target unless "/" saves an SMS. */
static void test_target_gives_way(void **state)
{
    store_due_t due = make_due("1.1");
    notification_form_t form = { .form = NOTIFICATION_DS11,
                                 .sync_url = "http://s.de/s" };
    char device[200];
    notification_t *n;
    int i, device_named = 0, parts = 0;

    due.datastores->nelts = 1;
    APR_ARRAY_IDX(due.datastores, 0, store_due_datastore_t).uri = "card";
    for (i = 1; i < 150; i++) {
        const char *words;

        memset(device, 'd', (apr_size_t)i);
        device[i] = '\0';
        due.devid = device;
        n = make(&due, &form);
        words = notification_describe(n->pdu, n->len, pool);
        if (strstr(words, apr_pstrcat(pool, "Device: ", device, "\n", NULL)))
            device_named = i;
        else
            assert_non_null(strstr(words, "Device: /\n"));
        assert_true(n->parts->nelts >= parts);
        parts = n->parts->nelts;
    }
    assert_true(device_named >= 1 && device_named < 150);
    assert_int_equal(parts, 1);     /* the shortest URL: one SMS */
}

static void test_what_to_shorten(void **state)
{
    store_due_t due = make_due("1.2");
    notification_form_t form = { .form = NOTIFICATION_DS12 };
    char path[120];
    notification_t *n;
    const char *words;

    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    APR_ARRAY_IDX(due.datastores, 0, store_due_datastore_t).uri = path;
    n = make(&due, &form);
    assert_int_equal(n->parts->nelts, 2);
    assert_int_equal(n->too_long, (int)n->len - SMS_MAX_SINGLE);
    words = notification_shorten(n, &due, &form, ID, pool);
    assert_non_null(strstr(words, "\"" ID "\" has 16"));
    assert_non_null(strstr(words, path));
}

static void test_choice(void **state)
{
#define FORM(set, answer, version, url, unanswered) \
    notification_form_name(push_device_choose(set, answer, version, url, \
                                              unanswered))
#define IS assert_string_equal
    IS(FORM(NULL, NULL, "1.2", URL, 0), "1.2");
    IS(FORM(NULL, NULL, "", URL, 0), "1.2");
    IS(FORM(NULL, NULL, "1.1", URL, 0), "1.1");
    IS(FORM(NULL, NULL, "1.0", URL, 0), "1.1");
    /* unanswered: the other one, in turn */
    IS(FORM(NULL, NULL, "1.2", URL, 1), "1.1");
    IS(FORM(NULL, NULL, "1.2", URL, 2), "1.2");
    IS(FORM("auto", NULL, "1.1", URL, 1), "1.2");
    /* what was answered is remembered, and can be outgrown */
    IS(FORM(NULL, "1.1", "1.2", URL, 0), "1.1");
    IS(FORM(NULL, "1.1", "1.2", URL, 1), "1.2");
    /* what is set counts whatever happens */
    IS(FORM("1.2", "1.1", "1.1", URL, 0), "1.2");
    IS(FORM("1.1", NULL, "1.2", URL, 3), "1.1");
    /* without the URL there is only one */
    IS(FORM("1.1", "1.1", "1.1", "", 0), "1.2");
    IS(FORM(NULL, NULL, "1.2", NULL, 1), "1.2");
#undef IS
}

static void test_settings_by_hand(void **state)
{
    static const struct { const char *name, *value; int ok; } t[] = {
        { PUSH_DEVICE_SAN_FORM, "auto", 1 }, { PUSH_DEVICE_SAN_FORM, "1.1", 1 },
        { PUSH_DEVICE_SAN_FORM, "1.0", 0 }, { PUSH_DEVICE_UI_MODE, "loud", 0 },
        { PUSH_DEVICE_UI_MODE, "informative", 1 },
        { PUSH_DEVICE_VENDOR, "56454E44", 1 }, { PUSH_DEVICE_VENDOR, "5", 0 },
        { PUSH_DEVICE_VENDOR, "xx", 0 }, { PUSH_DEVICE_VENDOR, "", 0 },
        { PUSH_DEVICE_TCP, "auto", 1 }, { PUSH_DEVICE_TCP, "off", 1 },
        { PUSH_DEVICE_TCP, "10.1.2.3:745", 1 },
        { PUSH_DEVICE_TCP, "phone.example.com", 0 },
        { PUSH_DEVICE_TCP, "10.1.2.3:0", 0 },
        { PUSH_DEVICE_POLL, "15", 1 }, { PUSH_DEVICE_POLL, "0", 0 },
        { PUSH_DEVICE_POLL, "off", 1 }, { PUSH_DEVICE_POLL, "10081", 0 },
        { PUSH_DEVICE_POLL, "-5", 0 }, { "push.else", "1", 0 }
    };
    apr_size_t i;

    for (i = 0; i < sizeof t / sizeof *t; i++) {
        const char *wrong = push_device_check(t[i].name, t[i].value, pool);

        if ((wrong == NULL) != t[i].ok)
            fail_msg("%s %s: %s", t[i].name, t[i].value,
                     wrong ? wrong : "taken");
    }
}

static void test_polling_hint(void **state)
{
    assert_int_equal(push_device_poll("+49", 1, NULL, NULL, NULL), 0);
    assert_int_equal(push_device_poll("+49", 0, NULL, NULL, NULL),
                     PUSH_DEVICE_POLL_DEFAULT);
    assert_int_equal(push_device_poll("", 1, NULL, NULL, NULL),
                     PUSH_DEVICE_POLL_DEFAULT);
    assert_int_equal(push_device_poll("", 1, "off", NULL, NULL),
                     PUSH_DEVICE_POLL_DEFAULT);
    assert_int_equal(push_device_poll("", 1, "auto", NULL, NULL), 0);
    assert_int_equal(push_device_poll("", 1, NULL, "1", NULL), 0);
    assert_int_equal(push_device_poll("", 1, NULL, NULL, "20"), 20);
    assert_int_equal(push_device_poll("", 0, NULL, NULL, "off"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_synthesis),
        cmocka_unit_test(test_encode_like_synthesis),
        cmocka_unit_test(test_libwbxml_reads_it),
        cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_decode_refuses),
        cmocka_unit_test(test_types_without_a_number),
        cmocka_unit_test(test_judge_takes_both_forms),
        cmocka_unit_test(test_sync_types),
        cmocka_unit_test(test_sync_types_of_one_uri),
        cmocka_unit_test(test_judge_refuses),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_target_gives_way),
        cmocka_unit_test(test_what_to_shorten),
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_settings_by_hand),
        cmocka_unit_test(test_polling_hint),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
