/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Rules of series from a device: see item_vcal_back.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_room.h"
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
    item_time_t start = item_back_dest(k, dest, &came->start);
    item_time_t t = came->start;
    apr_int64_t last;

    if (until_local(k, came, dest, r->until, &t.secs)) {
        /* The last occurrence that begins by then; an hour, by which UTC
         * moves with the year, makes no difference, nor do two, where the
         * device's clock moves the other way.  The end of a day on its own
         * clock is meant as it is. */
        t.secs = day_of(t.secs + (r->until.kind == ITEM_TIME_UTC ? 7200 : 0)
                        - clock_of(start.secs)) * DAY;
        t.kind = ITEM_TIME_LOCAL;
    }
    else {
        t.secs = until_day(k, came, r->until) * DAY
                 + clock_of(came->start.secs);
        t = item_back_dest(k, dest, &t);
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

/** Whether a weekly rule has the days of the user's clock above a start in
 * UTC, or those next to the ones that it should have, with the start on none
 * of them on whatever clock: a device that moved the series over midnight,
 * and left the rule as it was sent before.
 * @param day  of DTSTART on its own clock */
static int is_left_behind(item_back_t *k, const item_came_t *came,
                          apr_int64_t day, item_span_t text,
                          const item_recur_t *was)
{
    apr_int64_t wire = day_of(came->start.secs), user = wire;
    int by = (int)(wire - day);
    unsigned said, added;
    item_recur_t r;

    if (came->start.kind != ITEM_TIME_UTC || by < -1 || by > 1
        || was->freq != ITEM_FREQ_WEEKLY
        || !item_vcal_rule_read(&r, rule_head(text), wire)
        || r.freq != ITEM_FREQ_WEEKLY || r.interval != was->interval)
        return 0;
    if (k->c->user)
        user = day_of(item_zone_to_local(k->c->user, came->start.secs));
    said = item_back_week_days(&r, wire, 0);
    added = item_back_added_day(k, came, was);
    if (added && (said & ~added) == item_back_week_days(was, day, 0))
        return 1;
    if (said == item_back_week_days(was, day, (int)(user - day)))
        return 1;
    return !(said & (1u << item_recur_weekday(wire)
                     | 1u << item_recur_weekday(user)
                     | 1u << item_recur_weekday(day)))
           && (said == item_back_week_days(was, day, by - 1)
               || said == item_back_week_days(was, day, by + 1));
}

/** Whether a text is a rule as it is said on a clock on which DTSTART is on
 * another day. @param day  of DTSTART on its own clock @param at  on that one */
static int is_said_at(item_back_t *k, item_span_t text,
                      const item_recur_t *was, apr_int64_t day,
                      apr_int64_t at)
{
    item_recur_t moved = *was, r;
    item_span_t said;
    const char *whole;

    if (at - day < -1 || at - day > 1
        || (at != day && !item_recur_shift(&moved, day, (int)(at - day))))
        return 0;
    said.s = item_vcal_rule_write(&moved, at, k->c->p);
    if (!said.s)
        return 0;
    said.len = strlen(said.s);
    if (same_word(said, rule_head(text)))
        return 1;
    /* "YM4" is in the month of the start. */
    if (!item_vcal_rule_read(&r, rule_head(text), at))
        return 0;
    whole = item_vcal_rule_write(&r, at, k->c->p);
    return whole && item_span_is(said, whole);
}

/** Whether what came is the rule of like, but for its end, on the day on
 * which DTSTART now is. @param day  on its own clock @param was  out */
static int is_same_rule(item_back_t *k, const item_came_t *came,
                        apr_int64_t day, item_span_t text,
                        item_recur_t *was)
{
    apr_int64_t wire = day_of(came->start.secs);
    item_span_t said;

    if (!item_recur_parse(was, APR_ARRAY_IDX(came->cal->rules, 0,
                                             item_span_t)))
        return 0;
    /* Moved, but the rule's days left as they were. */
    said.s = came->plan->rule;
    said.len = strlen(said.s);
    /* Some write the rule for their own clock above a start in UTC. */
    if (same_word(rule_head(said), rule_head(text))
        || is_said_at(k, text, was, day, day)
        || is_left_behind(k, came, day, text, was))
        return 1;
    /* Or moved over midnight in UTC once, and left then. */
    return is_said_at(k, text, was, day, wire)
           || (came->start.kind == ITEM_TIME_UTC
               && was->freq > ITEM_FREQ_WEEKLY
               && (is_said_at(k, text, was, day, wire - 1)
                   || is_said_at(k, text, was, day, wire + 1)));
}

/* ---- ends ---------------------------------------------------------------
 *
 * Phones without counts write the day of the last instance, on a clock of
 * theirs, whatever was sent; and they move that day with the start, or leave
 * it where it is.  An end is the one that was sent if there are as many
 * instances up to it.
 */

/** Whether a rule on the wire has so many instances up to a day.
 * @param start, until  on the same clock */
static int ends_on(item_back_t *k, item_span_t text, int count,
                   apr_int64_t start, apr_int64_t until)
{
    item_recur_iter_t *it = apr_palloc(k->c->p, sizeof(*it));
    apr_int64_t secs;
    item_recur_t r;
    int n = 0;

    if (!item_vcal_rule_read(&r, text, day_of(start)))
        return 0;
    r.until.kind = ITEM_TIME_NONE;
    r.count = count + 1;
    if (!item_recur_begin(it, &r, start, day_of(until) * DAY + DAY - 1))
        return 0;
    while (item_recur_next(it, &secs))
        n++;
    return n == count && !item_recur_gave_up(it);
}

/** An end that came, and the clocks on which it may be meant: the user's, or
 * that of the wire where nobody knows his; of a rule whose instances lie days
 * apart also the wire's and the series' own. */
typedef struct end_t {
    item_back_t *k;
    item_span_t text;           /* of the rule */
    item_time_t until;
    apr_int64_t utc;
    int sure;                   /* utc is until's instant */
    const item_zone_t *zones[3];        /* NULL: the wire's */
    int clocks;
} end_t;

/** Whether there are days between any two instances of a rule. */
static int is_sparse(const item_recur_t *r)
{
    int i, j, by;

    if (r->freq < ITEM_FREQ_WEEKLY)
        return 0;
    for (i = 0; i < r->mdays.n; i++)
        for (j = 0; j < r->mdays.n; j++) {
            by = r->mdays.v[i] - r->mdays.v[j];
            if (j != i && (r->mdays.v[i] < 0 || r->mdays.v[j] < 0
                           || (by >= 0 && (by < 2 || by > 26))))
                return 0;
        }
    if (r->days.n > 1 && r->freq != ITEM_FREQ_WEEKLY)
        return 0;
    for (i = 0; i < r->days.n; i++)
        for (j = 0; j < r->days.n; j++) {
            by = (ITEM_RECUR_WEEKDAY(r->days.v[i])
                  - ITEM_RECUR_WEEKDAY(r->days.v[j]) + 7) % 7;
            if (j != i && (by < 2 || by > 5))
                return 0;
        }
    return 1;
}

static void end_read(end_t *e, item_back_t *k, const item_dest_t *dest,
                     item_span_t text, const item_recur_t *r)
{
    memset(e, 0, sizeof(*e));
    e->k = k;
    e->text = text;
    e->until = r->until;
    item_wire_clock(k->c, &e->until);
    e->sure = item_back_instant(k, &e->until, &e->utc);
    e->zones[e->clocks++] = k->c->user ? k->c->user : k->device;
    if (!is_sparse(r))
        return;
    if (e->zones[0])
        e->zones[e->clocks++] = NULL;
    if (dest->zone && dest->zone != e->zones[0])
        e->zones[e->clocks++] = dest->zone;
}

/** Whether it is that of so many instances from a start.
 * @param utc  start's instant, if sure */
static int ends_by(const end_t *e, int count, const item_time_t *start,
                   apr_int64_t utc, int sure)
{
    apr_int64_t from, to;
    int i;

    if (start->kind == ITEM_TIME_DATE)
        return ends_on(e->k, e->text, count, start->secs,
                       item_back_local(e->k, &e->until));
    for (i = 0; i < e->clocks; i++) {
        from = e->zones[i] && sure ? item_zone_to_local(e->zones[i], utc)
                                   : start->secs;
        to = e->zones[i] && e->sure ? item_zone_to_local(e->zones[i], e->utc)
                                    : e->until.secs;
        if (ends_on(e->k, e->text, count, from, to))
            return 1;
    }
    return 0;
}

/** Whether it is on the day that was sent. */
static int ends_as_sent(const end_t *e, const item_came_t *came)
{
    item_span_t said;
    item_recur_t sent;
    apr_int64_t utc;

    said.s = came->plan->rule;
    said.len = strlen(said.s);
    if (!item_vcal_rule_read(&sent, said, day_of(came->plan->start.secs))
        || sent.until.kind == ITEM_TIME_NONE)
        return 0;
    item_wire_clock(e->k->c, &sent.until);
    if (came->all_day)
        return day_of(item_back_local(e->k, &sent.until))
               == day_of(item_back_local(e->k, &e->until));
    if (e->zones[0] && e->sure
        && item_plan_instant(came->plan, &sent.until, &utc))
        return day_of(item_zone_to_local(e->zones[0], utc))
               == day_of(item_zone_to_local(e->zones[0], e->utc));
    return day_of(sent.until.secs) == day_of(e->until.secs);
}

/** How many instances a rule has. @param by  on the clock of start
 * @return 0: endless, or too many */
static int instances(item_back_t *k, apr_int64_t start, apr_int64_t by,
                     const item_recur_t *r)
{
    item_recur_iter_t *it = apr_palloc(k->c->p, sizeof(*it));
    apr_int64_t secs;
    int n = 0;

    if (r->count || by == APR_INT64_MAX || !item_recur_begin(it, r, start, by))
        return r->count;
    while (item_recur_next(it, &secs))
        n++;
    return item_recur_gave_up(it) ? 0 : n;
}

/** UNTIL of like for another start: the same day, which it must not end
 * before the hour to which its last instance moved. */
static void move_until(item_back_t *k, const item_came_t *came,
                       const item_dest_t *dest, apr_int64_t start,
                       item_recur_t *r)
{
    apr_int64_t until = item_plan_until(k->c, came->cal, r), last;
    apr_int64_t day = day_of(until) * DAY + DAY - 1;

    if (instances(k, came->cal->start.secs, until, r)
        != instances(k, came->cal->start.secs, day, r)
        || instances(k, start, until, r) == instances(k, start, day, r)
        || !item_recur_last(r, start, day, &last, k->c->p))
        return;
    r->until.secs = r->until.kind == ITEM_TIME_UTC && dest->zone
                    ? item_zone_to_utc(dest->zone, last) : last;
}

/** Whether the start is at most a day from where it was: the hour of a series
 * was changed, of which it does not become shorter. */
static int is_near(const item_came_t *came)
{
    apr_int64_t by = came->start.secs - came->plan->start.secs;

    return came->all_day == came->plan->all_day && by >= -DAY && by <= DAY;
}

/** Whether the end is the one that like has, however it was said.
 * @param start  DTSTART on its own clock, as it is now
 * @param r  the end on the wire; out: like's, moved if it must be */
static int keep_end(item_back_t *k, const item_came_t *came,
                    const item_dest_t *dest, item_span_t text,
                    apr_int64_t start, const item_recur_t *was,
                    item_recur_t *r)
{
    const item_plan_t *plan = came->plan;
    int count, sure, same;
    apr_int64_t utc;
    end_t e;

    if (plan->cal != came->cal)
        return 0;               /* not the start that the device had */
    count = instances(k, came->cal->start.secs,
                      item_plan_until(k->c, came->cal, was), was);
    if (r->until.kind == ITEM_TIME_NONE) {
        same = r->count == count && (was->count || came->planned);
    }
    else {
        end_read(&e, k, dest, text, r);
        sure = item_back_instant(k, &came->start, &utc);
        same = ends_as_sent(&e, came)
               || (count && ends_by(&e, count, &came->start, utc, sure));
        if (!same && count && !came->planned && is_near(came)) {
            sure = item_plan_instant(plan, &plan->start, &utc);
            same = ends_by(&e, count, &plan->start, utc, sure);
        }
    }
    if (!same)
        return 0;
    r->count = was->count;
    r->until = was->until;
    if (r->until.kind != ITEM_TIME_NONE && start != came->cal->start.secs)
        move_until(k, came, dest, start, r);
    return 1;
}

/** Whether an end that came is that of so many instances as like has, of a
 * rule of its own. */
static int keeps_count(item_back_t *k, const item_came_t *came,
                       const item_dest_t *dest, item_span_t text,
                       const item_recur_t *r)
{
    item_recur_t was;
    apr_int64_t utc;
    int sure;
    end_t e;

    if (!came->plan || came->rules->nelts != 1
        || came->cal->rules->nelts != 1 || r->until.kind == ITEM_TIME_NONE
        || !item_recur_parse(&was, APR_ARRAY_IDX(came->cal->rules, 0,
                                                 item_span_t)) || !was.count)
        return 0;
    end_read(&e, k, dest, text, r);
    sure = item_back_instant(k, &came->start, &utc);
    return ends_by(&e, was.count, &came->start, utc, sure) ? was.count : 0;
}

/** Like's rule as it is written there, with another end. */
static void put_like_rule(item_back_t *k, const item_came_t *came,
                          const item_recur_t *was, const item_recur_t *r)
{
    item_span_t rest = APR_ARRAY_IDX(came->cal->rules, 0, item_span_t), word;
    item_buf_t line = { NULL, NULL, 0, 0 };

    if (was->count == r->count && item_time_equal(&was->until, &r->until)) {
        item_back_named(k, came->cal, "RRULE");
        return;
    }
    line.p = k->c->p;
    item_buf_puts(&line, "RRULE:");
    while (item_value_next(&rest, ';', &word)) {
        if ((word.len > 5 && !strncasecmp(word.s, "COUNT", 5))
            || (word.len > 5 && !strncasecmp(word.s, "UNTIL", 5)))
            continue;
        if (line.len > 6)
            item_buf_putc(&line, ';');
        item_buf_add(&line, word.s, word.len);
    }
    if (r->count)
        item_buf_puts(&line, apr_psprintf(k->c->p, ";COUNT=%d", r->count));
    else if (r->until.kind != ITEM_TIME_NONE) {
        item_buf_puts(&line, ";UNTIL=");
        item_buf_puts(&line, item_time_canon(&r->until, k->c->p));
    }
    item_fold_add(k->b, item_buf_span(&line), "\r\n");
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

/** Days of a weekly rule without those of a set of bits. */
static void drop_days(item_recur_t *r, unsigned bits)
{
    int i, n = 0;

    for (i = 0; i < r->days.n; i++)
        if (!(bits & 1u << ITEM_RECUR_WEEKDAY(r->days.v[i])))
            r->days.v[n++] = r->days.v[i];
    r->days.n = n;
}

/** Whether a rule says what like's says, on whatever clock it was sent. */
static int is_like_rule(item_back_t *k, const item_came_t *came,
                        const item_recur_t *r)
{
    item_buf_t a = { NULL, NULL, 0, 0 }, b = { NULL, NULL, 0, 0 };
    item_recur_t was;

    if (!came->cal || came->cal->rules->nelts != 1
        || came->rules->nelts != 1
        || !item_recur_parse(&was, APR_ARRAY_IDX(came->cal->rules, 0,
                                                 item_span_t)))
        return 0;
    a.p = b.p = k->c->p;
    item_recur_write(&a, r);
    item_recur_write(&b, &was);
    return a.len == b.len && !memcmp(a.s, b.s, a.len);
}

static void convert_rule(item_back_t *k, const item_came_t *came,
                         const item_dest_t *dest, const char *name,
                         item_span_t text)
{
    const item_plan_t *plan = came->plan;
    item_time_t start = item_back_dest(k, dest, &came->start);
    apr_int64_t day = day_of(came->start.secs);
    int by = (int)(day_of(start.secs) - day), count;
    item_recur_t r, was;

    if (k->said && (k->c->form->habits & ITEM_HABIT_ZONE_CLOCK)) {
        day += by;              /* its days are those of the zone */
        by = 0;
    }
    if (!item_vcal_rule_read(&r, text, day))
        return;
    if (plan && plan->rule && came->rules->nelts == 1
        && is_same_rule(k, came, day_of(start.secs), text, &was)) {
        item_recur_t now = was; /* at most its end was changed */

        now.count = r.count;
        now.until = r.until;
        if (!keep_end(k, came, dest, text, start.secs, &was, &now)
            && now.until.kind != ITEM_TIME_NONE)
            set_until(k, came, dest, &now);
        put_like_rule(k, came, &was, &now);
        return;
    }
    if (plan && r.freq == ITEM_FREQ_WEEKLY && came->cal->rules->nelts == 1
        && item_recur_parse(&was, APR_ARRAY_IDX(came->cal->rules, 0,
                                                item_span_t)))
        drop_days(&r, item_back_added_day(k, came, &was));
    if (by && is_on_own_clock(&r, day, by))
        by = 0;
    if (by >= -1 && by <= 1)
        item_recur_shift(&r, day, by);
    count = keeps_count(k, came, dest, text, &r);
    if (count) {                /* as many as before, on other days */
        r.until.kind = ITEM_TIME_NONE;
        r.count = count;
    }
    if (r.until.kind != ITEM_TIME_NONE)
        set_until(k, came, dest, &r);
    if (is_like_rule(k, came, &r))
        item_back_named(k, came->cal, "RRULE");
    else
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

/** What a series leaves out, and has besides, where the device has it as a
 * single event. */
static void keep_dates(item_back_t *k, const item_came_t *came)
{
    if (!came->exdates->nelts)
        item_back_named(k, came->cal, "EXDATE");
    if (!came->rdates->nelts)
        item_back_named(k, came->cal, "RDATE");
}

/** Whether a rule is one that devices drop without a word, and this device was
 * not seen to keep one of its kind. */
static int is_beyond(const item_back_t *k, const item_came_t *came)
{
    return !item_vcal_rule_is_plain(came->plan->rule)
           && (came->cal->rules->nelts != 1
               || !(item_room_rule(APR_ARRAY_IDX(came->cal->rules, 0,
                                                 item_span_t))
                    & k->c->form->rules));
}

int item_back_rules(item_back_t *k, item_came_t *came,
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
            item_back_named(k, came->cal, "RRULE");
            item_back_named(k, came->cal, "EXRULE");
            if (!came->rdates->nelts)
                keep_dates(k, came);
            else
                item_back_named(k, came->cal, "RDATE");
            apr_array_cat(came->exdates, lost);
            item_times_sort(came->exdates);
            return 1;
        }
    }
    if (plan && plan->rule && !came->rules->nelts && came->planned
        && (is_beyond(k, came) || item_back_year_lost(k, came))) {
        item_back_named(k, came->cal, "RRULE");
        keep_dates(k, came);    /* beyond the device's own rules */
        return 0;
    }
    if (plan && plan->rule && came->rules->nelts == 1 && came->planned
        && !came->exrules->nelts) {
        said.s = plan->rule;
        said.len = strlen(said.s);
        if (same_word(said, APR_ARRAY_IDX(came->rules, 0, item_span_t))) {
            item_back_named(k, came->cal, "RRULE");
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
