/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Changed occurrences taken out of a series and put back.  The last test is of
 * random series; a failure prints the seed, and
 *   build/t/test_item_occurrence SEED ROUNDS
 * plays it again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_occurrence.h"

#define HEAD   "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define TAIL   "END:VCALENDAR\r\n"
#define BEGIN  "BEGIN:VEVENT\r\n"
#define END    "END:VEVENT\r\n"
#define BERLIN ";TZID=Europe/Berlin:"
#define MASTER "UID:s@x\r\nDTSTART" BERLIN "20260706T100000\r\n" \
    "RRULE:FREQ=WEEKLY\r\nSUMMARY:A\r\n"
#define ALARM  "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
#define ONE    BEGIN "UID:s@x\r\nRECURRENCE-ID" BERLIN "20260720T100000\r\n" \
    "DTSTART" BERLIN "20260721T120000\r\nSUMMARY:One\r\n" ALARM END
#define TWO    BEGIN "SUMMARY:Two\r\nRECURRENCE-ID:20260727T080000Z\r\n" \
    "DTSTART:20260727T100000Z\r\nUID:s@x\r\n" END
#define SERIES BEGIN MASTER END
#define WHOLE  HEAD SERIES ONE TWO TAIL
#define ONE_ID "20260720T080000Z"
#define TWO_ID "20260727T080000Z"
#define ZONE(name) "BEGIN:VTIMEZONE\r\nTZID:" name "\r\nBEGIN:STANDARD\r\n" \
    "DTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\n" \
    "TZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
#define IN(zone, id) BEGIN "UID:s@x\r\nRECURRENCE-ID;TZID=" zone ":" id \
    "\r\nDTSTART;TZID=" zone ":20260721T120000\r\nSUMMARY:In\r\n" END

static apr_pool_t *pool;
static unsigned long seed = 1, round_seed, rounds = 2000;

static item_text_t text_of(const char *s)
{
    item_text_t text = { s, strlen(s) };

    return text;
}

static int setup(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL);
}

