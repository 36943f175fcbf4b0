/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * How long a call takes, in processor time: the best of several rounds, each
 * of so many calls that the clock's step does not count.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <time.h>

#define MEASURE_ROUND_NS  4e6

typedef void measure_fn(void *baton);

static inline double measure_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/** @return nanoseconds of a call */
static inline double measure_call(measure_fn *call, void *baton, int rounds)
{
    double least = 0, start = measure_now_ns(), ns;
    int i, round, calls = 1;

    while ((ns = measure_now_ns() - start) < MEASURE_ROUND_NS
           && calls < 1 << 24) {
        for (i = 0; i < calls; i++)
            call(baton);
        calls *= 2;
    }
    calls = calls / 2 ? calls / 2 : 1;
    for (round = 0; round < rounds; round++) {
        start = measure_now_ns();
        for (i = 0; i < calls; i++)
            call(baton);
        ns = (measure_now_ns() - start) / calls;
        if (round == 0 || ns < least)
            least = ns;
    }
    return least;
}

#endif
