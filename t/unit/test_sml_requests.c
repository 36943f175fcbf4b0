/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: Copy, Move, formats, what a client only says or asks, and
 * clients that ask for ever.
 */
#include "mod_syncml/sml_session.h"
#include "sml_hand.h"

static void two_names(int tag, const char *target, const char *source)
{
    begin(tag);
    item(target, source, NULL);
    done();
}

/* ---- Copy and Move ----------------------------------------------------- */

static void test_copy(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    two_names(SYNCML_COPY, "3", "1");
    two_names(SYNCML_COPY, "2", "1");       /* taken */
    two_names(SYNCML_COPY, "9", "8");       /* no such original */
    two_names(SYNCML_COPY, NULL, "1");
    two_names(SYNCML_COPY, of_octets(256), "1");
    two_names(SYNCML_COPY, "2", "4");       /* the other way round */
    finish();
    assert_int_equal(CODE("Copy", 0), 200);
    assert_int_equal(CODE("Copy", 1), 418);
    assert_int_equal(CODE("Copy", 2), 404);
    assert_int_equal(CODE("Copy", 3), 400);
    assert_int_equal(CODE("Copy", 4), 400);
    assert_int_equal(CODE("Copy", 5), 200);
    assert_int_equal(named("One"), 2);
    assert_int_equal(named("Two"), 2);
    assert_int_not_equal(map_of("3")->item, map_of("1")->item);
    assert_int_not_equal(map_of("4")->item, map_of("2")->item);
    /* The phone has them: none is sent. */
    assert_null(phone_got(ph, SYNCML_SYNC, 0));
}

/* Where one thing has two texts under one UID, other clients keep but one. */
static void test_copy_with_uid(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    simple(SYNCML_ADD, "text/vcard", "7", "BEGIN:VCARD\r\nVERSION:3.0\r\n"
           "UID:u1\r\nN:Seven;;;;\r\nFN:Seven\r\nEND:VCARD\r\n");
    two_names(SYNCML_COPY, "8", "7");
    finish();
    assert_int_equal(CODE("Copy", 0), 200);
    assert_int_equal(named("Seven"), 2);
    assert_int_equal(map_of("7")->item, world_find("contacts", "UID:u1\r"));
    assert_int_equal(named("UID:u1\r"), 1);
    assert_null(phone_got(ph, SYNCML_SYNC, 0));
}

/* Copies live on their own; a deleted item cannot be copied any more. */
static void test_copy_and_delete(void **state)
{
    in_step(CODEC_V11);
    open_sync();
    two_names(SYNCML_COPY, "3", "1");
    two_names(SYNCML_DELETE, NULL, "1");
    two_names(SYNCML_COPY, "4", "1");
    two_names(SYNCML_COPY, "1", "2");       /* the LUID is free again */
    finish();
    assert_int_equal(CODE("Copy", 0), 200);
    assert_int_equal(CODE("Delete", 0), 200);
    assert_int_equal(CODE("Copy", 1), 404);
    assert_int_equal(CODE("Copy", 2), 200);
    assert_int_equal(named("One"), 1);
    assert_int_equal(named("Two"), 2);
    assert_non_null(map_of("3"));
}

/* The original has changed here: the phone's copy is of the old text, so it
 * gets the new one for both. */
static void test_copy_of_a_changed_item(void **state)
{
    const sml_command_t *sync;

    in_step(CODEC_V12);
    open_sync();
    world_put("contacts", map_of("1")->item, world_card("Newer"));
    two_names(SYNCML_COPY, "3", "1");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Copy", 0), 200);
    assert_int_equal(named("Newer"), 2);
    sync = phone_got(ph, SYNCML_SYNC, 0);
    assert_non_null(sync);
    assert_int_equal(sync->commands->nelts, 2);
    assert_int_equal(APR_ARRAY_IDX(sync->commands, 0, sml_command_t *)->tag,
                     SYNCML_REPLACE);
    assert_int_equal(APR_ARRAY_IDX(sync->commands, 1, sml_command_t *)->tag,
                     SYNCML_REPLACE);
}

