/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Properties of events and tasks that are no times, rules or alarms, between
 * vCalendar 1.0 and iCalendar: see item_cal.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_cal.h"

/** How a value is carried over. */
typedef enum {
    H_DROP = 0, H_TEXT, H_RAW, H_LIST, H_CATEGORIES, H_STATUS, H_TRANSP,
    H_GEO, H_ATTENDEE, H_ORGANIZER, H_ATTACH, H_STAMP, H_NUMBER
} how_e;

static const struct {
    const char *vcal, *ical;
    how_e how;
} names[] = {
    { "SUMMARY", "SUMMARY", H_TEXT },
    { "DESCRIPTION", "DESCRIPTION", H_TEXT },
    { "LOCATION", "LOCATION", H_TEXT },
    { "UID", "UID", H_TEXT },
    { "RELATED-TO", "RELATED-TO", H_TEXT },
    { "CLASS", "CLASS", H_RAW },
    { "URL", "URL", H_RAW },
    { "PRIORITY", "PRIORITY", H_NUMBER },
    { "SEQUENCE", "SEQUENCE", H_NUMBER },
    { "PERCENT-COMPLETE", "PERCENT-COMPLETE", H_NUMBER },
    { "CATEGORIES", "CATEGORIES", H_CATEGORIES },
    { "RESOURCES", "RESOURCES", H_LIST },
    { "STATUS", "STATUS", H_STATUS },
    { "TRANSP", "TRANSP", H_TRANSP },
    { "GEO", "GEO", H_GEO },
    { "ATTENDEE", "ATTENDEE", H_ATTENDEE },
    { "ATTENDEE", "ORGANIZER", H_ORGANIZER },
    { "ATTACH", "ATTACH", H_ATTACH },
    { "DCREATED", "CREATED", H_STAMP },
    { "LAST-MODIFIED", "LAST-MODIFIED", H_STAMP },
    { NULL, NULL, H_DROP }
};

/** iCalendar's, which some write in vCalendar as well: read, never written. */
static const struct {
    const char *name;
    how_e how;
} borrowed[] = {
    { "ORGANIZER", H_ORGANIZER }, { "CONTACT", H_TEXT },
    { "COMMENT", H_TEXT }, { NULL, H_DROP }
};

/** Of phones, about the item as the phone sees it: said anew each time. */
static int is_phones(item_span_t name)
{
    return item_span_is(name, "X-EPOCAGENDAENTRYTYPE")
           || item_span_is(name, "X-SONYERICSSON-DST")
           || item_span_is(name, "X-RECURRENCE-ID");
}

static int is_x(item_span_t name)
{
    return name.len > 2 && apr_toupper(*name.s) == 'X' && name.s[1] == '-';
}

/* ---- words -------------------------------------------------------------- */

/** Pairs for one direction or the other; the first that fits. */
typedef struct pair_t {
    const char *vcal, *ical;
} pair_t;

static const pair_t event_states[] = {
    { "CONFIRMED", "CONFIRMED" }, { "TENTATIVE", "TENTATIVE" },
    { "DECLINED", "CANCELLED" }, { "CANCELLED", "CANCELLED" },
    { "ACCEPTED", "CONFIRMED" }, { "NEEDS ACTION", "TENTATIVE" },
    { "NEEDS-ACTION", "TENTATIVE" }, { "SENT", "TENTATIVE" },
    { "DELEGATED", "CONFIRMED" }, { "COMPLETED", "CONFIRMED" },
    { NULL, NULL }
};
static const pair_t task_states[] = {
    { "NEEDS ACTION", "NEEDS-ACTION" }, { "COMPLETED", "COMPLETED" },
    { "ACCEPTED", "IN-PROCESS" }, { "DECLINED", "CANCELLED" },
    { "NEEDS-ACTION", "NEEDS-ACTION" }, { "IN-PROCESS", "IN-PROCESS" },
    { "IN PROCESS", "IN-PROCESS" }, { "CANCELLED", "CANCELLED" },
    { "CONFIRMED", "IN-PROCESS" }, { "TENTATIVE", "IN-PROCESS" },
    { "SENT", "NEEDS-ACTION" }, { "DELEGATED", "IN-PROCESS" },
    { NULL, NULL }
};
static const pair_t part_states[] = {
    { "ACCEPTED", "ACCEPTED" }, { "DECLINED", "DECLINED" },
    { "TENTATIVE", "TENTATIVE" }, { "DELEGATED", "DELEGATED" },
    { "NEEDS ACTION", "NEEDS-ACTION" }, { "COMPLETED", "COMPLETED" },
    { "CONFIRMED", "ACCEPTED" }, { "SENT", "NEEDS-ACTION" },
    { "NEEDS-ACTION", "NEEDS-ACTION" }, { NULL, NULL }
};
static const pair_t roles[] = {
    { "REQUIRE", "REQ-PARTICIPANT" }, { "REQUEST", "OPT-PARTICIPANT" },
    { "FYI", "NON-PARTICIPANT" }, { "IMMEDIATE", "REQ-PARTICIPANT" },
    { NULL, NULL }
};

