/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Gateways over HTTP, with libcurl's multi interface: see gateway_http.h. */
#include "gateway_http.h"

#include <string.h>

#include <apr_strings.h>
#include <curl/curl.h>

#include "gateway_http_loop.h"

#define MAX_ANSWER        4096          /* octets of content */
#define MAX_HEADER        (16 * 1024)   /* octets of all header lines */
#define IDLE_SECONDS      4L            /* older idle connections are not used
                                           again: servers begin to close them
                                           after 5 s, and a request that meets
                                           the close counts as unanswered */

/* ---- transfers ---------------------------------------------------------- */

typedef struct http_state_t http_state_t;

typedef struct transfer_t {
    CURL *easy;
    http_state_t *state;
    struct transfer_t *next;    /* in idle or stillborn */
    struct transfer_t *all;     /* of the link */
    int busy;
    void *message_baton;
    CURLcode code;              /* of a stillborn one */
    int begun;                  /* times that the request began to go out */
    apr_pool_t *pool;           /* of the request, until the next one */
    apr_size_t header_octets;
    int too_long;
    apr_size_t len;
    char body[MAX_ANSWER];
    char error[CURL_ERROR_SIZE];
} transfer_t;

struct http_state_t {
    CURLM *multi;
    http_loop_t *loop;
    CURLU *url;                 /* of every request, or NULL */
    transfer_t *all, *idle;
    transfer_t *stillborn;      /* could not be started */
};

static size_t on_body(char *data, size_t size, size_t n, void *baton)
{
    transfer_t *t = baton;

    n *= size;
    if (n > sizeof t->body - t->len) {
        t->too_long = 1;
        return 0;
    }
    memcpy(t->body + t->len, data, n);
    t->len += n;
    return n;
}

static size_t on_header(char *data, size_t size, size_t n, void *baton)
{
    transfer_t *t = baton;

    n *= size;
    t->header_octets += n;
    if (t->header_octets > MAX_HEADER) {
        t->too_long = 1;
        return 0;
    }
    return n;
}

/* A request is about to go out.  libcurl sends it again by itself where a
 * kept connection closes before the answer: not ours, since the gateway may
 * have read it. */
static int on_request(void *baton, char *remote, char *local, int remote_port,
                      int local_port)
{
    transfer_t *t = baton;

    return t->begun++ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

/* @return 0 if there is no memory */
static int add_transfer(gateway_link_t *link)
{
    http_state_t *state = link->state;
    const http_conf_t *conf = link->gateway->conf;
    transfer_t *t = apr_pcalloc(link->pool, sizeof *t);
    CURL *e = curl_easy_init();

    if (!e) {
        return 0;
    }
    apr_pool_create(&t->pool, link->pool);
    t->easy = e;
    t->state = state;
    curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    if (state->url) {
        curl_easy_setopt(e, CURLOPT_CURLU, state->url);
    }
    if (conf->ca_file) {
        curl_easy_setopt(e, CURLOPT_CAINFO, conf->ca_file);
        curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    }
    curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_QUICK_EXIT, 1L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "mod_syncml_push");
    curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, IDLE_SECONDS);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS,
                     (long)apr_time_as_msec(link->options.connect_timeout));
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS,
                     (long)apr_time_as_msec(link->options.timeout));
    curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_request);
    curl_easy_setopt(e, CURLOPT_PREREQDATA, t);
    http_loop_attach(state->loop, e);
    t->all = state->all;
    state->all = t;
    t->next = state->idle;
    state->idle = t;
    return 1;
}

/* Lines as libcurl wants them, in the request's pool. */
static struct curl_slist *make_list(const apr_array_header_t *lines,
                                    apr_pool_t *p)
{
    struct curl_slist *all = apr_pcalloc(p, (lines->nelts + 2)
                                         * sizeof *all);
    int i;

    for (i = 0; i < lines->nelts + 2; i++) {
        /* libcurl's own habits, which no gateway needs */
        const char *line = i == 0 ? "Accept:" : i == 1 ? "Expect:"
            : APR_ARRAY_IDX(lines, i - 2, const char *);

        all[i].data = apr_pstrdup(p, line);
        all[i].next = i < lines->nelts + 1 ? &all[i + 1] : NULL;
    }
    return all;
}

