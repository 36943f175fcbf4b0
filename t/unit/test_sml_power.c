/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The power goes, at each write, sync, truncation and removal that the store
 * makes during a whole session; the disk comes back with all, none, some or
 * a torn part of what no sync had made safe.  The phone then goes on with
 * its next session: nothing that was answered is lost, nothing is doubled,
 * no slow sync is needed.  Likewise the disk that has no room from some
 * write on, until somebody makes room.
 *
 * POWER_STEP=1 takes every operation; the default takes one in some, which
 * differ from test to test.
 */
#include "sml_story.h"
#include "store_power.h"

static unsigned long step(unsigned long least)
{
    const char *given = getenv("POWER_STEP");

    return given && atoi(given) > 0 ? (unsigned long)atoi(given) : least;
}

static int setup(void **state)
{
    power_reset();
    return world_setup(state);
}

static void check_database(void)
{
    sqlite3 *db;
    sqlite3_stmt *st;

    assert_int_equal(sqlite3_open(w->url + 7, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1,
                                        &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    assert_string_equal(sqlite3_column_text(st, 0), "ok");
    sqlite3_finalize(st);
    sqlite3_close(db);
}

/* Another process for each message: the log is carried into the database in
 * between. */
static void reopen(client_t *c)
{
    store_options_t options = { 0 };

    if (power.off) {
        return;
    }
    store_close(&w->store);
    options.key_file = apr_pstrcat(w->pool, w->dir, "/key", NULL);
    if (power.off || store_open(&w->store, w->url, &options, NULL, w->pool)
                     != APR_SUCCESS) {
        assert_true(power.off);
        w->store = NULL;
    }
}

/* What comes after the power has gone reaches nobody. */
static apr_status_t power_post(phone_t *ph, const char *body, apr_size_t len,
                               const char **answer, apr_size_t *answer_len)
{
    sml_request_t request = { 0 };
    sml_answer_t out = { 0 };

    request.format = ph->format;
    request.body = body;
    request.len = len;
    request.session = world_token(ph);
    request.url = ph->url;
    request.remote = "192.0.2.1";
    if (w->store != NULL) {
        sml_handle(&w->config, w->store, &request, &out, ph->message_pool);
    }
    if (power.off || out.http_status != 200) {
        ph->why = "no answer";
        return APR_TIMEUP;
    }
    *answer = out.body;
    *answer_len = out.len;
    return APR_SUCCESS;
}

static const char *words(power_keep_e keep, unsigned long at, unsigned dice)
{
    static const char *const names[] = { "all", "none", "some", "a torn part"
    };

    return apr_psprintf(w->pool, "operation %lu, then %s of what was not "
                        "synced (dice %u)", at, names[keep], dice);
}

static void go_on(client_t *c, const char *when)
{
    const char *lost = story_promised(c), *differs;
    apr_status_t rv;

    if (lost != NULL) {
        fail_msg("%s: answered and lost: %s", when, lost);
    }
    c->between = NULL;
    rv = client_sync(c, 200, "contacts");
    if (rv != APR_SUCCESS) {
        fail_msg("%s: the next sync: %s", when, c->ph->why);
    }
    differs = world_differs(c, "contacts");
    if (differs != NULL || client_count(c, "contacts") != STORY_ITEMS
        || client_store(c, "contacts")->code != 200) {
        fail_msg("%s: %s, %d items, sync type %d", when,
                 differs ? differs : "same", client_count(c, "contacts"),
                 client_store(c, "contacts")->code);
    }
    world_quiet(c, "contacts");
}

/* @return 0: the session was over before the operation came */
static int cut_at(unsigned long at, power_keep_e keep, unsigned dice,
                  void (*between)(client_t *))
{
    client_t *c = fresh_phone(1);
    int went;

    edit_both(c);
    c->ph->post = power_post;
    c->between = between;
    power_at(at, POWER_OFF);
    if (client_session(c, 200, "contacts") == APR_SUCCESS) {
        client_commit(c);
    }
    went = power.off;
    power.at = 0;
    if (w->store != NULL) {
        store_close(&w->store);
    }
    power_on(keep, dice);
    check_database();
    world_open(0);
    if (went) {
        go_on(c, words(keep, at, dice));
    }
    return went;
}

static void cut_everywhere(power_keep_e keep, unsigned long every,
                           void (*between)(client_t *))
{
    unsigned long at = 1, n = 0;

    every = step(every);
    while (cut_at(at, keep, (unsigned)at * 7 + keep, between)) {
        at += every;
        n++;
    }
    assert_true(n > 5);         /* a session writes more than a little */
}

static void test_power_lost_before_any_write(void **state)
{
    cut_everywhere(POWER_KEEP_NONE, 5, NULL);
}

static void test_power_lost_after_all_writes(void **state)
{
    cut_everywhere(POWER_KEEP_ALL, 7, NULL);
}

static void test_power_lost_writes_reordered(void **state)
{
    cut_everywhere(POWER_KEEP_SOME, 4, NULL);
}

static void test_power_lost_torn_page(void **state)
{
    cut_everywhere(POWER_TEAR, 4, NULL);
}

static void test_power_lost_in_checkpoints(void **state)
{
    cut_everywhere(POWER_KEEP_SOME, 29, reopen);
    cut_everywhere(POWER_TEAR, 31, reopen);
    cut_everywhere(POWER_KEEP_NONE, 37, reopen);
}

/* The power goes again and again during one session's worth of changes. */
static void test_power_lost_again_and_again(void **state)
{
    client_t *c = fresh_phone(1);
    unsigned long at = 3;

    edit_both(c);
    c->ph->post = power_post;
    for (;;) {
        const char *lost;

        power_at(at, POWER_OFF);
        if (client_session(c, 200, "contacts") == APR_SUCCESS) {
            client_commit(c);
        }
        if (!power.off) {
            break;
        }
        store_close(&w->store);
        power_on(POWER_KEEP_SOME, (unsigned)at);
        world_open(0);
        lost = story_promised(c);
        if (lost != NULL) {
            fail_msg("operation %lu: answered and lost: %s", at, lost);
        }
        at += step(11);
    }
    power.at = 0;
    go_on(c, "in the end");
}

/* ---- no room ----------------------------------------------------------- */

/* The phone hears 420 and nothing of that message is done. */
static void full_at(unsigned long at, int *went)
{
    client_t *c = fresh_phone(1);
    apr_status_t rv;

    edit_both(c);
    c->ph->post = power_post;
    power_at(at, POWER_FULL);
    rv = client_session(c, 200, "contacts");
    if (rv == APR_SUCCESS) {
        client_commit(c);
    }
    *went = power_room();
    if (*went == 0) {
        return;
    }
    if (rv != APR_SUCCESS && c->ph->header_code != 420) {
        fail_msg("no room at operation %lu: %s, status %d", at, c->ph->why,
                 c->ph->header_code);
    }
    go_on(c, apr_psprintf(w->pool, "no room from operation %lu on", at));
}

static void test_disk_full_at_each_write(void **state)
{
    unsigned long at, n = 0;
    int went = 1;

    for (at = 1; went; at += step(3)) {
        full_at(at, &went);
        n += went != 0;
    }
    assert_true(n > 5);
    store_close(&w->store);
    check_database();
    world_open(0);
}

#define ON_POWER(f) { #f, f, setup, world_teardown, NULL }

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_POWER(test_power_lost_before_any_write),
        ON_POWER(test_power_lost_after_all_writes),
        ON_POWER(test_power_lost_writes_reordered),
        ON_POWER(test_power_lost_torn_page),
        ON_POWER(test_power_lost_in_checkpoints),
        ON_POWER(test_power_lost_again_and_again),
        ON_POWER(test_disk_full_at_each_write)
    };

    power_install();
    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_power");
}
