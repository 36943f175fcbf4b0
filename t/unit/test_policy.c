/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The rules of push, each by itself, with a clock of its own. */
#include "policy_world.h"

/* ---- delays -------------------------------------------------------------- */

static void quiet_delay(void **state)
{
    world_t *w = *state;

    PLAN(NOON, NOON + S(60), "quiet");
    PLAN(NOON + S(59), NOON + S(60), "quiet");
    w->contacts->last_change = NOON + S(30);    /* another change */
    PLAN(NOON + S(60), NOON + S(90), "quiet");
    PLAN(NOON + S(90), NOON + S(90), "quiet");
}

static void maximum_delay(void **state)
{
    world_t *w = *state;

    w->contacts->last_change = NOON + MIN(9) + S(30);
    PLAN(NOON + MIN(9) + S(30), NOON + MIN(10), "max-delay");
    w->contacts->last_change = NOON + MIN(30);
    PLAN(NOON + MIN(30), NOON + MIN(10), "max-delay");
    /* A maximum below the delay is none. */
    w->rules.max_delay = 0;
    w->contacts->last_change = NOON;
    PLAN(NOON, NOON + S(60), "quiet");
}

static void minimum_interval(void **state)
{
    world_t *w = *state;

    w->due.last_sent = NOON - S(30);
    PLAN(NOON, NOON + S(90), "min-interval");
    w->due.last_sent = NOON - S(90);
    PLAN(NOON, NOON + S(60), "quiet");
}

/* The most impatient datastore decides for all. */
static void datastores_with_delays(void **state)
{
    world_t *w = *state;

    add_calendar(w);
    SET("delay.contacts", "30min");
    SET("max-delay.contacts", "1h");
    PLAN(NOON, NOON + S(60), "quiet");
    w->calendar->name = "notes";
    SET("delay.notes", "off");
    PLAN(NOON, NOON + MIN(30), "quiet");
    SET("delay.contacts", "off");
    PLAN(NOON, STORE_DUE_NEVER, "off");
    SET("delay", "off");
    w->contacts->name = "tasks";
    PLAN(NOON, STORE_DUE_NEVER, "off");
}

/* What is said of a datastore is said of those below it, but for its own. */
static void datastores_below(void **state)
{
    world_t *w = *state;

    add_calendar(w);
    SET("delay", "off");
    SET("delay.calendar", "30min");
    PLAN(NOON, NOON + MIN(30), "quiet");
    w->calendar->name = "calendar/(occurrences)";
    PLAN(NOON, NOON + MIN(30), "quiet");
    w->calendar->name = "calendars";
    PLAN(NOON, STORE_DUE_NEVER, "off");
    w->calendar->name = "calendar/private/(occurrences)";
    SET("delay.calendar/private", "20min");
    PLAN(NOON, NOON + MIN(20), "quiet");
}

static void urgent(void **state)
{
    world_t *w = *state;

    add_calendar(w);
    w->calendar->starts = apr_time_sec(NOON + H(2));
    PLAN(NOON, NOON, "urgent");
    w->calendar->starts = apr_time_sec(NOON + H(2) + S(1));
    PLAN(NOON, NOON + S(60), "quiet");
    w->calendar->starts = apr_time_sec(NOON - S(1));    /* over */
    PLAN(NOON, NOON + S(60), "quiet");
    w->calendar->starts = apr_time_sec(NOON + S(1));
    SET("urgent", "off");
    PLAN(NOON, NOON + S(60), "quiet");
    SET("urgent", "1h");
    PLAN(NOON, NOON, "urgent");
    w->due.last_sent = NOON - S(30);
    PLAN(NOON, NOON + S(90), "min-interval");
}

/* ---- answers ------------------------------------------------------------- */

