/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Clocks and zones of SIF: see item_sif_int.h. */
#include <string.h>

#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_sif_int.h"

#define DAY  86400

static const item_span_t nothing = { "", 0 };

static apr_int64_t floor_day(apr_int64_t secs)
{
    return secs - (secs % DAY + DAY) % DAY;
}

/* ---- reckoning ------------------------------------------------------------ */

apr_int64_t sif_time_local(const sif_when_t *when, const item_zone_t *zone)
{
    return when->kind == SIF_INSTANT && zone
           ? item_zone_to_local(zone, when->secs) : when->secs;
}

apr_int64_t sif_time_day(const sif_when_t *when, const item_zone_t *zone)
{
    return floor_day(sif_time_local(when, zone));
}

sif_when_t sif_time_of_local(const item_sif_t *s, apr_int64_t local,
                             const item_zone_t *zone)
{
    sif_when_t when = { SIF_INSTANT, local };

    if (s->start.kind == SIF_FLOATING)
        when.kind = SIF_FLOATING;
    else if (zone)
        when.secs = item_zone_to_utc(zone, local);
    return when;
}

/* ---- the device's side ---------------------------------------------------- */

sif_when_t sif_time_read(const item_sif_t *s, item_span_t text, int *local)
{
    const item_zone_t *zone = s->user;
    sif_when_t when = { SIF_NEVER, 0 };
    item_clock_e clock = s->form->clock;
    item_time_t t;

    if (local)
        *local = 0;
    if (!item_time_parse(&t, text, nothing))
        return when;
    when.secs = t.secs;
    if (t.kind == ITEM_TIME_DATE) {
        when.kind = SIF_DAY;
        return when;
    }
    when.kind = SIF_INSTANT;
    if (t.kind == ITEM_TIME_UTC ? clock != ITEM_CLOCK_LOCAL_Z
                                : clock == ITEM_CLOCK_UTC_BARE)
        return when;
    if (local)
        *local = 1;
    /* A Timezone element says what is local. */
    if (s->pattern)
        zone = s->pattern;
    if (zone)
        when.secs = item_zone_to_utc(zone, t.secs);
    else
        when.kind = SIF_FLOATING;
    return when;
}

static const char *basic(const item_sif_t *s, apr_int64_t secs,
                         item_time_e kind)
{
    item_time_t t;

    memset(&t, 0, sizeof(t));
    t.kind = kind;
    t.secs = secs;
    return item_time_canon(&t, s->p);
}

const char *sif_time_device(const item_sif_t *s, const sif_when_t *when)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_clock_e clock = s->form->clock;
    apr_int64_t local;
    item_time_t t;

    switch (when->kind) {
    case SIF_NEVER:
        return "";
    case SIF_DAY:
        if (s->form->days == ITEM_DAYS_DATE)
            return basic(s, when->secs, ITEM_TIME_DATE);
        memset(&t, 0, sizeof(t));
        t.secs = when->secs;
        b.p = s->p;
        item_sif_day(&b, &t);
        return b.s;
    case SIF_FLOATING:
        return basic(s, when->secs, clock == ITEM_CLOCK_LOCAL_Z
                                    ? ITEM_TIME_UTC : ITEM_TIME_LOCAL);
    default:
        break;
    }
    /* Where nobody knows the user's zone, local is what the item says. */
    local = sif_time_local(when, s->user ? s->user : s->own);
    switch (clock) {
    case ITEM_CLOCK_UTC_BARE:
        return basic(s, when->secs, ITEM_TIME_LOCAL);
    case ITEM_CLOCK_LOCAL:
        return basic(s, local, ITEM_TIME_LOCAL);
    case ITEM_CLOCK_LOCAL_Z:
        return basic(s, local, ITEM_TIME_UTC);
    default:
        return basic(s, when->secs, ITEM_TIME_UTC);
    }
}

/* ---- the store's side ----------------------------------------------------- */

/** The first of these that a component has. */
static const item_entry_t *main_time(const item_part_t *part)
{
    static const char *const names[] = { "DTSTART", "DUE", NULL };
    const item_entry_t *entry = NULL;
    int i;

    for (i = 0; names[i] && !entry; i++)
        entry = item_part_find(part, names[i]);
    return entry;
}

static void add_zones(item_sif_t *s, apr_int64_t around)
{
    int i;

    for (i = 0; i < s->doc->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(s->doc->root->entries, i,
                                                  const item_entry_t *);

        if (entry->part && item_span_is(entry->part->name, "VTIMEZONE"))
            item_zones_add(&s->zones, entry->part, around);
    }
}

