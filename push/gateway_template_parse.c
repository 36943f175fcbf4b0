/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* A gateway's template is read: see gateway_template.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "gateway_template.h"

#define MAX_TEXT      (64 * 1024)
#define MAX_HEADERS   16
#define MAX_LINES     32
#define MAX_RULES     100
#define MAX_SETTINGS  32

/* A text that waits for the settings and the content type. */
typedef struct source_t {
    const char *text;
    int line;
} source_t;

typedef struct parser_t {
    template_t *t;
    const char *file;
    const gateway_settings_t *given;
    apr_table_t *values;        /* of all settings */
    apr_array_header_t *secret; /* of const char *: their names */
    apr_array_header_t *headers, *lines;    /* of source_t */
    source_t url, body;
    int line;
    apr_pool_t *p;
} parser_t;

/* ---- lines --------------------------------------------------------------- */

static char *trim(char *text)
{
    char *end;

    while (apr_isspace(*text)) {
        text++;
    }
    for (end = text + strlen(text); end > text && apr_isspace(end[-1]);
         end--) {
    }
    *end = '\0';
    return text;
}

/* The next line with those that go on with it; NULL at the end.
 * @param text  in: rest of the file, is cut; out: what follows */
static char *next_line(parser_t *parser, char **text, int *lines)
{
    char *begin = *text, *d, *s;

    if (!*begin) {
        return NULL;
    }
    *lines = 1;
    for (d = s = begin; *s; s++) {
        if (*s != '\n') {
            *d++ = *s;
            continue;
        }
        if (*begin == '#' || !s[1] || s[1] == '\n' || !apr_isspace(s[1])) {
            s++;
            break;
        }
        (*lines)++;
        while (apr_isspace(s[1]) && s[1] != '\n') {
            s++;
        }
        while (d > begin && (d[-1] == '\r')) {
            d--;
        }
    }
    *text = s;
    *d = '\0';
    return begin;
}

/* ---- keywords ------------------------------------------------------------ */

static const char *add_setting(parser_t *parser, const char *name,
                               const char *value, int needed)
{
    apr_pool_t *p = parser->p;
    const char *given = apr_table_get(parser->given->values, name);
    apr_size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-");

    if (!n || name[n] || !apr_islower(*name)) {
        return apr_psprintf(p, "\"%s\" is no name for a setting: right are "
                            "a-z, 0-9, - and _", name);
    }
    if (template_is_variable(name)) {
        return apr_psprintf(p, "{%s} is a variable of the message already",
                            name);
    }
    if (apr_table_get(parser->values, name)) {
        return apr_psprintf(p, "the setting %s is declared twice", name);
    }
    if (apr_table_elts(parser->values)->nelts >= MAX_SETTINGS) {
        return apr_psprintf(p, "more than %d settings", MAX_SETTINGS);
    }
    if (needed && (!given || !*given)) {
        return apr_psprintf(p, "this gateway needs %s= (in the directive or "
                            "in the file of credentials=)", name);
    }
    apr_table_set(parser->values, name, given ? given : value);
    return NULL;
}

static const char *on_need(parser_t *parser, char *value)
{
    const char *wrong = NULL;
    char *last, *name;

    for (name = apr_strtok(value, " \t,", &last); name && !wrong;
         name = apr_strtok(NULL, " \t,", &last)) {
        wrong = add_setting(parser, name, "", 1);
    }
    return wrong;
}

static const char *on_setting(parser_t *parser, char *value)
{
    apr_size_t n = strcspn(value, " \t");
    const char *name = apr_pstrmemdup(parser->p, value, n);

    return add_setting(parser, name, trim(value + n), 0);
}

static const char *on_secret(parser_t *parser, char *value)
{
    char *last, *name;

    for (name = apr_strtok(value, " \t,", &last); name;
         name = apr_strtok(NULL, " \t,", &last)) {
        APR_ARRAY_PUSH(parser->secret, const char *) = name;
    }
    return NULL;
}

static const char *on_number(parser_t *parser, char *value)
{
    if (strcmp(value, "none") == 0) {
        value += strlen(value);
    }
    else if (strcmp(value, "+") != 0
             && (!*value || strlen(value) > 5
                 || strspn(value, "0123456789") != strlen(value))) {
        return "number is +, none, or what stands for the plus sign, such as "
               "00";
    }
    parser->t->plus = value;
    return NULL;
}

static const char *on_method(parser_t *parser, char *value)
{
    if (strcmp(value, "GET") && strcmp(value, "POST")
        && strcmp(value, "PUT")) {
        return "method is GET, POST or PUT";
    }
    parser->t->method = value;
    return NULL;
}

static const char *append(parser_t *parser, source_t *source,
                          const char *value)
{
    if (!source->text) {
        source->text = value;
        source->line = parser->line;
    }
    else {
        source->text = apr_pstrcat(parser->p, source->text, value, NULL);
    }
    return NULL;
}

