/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Delivery reports: see report.h. */
#include "gateway_driver.h"
#include "report.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

_Static_assert(sizeof(report_t) == 256, "a record of the pipe");

int report_is_token(const char *text)
{
    return strlen(text) == GATEWAY_TOKEN
           && strspn(text, "0123456789abcdef") == GATEWAY_TOKEN;
}

/* ---- values -------------------------------------------------------------- */

/* The first value of an element under one of the names (then NULL). */
static const char *get(const apr_array_header_t *values, int element,
                       const char *const *names)
{
    int i;

    for (; *names; names++) {
        for (i = 0; i < values->nelts; i++) {
            const report_value_t *v = &APR_ARRAY_IDX(values, i,
                                                     report_value_t);

            if (v->element == element && strcasecmp(v->key, *names) == 0) {
                return v->value;
            }
        }
    }
    return NULL;
}

static const char *const token_names[] = {
    "token", "client-ref", "client_reference", "callbackData", "cliMsgId",
    NULL
};

/* ---- states -------------------------------------------------------------- */

/* Words that begin what a gateway calls a state, in lower case. */
static const struct {
    const char *word;
    store_report_e state;
} words[] = {
    { "delivered", STORE_REPORT_DELIVERED },
    { "delivrd", STORE_REPORT_DELIVERED },
    { "received", STORE_REPORT_DELIVERED },
    { "success", STORE_REPORT_DELIVERED },
    { "buffered", STORE_REPORT_BUFFERED },
    { "retrying", STORE_REPORT_BUFFERED },
    { "accept", STORE_REPORT_ACCEPTED },
    { "acked", STORE_REPORT_ACCEPTED },
    { "queued", STORE_REPORT_ACCEPTED },
    { "dispatched", STORE_REPORT_ACCEPTED },
    { "pending", STORE_REPORT_ACCEPTED },
    { "enroute", STORE_REPORT_ACCEPTED },
    { "submitted", STORE_REPORT_ACCEPTED },
    { "sent", STORE_REPORT_ACCEPTED },
    { "fail", STORE_REPORT_FAILED },
    { "undeliv", STORE_REPORT_FAILED },
    { "expired", STORE_REPORT_FAILED },
    { "reject", STORE_REPORT_FAILED },
    { "aborted", STORE_REPORT_FAILED },
    { "cancel", STORE_REPORT_FAILED },
    { "deleted", STORE_REPORT_FAILED }
};

static store_report_e by_word(const char *text)
{
    apr_size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++) {
        if (strncasecmp(text, words[i].word, strlen(words[i].word)) == 0) {
            return words[i].state;
        }
    }
    return STORE_REPORT_NONE;
}

/* A small number, or -1. */
static int number(const char *text)
{
    int n = 0, digits = 0;

    for (; apr_isdigit(*text) && digits < 5; text++, digits++) {
        n = n * 10 + (*text - '0');
    }
    return digits && !*text ? n : -1;
}

/* Kannel's bits. */
static store_report_e by_kannel(const char *dlr)
{
    int n = number(dlr);

    return n < 1 || n > 31 ? STORE_REPORT_NONE
        : n & (2 | 16) ? STORE_REPORT_FAILED
        : n & 1 ? STORE_REPORT_DELIVERED
        : n & 4 ? STORE_REPORT_BUFFERED : STORE_REPORT_ACCEPTED;
}

/* Clickatell's numbers: 1 unknown, 2 queued, 3 with the network, 4 received,
 * 5 error, 6 cancelled, 7 not delivered, 8 taken, 9 routing, 10 expired, 11
 * queued, 12 no credit, 14 limit. */
static store_report_e by_clickatell(const char *status)
{
    switch (number(status)) {
    case 4:
        return STORE_REPORT_DELIVERED;
    case 11:
        return STORE_REPORT_BUFFERED;
    case 2: case 3: case 8:
        return STORE_REPORT_ACCEPTED;
    case 5: case 6: case 7: case 9: case 10: case 12: case 14:
        return STORE_REPORT_FAILED;
    default:
        return STORE_REPORT_NONE;
    }
}

static store_report_e get_state(const apr_array_header_t *values,
                                int element)
{
    static const char *const kannel[] = { "dlr", NULL };
    static const char *const clickatell[] = { "cliMsgId", NULL };
    static const char *const status[] = { "status.groupName", "status.name",
        "status", "state", "message-status", "statuses.status", NULL };
    const char *text = get(values, element, kannel);

    if (text) {
        return by_kannel(text);
    }
    text = get(values, element, status);
    if (!text) {
        return STORE_REPORT_NONE;
    }
    return get(values, element, clickatell) ? by_clickatell(text)
        : by_word(text);
}