static void move(const char *luid, const char *parent)
{
    begin(SYNCML_MOVE);
    begin_item(NULL, luid);
    if (parent != NULL) {
        codec_open(ph->w, SYNCML_SOURCEPARENT);
        codec_text(ph->w, SYNCML_LOCURI, "./Old");
        codec_close(ph->w);
        codec_open(ph->w, SYNCML_TARGETPARENT);
        codec_text(ph->w, SYNCML_LOCURI, parent);
        codec_close(ph->w);
    }
    done();
    done();
}

static void test_move(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    move("1", "/");
    move("1", "./");
    move("2", "./Contact/Unfiled");     /* the datastore itself */
    move("2", NULL);
    move("2", "./Friends");
    move("7", "/");
    finish();
    assert_int_equal(CODE("Move", 0), 200);
    assert_int_equal(CODE("Move", 1), 200);
    assert_int_equal(CODE("Move", 2), 200);
    assert_int_equal(CODE("Move", 3), 200);
    assert_int_equal(CODE("Move", 4), 404);
    assert_int_equal(CODE("Move", 5), 404);
    assert_true(world_logged("to the folder \"./Friends\"; there are no"));
    assert_int_equal(world_count("contacts"), 2);
    assert_null(phone_got(ph, SYNCML_SYNC, 0));
}

static void test_no_move_before_12(void **state)
{
    in_step(CODEC_V11);
    open_sync();
    move("1", NULL);
    finish();
    assert_int_equal(CODE("Move", 0), 501);
}

/* A phone with folders: its items come, and stay, without them. */
static void test_parents_do_no_harm(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    begin(SYNCML_ADD);
    meta(METINF_TYPE, "text/vcard");
    begin_item(NULL, "3");
    codec_open(ph->w, SYNCML_SOURCEPARENT);
    codec_text(ph->w, SYNCML_LOCURI, "./Friends");
    codec_close(ph->w);
    codec_text(ph->w, SYNCML_DATA, world_card("Three"));
    done();
    done();
    simple(SYNCML_ADD, "application/vnd.omads-folder+xml", "4",
           "<Folder><name>Friends</name></Folder>");
    finish();
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Add", 1), 415);
    assert_int_equal(named("Three"), 1);
    assert_int_equal(world_count("contacts"), 3);
}

/* ---- formats ----------------------------------------------------------- */

static void with_format(const char *luid, const char *format,
                        const char *data)
{
    begin(SYNCML_ADD);
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, METINF_FORMAT, format);
    codec_text(ph->w, METINF_TYPE, "text/vcard");
    codec_close(ph->w);
    item(NULL, luid, data);
    done();
}

static void test_formats(void **state)
{
    const char *card = world_card("Five");

    in_step(CODEC_V12);
    open_sync();
    with_format("3", "chr", world_card("Three"));
    with_format("4", "Bin", world_card("Four"));
    with_format("5", "B64", phone_base64(card, (int)strlen(card), w->pool));
    with_format("6", "", world_card("Six"));
    with_format("7", "xml", world_card("Seven"));
    with_format("8", "node", world_card("Eight"));
    with_format("9", "int", "9");
    finish();
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Add", 1), 201);
    assert_int_equal(CODE("Add", 2), 201);
    assert_int_equal(CODE("Add", 3), 201);
    assert_int_equal(CODE("Add", 4), 415);
    assert_int_equal(CODE("Add", 5), 415);
    assert_int_equal(CODE("Add", 6), 415);
    assert_int_equal(world_count("contacts"), 6);
    assert_true(world_find("contacts", card));
}

