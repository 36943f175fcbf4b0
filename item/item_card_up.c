/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Properties of vCard 2.1 and 4.0 as those of 3.0.  See item_card_int.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_card_int.h"
#include "item/item_card_names.h"
#include "item/item_qp.h"

/* ---- 2.1: values ------------------------------------------------------- */

/** Non-zero if backslashes part the folders of a path: "C:\new". */
static int is_path(item_span_t text)
{
    apr_size_t i;
    int found = 0;

    for (i = 1; i + 1 < text.len; i++) {
        if (text.s[i] == '\\' && text.s[i + 1] == '\\')
            return 0;
        if (text.s[i] == ':' && text.s[i + 1] == '\\'
            && apr_isalpha(text.s[i - 1]))
            found = 1;
    }
    return found;
}

/** One character of a text of 2.1, in which a backslash before what is none
 * of these stands for itself. */
static const char *take_21(const char *s, const char *end, int newlines,
                           char *c)
{
    *c = *s++;
    if (*c != '\\' || s == end)
        return s;
    if (*s == ';' || *s == ',' || *s == '\\')
        *c = *s++;
    else if (newlines && (*s == 'n' || *s == 'N')) {
        *c = '\n';
        s++;
    }
    return s;
}

/** A text of 2.1 as one of 3.0. */
static void text_up(item_buf_t *b, item_span_t text, int newlines)
{
    const char *s = text.s, *end = s + text.len, *from;
    char c;

    while (s < end) {
        for (from = s; s < end && (unsigned char)*s >= ' ' && *s != '\\'
                       && *s != ',' && *s != ';'; s++)
            ;
        item_buf_add(b, from, (apr_size_t)(s - from));
        if (s == end)
            return;
        s = take_21(s, end, newlines, &c);
        if (c == '\n')
            item_buf_puts(b, "\\n");
        else if (c == '\\' || c == ',' || c == ';') {
            item_buf_putc(b, '\\');
            item_buf_putc(b, c);
        }
        else if ((unsigned char)c >= ' ' || c == '\t')
            item_buf_putc(b, c);
    }
}

static void struct_up(item_buf_t *b, item_span_t value, int newlines)
{
    item_span_t part;
    int n = 0;

    while (item_value_next(&value, ';', &part)) {
        if (n++)
            item_buf_putc(b, ';');
        text_up(b, part, newlines);
    }
}

/** Words that commas or semicolons part. */
static void list_up(item_buf_t *b, item_span_t value, int newlines)
{
    item_span_t part, word;
    int n = 0;

    while (item_value_next(&value, ',', &part)) {
        while (item_value_next(&part, ';', &word)) {
            word = item_span_trim(word);
            if (!word.len)
                continue;
            if (n++)
                item_buf_putc(b, ',');
            text_up(b, word, newlines);
        }
    }
}

/** An address or what is not known: nothing is escaped but line ends, and of
 * addresses backslashes.
 * @param pairs  a device of "escapes-all" has done so before */
static void raw_up(item_buf_t *b, item_span_t value, int backslash, int pairs)
{
    apr_size_t i, from = 0;

    for (i = 0; i < value.len; i++) {
        char c = value.s[i];

        if ((unsigned char)c >= ' ' && (c != '\\' || !backslash))
            continue;
        item_buf_add(b, value.s + from, i - from);
        from = i + 1;
        if (c == '\n')
            item_buf_puts(b, "\\n");
        else if (c == '\\') {
            item_buf_puts(b, "\\\\");
            if (pairs && from < value.len && value.s[from] == '\\')
                from = ++i + 1;
        }
        else if (c == '\t')
            item_buf_putc(b, c);
    }
    item_buf_add(b, value.s + from, i - from);
}

static apr_status_t nested_up(card_conv_t *c, card_prop_t *prop)
{
    item_buf_t card = { NULL, NULL, 0, 0 };
    apr_size_t from = c->tmp.len;
    apr_status_t rv;

    card.p = c->p;
    rv = card_import(&card, c->form, prop->nested, CARD_30,
                     c->depth + 1, c->p);
    if (rv != APR_SUCCESS)
        return rv;
    item_escape(&c->tmp, item_buf_span(&card));
    card_value_set(c, prop, from);
    prop->nested.len = 0;
    return APR_SUCCESS;
}

