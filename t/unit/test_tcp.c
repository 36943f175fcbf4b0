/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Telling devices that listen on a TCP port: which addresses may be
 * connected to, and what comes of devices that answer, refuse, hang up or
 * say nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/gateway_tcp.h"
#include "push/tcp_address.h"

#include "gateway_link.h"

static apr_pool_t *pool;

/* ---- addresses ----------------------------------------------------------- */

static const char *address(const char *text)
{
    tcp_address_t a;
    const char *error = NULL;

    return tcp_address_parse(&a, text, 745, &error, pool) == APR_SUCCESS
        ? tcp_address_text(&a, pool) : error;
}

static void test_addresses(void **state)
{
    static const char *const wrong[] = {
        "", "phone", "phone:745", "1.2.3", "1.2.3.4:", "1.2.3.4:0",
        "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:7 4", "1.2.3.4:12345678901",
        "[::1", "[::1]x", "::1:", "[1.2.3.4.5]:1", "01.2.3.400", "0x7f.1",
        "2130706433", "fe80::1%lo", "[fe80::1%2]:745", " 1.2.3.4", "1.2.3.4 "
    };
    apr_size_t i;
    tcp_address_t a;

    assert_string_equal(address("1.2.3.4"), "1.2.3.4:745");
    assert_string_equal(address("1.2.3.4:80"), "1.2.3.4:80");
    assert_string_equal(address("::1"), "[::1]:745");
    assert_string_equal(address("[fd00::5]:4000"), "[fd00::5]:4000");
    assert_string_equal(address("[fd00::5]"), "[fd00::5]:745");
    assert_string_equal(address("::ffff:127.0.0.1"), "127.0.0.1:745");
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (tcp_address_parse(&a, wrong[i], 745, NULL, pool) == APR_SUCCESS)
            fail_msg("\"%s\" is taken for an address", wrong[i]);
    }
}

static apr_array_header_t *networks(const char *words)
{
    apr_array_header_t *list = NULL;
    char *last, *word, *text = apr_pstrdup(pool, words);
    const char *error = NULL;

    for (word = apr_strtok(text, " ", &last); word;
         word = apr_strtok(NULL, " ", &last)) {
        if (tcp_networks_add(&list, word, &error, pool) != APR_SUCCESS)
            fail_msg("%s", error);
    }
    return list;
}

static int allowed(const char *words, const char *text)
{
    tcp_address_t a;

    assert_int_equal(tcp_address_parse(&a, text, 1, NULL, pool), 0);
    return tcp_networks_allow(networks(words), &a);
}

static void test_networks(void **state)
{
    static const char *const special[] = {
        "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "169.254.1.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "ff02::1",
        "::ffff:127.0.0.1", "::7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::"
    };
    apr_size_t i;

    assert_int_equal(allowed("", "10.1.2.3"), 0);
    assert_int_equal(allowed("private", "10.1.2.3"), 1);
    assert_int_equal(allowed("private", "172.31.0.1"), 1);
    assert_int_equal(allowed("private", "172.32.0.1"), 0);
    assert_int_equal(allowed("private", "192.168.3.4"), 1);
    assert_int_equal(allowed("private", "100.64.3.4"), 1);
    assert_int_equal(allowed("private", "fd12::1"), 1);
    assert_int_equal(allowed("private", "8.8.8.8"), 0);
    assert_int_equal(allowed("private", "127.0.0.1"), 0);
    assert_int_equal(allowed("any", "8.8.8.8"), 1);
    assert_int_equal(allowed("any", "10.1.2.3"), 1);
    assert_int_equal(allowed("any", "2a00::1"), 1);
    for (i = 0; i < sizeof special / sizeof *special; i++) {
        if (allowed("any private", special[i]))
            fail_msg("%s is allowed", special[i]);
    }
    /* said by hand: what they are, whatever they are */
    assert_int_equal(allowed("127.0.0.0/8", "127.0.0.1"), 1);
    assert_int_equal(allowed("127.0.0.1", "127.0.0.2"), 0);
    assert_int_equal(allowed("10.0.0.0/9", "10.127.1.1"), 1);
    assert_int_equal(allowed("10.0.0.0/9", "10.128.1.1"), 0);
    assert_int_equal(allowed("0.0.0.0/0", "127.0.0.1"), 1);
    assert_int_equal(allowed("0.0.0.0/0", "::1"), 0);
    assert_int_equal(allowed("private none", "10.1.2.3"), 0);
    assert_int_equal(allowed("none 10.0.0.0/8", "10.1.2.3"), 1);
}

