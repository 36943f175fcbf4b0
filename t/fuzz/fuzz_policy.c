/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: the rules of push as text ("name value"), and time zone files
 * (what begins with "TZif"), in memory of exactly their size.  What must hold:
 * a rule that is taken keeps its limits and is taken again with the same
 * effect, and decides; a zone's offset is within a day or so at any time, and
 * its next minute is not past.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)  do { if (!(x)) abort(); } while (0)
#define NOW  apr_time_from_sec((apr_int64_t)1784116800)

static void check_zone(const unsigned char *data, size_t size, apr_pool_t *p)
{
    apr_int64_t t, i;
    zone_t *zone;

    if (zone_parse(&zone, data, size, p) != APR_SUCCESS) {
        MUST(zone == NULL);
        return;
    }
    for (i = 0; i < 64; i++) {
        t = apr_time_from_sec(i * i * 700000 - 500000000);
        MUST(abs(zone_offset(zone, t)) <= 27 * 3600);
        MUST(zone_next(zone, t, (int)(i * 22)) >= t);
    }
}

static void decide(const policy_rules_t *rules, apr_pool_t *p)
{
    store_due_t due = { .first_change = NOW - 5, .last_change = NOW };
    store_due_datastore_t *ds;
    store_use_t use[3];
    policy_plan_t plan;
    int i;

    memset(use, 0, sizeof use);
    due.datastores = apr_array_make(p, 1, sizeof *ds);
    ds = apr_array_push(due.datastores);
    memset(ds, 0, sizeof *ds);
    ds->name = "calendar";
    ds->first_change = ds->last_change = NOW;
    for (i = 0; i < 2; i++) {
        due.state = i ? STORE_DUE_SENT : STORE_DUE_WAITING;
        policy_decide(&plan, rules, NULL, &due, NOW);
        MUST(plan.when >= NOW && plan.when <= STORE_DUE_NEVER);
        policy_budget(&plan, rules, use, 1, 1, NOW);
        MUST(plan.when == 0 || plan.when >= NOW);
    }
    MUST(policy_sync_type(rules, "calendar") >= 206
         && policy_sync_type(rules, "calendar") <= 210);
    for (i = 0; i < 10; i++) {
        MUST(policy_unanswered(rules, i) >= 0);
    }
}

static void check_rule(const char *text, size_t size, apr_pool_t *p)
{
    char *name = apr_pstrmemdup(p, text, size), *value = strchr(name, ' ');
    policy_rules_t rules, again;
    const char *error = NULL;
    apr_status_t rv;

    if (value) {
        *value++ = '\0';
    }
    policy_defaults(&rules);
    rv = policy_set(&rules, STORE_USE_SERVER, name, value ? value : "",
                    &error, p);
    MUST((rv == APR_SUCCESS) == (error == NULL));
    if (rv == APR_SUCCESS) {
        MUST(rules.nsteps >= 1 && rules.nsteps <= POLICY_MAX_STEPS);
        MUST(rules.ndatastores <= POLICY_MAX_DATASTORES);
        MUST(rules.quiet_from >= 0 && rules.quiet_from < 1440);
        MUST(rules.quiet_to >= 0 && rules.quiet_to < 1440);
        again = rules;
        MUST(policy_set(&again, STORE_USE_SERVER, name, value ? value : "",
                        &error, p) == APR_SUCCESS);
        MUST(again.delay == rules.delay && again.drop[1] == rules.drop[1]
             && again.ndatastores == rules.ndatastores);
    }
    decide(&rules, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *p;
    char *copy;

    if (root == NULL) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    if (size == 0) {
        return 0;
    }
    apr_pool_create(&p, root);
    copy = malloc(size);
    memcpy(copy, data, size);
    if (size > 4 && memcmp(copy, "TZif", 4) == 0) {
        check_zone((unsigned char *)copy, size, p);
    }
    else {
        check_rule(copy, size, p);
    }
    free(copy);
    apr_pool_destroy(p);
    return 0;
}
