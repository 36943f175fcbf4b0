/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Reading cards of phones: lines, encodings and characters.  See
 * item_card_int.h.
 */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_card_int.h"
#include "item/item_card_names.h"
#include "item/item_doc.h"

#define MAX_VERSION  32         /* octets of a VERSION, white space included */

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/** The line at s, and where the next one begins. */
static const char *take_line(const char *s, const char *end, item_span_t *line)
{
    line->s = s;
    /* No memchr(): in a text of CR alone each would look through it all. */
    while (s < end && *s != '\n' && *s != '\r')
        s++;
    line->len = (apr_size_t)(s - line->s);
    while (end - s > 2 && *s == '\r' && s[1] == '\r' && s[2] == '\n')
        s++;                    /* CRCRLF */
    if (s < end && *s == '\r')
        s++;
    else if (s < end)
        return s + 1;
    return s < end && *s == '\n' ? s + 1 : s;
}

/** Non-zero for a character of a property's name.  KAddressBook has slashes in
 * its own. @param own  the name begins with X- */
static int is_name_char(char c, int own)
{
    return apr_isalnum(c) || c == '-' || c == '_' || c == '.'
           || (own && c == '/');
}

static int is_own(item_span_t name)
{
    return name.len > 2 && !strncasecmp(name.s, "X-", 2);
}

/** Non-zero if a line looks like one that begins a property.
 * @param folded  the next one continues it, perhaps with its colon */
static int is_property(item_span_t line, int folded)
{
    int own = is_own(line), dots = 0;
    apr_size_t i;

    for (i = 0; i < line.len; i++) {
        char c = line.s[i];

        if (c == ':' || c == ';')
            break;
        if (c == '.' && !dots++)        /* behind a group */
            own = is_own((item_span_t){ line.s + i + 1, line.len - i - 1 });
        if (!is_name_char(c, own) && !(is_blank(c) && i))
            return 0;
        if (is_blank(c) && i + 1 < line.len && apr_isalnum(line.s[i + 1]))
            return 0;           /* a name of two words is text */
    }
    return i && i < line.len
           && (folded || memchr(line.s + i, ':', line.len - i) != NULL);
}

/** Non-zero if the line is BEGIN or END of a card. */
static int is_frame(item_span_t line, const char *word)
{
    apr_size_t n = strlen(word);
    item_span_t what;

    if (!line.len || ((*line.s ^ *word) & 0xdf && !is_blank(*line.s)))
        return 0;               /* most lines begin with another letter */
    line = item_span_trim(line);
    if (line.len <= n || strncasecmp(line.s, word, n))
        return 0;
    what.s = line.s + n;
    what.len = line.len - n;
    what = item_span_trim(what);
    if (!what.len || *what.s != ':')
        return 0;
    what.s++;
    what.len--;
    return item_span_is(item_span_trim(what), "VCARD");
}

int card_is_open(item_span_t name, item_span_t value)
{
    char text[12];              /* "BEGIN:VCARD" and its NUL */
    apr_size_t i, n = 0;

    if (!item_span_is(name, "AGENT"))
        return 0;
    for (i = 0; i < value.len; i++) {
        char c = value.s[i];

        if (is_blank(c) || ((unsigned char)c < ' ' && c != '\n'))
            continue;
        if (n == sizeof(text) - 1)
            return 0;
        text[n++] = c;
    }
    text[n] = '\0';
    return !strcasecmp(text, "BEGIN:VCARD");
}

/* ---- the card ---------------------------------------------------------- */

/** @param none  what an empty one is */
static int parse_version(item_span_t v, card_version_e none)
{
    v = item_span_trim(v);
    if (!v.len)
        return (int)none;
    if (item_span_is(v, "2.1") || item_span_is(v, "2.0")
        || item_span_is(v, "1.0") || item_span_is(v, "2"))
        return CARD_21;
    if (item_span_is(v, "3.0") || item_span_is(v, "3"))
        return CARD_30;
    return item_span_is(v, "4.0") || item_span_is(v, "4") ? CARD_40 : 0;
}

/** A version that may go on in the next lines. */
static int folded_version(const char *next, const char *end,
                          item_span_t value, card_version_e none)
{
    char text[MAX_VERSION];
    item_span_t line, whole = { text, 0 };

    while (value.len < sizeof(text) - whole.len) {
        memcpy(text + whole.len, value.s, value.len);
        whole.len += value.len;
        if (next >= end || !is_blank(*next))
            break;
        next = take_line(next, end, &line);
        value.s = line.s + 1;
        value.len = line.len - 1;
    }
    return parse_version(whole, none);
}

