/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The session log over both drivers: what is written, what it says a session
 * did, and that taking it back puts items where they were, exactly.
 */
#include "store_fixture.h"

/* ---- a session as the engine makes one --------------------------------- */

static store_id_t begin_log(store_tx_t *tx, fixture_t *f, store_id_t device)
{
    store_log_t log = { .account = f->alice, .device = device,
                        .session = "7" };

    OK(store_log_begin(tx, &log));
    assert_true(log.id > 0);
    return log.id;
}

static store_id_t counter(store_tx_t *tx, fixture_t *f)
{
    return get_datastore(tx, f->alice, "contacts")->change;
}

/* Changes since `before` are this log's. */
static void note(store_tx_t *tx, fixture_t *f, store_id_t log,
                 store_id_t before)
{
    OK(store_log_range(tx, log, f->contacts, before, counter(tx, f)));
}

static store_id_t add(store_tx_t *tx, fixture_t *f, store_id_t log,
                      const char *data)
{
    store_id_t before = counter(tx, f), id;

    id = add_item(tx, f->alice, f->contacts, f->phone, data).id;
    if (log)
        note(tx, f, log, before);
    return id;
}

static void set(store_tx_t *tx, fixture_t *f, store_id_t log, store_id_t id,
                const char *data)
{
    store_item_t item = make_item(f->contacts, f->phone, data), *now;
    store_id_t before = counter(tx, f);

    item.id = id;
    OK(store_item_get(tx, f->alice, f->contacts, id, &now));
    OK(now->deleted ? store_item_restore(tx, f->alice, &item)
                    : store_item_update(tx, f->alice, &item));
    if (log)
        note(tx, f, log, before);
}

static void del(store_tx_t *tx, fixture_t *f, store_id_t log, store_id_t id,
                int archive)
{
    store_id_t before = counter(tx, f);

    OK(archive ? store_item_archive(tx, f->alice, f->contacts, id, f->phone,
                                    NULL)
               : store_item_delete(tx, f->alice, f->contacts, id, f->phone,
                                   NULL));
    if (log)
        note(tx, f, log, before);
}

/* State as a word: "text", "-text" deleted, "=text" archived, "" gone. */
static char *state(store_tx_t *tx, fixture_t *f, store_id_t id)
{
    store_item_t *i;

    if (store_item_get(tx, f->alice, f->contacts, id, &i) != APR_SUCCESS)
        return apr_pstrdup(f->p, "");
    return apr_psprintf(f->p, "%s%.*s", i->archived ? "=" : i->deleted
                        ? "-" : "", (int)i->len, i->data);
}

#define IS(ID, STATE)  assert_string_equal(state(tx, f, ID), STATE)

/* ---- undoing ----------------------------------------------------------- */

typedef struct told_t {
    fixture_t *f;
    char text[1000];
} told_t;

static const char *shown(fixture_t *f, const store_item_t *i)
{
    return !i ? "nothing" : apr_psprintf(f->p, "%s%.*s", i->archived ? "="
                                         : i->deleted ? "-" : "",
                                         (int)i->len, i->data);
}

static apr_status_t keep_change(void *baton, const store_log_change_t *c)
{
    static const char *const words[] = { "done", "same", "changed", "lost" };
    told_t *told = baton;

    assert_string_equal(c->datastore_name, "contacts");
    strcat(told->text, apr_psprintf(told->f->p, "%d:%s>%s(%s) ",
                                    (int)c->item, shown(told->f, c->was),
                                    shown(told->f, c->became),
                                    words[c->outcome]));
    return APR_SUCCESS;
}

/* Keys that say what they are of. */
static apr_status_t make_keys(void *baton, store_item_t *item)
{
    item->key = 1000 + item->data[0];
    item->near_key = 2000 + item->data[0];
    return APR_SUCCESS;
}

static store_id_t undo(store_tx_t *tx, fixture_t *f, store_id_t log,
                       int force, const char *expected)
{
    told_t told = { f, "" };
    store_undo_t how = { .force = force, .keys = make_keys,
                         .fn = keep_change, .baton = &told };
    store_id_t id = 99;

    OK(store_log_undo(tx, f->alice, log, &how, &id));
    assert_string_equal(told.text, expected);
    return id;
}

