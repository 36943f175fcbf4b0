/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Which formats there are, what a text is written in, and who turns it into
 * what: see item_form.h.
 */
#include "item/item_card.h"
#include "item/item_note.h"
#include "item/item_sif.h"
#include "item/item_vcal.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* By item_format_e. */
static const struct {
    const char *name, *type, *version;
    item_kind_e kind;
} formats[] = {
    { "as-is", NULL, "", ITEM_TEXT },
    { "vcard21", "text/x-vcard", "2.1", ITEM_VCARD30 },
    { "vcard30", "text/vcard", "3.0", ITEM_VCARD30 },
    { "vcard40", "text/vcard", "4.0", ITEM_VCARD30 },
    { "vcal10", "text/x-vcalendar", "1.0", ITEM_VEVENT },
    { "ical20", "text/calendar", "2.0", ITEM_VEVENT },
    { "sifc", "text/x-s4j-sifc", "1.0", ITEM_VCARD30 },
    { "sife", "text/x-s4j-sife", "1.0", ITEM_VEVENT },
    { "sift", "text/x-s4j-sift", "1.0", ITEM_VTODO },
    { "sifn", "text/x-s4j-sifn", "1.0", ITEM_TEXT },
    { "vnote", "text/x-vnote", "1.1", ITEM_TEXT },
    { "text", "text/plain", "", ITEM_TEXT }
};
#define FORMATS (sizeof(formats) / sizeof(formats[0]))

const char *item_format_type(item_format_e format)
{
    return formats[format].type;
}

const char *item_format_version(item_format_e format)
{
    return formats[format].version;
}

const char *item_format_name(item_format_e format)
{
    return formats[format].name;
}

item_format_e item_format_named(const char *name)
{
    unsigned i;

    for (i = 1; i < FORMATS; i++) {
        if (strcasecmp(name, formats[i].name) == 0)
            return (item_format_e)i;
    }
    return ITEM_FORMAT_AS_IS;
}

int item_format_holds(item_format_e format, item_kind_e kind)
{
    if (kind == ITEM_VJOURNAL)
        kind = ITEM_TEXT;       /* a note is a note */
    if (format == ITEM_FORMAT_VCAL10 || format == ITEM_FORMAT_ICAL20)
        return kind == ITEM_VEVENT || kind == ITEM_VTODO
               || (kind == ITEM_TEXT && format == ITEM_FORMAT_ICAL20);
    return format != ITEM_FORMAT_AS_IS && formats[format].kind == kind;
}

/* ---- types and texts ----------------------------------------------------- */

/** The media type that a type with parameters names. */
static int type_is(const char *type, const char *name)
{
    apr_size_t n = strlen(name);

    while (apr_isspace(*type))
        type++;
    return strncasecmp(type, name, n) == 0
           && (type[n] == '\0' || type[n] == ';' || apr_isspace(type[n]));
}

item_format_e item_format_parse(const char *type, const char *version)
{
    unsigned i;

    if (type == NULL)
        return ITEM_FORMAT_AS_IS;
    if (version != NULL && *version == '\0')
        version = NULL;
    if (type_is(type, "text/x-vcard") || type_is(type, "text/vcard")) {
        for (i = ITEM_FORMAT_VCARD21; version && i <= ITEM_FORMAT_VCARD40; i++)
            if (strcmp(version, formats[i].version) == 0)
                return (item_format_e)i;
        if (version != NULL)
            return ITEM_FORMAT_AS_IS;
    }
    if (type_is(type, "text/x-vcalendar") || type_is(type, "text/calendar")) {
        for (i = ITEM_FORMAT_VCAL10; version && i <= ITEM_FORMAT_ICAL20; i++)
            if (strcmp(version, formats[i].version) == 0)
                return (item_format_e)i;
        if (version != NULL)
            return ITEM_FORMAT_AS_IS;
    }
    for (i = 1; i < FORMATS; i++) {
        if (type_is(type, formats[i].type))
            return (item_format_e)i;
    }
    return ITEM_FORMAT_AS_IS;
}

