/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: what each command gets for a Status, what is refused, and that
 * a refusal changes nothing.
 */
#include "sml_hand.h"

/* ---- inside Sync ------------------------------------------------------- */

static void test_adds(void **state)
{
    const char *card;

    start();
    card = world_card("A");
    phone_open_sync(ph, "contacts", "./c");
    simple(SYNCML_ADD, "text/vcard", "1", card);
    simple(SYNCML_ADD, "Text/VCard; charset=utf-8", "2", world_card("B"));
    simple(SYNCML_ADD, NULL, "3", world_card("C"));
    simple(SYNCML_ADD, "text/vcard", "4", NULL);
    simple(SYNCML_ADD, "text/vcard", NULL, card);
    simple(SYNCML_ADD, "text/vcard", "", card);
    simple(SYNCML_ADD, "text/vcard", of_octets(256), card);
    simple(SYNCML_ADD, "text/vcard", of_octets(255), world_card("D"));
    simple(SYNCML_ADD, "text/vcard", "5", "no card at all");
    simple(SYNCML_ADD, "text/vcard", "6", "BEGIN:VCARD\r\nVERSION:3.0\r\n");
    simple(SYNCML_ADD, "text/plain", "7", card);
    simple(SYNCML_ADD, "image/jpeg", "8", card);
    simple(SYNCML_ADD, "text/vcard", "9", "");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Add", 1), 201);
    assert_int_equal(CODE("Add", 2), 201);
    assert_int_equal(CODE("Add", 3), 400);
    assert_int_equal(CODE("Add", 4), 400);
    assert_int_equal(CODE("Add", 5), 400);
    assert_int_equal(CODE("Add", 6), 400);
    assert_int_equal(CODE("Add", 7), 201);
    assert_int_equal(CODE("Add", 8), 400);
    assert_int_equal(CODE("Add", 9), 400);
    assert_int_equal(CODE("Add", 10), 415);
    assert_int_equal(CODE("Add", 11), 415);
    assert_int_equal(CODE("Add", 12), 400);
    assert_int_equal(world_count("contacts"), 4);
    assert_int_equal(w->loud, 0);
}

static void test_base64(void **state)
{
    const char *card, *text;

    start();
    card = world_card("Coded");
    text = phone_base64(card, (int)strlen(card), w->pool);
    phone_open_sync(ph, "contacts", "./c");
    begin(SYNCML_ADD);
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, METINF_FORMAT, "b64");
    codec_text(ph->w, METINF_TYPE, "text/vcard");
    codec_close(ph->w);
    item(NULL, "1", text);
    done();
    begin(SYNCML_ADD);
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, METINF_FORMAT, "b64");
    codec_close(ph->w);
    item(NULL, "2", "%%%");
    done();
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Add", 1), 400);
    assert_true(world_find("contacts", card));
    assert_int_equal(world_count("contacts"), 1);
}

static void test_several_items_in_a_command(void **state)
{
    start();
    phone_open_sync(ph, "contacts", "./c");
    phone_command(ph, SYNCML_ADD);
    meta(METINF_TYPE, "text/vcard");
    item(NULL, "1", world_card("A"));
    item(NULL, "2", "no card");
    begin_item(NULL, "3");
    meta(METINF_TYPE, "text/plain");
    codec_text(ph->w, SYNCML_DATA, world_card("C"));
    done();
    item(NULL, "4", world_card("D"));
    phone_expect(ph, "Add", "1");
    phone_expect(ph, "Add", "2");
    phone_expect(ph, "Add", "3");
    phone_expect(ph, "Add", "4");
    done();
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Add", 1), 400);
    assert_int_equal(CODE("Add", 2), 415);
    assert_int_equal(CODE("Add", 3), 201);
    assert_int_equal(world_count("contacts"), 2);
}

