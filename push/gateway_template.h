/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/gateway_template.h
 * @brief Gateways by a template: how a message becomes an HTTP request, and
 * what the answers mean, said in a file.  Private to this room.
 *
 * A file has lines "keyword = value"; # begins a comment at the start of a
 * line, a line that begins with a blank goes on with the one before it
 * (without the blanks), and the same keyword again does so for url and body.
 *
 *   need      names of settings that must be given
 *   setting   a setting that may be given, and its default
 *   secret    names of settings that are never said ("password" is one)
 *   number    how {to} looks: + (international), none, or digits in place of
 *             the plus sign such as 00
 *   method    GET, POST (default) or PUT
 *   url       the URL, up to the path or with a query
 *   header    a header line, any number of them
 *   body      what is posted
 *   accepted, rejected, refused, temporary
 *             an answer: "200", "2xx", "200,202" or "any", and perhaps a
 *             regular expression (PCRE) for its content.  The first line that
 *             fits counts.  rejected is this number or message for good,
 *             refused is our configuration.
 *   id        a regular expression whose group is the gateway's name for an
 *             accepted message
 *   line      for a modem of this machine, whose url is smstools:/directory or
 *             gammu:/directory: a line of the file that each SMS becomes
 *             there, any number of them; one that has variables and is empty
 *             is left out.  It takes the place of method, header and body; a
 *             file has no answer, so there are none.
 *
 * In url, header and body stand variables: {name} or {name|encoding}, and
 * {?name}text{/} for text that is there only if the variable is not empty.
 * Any other brace means itself ({{ where a letter would follow).  Encodings
 * are percent, hex, HEX, spaced, base64, json, xml, raw; without one a
 * variable is written as the place needs it (percent in url and forms, json
 * in JSON...), which for octets (udh, data, udh+data) nobody can know.
 *
 * Limits: 64 KiB, 500 variables and pieces of text between them, 100 answers,
 * 16 headers, 32 lines, 32 settings; a pattern gives up after 100,000 steps.
 */
#ifndef SYNCML_PUSH_GATEWAY_TEMPLATE_H
#define SYNCML_PUSH_GATEWAY_TEMPLATE_H

#include <apr_tables.h>

#include "gateway_http.h"

/** What a message brings. */
typedef enum {
    TEMPLATE_TEXT = 0,          /* no variable: text as it is */
    TEMPLATE_TO, TEMPLATE_UDH, TEMPLATE_DATA, TEMPLATE_UDH_DATA,
    TEMPLATE_TOKEN, TEMPLATE_DLR_URL, TEMPLATE_VALIDITY,
    TEMPLATE_VALIDITY_SECONDS, TEMPLATE_VALIDITY_MS, TEMPLATE_VALIDITY_CODE,
    TEMPLATE_PART, TEMPLATE_PARTS, TEMPLATE_LENGTH,
    TEMPLATE_SETTING,           /* while parsing only */
    TEMPLATE_END                /* of a condition */
} template_variable_e;

typedef enum {
    TEMPLATE_RAW = 0, TEMPLATE_PERCENT, TEMPLATE_HEX, TEMPLATE_UPPER_HEX,
    TEMPLATE_SPACED, TEMPLATE_BASE64, TEMPLATE_JSON, TEMPLATE_XML,
    TEMPLATE_AS_PLACE           /* not said */
} template_encoding_e;

typedef struct template_piece_t {
    template_variable_e variable;
    template_encoding_e encoding;
    int condition;              /* the following, up to TEMPLATE_END, only if
                                   it is not empty */
    const char *text;           /* of TEMPLATE_TEXT */
    apr_size_t len;
} template_piece_t;

typedef struct template_rule_t {
    gateway_result_e result;
    apr_array_header_t *status; /* of int pairs: from, to */
    void *pattern;              /* pcre2_code *, or NULL */
} template_rule_t;

typedef struct template_t {
    http_conf_t http;           /* first: it is gateway_t.conf */
    const char *file;           /* its name without the directory */
    const char *method;
    const char *reports;        /* URL without the token, or NULL */
    const char *plus;           /* what stands for a number's plus sign */
    apr_array_header_t *url;    /* of template_piece_t */
    apr_array_header_t *headers;    /* of apr_array_header_t * of these */
    apr_array_header_t *body;   /* NULL: none */
    apr_array_header_t *lines;  /* as headers, of a file; empty: over HTTP */
    apr_array_header_t *rules;  /* of template_rule_t */
    void *id;                   /* pcre2_code *, or NULL */
} template_t;

/**
 * Read a template.
 * @param text  the file's
 * @param file  its name, for errors
 * @param settings  with the values of its settings
 * @param error  out: file, line, what is wrong and what would be right
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t template_parse(template_t **template_, const char *text,
                            const char *file,
                            const gateway_settings_t *settings,
                            const char **error, apr_pool_t *p);

/** Text with the message's values in it. @param len  out */
const char *template_render(const template_t *t,
                            const apr_array_header_t *pieces,
                            const gateway_message_t *message,
                            apr_size_t *len, apr_pool_t *p);

/** The request for a message: see http_dialect_t. */
void template_build(const template_t *t, const gateway_message_t *message,
                    http_request_t *request, apr_pool_t *p);

/** What an answer means: see http_dialect_t. */
void template_classify(const template_t *t, const char *body, apr_size_t len,
                       gateway_answer_t *answer);

/** Whether a URL is that of a modem of this machine. */
int template_is_local(const char *url);

/** gateway_template_spool.c: make the gateway of a template with such a URL.
 * @param url  with its settings
 * @return APR_SUCCESS; APR_EINVAL and words */
apr_status_t template_spool(gateway_t *gateway, const template_t *t,
                            const char *url, const char **error,
                            apr_pool_t *p);

/* ---- gateway_template_text.c: text with variables ------------------------ */

/** What a text is read with. */
typedef struct template_reader_t {
    const apr_table_t *values;  /* of all settings, "" where not given */
    template_encoding_e place;  /* the encoding where none is said */
    int pieces;                 /* so far, for the limit */
    apr_pool_t *p;
} template_reader_t;

/** Take a text apart.  Settings become text.
 * @param pieces  out: array of template_piece_t, in order
 * @return words for what is wrong, or NULL */
const char *template_read_text(template_reader_t *reader, const char *text,
                               apr_array_header_t **pieces);

/** Whether a name is a message's variable. */
int template_is_variable(const char *name);

/** Encode octets. */
const char *template_encode(template_encoding_e encoding, const void *data,
                            apr_size_t len, apr_size_t *out_len,
                            apr_pool_t *p);

#endif
