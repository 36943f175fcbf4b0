/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_held.h"

#include <string.h>
#include <strings.h>

#include <apr_base64.h>
#include <apr_strings.h>

#include "item/item_card.h"

int sml_form_is_b64(const char *type)
{
    return strncasecmp(type, "text/x-s4j-sif", 14) == 0;
}

int sml_form_has_line(const item_text_t *text, const char *name)
{
    apr_size_t n = strlen(name), i;

    for (i = 0; i + n < text->len; i++) {
        int begins;

        if (((text->data[i] ^ *name) & 0xdf) != 0) {
            continue;           /* most octets are another letter */
        }
        begins = i == 0 || strchr("\r\n.", text->data[i - 1]) != NULL
               || *name == '<';
        if (begins && strncasecmp(text->data + i, name, n) == 0
            && strchr(";: \t>/", text->data[i + n]) != NULL) {
            return 1;
        }
    }
    return 0;
}

/* ---- in ------------------------------------------------------------------ */

/* A card that is of the store's versions, but not written as those are. */
static int is_encoded(item_format_e is, const item_text_t *raw)
{
    return (is == ITEM_FORMAT_VCARD30 || is == ITEM_FORMAT_VCARD40)
        && item_card_is_encoded(raw->data, raw->len);
}

/* Is a text of a device as the store's are, or nearly so? */
static int is_native(const item_form_t *form, item_format_e is,
                     const item_text_t *raw)
{
    return item_form_is_plain(form)
        && (item_format_is_native(is) || is == ITEM_FORMAT_AS_IS)
        && (is == ITEM_FORMAT_TEXT
            || !item_format_is_unsaid(raw->data, raw->len));
}

/* The item is what came, octet by octet. */
static void keep_raw(sml_change_t *c, item_format_e is, const char *type)
{
    c->item.type = type;
    /* A text may be a VJOURNAL's; of vCards the store may have the other
     * version. */
    if (is == ITEM_FORMAT_TEXT || is == ITEM_FORMAT_VCARD30
        || is == ITEM_FORMAT_VCARD40) {
        c->raw_type = type;
    }
    if (is != ITEM_FORMAT_TEXT && is != ITEM_FORMAT_AS_IS
        && item_format_parse(type, NULL) != ITEM_FORMAT_AS_IS) {
        c->item.type = item_format_type(is);    /* whatever it said */
    }
}

apr_status_t sml_form_import(sml_session_t *s, const sml_sync_t *y,
                             sml_change_t *c, const char *type)
{
    const item_form_t *form;
    item_format_e is = item_format_recognise(type, c->item.data, c->item.len);
    item_text_t out;
    apr_status_t rv;
    int native;

    c->item.type = type;
    c->raw.data = c->item.data;
    c->raw.len = c->item.len;
    sml_form_learn(s, y, is);
    if (is == ITEM_FORMAT_ICAL20) {
        sml_learn_zone(s, &c->raw);
    }
    form = &sml_form(s, y)->form;       /* as it is by now */
    native = is_native(form, is, &c->raw);
    if (native && !is_encoded(is, &c->raw)) {
        keep_raw(c, is, type);
        return APR_SUCCESS;
    }
    rv = item_import(form, &c->item.type, &c->raw, NULL, &out, s->p);
    if (rv == APR_SUCCESS) {
        c->raw_type = type;
        c->item.data = out.data;
        c->item.len = out.len;
    }
    else if (native) {
        keep_raw(c, is, type);          /* whoever reads it will say */
        rv = APR_SUCCESS;
    }
    return rv;
}

/* A note may be a text or a VJOURNAL; with the store's version at hand it may
 * turn out to be the other. */
static int same_kind(item_kind_e a, item_kind_e b)
{
    return a == b || (a == ITEM_TEXT && b == ITEM_VJOURNAL)
        || (a == ITEM_VJOURNAL && b == ITEM_TEXT);
}

/* What the device sent, with what it has no fields for as it had that. */
static item_text_t whole_of(sml_session_t *s, const sml_sync_t *y,
                            const sml_change_t *c, const store_item_t *like)
{
    const char *type = like->type;
    item_text_t raw = c->raw, text = { like->data, like->len }, had;

    if (sml_form_is_b64(c->raw_type)
        && item_export(&sml_form(s, y)->form, &type, &text, &had, s->p)
           == APR_SUCCESS) {
        sml_held_fill(s, y, c->keys.kind, &had, &raw);
    }
    return raw;
}

/* Of two versions that the store has, the text is of the one that it is to
 * be. */
