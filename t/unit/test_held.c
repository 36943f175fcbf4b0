/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Connections held open: the wire format, logins, heartbeats, notifications,
 * what strangers and the dead come to, and ten thousand of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_base64.h>
#include <apr_general.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include "push/held.h"

#include "held_client.h"

static apr_pool_t *pool;

/* ---- the wire format ----------------------------------------------------- */

static void test_write(void **state)
{
    unsigned char out[CTP_MAX_OUT], san[300];
    ctp_message_t m;
    apr_size_t used;

    assert_int_equal(ctp_write(out, CTP_OK, 0, NULL, 0), 4);
    assert_memory_equal(out, "\0\x02\x10\x20", 4);
    assert_int_equal(ctp_write(out, CTP_OK, CTP_P_NONCE, "nonce", 5), 11);
    assert_memory_equal(out, "\0\x09\x10\x20\x06\x05nonce", 11);
    memset(san, 's', sizeof san);
    assert_int_equal(ctp_write(out, CTP_SYNC, CTP_P_SAN, san, CTP_MAX_SAN),
                     CTP_MAX_OUT);
    assert_int_equal(ctp_read(&m, out, CTP_MAX_OUT, &used, NULL), 0);
    assert_int_equal(used, CTP_MAX_OUT);
    assert_int_equal(m.params[0].len, CTP_MAX_SAN);
}

static void test_read(void **state)
{
    /* as a client writes it: device, user, digest */
    static const unsigned char auth[] =
        "\0\x13\x10\x01\x01\x03" "dev\x02\x05" "alice\x03\x03" "abc";
    ctp_message_t m;
    apr_size_t used, n;

    for (n = 0; n < sizeof auth - 1; n++) {
        unsigned char *exact = malloc(n ? n : 1);

        memcpy(exact, auth, n);
        assert_int_equal(ctp_read(&m, exact, n, &used, NULL),
                         APR_INCOMPLETE);
        free(exact);
    }
    assert_int_equal(ctp_read(&m, auth, sizeof auth - 1, &used, NULL), 0);
    assert_int_equal(used, 21);
    assert_int_equal(m.code, CTP_AUTH);
    assert_int_equal(m.nparams, 3);
    assert_int_equal(ctp_param(&m, CTP_P_USER)->len, 5);
    assert_memory_equal(ctp_param(&m, CTP_P_USER)->value, "alice", 5);
    assert_null(ctp_param(&m, CTP_P_FROM));
}

static void refuse(const char *octets, apr_size_t len, const char *words)
{
    ctp_message_t m;
    apr_size_t used;
    const char *error = NULL;

    assert_int_equal(ctp_read(&m, (const unsigned char *)octets, len, &used,
                              &error), CTP_EMALFORMED);
    assert_non_null(strstr(error, words));
}

static void test_read_refuses(void **state)
{
    refuse("\0\0", 2, "length");
    refuse("\0\x01", 2, "length");
    refuse("\xFF\xFF", 2, "length");
    refuse("GET / HTTP/1.1\r\n", 16, "length");
    refuse("\0\x02\x20\x02", 4, "version");
    refuse("\0\x03\x10\x02\x01", 5, "cut short");
    refuse("\0\x05\x10\x02\x01\x02x", 7, "cut short");
    refuse("\0\x14\x10\x02\1\0\1\0\1\0\1\0\1\0\1\0\1\0\1\0\1\0", 22,
           "more parameters");
}

static void test_digest(void **state)
{
    /* computed by other means: Python, hashlib and base64 */
    static const char cred[] = "cB8bJOILK4EZPMd3GCKz0w==";
    ctp_param_t p = { CTP_P_CRED, (const unsigned char *)cred, 24 };
    char mine[32];

    client_digest(mine, "alice", "secret", "abcdefghijkl");
    p.value = (const unsigned char *)mine;
    assert_true(ctp_digest_matches(&p, "alice", "secret", "abcdefghijkl"));
    assert_false(ctp_digest_matches(&p, "alice", "Secret", "abcdefghijkl"));
    assert_false(ctp_digest_matches(&p, "alice", "secret", "abcdefghijkm"));
    p.len = 23;
    assert_false(ctp_digest_matches(&p, "alice", "secret", "abcdefghijkl"));
    p.value = (const unsigned char *)cred;
    p.len = 24;
    assert_true(ctp_digest_matches(&p, "alice", "s3cret", "bm9uY2Vub25j"));
}

