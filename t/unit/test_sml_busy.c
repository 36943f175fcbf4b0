/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine while others write: the client is told 510 because the lock was
 * not to be had in time, and comes again, with the same message, another one
 * or another session.  In the end both sides are equal, and nothing is there
 * twice.
 */
#include "sml_hand.h"

#include <sqlite3.h>

#include <apr_thread_proc.h>

/* ---- a store that is locked --------------------------------------------- */

static sqlite3 *other;

static void lock(void)
{
    assert_int_equal(sqlite3_open(w->url + 7, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
                                  NULL), SQLITE_OK);
}

static void unlock(void)
{
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    assert_true(w->loud > 0);
    w->loud = 0;
}

/* The client does not repeat the message, it says the same in its next. */
static void test_next_message(void **state)
{
    int i;

    in_step(CODEC_V12);
    world_put("contacts", world_find("contacts", "FN:Two"),
              world_card("Two of ours"));
    for (i = 0; i < 2; i++) {
        open_sync();
        simple(SYNCML_ADD, "text/vcard", "3", world_card("Three"));
        simple(SYNCML_REPLACE, "text/vcard", "1", world_card("Uno"));
        done();
        if (i == 0) {
            lock();
            SENT(ph, 1);
            assert_int_equal(ph->header_code, 510);
            assert_int_equal(CODE("Add", 0), 510);
            assert_int_equal(CODE("Replace", 0), 510);
            unlock();
            assert_int_equal(world_find("contacts", "Three"), 0);
            assert_int_equal(world_find("contacts", "Uno"), 0);
            phone_open(ph);
        }
    }
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 200);
    assert_int_equal(CODE("Add", 1), 201);
    assert_int_equal(CODE("Replace", 1), 200);
    assert_non_null(phone_got(ph, SYNCML_SYNC, 0));
    assert_int_equal(world_count("contacts"), 3);
    assert_int_not_equal(world_find("contacts", "Uno"), 0);
    assert_int_not_equal(world_find("contacts", "Two of ours"), 0);
}

/* ---- a phone that gives up ---------------------------------------------- */

static unsigned locked_at;      /* message of the session; 0: none */

static apr_status_t locked_post(phone_t *phone, const char *body,
                                apr_size_t len, const char **answer,
                                apr_size_t *answer_len)
{
    int now = locked_at != 0 && phone->posts == locked_at;
    apr_status_t rv;

    if (now) {
        lock();
    }
    rv = world_post(phone, body, len, answer, answer_len);
    if (now) {
        unlock();
    }
    return rv;
}

static client_t *edited(unsigned n)
{
    client_t *c;
    int i;

    world_add_account(apr_psprintf(w->pool, "busy%u", n));
    c = world_phone("IMEI:1");
    c->ph->post = locked_post;
    c->ph->max_msg = 2500;
    locked_at = 0;
    for (i = 0; i < 8; i++) {
        client_put(c, "contacts", world_card(apr_psprintf(w->pool,
                                                          "Phone%d", i)));
        world_put("contacts", 0, world_card(apr_psprintf(w->pool,
                                                         "Server%d", i)));
    }
    SYNCED(c, client_sync(c, 200, "contacts"));
    client_edit(c, client_find(c, "contacts", "Phone0"),
                world_card("Edited0"));
    client_erase(client_find(c, "contacts", "Phone1"));
    client_put(c, "contacts", world_large_card("PhoneNew", 6000));
    world_put("contacts", world_find("contacts", "FN:Server2"),
              world_card("Edited2"));
    world_delete("contacts", world_find("contacts", "FN:Server3"));
    world_put("contacts", 0, world_large_card("ServerNew", 6000));
    c->chunk = 2000;
    return c;
}

static void no_doubles(client_t *c)
{
    const client_store_t *s = client_store(c, "contacts");
    int i, j;

    for (i = 0; i < s->items->nelts; i++) {
        const client_item_t *a = APR_ARRAY_IDX(s->items, i, client_item_t *);

        for (j = 0; j < i; j++) {
            const client_item_t *b = APR_ARRAY_IDX(s->items, j,
                                                   client_item_t *);

            assert_true(a->gone || b->gone || strcmp(a->text, b->text) != 0);
        }
    }
}

static void test_gives_up(void **state)
{
    static const int next[] = { 200, 225, 201 };
    unsigned at, n = 0, i;
    int on = 1, slow;

    for (at = 1; on; at++) {
        for (i = 0; i < 3; i++) {
            client_t *c = edited(n++);

            locked_at = at;
            on = client_session(c, 200, "contacts") != APR_SUCCESS;
            locked_at = 0;
            if (!on) {
                client_commit(c);
            }
            c->resuming = on && next[i] == 225;
            SYNCED(c, client_sync(c, on ? next[i] : 200, "contacts"));
            /* The first sync was a slow one, which is not what it means. */
            assert_true(!c->resuming
                        || client_store(c, "contacts")->code == 200
                        || client_store(c, "contacts")->alert_status == 508);
            c->resuming = 0;
            slow = client_store(c, "contacts")->code == 201;
            /* A resumed sync leaves others' changes to the next. */
            SYNCED(c, client_sync(c, 200, "contacts"));
            world_same(c, "contacts");
            no_doubles(c);
            /* In a slow sync nobody can tell of deletes, or that a name is
             * the former of another. */
            assert_in_range(client_count(c, "contacts"), 16, slow ? 19 : 16);
            assert_int_equal(client_store(c, "contacts")->code, 200);
            world_quiet(c, "contacts");
        }
    }
    assert_true(at > 8);
}

