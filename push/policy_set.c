/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The rules of push as text: see policy.h. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "policy.h"
#include "route.h"
#include "san.h"

#define SECONDS(n)  apr_time_from_sec(n)
#define NO_LIMIT    { { -1, -1 }, { -1, -1 } }

void policy_defaults(policy_rules_t *rules)
{
    static const policy_rules_t defaults = {
        .delay = SECONDS(10), .max_delay = SECONDS(600),
        .min_interval = SECONDS(60), .urgent = SECONDS(2 * 3600),
        .steps = { SECONDS(900), SECONDS(3600), SECONDS(6 * 3600),
                   SECONDS(24 * 3600) },
        .nsteps = 4, .own_syncs = 1, .sync_type = SAN_SYNC_TWO_WAY,
        .budget = { NO_LIMIT, NO_LIMIT, NO_LIMIT }
    };

    *rules = defaults;
}

/* ---- values -------------------------------------------------------------- */

apr_status_t policy_time(apr_interval_time_t *time, const char *text)
{
    static const struct { const char *unit; apr_interval_time_t is; } units[]
        = { { "", SECONDS(1) }, { "s", SECONDS(1) }, { "sec", SECONDS(1) },
            { "ms", 1000 }, { "min", SECONDS(60) }, { "m", SECONDS(60) },
            { "h", SECONDS(3600) }, { "d", SECONDS(86400) } };
    apr_int64_t n;
    char *end;
    size_t i;

    if (!apr_isdigit(*text) || strlen(text) > 16) {
        return APR_EINVAL;
    }
    n = apr_strtoi64(text, &end, 10);
    for (i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcasecmp(end, units[i].unit) == 0) {
            if (n > APR_INT64_MAX / 4 / units[i].is) {
                return APR_EINVAL;
            }
            *time = n * units[i].is;
            return APR_SUCCESS;
        }
    }
    return APR_EINVAL;
}

static int is_off(const char *value)
{
    return strcasecmp(value, "off") == 0 || strcasecmp(value, "no") == 0;
}

static apr_status_t set_time(apr_interval_time_t *to, const char *value,
                             const char **error, apr_pool_t *p)
{
    apr_interval_time_t t;

    if (policy_time(&t, value) != APR_SUCCESS || t > POLICY_MAX_DELAY) {
        *error = apr_psprintf(p, "\"%s\" is no time from 0 to 24h; right "
                              "are 10, 500ms, 2min", value);
        return APR_EINVAL;
    }
    *to = t;
    return APR_SUCCESS;
}

static apr_status_t set_flag(int *to, const char *value, const char **error,
                             apr_pool_t *p)
{
    int on = strcasecmp(value, "on") == 0 || strcasecmp(value, "yes") == 0;

    if (!on && !is_off(value)) {
        *error = apr_psprintf(p, "\"%s\" is neither on nor off", value);
        return APR_EINVAL;
    }
    *to = on;
    return APR_SUCCESS;
}

/* ---- delays -------------------------------------------------------------- */

/* The row of a datastore, a new one if need be; NULL: there are too many. */
static policy_datastore_t *datastore(policy_rules_t *rules, const char *name,
                                     apr_pool_t *p)
{
    policy_datastore_t *ds;
    int i;

    for (i = 0; i < rules->ndatastores; i++) {
        if (strcmp(rules->datastores[i].name, name) == 0) {
            return &rules->datastores[i];
        }
    }
    if (i == POLICY_MAX_DATASTORES) {
        return NULL;
    }
    rules->ndatastores++;
    ds = &rules->datastores[i];
    ds->name = apr_pstrdup(p, name);
    ds->delay = ds->max_delay = -1;
    ds->sync_type = 0;
    return ds;
}

/* Those that have items, and so changes, and what is below them: others would
 * never count, such as caltasks, which is calendar and tasks. */
static int is_datastore(const char *name)
{
    static const char *const names[] = { "contacts", "calendar", "tasks",
                                         "notes", "journal" };
    size_t i, n = strcspn(name, "/");

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        if (strlen(names[i]) == n && strncmp(names[i], name, n) == 0) {
            return name[n] == '\0' || name[n + 1] != '\0';
        }
    }
    return 0;
}

