/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: answers that have to leave before the work is done.  However
 * little is done for each, the sync ends as it would have without a limit,
 * each answer brings it forward, and other writers are not kept waiting.
 */
#include "sml_story.h"

/* A clock that moves on with each look. */
static apr_time_t tick(void *baton)
{
    apr_time_t *now = baton;

    return *now += apr_time_from_sec(1);
}

static apr_time_t the_time;

/* @p units of work for an answer, 0: all */
static void limit_answers(int units)
{
    w->config.answer_within = units ? apr_time_from_sec(units) : 0;
    w->config.clock = tick;
    w->config.clock_baton = &the_time;
}

static client_t *impatient(int sync_first)
{
    client_t *c;

    limit_answers(0);
    c = fresh_phone(sync_first);
    c->patient = 1;
    return c;
}

/* ---- every sync type ---------------------------------------------------- */

typedef struct case_t {
    int code, sync_first, expect;
} case_t;

static const case_t cases[] = {
    { 200, 1, 4 * CARDS - 4 },
    { 200, 0, 2 * CARDS },
    { 201, 0, 2 * CARDS },
    { 203, 1, 3 * CARDS - 2 },
    { 205, 1, 3 * CARDS - 2 },
    { 202, 1, -1 },
    { 204, 1, -1 }
};

static unsigned run(const case_t *x, int units, int final_222,
                    int per_message)
{
    client_t *c = impatient(x->sync_first);
    unsigned posts;

    if (x->sync_first) {
        edit_both(c);
    }
    c->final_222 = final_222;
    c->per_message = per_message;
    limit_answers(units);
    SYNCED(c, client_sync(c, x->code, "contacts"));
    posts = c->ph->posts;
    assert_int_equal(client_store(c, "contacts")->code,
                     x->code == 200 && !x->sync_first ? 201 : x->code);
    if (x->expect >= 0) {
        world_same(c, "contacts");
        assert_int_equal(client_count(c, "contacts"), x->expect);
        world_quiet(c, "contacts");
    }
    else {
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
        assert_int_equal(client_count(c, "contacts"), 4 * CARDS - 4);
    }
    return posts;
}

static void test_every_type(void **state)
{
    unsigned i;
    int units, final_222, per_message;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (final_222 = 0; final_222 <= 1; final_222++) {
            for (per_message = 0; per_message <= 2; per_message += 2) {
                unsigned all = run(&cases[i], 0, final_222, per_message);

                for (units = 1; units <= 3; units++) {
                    assert_true(run(&cases[i], units, final_222, per_message)
                                > all);
                }
            }
        }
    }
    assert_true(world_logged("goes on with its next message"));
    assert_int_equal(w->loud, 0);
}

/* ---- what an interim answer looks like ---------------------------------- */

static void add_many(phone_t *ph, int first, int n)
{
    int i;

    phone_open_sync(ph, "contacts", "./c");
    for (i = first; i < first + n; i++) {
        const char *text = name_of("Many", i);

        phone_change(ph, SYNCML_ADD, apr_psprintf(w->pool, "%d", i),
                     "text/vcard", text, strlen(text), 0, 0);
    }
    codec_close(ph->w);
}

static int has_alert(const phone_t *ph, int code)
{
    int i;

    for (i = 0; i < ph->in->commands->nelts; i++) {
        const sml_command_t *c =
            APR_ARRAY_IDX(ph->in->commands, i, const sml_command_t *);

        if (c->tag == SYNCML_ALERT && atoi(c->data) == code) {
            return 1;
        }
    }
    return 0;
}

/* Statuses that Adds have got so far. */
static int answered(const phone_t *ph)
{
    int i, n = 0;

    for (i = 0; i < ph->sent->nelts; i++) {
        const phone_sent_t *t = &APR_ARRAY_IDX(ph->sent, i, phone_sent_t);

        n += strcmp(t->name, "Add") == 0 && t->code == 201;
    }
    return n;
}

static void next_message(phone_t *ph)
{
    phone_open(ph);
    phone_status(ph, apr_psprintf(ph->message_pool, "%u", ph->server_msg),
                 "0", "SyncHdr", NULL, NULL, 200);
    phone_next_message(ph, ph->url, ph->devid);
    SENT(ph, 0);
}

