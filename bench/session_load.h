/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The load of bench_session: phones (t/unit/sml_phone.h) that upload
 * contacts and run sessions without changes, over a kept connection to an
 * httpd or straight into the engine.  Each belongs to one thread.
 */
#ifndef BENCH_SESSION_LOAD_H
#define BENCH_SESSION_LOAD_H

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "t/unit/sml_answer.h"

#define PER_MESSAGE  100        /* contacts in a message */

typedef struct load_t {
    apr_pool_t *pool;
    phone_t *ph;
    char last[24], next[24];    /* anchors */
    unsigned anchors;
    /* over HTTP */
    const char *path;           /* of the URL */
    const char *datastore;
    int port, fd;
    char *in;                   /* what is read */
    apr_size_t in_size;
    /* into the engine */
    const sml_config_t *config;
    store_t *store;
    double engine_ns;           /* processor time spent there */
    /* counted */
    apr_size_t posts, octets_in, octets_out;
} load_t;

static inline void load_die(const char *what, const char *words)
{
    fprintf(stderr, "bench_session: %s: %s\n", what, words ? words : "?");
    exit(2);
}

static inline double clock_ns(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

/* ---- HTTP -------------------------------------------------------------- */

static inline void http_connect(load_t *l)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    int on = 1;

    to.sin_port = htons((unsigned short)l->port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    l->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (l->fd < 0 || connect(l->fd, (struct sockaddr *)&to, sizeof(to))) {
        load_die("connect", strerror(errno));
    }
    setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static inline void http_write(load_t *l, const char *data, apr_size_t len)
{
    while (len > 0) {
        ssize_t n = write(l->fd, data, len);

        if (n <= 0) {
            load_die("write", strerror(errno));
        }
        data += n;
        len -= (apr_size_t)n;
    }
}

/* The answer's body, which follows its header in l->in. */
static inline const char *http_read(load_t *l, apr_size_t *len)
{
    apr_size_t have = 0, need = 0;
    char *end = NULL;

    for (;;) {
        ssize_t n;

        if (l->in_size - have < 4096) {
            char *bigger = apr_palloc(l->pool, l->in_size * 2 + 65536);

            if (have > 0) {
                memcpy(bigger, l->in, have);
            }
            l->in_size = l->in_size * 2 + 65536;
            l->in = bigger;
        }
        n = read(l->fd, l->in + have, l->in_size - have - 1);
        if (n <= 0) {
            load_die("read", n ? strerror(errno) : "connection closed");
        }
        have += (apr_size_t)n;
        l->in[have] = '\0';
        end = strstr(l->in, "\r\n\r\n");
        if (end != NULL) {
            char *field = strcasestr(l->in, "\r\nContent-Length:");

            if (strncmp(l->in, "HTTP/1.1 200", 12) != 0 || field == NULL) {
                load_die("answer", l->in);
            }
            *len = (apr_size_t)atol(field + 17);
            need = (apr_size_t)(end + 4 - l->in) + *len;
            if (have >= need) {
                l->octets_in += need;
                return end + 4;
            }
        }
    }
}

static inline apr_status_t http_post(phone_t *ph, const char *body,
                                     apr_size_t len, const char **answer,
                                     apr_size_t *answer_len)
{
    load_t *l = ph->baton;
    const char *query = ph->resp_uri ? strchr(ph->resp_uri, '?') : NULL;
    char head[512];
    int n;

    if (l->fd < 0) {
        http_connect(l);
    }
    n = snprintf(head, sizeof(head), "POST %s%s HTTP/1.1\r\n"
                 "Host: localhost\r\nContent-Type: " SML_TYPE_WBXML "\r\n"
                 "Content-Length: %lu\r\n\r\n", l->path,
                 query ? query : "", (unsigned long)len);
    http_write(l, head, (apr_size_t)n);
    http_write(l, body, len);
    l->posts++;
    l->octets_out += (apr_size_t)n + len;
    *answer = http_read(l, answer_len);
    return APR_SUCCESS;
}

static inline void http_get(load_t *l, const char *path)
{
    apr_size_t len;
    char head[256];
    int n = snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n"
                     "Host: localhost\r\n\r\n", path);

    if (l->fd < 0) {
        http_connect(l);
    }
    http_write(l, head, (apr_size_t)n);
    http_read(l, &len);
    l->posts++;
}

/* ---- the engine without httpd ------------------------------------------ */

static inline apr_status_t engine_post(phone_t *ph, const char *body,
                                       apr_size_t len, const char **answer,
                                       apr_size_t *answer_len)
{
    load_t *l = ph->baton;
    const char *query = ph->resp_uri ? strstr(ph->resp_uri, "?s=") : NULL;
    sml_request_t request = { 0 };
    sml_answer_t out;
    apr_pool_t *p;
    double before;
    apr_status_t rv;

    request.format = CODEC_WBXML;
    request.body = body;
    request.len = len;
    request.session = query ? query + 3 : NULL;
    request.url = "http://localhost/syncml";
    request.remote = "127.0.0.1";
    before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    apr_pool_create(&p, l->pool);
    rv = sml_handle(l->config, l->store, &request, &out, p);
    l->engine_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
    if (rv != APR_SUCCESS) {
        load_die("sml_handle", out.error);
    }
    *answer = apr_pmemdup(ph->message_pool, out.body, out.len);
    *answer_len = out.len;
    before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    apr_pool_destroy(p);
    l->engine_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - before;
    l->posts++;
    return APR_SUCCESS;
}

/* ---- a phone ----------------------------------------------------------- */

static inline load_t *load_create(const char *user, const char *devid)
{
    apr_pool_t *p;
    load_t *l;

    apr_pool_create_unmanaged_ex(&p, NULL, NULL);
    l = apr_pcalloc(p, sizeof(*l));
    l->pool = p;
    l->fd = -1;
    l->path = "/syncml";
    l->datastore = "contacts";
    l->ph = phone_create(p, http_post, l, apr_pstrdup(p, devid));
    l->ph->user = apr_pstrdup(p, user);
    l->ph->url = "http://localhost/syncml";
    return l;
}

static inline void load_destroy(load_t *l)
{
    if (l->fd >= 0) {
        close(l->fd);
    }
    apr_pool_destroy(l->pool);
}

static inline void send_message(load_t *l, int final)
{
    if (phone_post(l->ph, final) != APR_SUCCESS) {
        load_die("session", l->ph->why);
    }
}

/* A contact like a groupware's, 464 octets and what the numbers take. */
static inline apr_size_t make_card(char *buf, apr_size_t size, unsigned n)
{
    return (apr_size_t)snprintf(buf, size,
        "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Bench//EN\r\n"
        "UID:a1b2c3d4-0000-4000-8000-%012u\r\nN:Family%u;Given%u;Middle;;\r\n"
        "FN:Given%u Middle Family%u\r\nORG:Example Company %u;Department\r\n"
        "TITLE:Engineer\r\nTEL;TYPE=CELL:+49 170 %07u\r\n"
        "TEL;TYPE=WORK,VOICE:+49 30 %07u\r\nEMAIL;TYPE=INTERNET:"
        "given%u.family@example.org\r\nADR;TYPE=HOME:;;Long Street %u;Town;;"
        "12345;Country\r\nBDAY:1970-01-01\r\nNOTE:Met at the conference\\, "
        "likes tea.\r\nREV:20200101T000000Z\r\nEND:VCARD\r\n",
        n, n, n, n, n, n, n, n, n, n);
}

/* Package 1. */
static inline void begin_session(load_t *l, int code, int first)
{
    phone_t *ph = l->ph;
    int try;

    snprintf(l->next, sizeof(l->next), "n%u", ++l->anchors);
    phone_begin(ph);
    for (try = 0; try < 2 && !ph->authorised; try++) {
        phone_open(ph);
        if (first) {
            phone_put_devinf(ph);
        }
        phone_alert(ph, code, l->datastore, "./c", *l->last ? l->last : NULL,
                    l->next);
        send_message(l, 1);
    }
    if (!ph->authorised) {
        load_die("login", ph->user);
    }
    if (phone_got(ph, SYNCML_ALERT, 0) == NULL
        || atoi(phone_got(ph, SYNCML_ALERT, 0)->data) != code) {
        load_die("begin", "another sync type than asked for");
    }
}

/* The Statuses that the answer asks for, in a new message. */
static inline void open_with_statuses(load_t *l)
{
    phone_t *ph = l->ph;
    const sml_command_t *alert = phone_got(ph, SYNCML_ALERT, 0);
    const sml_command_t *sync = phone_got(ph, SYNCML_SYNC, 0);
    const sml_command_t *c = alert ? alert : sync;
    const char *cmdid = c ? apr_pstrdup(ph->session_pool, c->cmdid) : NULL;
    char msg[16];

    snprintf(msg, sizeof(msg), "%u", ph->server_msg);
    phone_open(ph);
    phone_status(ph, msg, "0", "SyncHdr", NULL, NULL, 200);
    if (cmdid != NULL) {
        phone_status(ph, msg, cmdid, alert ? "Alert" : "Sync", NULL, NULL,
                     200);
    }
}

/* Packages 5 and 6. */
static inline void end_session(load_t *l)
{
    if (!l->ph->in->final) {
        load_die("end", "the server has more to say");
    }
    open_with_statuses(l);
    send_message(l, 1);
    if (phone_unanswered(l->ph) != NULL) {
        load_die("end", "a command without a Status");
    }
    memcpy(l->last, l->next, sizeof(l->last));
}

/** Slow sync that brings in contacts from .. from + n - 1, all new. */
static inline void upload(load_t *l, unsigned from, unsigned n)
{
    phone_t *ph = l->ph;
    unsigned i;

    begin_session(l, 201, 1);
    for (i = 0; i < n; i++) {
        char card[1024], luid[16];
        apr_size_t len = make_card(card, sizeof(card), from + i);

        if (i % PER_MESSAGE == 0) {
            open_with_statuses(l);
            phone_open_sync(ph, l->datastore, "./c");
        }
        snprintf(luid, sizeof(luid), "%u", i + 1);
        phone_change(ph, SYNCML_REPLACE, luid, "text/vcard", card, len, 0, 0);
        if (i % PER_MESSAGE == PER_MESSAGE - 1 || i == n - 1) {
            codec_close(ph->w);
            send_message(l, i == n - 1);
        }
    }
    if (phone_code(ph, "Replace", (int)n - 1) != 201) {
        load_die("upload", "the last contact was not added");
    }
    end_session(l);
}

/** A two-way session in which nobody has anything to say. */
static inline void quiet_session(load_t *l)
{
    const sml_command_t *sync;

    begin_session(l, 200, 0);
    open_with_statuses(l);
    phone_open_sync(l->ph, l->datastore, "./c");
    codec_close(l->ph->w);
    send_message(l, 1);
    sync = phone_got(l->ph, SYNCML_SYNC, 0);
    if (sync == NULL || sync->commands->nelts != 0) {
        load_die("quiet session", "the server sends changes");
    }
    end_session(l);
}

#endif
