/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: OMA's objects of emails and files, and the reader of small XML
 * documents below them.  The first octet chooses the kind and who wins, the
 * rest is base, ours and theirs, parted by NUL octets, each copied to memory
 * of exactly its size.  What must hold for any texts: the canonical form is a
 * fixed point; what one side left alone is taken from the other.
 */
#include "item/item_object.h"
#include "item/item_sif_xml.h"
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_object(item_kind_e kind, const item_text_t *text,
                         apr_pool_t *p)
{
    const char *type = item_kind_type(kind), *less = text->data;
    item_object_t object, back;
    item_text_t out, again;
    apr_size_t n = text->len;
    item_keys_t keys;

    if (item_object_read(&object, kind, text->data, text->len, p)
        != APR_SUCCESS)
        return;
    item_object_write(&out, &object, p);
    MUST(item_object_read(&back, kind, out.data, out.len, p) == APR_SUCCESS);
    MUST(fuzz_same(&object.content, &back.content));
    item_object_write(&again, &back, p);
    MUST(fuzz_same(&out, &again));
    if (memchr(text->data, '\0', text->len))
        return;
    MUST(item_keys(&keys, type, text->data, text->len, p) == APR_SUCCESS);
    MUST(item_equal(type, text->data, text->len, type, out.data, out.len,
                    p));
    MUST(item_likeness(type, text->data, text->len, type, out.data, out.len,
                       p) == ITEM_EQUAL);
    item_summary(type, text->data, text->len, 30, p);
    item_values(type, text->data, text->len, "SUMMARY", p);
    if (item_reduce(type, &less, &n, text->len / 2, p) == APR_SUCCESS)
        MUST(n <= text->len / 2 && item_keys(&keys, type, less, n, p)
                                   == APR_SUCCESS);
}

static void check_merge(item_kind_e kind, int prefer,
                        const item_text_t *base, const item_text_t *ours,
                        const item_text_t *theirs, apr_pool_t *p)
{
    const char *type = item_kind_type(kind);
    item_merge_t m;
    item_keys_t keys;

    if (item_merge(&m, type, base, ours, theirs, prefer, p) == APR_SUCCESS)
        MUST(item_keys(&keys, type, m.text, m.len, p) == APR_SUCCESS);
    if (item_merge(&m, type, base, ours, ours, prefer, p) == APR_SUCCESS)
        MUST(m.is_ours && !m.clashes->nelts);
    if (item_merge(&m, type, base, ours, base, prefer, p) == APR_SUCCESS)
        MUST(!m.clashes->nelts);
    item_merge(&m, type, NULL, ours, theirs, prefer, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    item_text_t base, ours, theirs;
    static int ready;
    item_kind_e kind;
    item_xml_t *root;
    apr_pool_t *p;
    int prefer;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (!size)
        return 0;
    kind = *data & 1 ? ITEM_FILE : ITEM_EMAIL;
    prefer = *data >> 1 & 1;
    data++;
    size--;
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    base = fuzz_take_text(&data, &size);
    ours = fuzz_take_text(&data, &size);
    theirs = fuzz_take_text(&data, &size);
    item_xml_read(&root, base.data, base.len, p);
    check_object(kind, &base, p);
    check_object(kind, &ours, p);
    check_merge(kind, prefer, &base, &ours, &theirs, p);
    free((void *)(uintptr_t)base.data);
    free((void *)(uintptr_t)ours.data);
    free((void *)(uintptr_t)theirs.data);
    apr_pool_destroy(p);
    return 0;
}