/* @param of  ".calendar"; "": of all
 * @param ds  out: NULL: of all */
static apr_status_t of_datastore(policy_datastore_t **ds,
                                 policy_rules_t *rules, const char *of,
                                 const char **error, apr_pool_t *p)
{
    if (*of && !is_datastore(of + 1)) {
        *error = apr_psprintf(p, "\"%s\" is no datastore; there are "
                              "contacts, calendar, tasks, notes and journal, "
                              "and those below them (contacts/private)",
                              of + 1);
        return APR_EINVAL;
    }
    *ds = *of ? datastore(rules, of + 1, p) : NULL;
    if (*of && !*ds) {
        *error = apr_psprintf(p, "more than %d datastores",
                              POLICY_MAX_DATASTORES);
        return APR_EINVAL;
    }
    return APR_SUCCESS;
}

/* @param of  ".calendar" or "" */
static apr_status_t set_delay(policy_rules_t *rules, const char *of,
                              const char *value, int longest,
                              const char **error, apr_pool_t *p)
{
    apr_interval_time_t t = STORE_DUE_NEVER;
    policy_datastore_t *ds = NULL;

    if (*of && !of[1]) {
        *error = "a datastore is missing, such as calendar";
        return APR_EINVAL;
    }
    if ((longest || !is_off(value))
        && set_time(&t, value, error, p) != APR_SUCCESS) {
        if (!longest) {
            *error = apr_pstrcat(p, *error, ", off", NULL);
        }
        return APR_EINVAL;
    }
    if (of_datastore(&ds, rules, of, error, p) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    *(longest ? ds ? &ds->max_delay : &rules->max_delay
              : ds ? &ds->delay : &rules->delay) = t;
    return APR_SUCCESS;
}

/* By the names of the field, from 206 on. */
static apr_status_t set_sync_type(policy_rules_t *rules, const char *of,
                                  const char *value, const char **error,
                                  apr_pool_t *p)
{
    static const char *const names[] = {
        "two-way", "one-way-from-client", "refresh-from-client",
        "one-way-from-server", "refresh-from-server", NULL
    };
    policy_datastore_t *ds;
    int i;

    if (*of && !of[1]) {
        *error = "a datastore is missing, such as calendar";
        return APR_EINVAL;
    }
    for (i = 0; names[i] && strcasecmp(names[i], value) != 0; i++) {
    }
    if (!names[i]) {
        *error = apr_psprintf(p, "\"%s\" is no type of sync; there are "
                              "two-way, one-way-from-client, "
                              "refresh-from-client, one-way-from-server and "
                              "refresh-from-server", value);
        return APR_EINVAL;
    }
    if (of_datastore(&ds, rules, of, error, p) != APR_SUCCESS) {
        return APR_EINVAL;
    }
    *(ds ? &ds->sync_type : &rules->sync_type) = SAN_SYNC_TWO_WAY + i;
    return APR_SUCCESS;
}

static apr_status_t set_urgent(policy_rules_t *rules, const char *value,
                               const char **error, apr_pool_t *p)
{
    apr_interval_time_t t = 0;

    if (!is_off(value)
        && (policy_time(&t, value) != APR_SUCCESS
            || t > STORE_URGENT_LIMIT)) {
        *error = apr_psprintf(p, "\"%s\" is no time from 0 to 48h; right are "
                              "2h, 30min, off", value);
        return APR_EINVAL;
    }
    rules->urgent = t;
    return APR_SUCCESS;
}

static apr_status_t set_unanswered(policy_rules_t *rules, const char *value,
                                   const char **error, apr_pool_t *p)
{
    apr_interval_time_t steps[POLICY_MAX_STEPS] = { 0 };
    char *last, *word = apr_strtok(apr_pstrdup(p, value), " ,", &last);
    int n;

    for (n = 0; word; n++, word = apr_strtok(NULL, " ,", &last)) {
        if (n == POLICY_MAX_STEPS
            || policy_time(&steps[n], word) != APR_SUCCESS
            || steps[n] < SECONDS(60) || steps[n] > SECONDS(30 * 86400)) {
            *error = apr_psprintf(p, "\"%s\" are not one to %d times from "
                                  "1min to 30d; right is 15min 1h 6h 24h",
                                  value, POLICY_MAX_STEPS);
            return APR_EINVAL;
        }
    }
    if (!n) {
        *error = "no time is given; right is 15min 1h 6h 24h";
        return APR_EINVAL;
    }
    memcpy(rules->steps, steps, sizeof steps);
    rules->nsteps = n;
    return APR_SUCCESS;
}

/* ---- quiet hours --------------------------------------------------------- */

#define DAY  1440

/* "22", "22:30", "24" */
static int minute_of(const char **at)
{
    int h = 0, m = 0, n;

    for (n = 0; n < 2 && apr_isdigit(**at); n++, ++*at) {
        h = h * 10 + (**at - '0');
    }
    if (!n || h > 24) {
        return -1;
    }
    if (**at == ':') {
        if (!apr_isdigit((*at)[1]) || !apr_isdigit((*at)[2])) {
            return -1;
        }
        m = ((*at)[1] - '0') * 10 + ((*at)[2] - '0');
        *at += 3;
    }
    return m > 59 || h * 60 + m > DAY ? -1 : h * 60 + m;
}

static apr_status_t set_zone(policy_rules_t *rules, const char *value,
                             const char **error, apr_pool_t *p)
{
    zone_t *zone;

    if (strcmp(value, "local") == 0) {
        rules->zone_name = NULL;
        return APR_SUCCESS;
    }
    if (zone_load(&zone, value, p) != APR_SUCCESS) {
        *error = apr_psprintf(p, "\"%s\" is no time zone of this machine; "
                              "right are local, Europe/Berlin", value);
        return APR_EINVAL;
    }
    rules->zone_name = apr_pstrdup(p, value);
    return APR_SUCCESS;
}

/* "22:00-07:00 [Europe/Berlin] [urgent]" */
static apr_status_t set_quiet_hours(policy_rules_t *rules, const char *value,
                                    const char **error, apr_pool_t *p)
{
    char *last, *word = apr_strtok(apr_pstrdup(p, value), " ", &last);
    const char *at = word ? word : "";
    int from = 0, to = 0;

    if (!is_off(at)) {
        from = minute_of(&at);
        to = *at == '-' ? (at++, minute_of(&at)) : -1;
        if (from < 0 || to < 0 || *at) {
            *error = apr_psprintf(p, "\"%s\" are no hours; right are "
                                  "22:00-07:00, off, 22-7 Europe/Berlin",
                                  value);
            return APR_EINVAL;
        }
        if (from % DAY == to % DAY && (from || to != DAY)) {
            *error = apr_psprintf(p, "\"%s\" ends when it begins; right are "
                                  "22:00-07:00, 0-24 (all day), off", value);
            return APR_EINVAL;
        }
    }
    rules->quiet_urgent = 0;
    while (word && (word = apr_strtok(NULL, " ", &last)) != NULL) {
        if (strcmp(word, "urgent") == 0) {
            rules->quiet_urgent = 1;
        }
        else if (set_zone(rules, word, error, p) != APR_SUCCESS) {
            return APR_EINVAL;
        }
    }
    rules->quiet_from = from % DAY;
    rules->quiet_to = from ? to % DAY : to;
    return APR_SUCCESS;
}

/* ---- budgets ------------------------------------------------------------- */

static const char *const scopes[] = { "server", "account", "device" };
static const char *const periods[] = { "day", "month" };

static int find(const char *const *words, int n, const char *word,
                size_t len)
{
    int i;

    for (i = 0; i < n; i++) {
        if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0) {
            return i;
        }
    }
    return -1;
}

