/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/sml_session.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

static const char *skip_root(const char *uri)
{
    while (*uri == '.' && uri[1] == '/') {
        uri += 2;
    }
    while (*uri == '/') {
        uri++;
    }
    return uri;
}

/* ---- the name ----------------------------------------------------------- */

/* @return octets of the path that this name covers, as whole segments; 0 */
static apr_size_t covers(const char *name, const char *uri, apr_size_t len)
{
    apr_size_t n;

    name = skip_root(name);
    n = strlen(name);
    return n > 0 && n <= len && strncasecmp(name, uri, n) == 0
           && (n == len || uri[n] == '/') ? n : 0;
}

/* The longest name or alias counts: "calendar/tasks" is another datastore
 * than "calendar". */
static apr_size_t find_conf(const sml_config_t *config, const char *uri,
                            apr_size_t len,
                            const sml_datastore_conf_t **conf)
{
    apr_size_t best = 0, n;
    int i, j;

    for (i = 0; i < config->datastores->nelts; i++) {
        const sml_datastore_conf_t *d =
            APR_ARRAY_IDX(config->datastores, i, sml_datastore_conf_t *);

        for (j = -1; j < d->aliases->nelts; j++) {
            n = covers(j < 0 ? d->name
                             : APR_ARRAY_IDX(d->aliases, j, const char *),
                       uri, len);
            if (n > best) {
                best = n;
                *conf = d;
            }
        }
    }
    return best;
}

const sml_datastore_conf_t *sml_datastore_lookup(const sml_config_t *config,
                                                 const char *uri)
{
    const sml_datastore_conf_t *conf = NULL;

    if (uri != NULL) {
        uri = skip_root(uri);
        find_conf(config, uri, strcspn(uri, "?"), &conf);
    }
    return conf;
}

/* ---- what follows it ---------------------------------------------------- */

static void pass_over(sml_path_t *path, const char *text, apr_size_t len,
                      apr_pool_t *p)
{
    if (path->passed_over == NULL && len > 0) {
        path->passed_over = apr_pstrmemdup(p, text, len);
    }
}

/* @return non-zero unless it is not written like an option at all */
static int take_option(sml_path_t *path, const char *text, apr_size_t len,
                       apr_pool_t *p)
{
    const char *error;

    switch (sml_view_option(&path->view, text, len, 0, &error, p)) {
    case SML_OPTION_NONE:
        return 0;
    case SML_OPTION_UNKNOWN:
        pass_over(path, text, len, p);
        break;
    case SML_OPTION_BAD:
        if (path->error == NULL) {
            path->error = apr_psprintf(p, "option \"%.*s\": %s", (int)len,
                                       text, error);
        }
        break;
    default:
        break;
    }
    return 1;
}

static void take_segments(sml_path_t *path, const char *text, apr_size_t len,
                          apr_pool_t *p)
{
    int options = 0;

    while (len > 0) {
        apr_size_t n;

        text++;                 /* the slash */
        len--;
        n = sml_view_segment(text, len);
        if (n > 0 && take_option(path, text, n, p)) {
            options = 1;
        }
        else if (n > 0 && options) {
            pass_over(path, text, n, p);
        }
        else if (n > 0) {
            path->sub = path->sub
                ? apr_psprintf(p, "%s/%.*s", path->sub, (int)n, text)
                : apr_pstrmemdup(p, text, n);
        }
        text += n;
        len -= n;
    }
}

/* A filter after the "?", as SyncML 1.1 has it; anything that names no
 * operator is for somebody else. */
static void take_query_filter(sml_path_t *path, const char *text,
                              apr_pool_t *p)
{
    static const char *const signs[] = {
        "EQ;", "NE;", "GT;", "GE;", "LT;", "LE;", "CON;"
    };
    sml_filter_t *f;
    unsigned i;

    for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (strchr(text, '&') != NULL && strcasestr(text, signs[i]) != NULL
            && sml_filter_parse(&f, text, strlen(text), &path->error, p)
               == APR_SUCCESS) {
            path->view.adds = sml_filter_and(path->view.adds, f, p);
            return;
        }
        if (path->error != NULL) {
            path->error = apr_psprintf(p, "filter \"%s\": %s", text,
                                       path->error);
            return;
        }
    }
    pass_over(path, text, strlen(text), p);
}

/* Octets of an option in the query: "na", or up to the ) that belongs to its
 * parenthesis. */
static apr_size_t query_option(const char *text)
{
    apr_size_t n = strcspn(text, "&/=<>^(");
    int depth = 0;

    if (text[n] != '(') {
        return n;
    }
    for (; text[n] != '\0'; n++) {
        depth += text[n] == '(' ? 1 : text[n] == ')' ? -1 : 0;
        if (depth == 0) {
            return n + 1;
        }
    }
    return n;
}

/* "format=vcard21", as other servers have it.  @return what follows it */
static const char *take_format(sml_path_t *path, const char *text,
                               apr_pool_t *p)
{
    const char *value = strchr(text, '=') + 1;
    apr_size_t n = strcspn(value, "&/");
    const char *option = apr_psprintf(p, "fo(%.*s)", (int)n, value);

    take_option(path, option, strlen(option), p);
    return value + n;
}

static void take_query(sml_path_t *path, const char *text, apr_pool_t *p)
{
    while (*text != '\0') {
        apr_size_t n;

        if (*text == '/' || *text == '&') {
            text++;
            continue;
        }
        if (strncasecmp(text, "format=", 7) == 0
            || strncasecmp(text, "fo=", 3) == 0) {
            text = take_format(path, text, p);
            continue;
        }
        n = query_option(text);
        if (n == 0 || !apr_isalpha(*text)
            || !take_option(path, text, n, p)) {
            take_query_filter(path, text, p);
            return;
        }
        text += n;
    }
}

void sml_path_parse(const sml_config_t *config, const char *uri,
                    sml_path_t *path, apr_pool_t *p)
{
    apr_size_t len, n;

    memset(path, 0, sizeof(*path));
    sml_view_init(&path->view);
    if (uri == NULL) {
        return;
    }
    uri = skip_root(uri);
    /* A filter in an option may hold no "?" but an escaped one. */
    len = strcspn(uri, "?");
    n = find_conf(config, uri, len, &path->conf);
    if (n == 0) {
        return;
    }
    take_segments(path, uri + n, len - n, p);
    if (uri[len] == '?') {
        take_query(path, uri + len + 1, p);
    }
}

int sml_path_sub_ok(const char *sub)
{
    apr_size_t len = strlen(sub), at = 0;
    const char *c, *error;

    for (c = sub; *c; c++) {
        if (!apr_isgraph(*c) || strchr("()?\"&", *c) != NULL) {
            return 0;
        }
    }
    while (at <= len) {
        apr_size_t n = strcspn(sub + at, "/");
        sml_view_t view;

        sml_view_init(&view);
        if (n == 0 || sml_view_option(&view, sub + at, n, 0, &error, NULL)
                      != SML_OPTION_NONE) {
            return 0;
        }
        at += n + 1;
    }
    return 1;
}
