/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Notes in the store's form: see item_note.h. */
#include <string.h>

#include "item/item_charset.h"
#include "item/item_note.h"
#include "item/item_note_int.h"
#include "item/item_put.h"
#include "item/item_zone.h"

#define TEXT      "text/plain"
#define CALENDAR  "text/calendar"

static const item_span_t none = { NULL, 0 };

/* ---- subject and body ----------------------------------------------------- */

static int is_eol(char c)
{
    return c == '\r' || c == '\n';
}

/** The first line, and what is behind its end. */
static item_span_t first_line(item_span_t text, item_span_t *rest)
{
    item_span_t line = text;

    for (line.len = 0; line.len < text.len && !is_eol(text.s[line.len]);
         line.len++)
        ;
    rest->s = text.s + line.len;
    rest->len = text.len - line.len;
    if (rest->len > 1 && rest->s[0] == '\r' && rest->s[1] == '\n') {
        rest->s++;
        rest->len--;
    }
    if (rest->len) {
        rest->s++;
        rest->len--;
    }
    return line;
}

item_span_t item_note_title(item_span_t body)
{
    item_span_t line = { "", 0 };

    while (body.len && !line.len)
        line = item_span_trim(first_line(body, &body));
    return line;
}

static int same_span(item_span_t a, item_span_t b)
{
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

int item_note_titled(const item_note_t *note)
{
    item_span_t subject = { "", 0 };

    if (note->subject.s)
        subject = item_span_trim(note->subject);
    return !subject.len || same_span(subject, item_note_title(note->body));
}

/** All of it as one text. */
static item_span_t whole_text(const item_note_t *note, const char *eol)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t rest, line;
    int n = 0;

    b.p = note->p;
    if (!item_note_titled(note)) {
        item_buf_add(&b, note->subject.s, note->subject.len);
        n = 1;
    }
    for (rest = note->body; rest.len || !n; n++) {
        if (n)
            item_buf_puts(&b, eol);
        line = first_line(rest, &rest);
        item_buf_add(&b, line.s, line.len);
        if (!rest.len && line.s + line.len < rest.s)
            item_buf_puts(&b, eol);     /* the last line has an end */
    }
    return item_buf_span(&b);
}

/* ---- journals ------------------------------------------------------------- */

/** Take a VJOURNAL apart. @return ITEM_ETYPE: it is none */
static apr_status_t read_journal(item_note_t *note, const char *data,
                                 apr_size_t len)
{
    item_buf_t body = { NULL, NULL, 0, 0 }, subject = { NULL, NULL, 0, 0 };
    const item_entry_t *entry;
    item_doc_t *doc;
    apr_status_t rv;
    int i;

    rv = item_doc_read(&doc, CALENDAR, data, len, note->p);
    if (rv != APR_SUCCESS)
        return rv;
    if (doc->kind != ITEM_VJOURNAL)
        return ITEM_ETYPE;
    for (i = 0; i < doc->root->entries->nelts && !note->part; i++) {
        entry = APR_ARRAY_IDX(doc->root->entries, i, const item_entry_t *);
        if (entry->part && entry->part->kind == (int)ITEM_VJOURNAL)
            note->part = entry->part;
    }
    if (!note->part)
        return ITEM_ETYPE;
    body.p = subject.p = note->p;
    for (i = 0; i < note->part->entries->nelts; i++) {
        entry = APR_ARRAY_IDX(note->part->entries, i, const item_entry_t *);
        if (entry->part)
            continue;
        if (item_span_is(entry->line.name, "SUMMARY")) {
            subject.len = 0;
            item_unescape(&subject, entry->line.value);
            note->subject = item_buf_span(&subject);
        }
        else if (item_span_is(entry->line.name, "DESCRIPTION")) {
            if (body.len)
                item_buf_putc(&body, '\n');
            item_unescape(&body, entry->line.value);
        }
    }
    note->body = item_buf_span(&body);
    return APR_SUCCESS;
}

