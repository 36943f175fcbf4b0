/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Finding who is to be told: what it costs with many idle devices, and the
 * memory for 100,000 devices that are due at once.
 *
 * push_due_next      the look whether anything is due
 * push_due_claim     taking one of 100 due rows, by the rules, in a
 *                    transaction of its own with all of them
 * Each with 1000 idle devices and with 1,000,000: half of them owe nothing,
 * the others wait for their planned time, for an answer, or are suspended.
 * aim: below 1.5 times.
 *
 * push_due_all       each of 100,000 rows claimed and told, 256 at a time
 * aim: memory grows by less than 8 MB from the first tenth to the end.
 *
 * push_start         until a worker that starts has told a device that is due,
 *                    among as many idle ones: with the rules of its
 *                    predecessor, and with others, by which all rows are
 *                    planned anew meanwhile; and the longest that another
 *                    writer of the store had to wait then
 *
 * IDLE=n, DUE=n: other numbers.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <sqlite3.h>

#include "push/policy.h"
#include "push/worker.h"
#include "store/store.h"
#include "t/unit/push_seed.h"

#define NOW    apr_time_from_sec((apr_int64_t)1784116800)
#define BATCH  256

typedef struct place_t {
    apr_pool_t *p;
    const char *dir, *file;
    apr_time_t now;
    store_t *store;
    policy_rules_t rules;
} place_t;

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "bench_push_due: %s\n", what);
        exit(2);
    }
}

static double cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

/* Resident memory now, KiB. */
static long resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0;

    must(f && fscanf(f, "%*s %ld", &pages) == 1, "statm");
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* ---- a store with many devices ------------------------------------------- */

static void sql(place_t *b, const char *text)
{
    char *words = NULL;
    sqlite3 *db;

    must(sqlite3_open(b->file, &db) == SQLITE_OK, "open");
    if (sqlite3_exec(db, text, NULL, NULL, &words) != SQLITE_OK) {
        must(0, words);
    }
    sqlite3_close(db);
}

#define MANY  "WITH RECURSIVE n(i) AS (SELECT %d UNION ALL " \
              "SELECT i + 1 FROM n WHERE i < %d) "

/* Devices `from' to `to' of account 1 that have synced datastore 1. */
static const char *devices(apr_pool_t *p, int from, int to)
{
    return apr_psprintf(p, "BEGIN;" "INSERT INTO devices (id, account, devid, "
        "push, number, first_seen, last_seen, nonce, nonce_prev, "
        "syncml_version, sync_url, manufacturer, model, firmware, software, "
        "hardware) " MANY "SELECT i, 1, 'IMEI:' || i, 1, '+4917' || i, 1, 1, "
        "'', '', '1.2', '', 'Nokia', 'E71', '', '', '' FROM n;"
        "INSERT INTO anchors (device, datastore, synced, last_seen, "
        "last_client, last_server, former_seen, former_client, "
        "former_server, content_code, uri) " MANY "SELECT i, 1, 1, 1, 'c', "
        "'s', 0, '', '', 7, 'contacts' FROM n; COMMIT;", from, to, from, to);
}

static void make_store(place_t *b)
{
    store_options_t options = { .create = 1 };
    store_item_t item = { .type = "text/vcard", .data = "x", .len = 1 };
    store_datastore_t *ds;
    store_tx_t *tx;
    store_id_t account;

    must(store_open(&b->store, apr_pstrcat(b->p, "sqlite:", b->file, NULL),
                    &options, NULL, b->p) == APR_SUCCESS, "store");
    must(store_begin(&tx, b->store, STORE_WRITE, b->p) == APR_SUCCESS, "tx");
    store_set_now(tx, b->now - apr_time_from_sec(900));
    must(store_account_add(tx, "alice", NULL, &account) == APR_SUCCESS,
         "account");
    must(store_datastore_open(tx, account, "contacts", &ds) == APR_SUCCESS,
         "datastore");
    item.datastore = ds->id;
    must(store_item_add(tx, account, &item) == APR_SUCCESS
         && store_item_add(tx, account, &item) == APR_SUCCESS, "items");
    must(store_commit(&tx, NULL) == APR_SUCCESS, "commit");
}

/* Rows of devices in all states in which they wait. */
static void idle_rows(place_t *b, int from, int to)
{
    sql(b, apr_psprintf(b->p, "BEGIN; INSERT INTO dues (device, account, "
        "state, unanswered, first_change, last_change, not_before, planned) "
        MANY "SELECT i, 1, i %% 3, i %% 3, %" APR_TIME_T_FMT ", %"
        APR_TIME_T_FMT ", 0, %" APR_TIME_T_FMT " + i FROM n WHERE i %% 2 = 0;"
        "COMMIT;", from, to, b->now, b->now, b->now + apr_time_from_sec(86400)));
}

