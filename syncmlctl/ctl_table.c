/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Tables for people: see ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "syncmlctl/ctl.h"

const char *ctl_clean(const char *text, apr_pool_t *p)
{
    apr_size_t left = strlen(text), n, i;
    char *clean = apr_palloc(p, left + 1), *w = clean;

    for (; left; text += n, left -= n) {
        n = ctl_utf8(text, left);
        if (!n || (unsigned char)*text < ' ' || *text == 0x7f
            || (n == 2 && *text == '\xc2'
                && (unsigned char)text[1] < 0xa0)) {
            *w++ = '?';
            n = n ? n : 1;
            continue;
        }
        for (i = 0; i < n; i++)
            *w++ = text[i];
    }
    *w = '\0';
    return clean;
}

/** Characters of a text that is valid UTF-8. */
static int width(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

ctl_table_t *ctl_table_make(apr_pool_t *p, const char *const *heads)
{
    ctl_table_t *t = apr_pcalloc(p, sizeof(*t));

    t->p = p;
    t->cells = apr_array_make(p, 64, sizeof(const char *));
    for (; *heads; heads++) {
        APR_ARRAY_PUSH(t->cells, const char *) = *heads;
        t->columns++;
    }
    return t;
}

void ctl_table_add(ctl_table_t *t, const char *text)
{
    APR_ARRAY_PUSH(t->cells, const char *)
        = text && *text ? ctl_clean(text, t->p) : "-";
}

void ctl_table_print(const ctl_table_t *t, const char *none)
{
    const char *const *cells = (const char *const *)t->cells->elts;
    int *widths = apr_pcalloc(t->p, sizeof(int) * t->columns);
    int i, w;

    if (t->cells->nelts <= t->columns) {
        puts(none);
        return;
    }
    for (i = 0; i < t->cells->nelts; i++) {
        w = width(cells[i]);
        if (w > widths[i % t->columns])
            widths[i % t->columns] = w;
    }
    for (i = 0; i < t->cells->nelts; i++) {
        fputs(cells[i], stdout);
        if (i % t->columns == t->columns - 1)
            putchar('\n');
        else
            printf("%*s", widths[i % t->columns] - width(cells[i]) + 2, "");
    }
}

const char *ctl_time(apr_time_t when, apr_pool_t *p)
{
    apr_time_exp_t t;

    if (!when || apr_time_exp_lt(&t, when) != APR_SUCCESS)
        return "-";
    return apr_psprintf(p, "%04d-%02d-%02d %02d:%02d:%02d", t.tm_year + 1900,
                        t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
                        t.tm_sec);
}