static void nothing_while_unanswered(void **state)
{
    world_t *w = *state;

    w->due.state = STORE_DUE_SENT;
    w->due.unanswered = 1;
    w->due.not_before = NOON + MIN(15);
    w->due.last_sent = NOON - MIN(5);
    PLAN(NOON + MIN(1), NOON + MIN(15), "unanswered");
    PLAN(NOON + MIN(15), NOON + MIN(15), "repeat");
    /* Not even for something urgent. */
    w->contacts->starts = apr_time_sec(NOON + MIN(30));
    PLAN(NOON + MIN(1), NOON + MIN(15), "unanswered");
    assert_int_equal(policy_unanswered(&w->rules, 0), MIN(15));
    assert_int_equal(policy_unanswered(&w->rules, 1), H(1));
    assert_int_equal(policy_unanswered(&w->rules, 2), H(6));
    assert_int_equal(policy_unanswered(&w->rules, 3), H(24));
    assert_int_equal(policy_unanswered(&w->rules, 4), 0);
    SET("unanswered", "5min, 2h");
    assert_int_equal(policy_unanswered(&w->rules, 1), H(2));
    assert_int_equal(policy_unanswered(&w->rules, 2), 0);
}

static void retries(void **state)
{
    world_t *w = *state;

    w->due.attempts = 2;
    w->due.not_before = NOON + MIN(5);
    PLAN(NOON + MIN(2), NOON + MIN(5), "retry");
    w->due.now = 1;
    PLAN(NOON + MIN(2), NOON + MIN(5), "now");
}

static void syncing(void **state)
{
    world_t *w = *state;

    w->due.in_session = NOON + S(50);   /* it is here already */
    PLAN(NOON + S(60), NOON + S(170), "syncing");
    PLAN(NOON + S(171), NOON + S(60), "quiet");         /* it broke off */
    w->due.in_session = 0;
    w->due.last_sync = NOON + S(40);    /* one datastore after the other */
    PLAN(NOON + S(60), NOON + S(100), "syncing");
}

static void own_syncs(void **state)
{
    world_t *w = *state;

    w->due.gap = MIN(4);
    w->due.own_sync = NOON - MIN(1);
    PLAN(NOON, NOON + MIN(4), "own-sync");      /* 5/4 of the gap */
    PLAN(NOON + MIN(4), NOON + S(60), "quiet"); /* it has not come */
    w->due.gap = MIN(9);                /* never beyond the maximum delay */
    w->due.own_sync = NOON;
    PLAN(NOON, NOON + MIN(10), "own-sync");
    w->due.gap = MIN(10);               /* not more often than that */
    PLAN(NOON, NOON + S(60), "quiet");
    w->due.gap = MIN(4);
    w->contacts->starts = apr_time_sec(NOON + H(1));
    PLAN(NOON, NOON, "urgent");
    w->contacts->starts = 0;
    SET("own-syncs", "off");
    PLAN(NOON, NOON + S(60), "quiet");
}

/* ---- people -------------------------------------------------------------- */

static void paused_and_now(void **state)
{
    world_t *w = *state;

    SET("paused", "on");
    PLAN(NOON, STORE_DUE_NEVER, "paused");
    w->due.now = 1;
    PLAN(NOON, NOON, "now");
    w->due.now = 0;
    SET("paused", "off");
    PLAN(NOON, NOON + S(60), "quiet");
    SET("quiet-hours", "0:00-23:59 UTC");
    w->due.state = STORE_DUE_SENT;
    w->due.not_before = 0;
    w->due.now = 1;
    PLAN(NOON, NOON, "now");
}

