/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Times and series from a device: see item_vcal_back.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_vcal_back.h"

#define DAY  ITEM_CAL_DAY

static const item_span_t no_zone = { "", 0 };

static apr_int64_t day_of(apr_int64_t secs)
{
    return item_recur_day_of(secs);
}

static apr_int64_t clock_of(apr_int64_t secs)
{
    return secs - day_of(secs) * DAY;
}

/* ---- where times go ----------------------------------------------------- */

static int is_series(const item_came_t *came)
{
    return came->rules->nelts || came->rdates->nelts;
}

/** A zone by its name. @return 0: it has none, or is UTC */
static int use_zone(item_dest_t *dest, const item_zone_t *zone)
{
    if (!zone || !*item_zone_name(zone)
        || !strcmp(item_zone_name(zone), "UTC"))
        return 0;
    dest->kind = ITEM_TIME_LOCAL;
    dest->zone = zone;
    dest->tzid.s = item_zone_name(zone);
    dest->tzid.len = strlen(dest->tzid.s);
    return 1;
}

/** As the stored item has it. @return 0: it has no times */
static int dest_of_like(item_back_t *k, const item_cal_t *cal,
                        item_dest_t *dest)
{
    const item_time_t *t = cal->start.kind != ITEM_TIME_NONE ? &cal->start
                                                             : &cal->end;

    if (t->kind != ITEM_TIME_LOCAL && t->kind != ITEM_TIME_UTC)
        return 0;
    dest->kind = t->kind;
    dest->tzid = t->kind == ITEM_TIME_LOCAL ? t->zone : no_zone;
    dest->zone = item_zones_get(&k->c->zones, dest->tzid);
    return 1;
}

static void choose_dest(item_back_t *k, const item_came_t *came,
                        item_dest_t *dest)
{
    const item_time_t *t = came->start.kind != ITEM_TIME_NONE ? &came->start
                                                              : &came->end;
    const item_cal_t *cal = came->cal ? came->cal : k->cals->nelts
                            ? APR_ARRAY_IDX(k->cals, 0, const item_cal_t *)
                            : NULL;

    memset(dest, 0, sizeof(*dest));
    dest->tzid = no_zone;
    dest->kind = ITEM_TIME_UTC;
    if (came->all_day) {
        dest->kind = ITEM_TIME_DATE;
        return;
    }
    if (cal && dest_of_like(k, cal, dest))
        return;
    if (t->kind == ITEM_TIME_LOCAL) {
        if (!k->device)
            dest->kind = ITEM_TIME_LOCAL;
        else
            use_zone(dest, k->device);
    }
    else if (is_series(came) && (k->said || k->c->user))
        use_zone(dest, k->said ? k->device : k->c->user);
}

/** A time on the wire as it is to be stored. */
static item_time_t to_dest(item_back_t *k, const item_dest_t *dest,
                           const item_time_t *wire)
{
    item_time_t t = *wire;
    apr_int64_t utc;
    int sure = item_back_instant(k, wire, &utc);

    t.kind = dest->kind;
    t.zone = dest->tzid;
    if (dest->kind == ITEM_TIME_DATE)
        return item_back_day(k, wire);
    if (wire->kind == ITEM_TIME_DATE) {
        t.kind = ITEM_TIME_DATE;
        t.zone = no_zone;
        return t;
    }
    if (dest->kind == ITEM_TIME_UTC)
        t.secs = utc;
    else if (dest->zone && sure)
        t.secs = item_zone_to_local(dest->zone, utc);
    else if (wire->kind == ITEM_TIME_UTC && k->c->user)
        t.secs = item_zone_to_local(k->c->user, utc);
    return t;
}

/** Name and parameters for a time. */
static const char *time_head(item_back_t *k, const char *name,
                             const item_time_t *t)
{
    const char *tzid;

    if (t->kind == ITEM_TIME_DATE)
        return apr_pstrcat(k->c->p, name, ";VALUE=DATE:", NULL);
    if (t->kind != ITEM_TIME_LOCAL || !t->zone.len)
        return apr_pstrcat(k->c->p, name, ":", NULL);
    item_back_use(k, t->zone, item_zones_get(&k->c->zones, t->zone),
                  t->secs);
    tzid = apr_pstrmemdup(k->c->p, t->zone.s, t->zone.len);
    return strpbrk(tzid, ";:,")
           ? apr_pstrcat(k->c->p, name, ";TZID=\"", tzid, "\":", NULL)
           : apr_pstrcat(k->c->p, name, ";TZID=", tzid, ":", NULL);
}