static const char *to_vcal(const pair_t *pairs, item_span_t word)
{
    for (; pairs->vcal; pairs++)
        if (item_span_is(word, pairs->ical))
            return pairs->vcal;
    return NULL;
}

static const char *to_ical(const pair_t *pairs, item_span_t word)
{
    for (; pairs->vcal; pairs++)
        if (item_span_is(word, pairs->vcal))
            return pairs->ical;
    return NULL;
}

/* ---- to the device ------------------------------------------------------ */

/** Escape some characters; line ends are left to the encoding. */
static void put_escaping(item_buf_t *b, item_span_t plain, const char *some)
{
    apr_size_t i;

    for (i = 0; i < plain.len; i++) {
        if (plain.s[i] && strchr(some, plain.s[i]))
            item_buf_putc(b, '\\');
        if ((unsigned char)plain.s[i] >= ' ' || plain.s[i] == '\n'
            || plain.s[i] == '\t')
            item_buf_putc(b, plain.s[i]);
    }
}

/** Escape as vCalendar does. */
static void put_escaped(item_buf_t *b, item_span_t plain)
{
    put_escaping(b, plain, ";\\");
}

static int escapes_all(const item_cal_ctx_t *c)
{
    return (c->form->habits & ITEM_HABIT_ESCAPES_ALL) != 0;
}

/** Names that vCalendar knows, which never have an X-. */
static int is_usual(item_span_t word)
{
    static const char *const words[] = {
        "APPOINTMENT", "BUSINESS", "EDUCATION", "HOLIDAY", "MEETING",
        "MISCELLANEOUS", "PERSONAL", "PHONE CALL", "SICK DAY",
        "SPECIAL OCCASION", "TRAVEL", "VACATION", NULL
    };
    int i = 0;

    while (words[i] && !item_span_is(word, words[i]))
        i++;
    return words[i] != NULL;
}

static void list_out(item_cal_ctx_t *c, item_buf_t *b, item_span_t rest,
                     int categories)
{
    item_span_t word;
    int n = 0;

    while (item_value_next(&rest, ',', &word)) {
        word = item_span_trim(item_vcal_plain(word, c->p));
        if (!word.len)
            continue;
        if (n++)
            item_buf_putc(b, ';');
        if (categories && (c->form->habits & ITEM_HABIT_CATEGORY_X)
            && !is_usual(word))
            item_buf_puts(b, "X-");
        put_escaping(b, word, ";,\\");
    }
}

/** "Name <address>", "address" or "Name". */
static void put_person(item_cal_ctx_t *c, item_buf_t *b,
                       const item_line_t *line)
{
    item_span_t address = item_span_trim(line->value);
    item_span_t name = item_line_value(line, "CN");

    if (address.len >= 7 && !strncasecmp(address.s, "mailto:", 7)) {
        address.s += 7;
        address.len -= 7;
    }
    else if (item_span_is(address, "invalid:nomail"))
        address.len = 0;
    if (name.len && !(name.len == address.len
                      && !memcmp(name.s, address.s, name.len))) {
        put_escaped(b, name);
        if (!address.len)
            return;
        item_buf_puts(b, " <");
        put_escaped(b, address);
        item_buf_putc(b, '>');
    }
    else
        put_escaped(b, address);
}

