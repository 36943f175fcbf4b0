/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Recognition, and the structure of components: see item_norm.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_object_int.h"
#include "item/item_zone.h"

/** Media types. The old names of vCard and vCalendar are taken for a text
 * that says it is of the later version: clients mix them up. */
static const struct {
    const char *name;
    item_kind_e kind;
    const char *strict;
} types[] = {
    { "text/vcard",       ITEM_VCARD30, NULL },
    { "text/x-vcard",     ITEM_VCARD30, "3.0" },
    { "text/directory",   ITEM_VCARD30, NULL },
    { "text/calendar",    ITEM_VEVENT,  NULL },
    { "text/x-vcalendar", ITEM_VEVENT,  "2.0" },
    { "text/plain",       ITEM_TEXT,    NULL },
    { "application/vnd.omads-email+xml", ITEM_EMAIL, NULL },
    { "application/vnd.omads-file+xml",  ITEM_FILE,  NULL }
};

static int begins_with(const char *data, apr_size_t len, const char *word)
{
    apr_size_t n = strlen(word);

    if (len >= 3 && !memcmp(data, "\xef\xbb\xbf", 3)) {
        data += 3;
        len -= 3;
    }
    while (len && apr_isspace(*data)) {
        data++;
        len--;
    }
    return len >= n && !strncasecmp(data, word, n)
           && (len == n || !apr_isalnum(data[n]));
}

apr_status_t item_recognise(item_kind_e *kind, const char **strict,
                            const char *type, const char *data,
                            apr_size_t len)
{
    item_span_t name;
    unsigned i;

    *kind = ITEM_TEXT;
    *strict = NULL;
    name.s = type ? type : "";
    name.len = strcspn(name.s, ";");
    name = item_span_trim(name);
    if (!name.len) {
        if (begins_with(data, len, "BEGIN:VCARD"))
            *kind = ITEM_VCARD30;
        else if (begins_with(data, len, "BEGIN:VCALENDAR"))
            *kind = ITEM_VEVENT;
        return APR_SUCCESS;
    }
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (item_span_is(name, types[i].name)) {
            *kind = types[i].kind;
            *strict = types[i].strict;
            return APR_SUCCESS;
        }
    }
    return ITEM_ETYPE;
}

/* ---- plain text --------------------------------------------------------- */

/** Line ends as LF, without white space at ends of lines and of the text. */
static item_span_t normalise_text(const char *data, apr_size_t len,
                                  apr_pool_t *p)
{
    char *out = apr_palloc(p, len + 1), *w = out, *floor = out;
    const char *s = data, *end = data + len;
    item_span_t text;

    if (len >= 3 && !memcmp(s, "\xef\xbb\xbf", 3))
        s += 3;
    for (; s < end; s++) {
        if (*s == '\r' && s + 1 < end && s[1] == '\n')
            continue;
        if (*s == '\r' || *s == '\n') {
            while (w > floor && (w[-1] == ' ' || w[-1] == '\t'))
                w--;
            *w++ = '\n';
            floor = w;
        }
        else
            *w++ = *s;
    }
    while (w > out && (w[-1] == ' ' || w[-1] == '\t' || w[-1] == '\n'))
        w--;
    text.s = out;
    text.len = (apr_size_t)(w - out);
    return text;
}

/* ---- components ---------------------------------------------------------- */

typedef enum { IN_CALENDAR, IN_MAIN, IN_ALARM, IN_OTHER } place_e;

typedef struct frame_t {
    item_span_t name;
    place_e place;
} frame_t;

typedef struct parse_t {
    apr_pool_t *p;
    item_kind_e root;           /* ITEM_VCARD30 or ITEM_VEVENT */
    const char *strict;
    frame_t stack[ITEM_MAX_DEPTH];
    int depth;
    int words;                  /* of lists, see item_comp_make() */
    int ended;                  /* the outermost END has come */
    item_zones_t *zones;        /* of calendars */
    item_comp_t *comp;          /* open vCard, VEVENT, VTODO, VJOURNAL */
    apr_array_header_t *done;   /* item_span_t: finished components */
    apr_array_header_t *comps;  /* item_comp_t *: the same */
    item_kind_e kind;           /* of the first */
    item_span_t version;        /* of the calendar */
    item_span_t uid;
    int uid_of_master;          /* uid is of one without RECURRENCE-ID */
} parse_t;