/* Type, Format and Size are said with the first piece only. */
static void test_base64_in_pieces(void **state)
{
    const char *card = world_card("Pieces");
    const char *text = phone_base64(card, (int)strlen(card), w->pool);

    in_step(CODEC_V12);
    open_sync();
    phone_command(ph, SYNCML_ADD);
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, METINF_FORMAT, "b64");
    codec_text(ph->w, METINF_TYPE, "text/vcard");
    codec_number(ph->w, METINF_SIZE, (apr_int64_t)strlen(text));
    done();
    begin_item(NULL, "3");
    codec_text(ph->w, SYNCML_DATA, apr_pstrndup(w->pool, text, 40));
    codec_empty(ph->w, SYNCML_MOREDATA);
    done();
    done();
    phone_expect(ph, "Add", NULL);
    done();
    SENT(ph, 0);
    assert_int_equal(CODE("Add", 0), 213);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    simple(SYNCML_ADD, NULL, "3", text + 40);
    finish();
    assert_int_equal(CODE("Add", 1), 201);
    assert_true(world_find("contacts", card));
}

/* Refused with the first piece, so with all. */
static void test_other_format_in_pieces(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    phone_command(ph, SYNCML_ADD);
    codec_open(ph->w, SYNCML_META);
    codec_text(ph->w, METINF_FORMAT, "xml");
    codec_number(ph->w, METINF_SIZE, 500);
    done();
    begin_item(NULL, "3");
    codec_text(ph->w, SYNCML_DATA, "<x>");
    codec_empty(ph->w, SYNCML_MOREDATA);
    done();
    done();
    phone_expect(ph, "Add", NULL);
    simple(SYNCML_ADD, "text/vcard", "3", world_card("Tail"));
    simple(SYNCML_ADD, "text/vcard", "4", world_card("Next"));
    finish();
    assert_int_equal(CODE("Add", 0), 415);
    assert_int_equal(CODE("Add", 1), 415);
    assert_int_equal(CODE("Add", 2), 201);
    assert_int_equal(world_count("contacts"), 3);
}

/* ---- containers -------------------------------------------------------- */

/* A Status for everything in what is refused, however deep, with its own
 * reference. */
static void test_all_of_a_refused_sync(void **state)
{
    start();
    phone_open_sync(ph, "elsewhere", "./e");
    begin(SYNCML_SEQUENCE);
    phone_command(ph, SYNCML_ADD);
    item(NULL, "1", "one");
    item(NULL, "2", "two");
    done();
    phone_expect(ph, "Add", "1");
    phone_expect(ph, "Add", "2");
    begin(SYNCML_ATOMIC);
    simple(SYNCML_DELETE, NULL, "3", NULL);
    done();
    done();
    done();
    SENT(ph, 0);
    assert_int_equal(CODE("Sync", 0), 404);
    assert_int_equal(CODE("Sequence", 0), 404);
    assert_int_equal(CODE("Add", 0), 404);
    assert_int_equal(CODE("Add", 1), 404);
    assert_int_equal(CODE("Atomic", 0), 404);
    assert_int_equal(CODE("Delete", 0), 404);
    assert_null(phone_unanswered(ph));
}

static void test_exec_and_search(void **state)
{
    start();
    begin(SYNCML_EXEC);
    item("./run", NULL, "now");
    done();
    begin(SYNCML_SEARCH);
    phone_uri(ph, SYNCML_TARGET, "contacts", NULL);
    phone_uri(ph, SYNCML_SOURCE, "contacts", NULL);
    codec_text(ph->w, SYNCML_DATA, "N eq x");
    done();
    begin(SYNCML_SEQUENCE);
    begin(SYNCML_EXEC);
    item("./run", NULL, "now");
    done();
    done();
    phone_open_sync(ph, "contacts", "./c");
    begin(SYNCML_SEARCH);
    done();
    done();
    SENT(ph, 0);
    assert_int_equal(CODE("Exec", 0), 406);
    assert_int_equal(CODE("Search", 0), 406);
    assert_int_equal(CODE("Exec", 1), 406);
    assert_int_equal(CODE("Search", 1), 406);
    assert_null(phone_unanswered(ph));
}

