/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * For the store's tests: a fresh store of either driver with two accounts,
 * and the same test run over both drivers.
 */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "store/store.h"

typedef struct fixture_t {
    const char *driver;         /* "sqlite" or "memory" */
    char dir[64];
    const char *url, *db, *key;
    apr_pool_t *p;
    store_t *store;
    /* Alice has a phone and a tablet, both may be notified, and two
     * datastores that nobody has synced.  Bob has one of each. */
    store_id_t alice, bob;
    store_id_t phone, tablet, bobs;
    store_id_t contacts, calendar, bobs_contacts;
} fixture_t;

static inline int is_sqlite(const fixture_t *f)
{
    return strcmp(f->driver, "sqlite") == 0;
}

/* Fail with the status's words and the store's. */
static inline void expect_at(apr_status_t wanted, apr_status_t got,
                             const char *words, const char *file, int line)
{
    char a[120], b[120];

    if (wanted == got)
        return;
    print_error("status %d (%s) instead of %d (%s) %s\n", got,
                store_strerror(got, a, sizeof(a)), wanted,
                store_strerror(wanted, b, sizeof(b)), words);
    _fail(file, line);
}

/* tx must be in scope. */
#define EXPECT(STATUS, CALL) do { \
        apr_status_t got_ = (CALL); \
        expect_at(STATUS, got_, store_error(tx), __FILE__, __LINE__); \
    } while (0)
#define OK(CALL)  EXPECT(APR_SUCCESS, CALL)

static inline store_tx_t *begin(fixture_t *f, int mode)
{
    store_tx_t *tx = NULL;

    OK(store_begin(&tx, f->store, mode, f->p));
    assert_non_null(tx);
    return tx;
}

static inline store_tx_t *begin_write(fixture_t *f)
{
    return begin(f, STORE_WRITE);
}

/* @return owes_push */
static inline int commit(store_tx_t *tx)
{
    int owes = 0;

    OK(store_commit(&tx, &owes));
    assert_null(tx);
    return owes;
}

static inline void roll_back(store_tx_t *tx)
{
    store_rollback(&tx);
    assert_null(tx);
}

static inline apr_status_t open_store(fixture_t *f, const char *key,
                                      int create, const char **words)
{
    store_options_t options = { .key_file = key, .create = create,
                                .busy_timeout = apr_time_from_sec(20) };

    return store_open(&f->store, f->url, &options, words, f->p);
}

static inline void reopen(fixture_t *f)
{
    const char *words = "";

    store_close(&f->store);
    assert_null(f->store);
    expect_at(APR_SUCCESS, open_store(f, f->key, 0, &words), words, __FILE__,
              __LINE__);
}

/* ---- what most tests need ---------------------------------------------- */

static inline store_id_t add_device(store_tx_t *tx, store_id_t account,
                                    const char *devid, const char *number)
{
    store_device_t d = { .account = account, .devid = devid,
                         .number = number, .push = 1,
                         .syncml_version = "1.2", .model = "N70" };

    OK(store_device_add(tx, &d));
    assert_true(d.id > 0);
    return d.id;
}

static inline store_id_t open_datastore(store_tx_t *tx, store_id_t account,
                                        const char *name)
{
    store_datastore_t *ds;

    OK(store_datastore_open(tx, account, name, &ds));
    return ds->id;
}

static inline store_item_t make_item(store_id_t datastore, store_id_t origin,
                                     const char *data)
{
    store_item_t item = { .datastore = datastore, .origin = origin,
                          .type = "text/vcard", .key = 7, .data = data,
                          .len = strlen(data) };

    return item;
}

static inline store_item_t add_item(store_tx_t *tx, store_id_t account,
                                    store_id_t datastore, store_id_t origin,
                                    const char *data)
{
    store_item_t item = make_item(datastore, origin, data);

    OK(store_item_add(tx, account, &item));
    return item;
}

static inline void put_map(store_tx_t *tx, store_id_t device,
                           store_id_t datastore, store_id_t item,
                           const char *luid, store_id_t version)
{
    store_map_t map = { .device = device, .datastore = datastore,
                        .item = item, .luid = luid, .version = version };

    OK(store_map_put(tx, &map));
}

/* The device has synced everything up to the present counter. */
static inline void put_synced(store_tx_t *tx, store_id_t account,
                              store_id_t device, const char *datastore,
                              apr_time_t now)
{
    store_datastore_t *ds;
    store_anchor_t a = { .device = device, .uri = "./contacts",
                         .content_code = 6, .synced = now };

    OK(store_datastore_open(tx, account, datastore, &ds));
    a.datastore = ds->id;
    a.last.client = "c1";
    a.last.server = "s1";
    a.last.seen = ds->change;
    OK(store_anchor_put(tx, &a));
}

