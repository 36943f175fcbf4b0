/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: what a device was seen to hold (item_room.h), and texts on
 * devices that lack characters (item_image.h).  The first octet chooses the
 * media type, a character set and what else is known, the rest is what the
 * device sent once, what it had, and what it sends, parted by NUL octets, each
 * copied to memory of exactly its size.
 *
 * What must hold for any texts: what was learned is the same when it was kept
 * and read; a completed item is an item; what is as it was is not completed;
 * a text reads as itself, and nothing is restored in it; one that reads as
 * another in the same characters is that other one.
 */
#include "item/item_image.h"
#include "item/item_room.h"
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const types[] = { NULL, "text/plain" };
static const char *const charsets[] = {
    NULL, "windows-1252", "ISO-8859-2", "US-ASCII"
};

static void check_kept(const item_room_t *room, apr_pool_t *p)
{
    const char *text = item_room_text(room, p), *again;
    item_room_t *kept = item_room_make(p);

    MUST(!strpbrk(text, "\r\n"));
    item_room_read(kept, text);
    again = item_room_text(kept, p);
    MUST(!strcmp(text, again));
}

/** @param how  bits: its form has fields; names were deleted */
static void check_room(const char *type, const char *charset, unsigned how,
                       const item_text_t *seen, const item_text_t *had,
                       const item_text_t *is, apr_pool_t *p)
{
    static const char *const names[] = { "TEL", "NOTE", "FN", "VALARM" };
    apr_hash_t *deleted = apr_hash_make(p);
    item_room_t *room = item_room_make(p);
    item_text_t whole = *is, same = *had;
    item_keys_t keys;
    int certain, items;
    unsigned i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        apr_hash_set(deleted, names[i], APR_HASH_KEY_STRING, "");
    item_room_speaks(room, charset, how & 1);
    item_room_deleted(room, how & 2 ? deleted : NULL);
    item_room_note(room, seen->data, seen->len, p);
    item_room_note(room, is->data, is->len, p);
    check_kept(room, p);
    items = item_keys(&keys, type, had->data, had->len, p) == APR_SUCCESS
            && item_keys(&keys, type, is->data, is->len, p) == APR_SUCCESS;
    if (!item_room_complete(room, type, had, &whole, &certain, p))
        MUST(whole.data == is->data || fuzz_same(&whole, had));
    else if (items)
        MUST(item_keys(&keys, type, whole.data, whole.len, p) == APR_SUCCESS
             || whole.len > ITEM_MAX_OCTETS / 2);
    check_kept(room, p);
    item_room_note(room, had->data, had->len, p);
    item_room_complete(room, type, had, &same, &certain, p);
    MUST(item_keys(&keys, type, had->data, had->len, p) != APR_SUCCESS
         || item_equal(type, same.data, same.len, type, had->data, had->len,
                       p));
}

static void check_image(const char *charset, const item_text_t *had,
                        const item_text_t *is, apr_pool_t *p)
{
    item_span_t was = { had->data, had->len }, now = { is->data, is->len };
    item_image_t *image = apr_palloc(p, sizeof(*image));
    item_buf_t b = { NULL, NULL, 0, 0 };
    int garbled, how;

    b.p = p;
    item_image_init(image, charset, item_image_blocks(now), p);
    MUST(item_image_reads(image, was, was, &garbled) == 2 && !garbled);
    MUST(!item_image_restore(image, was, was, &b) && !b.len);
    how = item_image_reads(image, was, now, &garbled);
    MUST(how != 2 || garbled || fuzz_same(had, is));
    MUST(how != 1 || garbled
         || (now.len <= was.len && !memcmp(was.s, now.s, now.len)));
    MUST(item_image_restore(image, was, now, &b) == (b.len > 0));
    MUST(item_image_end(image, was, now) <= was.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    item_text_t seen, had, is;
    static int ready;
    apr_pool_t *p;
    unsigned how;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (!size)
        return 0;
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    how = *data++;
    size--;
    seen = fuzz_take_text(&data, &size);
    had = fuzz_take_text(&data, &size);
    is = fuzz_take_text(&data, &size);
    check_room(types[how % 2], charsets[how / 2 % 4], how / 8, &seen, &had,
               &is, p);
    check_image(charsets[how / 2 % 4], &had, &is, p);
    free((void *)(uintptr_t)seen.data);
    free((void *)(uintptr_t)had.data);
    free((void *)(uintptr_t)is.data);
    apr_pool_destroy(p);
    return 0;
}
