/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Both drivers are given the same long random story and must tell the same:
 * every status and every row, and at times the whole content.  They share no
 * code below the argument checks, so where one is wrong they differ.
 *
 * STORE_MODEL_SEED=n tells one story; its number is printed on failure.
 */
#include "store_tell.h"
#include "store_model_push.h"

/* Everything that there is. */
static void tell_all(side_t *s)
{
    int device, ds, account, word;
    apr_int64_t sum, n;
    store_id_t item, version;
    apr_status_t rv;

    store_account_list(s->tx, tell_account, s);
    store_device_list(s->tx, 0, tell_device, s);
    store_due_list(s->tx, 0, tell_due, s);
    tell_push(s);
    for (account = 1; account <= 3; account++) {
        store_datastore_list(s->tx, account, tell_datastore, s);
        for (ds = 1; ds <= 7; ds++) {
            rv = store_item_list(s->tx, account, ds, 0, 0, tell_item, s);
            tell(s, "%d\n", rv);
            store_item_list_archived(s->tx, account, ds, 0, 0, tell_item, s);
            for (device = 1; device <= 7; device++) {
                rv = store_changes_count(s->tx, account, device, ds, 0, 999,
                                         &n);
                tell(s, "%d %d\n", rv, (int)n);
            }
        }
    }
    for (device = 1; device <= 7; device++) {
        store_anchor_list(s->tx, device, tell_anchor, s);
        store_device_setting_list(s->tx, device, tell_setting, s);
        for (ds = 1; ds <= 7; ds++) {
            sum = 0;
            store_map_list(s->tx, device, ds, sum_map, &sum);
            tell(s, "maps %ld\n", (long)sum);
            for (word = 0; word < 6; word++) {
                rv = store_map_former(s->tx, device, ds, words[word], &item,
                                      &version);
                if (rv == APR_SUCCESS)
                    tell(s, "former %s %d %d\n", words[word], (int)item,
                         (int)version);
            }
        }
    }
}

/* ---- acting ------------------------------------------------------------ */

static store_item_t some_item(side_t *s)
{
    store_item_t i = { .id = 1 + roll(s, 25), .datastore = 1 + roll(s, 5),
                       .origin = roll(s, 6), .type = word(s),
                       .key = roll(s, 3), .uid_key = roll(s, 3),
                       .near_key = roll(s, 3), .starts = roll(s, 20),
                       .ends = roll(s, 40) };

    i.data = word(s);
    i.len = strlen(i.data);
    return i;
}

static apr_status_t act_account(side_t *s, int account)
{
    store_account_t *a = NULL;
    store_id_t id = 0;
    const char *text = NULL;
    apr_status_t rv;

    switch (roll(s, 8)) {
    case 0:
        rv = store_account_add(s->tx, word(s), roll(s, 2) ? word(s) : NULL,
                               &id);
        tell(s, "id %d\n", (int)id);
        return rv;
    case 1:
        rv = store_account_find(s->tx, word(s), &a);
        return a ? tell_account(s, a) : rv;
    case 2:
        return store_account_set_password(s->tx, account,
                                          roll(s, 2) ? word(s) : NULL);
    case 3:
        rv = store_account_password(s->tx, account, &text);
        tell(s, "%s\n", text ? text : "-");
        return rv;
    case 4:
        return roll(s, 20) ? APR_SUCCESS
                           : store_account_delete(s->tx, account);
    case 5:
        return store_setting_set(s->tx, word(s),
                                 roll(s, 3) ? word(s) : NULL);
    case 6:
        rv = store_setting_get(s->tx, word(s), &text);
        tell(s, "%s\n", text ? text : "-");
        return rv;
    default:
        rv = store_account_get(s->tx, account, &a);
        return a ? tell_account(s, a) : rv;
    }
}

