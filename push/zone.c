/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Time zones: see zone.h. */
#include "zone.h"

#include <string.h>
#include <time.h>

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define DIRECTORY  "/usr/share/zoneinfo/"
#define MAX_FILE   (64 * 1024)
#define MAX_TIMES  4000
#define HEADER     44
#define MAX_OFFSET (26 * 3600)

/* The rule after the last transition: a date as "Mm.w.d/time". */
typedef struct change_t {
    int month, week, day;       /* 1-12, 1-5, 0-6 */
    int time;                   /* seconds after local midnight */
} change_t;

struct zone_t {
    int n;
    apr_int64_t *times;         /* of transitions, seconds */
    int *offsets;               /* from then on */
    int first;                  /* before the first */
    int has_rule, std, dst;     /* after the last; dst = std: none */
    change_t to_dst, to_std;
};

/* ---- the rule at the end ------------------------------------------------- */

static int number(const char **at, int max, int *n)
{
    int digits = 0;

    for (*n = 0; apr_isdigit(**at) && digits < 4; ++*at, digits++) {
        *n = *n * 10 + (**at - '0');
    }
    return digits > 0 && *n <= max;
}

static int skip_name(const char **at)
{
    if (**at == '<') {
        while (**at && **at != '>') {
            ++*at;
        }
        if (!**at) {
            return 0;
        }
        ++*at;
        return 1;
    }
    if (!apr_isalpha(**at)) {
        return 0;
    }
    while (apr_isalpha(**at)) {
        ++*at;
    }
    return 1;
}

/* [+-]h[:m[:s]] in seconds */
static int clock_time(const char **at, int *seconds)
{
    int sign = 1, h, m = 0, s = 0;

    if (**at == '-' || **at == '+') {
        sign = **at == '-' ? -1 : 1;
        ++*at;
    }
    if (!number(at, 167, &h)) {
        return 0;
    }
    if (**at == ':') {
        ++*at;
        if (!number(at, 59, &m)) {
            return 0;
        }
    }
    if (**at == ':') {
        ++*at;
        if (!number(at, 59, &s)) {
            return 0;
        }
    }
    *seconds = sign * (h * 3600 + m * 60 + s);
    return 1;
}

static int month_rule(const char **at, change_t *c)
{
    if (**at != ',' || (*at)[1] != 'M') {
        return 0;
    }
    *at += 2;
    if (!number(at, 12, &c->month) || c->month < 1 || *(*at)++ != '.'
        || !number(at, 5, &c->week) || c->week < 1 || *(*at)++ != '.'
        || !number(at, 6, &c->day)) {
        return 0;
    }
    c->time = 7200;
    if (**at == '/') {
        ++*at;
        return clock_time(at, &c->time);
    }
    return 1;
}

/* "CET-1CEST,M3.5.0,M10.5.0/3": offsets there are west of UTC. */
static void read_rule(zone_t *z, const char *rule)
{
    int west;

    if (!skip_name(&rule) || !clock_time(&rule, &west)
        || west < -MAX_OFFSET || west > MAX_OFFSET) {
        return;
    }
    z->has_rule = 1;
    z->std = z->dst = -west;
    if (!skip_name(&rule)) {
        return;
    }
    west = -(z->std + 3600);
    if ((*rule != ',' && !clock_time(&rule, &west))
        || west < -MAX_OFFSET || west > MAX_OFFSET
        || !month_rule(&rule, &z->to_dst) || !month_rule(&rule, &z->to_std)) {
        return;
    }
    z->dst = -west;
}

/* Days since 1970 of a date. */
static apr_int64_t days(int year, int month, int day)
{
    apr_int64_t y = month <= 2 ? year - 1 : year;
    apr_int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year
        - 719468;
}

