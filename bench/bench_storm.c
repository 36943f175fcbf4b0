/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What those who sync notice when everybody who holds a connection open comes
 * back at once, as after a restart.  bench/storm.pl starts an httpd and calls
 *
 *    bench_storm PORT HELD_PORT DIRECTORY
 *
 * with the directory of its store, which has the accounts bench0 to bench8,
 * storm1 to storm3, all with the password "secret".
 *
 *   storm_calm_p50_ms, _p99  a session without changes (three messages, one
 *                            after the other with a pause), nobody else
 *   storm_back_p50_ms, _p99  the same while 10,000 devices connect and log in
 *   storm_told_p50_ms, _p99  while 2000 do, each of which owes a sync, and
 *                            is told
 *   storm_sync_p50_ms, _p99  ...and syncs when it has been told: eight at a
 *                            time, a session without changes for each
 *   storm_X_ratio_p50, _p99  those against calm, measured before each (aim:
 *                            the median below 2)
 *   storm_X_seconds          until the last was connected, told, had synced
 *
 * BENCH_ONLY=back, told or sync measures nothing else.
 *
 * The clients, one process without threads, are on the same machine and take
 * their share of its processors.
 */
#include "session_bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <apr_base64.h>
#include <apr_md5.h>

#include "push/ctp.h"
#include "push/push_device.h"
#include "t/unit/push_seed.h"

#define DEVICES  10000
#define PAUSE    10000          /* us between two sessions */
#define CALM     300            /* sessions */
#define SYNCERS  8
#define OWING    2000           /* of those that owe: as many a second */
#define LATENCIES  20000
#define AIM_RATIO  2.0

/* Shared by all processes. */
typedef struct shared_t {
    atomic_int connected, told, synced;
    atomic_int lost, again;
} shared_t;

typedef struct times_t {
    int n;
    double ms[LATENCIES];
} times_t;

static shared_t *shared;
static const char *user;         /* of those who hold a connection */
static int devices = DEVICES, held_port;

/* ---- the store ----------------------------------------------------------- */

static const char *const contacts[] = { "contacts", NULL };

static const char *devid_of(char buf[16], int i)
{
    snprintf(buf, 16, "IMEI:%06d", i);
    return buf;
}

/* Devices that have been connected before: no number, no other way. */
static store_id_t seed(store_t *store, const char *name)
{
    store_tx_t *tx = seed_begin(store, pool);
    store_account_t *a;
    store_device_t *d;
    char devid[16];
    int i;

    seed_must(store_account_find(tx, name, &a), name);
    for (i = 0; i < devices; i++) {
        store_id_t id = seed_device(tx, a->id, devid_of(devid, i), "",
                                    contacts);

        seed_must(store_device_setting_set(tx, id, PUSH_DEVICE_HELD, "1"),
                  "setting");
        seed_must(store_device_get(tx, a->id, id, &d), "device");
        d->last_seen = 1;
        seed_must(store_device_update(tx, d), "device");
    }
    seed_commit(tx);
    return a->id;
}

static void change(store_t *store, store_id_t account)
{
    store_tx_t *tx = seed_begin(store, pool);

    seed_change(tx, account, "contacts");
    seed_commit(tx);
}

/* ---- clients that hold a connection -------------------------------------- */

typedef struct held_client_t {
    int fd, number;
    int heard;                  /* messages */
    unsigned char in[600];
    apr_size_t n;
} held_client_t;

