/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* TZif files (RFC 8536) and the POSIX rule in them: see item_zone_file.h. */
#include <string.h>

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_zone_file.h"

#define DAY        86400
#define DIRECTORY  "/usr/share/zoneinfo/"
#define MAX_FILE   (256 * 1024)
#define HEADER     44

/** Nothing that leads out of the directory, or to a file that is none; nor
 * the zones with leap seconds, nor the one that is the machine's own. */
static int name_is_safe(const char *name)
{
    const char *c;

    if (!*name || *name == '/' || *name == '.'
        || !strncmp(name, "right/", 6) || !strcmp(name, "localtime")
        || strlen(name) > ITEM_ZONE_NAME_MAX || strstr(name, "/.")
        || strstr(name, "//"))
        return 0;
    for (c = name; *c; c++)
        if (!apr_isalnum(*c) && !strchr("/_-+", *c))
            return 0;
    return c[-1] != '/';
}

static apr_status_t read_file(const char *name, char **data,
                              apr_size_t *len, apr_pool_t *p)
{
    const char *path = apr_pstrcat(p, DIRECTORY, name, NULL);
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t rv;

    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, p);
    if (rv != APR_SUCCESS)
        return rv;
    rv = apr_file_info_get(&info, APR_FINFO_SIZE | APR_FINFO_TYPE, file);
    if (rv == APR_SUCCESS && (info.filetype != APR_REG || info.size < HEADER
                              || info.size > MAX_FILE))
        rv = ITEM_EMALFORMED;
    if (rv == APR_SUCCESS) {
        *len = (apr_size_t)info.size;
        *data = apr_palloc(p, *len + 1);
        rv = apr_file_read_full(file, *data, *len, len);
        (*data)[*len] = '\0';
    }
    apr_file_close(file);
    return rv;
}

static apr_uint32_t take_32(const unsigned char *s)
{
    return (apr_uint32_t)s[0] << 24 | (apr_uint32_t)s[1] << 16
           | (apr_uint32_t)s[2] << 8 | s[3];
}

apr_int64_t item_zone_time(const item_zone_t *zone, int i)
{
    const unsigned char *s = zone->times + 8 * i;

    return (apr_int64_t)((apr_uint64_t)take_32(s) << 32 | take_32(s + 4));
}

int item_zone_type(const item_zone_t *zone, int type, int *dst,
                   const char **name)
{
    const unsigned char *s = zone->types + 6 * type;

    int offset = (int)take_32(s);

    /* Ireland's summer time is its standard, and winter is "dst". */
    if (dst)
        *dst = zone->rule.has_dst && zone->rule.dst < zone->rule.std
               ? offset >= zone->rule.std : s[4];
    if (name)
        *name = s[5] < zone->nnames ? zone->names + s[5] : "";
    return offset;
}

/* ---- the rule ----------------------------------------------------------- */

/** "CET" or "<+03>". @return what is behind it, NULL: none */
static const char *take_name(const char *s, const char **name, apr_pool_t *p)
{
    const char *from = s;

    if (*s == '<') {
        for (from = ++s; *s && *s != '>'; s++)
            ;
        if (!*s)
            return NULL;
        *name = apr_pstrmemdup(p, from, (apr_size_t)(s - from));
        return s + 1;
    }
    while (apr_isalpha(*s))
        s++;
    *name = apr_pstrmemdup(p, from, (apr_size_t)(s - from));
    return s > from ? s : NULL;
}

static const char *take_number(const char *s, int *n)
{
    const char *from = s;

    for (*n = 0; apr_isdigit(*s) && s - from < 4; s++)
        *n = *n * 10 + (*s - '0');
    return s > from ? s : NULL;
}

/** [+-]h[h[h]][:mm[:ss]] in seconds */
static const char *take_clock(const char *s, int *secs)
{
    int sign = 1, n, unit = 3600;

    *secs = 0;
    if (*s == '-' || *s == '+')
        sign = *s++ == '-' ? -1 : 1;
    do {
        s = take_number(s, &n);
        if (!s || n > 167)
            return NULL;
        *secs += n * unit;
        unit /= 60;
    } while (*s == ':' && unit && s++);
    *secs *= sign;
    return s;
}

/** ",M3.5.0/2" */
static const char *take_day(const char *s, item_zone_day_t *day)
{
    if (!s || *s++ != ',')
        return NULL;
    day->kind = 'n';
    day->time = 2 * 3600;
    if (*s == 'M') {
        day->kind = *s;
        s = take_number(s + 1, &day->month);
        s = s && *s == '.' ? take_number(s + 1, &day->week) : NULL;
        s = s && *s == '.' ? take_number(s + 1, &day->weekday) : NULL;
        if (!s || day->month < 1 || day->month > 12 || day->week < 1
            || day->week > 5 || day->weekday > 6)
            return NULL;
    }
    else {
        if (*s == 'J')
            day->kind = *s++;
        s = take_number(s, &day->day);
        if (!s || day->day > 365 || (day->kind == 'J' && !day->day))
            return NULL;
    }
    return *s == '/' ? take_clock(s + 1, &day->time) : s;
}