static apr_status_t act_device(side_t *s, int account, int device)
{
    store_device_t d = { .account = account, .devid = word(s),
                         .number = roll(s, 4) ? "+49" : "",
                         .push = roll(s, 4) != 0, .model = word(s),
                         .last_seen = roll(s, 100) }, *got = NULL;
    const char *text = NULL;
    apr_status_t rv;

    d.devinf = word(s);
    d.devinf_len = roll(s, 2) ? strlen(d.devinf) : 0;
    switch (roll(s, 10)) {
    case 9:
        return roll(s, 4) ? APR_SUCCESS
               : store_device_forget(s->tx, roll(s, 60), 0, NULL, NULL);
    case 7:
        return store_device_setting_set(s->tx, device, word(s),
                                        roll(s, 3) ? word(s) : NULL);
    case 8:
        rv = store_device_setting_get(s->tx, device, word(s), &text);
        tell(s, "%s\n", text ? text : "-");
        return rv;
    case 0:
    case 1:
        rv = store_device_add(s->tx, &d);
        tell(s, "id %d\n", (int)d.id);
        return rv;
    case 2:
        d.id = device;
        return store_device_update(s->tx, &d);
    case 3:
        rv = store_device_find(s->tx, account, word(s), &got);
        return got ? tell_device(s, got) : rv;
    case 4:
        return roll(s, 12) ? APR_SUCCESS
                           : store_device_delete(s->tx, account, device);
    case 5:
        return store_due_refresh(s->tx, device);
    default:
        rv = store_device_get(s->tx, account, device, &got);
        return got ? tell_device(s, got) : rv;
    }
}

static apr_status_t act_item(side_t *s, int account, int device)
{
    store_item_t i = some_item(s), *got = NULL;
    apr_int64_t count = 0;
    store_id_t change = 0;
    apr_status_t rv;

    switch (roll(s, 18)) {
    case 16:
        rv = store_item_archive(s->tx, account, i.datastore, i.id, i.origin,
                                &change);
        break;
    case 17:
        i.change = 1 + roll(s, 30);
        return store_item_rekey(s->tx, account, &i);
    case 0: case 1: case 2: case 3:
        rv = store_item_add(s->tx, account, &i);
        break;
    case 4: case 5: case 6:
        rv = store_item_update(s->tx, account, &i);
        break;
    case 7:
        rv = store_item_restore(s->tx, account, &i);
        break;
    case 8: case 9:
        rv = store_item_delete(s->tx, account, i.datastore, i.id, i.origin,
                               &change);
        break;
    case 10:
        rv = store_item_get(s->tx, account, i.datastore, i.id, &got);
        break;
    case 11:
        rv = store_item_version(s->tx, account, i.datastore, i.id,
                                1 + roll(s, 30), &got);
        break;
    case 12:
        return store_item_list(s->tx, account, i.datastore, roll(s, 5),
                               roll(s, 4), tell_item, s);
    case 13:
        return store_item_match(s->tx, account, i.datastore, roll(s, 3),
                                i.key, roll(s, 2) ? device : 0, tell_item,
                                s);
    case 14:
        rv = roll(s, 10) ? APR_SUCCESS
             : store_item_delete_all(s->tx, account, i.datastore, i.origin,
                                     &count);
        break;
    default:
        rv = roll(s, 6) ? APR_SUCCESS
             : store_item_delete_unmapped(s->tx, account, i.datastore,
                                          device, i.origin, roll(s, 30),
                                          (int)roll(s, 4), &count);
        break;
    }
    tell(s, "item %d %d %d %d %d\n", (int)i.id, (int)i.change,
         (int)i.modified, (int)change, (int)count);
    return got ? tell_item(s, got) : rv;
}

