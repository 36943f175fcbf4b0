/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What kind of sync the push worker asks a device for, by the rules of the
 * server, its account and its own. */
#include "push_place.h"

static const char *output_of(place_t *b, const char *command)
{
    FILE *f = popen(command, "r");
    char *line = apr_pcalloc(b->pool, 200);

    assert_non_null(f);
    assert_non_null(fgets(line, 200, f));
    pclose(f);
    return line;
}

/* A text of each SMS: that many have the words. */
static int files_with(place_t *b, const char *words)
{
    return atoi(output_of(b, apr_psprintf(b->pool, "grep -l '%s' %s/* | "
                                          "wc -l", words, b->sms)));
}

/* The server's, the account's, the device's: the nearest counts. */
static void test_sync_type(void **state)
{
    place_t *b = *state;
    store_tx_t *tx = seed_begin(b->store, b->pool);
    running_t *r;
    store_id_t own, old;

    set(b, "sync-type.calendar", "one-way-from-server");
    seed_device(tx, b->account, "IMEI:1", NUMBER, both);
    own = seed_device(tx, b->account, "IMEI:2", NUMBER, both);
    assert_int_equal(store_account_setting_set(tx, b->account,
        "push.sync-type", "one-way-from-client"), APR_SUCCESS);
    assert_int_equal(store_device_setting_set(tx, own,
        "push.sync-type.contacts", "refresh-from-server"), APR_SUCCESS);
    old = seed_device(tx, b->account, "IMEI:3", NUMBER, both);
    assert_int_equal(store_device_setting_set(tx, old,
        "push.sync-type", "two-way"), APR_SUCCESS);
    seed_commit(tx);
    tx = seed_begin(b->store, b->pool);
    seed_change(tx, b->account, "contacts");
    seed_change(tx, b->account, "calendar");
    seed_commit(tx);
    r = start(b);
    expect_files(b, 3, 5);
    stop(r);
    assert_int_equal(files_with(b, "calendar; sync 209 (one-way from s"), 3);
    assert_int_equal(files_with(b, "contacts; sync 207 (one-way from c"), 1);
    assert_int_equal(files_with(b, "contacts; sync 210 (refresh from s"), 1);
    assert_int_equal(files_with(b, "contacts; sync 206 (two-way)"), 1);
}

/* The device syncs a datastore, all of it or (one way, to us) nothing. */
static void sync_of(place_t *b, store_id_t device, const char *datastore,
                    int fetches)
{
    store_tx_t *tx = seed_begin(b->store, b->pool);
    store_datastore_t *ds;
    store_anchor_t *a;

    seed_must(store_datastore_open(tx, b->account, datastore, &ds), "sync");
    seed_must(store_anchor_get(tx, device, ds->id, &a), "sync");
    a->synced = apr_time_now();
    store_set_now(tx, a->synced);
    if (fetches) {
        a->last.seen = ds->change;
    }
    seed_must(store_anchor_put(tx, a), "sync");
    seed_commit(tx);
}

static void change_of(place_t *b, const char *datastore)
{
    store_tx_t *tx = seed_begin(b->store, b->pool);

    seed_change(tx, b->account, datastore);
    seed_commit(tx);
    eventfd_write(b->wake_fd, 1);
}

static void at_once(place_t *b)
{
    set(b, "delay", "0");
    set(b, "min-interval", "0");
    set(b, "own-syncs", "off");
}

/* Its user has set it to send only: each notification is answered by a sync
 * that fetches nothing.  That does not go round in a circle. */
static void test_fetches_nothing(void **state)
{
    place_t *b = *state;
    store_due_t due;
    running_t *r;
    last_t last;

    at_once(b);
    owe(b, NUMBER, contacts);
    r = start(b);
    expect_files(b, 1, 5);
    due = wait_due(b, STORE_DUE_SENT, 2);
    sync_of(b, due.device, "contacts", 0);
    eventfd_write(b->wake_fd, 1);
    usleep(1500000);
    assert_int_equal(count_files(b), 1);
    last = wait_log_row(b, STORE_PUSH_HELD, 2);
    assert_string_equal(last.e.reason, "not-fetched");
    due = due_of(b);
    assert_string_equal(due.plan, "not-fetched");
    assert_in_range(due.planned, due.last_sent + SECONDS(14 * 60),
                    due.last_sent + SECONDS(16 * 60));
    change_of(b, "contacts");           /* of the same datastore */
    sync_of(b, due.device, "contacts", 0);
    usleep(500000);
    assert_int_equal(count_files(b), 1);
    sync_of(b, due.device, "contacts", 1);
    assert_int_equal(due_of(b).device, 0);
    change_of(b, "contacts");           /* it does fetch */
    expect_files(b, 2, 5);
    stop(r);
}

/* A datastore that the device syncs no more is told of with the others, not
 * for its own sake. */
static void test_datastore_given_up(void **state)
{
    place_t *b = *state;
    store_due_t due;
    running_t *r;

    at_once(b);
    owe(b, NUMBER, both);
    r = start(b);
    expect_files(b, 1, 5);
    due = wait_due(b, STORE_DUE_SENT, 2);
    sync_of(b, due.device, "contacts", 1);
    usleep(1200000);
    assert_int_equal(count_files(b), 1);
    assert_string_equal(due_of(b).plan, "not-fetched");
    change_of(b, "contacts");
    expect_files(b, 2, 5);
    wait_due(b, STORE_DUE_SENT, 2);
    sync_of(b, due.device, "contacts", 1);
    usleep(1200000);
    assert_int_equal(count_files(b), 2);
    stop(r);
}

/* It is said once, not at each of its syncs. */
static void test_never_fetches(void **state)
{
    place_t *b = *state;
    store_due_t due;
    running_t *r;
    last_t last;
    int i;

    at_once(b);
    set(b, "unanswered", "1min");
    owe(b, NUMBER, contacts);
    for (i = 0; i < 2; i++) {
        store_tx_t *tx;

        r = start(b);
        expect_files(b, i + 1, 5);
        due = wait_due(b, STORE_DUE_SENT, 2);
        stop(r);
        b->started = 0;
        sync_of(b, due.device, "contacts", 0);
        tx = seed_begin(b->store, b->pool);     /* the minute is over */
        if (!i) {
            assert_int_equal(store_due_now(tx, due.device), APR_SUCCESS);
        }
        seed_commit(tx);
    }
    r = start(b);
    last = wait_log_row(b, STORE_PUSH_SUSPENDED, 5);
    assert_string_equal(last.e.reason, "never-fetched");
    assert_true(logged(b, "<4>push account=alice device=IMEI:1 number="
                       NUMBER " is told no more of contacts until it fetches "
                       "it"));
    for (i = 0; i < 3; i++) {
        sync_of(b, due.device, "contacts", 0);
        change_of(b, "contacts");
        usleep(200000);
    }
    stop(r);
    assert_int_equal(log_of(b, 1u << STORE_PUSH_SUSPENDED).n, 1);
    assert_int_equal(count_files(b), 2);
    assert_string_equal(due_of(b).plan, "never-fetched");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_sync_type), TEST(test_fetches_nothing),
        TEST(test_datastore_given_up), TEST(test_never_fetches)
    };
    int failed;

    apr_initialize();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
