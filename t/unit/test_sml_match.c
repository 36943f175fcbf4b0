/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Slow syncs: which items of the two sides are the same.  Nothing doubled,
 * nothing lost, however often it happens and however poor the phone's copies
 * are.
 */
#include "sml_world.h"

#define MANY 200

static const char *card(const char *name, const char *lines)
{
    return apr_psprintf(w->pool, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:%s;;;;\r\n"
                        "FN:%s\r\n%sEND:VCARD\r\n", name, name, lines);
}

/* The words, and behind them a number. */
static const char *text(const char *words, int i)
{
    return apr_pstrcat(w->pool, words, apr_itoa(w->pool, i), NULL);
}

static const char *ended(const char *words, int i, const char *end)
{
    return apr_pstrcat(w->pool, text(words, i), end, NULL);
}

/* A contact with all that the i-th has. */
static const char *rich(int i)
{
    return card(text("Family", i),
                apr_psprintf(w->pool, "TEL;TYPE=CELL:%d\r\nEMAIL:a%d@b.c\r\n"
                             "NOTE:About %d\\nin two lines\r\nORG:Works %d"
                             "\r\nX-PET:dog %d\r\n", 1000 + i, i, i, i, i));
}

/* The phone forgets what it cannot hold: lines that begin like that. */
static void forget_lines(client_t *c, const char *const *names)
{
    client_store_t *s = client_store(c, "contacts");
    int i, j;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);
        char *rest = apr_pstrdup(w->pool, item->text), *line, *last = NULL;
        const char *kept = "";

        while ((line = apr_strtok(rest, "\r\n", &last)) != NULL) {
            for (j = 0; names[j] && strncmp(line, names[j],
                                            strlen(names[j])) != 0; j++) {
            }
            if (names[j] == NULL) {
                kept = apr_pstrcat(w->pool, kept, line, "\r\n", NULL);
            }
            rest = NULL;
        }
        item->text = kept;
    }
}

/* Another set of LUIDs for the same items: the phone was restored. */
static void renumber(client_t *c)
{
    client_store_t *s = client_store(c, "contacts");
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        item->luid = apr_pstrcat(w->pool, "new", item->luid, NULL);
        item->guid = NULL;
        item->map = 0;
    }
}

static void both_have(client_t *c, int n)
{
    if (client_count(c, "contacts") != n || world_count("contacts") != n) {
        fail_msg("the phone has %d, the server %d, not %d",
                 client_count(c, "contacts"), world_count("contacts"), n);
    }
}

static const char *const poor[] = { "NOTE", "ORG", "X-", "EMAIL", NULL };

/* The second slow sync is quiet, and so is each one after it. */
static void test_poor_phone(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    for (i = 0; i < MANY; i++) {
        world_put("contacts", 0, rich(i));
    }
    SYNCED(c, client_sync(c, 201, "contacts"));
    both_have(c, MANY);
    for (i = 0; i < 4; i++) {
        forget_lines(c, poor);
        if (i == 2) {
            renumber(c);
        }
        SYNCED(c, client_sync(c, i == 1 ? 200 : 201, "contacts"));
        both_have(c, MANY);
        assert_int_equal(client_store(c, "contacts")->came[0], 0);
        if (i > 0) {
            assert_int_equal(client_store(c, "contacts")->came[1], 0);
        }
    }
    for (i = 0; i < MANY; i++) {
        assert_true(world_find("contacts", ended("X-PET:dog ", i, "\r")));
        assert_true(world_find("contacts", ended("NOTE:About ", i, "\\n")));
    }
}

/* It was the phone that had them first; its copies became poorer. */
static void test_poor_phone_first(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_t *d = world_phone("IMEI:2");
    int i;

    for (i = 0; i < 40; i++) {
        client_put(d, "contacts", rich(i));
    }
    SYNCED(d, client_sync(d, 200, "contacts"));
    for (i = 0; i < 40; i++) {
        client_put(c, "contacts", rich(i));
    }
    forget_lines(c, poor);
    for (i = 0; i < 3; i++) {
        SYNCED(c, client_sync(c, 201, "contacts"));
        both_have(c, 40);
        SYNCED(d, client_sync(d, 201, "contacts"));
        both_have(d, 40);
    }
    world_same(c, "contacts");
    world_same(d, "contacts");
    assert_non_null(client_find(c, "contacts", "X-PET:dog 7\r"));
}

