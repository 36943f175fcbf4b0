/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Attendees and reminders of SIF: see item_sif_int.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_cal.h"
#include "item/item_sif_int.h"

#define MAX_MINUTES  (60 * 24 * 3660)

/* AttendeeStatus: the numbers are OlRecipientStatus of Windows Mobile's
 * pimstore.h (learn.microsoft.com, bb446180), which Funambol's server has as
 * well; its client for Outlook writes words, one of them misspelt.  The first
 * of several is written. */
static const struct {
    long status;
    const char *word, *partstat;
} states[] = {
    { 1, "ACCEPTED", "ACCEPTED" },
    { 2, "DECLINED", "DECLINED" },
    { 3, "TENTATIVE", "TENTATIVE" },
    { 3, "TENATIVE", "TENTATIVE" },
    { 4, "NEEDS ACTION", "NEEDS-ACTION" },
    { 2, "DELEGATED", "DELEGATED" }
};
/* AttendeeType: OlRecipientType (bb446052), where 0 is not known.  The first
 * of a number is read. */
static const struct {
    long type;
    const char *params, *name, *value;
} types[] = {
    { 3, ";CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT", "CUTYPE", "RESOURCE" },
    { 3, NULL, "CUTYPE", "ROOM" },
    { 2, ";ROLE=OPT-PARTICIPANT", "ROLE", "OPT-PARTICIPANT" },
    { 2, NULL, "ROLE", "NON-PARTICIPANT" },
    { 1, ";ROLE=REQ-PARTICIPANT", "ROLE", "REQ-PARTICIPANT" },
    { 1, NULL, "ROLE", "CHAIR" }
};

/* ---- attendees ------------------------------------------------------------ */

/** A value for a quoted parameter (RFC 6868 has no place in old clients). */
static const char *quoted(item_span_t text, apr_pool_t *p)
{
    char *out = apr_pstrmemdup(p, text.s, text.len), *c;

    for (c = out; *c; c++)
        if (*c == '"' || (unsigned char)*c < ' ')
            *c = *c == '"' ? '\'' : ' ';
    return out;
}

/** An address, or the name alone in its place. */
static const char *address_of(item_span_t email, item_span_t name,
                              apr_pool_t *p)
{
    static const char digits[] = "0123456789ABCDEF";
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t text = email.len ? email : name;
    apr_size_t i;

    b.p = p;
    item_buf_puts(&b, email.len ? "mailto:" : "cn:");
    for (i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.s[i];

        if (c > ' ' && c < 0x7f && c != '\\' && c != '"' && c != ',')
            item_buf_putc(&b, (char)c);
        else {
            item_buf_putc(&b, '%');
            item_buf_putc(&b, digits[c >> 4]);
            item_buf_putc(&b, digits[c & 15]);
        }
    }
    return b.s;
}

/** PARTSTAT for a status in numbers or words. @return NULL: none */
static const char *partstat_of(const item_xml_t *e)
{
    item_span_t text = item_span_trim(item_xml_text(e, "AttendeeStatus"));
    long status = sif_number(e, "AttendeeStatus", 0);
    unsigned i;

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (states[i].status == status
            || item_span_is(text, states[i].word))
            return states[i].partstat;
    return NULL;
}

static void read_attendee(item_sif_t *s, const item_xml_t *e)
{
    item_span_t name = item_xml_text(e, "AttendeeName");
    item_span_t email = item_xml_text(e, "AttendeeEmail");
    const char *partstat = partstat_of(e);
    long type = sif_number(e, "AttendeeType", -1);
    const char *head = "ATTENDEE";
    unsigned i;

    if (!name.len && !email.len)
        return;
    if (name.len) {
        name.s = quoted(name, s->p);
        head = apr_pstrcat(s->p, head, ";CN=\"", name.s, "\"", NULL);
    }
    if (partstat)
        head = apr_pstrcat(s->p, head, ";PARTSTAT=", partstat, NULL);
    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (types[i].type == type && types[i].params)
            head = apr_pstrcat(s->p, head, types[i].params, NULL);
    item_put(&s->out, head, address_of(email, name, s->p));
}

void sif_people_read(item_sif_t *s, const item_xml_t *root)
{
    const item_xml_t *e = item_xml_find(root, "Attendees");

    for (e = e ? e->first : NULL; e; e = e->next)
        if (item_sif_is(e, "Attendee"))
            read_attendee(s, e);
}

