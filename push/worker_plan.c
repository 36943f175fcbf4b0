/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker: when a row is told, by the rules of policy.h with the
 * settings of its account and device. */
#include <string.h>

#include <apr_strings.h>

#include "worker_int.h"

/* The user's time zone, as it is set for items: a setting of the device, and
 * one of the store with the account's id behind it; and the one that was
 * learnt from what the account's devices sent (mod_syncml/sml.h). */
#define DEVICE_ZONE   "zone"
#define ACCOUNT_ZONE  "zone."
#define LEARNED_ZONE  "zone-seen."

#define MAX_ZONES  1000         /* remembered */
#define MAX_TOLD   10000        /* budgets told to be used up */

/* ---- rules --------------------------------------------------------------- */

typedef struct settings_t {
    worker_t *w;
    policy_rules_t *rules;
    push_settings_t *device;    /* NULL: they are an account's */
    store_use_e scope;
    const char *whose;
    const char *zone;           /* the user's; NULL: not set */
    int zoned;                  /* the rules of this scope have one */
} settings_t;

static apr_status_t apply(void *baton, const char *name, const char *value)
{
    settings_t *to = baton;
    const char *error = NULL;
    apr_pool_t *p = to->w->rules_pool;
    const char *before = to->rules->zone_name;
    apr_status_t rv;

    if (to->device) {
        push_device_setting(to->device, name, value, to->w->plan_pool);
        if (strcmp(name, DEVICE_ZONE) == 0) {
            to->zone = apr_pstrdup(p, value);
        }
    }
    if (strncmp(name, POLICY_PREFIX, sizeof POLICY_PREFIX - 1) != 0) {
        return APR_SUCCESS;
    }
    rv = policy_set(to->rules, to->scope, name + sizeof POLICY_PREFIX - 1,
                    value, &error, p);
    /* Whoever set it was told if it was wrong: one of another version is
     * passed over.  What is no rule is a setting of something else. */
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        worker_log(to->w, 7, 0, "the setting %s of %s is passed over: %s",
                   name, to->whose, error);
    }
    to->zoned |= to->rules->zone_name != before;
    return APR_SUCCESS;
}

/* Quiet hours are those of the user's place, unless they name another. */
static void use_zone(settings_t *to)
{
    const char *ignored;

    if (to->zone && !to->zoned
        && to->rules->quiet_from != to->rules->quiet_to) {
        policy_set(to->rules, to->scope, "zone", to->zone, &ignored,
                   to->w->rules_pool);
    }
}