/* ---- one client ---------------------------------------------------------- */

static void test_login_and_notification(void **state)
{
    place_t *s = place(pool, 0);
    client_t *c = client_make(s, "dev-7", "alice", "secret");
    unsigned char san[100];

    client_login(c);
    assert_int_equal(c->code, CTP_OK);
    assert_int_equal(c->value_len, CTP_NONCE);  /* for the next time */
    assert_int_equal(s->connected, 1);
    assert_true(held_is_connected(s->held, 7));
    assert_false(held_is_connected(s->held, 8));

    client_say(c, "\0\x02\x10\x02", 4);
    client_hear(c);
    assert_int_equal(c->code, CTP_OK);

    memset(san, 0xA5, sizeof san);
    tell(s, 7, san, sizeof san);
    client_hear(c);
    assert_int_equal(c->code, CTP_SYNC);
    assert_int_equal(c->param, CTP_P_SAN);
    assert_int_equal(c->value_len, sizeof san);
    assert_memory_equal(c->value, san, sizeof san);
    settle(s);
    assert_int_equal(s->answer.result, GATEWAY_ACCEPTED);
    assert_int_equal(s->counts.told, 1);

    client_say(c, "\0\x02\x10\x03", 4);     /* bye */
    client_hear(c);
    assert_int_equal(c->code, CTP_OK);
    client_hear(c);
    assert_int_equal(c->code, CLOSED);
    run(s, 3);
    assert_int_equal(s->connected, 0);
    assert_false(held_is_connected(s->held, 7));
    place_end(s);
}

/* Some clients take what comes together for one message. */
static void test_gap_between_messages(void **state)
{
    place_t *s = place(pool, 0);
    client_t *c = client_make(s, "dev-7", "alice", "secret");
    apr_time_t start;

    client_login(c);
    start = apr_time_now();
    client_say(c, "\0\x02\x10\x02\0\x02\x10\x02\0\x02\x10\x02", 12);
    tell(s, 7, "x", 1);
    client_hear(c);
    assert_int_equal(c->left, 0);
    assert_true(apr_time_now() - start >= CTP_GAP - 50000);
    start = apr_time_now();
    client_hear(c);
    assert_int_equal(c->left, 0);
    assert_true(apr_time_now() - start >= CTP_GAP - 50000);
    /* three READY at once are answered once */
    assert_int_equal(c->codes[CTP_OK], 2);
    assert_int_equal(c->codes[CTP_SYNC], 1);
    settle(s);
    assert_int_equal(s->answer.result, GATEWAY_ACCEPTED);
    place_end(s);
}

static void test_octet_by_octet(void **state)
{
    place_t *s = place(pool, 0);
    client_t *c = client_make(s, "dev-7", "alice", "secret");

    c->slow = 1;
    client_login(c);
    assert_int_equal(c->code, CTP_OK);
    assert_int_equal(s->counts.logins, 1);
    place_end(s);
}

static void test_wrong_logins(void **state)
{
    place_t *s = place(pool, 0);
    client_t *c = client_make(s, "dev-7", "alice", "wrong");

    client_login(c);
    assert_int_equal(c->code, CTP_UNAUTHORIZED);
    client_hear(c);
    assert_int_equal(c->code, CLOSED);
    assert_int_equal(s->counts.failed_logins, 1);
    assert_int_equal(s->connected, 0);

    c = client_make(s, "new", "alice", "secret");
    client_login(c);
    assert_int_equal(c->code, CTP_ERROR);       /* it comes back later */
    client_hear(c);
    assert_int_equal(c->code, CLOSED);

    s->busy = 1;
    c = client_make(s, "dev-7", "alice", "secret");
    client_login(c);
    assert_int_equal(c->code, CTP_ERROR);
    client_hear(c);
    assert_int_equal(c->code, CLOSED);
    assert_int_equal(s->connected, 0);
    s->busy = 0;

    c = client_make(s, "dev-7", "alice", "secret");
    client_say(c, "\0\x02\x10\x02", 4);         /* READY, a stranger */
    client_hear(c);
    assert_int_equal(c->code, CTP_ERROR);
    c = client_make(s, "dev-7", "alice", "secret");
    client_say(c, "\0\x06\x10\x01\x01\x02" "ab", 8);    /* no user */
    client_hear(c);
    assert_int_equal(c->code, CTP_ERROR);
    c = client_make(s, "dev-7", "alice", "secret");
    client_say(c, "GET / HTTP/1.1\r\n\r\n", 18);
    client_hear(c);
    assert_int_equal(c->code, CTP_ERROR);
    client_hear(c);
    assert_int_equal(c->code, CLOSED);
    assert_int_equal(s->counts.open, 0);
    place_end(s);
}

