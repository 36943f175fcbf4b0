/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: changed occurrences of a series.  The input is a series and, if
 * there is a NUL octet, behind it an event, each copied to memory of exactly
 * its size.  What must hold for any texts: what is put in that was taken out
 * changes nothing, once rules of its own and exceptions on its day are gone;
 * dropping takes out that one and no other; results can be read again.
 */
#include <apr_strings.h>

#include "item/item_occurrence.h"
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const item_occurrence_t *at(const apr_array_header_t *list, int i)
{
    return &APR_ARRAY_IDX(list, i, item_occurrence_t);
}

static int has(const apr_array_header_t *list, const char *id)
{
    int i, n = 0;

    for (i = 0; i < list->nelts; i++)
        n += !strcmp(at(list, i)->id, id);
    return n;
}

static void can_be_read(const item_text_t *text, apr_pool_t *p)
{
    item_keys_t keys;

    MUST(item_keys(&keys, "text/calendar", text->data, text->len, p)
         == APR_SUCCESS);
}

/** Both have the same occurrences, in that order. */
static void same_ids(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i;

    MUST(a->nelts == b->nelts);
    for (i = 0; i < a->nelts; i++)
        MUST(!strcmp(at(a, i)->id, at(b, i)->id));
}

static item_text_t in_and_out(const item_text_t *series,
                              const apr_array_header_t *list, apr_pool_t *p)
{
    item_text_t text = *series, out;
    int i;

    for (i = 0; i < list->nelts; i++) {
        const item_occurrence_t *one = at(list, i);
        const char *id = item_occurrence_id(&one->text, p);

        can_be_read(&one->text, p);
        MUST(id && !strcmp(id, one->id));
        MUST(item_occurrence_put(&text, id, &one->text, &out, p)
             == APR_SUCCESS);
        can_be_read(&out, p);
        text = out;
    }
    return text;
}

static void comes_back(const item_text_t *series,
                       const apr_array_header_t *list, apr_pool_t *p)
{
    item_text_t once = in_and_out(series, list, p), twice;
    apr_array_header_t *again = item_occurrences(&once, p);

    same_ids(list, again);
    twice = in_and_out(&once, again, p);
    MUST(fuzz_same(&once, &twice));
}

/** @param id  of the list, or another */
static void is_dropped(const item_text_t *series,
                       const apr_array_header_t *list, const char *id,
                       apr_pool_t *p)
{
    const apr_array_header_t *left;
    item_text_t out, back;
    apr_status_t rv = item_occurrence_drop(series, id, &out, p);
    int i, j;

    if (!has(list, id))
        return;
    MUST(rv == APR_SUCCESS || item_strerror(rv));
    if (rv != APR_SUCCESS)
        return;
    can_be_read(&out, p);
    left = item_occurrences(&out, p);
    MUST(!has(left, id) && left->nelts == list->nelts - 1);
    for (i = j = 0; i < list->nelts; i++) {
        const item_occurrence_t *one = at(list, i);

        if (strcmp(one->id, id)) {
            MUST(!strcmp(at(left, j++)->id, one->id));
            continue;
        }
        MUST(item_occurrence_put(&out, id, &one->text, &back, p)
             == APR_SUCCESS);
        MUST(has(item_occurrences(&back, p), id) == 1);
    }
}

/** Any event comes in, or nothing happens.  Zones that come along may tell
 * what instants times of the series are, and so change ids. */
static void is_put(const item_text_t *series, const apr_array_header_t *list,
                   const item_text_t *event, apr_pool_t *p)
{
    const char *id = item_occurrence_id(event, p);
    int zones = strcasestr(apr_pstrmemdup(p, event->data, event->len),
                           "timezone") != NULL;
    const apr_array_header_t *now;
    item_text_t out;
    int i;

    item_is_series(event, p);
    if (item_occurrence_days(event, series, &out, p) == APR_SUCCESS)
        can_be_read(&out, p);
    if (item_occurrence_days(series, series, &out, p) == APR_SUCCESS)
        MUST(fuzz_same(series, &out));
    item_occurrence_bare(event, p);
    for (i = 0; i < list->nelts; i++)
        if (item_occurrence_put(series, at(list, i)->id, event, &out, p)
            == APR_SUCCESS) {
            can_be_read(&out, p);
            if (!zones)
                same_ids(list, item_occurrences(&out, p));
        }
    if (!id || item_occurrence_put(series, id, event, &out, p) != APR_SUCCESS)
        return;
    can_be_read(&out, p);
    now = item_occurrences(&out, p);
    MUST(now->nelts <= list->nelts + 1);
    MUST(zones || now->nelts >= list->nelts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    item_text_t series, event;
    apr_array_header_t *list;
    static int ready;
    apr_pool_t *p;
    int i;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    series = fuzz_take_text(&data, &size);
    event = fuzz_take_text(&data, &size);
    list = item_occurrences(&series, p);
    MUST(!list->nelts || item_occurrence_likely(series.data, series.len));
    comes_back(&series, list, p);
    for (i = 0; i < list->nelts; i++)
        is_dropped(&series, list, at(list, i)->id, p);
    is_dropped(&series, list, "20260706T080000Z", p);
    is_put(&series, list, &event, p);
    free((void *)(uintptr_t)series.data);
    free((void *)(uintptr_t)event.data);
    apr_pool_destroy(p);
    return 0;
}