static int teardown(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

/** The text with one thing in the place of another, wherever it stands. */
static const char *with(const char *s, const char *a, const char *b)
{
    const char *out = "", *at;

    assert_non_null(strstr(s, a));
    for (; (at = strstr(s, a)) != NULL; s = at + strlen(a))
        out = apr_pstrcat(pool, out, apr_pstrmemdup(pool, s,
                          (apr_size_t)(at - s)), b, NULL);
    return apr_pstrcat(pool, out, s, NULL);
}

static const char *lf(const char *s)
{
    return with(s, "\r\n", "\n");
}

static apr_array_header_t *list_of(const char *series)
{
    item_text_t text = text_of(series);

    return item_occurrences(&text, pool);
}

/* What a failure in the random series prints. */
#define LAW(x) \
    do { \
        if (!(x)) \
            fail_msg("seed %lu: %s", round_seed, #x); \
    } while (0)

static const item_occurrence_t *at(const apr_array_header_t *list, int i)
{
    return &APR_ARRAY_IDX(list, i, item_occurrence_t);
}

static const char *out_of(const item_text_t *text)
{
    assert_int_equal(text->len, strlen(text->data));
    return text->data;
}

static void is_list(const char *series, const char *ids)
{
    apr_array_header_t *list = list_of(series);
    const char *found = "";
    int i;

    for (i = 0; i < list->nelts; i++) {
        const item_occurrence_t *one = at(list, i);

        assert_string_equal(item_occurrence_id(&one->text, pool), one->id);
        found = apr_pstrcat(pool, found, i ? " " : "", one->id, NULL);
    }
    assert_string_equal(found, ids);
}

static const char *put(const char *series, const char *id, const char *event)
{
    item_text_t whole = text_of(series), text = text_of(event), out;

    assert_int_equal(item_occurrence_put(&whole, id, &text, &out, pool),
                     APR_SUCCESS);
    return out_of(&out);
}

static void is_not_put(apr_status_t rv, const char *series, const char *id,
                       const char *event)
{
    item_text_t whole = text_of(series), text = text_of(event), out;

    assert_int_equal(item_occurrence_put(&whole, id, &text, &out, pool), rv);
}

static const char *drop(const char *series, const char *id)
{
    item_text_t whole = text_of(series), out;

    assert_int_equal(item_occurrence_drop(&whole, id, &out, pool),
                     APR_SUCCESS);
    return out_of(&out);
}

static void is_not_dropped(apr_status_t rv, const char *series,
                           const char *id)
{
    item_text_t whole = text_of(series), out;

    assert_int_equal(item_occurrence_drop(&whole, id, &out, pool), rv);
}

/** What is put in that was taken out changes nothing. */
static void comes_back(const char *series)
{
    apr_array_header_t *list = list_of(series);
    int i;

    assert_true(list->nelts > 0);
    for (i = list->nelts - 1; i >= 0; i--)
        assert_string_equal(put(series, at(list, i)->id,
                                at(list, i)->text.data), series);
}

static void each_is_a_calendar(void **state)
{
    apr_array_header_t *list = list_of(WHOLE);

    (void)state;
    is_list(WHOLE, ONE_ID " " TWO_ID);
    assert_string_equal(out_of(&at(list, 0)->text), HEAD ONE TAIL);
    assert_string_equal(out_of(&at(list, 1)->text), HEAD TWO TAIL);
    comes_back(WHOLE);
}

static void order_is_that_of_the_text(void **state)
{
    (void)state;
    is_list(HEAD TWO SERIES ONE TAIL, TWO_ID " " ONE_ID);
    comes_back(HEAD TWO SERIES ONE TAIL);
    comes_back(HEAD ONE TWO SERIES TAIL);
}

static void lines_keep_their_ends(void **state)
{
    const char *mixed = with(WHOLE, "SUMMARY:One\r\n", "SUMMARY:One\n");

    (void)state;
    comes_back(lf(WHOLE));
    comes_back(mixed);
    assert_string_equal(list_of(lf(WHOLE))->nelts
                        ? at(list_of(lf(WHOLE)), 0)->text.data : "",
                        lf(HEAD ONE TAIL));
    /* Those of others become the series'. */
    assert_string_equal(put(WHOLE, ONE_ID, lf(HEAD ONE TAIL)), WHOLE);
    assert_string_equal(put(lf(WHOLE), TWO_ID, HEAD TWO TAIL), lf(WHOLE));
    assert_string_equal(put(lf(HEAD SERIES TAIL), ONE_ID, HEAD ONE TAIL),
                        lf(HEAD SERIES ONE TAIL));
    comes_back(apr_pstrmemdup(pool, WHOLE, strlen(WHOLE) - 2));
    comes_back(WHOLE "\r\n\r\n");
}

static void folded_lines_stay(void **state)
{
    const char *folded = with(WHOLE, "SUMMARY:One", "SUM\r\n MARY:O\r\n\tne");

    (void)state;
    folded = with(folded, "20260727T080000Z", "2026\r\n 0727T0\r\n 80000Z");
    is_list(folded, ONE_ID " " TWO_ID);
    comes_back(folded);
    comes_back(with(HEAD SERIES TWO TAIL, "CE-ID:", "CE\r\n -ID:"));
    is_list(drop(folded, TWO_ID), ONE_ID);
}

static void days_are_days(void **state)
{
    const char *days = with(HEAD SERIES TWO TAIL, "DTSTART" BERLIN
                            "20260706T100000", "DTSTART;VALUE=DATE:20260706");

    (void)state;
    days = with(days, "ID:20260727T080000Z", "ID;VALUE=DATE:20260727");
    is_list(days, "20260727");
    comes_back(days);
    assert_non_null(strstr(drop(days, "20260727"), "SUMMARY:A\r\n"
                           "EXDATE;VALUE=DATE:20260727\r\nEND:VEVENT"));
}

static void only_what_is_one(void **state)
{
    const char *ranged = with(ONE, "ID;", "ID;RANGE=THISANDFUTURE;");

    (void)state;
    is_list(HEAD SERIES TAIL, "");
    is_list(HEAD ONE TWO TAIL, "");
    is_list(with(WHOLE, "UID:s@x\r\n", ""), "");
    is_list(with(WHOLE, "VEVENT", "VJOURNAL"), "");
    is_list(with(WHOLE, "20260727T080000Z", "sometime"), ONE_ID);
    is_list(apr_pstrcat(pool, HEAD SERIES, ranged, TWO TAIL, NULL), TWO_ID);
    is_not_dropped(APR_NOTFOUND, apr_pstrcat(pool, HEAD SERIES, ranged, TWO
                                             TAIL, NULL), ONE_ID);
    is_not_put(APR_NOTFOUND, HEAD SERIES TAIL, ONE_ID,
               apr_pstrcat(pool, HEAD, ranged, TAIL, NULL));
    is_not_put(APR_NOTFOUND, HEAD ONE TAIL, ONE_ID, HEAD ONE TAIL);
    is_not_put(APR_NOTFOUND, with(HEAD SERIES TAIL, "UID:s@x\r\n", ""),
               ONE_ID, HEAD ONE TAIL);
    is_not_put(APR_NOTFOUND, WHOLE, ONE_ID, WHOLE);
    is_not_put(APR_NOTFOUND, WHOLE, "20260803T080000Z", HEAD SERIES TAIL);
    is_not_dropped(APR_NOTFOUND, WHOLE, "20260803T080000Z");
    is_not_dropped(APR_NOTFOUND, HEAD ONE TAIL, ONE_ID);
}

static void other_series_are_let_alone(void **state)
{
    const char *other = with(ONE, "s@x", "t@x");
    const char *both = apr_pstrcat(pool, HEAD, other, SERIES ONE TAIL, NULL);

    (void)state;
    is_list(both, ONE_ID);
    comes_back(both);
    assert_non_null(strstr(drop(both, ONE_ID), other));
    assert_non_null(strstr(put(both, ONE_ID, with(HEAD ONE TAIL, "One",
                                                  "New")), other));
}

static void twice_is_once(void **state)
{
    const char *series = apr_pstrcat(pool, HEAD SERIES ONE TWO,
                                     with(ONE, BERLIN "20260720T10",
                                          ":20260720T08"), TAIL, NULL);

    (void)state;
    series = with(series, ":20260720T080000", ":20260720T080000Z");
    is_list(series, ONE_ID " " TWO_ID);
    comes_back(series);
    is_list(drop(series, ONE_ID), TWO_ID);
}

static void no_calendar(void **state)
{
    static const char *const texts[] = {
        "", "-", "RECURRENCE-ID:20260727T080000Z", "BEGIN:VCALENDAR\r\n",
        HEAD BEGIN "RECURRENCE-ID:20260727T080000Z\r\n" TAIL,
        "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:RECURRENCE-ID\r\nEND:VCARD\r\n",
        "<appointment>RECURRENCE-ID</appointment>"
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        item_text_t text = text_of(texts[i]), good = text_of(WHOLE), out;

        is_list(texts[i], "");
        assert_null(item_occurrence_id(&text, pool));
        assert_int_not_equal(item_occurrence_drop(&text, ONE_ID, &out, pool),
                             APR_SUCCESS);
        assert_int_not_equal(item_occurrence_put(&text, ONE_ID, &good, &out,
                                                 pool), APR_SUCCESS);
        assert_int_not_equal(item_occurrence_put(&good, ONE_ID, &text, &out,
                                                 pool), APR_SUCCESS);
    }
}

static void likely_by_the_word(void **state)
{
    static const char word[] = "RECURRENCE-ID";
    apr_size_t n;

    (void)state;
    assert_true(item_occurrence_likely("RECURRENCE-ID", 13));
    assert_true(item_occurrence_likely("recurrence-id:", 14));
    assert_true(item_occurrence_likely("--RECURRENCE-ID", 15));
    assert_true(item_occurrence_likely("x-y\r\nRecurrence-Id", 18));
    assert_true(item_occurrence_likely("RECUR\r\n RENCE-\n\tI\n D", 20));
    assert_false(item_occurrence_likely("RECURRENCE_ID", 13));
    assert_false(item_occurrence_likely("ECURRENCE-ID-", 13));
    for (n = 0; n < 13; n++) {
        char *exact = malloc(n ? n : 1);

        memcpy(exact, word, n);
        assert_false(item_occurrence_likely(exact, n));
        memcpy(exact, word + 13 - n, n);
        assert_false(item_occurrence_likely(exact, n));
        free(exact);
    }
}

static void ids_are_instants(void **state)
{
    item_text_t text = text_of(HEAD ONE TAIL);

    (void)state;
    assert_string_equal(item_occurrence_id(&text, pool), ONE_ID);
    text = text_of(WHOLE);
    assert_null(item_occurrence_id(&text, pool));
    text = text_of(HEAD ONE TWO TAIL);
    assert_null(item_occurrence_id(&text, pool));
    /* Of UTC or of a zone: one and the same. */
    assert_string_equal(put(HEAD SERIES ONE TAIL, ONE_ID,
                            with(HEAD ONE TAIL, "ID" BERLIN "20260720T100000",
                                 "ID:20260720T080000Z")),
                        HEAD SERIES ONE TAIL);
    assert_string_equal(put(HEAD SERIES ONE TAIL, ONE_ID,
                            with(HEAD ONE TAIL, "RECURRENCE-ID" BERLIN
                                 "20260720T100000\r\n", "")),
                        HEAD SERIES BEGIN "UID:s@x\r\nDTSTART" BERLIN
                        "20260721T120000\r\nSUMMARY:One\r\n" ALARM
                        "RECURRENCE-ID" BERLIN "20260720T100000\r\n" END
                        TAIL);
}

/* Other rules for a zone, or none: it is the series' zone that counts. */
static void the_zone_is_that_of_the_series(void **state)
{
    const char *series = HEAD ZONE("Own") SERIES IN("Own", "20260720T110000")
                         TAIL;
    const char *without = with(series, ZONE("Own"), "");
    const char *event = HEAD IN("Own", "20260720T110000") TAIL;
    const char *here;
    item_text_t text = text_of(event);

    (void)state;
    is_list(series, ONE_ID);
    here = item_occurrence_id(&text, pool);
    assert_string_not_equal(here, ONE_ID);
    assert_string_equal(put(series, here, event), series);
    event = with(event, BEGIN, ZONE("Own") BEGIN);
    assert_string_equal(put(without, ONE_ID, event), series);
}

/* Which zone the rules mean was asked for the year of the first event: an old
 * series' occurrence had another id by itself than among the others. */
static void the_zone_is_that_of_the_year(void **state)
{
    const char *rules = "BEGIN:VTIMEZONE\r\nTZID:Own\r\n"
        "BEGIN:DAYLIGHT\r\nDTSTART:20070311T020000\r\n"
        "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n"
        "TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\nEND:DAYLIGHT\r\n"
        "BEGIN:STANDARD\r\nDTSTART:20071104T020000\r\n"
        "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\r\n"
        "TZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE\r\n";
    const char *series = apr_pstrcat(pool, HEAD, rules, SERIES
                                     IN("Own", "20260720T110000")
                                     IN("Own", "20260320T110000") TAIL, NULL);

    (void)state;
    is_list(series, "20260720T150000Z 20260320T150000Z");
    series = with(series, "DTSTART" BERLIN "20260706",
                  "DTSTART;TZID=Own:19990706");
    is_list(series, "20260720T150000Z 20260320T150000Z");
    comes_back(series);
    series = with(HEAD ZONE("Own") SERIES IN("Own", "20260720T110000") TAIL,
                  "DTSTART;TZID=Own:20260721T120000", "DTSTART:none");
    is_list(series, ONE_ID);
}

static void zones_come_along(void **state)
{
    const char *series = HEAD ZONE("Own") ZONE("Other") SERIES
                         IN("Own", "20260720T110000") TAIL;
    const char *event = HEAD ZONE("New") ZONE("Not")
                        IN("New", "20260803T110000") TAIL;

    (void)state;
    assert_string_equal(at(list_of(series), 0)->text.data,
                        HEAD ZONE("Own") IN("Own", "20260720T110000") TAIL);
    comes_back(series);
    assert_string_equal(put(series, "20260803T080000Z", event),
                        HEAD ZONE("Own") ZONE("Other") ZONE("New") SERIES
                        IN("Own", "20260720T110000")
                        IN("New", "20260803T110000") TAIL);
}

static void a_further_one_is_the_series(void **state)
{
    const char *event = with(HEAD ONE TAIL, "UID:s@x", "UID:phone");

    (void)state;
    comes_back(with(HEAD SERIES ONE TAIL, ALARM, "RRULE:FREQ=WEEKLY\r\n"));
    assert_string_equal(put(HEAD SERIES TAIL, ONE_ID, event),
                        HEAD SERIES ONE TAIL);
    event = with(HEAD ONE TAIL, "UID:s@x\r\n", "");
    event = with(event, "SUMMARY:One\r\n", "SUMMARY:One\r\n"
                 "RRULE:FREQ=DAILY\r\nEXDATE:20260720T080000Z\r\n"
                 "RDATE:20260720T080000Z\r\nEXRULE:FREQ=YEARLY\r\n");
    assert_string_equal(put(HEAD SERIES TAIL, ONE_ID, event),
                        HEAD SERIES BEGIN "RECURRENCE-ID" BERLIN
                        "20260720T100000\r\nDTSTART" BERLIN
                        "20260721T120000\r\nSUMMARY:One\r\n" ALARM
                        "UID:s@x\r\n" END TAIL);
}

static void exceptions(const char *exdate, const char *left)
{
    const char *before = apr_pstrcat(pool, HEAD BEGIN MASTER, exdate, ALARM
                                     END TAIL, NULL);
    const char *after = apr_pstrcat(pool, HEAD BEGIN MASTER, left, ALARM END
                                    ONE TAIL, NULL);

    assert_string_equal(put(before, ONE_ID, HEAD ONE TAIL), after);
}

static void its_day_is_no_exception(void **state)
{
    (void)state;
    exceptions("EXDATE" BERLIN "20260720T100000\r\n", "");
    exceptions("EXDATE:20260720T080000Z\r\n", "");
    exceptions("EXDATE" BERLIN "20260713T100000,20260720T100000\r\n",
               "EXDATE" BERLIN "20260713T100000\r\n");
    exceptions("EXDATE" BERLIN "20260720T100000,20260713T100000,"
               "20260720T100000,20260810T100000\r\n",
               "EXDATE" BERLIN "20260713T100000,20260810T100000\r\n");
    exceptions("EXDATE:2026\r\n 0720T080000Z\r\nEXDATE" BERLIN
               "20260\r\n 713T100000\r\n",
               "EXDATE" BERLIN "20260\r\n 713T100000\r\n");
    exceptions("EXDATE:20260720T100000Z\r\nEXDATE:20260720T100000\r\n"
               "EXDATE;TZID=America/New_York:20260720T040000\r\n",
               "EXDATE:20260720T100000Z\r\nEXDATE:20260720T100000\r\n");
}

static void the_day_becomes_an_exception(void **state)
{
    (void)state;
    assert_string_equal(drop(WHOLE, ONE_ID), HEAD BEGIN MASTER "EXDATE" BERLIN
                        "20260720T100000\r\n" END TWO TAIL);
    assert_string_equal(drop(WHOLE, TWO_ID), HEAD BEGIN MASTER
                        "EXDATE:20260727T080000Z\r\n" END ONE TAIL);
    /* Before the alarms, and in the series' line ends. */
    assert_string_equal(drop(lf(HEAD BEGIN MASTER ALARM END TWO TAIL),
                             TWO_ID),
                        lf(HEAD BEGIN MASTER "EXDATE:20260727T080000Z\r\n"
                           ALARM END TAIL));
    assert_string_equal(drop(with(WHOLE, "RECURRENCE-ID:",
                                  "a.Recurrence-Id;X-A=\"b:c\":"), TWO_ID),
                        HEAD BEGIN MASTER "EXDATE;X-A=\"b:c\":"
                        "20260727T080000Z\r\n" END ONE TAIL);
    assert_string_equal(put(drop(WHOLE, TWO_ID), TWO_ID, HEAD TWO TAIL),
                        WHOLE);
}

static void days_of_a_device_are_no_exceptions(void **state)
{
    const char *theirs = HEAD BEGIN MASTER "EXDATE:20260720T080000Z,"
                         "20260713T080000Z,20260727T080000Z\r\n" END TAIL;
    item_text_t series = text_of(theirs), ours = text_of(WHOLE), out;

    (void)state;
    assert_int_equal(item_occurrence_days(&series, &ours, &out, pool),
                     APR_SUCCESS);
    assert_string_equal(out_of(&out), HEAD BEGIN MASTER
                        "EXDATE:20260713T080000Z\r\n" END TAIL);
    /* Ours has it as both. */
    ours = text_of(HEAD BEGIN MASTER "EXDATE" BERLIN "20260720T100000\r\n"
                   END ONE TWO TAIL);
    assert_int_equal(item_occurrence_days(&series, &ours, &out, pool),
                     APR_SUCCESS);
    assert_string_equal(out_of(&out), HEAD BEGIN MASTER
                        "EXDATE:20260720T080000Z,20260713T080000Z\r\n" END
                        TAIL);
    ours = text_of(HEAD SERIES TAIL);
    assert_int_equal(item_occurrence_days(&series, &ours, &out, pool),
                     APR_NOTFOUND);
    ours = text_of(WHOLE);
    series = text_of(HEAD ONE TAIL);
    assert_int_equal(item_occurrence_days(&series, &ours, &out, pool),
                     APR_NOTFOUND);
}

static void bare_and_series(void **state)
{
    item_text_t text = text_of(HEAD TWO TAIL), bare;

    (void)state;
    assert_false(item_is_series(&text, pool));
    bare = item_occurrence_bare(&text, pool);
    assert_int_equal(bare.len, strlen(HEAD BEGIN "SUMMARY:Two\r\n"
                                      "DTSTART:20260727T100000Z\r\n" END
                                      TAIL));
    assert_memory_equal(bare.data, HEAD BEGIN "SUMMARY:Two\r\n"
                        "DTSTART:20260727T100000Z\r\n" END TAIL, bare.len);
    text = text_of(HEAD SERIES TAIL);
    assert_true(item_is_series(&text, pool));
    text = text_of(with(HEAD SERIES TAIL, "RRULE:FREQ=WEEKLY",
                        "RDATE:20260713T080000Z"));
    assert_true(item_is_series(&text, pool));
}

static void limits(void **state)
{
    char *many = apr_palloc(pool, 16 * 20000), *w = many;
    const char *full;
    int i;

    (void)state;
    for (i = 0; i < 20000 - 20; i++)
        w += apr_snprintf(w, 16, "X-A:%d\r\n", i);
    full = apr_pstrcat(pool, HEAD BEGIN MASTER, many, END TAIL, NULL);
    is_list(full, "");
    is_not_put(ITEM_ELIMIT, put(full, ONE_ID, HEAD TWO TAIL),
               ONE_ID, HEAD ONE TAIL);
}

/* ---- random series -------------------------------------------------- */

static apr_uint64_t state64;

static unsigned any(unsigned n)
{
    state64 = state64 * APR_UINT64_C(6364136223846793005)
              + APR_UINT64_C(1442695040888963407);
    return (unsigned)(state64 >> 33) % n;
}

/* An occurrence on that day, whose lines stand in any order. */
static const char *any_event(int day)
{
    static const char *const rids[] = {
        "RECURRENCE-ID" BERLIN "202607DDT100000\r\n",
        "RECURRENCE-ID:202607DDT080000Z\r\n",
        "RECURRENCE-ID;TZID=\"Europe/Berlin\":202607DD\r\n T100000\r\n",
        "RECURRENCE-ID;VALUE=DATE:202607DD\r\n",
        "recurrence-id;TZID=Own:202607DDT110000\r\n",
        "RECURRENCE-ID;TZID=Nowhere:202607DDT110000\r\n",
        "RECURRENCE-ID:202607DDT080000\r\n"
    };
    const char *lines[6] = { "UID:s@x\r\n", NULL, "SUMMARY:A, b\r\n",
                             "X-LONG:one\r\n two\r\n", "", ALARM };
    const char *text = BEGIN;
    unsigned i, j;

    lines[1] = with(rids[any(7)], "DD", apr_psprintf(pool, "%02d", day));
    lines[4] = apr_psprintf(pool, "DTSTART;TZID=%s:202607%02dT1%d0000\r\n",
                            any(2) ? "Own" : "Other", day, any(10));
    for (i = 0; i < 5; i++) {
        const char *line = lines[j = i + any(5 - i)];

        lines[j] = lines[i];
        text = apr_pstrcat(pool, text, line, NULL);
    }
    return apr_pstrcat(pool, text, any(2) ? lines[5] : "", END, NULL);
}

static const char *any_series(void)
{
    const char *text = apr_pstrcat(pool, HEAD, any(2) ? ZONE("Own") : "",
                                   any(2) ? ZONE("Other") : "", NULL);
    int day = 1 + (int)any(5), master = 0;

    while (day < 30) {
        if (!master && any(3) == 0) {
            text = apr_pstrcat(pool, text, BEGIN MASTER "EXDATE" BERLIN
                               "20260630T100000,20260629T100000\r\n", END,
                               NULL);
            master = 1;
        }
        text = apr_pstrcat(pool, text, any_event(day), NULL);
        day += 1 + (int)any(12);
    }
    text = apr_pstrcat(pool, text, master ? "" : SERIES, TAIL, NULL);
    return any(4) ? text : lf(text);
}

static void shuffle(apr_array_header_t *list)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        int j = i + (int)any((unsigned)(list->nelts - i));
        item_occurrence_t one = *at(list, i);

        APR_ARRAY_IDX(list, i, item_occurrence_t) = *at(list, j);
        APR_ARRAY_IDX(list, j, item_occurrence_t) = one;
    }
}