static apr_status_t act_map(side_t *s, int account, int device)
{
    store_map_t m = { .device = device, .datastore = 1 + roll(s, 5),
                      .item = 1 + roll(s, 25), .version = roll(s, 20) };
    store_map_t *got = NULL;
    apr_int64_t n = 0;
    store_id_t after = roll(s, 10);
    apr_status_t rv;

    m.luid = roll(s, 3) ? word(s) : NULL;
    m.retry = roll(s, 3) == 0;
    m.soft = roll(s, 4) == 0;
    switch (roll(s, 15)) {
    case 14:
        return store_changes_doubtful(s->tx, account, device, m.datastore,
                                      after, after + roll(s, 40),
                                      roll(s, 6) - 1, tell_change, s);
    case 13:
        return roll(s, 3) ? APR_SUCCESS
               : store_map_forget_former(s->tx, device, m.datastore);
    case 0: case 1: case 2: case 3:
        return store_map_put(s->tx, &m);
    case 4:
        rv = store_map_by_luid(s->tx, device, m.datastore, word(s), &got);
        return got ? tell_map(s, got) : rv;
    case 5:
        rv = store_map_by_item(s->tx, device, m.item, m.datastore, &got);
        return got ? tell_map(s, got) : rv;
    case 6:
        return store_map_delete(s->tx, device, m.datastore, m.item);
    case 7:
        return roll(s, 6) ? APR_SUCCESS
                          : store_map_clear(s->tx, device, m.datastore);
    case 8:
        rv = store_changes_count(s->tx, account, device, m.datastore, after,
                                 after + roll(s, 40), &n);
        tell(s, "count %d\n", (int)n);
        return rv;
    case 9:
        rv = store_changes_settled(s->tx, device, m.datastore, after, &n);
        tell(s, "settled %d\n", (int)n);
        return rv;
    case 10:
        rv = roll(s, 4) ? APR_SUCCESS
                        : store_gc(s->tx, roll(s, 4000), 0, &n);
        tell(s, "removed %d\n", (int)n);
        return rv;              /* with a limit it might choose others */
    case 11:
        return store_changes_retry(s->tx, account, device, m.datastore,
                                   after, after + roll(s, 40), tell_change,
                                   s);
    default:
        return store_changes(s->tx, account, device, m.datastore, after,
                             after + roll(s, 40), tell_change, s);
    }
}

static apr_status_t act_anchor(side_t *s, int device, apr_time_t now)
{
    store_anchor_t a = { .device = device, .datastore = 1 + roll(s, 5),
                         .last = { word(s), word(s), roll(s, 20) },
                         .former = { word(s), NULL, roll(s, 20) },
                         .uri = word(s), .content_code = roll(s, 3) };
    store_anchor_t *got = NULL;
    apr_status_t rv;

    a.synced = roll(s, 4) ? now : roll(s, 2) * 5;
    if (roll(s, 3))
        return store_anchor_put(s->tx, &a);
    rv = store_anchor_get(s->tx, device, a.datastore, &got);
    return got ? tell_anchor(s, got, NULL) : rv;
}

static apr_status_t act_session(side_t *s, int account, int device,
                                apr_time_t now)
{
    store_session_t x = { .id = word(s), .account = roll(s, 4) ? account : 0,
                          .answer_type = word(s),
                          .expires = now + roll(s, 200) }, *got = NULL;
    apr_status_t rv;

    x.device = x.account && roll(s, 4) ? device : 0;
    x.state = x.answer = word(s);
    x.state_len = x.answer_len = strlen(x.state);
    memset(x.request_hash, roll(s, 3), 16);
    switch (roll(s, 9)) {
    case 8:
        rv = store_session_of_device(s->tx, device, &got);
        return tell_session(s, got, rv);
    case 0:
        return store_session_delete(s->tx, x.id);
    case 1:
        return store_session_expire(s->tx, 0, roll(s, 3) * 100);
    case 2:
        return store_session_delete_others(s->tx, device, x.id);
    case 3:
        rv = store_session_get(s->tx, x.id, &got);
        return tell_session(s, got, rv);
    case 4:
        rv = store_session_by_request(s->tx, x.request_hash, &got);
        return tell_session(s, got, rv);
    default:
        return store_session_put(s->tx, &x);
    }
}

