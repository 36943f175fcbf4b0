/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The rules of push: what kind of sync a device is asked for, and what rules
 * of a datastore say about those below it. */
#include "policy_world.h"

#include "mod_syncml/sml.h"

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

/* A device that syncs when it is told, but does not fetch: it is told again as
 * seldom as if it did not answer, and in the end no more. */
static void who_does_not_fetch(void **state)
{
    static const int minutes[] = { 15, 60, 360, 1440 };
    apr_time_t told = NOON + H(1);
    world_t *w = *state;
    int i;

    w->due.last_sent = told;
    w->due.last_sync = told + S(30);
    for (i = 0; i < 4; i++) {
        w->contacts->unfetched = i + 1;
        PLAN(told + S(60), told + MIN(minutes[i]), "not-fetched");
        w->contacts->last_change = told + S(50);        /* another change */
        PLAN(told + S(60), told + MIN(minutes[i]), "not-fetched");
        w->contacts->starts = apr_time_sec(told + MIN(70));     /* urgent */
        PLAN(told + S(60), told + MIN(minutes[i]), "not-fetched");
        w->contacts->starts = 0;
        w->contacts->last_change = NOON;
        assert_in_range(at(w, told + MIN(minutes[i])), 1,
                        told + MIN(minutes[i]));        /* at once */
    }
    w->contacts->unfetched = 5;
    PLAN(told + H(99), STORE_DUE_NEVER, "never-fetched");
    w->due.now = 1;
    PLAN(told + H(99), told + H(99), "now");
    w->due.now = 0;
    /* others of its datastores are told of as ever */
    add_calendar(w);
    w->calendar->unfetched = 0;
    w->calendar->first_change = w->calendar->last_change = told + H(99);
    PLAN(told + H(99), told + H(99) + S(60), "quiet");
    w->contacts->unfetched = 1;         /* the sooner of two */
    w->calendar->unfetched = 2;
    PLAN(told + S(60), told + MIN(15), "not-fetched");
    w->calendar->unfetched = 6;
    w->contacts->unfetched = 9;
    PLAN(told + H(99), STORE_DUE_NEVER, "never-fetched");
    /* a clock that was wrong */
    w->contacts->unfetched = 1;
    w->due.last_sent = told + H(24 * 365);
    PLAN(told + S(60), told + S(60) + MIN(15), "not-fetched");
}

/* It does what it was asked for: that is no sign of anything. */
static void who_is_to_send_only(void **state)
{
    world_t *w = *state;

    SET("sync-type.contacts", "one-way-from-client");
    w->due.last_sent = NOON + S(60);
    w->contacts->unfetched = 99;
    PLAN(NOON + S(90), STORE_DUE_NEVER, "off");
    w->contacts->last_change = NOON + S(90);
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

/* A name that no datastore has would never count: it is said. */
static void unknown_datastores(void **state)
{
    static const char *const rules[] = { "delay", "max-delay", "sync-type" };
    static const char *const wrong[] = {
        "contact", "contacts2", "Contacts", "contacts/", "private/contacts",
        "/contacts", "caltasks", "con"
    };
    world_t *w = *state;
    apr_array_header_t *all = sml_default_datastores(w->p);
    int i, k;

    for (k = 0; k < 3; k++) {
        const char *value = k < 2 ? "1min" : "two-way";

        for (i = 0; i < (int)(sizeof wrong / sizeof *wrong); i++) {
            const char *error = set(w, STORE_USE_DEVICE, apr_pstrcat(w->p,
                                    rules[k], ".", wrong[i], NULL), value);

            if (!error || !strstr(error, apr_psprintf(w->p, "\"%s\" is no "
                "datastore; there are contacts, calendar, tasks, notes and "
                "journal, and those below them (contacts/private)",
                wrong[i]))) {
                fail_msg("%s.%s: %s", rules[k], wrong[i], error);
            }
        }
        for (i = 0; i < all->nelts; i++) {      /* those that have items */
            const sml_datastore_conf_t *d
                = APR_ARRAY_IDX(all, i, const sml_datastore_conf_t *);
            const char *name = apr_pstrcat(w->p, rules[k], ".", d->name,
                                           NULL);

            assert_int_equal(!set(w, STORE_USE_DEVICE, name, value),
                             !d->members);
        }
        SET(apr_pstrcat(w->p, rules[k], ".contacts/private", NULL), value);
    }
    assert_int_equal(w->rules.ndatastores, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sync_types), TEST(who_only_sends),
        TEST(who_does_not_fetch), TEST(who_is_to_send_only), TEST(below_a_datastore),
        TEST(unknown_datastores)
    };

    apr_initialize();
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("push policy types", tests, NULL, NULL);
}
