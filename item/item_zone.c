/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Reckoning with time zones: see item_zone.h. */
#include <string.h>
#include <strings.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_zone_file.h"

#define DAY  86400
/* Years in which a rule is asked for its changes. */
#define FIRST_YEAR  1
#define LAST_YEAR   9999

static int year_of(apr_int64_t secs)
{
    apr_int64_t days = (secs >= 0 ? secs : secs - DAY + 1) / DAY;
    int y, m, d;

    if (days < -719162)         /* 0001-01-01 */
        return FIRST_YEAR;
    if (days > 2932896)         /* 9999-12-31 */
        return LAST_YEAR;
    item_civil_from_days(days, &y, &m, &d);
    return y;
}

apr_int64_t item_zone_rule_from(const item_zone_t *zone)
{
    return zone->ntimes ? item_zone_time(zone, zone->ntimes - 1)
                        : -APR_INT64_C(62135596800);
}

/** The last change in the file that is not after an instant; -1: none. */
static int last_change(const item_zone_t *zone, apr_int64_t utc)
{
    int low = 0, high = zone->ntimes, middle;

    while (low < high) {
        middle = (low + high) / 2;
        if (item_zone_time(zone, middle) <= utc)
            low = middle + 1;
        else
            high = middle;
    }
    return low - 1;
}

static int rule_offset(const item_zone_rule_t *rule, apr_int64_t utc,
                       int *dst)
{
    int year, summer = 0;
    apr_int64_t start, end;

    if (rule->has_dst) {
        year = year_of(utc + rule->std);
        start = item_zone_rule_at(rule, year, 1);
        end = item_zone_rule_at(rule, year, 0);
        summer = start < end ? utc >= start && utc < end
                             : utc >= start || utc < end;
    }
    if (dst)
        *dst = rule->has_dst && summer == (rule->dst > rule->std);
    return summer ? rule->dst : rule->std;
}

int item_zone_offset(const item_zone_t *zone, apr_int64_t utc, int *dst)
{
    int i = last_change(zone, utc);

    if (zone->rule.known && i == zone->ntimes - 1)
        return rule_offset(&zone->rule, utc, dst);
    /* Before the first change the first type holds (RFC 8536 3.2). */
    return item_zone_type(zone, i < 0 ? 0 : zone->index[i], dst, NULL);
}

apr_int64_t item_zone_to_local(const item_zone_t *zone, apr_int64_t utc)
{
    return utc + item_zone_offset(zone, utc, NULL);
}

apr_int64_t item_zone_to_utc(const item_zone_t *zone, apr_int64_t local)
{
    int before = item_zone_offset(zone, local - 2 * DAY, NULL);
    int after = item_zone_offset(zone, local + 2 * DAY, NULL);
    apr_int64_t first = local - before, second = local - after;

    if (before == after) {
        /* No change nearby, or two of them: then what holds there. */
        int now = item_zone_offset(zone, first, NULL);

        if (now == before
            || item_zone_offset(zone, local - now, NULL) != now)
            return first;
        return local - now;
    }
    if (item_zone_offset(zone, first, NULL) == before)
        return first;           /* before the change; or it comes twice */
    return item_zone_offset(zone, second, NULL) == after ? second : first;
}

static int next_of_rule(const item_zone_t *zone, apr_int64_t utc,
                        item_zone_change_t *change)
{
    int year = year_of(utc) - 1, last = year + 3, start, found = 0;
    item_zone_change_t c;

    if (year < FIRST_YEAR)
        year = FIRST_YEAR;
    for (; year <= last && year <= LAST_YEAR; year++) {
        for (start = 0; start < 2; start++) {
            item_zone_rule_change(zone, year, start, &c);
            if (c.at > utc && (!found || c.at < change->at)) {
                *change = c;
                found = 1;
            }
        }
    }
    return found;
}

