/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Series and their changed occurrences as mere text: see item_occurrence.h. */
#include "item/item_occurrence.h"

#include <apr_hash.h>
#include <apr_lib.h>

#include "item/item_edit.h"

#include <string.h>

#define RID  "RECURRENCE-ID"
#define BEFORE_HYPHEN  10

static int is_fold(char c)
{
    return c == '\r' || c == '\n' || c == ' ' || c == '\t';
}

/** Non-zero if the word stands around that hyphen, folded anywhere. */
static int is_word(const char *data, const char *hyphen, const char *end)
{
    static const char word[] = RID;
    const char *at = hyphen;
    int i = BEFORE_HYPHEN;

    while (i > 0 && at > data)
        if (!is_fold(*--at) && apr_toupper(*at) != word[--i])
            return 0;
    if (i > 0)
        return 0;
    for (at = hyphen + 1, i = BEFORE_HYPHEN + 1; word[i] && at < end; at++)
        if (!is_fold(*at) && apr_toupper(*at) != word[i++])
            return 0;
    return !word[i];
}

int item_occurrence_likely(const char *data, apr_size_t len)
{
    const char *at = data, *end = data + len;

    /* By its hyphen, which is rarer than any of its letters. */
    while ((at = memchr(at, '-', (apr_size_t)(end - at))) != NULL) {
        if (is_word(data, at, end))
            return 1;
        at++;
    }
    return 0;
}

int item_is_series(const item_text_t *text, apr_pool_t *p)
{
    apr_hash_t *names = item_names(text->data, text->len, p);

    return apr_hash_get(names, "RRULE", APR_HASH_KEY_STRING)
           || apr_hash_get(names, "RDATE", APR_HASH_KEY_STRING);
}

item_text_t item_occurrence_bare(const item_text_t *text, apr_pool_t *p)
{
    apr_hash_t *names = apr_hash_make(p);
    item_text_t bare = *text;

    apr_hash_set(names, RID, APR_HASH_KEY_STRING, "");
    apr_hash_set(names, "UID", APR_HASH_KEY_STRING, "");
    bare.data = item_without(text->data, &bare.len, names, p);
    return bare;
}