static void set_request(transfer_t *t, const http_request_t *r)
{
    if (!t->state->url) {
        curl_easy_setopt(t->easy, CURLOPT_URL, r->url);
    }
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER,
                     make_list(r->headers, t->pool));
    curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, NULL);
    if (!r->body && strcmp(r->method, "GET") == 0) {
        curl_easy_setopt(t->easy, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(t->easy, CURLOPT_POST, 1L);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, r->body ? r->body : "");
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE, (long)r->len);
    if (strcmp(r->method, "POST") != 0) {
        curl_easy_setopt(t->easy, CURLOPT_CUSTOMREQUEST, r->method);
    }
}

void gateway_http_send(gateway_link_t *link,
                        const gateway_message_t *message,
                        void *message_baton)
{
    const http_conf_t *conf = link->gateway->conf;
    http_state_t *state = link->state;
    transfer_t *t = state->idle;
    http_request_t request = { .method = "POST" };

    state->idle = t->next;
    t->busy = 1;
    t->message_baton = message_baton;
    t->begun = t->too_long = 0;
    t->len = t->header_octets = 0;
    t->error[0] = '\0';
    apr_pool_clear(t->pool);
    request.headers = apr_array_make(t->pool, 8, sizeof(const char *));
    conf->dialect->build(link->gateway, message, &request, t->pool);
    set_request(t, &request);
    if (curl_multi_add_handle(state->multi, t->easy) != CURLM_OK) {
        t->code = CURLE_OUT_OF_MEMORY;
        t->next = state->stillborn;
        state->stillborn = t;
    }
}

/* A transfer that ended without a whole answer. */
static void classify_failure(transfer_t *t, CURLcode code,
                             gateway_answer_t *answer)
{
    const char *words = t->error[0] ? t->error : curl_easy_strerror(code);
    curl_off_t sent = 0;
    char buf[128];
    long number = 0;

    curl_easy_getinfo(t->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
    curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_COULDNT_CONNECT && number) {
        words = apr_strerror((apr_status_t)number, buf, sizeof buf);
    }
    gateway_words(answer, words, strlen(words));
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
        answer->result = GATEWAY_REFUSED;
        return;
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        answer->result = GATEWAY_TEMPORARY;
        gateway_say(answer, "the answer is not HTTP");
        return;
    default:
        break;
    }
    if (t->too_long) {
        answer->result = GATEWAY_TEMPORARY;
        answer->words[0] = '\0';
        gateway_say(answer, "the answer is longer than any gateway's");
    }
    else if (answer->status >= 300) {
        answer->result = GATEWAY_TEMPORARY;
        gateway_say(answer, "the answer broke off");
    }
    else if (!t->begun || (code == CURLE_SEND_ERROR && sent == 0)) {
        answer->result = GATEWAY_UNREACHABLE;
        if (code == CURLE_COULDNT_CONNECT) {
            gateway_say(answer, "cannot connect");
        }
    }
    else {
        answer->result = GATEWAY_UNANSWERED;
    }
}

/* Take a transfer back and tell whose message it was. */
static void finish_transfer(gateway_link_t *link, transfer_t *t,
                            const gateway_answer_t *answer)
{
    http_state_t *state = link->state;

    curl_multi_remove_handle(state->multi, t->easy);
    t->busy = 0;
    t->next = state->idle;
    state->idle = t;
    gateway_finish(link, t->message_baton, answer);
}

static void end_transfer(gateway_link_t *link, transfer_t *t, CURLcode code)
{
    const http_conf_t *conf = link->gateway->conf;
    gateway_answer_t answer = { .result = GATEWAY_TEMPORARY };
    curl_off_t took = 0;
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &took);
    answer.status = (int)status;
    if (code == CURLE_OK) {
        conf->dialect->classify(link->gateway, t->body, t->len, &answer,
                                t->pool);
    }
    else {
        classify_failure(t, code, &answer);
    }
    gateway_http_mask(conf, answer.words);
    answer.took = took;
    finish_transfer(link, t, &answer);
}

/* @return how many messages ended */
static int reap(gateway_link_t *link)
{
    http_state_t *state = link->state;
    CURLMsg *msg;
    int left, ended = 0;

    while (state->stillborn) {
        transfer_t *t = state->stillborn;

        state->stillborn = t->next;
        end_transfer(link, t, t->code);
        ended++;
    }
    while ((msg = curl_multi_info_read(state->multi, &left)) != NULL) {
        char *t = NULL;
        CURLcode code = msg->data.result;

        if (msg->msg == CURLMSG_DONE) {
            curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, &t);
            end_transfer(link, (transfer_t *)(void *)t, code);
            ended++;
        }
    }
    return ended;
}

void gateway_http_run(gateway_link_t *link, apr_interval_time_t wait)
{
    http_state_t *state = link->state;

    http_loop_start(state->loop);
    http_loop_wait(state->loop, reap(link) ? 0 : wait);
    reap(link);
}

