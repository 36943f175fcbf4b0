/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The template: driver of gateway.h: see gateway_template.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "gateway_template.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#define MAX_FILE    (64 * 1024)
/* A pattern that takes more steps than this does not fit. */
#define MAX_STEPS   100000
#define MAX_MEMORY  4096        /* KiB */

/* ---- a message ----------------------------------------------------------- */

void template_build(const template_t *t, const gateway_message_t *message,
                    http_request_t *request, apr_pool_t *p)
{
    apr_size_t len;
    int i;

    request->method = t->method;
    request->url = template_render(t, t->url, message, &len, p);
    for (i = 0; i < t->headers->nelts; i++) {
        APR_ARRAY_PUSH(request->headers, const char *) = template_render(t,
            APR_ARRAY_IDX(t->headers, i, apr_array_header_t *), message,
            &len, p);
    }
    if (t->body) {
        request->body = template_render(t, t->body, message, &request->len,
                                        p);
    }
}

/* ---- an answer ----------------------------------------------------------- */

/* Whether a pattern is somewhere in the octets.
 * @param group  out: where its first group is; NULL: not asked for */
static int found(const void *pattern, const char *body, apr_size_t len,
                 apr_size_t group[2])
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    pcre2_match_data *match = pcre2_match_data_create(2, NULL);
    int rc = -1;

    if (limits && match) {
        pcre2_set_match_limit(limits, MAX_STEPS);
        pcre2_set_heap_limit(limits, MAX_MEMORY);
        rc = pcre2_match(pattern, (PCRE2_SPTR)body, len, 0, 0, match, limits);
    }
    if (rc >= 0 && group) {
        const PCRE2_SIZE *at = pcre2_get_ovector_pointer(match);

        group[0] = group[1] = 0;
        if (rc >= 2 && at[2] != PCRE2_UNSET && at[3] >= at[2]) {
            group[0] = at[2];
            group[1] = at[3];
        }
    }
    pcre2_match_data_free(match);
    pcre2_match_context_free(limits);
    return rc >= 0;
}

static int has_status(const template_rule_t *rule, int status)
{
    int i;

    for (i = 0; i < rule->status->nelts; i++) {
        const int *range = (const int *)(const void *)
            (rule->status->elts + i * rule->status->elt_size);

        if (status >= range[0] && status <= range[1]) {
            return 1;
        }
    }
    return 0;
}

/* What no line of the template fits.  A gateway that answers with success has
 * most likely sent it, whatever its words: to send it again would be paid for
 * again and again, while one that was not sent is made good when the device
 * does not answer. */
static void classify_unknown(const template_t *t, gateway_answer_t *answer)
{
    int status = answer->status;

    answer->result = GATEWAY_TEMPORARY;
    if (status >= 300 && status < 400) {
        answer->result = GATEWAY_REFUSED;
        gateway_say(answer, "the URL redirects elsewhere, which is not "
                    "followed");
    }
    else if (status == 401 || status == 403 || status == 407) {
        answer->result = GATEWAY_REFUSED;
        gateway_say(answer, "credentials not accepted");
    }
    else if (status == 404 || status == 405) {
        answer->result = GATEWAY_REFUSED;
        gateway_say(answer, "nothing takes messages at the URL");
    }
    else if (gateway_http_is_late(status)) {
        answer->result = GATEWAY_UNANSWERED;
        gateway_say(answer, "a proxy had no answer of the gateway in time");
    }
    else if (status < 500 && status != 429) {
        int success = status >= 200 && status < 300;
        char words[GATEWAY_MAX_WORDS / 2];

        apr_snprintf(words, sizeof words, "an answer that %.40s does not "
                     "know%s", t->file, success ? ": counts as sent" : "");
        gateway_say(answer, words);
        if (success) {
            answer->result = GATEWAY_UNANSWERED;
        }
    }
}

static void take_id(const template_t *t, const char *body, apr_size_t len,
                    gateway_answer_t *answer)
{
    gateway_answer_t id;
    apr_size_t group[2];

    if (t->id && found(t->id, body, len, group)) {
        gateway_words(&id, body + group[0], group[1] - group[0]);
        apr_cpystrn(answer->id, id.words, sizeof answer->id);
        gateway_http_mask(&t->http, answer->id);
    }
}

