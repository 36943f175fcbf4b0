/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* SIF-E and SIF-T: an event or task of the store for a device. See
 * item_sif.h. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "item/item_sif.h"
#include "item/item_sif_int.h"

#define DAY  86400

static void put_span(item_sif_t *s, const char *name, item_span_t text)
{
    if (text.len || !(s->form->habits & ITEM_HABIT_NO_EMPTY))
        item_xml_put(&s->out, name, text);
}

void sif_put(item_sif_t *s, const char *name, const char *text)
{
    put_span(s, name, item_span_of(text));
}

void sif_put_number(item_sif_t *s, const char *name, long n)
{
    item_xml_put(&s->out, name, item_span_of(apr_psprintf(s->p, "%ld", n)));
}

static item_span_t value_of(item_sif_t *s, const item_part_t *part,
                            const char *name)
{
    return item_span_trim(sif_stored_text(s, part, name));
}

/* ---- plain fields --------------------------------------------------------- */

static long importance_of(item_span_t priority)
{
    long n = priority.len == 1 ? priority.s[0] - '0' : 0;

    return n >= 1 && n <= 4 ? 2 : n >= 6 && n <= 9 ? 0 : 1;
}

static long sensitivity_of(item_sif_t *s, const item_part_t *part)
{
    item_span_t class = value_of(s, part, "CLASS");

    if (item_span_is(class, "PRIVATE"))
        return item_span_is(value_of(s, part, ITEM_SIF_KEPT "Sensitivity"),
                            "1") ? 1 : 2;
    return item_span_is(class, "CONFIDENTIAL") ? 3 : 0;
}

/** What TRANSP says counts; Outlook's word is finer. */
static long busy_of(item_sif_t *s, const item_part_t *part)
{
    item_span_t word = value_of(s, part, "X-MICROSOFT-CDO-BUSYSTATUS");

    if (item_span_is(value_of(s, part, "TRANSP"), "TRANSPARENT"))
        return 0;
    if (item_span_is(word, "OOF"))
        return 3;
    return item_span_is(word, "TENTATIVE")
           || (!word.len && item_span_is(value_of(s, part, "STATUS"),
                                         "TENTATIVE")) ? 1 : 2;
}

static void put_fields(item_sif_t *s, const item_part_t *part)
{
    static const char *const optional[][2] = {
        { "Contact", "CONTACT" }, { "Url", "URL" }, { "Geo", "GEO" },
        { "Sequence", "SEQUENCE" }
    };
    item_span_t text;
    unsigned i;

    put_span(s, "Subject", value_of(s, part, "SUMMARY"));
    put_span(s, "Body", sif_stored_text(s, part, "DESCRIPTION"));
    put_span(s, "Location", value_of(s, part, "LOCATION"));
    if (item_part_find(part, "CATEGORIES"))
        item_sif_words(&s->out, "Categories", part, "CATEGORIES");
    else
        sif_put(s, "Categories", "");
    sif_put_number(s, "Importance",
                   importance_of(value_of(s, part, "PRIORITY")));
    sif_put_number(s, "Sensitivity", sensitivity_of(s, part));
    if (s->kind == ITEM_VEVENT)
        sif_put_number(s, "BusyStatus", busy_of(s, part));
    for (i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
        text = value_of(s, part, optional[i][1]);
        if (text.len)
            item_xml_put(&s->out, optional[i][0], text);
    }
}

/* ---- events --------------------------------------------------------------- */

/** The last day of an event that ends before a day begins. */
static void put_event_times(item_sif_t *s)
{
    sif_when_t end = s->end;

    if (end.kind == SIF_NEVER)
        end = s->start;
    else if (s->start.kind == SIF_DAY) {
        end.secs = sif_time_day(&end, s->own);
        end.kind = SIF_DAY;
        if (s->end.kind == SIF_DAY)
            end.secs -= DAY;
        if (end.secs < s->start.secs)
            end.secs = s->start.secs;
    }
    sif_put_number(s, "AllDayEvent", s->start.kind == SIF_DAY);
    sif_put(s, "Start", sif_time_device(s, &s->start));
    sif_put(s, "End", sif_time_device(s, &end));
}

static void put_kept(item_sif_t *s, const item_part_t *part)
{
    item_sif_give_back(&s->out, part, sif_structure());
}

