/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What push costs and how long it takes, simulated: see push_sim.h.  For each
 * trace: SMS sent, the least possible under the same delay bound, one for each
 * change; delays from the change to the SMS.
 *
 * Two sets of rules.  The strict one has the aim: SMS within 1.15 of the
 * least, and a median delay of at most the quiet delay and a tenth.  So its
 * maximum delay is little more than twice the quiet delay: where changes do
 * not end, half of them wait for less than half of that.  The default rules
 * show what the shorter quiet delay and the longer maximum give.
 */
#include "push_sim.h"

typedef struct total_t {
    int sms, least, naive;
} total_t;

static void print_trace(const sim_trace_t *t, const sim_result_t *r,
                        const policy_rules_t *rules, int *late)
{
    int slow = r->median > rules->delay + rules->delay / 10;

    printf("#  %-21s %7d %6d %6d %6.2f %8.1f %7.1f %8.1f %7.1f%s%s\n",
           t->name, r->naive, r->sms, r->least,
           r->least ? (double)r->sms / r->least : 0.0, r->median / 1e6,
           r->calm / 1e6, r->p95 / 1e6, r->longest / 1e6,
           r->untold && t->answers ? " UNTOLD" : "",
           t->aim ? slow ? " slow" : "" : " (no aim)");
    *late |= t->aim && slow && t->answers;
}

/* @return 0: the aims were kept */
static int report(const char *name, const policy_rules_t *rules, int days,
                  int aim)
{
    total_t sum = { 0, 0, 0 };
    sim_trace_t t;
    int i, late = 0, lost = 0;
    double ratio;

    printf("# %s: quiet delay %.0f s, maximum %.0f s, interval %.0f s\n",
           name, rules->delay / 1e6, rules->max_delay / 1e6,
           rules->min_interval / 1e6);
    printf("#  trace                 changes    SMS  least  ratio   median"
           "    calm      p95     max\n");
    for (i = 0; sim_make(&t, i, days); i++) {
        sim_result_t r = sim_measure(&t, rules);

        print_trace(&t, &r, rules, &late);
        lost |= t.answers && r.untold;
        if (t.aim) {
            sum.sms += r.sms;
            sum.least += r.least;
            sum.naive += r.naive;
        }
        free(t.changes);
    }
    ratio = (double)sum.sms / sum.least;
    printf("push_sim_%s_sms %d SMS\n", name, sum.sms);
    printf("push_sim_%s_least %d SMS\n", name, sum.least);
    printf("push_sim_%s_naive %d SMS\n", name, sum.naive);
    printf("push_sim_%s_ratio %.3f times\n", name, ratio);
    if (aim) {
        printf("# aim: below 1.15 times the least: %s\n",
               ratio <= 1.15 ? "kept" : "MISSED");
        printf("# aim: median delay of each trace within the quiet delay and "
               "a tenth: %s\n", late ? "MISSED" : "kept");
    }
    printf("# every change reached its phone: %s\n", lost ? "NO" : "yes");
    return lost || (aim && (ratio > 1.15 || late));
}

int main(void)
{
    policy_rules_t strict, usual;
    int failed;

    apr_initialize();
    policy_defaults(&usual);
    strict = usual;
    strict.delay = SIM_S(60);
    strict.max_delay = SIM_S(132);
    failed = report("strict", &strict, 10, 1);
    failed |= report("defaults", &usual, 10, 0);
    return failed;
}