/* One Status for each item of a Get or Put. */
static void test_get_and_put_of_several(void **state)
{
    start();
    phone_command(ph, SYNCML_GET);
    item("./elsewhere", NULL, NULL);
    item("./devinf12", NULL, NULL);
    item(NULL, NULL, NULL);
    done();
    phone_expect(ph, "Get", NULL);
    phone_expect(ph, "Get", NULL);
    phone_expect(ph, "Get", NULL);
    phone_command(ph, SYNCML_PUT);
    item(NULL, "./elsewhere", "x");
    item(NULL, "./devinf12", "x");
    done();
    phone_expect(ph, "Put", "./elsewhere");
    phone_expect(ph, "Put", "./devinf12");
    SENT(ph, 0);
    assert_int_equal(CODE("Get", 0), 404);
    assert_int_equal(CODE("Get", 1), 200);
    assert_int_equal(CODE("Get", 2), 400);
    assert_int_equal(CODE("Put", 1), 404);
    assert_int_equal(CODE("Put", 2), 400);
    assert_non_null(phone_got(ph, SYNCML_RESULTS, 0));
    assert_null(phone_got(ph, SYNCML_RESULTS, 1));
}

/* ---- answers that are not wanted, and odd ones -------------------------- */

static void quietly(int tag)
{
    phone_command(ph, tag);
    codec_empty(ph->w, SYNCML_NORESP);
}

/* NoResp is each command's own: what is inside a quiet one is answered. */
static void test_no_resp_at_each_level(void **state)
{
    in_step(CODEC_V12);
    quietly(SYNCML_GET);
    item("./devinf12", NULL, NULL);
    done();
    quietly(SYNCML_EXEC);
    item("./run", NULL, NULL);
    done();
    quietly(SYNCML_SYNC);
    phone_uri(ph, SYNCML_TARGET, "contacts", NULL);
    phone_uri(ph, SYNCML_SOURCE, "./c", NULL);
    quietly(SYNCML_SEQUENCE);
    simple(SYNCML_ADD, "text/vcard", "3", world_card("Loud"));
    quietly(SYNCML_ADD);
    item(NULL, "4", world_card("Quiet"));
    done();
    done();
    quietly(SYNCML_ATOMIC);
    simple(SYNCML_ADD, "text/vcard", "5", world_card("All"));
    done();
    done();
    quietly(SYNCML_MAP);
    phone_uri(ph, SYNCML_TARGET, "contacts", NULL);
    phone_uri(ph, SYNCML_SOURCE, "./c", NULL);
    done();
    quietly(SYNCML_ALERT);
    codec_text(ph->w, SYNCML_DATA, "223");
    done();
    ph->results--;              /* the judge did not see that Get */
    /* It refuses each Status that was not expected. */
    SENT(ph, 1);
    assert_non_null(phone_got(ph, SYNCML_RESULTS, 0));
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Add", 1), 201);
    assert_null(phone_unanswered(ph));
    assert_int_equal(world_count("contacts"), 5);
}

/* A Status with several references and Items, as for a command of several
 * items, is one Status; one without Cmd or for a number that is none does no
 * harm. */
static void test_odd_statuses(void **state)
{
    const sml_command_t *add;
    const char *msg, *cmd;

    in_step(CODEC_V12);
    world_put("contacts", 0, world_card("Server"));
    open_sync();
    done();
    SENT(ph, 1);
    add = APR_ARRAY_IDX(phone_got(ph, SYNCML_SYNC, 0)->commands, 0,
                        sml_command_t *);
    msg = apr_pstrdup(w->pool, ph->in->msg_id);
    cmd = apr_pstrdup(w->pool, add->cmdid);
    phone_open(ph);
    phone_status(ph, msg, "x", "Add", NULL, NULL, 201);
    phone_status(ph, "-1", "-1", "", NULL, NULL, 201);
    phone_command(ph, SYNCML_STATUS);
    codec_text(ph->w, SYNCML_MSGREF, msg);
    codec_text(ph->w, SYNCML_CMDREF, cmd);
    codec_text(ph->w, SYNCML_TARGETREF, "a");
    codec_text(ph->w, SYNCML_TARGETREF, "b");
    codec_text(ph->w, SYNCML_SOURCEREF, "c");
    codec_text(ph->w, SYNCML_SOURCEREF, "d");
    codec_number(ph->w, SYNCML_DATA, 201);
    item("a", NULL, "x");
    item("b", NULL, "y");
    done();
    SENT(ph, 1);
    assert_true(world_logged("sent=1+0-0 refused=0"));
    assert_int_equal(w->loud, 0);
}

