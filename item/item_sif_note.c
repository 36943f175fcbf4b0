/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* SIF-N: see item_note_int.h.  Elements that iCalendar has nothing for are
 * kept as X-FUNAMBOL-, under the names that other programs of the field use
 * for them. */
#include <string.h>

#include <apr_strings.h>

#include "item/item_note_int.h"
#include "item/item_sif_field.h"

static const char *const own[] = {
    "SIFVersion", "Subject", "Body", "Categories", NULL
};

/* ---- reading -------------------------------------------------------------- */

/** The note's date: a day is what a journal is about, a full time is when it
 * was written. */
static void take_date(item_note_t *note, const item_form_t *form,
                      item_span_t value)
{
    static const item_span_t no_zone = { "", 0 };
    item_time_t t;

    if (!item_time_parse(&t, value, no_zone)) {
        item_put_text(&note->more, "X-FUNAMBOL-DATE", value);
        return;
    }
    if (t.kind == ITEM_TIME_DATE)
        item_put(&note->more, "DTSTART;VALUE=DATE",
                 item_time_canon(&t, note->p));
    else
        item_note_put_time(&note->more, "LAST-MODIFIED", form, value);
}

apr_status_t item_sifn_read(item_note_t *note, const item_form_t *form,
                            const item_text_t *in)
{
    const item_xml_t *e;
    item_span_t text;
    item_xml_t *root;
    apr_status_t rv;

    rv = item_xml_read(&root, in->data, in->len, note->p);
    if (rv != APR_SUCCESS)
        return rv;
    if (!item_sif_is(root, "note"))
        return ITEM_ETYPE;
    for (e = root->first; e; e = e->next) {
        text.s = e->text;
        text.len = e->len;
        if (item_sif_is(e, "Body"))
            note->body = text;
        else if (item_sif_is(e, "Subject"))
            note->subject = item_span_trim(text);
        else if (item_sif_is(e, "Categories"))
            item_put_words(&note->more, "CATEGORIES", text);
        else if (item_sif_is(e, "Date"))
            take_date(note, form, item_span_trim(text));
        else if (!item_sif_is(e, "SIFVersion"))
            item_sif_keep(&note->more, e);
    }
    return APR_SUCCESS;
}

/* ---- writing -------------------------------------------------------------- */

static void put_date(item_buf_t *b, const item_form_t *form,
                     const item_part_t *part)
{
    const item_entry_t *start = item_part_find(part, "DTSTART");
    const item_entry_t *changed = item_part_find(part, "LAST-MODIFIED");
    item_buf_t text = { NULL, NULL, 0, 0 };
    item_span_t no_zone = { "", 0 };
    item_time_t t;

    text.p = b->p;
    if (start && item_time_parse(&t, start->line.value, no_zone)) {
        t.kind = ITEM_TIME_DATE;
        item_sif_day(&text, &t);
    }
    else if (changed) {
        item_buf_add(&text, changed->line.value.s, changed->line.value.len);
        item_note_device_time(&text, form);
    }
    if (text.len)
        item_xml_put(b, "Date", item_buf_span(&text));
}

void item_sifn_write(item_buf_t *b, const item_form_t *form,
                     const item_note_t *note)
{
    item_span_t title = item_note_title(note->body), version = { "1.1", 3 };

    item_xml_begin(b);
    item_xml_open(b, "note");
    item_xml_put(b, "SIFVersion", version);
    item_xml_put(b, "Subject", item_note_titled(note) ? title
                                                      : note->subject);
    item_xml_put(b, "Body", !note->body.len && note->subject.s
                            ? note->subject : note->body);
    if (note->part) {
        put_date(b, form, note->part);
        item_sif_words(b, "Categories", note->part, "CATEGORIES");
        item_sif_give_back(b, note->part, own);
    }
    item_xml_close(b, "note");
}
