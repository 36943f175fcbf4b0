/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A server of held connections in the test's own thread, and clients of it
 * that read as real ones do.  Include after <cmocka.h>.
 */
#ifndef T_UNIT_HELD_CLIENT_H
#define T_UNIT_HELD_CLIENT_H

#include <linux/filter.h>

#define CLOSED  (-1)            /* instead of a message's code */
#define PATIENCE  apr_time_from_sec(12)

typedef struct place_t {
    apr_pool_t *pool;
    held_t *held;
    int listener, port;
    int connected;              /* by its events */
    int busy;                   /* nobody can be had */
    held_counts_t counts;
    int under_way, accepted;    /* notifications */
    gateway_answer_t answer;    /* the latest one's */
} place_t;

typedef struct client_t {
    place_t *s;
    int fd;
    const char *devid, *user, *password;
    int number, slow;
    unsigned char in[1024];
    int left;                   /* octets of the next message, here already */
    int code, param;            /* of the latest message */
    unsigned char value[256];
    int value_len;
    int codes[256];             /* how many of each */
} client_t;

static inline void client_digest(char out[32], const char *user,
                                 const char *password, const char *nonce)
{
    unsigned char md5[APR_MD5_DIGESTSIZE];
    char text[600];
    int n = apr_snprintf(text, sizeof text, "%s:%s", user, password);

    apr_md5(md5, text, (apr_size_t)n);
    apr_base64_encode_binary(text, md5, sizeof md5);
    n = (int)strlen(text);
    n += apr_snprintf(text + n, sizeof text - (apr_size_t)n, ":%s", nonce);
    apr_md5(md5, text, (apr_size_t)n);
    apr_base64_encode_binary(out, md5, sizeof md5);
}

/* ---- the server ---------------------------------------------------------- */

/* "dev-N" is device N of alice, whose password is secret. */
static inline held_verdict_e place_login(void *baton, const char *devid,
                                         const char *user,
                                         const ctp_param_t *cred,
                                         const char *nonce,
                                         apr_int64_t *device)
{
    if (strcmp(user, "alice")
        || !ctp_digest_matches(cred, user, "secret", nonce))
        return HELD_WRONG;
    if (strncmp(devid, "dev-", 4))
        return HELD_UNKNOWN;
    *device = atoi(devid + 4);
    return HELD_WELCOME;
}

static inline int place_event(void *baton, apr_int64_t device,
                              int connected)
{
    place_t *s = baton;

    s->connected += connected ? 1 : -1;
    assert_int_equal(held_is_connected(s->held, device), connected);
    return !s->busy;
}

static inline void place_done(void *baton, void *message_baton,
                              const gateway_answer_t *answer)
{
    place_t *s = baton;

    s->under_way--;
    s->answer = *answer;
    s->accepted += answer->result == GATEWAY_ACCEPTED;
}

static inline place_t *place_with(apr_pool_t *pool, int max, int rate,
                                  int proxied)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    place_t *s = apr_pcalloc(pool, sizeof *s);
    socklen_t len = sizeof in;
    held_options_t o = { .nfds = 1, .fds = &s->listener, .max = max,
                         .rate = rate, .proxied = proxied,
                         .login = place_login, .event = place_event,
                         .baton = s, .done = place_done, .done_baton = s,
                         .counts = &s->counts };

    apr_pool_create(&s->pool, pool);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(s->listener, (struct sockaddr *)&in, len), 0);
    assert_int_equal(listen(s->listener, 4096), 0);
    getsockname(s->listener, (struct sockaddr *)&in, &len);
    s->port = ntohs(in.sin_port);
    assert_int_equal(held_create(&s->held, &o, s->pool), APR_SUCCESS);
    return s;
}

/* Where it does not matter how many come at once. */
static inline place_t *place(apr_pool_t *pool, int max)
{
    return place_with(pool, max, 1000000, 0);
}

static inline void run(place_t *s, int times)
{
    for (; times > 0; times--) {
        if (s->held)
            held_run(s->held, 2000);
        else
            usleep(200);        /* in a process of clients only */
    }
}

static inline void run_for(place_t *s, apr_interval_time_t time)
{
    apr_time_t end = apr_time_now() + time;

    while (apr_time_now() < end)
        held_run(s->held, end - apr_time_now());
}

static inline void tell(place_t *s, apr_int64_t device, const void *san,
                        apr_size_t len)
{
    gateway_message_t *m = apr_pcalloc(s->pool, sizeof *m);

    m->device = device;
    m->package = apr_pmemdup(s->pool, san, len);
    m->package_len = len;
    s->under_way++;
    held_tell(s->held, m, m);
}

/* Until all notifications have come to their end. */
static inline void settle(place_t *s)
{
    apr_time_t end = apr_time_now() + PATIENCE;

    while (s->under_way && apr_time_now() < end)
        held_run(s->held, 20000);
    assert_int_equal(s->under_way, 0);
}

