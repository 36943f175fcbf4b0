/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A simulation of push: traces of changes with fixed seeds, a clock that is
 * simulated, phones that answer or do not; the real rules (push/policy.h) over
 * the real dues of a store in memory.  Beside what they sent: the least that
 * would have done, known only to those who know the future.
 *
 * A phone syncs PHONE_TAKES after an SMS, and has then all changes up to that
 * moment.  So with full foresight an SMS is a point in time (of the sync) that
 * stabs the intervals of the changes that it covers: from the change to its
 * deadline, which is the longest delay that the rules allow it plus
 * PHONE_TAKES (for an urgent change PHONE_TAKES alone; while the phone is off,
 * counted from when it is on again).  The fewest points that stab all
 * intervals: by deadline, each interval that is not stabbed yet is stabbed at
 * its deadline.  The syncs that a device begins by itself stab for nothing.
 */
#ifndef SYNCML_BENCH_PUSH_SIM_H
#define SYNCML_BENCH_PUSH_SIM_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "push/policy.h"
#include "push/schedule.h"
#include "store/store.h"

#include "push_sim_traces.h"

#define PHONE_TAKES  SIM_S(20)
#define SIM_NEVER    ((apr_time_t)1 << 61)
#define SIM_DEVICES  2

/* ---- the world ----------------------------------------------------------- */

typedef struct sim_phone_t {
    store_id_t id;
    apr_time_t sync_at;         /* it will sync then; SIM_NEVER */
    apr_time_t expires;         /* of the SMS that waits for it; 0 */
    apr_time_t *syncs;          /* when it synced, and whether by itself */
    unsigned char *own;
    int nsyncs, room, sms;
} sim_phone_t;

typedef struct sim_world_t {
    const sim_trace_t *trace;
    const policy_rules_t *rules;
    apr_pool_t *p;
    store_t *store;
    store_id_t account, stores[SIM_STORES];
    sim_phone_t phones[SIM_DEVICES];
    apr_time_t now;
    apr_interval_time_t skew;   /* of the server's clock */
} sim_world_t;

static inline store_tx_t *sim_begin(sim_world_t *w, apr_pool_t *p)
{
    store_tx_t *tx;

    sim_must(store_begin(&tx, w->store, STORE_WRITE, p) == APR_SUCCESS,
             "begin");
    store_set_now(tx, w->now + w->skew);
    return tx;
}

static inline void sim_commit(store_tx_t *tx)
{
    sim_must(store_commit(&tx, NULL) == APR_SUCCESS, "commit");
}

static inline void sim_sync(sim_world_t *w, sim_phone_t *phone,
                            store_tx_t *tx, int own)
{
    int i;

    for (i = 0; i < SIM_STORES; i++) {
        store_anchor_t a = { .device = phone->id, .datastore = w->stores[i],
                             .uri = sim_stores[i],
                             .synced = w->now + w->skew };
        store_datastore_t *ds;

        sim_must(store_datastore_open(tx, w->account, sim_stores[i], &ds)
                 == APR_SUCCESS, "datastore");
        a.last.seen = ds->change;
        sim_must(store_anchor_put(tx, &a) == APR_SUCCESS, "anchor");
    }
    phone->sync_at = SIM_NEVER;
    phone->expires = 0;
    if (phone->nsyncs == phone->room) {
        phone->room = phone->room * 2 + 64;
        phone->syncs = realloc(phone->syncs,
                               phone->room * sizeof *phone->syncs);
        phone->own = realloc(phone->own, phone->room);
        sim_must(phone->syncs && phone->own, "memory");
    }
    phone->syncs[phone->nsyncs] = w->now;
    phone->own[phone->nsyncs++] = (unsigned char)own;
}