static const char *time_value(const item_time_t *t, apr_pool_t *p)
{
    item_time_t bare = *t;

    bare.zone = no_zone;
    return item_time_canon(&bare, p);
}

static void put_time(item_back_t *k, const char *name, const item_time_t *t)
{
    item_buf_puts(k->b, time_head(k, name, t));
    item_buf_puts(k->b, time_value(t, k->c->p));
    item_buf_puts(k->b, "\r\n");
}

/* ---- start, end, id ----------------------------------------------------- */

static int raw_by_name(item_back_t *k, const item_cal_t *cal,
                       const char *name)
{
    int i, n = 0;

    for (i = 0; i < cal->part->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(cal->part->entries, i,
                                                  const item_entry_t *);

        if (entry->part || !item_span_is(entry->line.name, name))
            continue;
        item_back_raw(k, entry);
        n++;
    }
    return n;
}

static int as_planned(const item_came_t *came)
{
    return came->plan && came->plan->all_day == came->all_day
           && item_time_equal(&came->plan->start, &came->start);
}

/** An event without an end that only moved: what the device has for one says
 * nothing more. */
static int needs_no_end(const item_came_t *came)
{
    return came->plan && !came->cal->has_end && came->kind == ITEM_VEVENT
           && came->plan->all_day == came->all_day
           && came->end.secs - came->start.secs
              == (came->all_day ? DAY : 0);
}

static void put_end(item_back_t *k, const item_came_t *came,
                    const item_dest_t *dest)
{
    const char *name = came->kind == ITEM_VTODO ? "DUE" : "DTEND";
    const item_plan_t *plan = came->plan;
    item_time_t t;

    if (came->end.kind == ITEM_TIME_NONE || needs_no_end(came))
        return;
    if (plan && plan->all_day == came->all_day && as_planned(came)
        && item_time_equal(&plan->end, &came->end)) {
        /* also: nothing, where that means the same */
        if (!raw_by_name(k, came->cal, name))
            raw_by_name(k, came->cal, "DURATION");
        return;
    }
    if (plan && plan->all_day == came->all_day && came->cal->has_end
        && !item_part_find(came->cal->part, name)
        && plan->start.kind == came->start.kind
        && plan->end.kind == came->end.kind
        && came->end.secs - came->start.secs
           == plan->end.secs - plan->start.secs) {
        raw_by_name(k, came->cal, "DURATION");
        return;
    }
    if (plan && plan->all_day == came->all_day
        && item_time_equal(&plan->end, &came->end)
        && raw_by_name(k, came->cal, name))
        return;
    t = to_dest(k, dest, &came->end);
    put_time(k, name, &t);
}

static void put_id(item_back_t *k, const item_came_t *came,
                   const item_dest_t *dest)
{
    item_time_t t;

    if (came->cal && came->cal->rid.kind != ITEM_TIME_NONE) {
        raw_by_name(k, came->cal, "RECURRENCE-ID");
        return;
    }
    if (came->rid.kind == ITEM_TIME_NONE)
        return;
    t = to_dest(k, dest, &came->rid);
    put_time(k, came->rid_range.len ? "RECURRENCE-ID;RANGE=THISANDFUTURE"
                                    : "RECURRENCE-ID", &t);
}

static void put_done(item_back_t *k, const item_came_t *came)
{
    const item_entry_t *entry;
    item_time_t t = came->done, was;

    if (t.kind == ITEM_TIME_NONE)
        return;
    entry = came->cal ? item_part_find(came->cal->part, "COMPLETED") : NULL;
    if (entry && item_time_parse(&was, entry->line.value, no_zone)) {
        was.kind = ITEM_TIME_UTC;
        was = item_plan_time(k->c, came->plan, &was);
        if (item_time_equal(&was, &t)) {
            item_back_raw(k, entry);
            return;
        }
    }
    item_back_instant(k, &came->done, &t.secs);
    t.kind = ITEM_TIME_UTC;
    put_time(k, "COMPLETED", &t);
}

