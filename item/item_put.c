/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Content lines: see item_put.h. */
#include <string.h>

#include "item/item_doc.h"
#include "item/item_put.h"

void item_put_calendar(item_buf_t *b, int prodid)
{
    item_buf_puts(b, "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n");
    if (prodid)
        item_buf_puts(b, "PRODID:-//mod_syncml//EN\r\n");
}

void item_put_calendar_end(item_buf_t *b)
{
    item_buf_puts(b, "END:VCALENDAR\r\n");
}

void item_put_line(item_buf_t *b, const char *head, item_span_t value)
{
    item_buf_t line = { NULL, NULL, 0, 0 };
    apr_size_t i, from;

    line.p = b->p;
    item_buf_puts(&line, head);
    item_buf_putc(&line, ':');
    from = line.len;
    item_buf_add(&line, value.s, value.len);
    for (i = from; i < line.len; i++)
        if ((unsigned char)line.s[i] < ' ' && line.s[i] != '\t')
            line.s[i] = ' ';
    item_fold_add(b, item_buf_span(&line), "\r\n");
}

void item_put(item_buf_t *b, const char *head, const char *value)
{
    item_span_t span;

    span.s = value;
    span.len = strlen(value);
    item_put_line(b, head, span);
}

void item_put_text(item_buf_t *b, const char *head, item_span_t text)
{
    item_buf_t value = { NULL, NULL, 0, 0 };

    value.p = b->p;
    item_escape(&value, text);
    if (value.len)
        item_put_line(b, head, item_buf_span(&value));
}

void item_put_words(item_buf_t *b, const char *head, item_span_t list)
{
    item_buf_t value = { NULL, NULL, 0, 0 };
    item_span_t word;
    apr_size_t i = 0;

    value.p = b->p;
    while (i < list.len) {
        word.s = list.s + i;
        for (word.len = 0; i < list.len && list.s[i] != ','
                           && list.s[i] != ';'; i++)
            word.len++;
        i++;
        word = item_span_trim(word);
        if (!word.len)
            continue;
        if (value.len)
            item_buf_putc(&value, ',');
        item_escape(&value, word);
    }
    if (value.len)
        item_put_line(b, head, item_buf_span(&value));
}
