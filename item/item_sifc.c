/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* SIF-C: see item_card.h for what it does, item_sifc_int.h for how. */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_card_names.h"
#include "item/item_doc.h"
#include "item/item_qp.h"
#include "item/item_sif_field.h"
#include "item/item_sifc_int.h"

static const item_span_t nothing = { "", 0 };

/* SIF's Sensitivity: 0 normal, 1 personal, 2 private, 3 confidential. */
#define PERSONAL  "X-FUNAMBOL-PERSONAL"

static void sifc_init(sifc_t *s, apr_pool_t *p)
{
    s->p = p;
    s->slots = apr_pcalloc(p, sizeof(sifc_slot_t) * (apr_size_t)sifc_count);
    s->kept = apr_array_make(p, 4, sizeof(sifc_kept_t));
}

/** A text as a document can hold it: trimmed, line ends LF, no control
 * characters. @return s NULL: nothing is left */
static item_span_t clean(item_span_t text, int bmp, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    apr_size_t i;

    b.p = p;
    text = item_span_trim(text);
    for (i = 0; i < text.len; i++) {
        char c = text.s[i];

        if (c == '\r' && (i + 1 == text.len || text.s[i + 1] != '\n'))
            c = '\n';
        if ((unsigned char)c >= ' ' || c == '\n' || c == '\t')
            item_buf_putc(&b, c);
    }
    if (bmp && !item_charset_is_ascii(item_buf_span(&b))) {
        item_buf_t less = { NULL, NULL, 0, 0 };

        less.p = p;
        item_charset_out(&less, item_charset_utf8(), item_buf_span(&b), 1);
        b = less;
    }
    text = item_span_trim(item_buf_span(&b));
    if (!text.len)
        text.s = NULL;
    return text;
}

/* The year of Outlook's date that is none. */
#define NO_DATE  "4501"

/** A property that lasts until all are known. */
typedef struct sifc_prop_t {
    item_line_t line;
    item_span_t raw;
    int binary;
} sifc_prop_t;

/* ---- a card as fields ------------------------------------------------------ */

/** 19800203 as 1980-02-03; others as they are.  No document holds control
 * characters: they are none of the date's. */
static void put_date(item_buf_t *b, item_span_t value)
{
    apr_size_t i, digits = 0, from = b->len;

    value = item_span_trim(value);
    for (i = 0; i < value.len && value.s[i] != 'T'; i++) {
        if (value.s[i] == '-' || apr_iscntrl(value.s[i]))
            continue;
        if (!apr_isdigit(value.s[i]) || digits == 8)
            break;
        if (digits == 4 || digits == 6)
            item_buf_putc(b, '-');
        item_buf_putc(b, value.s[i]);
        digits++;
    }
    if (digits == 8 && (i == value.len || value.s[i] == 'T'))
        return;
    b->len = from;
    item_unescape(b, value);
}

/** Words parted by commas; those in them become spaces. */
static void put_words(item_buf_t *b, item_span_t value)
{
    item_span_t word;
    apr_size_t from = b->len, i;

    while (item_value_next(&value, ',', &word)) {
        item_buf_t one = { NULL, NULL, 0, 0 };

        one.p = b->p;
        item_unescape(&one, word);
        for (i = 0; i < one.len; i++)
            if (strchr(",;\n", one.s[i]))
                one.s[i] = ' ';
        word = item_span_trim(item_buf_span(&one));
        if (!word.len)
            continue;
        if (b->len > from)
            item_buf_puts(b, ", ");
        item_buf_add(b, word.s, word.len);
    }
}

static void put_class(item_buf_t *b, const sifc_prop_t *prop)
{
    item_span_t value = item_span_trim(prop->line.value);

    if (item_span_is(value, "PRIVATE"))
        item_buf_puts(b, item_line_param(&prop->line, PERSONAL) ? "1" : "2");
    else if (item_span_is(value, "CONFIDENTIAL"))
        item_buf_puts(b, "3");
}

/** The value of a property for a field. */
static item_span_t field_value(sifc_t *s, const item_form_t *form,
                               const sifc_field_t *f,
                               const sifc_prop_t *prop, item_span_t value)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = s->p;
    switch (f->kind) {
    case SIFC_DATE:
        if (!item_line_param(&prop->line, CARD_OMIT_YEAR))
            put_date(&b, value);
        if (b.len >= 4 && !memcmp(b.s, NO_DATE, 4))
            b.len = 0;
        break;
    case SIFC_LIST:
        put_words(&b, value);
        break;
    case SIFC_CLASS:
        put_class(&b, prop);
        break;
    case SIFC_PHOTO:
        if (prop->binary)
            item_buf_add(&b, value.s, value.len);
        break;
    default:
        item_unescape(&b, value);
    }
    return clean(item_buf_span(&b),
                 (form->habits & ITEM_HABIT_BMP_ONLY) != 0, s->p);
}

