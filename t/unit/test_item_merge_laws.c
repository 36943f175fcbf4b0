/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Merging items: laws that hold whatever the items are. Random items, random
 * edits on two copies; a failure prints the seed, and
 *   build/t/test_item_merge_laws SEED ROUNDS
 * plays it again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_merge.h"

#define MAX_PROPS  40
#define ROUNDS     4000

static apr_pool_t *pool;
static unsigned long seed = 1, round_seed, rounds = ROUNDS;
static apr_uint64_t state64;

static unsigned any(unsigned n)
{
    state64 = state64 * APR_UINT64_C(6364136223846793005)
              + APR_UINT64_C(1442695040888963407);
    return (unsigned)(state64 >> 33) % n;
}

/* ---- random items --------------------------------------------------------- */

/** A property whose value is one of a few, so that edits meet. */
typedef struct kind_t {
    const char *before;         /* what stands before the value's number */
    const char *after;
    int unit;                   /* what is merged as one */
    int many;                   /* may stand more than once */
} kind_t;

static const kind_t card_kinds[] = {
    { "N:Miller", ";Anna", 0, 0 },
    { "TEL;TYPE=HOME:+49 30 1", "", 1, 1 },
    { "TEL:0", "", 1, 1 },
    { "EMAIL:a", "@example.org", 2, 1 },
    { "TITLE:Head of ", "", 3, 0 },
    { "NOTE:one\\ntwo ", "\\nthree", 4, 0 },
    { "ORG:Acme;Dept ", "", 5, 0 },
    { "X-FOO:bar", "", 6, 1 },
    { "ADR;TYPE=WORK:;;Street ", ";Town;;1;X", 7, 1 },
    { "URL:http://x/", "", 8, 1 },
    { "BDAY:2000-01-0", "", 9, 0 },
    { "CATEGORIES:a,b,c", ",d", 10, 0 },
    { "PHOTO;ENCODING=b;TYPE=JPEG:AAAA", "AAAA", 11, 0 },
    { "item1.IMPP:sip:x", "", 12, 0 },
    { NULL, NULL, 0, 0 }
};

static const kind_t event_kinds[] = {
    { "SUMMARY:Meeting ", "", 0, 0 },
    { "DTSTART:2020010", "T100000Z", 1, 0 },
    { "DESCRIPTION:line\\nnumber ", "\\nand more", 2, 0 },
    { "LOCATION:Room ", "", 3, 0 },
    { "ATTENDEE;CN=A:mailto:a", "@x", 4, 1 },
    { "EXDATE:2020020", "T100000Z,20200301T100000Z", 1, 0 },
    { "CATEGORIES:x,y", "", 6, 0 },
    { "PRIORITY:", "", 7, 0 },
    { "X-BAR;P=1:", "", 8, 1 },
    { "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT", "M\r\nEND:VALARM", 9,
      1 },
    { "COMMENT:c", "", 10, 1 },
    { NULL, NULL, 0, 0 }
};

typedef struct prop_t {
    const kind_t *kind;
    unsigned value;
} prop_t;

typedef struct thing_t {
    const kind_t *kinds;
    int nkinds, n;
    prop_t props[MAX_PROPS];
} thing_t;

static int has(const thing_t *t, const kind_t *kind, int value)
{
    int i;

    for (i = 0; i < t->n; i++)
        if (t->props[i].kind == kind
            && (value < 0 || t->props[i].value == (unsigned)value))
            return 1;
    return 0;
}

static void add_prop(thing_t *t, const kind_t *kind, unsigned value)
{
    if (t->n == MAX_PROPS || has(t, kind, kind->many ? (int)value : -1))
        return;
    t->props[t->n].kind = kind;
    t->props[t->n++].value = value;
}

static thing_t make_thing(void)
{
    thing_t t;
    unsigned i, n = any(12);

    memset(&t, 0, sizeof(t));
    t.kinds = any(2) ? card_kinds : event_kinds;
    while (t.kinds[t.nkinds].before)
        t.nkinds++;
    add_prop(&t, &t.kinds[0], 1);
    if (t.kinds == event_kinds)
        add_prop(&t, &t.kinds[1], 1);
    for (i = 0; i < n; i++)
        add_prop(&t, &t.kinds[any((unsigned)t.nkinds)], 1 + any(3));
    return t;
}

static int allowed(const kind_t *kind, unsigned units)
{
    return (units >> kind->unit) & 1;
}

