/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The Kannel driver against a server that misbehaves in every way that
 * decides between "sent", "try again" and "give up".
 */
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "gateway_link.h"

static apr_pool_t *pool;

/* ---- a server that misbehaves -------------------------------------------- */

typedef enum {
    ANSWER,         /* send `answer`, keep the connection */
    ANSWER_CLOSE,   /* send `answer` and close */
    HANG,           /* read the request and say nothing */
    CUT,            /* read the request and close */
    RESET,          /* read the request and reset */
    FLOOD,          /* `answer`, then octets without end */
    SECOND_CUT      /* answer the first request of a connection, then CUT */
} mode_e;

typedef struct server_t {
    int fd, port, connections, requests;
    mode_e mode;
    const char *answer;
    char request[4096];         /* the latest one */
    pthread_t thread;
    volatile int stop;
} server_t;

#define ACCEPTED "HTTP/1.1 202 Accepted\r\nContent-Length: 24\r\n" \
                 "Content-Type: text/html\r\n\r\n0: Accepted for delivery"

/* @return 0: the client has closed */
static int read_request(server_t *s, int fd)
{
    int n = 0;

    while (n < (int)sizeof s->request - 1) {
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        const char *end, *length;
        ssize_t r;

        if (s->stop) {
            return 0;
        }
        if (poll(&pfd, 1, 20) <= 0) {
            continue;
        }
        r = recv(fd, s->request + n, sizeof s->request - 1 - n, 0);
        if (r <= 0) {
            return 0;
        }
        n += (int)r;
        s->request[n] = '\0';
        end = strstr(s->request, "\r\n\r\n");
        length = strstr(s->request, "Content-Length: ");
        if (end && length && n - (end + 4 - s->request)
            >= atoi(length + 16)) {
            return 1;
        }
    }
    return 0;
}

static void say(int fd, const char *text)
{
    while (*text) {
        ssize_t n = send(fd, text, strlen(text), MSG_NOSIGNAL);

        if (n <= 0) {
            return;
        }
        text += n;
    }
}

static void flood(server_t *s, int fd)
{
    char block[8192];

    memset(block, 'x', sizeof block);
    while (!s->stop
           && send(fd, block, sizeof block, MSG_NOSIGNAL) > 0) {
    }
}

static void until_closed(server_t *s, int fd)
{
    while (!s->stop) {
        struct pollfd pfd = { .fd = fd, .events = POLLIN };
        char c;

        if (poll(&pfd, 1, 20) > 0 && recv(fd, &c, 1, 0) <= 0) {
            return;
        }
    }
}

static void serve(server_t *s, int fd)
{
    struct linger hard = { 1, 0 };
    int first = 1;

    while (read_request(s, fd)) {
        s->requests++;
        if (s->mode == HANG) {
            until_closed(s, fd);
        }
        else if (s->mode == CUT || (s->mode == SECOND_CUT && !first)) {
            break;
        }
        else if (s->mode == RESET) {
            setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
            break;
        }
        else {
            say(fd, s->answer);
            if (s->mode == FLOOD) {
                flood(s, fd);
            }
            if (s->mode == ANSWER_CLOSE) {
                break;
            }
        }
        first = 0;
    }
    close(fd);
}

static void *server_main(void *data)
{
    server_t *s = data;

    while (!s->stop) {
        struct pollfd pfd = { .fd = s->fd, .events = POLLIN };

        if (poll(&pfd, 1, 20) > 0) {
            int fd = accept(s->fd, NULL, NULL);

            if (fd >= 0) {
                s->connections++;
                serve(s, fd);
            }
        }
    }
    return NULL;
}

static void server_start(server_t *s, mode_e mode, const char *answer)
{
    struct sockaddr_in sin = { .sin_family = AF_INET };
    socklen_t len = sizeof sin;

    memset(s, 0, sizeof *s);
    s->mode = mode;
    s->answer = answer;
    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(s->fd, (struct sockaddr *)&sin, sizeof sin), 0);
    assert_int_equal(listen(s->fd, 16), 0);
    getsockname(s->fd, (struct sockaddr *)&sin, &len);
    s->port = ntohs(sin.sin_port);
    assert_int_equal(pthread_create(&s->thread, NULL, server_main, s), 0);
}