static const char *person_head(item_cal_ctx_t *c, const item_line_t *line,
                               int organizer)
{
    item_span_t role = item_line_value(line, "ROLE");
    const char *head = "ATTENDEE", *word;

    if (organizer)
        head = "ATTENDEE;ROLE=ORGANIZER";
    else if (item_span_is(role, "CHAIR"))
        head = "ATTENDEE;ROLE=OWNER";
    word = to_vcal(part_states, item_line_value(line, "PARTSTAT"));
    if (word)
        head = apr_pstrcat(c->p, head, ";STATUS=", word, NULL);
    word = to_vcal(roles, role);
    if (word)
        head = apr_pstrcat(c->p, head, ";EXPECT=", word, NULL);
    if (item_span_is(item_line_value(line, "RSVP"), "TRUE"))
        head = apr_pstrcat(c->p, head, ";RSVP=YES", NULL);
    return head;
}

/** A property untouched: its parameters as they are. */
static const char *raw_head(item_cal_ctx_t *c, const item_line_t *line)
{
    const char *head = apr_pstrmemdup(c->p, line->name.s, line->name.len);
    int i;

    for (i = 0; i < line->nparams; i++) {
        const item_param_t *param = &line->params[i];

        if (item_span_is(param->name, "CHARSET")
            || item_span_is(param->name, "ENCODING"))
            continue;
        head = apr_psprintf(c->p, "%s;%.*s%s%.*s", head,
                            (int)param->name.len, param->name.s,
                            param->name.len ? "=" : "",
                            (int)param->value.len, param->value.s);
    }
    return head;
}

static int utc_stamp(item_cal_ctx_t *c, const item_line_t *line,
                     item_buf_t *b)
{
    item_time_t t;

    if (!item_time_parse(&t, line->value, item_line_value(line, "TZID"))
        || t.kind == ITEM_TIME_DATE)
        return 0;
    t.kind = ITEM_TIME_UTC;
    item_buf_puts(b, item_wire_text(c, &t));
    return 1;
}

/** @return 0: not sent */
static int convert_out(item_cal_ctx_t *c, const item_cal_t *cal, how_e how,
                       const item_line_t *line, item_wire_t *wire,
                       item_buf_t *b)
{
    item_span_t value = item_span_trim(line->value);
    const char *word;
    char *at;

    switch (how) {
    case H_TEXT:
        put_escaped(b, item_vcal_plain(line->value, c->p));
        return 1;
    case H_RAW:
    case H_NUMBER:
        put_escaping(b, value, escapes_all(c) ? "\\" : "");
        return 1;
    case H_LIST:
    case H_CATEGORIES:
        list_out(c, b, line->value, how == H_CATEGORIES);
        return b->len > 0;
    case H_STATUS:
        word = to_vcal(cal->kind == ITEM_VTODO ? task_states : event_states,
                       value);
        if (word)
            item_buf_puts(b, word);
        return word != NULL;
    case H_TRANSP:
        item_buf_puts(b, item_span_is(value, "TRANSPARENT") ? "1" : "0");
        return 1;
    case H_GEO:
        item_buf_add(b, value.s, value.len);
        at = b->len ? memchr(b->s, ';', b->len) : NULL;
        if (at)
            *at = ',';
        return at != NULL;
    case H_ATTENDEE:
    case H_ORGANIZER:
        wire->head = person_head(c, line, how == H_ORGANIZER);
        put_person(c, b, line);
        return b->len > 0;
    case H_ATTACH:
        if (item_line_param(line, "ENCODING"))
            return 0;           /* a file: too much for a phone */
        wire->head = "ATTACH;VALUE=URL";
        item_buf_add(b, value.s, value.len);
        return 1;
    case H_STAMP:
        return utc_stamp(c, line, b);
    default:
        return 0;
    }
}