static void quiet_hours(void **state)
{
    world_t *w = *state;
    zone_t *berlin, *kolkata;

    assert_int_equal(zone_load(&berlin, "Europe/Berlin", w->p), APR_SUCCESS);
    assert_int_equal(zone_load(&kolkata, "Asia/Kolkata", w->p), APR_SUCCESS);
    SET("quiet-hours", "22:00-07:00 Europe/Berlin");
    assert_string_equal(w->rules.zone_name, "Europe/Berlin");
    /* 22:30 in Berlin (UTC+2): held until 7:00 there, which is 5:00 UTC. */
    w->contacts->first_change = w->contacts->last_change = NOON + MIN(510);
    policy_decide(&w->plan, &w->rules, berlin, &w->due, NOON + MIN(510));
    assert_int_equal(w->plan.when, NOON + H(17));
    assert_int_equal(w->plan.why, POLICY_QUIET_HOURS);
    /* 21:59: what would be told at 22:00 is held. */
    w->contacts->first_change = w->contacts->last_change = NOON + MIN(479);
    policy_decide(&w->plan, &w->rules, berlin, &w->due, NOON + MIN(479));
    assert_int_equal(w->plan.when, NOON + H(17));
    w->contacts->first_change = w->contacts->last_change = NOON + MIN(478);
    policy_decide(&w->plan, &w->rules, berlin, &w->due, NOON + MIN(478));
    assert_int_equal(w->plan.when, NOON + MIN(479));
    /* Another place, half an hour off: 20:30 UTC is 2:00 there. */
    policy_decide(&w->plan, &w->rules, kolkata, &w->due, NOON + MIN(510));
    assert_int_equal(w->plan.when, NOON + MIN(13 * 60 + 30));
    /* Urgent changes pass, or not. */
    w->contacts->starts = apr_time_sec(NOON + MIN(600));
    policy_decide(&w->plan, &w->rules, berlin, &w->due, NOON + MIN(510));
    assert_int_equal(w->plan.when, NOON + MIN(510));
    /* Also those that wait a moment for something else. */
    w->due.last_sent = NOON + MIN(509);
    policy_decide(&w->plan, &w->rules, berlin, &w->due, NOON + MIN(510));
    assert_int_equal(w->plan.when, NOON + MIN(511));
    assert_int_equal(w->plan.why, POLICY_MIN_INTERVAL);
    w->due.last_sent = 0;
    w->due.in_session = NOON + MIN(510);
    policy_decide(&w->plan, &w->rules, berlin, &w->due, NOON + MIN(510));
    assert_int_equal(w->plan.when, NOON + MIN(512));
    w->due.in_session = 0;
    SET("quiet-hours", "22-7 Europe/Berlin urgent");
    policy_decide(&w->plan, &w->rules, berlin, &w->due, NOON + MIN(510));
    assert_int_equal(w->plan.when, NOON + H(17));
    SET("quiet-hours", "off");
    policy_decide(&w->plan, &w->rules, berlin, &w->due, NOON + MIN(510));
    assert_int_equal(w->plan.why, POLICY_URGENT);
    SET("quiet-hours", "13:00-15:00");          /* on one day */
    w->contacts->starts = 0;
    w->contacts->first_change = w->contacts->last_change = NOON - H(5);
    SET("zone", "Asia/Kolkata");
    policy_decide(&w->plan, &w->rules, kolkata, &w->due, NOON - MIN(210));
    assert_int_equal(w->plan.when, NOON - MIN(150));    /* 15:00 there */
}

/* All day: only what is urgent is told.  Midnight is no gap. */
static void all_day(void **state)
{
    world_t *w = *state;
    zone_t *utc;

    assert_int_equal(zone_load(&utc, "UTC", w->p), APR_SUCCESS);
    SET("quiet-hours", "0:00-24:00 UTC");
    policy_decide(&w->plan, &w->rules, utc, &w->due, NOON);
    assert_int_equal(w->plan.when, NOON + H(12));
    policy_decide(&w->plan, &w->rules, utc, &w->due, NOON + H(12));
    assert_int_equal(w->plan.when, NOON + H(36));
    w->contacts->starts = apr_time_sec(NOON + H(1));
    policy_decide(&w->plan, &w->rules, utc, &w->due, NOON);
    assert_int_equal(w->plan.why, POLICY_URGENT);
    w->contacts->starts = 0;
    SET("quiet-hours", "22-24 UTC");
    policy_decide(&w->plan, &w->rules, utc, &w->due, NOON + H(11));
    assert_int_equal(w->plan.when, NOON + H(12));
    policy_decide(&w->plan, &w->rules, utc, &w->due, NOON + H(12));
    assert_int_equal(w->plan.why, POLICY_QUIET);
}

