/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * A phone was sent a text, and its Status was lost: it may have it, and then
 * says its edits on top of that one.
 */
#include "sml_contact.h"

/* The phone has taken a change of the server's, and its Status was lost.  What
 * the server's side does to the same property later has seen that change, and
 * does not lose to it, however often it was changed. */
static void test_unheard(void **state)
{
    static const int times[] = { 0, 1, 5, 32, 200 };
    unsigned at;

    for (at = 0; at < sizeof(times) / sizeof(times[0]); at++) {
        client_t *c;
        store_id_t id;
        int i, later = times[at];

        world_add_account(apr_psprintf(w->pool, "u%u", at));
        policy("contacts", SML_NORMAL_SYNC)->policy =
            later ? SML_POLICY_MERGE : SML_POLICY_SERVER;
        c = in_step("IMEI:1", card("Doe", TEL1 NOTE1 ORG1));
        id = world_find("contacts", "Works");
        world_put("contacts", id, card("Doe", TEL1 NOTE1 "ORG:Sent\r\n"));
        w->break_at = 3;
        assert_int_equal(client_sync(c, 200, "contacts"), APR_TIMEUP);
        w->break_at = 0;
        assert_non_null(client_find(c, "contacts", "Sent"));
        for (i = later; i > 0; i--) {
            world_put("contacts", id, card("Doe", apr_psprintf(w->pool,
                      TEL1 NOTE1 "ORG:Later%d\r\n", i)));
        }
        client_edit(c, client_find(c, "contacts", ""),
                    card("Doe", TEL2 NOTE1 "ORG:Sent\r\n"));
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
        has(c, "222");
        has(c, later ? "Later1" : "Sent");
        in_peace(c);
    }
}

/* The same of a phone that leaves out what it cannot show: that says nothing of
 * which text it had. */
static void test_unheard_poorer(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", TEL1 NOTE1 ORG1));
    store_id_t id = world_find("contacts", "Works");

    world_put("contacts", id, card("Doe", TEL1 NOTE1 "ORG:Sent\r\n" TITLE1));
    w->break_at = 3;
    assert_int_equal(client_sync(c, 200, "contacts"), APR_TIMEUP);
    w->break_at = 0;
    world_put("contacts", id, card("Doe", TEL1 NOTE1 "ORG:Later\r\n" TITLE1));
    client_edit(c, client_find(c, "contacts", ""),
                card("Doe", TEL2 NOTE1 "ORG:Sent\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    has(c, "222");
    has(c, "Later");
    has(c, "Boss");
    in_peace(c);
}

/* What the phone was never sent is not deleted by its edit of something else,
 * though it could have held it. */
static void test_not_sent(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", TEL1 NOTE1 TITLE1));
    store_id_t id = world_find("contacts", "Boss");

    client_edit(c, client_find(c, "contacts", ""), card("Doe", TEL1 NOTE1));
    SYNCED(c, client_sync(c, 200, "contacts"));
    lacks(c, "Boss");
    world_put("contacts", id, card("Doe", TEL1 NOTE1 "TITLE:Chief\r\n"));
    client_edit(c, client_find(c, "contacts", ""), card("Doe", TEL2 NOTE1));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    has(c, "222");
    has(c, "Chief");
    in_peace(c);
}

/* Both sides do the same to a number, and the server's adds a title: the phone
 * knows titles, but was never sent that one, so that it has not deleted it. */
static void test_done_by_both(void **state)
{
    static const char *const done[] = { "", "TEL;TYPE=WORK:334\r\n" };
    int i;

    for (i = 0; i < 2; i++) {
        client_t *c;

        world_add_account(apr_psprintf(w->pool, "both%d", i));
        c = in_step("IMEI:1", card("Doe", TEL1 NOTE1
                                   "TEL;TYPE=WORK:333\r\n"));
        client_put(c, "contacts", card("Roe", TEL2 "TITLE:Chief\r\n"));
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_put("contacts", world_find("contacts", "333"),
                  card("Doe", apr_pstrcat(w->pool, TEL1 NOTE1, done[i], TITLE1,
                                          NULL)));
        client_edit(c, client_find(c, "contacts", "333"),
                    card("Moe", apr_pstrcat(w->pool, TEL1 NOTE1, done[i],
                                            NULL)));
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
        has(c, "Moe");
        has(c, "Boss");
        lacks(c, "333");
        in_peace(c);
    }
}

/* A phone leaves out what it cannot show: it is sent that again, and its
 * Status is lost.  What it had is known all the same, so an edit of its user's
 * takes nothing away that the server's side has changed meanwhile. */
static void test_poorer_unheard(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", TEL1 NOTE1 ORG1));
    store_id_t id = world_find("contacts", "Works");

    world_put("contacts", id, card("Doe", TEL1 NOTE1 ORG1 TITLE1));
    SYNCED(c, client_sync(c, 200, "contacts"));
    client_edit(c, client_find(c, "contacts", ""),
                card("Doe", TEL1 NOTE1 ORG1));
    w->break_at = 3;
    assert_int_equal(client_sync(c, 200, "contacts"), APR_TIMEUP);
    w->break_at = 0;
    world_put("contacts", id, card("Doe", TEL1 NOTE1 "ORG:Later\r\n" TITLE1));
    client_edit(c, client_find(c, "contacts", ""),
                card("Doe", TEL2 NOTE1 ORG1));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    has(c, "222");
    has(c, "Later");
    has(c, "Boss");
    in_peace(c);
}

static int busy(client_t *c, client_store_t *s, const sml_command_t *change)
{
    (void)c;
    (void)s;
    return change->tag == SYNCML_REPLACE ? 510 : 0;
}

/* A change that the phone could not take comes once more, when the item is
 * gone there; and then the line breaks.  It gets it as a new one all the
 * same. */
static void test_lost_there(void **state)
{
    client_t *c = in_step("IMEI:1", card("Doe", TEL1 NOTE1));

    world_put("contacts", world_find("contacts", ""), card("Doe", TEL2));
    c->judge = busy;
    SYNCED(c, client_sync(c, 200, "contacts"));
    c->judge = NULL;
    client_find(c, "contacts", "")->gone = 1;
    w->break_at = 3;
    w->break_after = 1;
    client_sync(c, 200, "contacts");
    w->break_at = w->break_after = 0;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_non_null(client_find(c, "contacts", "222"));
    world_same(c, "contacts");
    in_peace(c);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_unheard),
        ON_EACH_STORE(test_unheard_poorer),
        ON_EACH_STORE(test_not_sent),
        ON_EACH_STORE(test_done_by_both),
        ON_EACH_STORE(test_poorer_unheard),
        ON_EACH_STORE(test_lost_there)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_unheard");
}
