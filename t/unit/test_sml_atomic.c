/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine: Atomic.  All of it is done, or nothing of it is to be seen
 * anywhere: not among the items, not in the maps, not among the staged
 * deletes, not in the counts.
 */
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_guard.h"
#include "sml_hand.h"

/* Nothing waits for the phone: what it has and what is here are the same. */
static void all_done(void)
{
    const sml_command_t *sync;

    SENT(ph, 1);
    sync = phone_got(ph, SYNCML_SYNC, 0);
    assert_int_equal(sync ? sync->commands->nelts : 0, 0);
    phone_open(ph);
    SENT(ph, 1);
    assert_null(phone_unanswered(ph));
}

static void add(const char *luid, const char *name)
{
    simple(SYNCML_ADD, "text/vcard", luid, world_card(name));
}

static void erase(const char *luid)
{
    simple(SYNCML_DELETE, NULL, luid, NULL);
}

/* ---- success ----------------------------------------------------------- */

static void test_all(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    begin(SYNCML_ATOMIC);
    add("3", "Three");
    simple(SYNCML_REPLACE, "text/vcard", "1", world_card("Uno"));
    erase("2");
    erase("9");                 /* 211 is no failure */
    begin(SYNCML_COPY);
    item("4", "1", NULL);
    done();
    done();
    done();
    all_done();
    assert_int_equal(CODE("Atomic", 0), 200);
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Replace", 0), 200);
    assert_int_equal(CODE("Delete", 0), 200);
    assert_int_equal(CODE("Delete", 1), 211);
    assert_int_equal(CODE("Copy", 0), 200);
    assert_int_equal(world_count("contacts"), 3);
    assert_true(world_find("contacts", "Three"));
    assert_false(world_find("contacts", "Two"));
}

static void test_with_sequences(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    begin(SYNCML_SEQUENCE);
    begin(SYNCML_ATOMIC);
    begin(SYNCML_SEQUENCE);
    add("3", "Three");
    done();
    add("4", "Four");
    done();
    add("5", "Five");
    done();
    done();
    all_done();
    assert_int_equal(CODE("Sequence", 0), 200);
    assert_int_equal(CODE("Sequence", 1), 200);
    assert_int_equal(CODE("Atomic", 0), 200);
    assert_int_equal(world_count("contacts"), 5);
}

/* ---- failure ----------------------------------------------------------- */

/* What an Atomic brings counts as having come, whatever becomes of it: done
 * or refused. */
static void test_numbers(void **state)
{
    in_step(CODEC_V12);
    begin(SYNCML_SYNC);
    phone_target(ph, SYNCML_SYNC, "contacts");
    phone_uri(ph, SYNCML_SOURCE, "./c", NULL);
    codec_text(ph->w, SYNCML_NUMBEROFCHANGES, "9");
    add("7", "Before");
    begin(SYNCML_ATOMIC);
    add("3", "Three");
    erase("2");
    done();
    begin(SYNCML_ATOMIC);
    add("4", "Four");
    phone_command(ph, SYNCML_ADD);
    phone_expect(ph, "Add", "5");
    phone_expect(ph, "Add", "6");
    meta(METINF_TYPE, "image/jpeg");
    item(NULL, "5", "x");
    item(NULL, "6", "x");
    done();
    begin(SYNCML_SEQUENCE);
    erase("1");
    done();
    add("8", "Eight");
    done();
    add("9", "After");
    done();
    all_done();
    assert_int_equal(CODE("Atomic", 0), 200);
    assert_int_equal(CODE("Atomic", 1), 507);
    assert_int_equal(world_count("contacts"), 4);
    assert_false(world_logged("announced"));
    assert_true(world_logged("received=3+0-1 refused=5"));
}

