/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: paths with options, and filters.  The first octet chooses
 * which; the rest is the text, in memory of exactly its size.  What must hold
 * for any text: what is understood has a canonical text, which is understood
 * again as the same; and a filter can be evaluated.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "item/item.h"
#include "mod_syncml/sml_path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)  do { if (!(x)) abort(); } while (0)

static const char item[] =
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n"
    "DTSTART:20260301T100000Z\r\nSUMMARY:Tea\r\nCATEGORIES:a,b\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n";

static const apr_array_header_t *values(void *baton, const char *name)
{
    return item_values("text/calendar", item, sizeof(item) - 1, name, baton);
}

static void check_filter(const char *text, apr_size_t len, apr_pool_t *p)
{
    sml_filter_item_t subject = { values, p, "17", 5, 10 };
    apr_int64_t since = APR_INT64_MIN, before = APR_INT64_MAX;
    sml_filter_t *f, *again;
    const sml_filter_t *rest;
    const char *error, *canonical;

    if (sml_filter_parse(&f, text, len, &error, p) != APR_SUCCESS) {
        MUST(f == NULL && error != NULL);
        return;
    }
    canonical = sml_filter_text(f, p);
    if (strlen(canonical) > SML_FILTER_MAX_OCTETS) {
        return;                 /* all of it escaped is too long to be read */
    }
    if (sml_filter_parse(&again, canonical, strlen(canonical), &error, p)
        != APR_SUCCESS) {
        /* Each join has its parentheses there: they may be too many. */
        MUST(strstr(error, "parentheses") != NULL);
        return;
    }
    MUST(strcmp(sml_filter_text(again, p), canonical) == 0);
    MUST(sml_filter_match(f, &subject) == sml_filter_match(again, &subject));
    rest = sml_filter_window(f, &since, &before, p);
    MUST(sml_filter_match(f, &subject)
         == (sml_filter_match(rest, &subject) && subject.ends >= since
             && subject.starts < before));
}

static void check_path(const char *text, apr_size_t len, apr_pool_t *p)
{
    sml_config_t config = { 0 };
    const char *canonical;
    sml_path_t path;
    sml_view_t view;

    config.datastores = sml_default_datastores(p);
    sml_path_parse(&config, apr_pstrmemdup(p, text, len), &path, p);
    MUST(path.conf != NULL || (path.sub == NULL && path.error == NULL));
    canonical = sml_view_text(&path.view, 1, p);
    MUST(*canonical == '\0' || *canonical == '/');
    if (sml_view_parse(&view, canonical, p)) {
        MUST(strcmp(sml_view_text(&view, 1, p), canonical) == 0);
    }
    if (path.sub != NULL) {
        sml_path_sub_ok(path.sub);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static apr_pool_t *root;
    apr_pool_t *p;
    char *copy;

    if (root == NULL) {
        apr_initialize();
        apr_pool_create(&root, NULL);
    }
    if (size == 0) {
        return 0;
    }
    apr_pool_create(&p, root);
    copy = malloc(size > 1 ? size - 1 : 1);
    memcpy(copy, data + 1, size - 1);
    if (data[0] == 'p') {
        check_path(copy, size - 1, p);
    }
    else {
        check_filter(copy, size - 1, p);
    }
    free(copy);
    apr_pool_destroy(p);
    return 0;
}