static void test_other_commands_in_sync(void **state)
{
    const char *card;

    start();
    card = world_card("A");
    phone_open_sync(ph, "contacts", "./c");
    simple(SYNCML_COPY, "text/vcard", "1", card);
    simple(SYNCML_MOVE, NULL, "1", NULL);
    simple(SYNCML_EXEC, NULL, "1", NULL);
    simple(SYNCML_GET, NULL, "1", NULL);
    simple(SYNCML_DELETE, NULL, "77", NULL);
    begin(SYNCML_DELETE);
    codec_empty(ph->w, SYNCML_SFTDEL);
    item(NULL, "1", NULL);
    done();
    begin(SYNCML_ADD);          /* without items */
    done();
    begin(SYNCML_ATOMIC);
    simple(SYNCML_ADD, NULL, "1", card);
    done();
    begin(SYNCML_SEQUENCE);
    simple(SYNCML_ADD, "text/vcard", "2", world_card("InSequence"));
    simple(SYNCML_DELETE, NULL, "78", NULL);
    done();
    begin(SYNCML_SYNC);
    phone_uri(ph, SYNCML_TARGET, "contacts", NULL);
    done();
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Copy", 0), 400);
    assert_int_equal(CODE("Move", 0), 404);
    assert_int_equal(CODE("Exec", 0), 406);
    assert_int_equal(CODE("Get", 0), 400);
    assert_int_equal(CODE("Delete", 0), 211);
    assert_int_equal(CODE("Delete", 1), 211);
    assert_int_equal(CODE("Add", 0), 400);
    assert_int_equal(CODE("Atomic", 0), 200);
    assert_int_equal(CODE("Sequence", 0), 200);
    assert_int_equal(CODE("Add", 1), 201);
    assert_int_equal(CODE("Add", 2), 201);
    assert_int_equal(CODE("Delete", 2), 211);
    assert_int_equal(CODE("Sync", 0), 200);
    assert_int_equal(CODE("Sync", 1), 400);
    assert_int_equal(world_count("contacts"), 2);
}

/* ---- outside ----------------------------------------------------------- */

static void test_commands_outside_sync(void **state)
{
    start();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("A"));
    simple(SYNCML_REPLACE, "text/vcard", "1", world_card("A"));
    simple(SYNCML_DELETE, NULL, "1", NULL);
    simple(SYNCML_EXEC, NULL, "1", NULL);
    simple(SYNCML_PUT, "text/plain", "./elsewhere", "x");
    begin(SYNCML_PUT);
    done();
    begin(SYNCML_GET);
    item("./elsewhere", NULL, NULL);
    done();
    begin(SYNCML_GET);
    done();
    begin(SYNCML_ATOMIC);
    done();
    begin(SYNCML_SEQUENCE);
    begin(SYNCML_GET);
    item("./devinf12", NULL, NULL);
    done();
    done();
    SENT(ph, 0);
    assert_int_equal(CODE("Add", 0), 400);
    assert_int_equal(CODE("Replace", 0), 400);
    assert_int_equal(CODE("Delete", 0), 400);
    assert_int_equal(CODE("Exec", 0), 406);
    assert_int_equal(CODE("Put", 1), 404);
    assert_int_equal(CODE("Put", 2), 400);
    assert_int_equal(CODE("Get", 0), 404);
    assert_int_equal(CODE("Get", 1), 400);
    assert_int_equal(CODE("Atomic", 0), 400);       /* empty */
    assert_int_equal(CODE("Sequence", 0), 200);
    assert_int_equal(CODE("Get", 2), 200);
    assert_non_null(phone_got(ph, SYNCML_RESULTS, 0));
    assert_int_equal(world_count("contacts"), 0);
}

static void test_sync_for_other_places(void **state)
{
    start();
    phone_open_sync(ph, "notes", "./n");
    simple(SYNCML_ADD, "text/plain", "1", "not alerted");
    done();
    phone_open_sync(ph, "elsewhere", "./e");
    simple(SYNCML_ADD, "text/plain", "1", "nowhere");
    done();
    phone_open_sync(ph, "contacts", "./c");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Sync", 0), 412);
    assert_int_equal(CODE("Add", 0), 412);
    assert_int_equal(CODE("Sync", 1), 404);
    assert_int_equal(CODE("Add", 1), 404);
    assert_int_equal(CODE("Sync", 2), 200);
    /* The package has ended. */
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    simple(SYNCML_ADD, "text/vcard", "1", world_card("Late"));
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Sync", 3), 412);
    assert_int_equal(CODE("Add", 2), 412);
    assert_int_equal(world_count("contacts"), 0);
    assert_int_equal(world_count("notes"), 0);
}

