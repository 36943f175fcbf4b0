/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine and phones that have changed occurrences as events of their own:
 * sessions that break off at each message, before and after the server has
 * handled it.  The next sync makes it as it would be without the break.
 */
#include "sml_poor.h"
#include "sml_suspend.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define SERIES "BEGIN:VEVENT\r\nUID:u1\r\nSUMMARY:Standup\r\n" \
    "DTSTART:20261207T090000Z\r\nDTEND:20261207T093000Z\r\n" \
    "RRULE:FREQ=WEEKLY;COUNT=10\r\nLOCATION:Room 1\r\nX-MINE:a\r\n" \
    "END:VEVENT\r\n"
#define CHANGED(day, what, room) "BEGIN:VEVENT\r\nUID:u1\r\n" \
    "RECURRENCE-ID:202612" day "T090000Z\r\nSUMMARY:" what "\r\n" \
    "DTSTART:202612" day "T140000Z\r\nDTEND:202612" day "T143000Z\r\n" \
    "LOCATION:" room "\r\nX-MINE:b\r\nEND:VEVENT\r\n"
#define MOVED    CHANGED("14", "Moved", "Room 2")
#define RENAMED  CHANGED("21", "Renamed", "Room 3")
#define TAIL     "END:VCALENDAR\r\n"
#define WHOLE    HEAD SERIES MOVED RENAMED TAIL
#define LUNCH    HEAD "BEGIN:VEVENT\r\nUID:u2\r\nSUMMARY:Lunch\r\n" \
    "DTSTART:20261208T120000Z\r\nDTEND:20261208T130000Z\r\nEND:VEVENT\r\n" TAIL
#define PHONES   "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\n" \
    "SUMMARY:Phone's\r\nDTSTART:20261209T120000Z\r\n" \
    "DTEND:20261209T130000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"

static const described_t ical[] = {
    { "./contacts", "text/vcard", "3.0", NULL },
    { "./calendar", "text/calendar", "2.0", NULL },
    { NULL, NULL, NULL, NULL }
};

/* ---- what happens ------------------------------------------------------- */

typedef struct story_t {
    const char *name;
    const described_t *what;
    int sync_first;
    int code;                   /* of the sync that breaks off */
    int then;                   /* of the next */
    void (*happens)(client_t *c);       /* before it */
    void (*habit)(client_t *c);
} story_t;

static client_item_t *item_with(client_t *c, const char *part)
{
    client_item_t *item = client_find(c, "calendar", part);

    assert_non_null(item);
    return item;
}

static void change(client_t *c, const char *part, const char *old,
                   const char *new)
{
    client_item_t *item = item_with(c, part);

    client_edit(c, item, with(item->text, old, new));
}

static void at_first(client_t *c)
{
    world_put("calendar", 0, WHOLE);
    world_put("calendar", 0, LUNCH);
    client_put(c, "calendar", c->ph->describe && described == ical
                              ? with(PHONES, "VERSION:1.0", "VERSION:2.0")
                              : PHONES);
}

static void says_which(client_t *c)
{
    client_put(c, "calendar", HEAD SERIES TAIL);
    client_put(c, "calendar", HEAD MOVED TAIL);
    client_put(c, "calendar", HEAD RENAMED TAIL);
    world_put("calendar", 0, LUNCH);
}

static void edits_both(client_t *c)
{
    store_id_t id = world_find("calendar", "Standup");

    change(c, "Moved", "Room 2", "Room 8");
    change(c, "RRULE", "Room 1", "Room 7");
    change(c, "Lunch", "Lunch", "Dinner");
    world_put("calendar", id, with(HEAD SERIES MOVED RENAMED
                                   CHANGED("28", "Further", "Room 5") TAIL,
                                   "Room 3", "Room 9"));
    world_put("calendar", 0, with(with(LUNCH, "u2", "u3"), "Lunch", "Tea"));
}

static void edits_one(client_t *c)
{
    store_id_t id = world_find("calendar", "Standup");

    change(c, "Moved", "Room 2", "Room 8");
    world_put("calendar", id, with(WHOLE, "Moved", "Moved on"));
}

static void deletes(client_t *c)
{
    client_erase(item_with(c, "Moved"));
    change(c, "Renamed", "Room 3", "Room 6");
}

static void deletes_both(client_t *c)
{
    client_erase(item_with(c, "Moved"));
    world_put("calendar", world_find("calendar", "Standup"),
              HEAD SERIES MOVED CHANGED("28", "Further", "Room 5") TAIL);
}

