/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* vNote 1.1 (IrMC 1.1, 11.5): see item_note_int.h.  Written like vCard 2.1:
 * quoted-printable with soft line breaks, bare parameters, no backslashes. */
#include <string.h>
#include <strings.h>

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_charset.h"
#include "item/item_note_int.h"
#include "item/item_put.h"
#include "item/item_qp.h"

/* ---- reading -------------------------------------------------------------- */

static int has_word(const char *s, const char *end, const char *word)
{
    apr_size_t n = strlen(word);

    for (; end - s >= (apr_ssize_t)n; s++)
        if (!strncasecmp(s, word, n))
            return 1;
    return 0;
}

/** Take out soft line breaks, so that the reader of lines need not know of
 * them: of a line whose parameters say quoted-printable, each "=" at the end
 * of a physical line. */
static item_span_t join_soft(const char *s, apr_size_t len, apr_pool_t *p)
{
    const char *end = s + len, *from, *colon, *params;
    item_buf_t b = { NULL, NULL, 0, 0 };
    int quoted = 0;

    b.p = p;
    while (s < end) {
        for (from = s; s < end && *s != '\r' && *s != '\n'; s++)
            ;
        if (!quoted) {
            colon = memchr(from, ':', (apr_size_t)(s - from));
            params = colon ? memchr(from, ';', (apr_size_t)(colon - from))
                           : NULL;
            quoted = params && (has_word(params, colon, "QUOTED-PRINTABLE")
                                || has_word(params, colon,
                                            "QUOTEDPRINTABLE"));
        }
        if (quoted && s > from && s[-1] == '=' && s < end)
            item_buf_add(&b, from, (apr_size_t)(s - 1 - from));
        else {
            item_buf_add(&b, from, (apr_size_t)(s - from));
            item_buf_putc(&b, '\n');
            quoted = 0;
        }
        if (s < end && *s == '\r')
            s++;
        if (s < end && *s == '\n')
            s++;
    }
    return item_buf_span(&b);
}

static void put_base64(item_buf_t *b, item_span_t value)
{
    item_buf_t digits = { NULL, NULL, 0, 0 };
    char *out;

    digits.p = b->p;
    item_value_base64(&digits, value);
    if (!digits.len)
        return;
    out = apr_palloc(b->p, (apr_size_t)apr_base64_decode_len(digits.s) + 1);
    item_buf_add(b, out, (apr_size_t)apr_base64_decode(out, digits.s));
}

static int says(const item_line_t *line, const char *name, const char *a,
                const char *b)
{
    int i;

    for (i = 0; i < line->nparams; i++) {
        const item_param_t *param = &line->params[i];

        if ((!param->name.len || item_span_is(param->name, name))
            && (item_span_is(param->value, a)
                || item_span_is(param->value, b)))
            return 1;
    }
    return 0;
}

/** Line ends as LF, without NUL octets. @return octets left */
static apr_size_t unify(char *s, apr_size_t len)
{
    apr_size_t i, n = 0;

    for (i = 0; i < len; i++) {
        if (s[i] == '\r' && (i + 1 == len || s[i + 1] != '\n'))
            s[n++] = '\n';
        else if (s[i] && s[i] != '\r')
            s[n++] = s[i];
    }
    return n;
}

/** A value's text in UTF-8, with line ends LF and without NUL octets. */
static item_span_t decode(const item_form_t *form, const item_line_t *line,
                          apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 }, out = { NULL, NULL, 0, 0 };
    const item_param_t *charset = item_line_param(line, "CHARSET");
    item_span_t name = { "", 0 };

    b.p = out.p = p;
    if (says(line, "ENCODING", "BASE64", "B"))
        put_base64(&b, line->value);
    else
        item_buf_add(&b, line->value.s, line->value.len);
    if (says(line, "ENCODING", "QUOTED-PRINTABLE", "QUOTEDPRINTABLE"))
        b.len = item_qp_decode(b.s, b.len);
    if (charset)
        name = charset->value;
    else if (form->charset) {
        name.s = form->charset;
        name.len = strlen(name.s);
    }
    item_charset_in(&out, item_charset_find(name), item_buf_span(&b));
    out.len = unify(out.s, out.len);
    return item_buf_span(&out);
}