static void test_networks_refuse(void **state)
{
    static const char *const wrong[] = {
        "home", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0/8",
        "::/129", "10.0.0.0/-1", "10.0.0.0/8/8"
    };
    apr_size_t i;

    for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        apr_array_header_t *list = NULL;
        const char *error = NULL;

        if (tcp_networks_add(&list, wrong[i], &error, pool) == APR_SUCCESS)
            fail_msg("\"%s\" is taken for a network", wrong[i]);
        assert_non_null(strstr(error, wrong[i][0] == 'h' ? "right are"
                               : "\""));
    }
}

/* ---- a device ------------------------------------------------------------ */

typedef struct device_t {
    pthread_t thread;
    int fd, port;
    const char *answer;         /* NULL: nothing, and hangs up */
    int deaf;                   /* seconds of silence */
    char got[64];
    apr_size_t len;
} device_t;

static void *device_main(void *data)
{
    device_t *d = data;
    int fd = accept(d->fd, NULL, NULL);
    ssize_t n;

    if (fd < 0)
        return NULL;
    while (d->len < 5
           && (n = read(fd, d->got + d->len, sizeof d->got - d->len)) > 0)
        d->len += (apr_size_t)n;
    if (d->deaf)
        sleep((unsigned)d->deaf);
    /* in pieces: it may come as it likes */
    for (n = 0; d->answer && d->answer[n]; n++) {
        if (send(fd, d->answer + n, 1, MSG_NOSIGNAL) != 1)
            break;
        usleep(300);
    }
    close(fd);
    return NULL;
}

static device_t *device(const char *answer, int deaf)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    device_t *d = apr_pcalloc(pool, sizeof *d);
    socklen_t len = sizeof in;

    d->answer = answer;
    d->deaf = deaf;
    d->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(d->fd, (struct sockaddr *)&in, sizeof in), 0);
    assert_int_equal(listen(d->fd, 8), 0);
    getsockname(d->fd, (struct sockaddr *)&in, &len);
    d->port = ntohs(in.sin_port);
    assert_int_equal(pthread_create(&d->thread, NULL, device_main, d), 0);
    return d;
}

static void gone(device_t *d)
{
    shutdown(d->fd, SHUT_RDWR);
    pthread_join(d->thread, NULL);
    close(d->fd);
}

static const gateway_answer_t *tell_at(const char *net, const char *text,
                                       int timeout)
{
    const gateway_t *gw = gateway_tcp_create(networks(net), 745, pool);
    gateway_link_t *link = open_link(gw, 4, apr_time_from_sec(timeout),
                                     pool);
    gateway_message_t m = { .address = text, .package_len = 5,
                            .package = (const unsigned char *)"a\0b\nc" };
    outcome_t *outcome = apr_pcalloc(pool, sizeof *outcome);
    int i;

    assert_true(gw->reaches(gw, &m));
    gateway_send(link, &m, outcome);
    assert_int_equal(outcome->done, 0);
    for (i = 0; i < 1000 && !outcome->done; i++)
        gateway_run(link, 20000);
    assert_int_equal(outcome->done, 1);
    assert_int_equal(gateway_room(link), 4);
    gateway_close(&link);
    return &outcome->answer;
}

static const gateway_answer_t *tell(device_t *d, int timeout)
{
    const gateway_answer_t *answer = tell_at("127.0.0.0/8",
        apr_psprintf(pool, "127.0.0.1:%d", d->port), timeout);

    gone(d);
    return answer;
}

static void test_taken(void **state)
{
    device_t *d = device("200 OK\r\n", 0);
    const gateway_answer_t *a = tell(d, 5);

    assert_int_equal(a->result, GATEWAY_ACCEPTED);
    assert_int_equal(a->status, 200);
    assert_string_equal(a->words, "200 OK");
    assert_int_equal(d->len, 5);
    assert_memory_equal(d->got, "a\0b\nc", 5);
    assert_int_equal(tell(device("200", 0), 5)->result, GATEWAY_ACCEPTED);
}