static void deletes_series(client_t *c)
{
    client_erase(item_with(c, "RRULE"));
    client_erase(item_with(c, "Lunch"));
}

static void server_deletes_series(client_t *c)
{
    world_delete("calendar", world_find("calendar", "Standup"));
    change(c, "Lunch", "Lunch", "Dinner");
}

static void slowly(client_t *c)
{
    change(c, "Moved", "Room 2", "Room 8");
    world_put("calendar", world_find("calendar", "Standup"),
              with(WHOLE, "Room 3", "Room 9"));
}

static void nothing(client_t *c)
{
    (void)c;
}

static void maps_first(client_t *c)
{
    c->final_222 = 1;
    c->map_first = 1;
}

static void maps_later(client_t *c)
{
    c->maps = MAPS_NEXT_SESSION;
}

static const story_t stories[] = {
    { "first", both, 0, 200, 200, at_first, NULL },
    { "first, slow again", both, 0, 201, 201, at_first, NULL },
    { "first, as iCalendar", ical, 0, 200, 200, at_first, NULL },
    { "first, Maps first", both, 0, 200, 200, at_first, maps_first },
    { "first, Maps later", both, 0, 200, 200, at_first, maps_later },
    { "first, said which", ical, 0, 201, 201, says_which, NULL },
    { "edits", both, 1, 200, 200, edits_both, NULL },
    { "edits, as iCalendar", ical, 1, 200, 200, edits_both, NULL },
    { "edits, Maps first", both, 1, 200, 200, edits_both, maps_first },
    { "edits, Maps later", both, 1, 200, 200, edits_both, maps_later },
    { "edits of one", both, 1, 200, 200, edits_one, NULL },
    { "deletes", both, 1, 200, 200, deletes, NULL },
    { "deletes, as iCalendar", ical, 1, 200, 200, deletes, NULL },
    { "deletes on both sides", both, 1, 200, 200, deletes_both, NULL },
    { "deletes the series", both, 1, 200, 200, deletes_series, NULL },
    { "the server deletes", both, 1, 200, 200, server_deletes_series, NULL },
    { "slow", both, 1, 201, 201, nothing, NULL },
    { "slow with edits", both, 1, 201, 201, slowly, NULL },
    { "slow with edits, as iCalendar", ical, 1, 201, 201, slowly, NULL },
    { "slow, then not", both, 1, 201, 200, slowly, NULL },
    { "refresh from the client", both, 1, 203, 203, deletes, NULL },
    { "refresh from the server", both, 1, 205, 205, edits_one, NULL },
    { "one way from the client", both, 1, 202, 200, edits_both, NULL },
    { "one way from the server", both, 1, 204, 204, edits_both, NULL }
};

/* ---- both sides --------------------------------------------------------- */

static const char *sorted(apr_array_header_t *texts)
{
    qsort(texts->elts, (size_t)texts->nelts, sizeof(const char *),
          world_compare);
    return apr_array_pstrcat(w->pool, texts, '\n');
}

/** All that there is of calendars, of whatever order. */
static const char *both_sides(client_t *c)
{
    client_store_t *s = client_store(c, "calendar");
    apr_array_header_t *mine = apr_array_make(w->pool, 8,
                                              sizeof(const char *));
    world_items_t list = { 0 };
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        if (!item->gone) {
            APR_ARRAY_PUSH(mine, const char *) = item->text;
        }
    }
    world_list(&list, w->account, "calendar");
    return apr_pstrcat(w->pool, "phone:\n", sorted(mine), "\nserver:\n",
                       sorted(list.texts), NULL);
}

static client_t *fresh(const story_t *story)
{
    static int accounts;
    client_t *c;

    world_add_account(apr_psprintf(w->pool, "account%d", ++accounts));
    c = world_phone("IMEI:1");
    described = story->what;
    know_maker("one-event on\n");
    c->ph->maker = "Maker";
    c->ph->describe = describe;
    client_add_store(c, "calendar", story->what == ical
                                    ? "text/calendar" : "text/x-vcalendar");
    if (story->sync_first) {
        at_first(c);
        SYNCED(c, client_sync(c, 200, "calendar"));
        SYNCED(c, client_sync(c, 200, "calendar"));
        world_quiet(c, "calendar");
    }
    c->per_message = 1;
    c->ph->max_msg = 1300;
    if (story->habit != NULL) {
        story->habit(c);
    }
    story->happens(c);
    return c;
}

