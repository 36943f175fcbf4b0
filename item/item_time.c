/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Dates and durations: see item_time.h. Recurrences are in item_rrule.c. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_time.h"

#define DAY  86400

/* Days from 1970-01-01 in the proleptic Gregorian calendar, by counting
 * years from 1 March, so that the leap day is a year's last. */
apr_int64_t item_civil_days(int year, int month, int day)
{
    apr_int64_t y = month <= 2 ? year - 1 : year;
    int m = month <= 2 ? month + 9 : month - 3;
    apr_int64_t era = (y >= 0 ? y : y - 399) / 400;
    apr_int64_t yoe = y - era * 400;
    apr_int64_t doy = (153 * m + 2) / 5 + day - 1;

    return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

void item_civil_from_days(apr_int64_t days, int *year, int *month, int *day)
{
    apr_int64_t z = days + 719468;
    apr_int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    apr_int64_t doe = z - era * 146097;
    apr_int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    apr_int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int mp = (int)((5 * doy + 2) / 153);

    *day = (int)(doy - (153 * mp + 2) / 5 + 1);
    *month = mp < 10 ? mp + 3 : mp - 9;
    *year = (int)(yoe + era * 400 + (*month <= 2));
}

int item_civil_month_days(int year, int month)
{
    static const char days[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/** Exactly n digits. @return what is behind them, or NULL */
static const char *take_digits(const char *s, const char *end, int n,
                               int *value)
{
    *value = 0;
    if (!s || end - s < n)
        return NULL;
    while (n--) {
        if (!apr_isdigit(*s))
            return NULL;
        *value = *value * 10 + (*s++ - '0');
    }
    return s;
}

static const char *skip_char(const char *s, const char *end, char c)
{
    return s && s < end && *s == c ? s + 1 : s;
}

int item_time_parse(item_time_t *t, item_span_t text, item_span_t zone)
{
    const char *s, *end;
    int y, mo, d, h = 0, mi = 0, sec = 0;

    memset(t, 0, sizeof(*t));
    text = item_span_trim(text);
    s = text.s;
    end = s + text.len;
    s = skip_char(take_digits(s, end, 4, &y), end, '-');
    s = skip_char(take_digits(s, end, 2, &mo), end, '-');
    s = take_digits(s, end, 2, &d);
    if (!s || y < 1 || mo < 1 || mo > 12 || d < 1
        || d > item_civil_month_days(y, mo))
        return 0;
    t->secs = item_civil_days(y, mo, d) * DAY;
    if (s == end) {
        t->kind = ITEM_TIME_DATE;
        return 1;
    }
    if (*s != 'T' && *s != 't')
        return 0;
    s = skip_char(take_digits(s + 1, end, 2, &h), end, ':');
    s = skip_char(take_digits(s, end, 2, &mi), end, ':');
    s = take_digits(s, end, 2, &sec);
    if (!s || h > 24 || mi > 59 || sec > 60)
        return 0;
    t->secs += h * 3600 + mi * 60 + sec;
    t->kind = ITEM_TIME_LOCAL;
    if (s < end && (*s == 'Z' || *s == 'z')) {
        t->kind = ITEM_TIME_UTC;
        s++;
    }
    else if (item_span_is(zone, "UTC") || item_span_is(zone, "Etc/UTC"))
        t->kind = ITEM_TIME_UTC;
    else
        t->zone = zone;
    if (s != end)
        t->kind = ITEM_TIME_NONE;
    return s == end;
}

/* Names of zones come with a prefix of their maker
 * ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin"), which clients
 * remove and put on: the last two parts are the zone. */
static const char *canon_zone(item_span_t zone, apr_pool_t *p)
{
    const char *s = zone.s + zone.len;
    int slashes = 0;
    char *name, *c;

    while (s > zone.s) {
        if (s[-1] == '/' && ++slashes == 2)
            break;
        s--;
    }
    name = apr_pstrmemdup(p, s, (apr_size_t)(zone.s + zone.len - s));
    for (c = name; *c; c++)
        *c = (char)apr_tolower(*c);
    return name;
}

/** Two digits. @return what is behind them */
static char *put_two(char *s, int n)
{
    *s++ = (char)('0' + n / 10);
    *s++ = (char)('0' + n % 10);
    return s;
}

const char *item_time_canon(const item_time_t *t, apr_pool_t *p)
{
    apr_int64_t days = t->secs / DAY;
    int rest = (int)(t->secs % DAY), y, m, d;
    char text[32], *s = text;

    if (rest < 0) {
        rest += DAY;
        days--;
    }
    item_civil_from_days(days, &y, &m, &d);
    if (y < 0 || y > 9999)      /* reckoned, not read */
        s += apr_snprintf(s, 16, "%04d", y);
    else
        s = put_two(put_two(s, y / 100), y % 100);
    s = put_two(put_two(s, m), d);
    if (t->kind != ITEM_TIME_DATE) {
        *s++ = 'T';
        s = put_two(put_two(put_two(s, rest / 3600), rest / 60 % 60),
                    rest % 60);
        if (t->kind == ITEM_TIME_UTC)
            *s++ = 'Z';
    }
    *s = '\0';
    return t->kind != ITEM_TIME_DATE && t->zone.len
           ? apr_pstrcat(p, text, t->kind == ITEM_TIME_UTC ? "" : "@",
                         canon_zone(t->zone, p), NULL)
           : apr_pmemdup(p, text, (apr_size_t)(s - text) + 1);
}

int item_time_same_clock(const item_time_t *a, const item_time_t *b)
{
    return a->kind == b->kind && a->kind != ITEM_TIME_NONE
           && a->zone.len == b->zone.len
           && (!a->zone.len
               || !memcmp(a->zone.s, b->zone.s, a->zone.len));
}

static int duration_unit(char c, int in_time)
{
    switch (apr_toupper(c)) {
    case 'W': return in_time ? 0 : 7 * DAY;
    case 'D': return in_time ? 0 : DAY;
    case 'H': return in_time ? 3600 : 0;
    case 'M': return in_time ? 60 : 0;
    case 'S': return in_time ? 1 : 0;
    default:  return 0;
    }
}

int item_duration_parse(item_span_t text, apr_int64_t *secs)
{
    const char *s, *end;
    int sign = 1, in_time = 0, parts = 0, unit;

    *secs = 0;
    text = item_span_trim(text);
    s = text.s;
    end = s + text.len;
    if (s < end && (*s == '-' || *s == '+'))
        sign = *s++ == '-' ? -1 : 1;
    if (s == end || apr_toupper(*s) != 'P')
        return 0;
    for (s++; s < end; s++) {
        apr_int64_t n = 0;
        const char *digits = s;

        if (apr_toupper(*s) == 'T' && !in_time) {
            in_time = 1;
            continue;
        }
        while (s < end && apr_isdigit(*s) && n < APR_INT32_MAX)
            n = n * 10 + (*s++ - '0');
        unit = s < end && s > digits ? duration_unit(*s, in_time) : 0;
        if (!unit || n > APR_INT32_MAX || ++parts > 5)
            return 0;
        *secs += n * unit;
    }
    *secs *= sign;
    return parts > 0;
}