/** Further properties as they are, if iCalendar can have them. */
static void put_other(item_note_t *note, const item_line_t *line,
                      item_span_t text)
{
    apr_size_t i;

    if (line->junk || !line->name.len || line->name.len > 60)
        return;
    for (i = 0; i < line->name.len; i++)
        if (!apr_isalnum(line->name.s[i]) && line->name.s[i] != '-')
            return;
    item_put_text(&note->more, apr_pstrmemdup(note->p, line->name.s,
                                              line->name.len), text);
}

static void take_line(item_note_t *note, const item_form_t *form,
                      const item_line_t *line)
{
    item_span_t text = decode(form, line, note->p), head = line->name;

    if (item_span_is(head, "BODY"))
        note->body = text;
    else if (item_span_is(head, "SUMMARY"))
        note->subject = text;
    else if (item_span_is(head, "CATEGORIES"))
        item_put_words(&note->more, "CATEGORIES", text);
    else if (item_span_is(head, "DCREATED"))
        item_note_put_time(&note->more, "CREATED", form,
                           item_span_trim(text));
    else if (item_span_is(head, "CREATED")
             || item_span_is(head, "LAST-MODIFIED"))
        item_note_put_time(&note->more, item_span_upper(head, note->p), form,
                           item_span_trim(text));
    else if (!item_span_is(head, "VERSION")
             && !item_span_is(head, "X-IRMC-LUID")
             && !item_span_is(head, "PRODID"))
        put_other(note, line, text);
}

apr_status_t item_vnote_read(item_note_t *note, const item_form_t *form,
                             const item_text_t *in)
{
    int depth = 0, ended = 0;
    item_reader_t reader;
    item_line_t line;
    item_span_t text;
    apr_status_t rv;

    if (in->len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    text = join_soft(in->len ? in->data : "", in->len, note->p);
    rv = item_reader_init(&reader, text.s, text.len, note->p);
    while (rv == APR_SUCCESS) {
        rv = item_reader_next(&reader, &line);
        if (rv != APR_SUCCESS)
            break;
        text = item_span_trim(line.value);
        if (item_span_is(line.name, "BEGIN")) {
            if (!depth && (ended || !item_span_is(text, "VNOTE")))
                return ITEM_EMALFORMED;
            depth++;
        }
        else if (!depth)
            return ITEM_EMALFORMED;
        else if (item_span_is(line.name, "END"))
            ended = !--depth;
        else if (depth == 1)
            take_line(note, form, &line);
    }
    return rv != APR_EOF ? rv : ended ? APR_SUCCESS : ITEM_EMALFORMED;
}

/* ---- writing -------------------------------------------------------------- */

static int is_plain(const item_form_t *form, item_span_t text)
{
    apr_size_t i;

    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.s[i];

        if ((c < ' ' && c != '\t') || c == 0x7f
            || (c > 0x7f && !(form->habits & ITEM_HABIT_TEXT_8BIT)))
            return 0;
    }
    return !text.len || (text.s[0] != ' ' && text.s[0] != '\t'
                         && text.s[text.len - 1] != ' '
                         && text.s[text.len - 1] != '\t');
}