static void test_nothing(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    add("7", "Before");
    begin(SYNCML_ATOMIC);
    add("3", "Three");
    simple(SYNCML_REPLACE, "text/vcard", "1", world_card("Uno"));
    erase("2");
    begin(SYNCML_SEQUENCE);
    begin(SYNCML_COPY);
    item("4", "1", NULL);
    done();
    simple(SYNCML_ADD, "image/jpeg", "5", "x");
    add("6", "Six");
    done();
    erase("1");
    done();
    add("8", "After");
    done();
    all_done();
    assert_int_equal(CODE("Atomic", 0), 507);
    assert_int_equal(CODE("Add", 0), 201);
    assert_int_equal(CODE("Add", 1), 216);
    assert_int_equal(CODE("Replace", 0), 216);
    assert_int_equal(CODE("Delete", 0), 216);
    assert_int_equal(CODE("Sequence", 0), 216);
    assert_int_equal(CODE("Copy", 0), 216);
    assert_int_equal(CODE("Add", 2), 415);
    assert_int_equal(CODE("Add", 3), 215);
    assert_int_equal(CODE("Delete", 1), 215);
    assert_int_equal(CODE("Add", 4), 201);
    assert_int_equal(world_count("contacts"), 4);
    assert_true(world_find("contacts", "One"));
    assert_true(world_find("contacts", "Two"));
    assert_true(world_find("contacts", "Before"));
    assert_true(world_find("contacts", "After"));
    assert_true(world_logged("a command of an Atomic failed"));
    assert_true(world_logged("received=2+0-0 refused=0"));
}

/* The rest of the items of the command that fails. */
static void test_several_items(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    begin(SYNCML_ATOMIC);
    phone_command(ph, SYNCML_ADD);
    meta(METINF_TYPE, "text/vcard");
    item(NULL, "3", world_card("Three"));
    item(NULL, "4", "no card");
    item(NULL, "5", world_card("Five"));
    done();
    phone_expect(ph, "Add", "3");
    phone_expect(ph, "Add", "4");
    phone_expect(ph, "Add", "5");
    done();
    done();
    all_done();
    assert_int_equal(CODE("Atomic", 0), 507);
    assert_int_equal(CODE("Add", 0), 216);
    assert_int_equal(CODE("Add", 1), 400);
    assert_int_equal(CODE("Add", 2), 215);
    assert_int_equal(world_count("contacts"), 2);
}

/* Deletes staged before are as they were: one that the Atomic took back, one
 * that it staged, one that it knew. */
static void test_staged_deletes(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    erase("1");
    begin(SYNCML_ATOMIC);
    simple(SYNCML_REPLACE, "text/vcard", "1", world_card("Uno"));
    erase("1");
    simple(SYNCML_REPLACE, "text/vcard", "1", world_card("Eins"));
    erase("2");
    simple(SYNCML_REPLACE, "text/vcard", "2", world_card("Zwei"));
    erase("2");
    simple(SYNCML_ADD, "text/vcard", "3", "no card");
    done();
    /* The list goes on as if there had been no Atomic. */
    begin(SYNCML_ATOMIC);
    erase("2");
    simple(SYNCML_REPLACE, "text/vcard", "2", world_card("Deux"));
    done();
    done();
    all_done();
    assert_int_equal(CODE("Atomic", 0), 507);
    assert_int_equal(CODE("Atomic", 1), 200);
    assert_int_equal(world_count("contacts"), 1);
    assert_true(world_find("contacts", "Deux"));
}

/* In a slow sync the twins that an undone Atomic had matched are free again. */
static void test_matches(void **state)
{
    int i;

    for (i = 0; i < 3; i++) {
        world_put("contacts", 0, world_card("Twin"));
    }
    start();
    open_sync();
    begin(SYNCML_ATOMIC);
    add("1", "Twin");
    add("2", "Twin");
    add("3", "Twin");
    simple(SYNCML_ADD, "image/jpeg", "4", "x");
    done();
    add("1", "Twin");
    add("2", "Twin");
    add("3", "Twin");
    done();
    all_done();
    assert_int_equal(CODE("Add", 0), 216);
    assert_int_equal(world_count("contacts"), 3);
}

/* An id that an undone Atomic had given to a double is another item's now:
 * the guard against doubles does not take that one back. */