int item_vcal_prop_out(item_cal_ctx_t *c, const item_cal_t *cal,
                       const item_line_t *line, item_wire_t *wire)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    int i, sent;

    b.p = c->p;
    if (is_x(line->name)) {
        if (is_phones(line->name))
            return 0;
        wire->head = raw_head(c, line);
        wire->value = line->value;
        return !(c->form->habits & ITEM_HABIT_NO_EMPTY) || wire->value.len;
    }
    for (i = 0; names[i].ical; i++)
        if (item_span_is(line->name, names[i].ical))
            break;
    /* vCalendar has no such thing, and a phone would drop it. */
    if (!names[i].ical || item_span_is(line->name, "PERCENT-COMPLETE"))
        return 0;
    wire->head = names[i].vcal;
    sent = convert_out(c, cal, names[i].how, line, wire, &b);
    wire->value = item_buf_span(&b);
    return sent && (wire->value.len
                    || !(c->form->habits & ITEM_HABIT_NO_EMPTY));
}

/* ---- from the device ---------------------------------------------------- */

static void put_line(item_buf_t *b, const char *head, item_span_t value)
{
    item_buf_t line = { NULL, NULL, 0, 0 };

    line.p = b->p;
    item_buf_puts(&line, head);
    item_buf_putc(&line, ':');
    item_buf_add(&line, value.s, value.len);
    item_fold_add(b, item_buf_span(&line), "\r\n");
}

/** One word of a list. */
static void word_in(item_cal_ctx_t *c, item_span_t word, int categories,
                    item_buf_t *b)
{
    word = item_span_trim(item_vcal_plain(word, c->p));
    if (categories && word.len > 2
        && (c->form->habits & ITEM_HABIT_CATEGORY_X)
        && !strncasecmp(word.s, "X-", 2)) {
        word.s += 2;
        word.len -= 2;
    }
    if (!word.len)
        return;
    if (b->len)
        item_buf_putc(b, ',');
    word = item_vcal_escape(word, c->p);
    item_buf_add(b, word.s, word.len);
}

/** Words are parted by semicolons, and by some devices by commas. */
static item_span_t list_in(item_cal_ctx_t *c, item_span_t rest,
                           int categories)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t words, word;

    b.p = c->p;
    while (item_value_next(&rest, ';', &words))
        while (item_value_next(&words, ',', &word))
            word_in(c, word, categories, &b);
    return item_buf_span(&b);
}

/** A parameter's value in quotes, which it cannot hold itself. */
static const char *quoted(item_cal_ctx_t *c, item_span_t text)
{
    char *s = apr_pstrmemdup(c->p, text.s, text.len), *w;

    for (w = s; *w; w++)
        if (*w == '"' || (unsigned char)*w < ' ')
            *w = '\'';
    return strpbrk(s, ",;:") ? apr_pstrcat(c->p, "\"", s, "\"", NULL) : s;
}

/** @return non-zero: there is an address or a name */
static int split_person(item_span_t text, item_span_t *name,
                        item_span_t *address)
{
    const char *open, *close;

    *name = *address = item_span_trim(text);
    open = text.len ? memchr(name->s, '<', name->len) : NULL;
    close = open ? memchr(open, '>', (apr_size_t)(name->s + name->len
                                                  - open)) : NULL;
    if (close) {
        address->s = open + 1;
        address->len = (apr_size_t)(close - open - 1);
        name->len = (apr_size_t)(open - name->s);
        *name = item_span_trim(*name);
        if (name->len > 1 && *name->s == '"'
            && name->s[name->len - 1] == '"') {
            name->s++;          /* as in the head of a mail */
            name->len -= 2;
        }
    }
    else if (memchr(text.s, '@', text.len)
             || memchr(text.s, ':', text.len))
        name->len = 0;
    else
        address->len = 0;
    *address = item_span_trim(*address);
    return name->len || address->len;
}

