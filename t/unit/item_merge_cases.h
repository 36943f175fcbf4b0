/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Cases of merging, for the tests of it: see case_t. */
#ifndef SYNCML_TEST_ITEM_MERGE_CASES_H
#define SYNCML_TEST_ITEM_MERGE_CASES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_merge.h"

static apr_pool_t *pool;

static inline char *wrap_card(const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCARD\nVERSION:3.0\n", body,
                       "END:VCARD\n", NULL);
}

static inline char *wrap_event(const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\n",
                       body, "END:VEVENT\nEND:VCALENDAR\n", NULL);
}

static inline char *wrap_calendar(const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\nVERSION:2.0\n", body,
                       "END:VCALENDAR\n", NULL);
}

static inline char *wrap_todo(const char *body)
{
    return apr_pstrcat(pool, "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTODO\n",
                       body, "END:VTODO\nEND:VCALENDAR\n", NULL);
}

static inline char *wrap_text(const char *body)
{
    return apr_pstrdup(pool, body);
}

static inline item_text_t text_of(const char *data)
{
    item_text_t text;

    text.data = data ? data : "";
    text.len = strlen(text.data);
    return text;
}

static inline item_merge_t merge(const char *base, const char *ours,
                                 const char *theirs, int prefer)
{
    item_text_t b = text_of(base), o = text_of(ours), t = text_of(theirs);
    item_merge_t m;

    assert_int_equal(item_merge(&m, NULL, base ? &b : NULL, &o, &t, prefer,
                                pool), APR_SUCCESS);
    assert_non_null(m.clashes);
    if (m.is_ours)
        assert_true(m.len == o.len && !memcmp(m.text, o.data, m.len));
    if (m.is_theirs)
        assert_true(m.len == t.len && !memcmp(m.text, t.data, m.len));
    return m;
}

#define O  ITEM_PREFER_OURS
#define T  ITEM_PREFER_THEIRS
#define S  ITEM_SPARE_UNKNOWN

/** The result is ours or theirs, octet by octet. */
#define OURS    "(ours)"
#define THEIRS  "(theirs)"

typedef struct case_t {
    const char *base, *ours, *theirs;   /* base NULL: none */
    int prefer;
    const char *clashes;        /* joined by spaces */
    const char *result;
} case_t;

static inline void check_cases(const case_t *c,
                               char *(*wrap)(const char *))
{
    int n;

    for (n = 0; c->ours; c++, n++) {
        item_merge_t m = merge(c->base ? wrap(c->base) : NULL,
                               wrap(c->ours), wrap(c->theirs), c->prefer);
        const char *text = apr_pstrmemdup(pool, m.text, m.len);
        const char *clashes = apr_array_pstrcat(pool, m.clashes, ' ');
        const char *want = c->result;

        if (!strcmp(want, OURS) || !strcmp(want, THEIRS)) {
            if (!(*want && want[1] == 'o' ? m.is_ours : m.is_theirs))
                fail_msg("case %d is not %s:\n%s", n, want, text);
        }
        else if (strcmp(text, wrap(want)) || m.is_ours || m.is_theirs)
            fail_msg("case %d:\n%s\ninstead of:\n%s", n, text, wrap(want));
        if (strcmp(clashes, c->clashes))
            fail_msg("case %d: clashes [%s] instead of [%s]", n, clashes,
                     c->clashes);
    }
}

static inline int setup(void **state)
{
    return apr_pool_create(&pool, NULL) != APR_SUCCESS;
}

static inline int teardown(void **state)
{
    apr_pool_destroy(pool);
    return 0;
}

#define TEST(f)  cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