int sif_time_from_store(item_sif_t *s)
{
    const item_entry_t *entry = s->main ? main_time(s->main) : NULL;
    item_span_t tzid;
    item_time_t t;

    s->style = SIF_AS_UTC;
    if (!entry)
        return 0;
    tzid = item_line_value(&entry->line, "TZID");
    if (!item_time_parse(&t, entry->line.value, tzid))
        return 0;
    add_zones(s, t.secs);
    if (t.kind == ITEM_TIME_DATE)
        return 0;
    if (t.kind == ITEM_TIME_UTC)
        return 1;
    s->style = tzid.len ? SIF_AS_LOCAL : SIF_AS_FLOATING;
    s->own = tzid.len ? item_zones_get(&s->zones, tzid) : s->user;
    if (!s->own)
        s->own = s->user;
    if (tzid.len)
        s->tzid = apr_pstrmemdup(s->p, tzid.s, tzid.len);
    return 1;
}

void sif_time_choose(item_sif_t *s, int local)
{
    s->style = s->start.kind == SIF_FLOATING ? SIF_AS_FLOATING : SIF_AS_UTC;
    if (s->start.kind != SIF_INSTANT || (!local && !s->recurs))
        return;
    s->own = s->pattern;
    if (!s->own || !*item_zone_name(s->own))
        s->own = s->user;
    if (s->own) {
        s->style = SIF_AS_LOCAL;
        s->tzid = item_zone_name(s->own);
    }
}

const char *sif_time_params(const item_sif_t *s, const sif_when_t *when)
{
    if (when->kind == SIF_DAY)
        return ";VALUE=DATE";
    if (s->style != SIF_AS_LOCAL || !s->tzid)
        return "";
    return apr_pstrcat(s->p, ";TZID=",
                       item_param_text(item_span_of(s->tzid), s->p), NULL);
}

const char *sif_time_value(const item_sif_t *s, const sif_when_t *when)
{
    if (when->kind == SIF_DAY)
        return basic(s, when->secs, ITEM_TIME_DATE);
    if (when->kind == SIF_FLOATING)
        return basic(s, when->secs, ITEM_TIME_LOCAL);
    if (s->style == SIF_AS_UTC || !s->own)
        return basic(s, when->secs, ITEM_TIME_UTC);
    return basic(s, item_zone_to_local(s->own, when->secs), ITEM_TIME_LOCAL);
}

void sif_time_put(item_sif_t *s, const char *name, const sif_when_t *when)
{
    if (when->kind != SIF_NEVER)
        item_put(&s->out, apr_pstrcat(s->p, name, sif_time_params(s, when),
                                      NULL), sif_time_value(s, when));
}

sif_when_t sif_time_word(item_sif_t *s, const item_line_t *line,
                         item_span_t word)
{
    sif_when_t when = { SIF_NEVER, 0 };
    item_span_t tzid = item_line_value(line, "TZID");
    item_time_t t;

    if (!item_time_parse(&t, word, tzid))
        return when;
    when.secs = t.secs;
    if (t.kind == ITEM_TIME_DATE)
        when.kind = SIF_DAY;
    else if (t.kind == ITEM_TIME_UTC
             || item_zones_instant(&s->zones, &t, s->user, &when.secs))
        when.kind = SIF_INSTANT;
    else {
        when.kind = SIF_FLOATING;
        when.secs = t.secs;
        if (s->user) {          /* a name that nobody knows */
            when.kind = SIF_INSTANT;
            when.secs = item_zone_to_utc(s->user, t.secs);
        }
    }
    return when;
}

sif_when_t sif_time_stored(item_sif_t *s, const item_part_t *part,
                           const char *name)
{
    const item_entry_t *entry = item_part_find(part, name);
    sif_when_t when = { SIF_NEVER, 0 };

    return entry ? sif_time_word(s, &entry->line, entry->line.value) : when;
}

sif_when_t sif_time_end(item_sif_t *s, const item_part_t *part,
                        const sif_when_t *start)
{
    sif_when_t end = sif_time_stored(s, part, s->kind == ITEM_VTODO ? "DUE"
                                                                   : "DTEND");
    const item_entry_t *entry = item_part_find(part, "DURATION");
    apr_int64_t secs;

    if (end.kind == SIF_NEVER && start->kind != SIF_NEVER && entry
        && item_duration_parse(entry->line.value, &secs)) {
        end = *start;
        end.secs += secs;
        if (end.kind == SIF_DAY)
            end.secs = floor_day(end.secs);
    }
    return end;
}

/* ---- the zone itself ------------------------------------------------------ */

