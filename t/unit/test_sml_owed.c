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

/* The phone asks for a normal sync. @return the Status of its Alert */
static int next_session(const char *last, const char *next)
{
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", "./c", last, next);
    SENT(ph, 1);
    return CODE("Alert", 0);
}

/* In the next session the phone says its edit of "2" alone. */
static void edit_alone(const char *name)
{
    next_session("a2", "a3");
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
    next_session("a2", "a3");
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
    assert_int_equal(next_session("a1", "a2"), 508);
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
        assert_int_equal(next_session("a1", "a2"), again ? 200 : 508);
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
    assert_int_equal(next_session("a1", "a2"), 200);
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
    assert_int_equal(next_session("lost", "a2"), 508);
    phone_open(ph);
    open_sync();
    begin(SYNCML_ATOMIC);
    simple(SYNCML_ADD, "text/vcard", "2", world_card("Two"));
    simple(SYNCML_ADD, "image/jpeg", "9", "x");
    done();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    finish();
    next_session("a2", "a3");
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
    assert_int_equal(next_session("a2", "a3"), 508);
}

/* ---- slow syncs, with an item in pieces ---------------------------------- */

enum { SAY_NOTHING, SAY_LAST, SAY_ALL, SAY_WHOLE, SAYS };
enum { PIECES_FIRST, PIECES_LAST, PIECES_BREAK, PIECES_MIDDLE, PIECES };

#define HEAD  30
#define BODY  50

static const char *large(void)
{
    return "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Large;;;;\r\nFN:Large\r\n"
           "NOTE:in three pieces\r\nEND:VCARD\r\n";
}

static void add_large(int from, int to)
{
    const char *text = large();
    int len = (int)strlen(text);

    to = to ? to : len;
    piece("3", apr_pstrndup(w->pool, text + from, (apr_size_t)(to - from)),
          from ? 0 : len, to < len);
}

static void spoil(void)
{
    simple(SYNCML_ADD, "image/jpeg", "9", "x");
}

/* One and Large are on both sides; Large comes in an Atomic that fails.
 * PIECES_FIRST: its first piece is there alone; PIECES_LAST: its end is there;
 * PIECES_BREAK: its end is not tried; PIECES_MIDDLE: the middle is there. */
static void undone_pieces(int how)
{
    world_put("contacts", 0, world_card("One"));
    world_put("contacts", 0, large());
    start();
    open_sync();
    if (how == PIECES_MIDDLE) {
        simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    }
    if (how != PIECES_FIRST) {
        add_large(0, HEAD);
    }
    if (how == PIECES_LAST || how == PIECES_BREAK) {
        add_large(HEAD, BODY);
    }
    begin(SYNCML_ATOMIC);
    if (how == PIECES_FIRST) {
        simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    }
    if (how == PIECES_BREAK) {
        begin(SYNCML_EXEC);     /* 406; nothing else may come between pieces */
        item("./run", NULL, NULL);
        done();
    }
    add_large(how == PIECES_FIRST ? 0 : how == PIECES_MIDDLE ? HEAD : BODY,
              how == PIECES_FIRST ? HEAD : how == PIECES_MIDDLE ? BODY : 0);
    if (how == PIECES_LAST || how == PIECES_BREAK) {
        simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    }
    if (how == PIECES_LAST) {
        spoil();
    }
    done();
}

static void check_codes(int how)
{
    static const int codes[PIECES] = { 412, 216, 215, 412 };
    int n = how == PIECES_FIRST ? 1 : 2;

    assert_int_equal(CODE("Atomic", 0), 507);
    assert_int_equal(CODE("Add", n), codes[how]);
    if (how != PIECES_FIRST) {
        assert_int_equal(CODE("Add", how == PIECES_MIDDLE), 213);
    }
}

/* The phone says it again. */
static void say(int what, int from)
{
    if (what == SAY_LAST) {
        add_large(from, 0);
    }
    else if (what == SAY_ALL) {
        add_large(0, BODY);
        add_large(BODY, 0);
    }
    else if (what == SAY_WHOLE) {
        simple(SYNCML_ADD, "text/vcard", "3", large());
    }
    if (what != SAY_NOTHING) {
        simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    }
}

/* The phone's next sync, in which nothing is new to either side. */
static void next_is_slow(int slow)
{
    assert_int_equal(next_session("a1", "a2"), slow ? 508 : 200);
    phone_open(ph);
    open_sync();
    if (slow) {
        say(SAY_WHOLE, 0);
    }
    finish();
    assert_int_equal(ours(SYNCML_ADD), 0);
    assert_int_equal(world_count("contacts"), 2);
}

/* What of it was here before the Atomic is here after it: the phone may go on
 * from there, or begin anew.  What it does not say again is not sent to it,
 * even where nobody can tell which of ours it is; its next sync is slow. */
