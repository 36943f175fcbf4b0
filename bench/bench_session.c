/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What sessions cost the server in processor time, in one run:
 *
 *  - a contact that is uploaded in a slow sync, against raw SQLite inserting
 *    the same rows into the items table, with and without its secondary
 *    indexes, in the same number of transactions;
 *  - a session without changes, with 100 and with 50,000 items stored;
 *  - with an httpd: sessions per second over several connections, against
 *    the same httpd's static file of the size of an answer.
 *
 * Without arguments the engine is measured alone, in this process.
 * bench/session.pl starts an httpd with one child process and calls
 *
 *    bench_session PORT PID DATABASE DIRECTORY
 *
 * with that child's process id; it has accounts bench0 to bench39, whose
 * password is "secret", and a static file /static.  Processor time of httpd
 * is that of all threads of the child, in nanoseconds as the kernel's
 * scheduler counts them.
 *
 * BENCH_ONLY=uploads, quiet or rush measures nothing else, for a profiler.
 * Prints one line `name value unit' for each figure.  The variants take
 * turns, and the median of their rounds counts.  Status 1: an aim was
 * missed.
 */
#include "session_raw.h"

#include <pthread.h>

#define CONTACTS     3000       /* per round */
#define UPLOADS      7
#define SMALL        100
#define LARGE        50000
#define QUIET        400        /* sessions per round */
#define QUIET_ROUNDS 9
#define CONNECTIONS  8
#define SECONDS      4

#define AIM_CONTACT        60.0 /* us */
#define AIM_CONTACT_RATIO  3.0  /* times raw SQLite, items table */
#define AIM_QUIET          2000.0       /* us */
#define AIM_QUIET_RATIO    1.1  /* 50,000 against 100 items */

/* ---- uploads ----------------------------------------------------------- */

static void measure_uploads(void)
{
    double a[UPLOADS], b[UPLOADS], c[UPLOADS];
    double contact, items, table;
    raw_t with, without;
    int i;

    raw_open(&with, "raw1.db", 1);
    raw_open(&without, "raw2.db", 0);
    for (i = 0; i < UPLOADS; i++) {
        load_t *l = client(apr_psprintf(pool, "bench%d", i), "IMEI:1");
        double before = server_ns(l);

        upload(l, (unsigned)(i * CONTACTS), CONTACTS);
        a[i] = (server_ns(l) - before) / CONTACTS / 1000;
        b[i] = raw_insert(&with, i + 1, CONTACTS, (int)l->posts) / 1000;
        c[i] = raw_insert(&without, i + 1, CONTACTS, (int)l->posts) / 1000;
        load_destroy(l);
    }
    sqlite3_close_v2(with.db);
    sqlite3_close_v2(without.db);
    contact = median(a, UPLOADS);
    items = median(b, UPLOADS);
    table = median(c, UPLOADS);
    figure("upload", contact, "us/contact");
    figure("raw_items_and_indexes", items, "us/contact");
    figure("raw_items", table, "us/contact");
    figure("upload_ratio", contact / items, "x_raw_items_and_indexes");
    figure("upload_ratio_bare", contact / table, "x_raw_items");
    row("an uploaded contact", contact, "SQLite, items with indexes", items);
    row("an uploaded contact", contact, "SQLite, items without indexes",
        table);
    aim("processor time per uploaded contact, us", contact, AIM_CONTACT);
    aim("uploaded contact against raw SQLite, items table with its indexes",
        contact / items, AIM_CONTACT_RATIO);
}

/* ---- sessions without changes ------------------------------------------ */

static double quiet_round(load_t *l)
{
    double before = server_ns(l);
    int i;

    for (i = 0; i < QUIET; i++) {
        quiet_session(l);
    }
    return (server_ns(l) - before) / QUIET / 1000;
}

static void measure_quiet(void)
{
    load_t *small = client("bench18", "IMEI:1");
    load_t *large = client("bench19", "IMEI:1");
    double a[QUIET_ROUNDS], b[QUIET_ROUNDS], r[QUIET_ROUNDS];
    double few, many, ratio;
    int i;

    upload(small, 0, SMALL);
    upload(large, 0, LARGE);
    quiet_round(small);
    quiet_round(large);
    for (i = 0; i < QUIET_ROUNDS; i++) {
        /* Each first in turn. */
        if (i % 2) {
            a[i] = quiet_round(small);
            b[i] = quiet_round(large);
        }
        else {
            b[i] = quiet_round(large);
            a[i] = quiet_round(small);
        }
        r[i] = b[i] / a[i];
    }
    few = median(a, QUIET_ROUNDS);
    many = median(b, QUIET_ROUNDS);
    ratio = median(r, QUIET_ROUNDS);
    figure("quiet_100", few, "us/session");
    figure("quiet_50000", many, "us/session");
    figure("quiet_ratio", ratio, "x_100_items");
    row("session, 50,000 items", many, "session, 100 items", few);
    aim("processor time of a session without changes, us", many, AIM_QUIET);
    aim("the same with 50,000 against 100 items", ratio, AIM_QUIET_RATIO);
    load_destroy(small);
    load_destroy(large);
}

/* ---- sessions per second ----------------------------------------------- */

typedef struct runner_t {
    pthread_t thread;
    const char *user;
    int is_static;
    double end;                 /* ns */
    apr_size_t sessions, posts, octets;
} runner_t;

/* Each connection is a phone with an account of its own. */
static void *run(void *baton)
{
    runner_t *r = baton;
    load_t *l = client(r->user, "IMEI:2");

    if (!r->is_static) {
        upload(l, 0, SMALL);
        l->posts = l->octets_in = 0;
    }
    r->end = clock_ns(CLOCK_MONOTONIC) + SECONDS * 1e9;
    while (clock_ns(CLOCK_MONOTONIC) < r->end) {
        if (r->is_static) {
            http_get(l, "/static");
        }
        else {
            quiet_session(l);
        }
        r->sessions++;
    }
    r->posts = l->posts;
    r->octets = l->octets_in;
    load_destroy(l);
    return NULL;
}

/* @return requests per second */
static double rush(int is_static, double *sessions, double *octets)
{
    runner_t runners[CONNECTIONS];
    double posts = 0, all = 0;
    int i;

    *sessions = 0;
    memset(runners, 0, sizeof(runners));
    for (i = 0; i < CONNECTIONS; i++) {
        runners[i].user = apr_psprintf(pool, "bench%d", UPLOADS + i);
        runners[i].is_static = is_static;
        if (pthread_create(&runners[i].thread, NULL, run, &runners[i])) {
            load_die("pthread_create", strerror(errno));
        }
    }
    for (i = 0; i < CONNECTIONS; i++) {
        pthread_join(runners[i].thread, NULL);
        posts += (double)runners[i].posts;
        *sessions += (double)runners[i].sessions / SECONDS;
        all += (double)runners[i].octets;
    }
    *octets = posts > 0 ? all / posts : 0;
    return posts / SECONDS;
}

static void measure_rush(void)
{
    double sessions, octets, requests, files, ignored;
    FILE *f = fopen(apr_pstrcat(pool, bench.dir, "/../htdocs/static", NULL),
                    "w");

    requests = rush(0, &sessions, &octets);
    if (f == NULL) {
        load_die("htdocs/static", strerror(errno));
    }
    fprintf(f, "%0*d", octets > 300 ? (int)octets - 200 : 100, 0);
    fclose(f);
    files = rush(1, &ignored, &octets);
    figure("sessions", sessions, "sessions/s");
    figure("requests", requests, "requests/s");
    figure("static", files, "requests/s");
    figure("requests_ratio", requests / files, "x_static");
    row("a message, wall clock", 1e6 / requests, "a static file", 1e6 / files);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/bench-session-XXXXXX";
    const char *only;

    bench_begin(argc, argv, dir);
    only = getenv("BENCH_ONLY");
    if (only == NULL || strcmp(only, "uploads") == 0) {
        measure_uploads();
    }
    if (only == NULL || strcmp(only, "quiet") == 0) {
        measure_quiet();
    }
    if (bench.port && (only == NULL || strcmp(only, "rush") == 0)) {
        measure_rush();
    }
    return bench_end(dir);
}
