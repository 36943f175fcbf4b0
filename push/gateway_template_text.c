/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Text with variables, as in a gateway's template: taken apart, encoded, put
 * together.  See gateway_template.h. */
#include <string.h>

#include <apr_encode.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "gateway_spool.h"
#include "gateway_template.h"

#define MAX_PIECES  500
#define MAX_NAME    40

typedef struct name_t {
    const char *name;
    int value;
} name_t;

static const name_t variables[] = {
    { "to", TEMPLATE_TO }, { "udh", TEMPLATE_UDH },
    { "data", TEMPLATE_DATA }, { "udh+data", TEMPLATE_UDH_DATA },
    { "token", TEMPLATE_TOKEN }, { "dlr-url", TEMPLATE_DLR_URL },
    { "validity", TEMPLATE_VALIDITY },
    { "validity-seconds", TEMPLATE_VALIDITY_SECONDS },
    { "validity-ms", TEMPLATE_VALIDITY_MS },
    { "validity-code", TEMPLATE_VALIDITY_CODE },
    { "part", TEMPLATE_PART }, { "parts", TEMPLATE_PARTS },
    { "length", TEMPLATE_LENGTH },
    { NULL, 0 }
};

static const name_t encodings[] = {
    { "percent", TEMPLATE_PERCENT }, { "hex", TEMPLATE_HEX },
    { "HEX", TEMPLATE_UPPER_HEX }, { "spaced", TEMPLATE_SPACED },
    { "base64", TEMPLATE_BASE64 }, { "json", TEMPLATE_JSON },
    { "xml", TEMPLATE_XML }, { "raw", TEMPLATE_RAW }, { NULL, 0 }
};

static int find(const name_t *names, const char *name)
{
    for (; names->name; names++) {
        if (strcmp(names->name, name) == 0) {
            return names->value;
        }
    }
    return -1;
}

static const char *list(const name_t *names, apr_pool_t *p)
{
    const char *all = names->name;

    for (names++; names->name; names++) {
        all = apr_pstrcat(p, all, ", ", names->name, NULL);
    }
    return all;
}

int template_is_variable(const char *name)
{
    return find(variables, name) >= 0;
}

/* ---- encodings ----------------------------------------------------------- */

/* Octets that get longer. @param plain  which stay, or NULL: none */
static char *escape(const unsigned char *data, apr_size_t len,
                    const char *plain, apr_size_t *out_len, apr_pool_t *p)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = apr_palloc(p, 3 * len + 1), *d = out;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (plain && data[i] < 0x80
            && (apr_isalnum(data[i])
                || (data[i] && strchr(plain, data[i])))) {
            *d++ = (char)data[i];
        }
        else {
            *d++ = '%';
            *d++ = digits[data[i] >> 4];
            *d++ = digits[data[i] & 15];
        }
    }
    *out_len = d - out;
    *d = '\0';
    return out;
}

static char *to_hex(const unsigned char *data, apr_size_t len, int upper,
                    int spaced, apr_size_t *out_len, apr_pool_t *p)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char *out = apr_palloc(p, 3 * len + 1), *d = out;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (spaced && i) {
            *d++ = ' ';
        }
        *d++ = digits[data[i] >> 4];
        *d++ = digits[data[i] & 15];
    }
    *out_len = d - out;
    *d = '\0';
    return out;
}

/* The inside of a JSON string, or text of XML. */
static char *quote(const unsigned char *data, apr_size_t len, int json,
                   apr_size_t *out_len, apr_pool_t *p)
{
    char *out = apr_palloc(p, 7 * len + 1), *d = out;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        unsigned char c = data[i];

        if (c < 0x20 || c == 0x7F || (json ? c == '"' || c == '\\'
                                      : c == '<' || c == '&' || c == '"'
                                        || c == '>')) {
            d += apr_snprintf(d, 8, json ? "\\u%04X" : "&#x%02X;", c);
        }
        else {
            *d++ = (char)c;
        }
    }
    *out_len = d - out;
    *d = '\0';
    return out;
}

const char *template_encode(template_encoding_e encoding, const void *data,
                            apr_size_t len, apr_size_t *out_len,
                            apr_pool_t *p)
{
    const char *out;

    switch (encoding) {
    case TEMPLATE_PERCENT:
        return escape(data, len, "-._~", out_len, p);
    case TEMPLATE_HEX:
    case TEMPLATE_UPPER_HEX:
    case TEMPLATE_SPACED:
        return to_hex(data, len, encoding == TEMPLATE_UPPER_HEX,
                      encoding == TEMPLATE_SPACED, out_len, p);
    case TEMPLATE_BASE64:
        out = apr_pencode_base64_binary(p, data, len, APR_ENCODE_NONE, NULL);
        *out_len = out ? strlen(out) : 0;
        return out ? out : "";
    case TEMPLATE_JSON:
    case TEMPLATE_XML:
        return quote(data, len, encoding == TEMPLATE_JSON, out_len, p);
    default:
        *out_len = len;
        return apr_pstrmemdup(p, data, len);
    }
}

/* ---- taken apart --------------------------------------------------------- */

