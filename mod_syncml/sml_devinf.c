/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * DevInf: what each side is and can.  Ours lists all seven sync types and no
 * extension (Nokia's client ends the session over an unknown type), has
 * Rx-Pref and Tx-Pref in every datastore, and names a datastore exactly as
 * the client did in its Alert.  The client's is kept as it came, for good:
 * phones send it only once.
 */
#include "mod_syncml/sml_form.h"

#include <string.h>

#include <apr_strings.h>

#define GUID_OCTETS 8
#define MAX_VALUE   255

/* ---- ours --------------------------------------------------------------- */

/* @param name  in the store, or of a combination
 * @return NULL: it takes no part in the session by that name */
static const char *path_in_session(const sml_session_t *s, const char *name)
{
    int i;

    for (i = 0; i < s->state->syncs->nelts; i++) {
        const sml_sync_t *y =
            &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        if (strcmp(y->combined ? y->combined : y->name, name) == 0) {
            return y->server_uri;
        }
    }
    return NULL;
}

/* The formats of one datastore, none twice. */
typedef struct types_t {
    codec_writer_t *w;
    int preferred, further;     /* tags */
    const char *type[8], *version[8];
    int n;
} types_t;

static void write_type(types_t *t, const char *type, const char *version)
{
    int i;

    /* A type without versions has to have one. */
    version = *version ? version : "1.0";
    for (i = 0; i < t->n; i++) {
        if (strcmp(t->type[i], type) == 0
            && strcmp(t->version[i], version) == 0) {
            return;
        }
    }
    if (t->n < 8) {
        codec_open(t->w, t->n ? t->further : t->preferred);
        codec_text(t->w, DEVINF_CTTYPE, type);
        codec_text(t->w, DEVINF_VERCT, version);
        codec_close(t->w);
        t->type[t->n] = type;
        t->version[t->n++] = version;
    }
}

/* The device's own format first, which may be one of the rarer ones; then what
 * every device may use. */
static void write_formats(sml_session_t *s, types_t *t,
                          const sml_datastore_conf_t *d)
{
    static const item_format_e usual[] = {
        ITEM_FORMAT_VCARD30, ITEM_FORMAT_VCARD21, ITEM_FORMAT_ICAL20,
        ITEM_FORMAT_VCAL10, ITEM_FORMAT_TEXT
    };
    unsigned i;

    if (s->tx != NULL && s->device != NULL) {
        const sml_form_t *f = sml_form_for(s, d);

        if (f->form.format != ITEM_FORMAT_AS_IS) {
            write_type(t, f->type ? f->type
                                  : item_format_type(f->form.format),
                       item_format_version(f->form.format));
        }
    }
    write_type(t, d->type, d->type_version);
    for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        if (item_format_holds(usual[i], d->kind)) {
            write_type(t, item_format_type(usual[i]),
                       item_format_version(usual[i]));
        }
    }
}

/* Of a combination the formats of all members. */
static void write_types(sml_session_t *s, codec_writer_t *w, int preferred,
                        int further, const sml_datastore_conf_t *d)
{
    types_t t = { w, preferred, further, { NULL }, { NULL }, 0 };
    int i;

    for (i = 0; d->members != NULL && i < d->members->nelts; i++) {
        write_formats(s, &t, APR_ARRAY_IDX(d->members, i,
                                           const sml_datastore_conf_t *));
    }
    if (d->members == NULL) {
        write_formats(s, &t, d);
    }
}

/* Which filters are understood; only for those who know what that is, since
 * Nokia's client refuses elements that it does not. */
static void write_filters(codec_writer_t *w, const sml_datastore_conf_t *d)
{
    codec_open(w, DEVINF_FILTERRX);
    codec_text(w, DEVINF_CTTYPE, "syncml:filtertype-cgi");
    codec_text(w, DEVINF_VERCT, "1.0");
    codec_close(w);
    codec_open(w, DEVINF_FILTERCAP);
    codec_text(w, DEVINF_CTTYPE, d->type);
    codec_text(w, DEVINF_VERCT, d->type_version);
    if (d->kind != ITEM_VCARD30 && d->kind != ITEM_TEXT) {
        codec_text(w, DEVINF_FILTERKEYWORD, "SINCE");
        codec_text(w, DEVINF_FILTERKEYWORD, "BEFORE");
    }
    codec_close(w);
}

