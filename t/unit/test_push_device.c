/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * How a device is told, by what the store has of it: who can be told without
 * a telephone number, and which form of notification is learnt from the answers.
 */
#include "push_phone.h"

#include "push/push_device.h"

/* ---- who can be told ----------------------------------------------------- */

static int owes(fixture_t *f)
{
    store_tx_t *tx = begin_write(f);

    OK(store_due_refresh(tx, f->phone));
    commit(tx);
    return look(f, f->phone).found;
}

static void reachable(void **state)
{
    fixture_t *f = *state;
    static const struct { const char *name, *value; int owes; } t[] = {
        { STORE_DEVICE_TCP, "10.0.0.1", 1 }, { STORE_DEVICE_TCP, "auto", 1 },
        { STORE_DEVICE_TCP, "off", 0 }, { STORE_DEVICE_HELD, "5", 1 },
        { STORE_DEVICE_HELD, "off", 0 }, { STORE_DEVICE_TCP_SEEN, "x", 0 },
        { "push.else", "on", 0 }
    };
    apr_size_t i;

    make_phone(f, "", 1, 5, "");
    for (i = 0; i < sizeof t / sizeof *t; i++) {
        set(f, t[i].name, t[i].value);
        change_at(f, 10 + (apr_time_t)i, f->tablet);
        if (look(f, f->phone).found != t[i].owes || owes(f) != t[i].owes)
            fail_msg("%s %s", t[i].name, t[i].value);
        set(f, t[i].name, NULL);
        assert_int_equal(owes(f), 0);
    }
    set(f, STORE_DEVICE_TCP, "auto");
    assert_int_equal(owes(f), 1);
    assert_int_equal(claim(f, NOW, 0, 100, "w", 10)->nelts, 1);
    make_phone(f, "", 0, 5, "");
    assert_int_equal(owes(f), 0);
}

/* ---- which form is learnt ------------------------------------------------ */

typedef struct load_t {
    push_settings_t settings;
    apr_pool_t *p;
} load_t;

static apr_status_t on_setting(void *baton, const char *name,
                               const char *value)
{
    load_t *to = baton;

    push_device_setting(&to->settings, name, value, to->p);
    return APR_SUCCESS;
}

/* As the worker claims it. */
static push_device_t *load(fixture_t *f, int unanswered)
{
    store_tx_t *tx = begin_write(f);
    store_due_t due = { .device = f->phone, .account = f->alice,
                        .syncml_version = "1.2", .unanswered = unanswered };
    load_t to = { .p = f->p };
    store_device_t *stored;
    push_device_t *d;

    OK(store_device_get(tx, f->alice, f->phone, &stored));
    due.sync_url = stored->sync_url;
    due.last_seen = stored->last_seen;
    OK(store_device_setting_list(tx, f->phone, on_setting, &to));
    OK(push_device_make(&d, tx, &due, &to.settings, f->p));
    assert_true(!to.settings.sent || unanswered);
    commit(tx);
    return d;
}

static void told(fixture_t *f, notification_form_e form, apr_time_t now)
{
    store_tx_t *tx = begin_write(f);

    OK(push_device_told(tx, f->phone, form, now, f->p));
    commit(tx);
}

static void learning(void **state)
{
    fixture_t *f = *state;
    push_device_t *d;

    make_phone(f, "+491701", 1, 5, "http://x/s");
    d = load(f, 0);
    assert_int_equal(d->form.form, NOTIFICATION_DS12);
    assert_false(d->form_known);
    assert_string_equal(d->form.sync_url, "http://x/s");
    told(f, NOTIFICATION_DS12, NOW);

    /* no answer: the other one, and that is answered */
    d = load(f, 1);
    assert_int_equal(d->form.form, NOTIFICATION_DS11);
    assert_string_equal(get(f, PUSH_DEVICE_SAN_ANSWER), "");
    told(f, NOTIFICATION_DS11, 2 * NOW);
    make_phone(f, "+491701", 1, 2 * NOW + SEC, "http://x/s");
    d = load(f, 0);
    assert_int_equal(d->form.form, NOTIFICATION_DS11);
    assert_true(d->form_known);
    assert_string_equal(get(f, PUSH_DEVICE_SAN_ANSWER), "1.1");
    assert_string_equal(get(f, PUSH_DEVICE_SAN_SENT), "");

    /* a sync of much later is nobody's answer */
    told(f, NOTIFICATION_DS12, 3 * NOW);
    make_phone(f, "+491701", 1, 3 * NOW + PUSH_DEVICE_ANSWER, "http://x/s");
    d = load(f, 0);
    assert_int_equal(d->form.form, NOTIFICATION_DS11);
    assert_string_equal(get(f, PUSH_DEVICE_SAN_ANSWER), "1.1");

    /* what is set counts */
    set(f, PUSH_DEVICE_SAN_FORM, "1.2");
    d = load(f, 0);
    assert_int_equal(d->form.form, NOTIFICATION_DS12);
    assert_true(d->form_set);
}

static void settings_by_hand(void **state)
{
    fixture_t *f = *state;
    push_device_t *d;

    set(f, PUSH_DEVICE_UI_MODE, "informative");
    set(f, PUSH_DEVICE_VENDOR, "56454E44");
    set(f, PUSH_DEVICE_NONCE, "n");
    set(f, PUSH_DEVICE_TCP, "auto");
    d = load(f, 0);
    assert_int_equal(d->form.ui_mode, SAN_UI_INFORMATIVE);
    assert_int_equal(d->form.vendor_len, 4);
    assert_memory_equal(d->form.vendor, "VEND", 4);
    assert_string_equal(d->form.nonce, "n");
    assert_string_equal(d->tcp, "");            /* not seen yet */
    set(f, PUSH_DEVICE_TCP_SEEN, "10.1.2.3");
    assert_string_equal(load(f, 0)->tcp, "10.1.2.3");
    set(f, PUSH_DEVICE_TCP, "off");
    assert_string_equal(load(f, 0)->tcp, "");
    set(f, PUSH_DEVICE_VENDOR, "odd");          /* as by another program */
    assert_int_equal(load(f, 0)->form.vendor_len, 0);
}

int main(void)
{
    static const test_entry_t tests[] = {
        SYNCED(reachable), SYNCED(learning), SYNCED(settings_by_hand)
    };

    return RUN_BOTH("push device", tests);
}
