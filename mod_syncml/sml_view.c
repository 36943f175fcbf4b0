/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/sml_view.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define DAY 86400

static const char *const accesses[] = { "full", "read-only", "send-only" };

const char *sml_access_name(sml_access_e access)
{
    return accesses[access];
}

int sml_access_parse(const char *word, sml_access_e *access)
{
    int i;

    for (i = 0; i < 3; i++) {
        if (strcasecmp(word, accesses[i]) == 0) {
            *access = (sml_access_e)i;
            return 1;
        }
    }
    return 0;
}

void sml_view_init(sml_view_t *view)
{
    memset(view, 0, sizeof(*view));
    view->since = SML_WINDOW_FROM;
    view->before = SML_WINDOW_TO;
}

/* ---- options ------------------------------------------------------------ */

typedef struct option_t {
    sml_view_t *view;
    const char *args;           /* between the parentheses */
    const char *error;
    apr_pool_t *p;
} option_t;

static int bad(option_t *o, const char *error)
{
    o->error = error;
    return 0;
}

/* A whole number of at most 7 digits; steps over it and spaces around. */
static int take_number(const char **text, long *n)
{
    const char *c = *text;
    char *end;

    c += strspn(c, " ");
    if (strspn(c + (*c == '-' || *c == '+'), "0123456789") > 7
        || !apr_isdigit(c[*c == '-' || *c == '+'])) {
        return 0;
    }
    *n = strtol(c, &end, 10);
    *text = end + strspn(end, " ");
    return 1;
}

static int range(option_t *o)
{
    const char *at = o->args;
    long from, to;

    if (!take_number(&at, &from) || *at++ != ',' || !take_number(&at, &to)
        || *at != '\0') {
        return bad(o, "dr wants two numbers of days, as in dr(-30,90)");
    }
    if (from > to || from < -SML_VIEW_MAX_DAYS || to > SML_VIEW_MAX_DAYS) {
        return bad(o, "dr wants its earlier day first, and no more than "
                   "36500 days either way");
    }
    o->view->ranged = 1;
    o->view->days_from = (int)from;
    o->view->days_to = (int)to;
    return 1;
}

static int count(option_t *o, int max, int *value, const char *error)
{
    const char *at = o->args;
    long n;

    if (!take_number(&at, &n) || *at != '\0' || n < 1 || n > max) {
        return bad(o, error);
    }
    *value = (int)n;
    return 1;
}

static int limit(option_t *o)
{
    return count(o, SML_VIEW_MAX_KB, &o->view->limit,
                 "li wants a number of kilobytes from 1, as in li(5)");
}

static int size(option_t *o)
{
    return count(o, SML_VIEW_MAX_OCTETS, &o->view->octets,
                 "size wants a number of octets from 1, as in size(32000)");
}

static int max(option_t *o)
{
    return count(o, SML_VIEW_MAX_ITEMS, &o->view->max,
                 "max wants a number of items from 1, as in max(100)");
}

static int only(option_t *o)
{
    const sml_filter_t *rest;
    sml_filter_t *f;

    if (sml_filter_parse(&f, o->args, strlen(o->args), &o->error, o->p)
        != APR_SUCCESS) {
        return 0;
    }
    rest = sml_filter_window(f, &o->view->since, &o->view->before, o->p);
    o->view->only = sml_filter_and(o->view->only, rest, o->p);
    return 1;
}

/* Its dates are no window: what has been added stays. */
static int adds(option_t *o)
{
    sml_filter_t *f;

    if (sml_filter_parse(&f, o->args, strlen(o->args), &o->error, o->p)
        != APR_SUCCESS) {
        return 0;
    }
    o->view->adds = sml_filter_and(o->view->adds, f, o->p);
    return 1;
}

static int other(option_t *o)
{
    return 1;
}

static int no_attachments(option_t *o)
{
    o->view->no_attachments = 1;
    return 1;
}

static int slow(option_t *o)
{
    o->view->slow = 1;
    return 1;
}

static int format(option_t *o)
{
    o->view->format = item_format_named(o->args);
    return o->view->format != ITEM_FORMAT_AS_IS
           || bad(o, "fo wants vcard21, vcard30, vcard40, vcal10, ical20, "
                  "sifc, sife, sift, sifn, vnote or text");
}

static int left_out(option_t *o)
{
    o->view->left_out = 1;
    return 1;
}

static int fields(option_t *o)
{
    char *words = apr_pstrdup(o->p, o->args), *last = NULL, *word;

    o->view->fields = apr_array_make(o->p, 8, sizeof(const char *));
    while ((word = apr_strtok(words, ",", &last)) != NULL) {
        words = NULL;
        APR_ARRAY_PUSH(o->view->fields, const char *) = word;
    }
    return 1;
}

static int access_(option_t *o)
{
    return sml_access_parse(o->args, &o->view->access)
           || bad(o, "no such access");
}

