/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Old phones: for each known habit of theirs that the protocol meets, a
 * session in which it shows.  (That each answer is fit for their parsers is
 * judged in all tests of the engine: sml_judge.h.)
 */
#include "mod_syncml/sml_session.h"
#include "sml_hand.h"

static const char *text_of(const sml_command_t *c, int target)
{
    const sml_item_t *i = &APR_ARRAY_IDX(c->items, 0, sml_item_t);

    return target ? i->target.uri : i->source.uri;
}

/* The first message of a session of a phone of that version. */
static void first(codec_version_e version, codec_format_e format)
{
    ph = world_phone("IMEI:1")->ph;
    ph->version = version;
    ph->format = format;
    ph->scheme = SML_AUTH_BASIC;
    phone_begin(ph);
    phone_open(ph);
}

/* ---- Nokia S60 --------------------------------------------------------- */

/* It speaks 1.1 or 1.2 and ends the session over another version: the judge
 * sees that, in both formats; here that 1.0 is answered so as well. */
static void test_same_version(void **state)
{
    int v, f;

    for (v = CODEC_V10; v <= CODEC_V12; v++) {
        for (f = CODEC_WBXML; f <= CODEC_XML; f++) {
            first((codec_version_e)v, (codec_format_e)f);
            phone_put_devinf(ph);
            phone_get_devinf(ph);
            alert("201", "contacts", "./c", "1");
            SENT(ph, 1);
            assert_int_equal(ph->header_code, 200);
            assert_non_null(phone_got(ph, SYNCML_RESULTS, 0));
        }
    }
}

/* Its reply buffer has 10000 octets. */
static void test_reply_buffer(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    for (i = 0; i < 300; i++) {
        world_put("contacts", 0, world_card(apr_psprintf(w->pool, "N%d", i)));
    }
    world_put("contacts", 0, world_large_card("Large", 30000));
    c->ph->max_msg = 10000;
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_in_range(w->largest, 9000, 10000);
}

/* RespURI becomes its next target: absolute, same host, port and path. */
static void test_resp_uri(void **state)
{
    static const char *const urls[] = {
        "http://sync.example/syncml", "http://sync.example:8080/funambol/ds",
        "https://sync.example/syncml?device=1"
    };
    int i;

    for (i = 0; i < 3; i++) {
        first(CODEC_V12, CODEC_WBXML);
        ph->url = urls[i];
        phone_open(ph);
        alert("201", "contacts", "./c", "1");
        SENT(ph, 1);
        assert_memory_equal(ph->resp_uri, urls[i], strlen(urls[i]));
        assert_true(ph->resp_uri[strlen(urls[i])] == (i == 2 ? '&' : '?'));
    }
}

/* It Puts its DevInf and Gets ours once, when a datastore is new: what it
 * said then holds in later sessions, and nothing comes unasked. */
