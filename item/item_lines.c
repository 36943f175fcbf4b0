/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The line reader: see item_lines.h. */
#include <stddef.h>
#include <string.h>

#include "item/item_lines.h"

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* By hand: the words are short, so calls of the library cost more than they
 * find out. */
int item_span_is_all(item_span_t span, const char *word)
{
    apr_size_t i;

    for (i = 0; i < span.len; i++)
        if (!word[i] || (span.s[i] != word[i]
                         && lower(span.s[i]) != lower(word[i])))
            return 0;
    return !word[i];
}

apr_size_t item_span_ends(item_span_t a, item_span_t b, apr_size_t most)
{
    apr_size_t n = a.len < b.len ? a.len : b.len, front = 0, back = 0;

    if (most && n > most)
        n = most;
    while (front < n && a.s[front] == b.s[front])
        front++;
    while (back < n - front && a.s[a.len - 1 - back] == b.s[b.len - 1 - back])
        back++;
    return front + back;
}

apr_status_t item_reader_init(item_reader_t *r, const char *data,
                              apr_size_t len, apr_pool_t *p)
{
    memset(r, 0, offsetof(item_reader_t, params));
    if (len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    if (len >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {  /* a BOM */
        data += 3;
        len -= 3;
    }
    r->pos = data;
    r->lf = NULL;
    r->end = data + len;
    /* Unfolding only removes octets, so all lines together fit. */
    r->out = apr_palloc(p, len + 1);
    return APR_SUCCESS;
}

/** Copy one physical line, and step over its end. */
static void take_physical(item_reader_t *r, char **w)
{
    const char *start = r->pos, *cr;

    /* A CR alone ends a line, too.  The LF is remembered: in a text that has
     * none it must not be looked for at each line. */
    if (r->lf < start) {
        r->lf = memchr(start, '\n', (apr_size_t)(r->end - start));
        if (!r->lf)
            r->lf = r->end;
    }
    cr = memchr(start, '\r', (apr_size_t)(r->lf - start));
    r->pos = cr ? cr : r->lf;
    if (r->pos > start) {
        memcpy(*w, start, (apr_size_t)(r->pos - start));
        *w += r->pos - start;
    }
    if (r->pos < r->end && *r->pos == '\r')
        r->pos++;
    /* CRLF, and CRCRLF, which text-mode writers make of it. */
    if (r->pos < r->end && *r->pos == '\r' && r->pos + 1 < r->end
        && r->pos[1] == '\n')
        r->pos++;
    if (r->pos < r->end && *r->pos == '\n')
        r->pos++;
}

/** Unfold the next line that is not blank. @return 0 at the end */
static int take_logical(item_reader_t *r, item_span_t *text)
{
    char *w = r->out;

    do {
        text->s = w = r->out;
        if (r->pos >= r->end)
            return 0;
        take_physical(r, &w);
        while (r->pos < r->end && is_blank(*r->pos) && w > text->s) {
            r->pos++;
            take_physical(r, &w);
        }
        text->len = (apr_size_t)(w - text->s);
    } while (!item_span_trim(*text).len);
    r->out = w;
    return 1;
}

/** One parameter, from behind its semicolon to the next ; or : outside of
 * quotes, if those count. @return where it ends, NULL: no ; or : at all */
static const char *split_param(const char *s, const char *end, int quotes,
                               item_param_t *param)
{
    const char *from = s, *eq = NULL;
    int quoted = 0;

    for (; s < end; s++) {
        if (*s == '"' && quotes)
            quoted = !quoted;
        else if (!quoted && (*s == ';' || *s == ':'))
            break;
        else if (!quoted && *s == '=' && !eq)
            eq = s;
    }
    if (s == end)
        return NULL;
    param->name.s = from;
    param->name.len = eq ? (apr_size_t)(eq - from) : 0;
    param->value.s = eq ? eq + 1 : from;
    param->value.len = (apr_size_t)(s - param->value.s);
    param->name = item_span_trim(param->name);
    param->value = item_span_trim(param->value);
    return s;
}

static void split_name(item_line_t *line, const char *s, const char *end)
{
    const char *dot;

    /* Of groups without a name; a line must not begin with a blank. */
    while (s < end && (*s == '.' || is_blank(*s)))
        s++;
    dot = memchr(s, '.', (apr_size_t)(end - s));
    if (dot) {
        line->group.s = s;
        line->group.len = (apr_size_t)(dot - s);
        s = dot + 1;
    }
    line->name.s = s;
    line->name.len = (apr_size_t)(end - s);
    line->name = item_span_trim(line->name);
}

/** @return where the value's colon is, end if there is none; NULL: too many
 * parameters */
static const char *split_params(item_line_t *line, const char *s,
                                const char *end, int quotes)
{
    item_param_t *param;

    line->nparams = 0;
    while (s < end && *s == ';') {
        if (line->nparams == ITEM_MAX_PARAMS)
            return NULL;
        param = &line->params[line->nparams];
        s = split_param(s + 1, end, quotes, param);
        if (!s)
            return end;
        if (param->value.len || param->name.len)
            line->nparams++;
    }
    return s;
}

apr_status_t item_line_split(item_line_t *line, item_span_t text)
{
    const char *s = text.s, *end = text.s + text.len, *colon;

    while (s < end && *s != ':' && *s != ';')
        s++;
    split_name(line, text.s, s);
    colon = split_params(line, s, end, 1);
    if (colon == end)           /* a lone quote, perhaps */
        colon = split_params(line, s, end, 0);
    if (!colon)
        return ITEM_ELIMIT;
    if (colon == end) {
        line->junk = 1;
        line->nparams = 0;
        line->group.len = line->name.len = 0;
        line->group.s = line->name.s = text.s;      /* a head of no octets */
        line->value = text;
    }
    else {
        line->value.s = colon + 1;
        line->value.len = (apr_size_t)(end - colon - 1);
    }
    return APR_SUCCESS;
}

apr_status_t item_reader_next(item_reader_t *r, item_line_t *line)
{
    item_span_t text;

    memset(line, 0, sizeof(*line));
    line->params = r->params;
    if (!take_logical(r, &text))
        return APR_EOF;
    if (++r->count > ITEM_MAX_PROPERTIES)
        return ITEM_ELIMIT;
    return item_line_split(line, text);
}

int item_param_value(item_span_t *rest, item_span_t *value)
{
    const char *s = rest->s, *from = s, *end;
    int quoted = 0;

    if (!s)
        return 0;
    end = s + rest->len;
    for (; s < end && (quoted || *s != ','); s++)
        if (*s == '"')
            quoted = !quoted;
    value->s = from;
    value->len = (apr_size_t)(s - from);
    *value = item_span_trim(*value);
    if (value->len >= 2 && value->s[0] == '"'
        && value->s[value->len - 1] == '"') {
        value->s++;
        value->len -= 2;
    }
    rest->s = s < end ? s + 1 : NULL;
    rest->len = s < end ? (apr_size_t)(end - s - 1) : 0;
    return 1;
}

/** Whether quotes within a value keep it together where it stands alone. */
static int is_protected(item_span_t value)
{
    apr_size_t i;
    int quoted = 0;

    for (i = 0; i < value.len; i++)
        if (value.s[i] == '"')
            quoted = !quoted;
        else if (!quoted && strchr(",;:", value.s[i]))
            return 0;
    return !quoted;
}

const char *item_param_text(item_span_t value, apr_pool_t *p)
{
    char *text = apr_palloc(p, value.len + 3), *w = text;
    apr_size_t i;

    if (is_protected(value)) {
        memcpy(text, value.s, value.len);
        text[value.len] = '\0';
        return text;
    }
    *w++ = '"';
    for (i = 0; i < value.len; i++)
        if (value.s[i] != '"')
            *w++ = value.s[i];
    *w++ = '"';
    *w = '\0';
    return text;
}

const item_param_t *item_line_param(const item_line_t *line,
                                    const char *name)
{
    int i;

    for (i = 0; i < line->nparams; i++)
        if (item_span_is(line->params[i].name, name))
            return &line->params[i];
    return NULL;
}

item_span_t item_line_value(const item_line_t *line, const char *name)
{
    const item_param_t *param = item_line_param(line, name);
    item_span_t list, value = { "", 0 };

    if (param) {
        list = param->value;
        item_param_value(&list, &value);
    }
    return value;
}

item_span_t item_span_of(const char *text)
{
    item_span_t span;

    span.s = text;
    span.len = strlen(text);
    return span;
}
