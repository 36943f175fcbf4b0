/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The store's contract, over both drivers: opening, transactions, settings,
 * accounts, devices, datastores, and that no account sees another's data.
 */
#include "store_fixture.h"

/* ---- words and numbers ------------------------------------------------- */

static void guids(void **state)
{
    static const struct { store_id_t id; const char *guid; } list[] = {
        { 1, "1" }, { 35, "Z" }, { 36, "10" }, { 1295, "ZZ" },
        { 68719476735, "VKHSVLR" }
    };
    char buf[STORE_GUID_LEN];
    size_t i;

    for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        assert_string_equal(store_guid(list[i].id, buf), list[i].guid);
        assert_int_equal(store_guid_parse(list[i].guid), list[i].id);
    }
    assert_int_equal(store_guid_parse("zz"), 1295);     /* a phone's case */
    assert_int_equal(store_guid_parse(""), 0);
    assert_int_equal(store_guid_parse(NULL), 0);
    assert_int_equal(store_guid_parse("0"), 0);
    assert_int_equal(store_guid_parse("01"), 0);
    assert_int_equal(store_guid_parse("1-2"), 0);
    assert_int_equal(store_guid_parse("VKHSVLS"), 0);   /* one above */
    assert_int_equal(store_guid_parse("ZZZZZZZZZZZZZZZZZZZZ"), 0);
    assert_string_equal(store_guid(APR_INT64_MAX, buf), "1Y2P0IJ32E8E7");
}

static void strerrors(void **state)
{
    static const apr_status_t list[] = {
        STORE_EFULL, STORE_EBUSY, STORE_ECORRUPT, STORE_EVERSION, STORE_EKEY
    };
    char buf[200], small[8];
    size_t i;

    for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
        assert_non_null(strstr(store_strerror(list[i], buf, sizeof(buf)),
                               "store"));
        assert_int_equal(strlen(store_strerror(list[i], small,
                                               sizeof(small))), 7);
    }
    assert_true(strlen(store_strerror(APR_ENOENT, buf, sizeof(buf))) > 5);
    assert_string_equal(store_strerror(STORE_EFULL, NULL, 0), "");
}

static void unknown_urls(void **state)
{
    static const char *const urls[] = {
        "", "mysql:x", "/var/lib/syncml.db", "sqlite", "sqlite:", NULL,
        "sqlite:relative.db", "memory:x", "Memory:"
    };
    fixture_t *f = *state;
    size_t i;

    for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
        store_t *store = f->store;
        const char *words = NULL;
        store_tx_t *tx = NULL;

        EXPECT(APR_EINVAL, store_open(&store, urls[i], NULL, &words, f->p));
        assert_null(store);
        assert_true(strlen(words) > 10);
    }
}

/* ---- transactions ------------------------------------------------------ */

static void rollback_forgets(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_account_t *a;
    store_id_t id;

    OK(store_account_add(tx, "carol", NULL, &id));
    add_item(tx, f->alice, f->contacts, 0, "x");
    OK(store_setting_set(tx, "s", "1"));
    roll_back(tx);

    tx = begin(f, STORE_READ);
    EXPECT(APR_NOTFOUND, store_account_find(tx, "carol", &a));
    assert_null(a);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->change, 0);
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 0);
    roll_back(tx);
    /* The ids that were given out are free again or not, but unique. */
    tx = begin_write(f);
    assert_int_equal(add_item(tx, f->alice, f->contacts, 0, "y").change, 1);
    commit(tx);
}

static void pool_clear_rolls_back(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    apr_pool_t *p;
    const char *value;

    apr_pool_create(&p, f->p);
    OK(store_begin(&tx, f->store, STORE_WRITE, p));
    OK(store_setting_set(tx, "s", "1"));
    apr_pool_clear(p);          /* the write lock must be free again */
    OK(store_begin(&tx, f->store, STORE_WRITE, p));
    EXPECT(APR_NOTFOUND, store_setting_get(tx, "s", &value));
    OK(store_commit(&tx, NULL));
    apr_pool_destroy(p);
}

static void close_rolls_back(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f), *open = tx;
    const char *value;

    OK(store_setting_set(tx, "s", "1"));
    store_close(&f->store);
    EXPECT(APR_EINVAL, store_setting_get(tx, "s", &value));
    EXPECT(APR_EINVAL, store_commit(&open, NULL));
    store_rollback(&tx);
    assert_null(tx);
}