static void test_devinf_once(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    world_put("contacts", 0, world_card("One"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->announced, 1);
    assert_true(c->devinf_known);
    world_put("contacts", 0, world_card("Two"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->announced, 1);
    assert_null(phone_got(c->ph, SYNCML_GET, 0));
    assert_int_equal(c->ph->results, 0);
}

/* Results come with the first answer, even where it is small. */
static void test_results_at_once(void **state)
{
    first(CODEC_V11, CODEC_WBXML);
    ph->max_msg = 2000;
    phone_open(ph);
    phone_put_devinf(ph);
    phone_get_devinf(ph);
    alert("200", "contacts", "./c", "1");
    SENT(ph, 1);
    assert_non_null(phone_got(ph, SYNCML_RESULTS, 0));
}

/* What of our DevInf its client checks: DevID, and the very path that it
 * synchronises, with whatever it has behind the name. */
typedef struct seen_t {
    int tag;
    char text[200];
    apr_size_t len;
    int devid, path;
    const char *wanted;
} seen_t;

static apr_status_t seen_start(void *baton, int tag)
{
    seen_t *seen = baton;

    seen->tag = tag;
    seen->len = 0;
    return APR_SUCCESS;
}

static apr_status_t seen_text(void *baton, const char *data, apr_size_t len,
                              int opaque)
{
    seen_t *seen = baton;

    assert_true(seen->len + len < sizeof(seen->text));
    memcpy(seen->text + seen->len, data, len);
    seen->len += len;
    seen->text[seen->len] = '\0';
    return APR_SUCCESS;
}

static apr_status_t seen_end(void *baton, int tag)
{
    seen_t *seen = baton;

    if (tag == seen->tag && tag == DEVINF_DEVID) {
        seen->devid = strcmp(seen->text, w->config.server_id) == 0;
    }
    if (tag == seen->tag && tag == DEVINF_SOURCEREF) {
        seen->path |= strcmp(seen->text, seen->wanted) == 0;
    }
    seen->tag = 0;
    return APR_SUCCESS;
}

static void look_into_devinf(seen_t *seen)
{
    const sml_command_t *c = phone_got(ph, SYNCML_RESULTS, 0);
    const sml_item_t *i = &APR_ARRAY_IDX(c->items, 0, sml_item_t);
    codec_sink_t sink = { seen_start, seen_end, seen_text, seen };

    OK(codec_decode(CODEC_WBXML, i->data, i->len, NULL, &sink, NULL,
                    ph->message_pool));
}

static void test_devinf_names(void **state)
{
    static const char *const paths[] = {
        "contacts", "./Contact/Unfiled", "Card", "./contacts?x=1"
    };
    int i;

    for (i = 0; i < 4; i++) {
        seen_t seen = { 0 };

        first(CODEC_V12, CODEC_WBXML);
        phone_get_devinf(ph);
        alert("201", paths[i], "./c", "1");
        SENT(ph, 1);
        assert_int_equal(CODE("Alert", 0), 200);
        assert_string_equal(text_of(phone_got(ph, SYNCML_ALERT, 0), 0),
                            paths[i]);
        seen.wanted = paths[i];
        look_into_devinf(&seen);
        assert_true(seen.devid);
        assert_true(seen.path);
    }
}

/* The answer to a notification: 206 to 210 are 200 and its kin; its client
 * makes only of 200 a slow sync by itself, so we tell it to. */
static void test_answers_to_a_notification(void **state)
{
    static const struct { const char *alert, *slow, *later; int code; }
        types[] = {
        { "206", "201", "200", 508 }, { "207", "201", "202", 508 },
        { "208", "203", "203", 200 }, { "209", "201", "204", 508 },
        { "210", "205", "205", 200 }
    };
    int i;

    for (i = 0; i < 5; i++) {
        first(CODEC_V12, CODEC_WBXML);
        ph->devid = apr_psprintf(w->pool, "IMEI:%d", i);
        phone_open(ph);
        alert(types[i].alert, "contacts", "./c", "a1");
        SENT(ph, 1);
        assert_int_equal(CODE("Alert", 0), types[i].code);
        assert_string_equal(phone_got(ph, SYNCML_ALERT, 0)->data,
                            types[i].slow);
        phone_open(ph);
        open_sync();
        finish();
        phone_begin(ph);
        phone_open(ph);
        phone_alert(ph, atoi(types[i].alert), "contacts", "./c", "a1", "a2");
        SENT(ph, 1);
        assert_int_equal(CODE("Alert", 0), 200);
        assert_string_equal(phone_got(ph, SYNCML_ALERT, 0)->data,
                            types[i].later);
    }
}

/* ---- Sony Ericsson ----------------------------------------------------- */

/* C510: an empty Target in Alert and Sync; its own name is all there is. */
static void test_empty_target(void **state)
{
    first(CODEC_V12, CODEC_WBXML);
    world_put("contacts", 0, world_card("Server"));
    alert("201", "", "Contacts", "1");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
    phone_open(ph);
    phone_open_sync(ph, "", "Contacts");
    simple(SYNCML_ADD, "text/vcard", "1", world_card("Phone"));
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 0), 201);
    assert_string_equal(phone_got(ph, SYNCML_SYNC, 0)->target.uri,
                        "Contacts");
    assert_int_equal(world_count("contacts"), 2);
}

/* P800: too many statuses break it. */
static void test_no_item_status(void **state)
{
    in_step(CODEC_V11);
    quirk(SML_QUIRK_NO_ITEM_STATUS);
    open_sync();
    phone_command(ph, SYNCML_ADD);
    meta(METINF_TYPE, "text/vcard");
    item(NULL, "3", world_card("Three"));
    done();
    simple(SYNCML_ADD, "text/vcard", "4", "no card");
    phone_command(ph, SYNCML_DELETE);
    item(NULL, "1", NULL);
    done();
    done();
    SENT(ph, 1);
    /* The judge would refuse a Status that was not expected. */
    assert_int_equal(CODE("Sync", 0), 200);
    assert_int_equal(CODE("Add", 0), 400);
    assert_null(phone_unanswered(ph));
    assert_int_equal(world_count("contacts"), 2);
}

/* ---- those that lose items --------------------------------------------- */

