/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* SIF-E and SIF-T: a device's document becomes iCalendar. See item_sif.h;
 * the other way round is in item_sif_write.c. */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "item/item_sif.h"
#include "item/item_sif_int.h"

#define DAY  86400

/* Elements that are read by name; all others are kept as they are. */
static const char *const structure[] = {
    "SIFVersion", "AllDayEvent", "Start", "End", "StartDate", "DueDate",
    "DateCompleted", "Complete", "PercentComplete", "Status", "IsRecurring",
    "RecurrenceType", "Interval", "DayOfMonth", "DayOfWeekMask", "Instance",
    "MonthOfYear", "PatternStartDate", "NoEndDate", "PatternEndDate",
    "Occurrences", "Exceptions", "Timezone", "Attendees", "ReminderSet",
    "ReminderMinutesBeforeStart", "ReminderTime", "ReminderInterval",
    "ReminderRepeatCount", "OriginalDate", "UID", "Subject", "Body",
    "Location", "Contact", "Url", "Geo", "Sequence", "Categories",
    "Importance", "Sensitivity", "BusyStatus", NULL
};

const char *const *sif_structure(void)
{
    return structure;
}

/* ---- small ---------------------------------------------------------------- */

long sif_number(const item_xml_t *root, const char *name, long otherwise)
{
    item_span_t text = item_xml_text(root, name);
    char digits[10], *end;
    long n;

    if (!text.len || text.len >= sizeof(digits)) {
        if (item_span_is(text, "true"))
            return 1;
        return otherwise;
    }
    memcpy(digits, text.s, text.len);
    digits[text.len] = '\0';
    n = strtol(digits, &end, 10);
    if (end == digits)
        return item_span_is(text, "true") ? 1
               : item_span_is(text, "false") ? 0 : otherwise;
    return n;
}

item_span_t sif_stored_text(item_sif_t *s, const item_part_t *part,
                            const char *name)
{
    const item_entry_t *entry = part ? item_part_find(part, name) : NULL;
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = s->p;
    if (entry)
        item_unescape(&b, entry->line.value);
    return item_buf_span(&b);
}

static int stored_is(item_sif_t *s, const char *name, const char *value)
{
    return item_span_is(item_span_trim(sif_stored_text(s, s->main, name)),
                        value);
}

void sif_find_main(item_sif_t *s)
{
    const item_entry_t *entry;
    int i;

    for (i = 0; i < s->doc->root->entries->nelts; i++) {
        entry = APR_ARRAY_IDX(s->doc->root->entries, i, const item_entry_t *);
        if (!entry->part || entry->part->kind != (int)s->kind)
            continue;
        if (!item_part_find(entry->part, "RECURRENCE-ID")) {
            s->main = entry->part;
            return;
        }
        if (!s->main)
            s->main = entry->part;
    }
}

/* ---- plain fields --------------------------------------------------------- */

/** Where an occurrence's own element is missing, the series' counts. */
static const item_xml_t *with(const item_xml_t *e, const item_xml_t *root,
                              const char *name)
{
    return item_xml_find(e, name) ? e : root;
}

static void put_class(item_sif_t *s, const item_xml_t *e)
{
    static const char *const classes[] = {
        "PUBLIC", "PRIVATE", "PRIVATE", "CONFIDENTIAL"
    };
    long n = sif_number(e, "Sensitivity", 0);

    if (n >= 1 && n <= 3)
        item_put(&s->out, "CLASS", classes[n]);
    if (n == 1)                 /* personal, which is told from private */
        item_put(&s->out, ITEM_SIF_KEPT "Sensitivity", "1");
}

/** Outlook's names for how busy one is are known in iCalendar, too; what
 * TRANSP says needs no second word. */
static void put_busy(item_sif_t *s, const item_xml_t *e)
{
    static const char *const names[] = { "FREE", "TENTATIVE", "BUSY", "OOF" };
    long n = sif_number(e, "BusyStatus", -1);

    if (s->kind != ITEM_VEVENT || n < 0 || n > 3)
        return;
    item_put(&s->out, "TRANSP", n ? "OPAQUE" : "TRANSPARENT");
    if (n % 2 || (s->main && item_part_find(s->main,
                                            "X-MICROSOFT-CDO-BUSYSTATUS")))
        item_put(&s->out, "X-MICROSOFT-CDO-BUSYSTATUS", names[n]);
}

/** A text without the white space around it, by which some writers lay out
 * their XML; but with that of the stored text, which is not sent. */
