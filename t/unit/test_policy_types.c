/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The rules of push: what kind of sync a device is asked for, and what rules
 * of a datastore say about those below it. */
#include "policy_world.h"

/* The kind of sync that a notification asks for. */
static void sync_types(void **state)
{
    static const struct { const char *name; int type; } names[] = {
        { "two-way", 206 }, { "one-way-from-client", 207 },
        { "refresh-from-client", 208 }, { "one-way-from-server", 209 },
        { "Refresh-From-Server", 210 }
    };
    world_t *w = *state;
    size_t i;

    assert_int_equal(policy_sync_type(&w->rules, "contacts"), 206);
    assert_false(policy_has_sync_types(&w->rules));
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        SET("sync-type", names[i].name);
        assert_int_equal(policy_sync_type(&w->rules, "notes"),
                         names[i].type);
        assert_int_equal(policy_has_sync_types(&w->rules), i > 0);
    }
    SET("sync-type", "two-way");
    SET("sync-type.calendar", "one-way-from-server");
    assert_true(policy_has_sync_types(&w->rules));
    assert_int_equal(policy_sync_type(&w->rules, "contacts"), 206);
    assert_int_equal(policy_sync_type(&w->rules, "calendar"), 209);
    assert_int_equal(policy_sync_type(&w->rules, "calendar/team"), 209);
    assert_int_equal(policy_sync_type(&w->rules, "calendars"), 206);
    SET("sync-type.calendar/mine", "two-way");
    assert_int_equal(policy_sync_type(&w->rules, "calendar/mine"), 206);
    assert_int_equal(policy_sync_type(&w->rules, "calendar/team"), 209);
    /* the delays are as they would be without it */
    PLAN(NOON, NOON + S(60), "quiet");
    SET("sync-type.contacts", "refresh-from-server");
    PLAN(NOON, NOON + S(60), "quiet");
}

/* A device that only sends lacks the change when it has synced, too: it is not
 * told of it again for that, or that would never end. */
static void who_only_sends(void **state)
{
    world_t *w = *state;

    SET("sync-type.contacts", "one-way-from-client");
    PLAN(NOON, NOON + S(60), "quiet");
    w->due.last_sent = NOON + S(60);            /* ... and has synced */
    PLAN(NOON + S(90), STORE_DUE_NEVER, "off");
    w->contacts->starts = apr_time_sec(NOON + H(1));
    PLAN(NOON + S(90), STORE_DUE_NEVER, "off");
    w->contacts->starts = 0;
    w->contacts->last_change = NOON + S(90);    /* another one */
    PLAN(NOON + S(90), NOON + MIN(3), "min-interval");
    w->contacts->last_change = NOON;
    w->due.now = 1;
    PLAN(NOON + S(90), NOON + S(90), "now");
    w->due.now = 0;
    w->due.state = STORE_DUE_SENT;              /* it has not */
    w->due.not_before = NOON + MIN(15);
    PLAN(NOON + S(90), NOON + MIN(15), "unanswered");
    w->due.state = STORE_DUE_WAITING;
    w->due.not_before = 0;
    w->due.last_sent = NOON + H(24 * 365);      /* by a clock that was wrong */
    PLAN(NOON + MIN(9), NOON + MIN(11), "min-interval");
    w->due.last_sent = NOON + S(60);
    add_calendar(w);
    PLAN(NOON + S(90), NOON + MIN(3), "min-interval");
    SET("sync-type.calendar", "refresh-from-client");
    PLAN(NOON + S(90), NOON + MIN(3), "min-interval");
}

/* A rule of a datastore leaves the other rules of the one above it alone. */
static void below_a_datastore(void **state)
{
    world_t *w = *state;

    SET("delay.contacts", "3min");
    SET("max-delay.contacts/private", "2h");
    SET("sync-type.contacts/private", "one-way-from-server");
    w->contacts->name = "contacts/private";
    PLAN(NOON, NOON + MIN(3), "quiet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sync_types), TEST(who_only_sends), TEST(below_a_datastore)
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("push policy types", tests, NULL, NULL);
}
