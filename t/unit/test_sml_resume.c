/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: sessions of every type that are suspended, or break off, at each
 * message, and go on with Alert 225, 200 or 201.  A resumed sync is of the old
 * type, brings nobody anything twice, and forgets nothing that had its Status.
 */
#include "one_in.h"
#include "sml_story.h"
#include "sml_suspend.h"

static const char *where;       /* the present case, for failures */

static void expect(client_t *c, int n)
{
    const char *difference = world_differs(c, "contacts");

    if (difference != NULL || (n >= 0 && client_count(c, "contacts") != n)) {
        fail_msg("%s: %s; %d items, %d expected", where,
                 difference ? difference : "same on both sides",
                 client_count(c, "contacts"), n);
    }
}

/* No item is there twice. */
static void no_doubles(client_t *c)
{
    client_store_t *s = client_store(c, "contacts");
    int i, j;

    for (i = 0; i < s->items->nelts; i++) {
        const client_item_t *a = APR_ARRAY_IDX(s->items, i, client_item_t *);

        for (j = 0; j < i; j++) {
            const client_item_t *b = APR_ARRAY_IDX(s->items, j,
                                                   client_item_t *);

            if (!a->gone && !b->gone && strcmp(a->text, b->text) == 0) {
                fail_msg("%s: twice: %s", where, a->text);
            }
        }
    }
}

typedef struct type_t {
    int code, sync_first, expect;
} type_t;

static const type_t types[] = {
    { 200, 1, 4 * CARDS - 4 },
    { 200, 0, 2 * CARDS },
    { 201, 0, 2 * CARDS },
    { 203, 1, 3 * CARDS - 2 },
    { 205, 1, 3 * CARDS - 2 },
    { 202, 1, 4 * CARDS - 4 },
    { 204, 1, 4 * CARDS - 4 }
};

#define TYPES ((int)(sizeof(types) / sizeof(types[0])))

static void (*habit)(client_t *c);

static client_t *story(const type_t *x)
{
    client_t *c = fresh_phone(x->sync_first);

    if (habit != NULL) {
        habit(c);
    }
    if (x->sync_first) {
        edit_both(c);
    }
    return c;
}

static void name_case(const type_t *x, int how, unsigned at)
{
    where = apr_psprintf(w->pool, "type %d%s, %s message %u", x->code,
                         x->sync_first ? "" : " (first)", stop_name(how),
                         at);
}

/* The two sides are in step at the end, whatever the sync's direction. */
static void settle(client_t *c, const type_t *x)
{
    if (x->code == 202 || x->code == 204) {
        SYNCED(c, client_sync(c, 200, "contacts"));
        assert_int_equal(client_store(c, "contacts")->code, 200);
    }
    expect(c, x->expect);
    no_doubles(c);
    world_quiet(c, "contacts");
}

/* ---- 225 ----------------------------------------------------------------- */

static void resume_once(const type_t *x, int how)
{
    client_t *whole = story(x);
    const client_store_t *told = client_store(whole, "contacts");
    unsigned at;
    int on = 1, all;

    SYNCED(whole, client_sync(whole, x->code, "contacts"));
    all = told->came[0] + told->came[1] + told->came[2];
    for (at = 2; on; at++) {
        client_t *c = story(x);
        client_store_t *s = client_store(c, "contacts");
        int code;

        name_case(x, how, at);
        on = stopped(c, x->code, at, how);
        code = s->code;
        if (on && !may_resume(c)) {
            SYNCED(c, client_sync(c, x->code, "contacts"));
        }
        else if (on) {
            int sent = s->came[0] + s->came[1] + s->came[2];
            int same = stop_goes_on(c, code, how);

            resumed(c, where);
            if (s->code != (same ? code : 201)
                || s->alert_status != (same ? 200 : 508)) {
                fail_msg("%s: not resumed, but %d with status %d", where,
                         s->code, s->alert_status);
            }
            /* What came before and had its Status does not come again. */
            sent += s->came[0] + s->came[1] + s->came[2];
            if (how == STOP_SUSPEND && sent != all) {
                fail_msg("%s: %d came instead of %d", where, sent, all);
            }
        }
        settle(c, x);
    }
    assert_true(at > 4);
}

static void test_resume(void **state)
{
    int i, how;

    habit = NULL;
    for (i = 0; i < TYPES; i++) {
        for (how = 0; how < STOPS; how++) {
            resume_once(&types[i], how);
        }
    }
    assert_true(world_logged("resumes the two-way sync"));
    assert_true(world_logged("resumes the slow sync"));
    assert_true(world_logged("resumes the refresh-from-client sync"));
    assert_int_equal(w->loud, 0);
}

