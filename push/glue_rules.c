/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The directives that are rules of push: see glue_rules.h. */
#include "glue_rules.h"

#include "apr_lib.h"
#include "apr_strings.h"

#include "route.h"

#define MAX_KEEP  apr_time_from_sec((apr_int64_t)3660 * 86400)

/* ---- one directive ------------------------------------------------------- */

static const char *join(int argc, char *const argv[], apr_pool_t *p)
{
    const char *all = "";
    int i;

    for (i = 0; i < argc; i++) {
        all = apr_pstrcat(p, all, i ? " " : "", argv[i], NULL);
    }
    return all;
}

static const char *put(glue_rules_t *to, cmd_parms *cmd, const char *name,
                       const char *value)
{
    policy_rules_t scratch;
    const char *error = NULL;
    glue_rule_t *rule;

    policy_defaults(&scratch);
    if (policy_set(&scratch, STORE_USE_SERVER, name, value, &error,
                   cmd->pool) != APR_SUCCESS) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", error, NULL);
    }
    if (!to->rules) {
        to->rules = apr_array_make(cmd->pool, 8, sizeof(glue_rule_t));
    }
    rule = apr_array_push(to->rules);
    rule->directive = cmd->cmd->name;
    rule->name = name;
    rule->value = value;
    return NULL;
}

/* scope period amount [hold|drop] */
static const char *put_budget(glue_rules_t *to, cmd_parms *cmd, int argc,
                              char *const argv[])
{
    const char *wrong;

    if (argc < 3 || argc > 4) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, " needs server, "
                           "account or device, then day or month, then a "
                           "number of SMS, cost=12.50 or none, and perhaps "
                           "hold or drop", NULL);
    }
    wrong = put(to, cmd, apr_pstrcat(cmd->pool, "budget.", argv[0], ".",
                                     argv[1], NULL), argv[2]);
    if (!wrong && argc == 4) {
        wrong = put(to, cmd, apr_pstrcat(cmd->pool, "over-budget.", argv[0],
                                         NULL), argv[3]);
    }
    return wrong;
}

static const char *put_price(glue_rules_t *to, cmd_parms *cmd, int argc,
                             char *const argv[])
{
    policy_price_t price = { "", 0 }, *at;
    const char *c;

    if (argc == 2) {
        price.prefix = argv[0];
    }
    c = price.prefix + (*price.prefix == '+');
    while (apr_isdigit(*c)) {
        c++;
    }
    if (argc < 1 || argc > 2 || *c || strlen(price.prefix) > 20
        || route_price(&price.price, argv[argc - 1]) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is no price; right are "
                            "0.09, +49 0.075", cmd->cmd->name,
                            join(argc, argv, cmd->pool));
    }
    if (!to->prices) {
        to->prices = apr_array_make(cmd->pool, 4, sizeof(policy_price_t));
    }
    at = apr_array_push(to->prices);
    *at = price;
    /* as numbers are kept */
    at->prefix = strncmp(price.prefix, "00", 2) == 0
        ? apr_pstrcat(cmd->pool, "+", price.prefix + 2, NULL)
        : apr_pstrdup(cmd->pool, price.prefix);
    return NULL;
}

static const char *put_keep(glue_rules_t *to, cmd_parms *cmd, int argc,
                            char *const argv[])
{
    const char *value = argc == 1 ? argv[0] : "";

    if (strcasecmp(value, "forever") == 0) {
        to->keep = 0;
        return NULL;
    }
    if (policy_time(&to->keep, value) != APR_SUCCESS
        || to->keep < apr_time_from_sec(3600) || to->keep > MAX_KEEP) {
        to->keep = -1;
        return apr_psprintf(cmd->pool, "%s: \"%s\" is no time from 1h to "
                            "3660d; right are 90d, 24h, forever",
                            cmd->cmd->name, join(argc, argv, cmd->pool));
    }
    return NULL;
}

const char *glue_rules_add(glue_rules_t *to, cmd_parms *cmd,
                           const char *rule, int argc, char *const argv[])
{
    apr_pool_t *p = cmd->pool;
    int of_datastore = strcmp(rule, "delay") == 0
        || strcmp(rule, "max-delay") == 0 || strcmp(rule, "sync-type") == 0;

    if (argc < 1) {
        return apr_pstrcat(p, cmd->cmd->name, " needs a value: ",
                           cmd->cmd->errmsg, NULL);
    }
    if (strcmp(rule, "budget") == 0) {
        return put_budget(to, cmd, argc, argv);
    }
    if (strcmp(rule, "price") == 0) {
        return put_price(to, cmd, argc, argv);
    }
    if (strcmp(rule, "keep") == 0) {
        return put_keep(to, cmd, argc, argv);
    }
    if (of_datastore && argc == 2) {
        return put(to, cmd, apr_pstrcat(p, rule, ".", argv[0], NULL),
                   apr_pstrdup(p, argv[1]));
    }
    return put(to, cmd, rule, join(argc, argv, p));
}