static inline void sim_setup(sim_world_t *w)
{
    apr_pool_t *p;
    store_tx_t *tx;
    int i;

    sim_must(store_open(&w->store, "memory:", NULL, NULL, w->p)
             == APR_SUCCESS, "store");
    apr_pool_create(&p, w->p);
    w->now = SIM_START - SIM_H(24);
    tx = sim_begin(w, p);
    sim_must(store_account_add(tx, "alice", NULL, &w->account)
             == APR_SUCCESS, "account");
    for (i = 0; i < SIM_STORES; i++) {
        store_datastore_t *ds;

        sim_must(store_datastore_open(tx, w->account, sim_stores[i], &ds)
                 == APR_SUCCESS, "datastore");
        w->stores[i] = ds->id;
    }
    for (i = 0; i < w->trace->devices; i++) {
        store_device_t d = { .account = w->account, .number = "+491",
                             .devid = apr_itoa(p, i), .push = 1 };

        sim_must(store_device_add(tx, &d) == APR_SUCCESS, "device");
        w->phones[i].id = d.id;
        sim_sync(w, &w->phones[i], tx, 1);
        w->phones[i].nsyncs = 0;
    }
    sim_commit(tx);
    apr_pool_destroy(p);
}

static inline void sim_apply(sim_world_t *w, const sim_change_t *c)
{
    store_item_t item = { .datastore = w->stores[c->store], .type = "t",
                          .data = "x", .len = 1, .starts = c->starts,
                          .ends = c->starts ? c->starts + 3600 : 0 };
    apr_pool_t *p;
    store_tx_t *tx;

    apr_pool_create(&p, w->p);
    tx = sim_begin(w, p);
    item.origin = c->by < 0 ? 0 : w->phones[c->by].id;
    sim_must(store_item_add(tx, w->account, &item) == APR_SUCCESS, "item");
    sim_commit(tx);
    if (c->sync) {
        tx = sim_begin(w, p);
        sim_sync(w, &w->phones[c->by], tx, 1);
        sim_commit(tx);
    }
    apr_pool_destroy(p);
}

/* ---- SMS ----------------------------------------------------------------- */

static inline int sim_is_off(const sim_trace_t *t, apr_time_t at)
{
    return at >= t->off && at < t->on;
}

/* An SMS reaches the phone at once, or when it is on again unless the network
 * has dropped it by then. */
static inline void sim_deliver(sim_world_t *w, sim_phone_t *phone,
                               apr_interval_time_t validity)
{
    const sim_trace_t *t = w->trace;

    phone->sms++;
    if (!t->answers) {
        return;
    }
    if (!sim_is_off(t, w->now)) {
        phone->sync_at = w->now + PHONE_TAKES;
    }
    else if (w->now + validity >= t->on) {
        phone->sync_at = t->on + PHONE_TAKES;
    }
}

static inline apr_status_t sim_plan(void *baton, store_tx_t *tx,
                                    const store_due_t *due, apr_time_t now,
                                    store_plan_t *out)
{
    sim_world_t *w = baton;
    policy_plan_t plan;

    policy_decide(&plan, w->rules, NULL, due, now);
    out->when = plan.when;
    out->reason = policy_word(plan.why);
    if (plan.when > now && plan.why < POLICY_HOLDS) {
        out->logged |= 1u << plan.why;
    }
    return APR_SUCCESS;
}

static inline void sim_work(sim_world_t *w)
{
    apr_array_header_t *dues;
    apr_pool_t *p;
    store_tx_t *tx;
    int i, d;

    apr_pool_create(&p, w->p);
    tx = sim_begin(w, p);
    sim_must(store_due_claim(tx, w->now + w->skew, sim_plan, w, SIM_S(30),
                             "sim", 100, &dues) == APR_SUCCESS, "claim");
    for (i = 0; i < dues->nelts; i++) {
        const store_due_t *due = APR_ARRAY_IDX(dues, i, store_due_t *);
        apr_interval_time_t wait = policy_unanswered(w->rules,
                                                     due->unanswered);

        sim_must(store_due_sent(tx, due->device, "sim",
                                wait ? w->now + w->skew + wait : 0)
                 == APR_SUCCESS,
                 "sent");
        for (d = 0; d < w->trace->devices; d++) {
            if (w->phones[d].id == due->device) {
                sim_deliver(w, &w->phones[d],
                            SIM_MIN(schedule_validity(wait)));
            }
        }
    }
    sim_commit(tx);
    apr_pool_destroy(p);
}