static void server_stop(server_t *s)
{
    s->stop = 1;
    pthread_join(s->thread, NULL);
    close(s->fd);
}

static gateway_t *server_gateway(const server_t *s)
{
    gateway_t *gw;

    assert_int_equal(gateway_parse(&gw, apr_psprintf(pool,
        "kannel:http://me:s%%20cret@127.0.0.1:%d/x/sendsms", s->port), NULL,
        pool), APR_SUCCESS);
    return gw;
}

/* One message to a server of that kind. */
static outcome_t try_server(server_t *s, mode_e mode, const char *answer,
                            apr_interval_time_t timeout)
{
    outcome_t outcome;
    gateway_link_t *link;

    server_start(s, mode, answer);
    link = open_link(server_gateway(s), 1, timeout, pool);
    send_and_wait(link, &outcome, pool);
    gateway_close(&link);
    server_stop(s);
    assert_null(strstr(outcome.answer.words, "cret"));
    return outcome;
}

#define SECONDS(n)  apr_time_from_sec(n)

static void test_request(void **state)
{
    server_t s;
    outcome_t o = try_server(&s, ANSWER, ACCEPTED, SECONDS(5));
    const char *body;

    assert_int_equal(o.answer.result, GATEWAY_ACCEPTED);
    assert_int_equal(o.answer.status, 202);
    assert_string_equal(o.answer.words, "0: Accepted for delivery");
    assert_in_range(o.answer.took, 1, SECONDS(5));
    assert_int_equal(s.requests, 1);
    assert_int_equal(strncmp(s.request, "POST /x/sendsms HTTP/1.1\r\n", 26),
                     0);
#define HAS(line) assert_non_null(strstr(s.request, "\r\n" line "\r\n"))
    HAS("Content-Type: application/octet-stream");
    HAS("X-Kannel-Username: me");
    HAS("X-Kannel-Password: s cret");
    HAS("X-Kannel-To: +491701234567");
    HAS("X-Kannel-UDH: 0605040b8423f0");
    HAS("X-Kannel-Coding: 1");
    HAS("X-Kannel-Validity: 15");
    HAS("Content-Length: 12");
    assert_null(strstr(s.request, "Expect"));
    assert_null(strstr(s.request, "Authorization"));
    body = strstr(s.request, "\r\n\r\n") + 4;
    assert_memory_equal(body, "\x01\x06\x03\xCE\xAF\x85\x00\x0A\x0D%+\xFF",
                        12);
}

static void test_keep_alive(void **state)
{
    server_t s;
    outcome_t outcome;
    gateway_link_t *link;
    int i;

    server_start(&s, ANSWER, ACCEPTED);
    link = open_link(server_gateway(&s), 4, SECONDS(5), pool);
    for (i = 0; i < 5; i++) {
        send_and_wait(link, &outcome, pool);
        assert_int_equal(outcome.answer.result, GATEWAY_ACCEPTED);
    }
    gateway_close(&link);
    server_stop(&s);
    assert_int_equal(s.requests, 5);
    assert_int_equal(s.connections, 1);
}

/* A request that went out is never sent again by itself, not even where a
 * kept connection closes instead of answering. */
static void test_not_twice(void **state)
{
    server_t s;
    outcome_t outcome;
    gateway_link_t *link;

    server_start(&s, SECOND_CUT, ACCEPTED);
    link = open_link(server_gateway(&s), 1, SECONDS(5), pool);
    send_and_wait(link, &outcome, pool);
    assert_int_equal(outcome.answer.result, GATEWAY_ACCEPTED);
    send_and_wait(link, &outcome, pool);
    assert_int_equal(outcome.answer.result, GATEWAY_UNANSWERED);
    assert_int_equal(s.requests, 2);
    send_and_wait(link, &outcome, pool);
    assert_int_equal(outcome.answer.result, GATEWAY_ACCEPTED);
    assert_int_equal(s.requests, 3);
    gateway_close(&link);
    server_stop(&s);
}

