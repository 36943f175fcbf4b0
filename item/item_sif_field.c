/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Fields that SIF documents share: see item_sif_field.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_civil.h"
#include "item/item_sif_field.h"

#define MAX_NAME  48

int item_sif_is(const item_xml_t *element, const char *name)
{
    return !strcasecmp(element->name, name);
}

/** Non-zero for a name that is one of an element and of a property. */
static int is_name(const char *s, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++)
        if (!apr_isalnum(s[i]) && (!i || s[i] != '-'))
            return 0;
    return len && len <= MAX_NAME && !apr_isdigit(s[0]);
}

void item_sif_keep(item_buf_t *b, const item_xml_t *element)
{
    item_span_t text;

    text.s = element->text;
    text.len = element->len;
    if (!element->first && item_span_trim(text).len
        && is_name(element->name, strlen(element->name)))
        item_put_text(b, apr_pstrcat(b->p, ITEM_SIF_KEPT, element->name,
                                     NULL), text);
}

int item_sif_among(const char *name, const char *const *names)
{
    while (*names && strcasecmp(name, *names))
        names++;
    return *names != NULL;
}

void item_sif_give_back(item_buf_t *b, const item_part_t *part,
                        const char *const *own)
{
    apr_size_t prefix = strlen(ITEM_SIF_KEPT);
    const item_entry_t *entry;
    int i;

    for (i = 0; i < part->entries->nelts; i++) {
        item_buf_t text = { NULL, NULL, 0, 0 };
        const char *element;
        item_span_t name;

        entry = APR_ARRAY_IDX(part->entries, i, const item_entry_t *);
        name = entry->line.name;
        if (entry->part || entry->line.junk || name.len <= prefix
            || strncasecmp(name.s, ITEM_SIF_KEPT, prefix)
            || !is_name(name.s + prefix, name.len - prefix))
            continue;
        element = apr_pstrmemdup(b->p, name.s + prefix, name.len - prefix);
        if (item_sif_among(element, own))
            continue;
        text.p = b->p;
        item_unescape(&text, entry->line.value);
        item_xml_put(b, element, item_buf_span(&text));
    }
}

void item_sif_words(item_buf_t *b, const char *element,
                    const item_part_t *part, const char *property)
{
    item_buf_t list = { NULL, NULL, 0, 0 };
    const item_entry_t *entry;
    item_span_t rest, word;
    int i;

    list.p = b->p;
    for (i = 0; i < part->entries->nelts; i++) {
        entry = APR_ARRAY_IDX(part->entries, i, const item_entry_t *);
        if (entry->part || !item_span_is(entry->line.name, property))
            continue;
        rest = entry->line.value;
        while (item_value_next(&rest, ',', &word)) {
            if (!item_span_trim(word).len)
                continue;
            if (list.len)
                item_buf_puts(&list, ", ");
            item_unescape(&list, word);
        }
    }
    if (list.len)
        item_xml_put(b, element, item_buf_span(&list));
}

void item_sif_day(item_buf_t *b, const item_time_t *t)
{
    apr_int64_t secs = t->secs - (t->secs % 86400 + 86400) % 86400;
    int y, m, d;

    item_civil_from_days(secs / 86400, &y, &m, &d);
    item_buf_puts(b, apr_psprintf(b->p, "%04d-%02d-%02d", y, m, d));
}