/* Some end the session over a Replace of what they have lost. */
static void test_send_guid(void **state)
{
    const sml_command_t *sync;
    char one[STORE_GUID_LEN], two[STORE_GUID_LEN];
    store_id_t id;

    in_step(CODEC_V12);
    id = map_of("1")->item;
    store_guid(id, one);
    store_guid(map_of("2")->item, two);
    world_put("contacts", id, world_card("Uno"));
    world_delete("contacts", map_of("2")->item);
    quirk(SML_QUIRK_SEND_GUID);
    open_sync();
    done();
    SENT(ph, 1);
    sync = phone_got(ph, SYNCML_SYNC, 0);
    assert_int_equal(sync->commands->nelts, 2);
    assert_string_equal(text_of(APR_ARRAY_IDX(sync->commands, 0,
                                              sml_command_t *), 0), one);
    assert_string_equal(text_of(APR_ARRAY_IDX(sync->commands, 0,
                                              sml_command_t *), 1), "1");
    assert_string_equal(text_of(APR_ARRAY_IDX(sync->commands, 1,
                                              sml_command_t *), 0), two);
    assert_string_equal(text_of(APR_ARRAY_IDX(sync->commands, 1,
                                              sml_command_t *), 1), "2");
}

/* Without the setting they do not get it. */
static void test_no_guid(void **state)
{
    const sml_command_t *sync;

    in_step(CODEC_V12);
    world_put("contacts", map_of("1")->item, world_card("Uno"));
    open_sync();
    done();
    SENT(ph, 1);
    sync = phone_got(ph, SYNCML_SYNC, 0);
    assert_int_equal(sync->commands->nelts, 1);
    assert_null(text_of(APR_ARRAY_IDX(sync->commands, 0, sml_command_t *),
                        0));
}

/* ---- those that map late, or never ------------------------------------- */

/* A phone confirms our Add, and the session ends before its Map: another Add
 * would be a double. */
static void test_no_second_add(void **state)
{
    const sml_command_t *add;
    const char *msg, *cmd;
    store_id_t id;
    char guid[STORE_GUID_LEN];

    in_step(CODEC_V12);
    id = world_put("contacts", 0, world_card("New"));
    store_guid(id, guid);
    open_sync();
    done();
    SENT(ph, 1);
    add = APR_ARRAY_IDX(phone_got(ph, SYNCML_SYNC, 0)->commands, 0,
                        sml_command_t *);
    assert_int_equal(add->tag, SYNCML_ADD);
    msg = apr_pstrdup(w->pool, ph->in->msg_id);
    cmd = apr_pstrdup(w->pool, add->cmdid);
    phone_open(ph);
    phone_status(ph, msg, cmd, "Add", NULL, guid, 201);
    SENT(ph, 0);
    /* The line breaks.  Two sessions later the Map comes at last. */
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a1", "a3");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
    phone_open(ph);
    open_sync();
    done();
    SENT(ph, 1);
    assert_int_equal(phone_got(ph, SYNCML_SYNC, 0)->commands->nelts, 0);
    phone_open(ph);
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, guid, "3");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Map", 0), 200);
    assert_int_equal(map_of("3")->item, id);
}

/* Symbian answers 418 to an Add that it has already: it has it. */
static void test_already_there(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_store_t *s = client_store(c, "contacts");

    world_put("contacts", 0, world_card("New"));
    w->break_at = 3;            /* the Statuses do not arrive */
    assert_int_not_equal(client_sync(c, 200, "contacts"), APR_SUCCESS);
    w->break_at = 0;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->came[0], 1);
    assert_int_equal(client_count(c, "contacts"), 1);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* ---- Funambol ---------------------------------------------------------- */

/* Old ones wait for Alert 222 after each message that is not their last. */
static void test_waits_for_222(void **state)
{
    int i;

    in_step(CODEC_V11);
    for (i = 3; i < 6; i++) {
        open_sync();
        simple(SYNCML_ADD, "text/vcard", apr_psprintf(w->pool, "%d", i),
               world_card(apr_psprintf(w->pool, "N%d", i)));
        done();
        SENT(ph, 0);
        assert_string_equal(phone_got(ph, SYNCML_ALERT, 0)->data, "222");
        assert_false(ph->in->final);
        phone_open(ph);
    }
    open_sync();
    done();
    SENT(ph, 1);
    assert_true(ph->in->final);
    assert_int_equal(world_count("contacts"), 5);
}

/* ---- sessions ---------------------------------------------------------- */

/* A second login goes on counting MsgID, or takes another SessionID. */
static void test_message_ids(void **state)
{
    first(CODEC_V12, CODEC_WBXML);
    ph->msg = 6;
    phone_open(ph);
    alert("201", "contacts", "./c", "1");
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 200);
    assert_int_equal(ph->server_msg, 7);
    /* Numbers may be left out. */
    ph->msg = 20;
    phone_open(ph);
    open_sync();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 0), 201);
}