/* What quiet hours hold already does not hold what is urgent. */
static void urgent_among_held(void **state)
{
    world_t *w = *state;
    int first;

    add_calendar(w);
    SET("quiet-hours", "11:00-15:00");
    SET("zone", "UTC");
    for (first = 0; first < 2; first++) {
        store_due_datastore_t *held = first ? w->calendar : w->contacts;
        store_due_datastore_t *soon = first ? w->contacts : w->calendar;
        zone_t *utc;

        assert_int_equal(zone_load(&utc, "UTC", w->p), APR_SUCCESS);
        held->first_change = held->last_change = NOON - MIN(30);
        soon->first_change = soon->last_change = NOON;
        held->starts = 0;
        soon->starts = apr_time_sec(NOON + MIN(30));
        policy_decide(&w->plan, &w->rules, utc, &w->due, NOON);
        assert_string_equal(policy_word(w->plan.why), "urgent");
        assert_int_equal(w->plan.when, NOON);
    }
}

/* A change that is not urgent yet, but will be before it would be told. */
static void becomes_urgent(void **state)
{
    world_t *w = *state;
    zone_t *utc;

    assert_int_equal(zone_load(&utc, "UTC", w->p), APR_SUCCESS);
    SET("quiet-hours", "11:00-19:00 UTC");
    w->contacts->starts = apr_time_sec(NOON + H(5));    /* urgent: 2h */
    policy_decide(&w->plan, &w->rules, utc, &w->due, NOON);
    assert_int_equal(w->plan.when, NOON + H(3));
    assert_string_equal(policy_word(w->plan.why), "quiet-hours");
    policy_decide(&w->plan, &w->rules, utc, &w->due, NOON + H(3));
    assert_int_equal(w->plan.when, NOON + H(3));
    assert_string_equal(policy_word(w->plan.why), "urgent");
    SET("quiet-hours", "11:00-19:00 UTC urgent");
    policy_decide(&w->plan, &w->rules, utc, &w->due, NOON);
    assert_int_equal(w->plan.when, NOON + H(7));
    SET("quiet-hours", "11:00-14:00 UTC");              /* over before */
    policy_decide(&w->plan, &w->rules, utc, &w->due, NOON);
    assert_int_equal(w->plan.when, NOON + H(2));
    SET("quiet-hours", "off");
    SET("delay", "8h");
    SET("max-delay", "8h");
    PLAN(NOON, NOON + H(3), "urgent");
    PLAN(NOON + H(3), NOON + H(3), "urgent");
    SET("urgent", "off");
    PLAN(NOON, NOON + H(8), "quiet");
}

/* ---- budgets ------------------------------------------------------------- */