typedef struct text_t {
    const char *s, *end;
} text_t;

static void skip_space(text_t *t)
{
    if (t->end - t->s >= 3 && memcmp(t->s, "\xef\xbb\xbf", 3) == 0)
        t->s += 3;
    while (t->s < t->end && apr_isspace(*t->s))
        t->s++;
}

/** A line of that name, at its beginning; steps over name and colon. */
static int at_name(text_t *t, const char *name)
{
    apr_size_t n = strlen(name);
    const char *c = t->s + n;

    if ((apr_size_t)(t->end - t->s) <= n || strncasecmp(t->s, name, n) != 0)
        return 0;
    while (c < t->end && (*c == ' ' || *c == '\t'))
        c++;
    if (c == t->end || *c != ':')
        return 0;
    t->s = c + 1;
    return 1;
}

/** Non-zero if the text goes on with that word, alone on its line. */
static int at_word(const text_t *t, const char *word)
{
    const char *c = t->s;
    apr_size_t n = strlen(word);

    while (c < t->end && (*c == ' ' || *c == '\t'))
        c++;
    if ((apr_size_t)(t->end - c) < n || strncasecmp(c, word, n) != 0)
        return 0;
    c += n;
    return c == t->end || apr_isspace(*c);
}

static int next_line(text_t *t)
{
    while (t->s < t->end && *t->s != '\n' && *t->s != '\r')
        t->s++;
    while (t->s < t->end && (*t->s == '\n' || *t->s == '\r'))
        t->s++;
    return t->s < t->end;
}

/** The format among two or three that its VERSION names. */
static item_format_e by_version(text_t t, item_format_e from,
                                item_format_e to, item_format_e none)
{
    unsigned i;

    while (next_line(&t)) {
        text_t at = t;

        if (!at_name(&at, "VERSION"))
            continue;
        for (i = from; i <= (unsigned)to; i++)
            if (at_word(&at, formats[i].version))
                return (item_format_e)i;
        return none;
    }
    return none;
}

/** The first element of an XML document, past what may stand before it. */
static int root_is(text_t t, const char *name)
{
    apr_size_t n = strlen(name);

    for (;;) {
        skip_space(&t);
        if (t.end - t.s < 2 || *t.s != '<')
            return 0;
        if (t.s[1] != '?' && t.s[1] != '!')
            break;
        while (t.s < t.end && *t.s != '>')
            t.s++;
        t.s += t.s < t.end;
    }
    t.s++;
    return (apr_size_t)(t.end - t.s) > n && strncasecmp(t.s, name, n) == 0
           && (apr_isspace(t.s[n]) || t.s[n] == '>' || t.s[n] == '/');
}

static item_format_e by_root(text_t t, item_format_e said)
{
    static const struct {
        const char *root;
        item_format_e format;
    } roots[] = {
        { "contact", ITEM_FORMAT_SIFC }, { "appointment", ITEM_FORMAT_SIFE },
        { "task", ITEM_FORMAT_SIFT }, { "note", ITEM_FORMAT_SIFN }
    };
    unsigned i;

    for (i = 0; i < sizeof(roots) / sizeof(roots[0]); i++) {
        if (root_is(t, roots[i].root))
            return roots[i].format;
    }
    return said;
}

item_format_e item_format_recognise(const char *type, const char *data,
                                    apr_size_t len)
{
    item_format_e said = item_format_parse(type, NULL);
    text_t t = { data, data + len }, at;

    if (said == ITEM_FORMAT_TEXT)
        return said;            /* a text may begin with anything */
    skip_space(&t);
    if (t.s < t.end && *t.s == '<')
        return by_root(t, said);
    at = t;
    if (!at_name(&at, "BEGIN"))
        return said != ITEM_FORMAT_AS_IS || (type && *type)
               ? said : ITEM_FORMAT_TEXT;
    if (at_word(&at, "VCARD"))
        return by_version(t, ITEM_FORMAT_VCARD21, ITEM_FORMAT_VCARD40, said);
    if (at_word(&at, "VCALENDAR"))
        return by_version(t, ITEM_FORMAT_VCAL10, ITEM_FORMAT_ICAL20, said);
    if (at_word(&at, "VNOTE"))
        return ITEM_FORMAT_VNOTE;
    return said;
}

