/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Guards: sessions that would delete or double too much stop before harm is
 * done, and what was meant can be let through.
 */
#include "sml_world.h"

#include "mod_syncml/sml_guard.h"

#define ITEMS 40

static const char *card(int i)
{
    return world_card(apr_psprintf(w->pool, "Name%d", i));
}

/* A phone in step with as many contacts. */
static client_t *in_step(sml_guard_e action)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    w->config.guard.action = action;
    w->config.guard.deletes = 50;
    w->config.guard.doubles = 20;
    w->config.guard.least = 10;
    for (i = 0; i < ITEMS; i++) {
        client_put(c, "contacts", card(i));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    return c;
}

static void erase(client_t *c, int n)
{
    int i;

    for (i = 0; i < n; i++) {
        client_erase(client_find(c, "contacts",
                                 apr_psprintf(w->pool, "FN:Name%d\r", i)));
    }
}

static void both_have(client_t *c, int n)
{
    assert_int_equal(world_count("contacts"), n);
    assert_int_equal(client_count(c, "contacts"), n);
}

/* A session whose datastore the server gives up: it comes to an end. */
static void stopped(client_t *c, int code)
{
    SYNCED(c, client_sync(c, code, "contacts"));
    assert_true(world_logged("guard account=alice device=IMEI:1 datastore="
                             "contacts"));
    assert_true(world_logged("syncmlctl guard release --account alice "
                             "IMEI:1 contacts"));
}

/* ---- the administrator --------------------------------------------------- */

typedef struct found_t {
    int n;
    sml_guard_note_t note;
} found_t;

static apr_status_t on_note(void *baton, const sml_guard_note_t *note)
{
    found_t *f = baton;

    f->n++;
    f->note = *note;
    f->note.what = apr_pstrdup(w->pool, note->what);
    return APR_SUCCESS;
}

static store_id_t device_of(store_tx_t *tx, store_id_t account)
{
    store_device_t *d;

    OK(store_device_find(tx, account, "IMEI:1", &d));
    return d->id;
}

static const char *waiting(apr_int64_t *count)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_READ, &p);
    found_t f = { 0 };

    OK(sml_guard_list(tx, device_of(tx, world_account_id(tx, w->account)),
                      on_note, &f, p));
    assert_true(f.n <= 1);
    *count = f.note.count;
    world_end(tx, p);
    return f.n ? f.note.what : NULL;
}

static apr_int64_t decide(int release, apr_status_t expected)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_id_t account = world_account_id(tx, w->account);
    apr_int64_t count;

    assert_int_equal((release ? sml_guard_release : sml_guard_drop)
                     (tx, account, device_of(tx, account), "contacts",
                      &count, p), expected);
    world_end(tx, p);
    return count;
}

/* ---- deletes -------------------------------------------------------------- */

static void test_few_deletes(void **state)
{
    client_t *c = in_step(SML_GUARD_SLOW);

    erase(c, ITEMS / 2);
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, ITEMS / 2);
    world_quiet(c, "contacts");
}

/* So few that no share counts. */
static void test_least(void **state)
{
    client_t *c = in_step(SML_GUARD_SLOW);

    erase(c, 20);
    SYNCED(c, client_sync(c, 200, "contacts"));
    while (client_count(c, "contacts") > 10) {
        client_erase(client_find(c, "contacts", ""));
        SYNCED(c, client_sync(c, 200, "contacts"));
    }
    while (client_count(c, "contacts") > 0) {
        client_erase(client_find(c, "contacts", ""));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, 0);
}

static void test_deletes_stopped(void **state)
{
    client_t *c = in_step(SML_GUARD_SLOW);
    apr_int64_t count;

    erase(c, ITEMS - 5);
    c->per_message = 7;         /* in several messages */
    stopped(c, 200);
    assert_int_equal(world_count("contacts"), ITEMS);
    assert_string_equal(waiting(&count), SML_GUARD_STOPPED);
    assert_int_equal(count, ITEMS - 5);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_store(c, "contacts")->code, 201);
    both_have(c, ITEMS);
    world_quiet(c, "contacts");
    /* It was meant, after all. */
    assert_int_equal(decide(1, APR_SUCCESS), 0);
    erase(c, ITEMS - 5);
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, 5);
    assert_null(waiting(&count));
    decide(1, APR_NOTFOUND);
    world_quiet(c, "contacts");
}

/* Let through once, not for ever. */
static void test_pass_is_used_up(void **state)
{
    client_t *c = in_step(SML_GUARD_SLOW);
    apr_int64_t count;

    erase(c, ITEMS - 12);
    stopped(c, 200);
    SYNCED(c, client_sync(c, 200, "contacts"));
    decide(1, APR_SUCCESS);
    erase(c, ITEMS - 12);
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, 12);
    while (client_count(c, "contacts") > 0) {
        client_erase(client_find(c, "contacts", ""));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), 12);
    assert_string_equal(waiting(&count), SML_GUARD_STOPPED);
    decide(0, APR_SUCCESS);
    assert_null(waiting(&count));
}