static void budgets(void **state)
{
    world_t *w = *state;
    store_use_t use[3];
    apr_time_t end;
    int day, d, month, m;

    memset(use, 0, sizeof use);
    assert_false(policy_has_budget(&w->rules, STORE_USE_DEVICE));
    SET("budget.day", "3");
    assert_true(policy_has_budget(&w->rules, STORE_USE_DEVICE));
    assert_false(policy_has_budget(&w->rules, STORE_USE_ACCOUNT));
    use[STORE_USE_DEVICE].day = 2;
    at(w, NOON + S(60));
    policy_budget(&w->plan, &w->rules, use, 1, 0, NOON + S(60));
    assert_int_equal(w->plan.why, POLICY_QUIET);
    use[STORE_USE_DEVICE].leased = 1;           /* the third is under way */
    policy_budget(&w->plan, &w->rules, use, 1, 0, NOON + S(60));
    assert_int_equal(w->plan.why, POLICY_UNDER_WAY);
    assert_in_range(w->plan.when, NOON + S(61), NOON + S(65));
    use[STORE_USE_DEVICE].leased = 0;           /* it was sent */
    use[STORE_USE_DEVICE].day = 3;
    at(w, NOON + S(60));
    policy_budget(&w->plan, &w->rules, use, 1, 0, NOON + S(60));
    assert_int_equal(w->plan.why, POLICY_BUDGET);
    assert_int_equal(w->plan.scope, STORE_USE_DEVICE);
    assert_int_equal(w->plan.period, POLICY_DAY);
    end = w->plan.when;                         /* midnight, by our clock */
    store_use_period(NOON, &day, &month);
    store_use_period(end, &d, &m);
    assert_int_not_equal(day, d);
    store_use_period(end - 1, &d, &m);
    assert_int_equal(day, d);
    /* Money, of the month, of the account: dropped. */
    use[STORE_USE_DEVICE].day = 0;
    assert_null(set(w, STORE_USE_SERVER, "budget.account.month",
                    "cost=1.00"));
    assert_null(set(w, STORE_USE_SERVER, "over-budget.account", "drop"));
    use[STORE_USE_ACCOUNT].month_cost = 9250;
    at(w, NOON + S(60));
    policy_budget(&w->plan, &w->rules, use, 1, 750, NOON + S(60));
    assert_int_equal(w->plan.why, POLICY_QUIET);
    use[STORE_USE_ACCOUNT].month_cost = 9251;
    policy_budget(&w->plan, &w->rules, use, 1, 750, NOON + S(60));
    assert_int_equal(w->plan.why, POLICY_BUDGET);
    assert_int_equal(w->plan.when, 0);
    w->rules.drop[STORE_USE_ACCOUNT] = 0;
    w->plan.why = POLICY_QUIET;
    policy_budget(&w->plan, &w->rules, use, 1, 750, NOON + S(60));
    store_use_period(w->plan.when, &d, &m);
    assert_int_equal(m, month % 100 == 12 ? month + 89 : month + 1);
    assert_int_equal(d, m * 100 + 1);
    /* Who asks for it pays for it. */
    w->due.now = 1;
    at(w, NOON);
    policy_budget(&w->plan, &w->rules, use, 1, 750, NOON);
    assert_int_equal(w->plan.when, NOON);
}

/* SMS for which there is room, beside what is under way. */
static void room(void **state)
{
    world_t *w = *state;
    store_use_t use = { .day = 2, .month = 40, .day_cost = 2000,
                        .month_cost = 9000, .leased = 3 };

    assert_true(policy_room(&w->rules, STORE_USE_SERVER, &use, 100)
                == APR_INT64_MAX);
    assert_null(set(w, STORE_USE_SERVER, "budget.account.day", "10"));
    assert_int_equal(policy_room(&w->rules, STORE_USE_ACCOUNT, &use, 0), 5);
    assert_true(policy_room(&w->rules, STORE_USE_SERVER, &use, 0)
                == APR_INT64_MAX);
    assert_null(set(w, STORE_USE_SERVER, "budget.account.month", "44"));
    assert_int_equal(policy_room(&w->rules, STORE_USE_ACCOUNT, &use, 0), 1);
    assert_null(set(w, STORE_USE_SERVER, "budget.account.month", "41"));
    assert_int_equal(policy_room(&w->rules, STORE_USE_ACCOUNT, &use, 0), -2);
    assert_null(set(w, STORE_USE_SERVER, "budget.account.month", "none"));
    assert_null(set(w, STORE_USE_SERVER, "budget.account.day", "none"));
    assert_null(set(w, STORE_USE_SERVER, "budget.account.month", "cost=1.00"));
    assert_int_equal(policy_room(&w->rules, STORE_USE_ACCOUNT, &use, 250), 1);
    assert_int_equal(policy_room(&w->rules, STORE_USE_ACCOUNT, &use, 251), 0);
    assert_true(policy_room(&w->rules, STORE_USE_ACCOUNT, &use, 0)
                == APR_INT64_MAX);
}