/** Give a property its fields. */
static void take_prop(sifc_t *s, const item_form_t *form,
                      const sifc_prop_t *prop)
{
    item_span_t rest = prop->line.value, part;
    int at = sifc_place(s, &prop->line), i;

    if (at < 0)
        return;
    if (sifc_fields[at].part < 0) {
        s->slots[at].value = field_value(s, form, &sifc_fields[at], prop,
                                         rest);
        s->slots[at].raw = prop->raw;
        return;
    }
    for (i = 0; i < sifc_fields[at].parts; i++) {
        s->slots[at + i].raw = prop->raw;
        if (item_value_next(&rest, ';', &part))
            s->slots[at + i].value = field_value(s, form,
                                                 &sifc_fields[at + i], prop,
                                                 part);
    }
}

/** Non-zero for X-FUNAMBOL-Name, unless Name has a field. */
static int is_kept(item_span_t name)
{
    apr_size_t prefix = strlen(ITEM_SIF_KEPT), i;

    if (name.len <= prefix || strncasecmp(name.s, ITEM_SIF_KEPT, prefix))
        return 0;
    name.s += prefix;
    name.len -= prefix;
    for (i = 0; i < name.len && apr_isalnum(name.s[i]); i++)
        ;
    return i == name.len && !apr_isdigit(*name.s) && sifc_find(name) < 0
           && !item_span_is(name, "SIFVersion");
}

static void take_kept(sifc_t *s, const item_form_t *form,
                      const sifc_prop_t *prop)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    sifc_kept_t kept;

    kept.element.s = prop->line.name.s + strlen(ITEM_SIF_KEPT);
    kept.element.len = prop->line.name.len - strlen(ITEM_SIF_KEPT);
    b.p = s->p;
    item_unescape(&b, prop->line.value);
    kept.value = clean(item_buf_span(&b),
                       (form->habits & ITEM_HABIT_BMP_ONLY) != 0, s->p);
    kept.raw = prop->raw;
    if (kept.value.s)
        APR_ARRAY_PUSH(s->kept, sifc_kept_t) = kept;
}

#define RANKS  4

/** Which of a card's properties go first: those that name their field, then
 * preferred ones; last what is of home and work alike, so that who has which
 * field does not hang on the order of lines, which merging may change. */
static int rank_of(const sifc_prop_t *prop)
{
    if (item_line_param(&prop->line, SIFC_FIELD))
        return 0;
    if (card_has_type(&prop->line, "PREF"))
        return 1;
    return card_has_type(&prop->line, "HOME")
           && card_has_type(&prop->line, "WORK") ? 3 : 2;
}

static item_span_t keep(apr_pool_t *p, item_span_t s)
{
    s.s = apr_pstrmemdup(p, s.len ? s.s : "", s.len);
    return s;
}

static void keep_prop(apr_array_header_t *props, const card_prop_t *prop)
{
    sifc_prop_t *copy = apr_array_push(props);
    apr_pool_t *p = props->pool;
    item_param_t *params;
    int i, n = prop->line.nparams;

    memset(copy, 0, sizeof(*copy));
    params = apr_palloc(p, sizeof(*params) * (apr_size_t)(n + 1));
    for (i = 0; i < n; i++) {
        params[i].name = keep(p, prop->params[i].name);
        params[i].value = keep(p, prop->params[i].value);
    }
    copy->line.params = params;
    copy->line.nparams = n;
    copy->line.name = keep(p, prop->line.name);
    copy->line.value = keep(p, prop->line.value);
    copy->raw = prop->raw;
    copy->binary = prop->binary;
}

static void fill_slot(sifc_t *s, const item_form_t *form, int at,
                      item_span_t value)
{
    s->slots[at].value = clean(value,
                               (form->habits & ITEM_HABIT_BMP_ONLY) != 0,
                               s->p);
}

