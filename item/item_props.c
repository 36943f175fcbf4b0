/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What becomes of each property when items are compared: see item_norm.h.
 * The choice follows what clients do to items that pass through them:
 * measured with SyncEvolution (libsynthesis), and docs on phones. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_norm.h"
#include "item/item_qp.h"
#include "item/item_zone.h"

/* Kinds of TYPE that tell two numbers or addresses apart.  The others
 * (VOICE, PREF, MSG, INTERNET, POSTAL, X-...) come and go with clients. */
#define T_HOME   1
#define T_WORK   2
#define T_PLACE  (T_HOME | T_WORK)
#define T_PHONE  63

static const char *const type_names[] = {
    "HOME", "WORK", "CELL", "FAX", "PAGER", "CAR"
};

/** What is done with a property's value. */
typedef enum {
    V_OMIT, V_TEXT, V_STRUCT, V_LIST, V_PHONE, V_LOWER, V_DATE, V_BINARY,
    V_TIMES, V_ADDRESS,
    V_NAME, V_FN, V_ORG, V_UID, V_START, V_END, V_DURATION, V_RULE,
    V_RECURRENCE, V_STATUS, V_PERCENT, V_SUMMARY, V_DESCRIPTION, V_VERSION
} value_e;

#define CARD   1
#define EVENT  2
#define TODO   4
#define JOURNAL 8
#define CAL    (EVENT | TODO | JOURNAL)

typedef struct prop_t {
    const char *name;
    int where;
    value_e how;
    int types;                  /* of TYPE that count */
    const char *usual;          /* value that is as good as none */
} prop_t;

/* All that is compared.  Other properties are left out: a client that does
 * not know them sends the item back without them, and what is here tells two
 * people or two events apart. */
static const prop_t props[] = {
    { "VERSION",         CARD,  V_VERSION,    0, NULL },
    { "UID",             CARD,  V_UID,        0, NULL },
    { "N",               CARD,  V_NAME,       0, NULL },
    { "FN",              CARD,  V_FN,         0, NULL },
    { "ORG",             CARD,  V_ORG,        0, NULL },
    { "TITLE",           CARD,  V_TEXT,       0, NULL },
    { "ROLE",            CARD,  V_TEXT,       0, NULL },
    { "NICKNAME",        CARD,  V_TEXT,       0, NULL },
    { "TEL",             CARD,  V_PHONE,      T_PHONE, NULL },
    { "EMAIL",           CARD,  V_LOWER,      T_PLACE, NULL },
    { "ADR",             CARD,  V_STRUCT,     T_PLACE, NULL },
    { "URL",             CARD,  V_TEXT,       T_PLACE, NULL },
    { "IMPP",            CARD,  V_LOWER,      0, NULL },
    { "BDAY",            CARD,  V_DATE,       0, NULL },
    { "NOTE",            CARD,  V_TEXT,       0, NULL },
    { "PHOTO",           CARD,  V_BINARY,     0, NULL },
    { "GEO",             CARD,  V_STRUCT,     0, NULL },
    { "CATEGORIES",      CARD,  V_LIST,       0, NULL },
    { "KIND",            CARD,  V_LOWER,      0, "individual" },
    { "MEMBER",          CARD,  V_TEXT,       0, NULL },

    { "UID",             CAL,   V_UID,        0, NULL },
    { "RECURRENCE-ID",   CAL,   V_RECURRENCE, 0, NULL },
    { "SUMMARY",         CAL,   V_SUMMARY,    0, NULL },
    { "DESCRIPTION",     CAL,   V_DESCRIPTION, 0, NULL },
    { "LOCATION",        CAL,   V_TEXT,       0, NULL },
    { "DTSTART",         CAL,   V_START,      0, NULL },
    { "DTEND",           EVENT, V_END,        0, NULL },
    { "DUE",             TODO,  V_END,        0, NULL },
    { "DURATION",        CAL,   V_DURATION,   0, NULL },
    { "RRULE",           CAL,   V_RULE,       0, NULL },
    { "EXRULE",          CAL,   V_RULE,       0, NULL },
    { "EXDATE",          CAL,   V_TIMES,      0, NULL },
    { "RDATE",           CAL,   V_TIMES,      0, NULL },
    { "COMPLETED",       TODO,  V_TIMES,      0, NULL },
    { "CLASS",           CAL,   V_LOWER,      0, "public" },
    { "TRANSP",          EVENT, V_LOWER,      0, "opaque" },
    { "STATUS",          EVENT, V_LOWER,      0, "confirmed" },
    { "STATUS",          TODO,  V_STATUS,     0, "needs-action" },
    { "STATUS",          JOURNAL, V_LOWER,    0, "final" },
    { "PRIORITY",        CAL,   V_TEXT,       0, "0" },
    { "PERCENT-COMPLETE", TODO, V_PERCENT,    0, "0" },
    { "GEO",             CAL,   V_STRUCT,     0, NULL },
    { "CATEGORIES",      CAL,   V_LIST,       0, NULL },
    { "ATTENDEE",        EVENT, V_ADDRESS,    0, NULL },
    { "ORGANIZER",       EVENT, V_LOWER,      0, NULL },
    { NULL, 0, V_OMIT, 0, NULL }
};