static int login(held_client_t *c, const void *nonce, apr_size_t len)
{
    char text[400], devid[16], digest[32];
    unsigned char md5[APR_MD5_DIGESTSIZE], out[128];
    const char *values[] = { devid_of(devid, c->number), user, digest };
    apr_size_t n = 4;
    int i;

    i = snprintf(text, sizeof text, "%s:secret", user);
    apr_md5(md5, text, (apr_size_t)i);
    apr_base64_encode_binary(text, md5, sizeof md5);
    i = (int)strlen(text);
    text[i++] = ':';
    memcpy(text + i, nonce, len);
    apr_md5(md5, text, (apr_size_t)i + len);
    apr_base64_encode_binary(digest, md5, sizeof md5);
    for (i = 0; i < 3; i++) {
        out[n++] = (unsigned char)(i + 1);
        out[n++] = (unsigned char)strlen(values[i]);
        memcpy(out + n, values[i], out[n - 1]);
        n += out[n - 1];
    }
    out[0] = 0;
    out[1] = (unsigned char)(n - 2);
    out[2] = CTP_VERSION;
    out[3] = CTP_AUTH;
    return send(c->fd, out, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* @return 0: it is lost */
static int take(held_client_t *c, const ctp_message_t *m, int told_fd)
{
    const ctp_param_t *nonce = ctp_param(m, CTP_P_NONCE);

    c->heard++;
    switch (m->code) {
    case CTP_NOT_AUTHENTICATED:
        return nonce && login(c, nonce->value, nonce->len);
    case CTP_OK:
        shared->connected++;
        return 1;
    case CTP_SYNC:
        shared->told++;
        eventfd_write(told_fd, 1);
        return 1;
    default:
        return 0;
    }
}

static int hear(held_client_t *c, int told_fd)
{
    ssize_t n = recv(c->fd, c->in + c->n, sizeof c->in - c->n, 0);
    ctp_message_t m;
    apr_size_t used;

    if (n <= 0) {
        return 0;
    }
    c->n += (apr_size_t)n;
    while (ctp_read(&m, c->in, c->n, &used, NULL) == APR_SUCCESS) {
        if (!take(c, &m, told_fd)) {
            return 0;
        }
        c->n -= used;
        memmove(c->in, c->in + used, c->n);
    }
    return 1;
}

static void come_back(held_client_t *c, int ep)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    struct epoll_event ev = { .events = EPOLLOUT, .data.ptr = c };

    c->n = 0;
    to.sin_port = htons((unsigned short)held_port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0 || (connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0
                      && errno != EINPROGRESS)) {
        load_die("connect", strerror(errno));
    }
    epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev);
}

/* All of them; the process is ended by its parent. */
static void clients(int told_fd)
{
    held_client_t *all = calloc((size_t)devices, sizeof *all);
    struct epoll_event evs[256];
    int ep = epoll_create1(0), i, n;

    for (i = 0; i < devices; i++) {
        all[i].number = i;
        come_back(&all[i], ep);
    }
    while ((n = epoll_wait(ep, evs, 256, -1)) >= 0 || errno == EINTR) {
        for (i = 0; i < n; i++) {
            held_client_t *c = evs[i].data.ptr;
            int ok = !(evs[i].events & EPOLLOUT) ? hear(c, told_fd)
                : login(c, "of yore", 7);

            if (evs[i].events & EPOLLOUT) {
                evs[i].events = EPOLLIN;
                epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &evs[i]);
            }
            if (!ok) {
                close(c->fd);
            }
            /* The kernel resets some of those that its queue has no room for
               (net.core.somaxconn): clients try that again. */
            if (!ok && !c->heard && shared->again < devices) {
                shared->again++;
                come_back(c, ep);
            }
            else if (!ok) {
                shared->lost++;
            }
        }
    }
    _exit(1);
}

/* ---- those that sync ----------------------------------------------------- */

typedef struct syncer_t {
    pthread_t thread;
    load_t *load;
    int told_fd;
} syncer_t;

/* A session for each that was told. */
static void *sync_all(void *baton)
{
    syncer_t *s = baton;
    eventfd_t one;

    while (eventfd_read(s->told_fd, &one) == 0) {
        quiet_session(s->load);
        shared->synced++;
    }
    return NULL;
}

static void syncers(load_t **loads, int told_fd)
{
    static syncer_t s[SYNCERS];
    int i;

    for (i = 0; i < SYNCERS; i++) {
        s[i].load = loads[i];
        s[i].told_fd = told_fd;
        pthread_create(&s[i].thread, NULL, sync_all, &s[i]);
    }
    pthread_join(s[0].thread, NULL);
    _exit(1);
}

