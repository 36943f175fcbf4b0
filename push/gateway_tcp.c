/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Notifications over TCP: see gateway_tcp.h. */
#include "gateway_tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "gateway_driver.h"
#include "tcp_address.h"

/* All of it ends well within the lease of the row: see worker.h. */
#define ATTEMPTS    2
#define CONNECT     apr_time_from_sec(3)
#define ANSWER      apr_time_from_sec(4)
#define BETWEEN     apr_time_from_sec(1)    /* two of them */
#define MAX_LINE    128         /* of a device's answer */

typedef struct tcp_conf_t {
    const apr_array_header_t *networks;
    int port;
} tcp_conf_t;

typedef enum { FREE = 0, WAITING, CONNECTING, WRITING, READING } state_e;

/* One device that is being told. */
typedef struct call_t {
    state_e state;
    int fd;                     /* -1: none */
    const gateway_message_t *message;
    void *baton;
    tcp_address_t address;
    int attempt;
    apr_time_t started, until;  /* until: of the state */
    apr_size_t written;
    char line[MAX_LINE];
    apr_size_t len;
} call_t;

typedef struct tcp_state_t {
    int wake;
    call_t *calls;              /* options.parallel of them */
    struct pollfd *fds;
} tcp_state_t;

/* ---- the end of a call --------------------------------------------------- */

static void finish(gateway_link_t *link, call_t *c, gateway_result_e result,
                   const char *words, apr_size_t len)
{
    gateway_answer_t answer = { .result = result };
    void *baton = c->baton;

    gateway_words(&answer, words, len);
    answer.took = apr_time_now() - c->started;
    answer.status = c->len >= 3 && c->line[0] >= '1' && c->line[0] <= '5'
        ? (c->line[0] - '0') * 100 + (c->line[1] - '0') * 10
          + (c->line[2] - '0') : 0;
    if (answer.status < 100 || answer.status > 599) {
        answer.status = 0;
    }
    if (c->fd >= 0) {
        close(c->fd);
    }
    memset(c, 0, sizeof *c);
    c->fd = -1;
    gateway_finish(link, baton, &answer);
}

static void say(gateway_link_t *link, call_t *c, gateway_result_e result,
                const char *words)
{
    finish(link, c, result, words, strlen(words));
}

/* It could not be connected to: once more, or the end. */
static void unreachable(gateway_link_t *link, call_t *c, const char *words,
                        apr_time_t now)
{
    if (++c->attempt >= ATTEMPTS) {
        say(link, c, GATEWAY_UNREACHABLE, words);
        return;
    }
    if (c->fd >= 0) {
        close(c->fd);
    }
    c->fd = -1;
    c->state = WAITING;
    c->until = now + BETWEEN;
}

static const char *error_words(int error, char *buf, apr_size_t size)
{
    return apr_strerror(error, buf, size);
}

static apr_interval_time_t least(apr_interval_time_t a,
                                 apr_interval_time_t b)
{
    return a < b ? a : b;
}

/* ---- its steps ----------------------------------------------------------- */

static void begin(gateway_link_t *link, call_t *c, apr_time_t now)
{
    struct sockaddr_storage to;
    socklen_t len = tcp_address_sockaddr(&c->address, &to);
    char buf[128];

    c->fd = socket(to.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
                   0);
    if (c->fd < 0) {
        say(link, c, GATEWAY_TEMPORARY, error_words(errno, buf, sizeof buf));
        return;
    }
    c->state = CONNECTING;
    c->until = now + least(link->options.connect_timeout, CONNECT);
    c->written = c->len = 0;
    if (connect(c->fd, (struct sockaddr *)&to, len) != 0
        && errno != EINPROGRESS) {
        unreachable(link, c, error_words(errno, buf, sizeof buf), now);
    }
}

static void connected(gateway_link_t *link, call_t *c, apr_time_t now)
{
    socklen_t size = sizeof(int);
    int error = 0, on = 1;
    char buf[128];

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
        error = errno;
    }
    if (error) {
        unreachable(link, c, error_words(error, buf, sizeof buf), now);
        return;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    c->state = WRITING;
    c->until = now + least(link->options.timeout, ANSWER);
}

