/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The model of an event or task: see item_cal.h. */
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_cal.h"
#include "item/item_charset.h"

#define DAY  ITEM_CAL_DAY

static void take_time(item_time_t *t, const item_line_t *line)
{
    item_time_t read;

    if (item_time_parse(&read, line->value, item_line_value(line, "TZID")))
        *t = read;
}

/** @return how many of the words are no times */
static int take_times(apr_array_header_t *times, const item_line_t *line)
{
    item_span_t rest = line->value, word, zone = item_line_value(line, "TZID");
    item_time_t t;
    int odd = 0;

    while (item_value_next(&rest, ',', &word)) {
        if (item_time_parse(&t, word, zone))
            APR_ARRAY_PUSH(times, item_time_t) = t;
        else
            odd += item_span_trim(word).len > 0;
    }
    return odd;
}

/* ---- alarms ------------------------------------------------------------- */

static item_alarm_e action_of(item_span_t value)
{
    return item_span_is(value, "AUDIO") ? ITEM_ALARM_AUDIO
           : item_span_is(value, "EMAIL") ? ITEM_ALARM_EMAIL
           : item_span_is(value, "PROCEDURE") ? ITEM_ALARM_PROCEDURE
           : ITEM_ALARM_DISPLAY;
}

static int take_trigger(item_cal_alarm_t *alarm, const item_line_t *line)
{
    if (item_duration_parse(line->value, &alarm->secs)) {
        alarm->relative = 1;
        alarm->from_end = item_span_is(item_line_value(line, "RELATED"), "END");
        return 1;
    }
    return item_time_parse(&alarm->at, line->value,
                           item_line_value(line, "TZID"))
           && alarm->at.kind != ITEM_TIME_DATE;
}

int item_alarm_is_none(const item_part_t *alarm)
{
    const item_entry_t *action = item_part_find(alarm, "ACTION");

    return action && item_span_is(item_span_trim(action->line.value), "NONE");
}

/** @return 0: no trigger that is understood, or none that rings */
static int read_alarm(item_cal_alarm_t *alarm, const item_part_t *part)
{
    int i, triggers = 0;

    memset(alarm, 0, sizeof(*alarm));
    alarm->part = part;
    alarm->text.s = alarm->attach.s = "";
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);
        const item_line_t *line = &entry->line;
        item_span_t value = item_span_trim(line->value);

        if (entry->part)
            continue;
        if (item_span_is(line->name, "ACTION"))
            alarm->action = action_of(value);
        else if (item_span_is(line->name, "TRIGGER"))
            triggers += take_trigger(alarm, line);
        else if (item_span_is(line->name, "REPEAT") && value.len < 6)
            alarm->repeat = (int)strtol(apr_pstrmemdup(
                part->entries->pool, value.s, value.len), NULL, 10);
        else if (item_span_is(line->name, "DURATION"))
            item_duration_parse(value, &alarm->snooze);
        else if (item_span_is(line->name, "DESCRIPTION"))
            alarm->text = line->value;
        else if ((item_span_is(line->name, "ATTACH")
                  && !item_line_param(line, "ENCODING"))
                 || item_span_is(line->name, "ATTENDEE"))
            alarm->attach = value;
    }
    return triggers == 1 && !item_alarm_is_none(part);
}

/* ---- components --------------------------------------------------------- */

typedef enum { K_NONE, K_START, K_END, K_DURATION, K_RULE, K_EXRULE, K_RDATE,
               K_EXDATE, K_RID, K_UID, K_STAMP } kind_e;

static kind_e kind_of(item_span_t name, item_kind_e kind)
{
    static const struct {
        const char *name;
        kind_e kind;
    } names[] = {
        { "DTSTART", K_START }, { "DURATION", K_DURATION },
        { "RRULE", K_RULE }, { "EXRULE", K_EXRULE }, { "RDATE", K_RDATE },
        { "EXDATE", K_EXDATE }, { "RECURRENCE-ID", K_RID },
        { "UID", K_UID }, { "DTSTAMP", K_STAMP }, { "CREATED", K_STAMP },
        { "LAST-MODIFIED", K_STAMP }
    };
    unsigned i;

    if (item_span_is(name, kind == ITEM_VTODO ? "DUE" : "DTEND"))
        return K_END;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (item_span_is(name, names[i].name))
            return names[i].kind;
    return K_NONE;
}

static void take_stamp(item_cal_t *cal, const item_line_t *line)
{
    item_time_t t;

    if (!item_time_parse(&t, line->value, item_line_value(line, "TZID"))
        || t.kind == ITEM_TIME_DATE)
        return;
    if (t.secs > cal->stamp)
        cal->stamp = t.secs;
    if (t.secs > cal->told && !item_span_is(line->name, "DTSTAMP"))
        cal->told = t.secs;
}