static long status_of(const item_line_t *line)
{
    item_span_t state = item_line_value(line, "PARTSTAT");
    unsigned i;

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
        if (item_span_is(state, states[i].partstat))
            return states[i].status;
    return 0;
}

/** @return -1: it does not say */
static long type_of(const item_line_t *line)
{
    unsigned i;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (item_span_is(item_line_value(line, types[i].name), types[i].value))
            return types[i].type;
    return -1;
}

static void write_attendee(item_sif_t *s, const item_line_t *line)
{
    item_span_t email = item_span_trim(line->value), none = { "", 0 };
    long type = type_of(line);

    if (email.len > 7 && !strncasecmp(email.s, "mailto:", 7)) {
        email.s += 7;
        email.len -= 7;
    }
    else if (email.len > 3 && !strncasecmp(email.s, "cn:", 3))
        email = none;
    item_xml_open(&s->out, "Attendee");
    item_xml_put(&s->out, "AttendeeName", item_line_value(line, "CN"));
    item_xml_put(&s->out, "AttendeeEmail", email);
    sif_put_number(s, "AttendeeStatus", status_of(line));
    if (type >= 0)
        sif_put_number(s, "AttendeeType", type);
    item_xml_close(&s->out, "Attendee");
}

void sif_people_write(item_sif_t *s, const item_part_t *part)
{
    const item_entry_t *entry;
    int i, n = 0;

    for (i = 0; i < part->entries->nelts; i++) {
        entry = APR_ARRAY_IDX(part->entries, i, const item_entry_t *);
        if (entry->part || !item_span_is(entry->line.name, "ATTENDEE"))
            continue;
        if (!n++)
            item_xml_open(&s->out, "Attendees");
        write_attendee(s, &entry->line);
    }
    if (n)
        item_xml_close(&s->out, "Attendees");
}

/* ---- reminders ------------------------------------------------------------ */

/** The store's first alarm, or the nth. @return NULL: no further one */
static const item_part_t *alarm_of(const item_part_t *part, int nth)
{
    int i;

    for (i = 0; part && i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part && item_span_is(entry->part->name, "VALARM")
            && !item_alarm_is_none(entry->part) && !nth--)
            return entry->part;
    }
    return NULL;
}

/** An event's or task's beginning as an instant; a day begins at midnight in
 * the user's zone. */
static sif_when_t anchor_of(const item_sif_t *s, const sif_when_t *when)
{
    sif_when_t at = *when;

    if (at.kind == SIF_DAY) {
        at.kind = SIF_INSTANT;
        if (s->user)
            at.secs = item_zone_to_utc(s->user, at.secs);
    }
    return at;
}

/** When an alarm goes off. @return SIF_NEVER: that cannot be told */
static sif_when_t alarm_time(item_sif_t *s, const item_part_t *alarm,
                             const sif_when_t *start, const sif_when_t *end)
{
    const item_entry_t *trigger = item_part_find(alarm, "TRIGGER");
    sif_when_t at = { SIF_NEVER, 0 };
    apr_int64_t secs;

    if (!trigger)
        return at;
    if (!item_duration_parse(trigger->line.value, &secs))
        return sif_time_word(s, &trigger->line, trigger->line.value);
    at = anchor_of(s, start);
    if (item_span_is(item_line_value(&trigger->line, "RELATED"), "END")
        || at.kind == SIF_NEVER)
        at = anchor_of(s, end);
    if (at.kind != SIF_NEVER)
        at.secs += secs;
    return at;
}

/** The trigger of the store's alarm that goes off then, as it stands. */
static const item_entry_t *same_trigger(item_sif_t *s, const sif_when_t *at)
{
    const item_part_t *alarm;
    sif_when_t start, end, then;
    int i;

    for (i = 0; (alarm = alarm_of(s->main, i)) != NULL; i++) {
        start = sif_time_stored(s, s->main, "DTSTART");
        end = sif_time_end(s, s->main, &start);
        then = alarm_time(s, alarm, &start, &end);
        if (then.kind == at->kind && then.secs == at->secs)
            return item_part_find(alarm, "TRIGGER");
    }
    return NULL;
}