static void test_unanswered(void **state)
{
    server_t s;
    outcome_t o;

    o = try_server(&s, HANG, NULL, SECONDS(1));
    assert_int_equal(o.answer.result, GATEWAY_UNANSWERED);
    assert_int_equal(o.answer.status, 0);
    assert_non_null(strstr(o.answer.words, "timed out"));
    o = try_server(&s, CUT, NULL, SECONDS(5));
    assert_int_equal(o.answer.result, GATEWAY_UNANSWERED);
    assert_int_equal(s.requests, 1);
    o = try_server(&s, RESET, NULL, SECONDS(5));
    assert_int_equal(o.answer.result, GATEWAY_UNANSWERED);
    /* the status came, the rest did not */
    o = try_server(&s, ANSWER_CLOSE, "HTTP/1.1 202 Accepted\r\n"
                   "Content-Length: 24\r\n\r\n0: Acc", SECONDS(5));
    assert_int_equal(o.answer.result, GATEWAY_UNANSWERED);
    assert_int_equal(o.answer.status, 202);
}

static void test_unreachable(void **state)
{
    server_t s;
    outcome_t outcome;
    gateway_link_t *link;

    server_start(&s, ANSWER, ACCEPTED);
    server_stop(&s);                    /* nobody listens there any more */
    link = open_link(server_gateway(&s), 1, SECONDS(5), pool);
    send_and_wait(link, &outcome, pool);
    assert_int_equal(outcome.answer.result, GATEWAY_UNREACHABLE);
    assert_int_equal(outcome.answer.status, 0);
    assert_string_equal(outcome.answer.words,
                        "cannot connect (Connection refused)");
    gateway_close(&link);
}

/* A host that does not answer: a listener whose backlog is full. */
static void test_connect_timeout(void **state)
{
    struct sockaddr_in sin = { .sin_family = AF_INET };
    socklen_t len = sizeof sin;
    int fd = socket(AF_INET, SOCK_STREAM, 0), filler[4], i;
    server_t s = { .fd = fd };
    outcome_t outcome;
    gateway_link_t *link;

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&sin, sizeof sin), 0);
    assert_int_equal(listen(fd, 0), 0);
    getsockname(fd, (struct sockaddr *)&sin, &len);
    s.port = ntohs(sin.sin_port);
    for (i = 0; i < 4; i++) {
        filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(filler[i], (struct sockaddr *)&sin, sizeof sin);
    }
    link = open_link(server_gateway(&s), 1, SECONDS(1), pool);
    send_and_wait(link, &outcome, pool);
    assert_int_equal(outcome.answer.result, GATEWAY_UNREACHABLE);
    assert_non_null(strstr(outcome.answer.words, "timed out"));
    gateway_close(&link);
    for (i = 0; i < 4; i++) {
        close(filler[i]);
    }
    close(fd);
}

