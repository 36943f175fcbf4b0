/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: notes.  The first octet chooses the device's format and
 * habits, the rest is a device's note or one of the store, and behind a NUL
 * octet perhaps the store's version, each copied to memory of exactly its size.
 * What must hold for any texts: what is taken is an item and can be sent; the
 * same gives the same; a device that changes nothing changes nothing.
 */
#include "item/item_note.h"
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_item(const char *type, const item_text_t *text, apr_pool_t *p)
{
    item_keys_t keys;

    return item_keys(&keys, type, text->data, text->len, p) == APR_SUCCESS;
}

/** A device that has the note, and sends it as it got it. */
static void check_stored(const item_form_t *form, const char *stored_type,
                         const item_text_t *stored, apr_pool_t *p)
{
    const char *type = stored_type, *types[3];
    item_text_t there, again, texts[3];
    item_merge_t m;

    if (item_note_export(form, &type, stored, &there, p) != APR_SUCCESS)
        return;
    type = stored_type;
    MUST(item_note_export(form, &type, stored, &again, p) == APR_SUCCESS);
    MUST(fuzz_same(&there, &again));
    MUST(item_note_import(form, &types[0], &there, stored, &texts[0], p)
         == APR_SUCCESS);
    MUST(is_item(types[0], &texts[0], p));
    MUST(item_note_import(form, &types[2], &there, stored, &texts[2], p)
         == APR_SUCCESS);
    MUST(fuzz_same(&texts[0], &texts[2]));
    types[1] = stored_type;
    texts[1] = *stored;
    MUST(item_note_align(types, texts, 3, p) == APR_SUCCESS);
    if (item_merge(&m, types[0], &texts[0], &texts[1], &texts[2],
                   ITEM_PREFER_THEIRS, p) == APR_SUCCESS)
        MUST(m.is_ours && !m.clashes->nelts);
}

static void check(const item_form_t *form, const item_text_t *text,
                  const item_text_t *like, apr_pool_t *p)
{
    const char *type;
    item_text_t out;

    if (is_item("text/plain", text, p))
        check_stored(form, "text/plain", text, p);
    if (is_item("text/calendar", text, p))
        check_stored(form, "text/calendar", text, p);
    if (item_note_import(form, &type, text, like->len ? like : NULL, &out, p)
        != APR_SUCCESS)
        return;
    MUST(is_item(type, &out, p));
    check_stored(form, type, &out, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const item_format_e formats[] = {
        ITEM_FORMAT_TEXT, ITEM_FORMAT_VNOTE, ITEM_FORMAT_SIFN,
        ITEM_FORMAT_ICAL20
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
    form.format = formats[*data & 3];
    form.habits = (*data & 4 ? ITEM_HABIT_NO_FOLD : 0u)
                  | (*data & 8 ? ITEM_HABIT_TEXT_8BIT : 0u);
    form.charset = *data & 16 ? "ISO-8859-1" : NULL;
    form.clock = *data & 32 ? ITEM_CLOCK_LOCAL : ITEM_CLOCK_DEFAULT;
    form.zone = *data & 64 ? "Europe/Berlin" : NULL;
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