/** Change, add or remove a few properties of the given units. */
static void edit(thing_t *t, unsigned units)
{
    unsigned i, n = 1 + any(3), at;
    const kind_t *kind;

    for (i = 0; i < n; i++) {
        kind = &t->kinds[any((unsigned)t->nkinds)];
        at = t->n ? any((unsigned)t->n) : 0;
        switch (any(3)) {
        case 0:
            if (allowed(kind, units))
                add_prop(t, kind, 1 + any(5));
            break;
        case 1:
            /* Name and start stay: an alarm is nothing without one. */
            if (t->n && allowed(t->props[at].kind, units)
                && t->props[at].kind > t->kinds + 1)
                t->props[at] = t->props[--t->n];
            break;
        default:
            if (t->n && allowed(t->props[at].kind, units)) {
                unsigned value = 1 + any(5);

                if (!has(t, t->props[at].kind, (int)value))
                    t->props[at].value = value;
            }
        }
    }
}

/** Write it down. @param odd  as a phone might: another order, other
 * names' case, folding and line ends, parameters without meaning */
static char *text_of(const thing_t *t, int odd)
{
    int event = t->kinds == event_kinds, i;
    apr_array_header_t *parts = apr_array_make(pool, 16, sizeof(char *));
    char *text, *c;

    APR_ARRAY_PUSH(parts, const char *)
        = event ? "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
                  "UID:u\r\n" : "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:u\r\n";
    for (i = 0; i < t->n; i++) {
        const prop_t *p = &t->props[odd ? t->n - 1 - i : i];
        const char *before = p->kind->before;

        if (odd && !strncmp(before, "TEL:", 4))
            before = "tel;TYPE=VOICE,PREF:0";
        if (odd && !strncmp(before, "NOTE:", 5))
            before = "NOTE;X-P=1:on\r\n e\\ntwo ";
        APR_ARRAY_PUSH(parts, const char *)
            = apr_psprintf(pool, "%s%u%s\r\n", before, p->value,
                           p->kind->after);
    }
    APR_ARRAY_PUSH(parts, const char *)
        = event ? "END:VEVENT\r\nEND:VCALENDAR\r\n" : "END:VCARD\r\n";
    text = apr_array_pstrcat(pool, parts, 0);
    if (odd)
        for (c = text; *c; c++)
            if (*c == '\r')
                memmove(c, c + 1, strlen(c));
    return text;
}

/* ---- merging -------------------------------------------------------------- */

#define LAW(x)  do { \
        if (!(x)) \
            fail_msg("seed %lu: %s\n-- base\n%s-- ours\n%s-- theirs\n%s" \
                     "-- result\n%s", round_seed, #x, shown[0], shown[1], \
                     shown[2], shown[3]); \
    } while (0)

static const char *shown[4];

static item_merge_t merge(const char *base, const char *ours,
                          const char *theirs, int prefer)
{
    item_text_t b, o, t;
    item_keys_t keys;
    item_merge_t m;

    b.data = base ? base : "";
    b.len = strlen(b.data);
    o.data = ours;
    o.len = strlen(ours);
    t.data = theirs;
    t.len = strlen(theirs);
    shown[0] = base;
    shown[1] = ours;
    shown[2] = theirs;
    shown[3] = "none";
    LAW(item_merge(&m, NULL, base ? &b : NULL, &o, &t, prefer, pool)
        == APR_SUCCESS);
    m.text = apr_pstrmemdup(pool, m.text, m.len);
    shown[3] = m.text;
    LAW(item_keys(&keys, NULL, m.text, m.len, pool) == APR_SUCCESS);
    return m;
}

static int equal(const char *a, const char *b)
{
    return item_equal(NULL, a, strlen(a), NULL, b, strlen(b), pool);
}

static int count(const char *text, const char *word)
{
    int n = 0;

    for (text = strstr(text, word); text; text = strstr(text + 1, word))
        n++;
    return n;
}

static void check_three_way(const char *base, const char *ours,
                            const char *theirs, const char *odd)
{
    item_merge_t m;
    const char *one;
    int prefer;

    m = merge(base, ours, ours, any(4));
    LAW(m.is_ours && m.is_theirs && !m.clashes->nelts);
    m = merge(base, ours, base, any(2));
    LAW(m.is_ours && !m.clashes->nelts);
    m = merge(base, base, theirs, any(2));
    LAW(!m.clashes->nelts);
    LAW(equal(m.text, theirs));
    /* What is only written differently is no change. */
    m = merge(base, ours, odd, any(4));
    LAW(m.is_ours && !m.clashes->nelts);
    /* Sides change places with the preference. */
    prefer = (int)any(2);
    one = merge(base, ours, theirs, prefer).text;
    m = merge(base, theirs, ours, !prefer);
    LAW(equal(one, m.text));
    /* What was merged in is no change. */
    m = merge(base, one, theirs, ITEM_PREFER_OURS);
    LAW(m.is_ours);
    m = merge(base, one, ours, ITEM_PREFER_OURS);
    LAW(m.is_ours);
    LAW(count(one, "\nUID:") == 1 && count(one, "\nVERSION:") == 1);
}

