/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The queue of writers: everybody gets his turn, killed processes are not
 * waited for, and without the queue writing goes on all the same.
 */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "store_fixture.h"

#define QUEUE(F)  apr_pstrcat((F)->p, (F)->db, "-queue", NULL)

static void write_one(fixture_t *f)
{
    store_tx_t *tx = begin_write(f);

    add_item(tx, f->alice, f->contacts, 0, "x");
    commit(tx);
}

static store_id_t written(fixture_t *f)
{
    store_tx_t *tx = begin(f, STORE_READ);
    store_id_t n = get_datastore(tx, f->alice, "contacts")->change;

    roll_back(tx);
    return n;
}

/* A process that opens the store for itself, waits for a letter if it is to,
 * writes one into the pipe when it has begun to write, and then does as told.
 * (Not to be made while its parent has a transaction: SQLite's locks in
 * memory would come along.) */
static pid_t writer(fixture_t *f, int pipe_from, int pipe_to, int forever)
{
    pid_t pid = fork();
    store_t *store;
    store_tx_t *tx;
    apr_pool_t *p;
    char c = 'w';

    if (pid != 0)
        return pid;
    apr_pool_create(&p, NULL);
    if (store_open(&store, f->url, NULL, NULL, p)
        || (pipe_from >= 0 && read(pipe_from, &c, 1) != 1)
        || store_begin(&tx, store, STORE_WRITE, p)
        || write(pipe_to, &c, 1) != 1)
        _exit(1);
    while (forever)
        pause();
    _exit(store_commit(&tx, NULL) ? 1 : 0);
}

static int has_begun(int from)
{
    char c = 0;

    return read(from, &c, 1) == 1 && c == 'w';
}

/* Wait until somebody stands in the queue behind the first. */
static void sleep_a_little(void)
{
    apr_sleep(apr_time_from_msec(100));
}

static void killed(void **state)
{
    fixture_t *f = *state;
    int fds[2], status;
    pid_t holder, next;
    apr_time_t since;

    assert_int_equal(pipe(fds), 0);
    holder = writer(f, -1, fds[1], 1);
    assert_true(has_begun(fds[0]));
    next = writer(f, -1, fds[1], 1);    /* waits for the first */
    sleep_a_little();
    kill(next, SIGKILL);
    waitpid(next, &status, 0);
    since = apr_time_now();
    kill(holder, SIGKILL);
    waitpid(holder, &status, 0);
    write_one(f);
    assert_true(apr_time_now() - since < apr_time_from_sec(5));
    assert_int_equal(written(f), 1);
    close(fds[0]);
    close(fds[1]);
}

/* One that began to wait after another gets its turn after it, though the
 * first writer comes again and again without a pause. */
static void in_turn(void **state)
{
    fixture_t *f = *state;
    int fds[2], go[2], status, i, before = 0;
    store_tx_t *tx;
    pid_t pid;

    assert_int_equal(pipe(fds), 0);
    assert_int_equal(pipe(go), 0);
    fcntl(fds[0], F_SETFL, O_NONBLOCK);
    pid = writer(f, go[0], fds[1], 0);
    tx = begin_write(f);
    assert_int_equal(write(go[1], "w", 1), 1);
    sleep_a_little();
    for (i = 0; i < 200; i++) {
        add_item(tx, f->alice, f->contacts, 0, "x");
        commit(tx);
        tx = begin_write(f);
        before += !has_begun(fds[0]);
        if (before < i + 1)
            break;
    }
    roll_back(tx);
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_true(before <= 1);
    close(fds[0]);
    close(fds[1]);
    close(go[0]);
    close(go[1]);
}

static void without(void **state)
{
    fixture_t *f = *state;

    unlink(QUEUE(f));
    reopen(f);
    assert_int_equal(mkdir(QUEUE(f), 0700), 0);
    write_one(f);
    write_one(f);
    assert_int_equal(written(f), 2);
}

/* Whatever stands in the file: at worst somebody is early. */
static void damaged(void **state)
{
    static const char *const contents[] = {
        "", "x", "\xff\xff\xff\xff\xff\xff\xff\xff",
        "\xff\xff\xff\xff\xff\xff\xff\x7f", "\xff\xff\xff\xff\xff\0\0\0",
        "nothing that would be a number of any kind"
    };
    fixture_t *f = *state;
    size_t i, n = sizeof(contents) / sizeof(contents[0]);

    for (i = 0; i < n; i++) {
        int fd = open(QUEUE(f), O_WRONLY | O_TRUNC | O_CREAT, 0600);
        size_t len = strlen(contents[i]);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, contents[i], len), len);
        close(fd);
        write_one(f);
        write_one(f);
    }
    assert_int_equal(written(f), 2 * n);
}

/* It has the database's mode, so who may write there may queue. */
static void mode(void **state)
{
    fixture_t *f = *state;
    struct stat db, queue;

    write_one(f);
    assert_int_equal(stat(f->db, &db), 0);
    assert_int_equal(stat(QUEUE(f), &queue), 0);
    assert_int_equal(queue.st_mode & 07777, db.st_mode & 0666);
    assert_int_equal(queue.st_uid, db.st_uid);
}

int main(void)
{
    static const test_entry_t tests[] = {
        TEST(killed), TEST(in_turn), TEST(without), TEST(damaged),
        TEST(mode)
    };

    return RUN_SQLITE("store queue", tests);
}