static void due_rows(place_t *b, int from, int to)
{
    apr_time_t then = b->now - apr_time_from_sec(900);

    sql(b, apr_psprintf(b->p, "BEGIN; INSERT OR REPLACE INTO dues (device, "
        "account, first_change, last_change) " MANY "SELECT i, 1, %"
        APR_TIME_T_FMT ", %" APR_TIME_T_FMT " FROM n; COMMIT;", from, to,
        then, then));
}

/* ---- measures ------------------------------------------------------------ */

static apr_status_t plan(void *baton, store_tx_t *tx, const store_due_t *due,
                         apr_time_t now, store_plan_t *out)
{
    const place_t *b = baton;
    policy_plan_t decided;

    policy_decide(&decided, &b->rules, NULL, due, now);
    out->when = decided.when;
    out->reason = policy_word(decided.why);
    return APR_SUCCESS;
}

/* Claim up to max rows and tell them. @return how many */
static int claim(place_t *b, int max, int tell)
{
    apr_array_header_t *dues;
    apr_pool_t *p;
    store_tx_t *tx;
    int i, n;

    apr_pool_create(&p, b->p);
    must(store_begin(&tx, b->store, STORE_WRITE, p) == APR_SUCCESS, "tx");
    store_set_now(tx, b->now);
    must(store_due_claim(tx, b->now, plan, b, apr_time_from_sec(30), "bench",
                         max, &dues) == APR_SUCCESS, "claim");
    n = dues->nelts;
    for (i = 0; i < n && tell; i++) {
        must(store_due_sent(tx, APR_ARRAY_IDX(dues, i, store_due_t *)->device,
                            "bench", b->now + apr_time_from_sec(900))
             == APR_SUCCESS, "sent");
    }
    if (tell) {
        must(store_commit(&tx, NULL) == APR_SUCCESS, "commit");
    }
    store_rollback(&tx);
    apr_pool_destroy(p);
    return n;
}

static double next_cost(place_t *b)
{
    double before;
    int i;

    claim(b, 1, 0);
    before = cpu();
    for (i = 0; i < 2000; i++) {
        apr_pool_t *p;
        store_tx_t *tx;
        apr_time_t when;

        apr_pool_create(&p, b->p);
        must(store_begin(&tx, b->store, STORE_READ, p) == APR_SUCCESS, "tx");
        must(store_due_next(tx, &when) == APR_SUCCESS && when == 1, "next");
        store_rollback(&tx);
        apr_pool_destroy(p);
    }
    return (cpu() - before) / 2000;
}

static double claim_cost(place_t *b)
{
    double before = cpu();
    int i;

    for (i = 0; i < 30; i++) {
        must(claim(b, 100, 0) == 100, "100 rows are due");
    }
    return (cpu() - before) / 3000;
}

static int compare(const char *name, double few, double many)
{
    printf("%s %.2f us with few\n%s %.2f us with many\n%s_ratio %.2f times\n",
           name, few * 1e6, name, many * 1e6, name, many / few);
    printf("# aim: below 1.5 times: %s\n",
           many < few * 1.5 ? "kept" : "MISSED");
    return many >= few * 1.5;
}

static int all_at_once(place_t *b, int n)
{
    double before;
    long memory = 0, end;
    int done = 0, got;

    due_rows(b, 1001, 1000 + n);
    before = cpu();
    while ((got = claim(b, BATCH, 1)) > 0) {
        done += got;
        if (!memory && done >= n / 10) {
            memory = resident();
        }
    }
    end = resident();
    printf("push_due_all %.2f us a device, claimed and told\n",
           (cpu() - before) / done * 1e6);
    printf("push_due_memory %ld KiB more at the end\n", end - memory);
    printf("# aim: below 8192 KiB for %d devices: %s\n", done,
           end - memory < 8192 ? "kept" : "MISSED");
    must(done >= n, "all of them");
    return end - memory >= 8192;
}

/* ---- a worker that starts ------------------------------------------------ */

typedef struct start_t {
    worker_t *worker;
    _Atomic apr_time_t told;
} start_t;

static void on_log(void *baton, int level, apr_status_t rv, const char *words)
{
    start_t *s = baton;

    if (level < 5) {
        fprintf(stderr, "# %s\n", words);
    }
    else if (!s->told && strstr(words, " result=accepted ")) {
        s->told = apr_time_now();
    }
}

static void *run(void *worker)
{
    worker_run(worker);
    return NULL;
}

/* Seconds of a small write transaction. */
static double write_once(place_t *b)
{
    apr_time_t before = apr_time_now();
    apr_pool_t *p;
    store_tx_t *tx;

    apr_pool_create(&p, b->p);
    must(store_begin(&tx, b->store, STORE_WRITE, p) == APR_SUCCESS, "tx");
    must(store_setting_set(tx, "bench", "x") == APR_SUCCESS
         && store_commit(&tx, NULL) == APR_SUCCESS, "write");
    apr_pool_destroy(p);
    return (apr_time_now() - before) / 1e6;
}