static void test_interim_answer(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    int n, posts = 0;

    world_start(ph);
    limit_answers(3);
    phone_open(ph);
    add_many(ph, 1, 10);
    SENT(ph, 1);
    /* Not everything, so no Final, but "go on". */
    assert_false(ph->in->final);
    assert_true(has_alert(ph, 222));
    n = answered(ph);
    assert_true(n > 0 && n < 10);
    assert_int_equal(world_count("contacts"), n);
    /* What comes meanwhile is done after it. */
    phone_open(ph);
    add_many(ph, 11, 5);
    SENT(ph, 1);
    assert_int_equal(world_count("contacts"), answered(ph));
    assert_true(answered(ph) > n && answered(ph) < 10);
    while (answered(ph) < 10 && posts++ < 20) {
        n = answered(ph);
        next_message(ph);
        assert_true(answered(ph) > n);
        assert_int_equal(world_count("contacts"), answered(ph));
    }
    assert_int_equal(answered(ph), 10);
}

/* Messages between: the rest of the client's package. */
static void test_package_goes_on(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    int i, posts = 0;

    world_start(ph);
    limit_answers(2);
    for (i = 0; i < 4; i++) {
        phone_open(ph);
        add_many(ph, 1 + 5 * i, 5);
        SENT(ph, i == 3);
        assert_false(ph->in->final);
    }
    while (!ph->in->final && posts++ < 40) {
        next_message(ph);
    }
    assert_true(ph->in->final);
    assert_int_equal(answered(ph), 20);
    assert_int_equal(world_count("contacts"), 20);
    assert_null(phone_unanswered(ph));
}

/* More waits than may be kept: the answer then waits for the work. */
static void test_too_much_waits(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    int i, n = 0;

    w->config.max_msg_size = 1024 * 1024;
    ph->max_out = 1024 * 1024;
    world_start(ph);
    limit_answers(1);
    for (i = 0; i < 6; i++) {
        const char *text = world_large_card(apr_psprintf(w->pool, "L%d", i),
                                            250000);
        int j;

        phone_open(ph);
        phone_open_sync(ph, "contacts", "./c");
        for (j = 0; j < 3; j++) {
            phone_change(ph, SYNCML_ADD, apr_psprintf(w->pool, "%d", n++),
                         "text/vcard", text, strlen(text), 0, 0);
        }
        codec_close(ph->w);
        SENT(ph, 0);
        assert_int_equal(ph->header_code, 200);
    }
    /* Two million octets of the four and a half may wait. */
    assert_true(answered(ph) >= 9);
    for (i = 0; i < 40 && answered(ph) < n; i++) {
        next_message(ph);
    }
    assert_int_equal(answered(ph), n);
    assert_int_equal(world_count("contacts"), n);
}

/* Items of one name that contradict each other are looked at when all have
 * come, and that work too gives other writers their turn. */
static unsigned related(int units)
{
    enum { PAIRS = 12 };
    client_t *c = impatient(0);
    client_store_t *s = client_store(c, "contacts");
    unsigned posts;
    int i;

    for (i = 0; i < 2 * PAIRS; i++) {
        const char *text = apr_psprintf(w->pool, "BEGIN:VCARD\r\n"
            "VERSION:3.0\r\nN:Doe%d;;;;\r\nFN:Doe%d\r\nTEL:%d\r\n"
            "END:VCARD\r\n", i / 2, i / 2, i);

        if (i % 2) {
            world_put("contacts", 0, text);
        }
        else {
            client_put(c, "contacts", text);
        }
    }
    limit_answers(units);
    SYNCED(c, client_sync(c, 200, "contacts"));
    posts = c->ph->posts;
    assert_int_equal(s->code, 201);
    limit_answers(0);
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(client_count(c, "contacts"), PAIRS + 2 * CARDS);
    for (i = 0; i < PAIRS; i++) {
        assert_non_null(client_find(c, "contacts", apr_psprintf(w->pool,
                                    "FN:Doe%d\r", i)));
    }
    world_quiet(c, "contacts");
    return posts;
}