int item_format_is_unsaid(const char *data, apr_size_t len)
{
    text_t t = { data, data + len }, at;

    skip_space(&t);
    at = t;
    if (!at_name(&at, "BEGIN"))
        return 0;
    while (next_line(&t)) {
        if (t.end - t.s > 7 && strncasecmp(t.s, "VERSION", 7) == 0
            && strchr(":; \t\r\n", t.s[7]) != NULL)
            return 0;
    }
    return 1;
}

/* ---- there and back ------------------------------------------------------- */

int item_format_is_native(item_format_e format)
{
    return format == ITEM_FORMAT_VCARD30 || format == ITEM_FORMAT_VCARD40
        || format == ITEM_FORMAT_ICAL20 || format == ITEM_FORMAT_TEXT;
}

int item_form_is_plain(const item_form_t *form)
{
    apr_uint32_t habits = form->habits;

    if (form->format == ITEM_FORMAT_VCARD30
        || form->format == ITEM_FORMAT_TEXT)
        habits &= ~(apr_uint32_t)ITEM_HABITS_ICAL;
    return (form->format == ITEM_FORMAT_AS_IS
            || form->format == ITEM_FORMAT_VCARD30
            || form->format == ITEM_FORMAT_ICAL20
            || form->format == ITEM_FORMAT_TEXT)
        && form->charset == NULL && form->clock == ITEM_CLOCK_DEFAULT
        && form->days == ITEM_DAYS_DEFAULT && habits == 0;
}

int item_form_keeps(const item_form_t *form, const char *type,
                    const char *data, apr_size_t len)
{
    item_format_e is;

    if (!item_form_is_plain(form))
        return 0;
    is = item_format_recognise(type, data, len);
    if (is == ITEM_FORMAT_VCARD30 && item_card_has_data(data, len))
        return 0;
    return is == ITEM_FORMAT_AS_IS || is == form->format
        || (form->format == ITEM_FORMAT_AS_IS && item_format_is_native(is));
}

/** What a text of the store holds. */
static item_kind_e kind_of(const item_text_t *text)
{
    text_t t = { text->data, text->data + text->len };
    item_kind_e kind = ITEM_TEXT;

    skip_space(&t);
    do {
        text_t at = t;

        if (!at_name(&at, "BEGIN"))
            continue;
        if (at_word(&at, "VCARD"))
            return ITEM_VCARD30;
        if (at_word(&at, "VEVENT"))
            return ITEM_VEVENT;
        if (at_word(&at, "VTODO"))
            return ITEM_VTODO;
        if (at_word(&at, "VJOURNAL"))
            return ITEM_VJOURNAL;
        if (kind == ITEM_TEXT && !at_word(&at, "VCALENDAR"))
            return ITEM_TEXT;
        kind = ITEM_VEVENT;
    } while (next_line(&t));
    return kind;
}

/** A VJOURNAL's times, then what it says. */
static apr_status_t import_ical(const item_form_t *form, const char **type,
                                const item_text_t *in,
                                const item_text_t *like, item_text_t *out,
                                apr_pool_t *p)
{
    const item_text_t *journal = like && kind_of(like) == ITEM_VJOURNAL
                                 ? like : NULL;
    item_text_t timed;
    apr_status_t rv;

    *type = "text/calendar";
    if (kind_of(in) != ITEM_VJOURNAL)
        return item_ical_import(form, in, like, out, p);
    rv = item_ical_import(form, in, journal, &timed, p);
    return rv == APR_SUCCESS
           ? item_note_import(form, type, &timed, like, out, p) : rv;
}