static void test_broken_answers(void **state)
{
    server_t s;
    outcome_t o;

    o = try_server(&s, ANSWER_CLOSE, "Hello, this is no HTTP\r\n\r\n",
                   SECONDS(5));
    assert_int_equal(o.answer.result, GATEWAY_TEMPORARY);
    assert_non_null(strstr(o.answer.words, "not HTTP"));
    o = try_server(&s, ANSWER_CLOSE, "HTTP/1.1 503 Later\r\n"
                   "Content-Length: 50\r\n\r\nTempo", SECONDS(5));
    assert_int_equal(o.answer.result, GATEWAY_TEMPORARY);
    assert_non_null(strstr(o.answer.words, "broke off"));
    o = try_server(&s, FLOOD, "HTTP/1.1 202 Accepted\r\n"
                   "Connection: close\r\n\r\n0: Accepted", SECONDS(5));
    assert_int_equal(o.answer.result, GATEWAY_TEMPORARY);
    assert_non_null(strstr(o.answer.words, "longer"));
    o = try_server(&s, FLOOD, "HTTP/1.1 202 Accepted\r\nX-Long: ",
                   SECONDS(5));
    assert_int_not_equal(o.answer.result, GATEWAY_ACCEPTED);
    o = try_server(&s, ANSWER, "HTTP/1.1 301 Moved\r\nContent-Length: 0\r\n"
                   "Location: http://127.0.0.1:1/other\r\n\r\n", SECONDS(5));
    assert_int_equal(o.answer.result, GATEWAY_REFUSED);
    assert_non_null(strstr(o.answer.words, "redirects"));
    assert_int_equal(s.requests, 1);
    o = try_server(&s, ANSWER, "HTTP/1.1 202 Accepted\r\n"
                   "Transfer-Encoding: chunked\r\n\r\n"
                   "2\r\n0:\r\n3\r\n ok\r\n0\r\n\r\n", SECONDS(5));
    assert_int_equal(o.answer.result, GATEWAY_ACCEPTED);
    assert_string_equal(o.answer.words, "0: ok");
}

/* Interim answers without end are cut by the header's limit. */
static void test_interim_flood(void **state)
{
    server_t s;
    outcome_t o;
    char *answer = apr_pcalloc(pool, 30 * 2000 + 1);
    int i;

    for (i = 0; i < 2000; i++) {
        memcpy(answer + i * 25, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    }
    o = try_server(&s, ANSWER, answer, SECONDS(5));
    assert_int_equal(o.answer.result, GATEWAY_TEMPORARY);
    assert_non_null(strstr(o.answer.words, "longer"));
}

static void test_proxy_of_environment(void **state)
{
    server_t s;
    outcome_t o;

    setenv("http_proxy", "http://127.0.0.1:1/", 1);
    setenv("all_proxy", "http://127.0.0.1:1/", 1);
    o = try_server(&s, ANSWER, ACCEPTED, SECONDS(5));
    unsetenv("http_proxy");
    unsetenv("all_proxy");
    assert_int_equal(o.answer.result, GATEWAY_ACCEPTED);
}

static void *wake_soon(void *link)
{
    usleep(50000);
    gateway_wakeup(link);
    return NULL;
}

static void test_abort_and_wakeup(void **state)
{
    server_t s;
    gateway_message_t m = message(0, pool);
    outcome_t a = { 0 }, b = { 0 };
    gateway_link_t *link;
    pthread_t thread;
    apr_time_t start;
    int i;

    server_start(&s, HANG, NULL);
    link = open_link(server_gateway(&s), 2, SECONDS(60), pool);
    gateway_send(link, &m, &a);
    for (i = 0; i < 250 && !s.requests; i++) {
        gateway_run(link, 20000);
    }
    assert_int_equal(s.requests, 1);
    assert_null(strstr(s.request, "Validity"));

    start = apr_time_now();
    pthread_create(&thread, NULL, wake_soon, link);
    gateway_run(link, SECONDS(30));
    assert_in_range(apr_time_now() - start, 10000, SECONDS(10));
    pthread_join(thread, NULL);

    /* the server takes one connection at a time: b waits in its backlog,
     * and may be read yet; what has not begun was not tried */
    gateway_send(link, &m, &b);
    gateway_abort(link);
    assert_int_equal(a.answer.result, GATEWAY_UNANSWERED);
    assert_int_equal(b.answer.result, GATEWAY_NOT_TRIED);
    assert_int_equal(gateway_room(link), 2);
    gateway_close(&link);
    server_stop(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_not_twice),
        cmocka_unit_test(test_unanswered),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_connect_timeout),
        cmocka_unit_test(test_broken_answers),
        cmocka_unit_test(test_interim_flood),
        cmocka_unit_test(test_proxy_of_environment),
        cmocka_unit_test(test_abort_and_wakeup),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