static void write_on(gateway_link_t *link, call_t *c)
{
    const gateway_message_t *m = c->message;
    ssize_t n = send(c->fd, m->package + c->written,
                     m->package_len - c->written, MSG_NOSIGNAL);
    char buf[128];

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n < 0) {
        say(link, c, GATEWAY_TEMPORARY, error_words(errno, buf, sizeof buf));
        return;
    }
    c->written += n;
    if (c->written == m->package_len) {
        c->state = READING;
    }
}

static void read_on(gateway_link_t *link, call_t *c)
{
    ssize_t n = recv(c->fd, c->line + c->len, sizeof c->line - c->len, 0);
    int end = n == 0;

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n > 0) {
        c->len += n;
        end = memchr(c->line, '\n', c->len) || c->len == sizeof c->line;
    }
    if (n >= 0 && !end) {
        return;
    }
    if (c->len >= 3 && !memcmp(c->line, "200", 3)
        && (c->len == 3 || c->line[3] < '0' || c->line[3] > '9')) {
        finish(link, c, GATEWAY_ACCEPTED, c->line, c->len);
    }
    else if (!c->len) {
        say(link, c, GATEWAY_TEMPORARY, "it hung up without an answer");
    }
    else {
        finish(link, c, GATEWAY_TEMPORARY, c->line, c->len);
    }
}

static void timed_out(gateway_link_t *link, call_t *c, apr_time_t now)
{
    switch (c->state) {
    case WAITING:
        begin(link, c, now);
        break;
    case CONNECTING:
        unreachable(link, c, "it does not answer", now);
        break;
    default:
        say(link, c, GATEWAY_TEMPORARY, "no answer to the notification");
    }
}

static void step(gateway_link_t *link, call_t *c, int ready, apr_time_t now)
{
    if (c->state != FREE && now >= c->until) {
        timed_out(link, c, now);
        return;
    }
    if (!ready) {
        return;
    }
    if (c->state == CONNECTING) {
        connected(link, c, now);
    }
    if (c->state == WRITING) {
        write_on(link, c);
    }
    else if (c->state == READING) {
        read_on(link, c);
    }
}

/* ---- the link ------------------------------------------------------------ */

static void tcp_send(gateway_link_t *link, const gateway_message_t *message,
                     void *message_baton)
{
    tcp_state_t *state = link->state;
    call_t *c = state->calls;

    while (c->state != FREE) {
        c++;                    /* gateway_room() says that there is one */
    }
    memset(c, 0, sizeof *c);
    c->fd = -1;
    c->message = message;
    c->baton = message_baton;
    c->started = apr_time_now();
    c->state = WAITING;         /* and begin in tcp_run() */
}

/* The address, once more: what is connected to is what was checked. */
static int is_allowed(gateway_link_t *link, call_t *c)
{
    const tcp_conf_t *conf = link->gateway->conf;
    const char *error = "it has no address";
    apr_pool_t *p;
    int ok;

    apr_pool_create(&p, link->pool);
    ok = tcp_address_parse(&c->address, c->message->address, conf->port,
                           &error, p) == APR_SUCCESS;
    if (ok && !tcp_networks_allow(conf->networks, &c->address)) {
        ok = 0;
        error = "its address is outside of SyncMLPushTCPNetworks";
    }
    apr_pool_destroy(p);
    if (!ok) {
        say(link, c, GATEWAY_REJECTED, error);
    }
    return ok;
}

static void step_all(gateway_link_t *link)
{
    tcp_state_t *state = link->state;
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < link->options.parallel; i++) {
        call_t *c = &state->calls[i];

        /* the clock was put back */
        if (c->until > now + ANSWER + BETWEEN) {
            c->until = now + ANSWER;
        }
        if (c->state == WAITING && !c->until && !is_allowed(link, c)) {
            continue;
        }
        step(link, c, state->fds[i].revents, now);
    }
}