static item_span_t trim_field(item_sif_t *s, item_span_t text,
                              const char *property)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t had, core;

    text = item_span_trim(text);
    had = sif_stored_text(s, s->main, property);
    core = item_span_trim(had);
    if (!text.len || !core.len || core.len == had.len)
        return text;
    b.p = s->p;
    item_buf_add(&b, had.s, (apr_size_t)(core.s - had.s));
    item_buf_add(&b, text.s, text.len);
    item_buf_add(&b, core.s + core.len,
                 (apr_size_t)(had.s + had.len - core.s - core.len));
    return item_buf_span(&b);
}

static void put_fields(item_sif_t *s, const item_xml_t *e,
                       const item_xml_t *root)
{
    static const struct {
        const char *element, *property;
        int raw, series;        /* an occurrence has the series' own */
    } fields[] = {
        { "Subject",  "SUMMARY", 0, 1 },
        { "Body",     "DESCRIPTION", 0, 1 },
        { "Location", "LOCATION", 0, 1 },
        { "Contact",  "CONTACT", 0, 0 },
        { "Url",      "URL", 1, 0 },
        { "Geo",      "GEO", 1, 0 },
        { "Sequence", "SEQUENCE", 1, 0 }
    };
    long importance = sif_number(with(e, root, "Importance"), "Importance",
                                 1);
    const item_xml_t *field;
    item_span_t text;
    unsigned i;

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        field = item_xml_find(fields[i].series ? with(e, root,
                                                      fields[i].element)
                                               : e, fields[i].element);
        if (!field)
            continue;
        text.s = field->text;
        text.len = field->len;
        if (strcmp(fields[i].element, "Body"))
            text = trim_field(s, text, fields[i].property);
        if (!fields[i].raw)
            item_put_text(&s->out, fields[i].property, text);
        else if (text.len)
            item_put_line(&s->out, fields[i].property, text);
    }
    item_put_words(&s->out, "CATEGORIES",
                   item_xml_text(with(e, root, "Categories"), "Categories"));
    if (importance == 0 || importance == 2)
        item_put(&s->out, "PRIORITY", importance ? "1" : "9");
    put_class(s, with(e, root, "Sensitivity"));
    put_busy(s, with(e, root, "BusyStatus"));
}

/* What every document says, and what goes without saying. */
static int is_default(const item_xml_t *e)
{
    static const char *const defaults[][2] = {
        { "Folder", "DEFAULT_FOLDER" }, { "MeetingStatus", "0" },
        { "ReminderOptions", "0" }, { "ActualWork", "0" },
        { "TotalWork", "0" }, { "TeamTask", "0" }
    };
    unsigned i;

    for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
        if (item_sif_is(e, defaults[i][0])
            && !strcmp(e->text, defaults[i][1]))
            return 1;
    return 0;
}

static void keep_others(item_sif_t *s, const item_xml_t *e)
{
    const item_xml_t *field;

    for (field = e->first; field; field = field->next)
        if (!item_sif_among(field->name, structure) && !is_default(field))
            item_sif_keep(&s->out, field);
}

/* ---- times ---------------------------------------------------------------- */

static apr_int64_t floor_day(apr_int64_t secs)
{
    return secs - (secs % DAY + DAY) % DAY;
}

/** The day of a whole day's time: phones write its midnight in some clock. */
static void make_day(const item_sif_t *s, sif_when_t *when)
{
    if (when->kind == SIF_INSTANT)
        when->secs = floor_day(sif_time_local(when, s->pattern) + DAY / 2);
    else if (when->kind == SIF_FLOATING)
        when->secs = floor_day(when->secs);
    if (when->kind != SIF_NEVER)
        when->kind = SIF_DAY;
}

/** End is the last day; but a midnight after the start is where it ends. */
static void make_end_day(const item_sif_t *s, sif_when_t *end,
                         const sif_when_t *start)
{
    apr_int64_t local = sif_time_local(end, s->pattern);

    if (end->kind == SIF_NEVER)
        return;
    if (end->kind != SIF_DAY && local == floor_day(local)
        && local > start->secs)
        local -= DAY;
    end->secs = floor_day(local) + DAY;
    if (end->secs <= start->secs)
        end->secs = start->secs + DAY;
    end->kind = SIF_DAY;
}

/** Start and end of an event or one of its occurrences. @return non-zero:
 * the device wrote local time */
static int read_event_times(item_sif_t *s, const item_xml_t *e,
                            sif_when_t *start, sif_when_t *end)
{
    int local;

    *start = sif_time_read(s, item_xml_text(e, "Start"), &local);
    *end = sif_time_read(s, item_xml_text(e, "End"), NULL);
    if (sif_number(e, "AllDayEvent", 0) == 1 || start->kind == SIF_DAY) {
        make_day(s, start);
        make_end_day(s, end, start);
    }
    else if (end->kind == SIF_DAY)
        *end = sif_time_of_local(s, end->secs, s->pattern);
    if (end->kind != start->kind || end->secs < start->secs)
        end->kind = SIF_NEVER;
    return local;
}