static inline apr_time_t sim_next_due(sim_world_t *w)
{
    apr_time_t when;
    apr_pool_t *p;
    store_tx_t *tx;

    apr_pool_create(&p, w->p);
    sim_must(store_begin(&tx, w->store, STORE_READ, p) == APR_SUCCESS,
             "begin");
    sim_must(store_due_next(tx, &when) == APR_SUCCESS, "next");
    store_rollback(&tx);
    apr_pool_destroy(p);
    when -= when ? w->skew : -SIM_NEVER;
    return when < w->now ? w->now : when;
}

/* The server's clock jumps, by up to a year and both ways; a worker that sees
 * it go back has the store's times put right. */
static inline void sim_jump(sim_world_t *w, int n)
{
    static const apr_interval_time_t skews[] = {
        SIM_H(1), SIM_H(-1), SIM_H(24 * 365), 0, SIM_H(-24 * 30), SIM_S(90),
        SIM_H(24 * 40), SIM_H(-5), 0
    };
    apr_interval_time_t to = skews[n % (sizeof skews / sizeof *skews)];
    int back = to < w->skew;
    apr_pool_t *p;
    store_tx_t *tx;

    w->skew = to;
    if (back) {
        apr_pool_create(&p, w->p);
        tx = sim_begin(w, p);
        sim_must(store_due_clock(tx, w->now + w->skew, NULL) == APR_SUCCESS,
                 "clock");
        sim_commit(tx);
        apr_pool_destroy(p);
    }
}

/* A phone that was told syncs. */
static inline void sim_answer(sim_world_t *w, sim_phone_t *who)
{
    apr_pool_t *p;
    store_tx_t *tx;

    apr_pool_create(&p, w->p);
    tx = sim_begin(w, p);
    sim_sync(w, who, tx, 0);
    sim_commit(tx);
    apr_pool_destroy(p);
}

/* One event after the other until nothing is left to happen. */
static inline void sim_run(sim_world_t *w)
{
    const sim_trace_t *t = w->trace;
    int i, next = 0, jumps = 0;

    sim_setup(w);
    for (;;) {
        apr_time_t change = next < t->n ? t->changes[next].at : SIM_NEVER;
        apr_time_t due = sim_next_due(w), at = change < due ? change : due;
        sim_phone_t *who = NULL;

        for (i = 0; i < t->devices; i++) {
            if (w->phones[i].sync_at <= at
                && w->phones[i].sync_at < SIM_NEVER) {
                at = w->phones[i].sync_at;
                who = &w->phones[i];
            }
        }
        if (at >= SIM_NEVER) {
            break;
        }
        w->now = at;
        if (who) {
            sim_answer(w, who);
        }
        else if (change <= due) {
            sim_apply(w, &t->changes[next++]);
            if (t->jumps && next % (t->n / t->jumps + 1) == 0) {
                sim_jump(w, jumps++);
            }
        }
        else {
            sim_work(w);
        }
    }
}

/* ---- what could have been, and what was ---------------------------------- */

typedef struct sim_result_t {
    int changes;                /* that concern a device, summed over them */
    int sms, least, naive;
    int untold;                 /* changes that no phone ever got */
    apr_interval_time_t median, p95, longest;
    apr_interval_time_t calm;   /* median from the last change told */
} sim_result_t;

/* When a change can be told at the earliest. */
static inline apr_time_t sim_from(const sim_trace_t *t, apr_time_t at)
{
    return sim_is_off(t, at) ? t->on : at;
}

typedef struct sim_interval_t {
    apr_time_t from, to;
} sim_interval_t;

static inline int sim_by_end(const void *va, const void *vb)
{
    const sim_interval_t *a = va, *b = vb;

    return a->to < b->to ? -1 : a->to > b->to;
}

static inline int sim_is_urgent(const policy_rules_t *rules,
                                const sim_change_t *c)
{
    apr_time_t starts = apr_time_from_sec(c->starts);

    return rules->urgent && c->starts && starts > c->at
           && starts <= c->at + rules->urgent;
}

/* Stabbed by one of the syncs that cost nothing? */
static inline int sim_is_free(const sim_phone_t *phone, apr_time_t from,
                              apr_time_t to)
{
    int i;

    for (i = 0; i < phone->nsyncs; i++) {
        if (phone->own[i] && phone->syncs[i] >= from
            && phone->syncs[i] <= to) {
            return 1;
        }
    }
    return 0;
}

