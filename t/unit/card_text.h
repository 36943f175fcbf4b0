/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* For tests of contacts: cards, and what becomes of them. */
#ifndef T_UNIT_CARD_TEXT_H
#define T_UNIT_CARD_TEXT_H

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item_card.h"

static apr_pool_t *pool;

static inline item_text_t text_of(const char *s)
{
    item_text_t t;

    t.data = s;
    t.len = strlen(s);
    return t;
}

/** A body with LF in a card of that version, with CRLF. */
static inline const char *wrap(const char *version, const char *body)
{
    const char *s;
    char *out = apr_pstrcat(pool, "BEGIN:VCARD\r\nVERSION:", version, "\r\n",
                            NULL);
    apr_size_t n = strlen(out);
    char *w = apr_palloc(pool, n + 2 * strlen(body) + 16);

    memcpy(w, out, n);
    out = w;
    w += n;
    for (s = body; *s; s++) {
        if (*s == '\n')
            *w++ = '\r';
        *w++ = *s;
    }
    memcpy(w, "END:VCARD\r\n", 12);
    return out;
}

static inline item_form_t form_of(item_format_e format, const char *charset,
                                  apr_uint32_t habits)
{
    item_form_t form;

    memset(&form, 0, sizeof(form));
    form.format = format;
    form.charset = charset;
    form.habits = habits;
    return form;
}

static inline void expect(item_text_t got, const char *want)
{
    if (got.len == strlen(want) && !memcmp(got.data, want, got.len))
        return;
    print_error("got:\n%.*s\nwant:\n%s\n", (int)got.len, got.data, want);
    fail();
}

/** What comes of a phone's card of 2.1. */
static inline void in21(const char *phone, const char *store)
{
    item_form_t form = form_of(ITEM_FORMAT_VCARD21, NULL, 0);
    item_text_t in = text_of(wrap("2.1", phone)), out;

    assert_int_equal(item_card_import(&form, &in, NULL, &out, pool), 0);
    expect(out, wrap("3.0", store));
}

/** What a phone gets of the store's card of 3.0. */
static inline void out_of(item_form_t form, const char *store, const char *phone)
{
    item_text_t in = text_of(wrap("3.0", store)), out;

    assert_int_equal(item_card_export(&form, &in, &out, pool), 0);
    expect(out, wrap(form.format == ITEM_FORMAT_VCARD21 ? "2.1"
                     : form.format == ITEM_FORMAT_VCARD40 ? "4.0" : "3.0",
                     phone));
}

#define N    "N:Doe;Jo;;;\nFN:Jo Doe\n"
#define V21(charset, habits)  form_of(ITEM_FORMAT_VCARD21, charset, habits)

/** What of a phone's card goes to the store's. */
static inline item_text_t import_like(item_form_t form, const char *phone,
                                      const char *store)
{
    item_text_t in = text_of(phone), like = text_of(store);
    item_text_t out = { NULL, 0 };

    assert_int_equal((form.format == ITEM_FORMAT_SIFC ? item_sifc_import
                      : item_card_import)(&form, &in, &like, &out, pool), 0);
    return out;
}

static inline char *put_lines(char *w, const char *line, int n)
{
    apr_size_t len = strlen(line);

    for (; n; n--, w += len)
        memcpy(w, line, len);
    *w = '\0';
    return w;
}

#endif
