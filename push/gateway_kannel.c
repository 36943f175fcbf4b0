/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Kannel's sendsms over HTTP: gateway.h with libcurl's multi interface.
 *
 * A message is a POST of the SMS data as application/octet-stream with the
 * rest in X-Kannel-* headers, which takes every octet as it is.  Connections
 * are kept and used again.
 */
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>
#include <curl/curl.h>

#include "gateway_driver.h"

#define MAX_ANSWER        4096          /* octets of content */
#define MAX_HEADER        (16 * 1024)   /* octets of all header lines */
#define DEFAULT_PATH      "/cgi-bin/sendsms"
#define IDLE_SECONDS      4L            /* older idle connections are not used
                                           again: servers begin to close them
                                           after 5 s, and a request that meets
                                           the close counts as unanswered */

typedef struct kannel_conf_t {
    const char *url;            /* without credentials */
    const char *user, *password;
} kannel_conf_t;

/* ---- the URL ------------------------------------------------------------ */

/* A part of the URL in p, or NULL if it has none. */
static const char *get_part(CURLU *url, CURLUPart part, unsigned flags,
                            apr_pool_t *p)
{
    char *text = NULL;
    const char *copy = NULL;

    if (curl_url_get(url, part, &text, flags) == CURLUE_OK) {
        copy = apr_pstrdup(p, text);
    }
    curl_free(text);
    return copy;
}

/* What goes into a header line: no control characters (libcurl has refused
 * those below 32 already), no blanks that the other side would take off. */
static int fits_header(const char *value)
{
    return value && *value && *value != ' ' && !strchr(value, 0x7F)
           && value[strlen(value) - 1] != ' ';
}

/* Words for what is wrong, or NULL. */
static const char *read_url(gateway_t *gateway, CURLU *url, const char *text,
                            apr_pool_t *p)
{
    kannel_conf_t *conf = apr_pcalloc(p, sizeof *conf);
    const char *scheme, *path;

    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        return "this is no HTTP URL";
    }
    scheme = get_part(url, CURLUPART_SCHEME, 0, p);
    if (!scheme || (strcmp(scheme, "http") && strcmp(scheme, "https"))) {
        return "the URL after kannel: must be one of http or https";
    }
    conf->user = get_part(url, CURLUPART_USER, CURLU_URLDECODE, p);
    conf->password = get_part(url, CURLUPART_PASSWORD, CURLU_URLDECODE, p);
    if (!fits_header(conf->user) || !fits_header(conf->password)) {
        return "the URL needs user and password of a sendsms-user (special "
               "characters as %XX)";
    }
    if (get_part(url, CURLUPART_QUERY, 0, p)
        || get_part(url, CURLUPART_FRAGMENT, 0, p)) {
        return "the URL must end with the path (a ? or # in the password is "
               "written %3F or %23)";
    }
    path = get_part(url, CURLUPART_PATH, 0, p);
    if (!path || strcmp(path, "/") == 0) {
        curl_url_set(url, CURLUPART_PATH, DEFAULT_PATH, 0);
    }
    curl_url_set(url, CURLUPART_USER, NULL, 0);
    curl_url_set(url, CURLUPART_PASSWORD, NULL, 0);
    conf->url = get_part(url, CURLUPART_URL, 0, p);
    if (!conf->url) {
        return "this is no HTTP URL";
    }
    gateway->conf = conf;
    gateway->name = apr_pstrcat(p, gateway_kannel.scheme, conf->url, NULL);
    return NULL;
}

static apr_status_t kannel_parse(gateway_t *gateway, const char *rest,
                                 const char **error, apr_pool_t *p)
{
    CURLU *url = curl_url();

    if (!url) {
        return APR_ENOMEM;
    }
    *error = read_url(gateway, url, rest, p);
    curl_url_cleanup(url);
    return *error ? APR_EINVAL : APR_SUCCESS;
}

/* ---- what answers mean -------------------------------------------------- */

/* Kannel answers with a line of plain text (its content type says HTML). */
static int is_plain(const char *body, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)body[i];

        if ((c < 0x20 && !strchr("\r\n\t", c)) || c >= 0x7F || c == '<'
            || c == '\0') {
            return 0;
        }
    }
    return len > 0;
}

static int has(const char *body, apr_size_t len, const char *words)
{
    return memmem(body, len, words, strlen(words)) != NULL;
}

static int begins(const char *body, apr_size_t len, const char *words)
{
    apr_size_t n = strlen(words);

    return len >= n && memcmp(body, words, n) == 0;
}

