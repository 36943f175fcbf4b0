/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/sml_filter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>

typedef enum { F_EQ, F_NE, F_GT, F_GE, F_LT, F_LE, F_CON, F_NCON } op_e;
typedef enum { F_TERM, F_AND, F_OR } kind_e;
typedef enum { F_PROPERTY, F_LUID, F_SINCE, F_BEFORE } field_e;

/* Two-letter forms come before what they begin with. */
static const struct {
    const char *entity, *sign;
    op_e op;
} operators[] = {
    { "EQ;", "=", F_EQ }, { "NE;", "<>", F_NE }, { "GE;", ">=", F_GE },
    { "LE;", "<=", F_LE }, { "GT;", ">", F_GT }, { "LT;", "<", F_LT },
    { "CON;", NULL, F_CON }, { "NCON;", NULL, F_NCON }
};
#define OPERATORS (sizeof(operators) / sizeof(operators[0]))

struct sml_filter_t {
    kind_e kind;
    const sml_filter_t *left, *right;   /* AND, OR */
    field_e field;
    const char *name;           /* of a property, in upper case */
    op_e op;
    int caseless, null;
    const char *value;
    apr_int64_t when;           /* SINCE, BEFORE */
};

typedef struct parser_t {
    const char *start, *at, *end;
    int terms, depth;
    const char *why;
    apr_status_t rv;
    apr_pool_t *p;
} parser_t;

static sml_filter_t *wrong(parser_t *s, apr_status_t rv, const char *why)
{
    if (s->rv == APR_SUCCESS) {
        s->rv = rv;
        s->why = apr_psprintf(s->p, "%s, at octet %d", why,
                              (int)(s->at - s->start) + 1);
    }
    return NULL;
}

static void skip_space(parser_t *s)
{
    while (s->at < s->end && apr_isspace(*s->at)) {
        s->at++;
    }
}

/* Step over the word if it is next, in any case. */
static int take(parser_t *s, const char *word)
{
    apr_size_t n = strlen(word);

    if ((apr_size_t)(s->end - s->at) < n || strncasecmp(s->at, word, n)) {
        return 0;
    }
    s->at += n;
    return 1;
}

/* ---- a comparison ------------------------------------------------------- */

static int is_name(char c)
{
    return apr_isalnum(c) || strchr("-_.[]", c) != NULL;
}

static int take_field(parser_t *s, sml_filter_t *f)
{
    const char *name = s->at;
    char *c;

    if (take(s, "&LUID;")) {
        f->field = F_LUID;
        f->name = "&LUID;";
        return 1;
    }
    while (s->at < s->end && *s->at != '\0' && is_name(*s->at)) {
        s->at++;
    }
    if (s->at == name) {
        wrong(s, APR_EINVAL, "a property's name is missing");
        return 0;
    }
    f->name = apr_pstrmemdup(s->p, name, (apr_size_t)(s->at - name));
    for (c = apr_pstrdup(s->p, f->name), f->name = c; *c; c++) {
        *c = apr_toupper(*c);
    }
    f->field = strcmp(f->name, "SINCE") == 0 ? F_SINCE
             : strcmp(f->name, "BEFORE") == 0 ? F_BEFORE
             : strcmp(f->name, "LUID") == 0 ? F_LUID : F_PROPERTY;
    if (f->field == F_LUID) {
        f->name = "&LUID;";
    }
    return 1;
}

static int take_operator(parser_t *s, sml_filter_t *f)
{
    const char *before;
    unsigned i;

    skip_space(s);
    f->caseless = take(s, "^");
    before = s->at;
    if (take(s, "&")) {
        f->caseless |= take(s, "i");
        for (i = 0; i < OPERATORS; i++) {
            if (take(s, operators[i].entity)) {
                f->op = operators[i].op;
                return 1;
            }
        }
        s->at = before;
    }
    for (i = 0; i < OPERATORS; i++) {
        if (operators[i].sign != NULL && take(s, operators[i].sign)) {
            f->op = operators[i].op;
            return 1;
        }
    }
    wrong(s, APR_EINVAL, "an operator such as &EQ; or &CON; is missing");
    return 0;
}