static apr_status_t set_limit(policy_limit_t *limit, const char *value,
                              const char **error, apr_pool_t *p)
{
    apr_int64_t n;
    char *end;

    if (is_off(value) || strcmp(value, "none") == 0) {
        limit->sms = limit->cost = -1;
        return APR_SUCCESS;
    }
    if (strncmp(value, "cost=", 5) == 0
        && route_price(&n, value + 5) == APR_SUCCESS) {
        limit->cost = n;
        return APR_SUCCESS;
    }
    n = apr_isdigit(*value) ? apr_strtoi64(value, &end, 10) : -1;
    if (n < 0 || *end || n > 1000000000) {
        *error = apr_psprintf(p, "\"%s\" is no budget; right are 50 (SMS), "
                              "cost=12.50, none", value);
        return APR_EINVAL;
    }
    limit->sms = n;
    return APR_SUCCESS;
}

/* @param of  ".day", ".account.month" */
static apr_status_t set_budget(policy_rules_t *rules, store_use_e scope,
                               const char *of, const char *value,
                               const char **error, apr_pool_t *p)
{
    const char *dot = *of ? strchr(of + 1, '.') : NULL;
    int whose = scope, period;

    if (dot) {
        whose = find(scopes, 3, of + 1, dot - of - 1);
        of = dot;
    }
    period = *of ? find(periods, 2, of + 1, strlen(of + 1)) : -1;
    if (whose < (int)scope || period < 0) {
        *error = "a budget is one of the server, of each account or of each "
                 "device, for a day or a month: account month 100";
        return APR_EINVAL;
    }
    return set_limit(&rules->budget[whose][period], value, error, p);
}