static const char *on_url(parser_t *parser, char *value)
{
    return append(parser, &parser->url, value);
}

static const char *on_body(parser_t *parser, char *value)
{
    return append(parser, &parser->body, value);
}

static const char *on_header(parser_t *parser, char *value)
{
    apr_size_t n = strcspn(value, ":");
    apr_size_t i;
    source_t *h;

    for (i = 0; i < n && (apr_isalnum(value[i]) || value[i] == '-'
                          || value[i] == '_'); i++) {
    }
    if (!n || i < n || !value[n]) {
        return "header is a line such as \"Content-Type: application/json\"";
    }
    if (parser->headers->nelts >= MAX_HEADERS) {
        return apr_psprintf(parser->p, "more than %d headers", MAX_HEADERS);
    }
    h = apr_array_push(parser->headers);
    h->text = value;
    h->line = parser->line;
    return NULL;
}

static const char *on_line(parser_t *parser, char *value)
{
    source_t *line;

    if (parser->lines->nelts >= MAX_LINES) {
        return apr_psprintf(parser->p, "more than %d lines", MAX_LINES);
    }
    line = apr_array_push(parser->lines);
    line->text = value;
    line->line = parser->line;
    return NULL;
}

/* ---- answers ------------------------------------------------------------- */

static apr_status_t free_code(void *code)
{
    pcre2_code_free(code);
    return APR_SUCCESS;
}

/* @param pattern  out: pcre2_code */
static const char *compile(parser_t *parser, const char *text, void **pattern)
{
    PCRE2_UCHAR words[160];
    pcre2_code *code;
    PCRE2_SIZE at;
    int failed;

    code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                         PCRE2_NEVER_UTF | PCRE2_NEVER_BACKSLASH_C, &failed,
                         &at, NULL);
    if (!code) {
        pcre2_get_error_message(failed, words, sizeof words);
        return apr_psprintf(parser->p, "\"%s\" is no regular expression: %s "
                            "at character %d", text, (char *)words,
                            (int)at + 1);
    }
    apr_pool_cleanup_register(parser->p, code, free_code,
                              apr_pool_cleanup_null);
    *pattern = code;
    return NULL;
}

/* "200", "4xx" or "any". @return 0 for anything else */
static int read_status(const char *text, int range[2])
{
    if (strcmp(text, "any") == 0) {
        range[0] = 0;
        range[1] = 999;
        return 1;
    }
    if (strlen(text) != 3 || !apr_isdigit(*text)) {
        return 0;
    }
    range[0] = range[1] = (*text - '0') * 100;
    if (strcmp(text + 1, "xx") == 0) {
        range[1] += 99;
        return 1;
    }
    range[1] = range[0] += (text[1] - '0') * 10 + text[2] - '0';
    return apr_isdigit(text[1]) && apr_isdigit(text[2]);
}

static const char *add_rule(parser_t *parser, char *value,
                            gateway_result_e result)
{
    template_rule_t *rule;
    char *pattern = value + strcspn(value, " \t"), *last, *one;
    int range[2];

    if (parser->t->rules->nelts >= MAX_RULES) {
        return apr_psprintf(parser->p, "more than %d answers", MAX_RULES);
    }
    if (*pattern) {
        *pattern++ = '\0';
        pattern = trim(pattern);
    }
    rule = apr_array_push(parser->t->rules);
    rule->result = result;
    rule->status = apr_array_make(parser->p, 2, sizeof range);
    for (one = apr_strtok(value, ",", &last); one;
         one = apr_strtok(NULL, ",", &last)) {
        if (!read_status(one, range)) {
            break;
        }
        memcpy(apr_array_push(rule->status), range, sizeof range);
    }
    if (one || !rule->status->nelts) {
        return "an answer begins with its HTTP status: 200, 2xx, 200,202 or "
               "any; then may come a regular expression";
    }
    return *pattern ? compile(parser, pattern, &rule->pattern) : NULL;
}

static const char *on_accepted(parser_t *parser, char *value)
{
    return add_rule(parser, value, GATEWAY_ACCEPTED);
}

static const char *on_rejected(parser_t *parser, char *value)
{
    return add_rule(parser, value, GATEWAY_REJECTED);
}

static const char *on_refused(parser_t *parser, char *value)
{
    return add_rule(parser, value, GATEWAY_REFUSED);
}

static const char *on_temporary(parser_t *parser, char *value)
{
    return add_rule(parser, value, GATEWAY_TEMPORARY);
}

static const char *on_id(parser_t *parser, char *value)
{
    uint32_t groups = 0;
    const char *wrong = compile(parser, value, &parser->t->id);

    if (!wrong) {
        pcre2_pattern_info(parser->t->id, PCRE2_INFO_CAPTURECOUNT, &groups);
    }
    return wrong ? wrong : groups == 1 ? NULL
        : "id needs a regular expression with one (group)";
}