static void each_kind(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t edited = add(tx, f, 0, "a1"), gone = add(tx, f, 0, "b1");
    store_id_t away = add(tx, f, 0, "c1"), back = add(tx, f, 0, "d1");
    store_id_t stays = add(tx, f, 0, "e1"), log, again, added, last;
    store_item_t *i;
    store_log_t *row;

    del(tx, f, 0, back, 0);
    log = begin_log(tx, f, f->phone);
    added = add(tx, f, log, "new");
    set(tx, f, log, edited, "a2");
    del(tx, f, log, gone, 0);
    del(tx, f, log, away, 1);
    set(tx, f, log, back, "d2");
    commit(tx);

    tx = begin_write(f);
    again = undo(tx, f, log, 0, "6:nothing>new(done) 1:a1>a2(done) "
                 "2:b1>-b1(done) 3:c1>=c1(done) 4:-d1>d2(done) ");
    IS(added, "-new");
    IS(edited, "a1");
    IS(gone, "b1");
    IS(away, "c1");
    IS(back, "-d1");
    IS(stays, "e1");
    OK(store_item_get(tx, f->alice, f->contacts, edited, &i));
    assert_int_equal(i->origin, 0);
    assert_int_equal(i->key, 1000 + 'a');
    assert_int_equal(i->near_key, 2000 + 'a');
    OK(store_item_get(tx, f->alice, f->contacts, stays, &i));
    assert_int_equal(i->origin, f->phone);
    OK(store_log_get(tx, f->alice, again, &row));
    assert_int_equal(row->undoes, log);
    assert_int_equal(row->device, 0);
    assert_int_equal(row->state, STORE_LOG_ENDED);
    assert_int_equal(row->datastores->nelts, 1);
    OK(store_log_get(tx, 0, log, &row));
    assert_int_equal(row->undone_by, again);
    /* Twice is once. */
    last = undo(tx, f, log, 0, "6:nothing>new(same) 1:a1>a2(same) "
                "2:b1>-b1(same) 3:c1>=c1(same) 4:-d1>d2(same) ");
    assert_int_equal(last, 0);
    commit(tx);

    /* The undo is taken back like any other. */
    tx = begin_write(f);
    undo(tx, f, again, 0, "6:new>-new(done) 1:a2>a1(done) 2:-b1>b1(done) "
         "3:=c1>c1(done) 4:d2>-d1(done) ");
    IS(added, "new");
    IS(edited, "a2");
    IS(gone, "-b1");
    IS(away, "=c1");
    IS(back, "d2");
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 4);
    /* And then it is as the session had left it. */
    undo(tx, f, log, 0, "6:nothing>new(done) 1:a1>a2(done) "
         "2:b1>-b1(done) 3:c1>=c1(done) 4:-d1>d2(done) ");
    IS(edited, "a1");
    commit(tx);
}

/* Several changes of one item in one session. */
static void many_of_one(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t a = add(tx, f, 0, "a1"), b = add(tx, f, 0, "b1");
    store_id_t c = add(tx, f, 0, "c1"), d = add(tx, f, 0, "d1");
    store_id_t log, e;

    del(tx, f, 0, d, 1);
    log = begin_log(tx, f, f->phone);
    set(tx, f, log, a, "a2");
    set(tx, f, log, a, "a3");
    del(tx, f, log, b, 0);
    set(tx, f, log, b, "b2");   /* deleted and restored with another text */
    set(tx, f, log, c, "c2");
    del(tx, f, log, c, 0);
    set(tx, f, log, d, "d2");
    set(tx, f, log, d, "d3");
    del(tx, f, log, d, 0);
    e = add(tx, f, log, "e1");
    set(tx, f, log, e, "e2");
    del(tx, f, log, e, 0);
    set(tx, f, log, e, "e3");
    commit(tx);
    tx = begin_write(f);
    undo(tx, f, log, 0, "1:a1>a3(done) 2:b1>b2(done) 3:c1>-c2(done) "
         "4:=d1>-d3(done) 5:nothing>e3(done) ");
    IS(a, "a1");
    IS(b, "b1");
    IS(c, "c1");
    IS(d, "=d1");
    IS(e, "-e3");
    commit(tx);
}

