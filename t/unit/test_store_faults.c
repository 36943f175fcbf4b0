/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite store when things go wrong: killed writers, full disks, damaged
 * and foreign files, newer schemas, lost and wrong keys, other owners.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "store/store_sqlite.h"

#include "store_fixture.h"

/* One number from the database file, past the store. */
static apr_int64_t number(const fixture_t *f, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    apr_int64_t n;

    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return n;
}

static void run_sql(const fixture_t *f, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* Counters and rows agree, nothing is orphaned, SQLite finds no damage. */
static void check_invariants(const fixture_t *f)
{
    assert_int_equal(number(f, "SELECT count(*) FROM pragma_integrity_check "
                            "WHERE integrity_check <> 'ok'"), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM datastores d WHERE "
                            "items <> (SELECT count(*) FROM items WHERE "
                            "datastore = d.id AND deleted = 0) OR change < "
                            "(SELECT ifnull(max(change), 0) FROM items "
                            "WHERE datastore = d.id)"), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM accounts a WHERE "
                            "last_item < (SELECT ifnull(max(i.id & "
                            "0xfffffffff), 0) FROM items i JOIN datastores "
                            "d ON d.id = i.datastore WHERE d.account = "
                            "a.id)"), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM items WHERE id >> 36 "
                            "<> datastore"), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM maps m WHERE NOT EXISTS "
                            "(SELECT 1 FROM items WHERE id = m.datastore << "
                            "36 | m.item) OR NOT EXISTS (SELECT 1 FROM "
                            "devices WHERE id = m.device)"), 0);
    assert_int_equal(number(f, "SELECT count(*) FROM dues WHERE device NOT "
                            "IN (SELECT id FROM devices)"), 0);
}

static void refused(fixture_t *f, apr_status_t wanted, int create,
                    const char *part)
{
    const char *words = "";

    if (f->store)
        store_close(&f->store);
    expect_at(wanted, open_store(f, f->key, create, &words), words, __FILE__,
              __LINE__);
    assert_null(f->store);
    if (!strstr(words, part))
        fail_msg("\"%s\" is not in: %s", part, words);
}

static void set_mode(const char *file, mode_t mode)
{
    assert_int_equal(chmod(file, mode), 0);
}

static mode_t mode_of(const char *file)
{
    struct stat st;

    assert_int_equal(stat(file, &st), 0);
    return st.st_mode & 07777;
}

/* ---- what lasts -------------------------------------------------------- */

static void committed_is_kept(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    store_item_t item = add_item(tx, f->alice, f->contacts, 0, "x"), *got;
    const char *password;

    commit(tx);
    tx = begin_write(f);        /* and this one never ends */
    add_item(tx, f->alice, f->contacts, 0, "y");
    reopen(f);
    tx = begin(f, STORE_READ);
    OK(store_item_get(tx, f->alice, f->contacts, item.id, &got));
    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, 1);
    OK(store_account_password(tx, f->alice, &password));
    assert_string_equal(password, "secret");
    roll_back(tx);
    check_invariants(f);
    assert_int_equal(number(f, "PRAGMA application_id"), 0x53794d4c);
    assert_int_equal(number(f, "PRAGMA user_version"), SQ_SCHEMA_VERSION);
    assert_int_equal(number(f, "SELECT count(*) FROM pragma_journal_mode "
                            "WHERE journal_mode = 'wal'"), 1);
}

/* A message's work: items, maps, an anchor, a session; told when it is done.
 * For ever, until somebody kills it. */