static void write_datastore(sml_session_t *s, codec_writer_t *w,
                            const sml_datastore_conf_t *d, const char *path,
                            const char *display)
{
    int type;

    codec_open(w, DEVINF_DATASTORE);
    codec_text(w, DEVINF_SOURCEREF, path);
    codec_text(w, DEVINF_DISPLAYNAME, display);
    codec_number(w, DEVINF_MAXGUIDSIZE, GUID_OCTETS);
    write_types(s, w, DEVINF_RXPREF, DEVINF_RX, d);
    write_types(s, w, DEVINF_TXPREF, DEVINF_TX, d);
    codec_open(w, DEVINF_SYNCCAP);
    for (type = 1; type <= 7; type++) {
        codec_number(w, DEVINF_SYNCTYPE, type);
    }
    codec_close(w);
    if (s->state->client_filters && s->state->version == CODEC_V12) {
        write_filters(w, d);
    }
    codec_close(w);
}

typedef struct subs_t {
    sml_session_t *s;
    codec_writer_t *w;
    int brief;
} subs_t;

/* One of the account's own: "contacts/private". */
static apr_status_t write_sub(void *baton, const store_datastore_t *ds)
{
    subs_t *subs = baton;
    const char *path = path_in_session(subs->s, ds->name);
    const char *slash = strchr(ds->name, '/');
    const sml_datastore_conf_t *d =
        sml_datastore_lookup(subs->s->config, ds->name);

    if (slash != NULL && d != NULL && d->members == NULL
        && strlen(d->name) == (apr_size_t)(slash - ds->name)
        && (!subs->brief || path != NULL)) {
        write_datastore(subs->s, subs->w, d, path ? path
                                         : apr_pstrdup(subs->s->p, ds->name),
                        apr_pstrcat(subs->s->p, d->display, ": ", slash + 1,
                                    NULL));
    }
    return APR_SUCCESS;
}