static void value_up(card_conv_t *c, card_prop_t *prop)
{
    item_span_t value = prop->line.value;
    int pairs = (c->form->habits & ITEM_HABIT_ESCAPES_ALL) != 0;
    int newlines = !prop->literal
                   && ((c->form->habits & ITEM_HABIT_TEXT_8BIT)
                       || !is_path(value));
    apr_size_t from = c->tmp.len, i;

    switch (card_value_kind(prop)) {
    case CARD_TEXT:
    case CARD_AGENT:
        text_up(&c->tmp, value, newlines);
        break;
    case CARD_STRUCT:
        struct_up(&c->tmp, value, newlines);
        break;
    case CARD_LIST:
        list_up(&c->tmp, value, newlines);
        break;
    case CARD_URI:
        raw_up(&c->tmp, value, 1, pairs);
        break;
    case CARD_GEO:
        raw_up(&c->tmp, value, 0, 0);
        for (i = from; i < c->tmp.len; i++)
            if (c->tmp.s[i] == ',')
                c->tmp.s[i] = ';';
        break;
    default:
        raw_up(&c->tmp, value, 0, 0);
    }
    card_value_set(c, prop, from);
}

/* ---- 2.1: parameters --------------------------------------------------- */

/** VALUE=URL of a picture, which may be bare. */
static void params_up(card_prop_t *prop)
{
    int i, n = 0;

    for (i = 0; i < prop->line.nparams; i++) {
        item_param_t param = prop->params[i];

        if ((!param.name.len || item_span_is(param.name, "VALUE"))
            && item_span_is(param.value, "INLINE"))
            continue;
        if ((item_span_is(param.name, "VALUE")
             || (!param.name.len && card_is_media(prop->line.name)))
            && item_span_is(param.value, "URL")) {
            param.name.s = "VALUE";
            param.name.len = 5;
            param.value.s = "uri";
        }
        prop->params[n++] = param;
    }
    prop->line.nparams = n;
}

/* ---- 4.0 --------------------------------------------------------------- */

/** PREF=1 is a type in 3.0, which knows no degrees. */
static void pref_up(card_prop_t *prop)
{
    const item_param_t *pref = item_line_param(&prop->line, "PREF");
    int first;

    if (!pref)
        return;
    first = item_span_is(pref->value, "1") || item_span_is(pref->value,
                                                           "\"1\"");
    card_param_set(prop, "PREF", "");
    if (first)
        card_type_add(prop, "PREF");
}

static int starts_with(item_span_t s, const char *word)
{
    apr_size_t n = strlen(word);

    return s.len >= n && !strncasecmp(s.s, word, n);
}

static void skip(item_span_t *s, apr_size_t n)
{
    s->s += n;
    s->len -= n;
}

/** tel:+1-234;ext=5 */
static void phone_up(card_conv_t *c, card_prop_t *prop)
{
    item_span_t value = prop->line.value;
    const char *semi;
    apr_size_t from = c->tmp.len;

    if (!starts_with(value, "tel:"))
        return;
    card_param_set(prop, "VALUE", "");
    skip(&value, 4);
    semi = memchr(value.s, ';', value.len);
    if (!semi) {
        prop->line.value = value;
        return;
    }
    item_buf_add(&c->tmp, value.s, (apr_size_t)(semi - value.s));
    skip(&value, (apr_size_t)(semi - value.s));
    if (starts_with(value, ";ext=")) {
        skip(&value, 5);
        semi = memchr(value.s, ';', value.len);
        item_buf_puts(&c->tmp, " ext. ");
        item_buf_add(&c->tmp, value.s,
                     semi ? (apr_size_t)(semi - value.s) : value.len);
    }
    card_value_set(c, prop, from);
}