/** A name where only the other one is there: fields 0 to 5. */
static void take_names(sifc_t *s, const item_form_t *form,
                       card_names_t *names)
{
    item_span_t fn = item_buf_span(names->fn.len ? &names->fn
                                                 : &names->other);
    item_span_t rest, part;
    int i, any = 0;

    if (!names->has_fn)
        item_escape(&names->given, fn);
    rest = card_names_n(names);
    for (i = 0; i < sifc_fields[0].parts; i++)
        any |= s->slots[i].value.s != NULL;
    for (i = 0; !any && i < sifc_fields[0].parts; i++) {
        item_buf_t b = { NULL, NULL, 0, 0 };

        b.p = s->p;
        if (!rest.len || !item_value_next(&rest, ';', &part))
            break;
        item_unescape(&b, part);
        fill_slot(s, form, i, item_buf_span(&b));
    }
    if (!names->has_fn)
        fill_slot(s, form, sifc_fields[0].parts, fn);
}

/** Read the card's properties that have fields. */
static apr_status_t read_props(sifc_t *s, const item_form_t *form,
                               item_span_t card, apr_array_header_t *props,
                               card_names_t *names)
{
    card_once_t once;
    card_reader_t r;
    card_prop_t prop;
    card_conv_t c;
    item_form_t full = *form;   /* empty elements are left out elsewhere */
    apr_status_t rv = card_reader_init(&r, card, CARD_30, NULL, s->p);

    if (rv != APR_SUCCESS)
        return rv;
    full.habits &= ~(apr_uint32_t)ITEM_HABIT_NO_EMPTY;
    card_conv_init(&c, &full, 0, s->p);
    c.from = r.version;
    c.to = CARD_30;
    card_once_init(&once, &c, card);
    while ((rv = card_read(&r, &prop)) == APR_SUCCESS) {
        card_conv_next(&c);
        if (prop.nested.len || !card_is_sendable(&c, &prop)
            || card_is_again(&once, &c, &prop))
            continue;
        rv = card_up(&c, &prop);
        if (rv != APR_SUCCESS && rv != APR_EOF)
            return rv;
        if (rv == APR_EOF || !card_habits_out(&c, &prop))
            continue;
        card_names_note(names, &prop);
        if (sifc_knows(prop.line.name) || is_kept(prop.line.name))
            keep_prop(props, &prop);
    }
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

/** A contact of the store as fields. @return APR_SUCCESS, ITEM_E* */
static apr_status_t take_card(sifc_t *s, const item_form_t *form,
                              item_span_t card)
{
    apr_array_header_t *props = apr_array_make(s->p, 32,
                                               sizeof(sifc_prop_t));
    card_names_t names;
    apr_status_t rv;
    int i, rank;

    card_names_init(&names, s->p);
    rv = read_props(s, form, card, props, &names);
    if (rv != APR_SUCCESS)
        return rv;
    for (rank = 0; rank < RANKS; rank++) {
        for (i = 0; i < props->nelts; i++) {
            const sifc_prop_t *one = &APR_ARRAY_IDX(props, i, sifc_prop_t);

            if (rank_of(one) != rank)
                continue;
            if (is_kept(one->line.name))
                take_kept(s, form, one);
            else
                take_prop(s, form, one);
        }
    }
    take_names(s, form, &names);
    return APR_SUCCESS;
}

/* ---- fields as properties -------------------------------------------------- */

static void put_escaped(item_buf_t *b, item_span_t text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        if (text.s[i] == '\\')
            item_buf_putc(b, '\\');
        if (text.s[i] == '\n')
            item_buf_puts(b, "\\n");
        else
            item_buf_putc(b, text.s[i]);
    }
}

static void put_list(item_buf_t *b, item_span_t text)
{
    item_span_t part, word;
    apr_size_t from = b->len;

    while (item_value_next(&text, ',', &part)) {
        while (item_value_next(&part, ';', &word)) {
            word = item_span_trim(word);
            if (!word.len)
                continue;
            if (b->len > from)
                item_buf_putc(b, ',');
            put_escaped(b, word);
        }
    }
}

static const char *photo_type(item_span_t letters)
{
    static const struct {
        const char *begins, *type;
    } types[] = {
        { "/9j/", "JPEG" }, { "iVBOR", "PNG" }, { "R0lG", "GIF" },
        { "Qk", "BMP" }
    };
    unsigned i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        apr_size_t n = strlen(types[i].begins);

        if (letters.len >= n && !memcmp(letters.s, types[i].begins, n))
            return types[i].type;
    }
    return NULL;
}