/* What ends as it began needs nothing, though it was changed. */
static void there_and_back(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t a = add(tx, f, 0, "a1"), log = begin_log(tx, f, f->phone), b;

    set(tx, f, log, a, "a2");
    set(tx, f, log, a, "a1");
    b = add(tx, f, log, "b");
    del(tx, f, log, b, 0);
    assert_int_equal(undo(tx, f, log, 0, "1:a1>a1(same) "
                          "2:nothing>-b(same) "), 0);
    commit(tx);
}

/* Two sessions at once; each takes back its own and no more. */
static void interleaved(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t a = add(tx, f, 0, "a1"), b = add(tx, f, 0, "b1");
    store_id_t c = add(tx, f, 0, "c1"), d = add(tx, f, 0, "d1");
    store_id_t one = begin_log(tx, f, f->phone);
    store_id_t two = begin_log(tx, f, f->tablet);

    set(tx, f, one, a, "a2");
    set(tx, f, two, b, "b2");
    set(tx, f, one, c, "c2");   /* both change it, one before the other */
    set(tx, f, two, c, "c3");
    set(tx, f, one, d, "d2");   /* both, by turns */
    set(tx, f, two, d, "d3");
    set(tx, f, one, d, "d4");
    commit(tx);

    tx = begin_write(f);
    undo(tx, f, one, 0, "1:a1>a2(done) 3:c1>c2(changed) "
         "4:d1>d4(changed) ");
    IS(a, "a1");
    IS(b, "b2");
    IS(c, "c3");
    IS(d, "d4");
    roll_back(tx);

    tx = begin_write(f);
    undo(tx, f, two, 0, "2:b1>b2(done) 3:c2>c3(done) 4:d2>d3(changed) ");
    IS(a, "a2");
    IS(b, "b1");
    IS(c, "c2");
    IS(d, "d4");
    /* Now c is again what the first had left. */
    undo(tx, f, one, 0, "1:a1>a2(done) 4:d1>d4(changed) 3:c1>c2(done) ");
    IS(c, "c1");
    roll_back(tx);

    tx = begin_write(f);
    undo(tx, f, one, 1, "1:a1>a2(done) 3:c1>c2(done) 4:d1>d4(done) ");
    IS(a, "a1");
    IS(b, "b2");
    IS(c, "c1");
    IS(d, "d1");
    commit(tx);
}

/* Somebody deleted, restored or edited since: left alone, or forced. */
static void changed_since(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t a = add(tx, f, 0, "a1"), b = add(tx, f, 0, "b1");
    store_id_t c, log = begin_log(tx, f, f->phone), forced;

    set(tx, f, log, a, "a2");
    del(tx, f, log, b, 0);
    c = add(tx, f, log, "c1");
    del(tx, f, 0, a, 0);
    set(tx, f, 0, b, "b2");
    set(tx, f, 0, c, "c2");
    undo(tx, f, log, 0, "1:a1>a2(changed) 2:b1>-b1(changed) "
         "3:nothing>c1(changed) ");
    IS(a, "-a2");
    IS(b, "b2");
    IS(c, "c2");
    forced = undo(tx, f, log, 1, "1:a1>a2(done) 2:b1>-b1(done) "
                  "3:nothing>c1(done) ");
    IS(a, "a1");
    IS(b, "b1");
    IS(c, "-c2");
    /* What others had made of them is only a former version: */
    undo(tx, f, forced, 0, "1:-a2>a1(done) 2:b2>b1(done) 3:c2>-c2(done) ");
    IS(a, "-a2");
    IS(b, "b2");
    IS(c, "c2");
    commit(tx);
}

/* What is not kept cannot be given back, and that is said. */
static void no_longer_kept(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t a, b, c, log;

    store_set_now(tx, 1000);
    a = add(tx, f, 0, "a1");
    b = add(tx, f, 0, "b1");
    c = add(tx, f, 0, "c1");
    log = begin_log(tx, f, f->phone);
    set(tx, f, log, a, "a2");
    del(tx, f, log, b, 0);
    store_set_now(tx, 2000);
    set(tx, f, log, c, "c2");
    OK(store_log_end(tx, log, STORE_LOG_OPEN));
    OK(store_gc(tx, 1500, 0, NULL));
    undo(tx, f, log, 1, "1:nothing>a2(lost) 3:c1>c2(done) ");
    IS(a, "a2");
    IS(b, "");
    IS(c, "c1");
    commit(tx);
}

