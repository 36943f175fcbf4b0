/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What two items are to each other: see item.h.  Works on the finished
 * components of item_norm.h, whose canonical lines are sorted, so that those
 * of one property stand together. */
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>

#include "item/item_norm.h"
#include "item/item_note.h"
#include "item/item_object_int.h"

#define DAY        86400
#define SLACK      (14 * 3600)  /* as in item_when.c */
#define QUARTER    900
#define MAX_WORDS  32
#define MIN_CUT    3            /* octets of a word that may be cut short */
/* So many values that only one side has are compared one by one. */
#define MAX_ODD    64

/* Values that may be cut short: texts.  A number or a time is never cut. */
static const char *const texts[] = {
    "N", "FN", "ORG", "TITLE", "ROLE", "NICKNAME", "ADR", "URL", "NOTE",
    "PHOTO", "CATEGORIES", "SUMMARY", "DESCRIPTION", "LOCATION", NULL
};
/* Not compared where two items are written on different clocks. */
static const char *const times[] = {
    "DTSTART", "DTEND", "DUE", "EXDATE", "RDATE", "RECURRENCE-ID",
    "COMPLETED", "RRULE", "EXRULE", NULL
};

/** A canonical line, "TEL;HOME:123", cut into its parts. */
typedef struct odd_t {
    item_span_t name, types, value;
} odd_t;

static odd_t cut_line(item_span_t line)
{
    const char *end = line.s + line.len, *s = line.s;
    odd_t odd;

    while (s < end && *s != ';' && *s != ':')
        s++;
    odd.name.s = line.s;
    odd.name.len = (apr_size_t)(s - line.s);
    odd.types.s = s;
    while (s < end && *s != ':')
        s++;
    odd.types.len = (apr_size_t)(s - odd.types.s);
    odd.value.s = s < end ? s + 1 : s;
    odd.value.len = (apr_size_t)(end - odd.value.s);
    return odd;
}