/** @return 0: it is none */
static int read_rule(item_zone_rule_t *rule, const char *s, apr_pool_t *p)
{
    s = take_name(s, &rule->std_name, p);
    s = s ? take_clock(s, &rule->std) : NULL;
    if (!s)
        return 0;
    rule->std = -rule->std;     /* POSIX counts to the west */
    rule->dst = rule->std + 3600;
    if (!*s)
        return 1;
    s = take_name(s, &rule->dst_name, p);
    if (s && *s != ',') {
        s = take_clock(s, &rule->dst);
        rule->dst = -rule->dst;
    }
    s = take_day(s, &rule->start);
    s = take_day(s, &rule->end);
    rule->has_dst = 1;
    return s && !*s;
}

apr_int64_t item_zone_day_in(const item_zone_day_t *day, int year)
{
    apr_int64_t first;
    int leap = item_civil_month_days(year, 2) == 29, d, last;

    if (day->kind != 'M')
        return item_civil_days(year, 1, 1) + day->day
               - (day->kind == 'J' && !(leap && day->day > 59));
    first = item_civil_days(year, day->month, 1);
    last = item_civil_month_days(year, day->month);
    /* 1970-01-01 was a Thursday: (days + 4) % 7 is 0 on Sundays */
    d = (int)((day->weekday - (first + 4) % 7 + 14) % 7)
        + 7 * (day->week - 1);
    if (d >= last)
        d -= 7;
    return first + d;
}

apr_int64_t item_zone_rule_at(const item_zone_rule_t *rule, int year,
                              int start)
{
    const item_zone_day_t *day = start ? &rule->start : &rule->end;

    return item_zone_day_in(day, year) * DAY + day->time
           - (start ? rule->std : rule->dst);
}

void item_zone_rule_change(const item_zone_t *zone, int year, int start,
                           item_zone_change_t *change)
{
    const item_zone_rule_t *rule = &zone->rule;

    change->at = item_zone_rule_at(rule, year, start);
    change->before = start ? rule->std : rule->dst;
    change->after = start ? rule->dst : rule->std;
    change->name = start ? rule->dst_name : rule->std_name;
    change->dst = change->after > change->before;
}

/* ---- the file ----------------------------------------------------------- */

/** The numbers of a header. @return octets of the block behind it */
static apr_size_t block_size(const unsigned char *h, int width)
{
    return (apr_size_t)take_32(h + 32) * (unsigned)(width + 1)
           + (apr_size_t)take_32(h + 36) * 6 + take_32(h + 40)
           + (apr_size_t)take_32(h + 28) * (unsigned)(width + 4)
           + take_32(h + 24) + take_32(h + 20);
}

static int is_header(const unsigned char *h)
{
    int i;

    if (memcmp(h, "TZif", 4) || h[4] < '2')
        return 0;
    for (i = 20; i < HEADER; i += 4)
        if (take_32(h + i) > 10000)
            return 0;
    return take_32(h + 36) >= 1 && take_32(h + 40) >= 1;
}

static int check_types(const item_zone_t *zone)
{
    int i, offset;

    for (i = 0; i < zone->ntimes; i++)
        if (zone->index[i] >= zone->ntypes)
            return 0;
    for (i = 0; i < zone->ntypes; i++) {
        offset = item_zone_type(zone, i, NULL, NULL);
        if (offset <= -2 * DAY || offset >= 2 * DAY)
            return 0;
    }
    return !zone->names[zone->nnames - 1];
}

static apr_status_t parse(item_zone_t *zone, char *data, apr_size_t len,
                          apr_pool_t *p)
{
    const unsigned char *h = (unsigned char *)data;
    apr_size_t skip, size;
    char *footer, *nl;

    if (!is_header(h))
        return ITEM_EMALFORMED;
    skip = HEADER + block_size(h, 4);
    if (skip > len || len - skip < HEADER || !is_header(h + skip))
        return ITEM_EMALFORMED;
    h += skip;
    size = block_size(h, 8);
    if (len - skip - HEADER < size)
        return ITEM_EMALFORMED;
    zone->ntimes = (int)take_32(h + 32);
    zone->ntypes = (int)take_32(h + 36);
    zone->nnames = (int)take_32(h + 40);
    zone->times = h + HEADER;
    zone->index = zone->times + 8 * zone->ntimes;
    zone->types = zone->index + zone->ntimes;
    zone->names = (const char *)(zone->types + 6 * zone->ntypes);
    if (!check_types(zone))
        return ITEM_EMALFORMED;
    footer = data + skip + HEADER + size;
    nl = *footer == '\n' ? strchr(footer + 1, '\n') : NULL;
    if (nl) {
        *nl = '\0';
        zone->rule.known = read_rule(&zone->rule, footer + 1, p);
    }
    return APR_SUCCESS;
}

apr_status_t item_zone_read(item_zone_t *zone, const char *name,
                            apr_pool_t *p)
{
    apr_size_t len = 0;
    apr_status_t rv;
    char *data;

    memset(zone, 0, sizeof(*zone));
    zone->p = p;
    zone->name = name;
    if (!name_is_safe(name))
        return APR_ENOENT;
    rv = read_file(name, &data, &len, p);
    return rv == APR_SUCCESS ? parse(zone, data, len, p) : rv;
}
