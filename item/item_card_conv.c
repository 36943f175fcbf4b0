/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What all conversions of cards need: parameters, values, habits of devices.
 * See item_card_int.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_card_int.h"

/* ---- kinds of values --------------------------------------------------- */

static const struct {
    const char *name;
    card_value_e kind;
} kinds[] = {
    { "TEL", CARD_TEXT }, { "EMAIL", CARD_TEXT }, { "N", CARD_STRUCT },
    { "FN", CARD_TEXT }, { "ADR", CARD_STRUCT }, { "ORG", CARD_STRUCT },
    { "NOTE", CARD_TEXT }, { "URL", CARD_URI }, { "TITLE", CARD_TEXT },
    { "ROLE", CARD_TEXT }, { "CATEGORIES", CARD_LIST },
    { "NICKNAME", CARD_TEXT }, { "LABEL", CARD_TEXT }, { "GEO", CARD_GEO },
    { "UID", CARD_URI }, { "IMPP", CARD_URI }, { "SOURCE", CARD_URI },
    { "FBURL", CARD_URI }, { "CALURI", CARD_URI }, { "CALADRURI", CARD_URI },
    { "AGENT", CARD_AGENT }, { "MAILER", CARD_TEXT },
    { "SORT-STRING", CARD_TEXT }, { "NAME", CARD_TEXT },
    { "PRODID", CARD_TEXT }, { "TZ", CARD_TEXT }, { "KEY", CARD_TEXT },
    { "SOUND", CARD_TEXT }, { "PHOTO", CARD_URI }, { "LOGO", CARD_URI },
    { "CLASS", CARD_TEXT }, { "X-SPOUSE", CARD_TEXT },
    { "X-MANAGER", CARD_TEXT }, { "X-ASSISTANT", CARD_TEXT },
    { "X-ABLABEL", CARD_TEXT }, { "X-EVOLUTION-SPOUSE", CARD_TEXT },
    { "X-EVOLUTION-MANAGER", CARD_TEXT },
    { "X-EVOLUTION-ASSISTANT", CARD_TEXT },
    { "X-EVOLUTION-FILE-AS", CARD_TEXT },
    { "X-PHONETIC-FIRST-NAME", CARD_TEXT },
    { "X-PHONETIC-MIDDLE-NAME", CARD_TEXT },
    { "X-PHONETIC-LAST-NAME", CARD_TEXT }
};

int card_is_uri(const item_line_t *line)
{
    int i;

    for (i = 0; i < line->nparams; i++)
        if (item_span_is(line->params[i].name, "VALUE")
            && (item_span_is(line->params[i].value, "uri")
                || item_span_is(line->params[i].value, "url")))
            return 1;
    return 0;
}

card_value_e card_value_kind(const card_prop_t *prop)
{
    item_span_t name = prop->line.name;
    char first = name.len ? (char)apr_toupper(*name.s) : '\0';
    unsigned i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (*kinds[i].name != first || !item_span_is(name, kinds[i].name))
            continue;
        if (!item_span_is(name, "SOUND") && !item_span_is(name, "KEY"))
            return kinds[i].kind;
        if (first == 'S' && card_has_type(&prop->line, "X-IRMC-N"))
            return CARD_STRUCT; /* how a name is spoken, or written in kana */
        return card_is_uri(&prop->line) ? CARD_URI : kinds[i].kind;
    }
    return CARD_RAW;
}

/* ---- parameters -------------------------------------------------------- */

void card_types_begin(card_types_t *t, const item_line_t *line)
{
    t->line = line;
    t->at = 0;
    t->outer.s = t->inner.s = NULL;
}

/** TYPE="a,b" and TYPE=a,"b,c": lists in a list. */
int card_types_next(card_types_t *t, item_span_t *word)
{
    for (;;) {
        const item_param_t *param;

        if (t->inner.s) {
            if (item_param_value(&t->inner, word) && word->len)
                return 1;
            continue;
        }
        if (t->outer.s) {
            item_param_value(&t->outer, &t->inner);
            continue;
        }
        if (t->at == t->line->nparams)
            return 0;
        param = &t->line->params[t->at++];
        if (!param->name.len || item_span_is(param->name, "TYPE"))
            t->outer = param->value;
    }
}

int card_has_type(const item_line_t *line, const char *type)
{
    card_types_t t;
    item_span_t word;

    for (card_types_begin(&t, line); card_types_next(&t, &word);)
        if (item_span_is(word, type))
            return 1;
    return 0;
}

void card_param_set(card_prop_t *prop, const char *name, const char *value)
{
    int i, n = 0;

    for (i = 0; i < prop->line.nparams; i++)
        if (!item_span_is(prop->params[i].name, name))
            prop->params[n++] = prop->params[i];
    if (*value && n < ITEM_MAX_PARAMS) {
        prop->params[n].name.s = name;
        prop->params[n].name.len = strlen(name);
        prop->params[n].value.s = value;
        prop->params[n++].value.len = strlen(value);
    }
    prop->line.nparams = n;
}

void card_type_add(card_prop_t *prop, const char *type)
{
    item_param_t *param = &prop->params[prop->line.nparams];

    if (prop->line.nparams == ITEM_MAX_PARAMS)
        return;
    param->name.s = "";
    param->name.len = 0;
    param->value.s = type;
    param->value.len = strlen(type);
    prop->line.nparams++;
}

