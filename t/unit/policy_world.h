/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A world for the rules of push in a test: rules, and a device that owes, with
 * a clock of its own.
 */
#ifndef SYNCML_TEST_POLICY_WORLD_H
#define SYNCML_TEST_POLICY_WORLD_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include <apr_strings.h>

#include "push/policy.h"

#define S(n)    apr_time_from_sec(n)
#define MIN(n)  S((n) * 60)
#define H(n)    MIN((n) * 60)
/* Wednesday 2026-07-15 12:00:00 UTC */
#define NOON    S((apr_int64_t)1784116800)

typedef struct world_t {
    apr_pool_t *p;
    policy_rules_t rules;
    store_due_t due;
    store_due_datastore_t *contacts, *calendar;
    policy_plan_t plan;
} world_t;

static inline int setup(void **state)
{
    world_t *w = calloc(1, sizeof *w);

    apr_pool_create(&w->p, NULL);
    policy_defaults(&w->rules);
    w->rules.delay = S(60);
    w->rules.max_delay = MIN(10);
    w->rules.min_interval = MIN(2);
    w->due.datastores = apr_array_make(w->p, 2,
                                       sizeof(store_due_datastore_t));
    w->contacts = apr_array_push(w->due.datastores);
    memset(w->contacts, 0, sizeof *w->contacts);
    w->contacts->name = "contacts";
    w->contacts->first_change = w->contacts->last_change = NOON;
    w->due.first_change = w->due.last_change = NOON;
    w->due.number = "+491";
    *state = w;
    return 0;
}

static inline int teardown(void **state)
{
    world_t *w = *state;

    apr_pool_destroy(w->p);
    free(w);
    return 0;
}

static inline void add_calendar(world_t *w)
{
    w->calendar = apr_array_push(w->due.datastores);
    w->contacts = &APR_ARRAY_IDX(w->due.datastores, 0,
                                 store_due_datastore_t);
    *w->calendar = *w->contacts;
    w->calendar->name = "calendar";
}

static inline apr_time_t at(world_t *w, apr_time_t now)
{
    policy_decide(&w->plan, &w->rules, NULL, &w->due, now);
    return w->plan.when;
}

#define PLAN(NOW, WHEN, WHY) \
    do { \
        assert_int_equal(at(w, NOW), WHEN); \
        assert_string_equal(policy_word(w->plan.why), WHY); \
    } while (0)

static inline const char *set(world_t *w, store_use_e scope, const char *name,
                       const char *value)
{
    const char *error = NULL;
    apr_status_t rv = policy_set(&w->rules, scope, name, value, &error, w->p);

    assert_true((rv == APR_SUCCESS) == (error == NULL));
    return error;
}

#define SET(NAME, VALUE) assert_null(set(w, STORE_USE_DEVICE, NAME, VALUE))

#define TEST(F)  cmocka_unit_test_setup_teardown(F, setup, teardown)

#endif