static int person_in(item_cal_ctx_t *c, const item_line_t *line,
                     item_span_t value, item_buf_t *b)
{
    item_span_t role = item_line_value(line, "ROLE"), name, address;
    const char *head = "ATTENDEE", *word, *uri;

    if (!split_person(item_vcal_plain(value, c->p), &name, &address))
        return 0;
    if (item_span_is(role, "ORGANIZER"))
        head = "ORGANIZER";
    if (name.len)
        head = apr_pstrcat(c->p, head, ";CN=", quoted(c, name), NULL);
    if (item_span_is(role, "OWNER"))
        head = apr_pstrcat(c->p, head, ";ROLE=CHAIR", NULL);
    else if (!item_span_is(role, "ORGANIZER")) {
        word = to_ical(roles, item_line_value(line, "EXPECT"));
        if (word)
            head = apr_pstrcat(c->p, head, ";ROLE=", word, NULL);
    }
    word = to_ical(part_states, item_line_value(line, "STATUS"));
    if (word)
        head = apr_pstrcat(c->p, head, ";PARTSTAT=", word, NULL);
    if (item_span_is(item_line_value(line, "RSVP"), "YES")
        || item_span_is(item_line_value(line, "RSVP"), "TRUE"))
        head = apr_pstrcat(c->p, head, ";RSVP=TRUE", NULL);
    uri = !address.len ? "invalid:nomail"
          : memchr(address.s, ':', address.len)
          ? apr_pstrmemdup(c->p, address.s, address.len)
          : apr_psprintf(c->p, "mailto:%.*s", (int)address.len, address.s);
    put_line(b, head, item_span_of(uri));
    return 1;
}

static int attach_in(item_cal_ctx_t *c, const item_line_t *line,
                     item_span_t value, item_buf_t *b)
{
    item_buf_t octets = { NULL, NULL, 0, 0 };
    int i, binary = 0;

    for (i = 0; i < line->nparams; i++)
        binary |= item_span_is(line->params[i].value, "BASE64")
                  || item_span_is(line->params[i].value, "B");
    value = item_span_trim(value);
    if (!value.len || item_span_is(item_line_value(line, "VALUE"), "CONTENT-ID")
        || item_span_is(item_line_value(line, "VALUE"), "CID"))
        return 0;
    if (!binary) {
        put_line(b, "ATTACH", value);
        return 1;
    }
    octets.p = c->p;
    for (i = 0; (apr_size_t)i < value.len; i++)
        if ((unsigned char)value.s[i] > ' ')
            item_buf_putc(&octets, value.s[i]);
    put_line(b, "ATTACH;ENCODING=BASE64;VALUE=BINARY",
             item_buf_span(&octets));
    return 1;
}

static int number_in(item_span_t value, item_buf_t *b, const char *name)
{
    apr_size_t i;

    value = item_span_trim(value);
    for (i = 0; i < value.len && i < 10; i++)
        if (!apr_isdigit(value.s[i]))
            break;
    value.len = i;
    if (i)
        put_line(b, name, value);
    return i > 0;
}

static int stamp_in(item_cal_ctx_t *c, const char *name, item_span_t value,
                    item_buf_t *b)
{
    static const item_span_t no_zone = { "", 0 };
    item_time_t t;

    if (!item_time_parse(&t, value, no_zone) || t.kind == ITEM_TIME_DATE)
        return 0;
    t.kind = ITEM_TIME_UTC;
    put_line(b, name, item_span_of(item_time_canon(&t, c->p)));
    return 1;
}

