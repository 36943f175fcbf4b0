/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What an item is to a person, as far as a phone keeps it: see item.h. */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_norm.h"

#define DAY           86400
#define SUBJECT_CHARS 12
#define NAME_CHARS    8
#define PHONE_DIGITS  7
#define MAX_WORDS     32
/* When the month begins: few events are about then. */
#define MONTH_HOUR    3

static int counts(char c)
{
    return apr_isalnum(c) || (unsigned char)c >= 0x80;
}

/** The first characters of a UTF-8 text. */
static apr_size_t cut_chars(const char *s, apr_size_t len, int chars)
{
    apr_size_t i;

    for (i = 0; i < len; i++)
        if (((unsigned char)s[i] & 0xc0) != 0x80 && !chars--)
            break;
    return i;
}

/** Letters and digits of a text that is unescaped already. */
static void put_letters(item_buf_t *b, const char *s, apr_size_t len,
                        int chars)
{
    apr_size_t from = b->len, i;
    char c;

    for (i = 0; i < len; i++) {
        c = (char)apr_tolower(s[i]);
        if (counts(s[i]))
            item_buf_putc(b, (unsigned char)s[i] < 0x80 ? c : s[i]);
        if (chars && b->len - from > (apr_size_t)chars * 4)
            break;
    }
    if (chars)
        b->len = from + cut_chars(b->s ? b->s + from : "", b->len - from,
                                  chars);
}

void item_near_text(item_buf_t *b, item_span_t value, int chars)
{
    item_buf_t text = { NULL, NULL, 0, 0 };

    text.p = b->p;
    item_value_text(&text, value);
    put_letters(b, text.s, text.len, chars);
}

/** Add the words of a text; those that end in a full stop are titles. */
static int add_words(item_span_t *words, int n, int max, const char *s,
                     apr_size_t len, apr_pool_t *p)
{
    const char *end = s + len, *from;
    item_buf_t b;

    while (s < end && n < max) {
        while (s < end && (unsigned char)*s <= ' ')
            s++;
        from = s;
        while (s < end && (unsigned char)*s > ' ')
            s++;
        if (s == from || s[-1] == '.')
            continue;
        memset(&b, 0, sizeof(b));
        b.p = p;
        put_letters(&b, from, (apr_size_t)(s - from), 0);
        if (b.len) {
            words[n].s = b.s;
            words[n++].len = b.len;
        }
    }
    return n;
}

/** Words of "Anna Miller" or "Miller, Anna". */
static int spoken_words(item_span_t *words, int max, const item_buf_t *text,
                        apr_pool_t *p)
{
    const char *comma = text->len ? memchr(text->s, ',', text->len) : NULL;
    apr_size_t before;
    int n;

    if (!comma)
        return add_words(words, 0, max, text->s ? text->s : "", text->len,
                         p);
    before = (apr_size_t)(comma - text->s);
    n = add_words(words, 0, max, comma + 1, text->len - before - 1, p);
    return add_words(words, n, max, text->s, before, p);
}

int item_near_name(const item_comp_t *comp, item_span_t *words, int max,
                   apr_pool_t *p)
{
    static const int order[] = { 1, 2, 0 };     /* given, others, family */
    item_span_t parts[3], rest = comp->name, part;
    item_buf_t text;
    int n = 0, i;

    memset(parts, 0, sizeof(parts));
    for (i = 0; i < 3 && comp->has_name && item_value_next(&rest, ';', &part);
         i++)
        parts[i] = part;
    for (i = 0; i < 3; i++) {
        memset(&text, 0, sizeof(text));
        text.p = p;
        if (parts[order[i]].len)
            item_value_text(&text, parts[order[i]]);
        if (text.len && !parts[1].len && order[i] == 0)
            n = spoken_words(words, max, &text, p);
        else if (text.len)
            n = add_words(words, n, max, text.s, text.len, p);
    }
    if (!n)
        n = spoken_words(words, max, &comp->fn, p);
    if (!n)
        n = spoken_words(words, max, &comp->org, p);
    return n;
}