/** A task's date. Devices keep the day only: on the day of the store's time
 * it is that time. @return non-zero: the store's line was taken */
static int same_day(item_sif_t *s, const char *property,
                    const sif_when_t *when)
{
    const item_entry_t *entry;
    sif_when_t stored;
    item_span_t head;

    if (when->kind != SIF_DAY || !s->main)
        return 0;
    entry = item_part_find(s->main, property);
    stored = sif_time_stored(s, s->main, property);
    if (!entry || stored.kind == SIF_NEVER
        || sif_time_day(&stored, s->user) != when->secs)
        return 0;
    head = item_line_head(&entry->line);
    item_put_line(&s->out, apr_pstrmemdup(s->p, head.s, head.len - 1),
                  entry->line.value);
    return 1;
}

/* ---- tasks ---------------------------------------------------------------- */

static void put_completed(item_sif_t *s, const item_xml_t *root)
{
    sif_when_t when = sif_time_read(s, item_xml_text(root, "DateCompleted"),
                                    NULL);
    item_time_t t;

    if (when.kind == SIF_NEVER || same_day(s, "COMPLETED", &when))
        return;
    memset(&t, 0, sizeof(t));
    t.kind = ITEM_TIME_UTC;
    t.secs = when.kind == SIF_DAY && s->user
             ? item_zone_to_utc(s->user, when.secs) : when.secs;
    item_put(&s->out, "COMPLETED", item_time_canon(&t, s->p));
}

/* Waiting and deferred have no word in iCalendar; the latter may be a
 * CANCELLED that was sent so. */
static void put_state(item_sif_t *s, const item_xml_t *root)
{
    long status = sif_number(root, "Status", -1);
    long percent = sif_number(root, "PercentComplete", 0);
    const char *state = "NEEDS-ACTION";

    if (status == 2 || sif_number(root, "Complete", 0) == 1)
        state = "COMPLETED";
    else if (status == 1)
        state = "IN-PROCESS";
    else if (status == 4 && stored_is(s, "STATUS", "CANCELLED"))
        state = "CANCELLED";
    else if (status == 3 || status == 4)
        item_put(&s->out, ITEM_SIF_KEPT "Status",
                 apr_psprintf(s->p, "%ld", status));
    else if (status < 0)
        state = NULL;
    if (state)
        item_put(&s->out, "STATUS", state);
    if (percent > 0 && percent <= 100)
        item_put(&s->out, "PERCENT-COMPLETE",
                 apr_psprintf(s->p, "%ld", percent));
    put_completed(s, root);
}

/** Of which occurrence a stored text is that has nothing but one. */
static void put_occurrence(item_sif_t *s)
{
    const item_entry_t *id = s->main ? item_part_find(s->main,
                                                      "RECURRENCE-ID") : NULL;

    if (id && (!s->recurs || item_part_find(s->main, "RRULE")))
        item_raw_add(&s->out, id->raw, "\r\n");
}

static void put_task(item_sif_t *s, const item_xml_t *root)
{
    item_put(&s->out, "BEGIN", "VTODO");
    put_occurrence(s);
    if (!same_day(s, "DTSTART", &s->start))
        sif_time_put(s, "DTSTART", &s->start);
    if (!same_day(s, "DUE", &s->end))
        sif_time_put(s, "DUE", &s->end);
    put_fields(s, root, root);
    put_state(s, root);
    if (s->recurs)
        sif_rule_read(s, root);
    sif_people_read(s, root);
    keep_others(s, root);
    sif_reminder_read(s, root);
    item_put(&s->out, "END", "VTODO");
}

/* ---- events --------------------------------------------------------------- */

static void put_uid(item_sif_t *s, const item_xml_t *root)
{
    item_span_t uid = item_xml_text(root, "UID");

    if (!uid.len)
        uid = sif_stored_text(s, s->main, "UID");
    item_put_text(&s->out, "UID", uid);
}

static void put_event(item_sif_t *s, const item_xml_t *root)
{
    item_put(&s->out, "BEGIN", "VEVENT");
    put_uid(s, root);
    put_occurrence(s);
    sif_time_put(s, "DTSTART", &s->start);
    sif_time_put(s, "DTEND", &s->end);
    put_fields(s, root, root);
    if (s->recurs)
        sif_rule_read(s, root);
    sif_people_read(s, root);
    keep_others(s, root);
    sif_reminder_read(s, root);
    item_put(&s->out, "END", "VEVENT");
}