static void test_newer_takes_the_place(void **state)
{
    place_t *s = place(pool, 0);
    client_t *a = client_make(s, "dev-7", "alice", "secret");
    client_t *b = client_make(s, "dev-7", "alice", "secret");

    client_login(a);
    client_login(b);
    assert_int_equal(b->code, CTP_OK);
    client_hear(a);
    assert_int_equal(a->code, CLOSED);
    assert_int_equal(s->connected, 1);
    assert_int_equal(s->counts.connected, 1);
    tell(s, 7, "x", 1);
    client_hear(b);
    assert_int_equal(b->code, CTP_SYNC);
    settle(s);
    place_end(s);
}

static void test_notifications_that_fail(void **state)
{
    place_t *s = place(pool, 0);
    client_t *c = client_make(s, "dev-7", "alice", "secret");
    unsigned char san[CTP_MAX_SAN + 1] = { 0 };

    tell(s, 7, "x", 1);
    settle(s);
    assert_int_equal(s->answer.result, GATEWAY_UNREACHABLE);
    client_login(c);
    tell(s, 7, san, sizeof san);
    settle(s);
    assert_int_equal(s->answer.result, GATEWAY_REJECTED);
    tell(s, 7, san, CTP_MAX_SAN);
    client_hear(c);
    assert_int_equal(c->code, CTP_SYNC);
    settle(s);
    assert_int_equal(s->answer.result, GATEWAY_ACCEPTED);

    /* it hangs up while the gap runs */
    tell(s, 7, "x", 1);
    close(c->fd);
    c->fd = -1;
    settle(s);
    assert_int_equal(s->answer.result, GATEWAY_UNREACHABLE);

    tell(s, 7, "x", 1);
    held_abort(s->held);
    assert_int_equal(s->answer.result, GATEWAY_NOT_TRIED);
    place_end(s);
}

/* Told, and gone at once: it has it all the same. */
static void test_told_and_gone(void **state)
{
    place_t *s = place(pool, 0);
    client_t *c = client_make(s, "dev-7", "alice", "secret");

    client_login(c);
    tell(s, 7, "x", 1);
    while (c->code != CTP_SYNC)
        client_hear(c);
    close(c->fd);
    c->fd = -1;
    settle(s);
    assert_int_equal(s->answer.result, GATEWAY_ACCEPTED);
    place_end(s);
}

/* Its kernel takes nothing: no acknowledgement, another way is taken. */
static void test_dead_peer(void **state)
{
    place_t *s = place(pool, 0);
    client_t *c = client_make(s, "dev-7", "alice", "secret");
    apr_time_t start = apr_time_now();

    client_login(c);
    client_freeze(c);
    tell(s, 7, "x", 1);
    settle(s);
    assert_int_equal(s->answer.result, GATEWAY_UNREACHABLE);
    assert_true(apr_time_now() - start >= HELD_ACK);
    assert_true(apr_time_now() - start < 2 * HELD_ACK);
    assert_int_equal(s->counts.dead, 1);
    assert_false(held_is_connected(s->held, 7));
    place_end(s);
}

/* ---- strangers ----------------------------------------------------------- */

/* Many phones of one address may come at once; but those that do not log in
 * cannot be too many. */
static void test_limit_of_strangers(void **state)
{
    place_t *s = place(pool, 0);
    client_t *c[HELD_STRANGERS + 5];
    int i, closed = 0;

    for (i = 0; i < HELD_STRANGERS + 5; i++) {
        c[i] = client_make(s, "dev-7", "alice", "secret");
        run(s, 2);
    }
    run(s, 10);
    assert_int_equal(s->counts.open, HELD_STRANGERS + 5);
    run_for(s, HELD_RUSH + APR_USEC_PER_SEC / 10);
    for (i = 0; i < 6; i++) {   /* no strangers any more */
        client_login(c[i]);
        assert_int_equal(c[i]->code, CTP_OK);
        assert_false(client_is_closed(c[i]));
        c[i] = client_make(s, "dev-8", "alice", "secret");
        run(s, 10);
        closed += client_is_closed(c[i]);
    }
    assert_int_equal(closed, 5);
    assert_int_equal(s->counts.turned_away, 5);
    client_login(c[5]);
    assert_int_equal(c[5]->code, CTP_OK);
    place_end(s);
}

