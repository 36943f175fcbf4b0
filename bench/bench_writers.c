/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * How long a writer waits for its turn while others write: eight processes
 * (httpd's prefork) that each add items in transactions of their own, one
 * after the other without a pause, for some seconds; the same without the
 * store's queue of writers, and by raw SQLite with a busy timeout.  Prints one
 * line `name value unit' for each figure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <sqlite3.h>

#include "store/store.h"

#define WRITERS  8
#define SECONDS  6
#define ROOM     100000         /* waits of one writer */

typedef struct writer_t {
    int n;
    apr_interval_time_t wait[ROOM];
} writer_t;

static writer_t *writers;
static char dir[64], url[160], path[120];

static void die(const char *words)
{
    fprintf(stderr, "bench_writers: %s\n", words);
    _exit(2);
}

static void note(writer_t *w, apr_time_t since)
{
    if (w->n < ROOM)
        w->wait[w->n++] = apr_time_now() - since;
}

/* ---- through the store ------------------------------------------------- */

static void write_items(writer_t *w, store_id_t account, store_id_t ds)
{
    apr_time_t end = apr_time_now() + apr_time_from_sec(SECONDS), since;
    char text[500];
    apr_pool_t *p;
    store_t *store;
    store_tx_t *tx;

    memset(text, 'x', sizeof(text));
    apr_pool_create(&p, NULL);
    if (store_open(&store, url, NULL, NULL, p))
        die("cannot open");
    while ((since = apr_time_now()) < end) {
        store_item_t item = { .datastore = ds, .type = "text/vcard",
                              .key = since, .data = text,
                              .len = sizeof(text) };
        apr_pool_t *sub;

        apr_pool_create(&sub, p);
        if (store_begin(&tx, store, STORE_WRITE, sub))
            die("no turn within 10 seconds");
        note(w, since);
        if (store_item_add(tx, account, &item) || store_commit(&tx, NULL))
            die("cannot write");
        apr_pool_destroy(sub);
    }
}

static void make_store(store_id_t *account, store_id_t *ds)
{
    store_options_t options = { .create = 1 };
    store_datastore_t *d;
    apr_pool_t *p;
    store_t *store;
    store_tx_t *tx;

    apr_pool_create(&p, NULL);
    if (store_open(&store, url, &options, NULL, p)
        || store_begin(&tx, store, STORE_WRITE, p)
        || store_account_add(tx, "bench", NULL, account)
        || store_datastore_open(tx, *account, "contacts", &d))
        die("cannot make the store");
    *ds = d->id;
    if (store_commit(&tx, NULL))
        die("cannot make the store");
    apr_pool_destroy(p);
}

/* ---- raw SQLite -------------------------------------------------------- */

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        die(sqlite3_errmsg(db));
}

static void write_raw(writer_t *w)
{
    apr_time_t end = apr_time_now() + apr_time_from_sec(SECONDS), since;
    sqlite3 *db;

    if (sqlite3_open(path, &db) != SQLITE_OK)
        die("cannot open");
    sqlite3_busy_timeout(db, 20000);
    run(db, "PRAGMA synchronous = FULL");
    while ((since = apr_time_now()) < end) {
        run(db, "BEGIN IMMEDIATE");
        note(w, since);
        run(db, "INSERT INTO t VALUES (NULL, zeroblob(500)); COMMIT");
    }
}

static void make_raw(void)
{
    sqlite3 *db;

    if (sqlite3_open(path, &db) != SQLITE_OK)
        die("cannot open");
    run(db, "PRAGMA journal_mode = WAL; CREATE TABLE t (id INTEGER PRIMARY "
        "KEY, data BLOB)");
    sqlite3_close(db);
}

/* ---- figures ----------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const apr_interval_time_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static void figures(const char *name)
{
    apr_interval_time_t *all = malloc(sizeof(*all) * WRITERS * ROOM);
    int i, n = 0, least = ROOM;

    for (i = 0; i < WRITERS; i++) {
        memcpy(all + n, writers[i].wait, sizeof(*all) * writers[i].n);
        n += writers[i].n;
        if (writers[i].n < least)
            least = writers[i].n;
    }
    qsort(all, n, sizeof(*all), by_value);
    printf("%s_transactions %.0f per_second\n", name, (double)n / SECONDS);
    printf("%s_wait_median %.2f ms\n", name, all[n / 2] / 1e3);
    printf("%s_wait_p99 %.2f ms\n", name, all[n - 1 - n / 100] / 1e3);
    printf("%s_wait_longest %.2f ms\n", name, all[n - 1] / 1e3);
    printf("%s_least_share %.2f of_an_equal_one\n", name,
           (double)least * WRITERS / n);
    free(all);
}

/* Where the queue's file should be is a directory: they go without. */
static void forbid_queue(void)
{
    char queue[140];

    snprintf(queue, sizeof(queue), "%s-queue", path);
    if (mkdir(queue, 0700) != 0)
        die("no directory");
}

static void race(const char *name, int raw, int unqueued)
{
    store_id_t account = 0, ds = 0;
    int i, status;

    memset(writers, 0, WRITERS * sizeof(*writers));
    snprintf(path, sizeof(path), "%s/%s.db", dir, name);
    snprintf(url, sizeof(url), "sqlite:%s", path);
    if (unqueued)
        forbid_queue();
    if (raw)
        make_raw();
    else
        make_store(&account, &ds);
    for (i = 0; i < WRITERS; i++) {
        if (fork() == 0) {
            if (raw)
                write_raw(&writers[i]);
            else
                write_items(&writers[i], account, ds);
            _exit(0);
        }
    }
    while (wait(&status) > 0) {
        if (status != 0)
            exit(2);
    }
    figures(name);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    char command[100];

    apr_initialize();
    snprintf(dir, sizeof(dir), "%s/writersXXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(dir))
        die("no directory");
    writers = mmap(NULL, WRITERS * sizeof(*writers), PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (writers == MAP_FAILED)
        die("no memory");
    printf("# %d processes that write without a pause\n", WRITERS);
    fflush(stdout);
    race("writers_store", 0, 0);
    race("writers_unqueued", 0, 1);
    race("writers_raw", 1, 0);
    snprintf(command, sizeof(command), "rm -rf '%s'", dir);
    return system(command) ? 2 : 0;
}