/** @param type  NULL: by the text, for one that has none */
static apr_status_t read_stored(item_note_t *note, const char *type,
                                const item_text_t *in, apr_pool_t *p)
{
    item_kind_e kind = ITEM_TEXT;
    const char *strict;
    apr_status_t rv;

    memset(note, 0, sizeof(*note));
    note->p = note->more.p = p;
    note->body.s = in->data ? in->data : "";
    note->body.len = in->len;
    rv = item_recognise(&kind, &strict, type, note->body.s, in->len);
    if (rv != APR_SUCCESS)
        return rv;
    if (in->len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    if (kind == ITEM_VEVENT)
        return read_journal(note, note->body.s, in->len);
    return kind == ITEM_TEXT ? APR_SUCCESS : ITEM_ETYPE;
}

static void take(item_text_t *out, item_span_t text)
{
    out->data = text.s;
    out->len = text.len;
}

/** Without a byte order mark, which belongs to a text of its own. */
static item_span_t without_bom(item_span_t text)
{
    if (text.len >= 3 && !memcmp(text.s, "\xef\xbb\xbf", 3)) {
        text.s += 3;
        text.len -= 3;
    }
    return text;
}

static item_span_t write_journal(const item_note_t *note)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = note->p;
    item_put_calendar(&b, 1);
    item_buf_puts(&b, "BEGIN:VJOURNAL\r\n");
    if (note->subject.s)
        item_put_text(&b, "SUMMARY", note->subject);
    item_put_text(&b, "DESCRIPTION", note->body);
    item_buf_add(&b, note->more.s, note->more.len);
    item_buf_puts(&b, "END:VJOURNAL\r\n");
    item_put_calendar_end(&b);
    return item_buf_span(&b);
}

/* ---- times ---------------------------------------------------------------- */

static const item_zone_t *user_zone(const item_form_t *form, apr_pool_t *p)
{
    item_span_t name;

    if (!form->zone)
        return NULL;
    name.s = form->zone;
    name.len = strlen(form->zone);
    return item_zone_open(name, p);
}

void item_note_put_time(item_buf_t *b, const char *head,
                        const item_form_t *form, item_span_t value)
{
    static const item_span_t no_zone = { "", 0 };
    const item_zone_t *zone;
    item_time_t t;

    if (!item_time_parse(&t, value, no_zone) || t.kind == ITEM_TIME_DATE)
        return;
    zone = user_zone(form, b->p);
    if (zone && (t.kind == ITEM_TIME_UTC
                 ? form->clock == ITEM_CLOCK_LOCAL_Z
                 : form->clock != ITEM_CLOCK_UTC_BARE))
        t.secs = item_zone_to_utc(zone, t.secs);
    t.kind = ITEM_TIME_UTC;
    item_put(b, head, item_time_canon(&t, b->p));
}

void item_note_device_time(item_buf_t *text, const item_form_t *form)
{
    static const item_span_t no_zone = { "", 0 };
    item_time_t t;

    if (!item_time_parse(&t, item_buf_span(text), no_zone)
        || t.kind != ITEM_TIME_UTC)
        return;
    text->len = 0;
    if (form->clock == ITEM_CLOCK_LOCAL
        || form->clock == ITEM_CLOCK_LOCAL_Z) {
        const item_zone_t *zone = user_zone(form, text->p);

        t.secs = zone ? item_zone_to_local(zone, t.secs) : t.secs;
    }
    if (form->clock == ITEM_CLOCK_LOCAL
        || form->clock == ITEM_CLOCK_UTC_BARE)
        t.kind = ITEM_TIME_LOCAL;
    item_buf_puts(text, item_time_canon(&t, text->p));
}

/* ---- import --------------------------------------------------------------- */

/** A device's text, cut as the store's version is. */
static void split_text(item_note_t *note, const item_note_t *like)
{
    item_span_t title = item_note_title(note->body), line, rest;

    /* Some clients end each text with a line end of their own. */
    if (!like->body.len || !is_eol(like->body.s[like->body.len - 1]))
        while (note->body.len && is_eol(note->body.s[note->body.len - 1]))
            note->body.len--;
    if (!like->subject.s || !title.len)
        return;
    line = first_line(note->body, &rest);
    note->subject = title;
    if (like->body.len && item_note_titled(like))
        return;                 /* the body begins with it */
    if (!item_span_trim(line).len
        || same_span(title, item_note_title(rest)))
        return;                 /* else it would come out as one line */
    note->subject = line;
    note->body = rest;
}

/** A subject that the device does not show, or cannot but in its own way. */
static void keep_subject(item_note_t *note, const item_note_t *like)
{
    if (!like->part || !like->subject.s)
        return;
    if (item_note_titled(like)) {
        if (!note->subject.s)
            note->subject = item_note_title(note->body);
    }
    else if (!note->subject.s || item_note_titled(note))
        note->subject = like->subject;
}