/** The one value of a field into c->tmp, with what depends on it. */
static void put_value(card_conv_t *c, card_prop_t *prop,
                      const sifc_field_t *f, item_span_t value)
{
    apr_size_t from = c->tmp.len;

    switch (f->kind) {
    case SIFC_LIST:
        put_list(&c->tmp, value);
        break;
    case SIFC_CLASS:
        if (item_span_is(value, "1"))
            card_param_set(prop, PERSONAL, "1");
        item_buf_puts(&c->tmp, item_span_is(value, "1")
                               || item_span_is(value, "2") ? "PRIVATE"
                               : item_span_is(value, "3") ? "CONFIDENTIAL"
                               : "");
        break;
    case SIFC_PHOTO:
        item_buf_add(&c->tmp, value.s, value.len);
        if (value.len)
            c->tmp.len = from + item_base64_letters(c->tmp.s + from,
                                                    value.len);
        prop->binary = 1;
        if (photo_type(value))
            card_param_set(prop, "TYPE", photo_type(value));
        break;
    case SIFC_DATE:
        if (value.len >= 4 && !memcmp(value.s, NO_DATE, 4))
            break;
        /* fall through */
    case SIFC_URI:
    case SIFC_RAW:
        put_escaped(&c->tmp, value);
        break;
    default:
        item_escape(&c->tmp, value);
    }
}

/** The property that a group of fields makes. @return 0: none */
static int make_prop(card_conv_t *c, card_prop_t *prop, const sifc_t *s,
                     int first)
{
    const sifc_field_t *f = &sifc_fields[first];
    apr_size_t from;
    int i, any = 0;

    memset(&prop->line, 0, sizeof(prop->line));
    memset(&prop->raw, 0, sizeof(*prop) - offsetof(card_prop_t, raw));
    prop->line.params = prop->params;
    card_name_set(prop, f->name);
    if (f->types)
        card_param_set(prop, "TYPE", f->types);
    if (f->marked)
        card_param_set(prop, SIFC_FIELD, f->element);
    card_conv_next(c);
    from = c->tmp.len;
    for (i = first; i < first + f->parts; i++) {
        any |= s->slots[i].value.s != NULL;
        if (i > first)
            item_buf_putc(&c->tmp, ';');
        if (s->slots[i].value.s && f->part < 0)
            put_value(c, prop, f, s->slots[i].value);
        else if (s->slots[i].value.s)
            item_escape(&c->tmp, s->slots[i].value);
    }
    card_value_set(c, prop, from);
    return any && prop->line.value.len;
}

/** Fields as lines of the store: into a card, or with their own into what
 * the device is known to have.
 * @param like  NULL allowed where there is a card @param b  NULL: no card */
static void put_lines(item_buf_t *b, card_like_t *like, card_conv_t *c,
                      const sifc_t *s, card_names_t *names)
{
    card_prop_t prop;
    int i;

    for (i = 0; i < sifc_count; i++) {
        if (!sifc_fields[i].parts || !make_prop(c, &prop, s, i))
            continue;
        card_names_note(names, &prop);
        card_habits_in(c, &prop);
        card_down(c, &prop);
        card_line(c, &prop);
        if (b)
            card_like_put(b, like, item_buf_span(&c->line), i);
        else
            card_like_add(like, item_buf_span(&c->line), s->slots[i].raw, i);
    }
    for (i = 0; i < s->kept->nelts; i++) {
        const sifc_kept_t *kept = &APR_ARRAY_IDX(s->kept, i, sifc_kept_t);

        card_conv_next(c);
        item_buf_puts(&c->line, ITEM_SIF_KEPT);
        item_buf_add(&c->line, kept->element.s, kept->element.len);
        item_buf_putc(&c->line, ':');
        item_escape(&c->line, kept->value);
        if (b)
            card_like_put(b, like, item_buf_span(&c->line), -1);
        else
            card_like_add(like, item_buf_span(&c->line), kept->raw, -1);
    }
}

/* ---- documents -------------------------------------------------------------- */

