/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The store under several threads and processes at once: no update is lost,
 * nobody sees half a transaction, readers do not wait, a writer waits no
 * longer than it was told to.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "store_fixture.h"

#define THREADS  4
#define ROUNDS   40

/* A transaction of a writer: two items, one in each datastore, and a sum
 * that readers can check. */
static apr_status_t write_once(store_t *store, const fixture_t *f,
                               apr_pool_t *p)
{
    store_tx_t *tx = NULL;
    store_item_t a = make_item(f->contacts, f->phone, "a");
    store_item_t b = make_item(f->calendar, f->phone, "b");
    const char *value = NULL;
    apr_status_t rv = store_begin(&tx, store, STORE_WRITE, p);

    if (rv == APR_SUCCESS)
        rv = store_item_add(tx, f->alice, &a);
    if (rv == APR_SUCCESS)
        rv = store_item_add(tx, f->alice, &b);
    if (rv == APR_SUCCESS) {
        rv = store_setting_get(tx, "count", &value);
        if (rv == APR_NOTFOUND)
            rv = APR_SUCCESS;
    }
    if (rv == APR_SUCCESS)
        rv = store_setting_set(tx, "count",
                               apr_ltoa(p, (value ? (long)apr_atoi64(value) : 0)
                                           + 1));
    if (rv == APR_SUCCESS)
        rv = store_commit(&tx, NULL);
    store_rollback(&tx);
    return rv;
}

/* What every snapshot must show. @return the count, or -1 */
static int read_once(store_t *store, const fixture_t *f, apr_pool_t *p)
{
    store_tx_t *tx = NULL;
    store_datastore_t *a, *b;
    const char *value = NULL;
    int items = 0, count;

    if (store_begin(&tx, store, STORE_READ, p) != APR_SUCCESS)
        return -1;
    if (store_datastore_open(tx, f->alice, "contacts", &a) != APR_SUCCESS
        || store_datastore_open(tx, f->alice, "calendar", &b) != APR_SUCCESS
        || store_item_list(tx, f->alice, f->contacts, 0, 0, count_items,
                           &items) != APR_SUCCESS)
        return -1;
    count = store_setting_get(tx, "count", &value) == APR_SUCCESS
            ? (int)apr_atoi64(value) : 0;
    if (a->items != count || b->items != count || a->change != count
        || b->change != count || items != count)
        count = -1;
    store_rollback(&tx);
    return count;
}

typedef struct worker_t {
    fixture_t *f;
    int writes;
    int bad;
    pthread_t thread;
} worker_t;

static void *work(void *baton)
{
    worker_t *w = baton;
    apr_pool_t *p;
    int i, count, last = 0;

    apr_pool_create(&p, NULL);
    for (i = 0; i < ROUNDS; i++) {
        apr_pool_clear(p);
        if (w->writes) {
            if (write_once(w->f->store, w->f, p) != APR_SUCCESS)
                w->bad++;
            continue;
        }
        count = read_once(w->f->store, w->f, p);
        if (count < last)       /* also -1 */
            w->bad++;
        last = count;
    }
    apr_pool_destroy(p);
    return NULL;
}

static void threads(void **state)
{
    fixture_t *f = *state;
    worker_t w[2 * THREADS];
    apr_pool_t *p;
    int i;

    for (i = 0; i < 2 * THREADS; i++) {
        w[i].f = f;
        w[i].writes = i % 2;
        w[i].bad = 0;
        assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
    }
    for (i = 0; i < 2 * THREADS; i++) {
        pthread_join(w[i].thread, NULL);
        assert_int_equal(w[i].bad, 0);
    }
    apr_pool_create(&p, NULL);
    assert_int_equal(read_once(f->store, f, p), THREADS * ROUNDS);
    apr_pool_destroy(p);
}

