/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The engine when the store fails: at each write, sync and read of the disk
 * in turn, in each message of a session, and while another process holds the
 * lock.  The client is told 420 (full) or 510, nothing of the message is
 * kept, and the same message is good when the trouble is over.
 */
#include "sml_world.h"

#include <sqlite3.h>

/* ---- a disk that fails ------------------------------------------------- */

enum { ON_WRITE, ON_SYNC, ON_READ };

/* SQLite has a table of methods for each kind of locks; ours call them. */
typedef struct table_t {
    sqlite3_io_methods methods; /* first: a file's pMethods is a table_t */
    const sqlite3_io_methods *real;
} table_t;

#define PIECE  2048             /* octets */

static struct {
    sqlite3_vfs vfs;
    table_t tables[4];
    int what;                   /* ON_* */
    int countdown;              /* so many go well, then all fail; -1: off */
    int code;                   /* SQLITE_* of the failure */
    int hit;
} disk;

static const sqlite3_io_methods *real_methods(const sqlite3_file *f)
{
    return ((const table_t *)f->pMethods)->real;
}

static int fails(int what)
{
    if (disk.what != what || disk.countdown < 0) {
        return 0;
    }
    if (disk.countdown > 0) {
        disk.countdown--;
        return 0;
    }
    disk.hit = 1;
    return 1;
}

/* A write may fail in the middle, with a part of it in the file. */
static int disk_write(sqlite3_file *f, const void *data, int n,
                      sqlite3_int64 at)
{
    int done, rc = SQLITE_OK;

    for (done = 0; done < n && rc == SQLITE_OK; done += PIECE) {
        rc = fails(ON_WRITE) ? disk.code
           : real_methods(f)->xWrite(f, (const char *)data + done,
                                     n - done < PIECE ? n - done : PIECE,
                                     at + done);
    }
    return rc;
}

static int disk_sync(sqlite3_file *f, int flags)
{
    return fails(ON_SYNC) ? disk.code : real_methods(f)->xSync(f, flags);
}

static int disk_read(sqlite3_file *f, void *data, int n, sqlite3_int64 at)
{
    return fails(ON_READ) ? disk.code
                          : real_methods(f)->xRead(f, data, n, at);
}

static const table_t *table_for(const sqlite3_io_methods *real)
{
    table_t *t = disk.tables;

    while (t->real != NULL && t->real != real) {
        assert_true(t < disk.tables + 3);
        t++;
    }
    if (t->real == NULL) {
        t->real = real;
        t->methods = *real;
        t->methods.xWrite = disk_write;
        t->methods.xSync = disk_sync;
        t->methods.xRead = disk_read;
    }
    return t;
}

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f,
                     int flags, int *out)
{
    sqlite3_vfs *real = vfs->pAppData;
    int rc = real->xOpen(real, name, f, flags, out);

    if (rc == SQLITE_OK && f->pMethods != NULL) {
        f->pMethods = &table_for(f->pMethods)->methods;
    }
    return rc;
}

static void disk_make(void)
{
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);

    disk.vfs = *real;
    disk.vfs.zName = "failing";
    disk.vfs.pAppData = real;
    disk.vfs.xOpen = disk_open;
    disk.countdown = -1;
    sqlite3_vfs_register(&disk.vfs, 1);
}

/* ---- what the store holds ---------------------------------------------- */

typedef struct digest_t {
    apr_pool_t *p;
    store_tx_t *tx;
    const char *text;
} digest_t;

static apr_status_t on_item(void *baton, const store_item_t *item)
{
    digest_t *d = baton;

    d->text = apr_psprintf(d->p, "%s item %d.%d", d->text, (int)item->id,
                           (int)item->change);
    return APR_SUCCESS;
}

static apr_status_t on_map(void *baton, const store_map_t *map)
{
    digest_t *d = baton;

    d->text = apr_psprintf(d->p, "%s map %d=%s.%d", d->text, (int)map->item,
                           map->luid ? map->luid : "-", (int)map->version);
    return APR_SUCCESS;
}

static apr_status_t on_anchor(void *baton, const store_anchor_t *a,
                              const store_datastore_t *ds)
{
    digest_t *d = baton;

    d->text = apr_psprintf(d->p, "%s anchor %s/%s/%d/%s/%s/%d", d->text,
                           a->last.client, a->last.server, (int)a->last.seen,
                           a->former.client, a->former.server,
                           (int)a->former.seen);
    return store_map_list(d->tx, a->device, ds->id, on_map, d);
}

static apr_status_t on_device(void *baton, const store_device_t *device)
{
    digest_t *d = baton;

    d->text = apr_psprintf(d->p, "%s device %s nonce %s devinf %d", d->text,
                           device->devid, device->nonce,
                           (int)device->devinf_len);
    return store_anchor_list(d->tx, device->id, on_anchor, d);
}

