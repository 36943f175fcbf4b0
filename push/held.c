/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Connections held open, the many: listening, waiting, time. See held.h. */
#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "held_int.h"

#define EVENTS     256          /* taken at a time */
#define ACCEPTS    256
#define BUSY_WAIT  apr_time_from_msec(20)
#define SWEEP      apr_time_from_sec(1)
#define DEAF       apr_time_from_sec(1)     /* after "too many files" */
/* The rate is kept by rounds, of so many in a second. */
#define ROUNDS     20
#define ROUND      (APR_USEC_PER_SEC / ROUNDS)

void held_log(held_t *h, int level, const char *format, ...)
{
    char line[512];
    va_list ap;

    if (h->o.log) {
        va_start(ap, format);
        apr_vsnprintf(line, sizeof line, format, ap);
        va_end(ap);
        h->o.log(h->o.baton, level, line);
    }
}

/* ---- lists --------------------------------------------------------------- */

void list_init(link_t *head)
{
    head->prev = head->next = head;
}

void list_put(link_t *head, link_t *link)
{
    link->prev = head->prev;
    link->next = head;
    head->prev->next = link;
    head->prev = link;
}

void list_cut(link_t *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

int list_empty(const link_t *head)
{
    return head->next == head;
}

/* ---- devices ------------------------------------------------------------- */

static conn_t **bucket(held_t *h, apr_int64_t device)
{
    return &h->buckets[(apr_uint64_t)device % BUCKETS];
}

conn_t *held_find(held_t *h, apr_int64_t device)
{
    conn_t *c;

    for (c = *bucket(h, device); c && c->device != device; c = c->chain) {
    }
    return c;
}

void held_enter(held_t *h, conn_t *c)
{
    conn_t **at = bucket(h, c->device);

    apr_thread_mutex_lock(h->mutex);
    c->chain = *at;
    *at = c;
    apr_thread_mutex_unlock(h->mutex);
}

void held_leave(held_t *h, conn_t *c)
{
    conn_t **at = bucket(h, c->device);

    apr_thread_mutex_lock(h->mutex);
    while (*at && *at != c) {
        at = &(*at)->chain;
    }
    if (*at) {
        *at = c->chain;
    }
    apr_thread_mutex_unlock(h->mutex);
}

int held_is_connected(held_t *h, apr_int64_t device)
{
    int found;

    apr_thread_mutex_lock(h->mutex);
    found = held_find(h, device) != NULL;
    apr_thread_mutex_unlock(h->mutex);
    return found;
}

void held_count(held_t *h)
{
    if (h->o.counts) {
        h->o.counts->open = (apr_uint32_t)h->nopen;
        h->o.counts->connected = (apr_uint32_t)h->nfriends;
    }
}

/* ---- strangers ----------------------------------------------------------- */

int held_failures(held_t *h, const unsigned char address[16], int one_more)
{
    apr_uint32_t hash = 2166136261u;
    failure_t *f;
    int i;

    for (i = 0; i < 16; i++) {
        hash = (hash ^ address[i]) * 16777619u;
    }
    f = &h->failures[hash % FAILURES];
    if (memcmp(f->address, address, 16) != 0
        || h->now - f->since > HELD_BAN) {
        if (!one_more) {
            return 0;
        }
        memcpy(f->address, address, 16);
        f->count = 0;
        f->since = h->now;
    }
    f->count += one_more;
    return f->count;
}

static void count_turned_away(held_t *h)
{
    if (h->o.counts) {
        h->o.counts->turned_away++;
    }
}

/* It had the time to log in. */
static int is_suspect(const held_t *h, const conn_t *stranger)
{
    return h->now - stranger->heard > HELD_RUSH;
}

/* Those of an address: the oldest are the first of the list. */
static int suspects_of(const held_t *h, const unsigned char address[16])
{
    const link_t *l;
    int n = 0;

    for (l = h->strangers.next;
         l != &h->strangers && is_suspect(h, CONN_OF(l, all)); l = l->next) {
        n += memcmp(CONN_OF(l, all)->address, address, 16) == 0;
    }
    return n;
}

static int is_shut_out(held_t *h, const unsigned char address[16])
{
    return held_failures(h, address, 0) >= HELD_FAILURES
           || suspects_of(h, address) >= HELD_STRANGERS;
}

/* @return 0: there is no place for one more */
static int make_room(held_t *h)
{
    if (h->nopen < h->o.max && h->nstrangers < HELD_ALL_STRANGERS) {
        return 1;
    }
    if (list_empty(&h->strangers)
        || !is_suspect(h, CONN_OF(h->strangers.next, all))) {
        return 0;
    }
    count_turned_away(h);
    held_hang_up(h, CONN_OF(h->strangers.next, all), GATEWAY_NOT_TRIED, "");
    return 1;
}

static void take_address(unsigned char out[16],
                         const struct sockaddr_storage *from)
{
    memset(out, 0, 16);
    if (from->ss_family == AF_INET6) {
        memcpy(out, &((const struct sockaddr_in6 *)from)->sin6_addr, 16);
        if (!IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)(void *)out)) {
            memset(out + 8, 0, 8);      /* its network is its owner */
        }
    }
    else {
        out[10] = out[11] = 0xFF;
        memcpy(out + 12, &((const struct sockaddr_in *)from)->sin_addr, 4);
    }
}