int item_zone_next(const item_zone_t *zone, apr_int64_t utc,
                   item_zone_change_t *change)
{
    int i;

    memset(change, 0, sizeof(*change));
    for (i = last_change(zone, utc) + 1; i < zone->ntimes; i++) {
        change->at = item_zone_time(zone, i);
        change->before = item_zone_type(zone, i ? zone->index[i - 1] : 0,
                                        NULL, NULL);
        change->after = item_zone_type(zone, zone->index[i], &change->dst,
                                       &change->name);
        if (change->before != change->after)
            return 1;           /* else only the name changes */
    }
    return zone->rule.known && zone->rule.has_dst
           && next_of_rule(zone, utc, change);
}

int item_zone_same(const item_zone_t *a, const item_zone_t *b,
                   apr_int64_t from, apr_int64_t to)
{
    item_zone_change_t ca, cb;
    int na, nb, n;

    if (a == b || (*a->name && !strcmp(a->name, b->name)))
        return 1;
    if (item_zone_offset(a, from, NULL) != item_zone_offset(b, from, NULL))
        return 0;
    for (n = 0; n < 1000; n++) {
        na = item_zone_next(a, from, &ca) && ca.at <= to;
        nb = item_zone_next(b, from, &cb) && cb.at <= to;
        if (!na || !nb)
            return na == nb;
        if (ca.at != cb.at || ca.after != cb.after)
            return 0;
        from = ca.at;
    }
    return 0;
}

const char *item_zone_name(const item_zone_t *zone)
{
    return zone->name;
}

/* ---- opening ------------------------------------------------------------ */

const item_zone_t *item_zone_fixed(int offset, apr_pool_t *p)
{
    item_zone_t *zone = apr_pcalloc(p, sizeof(*zone));
    int minutes = (offset < 0 ? -offset : offset) / 60;

    zone->p = p;
    zone->name = "";
    zone->rule.known = 1;
    zone->rule.std = offset;
    zone->rule.std_name = apr_psprintf(p, "%c%02d%02d",
                                       offset < 0 ? '-' : '+', minutes / 60,
                                       minutes % 60);
    return zone;
}

/** The zones of files that were opened in a pool, by name; kept there, since
 * they live as long. */
static apr_hash_t *opened_in(apr_pool_t *p)
{
    static const char key[] = "syncml item zones";
    apr_hash_t *opened;
    void *data = NULL;

    apr_pool_userdata_get(&data, key, p);
    if (data)
        return data;
    opened = apr_hash_make(p);
    apr_pool_userdata_setn(opened, key, NULL, p);
    return opened;
}

static const item_zone_t *open_file(const char *name, apr_pool_t *p)
{
    apr_hash_t *opened = opened_in(p);
    item_zone_t *zone = apr_hash_get(opened, name, APR_HASH_KEY_STRING);

    if (zone)
        return zone;
    zone = apr_palloc(p, sizeof(*zone));
    if (item_zone_read(zone, name, p) != APR_SUCCESS)
        return NULL;
    apr_hash_set(opened, zone->name, APR_HASH_KEY_STRING, zone);
    return zone;
}

/** Parts of names that begin Olson names of three parts. */
static int is_middle(const char *part, apr_size_t len)
{
    static const char *const names[] = {
        "America/Argentina/", "America/Indiana/", "America/Kentucky/",
        "America/North_Dakota/", NULL
    };
    int i;

    for (i = 0; names[i]; i++)
        if (len > strlen(names[i])
            && !strncmp(part, names[i], strlen(names[i])))
            return 1;
    return 0;
}

/** Where the Olson name begins in a TZID with its maker's prefix. */
static const char *olson_part(const char *name)
{
    const char *end = name + strlen(name), *s, *two = NULL;
    int slashes = 0;

    for (s = end; s > name && slashes < 3; s--) {
        if (s[-1] != '/')
            continue;
        slashes++;
        if (slashes == 2)
            two = s;
        if (slashes == 3 && is_middle(s, (apr_size_t)(end - s)))
            return s;
    }
    return two ? two : name;
}