/* Where all places are taken, who only sits there gives his to the next. */
static void test_place_of_a_suspect(void **state)
{
    place_t *s = place(pool, 2);
    client_t *friend = client_make(s, "dev-1", "alice", "secret"), *c,
             *suspect;

    client_login(friend);
    suspect = client_make(s, "dev-2", "alice", "secret");
    run(s, 10);
    c = client_make(s, "dev-3", "alice", "secret");
    client_login(c);
    assert_int_equal(c->code, CLOSED);  /* it has just come */
    run_for(s, HELD_RUSH + APR_USEC_PER_SEC / 10);
    c = client_make(s, "dev-3", "alice", "secret");
    client_login(c);
    assert_int_equal(c->code, CTP_OK);
    run(s, 10);
    assert_true(client_is_closed(suspect));
    assert_false(client_is_closed(friend));
    assert_int_equal(s->counts.turned_away, 2);
    place_end(s);
}

static void test_guesses_are_limited(void **state)
{
    place_t *s = place(pool, 0);
    int i;

    for (i = 0; i < HELD_FAILURES + 3; i++) {
        client_t *c = client_make(s, "dev-7", "alice",
                                  apr_itoa(pool, i));

        client_login(c);
        assert_int_equal(c->code, i < HELD_FAILURES ? CTP_UNAUTHORIZED
                         : CLOSED);
    }
    assert_int_equal(s->counts.failed_logins, HELD_FAILURES);
    assert_int_equal(s->counts.turned_away, 3);
    place_end(s);
}

/* Behind a proxy one address is everybody's: guesses slow all down, and shut
 * nobody out. */
static void test_guesses_behind_a_proxy(void **state)
{
    place_t *s = place_with(pool, 0, 1000000, 1);
    client_t *c;
    apr_time_t begin;
    int i;

    for (i = 0; i < HELD_FAILURES; i++) {
        c = client_make(s, "dev-7", "alice", apr_itoa(pool, i));
        client_login(c);
        assert_int_equal(c->code, CTP_UNAUTHORIZED);
    }
    begin = apr_time_now();
    for (i = 0; i < 10; i++) {
        c = client_make(s, "dev-7", "alice", "guess");
        client_login(c);
        assert_int_equal(c->code, CTP_UNAUTHORIZED);
    }
    assert_in_range(apr_time_now() - begin, APR_USEC_PER_SEC * 4 / 10,
                    APR_USEC_PER_SEC * 5);
    c = client_make(s, "dev-8", "alice", "secret");
    client_login(c);
    assert_int_equal(c->code, CTP_OK);
    assert_int_equal(s->counts.turned_away, 0);
    place_end(s);
}

static void test_max(void **state)
{
    place_t *s = place(pool, 3);
    client_t *c;
    int i;

    for (i = 1; i <= 4; i++) {
        c = client_make(s, apr_psprintf(pool, "dev-%d", i), "alice",
                        "secret");
        client_login(c);
        assert_int_equal(c->code, i < 4 ? CTP_OK : CLOSED);
    }
    assert_int_equal(s->counts.connected, 3);
    place_end(s);
}

/* After a restart all come at once, and are let in one after the other. */
static void test_all_come_back(void **state)
{
    place_t *s = place_with(pool, 0, 100, 0);
    client_t *c[150];
    int i, early;
    apr_time_t begin = apr_time_now();

    for (i = 0; i < 150; i++)
        c[i] = client_make(s, apr_psprintf(pool, "dev-%d", i + 1), "alice",
                           "secret");
    while (apr_time_now() - begin < APR_USEC_PER_SEC / 2)
        held_run(s->held, 5000);
    early = (int)s->counts.open;
    assert_in_range(early, 30, 60);     /* of half a second: 50 */
    while (s->counts.open < 150
           && apr_time_now() - begin < apr_time_from_sec(10))
        held_run(s->held, APR_USEC_PER_SEC);
    assert_in_range(apr_time_now() - begin, APR_USEC_PER_SEC * 13 / 10,
                    APR_USEC_PER_SEC * 4);
    for (i = 0; i < 150; i++) {
        client_login(c[i]);
        assert_int_equal(c[i]->code, CTP_OK);
    }
    assert_int_equal(s->counts.turned_away, 0);
    assert_int_equal(s->counts.connected, 150);
    place_end(s);
}

