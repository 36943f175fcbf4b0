/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The values in a gateway's delivery report: see report.h.  Readers that take
 * anything: what is no form or no JSON has fewer values, or none.
 */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "report.h"

#define MAX_VALUES  200
#define MAX_KEY     60
#define MAX_VALUE   400
#define MAX_DEPTH   16

static void add(apr_array_header_t *values, const char *key,
                const char *value, int element)
{
    report_value_t *v;

    if (values->nelts < MAX_VALUES && *key) {
        v = apr_array_push(values);
        v->key = key;
        v->value = value;
        v->element = element;
    }
}

/* ---- forms --------------------------------------------------------------- */

static int digit(char c)
{
    return apr_isdigit(c) ? c - '0' : apr_isxdigit(c)
        ? apr_tolower(c) - 'a' + 10 : -1;
}

/* At most max octets of what is meant; octets 0 are left out. */
static const char *unescape(const char *text, apr_size_t len, apr_size_t max,
                            apr_pool_t *p)
{
    char *out = apr_palloc(p, (len < max ? len : max) + 1), *d = out;
    apr_size_t i;

    for (i = 0; i < len && (apr_size_t)(d - out) < max; i++) {
        if (text[i] == '%' && i + 2 < len && digit(text[i + 1]) >= 0
            && digit(text[i + 2]) >= 0) {
            *d = (char)(digit(text[i + 1]) * 16 + digit(text[i + 2]));
            i += 2;
        }
        else {
            *d = text[i] == '+' ? ' ' : text[i];
        }
        d += *d != '\0';
    }
    *d = '\0';
    return out;
}

void report_form(apr_array_header_t *values, const char *text,
                 apr_size_t len, apr_pool_t *p)
{
    const char *end = text + len;

    while (text < end && values->nelts < MAX_VALUES) {
        const char *stop = memchr(text, '&', end - text);
        const char *equals;

        stop = stop ? stop : end;
        equals = memchr(text, '=', stop - text);
        if (equals) {
            add(values, unescape(text, equals - text, MAX_KEY, p),
                unescape(equals + 1, stop - equals - 1, MAX_VALUE, p), 0);
        }
        text = stop + 1;
    }
}

/* ---- JSON ---------------------------------------------------------------- */

typedef struct json_t {
    apr_array_header_t *values;
    const char *at, *end;
    const char *key[MAX_DEPTH]; /* that the container at a depth belongs to;
                                   "" in arrays */
    char kind[MAX_DEPTH];       /* '{' or '[' */
    int depth;
    int outermost;              /* depth of the first array; 0: none yet */
    int element;
    const char *name;           /* read, its value comes; NULL: none */
    apr_pool_t *p;
} json_t;

/* The string at j->at (after its quote), cut; goes past it. */
static const char *read_string(json_t *j)
{
    char *out = apr_palloc(j->p, MAX_VALUE + 1), *d = out;

    while (j->at < j->end && *j->at != '"') {
        char c = *j->at++;

        if (c == '\\' && j->at < j->end) {
            c = *j->at++;
            if (c == 'u') {
                int high = j->end - j->at >= 4 ? digit(j->at[2]) : -1;
                int low = j->end - j->at >= 4 ? digit(j->at[3]) : -1;

                /* what is not ASCII does not matter here */
                c = high >= 0 && high < 8 && low >= 0 && j->at[0] == '0'
                    && j->at[1] == '0' ? (char)(high * 16 + low) : '?';
                j->at += high >= 0 ? 4 : 0;
            }
            else if (c == 'n' || c == 'r' || c == 't') {
                c = ' ';
            }
        }
        if (c && d - out < MAX_VALUE) {
            *d++ = c;
        }
    }
    j->at += j->at < j->end;
    *d = '\0';
    return out;
}

/* Of a number or a word. */
static const char *read_word(json_t *j)
{
    const char *begin = j->at;

    while (j->at < j->end && (apr_isalnum(*j->at) || strchr("+-._", *j->at))
           && *j->at) {
        j->at++;
    }
    if (j->at == begin) {
        j->at++;
        return "";
    }
    return apr_pstrmemdup(j->p, begin, j->at - begin < MAX_VALUE
                          ? j->at - begin : MAX_VALUE);
}

static void take_value(json_t *j, const char *value)
{
    const char *parent;

    if (j->name) {
        parent = j->depth ? j->key[j->depth - 1] : "";
        add(j->values, *parent ? apr_pstrcat(j->p, parent, ".", j->name, NULL)
            : j->name, value, j->element);
        j->name = NULL;
    }
}

/* @return 0: too deep */
static int open_container(json_t *j, char kind)
{
    if (j->depth == MAX_DEPTH) {
        return 0;
    }
    j->key[j->depth] = j->name && kind == '{' ? j->name : "";
    j->kind[j->depth++] = kind;
    j->name = NULL;
    if (kind == '[' && !j->outermost) {
        j->outermost = j->depth;
    }
    return 1;
}

static void read_text(json_t *j)
{
    const char *text = read_string(j);

    while (j->at < j->end && apr_isspace(*j->at)) {
        j->at++;
    }
    if (!j->name && j->at < j->end && *j->at == ':' && j->depth
        && j->kind[j->depth - 1] == '{') {
        j->name = apr_pstrndup(j->p, text, MAX_KEY);
        j->at++;
    }
    else {
        take_value(j, text);
    }
}

void report_json(apr_array_header_t *values, const char *text,
                 apr_size_t len, apr_pool_t *p)
{
    json_t j = { .values = values, .at = text, .end = text + len, .p = p };
    int well = 1;

    while (j.at < j.end && well && values->nelts < MAX_VALUES) {
        char c = *j.at;

        if (c == '{' || c == '[') {
            j.at++;
            well = open_container(&j, c);
        }
        else if (c == '}' || c == ']') {
            j.at++;
            well = j.depth > 0;
            j.depth -= well;
            j.name = NULL;
        }
        else if (c == '"') {
            j.at++;
            read_text(&j);
        }
        else if (c == ',') {
            j.at++;
            j.element += j.depth == j.outermost && j.outermost;
            j.name = NULL;
        }
        else if (apr_isspace(c) || c == ':') {
            j.at++;
        }
        else {
            take_value(&j, read_word(&j));
        }
    }
}