/* What to wait for, and how long. */
static apr_interval_time_t prepare(gateway_link_t *link,
                                   apr_interval_time_t wait)
{
    tcp_state_t *state = link->state;
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < link->options.parallel; i++) {
        const call_t *c = &state->calls[i];
        struct pollfd *fd = &state->fds[i];

        fd->fd = c->fd;
        fd->events = c->state == READING ? POLLIN : POLLOUT;
        fd->revents = 0;
        if (c->state != FREE && c->until - now < wait) {
            wait = c->until > now ? c->until - now : 0;
        }
    }
    state->fds[i].fd = state->wake;
    state->fds[i].events = POLLIN;
    return wait;
}

static void tcp_run(gateway_link_t *link, apr_interval_time_t wait)
{
    tcp_state_t *state = link->state;
    eventfd_t ignored;

    wait = prepare(link, wait);
    if (poll(state->fds, link->options.parallel + 1,
             (int)((wait + 999) / 1000)) < 0) {
        return;
    }
    eventfd_read(state->wake, &ignored);
    step_all(link);
}

static void tcp_wakeup(gateway_link_t *link)
{
    tcp_state_t *state = link->state;

    eventfd_write(state->wake, 1);
}

static void tcp_abort(gateway_link_t *link)
{
    tcp_state_t *state = link->state;
    int i;

    for (i = 0; i < link->options.parallel; i++) {
        call_t *c = &state->calls[i];

        if (c->state != FREE) {
            say(link, c, c->written ? GATEWAY_UNANSWERED
                : GATEWAY_NOT_TRIED, "given up at the end of the worker");
        }
    }
}

static apr_status_t tcp_cleanup(void *data)
{
    gateway_link_t *link = data;
    tcp_state_t *state = link->state;
    int i;

    for (i = 0; i < link->options.parallel; i++) {
        if (state->calls[i].fd >= 0) {
            close(state->calls[i].fd);
        }
    }
    close(state->wake);
    return APR_SUCCESS;
}

static apr_status_t tcp_open(gateway_link_t *link)
{
    tcp_state_t *state = apr_pcalloc(link->pool, sizeof *state);
    int n = link->options.parallel, i;

    state->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (state->wake < 0) {
        return APR_ENOMEM;
    }
    state->calls = apr_pcalloc(link->pool, n * sizeof *state->calls);
    state->fds = apr_pcalloc(link->pool, (n + 1) * sizeof *state->fds);
    for (i = 0; i < n; i++) {
        state->calls[i].fd = -1;
    }
    link->state = state;
    apr_pool_cleanup_register(link->pool, link, tcp_cleanup,
                              apr_pool_cleanup_null);
    return APR_SUCCESS;
}

static void tcp_close(gateway_link_t *link)
{
    apr_pool_cleanup_run(link->pool, link, tcp_cleanup);
}

/* By URL there is none: it is not one place but every device. */
static apr_status_t tcp_parse(gateway_t *gateway, const char *rest,
                              const gateway_settings_t *settings,
                              const char **error, apr_pool_t *p)
{
    *error = "TCP is configured by SyncMLPushTCPNetworks";
    return APR_EINVAL;
}

static const gateway_driver_t gateway_tcp = {
    .scheme = "tcp:", .form = "SyncMLPushTCPNetworks", .parse = tcp_parse,
    .open = tcp_open, .send = tcp_send, .run = tcp_run,
    .wakeup = tcp_wakeup, .abort = tcp_abort, .close = tcp_close
};

static int tcp_reaches(const gateway_t *gateway,
                       const gateway_message_t *message)
{
    return message->address && *message->address && message->package;
}

gateway_t *gateway_tcp_create(const apr_array_header_t *networks, int port,
                              apr_pool_t *p)
{
    gateway_t *gw = apr_pcalloc(p, sizeof *gw);
    tcp_conf_t *conf = apr_pcalloc(p, sizeof *conf);

    conf->networks = networks;
    conf->port = port;
    gw->driver = &gateway_tcp;
    gw->name = gw->transport = "tcp";
    gw->whole = 1;
    gw->reaches = tcp_reaches;
    gw->conf = conf;
    return gw;
}