/* ---- rules -------------------------------------------------------------- */

/** A rule without its end. */
static item_span_t rule_head(item_span_t text)
{
    apr_size_t i, digits = 0;

    for (i = 0; i < text.len && text.s[i] != '#' && digits < 8; i++)
        digits = apr_isdigit(text.s[i]) ? digits + 1 : 0;
    text.len = digits == 8 ? i - 8 : i;
    return item_span_trim(text);
}

static int same_word(item_span_t a, item_span_t b)
{
    return a.len == b.len && !strncasecmp(a.s, b.s, a.len);
}

/** The day of the last occurrence that a rule's end means, on the clock of
 * the wire. */
static apr_int64_t until_day(item_back_t *k, const item_came_t *came,
                             item_time_t until)
{
    apr_int64_t start = clock_of(came->start.secs), utc, rest;

    item_wire_clock(k->c, &until);
    if (came->all_day)
        return day_of(item_back_local(k, &until));
    if (came->start.kind == ITEM_TIME_UTC && until.kind == ITEM_TIME_LOCAL
        && clock_of(until.secs) && item_back_instant(k, &until, &utc))
        until.secs = utc;
    else if (came->start.kind == ITEM_TIME_LOCAL
             && until.kind == ITEM_TIME_UTC && k->device)
        until.secs = item_zone_to_local(k->device, until.secs);
    rest = clock_of(until.secs);
    if (until.kind == ITEM_TIME_DATE || !rest || rest >= start)
        return day_of(until.secs);
    /* In UTC the time of a series moves by an hour in the year. */
    if (came->start.kind == ITEM_TIME_UTC && start - rest <= 3600)
        return day_of(until.secs);
    return day_of(until.secs) - 1;
}

/** The end of a series in UTC, in the zone in which it will be stored.
 * @return 0: it is none, or its end is a day */
static int until_local(item_back_t *k, const item_came_t *came,
                       const item_dest_t *dest, item_time_t until,
                       apr_int64_t *secs)
{
    item_wire_clock(k->c, &until);
    if (came->all_day || came->start.kind != ITEM_TIME_UTC || !dest->zone
        || until.kind == ITEM_TIME_DATE || !clock_of(until.secs)
        || !item_back_instant(k, &until, secs))
        return 0;
    *secs = item_zone_to_local(dest->zone, *secs);
    return 1;
}

/** The end of a rule as it is to be stored: at DTSTART's time of the day. */
static void set_until(item_back_t *k, const item_came_t *came,
                      const item_dest_t *dest, item_recur_t *r)
{
    item_time_t start = to_dest(k, dest, &came->start);
    item_time_t t = came->start;
    apr_int64_t last;

    if (until_local(k, came, dest, r->until, &t.secs)) {
        /* The last occurrence that begins by then; an hour, by which UTC
         * moves with the year, makes no difference, nor do two, where the
         * device's clock moves the other way. */
        t.secs = day_of(t.secs + 7200 - clock_of(start.secs)) * DAY;
        t.kind = ITEM_TIME_LOCAL;
    }
    else {
        t.secs = until_day(k, came, r->until) * DAY
                 + clock_of(came->start.secs);
        t = to_dest(k, dest, &t);
    }
    if (t.kind == ITEM_TIME_LOCAL)
        t.secs = day_of(t.secs) * DAY + clock_of(start.secs);
    r->until.kind = ITEM_TIME_NONE;
    if (r->count && item_recur_last(r, start.secs, APR_INT64_MAX, &last,
                                    k->c->p) && last <= t.secs)
        return;                 /* the count ends it earlier */
    r->count = 0;
    if (t.kind == ITEM_TIME_LOCAL && dest->zone) {
        t.secs = item_zone_to_utc(dest->zone, t.secs);
        t.kind = ITEM_TIME_UTC;
    }
    t.zone = no_zone;
    r->until = t;
}

static void put_rule(item_back_t *k, const char *name,
                     const item_recur_t *r)
{
    item_buf_t line = { NULL, NULL, 0, 0 };

    line.p = k->c->p;
    item_buf_puts(&line, name);
    item_recur_write(&line, r);
    item_fold_add(k->b, item_buf_span(&line), "\r\n");
}