static const char *digest(void)
{
    digest_t d = { 0 };
    store_datastore_t *ds;

    d.tx = world_begin(STORE_WRITE, &d.p);
    d.text = "";
    ds = world_datastore(d.tx, "alice", "contacts");
    OK(store_item_list(d.tx, ds->account, ds->id, 0, 0, on_item, &d));
    OK(store_device_list(d.tx, 0, on_device, &d));
    d.text = apr_psprintf(w->pool, "%s counter %d", d.text, (int)ds->change);
    store_rollback(&d.tx);
    apr_pool_destroy(d.p);
    return d.text;
}

/* ---- one message under each failure ------------------------------------ */

static unsigned failures;

/* Each command was refused with the same code as the message. */
static void refused(phone_t *ph, int code)
{
    sml_message_t *m;
    const char *error;
    int i;

    OK(sml_message_decode(&m, ph->format, w->answer.body, w->answer.len,
                          w->answer.len, &error, ph->message_pool));
    for (i = 0; i < m->commands->nelts; i++) {
        const sml_command_t *c = APR_ARRAY_IDX(m->commands, i,
                                               sml_command_t *);

        assert_int_equal(c->tag, SYNCML_STATUS);
        assert_int_equal(atoi(c->data), code);
    }
    assert_true(m->commands->nelts > 0);
    assert_false(w->answer.owes_push);
    assert_true(w->loud > 0);
    w->loud = 0;
    failures++;
}

static int expected_code(void)
{
    return disk.code == SQLITE_FULL ? 420 : 510;
}

static apr_status_t failing_post(phone_t *ph, const char *body,
                                 apr_size_t len, const char **answer,
                                 apr_size_t *answer_len)
{
    int n;

    for (n = 0; n < 500; n++) {
        const char *before = digest();
        int code;

        disk.hit = 0;
        disk.countdown = n;
        OK(world_handle(ph, body, len, &w->answer));
        disk.countdown = -1;
        code = w->answer.auth_status;
        if (!disk.hit || code == 200 || code == 212 || code == 401) {
            /* Nothing failed, or only what may, like a checkpoint. */
            *answer = w->answer.body;
            *answer_len = w->answer.len;
            return APR_SUCCESS;
        }
        if (code != expected_code() && code != 500) {
            fail_msg("failure %d of message %u: status %d", n, ph->msg,
                     code);
        }
        refused(ph, code);
        assert_string_equal(digest(), before);
    }
    fail_msg("message %u never goes through", ph->msg);
    return APR_EGENERAL;
}

static void sync_under(int what, int code)
{
    client_t *c = world_phone("IMEI:1");
    int i;

    for (i = 0; i < 5; i++) {
        client_put(c, "contacts",
                   world_card(apr_psprintf(w->pool, "P%d", i)));
        world_put("contacts", 0,
                  world_card(apr_psprintf(w->pool, "S%d", i)));
    }
    disk.what = what;
    disk.code = code;
    failures = 0;
    c->ph->post = failing_post;
    c->per_message = 3;
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(client_count(c, "contacts"), 10);
    client_edit(c, client_find(c, "contacts", "P1"), world_card("Edited"));
    client_erase(client_find(c, "contacts", "P2"));
    world_delete("contacts", world_find("contacts", "S2"));
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_int_equal(client_count(c, "contacts"), 8);
    c->ph->post = world_post;
    world_quiet(c, "contacts");
}

static void test_disk_full(void **state)
{
    sync_under(ON_WRITE, SQLITE_FULL);
    assert_true(failures > 5);
    assert_true(world_logged("nothing of it is kept"));
}

static void test_write_error(void **state)
{
    sync_under(ON_WRITE, SQLITE_IOERR_WRITE);
    assert_true(failures > 5);
}

static void test_sync_error(void **state)
{
    sync_under(ON_SYNC, SQLITE_IOERR_FSYNC);
    assert_true(failures > 5);
}

static void forget_cache(client_t *c)
{
    store_close(&w->store);
    world_open(0);
}

/* Each message meets a store that has just been opened, so that it reads. */
static void test_read_error(void **state)
{
    client_t *c = world_phone("IMEI:1");
    unsigned n;

    client_put(c, "contacts", world_card("P"));
    world_put("contacts", 0, world_card("S"));
    disk.what = ON_READ;
    disk.code = SQLITE_IOERR_READ;
    c->between = forget_cache;
    for (n = 0; n < 200; n++) {
        apr_status_t rv;

        forget_cache(c);
        disk.hit = 0;
        disk.countdown = (int)n;
        rv = client_session(c, 200, "contacts");
        disk.countdown = -1;
        if (rv == APR_SUCCESS) {
            client_commit(c);
        }
        else {
            assert_true(disk.hit);
        }
        forget_cache(c);
        c->between = NULL;
        SYNCED(c, client_sync(c, 200, "contacts"));
        world_same(c, "contacts");
        assert_int_equal(client_count(c, "contacts"), 2);
        if (!disk.hit) {
            break;
        }
    }
    assert_true(n > 0 && n < 200);
}