static const prop_t *find_prop(item_kind_e kind, item_span_t name)
{
    int where = kind == ITEM_VEVENT ? EVENT : kind == ITEM_VTODO ? TODO
                : kind == ITEM_VJOURNAL ? JOURNAL : CARD;
    const prop_t *prop;
    char first;

    first = name.len ? (char)apr_toupper(*name.s) : '\0';
    for (prop = props; prop->name; prop++)
        if (*prop->name == first && (prop->where & where)
            && item_span_is(name, prop->name))
            break;
    return prop;
}

item_comp_t *item_comp_make(item_kind_e kind, int *words, apr_pool_t *p)
{
    item_comp_t *comp = apr_pcalloc(p, sizeof(*comp));

    comp->p = p;
    comp->words = words;
    comp->kind = kind;
    comp->buf.p = comp->fn.p = comp->org.p = p;
    comp->uid.p = comp->recurrence.p = p;
    comp->summary.p = comp->description.p = p;
    comp->lines = apr_array_make(p, 16, sizeof(item_cut_t));
    comp->rules = apr_array_make(p, 1, sizeof(item_rule_t));
    comp->alarms = apr_array_make(p, 1, sizeof(item_alarm_t));
    comp->dates = apr_array_make(p, 1, sizeof(item_time_t));
    return comp;
}

item_time_t item_comp_time(const item_comp_t *comp, const item_time_t *t)
{
    item_zones_t own, *zones = comp->zones;
    item_time_t utc = *t;

    if (t->kind != ITEM_TIME_LOCAL || !t->zone.len)
        return utc;
    if (!zones) {
        item_zones_init(&own, NULL, comp->p);
        zones = &own;
    }
    if (!item_zones_instant(zones, t, NULL, &utc.secs))
        return *t;
    utc.kind = ITEM_TIME_UTC;
    utc.zone.len = 0;
    return utc;
}

/** The canonical form of a time, or the text where it is none. */
static void put_time(item_comp_t *comp, item_buf_t *b, item_span_t value,
                     item_span_t zone)
{
    item_time_t t;

    if (!item_time_parse(&t, value, zone)) {
        item_value_text(b, value);
        return;
    }
    t = item_comp_time(comp, &t);
    item_buf_puts(b, item_time_canon(&t, comp->p));
}

/* ---- lines ------------------------------------------------------------- */

/** The TYPE parameters of a line as bits of type_names. */
static int line_types(const item_line_t *line)
{
    int i, set = 0;
    unsigned t;

    for (i = 0; i < line->nparams; i++) {
        const item_param_t *param = &line->params[i];
        item_span_t list = param->value, value, inner, word;

        if (param->name.len && !item_span_is(param->name, "TYPE"))
            continue;
        while (item_param_value(&list, &value)) {
            inner = value;      /* TYPE="HOME,WORK" is a list too */
            while (item_param_value(&inner, &word))
                for (t = 0; t < sizeof(type_names) / sizeof(*type_names); t++)
                    if (item_span_is(word, type_names[t]))
                        set |= 1 << t;
        }
    }
    return set;
}