static const struct {
    const char *name;
    const char *(*set)(parser_t *parser, char *value);
} keywords[] = {
    { "need", on_need }, { "setting", on_setting }, { "secret", on_secret },
    { "number", on_number }, { "method", on_method }, { "url", on_url },
    { "header", on_header }, { "body", on_body }, { "line", on_line },
    { "accepted", on_accepted }, { "rejected", on_rejected },
    { "refused", on_refused }, { "temporary", on_temporary },
    { "id", on_id }
};

#define KEYWORDS  (sizeof keywords / sizeof *keywords)

static const char *read_line(parser_t *parser, char *line)
{
    const char *all = "";
    char *equals, *name;
    apr_size_t i;

    if (*line == '#') {
        return NULL;
    }
    line = trim(line);
    if (!*line) {
        return NULL;
    }
    equals = strchr(line, '=');
    if (equals) {
        *equals = '\0';
    }
    name = trim(line);
    for (i = 0; i < KEYWORDS; i++) {
        if (equals && strcmp(keywords[i].name, name) == 0) {
            return keywords[i].set(parser, trim(equals + 1));
        }
        all = apr_pstrcat(parser->p, all, i ? ", " : "", keywords[i].name,
                          NULL);
    }
    return apr_psprintf(parser->p, "no \"keyword = value\"; the keywords are "
                        "%s", all);
}

/* ---- the whole ----------------------------------------------------------- */

/* {basic-auth}: what HTTP wants of user and password. */
static void add_basic_auth(parser_t *parser)
{
    const char *user = apr_table_get(parser->values, "user");
    const char *password = apr_table_get(parser->values, "password");
    const char *both;
    apr_size_t len;

    if (user && password && *user) {
        both = apr_pstrcat(parser->p, user, ":", password, NULL);
        both = template_encode(TEMPLATE_BASE64, both, strlen(both), &len,
                               parser->p);
        apr_table_set(parser->values, "basic-auth", both);
        APR_ARRAY_PUSH(parser->t->http.secrets, const char *) = both;
    }
}

/* Passwords as they are and as they may come back. */
static void add_secrets(parser_t *parser)
{
    static const template_encoding_e encodings[] = {
        TEMPLATE_RAW, TEMPLATE_PERCENT, TEMPLATE_JSON, TEMPLATE_XML
    };
    apr_array_header_t *names = parser->secret;
    unsigned i, k;

    APR_ARRAY_PUSH(names, const char *) = "password";
    for (i = 0; i < (unsigned)names->nelts; i++) {
        const char *value = apr_table_get(parser->values,
            APR_ARRAY_IDX(names, i, const char *));
        apr_size_t len;

        for (k = 0; value && *value && k < 4; k++) {
            APR_ARRAY_PUSH(parser->t->http.secrets, const char *)
                = template_encode(encodings[k], value, strlen(value), &len,
                                  parser->p);
        }
    }
}

static template_encoding_e body_place(const parser_t *parser)
{
    int i;

    for (i = 0; i < parser->headers->nelts; i++) {
        const char *line = APR_ARRAY_IDX(parser->headers, i, source_t).text;

        if (strncasecmp(line, "content-type:", 13) == 0) {
            return strstr(line, "json") ? TEMPLATE_JSON
                : strstr(line, "xml") ? TEMPLATE_XML
                : strstr(line, "form-urlencoded") ? TEMPLATE_PERCENT
                : TEMPLATE_RAW;
        }
    }
    return TEMPLATE_RAW;
}

/* Headers, or lines of a file. */
static const char *read_all(parser_t *parser, template_reader_t *r,
                            const apr_array_header_t *sources,
                            apr_array_header_t **read)
{
    const char *wrong = NULL;
    int i;

    *read = apr_array_make(parser->p, 4, sizeof(void *));
    r->place = TEMPLATE_RAW;
    for (i = 0; i < sources->nelts && !wrong; i++) {
        const source_t *h = &APR_ARRAY_IDX(sources, i, source_t);
        apr_array_header_t *pieces;
        int k;

        parser->line = h->line;
        wrong = template_read_text(r, h->text, &pieces);
        for (k = 0; k < pieces->nelts && !wrong; k++) {
            const template_piece_t *piece = &APR_ARRAY_IDX(pieces, k,
                                                           template_piece_t);
            apr_size_t n;

            for (n = 0; n < piece->len
                 && !apr_iscntrl(piece->text[n]); n++) {
            }
            if (n < piece->len
                || (piece->variable >= TEMPLATE_UDH
                    && piece->variable <= TEMPLATE_UDH_DATA
                    && piece->encoding == TEMPLATE_RAW)) {
                wrong = "control characters cannot stand in a header or "
                    "line";
            }
        }
        APR_ARRAY_PUSH(*read, apr_array_header_t *) = pieces;
    }
    return wrong;
}