static void test_doubles(void **state)
{
    w->config.guard.action = SML_GUARD_SLOW;
    w->config.guard.doubles = 1;
    w->config.guard.least = 2;
    in_step(CODEC_V12);
    open_sync();
    begin(SYNCML_ATOMIC);
    add("3", "One");
    simple(SYNCML_ADD, "image/jpeg", "4", "x");
    done();
    add("5", "Innocent");
    add("6", "One");
    add("7", "Two");
    add("8", "One");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 0), 216);
    assert_int_equal(CODE("Add", 2), 201);
    assert_int_equal(CODE("Add", 4), 201);
    assert_int_equal(CODE("Add", 5), 508);
    assert_true(world_find("contacts", "Innocent"));
    assert_int_equal(world_count("contacts"), 3);
}

/* What a guard stops inside stays stopped, though the Atomic is undone. */
static void test_guard_inside(void **state)
{
    w->config.guard.action = SML_GUARD_SLOW;
    w->config.guard.doubles = 1;
    w->config.guard.least = 2;
    in_step(CODEC_V12);
    open_sync();
    begin(SYNCML_ATOMIC);
    add("5", "One");
    add("6", "Two");
    add("7", "One");
    done();
    add("8", "Late");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 0), 216);
    assert_int_equal(CODE("Add", 2), 508);
    assert_int_equal(CODE("Add", 3), 508);
    assert_int_equal(world_count("contacts"), 2);
}

/* A setting of the phone's. @return NULL: it has none of that name */
static const char *setting(const char *name)
{
    apr_pool_t *p;
    store_tx_t *tx = world_begin(STORE_READ, &p);
    store_device_t *d;
    const char *value = NULL;

    OK(store_device_find(tx, world_account_id(tx, w->account), ph->devid,
                         &d));
    store_device_setting_get(tx, d->id, name, &value);
    value = value ? apr_pstrdup(w->pool, value) : NULL;
    store_rollback(&tx);
    return value;
}

/* It is all there afterwards as without the Atomic: doubles of before are
 * taken back, the administrator is told, the next sync will be slow. */
static void test_guard_is_whole(void **state)
{
    const char *note;

    w->config.guard.action = SML_GUARD_SLOW;
    w->config.guard.doubles = 1;
    w->config.guard.least = 2;
    in_step(CODEC_V12);
    open_sync();
    add("5", "One");
    add("6", "Two");
    begin(SYNCML_ATOMIC);
    add("7", "One");
    done();
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Add", 1), 201);
    assert_int_equal(CODE("Add", 2), 508);
    assert_int_equal(world_count("contacts"), 2);
    assert_null(map_of("1"));
    note = setting("guard.contacts");
    assert_non_null(note);
    assert_memory_equal(note, SML_GUARD_DOUBLED " ", 8);
    assert_non_null(strstr(note, " 3 2 "));
}

/* What is learned of a phone inside is learned anew of the next command. */
static void test_learned_inside(void **state)
{
    static const char card[] = "BEGIN:VCARD\r\nVERSION:2.1\r\nN:Old\r\n"
        "END:VCARD\r\n";

    in_step(CODEC_V12);
    open_sync();
    begin(SYNCML_ATOMIC);
    simple(SYNCML_ADD, "text/x-vcard", "3", card);
    simple(SYNCML_ADD, "image/jpeg", "4", "x");
    done();
    simple(SYNCML_ADD, "text/x-vcard", "3", card);
    done();
    all_done();
    assert_int_equal(CODE("Add", 0), 216);
    assert_int_equal(CODE("Add", 2), 201);
    assert_non_null(setting(SML_FORM_SENT_AS "contacts"));
}

static void test_nested(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    begin(SYNCML_ATOMIC);
    add("3", "Three");
    begin(SYNCML_ATOMIC);
    add("4", "Four");
    done();
    add("5", "Five");
    done();
    done();
    all_done();
    assert_int_equal(CODE("Atomic", 0), 507);
    assert_int_equal(CODE("Add", 0), 216);
    assert_int_equal(CODE("Atomic", 1), 500);
    assert_int_equal(CODE("Add", 1), 215);
    assert_int_equal(CODE("Add", 2), 215);
    assert_int_equal(world_count("contacts"), 2);
}