/** Whether what came is the rule of like, but for its end, on the day on
 * which DTSTART now is. @param day  on its own clock @param was  out */
static int is_same_rule(item_back_t *k, const item_came_t *came,
                        apr_int64_t day, item_span_t text,
                        item_recur_t *was)
{
    apr_int64_t wire = day_of(came->start.secs);
    item_recur_t moved;
    item_span_t said;

    if (!item_recur_parse(was, APR_ARRAY_IDX(came->cal->rules, 0,
                                             item_span_t)))
        return 0;
    /* Moved, but the rule's days left as they were. */
    said.s = came->plan->rule;
    said.len = strlen(said.s);
    if (same_word(rule_head(said), rule_head(text)))
        return 1;
    /* Some write the rule for their own clock above a start in UTC. */
    said.s = item_vcal_rule_write(was, day, k->c->p);
    if (said.s) {
        said.len = strlen(said.s);
        if (same_word(said, rule_head(text)))
            return 1;
    }
    moved = *was;
    if (wire - day < -1 || wire - day > 1
        || !item_recur_shift(&moved, day, (int)(wire - day)))
        return 0;
    said.s = item_vcal_rule_write(&moved, wire, k->c->p);
    if (!said.s)
        return 0;
    said.len = strlen(said.s);
    return same_word(said, rule_head(text));
}

static int is_day(apr_int64_t last, apr_int64_t until, int near)
{
    apr_int64_t days = day_of(until) - day_of(last);

    return days >= -near && days <= near;
}

/** A device writes a count as the day on which it ends.
 * @param start, was  DTSTART on its own clock, now and in like */
static void keep_count(item_back_t *k, const item_dest_t *dest,
                       apr_int64_t start, apr_int64_t was, int count,
                       item_recur_t *r)
{
    item_recur_t counted = *r;
    apr_int64_t last, until = r->until.secs;
    /* The day may be the one beside it, on the device's clock. */
    int near = r->freq >= ITEM_FREQ_WEEKLY && r->days.n < 2 && r->mdays.n < 2;

    if (r->until.kind == ITEM_TIME_UTC && dest->zone)
        until = item_zone_to_local(dest->zone, until);
    counted.until.kind = ITEM_TIME_NONE;
    counted.count = count;
    if (r->until.kind == ITEM_TIME_NONE)
        return;
    /* From the start that is now, or from the one before it was moved. */
    if ((item_recur_last(&counted, start, APR_INT64_MAX, &last, k->c->p)
         && is_day(last, until, start == was && near))
        || (item_recur_last(&counted, was, APR_INT64_MAX, &last, k->c->p)
            && is_day(last, until, 0)))
        *r = counted;
}

/** Whether a rule has the day of DTSTART on its own clock, and not the one
 * on the wire. */
static int is_on_own_clock(const item_recur_t *r, apr_int64_t wire, int by)
{
    int i, own = 0, other = 0;

    if (r->freq != ITEM_FREQ_WEEKLY)
        return 0;
    for (i = 0; i < r->days.n; i++) {
        own |= ITEM_RECUR_WEEKDAY(r->days.v[i])
               == item_recur_weekday(wire + by);
        other |= ITEM_RECUR_WEEKDAY(r->days.v[i])
                 == item_recur_weekday(wire);
    }
    return own && !other;
}

static void convert_rule(item_back_t *k, const item_came_t *came,
                         const item_dest_t *dest, const char *name,
                         item_span_t text)
{
    const item_plan_t *plan = came->plan;
    item_time_t start = to_dest(k, dest, &came->start);
    apr_int64_t day = day_of(came->start.secs);
    int by = (int)(day_of(start.secs) - day);
    item_recur_t r, was;
    int count = 0;

    if (!item_vcal_rule_read(&r, text, day))
        return;
    if (plan && plan->rule && came->rules->nelts == 1
        && is_same_rule(k, came, day_of(start.secs), text, &was)) {
        count = was.count;      /* at most its end was changed */
        was.count = r.count;
        was.until = r.until;
        r = was;
        by = 0;
    }
    if (by && is_on_own_clock(&r, day, by))
        by = 0;
    if (by >= -1 && by <= 1)
        item_recur_shift(&r, day, by);
    if (r.until.kind != ITEM_TIME_NONE)
        set_until(k, came, dest, &r);
    if (count && !r.count)
        keep_count(k, dest, start.secs, came->cal->start.secs, count, &r);
    put_rule(k, name, &r);
}