/* What is under way may yet fail: until then nobody is held for long, nor
 * dropped; and nobody is told either. */
static void budgets_full_of_what_is_under_way(void **state)
{
    world_t *w = *state;
    apr_time_t now = NOON + S(60);
    store_use_t use[3];

    memset(use, 0, sizeof use);
    assert_null(set(w, STORE_USE_SERVER, "budget.server.day", "5"));
    assert_null(set(w, STORE_USE_SERVER, "over-budget.server", "drop"));
    use[STORE_USE_SERVER].day = use[STORE_USE_SERVER].month = 2;
    use[STORE_USE_SERVER].leased = 2;
    at(w, now);
    policy_budget(&w->plan, &w->rules, use, 2, 0, now);
    assert_int_equal(w->plan.why, POLICY_UNDER_WAY);
    assert_string_equal(policy_word(w->plan.why), "under-way");
    assert_in_range(w->plan.when, now + S(1), now + S(5));
    at(w, now);
    policy_budget(&w->plan, &w->rules, use, 1, 0, now);
    assert_int_equal(w->plan.why, POLICY_QUIET);
    /* too many, whatever becomes of them */
    policy_budget(&w->plan, &w->rules, use, 4, 0, now);
    assert_int_equal(w->plan.why, POLICY_BUDGET);
    assert_int_equal(w->plan.when, 0);
    /* another budget is used up for good, in whatever order they are seen */
    assert_null(set(w, STORE_USE_SERVER, "budget.account.month", "cost=1"));
    use[STORE_USE_ACCOUNT].month_cost = 9000;
    use[STORE_USE_ACCOUNT].leased = 1;
    at(w, now);
    policy_budget(&w->plan, &w->rules, use, 2, 400, now);
    assert_int_equal(w->plan.why, POLICY_UNDER_WAY);
    use[STORE_USE_ACCOUNT].month_cost = 9600;
    at(w, now);
    policy_budget(&w->plan, &w->rules, use, 2, 400, now);
    assert_int_equal(w->plan.why, POLICY_BUDGET);
    assert_int_equal(w->plan.scope, STORE_USE_ACCOUNT);
}

/* ---- clocks -------------------------------------------------------------- */

/* Times that lie in the future, however far, delay nothing for longer than
 * what they are about; and a clock that jumps ahead tells each row once. */
static void wrong_clocks(void **state)
{
    world_t *w = *state;
    apr_time_t year = H(24 * 365);

    w->contacts->first_change = w->contacts->last_change = NOON + year;
    w->due.last_sent = w->due.last_sync = w->due.own_sync = NOON + year;
    w->due.in_session = NOON + year;
    w->due.gap = MIN(4);
    at(w, NOON);
    assert_in_range(w->plan.when, NOON, NOON + MIN(10));
    w->contacts->first_change = NOON - MIN(10);
    w->due.in_session = 0;
    w->due.gap = 0;
    at(w, NOON);
    assert_in_range(w->plan.when, NOON, NOON + MIN(2));
    teardown(state);
    setup(state);
    w = *state;
    w->due.last_sent = NOON - MIN(20);
    PLAN(NOON + year, NOON + S(60), "quiet");
}

/* ---- settings ------------------------------------------------------------ */

