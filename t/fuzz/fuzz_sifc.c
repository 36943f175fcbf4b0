/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: SIF-C.  The first octet says whether the rest is a document
 * (even) or a vCard to be made one, the next two choose habits; the rest is
 * copied to memory of exactly its size.  What went out and came back must go
 * out the same, and with the store's text beside it merging finds no edit.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>
#include <libxml/parser.h>

#include "item/item_card.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)  do { if (!(x)) abort(); } while (0)

static void check(const item_form_t *form, const item_text_t *in, int is_card,
                  apr_pool_t *p)
{
    item_text_t card = *in, out, back, again, like;
    item_keys_t keys;
    item_merge_t m;
    apr_status_t rv;

    if (!is_card) {
        rv = item_sifc_import(form, in, NULL, &card, p);
        if (rv != APR_SUCCESS) {
            MUST(item_strerror(rv) && !card.data && !card.len);
            return;
        }
        MUST(item_keys(&keys, "text/vcard", card.data, card.len, p)
             == APR_SUCCESS);
    }
    if (item_sifc_export(form, &card, &out, p) != APR_SUCCESS) {
        MUST(is_card);
        return;
    }
    /* A document has limits that a card has not. */
    rv = item_sifc_import(form, &out, NULL, &back, p);
    MUST(rv == APR_SUCCESS || rv == ITEM_ELIMIT);
    if (rv != APR_SUCCESS)
        return;
    MUST(item_sifc_export(form, &back, &again, p) == APR_SUCCESS);
    MUST(again.len == out.len && !memcmp(again.data, out.data, out.len));
    MUST(item_sifc_import(form, &out, &card, &like, p) == APR_SUCCESS);
    if (item_keys(&keys, "text/vcard", card.data, card.len, p) != APR_SUCCESS)
        return;
    rv = item_merge(&m, "text/vcard", &like, &card, &like,
                    ITEM_PREFER_THEIRS, p);
    MUST(rv == ITEM_ELIMIT || (rv == APR_SUCCESS && m.is_ours));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    apr_pool_t *p;
    item_form_t form;
    item_text_t in;
    char *text;

    if (!ready) {
        apr_initialize();
        xmlInitParser();
        ready = 1;
    }
    if (size < 3)
        return 0;
    memset(&form, 0, sizeof(form));
    form.format = ITEM_FORMAT_SIFC;
    form.habits = data[1] | (apr_uint32_t)data[2] << 8;
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    text = malloc(size > 3 ? size - 3 : 1);
    MUST(text);
    memcpy(text, data + 3, size - 3);
    in.data = text;
    in.len = size - 3;
    check(&form, &in, data[0] & 1, p);
    free(text);
    apr_pool_destroy(p);
    return 0;
}
