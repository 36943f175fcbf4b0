/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_zone.h
 * @brief Time zones: instants and local times, and how texts speak of zones.
 *
 * A zone is read from the system's time zone data (TZif, RFC 8536), so it is
 * as current as the tzdata package: a search in the file's octets, and the
 * rule at its end for the years beyond.  Nothing is shared between threads: a
 * zone lives in the pool in which it was opened and is never changed.
 * (libical's own zones are expanded on use, under one lock for the whole
 * process, and only so far as they were asked.)  Opening costs microseconds,
 * once in a pool; item_zones_t keeps what the TZIDs of one conversion mean.
 */
#ifndef SYNCML_ITEM_ZONE_H
#define SYNCML_ITEM_ZONE_H

#include "item/item_doc.h"

/** A longer name of a zone, or TZID, is none. */
#define ITEM_ZONE_NAME_MAX  200

typedef struct item_zone_t item_zone_t;

/** What changes in a zone at some time. */
typedef struct item_zone_change_t {
    apr_int64_t at;             /* seconds since 1970 UTC */
    int before, after;          /* offsets: local time less UTC, seconds */
    int dst;                    /* summer time thereafter */
    const char *name;           /* "CEST", in the zone's pool */
} item_zone_change_t;

/**
 * Open a zone.
 * @param name  Olson name ("Europe/Berlin"), also behind a maker's prefix
 *              ("/citadel.org/20210210_1/Europe/Berlin"), a name of Windows
 *              ("W. Europe Standard Time"), "UTC", "GMT"; any case only for
 *              the latter three
 * @return NULL: no such zone, or none that can be read
 */
const item_zone_t *item_zone_open(item_span_t name, apr_pool_t *p);

/** A zone that is always so far from UTC (seconds, less than a day). */
const item_zone_t *item_zone_fixed(int offset, apr_pool_t *p);

/** Its Olson name; "" of item_zone_fixed(). */
const char *item_zone_name(const item_zone_t *zone);

/** Local time less UTC at an instant, in seconds.
 * @param dst  out, may be NULL: non-zero in summer time */
int item_zone_offset(const item_zone_t *zone, apr_int64_t utc, int *dst);

apr_int64_t item_zone_to_local(const item_zone_t *zone, apr_int64_t utc);

/** A local time that comes twice is the first; one that is left out is
 * reckoned with the offset before (RFC 5545 3.3.5). */
apr_int64_t item_zone_to_utc(const item_zone_t *zone, apr_int64_t local);

/** The first change after an instant. @return 0: none, ever */
int item_zone_next(const item_zone_t *zone, apr_int64_t utc,
                   item_zone_change_t *change);

/** Non-zero if two zones agree at all times between two instants. */
int item_zone_same(const item_zone_t *a, const item_zone_t *b,
                   apr_int64_t from, apr_int64_t to);

/**
 * Write a zone as a VTIMEZONE component, right from an instant on for ever.
 * @param tzid  as it is to be called
 * @param from  seconds since 1970 UTC
 * @param eol  line end
 */
void item_zone_vtimezone(item_buf_t *b, const item_zone_t *zone,
                         const char *tzid, apr_int64_t from,
                         const char *eol);

/**
 * The zone that a VTIMEZONE component means: by its TZID, X-LIC-LOCATION or
 * TZURL, if its rules do not say otherwise; else by its rules; else one of
 * these alone, which has no name.
 * @param part  the component
 * @param prefer  tried first where only rules tell; NULL: none
 * @param around  the rules are compared in the two years from here on
 * @return NULL: none that is known
 */
const item_zone_t *item_zone_recognise(const item_part_t *part,
                                       const item_zone_t *prefer,
                                       apr_int64_t around, apr_pool_t *p);

/** Write the lines TZ and DAYLIGHT of vCalendar 1.0, a DAYLIGHT for each
 * year that has summer time, DAYLIGHT:FALSE if none has.
 * @param from, to  years, at most 20 are written
 * @param named  with the names of both times */
void item_zone_lines(item_buf_t *b, const item_zone_t *zone, int from,
                     int to, int named, const char *eol);

/**
 * The zone that these lines mean.
 * @param tz  the value of TZ ("+01", "-0500", "+05:30")
 * @param daylight  item_span_t: the values of DAYLIGHT
 * @param prefer  tried first, NULL: none
 * @param around  without DAYLIGHT: the zone has that offset in the year from
 *                here on (of prefer, standard time is enough)
 * @return a zone that agrees, else one that is fixed; NULL: not understood
 */
const item_zone_t *item_zone_from_lines(item_span_t tz,
                                        const apr_array_header_t *daylight,
                                        const item_zone_t *prefer,
                                        apr_int64_t around, apr_pool_t *p);

/** The zones of one conversion, each opened once. Belongs to one caller. */
typedef struct item_zones_t {
    apr_pool_t *p;
    apr_array_header_t *known;  /* private */
    const item_zone_t *prefer;  /* the user's, NULL: none */
} item_zones_t;

/** @param user  Olson name of the user's zone; NULL or unknown: none */
void item_zones_init(item_zones_t *zones, const char *user, apr_pool_t *p);

/** The zone that a TZID means; VTIMEZONE components given before come first.
 * @return NULL: unknown, or an empty name */
const item_zone_t *item_zones_get(item_zones_t *zones, item_span_t tzid);

/** Let a TZID mean what its VTIMEZONE says. */
void item_zones_add(item_zones_t *zones, const item_part_t *vtimezone,
                    apr_int64_t around);

/**
 * The instant of a time as written.
 * @param floating  the zone of times without one; NULL: there is none
 * @param utc  out: seconds since 1970 UTC
 * @return 0: it has no zone, or none that is known; or it is a day
 */
int item_zones_instant(item_zones_t *zones, const item_time_t *t,
                       const item_zone_t *floating, apr_int64_t *utc);

/** A Windows name's Olson zone, or NULL. */
const char *item_zone_of_windows(item_span_t name);

/** Zones to be tried where only rules are known, the most usual first; NULL
 * at the end. */
const char *const *item_zone_usual(void);

#endif