/* ---- all of them --------------------------------------------------------- */

static apr_array_header_t *above(apr_array_header_t *base,
                                 apr_array_header_t *over, apr_pool_t *p)
{
    return !base ? over : !over ? base : apr_array_append(p, base, over);
}

glue_rules_t glue_rules_merge(const glue_rules_t *base,
                              const glue_rules_t *over, apr_pool_t *p)
{
    glue_rules_t merged;

    merged.rules = above(base->rules, over->rules, p);
    merged.prices = above(base->prices, over->prices, p);
    merged.keep = over->keep >= 0 ? over->keep : base->keep;
    return merged;
}

void glue_rules_apply(const glue_rules_t *from, policy_rules_t *rules,
                      apr_pool_t *p)
{
    const char *ignored;
    int i;

    policy_defaults(rules);
    for (i = 0; from->rules && i < from->rules->nelts; i++) {
        const glue_rule_t *r = &APR_ARRAY_IDX(from->rules, i, glue_rule_t);

        policy_set(rules, STORE_USE_SERVER, r->name, r->value, &ignored, p);
    }
}

static int counts_money(const policy_rules_t *rules)
{
    int scope, period, money = 0;

    for (scope = 0; scope < 3; scope++) {
        for (period = 0; period < 2; period++) {
            money |= rules->budget[scope][period].cost >= 0;
        }
    }
    return money;
}

/* @param numbers  their beginning; "+": all with a country code */
static int is_priced(const apr_array_header_t *prices, const char *numbers)
{
    int i;

    for (i = 0; prices && i < prices->nelts; i++) {
        const char *prefix = APR_ARRAY_IDX(prices, i, policy_price_t).prefix;

        if (strncmp(prefix, numbers, strlen(prefix)) == 0) {
            return 1;
        }
    }
    return 0;
}

const char *glue_rules_unpriced(const glue_rules_t *from,
                                const apr_array_header_t *routes,
                                apr_pool_t *p)
{
    policy_rules_t rules;
    int i, k, n;

    glue_rules_apply(from, &rules, p);
    n = counts_money(&rules) && routes ? routes->nelts : 0;
    for (i = 0; i < n; i++) {
        const route_t *r = APR_ARRAY_IDX(routes, i, route_t *);
        int priced = r->price >= 0
            || (!r->prefixes->nelts && is_priced(from->prices, "+"));

        for (k = 0; !priced && k < r->prefixes->nelts
             && is_priced(from->prices, APR_ARRAY_IDX(r->prefixes, k,
                                                      const char *)); k++) {
        }
        if (!priced && (k == 0 || k < r->prefixes->nelts)) {
            return r->label;
        }
    }
    return NULL;
}

/* The last of that name wins. */
static const char *value_of(const apr_array_header_t *rules,
                            const char *name)
{
    int i;

    for (i = rules ? rules->nelts - 1 : -1; i >= 0; i--) {
        const glue_rule_t *r = &APR_ARRAY_IDX(rules, i, glue_rule_t);

        if (strcmp(r->name, name) == 0) {
            return r->value;
        }
    }
    return "";
}

static const char *rule_difference(const apr_array_header_t *a,
                                   const apr_array_header_t *b)
{
    int i;

    for (i = 0; a && i < a->nelts; i++) {
        const glue_rule_t *r = &APR_ARRAY_IDX(a, i, glue_rule_t);

        if (strcmp(value_of(a, r->name), value_of(b, r->name)) != 0) {
            return r->directive;
        }
    }
    return NULL;
}

static int same_prices(const apr_array_header_t *a,
                       const apr_array_header_t *b)
{
    int n = a ? a->nelts : 0, i;

    if (n != (b ? b->nelts : 0)) {
        return 0;
    }
    for (i = 0; i < n; i++) {
        const policy_price_t *x = &APR_ARRAY_IDX(a, i, policy_price_t);
        const policy_price_t *y = &APR_ARRAY_IDX(b, i, policy_price_t);

        if (strcmp(x->prefix, y->prefix) != 0 || x->price != y->price) {
            return 0;
        }
    }
    return 1;
}

const char *glue_rules_difference(const glue_rules_t *a,
                                  const glue_rules_t *b)
{
    const char *directive = rule_difference(a->rules, b->rules);

    if (!directive) {
        directive = rule_difference(b->rules, a->rules);
    }
    if (!directive && !same_prices(a->prices, b->prices)) {
        directive = "SyncMLPushPrice";
    }
    if (!directive && a->keep != b->keep) {
        directive = "SyncMLPushKeep";
    }
    return directive;
}