static const char *push(template_reader_t *r, apr_array_header_t *pieces,
                        const template_piece_t *piece)
{
    if (++r->pieces > MAX_PIECES) {
        return apr_psprintf(r->p, "more than %d variables and pieces of text",
                            MAX_PIECES);
    }
    APR_ARRAY_PUSH(pieces, template_piece_t) = *piece;
    return NULL;
}

static const char *push_text(template_reader_t *r, apr_array_header_t *pieces,
                             const char *text, apr_size_t len)
{
    template_piece_t piece = { .variable = TEMPLATE_TEXT, .text = text,
                               .len = len };

    return len ? push(r, pieces, &piece) : NULL;
}

/* Words for a name that nobody knows, with those that are known. */
static const char *unknown(const template_reader_t *r, const char *name)
{
    const apr_array_header_t *given = apr_table_elts(r->values);
    const char *all = list(variables, r->p);
    int i;

    for (i = 0; i < given->nelts; i++) {
        all = apr_pstrcat(r->p, all, ", ",
                          APR_ARRAY_IDX(given, i, apr_table_entry_t).key,
                          NULL);
    }
    return apr_psprintf(r->p, "there is no variable {%s}; there are %s "
                        "(settings are declared by need= or setting=)", name,
                        all);
}

static int is_octets(int variable)
{
    return variable == TEMPLATE_UDH || variable == TEMPLATE_DATA
           || variable == TEMPLATE_UDH_DATA;
}

/* {name} or {name|encoding} */
static const char *read_variable(template_reader_t *r, char *name,
                                 apr_array_header_t *pieces)
{
    template_piece_t piece = { .encoding = r->place };
    char *bar = strchr(name, '|');
    const char *value;
    int variable, encoding;

    if (bar) {
        *bar++ = '\0';
        encoding = find(encodings, bar);
        if (encoding < 0) {
            return apr_psprintf(r->p, "{%s|%s}: there is no encoding \"%s\"; "
                                "there are %s", name, bar, bar,
                                list(encodings, r->p));
        }
        piece.encoding = encoding;
    }
    variable = find(variables, name);
    value = variable < 0 ? apr_table_get(r->values, name) : NULL;
    if (variable < 0 && !value) {
        return unknown(r, name);
    }
    if (value) {
        piece.text = template_encode(piece.encoding, value, strlen(value),
                                     &piece.len, r->p);
        return push_text(r, pieces, piece.text, piece.len);
    }
    if (is_octets(variable)
        && (!bar || piece.encoding == TEMPLATE_JSON
            || piece.encoding == TEMPLATE_XML)) {
        return apr_psprintf(r->p, "{%s} is octets: right are {%s|hex}, "
                            "{%s|HEX}, {%s|spaced}, {%s|base64}, "
                            "{%s|percent}, in a body also {%s|raw}", name,
                            name, name, name, name, name, name);
    }
    if (is_octets(variable) && piece.encoding == TEMPLATE_RAW
        && r->place == TEMPLATE_PERCENT) {
        return apr_psprintf(r->p, "{%s|raw} cannot stand in a URL or form",
                            name);
    }
    piece.variable = variable;
    return push(r, pieces, &piece);
}

/* {?name} */
static const char *read_condition(template_reader_t *r, const char *name,
                                  apr_array_header_t *pieces)
{
    template_piece_t piece = { .condition = 1 };
    const char *value = apr_table_get(r->values, name);
    int variable = find(variables, name);

    if (variable >= 0) {
        piece.variable = variable;
    }
    else if (!value) {
        return unknown(r, name);
    }
    else {
        piece.variable = TEMPLATE_TEXT;
        piece.text = value;
        piece.len = strlen(value);
    }
    return push(r, pieces, &piece);
}

/* Octets of what is in braces at text, or 0: it means itself. */
static apr_size_t braced(const char *text)
{
    apr_size_t n;

    if (text[1] != '?' && text[1] != '/' && !apr_islower(text[1])) {
        return 0;
    }
    n = strcspn(text, "}\n");
    return text[n] == '}' ? n - 1 : n;
}

static const char *read_braces(template_reader_t *r, const char *at,
                               apr_size_t n, int *open,
                               apr_array_header_t *pieces)
{
    static const template_piece_t end = { .variable = TEMPLATE_END };
    char *name;

    if (n > MAX_NAME || at[n + 1] != '}') {
        return "a { with a letter after it begins a variable, and there is "
               "no } soon; right is {name}, or {{ for the brace itself";
    }
    name = apr_pstrmemdup(r->p, at + 1, n);
    if (strcmp(name, "/") == 0) {
        if (!*open) {
            return "{/} without a {?name} before it";
        }
        *open = 0;
        return push(r, pieces, &end);
    }
    if (*name == '?') {
        if (*open) {
            return "{?name} inside of another; {/} ends it";
        }
        *open = 1;
        return read_condition(r, name + 1, pieces);
    }
    return read_variable(r, name, pieces);
}

