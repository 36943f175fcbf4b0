/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Gateways that are a directory: see gateway_spool.h. */
#include "gateway_spool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <apr_strings.h>

#define MODE  0644

typedef struct waiting_t {
    const gateway_message_t *message;
    void *baton;
} waiting_t;

typedef struct spool_state_t {
    int wake;                   /* eventfd of gateway_wakeup() */
    unsigned serial;
    int first, n;               /* ring of messages to be written */
    waiting_t *ring;            /* options.parallel of them */
} spool_state_t;

apr_status_t gateway_spool_parse(gateway_t *gateway, const char *rest,
                                 const char **error, apr_pool_t *p)
{
    apr_size_t n = strlen(rest);

    while (n > 1 && rest[n - 1] == '/') {
        n--;
    }
    if (*rest != '/' || n < 2) {
        *error = "the directory must be an absolute path";
        return APR_EINVAL;
    }
    gateway->directory = apr_pstrmemdup(p, rest, n);
    gateway->name = apr_pstrcat(p, gateway->driver->scheme,
                                gateway->directory, NULL);
    return APR_SUCCESS;
}

const char *gateway_spool_time(apr_pool_t *p, const char *format)
{
    apr_time_exp_t t;
    char text[40];
    apr_size_t len;

    apr_time_exp_gmt(&t, apr_time_now());
    apr_strftime(text, &len, sizeof text, format, &t);
    return apr_pstrdup(p, text);
}

const char *gateway_spool_hex(apr_pool_t *p, const unsigned char *data,
                              apr_size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    char *hex = apr_palloc(p, 2 * len + 1);
    apr_size_t i;

    for (i = 0; i < len; i++) {
        hex[2 * i] = digits[data[i] >> 4];
        hex[2 * i + 1] = digits[data[i] & 15];
    }
    hex[2 * len] = '\0';
    return hex;
}

/* ---- a file ------------------------------------------------------------- */

static int write_all(int fd, const char *text, apr_size_t len)
{
    while (len) {
        ssize_t n = write(fd, text, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return 0;
        }
        text += n;
        len -= n;
    }
    return 1;
}

/* @return 0, or what errno said */
static int write_file(int dir, const char *name, const char *text)
{
    char hidden[SPOOL_NAME + 2];
    int fd, failed = 0;

    apr_snprintf(hidden, sizeof hidden, ".%s", name);
    fd = openat(dir, hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
                | O_NOFOLLOW, MODE);
    if (fd < 0) {
        return errno;
    }
    if (!write_all(fd, text, strlen(text)) || fsync(fd) != 0) {
        failed = errno ? errno : EIO;
    }
    if (close(fd) != 0 && !failed) {
        failed = errno;
    }
    if (!failed && renameat(dir, hidden, dir, name) != 0) {
        failed = errno;
    }
    if (failed) {
        unlinkat(dir, hidden, 0);
    }
    else {
        fsync(dir);             /* it is there: no failure from here on */
    }
    return failed;
}

static void write_message(gateway_link_t *link,
                          const gateway_message_t *message,
                          gateway_answer_t *answer)
{
    const spool_format_t *format = link->gateway->conf;
    spool_state_t *state = link->state;
    int dir = open(link->gateway->directory,
                   O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const char *name;
    char said[256];
    apr_pool_t *ptemp;
    int failed;

    apr_pool_create(&ptemp, link->pool);
    name = format->name(message, ++state->serial, ptemp);
    if (dir < 0) {
        failed = errno;
    }
    else {
        failed = write_file(dir, name, format->text(link->gateway, message,
                                                    ptemp));
        close(dir);
    }
    if (failed) {
        apr_strerror(failed, said, sizeof said);
        /* a missing directory or right is for an admin to put right */
        answer->result = failed == ENOENT || failed == ENOTDIR
            || failed == EACCES || failed == EPERM || failed == EROFS
            ? GATEWAY_REFUSED : GATEWAY_TEMPORARY;
        gateway_words(answer, said, strlen(said));
    }
    else {
        answer->result = GATEWAY_ACCEPTED;
        gateway_words(answer, name, strlen(name));
    }
    apr_pool_destroy(ptemp);
}

/* ---- the link ----------------------------------------------------------- */

static apr_status_t wake_cleanup(void *data)
{
    spool_state_t *state = data;

    close(state->wake);
    return APR_SUCCESS;
}

apr_status_t gateway_spool_open(gateway_link_t *link)
{
    spool_state_t *state = apr_pcalloc(link->pool, sizeof *state);

    state->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (state->wake < 0) {
        return APR_ENOMEM;
    }
    apr_pool_cleanup_register(link->pool, state, wake_cleanup,
                              apr_pool_cleanup_null);
    state->ring = apr_palloc(link->pool,
                             link->options.parallel * sizeof *state->ring);
    link->state = state;
    return APR_SUCCESS;
}

void gateway_spool_close(gateway_link_t *link)
{
    apr_pool_cleanup_run(link->pool, link->state, wake_cleanup);
}

void gateway_spool_send(gateway_link_t *link, const gateway_message_t *message,
                      void *message_baton)
{
    spool_state_t *state = link->state;
    waiting_t *w = &state->ring[(state->first + state->n++)
                                % link->options.parallel];

    w->message = message;
    w->baton = message_baton;
}

static waiting_t take(gateway_link_t *link)
{
    spool_state_t *state = link->state;
    waiting_t w = state->ring[state->first];

    state->first = (state->first + 1) % link->options.parallel;
    state->n--;
    return w;
}

void gateway_spool_run(gateway_link_t *link, apr_interval_time_t wait)
{
    spool_state_t *state = link->state;
    eventfd_t ignored;

    if (state->n) {
        waiting_t w = take(link);
        gateway_answer_t answer = { .result = GATEWAY_TEMPORARY };
        apr_time_t start = apr_time_now();

        write_message(link, w.message, &answer);
        answer.took = apr_time_now() - start;
        gateway_finish(link, w.baton, &answer);
    }
    else if (wait > 0) {
        struct pollfd pfd = { .fd = state->wake, .events = POLLIN };

        poll(&pfd, 1, (int)((wait + 999) / 1000));
        eventfd_read(state->wake, &ignored);
    }
}

void gateway_spool_wakeup(gateway_link_t *link)
{
    spool_state_t *state = link->state;

    eventfd_write(state->wake, 1);
}

void gateway_spool_abort(gateway_link_t *link)
{
    spool_state_t *state = link->state;

    while (state->n) {
        waiting_t w = take(link);
        gateway_answer_t answer = {
            .result = GATEWAY_NOT_TRIED,
            .words = "given up at the end of the worker"
        };

        gateway_finish(link, w.baton, &answer);
    }
}