/* A combination may go by the name of one of its members. */
static int is_path(const sml_session_t *s, const char *name)
{
    int i;

    for (i = 0; i < s->state->syncs->nelts; i++) {
        const char *uri =
            APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t).server_uri;

        if (uri != NULL && strcmp(uri, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* A combination is listed only where the client uses it: it is none to
 * choose from, and what is in it is listed already. */
static void write_datastores(sml_session_t *s, codec_writer_t *w, int brief)
{
    subs_t subs = { s, w, brief };
    int i;

    for (i = 0; i < s->config->datastores->nelts; i++) {
        const sml_datastore_conf_t *d =
            APR_ARRAY_IDX(s->config->datastores, i, sml_datastore_conf_t *);
        const char *path = path_in_session(s, d->name);

        if (path != NULL
            || (!brief && d->members == NULL && !is_path(s, d->name))) {
            write_datastore(s, w, d, path ? path : d->name, d->display);
        }
    }
    if (s->tx != NULL) {
        s->rv = store_datastore_list(s->tx, s->account, write_sub, &subs);
    }
}

codec_writer_t *sml_devinf_write(sml_session_t *s, int brief)
{
    static const char *const versions[] = { "1.0", "1.1", "1.2" };
    codec_version_e version = s->state->version;
    codec_writer_t *w = codec_writer_create(s->request->format,
                                            CODEC_DOC_DEVINF, version, s->p);

    codec_open(w, DEVINF_DEVINF);
    codec_text(w, DEVINF_VERDTD, versions[version]);
    codec_text(w, DEVINF_MAN, "mod_syncml");
    codec_text(w, DEVINF_MOD, "mod_syncml");
    codec_text(w, DEVINF_SWV, s->config->software);
    codec_text(w, DEVINF_DEVID, s->config->server_id);
    codec_text(w, DEVINF_DEVTYP, "server");
    if (version != CODEC_V10) {
        codec_empty(w, DEVINF_UTC);
        codec_empty(w, DEVINF_LARGEOBJS);
        codec_empty(w, DEVINF_NOFM);
    }
    write_datastores(s, w, brief);
    codec_close(w);
    return w;
}

/* ---- the client's ------------------------------------------------------- */

typedef struct reader_t {
    apr_pool_t *p;
    int depth;
    int leaf;                   /* tag of the open element at depth 2 */
    char text[MAX_VALUE + 1];
    apr_size_t len;
    int is_devinf, counts, large, filters;
    const char *man, *mod, *fwv, *swv, *hwv;
} reader_t;

static apr_status_t on_start(void *baton, int tag)
{
    reader_t *r = baton;

    if (++r->depth == 1) {
        r->is_devinf = tag == DEVINF_DEVINF;
        return r->is_devinf ? APR_SUCCESS : CODEC_EDOCTYPE;
    }
    r->filters |= tag == DEVINF_FILTERRX || tag == DEVINF_FILTERCAP;
    if (r->depth == 2) {
        r->leaf = tag;
        r->len = 0;
        r->counts |= tag == DEVINF_NOFM;
        r->large |= tag == DEVINF_LARGEOBJS;
    }
    return APR_SUCCESS;
}

static apr_status_t on_end(void *baton, int tag)
{
    reader_t *r = baton;
    const char **value = NULL;

    if (r->depth-- == 2) {
        switch (tag) {
        case DEVINF_MAN: value = &r->man; break;
        case DEVINF_MOD: value = &r->mod; break;
        case DEVINF_FWV: value = &r->fwv; break;
        case DEVINF_SWV: value = &r->swv; break;
        case DEVINF_HWV: value = &r->hwv; break;
        default: break;
        }
        if (value != NULL) {
            *value = apr_pstrmemdup(r->p, r->text, r->len);
        }
    }
    return APR_SUCCESS;
}

static apr_status_t on_text(void *baton, const char *data, apr_size_t len,
                            int opaque)
{
    reader_t *r = baton;

    if (r->depth == 2) {
        if (len > MAX_VALUE - r->len) {
            len = MAX_VALUE - r->len;
        }
        memcpy(r->text + r->len, data, len);
        r->len += len;
    }
    return APR_SUCCESS;
}

static apr_status_t read_devinf(reader_t *r, const char *data,
                                apr_size_t len, apr_pool_t *p)
{
    codec_sink_t sink = { on_start, on_end, on_text, NULL };
    codec_limits_t limits = { 0 };
    apr_size_t at = 0;
    codec_format_e format;

    memset(r, 0, sizeof(*r));
    r->p = p;
    r->man = r->mod = r->fwv = r->swv = r->hwv = "";
    sink.baton = r;
    limits.max_octets = STORE_MAX_DEVINF;
    while (at < len && strchr(" \t\r\n", data[at]) != NULL) {
        at++;
    }
    /* No WBXML version is "<": a DevInf in XML inside a WBXML message. */
    format = at < len && data[at] == '<' ? CODEC_XML : CODEC_WBXML;
    return codec_decode(format, data, len, &limits, &sink, NULL, p);
}

/* SyncML 1.0 has no MoreData and no NumberOfChanges, whatever the device said
 * in a later version. */
static void note_abilities(sml_session_t *s, const reader_t *r)
{
    s->state->client_counts = r->counts && s->state->version != CODEC_V10;
    s->state->client_large = r->large && s->state->version != CODEC_V10;
    s->state->client_filters |= r->filters;
}

int sml_devinf_take(sml_session_t *s, const sml_item_t *item)
{
    store_device_t *d = s->device;
    apr_status_t rv;
    reader_t r;

    if (item->data == NULL || item->len == 0) {
        return 400;
    }
    if (item->len > STORE_MAX_DEVINF) {
        return 413;
    }
    rv = read_devinf(&r, item->data, item->len, s->p);
    if (rv != APR_SUCCESS) {
        sml_log(s->config, 4, 0, "device %s: its DevInf is unreadable (%s); "
                "defaults are used", d->devid,
                codec_strerror(rv) ? codec_strerror(rv) : "?");
        return 400;
    }
    d->devinf = item->data;
    d->devinf_len = item->len;
    d->manufacturer = r.man;
    d->model = r.mod;
    d->firmware = r.fwv;
    d->software = r.swv;
    d->hardware = r.hwv;
    note_abilities(s, &r);
    s->devinf_came = 1;
    sml_traits_forget(s);
    return 200;
}

void sml_devinf_apply(sml_session_t *s)
{
    reader_t r;

    if (s->device->devinf_len > 0
        && read_devinf(&r, s->device->devinf, s->device->devinf_len,
                       s->p) == APR_SUCCESS) {
        note_abilities(s, &r);
    }
}
