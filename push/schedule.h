/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/schedule.h
 * @brief When to try again: pure functions, all times in microseconds.
 */
#ifndef SYNCML_PUSH_SCHEDULE_H
#define SYNCML_PUSH_SCHEDULE_H

#include <apr_time.h>

/**
 * The wait after a delivery that failed: 5 s, 15 s, 1 min, 5 min, then
 * 15 min each time.
 * @param failures  in a row, the latest included; below 1 counts as 1
 */
apr_interval_time_t schedule_retry(int failures);

/** How long the network may keep an SMS, in minutes: until the next one is
 * sent, so that a phone which was off does not find several.
 * @param wait  for an answer; 0: no other will be sent, so it is kept for a
 *              week: whoever was on holiday is told */
int schedule_validity(apr_interval_time_t wait);

/**
 * The wait of the whole gateway once it fails for everybody.
 * @param failures  in a row, the latest included
 * @param refused  non-zero: it refuses our configuration, which takes an
 *                 admin: 1 min, 5 min, 15 min
 * @return as schedule_retry(); 0 as long as one or two failures may be a
 *         matter of single messages
 */
apr_interval_time_t schedule_pause(int failures, int refused);

/** A worker's store that does not let it work: 0.2 s, 1 s, 5 s, then 15 s. */
apr_interval_time_t schedule_store(int failures);

/** The wait with up to a fifth more or less, so that what failed together
 * does not come back together.  @param random  any number */
apr_interval_time_t schedule_jitter(apr_interval_time_t wait,
                                    apr_uint32_t random);

#endif
