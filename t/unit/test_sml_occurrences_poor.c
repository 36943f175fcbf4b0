/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Phones that have changed occurrences as entries of their own, and hold less
 * than the store: what they do not hold of a series is not lost because its
 * occurrences have it, nor the other way round.
 */
#include "sml_poor.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define SERIES(rule, more) "BEGIN:VEVENT\r\nUID:u1\r\nSUMMARY:Standup\r\n" \
    "DTSTART:20261207T090000Z\r\nDTEND:20261207T093000Z\r\n" \
    "RRULE:" rule "\r\n" more "END:VEVENT\r\n"
#define MOVED(title, more) "BEGIN:VEVENT\r\nUID:u1\r\n" \
    "RECURRENCE-ID:20261221T090000Z\r\nSUMMARY:" title "\r\n" \
    "DTSTART:20261221T140000Z\r\nDTEND:20261221T143000Z\r\n" more \
    "END:VEVENT\r\n"
#define NEXT(more) "BEGIN:VEVENT\r\nUID:u1\r\n" \
    "RECURRENCE-ID:20261228T090000Z\r\nSUMMARY:Next\r\n" \
    "DTSTART:20261228T150000Z\r\nDTEND:20261228T153000Z\r\n" more \
    "END:VEVENT\r\n"
#define HEAD_10 "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\n"
#define TAIL_10 "END:VEVENT\r\nEND:VCALENDAR\r\n"

/** Names of all that the phone holds, and of one more. */
#define HOLDS "BEGIN VERSION SUMMARY DTSTART DTEND END "

/** That of such a phone. */
static const described_t no_exdate[] = {
    { "./contacts", "text/x-vcard", "2.1", CARD_CAPS },
    { "./calendar", "text/x-vcalendar", "1.0",
      "BEGIN VERSION SUMMARY DTSTART DTEND RRULE END" },
    { NULL, NULL, NULL, NULL }
};

static client_t *in_step(const char *whole)
{
    client_t *c = world_phone("IMEI:1");

    know_maker("");
    described = both;
    c->ph->maker = "Maker";
    c->ph->describe = describe;
    client_add_store(c, "calendar", "text/x-vcalendar");
    world_put("calendar", 0, whole);
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(client_count(c, "calendar"), 2);
    return c;
}

/** It says both again, with no more than these properties. */
static void says_again(client_t *c, const char *names)
{
    client_store_t *s = client_store(c, "calendar");
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        client_edit(c, item, poor(item->text, names));
    }
}

static void is_stored(const char *want)
{
    const char *is = stored("calendar");

    if (strcmp(is, want) != 0) {
        fail_msg("%s", item_diff("", want, strlen(want), "", is, strlen(is),
                                 w->pool));
    }
}

static void test_both_have_what_it_lacks(void **state)
{
    static const char whole[] = HEAD
        SERIES("FREQ=WEEKLY", "COMMENT:a\r\nLOCATION:Room 1\r\n")
        MOVED("Later", "COMMENT:b\r\nLOCATION:Room 2\r\n") TAIL;
    client_t *c = in_step(whole);

    says_again(c, HOLDS "RRULE EXDATE");
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(whole);
}

/* A location was deleted, from the one of which it was. */
static void test_deletes_what_both_have(void **state)
{
    static const char whole[] = HEAD
        SERIES("FREQ=WEEKLY", "COMMENT:a\r\nLOCATION:Room 1\r\n")
        MOVED("Later", "COMMENT:b\r\nLOCATION:Room 2\r\n") TAIL;
    client_t *c = in_step(whole);
    client_item_t *item;

    says_again(c, HOLDS "RRULE EXDATE LOCATION");
    SYNCED(c, client_sync(c, 200, "calendar"));
    item = client_find(c, "calendar", "RRULE");
    client_edit(c, item, poor(item->text, HOLDS "RRULE EXDATE"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(whole, "LOCATION:Room 1\r\n", ""));
    item = client_find(c, "calendar", "Later");
    client_edit(c, item, poor(item->text, HOLDS));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(with(whole, "LOCATION:Room 1\r\n", ""),
                   "LOCATION:Room 2\r\n", ""));
}

/* Of an invitation to some occurrences alone it gets the first, of which it
 * does not hold all; the others have that, too. */