static void map_first(client_t *c)
{
    c->map_first = 1;
    c->final_222 = 1;
}

static void maps_late(client_t *c)
{
    c->maps = MAPS_NEXT_SESSION;
}

static void adds_in_slow(client_t *c)
{
    c->slow_tag = SYNCML_ADD;
    c->per_message = 1;
}

static void test_resume_habits(void **state)
{
    void (*const habits[])(client_t *) = {
        map_first, maps_late, adds_in_slow
    };
    int i, j;

    for (j = 0; j < 3; j++) {
        habit = habits[j];
        for (i = 0; i < TYPES; i++) {
            resume_once(&types[i], STOP_SUSPEND);
            resume_once(&types[i], STOP_AFTER);
        }
    }
    habit = NULL;
}

/* Interrupted and resumed at ever later messages, until it is through. */
static void test_resume_again_and_again(void **state)
{
    int i, how;

    for (i = 0; i < TYPES; i++) {
        for (how = 0; how < STOPS; how++) {
            client_t *c = story(&types[i]);
            int code = types[i].code, in_force = 0, rounds = 0, begun = 0;
            unsigned at = 2;
            name_case(&types[i], how, 0);
            while (stopped(c, code, at, how)) {
                client_store_t *s = client_store(c, "contacts");

                if (in_force && s->code && s->code != in_force
                    && (begun || s->code != 201)) {
                    fail_msg("%s: %d became %d", where, in_force, s->code);
                }
                in_force = s->code ? s->code : in_force;
                begun |= stop_goes_on(c, in_force, how);
                code = in_force ? 225 : code;
                at = 2 + (unsigned)++rounds / 2;
                assert_true(rounds < 40);
            }
            assert_true(rounds > 1);
            settle(c, &types[i]);
        }
    }
}

/* ---- large objects -------------------------------------------------------- */

static int says_datapos;

/* Each side has large objects among the others. */
static client_t *large_story(const type_t *x)
{
    client_t *c = story(x);

    c->chunk = 900;
    c->says_datapos = says_datapos;
    c->ph->model = says_datapos ? "SyncEvolution" : NULL;
    c->devinf_known = 0;
    client_put(c, "contacts", world_large_card("PhoneLarge1", 4000));
    client_put(c, "contacts", world_large_card("PhoneLarge2", 3000));
    client_put(c, "contacts", name_of("PhoneLast", 1));
    world_put("contacts", 0, world_large_card("ServerLarge1", 4000));
    world_put("contacts", 0, world_large_card("ServerLarge2", 5000));
    world_put("contacts", 0, name_of("ServerLast", 1));
    return c;
}

static void resume_large(const type_t *x, int how)
{
    unsigned at;
    int on = 1;

    for (at = 2; on; at += ONE_IN(3)) {
        client_t *c = large_story(x);
        client_store_t *s = client_store(c, "contacts");
        int code;

        name_case(x, how, at);
        on = stopped(c, x->code, at, how);
        code = s->code;
        if (on && may_resume(c)) {
            int same = stop_goes_on(c, code, how);

            resumed(c, where);
            assert_int_equal(s->code, same ? code : 201);
        }
        else if (on) {
            SYNCED(c, client_sync(c, x->code, "contacts"));
        }
        if (x->code == 202 || x->code == 204) {
            SYNCED(c, client_sync(c, 200, "contacts"));
        }
        expect(c, -1);
        no_doubles(c);
        assert_true(client_count(c, "contacts") >= x->expect + 3);
        world_quiet(c, "contacts");
    }
    assert_true(at > 8);
}

static void test_resume_large(void **state)
{
    int i, how;

    habit = NULL;
    for (says_datapos = 0; says_datapos <= 1; says_datapos++) {
        for (i = 0; i < TYPES; i++) {
            for (how = 0; how < STOPS; how++) {
                resume_large(&types[i], how);
            }
        }
    }
    assert_int_equal(w->loud, 0);
}