/* Without answers: what happens is the same. */
static void test_no_resp(void **state)
{
    in_step(CODEC_V12);
    open_sync();
    phone_command(ph, SYNCML_ATOMIC);
    codec_empty(ph->w, SYNCML_NORESP);
    add("3", "Three");
    phone_command(ph, SYNCML_ADD);
    codec_empty(ph->w, SYNCML_NORESP);
    item(NULL, "4", "no card");
    done();
    add("5", "Five");
    done();
    done();
    all_done();
    assert_int_equal(CODE("Add", 0), 216);
    assert_int_equal(CODE("Add", 1), 215);
    assert_int_equal(world_count("contacts"), 2);
}

/* ---- pieces ------------------------------------------------------------ */

static void test_pieces(void **state)
{
    const char *card = world_card("Large");
    int size = (int)strlen(card);
    const char *head = apr_pstrndup(w->pool, card, 20);

    in_step(CODEC_V12);
    open_sync();
    begin(SYNCML_ATOMIC);       /* whole at its end */
    piece("3", head, size, 1);
    piece("3", card + 20, 0, 0);
    done();
    begin(SYNCML_ATOMIC);       /* not whole */
    add("4", "Four");
    piece("5", head, size, 1);
    done();
    piece("5", card, 0, 0);     /* its end, be it fit to be an item */
    add("6", "Six");
    done();
    all_done();
    assert_int_equal(CODE("Atomic", 0), 200);
    assert_int_equal(CODE("Add", 0), 213);
    assert_int_equal(CODE("Add", 1), 201);
    assert_int_equal(CODE("Atomic", 1), 507);
    assert_int_equal(CODE("Add", 2), 216);
    assert_int_equal(CODE("Add", 3), 412);
    assert_int_equal(CODE("Add", 4), 412);
    assert_int_equal(CODE("Add", 5), 201);
    assert_int_equal(world_count("contacts"), 4);
    assert_true(world_find("contacts", card));
}

/* ---- outside Sync ------------------------------------------------------ */

static void test_around_a_sync(void **state)
{
    in_step(CODEC_V12);
    begin(SYNCML_ATOMIC);
    open_sync();
    add("3", "Three");
    erase("1");
    done();
    done();
    all_done();
    assert_int_equal(CODE("Atomic", 0), 200);
    assert_int_equal(CODE("Sync", 0), 200);
    assert_int_equal(world_count("contacts"), 2);
}

static void test_around_a_failing_sync(void **state)
{
    in_step(CODEC_V12);
    begin(SYNCML_ATOMIC);
    open_sync();
    add("3", "Three");
    simple(SYNCML_ADD, "text/vcard", "4", "no card");
    erase("1");
    done();
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, "1", "77");
    done();
    done();
    all_done();
    assert_int_equal(CODE("Atomic", 0), 507);
    assert_int_equal(CODE("Sync", 0), 216);
    assert_int_equal(CODE("Add", 0), 216);
    assert_int_equal(CODE("Add", 1), 400);
    assert_int_equal(CODE("Delete", 0), 215);
    assert_int_equal(CODE("Map", 0), 215);
    assert_int_equal(world_count("contacts"), 2);
}

/* A Map that goes wrong takes the good ones with it. */
static void test_around_maps(void **state)
{
    store_id_t id;
    char guid[STORE_GUID_LEN];

    in_step(CODEC_V12);
    id = world_put("contacts", 0, world_card("Server"));
    open_sync();
    done();
    SENT(ph, 1);
    phone_open(ph);
    begin(SYNCML_ATOMIC);
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, store_guid(id, guid), "3");
    done();
    phone_open_map(ph, "contacts", "./c");
    phone_map_item(ph, "zzz", "4");
    done();
    done();
    SENT(ph, 0);
    assert_int_equal(CODE("Atomic", 0), 507);
    assert_int_equal(CODE("Map", 0), 216);
    assert_int_equal(CODE("Map", 1), 404);
    phone_open(ph);
    open_sync();
    erase("3");
    done();
    SENT(ph, 1);
    assert_true(world_find("contacts", "Server"));
}