static void wrong_use(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin(f, STORE_READ), *none = NULL;
    store_id_t id = 5;
    int owes = 5;

    EXPECT(APR_EINVAL, store_setting_set(tx, "s", "1"));
    assert_true(strlen(store_error(tx)) > 5);
    EXPECT(APR_EINVAL, store_account_add(tx, "carol", NULL, &id));
    assert_int_equal(id, 0);
    EXPECT(APR_EINVAL, store_session_expire(tx, 1, 0));
    OK(store_commit(&tx, &owes));       /* the read goes on unharmed */
    assert_int_equal(owes, 0);
    EXPECT(APR_EINVAL, store_commit(&none, &owes));
    EXPECT(APR_EINVAL, store_setting_set(none, "s", "1"));
    EXPECT(APR_EINVAL, store_begin(&none, f->store, 2, f->p));
    EXPECT(APR_EINVAL, store_begin(&none, NULL, STORE_READ, f->p));
    store_rollback(&none);
    assert_string_equal(store_error(NULL), "");
}

static void readers_see_one_snapshot(void **state)
{
    fixture_t *f = *state;
    store_tx_t *reader, *tx;
    int n = 0;

    tx = begin_write(f);
    add_item(tx, f->alice, f->contacts, 0, "one");
    reader = begin(f, STORE_READ);      /* beside an open write */
    assert_int_equal(get_datastore(reader, f->alice, "contacts")->items, 0);
    commit(tx);
    tx = begin_write(f);
    add_item(tx, f->alice, f->contacts, 0, "two");
    commit(tx);
    assert_int_equal(get_datastore(reader, f->alice, "contacts")->items, 0);
    OK(store_item_list(reader, f->alice, f->contacts, 0, 0, count_items,
                       &n));
    assert_int_equal(n, 0);
    commit(reader);
    reader = begin(f, STORE_READ);
    OK(store_item_list(reader, f->alice, f->contacts, 0, 0, count_items,
                       &n));
    assert_int_equal(n, 2);
    roll_back(reader);
}

/* A snapshot is taken by store_begin(), not by the first call. */
static void snapshot_begins_at_begin(void **state)
{
    fixture_t *f = *state;
    store_tx_t *reader = begin(f, STORE_READ), *tx = begin_write(f);
    const char *value;

    OK(store_setting_set(tx, "s", "1"));
    commit(tx);
    tx = reader;
    EXPECT(APR_NOTFOUND, store_setting_get(tx, "s", &value));
    roll_back(reader);
}

static void data_version_moves(void **state)
{
    fixture_t *f = *state;
    apr_int64_t before = 0, after = 0;
    store_tx_t *tx = NULL;

    OK(store_data_version(f->store, &before));
    OK(store_data_version(f->store, &after));
    assert_int_equal(before, after);
    tx = begin(f, STORE_READ);
    roll_back(tx);
    OK(store_data_version(f->store, &after));
    assert_int_equal(before, after);
    tx = begin_write(f);
    OK(store_setting_set(tx, "s", "1"));
    OK(store_data_version(f->store, &after));
    assert_int_equal(before, after);
    commit(tx);
    OK(store_data_version(f->store, &after));
    assert_int_not_equal(before, after);
}

/* ---- settings ---------------------------------------------------------- */

static void settings(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    char *longest = apr_pcalloc(f->p, STORE_MAX_VALUE + 2);
    const char *value = "x";

    EXPECT(APR_NOTFOUND, store_setting_get(tx, "server-id", &value));
    assert_null(value);
    OK(store_setting_set(tx, "server-id", "urn:x"));
    OK(store_setting_set(tx, "server-id", "urn:y"));
    OK(store_setting_set(tx, "empty", ""));
    OK(store_setting_get(tx, "server-id", &value));
    assert_string_equal(value, "urn:y");
    OK(store_setting_get(tx, "empty", &value));
    assert_string_equal(value, "");
    OK(store_setting_set(tx, "server-id", NULL));
    EXPECT(APR_NOTFOUND, store_setting_get(tx, "server-id", &value));
    EXPECT(APR_EINVAL, store_setting_set(tx, "", "x"));
    EXPECT(APR_EINVAL, store_setting_set(tx, "store.key-check", "x"));
    memset(longest, 'v', STORE_MAX_VALUE);
    OK(store_setting_set(tx, "long", longest));
    longest[STORE_MAX_VALUE] = 'v';
    EXPECT(APR_EINVAL, store_setting_set(tx, "long", longest));
    commit(tx);
}

