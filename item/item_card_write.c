/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Writing cards: see item_card_int.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_card_int.h"
#include "item/item_card_names.h"
#include "item/item_doc.h"
#include "item/item_qp.h"

#define FOLD  75                /* octets of a line, RFC 2426 2.6 */

static int is_type(const item_param_t *param)
{
    return !param->name.len || item_span_is(param->name, "TYPE");
}

static int is_plain_word(item_span_t word, const char *besides)
{
    apr_size_t i;

    for (i = 0; i < word.len; i++)
        if ((unsigned char)word.s[i] < ' '
            || (!apr_isalnum(word.s[i]) && strchr(besides, word.s[i])))
            return 0;
    return 1;
}

static void put_name(item_buf_t *b, const item_line_t *line)
{
    if (line->group.len) {
        item_buf_add(b, line->group.s, line->group.len);
        item_buf_putc(b, '.');
    }
    item_buf_add(b, line->name.s, line->name.len);
}

/** A parameter or value without control characters; LF is escaped. */
static void put_clean(item_buf_t *b, item_span_t text)
{
    apr_size_t i, from = 0;

    for (i = 0; i < text.len; i++) {
        char c = text.s[i];

        if ((unsigned char)c >= ' ' || c == '\t')
            continue;
        item_buf_add(b, text.s + from, i - from);
        from = i + 1;
        if (c == '\n')
            item_buf_puts(b, "\\n");
    }
    item_buf_add(b, text.s + from, i - from);
}

/* ---- 3.0 and 4.0 ------------------------------------------------------- */

/** All types in one list. */
static void put_types(item_buf_t *b, const item_line_t *line)
{
    card_types_t t;
    item_span_t word;
    int n = 0;

    for (card_types_begin(&t, line); card_types_next(&t, &word);) {
        int plain = is_plain_word(word, ";:,");
        apr_size_t from;

        item_buf_puts(b, n++ ? "," : ";TYPE=");
        if (!plain)
            item_buf_putc(b, '"');
        from = b->len;
        put_clean(b, word);
        for (; from < b->len; from++)
            if (b->s[from] == '"')
                b->s[from] = '\'';
        if (!plain)
            item_buf_putc(b, '"');
    }
}

int card_is_quoted_well(item_span_t list)
{
    const char *s = list.s, *end = s + list.len, *close;

    if (!list.len || !memchr(s, '"', list.len))
        return 1;
    while (s < end) {
        if (*s == '"') {
            close = memchr(s + 1, '"', (apr_size_t)(end - s - 1));
            if (!close || (close + 1 < end && close[1] != ','))
                return 0;
            s = close + 1;
        }
        else
            while (s < end && *s != ',')
                if (*s++ == '"')
                    return 0;
        s += s < end;           /* the comma */
    }
    return 1;
}

/** A parameter's value.  With quotes that enclose no word it would be read as
 * another one, beside others in the property's value: they become "'". */
static void put_param_value(item_buf_t *b, item_span_t value)
{
    int odd = !card_is_quoted_well(value);
    int enclose = odd && (memchr(value.s, ':', value.len)
                          || memchr(value.s, ';', value.len));
    apr_size_t from;

    if (enclose)
        item_buf_putc(b, '"');
    from = b->len;
    put_clean(b, value);
    for (; odd && from < b->len; from++)
        if (b->s[from] == '"')
            b->s[from] = '\'';
    if (enclose)
        item_buf_putc(b, '"');
}

static void put_params(item_buf_t *b, const item_line_t *line)
{
    int i, bare = 0, types = 0;

    for (i = 0; i < line->nparams; i++) {
        types += is_type(&line->params[i]);
        bare += !line->params[i].name.len;
    }
    for (i = 0; i < line->nparams; i++) {
        const item_param_t *param = &line->params[i];

        if (is_type(param) && (types > 1 || bare)) {
            if (types)
                put_types(b, line);
            types = 0;
            bare = 1;
            continue;
        }
        if (!card_is_known_name(param->name))
            continue;           /* nothing that could be read again */
        item_buf_putc(b, ';');
        put_clean(b, param->name);
        item_buf_putc(b, '=');
        put_param_value(b, param->value);
    }
}