static int hex(char c)
{
    return apr_isdigit(c) ? c - '0' : apr_tolower(c) - 'a' + 10;
}

static int take_value(parser_t *s, sml_filter_t *f)
{
    char *out = apr_palloc(s->p, (apr_size_t)(s->end - s->at) + 1);
    apr_size_t n = 0, keep = 0; /* without white space before the next part */

    skip_space(s);
    if (take(s, "&NULL;")) {
        f->null = 1;
        f->value = "";
        return 1;
    }
    while (s->at < s->end && strchr("&|)", *s->at) == NULL) {
        int space = apr_isspace(*s->at);

        if (*s->at == '%' && s->end - s->at > 2 && apr_isxdigit(s->at[1])
            && apr_isxdigit(s->at[2])) {
            out[n] = (char)(hex(s->at[1]) * 16 + hex(s->at[2]));
            s->at += 3;
        }
        else {
            out[n] = *s->at++;
        }
        if (out[n++] == '\0') {
            wrong(s, APR_EINVAL, "a value holds an octet 0");
            return 0;
        }
        keep = space ? keep : n;
    }
    if (s->at < s->end && *s->at == '\0') {
        wrong(s, APR_EINVAL, "a value holds an octet 0");
        return 0;
    }
    n = keep;
    if (n > SML_FILTER_MAX_VALUE) {
        wrong(s, APR_ENOSPC, "a value is too long");
        return 0;
    }
    out[n] = '\0';
    f->value = out;
    return 1;
}

static const sml_filter_t *comparison(parser_t *s)
{
    sml_filter_t *f = apr_pcalloc(s->p, sizeof(*f));

    if (++s->terms > SML_FILTER_MAX_TERMS) {
        return wrong(s, APR_ENOSPC, "there are too many comparisons");
    }
    if (!take_field(s, f) || !take_operator(s, f) || !take_value(s, f)) {
        return NULL;
    }
    if (f->field == F_SINCE || f->field == F_BEFORE) {
        if (!sml_filter_time(f->value, &f->when)) {
            return wrong(s, APR_EINVAL, "SINCE and BEFORE want a time such "
                         "as 20260131T000000Z");
        }
        /* However it is written, it means one thing. */
        f->op = F_EQ;
        f->caseless = f->null = 0;
    }
    return f;
}

/* ---- expressions -------------------------------------------------------- */

static const sml_filter_t *expression(parser_t *s);

static const sml_filter_t *factor(parser_t *s)
{
    const sml_filter_t *f;

    skip_space(s);
    if (!take(s, "(")) {
        return comparison(s);
    }
    if (++s->depth > SML_FILTER_MAX_DEPTH) {
        return wrong(s, APR_ENOSPC, "there are too many parentheses");
    }
    f = expression(s);
    skip_space(s);
    if (f != NULL && !take(s, ")")) {
        return wrong(s, APR_EINVAL, "a ) is missing");
    }
    s->depth--;
    return f;
}

static const sml_filter_t *join(kind_e kind, const sml_filter_t *left,
                                const sml_filter_t *right, apr_pool_t *p)
{
    sml_filter_t *f;

    if (left == NULL || right == NULL) {
        return NULL;
    }
    f = apr_pcalloc(p, sizeof(*f));
    f->kind = kind;
    f->left = left;
    f->right = right;
    return f;
}

static int take_or(parser_t *s)
{
    skip_space(s);
    return take(s, "&OR;") || take(s, "|");
}

static int take_and(parser_t *s)
{
    const char *before;

    skip_space(s);
    before = s->at;
    if (take(s, "&OR;")) {
        s->at = before;
        return 0;
    }
    if (take(s, "&AND;") || take(s, "&amp;")) {
        return 1;
    }
    return take(s, "&");
}

static const sml_filter_t *term(parser_t *s)
{
    const sml_filter_t *f = factor(s);

    while (f != NULL && take_and(s)) {
        f = join(F_AND, f, factor(s), s->p);
    }
    return f;
}

