/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * How fast push is, from a commit to the gateway, with everything real but
 * the gateway: a store on disk, the worker in a process of its own, HTTP over
 * the loopback to a server that accepts everything at once.
 *
 *   push_wake_p50_us, _p99     an eventfd from one process to another, bare
 *   push_commit_p50_us         a write transaction of this store: the latency
 *                              has another one in it, the claim
 *   push_latency_p50_us, _p99  from the end of the commit to the arrival of
 *                              the POST, quiet delay 0 (aim: p99 < 20 ms)
 *   push_null_sms_per_s        20000 devices are told of one change, by a
 *                              gateway that does nothing else than to answer
 *   push_cpu_us_per_sms        the worker's processor time for each of them
 *
 * bench_push -g URL: with a gateway that runs already (bench/push_kannel.pl
 * starts a Kannel), by turns with ab, which says what this gateway can do
 * with as many connections:
 *
 *   push_sms_per_s_N, push_gateway_per_s_N, push_ratio_N  with N = 8 and 32
 *                              connections (aim without -k: > 0.9)
 *   push_gateway_cpu_us_N      the worker's processor time for each SMS
 *   push_kannel_cpu_us_N       the gateway's own, with -k PID,PID... of it
 *   push_cores_per_s_N         what the processors allow, if nobody else has
 *                              any of them: all of them, by the sum of both
 *   push_ratio_cores_N         that against the gateway alone: no worker of
 *                              this price can come closer on this machine
 *   push_apart_sms_per_s_N, _gateway_per_s_N, _ratio_N  the same with the
 *                              gateway on processors of its own (with -k;
 *                              aim: > 0.9)
 *
 * bench_push -n: only push_null_sms_per_s and push_cpu_us_per_sms.
 *
 * Usage: bench_push [-n | -g URL [-k PID,PID...]] [DIRECTORY]
 * (on a disk; default .)
 * Status 1: an aim was missed.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <time.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/worker.h"
#include "t/unit/push_seed.h"

#define ROUNDS       400        /* of the latency */
#define WAKES        2000
#define DEVICES      20000
#define PARALLEL     32         /* as by default */
#define TURNS        5
#define AIM_P99_US   20000.0
#define AIM_RATIO    0.9

/* Shared by all processes. */
typedef struct shared_t {
    _Atomic long long stamp;    /* nanoseconds: somebody was woken */
    _Atomic long long first;            /* arrival at the gateway */
    _Atomic long long begun, ended;     /* results that the worker knows */
    atomic_int accepted;
} shared_t;

static shared_t *shared;
static int parallel = PARALLEL;     /* requests at a time, in what comes */
static int missed;

static long long now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "bench_push: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static double quantile(double *v, int n, double q)
{
    qsort(v, n, sizeof *v, by_size);
    return v[(int)(q * (n - 1))];
}

static void print(const char *name, double value, const char *unit)
{
    printf("%-24s %12.2f %s\n", name, value, unit);
    fflush(stdout);
}

static pid_t child(void)
{
    pid_t pid = fork();

    if (pid < 0) {
        fail("fork");
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    return pid;
}

static void end(pid_t pid, int sig)
{
    kill(pid, sig);
    waitpid(pid, NULL, 0);
}

/* ---- the gateway ---------------------------------------------------------- */

#define ANSWER  "HTTP/1.1 202 Accepted\r\nContent-Length: 24\r\n" \
                "Content-type: text/html\r\nConnection: Keep-Alive\r\n\r\n" \
                "0: Accepted for delivery"

typedef struct conn_t {
    int fd, n;
    char buf[4096];
} conn_t;

/* Octets of the first whole request, or 0. */
static int whole_request(conn_t *c)
{
    char *end_of_header, *length;
    int n;

    c->buf[c->n] = '\0';
    end_of_header = strstr(c->buf, "\r\n\r\n");
    if (!end_of_header) {
        return 0;
    }
    length = strcasestr(c->buf, "\r\nContent-Length:");
    n = (int)(end_of_header - c->buf) + 4;
    if (length && length < end_of_header) {
        n += atoi(length + 17);
    }
    return n <= c->n ? n : 0;
}

static void answer(conn_t *c)
{
    int n;

    while ((n = whole_request(c)) > 0) {
        long long none = 0;

        atomic_compare_exchange_strong(&shared->first, &none, now_ns());
        memmove(c->buf, c->buf + n, c->n - n);
        c->n -= n;
        if (send(c->fd, ANSWER, sizeof ANSWER - 1, MSG_NOSIGNAL) < 0) {
            return;
        }
    }
}

static void gateway_main(int listener)
{
    struct epoll_event ev = { .events = EPOLLIN }, evs[64];
    int ep = epoll_create1(0), i, n, one = 1;

    epoll_ctl(ep, EPOLL_CTL_ADD, listener, &ev);
    for (;;) {
        n = epoll_wait(ep, evs, 64, -1);
        for (i = 0; i < n; i++) {
            conn_t *c = evs[i].data.ptr;
            ssize_t r;

            if (!c) {
                c = calloc(1, sizeof *c);
                c->fd = accept(listener, NULL, NULL);
                setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one,
                           sizeof one);
                ev.data.ptr = c;
                epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
                continue;
            }
            r = recv(c->fd, c->buf + c->n, sizeof c->buf - 1 - c->n, 0);
            if (r <= 0) {
                close(c->fd);
                free(c);
                continue;
            }
            c->n += (int)r;
            answer(c);
        }
    }
}