/* Each time at the next message, all through the pieces. */
static void test_resume_large_again_and_again(void **state)
{
    int i, how;

    says_datapos = 1;           /* the others begin anew each time */
    for (i = 0; i < TYPES; i++) {
        for (how = 0; how < STOPS; how++) {
            client_t *c = large_story(&types[i]);
            int code = types[i].code, in_force = 0, rounds = 0;

            name_case(&types[i], how, 3);
            while (stopped(c, code, 3 + (unsigned)rounds / 3, how)) {
                client_store_t *s = client_store(c, "contacts");

                in_force = s->code ? s->code : in_force;
                code = in_force ? 225 : code;
                if (++rounds == 60) {
                    fail_msg("%s: does not come to an end", where);
                }
            }
            assert_true(rounds > 2);
            if (types[i].code == 202 || types[i].code == 204) {
                SYNCED(c, client_sync(c, 200, "contacts"));
            }
            expect(c, -1);
            no_doubles(c);
            assert_true(client_count(c, "contacts") >= types[i].expect + 3);
            world_quiet(c, "contacts");
        }
    }
}

/* The client does not resume: the object begins anew. */
static void test_large_instead(void **state)
{
    int i, how;

    says_datapos = 1;
    for (i = 0; i < TYPES; i++) {
        for (how = 0; how < STOPS; how += 3) {
            unsigned at;
            int on = 1;

            for (at = 2; on; at++) {
                client_t *c = large_story(&types[i]);

                name_case(&types[i], how, at);
                on = stopped(c, types[i].code, at, how);
                stop_forget(c, 0);
                SYNCED(c, client_sync(c, 200, "contacts"));
                expect(c, -1);
                no_doubles(c);
                world_quiet(c, "contacts");
            }
        }
    }
}

/* ---- 200 and 201 --------------------------------------------------------- */

/* The client forgets that it was interrupted. */
static void another(int then, int how)
{
    int i;

    for (i = 0; i < TYPES; i++) {
        const type_t *x = &types[i];
        unsigned at;
        int on = 1;

        for (at = 2; on; at++) {
            client_t *c = story(x);
            int forgets = x->code == 201 || x->code == 203 || x->code == 205
                || !x->sync_first;

            name_case(x, how, at);
            on = stopped(c, x->code, at, how);
            stop_forget(c, 0);
            if (on) {
                SYNCED(c, client_sync(c, then, "contacts"));
                if (then == 200 && !forgets) {
                    assert_int_equal(client_store(c, "contacts")->code, 200);
                }
                /* A refresh half done and then merged by a slow sync: all
                 * of both sides. */
                expect(c, forgets || then == 201 ? -1 : x->expect);
                no_doubles(c);
                world_quiet(c, "contacts");
            }
            else {
                settle(c, x);
            }
        }
    }
}

static void test_two_way_instead(void **state)
{
    another(200, STOP_SUSPEND);
    another(200, STOP_DEAF);
    another(200, STOP_AFTER);
}

static void test_slow_instead(void **state)
{
    another(201, STOP_SUSPEND);
    another(201, STOP_AFTER);
}

/* What a phone has deleted, and was told so, stays deleted, also where it
 * does not say so again and the next sync is slow. */
static void test_deletes_stay(void **state)
{
    int then;

    for (then = 200; then <= 201; then++) {
        client_t *c = fresh_phone(1);
        client_item_t *item = item_of(c, "Server", 1);

        client_erase(item);
        client_put(c, "contacts", name_of("PhoneNew", 1));
        c->per_message = 1;
        assert_true(stopped(c, 200, 3, STOP_SUSPEND));
        assert_true(item->confirmed);
        item->dirty = 0;        /* it had its Status */
        stop_forget(c, 0);
        assert_true(id_of("Server", 1) != 0);
        SYNCED(c, client_sync(c, then, "contacts"));
        assert_true(id_of("Server", 1) == 0);
        assert_null(item_of(c, "Server", 1));
        expect(c, 2 * CARDS);
        world_quiet(c, "contacts");
    }
}

/* ... but not if somebody has changed the item since. */
static void test_deletes_give_way(void **state)
{
    int then;

    for (then = 200; then <= 201; then++) {
        client_t *c = fresh_phone(1);
        client_item_t *item = item_of(c, "Server", 1);

        client_erase(item);
        client_put(c, "contacts", name_of("PhoneNew", 1));
        c->per_message = 1;
        assert_true(stopped(c, 200, 3, STOP_SUSPEND));
        item->dirty = 0;
        stop_forget(c, 0);
        world_put("contacts", id_of("Server", 1), name_of("ServerEdit", 1));
        SYNCED(c, client_sync(c, then, "contacts"));
        assert_non_null(item_of(c, "ServerEdit", 1));
        expect(c, 2 * CARDS + 1);
        world_quiet(c, "contacts");
    }
}

