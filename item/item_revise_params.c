/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The parameters of a line that was edited: see item_slots.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_slots.h"

static item_span_t param_name(const item_param_t *param)
{
    static const item_span_t type = { "TYPE", 4 };

    return param->name.len ? param->name : type;
}

static int same_span(item_span_t a, item_span_t b)
{
    return a.len == b.len && !strncasecmp(a.s, b.s, a.len);
}

static const item_param_t *find_param(const item_line_t *line,
                                      item_span_t name)
{
    int i;

    for (i = 0; i < line->nparams; i++)
        if (same_span(param_name(&line->params[i]), name))
            return &line->params[i];
    return NULL;
}

static int same_value(const item_param_t *a, const item_param_t *b)
{
    return a && b && a->value.len == b->value.len
           && !memcmp(a->value.s, b->value.s, a->value.len);
}

static void put_param(item_buf_t *b, const item_param_t *param)
{
    item_buf_putc(b, ';');
    item_buf_add(b, param->name.s, param->name.len);
    if (param->name.len)
        item_buf_putc(b, '=');
    item_buf_add(b, param->value.s, param->value.len);
}

/** "tel:", "https:" and the like. */
static int is_uri(item_span_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++) {
        if (value.s[i] == ':')
            return i > 1;
        if (!apr_isalnum(value.s[i]) && !strchr("+-.", value.s[i]))
            return 0;
    }
    return 0;
}

/** VALUE says of what type our value was; is theirs of it? */
static int fits_value(const item_param_t *value, item_span_t text)
{
    return item_span_is(value->value, "text")
           || (item_span_is(value->value, "uri") && is_uri(text));
}

/** Non-zero for what item_prop_detail() tells: none is a value, too. */
static int is_detail(const item_param_t *param)
{
    return item_span_is(param_name(param), "TYPE")
           || item_span_is(param->name, "PARTSTAT");
}

void item_types_begin(item_types_t *t, const item_line_t *line)
{
    memset(t, 0, sizeof(*t));
    t->line = line;
    t->quoted.s = "";
}

int item_types_next(item_types_t *t, item_span_t *word)
{
    for (;;) {
        const char *comma = t->quoted.len ? memchr(t->quoted.s, ',',
                                                   t->quoted.len) : NULL;

        *word = t->quoted;
        if (comma)
            word->len = (apr_size_t)(comma - word->s);
        t->quoted.s += word->len + (comma != NULL);
        t->quoted.len -= word->len + (comma != NULL);
        if (word->len)
            return 1;
        if (t->quoted.len || (t->rest.s && item_param_value(&t->rest,
                                                            &t->quoted)))
            continue;
        while (t->at < t->line->nparams
               && !item_span_is(param_name(&t->line->params[t->at]), "TYPE"))
            t->at++;
        if (t->at == t->line->nparams)
            return 0;
        t->rest = t->line->params[t->at++].value;
    }
}

int item_has_type(const item_line_t *line, item_span_t type)
{
    item_types_t t;
    item_span_t word;

    for (item_types_begin(&t, line); item_types_next(&t, &word);)
        if (same_span(word, type))
            return 1;
    return 0;
}

int item_put_type(item_buf_t *b, item_span_t word, int n)
{
    int quoted = 0;
    apr_size_t i;

    for (i = 0; i < word.len; i++) {
        if (word.s[i] == '"')
            return n;           /* no word that could be said */
        quoted |= strchr(";:", word.s[i]) != NULL;
    }
    item_buf_puts(b, n ? "," : ";TYPE=");
    if (quoted)
        item_buf_putc(b, '"');
    item_buf_add(b, word.s, word.len);
    if (quoted)
        item_buf_putc(b, '"');
    return n + 1;
}

/** What every device makes of a number, or drops, as it likes. */
static int is_idle_type(item_span_t type)
{
    return item_span_is(type, "VOICE") || item_span_is(type, "INTERNET")
           || item_span_is(type, "PREF");
}

/** Ours of another kind: of what counts theirs' types, of the rest, which it
 * may but not know, ours. */
static void put_types(item_buf_t *b, const item_line_t *base,
                      const item_line_t *ours, const item_line_t *theirs)
{
    item_types_t t;
    item_span_t word;
    int n = 0;

    for (item_types_begin(&t, ours); item_types_next(&t, &word);) {
        if (item_type_counts(word) && !item_has_type(theirs, word))
            continue;
        n = item_put_type(b, word, n);
    }
    for (item_types_begin(&t, theirs); item_types_next(&t, &word);) {
        if (is_idle_type(word) || item_has_type(base, word)
            || item_has_type(ours, word))
            continue;
        n = item_put_type(b, word, n);
    }
}

/** PREF=1 of what was TYPE=pref: programs write the one for the other. */
static int says_preferred_again(const item_entry_t *base,
                                const item_param_t *param)
{
    return item_span_is(param->name, "PREF") && item_span_is(param->value, "1")
           && item_is_preferred(&base->line);
}

void item_put_params(item_buf_t *b, int kind, const item_entry_t *base,
                     const item_entry_t *ours, const item_entry_t *theirs)
{
    int details = !item_same_detail(kind, base, theirs, b->p), i;
    int types = details && kind == (int)ITEM_VCARD30;
    const item_param_t *param, *new, *old;

    for (i = 0; i < ours->line.nparams; i++) {
        param = &ours->line.params[i];
        new = find_param(&theirs->line, param_name(param));
        old = find_param(&base->line, param_name(param));
        if (is_detail(param)) {
            if (!details)
                put_param(b, param);
        }
        else if (item_span_is(param->name, "VALUE") && !new) {
            if (fits_value(param, theirs->line.value))
                put_param(b, param);
        }
        else if (!new || same_value(new, old))
            put_param(b, param);
    }
    if (types)
        put_types(b, &base->line, &ours->line, &theirs->line);
    for (i = 0; i < theirs->line.nparams; i++) {
        param = &theirs->line.params[i];
        if (says_preferred_again(base, param))
            continue;
        if (is_detail(param)
            ? details && !types
            : !same_value(param, find_param(&base->line, param->name)))
            put_param(b, param);
    }
}