/** Whether the dates that came are those to which a rule was expanded, or
 * these as far as the device keeps them, all moved with the start alike.
 * @param lost  out: such as are missing between others, as they came */
static int dates_as_planned(const item_came_t *came,
                            apr_array_header_t *lost)
{
    const item_time_t *sent = (const item_time_t *)came->plan->rdates->elts;
    const item_time_t *got = (const item_time_t *)came->rdates->elts;
    int i, g = 0, n = came->rdates->nelts;
    apr_int64_t by = 0;
    item_time_t t;

    if (came->plan->all_day == came->all_day && n
        && came->plan->start.kind == came->start.kind
        && came->plan->rdates->nelts && got[0].secs != sent[0].secs)
        by = came->start.secs - came->plan->start.secs;
    for (i = 0; i < came->plan->rdates->nelts && g < n; i++) {
        t = sent[i];
        t.secs += by;
        if (item_time_equal(&t, &got[g]))
            g++;
        else
            APR_ARRAY_PUSH(lost, item_time_t) = t;
    }
    return g == n;
}

/** @return non-zero: RDATE is done with, too */
static int put_rules(item_back_t *k, item_came_t *came,
                     const item_dest_t *dest)
{
    const item_plan_t *plan = came->plan;
    apr_array_header_t *lost;
    item_span_t said;
    int i;

    if (plan && plan->expanded && !came->rules->nelts
        && !came->exrules->nelts) {
        lost = apr_array_make(k->c->p, 2, sizeof(item_time_t));
        /* A device that has no such lists sends the first one only. */
        if (!came->rdates->nelts || dates_as_planned(came, lost)) {
            raw_by_name(k, came->cal, "RRULE");
            raw_by_name(k, came->cal, "EXRULE");
            raw_by_name(k, came->cal, "RDATE");
            apr_array_cat(came->exdates, lost);
            item_times_sort(came->exdates);
            return 1;
        }
    }
    if (plan && plan->rule && !came->rules->nelts && as_planned(came)
        && !item_vcal_rule_is_plain(plan->rule)) {
        raw_by_name(k, came->cal, "RRULE");
        return 0;               /* beyond the device's own rules */
    }
    if (plan && plan->rule && came->rules->nelts == 1 && as_planned(came)
        && !came->exrules->nelts) {
        said.s = plan->rule;
        said.len = strlen(said.s);
        if (same_word(said, APR_ARRAY_IDX(came->rules, 0, item_span_t))) {
            raw_by_name(k, came->cal, "RRULE");
            return 0;
        }
    }
    for (i = 0; i < came->rules->nelts; i++)
        convert_rule(k, came, dest, "RRULE:",
                     APR_ARRAY_IDX(came->rules, i, item_span_t));
    for (i = 0; i < came->exrules->nelts; i++)
        convert_rule(k, came, dest, "EXRULE:",
                     APR_ARRAY_IDX(came->exrules, i, item_span_t));
    return 0;
}

/* ---- lists -------------------------------------------------------------- */

/** What a time may be known by, on whatever clock: so lists need not be
 * compared word by word with all others. */
typedef struct time_key_t {
    apr_int64_t what;           /* item_time_e: its own clock */
    apr_int64_t secs;
} time_key_t;

#define KEYS     3              /* at most, of a time */
#define INSTANT  100
#define ON_DAY   101

static int keys_of(const item_back_t *k, const item_came_t *came,
                   const item_time_t *t, time_key_t *keys)
{
    int n = 0;

    keys[n].what = t->kind;
    keys[n++].secs = t->secs;
    keys[n].what = INSTANT;
    n += item_back_instant(k, t, &keys[n].secs) != 0;
    if (came->all_day) {
        keys[n].what = ON_DAY;
        keys[n++].secs = day_of(t->secs);
    }
    return n;
}