static const item_zone_t *open_utc(apr_pool_t *p)
{
    item_zone_t *zone = apr_pmemdup(p, item_zone_fixed(0, p), sizeof(*zone));

    zone->name = "UTC";
    zone->rule.std_name = "UTC";
    return zone;
}

const item_zone_t *item_zone_open(item_span_t name, apr_pool_t *p)
{
    const item_zone_t *zone;
    const char *text, *windows;

    name = item_span_trim(name);
    if (!name.len || name.len > ITEM_ZONE_NAME_MAX)
        return NULL;
    if (item_span_is(name, "UTC") || item_span_is(name, "GMT")
        || item_span_is(name, "Etc/UTC") || item_span_is(name, "Z"))
        return open_utc(p);
    text = apr_pstrmemdup(p, name.s, name.len);
    if (strlen(text) != name.len)
        return NULL;
    if (memchr(text, '/', name.len)) {
        zone = open_file(*text == '/' ? olson_part(text) : text, p);
        if (!zone && *text != '/')
            zone = open_file(olson_part(text), p);
        return zone;
    }
    windows = item_zone_of_windows(name);
    if (windows)
        return open_file(windows, p);
    return open_file(text, p);
}

/* ---- the zones of one conversion ---------------------------------------- */

typedef struct known_t {
    item_span_t tzid;
    const item_zone_t *zone;    /* NULL: unknown */
} known_t;

void item_zones_init(item_zones_t *zones, const char *user, apr_pool_t *p)
{
    item_span_t name;

    zones->p = p;
    zones->known = apr_array_make(p, 4, sizeof(known_t));
    name.s = user ? user : "";
    name.len = strlen(name.s);
    zones->prefer = NULL;
    zones->prefer = item_zones_get(zones, name);
}

static known_t *find_known(const item_zones_t *zones, item_span_t tzid)
{
    int i;

    for (i = 0; i < zones->known->nelts; i++) {
        known_t *known = &APR_ARRAY_IDX(zones->known, i, known_t);

        if (known->tzid.len == tzid.len
            && !memcmp(known->tzid.s, tzid.s, tzid.len))
            return known;
    }
    return NULL;
}

const item_zone_t *item_zones_get(item_zones_t *zones, item_span_t tzid)
{
    known_t *known;

    if (!tzid.len || tzid.len > ITEM_ZONE_NAME_MAX)
        return NULL;
    known = find_known(zones, tzid);
    if (!known) {
        known = apr_array_push(zones->known);
        known->tzid.s = apr_pstrmemdup(zones->p, tzid.s, tzid.len);
        known->tzid.len = tzid.len;
        known->zone = item_zone_open(tzid, zones->p);
    }
    return known->zone;
}

void item_zones_add(item_zones_t *zones, const item_part_t *vtimezone,
                    apr_int64_t around)
{
    const item_entry_t *entry = item_part_find(vtimezone, "TZID");
    item_span_t tzid;
    known_t *known;

    if (!entry)
        return;
    tzid = item_span_trim(entry->line.value);
    if (!tzid.len || tzid.len > ITEM_ZONE_NAME_MAX
        || find_known(zones, tzid))
        return;
    known = apr_array_push(zones->known);
    known->tzid = tzid;
    known->zone = item_zone_recognise(vtimezone, zones->prefer, around,
                                      zones->p);
}

int item_zones_instant(item_zones_t *zones, const item_time_t *t,
                       const item_zone_t *floating, apr_int64_t *utc)
{
    const item_zone_t *zone = floating;

    *utc = t->secs;
    if (t->kind == ITEM_TIME_UTC)
        return 1;
    if (t->kind != ITEM_TIME_LOCAL)
        return 0;
    if (t->zone.len)
        zone = item_zones_get(zones, t->zone);
    if (!zone)
        return 0;
    *utc = item_zone_to_utc(zone, t->secs);
    return 1;
}