static void later_rules_win(void **state)
{
    world_t *w = *state;

    assert_null(set(w, STORE_USE_SERVER, "delay", "5s"));
    assert_null(set(w, STORE_USE_ACCOUNT, "delay", "2min"));
    assert_null(set(w, STORE_USE_DEVICE, "delay.calendar", "500ms"));
    assert_null(set(w, STORE_USE_DEVICE, "delay.calendar", "700ms"));
    assert_int_equal(w->rules.delay, MIN(2));
    assert_int_equal(w->rules.ndatastores, 1);
    assert_int_equal(w->rules.datastores[0].delay, 700000);
    assert_int_equal(w->rules.datastores[0].max_delay, -1);
    assert_null(set(w, STORE_USE_SERVER, "budget.device.day", "9"));
    assert_null(set(w, STORE_USE_ACCOUNT, "budget.device.day", "8"));
    assert_null(set(w, STORE_USE_DEVICE, "budget.day", "7"));
    assert_int_equal(w->rules.budget[STORE_USE_DEVICE][POLICY_DAY].sms, 7);
    assert_null(set(w, STORE_USE_DEVICE, "budget.day", "none"));
    assert_false(policy_has_budget(&w->rules, STORE_USE_DEVICE));
    assert_null(set(w, STORE_USE_DEVICE, "zone", "Europe/Berlin"));
    assert_null(set(w, STORE_USE_DEVICE, "zone", "local"));
    assert_null(w->rules.zone_name);
}

static void wrong_rules(void **state)
{
    static const struct { const char *name, *value, *words; } bad[] = {
        { "delay", "soon", "is no time from 0 to 24h" },
        { "delay", "25h", "is no time from 0 to 24h" },
        { "delay", "-1", "is no time" }, { "delay", "", "is no time" },
        { "delay", "1 h", "is no time" },
        { "delay", "99999999999999999999", "is no time" },
        { "delay", "9223372036854775h", "is no time" },
        { "delay.", "1h", "a datastore is missing" },
        { "max-delay", "off", "is no time" },
        { "min-interval", "1w", "is no time" },
        { "urgent", "49h", "from 0 to 48h" },
        { "unanswered", "", "no time is given" },
        { "unanswered", "1s", "1min to 30d" },
        { "unanswered", "1h 1h 1h 1h 1h 1h 1h 1h 1h", "one to 8 times" },
        { "quiet-hours", "22:00", "are no hours" },
        { "quiet-hours", "25-7", "are no hours" },
        { "quiet-hours", "22:60-7", "are no hours" },
        { "quiet-hours", "22:00-22 UTC", "ends when it begins; right are" },
        { "quiet-hours", "24-24", "ends when it begins" },
        { "quiet-hours", "24-0", "ends when it begins" },
        { "quiet-hours", "22-7 Nowhere/City", "no time zone" },
        { "zone", "../etc/passwd", "no time zone" },
        { "zone", "/etc/passwd", "no time zone" },
        { "own-syncs", "maybe", "neither on nor off" },
        { "budget", "3", "a budget is one of" },
        { "budget.week", "3", "a budget is one of" },
        { "budget.server.day", "3", "a budget is one of" },
        { "budget.day", "-3", "is no budget" },
        { "budget.day", "3x", "is no budget" },
        { "budget.day", "cost=much", "is no budget" },
        { "over-budget", "weep", "neither hold nor drop" },
        { "over-budget.server", "drop", "\"server\" is none" },
        { "over-budget.week", "drop", "\"week\" is none" },
        { "sync-type", "206", "\"206\" is no type of sync; there are two" },
        { "sync-type.calendar", "slow", "\"slow\" is no type of sync" },
        { "sync-type.", "two-way", "a datastore is missing" },
        { "colour", "red", "no such rule" }, { "delays", "1", "no such" },
        { "", "1", "no such rule" }
    };
    world_t *w = *state;
    policy_rules_t before = w->rules;
    size_t i;

    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *error = set(w, STORE_USE_DEVICE, bad[i].name,
                                bad[i].value);

        if (!error || !strstr(error, bad[i].words)) {
            fail_msg("%s %s: %s", bad[i].name, bad[i].value, error);
        }
    }
    before.ndatastores = w->rules.ndatastores;
    memcpy(before.datastores, w->rules.datastores, sizeof before.datastores);
    assert_memory_equal(&before, &w->rules, sizeof before);
    for (i = 0; i < POLICY_MAX_DATASTORES; i++) {
        SET(apr_psprintf(w->p, "delay.notes/%d", (int)i), "1s");
    }
    assert_non_null(strstr(set(w, STORE_USE_DEVICE, "delay.tasks", "1s"),
                           "more than 16 datastores"));
}

