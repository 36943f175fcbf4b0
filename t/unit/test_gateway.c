/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Gateways: URLs, what Kannel's answers mean, the file: driver, and the
 * Kannel driver against a server that misbehaves in every way that decides
 * between "sent", "try again" and "give up".
 */
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/gateway_driver.h"

static apr_pool_t *pool;

/* ---- URLs ---------------------------------------------------------------- */

static gateway_t *parse(const char *url, const char *name)
{
    gateway_t *gw;
    const char *error = NULL;

    assert_int_equal(gateway_parse(&gw, url, &error, pool), APR_SUCCESS);
    assert_null(error);
    assert_string_equal(gw->name, name);
    return gw;
}

static void refuse(const char *url, const char *words)
{
    gateway_t *gw = (gateway_t *)pool;
    const char *error = NULL;

    assert_int_equal(gateway_parse(&gw, url, &error, pool), APR_EINVAL);
    assert_null(gw);
    assert_non_null(error);
    if (!strstr(error, words)) {
        fail_msg("%s: \"%s\" does not say \"%s\"", url, error, words);
    }
    assert_null(strstr(error, "s3cret"));
}

static void test_urls(void **state)
{
    gateway_t *gw;

    gw = parse("kannel:http://me:s3cret@127.0.0.1:13013/cgi-bin/sendsms",
               "kannel:http://127.0.0.1:13013/cgi-bin/sendsms");
    assert_null(gw->directory);
    assert_false(gw->wants_meaning);
    parse("kannel:https://me:s3cret@sms.example.com/x",
          "kannel:https://sms.example.com/x");
    parse("KANNEL:http://me:p%40ss%2F@[::1]:80",
          "kannel:http://[::1]:80/cgi-bin/sendsms");
    parse("kannel:http://me:s3cret@localhost:1/",
          "kannel:http://localhost:1/cgi-bin/sendsms");
    gw = parse("file:/var/spool/sms//", "file:/var/spool/sms");
    assert_string_equal(gw->directory, "/var/spool/sms");
    assert_true(gw->wants_meaning);
}

static void test_urls_refused(void **state)
{
    refuse("", "no such gateway");
    refuse("http://me:s3cret@h/", "kannel:http://user:password@host");
    refuse("smpp://me:s3cret@h/", "or file:/directory");
    refuse("kannel:", "no HTTP URL");
    refuse("kannel:me:s3cret@h", "no HTTP URL");
    refuse("kannel:ftp://me:s3cret@h/", "one of http or https");
    refuse("kannel:file:///etc/passwd", "one of http or https");
    refuse("kannel:http://h/cgi-bin/sendsms", "user and password");
    refuse("kannel:http://me@h/", "user and password");
    refuse("kannel:http://:s3cret@h/", "user and password");
    refuse("kannel:http://me:@h/", "user and password");
    refuse("kannel:http://me:s3cret%0d%0aX-Kannel-To:%201@h/",
           "user and password");
    refuse("kannel:http://me:s3cret%7f@h/", "user and password");
    refuse("kannel:http://me:s3cret%20@h/", "user and password");
    refuse("kannel:http://me:s3cret@h/x?to=1", "end with the path");
    refuse("kannel:http://me:s3cret@h/x#1", "end with the path");
    refuse("kannel:http://me:s3cret@h:99999/", "no HTTP URL");
    refuse("file:", "absolute");
    refuse("file:sms", "absolute");
    refuse("file:/", "absolute");
}

/* ---- what answers mean --------------------------------------------------- */

static void classify(int status, const char *body, gateway_result_e result,
                     const char *words)
{
    gateway_answer_t answer;

    memset(&answer, 'x', sizeof answer);
    gateway_kannel_classify(status, body, strlen(body), &answer);
    assert_int_equal(answer.status, status);
    if (answer.result != result || !strstr(answer.words, words)) {
        fail_msg("%d %s: %s, %s", status, body,
                 gateway_result_name(answer.result), answer.words);
    }
}

static void test_kannel_answers(void **state)
{
    classify(202, "0: Accepted for delivery", GATEWAY_ACCEPTED, "0: Acc");
    classify(202, "3: Queued for later delivery", GATEWAY_ACCEPTED, "3: Qu");
    classify(202, "Sent. Message splits: 2", GATEWAY_ACCEPTED, "Sent.");
    classify(403, "Authorization failed for sendsms", GATEWAY_REFUSED,
             "password");
    classify(403, "Not routable. Do not try again.", GATEWAY_TEMPORARY,
             "no SMSC");
    classify(503, "Temporal failure, try again later.", GATEWAY_TEMPORARY,
             "Temporal failure");
    classify(500, "Sending failed.", GATEWAY_TEMPORARY, "Sending failed.");
    classify(400, "Missing receiver number, rejected", GATEWAY_REJECTED,
             "Missing receiver");
    classify(400, "Number(s) has/have been denied by white- and/or "
             "black-lists.", GATEWAY_REJECTED, "denied");
    classify(404, "Unknown request.", GATEWAY_REFUSED, "not that of sendsms");
}

