/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The rules of push: see policy.h. */
#include "policy.h"

#include <string.h>

#include "san.h"

#define MINUTES(n)  apr_time_from_sec((n) * 60)

/* A session whose latest message is older has been given up by the device. */
#define SESSION  MINUTES(2)

/* What is under way has a result within seconds, as a rule. */
#define RESULT   apr_time_from_sec(2)

const char *policy_word(policy_why_e why)
{
    static const char *const words[POLICY_WHYS] = {
        "unanswered", "paused", "min-interval", "own-sync", "quiet-hours",
        "budget", "off", "not-fetched", "never-fetched", "quiet",
        "max-delay", "urgent", "repeat", "retry", "syncing", "now", "under-way"
    };

    return why < POLICY_WHYS ? words[why] : "";
}

/* ---- when ---------------------------------------------------------------- */

static void wait_until(policy_plan_t *plan, apr_time_t when, policy_why_e why)
{
    if (plan->when < when) {
        plan->when = when;
        plan->why = why;
    }
}

static apr_time_t past(apr_time_t t, apr_time_t now)
{
    return t < now ? t : now;
}

/* Does the row hold for a datastore?  That of "calendar" holds for
 * "calendar/private", too, and for a calendar's occurrences.
 * @return the length of its name: the longest that says something counts */
static apr_size_t holds_for(const policy_datastore_t *ds, const char *name)
{
    apr_size_t n = strlen(ds->name);

    return strncmp(ds->name, name, n) == 0
           && (name[n] == '\0' || name[n] == '/') ? n : 0;
}

/* The delays for a datastore. */
static void delays(const policy_rules_t *rules, const char *name,
                   apr_interval_time_t *delay, apr_interval_time_t *longest)
{
    apr_size_t best = 0, best_longest = 0;
    int i;

    *delay = rules->delay;
    *longest = rules->max_delay;
    for (i = 0; i < rules->ndatastores; i++) {
        const policy_datastore_t *ds = &rules->datastores[i];
        apr_size_t n = holds_for(ds, name);

        if (n > best && ds->delay >= 0) {
            *delay = ds->delay;
            best = n;
        }
        if (n > best_longest && ds->max_delay >= 0) {
            *longest = ds->max_delay;
            best_longest = n;
        }
    }
    if (*longest < *delay) {
        *longest = *delay;
    }
}

/* A moment in which more may come of what has just begun. */
static apr_interval_time_t moment(apr_interval_time_t delay)
{
    return delay < MINUTES(1) ? delay : MINUTES(1);
}

/* From when on the change is urgent, not before now; STORE_DUE_NEVER.  One
 * that is not yet is in no such hurry that it could not wait a moment. */
static apr_time_t urgent_from(const policy_rules_t *rules,
                              const store_due_datastore_t *ds,
                              apr_interval_time_t delay, apr_time_t now)
{
    apr_time_t starts = apr_time_from_sec(ds->starts);
    apr_time_t from = starts - rules->urgent;
    apr_time_t rested = past(ds->last_change, now) + moment(delay);

    return !rules->urgent || !ds->starts || starts <= now ? STORE_DUE_NEVER
        : from <= now ? now : from > rested ? from : rested;
}

/* With one-way-from-client the device does not fetch what it is told of, and
 * so lacks it when it has synced, too: once is enough. */
static int was_told(const policy_rules_t *rules, const store_due_t *due,
                    const store_due_datastore_t *ds, apr_time_t now)
{
    return due->last_sent <= now && ds->last_change <= due->last_sent
           && policy_sync_type(rules, ds->name)
              == SAN_SYNC_ONE_WAY_FROM_CLIENT;
}

/* The device was told of the datastore and has synced, perhaps another one or
 * one-way to us, and lacks it still.  Whether that was meant nobody knows; so
 * the wait is that for an answer.
 * @return not to be told for its sake before then; 0: at any time */
static apr_time_t fetch_again(const policy_rules_t *rules,
                              const store_due_t *due,
                              const store_due_datastore_t *ds, apr_time_t now)
{
    if (!ds->unfetched || policy_sync_type(rules, ds->name)
                          == SAN_SYNC_ONE_WAY_FROM_CLIENT) {
        return 0;
    }
    return ds->unfetched > rules->nsteps ? STORE_DUE_NEVER
        : past(due->last_sent, now) + rules->steps[ds->unfetched - 1];
}

static void take_earlier(apr_time_t *t, apr_time_t other)
{
    if (other < *t) {
        *t = other;
    }
}

/* A datastore wants to be told of at some time. */
static void want_at(policy_plan_t *plan, apr_time_t when, policy_why_e why)
{
    if (when < plan->when) {
        plan->when = when;
        plan->why = why;
    }
}