static pid_t child(void)
{
    pid_t pid = fork();

    if (pid < 0) {
        load_die("fork", strerror(errno));
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    return pid;
}

/* ---- measuring ----------------------------------------------------------- */

static double one_session(load_t *l)
{
    double before = clock_ns(CLOCK_MONOTONIC);

    quiet_session(l);
    return (clock_ns(CLOCK_MONOTONIC) - before) / 1e6;
}

static double quantile(times_t *t, double q)
{
    qsort(t->ms, (size_t)t->n, sizeof *t->ms, by_value);
    return t->ms[(int)(q * (t->n - 1))];
}

static void add_session(times_t *t, load_t *l)
{
    double ms = one_session(l);

    if (t->n < LATENCIES) {
        t->ms[t->n++] = ms;
    }
    usleep(PAUSE);
}

static void show(const char *name, times_t *t, times_t *calm)
{
    static const double q[] = { 0.5, 0.99 };
    static const char *const words[] = { "p50", "p99" };
    int i;

    for (i = 0; i < 2; i++) {
        figure(apr_psprintf(pool, "%s_%s", name, words[i]),
               quantile(t, q[i]), "ms");
        if (calm) {
            figure(apr_psprintf(pool, "%s_ratio_%s", name, words[i]),
                   quantile(t, q[i]) / quantile(calm, q[i]), "times");
        }
    }
}

/* @param whole  what counts up to all devices */
static void storm(const char *name, load_t *l, load_t **loads,
                  atomic_int *whole)
{
    static times_t calm, during;
    int told_fd = eventfd(0, EFD_SEMAPHORE), i;
    pid_t pid[2] = { 0, 0 };
    double begun;

    calm.n = during.n = 0;
    for (i = 0; i < CALM; i++) {
        add_session(&calm, l);
    }
    memset(shared, 0, sizeof *shared);
    begun = clock_ns(CLOCK_MONOTONIC);
    if (loads && (pid[1] = child()) == 0) {
        syncers(loads, told_fd);
    }
    if ((pid[0] = child()) == 0) {
        clients(told_fd);
    }
    while (*whole + shared->lost < devices) {
        add_session(&during, l);
        if (waitpid(-1, NULL, WNOHANG) > 0) {
            load_die(name, "a process of the load has ended");
        }
    }
    show("calm", &calm, NULL);
    show(name, &during, &calm);
    aim(apr_psprintf(pool, "median of sessions, %s, against calm", name),
        quantile(&during, 0.5) / quantile(&calm, 0.5), AIM_RATIO);
    figure(apr_psprintf(pool, "%s_seconds", name),
           (clock_ns(CLOCK_MONOTONIC) - begun) / 1e9, "s");
    if (shared->again) {
        printf("# %d had to connect again\n", shared->again);
    }
    if (shared->lost) {
        printf("# %d connections were lost\n", shared->lost);
    }
    for (i = 0; i < 2; i++) {
        if (pid[i]) {
            kill(pid[i], SIGKILL);
            waitpid(pid[i], NULL, 0);
        }
    }
    close(told_fd);
    usleep(3000000);            /* until httpd has noticed */
}

static void set_up(char **argv)
{
    struct rlimit files;

    bench.prefix = "storm";
    bench.port = atoi(argv[1]);
    held_port = atoi(argv[2]);
    bench.dir = argv[3];
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < DEVICES + 100) {
        devices = (int)files.rlim_cur - 100;
        printf("# only %d devices: ulimit -n\n", devices);
    }
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

int main(int argc, char **argv)
{
    load_t *loads[SYNCERS + 1];
    const char *only;
    store_t *store;
    int i;

    if (argc != 4) {
        printf("# bench/storm.pl calls it\n");
        return 0;
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    set_up(argv);
    store = seed_open(bench.dir, 0, pool);
    for (i = 0; i <= SYNCERS; i++) {
        loads[i] = client(apr_psprintf(pool, "bench%d", i), "IMEI:1");
        upload(loads[i], 0, 100);
    }
    only = getenv("BENCH_ONLY");
    if (!only || strcmp(only, "back") == 0) {
        user = "storm1";
        seed(store, user);
        storm("back", loads[SYNCERS], NULL, &shared->connected);
    }
    devices = devices < OWING ? devices : OWING;
    if (!only || strcmp(only, "told") == 0) {
        user = "storm2";
        change(store, seed(store, user));
        storm("told", loads[SYNCERS], NULL, &shared->told);
    }
    if (!only || strcmp(only, "sync") == 0) {
        user = "storm3";
        change(store, seed(store, user));
        storm("sync", loads[SYNCERS], loads, &shared->synced);
    }
    return bench.missed;
}
