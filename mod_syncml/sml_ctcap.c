/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/sml_ctcap.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "codec/codec.h"
#include "mod_syncml/sml_session.h"

#define MAX_NAME 63

typedef struct reader_t {
    apr_pool_t *p;
    apr_hash_t *names;
    apr_hash_t *sizes;          /* apr_size_t * by name */
    apr_hash_t *whole;          /* names with NoTruncate */
    const char *property;       /* the one that a size belongs to; NULL: none */
    int card;                   /* vCards are asked for */
    int in_cap;                 /* inside CTCap */
    int leaf;                   /* tag of the open element that has text */
    int ours;                   /* the CTType in force is of that kind */
    char text[MAX_NAME + 1];
    apr_size_t len;
} reader_t;

static apr_status_t on_start(void *baton, int tag)
{
    reader_t *r = baton;

    if (tag == DEVINF_CTCAP) {
        r->in_cap = 1;
        r->ours = 0;
        r->property = NULL;
    }
    if (tag == DEVINF_PARAMNAME || tag == DEVINF_PROPPARAM) {
        r->property = NULL;     /* what follows is the parameter's */
    }
    r->leaf = r->in_cap && (tag == DEVINF_CTTYPE || tag == DEVINF_PROPNAME
                            || tag == DEVINF_VALENUM || tag == DEVINF_SIZE
                            || tag == DEVINF_NOTRUNCATE)
            ? tag : 0;
    r->len = 0;
    return APR_SUCCESS;
}

static apr_status_t on_text(void *baton, const char *data, apr_size_t len,
                            int opaque)
{
    reader_t *r = baton;
    apr_size_t i;

    for (i = 0; r->leaf && i < len && r->len < MAX_NAME; i++) {
        r->text[r->len++] = (char)apr_toupper(data[i]);
    }
    return APR_SUCCESS;
}

static void add(reader_t *r, const char *name)
{
    if (apr_hash_count(r->names) < SML_MAX_CAPS) {
        apr_hash_set(r->names, apr_pstrdup(r->p, name), APR_HASH_KEY_STRING,
                     "");
    }
}

/* Where several are said, of several media types, the largest counts. */
static void add_size(reader_t *r)
{
    long n = sml_number(r->text);
    apr_size_t *size;

    if (r->property == NULL || n < 1) {
        return;
    }
    size = apr_hash_get(r->sizes, r->property, APR_HASH_KEY_STRING);
    if (size == NULL && apr_hash_count(r->sizes) < SML_MAX_CAPS) {
        size = apr_pcalloc(r->p, sizeof(*size));
        apr_hash_set(r->sizes, r->property, APR_HASH_KEY_STRING, size);
    }
    if (size != NULL && *size < (apr_size_t)n) {
        *size = (apr_size_t)n;
    }
}

/* vCalendar 1.0 has alarms as properties. */
static int is_alarm(const char *name)
{
    return strcmp(name, "AALARM") == 0 || strcmp(name, "DALARM") == 0
        || strcmp(name, "MALARM") == 0 || strcmp(name, "PALARM") == 0
        || strcmp(name, "TRIGGER") == 0;
}

static apr_status_t on_end(void *baton, int tag)
{
    reader_t *r = baton;

    if (tag == DEVINF_CTCAP) {
        r->in_cap = 0;
    }
    if (r->leaf == 0 || r->leaf != tag) {
        return APR_SUCCESS;
    }
    r->leaf = 0;
    while (r->len > 0 && apr_isspace(r->text[r->len - 1])) {
        r->len--;
    }
    r->text[r->len] = '\0';
    if (tag == DEVINF_CTTYPE) {
        r->ours = strstr(r->text, r->card ? "VCARD" : "CALENDAR") != NULL;
        r->property = NULL;
    }
    else if (r->ours && tag == DEVINF_SIZE) {
        add_size(r);
    }
    else if (r->ours && tag == DEVINF_NOTRUNCATE && r->property != NULL) {
        apr_hash_set(r->whole, r->property, APR_HASH_KEY_STRING, "");
    }
    else if (r->ours && tag == DEVINF_PROPNAME && r->len > 0) {
        add(r, is_alarm(r->text) ? "VALARM" : r->text);
        r->property = apr_pstrdup(r->p, r->text);
    }
    else if (r->ours && tag == DEVINF_VALENUM
             && strcmp(r->text, "VALARM") == 0) {
        add(r, r->text);
    }
    return APR_SUCCESS;
}