/* What the changes want, the most impatient datastore for all.
 * @param latest  out: no change may wait longer
 * @param soon  out: one is urgent from then on, or STORE_DUE_NEVER */
static void want(policy_plan_t *plan, const policy_rules_t *rules,
                 const store_due_t *due, apr_time_t now, apr_time_t *latest,
                 apr_time_t *soon)
{
    int i, given_up = 0;

    plan->when = *latest = *soon = STORE_DUE_NEVER;
    plan->why = POLICY_OFF;
    for (i = 0; i < due->datastores->nelts; i++) {
        const store_due_datastore_t *ds
            = &APR_ARRAY_IDX(due->datastores, i, store_due_datastore_t);
        apr_time_t quiet, end, again = fetch_again(rules, due, ds, now);
        apr_interval_time_t delay, longest;

        delays(rules, ds->name, &delay, &longest);
        if (delay >= STORE_DUE_NEVER || was_told(rules, due, ds, now)) {
            continue;
        }
        quiet = past(ds->last_change, now) + delay;
        end = past(ds->first_change, now) + longest;
        if (again > now && again > (quiet < end ? quiet : end)) {
            given_up |= again >= STORE_DUE_NEVER;
            want_at(plan, again, POLICY_NOT_FETCHED);
            continue;
        }
        take_earlier(latest, end);
        take_earlier(soon, urgent_from(rules, ds, delay, now));
        want_at(plan, quiet <= end ? quiet : end,
                quiet <= end ? POLICY_QUIET : POLICY_LONGEST);
    }
    if (given_up && plan->when >= STORE_DUE_NEVER) {
        plan->why = POLICY_GIVEN_UP;
    }
    /* At once, whatever waits beside it. */
    if (*soon <= now || *soon < plan->when) {
        plan->when = *soon;
        plan->why = POLICY_URGENT;
    }
}

/* A device that comes by itself before anybody would have to be told. */
static void expect_own_sync(policy_plan_t *plan, const policy_rules_t *rules,
                            const store_due_t *due, apr_time_t now,
                            apr_time_t latest)
{
    apr_time_t own = past(due->own_sync, now), expected;

    if (!rules->own_syncs || !due->gap || !own
        || due->gap >= rules->max_delay) {
        return;
    }
    expected = own + due->gap + due->gap / 4;
    if (expected > now) {
        wait_until(plan, expected < latest ? expected : latest,
                   POLICY_OWN_SYNC);
    }
}

/* @param soon  a change is urgent from then on, and passes */
static void mind_quiet_hours(policy_plan_t *plan, const policy_rules_t *rules,
                             const zone_t *zone, apr_time_t soon,
                             apr_time_t now)
{
    apr_time_t when = plan->when > now ? plan->when : now, end;
    apr_int64_t local;
    int minute, from = rules->quiet_from, to = rules->quiet_to, in;

    if (from == to || when >= STORE_DUE_NEVER) {
        return;
    }
    local = apr_time_sec(when) + zone_offset(zone, when);
    minute = (int)(local % 86400 / 60);
    in = from < to ? minute >= from && minute < to
                   : minute >= from || minute < to;
    if (in) {
        end = zone_next(zone, when, to);
        wait_until(plan, soon < end && !rules->quiet_urgent ? soon : end,
                   POLICY_QUIET_HOURS);
    }
}

/* A row that was told and not answered is told again in the end. */
static void wait_for_answer(policy_plan_t *plan, const store_due_t *due,
                            apr_time_t now)
{
    plan->when = now;
    plan->why = POLICY_REPEAT;
    wait_until(plan, due->not_before, POLICY_UNANSWERED);
}

void policy_decide(policy_plan_t *plan, const policy_rules_t *rules,
                   const zone_t *zone, const store_due_t *due,
                   apr_time_t now)
{
    apr_time_t latest = STORE_DUE_NEVER, soon = STORE_DUE_NEVER;
    int urgent;

    memset(plan, 0, sizeof *plan);
    if (due->now) {
        plan->when = due->not_before > now ? due->not_before : now;
        plan->why = POLICY_NOW;
        return;
    }
    if (rules->paused) {
        plan->when = STORE_DUE_NEVER;
        plan->why = POLICY_PAUSED;
        return;
    }
    if (due->state == STORE_DUE_SENT) {
        wait_for_answer(plan, due, now);
    }
    else {
        want(plan, rules, due, now, &latest, &soon);
    }
    urgent = soon <= now;
    if (plan->when >= STORE_DUE_NEVER) {
        return;
    }
    wait_until(plan, due->not_before, POLICY_RETRY);
    if (due->last_sent) {
        wait_until(plan, past(due->last_sent, now) + rules->min_interval,
                   POLICY_MIN_INTERVAL);
    }
    if (due->in_session && past(due->in_session, now) + SESSION > now) {
        wait_until(plan, past(due->in_session, now) + SESSION,
                   POLICY_SYNCING);
    }
    if (!urgent && due->last_sync) {
        wait_until(plan, past(due->last_sync, now) + moment(rules->delay),
                   POLICY_SYNCING);
    }
    if (!urgent && due->state == STORE_DUE_WAITING) {
        expect_own_sync(plan, rules, due, now, latest < soon ? latest : soon);
    }
    mind_quiet_hours(plan, rules, zone, soon, now);
}