static const char *ids_of(const char *series)
{
    apr_array_header_t *list = list_of(series);
    const char **ids = apr_pcalloc(pool, sizeof(*ids) * 32);
    const char *all = "";
    int i, j;

    for (i = 0; i < list->nelts; i++) {
        for (j = i; j > 0 && strcmp(ids[j - 1], at(list, i)->id) > 0; j--)
            ids[j] = ids[j - 1];
        ids[j] = at(list, i)->id;
    }
    for (i = 0; i < list->nelts; i++)
        all = apr_pstrcat(pool, all, " ", ids[i], NULL);
    return all;
}

static void one_round(void)
{
    const char *series = any_series(), *now = series, *ids = ids_of(series);
    apr_array_header_t *list = list_of(series);
    int i;

    LAW(list->nelts > 0);
    shuffle(list);
    for (i = 0; i < list->nelts; i++) {
        now = put(now, at(list, i)->id, at(list, i)->text.data);
        LAW(strcmp(now, series) == 0);
    }
    for (i = 0; i < list->nelts; i++)
        now = drop(now, at(list, i)->id);
    LAW(list_of(now)->nelts == 0);
    shuffle(list);
    for (i = 0; i < list->nelts; i++)
        now = put(now, at(list, i)->id, at(list, i)->text.data);
    LAW(strcmp(ids_of(now), ids) == 0);
    LAW(strlen(now) == strlen(series));
}