/* What has effects outside the store may not be in it. */
static void test_what_may_not_be_inside(void **state)
{
    start();
    begin(SYNCML_ATOMIC);
    begin(SYNCML_GET);
    item("./devinf12", NULL, NULL);
    done();
    done();
    begin(SYNCML_ATOMIC);
    alert("201", "notes", "./n", "1");
    done();
    begin(SYNCML_ATOMIC);
    phone_status(ph, "1", "1", "Add", NULL, NULL, 200);
    begin(SYNCML_EXEC);
    item("./run", NULL, NULL);
    done();
    simple(SYNCML_PUT, "text/plain", "./x", "x");
    done();
    SENT(ph, 1);
    assert_int_equal(CODE("Atomic", 0), 507);
    assert_int_equal(CODE("Get", 0), 500);
    assert_null(phone_got(ph, SYNCML_RESULTS, 0));
    assert_int_equal(CODE("Atomic", 1), 507);
    assert_int_equal(CODE("Alert", 1), 500);
    assert_null(phone_got(ph, SYNCML_ALERT, 0));
    assert_int_equal(CODE("Atomic", 2), 507);
    assert_int_equal(CODE("Exec", 0), 406);
    assert_int_equal(CODE("Put", 1), 215);
}

/* ---- statuses in several messages -------------------------------------- */

static void test_many_statuses(void **state)
{
    int i;

    ph = world_phone("IMEI:1")->ph;
    ph->max_msg = 1500;
    world_start(ph);
    phone_open(ph);
    open_sync();
    begin(SYNCML_ATOMIC);
    for (i = 0; i < 100; i++) {
        add(apr_psprintf(w->pool, "%d", i), apr_psprintf(w->pool, "N%d", i));
    }
    done();
    done();
    SENT(ph, 1);
    for (i = 0; i < 50 && phone_unanswered(ph) != NULL; i++) {
        phone_open(ph);
        alert("222", ph->url, ph->devid, NULL);
        SENT(ph, 0);
    }
    assert_true(i > 1);
    assert_null(phone_unanswered(ph));
    assert_int_equal(CODE("Atomic", 0), 200);
    assert_int_equal(CODE("Add", 99), 201);
    assert_int_equal(world_count("contacts"), 100);
}

/* Numbers that stand for LUIDs, of several datastores, are not the same. */
static void test_numbers_of_luids(void **state)
{
    apr_hash_t *seen = apr_hash_make(w->pool);
    store_id_t ds;
    int luid;

    for (ds = 1; ds <= 30; ds++) {
        for (luid = 0; luid < 120; luid++) {
            store_id_t *n = apr_palloc(w->pool, sizeof(*n));

            *n = sml_atomic_luid(ds, apr_itoa(w->pool, luid));
            assert_true(*n < 0);
            assert_null(apr_hash_get(seen, n, sizeof(*n)));
            apr_hash_set(seen, n, sizeof(*n), "");
        }
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_EACH_STORE(test_all),
        ON_EACH_STORE(test_with_sequences),
        ON_EACH_STORE(test_numbers),
        ON_EACH_STORE(test_nothing),
        ON_EACH_STORE(test_several_items),
        ON_EACH_STORE(test_staged_deletes),
        ON_EACH_STORE(test_matches),
        ON_EACH_STORE(test_doubles),
        ON_EACH_STORE(test_guard_inside),
        ON_EACH_STORE(test_guard_is_whole),
        ON_EACH_STORE(test_learned_inside),
        ON_EACH_STORE(test_nested),
        ON_EACH_STORE(test_no_resp),
        ON_EACH_STORE(test_pieces),
        ON_EACH_STORE(test_around_a_sync),
        ON_EACH_STORE(test_around_a_failing_sync),
        ON_EACH_STORE(test_around_maps),
        ON_EACH_STORE(test_what_may_not_be_inside),
        ON_EACH_STORE(test_many_statuses),
        ON_EACH_STORE(test_numbers_of_luids)
    };

    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_atomic");
}