static void test_pieces(void **state)
{
    int how, what;

    for (how = 0; how < PIECES; how++) {
        for (what = 0; what < SAYS; what++) {
            if (how == PIECES_FIRST && what == SAY_WHOLE) {
                continue;       /* that looks like its end */
            }
            undone_pieces(how);
            say(what, how == PIECES_FIRST ? 0 : how == PIECES_MIDDLE ? HEAD
                                                                    : BODY);
            done();
            SENT(ph, 1);
            check_codes(how);
            assert_int_equal(ours(SYNCML_ADD), 0);
            assert_string_equal(phone_got(ph, SYNCML_SYNC, 0)
                                ->number_of_changes, "0");
            phone_open(ph);
            SENT(ph, 1);
            assert_int_equal(world_count("contacts"), 2);
            next_is_slow(what == SAY_NOTHING);
            world_teardown(state);
            world_setup(state);
        }
    }
}

/* The line breaks after it, and the phone goes on or begins anew. */
static void test_pieces_broken(void **state)
{
    int how, what;

    for (how = 0; how < PIECES; how++) {
        for (what = SAY_LAST; what < SAYS; what++) {
            if (how == PIECES_FIRST && what == SAY_WHOLE) {
                continue;
            }
            undone_pieces(how);
            done();
            SENT(ph, 0);
            check_codes(how);
            phone_begin(ph);
            phone_open(ph);
            if (what == SAY_ALL) {
                phone_alert(ph, 200, "contacts", "./c", NULL, "a1");
            }
            else {
                phone_alert(ph, 225, "contacts", "./c", NULL, "a1");
            }
            SENT(ph, 1);
            phone_open(ph);
            open_sync();
            say(what, how == PIECES_FIRST ? 0 : how == PIECES_MIDDLE ? HEAD
                                                                    : BODY);
            finish();
            assert_int_equal(ours(SYNCML_ADD), 0);
            assert_int_equal(world_count("contacts"), 2);
            next_is_slow(0);
            world_teardown(state);
            world_setup(state);
        }
    }
}

/* The end of it is in an Atomic that is done. */
static void test_pieces_done(void **state)
{
    world_put("contacts", 0, large());
    world_put("contacts", 0, world_card("One"));
    start();
    open_sync();
    add_large(0, HEAD);
    begin(SYNCML_ATOMIC);
    add_large(HEAD, 0);
    simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
    done();
    finish();
    assert_int_equal(CODE("Atomic", 0), 200);
    assert_int_equal(CODE("Add", 0), 213);
    assert_int_equal(CODE("Add", 1), 201);
    next_is_slow(0);
}

/* A refresh from the client deletes nothing then: it might be that. */
static void test_pieces_refresh(void **state)
{
    in_step(CODEC_V12);
    world_put("contacts", 0, large());
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 203, "contacts", "./c", "a1", "a2");
    SENT(ph, 1);
    phone_open(ph);
    open_sync();
    begin(SYNCML_ATOMIC);
    add_large(0, HEAD);
    done();
    finish();
    assert_int_equal(CODE("Add", 0), 412);
    assert_int_equal(world_count("contacts"), 3);
    assert_int_equal(next_session("a2", "a3"), 508);
}

/* One ends in it and another begins: the former can go on afterwards, of the
 * other nothing is taken but the whole. */
static void test_pieces_of_two(void **state)
{
    const char *other = world_card("Other");
    int size = (int)strlen(other);

    start();
    open_sync();
    add_large(0, HEAD);
    begin(SYNCML_ATOMIC);
    add_large(HEAD, 0);
    piece("4", apr_pstrndup(w->pool, other, 20), size, 1);
    done();
    piece("4", other + 20, 0, 0);
    add_large(HEAD, 0);
    simple(SYNCML_ADD, "text/vcard", "4", other);
    finish();
    assert_int_equal(CODE("Atomic", 0), 507);
    assert_int_equal(CODE("Add", 0), 213);
    assert_int_equal(CODE("Add", 1), 216);
    assert_int_equal(CODE("Add", 2), 412);
    assert_int_equal(CODE("Add", 3), 412);
    assert_int_equal(CODE("Add", 4), 201);
    assert_int_equal(CODE("Add", 5), 201);
    assert_int_equal(world_count("contacts"), 2);
    assert_true(world_find("contacts", large()));
}

/* Another command comes instead of its end, in an Atomic or not: it is not
 * sent to the phone, whichever of ours it is, and the next sync is slow. */
static void test_pieces_given_up(void **state)
{
    int inside;

    for (inside = 0; inside < 2; inside++) {
        world_put("contacts", 0, world_card("One"));
        world_put("contacts", 0, large());
        start();
        open_sync();
        add_large(0, HEAD);
        if (inside) {
            begin(SYNCML_ATOMIC);
            spoil();
            done();
            add_large(HEAD, 0);
        }
        simple(SYNCML_ADD, "text/vcard", "1", world_card("One"));
        done();
        SENT(ph, 1);
        if (inside) {
            assert_int_equal(CODE("Add", 2), 424);
        }
        assert_int_equal(ours(SYNCML_ADD), 0);
        phone_open(ph);
        SENT(ph, 1);
        next_is_slow(1);
        world_teardown(state);
        world_setup(state);
    }
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
        ON_EACH_STORE(test_refresh),
        ON_EACH_STORE(test_pieces),
        ON_EACH_STORE(test_pieces_broken),
        ON_EACH_STORE(test_pieces_done),
        ON_EACH_STORE(test_pieces_refresh),
        ON_EACH_STORE(test_pieces_of_two),
        ON_EACH_STORE(test_pieces_given_up)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_owed");
}