static pid_t start_gateway(int *port)
{
    struct sockaddr_in sin = { .sin_family = AF_INET };
    socklen_t len = sizeof sin;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    pid_t pid;

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(fd, (struct sockaddr *)&sin, sizeof sin) || listen(fd, 128)
        || getsockname(fd, (struct sockaddr *)&sin, &len)) {
        fail("gateway");
    }
    *port = ntohs(sin.sin_port);
    pid = child();
    if (pid == 0) {
        gateway_main(fd);
    }
    close(fd);
    return pid;
}

/* ---- the worker ------------------------------------------------------------ */

static worker_t *the_worker;

static void on_term(int sig)
{
    if (the_worker) {
        worker_stop(the_worker);
    }
}

static void on_log(void *baton, int level, apr_status_t rv,
                   const char *message)
{
    long long none = 0, t = now_ns();

    if (level < 5) {
        fprintf(stderr, "# %s\n", message);
    }
    else if (strstr(message, " result=accepted ")) {
        atomic_compare_exchange_strong(&shared->begun, &none, t);
        shared->ended = t;
        shared->accepted++;
    }
}

static pid_t start_worker(const char *dir, const char *url, int wake_fd)
{
    worker_options_t o = { .server_id = "sync.example.com",
                           .parallel = parallel, .report_fd = -1,
                           .wake_fd = wake_fd,
                           .log = on_log };
    policy_rules_t rules;
    apr_pool_t *p;
    pid_t pid = child();

    if (pid) {
        return pid;
    }
    signal(SIGTERM, on_term);
    apr_pool_create(&p, NULL);
    o.store_url = apr_pstrcat(p, "sqlite:", dir, "/syncml.db", NULL);
    o.key_file = apr_pstrcat(p, dir, "/syncml.key", NULL);
    o.routes = seed_route(NULL, NULL, url, "", p);
    /* no waiting: it is the machinery that is measured */
    policy_defaults(&rules);
    rules.delay = rules.min_interval = 0;
    rules.own_syncs = 0;
    o.rules = &rules;
    seed_must(worker_create(&the_worker, &o, p), "worker");
    seed_must(worker_run(the_worker), "worker");
    _exit(0);
}

/* ---- measures -------------------------------------------------------------- */

static void measure_wake(void)
{
    static double us[WAKES];
    int fd = eventfd(0, EFD_NONBLOCK), i;
    pid_t pid = child();

    if (pid == 0) {
        for (;;) {
            struct pollfd pfd = { .fd = fd, .events = POLLIN };
            eventfd_t n;

            if (poll(&pfd, 1, -1) > 0 && eventfd_read(fd, &n) == 0) {
                shared->stamp = now_ns();
            }
        }
    }
    for (i = 0; i < WAKES; i++) {
        long long t;

        usleep(500);
        shared->stamp = 0;
        t = now_ns();
        eventfd_write(fd, 1);
        while (!shared->stamp) {
            usleep(20);
        }
        us[i] = (shared->stamp - t) / 1e3;
    }
    end(pid, SIGKILL);
    close(fd);
    print("push_wake_p50_us", quantile(us, WAKES, 0.5), "us");
    print("push_wake_p99_us", quantile(us, WAKES, 0.99), "us");
}