/* Whether the rows are planned by the worker's rules: no place in them. */
static int is_planned(place_t *b)
{
    const char *by;
    apr_pool_t *p;
    store_tx_t *tx;
    int planned;

    apr_pool_create(&p, b->p);
    must(store_begin(&tx, b->store, STORE_READ, p) == APR_SUCCESS, "tx");
    planned = store_setting_get(tx, "push.planned-by", &by) == APR_SUCCESS
        && !strchr(by, ' ');
    store_rollback(&tx);
    apr_pool_destroy(p);
    return planned;
}

/* @param longest  out: of other writers
 * @return seconds until the device is told */
static double start(place_t *b, store_id_t device, double *longest,
                    double *all)
{
    worker_options_t o = { .server_id = "sync.example.com", .report_fd = -1,
        .wake_fd = -1, .log = on_log, .rules = &b->rules };
    apr_time_t before;
    pthread_t thread;
    start_t s = { 0 };
    double took;

    due_rows(b, (int)device, (int)device);
    o.store_url = apr_pstrcat(b->p, "sqlite:", b->file, NULL);
    o.routes = seed_route(NULL, NULL, apr_pstrcat(b->p, "file:", b->dir,
                                                  NULL), "", b->p);
    o.log_baton = &s;
    must(worker_create(&s.worker, &o, b->p) == APR_SUCCESS, "worker");
    before = apr_time_now();
    must(pthread_create(&thread, NULL, run, s.worker) == 0, "thread");
    *longest = 0;
    while (!s.told || !is_planned(b)) {
        took = write_once(b);
        *longest = took > *longest ? took : *longest;
        usleep(5000);
    }
    *all = (apr_time_now() - before) / 1e6;
    worker_stop(s.worker);
    pthread_join(thread, NULL);
    return (s.told - before) / 1e6;
}

/* @param from, to  devices to be added before */
static void start_costs(place_t *b, int from, int to)
{
    double same, other, longest[2], all[2];
    int i = from ? 4 : 1;

    sql(b, devices(b->p, from ? from : 1, to));
    idle_rows(b, from ? from : 10, to);
    if (!from) {
        start(b, i, &longest[0], &all[0]);      /* the first of all */
    }
    same = start(b, i + 1, &longest[0], &all[0]);
    b->rules.max_delay += 1;
    other = start(b, i + 2, &longest[1], &all[1]);
    printf("# %d idle devices\n", to);
    printf("push_start_same %.3f s, a writer waited %.3f s\n", same,
           longest[0]);
    printf("push_start_other %.3f s, all planned after %.1f s, a writer "
           "waited %.3f s\n", other, all[1], longest[1]);
}

static void measure_start(const char *dir, int idle, apr_pool_t *p)
{
    place_t b = { .p = p, .dir = dir, .now = apr_time_now() };

    b.file = apr_pstrcat(p, dir, "/start.db", NULL);
    policy_defaults(&b.rules);
    make_store(&b);
    start_costs(&b, 0, 1000);
    start_costs(&b, 1001, idle);
    store_close(&b.store);
}

int main(void)
{
    int idle = getenv("IDLE") ? atoi(getenv("IDLE")) : 1000000, failed;
    int due = getenv("DUE") ? atoi(getenv("DUE")) : 100000;
    char dir[] = "/tmp/bench_push_due.XXXXXX";
    place_t b = { 0 };
    double next[2], taken[2];

    apr_initialize();
    apr_pool_create(&b.p, NULL);
    must(mkdtemp(dir) != NULL, "directory");
    b.dir = dir;
    b.now = NOW;
    b.file = apr_pstrcat(b.p, dir, "/syncml.db", NULL);
    policy_defaults(&b.rules);
    make_store(&b);
    sql(&b, devices(b.p, 1, 1100));
    idle_rows(&b, 101, 1100);
    due_rows(&b, 1, 100);
    next[0] = next_cost(&b);
    taken[0] = claim_cost(&b);
    sql(&b, devices(b.p, 1101, idle + 100));
    idle_rows(&b, 1101, idle + 100);
    next[1] = next_cost(&b);
    taken[1] = claim_cost(&b);
    printf("# 1000 and %d idle devices\n", idle);
    failed = compare("push_due_next", next[0], next[1]);
    failed |= compare("push_due_claim", taken[0], taken[1]);
    failed |= all_at_once(&b, due);
    store_close(&b.store);
    measure_start(dir, idle, b.p);
    failed |= system(apr_pstrcat(b.p, "rm -r ", dir, NULL)) != 0;
    return failed;
}