int item_type_counts(item_span_t type)
{
    unsigned t = 0;

    while (t < sizeof(type_names) / sizeof(*type_names)
           && !item_span_is(type, type_names[t]))
        t++;
    return t < sizeof(type_names) / sizeof(*type_names);
}

static int is_base64(const item_line_t *line)
{
    item_span_t encoding = item_line_value(line, "ENCODING");
    int i;

    for (i = 0; i < line->nparams && !encoding.len; i++)
        if (!line->params[i].name.len)
            encoding = line->params[i].value;
    return item_span_is(encoding, "B") || item_span_is(encoding, "BASE64");
}

/** Begin a canonical line: the name in upper case and what of TYPE counts.
 * @return where its value begins */
static apr_size_t line_begin(item_comp_t *comp, item_span_t name, int types)
{
    item_cut_t *cut = apr_array_push(comp->lines);
    apr_size_t i;
    unsigned t;

    cut->from = comp->buf.len;
    cut->len = 0;
    item_buf_add(&comp->buf, name.s, name.len);
    for (i = cut->from; i < comp->buf.len; i++)
        comp->buf.s[i] = (char)apr_toupper(comp->buf.s[i]);
    for (t = 0; t < sizeof(type_names) / sizeof(*type_names); t++)
        if (types & (1 << t)) {
            item_buf_putc(&comp->buf, ';');
            item_buf_puts(&comp->buf, type_names[t]);
        }
    item_buf_putc(&comp->buf, ':');
    return comp->buf.len;
}

/** End it; without a value, or with the usual one, there is no line. */
static void line_end(item_comp_t *comp, apr_size_t value, const char *usual)
{
    item_cut_t *cut = &APR_ARRAY_IDX(comp->lines, comp->lines->nelts - 1,
                                     item_cut_t);
    item_span_t text;

    text.s = comp->buf.s + value;
    text.len = comp->buf.len - value;
    if (!text.len || (usual && item_span_is(text, usual))) {
        comp->buf.len = cut->from;
        apr_array_pop(comp->lines);
    }
    else
        cut->len = comp->buf.len - cut->from;
}

/** Times that item_when.c must know. */
static void note_time(item_comp_t *comp, const item_line_t *line,
                      item_span_t word, item_span_t zone)
{
    item_time_t t;

    if (item_span_is(line->name, "COMPLETED"))
        item_time_parse(&comp->done, word, zone);
    else if (item_span_is(line->name, "RDATE")) {
        if (item_time_parse(&t, word, zone))
            APR_ARRAY_PUSH(comp->dates, item_time_t) = t;
        else
            comp->open_end = 1;
    }
}

/** A canonical line for each word of a list. @return ITEM_ELIMIT: too many */
static apr_status_t put_words(item_comp_t *comp, const item_line_t *line,
                              value_e how)
{
    item_span_t rest = line->value, word, zone = item_line_value(line, "TZID");
    apr_size_t from;

    while (item_value_next(&rest, ',', &word)) {
        if (++*comp->words > ITEM_MAX_PROPERTIES)
            return ITEM_ELIMIT;
        from = line_begin(comp, line->name, 0);
        if (how == V_TIMES) {
            note_time(comp, line, word, zone);
            put_time(comp, &comp->buf, word, zone);
        }
        else
            item_value_text(&comp->buf, word);
        line_end(comp, from, NULL);
    }
    return APR_SUCCESS;
}

/** Whether someone comes, if that is known. */
static void put_partstat(item_buf_t *b, const item_line_t *line)
{
    item_span_t state = item_line_value(line, "PARTSTAT");

    if (state.len && !item_span_is(state, "NEEDS-ACTION")) {
        item_buf_putc(b, ITEM_SEP);
        item_value_lower(b, state);
    }
}