static const char *const contacts[] = { "contacts", NULL };

/* The device has everything: the next change owes anew. */
static void device_syncs(store_t *store, store_id_t account,
                         store_id_t device, apr_pool_t *p)
{
    store_tx_t *tx = seed_begin(store, p);
    store_datastore_t *ds;
    store_anchor_t *a;
    apr_time_t now = apr_time_now();

    store_set_now(tx, now);
    seed_must(store_datastore_open(tx, account, "contacts", &ds), "sync");
    seed_must(store_anchor_get(tx, device, ds->id, &a), "sync");
    a->last.seen = ds->change;
    a->synced = now;
    seed_must(store_anchor_put(tx, a), "sync");
    seed_commit(tx);
}

static void measure_latency(const char *dir, const char *url,
                            apr_pool_t *parent)
{
    static double us[ROUNDS], tx_us[ROUNDS];
    int wake_fd = eventfd(0, EFD_NONBLOCK), i;
    store_t *store = seed_open(dir, 1, parent);
    store_tx_t *tx = seed_begin(store, parent);
    store_id_t account = seed_account(tx, "alice");
    store_id_t device = seed_device(tx, account, "IMEI:1", "+491701234567",
                                    contacts);
    apr_pool_t *p;
    pid_t worker;

    seed_commit(tx);
    apr_pool_create(&p, parent);
    worker = start_worker(dir, url, wake_fd);
    usleep(300000);
    for (i = 0; i < ROUNDS; i++) {
        long long t;

        apr_pool_clear(p);
        device_syncs(store, account, device, p);
        usleep(10000);
        shared->first = 0;
        t = now_ns();
        tx = seed_begin(store, p);
        seed_change(tx, account, "contacts");
        seed_commit(tx);
        tx_us[i] = (now_ns() - t) / 1e3;
        t = now_ns();
        eventfd_write(wake_fd, 1);
        while (!shared->first) {
            usleep(50);
        }
        us[i] = (shared->first - t) / 1e3;
        usleep(5000);
    }
    end(worker, SIGTERM);
    close(wake_fd);
    store_close(&store);
    print("push_commit_p50_us", quantile(tx_us, ROUNDS, 0.5), "us");
    print("push_latency_p50_us", quantile(us, ROUNDS, 0.5), "us");
    print("push_latency_p99_us", quantile(us, ROUNDS, 0.99), "us");
    missed |= quantile(us, ROUNDS, 0.99) > AIM_P99_US;
}

/* What the gateway can do: requests like ours, by ab. */
static double ceiling(const char *dir, const char *url, apr_pool_t *p)
{
    const char *body = apr_pstrcat(p, dir, "/body", NULL);
    char user[64], password[64], rest[256], line[512];
    double rate = 0;
    FILE *f = fopen(body, "w");

    if (!f || sscanf(url, "kannel:http://%63[^:]:%63[^@]@%255s", user,
                     password, rest) != 3) {
        fail(url);
    }
    fprintf(f, "%060d", 0);
    fclose(f);
    f = popen(apr_psprintf(p, "ab -q -k -n %d -c %d -p %s "
        "-T application/octet-stream -H 'X-Kannel-Username: %s' "
        "-H 'X-Kannel-Password: %s' -H 'X-Kannel-Coding: 1' "
        "-H 'X-Kannel-To: +491701234567' -H 'X-Kannel-UDH: 0605040b8423f0' "
        "http://%s 2>&1", DEVICES, parallel, body, user,
        password, rest), "r");
    while (f && fgets(line, sizeof line, f)) {
        sscanf(line, "Requests per second: %lf", &rate);
    }
    if (!f || pclose(f) != 0 || rate <= 0) {
        fail("ab (Debian: apache2-utils)");
    }
    return rate;
}

/* A new account with so many devices, all owed; they are told.
 * @param cpu  out: the worker's processor time for each, microseconds
 * @return how many each second */