/* The child of a fork never uses the parent's store: it opens another. */
static int child_writes(fixture_t *f, int rounds)
{
    store_options_t options = { .busy_timeout = apr_time_from_sec(30) };
    store_t *store;
    apr_pool_t *p, *all;
    int i;

    apr_pool_create(&all, NULL);
    apr_pool_create(&p, NULL);
    if (store_open(&store, f->url, &options, NULL, all) != APR_SUCCESS)
        return 2;
    for (i = 0; i < rounds; i++) {
        apr_pool_clear(p);
        if (write_once(store, f, p) != APR_SUCCESS)
            return 3;
        if (read_once(store, f, p) < i + 1)
            return 4;
    }
    store_close(&store);
    return 0;
}

static void processes(void **state)
{
    fixture_t *f = *state;
    pid_t pids[2];
    apr_pool_t *p;
    int i, status;

    if (!is_sqlite(f))
        return;
    store_close(&f->store);
    for (i = 0; i < 2; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(child_writes(f, 60));
    }
    for (i = 0; i < 2; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
    reopen(f);
    apr_pool_create(&p, NULL);
    assert_int_equal(read_once(f->store, f, p), 120);
    apr_pool_destroy(p);
}

/* Several processes make the same new store. */
static void creation(void **state)
{
    fixture_t *f = *state;
    pid_t pids[6];
    store_tx_t *tx;
    const char *password, *words;
    store_account_t *a;
    int i, status;

    if (!is_sqlite(f))
        return;
    f->db = apr_pstrcat(f->p, f->dir, "/new.db", NULL);
    f->url = apr_pstrcat(f->p, "sqlite:", f->db, NULL);
    f->key = apr_pstrcat(f->p, f->dir, "/newkey", NULL);
    store_close(&f->store);
    for (i = 0; i < 6; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0) {
            if (open_store(f, f->key, 1, &words) != APR_SUCCESS) {
                fprintf(stderr, "# %s\n", words);
                _exit(2);
            }
            tx = begin_write(f);
            if (store_account_add(tx, apr_itoa(f->p, i), "secret", NULL)
                != APR_SUCCESS)
                _exit(3);
            _exit(store_commit(&tx, NULL) == APR_SUCCESS ? 0 : 4);
        }
    }
    for (i = 0; i < 6; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    reopen(f);
    tx = begin(f, STORE_READ);
    for (i = 0; i < 6; i++) {   /* all under one key */
        OK(store_account_find(tx, apr_itoa(f->p, i), &a));
        OK(store_account_password(tx, a->id, &password));
        assert_string_equal(password, "secret");
    }
    roll_back(tx);
}

/* A child that was forked with the store open, as for any other program,
 * keeps its hands off: the parent's transaction lives on. */
static void forked_child_touches_nothing(void **state)
{
    fixture_t *f = *state;
    store_tx_t *writer = begin_write(f), *tx = NULL;
    pid_t pid;
    int status;

    add_item(writer, f->alice, f->contacts, 0, "x");
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        apr_int64_t version;

        if (store_begin(&tx, f->store, STORE_READ, f->p) != APR_EINVAL
            || store_data_version(f->store, &version) != APR_EINVAL)
            _exit(1);
        apr_pool_destroy(f->p);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    add_item(writer, f->alice, f->contacts, 0, "y");
    commit(writer);
    tx = begin(f, STORE_READ);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 2);
    roll_back(tx);
    if (is_sqlite(f))
        reopen(f);
}

static void readers_do_not_wait(void **state)
{
    fixture_t *f = *state;
    store_tx_t *writer = begin_write(f), *tx;
    apr_time_t start = apr_time_now();
    int i;

    add_item(writer, f->alice, f->contacts, 0, "x");
    for (i = 0; i < 50; i++) {
        tx = begin(f, STORE_READ);
        assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 0);
        roll_back(tx);
    }
    assert_true(apr_time_now() - start < apr_time_from_sec(2));
    commit(writer);
}

/* The memory store cannot be opened twice: there the second writer is of the
 * same store, whose patience is twenty seconds. */