/** X- untouched but for its encoding. */
static int raw_in(item_cal_ctx_t *c, const item_line_t *line,
                  item_span_t value, item_buf_t *b)
{
    const char *head = apr_pstrmemdup(c->p, line->name.s, line->name.len);
    item_buf_t text = { NULL, NULL, 0, 0 };
    apr_size_t i;
    int n;

    text.p = c->p;
    for (n = 0; n < line->nparams; n++) {
        const item_param_t *param = &line->params[n];

        if (item_span_is(param->name, "CHARSET")
            || item_span_is(param->name, "ENCODING")
            || (!param->name.len && param->value.len >= 6
                && !strncasecmp(param->value.s, "QUOTED", 6)))
            continue;
        head = param->name.len
            ? apr_psprintf(c->p, "%s;%.*s=%.*s", head,
                           (int)param->name.len, param->name.s,
                           (int)param->value.len, param->value.s)
            : apr_psprintf(c->p, "%s;TYPE=%.*s", head,
                           (int)param->value.len, param->value.s);
    }
    for (i = 0; i < value.len; i++) {
        if (value.s[i] == '\n')
            item_buf_puts(&text, "\\n");
        else if ((unsigned char)value.s[i] >= ' ' || value.s[i] == '\t')
            item_buf_putc(&text, value.s[i]);
    }
    put_line(b, head, item_buf_span(&text));
    return 1;
}

/** One backslash for each two. */
static item_span_t single(item_span_t text, apr_pool_t *p)
{
    char *out = apr_palloc(p, text.len + 1);
    item_span_t result = { out, 0 };
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        out[result.len++] = text.s[i];
        if (text.s[i] == '\\' && i + 1 < text.len && text.s[i + 1] == '\\')
            i++;
    }
    return result;
}

/** A comma or a semicolon between the two. */
static int geo_in(item_cal_ctx_t *c, item_span_t text, item_buf_t *b)
{
    char *geo = apr_pstrmemdup(c->p, text.s, text.len);

    if (!strpbrk(geo, ",;"))
        return 0;
    *strpbrk(geo, ",;") = ';';
    put_line(b, "GEO", item_span_of(geo));
    return 1;
}

static int convert_in(item_cal_ctx_t *c, item_kind_e kind, const char *name,
                      how_e how, const item_line_t *line, item_span_t value,
                      item_buf_t *b)
{
    item_span_t text = item_span_trim(value);
    const char *word;

    switch (how) {
    case H_TEXT:
        put_line(b, name, item_vcal_escape(item_vcal_plain(value, c->p),
                                           c->p));
        return 1;
    case H_RAW:
        if (escapes_all(c))
            text = single(text, c->p);
        if (text.len)
            put_line(b, name, text);
        return text.len > 0;
    case H_NUMBER:
        return number_in(text, b, name);
    case H_LIST:
    case H_CATEGORIES:
        text = list_in(c, value, how == H_CATEGORIES);
        if (text.len)
            put_line(b, name, text);
        return text.len > 0;
    case H_STATUS:
        word = to_ical(kind == ITEM_VTODO ? task_states : event_states,
                       text);
        if (word)
            put_line(b, name, item_span_of(word));
        return word != NULL;
    case H_TRANSP:
        put_line(b, name, item_span_of(
            item_span_is(text, "TRANSPARENT")
            || (text.len && *text.s >= '1' && *text.s <= '9')
            ? "TRANSPARENT" : "OPAQUE"));
        return 1;
    case H_GEO:
        return geo_in(c, text, b);
    case H_ORGANIZER:
        return memchr(text.s, ':', text.len) && raw_in(c, line, text, b);
    case H_ATTENDEE:
        return person_in(c, line, value, b);
    case H_ATTACH:
        return attach_in(c, line, value, b);
    case H_STAMP:
        return stamp_in(c, name, text, b);
    default:
        return 0;
    }
}

int item_vcal_prop_in(item_cal_ctx_t *c, item_kind_e kind,
                      const item_line_t *line, item_span_t value,
                      item_buf_t *b)
{
    int i;

    if (is_x(line->name))
        return !is_phones(line->name) && raw_in(c, line, value, b);
    for (i = 0; names[i].vcal; i++)
        if (item_span_is(line->name, names[i].vcal))
            return convert_in(c, kind, names[i].ical, names[i].how, line,
                              value, b);
    for (i = 0; borrowed[i].name; i++)
        if (item_span_is(line->name, borrowed[i].name)
            && item_span_trim(value).len)
            return convert_in(c, kind, borrowed[i].name, borrowed[i].how,
                              line, value, b);
    return 0;
}
