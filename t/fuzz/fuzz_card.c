/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: contacts in devices' forms.  Four octets choose format,
 * character set and habits, the rest is the device's text, copied to memory
 * of exactly its size.  What comes in must be an item of the store; what went
 * out and came back must go out the same; and with the store's text beside it,
 * if that is well-formed, merging must find no edit.
 */
#include <apr_strings.h>

#include "item/item_card.h"
#include "fuzz_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** The device's card with a property more comes back line by line: merged it
 * is the store's with that property. */
static void check_edited(const item_form_t *form, item_text_t device,
                         const item_text_t *card, const item_text_t *base,
                         apr_pool_t *p)
{
    static const char own[] = "NICKNAME:own\r\nEND:VCARD\r\n";
    char *s = apr_palloc(p, device.len + sizeof(own));
    item_text_t in, theirs;
    item_merge_t m;

    memcpy(s, device.data, device.len);
    if (device.len < 11 || memcmp(s + device.len - 11, own + 14, 11))
        return;                 /* a text that went out as it was */
    memcpy(s + device.len - 11, own, sizeof(own));
    in.data = s;
    in.len = device.len - 11 + sizeof(own) - 1;
    if (item_card_import(form, &in, card, &theirs, p) != APR_SUCCESS)
        return;                 /* a property too many */
    if (item_merge(&m, "text/vcard", base, card, &theirs, ITEM_PREFER_OURS, p)
        == APR_SUCCESS)
        MUST(strcasestr(apr_pstrmemdup(p, m.text, m.len), "NICKNAME"));
}

static void check(const item_form_t *form, const item_text_t *in,
                  apr_pool_t *p)
{
    item_text_t card, out, back, again, like;
    item_keys_t keys;
    item_merge_t m;
    apr_status_t rv = item_card_import(form, in, NULL, &card, p);

    if (rv != APR_SUCCESS) {
        MUST(item_strerror(rv) && !card.data && !card.len);
        return;
    }
    MUST(card.data == in->data || card.data[card.len] == '\0');
    if (item_card_export(form, &card, &out, p) != APR_SUCCESS)
        return;                 /* an AGENT too deep once it is one */
    rv = item_card_import(form, &out, NULL, &back, p);
    MUST(rv == APR_SUCCESS || rv == ITEM_ELIMIT);
    if (rv != APR_SUCCESS
        || item_card_export(form, &back, &again, p) != APR_SUCCESS)
        return;
    MUST(again.len == out.len && !memcmp(again.data, out.data, out.len));
    MUST(item_card_import(form, &out, &card, &like, p) == APR_SUCCESS);
    if (item_keys(&keys, "text/vcard", card.data, card.len, p) != APR_SUCCESS)
        return;
    if (!fuzz_is_well_formed(&card, p))
        return;
    check_edited(form, out, &card, &like, p);
    rv = item_merge(&m, "text/vcard", &like, &card, &like,
                    ITEM_PREFER_THEIRS, p);
    MUST(rv == ITEM_ELIMIT || (rv == APR_SUCCESS && m.is_ours));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const item_format_e formats[] = {
        ITEM_FORMAT_VCARD21, ITEM_FORMAT_VCARD30, ITEM_FORMAT_VCARD40,
        ITEM_FORMAT_AS_IS
    };
    static const char *const sets[] = {
        NULL, "ISO-8859-1", "windows-1252", "Shift_JIS"
    };
    static int ready;
    apr_pool_t *p;
    item_form_t form;
    item_text_t in;
    char *text;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (size < 4)
        return 0;
    memset(&form, 0, sizeof(form));
    form.format = formats[data[0] % 4];
    form.charset = sets[data[1] % 4];
    form.habits = data[2] | (apr_uint32_t)data[3] << 8
                  | (apr_uint32_t)(data[0] >> 4 & 15) << 16
                  | (apr_uint32_t)(data[1] >> 4 & 3) << 20;
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    text = malloc(size > 4 ? size - 4 : 1);
    MUST(text);
    memcpy(text, data + 4, size - 4);
    in.data = text;
    in.len = size - 4;
    check(&form, &in, p);
    free(text);
    apr_pool_destroy(p);
    return 0;
}