void template_classify(const template_t *t, const char *body, apr_size_t len,
                       gateway_answer_t *answer)
{
    int i;

    gateway_words(answer, body, len);
    for (i = 0; i < t->rules->nelts; i++) {
        const template_rule_t *rule = &APR_ARRAY_IDX(t->rules, i,
                                                     template_rule_t);

        if (has_status(rule, answer->status)
            && (!rule->pattern || found(rule->pattern, body, len, NULL))) {
            answer->result = rule->result;
            if (rule->result == GATEWAY_ACCEPTED) {
                take_id(t, body, len, answer);
            }
            return;
        }
    }
    classify_unknown(t, answer);
}

/* ---- the driver ---------------------------------------------------------- */

static void on_build(const gateway_t *gateway,
                     const gateway_message_t *message,
                     http_request_t *request, apr_pool_t *p)
{
    template_build(gateway->conf, message, request, p);
}

static void on_classify(const gateway_t *gateway, const char *body,
                        apr_size_t len, gateway_answer_t *answer,
                        apr_pool_t *p)
{
    template_classify(gateway->conf, body, len, answer);
}

static const http_dialect_t dialect = { on_build, on_classify };

/* @return the file as text, or NULL and *error */
static const char *read_text(const char *path, const char **error,
                             apr_pool_t *p)
{
    char *text = apr_palloc(p, MAX_FILE + 2), buf[128];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    apr_size_t len = 0;
    ssize_t n = -1;

    if (fd >= 0) {
        while (len <= MAX_FILE
               && (n = read(fd, text + len, MAX_FILE + 1 - len)) > 0) {
            len += n;
        }
    }
    if (n < 0) {
        *error = apr_psprintf(p, "%s: %s", path,
                              apr_strerror(errno, buf, sizeof buf));
    }
    else if (len > MAX_FILE || memchr(text, '\0', len)) {
        *error = apr_psprintf(p, "%s is no text file of at most 64 KiB",
                              path);
    }
    if (fd >= 0) {
        close(fd);
    }
    text[len] = '\0';
    return *error ? NULL : text;
}

/* The URL of a message of no meaning. */
static const char *url_of(const template_t *t, apr_pool_t *p)
{
    static const sms_part_t part = { .udh = { 0 }, .udh_len = 1,
                                     .data = (const unsigned char *)"x",
                                     .len = 1 };
    const gateway_message_t message = { .to = "+491700000000", .part = &part,
        .number = 1, .count = 1, .token = "00000000000000000000000000000000"
    };
    apr_size_t len;

    return template_render(t, t->url, &message, &len, p);
}

static apr_status_t template_configure(gateway_t *gateway, const char *rest,
                                       const gateway_settings_t *settings,
                                       const char **error, apr_pool_t *p)
{
    const char *text, *host, *wrong, *url;
    char *path = NULL;
    template_t *t;

    if (!*rest) {
        *error = "template: needs the file, as in "
            "template:/etc/syncml/gateways/vonage.conf";
        return APR_EINVAL;
    }
    if (!settings->root || apr_filepath_merge(&path, settings->root, rest, 0,
                                              p) != APR_SUCCESS) {
        path = apr_pstrdup(p, rest);
    }
    text = read_text(path, error, p);
    if (!text || template_parse(&t, text, path, settings, error, p)
                 != APR_SUCCESS) {
        return APR_EINVAL;
    }
    t->file = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    url = url_of(t, p);
    if (template_is_local(url)
        && template_spool(gateway, t, url, &wrong, p) == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    if (!template_is_local(url)) {
        wrong = gateway_http_check(url, &host, p);
    }
    if (wrong) {
        gateway->driver = &gateway_template;
        *error = apr_psprintf(p, "%s: url: %s", path, wrong);
        return APR_EINVAL;
    }
    t->http.dialect = &dialect;
    gateway->conf = t;
    gateway->name = apr_pstrcat(p, gateway_template.scheme, t->file, ":",
                                host, NULL);
    return APR_SUCCESS;
}

const gateway_driver_t gateway_template = {
    "template:", "template:/path/to/gateway.conf", 1, template_configure,
    gateway_http_open, gateway_http_send, gateway_http_run,
    gateway_http_wakeup, gateway_http_abort, gateway_http_close
};