/* ---- listening ----------------------------------------------------------- */

static void listen_to(held_t *h, int on)
{
    int i;

    for (i = 0; i < h->o.nfds; i++) {
        struct epoll_event e = { .events = EPOLLIN };

        e.data.ptr = (void *)(uintptr_t)&h->o.fds[i];
        epoll_ctl(h->epoll, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, h->o.fds[i],
                  &e);
    }
    h->deaf = !on;
}

static void turn_deaf(held_t *h, const char *why)
{
    if (h->now - h->said_deaf > apr_time_from_sec(60)) {
        held_log(h, 4, "no connection can be taken: %s", why);
    }
    h->said_deaf = h->now;
    h->deaf_until = h->now + DEAF;
    listen_to(h, 0);
}

/* @return 0: those who come now have to wait for the next round */
static int may_let_in(held_t *h)
{
    static const unsigned char all[16];
    int rate = h->o.proxied && held_failures(h, all, 0) >= HELD_FAILURES
        ? HELD_SLOW : h->o.rate;

    if (h->now - h->window >= ROUND) {
        h->window = h->now;
        h->let_in = 0;
    }
    if (h->let_in < (rate + ROUNDS - 1) / ROUNDS) {
        return 1;
    }
    h->deaf_until = h->window + ROUND;
    listen_to(h, 0);
    return 0;
}

static void accept_from(held_t *h, int listener)
{
    unsigned char address[16];
    struct sockaddr_storage from;
    int i;

    for (i = 0; i < ACCEPTS && may_let_in(h); i++) {
        socklen_t len = sizeof from;
        int fd;

        memset(&from, 0, sizeof from);
        fd = accept4(listener, (struct sockaddr *)&from, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE
                       || errno == ENOBUFS || errno == ENOMEM)) {
            turn_deaf(h, strerror(errno));
        }
        if (fd < 0) {
            return;
        }
        take_address(address, &from);
        if (h->o.proxied) {
            memset(address, 0, sizeof address);     /* the proxy's */
        }
        if ((!h->o.proxied && is_shut_out(h, address)) || !make_room(h)) {
            count_turned_away(h);
            close(fd);
            continue;
        }
        h->let_in++;
        held_accept(h, fd, address);
    }
}

/* ---- time ---------------------------------------------------------------- */

static apr_time_t clock_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (apr_time_t)t.tv_sec * APR_USEC_PER_SEC + t.tv_nsec / 1000
           + apr_time_from_sec(3600);   /* so that 0 is long ago */
}

/* The first of a list is the one that has been silent longest. */
static void sweep_list(held_t *h, link_t *list, apr_interval_time_t limit)
{
    while (!list_empty(list)
           && h->now - CONN_OF(list->next, all)->heard > limit) {
        if (h->o.counts) {
            h->o.counts->dead++;
        }
        held_hang_up(h, CONN_OF(list->next, all), GATEWAY_UNREACHABLE,
                     "it has been silent for too long");
    }
}

static void work_on_busy(held_t *h)
{
    link_t *l, *next;

    for (l = h->busy.next; l != &h->busy; l = next) {
        next = l->next;         /* it closes nobody but itself */
        held_go_on(h, CONN_OF(l, busy));
    }
}

static void start_tells(held_t *h)
{
    int i;

    for (i = 0; i < h->ntells; i++) {
        conn_t *c = held_find(h, h->tells[i].message->device);

        if (c) {
            held_give(h, c, h->tells[i].message, h->tells[i].baton);
        }
        else {
            held_done(h, h->tells[i].baton, h->now, GATEWAY_UNREACHABLE,
                      "it is not connected any more");
        }
    }
    h->ntells = 0;
}

/* Those that were closed in this round: no event can name them now. */
static void reuse_gone(held_t *h)
{
    while (!list_empty(&h->gone)) {
        conn_t *c = CONN_OF(h->gone.next, all);

        list_cut(&c->all);
        c->chain = h->unused_conns;
        h->unused_conns = c;
    }
}

static apr_interval_time_t waiting_time(const held_t *h,
                                        apr_interval_time_t wait)
{
    apr_interval_time_t most = !list_empty(&h->busy) ? BUSY_WAIT
        : h->nopen ? SWEEP : wait;

    if (h->deaf && h->deaf_until - h->now < most) {
        most = h->deaf_until > h->now ? h->deaf_until - h->now : 0;
    }

    return h->ntells ? 0 : wait < most ? wait : most;
}

