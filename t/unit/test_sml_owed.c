/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: what the phone is to say again, after an Atomic that was undone,
 * and what is sent meanwhile.
 */
#include "sml_hand.h"

static void erase(const char *luid)
{
    simple(SYNCML_DELETE, NULL, luid, NULL);
}

/* So many commands of ours the answer has. */
static int ours(int tag)
{
    const sml_command_t *sync = phone_got(ph, SYNCML_SYNC, 0);
    int i, n = 0;

    for (i = 0; sync != NULL && i < sync->commands->nelts; i++) {
        n += APR_ARRAY_IDX(sync->commands, i, sml_command_t *)->tag == tag;
    }
    return n;
}

/* In the next session the phone says its edit of "2" alone. */
static void edit_alone(const char *name)
{
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a2", "a3");
    SENT(ph, 1);
    phone_open(ph);
    open_sync();
    simple(SYNCML_REPLACE, "text/vcard", "2", world_card(name));
    finish();
}

/* What an undone Atomic had of the phone's changes is nowhere but there: our
 * delete of such an item waits until it has come again. */
static void test_edit_of_what_we_deleted(void **state)
{
    int around;

    for (around = 0; around < 2; around++) {
        in_step(CODEC_V12);
        world_delete("contacts", world_find("contacts", "Two"));
        if (around) {
            begin(SYNCML_ATOMIC);
        }
        open_sync();
        if (!around) {
            begin(SYNCML_ATOMIC);
        }
        simple(SYNCML_REPLACE, "text/vcard", "2", world_card("Zwei"));
        simple(SYNCML_ADD, "image/jpeg", "5", "x");
        done();
        done();
        SENT(ph, 1);
        assert_int_equal(CODE("Atomic", 0), 507);
        assert_int_equal(CODE("Replace", 0), 216);
        assert_int_equal(ours(SYNCML_DELETE), 0);
        assert_string_equal(phone_got(ph, SYNCML_SYNC, 0)->number_of_changes,
                            "0");
        phone_open(ph);
        SENT(ph, 1);
        edit_alone("Zwei");
        assert_int_equal(CODE("Replace", 0), 208);
        assert_true(world_find("contacts", "Zwei"));
        world_teardown(state);
        world_setup(state);
    }
}

/* Where the answer to a change was that ours wins, ours is sent; not so that
 * of a change after it, which was not tried.  One that the phone does not say
 * again, because it was taken back there, lets ours go. */
static void test_after_ours_won(void **state)
{
    in_step(CODEC_V12);
    world_delete("contacts", world_find("contacts", "Two"));
    world_put("contacts", world_find("contacts", "One"), world_card("Eins"));
    open_sync();
    begin(SYNCML_ATOMIC);
    erase("1");
    simple(SYNCML_REPLACE, "text/vcard", "2", world_card("Zwei"));
    done();
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Delete", 0), 419);
    assert_int_equal(CODE("Replace", 0), 215);
    assert_int_equal(ours(SYNCML_REPLACE), 1);
    assert_int_equal(ours(SYNCML_DELETE), 0);
    phone_open(ph);
    SENT(ph, 1);
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a2", "a3");
    SENT(ph, 1);
    phone_open(ph);
    open_sync();
    finish();
    assert_int_equal(world_count("contacts"), 1);
}

/* It comes again in the same package: nothing has to wait. */
static void test_again_at_once(void **state)
{
    in_step(CODEC_V12);
    world_put("contacts", world_find("contacts", "One"), world_card("Eins"));
    world_put("contacts", world_find("contacts", "Two"), world_card("Zwei"));
    open_sync();
    begin(SYNCML_ATOMIC);
    erase("2");
    erase("1");
    done();
    erase("1");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Delete", 0), 419);
    assert_int_equal(CODE("Delete", 1), 215);
    assert_int_equal(CODE("Delete", 2), 419);
    assert_int_equal(ours(SYNCML_REPLACE), 1);
    assert_int_equal(ours(SYNCML_ADD), 1);      /* it is gone there by now */
}

/* ---- slow syncs --------------------------------------------------------- */