/* But not come back: it would be another message under an old number. */
static void test_message_id_comes_back(void **state)
{
    first(CODEC_V12, CODEC_WBXML);
    ph->msg = 6;
    phone_open(ph);
    alert("201", "contacts", "./c", "1");
    SENT(ph, 1);
    ph->msg = 2;
    ph->server_msg = 0;
    phone_open(ph);
    open_sync();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    done();
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 400);
    assert_int_equal(world_count("contacts"), 0);
    assert_true(world_logged("again with other contents"));
}

/* The same SessionID for each session: some never count it. */
static void test_session_id_again(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    for (i = 0; i < 4; i++) {
        client_put(c, "contacts", world_card(apr_psprintf(w->pool, "N%d",
                                                          i)));
        c->ph->session = 4;
        SYNCED(c, client_sync(c, 200, "contacts"));
        assert_int_equal(client_store(c, "contacts")->code, i ? 200 : 201);
        assert_int_equal(world_count("contacts"), i + 1);
    }
}

/* VerDTD of one version, VerProto of another: the protocol counts. */
static void test_mixed_versions(void **state)
{
    static const char body[] = "<SyncML><SyncHdr><VerDTD>1.2</VerDTD>"
        "<VerProto>SyncML/1.1</VerProto><SessionID>1</SessionID>"
        "<MsgID>1</MsgID><Target><LocURI>http://x.example/s</LocURI></Target>"
        "<Source><LocURI>IMEI:9</LocURI></Source><Cred><Meta><Type>"
        "syncml:auth-basic</Type></Meta><Data>YWxpY2U6c2VjcmV0</Data></Cred>"
        "</SyncHdr><SyncBody><Alert><CmdID>1</CmdID><Data>222</Data></Alert>"
        "<Final/></SyncBody></SyncML>";
    sml_request_t request = { 0 };
    sml_answer_t answer;
    sml_message_t *m;
    const char *error;

    request.format = CODEC_XML;
    request.body = body;
    request.len = sizeof(body) - 1;
    request.url = "http://sync.example/syncml";
    request.remote = "192.0.2.1";
    OK(sml_handle(&w->config, w->store, &request, &answer, w->pool));
    assert_int_equal(answer.auth_status, 200);
    OK(sml_message_decode(&m, CODEC_XML, answer.body, answer.len, answer.len,
                          &error, w->pool));
    assert_string_equal(m->verproto, "SyncML/1.1");
    assert_string_equal(m->verdtd, "1.1");
}

/* A name of its own in SyncHdr comes back with its address. */
static void test_names_of_the_header(void **state)
{
    first(CODEC_V12, CODEC_WBXML);
    alert("201", "contacts", "./c", "1");
    SENT(ph, 1);
    assert_string_equal(ph->in->target.uri, "IMEI:1");
    assert_string_equal(ph->in->target.name, ph->user);
}

/* A command that comes again in a later message, since its Status was not
 * seen or not believed. */
static void test_command_again(void **state)
{
    int i;

    in_step(CODEC_V12);
    for (i = 0; i < 2; i++) {
        open_sync();
        simple(SYNCML_ADD, "text/vcard", "3", world_card("Three"));
        begin(SYNCML_DELETE);
        item(NULL, "1", NULL);
        done();
        done();
        SENT(ph, i);
        phone_open(ph);
    }
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Add", 1), 201);
    assert_int_equal(CODE("Delete", 0), 200);
    assert_int_equal(CODE("Delete", 1), 200);
    assert_int_equal(world_count("contacts"), 2);
}

/* One CmdID for two commands: each is done, and each gets its Status. */
static void test_command_id_twice(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    simple(SYNCML_ADD, "text/vcard", "3", world_card("Three"));
    ph->cmd--;
    simple(SYNCML_ADD, "text/vcard", "4", world_card("Four"));
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Add", 1), 201);
    assert_int_equal(world_count("contacts"), 4);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_same_version),
        ON_EACH_STORE(test_reply_buffer),
        ON_EACH_STORE(test_resp_uri),
        ON_EACH_STORE(test_devinf_once),
        ON_EACH_STORE(test_results_at_once),
        ON_EACH_STORE(test_devinf_names),
        ON_EACH_STORE(test_answers_to_a_notification),
        ON_EACH_STORE(test_empty_target),
        ON_EACH_STORE(test_no_item_status),
        ON_EACH_STORE(test_send_guid),
        ON_EACH_STORE(test_no_guid),
        ON_EACH_STORE(test_no_second_add),
        ON_EACH_STORE(test_already_there),
        ON_EACH_STORE(test_waits_for_222),
        ON_EACH_STORE(test_message_ids),
        ON_EACH_STORE(test_message_id_comes_back),
        ON_EACH_STORE(test_session_id_again),
        ON_EACH_STORE(test_mixed_versions),
        ON_EACH_STORE(test_names_of_the_header),
        ON_EACH_STORE(test_command_again),
        ON_EACH_STORE(test_command_id_twice)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_old_phones");
}