static void write_for_ever(fixture_t *f, int fd)
{
    store_options_t options = { .busy_timeout = apr_time_from_sec(10) };
    apr_pool_t *p;
    store_t *store;
    int i, n;

    apr_pool_create(&p, NULL);
    if (store_open(&store, f->url, &options, NULL, f->p) != APR_SUCCESS)
        _exit(2);
    for (n = 1;; n++) {
        store_tx_t *tx = NULL;
        store_session_t s = { .id = "s", .account = f->alice,
                              .device = f->phone };

        apr_pool_clear(p);
        if (store_begin(&tx, store, STORE_WRITE, p) != APR_SUCCESS)
            _exit(3);
        for (i = 0; i < 20; i++) {
            store_item_t item = make_item(f->contacts, f->phone, "x");
            store_map_t map = { .device = f->phone, .luid = "x",
                                .datastore = f->contacts };

            if (store_item_add(tx, f->alice, &item) != APR_SUCCESS)
                _exit(4);
            map.item = item.id;
            map.version = item.change;
            if (store_map_put(tx, &map) != APR_SUCCESS)
                _exit(5);
            if (i % 5 == 4 && store_item_delete(tx, f->alice, f->contacts,
                                                item.id, 0, NULL))
                _exit(6);
        }
        s.state = apr_itoa(p, n);
        s.state_len = strlen(s.state);
        s.expires = apr_time_now() + apr_time_from_sec(100);
        put_synced(tx, f->alice, f->tablet, "contacts", 1);
        if (store_session_put(tx, &s) != APR_SUCCESS
            || store_commit(&tx, NULL) != APR_SUCCESS)
            _exit(7);
        if (write(fd, &n, sizeof(n)) != sizeof(n))
            _exit(8);
    }
}

static void killed_writer(void **state)
{
    fixture_t *f = *state;
    int round, all = 0;

    store_close(&f->store);
    for (round = 0; round < 8; round++) {
        int fds[2], told = 0, n, status, last = 0;
        store_session_t *s = NULL;
        store_datastore_t *ds;
        struct pollfd first = { .events = POLLIN };
        store_tx_t *tx;
        pid_t pid;

        assert_int_equal(pipe(fds), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            close(fds[0]);
            write_for_ever(f, fds[1]);
        }
        close(fds[1]);
        /* Once it has committed, however slow the machine is. */
        first.fd = fds[0];
        assert_int_equal(poll(&first, 1, -1), 1);
        apr_sleep(1000 + round * 7001);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        while (read(fds[0], &n, sizeof(n)) == sizeof(n))
            told = n;
        close(fds[0]);

        reopen(f);
        tx = begin(f, STORE_READ);
        ds = get_datastore(tx, f->alice, "contacts");
        if (store_session_get(tx, "s", &s) == APR_SUCCESS)
            last = (int)apr_atoi64(apr_pstrmemdup(f->p, s->state,
                                                  s->state_len));
        /* What was told is there; at most the one being told is more.  All
         * of a transaction is there or nothing. */
        if (told)
            assert_true(last == told || last == told + 1);
        all += told;
        assert_int_equal(ds->change % 24, 0);
        assert_int_equal(ds->items, ds->change / 24 * 16);
        roll_back(tx);
        store_close(&f->store);
        check_invariants(f);
    }
    assert_true(all > 0);
    assert_true(number(f, "SELECT count(*) FROM items") >= 20 * all);
    reopen(f);
}

/* ---- no room ----------------------------------------------------------- */

/* A large transaction that must fail, a small one that must not. */
static apr_status_t write_much(fixture_t *f, int items)
{
    char *data = apr_pcalloc(f->p, 20000);
    store_tx_t *tx = NULL;
    store_item_t item = make_item(f->contacts, 0, data);
    apr_status_t rv;
    int i;

    memset(data, 'd', 20000);
    item.len = 20000;
    rv = store_begin(&tx, f->store, STORE_WRITE, f->p);
    for (i = 0; i < items && rv == APR_SUCCESS; i++)
        rv = store_item_add(tx, f->alice, &item);
    if (rv == APR_SUCCESS)
        return store_commit(&tx, NULL);
    /* Doomed: it does not get better, and nothing is committed. */
    if (tx) {
        EXPECT(rv, store_item_add(tx, f->alice, &item));
        EXPECT(rv, store_setting_set(tx, "s", "1"));
        EXPECT(rv, store_commit(&tx, NULL));
        assert_null(tx);
    }
    return rv;
}

static void assert_items(fixture_t *f, int items)
{
    store_tx_t *tx = begin(f, STORE_READ);
    const char *value;

    assert_int_equal(get_datastore(tx, f->alice, "contacts")->items, items);
    EXPECT(APR_NOTFOUND, store_setting_get(tx, "s", &value));
    roll_back(tx);
}