/* Set one, or go back to or on from one of those that were set. */
static void act_savepoint(side_t *s)
{
    store_savepoint_t sp = 1 + roll(s, 6);
    apr_status_t rv;

    switch (roll(s, 4)) {
    case 0: case 1:
        rv = store_savepoint(s->tx, &sp);
        break;
    case 2:
        rv = store_savepoint_rollback(s->tx, sp);
        break;
    default:
        rv = store_savepoint_release(s->tx, sp);
        break;
    }
    tell(s, "savepoint %u: %d\n", sp, rv);
}

static apr_status_t count_keys(void *baton, store_item_t *item)
{
    item->key = (apr_int64_t)item->len;
    return APR_SUCCESS;
}

static apr_status_t tell_whole_log(side_t *s, store_id_t id)
{
    store_log_t *log = NULL;
    apr_status_t rv = store_log_get(s->tx, 0, id, &log);
    int i;

    for (i = 0; log && i < log->datastores->nelts; i++) {
        store_log_datastore_t *d = &APR_ARRAY_IDX(log->datastores, i,
                                                  store_log_datastore_t);

        tell(s, "%s %d %d %u %u %u\n", d->name, d->sync, d->status,
             d->received[1], d->sent[2], d->conflicts);
    }
    return log ? tell_log(s, log) : rv;
}

/* The latest changes of a datastore, as far as nobody has logged them. */
static apr_status_t log_range(side_t *s, int account, store_id_t log)
{
    store_datastore_t *ds = NULL;
    apr_status_t rv = store_datastore_open(s->tx, account, word(s), &ds);
    store_id_t from;

    if (rv != APR_SUCCESS)
        return rv;
    assert_true(ds->id < 64);
    from = ds->change > 3 ? ds->change - roll(s, 3) : ds->change;
    if (from < s->logged[ds->id])
        from = s->logged[ds->id];
    if (from > ds->change)
        from = ds->change;
    s->logged[ds->id] = ds->change;
    return store_log_range(s->tx, log, ds->id, from, ds->change);
}

static apr_status_t act_log(side_t *s, int account, int device)
{
    store_log_t l = { .account = account, .device = roll(s, 4) ? device : 0,
                      .session = word(s), .undoes = roll(s, 3) };
    store_log_datastore_t d = { .datastore = 1 + roll(s, 5),
                                .sync = 200 + roll(s, 6),
                                .received = { 0, roll(s, 9) },
                                .sent = { 0, 0, roll(s, 9) },
                                .conflicts = roll(s, 3),
                                .status = 200 };
    store_undo_t how = { .force = roll(s, 2), .keys = count_keys,
                         .fn = tell_log_change, .baton = s };
    store_id_t id = 1 + roll(s, 12);
    apr_status_t rv;

    switch (roll(s, 12)) {
    case 0: case 1:
        rv = store_log_begin(s->tx, &l);
        tell(s, "log %d %s\n", (int)l.id, l.id ? l.devid : "-");
        return rv;
    case 2: case 3: case 4: case 5:
        return log_range(s, account, id);
    case 6:
        return store_log_datastore(s->tx, id, &d);
    case 7:
        return store_log_end(s->tx, id, roll(s, 3));
    case 8:
        return tell_whole_log(s, id);
    case 9:
        return store_log_list(s->tx, account, roll(s, 2) ? device : 0,
                              roll(s, 2) * 5, roll(s, 4), tell_log, s);
    case 10:
        return store_log_changes(s->tx, account, id, tell_log_change, s);
    default:
        rv = store_log_undo(s->tx, account, id, &how, &id);
        tell(s, "undo %d\n", (int)id);
        return rv;
    }
}