/* The local second since 1970 at which a rule takes effect in a year. */
static apr_int64_t effect(const change_t *c, int year)
{
    apr_int64_t first = days(year, c->month, 1), next, day;

    day = first + ((c->day - (first + 4) % 7) % 7 + 7) % 7
        + (c->week - 1) * 7;
    next = c->month == 12 ? days(year + 1, 1, 1)
                          : days(year, c->month + 1, 1);
    while (day >= next) {
        day -= 7;
    }
    return day * 86400 + c->time;
}

static int by_rule(const zone_t *z, apr_int64_t t)
{
    apr_time_exp_t e;
    apr_int64_t summer, winter;
    int in;

    if (z->dst == z->std) {
        return z->std;
    }
    apr_time_exp_gmt(&e, apr_time_from_sec(t + z->std));
    summer = effect(&z->to_dst, e.tm_year + 1900) - z->std;
    winter = effect(&z->to_std, e.tm_year + 1900) - z->dst;
    in = summer < winter ? t >= summer && t < winter
                         : t >= summer || t < winter;
    return in ? z->dst : z->std;
}

/* ---- the file ------------------------------------------------------------ */

static apr_int64_t big_endian(const unsigned char *at, int octets)
{
    apr_uint64_t n = octets == 4 && at[0] & 0x80 ? ~(apr_uint64_t)0 : 0;

    while (octets-- > 0) {
        n = n << 8 | *at++;
    }
    return (apr_int64_t)n;
}

typedef struct counts_t {
    apr_int64_t isut, isstd, leap, time, type, letters;
} counts_t;

/* @return octets of the block after this header, or -1: damaged */
static apr_int64_t read_header(const unsigned char *at, apr_size_t left,
                               int octets, counts_t *c)
{
    if (left < HEADER || memcmp(at, "TZif", 4) != 0) {
        return -1;
    }
    c->isut = big_endian(at + 20, 4);
    c->isstd = big_endian(at + 24, 4);
    c->leap = big_endian(at + 28, 4);
    c->time = big_endian(at + 32, 4);
    c->type = big_endian(at + 36, 4);
    c->letters = big_endian(at + 40, 4);
    if (c->isut < 0 || c->isut > 256 || c->isstd < 0 || c->isstd > 256
        || c->leap < 0 || c->leap > 1000 || c->time < 0
        || c->time > MAX_TIMES || c->type < 1 || c->type > 256
        || c->letters < 0 || c->letters > 10000) {
        return -1;
    }
    return c->time * (octets + 1) + c->type * 6 + c->letters
        + c->leap * (octets + 4) + c->isstd + c->isut;
}

/* The block of transitions. */
static apr_status_t read_block(zone_t *z, const unsigned char *at,
                               const counts_t *c, int octets, apr_pool_t *p)
{
    const unsigned char *types = at + c->time * octets;
    const unsigned char *infos = types + c->time;
    int i;

    z->n = (int)c->time;
    z->times = apr_palloc(p, (z->n + 1) * sizeof *z->times);
    z->offsets = apr_palloc(p, (z->n + 1) * sizeof *z->offsets);
    for (i = 0; i < z->n; i++) {
        if (types[i] >= c->type) {
            return APR_EINVAL;
        }
        z->times[i] = big_endian(at + i * octets, octets);
        z->offsets[i] = (int)big_endian(infos + types[i] * 6, 4);
        if (z->offsets[i] < -MAX_OFFSET || z->offsets[i] > MAX_OFFSET
            || (i && z->times[i] <= z->times[i - 1])) {
            return APR_EINVAL;
        }
    }
    z->first = (int)big_endian(infos, 4);
    return z->first < -MAX_OFFSET || z->first > MAX_OFFSET ? APR_EINVAL
                                                           : APR_SUCCESS;
}