static int is_of_like(const sml_change_t *c, const store_item_t *like)
{
    item_format_e is = item_format_recognise(c->raw_type, c->raw.data,
                                             c->raw.len);

    return (is == ITEM_FORMAT_VCARD30 || is == ITEM_FORMAT_VCARD40)
        && is == item_format_recognise(like->type, like->data, like->len)
        && c->raw.data == c->item.data
        && !item_card_has_data(like->data, like->len);
}

void sml_form_import_like(sml_session_t *s, const sml_sync_t *y,
                          sml_change_t *c, const store_item_t *like)
{
    const char *type = c->raw_type;
    item_text_t text = { like->data, like->len }, raw, out;
    item_form_t form = sml_form(s, y)->form;
    item_keys_t keys;

    if (type == NULL || (is_of_like(c, like)
                         && !(form.habits & ITEM_HABIT_X_TWINS))) {
        return;
    }
    sml_held_tell(s, y, c->keys.kind, &form);
    raw = whole_of(s, y, c, like);
    if (item_import(&form, &type, &raw, &text, &out,
                    s->p) != APR_SUCCESS
        || item_keys(&keys, type, out.data, out.len, s->p) != APR_SUCCESS
        || !same_kind(keys.kind, c->keys.kind)) {
        return;
    }
    c->keys = keys;
    c->item.type = item_kind_type(keys.kind);
    c->item.data = out.data;
    c->item.len = out.len;
    sml_set_keys(&c->item, &keys);
}

/* ---- out ----------------------------------------------------------------- */

/* The item is that text now. */
static void set_text(sml_session_t *s, sml_change_t *c,
                     const item_text_t *text)
{
    item_keys_t keys;

    if (item_keys(&keys, c->item.type, text->data, text->len, s->p)
        == APR_SUCCESS) {
        c->keys = keys;
        c->item.data = text->data;
        c->item.len = text->len;
        sml_set_keys(&c->item, &keys);
    }
}

int sml_form_unmake(sml_session_t *s, const sml_sync_t *y, sml_change_t *c,
                    const store_item_t *had, const store_item_t *like)
{
    item_text_t was = { had->data, had->len };
    item_text_t beside = { like->data, like->len };
    item_text_t text = { c->item.data, c->item.len };
    item_form_t form = sml_form(s, y)->form;
    int left;

    if (c->raw_type == NULL || c->keys.kind != ITEM_VCARD30) {
        return 0;
    }
    sml_held_tell(s, y, c->keys.kind, &form);
    left = item_card_unmake(&form, &was, &beside, &text, s->p);
    if (text.data != c->item.data) {
        set_text(s, c, &text);
    }
    return left;
}

int sml_form_renames(sml_session_t *s, const sml_sync_t *y,
                     const sml_change_t *c, const item_text_t *had,
                     const item_text_t *now)
{
    static const char *const names[] = { "N", "FN" };
    const item_form_t *form = &sml_form(s, y)->form;
    const char *was, *is;
    int i;

    if (c->raw_type == NULL || c->keys.kind != ITEM_VCARD30) {
        return 0;
    }
    for (i = 0; i < 2; i++) {
        was = item_card_made(form, had, names[i], s->p);
        is = was ? item_card_made(form, now, names[i], s->p) : NULL;
        if (is != NULL && strcmp(was, is) != 0
            && (sml_form_is_b64(c->raw_type)
                || sml_form_has_line(&c->raw, names[i]))) {
            return 1;
        }
    }
    return 0;
}

