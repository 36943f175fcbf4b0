/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* CTCap as clients write it, in both forms. */
#include "sml_world.h"

#include "mod_syncml/sml_ctcap.h"

static apr_pool_t *pool;

static int setup(void **state)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static int teardown(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

static int has(apr_hash_t *caps, const char *name)
{
    return apr_hash_get(caps, name, APR_HASH_KEY_STRING) != NULL;
}

static apr_hash_t *read_xml(const char *xml, item_kind_e kind)
{
    return sml_ctcap_read(xml, strlen(xml), kind, pool);
}

#define HEAD "<?xml version=\"1.0\"?><DevInf>"
#define OLD  HEAD "<VerDTD>1.1</VerDTD><CTCap><CTType>text/x-vcard</CTType>" \
    "<PropName>BEGIN</PropName><ValEnum>VCARD</ValEnum>" \
    "<PropName>n</PropName><PropName>TEL</PropName><ParamName>TYPE" \
    "</ParamName><ValEnum>CELL</ValEnum>" \
    "<CTType>text/x-vcalendar</CTType><PropName>SUMMARY</PropName>" \
    "<PropName>DALARM</PropName></CTCap></DevInf>"
#define NEW(type, names) HEAD "<VerDTD>1.2</VerDTD><DataStore><SourceRef>" \
    "./c</SourceRef><Rx><CTType>text/plain</CTType><VerCT>1.0</VerCT></Rx>" \
    "<CTCap><CTType>" type "</CTType><VerCT>2.1</VerCT>" names "</CTCap>" \
    "</DataStore></DevInf>"
#define PROPERTY(name) "<Property><PropName>" name "</PropName><MaxSize>100" \
    "</MaxSize><PropParam><ParamName>X</ParamName></PropParam></Property>"

static void test_old_form(void **state)
{
    apr_hash_t *caps = read_xml(OLD, ITEM_VCARD30);

    assert_non_null(caps);
    assert_int_equal(apr_hash_count(caps), 3);
    assert_true(has(caps, "N") && has(caps, "TEL") && has(caps, "BEGIN"));
    caps = read_xml(OLD, ITEM_VEVENT);
    assert_non_null(caps);
    assert_int_equal(apr_hash_count(caps), 2);
    assert_true(has(caps, "SUMMARY") && has(caps, "VALARM"));
}

static void test_new_form(void **state)
{
    apr_hash_t *caps = read_xml(NEW("text/vcard", PROPERTY("FN")
                                    PROPERTY(" NOTE ")), ITEM_VCARD30);

    assert_non_null(caps);
    assert_int_equal(apr_hash_count(caps), 2);
    assert_true(has(caps, "FN"));
    assert_null(read_xml(NEW("text/vcard", PROPERTY("FN")), ITEM_VEVENT));
    caps = read_xml(NEW("text/calendar",
                        "<Property><PropName>BEGIN</PropName><ValEnum>"
                        "VALARM</ValEnum></Property>" PROPERTY("SUMMARY")),
                    ITEM_VTODO);
    assert_non_null(caps);
    assert_true(has(caps, "VALARM"));
}

/* What the device will not have cut. */
static void test_no_truncate(void **state)
{
    const char *xml = NEW("text/vcard", PROPERTY("N") "<Property><PropName>"
        "note</PropName><MaxSize>100</MaxSize><NoTruncate/></Property>"
        "<Property><PropName>TITLE</PropName><PropParam><ParamName>X"
        "</ParamName><NoTruncate/></PropParam></Property>");
    apr_hash_t *whole = sml_ctcap_whole(xml, strlen(xml), ITEM_VCARD30, pool);

    assert_non_null(whole);
    assert_int_equal(apr_hash_count(whole), 1);
    assert_true(has(whole, "NOTE"));
    assert_null(sml_ctcap_whole(xml, strlen(xml), ITEM_VEVENT, pool));
    assert_null(sml_ctcap_whole(OLD, strlen(OLD), ITEM_VCARD30, pool));
}

/* What cannot be believed is as good as nothing. */
static void test_unusable(void **state)
{
    assert_null(read_xml(HEAD "<VerDTD>1.1</VerDTD></DevInf>",
                         ITEM_VCARD30));
    assert_null(read_xml(NEW("text/vcard", PROPERTY("TEL")), ITEM_VCARD30));
    assert_null(read_xml(NEW("text/calendar", PROPERTY("DTSTART")),
                         ITEM_VEVENT));
    assert_null(read_xml(OLD, ITEM_TEXT));
    assert_null(read_xml("<DevInf><CTCap>", ITEM_VCARD30));
    assert_null(sml_ctcap_read("", 0, ITEM_VCARD30, pool));
}

/* More names than anybody has, and one that is far too long. */
static void test_many(void **state)
{
    char name[200];
    const char *names = PROPERTY("N");
    apr_hash_t *caps;
    int i;

    memset(name, 'X', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (i = 0; i < 2 * SML_MAX_CAPS; i++) {
        names = apr_psprintf(pool, "%s<Property><PropName>X-%d</PropName>"
                             "</Property>", names, i);
    }
    caps = read_xml(apr_psprintf(pool, HEAD "<VerDTD>1.2</VerDTD><DataStore>"
                                 "<CTCap><CTType>text/vcard</CTType>"
                                 "<Property><PropName>%s</PropName>"
                                 "</Property>%s</CTCap></DataStore></DevInf>",
                                 name, names), ITEM_VCARD30);
    assert_non_null(caps);
    assert_int_equal(apr_hash_count(caps), SML_MAX_CAPS);
    assert_false(has(caps, name));
}

/* As a phone sends it, in each version and format. */
static void test_as_sent(void **state)
{
    int version, format;

    for (version = CODEC_V10; version <= CODEC_V12; version++) {
        for (format = CODEC_WBXML; format <= CODEC_XML; format++) {
            client_t *c;
            apr_pool_t *p;
            store_tx_t *tx;
            store_device_t *d;
            apr_hash_t *caps;

            world_add_account(apr_psprintf(w->pool, "user%d%d", version,
                                           format));
            c = world_phone("IMEI:1");
            c->ph->version = (codec_version_e)version;
            c->ph->format = (codec_format_e)format;
            c->ph->caps = "N FN TEL EMAIL";
            c->ph->caps_type = "text/x-vcard";
            SYNCED(c, client_sync(c, 200, "contacts"));
            tx = world_begin(STORE_READ, &p);
            OK(store_device_find(tx, world_account_id(tx, w->account),
                                 "IMEI:1", &d));
            caps = sml_ctcap_read(d->devinf, d->devinf_len, ITEM_VCARD30, p);
            assert_non_null(caps);
            assert_int_equal(apr_hash_count(caps), 4);
            assert_true(has(caps, "EMAIL"));
            world_end(tx, p);
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_old_form, setup, teardown),
        cmocka_unit_test_setup_teardown(test_new_form, setup, teardown),
        cmocka_unit_test_setup_teardown(test_no_truncate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unusable, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many, setup, teardown),
        ON_MEMORY(test_as_sent)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_ctcap");
}
