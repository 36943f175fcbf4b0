/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: deletes that are to keep the item here, for good (Archive) or
 * as if nothing had been (SftDel).
 */
#include "sml_hand.h"

static void erase(int how, const char *luid)
{
    begin(SYNCML_DELETE);
    if (how) {
        codec_empty(ph->w, how);
    }
    item(NULL, luid, NULL);
    done();
}

static apr_status_t on_archived(void *baton, const store_item_t *item)
{
    assert_true(item->archived);
    *(store_id_t *)baton = item->id;
    return APR_SUCCESS;
}

/* @return the archived item, 0: none */
static store_id_t archived(void)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_READ, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, "contacts");
    store_id_t id = 0;

    OK(store_item_list_archived(tx, ds->account, ds->id, 0, 0, on_archived,
                                &id));
    store_rollback(&tx);
    return id;
}

/* Long after: what is only kept for a time is gone. */
static void collect(void)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);

    OK(store_gc(tx, apr_time_now() + apr_time_from_sec(1000), 0, NULL));
    world_end(tx, p);
}

/* The next session of the phone, up to the server's changes. */
static const sml_command_t *next_sync(int code)
{
    phone_begin(ph);
    phone_open(ph);
    phone_alert(ph, code, "contacts", "./c", "a2", "a3");
    SENT(ph, 1);
    phone_open(ph);
    open_sync();
    done();
    SENT(ph, 1);
    return phone_got(ph, SYNCML_SYNC, 0);
}

static void test_archive(void **state)
{
    store_id_t one;

    in_step(CODEC_V12);
    one = map_of("1")->item;
    open_sync();
    erase(SYNCML_ARCHIVE, "1");
    erase(0, "2");
    erase(SYNCML_ARCHIVE, "9");
    finish();
    assert_int_equal(CODE("Delete", 0), 200);   /* not 210: it was archived */
    assert_int_equal(CODE("Delete", 1), 200);
    assert_int_equal(CODE("Delete", 2), 211);
    assert_int_equal(world_count("contacts"), 0);
    collect();
    assert_int_equal(archived(), one);
}

/* Until the package ends nothing is archived; an Add of it before takes it
 * back. */
static void test_archive_is_staged(void **state)
{
    in_step(CODEC_V11);
    open_sync();
    erase(SYNCML_ARCHIVE, "1");
    erase(SYNCML_ARCHIVE, "2");
    done();
    SENT(ph, 0);
    assert_int_equal(world_count("contacts"), 2);
    phone_open(ph);
    open_sync();
    simple(SYNCML_ADD, "text/vcard", "1", world_card("Uno"));
    finish();
    assert_int_equal(world_count("contacts"), 1);
    assert_true(world_find("contacts", "Uno"));
    assert_int_not_equal(archived(), 0);
}

/* What has changed here meanwhile is not archived away. */
static void test_archive_of_a_changed_item(void **state)
{
    in_step(CODEC_V12);
    world_put("contacts", map_of("1")->item, world_card("Newer"));
    open_sync();
    erase(SYNCML_ARCHIVE, "1");
    finish();
    assert_int_equal(CODE("Delete", 0), 419);
    assert_true(world_find("contacts", "Newer"));
    assert_int_equal(archived(), 0);
}

static void test_soft_delete(void **state)
{
    store_id_t one;
    const sml_command_t *sync;

    in_step(CODEC_V12);
    one = map_of("1")->item;
    open_sync();
    erase(SYNCML_SFTDEL, "1");
    erase(SYNCML_SFTDEL, "9");
    finish();
    assert_int_equal(CODE("Delete", 0), 200);
    assert_int_equal(CODE("Delete", 1), 211);
    assert_int_equal(world_count("contacts"), 2);
    /* A change is not sent, nor a delete... */
    world_put("contacts", one, world_card("Newer"));
    sync = next_sync(200);
    assert_int_equal(CODE("Alert", 0), 200);
    assert_int_equal(sync->commands->nelts, 0);
    /* ...but a slow sync, or a refresh, brings all. */
    sync = next_sync(205);
    assert_int_equal(sync->commands->nelts, 2);
}

/* The phone has it again when it says so. */
static void test_soft_and_back(void **state)
{
    const sml_command_t *sync;
    store_id_t one;

    in_step(CODEC_V12);
    one = map_of("1")->item;
    open_sync();
    erase(SYNCML_SFTDEL, "1");
    simple(SYNCML_REPLACE, "text/vcard", "1", world_card("Uno"));
    finish();
    assert_int_equal(CODE("Replace", 0), 200);
    assert_int_equal(world_count("contacts"), 2);
    world_put("contacts", one, world_card("Newer"));
    sync = next_sync(200);
    assert_int_equal(sync->commands->nelts, 1);
    assert_int_equal(APR_ARRAY_IDX(sync->commands, 0, sml_command_t *)->tag,
                     SYNCML_REPLACE);
}

/* A soft-deleted item may still be deleted for good. */
static void test_soft_then_hard(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    erase(SYNCML_SFTDEL, "1");
    erase(0, "1");
    erase(SYNCML_SFTDEL, "1");
    finish();
    assert_int_equal(CODE("Delete", 0), 200);
    assert_int_equal(CODE("Delete", 1), 200);
    assert_int_equal(CODE("Delete", 2), 211);
    assert_int_equal(world_count("contacts"), 1);
}

/* It was deleted here already: the phone is told, and needs no Delete. */
static void test_soft_delete_of_a_deleted_item(void **state)
{
    in_step(CODEC_V12);
    world_delete("contacts", map_of("1")->item);
    open_sync();
    erase(SYNCML_SFTDEL, "1");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Delete", 0), 423);
    assert_int_equal(phone_got(ph, SYNCML_SYNC, 0)->commands->nelts, 0);
    assert_null(map_of("1"));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_archive),
        ON_EACH_STORE(test_archive_is_staged),
        ON_EACH_STORE(test_archive_of_a_changed_item),
        ON_EACH_STORE(test_soft_delete),
        ON_EACH_STORE(test_soft_and_back),
        ON_EACH_STORE(test_soft_then_hard),
        ON_EACH_STORE(test_soft_delete_of_a_deleted_item)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_archive");
}