/* What a file needs is nothing to a request, and the other way round. */
static const char *check_kind(parser_t *parser)
{
    int local = template_is_local(parser->url.text);

    if (local && (parser->headers->nelts || parser->body.text
                  || parser->t->rules->nelts || parser->t->id)) {
        return "a url of smstools: or gammu: is a directory of files, which "
               "have only line =: no header, no body, no answers";
    }
    if (local && !parser->lines->nelts) {
        return "there is no line =: the files would be empty";
    }
    return !local && parser->lines->nelts
        ? "line = is for files: url = smstools:/directory or "
          "gammu:/directory" : NULL;
}

/* With all settings known. */
static const char *read_texts(parser_t *parser)
{
    template_reader_t r = { .values = parser->values, .p = parser->p,
                            .place = TEMPLATE_PERCENT };
    template_t *t = parser->t;
    const char *wrong;

    parser->line = parser->url.line;
    if (!parser->url.text) {
        return "there is no url";
    }
    wrong = template_read_text(&r, parser->url.text, &t->url);
    if (!wrong) {
        wrong = check_kind(parser);
    }
    if (!wrong) {
        wrong = read_all(parser, &r, parser->headers, &t->headers);
    }
    if (!wrong) {
        wrong = read_all(parser, &r, parser->lines, &t->lines);
    }
    if (!wrong && parser->body.text) {
        parser->line = parser->body.line;
        r.place = body_place(parser);
        wrong = template_read_text(&r, parser->body.text, &t->body);
    }
    if (!wrong && t->body && strcmp(t->method, "GET") == 0) {
        wrong = "a GET has no body";
    }
    return wrong;
}

static int has_accepted(const template_t *t)
{
    int i;

    for (i = 0; i < t->rules->nelts; i++) {
        if (APR_ARRAY_IDX(t->rules, i, template_rule_t).result
            == GATEWAY_ACCEPTED) {
            return 1;
        }
    }
    return 0;
}

static const char *read_file(parser_t *parser, char *text)
{
    static const char *const none[] = { NULL };
    const apr_array_header_t *given = apr_table_elts(parser->given->values);
    const char *wrong = NULL, **names;
    char *line;
    int lines, i, next = 1;

    while (!wrong && (line = next_line(parser, &text, &lines)) != NULL) {
        parser->line = next;
        next += lines;
        wrong = read_line(parser, line);
    }
    if (!wrong) {
        const apr_array_header_t *all = apr_table_elts(parser->values);

        parser->line = 0;
        names = apr_pcalloc(parser->p, (all->nelts + 1) * sizeof *names);
        for (i = 0; i < all->nelts; i++) {
            names[i] = APR_ARRAY_IDX(all, i, apr_table_entry_t).key;
        }
        wrong = given->nelts ? gateway_unknown_setting(parser->given,
            all->nelts ? (const char *const *)names : none, parser->p) : NULL;
    }
    if (!wrong) {
        add_basic_auth(parser);
        add_secrets(parser);
        wrong = read_texts(parser);
    }
    if (!wrong && !parser->lines->nelts && !has_accepted(parser->t)) {
        parser->line = 0;
        wrong = "there is no accepted: nothing would ever count as sent";
    }
    return wrong;
}

apr_status_t template_parse(template_t **template_, const char *text,
                            const char *file,
                            const gateway_settings_t *settings,
                            const char **error, apr_pool_t *p)
{
    template_t *t = apr_pcalloc(p, sizeof *t);
    parser_t parser = { .t = t, .file = file, .given = settings, .p = p };
    const char *wrong;

    *template_ = NULL;
    t->file = file;
    t->method = "POST";
    t->plus = "+";
    t->reports = settings->reports;
    t->rules = apr_array_make(p, 8, sizeof(template_rule_t));
    t->http.ca_file = settings->ca_file;
    t->http.secrets = apr_array_make(p, 4, sizeof(const char *));
    parser.values = apr_table_make(p, 8);
    parser.secret = apr_array_make(p, 4, sizeof(const char *));
    parser.headers = apr_array_make(p, 4, sizeof(source_t));
    parser.lines = apr_array_make(p, 4, sizeof(source_t));
    wrong = strlen(text) > MAX_TEXT ? "more than 64 KiB"
        : read_file(&parser, apr_pstrdup(p, text));
    if (!wrong) {
        *template_ = t;
        return APR_SUCCESS;
    }
    *error = parser.line ? apr_psprintf(p, "%s line %d: %s", file,
                                        parser.line, wrong)
        : apr_psprintf(p, "%s: %s", file, wrong);
    return APR_EINVAL;
}
