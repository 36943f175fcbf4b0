/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/sml_offer.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "codec/codec.h"
#include "store/store.h"

#define MAX_TEXT 255

typedef struct reader_t {
    apr_pool_t *p;
    apr_array_header_t *offers;
    sml_offer_t *offer;         /* the open DataStore */
    int in;                     /* DEVINF_RX, TX, RXPREF, TXPREF; 0: none */
    int leaf;                   /* open element that has text */
    sml_offer_type_t type;      /* of the open Rx or Tx */
    char text[MAX_TEXT + 1];
    apr_size_t len;
} reader_t;

static int is_list(int tag)
{
    return tag == DEVINF_RX || tag == DEVINF_TX || tag == DEVINF_RXPREF
        || tag == DEVINF_TXPREF;
}

static apr_status_t on_start(void *baton, int tag)
{
    reader_t *r = baton;

    if (tag == DEVINF_DATASTORE) {
        r->offer = NULL;
        if (r->offers->nelts < SML_MAX_OFFERS) {
            r->offer = apr_array_push(r->offers);
            r->offer->uri = "";
            r->offer->rx = apr_array_make(r->p, 3, sizeof(sml_offer_type_t));
            r->offer->tx = apr_array_make(r->p, 3, sizeof(sml_offer_type_t));
        }
    }
    else if (r->offer != NULL && is_list(tag)) {
        r->in = tag;
        r->type.type = NULL;
        r->type.version = "";
    }
    r->leaf = r->offer != NULL
              && ((tag == DEVINF_SOURCEREF && !r->in)
                  || (r->in && (tag == DEVINF_CTTYPE || tag == DEVINF_VERCT)))
            ? tag : 0;
    r->len = 0;
    return APR_SUCCESS;
}

static apr_status_t on_text(void *baton, const char *data, apr_size_t len,
                            int opaque)
{
    reader_t *r = baton;

    if (r->leaf) {
        len = len < MAX_TEXT - r->len ? len : MAX_TEXT - r->len;
        memcpy(r->text + r->len, data, len);
        r->len += len;
    }
    return APR_SUCCESS;
}

static void take_type(reader_t *r, int preferred, apr_array_header_t *list)
{
    if (r->type.type == NULL || list->nelts >= SML_MAX_OFFER_TYPES) {
        return;
    }
    APR_ARRAY_PUSH(list, sml_offer_type_t) = r->type;
    if (preferred && list->nelts > 1) {
        sml_offer_type_t *all = (sml_offer_type_t *)list->elts;

        memmove(all + 1, all, sizeof(*all) * (size_t)(list->nelts - 1));
        all[0] = r->type;
    }
}

static const char *trimmed(reader_t *r)
{
    const char *text = r->text;

    while (r->len > 0 && apr_isspace(r->text[r->len - 1])) {
        r->len--;
    }
    r->text[r->len] = '\0';
    while (apr_isspace(*text)) {
        text++;
    }
    return apr_pstrdup(r->p, text);
}

static apr_status_t on_end(void *baton, int tag)
{
    reader_t *r = baton;

    if (tag == DEVINF_DATASTORE) {
        r->offer = NULL;
        r->in = 0;
    }
    else if (r->in && tag == r->in) {
        int rx = tag == DEVINF_RX || tag == DEVINF_RXPREF;

        take_type(r, tag == DEVINF_RXPREF || tag == DEVINF_TXPREF,
                  rx ? r->offer->rx : r->offer->tx);
        r->in = 0;
    }
    else if (r->leaf && tag == r->leaf) {
        const char *text = trimmed(r);

        if (tag == DEVINF_SOURCEREF) {
            r->offer->uri = text;
        }
        else if (tag == DEVINF_CTTYPE) {
            r->type.type = text;
        }
        else {
            r->type.version = text;
        }
    }
    r->leaf = 0;
    return APR_SUCCESS;
}

apr_array_header_t *sml_offers_read(const char *devinf, apr_size_t len,
                                    apr_pool_t *p)
{
    codec_sink_t sink = { on_start, on_end, on_text, NULL };
    codec_limits_t limits = { 0 };
    reader_t r = { 0 };
    apr_size_t at = 0;

    r.p = p;
    r.offers = apr_array_make(p, 4, sizeof(sml_offer_t));
    sink.baton = &r;
    limits.max_octets = STORE_MAX_DEVINF;
    while (at < len && strchr(" \t\r\n", devinf[at]) != NULL) {
        at++;
    }
    if (at < len
        && codec_decode(devinf[at] == '<' ? CODEC_XML : CODEC_WBXML, devinf,
                        len, &limits, &sink, NULL, p) != APR_SUCCESS) {
        apr_array_clear(r.offers);
    }
    return r.offers;
}

/* ---- choosing ------------------------------------------------------------ */

static const char *bare(const char *uri)
{
    while (*uri == '.' && uri[1] == '/') {
        uri += 2;
    }
    while (*uri == '/') {
        uri++;
    }
    return uri;
}

/* A name may have options behind it here and none there. */
static int same_uri(const char *a, const char *b)
{
    apr_size_t n, m;

    a = bare(a);
    b = bare(b);
    n = strcspn(a, "?");
    m = strcspn(b, "?");
    return n == m && strncasecmp(a, b, n) == 0;
}

static item_format_e first_of(const apr_array_header_t *types,
                              item_kind_e kind, const char **type)
{
    int i;

    for (i = 0; i < types->nelts; i++) {
        const sml_offer_type_t *t = &APR_ARRAY_IDX(types, i, sml_offer_type_t);
        item_format_e format = item_format_parse(t->type, t->version);

        if (item_format_holds(format, kind)) {
            *type = t->type;
            return format;
        }
    }
    return ITEM_FORMAT_AS_IS;
}

static item_format_e format_of(const sml_offer_t *offer, item_kind_e kind,
                               const char **type)
{
    item_format_e format = first_of(offer->rx, kind, type);

    return format != ITEM_FORMAT_AS_IS ? format
                                       : first_of(offer->tx, kind, type);
}

item_format_e sml_offer_format(const apr_array_header_t *offers,
                               const char *uri, item_kind_e kind,
                               const char **type)
{
    item_format_e format;
    int i;

    *type = NULL;
    for (i = 0; uri != NULL && i < offers->nelts; i++) {
        const sml_offer_t *o = &APR_ARRAY_IDX(offers, i, sml_offer_t);

        if (same_uri(o->uri, uri)
            && (format = format_of(o, kind, type)) != ITEM_FORMAT_AS_IS) {
            return format;
        }
    }
    /* A journal is no calendar, nor has a calendar notes. */
    for (i = 0; kind != ITEM_VJOURNAL && i < offers->nelts; i++) {
        format = format_of(&APR_ARRAY_IDX(offers, i, sml_offer_t), kind, type);
        if (format != ITEM_FORMAT_AS_IS
            && (kind != ITEM_TEXT || format != ITEM_FORMAT_ICAL20)) {
            return format;
        }
    }
    return ITEM_FORMAT_AS_IS;
}