void gateway_http_wakeup(gateway_link_t *link)
{
    http_state_t *state = link->state;

    http_loop_wakeup(state->loop);
}

void gateway_http_abort(gateway_link_t *link)
{
    http_state_t *state = link->state;
    transfer_t *t;

    reap(link);
    for (t = state->all; t; t = t->all) {
        if (t->busy) {
            gateway_answer_t answer = {
                .result = t->begun ? GATEWAY_UNANSWERED : GATEWAY_NOT_TRIED
            };

            gateway_say(&answer, "given up at the end of the worker");
            finish_transfer(link, t, &answer);
        }
    }
}

/* ---- the link ----------------------------------------------------------- */

void gateway_http_close(gateway_link_t *link)
{
    http_state_t *state = link->state;
    transfer_t *t;

    for (t = state->all; t; t = t->all) {
        if (t->busy) {
            curl_multi_remove_handle(state->multi, t->easy);
        }
        curl_easy_cleanup(t->easy);
    }
    if (state->multi) {
        curl_multi_cleanup(state->multi);
    }
    curl_url_cleanup(state->url);
    http_loop_destroy(state->loop);
    curl_global_cleanup();
}

/* @return 0 if there is no memory */
static int parse_url(http_state_t *state, const http_conf_t *conf)
{
    if (!conf->url) {
        return 1;
    }
    state->url = curl_url();
    return state->url && curl_url_set(state->url, CURLUPART_URL, conf->url,
                                      0) == CURLUE_OK;
}

apr_status_t gateway_http_open(gateway_link_t *link)
{
    http_state_t *state = apr_pcalloc(link->pool, sizeof *state);
    int n = link->options.parallel, i = 0;
    apr_status_t rv = APR_ENOMEM;

    link->state = state;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return APR_ENOMEM;
    }
    state->multi = curl_multi_init();
    if (state->multi && parse_url(state, link->gateway->conf)) {
        rv = http_loop_create(&state->loop, state->multi, link->pool);
    }
    for (; rv == APR_SUCCESS && i < n && add_transfer(link); i++) {
    }
    if (i < n) {
        gateway_http_close(link);
        return rv != APR_SUCCESS ? rv : APR_ENOMEM;
    }
    curl_multi_setopt(state->multi, CURLMOPT_MAXCONNECTS, (long)n);
    curl_multi_setopt(state->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)n);
    curl_multi_setopt(state->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return APR_SUCCESS;
}

/* ---- for the drivers ---------------------------------------------------- */

void gateway_http_mask(const http_conf_t *conf, char *text)
{
    int i;

    for (i = 0; conf->secrets && i < conf->secrets->nelts; i++) {
        const char *secret = APR_ARRAY_IDX(conf->secrets, i, const char *);
        apr_size_t n = strlen(secret);
        char *at = text;

        while (n && (at = strstr(at, secret)) != NULL) {
            memset(at, '*', n);
            at += n;
        }
    }
}

int gateway_http_fits_header(const char *value)
{
    const unsigned char *c = (const unsigned char *)value;

    if (!value || !*value || *value == ' '
        || value[strlen(value) - 1] == ' ') {
        return 0;
    }
    while (*c >= 0x20 && *c != 0x7F) {
        c++;
    }
    return *c == '\0';
}

int gateway_http_is_late(int status)
{
    return status == 504 || status == 524;
}

/* A part of the URL in p, or NULL if it has none. */
static const char *get_part(CURLU *url, CURLUPart part, apr_pool_t *p)
{
    char *text = NULL;
    const char *copy = NULL;

    if (curl_url_get(url, part, &text, 0) == CURLUE_OK) {
        copy = apr_pstrdup(p, text);
    }
    curl_free(text);
    return copy;
}

const char *gateway_http_check(const char *url, const char **name,
                               apr_pool_t *p)
{
    const char *wrong = "this is no HTTP URL", *scheme, *host, *port;
    CURLU *u = curl_url();

    if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) {
        scheme = get_part(u, CURLUPART_SCHEME, p);
        host = get_part(u, CURLUPART_HOST, p);
        port = get_part(u, CURLUPART_PORT, p);
        if (!scheme || !host
            || (strcmp(scheme, "http") && strcmp(scheme, "https"))) {
            wrong = "the URL must be one of http or https";
        }
        else {
            *name = apr_pstrcat(p, scheme, "://", host, port ? ":" : "",
                                port, NULL);
            wrong = NULL;
        }
    }
    curl_url_cleanup(u);
    return wrong;
}