static void out_and_in_is_the_same(void **state)
{
    unsigned long i;

    (void)state;
    for (i = 0; i < rounds; i++) {
        apr_pool_clear(pool);
        state64 = (seed + i) * APR_UINT64_C(0x9e3779b97f4a7c15);
        round_seed = seed + i;
        one_round();
    }
}

#define TEST(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        TEST(each_is_a_calendar), TEST(order_is_that_of_the_text),
        TEST(lines_keep_their_ends), TEST(folded_lines_stay),
        TEST(days_are_days), TEST(only_what_is_one),
        TEST(other_series_are_let_alone), TEST(twice_is_once),
        TEST(no_calendar), TEST(likely_by_the_word),
        TEST(ids_are_instants), TEST(the_zone_is_that_of_the_series),
        TEST(the_zone_is_that_of_the_year), TEST(zones_come_along),
        TEST(a_further_one_is_the_series),
        TEST(its_day_is_no_exception), TEST(the_day_becomes_an_exception),
        TEST(days_of_a_device_are_no_exceptions),
        TEST(bare_and_series), TEST(limits), TEST(out_and_in_is_the_same)
    };
    int rv;

    if (argc > 1)
        seed = strtoul(argv[1], NULL, 10);
    if (argc > 2)
        rounds = strtoul(argv[2], NULL, 10);
    apr_initialize();
    rv = cmocka_run_group_tests_name("item occurrence", tests, NULL, NULL);
    apr_terminate();
    return rv;
}