static void put_text(item_buf_t *b, const item_form_t *form,
                     const char *name, item_span_t text)
{
    const item_charset_t *cs = NULL;
    item_buf_t out = { NULL, NULL, 0, 0 };
    apr_size_t from = b->len;
    item_span_t wanted;

    if (form->charset) {
        wanted.s = form->charset;
        wanted.len = strlen(form->charset);
        cs = item_charset_find(wanted);
    }
    if (!cs)
        cs = item_charset_utf8();
    out.p = b->p;
    item_charset_out(&out, cs, text,
                     (form->habits & ITEM_HABIT_BMP_ONLY) != 0);
    out.len = unify(out.s, out.len);
    text = item_buf_span(&out);
    item_buf_puts(b, name);
    if (is_plain(form, text)) {
        item_buf_putc(b, ':');
        item_buf_add(b, text.s, text.len);
    }
    else {
        item_buf_puts(b, ";CHARSET=");
        item_buf_puts(b, cs->name);
        item_buf_puts(b, ";ENCODING=QUOTED-PRINTABLE:");
        item_qp_encode(b, text, b->len - from,
                       !(form->habits & ITEM_HABIT_NO_FOLD));
    }
    item_buf_puts(b, "\r\n");
}

/* What a vNote has no place for; UID is not for phones, which mangle it. */
static int not_sent(item_span_t name)
{
    static const char *const names[] = {
        "UID", "DTSTAMP", "DTSTART", "SEQUENCE", "RRULE", "EXRULE", "RDATE",
        "EXDATE", "RECURRENCE-ID", "ATTENDEE", "ORGANIZER", "ATTACH",
        "RELATED-TO", "URL", "STATUS", "COMMENT", "CONTACT",
        "REQUEST-STATUS", "SUMMARY", "DESCRIPTION", "VERSION", "PRODID",
        "X-IRMC-LUID", "BODY", "DCREATED", "BEGIN", "END", NULL
    };
    int i = 0;

    while (names[i] && !item_span_is(name, names[i]))
        i++;
    return names[i] != NULL;
}

static void put_words(item_buf_t *b, const item_form_t *form,
                      const item_note_t *note)
{
    item_buf_t list = { NULL, NULL, 0, 0 };
    const item_entry_t *entry;
    item_span_t rest, word;
    int i;

    list.p = b->p;
    for (i = 0; i < note->part->entries->nelts; i++) {
        entry = APR_ARRAY_IDX(note->part->entries, i, const item_entry_t *);
        if (entry->part || !item_span_is(entry->line.name, "CATEGORIES"))
            continue;
        rest = entry->line.value;
        while (item_value_next(&rest, ',', &word)) {
            if (list.len)
                item_buf_putc(&list, ';');
            item_unescape(&list, word);
        }
    }
    if (list.len)
        put_text(b, form, "CATEGORIES", item_buf_span(&list));
}

static void put_further(item_buf_t *b, const item_form_t *form,
                        const item_note_t *note)
{
    const item_entry_t *entry;
    int i;

    for (i = 0; i < note->part->entries->nelts; i++) {
        item_buf_t text = { NULL, NULL, 0, 0 };
        const char *name;

        entry = APR_ARRAY_IDX(note->part->entries, i, const item_entry_t *);
        if (entry->part || entry->line.junk || not_sent(entry->line.name)
            || item_span_is(entry->line.name, "CATEGORIES"))
            continue;
        text.p = b->p;
        item_unescape(&text, entry->line.value);
        if (!text.len)
            continue;
        name = item_span_upper(entry->line.name, b->p);
        if (!strcmp(name, "CREATED") || !strcmp(name, "LAST-MODIFIED"))
            item_note_device_time(&text, form);
        put_text(b, form, !strcmp(name, "CREATED") ? "DCREATED"
                          : apr_pstrmemdup(b->p, entry->line.name.s,
                                           entry->line.name.len),
                 item_buf_span(&text));
    }
}

void item_vnote_write(item_buf_t *b, const item_form_t *form,
                      const item_note_t *note)
{
    item_buf_puts(b, "BEGIN:VNOTE\r\nVERSION:1.1\r\n");
    if (!item_note_titled(note))
        put_text(b, form, "SUMMARY", note->subject);
    /* A subject alone, and a phone that has a field for the body only. */
    put_text(b, form, "BODY", !note->body.len && note->subject.s
                              ? note->subject : note->body);
    if (note->part) {
        put_words(b, form, note);
        put_further(b, form, note);
    }
    item_buf_puts(b, "END:VNOTE\r\n");
}