int item_calendar_kind(item_span_t name, item_kind_e *kind)
{
    *kind = item_span_is(name, "VTODO") ? ITEM_VTODO
            : item_span_is(name, "VJOURNAL") ? ITEM_VJOURNAL : ITEM_VEVENT;
    return *kind != ITEM_VEVENT || item_span_is(name, "VEVENT");
}

/** What a component is, from its name and where it stands. */
static place_e place_of(parse_t *ps, item_span_t name, item_kind_e *kind)
{
    place_e outer = ps->depth ? ps->stack[ps->depth - 1].place : IN_OTHER;

    *kind = ITEM_VCARD30;
    if (!ps->depth)
        return ps->root == ITEM_VCARD30 ? IN_MAIN : IN_CALENDAR;
    if (outer == IN_CALENDAR && item_calendar_kind(name, kind))
        return IN_MAIN;
    if (outer == IN_MAIN && ps->root != ITEM_VCARD30
        && item_span_is(name, "VALARM"))
        return IN_ALARM;
    return IN_OTHER;
}

static apr_status_t begin(parse_t *ps, item_span_t name)
{
    item_kind_e kind;
    frame_t *frame;

    if (ps->ended || (!ps->depth
                      && !item_span_is(name, ps->root == ITEM_VCARD30
                                             ? "VCARD" : "VCALENDAR")))
        return ITEM_EMALFORMED;
    if (ps->depth == ITEM_MAX_DEPTH)
        return ITEM_ELIMIT;
    frame = &ps->stack[ps->depth];
    frame->name = name;
    frame->place = place_of(ps, name, &kind);
    ps->depth++;
    if (frame->place == IN_MAIN) {
        ps->comp = item_comp_make(kind, &ps->words, ps->p);
        ps->comp->zones = ps->zones;
        if (!ps->done->nelts)
            ps->kind = kind;
    }
    return APR_SUCCESS;
}

/** The item's UID is that of its master, else of its first component; with
 * RECURRENCE-ID unless there is a master. */
static void take_uid(parse_t *ps, const item_comp_t *comp)
{
    item_buf_t uid = { NULL, NULL, 0, 0 };
    int master = !comp->recurrence.len;

    if (!comp->uid.len || ps->uid_of_master || (ps->uid.len && !master))
        return;
    uid.p = ps->p;
    item_buf_add(&uid, comp->uid.s, comp->uid.len);
    if (!master) {
        item_buf_putc(&uid, ITEM_SEP);
        item_buf_add(&uid, comp->recurrence.s, comp->recurrence.len);
    }
    ps->uid.s = uid.s;
    ps->uid.len = uid.len;
    ps->uid_of_master = master;
}

static apr_status_t end(parse_t *ps, item_span_t name)
{
    frame_t *frame;

    if (!ps->depth)
        return ITEM_EMALFORMED;
    frame = &ps->stack[ps->depth - 1];
    if (name.len != frame->name.len
        || strncasecmp(name.s, frame->name.s, name.len))
        return ITEM_EMALFORMED;
    if (frame->place == IN_MAIN) {
        item_span_t *span = apr_array_push(ps->done);

        *span = item_comp_finish(ps->comp);
        APR_ARRAY_PUSH(ps->comps, item_comp_t *) = ps->comp;
        take_uid(ps, ps->comp);
        if (ps->root == ITEM_VCARD30)
            ps->version = ps->comp->version;
        ps->comp = NULL;
    }
    if (!--ps->depth)
        ps->ended = 1;
    return APR_SUCCESS;
}