/* The kernel's limit of a file's size stands for the disk's. */
static void full_by_limit(void **state)
{
    fixture_t *f = *state;
    struct rlimit old, small;
    store_tx_t *tx = NULL;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_IGN);
    EXPECT(APR_SUCCESS, write_much(f, 10));
    small = old;
    small.rlim_cur = 1000000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    EXPECT(STORE_EFULL, write_much(f, 200));
    assert_items(f, 10);
    EXPECT(STORE_EFULL, write_much(f, 200));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    EXPECT(APR_SUCCESS, write_much(f, 200));    /* the retry */
    assert_items(f, 210);
    store_close(&f->store);
    check_invariants(f);
    reopen(f);
}

/* A real file system that is full; needs the right to mount. */
static void full_disk(void **state)
{
    fixture_t *f = *state;
    const char *dir = apr_pstrcat(f->p, f->dir, "/disk", NULL);
    const char *filler = apr_pstrcat(f->p, dir, "/filler", NULL);
    store_tx_t *tx = NULL;
    char block[4096];
    int fd, i, small = 0;

    assert_int_equal(mkdir(dir, 0700), 0);
    /* Seen by this process only, so that nothing is left of it. */
    if (unshare(CLONE_NEWNS) != 0
        || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mount("tmpfs", dir, "tmpfs", 0, "size=3m") != 0) {
        print_message("# no right to mount: left out\n");
        return;
    }
    store_close(&f->store);
    f->db = apr_pstrcat(f->p, dir, "/syncml.db", NULL);
    f->url = apr_pstrcat(f->p, "sqlite:", f->db, NULL);
    OK(open_store(f, NULL, 1, NULL));
    tx = begin_write(f);
    OK(store_account_add(tx, "alice", NULL, &f->alice));
    f->contacts = open_datastore(tx, f->alice, "contacts");
    commit(tx);
    EXPECT(APR_SUCCESS, write_much(f, 5));
    memset(block, 'f', sizeof(block));
    fd = open(filler, O_WRONLY | O_CREAT, 0600);
    assert_true(fd >= 0);
    for (i = 0; i < 256; i++)
        assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
    EXPECT(STORE_EFULL, write_much(f, 200));
    assert_items(f, 5);
    /* Full to the last block: not even a small one goes, reading does. */
    while (write(fd, block, sizeof(block)) > 0)
        ;
    close(fd);
    while (small < 100 && write_much(f, 1) == APR_SUCCESS)
        small++;        /* the log that was written once is used again */
    assert_true(small < 100);
    EXPECT(STORE_EFULL, write_much(f, 1));
    assert_items(f, 5 + small);
    assert_int_equal(unlink(filler), 0);
    EXPECT(APR_SUCCESS, write_much(f, 5));      /* somebody made room */
    assert_items(f, 10 + small);
    store_close(&f->store);
    check_invariants(f);
    assert_int_equal(umount(dir), 0);
}

/* No room to make a store in. */
static void full_at_the_beginning(void **state)
{
    fixture_t *f = *state;
    struct rlimit old, none;
    store_tx_t *tx = NULL;
    const char *words = NULL;

    store_close(&f->store);
    f->url = apr_pstrcat(f->p, "sqlite:", f->dir, "/other.db", NULL);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_IGN);
    none = old;
    none.rlim_cur = 20000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
    EXPECT(STORE_EFULL, open_store(f, NULL, 1, &words));
    assert_true(strlen(words) > 10);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    OK(open_store(f, NULL, 1, &words));         /* goes on from there */
    tx = begin_write(f);
    OK(store_account_add(tx, "carol", NULL, NULL));
    commit(tx);
}

/* ---- files that are not ours ------------------------------------------- */

static void write_file(const char *file, const char *data, size_t len,
                       off_t at)
{
    int fd = open(file, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, data, len, at), (ssize_t)len);
    close(fd);
}