static apr_status_t set_over(policy_rules_t *rules, store_use_e scope,
                             const char *of, const char *value,
                             const char **error, apr_pool_t *p)
{
    int drop = strcmp(value, "drop") == 0, whose = scope;

    if (*of) {
        whose = find(scopes, 3, of + 1, strlen(of + 1));
        if (whose < (int)scope) {
            *error = apr_psprintf(p, "there are budgets of the server, of an "
                                  "account and of a device: \"%s\" is none "
                                  "of them, or not set here", of + 1);
            return APR_EINVAL;
        }
    }
    if (!drop && strcmp(value, "hold") != 0) {
        *error = apr_psprintf(p, "\"%s\" is neither hold nor drop", value);
        return APR_EINVAL;
    }
    rules->drop[whose] = drop;
    return APR_SUCCESS;
}

/* ---- all of them --------------------------------------------------------- */

/* @return what follows a rule's name ("", ".x"), or NULL: another's */
static const char *after(const char *name, const char *rule)
{
    size_t n = strlen(rule);

    return strncmp(name, rule, n) == 0 && (!name[n] || name[n] == '.')
        ? name + n : NULL;
}

apr_status_t policy_set(policy_rules_t *rules, store_use_e scope,
                        const char *name, const char *value,
                        const char **error, apr_pool_t *p)
{
    const char *of;

    if ((of = after(name, "delay")) != NULL) {
        return set_delay(rules, of, value, 0, error, p);
    }
    if ((of = after(name, "max-delay")) != NULL) {
        return set_delay(rules, of, value, 1, error, p);
    }
    if ((of = after(name, "sync-type")) != NULL) {
        return set_sync_type(rules, of, value, error, p);
    }
    if ((of = after(name, "budget")) != NULL) {
        return set_budget(rules, scope, of, value, error, p);
    }
    if ((of = after(name, "over-budget")) != NULL) {
        return set_over(rules, scope, of, value, error, p);
    }
    if (strcmp(name, "min-interval") == 0) {
        return set_time(&rules->min_interval, value, error, p);
    }
    if (strcmp(name, "urgent") == 0) {
        return set_urgent(rules, value, error, p);
    }
    if (strcmp(name, "unanswered") == 0) {
        return set_unanswered(rules, value, error, p);
    }
    if (strcmp(name, "quiet-hours") == 0) {
        return set_quiet_hours(rules, value, error, p);
    }
    if (strcmp(name, "zone") == 0) {
        return set_zone(rules, value, error, p);
    }
    if (strcmp(name, "own-syncs") == 0) {
        return set_flag(&rules->own_syncs, value, error, p);
    }
    if (strcmp(name, "paused") == 0) {
        return set_flag(&rules->paused, value, error, p);
    }
    if (strcmp(name, "dry-run") == 0) {
        return set_flag(&rules->dry_run, value, error, p);
    }
    *error = "there is no such rule; there are delay, max-delay, "
             "min-interval, urgent, unanswered, quiet-hours, zone, "
             "own-syncs, paused, dry-run, budget.day, budget.month, "
             "over-budget and sync-type";
    return APR_NOTFOUND;
}
