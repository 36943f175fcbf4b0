/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/policy.h
 * @brief When a device is told, and when it is not: the rules of push.
 *
 * Pure functions: what they know comes in their arguments, the time too.
 * Times of the future count as now, so a clock that was wrong holds nothing
 * up for longer than a delay.
 *
 * In this order: somebody asked for it; push is paused; an answer is waited
 * for (back-off); each datastore that is owed wants a quiet delay after its
 * last change, a maximum delay after its first, or is urgent (or will be
 * before that), and the earliest of them decides for all; but a datastore that
 * the device does not fetch, though it has been told of it and has synced,
 * waits as long as if it had not answered, and in the end for ever; the
 * minimum
 * interval; a sync that is under way; a device that syncs often enough by
 * itself; quiet hours; budgets.
 *
 * Rules come as text (name and value) from directives, from the settings of
 * the account and from those of the device; the later ones win.
 */
#ifndef SYNCML_PUSH_POLICY_H
#define SYNCML_PUSH_POLICY_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

#include "store/store.h"
#include "zone.h"

#define POLICY_MAX_DELAY       apr_time_from_sec(24 * 3600)
#define POLICY_MAX_DATASTORES  16
#define POLICY_MAX_STEPS       8
/** Settings of accounts and devices that are rules begin with this. */
#define POLICY_PREFIX          "push."

/** Why a row is planned for its time.  Up to POLICY_HOLDS they are decisions
 * not to send yet, which go into the push log, once each; their bits are
 * store_due_t.logged, of which the store itself knows the first and that of
 * POLICY_GIVEN_UP (STORE_LOGGED_GIVEN_UP). */
typedef enum {
    POLICY_UNANSWERED = 0,      /* the device has not answered the last one */
    POLICY_PAUSED,
    POLICY_MIN_INTERVAL,
    POLICY_OWN_SYNC,            /* it syncs by itself often enough */
    POLICY_QUIET_HOURS,
    POLICY_BUDGET,
    POLICY_OFF,                 /* no push for what is owed, or no more */
    POLICY_NOT_FETCHED,         /* told of it, it has synced without fetching
                                   it: the back-off */
    POLICY_GIVEN_UP,            /* so often that it is told of it no more,
                                   until it fetches it */
    POLICY_HOLDS,
    POLICY_QUIET = POLICY_HOLDS,
    POLICY_LONGEST,             /* the maximum delay */
    POLICY_URGENT,
    POLICY_REPEAT,              /* told again after no answer */
    POLICY_RETRY,               /* after a failure */
    POLICY_SYNCING,             /* a session is under way, or has just ended */
    POLICY_NOW,                 /* somebody asked for it */
    POLICY_UNDER_WAY,           /* a budget has room if what is being sent
                                   fails */
    POLICY_WHYS
} policy_why_e;

/** What an SMS to numbers that begin so costs. */
typedef struct policy_price_t {
    const char *prefix;         /* "+49"; "": any number */
    apr_int64_t price;          /* 1/10000 of the currency's unit */
} policy_price_t;

/** The word for it, as in push log and log lines: "quiet", "min-interval"... */
const char *policy_word(policy_why_e why);

typedef struct policy_datastore_t {
    const char *name;
    apr_interval_time_t delay;  /* -1: as for all; STORE_DUE_NEVER: off */
    apr_interval_time_t max_delay;      /* -1: as for all */
    int sync_type;              /* 0: as for all */
} policy_datastore_t;

/** In a day or a month; -1: no limit. */
typedef struct policy_limit_t {
    apr_int64_t sms;
    apr_int64_t cost;           /* 1/10000 of the currency's unit */
} policy_limit_t;

enum { POLICY_DAY = 0, POLICY_MONTH = 1 };

