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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_sync_type, setup, teardown)
    };

   int failed;

    apr_initialize();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_terminate();
    return failed;
}
