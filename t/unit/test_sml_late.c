/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: what the network brings late or not at all, while the client
 * goes on: a login that was held up, an answer that the client never saw.
 */
#include "mod_syncml/sml_session.h"
#include "sml_hand.h"

/* ---- a login that was held up ------------------------------------------- */

/* The first message of a phone's session of that number. */
static phone_t *log_in(const char *devid, unsigned session,
                       const char *next, int code)
{
    phone_t *one = world_phone(devid)->ph;

    one->session = session - 1;
    one->scheme = SML_AUTH_BASIC;
    phone_begin(one);
    phone_open(one);
    phone_put_devinf(one);
    phone_alert(one, 201, "contacts", "./c", NULL, next);
    assert_int_equal(phone_post(one, 1), APR_SUCCESS);
    assert_int_equal(one->header_code, code);
    return one;
}

/* An empty Sync: is the session alive? */
static void goes_on(phone_t *one, int code)
{
    phone_open(one);
    phone_open_sync(one, "contacts", "./c");
    codec_close(one->w);
    assert_int_equal(phone_post(one, 1), APR_SUCCESS);
    assert_int_equal(one->header_code, code);
}

/* Whatever login comes in between, the client goes on with its session. */
static void test_late_login(void **state)
{
    static const unsigned numbers[] = { 6, 7, 8, 1000 };
    unsigned i;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const char *devid = apr_psprintf(w->pool, "IMEI:%u", i);
        phone_t *live = log_in(devid, 7, "a2", 200);

        log_in(devid, numbers[i], "a1", 200);
        goes_on(live, 200);
    }
}

/* A copy of the login of a session that has gone on since. */
static void test_copied_login(void **state)
{
    phone_t *live = log_in("IMEI:1", 7, "a1", 200);

    goes_on(live, 200);
    log_in("IMEI:1", 7, "a1", 200);
    goes_on(live, 200);
}

/* A message of the former session, held up, does not end the new one. */
static void test_late_message(void **state)
{
    phone_t *old = log_in("IMEI:1", 7, "a1", 200);
    phone_t *live = log_in("IMEI:1", 8, "a2", 200);

    goes_on(old, 200);
    goes_on(live, 200);
    goes_on(old, 407);
}

/* The session that goes on ends all older ones, however many have begun. */
static void test_new_login(void **state)
{
    phone_t *first = log_in("IMEI:1", 7, "a1", 200);
    phone_t *second = log_in("IMEI:1", 8, "a2", 200);
    phone_t *third = log_in("IMEI:1", 9, "a3", 200);

    goes_on(third, 200);
    goes_on(second, 407);
    goes_on(first, 407);
}

/* ---- an answer that was not seen ---------------------------------------- */

/* The first change in the latest answer. */
static const sml_item_t *first_change(void)
{
    const sml_command_t *sync = phone_got(ph, SYNCML_SYNC, 0), *c;

    assert_non_null(sync);
    c = APR_ARRAY_IDX(sync->commands, 0, const sml_command_t *);
    assert_int_equal(c->tag, SYNCML_ADD);
    return &APR_ARRAY_IDX(c->items, 0, sml_item_t);
}

/* Only the first piece says the size of the whole. */
static int says_size(void)
{
    const sml_command_t *sync = phone_got(ph, SYNCML_SYNC, 0);

    return APR_ARRAY_IDX(sync->commands, 0,
                         const sml_command_t *)->meta.size != NULL;
}

static void ask_on(const char *heard)
{
    phone_open(ph);
    phone_status(ph, heard, "0", "SyncHdr", NULL, NULL, 200);
    phone_next_message(ph, ph->url, ph->devid);
    SENT(ph, 0);
}

/* The client answers an older message than the one with the first piece: that
 * comes again, as the first. */
static void test_piece_not_seen(void **state)
{
    const sml_item_t *piece;
    const char *begin;

    world_put("contacts", 0, world_large_card("Large", 9000));
    ph = world_phone("IMEI:1")->ph;
    ph->max_msg = 3000;
    ph->max_obj = 100000;
    world_start(ph);
    phone_open(ph);
    phone_status(ph, "1", "0", "SyncHdr", NULL, NULL, 200);
    open_sync();
    done();
    SENT(ph, 1);
    piece = first_change();
    assert_true(piece->more);
    begin = apr_pstrmemdup(w->pool, piece->data, piece->len);

    ask_on("1");
    piece = first_change();
    assert_true(says_size());
    assert_memory_equal(piece->data, begin, 1000);

    ask_on("3");
    piece = first_change();
    assert_false(says_size());
    assert_memory_not_equal(piece->data, begin, 100);
}

/* ---- a copied login, and then the client resumes ------------------------- */

static phone_t *alerts(unsigned session, int code, const char *next)
{
    phone_t *one = world_phone("IMEI:1")->ph;

    one->session = session - 1;
    one->scheme = SML_AUTH_BASIC;
    phone_begin(one);
    phone_open(one);
    phone_put_devinf(one);
    phone_alert(one, code, "contacts", "./c", NULL, next);
    assert_int_equal(phone_post(one, 1), APR_SUCCESS);
    assert_int_equal(one->header_code, 200);
    return one;
}

