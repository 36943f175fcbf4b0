/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Whole cards, there and back: see item_card.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_card_int.h"
#include "item/item_doc.h"

/* What most properties need; more is found as they come. */
#define ROOM  1024

/** An empty text with room for as many octets. */
static item_buf_t buf_for(apr_size_t size, apr_pool_t *p)
{
    item_buf_t b;

    b.p = p;
    b.len = 0;
    b.size = size;
    b.s = apr_palloc(p, size);
    return b;
}

/** What a card may become in another form, roughly. */
static apr_size_t size_for(item_span_t card)
{
    return card.len + card.len / 8 + ROOM;
}

static item_span_t span_of(const item_text_t *text)
{
    item_span_t span;

    span.s = text->data ? text->data : "";
    span.len = text->len;
    return span;
}

static const char *version_text(int version)
{
    return version == CARD_21 ? "2.1" : version == CARD_30 ? "3.0" : "4.0";
}

/** The version that a form is of; 0: none. */
static int form_version(const item_form_t *form)
{
    switch (form->format) {
    case ITEM_FORMAT_VCARD21: return CARD_21;
    case ITEM_FORMAT_VCARD30: return CARD_30;
    case ITEM_FORMAT_VCARD40: return CARD_40;
    default:                  return 0;
    }
}

/** The form's characters; NULL: it names none. */
static const item_charset_t *form_charset(const item_form_t *form)
{
    item_span_t name;

    if (!form->charset)
        return NULL;
    name.s = form->charset;
    name.len = strlen(form->charset);
    return item_charset_find(name);
}

void card_conv_init(card_conv_t *c, const item_form_t *form, int depth,
                    apr_pool_t *p)
{
    memset(c, 0, sizeof(*c));
    c->p = p;
    c->form = form;
    c->charset = form_charset(form);
    if (!c->charset)
        c->charset = item_charset_utf8();
    c->depth = depth;
    c->tmp.p = c->line.p = p;
    c->tmp.size = c->line.size = ROOM;
    c->tmp.s = apr_palloc(p, ROOM);
    c->line.s = apr_palloc(p, ROOM);
}

void card_begin(item_buf_t *b, int version)
{
    item_buf_puts(b, "BEGIN:VCARD\r\nVERSION:");
    item_buf_puts(b, version_text(version));
    item_buf_puts(b, "\r\n");
}

/* ---- for a device ------------------------------------------------------ */

static void note_cut(apr_array_header_t *cuts, apr_size_t at, item_span_t raw)
{
    card_cut_t *cut;

    if (!cuts)
        return;
    cut = apr_array_push(cuts);
    cut->at = at;
    cut->raw = raw;
    cut->came = 0;
}

/** Leave out parameters that a reader would stumble over. */
static void drop_odd_params(card_prop_t *prop)
{
    int i, n = 0;

    for (i = 0; i < prop->line.nparams; i++)
        if ((!prop->params[i].name.len
             || card_is_known_name(prop->params[i].name))
            && card_is_quoted_well(prop->params[i].value))
            prop->params[n++] = prop->params[i];
    prop->line.nparams = n;
}

/** A property in the device's version, appended. @return APR_EOF: it cannot
 * be said */
static apr_status_t put_prop(item_buf_t *b, card_conv_t *c,
                             card_prop_t *prop)
{
    if (!card_habits_out(c, prop))
        return APR_EOF;
    drop_odd_params(prop);
    if (c->to == CARD_21)
        return card_write_21(b, c, prop);
    if (c->from != c->to && !card_down(c, prop))
        return APR_EOF;
    if (card_is_open(prop->line.name, prop->line.value))
        return APR_EOF;
    card_line(c, prop);
    card_write_line(b, c);
    return APR_SUCCESS;
}