static const sml_filter_t *expression(parser_t *s)
{
    const sml_filter_t *f = term(s);

    while (f != NULL && take_or(s)) {
        f = join(F_OR, f, term(s), s->p);
    }
    return f;
}

apr_status_t sml_filter_parse(sml_filter_t **filter, const char *text,
                              apr_size_t len, const char **error,
                              apr_pool_t *p)
{
    parser_t s = { 0 };
    const sml_filter_t *f = NULL;

    *filter = NULL;
    s.p = p;
    s.start = s.at = text;
    s.end = text + len;
    if (len > SML_FILTER_MAX_OCTETS) {
        wrong(&s, APR_ENOSPC, "the expression is too long");
    }
    else {
        f = expression(&s);
        skip_space(&s);
        if (f != NULL && s.at < s.end) {
            f = wrong(&s, APR_EINVAL, "there is something that no operator "
                      "joins");
        }
    }
    if (f != NULL) {
        *filter = apr_pmemdup(p, f, sizeof(*f));
    }
    if (error != NULL) {
        *error = s.why;
    }
    return s.rv;
}

/* ---- evaluation --------------------------------------------------------- */

static int is_number(const char *text)
{
    text += *text == '-';
    if (!apr_isdigit(*text)) {
        return 0;
    }
    return text[strspn(text, "0123456789")] == '\0' && strlen(text) < 16;
}

static int order(const sml_filter_t *f, const char *value)
{
    if (is_number(value) && is_number(f->value)) {
        apr_int64_t a = apr_atoi64(value), b = apr_atoi64(f->value);

        return a < b ? -1 : a > b;
    }
    return f->caseless ? strcasecmp(value, f->value)
                       : strcmp(value, f->value);
}

static int compare(const sml_filter_t *f, const char *value)
{
    switch (f->op) {
    case F_EQ: return order(f, value) == 0;
    case F_NE: return order(f, value) != 0;
    case F_GT: return order(f, value) > 0;
    case F_GE: return order(f, value) >= 0;
    case F_LT: return order(f, value) < 0;
    case F_LE: return order(f, value) <= 0;
    default:
        return ((f->caseless ? strcasestr(value, f->value)
                             : strstr(value, f->value)) != NULL)
               == (f->op == F_CON);
    }
}

/* &NULL; with an operator other than "equal" asks for the opposite. */
static int is_null(const sml_filter_t *f, const apr_array_header_t *values)
{
    int i, empty = 1;

    for (i = 0; values != NULL && i < values->nelts; i++) {
        empty &= *APR_ARRAY_IDX(values, i, const char *) == '\0';
    }
    return empty == (f->op == F_EQ || f->op == F_CON);
}

static int match_values(const sml_filter_t *f,
                        const apr_array_header_t *values)
{
    int negative = f->op == F_NE || f->op == F_NCON, i;

    if (f->null) {
        return is_null(f, values);
    }
    for (i = 0; values != NULL && i < values->nelts; i++) {
        if (compare(f, APR_ARRAY_IDX(values, i, const char *)) != negative) {
            return !negative;
        }
    }
    return negative;
}

static int match_term(const sml_filter_t *f, const sml_filter_item_t *item)
{
    switch (f->field) {
    case F_SINCE:
        return item->ends >= f->when;
    case F_BEFORE:
        return item->starts < f->when;
    case F_LUID:
        if (f->null) {
            return (item->luid == NULL) == (f->op == F_EQ);
        }
        return item->luid ? compare(f, item->luid)
                          : f->op == F_NE || f->op == F_NCON;
    default:
        return match_values(f, item->values(item->baton, f->name));
    }
}

int sml_filter_match(const sml_filter_t *f, const sml_filter_item_t *item)
{
    if (f == NULL) {
        return 1;
    }
    switch (f->kind) {
    case F_AND:
        return sml_filter_match(f->left, item)
               && sml_filter_match(f->right, item);
    case F_OR:
        return sml_filter_match(f->left, item)
               || sml_filter_match(f->right, item);
    default:
        return match_term(f, item);
    }
}

const sml_filter_t *sml_filter_and(const sml_filter_t *a,
                                   const sml_filter_t *b, apr_pool_t *p)
{
    return a && b ? join(F_AND, a, b, p) : a ? a : b;
}