void sif_time_put_zone(item_buf_t *b, item_sif_t *s)
{
    int i;

    if (s->style != SIF_AS_LOCAL || !s->tzid || s->start.kind == SIF_DAY)
        return;
    for (i = 0; s->doc && i < s->doc->root->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(s->doc->root->entries, i,
                                                  const item_entry_t *);
        const item_entry_t *id;

        if (!entry->part || !item_span_is(entry->part->name, "VTIMEZONE"))
            continue;
        id = item_part_find(entry->part, "TZID");
        if (id && item_span_is(item_span_trim(id->line.value), s->tzid)) {
            item_buf_t raw = { NULL, NULL, 0, 0 };

            raw.p = s->p;
            item_part_keep(&raw, entry->part);
            item_raw_add(b, item_buf_span(&raw), "\r\n");
            return;
        }
    }
    if (s->own)
        item_zone_vtimezone(b, s->own, s->tzid, s->start.secs, "\r\n");
}

static const char *text_of(item_sif_t *s, const item_xml_t *e,
                           const char *name)
{
    item_span_t text = item_xml_text(e, name);

    return apr_pstrmemdup(s->p, text.s, text.len);
}

const item_zone_t *sif_time_read_zone(item_sif_t *s, const item_xml_t *root)
{
    const item_xml_t *zone = item_xml_find(root, "Timezone"), *e;
    apr_array_header_t *daylight;
    item_time_t around;
    item_span_t tz;

    tz = item_xml_text(zone, "BasicOffset");
    if (!tz.len)
        return NULL;
    daylight = apr_array_make(s->p, 4, sizeof(item_span_t));
    for (e = zone->first; e; e = e->next) {
        item_span_t *value;

        if (!item_sif_is(e, "DayLight") || !item_xml_text(e, "DSTStart").len)
            continue;
        value = apr_array_push(daylight);
        value->s = apr_pstrcat(s->p, "TRUE;", text_of(s, e, "DSTOffset"), ";",
                               text_of(s, e, "DSTStart"), ";",
                               text_of(s, e, "DSTEnd"), ";",
                               text_of(s, e, "StandardName"), ";",
                               text_of(s, e, "DSTName"), NULL);
        value->len = strlen(value->s);
    }
    if (!item_time_parse(&around, item_xml_text(root, "Start"), nothing))
        item_time_parse(&around, item_xml_text(root, "DueDate"), nothing);
    return item_zone_from_lines(tz, daylight, s->own ? s->own : s->user,
                                around.secs, s->p);
}

/** One of the values that semicolons part. */
static item_span_t cut(item_span_t *rest)
{
    item_span_t word = nothing;

    item_value_next(rest, ';', &word);
    return item_span_trim(word);
}

/** A DAYLIGHT line as an element. @return 0: no summer time */
static int write_daylight(item_sif_t *s, item_span_t value)
{
    static const char *const names[] = {
        "DSTOffset", "DSTStart", "DSTEnd", "StandardName", "DSTName"
    };
    unsigned i;

    if (!item_span_is(cut(&value), "TRUE"))
        return 0;
    item_xml_open(&s->out, "DayLight");
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        item_xml_put(&s->out, names[i], cut(&value));
    item_xml_close(&s->out, "DayLight");
    return 1;
}

/* Only of the zone in which the days are meant. */
void sif_time_write_zone(item_sif_t *s)
{
    item_buf_t lines = { NULL, NULL, 0, 0 };
    item_reader_t reader;
    item_line_t line;
    int y, m, d;

    if (!s->own || !s->pattern || !*item_zone_name(s->own)
        || strcmp(item_zone_name(s->own), item_zone_name(s->pattern))
        || s->start.kind != SIF_INSTANT
        || (s->form->habits & ITEM_HABIT_NO_ZONE)
        || (s->form->clock != ITEM_CLOCK_DEFAULT
            && s->form->clock != ITEM_CLOCK_UTC))
        return;
    item_civil_from_days(floor_day(s->start.secs) / DAY, &y, &m, &d);
    lines.p = s->p;
    item_zone_lines(&lines, s->own, y, y + 4, 1, "\r\n");
    if (item_reader_init(&reader, lines.s ? lines.s : "", lines.len, s->p)
        != APR_SUCCESS)
        return;
    item_xml_open(&s->out, "Timezone");
    while (item_reader_next(&reader, &line) == APR_SUCCESS) {
        if (item_span_is(line.name, "TZ"))
            item_xml_put(&s->out, "BasicOffset", line.value);
        else if (item_span_is(line.name, "DAYLIGHT"))
            write_daylight(s, line.value);
    }
    item_xml_close(&s->out, "Timezone");
}