/* ---- what is only said ------------------------------------------------- */

static void test_display(void **state)
{
    start();
    begin(SYNCML_ALERT);
    codec_text(ph->w, SYNCML_DATA, "100");
    item(NULL, NULL, "Battery is low");
    item(NULL, NULL, NULL);
    done();
    SENT(ph, 0);
    assert_int_equal(CODE("Alert", 1), 200);
    assert_true(world_logged("says: Battery is low"));
}

/* Our whole message is refused: its Add is due again in the next session. */
static void test_message_refused(void **state)
{
    const char *msg;

    in_step(CODEC_V12);
    world_put("contacts", 0, world_card("Server"));
    open_sync();
    done();
    SENT(ph, 1);
    assert_int_equal(phone_got(ph, SYNCML_SYNC, 0)->commands->nelts, 1);
    msg = apr_pstrdup(w->pool, ph->in->msg_id);
    phone_open(ph);
    phone_status(ph, msg, "0", "SyncHdr", NULL, NULL, 500);
    SENT(ph, 1);
    assert_true(world_logged("refused our message 2 with status 500"));
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a2", "a3");
    SENT(ph, 1);
    phone_open(ph);
    open_sync();
    done();
    SENT(ph, 1);
    assert_int_equal(phone_got(ph, SYNCML_SYNC, 0)->commands->nelts, 1);
}

static void announce(const char *n)
{
    phone_command(ph, SYNCML_SYNC);
    phone_uri(ph, SYNCML_TARGET, "contacts", NULL);
    phone_uri(ph, SYNCML_SOURCE, "./c", NULL);
    codec_text(ph->w, SYNCML_NUMBEROFCHANGES, n);
    phone_expect(ph, "Sync", NULL);
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    simple(SYNCML_ADD, "text/vcard", "2", "no card");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Sync", 0), 200);
    assert_int_equal(CODE("Add", 0), 201);
}

static void test_number_of_changes(void **state)
{
    start();
    announce("2");
    assert_false(world_logged("announced"));
    start();
    announce("x");
    assert_false(world_logged("announced"));
    start();
    announce("7");
    assert_true(world_logged("announced 7 changes of contacts and sent 2"));
}

/* ---- asking for the next message --------------------------------------- */

static void ask(void)
{
    phone_open(ph);
    phone_status(ph, "1", "0", "SyncHdr", NULL, NULL, 200);
    alert("222", ph->url, ph->devid, NULL);
    SENT(ph, 0);
}

static const char *alerted(void)
{
    const sml_command_t *c = phone_got(ph, SYNCML_ALERT, 0);

    return c ? c->data : "none";
}

/* No Sync, no Final, only questions: some resuming Symbian phones. */
static void test_asks_for_ever(void **state)
{
    int i;

    in_step(CODEC_V12);
    open_sync();
    world_put("contacts", 0, world_card("Server"));
    done();
    SENT(ph, 0);
    for (i = 1; i < SML_MAX_IDLE; i++) {
        ask();
        assert_string_equal(alerted(), "222");
        assert_false(ph->in->final);
    }
    ask();
    assert_true(ph->in->final);
    assert_non_null(phone_got(ph, SYNCML_SYNC, 0));
    assert_true(world_logged("its package counts as complete"));
    /* After our Final it goes on: Final again, and in the end it is over. */
    for (i = 1; i <= SML_MAX_IDLE; i++) {
        ask();
        assert_string_equal(alerted(), "none");
        assert_true(ph->in->final);
    }
    assert_null(phone_unanswered(ph));
}