static void test_other_answers(void **state)
{
    classify(200, "0: Accepted for delivery", GATEWAY_TEMPORARY,
             "not an answer of Kannel's");
    classify(200, "<html>Log in to the hotel's network</html>",
             GATEWAY_TEMPORARY, "not an answer of Kannel's");
    classify(202, "<html>0: Accepted</html>", GATEWAY_TEMPORARY,
             "not an answer of Kannel's");
    classify(202, "1: Something new", GATEWAY_TEMPORARY, "not an answer");
    classify(202, "", GATEWAY_TEMPORARY, "empty answer");
    classify(400, "<html>Bad Request</html>", GATEWAY_TEMPORARY,
             "not an answer");
    classify(400, "", GATEWAY_TEMPORARY, "empty answer");
    classify(401, "<html>", GATEWAY_REFUSED, "password");
    classify(403, "<html>Forbidden</html>", GATEWAY_REFUSED, "password");
    classify(407, "", GATEWAY_REFUSED, "password");
    classify(302, "", GATEWAY_REFUSED, "redirects");
    classify(405, "", GATEWAY_REFUSED, "not that of sendsms");
    classify(502, "<html>Bad Gateway</html>", GATEWAY_TEMPORARY,
             "not an answer");
    classify(429, "Slow down", GATEWAY_TEMPORARY, "Slow down");
}

static void test_binary_answer(void **state)
{
    static const char body[] = "0:\0\x01\xFF" "Acc\r\n\r\nepted";
    gateway_answer_t answer;

    gateway_kannel_classify(202, body, sizeof body - 1, &answer);
    assert_int_equal(answer.result, GATEWAY_TEMPORARY);
    assert_string_equal(answer.words, "not an answer of Kannel's sendsms "
                        "(0: Acc epted)");
    gateway_words(&answer, "\n \x80 ", 4);
    assert_string_equal(answer.words, "");
}

static void test_long_answer(void **state)
{
    char body[4096];
    gateway_answer_t answer;

    memset(body, 'x', sizeof body);
    gateway_kannel_classify(500, body, sizeof body, &answer);
    assert_int_equal(answer.result, GATEWAY_TEMPORARY);
    assert_in_range(strlen(answer.words), 100, GATEWAY_MAX_WORDS - 1);
}

/* ---- a message through a link -------------------------------------------- */

typedef struct outcome_t {
    int done;
    gateway_answer_t answer;
} outcome_t;

static void on_done(void *baton, void *message_baton,
                    const gateway_answer_t *answer)
{
    outcome_t *outcome = message_baton;

    assert_int_equal(outcome->done, 0);
    outcome->done++;
    outcome->answer = *answer;
}

static gateway_link_t *open_link(const gateway_t *gw, int parallel,
                                 apr_interval_time_t timeout)
{
    gateway_options_t options = { parallel, timeout, timeout };
    gateway_link_t *link;

    assert_int_equal(gateway_open(&link, gw, &options, on_done, NULL, pool),
                     APR_SUCCESS);
    assert_int_equal(gateway_room(link), parallel);
    return link;
}

static gateway_message_t message(int validity)
{
    static const unsigned char data[] = { 1, 6, 3, 0xCE, 0xAF, 0x85, 0, 10,
                                          13, 0x25, 0x2B, 0xFF };
    gateway_message_t m = { .to = "+491701234567", .validity = validity,
                            .meaning = "Notification: x\n" };
    apr_array_header_t *parts;

    assert_int_equal(sms_split(&parts, data, sizeof data, 2948, 9200, 1,
                               pool), APR_SUCCESS);
    m.part = &APR_ARRAY_IDX(parts, 0, sms_part_t);
    return m;
}

static void send_and_wait(gateway_link_t *link, outcome_t *outcome)
{
    gateway_message_t m = message(15);
    int room = gateway_room(link), i;

    memset(outcome, 0, sizeof *outcome);
    gateway_send(link, &m, outcome);
    assert_int_equal(outcome->done, 0);         /* later, never at once */
    assert_int_equal(gateway_room(link), room - 1);
    for (i = 0; i < 1000 && !outcome->done; i++) {
        gateway_run(link, 20000);
    }
    assert_int_equal(outcome->done, 1);
    assert_int_equal(gateway_room(link), room);
}

/* ---- file: --------------------------------------------------------------- */

static char *slurp(const char *path)
{
    char buf[4096] = "";
    FILE *f = fopen(path, "r");

    assert_non_null(f);
    buf[fread(buf, 1, sizeof buf - 1, f)] = '\0';
    fclose(f);
    return apr_pstrdup(pool, buf);
}

