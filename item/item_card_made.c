/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Names that were made up for a device, since its form needs one: see
 * item_card.h.
 */
#include <string.h>

#include <apr_strings.h>

#include "item/item_card_int.h"
#include "item/item_edit.h"
#include "item/item_value.h"

#define TYPE   "text/vcard"
#define PARTS  5                /* of N */

/** What a card says of N or FN, unescaped, without empty parts at its end.
 * @return NULL: nothing */
static const char *name_of(const item_text_t *card, const char *name,
                           apr_pool_t *p)
{
    const apr_array_header_t *values = item_values(TYPE, card->data,
                                                   card->len, name, p);
    char *value;
    apr_size_t len;
    int i;

    for (i = 0; i < values->nelts; i++) {
        value = apr_pstrdup(p, APR_ARRAY_IDX(values, i, const char *));
        len = strlen(value);
        while (len && strchr("; ", value[len - 1]))
            len--;
        value[len] = '\0';
        if (len)
            return value;
    }
    return NULL;
}

static const char *made_of(const item_form_t *form, const item_text_t *card,
                           const char *name, apr_pool_t *p)
{
    item_text_t device, back;
    const char *type = TYPE;

    if (name_of(card, name, p)
        || item_export(form, &type, card, &device, p) != APR_SUCCESS
        || item_import(form, &type, &device, NULL, &back, p) != APR_SUCCESS)
        return NULL;
    return name_of(&back, name, p);
}

const char *item_card_made(const item_form_t *form, const item_text_t *card,
                           const char *name, apr_pool_t *p)
{
    const char *made;
    apr_pool_t *scratch;        /* a card of many lines takes megabytes */

    apr_pool_create(&scratch, p);
    made = apr_pstrdup(p, made_of(form, card, name, scratch));
    apr_pool_destroy(scratch);
    return made;
}

/** Non-zero if a name is what was made up, or what a device has left of it.
 * @param longest  parts of such that it has sent, so many */
static int is_made(const char *made, const char *is,
                   const item_longest_t *longest, int parts)
{
    item_span_t was, now;

    for (;; longest++, parts--) {
        was.s = made;
        was.len = parts > 1 ? strcspn(made, ";") : strlen(made);
        now.s = is;
        now.len = parts > 1 ? strcspn(is, ";") : strlen(is);
        if ((now.len != was.len || memcmp(now.s, was.s, now.len))
            && !card_is_cut(was, now, *longest))
            return 0;
        if (!made[was.len] || !is[now.len])
            return made[was.len] == is[now.len];
        made += was.len + 1;
        is += now.len + 1;
    }
}

/** Non-zero if FN is N, put together. */
static int is_of_n(const char *fn, const char *n, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t parts[PARTS];
    int i;

    b.p = p;
    for (i = 0; i < PARTS; i++) {
        parts[i].s = n;
        parts[i].len = strcspn(n, ";");
        n += parts[i].len + (n[parts[i].len] != '\0');
    }
    item_value_names(&b, parts);
    return b.len == strlen(fn) && !memcmp(b.s, fn, b.len);
}

/** Non-zero for question marks, which some show where there is no name. */
static int is_unknown(const char *fn)
{
    return fn[strspn(fn, "? ")] == '\0';
}

/** Find the names that were made up. @return as item_card_unmake() */
static int find_made(const item_form_t *form, const item_text_t *had,
                     const item_text_t *like, const item_text_t *card,
                     apr_hash_t *gone, apr_pool_t *p)
{
    const char *n, *fn, *like_n, *made;
    int left = 0;

    if (name_of(like, "FN", p))
        return 0;               /* an N of the user's may be what it was */
    n = name_of(card, "N", p);
    fn = name_of(card, "FN", p);
    like_n = name_of(like, "N", p);
    if (n && !like_n) {
        made = item_card_made(form, had, "N", p);
        if (made && is_made(made, n, form->n, ITEM_FORM_NAMES))
            apr_hash_set(gone, "N", APR_HASH_KEY_STRING, "");
        else
            left = 1;
    }
    if (fn) {
        made = item_card_made(form, had, "FN", p);
        if ((made && is_made(made, fn, &form->fn, 1)) || is_unknown(fn)
            || (like_n && n && is_of_n(fn, n, p)))
            apr_hash_set(gone, "FN", APR_HASH_KEY_STRING, "");
        else
            left = 1;
    }
    return left;
}

int item_card_unmake(const item_form_t *form, const item_text_t *had,
                     const item_text_t *like, item_text_t *card,
                     apr_pool_t *p)
{
    apr_pool_t *scratch;
    apr_hash_t *gone;
    int left;

    apr_pool_create(&scratch, p);
    gone = apr_hash_make(scratch);
    left = find_made(form, had, like, card, gone, scratch);
    if (apr_hash_count(gone))
        card->data = item_without(card->data, &card->len, gone, p);
    apr_pool_destroy(scratch);
    return left;
}