/* The phone asks for a sync of the changes, and is told to say all. */
static void told_to_say_all(void)
{
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a1", "a2");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 508);
    phone_open(ph);
    open_sync();
}

/* A slow sync, with One, Two and Three on both sides, comes in an Atomic that
 * fails.
 * @param first  the one that fails comes before the others
 * @param around  the Atomic is around the Sync */
static void undone_slow_sync(int first, int around)
{
    world_put("contacts", 0, world_card("One"));
    world_put("contacts", 0, world_card("Two"));
    start();
    if (around) {
        begin(SYNCML_ATOMIC);
    }
    open_sync();
    if (!around) {
        begin(SYNCML_ATOMIC);
    }
    if (first) {
        simple(SYNCML_ADD, "image/jpeg", "9", "x");
    }
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    simple(SYNCML_REPLACE, "text/vcard", "2", world_card("Two"));
    simple(SYNCML_ADD, "text/vcard", "3", world_card("Three"));
    if (!first) {
        simple(SYNCML_ADD, "image/jpeg", "9", "x");
    }
    done();
}

/* What an Atomic that is undone had of a slow sync is on the phone all the
 * same: it is not sent as something new, and the next sync, in which the phone
 * says it once more, is slow, so that it is known again. */
static void test_slow(void **state)
{
    int i;

    for (i = 0; i < 4; i++) {
        undone_slow_sync(i % 2, i / 2);
        done();
        SENT(ph, 1);
        assert_int_equal(CODE("Atomic", 0), 507);
        assert_int_equal(world_count("contacts"), 2);
        assert_int_equal(ours(SYNCML_ADD), 0);
        assert_string_equal(phone_got(ph, SYNCML_SYNC, 0)->number_of_changes,
                            "0");
        phone_open(ph);
        SENT(ph, 1);
        told_to_say_all();
        simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
        simple(SYNCML_ADD, "text/vcard", "2", world_card("Two"));
        simple(SYNCML_ADD, "text/vcard", "3", world_card("Three"));
        finish();
        assert_int_equal(ours(SYNCML_ADD), 0);
        assert_int_equal(world_count("contacts"), 3);
        assert_non_null(map_of("1"));
        world_teardown(state);
        world_setup(state);
    }
}

/* What others have is sent meanwhile. */
static void test_slow_others(void **state)
{
    world_put("contacts", 0, world_card("Other"));
    undone_slow_sync(1, 0);
    done();
    SENT(ph, 1);
    assert_int_equal(ours(SYNCML_ADD), 1);
    assert_string_equal(phone_got(ph, SYNCML_SYNC, 0)->number_of_changes,
                        "1");
}

/* Nor is one that is the same person, with another number there. */
static void test_slow_related(void **state)
{
    int first;

    for (first = 0; first < 2; first++) {
        world_put("contacts", 0, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:One;;;;\r\n"
                  "FN:One\r\nTEL;TYPE=CELL:111\r\nEND:VCARD\r\n");
        start();
        open_sync();
        begin(SYNCML_ATOMIC);
        if (first) {
            simple(SYNCML_ADD, "image/jpeg", "9", "x");
        }
        simple(SYNCML_ADD, "text/vcard", "1", "BEGIN:VCARD\r\nVERSION:3.0\r\n"
               "N:One;;;;\r\nFN:One\r\nTEL;TYPE=CELL:222\r\nEND:VCARD\r\n");
        if (!first) {
            simple(SYNCML_ADD, "image/jpeg", "9", "x");
        }
        done();
        done();
        SENT(ph, 1);
        assert_int_equal(ours(SYNCML_ADD), 0);
        phone_open(ph);
        SENT(ph, 1);
        told_to_say_all();
        world_teardown(state);
        world_setup(state);
    }
}

/* What is new here is not forgotten either: the client may think that it has
 * said it. */
