/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * What stands once in a card for a device of before 4.0: of several names,
 * and of alternatives (ALTID), the preferred one, else the first.  See
 * item_card_int.h.
 */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_card_int.h"

#define LEAST_PREFERRED  100    /* RFC 6350 5.3 */

static int count_lines(item_span_t text, const char *name)
{
    const char *s = text.s, *end = s + text.len, *lf, *at;
    apr_size_t n = strlen(name);
    int found = 0;

    for (; s < end; s = lf + 1) {
        lf = memchr(s, '\n', (apr_size_t)(end - s));
        if (!lf)
            lf = end;
        for (at = s; at < lf && (apr_isalnum(*at) || *at == '-'); at++)
            ;
        if (at < lf && *at == '.')
            s = at + 1;
        found += (apr_size_t)(lf - s) > n && !strncasecmp(s, name, n)
                 && (s[n] == ':' || s[n] == ';');
    }
    return found;
}

int card_has_names(item_span_t text)
{
    return count_lines(text, "FN") > 1 || count_lines(text, "N") > 1;
}

/** What a property is one of, where only one of those is said; NULL. */
static const char *group_of(const card_conv_t *c, const card_prop_t *prop)
{
    item_span_t name = prop->line.name;
    const item_param_t *alt;

    if (c->to == CARD_40)
        return NULL;
    if (card_is_name(name))
        return item_span_is(name, "N") ? "N" : "FN";
    alt = c->from == CARD_40 ? item_line_param(&prop->line, "ALTID") : NULL;
    return alt ? apr_pstrcat(c->p, apr_pstrmemdup(c->p, name.s, name.len),
                             "=", apr_pstrmemdup(c->p, alt->value.s,
                                                 alt->value.len), NULL)
               : NULL;
}

static card_rivals_t *rivals_of(card_once_t *once, const char *group)
{
    card_rivals_t *rivals;
    int i;

    for (i = 0; i < once->n; i++)
        if (!strcasecmp(once->rivals[i].group, group))
            return &once->rivals[i];
    if (once->n == CARD_RIVALS)
        return NULL;
    rivals = &once->rivals[once->n++];
    rivals->group = group;
    rivals->best = rivals->count = 0;
    rivals->pref = LEAST_PREFERRED;
    return rivals;
}

static int pref_of(const card_prop_t *prop)
{
    item_span_t pref = item_line_value(&prop->line, "PREF");
    int n = 0;

    if (card_has_type(&prop->line, "PREF"))
        return 1;
    for (; pref.len && apr_isdigit(*pref.s) && n < LEAST_PREFERRED; pref.len--)
        n = n * 10 + (*pref.s++ - '0');
    return n ? n : LEAST_PREFERRED;
}

void card_once_init(card_once_t *once, card_conv_t *c, item_span_t text)
{
    card_rivals_t *rivals;
    card_reader_t r;
    card_prop_t prop;
    const char *group;
    int i;

    once->n = 0;
    if (c->to == CARD_40
        || (!card_has_names(text) && !card_has_word(text, "ALTID"))
        || !card_has_word(text, "PREF")
        || card_reader_init(&r, text, CARD_30, NULL, c->p) != APR_SUCCESS)
        return;
    while (card_read(&r, &prop) == APR_SUCCESS) {
        group = card_is_sendable(c, &prop) ? group_of(c, &prop) : NULL;
        rivals = group ? rivals_of(once, group) : NULL;
        if (rivals && pref_of(&prop) < rivals->pref) {
            rivals->best = rivals->count;
            rivals->pref = pref_of(&prop);
        }
        if (rivals)
            rivals->count++;
    }
    for (i = 0; i < once->n; i++)
        once->rivals[i].count = 0;
}

int card_is_again(card_once_t *once, const card_conv_t *c,
                  const card_prop_t *prop)
{
    const char *group = group_of(c, prop);
    card_rivals_t *rivals = group ? rivals_of(once, group) : NULL;

    return rivals && rivals->count++ != rivals->best;
}