static void test_related(void **state)
{
    unsigned all = related(0), three = related(3), one = related(1);

    assert_true(three > all && three < one);
    /* Without turns of their own the pairs took 31 answers more. */
    assert_true(one - all >= 31 + 12);
}

/* ---- other writers ------------------------------------------------------ */

static int edits;

static void edit_between(client_t *c)
{
    world_put("contacts", 0, name_of("Between", edits++));
}

static void test_others_write_between(void **state)
{
    client_t *c = impatient(1);

    edit_both(c);
    limit_answers(1);
    edits = 0;
    c->between = edit_between;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_true(edits > 20);
    c->between = NULL;
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(client_count(c, "contacts"), 4 * CARDS - 4 + edits);
    world_quiet(c, "contacts");
}

/* ---- trouble ------------------------------------------------------------ */

/* The line breaks at each message of such a session. */
static void test_breaks(void **state)
{
    int after;

    for (after = 0; after <= 1; after++) {
        unsigned at;
        int on = 1;

        for (at = 1; on; at++) {
            client_t *c = impatient(1);

            edit_both(c);
            limit_answers(2);
            on = broken(c, 200, at, after);
            SYNCED(c, client_sync(c, 200, "contacts"));
            assert_int_equal(client_store(c, "contacts")->code, 200);
            world_same(c, "contacts");
            assert_int_equal(client_count(c, "contacts"), 4 * CARDS - 4);
            world_quiet(c, "contacts");
        }
        assert_true(at > 12);   /* more than without a limit */
    }
}

/* Each message arrives twice, the second copy gets the first's answer. */
static void test_twice(void **state)
{
    client_t *c = impatient(1);

    edit_both(c);
    w->twice = 1;
    limit_answers(1);
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(client_count(c, "contacts"), 4 * CARDS - 4);
}

/* What the administrator lets through goes through whole. */
static void test_guard_passed(void **state)
{
    static const int codes[] = { 200, 203 };
    int i, j;

    w->config.guard.action = SML_GUARD_SLOW;
    w->config.guard.deletes = 50;
    w->config.guard.doubles = 100;
    for (i = 0; i < 2; i++) {
        client_t *c = impatient(1);
        apr_pool_t *p;
        store_tx_t *tx = world_begin(STORE_WRITE, &p);
        store_device_t *d;

        OK(store_device_find(tx, world_account_id(tx, w->account), "IMEI:1",
                             &d));
        OK(store_device_setting_set(tx, d->id, "guard-pass.contacts", "1"));
        world_end(tx, p);
        for (j = 0; j < CARDS; j++) {
            client_erase(item_of(c, "Phone", j));
            client_erase(item_of(c, "Server", j));
        }
        limit_answers(1);
        SYNCED(c, client_sync(c, codes[i], "contacts"));
        assert_int_equal(world_count("contacts"), 0);
        assert_false(world_logged("syncmlctl guard release"));
        world_quiet(c, "contacts");
    }
}

/* The process is told to end: the answer leaves at once, the rest is done by
 * another. */
static int is_stopping(void *baton)
{
    return *(int *)baton;
}

static void test_stopping(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    int stopping = 1;

    world_start(ph);
    w->config.answer_within = apr_time_from_sec(600);
    w->config.stopping = is_stopping;
    w->config.stop_baton = &stopping;
    phone_open(ph);
    add_many(ph, 1, 10);
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 200);
    assert_false(ph->in->final);
    assert_true(answered(ph) < 2);
    stopping = 0;
    next_message(ph);
    assert_int_equal(answered(ph), 10);
    assert_true(ph->in->final);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_every_type),
        ON_EACH_STORE(test_interim_answer),
        ON_EACH_STORE(test_package_goes_on),
        ON_EACH_STORE(test_too_much_waits),
        ON_EACH_STORE(test_related),
        ON_EACH_STORE(test_others_write_between),
        ON_EACH_STORE(test_breaks),
        ON_EACH_STORE(test_twice),
        ON_EACH_STORE(test_guard_passed),
        ON_EACH_STORE(test_stopping)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_backlog");
}