/* As it was set, else as it was learnt. */
static apr_status_t account_zone(settings_t *to, store_tx_t *tx,
                                 store_id_t account)
{
    static const char *const names[] = { ACCOUNT_ZONE, LEARNED_ZONE };
    apr_status_t rv = APR_NOTFOUND;
    int i;

    for (i = 0; i < 2 && rv == APR_NOTFOUND; i++) {
        rv = store_setting_get(tx, apr_psprintf(to->w->rules_pool, "%s%"
                                                APR_INT64_T_FMT, names[i],
                                                account), &to->zone);
    }
    if (rv == APR_SUCCESS) {
        use_zone(to);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

apr_status_t worker_account_rules(worker_t *w, store_tx_t *tx,
                                  store_id_t account, const char *name,
                                  const policy_rules_t **rules)
{
    settings_t to = { .w = w, .scope = STORE_USE_ACCOUNT, .whose = name };
    apr_status_t rv;

    if (w->rules_account != account) {
        w->account_rules = apr_pmemdup(w->rules_pool, &w->server_rules,
                                       sizeof w->server_rules);
        to.rules = w->account_rules;
        rv = store_account_setting_list(tx, account, apply, &to);
        if (rv == APR_SUCCESS) {
            rv = account_zone(&to, tx, account);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        w->rules_account = account;
    }
    *rules = w->account_rules;
    return APR_SUCCESS;
}

apr_status_t worker_rules(worker_t *w, store_tx_t *tx, const store_due_t *due,
                          policy_rules_t *rules, push_settings_t *settings)
{
    settings_t to = { .w = w, .rules = rules, .device = settings,
                      .scope = STORE_USE_DEVICE, .whose = due->devid };
    const policy_rules_t *account;
    apr_status_t rv = worker_account_rules(w, tx, due->account,
                                           due->account_name, &account);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *rules = *account;
    rv = store_device_setting_list(tx, due->device, apply, &to);
    use_zone(&to);
    w->address = push_device_address(settings->tcp, settings->tcp_seen);
    return rv;
}

/* A setting that holds for the whole store. */
static apr_status_t server_flag(store_tx_t *tx, const char *name, int *flag)
{
    const char *value;
    apr_status_t rv = store_setting_get(tx, name, &value);

    if (rv == APR_SUCCESS) {
        *flag = strcmp(value, "on") == 0;
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static void forget_uses(worker_t *w)
{
    w->use_of[STORE_USE_SERVER] = w->use_of[STORE_USE_ACCOUNT] = -1;
}

apr_status_t worker_plan_begin(worker_t *w, store_tx_t *tx)
{
    if (!w->rules_pool) {
        apr_pool_create(&w->rules_pool, w->pool);
    }
    if (w->taken && w->taken->nelts) {
        w->gate_step = 0;
    }
    apr_pool_clear(w->rules_pool);
    w->rules_account = 0;
    forget_uses(w);
    w->taken = apr_array_make(w->rules_pool, 16, sizeof(taken_t));
    w->next_taken = 0;
    w->server_rules = *w->o.rules;
    return server_flag(tx, POLICY_PREFIX "paused", &w->server_rules.paused);
}

static const zone_t *zone_of(worker_t *w, const char *name)
{
    zone_t *zone;

    if (!name) {
        return NULL;
    }
    if (!w->zones) {
        w->zones = apr_hash_make(w->pool);
    }
    zone = apr_hash_get(w->zones, name, APR_HASH_KEY_STRING);
    if (!zone && apr_hash_count(w->zones) < MAX_ZONES
        && zone_load(&zone, name, w->pool) == APR_SUCCESS) {
        apr_hash_set(w->zones, apr_pstrdup(w->pool, name),
                     APR_HASH_KEY_STRING, zone);
    }
    return zone;
}

apr_int64_t worker_price(const worker_t *w, const char *number)
{
    const policy_price_t *best = NULL;
    size_t longest = 0;
    int i;

    for (i = 0; w->o.prices && i < w->o.prices->nelts; i++) {
        const policy_price_t *price
            = &APR_ARRAY_IDX(w->o.prices, i, policy_price_t);
        size_t n = strlen(price->prefix);

        if (n >= longest && strncmp(price->prefix, number, n) == 0) {
            best = price;
            longest = n;
        }
    }
    return best ? best->price : 0;
}

/* ---- budgets ------------------------------------------------------------- */

static const char *budget_words(const policy_plan_t *plan, apr_pool_t *p)
{
    static const char *const scopes[] = { "server", "account", "device" };

    return apr_psprintf(p, "budget of the %s for the %s",
                        scopes[plan->scope],
                        plan->period == POLICY_MONTH ? "month" : "day");
}

/* One line for each budget that is used up, until it ends. */
static void warn_of_budget(worker_t *w, const store_due_t *due,
                           const policy_plan_t *plan, apr_time_t now)
{
    const char *whose = plan->scope == STORE_USE_SERVER ? ""
        : plan->scope == STORE_USE_ACCOUNT
        ? apr_pstrcat(w->rules_pool, " account ", due->account_name, NULL)
        : apr_pstrcat(w->rules_pool, " account ", due->account_name,
                      " device ", due->devid, NULL);
    int period[2];
    const char *key;

    store_use_period(now, &period[0], &period[1]);
    key = apr_psprintf(w->rules_pool, "%d%s", period[plan->period], whose);
    if (!w->told || apr_hash_count(w->told) > MAX_TOLD) {
        apr_pool_t *p;

        if (w->told) {
            apr_pool_destroy(apr_hash_pool_get(w->told));
        }
        apr_pool_create(&p, w->pool);
        w->told = apr_hash_make(p);
    }
    if (apr_hash_get(w->told, key, APR_HASH_KEY_STRING)) {
        return;
    }
    apr_hash_set(w->told, apr_pstrdup(apr_hash_pool_get(w->told), key),
                 APR_HASH_KEY_STRING, "");
    worker_log(w, 4, 0, "the %s%s is used up: notifications are %s",
               budget_words(plan, w->rules_pool), whose,
               plan->when ? "held until it ends"
               : "dropped until the device syncs");
}

/* SMS of a device's notification: the password and the session change its
 * octets, never its length. */
static int count_parts(worker_t *w, const store_due_t *due,
                       const push_device_t *device)
{
    const char *error;
    notification_t *n;
    apr_status_t rv = notification_create(&n, due, &device->form,
                                          w->o.server_id, "", &error,
                                          w->rules_pool);

    return rv == APR_SUCCESS && n->parts->nelts ? n->parts->nelts : 1;
}

/* What is used up, of the server or an account: read once, since it counts all
 * that is under way, and kept up to date by the claim itself. */
static apr_status_t common_use(worker_t *w, store_tx_t *tx, int scope,
                               store_id_t id, apr_time_t now,
                               store_use_t *use)
{
    apr_status_t rv = APR_SUCCESS;

    if (w->use_of[scope] != id) {
        w->use_of[scope] = -1;
        rv = store_push_use(tx, (store_use_e)scope, id, now,
                            &w->uses[scope]);
    }
    if (rv == APR_SUCCESS) {
        w->use_of[scope] = id;
        *use = w->uses[scope];
    }
    return rv;
}

/* A row is under way, or not after all: so many SMS. */
static void count_taken(worker_t *w, store_id_t account, int parts, int sign)
{
    int n = sign * (parts > 0 ? parts : 1);

    w->uses[STORE_USE_SERVER].leased += n;
    if (w->use_of[STORE_USE_ACCOUNT] == account) {
        w->uses[STORE_USE_ACCOUNT].leased += n;
    }
}

/* @param any  out: whether there is a budget at all */
static apr_status_t read_use(worker_t *w, store_tx_t *tx,
                             const policy_rules_t *rules,
                             const store_due_t *due, apr_time_t now,
                             store_use_t use[3], int *any)
{
    const store_id_t ids[3] = { 0, due->account, due->device };
    apr_status_t rv = APR_SUCCESS;
    int scope;

    *any = 0;
    memset(use, 0, 3 * sizeof *use);
    for (scope = 0; scope < 3 && rv == APR_SUCCESS; scope++) {
        if (policy_has_budget(rules, (store_use_e)scope)) {
            *any = 1;
            rv = scope == STORE_USE_DEVICE
                ? store_push_use(tx, STORE_USE_DEVICE, ids[scope], now,
                                 &use[scope])
                : common_use(w, tx, scope, ids[scope], now, &use[scope]);
        }
    }
    return rv;
}

/* @param taken  with the device's settings; out: parts, and whether it is
 *               told by what costs nothing */
static apr_status_t check_budget(worker_t *w, store_tx_t *tx,
                                 const policy_rules_t *rules,
                                 const store_due_t *due, apr_time_t now,
                                 policy_plan_t *plan, taken_t *taken)
{
    push_device_t *device;
    store_use_t use[3];
    int any;
    apr_status_t rv = read_use(w, tx, rules, due, now, use, &any);

    if (rv == APR_SUCCESS && any) {
        rv = push_device_make(&device, tx, due, &taken->settings,
                              w->plan_pool);
    }
    if (rv != APR_SUCCESS || !any) {
        return rv;
    }
    taken->parts = count_parts(w, due, device);
    policy_budget(plan, rules, use, taken->parts,
                  worker_dearest(w, due->number, w->rules_pool), now);
    if ((plan->why == POLICY_BUDGET || plan->why == POLICY_UNDER_WAY)
        && worker_is_free(w, due, w->address)) {
        taken->free_only = 1;   /* what costs nothing is never over it */
        taken->parts = 0;
        plan->when = now;
        plan->why = POLICY_QUIET;
    }
    else if (plan->why == POLICY_BUDGET) {
        warn_of_budget(w, due, plan, now);
    }
    else if (plan->why == POLICY_UNDER_WAY
             && plan->scope != STORE_USE_DEVICE) {
        /* Many may wait for these: not each by itself. */
        plan->when = STORE_DUE_ROOM(plan->scope == STORE_USE_ACCOUNT
                                    ? due->account : 0);
    }
    return APR_SUCCESS;
}

/* ---- the plan ------------------------------------------------------------ */

_Static_assert(1u << POLICY_GIVEN_UP == STORE_LOGGED_GIVEN_UP,
               "the store keeps the bit over a sync");

/* A decision not to tell (yet) is written down, once. */
static apr_status_t log_hold(worker_t *w, store_tx_t *tx,
                             const store_due_t *due,
                             const policy_plan_t *plan,
                             const char *reason, store_plan_t *out)
{
    int given_up = plan->why == POLICY_GIVEN_UP;
    store_push_log_t e = { .account = due->account, .device = due->device,
        .devid = due->devid, .reason = reason, .number = due->number,
        .datastores = worker_names(due, w->rules_pool),
        .first_change = due->first_change,
        .event = plan->when && !given_up ? STORE_PUSH_HELD
                                         : STORE_PUSH_SUSPENDED,
        .until = plan->when < STORE_DUE_NEVER ? plan->when : 0 };

    out->logged |= 1u << plan->why;
    worker_count_hold(w, given_up ? 0 : plan->when);
    if (!plan->when) {
        worker_log_suspended(w, due, reason, due->unanswered);
    }
    if (given_up) {
        worker_log(w, 4, 0, "push account=%s device=%s number=%s is told no "
                   "more of %s until it fetches it: it syncs when it is told, "
                   "but does not fetch it", due->account_name, due->devid,
                   due->number, e.datastores);
    }
    return store_push_log_add(tx, &e);
}

/* Something new to be written down?  Waiting for an answer is a decision only
 * when there is more to be told meanwhile. */
static int is_decision(const store_due_t *due, const policy_plan_t *plan)
{
    return plan->why < POLICY_HOLDS && !(due->logged & 1u << plan->why)
        && (plan->why != POLICY_UNANSWERED
            || due->last_change > due->last_sent);
}

/* What each of its datastores is asked for. @return NULL: two-way, all */
static const int *sync_types(worker_t *w, const policy_rules_t *rules,
                             const store_due_t *due)
{
    int *types, i;

    if (!policy_has_sync_types(rules)) {
        return NULL;
    }
    types = apr_palloc(w->plan_pool, due->datastores->nelts * sizeof *types);
    for (i = 0; i < due->datastores->nelts; i++) {
        types[i] = policy_sync_type(rules, APR_ARRAY_IDX(due->datastores, i,
                                    store_due_datastore_t).name);
    }
    return types;
}

static void take(worker_t *w, const policy_rules_t *rules,
                 const store_due_t *due, const taken_t *taken)
{
    taken_t *t = apr_array_push(w->taken);

    *t = *taken;
    t->device = due->device;
    t->dry = rules->dry_run;
    t->sync_types = sync_types(w, rules, due);
    t->wait = policy_unanswered(rules, due->unanswered);
    t->account = due->account;
    count_taken(w, due->account, t->parts, 1);
}

void worker_plan_undo(worker_t *w)
{
    const taken_t *t = apr_array_pop(w->taken);

    count_taken(w, t->account, t->parts, -1);
}

apr_status_t worker_plan(void *baton, store_tx_t *tx, const store_due_t *due,
                         apr_time_t now, store_plan_t *out)
{
    worker_t *w = baton;
    policy_rules_t rules;
    policy_plan_t plan;
    taken_t taken = { 0 };
    apr_status_t rv = worker_rules(w, tx, due, &rules, &taken.settings);

    if (rv == APR_SUCCESS && due->leased_until) {
        forget_uses(w);         /* what was under way is sent */
        rv = worker_ledger_lost(w, tx, due->device, w->rules_pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    policy_decide(&plan, &rules, zone_of(w, rules.zone_name), due, now);
    if (plan.when <= now) {
        rv = check_budget(w, tx, &rules, due, now, &plan, &taken);
    }
    out->when = plan.when;
    out->reason = policy_word(plan.why);
    out->parts = taken.parts;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (plan.when > 0 && plan.when <= now) {
        take(w, &rules, due, &taken);
    }
    else if (is_decision(due, &plan)) {
        const char *reason = plan.why == POLICY_BUDGET
            ? budget_words(&plan, w->rules_pool) : out->reason;

        rv = log_hold(w, tx, due, &plan, reason, out);
    }
    return rv;
}

push_settings_t *worker_plan_taken(worker_t *w, job_t *job)
{
    while (w->next_taken < w->taken->nelts) {
        taken_t *t = &APR_ARRAY_IDX(w->taken, w->next_taken++, taken_t);

        if (t->device == job->due->device) {
            job->dry = t->dry;
            job->sync_types = t->sync_types;
            job->free_only = t->free_only;
            job->wait = t->wait;
            job->parts = t->parts;
            return &t->settings;
        }
    }
    return apr_pcalloc(job->batch->pool, sizeof(push_settings_t));
}

/* ---- upkeep -------------------------------------------------------------- */

#define GC_INTERVAL  apr_time_from_sec(600)
#define GC_ROWS      1000
#define GC_MORE      apr_time_from_sec(5)

static apr_status_t refresh(worker_t *w, store_tx_t *tx, apr_time_t now,
                            apr_int64_t *removed, int *planned)
{
    int moved = 0;
    apr_status_t rv = APR_SUCCESS;

    if (w->check_times) {
        /* now, with the lock: what others wrote meanwhile is not to come */
        rv = store_due_clock(tx, apr_time_now(), &moved);
        if (moved) {
            worker_log(w, 4, 0, "the clock was put back: %d times that lie "
                       "in the future are moved", moved);
        }
    }
    if (rv == APR_SUCCESS && !w->replanned) {
        rv = worker_replan(w, tx, now, planned);
    }
    if (rv == APR_SUCCESS && now >= w->next_gc && w->o.keep) {
        rv = store_push_log_gc(tx, now > w->o.keep ? now - w->o.keep : 0,
                               GC_ROWS, removed);
    }
    return rv;
}

/* Results that wait for the store are not lost. */
static int may_close(const worker_t *w, apr_time_t now)
{
    return now >= w->next_close && !w->done;
}

/* The first one, when what was due at the start has been taken: a look at all
 * rows. */
static int may_look_back(const worker_t *w)
{
    return !w->started && w->turned && !w->more && !w->done;
}

static apr_status_t look_back(worker_t *w, apr_time_t now)
{
    int ahead = 0;
    store_tx_t *tx;
    apr_pool_t *p;
    apr_status_t rv;

    apr_pool_create(&p, w->store_pool);
    rv = store_begin(&tx, w->store, STORE_READ, p);
    if (rv == APR_SUCCESS) {
        rv = store_due_ahead(tx, now, &ahead);
        store_rollback(&tx);
    }
    apr_pool_destroy(p);
    if (rv == APR_SUCCESS) {
        w->check_times |= ahead;
        w->started = 1;
    }
    return rv;
}

int worker_has_upkeep(const worker_t *w, apr_time_t now)
{
    return w->check_times || may_look_back(w) || !w->replanned
           || (w->o.keep && now >= w->next_gc) || may_close(w, now);
}

apr_status_t worker_upkeep(worker_t *w, apr_time_t now)
{
    apr_int64_t removed = 0;
    int planned = w->replanned;
    store_tx_t *tx;
    apr_pool_t *p;
    apr_status_t rv;

    if (may_look_back(w)) {
        rv = look_back(w, now);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    apr_pool_create(&p, w->store_pool);
    rv = store_begin(&tx, w->store, STORE_WRITE, p);
    if (rv == APR_SUCCESS) {
        rv = refresh(w, tx, now, &removed, &planned);
        if (rv == APR_SUCCESS) {
            rv = store_commit(&tx, NULL);
        }
        store_rollback(&tx);
    }
    apr_pool_destroy(p);
    if (rv == APR_SUCCESS && may_close(w, now)) {
        rv = worker_ledger_close(w, now);
    }
    if (rv == APR_SUCCESS) {
        w->check_times = 0;
        w->replanned = planned;
        w->next_gc = now + (removed < GC_ROWS ? GC_INTERVAL : GC_MORE);
        w->look = 1;
    }
    return rv;
}
