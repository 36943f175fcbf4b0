/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The Filter that a client puts into the Target of its Alert or Sync (OMA DS
 * Protocol 1.2; Representation Protocol 1.2: Filter, FilterType, Record,
 * Field): made part of its view of the datastore.
 *
 * EXCLUSIVE (also where no type is said): the device is to have what matches
 * and nothing else.  INCLUSIVE: what matches is to come to it, and what it
 * has besides stays and is kept up to date.
 */
#include "mod_syncml/sml_session.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define GRAMMAR        "syncml:filtertype-cgi"
#define GRAMMAR_S60    "syncml::filtertype-cgi"        /* so in its source */

static int refuse(sml_session_t *s, const sml_datastore_conf_t *d, int code,
                  const char *why)
{
    sml_log(s->config, 4, 0, "device %s of account %s: its filter of %s is "
            "refused with status %d: %s", s->device->devid, s->state->user,
            d->name, code, why);
    return code;
}

/* Is it a type of this datastore's items, in this or an older form? */
static int is_own_type(const sml_datastore_conf_t *d, const char *type)
{
    static const char *const older[][2] = {
        { "text/vcard", "text/x-vcard" },
        { "text/calendar", "text/x-vcalendar" }
    };
    apr_size_t n = strcspn(type, "; ");
    unsigned i;

    if (strlen(d->type) == n && strncasecmp(d->type, type, n) == 0) {
        return 1;
    }
    for (i = 0; i < 2; i++) {
        if (strcmp(d->type, older[i][0]) == 0 && strlen(older[i][1]) == n
            && strncasecmp(older[i][1], type, n) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- Field: which properties -------------------------------------------- */

typedef struct names_t {
    apr_array_header_t *list;
    int open;                   /* inside a PropName */
    const char *text;
    apr_pool_t *p;
} names_t;

static apr_status_t on_start(void *baton, int tag)
{
    names_t *n = baton;

    n->open = tag == DEVINF_PROPNAME;
    n->text = "";
    return n->list->nelts > SML_VIEW_MAX_FIELDS ? CODEC_ELIMIT : APR_SUCCESS;
}

static apr_status_t on_end(void *baton, int tag)
{
    names_t *n = baton;

    if (n->open && tag == DEVINF_PROPNAME) {
        APR_ARRAY_PUSH(n->list, const char *) = n->text;
    }
    n->open = 0;
    return APR_SUCCESS;
}

static apr_status_t on_text(void *baton, const char *data, apr_size_t len,
                            int opaque)
{
    names_t *n = baton;

    if (n->open && len <= STORE_MAX_NAME) {
        n->text = apr_pstrcat(n->p, n->text,
                              apr_pstrmemdup(n->p, data, len), NULL);
    }
    return APR_SUCCESS;
}

/* A DevInf document in the Data, as WBXML has to have it. */
static apr_status_t read_document(sml_session_t *s,
                                  const sml_filter_element_t *f)
{
    codec_sink_t sink = { on_start, on_end, on_text, NULL };
    codec_limits_t limits = { 0 };
    names_t names = { f->properties, 0, "", s->p };

    sink.baton = &names;
    limits.max_octets = STORE_MAX_DEVINF;
    return codec_decode(*f->data == '<' ? CODEC_XML : CODEC_WBXML, f->data,
                        f->len, &limits, &sink, NULL, s->p);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int is_name(const char *name)
{
    const char *c = name;

    while (apr_isalnum(*c) || *c == '-' || *c == '_') {
        c++;
    }
    return c > name && *c == '\0';
}

/* Sorted and in upper case, so that the same names are the same view. */
static const char *add_fields(sml_session_t *s, sml_view_t *view,
                              const sml_filter_element_t *f)
{
    apr_array_header_t *fields;
    int i;

    if (f->data != NULL && read_document(s, f) != APR_SUCCESS) {
        return "the Data of its Field cannot be read";
    }
    if (f->properties->nelts == 0) {
        return "its Field names no property";
    }
    if (f->properties->nelts > SML_VIEW_MAX_FIELDS) {
        return "its Field names too many properties";
    }
    fields = apr_array_make(s->p, 8, sizeof(const char *));
    for (i = 0; i < f->properties->nelts; i++) {
        char *name = apr_pstrdup(s->p, APR_ARRAY_IDX(f->properties, i,
                                                     const char *));
        char *c;

        apr_collapse_spaces(name, name);
        for (c = name; *c; c++) {
            *c = (char)apr_toupper(*c);
        }
        if (!is_name(name)) {
            return "its Field names what can be no property";
        }
        APR_ARRAY_PUSH(fields, const char *) = name;
    }
    qsort(fields->elts, (size_t)fields->nelts, sizeof(const char *), compare);
    view->fields = fields;
    return NULL;
}

/* ---- Record: which items ------------------------------------------------ */

static const char *add_expression(sml_session_t *s, sml_view_t *view,
                                  const sml_filter_element_t *f,
                                  int inclusive)
{
    const sml_filter_t *rest;
    const char *error = NULL;
    sml_filter_t *filter;

    if (*f->expression == '\0') {
        return NULL;            /* nothing is asked */
    }
    if (sml_filter_parse(&filter, f->expression, strlen(f->expression),
                         &error, s->p) != APR_SUCCESS) {
        return error;
    }
    if (inclusive) {
        view->adds = sml_filter_and(view->adds, filter, s->p);
        return NULL;
    }
    rest = sml_filter_window(filter, &view->since, &view->before, s->p);
    view->only = sml_filter_and(view->only, rest, s->p);
    return NULL;
}

int sml_filter_element(sml_session_t *s, sml_view_t *view,
                       const sml_filter_element_t *f,
                       const sml_datastore_conf_t *d)
{
    int inclusive = f->type != NULL && strcasecmp(f->type, "INCLUSIVE") == 0;
    const char *why;

    s->state->client_filters = 1;
    if (f->meta.type != NULL && *f->meta.type
        && !is_own_type(d, f->meta.type)) {
        return refuse(s, d, 415, "it is for items of another type");
    }
    if (f->record.type != NULL && strcasecmp(f->record.type, GRAMMAR) != 0
        && strcasecmp(f->record.type, GRAMMAR_S60) != 0) {
        return refuse(s, d, 415, "its grammar is not known here; it has to "
                      "be " GRAMMAR);
    }
    if (f->type != NULL && !inclusive
        && strcasecmp(f->type, "EXCLUSIVE") != 0) {
        return refuse(s, d, 422, "its FilterType is neither INCLUSIVE nor "
                      "EXCLUSIVE");
    }
    why = f->properties ? add_fields(s, view, f) : NULL;
    if (why == NULL && f->expression != NULL) {
        why = add_expression(s, view, f, inclusive);
    }
    return why ? refuse(s, d, 422, why) : 0;
}

/* ---- in a Sync ---------------------------------------------------------- */

int sml_filter_of_sync(sml_session_t *s, sml_sync_t *head,
                       const sml_filter_element_t *f)
{
    sml_sync_t *y;

    for (y = head; y != NULL && f != NULL; y = sml_sync_next(s, y)) {
        store_anchor_t *a = NULL;
        sml_path_t path;
        int code;

        sml_path_take(s, y->server_uri, &path);
        code = path.conf ? sml_filter_element(s, &path.view, f, path.conf)
                         : 404;
        if (code != 0) {
            return code;
        }
        s->rv = store_anchor_get(s->tx, s->device->id, y->datastore, &a);
        if (s->rv == APR_NOTFOUND) {
            s->rv = APR_SUCCESS;
        }
        if (s->rv != APR_SUCCESS) {
            return 510;
        }
        path.view.access = y->access;
        sml_select_begin(s, y, &path.view, a);
    }
    return 0;
}