/* ---- zones --------------------------------------------------------------- */

/* libc's own idea of a zone, hour by hour, beyond the files' last entry. */
static void zones_as_libc(void **state)
{
    static const char *const names[] = {
        "Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
        "Asia/Kolkata", "Pacific/Apia", "Africa/Casablanca", "UTC",
        "America/Sao_Paulo", "Antarctica/Troll", "Europe/Dublin"
    };
    world_t *w = *state;
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        time_t t;
        zone_t *zone;

        assert_int_equal(zone_load(&zone, names[i], w->p), APR_SUCCESS);
        setenv("TZ", names[i], 1);
        tzset();
        for (t = 1000000000; t < 2600000000; t += 3600 * 11 + 1801) {
            struct tm tm;

            localtime_r(&t, &tm);
            if (zone_offset(zone, apr_time_from_sec(t)) != tm.tm_gmtoff) {
                fail_msg("%s at %ld: %d, libc %ld", names[i], (long)t,
                         zone_offset(zone, apr_time_from_sec(t)),
                         tm.tm_gmtoff);
            }
        }
    }
    unsetenv("TZ");
    tzset();
}

/* The clock goes from 1:59 to 3:00 on 2026-03-29, and from 2:59 to 2:00 on
 * 2026-10-25. */
static void next_minute(void **state)
{
    world_t *w = *state;
    apr_time_t spring = S((apr_int64_t)1774742400);     /* 0:00 UTC */
    apr_time_t autumn = S((apr_int64_t)1792886400);     /* 0:00 UTC */
    zone_t *berlin;

    assert_int_equal(zone_load(&berlin, "Europe/Berlin", w->p), APR_SUCCESS);
    assert_int_equal(zone_next(berlin, spring, 60), spring);    /* 1:00 */
    assert_int_equal(zone_next(berlin, spring, 180), spring + H(1));
    assert_in_range(zone_next(berlin, spring, 150), spring + MIN(30),
                    spring + MIN(90));          /* 2:30 is not there */
    assert_int_equal(zone_next(berlin, spring, 0), spring + H(22));
    assert_int_equal(zone_next(berlin, autumn, 180), autumn + H(2));
    assert_int_equal(zone_next(berlin, autumn, 420), autumn + H(6));
    assert_int_equal(zone_next(NULL, autumn + 1, 0) % S(1), 0);
}

static void damaged_zones(void **state)
{
    world_t *w = *state;
    zone_t *zone;

    assert_int_equal(zone_load(&zone, "Europe", w->p), APR_NOTFOUND);
    assert_int_equal(zone_load(&zone, "Europe/../UTC", w->p), APR_EINVAL);
    assert_int_equal(zone_load(&zone, "", w->p), APR_EINVAL);
    assert_int_equal(zone_load(&zone, "tzdata.zi", w->p), APR_NOTFOUND);
    assert_null(zone);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(quiet_delay), TEST(maximum_delay), TEST(minimum_interval),
        TEST(datastores_with_delays), TEST(datastores_below),
        TEST(urgent),
        TEST(nothing_while_unanswered), TEST(retries), TEST(syncing),
        TEST(own_syncs), TEST(paused_and_now), TEST(quiet_hours),
        TEST(all_day), TEST(urgent_among_held), TEST(becomes_urgent),
        TEST(budgets), TEST(room), TEST(budgets_full_of_what_is_under_way),
        TEST(wrong_clocks), TEST(later_rules_win),
        TEST(wrong_rules), TEST(zones_as_libc), TEST(next_minute),
        TEST(damaged_zones)
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("push policy", tests, NULL, NULL);
}