/* ---- alerts ------------------------------------------------------------ */

static void test_alerts(void **state)
{
    open_first("IMEI:1");
    alert("201", "./Contact/Unfiled", "./c", "1");
    alert("201", "elsewhere", "./e", "1");
    alert("201", "notes", "./n", NULL);
    alert("201", "notes", "./n", "");
    alert("201", "notes", "./n", of_octets(256));
    alert("201", NULL, NULL, NULL);
    alert("999", "notes", "./n", "1");
    alert("x", "notes", "./n", "1");
    alert(NULL, "notes", "./n", "1");
    alert("100", "notes", "./n", NULL);
    alert("221", NULL, NULL, NULL);
    alert("222", NULL, NULL, NULL);
    alert("223", NULL, NULL, NULL);
    alert("226", NULL, NULL, NULL);
    alert("225", "SNOTE?/dr(-1,30)", "./n", "1");
    alert("206", "Calendar/", "./k", "1");
    alert("208", "", "TODO", "1");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
    assert_int_equal(CODE("Alert", 1), 404);
    assert_int_equal(CODE("Alert", 2), 400);
    assert_int_equal(CODE("Alert", 3), 400);
    assert_int_equal(CODE("Alert", 4), 400);
    assert_int_equal(CODE("Alert", 5), 400);
    assert_int_equal(CODE("Alert", 6), 406);
    assert_int_equal(CODE("Alert", 7), 400);
    assert_int_equal(CODE("Alert", 8), 400);
    assert_int_equal(CODE("Alert", 9), 200);
    assert_int_equal(CODE("Alert", 10), 200);
    assert_int_equal(CODE("Alert", 11), 200);
    assert_int_equal(CODE("Alert", 12), 200);
    assert_int_equal(CODE("Alert", 13), 406);
    assert_int_equal(CODE("Alert", 14), 508);
    assert_int_equal(CODE("Alert", 15), 508);
    assert_int_equal(CODE("Alert", 16), 200);
    assert_string_equal(phone_got(ph, SYNCML_ALERT, 0)->data, "201");
    assert_string_equal(phone_got(ph, SYNCML_ALERT, 1)->data, "201");
    assert_string_equal(phone_got(ph, SYNCML_ALERT, 2)->data, "201");
    assert_string_equal(phone_got(ph, SYNCML_ALERT, 3)->data, "203");
    assert_null(phone_got(ph, SYNCML_ALERT, 4));
    assert_true(world_logged("datastore \"elsewhere\", which is not"));
}

/* A phone that knows nobody by Target (empty) gets its own name back. */
static void test_names_come_back(void **state)
{
    const sml_command_t *c;
    const sml_item_t *i;

    open_first("IMEI:1");
    alert("201", "", "Contacts", "1");
    alert("201", "./Notes?x=1", "./n", "1");
    SENT(ph, 1);
    c = phone_got(ph, SYNCML_ALERT, 0);
    i = &APR_ARRAY_IDX(c->items, 0, sml_item_t);
    assert_string_equal(i->target.uri, "Contacts");
    assert_string_equal(i->source.uri, "Contacts");
    c = phone_got(ph, SYNCML_ALERT, 1);
    i = &APR_ARRAY_IDX(c->items, 0, sml_item_t);
    assert_string_equal(i->target.uri, "./n");
    assert_string_equal(i->source.uri, "./Notes?x=1");
}

static void test_one_alert_for_several(void **state)
{
    open_first("IMEI:1");
    begin(SYNCML_ALERT);
    codec_text(ph->w, SYNCML_DATA, "201");
    begin_item("contacts", "./c");
    codec_open(ph->w, SYNCML_META);
    codec_open(ph->w, METINF_ANCHOR);
    codec_text(ph->w, METINF_NEXT, "1");
    codec_close(ph->w);
    codec_close(ph->w);
    done();
    begin_item("elsewhere", "./e");
    done();
    phone_expect(ph, "Alert", "./e");
    APR_ARRAY_IDX(ph->sent, 0, phone_sent_t).ref = "./c";
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
    assert_int_equal(CODE("Alert", 1), 404);
}

