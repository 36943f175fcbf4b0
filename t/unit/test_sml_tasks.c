/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine and tasks: devices that have changed occurrences of a series as
 * tasks of their own, done, put off and deleted one by one; and when a task is
 * due to phones that keep the day alone.
 */
#include "sml_poor.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y\r\n"
#define TAIL "END:VCALENDAR\r\n"
#define SERIES "BEGIN:VTODO\r\nUID:t1\r\nSUMMARY:Water the plants\r\n" \
    "DTSTART:20261207T080000Z\r\nDUE:20261207T090000Z\r\n" \
    "RRULE:FREQ=WEEKLY;BYDAY=MO\r\nDESCRIPTION:All of them\r\n" \
    "COMMENT:a\r\nEND:VTODO\r\n"
#define LATER "BEGIN:VTODO\r\nUID:t1\r\nRECURRENCE-ID:20261214T080000Z\r\n" \
    "SUMMARY:Water them later\r\nDTSTART:20261214T130000Z\r\n" \
    "DUE:20261214T140000Z\r\nDESCRIPTION:Only some\r\nCOMMENT:b\r\n" \
    "END:VTODO\r\n"
#define DONE "BEGIN:VTODO\r\nUID:t1\r\nRECURRENCE-ID:20261207T080000Z\r\n" \
    "SUMMARY:Watered the plants\r\nDTSTART:20261207T080000Z\r\n" \
    "DUE:20261207T090000Z\r\nSTATUS:COMPLETED\r\n" \
    "COMPLETED:20261207T081500Z\r\nPERCENT-COMPLETE:100\r\nEND:VTODO\r\n"
#define WHOLE HEAD SERIES LATER DONE TAIL

static const described_t vcal[] = {
    { "./tasks", "text/x-vcalendar", "1.0", NULL },
    { NULL, NULL, NULL, NULL }
};
static const described_t ical[] = {
    { "./tasks", "text/calendar", "2.0", NULL },
    { NULL, NULL, NULL, NULL }
};

static client_t *phone_of(const described_t *what)
{
    client_t *c = world_phone("IMEI:1");

    know_maker("one-event on\n");
    described = what;
    c->ph->maker = "Maker";
    c->ph->describe = describe;
    client_add_store(c, "tasks", what->type);
    return c;
}

/** In step with the series and its two changed occurrences. */
static client_t *in_step(const described_t *what)
{
    client_t *c = phone_of(what);

    world_put("tasks", 0, WHOLE);
    SYNCED(c, client_sync(c, 200, "tasks"));
    assert_int_equal(client_count(c, "tasks"), 3);
    world_quiet(c, "tasks");
    return c;
}

static client_item_t *item_with(client_t *c, const char *part)
{
    client_item_t *item = client_find(c, "tasks", part);

    assert_non_null(item);
    return item;
}

static void has(const char *datastore, const char *want)
{
    const char *is = stored(datastore);
    const char *diff = item_diff("", want, strlen(want), "", is, strlen(is),
                                 w->pool);

    if (*diff) {
        fail_msg("%s", diff);
    }
}

static void is_stored(const char *want)
{
    has("tasks", want);
}

static void change(client_t *c, const char *part, const char *old,
                   const char *new)
{
    client_item_t *item = item_with(c, part);

    client_edit(c, item, with(item->text, old, new));
    SYNCED(c, client_sync(c, 200, "tasks"));
    world_quiet(c, "tasks");
}

static void gets_each(const described_t *what)
{
    client_t *c = in_step(what);
    const char *series = item_with(c, "RRULE")->text;

    assert_non_null(strstr(series, "EXDATE"));
    assert_null(strstr(series, "later"));
    assert_null(strstr(series, "COMPLETED"));
    assert_null(strstr(item_with(c, "later")->text, "RRULE"));
    assert_non_null(strstr(item_with(c, "later")->text,
                           "20261214T140000Z"));
    assert_non_null(strstr(item_with(c, "Watered")->text, "COMPLETED"));
    is_stored(WHOLE);
}

static void test_gets_each(void **state)
{
    gets_each(vcal);
}

static void test_gets_each_as_icalendar(void **state)
{
    gets_each(ical);
}

/* All that comes back is what was sent. */
static void says_again(const described_t *what)
{
    client_t *c = in_step(what);
    client_store_t *s = client_store(c, "tasks");
    int i, code;

    for (code = 200; code < 202; code++) {
        for (i = 0; i < s->items->nelts; i++) {
            client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

            client_edit(c, item, item->text);
        }
        SYNCED(c, client_sync(c, code, "tasks"));
        is_stored(WHOLE);
        assert_int_equal(client_count(c, "tasks"), 3);
    }
}

static void test_says_again(void **state)
{
    says_again(vcal);
}