/** A reminder at a fixed time, which of a task may be all there is. */
static int put_absolute(item_sif_t *s, const item_xml_t *root)
{
    sif_when_t at = sif_time_read(s, item_xml_text(root, "ReminderTime"),
                                  NULL);
    const item_entry_t *same;
    item_time_t t;

    if (at.kind == SIF_NEVER)
        return 0;
    same = same_trigger(s, &at);
    if (same) {
        item_span_t head = item_line_head(&same->line);

        item_put_line(&s->out, apr_pstrmemdup(s->p, head.s, head.len - 1),
                      same->line.value);
        return 1;
    }
    memset(&t, 0, sizeof(t));
    t.kind = ITEM_TIME_UTC;
    t.secs = anchor_of(s, &at).secs;
    item_put(&s->out, "TRIGGER;VALUE=DATE-TIME", item_time_canon(&t, s->p));
    return 1;
}

static void put_trigger(item_sif_t *s, const item_xml_t *root)
{
    long minutes = sif_number(root, "ReminderMinutesBeforeStart", -1);

    if (s->start.kind == SIF_NEVER && s->end.kind == SIF_NEVER)
        minutes = -1;
    if ((s->kind == ITEM_VTODO || minutes < 0) && put_absolute(s, root))
        return;
    if (minutes < 0 || minutes > MAX_MINUTES)
        minutes = 0;
    item_put(&s->out, s->start.kind == SIF_NEVER ? "TRIGGER;RELATED=END"
                                                 : "TRIGGER",
             apr_psprintf(s->p, minutes ? "-PT%ldM" : "PT%ldM", minutes));
}

void sif_reminder_read(item_sif_t *s, const item_xml_t *root)
{
    long repeat = sif_number(root, "ReminderRepeatCount", 0);
    long interval = sif_number(root, "ReminderInterval", 0);
    int sound = item_xml_text(root, "ReminderSoundFile").len > 0;

    if (sif_number(root, "ReminderSet", 0) == 0
        || (s->start.kind == SIF_NEVER && s->end.kind == SIF_NEVER
            && !item_xml_text(root, "ReminderTime").len))
        return;
    item_put(&s->out, "BEGIN", "VALARM");
    item_put(&s->out, "ACTION", sound ? "AUDIO" : "DISPLAY");
    put_trigger(s, root);
    if (repeat > 0 && interval > 0 && interval < MAX_MINUTES) {
        item_put(&s->out, "REPEAT", apr_psprintf(s->p, "%ld", repeat));
        item_put(&s->out, "DURATION", apr_psprintf(s->p, "PT%ldM",
                                                   interval));
    }
    if (!sound) {
        item_span_t text = item_xml_text(root, "Subject");

        item_put_text(&s->out, "DESCRIPTION", text);
    }
    item_put(&s->out, "END", "VALARM");
}

/** Minutes, the next whole ones towards earlier; 0 for what comes later. */
static long minutes_before(const sif_when_t *at, const sif_when_t *start)
{
    apr_int64_t secs = start->secs - at->secs;

    return secs <= 0 ? 0 : secs / 60 > MAX_MINUTES ? MAX_MINUTES
                                                   : (long)((secs + 59) / 60);
}

void sif_reminder_write(item_sif_t *s, const item_part_t *part)
{
    const item_part_t *alarm = alarm_of(part, 0);
    const item_entry_t *repeat, *length;
    sif_when_t at = { SIF_NEVER, 0 }, from;
    apr_int64_t secs;

    if (alarm)
        at = alarm_time(s, alarm, &s->start, &s->end);
    sif_put_number(s, "ReminderSet", at.kind != SIF_NEVER);
    if (at.kind == SIF_NEVER)
        return;
    from = anchor_of(s, s->start.kind != SIF_NEVER ? &s->start : &s->end);
    if (from.kind == at.kind)
        sif_put_number(s, "ReminderMinutesBeforeStart",
                       minutes_before(&at, &from));
    if (s->kind == ITEM_VTODO)
        sif_put(s, "ReminderTime", sif_time_device(s, &at));
    repeat = item_part_find(alarm, "REPEAT");
    length = item_part_find(alarm, "DURATION");
    if (repeat && length && item_duration_parse(length->line.value, &secs)
        && secs >= 60) {
        sif_put_number(s, "ReminderInterval", (long)(secs / 60));
        item_xml_put(&s->out, "ReminderRepeatCount",
                     item_span_trim(repeat->line.value));
    }
}