static double rate(const char *dir, const char *url, double *cpu,
                   apr_pool_t *parent)
{
    struct rusage ru;
    static int runs;
    store_t *store;
    store_tx_t *tx;
    store_id_t account;
    apr_pool_t *p;
    pid_t worker;
    int i;

    /* A store of its own: rows of former runs are not what is measured. */
    apr_pool_create(&p, parent);
    dir = apr_psprintf(p, "%s/%d", dir, ++runs);
    if (mkdir(dir, 0700) != 0) {
        fail(dir);
    }
    store = seed_open(dir, 1, p);
    tx = seed_begin(store, p);
    account = seed_account(tx, apr_psprintf(p, "account-%" APR_INT64_T_FMT,
                                             (apr_int64_t)now_ns()));
    for (i = 0; i < DEVICES; i++) {
        seed_device(tx, account, apr_psprintf(p, "IMEI:%06d", i),
                    "+491701234567", contacts);
    }
    seed_commit(tx);
    tx = seed_begin(store, p);
    seed_change(tx, account, "contacts");
    seed_commit(tx);
    store_close(&store);
    shared->begun = shared->ended = shared->accepted = 0;
    worker = start_worker(dir, url, -1);
    while (shared->accepted < DEVICES) {
        usleep(1000);
    }
    kill(worker, SIGTERM);
    wait4(worker, NULL, 0, &ru);
    *cpu = (ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1e6 / DEVICES
        + (double)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec) / DEVICES;
    apr_pool_destroy(p);
    return DEVICES / ((shared->ended - shared->begun) / 1e9);
}

/* Processor time of the gateway's processes so far, microseconds.
 * @param pids  with commas, or NULL: 0 */
static double cpu_of(const char *pids)
{
    double all = 0;

    while (pids && *pids) {
        unsigned long user = 0, system = 0;
        char path[64], *end;
        FILE *f;

        snprintf(path, sizeof path, "/proc/%ld/stat",
                 strtol(pids, &end, 10));
        f = fopen(path, "r");
        if (!f || fscanf(f, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u "
                         "%*u %*u %*u %lu %lu", &user, &system) != 2) {
            fail(path);
        }
        fclose(f);
        all += (user + system) * 1e6 / sysconf(_SC_CLK_TCK);
        pids = *end == ',' ? end + 1 : "";
    }
    return all;
}

#define NAME(what)  apr_psprintf(p, "push_" what "_%d", connections)

/* What the processors of this machine allow, gateway and worker together. */
static void print_possible(int connections, double ours, double gateway,
                           double per_s, apr_pool_t *p)
{
    double cores = sysconf(_SC_NPROCESSORS_ONLN) * 1e6 / (ours + gateway);

    print(NAME("kannel_cpu_us"), gateway, "us");
    print(NAME("cores_per_s"), cores, "1/s");
    print(NAME("ratio_cores"), cores / per_s, "ratio");
}

/* All threads of a process. */
static void pin(const char *pid, const cpu_set_t *cpus)
{
    char path[64];
    struct dirent *e;
    DIR *d;

    snprintf(path, sizeof path, "/proc/%s/task", pid);
    d = opendir(path);
    if (!d) {
        fail(path);
    }
    while ((e = readdir(d)) != NULL) {
        int tid = atoi(e->d_name);

        if (tid && sched_setaffinity(tid, sizeof *cpus, cpus) != 0) {
            fail("sched_setaffinity");
        }
    }
    closedir(d);
}

/* The gateway gets half of the processors for itself, who sends to it the
 * others; or all have all.
 * @return 0: it cannot be done */
static int part(const char *pids, int apart, apr_pool_t *p)
{
    int n = (int)sysconf(_SC_NPROCESSORS_ONLN), i;
    cpu_set_t theirs, ours;
    char *list = apr_pstrdup(p, pids ? pids : ""), *state, *pid;

    if (!*list || n < 2) {
        return 0;
    }
    CPU_ZERO(&theirs);
    CPU_ZERO(&ours);
    for (i = 0; i < n; i++) {
        if (!apart || i < n / 2) {
            CPU_SET(i, &theirs);
        }
        if (!apart || i >= n / 2) {
            CPU_SET(i, &ours);
        }
    }
    for (pid = apr_strtok(list, ",", &state); pid;
         pid = apr_strtok(NULL, ",", &state)) {
        pin(pid, &theirs);
    }
    pin("self", &ours);
    return 1;
}