/* Our own words in place of an answer's, which may follow in brackets. */
static void say(gateway_answer_t *answer, const char *words)
{
    char said[GATEWAY_MAX_WORDS];

    apr_cpystrn(said, answer->words, sizeof said);
    apr_snprintf(answer->words, sizeof answer->words, *said ? "%s (%s)"
                 : "%s", words, said);
}

void gateway_kannel_classify(int status, const char *body, apr_size_t len,
                             gateway_answer_t *answer)
{
    int plain = is_plain(body, len);

    answer->status = status;
    answer->result = GATEWAY_TEMPORARY;
    gateway_words(answer, body, len);
    if (status == 202 && plain
        && (begins(body, len, "0:") || begins(body, len, "3:")
            || begins(body, len, "Sent."))) {
        answer->result = GATEWAY_ACCEPTED;
    }
    else if (status >= 300 && status < 400) {
        answer->result = GATEWAY_REFUSED;
        say(answer, "the URL redirects elsewhere, which is not followed");
    }
    else if (status == 400 && plain) {
        answer->result = GATEWAY_REJECTED;
    }
    else if (status == 403 && plain && has(body, len, "Not routable")) {
        say(answer, "the gateway has no SMSC in service");
    }
    else if (status == 401 || status == 403 || status == 407) {
        answer->result = GATEWAY_REFUSED;
        say(answer, "user, password or address not allowed");
    }
    else if (status == 404 || status == 405) {
        answer->result = GATEWAY_REFUSED;
        say(answer, "the URL is not that of sendsms");
    }
    else if (!plain || status < 500) {
        say(answer, len ? "not an answer of Kannel's sendsms"
                    : "an empty answer");
    }
}

/* ---- transfers ---------------------------------------------------------- */

typedef struct kannel_state_t kannel_state_t;

typedef struct transfer_t {
    CURL *easy;
    kannel_state_t *state;
    struct transfer_t *next;    /* in idle or stillborn */
    struct transfer_t *all;     /* of the link */
    int busy;
    void *message_baton;
    CURLcode code;              /* of a stillborn one */
    int begun;                  /* times that the request began to go out */
    struct curl_slist line[3];  /* the message's header lines, before the
                                   link's */
    char to[16 + SMS_MAX_NUMBER + 1], validity[40];
    char udh[16 + 2 * SMS_MAX_UDH + 1];
    apr_size_t header_octets;
    int too_long;
    apr_size_t len;
    char body[MAX_ANSWER];
    char error[CURL_ERROR_SIZE];
} transfer_t;

struct kannel_state_t {
    CURLM *multi;
    struct curl_slist *headers; /* that every message has */
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
    kannel_state_t *state = link->state;
    const kannel_conf_t *conf = link->gateway->conf;
    transfer_t *t = apr_pcalloc(link->pool, sizeof *t);
    CURL *e = curl_easy_init();

    if (!e) {
        return 0;
    }
    t->easy = e;
    t->state = state;
    curl_easy_setopt(e, CURLOPT_PRIVATE, t);
    curl_easy_setopt(e, CURLOPT_URL, conf->url);
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
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    t->all = state->all;
    state->all = t;
    t->next = state->idle;
    state->idle = t;
    return 1;
}

static void set_headers(transfer_t *t, const gateway_message_t *message)
{
    struct curl_slist *next = t->state->headers;
    int i = 0;

    apr_snprintf(t->to, sizeof t->to, "X-Kannel-To: %s", message->to);
    t->line[i].data = t->to;
    t->line[i++].next = next;

    memcpy(t->udh, "X-Kannel-UDH: ", 14);
    apr_escape_hex(t->udh + 14, message->part->udh, message->part->udh_len,
                   0, NULL);
    t->line[i].data = t->udh;
    t->line[i].next = &t->line[i - 1];
    i++;

    if (message->validity > 0) {
        apr_snprintf(t->validity, sizeof t->validity,
                     "X-Kannel-Validity: %d", message->validity);
        t->line[i].data = t->validity;
        t->line[i].next = &t->line[i - 1];
        i++;
    }
    curl_easy_setopt(t->easy, CURLOPT_HTTPHEADER, &t->line[i - 1]);
}