typedef struct policy_rules_t {
    apr_interval_time_t delay;  /* STORE_DUE_NEVER: off */
    apr_interval_time_t max_delay, min_interval;
    apr_interval_time_t urgent; /* events that start within it; 0: none */
    apr_interval_time_t steps[POLICY_MAX_STEPS];    /* of the back-off */
    int nsteps;                 /* then suspended */
    int quiet_from, quiet_to;   /* minutes of the day; equal: none; 0 to
                                   1440: all day */
    int quiet_urgent;           /* quiet hours hold urgent changes too */
    const char *zone_name;      /* of the quiet hours; NULL: the machine's */
    int own_syncs;              /* devices that sync often get none */
    int paused;
    int dry_run;
    int sync_type;              /* that a notification asks for: san.h */
    policy_limit_t budget[3][2];        /* by store_use_e, day and month */
    int drop[3];                /* over budget: not told at all */
    policy_datastore_t datastores[POLICY_MAX_DATASTORES];
    int ndatastores;
} policy_rules_t;

/** The rules without any setting: see the manual. */
void policy_defaults(policy_rules_t *rules);

/**
 * Apply one rule.
 * @param scope  whose it is: a budget without a scope means this one's
 * @param name   "delay", "delay.calendar", "max-delay", "min-interval",
 *               "urgent", "unanswered", "quiet-hours", "zone", "own-syncs",
 *               "paused", "dry-run", "budget.day", "budget.account.month",
 *               "over-budget", "sync-type.calendar", ...
 * @param value  as an administrator writes it
 * @param error  out: what is wrong and what would be right, without the name
 * @param p      holds texts that rules refer to
 * @return APR_SUCCESS; APR_EINVAL, also for a datastore that there is not;
 *         APR_NOTFOUND: no such rule
 */
apr_status_t policy_set(policy_rules_t *rules, store_use_e scope,
                        const char *name, const char *value,
                        const char **error, apr_pool_t *p);

/** "10", "10s", "500ms", "2min", "1h", "7d". @return APR_EINVAL */
apr_status_t policy_time(apr_interval_time_t *time, const char *text);

/** What to do about a row. */
typedef struct policy_plan_t {
    apr_time_t when;            /* not after now: tell it; STORE_DUE_NEVER;
                                   0: suspend it (over budget, drop) */
    policy_why_e why;
    store_use_e scope;          /* BUDGET, UNDER_WAY: whose */
    int period;                 /* BUDGET: POLICY_DAY or POLICY_MONTH */
} policy_plan_t;

/** When the row is to be told, as far as that is not a matter of money.
 * @param zone  of rules->zone_name; NULL: the machine's */
void policy_decide(policy_plan_t *plan, const policy_rules_t *rules,
                   const zone_t *zone, const store_due_t *due,
                   apr_time_t now);

/** May it be told now?  Else plan says until when not.  That what is under way
 * fills a budget is soon over: it is looked at again then.
 * @param use    by store_use_e: what was sent; leased in SMS
 * @param parts  SMS that it takes
 * @param price  of one SMS to this device, the highest that it may be */
void policy_budget(policy_plan_t *plan, const policy_rules_t *rules,
                   const store_use_t use[3], int parts, apr_int64_t price,
                   apr_time_t now);
/** SMS for which a budget has room beside what is under way; below 0: it has
 * been exceeded; APR_INT64_MAX: no limit.
 * @param price  of the cheapest SMS that costs anything; 0: none does */
apr_int64_t policy_room(const policy_rules_t *rules, store_use_e scope,
                        const store_use_t *use, apr_int64_t price);
/** Non-zero if there is any budget to look at. */
int policy_has_budget(const policy_rules_t *rules, store_use_e scope);

/** The type of sync (206 to 210) that a notification asks of a datastore. */
int policy_sync_type(const policy_rules_t *rules, const char *datastore);
/** Non-zero if that is another than two-way for any. */
int policy_has_sync_types(const policy_rules_t *rules);

/** After a notification: how long an answer is waited for.
 * @param unanswered  sent since its last sync, before this one
 * @return 0: for ever (suspended) */
apr_interval_time_t policy_unanswered(const policy_rules_t *rules,
                                      int unanswered);

#endif