static void take_line(item_cal_t *cal, const item_line_t *line,
                      item_span_t *duration)
{
    item_span_t value = item_span_trim(line->value);

    switch (kind_of(line->name, cal->kind)) {
    case K_START:
        take_time(&cal->start, line);
        break;
    case K_END:
        take_time(&cal->end, line);
        break;
    case K_DURATION:
        *duration = value;
        break;
    case K_RULE:
        if (value.len)
            APR_ARRAY_PUSH(cal->rules, item_span_t) = value;
        break;
    case K_EXRULE:
        if (value.len)
            APR_ARRAY_PUSH(cal->exrules, item_span_t) = value;
        break;
    case K_RDATE:
        cal->periods |= take_times(cal->rdates, line) != 0;
        break;
    case K_EXDATE:
        take_times(cal->exdates, line);
        break;
    case K_RID:
        take_time(&cal->rid, line);
        cal->range = item_line_param(line, "RANGE") != NULL;
        break;
    case K_UID:
        cal->uid = value;
        break;
    case K_STAMP:
        take_stamp(cal, line);
        break;
    default:
        break;
    }
}

/** A length; of mere digits they are seconds, as some programs write them. */
static int read_length(item_span_t text, apr_int64_t *secs)
{
    apr_size_t i;

    if (item_duration_parse(text, secs))
        return 1;
    for (i = 0; i < text.len && i < 8 && apr_isdigit(text.s[i]); i++)
        *secs = *secs * 10 + (text.s[i] - '0');
    return i == text.len && *secs > 0;
}

item_cal_t *item_cal_read(const item_part_t *part, apr_pool_t *p)
{
    item_cal_t *cal = apr_pcalloc(p, sizeof(*cal));
    item_span_t duration = { "", 0 };
    item_cal_alarm_t alarm;
    apr_int64_t secs;
    int i;

    cal->kind = (item_kind_e)part->kind;
    cal->part = part;
    cal->uid = duration;
    cal->rules = apr_array_make(p, 1, sizeof(item_span_t));
    cal->exrules = apr_array_make(p, 1, sizeof(item_span_t));
    cal->rdates = apr_array_make(p, 1, sizeof(item_time_t));
    cal->exdates = apr_array_make(p, 1, sizeof(item_time_t));
    cal->alarms = apr_array_make(p, 1, sizeof(item_cal_alarm_t));
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (!entry->part)
            take_line(cal, &entry->line, &duration);
        else if (item_span_is(entry->part->name, "VALARM")
                 && read_alarm(&alarm, entry->part))
            APR_ARRAY_PUSH(cal->alarms, item_cal_alarm_t) = alarm;
    }
    cal->has_end = cal->end.kind != ITEM_TIME_NONE;
    if (!cal->has_end && cal->start.kind != ITEM_TIME_NONE
        && read_length(duration, &secs)) {
        cal->end = cal->start;
        cal->end.secs += secs;
        if (secs % DAY && cal->end.kind == ITEM_TIME_DATE)
            cal->end.kind = ITEM_TIME_LOCAL;
        cal->has_end = 1;
    }
    return cal;
}

int item_cal_is(const item_entry_t *entry)
{
    return entry->part && (entry->part->kind == (int)ITEM_VEVENT
                           || entry->part->kind == (int)ITEM_VTODO);
}

apr_array_header_t *item_cals_read(const item_doc_t *doc, apr_pool_t *p)
{
    apr_array_header_t *cals = apr_array_make(p, 2, sizeof(item_cal_t *));
    int i;

    for (i = 0; doc->root && i < doc->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(doc->root->entries, i,
                                                  const item_entry_t *);

        if (item_cal_is(entry))
            APR_ARRAY_PUSH(cals, item_cal_t *) = item_cal_read(entry->part,
                                                               p);
    }
    return cals;
}

apr_array_header_t *item_cals_said(const item_doc_t *doc, apr_pool_t *p)
{
    apr_array_header_t *cals = item_cals_read(doc, p);
    item_cal_t *cal;
    int i;

    for (i = 0; i < cals->nelts; i++) {
        cal = APR_ARRAY_IDX(cals, i, item_cal_t *);
        if (!item_cal_is_single(cal))
            continue;
        cal->rules->nelts = cal->exrules->nelts = 0;
        cal->rdates->nelts = cal->exdates->nelts = cal->periods = 0;
    }
    return cals;
}

int item_cal_is_single(const item_cal_t *cal)
{
    return cal->rid.kind != ITEM_TIME_NONE && !cal->range;
}