int card_inline(card_conv_t *c, card_prop_t *prop)
{
    item_span_t media = { "", 0 }, data;
    apr_size_t from = c->tmp.len;

    if (prop->binary || !card_is_media(prop->line.name))
        return 0;
    data = item_data_base64(prop->line.value, &media);
    if (!data.len)
        return 0;
    card_media_type(&c->tmp, media);
    card_param_set(prop, "VALUE", "");
    card_param_set(prop, "MEDIATYPE", "");
    if (c->tmp.len > from) {
        item_buf_putc(&c->tmp, '\0');
        card_param_set(prop, "TYPE", c->tmp.s + from);
    }
    from = c->tmp.len;
    item_buf_add(&c->tmp, data.s, data.len);
    c->tmp.len = from + item_base64_letters(c->tmp.s + from, data.len);
    card_value_set(c, prop, from);
    prop->binary = 1;
    return 1;
}

/** A picture of 4.0. */
static void media_up(card_conv_t *c, card_prop_t *prop)
{
    if (card_inline(c, prop) || prop->binary)
        return;
    if (!item_span_is(prop->line.name, "KEY")
        || starts_with(prop->line.value, "data:"))
        card_param_set(prop, "VALUE", "uri");
}

/** Non-zero for a whole date, which is all that 3.0 has, perhaps with a
 * time. */
static int is_whole_date(item_span_t value)
{
    apr_size_t i;
    int digits = 0;

    for (i = 0; i < value.len && value.s[i] != 'T'; i++) {
        if (apr_isdigit(value.s[i]))
            digits++;
        else if (value.s[i] != '-' || (digits != 4 && digits != 6))
            return 0;
    }
    return digits == 8;
}

/** --0203 and --02-03 in a way that programs of 3.0 know. */
static void date_up(card_conv_t *c, card_prop_t *prop)
{
    item_span_t value = item_span_trim(prop->line.value);
    apr_size_t from = c->tmp.len, i, digits = 0;

    if (!starts_with(value, "--") || value.len < 6
        || !apr_isdigit(value.s[2]))
        return;
    item_buf_puts(&c->tmp, "1604");
    for (i = 2; i < value.len && value.s[i] != 'T'; i++) {
        if (!apr_isdigit(value.s[i]))
            continue;
        if (digits % 2 == 0)
            item_buf_putc(&c->tmp, '-');
        item_buf_putc(&c->tmp, value.s[i]);
        digits++;
    }
    if (digits != 4)
        return;
    card_value_set(c, prop, from);
    card_param_set(prop, CARD_OMIT_YEAR, "1604");
}

static int up_40(card_conv_t *c, card_prop_t *prop)
{
    item_span_t name = prop->line.name;
    const char *other;

    pref_up(prop);
    if (c->to == CARD_21 && item_span_is(name, "KIND")
        && item_span_is(item_span_trim(prop->line.value), "individual"))
        return 0;               /* nothing that a phone need be told */
    if (item_span_is(name, "BDAY")) {
        date_up(c, prop);
        return is_whole_date(item_span_trim(prop->line.value));
    }
    if (item_span_is(name, "TEL"))
        phone_up(c, prop);
    else if (card_is_media(name))
        media_up(c, prop);
    else if (item_span_is(name, "GEO")
             && starts_with(prop->line.value, "geo:")) {
        apr_size_t from = c->tmp.len;
        const char *comma;

        skip(&prop->line.value, 4);
        comma = memchr(prop->line.value.s, ',', prop->line.value.len);
        item_buf_add(&c->tmp, prop->line.value.s, prop->line.value.len);
        if (comma)
            c->tmp.s[from + (apr_size_t)(comma - prop->line.value.s)] = ';';
        card_value_set(c, prop, from);
        card_param_set(prop, "VALUE", "");
    }
    else if ((other = card_name_up(name)) != NULL)
        card_name_set(prop, other);
    return 1;
}

apr_status_t card_up(card_conv_t *c, card_prop_t *prop)
{
    if (prop->nested.len)
        return nested_up(c, prop);
    if (c->from == CARD_40)
        return up_40(c, prop) ? APR_SUCCESS : APR_EOF;
    if (c->from == CARD_21) {
        params_up(prop);
        if (!prop->binary && !card_inline(c, prop))
            value_up(c, prop);
    }
    else if (c->to != CARD_40)
        card_inline(c, prop);
    return APR_SUCCESS;
}
