/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Connections held open, the one: its login, what it says, what it is told.
 * See held.h. */
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "held_int.h"

#define USER_TIMEOUT  60000     /* ms without acknowledgement: dead */
#define MAX_NAME      255

#define COUNT(h, what) do { if ((h)->o.counts) (h)->o.counts->what++; } \
    while (0)

/* ---- its beginning and end ----------------------------------------------- */

void held_accept(held_t *h, int fd, const unsigned char address[16])
{
    struct epoll_event e = { .events = EPOLLIN | EPOLLRDHUP };
    int on = 1, timeout = USER_TIMEOUT;
    conn_t *c = h->unused_conns;

    if (c) {
        h->unused_conns = c->chain;
    }
    else {
        c = apr_palloc(h->pool, sizeof *c);
    }
    memset(c, 0, sizeof *c);
    c->fd = fd;
    memcpy(c->address, address, 16);
    c->heard = h->now;
    list_init(&c->busy);
    list_put(&h->strangers, &c->all);
    h->nopen++;
    h->nstrangers++;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, sizeof timeout);
    e.data.ptr = c;
    if (epoll_ctl(h->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
        held_hang_up(h, c, GATEWAY_NOT_TRIED, "");
    }
}

static void drop_buffer(held_t *h, conn_t *c)
{
    if (c->in) {
        c->in->next = h->unused_buffers;
        h->unused_buffers = c->in;
        c->in = NULL;
    }
}

void held_done(held_t *h, void *baton, apr_time_t begun,
               gateway_result_e result, const char *words)
{
    gateway_answer_t answer = { .result = result };

    apr_cpystrn(answer.words, words, sizeof answer.words);
    answer.took = h->now > begun ? h->now - begun : 0;
    h->o.done(h->o.done_baton, baton, &answer);
}

void held_hang_up(held_t *h, conn_t *c, gateway_result_e result,
                  const char *why)
{
    int friend = c->state == CONN_HELD;

    if (c->state == CONN_GONE) {
        return;
    }
    if (friend) {
        held_leave(h, c);
        h->nfriends--;
    }
    else {
        h->nstrangers--;
    }
    h->nopen--;
    c->state = CONN_GONE;
    close(c->fd);               /* which takes it out of epoll */
    drop_buffer(h, c);
    list_cut(&c->all);
    list_cut(&c->busy);
    list_put(&h->gone, &c->all);
    if (c->message) {
        void *baton = c->baton;

        c->message = NULL;
        held_done(h, baton, c->begun, result, why);
    }
    if (friend && h->o.event && !held_find(h, c->device)) {
        h->o.event(h->o.baton, c->device, 0);
    }
}

/* ---- saying something ---------------------------------------------------- */

/* @return 0: it does not take it, and is closed */
static int say(held_t *h, conn_t *c, int code, int param, const void *value,
               apr_size_t len)
{
    unsigned char out[CTP_MAX_OUT];
    apr_size_t n = ctp_write(out, code, param, value, len);

    if (send(c->fd, out, n, MSG_NOSIGNAL) == (ssize_t)n) {
        c->said = h->now;
        return 1;
    }
    /* Not even so little: nobody reads there any more. */
    COUNT(h, dead);
    held_hang_up(h, c, GATEWAY_UNREACHABLE, "it does not read any more");
    return 0;
}

static void make_busy(held_t *h, conn_t *c)
{
    if (list_empty(&c->busy)) {
        list_put(&h->busy, &c->busy);
    }
}

/* Has its TCP acknowledged everything? */
static int is_acknowledged(const conn_t *c)
{
    int left = 0;

    return ioctl(c->fd, SIOCOUTQ, &left) == 0 && left == 0;
}

/* The end of a notification that its TCP has taken. */
static int check_ack(held_t *h, conn_t *c)
{
    void *baton = c->baton;

    if (!c->message || !c->written || !is_acknowledged(c)) {
        return 0;
    }
    c->message = NULL;
    COUNT(h, told);
    held_done(h, baton, c->begun, GATEWAY_ACCEPTED,
              "taken over its connection");
    return 1;
}