static void act(side_t *s, unsigned seed, apr_time_t now)
{
    int account, device, what;
    apr_status_t rv;

    s->dice = seed;
    if (roll(s, 12) == 0) {
        act_savepoint(s);
        return;
    }
    account = 1 + roll(s, 10) / 7;      /* mostly the first */
    device = 1 + roll(s, 6);
    what = roll(s, 26);
    if (what == 0)
        rv = act_account(s, account);
    else if (what < 3)
        rv = act_device(s, account, device);
    else if (what == 3)
        rv = store_datastore_open(s->tx, account, word(s),
                                  &(store_datastore_t *){ NULL });
    else if (what < 10)
        rv = act_item(s, account, device);
    else if (what < 14)
        rv = act_map(s, account, device);
    else if (what < 16)
        rv = act_anchor(s, device, now);
    else if (what < 17)
        rv = act_session(s, account, device, now);
    else if (what < 20)
        rv = act_due(s, device, now);
    else if (what > 22)
        rv = act_push(s, account, device, now);
    else
        rv = act_log(s, account, device);
    tell(s, "%d: %d\n", what, rv);
}

/* ---- the story --------------------------------------------------------- */

static void begin_side(side_t *s, apr_time_t now)
{
    store_tx_t *tx = NULL;

    apr_pool_create(&s->p, s->all);
    OK(store_begin(&s->tx, s->store, STORE_WRITE, s->p));
    store_set_now(s->tx, now);
    s->len = 0;
}

static void end_side(side_t *s, int keep)
{
    store_tx_t *tx = NULL;
    int owes = 0;

    if (keep)
        OK(store_commit(&s->tx, &owes));
    else
        store_rollback(&s->tx);
    tell(s, "owes %d\n", owes);
    apr_pool_destroy(s->p);
}

static void compare(side_t *a, side_t *b, unsigned seed, int step)
{
    size_t i;

    for (i = 0; i < a->len && i < b->len && a->out[i] == b->out[i]; i++)
        ;
    if (i == a->len && i == b->len)
        return;
    while (i > 0 && a->out[i - 1] != '\n')
        i--;
    print_error("story %u differs at step %d:\n%.300s\n-- not --\n%.300s\n",
                seed, step, a->out + i, b->out + i);
    fail();
}

static void one_story(fixture_t *f, unsigned seed, int steps)
{
    store_options_t options = { .key_file = f->key, .create = 1 };
    side_t sides[2];
    store_tx_t *tx = NULL;
    apr_time_t now = 1000;
    unsigned dice = seed;
    int step, i, n;

    memset(sides, 0, sizeof(sides));
    for (i = 0; i < 2; i++) {
        apr_pool_create(&sides[i].all, f->p);
        OK(store_open(&sides[i].store, i ? "memory:" : apr_psprintf(f->p,
                      "sqlite:%s/story%u.db", f->dir, seed), &options, NULL,
                      sides[i].all));
        sides[i].room = 1 << 20;
        sides[i].out = malloc(sides[i].room);
    }
    for (step = 0; step < steps; step++) {
        unsigned length = 1 + rand_r(&dice) % 30;
        unsigned first = rand_r(&dice);
        int keep = rand_r(&dice) % 5 != 0;

        now += rand_r(&dice) % 40;
        if (rand_r(&dice) % 8 == 0)
            now += apr_time_from_sec(40 + rand_r(&dice) % 50);
        for (i = 0; i < 2; i++) {
            begin_side(&sides[i], now);
            for (n = 0; n < (int)length; n++)
                act(&sides[i], first + n * 7919, now);
            if (step % 8 == 0)
                tell_all(&sides[i]);
            end_side(&sides[i], keep);
        }
        compare(&sides[0], &sides[1], seed, step);
    }
    for (i = 0; i < 2; i++) {
        store_close(&sides[i].store);
        apr_pool_destroy(sides[i].all);
        free(sides[i].out);
    }
}

static void stories(void **state)
{
    const char *only = getenv("STORE_MODEL_SEED");
    unsigned seed;

    if (only) {
        one_story(*state, (unsigned)strtoul(only, NULL, 10), 4000);
        return;
    }
    for (seed = 1; seed <= 12; seed++)
        one_story(*state, seed, 250);
}

int main(void)
{
    static const test_entry_t tests[] = { TEST_EMPTY(stories) };

    return RUN_SQLITE("store model", tests);
}