static inline void place_end(place_t *s)
{
    held_close(s->held);
    assert_int_equal(s->counts.open, 0);
    close(s->listener);
    apr_pool_destroy(s->pool);
}

/* ---- a client ------------------------------------------------------------ */

static inline client_t *client_new(place_t *s, const char *devid,
                                   const char *user, const char *password,
                                   int number)
{
    client_t *c = apr_pcalloc(s->pool, sizeof *c);

    c->s = s;
    c->devid = devid;
    c->user = user;
    c->password = password;
    c->number = number;
    c->fd = -1;
    return c;
}

static inline apr_status_t close_client(void *data)
{
    client_t *c = data;

    if (c->fd >= 0)
        close(c->fd);
    return APR_SUCCESS;
}

static inline void client_connect(client_t *c)
{
    struct sockaddr_in in = { .sin_family = AF_INET };

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    in.sin_port = htons((unsigned short)c->s->port);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(c->fd >= 0);
    assert_int_equal(connect(c->fd, (struct sockaddr *)&in, sizeof in), 0);
    fcntl(c->fd, F_SETFL, O_NONBLOCK);
    apr_pool_cleanup_register(c->s->pool, c, close_client,
                              apr_pool_cleanup_null);
}

static inline client_t *client_make(place_t *s, const char *devid,
                                    const char *user, const char *password)
{
    client_t *c = client_new(s, devid, user, password, 0);

    client_connect(c);
    return c;
}

static inline void client_say(client_t *c, const void *data, apr_size_t len)
{
    apr_size_t i;

    if (!c->slow) {
        assert_int_equal(send(c->fd, data, len, MSG_NOSIGNAL), len);
        return;
    }
    for (i = 0; i < len; i++) {
        assert_int_equal(send(c->fd, (const char *)data + i, 1,
                              MSG_NOSIGNAL), 1);
        run(c->s, 1);
    }
}

/* The next message, or CLOSED. */
static inline void client_hear(client_t *c)
{
    apr_time_t end = apr_time_now() + PATIENCE;
    ctp_message_t m;
    apr_size_t used;
    ssize_t n;

    while (ctp_read(&m, c->in, (apr_size_t)c->left, &used, NULL)
           == APR_INCOMPLETE) {
        n = recv(c->fd, c->in + c->left, sizeof c->in - (apr_size_t)c->left,
                 0);
        if (n == 0 || (n < 0 && errno != EAGAIN)) {
            c->code = CLOSED;
            return;
        }
        if (n > 0)
            c->left += (int)n;
        else
            run(c->s, 1);
        if (apr_time_now() > end)
            fail_msg("nothing heard");
    }
    c->code = m.code;
    c->codes[m.code & 0xFF]++;
    c->value_len = 0;
    if (m.nparams) {
        c->param = m.params[0].code;
        c->value_len = (int)m.params[0].len;
        memcpy(c->value, m.params[0].value, m.params[0].len);
    }
    c->left -= (int)used;
    memmove(c->in, c->in + used, (apr_size_t)c->left);
}

static inline void client_auth(client_t *c, const char *nonce)
{
    const char *values[] = { c->devid, c->user, NULL };
    unsigned char out[700];
    char digest[32];
    apr_size_t n = 4;
    int i;

    client_digest(digest, c->user, c->password, nonce);
    values[2] = digest;
    for (i = 0; i < 3; i++) {
        apr_size_t len = strlen(values[i]);

        out[n++] = (unsigned char)(i + 1);
        out[n++] = (unsigned char)len;
        memcpy(out + n, values[i], len);
        n += len;
    }
    out[0] = (unsigned char)((n - 2) >> 8);
    out[1] = (n - 2) & 0xFF;
    out[2] = CTP_VERSION;
    out[3] = CTP_AUTH;
    client_say(c, out, n);
}

/* With a nonce of long ago first, as they do. */
static inline void client_login(client_t *c)
{
    char nonce[256];

    client_auth(c, "an old one");
    client_hear(c);
    if (c->code != CTP_NOT_AUTHENTICATED)
        return;
    assert_int_equal(c->param, CTP_P_NONCE);
    memcpy(nonce, c->value, (apr_size_t)c->value_len);
    nonce[c->value_len] = '\0';
    client_auth(c, nonce);
    client_hear(c);
}

static inline int client_is_closed(client_t *c)
{
    char octet;

    return recv(c->fd, &octet, 1, 0) == 0;
}

/* As a phone that has lost its network: what comes is dropped, and nothing
 * is acknowledged. */
static inline void client_freeze(client_t *c)
{
    struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = { 1, &drop };

    assert_int_equal(setsockopt(c->fd, SOL_SOCKET, SO_ATTACH_FILTER,
                                &program, sizeof program), 0);
}

#endif