static void await_ack(held_t *h, conn_t *c)
{
    if (!check_ack(h, c) && h->now - c->said > HELD_ACK) {
        COUNT(h, dead);
        held_hang_up(h, c, GATEWAY_UNREACHABLE,
                     "its connection is dead");
    }
}

void held_go_on(held_t *h, conn_t *c)
{
    if (c->message && c->written) {
        await_ack(h, c);
    }
    if (c->state == CONN_GONE || h->now - c->said < CTP_GAP) {
        return;
    }
    if (c->message && !c->written) {
        c->written = 1;
        say(h, c, CTP_SYNC, CTP_P_SAN, c->message->package,
            c->message->package_len);
    }
    else if (c->owes_ok) {
        c->owes_ok = 0;
        say(h, c, CTP_OK, 0, NULL, 0);
    }
    if (c->state != CONN_GONE && !c->message && !c->owes_ok) {
        list_cut(&c->busy);
    }
}

void held_give(held_t *h, conn_t *c, const gateway_message_t *message,
               void *baton)
{
    if (message->package_len > CTP_MAX_SAN) {
        held_done(h, baton, h->now, GATEWAY_REJECTED,
                  "it is too long for a connection (249 octets)");
        return;
    }
    if (c->message) {
        held_done(h, baton, h->now, GATEWAY_TEMPORARY,
                  "another notification is on its way to it");
        return;
    }
    c->message = message;
    c->baton = baton;
    c->begun = h->now;
    c->written = 0;
    make_busy(h, c);
    held_go_on(h, c);
}

/* ---- logging in ---------------------------------------------------------- */

/* A newer connection of the device: what the older owes is its now. */
static void replace(held_t *h, conn_t *c, conn_t *older)
{
    c->message = older->message;
    c->baton = older->baton;
    c->begun = older->begun;
    older->message = NULL;
    held_hang_up(h, older, GATEWAY_UNREACHABLE, "");
    if (c->message) {
        make_busy(h, c);
    }
}

static void refuse(held_t *h, conn_t *c, int code)
{
    if (say(h, c, code, 0, NULL, 0)) {
        held_hang_up(h, c, GATEWAY_UNREACHABLE, "it has hung up");
    }
}

static void welcome(held_t *h, conn_t *c)
{
    conn_t *older = held_find(h, c->device);

    list_cut(&c->all);
    list_put(&h->friends, &c->all);
    h->nstrangers--;
    h->nfriends++;
    c->state = CONN_HELD;
    held_enter(h, c);
    if (older) {
        replace(h, c, older);
    }
    COUNT(h, logins);
    if (!older && h->o.event && !h->o.event(h->o.baton, c->device, 1)) {
        refuse(h, c, CTP_ERROR);
    }
    else if (ctp_nonce(c->nonce) != APR_SUCCESS) {
        held_hang_up(h, c, GATEWAY_UNREACHABLE, "");
    }
    else {
        say(h, c, CTP_OK, CTP_P_NONCE, c->nonce, CTP_NONCE);
    }
}

/* @return 0 for a name that is none */
static int get_name(char out[MAX_NAME + 1], const ctp_param_t *param)
{
    if (!param || !param->len || memchr(param->value, '\0', param->len)) {
        return 0;
    }
    memcpy(out, param->value, param->len);
    out[param->len] = '\0';
    return 1;
}

static void challenge(held_t *h, conn_t *c)
{
    if (ctp_nonce(c->nonce) != APR_SUCCESS) {
        refuse(h, c, CTP_ERROR);
        return;
    }
    c->state = CONN_CHALLENGED;
    say(h, c, CTP_NOT_AUTHENTICATED, CTP_P_NONCE, c->nonce, CTP_NONCE);
}

