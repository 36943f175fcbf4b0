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

/** An event in UTC that a device has made a series of: the series goes on the
 * device's clock, as one that it makes anew. */
static int is_new_series(const item_back_t *k, const item_came_t *came,
                         const item_dest_t *dest)
{
    const item_cal_t *cal = came->cal;

    return dest->kind == ITEM_TIME_UTC && cal && is_series(came)
           && !cal->rules->nelts && !cal->rdates->nelts
           && cal->rid.kind == ITEM_TIME_NONE
           && (k->said ? k->device : k->c->user);
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
    if (cal && dest_of_like(k, cal, dest) && !is_new_series(k, came, dest))
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

item_time_t item_back_dest(item_back_t *k, const item_dest_t *dest,
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
    if (t->kind == ITEM_TIME_DATE)
        return apr_pstrcat(k->c->p, name, ";VALUE=DATE:", NULL);
    if (t->kind != ITEM_TIME_LOCAL || !t->zone.len)
        return apr_pstrcat(k->c->p, name, ":", NULL);
    item_back_use(k, t->zone, item_zones_get(&k->c->zones, t->zone),
                  t->secs);
    return apr_pstrcat(k->c->p, name, ";TZID=",
                       item_param_text(t->zone, k->c->p), ":", NULL);
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

int item_back_named(item_back_t *k, const item_cal_t *cal, const char *name)
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

/** Whether a time came as it was sent, on whatever clock: a device may get
 * local times and answer in UTC. */
static int is_as_sent(const item_back_t *k, const item_came_t *came,
                      const item_time_t *sent, const item_time_t *got)
{
    apr_int64_t then, now;

    return item_time_equal(sent, got)
           || (sent->kind != got->kind
               && item_plan_instant(came->plan, sent, &then)
               && item_back_instant(k, got, &now) && then == now);
}

/** Whether an event in UTC goes on a clock now. */
static int is_new_clock(const item_came_t *came, const item_dest_t *dest)
{
    return came->cal->start.kind == ITEM_TIME_UTC
           && dest->kind == ITEM_TIME_LOCAL;
}

static int is_planned(const item_back_t *k, const item_came_t *came,
                      const item_dest_t *dest)
{
    return came->plan && !is_new_clock(came, dest)
           && came->plan->all_day == came->all_day
           && is_as_sent(k, came, &came->plan->start, &came->start);
}

/** Whether the device has heard of no end: there is none, or one that nobody
 * can read. */
static int is_end_unsent(const item_came_t *came)
{
    return came->plan && (!came->cal->has_end
                          || came->plan->end.kind == ITEM_TIME_NONE);
}

/** An event without an end that only moved: what the device has for one says
 * nothing more. */
static int needs_no_end(const item_came_t *came)
{
    return is_end_unsent(came) && came->kind == ITEM_VEVENT
           && came->plan->all_day == came->all_day
           && came->end.secs - came->start.secs
              == (came->all_day ? DAY : 0);
}

/** Whether the length is the one that was sent: by the sun or by the clock,
 * since summer time may begin in between. */
static int is_as_long(const item_back_t *k, const item_came_t *came)
{
    const item_plan_t *plan = came->plan;
    apr_int64_t from, to, since, until;

    if (plan->all_day != came->all_day
        || plan->end.kind == ITEM_TIME_NONE
        || plan->start.kind == ITEM_TIME_NONE
        || came->start.kind != came->end.kind)
        return 0;
    if (came->end.secs - came->start.secs
        == plan->end.secs - plan->start.secs)
        return 1;
    return item_plan_instant(plan, &plan->start, &since)
           && item_plan_instant(plan, &plan->end, &until)
           && item_back_instant(k, &came->start, &from)
           && item_back_instant(k, &came->end, &to)
           && to - from == until - since;
}

/** A day that ends on itself in the store, which devices have as a whole one. */
static int ends_on_itself(const item_back_t *k, const item_came_t *came)
{
    return came->all_day && came->plan && came->cal->has_end
           && came->cal->start.kind == ITEM_TIME_DATE
           && came->cal->end.kind == ITEM_TIME_DATE
           && came->cal->end.secs == came->cal->start.secs
           && is_as_long(k, came);
}

/** A new length, where the stored item has a length and no end.
 * @return 0: it has not, or clocks change in between, which an end says
 * better */
static int put_length(item_back_t *k, const item_came_t *came,
                      const item_dest_t *dest)
{
    item_time_t from = item_back_dest(k, dest, &came->start);
    item_time_t to = item_back_dest(k, dest, &came->end);
    apr_int64_t since, until, secs = to.secs - from.secs;

    if (came->start.kind == ITEM_TIME_NONE || from.kind != to.kind
        || secs <= 0)
        return 0;
    if (item_back_instant(k, &came->start, &since)
        && item_back_instant(k, &came->end, &until) && until - since != secs)
        return 0;
    item_buf_puts(k->b, "DURATION:");
    item_buf_puts(k->b, item_duration_text(secs, k->c->p));
    item_buf_puts(k->b, "\r\n");
    return 1;
}

/** Where an end goes: on its own clock, if that is another than the start's, as
 * of a flight, which lands in another zone. */
static void dest_of_end(item_back_t *k, const item_came_t *came,
                        const char *name, item_dest_t *dest)
{
    const item_time_t *was = came->cal ? &came->cal->end : NULL;
    const item_zone_t *zone;

    if (!was || dest->kind == ITEM_TIME_DATE
        || item_time_same_clock(was, &came->cal->start)
        || !item_part_find(came->cal->part, name))
        return;
    zone = was->zone.len ? item_zones_get(&k->c->zones, was->zone)
                         : k->c->user;
    if (was->kind == ITEM_TIME_UTC) {
        memset(dest, 0, sizeof(*dest));
        dest->kind = ITEM_TIME_UTC;
        dest->tzid = no_zone;
    }
    else if (was->kind == ITEM_TIME_LOCAL && zone) {
        dest->kind = ITEM_TIME_LOCAL;
        dest->zone = zone;
        dest->tzid = was->zone;
    }
}

/** A task from a day on that is due at a time: the device has the day of that.
 * @return 0: it is none such */
static int put_due_time(item_back_t *k, const item_came_t *came,
                        const char *name)
{
    item_time_t due;

    if (came->kind != ITEM_VTODO || !came->plan || !came->all_day
        || came->cal->start.kind != ITEM_TIME_DATE
        || (came->cal->end.kind != ITEM_TIME_LOCAL
            && came->cal->end.kind != ITEM_TIME_UTC))
        return 0;
    due = came->cal->end;
    due.secs += day_of(came->end.secs) * DAY
                - day_of(came->plan->end.secs) * DAY;
    put_time(k, name, &due);
    return 1;
}

static void put_end(item_back_t *k, const item_came_t *came,
                    const item_dest_t *dest)
{
    const char *name = came->kind == ITEM_VTODO ? "DUE" : "DTEND";
    const item_plan_t *plan = came->plan;
    int same = plan && plan->all_day == came->all_day
               && !is_new_clock(came, dest)
               && is_as_sent(k, came, &plan->end, &came->end);
    int length = plan && came->cal->has_end
                 && !item_part_find(came->cal->part, name);
    item_dest_t own = *dest;
    item_time_t t;

    if (came->end.kind == ITEM_TIME_NONE || needs_no_end(came)) {
        if (is_end_unsent(came)) {
            item_back_named(k, came->cal, name);
            item_back_named(k, came->cal, "DURATION");
        }
        return;
    }
    if (same && came->planned) {
        /* also: nothing, where that means the same */
        if (!item_back_named(k, came->cal, name))
            item_back_named(k, came->cal, "DURATION");
        return;
    }
    if (length && is_as_long(k, came)) {
        item_back_named(k, came->cal, "DURATION");
        return;
    }
    if ((length && put_length(k, came, dest))
        || (same && item_back_named(k, came->cal, name))
        || put_due_time(k, came, name))
        return;
    dest_of_end(k, came, name, &own);
    t = item_back_dest(k, &own, ends_on_itself(k, came) ? &came->start
                                                        : &came->end);
    put_time(k, name, &t);
}

static void put_id(item_back_t *k, const item_came_t *came,
                   const item_dest_t *dest)
{
    item_time_t t;

    if (came->cal && came->cal->rid.kind != ITEM_TIME_NONE) {
        item_back_named(k, came->cal, "RECURRENCE-ID");
        return;
    }
    if (came->rid.kind == ITEM_TIME_NONE)
        return;
    t = item_back_dest(k, dest, &came->rid);
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
    if (entry) {
        was = item_cal_done(k->c, entry);
        if (was.kind == ITEM_TIME_DATE)
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

static void know_word(item_back_t *k, apr_hash_t *sent, apr_int64_t what,
                      apr_int64_t secs, const item_time_t *word)
{
    time_key_t *key = apr_palloc(k->c->p, sizeof(*key));

    key->what = what;
    key->secs = secs;
    apr_hash_set(sent, key, sizeof(*key), word);
}

/** What like has for the times of a list, by how they were sent and, since a
 * device may get local times and answer in UTC, by the instant: const
 * item_time_t *. @param words  NULL: nothing */
static apr_hash_t *like_words(item_back_t *k, const item_came_t *came,
                              const apr_array_header_t *words)
{
    apr_hash_t *sent = apr_hash_make(k->c->p);
    const item_time_t *word;
    apr_int64_t utc;
    item_time_t t;
    int i;

    for (i = words ? words->nelts : 0; i--;) {  /* the first one counts */
        word = &APR_ARRAY_IDX(words, i, item_time_t);
        t = item_plan_occurrence(k->c, came->plan, word);
        know_word(k, sent, t.kind, t.secs, word);
        if (item_plan_instant(came->plan, &t, &utc))
            know_word(k, sent, INSTANT, utc, word);
    }
    return sent;
}

/** What like has for a time of a list: the word that was sent so, or where it
 * is that of the start, DTSTART, of which local time does not say which of two
 * hours alike it is. @return NULL: nothing */
static const item_time_t *word_of(const item_back_t *k,
                                  const item_came_t *came, apr_hash_t *sent,
                                  const item_time_t *wire)
{
    time_key_t key = { wire->kind, wire->secs };
    const item_time_t *word = apr_hash_get(sent, &key, sizeof(key));

    key.what = INSTANT;
    if (!word && item_back_instant(k, wire, &key.secs))
        word = apr_hash_get(sent, &key, sizeof(key));
    if (!word && came->planned && came->cal && !came->all_day
        && came->cal->start.kind != ITEM_TIME_DATE
        && item_time_equal(&came->plan->start, wire))
        return &came->cal->start;
    return word;
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
        const item_time_t *word = word_of(k, came, sent, wire);
        item_time_t t = word ? *word : item_back_dest(k, dest, wire);

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

/** What like has of a series without being one, which was not sent. */
static void put_meaningless(item_back_t *k, const item_came_t *came)
{
    static const char *const names[] = { "RRULE", "EXRULE", "RDATE" };
    const item_cal_t *cal = came->cal;
    int i;

    if (!cal || is_series(came) || cal->rules->nelts || cal->rdates->nelts)
        return;
    if (!came->exdates->nelts)
        item_back_named(k, cal, "EXDATE");
    for (i = 0; i < 3 && item_cal_is_single(cal); i++)
        item_back_named(k, cal, names[i]);
}

void item_back_times(item_back_t *k, const item_came_t *from)
{
    item_came_t *came = apr_pmemdup(k->c->p, from, sizeof(*from));
    item_dest_t dest;
    item_time_t t;
    int dated;

    choose_dest(k, came, &dest);
    came->planned = is_planned(k, came, &dest);
    if (came->start.kind == ITEM_TIME_NONE) {
        if (came->cal && came->cal->start.kind == ITEM_TIME_NONE)
            item_back_named(k, came->cal, "DTSTART");   /* unreadable */
    }
    else if (!(came->planned && item_back_named(k, came->cal, "DTSTART"))) {
        t = item_back_dest(k, &dest, &came->start);
        put_time(k, "DTSTART", &t);
    }
    put_end(k, came, &dest);
    put_id(k, came, &dest);
    put_done(k, came);
    dated = item_back_rules(k, came, &dest);
    put_list(k, came, &dest, "EXDATE", came->exdates,
             came->cal ? came->cal->exdates : NULL);
    put_meaningless(k, came);
    if (!dated)
        put_list(k, came, &dest, "RDATE", came->rdates,
                 came->cal ? came->cal->rdates : NULL);
}
