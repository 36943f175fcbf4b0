/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* N and FN, made of each other: see item_card_int.h. */
#include <string.h>

#include <apr_lib.h>

#include "item/item_card_int.h"

/* What says nothing in a name; N has parts.  Devices show "?" where they have
 * none. */
#define FN_BLANKS  "?"
#define N_BLANKS   ";"

void card_names_init(card_names_t *names, apr_pool_t *p)
{
    memset(names, 0, sizeof(*names));
    names->fn.p = names->other.p = names->n.p = names->org.p = p;
    names->given.p = p;
}

/** Append a text without white space and control characters at its ends. */
static void put_word(item_buf_t *b, item_span_t value)
{
    item_buf_t text = { NULL, NULL, 0, 0 };
    item_span_t word;

    text.p = b->p;
    item_unescape(&text, value);
    word = item_buf_span(&text);
    while (word.len && (unsigned char)*word.s <= ' ') {
        word.s++;
        word.len--;
    }
    while (word.len && (unsigned char)word.s[word.len - 1] <= ' ')
        word.len--;
    item_buf_add(b, word.s, word.len);
}

/** "Prefix Given Additional Family Suffix". */
static void fn_of_n(item_buf_t *b, item_span_t n)
{
    static const int order[] = { 3, 1, 2, 0, 4 };
    item_span_t part[5];
    unsigned i, parts = 0;
    apr_size_t from;

    while (parts < 5 && item_value_next(&n, ';', &part[parts]))
        parts++;
    for (i = 0; i < 5; i++) {
        if ((unsigned)order[i] >= parts)
            continue;
        from = b->len;
        put_word(b, part[order[i]]);
        if (b->len > from && from) {
            item_buf_putc(b, ' ');      /* before what was added */
            memmove(b->s + from + 1, b->s + from, b->len - from - 1);
            b->s[from] = ' ';
        }
    }
}

/** Family name and the rest, cut at the last space; a firm's name is one. */
item_span_t card_names_n(card_names_t *names)
{
    item_buf_t text = { NULL, NULL, 0, 0 }, *b = &names->n;
    item_span_t fn, part;
    apr_size_t at;

    text.p = b->p;
    put_word(&text, item_buf_span(&names->given));
    fn = item_buf_span(&text);
    b->len = 0;
    if (!fn.len)
        return fn;
    at = fn.len;
    if (fn.len == names->org.len && !memcmp(fn.s, names->org.s, fn.len))
        at = 0;
    while (at && fn.s[at - 1] != ' ')
        at--;
    part.s = fn.s + at;
    part.len = fn.len - at;
    item_escape(b, part);
    item_buf_putc(b, ';');
    while (at && fn.s[at - 1] == ' ')
        at--;
    part.s = fn.s;
    part.len = at;
    item_escape(b, part);
    item_buf_puts(b, ";;;");
    return item_buf_span(b);
}

/** Non-zero for a name without a letter: spaces, control characters, line
 * ends and what else is named. */
static int is_blank(item_span_t value, const char *blanks)
{
    apr_size_t i;

    for (i = 0; i < value.len; i++) {
        if ((unsigned char)value.s[i] <= ' ' || strchr(blanks, value.s[i]))
            continue;
        if (value.s[i] != '\\' || i + 1 == value.len
            || (value.s[i + 1] | 32) != 'n')
            return 0;
        i++;
    }
    return 1;
}

void card_names_note(card_names_t *names, const card_prop_t *prop)
{
    item_span_t name = prop->line.name, value = prop->line.value, first, rest;

    if (!name.len || !strchr("FNOET", apr_toupper(*name.s)))
        return;
    if (item_span_is(name, "FN")) {
        if (!is_blank(value, FN_BLANKS) && !names->has_fn++)
            item_buf_add(&names->given, value.s, value.len);
        return;
    }
    if (item_span_is(name, "N")) {
        names->has_n |= !is_blank(value, N_BLANKS);
        if (!names->fn.len)
            fn_of_n(&names->fn, value);
        return;
    }
    if (!names->org.len && item_span_is(name, "ORG")) {
        rest = value;
        if (item_value_next(&rest, ';', &first))
            put_word(&names->org, first);
    }
    if (names->other.len || (!item_span_is(name, "ORG")
                             && !item_span_is(name, "NICKNAME")
                             && !item_span_is(name, "EMAIL")
                             && !item_span_is(name, "TEL")))
        return;
    if (item_span_is(name, "ORG") && item_value_next(&value, ';', &first))
        value = first;
    if (!is_blank(value, FN_BLANKS))
        put_word(&names->other, value);
}

int card_no_name(const card_prop_t *prop)
{
    item_span_t name = prop->line.name, value = prop->line.value;

    return (item_span_is(name, "N") && is_blank(value, N_BLANKS))
           || (item_span_is(name, "FN") && is_blank(value, FN_BLANKS));
}

/** A name as a text. */
static item_span_t text_of(const item_buf_t *name)
{
    item_buf_t text = { NULL, NULL, 0, 0 };

    text.p = name->p;
    put_word(&text, item_buf_span(name));
    return item_buf_span(&text);
}

static int equal(item_span_t a, item_span_t b)
{
    return a.len == b.len && (!a.len || !memcmp(a.s, b.s, a.len));
}

int card_names_differ(const card_names_t *was, const card_names_t *now)
{
    item_span_t is = text_of(&now->given);

    return now->has_fn && !equal(is, text_of(&was->given))
           && !equal(is, item_buf_span(&now->other));
}

int card_form_has_n(const item_form_t *form)
{
    int i = 0;

    while (i < ITEM_FORM_NAMES && !form->n[i].octets)
        i++;
    return i < ITEM_FORM_NAMES;
}