static void on_auth(held_t *h, conn_t *c, const ctp_message_t *m)
{
    const ctp_param_t *cred = ctp_param(m, CTP_P_CRED);
    char devid[MAX_NAME + 1], user[MAX_NAME + 1];

    if (c->state == CONN_HELD || !cred
        || !get_name(devid, ctp_param(m, CTP_P_DEVICE))
        || !get_name(user, ctp_param(m, CTP_P_USER))) {
        refuse(h, c, CTP_ERROR);
        return;
    }
    if (c->state == CONN_NEW) {
        /* A digest with a nonce of a former connection is no failure. */
        challenge(h, c);
        return;
    }
    switch (h->o.login(h->o.baton, devid, user, cred, c->nonce,
                       &c->device)) {
    case HELD_WELCOME:
        welcome(h, c);
        break;
    case HELD_WRONG:
        COUNT(h, failed_logins);
        held_log(h, held_failures(h, c->address, 1) == HELD_FAILURES ? 4 : 6,
                 "a login to a held connection failed (%d lately from its "
                 "address)", held_failures(h, c->address, 0));
        refuse(h, c, CTP_UNAUTHORIZED);
        break;
    default:
        refuse(h, c, CTP_ERROR);
    }
}

/* ---- hearing something --------------------------------------------------- */

static void on_message(held_t *h, conn_t *c, const ctp_message_t *m)
{
    if (m->code == CTP_AUTH) {
        on_auth(h, c, m);
    }
    else if (m->code == CTP_READY && c->state == CONN_HELD) {
        c->owes_ok = 1;
        make_busy(h, c);
        held_go_on(h, c);
    }
    else if (m->code == CTP_BYE) {
        refuse(h, c, CTP_OK);   /* the polite end of both */
    }
    else if (m->code == CTP_OK && c->state == CONN_HELD) {
        ;                       /* some say so to a SYNC */
    }
    else {
        refuse(h, c, CTP_ERROR);
    }
}

/* @return octets that are left over as the beginning of a message */
static apr_size_t take_messages(held_t *h, conn_t *c,
                                const unsigned char *data, apr_size_t len)
{
    const char *error = NULL;
    ctp_message_t m;
    apr_size_t used;

    while (c->state != CONN_GONE) {
        apr_status_t rv = ctp_read(&m, data, len, &used, &error);

        if (rv == APR_INCOMPLETE) {
            return len;
        }
        if (rv != APR_SUCCESS) {
            refuse(h, c, CTP_ERROR);
            break;
        }
        on_message(h, c, &m);
        data += used;
        len -= used;
    }
    return 0;
}

static buffer_t *get_buffer(held_t *h)
{
    buffer_t *b = h->unused_buffers;

    if (b) {
        h->unused_buffers = b->next;
    }
    else {
        b = apr_palloc(h->pool, sizeof *b);
    }
    b->len = 0;
    return b;
}

/* Keep the beginning of a message until its rest comes. */
static void keep(held_t *h, conn_t *c, const unsigned char *data,
                 apr_size_t len)
{
    if (!len) {
        drop_buffer(h, c);
        return;
    }
    if (!c->in) {
        c->in = get_buffer(h);
    }
    memmove(c->in->data, data, len);
    c->in->len = len;
}

void held_read(held_t *h, conn_t *c)
{
    unsigned char data[CTP_MAX_IN + 2048];
    apr_size_t had = 0, left;
    ssize_t n;

    if (c->state == CONN_GONE) {
        return;
    }
    if (c->in) {
        had = c->in->len;
        memcpy(data, c->in->data, had);
    }
    n = recv(c->fd, data + had, sizeof data - had, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n >= 0) {
        check_ack(h, c);        /* it may be about to hang up, or just has */
    }
    if (n <= 0) {
        held_hang_up(h, c, GATEWAY_UNREACHABLE, "it has hung up");
        return;
    }
    if (c->state == CONN_HELD) {
        c->heard = h->now;      /* and goes to the end of its list */
        list_cut(&c->all);
        list_put(&h->friends, &c->all);
    }
    had += (apr_size_t)n;
    left = take_messages(h, c, data, had);
    if (c->state != CONN_GONE) {
        keep(h, c, data + had - left, left);
    }
}