int sml_filter_uses_luid(const sml_filter_t *f)
{
    if (f == NULL) {
        return 0;
    }
    return f->kind == F_TERM ? f->field == F_LUID
        : sml_filter_uses_luid(f->left) || sml_filter_uses_luid(f->right);
}

/* ---- as text, and the window in it -------------------------------------- */

static const char *escaped(const char *value, apr_pool_t *p)
{
    char *out = apr_palloc(p, strlen(value) * 3 + 1), *o = out;

    for (; *value; value++) {
        if (apr_isalnum(*value) || strchr("-_.:;,@+*!'", *value)) {
            *o++ = *value;
        }
        else {
            o += apr_snprintf(o, 4, "%%%02X", (unsigned char)*value);
        }
    }
    *o = '\0';
    return out;
}

const char *sml_filter_text(const sml_filter_t *f, apr_pool_t *p)
{
    unsigned i;

    if (f == NULL) {
        return "";
    }
    if (f->kind != F_TERM) {
        return apr_pstrcat(p, "(", sml_filter_text(f->left, p),
                           f->kind == F_AND ? "&AND;" : "&OR;",
                           sml_filter_text(f->right, p), ")", NULL);
    }
    for (i = 0; operators[i].op != f->op; i++) {
    }
    return apr_pstrcat(p, f->name, f->caseless ? "&i" : "&",
                       operators[i].entity,
                       f->null ? "&NULL;" : escaped(f->value, p), NULL);
}

const sml_filter_t *sml_filter_window(const sml_filter_t *f,
                                      apr_int64_t *since,
                                      apr_int64_t *before, apr_pool_t *p)
{
    const sml_filter_t *left, *right;

    if (f == NULL || f->kind == F_OR) {
        return f;
    }
    if (f->kind == F_TERM) {
        if (f->field == F_SINCE && f->when > *since) {
            *since = f->when;
        }
        if (f->field == F_BEFORE && f->when < *before) {
            *before = f->when;
        }
        return f->field == F_SINCE || f->field == F_BEFORE ? NULL : f;
    }
    left = sml_filter_window(f->left, since, before, p);
    right = sml_filter_window(f->right, since, before, p);
    return sml_filter_and(left, right, p);
}

static int digits(const char **text, int n, int *value)
{
    *value = 0;
    while (n-- > 0) {
        if (!apr_isdigit(**text)) {
            return 0;
        }
        *value = *value * 10 + (*(*text)++ - '0');
    }
    return 1;
}

/* A dash or colon between two parts may be left out. */
static void step(const char **text, char c)
{
    *text += **text == c;
}

int sml_filter_time(const char *text, apr_int64_t *seconds)
{
    static const int days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30,
                                31 };
    apr_time_exp_t x = { 0 };
    apr_time_t t;

    if (!digits(&text, 4, &x.tm_year)) {
        return 0;
    }
    step(&text, '-');
    if (!digits(&text, 2, &x.tm_mon)) {
        return 0;
    }
    step(&text, '-');
    if (!digits(&text, 2, &x.tm_mday) || x.tm_mon < 1 || x.tm_mon > 12
        || x.tm_mday < 1 || x.tm_mday > days[x.tm_mon - 1]
        || x.tm_year < 1600) {
        return 0;
    }
    if (*text == 'T' || *text == 't') {
        text++;
        if (!digits(&text, 2, &x.tm_hour)) {
            return 0;
        }
        step(&text, ':');
        if (!digits(&text, 2, &x.tm_min)) {
            return 0;
        }
        step(&text, ':');
        if (!digits(&text, 2, &x.tm_sec) || x.tm_hour > 24 || x.tm_min > 59
            || x.tm_sec > 60) {
            return 0;
        }
    }
    text += *text == 'Z' || *text == 'z';
    x.tm_year -= 1900;
    x.tm_mon--;
    if (*text != '\0' || apr_time_exp_get(&t, &x) != APR_SUCCESS) {
        return 0;
    }
    *seconds = apr_time_sec(t);
    return 1;
}