int policy_sync_type(const policy_rules_t *rules, const char *datastore)
{
    int type = rules->sync_type, i;
    apr_size_t best = 0;

    for (i = 0; i < rules->ndatastores; i++) {
        const policy_datastore_t *ds = &rules->datastores[i];
        apr_size_t n = holds_for(ds, datastore);

        if (n > best && ds->sync_type) {
            type = ds->sync_type;
            best = n;
        }
    }
    return type;
}

int policy_has_sync_types(const policy_rules_t *rules)
{
    int other = rules->sync_type != SAN_SYNC_TWO_WAY, i;

    for (i = 0; i < rules->ndatastores; i++) {
        other |= rules->datastores[i].sync_type > SAN_SYNC_TWO_WAY;
    }
    return other;
}

apr_interval_time_t policy_unanswered(const policy_rules_t *rules,
                                      int unanswered)
{
    return unanswered < 0 ? rules->steps[0]
        : unanswered < rules->nsteps ? rules->steps[unanswered] : 0;
}

/* ---- budgets ------------------------------------------------------------- */

static int has_limit(const policy_limit_t *limit)
{
    return limit->sms >= 0 || limit->cost >= 0;
}

int policy_has_budget(const policy_rules_t *rules, store_use_e scope)
{
    return has_limit(&rules->budget[scope][POLICY_DAY])
           || has_limit(&rules->budget[scope][POLICY_MONTH]);
}

/* When the day or month ends, by the machine's clock, as the counters. */
static apr_time_t period_end(apr_time_t now, int period)
{
    int day, month, d, m;
    apr_time_t t = now;

    store_use_period(now, &day, &month);
    do {                        /* at most 32 midnights */
        t = zone_next(NULL, t + APR_USEC_PER_SEC, 0);
        store_use_period(t, &d, &m);
    } while (period == POLICY_MONTH ? m == month : d == day);
    return t;
}

static int is_over(const policy_rules_t *rules, const store_use_t *use,
                   int scope, int period, int parts, apr_int64_t price)
{
    const policy_limit_t *limit = &rules->budget[scope][period];
    int month = period == POLICY_MONTH;
    apr_int64_t sms = month ? use->month : use->day;
    apr_int64_t cost = month ? use->month_cost : use->day_cost;

    return (limit->sms >= 0 && sms + parts > limit->sms)
           || (limit->cost >= 0 && cost + parts * price > limit->cost);
}

void policy_budget(policy_plan_t *plan, const policy_rules_t *rules,
                   const store_use_t use[3], int parts, apr_int64_t price,
                   apr_time_t now)
{
    int scope, period;

    if (plan->why == POLICY_NOW) {
        return;                 /* who asks for it pays for it */
    }
    for (scope = 0; scope < 3; scope++) {
        for (period = POLICY_MONTH; period >= POLICY_DAY; period--) {
            const store_use_t *u = &use[scope];

            if (is_over(rules, u, scope, period, parts, price)) {
                plan->why = POLICY_BUDGET;
                plan->scope = (store_use_e)scope;
                plan->period = period;
                plan->when = rules->drop[scope] ? 0
                    : period_end(now, period);
                return;
            }
            if (plan->why != POLICY_UNDER_WAY
                && is_over(rules, u, scope, period, u->leased + parts,
                           price)) {
                plan->why = POLICY_UNDER_WAY;
                plan->scope = (store_use_e)scope;
                plan->when = now + RESULT;
            }
        }
    }
}

static void at_most(apr_int64_t *room, apr_int64_t limit)
{
    if (limit < *room) {
        *room = limit;
    }
}

apr_int64_t policy_room(const policy_rules_t *rules, store_use_e scope,
                        const store_use_t *use, apr_int64_t price)
{
    apr_int64_t room = APR_INT64_MAX;
    int period;

    for (period = POLICY_DAY; period <= POLICY_MONTH; period++) {
        const policy_limit_t *limit = &rules->budget[scope][period];
        int month = period == POLICY_MONTH;

        if (limit->sms >= 0) {
            at_most(&room, limit->sms - (month ? use->month : use->day)
                           - use->leased);
        }
        if (limit->cost >= 0 && price > 0) {
            at_most(&room, (limit->cost - (month ? use->month_cost
                                                 : use->day_cost)) / price
                           - use->leased);
        }
    }
    return room;
}
