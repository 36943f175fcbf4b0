/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Who may hold a connection open: logins against the store, which the login
 * opens by its URL, so over SQLite only.
 */
#include "push_phone.h"

#include <sys/eventfd.h>

#include <apr_base64.h>
#include <apr_md5.h>

#include "push/gateway_held.h"
#include "push/policy.h"
#include "push/push_device.h"

typedef struct logging_in_t {
    fixture_t *f;
    held_login_t *hl;
    int fd;
    int lost;                   /* devices that have to come back later */
    char lines[2000];
} logging_in_t;

static void on_log(void *baton, int level, apr_status_t rv,
                   const char *message)
{
    logging_in_t *l = baton;

    apr_cpystrn(l->lines + strlen(l->lines), message,
                sizeof l->lines - strlen(l->lines));
}

static logging_in_t *logging_in(fixture_t *f, const char *url)
{
    logging_in_t *l = apr_pcalloc(f->p, sizeof *l);
    gateway_held_options_t o = { .store_url = url, .key_file = f->key,
                                 .log = on_log, .log_baton = l };

    l->f = f;
    l->fd = o.look_fd = eventfd(0, EFD_NONBLOCK);
    l->hl = held_login_create(&o, f->p);
    return l;
}

static void on_lost(void *baton, apr_int64_t device)
{
    logging_in_t *l = baton;

    l->lost++;
}

/* What has arrived is written, when it is time.  @return 0: it is not */
static int written(logging_in_t *l)
{
    apr_interval_time_t wait;

    l->lost = 0;
    while ((wait = held_login_wait(l->hl, SEC)) < SEC) {
        apr_sleep(wait);
        held_login_write(l->hl, on_lost, l);
    }
    return !l->lost;
}

static held_verdict_e log_in_only(logging_in_t *l, const char *devid,
                             const char *user, const char *password,
                             apr_int64_t *device)
{
    unsigned char md5[APR_MD5_DIGESTSIZE];
    char text[100], first[32];
    ctp_param_t cred = { CTP_P_CRED, (const unsigned char *)text, 24 };

    apr_snprintf(text, sizeof text, "%s:%s", user, password);
    apr_md5(md5, text, strlen(text));
    apr_base64_encode_binary(first, md5, sizeof md5);
    apr_snprintf(text, sizeof text, "%s:abcdefghijkl", first);
    apr_md5(md5, text, strlen(text));
    apr_base64_encode_binary(text, md5, sizeof md5);
    *device = 0;
    if (held_login(l->hl, devid, user, &cred, "abcdefghijkl", device)
        != HELD_WELCOME)
        return held_login(l->hl, devid, user, &cred, "abcdefghijkl",
                          device);
    return held_login_arrived(l->hl, *device) ? HELD_WELCOME : HELD_TROUBLE;
}

static held_verdict_e log_in(logging_in_t *l, const char *devid,
                             const char *user, const char *password,
                             apr_int64_t *device)
{
    held_verdict_e verdict = log_in_only(l, devid, user, password, device);

    return written(l) ? verdict : HELD_TROUBLE;
}

static int looked(logging_in_t *l)
{
    eventfd_t n;

    return eventfd_read(l->fd, &n) == 0;
}