static apr_status_t take_line(parse_t *ps, const item_line_t *line)
{
    if (!line->junk && item_span_is(line->name, "BEGIN"))
        return begin(ps, item_span_trim(line->value));
    if (!line->junk && item_span_is(line->name, "END"))
        return end(ps, item_span_trim(line->value));
    if (!ps->depth)
        return ITEM_EMALFORMED;
    switch (ps->stack[ps->depth - 1].place) {
    case IN_MAIN:
        return item_comp_property(ps->comp, line);
    case IN_ALARM:
        item_comp_alarm(ps->comp, line);
        break;
    case IN_CALENDAR:
        if (item_span_is(line->name, "VERSION"))
            ps->version = item_span_trim(line->value);
        break;
    default:
        break;
    }
    return APR_SUCCESS;
}

apr_status_t item_check_version(item_kind_e kind, const char *strict,
                                item_span_t version)
{
    if (!version.len)
        return ITEM_EMALFORMED;
    if (strict)
        return item_span_is(version, strict) ? APR_SUCCESS : ITEM_ETYPE;
    if (kind == ITEM_VCARD30)
        return item_span_is(version, "3.0") || item_span_is(version, "4.0")
               ? APR_SUCCESS : ITEM_ETYPE;
    return item_span_is(version, "2.0") ? APR_SUCCESS : ITEM_ETYPE;
}

static apr_status_t normalise_lines(item_norm_t *norm, parse_t *ps,
                                    const char *data, apr_size_t len)
{
    item_reader_t reader;
    item_line_t line;
    apr_status_t rv;

    rv = item_reader_init(&reader, data, len, ps->p);
    while (rv == APR_SUCCESS) {
        rv = item_reader_next(&reader, &line);
        if (rv == APR_SUCCESS)
            rv = take_line(ps, &line);
    }
    if (rv != APR_EOF)
        return rv;
    if (!ps->ended)
        return ITEM_EMALFORMED;
    rv = item_check_version(ps->root, ps->strict, ps->version);
    if (rv != APR_SUCCESS)
        return rv;
    if (!ps->done->nelts)
        return ITEM_ETYPE;      /* no event, task or journal */
    norm->kind = ps->kind;
    norm->canon = item_spans_join(ps->done, '\x1d', 0, ps->p);
    norm->uid = ps->uid;
    norm->comps = ps->comps;
    return APR_SUCCESS;
}

apr_status_t item_normalise(item_norm_t *norm, const char *type,
                            const char *data, apr_size_t len, apr_pool_t *p)
{
    const char *strict;
    item_kind_e kind;
    apr_status_t rv;
    parse_t ps;

    memset(norm, 0, sizeof(*norm));
    if (!data)
        data = "";
    rv = item_recognise(&kind, &strict, type, data, len);
    if (rv != APR_SUCCESS)
        return rv;
    if (len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    if (len && memchr(data, '\0', len))
        return ITEM_EMALFORMED;
    if (item_is_object(kind))
        return item_object_normalise(norm, kind, data, len, p);
    if (kind == ITEM_TEXT) {
        norm->kind = ITEM_TEXT;
        norm->canon = normalise_text(data, len, p);
        return APR_SUCCESS;
    }
    memset(&ps, 0, sizeof(ps));
    ps.p = p;
    ps.root = kind;
    ps.strict = strict;
    if (kind != ITEM_VCARD30) {
        ps.zones = apr_palloc(p, sizeof(*ps.zones));
        item_zones_init(ps.zones, NULL, p);
    }
    ps.done = apr_array_make(p, 2, sizeof(item_span_t));
    ps.comps = apr_array_make(p, 2, sizeof(item_comp_t *));
    return normalise_lines(norm, &ps, data, len);
}

const item_comp_t *item_norm_main(const item_norm_t *norm)
{
    const item_comp_t *comp;
    int i;

    for (i = 0; norm->comps && i < norm->comps->nelts; i++) {
        comp = APR_ARRAY_IDX(norm->comps, i, const item_comp_t *);
        if (!comp->recurrence.len)
            return comp;
    }
    return norm->comps && norm->comps->nelts
           ? APR_ARRAY_IDX(norm->comps, 0, const item_comp_t *) : NULL;
}