/** VERSION of the card itself. @return ITEM_ETYPE */
static apr_status_t find_version(card_reader_t *r)
{
    const char *s = r->pos;
    item_span_t line;
    int depth = 0, version;

    while (s < r->end) {
        s = take_line(s, r->end, &line);
        if (line.len < 7)
            continue;
        if ((*line.s | 32) == 'b' && is_frame(line, "BEGIN"))
            depth++;
        else if ((*line.s | 32) == 'e' && is_frame(line, "END")) {
            if (!depth--)
                break;
        }
        else if (!depth && !strncasecmp(line.s, "VERSION", 7)) {
            const char *colon = memchr(line.s, ':', line.len);

            if (!colon)
                continue;
            line.len -= (apr_size_t)(colon + 1 - line.s);
            line.s = colon + 1;
            version = folded_version(s, r->end, line, r->version);
            if (!version)
                return ITEM_ETYPE;
            r->version = (card_version_e)version;
            return APR_SUCCESS;
        }
    }
    return APR_SUCCESS;
}

apr_status_t card_reader_init(card_reader_t *r, item_span_t text,
                              card_version_e none,
                              const item_charset_t *charset, apr_pool_t *p)
{
    item_span_t line;

    memset(r, 0, sizeof(*r));
    while (text.len && !text.s[text.len - 1])   /* a terminator counted in */
        text.len--;
    if (text.len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    if (!text.len || memchr(text.s, '\0', text.len))
        return ITEM_EMALFORMED;
    r->pos = text.s;
    r->quoted.text = text;
    r->end = text.s + text.len;
    if (text.len >= 3 && !memcmp(r->pos, "\xef\xbb\xbf", 3))
        r->pos += 3;
    do {
        if (r->pos == r->end)
            return ITEM_EMALFORMED;
        r->pos = take_line(r->pos, r->end, &line);
    } while (!item_span_trim(line).len);
    if (!is_frame(line, "BEGIN"))
        return ITEM_EMALFORMED;
    r->version = none;
    r->charset = charset;
    r->out = apr_palloc(p, text.len + 1);
    r->utf8.p = p;
    return find_version(r);
}

/* ---- lines ------------------------------------------------------------- */

typedef enum { PLAIN, QUOTED, BASE64 } encoding_e;

/** What an ENCODING is called, -1: none that is known. */
static int encoding_named(item_span_t word)
{
    static const struct {
        const char *name;
        encoding_e encoding;
    } names[] = {
        { "QUOTED-PRINTABLE", QUOTED }, { "QUOTEDPRINTABLE", QUOTED },
        { "QUOTED_PRINTABLE", QUOTED }, { "QUOTED PRINTABLE", QUOTED },
        { "QP", QUOTED }, { "Q", QUOTED }, { "BASE64", BASE64 },
        { "BASE-64", BASE64 }, { "BASE_64", BASE64 }, { "B", BASE64 },
        { "8BIT", PLAIN }, { "8-BIT", PLAIN }, { "7BIT", PLAIN },
        { "7-BIT", PLAIN }
    };
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (item_span_is(word, names[i].name))
            return names[i].encoding;
    return -1;
}

/* Without a name, "B" may be a type, but of pictures. */
int card_encoding(const item_line_t *line, const item_param_t *param)
{
    if (param->name.len ? !item_span_is(param->name, "ENCODING")
        : param->value.len < 4 && !(item_span_is(param->value, "B")
                                    && card_is_media(line->name)))
        return -1;
    return encoding_named(param->value);
}

/** The encoding that the parameters name. */
static encoding_e line_encoding(const item_line_t *line)
{
    int i, known, found = PLAIN;

    for (i = 0; i < line->nparams; i++) {
        known = card_encoding(line, &line->params[i]);
        if (known > 0)
            found = known;
    }
    return (encoding_e)found;
}

static void add(char **w, item_span_t text)
{
    memmove(*w, text.s, text.len);
    *w += text.len;
}

static int at_blank(const card_reader_t *r)
{
    return r->pos < r->end && is_blank(*r->pos);
}

/** What comes next, without reading it. */
static int peek(card_reader_t *r, item_span_t *line, const char **next)
{
    if (r->pos >= r->end)
        return 0;
    if (r->seen != r->pos) {
        r->seen = r->pos;
        r->seen_next = take_line(r->pos, r->end, &r->seen_line);
    }
    *line = r->seen_line;
    *next = r->seen_next;
    return 1;
}

/** The lines of a quoted-printable value behind its first. */
static void join_quoted(card_reader_t *r, char **w, char *value)
{
    int soft, folded = *w > value && (*w)[-1] == '='
                       && item_qp_is_folded(&r->quoted, r->pos);
    item_span_t line;
    const char *next;

    for (;;) {
        char *last = *w;

        while (last > value && is_blank(last[-1]))
            last--;
        soft = last > value && last[-1] == '=';
        if (!peek(r, &line, &next) || is_frame(line, "END"))
            return;
        if (soft) {
            *w = last - 1;
            if (folded && line.len && is_blank(*line.s)) {
                line.s++;
                line.len--;
            }
        }
        else if (!item_span_trim(line).len
                 || (!at_blank(r)
                     && (r->version != CARD_21
                         || is_property(line, next < r->end
                                              && is_blank(*next)))))
            return;
        else if (at_blank(r)) { /* folded all the same */
            line.s++;
            line.len--;
        }
        else if (*w > value && !(*w - value >= 3 && (*w)[-3] == '='))
            *(*w)++ = '\n';     /* in place of the line's end */
        add(w, line);
        r->pos = next;
    }
}

static int is_base64_line(item_span_t line)
{
    apr_size_t i;

    line = item_span_trim(line);
    for (i = 0; i < line.len; i++)
        if (!apr_isalnum(line.s[i]) && !strchr("+/= \t", line.s[i]))
            return 0;
    return line.len > 0;
}

/** Non-zero if a line is folded before the colon of a property, whose name
 * looks like base64.
 * @param next  where the next line begins */
static int is_folded_head(const card_reader_t *r, const char *next)
{
    item_span_t line;

    while (next < r->end && is_blank(*next)) {
        next = take_line(next, r->end, &line);
        if (memchr(line.s, ':', line.len))
            return 1;
    }
    return 0;
}

/** The lines of a base64 value: folded or not, up to a blank line or a
 * property. */
static void join_base64(card_reader_t *r, char **w, const char *value)
{
    item_span_t line;
    const char *next;

    while (peek(r, &line, &next)) {
        if (!item_span_trim(line).len) {
            r->pos = next;
            if (*w > value && !at_blank(r))
                return;
            continue;
        }
        if (!is_base64_line(line)
            || (!at_blank(r) && is_folded_head(r, next)))
            return;
        add(w, line);
        r->pos = next;
    }
}

/** Non-zero if a text of 2.1 is folded as those of 3.0, somewhere in a word:
 * all of its lines but the last are of one length, give or take a character
 * of some octets.  Else it is folded at a space, which stays. */
static int is_hard_fold(const card_reader_t *r, apr_size_t first)
{
    card_reader_t look;
    item_span_t line;
    const char *next;
    apr_size_t least = first, most = first, last = first;

    if (!at_blank(r) || first < 72 || first > 78)
        return 0;
    /* No further than join_folded() goes, or many look at the same lines. */
    for (look = *r; at_blank(&look) && most - least <= 4
                    && peek(&look, &line, &next)
                    && item_span_trim(line).len; look.pos = next) {
        least = last < least ? last : least;
        most = last > most ? last : most;
        last = line.len;
    }
    return most - least <= 4;
}

/** The lines of any other value. */
static void join_folded(card_reader_t *r, char **w, apr_size_t first)
{
    int strip = r->version != CARD_21 || is_hard_fold(r, first);
    item_span_t line;
    const char *next;

    while (at_blank(r) && peek(r, &line, &next)) {
        if (!item_span_trim(line).len && r->version == CARD_21)
            return;
        if (strip) {
            line.s++;
            line.len--;
        }
        add(w, line);
        r->pos = next;
    }
}

/** Lines that are no property behind one of 2.1 are its text's. */
static void join_loose(card_reader_t *r, char **w)
{
    item_span_t line;
    const char *next;

    while (peek(r, &line, &next) && item_span_trim(line).len
           && !is_property(line, next < r->end && is_blank(*next))) {
        *(*w)++ = '\n';
        add(w, line);
        r->pos = next;
    }
}

/** Read the lines of a card in a card, from behind its BEGIN. @return
 * ITEM_EMALFORMED: it does not end */
static apr_status_t take_nested(card_reader_t *r, const char *begin,
                                item_span_t *nested)
{
    item_span_t line;
    int depth = 1;

    while (depth && r->pos < r->end) {
        r->pos = take_line(r->pos, r->end, &line);
        if (is_frame(line, "BEGIN"))
            depth++;
        else if (is_frame(line, "END"))
            depth--;
    }
    nested->s = begin;
    nested->len = (apr_size_t)(r->pos - begin);
    return depth ? ITEM_EMALFORMED : APR_SUCCESS;
}

/** A card in an AGENT, which may begin in the same line. @param end  where in
 * the text the lines end, of which perhaps some were unfolded, that its value
 * was cut of */
static apr_status_t look_for_nested(card_reader_t *r, card_prop_t *prop,
                                    const char *end)
{
    item_span_t line, value;
    const char *next, *begin;

    if (!item_span_is(prop->line.name, "AGENT"))
        return APR_SUCCESS;
    value = item_span_trim(prop->line.value);
    if (is_frame(value, "BEGIN")) {
        while (end[-1] != value.s[value.len - 1])
            end--;              /* white space */
        return take_nested(r, end - value.len, &prop->nested);
    }
    if (prop->line.value.len)
        return APR_SUCCESS;
    while (peek(r, &line, &next) && !item_span_trim(line).len)
        r->pos = next;
    begin = r->pos;
    if (!peek(r, &line, &next) || !is_frame(line, "BEGIN"))
        return APR_SUCCESS;
    r->pos = next;
    return take_nested(r, begin, &prop->nested);
}

/* ---- parameters and characters ----------------------------------------- */

/** Take ENCODING and CHARSET out of the parameters. */
static const item_charset_t *strip_params(const card_reader_t *r,
                                          card_prop_t *prop, int *said)
{
    const item_charset_t *cs = r->charset;
    int i, n = 0;

    *said = 0;
    for (i = 0; i < prop->line.nparams; i++) {
        item_param_t param = prop->params[i];

        if (item_span_is(param.name, "CHARSET")) {
            cs = item_charset_find(param.value);
            *said = 1;
            continue;
        }
        if (card_encoding(&prop->line, &param) >= 0)
            continue;
        prop->params[n++] = param;
    }
    prop->line.nparams = n;
    return cs;
}

/** @param said  the set was named beside the text, so even ASCII may be
 * something else in it */
static void to_utf8(card_reader_t *r, const item_charset_t *cs, int said,
                    item_span_t *text)
{
    apr_size_t from = r->utf8.len;

    if (item_charset_is_ascii(*text)
        && (!cs || !said || cs->how != ITEM_CHARSET_ICONV))
        return;
    if ((!cs || cs->how <= ITEM_CHARSET_ASCII) && item_charset_is_utf8(*text))
        return;
    item_charset_in(&r->utf8, cs, *text);
    *text = card_since(&r->utf8, from);
}

static void decode(card_reader_t *r, card_prop_t *prop, encoding_e encoding,
                   char *value)
{
    int plain_head = item_charset_is_ascii(item_line_head(&prop->line));
    int said, i;
    const item_charset_t *cs = strip_params(r, prop, &said);

    prop->binary = encoding == BASE64;
    prop->literal = encoding == QUOTED;
    if (encoding == QUOTED)
        prop->line.value.len = item_qp_decode(value, prop->line.value.len);
    else if (encoding == BASE64)
        prop->line.value.len = item_base64_letters(value,
                                                   prop->line.value.len);
    r->utf8.len = 0;
    if (!prop->binary)
        to_utf8(r, cs, said || r->version != CARD_21, &prop->line.value);
    if (plain_head)
        return;
    to_utf8(r, NULL, 0, &prop->line.name);
    to_utf8(r, NULL, 0, &prop->line.group);
    for (i = 0; i < prop->line.nparams; i++) {
        to_utf8(r, NULL, 0, &prop->params[i].name);
        to_utf8(r, cs, 0, &prop->params[i].value);
    }
}

int card_is_known_name(item_span_t name)
{
    apr_size_t i;

    for (i = 0; i < name.len; i++)
        if (!is_name_char(name.s[i], is_own(name)))
            return 0;
    return name.len > 0;
}

/** Non-zero for BEGIN or END that is none once control characters are left
 * out of it, or in several lines. */
static int is_false_frame(const item_line_t *line)
{
    item_span_t what;

    if (!item_span_is(line->name, "BEGIN")
        && !item_span_is(line->name, "END"))
        return 0;
    what = item_span_trim(line->value);
    return !card_is_known_name(what) || item_span_is(what, "VCARD")
           || memchr(line->value.s, '\n', line->value.len) != NULL;
}

/* ---- properties -------------------------------------------------------- */

static apr_status_t cut(card_prop_t *prop, const char *from, const char *to)
{
    item_span_t text;

    memset(&prop->line, 0, sizeof(prop->line));
    prop->line.params = prop->params;
    text.s = from;
    text.len = (apr_size_t)(to - from);
    return item_line_split(&prop->line, text);
}

/** Cut a line without the control characters of its name and parameters:
 * nothing would be left of what has no others once it is written.
 * @param end  of the line, in and out */
static apr_status_t cut_clean(card_prop_t *prop, char *from, char **end)
{
    apr_status_t rv = cut(prop, from, *end);
    char *value, *s, *w = from;

    if (rv != APR_SUCCESS)
        return rv;
    value = from + (prop->line.value.s - from);
    for (s = from; s < value; s++)
        if ((unsigned char)*s >= ' ' || *s == '\t')
            *w++ = *s;
    if (w == value)
        return APR_SUCCESS;
    memmove(w, value, (apr_size_t)(*end - value));
    *end -= value - w;
    return cut(prop, from, *end);
}

/** Non-zero if the value begins in a line, not behind a fold. */
static int has_value(item_span_t line)
{
    int quoted = 0;
    apr_size_t i;

    for (i = 0; i < line.len && (quoted || line.s[i] != ':'); i++)
        quoted ^= line.s[i] == '"';
    return i < line.len;
}

/** Read a property that begins with a line. */
static apr_status_t take_property(card_reader_t *r, card_prop_t *prop,
                                  item_span_t line)
{
    char *out = r->out, *w = out, *value;
    const char *end;
    encoding_e encoding;
    apr_status_t rv;

    memcpy(w, line.s, line.len);
    w += line.len;
    if (at_blank(r) && !has_value(line))
        join_folded(r, &w, line.len);           /* parameters are folded */
    rv = cut_clean(prop, out, &w);
    if (rv != APR_SUCCESS)
        return rv;
    value = out + (prop->line.value.s - out);
    end = r->pos;
    encoding = line_encoding(&prop->line);
    if (encoding == QUOTED)
        join_quoted(r, &w, value);
    else if (encoding == BASE64)
        join_base64(r, &w, value);
    else {
        join_folded(r, &w, line.len);
        if (!prop->line.junk && value + prop->line.value.len == w)
            rv = look_for_nested(r, prop, end);
        if (!prop->nested.len && r->version == CARD_21
            && !item_span_is(prop->line.name, "VERSION"))
            join_loose(r, &w);
    }
    prop->line.value.len = (apr_size_t)(w - value);
    if (!prop->line.junk)
        decode(r, prop, encoding, value);
    return rv;
}

apr_status_t card_read(card_reader_t *r, card_prop_t *prop)
{
    static const char agent[] = "AGENT:";
    const char *from, *next;
    item_span_t line;
    apr_status_t rv;

    do {
        from = r->pos;
        do {
            if (!peek(r, &line, &next))
                return ITEM_EMALFORMED;
            r->pos = next;
        } while (!item_span_trim(line).len);
        if (is_frame(line, "END"))
            return APR_EOF;
        if (++r->count > ITEM_MAX_PROPERTIES)
            return ITEM_ELIMIT;
        memset(&prop->raw, 0, sizeof(*prop) - offsetof(card_prop_t, raw));
        if (is_frame(line, "BEGIN")) {          /* its AGENT is missing */
            cut(prop, agent, agent + sizeof(agent) - 1);
            rv = take_nested(r, line.s, &prop->nested);
        }
        else
            rv = take_property(r, prop, line);
        if (r->version == CARD_21
            && (!card_is_known_name(prop->line.name)
                || (prop->line.group.len
                    && !card_is_known_name(prop->line.group))))
            prop->line.junk = 1;
        if (is_false_frame(&prop->line))
            prop->line.junk = 1;
        if (rv != APR_SUCCESS)
            return rv;
        prop->raw.s = from;
        prop->raw.len = (apr_size_t)(r->pos - from);
    } while (prop->line.junk || !prop->line.name.len
             || (item_span_is(prop->line.name, "VERSION")));
    return APR_SUCCESS;
}