static void kannel_send(gateway_link_t *link,
                        const gateway_message_t *message,
                        void *message_baton)
{
    kannel_state_t *state = link->state;
    transfer_t *t = state->idle;

    state->idle = t->next;
    t->busy = 1;
    t->message_baton = message_baton;
    t->begun = t->too_long = 0;
    t->len = t->header_octets = 0;
    t->error[0] = '\0';
    set_headers(t, message);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDS, message->part->data);
    curl_easy_setopt(t->easy, CURLOPT_POSTFIELDSIZE,
                     (long)message->part->len);
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
        say(answer, "the answer is not HTTP");
        return;
    default:
        break;
    }
    if (t->too_long) {
        answer->result = GATEWAY_TEMPORARY;
        answer->words[0] = '\0';
        say(answer, "the answer is longer than any of Kannel's");
    }
    else if (answer->status >= 300) {
        answer->result = GATEWAY_TEMPORARY;
        say(answer, "the answer broke off");
    }
    else if (!t->begun || (code == CURLE_SEND_ERROR && sent == 0)) {
        answer->result = GATEWAY_UNREACHABLE;
        if (code == CURLE_COULDNT_CONNECT) {
            say(answer, "cannot connect");
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
    kannel_state_t *state = link->state;

    curl_multi_remove_handle(state->multi, t->easy);
    t->busy = 0;
    t->next = state->idle;
    state->idle = t;
    gateway_finish(link, t->message_baton, answer);
}

static void end_transfer(gateway_link_t *link, transfer_t *t, CURLcode code)
{
    gateway_answer_t answer = { .result = GATEWAY_TEMPORARY };
    curl_off_t took = 0;
    long status = 0;

    curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(t->easy, CURLINFO_TOTAL_TIME_T, &took);
    answer.status = (int)status;
    if (code == CURLE_OK) {
        gateway_kannel_classify(answer.status, t->body, t->len, &answer);
    }
    else {
        classify_failure(t, code, &answer);
    }
    answer.took = took;
    finish_transfer(link, t, &answer);
}

/* @return how many messages ended */
static int reap(gateway_link_t *link)
{
    kannel_state_t *state = link->state;
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

static void kannel_run(gateway_link_t *link, apr_interval_time_t wait)
{
    kannel_state_t *state = link->state;
    int running;

    curl_multi_perform(state->multi, &running);
    if (reap(link) == 0 && wait > 0) {
        curl_multi_poll(state->multi, NULL, 0,
                        (int)((wait + 999) / 1000), NULL);
        curl_multi_perform(state->multi, &running);
        reap(link);
    }
}

static void kannel_wakeup(gateway_link_t *link)
{
    kannel_state_t *state = link->state;

    curl_multi_wakeup(state->multi);
}

static void kannel_abort(gateway_link_t *link)
{
    kannel_state_t *state = link->state;
    transfer_t *t;

    reap(link);
    for (t = state->all; t; t = t->all) {
        if (t->busy) {
            gateway_answer_t answer = {
                .result = t->begun ? GATEWAY_UNANSWERED : GATEWAY_NOT_TRIED
            };

            say(&answer, "given up at the end of the worker");
            finish_transfer(link, t, &answer);
        }
    }
}

/* ---- the link ----------------------------------------------------------- */

static int add_header(kannel_state_t *state, apr_pool_t *p, const char *name,
                      const char *value)
{
    struct curl_slist *list = curl_slist_append(state->headers,
        apr_pstrcat(p, name, value, NULL));

    if (list) {
        state->headers = list;
    }
    return list != NULL;
}

static void kannel_close(gateway_link_t *link)
{
    kannel_state_t *state = link->state;
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
    curl_slist_free_all(state->headers);
    curl_global_cleanup();
}

static apr_status_t kannel_open(gateway_link_t *link)
{
    kannel_state_t *state = apr_pcalloc(link->pool, sizeof *state);
    const kannel_conf_t *conf = link->gateway->conf;
    int n = link->options.parallel, i;

    link->state = state;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return APR_ENOMEM;
    }
    state->multi = curl_multi_init();
    if (!state->multi
        || !add_header(state, link->pool, "Content-Type: ",
                       "application/octet-stream")
        || !add_header(state, link->pool, "X-Kannel-Username: ", conf->user)
        || !add_header(state, link->pool, "X-Kannel-Password: ",
                       conf->password)
        || !add_header(state, link->pool, "X-Kannel-Coding: ", "1")
        || !add_header(state, link->pool, "Accept:", "")
        || !add_header(state, link->pool, "Expect:", "")) {
        kannel_close(link);
        return APR_ENOMEM;
    }
    for (i = 0; i < n; i++) {
        if (!add_transfer(link)) {
            kannel_close(link);
            return APR_ENOMEM;
        }
    }
    curl_multi_setopt(state->multi, CURLMOPT_MAXCONNECTS, (long)n);
    curl_multi_setopt(state->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)n);
    curl_multi_setopt(state->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    return APR_SUCCESS;
}

const gateway_driver_t gateway_kannel = {
    "kannel:", "kannel:http://user:password@host:13013/cgi-bin/sendsms",
    kannel_parse, kannel_open, kannel_send, kannel_run, kannel_wakeup,
    kannel_abort, kannel_close
};