/* ---- two writers --------------------------------------------------------- */

enum { WRITES = 16 };

typedef struct writer_t {
    store_t *store;
    apr_pool_t *p;
    const char *error;
    int begun, written;
    volatile int over;
} writer_t;

/* Like a form of the groupware: it looks, thinks for as long as the server
 * waits for the lock and longer, and writes. */
static apr_status_t write_one(writer_t *me, int i, apr_pool_t *p)
{
    const char *text = apr_psprintf(p, "BEGIN:VCARD\r\nVERSION:3.0\r\n"
                                    "N:Writer%d;;;;\r\nFN:Writer%d\r\n"
                                    "END:VCARD\r\n", i, i);
    store_tx_t *tx;
    store_datastore_t *ds;
    store_item_t item = { 0 };
    store_account_t *a;
    apr_status_t rv = store_begin(&tx, me->store, STORE_WRITE, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    me->begun++;
    rv = store_account_find(tx, "alice", &a);
    if (rv == APR_SUCCESS) {
        rv = store_datastore_open(tx, a->id, "contacts", &ds);
    }
    if (rv == APR_SUCCESS) {
        item.datastore = ds->id;
        world_fill(&item, text, p);
        rv = store_item_add(tx, a->id, &item);
    }
    apr_sleep(apr_time_from_msec(i % 4 == 3 ? 350 : 20));
    if (rv == APR_SUCCESS) {
        return store_commit(&tx, NULL);
    }
    store_rollback(&tx);
    return rv;
}

static void *APR_THREAD_FUNC writing(apr_thread_t *thread, void *baton)
{
    writer_t *me = baton;
    apr_status_t rv;
    int i, tries = 0;

    for (i = 0; i < WRITES && tries < 200; tries++) {
        apr_pool_t *p;

        apr_pool_create(&p, me->p);
        rv = write_one(me, i, p);
        apr_pool_destroy(p);
        if (rv == APR_SUCCESS) {
            i++;
        }
        else if (rv != STORE_EBUSY) {
            me->error = "a write failed";
            break;
        }
        apr_sleep(apr_time_from_msec(5));
    }
    me->written = i;
    me->over = 1;
    return NULL;
}

static int refused;             /* messages that got 510 */

/* The same message again until it is taken, as a phone does whose user is
 * patient. */
static apr_status_t again_post(phone_t *phone, const char *body,
                               apr_size_t len, const char **answer,
                               apr_size_t *answer_len)
{
    int i;

    for (i = 0; i < 40; i++) {
        OK(world_handle(phone, body, len, &w->answer));
        if (w->answer.auth_status != 510) {
            break;
        }
        refused++;
    }
    return world_post(phone, body, len, answer, answer_len);
}

static void open_writer(writer_t *me)
{
    store_options_t options = { 0 };
    const char *error = NULL;

    memset(me, 0, sizeof(*me));
    apr_pool_create(&me->p, NULL);
    options.key_file = apr_pstrcat(w->pool, w->dir, "/key", NULL);
    options.busy_timeout = apr_time_from_msec(1000);
    OK(store_open(&me->store, w->url, &options, &error, me->p));
}

static client_t *patient(const char *devid)
{
    client_t *c = world_phone(devid);

    c->ph->post = again_post;
    c->counts_less = 1;
    return c;
}

static void test_two_writers(void **state)
{
    client_t *a = patient("IMEI:1"), *b = patient("IMEI:2");
    apr_thread_t *thread;
    apr_status_t rv;
    writer_t writer;
    int i, n = 0;

    refused = 0;
    open_writer(&writer);
    SYNCED(a, client_sync(a, 200, "contacts"));
    SYNCED(b, client_sync(b, 200, "contacts"));
    OK(apr_thread_create(&thread, NULL, writing, &writer, writer.p));
    while (!writer.over && n < 200) {
        client_put(n % 2 ? a : b, "contacts",
                   world_card(apr_psprintf(w->pool, "Phone%d", n)));
        SYNCED(a, client_sync(a, 200, "contacts"));
        SYNCED(b, client_sync(b, 200, "contacts"));
        n++;
    }
    OK(apr_thread_join(&rv, thread));
    assert_null(writer.error);
    assert_int_equal(writer.written, WRITES);
    store_close(&writer.store);
    assert_true(n > 1);
    assert_true(refused > 0);
    print_message("# %d messages of %d rounds were told 510\n", refused, n);
    w->loud = 0;
    for (i = 0; i < 2; i++) {
        SYNCED(a, client_sync(a, 200, "contacts"));
        SYNCED(b, client_sync(b, 200, "contacts"));
    }
    assert_int_equal(client_store(a, "contacts")->code, 200);
    assert_int_equal(world_count("contacts"), WRITES + n);
    assert_int_equal(client_count(a, "contacts"), WRITES + n);
    world_same(a, "contacts");
    world_same(b, "contacts");
    world_quiet(a, "contacts");
    world_quiet(b, "contacts");
    apr_pool_destroy(writer.p);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_SQLITE(test_next_message),
        ON_SQLITE(test_gives_up),
        ON_SQLITE(test_two_writers)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]), "sml_busy");
}
