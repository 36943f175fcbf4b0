/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Events and tasks to a device and back: what must hold for all of them, in
 * every form. See item/item_vcal.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "cal_samples.h"
#include "item/item_vcal.h"
#include "one_in.h"

typedef apr_status_t export_fn(const item_form_t *, const item_text_t *,
                               item_text_t *, apr_pool_t *);
typedef apr_status_t import_fn(const item_form_t *, const item_text_t *,
                               const item_text_t *, item_text_t *,
                               apr_pool_t *);

static apr_pool_t *pool;

static const char *const zones[] = {
    NULL, "Europe/Berlin", "America/New_York", "Asia/Kolkata"
};

static const apr_uint32_t habits[] = {
    0, ITEM_HABIT_NO_ZONE, ITEM_HABIT_NO_RDATE,
    ITEM_HABIT_EPOC_ENTRY | ITEM_HABIT_DATE_1980 | ITEM_HABIT_CATEGORY_X
    | ITEM_HABIT_ALARM_ABSOLUTE,
    ITEM_HABIT_SE_DST | ITEM_HABIT_NO_FOLD | ITEM_HABIT_NO_EMPTY
    | ITEM_HABIT_BMP_ONLY | ITEM_HABIT_TEXT_8BIT,
    ITEM_HABITS_ICAL, ITEM_HABITS_ICAL | ITEM_HABIT_ALARM_ABSOLUTE
};

static item_text_t text_of(const char *s)
{
    item_text_t text;

    text.data = s;
    text.len = strlen(s);
    return text;
}

static item_text_t calendar(const cal_sample_t *sample)
{
    return text_of(apr_pstrcat(
        pool, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//a//b//EN\nBEGIN:",
        sample->kind, "\n", sample->lines, "END:", sample->kind, "\n",
        sample->more ? sample->more : "", "END:VCALENDAR\n", NULL));
}

static const char *form_text(const item_form_t *form)
{
    return apr_psprintf(pool, "zone %s, clock %d, days %d, habits %x",
                        form->zone ? form->zone : "-", (int)form->clock,
                        (int)form->days, (unsigned)form->habits);
}

static int same(const item_text_t *a, const item_text_t *b)
{
    return a->len == b->len && !memcmp(a->data, b->data, a->len);
}

static void ends_in_nul(const item_text_t *text)
{
    assert_int_equal(text->data[text->len], 0);
}

/** Sent, taken back, sent again: the same octets. */
static void check_idempotent(const item_form_t *form, const char *name,
                             const item_text_t *stored, export_fn *out,
                             import_fn *in)
{
    item_text_t sent, back, again;

    assert_int_equal(out(form, stored, &sent, pool), APR_SUCCESS);
    assert_int_equal(in(form, &sent, NULL, &back, pool), APR_SUCCESS);
    assert_int_equal(out(form, &back, &again, pool), APR_SUCCESS);
    if (!same(&sent, &again))
        fail_msg("\"%s\", %s: sent\n%s\ntaken as\n%s\nsent again\n%s", name,
                 form_text(form), sent.data, back.data, again.data);
}

static void lines_of(apr_hash_t *lines, const char *s)
{
    const char *end;
    apr_size_t len;

    for (; *s; s = end) {
        len = strcspn(s, "\r\n");
        end = s + len + strspn(s + len, "\r\n");
        apr_hash_set(lines, apr_pstrmemdup(pool, s, len), (apr_ssize_t)len,
                     "");
    }
}

/** What the store has of an item that the device gave back untouched: every
 * line of the answer is one of its own. */
static void check_restored(const item_form_t *form, const char *name,
                           const item_text_t *stored, export_fn *out,
                           import_fn *in)
{
    apr_hash_t *ours = apr_hash_make(pool);
    item_text_t sent, back;
    const char *s, *end;
    apr_size_t len;

    assert_int_equal(out(form, stored, &sent, pool), APR_SUCCESS);
    assert_int_equal(in(form, &sent, stored, &back, pool), APR_SUCCESS);
    lines_of(ours, stored->data);
    for (s = back.data; *s; s = end) {
        len = strcspn(s, "\r\n");
        end = s + len + strspn(s + len, "\r\n");
        if (!strncmp(s, "BEGIN:VTIMEZONE", len)) {
            end = strstr(s, "END:VTIMEZONE");
            end += strlen("END:VTIMEZONE\r\n");
            continue;
        }
        if (!strncmp(s, "EXDATE", 6) || !strncmp(s, "RDATE", 5)
            || !strncmp(s, "STATUS:COMPLETED", 16)
            || !strncmp(s, "COMPLETED:", 10))
            continue;           /* lists are cut otherwise; see below */
        if (!apr_hash_get(ours, s, (apr_ssize_t)len))
            fail_msg("\"%s\", %s: sent\n%s\ncame back as\n%s\nwith %.*s",
                     name, form_text(form), sent.data, back.data, (int)len,
                     s);
    }
}