/* ---- context ------------------------------------------------------------ */

void item_cal_ctx_init(item_cal_ctx_t *c, const item_form_t *form, int vcal,
                       apr_pool_t *p)
{
    memset(c, 0, sizeof(*c));
    c->p = p;
    c->form = form;
    c->vcal = vcal;
    item_zones_init(&c->zones, form->zone, p);
    c->user = c->zones.prefer;
}

/** When zones are needed: the first time of the text; a task may have nothing
 * but its end. */
static apr_int64_t first_time(const item_doc_t *doc)
{
    static const char *const names[] = { "DTSTART", "DUE", "DTEND" };
    static const item_span_t no_zone = { "", 0 };
    const item_entry_t *line;
    item_time_t t;
    int i, k;

    for (i = 0; i < doc->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(doc->root->entries, i,
                                                  const item_entry_t *);

        for (k = 0; k < 3 && entry->part && entry->part->kind >= 0; k++) {
            line = item_part_find(entry->part, names[k]);
            if (line && item_time_parse(&t, line->line.value, no_zone))
                return t.secs;
        }
    }
    return 0;
}

void item_cal_ctx_zones(item_cal_ctx_t *c, const item_doc_t *doc)
{
    apr_int64_t around = first_time(doc);
    int i;

    for (i = 0; doc->root && i < doc->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(doc->root->entries, i,
                                                  const item_entry_t *);

        if (entry->part && item_span_is(entry->part->name, "VTIMEZONE"))
            item_zones_add(&c->zones, entry->part, around);
    }
}

int item_time_equal(const item_time_t *a, const item_time_t *b)
{
    return a->kind == b->kind && a->secs == b->secs;
}

static int compare_times(const void *a, const void *b)
{
    const item_time_t *x = a, *y = b;

    if (x->secs != y->secs)
        return x->secs < y->secs ? -1 : 1;
    return (int)x->kind - (int)y->kind;
}

void item_times_sort(apr_array_header_t *times)
{
    item_time_t *t = (item_time_t *)times->elts;
    int i, n = 0;

    qsort(t, (apr_size_t)times->nelts, sizeof(*t), compare_times);
    for (i = 0; i < times->nelts; i++)
        if (!n || compare_times(&t[n - 1], &t[i]))
            t[n++] = t[i];
    times->nelts = n;
}

int item_times_have(const apr_array_header_t *times, const item_time_t *t)
{
    return times->nelts && bsearch(t, times->elts, (apr_size_t)times->nelts,
                                   sizeof(*t), compare_times) != NULL;
}

void item_part_add(item_buf_t *b, const item_part_t *part)
{
    int i;

    item_raw_add(b, part->begin, "\r\n");
    for (i = 0; i < part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(part->entries, i,
                                                  const item_entry_t *);

        if (entry->part)
            item_part_add(b, entry->part);
        else
            item_entry_add(b, entry, "\r\n");
    }
    item_raw_add(b, part->end, "\r\n");
}

/* ---- a title where there is none ------------------------------------------ */

#define TITLE  60               /* octets, at most */

const char *item_cal_made_title(const item_form_t *form,
                                const item_part_t *part, apr_pool_t *p)
{
    const item_entry_t *entry;
    const char *text;
    apr_size_t n = 0, step;

    if (!(form->habits & ITEM_HABIT_WANTS_TITLE)
        || item_part_find(part, "SUMMARY"))
        return NULL;
    entry = item_part_find(part, "DESCRIPTION");
    if (!entry)
        return "-";
    text = entry->line.value.s;
    while (n < entry->line.value.len && n < TITLE) {
        step = item_utf8_len(text + n, entry->line.value.len - n);
        if (!step || text[n] == '\\' || text[n] == ';')
            break;              /* nothing that is escaped here or there */
        n += step;
    }
    while (n && text[n - 1] == ' ')
        n--;
    return n ? apr_pstrmemdup(p, text, n) : "-";
}

/** Whether a word stands in the DESCRIPTION of a component. */
static int describes(const item_part_t *part, const char *word,
                     apr_pool_t *p)
{
    const item_entry_t *entry = item_part_find(part, "DESCRIPTION");

    return entry && strstr(apr_pstrmemdup(p, entry->line.value.s,
                                          entry->line.value.len), word);
}

int item_cal_is_made_title(const item_form_t *form, const item_part_t *like,
                           const item_part_t *theirs, item_span_t value,
                           apr_pool_t *p)
{
    const char *word;

    if (!item_cal_made_title(form, like, p) || !value.len)
        return 0;
    word = apr_pstrmemdup(p, value.s, value.len);
    return !strcmp(word, "-") || describes(like, word, p)
           || describes(theirs, word, p);
}