/* ---- accounts ---------------------------------------------------------- */

static apr_status_t join_names(void *baton, const store_account_t *a)
{
    char *all = baton;

    sprintf(all + strlen(all), "%s%s", a->name, a->has_password ? "* " : " ");
    return strcmp(a->name, "stop") == 0 ? APR_EGENERAL : APR_SUCCESS;
}

static void accounts(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_account_t *a;
    store_id_t id = 9, upper;
    char all[200] = "";

    EXPECT(APR_EEXIST, store_account_add(tx, "alice", "x", &id));
    assert_int_equal(id, 0);
    OK(store_account_add(tx, "Alice", "x", &upper));    /* case-sensitive */
    assert_true(upper != f->alice);
    OK(store_account_find(tx, "alice", &a));
    assert_int_equal(a->id, f->alice);
    assert_true(a->has_password);
    assert_true(a->created > 0);
    OK(store_account_get(tx, f->bob, &a));
    assert_string_equal(a->name, "bob");
    assert_false(a->has_password);
    EXPECT(APR_NOTFOUND, store_account_get(tx, 4711, &a));
    assert_null(a);
    EXPECT(APR_NOTFOUND, store_account_find(tx, "nobody", &a));
    OK(store_account_list(tx, join_names, all));
    assert_string_equal(all, "Alice* alice* bob ");
    OK(store_account_add(tx, "stop", NULL, NULL));
    OK(store_account_add(tx, "z\xc3\xbc", NULL, NULL));
    all[0] = '\0';
    EXPECT(APR_EGENERAL, store_account_list(tx, join_names, all));
    assert_string_equal(all, "Alice* alice* bob stop ");
    commit(tx);
}

static void account_names(void **state)
{
    static const char *const names[] = {
        "", "a\nb", "a\x7f", "\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xe2\x82"
    };
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    char name[STORE_MAX_NAME + 2];
    store_account_t *a;
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        EXPECT(APR_EINVAL, store_account_add(tx, names[i], NULL, NULL));
    EXPECT(APR_EINVAL, store_account_add(tx, NULL, NULL, NULL));
    memset(name, 'n', sizeof(name));
    name[STORE_MAX_NAME + 1] = '\0';
    EXPECT(APR_EINVAL, store_account_add(tx, name, NULL, NULL));
    EXPECT(APR_EINVAL, store_account_find(tx, name, &a));
    name[STORE_MAX_NAME] = '\0';
    OK(store_account_add(tx, name, NULL, NULL));
    OK(store_account_add(tx, "\xf0\x9f\x93\xb1 J\xc3\xbcrgen", NULL, NULL));
    commit(tx);
}

static void passwords(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    char longest[STORE_MAX_PASSWORD + 2];
    const char *password = "x";

    OK(store_account_password(tx, f->alice, &password));
    assert_string_equal(password, "secret");
    EXPECT(APR_NOTFOUND, store_account_password(tx, f->bob, &password));
    assert_null(password);
    EXPECT(APR_NOTFOUND, store_account_password(tx, 4711, &password));
    OK(store_account_set_password(tx, f->bob, "p\xc3\xa4ss wort"));
    OK(store_account_password(tx, f->bob, &password));
    assert_string_equal(password, "p\xc3\xa4ss wort");
    OK(store_account_set_password(tx, f->bob, ""));
    OK(store_account_password(tx, f->bob, &password));
    assert_string_equal(password, "");
    OK(store_account_set_password(tx, f->alice, NULL));
    EXPECT(APR_NOTFOUND, store_account_password(tx, f->alice, &password));
    EXPECT(APR_NOTFOUND, store_account_set_password(tx, 4711, "x"));
    EXPECT(APR_NOTFOUND, store_account_set_password(tx, 4711, NULL));
    memset(longest, 'l', sizeof(longest));
    longest[STORE_MAX_PASSWORD + 1] = '\0';
    EXPECT(APR_EINVAL, store_account_set_password(tx, f->bob, longest));
    longest[STORE_MAX_PASSWORD] = '\0';
    OK(store_account_set_password(tx, f->bob, longest));
    OK(store_account_password(tx, f->bob, &password));
    assert_string_equal(password, longest);
    commit(tx);
}