/** A property that was made up. */
static apr_status_t put_made(item_buf_t *b, card_conv_t *c, const char *name,
                             item_span_t value, apr_array_header_t *cuts)
{
    static const item_span_t none = { "", 0 };
    card_prop_t prop;
    apr_status_t rv;

    memset(&prop, 0, sizeof(prop));
    prop.line.params = prop.params;
    prop.line.value = value;
    card_name_set(&prop, name);
    c->line.len = 0;
    note_cut(cuts, b->len, none);
    rv = put_prop(b, c, &prop);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

/** N and FN, where one of them is missing. */
static apr_status_t put_names(item_buf_t *b, card_conv_t *c,
                              card_names_t *names, apr_array_header_t *cuts)
{
    apr_status_t rv = APR_SUCCESS;
    item_span_t fn = item_buf_span(names->fn.len ? &names->fn
                                                 : &names->other), n;

    card_conv_next(c);
    if (!names->has_fn && fn.len) {
        item_escape(&names->given, fn);
        rv = put_made(b, c, "FN", item_buf_span(&names->given), cuts);
    }
    n = card_names_n(names);
    if (rv == APR_SUCCESS && !names->has_n && n.len && c->to != CARD_40)
        rv = put_made(b, c, "N", n, cuts);
    return rv;
}

/** A text in those characters only that the device has. */
static void reduce_text(card_conv_t *c, item_span_t *text)
{
    int bmp = (c->form->habits & ITEM_HABIT_BMP_ONLY) != 0;
    apr_size_t from = c->tmp.len;
    item_span_t out;

    if (item_charset_is_ascii(*text))
        return;
    item_charset_out(&c->tmp, c->charset, *text, bmp);
    if (c->charset->how != ITEM_CHARSET_UTF8) {
        out = card_since(&c->tmp, from);
        from = c->tmp.len;
        item_charset_in(&c->tmp, c->charset, out);
    }
    *text = card_since(&c->tmp, from);
}

/** Before anything else is looked at, so that what is made of a value does
 * not depend on characters that are lost. */
static void reduce(card_conv_t *c, card_prop_t *prop)
{
    int i;

    if (c->charset->how == ITEM_CHARSET_UTF8
        && !(c->form->habits & ITEM_HABIT_BMP_ONLY))
        return;
    reduce_text(c, &prop->line.value);
    for (i = 0; i < prop->line.nparams; i++)
        reduce_text(c, &prop->params[i].value);
}

/** Non-zero for a date in a calendar that only 4.0 can name. */
static int is_of_other_calendar(const card_conv_t *c, const card_prop_t *prop)
{
    item_span_t calendar = item_line_value(&prop->line, "CALSCALE");

    return c->from == CARD_40 && c->to != CARD_40 && calendar.len
           && !item_span_is(calendar, "gregorian");
}

int card_is_sendable(const card_conv_t *c, const card_prop_t *prop)
{
    return card_is_known_name(prop->line.name)
           && (!prop->line.group.len || card_is_known_name(prop->line.group))
           && (c->from == c->to || !card_no_name(prop))
           && !is_of_other_calendar(c, prop);
}

/** Non-zero if an ENCODING or CHARSET holds what may be dropped for a device,
 * which would leave another word, perhaps one that counts. */
static int is_broken_coding(const item_param_t *param)
{
    apr_size_t i = 0;

    if (!item_span_is(param->name, "ENCODING")
        && !item_span_is(param->name, "CHARSET"))
        return 0;
    while (i < param->value.len && param->value.s[i] >= ' '
           && param->value.s[i] < 0x7f)
        i++;
    return i < param->value.len;
}

static void drop_broken_codings(card_prop_t *prop)
{
    int i, n = 0;

    for (i = 0; i < prop->line.nparams; i++)
        if (!is_broken_coding(&prop->params[i]))
            prop->params[n++] = prop->params[i];
    prop->line.nparams = n;
}

static apr_status_t export_props(item_buf_t *b, card_conv_t *c,
                                 card_reader_t *r, card_once_t *once,
                                 apr_array_header_t *cuts)
{
    card_names_t names;
    card_prop_t prop;
    apr_status_t rv;

    card_names_init(&names, c->p);
    while ((rv = card_read(r, &prop)) == APR_SUCCESS) {
        apr_size_t at = b->len;

        card_conv_next(c);
        drop_broken_codings(&prop);
        reduce(c, &prop);
        if (!card_is_sendable(c, &prop) || card_is_again(once, c, &prop))
            continue;
        rv = prop.nested.len || c->from != c->to || c->from == CARD_30
             ? card_up(c, &prop) : APR_SUCCESS;
        if (rv == APR_SUCCESS) {
            card_names_note(&names, &prop);
            rv = put_prop(b, c, &prop);
        }
        if (rv == APR_SUCCESS)
            note_cut(cuts, at, prop.raw);
        else if (rv != APR_EOF)
            return rv;
    }
    if (rv == APR_EOF && !c->depth && c->from != c->to)
        return put_names(b, c, &names, cuts);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

apr_status_t card_export(item_buf_t *b, const item_form_t *form,
                         item_span_t in, apr_array_header_t *cuts, int depth,
                         apr_pool_t *p)
{
    card_once_t once;
    card_reader_t r;
    card_conv_t c;
    apr_status_t rv;

    if (depth > ITEM_CARD_MAX_DEPTH)
        return ITEM_ELIMIT;
    rv = card_reader_init(&r, in, CARD_30, NULL, p);
    if (rv != APR_SUCCESS)
        return rv;
    card_conv_init(&c, form, depth, p);
    c.from = r.version;
    c.to = (card_version_e)form_version(form);
    if (!c.to)
        c.to = c.from;
    card_once_init(&once, &c, in);
    card_begin(b, c.to);
    rv = export_props(b, &c, &r, &once, cuts);
    item_buf_puts(b, "END:VCARD\r\n");
    return rv;
}

void card_put_fn(item_buf_t *b, card_conv_t *c, const card_names_t *names)
{
    item_span_t fn = item_buf_span(names->fn.len ? &names->fn
                                                 : &names->other);

    if (names->has_fn || !fn.len)
        return;
    card_conv_next(c);
    item_buf_puts(&c->line, "FN:");
    item_escape(&c->line, fn);
    item_fold_add(b, item_buf_span(&c->line), "\r\n");
}

/* ---- for the store ----------------------------------------------------- */

apr_status_t card_import_prop(card_conv_t *c, card_prop_t *prop)
{
    apr_status_t rv = APR_SUCCESS;

    card_conv_next(c);
    if (prop->nested.len || c->from != c->to)
        rv = card_up(c, prop);
    if (rv != APR_SUCCESS)
        return rv;
    if (c->from != c->to && card_no_name(prop))
        return APR_EOF;
    card_habits_in(c, prop);
    if (c->from != c->to)
        card_down(c, prop);
    if (card_is_open(prop->line.name, prop->line.value))
        return APR_EOF;
    card_line(c, prop);
    return APR_SUCCESS;
}

/** @param made  an FN may be made up */
static apr_status_t import_props(item_buf_t *b, card_conv_t *c,
                                 card_reader_t *r, int made)
{
    card_names_t names;
    card_prop_t prop;
    apr_status_t rv;

    card_names_init(&names, c->p);
    while ((rv = card_read(r, &prop)) == APR_SUCCESS) {
        rv = card_import_prop(c, &prop);
        if (rv == APR_EOF)
            continue;
        if (rv != APR_SUCCESS)
            return rv;
        card_names_note(&names, &prop);
        item_fold_add(b, item_buf_span(&c->line), "\r\n");
    }
    if (rv != APR_EOF)
        return rv;
    if (made && !c->depth && c->from != c->to)
        card_put_fn(b, c, &names);
    return APR_SUCCESS;
}

apr_status_t card_import_begin(card_conv_t *c, card_reader_t *r,
                               const item_form_t *form, item_span_t in,
                               int to, int depth, apr_pool_t *p)
{
    int none = form_version(form);
    apr_status_t rv;

    if (depth > ITEM_CARD_MAX_DEPTH)
        return ITEM_ELIMIT;
    rv = card_reader_init(r, in, (card_version_e)(none ? none : CARD_21),
                          form_charset(form), p);
    if (rv != APR_SUCCESS)
        return rv;
    card_conv_init(c, form, depth, p);
    c->from = r->version;
    c->to = (card_version_e)(to ? to : c->from == CARD_40 ? CARD_40
                                                          : CARD_30);
    return APR_SUCCESS;
}

static apr_status_t import_alone(item_buf_t *b, const item_form_t *form,
                                 item_span_t in, int to, int depth, int made,
                                 apr_pool_t *p)
{
    card_reader_t r;
    card_conv_t c;
    apr_status_t rv;

    rv = card_import_begin(&c, &r, form, in, to, depth, p);
    if (rv != APR_SUCCESS)
        return rv;
    card_begin(b, c.to);
    rv = import_props(b, &c, &r, made);
    item_buf_puts(b, "END:VCARD\r\n");
    return rv;
}

apr_status_t card_import(item_buf_t *b, const item_form_t *form,
                         item_span_t in, int to, int depth, apr_pool_t *p)
{
    return import_alone(b, form, in, to, depth, 1, p);
}

/* ---- the way of most: nothing to do ------------------------------------ */

int card_has_word(item_span_t text, const char *word)
{
    apr_size_t n = strlen(word), left;
    const char *s = text.s, *end = s + text.len, *next[2] = { s, s };
    const char first[2] = { (char)apr_tolower(*word), *word };
    int i;

    for (; (apr_size_t)(end - s) >= n; s++) {
        left = (apr_size_t)(end - s) - n + 1;
        /* Only once it is behind: the other may be rare, or not there. */
        for (i = 0; i < 2; i++)
            if (next[i] && next[i] <= s)
                next[i] = memchr(s, first[i], left);
        if (!next[0] && !next[1])
            return 0;
        s = next[0] && (!next[1] || next[0] < next[1]) ? next[0] : next[1];
        if (!strncasecmp(s, word, n))
            return 1;
    }
    return 0;
}

/** Non-zero if a line behind the first ends in BEGIN:VCARD. */
static int has_nested(item_span_t text)
{
    static const char begin[] = "BEGIN:VCARD";
    const apr_size_t n = sizeof(begin) - 1;
    const char *s = text.s, *end = s + text.len, *lf, *last;
    int found = 0;

    for (; found < 2 && s < end; s = lf + 1) {
        lf = memchr(s, '\n', (apr_size_t)(end - s));
        if (!lf)
            lf = end;
        for (last = lf; last > s && (unsigned char)last[-1] <= ' '; last--)
            ;
        found += (apr_size_t)(last - s) >= n
                 && !strncasecmp(last - n, begin, n);
    }
    return found > 1;
}

/** Non-zero if values say that they are not written as those of the store are.
 * (Octets that are no UTF-8 and do not say what they are stay as they are.) */
static int has_codes(item_span_t text)
{
    return card_has_word(text, "QUOTED") || card_has_word(text, "CHARSET");
}

int item_card_is_encoded(const char *data, apr_size_t len)
{
    item_span_t text = { data, len };

    return has_codes(text) || has_nested(text);
}

int item_card_has_data(const char *data, apr_size_t len)
{
    const char *s = data, *end = data + len;

    while (end - s > 5
           && (s = memchr(s, ':', (apr_size_t)(end - s) - 5)) != NULL) {
        s++;
        while (end - s > 5 && strchr("\r\n\t ", *s))
            s++;                /* folded there */
        if (end - s >= 5 && !strncasecmp(s, "data:", 5))
            return 1;
    }
    return 0;
}

#define CHANGING  (ITEM_HABIT_EMAIL_INTERNET | ITEM_HABIT_CATEGORY_X \
                   | ITEM_HABIT_NO_FOLD | ITEM_HABIT_NO_EMPTY \
                   | ITEM_HABIT_DATE_1980)

/** Non-zero if a device may say things of the store's text twice. */
static int has_twins(const item_form_t *form, item_span_t text)
{
    static const char *const words[] = {
        "X-EVOLUTION-", "X-SPOUSE", "X-MANAGER", "X-GENDER", "ANNIVERSARY",
        "X-ASSISTANT", "PRODID", NULL
    };
    int i = 0;

    if (!(form->habits & ITEM_HABIT_X_TWINS))
        return 0;
    while (words[i] && !card_has_word(text, words[i]))
        i++;
    return words[i] != NULL;
}

/** Non-zero if a device has a text of the store as the store has it. */
static int is_same(const item_form_t *form, item_span_t text, int version)
{
    int to = form_version(form);

    if (version == CARD_21 || (to && to != version) || form->charset
        || (form->habits & CHANGING) || item_is_folded_early(text)
        || (to == CARD_30 && card_has_names(text))
        || (version == CARD_30 && item_card_has_data(text.s, text.len)))
        return 0;
    if (item_charset_is_ascii(text))
        return 1;
    return !(form->habits & ITEM_HABIT_BMP_ONLY) && item_charset_is_utf8(text);
}

int card_version_of(item_span_t text, int none, apr_pool_t *p)
{
    card_reader_t r;

    if (card_reader_init(&r, text, (card_version_e)none, NULL, p)
        != APR_SUCCESS)
        return 0;
    return r.version;
}

/** The store's card without what the device has not got of it. */
static void put_known(item_buf_t *b, const apr_array_header_t *cuts,
                      int version)
{
    int i;

    card_begin(b, version);
    for (i = 0; i < cuts->nelts; i++)
        item_raw_add(b, APR_ARRAY_IDX(cuts, i, card_cut_t).raw, "\r\n");
    item_buf_puts(b, "END:VCARD\r\n");
}

/** Import beside the store's card. */
static apr_status_t import_like(item_buf_t *b, const item_form_t *form,
                                item_span_t in, item_span_t card,
                                apr_pool_t *p)
{
    apr_array_header_t *cuts = apr_array_make(p, 32, sizeof(card_cut_t));
    item_buf_t device = buf_for(size_for(card), p);
    int version = card_version_of(card, CARD_30, p);

    if (!version || version == CARD_21
        || card_export(&device, form, card, cuts, 0, p) != APR_SUCCESS)
        return import_alone(b, form, in, 0, 0, 0, p);   /* it has a name */
    if (in.len == device.len && !memcmp(in.s, device.s, in.len)) {
        put_known(b, cuts, version);    /* just what it was given */
        return APR_SUCCESS;
    }
    return card_import_beside(b, form, in, item_buf_span(&device),
                              form_version(form) ? form_version(form)
                                                 : version, cuts, version,
                              p);
}

apr_status_t item_card_import(const item_form_t *form, const item_text_t *in,
                              const item_text_t *like, item_text_t *out,
                              apr_pool_t *p)
{
    item_span_t text = span_of(in);
    item_buf_t b;
    int version, twins, as_it_is;
    apr_status_t rv;

    version = card_version_of(text, form_version(form) == CARD_21 ? CARD_21
                                                             : CARD_30, p);
    twins = like && has_twins(form, text);
    as_it_is = version && is_same(form, text, version)
        && !item_format_is_unsaid(text.s, text.len)
        && !(text.len && memchr(text.s, '\0', text.len)) && !has_codes(text)
        && (!like || (card_version_of(span_of(like), CARD_30, p) == version
                      && is_same(form, span_of(like), version)));
    *out = *in;
    if (!as_it_is || has_nested(text)) {
        b = buf_for(size_for(text), p);
        rv = like ? import_like(&b, form, text, span_of(like), p)
                  : card_import(&b, form, text, 0, 0, p);
        if (rv == APR_SUCCESS) {
            out->data = b.s;
            out->len = b.len;
        }
        else if (!as_it_is) {
            memset(out, 0, sizeof(*out));
            return rv;
        }
        /* Else one that is cut off in another: whoever reads it will say. */
    }
    if (twins)
        card_untwin(out, span_of(like), p);
    return APR_SUCCESS;
}

apr_status_t item_card_export(const item_form_t *form, const item_text_t *in,
                              item_text_t *out, apr_pool_t *p)
{
    item_span_t text = span_of(in);
    item_buf_t b;
    apr_status_t rv;
    int version;

    memset(out, 0, sizeof(*out));
    b = buf_for(size_for(text), p);
    version = card_version_of(text, CARD_30, p);
    if (version && is_same(form, text, version)) {
        *out = *in;
        return APR_SUCCESS;
    }
    rv = card_export(&b, form, text, NULL, 0, p);
    if (rv == APR_SUCCESS) {
        out->data = b.s;
        out->len = b.len;
    }
    return rv;
}

/** Non-zero if one of what the device was sent is no line of the store's. */
static int has_made(const apr_array_header_t *cuts)
{
    int i = 0;

    while (i < cuts->nelts && APR_ARRAY_IDX(cuts, i, card_cut_t).raw.len)
        i++;
    return i < cuts->nelts;
}

apr_status_t item_card_echo(const item_form_t *form, const item_text_t *in,
                            const item_text_t *like, item_text_t *out,
                            apr_pool_t *p)
{
    apr_array_header_t *cuts = apr_array_make(p, 32, sizeof(card_cut_t));
    item_span_t text = span_of(in);
    item_buf_t device = buf_for(size_for(text), p), b;
    int version = card_version_of(text, CARD_30, p);
    item_text_t sent;
    apr_status_t rv;

    *out = *in;
    if (version && is_same(form, text, version))
        return APR_SUCCESS;
    memset(out, 0, sizeof(*out));
    rv = card_export(&device, form, text, cuts, 0, p);
    if (rv != APR_SUCCESS)
        return rv;
    /* A name that was made for a part may be another than for the whole, and
     * then comes back as the device's own. */
    if (version == CARD_21 || has_made(cuts)) {
        sent.data = device.s;
        sent.len = device.len;
        return item_card_import(form, &sent, like, out, p);
    }
    b = buf_for(size_for(text), p);
    put_known(&b, cuts, version);
    out->data = b.s;
    out->len = b.len;
    return APR_SUCCESS;
}