void card_line(card_conv_t *c, const card_prop_t *prop)
{
    item_buf_t *b = &c->line;

    put_name(b, &prop->line);
    put_params(b, &prop->line);
    if (prop->binary)
        item_buf_puts(b, ";ENCODING=b");
    item_buf_putc(b, ':');
    put_clean(b, prop->line.value);
}

void card_write_line(item_buf_t *b, card_conv_t *c)
{
    item_span_t line = item_buf_span(&c->line);
    apr_size_t from = c->tmp.len, room = FOLD;
    int bmp = (c->form->habits & ITEM_HABIT_BMP_ONLY) != 0;

    if (c->charset->how != ITEM_CHARSET_UTF8
        || (bmp && !item_charset_is_ascii(line))) {
        item_charset_out(&c->tmp, c->charset, line, bmp);
        line = card_since(&c->tmp, from);
    }
    if (c->form->habits & ITEM_HABIT_NO_FOLD) {
        item_buf_add(b, line.s, line.len);
        item_buf_puts(b, "\r\n");
        return;
    }
    if (c->charset->how == ITEM_CHARSET_UTF8) {
        item_fold_add(b, line, "\r\n");
        return;
    }
    /* Octets above 127 do not tell where a character begins. */
    while (line.len > room) {
        item_buf_add(b, line.s, room);
        item_buf_puts(b, "\r\n ");
        line.s += room;
        line.len -= room;
        room = FOLD - 1;
    }
    item_buf_add(b, line.s, line.len);
    item_buf_puts(b, "\r\n");
}

/* ---- 2.1: values ------------------------------------------------------- */

/** How a device reads texts: bits. */
enum {
    LINES_ESCAPED = 1,          /* line ends are \n, since nothing else is left
                                 * to say them */
    SLASHES_ESCAPED = 2         /* a backslash is never just one */
};

static int reading_of(const card_conv_t *c)
{
    return c->form->habits & ITEM_HABIT_TEXT_8BIT
               ? LINES_ESCAPED | SLASHES_ESCAPED
           : c->form->habits & ITEM_HABIT_ESCAPES_ALL ? SLASHES_ESCAPED : 0;
}

/** A plain text as 2.1 has it: separators have a backslash, and backslashes
 * that would be taken for one. */
static void put_21(item_buf_t *b, item_span_t text, const char *separators,
                   int how)
{
    apr_size_t i, from = 0;

    for (i = 0; i < text.len; i++) {
        char c = text.s[i];
        char next = i + 1 < text.len ? text.s[i + 1] : ';';

        if ((unsigned char)c >= ' ' && c != '\\' && c != ';' && c != ',')
            continue;
        item_buf_add(b, text.s + from, i - from);
        from = i + 1;
        if (c == '\n')
            item_buf_puts(b, how & LINES_ESCAPED ? "\\n" : "\n");
        else if (c == '\\')
            item_buf_puts(b, (how & SLASHES_ESCAPED) || next == ';'
                             || next == ',' || next == '\\' ? "\\\\" : "\\");
        else if ((unsigned char)c >= ' ' || c == '\t') {
            if (strchr(separators, c))
                item_buf_putc(b, '\\');
            item_buf_putc(b, c);
        }
    }
    item_buf_add(b, text.s + from, text.len - from);
}

/** The text that a value of 3.0 is, in a scratch buffer. */
static item_span_t text_of(item_buf_t *tmp, item_span_t value)
{
    apr_size_t from = tmp->len;

    item_unescape(tmp, value);
    return card_since(tmp, from);
}

static void parts_21(item_buf_t *b, item_buf_t *tmp, item_span_t value,
                     int how)
{
    item_span_t part;
    int n = 0;

    while (item_value_next(&value, ';', &part)) {
        if (n++)
            item_buf_putc(b, ';');
        put_21(b, text_of(tmp, part), ";", how);
    }
}