static void test_file(void **state)
{
    char dir[] = "/tmp/test_gateway.XXXXXX";
    outcome_t first, second;
    gateway_link_t *link;
    struct dirent **names;
    struct stat st;
    char *path;

    assert_non_null(mkdtemp(dir));
    link = open_link(parse(apr_pstrcat(pool, "file:", dir, NULL),
                           apr_pstrcat(pool, "file:", dir, NULL)), 2, 0);
    send_and_wait(link, &first);
    send_and_wait(link, &second);
    assert_int_equal(first.answer.result, GATEWAY_ACCEPTED);
    assert_int_equal(second.answer.result, GATEWAY_ACCEPTED);
    /* two files and no others, in the order of sending */
    assert_int_equal(scandir(dir, &names, NULL, alphasort), 4);
    assert_string_equal(names[2]->d_name, first.answer.words);
    assert_string_equal(names[3]->d_name, second.answer.words);
    path = apr_pstrcat(pool, dir, "/", names[2]->d_name, NULL);
    assert_string_equal(slurp(path),
                        "To: +491701234567\n"
                        "UDH: 0605040B8423F0\n"
                        "Data: 010603CEAF85000A0D252BFF\n"
                        "\n"
                        "Notification: x\n");
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0444, 0444);
    unlink(path);
    unlink(apr_pstrcat(pool, dir, "/", names[3]->d_name, NULL));
    while (names[0]) {
        free(names[0]);
        names[0] = names[1], names[1] = names[2], names[2] = names[3];
        names[3] = NULL;
    }
    free(names);

    /* a directory that went away is for an admin; when it is back, so is
     * the gateway */
    assert_int_equal(rmdir(dir), 0);
    send_and_wait(link, &first);
    assert_int_equal(first.answer.result, GATEWAY_REFUSED);
    assert_non_null(strstr(first.answer.words, "No such file"));
    assert_int_equal(mkdir(dir, 0700), 0);
    send_and_wait(link, &first);
    assert_int_equal(first.answer.result, GATEWAY_ACCEPTED);
    unlink(apr_pstrcat(pool, dir, "/", first.answer.words, NULL));
    assert_int_equal(rmdir(dir), 0);
    gateway_close(&link);
    assert_null(link);
}

/* A file that cannot be made, for another reason than a missing right. */
static void test_file_fails(void **state)
{
    outcome_t outcome;
    gateway_link_t *link = open_link(parse("file:/proc/self",
                                           "file:/proc/self"), 1, 0);

    send_and_wait(link, &outcome);
    assert_int_not_equal(outcome.answer.result, GATEWAY_ACCEPTED);
    assert_int_not_equal(outcome.answer.words[0], 0);
    gateway_close(&link);
}

static void test_file_abort(void **state)
{
    gateway_message_t m = message(0);
    outcome_t a = { 0 }, b = { 0 };
    gateway_link_t *link = open_link(parse("file:/nowhere", "file:/nowhere"),
                                     2, 0);

    gateway_send(link, &m, &a);
    gateway_send(link, &m, &b);
    assert_int_equal(gateway_room(link), 0);
    gateway_abort(link);
    assert_int_equal(a.answer.result, GATEWAY_NOT_TRIED);
    assert_int_equal(b.answer.result, GATEWAY_NOT_TRIED);
    gateway_close(&link);
}

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
    link = open_link(server_gateway(s), 1, timeout);
    send_and_wait(link, &outcome);
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
    link = open_link(server_gateway(&s), 4, SECONDS(5));
    for (i = 0; i < 5; i++) {
        send_and_wait(link, &outcome);
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
    link = open_link(server_gateway(&s), 1, SECONDS(5));
    send_and_wait(link, &outcome);
    assert_int_equal(outcome.answer.result, GATEWAY_ACCEPTED);
    send_and_wait(link, &outcome);
    assert_int_equal(outcome.answer.result, GATEWAY_UNANSWERED);
    assert_int_equal(s.requests, 2);
    send_and_wait(link, &outcome);
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
    link = open_link(server_gateway(&s), 1, SECONDS(5));
    send_and_wait(link, &outcome);
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
    link = open_link(server_gateway(&s), 1, SECONDS(1));
    send_and_wait(link, &outcome);
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
    gateway_message_t m = message(0);
    outcome_t a = { 0 }, b = { 0 };
    gateway_link_t *link;
    pthread_t thread;
    apr_time_t start;
    int i;

    server_start(&s, HANG, NULL);
    link = open_link(server_gateway(&s), 2, SECONDS(60));
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
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_urls_refused),
        cmocka_unit_test(test_kannel_answers),
        cmocka_unit_test(test_other_answers),
        cmocka_unit_test(test_binary_answer),
        cmocka_unit_test(test_long_answer),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_file_fails),
        cmocka_unit_test(test_file_abort),
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
