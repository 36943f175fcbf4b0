/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Lists of a device whose words have commas: see item_cal.h. */
#include <string.h>

#include "item/item_cal.h"

/* Octets of a word: longer ones are none, and would be held against the list at
 * each of its commas. */
#define MAX_WORD  255

/** Which of the lists a property is. @return -1: none */
static int list_of(item_span_t name)
{
    return item_span_is(name, "CATEGORIES") ? 0
        : item_span_is(name, "RESOURCES") ? 1 : -1;
}

static int has_comma(item_span_t value)
{
    apr_size_t at;

    for (at = 0; at + 1 < value.len; at++)
        if (value.s[at] == '\\' && value.s[++at] == ',')
            return 1;
    return 0;
}

/** Note the words of a line that have commas, as the device may write them. */
static void note_words(item_vcal_commas_t *commas, int list,
                       item_span_t value, apr_pool_t *p)
{
    item_span_t word;

    while (item_value_next(&value, ',', &word)) {
        item_buf_t b = { NULL, NULL, 0, 0 };

        if (!has_comma(word))
            continue;
        commas->any[list] = 1;
        if (commas->n[list] == ITEM_VCAL_COMMAS)
            return;
        if (word.len > MAX_WORD)
            continue;
        b.p = p;
        item_unescape(&b, word);
        commas->word[list][commas->n[list]++] = item_buf_span(&b);
    }
}

void item_vcal_commas(item_vcal_commas_t *commas, const item_part_t *like,
                      apr_pool_t *p)
{
    int i, list;

    memset(commas, 0, sizeof(*commas));
    for (i = 0; i < like->entries->nelts; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(like->entries, i,
                                                  const item_entry_t *);

        list = entry->part || entry->line.junk ? -1
                                               : list_of(entry->line.name);
        if (list >= 0 && commas->n[list] < ITEM_VCAL_COMMAS)
            note_words(commas, list, entry->line.value, p);
    }
}

/** The length of one of those words that stands there, as a whole one. */
static apr_size_t known_word(const item_vcal_commas_t *commas, int list,
                             item_span_t value)
{
    int i;

    for (i = 0; i < commas->n[list]; i++) {
        item_span_t word = commas->word[list][i];

        if (word.len <= value.len && !memcmp(word.s, value.s, word.len)
            && (word.len == value.len || value.s[word.len] == ','))
            return word.len;
    }
    return 0;
}

/** With all commas alike, those are a word's that stand in one that the list
 * had. @return len 0: there is none such */
static item_span_t with_words(item_cal_ctx_t *c,
                              const item_vcal_commas_t *commas, int list,
                              item_span_t value)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    apr_size_t i, len, end = 0;
    int found = 0;

    b.p = c->p;
    for (i = 0; i < value.len; i++) {
        item_span_t rest = { value.s + i, value.len - i };

        if (i >= end && (!i || value.s[i - 1] == ',')) {
            len = known_word(commas, list, rest);
            found |= len != 0;
            end = i + len;
        }
        if (i < end && value.s[i] == ',')
            item_buf_putc(&b, '\\');
        item_buf_putc(&b, value.s[i]);
    }
    if (!found)
        b.len = 0;
    return item_buf_span(&b);
}

item_span_t item_vcal_list_as(item_cal_ctx_t *c,
                              const item_vcal_commas_t *commas,
                              const item_line_t *line, item_span_t value)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    int list = list_of(line->name);
    item_span_t words = { "", 0 };
    apr_size_t i;

    if (list < 0 || !commas->any[list] || !value.len || has_comma(value))
        return value;           /* ...or it has kept them */
    if (!memchr(value.s, ';', value.len))
        words = with_words(c, commas, list, value);
    if (words.len)
        return words;
    b.p = c->p;
    for (i = 0; i < value.len; i++) {
        if (value.s[i] == ',' && (!i || value.s[i - 1] != '\\'))
            item_buf_putc(&b, '\\');
        item_buf_putc(&b, value.s[i]);
    }
    return item_buf_span(&b);
}