/* Devices get what an undo has changed, the one that did it first of all. */
static void devices_get_it(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t a = add(tx, f, 0, "a1"), log;
    store_item_t *i;
    apr_int64_t n;

    store_set_now(tx, 1000);
    put_synced(tx, f->alice, f->phone, "contacts", 1000);
    put_map(tx, f->phone, f->contacts, a, "1", 1);
    log = begin_log(tx, f, f->phone);
    set(tx, f, log, a, "a2");
    put_map(tx, f->phone, f->contacts, a, "1", counter(tx, f));
    commit(tx);
    tx = begin_write(f);
    OK(store_changes_count(tx, f->alice, f->phone, f->contacts, 0, 99, &n));
    assert_int_equal(n, 0);
    undo(tx, f, log, 0, "1:a1>a2(done) ");
    OK(store_item_get(tx, f->alice, f->contacts, a, &i));
    OK(store_changes_count(tx, f->alice, f->phone, f->contacts, 0, 99, &n));
    assert_int_equal(n, 1);
    assert_int_equal(commit(tx), 1);    /* and an SMS is owed */
}

static apr_status_t no_keys(void *baton, store_item_t *item)
{
    return APR_NOTFOUND;
}

static apr_status_t stop(void *baton, const store_log_change_t *c)
{
    return APR_EOF;
}

/* Half an undo is none. */
static void stopped_half_way(void **state_)
{
    fixture_t *f = *state_;
    store_undo_t how = { .keys = no_keys };
    store_tx_t *tx = begin_write(f);
    store_id_t a = add(tx, f, 0, "a1"), b = add(tx, f, 0, "b1"), id;
    store_id_t log = begin_log(tx, f, f->phone);
    store_item_t *i;

    set(tx, f, log, a, "a2");
    set(tx, f, log, b, "b2");
    commit(tx);
    tx = begin_write(f);
    EXPECT(APR_EGENERAL, store_log_undo(tx, f->alice, log, &how, &id));
    assert_int_equal(id, 0);
    EXPECT(APR_EGENERAL, store_item_get(tx, f->alice, f->contacts, a, &i));
    roll_back(tx);
    tx = begin_write(f);
    how.keys = make_keys;
    how.fn = stop;
    EXPECT(APR_EGENERAL, store_log_undo(tx, f->alice, log, &how, &id));
    assert_int_equal(store_commit(&tx, NULL), APR_EGENERAL);
    tx = begin(f, STORE_READ);
    IS(a, "a2");
    roll_back(tx);
}

/* A session that changed two datastores, of which one is gone: the other is
 * still shown and taken back. */
static void datastore_deleted(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t a = add(tx, f, 0, "a1"), log = begin_log(tx, f, f->phone);
    store_id_t gone = get_datastore(tx, f->alice, "calendar")->id;
    store_log_datastore_t d = { .datastore = gone, .sync = 200 };
    store_log_t *row;

    set(tx, f, log, a, "a2");
    add_item(tx, f->alice, gone, f->phone, "x");
    OK(store_log_range(tx, log, gone, 0, 1));
    OK(store_log_datastore(tx, log, &d));
    commit(tx);
    tx = begin_write(f);
    OK(store_datastore_delete(tx, f->alice, gone));
    commit(tx);
    tx = begin_write(f);
    OK(store_log_get(tx, f->alice, log, &row));
    assert_int_equal(row->datastores->nelts, 0);
    assert_true(undo(tx, f, log, 0, "1:a1>a2(done) ") > 0);
    IS(a, "a1");
    EXPECT(APR_EINVAL, store_log_undo(tx, f->alice, log, NULL, NULL));
    commit(tx);
}

/* ---- the rows ---------------------------------------------------------- */

static apr_status_t keep_ids(void *to, const store_log_t *log)
{
    assert_null(log->datastores);
    sprintf((char *)to + strlen(to), "%d/%d ", (int)log->id, log->state);
    return APR_SUCCESS;
}

static void is_list(store_tx_t *tx, store_id_t account, store_id_t device,
                    store_id_t before, int limit, const char *expected)
{
    char ids[200] = "";

    OK(store_log_list(tx, account, device, before, limit, keep_ids, ids));
    assert_string_equal(ids, expected);
}

