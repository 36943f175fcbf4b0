/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine's part of the session log, what is kept and how long, and the
 * keys of items when their rules have changed.
 */
#include "sml_world.h"

#define DAY  apr_time_from_sec(86400)

static const char *card(const char *name)
{
    return world_card(name);
}

/* ---- the log ------------------------------------------------------------- */

static apr_status_t keep_id(void *ids, const store_log_t *log)
{
    APR_ARRAY_PUSH((apr_array_header_t *)ids, store_id_t) = log->id;
    return APR_SUCCESS;
}

/* The logs, latest first. */
static apr_array_header_t *logs(void)
{
    apr_array_header_t *list = apr_array_make(w->pool, 4,
                                              sizeof(store_id_t));
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_READ, &p);

    OK(store_log_list(tx, 0, 0, 0, 0, keep_id, list));
    world_end(tx, p);
    return list;
}

static store_id_t latest(void)
{
    apr_array_header_t *list = logs();

    assert_true(list->nelts > 0);
    return APR_ARRAY_IDX(list, 0, store_id_t);
}

/* In the world's pool. */
static store_log_t *get_log(store_id_t id)
{
    store_log_t *log;
    store_tx_t *tx = NULL;

    OK(store_begin(&tx, w->store, STORE_READ, w->pool));
    OK(store_log_get(tx, 0, id, &log));
    store_rollback(&tx);
    return log;
}

static const store_log_datastore_t *only_datastore(const store_log_t *log)
{
    assert_int_equal(log->datastores->nelts, 1);
    return &APR_ARRAY_IDX(log->datastores, 0, store_log_datastore_t);
}

static apr_status_t compute(void *p, store_item_t *item)
{
    return sml_compute_keys(item, p);
}

static void undo(store_id_t id)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_undo_t how = { 0 };
    store_id_t made;

    how.keys = compute;
    how.baton = p;
    OK(store_log_undo(tx, 0, id, &how, &made));
    assert_true(made > id);
    world_end(tx, p);
}