/** An address is the same without the scheme that people leave out: a client
 * that keeps addresses as such writes it (measured: SyncEvolution, in tasks).
 * @param from  where it begins */
static void drop_scheme(item_buf_t *b, apr_size_t from)
{
    static const char http[] = "http://";
    const apr_size_t len = sizeof(http) - 1;

    if (b->len <= from + len || strncasecmp(b->s + from, http, len) != 0)
        return;
    memmove(b->s + from, b->s + from + len, b->len - from - len);
    b->len -= len;
}

static void put_value(item_buf_t *b, const item_line_t *line, value_e how)
{
    apr_size_t from = b->len;
    item_span_t data;

    switch (how) {
    case V_STRUCT:
    case V_NAME:
    case V_ORG:
        item_value_struct(b, line->value);
        break;
    case V_PHONE:
        item_value_phone(b, line->value);
        break;
    case V_LOWER:
    case V_ADDRESS:
    case V_STATUS:
        item_value_lower(b, line->value);
        break;
    case V_DATE:
        item_value_date(b, line->value);
        break;
    case V_BINARY:
    case V_OMIT:                /* a picture in a property of some program */
        data = item_data_base64(line->value, NULL);
        if (!data.len && is_base64(line))
            data = line->value;
        if (data.len) {
            item_value_base64(b, data);
            break;
        }
        /* fall through */
    default:
        item_value_text(b, line->value);
        if (item_span_is(line->name, "URL"))
            drop_scheme(b, from);
    }
}

/* ---- properties -------------------------------------------------------- */

/** Kept until the component's end; the last one of a name counts. */
static void take_text(item_buf_t *text, item_span_t value)
{
    text->len = 0;
    item_value_text(text, value);
}

/** A journal may have several (RFC 5545 3.6.3). */
static void take_description(item_comp_t *comp, item_span_t value)
{
    if (comp->kind != ITEM_VJOURNAL || !comp->description.len) {
        take_text(&comp->description, value);
        return;
    }
    item_buf_putc(&comp->description, '\n');
    item_value_text(&comp->description, value);
}

/** UID, in vCard perhaps written as a URN. */
static void take_uid(item_comp_t *comp, item_span_t value)
{
    value = item_span_trim(value);
    if (value.len > 9 && !strncasecmp(value.s, "urn:uuid:", 9)) {
        value.s += 9;
        value.len -= 9;
    }
    take_text(&comp->uid, value);
}

static void take_time(item_comp_t *comp, const item_line_t *line, value_e how)
{
    item_span_t zone = item_line_value(line, "TZID");
    apr_size_t from;

    if (how == V_END) {
        comp->end_text = line->value;
        item_time_parse(&comp->end, line->value, zone);
        return;                 /* the line is made at the end */
    }
    if (how == V_START)
        item_time_parse(&comp->start, line->value, zone);
    else {
        comp->open_end |= item_line_param(line, "RANGE") != NULL;
        comp->recurrence.len = 0;
        put_time(comp, &comp->recurrence, line->value, zone);
    }
    from = line_begin(comp, line->name, 0);
    put_time(comp, &comp->buf, line->value, zone);
    line_end(comp, from, NULL);
}

static void take_rule(item_comp_t *comp, const prop_t *prop,
                      item_span_t value)
{
    item_rule_t *rule = apr_array_push(comp->rules);

    rule->name = prop->name;
    rule->text = value;
}

/** What the component's end must know; the canonical value is at the
 * buffer's end. */
static void note_value(item_comp_t *comp, const prop_t *prop,
                       item_span_t written, apr_size_t from)
{
    value_e how = prop->how;
    item_span_t value;

    value.s = comp->buf.s + from;
    value.len = comp->buf.len - from;
    if (!value.len)
        return;
    if (how == V_PHONE && !comp->phone.len)
        comp->phone = written;
    else if (how == V_LOWER && !comp->email.len
             && !strcmp(prop->name, "EMAIL"))
        comp->email = written;
    else if (how == V_TEXT && !strcmp(prop->name, "LOCATION"))
        comp->place = written;
    if (how == V_NAME) {
        comp->has_name = 1;
        comp->name = written;
    }
    else if (how == V_STATUS)
        comp->completed = item_span_is(value, "completed");
    else if (how == V_ORG) {
        const char *sep = memchr(value.s, ITEM_SEP, value.len);

        comp->org.len = 0;
        item_buf_add(&comp->org, value.s,
                     sep ? (apr_size_t)(sep - value.s) : value.len);
    }
}