apr_status_t item_import(const item_form_t *form, const char **type,
                         const item_text_t *in, const item_text_t *like,
                         item_text_t *out, apr_pool_t *p)
{
    item_form_t is = *form;

    is.format = item_format_recognise(*type, in->data, in->len);
    *out = *in;
    switch (is.format) {
    case ITEM_FORMAT_VCARD21: case ITEM_FORMAT_VCARD30:
    case ITEM_FORMAT_VCARD40:
        *type = "text/vcard";
        return item_card_import(&is, in, like, out, p);
    case ITEM_FORMAT_SIFC:
        *type = "text/vcard";
        return item_sifc_import(&is, in, like, out, p);
    case ITEM_FORMAT_VCAL10:
        *type = "text/calendar";
        return item_vcal_import(&is, in, like, out, p);
    case ITEM_FORMAT_ICAL20:
        return import_ical(&is, type, in, like, out, p);
    case ITEM_FORMAT_SIFE: case ITEM_FORMAT_SIFT:
        *type = "text/calendar";
        return item_sif_import(&is, in, like, out, p);
    case ITEM_FORMAT_SIFN: case ITEM_FORMAT_VNOTE: case ITEM_FORMAT_TEXT:
        return item_note_import(&is, type, in, like, out, p);
    default:
        return APR_SUCCESS;     /* whoever takes it will say what it is not */
    }
}

static apr_status_t export_card(item_form_t *form, const item_text_t *in,
                                item_text_t *out, apr_pool_t *p)
{
    if (form->format == ITEM_FORMAT_AS_IS)
        form->format = item_format_recognise("text/vcard", in->data, in->len);
    return form->format == ITEM_FORMAT_SIFC
           ? item_sifc_export(form, in, out, p)
           : item_card_export(form, in, out, p);
}

static apr_status_t export_event(item_form_t *form, const item_text_t *in,
                                 item_text_t *out, apr_pool_t *p)
{
    if (form->format == ITEM_FORMAT_AS_IS)
        form->format = ITEM_FORMAT_ICAL20;
    if (form->format == ITEM_FORMAT_ICAL20)
        return item_ical_export(form, in, out, p);
    return form->format == ITEM_FORMAT_VCAL10
           ? item_vcal_export(form, in, out, p)
           : item_sif_export(form, in, out, p);
}

apr_status_t item_export(const item_form_t *form, const char **type,
                         const item_text_t *in, item_text_t *out,
                         apr_pool_t *p)
{
    item_form_t to = *form;
    item_kind_e kind = item_format_parse(*type, NULL) == ITEM_FORMAT_TEXT
                       ? ITEM_TEXT : kind_of(in);
    apr_status_t rv;

    *out = *in;
    if (to.format != ITEM_FORMAT_AS_IS && !item_format_holds(to.format, kind))
        return ITEM_ETYPE;
    if (kind == ITEM_TEXT || kind == ITEM_VJOURNAL)
        return item_note_export(&to, type, in, out, p);
    rv = kind == ITEM_VCARD30 ? export_card(&to, in, out, p)
                              : export_event(&to, in, out, p);
    if (rv == APR_SUCCESS && form->format != ITEM_FORMAT_AS_IS)
        *type = item_format_type(to.format);
    return rv;
}

apr_status_t item_echo(const item_form_t *form, const char *type,
                       const item_text_t *text, const item_text_t *like,
                       item_text_t *out, apr_pool_t *p)
{
    item_text_t sent;
    apr_status_t rv;

    if (form->format >= ITEM_FORMAT_VCARD21
        && form->format <= ITEM_FORMAT_VCARD40
        && item_format_parse(type, NULL) != ITEM_FORMAT_TEXT
        && kind_of(text) == ITEM_VCARD30)
        return item_card_echo(form, text, like, out, p);
    rv = item_export(form, &type, text, &sent, p);
    return rv == APR_SUCCESS ? item_import(form, &type, &sent, like, out, p)
                             : rv;
}