static void test_what_a_session_did(void **state)
{
    client_t *c = world_phone("IMEI:1");
    const store_log_datastore_t *d;
    store_log_t *log;

    client_put(c, "contacts", card("One"));
    client_put(c, "contacts", card("Two"));
    world_put("contacts", 0, card("Ours"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    log = get_log(latest());
    assert_string_equal(log->devid, "IMEI:1");
    assert_int_equal(log->state, STORE_LOG_ENDED);
    assert_true(log->started > 0 && log->latest >= log->started);
    d = only_datastore(log);
    assert_string_equal(d->name, "contacts");
    assert_int_equal(d->sync, 201);
    assert_int_equal(d->status, 200);
    assert_int_equal(d->received[0] + d->received[1], 2);
    assert_int_equal(d->sent[0], 1);

    client_edit(c, client_find(c, "contacts", "One"), card("Uno"));
    client_erase(client_find(c, "contacts", "Ours"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    d = only_datastore(get_log(latest()));
    assert_int_equal(d->sync, 200);
    assert_int_equal(d->received[1], 1);
    assert_int_equal(d->received[2], 1);
}

/* A session with several messages, and others between them, is taken back;
 * the device follows. */
static void test_taken_back(void **state)
{
    client_t *c = world_phone("IMEI:1");
    store_id_t kept, spoilt;

    client_put(c, "contacts", card("One"));
    client_put(c, "contacts", card("Two"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    kept = world_find("contacts", "Two");
    client_edit(c, client_find(c, "contacts", "One"), card("Spoilt"));
    client_erase(client_find(c, "contacts", "Two"));
    client_put(c, "contacts", card("Rubbish"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    world_put("contacts", 0, card("Meanwhile"));

    spoilt = latest();
    undo(spoilt);
    assert_int_equal(world_count("contacts"), 3);
    assert_true(world_find("contacts", "One"));
    assert_int_equal(world_find("contacts", "Two"), kept);
    assert_true(world_find("contacts", "Meanwhile"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    world_quiet(c, "contacts");

    /* And the undo as well. */
    undo(get_log(spoilt)->undone_by);
    assert_true(world_find("contacts", "Spoilt"));
    assert_int_equal(world_find("contacts", "Two"), 0);
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
}

/* The row is there as far as the session came. */
static void test_broken_off(void **state)
{
    client_t *c = world_phone("IMEI:1");
    store_id_t broken;

    client_put(c, "contacts", card("One"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    client_put(c, "contacts", card("Two"));
    world_put("contacts", 0, card("Ours"));     /* is to be confirmed */
    w->break_at = 2;
    w->break_after = 1;
    assert_int_equal(client_session(c, 200, "contacts"), APR_TIMEUP);
    w->break_at = 0;
    broken = latest();
    assert_int_equal(get_log(broken)->state, STORE_LOG_OPEN);
    assert_int_equal(only_datastore(get_log(broken))->received[0], 1);
    assert_int_equal(only_datastore(get_log(broken))->status, 0);
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(get_log(broken)->state, STORE_LOG_BROKEN);
    assert_int_equal(world_count("contacts"), 3);
    undo(broken);
    assert_int_equal(world_count("contacts"), 2);
    assert_int_equal(world_find("contacts", "Two"), 0);
}

/* Who only looks has no row. */
static void test_no_sync_no_row(void **state)
{
    client_t *c = world_phone("IMEI:1");
    phone_t *ph = c->ph;

    phone_begin(ph);
    ph->scheme = SML_AUTH_BASIC;
    phone_open(ph);
    phone_put_devinf(ph);
    SENT(ph, 1);
    assert_int_equal(logs()->nelts, 0);
}

/* ---- keeping ------------------------------------------------------------- */

static void upkeep_now(void)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);

    OK(store_setting_set(tx, "upkeep", "1"));
    world_end(tx, p);
}

/* The device last came long ago. */
static void make_old(const char *devid, apr_interval_time_t age)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_device_t *d;

    OK(store_device_find(tx, world_account_id(tx, w->account), devid, &d));
    d->last_seen -= age;
    OK(store_device_update(tx, d));
    world_end(tx, p);
}

static void test_device_forgotten(void **state)
{
    client_t *old = world_phone("IMEI:1"), *c = world_phone("IMEI:2");

    client_put(old, "contacts", card("One"));
    SYNCED(old, client_sync(old, 200, "contacts"));
    make_old("IMEI:1", 401 * DAY);
    upkeep_now();
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_false(world_logged("is forgotten"));         /* not asked for */
    w->config.forget_devices = 400 * DAY;
    upkeep_now();
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_true(world_logged("device IMEI:1 has not been seen for 400 days "
                             "and is forgotten"));
    client_put(old, "contacts", card("Two"));
    SYNCED(old, client_sync(old, 200, "contacts"));
    assert_int_equal(only_datastore(get_log(latest()))->sync, 201);
    assert_int_equal(world_count("contacts"), 2);
    world_same(old, "contacts");
}

static void test_log_kept(void **state)
{
    client_t *c = world_phone("IMEI:1");
    int before;

    client_put(c, "contacts", card("One"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    before = logs()->nelts;
    upkeep_now();
    w->config.keep = apr_time_from_sec(3600);
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(logs()->nelts, before + 1);
    upkeep_now();
    w->config.keep = 1;
    SYNCED(c, client_sync(c, 200, "contacts"));
    assert_int_equal(logs()->nelts, 1);
}

/* ---- keys ---------------------------------------------------------------- */

static apr_status_t zero_keys(void *list, const store_item_t *item)
{
    store_item_t copy = *item;

    copy.key = 1;
    copy.uid_key = copy.near_key = copy.starts = copy.ends = 0;
    APR_ARRAY_PUSH((apr_array_header_t *)list, store_item_t) = copy;
    return APR_SUCCESS;
}

/* As a store that knew other rules. */
static void spoil_keys(const char *datastore)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_WRITE, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, datastore);
    apr_array_header_t *list = apr_array_make(p, 4, sizeof(store_item_t));
    int i;

    OK(store_item_list(tx, ds->account, ds->id, 0, 0, zero_keys, list));
    for (i = 0; i < list->nelts; i++) {
        OK(store_item_rekey(tx, ds->account,
                            &APR_ARRAY_IDX(list, i, store_item_t)));
    }
    OK(store_setting_set(tx, STORE_SETTING_ITEM_KEYS, NULL));
    world_end(tx, p);
}

static apr_status_t same_keys(void *p, const store_item_t *item)
{
    store_item_t right = *item;

    assert_int_equal(sml_compute_keys(&right, p), APR_SUCCESS);
    assert_true(right.key == item->key && right.uid_key == item->uid_key
                && right.near_key == item->near_key
                && right.starts == item->starts && right.ends == item->ends);
    assert_true(item->near_key != 0);
    return APR_SUCCESS;
}

static void check_keys(const char *datastore)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_READ, &p);
    store_datastore_t *ds = world_datastore(tx, w->account, datastore);

    OK(store_item_list(tx, ds->account, ds->id, 0, 0, same_keys, p));
    world_end(tx, p);
}

static void count_progress(void *n)
{
    ++*(int *)n;
}

static void test_keys_anew(void **state)
{
    sml_rekey_t how = { w->store, world_log, w, count_progress, NULL };
    int steps = 0, i;

    how.progress_baton = &steps;
    for (i = 0; i < 520; i++) {
        world_put("contacts", 0, card(apr_psprintf(w->pool, "N%d", i)));
    }
    world_put("calendar", 0, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
              "BEGIN:VEVENT\r\nUID:e\r\nSUMMARY:Party\r\n"
              "DTSTART:20301231T200000Z\r\nDTEND:20301231T230000Z\r\n"
              "END:VEVENT\r\nEND:VCALENDAR\r\n");
    spoil_keys("contacts");
    spoil_keys("calendar");
    OK(sml_rekey(&how, w->pool));
    assert_true(steps >= 3);
    assert_true(world_logged("the keys of 521 items were computed anew"));
    check_keys("contacts");
    check_keys("calendar");
    steps = 0;
    OK(sml_rekey(&how, w->pool));       /* nothing is left to do */
    assert_int_equal(steps, 0);
}

static void delete_others(void *n)
{
    store_tx_t *tx;
    store_id_t account;

    if ((*(int *)n)++ > 0) {
        return;
    }
    OK(store_begin(&tx, w->store, STORE_WRITE, w->pool));
    account = world_account_id(tx, w->account);
    OK(store_datastore_delete(tx, account, world_datastore(
        tx, w->account, "calendar")->id));
    OK(store_datastore_delete(tx, account, world_datastore(
        tx, w->account, "contacts")->id));
    OK(store_commit(&tx, NULL));
}

/* Somebody deletes datastores while keys are computed anew at httpd's start:
 * that is no reason not to start. */
static void test_gone_meanwhile(void **state)
{
    sml_rekey_t how = { w->store, world_log, w, delete_others, NULL };
    int steps = 0;

    how.progress_baton = &steps;
    world_put("contacts", 0, card("N"));
    world_put("calendar", 0, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
              "BEGIN:VEVENT\r\nUID:e\r\nSUMMARY:Party\r\n"
              "DTSTART:20301231T200000Z\r\nEND:VEVENT\r\n"
              "END:VCALENDAR\r\n");
    spoil_keys("contacts");
    OK(sml_rekey(&how, w->pool));
    assert_true(steps >= 2);
    steps = 0;
    OK(sml_rekey(&how, w->pool));
    assert_int_equal(steps, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_what_a_session_did),
        ON_EACH_STORE(test_taken_back),
        ON_EACH_STORE(test_broken_off),
        ON_EACH_STORE(test_no_sync_no_row),
        ON_EACH_STORE(test_device_forgotten),
        ON_EACH_STORE(test_log_kept),
        ON_EACH_STORE(test_keys_anew),
        ON_EACH_STORE(test_gone_meanwhile)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_journal");
}