apr_status_t zone_parse(zone_t **zone, const unsigned char *data,
                        apr_size_t len, apr_pool_t *p)
{
    zone_t *z = apr_pcalloc(p, sizeof *z);
    const unsigned char *at = data;
    int octets = 4;
    counts_t c;
    apr_int64_t block = read_header(at, len, octets, &c);
    apr_status_t rv;

    *zone = NULL;
    if (block < 0 || (apr_size_t)block > len - HEADER) {
        return APR_EINVAL;
    }
    if (at[4] >= '2') {         /* the same again, with longer times */
        octets = 8;
        at += HEADER + block;
        block = read_header(at, len - (at - data), octets, &c);
        if (block < 0
            || (apr_size_t)block > len - (at - data) - HEADER) {
            return APR_EINVAL;
        }
    }
    rv = read_block(z, at + HEADER, &c, octets, p);
    at += HEADER + block;
    len -= at - data;
    if (rv == APR_SUCCESS && octets == 8 && len > 2 && *at == '\n'
        && at[len - 1] == '\n') {
        read_rule(z, apr_pstrmemdup(p, (const char *)at + 1, len - 2));
    }
    if (rv == APR_SUCCESS) {
        *zone = z;
    }
    return rv;
}

/* Nothing that could lead out of the directory. */
static int good_name(const char *name)
{
    const char *c;

    if (!apr_isalpha(*name) || strlen(name) > 64 || strstr(name, "..")) {
        return 0;
    }
    for (c = name; apr_isalnum(*c) || (*c && strchr("/_+-.", *c)); c++) {
    }
    return !*c;
}

apr_status_t zone_load(zone_t **zone, const char *name, apr_pool_t *p)
{
    unsigned char *data;
    apr_size_t len = 0;
    apr_file_t *file;
    apr_finfo_t info;
    apr_status_t rv;

    *zone = NULL;
    if (!good_name(name)) {
        return APR_EINVAL;
    }
    rv = apr_file_open(&file, apr_pstrcat(p, DIRECTORY, name, NULL),
                       APR_READ | APR_BINARY, 0, p);
    if (rv != APR_SUCCESS) {
        return APR_NOTFOUND;
    }
    rv = apr_file_info_get(&info, APR_FINFO_TYPE | APR_FINFO_SIZE, file);
    if (rv != APR_SUCCESS || info.filetype != APR_REG
        || info.size > MAX_FILE) {
        rv = APR_NOTFOUND;
    }
    else {
        data = apr_palloc(p, MAX_FILE);
        rv = apr_file_read_full(file, data, MAX_FILE, &len);
        rv = rv == APR_SUCCESS || rv == APR_EOF
            ? zone_parse(zone, data, len, p) : APR_NOTFOUND;
    }
    apr_file_close(file);
    return rv;
}

/* ---- the clock there ----------------------------------------------------- */

int zone_offset(const zone_t *zone, apr_time_t when)
{
    apr_int64_t t = apr_time_sec(when);
    int from = 0, to;

    if (!zone) {
        time_t local = (time_t)t;
        struct tm tm;

        return localtime_r(&local, &tm) ? (int)tm.tm_gmtoff : 0;
    }
    to = zone->n;
    if (zone->has_rule && (!to || t >= zone->times[to - 1])) {
        return by_rule(zone, t);
    }
    while (from < to) {         /* the first that is after it */
        int middle = (from + to) / 2;

        if (zone->times[middle] <= t) {
            from = middle + 1;
        }
        else {
            to = middle;
        }
    }
    return from ? zone->offsets[from - 1] : zone->first;
}

apr_time_t zone_next(const zone_t *zone, apr_time_t when, int minute)
{
    apr_int64_t t = apr_time_sec(when + APR_USEC_PER_SEC - 1), local, next;
    int offset = zone_offset(zone, when), i;

    local = t + offset;
    next = (local / 86400) * 86400 + minute * 60;
    if (next < local) {
        next += 86400;
    }
    /* The clock may be put forward or back before it. */
    for (i = 0; i < 2; i++) {
        offset = zone_offset(zone, apr_time_from_sec(next - offset));
    }
    next -= offset;
    return apr_time_from_sec(next < t ? t : next);
}