static void busy_timeout(void **state)
{
    fixture_t *f = *state;
    store_options_t options = { .busy_timeout = 300000, .create = 1 };
    store_tx_t *writer = NULL, *tx = NULL;
    store_t *store, *second;
    apr_time_t start;
    apr_interval_time_t waited;

    OK(store_open(&store, f->url, &options, NULL, f->p));
    second = is_sqlite(f) ? f->store : store;
    OK(store_begin(&writer, second, STORE_WRITE, f->p));
    start = apr_time_now();
    EXPECT(STORE_EBUSY, store_begin(&tx, store, STORE_WRITE, f->p));
    waited = apr_time_now() - start;
    assert_null(tx);
    assert_true(waited >= 300000 && waited < 5000000);
    store_rollback(&writer);
    OK(store_begin(&tx, store, STORE_WRITE, f->p));     /* a retry works */
    OK(store_commit(&tx, NULL));
    store_close(&store);
}

/* Handed over whole: the transaction with the pool that it lives in. */
static void *commit_later(void *baton)
{
    store_tx_t *tx = baton;

    apr_sleep(100000);
    OK(store_commit(&tx, NULL));
    return NULL;
}

static void writer_gets_its_turn(void **state)
{
    fixture_t *f = *state;
    store_tx_t *writer = NULL, *tx = NULL;
    pthread_t thread;
    apr_pool_t *p;
    apr_time_t start = apr_time_now();

    apr_pool_create(&p, NULL);
    OK(store_begin(&writer, f->store, STORE_WRITE, p));
    OK(store_setting_set(writer, "s", "1"));
    assert_int_equal(pthread_create(&thread, NULL, commit_later, writer), 0);
    tx = begin_write(f);
    /* Soon after the other has gone, not at the end of the patience. */
    assert_true(apr_time_now() - start < apr_time_from_sec(3));
    assert_int_equal(pthread_join(thread, NULL), 0);
    commit(tx);
    apr_pool_destroy(p);
}

/* Two workers claim from one queue: each row goes to one of them. */
static void *claim_some(void *baton)
{
    worker_t *w = baton;
    apr_pool_t *p;
    store_tx_t *tx = NULL;
    apr_array_header_t *dues;
    int i;

    apr_pool_create(&p, NULL);
    for (i = 0; i < 10; i++) {
        apr_pool_clear(p);
        if (store_begin(&tx, w->f->store, STORE_WRITE, p) != APR_SUCCESS
            || store_due_claim(tx, 1000, NULL, NULL, 1000,
                               w->writes ? "a" : "b", 3, &dues) != APR_SUCCESS)
            return NULL;
        w->bad += dues->nelts;
        if (store_commit(&tx, NULL) != APR_SUCCESS)
            return NULL;
    }
    apr_pool_destroy(p);
    return NULL;
}

static void claims_do_not_overlap(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    worker_t w[2];
    int i;

    for (i = 0; i < 30; i++) {
        store_set_now(tx, 5);
        put_synced(tx, f->alice, add_device(tx, f->alice, apr_itoa(f->p, i),
                                            "+49"), "contacts", 5);
    }
    commit(tx);
    tx = begin_write(f);
    store_set_now(tx, 100);
    add_item(tx, f->alice, f->contacts, 0, "x");
    commit(tx);
    for (i = 0; i < 2; i++) {
        w[i].f = f;
        w[i].writes = i;
        w[i].bad = 0;
        assert_int_equal(pthread_create(&w[i].thread, NULL, claim_some,
                                        &w[i]), 0);
    }
    for (i = 0; i < 2; i++)
        pthread_join(w[i].thread, NULL);
    assert_int_equal(w[0].bad + w[1].bad, 30);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(threads), TEST(processes), TEST(creation),
        TEST(forked_child_touches_nothing), TEST(readers_do_not_wait),
        TEST(busy_timeout),
        TEST(writer_gets_its_turn), TEST(claims_do_not_overlap)
    };

    return RUN_BOTH("store parallel", tests);
}