/** A changed occurrence. */
static void put_changed(item_sif_t *s, const item_xml_t *e,
                        const item_xml_t *root)
{
    sif_when_t original, start, end, first = s->start, last = s->end;

    original = sif_rule_occurrence(s, item_xml_text(e, "OriginalDate"));
    if (original.kind == SIF_NEVER)
        return;
    read_event_times(s, e, &start, &end);
    if (start.kind == SIF_NEVER)
        start = original;
    if (end.kind == SIF_NEVER && last.kind == start.kind
        && !item_xml_find(e, "End")) {
        end = start;
        end.secs += last.secs - first.secs;
    }
    item_put(&s->out, "BEGIN", "VEVENT");
    put_uid(s, root);
    sif_time_put(s, "RECURRENCE-ID", &original);
    sif_time_put(s, "DTSTART", &start);
    sif_time_put(s, "DTEND", &end);
    put_fields(s, e, root);
    keep_others(s, e);
    s->start = start;
    s->end = end;
    sif_reminder_read(s, with(e, root, "ReminderSet"));
    s->start = first;
    s->end = last;
    item_put(&s->out, "END", "VEVENT");
}

static void put_all_changed(item_sif_t *s, const item_xml_t *root)
{
    const item_xml_t *e = item_xml_find(root, "Exceptions");
    int n = 0;

    for (e = e ? e->first : NULL; e && n < ITEM_SIF_MAX_EXCEPTIONS;
         e = e->next)
        if (item_sif_is(e, "ExAppointment")) {
            put_changed(s, e, root);
            n++;
        }
}

/* ---- the whole ------------------------------------------------------------ */

void sif_init(item_sif_t *s, const item_form_t *form, apr_pool_t *p)
{
    item_span_t name = { "", 0 };

    memset(s, 0, sizeof(*s));
    s->p = s->out.p = p;
    s->form = form;
    item_zones_init(&s->zones, form->zone, p);
    if (form->zone) {
        name.s = form->zone;
        name.len = strlen(form->zone);
        s->user = item_zones_get(&s->zones, name);
    }
}

static void take_like(item_sif_t *s, const item_text_t *like)
{
    item_doc_t *doc;

    if (!like || item_doc_read(&doc, "text/calendar", like->data, like->len,
                               s->p) != APR_SUCCESS
        || doc->kind != s->kind)
        return;
    s->doc = doc;
    sif_find_main(s);
}

static void read_times(item_sif_t *s, const item_xml_t *root)
{
    int styled = sif_time_from_store(s), local = 0;

    /* Devices show days in their own zone, and few send a Timezone back. */
    s->pattern = s->user ? s->user : sif_time_read_zone(s, root);
    if (!s->pattern)
        s->pattern = s->own;
    if (s->kind == ITEM_VTODO) {
        s->start = sif_time_read(s, item_xml_text(root, "StartDate"),
                                 &local);
        s->end = sif_time_read(s, item_xml_text(root, "DueDate"), NULL);
    }
    else
        local = read_event_times(s, root, &s->start, &s->end);
    s->recurs = sif_number(root, "IsRecurring", 0) == 1;
    if (!styled || s->start.kind == SIF_FLOATING)
        sif_time_choose(s, local);
}

apr_status_t item_sif_import(const item_form_t *form, const item_text_t *in,
                             const item_text_t *like, item_text_t *out,
                             apr_pool_t *p)
{
    item_xml_t *root;
    apr_status_t rv;
    item_sif_t s;

    memset(out, 0, sizeof(*out));
    rv = item_xml_read(&root, in->data, in->len, p);
    if (rv != APR_SUCCESS)
        return rv;
    sif_init(&s, form, p);
    if (item_sif_is(root, "appointment"))
        s.kind = ITEM_VEVENT;
    else if (item_sif_is(root, "task"))
        s.kind = ITEM_VTODO;
    else
        return ITEM_ETYPE;
    take_like(&s, like);
    read_times(&s, root);
    item_put_calendar(&s.out, !s.doc
                              || item_part_find(s.doc->root, "PRODID"));
    sif_time_put_zone(&s.out, &s);
    if (s.kind == ITEM_VTODO)
        put_task(&s, root);
    else {
        put_event(&s, root);
        if (s.recurs)
            put_all_changed(&s, root);
    }
    item_put_calendar_end(&s.out);
    if (s.out.len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    out->data = s.out.s;
    out->len = s.out.len;
    return APR_SUCCESS;
}