static void test_off(void **state)
{
    client_t *c = in_step(SML_GUARD_OFF);

    erase(c, ITEMS);
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, 0);
    assert_false(world_logged("guard"));
}

static void test_held_and_released(void **state)
{
    client_t *c = in_step(SML_GUARD_HOLD);
    store_id_t id = world_find("contacts", "FN:Name3\r");
    apr_int64_t count;
    int i;

    erase(c, ITEMS - 5);
    stopped(c, 200);
    assert_int_equal(world_count("contacts"), ITEMS);
    assert_string_equal(waiting(&count), SML_GUARD_HELD);
    /* Nothing comes back, whatever happens to it, and the rest goes on. */
    world_put("contacts", id, world_card("Changed"));
    world_put("contacts", 0, world_card("New"));
    for (i = 0; i < 2; i++) {
        SYNCED(c, client_sync(c, 200, "contacts"));
        assert_int_equal(client_store(c, "contacts")->code, 200);
        assert_int_equal(client_count(c, "contacts"), 6);
    }
    assert_int_equal(decide(1, APR_SUCCESS), ITEMS - 6);
    assert_int_equal(world_count("contacts"), 7);
    /* The one that was changed is there again. */
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, 7);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* The LUID of an item whose delete is held is that of another one now. */
static void test_held_luid_used_again(void **state)
{
    client_t *c = in_step(SML_GUARD_HOLD);
    client_item_t *old = client_find(c, "contacts", "FN:Name0\r");
    const char *luid = old->luid;

    erase(c, ITEMS - 5);
    stopped(c, 200);
    client_put(c, "contacts", world_card("Another"))->luid = luid;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(world_count("contacts"), ITEMS + 1);
    assert_true(world_find("contacts", "FN:Another\r"));
    assert_true(world_find("contacts", "FN:Name0\r"));
    assert_int_equal(decide(0, APR_SUCCESS), ITEMS - 5);
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, ITEMS + 1);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* The same in one message: it is deleted all the same when that is released. */
static void test_held_luid_at_once(void **state)
{
    client_t *c = in_step(SML_GUARD_HOLD);
    const char *luid = client_find(c, "contacts", "FN:Name0\r")->luid;

    erase(c, ITEMS - 5);
    client_put(c, "contacts", world_card("Another"))->luid = luid;
    stopped(c, 200);
    assert_int_equal(world_count("contacts"), ITEMS + 1);
    assert_int_equal(decide(1, APR_SUCCESS), ITEMS - 5);
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, 6);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* More deletes are held before it is decided about the first: all wait. */
static void test_held_twice(void **state)
{
    client_t *c = in_step(SML_GUARD_HOLD);
    apr_int64_t count;
    int i;

    w->config.guard.deletes = 10;
    w->config.guard.least = 2;
    for (i = 0; i < 2; i++) {
        int j;

        for (j = 0; j < 6; j++) {
            client_erase(client_find(c, "contacts", apr_psprintf(w->pool,
                                     "FN:Name%d\r", 10 * i + j)));
        }
        stopped(c, 200);
        assert_string_equal(waiting(&count), SML_GUARD_HELD);
        assert_int_equal(count, 6 * (i + 1));
    }
    assert_int_equal(decide(0, APR_SUCCESS), 12);
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, ITEMS);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

static apr_status_t keep_log(void *id, const store_log_t *log)
{
    *(store_id_t *)id = log->id;
    return APR_SUCCESS;
}

/* What the administrator let be deleted can be taken back like a session. */
static void test_release_taken_back(void **state)
{
    client_t *c = in_step(SML_GUARD_HOLD);
    store_undo_t how = { 0 };
    store_id_t id = 0;
    store_log_t *log;
    store_tx_t *tx;
    apr_pool_t *p;

    erase(c, ITEMS - 5);
    stopped(c, 200);
    assert_int_equal(decide(1, APR_SUCCESS), ITEMS - 5);
    tx = world_begin(STORE_WRITE, &p);
    OK(store_log_list(tx, 0, 0, 0, 1, keep_log, &id));
    OK(store_log_get(tx, 0, id, &log));
    assert_int_equal(log->device, 0);
    assert_int_equal(log->state, STORE_LOG_ENDED);
    assert_int_equal(APR_ARRAY_IDX(log->datastores, 0, store_log_datastore_t)
                     .received[2], ITEMS - 5);
    OK(store_log_undo(tx, log->account, id, &how, NULL));
    world_end(tx, p);
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, ITEMS);
    world_quiet(c, "contacts");
}