/* Alerts and modifications in one package. */
static void test_all_in_one_message(void **state)
{
    open_first("IMEI:1");
    world_put("contacts", 0, world_card("Server"));
    alert("201", "contacts", "./c", "1");
    phone_open_sync(ph, "contacts", "./c");
    simple(SYNCML_ADD, "text/vcard", "1", world_card("Phone"));
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(world_count("contacts"), 2);
    assert_non_null(phone_got(ph, SYNCML_ALERT, 0));
    assert_int_equal(phone_got(ph, SYNCML_SYNC, 0)->commands->nelts, 1);
    assert_true(ph->in->final);
}

/* Another cycle in the same session. */
static void test_second_cycle(void **state)
{
    start();
    phone_open_sync(ph, "contacts", "./c");
    simple(SYNCML_ADD, "text/vcard", "1", world_card("First"));
    done();
    SENT(ph, 1);
    phone_open(ph);
    SENT(ph, 1);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a1", "a2");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 1), 200);
    assert_string_equal(phone_got(ph, SYNCML_ALERT, 0)->data, "200");
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    simple(SYNCML_ADD, "text/vcard", "2", world_card("Second"));
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 1), 201);
    assert_int_equal(world_count("contacts"), 2);
}

/* An Alert in the middle of the modifications comes too late. */
static void test_alert_too_late(void **state)
{
    start();
    phone_open_sync(ph, "contacts", "./c");
    done();
    alert("201", "notes", "./n", "1");
    SENT(ph, 0);
    assert_int_equal(CODE("Alert", 1), 412);
}

/* Taking silence for an empty database would delete everything. */
static void test_refresh_without_sync(void **state)
{
    world_put("contacts", 0, world_card("Kept"));
    open_first("IMEI:1");
    alert("203", "contacts", "./c", "1");
    SENT(ph, 1);
    phone_open(ph);
    SENT(ph, 1);
    phone_open(ph);
    SENT(ph, 1);
    assert_int_equal(world_count("contacts"), 1);
    assert_true(world_logged("without a Sync command"));
}

/* ---- Map, Results, Status ---------------------------------------------- */

static void test_maps(void **state)
{
    char guid[STORE_GUID_LEN];

    start();
    store_guid(world_put("contacts", 0, world_card("A")), guid);
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, guid, "1");
    done();
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, "zzz", "2");
    done();
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, "", "2");
    done();
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, guid, "");
    done();
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, guid, of_octets(256));
    done();
    phone_open_map(ph, "elsewhere", "./e");
    phone_map_item(ph, guid, "1");
    done();
    phone_open_map(ph, "contacts", "./c");
    done();
    SENT(ph, 0);
    assert_int_equal(CODE("Map", 0), 200);
    assert_int_equal(CODE("Map", 1), 404);
    assert_int_equal(CODE("Map", 2), 400);
    assert_int_equal(CODE("Map", 3), 400);
    assert_int_equal(CODE("Map", 4), 400);
    assert_int_equal(CODE("Map", 5), 404);
    assert_int_equal(CODE("Map", 6), 200);
}

/* A Status for nothing that was sent does no harm and gets no answer. */
static void test_statuses_for_nothing(void **state)
{
    start();
    phone_status(ph, "1", "99", "Add", NULL, "x", 500);
    phone_status(ph, "99", "1", "Sync", NULL, NULL, 500);
    phone_status(ph, "", "", "", NULL, NULL, 0);
    phone_command(ph, SYNCML_STATUS);
    done();
    SENT(ph, 0);
    assert_null(phone_got(ph, SYNCML_STATUS, 1));
}

static void test_devinf_by_results_and_broken(void **state)
{
    start();
    phone_results_devinf(ph, "1", "1");
    simple(SYNCML_PUT, "application/vnd.syncml-devinf+wbxml", "./devinf12",
           "no devinf");
    simple(SYNCML_PUT, "application/vnd.syncml-devinf+wbxml", "./devinf12",
           NULL);
    SENT(ph, 0);
    assert_int_equal(CODE("Results", 0), 200);
    assert_int_equal(CODE("Put", 1), 400);
    assert_int_equal(CODE("Put", 2), 400);
    assert_true(world_logged("its DevInf is unreadable"));
}