/* Added in the session that broke off, deleted on the phone before the
 * next. */
static void test_added_and_deleted(void **state)
{
    unsigned at;
    int on = 1, how;

    for (how = STOP_BEFORE; how <= STOP_AFTER; how++, on = 1) {
        for (at = 2; on; at++) {
            client_t *c = fresh_phone(1);
            client_item_t *item = client_put(c, "contacts",
                                             name_of("PhoneNew", 0));

            where = apr_psprintf(w->pool, "%s %u", stop_name(how), at);
            on = stopped(c, 200, at, how);
            stop_forget(c, 0);
            client_erase(item);
            item->dirty = SYNCML_DELETE;
            SYNCED(c, client_sync(c, 200, "contacts"));
            assert_int_equal(client_store(c, "contacts")->code, 200);
            expect(c, 2 * CARDS);
            world_quiet(c, "contacts");
        }
    }
}

/* ---- edits in between ---------------------------------------------------- */

/* What others change after the interruption waits for the next sync: the
 * phone holds its own edits of that time back as well, and would lose them. */
static void test_edits_between(void **state)
{
    unsigned at;
    int on = 1;

    for (at = 3; on; at++) {
        client_t *c = fresh_phone(1);
        store_id_t id;

        edit_both(c);
        on = stopped(c, 200, at, STOP_SUSPEND);
        if (!on) {
            break;
        }
        where = apr_psprintf(w->pool, "edits after message %u", at);
        id = id_of("Phone", 0) ? id_of("Phone", 0) : id_of("PhoneEdit", 0);
        world_put("contacts", id, name_of("ServerLater", 0));
        world_put("contacts", 0, name_of("ServerLater", 1));
        resumed(c, where);
        assert_int_equal(client_store(c, "contacts")->code, 200);
        assert_null(item_of(c, "ServerLater", 1));
        SYNCED(c, client_sync(c, 200, "contacts"));
        assert_int_equal(client_store(c, "contacts")->code, 200);
        assert_non_null(item_of(c, "ServerLater", 1));
        expect(c, -1);
        no_doubles(c);
        world_quiet(c, "contacts");
    }
    assert_true(at > 5);
}

/* ---- what cannot be resumed ---------------------------------------------- */

static void slow_instead(client_t *c, int n)
{
    client_store_t *s = client_store(c, "contacts");

    SYNCED(c, client_sync(c, 225, "contacts"));
    assert_int_equal(s->alert_status, 508);
    assert_int_equal(s->code, 201);
    expect(c, n);
    no_doubles(c);
    world_quiet(c, "contacts");
}

static void test_nothing_to_resume(void **state)
{
    client_t *c = fresh_phone(0);

    where = "nothing to resume";
    slow_instead(c, 2 * CARDS); /* never synced */
    slow_instead(c, 2 * CARDS); /* the last sync ended well */
    assert_true(world_logged("asked for a slow sync"));
}

/* Its Last is not that of the interrupted sync. */
static void test_other_anchor(void **state)
{
    client_t *c = fresh_phone(1);

    where = "another anchor";
    edit_both(c);
    assert_true(stopped(c, 200, 3, STOP_SUSPEND));
    stop_forget(c, 0);
    client_store(c, "contacts")->last = "of old";
    slow_instead(c, -1);
}

/* The session has expired long ago: it is resumed all the same. */
static void test_expired(void **state)
{
    client_t *c = fresh_phone(1);

    where = "expired";
    edit_both(c);
    assert_true(stopped(c, 200, 2, STOP_SUSPEND));
    suspend_expire(c->ph->devid);
    resumed(c, where);
    assert_int_equal(client_store(c, "contacts")->code, 200);
    expect(c, 4 * CARDS - 4);
    world_quiet(c, "contacts");
}

/* A login that does not get to the Alert, and another datastore's sync, do
 * not cost the first its resume. */
static void test_sync_of_another_between(void **state)
{
    client_t *c = fresh_phone(1);
    phone_t *ph = c->ph;

    where = "another datastore between";
    edit_both(c);
    client_put(c, "notes", "a note");
    assert_true(stopped(c, 200, 4, STOP_SUSPEND));
    SYNCED(c, client_sync(c, 200, "notes"));
    phone_begin(ph);
    phone_open(ph);
    phone_put_devinf(ph);
    SENT(ph, 1);
    SYNCED(c, client_sync(c, 200, "notes"));
    resumed(c, where);
    assert_int_equal(client_store(c, "contacts")->code, 200);
    expect(c, 4 * CARDS - 4);
    world_quiet(c, "contacts");
    world_same(c, "notes");
}