static int same_span(item_span_t a, item_span_t b)
{
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

static int compare_spans(item_span_t a, item_span_t b)
{
    apr_size_t len = a.len < b.len ? a.len : b.len;
    int c = memcmp(a.s, b.s, len);

    return c ? c : (a.len > b.len) - (a.len < b.len);
}

static int is_among(const char *const *names, item_span_t name)
{
    while (*names && !item_span_is(name, *names))
        names++;
    return *names != NULL;
}

/** Non-zero if one is the other, cut short or empty. */
static int is_cut(item_span_t a, item_span_t b)
{
    apr_size_t len = a.len < b.len ? a.len : b.len;

    return !len || !memcmp(a.s, b.s, len);
}

/** Component by component; with a last one that goes on beyond the other's
 * end, as phones write what they have no field for. */
static int is_cut_struct(item_span_t a, item_span_t b)
{
    const char *ends[2];
    item_span_t part[2];
    int i;

    while (a.len && b.len) {
        item_span_t *side[2] = { &a, &b };

        for (i = 0; i < 2; i++) {
            ends[i] = memchr(side[i]->s, ITEM_SEP, side[i]->len);
            part[i] = *side[i];
            if (ends[i])
                part[i].len = (apr_size_t)(ends[i] - side[i]->s);
            side[i]->s += part[i].len + (ends[i] != NULL);
            side[i]->len -= part[i].len + (ends[i] != NULL);
        }
        if (!is_cut(part[0], part[1]))
            return 0;
    }
    return 1;
}

/** Non-zero if one line may be the other's poorer copy. */
static int may_be_same(const odd_t *a, const odd_t *b)
{
    if (!same_span(a->types, b->types) && a->types.len && b->types.len)
        return 0;
    return same_span(a->value, b->value)
           || (is_among(texts, a->name) && is_cut_struct(a->value, b->value));
}

/* ---- one property -------------------------------------------------------- */

/** The lines of one property that one side has and the other has not. */
typedef struct odds_t {
    odd_t list[2][MAX_ODD];
    int n[2];                   /* may be more than are in the list */
} odds_t;

static void note_odd(odds_t *odds, int side, const odd_t *odd)
{
    if (odds->n[side] < MAX_ODD)
        odds->list[side][odds->n[side]] = *odd;
    odds->n[side]++;
}

/** Non-zero if what each side has alone contradicts the other. */
static int contradict(odds_t *odds)
{
    int i, j, left = odds->n[0];

    if (!odds->n[0] || !odds->n[1])
        return 0;
    if (odds->n[0] > MAX_ODD || odds->n[1] > MAX_ODD)
        return 1;
    for (i = 0; i < odds->n[0] && odds->n[1]; i++) {
        for (j = 0; j < odds->n[1]; j++)
            if (may_be_same(&odds->list[0][i], &odds->list[1][j]))
                break;
        if (j < odds->n[1]) {
            odds->list[1][j] = odds->list[1][--odds->n[1]];
            left--;
        }
    }
    return left && odds->n[1];
}

typedef struct lines_t {
    const apr_array_header_t *spans;
    int at;
} lines_t;

/** The next line that is no repetition of the one before. */
static int peek(lines_t *l, item_span_t *line)
{
    while (l->at > 0 && l->at < l->spans->nelts
           && same_span(APR_ARRAY_IDX(l->spans, l->at - 1, item_span_t),
                        APR_ARRAY_IDX(l->spans, l->at, item_span_t)))
        l->at++;
    if (l->at == l->spans->nelts)
        return 0;
    *line = APR_ARRAY_IDX(l->spans, l->at, item_span_t);
    return 1;
}

/** Walk through both sides' lines. @return non-zero: they contradict
 * @param skip  properties that are not looked at, NULL for none */
static int lines_contradict(const item_comp_t *a, const item_comp_t *b,
                            const char *const *skip, const char *also)
{
    lines_t side[2] = { { a->spans, 0 }, { b->spans, 0 } };
    item_span_t line[2], name = { "", 0 };
    int have[2], c, pick, bad = 0;
    odds_t odds;
    odd_t odd;

    odds.n[0] = odds.n[1] = 0;
    for (;;) {
        have[0] = peek(&side[0], &line[0]);
        have[1] = peek(&side[1], &line[1]);
        if (!have[0] && !have[1])
            return bad || contradict(&odds);
        c = !have[0] ? 1 : !have[1] ? -1 : compare_spans(line[0], line[1]);
        pick = c > 0;
        odd = cut_line(line[pick]);
        if (!same_span(odd.name, name)) {
            if (contradict(&odds))
                return 1;
            odds.n[0] = odds.n[1] = 0;
            name = odd.name;
        }
        side[pick].at++;
        if (!c)
            side[1].at++;
        else if (!(skip && is_among(skip, name))
                 && !(also && item_span_is(name, also)))
            note_odd(&odds, pick, &odd);
    }
}

/* ---- contacts ------------------------------------------------------------ */

/** How many words of a are in b, each taken once, whole or cut. */
static int words_in(const item_span_t *a, int na, const item_span_t *b,
                    int nb, int cut)
{
    char taken[MAX_WORDS];
    int i, j, found = 0;

    memset(taken, 0, sizeof(taken));
    for (i = 0; i < na; i++) {
        for (j = 0; j < nb; j++)
            if (!taken[j]
                && (same_span(a[i], b[j])
                    || (cut && a[i].len >= MIN_CUT && b[j].len >= MIN_CUT
                        && is_cut(a[i], b[j]))))
                break;
        if (j < nb) {
            taken[j] = 1;
            found++;
        }
    }
    return found;
}

/** @param whole  out: no word is missing or cut */
static int same_name(const item_comp_t *a, const item_comp_t *b, int *whole,
                     apr_pool_t *p)
{
    item_span_t wa[MAX_WORDS], wb[MAX_WORDS];
    int na = item_near_name(a, wa, MAX_WORDS, p);
    int nb = item_near_name(b, wb, MAX_WORDS, p);
    int few = na < nb ? na : nb, many = na < nb ? nb : na;

    *whole = na == nb && words_in(wa, na, wb, nb, 0) == na;
    if (!few)
        return -(many == 0);    /* nothing to go by: others decide */
    if (few == 1 && many > 1)
        return 0;
    return words_in(na < nb ? wa : wb, few, na < nb ? wb : wa, many, 1)
           == few;
}

static int same_card(const item_comp_t *a, const item_comp_t *b, int *whole,
                     apr_pool_t *p)
{
    item_buf_t ta = { NULL, NULL, 0, 0 }, tb = { NULL, NULL, 0, 0 };
    item_norm_t na, nb;
    int same = same_name(a, b, whole, p);
    item_span_t sa, sb;

    if (same >= 0)
        return same;
    *whole = 0;
    ta.p = tb.p = p;
    if (a->email.len && b->email.len) {
        item_value_lower(&ta, a->email);
        item_value_lower(&tb, b->email);
        return ta.len == tb.len && !memcmp(ta.s, tb.s, ta.len);
    }
    memset(&na, 0, sizeof(na));
    memset(&nb, 0, sizeof(nb));
    na.comps = apr_array_make(p, 1, sizeof(item_comp_t *));
    nb.comps = apr_array_make(p, 1, sizeof(item_comp_t *));
    APR_ARRAY_PUSH(na.comps, const item_comp_t *) = a;
    APR_ARRAY_PUSH(nb.comps, const item_comp_t *) = b;
    sa = item_near(&na, p);
    sb = item_near(&nb, p);
    return sa.len && same_span(sa, sb);
}

/* ---- events and tasks ---------------------------------------------------- */

static int same_subject(const item_comp_t *a, const item_comp_t *b,
                        apr_pool_t *p)
{
    const item_comp_t *c[2] = { a, b };
    item_buf_t text[2];
    apr_size_t len;
    int i;

    for (i = 0; i < 2; i++) {
        const item_buf_t *t = c[i]->summary.len ? &c[i]->summary
                                                : &c[i]->description;
        item_span_t span;

        span.s = t->len ? t->s : "";
        span.len = t->len;
        if (!span.len)
            span = c[i]->place;
        memset(&text[i], 0, sizeof(text[i]));
        text[i].p = p;
        item_near_text(&text[i], span, 0);
    }
    len = text[0].len < text[1].len ? text[0].len : text[1].len;
    if (!len)
        return text[0].len == text[1].len;
    return !memcmp(text[0].s, text[1].s, len);
}

/** Non-zero if both may be the same moment on different clocks. */
static int may_be_when(const item_time_t *a, const item_time_t *b)
{
    apr_int64_t diff = a->secs - b->secs;

    return diff % QUARTER == 0 && diff <= SLACK && diff >= -SLACK;
}

/** @param clocks  out: they are written on different clocks */
static int same_start(const item_comp_t *a, const item_comp_t *b,
                      int *clocks)
{
    item_time_t ta = item_comp_time(a, &a->start);
    item_time_t tb = item_comp_time(b, &b->start);
    apr_int64_t day_a, day_b;

    *clocks = 0;
    if (a->start.kind == ITEM_TIME_NONE || b->start.kind == ITEM_TIME_NONE)
        return a->start.kind == b->start.kind || a->kind != ITEM_VEVENT;
    if (item_time_same_clock(&a->start, &b->start))
        return a->start.secs == b->start.secs || a->kind == ITEM_VTODO;
    *clocks = 1;
    if (ta.kind == ITEM_TIME_UTC && tb.kind == ITEM_TIME_UTC)
        return ta.secs == tb.secs || a->kind == ITEM_VTODO;
    if (item_when_days(a, &day_a) && item_when_days(b, &day_b))
        return day_a == day_b;
    if (a->start.kind == ITEM_TIME_DATE || b->start.kind == ITEM_TIME_DATE)
        return a->kind == ITEM_VTODO;
    return may_be_when(&a->start, &b->start) || a->kind == ITEM_VTODO;
}

static apr_int64_t length_of(const item_comp_t *comp)
{
    if (comp->end.kind == ITEM_TIME_NONE
        || !item_time_same_clock(&comp->start, &comp->end))
        return comp->start.kind == ITEM_TIME_DATE ? DAY : 0;
    return comp->end.secs - comp->start.secs;
}

/** Two times that cannot be the same, as far as their zones are known. */
static int times_differ(const item_comp_t *a, const item_time_t *ta,
                        const item_comp_t *b, const item_time_t *tb)
{
    item_time_t ua = item_comp_time(a, ta), ub = item_comp_time(b, tb);

    if (ta->kind == ITEM_TIME_NONE || tb->kind == ITEM_TIME_NONE)
        return 0;
    if (ua.kind == ITEM_TIME_UTC && ub.kind == ITEM_TIME_UTC)
        return ua.secs != ub.secs;
    return !may_be_when(ta, tb);
}

/** Times of the same start on different clocks. */
static int times_contradict(const item_comp_t *a, const item_comp_t *b)
{
    apr_int64_t day;

    if (a->kind == ITEM_VTODO) {
        return times_differ(a, &a->start, b, &b->start)
               || times_differ(a, &a->end, b, &b->end);
    }
    return length_of(a) != length_of(b)
           || item_when_days(a, &day) != item_when_days(b, &day)
           || (a->rules->nelts && b->rules->nelts
               && a->rules->nelts != b->rules->nelts);
}

static int is_done(const item_comp_t *comp)
{
    return comp->kind == ITEM_VTODO && (comp->completed || comp->percent_full
                                        || comp->done.kind != ITEM_TIME_NONE);
}

/** Non-zero if both have overrides, and neither has all of the other's. */
static int overrides_contradict(const item_norm_t *a, const item_norm_t *b)
{
    return a->comps->nelts > 1 && b->comps->nelts > 1
           && (a->canon.len != b->canon.len
               || memcmp(a->canon.s, b->canon.s, a->canon.len));
}

static item_likeness_e calendar_likeness(const item_norm_t *na,
                                         const item_norm_t *nb, int same_uid,
                                         apr_pool_t *p)
{
    const item_comp_t *a = item_norm_main(na), *b = item_norm_main(nb);
    int subject = same_subject(a, b, p), clocks, start;

    start = same_start(a, b, &clocks);
    if (!same_uid && (!subject || !start))
        return ITEM_DIFFERENT;
    if (!subject || !start || is_done(a) != is_done(b)
        || (clocks && times_contradict(a, b)) || overrides_contradict(na, nb)
        || lines_contradict(a, b, clocks ? times : NULL, NULL))
        return ITEM_RELATED;
    return ITEM_NEAR;
}

/* ---- all kinds ----------------------------------------------------------- */

static item_likeness_e text_likeness(const item_norm_t *a,
                                     const item_norm_t *b, apr_pool_t *p)
{
    item_span_t na = item_near(a, p), nb = item_near(b, p);

    if (!a->canon.len || !b->canon.len)
        return ITEM_DIFFERENT;
    if (!na.len || !same_span(na, nb))
        return ITEM_DIFFERENT;
    return is_cut(a->canon, b->canon) ? ITEM_NEAR : ITEM_RELATED;
}

/** A note as a text, and as a VJOURNAL, which may say more. */
static item_likeness_e note_likeness(const item_norm_t *text,
                                     const char *journal, apr_size_t len,
                                     apr_pool_t *p)
{
    item_text_t as_text;
    item_norm_t norm;

    if (item_note_text(&as_text, journal, len, p) != APR_SUCCESS
        || item_normalise(&norm, "text/plain", as_text.data, as_text.len, p)
           != APR_SUCCESS)
        return ITEM_DIFFERENT;
    if (text->canon.len && same_span(text->canon, norm.canon))
        return ITEM_NEAR;
    return text_likeness(text, &norm, p);
}

static item_likeness_e card_likeness(const item_norm_t *na,
                                     const item_norm_t *nb, int same_uid,
                                     apr_pool_t *p)
{
    const item_comp_t *a = item_norm_main(na), *b = item_norm_main(nb);
    int whole, same = same_card(a, b, &whole, p);

    if (!same)
        return same_uid ? ITEM_RELATED : ITEM_DIFFERENT;
    return lines_contradict(a, b, NULL, whole ? "N" : NULL) ? ITEM_RELATED
                                                            : ITEM_NEAR;
}

item_likeness_e item_likeness(const char *type_a, const char *a,
                              apr_size_t len_a, const char *type_b,
                              const char *b, apr_size_t len_b,
                              apr_pool_t *p)
{
    apr_status_t rva, rvb;
    item_norm_t na, nb;
    int same_uid;

    rva = item_normalise(&na, type_a, a, len_a, p);
    rvb = item_normalise(&nb, type_b, b, len_b, p);
    if (rva != APR_SUCCESS || rvb != APR_SUCCESS)
        return len_a == len_b && (!len_a || !memcmp(a, b, len_a))
               ? ITEM_EQUAL : ITEM_DIFFERENT;
    if (na.kind == ITEM_TEXT && nb.kind == ITEM_VJOURNAL)
        return note_likeness(&na, b, len_b, p);
    if (na.kind == ITEM_VJOURNAL && nb.kind == ITEM_TEXT)
        return note_likeness(&nb, a, len_a, p);
    if (na.kind != nb.kind)
        return ITEM_DIFFERENT;
    if (same_span(na.canon, nb.canon))
        return ITEM_EQUAL;
    same_uid = na.uid.len && same_span(na.uid, nb.uid);
    if (na.kind == ITEM_TEXT)
        return text_likeness(&na, &nb, p);
    if (item_is_object(na.kind))
        return item_object_likeness(na.kind, a, len_a, b, len_b, p);
    return na.kind == ITEM_VCARD30
           ? card_likeness(&na, &nb, same_uid, p)
           : calendar_likeness(&na, &nb, same_uid, p);
}
