/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_zone_file.h
 * @brief A zone's data: the TZif file and the rule at its end.
 *
 * Private to item/.  item_zone_file.c reads it, item_zone.c reckons with it.
 */
#ifndef SYNCML_ITEM_ZONE_FILE_H
#define SYNCML_ITEM_ZONE_FILE_H

#include "item/item_zone.h"

/** A day of the year on which the clock is changed (POSIX TZ). */
typedef struct item_zone_day_t {
    char kind;                  /* 'M', 'J' or 'n' (zero-based, with leap) */
    int month, week, weekday;   /* of M: 1-12, 1-5, 0 Sunday */
    int day;                    /* of J and n */
    int time;                   /* seconds of the local clock before */
} item_zone_day_t;

/** The rule for ever: offsets are local time less UTC. */
typedef struct item_zone_rule_t {
    int known;                  /* 0: the file has none */
    int has_dst;
    int std, dst;
    const char *std_name, *dst_name;
    item_zone_day_t start, end; /* of summer time */
} item_zone_rule_t;

struct item_zone_t {
    apr_pool_t *p;
    const char *name;
    int ntimes, ntypes;
    const unsigned char *times; /* ntimes octets x 8, big endian */
    const unsigned char *index; /* ntimes: type after each */
    const unsigned char *types; /* ntypes x 6: offset, dst, name */
    const char *names;          /* nnames octets, the last is NUL */
    int nnames;
    item_zone_rule_t rule;
};

/** Read a file of that name, which must be a plain one below the system's
 * directory. @return APR_SUCCESS; APR_ENOENT, ITEM_EMALFORMED */
apr_status_t item_zone_read(item_zone_t *zone, const char *name,
                            apr_pool_t *p);

/** The change times[i]. */
apr_int64_t item_zone_time(const item_zone_t *zone, int i);

/** A type's offset; @param dst, name  out, may be NULL */
int item_zone_type(const item_zone_t *zone, int type, int *dst,
                   const char **name);

/** When the rule changes the clock in a year, as an instant. */
apr_int64_t item_zone_rule_at(const item_zone_rule_t *rule, int year,
                              int start);

/** The day in a year, in days since 1970, less what @p day's time adds. */
apr_int64_t item_zone_day_in(const item_zone_day_t *day, int year);

/** The change of the rule in that year, start or end of summer time. */
void item_zone_rule_change(const item_zone_t *zone, int year, int start,
                           item_zone_change_t *change);

/** From here on, in seconds, the rule alone holds. */
apr_int64_t item_zone_rule_from(const item_zone_t *zone);

#endif