/* ---- the lock is held by another process ------------------------------- */

static apr_status_t busy_post(phone_t *ph, const char *body, apr_size_t len,
                              const char **answer, apr_size_t *answer_len)
{
    const char *before = digest();
    sqlite3 *other;

    assert_int_equal(sqlite3_open(w->url + 7, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
                                  NULL), SQLITE_OK);
    OK(world_handle(ph, body, len, &w->answer));
    sqlite3_close(other);
    if (w->answer.auth_status != 401) {
        assert_int_equal(w->answer.auth_status, 510);
        refused(ph, 510);
        assert_string_equal(digest(), before);
    }
    return world_post(ph, body, len, answer, answer_len);
}

static void test_busy(void **state)
{
    client_t *c = world_phone("IMEI:1");

    failures = 0;
    client_put(c, "contacts", world_card("P"));
    world_put("contacts", 0, world_card("S"));
    c->ph->post = busy_post;
    SYNCED(c, client_sync(c, 200, "contacts"));
    world_same(c, "contacts");
    assert_true(failures >= 3);
    c->ph->post = world_post;
    world_quiet(c, "contacts");
}

/* Neither a token that somebody made up nor a repeated message asks for the
 * lock. */
static void test_no_lock_for_strangers(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    phone_t *stranger = world_phone("IMEI:2")->ph;
    sml_answer_t again;
    sqlite3 *other;
    const char *body;
    apr_size_t len;

    world_start(ph);
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    codec_close(ph->w);
    codec_close(ph->w);
    codec_close(ph->w);
    body = codec_writer_data(ph->w, &len);
    OK(world_handle(ph, body, len, &w->answer));
    assert_int_equal(sqlite3_open(w->url + 7, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL,
                                  NULL), SQLITE_OK);
    OK(world_handle(ph, body, len, &again));
    assert_true(again.resent);
    assert_int_equal(again.len, w->answer.len);
    assert_memory_equal(again.body, w->answer.body, again.len);

    w->token = "0123456789abcdef0123456789abcdef";
    stranger->scheme = 0;
    phone_begin(stranger);
    phone_open(stranger);
    SENT(stranger, 1);
    assert_int_equal(stranger->header_code, 407);
    sqlite3_close(other);
}

/* The phone ends the session, as real ones do when told 510, and comes again
 * another day. */
static void test_end_after_failure(void **state)
{
    client_t *c = world_phone("IMEI:1");
    unsigned at;
    int on = 1;

    SYNCED(c, client_sync(c, 200, "contacts"));
    disk.what = ON_WRITE;
    disk.code = SQLITE_FULL;
    for (at = 0; on; at++) {
        client_put(c, "contacts",
                   world_card(apr_psprintf(w->pool, "P%u", at)));
        world_put("contacts", 0,
                  world_card(apr_psprintf(w->pool, "S%u", at)));
        disk.hit = 0;
        disk.countdown = (int)at;
        on = client_session(c, 200, "contacts") != APR_SUCCESS;
        disk.countdown = -1;
        assert_true(!on || disk.hit);
        if (!on) {
            client_commit(c);
        }
        SYNCED(c, client_sync(c, 200, "contacts"));
        assert_int_equal(client_store(c, "contacts")->code, 200);
        world_same(c, "contacts");
        assert_int_equal(client_count(c, "contacts"), 2 * (at + 1));
        world_quiet(c, "contacts");
    }
    assert_true(at > 10);
}

/* Another process has deleted the account, or the device, meanwhile. */
static void test_account_goes_in_the_middle(void **state)
{
    phone_t *ph = world_phone("IMEI:1")->ph;
    apr_pool_t *p;
    store_tx_t *tx;

    world_start(ph);
    tx = world_begin(STORE_WRITE, &p);
    OK(store_account_delete(tx, world_account_id(tx, "alice")));
    world_end(tx, p);
    ph->scheme = 0;
    phone_open(ph);
    phone_open_sync(ph, "contacts", "./c");
    phone_change(ph, SYNCML_ADD, "1", "text/vcard", "x", 1, 0, 0);
    codec_close(ph->w);
    SENT(ph, 1);
    assert_int_equal(ph->header_code, 407);
    assert_int_equal(phone_code(ph, "Add", 0), 407);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        ON_SQLITE(test_disk_full),
        ON_SQLITE(test_write_error),
        ON_SQLITE(test_sync_error),
        ON_SQLITE(test_read_error),
        ON_SQLITE(test_busy),
        ON_SQLITE(test_no_lock_for_strangers),
        ON_SQLITE(test_end_after_failure),
        ON_EACH_STORE(test_account_goes_in_the_middle)
    };

    disk_make();
    return world_main(tests, sizeof(tests) / sizeof(tests[0]),
                      "sml_faults");
}
