/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Recurrence rules, read and written: see item_recur.h. They are expanded in
 * item_recur_iter.c. */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_recur.h"

#define DAY  86400

static const char weekdays[] = "MOTUWETHFRSASU";

static const struct {
    const char *name;
    item_freq_e freq;
} freqs[] = {
    { "DAILY", ITEM_FREQ_DAILY }, { "WEEKLY", ITEM_FREQ_WEEKLY },
    { "MONTHLY", ITEM_FREQ_MONTHLY }, { "YEARLY", ITEM_FREQ_YEARLY },
    { "HOURLY", ITEM_FREQ_HOURLY }, { "MINUTELY", ITEM_FREQ_MINUTELY },
    { "SECONDLY", ITEM_FREQ_SECONDLY }
};

/** Lists of numbers, with their range; below zero likewise if signed. */
static const struct {
    const char *name;
    apr_size_t at;
    int min, max, sign;
} lists[] = {
    { "BYSECOND",   offsetof(item_recur_t, seconds), 0, 60, 0 },
    { "BYMINUTE",   offsetof(item_recur_t, minutes), 0, 59, 0 },
    { "BYHOUR",     offsetof(item_recur_t, hours), 0, 23, 0 },
    { "BYMONTH",    offsetof(item_recur_t, months), 1, 12, 0 },
    { "BYWEEKNO",   offsetof(item_recur_t, weeks), 1, 53, 1 },
    { "BYYEARDAY",  offsetof(item_recur_t, ydays), 1, 366, 1 },
    { "BYMONTHDAY", offsetof(item_recur_t, mdays), 1, 31, 1 },
    { "BYSETPOS",   offsetof(item_recur_t, setpos), 1, 366, 1 }
};

static const item_numbers_t *numbers_of(const item_recur_t *r,
                                        apr_size_t at)
{
    return (const item_numbers_t *)((const char *)r + at);
}

int item_recur_weekday(apr_int64_t day)
{
    return (int)((day % 7 + 7 + 3) % 7);        /* day 0 was a Thursday */
}

apr_int64_t item_recur_day_of(apr_int64_t secs)
{
    return (secs >= 0 ? secs : secs - DAY + 1) / DAY;
}

/** @return 0: no number, or beyond the range */
static int take_number(item_span_t s, int min, int max, int sign, int *n)
{
    int negative = 0;

    s = item_span_trim(s);
    if (s.len > 1 && (*s.s == '-' || *s.s == '+')) {
        negative = *s.s == '-';
        s.s++;
        s.len--;
    }
    if (!s.len || s.len > 6 || (negative && !sign))
        return 0;
    for (*n = 0; s.len; s.s++, s.len--) {
        if (!apr_isdigit(*s.s))
            return 0;
        *n = *n * 10 + (*s.s - '0');
    }
    if (*n < min || *n > max)
        return 0;
    if (negative)
        *n = -*n;
    return 1;
}

static int add_number(item_numbers_t *list, int n)
{
    int i;

    for (i = 0; i < list->n; i++)
        if (list->v[i] == n)
            return 1;
    if (list->n == ITEM_RECUR_LIST)
        return 0;
    list->v[list->n++] = (short)n;
    return 1;
}

static int weekday_of(const char *s)
{
    int i;

    for (i = 0; i < 7; i++)
        if (!strncasecmp(s, weekdays + 2 * i, 2))
            return i;
    return -1;
}

static int take_day(item_recur_t *r, item_span_t word)
{
    int nth = 0, weekday;

    word = item_span_trim(word);
    if (word.len < 2)
        return 0;
    weekday = weekday_of(word.s + word.len - 2);
    word.len -= 2;
    if (weekday < 0 || (word.len && !take_number(word, 1, 53, 1, &nth)))
        return 0;
    return add_number(&r->days, ITEM_RECUR_DAY(nth, weekday));
}

static int take_list(item_recur_t *r, unsigned which, item_span_t value)
{
    item_numbers_t *list = (item_numbers_t *)((char *)r + lists[which].at);
    item_span_t word;
    int n;

    while (item_param_value(&value, &word))
        if (!take_number(word, lists[which].min, lists[which].max,
                         lists[which].sign, &n) || !add_number(list, n))
            return 0;
    return 1;
}

