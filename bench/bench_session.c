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
 * with that child's process id; it has accounts bench0 to bench19, whose
 * password is "secret", and a static file /static.  Processor time of httpd
 * is that of all threads of the child, in nanoseconds as the kernel's
 * scheduler counts them.
 *
 * BENCH_ONLY=uploads, quiet or rush measures nothing else, for a profiler.
 * Prints one line `name value unit' for each figure.  The variants take
 * turns, and the median of their rounds counts.  Status 1: an aim was
 * missed.
 */
#include "session_load.h"

#include <dirent.h>
#include <pthread.h>

#include <apr_general.h>
#include <sqlite3.h>

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

static struct {
    const char *prefix;         /* of the figures' names */
    int port;                   /* 0: the engine alone */
    int pid;
    const char *database, *dir;
    sml_config_t config;        /* engine alone */
    store_t *store;
    int missed;
    char table[2048];           /* the same figures for people */
} bench;

static apr_pool_t *pool;

/* ---- measuring --------------------------------------------------------- */

/* Processor time of all threads of a process, ns. */
static double process_ns(int pid)
{
    char path[64];
    struct dirent *entry;
    double sum = 0;
    DIR *tasks;

    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    tasks = opendir(path);
    if (tasks == NULL) {
        load_die(path, strerror(errno));
    }
    while ((entry = readdir(tasks)) != NULL) {
        char name[400];
        double ns = 0;
        FILE *f;

        if (entry->d_name[0] == '.') {
            continue;
        }
        snprintf(name, sizeof(name), "%s/%s/schedstat", path, entry->d_name);
        f = fopen(name, "r");
        if (f == NULL || fscanf(f, "%lf", &ns) != 1) {
            load_die(name, "no processor time to be read");
        }
        sum += ns;
        fclose(f);
    }
    closedir(tasks);
    return sum;
}

static double server_ns(const load_t *l)
{
    return bench.port ? process_ns(bench.pid) : l->engine_ns;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof(*values), by_value);
    return values[n / 2];
}

static void figure(const char *name, double value, const char *unit)
{
    printf("%s_%s %.*f %s\n", bench.prefix, name, value < 10 ? 3 : 1, value,
           unit);
    fflush(stdout);
}

static void aim(const char *what, double value, double limit)
{
    printf("# aim: %s below %g: %.3g, %s\n", what, limit, value,
           value < limit ? "kept" : "MISSED");
    bench.missed |= value >= limit;
}

/* A line of the table: a cost, and what it is compared with. */
static void row(const char *what, double us, const char *other,
                double other_us)
{
    size_t len = strlen(bench.table);

    snprintf(bench.table + len, sizeof(bench.table) - len,
             "# %-26s %9.1f   %-34s %9.1f %7.2f\n", what, us, other,
             other_us, us / other_us);
}

static void print_table(void)
{
    if (bench.table[0] != '\0') {
        printf("#\n# %-26s %9s   %-34s %9s %7s\n%s", bench.prefix, "us",
               "against", "us", "times", bench.table);
    }
}

static load_t *client(const char *user, const char *devid)
{
    load_t *l = load_create(user, devid);

    l->port = bench.port;
    if (!bench.port) {
        l->config = &bench.config;
        l->store = bench.store;
        l->ph->post = engine_post;
    }
    return l;
}

/* ---- raw SQLite -------------------------------------------------------- */

typedef struct raw_t {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *insert;
    apr_int64_t n;
} raw_t;

static void raw_exec(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        load_die(sql, sqlite3_errmsg(db));
    }
}

static sqlite3_stmt *raw_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st;

    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL)
        != SQLITE_OK) {
        load_die(sql, sqlite3_errmsg(db));
    }
    return st;
}

/* The store's own definition of the items table. */
static void raw_copy_schema(sqlite3 *db, int indexes)
{
    sqlite3 *from;
    sqlite3_stmt *st;
    int n = 0;

    if (sqlite3_open_v2(bench.database, &from, SQLITE_OPEN_READWRITE, NULL)
        != SQLITE_OK) {
        load_die(bench.database, sqlite3_errmsg(from));
    }
    st = raw_prepare(from, "SELECT sql, type FROM sqlite_schema "
                     "WHERE tbl_name = 'items' AND sql IS NOT NULL "
                     "ORDER BY type DESC");
    while (sqlite3_step(st) == SQLITE_ROW) {
        if (indexes || strcmp((const char *)sqlite3_column_text(st, 1),
                              "table") == 0) {
            raw_exec(db, (const char *)sqlite3_column_text(st, 0));
            n++;
        }
    }
    sqlite3_finalize(st);
    sqlite3_close(from);
    if (n == 0) {
        load_die(bench.database, "has no items table");
    }
}

static void raw_open(raw_t *r, const char *name, int indexes)
{
    char *path = apr_pstrcat(pool, bench.dir, "/", name, NULL);

    memset(r, 0, sizeof(*r));
    if (sqlite3_open_v2(path, &r->db, SQLITE_OPEN_READWRITE
                        | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL)
        != SQLITE_OK) {
        load_die(path, sqlite3_errmsg(r->db));
    }
    raw_exec(r->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
             "PRAGMA cache_size = -4096;");
    raw_copy_schema(r->db, indexes);
    r->begin = raw_prepare(r->db, "BEGIN IMMEDIATE");
    r->commit = raw_prepare(r->db, "COMMIT");
    r->insert = raw_prepare(r->db, "INSERT INTO items (id, datastore, change, "
        "written, origin, deleted, key, uid_key, modified, type, data) "
        "VALUES (?1, ?2, ?3, ?3, 1, 0, ?4, ?5, ?6, 'text/vcard', ?7)");
}

static void raw_step(raw_t *r, sqlite3_stmt *st)
{
    if (sqlite3_step(st) != SQLITE_DONE) {
        load_die(sqlite3_sql(st), sqlite3_errmsg(r->db));
    }
    sqlite3_reset(st);
}

/* What hashes are: spread over all numbers. */
static apr_int64_t spread(apr_uint64_t n)
{
    n = (n ^ n >> 31) * 0x9e3779b97f4a7c15u;
    n = (n ^ n >> 27) * 0xbf58476d1ce4e5b9u;
    return (apr_int64_t)(n ^ n >> 31);
}

/* The rows of one upload, in so many transactions. @return ns */
static double raw_insert(raw_t *r, int account, int transactions)
{
    static char cards[CONTACTS][512];
    static int lengths[CONTACTS];
    double before;
    int i, t, done = 0;

    for (i = 0; i < CONTACTS; i++) {
        lengths[i] = (int)make_card(cards[i], sizeof(cards[i]),
                                    (unsigned)(account * CONTACTS + i));
    }
    before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (t = 1; t <= transactions; t++) {
        raw_step(r, r->begin);
        for (; done < (apr_int64_t)CONTACTS * t / transactions; done++) {
            apr_int64_t n = ++r->n;

            sqlite3_bind_int64(r->insert, 1,
                               (apr_int64_t)account << 36 | done);
            sqlite3_bind_int64(r->insert, 2, account);
            sqlite3_bind_int64(r->insert, 3, done);
            sqlite3_bind_int64(r->insert, 4, spread((apr_uint64_t)n));
            sqlite3_bind_int64(r->insert, 5, spread((apr_uint64_t)n << 32));
            sqlite3_bind_int64(r->insert, 6, apr_time_now());
            sqlite3_bind_blob(r->insert, 7, cards[done], lengths[done],
                              SQLITE_STATIC);
            raw_step(r, r->insert);
        }
        raw_step(r, r->commit);
    }
    return clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
}

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
        b[i] = raw_insert(&with, i + 1, (int)l->posts) / CONTACTS / 1000;
        c[i] = raw_insert(&without, i + 1, (int)l->posts) / CONTACTS / 1000;
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

/* ---- the engine alone -------------------------------------------------- */

static apr_status_t check_password(void *baton, const char *user,
                                   const char *password)
{
    return APR_EACCES;          /* our phones use auth-md5 */
}

static void open_engine(char *dir)
{
    store_options_t options = { .create = 1 };
    sml_config_t *c = &bench.config;
    const char *error = NULL;
    store_id_t id;
    store_tx_t *tx;
    int i;

    if (mkdtemp(dir) == NULL) {
        load_die(dir, strerror(errno));
    }
    bench.dir = dir;
    bench.database = apr_pstrcat(pool, dir, "/syncml.db", NULL);
    options.key_file = apr_pstrcat(pool, dir, "/key", NULL);
    if (store_open(&bench.store, apr_pstrcat(pool, "sqlite:", bench.database,
                                             NULL), &options, &error, pool)
        || store_begin(&tx, bench.store, STORE_WRITE, pool)
        || sml_server_id(tx, &c->server_id, pool)) {
        load_die(dir, error);
    }
    for (i = 0; i < 20; i++) {
        if (store_account_add(tx, apr_psprintf(pool, "bench%d", i), "secret",
                              &id)) {
            load_die("account", store_error(tx));
        }
    }
    if (store_commit(&tx, NULL)) {
        load_die(dir, "cannot be written");
    }
    c->software = "bench";
    c->datastores = sml_default_datastores(pool);
    c->auth_schemes = SML_AUTH_MD5;
    c->max_msg_size = 131072;
    c->max_obj_size = 1048576;
    c->session_timeout = apr_time_from_sec(600);
    c->check_password = check_password;
}

static void print_machine(void)
{
    char line[256], model[200] = "?";
    FILE *f = fopen("/proc/cpuinfo", "r");

    while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            snprintf(model, sizeof(model), "%s", strchr(line, ':') + 2);
            model[strcspn(model, "\n")] = '\0';
            break;
        }
    }
    if (f != NULL) {
        fclose(f);
    }
    printf("# %ld processors, %s; SQLite %s, WAL, synchronous=FULL; "
           "%d contacts per upload, %d in a message\n",
           sysconf(_SC_NPROCESSORS_ONLN), model, sqlite3_libversion(),
           CONTACTS, PER_MESSAGE);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/bench-session-XXXXXX";
    const char *only;

    apr_initialize();
    codec_init();
    apr_pool_create(&pool, NULL);
    print_machine();
    if (argc == 5) {
        bench.prefix = "httpd";
        bench.port = atoi(argv[1]);
        bench.pid = atoi(argv[2]);
        bench.database = argv[3];
        bench.dir = argv[4];
    }
    else if (argc == 1) {
        bench.prefix = "engine";
        open_engine(dir);
    }
    else {
        load_die("usage", "bench_session [PORT PID DATABASE DIRECTORY]");
    }
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
    if (!bench.port) {
        store_close(&bench.store);
        if (system(apr_pstrcat(pool, "rm -rf '", dir, "'", NULL)) != 0) {
            load_die(dir, "cannot be removed");
        }
    }
    print_table();
    return bench.missed;
}
