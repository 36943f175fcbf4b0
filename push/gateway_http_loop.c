/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* libcurl's sockets in an epoll: see gateway_http_loop.h. */
#include "gateway_http_loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS  64              /* taken from the epoll at a time */

/* What is known of a descriptor, in bits. */
#define OURS  1                 /* opened here, and not closed yet */
#define IN    2                 /* the epoll has it, for these events */
#define OUT   4
#define IDLE  8                 /* and libcurl does not wait for it */

struct http_loop_t {
    CURLM *multi;
    unsigned char *fds;         /* by number */
    int nfds;
    int epoll, wake;            /* descriptors; -1: none */
    apr_time_t timer;           /* of CLOCK_MONOTONIC: libcurl is to be called;
                                   -1: not for a time's sake */
};

/* Microseconds of a clock that nobody puts back. */
static apr_time_t monotonic(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (apr_time_t)t.tv_sec * APR_USEC_PER_SEC + t.tv_nsec / 1000;
}

/* ---- what libcurl says -------------------------------------------------- */

/* The bits of a descriptor, or NULL: there is no memory for them. */
static unsigned char *bits_of(http_loop_t *loop, curl_socket_t fd)
{
    if (fd >= loop->nfds) {
        int n = fd + 32;
        unsigned char *fds = realloc(loop->fds, n);

        if (!fds) {
            return NULL;
        }
        memset(fds + loop->nfds, 0, n - loop->nfds);
        loop->fds = fds;
        loop->nfds = n;
    }
    return &loop->fds[fd];
}

static curl_socket_t on_open(void *baton, curlsocktype purpose,
                             struct curl_sockaddr *a)
{
    http_loop_t *loop = baton;
    int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);
    unsigned char *bits = fd < 0 ? NULL : bits_of(loop, fd);

    if (bits) {
        *bits = OURS;
    }
    return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* The epoll forgets it by itself. */
static int on_close(void *baton, curl_socket_t fd)
{
    http_loop_t *loop = baton;

    if (fd < loop->nfds) {
        loop->fds[fd] = 0;
    }
    return close(fd);
}

/* A socket that was not opened here may be a new one of an old number: known
 * to one of the two by mistake. */
static void watch(http_loop_t *loop, curl_socket_t fd, int known,
                  uint32_t events)
{
    struct epoll_event ev = { .events = events, .data.fd = fd };

    if (epoll_ctl(loop->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd,
                  &ev) != 0
        && (errno == ENOENT || errno == EEXIST)) {
        epoll_ctl(loop->epoll, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd,
                  &ev);
    }
}

static void unwatch(http_loop_t *loop, curl_socket_t fd)
{
    unsigned char *bits = bits_of(loop, fd);

    epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
    if (bits) {
        *bits &= OURS;
    }
}

/* A kept connection stays in the epoll between two requests: libcurl takes it
 * out and back for each of them. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *baton,
                     void *known)
{
    http_loop_t *loop = baton;
    unsigned char *bits = bits_of(loop, fd), want;

    if (what == CURL_POLL_REMOVE) {
        if (bits && *bits & OURS) {
            *bits |= IDLE;
        }
        else {
            unwatch(loop, fd);
        }
        return 0;
    }
    want = (what & CURL_POLL_IN ? IN : 0) | (what & CURL_POLL_OUT ? OUT : 0);
    if (!bits || !(*bits & OURS) || (*bits & (IN | OUT)) != want) {
        watch(loop, fd, bits && *bits & (IN | OUT),
              (want & IN ? EPOLLIN : 0) | (want & OUT ? EPOLLOUT : 0));
    }
    if (bits) {
        *bits = (*bits & OURS) | want;
    }
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *baton)
{
    http_loop_t *loop = baton;

    loop->timer = ms < 0 ? -1 : monotonic() + (apr_time_t)ms * 1000;
    return 0;
}

/* ---- the loop ----------------------------------------------------------- */

void http_loop_start(http_loop_t *loop)
{
    int running;

    if (loop->timer >= 0 && loop->timer <= monotonic()) {
        loop->timer = -1;       /* libcurl sets it anew */
        curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0,
                                 &running);
    }
}

/* Milliseconds, rounded up. */
static int get_wait(const http_loop_t *loop, apr_interval_time_t wait)
{
    if (loop->timer >= 0 && wait > 0) {
        apr_time_t now = monotonic();

        if (loop->timer <= now) {
            return 0;
        }
        wait = loop->timer - now < wait ? loop->timer - now : wait;
    }
    return (int)((wait + 999) / 1000);
}

/* An error shows itself when libcurl reads or writes. */
static int select_of(uint32_t events)
{
    return (events & (EPOLLIN | EPOLLERR | EPOLLHUP) ? CURL_CSELECT_IN : 0)
           | (events & (EPOLLOUT | EPOLLERR | EPOLLHUP) ? CURL_CSELECT_OUT
              : 0);
}

static void act(http_loop_t *loop, curl_socket_t fd, uint32_t events)
{
    int running;

    if (fd < loop->nfds && loop->fds[fd] & IDLE) {
        unwatch(loop, fd);      /* the server closes it: nobody asked */
        return;
    }
    curl_multi_socket_action(loop->multi, fd, select_of(events), &running);
}

void http_loop_wait(http_loop_t *loop, apr_interval_time_t wait)
{
    struct epoll_event evs[EVENTS];
    int n = epoll_wait(loop->epoll, evs, EVENTS, get_wait(loop, wait)), i;
    eventfd_t ignored;

    for (i = 0; i < n; i++) {
        if (evs[i].data.fd == loop->wake) {
            eventfd_read(loop->wake, &ignored);
        }
        else {
            act(loop, evs[i].data.fd, evs[i].events);
        }
    }
    http_loop_start(loop);
}

void http_loop_wakeup(http_loop_t *loop)
{
    eventfd_write(loop->wake, 1);
}

void http_loop_attach(http_loop_t *loop, CURL *easy)
{
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, loop);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, loop);
}

apr_status_t http_loop_create(http_loop_t **loop, CURLM *multi,
                              apr_pool_t *p)
{
    http_loop_t *l = apr_pcalloc(p, sizeof *l);
    struct epoll_event ev = { .events = EPOLLIN };
    apr_status_t rv;

    *loop = NULL;
    l->multi = multi;
    l->timer = -1;
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ev.data.fd = l->wake;
    if (l->epoll < 0 || l->wake < 0
        || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &ev) != 0) {
        rv = errno;
        http_loop_destroy(l);
        return rv;
    }
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, l);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, l);
    *loop = l;
    return APR_SUCCESS;
}

void http_loop_destroy(http_loop_t *loop)
{
    if (!loop) {
        return;
    }
    if (loop->epoll >= 0) {
        close(loop->epoll);
    }
    if (loop->wake >= 0) {
        close(loop->wake);
    }
    free(loop->fds);
}
