/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Properties of vCard 3.0 as those of 4.0.  See item_card_int.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_card_int.h"
#include "item/item_card_names.h"

/** A picture's octets as data:image/jpeg;base64,... */
static void media_down(card_conv_t *c, card_prop_t *prop)
{
    item_span_t type = { "", 0 };
    apr_size_t from = c->tmp.len;
    card_types_t t;

    if (!prop->binary) {
        if (card_is_uri(&prop->line))
            card_param_set(prop, "VALUE", "");
        return;
    }
    card_types_begin(&t, &prop->line);
    card_types_next(&t, &type);
    item_buf_puts(&c->tmp, "data:");
    card_media_name(&c->tmp, type, prop->line.name);
    item_buf_puts(&c->tmp, ";base64,");
    item_buf_add(&c->tmp, prop->line.value.s, prop->line.value.len);
    if (type.len)
        card_param_set(prop, "TYPE", "");
    card_value_set(c, prop, from);
    prop->binary = 0;
}

/** 1980-02-03 as 19800203; without its year where that is not meant. */
static void date_down(card_conv_t *c, card_prop_t *prop)
{
    const item_param_t *omit = item_line_param(&prop->line, CARD_OMIT_YEAR);
    item_span_t value = item_span_trim(prop->line.value);
    apr_size_t from = c->tmp.len, i;
    int digits = 0, year = 4;   /* so many digits of it are to come */

    /* Devices lose the parameter, and nobody was born in Apple's year. */
    if (value.len >= 8 && (omit ? omit->value.len == 4
                                  && !memcmp(value.s, omit->value.s, 4)
                                : !memcmp(value.s, "1604", 4))) {
        year = 0;
        value.s += 4;
        value.len -= 4;
        item_buf_puts(&c->tmp, "--");
    }
    else if (omit)
        return;
    for (i = 0; i < value.len && value.s[i] != 'T'; i++) {
        if (apr_isdigit(value.s[i])) {
            item_buf_putc(&c->tmp, value.s[i]);
            digits++;
        }
        else if (value.s[i] != '-' || (digits != year && digits != year + 2))
            return;             /* no date, nor to be made one */
    }
    if (digits != year + 4)
        return;
    item_buf_add(&c->tmp, value.s + i, value.len - i);
    card_value_set(c, prop, from);
    card_param_set(prop, CARD_OMIT_YEAR, "");
    if (item_line_param(&prop->line, "VALUE"))
        card_param_set(prop, "VALUE", "");
}

static void geo_down(card_conv_t *c, card_prop_t *prop)
{
    item_span_t value = prop->line.value;
    const char *semi = memchr(value.s, ';', value.len);
    apr_size_t from = c->tmp.len;

    if (!semi || !value.len || (!apr_isdigit(*value.s) && *value.s != '-'
                                && *value.s != '+'))
        return;
    item_buf_puts(&c->tmp, "geo:");
    item_buf_add(&c->tmp, value.s, (apr_size_t)(semi - value.s));
    item_buf_putc(&c->tmp, ',');
    item_buf_add(&c->tmp, semi + 1,
                 value.len - (apr_size_t)(semi + 1 - value.s));
    card_value_set(c, prop, from);
}

/** M, F, O, N or U, or none, and perhaps words. */
static int is_sex(item_span_t value)
{
    if (value.len && strchr("MFONU", *value.s)) {
        value.s++;
        value.len--;
    }
    return !value.len || *value.s == ';'
           || (value.len > 1 && value.s[0] == '\\' && value.s[1] == ';');
}

/** X-GENDER as GENDER, whose parts a device may have taken for one text. */
static void gender_down(card_conv_t *c, card_prop_t *prop)
{
    item_span_t value = prop->line.value;
    const char *slash = memchr(value.s, '\\', value.len < 2 ? value.len : 2);
    apr_size_t from = c->tmp.len, n;

    card_name_set(prop, "GENDER");
    if (!slash)
        return;
    n = (apr_size_t)(slash - value.s);
    item_buf_add(&c->tmp, value.s, n);
    item_buf_add(&c->tmp, slash + 1, value.len - n - 1);
    card_value_set(c, prop, from);
}

int card_down(card_conv_t *c, card_prop_t *prop)
{
    item_span_t name = prop->line.name;
    const char *other;

    if (c->to != CARD_40)
        return 1;
    if (card_has_type(&prop->line, "PREF")) {
        card_type_drop(c, prop, "PREF");
        card_param_set(prop, "PREF", "1");
    }
    if (card_is_media(name))
        media_down(c, prop);
    else if (item_span_is(name, "BDAY"))
        date_down(c, prop);
    else if (item_span_is(name, "GEO"))
        geo_down(c, prop);
    else if (item_span_is(name, "X-GENDER")) {
        if (is_sex(prop->line.value))   /* not words; 4.0 has letters */
            gender_down(c, prop);
    }
    else if ((other = card_name_down(name)) != NULL)
        card_name_set(prop, other);
    return 1;
}
