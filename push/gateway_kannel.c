/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Kannel's sendsms: gateway.h over gateway_http.h.
 *
 * A message is a POST of the SMS data as application/octet-stream with the
 * rest in X-Kannel-* headers, which takes every octet as it is.  Kannel gives
 * no name for a message; its delivery reports are known by the token in the
 * URL that it is told to call.
 */
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>
#include <curl/curl.h>

#include "gateway_http.h"

#define DEFAULT_PATH  "/cgi-bin/sendsms"

/* Which reports: delivered, not delivered, kept by the SMSC for a phone that
 * is off, refused by the SMSC.  Its mere "taken" (8) would double them. */
#define DLR_MASK      "23"

typedef struct kannel_conf_t {
    http_conf_t http;           /* its URL is without credentials */
    const char *reports;        /* URL without the token, or NULL */
    apr_array_header_t *headers;    /* lines that every message has */
    const char *from, *smsc;
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

static void add_line(kannel_conf_t *conf, apr_pool_t *p, const char *name,
                     const char *value)
{
    APR_ARRAY_PUSH(conf->headers, const char *)
        = apr_pstrcat(p, name, ": ", value, NULL);
}

/* User, password and other settings. @return words for what is wrong */
static const char *read_settings(kannel_conf_t *conf, CURLU *url,
                                 const gateway_settings_t *settings,
                                 apr_pool_t *p)
{
    static const char *const known[] = { "user", "password", "from", "smsc",
                                         NULL };
    const char *user, *password, *from, *smsc;
    const char *wrong = gateway_unknown_setting(settings, known, p);

    if (wrong) {
        return wrong;
    }
    user = get_part(url, CURLUPART_USER, CURLU_URLDECODE, p);
    password = get_part(url, CURLUPART_PASSWORD, CURLU_URLDECODE, p);
    user = user ? user : apr_table_get(settings->values, "user");
    password = password ? password
        : apr_table_get(settings->values, "password");
    if (!gateway_http_fits_header(user)
        || !gateway_http_fits_header(password)) {
        return "the URL needs user and password of a sendsms-user (special "
               "characters as %XX), or there must be a file credentials= "
               "with both";
    }
    from = apr_table_get(settings->values, "from");
    smsc = apr_table_get(settings->values, "smsc");
    if ((from && !gateway_http_fits_header(from))
        || (smsc && !gateway_http_fits_header(smsc))) {
        return "from= and smsc= must be printable and begin and end "
               "without a blank";
    }
    APR_ARRAY_PUSH(conf->http.secrets, const char *) = password;
    add_line(conf, p, "Content-Type", "application/octet-stream");
    add_line(conf, p, "X-Kannel-Username", user);
    add_line(conf, p, "X-Kannel-Password", password);
    add_line(conf, p, "X-Kannel-Coding", "1");
    if (from) {
        add_line(conf, p, "X-Kannel-From", from);
    }
    if (smsc) {
        add_line(conf, p, "X-Kannel-SMSC", smsc);
    }
    return NULL;
}

/* Words for what is wrong, or NULL. */
static const char *read_url(gateway_t *gateway, CURLU *url, const char *text,
                            const gateway_settings_t *settings,
                            apr_pool_t *p)
{
    kannel_conf_t *conf = gateway->conf;
    const char *scheme, *path, *wrong;

    if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK) {
        return "this is no HTTP URL";
    }
    scheme = get_part(url, CURLUPART_SCHEME, 0, p);
    if (!scheme || (strcmp(scheme, "http") && strcmp(scheme, "https"))) {
        return "the URL after kannel: must be one of http or https";
    }
    wrong = read_settings(conf, url, settings, p);
    if (wrong) {
        return wrong;
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
    conf->http.url = get_part(url, CURLUPART_URL, 0, p);
    if (!conf->http.url) {
        return "this is no HTTP URL";
    }
    gateway->name = apr_pstrcat(p, gateway_kannel.scheme, conf->http.url,
                                NULL);
    return NULL;
}

static void kannel_build(const gateway_t *gateway,
                         const gateway_message_t *message,
                         http_request_t *request, apr_pool_t *p);
static void kannel_classify(const gateway_t *gateway, const char *body,
                            apr_size_t len, gateway_answer_t *answer,
                            apr_pool_t *p);

static const http_dialect_t dialect = { kannel_build, kannel_classify };

static apr_status_t kannel_parse(gateway_t *gateway, const char *rest,
                                 const gateway_settings_t *settings,
                                 const char **error, apr_pool_t *p)
{
    kannel_conf_t *conf = apr_pcalloc(p, sizeof *conf);
    CURLU *url = curl_url();

    if (!url) {
        return APR_ENOMEM;
    }
    conf->http.dialect = &dialect;
    conf->http.ca_file = settings->ca_file;
    conf->http.secrets = apr_array_make(p, 1, sizeof(const char *));
    conf->headers = apr_array_make(p, 6, sizeof(const char *));
    conf->reports = settings->reports;
    gateway->conf = conf;
    *error = read_url(gateway, url, rest, settings, p);
    curl_url_cleanup(url);
    return *error ? APR_EINVAL : APR_SUCCESS;
}

/* ---- a message ---------------------------------------------------------- */

static void push_line(http_request_t *request, const char *line)
{
    APR_ARRAY_PUSH(request->headers, const char *) = line;
}

/* What Kannel is to call: %d its kind, %A what the SMSC said, %F its name. */
static const char *report_url(const kannel_conf_t *conf, const char *token,
                              apr_pool_t *p)
{
    return apr_pstrcat(p, "X-Kannel-DLR-URL: ", conf->reports, "/", token,
                       "?dlr=%d&answer=%A&smsc=%F", NULL);
}

static void kannel_build(const gateway_t *gateway,
                         const gateway_message_t *message,
                         http_request_t *request, apr_pool_t *p)
{
    const kannel_conf_t *conf = gateway->conf;
    const sms_part_t *part = message->part;
    char udh[2 * SMS_MAX_UDH + 1];

    apr_array_cat(request->headers, conf->headers);
    push_line(request, apr_pstrcat(p, "X-Kannel-To: ", message->to, NULL));
    apr_escape_hex(udh, part->udh, part->udh_len, 0, NULL);
    push_line(request, apr_pstrcat(p, "X-Kannel-UDH: ", udh, NULL));
    if (message->validity > 0) {
        push_line(request, apr_psprintf(p, "X-Kannel-Validity: %d",
                                        message->validity));
    }
    if (conf->reports && message->token) {
        push_line(request, "X-Kannel-DLR-Mask: " DLR_MASK);
        push_line(request, report_url(conf, message->token, p));
    }
    request->body = part->data;
    request->len = part->len;
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
        gateway_say(answer, "the URL redirects elsewhere, which is not followed");
    }
    else if (status == 400 && plain) {
        answer->result = GATEWAY_REJECTED;
    }
    else if (status == 403 && plain && has(body, len, "Not routable")) {
        gateway_say(answer, "the gateway has no SMSC in service");
    }
    else if (status == 401 || status == 403 || status == 407) {
        answer->result = GATEWAY_REFUSED;
        gateway_say(answer, "user, password or address not allowed");
    }
    else if (status == 404 || status == 405) {
        answer->result = GATEWAY_REFUSED;
        gateway_say(answer, "the URL is not that of sendsms");
    }
    else if (gateway_http_is_late(status)
             || (status == 202 && (plain || !len))) {
        /* To send it again may double what is paid for. */
        answer->result = GATEWAY_UNANSWERED;
        gateway_say(answer, status != 202
                    ? "a proxy had no answer of the gateway in time"
                    : "202 without the words of Kannel's sendsms: counts as "
                      "sent");
    }
    else if (!plain || status < 500) {
        gateway_say(answer, len ? "not an answer of Kannel's sendsms"
                    : "an empty answer");
    }
}

static void kannel_classify(const gateway_t *gateway, const char *body,
                            apr_size_t len, gateway_answer_t *answer,
                            apr_pool_t *p)
{
    gateway_kannel_classify(answer->status, body, len, answer);
}

const gateway_driver_t gateway_kannel = {
    "kannel:", "kannel:http://user:password@host:13013/cgi-bin/sendsms", 0,
    kannel_parse, gateway_http_open, gateway_http_send, gateway_http_run,
    gateway_http_wakeup, gateway_http_abort, gateway_http_close
};