static apr_status_t take_document(sifc_t *s, item_span_t text)
{
    const item_xml_t *e;
    item_xml_t *root;
    apr_status_t rv;
    apr_size_t i;
    int at;

    rv = item_xml_read(&root, text.s, text.len, s->p);
    if (rv != APR_SUCCESS)
        return rv;
    if (!item_sif_is(root, "contact"))
        return ITEM_ETYPE;
    for (e = root->first; e; e = e->next) {
        item_span_t name, value;
        sifc_kept_t kept;

        name.s = e->name;
        name.len = strlen(e->name);
        value.s = e->text;
        value.len = e->len;
        value = clean(value, 0, s->p);
        if (e->first || !value.s || item_span_is(name, "SIFVersion"))
            continue;
        at = sifc_find(name);
        if (at >= 0) {
            s->slots[at].value = value;
            continue;
        }
        for (i = 0; i < name.len && apr_isalnum(name.s[i]); i++)
            ;
        if (item_span_is(name, "Folder")
            && item_span_is(value, "DEFAULT_FOLDER"))
            continue;           /* where all of them are */
        if (i < name.len || apr_isdigit(*name.s))
            continue;
        kept.element = name;
        kept.value = value;
        kept.raw = nothing;
        APR_ARRAY_PUSH(s->kept, sifc_kept_t) = kept;
    }
    return APR_SUCCESS;
}

static item_span_t span_of(const item_text_t *text)
{
    item_span_t span;

    span.s = text->data ? text->data : "";
    span.len = text->len;
    return span;
}

/** What the device has of the store's card. */
static card_like_t *make_like(const item_form_t *form, item_span_t card,
                              int *version, card_names_t *names,
                              apr_pool_t *p)
{
    card_like_t *like;
    card_conv_t c;
    sifc_t s;

    sifc_init(&s, p);
    *version = card_version_of(card, CARD_30, p);
    if (!*version || *version == CARD_21
        || take_card(&s, form, card) != APR_SUCCESS) {
        *version = 0;
        return NULL;
    }
    like = card_like_make((card_version_e)*version, form, p);
    card_conv_init(&c, form, 0, p);
    c.from = CARD_30;
    c.to = (card_version_e)*version;
    put_lines(NULL, like, &c, &s, names);
    return like;
}

apr_status_t item_sifc_import(const item_form_t *form, const item_text_t *in,
                              const item_text_t *like, item_text_t *out,
                              apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    card_like_t *table = NULL;
    card_names_t names, was;
    card_conv_t c;
    int version = 0;
    apr_status_t rv;
    sifc_t s;

    memset(out, 0, sizeof(*out));
    sifc_init(&s, p);
    rv = take_document(&s, span_of(in));
    if (rv != APR_SUCCESS)
        return rv;
    card_names_init(&was, p);
    if (like)
        table = make_like(form, span_of(like), &version, &was, p);
    b.p = p;
    card_conv_init(&c, form, 0, p);
    c.from = CARD_30;
    c.to = (card_version_e)(version ? version : CARD_30);
    card_names_init(&names, p);
    card_begin(&b, c.to);
    put_lines(&b, table, &c, &s, &names);
    if (!table)
        card_put_fn(&b, &c, &names);
    else if (card_form_has_n(form) && was.has_n && !names.has_n
             && card_names_differ(&was, &names))
        item_buf_puts(&b, CARD_EMPTY_N);
    item_buf_puts(&b, "END:VCARD\r\n");
    out->data = b.s;
    out->len = b.len;
    return APR_SUCCESS;
}

apr_status_t item_sifc_export(const item_form_t *form, const item_text_t *in,
                              item_text_t *out, apr_pool_t *p)
{
    static const item_span_t sif_version = { "1.0", 3 };
    item_buf_t b = { NULL, NULL, 0, 0 };
    int i, empty = !(form->habits & ITEM_HABIT_NO_EMPTY);
    apr_status_t rv;
    sifc_t s;

    memset(out, 0, sizeof(*out));
    sifc_init(&s, p);
    rv = take_card(&s, form, span_of(in));
    if (rv != APR_SUCCESS)
        return rv;
    b.p = p;
    item_xml_begin(&b);
    item_xml_open(&b, "contact");
    item_xml_put(&b, "SIFVersion", sif_version);
    /* An element that is missing changes nothing on the device: what has
     * been removed must be there and empty. */
    for (i = 0; i < sifc_count; i++) {
        if (s.slots[i].value.s)
            item_xml_put(&b, sifc_fields[i].element, s.slots[i].value);
        else if (empty)
            item_xml_put(&b, sifc_fields[i].element, nothing);
    }
    for (i = 0; i < s.kept->nelts; i++) {
        const sifc_kept_t *kept = &APR_ARRAY_IDX(s.kept, i, sifc_kept_t);

        item_xml_put(&b, apr_pstrmemdup(p, kept->element.s,
                                        kept->element.len), kept->value);
    }
    item_xml_close(&b, "contact");
    out->data = b.s;
    out->len = b.len;
    return APR_SUCCESS;
}