static const struct {
    const char *name;
    int has_args, own;
    int (*take)(option_t *o);
} options[] = {
    { "dr", 1, 0, range }, { "li", 1, 0, limit }, { "max", 1, 0, max },
    { "fi", 1, 0, only }, { "tf", 1, 0, adds }, { "o", 1, 0, other },
    { "fo", 1, 0, format }, { "format", 1, 0, format },
    { "na", 0, 0, no_attachments }, { "slow", 0, 0, slow },
    { "fields", 1, 1, fields }, { "access", 1, 1, access_ },
    { "more", 0, 1, left_out }, { "size", 1, 1, size }
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))

apr_size_t sml_view_segment(const char *text, apr_size_t len)
{
    apr_size_t i;
    int depth = 0;

    for (i = 0; i < len && (depth > 0 || text[i] != '/'); i++) {
        depth += text[i] == '(' ? 1 : text[i] == ')' && depth > 0 ? -1 : 0;
    }
    return i;
}

int sml_view_option(sml_view_t *view, const char *option, apr_size_t len,
                    int own, const char **error, apr_pool_t *p)
{
    const char *paren = memchr(option, '(', len);
    apr_size_t n = paren ? (apr_size_t)(paren - option) : len;
    option_t o = { 0 };
    unsigned i;

    for (i = 0; i < OPTIONS; i++) {
        if (strlen(options[i].name) == n && (own || !options[i].own)
            && strncasecmp(options[i].name, option, n) == 0
            && options[i].has_args == (paren != NULL)) {
            break;
        }
    }
    if (i == OPTIONS) {
        return paren ? SML_OPTION_UNKNOWN : SML_OPTION_NONE;
    }
    *error = "its ) is missing";
    if (paren != NULL && option[len - 1] != ')') {
        return SML_OPTION_BAD;
    }
    o.view = view;
    o.p = p;
    o.args = paren ? apr_pstrmemdup(p, paren + 1, len - n - 2) : "";
    if (!options[i].take(&o)) {
        *error = o.error ? o.error : "?";
        return SML_OPTION_BAD;
    }
    return SML_OPTION_TAKEN;
}

/* ---- texts -------------------------------------------------------------- */

static const char *with(const char *text, int yes, const char *more,
                        apr_pool_t *p)
{
    return yes ? apr_pstrcat(p, text, more, NULL) : text;
}

static const char *with_number(const char *text, const char *name, int n,
                               apr_pool_t *p)
{
    return n ? apr_psprintf(p, "%s/%s(%d)", text, name, n) : text;
}

static const char *with_filter(const char *text, const char *name,
                               const sml_filter_t *f, apr_pool_t *p)
{
    return f ? apr_pstrcat(p, text, "/", name, "(", sml_filter_text(f, p),
                           ")", NULL) : text;
}

const char *sml_view_text(const sml_view_t *view, int all, apr_pool_t *p)
{
    const char *text = "";

    if (view->ranged) {
        text = apr_psprintf(p, "/dr(%d,%d)", view->days_from, view->days_to);
    }
    text = with_number(text, "size", view->octets, p);
    text = with_number(text, "li", view->limit, p);
    text = with_number(text, "max", view->max, p);
    text = with(text, view->no_attachments, "/na", p);
    text = with_filter(text, "fi", view->only, p);
    text = with_filter(text, "tf", view->adds, p);
    if (view->fields != NULL) {
        text = apr_pstrcat(p, text, "/fields(",
                           apr_array_pstrcat(p, view->fields, ','), ")",
                           NULL);
    }
    /* Read-only changes nothing in what there is to see. */
    text = with(text, view->access == SML_ACCESS_SEND_ONLY,
                "/access(send-only)", p);
    text = with(text, all && view->slow, "/slow", p);
    if (all && view->format != ITEM_FORMAT_AS_IS) {
        text = apr_pstrcat(p, text, "/fo(", item_format_name(view->format),
                           ")", NULL);
    }
    return with(text, all && view->left_out, "/more", p);
}

int sml_view_is_whole(const char *text)
{
    return *text == '\0' || (strncmp(text, "/size(", 6) == 0
                             && strchr(text + 1, '/') == NULL);
}

int sml_view_parse(sml_view_t *view, const char *text, apr_pool_t *p)
{
    apr_size_t n;
    const char *error;

    sml_view_init(view);
    while (*text != '\0') {
        if (*text != '/') {
            return 0;
        }
        n = sml_view_segment(text + 1, strlen(text + 1));
        if (sml_view_option(view, text + 1, n, 1, &error, p)
            != SML_OPTION_TAKEN) {
            return 0;
        }
        text += n + 1;
    }
    return 1;
}

void sml_view_window(const sml_view_t *view, apr_int64_t now,
                     apr_int64_t *from, apr_int64_t *to)
{
    apr_int64_t today = now - (now % DAY + DAY) % DAY;

    *from = view->since;
    *to = view->before == SML_WINDOW_TO ? SML_WINDOW_TO : view->before - 1;
    if (view->access == SML_ACCESS_SEND_ONLY) {
        *from = SML_WINDOW_TO;
        *to = SML_WINDOW_FROM;
    }
    else if (view->ranged) {
        apr_int64_t first = today + (apr_int64_t)view->days_from * DAY;
        apr_int64_t last = today + ((apr_int64_t)view->days_to + 1) * DAY - 1;

        *from = first > *from ? first : *from;
        *to = last < *to ? last : *to;
    }
}