/* In XML: what is unknown in it is passed over, the rest is taken. */
static void test_devinf_with_unknown_elements(void **state)
{
    static const char body[] = "<SyncML><SyncHdr><VerDTD>1.2</VerDTD>"
        "<VerProto>SyncML/1.2</VerProto><SessionID>1</SessionID>"
        "<MsgID>1</MsgID><Target><LocURI>http://x.example/s</LocURI></Target>"
        "<Source><LocURI>IMEI:9</LocURI></Source><Cred><Meta><Type>"
        "syncml:auth-basic</Type></Meta><Data>YWxpY2U6c2VjcmV0</Data></Cred>"
        "</SyncHdr><SyncBody><Put><CmdID>1</CmdID><Item><Source><LocURI>"
        "./devinf12</LocURI></Source><Data><DevInf xmlns='syncml:devinf'>"
        "<VerDTD>1.2</VerDTD><Foo>x<Bar/>y</Foo><Man>Maker</Man>"
        "<Add xmlns='SYNCML:SYNCML1.2'><CmdID>3</CmdID></Add>"
        "<Mod><Baz>no</Baz>Model</Mod><DevTyp>phone</DevTyp></DevInf>"
        "</Data></Item></Put><Final/></SyncBody></SyncML>";
    sml_request_t request = { 0 };
    sml_answer_t answer;
    apr_pool_t *p;
    store_tx_t *tx;
    store_device_t *d;

    request.format = CODEC_XML;
    request.body = body;
    request.len = sizeof(body) - 1;
    request.url = "http://sync.example/syncml";
    request.remote = "192.0.2.1";
    OK(sml_handle(&w->config, w->store, &request, &answer, w->pool));
    assert_int_equal(answer.auth_status, 200);
    tx = world_begin(STORE_READ, &p);
    OK(store_device_find(tx, world_account_id(tx, "alice"), "IMEI:9", &d));
    assert_string_equal(d->manufacturer, "Maker");
    assert_string_equal(d->model, "Model");
    store_rollback(&tx);
}

static void test_no_resp(void **state)
{
    start();
    phone_open_sync(ph, "contacts", "./c");
    phone_command(ph, SYNCML_ADD);
    codec_empty(ph->w, SYNCML_NORESP);
    item(NULL, "1", world_card("Quiet"));
    done();
    simple(SYNCML_ADD, NULL, "2", world_card("Loud"));
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 0), 201);
    assert_null(phone_unanswered(ph));
    assert_int_equal(world_count("contacts"), 2);
}

/* Without a CmdID nothing can be answered, so nothing is done. */
static void test_no_cmdid(void **state)
{
    apr_status_t rv;

    start();
    phone_open_sync(ph, "contacts", "./c");
    codec_open(ph->w, SYNCML_ADD);
    item(NULL, "1", world_card("Nameless"));
    done();
    done();
    rv = phone_post(ph, 1);
    assert_true(rv != APR_SUCCESS || CODE("Add", 0) != 201);
    assert_int_equal(world_count("contacts"), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_adds),
        ON_EACH_STORE(test_base64),
        ON_EACH_STORE(test_several_items_in_a_command),
        ON_EACH_STORE(test_other_commands_in_sync),
        ON_EACH_STORE(test_commands_outside_sync),
        ON_EACH_STORE(test_sync_for_other_places),
        ON_EACH_STORE(test_alerts),
        ON_EACH_STORE(test_names_come_back),
        ON_EACH_STORE(test_one_alert_for_several),
        ON_EACH_STORE(test_all_in_one_message),
        ON_EACH_STORE(test_second_cycle),
        ON_EACH_STORE(test_alert_too_late),
        ON_EACH_STORE(test_refresh_without_sync),
        ON_EACH_STORE(test_maps),
        ON_EACH_STORE(test_statuses_for_nothing),
        ON_EACH_STORE(test_devinf_by_results_and_broken),
        ON_EACH_STORE(test_devinf_with_unknown_elements),
        ON_EACH_STORE(test_no_resp),
        ON_EACH_STORE(test_no_cmdid)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_commands");
}