static void put_changed(item_sif_t *s, const item_part_t *part)
{
    sif_when_t start = s->start, end = s->end;
    sif_when_t original = sif_time_stored(s, part, "RECURRENCE-ID");

    s->start = sif_time_stored(s, part, "DTSTART");
    if (s->start.kind == SIF_NEVER)
        s->start = original;
    s->end = sif_time_end(s, part, &s->start);
    if (original.kind != SIF_NEVER) {
        item_xml_open(&s->out, "ExAppointment");
        sif_put(s, "OriginalDate", sif_time_device(s, &original));
        put_event_times(s);
        put_fields(s, part);
        sif_reminder_write(s, part);
        put_kept(s, part);
        item_xml_close(&s->out, "ExAppointment");
    }
    s->start = start;
    s->end = end;
}

/* ---- tasks ---------------------------------------------------------------- */

static void put_task_state(item_sif_t *s)
{
    item_span_t state = value_of(s, s->main, "STATUS");
    item_span_t percent = value_of(s, s->main, "PERCENT-COMPLETE");
    item_span_t kept = value_of(s, s->main, ITEM_SIF_KEPT "Status");
    sif_when_t done = sif_time_stored(s, s->main, "COMPLETED");
    int complete = item_span_is(state, "COMPLETED")
                   || item_span_is(percent, "100")
                   || (!state.len && done.kind != SIF_NEVER);
    long status = complete ? 2 : item_span_is(state, "IN-PROCESS") ? 1
                  : item_span_is(state, "CANCELLED") ? 4 : 0;

    if (!status && (item_span_is(kept, "3") || item_span_is(kept, "4")))
        status = kept.s[0] - '0';
    sif_put_number(s, "Complete", complete);
    sif_put_number(s, "Status", status);
    put_span(s, "PercentComplete", percent.len ? percent
                                   : item_span_of(complete ? "100" : "0"));
    if (done.kind != SIF_NEVER) {
        done.secs = sif_time_day(&done, s->user);
        done.kind = SIF_DAY;
    }
    sif_put(s, "DateCompleted", sif_time_device(s, &done));
}

static void put_task_times(item_sif_t *s)
{
    sif_put(s, "StartDate", sif_time_device(s, &s->start));
    sif_put(s, "DueDate", sif_time_device(s, &s->end));
}

/* ---- the whole ------------------------------------------------------------ */

static void write_item(item_sif_t *s)
{
    sif_put(s, "SIFVersion", "1.1");
    s->start = sif_time_stored(s, s->main, "DTSTART");
    s->end = sif_time_end(s, s->main, &s->start);
    s->pattern = s->user ? s->user : s->own;
    if (item_part_find(s->main, "RRULE"))
        sif_time_write_zone(s);
    if (s->kind == ITEM_VTODO)
        put_task_times(s);
    else
        put_event_times(s);
    put_fields(s, s->main);
    if (s->kind == ITEM_VTODO)
        put_task_state(s);
    sif_reminder_write(s, s->main);
    sif_people_write(s, s->main);
    if (sif_rule_write(s, s->main))
        sif_rule_write_exceptions(s, put_changed);
    put_kept(s, s->main);
}

apr_status_t item_sif_export(const item_form_t *form, const item_text_t *in,
                             item_text_t *out, apr_pool_t *p)
{
    item_doc_t *doc;
    const char *root;
    apr_status_t rv;
    item_sif_t s;

    memset(out, 0, sizeof(*out));
    rv = item_doc_read(&doc, "text/calendar", in->data, in->len, p);
    if (rv != APR_SUCCESS)
        return rv;
    if (doc->kind != ITEM_VEVENT && doc->kind != ITEM_VTODO)
        return ITEM_ETYPE;
    sif_init(&s, form, p);
    s.kind = doc->kind;
    s.doc = doc;
    sif_find_main(&s);
    sif_time_from_store(&s);
    root = s.kind == ITEM_VEVENT ? "appointment" : "task";
    item_xml_begin(&s.out);
    item_xml_open(&s.out, root);
    write_item(&s);
    item_xml_close(&s.out, root);
    out->data = s.out.s;
    out->len = s.out.len;
    return APR_SUCCESS;
}
