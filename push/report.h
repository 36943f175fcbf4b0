/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/report.h
 * @brief Delivery reports: what a gateway says later of a message that it
 * took.
 *
 * The URL that a gateway is told to call ends with the message's token, which
 * nobody can guess; or the token comes as a parameter that the gateway sends
 * back (token, client-ref, client_reference, callbackData, cliMsgId).  What
 * became of the message is in the query, a form, or JSON, in each gateway's
 * own words: Kannel's numbers (dlr=1, 2, 4, 8, 16), Clickatell's, and words
 * such as delivered, EXPIRED, UNDELIV.  What is not understood is no report.
 *
 * Nothing here believes a report: anybody may send one.  All it can do is to
 * change the row of the push log that has its token.
 *
 * A report travels from httpd's children to the worker through a pipe as a
 * record of fixed size, which the kernel writes whole or not at all.
 *
 * Limits: REPORT_MAX_BODY octets, 200 values, JSON 16 deep, 20 reports at
 * once; texts are cut.
 */
#ifndef SYNCML_PUSH_REPORT_H
#define SYNCML_PUSH_REPORT_H

#include <apr_pools.h>
#include <apr_tables.h>

#include "gateway.h"
#include "store/store.h"

#define REPORT_MAX_BODY   (64 * 1024)
#define REPORT_MAX        20
#define REPORT_MAX_TEXT   200

typedef struct report_t {
    char token[GATEWAY_TOKEN + 1];
    unsigned char state;        /* store_report_e */
    unsigned char permanent;    /* the number will never get it */
    char text[REPORT_MAX_TEXT]; /* the gateway's words, printable ASCII */
    char unused[256 - GATEWAY_TOKEN - 3 - REPORT_MAX_TEXT];
} report_t;

/** Why there is no report in a request. */
typedef enum {
    REPORT_OK = 0,
    REPORT_NO_TOKEN,            /* nothing that could be one */
    REPORT_NO_STATE             /* a token, but no state that is known */
} report_result_e;

/**
 * Find the reports in a request.
 * @param path  of the URL; its last segment may be a token
 * @param query  without the question mark; NULL: none
 * @param content_type  of the body; NULL: none
 * @param body, len  at most REPORT_MAX_BODY octets; any
 * @param reports  out: array of report_t, empty unless REPORT_OK
 */
report_result_e report_read(apr_array_header_t **reports, const char *path,
                            const char *query, const char *content_type,
                            const char *body, apr_size_t len, apr_pool_t *p);

/** Whether a failure is the number's own, for ever, by the text of its report:
 * it is said so, or by the usual words. */
int report_is_permanent(const char *text);

/** Whether a text is a token: GATEWAY_TOKEN lower-case hexadecimal digits. */
int report_is_token(const char *text);

/* ---- report_values.c: a request's values --------------------------------- */

typedef struct report_value_t {
    const char *key;            /* of JSON with its parent's: "status.name" */
    const char *value;
    int element;                /* of the outermost array of JSON; 0 */
} report_value_t;

/** Take a query or form apart. @param values  are added */
void report_form(apr_array_header_t *values, const char *text,
                 apr_size_t len, apr_pool_t *p);

/** Take JSON apart, as far as it is any. @param values  are added */
void report_json(apr_array_header_t *values, const char *text,
                 apr_size_t len, apr_pool_t *p);

#endif