static inline store_datastore_t *get_datastore(store_tx_t *tx,
                                               store_id_t account,
                                               const char *name)
{
    store_datastore_t *ds;

    OK(store_datastore_open(tx, account, name, &ds));
    return ds;
}

/* Count the rows of any listing. */
static inline apr_status_t count_row(void *n)
{
    ++*(int *)n;
    return APR_SUCCESS;
}

static inline apr_status_t count_items(void *n, const store_item_t *item)
{
    return count_row(n);
}

/* ---- both drivers ------------------------------------------------------ */

static inline int fixture_setup_empty(void **state)
{
    const char *driver = *state;
    fixture_t *f = calloc(1, sizeof(*f));
    const char *tmp = getenv("TMPDIR"), *words = "";

    f->driver = driver;
    snprintf(f->dir, sizeof(f->dir), "%s/storeXXXXXX", tmp ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    apr_pool_create(&f->p, NULL);
    f->db = apr_pstrcat(f->p, f->dir, "/syncml.db", NULL);
    f->key = apr_pstrcat(f->p, f->dir, "/key", NULL);
    f->url = is_sqlite(f) ? apr_pstrcat(f->p, "sqlite:", f->db, NULL)
                          : "memory:";
    *state = f;
    expect_at(APR_SUCCESS, open_store(f, f->key, 1, &words), words, __FILE__,
              __LINE__);
    return 0;
}

static inline int fixture_setup(void **state)
{
    fixture_t *f;
    store_tx_t *tx;

    fixture_setup_empty(state);
    f = *state;
    tx = begin_write(f);
    OK(store_account_add(tx, "alice", "secret", &f->alice));
    OK(store_account_add(tx, "bob", NULL, &f->bob));
    f->phone = add_device(tx, f->alice, "IMEI:1", "+491701");
    f->tablet = add_device(tx, f->alice, "IMEI:2", "+491702");
    f->bobs = add_device(tx, f->bob, "IMEI:1", "+491703");
    f->contacts = open_datastore(tx, f->alice, "contacts");
    f->calendar = open_datastore(tx, f->alice, "calendar");
    f->bobs_contacts = open_datastore(tx, f->bob, "contacts");
    commit(tx);
    return 0;
}

static inline int fixture_teardown(void **state)
{
    fixture_t *f = *state;
    char command[160];

    apr_pool_destroy(f->p);
    snprintf(command, sizeof(command), "rm -rf '%s'", f->dir);
    if (!getenv("KEEP") && system(command) != 0)
        return 1;
    free(f);
    return 0;
}

typedef struct test_entry_t {
    const char *name;
    CMUnitTestFunction test;
    CMFixtureFunction setup;
} test_entry_t;

#define TEST(F)        { #F, F, fixture_setup }
#define TEST_EMPTY(F)  { #F, F, fixture_setup_empty }

/* Each test over each driver, in one TAP plan. */
static inline int run_over(const char *group, const test_entry_t *list,
                            size_t n, const char *const *drivers,
                            size_t n_drivers)
{
    struct CMUnitTest *tests = calloc(n * n_drivers, sizeof(*tests));
    apr_pool_t *p;
    size_t i, d, t = 0;
    int failed;

    apr_initialize();
    apr_pool_create(&p, NULL);
    for (d = 0; d < n_drivers; d++) {
        for (i = 0; i < n; i++, t++) {
            union { const char *in; void *out; } driver = { drivers[d] };

            tests[t].name = apr_pstrcat(p, drivers[d], ": ", list[i].name,
                                        NULL);
            tests[t].test_func = list[i].test;
            tests[t].setup_func = list[i].setup;
            tests[t].teardown_func = fixture_teardown;
            tests[t].initial_state = driver.out;
        }
    }
    failed = _cmocka_run_group_tests(group, tests, t, NULL, NULL);
    apr_pool_destroy(p);
    free(tests);
    return failed;
}

static const char *const both_drivers[] = { "sqlite", "memory" };
#define RUN_BOTH(GROUP, LIST) \
    run_over(GROUP, LIST, sizeof(LIST) / sizeof(LIST[0]), both_drivers, 2)
#define RUN_SQLITE(GROUP, LIST) \
    run_over(GROUP, LIST, sizeof(LIST) / sizeof(LIST[0]), both_drivers, 1)

#endif