apr_status_t item_comp_property(item_comp_t *comp, const item_line_t *line)
{
    const prop_t *prop = find_prop(comp->kind, line->name);
    apr_size_t from;

    switch (prop->how) {
    case V_OMIT:
        return APR_SUCCESS;
    case V_VERSION:
        comp->version = item_span_trim(line->value);
        return APR_SUCCESS;
    case V_UID:
        take_uid(comp, line->value);
        return APR_SUCCESS;
    case V_FN:
        take_text(&comp->fn, line->value);
        return APR_SUCCESS;
    case V_SUMMARY:
        take_text(&comp->summary, line->value);
        return APR_SUCCESS;
    case V_DESCRIPTION:
        take_description(comp, line->value);
        return APR_SUCCESS;
    case V_DURATION:
        comp->duration = line->value;
        return APR_SUCCESS;
    case V_RULE:
        take_rule(comp, prop, line->value);
        return APR_SUCCESS;
    case V_START:
    case V_END:
    case V_RECURRENCE:
        take_time(comp, line, prop->how);
        return APR_SUCCESS;
    case V_LIST:
    case V_TIMES:
        return put_words(comp, line, prop->how);
    case V_PERCENT:
        comp->percent_full = item_span_is(item_span_trim(line->value), "100");
        if (comp->percent_full)
            return APR_SUCCESS;
        /* fall through */
    default:
        from = line_begin(comp, line->name,
                          prop->types ? prop->types & line_types(line) : 0);
        put_value(&comp->buf, line, prop->how);
        if (prop->how == V_ADDRESS && comp->buf.len > from)
            put_partstat(&comp->buf, line);     /* of somebody */
        note_value(comp, prop, line->value, from);
        line_end(comp, from, prop->usual);
        return APR_SUCCESS;
    }
}

/* ---- a property alone ---------------------------------------------------- */

static const prop_t *prop_of(int kind, const item_line_t *line)
{
    static const prop_t none = { NULL, 0, V_OMIT, 0, NULL };

    return kind < 0 ? &none : find_prop((item_kind_e)kind, line->name);
}

int item_prop_value(item_buf_t *b, int kind, const item_line_t *line)
{
    const prop_t *prop = prop_of(kind, line);
    apr_size_t from = b->len;
    item_span_t text;

    switch (prop->how) {
    case V_START:
    case V_END:
    case V_RECURRENCE:
    case V_TIMES:
        item_value_time(b, line->value, item_line_value(line, "TZID"));
        break;
    default:
        put_value(b, line, prop->how);
    }
    text.s = b->len > from ? b->s + from : "";
    text.len = b->len - from;
    if (prop->usual && item_span_is(text, prop->usual))
        b->len = from;
    return prop->how != V_OMIT;
}

int item_prop_is_known(int kind, const item_line_t *line)
{
    return prop_of(kind, line)->how != V_OMIT;
}

void item_prop_detail(item_buf_t *b, int kind, const item_line_t *line)
{
    const prop_t *prop = prop_of(kind, line);
    int types = prop->types ? prop->types & line_types(line) : 0;

    if (types)
        item_buf_putc(b, (char)('@' + types));
    if (prop->how == V_ADDRESS)
        put_partstat(b, line);
}

void item_comp_alarm(item_comp_t *comp, const item_line_t *line)
{
    item_alarm_t *alarm;

    if (!item_span_is(line->name, "TRIGGER"))
        return;
    alarm = apr_array_push(comp->alarms);
    alarm->trigger = line->value;
    alarm->zone = item_line_value(line, "TZID");
    alarm->from_end = item_span_is(item_line_value(line, "RELATED"), "END");
}
