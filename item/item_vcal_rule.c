/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Recurrence rules in the grammar of vCalendar 1.0: see item_cal.h.
 *
 *   rule = D<i> | W<i> [weekday..] | MP<i> [(occurrence.. weekday..)..]
 *          | MD<i> [day..] | YM<i> [month..] | YD<i> [day..]
 *          then [#<n>] [end]
 */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_cal.h"
#include "item/item_civil.h"

static const char weekdays[] = "MOTUWETHFRSASU";

/* ---- writing ------------------------------------------------------------ */

/** Weeks begin on Monday in vCalendar: whether that makes no difference,
 * because all days lie on one side of the other beginning. */
static int week_fits(const item_recur_t *r, int start)
{
    int i, late = start >= r->wkst;

    if (!r->wkst || r->interval == 1)
        return 1;
    for (i = 0; i < r->days.n; i++)
        if ((ITEM_RECUR_WEEKDAY(r->days.v[i]) >= r->wkst) != late)
            return 0;
    return 1;
}

static const char *put_weekly(const item_recur_t *r, int interval,
                              apr_int64_t day, apr_pool_t *p)
{
    int start = item_recur_weekday(day), i;
    const char *text = apr_psprintf(p, "W%d", interval);

    if (r->mdays.n || r->months.n || !week_fits(r, start))
        return NULL;
    if (!r->days.n)
        return apr_psprintf(p, "%s %.2s", text, weekdays + 2 * start);
    for (i = 0; i < r->days.n; i++)
        text = apr_psprintf(p, "%s %.2s", text, weekdays + 2
                            * ITEM_RECUR_WEEKDAY(r->days.v[i]));
    return text;
}

/** The occurrences of a weekday in the month, as bits: 1 to 5 the first to
 * fifth, 9 to 13 the last to fifth last. @return 0: none that can be said */
static int places_of(const item_recur_t *r, int weekday)
{
    int i, nth, set = 0;

    for (i = 0; i < r->days.n; i++) {
        if (ITEM_RECUR_WEEKDAY(r->days.v[i]) != weekday)
            continue;
        nth = ITEM_RECUR_NTH(r->days.v[i]);
        if (!nth && r->setpos.n)
            nth = r->setpos.v[0];
        if (nth > 5 || nth < -5)
            return 0;
        set |= nth > 0 ? 1 << nth : nth < 0 ? 1 << (8 - nth) : 0x3e;
    }
    return set;
}

static const char *put_places(const char *text, int set, apr_pool_t *p)
{
    int n;

    for (n = 1; n <= 5; n++)
        if (set & (1 << n))
            text = apr_psprintf(p, "%s %d+", text, n);
    for (n = 1; n <= 5; n++)
        if (set & (1 << (8 + n)))
            text = apr_psprintf(p, "%s %d-", text, n);
    return text;
}

static const char *put_positions(const item_recur_t *r, int interval,
                                 apr_pool_t *p)
{
    const char *text = apr_psprintf(p, "MP%d", interval);
    int i, weekday, set, last = 0, seen = 0;

    if (r->mdays.n || (r->setpos.n && (r->days.n != 1 || r->setpos.n != 1
                                       || ITEM_RECUR_NTH(r->days.v[0]))))
        return NULL;
    for (i = 0; i < r->days.n; i++) {
        weekday = ITEM_RECUR_WEEKDAY(r->days.v[i]);
        if (seen & (1 << weekday))
            continue;
        seen |= 1 << weekday;
        set = places_of(r, weekday);
        if (!set)
            return NULL;
        if (set != last)
            text = put_places(text, set, p);
        last = set;
        text = apr_psprintf(p, "%s %.2s", text, weekdays + 2 * weekday);
    }
    return text;
}

static const char *put_month_days(const item_recur_t *r, int interval,
                                  int start, apr_pool_t *p)
{
    const char *text = apr_psprintf(p, "MD%d", interval);
    int i;

    if (!r->mdays.n)
        return apr_psprintf(p, "%s %d", text, start);
    for (i = 0; i < r->mdays.n; i++)
        text = r->mdays.v[i] == -1
               ? apr_pstrcat(p, text, " LD", NULL)
               : r->mdays.v[i] < 0
               ? apr_psprintf(p, "%s %d-", text, -r->mdays.v[i])
               : apr_psprintf(p, "%s %d", text, r->mdays.v[i]);
    return text;
}

static const char *put_yearly(const item_recur_t *r, apr_int64_t day,
                              apr_pool_t *p)
{
    const char *text;
    int y, m, d, i, own_day;

    item_civil_from_days(day, &y, &m, &d);
    if (r->ydays.n) {
        text = apr_psprintf(p, "YD%d", r->interval);
        for (i = 0; i < r->ydays.n; i++) {
            if (r->ydays.v[i] < 0)
                return NULL;
            text = apr_psprintf(p, "%s %d", text, r->ydays.v[i]);
        }
        return r->days.n || r->mdays.n || r->months.n || r->setpos.n
               ? NULL : text;
    }
    own_day = !r->mdays.n || (r->mdays.n == 1 && r->mdays.v[0] == d);
    /* MP and MD count months, and say those of the start's only. */
    if ((r->days.n || !own_day)
        && (r->months.n != 1 || r->months.v[0] != m
            || r->interval > ITEM_RECUR_INTERVAL / 12))
        return NULL;
    if (r->days.n)
        return put_positions(r, 12 * r->interval, p);
    if (r->setpos.n || (r->mdays.n && !r->months.n))
        return NULL;
    if (!own_day)
        return put_month_days(r, 12 * r->interval, d, p);
    text = apr_psprintf(p, "YM%d", r->interval);
    if (!r->months.n)
        return apr_psprintf(p, "%s %d", text, m);
    for (i = 0; i < r->months.n; i++)
        text = apr_psprintf(p, "%s %d", text, r->months.v[i]);
    return text;
}

const char *item_vcal_rule_write(const item_recur_t *r, apr_int64_t day,
                                 apr_pool_t *p)
{
    int y, m, d;

    if (r->hours.n || r->minutes.n || r->seconds.n || r->weeks.n
        || (r->ydays.n && r->freq != ITEM_FREQ_YEARLY)
        || (r->setpos.n && r->freq < ITEM_FREQ_MONTHLY))
        return NULL;
    item_civil_from_days(day, &y, &m, &d);
    switch (r->freq) {
    case ITEM_FREQ_DAILY:
        if (r->days.n)
            return r->interval == 1 ? put_weekly(r, 1, day, p) : NULL;
        return r->mdays.n || r->months.n
               ? NULL : apr_psprintf(p, "D%d", r->interval);
    case ITEM_FREQ_WEEKLY:
        return put_weekly(r, r->interval, day, p);
    case ITEM_FREQ_MONTHLY:
        if (r->months.n)
            return NULL;
        if (r->days.n)
            return put_positions(r, r->interval, p);
        return r->setpos.n ? NULL : put_month_days(r, r->interval, d, p);
    case ITEM_FREQ_YEARLY:
        return put_yearly(r, day, p);
    default:
        return NULL;
    }
}

/* ---- reading ------------------------------------------------------------ */

typedef struct words_t {
    const char *s, *end;
    item_span_t word;
} words_t;

static int next_word(words_t *w)
{
    while (w->s < w->end && strchr(" \t,;", *w->s))
        w->s++;
    w->word.s = w->s;
    while (w->s < w->end && !strchr(" \t,;", *w->s))
        w->s++;
    w->word.len = (apr_size_t)(w->s - w->word.s);
    return w->word.len > 0;
}

/** Digits at a word's beginning. @param rest  out: what is behind them
 * @return -1: none */
static int number_in(item_span_t word, item_span_t *rest)
{
    int n = 0;

    *rest = word;
    while (rest->len && apr_isdigit(*rest->s) && n < 100000) {
        n = 10 * n + (*rest->s - '0');
        rest->s++;
        rest->len--;
    }
    return rest->len == word.len ? -1 : n;
}

static int weekday_in(item_span_t word)
{
    int i;

    while (word.len && (word.s[word.len - 1] == '$'))
        word.len--;
    for (i = 0; word.len == 2 && i < 7; i++)
        if (!strncasecmp(word.s, weekdays + 2 * i, 2))
            return i;
    return -1;
}

static void add(item_numbers_t *list, int n)
{
    int i;

    for (i = 0; i < list->n; i++)
        if (list->v[i] == n)
            return;
    if (list->n < ITEM_RECUR_LIST)
        list->v[list->n++] = (short)n;
}

/** "2+", "1-". @return 0: none */
static int place_in(item_span_t word, int *place)
{
    item_span_t rest;
    int n = number_in(word, &rest);

    if (n < 1 || n > 5 || rest.len < 1
        || (*rest.s != '+' && *rest.s != '-'))
        return 0;
    *place = *rest.s == '-' ? -n : n;
    return 1;
}

/** What is listed, up to the end. @return what the last word was */
static int take_list(item_recur_t *r, char a, char b, words_t *w)
{
    int places[10], n = 0, fresh = 1, place, k, weekday;
    item_span_t rest;

    while (next_word(w)) {
        item_span_t word = w->word;

        if (*word.s == '#' || word.len >= 8)
            return 1;           /* the end */
        weekday = weekday_in(word);
        if (b == 'P' && place_in(word, &place)) {
            if (fresh)
                n = 0;
            fresh = 0;
            if (n < 10)
                places[n++] = place;
        }
        else if (weekday >= 0 && (a == 'W' || b == 'P')) {
            fresh = 1;
            for (k = 0; k < n; k++)
                add(&r->days, ITEM_RECUR_DAY(places[k], weekday));
            if (!n)
                add(&r->days, ITEM_RECUR_DAY(0, weekday));
        }
        else if (b == 'D' && item_span_is(word, "LD"))
            add(&r->mdays, -1);
        else {
            k = number_in(word, &rest);
            if (rest.len && *rest.s == '$')
                rest.len = 0;
            /* "0900": a time of the day, of which DTSTART is one. */
            if (k < 0 || word.len == 4 || word.len == 6)
                continue;
            if (rest.len && *rest.s == '-')
                k = -k;
            if (a == 'M' && b == 'D' && k && k >= -31 && k <= 31)
                add(&r->mdays, k);
            else if (b == 'M' && k >= 1 && k <= 12)
                add(&r->months, k);
            else if (a == 'Y' && b == 'D' && k >= 1 && k <= 366)
                add(&r->ydays, k);
        }
    }
    return 0;
}

/** "#10", "20261224T000000Z", in any order. */
static void take_end(item_recur_t *r, words_t *w)
{
    static const item_span_t no_zone = { "", 0 };
    item_span_t rest;
    int n, said = 0;

    do {
        item_span_t word = w->word;

        if (word.len > 1 && *word.s == '#') {
            word.s++;
            word.len--;
            n = number_in(word, &rest);
            if (n < 0 || said)
                continue;       /* of a rule in the rule: not this one's */
            said = 1;
            r->count = n > 999999 ? 999999 : n;
            if (!n)
                r->count = -1;
        }
        else if (item_time_parse(&r->until, word, no_zone))
            said = 1;
    } while (next_word(w));
    if (r->until.kind != ITEM_TIME_NONE && r->count < 0)
        r->count = 0;
    if (!said)
        r->count = 2;
    if (r->count < 0)
        r->count = 0;
}

/** What DTSTART says where nothing is listed. */
static void take_start(item_recur_t *r, char b, apr_int64_t day)
{
    int y, m, d;

    item_civil_from_days(day, &y, &m, &d);
    if (r->freq == ITEM_FREQ_MONTHLY && b == 'P' && !r->days.n)
        add(&r->days, ITEM_RECUR_DAY((d - 1) / 7 + 1,
                                     item_recur_weekday(day)));
    else if (r->freq == ITEM_FREQ_YEARLY && !r->ydays.n) {
        if (!r->months.n)
            add(&r->months, m);
        add(&r->mdays, d);      /* YD1 #0 is written for birthdays */
    }
}

/** A rule inside the rule: "YM1 6 MP1 1+ MO #0" is in June alone. */
static int take_nested(item_recur_t *r, words_t *w, char b)
{
    words_t look = *w;

    if (r->freq != ITEM_FREQ_YEARLY || b != 'M')
        return 0;
    while (next_word(&look))
        if (look.word.len > 2 && !strncasecmp(look.word.s, "MP", 2)) {
            words_t months = *w;

            months.end = look.word.s;
            take_list(r, 'Y', 'M', &months);
            *w = look;
            return take_list(r, 'M', 'P', w) ? 2 : 1;
        }
    return 0;
}

int item_vcal_rule_read(item_recur_t *r, item_span_t text, apr_int64_t day)
{
    item_span_t rest;
    char a, b = '\0';
    words_t w;
    int more, nested;

    memset(r, 0, sizeof(*r));
    w.s = text.s;
    w.end = text.s + text.len;
    if (!next_word(&w))
        return 0;
    rest = w.word;
    a = (char)apr_toupper(*rest.s);
    rest.s++;
    rest.len--;
    if (rest.len && apr_isalpha(*rest.s)) {
        b = (char)apr_toupper(*rest.s);
        rest.s++;
        rest.len--;
    }
    r->interval = number_in(rest, &rest);
    if (r->interval < 1 || r->interval > ITEM_RECUR_INTERVAL)
        r->interval = 1;
    r->freq = a == 'D' && !b ? ITEM_FREQ_DAILY
              : a == 'W' && !b ? ITEM_FREQ_WEEKLY
              : a == 'M' && (b == 'P' || b == 'D') ? ITEM_FREQ_MONTHLY
              : a == 'Y' && (b == 'M' || b == 'D') ? ITEM_FREQ_YEARLY
              : ITEM_FREQ_NONE;
    if (r->freq == ITEM_FREQ_NONE)
        return 0;
    nested = take_nested(r, &w, b);
    more = nested ? nested == 2 : take_list(r, a, b, &w);
    if (more)
        take_end(r, &w);
    else
        r->count = 2;
    if (!nested)
        take_start(r, b, day);
    /* MP12 and MD12 are yearly, and said so. */
    if (r->freq == ITEM_FREQ_MONTHLY && r->interval % 12 == 0) {
        int y, m, d;

        item_civil_from_days(day, &y, &m, &d);
        r->freq = ITEM_FREQ_YEARLY;
        r->interval /= 12;
        add(&r->months, m);
        if (!r->mdays.n && !r->days.n)
            add(&r->mdays, d);
    }
    return 1;
}

int item_vcal_rule_is_plain(const char *rule)
{
    item_span_t text;
    item_recur_t r;

    text.s = rule;
    text.len = strlen(rule);
    return item_vcal_rule_read(&r, text, 0)
           && (r.freq <= ITEM_FREQ_WEEKLY
               || (r.days.n + r.mdays.n <= 1 && r.months.n <= 1
                   && !r.ydays.n));
}

/* ---- other clocks ------------------------------------------------------- */

static int shift_week(item_recur_t *r, int by)
{
    int i, day;

    for (i = 0; i < r->days.n; i++)
        if (ITEM_RECUR_NTH(r->days.v[i]))
            return 0;
    for (i = 0; i < r->days.n; i++) {
        day = (ITEM_RECUR_WEEKDAY(r->days.v[i]) + by + 7) % 7;
        r->days.v[i] = (short)ITEM_RECUR_DAY(0, day);
    }
    if (r->interval > 1)
        r->wkst = (r->wkst + by + 7) % 7;
    return 1;
}

int item_recur_shift(item_recur_t *r, apr_int64_t from, int by)
{
    int y, m, d, ny, nm, nd;

    if (!by)
        return 1;
    if (r->weeks.n || r->ydays.n || r->setpos.n || r->hours.n)
        return 0;
    if (r->freq == ITEM_FREQ_WEEKLY || r->freq == ITEM_FREQ_DAILY)
        return !r->mdays.n && !r->months.n && shift_week(r, by);
    if (r->days.n || r->mdays.n > 1 || r->months.n > 1)
        return 0;
    item_civil_from_days(from, &y, &m, &d);
    item_civil_from_days(from + by, &ny, &nm, &nd);
    if (r->freq == ITEM_FREQ_YEARLY && (!r->mdays.n || r->mdays.v[0] == d)
        && (!r->months.n || r->months.v[0] == m)
        && (r->months.n || !r->mdays.n)) {
        /* The same two days of each year, but about 29 February. */
        if ((m == 2 && d > 27) || (nm == 2 && nd > 27))
            return 0;
        if (r->mdays.n)
            r->mdays.v[0] = (short)nd;
        if (r->months.n)
            r->months.v[0] = (short)nm;
        return 1;
    }
    /* Only within the days that each month has; else the last and the first
     * would come out wrong. */
    if (d > 28 || nd > 28 || (r->mdays.n && r->mdays.v[0] != d)
        || (r->months.n && r->months.v[0] != m))
        return 0;
    if (r->mdays.n)
        r->mdays.v[0] = (short)nd;
    return r->freq >= ITEM_FREQ_MONTHLY;
}

int item_recur_last(const item_recur_t *r, apr_int64_t start,
                    apr_int64_t until, apr_int64_t *last, apr_pool_t *p)
{
    item_recur_iter_t *it;
    apr_int64_t secs, back = 2;
    int found = 0, more;

    if (!r->count && until == APR_INT64_MAX)
        return 0;
    it = apr_palloc(p, sizeof(*it));
    if (!item_recur_begin(it, r, start, until))
        return 0;
    /* Of the last few periods first; of more if there is nothing in them. */
    do {
        more = item_recur_skip(it, until, back);
        back *= 4;
        while (item_recur_next(it, &secs)) {
            *last = secs;
            found = 1;
        }
    } while (more && !found && !item_recur_gave_up(it));
    return found && !item_recur_gave_up(it);
}
