/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: what a device left out of its SIF (item_sif_fill()).  The
 * input is what it had, what it sends, and a document whose elements it is
 * known to have, parted by NUL octets, each copied to memory of exactly its
 * size.  What must hold: the result is a document with all elements of what
 * it sends, and with none besides but those that it had and does not have;
 * nothing is put in twice.
 */
#include "item/item_sif.h"
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int has(apr_hash_t *names, const void *name)
{
    return apr_hash_get(names, name, APR_HASH_KEY_STRING) != NULL;
}

/** Non-zero if each name of a is one of b or c. */
static int is_within(apr_hash_t *a, apr_hash_t *b, apr_hash_t *c,
                     apr_pool_t *p)
{
    apr_hash_index_t *at;
    const void *name;

    for (at = apr_hash_first(p, a); at; at = apr_hash_next(at)) {
        apr_hash_this(at, &name, NULL, NULL);
        if (!has(b, name) && !(c && has(c, name)))
            return 0;
    }
    return 1;
}

static void check(const item_text_t *had, const item_text_t *sent,
                  apr_hash_t *known, apr_pool_t *p)
{
    apr_hash_t *before = item_sif_names(sent, p), *after;
    item_text_t out, again;
    apr_status_t rv = item_sif_fill(sent, had, known, &out, p);

    if (rv != APR_SUCCESS) {
        MUST(out.data == sent->data && out.len == sent->len);
        return;
    }
    if (out.data == sent->data)
        return;
    after = item_sif_names(&out, p);
    MUST(apr_hash_count(after) > apr_hash_count(before));
    MUST(is_within(before, after, NULL, p));
    MUST(is_within(after, before, item_sif_names(had, p), p));
    MUST(item_sif_fill(&out, had, known, &again, p) == APR_SUCCESS);
    MUST(again.data == out.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    item_text_t had, sent, known;
    static int ready;
    apr_pool_t *p;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    had = fuzz_take_text(&data, &size);
    sent = fuzz_take_text(&data, &size);
    known = fuzz_take_text(&data, &size);
    check(&had, &sent, item_sif_names(&known, p), p);
    free((void *)(uintptr_t)had.data);
    free((void *)(uintptr_t)sent.data);
    free((void *)(uintptr_t)known.data);
    apr_pool_destroy(p);
    return 0;
}