/* What is said in between makes it no loop. */
static void test_asks_and_says(void **state)
{
    int i;

    in_step(CODEC_V12);
    open_sync();
    done();
    SENT(ph, 0);
    for (i = 0; i < 3 * SML_MAX_IDLE; i++) {
        if (i % SML_MAX_IDLE == SML_MAX_IDLE - 1) {
            phone_open(ph);
            phone_open_sync(ph, "contacts", "./c");
            done();
            alert("222", ph->url, ph->devid, NULL);
            SENT(ph, 0);
        }
        else {
            ask();
        }
        assert_string_equal(alerted(), "222");
        assert_false(ph->in->final);
    }
}

/* In a slow sync nothing is known of such a phone's items: all of ours could
 * come as doubles. */
static void test_asks_in_a_slow_sync(void **state)
{
    int i;

    start();
    world_put("contacts", 0, world_card("Server"));
    SENT(ph, 0);
    for (i = 1; i <= SML_MAX_IDLE; i++) {
        ask();
    }
    assert_true(ph->in->final);
    assert_null(phone_got(ph, SYNCML_SYNC, 0));
    assert_true(world_logged("slow sync without a Sync command"));
    assert_int_equal(world_count("contacts"), 1);
}

/* The map phase: who asks there is told that our package was complete. */
static void test_asks_after_the_end(void **state)
{
    store_id_t id;
    char guid[STORE_GUID_LEN];

    in_step(CODEC_V12);
    open_sync();
    id = world_put("contacts", 0, world_card("Server"));
    done();
    SENT(ph, 1);
    assert_true(ph->in->final);
    ask();
    assert_string_equal(alerted(), "none");
    assert_true(ph->in->final);
    /* What is said besides is no mere question: go on, and say the rest. */
    phone_open(ph);
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, store_guid(id, guid), "4");
    done();
    alert("222", ph->url, ph->devid, NULL);
    SENT(ph, 0);
    assert_string_equal(alerted(), "222");
    assert_false(ph->in->final);
    phone_open(ph);
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, store_guid(id, guid), "3");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Map", 1), 200);
    assert_true(ph->in->final);
    assert_int_equal(map_of("3")->item, id);
}

/* Final is sent too early, and the Map comes after it (old Funambol clients):
 * it is taken. */
static void test_map_after_the_final(void **state)
{
    store_id_t id;
    char guid[STORE_GUID_LEN];

    in_step(CODEC_V12);
    open_sync();
    id = world_put("contacts", 0, world_card("Server"));
    finish();
    assert_true(ph->in->final);
    phone_open(ph);
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, store_guid(id, guid), "3");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Map", 0), 200);
    assert_true(ph->in->final);
    assert_int_equal(map_of("3")->item, id);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_copy),
        ON_EACH_STORE(test_copy_with_uid),
        ON_EACH_STORE(test_copy_and_delete),
        ON_EACH_STORE(test_copy_of_a_changed_item),
        ON_EACH_STORE(test_move),
        ON_EACH_STORE(test_no_move_before_12),
        ON_EACH_STORE(test_parents_do_no_harm),
        ON_EACH_STORE(test_formats),
        ON_EACH_STORE(test_base64_in_pieces),
        ON_EACH_STORE(test_other_format_in_pieces),
        ON_EACH_STORE(test_all_of_a_refused_sync),
        ON_EACH_STORE(test_exec_and_search),
        ON_EACH_STORE(test_get_and_put_of_several),
        ON_EACH_STORE(test_no_resp_at_each_level),
        ON_EACH_STORE(test_odd_statuses),
        ON_EACH_STORE(test_display),
        ON_EACH_STORE(test_message_refused),
        ON_EACH_STORE(test_number_of_changes),
        ON_EACH_STORE(test_asks_for_ever),
        ON_EACH_STORE(test_asks_and_says),
        ON_EACH_STORE(test_asks_in_a_slow_sync),
        ON_EACH_STORE(test_asks_after_the_end),
        ON_EACH_STORE(test_map_after_the_final)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_requests");
}
