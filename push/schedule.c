/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* When to try again: see schedule.h. */
#include "schedule.h"

#include <stddef.h>

#define SECONDS(n)  apr_time_from_sec(n)
#define MINUTES(n)  apr_time_from_sec((n) * 60)
#define HOURS(n)    apr_time_from_sec((n) * 3600)

#define LENGTH(steps)  (sizeof (steps) / sizeof *(steps))

/* The gateway as a whole is at fault from so many failures in a row. */
#define PAUSE_AFTER  3

/* steps[n - 1], the last one for ever after */
static apr_interval_time_t step(const apr_interval_time_t *steps,
                                size_t length, int n)
{
    if (n < 1) {
        n = 1;
    }
    return steps[(size_t)n > length ? length - 1 : (size_t)n - 1];
}

apr_interval_time_t schedule_retry(int failures)
{
    static const apr_interval_time_t steps[] = {
        SECONDS(5), SECONDS(15), MINUTES(1), MINUTES(5), MINUTES(15)
    };

    return step(steps, LENGTH(steps), failures);
}

int schedule_validity(apr_interval_time_t wait)
{
    return (int)(apr_time_sec(wait ? wait : HOURS(7 * 24)) / 60);
}

apr_interval_time_t schedule_pause(int failures, int refused)
{
    static const apr_interval_time_t refusals[] = {
        MINUTES(1), MINUTES(5), MINUTES(15)
    };

    if (refused) {
        return step(refusals, LENGTH(refusals), failures);
    }
    return failures < PAUSE_AFTER ? 0
        : schedule_retry(failures - PAUSE_AFTER + 1);
}

apr_interval_time_t schedule_store(int failures)
{
    static const apr_interval_time_t steps[] = {
        APR_USEC_PER_SEC / 5, SECONDS(1), SECONDS(5), SECONDS(15)
    };

    return step(steps, LENGTH(steps), failures);
}

apr_interval_time_t schedule_jitter(apr_interval_time_t wait,
                                    apr_uint32_t random)
{
    return wait - wait / 5 + wait * 2 / 5 * (random % 1024) / 1023;
}
