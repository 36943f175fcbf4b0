/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: what is known of devices.  The first octet chooses; the rest is
 * the text, in memory of exactly its size.
 *
 *   q  a quirks file: it is refused with a line's number and a reason, or any
 *      device can be looked up in it, always with the same result
 *   d  a DevInf: formats and sizes of it
 *   u  two items with a NUL between them: what was cut is put back, and
 *      nothing is cut of what comes of that
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_limits.h"
#include "item/item_quirks.h"
#include "mod_syncml/sml_ctcap.h"
#include "mod_syncml/sml_offer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)  do { if (!(x)) abort(); } while (0)

static void check_quirks(const char *text, apr_size_t len, apr_pool_t *p)
{
    static const item_device_t devices[] = {
        { NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "Nokia", "N70", "V 1.0", "S60", "hw", "IMEI:35", "1.1" },
        { "[*", "\\", "?", "", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
          "a", "1.2" }
    };
    item_traits_t a, b;
    item_quirks_t *q;
    const char *error;
    unsigned i;

    if (item_quirks_parse(&q, text, len, &error, p) != APR_SUCCESS) {
        MUST(q == NULL && error != NULL && *error != '\0');
        return;
    }
    MUST(q != NULL && error == NULL);
    for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++) {
        item_quirks_match(q, &devices[i], &a, p);
        item_quirks_match(q, &devices[i], &b, p);
        MUST(a.sections->nelts <= item_quirks_count(q));
        MUST(a.habits == b.habits && a.flags == b.flags
             && a.clock == b.clock && a.days == b.days);
    }
}

static void check_devinf(const char *text, apr_size_t len, apr_pool_t *p)
{
    apr_array_header_t *offers = sml_offers_read(text, len, p);
    const char *type;
    int kind;

    MUST(offers->nelts <= SML_MAX_OFFERS);
    for (kind = ITEM_VCARD30; kind <= ITEM_VJOURNAL; kind++) {
        apr_hash_t *names = sml_ctcap_read(text, len, (item_kind_e)kind, p);
        apr_hash_t *sizes = sml_ctcap_sizes(text, len, (item_kind_e)kind, p);
        apr_hash_t *whole = sml_ctcap_whole(text, len, (item_kind_e)kind, p);
        item_format_e format = sml_offer_format(offers, "./contacts",
                                                (item_kind_e)kind, &type);

        MUST(sizes == NULL || names != NULL);
        MUST(whole == NULL || names != NULL);
        MUST(format == ITEM_FORMAT_AS_IS
             || (type != NULL && item_format_holds(format,
                                                   (item_kind_e)kind)));
    }
}

static void check_uncut(const char *text, apr_size_t len, apr_pool_t *p)
{
    const char *nul = memchr(text, '\0', len);
    item_limits_t limits = { NULL, 1, NULL };
    apr_size_t ten = 10;
    item_text_t had, is, out, again;
    int n;

    if (nul == NULL) {
        return;
    }
    limits.sizes = apr_hash_make(p);
    apr_hash_set(limits.sizes, "NOTE", APR_HASH_KEY_STRING, &ten);
    had.data = text;
    had.len = (apr_size_t)(nul - text);
    is.data = nul + 1;
    is.len = len - had.len - 1;
    n = item_uncut("", &had, &is, &limits, &out, p);
    MUST(n > 0 || (out.data == is.data && out.len == is.len));
    if (n > 0) {
        item_uncut("", &out, &out, &limits, &again, p);
        MUST(again.data == out.data);   /* nothing of it is cut */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *p;
    char *copy;

    if (root == NULL) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    if (size == 0) {
        return 0;
    }
    apr_pool_create(&p, root);
    copy = malloc(size > 1 ? size - 1 : 1);
    memcpy(copy, data + 1, size - 1);
    if (data[0] == 'q') {
        check_quirks(copy, size - 1, p);
    }
    else if (data[0] == 'd') {
        check_devinf(copy, size - 1, p);
    }
    else {
        check_uncut(copy, size - 1, p);
    }
    free(copy);
    apr_pool_destroy(p);
    return 0;
}