static void check_two_way(const char *ours, const char *theirs)
{
    int prefer = (int)any(2);
    const char *one = merge(NULL, ours, theirs, prefer).text;
    item_merge_t m;

    /* It has all that either has. */
    m = merge(NULL, one, prefer ? theirs : ours, ITEM_PREFER_OURS);
    LAW(m.is_ours && !m.clashes->nelts);
    m = merge(NULL, one, prefer ? ours : theirs, ITEM_PREFER_OURS);
    LAW(m.is_ours);
}

/** Each side edits properties that the other leaves alone. */
static void check_disjoint(thing_t base)
{
    thing_t ours = base, theirs = base, both;
    unsigned units = any(1u << 14);
    apr_uint64_t saved;
    const char *b = text_of(&base, 0);
    item_merge_t m;
    int i;

    edit(&ours, units);
    saved = state64;
    edit(&theirs, ~units);
    state64 = saved;
    /* Both: ours' units as ours has them, the others as theirs has them. */
    both = base;
    both.n = 0;
    for (i = 0; i < ours.n; i++)
        if (allowed(ours.props[i].kind, units))
            both.props[both.n++] = ours.props[i];
    for (i = 0; i < theirs.n; i++)
        if (!allowed(theirs.props[i].kind, units))
            both.props[both.n++] = theirs.props[i];
    m = merge(b, text_of(&ours, 0), text_of(&theirs, (int)any(2)),
              (int)any(2));
    LAW(!m.clashes->nelts);
    LAW(equal(m.text, text_of(&both, 0)));
    for (i = 0; i < both.n; i++)
        if (!strncmp(both.props[i].kind->before, "X-", 2))
            LAW(count(m.text, apr_psprintf(pool, "%s%u",
                                           both.props[i].kind->before,
                                           both.props[i].value)));
}

static void laws_hold(void **state)
{
    thing_t base, ours, theirs;
    unsigned long i;

    (void)state;
    for (i = 0; i < rounds; i++) {
        round_seed = seed + i;
        state64 = round_seed * APR_UINT64_C(0x9e3779b97f4a7c15);
        assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
        base = ours = theirs = make_thing();
        edit(&ours, ~0u);
        edit(&theirs, ~0u);
        check_three_way(text_of(&base, 0), text_of(&ours, 0),
                        text_of(&theirs, (int)any(2)), text_of(&base, 1));
        check_two_way(text_of(&ours, 0), text_of(&theirs, (int)any(2)));
        check_disjoint(base);
        apr_pool_destroy(pool);
    }
}

/* ---- texts ---------------------------------------------------------------- */

static char *make_lines(unsigned n)
{
    char *text = apr_pcalloc(pool, 8 * n + 8), *w = text;

    while (n--)
        w += apr_snprintf(w, 8, "%c%c\n", 'a' + any(6), 'a' + any(4));
    return text;
}

/** Replace, drop or put in a line here and there. */
static char *edit_lines(const char *text)
{
    char *out = apr_pcalloc(pool, 3 * strlen(text) + 16), *w = out;

    for (; *text; text += 3) {
        unsigned what = any(12);

        if (what == 0)
            continue;
        if (what == 1)
            w += apr_snprintf(w, 8, "%c%c\n", 'A' + any(6), 'A' + any(6));
        memcpy(w, text, 3);
        if (what == 2)
            *w = (char)('A' + any(6));
        w += 3;
    }
    return out;
}

static void laws_hold_for_texts(void **state)
{
    unsigned long i;

    (void)state;
    for (i = 0; i < rounds; i++) {
        const char *base, *ours, *theirs, *one;
        item_merge_t m;
        int prefer;

        round_seed = seed + i;
        state64 = round_seed * APR_UINT64_C(0x9e3779b97f4a7c15);
        assert_int_equal(apr_pool_create(&pool, NULL), APR_SUCCESS);
        base = make_lines(any(30));
        ours = edit_lines(base);
        theirs = edit_lines(base);
        prefer = (int)any(2);
        m = merge(base, ours, base, prefer);
        LAW(m.is_ours);
        m = merge(base, base, theirs, prefer);
        LAW(equal(m.text, theirs));
        m = merge(base, ours, ours, prefer);
        LAW(m.is_ours && m.is_theirs);
        one = merge(base, ours, theirs, prefer).text;
        m = merge(base, theirs, ours, !prefer);
        LAW(equal(one, m.text));
        one = merge(NULL, ours, theirs, prefer).text;
        m = merge(NULL, one, one, prefer);
        LAW(m.is_ours);
        apr_pool_destroy(pool);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laws_hold), cmocka_unit_test(laws_hold_for_texts)
    };
    int rv;

    if (argc > 1)
        seed = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        rounds = strtoul(argv[2], NULL, 10);
    apr_initialize();
    rv = cmocka_run_group_tests_name("item merge laws", tests, NULL, NULL);
    apr_terminate();
    return rv;
}