/* What follows "NAME=" in a report's text, or NULL. */
static const char *said(const char *text, const char *name)
{
    apr_size_t n = strlen(name);
    const char *at;

    for (at = strstr(text, name); at; at = strstr(at + 1, name)) {
        if ((at == text || at[-1] == ' ') && at[n] == '=') {
            return at + n + 1;
        }
    }
    return NULL;
}

int report_is_permanent(const char *text)
{
    static const char *const signs[] = {
        "unknown subscriber", "unknown_subscriber", "unknown number",
        "unallocated", "does not exist", "invalid destination",
        "invalid number", "illegal number", "deactivated", "barred"
    };
    const char *value = said(text, "error.permanent");
    char lower[REPORT_MAX_TEXT];
    apr_size_t i;

    if (value) {
        return strncasecmp(value, "true", 4) == 0;
    }
    value = said(text, "err-code");     /* Vonage: gone for good, unknown */
    if (value && (*value == '3' || *value == '9')
        && (!value[1] || value[1] == ' ')) {
        return 1;
    }
    apr_cpystrn(lower, text, sizeof lower);
    for (i = 0; lower[i]; i++) {
        lower[i] = (char)apr_tolower(lower[i]);
    }
    for (i = 0; i < sizeof signs / sizeof *signs; i++) {
        if (strstr(lower, signs[i])) {
            return 1;
        }
    }
    return 0;
}

/* ---- a report ------------------------------------------------------------ */

/* What the gateway says of it, beside the state. */
static void get_text(const apr_array_header_t *values, int element,
                     char text[REPORT_MAX_TEXT])
{
    static const char *const names[] = { "dlr", "status.name",
        "status.groupName", "status", "answer", "err-code", "error.name",
        "error.permanent", "error.description", "status.description", "code",
        "smsc", NULL };
    const char *const *name;
    apr_size_t n = 0;

    *text = '\0';
    for (name = names; *name; name++) {
        const char *one[] = { *name, NULL };
        const char *value = get(values, element, one);
        gateway_answer_t printable;

        if (value && *value) {
            gateway_words(&printable, value, strlen(value));
            n += apr_snprintf(text + n, REPORT_MAX_TEXT - n, "%s%s=%s",
                              n ? " " : "", *name, printable.words);
        }
    }
}

/* @return whether it is one */
static int read_one(report_t *report, const apr_array_header_t *values,
                    int element, const char *token)
{
    const char *said = get(values, element, token_names);

    memset(report, 0, sizeof *report);
    if (said && report_is_token(said)) {
        token = said;
    }
    report->state = (unsigned char)get_state(values, element);
    if (!token || report->state == STORE_REPORT_NONE) {
        return 0;
    }
    memcpy(report->token, token, GATEWAY_TOKEN);
    get_text(values, element, report->text);
    report->permanent = report->state == STORE_REPORT_FAILED
        && report_is_permanent(report->text);
    return 1;
}

/* The token at the end of the path, or NULL. */
static const char *path_token(const char *path, apr_pool_t *p)
{
    apr_size_t n = strlen(path), begin;
    const char *token;

    while (n && path[n - 1] == '/') {
        n--;
    }
    for (begin = n; begin && path[begin - 1] != '/'; begin--) {
    }
    token = apr_pstrmemdup(p, path + begin, n - begin);
    return report_is_token(token) ? token : NULL;
}

report_result_e report_read(apr_array_header_t **reports, const char *path,
                            const char *query, const char *content_type,
                            const char *body, apr_size_t len, apr_pool_t *p)
{
    apr_array_header_t *values = apr_array_make(p, 16,
                                                sizeof(report_value_t));
    const char *token = path_token(path, p);
    int tokens = token != NULL, elements = 0, i;

    *reports = apr_array_make(p, 1, sizeof(report_t));
    if (query) {
        report_form(values, query, strlen(query), p);
    }
    if (content_type && strstr(content_type, "json")) {
        report_json(values, body, len, p);
    }
    else if (len) {
        report_form(values, body, len, p);
    }
    for (i = 0; i < values->nelts; i++) {
        const report_value_t *v = &APR_ARRAY_IDX(values, i, report_value_t);

        elements = v->element > elements ? v->element : elements;
    }
    for (i = 0; i <= elements && (*reports)->nelts < REPORT_MAX; i++) {
        const char *said = get(values, i, token_names);
        report_t report;

        tokens += said && report_is_token(said);
        if (read_one(&report, values, i, token)) {
            APR_ARRAY_PUSH(*reports, report_t) = report;
        }
    }
    return (*reports)->nelts ? REPORT_OK
        : tokens ? REPORT_NO_STATE : REPORT_NO_TOKEN;
}
