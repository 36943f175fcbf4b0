/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* One thing under two names: see item_card_int.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>

#include "item/item_card_int.h"
#include "item/item_doc.h"

/** More lines of the store's text are not looked at. */
#define MAX_SAID  64

/** Names of the same thing; those of a row are twins. */
static const char *const rows[][4] = {
    { "X-EVOLUTION-MANAGER", "X-MANAGER", NULL },
    { "X-EVOLUTION-ASSISTANT", "X-ASSISTANT", NULL },
    { "X-EVOLUTION-SPOUSE", "X-SPOUSE", NULL },
    { "X-EVOLUTION-ANNIVERSARY", "X-ANNIVERSARY", "ANNIVERSARY", NULL },
    { "X-GENDER", "GENDER", NULL },
    { NULL }
};

/** The row of a name, or -1. */
static int row_of(item_span_t name)
{
    int i, k;

    for (i = 0; rows[i][0]; i++)
        for (k = 0; rows[i][k]; k++)
            if (item_span_is(name, rows[i][k]))
                return i;
    return -1;
}

/** Eight digits of a date, with or without hyphens and a time.
 * @return 0: it begins with none */
static int take_date(item_span_t text, char date[8])
{
    apr_size_t i;
    int n = 0;

    for (i = 0; i < text.len && n < 8; i++) {
        if (apr_isdigit(text.s[i]))
            date[n++] = text.s[i];
        else if (text.s[i] != '-' || (n != 4 && n != 6))
            return 0;
    }
    return n == 8 && (i == text.len || text.s[i] == 'T');
}

/** Whether two values say the same but for backslashes, or as dates. */
static int same_value(item_span_t a, item_span_t b)
{
    char date_a[8], date_b[8];
    apr_size_t i = 0, k = 0;

    if (take_date(a, date_a) && take_date(b, date_b))
        return !memcmp(date_a, date_b, sizeof(date_a));
    for (;;) {
        while (i < a.len && a.s[i] == '\\')
            i++;
        while (k < b.len && b.s[k] == '\\')
            k++;
        if (i == a.len || k == b.len)
            return i == a.len && k == b.len;
        if (a.s[i++] != b.s[k++])
            return 0;
    }
}

/** What the store's text says of the rows. */
typedef struct said_t {
    int has_program;            /* PRODID */
    int n;
    const item_entry_t *list[MAX_SAID];
} said_t;

static void look(said_t *said, const item_part_t *like)
{
    int i;

    said->has_program = item_part_find(like, "PRODID") != NULL;
    said->n = 0;
    for (i = 0; i < like->entries->nelts && said->n < MAX_SAID; i++) {
        const item_entry_t *entry = APR_ARRAY_IDX(like->entries, i,
                                                  const item_entry_t *);

        if (!entry->part && row_of(entry->line.name) >= 0)
            said->list[said->n++] = entry;
    }
}

static int same_name(item_span_t a, item_span_t b)
{
    return a.len == b.len && !strncasecmp(a.s, b.s, a.len);
}

/** A line of the store's text that says what a line of theirs says: of the
 * same name first, then under any name of the row. */
static const item_entry_t *find_said(const said_t *said,
                                     const item_line_t *line, int row)
{
    const item_entry_t *twin = NULL;
    int i;

    for (i = 0; i < said->n; i++) {
        const item_entry_t *entry = said->list[i];

        if (row_of(entry->line.name) != row
            || !same_value(entry->line.value, line->value))
            continue;
        if (same_name(entry->line.name, line->name))
            return entry;
        twin = entry;
    }
    return twin;
}

/** Whether theirs says it under one of the store's names as well. */
static int is_twin(const said_t *said, const item_part_t *theirs,
                   const item_line_t *line, int row)
{
    int i, k;

    for (k = 0; rows[row][k]; k++) {
        const item_entry_t *other = item_part_find(theirs, rows[row][k]);

        if (!other || same_name(other->line.name, line->name)
            || !same_value(other->line.value, line->value))
            continue;
        for (i = 0; i < said->n; i++)
            if (same_name(said->list[i]->line.name, other->line.name))
                return 1;
    }
    return 0;
}

static void put_entry(item_buf_t *b, const said_t *said,
                      const item_part_t *theirs, const item_entry_t *entry)
{
    const item_line_t *line = &entry->line;
    int row = entry->part ? -1 : row_of(line->name);
    const item_entry_t *same = row < 0 ? NULL : find_said(said, line, row);

    /* Whose program wrote the store's text is no news of the user's. */
    if (!entry->part && item_span_is(line->name, "PRODID")
        && !said->has_program)
        return;
    if (same && same_name(same->line.name, line->name))
        item_raw_add(b, same->raw, "\r\n");
    else if (!same && (row < 0 || !is_twin(said, theirs, line, row)))
        item_raw_add(b, entry->raw, "\r\n");
}

void card_untwin(item_text_t *text, item_span_t like, apr_pool_t *p)
{
    item_doc_t *ours, *theirs;
    item_buf_t out = { NULL, NULL, 0, 0 };
    said_t said;
    int i;

    if (item_doc_read(&theirs, "text/vcard", text->data, text->len, p)
        != APR_SUCCESS
        || item_doc_read(&ours, "text/vcard", like.s, like.len, p)
           != APR_SUCCESS)
        return;
    look(&said, ours->root);
    out.p = p;
    item_raw_add(&out, theirs->root->begin, "\r\n");
    for (i = 0; i < theirs->root->entries->nelts; i++)
        put_entry(&out, &said, theirs->root,
                  APR_ARRAY_IDX(theirs->root->entries, i,
                                const item_entry_t *));
    item_raw_add(&out, theirs->root->end, "\r\n");
    text->data = out.s;
    text->len = out.len;
}