const char *template_read_text(template_reader_t *r, const char *text,
                               apr_array_header_t **pieces)
{
    const char *begin = text, *at, *wrong = NULL;
    int open = 0;

    *pieces = apr_array_make(r->p, 8, sizeof(template_piece_t));
    for (at = text; *at && !wrong; ) {
        apr_size_t n = *at == '{' ? braced(at) : 0;

        if (*at == '{' && at[1] == '{') {
            wrong = push_text(r, *pieces, begin, at + 1 - begin);
            begin = at += 2;
        }
        else if (n) {
            wrong = push_text(r, *pieces, begin, at - begin);
            if (!wrong) {
                wrong = read_braces(r, at, n, &open, *pieces);
            }
            at += wrong ? 0 : n + 2;
            begin = at;
        }
        else {
            at++;
        }
    }
    if (!wrong) {
        wrong = push_text(r, *pieces, begin, at - begin);
    }
    return wrong ? wrong : open ? "{?name} without a {/} after it" : NULL;
}

/* ---- put together -------------------------------------------------------- */

typedef struct sink_t {
    char *text;
    apr_size_t len, room;
    apr_pool_t *p;
} sink_t;

static void add(sink_t *s, const char *text, apr_size_t len)
{
    if (s->len + len + 1 > s->room) {
        char *old = s->text;

        s->room = 2 * (s->room + len) + 256;
        s->text = apr_palloc(s->p, s->room);
        if (s->len) {
            memcpy(s->text, old, s->len);
        }
    }
    memcpy(s->text + s->len, text, len);
    s->len += len;
    s->text[s->len] = '\0';
}

/* A number of the message; "" where there is nothing to say. */
static const char *count(int n, int least, int factor, apr_pool_t *p)
{
    return n < least ? "" : apr_psprintf(p, "%" APR_INT64_T_FMT,
                                         (apr_int64_t)n * factor);
}

/* The text of a variable that is no octets. */
static const char *text_of(const template_t *t,
                           template_variable_e variable,
                           const gateway_message_t *m, apr_pool_t *p)
{
    switch (variable) {
    case TEMPLATE_TO:
        return *m->to == '+' ? apr_pstrcat(p, t->plus, m->to + 1, NULL)
            : m->to;
    case TEMPLATE_TOKEN:
        return m->token ? m->token : "";
    case TEMPLATE_DLR_URL:
        return t->reports && m->token
            ? apr_pstrcat(p, t->reports, "/", m->token, NULL) : "";
    case TEMPLATE_VALIDITY:
        return count(m->validity, 1, 1, p);
    case TEMPLATE_VALIDITY_SECONDS:
        return count(m->validity, 1, 60, p);
    case TEMPLATE_VALIDITY_MS:
        return count(m->validity, 1, 60000, p);
    case TEMPLATE_VALIDITY_CODE:
        return m->validity > 0
            ? apr_itoa(p, gateway_spool_validity(m->validity)) : "";
    case TEMPLATE_LENGTH:
        return apr_itoa(p, (int)m->part->len);
    case TEMPLATE_PART:
        return count(m->number, 0, 1, p);
    case TEMPLATE_PARTS:
        return count(m->count, 0, 1, p);
    default:
        return "";
    }
}

/* A variable's octets, before any encoding. */
static const char *value_of(const template_t *t, const template_piece_t *piece,
                            const gateway_message_t *m, apr_size_t *len,
                            apr_pool_t *p)
{
    const sms_part_t *part = m->part;
    const char *text;
    char *both;

    switch (piece->variable) {
    case TEMPLATE_UDH:
        *len = part->udh_len;
        return (const char *)part->udh;
    case TEMPLATE_DATA:
        *len = part->len;
        return (const char *)part->data;
    case TEMPLATE_UDH_DATA:
        *len = part->udh_len + part->len;
        both = apr_palloc(p, *len + 1);
        memcpy(both, part->udh, part->udh_len);
        memcpy(both + part->udh_len, part->data, part->len);
        return both;
    case TEMPLATE_TEXT:
        *len = piece->len;
        return piece->text;
    default:
        text = text_of(t, piece->variable, m, p);
        *len = strlen(text);
        return text;
    }
}

const char *template_render(const template_t *t,
                            const apr_array_header_t *pieces,
                            const gateway_message_t *message,
                            apr_size_t *len, apr_pool_t *p)
{
    sink_t sink = { .p = p };
    int i, skip = 0;

    add(&sink, "", 0);
    for (i = 0; i < pieces->nelts; i++) {
        const template_piece_t *piece = &APR_ARRAY_IDX(pieces, i,
                                                       template_piece_t);
        const char *value;
        apr_size_t n;

        if (piece->variable == TEMPLATE_END) {
            skip = 0;
            continue;
        }
        if (skip) {
            continue;
        }
        value = value_of(t, piece, message, &n, p);
        if (piece->condition) {
            skip = n == 0;
        }
        else if (piece->variable == TEMPLATE_TEXT) {
            add(&sink, value, n);
        }
        else {
            value = template_encode(piece->encoding, value, n, &n, p);
            add(&sink, value, n);
        }
    }
    *len = sink.len;
    return sink.text;
}