/** An item that comes back untouched is merged to nothing. */
static void check_merge(const item_form_t *form, const char *name,
                        const item_text_t *stored, export_fn *out,
                        import_fn *in)
{
    item_text_t sent, back;
    item_merge_t m;

    assert_int_equal(out(form, stored, &sent, pool), APR_SUCCESS);
    assert_int_equal(in(form, &sent, stored, &back, pool), APR_SUCCESS);
    assert_int_equal(item_merge(&m, "text/calendar", &back, stored, &back,
                                ITEM_PREFER_THEIRS, pool), APR_SUCCESS);
    if (!m.is_ours)
        fail_msg("\"%s\", %s: merged to\n%s\nfrom\n%s", name,
                 form_text(form), m.text, back.data);
}

static void for_all_forms(int ical, void (*check)(
                              const item_form_t *, const char *,
                              const item_text_t *, export_fn *, import_fn *))
{
    export_fn *out = ical ? item_ical_export : item_vcal_export;
    import_fn *in = ical ? item_ical_import : item_vcal_import;
    apr_pool_t *parent = pool;
    unsigned zone, habit, i, cases = 0;
    int clock, days;
    item_form_t form;
    item_text_t text;

    memset(&form, 0, sizeof(form));
    form.format = ical ? ITEM_FORMAT_ICAL20 : ITEM_FORMAT_VCAL10;
    for (i = 0; i < CAL_SAMPLES; i++)
        for (zone = 0; zone < sizeof(zones) / sizeof(zones[0]); zone++)
            for (clock = 0; clock <= ITEM_CLOCK_LOCAL_Z; clock++)
                for (days = 0; days <= ITEM_DAYS_LAST_SECOND; days++)
                    for (habit = 0; habit < sizeof(habits)
                                            / sizeof(habits[0]); habit++) {
                        /* prime to all that is counted here */
                        if (cases++ % ONE_IN(11))
                            continue;
                        apr_pool_create(&pool, parent);
                        form.zone = zones[zone];
                        form.clock = (item_clock_e)clock;
                        form.days = (item_days_e)days;
                        form.habits = habits[habit];
                        text = calendar(&cal_samples[i]);
                        check(&form, cal_samples[i].name, &text, out, in);
                        apr_pool_destroy(pool);
                        pool = parent;
                    }
}

static void test_idempotent(void **state)
{
    for_all_forms(0, check_idempotent);
}

static void test_restored(void **state)
{
    for_all_forms(0, check_restored);
}

static void test_merge(void **state)
{
    for_all_forms(0, check_merge);
}

static void test_ical_idempotent(void **state)
{
    for_all_forms(1, check_idempotent);
}

static void test_ical_restored(void **state)
{
    for_all_forms(1, check_restored);
}

static void test_ical_merge(void **state)
{
    for_all_forms(1, check_merge);
}

static void test_ends(void **state)
{
    item_text_t text = calendar(&cal_samples[0]), out, back;
    item_form_t form;

    memset(&form, 0, sizeof(form));
    assert_int_equal(item_vcal_export(&form, &text, &out, pool),
                     APR_SUCCESS);
    ends_in_nul(&out);
    assert_int_equal(item_vcal_import(&form, &out, NULL, &back, pool),
                     APR_SUCCESS);
    ends_in_nul(&back);
}

static int set_up(void **state)
{
    apr_initialize();
    return apr_pool_create(&pool, NULL);
}

static int tear_down(void **state)
{
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idempotent),
        cmocka_unit_test(test_restored),
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_ical_idempotent),
        cmocka_unit_test(test_ical_restored),
        cmocka_unit_test(test_ical_merge),
        cmocka_unit_test(test_ends)
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