apr_status_t sml_form_export(sml_session_t *s, const sml_sync_t *y,
                             store_item_t *item)
{
    const sml_form_t *f = sml_form(s, y);
    const char *type = item->type;
    item_text_t in = { item->data, item->len }, out;
    apr_status_t rv;

    if (item_form_keeps(&f->form, type, in.data, in.len)) {
        item->type = f->type ? f->type : type;
        return APR_SUCCESS;
    }
    rv = item_export(&f->form, &type, &in, &out, s->p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (sml_form_is_b64(type)) {
        char *text = apr_palloc(s->p,
                                (apr_size_t)apr_base64_encode_len((int)out.len));

        apr_base64_encode(text, out.data, (int)out.len);
        out.data = text;
        out.len = strlen(text);
    }
    item->type = f->type ? f->type : type;
    item->data = out.data;
    item->len = out.len;
    return APR_SUCCESS;
}

void sml_form_echo(sml_session_t *s, const sml_sync_t *y,
                   const store_item_t *item, const char **data,
                   apr_size_t *len)
{
    const item_form_t *form = &sml_form(s, y)->form;
    item_text_t like = { item->data, item->len };
    item_text_t text = { *data, *len }, back;

    if (item_form_keeps(form, item->type, text.data, text.len)) {
        return;
    }
    /* What cannot be said at all was never sent: then the text itself is as
     * good a base as any. */
    if (item_echo(form, item->type, &text, &like, &back, s->p)
        == APR_SUCCESS) {
        *data = back.data;
        *len = back.len;
    }
}

void sml_form_fit(sml_session_t *s, const sml_sync_t *y, const char *type,
                  const char **data, apr_size_t *len)
{
    const sml_form_t *f = sml_form(s, y);

    if (f->not_held != NULL) {
        item_select(type, data, len, (const char *const *)f->not_held->elts,
                    f->not_held->nelts, 1, s->p);
    }
    if (f->limits.sizes != NULL) {
        item_without_large(type, data, len, &f->limits, s->p);
    }
}

/* Octets of an item as it is sent; 0: that cannot be. */
static apr_size_t sent_size(sml_session_t *s, const sml_sync_t *y,
                            const char *type, const char *data,
                            apr_size_t len)
{
    store_item_t item = { 0 };

    item.type = type;
    item.data = data;
    item.len = len;
    return sml_form_export(s, y, &item) == APR_SUCCESS ? item.len : 0;
}

/* What a form may make of a text at the most: an octet may become "=XX" or
 * "&quot;", and the whole base64. */
#define GROWTH  8
#define FRAME   1000

void sml_form_shrink(sml_session_t *s, const sml_sync_t *y, const char *type,
                     const char **data, apr_size_t *len, apr_size_t octets)
{
    const char *less = *data;
    apr_size_t n = *len, sent, room;
    int i;

    if (octets == 0 || *len * GROWTH + FRAME <= octets
        || (strcmp(type, "text/vcard") != 0
            && strcmp(type, "text/calendar") != 0)) {
        return;
    }
    sent = sent_size(s, y, type, less, n);
    for (i = 0; i < 8 && sent > octets; i++) {
        room = (apr_size_t)((apr_uint64_t)n * octets / sent);
        if (item_reduce(type, &less, &n, room, s->p) != APR_SUCCESS) {
            return;
        }
        sent = sent_size(s, y, type, less, n);
    }
    if (sent > 0 && sent <= octets) {
        *data = less;
        *len = n;
    }
}

/* The only value of that name. @return NULL: none, or several */
static const char *only_value(sml_session_t *s, const char *type,
                              item_text_t text, const char *name)
{
    const apr_array_header_t *values = item_values(type, text.data, text.len,
                                                   name, s->p);

    return values->nelts == 1 ? APR_ARRAY_IDX(values, 0, const char *) : NULL;
}

item_text_t sml_form_unshrink(sml_session_t *s, const char *type,
                              item_text_t full, item_text_t had,
                              item_text_t theirs)
{
    static const char *const names[] = { "NOTE", "DESCRIPTION" };
    item_limits_t limits = { NULL, 0, NULL };
    item_text_t out = theirs;
    int i;

    for (i = 0; i < 2 && full.len > had.len; i++) {
        const char *was = only_value(s, type, full, names[i]);
        const char *is = only_value(s, type, had, names[i]);
        apr_size_t *n;

        if (was == NULL || is == NULL || strlen(is) >= strlen(was)
            || strncmp(was, is, strlen(is)) != 0) {
            continue;
        }
        if (limits.sizes == NULL) {
            limits.sizes = apr_hash_make(s->p);
        }
        n = apr_palloc(s->p, sizeof(*n));
        *n = strlen(is);
        apr_hash_set(limits.sizes, names[i], APR_HASH_KEY_STRING, n);
    }
    if (limits.sizes != NULL) {
        item_uncut(type, &full, &theirs, &limits, &out, s->p);
    }
    return out;
}

item_text_t sml_form_uncut(sml_session_t *s, const sml_sync_t *y,
                           const char *type, item_text_t had,
                           item_text_t theirs)
{
    item_text_t out;

    item_uncut(type, &had, &theirs, &sml_form(s, y)->limits, &out, s->p);
    return out;
}

item_likeness_e sml_form_likeness(sml_session_t *s, const sml_sync_t *y,
                                  const store_item_t *item,
                                  const store_item_t *mine)
{
    item_likeness_e best = item_likeness(item->type, item->data, item->len,
                                         mine->type, mine->data, mine->len,
                                         s->p), echoed;
    const char *data = item->data;
    apr_size_t len = item->len;

    if (best >= ITEM_NEAR) {
        return best;
    }
    sml_form_echo(s, y, item, &data, &len);
    if (data == item->data) {
        return best;
    }
    echoed = item_likeness(item->type, data, len, mine->type, mine->data,
                           mine->len, s->p);
    return echoed > best ? echoed : best;
}