static void logins(void **state)
{
    fixture_t *f = *state;
    logging_in_t *l = logging_in(f, f->url);
    apr_int64_t device;

    make_phone(f, "", 1, 5, "");
    assert_int_equal(log_in(l, "IMEI:1", "alice", "wrong", &device),
                     HELD_WRONG);
    assert_int_equal(log_in(l, "IMEI:1", "nobody", "", &device), HELD_WRONG);
    assert_int_equal(log_in(l, "IMEI:1", "bob", "", &device), HELD_WRONG);
    assert_int_equal(log_in(l, "IMEI:9", "alice", "secret", &device),
                     HELD_UNKNOWN);
    assert_int_equal(log_in(l, "IMEI:2", "alice", "secret", &device),
                     HELD_UNKNOWN);             /* it has never synced */
    assert_string_equal(get(f, STORE_DEVICE_HELD), "");
    assert_false(looked(l));

    /* what it owes is owed from its first connection on */
    change_at(f, 10, f->tablet);
    assert_false(look(f, f->phone).found);
    assert_int_equal(log_in(l, "IMEI:1", "alice", "secret", &device),
                     HELD_WELCOME);
    assert_int_equal(device, f->phone);
    assert_string_not_equal(get(f, STORE_DEVICE_HELD), "");
    assert_true(look(f, f->phone).found);
    assert_true(looked(l));
    assert_string_equal(l->lines, "");
}

/* A phone without a number that was connected before, and is again. */
static apr_int64_t connected(fixture_t *f, logging_in_t *l)
{
    apr_int64_t device;

    make_phone(f, "", 1, 5, "");
    set(f, STORE_DEVICE_HELD, "5");
    assert_int_equal(log_in(l, "IMEI:1", "alice", "secret", &device),
                     HELD_WELCOME);
    return device;
}

/* Coming back brings it out of suspension, but not twice in a moment. */
static void comes_back(void **state)
{
    fixture_t *f = *state;
    logging_in_t *l = logging_in(f, f->url);
    apr_time_t now = apr_time_now();
    apr_int64_t device;
    store_tx_t *tx;

    device = connected(f, l);
    assert_false(looked(l));                    /* it owes nothing */
    change_at(f, 10, f->tablet);
    assert_int_equal(claim(f, now, 0, 100, "w", 10)->nelts, 1);
    tx = begin_write(f);
    OK(store_due_failed(tx, f->phone, "w", 0, "not connected"));
    commit(tx);
    assert_int_equal(look(f, f->phone).due.state, STORE_DUE_SUSPENDED);
    assert_int_equal(log_in(l, "IMEI:1", "alice", "secret", &device),
                     HELD_WELCOME);
    assert_true(looked(l));
    assert_int_equal(look(f, f->phone).due.state, STORE_DUE_WAITING);

    claim(f, now, 0, 100, "w", 10);
    tx = begin_write(f);
    store_set_now(tx, now);
    OK(store_due_sent(tx, f->phone, "w", now + 900 * SEC));
    commit(tx);
    assert_int_equal(log_in(l, "IMEI:1", "alice", "secret", &device),
                     HELD_WELCOME);
    assert_false(looked(l));
    assert_int_equal(look(f, f->phone).due.state, STORE_DUE_SENT);
}

/* One that has a number might be sent an SMS instead, should its connection
 * break: it is told when the rules say so. */
static void comes_back_with_number(void **state)
{
    fixture_t *f = *state;
    logging_in_t *l = logging_in(f, f->url);
    apr_time_t now = apr_time_now();
    apr_int64_t device;
    store_tx_t *tx;

    make_phone(f, "+4917012345", 1, 5, "");
    set(f, STORE_DEVICE_HELD, "5");
    change_at(f, 10, f->tablet);
    assert_int_equal(claim(f, now, 0, 100, "w", 10)->nelts, 1);
    tx = begin_write(f);
    OK(store_due_failed(tx, f->phone, "w", 0, "given up"));
    commit(tx);
    assert_int_equal(log_in(l, "IMEI:1", "alice", "secret", &device),
                     HELD_WELCOME);
    assert_false(looked(l));
    assert_int_equal(look(f, f->phone).due.state, STORE_DUE_SUSPENDED);
}