/* A sync in which each side hears of what the other made of its own. */
static void settled(client_t *c, const char *where)
{
    if (client_sync(c, 200, "calendar") != APR_SUCCESS) {
        fail_msg("%s: %s", where, c->ph->why);
    }
    c->maps = MAPS_NOW;
    if (client_sync(c, 200, "calendar") != APR_SUCCESS) {
        fail_msg("%s: %s", where, c->ph->why);
    }
    world_quiet(c, "calendar");
}

static void is_now(client_t *c, const char *want, const char *where)
{
    const char *is = both_sides(c);
    size_t i = 0;

    while (is[i] != '\0' && is[i] == want[i]) {
        i++;
    }
    if (is[i] != want[i]) {
        i = i < 100 ? 0 : i - 100;
        fail_msg("%s:\n%.300s\nis to be\n%.300s", where, is + i, want + i);
    }
}

/* @return 0: the sync was through before */
static int one_break(const story_t *story, unsigned at, int after,
                     const char *want)
{
    client_t *c = fresh(story);
    int on = world_broken(c, story->code, "calendar", at, after);
    const char *where = apr_psprintf(w->pool, "%s, %s message %u",
                                     story->name,
                                     after ? "after" : "before", at);

    if (client_sync(c, story->then, "calendar") != APR_SUCCESS) {
        fail_msg("%s: %s", where, c->ph->why);
    }
    if (story->sync_first && story->code != 201 && story->then == 200) {
        assert_int_equal(client_store(c, "calendar")->code, 200);
    }
    settled(c, where);
    is_now(c, want, where);
    return on;
}

static const char *without_break(const story_t *story)
{
    client_t *c = fresh(story);

    if (client_sync(c, story->code, "calendar") != APR_SUCCESS) {
        fail_msg("%s: %s", story->name, c->ph->why);
    }
    settled(c, story->name);
    return both_sides(c);
}

static void broken_everywhere(const story_t *story)
{
    const char *want = without_break(story);
    int after;

    for (after = 0; after <= 1; after++) {
        unsigned at;

        for (at = 1; one_break(story, at, after, want); at++) {
            assert_true(at < 60);
        }
        assert_true(at > 3);    /* the story has several messages */
    }
    assert_int_equal(w->loud, 0);
}

static void test_everywhere(void **state)
{
    const char *only = getenv("STORY");
    unsigned i;

    for (i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
        if (only == NULL || strcmp(only, stories[i].name) == 0) {
            broken_everywhere(&stories[i]);
        }
    }
}

/* ---- worse -------------------------------------------------------------- */

static const story_t *story_of(const char *name)
{
    unsigned i = 0;

    while (strcmp(stories[i].name, name) != 0) {
        i++;
    }
    return &stories[i];
}

/* The line breaks again and again, at ever later messages. */
static void again_and_again(const story_t *story)
{
    const char *want = without_break(story);
    int after;

    for (after = 0; after <= 1; after++) {
        client_t *c = fresh(story);
        unsigned at;

        for (at = 1; world_broken(c, story->code, "calendar", at, after);
             at++) {
            assert_true(at < 60);
        }
        settled(c, story->name);
        is_now(c, want, story->name);
    }
}

static void test_again_and_again(void **state)
{
    again_and_again(story_of("first"));
    again_and_again(story_of("first, as iCalendar"));
    again_and_again(story_of("edits"));
    again_and_again(story_of("deletes"));
    again_and_again(story_of("deletes on both sides"));
    again_and_again(story_of("slow with edits"));
}

/* What the broken session may have carried is edited once more. */
static void more(client_t *c)
{
    store_id_t id = world_find("calendar", "Standup");
    world_items_t list = { 0 };
    int i;

    change(c, "Moved", "SUMMARY:Moved", "SUMMARY:Moved again");
    change(c, "RRULE", "Standup", "Standup early");
    world_list(&list, w->account, "calendar");
    for (i = 0; i < list.texts->nelts; i++) {
        const char *text = APR_ARRAY_IDX(list.texts, i, const char *);

        if (strstr(text, "RRULE") != NULL) {
            world_put("calendar", id, with(text, "SUMMARY:Renamed",
                                           "SUMMARY:Renamed again"));
        }
    }
}

static void test_edits_after_the_break(void **state)
{
    const story_t *story = story_of("edits");
    client_t *c = fresh(story);
    const char *want;
    unsigned at;
    int on = 1;

    SYNCED(c, client_sync(c, 200, "calendar"));
    more(c);
    settled(c, story->name);
    want = both_sides(c);
    for (at = 1; on; at++) {
        c = fresh(story);
        on = world_broken(c, story->code, "calendar", at, 1);
        more(c);
        settled(c, story->name);
        is_now(c, want, apr_psprintf(w->pool, "after message %u", at));
    }
}