static void test_says_again_as_icalendar(void **state)
{
    says_again(ical);
}

static void edits(const described_t *what)
{
    client_t *c = in_step(what);
    const char *want = with(WHOLE, "Water the plants", "Water all plants");

    change(c, "RRULE", "Water the plants", "Water all plants");
    is_stored(want);
    change(c, "later", "20261214T140000Z", "20261214T150000Z");
    want = with(want, "20261214T140000Z", "20261214T150000Z");
    is_stored(want);
    change(c, "later", "END:VTODO",
           "STATUS:COMPLETED\r\nCOMPLETED:20261214T133000Z\r\nEND:VTODO");
    want = with(want, "COMMENT:b\r\n", "COMMENT:b\r\nSTATUS:COMPLETED\r\n"
                "COMPLETED:20261214T133000Z\r\n");
    is_stored(want);
}

static void test_edits(void **state)
{
    edits(vcal);
}

static void test_edits_as_icalendar(void **state)
{
    edits(ical);
}

static void test_deletes(void **state)
{
    client_t *c = in_step(vcal);

    client_erase(item_with(c, "later"));
    SYNCED(c, client_sync(c, 200, "tasks"));
    is_stored(with(HEAD SERIES DONE TAIL, "COMMENT:a\r\n", "COMMENT:a\r\n"
                   "EXDATE:20261214T080000Z\r\n"));
    world_quiet(c, "tasks");
    client_erase(item_with(c, "RRULE"));
    SYNCED(c, client_sync(c, 200, "tasks"));
    assert_int_equal(world_count("tasks"), 0);
    assert_int_equal(client_count(c, "tasks"), 0);
}

/* A text without the lines that begin so. */
static const char *lacking(const char *text, const char *begin)
{
    const char *at = strstr(text, apr_pstrcat(w->pool, "\r\n", begin, NULL));

    return at == NULL ? text
        : apr_pstrcat(w->pool, apr_pstrmemdup(w->pool, text,
                                              (apr_size_t)(at - text)),
                      strstr(at + 2, "\r\n"), NULL);
}

/* SyncEvolution's tasks have neither rules nor RECURRENCE-ID, all that came
 * have the series' UID, and the title is the description of what has none. */
static void test_says_less_in_a_slow_sync(void **state)
{
    client_t *c = in_step(ical);
    apr_array_header_t *items = client_store(c, "tasks")->items;
    client_item_t **item = (client_item_t **)items->elts;
    client_item_t *series = item_with(c, "RRULE");
    int i, last = items->nelts - 1;

    for (i = 0; i <= last; i++) {
        if (item[i] == series) {        /* the series comes last */
            item[i] = item[last];
            item[last] = series;
        }
    }
    for (i = 0; i <= last; i++) {
        const char *text = lacking(lacking(lacking(item[i]->text, "RRULE"),
                                           "EXDATE"), "EXDATE");

        text = with(lacking(lacking(text, "RECURRENCE-ID"), "UID"),
                    "SUMMARY", "UID:t1\r\nSUMMARY");
        if (strstr(text, "Watered")) {
            text = with(text, "SUMMARY", "DESCRIPTION:Watered the plants\r\n"
                        "SUMMARY");
        }
        item[i]->text = apr_pstrdup(w->pool, text);
    }
    SYNCED(c, client_sync(c, 201, "tasks"));
    assert_int_equal(client_count(c, "tasks"), 3);
    is_stored(WHOLE);
}

/* The server's groupware completes another one. */
static void test_done_on_the_server(void **state)
{
    client_t *c = in_step(vcal);

    world_put("tasks", world_find("tasks", "plants"), HEAD SERIES DONE TAIL);
    SYNCED(c, client_sync(c, 200, "tasks"));
    assert_int_equal(client_count(c, "tasks"), 2);
    world_put("tasks", world_find("tasks", "plants"),
              with(WHOLE, "COMMENT:b\r\n", "STATUS:COMPLETED\r\n"));
    SYNCED(c, client_sync(c, 200, "tasks"));
    assert_int_equal(client_count(c, "tasks"), 3);
    assert_non_null(strstr(item_with(c, "later")->text, "COMPLETED"));
    world_quiet(c, "tasks");
}

