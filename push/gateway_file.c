/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The file: driver of gateway.h: one text file per SMS in a directory, for
 * dry runs and for people who want to see what would be sent.
 *
 *   To: +491701234567
 *   UDH: 0605040B8423F0
 *   Data: 010603CEAF85...
 *
 *   (the message in words)
 *
 * A file appears whole: it is written under a name with a dot in front, made
 * durable and renamed.  Names sort by time: date, time with microseconds,
 * thread, a running number.  Who may read them is the directory's matter.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <apr_strings.h>

#include "gateway_driver.h"

#define MODE      0644
#define NAME_LEN  64

typedef struct waiting_t {
    const gateway_message_t *message;
    void *baton;
} waiting_t;

typedef struct file_state_t {
    int wake;                   /* eventfd of gateway_wakeup() */
    unsigned serial;
    int first, n;               /* ring of messages to be written */
    waiting_t *ring;            /* options.parallel of them */
} file_state_t;

static apr_status_t file_parse(gateway_t *gateway, const char *rest,
                               const gateway_settings_t *settings,
                               const char **error, apr_pool_t *p)
{
    static const char *const none[] = { NULL };
    apr_size_t n = strlen(rest);

    *error = gateway_unknown_setting(settings, none, p);
    if (*error) {
        return APR_EINVAL;
    }

    while (n > 1 && rest[n - 1] == '/') {
        n--;
    }
    if (*rest != '/' || n < 2) {
        *error = "the directory must be an absolute path";
        return APR_EINVAL;
    }
    gateway->directory = apr_pstrmemdup(p, rest, n);
    gateway->name = apr_pstrcat(p, gateway_file.scheme, gateway->directory,
                                NULL);
    gateway->transport = "file";
    gateway->wants_meaning = 1;
    return APR_SUCCESS;
}

/* ---- a file ------------------------------------------------------------- */

static void make_name(char name[NAME_LEN], unsigned serial)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, apr_time_now());
    apr_snprintf(name, NAME_LEN,
                 "%04d%02d%02dT%02d%02d%02d.%06dZ-%ld-%06u.txt",
                 t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                 t.tm_min, t.tm_sec, t.tm_usec, (long)gettid(),
                 serial % 1000000);
}

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
    char hidden[NAME_LEN + 1];
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

static const char *upper_hex(apr_pool_t *p, const unsigned char *data,
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

static void write_message(gateway_link_t *link,
                          const gateway_message_t *message,
                          gateway_answer_t *answer)
{
    file_state_t *state = link->state;
    const char *dirname = link->gateway->directory, *text;
    const sms_part_t *part = message->part;
    char name[NAME_LEN], said[256];
    apr_pool_t *ptemp;
    int dir = open(dirname, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed;

    make_name(name, ++state->serial);
    if (dir < 0) {
        failed = errno;
    }
    else {
        apr_pool_create(&ptemp, link->pool);
        text = apr_pstrcat(ptemp, "To: ", message->to,
            "\nUDH: ", upper_hex(ptemp, part->udh, part->udh_len),
            "\nData: ", upper_hex(ptemp, part->data, part->len),
            "\n\n", message->meaning, NULL);
        failed = write_file(dir, name, text);
        apr_pool_destroy(ptemp);
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
}

/* ---- the link ----------------------------------------------------------- */

static apr_status_t wake_cleanup(void *data)
{
    file_state_t *state = data;

    close(state->wake);
    return APR_SUCCESS;
}

static apr_status_t file_open(gateway_link_t *link)
{
    file_state_t *state = apr_pcalloc(link->pool, sizeof *state);

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

static void file_close(gateway_link_t *link)
{
    apr_pool_cleanup_run(link->pool, link->state, wake_cleanup);
}

static void file_send(gateway_link_t *link, const gateway_message_t *message,
                      void *message_baton)
{
    file_state_t *state = link->state;
    waiting_t *w = &state->ring[(state->first + state->n++)
                                % link->options.parallel];

    w->message = message;
    w->baton = message_baton;
}

static waiting_t take(gateway_link_t *link)
{
    file_state_t *state = link->state;
    waiting_t w = state->ring[state->first];

    state->first = (state->first + 1) % link->options.parallel;
    state->n--;
    return w;
}

static void file_run(gateway_link_t *link, apr_interval_time_t wait)
{
    file_state_t *state = link->state;
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

static void file_wakeup(gateway_link_t *link)
{
    file_state_t *state = link->state;

    eventfd_write(state->wake, 1);
}

static void file_abort(gateway_link_t *link)
{
    file_state_t *state = link->state;

    while (state->n) {
        waiting_t w = take(link);
        gateway_answer_t answer = {
            .result = GATEWAY_NOT_TRIED,
            .words = "given up at the end of the worker"
        };

        gateway_finish(link, w.baton, &answer);
    }
}

const gateway_driver_t gateway_file = {
    "file:", "file:/directory", 0, file_parse, file_open, file_send, file_run,
    file_wakeup, file_abort, file_close
};