static void no_key_no_passwords(void **state)
{
    fixture_t *f = *state;
    store_t *store;
    store_options_t options = { .create = 1 };
    store_tx_t *tx = NULL;
    const char *password;
    store_id_t id;

    if (is_sqlite(f))
        store_close(&f->store);
    OK(store_open(&store, f->url, &options, NULL, f->p));
    OK(store_begin(&tx, store, STORE_WRITE, f->p));
    OK(store_account_add(tx, "carol", NULL, &id));
    EXPECT(STORE_EKEY, store_account_add(tx, "dave", "secret", &id));
    assert_int_equal(id, 0);
    OK(store_account_find(tx, "carol", &(store_account_t *){ NULL }));
    EXPECT(APR_NOTFOUND,
           store_account_find(tx, "dave", &(store_account_t *){ NULL }));
    if (is_sqlite(f)) {
        EXPECT(STORE_EKEY, store_account_password(tx, f->alice, &password));
        assert_null(password);
    }
    OK(store_commit(&tx, NULL));
    store_close(&store);
}

/* ---- devices ----------------------------------------------------------- */

static void check_texts(const store_device_t *a, const store_device_t *b)
{
    assert_string_equal(a->devid, b->devid);
    assert_string_equal(a->manufacturer, b->manufacturer);
    assert_string_equal(a->model, b->model);
    assert_string_equal(a->firmware, b->firmware);
    assert_string_equal(a->software, b->software);
    assert_string_equal(a->hardware, b->hardware);
    assert_string_equal(a->syncml_version, b->syncml_version);
    assert_string_equal(a->sync_url, b->sync_url);
    assert_string_equal(a->nonce, b->nonce);
    assert_string_equal(a->nonce_prev, b->nonce_prev);
    assert_string_equal(a->number, b->number);
    assert_int_equal(a->push, b->push);
    assert_int_equal(a->first_seen, b->first_seen);
    assert_int_equal(a->last_seen, b->last_seen);
    assert_int_equal(a->devinf_len, b->devinf_len);
    assert_memory_equal(a->devinf, b->devinf, a->devinf_len);
}

static void devices(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_device_t *got, bare = { .account = f->alice, .devid = "bare" };
    store_device_t d = {
        .account = f->alice, .devid = "IMEI:3", .manufacturer = "Nokia",
        .model = "N95", .firmware = "1.0", .software = "S60",
        .hardware = "RM-159", .syncml_version = "1.1",
        .sync_url = "http://h/syncml", .devinf = "\x02\x00\xff\x6a",
        .devinf_len = 4, .nonce = "bm9uY2U=", .nonce_prev = "b2xk",
        .number = "+491704", .push = 1, .first_seen = 12, .last_seen = 34
    };

    OK(store_device_add(tx, &d));
    OK(store_device_get(tx, f->alice, d.id, &got));
    assert_int_equal(got->account, f->alice);
    check_texts(got, &d);
    OK(store_device_find(tx, f->alice, "IMEI:3", &got));
    assert_int_equal(got->id, d.id);
    check_texts(got, &d);

    OK(store_device_add(tx, &bare));    /* absent texts are empty ones */
    OK(store_device_get(tx, f->alice, bare.id, &got));
    assert_string_equal(got->model, "");
    assert_string_equal(got->number, "");
    assert_int_equal(got->devinf_len, 0);
    assert_int_equal(got->push, 0);

    d.model = "N95 8GB";
    d.devinf = "longer";
    d.devinf_len = 6;
    d.nonce = "bmV1";
    d.push = 0;
    d.devid = "ignored";
    OK(store_device_update(tx, &d));
    d.devid = "IMEI:3";
    commit(tx);
    tx = begin_write(f);
    OK(store_device_find(tx, f->alice, "IMEI:3", &got));
    check_texts(got, &d);
    d.devinf_len = 0;
    OK(store_device_update(tx, &d));
    OK(store_device_get(tx, f->alice, d.id, &got));
    check_texts(got, &d);
    EXPECT(APR_EEXIST, store_device_add(tx, got));
    assert_int_equal(got->id, 0);
    commit(tx);
}