/* A phone whose calendar has tasks as well, and series of both. */
static void test_combined_calendar(void **state)
{
    static const char events[] = HEAD
        "BEGIN:VEVENT\r\nUID:t1\r\nSUMMARY:Standup\r\n"
        "DTSTART:20261207T090000Z\r\nDTEND:20261207T093000Z\r\n"
        "RRULE:FREQ=WEEKLY;BYDAY=MO\r\nEND:VEVENT\r\n"
        "BEGIN:VEVENT\r\nUID:t1\r\nRECURRENCE-ID:20261214T090000Z\r\n"
        "SUMMARY:Standup in the garden\r\nDTSTART:20261214T100000Z\r\n"
        "DTEND:20261214T103000Z\r\nEND:VEVENT\r\n" TAIL;
    client_t *c = world_phone("IMEI:1");
    client_item_t *item;

    know_maker("combined-calendar on\n");
    described = both;
    c->ph->maker = "Maker";
    c->ph->describe = describe;
    client_add_store(c, "calendar", "text/x-vcalendar");
    world_put("tasks", 0, WHOLE);
    world_put("calendar", 0, events);
    SYNCED(c, client_sync(c, 200, "calendar"));
    assert_int_equal(client_count(c, "calendar"), 5);
    item = client_find(c, "calendar", "garden");
    client_edit(c, item, with(item->text, "garden", "yard"));
    item = client_find(c, "calendar", "later");
    client_edit(c, item, with(item->text, "later", "at noon"));
    SYNCED(c, client_sync(c, 200, "calendar"));
    is_stored(with(WHOLE, "them later", "them at noon"));
    has("calendar", with(events, "garden", "yard"));
    SYNCED(c, client_sync(c, 201, "calendar"));
    is_stored(with(WHOLE, "them later", "them at noon"));
    has("calendar", with(events, "garden", "yard"));
    assert_int_equal(client_count(c, "calendar"), 5);
}

/* ---- due ------------------------------------------------------------------- */

#define PLAIN(name, due) HEAD "BEGIN:VTODO\r\nUID:" name "\r\nSUMMARY:" name \
    "\r\n" due "END:VTODO\r\n" TAIL

static int has_due(const char *due)
{
    return world_find("tasks", due) != 0;
}

/* Midnight is what a phone makes of a day that keeps no times; one that has
 * sent a time means midnight. */
static void test_due_at_midnight(void **state)
{
    client_t *c = phone_of(vcal);

    world_put("tasks", 0, PLAIN("One", "DUE:20261202T170000Z\r\n"));
    world_put("tasks", 0, PLAIN("Two", "DUE:20261203T180000Z\r\n"));
    SYNCED(c, client_sync(c, 200, "tasks"));
    change(c, "One", "T170000Z", "T000000Z");
    assert_true(has_due("DUE:20261202T170000Z"));
    client_edit(c, item_with(c, "Two"), item_with(c, "Two")->text);
    SYNCED(c, client_sync(c, 200, "tasks"));
    change(c, "Two", "T180000Z", "T000000Z");
    assert_true(has_due("DUE:20261203T000000Z"));
    assert_false(has_due("DUE:20261203T180000Z"));
}

/* Many phones have no alarm where there is no date: they have not deleted it.
 * One that has sent such an alarm has. */
static void test_alarm_without_a_date(void **state)
{
    static const char alarm[] = "BEGIN:VALARM\r\nACTION:AUDIO\r\n"
        "TRIGGER;VALUE=DATE-TIME:20261202T170000Z\r\nEND:VALARM\r\n";
    const char *one = PLAIN("One", ""), *two = PLAIN("Two", "");
    client_t *c = phone_of(vcal);

    world_put("tasks", 0, PLAIN("Due", "DUE:20261202T170000Z\r\n"));
    world_put("tasks", 0, with(one, "END:VTODO", apr_pstrcat(
                  w->pool, alarm, "END:VTODO", NULL)));
    world_put("tasks", 0, with(two, "END:VTODO", apr_pstrcat(
                  w->pool, alarm, "END:VTODO", NULL)));
    SYNCED(c, client_sync(c, 200, "tasks"));
    change(c, "Due", "END:VTODO", "AALARM:20261202T160000Z;;;\r\nEND:VTODO");
    change(c, "One", "AALARM:20261202T170000Z;;;\r\n", "");
    assert_int_equal(world_find("tasks", one), 0);
    change(c, "Two", "SUMMARY:Two", "SUMMARY:Three");
    change(c, "Three", "AALARM:20261202T170000Z;;;\r\n", "");
    assert_int_not_equal(world_find("tasks", with(two, "SUMMARY:Two",
                                                  "SUMMARY:Three")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_gets_each),
        ON_EACH_STORE(test_gets_each_as_icalendar),
        ON_EACH_STORE(test_says_again),
        ON_EACH_STORE(test_says_again_as_icalendar),
        ON_EACH_STORE(test_edits),
        ON_EACH_STORE(test_edits_as_icalendar),
        ON_EACH_STORE(test_deletes),
        ON_EACH_STORE(test_says_less_in_a_slow_sync),
        ON_EACH_STORE(test_done_on_the_server),
        ON_EACH_STORE(test_combined_calendar),
        ON_EACH_STORE(test_due_at_midnight),
        ON_EACH_STORE(test_alarm_without_a_date)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_tasks");
}