/* ---- the loop ------------------------------------------------------------ */

static int is_listener(const held_t *h, const void *what)
{
    return (const int *)what >= h->o.fds
           && (const int *)what < h->o.fds + h->o.nfds;
}

void held_run(held_t *h, apr_interval_time_t wait)
{
    struct epoll_event events[EVENTS];
    eventfd_t ignored;
    int n, i;

    h->now = clock_now();
    start_tells(h);
    wait = waiting_time(h, wait);
    n = epoll_wait(h->epoll, events, EVENTS, (int)((wait + 999) / 1000));
    h->now = clock_now();
    for (i = 0; i < n; i++) {
        void *what = events[i].data.ptr;

        if (what == &h->wake) {
            eventfd_read(h->wake, &ignored);
        }
        else if (is_listener(h, what)) {
            accept_from(h, *(const int *)what);
        }
        else {
            held_read(h, what);
        }
    }
    work_on_busy(h);
    sweep_list(h, &h->strangers, HELD_LOGIN);
    sweep_list(h, &h->friends, HELD_SILENCE);
    if (h->deaf && h->now >= h->deaf_until) {
        listen_to(h, 1);
    }
    reuse_gone(h);
    held_count(h);
}

void held_wakeup(held_t *h)
{
    eventfd_write(h->wake, 1);
}

void held_tell(held_t *h, const gateway_message_t *message,
               void *message_baton)
{
    h->tells[h->ntells].message = message;
    h->tells[h->ntells++].baton = message_baton;
}

void held_drop(held_t *h, apr_int64_t device)
{
    conn_t *c = held_find(h, device);

    if (c) {                    /* a lost connection is what clients expect */
        held_hang_up(h, c, GATEWAY_UNREACHABLE, "it has to come back later");
    }
}

void held_abort(held_t *h)
{
    link_t *l, *next;
    int i;

    for (i = 0; i < h->ntells; i++) {
        held_done(h, h->tells[i].baton, h->now, GATEWAY_NOT_TRIED,
                  "given up at the end of the worker");
    }
    h->ntells = 0;
    for (l = h->busy.next; l != &h->busy; l = next) {
        conn_t *c = CONN_OF(l, busy);

        next = l->next;
        if (c->message) {
            void *baton = c->baton;

            c->message = NULL;
            held_done(h, baton, c->begun, c->written ? GATEWAY_UNANSWERED
                      : GATEWAY_NOT_TRIED,
                      "given up at the end of the worker");
        }
    }
}

/* ---- beginning and end --------------------------------------------------- */

void held_close(held_t *h)
{
    link_t *lists[] = { &h->strangers, &h->friends };
    int i;

    if (h->epoll < 0) {
        return;
    }
    for (i = 0; i < 2; i++) {
        while (!list_empty(lists[i])) {
            conn_t *c = CONN_OF(lists[i]->next, all);

            c->message = NULL;  /* forgotten, as gateway_close() says */
            held_hang_up(h, c, GATEWAY_NOT_TRIED, "");
        }
    }
    held_count(h);
    close(h->epoll);
    close(h->wake);
    h->epoll = h->wake = -1;
}

static apr_status_t cleanup(void *data)
{
    held_close(data);
    return APR_SUCCESS;
}

apr_status_t held_create(held_t **held, const held_options_t *options,
                         apr_pool_t *p)
{
    held_t *h = apr_pcalloc(p, sizeof *h);
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = &h->wake };
    apr_status_t rv = apr_thread_mutex_create(&h->mutex,
                                              APR_THREAD_MUTEX_DEFAULT, p);

    *held = NULL;
    h->o = *options;
    if (!h->o.max) {
        h->o.max = HELD_MAX;
    }
    if (!h->o.rate) {
        h->o.rate = HELD_RATE;
    }
    h->pool = p;
    list_init(&h->strangers);
    list_init(&h->friends);
    list_init(&h->busy);
    list_init(&h->gone);
    h->buckets = apr_pcalloc(p, BUCKETS * sizeof *h->buckets);
    h->failures = apr_pcalloc(p, FAILURES * sizeof *h->failures);
    h->epoll = epoll_create1(EPOLL_CLOEXEC);
    h->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    apr_pool_cleanup_register(p, h, cleanup, apr_pool_cleanup_null);
    if (rv != APR_SUCCESS || h->epoll < 0 || h->wake < 0
        || epoll_ctl(h->epoll, EPOLL_CTL_ADD, h->wake, &e) != 0) {
        return APR_ENOMEM;
    }
    h->now = clock_now();
    listen_to(h, 1);
    *held = h;
    return APR_SUCCESS;
}
