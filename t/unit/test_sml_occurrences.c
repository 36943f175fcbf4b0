/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine and devices that have changed occurrences of a series as events
 * of their own: what their owners do to one happens in the series, and the
 * other way round.
 */
#include "sml_poor.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define SERIES "BEGIN:VEVENT\r\nUID:u1\r\nSUMMARY:Standup\r\n" \
    "DTSTART:20261207T090000Z\r\nDTEND:20261207T093000Z\r\n" \
    "RRULE:FREQ=WEEKLY;COUNT=10\r\nLOCATION:Room 1\r\nX-MINE:a\r\n" \
    "END:VEVENT\r\n"
#define MOVED "BEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID:20261214T090000Z\r\n" \
    "SUMMARY:Standup later\r\nDTSTART:20261214T140000Z\r\n" \
    "DTEND:20261214T143000Z\r\nLOCATION:Room 2\r\nX-MINE:b\r\nEND:VEVENT\r\n"
#define RENAMED "BEGIN:VEVENT\r\nUID:u1\r\n" \
    "RECURRENCE-ID:20261221T090000Z\r\nSUMMARY:Christmas standup\r\n" \
    "DTSTART:20261221T090000Z\r\nDTEND:20261221T093000Z\r\n" \
    "LOCATION:Room 3\r\nEND:VEVENT\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define WHOLE HEAD SERIES MOVED RENAMED TAIL

static const described_t ical[] = {
    { "./contacts", "text/vcard", "3.0", NULL },
    { "./calendar", "text/calendar", "2.0", NULL },
    { NULL, NULL, NULL, NULL }
};

static client_t *phone_of(const char *devid, const described_t *what)
{
    client_t *c = world_phone(devid);

    know_maker("one-event on\n");
    described = what;
    c->ph->maker = "Maker";
    c->ph->describe = describe;
    client_add_store(c, "calendar", what == ical ? "text/calendar"
                                                 : "text/x-vcalendar");
    return c;
}

/** In step with the series and its two changed occurrences. */
static client_t *in_step(const described_t *what)
{
    client_t *c = phone_of("IMEI:1", what);

    world_put("calendar", 0, WHOLE);
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(client_count(c, "calendar"), 3);
    world_quiet(c, "calendar");
    return c;
}

static client_item_t *item_with(client_t *c, const char *part)
{
    client_item_t *item = client_find(c, "calendar", part);

    assert_non_null(item);
    return item;
}

static void came(client_t *c, int adds, int replaces, int deletes)
{
    client_store_t *s = client_store(c, "calendar");

    assert_int_equal(s->code, 200);
    assert_int_equal(s->came[0], adds);
    assert_int_equal(s->came[1], replaces);
    assert_int_equal(s->came[2], deletes);
}

/* A device's text has its lines in another order. */
static const char *sorted(const char *text)
{
    apr_array_header_t *lines = apr_array_make(w->pool, 32,
                                               sizeof(const char *));
    char *rest = apr_pstrdup(w->pool, text), *last, *line;

    while ((line = apr_strtok(rest, "\r\n", &last)) != NULL) {
        rest = NULL;
        APR_ARRAY_PUSH(lines, const char *) = line;
    }
    qsort(lines->elts, (size_t)lines->nelts, sizeof(const char *),
          world_compare);
    return apr_array_pstrcat(w->pool, lines, '\n');
}

static void is_stored(const char *want)
{
    assert_string_equal(sorted(stored("calendar")), sorted(want));
}

/* ---- there --------------------------------------------------------------- */

static void gets_each(const described_t *what)
{
    client_t *c = in_step(what);
    const char *series = item_with(c, "RRULE")->text;
    const char *moved = item_with(c, "Standup later")->text;

    assert_non_null(strstr(series, "EXDATE"));
    assert_null(strstr(series, "Standup later"));
    assert_non_null(strstr(moved, "20261214T140000Z"));
    assert_null(strstr(moved, "RRULE"));
    item_with(c, "Christmas");
    is_stored(WHOLE);
}

