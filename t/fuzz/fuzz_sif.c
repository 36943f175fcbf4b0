/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: SIF-E and SIF-T.  The first octet chooses clock, zone and
 * habits, the rest is a device's document or a text of the store, and behind
 * a NUL octet perhaps the store's version, each copied to memory of exactly
 * its size.  What must hold for any texts: what is taken is an item and can be
 * sent; the same gives the same; a device that changes nothing changes
 * nothing, and nor does it a second time where the store's text is well-formed.
 */
#include "item/item_sif.h"
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TYPE     "text/calendar"

/** A device that has the item, and sends it as it got it. */
static void check_stored(const item_form_t *form, const item_text_t *stored,
                         apr_pool_t *p)
{
    item_text_t there, again, back, base;
    item_merge_t m;

    if (item_sif_export(form, stored, &there, p) != APR_SUCCESS) {
        MUST(!there.data);
        return;
    }
    MUST(item_sif_export(form, stored, &again, p) == APR_SUCCESS);
    MUST(fuzz_same(&there, &again));
    MUST(item_sif_import(form, &there, stored, &base, p) == APR_SUCCESS);
    MUST(item_sif_import(form, &there, stored, &back, p) == APR_SUCCESS);
    MUST(fuzz_same(&base, &back));
    if (item_merge(&m, TYPE, &base, stored, &back, ITEM_PREFER_THEIRS, p)
        == APR_SUCCESS)
        MUST(m.is_ours && !m.clashes->nelts);
    /* Once more changes nothing more. */
    MUST(item_sif_export(form, &base, &again, p) == APR_SUCCESS);
    MUST(item_sif_import(form, &again, &base, &back, p) == APR_SUCCESS);
    MUST(!fuzz_is_well_formed(stored, p)
         || item_equal(TYPE, base.data, base.len, TYPE, back.data, back.len,
                       p));
}

static void check(const item_form_t *form, const item_text_t *text,
                  const item_text_t *like, apr_pool_t *p)
{
    item_text_t out;
    item_keys_t keys;

    check_stored(form, text, p);
    if (item_sif_import(form, text, like->len ? like : NULL, &out, p)
        != APR_SUCCESS) {
        MUST(!out.data);
        return;
    }
    MUST(item_keys(&keys, TYPE, out.data, out.len, p) == APR_SUCCESS);
    check_stored(form, &out, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const zones[] = {
        NULL, "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
    };
    item_text_t text, like;
    static int ready;
    item_form_t form;
    apr_pool_t *p;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (!size)
        return 0;
    memset(&form, 0, sizeof(form));
    form.format = ITEM_FORMAT_SIFE;
    form.zone = zones[*data & 3];
    form.clock = (item_clock_e)((*data >> 2 & 7) % 5);
    form.habits = *data & 32 ? ITEM_HABIT_NO_ZONE : 0;
    form.days = *data & 64 ? ITEM_DAYS_DATE : ITEM_DAYS_DEFAULT;
    data++;
    size--;
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    text = fuzz_take_text(&data, &size);
    like = fuzz_take_text(&data, &size);
    check(&form, &text, &like, p);
    free((void *)(uintptr_t)text.data);
    free((void *)(uintptr_t)like.data);
    apr_pool_destroy(p);
    return 0;
}