static void no_database(void **state)
{
    fixture_t *f = *state;

    f->url = apr_pstrcat(f->p, "sqlite:", f->dir, "/none.db", NULL);
    refused(f, APR_ENOENT, 0, "none.db");
    assert_int_equal(access(f->url + 7, F_OK), -1);     /* made nothing */
    f->url = apr_pstrcat(f->p, "sqlite:", f->dir, "/no/dir/x.db", NULL);
    refused(f, ENOENT, 1, "directory");
    f->url = apr_pstrcat(f->p, "sqlite:", f->dir, NULL);
    refused(f, APR_EINVAL, 1, "not a file");
    f->url = apr_pstrcat(f->p, "sqlite:", f->dir, "/empty.db", NULL);
    write_file(f->url + 7, "", 0, 0);
    refused(f, APR_ENOENT, 0, "empty");
}

static void not_a_database(void **state)
{
    fixture_t *f = *state;
    char *junk = apr_palloc(f->p, 9000);

    memset(junk, 'j', 9000);
    f->db = apr_pstrcat(f->p, f->dir, "/junk.db", NULL);
    f->url = apr_pstrcat(f->p, "sqlite:", f->db, NULL);
    write_file(f->db, junk, 9000, 0);
    refused(f, STORE_ECORRUPT, 0, "junk.db");
    refused(f, STORE_ECORRUPT, 1, "junk.db");
}

static void somebody_elses_database(void **state)
{
    fixture_t *f = *state;

    f->db = apr_pstrcat(f->p, f->dir, "/other.db", NULL);
    f->url = apr_pstrcat(f->p, "sqlite:", f->db, NULL);
    run_sql(f, "CREATE TABLE birds (name)");
    refused(f, STORE_ECORRUPT, 1, "not a SyncML store");
    assert_int_equal(number(f, "SELECT count(*) FROM sqlite_schema"), 1);
    run_sql(f, "DROP TABLE birds; PRAGMA application_id = 77");
    refused(f, STORE_ECORRUPT, 1, "not a SyncML store");
}

static void newer_schema(void **state)
{
    fixture_t *f = *state;

    store_close(&f->store);
    run_sql(f, "PRAGMA user_version = 99");
    refused(f, STORE_EVERSION, 0, "99");
    refused(f, STORE_EVERSION, 1, "99");
    run_sql(f, apr_psprintf(f->p, "PRAGMA user_version = %d",
                            SQ_SCHEMA_VERSION));
    reopen(f);
}

/* Damage in the middle of the file is told, not returned as data. */
static void damaged(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    char junk[4096];
    apr_int64_t pages, i;
    apr_status_t rv;
    int n = 0;

    for (i = 0; i < 500; i++)
        add_item(tx, f->alice, f->contacts, 0, "a rather long text in it");
    commit(tx);
    store_close(&f->store);
    pages = number(f, "PRAGMA page_count");
    memset(junk, 0x5a, sizeof(junk));
    for (i = 4; i < pages; i++)
        write_file(f->db, junk, sizeof(junk), i * 4096);
    rv = open_store(f, NULL, 0, NULL);
    tx = NULL;
    if (rv == APR_SUCCESS)
        rv = store_begin(&tx, f->store, STORE_WRITE, f->p);
    if (rv == APR_SUCCESS) {
        store_item_t item = make_item(f->contacts, 0, "x");

        rv = store_item_list(tx, f->alice, f->contacts, 0, 0, count_items,
                             &n);
        EXPECT(STORE_ECORRUPT, rv);
        rv = store_item_add(tx, f->alice, &item);
        EXPECT(rv, store_commit(&tx, NULL));
    }
    EXPECT(STORE_ECORRUPT, rv);
}