static apr_status_t join_devices(void *baton, const store_device_t *d)
{
    char *all = baton;

    sprintf(all + strlen(all), "%d:%s ", (int)d->account, d->devid);
    return APR_SUCCESS;
}

static void device_lists(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    char all[200] = "", wanted[200];

    add_device(tx, f->alice, "A", "");
    sprintf(wanted, "%d:A %d:IMEI:1 %d:IMEI:2 ", (int)f->alice,
            (int)f->alice, (int)f->alice);
    OK(store_device_list(tx, f->alice, join_devices, all));
    assert_string_equal(all, wanted);
    sprintf(wanted + strlen(wanted), "%d:IMEI:1 ", (int)f->bob);
    all[0] = '\0';
    OK(store_device_list(tx, 0, join_devices, all));
    assert_string_equal(all, wanted);
    all[0] = '\0';
    OK(store_device_list(tx, 4711, join_devices, all));
    assert_string_equal(all, "");
    commit(tx);
}

static void device_limits(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    char *text = apr_pcalloc(f->p, STORE_MAX_DEVINF + 2);
    store_device_t d = { .account = f->alice, .devid = "" };

    EXPECT(APR_EINVAL, store_device_add(tx, &d));
    d.devid = NULL;
    EXPECT(APR_EINVAL, store_device_add(tx, &d));
    memset(text, 't', STORE_MAX_DEVINF + 1);
    d.devid = "ok";
    d.devinf = text;
    d.devinf_len = STORE_MAX_DEVINF + 1;
    EXPECT(APR_EINVAL, store_device_add(tx, &d));
    d.devinf_len = STORE_MAX_DEVINF;
    OK(store_device_add(tx, &d));
    text[STORE_MAX_NUMBER + 1] = '\0';
    d.number = text;
    EXPECT(APR_EINVAL, store_device_update(tx, &d));
    text[STORE_MAX_NUMBER] = '\0';
    OK(store_device_update(tx, &d));
    memset(text, 't', 300);
    d.number = "";
    d.model = text;
    EXPECT(APR_EINVAL, store_device_update(tx, &d));
    text[STORE_MAX_NAME] = '\0';
    OK(store_device_update(tx, &d));
    d.account = 0;
    EXPECT(APR_EINVAL, store_device_update(tx, &d));
    d.account = 4711;
    EXPECT(APR_NOTFOUND, store_device_update(tx, &d));
    EXPECT(APR_NOTFOUND, store_device_add(tx, &d));
    commit(tx);
}

/* ---- datastores -------------------------------------------------------- */

static apr_status_t join_datastores(void *baton, const store_datastore_t *ds)
{
    char *all = baton;

    sprintf(all + strlen(all), "%s:%d:%d ", ds->name, (int)ds->change,
            (int)ds->items);
    return APR_SUCCESS;
}

static void datastores(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin(f, STORE_READ);
    store_datastore_t *ds;
    char all[200] = "";

    EXPECT(APR_NOTFOUND, store_datastore_open(tx, f->alice, "notes", &ds));
    assert_null(ds);
    roll_back(tx);
    tx = begin_write(f);
    OK(store_datastore_open(tx, f->alice, "notes", &ds));
    assert_true(ds->id > 0 && ds->account == f->alice);
    assert_string_equal(ds->name, "notes");
    assert_int_equal(get_datastore(tx, f->alice, "notes")->id, ds->id);
    EXPECT(APR_NOTFOUND, store_datastore_open(tx, 4711, "notes", &ds));
    EXPECT(APR_EINVAL, store_datastore_open(tx, f->alice, "", &ds));
    add_item(tx, f->alice, f->contacts, 0, "x");
    /* A list in the transaction that changed them shows the change. */
    OK(store_datastore_list(tx, f->alice, join_datastores, all));
    assert_string_equal(all, "calendar:0:0 contacts:1:1 notes:0:0 ");
    commit(tx);
    all[0] = '\0';
    tx = begin(f, STORE_READ);
    OK(store_datastore_list(tx, f->alice, join_datastores, all));
    assert_string_equal(all, "calendar:0:0 contacts:1:1 notes:0:0 ");
    roll_back(tx);
}