static void list_21(item_buf_t *b, item_buf_t *tmp, item_span_t value,
                    int how)
{
    item_span_t word;
    int n = 0;

    while (item_value_next(&value, ',', &word)) {
        word = item_span_trim(text_of(tmp, word));
        if (!word.len)
            continue;
        if (n++)
            item_buf_putc(b, ',');
        put_21(b, word, ",;", how);
    }
}

/** What is not known: \n is a line end, all else stays. */
static void raw_21(item_buf_t *b, item_span_t value, int how)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++) {
        char c = value.s[i];

        if (c == '\\' && i + 1 < value.len) {
            char next = value.s[++i];

            if ((next == 'n' || next == 'N') && !(how & LINES_ESCAPED)) {
                item_buf_putc(b, '\n');
                continue;
            }
            item_buf_putc(b, c);
            c = next;
        }
        if ((unsigned char)c >= ' ' || c == '\t')
            item_buf_putc(b, c);
    }
}

static void uri_21(card_conv_t *c, item_span_t value)
{
    int pairs = (c->form->habits & ITEM_HABIT_ESCAPES_ALL) != 0;
    item_span_t text = text_of(&c->tmp, value);
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if (text.s[i] == '\\' && pairs)
            item_buf_putc(&c->line, '\\');
        if ((unsigned char)text.s[i] >= ' ')
            item_buf_putc(&c->line, text.s[i]);
    }
}

/** Digits of a full date. @return 0: it is none, or has no year */
static int date_21(item_buf_t *b, const card_prop_t *prop)
{
    item_span_t value = item_span_trim(prop->line.value);
    apr_size_t i;
    int digits = 0;

    if (item_line_param(&prop->line, CARD_OMIT_YEAR))
        return 0;
    for (i = 0; i < value.len && value.s[i] != 'T'; i++) {
        if (apr_isdigit(value.s[i])) {
            item_buf_putc(b, value.s[i]);
            digits++;
        }
        else if (value.s[i] != '-' || (digits != 4 && digits != 6))
            return 0;
    }
    return digits == 8;
}

/** The value into c->line. @return 0: it cannot be said */
static int value_21(card_conv_t *c, const card_prop_t *prop)
{
    item_span_t value = prop->line.value;
    apr_size_t i, from = c->line.len;
    int how = reading_of(c);
    card_value_e kind;

    if (item_span_is(prop->line.name, "BDAY"))
        return date_21(&c->line, prop);
    kind = card_value_kind(prop);
    switch (kind) {
    case CARD_TEXT:
    case CARD_AGENT:
        put_21(&c->line, text_of(&c->tmp, value), "", how);
        break;
    case CARD_STRUCT:
        parts_21(&c->line, &c->tmp, value, how);
        break;
    case CARD_LIST:
        list_21(&c->line, &c->tmp, value, how);
        break;
    case CARD_URI:
        uri_21(c, value);
        break;
    default:
        raw_21(&c->line, value, how);
        if (kind == CARD_GEO)
            for (i = from; i < c->line.len; i++)
                if (c->line.s[i] == ';')
                    c->line.s[i] = ',';
    }
    return 1;
}

/** Non-zero if a value must be quoted-printable. */
static int needs_quoting(item_span_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.s[i];

        if (c < ' ' || c >= 0x7f)
            return 1;
        if (c == '\\' && i + 1 < value.len) {
            char next = value.s[i + 1];

            if (next == 'n' || next == 'N')
                return 1;
            i += next == ';' || next == ',' || next == '\\';
        }
    }
    return value.len && (value.s[0] == ' ' || value.s[value.len - 1] == ' ');
}

/* ---- 2.1: parameters --------------------------------------------------- */