/* Somebody else holds the file's lock all the time. */
static void locked(void **state)
{
    fixture_t *f = *state;
    store_options_t options = { .busy_timeout = 200000 };
    store_tx_t *tx = NULL;
    sqlite3 *db;

    store_close(&f->store);
    assert_int_equal(sqlite3_open(f->db, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    OK(store_open(&f->store, f->url, &options, NULL, f->p));
    EXPECT(STORE_EBUSY, store_begin(&tx, f->store, STORE_WRITE, f->p));
    assert_null(tx);
    OK(store_begin(&tx, f->store, STORE_READ, f->p));
    roll_back(tx);
    sqlite3_close(db);
    tx = begin_write(f);
    commit(tx);
}

/* ---- keys and owners --------------------------------------------------- */

static void key_files(void **state)
{
    fixture_t *f = *state;
    const char *other = apr_pstrcat(f->p, f->dir, "/otherkey", NULL);
    const char *real = f->key, *password, *words;
    char key[33] = "0123456789abcdef0123456789abcdef";
    store_tx_t *tx;

    assert_int_equal(mode_of(f->key), 0600);
    store_close(&f->store);
    set_mode(f->key, 0640);
    refused(f, STORE_EKEY, 0, "0640");
    set_mode(f->key, 0604);
    refused(f, STORE_EKEY, 0, "0604");
    set_mode(f->key, 0600);

    f->key = other;             /* missing, and not to be made anew */
    refused(f, STORE_EKEY, 0, "otherkey");
    refused(f, STORE_EKEY, 1, "backup");
    assert_int_equal(access(other, F_OK), -1);
    write_file(other, key, 31, 0);
    refused(f, STORE_EKEY, 0, "31 octets");
    write_file(other, key, 33, 0);
    refused(f, STORE_EKEY, 0, "33 octets");
    assert_int_equal(truncate(other, 32), 0);
    refused(f, STORE_EKEY, 0, "not the key file");
    f->key = f->dir;
    set_mode(f->dir, 0700);
    refused(f, STORE_EKEY, 0, "not a regular file");
    f->key = apr_pstrcat(f->p, f->dir, "/fifo", NULL);
    assert_int_equal(mkfifo(f->key, 0600), 0);
    refused(f, STORE_EKEY, 0, "not a regular file");

    f->key = real;
    expect_at(APR_SUCCESS, open_store(f, f->key, 0, &words), words, __FILE__,
              __LINE__);
    tx = begin(f, STORE_READ);
    OK(store_account_password(tx, f->alice, &password));
    assert_string_equal(password, "secret");
    roll_back(tx);
}

/* A ciphertext that was put into another account's row does not open, nor
 * does a changed one. */
static void moved_secrets(void **state)
{
    fixture_t *f = *state;
    store_tx_t *tx = begin_write(f);
    const char *password = "x";

    OK(store_account_set_password(tx, f->bob, "bobs"));
    commit(tx);
    run_sql(f, "UPDATE accounts SET secret = (SELECT secret FROM accounts "
            "WHERE name = 'alice') WHERE name = 'bob'");
    tx = begin(f, STORE_READ);
    EXPECT(STORE_EKEY, store_account_password(tx, f->bob, &password));
    assert_null(password);
    assert_true(strlen(store_error(tx)) > 10);
    OK(store_account_password(tx, f->alice, &password));
    roll_back(tx);
    run_sql(f, "UPDATE accounts SET secret = substr(secret, 1, 14) || "
            "x'00' || substr(secret, 16) WHERE name = 'alice'");
    tx = begin(f, STORE_READ);
    EXPECT(STORE_EKEY, store_account_password(tx, f->alice, &password));
    roll_back(tx);
}

/* A second key for passwords of the first one is refused also by a process
 * that opened the store before there was any. */
static void second_key(void **state)
{
    fixture_t *f = *state;
    store_options_t options = { .create = 1 };
    store_t *early;
    store_tx_t *tx = NULL;
    const char *password;
    store_id_t id;

    store_close(&f->store);
    f->db = apr_pstrcat(f->p, f->dir, "/second.db", NULL);
    f->url = apr_pstrcat(f->p, "sqlite:", f->db, NULL);
    options.key_file = apr_pstrcat(f->p, f->dir, "/earlykey", NULL);
    OK(store_open(&early, f->url, &options, NULL, f->p));
    OK(open_store(f, f->key, 0, NULL));
    tx = begin_write(f);
    OK(store_account_add(tx, "alice", "secret", &id));
    commit(tx);
    OK(store_begin(&tx, early, STORE_WRITE, f->p));
    EXPECT(STORE_EKEY, store_account_set_password(tx, id, "other"));
    EXPECT(STORE_EKEY, store_account_password(tx, id, &password));
    OK(store_commit(&tx, NULL));        /* no harm was done */
    store_close(&early);
    tx = begin(f, STORE_READ);
    OK(store_account_password(tx, id, &password));
    assert_string_equal(password, "secret");
    roll_back(tx);
}

static int file_has(const char *file, const char *text)
{
    char command[400];

    snprintf(command, sizeof(command), "grep -qaF '%s' '%s'", text, file);
    return system(command) == 0;
}

static void secrets_are_not_in_clear(void **state)
{
    fixture_t *f = *state;
    const char *wal = apr_pstrcat(f->p, f->db, "-wal", NULL);
    store_tx_t *tx = begin_write(f);

    OK(store_account_set_password(tx, f->alice, "Sesam-oeffne-dich"));
    OK(store_setting_set(tx, "canary", "This-is-in-clear"));
    commit(tx);
    assert_true(file_has(wal, "This-is-in-clear"));
    assert_false(file_has(wal, "Sesam-oeffne-dich"));
    store_close(&f->store);
    assert_true(file_has(f->db, "This-is-in-clear"));
    assert_false(file_has(f->db, "Sesam-oeffne-dich"));
    reopen(f);
}

/* The log's files belong to whom the database belongs, whoever writes, so
 * that the server's children go on after an administrator's command. */
static void owners_and_modes(void **state)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    fixture_t *f = *state;
    store_tx_t *tx;
    size_t i;

    assert_int_equal(mode_of(f->db) & 0117, 0); /* 0660 but for the umask */
    assert_int_equal(mode_of(f->db) & 0600, 0600);
    if (geteuid() != 0) {
        print_message("# not root: owners left out\n");
        return;
    }
    store_close(&f->store);
    set_mode(f->db, 0660);
    assert_int_equal(chown(f->db, 12345, 23456), 0);
    reopen(f);
    tx = begin_write(f);
    OK(store_setting_set(tx, "s", "1"));
    commit(tx);
    for (i = 0; i < 3; i++) {
        const char *file = apr_pstrcat(f->p, f->db, suffixes[i], NULL);
        struct stat st;

        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(st.st_uid, 12345);
        assert_int_equal(st.st_gid, 23456);
        assert_int_equal(st.st_mode & 0777, 0660);
    }
}

/* A file system without the right to write. */
static void no_right_to_write(void **state)
{
    fixture_t *f = *state;
    pid_t pid;
    int status;

    if (geteuid() != 0)
        print_message("# as the same user: modes only\n");
    store_close(&f->store);
    set_mode(f->db, 0444);
    set_mode(f->dir, 0555);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const char *words = "";
        apr_status_t rv;

        if (geteuid() == 0 && setuid(12345) != 0)
            _exit(9);
        rv = open_store(f, NULL, 0, &words);
        if (rv == APR_SUCCESS) {
            store_tx_t *tx = NULL;

            rv = store_begin(&tx, f->store, STORE_WRITE, f->p);
            words = "must be writable";
        }
        fprintf(stderr, "# %d %s\n", rv, words);
        _exit(APR_STATUS_IS_EACCES(rv) && strstr(words, "writable") ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    set_mode(f->dir, 0755);
    set_mode(f->db, 0660);
    reopen(f);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(committed_is_kept), TEST(killed_writer), TEST(full_by_limit),
        TEST_EMPTY(full_disk), TEST_EMPTY(full_at_the_beginning),
        TEST_EMPTY(no_database), TEST_EMPTY(not_a_database),
        TEST_EMPTY(somebody_elses_database), TEST(newer_schema),
        TEST(damaged), TEST(locked), TEST(key_files), TEST(moved_secrets),
        TEST_EMPTY(second_key), TEST(secrets_are_not_in_clear),
        TEST(owners_and_modes), TEST(no_right_to_write)
    };

    return RUN_SQLITE("store faults", tests);
}