void card_type_drop(card_conv_t *c, card_prop_t *prop, const char *type)
{
    int i, n = 0;

    for (i = 0; i < prop->line.nparams; i++) {
        item_param_t param = prop->params[i];
        item_line_t one = prop->line;
        apr_size_t from = c->tmp.len;
        card_types_t t;
        item_span_t word;

        one.nparams = 1;
        one.params = &param;
        if (card_has_type(&one, type)) {
            for (card_types_begin(&t, &one); card_types_next(&t, &word);) {
                if (item_span_is(word, type))
                    continue;
                if (c->tmp.len > from)
                    item_buf_putc(&c->tmp, ',');
                item_buf_add(&c->tmp, word.s, word.len);
            }
            if (c->tmp.len == from)
                continue;
            param.value = card_since(&c->tmp, from);
        }
        prop->params[n++] = param;
    }
    prop->line.nparams = n;
}

item_span_t card_since(item_buf_t *b, apr_size_t from)
{
    item_span_t span = item_buf_span(b);

    span.s += from;
    span.len -= from;
    return span;
}

void card_name_set(card_prop_t *prop, const char *name)
{
    prop->line.name.s = name;
    prop->line.name.len = strlen(name);
}

void card_value_set(card_conv_t *c, card_prop_t *prop, apr_size_t from)
{
    prop->line.value = card_since(&c->tmp, from);
}

/* ---- habits ------------------------------------------------------------ */

int card_is_name(item_span_t name)
{
    return item_span_is(name, "FN") || item_span_is(name, "N");
}

int card_is_empty(item_span_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++)
        if (!strchr("; ,\t\n", value.s[i]))
            return 0;
    return 1;
}

/** Categories with one X- more or less before those that have it. */
static void set_x(card_conv_t *c, card_prop_t *prop, int more)
{
    item_buf_t out = { NULL, NULL, 0, 0 };
    item_span_t rest = prop->line.value, word;
    apr_size_t from;
    int n = 0, has;

    out.p = c->p;
    while (item_value_next(&rest, ',', &word)) {
        from = c->tmp.len;
        item_unescape(&c->tmp, word);
        word = card_since(&c->tmp, from);
        /* What parts words in one form or another does not begin one. */
        while (word.len && strchr(" ;,\t\n", *word.s)) {
            word.s++;
            word.len--;
        }
        has = word.len >= 2 && !strncasecmp(word.s, "X-", 2);
        if (n++)
            item_buf_putc(&out, ',');
        if (has && more)
            item_buf_puts(&out, "X-");
        else if (has && word.len > 2) {
            word.s += 2;
            word.len -= 2;
        }
        item_escape(&out, word);
    }
    prop->line.value = item_buf_span(&out);
}

/** The year of a full date; 0: it is none. */
static int year_of(item_span_t date)
{
    int i, year = 0;

    if (date.len < 8)
        return 0;
    for (i = 0; i < 4; i++) {
        if (!apr_isdigit(date.s[i]))
            return 0;
        year = 10 * year + date.s[i] - '0';
    }
    return year;
}

/** No phone may be shown a year before 1980: it keeps month and day. */
static void clamp_date(card_conv_t *c, card_prop_t *prop)
{
    int year = year_of(prop->line.value);
    apr_size_t from = c->tmp.len;

    if (!year || year >= 1980)
        return;
    item_buf_puts(&c->tmp, "1980");
    item_buf_add(&c->tmp, prop->line.value.s + 4, prop->line.value.len - 4);
    card_value_set(c, prop, from);
}

/** Add a type before all parameters. */
static void put_first(card_prop_t *prop, const char *type)
{
    int n = prop->line.nparams;
    item_param_t last;

    card_type_add(prop, type);
    if (prop->line.nparams == n)
        return;                 /* too many */
    last = prop->params[n];
    memmove(prop->params + 1, prop->params, (apr_size_t)n * sizeof(last));
    prop->params[0] = last;
}

int card_habits_out(card_conv_t *c, card_prop_t *prop)
{
    apr_uint32_t habits = c->form->habits;
    item_span_t name = prop->line.name;

    if (!habits)
        return 1;
    if ((habits & ITEM_HABIT_EMAIL_INTERNET) && item_span_is(name, "EMAIL")) {
        card_type_drop(c, prop, "INTERNET");
        put_first(prop, "INTERNET");    /* wherever it stood */
    }
    if ((habits & ITEM_HABIT_CATEGORY_X) && item_span_is(name, "CATEGORIES"))
        set_x(c, prop, 1);
    if ((habits & ITEM_HABIT_DATE_1980) && item_span_is(name, "BDAY"))
        clamp_date(c, prop);
    if ((habits & ITEM_HABIT_NO_EMPTY) && !card_is_name(name)
        && card_is_empty(prop->line.value))
        return 0;
    return 1;
}

void card_habits_in(card_conv_t *c, card_prop_t *prop)
{
    if ((c->form->habits & ITEM_HABIT_EMAIL_INTERNET)
        && item_span_is(prop->line.name, "EMAIL"))
        card_type_drop(c, prop, "INTERNET");
    if ((c->form->habits & ITEM_HABIT_CATEGORY_X)
        && item_span_is(prop->line.name, "CATEGORIES"))
        set_x(c, prop, 0);
}