/* While push is paused it is told if somebody has asked for it, no more. */
static void comes_back_in_a_pause(void **state)
{
    fixture_t *f = *state;
    logging_in_t *l = logging_in(f, f->url);
    apr_time_t now = apr_time_now();
    apr_int64_t device;
    store_tx_t *tx;
    int round;

    device = connected(f, l);
    change_at(f, 10, f->tablet);
    set(f, POLICY_PREFIX "paused", "on");
    for (round = 0; round < 3; round++) {
        tx = begin_write(f);
        if (round == 1) {       /* a word without a meaning hides no pause */
            OK(store_device_setting_set(tx, f->phone,
                                        POLICY_PREFIX "paused", "perhaps"));
            OK(store_account_setting_set(tx, f->alice,
                                         POLICY_PREFIX "paused", "on"));
        }
        if (round == 2) {
            OK(store_due_now(tx, f->phone));
        }
        commit(tx);
        assert_int_equal(claim(f, now, 0, 100, "w", 10)->nelts, 1);
        tx = begin_write(f);
        OK(store_due_failed(tx, f->phone, "w", 0, "not connected"));
        commit(tx);
        assert_int_equal(log_in(l, "IMEI:1", "alice", "secret", &device),
                         HELD_WELCOME);
        assert_true(looked(l));
        assert_int_equal(look(f, f->phone).due.state, STORE_DUE_WAITING);
        assert_int_equal(look(f, f->phone).due.now, round == 2);
    }
}

static void sent_to(fixture_t *f, store_id_t device, apr_time_t now)
{
    store_tx_t *tx = begin_write(f);

    store_set_now(tx, now);
    OK(store_due_sent(tx, device, "w", now + 900 * SEC));
    commit(tx);
}

/* Arrivals are written together; who has been told meanwhile is not told
 * twice, and if they cannot be written all shall come back. */
static void arrive_together(void **state)
{
    fixture_t *f = *state;
    logging_in_t *l = logging_in(f, f->url);
    apr_time_t now = apr_time_now();
    apr_int64_t device;
    store_tx_t *tx;

    device = connected(f, l);
    change_at(f, 10, f->tablet);
    assert_int_equal(log_in_only(l, "IMEI:1", "alice", "secret", &device),
                     HELD_WELCOME);
    assert_false(look(f, f->phone).due.now);    /* not written yet */
    assert_int_equal(claim(f, now, 0, 100, "w", 10)->nelts, 1);
    sent_to(f, f->phone, now);
    assert_true(written(l));
    assert_int_equal(look(f, f->phone).due.state, STORE_DUE_SENT);

    /* it synced, and owes anew, when the store is locked */
    tx = begin_write(f);
    OK(store_due_refresh(tx, f->phone));
    commit(tx);
    assert_int_equal(log_in_only(l, "IMEI:1", "alice", "secret", &device),
                     HELD_WELCOME);
    assert_int_equal(log_in_only(l, "IMEI:1", "alice", "secret", &device),
                     HELD_WELCOME);
    assert_int_equal(held_login_wait(l->hl, SEC) < SEC, 1);
    tx = begin_write(f);
    assert_false(written(l));
    assert_int_equal(l->lost, 2);
    store_rollback(&tx);
    assert_non_null(strstr(l->lines, "held connections cannot log in"));
}

static void store_in_trouble(void **state)
{
    fixture_t *f = *state;
    logging_in_t *l = logging_in(f, "sqlite:/no/such/place/x.db");
    apr_int64_t device;

    assert_int_equal(log_in(l, "IMEI:1", "alice", "secret", &device),
                     HELD_TROUBLE);
    assert_non_null(strstr(l->lines, "held connections cannot log in"));
    l->lines[0] = '\0';
    assert_int_equal(log_in(l, "IMEI:1", "alice", "secret", &device),
                     HELD_TROUBLE);
    assert_string_equal(l->lines, "");          /* it is said once */
}

int main(void)
{
    static const test_entry_t tests[] = {
        SYNCED(logins), SYNCED(comes_back), SYNCED(comes_back_with_number),
        SYNCED(comes_back_in_a_pause),
        SYNCED(arrive_together), SYNCED(store_in_trouble)
    };

    return RUN_SQLITE("push logins", tests);
}
