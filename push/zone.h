/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/zone.h
 * @brief The local time of a place, for quiet hours: reads the system's time
 * zone files (RFC 8536), because libc knows one zone per process only.
 *
 * Limits: files of at most 64 KiB, 4000 transitions.  After the last
 * transition the rule at the file's end counts, in the form that all present
 * zones have (Mm.w.d); of another one, its standard time.
 */
#ifndef SYNCML_PUSH_ZONE_H
#define SYNCML_PUSH_ZONE_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

typedef struct zone_t zone_t;

/** @param name  "Europe/Berlin"
 * @return APR_SUCCESS; APR_NOTFOUND: no such zone; APR_EINVAL: no zone's name,
 *         or its file is damaged */
apr_status_t zone_load(zone_t **zone, const char *name, apr_pool_t *p);

/** The same from the octets of a file. */
apr_status_t zone_parse(zone_t **zone, const unsigned char *data,
                        apr_size_t len, apr_pool_t *p);

/** Seconds east of UTC at a time, -26 h to 26 h.
 * @param zone  NULL: the machine's */
int zone_offset(const zone_t *zone, apr_time_t when);

/** The next time, not before @p when, at which a clock there shows the
 * beginning of a minute of the day.
 * @param minute  0 to 1439; 1440: the end of the day that it is */
apr_time_t zone_next(const zone_t *zone, apr_time_t when, int minute);

#endif