/* The phone loses its anchors after the break: slow sync. */
static void anchors_lost(const story_t *story)
{
    const char *want = without_break(story);
    int after;

    for (after = 0; after <= 1; after++) {
        unsigned at;
        int on = 1;

        for (at = 1; on; at++) {
            client_t *c = fresh(story);

            on = world_broken(c, story->code, "calendar", at, after);
            client_store(c, "calendar")->last = NULL;
            SYNCED(c, client_sync(c, 200, "calendar"));
            assert_int_equal(client_store(c, "calendar")->code, 201);
            settled(c, story->name);
            is_now(c, want, apr_psprintf(w->pool, "%s, %s message %u",
                                         story->name, after ? "after"
                                                      : "before", at));
        }
    }
}

static void test_anchors_lost(void **state)
{
    anchors_lost(story_of("first"));
    anchors_lost(story_of("first, as iCalendar"));
    anchors_lost(story_of("slow"));
    anchors_lost(story_of("slow with edits"));
}

static void test_every_message_twice(void **state)
{
    static const char *const names[] = {
        "first", "edits", "deletes", "slow with edits"
    };
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *want = without_break(story_of(names[i]));

        w->twice = 1;
        assert_string_equal(without_break(story_of(names[i])), want);
        w->twice = 0;
    }
}

/* Another phone of that kind hears of it in between. */
static void another_between(const story_t *story)
{
    const char *want = without_break(story);
    unsigned at;
    int on = 1;

    for (at = 1; on; at++) {
        const char *where = apr_psprintf(w->pool, "%s, another after %u",
                                         story->name, at);
        client_t *c = fresh(story), *d = world_phone("IMEI:2");

        d->ph->maker = "Maker";
        d->ph->describe = describe;
        client_add_store(d, "calendar", client_store(c, "calendar")->type);
        on = world_broken(c, story->code, "calendar", at, 1);
        SYNCED(d, client_sync(d, 200, "calendar"));
        settled(c, where);
        is_now(c, want, where);
        settled(d, where);
        is_now(d, want, where);
        world_quiet(c, "calendar");
    }
}

static void test_another_between(void **state)
{
    another_between(story_of("edits"));
    another_between(story_of("edits, as iCalendar"));
    another_between(story_of("deletes"));
    another_between(story_of("deletes on both sides"));
    another_between(story_of("deletes the series"));
}

/* ---- sessions that go on ------------------------------------------------ */

/* @return 0: it was through before */
static int one_resume(const story_t *story, unsigned at, int how,
                      const char *want)
{
    const char *where = apr_psprintf(w->pool, "%s, %s message %u",
                                     story->name, stop_name(how), at);
    client_t *c = fresh(story);
    int on = stopped(c, story->code, at, how);

    if (on && may_resume(c)) {
        int goes_on = stop_goes_on(c, client_store(c, "calendar")->code, how);

        resumed(c, where);
        assert_int_equal(client_store(c, "calendar")->alert_status,
                         goes_on ? 200 : 508);
    }
    else if (on) {
        SYNCED(c, client_sync(c, story->code, "calendar"));
    }
    settled(c, where);
    is_now(c, want, where);
    return on;
}

static void test_resumed(void **state)
{
    static const char *const names[] = {
        "first", "first, as iCalendar", "first, said which", "edits",
        "edits, Maps first", "deletes", "deletes on both sides",
        "deletes the series", "the server deletes", "slow with edits",
        "refresh from the client", "refresh from the server"
    };
    unsigned i;
    int how;

    stop_store = "calendar";
    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const story_t *story = story_of(names[i]);
        const char *want = without_break(story);

        for (how = 0; how < STOPS; how++) {
            unsigned at = 2;

            while (one_resume(story, at, how, want)) {
                assert_true(++at < 60);
            }
            assert_true(at > 3);
        }
    }
    assert_true(world_logged("resumes the two-way sync"));
    assert_true(world_logged("resumes the slow sync"));
    assert_int_equal(w->loud, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_everywhere),
        ON_EACH_STORE(test_again_and_again),
        ON_EACH_STORE(test_edits_after_the_break),
        ON_EACH_STORE(test_anchors_lost),
        ON_EACH_STORE(test_every_message_twice),
        ON_EACH_STORE(test_another_between),
        ON_EACH_STORE(test_resumed)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_occurrences_break");
}
