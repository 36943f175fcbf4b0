/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What the measures of sessions share: figures, aims, and the engine in this
 * process or behind an httpd.
 */
#ifndef BENCH_SESSION_BENCH_H
#define BENCH_SESSION_BENCH_H

#include "session_load.h"

#include <dirent.h>

#include <apr_general.h>
#include <sqlite3.h>

#define BENCH_ACCOUNTS  40      /* bench0, ...: also in session.pl */

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
static inline double process_ns(int pid)
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

static inline double server_ns(const load_t *l)
{
    return bench.port ? process_ns(bench.pid) : l->engine_ns;
}

static inline int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static inline double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof(*values), by_value);
    return values[n / 2];
}

static inline void figure(const char *name, double value, const char *unit)
{
    printf("%s_%s %.*f %s\n", bench.prefix, name, value < 10 ? 3 : 1, value,
           unit);
    fflush(stdout);
}

static inline void aim(const char *what, double value, double limit)
{
    printf("# aim: %s below %g: %.3g, %s\n", what, limit, value,
           value < limit ? "kept" : "MISSED");
    bench.missed |= value >= limit;
}

/* A line of the table: a cost, and what it is compared with. */
static inline void row(const char *what, double us, const char *other,
                double other_us)
{
    size_t len = strlen(bench.table);

    snprintf(bench.table + len, sizeof(bench.table) - len,
             "# %-26s %9.1f   %-34s %9.1f %7.2f\n", what, us, other,
             other_us, us / other_us);
}

static inline void print_table(void)
{
    if (bench.table[0] != '\0') {
        printf("#\n# %-26s %9s   %-34s %9s %7s\n%s", bench.prefix, "us",
               "against", "us", "times", bench.table);
    }
}

static inline load_t *client(const char *user, const char *devid)
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

/* ---- the engine alone -------------------------------------------------- */

static inline apr_status_t check_password(void *baton, const char *user,
                                   const char *password)
{
    return APR_EACCES;          /* our phones use auth-md5 */
}

static inline void open_engine(char *dir)
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
    for (i = 0; i < BENCH_ACCOUNTS; i++) {
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
    c->keep = apr_time_from_sec(30 * 86400);
    c->check_password = check_password;
}

static inline void print_machine(void)
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
           "%d contacts in a message\n", sysconf(_SC_NPROCESSORS_ONLN),
           model, sqlite3_libversion(), PER_MESSAGE);
}

/** Arguments as in bench_session.c. @param dir  for mkdtemp() */
static inline void bench_begin(int argc, char **argv, char *dir)
{
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
}

/** @return the program's status */
static inline int bench_end(const char *dir)
{
    if (!bench.port) {
        store_close(&bench.store);
        if (system(apr_pstrcat(pool, "rm -rf '", dir, "'", NULL)) != 0) {
            load_die(dir, "cannot be removed");
        }
    }
    print_table();
    return bench.missed;
}

#endif