/** What only later versions have; phones need not be bothered. */
static int is_later(item_span_t name)
{
    static const char *const later[] = {
        "VALUE", "ALTID", "PID", "PREF", "MEDIATYPE", "SORT-AS", "CALSCALE",
        "LABEL", "GEO", "TZ", "INDEX", "LEVEL", "CC", "JSPTR", "PROP-ID",
        "SERVICE-TYPE", "USERNAME", CARD_OMIT_YEAR, NULL
    };
    int i = 0;

    while (later[i] && !item_span_is(name, later[i]))
        i++;
    return later[i] != NULL;
}

/** Words that would be read as something else. */
static int is_taken(item_span_t word)
{
    static const char *const taken[] = {
        "QUOTED-PRINTABLE", "QUOTEDPRINTABLE", "QUOTED_PRINTABLE", "BASE64",
        "QUOTED PRINTABLE", "BASE-64", "BASE_64", "8BIT", "8-BIT", "7BIT",
        "7-BIT", "URL", "INLINE", NULL
    };
    int i = 0;

    while (taken[i] && !item_span_is(word, taken[i]))
        i++;
    return taken[i] != NULL;
}

static void type_21(item_buf_t *b, item_span_t word, int media)
{
    apr_size_t from;

    if (!is_plain_word(word, ";:,=\"") || !item_charset_is_ascii(word)
        || is_taken(word) || !item_span_trim(word).len)
        return;
    item_buf_puts(b, media ? ";TYPE=" : ";");
    from = b->len;
    item_buf_add(b, word.s, word.len);
    for (; from < b->len; from++)
        b->s[from] = (char)apr_toupper(b->s[from]);
}

/** All types where the first one stands. */
static void types_21(item_buf_t *b, const item_line_t *line, int media)
{
    card_types_t t;
    item_span_t word;

    for (card_types_begin(&t, line); card_types_next(&t, &word);)
        type_21(b, word, media && !item_span_is(word, "X-IRMC-N"));
}

/** 2.1 knows no quotes: a colon would end the parameters, a semicolon the
 * parameter. */
static int is_plain_21(item_span_t value)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++)
        if (value.s[i] == '"' || value.s[i] == ':' || value.s[i] == ';'
            || value.s[i] == ',')
            return 0;
    return 1;
}

static void params_21(item_buf_t *b, const item_line_t *line)
{
    int media = card_is_media(line->name), i, types = 0;
    int own = line->name.len > 1 && line->name.s[1] == '-';

    for (i = 0; i < line->nparams; i++) {
        const item_param_t *param = &line->params[i];

        if (is_type(param)) {
            if (!types++)
                types_21(b, line, media);
            continue;
        }
        if ((media || own) && item_span_is(param->name, "VALUE")
            && (item_span_is(param->value, "uri")
                || item_span_is(param->value, "url"))) {
            item_buf_puts(b, ";VALUE=URL");
            continue;
        }
        if (!is_plain_21(param->value))
            continue;
        if (is_later(param->name) && !own)
            continue;
        item_buf_putc(b, ';');
        put_clean(b, param->name);
        item_buf_putc(b, '=');
        put_clean(b, param->value);
    }
}

/* ---- 2.1: properties --------------------------------------------------- */

/** Group, name and parameters. */
static void put_head_21(item_buf_t *b, card_conv_t *c,
                        const card_prop_t *prop)
{
    static const item_span_t ascii = { "ASCII", 5 };
    apr_size_t start = b->len;
    item_span_t head;

    put_name(b, &prop->line);
    params_21(b, &prop->line);
    head.s = b->s + start;
    head.len = b->len - start;
    if (item_charset_is_ascii(head))
        return;
    head.s = apr_pmemdup(c->p, head.s, head.len);
    b->len = start;
    /* In others a colon might be another octet. */
    item_charset_out(b, c->charset->how == ITEM_CHARSET_ICONV
                        ? item_charset_find(ascii) : c->charset, head,
                     (c->form->habits & ITEM_HABIT_BMP_ONLY) != 0);
}