static int take_freq(item_recur_t *r, item_span_t value)
{
    unsigned i;

    for (i = 0; i < sizeof(freqs) / sizeof(freqs[0]); i++)
        if (item_span_is(value, freqs[i].name))
            r->freq = freqs[i].freq;
    return r->freq != ITEM_FREQ_NONE;
}

static int take_until(item_recur_t *r, item_span_t value)
{
    static const item_span_t no_zone = { "", 0 };

    return item_time_parse(&r->until, value, no_zone);
}

static int take_part(item_recur_t *r, item_span_t name, item_span_t value)
{
    item_span_t word;
    unsigned i;

    if (item_span_is(name, "FREQ"))
        return take_freq(r, value);
    if (item_span_is(name, "INTERVAL"))
        return take_number(value, 1, ITEM_RECUR_INTERVAL, 0, &r->interval);
    if (item_span_is(name, "COUNT"))
        return take_number(value, 1, 999999, 0, &r->count);
    if (item_span_is(name, "UNTIL"))
        return take_until(r, value);
    if (item_span_is(name, "WKST")) {
        r->wkst = value.len == 2 ? weekday_of(value.s) : -1;
        return r->wkst >= 0;
    }
    if (item_span_is(name, "BYDAY")) {
        while (item_param_value(&value, &word))
            if (!take_day(r, word))
                return 0;
        return 1;
    }
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (item_span_is(name, lists[i].name))
            return take_list(r, i, value);
    return 0;
}

int item_recur_parse(item_recur_t *r, item_span_t text)
{
    const char *s = text.s, *end = s + text.len, *semi, *eq;
    item_span_t name, value;

    memset(r, 0, sizeof(*r));
    r->interval = 1;
    for (; s < end; s = semi ? semi + 1 : end) {
        semi = memchr(s, ';', (apr_size_t)(end - s));
        name.s = s;
        name.len = (apr_size_t)((semi ? semi : end) - s);
        name = item_span_trim(name);
        if (!name.len)
            continue;
        eq = memchr(name.s, '=', name.len);
        if (!eq)
            return 0;
        value.s = eq + 1;
        value.len = name.len - (apr_size_t)(value.s - name.s);
        name.len = (apr_size_t)(eq - name.s);
        if (!take_part(r, item_span_trim(name), item_span_trim(value)))
            return 0;
    }
    return r->freq != ITEM_FREQ_NONE;
}

static void put_days(item_buf_t *b, const item_numbers_t *days)
{
    int i, nth;

    for (i = 0; i < days->n; i++) {
        item_buf_puts(b, i ? "," : ";BYDAY=");
        nth = ITEM_RECUR_NTH(days->v[i]);
        if (nth)
            item_buf_puts(b, apr_itoa(b->p, nth));
        item_buf_add(b, weekdays + 2 * ITEM_RECUR_WEEKDAY(days->v[i]), 2);
    }
}

void item_recur_write(item_buf_t *b, const item_recur_t *r)
{
    const item_numbers_t *list;
    unsigned i;
    int k;

    for (i = 0; i < sizeof(freqs) / sizeof(freqs[0]); i++)
        if (freqs[i].freq == r->freq)
            item_buf_puts(b, apr_pstrcat(b->p, "FREQ=", freqs[i].name,
                                         NULL));
    if (r->interval > 1)
        item_buf_puts(b, apr_psprintf(b->p, ";INTERVAL=%d", r->interval));
    if (r->count)
        item_buf_puts(b, apr_psprintf(b->p, ";COUNT=%d", r->count));
    if (r->until.kind != ITEM_TIME_NONE)
        item_buf_puts(b, apr_pstrcat(b->p, ";UNTIL=",
                                     item_time_canon(&r->until, b->p),
                                     NULL));
    put_days(b, &r->days);
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        list = numbers_of(r, lists[i].at);
        for (k = 0; k < list->n; k++)
            item_buf_puts(b, k ? apr_psprintf(b->p, ",%d", list->v[k])
                               : apr_psprintf(b->p, ";%s=%d", lists[i].name,
                                              list->v[k]));
    }
    if (r->wkst)
        item_buf_puts(b, apr_psprintf(b->p, ";WKST=%.2s",
                                      weekdays + 2 * r->wkst));
}