/* ---- deletion ---------------------------------------------------------- */

static apr_status_t count_dues(void *n, const store_due_t *due)
{
    return count_row(n);
}

static apr_status_t count_maps(void *n, const store_map_t *map)
{
    return count_row(n);
}

/* Something of every kind of row, for both devices of Alice. */
static void fill(fixture_t *f)
{
    store_tx_t *tx = begin_write(f);
    store_session_t s = { .id = "s1", .account = f->alice,
                          .device = f->phone };
    store_item_t item;

    s.expires = apr_time_now() + apr_time_from_sec(60);
    OK(store_session_put(tx, &s));
    put_synced(tx, f->alice, f->phone, "contacts", 5);
    put_synced(tx, f->alice, f->tablet, "contacts", 5);
    item = add_item(tx, f->alice, f->contacts, 0, "x");
    OK(store_item_update(tx, f->alice, &item));
    put_map(tx, f->phone, f->contacts, item.id, "1", 1);
    put_map(tx, f->tablet, f->contacts, item.id, "1", 1);
    assert_int_equal(commit(tx), 1);
}

static void device_delete(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    store_device_t *d;
    int n = 0;

    fill(f);
    tx = begin_write(f);
    OK(store_device_delete(tx, f->alice, f->phone));
    EXPECT(APR_NOTFOUND, store_device_delete(tx, f->alice, f->phone));
    EXPECT(APR_NOTFOUND, store_device_get(tx, f->alice, f->phone, &d));
    EXPECT(APR_NOTFOUND,
           store_session_get(tx, "s1", &(store_session_t *){ NULL }));
    EXPECT(APR_NOTFOUND, store_anchor_get(tx, f->phone, f->contacts,
                                          &(store_anchor_t *){ NULL }));
    OK(store_map_list(tx, f->phone, f->contacts, count_maps, &n));
    assert_int_equal(n, 0);
    OK(store_due_list(tx, 0, count_dues, &n));
    assert_int_equal(n, 1);     /* the tablet's */
    commit(tx);
    /* The id is never given out again. */
    tx = begin_write(f);
    assert_true(add_device(tx, f->alice, "IMEI:1", "") > f->bobs);
    commit(tx);
}

static void account_delete(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx;
    store_item_t item, *got;
    store_id_t id;
    int n = 0;

    fill(f);
    tx = begin_write(f);
    add_item(tx, f->alice, f->calendar, 0, "not counted any more");
    item = add_item(tx, f->bob, f->bobs_contacts, 0, "stays");
    OK(store_account_delete(tx, f->alice));
    EXPECT(APR_NOTFOUND, store_account_delete(tx, f->alice));
    EXPECT(APR_NOTFOUND,
           store_account_get(tx, f->alice, &(store_account_t *){ NULL }));
    EXPECT(APR_NOTFOUND, store_item_get(tx, f->alice, f->contacts, 1, &got));
    EXPECT(APR_NOTFOUND,
           store_device_get(tx, f->alice, f->tablet,
                            &(store_device_t *){ NULL }));
    EXPECT(APR_NOTFOUND,
           store_session_get(tx, "s1", &(store_session_t *){ NULL }));
    OK(store_due_list(tx, 0, count_dues, &n));
    assert_int_equal(n, 0);
    OK(store_account_add(tx, "alice", NULL, &id));
    assert_true(id > f->bob);
    commit(tx);
    tx = begin(f, STORE_READ);
    OK(store_item_get(tx, f->bob, f->bobs_contacts, item.id, &got));
    assert_int_equal(get_datastore(tx, f->bob, "contacts")->items, 1);
    roll_back(tx);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST_EMPTY(guids), TEST_EMPTY(strerrors), TEST_EMPTY(unknown_urls),
        TEST(rollback_forgets), TEST(pool_clear_rolls_back),
        TEST(close_rolls_back), TEST(wrong_use),
        TEST(readers_see_one_snapshot), TEST(snapshot_begins_at_begin),
        TEST(data_version_moves), TEST(settings), TEST(accounts),
        TEST(account_names), TEST(passwords), TEST(no_key_no_passwords),
        TEST(devices), TEST(device_lists), TEST(device_limits),
        TEST(datastores), TEST(device_delete), TEST(account_delete)
    };

    return RUN_BOTH("store contract", tests);
}