static void test_held_and_dropped(void **state)
{
    client_t *c = in_step(SML_GUARD_HOLD);
    apr_int64_t count;

    erase(c, ITEMS - 5);
    stopped(c, 200);
    assert_int_equal(decide(0, APR_SUCCESS), ITEMS - 5);
    assert_null(waiting(&count));
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(client_store(c, "contacts")->code, 200);
    both_have(c, ITEMS);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* A slow sync says what the phone has: the hold is void. */
static void test_held_and_slow(void **state)
{
    client_t *c = in_step(SML_GUARD_HOLD);
    apr_int64_t count;

    erase(c, ITEMS - 5);
    stopped(c, 200);
    SYNCED(c, client_sync(c, 201, "contacts"));
    both_have(c, ITEMS);
    assert_null(waiting(&count));
    world_quiet(c, "contacts");
}

static void test_refresh_from_client(void **state)
{
    client_t *c = in_step(SML_GUARD_SLOW);
    apr_int64_t count;

    erase(c, ITEMS - 5);
    stopped(c, 203);
    assert_int_equal(world_count("contacts"), ITEMS);
    assert_string_equal(waiting(&count), SML_GUARD_STOPPED);
    assert_int_equal(count, ITEMS - 5);
    decide(1, APR_SUCCESS);
    SYNCED(c, client_sync(c, 203, "contacts"));
    both_have(c, 5);
    world_quiet(c, "contacts");
}

static void test_refresh_held(void **state)
{
    client_t *c = in_step(SML_GUARD_HOLD);
    apr_int64_t count;

    erase(c, ITEMS - 5);
    stopped(c, 203);
    assert_int_equal(world_count("contacts"), ITEMS);
    assert_string_equal(waiting(&count), SML_GUARD_HELD);
    world_quiet(c, "contacts");
    assert_int_equal(client_count(c, "contacts"), 5);
    assert_int_equal(decide(1, APR_SUCCESS), ITEMS - 5);
    both_have(c, 5);
    world_quiet(c, "contacts");
}

/* ---- doubles ----------------------------------------------------------- */

/* The phone has lost its LUIDs, but not its anchors. */
static void forget_luids(client_t *c)
{
    client_store_t *s = client_store(c, "contacts");
    int i;

    for (i = 0; i < s->items->nelts; i++) {
        client_item_t *item = APR_ARRAY_IDX(s->items, i, client_item_t *);

        item->luid = apr_pstrcat(w->pool, "new", item->luid, NULL);
        item->guid = NULL;
        item->dirty = SYNCML_ADD;
    }
}

static void test_doubles(void **state)
{
    client_t *c = in_step(SML_GUARD_SLOW);
    client_store_t *s = client_store(c, "contacts");
    apr_int64_t count;
    const char *last = s->last;

    forget_luids(c);
    client_put(c, "contacts", world_card("Fresh"));
    c->per_message = 6;
    client_sync(c, 200, "contacts");
    assert_true(world_logged("adds what it has already"));
    assert_int_equal(world_count("contacts"), ITEMS);
    assert_string_equal(waiting(&count), SML_GUARD_DOUBLED);
    assert_int_equal(count, 11);
    s->last = last;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(s->code, 201);
    both_have(c, ITEMS + 1);
    world_same(c, "contacts");
    world_quiet(c, "contacts");
}

/* A phone's owner who wants everything twice. */
static void test_doubles_released(void **state)
{
    client_t *c = in_step(SML_GUARD_SLOW);
    client_store_t *s = client_store(c, "contacts");
    const char *last;
    int i, round;

    for (round = 0; round < 2; round++) {
        last = s->last;
        for (i = 0; i < ITEMS && round == 0; i++) {
            client_put(c, "contacts", card(i));
        }
        client_sync(c, 200, "contacts");
        if (round == 0) {
            assert_int_equal(world_count("contacts"), ITEMS);
            decide(1, APR_SUCCESS);
            s->last = last;
        }
    }
    both_have(c, 2 * ITEMS);
    world_quiet(c, "contacts");
}

/* A few of the same name are everybody's own business. */
static void test_few_doubles(void **state)
{
    client_t *c = in_step(SML_GUARD_SLOW);
    int i;

    for (i = 0; i < 10; i++) {
        client_put(c, "contacts", card(i));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    both_have(c, ITEMS + 10);
    world_quiet(c, "contacts");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_few_deletes),
        ON_EACH_STORE(test_least),
        ON_EACH_STORE(test_deletes_stopped),
        ON_EACH_STORE(test_pass_is_used_up),
        ON_EACH_STORE(test_off),
        ON_EACH_STORE(test_held_and_released),
        ON_EACH_STORE(test_held_luid_at_once),
        ON_EACH_STORE(test_held_luid_used_again),
        ON_EACH_STORE(test_held_twice),
        ON_EACH_STORE(test_release_taken_back),
        ON_EACH_STORE(test_held_and_dropped),
        ON_EACH_STORE(test_held_and_slow),
        ON_EACH_STORE(test_refresh_from_client),
        ON_EACH_STORE(test_refresh_held),
        ON_EACH_STORE(test_doubles),
        ON_EACH_STORE(test_doubles_released),
        ON_EACH_STORE(test_few_doubles)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_guard");
}
