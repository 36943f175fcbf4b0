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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_edit_of_what_we_deleted),
        ON_EACH_STORE(test_after_ours_won),
        ON_EACH_STORE(test_again_at_once)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_owed");
}