static int has(const reader_t *r, const char *name)
{
    return apr_hash_get(r->names, name, APR_HASH_KEY_STRING) != NULL;
}

/* @return 0: it says nothing that can be read */
static int read_caps(reader_t *r, const char *devinf, apr_size_t len,
                     item_kind_e kind, apr_pool_t *p)
{
    codec_sink_t sink = { on_start, on_end, on_text, NULL };
    codec_limits_t limits = { 0 };
    apr_size_t at = 0;

    memset(r, 0, sizeof(*r));
    if (len == 0 || kind == ITEM_TEXT) {
        return 0;
    }
    r->p = p;
    r->names = apr_hash_make(p);
    r->sizes = apr_hash_make(p);
    r->whole = apr_hash_make(p);
    r->card = kind == ITEM_VCARD30;
    sink.baton = r;
    limits.max_octets = STORE_MAX_DEVINF;
    while (at < len && strchr(" \t\r\n", devinf[at]) != NULL) {
        at++;
    }
    return codec_decode(at < len && devinf[at] == '<' ? CODEC_XML
                                                      : CODEC_WBXML,
                        devinf, len, &limits, &sink, NULL, p) == APR_SUCCESS
        && (r->card ? has(r, "N") || has(r, "FN") : has(r, "SUMMARY"));
}

apr_hash_t *sml_ctcap_read(const char *devinf, apr_size_t len,
                           item_kind_e kind, apr_pool_t *p)
{
    reader_t r;

    return read_caps(&r, devinf, len, kind, p) ? r.names : NULL;
}

apr_hash_t *sml_ctcap_sizes(const char *devinf, apr_size_t len,
                            item_kind_e kind, apr_pool_t *p)
{
    reader_t r;

    return read_caps(&r, devinf, len, kind, p)
           && apr_hash_count(r.sizes) > 0 ? r.sizes : NULL;
}

apr_hash_t *sml_ctcap_whole(const char *devinf, apr_size_t len,
                            item_kind_e kind, apr_pool_t *p)
{
    reader_t r;

    return read_caps(&r, devinf, len, kind, p)
           && apr_hash_count(r.whole) > 0 ? r.whole : NULL;
}

static apr_status_t on_any(void *baton, int tag)
{
    int *found = baton;

    *found |= tag == DEVINF_UTC;
    return APR_SUCCESS;
}

static apr_status_t on_nothing(void *baton, int tag)
{
    return APR_SUCCESS;
}

static apr_status_t on_no_text(void *baton, const char *data, apr_size_t len,
                               int opaque)
{
    return APR_SUCCESS;
}

int sml_ctcap_utc(const char *devinf, apr_size_t len, apr_pool_t *p)
{
    codec_sink_t sink = { on_any, on_nothing, on_no_text, NULL };
    codec_limits_t limits = { 0 };
    apr_size_t at = 0;
    int found = 0;

    sink.baton = &found;
    limits.max_octets = STORE_MAX_DEVINF;
    while (at < len && strchr(" \t\r\n", devinf[at]) != NULL) {
        at++;
    }
    return len == 0
        || codec_decode(at < len && devinf[at] == '<' ? CODEC_XML
                                                      : CODEC_WBXML,
                        devinf, len, &limits, &sink, NULL, p) != APR_SUCCESS
        || found;
}