static void test_slow_new(void **state)
{
    int again;

    for (again = 0; again < 2; again++) {
        start();
        open_sync();
        begin(SYNCML_ATOMIC);
        simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
        simple(SYNCML_ADD, "image/jpeg", "9", "x");
        done();
        if (again) {
            simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
        }
        finish();
        assert_int_equal(world_count("contacts"), again);
        phone_begin(ph);
        phone_open(ph);
        phone_alert(ph, 200, "contacts", "./c", "a1", "a2");
        SENT(ph, 1);
        assert_int_equal(CODE("Alert", 0), again ? 200 : 508);
        world_teardown(state);
        world_setup(state);
    }
}

/* Of two new items only one comes again, whose LUID is nearly the same. */
static void test_slow_new_one(void **state)
{
    start();
    open_sync();
    begin(SYNCML_ATOMIC);
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    simple(SYNCML_ADD, "text/vcard", "3", world_card("Three"));
    simple(SYNCML_ADD, "image/jpeg", "9", "x");
    done();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    finish();
    assert_int_equal(world_count("contacts"), 1);
    told_to_say_all();
}

/* It comes again in the same package, and all is well. */
static void test_slow_again_at_once(void **state)
{
    undone_slow_sync(1, 0);
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    simple(SYNCML_ADD, "text/vcard", "2", world_card("Two"));
    simple(SYNCML_ADD, "text/vcard", "3", world_card("Three"));
    finish();
    assert_int_equal(world_count("contacts"), 3);
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a1", "a2");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
}

/* The phone breaks off and says in the resumed sync what had not been done. */
static void test_slow_resumed(void **state)
{
    undone_slow_sync(0, 0);
    done();
    SENT(ph, 1);
    phone_begin(ph);
    ph->version = CODEC_V12;
    phone_open(ph);
    phone_alert(ph, 225, "contacts", "./c", NULL, "a2");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 200);
    phone_open(ph);
    open_sync();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    simple(SYNCML_ADD, "text/vcard", "2", world_card("Two"));
    simple(SYNCML_ADD, "text/vcard", "3", world_card("Three"));
    finish();
    assert_int_equal(world_count("contacts"), 3);
}

/* The server has deleted one of them: it stays so. */
static void test_slow_deleted(void **state)
{
    in_step(CODEC_V12);
    world_delete("contacts", world_find("contacts", "Two"));
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "lost", "a2");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 508);
    phone_open(ph);
    open_sync();
    begin(SYNCML_ATOMIC);
    simple(SYNCML_ADD, "text/vcard", "2", world_card("Two"));
    simple(SYNCML_ADD, "image/jpeg", "9", "x");
    done();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    finish();
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a2", "a3");
    SENT(ph, 1);
    phone_open(ph);
    open_sync();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    simple(SYNCML_ADD, "text/vcard", "2", world_card("Two"));
    done();
    SENT(ph, 1);
    assert_int_equal(ours(SYNCML_DELETE), 1);
    assert_int_equal(world_count("contacts"), 1);
}

/* A refresh from the client deletes what the client does not have, but it has
 * those. */
static void test_refresh(void **state)
{
    in_step(CODEC_V12);
    world_put("contacts", 0, world_card("Gone"));
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 203, "contacts", "./c", "a1", "a2");
    SENT(ph, 1);
    phone_open(ph);
    open_sync();
    begin(SYNCML_ATOMIC);
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    simple(SYNCML_ADD, "image/jpeg", "9", "x");
    simple(SYNCML_ADD, "text/vcard", "2", world_card("Two"));
    done();
    finish();
    assert_int_equal(world_count("contacts"), 2);
    assert_false(world_find("contacts", "Gone"));
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", "a2", "a3");
    SENT(ph, 1);
    assert_int_equal(CODE("Alert", 0), 508);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_edit_of_what_we_deleted),
        ON_EACH_STORE(test_after_ours_won),
        ON_EACH_STORE(test_again_at_once),
        ON_EACH_STORE(test_slow),
        ON_EACH_STORE(test_slow_others),
        ON_EACH_STORE(test_slow_related),
        ON_EACH_STORE(test_slow_new),
        ON_EACH_STORE(test_slow_new_one),
        ON_EACH_STORE(test_slow_again_at_once),
        ON_EACH_STORE(test_slow_resumed),
        ON_EACH_STORE(test_slow_deleted),
        ON_EACH_STORE(test_refresh)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_owed");
}