static void listing(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_log_t other = { .account = f->bob, .device = f->bobs }, bad;
    store_id_t one, two, three;

    one = begin_log(tx, f, f->phone);
    two = begin_log(tx, f, f->tablet);
    OK(store_log_begin(tx, &other));
    assert_string_equal(other.devid, "IMEI:1");
    OK(store_log_end(tx, two, STORE_LOG_ENDED));
    three = begin_log(tx, f, f->phone);
    assert_int_equal(three, 4);
    is_list(tx, 0, 0, 0, 0, "4/0 3/0 2/1 1/2 ");
    is_list(tx, f->alice, 0, 0, 0, "4/0 2/1 1/2 ");
    is_list(tx, f->alice, 0, 0, 2, "4/0 2/1 ");
    is_list(tx, f->alice, 0, three, 0, "2/1 1/2 ");
    is_list(tx, 0, f->phone, 0, 0, "4/0 1/2 ");
    is_list(tx, 99, 0, 0, 0, "");
    OK(store_log_end(tx, one, STORE_LOG_OPEN));
    is_list(tx, 0, f->phone, 0, 0, "4/0 1/0 ");
    bad = other;
    bad.account = f->alice;
    EXPECT(APR_NOTFOUND, store_log_begin(tx, &bad));
    assert_int_equal(bad.id, 0);
    bad.account = 99;
    EXPECT(APR_NOTFOUND, store_log_begin(tx, &bad));
    bad.account = 0;
    EXPECT(APR_EINVAL, store_log_begin(tx, &bad));
    EXPECT(APR_NOTFOUND, store_log_end(tx, 99, STORE_LOG_ENDED));
    EXPECT(APR_EINVAL, store_log_end(tx, one, 3));
    EXPECT(APR_NOTFOUND, store_log_range(tx, 99, f->contacts, 1, 2));
    EXPECT(APR_EINVAL, store_log_range(tx, one, f->contacts, 2, 1));
    commit(tx);
}

static void summaries(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_log_datastore_t d = { .datastore = f->contacts, .sync = 201,
                                .received = { 1, 2, 3, 4 },
                                .sent = { 5, 6, 7, 8 } }, *got;
    store_log_t *log;
    store_id_t id = begin_log(tx, f, f->phone);

    OK(store_log_datastore(tx, id, &d));
    d.received[0] = 4000000000u;
    d.conflicts = 9;
    d.status = 200;
    OK(store_log_datastore(tx, id, &d));
    d.datastore = 99;
    EXPECT(APR_NOTFOUND, store_log_datastore(tx, id, &d));
    d.datastore = f->contacts;
    EXPECT(APR_NOTFOUND, store_log_datastore(tx, 99, &d));
    EXPECT(APR_NOTFOUND, store_log_get(tx, f->bob, id, &log));
    assert_null(log);
    OK(store_log_get(tx, f->alice, id, &log));
    assert_string_equal(log->devid, "IMEI:1");
    assert_string_equal(log->session, "7");
    assert_int_equal(log->state, STORE_LOG_OPEN);
    assert_int_equal(log->datastores->nelts, 1);
    got = &APR_ARRAY_IDX(log->datastores, 0, store_log_datastore_t);
    assert_string_equal(got->name, "contacts");
    assert_int_equal(got->sync, 201);
    assert_int_equal(got->status, 200);
    assert_int_equal(got->conflicts, 9);
    assert_true(got->received[0] == 4000000000u);
    d.received[0] = got->received[0];
    assert_memory_equal(got->received, d.received, sizeof(d.received));
    assert_memory_equal(got->sent, d.sent, sizeof(d.sent));
    commit(tx);
}

static apr_status_t count_changes(void *n, const store_log_change_t *c)
{
    return count_row(n);
}

/* Each message adds to the range before it unless somebody came between; an
 * account's log is no other's. */
static void ranges(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t log = begin_log(tx, f, f->phone);
    int n = 0;

    add(tx, f, log, "a");
    add(tx, f, log, "b");
    add(tx, f, 0, "not its own");
    add(tx, f, log, "c");
    add(tx, f, 0, "nor this");
    OK(store_log_range(tx, log, f->calendar, 5, 5));
    OK(store_log_changes(tx, f->alice, log, count_changes, &n));
    assert_int_equal(n, 3);
    EXPECT(APR_NOTFOUND, store_log_changes(tx, f->bob, log, count_changes,
                                           &n));
    EXPECT(APR_NOTFOUND, store_log_changes(tx, f->alice, 99, count_changes,
                                           &n));
    EXPECT(APR_EINVAL, store_log_changes(tx, f->alice, log, NULL, NULL));
    commit(tx);
}