static apr_status_t finish_import(item_note_t *note, const item_note_t *like,
                                  const char **type, const item_text_t *in,
                                  item_text_t *out)
{
    int is_text = note->part == NULL && !note->more.len
                  && (!note->body.len || item_note_titled(note));

    if (!like->part && is_text) {
        *type = TEXT;
        if (note->body.len || !note->subject.s)
            take(out, note->body);
        else
            take(out, note->subject);
        return APR_SUCCESS;
    }
    *type = CALENDAR;
    if (note->part)
        *out = *in;
    else
        take(out, write_journal(note));
    return out->len > ITEM_MAX_OCTETS ? ITEM_ELIMIT : APR_SUCCESS;
}

/** The device's character set, NULL: UTF-8. */
static const item_charset_t *charset_of(const item_form_t *form)
{
    const item_charset_t *cs;
    item_span_t name;

    if (!form->charset)
        return NULL;
    name.s = form->charset;
    name.len = strlen(name.s);
    cs = item_charset_find(name);
    return cs && cs->how != ITEM_CHARSET_UTF8 ? cs : NULL;
}

/** A text in the device's own characters. */
static item_span_t from_device(const item_form_t *form, const item_text_t *in,
                               apr_pool_t *p)
{
    const item_charset_t *cs = charset_of(form);
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t text;

    text.s = in->data ? in->data : "";
    text.len = in->len;
    if (!cs || item_charset_is_ascii(text))
        return text;
    b.p = p;
    item_charset_in(&b, cs, text);
    return item_buf_span(&b);
}

static item_span_t to_device(const item_form_t *form, item_span_t text,
                             apr_pool_t *p)
{
    const item_charset_t *cs = charset_of(form);
    int bmp = (form->habits & ITEM_HABIT_BMP_ONLY) != 0;
    item_buf_t b = { NULL, NULL, 0, 0 };

    if (item_charset_is_ascii(text) || (!cs && !bmp))
        return text;
    b.p = p;
    item_charset_out(&b, cs ? cs : item_charset_utf8(), text, bmp);
    return item_buf_span(&b);
}

/** A VJOURNAL of a device whose note is a text in the store: a text again,
 * if it says no more than one. */
static int says_no_more(const item_note_t *note)
{
    static const char *const names[] = {
        "UID", "DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE", "SUMMARY",
        "DESCRIPTION", NULL
    };
    const item_entry_t *entry;
    int i, n;

    for (i = 0; i < note->part->entries->nelts; i++) {
        entry = APR_ARRAY_IDX(note->part->entries, i, const item_entry_t *);
        for (n = 0; names[n] && !entry->part; n++)
            if (item_span_is(entry->line.name, names[n]))
                break;
        if (entry->part || (!names[n] && entry->line.value.len))
            return 0;
    }
    return !note->body.len || item_note_titled(note);
}

static apr_status_t import_journal(item_note_t *note, const item_text_t *in,
                                   const item_note_t *like)
{
    apr_status_t rv = read_journal(note, in->data ? in->data : "", in->len);

    if (rv == APR_SUCCESS && like->p && !like->part && says_no_more(note)) {
        note->body = whole_text(note, "\r\n");
        note->subject = none;
        note->part = NULL;
    }
    return rv;
}

apr_status_t item_note_import(const item_form_t *form, const char **type,
                              const item_text_t *in, const item_text_t *like,
                              item_text_t *out, apr_pool_t *p)
{
    item_note_t note, old;
    apr_status_t rv;

    memset(out, 0, sizeof(*out));
    memset(&old, 0, sizeof(old));
    /* Of another kind, or malformed: as if there were none. */
    if (like && read_stored(&old, NULL, like, p) != APR_SUCCESS)
        memset(&old, 0, sizeof(old));
    memset(&note, 0, sizeof(note));
    note.p = note.more.p = p;
    note.body.s = "";
    switch (form->format) {
    case ITEM_FORMAT_VNOTE:
        rv = item_vnote_read(&note, form, in);
        break;
    case ITEM_FORMAT_SIFN:
        rv = item_sifn_read(&note, form, in);
        break;
    case ITEM_FORMAT_ICAL20:
        rv = import_journal(&note, in, &old);
        break;
    default:
        rv = read_stored(&note, TEXT, in, p);
        if (rv == APR_SUCCESS && in->len && memchr(in->data, '\0', in->len))
            rv = ITEM_EMALFORMED;
        note.body = from_device(form, in, p);
        if (rv == APR_SUCCESS && old.part)
            split_text(&note, &old);
    }
    if (rv != APR_SUCCESS)
        return rv;
    if (form->format == ITEM_FORMAT_VNOTE || form->format == ITEM_FORMAT_SIFN)
        keep_subject(&note, &old);
    return finish_import(&note, &old, type, in, out);
}

