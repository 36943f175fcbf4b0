/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: a message that is done over several answers is passed over by
 * units of work.  Whatever becomes of a command, it counts the same each
 * time: else one behind it would be forgotten, or answered twice.
 */
#include "sml_hand.h"

/* A clock that moves on with each look. */
static apr_time_t tick(void *baton)
{
    apr_time_t *now = baton;

    return *now += apr_time_from_sec(1);
}

static apr_time_t the_time;

static void one_unit_each(void)
{
    w->config.answer_within = apr_time_from_sec(1);
    w->config.clock = tick;
    w->config.clock_baton = &the_time;
}

/* Send the last message, and ask for the next until all is through. */
static void all(void)
{
    int n = 0;

    SENT(ph, 1);
    while (!ph->in->final && n++ < 60) {
        phone_open(ph);
        phone_status(ph, apr_psprintf(ph->message_pool, "%u",
                                      ph->server_msg),
                     "0", "SyncHdr", NULL, NULL, 200);
        phone_next_message(ph, ph->url, ph->devid);
        SENT(ph, 0);
    }
    assert_true(ph->in->final);
    assert_true(n > 4);
    assert_null(phone_unanswered(ph));
}

static void adds(const char *type, const char *name, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        const char *text = apr_psprintf(w->pool, "%s%d", name, i);

        simple(SYNCML_ADD, type, text,
               strcmp(type, "text/plain") == 0 ? text : world_card(text));
    }
}

/* Commands with that status so far. */
static int with(const char *name, int code)
{
    int i, n = 0;

    for (i = 0; i < ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(ph->sent, i, phone_sent_t);

        n += strcmp(t->name, name) == 0 && t->code == code;
    }
    return n;
}

/* ---- commands that are refused ------------------------------------------ */

static void test_outside_sync(void **state)
{
    start();
    one_unit_each();
    simple(SYNCML_EXEC, NULL, "x", "y");
    begin(SYNCML_ADD);
    meta(METINF_TYPE, "text/vcard");
    item(NULL, "1", world_card("A"));
    done();
    begin(SYNCML_SEQUENCE);
    simple(SYNCML_DELETE, NULL, "1", NULL);
    done();
    open_sync();
    adds("text/vcard", "Card", 6);
    done();
    all();
    assert_int_equal(with("Exec", 406), 1);
    assert_int_equal(with("Add", 400), 1);
    assert_int_equal(with("Add", 201), 6);
    assert_int_equal(world_count("contacts"), 6);
}

/* The Alert's answer says "slow sync", which makes of the refusal none when
 * the message is taken up again. */
static void test_before_the_alert(void **state)
{
    int i;

    for (i = 0; i < 5; i++) {
        world_add_account(apr_psprintf(w->pool, "user%d", i));
        open_first(apr_psprintf(w->pool, "IMEI:%d", i));
        one_unit_each();
        alert("200", "contacts", "./c", "1");
        alert("201", "notes", "./n", "1");
        open_sync();
        begin(SYNCML_ATOMIC);
        adds("text/vcard", "Card", i);
        begin(SYNCML_SEQUENCE);
        adds("text/vcard", "More", i / 2);
        done();
        done();
        adds("text/vcard", "Alone", 1);
        done();
        phone_open_sync(ph, "notes", "./n");
        adds("text/plain", "note", 6);
        done();
        all();
        assert_int_equal(with("Sync", 508), 1);
        assert_int_equal(with("Atomic", 508), 1);
        assert_int_equal(with("Add", 508), i + i / 2 + 1);
        assert_int_equal(with("Add", 201), 6);
        assert_int_equal(world_count("contacts"), 0);
        assert_int_equal(world_count("notes"), 6);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_outside_sync),
        ON_EACH_STORE(test_before_the_alert)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_units");
}