static void test_not_taken(void **state)
{
    const gateway_answer_t *a = tell(device("500 busy\n", 0), 5);

    assert_int_equal(a->result, GATEWAY_TEMPORARY);
    assert_int_equal(a->status, 500);
    assert_string_equal(a->words, "500 busy");
    a = tell(device(NULL, 0), 5);
    assert_int_equal(a->result, GATEWAY_TEMPORARY);
    assert_non_null(strstr(a->words, "without an answer"));
    a = tell(device("2000\n", 0), 5);
    assert_int_equal(a->result, GATEWAY_TEMPORARY);
    a = tell(device("HTTP/1.1 200 OK\n", 0), 5);
    assert_int_equal(a->result, GATEWAY_TEMPORARY);
    assert_int_equal(a->status, 0);
    /* an answer without end */
    a = tell(device("x123456789x123456789x123456789x123456789x123456789"
                    "x123456789x123456789x123456789x123456789x123456789"
                    "x123456789x123456789x123456789x123456789", 0), 5);
    assert_int_equal(a->result, GATEWAY_TEMPORARY);
    a = tell(device("200\n", 2), 1);
    assert_int_equal(a->result, GATEWAY_TEMPORARY);
    assert_non_null(strstr(a->words, "no answer"));
}

static void test_not_there(void **state)
{
    device_t *d = device("200\n", 0);
    const gateway_answer_t *a;
    int port = d->port;

    gone(d);
    a = tell_at("127.0.0.0/8", apr_psprintf(pool, "127.0.0.1:%d", port), 5);
    assert_int_equal(a->result, GATEWAY_UNREACHABLE);
    assert_true(a->took >= apr_time_from_sec(1));   /* it was tried twice */
    assert_non_null(strstr(a->words, "refused"));
}

static void test_not_allowed(void **state)
{
    device_t *d = device("200\n", 0);
    const char *text = apr_psprintf(pool, "127.0.0.1:%d", d->port);

    assert_int_equal(tell_at("any private", text, 5)->result,
                     GATEWAY_REJECTED);
    assert_int_equal(tell_at("10.0.0.0/8", apr_psprintf(pool,
        "[::ffff:127.0.0.1]:%d", d->port), 5)->result, GATEWAY_REJECTED);
    assert_int_equal(tell_at("", text, 5)->result, GATEWAY_REJECTED);
    assert_int_equal(tell_at("any", "phone.example.com", 5)->result,
                     GATEWAY_REJECTED);
    gone(d);
    assert_int_equal(d->len, 0);        /* nobody connected */
}

static void test_many_and_abort(void **state)
{
    const gateway_t *gw = gateway_tcp_create(networks("127.0.0.0/8"), 745,
                                             pool);
    gateway_link_t *link = open_link(gw, 4, apr_time_from_sec(5), pool);
    device_t *good[3], *deaf = device("200\n", 3);
    gateway_message_t m[4];
    outcome_t o[4];
    int i;

    memset(m, 0, sizeof m);
    memset(o, 0, sizeof o);
    for (i = 0; i < 4; i++) {
        device_t *d = i < 3 ? good[i] = device("200\n", 0) : deaf;

        m[i].package = (const unsigned char *)"hello";
        m[i].package_len = 5;
        m[i].address = apr_psprintf(pool, "127.0.0.1:%d", d->port);
        gateway_send(link, &m[i], &o[i]);
    }
    assert_int_equal(gateway_room(link), 0);
    for (i = 0; i < 100 && gateway_room(link) < 3; i++)
        gateway_run(link, 20000);
    assert_int_equal(o[0].answer.result + o[1].answer.result
                     + o[2].answer.result, 3 * GATEWAY_ACCEPTED);
    assert_int_equal(o[0].done + o[1].done + o[2].done, 3);
    gateway_run(link, 20000);
    gateway_abort(link);
    assert_int_equal(o[3].done, 1);
    assert_int_equal(o[3].answer.result, GATEWAY_UNANSWERED);
    gateway_close(&link);
    for (i = 0; i < 3; i++)
        gone(good[i]);
    gone(deaf);
}

static void test_reaches(void **state)
{
    const gateway_t *gw = gateway_tcp_create(networks("any"), 745, pool);
    gateway_message_t m = { .package = (const unsigned char *)"x" };
    const char *error = NULL;
    gateway_t *other;

    assert_false(gw->reaches(gw, &m));
    m.address = "";
    assert_false(gw->reaches(gw, &m));
    m.address = "10.1.2.3";
    assert_true(gw->reaches(gw, &m));
    assert_int_equal(gateway_parse(&other, "tcp:10.1.2.3", &error, pool),
                     APR_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_networks_refuse),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_not_taken),
        cmocka_unit_test(test_not_there),
        cmocka_unit_test(test_not_allowed),
        cmocka_unit_test(test_many_and_abort),
        cmocka_unit_test(test_reaches),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