static inline int sim_least(const sim_world_t *w, int device)
{
    const sim_trace_t *t = w->trace;
    const sim_phone_t *phone = &w->phones[device];
    sim_interval_t *list = malloc((t->n + 1) * sizeof *list);
    apr_time_t stab = 0;
    int i, n = 0, points = 0;

    sim_must(list != NULL, "memory");
    for (i = 0; i < t->n && t->answers; i++) {
        const sim_change_t *c = &t->changes[i];
        apr_time_t from = sim_from(t, c->at), to = from + PHONE_TAKES;

        to += sim_is_urgent(w->rules, c) ? 0 : w->rules->max_delay;
        if (c->by != device && !sim_is_free(phone, from, to)) {
            list[n].from = from;
            list[n++].to = to;
        }
    }
    qsort(list, n, sizeof *list, sim_by_end);
    for (i = 0; i < n; i++) {
        if (!points || list[i].from > stab) {
            stab = list[i].to;
            points++;
        }
    }
    free(list);
    return points;
}

static inline int sim_by_length(const void *va, const void *vb)
{
    const apr_interval_time_t *a = va, *b = vb;

    return *a < *b ? -1 : *a > *b;
}

static inline apr_interval_time_t sim_share(apr_interval_time_t *list, int n,
                                            int percent)
{
    return n ? list[(apr_int64_t)(n - 1) * percent / 100] : 0;
}

/* From a change, or from when the phone was on, to the SMS that told it (or
 * the sync by which the device came itself). */
static inline void sim_delays(sim_world_t *w, sim_result_t *r)
{
    const sim_trace_t *t = w->trace;
    apr_interval_time_t *all = malloc(((size_t)t->n * t->devices + 1)
                                      * sizeof *all);
    apr_interval_time_t *calm = malloc(((size_t)t->n * t->devices + 1)
                                       * sizeof *calm);
    int d, i, n = 0, ncalm = 0;

    sim_must(all && calm, "memory");
    for (d = 0; d < t->devices; d++) {
        const sim_phone_t *phone = &w->phones[d];
        int s = 0, last = -1;

        for (i = 0; i < t->n; i++) {
            apr_time_t from = sim_from(t, t->changes[i].at), told;

            if (t->changes[i].by == d) {
                continue;
            }
            r->changes++;
            while (s < phone->nsyncs && phone->syncs[s] < from) {
                s++;
            }
            if (s == phone->nsyncs) {
                r->untold++;
                continue;
            }
            told = phone->syncs[s] - (phone->own[s] ? 0 : PHONE_TAKES);
            all[n] = told > from ? told - from : 0;
            if (s == last && all[n] > 0) {
                calm[ncalm - 1] = all[n];       /* a later one of the same */
            }
            else if (all[n] > 0) {
                calm[ncalm++] = all[n];
                last = s;
            }
            n++;
        }
    }
    qsort(all, n, sizeof *all, sim_by_length);
    qsort(calm, ncalm, sizeof *calm, sim_by_length);
    r->median = sim_share(all, n, 50);
    r->p95 = sim_share(all, n, 95);
    r->longest = sim_share(all, n, 100);
    r->calm = sim_share(calm, ncalm, 50);
    free(all);
    free(calm);
}

/* Run a trace under rules. */
static inline sim_result_t sim_measure(const sim_trace_t *trace,
                                       const policy_rules_t *rules)
{
    sim_world_t w = { .trace = trace, .rules = rules };
    sim_result_t r;
    int d;

    memset(&r, 0, sizeof r);
    for (d = 0; d < SIM_DEVICES; d++) {
        w.phones[d].sync_at = SIM_NEVER;
    }
    apr_pool_create(&w.p, NULL);
    sim_run(&w);
    sim_delays(&w, &r);
    r.naive = r.changes;
    for (d = 0; d < trace->devices; d++) {
        r.sms += w.phones[d].sms;
        r.least += sim_least(&w, d);
        free(w.phones[d].syncs);
        free(w.phones[d].own);
    }
    apr_pool_destroy(w.p);
    return r;
}

#endif