static void forgotten(void **state_)
{
    fixture_t *f = *state_;
    store_tx_t *tx = begin_write(f);
    store_id_t one, two;
    store_log_t *log;
    apr_int64_t n;

    store_set_now(tx, 1000);
    one = begin_log(tx, f, f->phone);
    two = begin_log(tx, f, f->tablet);
    add(tx, f, one, "a");
    store_set_now(tx, 3000);
    OK(store_log_end(tx, two, STORE_LOG_ENDED));
    OK(store_gc(tx, 2000, 0, &n));
    assert_int_equal(n, 1);
    EXPECT(APR_NOTFOUND, store_log_get(tx, f->alice, one, &log));
    OK(store_log_get(tx, f->alice, two, &log));
    /* A device may go, its log stays; the account's goes with it. */
    OK(store_device_delete(tx, f->alice, f->tablet));
    OK(store_log_get(tx, f->alice, two, &log));
    assert_string_equal(log->devid, "IMEI:2");
    OK(store_account_delete(tx, f->alice));
    EXPECT(APR_NOTFOUND, store_log_get(tx, 0, two, &log));
    commit(tx);
}

/* ---- at random --------------------------------------------------------- */

#define N  6

/* A session of random changes among others' and a snapshot from before: all
 * that nobody else has touched since is as it was. */
static void at_random(void **state_)
{
    fixture_t *f = *state_;
    unsigned dice, seed;
    int step, i;

    for (seed = 1; seed <= 40; seed++) {
        store_tx_t *tx = begin_write(f);
        store_id_t ids[N], log = 0, back;
        char *before[N], *after[N];
        int theirs[N] = { 0 }, ours[N] = { 0 };

        dice = seed;
        for (i = 0; i < N; i++)
            ids[i] = add(tx, f, 0, apr_psprintf(f->p, "%c0", 'a' + i));
        for (step = 0; step < 10; step++) {
            i = rand_r(&dice) / 7 % N;
            if (*state(tx, f, ids[i]) == '-')
                set(tx, f, 0, ids[i], "back");
            else
                del(tx, f, 0, ids[i], 0);
        }
        for (i = 0; i < N; i++)
            before[i] = state(tx, f, ids[i]);
        log = begin_log(tx, f, f->phone);
        for (step = 0; step < 14; step++) {
            int other = rand_r(&dice) / 7 % 4 == 0;
            store_id_t mine = other ? 0 : log;

            i = rand_r(&dice) / 7 % N;
            if (strchr("-=", *state(tx, f, ids[i]))
                || rand_r(&dice) / 7 % 2)
                set(tx, f, mine, ids[i], apr_psprintf(f->p, "%c%d",
                                                      'a' + i, step));
            else
                del(tx, f, mine, ids[i], rand_r(&dice) / 7 % 2);
            if (!other)
                ours[i] = 1;
            else if (ours[i])
                theirs[i] = 1;
            else
                before[i] = state(tx, f, ids[i]);
        }
        for (i = 0; i < N; i++)
            after[i] = state(tx, f, ids[i]);
        OK(store_log_undo(tx, f->alice, log,
                          &(store_undo_t){ .keys = make_keys }, &back));
        for (i = 0; i < N; i++)
            IS(ids[i], ours[i] && !theirs[i] ? before[i] : after[i]);
        if (back) {
            OK(store_log_undo(tx, f->alice, back,
                              &(store_undo_t){ .keys = make_keys }, NULL));
            for (i = 0; i < N; i++)
                IS(ids[i], after[i]);
        }
        commit(tx);
    }
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(each_kind), TEST(many_of_one), TEST(there_and_back),
        TEST(interleaved), TEST(changed_since), TEST(no_longer_kept),
        TEST(devices_get_it), TEST(stopped_half_way),
        TEST(datastore_deleted), TEST(listing), TEST(summaries),
        TEST(ranges), TEST(forgotten), TEST(at_random)
    };

    return RUN_BOTH("store log", tests);
}