static void adds(const char *luid, const char *name, int final)
{
    phone_open(ph);
    open_sync();
    simple(SYNCML_ADD, "text/vcard", luid, world_card(name));
    done();
    SENT(ph, final);
    assert_int_equal(CODE("Add", 0), 201);
}

/* Half of a refresh from the client is here.  Copies of its login begin
 * sessions that know nothing of it: the client does not mean those. */
static void test_copy_then_resume(void **state)
{
    int copies;

    for (copies = 0; copies < 3; copies++) {
        int i;

        world_add_account(apr_psprintf(w->pool, "user%d", copies));
        ph = alerts(7, 203, "a1");
        adds("1", "One", 0);
        for (i = 0; i < copies; i++) {
            alerts(7, 203, "a1");
        }
        ph = alerts(8, 225, "a2");
        assert_int_equal(CODE("Alert", 0), 200);
        adds("2", "Two", 1);
        phone_open(ph);
        SENT(ph, 1);
        assert_int_equal(world_count("contacts"), 2);
        assert_int_equal(named("One"), 1);
    }
}

/* Here the login in between was another's: of which refresh is resumed nobody
 * can tell. */
static void test_which_refresh(void **state)
{
    ph = alerts(7, 203, "a1");
    adds("1", "One", 0);
    alerts(6, 203, "a0");
    ph = alerts(8, 225, "a2");
    assert_int_equal(CODE("Alert", 0), 508);
    adds("2", "Two", 1);
    phone_open(ph);
    SENT(ph, 1);
    assert_int_equal(world_count("contacts"), 2);
}

/* ---- pieces over an interruption ----------------------------------------- */

/* A note's last piece comes as what follows of a resumed sync.
 * @return its Status */
static int last_piece(int sync, int tag, const char *text, apr_size_t size)
{
    apr_size_t n = strlen(text);

    ph = world_phone("IMEI:1")->ph;
    ph->scheme = SML_AUTH_BASIC;
    phone_begin(ph);
    phone_open(ph);
    phone_put_devinf(ph);
    phone_alert(ph, sync, "notes", "./n", NULL, "a1");
    SENT(ph, 1);
    phone_open(ph);
    phone_open_sync(ph, "notes", "./n");
    phone_change(ph, SYNCML_ADD, "1", "text/plain", "0123456789", 10, size,
                 1);
    done();
    SENT(ph, 0);
    assert_int_equal(CODE("Add", 0), 213);
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 225, "notes", "./n", NULL, "a2");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
    phone_open(ph);
    phone_open_sync(ph, "notes", "./n");
    phone_change(ph, tag, "1", "text/plain", text, n, 0, 0);
    done();
    SENT(ph, 1);
    return CODE(codec_tag_name(tag), 0);
}

/* A piece is missing between the two: what is left of it is no item.  The
 * whole is. */
static void test_piece_is_no_whole(void **state)
{
    world_add_account("missing");
    assert_int_equal(last_piece(201, SYNCML_ADD, "the end", 30), 424);
    assert_int_equal(world_count("notes"), 0);
    world_add_account("whole");
    assert_int_equal(last_piece(201, SYNCML_ADD, "a note of 20 octets.", 20),
                     201);
    assert_int_equal(world_find("notes", "a note of 20 octets.") != 0, 1);
    assert_int_equal(world_find("notes", "0123"), 0);
    world_add_account("rest");
    assert_int_equal(last_piece(201, SYNCML_REPLACE, "the end", 17), 201);
    assert_int_equal(world_find("notes", "0123456789the end") != 0, 1);
}

/* In a two-way sync a Replace is the user's next version of what came in part
 * as an Add, and whole, also if its length would fit to the part. */
static void test_edited_in_between(void **state)
{
    const char *first = world_card("A name of just thirty letters.");

    in_step(CODEC_V12);
    open_sync();
    phone_change(ph, SYNCML_ADD, "3", "text/vcard", first, 40,
                 strlen(first), 1);
    done();
    SENT(ph, 0);
    assert_int_equal(CODE("Add", 0), 213);
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 225, "contacts", "./c", "a1", "a3");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
    phone_open(ph);
    open_sync();
    simple(SYNCML_REPLACE, "text/vcard", "3", world_card("Ten more.."));
    done();
    SENT(ph, 1);
    assert_true(CODE("Replace", 0) < 300);
    assert_int_equal(world_count("contacts"), 3);
    assert_int_equal(named("Ten more"), 1);
    assert_int_equal(named("A name"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_late_login),
        ON_EACH_STORE(test_copied_login),
        ON_EACH_STORE(test_late_message),
        ON_EACH_STORE(test_new_login),
        ON_EACH_STORE(test_piece_not_seen),
        ON_EACH_STORE(test_copy_then_resume),
        ON_EACH_STORE(test_which_refresh),
        ON_EACH_STORE(test_piece_is_no_whole),
        ON_EACH_STORE(test_edited_in_between)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_late");
}