/* ---- ten thousand -------------------------------------------------------- */

static long resident(void)
{
    long pages = 0, ignored;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f) {
        if (fscanf(f, "%ld %ld", &ignored, &pages) != 2)
            pages = 0;
        fclose(f);
    }
    return pages * sysconf(_SC_PAGESIZE);
}

#define MOST  10000

/* As many as may be open here. */
static int many(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_max > MOST + 200 ? MOST : (int)limit.rlim_max - 200;
}

/* The clients are a process of their own: both sides' files would be too many
 * for one.  It says "in", and then how many were told. */
static void many_clients(place_t *s, int n, int out)
{
    client_t **c = calloc((size_t)n, sizeof *c);
    int i, told = 0;

    s->held = NULL;
    for (i = 0; i < n; i++) {
        c[i] = client_make(s, apr_psprintf(pool, "dev-%d", i + 1), "alice",
                           "secret");
        client_login(c[i]);
        if (c[i]->code != CTP_OK)
            _exit(1);
    }
    if (write(out, "i", 1) != 1)
        _exit(1);
    for (i = 0; i < n; i += 10) {
        client_hear(c[i]);
        told += c[i]->code == CTP_SYNC;
    }
    i = write(out, &told, sizeof told) == sizeof told;
    sleep(30);                  /* until it is killed */
    _exit(!i);
}

/* Run the server until the clients say something. */
static void run_until(place_t *s, int in, void *what, apr_size_t len)
{
    struct pollfd fd = { in, POLLIN, 0 };
    apr_time_t end = apr_time_now() + apr_time_from_sec(100);

    while (poll(&fd, 1, 0) == 0) {
        held_run(s->held, 1000);
        assert_true(apr_time_now() < end);
    }
    assert_int_equal(read(in, what, len), len);
}

static void test_ten_thousand(void **state)
{
    place_t *s = place(pool, 0);
    apr_time_t start = apr_time_now();
    long before = resident();
    int pipes[2], n = many(), i, told = 0;
    clock_t cpu;
    pid_t pid;
    char octet;

    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0)
        many_clients(s, n, pipes[1]);
    run_until(s, pipes[0], &octet, 1);
    printf("# %d connections in %.1f s, %ld octets of memory each\n", n,
           (apr_time_now() - start) / 1e6, (resident() - before) / n);
    assert_int_equal(s->counts.connected, n);
    assert_true(resident() - before < n * 1024L);

    /* idle ones cost nothing */
    cpu = clock();
    run_for(s, apr_time_from_sec(3));
    printf("# idle: %.2f %% of a processor\n",
           (double)(clock() - cpu) / CLOCKS_PER_SEC / 3 * 100);
    assert_true((double)(clock() - cpu) / CLOCKS_PER_SEC < 0.3);

    /* each tenth is told at once */
    start = apr_time_now();
    for (i = 0; i < n; i += 10)
        tell(s, i + 1, "notification", 12);
    run_until(s, pipes[0], &told, sizeof told);
    settle(s);
    printf("# %d notifications in %.3f s\n", told,
           (apr_time_now() - start) / 1e6);
    assert_int_equal(told, (n + 9) / 10);
    assert_int_equal(s->accepted, told);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    /* and all of them gone at once */
    for (i = 0; i < 2000 && s->counts.open; i++)
        held_run(s->held, 1000);
    assert_int_equal(s->counts.connected, 0);
    close(pipes[0]);
    close(pipes[1]);
    place_end(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_read_refuses),
        cmocka_unit_test(test_digest),
        cmocka_unit_test(test_login_and_notification),
        cmocka_unit_test(test_gap_between_messages),
        cmocka_unit_test(test_octet_by_octet),
        cmocka_unit_test(test_wrong_logins),
        cmocka_unit_test(test_newer_takes_the_place),
        cmocka_unit_test(test_notifications_that_fail),
        cmocka_unit_test(test_told_and_gone),
        cmocka_unit_test(test_dead_peer),
        cmocka_unit_test(test_limit_of_strangers),
        cmocka_unit_test(test_place_of_a_suspect),
        cmocka_unit_test(test_guesses_are_limited),
        cmocka_unit_test(test_guesses_behind_a_proxy),
        cmocka_unit_test(test_max),
        cmocka_unit_test(test_all_come_back),
        cmocka_unit_test(test_ten_thousand),
    };
    int failed;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    apr_pool_destroy(pool);
    apr_terminate();
    return failed;
}
