/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A short part of the simulation of bench/bench_push_sim.c: what push sends
 * against the least that would have done, and what a clock that jumps does.
 */
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "bench/push_sim.h"

static policy_rules_t strict(void)
{
    policy_rules_t rules;

    policy_defaults(&rules);
    rules.delay = SIM_S(60);
    rules.max_delay = SIM_S(132);
    return rules;
}

static sim_result_t measure(int which, int days, int jumps,
                            const policy_rules_t *rules)
{
    sim_result_t r;
    sim_trace_t t;

    assert_true(sim_make(&t, which, days));
    t.jumps = jumps;
    r = sim_measure(&t, rules);
    free(t.changes);
    return r;
}

/* Few SMS and a short delay at once: neither is paid for with the other. */
static void near_the_least(void **state)
{
    policy_rules_t rules = strict();
    int which, sms = 0, least = 0;

    for (which = 0; which < 6; which++) {
        sim_result_t r = measure(which, 3, 0, &rules);

        if (which != 4) {
            assert_int_equal(r.untold, 0);
            assert_true(r.sms >= r.least);
        }
        assert_true(r.median <= SIM_S(66));
        assert_true(r.longest <= rules.max_delay);
        assert_true(r.sms < r.naive);
        sms += r.sms;
        least += r.least;
    }
    assert_true(sms <= least * 115 / 100);
}

/* Rules that wait longer send less, and those that wait less more: the
 * measure tells them apart. */
static void it_measures(void **state)
{
    policy_rules_t rules = strict(), hasty = rules, lazy = rules;
    sim_result_t r = measure(1, 1, 0, &rules), h, l;

    hasty.delay = hasty.max_delay = hasty.min_interval = 0;
    h = measure(1, 1, 0, &hasty);
    lazy.delay = lazy.max_delay = SIM_H(1);
    l = measure(1, 1, 0, &lazy);
    assert_true(h.sms > 2 * r.sms);
    assert_true(h.median == 0);
    assert_true(l.sms < r.sms / 2);
    assert_true(l.median > SIM_S(66));
    assert_true(l.least < r.least);
}

/* A phone that does not answer costs a few SMS and no more. */
static void who_never_answers(void **state)
{
    policy_rules_t rules = strict();
    sim_result_t r = measure(4, 1, 0, &rules);

    assert_int_equal(r.sms, 1 + rules.nsteps);
    assert_int_equal(r.untold, r.changes);
}

/* No change is lost and none is told twice for it, whatever the clock does. */
static void jumping_clocks(void **state)
{
    policy_rules_t rules = strict();
    int which, jumps;

    for (which = 0; which < 6; which++) {
        sim_result_t still = measure(which, 3, 0, &rules);

        for (jumps = 3; jumps <= 27; jumps += 8) {
            sim_result_t r = measure(which, 3, jumps, &rules);

            if (which != 4) {
                assert_int_equal(r.untold, 0);
            }
            /* A jump ahead can tell each device once too early. */
            if (r.sms > still.sms + 2 * jumps) {
                fail_msg("trace %d, %d jumps: %d SMS, %d without", which,
                         jumps, r.sms, still.sms);
            }
            assert_true(r.longest <= SIM_MIN(15));
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_the_least), cmocka_unit_test(it_measures),
        cmocka_unit_test(who_never_answers), cmocka_unit_test(jumping_clocks)
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("push simulation", tests, NULL, NULL);
}