/** The exceptions which are components of their own. */
static apr_hash_t *skip_keys(const item_back_t *k, const item_came_t *came)
{
    apr_hash_t *skip = apr_hash_make(k->c->p);
    time_key_t *keys;
    int i, n;

    for (i = 0; i < came->skip->nelts; i++) {
        keys = apr_pcalloc(k->c->p, KEYS * sizeof(*keys));
        for (n = keys_of(k, came, &APR_ARRAY_IDX(came->skip, i, item_time_t),
                         keys); n--;)
            apr_hash_set(skip, &keys[n], sizeof(*keys), keys);
    }
    return skip;
}

/** Whether a time is that of an exception which is a component of its own,
 * which may be on another clock. */
static int is_skipped(const item_back_t *k, const item_came_t *came,
                      apr_hash_t *skip, const item_time_t *t)
{
    time_key_t keys[KEYS];
    int n;

    memset(keys, 0, sizeof(keys));
    for (n = keys_of(k, came, t, keys); n--;)
        if (apr_hash_get(skip, &keys[n], sizeof(*keys)))
            return 1;
    return 0;
}

/** What like has for the times of a list, by how they were sent:
 * const item_time_t *. @param words  NULL: nothing */
static apr_hash_t *like_words(item_back_t *k, const item_came_t *came,
                              const apr_array_header_t *words)
{
    apr_hash_t *sent = apr_hash_make(k->c->p);
    time_key_t *key;
    item_time_t t;
    int i;

    for (i = words ? words->nelts : 0; i--;) {  /* the first one counts */
        t = item_plan_occurrence(k->c, came->plan,
                                 &APR_ARRAY_IDX(words, i, item_time_t));
        key = apr_palloc(k->c->p, sizeof(*key));
        key->what = t.kind;
        key->secs = t.secs;
        apr_hash_set(sent, key, sizeof(*key),
                     &APR_ARRAY_IDX(words, i, item_time_t));
    }
    return sent;
}

static void put_list(item_back_t *k, const item_came_t *came,
                     const item_dest_t *dest, const char *name,
                     const apr_array_header_t *times,
                     const apr_array_header_t *words)
{
    item_buf_t line = { NULL, NULL, 0, 0 };
    apr_hash_t *skip = skip_keys(k, came);
    apr_hash_t *sent = like_words(k, came, words);
    const char *head = NULL, *next;
    int i;

    line.p = k->c->p;
    for (i = 0; i < times->nelts; i++) {
        const item_time_t *wire = &APR_ARRAY_IDX(times, i, item_time_t);
        const time_key_t key = { wire->kind, wire->secs };
        const item_time_t *word = apr_hash_get(sent, &key, sizeof(key));
        item_time_t t = word ? *word : to_dest(k, dest, wire);

        if (is_skipped(k, came, skip, wire))
            continue;
        next = time_head(k, name, &t);
        if (head && !strcmp(head, next))
            item_buf_putc(&line, ',');
        else {
            if (head)
                item_fold_add(k->b, item_buf_span(&line), "\r\n");
            line.len = 0;
            item_buf_puts(&line, next);
            head = next;
        }
        item_buf_puts(&line, time_value(&t, k->c->p));
    }
    if (head)
        item_fold_add(k->b, item_buf_span(&line), "\r\n");
}

void item_back_times(item_back_t *k, const item_came_t *from)
{
    item_came_t *came = apr_pmemdup(k->c->p, from, sizeof(*from));
    item_dest_t dest;
    item_time_t t;
    int dated;

    choose_dest(k, came, &dest);
    if (!(as_planned(came) && raw_by_name(k, came->cal, "DTSTART"))
        && came->start.kind != ITEM_TIME_NONE) {
        t = to_dest(k, &dest, &came->start);
        put_time(k, "DTSTART", &t);
    }
    put_end(k, came, &dest);
    put_id(k, came, &dest);
    put_done(k, came);
    dated = put_rules(k, came, &dest);
    put_list(k, came, &dest, "EXDATE", came->exdates,
             came->cal ? came->cal->exdates : NULL);
    if (!dated)
        put_list(k, came, &dest, "RDATE", came->rdates,
                 came->cal ? came->cal->rdates : NULL);
}