/* Each side has what the other lacks. */
static void test_near_twins(void **state)
{
    client_t *c = world_phone("IMEI:1");

    world_put("contacts", 0, card("Doe", "TEL:1\r\nNOTE:known\r\n"));
    client_put(c, "contacts", card("Doe", "TEL:1\r\nTITLE:Boss\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, 1);
    world_same(c, "contacts");
    assert_non_null(client_find(c, "contacts", "known"));
    assert_non_null(client_find(c, "contacts", "Boss"));
    world_quiet(c, "contacts");
}

/* The same name, but not the same person. */
static void test_namesakes(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    world_put("contacts", 0, card("Doe", "TEL:1\r\nEMAIL:one@b.c\r\n"));
    world_put("contacts", 0, card("Doe", "TEL:2\r\nEMAIL:two@b.c\r\n"));
    client_put(c, "contacts", card("Doe", "TEL:3\r\nEMAIL:three@b.c\r\n"));
    client_put(c, "contacts", card("Doe", "TEL:2\r\nEMAIL:two@b.c\r\n"));
    for (i = 0; i < 3; i++) {
        SYNCED(c, client_sync(c, 201, "contacts"));
        both_have(c, 3);
        world_same(c, "contacts");
    }
}

/* Names that begin alike, and nothing else in them differs: many people. */
static void test_names_that_begin_alike(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    w->config.guard.action = SML_GUARD_SLOW;
    w->config.guard.doubles = 20;
    w->config.guard.least = 10;
    for (i = 0; i < 150; i++) {
        const char *name = text("Contact", i);

        if (i % 2) {
            client_put(c, "contacts", card(name, "TEL:1\r\n"));
        }
        else {
            world_put("contacts", 0, card(name, "TEL:1\r\n"));
        }
    }
    for (i = 0; i < 3; i++) {
        SYNCED(c, client_sync(c, 201, "contacts"));
        both_have(c, 150);
        world_same(c, "contacts");
    }
    assert_int_equal(w->loud, 0);
    assert_false(world_logged("guard"));
}

/* A long one that the phone has cut, and one without its first word. */
static void test_names_cut(void **state)
{
    client_t *c = world_phone("IMEI:1");

    world_put("contacts", 0, card("Abcdefghijklmnopqrstuvwxyz", "TEL:1\r\n"));
    client_put(c, "contacts", card("Abcdefghijklmnopqrstuv", "TEL:1\r\n"));
    SYNCED(c, client_sync(c, 201, "contacts"));
    both_have(c, 1);
    world_quiet(c, "contacts");
}

/* The same event with another place on either side is one, and in conflict;
 * so is a person of whom there is one on either side. */
static void test_related(void **state)
{
    client_t *c = world_phone("IMEI:1");

    world_put("contacts", 0, card("Doe", "TEL:1\r\nEMAIL:one@b.c\r\n"));
    world_put("contacts", 0, card("Roe", "TEL:4\r\n"));
    client_put(c, "contacts", card("Doe", "TEL:3\r\nEMAIL:two@b.c\r\n"));
    client_put(c, "contacts", card("Poe", "TEL:4\r\n"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, 3);
    world_same(c, "contacts");
    assert_non_null(strstr(client_find(c, "contacts", "Doe")->text, "TEL:1"));
    assert_non_null(strstr(client_find(c, "contacts", "Doe")->text, "TEL:3"));
    assert_true(world_logged("conflicts=1"));
    world_quiet(c, "contacts");
    SYNCED(c, client_sync(c, 201, "contacts"));
    both_have(c, 3);
    world_quiet(c, "contacts");
}

/* Each text of its own, if that is wanted. */
static void test_related_both(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    APR_ARRAY_IDX(w->config.datastores, 0, sml_datastore_conf_t *)
        ->conflict[SML_FIRST_SYNC].policy = SML_POLICY_BOTH;
    world_put("contacts", 0, card("Doe", "TEL:1\r\n"));
    client_put(c, "contacts", card("Doe", "TEL:3\r\n"));
    for (i = 0; i < 2; i++) {
        SYNCED(c, client_sync(c, 200, "contacts"));
        both_have(c, 2);
    }
    world_quiet(c, "contacts");
}

static void test_equal_twins(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    for (i = 0; i < 3; i++) {
        client_put(c, "contacts", card("Doe", "TEL:1\r\n"));
        world_put("contacts", 0, card("Doe", "TEL:1\r\n"));
    }
    for (i = 0; i < 4; i++) {
        SYNCED(c, client_sync(c, 201, "contacts"));
        both_have(c, 3);
        if (i == 1) {
            renumber(c);
        }
    }
    world_quiet(c, "contacts");
}

/* Anchors are lost, nothing else: each side's changes are still known. */
static void test_lost_anchors(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_store_t *s = client_store(c, "contacts");
    int i;

    for (i = 0; i < 5; i++) {
        client_put(c, "contacts", rich(i));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    client_edit(c, client_find(c, "contacts", "Family0"),
                card("Family0", "TEL;TYPE=CELL:77\r\nEMAIL:a0@b.c\r\n"
                     "NOTE:About 0\\nin two lines\r\nORG:Works 0\r\n"
                     "X-PET:dog 0\r\n"));
    world_put("contacts", world_find("contacts", "Family0"),
              card("Family0", "TEL;TYPE=CELL:1000\r\nEMAIL:a0@b.c\r\n"
                   "NOTE:About 0\\nin two lines\r\nORG:Other\r\n"
                   "X-PET:dog 0\r\n"));
    world_put("contacts", world_find("contacts", "Family1"),
              card("Renamed", "TEL:1\r\n"));
    world_delete("contacts", world_find("contacts", "Family2"));
    s->last = "unknown";
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->code, 201);
    both_have(c, 4);
    world_same(c, "contacts");
    assert_non_null(client_find(c, "contacts", "77"));
    assert_non_null(client_find(c, "contacts", "Other"));
    assert_non_null(client_find(c, "contacts", "Renamed"));
    world_quiet(c, "contacts");
}

/* A phone comes back from a backup, with items and anchors of then.  It holds
 * all that it is sent, so it gets again what was changed since. */
static void restored(const char *note)
{
    client_t *c = world_phone("IMEI:1");
    client_store_t *s = client_store(c, "contacts");
    const char *was = card("Family1", apr_pstrcat(w->pool, "TEL:1\r\nNOTE:",
                                                  note, "\r\n", NULL));
    const char *last;
    int i;

    client_put(c, "contacts", was);
    client_put(c, "contacts", card("Family2", apr_pstrcat(w->pool, "NOTE:",
                                   note, "\r\n", NULL)));
    SYNCED(c, client_sync(c, 200, "contacts"));
    last = s->last;
    world_put("contacts", world_find("contacts", "Family1"),
              card("Family1", apr_pstrcat(w->pool, "TEL:1\r\nNOTE:", note,
                                          "\\nand two\r\n", NULL)));
    for (i = 0; i < 2; i++) {
        SYNCED(c, client_sync(c, 200, "contacts"));
    }
    for (i = 0; i < 2; i++) {
        client_item_t *item = client_find(c, "contacts", "Family1");

        item->text = was;
        s->last = i == 0 ? last : NULL;
        SYNCED(c, client_sync(c, 200, "contacts"));
        assert_int_equal(s->code, 201);
        both_have(c, 2);
        world_same(c, "contacts");
        assert_non_null(client_find(c, "contacts", "and two"));
        world_quiet(c, "contacts");
    }
}

static void test_restored(void **state)
{
    restored("One");
}

/* ... also where it could be taken for a phone that cuts long texts, since two
 * end at the same length. */
static void test_restored_long(void **state)
{
    restored("A text so long that a phone might have cut it, as phones do "
             "that have place for only so much");
}

/* Who asks for a slow sync wants all that one of the two sides has. */
static void test_slow_brings_back(void **state)
{
    client_t *c = world_phone("IMEI:1");
    store_id_t id;

    client_put(c, "contacts", rich(1));
    client_put(c, "contacts", rich(2));
    SYNCED(c, client_sync(c, 200, "contacts"));
    id = world_find("contacts", "Family1");
    world_delete("contacts", id);
    client_erase(client_find(c, "contacts", "Family2"));
    SYNCED(c, client_sync(c, 201, "contacts"));
    both_have(c, 2);
    assert_int_equal(world_find("contacts", "Family1"), id);
    world_quiet(c, "contacts");
}

/* ... but not who asked for changes in one direction, and had lost the
 * anchors. */
static void test_slow_instead_of_one_way(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_store_t *s = client_store(c, "contacts");
    int code;

    for (code = 200; code <= 204; code += 2) {
        client_put(c, "contacts", rich(code));
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_delete("contacts", world_find("contacts",
                                            ended("Family", code, ";")));
        s->last = "unknown";
        SYNCED(c, client_sync(c, code, "contacts"));
        assert_int_equal(s->code, 201);
        SYNCED(c, client_sync(c, 200, "contacts"));
        both_have(c, 0);
        world_quiet(c, "contacts");
    }
}

/* A LUID that means somebody else now. */
static void test_luids_shuffled(void **state)
{
    client_t *c = world_phone("IMEI:1");
    client_store_t *s = client_store(c, "contacts");
    int i;

    for (i = 0; i < 10; i++) {
        client_put(c, "contacts", rich(i));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    for (i = 0; i < 10; i++) {
        APR_ARRAY_IDX(s->items, i, client_item_t *)->luid =
            text("", 10 - i);
    }
    SYNCED(c, client_sync(c, 201, "contacts"));
    both_have(c, 10);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* The same UID, everything else new: one item still. */
static void test_same_uid(void **state)
{
    client_t *c = world_phone("IMEI:1");

    world_put("contacts", 0, card("Doe", "UID:u-1\r\nTEL:1\r\n"));
    client_put(c, "contacts", card("Roe", "UID:u-1\r\nTEL:1\r\n"));
    SYNCED(c, client_sync(c, 201, "contacts"));
    both_have(c, 1);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* Deleted on the server, edited on two phones, one of which syncs slowly: the
 * item comes back once, with both edits.
 * @param others  items that the datastore has besides */
static void edited_and_deleted(int others)
{
    client_t *c = world_phone("IMEI:1"), *d = world_phone("IMEI:2");
    store_id_t id = world_put("contacts", 0, card("Doe", "TITLE:T\r\n"
                                                  "NOTE:N\r\n"));
    int i;

    for (i = 0; i < others; i++) {
        world_put("contacts", 0, rich(i));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    SYNCED(d, client_sync(d, 200, "contacts"));
    world_delete("contacts", id);
    client_edit(c, client_find(c, "contacts", "FN:Doe"),
                card("Doe", "TITLE:New\r\nNOTE:N\r\n"));
    client_edit(d, client_find(d, "contacts", "FN:Doe"),
                card("Doe", "TITLE:T\r\nNOTE:New\r\n"));
    SYNCED(c, client_sync(c, 201, "contacts"));
    SYNCED(d, client_sync(d, 200, "contacts"));
    both_have(d, others + 1);
    assert_int_equal(world_find("contacts", "TITLE:New"), id);
    assert_int_equal(world_find("contacts", "NOTE:New"), id);
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    world_quiet(d, "contacts");
}

static void test_edited_and_deleted(void **state)
{
    edited_and_deleted(0);
    world_add_account("bob");
    edited_and_deleted(2);
}

static const char *event(size_t i, const char *lines)
{
    return apr_pstrcat(w->pool, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:m"
                       "\r\nBEGIN:VEVENT\r\nDTSTART:20261224T170000Z\r\n",
                       ended("SUMMARY:Feast", (int)i, "\r\n"), lines,
                       "END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
}

/* The anchors are lost, and an event was deleted on the server.  A phone that
 * has it as it was does not bring it back, nor has it less of it; but one where
 * it was edited meanwhile, be it in what two equal events may differ in. */
static void test_deleted_and_url(void **state)
{
    static const struct {
        const char *before, *after;
        int back;
    } tries[] = {
        { "URL:http://a.example/x\r\n", "URL:http://a.example/x\r\n", 0 },
        { "URL:http://a.example/x\r\n", "URL:http://a.exam\r\n", 0 },
        { "URL:http://a.example/x\r\n", "", 0 },
        { "URL:http://a.example/x\r\n", "URL:http://a.example/y\r\n", 1 },
        { "LOCATION:Here\r\n", "LOCATION:There\r\n", 1 }
    };
    client_t *c = world_phone("IMEI:1");
    client_store_t *s = client_add_store(c, "calendar", "text/calendar");
    client_item_t *item;
    size_t i;

    for (i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
        item = client_put(c, "calendar", event(i, tries[i].before));
        SYNCED(c, client_sync(c, 200, "calendar"));
        world_delete("calendar", world_find("calendar", "Feast"));
        client_edit(c, item, event(i, tries[i].after));
        s->last = "unknown";
        SYNCED(c, client_sync(c, 200, "calendar"));
        assert_int_equal(s->code, 201);
        SYNCED(c, client_sync(c, 200, "calendar"));
        assert_int_equal(world_count("calendar"), tries[i].back);
        if (tries[i].back) {
            assert_true(world_find("calendar", tries[i].after));
            client_erase(item);
            SYNCED(c, client_sync(c, 200, "calendar"));
        }
        world_same(c, "calendar");
        world_quiet(c, "calendar");
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_poor_phone),
        ON_EACH_STORE(test_poor_phone_first),
        ON_EACH_STORE(test_near_twins),
        ON_EACH_STORE(test_namesakes),
        ON_EACH_STORE(test_names_that_begin_alike),
        ON_EACH_STORE(test_names_cut),
        ON_EACH_STORE(test_related),
        ON_EACH_STORE(test_related_both),
        ON_EACH_STORE(test_equal_twins),
        ON_EACH_STORE(test_lost_anchors),
        ON_EACH_STORE(test_restored),
        ON_EACH_STORE(test_restored_long),
        ON_EACH_STORE(test_slow_brings_back),
        ON_EACH_STORE(test_slow_instead_of_one_way),
        ON_EACH_STORE(test_luids_shuffled),
        ON_EACH_STORE(test_same_uid),
        ON_EACH_STORE(test_edited_and_deleted),
        ON_EACH_STORE(test_deleted_and_url)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_match");
}