/* ---- export --------------------------------------------------------------- */

/** The store's VJOURNAL, octet by octet but for a SUMMARY. */
static item_span_t with_subject(const item_note_t *note,
                                const item_text_t *in)
{
    item_span_t title = item_note_title(note->body), begin;
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t text;

    text.s = in->data;
    text.len = in->len;
    if (note->subject.s || !title.len)
        return text;
    begin = note->part->begin;
    b.p = note->p;
    item_buf_add(&b, text.s, (apr_size_t)(begin.s + begin.len - text.s));
    item_put_text(&b, "SUMMARY", title);
    item_buf_add(&b, begin.s + begin.len,
                 (apr_size_t)(text.s + text.len - begin.s - begin.len));
    return item_buf_span(&b);
}

apr_status_t item_note_export(const item_form_t *form, const char **type,
                              const item_text_t *in, item_text_t *out,
                              apr_pool_t *p)
{
    item_format_e format = form->format;
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_note_t note;
    apr_status_t rv;

    memset(out, 0, sizeof(*out));
    rv = read_stored(&note, *type, in, p);
    if (rv != APR_SUCCESS)
        return rv;
    if (format == ITEM_FORMAT_AS_IS)
        format = note.part ? ITEM_FORMAT_ICAL20 : ITEM_FORMAT_TEXT;
    b.p = p;
    if (format != ITEM_FORMAT_TEXT)
        note.body = without_bom(note.body);
    switch (format) {
    case ITEM_FORMAT_VNOTE:
        item_vnote_write(&b, form, &note);
        break;
    case ITEM_FORMAT_SIFN:
        item_sifn_write(&b, form, &note);
        break;
    case ITEM_FORMAT_ICAL20:
        *type = CALENDAR;
        if (!note.part)
            note.subject = item_note_title(note.body);
        take(out, note.part ? with_subject(&note, in)
                            : write_journal(&note));
        return APR_SUCCESS;
    default:
        *type = TEXT;
        take(out, to_device(form, note.part ? whole_text(&note, "\r\n")
                                            : note.body, p));
        return APR_SUCCESS;
    }
    *type = format == ITEM_FORMAT_VNOTE ? "text/x-vnote"
                                        : "text/x-s4j-sifn";
    take(out, item_buf_span(&b));
    return APR_SUCCESS;
}

apr_status_t item_note_text(item_text_t *text, const char *data,
                            apr_size_t len, apr_pool_t *p)
{
    item_note_t note;
    apr_status_t rv;

    memset(text, 0, sizeof(*text));
    memset(&note, 0, sizeof(note));
    note.p = p;
    rv = read_journal(&note, data, len);
    if (rv == APR_SUCCESS)
        take(text, whole_text(&note, "\r\n"));
    return rv;
}

/* ---- kinds ---------------------------------------------------------------- */

static int is_text(const char *type, const item_text_t *text)
{
    const char *strict;
    item_kind_e kind;

    return item_recognise(&kind, &strict, type, text->data ? text->data : "",
                          text->len) == APR_SUCCESS && kind == ITEM_TEXT;
}

apr_status_t item_note_promote(const item_text_t *in, item_text_t *out,
                               apr_pool_t *p)
{
    item_note_t note;
    apr_status_t rv;

    *out = *in;
    if (in->len > ITEM_MAX_OCTETS / 3)
        return ITEM_ELIMIT;
    rv = read_stored(&note, TEXT, in, p);
    if (rv == APR_SUCCESS) {
        note.body = without_bom(note.body);
        take(out, write_journal(&note));
    }
    return rv;
}

apr_status_t item_note_align(const char **types, item_text_t *texts, int n,
                             apr_pool_t *p)
{
    int texts_n = 0, others = 0, i;

    for (i = 0; i < n; i++) {
        if (!types[i])
            continue;
        if (!is_text(types[i], &texts[i]))
            others++;
        else if (texts[i].len > ITEM_MAX_OCTETS / 3)
            return ITEM_ELIMIT;
        else
            texts_n++;
    }
    for (i = 0; texts_n && others && i < n; i++) {
        if (!types[i] || !is_text(types[i], &texts[i]))
            continue;
        if (item_note_promote(&texts[i], &texts[i], p) == APR_SUCCESS)
            types[i] = CALENDAR;
    }
    return APR_SUCCESS;
}