/* Alert 224 in the very first message. */
/* Two of one name that contradict, one from either side, are one: also where
 * the sync stops after the phone's has come. */
static void test_related(void **state)
{
    unsigned at;
    int on = 1;

    for (at = 3; on; at++) {
        client_t *c = fresh_phone(0);

        where = apr_psprintf(w->pool, "related, message %u", at);
        c->per_message = 1;
        world_put("contacts", 0, "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;;;;\r\n"
                  "FN:Doe\r\nTEL:1\r\nEMAIL:one@b.c\r\nEND:VCARD\r\n");
        client_put(c, "contacts", "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;;;;\r\n"
                   "FN:Doe\r\nTEL:3\r\nEMAIL:two@b.c\r\nEND:VCARD\r\n");
        client_put(c, "contacts", name_of("PhoneNew", 1));
        on = stopped(c, 201, at, STOP_SUSPEND);
        if (on) {
            resumed(c, where);
        }
        SYNCED(c, client_sync(c, 200, "contacts"));
        expect(c, 2 * CARDS + 2);
        world_quiet(c, "contacts");
    }
    assert_true(at > 8);
}

/* Adds what both have, so often, with a stop in between. @return 0: the
 * session was through before */
static int doubles_resumed(int n, unsigned at)
{
    client_t *c = fresh_phone(1);
    int i, on;

    where = apr_psprintf(w->pool, "%d doubles, message %u", n, at);
    c->per_message = 1;
    for (i = 0; i < n; i++) {
        client_put(c, "contacts", name_of(i < CARDS ? "Server" : "Phone",
                                          i % CARDS));
    }
    on = stopped(c, 200, at, STOP_SUSPEND);
    if (on) {
        c->resuming = 1;
        client_session(c, 225, "contacts");
        c->resuming = 0;
    }
    if (on && world_count("contacts") != 2 * CARDS + (n > 4 ? 0 : n)) {
        fail_msg("%s: %d items", where, world_count("contacts"));
    }
    return on;
}

/* The guard counts on, by the share of what there was. */
static void test_doubles(void **state)
{
    unsigned at;

    w->config.guard = (sml_guard_conf_t){ SML_GUARD_SLOW, 100, 60, 1 };
    for (at = 3; doubles_resumed(4, at); at++) {
        assert_false(world_logged("adds what it has already"));
    }
    assert_true(at > 5);
    for (at = 3; at < 6; at++) {        /* before it is too many */
        assert_true(doubles_resumed(2 * CARDS, at));
    }
    assert_true(world_logged("adds what it has already"));
}

static void test_suspend_at_once(void **state)
{
    client_t *c = fresh_phone(1);
    phone_t *ph = c->ph;
    client_store_t *s = client_store(c, "contacts");

    where = "224 in the first message";
    edit_both(c);
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, 200, "contacts", s->local, s->last, "next");
    phone_alert(ph, 224, ph->url, ph->devid, NULL, NULL);
    SENT(ph, 1);
    assert_int_equal(phone_code(ph, "Alert", 1), 200);
    assert_true(ph->in->final);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->code, 200);
    expect(c, 4 * CARDS - 4);
    world_quiet(c, "contacts");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_resume),
        ON_EACH_STORE(test_resume_habits),
        ON_EACH_STORE(test_resume_again_and_again),
        ON_EACH_STORE(test_resume_large),
        ON_EACH_STORE(test_resume_large_again_and_again),
        ON_EACH_STORE(test_large_instead),
        ON_EACH_STORE(test_two_way_instead),
        ON_EACH_STORE(test_slow_instead),
        ON_EACH_STORE(test_deletes_stay),
        ON_EACH_STORE(test_deletes_give_way),
        ON_EACH_STORE(test_added_and_deleted),
        ON_EACH_STORE(test_edits_between),
        ON_EACH_STORE(test_nothing_to_resume),
        ON_EACH_STORE(test_other_anchor),
        ON_EACH_STORE(test_expired),
        ON_EACH_STORE(test_sync_of_another_between),
        ON_EACH_STORE(test_related),
        ON_EACH_STORE(test_doubles),
        ON_EACH_STORE(test_suspend_at_once)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_resume");
}
