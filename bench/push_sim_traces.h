/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The traces of push_sim.h: changes with fixed seeds. */
#ifndef SYNCML_BENCH_PUSH_SIM_TRACES_H
#define SYNCML_BENCH_PUSH_SIM_TRACES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_time.h>

#define SIM_S(n)     apr_time_from_sec(n)
#define SIM_MIN(n)   SIM_S((n) * 60)
#define SIM_H(n)     SIM_MIN((n) * 60)
#define SIM_START    SIM_S((apr_int64_t)1784073600)     /* 0:00 UTC */

static inline void sim_must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "simulation: %s\n", what);
        abort();
    }
}

enum { SIM_CONTACTS, SIM_CALENDAR, SIM_MAIL, SIM_STORES };
static const char *const sim_stores[SIM_STORES] = {
    "contacts", "calendar", "mail"
};

typedef struct sim_change_t {
    apr_time_t at;
    int store;
    int by;                     /* device, -1: the server */
    apr_int64_t starts;         /* of an event, seconds; 0 */
    int sync;                   /* it comes with a sync by the device: the
                                   last change of a burst */
} sim_change_t;

typedef struct sim_trace_t {
    const char *name;
    int devices;
    int answers;                /* 0: it never does */
    apr_time_t off, on;         /* the phone is off in between */
    int aim;                    /* counts for the aim */
    int jumps;                  /* the server's clock jumps so often */
    int n, room;
    sim_change_t *changes;
    uint64_t seed;
} sim_trace_t;

static inline uint64_t sim_random(sim_trace_t *t)
{
    t->seed ^= t->seed << 13;
    t->seed ^= t->seed >> 7;
    t->seed ^= t->seed << 17;
    return t->seed * 2685821657736338717u >> 11;
}

static inline int sim_roll(sim_trace_t *t, int n)
{
    return (int)(sim_random(t) % (unsigned)n);
}

/* -ln of a number in (0, 1], without libm */
static inline double sim_exponential(sim_trace_t *t)
{
    double u = (double)(sim_random(t) + 1) / 9007199254740992.0, x, term;
    double sum = 0;
    int k;

    while (u < 0.5) {
        u *= 2;
        sum += 0.69314718055994531;
    }
    x = term = 1 - u;
    for (k = 1; k < 50; k++, term *= x) {
        sum += term / k;
    }
    return sum;
}

static inline apr_interval_time_t sim_gap(sim_trace_t *t,
                                          apr_interval_time_t mean)
{
    return (apr_interval_time_t)(sim_exponential(t) * (double)mean) + 1;
}

static inline sim_change_t *sim_add(sim_trace_t *t, apr_time_t at, int store,
                                    int by)
{
    sim_change_t *c;

    if (t->n == t->room) {
        t->room = t->room * 2 + 256;
        t->changes = realloc(t->changes, t->room * sizeof *c);
        sim_must(t->changes != NULL, "memory");
    }
    c = &t->changes[t->n++];
    memset(c, 0, sizeof *c);
    c->at = at;
    c->store = store;
    c->by = by;
    return c;
}

static inline int sim_by_time(const void *va, const void *vb)
{
    const sim_change_t *a = va, *b = vb;

    return a->at < b->at ? -1 : a->at > b->at;
}

/* Bursts of edits in the working hours of some days: an event is moved, its
 * text is mended, the next one follows.  One in twenty starts within two
 * hours. */
static inline void sim_calendar(sim_trace_t *t, int days,
                                apr_interval_time_t mean)
{
    int day, i;

    for (day = 0; day < days; day++) {
        apr_time_t at = SIM_START + SIM_H(24 * day + 9);
        apr_time_t end = SIM_START + SIM_H(24 * day + 17);

        for (at += sim_gap(t, mean); at < end; at += sim_gap(t, mean)) {
            int n = 1 + sim_roll(t, 3);
            apr_int64_t starts = apr_time_sec(at)
                + (sim_roll(t, 20) ? 86400 * (1 + sim_roll(t, 20))
                                   : 600 + sim_roll(t, 6000));

            for (i = 0; i < n; i++) {
                sim_add(t, at, SIM_CALENDAR, -1)->starts = starts;
                at += SIM_S(2 + sim_roll(t, 7));
            }
        }
    }
}

static inline void sim_poisson(sim_trace_t *t, int store, apr_time_t from,
                               apr_time_t to, apr_interval_time_t mean)
{
    apr_time_t at;

    for (at = from + sim_gap(t, mean); at < to; at += sim_gap(t, mean)) {
        sim_add(t, at, store, -1);
    }
}

static inline void sim_mail(sim_trace_t *t)
{
    sim_poisson(t, SIM_MAIL, SIM_START + SIM_H(8), SIM_START + SIM_H(18),
                SIM_MIN(15));
    sim_poisson(t, SIM_MAIL, SIM_START + SIM_H(10),
                SIM_START + SIM_MIN(690), SIM_S(8));
}

static inline void sim_import(sim_trace_t *t)
{
    int i;

    for (i = 0; i < 2000; i++) {
        sim_add(t, SIM_START + SIM_H(10) + i * 4000, SIM_CONTACTS, -1);
    }
    for (i = 0; i < 300; i++) {
        sim_add(t, SIM_START + SIM_H(14) + i * 15000, SIM_CONTACTS, -1);
    }
}

/* Each device edits, and syncs when it has; then the other one's turn. */
static inline void sim_turns(sim_trace_t *t, int days)
{
    int day, i, by = 0;

    for (day = 0; day < days; day++) {
        apr_time_t at = SIM_START + SIM_H(24 * day + 9);
        apr_time_t end = SIM_START + SIM_H(24 * day + 18);

        for (at += sim_gap(t, SIM_MIN(25)); at < end;
             at += sim_gap(t, SIM_MIN(25))) {
            int n = 1 + sim_roll(t, 3);

            for (i = 0; i < n; i++) {
                sim_add(t, at, SIM_CONTACTS, by);
            }
            t->changes[t->n - 1].sync = 1;
            by = !by;
        }
    }
}

/* The traces of the report, by number. @return 0: there is none */
static inline int sim_make(sim_trace_t *t, int which, int days)
{
    memset(t, 0, sizeof *t);
    t->seed = 88172645463325252u + (uint64_t)which * 7919;
    t->devices = t->answers = t->aim = 1;
    switch (which) {
    case 0:
        t->name = "busy calendar";
        sim_calendar(t, days, SIM_MIN(25));
        break;
    case 1:
        t->name = "mail flood";
        sim_mail(t);
        break;
    case 2:
        t->name = "bulk import";
        sim_import(t);
        break;
    case 3:
        t->name = "phone off for a week";
        sim_calendar(t, 8, SIM_MIN(25));
        t->off = SIM_START + SIM_H(12);
        t->on = t->off + SIM_H(24 * 7) - SIM_H(1);
        break;
    case 4:
        t->name = "never answers";
        sim_calendar(t, 4, SIM_MIN(25));
        t->answers = 0;
        break;
    case 5:
        t->name = "two in turns";
        t->devices = 2;
        sim_turns(t, days);
        break;
    case 6:
        t->name = "steady trickle";
        t->aim = 0;
        sim_poisson(t, SIM_CALENDAR, SIM_START + SIM_H(9),
                    SIM_START + SIM_H(13), SIM_S(90));
        break;
    default:
        return 0;
    }
    qsort(t->changes, t->n, sizeof *t->changes, sim_by_time);
    return 1;
}

#endif