/* The gateway on processors of its own, as on a machine of its own. */
static void measure_apart(const char *dir, const char *url, const char *pids,
                          int connections, apr_pool_t *p)
{
    double ours[TURNS], theirs[TURNS], ratio[TURNS], cpu;
    int i;

    parallel = connections;
    if (!part(pids, 1, p)) {
        return;
    }
    for (i = 0; i < TURNS; i++) {
        theirs[i] = ceiling(dir, url, p);
        ours[i] = rate(dir, url, &cpu, p);
        ratio[i] = ours[i] / theirs[i];
    }
    part(pids, 0, p);
    print(NAME("apart_sms_per_s"), quantile(ours, TURNS, 0.5), "1/s");
    print(NAME("apart_gateway_per_s"), quantile(theirs, TURNS, 0.5), "1/s");
    print(NAME("apart_ratio"), quantile(ratio, TURNS, 0.5), "ratio");
    missed |= quantile(ratio, TURNS, 0.5) < AIM_RATIO;
}

/* The worker and ab by turns; the middle one of the ratios. */
static void measure_ratio(const char *dir, const char *url, const char *pids,
                          int connections, int has_aim, apr_pool_t *p)
{
    double ours[TURNS], theirs[TURNS], ratio[TURNS], cpu[TURNS], own[TURNS];
    int i;

    parallel = connections;
    for (i = 0; i < TURNS; i++) {
        double before;

        theirs[i] = ceiling(dir, url, p);
        before = cpu_of(pids);
        ours[i] = rate(dir, url, &cpu[i], p);
        own[i] = (cpu_of(pids) - before) / DEVICES;
        ratio[i] = ours[i] / theirs[i];
    }
    print(NAME("sms_per_s"), quantile(ours, TURNS, 0.5), "1/s");
    print(NAME("gateway_per_s"), quantile(theirs, TURNS, 0.5), "1/s");
    print(NAME("gateway_cpu_us"), quantile(cpu, TURNS, 0.5), "us");
    print(NAME("ratio"), quantile(ratio, TURNS, 0.5), "ratio");
    if (pids) {
        print_possible(connections, quantile(cpu, TURNS, 0.5),
                       quantile(own, TURNS, 0.5),
                       quantile(theirs, TURNS, 0.5), p);
    }
    missed |= has_aim && quantile(ratio, TURNS, 0.5) < AIM_RATIO;
}

/* Everything that needs no other gateway than ours. */
static void measure_ours(const char *dir, int rates_only, apr_pool_t *p)
{
    double per_s, cpu;
    const char *url;
    int port;
    pid_t gateway;

    if (!rates_only) {
        measure_wake();
    }
    gateway = start_gateway(&port);
    url = apr_psprintf(p, "kannel:http://me:secret@127.0.0.1:%d"
                       "/cgi-bin/sendsms", port);
    if (!rates_only) {
        measure_latency(dir, url, p);
    }
    per_s = rate(dir, url, &cpu, p);
    end(gateway, SIGKILL);
    print("push_null_sms_per_s", per_s, "1/s");
    print("push_cpu_us_per_sms", cpu, "us");
}

int main(int argc, char **argv)
{
    const char *url = NULL, *pids = NULL, *place = ".";
    char *base, *dir;
    apr_pool_t *p;
    int i, rates_only = 0;

    apr_initialize();
    apr_pool_create(&p, NULL);
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-g") == 0 && argv[i + 1]) {
            url = argv[++i];
        }
        else if (strcmp(argv[i], "-k") == 0 && argv[i + 1]) {
            pids = argv[++i];
        }
        else if (strcmp(argv[i], "-n") == 0) {
            rates_only = 1;
        }
        else {
            place = argv[i];
        }
    }
    base = realpath(place, NULL);
    if (!base) {
        fail(place);
    }
    dir = apr_pstrcat(p, base, "/bench_push.XXXXXX", NULL);
    if (!mkdtemp(dir)) {
        fail(dir);
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (url) {
        /* Where the gateway has to give us of its processors, what it does
           with all of them is no limit that could be reached. */
        int has_aim = !part(pids, 0, p);

        measure_ratio(dir, url, pids, 8, has_aim, p);
        measure_ratio(dir, url, pids, PARALLEL, has_aim, p);
        measure_apart(dir, url, pids, 8, p);
        measure_apart(dir, url, pids, PARALLEL, p);
    }
    else {
        measure_ours(dir, rates_only, p);
    }
    if (system(apr_pstrcat(p, "rm -rf '", dir, "'", NULL)) != 0) {
        fail(dir);
    }
    return missed;
}