static void has_one_without_series(const described_t *what, const char *flags)
{
    static const char whole[] = HEAD
        MOVED("Later", "COMMENT:a\r\nLOCATION:Room 1\r\n")
        NEXT("COMMENT:b\r\nLOCATION:Room 2\r\n") TAIL;
    client_t *c = world_phone("IMEI:1");
    client_item_t *item;

    know_maker(flags);
    described = what;
    c->ph->maker = "Maker";
    c->ph->describe = describe;
    client_add_store(c, "calendar", what[1].type);
    world_put("calendar", 0, whole);
    SYNCED(c, client_sync(c, 200, "calendar"));
    item = item_of(c, "calendar");
    assert_null(strstr(item->text, "Next"));
    client_edit(c, item, poor(item->text, HOLDS "RECURRENCE-ID"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(whole);
    client_edit(c, item, with(item->text, "Later", "Sooner"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(whole, "Later", "Sooner"));
    /* To where the other one is. */
    client_edit(c, item, with(with(item->text, "1T140000Z", "8T150000Z"),
                              "1T143000Z", "8T153000Z"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(with(with(whole, "Later", "Sooner"), "1T140000Z",
                        "8T150000Z"), "1T143000Z", "8T153000Z"));
}

static void test_has_one_without_series(void **state)
{
    has_one_without_series(both, "");
}

static void test_has_one_in_icalendar(void **state)
{
    static const described_t ical[] = {
        { "./contacts", "text/x-vcard", "2.1", NULL },
        { "./calendar", "text/calendar", "2.0", NULL },
        { NULL, NULL, NULL, NULL }
    };

    has_one_without_series(ical, "one-event on\n");
}

/* Rules of two days of a month are not for every phone: it has one event, and
 * so no exceptions. */
static void has_no_rule(const char *whole)
{
    client_t *c = in_step(whole);

    says_again(c, HOLDS "EXDATE RDATE");        /* it does have such */
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(whole);
    says_again(c, HOLDS);
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(whole);
    says_again(c, HOLDS);
    SYNCED(c, client_sync(c, 201, "calendar"));
    is_stored(whole);
}

static void test_has_no_such_rule(void **state)
{
    has_no_rule(HEAD SERIES("FREQ=MONTHLY;BYMONTHDAY=7,21",
                            "EXDATE:20270107T090000Z\r\n"
                            "RDATE:20270110T090000Z\r\n")
                MOVED("Later", "") TAIL);
}

/* One that vCalendar has no words for goes as dates. */
static void test_has_no_such_dates(void **state)
{
    has_no_rule(HEAD SERIES("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1,3",
                            "EXDATE:20270104T090000Z\r\n"
                            "RDATE:20270110T090000Z\r\n")
                MOVED("Later", "") TAIL);
}

/* An owner who wants no series any more has none, nor changes of it: of any
 * kind that the phone has sent. */
static void is_no_series_any_more(const char *series)
{
    client_t *c = in_step(apr_pstrcat(w->pool, HEAD, series,
                                      MOVED("Later", "COMMENT:b\r\n") TAIL,
                                      NULL));
    client_item_t *item;
    const char *rule = strstr(series, "RRULE:");

    says_again(c, HOLDS "RRULE EXDATE");
    SYNCED(c, client_sync(c, 200, "calendar"));
    item = client_find(c, "calendar", "RRULE");
    client_edit(c, item, poor(item->text, HOLDS));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(apr_psprintf(w->pool, HEAD "%.*s%s" TAIL, (int)(rule - series),
                           series, strstr(rule, "COMMENT")));
}

static void test_is_no_series_any_more(void **state)
{
    is_no_series_any_more(SERIES("FREQ=WEEKLY", "COMMENT:a\r\n"));
}

/* Days that it has never heard of go with it: the only one may be one. */
static void test_has_no_exceptions_any_more(void **state)
{
    static const char whole[] = HEAD
        SERIES("FREQ=WEEKLY", "EXDATE:20261207T090000Z\r\nCOMMENT:a\r\n")
        TAIL;
    client_t *c = world_phone("IMEI:1");

    know_maker("");
    described = no_exdate;
    c->ph->maker = "Maker";
    c->ph->describe = describe;
    client_add_store(c, "calendar", "text/x-vcalendar");
    world_put("calendar", 0, whole);
    SYNCED(c, client_sync(c, 200, "calendar"));
    says_again(c, HOLDS "RRULE");
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(whole);
    says_again(c, HOLDS);
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(HEAD "BEGIN:VEVENT\r\nUID:u1\r\nSUMMARY:Standup\r\n"
              "DTSTART:20261207T090000Z\r\nDTEND:20261207T093000Z\r\n"
              "COMMENT:a\r\nEND:VEVENT\r\n" TAIL);
}

static void test_is_none_of_days_any_more(void **state)
{
    is_no_series_any_more(SERIES("FREQ=MONTHLY;BYMONTHDAY=7,21",
                                 "COMMENT:a\r\n"));
}

static void test_is_none_of_weekdays_any_more(void **state)
{
    is_no_series_any_more(SERIES("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
                                 "COMMENT:a\r\n"));
}

static void test_is_none_of_weeks_any_more(void **state)
{
    is_no_series_any_more(SERIES("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
                                 "COMMENT:a\r\n"));
}

/* Characters that it does not have become question marks, in a slow sync
 * too: what it was seen to hold of the calendar goes for the occurrences. */
static void test_lacks_characters(void **state)
{
    static const char whole[] = HEAD SERIES("FREQ=WEEKLY", "")
        MOVED("Later \xf0\x9f\x98\x80 on", "") TAIL;
    client_t *c = in_step(whole);
    int i;

    for (i = 0; i < 2; i++) {
        client_item_t *item = client_find(c, "calendar", "20261221T140000");

        assert_non_null(item);
        item->text = HEAD_10 "SUMMARY:Later ? on\r\n"
            "DTSTART:20261221T140000Z\r\nDTEND:20261221T143000Z\r\n" TAIL_10;
        SYNCED(c, client_sync(c, 201, "calendar"));
        is_stored(whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_both_have_what_it_lacks),
        ON_EACH_STORE(test_deletes_what_both_have),
        ON_EACH_STORE(test_has_one_without_series),
        ON_EACH_STORE(test_has_one_in_icalendar),
        ON_EACH_STORE(test_has_no_such_rule),
        ON_EACH_STORE(test_has_no_such_dates),
        ON_EACH_STORE(test_is_no_series_any_more),
        ON_EACH_STORE(test_has_no_exceptions_any_more),
        ON_EACH_STORE(test_is_none_of_days_any_more),
        ON_EACH_STORE(test_is_none_of_weekdays_any_more),
        ON_EACH_STORE(test_is_none_of_weeks_any_more),
        ON_EACH_STORE(test_lacks_characters)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_occurrences_poor");
}