/** AGENT:, then the card. @return APR_EOF: the value holds none */
static apr_status_t nested_21(item_buf_t *b, card_conv_t *c,
                              const card_prop_t *prop)
{
    apr_size_t before = b->len;
    item_span_t text;
    apr_status_t rv;

    if (!item_span_is(prop->line.name, "AGENT"))
        return APR_EOF;
    text = text_of(&c->tmp, prop->line.value);
    if (text.len < 11 || strncasecmp(text.s, "BEGIN:VCARD", 11))
        return APR_EOF;
    put_head_21(b, c, prop);
    item_buf_puts(b, ":\r\n");
    rv = card_export(b, c->form, text, NULL, c->depth + 1, c->p);
    if (rv == ITEM_EMALFORMED || rv == ITEM_ETYPE) {
        b->len = before;        /* a text then */
        return APR_EOF;
    }
    return rv;
}

/** base64, in lines. */
static void binary_21(item_buf_t *b, card_conv_t *c, const card_prop_t *prop)
{
    item_buf_puts(b, ";ENCODING=BASE64:");
    if (c->form->habits & ITEM_HABIT_NO_FOLD)
        item_buf_add(b, prop->line.value.s, prop->line.value.len);
    else
        item_base64_lines(b, prop->line.value, " ");
    item_buf_puts(b, c->form->habits & ITEM_HABIT_PHOTO_BLANK ? "\r\n\r\n"
                                                              : "\r\n");
}

/** A value in the device's characters.
 * @return non-zero: it must be said which ones they are, since a reader that
 * takes it for ASCII reads something else */
static int in_charset(card_conv_t *c, item_span_t *value)
{
    apr_size_t from = c->tmp.len, back;

    if (item_charset_is_ascii(*value)
        && c->charset->how != ITEM_CHARSET_ICONV)
        return 0;
    item_charset_out(&c->tmp, c->charset, *value,
                     (c->form->habits & ITEM_HABIT_BMP_ONLY) != 0);
    *value = card_since(&c->tmp, from);
    if (!item_charset_is_ascii(*value))
        return 1;
    if (c->charset->how != ITEM_CHARSET_ICONV)
        return 0;
    back = c->tmp.len;
    item_charset_in(&c->tmp, c->charset, *value);
    return c->tmp.len - back != value->len
           || (value->len && memcmp(c->tmp.s + back, value->s, value->len));
}

apr_status_t card_write_21(item_buf_t *b, card_conv_t *c,
                           const card_prop_t *prop)
{
    int eight = (c->form->habits & ITEM_HABIT_TEXT_8BIT) != 0;
    apr_size_t before = b->len, start;
    item_span_t value;
    apr_status_t rv;
    int quote;

    rv = nested_21(b, c, prop);
    if (rv != APR_EOF)
        return rv;
    start = b->len;
    put_head_21(b, c, prop);
    if (prop->binary) {
        binary_21(b, c, prop);
        return APR_SUCCESS;
    }
    if (!value_21(c, prop)
        || ((c->form->habits & ITEM_HABIT_NO_EMPTY)
            && card_is_empty(item_buf_span(&c->line))
            && !card_is_name(prop->line.name))) {
        b->len = before;
        return APR_EOF;
    }
    value = item_buf_span(&c->line);
    /* A text, not a card: it must not look like one. */
    quote = item_span_is(prop->line.name, "AGENT") && value.len >= 5
            && !strncasecmp(value.s, "BEGIN", 5);
    if (quote && (eight || card_is_open(prop->line.name, value))) {
        b->len = before;
        return APR_EOF;
    }
    if (in_charset(c, &value)) {
        item_buf_puts(b, ";CHARSET=");
        item_buf_puts(b, c->charset->name);
    }
    if (!eight && (quote || needs_quoting(value))) {
        item_buf_puts(b, ";ENCODING=QUOTED-PRINTABLE:");
        item_qp_encode(b, value, b->len - start,
                       !(c->form->habits & ITEM_HABIT_NO_FOLD));
    }
    else {
        item_buf_putc(b, ':');
        item_buf_add(b, value.s, value.len);
    }
    item_buf_puts(b, "\r\n");
    return APR_SUCCESS;
}
