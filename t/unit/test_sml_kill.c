/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * kill -9 of the process that handles a session's messages: at each write of
 * its store, and between its commit and its answer.  Another process takes
 * over, and the phone either sends its message again, which goes on with the
 * same session, or begins a new one.
 *
 * POWER_STEP=1 takes every operation of the store; the default one in some.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include "sml_story.h"
#include "store_power.h"

static struct {
    pid_t pid;
    int fd;                     /* to the process */
    unsigned long at;           /* the store's operation that kills it */
    int message;                /* or: the message whose answer does not
                                   leave */
    int again;                  /* the phone sends its message again */
    int deaths;
} server;

/* ---- pipes ------------------------------------------------------------- */

static int put(int fd, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

        if (n <= 0) {
            return -1;
        }
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

static int get(int fd, void *data, size_t len)
{
    char *at = data;

    while (len > 0) {
        ssize_t n = read(fd, at, len);

        if (n <= 0) {
            return -1;
        }
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

/* ---- the process ------------------------------------------------------- */

static void serve(int fd)
{
    store_options_t options = { 0 };
    apr_uint32_t head[3];       /* token's and body's octets, format */
    int n;

    options.key_file = apr_pstrcat(w->pool, w->dir, "/key", NULL);
    if (store_open(&w->store, w->url, &options, NULL, w->pool)
        != APR_SUCCESS) {
        _exit(1);
    }
    if (server.at) {
        power_at(server.at, POWER_KILL);
    }
    for (n = 1; get(fd, head, sizeof(head)) == 0; n++) {
        char *token = apr_pcalloc(w->pool, head[0] + 1);
        char *body = apr_palloc(w->pool, head[1]);
        sml_request_t request = { 0 };
        sml_answer_t answer;
        apr_uint32_t len;

        if (get(fd, token, head[0]) != 0 || get(fd, body, head[1]) != 0) {
            _exit(2);
        }
        request.format = (codec_format_e)head[2];
        request.body = body;
        request.len = head[1];
        request.session = head[0] ? token : NULL;
        request.url = "http://sync.example/syncml";
        request.remote = "192.0.2.1";
        if (sml_handle(&w->config, w->store, &request, &answer, w->pool)
            != APR_SUCCESS) {
            _exit(3);
        }
        if (n == server.message) {
            kill(getpid(), SIGKILL);
        }
        len = (apr_uint32_t)answer.len;
        if (put(fd, &len, sizeof(len)) != 0
            || put(fd, answer.body, answer.len) != 0) {
            _exit(4);
        }
    }
    _exit(0);
}

static void start(void)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    server.pid = fork();
    assert_true(server.pid >= 0);
    if (server.pid == 0) {
        close(fds[0]);
        serve(fds[1]);
    }
    close(fds[1]);
    server.fd = fds[0];
}

static void stop(int status_wanted)
{
    int status;

    close(server.fd);
    assert_int_equal(waitpid(server.pid, &status, 0), server.pid);
    if (status_wanted == SIGKILL) {
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }
    else {
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

/* Killed once; the next one lives. */
static void take_over(void)
{
    stop(SIGKILL);
    server.deaths++;
    server.at = 0;
    server.message = 0;
    start();
}

static int ask(phone_t *ph, const char *body, apr_size_t len,
               const char **answer, apr_size_t *answer_len)
{
    const char *token = world_token(ph);
    apr_uint32_t head[3], n;
    char *in;

    head[0] = token ? (apr_uint32_t)strlen(token) : 0;
    head[1] = (apr_uint32_t)len;
    head[2] = (apr_uint32_t)ph->format;
    if (put(server.fd, head, sizeof(head)) != 0
        || put(server.fd, token, head[0]) != 0
        || put(server.fd, body, len) != 0
        || get(server.fd, &n, sizeof(n)) != 0) {
        return -1;
    }
    in = apr_palloc(ph->message_pool, n ? n : 1);
    *answer = in;
    *answer_len = n;
    return get(server.fd, in, n);
}

static apr_status_t kill_post(phone_t *ph, const char *body, apr_size_t len,
                              const char **answer, apr_size_t *answer_len)
{
    if (ask(ph, body, len, answer, answer_len) == 0) {
        return APR_SUCCESS;
    }
    take_over();
    if (server.again && ask(ph, body, len, answer, answer_len) == 0) {
        return APR_SUCCESS;
    }
    ph->why = "the server's process is gone";
    return APR_TIMEUP;
}

/* ---- stories ----------------------------------------------------------- */

static void in_step(client_t *c, const char *when)
{
    const char *differs = world_differs(c, "contacts");

    if (differs != NULL || client_count(c, "contacts") != STORY_ITEMS
        || client_store(c, "contacts")->code != 200) {
        fail_msg("%s: %s, %d items, sync type %d", when,
                 differs ? differs : "same", client_count(c, "contacts"),
                 client_store(c, "contacts")->code);
    }
}

/* @return 0: nobody was killed in this session */
static int killed(unsigned long at, int message, int again)
{
    client_t *c = fresh_phone(1);
    const char *when = apr_psprintf(w->pool, "killed at operation %lu, "
                                    "message %d, %s", at, message,
                                    again ? "sent again" : "new session");
    const char *lost;
    apr_status_t rv;

    edit_both(c);
    server.at = at;
    server.message = message;
    server.again = again;
    server.deaths = 0;
    start();
    c->ph->post = kill_post;
    rv = client_session(c, 200, "contacts");
    lost = story_promised(c);
    if (lost != NULL) {
        fail_msg("%s: answered and lost: %s", when, lost);
    }
    if (rv == APR_SUCCESS) {
        client_commit(c);
        in_step(c, when);
    }
    else if (again || !server.deaths) {
        fail_msg("%s: %s", when, c->ph->why);
    }
    stop(0);
    c->ph->post = world_post;
    SYNCED(c, client_sync(c, 200, "contacts"));
    in_step(c, when);
    world_quiet(c, "contacts");
    return server.deaths;
}

static void test_killed_at_each_write(void **state)
{
    const char *given = getenv("POWER_STEP");
    unsigned long at, step = given && atoi(given) > 0
        ? (unsigned long)atoi(given) : 9;
    int again, n;

    for (again = 0; again <= 1; again++) {
        for (at = 1, n = 0; killed(at, 0, again); at += step) {
            n++;
        }
        assert_true(n > 5);
    }
}

static void test_killed_before_each_answer(void **state)
{
    int again, message;

    for (again = 0; again <= 1; again++) {
        for (message = 1; killed(0, message, again); message++) {
            assert_true(message < 50);
        }
        assert_true(message > 3);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_SQLITE(test_killed_at_each_write),
        ON_SQLITE(test_killed_before_each_answer)
    };

    power_install();
    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_kill");
}