static void test_gets_each(void **state)
{
    gets_each(both);
}

static void test_gets_each_as_icalendar(void **state)
{
    gets_each(ical);
}

/* Under the UID of the series it would be taken for that. */
static void test_no_uid_of_the_series(void **state)
{
    client_t *c = in_step(both);

    assert_null(strstr(item_with(c, "Standup later")->text, "UID"));
    assert_non_null(strstr(item_with(c, "RRULE")->text, "UID:u1"));
}

static void test_not_where_not_wanted(void **state)
{
    client_t *c = phone_of("IMEI:1", both);

    know_maker("one-event on\n"
         "no-occurrences on\n");
    world_put("calendar", 0, WHOLE);
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(client_count(c, "calendar"), 1);
    is_stored(WHOLE);
}

/* ---- the server's changes ------------------------------------------------ */

static void test_changed_by_the_server(void **state)
{
    client_t *c = in_step(both);
    store_id_t id = world_find("calendar", "Standup");

    world_put("calendar", id, with(WHOLE, "Room 2", "Room 9"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    came(c, 0, 1, 0);
    assert_non_null(strstr(item_with(c, "Standup later")->text, "Room 9"));
    world_quiet(c, "calendar");

    world_put("calendar", id, HEAD SERIES RENAMED TAIL);
    SYNCED(c, client_sync(c, 200, "calendar"));
    came(c, 0, 1, 1);
    assert_null(client_find(c, "calendar", "Standup later"));
    assert_int_equal(client_count(c, "calendar"), 2);
    world_quiet(c, "calendar");

    world_put("calendar", id, WHOLE);
    SYNCED(c, client_sync(c, 200, "calendar"));
    came(c, 1, 1, 0);
    item_with(c, "Standup later");
    world_quiet(c, "calendar");
    is_stored(WHOLE);
}

static void test_deleted_by_the_server(void **state)
{
    client_t *c = in_step(both);

    world_delete("calendar", world_find("calendar", "Standup"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    came(c, 0, 0, 3);
    assert_int_equal(client_count(c, "calendar"), 0);
    world_quiet(c, "calendar");
}

/* ---- the device's changes ------------------------------------------------ */

static void edits(const described_t *what)
{
    client_t *c = in_step(what);
    client_item_t *item = item_with(c, "Standup later");

    client_edit(c, item, with(item->text, "Room 2", "Room 8"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    came(c, 0, 0, 0);
    is_stored(with(WHOLE, "Room 2", "Room 8"));
    world_quiet(c, "calendar");

    item = item_with(c, "RRULE");
    client_edit(c, item, with(item->text, "Room 1", "Room 7"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    came(c, 0, 0, 0);
    is_stored(with(with(WHOLE, "Room 2", "Room 8"), "Room 1", "Room 7"));
    world_quiet(c, "calendar");
}

static void test_edits(void **state)
{
    edits(both);
}

static void test_edits_as_icalendar(void **state)
{
    edits(ical);
}

/* Both in one package, and all in one message. */
static void test_edits_both_at_once(void **state)
{
    client_t *c = in_step(both);
    client_item_t *item = item_with(c, "Standup later");

    client_edit(c, item, with(item->text, "Room 2", "Room 8"));
    item = item_with(c, "RRULE");
    client_edit(c, item, with(item->text, "Room 1", "Room 7"));
    client_erase(item_with(c, "Christmas"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(with(HEAD SERIES MOVED TAIL, "Room 2", "Room 8"),
                   "Room 1\r\nX-MINE:a\r\n", "Room 7\r\nX-MINE:a\r\n"
                   "EXDATE:20261221T090000Z\r\n"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    world_quiet(c, "calendar");
}

static void deletes(const described_t *what)
{
    client_t *c = in_step(what);

    client_erase(item_with(c, "Standup later"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(HEAD SERIES RENAMED TAIL, "X-MINE:a\r\n", "X-MINE:a\r\n"
                   "EXDATE:20261214T090000Z\r\n"));
    world_quiet(c, "calendar");
    assert_int_equal(client_count(c, "calendar"), 2);

    client_erase(item_with(c, "RRULE"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(world_count("calendar"), 0);
    assert_int_equal(client_count(c, "calendar"), 0);
    world_quiet(c, "calendar");
}

static void test_deletes(void **state)
{
    deletes(both);
}

static void test_deletes_as_icalendar(void **state)
{
    deletes(ical);
}

/* Both sides have changed one and the same. */
static void test_merges(void **state)
{
    client_t *c = in_step(both);
    client_item_t *item = item_with(c, "Standup later");

    world_put("calendar", world_find("calendar", "Standup"),
              with(WHOLE, "Standup later", "Standup much later"));
    client_edit(c, item, with(item->text, "Room 2", "Room 8"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(with(WHOLE, "Standup later", "Standup much later"),
                   "Room 2", "Room 8"));
    item = item_with(c, "Standup much later");
    assert_non_null(strstr(item->text, "Room 8"));
    world_quiet(c, "calendar");
}

/* Changed here and gone with its series there: it stays, by itself. */
static void test_outlives_its_series(void **state)
{
    client_t *c = in_step(both);
    client_item_t *item = item_with(c, "Standup later");

    world_delete("calendar", world_find("calendar", "Standup"));
    client_edit(c, item, with(item->text, "Room 2", "Room 8"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(world_count("calendar"), 1);
    assert_non_null(strstr(stored("calendar"), "Room 8"));
    assert_null(strstr(stored("calendar"), "RECURRENCE-ID"));
    assert_null(strstr(stored("calendar"), "UID:u1\r\n"));
    assert_non_null(strstr(stored("calendar"), "X-MINE:b"));
    assert_int_equal(client_count(c, "calendar"), 1);
    world_quiet(c, "calendar");
}

/* A series of its own now: an exception there. */
static void test_becomes_a_series(void **state)
{
    client_t *c = in_step(both);
    client_item_t *item = item_with(c, "Standup later");

    client_edit(c, item, with(item->text, "END:VEVENT",
                              "RRULE:D1 #3\r\nEND:VEVENT"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(world_count("calendar"), 2);
    assert_int_equal(client_count(c, "calendar"), 3);
    assert_true(world_find("calendar", "FREQ=DAILY") != 0);
    assert_true(world_find("calendar", "EXDATE:20261214T090000Z") != 0);
    world_quiet(c, "calendar");
}

/* ---- slow syncs ---------------------------------------------------------- */

static void slow(const described_t *what)
{
    client_t *c = in_step(what);
    client_item_t *item = item_with(c, "Standup later");
    int i;

    item->text = poor(item->text, "BEGIN VERSION SUMMARY DTSTART DTEND "
                      "LOCATION END");
    for (i = 0; i < 2; i++) {
        SYNCED(c, client_sync(c, 201, "calendar"));
        is_stored(WHOLE);
        assert_int_equal(client_count(c, "calendar"), 3);
    }
    world_quiet(c, "calendar");
}

static void test_slow(void **state)
{
    slow(both);
}

static void test_slow_as_icalendar(void **state)
{
    slow(ical);
}

/* Another phone has the same already, by a cable perhaps. */
static void test_first_slow(void **state)
{
    client_t *a = in_step(both), *b = phone_of("IMEI:2", both);
    client_store_t *s = client_store(a, "calendar");
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_put(b, "calendar", APR_ARRAY_IDX(s->items, i,
                                                client_item_t *)->text);
    }
    SYNCED(b, client_sync(b, 201, "calendar"));
    is_stored(WHOLE);
    assert_int_equal(client_count(b, "calendar"), 3);
    world_quiet(b, "calendar");
    world_quiet(a, "calendar");
}

/* What is not there any more has been deleted. */
static void test_refresh_from_client(void **state)
{
    client_t *c = in_step(both);

    client_erase(item_with(c, "Standup later"));
    SYNCED(c, client_sync(c, 203, "calendar"));
    is_stored(with(HEAD SERIES RENAMED TAIL, "X-MINE:a\r\n", "X-MINE:a\r\n"
                   "EXDATE:20261214T090000Z\r\n"));
    world_quiet(c, "calendar");
}

static void test_refresh_from_server(void **state)
{
    client_t *c = in_step(both);

    SYNCED(c, client_sync(c, 205, "calendar"));
    assert_int_equal(client_count(c, "calendar"), 3);
    is_stored(WHOLE);
    world_quiet(c, "calendar");
}

/* ---- clients that say which it is ---------------------------------------- */

/* As SyncEvolution does with a calendar of Evolution: the series as it is, and
 * each changed occurrence under the same UID. */
static void test_said_by_the_client(void **state)
{
    client_t *c = phone_of("IMEI:1", ical);
    client_item_t *item;

    client_put(c, "calendar", HEAD SERIES TAIL);
    client_put(c, "calendar", HEAD MOVED TAIL);
    client_put(c, "calendar", HEAD RENAMED TAIL);
    SYNCED(c, client_sync(c, 201, "calendar"));
    is_stored(WHOLE);
    assert_int_equal(client_count(c, "calendar"), 3);
    world_quiet(c, "calendar");

    item = item_with(c, "RRULE");
    client_edit(c, item, with(item->text, "Room 1", "Room 7"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(WHOLE, "Room 1", "Room 7"));
    client_put(c, "calendar", with(with(with(HEAD RENAMED TAIL, "1221T09",
               "1228T09"), "20261221", "20261228"), "20261221", "20261228"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(world_count("calendar"), 1);
    assert_non_null(strstr(stored("calendar"),
                           "RECURRENCE-ID:20261228T090000Z"));
    assert_int_equal(client_count(c, "calendar"), 4);
    world_quiet(c, "calendar");
    SYNCED(c, client_sync(c, 201, "calendar"));
    assert_int_equal(world_count("calendar"), 1);
    assert_int_equal(client_count(c, "calendar"), 4);
    world_quiet(c, "calendar");
}

/* It says of which series, but there is none such. */
static void test_without_its_series(void **state)
{
    client_t *c = phone_of("IMEI:1", ical);

    client_put(c, "calendar", HEAD MOVED TAIL);
    SYNCED(c, client_sync(c, 201, "calendar"));
    is_stored(HEAD MOVED TAIL);
    world_quiet(c, "calendar");
}

/* ---- others -------------------------------------------------------------- */

/* Two phones of that kind and a client that has all in one. */
static void test_three_devices(void **state)
{
    client_t *a = in_step(both), *b = phone_of("IMEI:2", both);
    client_t *full = world_phone("IMEI:3");
    client_item_t *item;

    full->ph->maker = "Other";
    client_add_store(full, "calendar", "text/calendar");
    SYNCED(full, client_sync(full, 200, "calendar"));
    SYNCED(b, client_sync(b, 200, "calendar"));
    assert_string_equal(sorted(item_with(full, "RRULE")->text),
                        sorted(WHOLE));
    item = item_with(a, "Standup later");
    client_edit(a, item, with(item->text, "Room 2", "Room 8"));
    SYNCED(a, client_sync(a, 200, "calendar"));
    SYNCED(b, client_sync(b, 200, "calendar"));
    came(b, 0, 1, 0);
    SYNCED(full, client_sync(full, 200, "calendar"));
    item = item_with(full, "RRULE");
    assert_string_equal(sorted(item->text),
                        sorted(with(WHOLE, "Room 2", "Room 8")));
    client_edit(full, item, with(item->text, "Room 3", "Room 4"));
    SYNCED(full, client_sync(full, 200, "calendar"));
    SYNCED(a, client_sync(a, 200, "calendar"));
    came(a, 0, 1, 0);
    assert_non_null(strstr(item_with(a, "Christmas")->text, "Room 4"));
    SYNCED(b, client_sync(b, 200, "calendar"));
    came(b, 0, 1, 0);
    world_quiet(a, "calendar");
    world_quiet(b, "calendar");
    world_quiet(full, "calendar");
}

/* The habit is learned of late: the occurrences come, and that is all. */
static void test_learned_of_late(void **state)
{
    client_t *c = phone_of("IMEI:1", ical);

    know("");
    world_put("calendar", 0, WHOLE);
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(client_count(c, "calendar"), 1);
    know_maker("one-event on\n");
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(client_store(c, "calendar")->code, 200);
    assert_int_equal(client_count(c, "calendar"), 3);
    is_stored(WHOLE);
    world_quiet(c, "calendar");
}

/* Events, occurrences and tasks in one database of the phone. */
static void test_combined_calendar(void **state)
{
    client_t *c = phone_of("IMEI:1", both);
    client_item_t *item;

    know_maker("combined-calendar on\n");
    world_put("calendar", 0, WHOLE);
    world_put("tasks", 0, HEAD "BEGIN:VTODO\r\nUID:t1\r\nSUMMARY:Bake\r\n"
              "END:VTODO\r\n" TAIL);
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(client_count(c, "calendar"), 4);
    item = item_with(c, "Standup later");
    client_edit(c, item, with(item->text, "Room 2", "Room 8"));
    item = item_with(c, "Bake");
    client_edit(c, item, with(item->text, "Bake", "Bake cakes"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(WHOLE, "Room 2", "Room 8"));
    assert_non_null(strstr(stored("tasks"), "Bake cakes"));
    world_quiet(c, "calendar");
    SYNCED(c, client_sync(c, 201, "calendar"));
    is_stored(with(WHOLE, "Room 2", "Room 8"));
    assert_int_equal(client_count(c, "calendar"), 4);
}

static void test_in_an_atomic(void **state)
{
    client_t *c = in_step(both);
    client_item_t *item = item_with(c, "Standup later");

    client_edit(c, item, with(item->text, "Room 2", "Room 8"));
    c->atomic = 1;
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(WHOLE, "Room 2", "Room 8"));
    c->atomic = 0;
    world_quiet(c, "calendar");
}

/* All that it says fails, and comes again in the next sync. */
static void test_slow_in_an_atomic_that_fails(void **state)
{
    int spoilt, i;

    for (spoilt = 1; spoilt <= 2; spoilt++) {
        client_t *c = in_step(both);

        for (i = 0; i < 3; i++) {
            client_item_t *item = APR_ARRAY_IDX(
                client_store(c, "calendar")->items, i, client_item_t *);

            item->text = poor(item->text, "BEGIN VERSION SUMMARY DTSTART "
                              "DTEND LOCATION RRULE EXDATE END");
        }
        c->atomic = 1;
        c->spoils = spoilt;
        client_session(c, 201, "calendar");
        assert_int_equal(client_count(c, "calendar"), 3);
        is_stored(WHOLE);
        c->atomic = c->spoils = 0;
        SYNCED(c, client_sync(c, 201, "calendar"));
        assert_int_equal(client_count(c, "calendar"), 3);
        is_stored(WHOLE);
        world_quiet(c, "calendar");
        world_teardown(state);
        world_setup(state);
    }
}

/* What its owner does on a device that may only read is taken back there, and
 * nobody else loses anything by it. */
static void test_read_only(void **state)
{
    client_t *c = in_step(both);
    client_item_t *item = item_with(c, "Standup later");

    set_device("IMEI:1", "access.calendar", "read-only");
    client_edit(c, item, with(item->text, "Room 2", "Room 8"));
    client_erase(item_with(c, "Christmas"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(WHOLE);
    SYNCED(c, client_sync(c, 200, "calendar"));
    item_with(c, "Room 2");
    item_with(c, "Christmas");
    assert_int_equal(client_count(c, "calendar"), 3);
    world_quiet(c, "calendar");
    SYNCED(c, client_sync(c, 201, "calendar"));
    is_stored(WHOLE);
    assert_int_equal(client_count(c, "calendar"), 3);
    world_quiet(c, "calendar");
}

/* Nor by another text for an occurrence that is there. */
static void test_read_only_says_it_is_another(void **state)
{
    client_t *c = phone_of("IMEI:1", ical);

    world_put("calendar", 0, WHOLE);
    SYNCED(c, client_sync(c, 200, "calendar"));
    set_device("IMEI:1", "access.calendar", "read-only");
    client_put(c, "calendar", with(HEAD MOVED TAIL, "Room 2", "Room 8"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(WHOLE);
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(WHOLE);
    assert_int_equal(client_count(c, "calendar"), 3);
    item_with(c, "Room 2");
    world_quiet(c, "calendar");
}

/* The administrator wants them not to be sent so, and then that they are. */
static void test_switched_off_and_on(void **state)
{
    client_t *c = phone_of("IMEI:1", ical);

    world_put("calendar", 0, WHOLE);
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(client_count(c, "calendar"), 3);
    know_maker("one-event on\n"
         "no-occurrences on\n");
    SYNCED(c, client_sync(c, 200, "calendar"));
    came(c, 0, 0, 2);
    assert_int_equal(client_count(c, "calendar"), 1);
    world_quiet(c, "calendar");
    world_put("calendar", world_find("calendar", "Standup"),
              with(WHOLE, "Room 2", "Room 9"));
    world_quiet(c, "calendar");
    know_maker("one-event on\n");
    SYNCED(c, client_sync(c, 200, "calendar"));
    came(c, 2, 0, 0);
    assert_int_equal(client_count(c, "calendar"), 3);
    item_with(c, "Room 9");
    is_stored(with(WHOLE, "Room 2", "Room 9"));
    world_quiet(c, "calendar");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_gets_each),
        ON_EACH_STORE(test_gets_each_as_icalendar),
        ON_EACH_STORE(test_no_uid_of_the_series),
        ON_EACH_STORE(test_not_where_not_wanted),
        ON_EACH_STORE(test_changed_by_the_server),
        ON_EACH_STORE(test_deleted_by_the_server),
        ON_EACH_STORE(test_edits),
        ON_EACH_STORE(test_edits_as_icalendar),
        ON_EACH_STORE(test_edits_both_at_once),
        ON_EACH_STORE(test_deletes),
        ON_EACH_STORE(test_deletes_as_icalendar),
        ON_EACH_STORE(test_merges),
        ON_EACH_STORE(test_outlives_its_series),
        ON_EACH_STORE(test_becomes_a_series),
        ON_EACH_STORE(test_slow),
        ON_EACH_STORE(test_slow_as_icalendar),
        ON_EACH_STORE(test_first_slow),
        ON_EACH_STORE(test_refresh_from_client),
        ON_EACH_STORE(test_refresh_from_server),
        ON_EACH_STORE(test_said_by_the_client),
        ON_EACH_STORE(test_without_its_series),
        ON_EACH_STORE(test_three_devices),
        ON_EACH_STORE(test_learned_of_late),
        ON_EACH_STORE(test_combined_calendar),
        ON_EACH_STORE(test_in_an_atomic),
        ON_EACH_STORE(test_slow_in_an_atomic_that_fails),
        ON_EACH_STORE(test_read_only),
        ON_EACH_STORE(test_read_only_says_it_is_another),
        ON_EACH_STORE(test_switched_off_and_on)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_occurrences");
}