static int compare_spans(item_span_t a, item_span_t b)
{
    apr_size_t len = a.len < b.len ? a.len : b.len;
    int c = memcmp(a.s, b.s, len);

    return c ? c : (a.len > b.len) - (a.len < b.len);
}

static void near_card(item_buf_t *b, const item_comp_t *comp)
{
    item_span_t words[MAX_WORDS], first, last, swap;
    int n = item_near_name(comp, words, MAX_WORDS, b->p);
    item_buf_t digits = { NULL, NULL, 0, 0 };

    if (n) {
        first = words[0];
        last = words[n - 1];
        first.len = cut_chars(first.s, first.len, NAME_CHARS);
        last.len = cut_chars(last.s, last.len, NAME_CHARS);
        if (compare_spans(first, last) > 0) {
            swap = first;
            first = last;
            last = swap;
        }
        item_buf_add(b, first.s, first.len);
        if (n > 1) {
            item_buf_putc(b, ITEM_SEP);
            item_buf_add(b, last.s, last.len);
        }
        return;
    }
    if (comp->email.len) {
        item_buf_putc(b, '@');
        item_value_lower(b, comp->email);
        return;
    }
    digits.p = b->p;
    item_near_text(&digits, comp->phone, 0);
    if (digits.len) {
        apr_size_t cut = digits.len > PHONE_DIGITS
                         ? digits.len - PHONE_DIGITS : 0;

        item_buf_putc(b, '#');
        item_buf_add(b, digits.s + cut, digits.len - cut);
    }
}

/** The month; of an event without words the day, since there may be many. */
static void put_month(item_buf_t *b, const item_comp_t *comp)
{
    int y, m, d, words = b->len > 0;
    apr_int64_t day, secs;

    if (comp->start.kind == ITEM_TIME_NONE)
        return;
    if (!item_when_days(comp, &day)) {
        secs = item_comp_time(comp, &comp->start).secs - MONTH_HOUR * 3600;
        day = (secs >= 0 ? secs : secs - DAY + 1) / DAY;
    }
    item_civil_from_days(day, &y, &m, &d);
    item_buf_putc(b, ITEM_SEP);
    item_buf_puts(b, apr_psprintf(b->p, "%d-%d-%d", y, m, words ? 0 : d));
}

static void near_calendar(item_buf_t *b, const item_comp_t *comp)
{
    put_letters(b, comp->summary.s, comp->summary.len, SUBJECT_CHARS);
    if (!b->len)
        put_letters(b, comp->description.s, comp->description.len,
                    SUBJECT_CHARS);
    if (comp->kind != ITEM_VEVENT)
        return;
    if (!b->len && comp->place.len)
        item_near_text(b, comp->place, SUBJECT_CHARS);
    put_month(b, comp);
}

static void near_text(item_buf_t *b, item_span_t text)
{
    const char *s = text.s, *end = s + text.len, *lf;

    for (; s < end && !b->len; s = lf + 1) {
        lf = memchr(s, '\n', (apr_size_t)(end - s));
        if (!lf)
            lf = end;
        put_letters(b, s, (apr_size_t)(lf - s), SUBJECT_CHARS);
    }
}

item_span_t item_near(const item_norm_t *norm, apr_pool_t *p)
{
    const item_comp_t *comp = item_norm_main(norm);
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t near;

    if (norm->near.len || norm->kind == ITEM_EMAIL || norm->kind == ITEM_FILE)
        return norm->near;
    b.p = p;
    if (!comp)
        near_text(&b, norm->canon);
    else if (comp->kind == ITEM_VCARD30)
        near_card(&b, comp);
    else
        near_calendar(&b, comp);
    near.s = b.s ? b.s : "";
    near.len = b.len;
    return near;
}
