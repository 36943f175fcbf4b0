/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Notification package of SyncML 1.1: see san11.h. */
#include "san11.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "codec/codec.h"
#include "store/store.h"

/* ---- encoding ---------------------------------------------------------- */

const char *san11_type(apr_uint32_t content_code)
{
    switch (content_code) {
    case 0x03: return "text/plain";
    case 0x06: return "text/x-vcalendar";
    case 0x07: return "text/x-vcard";
    case 0x0305: return "text/calendar";
    case 0x0306: return "application/vnd.omads-email+xml";
    case 0x0307: return "application/vnd.omads-file+xml";
    case 0x0309: return "text/vcard";
    case STORE_CONTENT_VCARD: return "text/vcard";
    case STORE_CONTENT_VNOTE: return "text/x-vnote";
    case STORE_CONTENT_SIFC: return "text/x-s4j-sifc";
    case STORE_CONTENT_SIFE: return "text/x-s4j-sife";
    case STORE_CONTENT_SIFT: return "text/x-s4j-sift";
    case STORE_CONTENT_SIFN: return "text/x-s4j-sifn";
    default: return "";
    }
}

static int is_length(const char *text, apr_size_t most)
{
    return text && *text && strlen(text) <= most;
}

/* Words for the first field outside its limits, or NULL. */
static const char *check(const san11_t *san, apr_pool_t *p)
{
    int i;

    if (!is_length(san->server_url, SAN11_MAX_URL)) {
        return "the server's URL must have 1 to 255 octets (the device has "
               "not synced yet)";
    }
    if (!is_length(san->device, 255) || !is_length(san->session, 255)) {
        return "device and session id must have 1 to 255 octets";
    }
    if (san->ndatastores < 1 || san->ndatastores > SAN_MAX_DATASTORES) {
        return apr_psprintf(p, "a notification lists 1 to %d datastores, "
                            "not %d", SAN_MAX_DATASTORES, san->ndatastores);
    }
    for (i = 0; i < san->ndatastores; i++) {
        const san_datastore_t *ds = &san->datastores[i];

        if (ds->sync_type < SAN_SYNC_TWO_WAY
            || ds->sync_type > SAN_SYNC_REFRESH_FROM_SERVER) {
            return apr_psprintf(p, "the sync type must be 206 to 210, "
                                "not %d", ds->sync_type);
        }
        if (!is_length(ds->uri, SAN_MAX_URI)) {
            return "a datastore's URI has 1 to 255 octets";
        }
    }
    return NULL;
}

static void put_uri(codec_writer_t *w, int tag, const char *uri)
{
    codec_open(w, tag);
    codec_text(w, SYNCML_LOCURI, uri);
    codec_close(w);
}

static void put_header(codec_writer_t *w, const san11_t *san)
{
    codec_open(w, SYNCML_SYNCHDR);
    codec_text(w, SYNCML_VERDTD, "1.1");
    codec_text(w, SYNCML_VERPROTO, "SyncML/1.1");
    codec_text(w, SYNCML_SESSIONID, san->session);
    codec_text(w, SYNCML_MSGID, "1");
    put_uri(w, SYNCML_TARGET, san->device);
    put_uri(w, SYNCML_SOURCE, san->server_url);
    codec_close(w);
}

static void put_alert(codec_writer_t *w, const san11_t *san, int i)
{
    const san_datastore_t *ds = &san->datastores[i];
    const char *type = san->types[i] ? san->types[i]
                       : san11_type(ds->content_code);

    codec_open(w, SYNCML_ALERT);
    codec_number(w, SYNCML_CMDID, i + 1);
    codec_number(w, SYNCML_DATA, ds->sync_type);
    codec_open(w, SYNCML_ITEM);
    put_uri(w, SYNCML_SOURCE, ds->uri);
    if (*type) {
        codec_open(w, SYNCML_META);
        codec_text(w, METINF_TYPE, type);
        codec_close(w);
    }
    codec_close(w);
    codec_close(w);
}

apr_status_t san11_encode(const unsigned char **out, apr_size_t *len,
                          const san11_t *san, const char **error,
                          apr_pool_t *p)
{
    const char *wrong = check(san, p);
    codec_writer_t *w;
    int i;

    *out = NULL;
    *len = 0;
    if (wrong) {
        if (error) {
            *error = wrong;
        }
        return APR_EINVAL;
    }
    w = codec_writer_create(CODEC_WBXML, CODEC_DOC_SYNCML, CODEC_V11, p);
    codec_open(w, SYNCML_SYNCML);
    put_header(w, san);
    codec_open(w, SYNCML_SYNCBODY);
    for (i = 0; i < san->ndatastores; i++) {
        put_alert(w, san, i);
    }
    codec_empty(w, SYNCML_FINAL);
    codec_close(w);
    codec_close(w);
    *out = (const unsigned char *)codec_writer_data(w, len);
    return APR_SUCCESS;
}

/* ---- decoding ---------------------------------------------------------- */

#define MAX_DEPTH  8
#define MAX_TEXT   255

typedef struct reader_t {
    san11_t *san;
    int path[MAX_DEPTH], depth;
    int sync_type;              /* of the Alert that is open */
    int in_item;                /* an Item of ours is being filled */
    const char *version;
    const char *wrong;
    char text[MAX_TEXT + 1];    /* of the element that is open */
    apr_size_t len;
    apr_pool_t *p;
} reader_t;

static apr_status_t refuse(reader_t *r, const char *words)
{
    r->wrong = words;
    return SAN11_EMALFORMED;
}

static apr_status_t on_start(void *baton, int tag)
{
    reader_t *r = baton;

    if (r->depth == MAX_DEPTH) {
        return refuse(r, "elements are too deep for a notification");
    }
    if (tag == SYNCML_ALERT) {
        r->sync_type = 0;
    }
    if (tag == SYNCML_ITEM && r->depth
        && r->path[r->depth - 1] == SYNCML_ALERT) {
        san11_t *san = r->san;

        if (san->ndatastores == SAN_MAX_DATASTORES) {
            return refuse(r, "more than 15 datastores");
        }
        san->datastores[san->ndatastores].sync_type = r->sync_type;
        san->datastores[san->ndatastores].uri = "";
        san->types[san->ndatastores++] = "";
        r->in_item = 1;
    }
    r->path[r->depth++] = tag;
    r->len = 0;
    return APR_SUCCESS;
}

static apr_status_t on_text(void *baton, const char *data, apr_size_t len,
                            int opaque)
{
    reader_t *r = baton;

    if (len > MAX_TEXT - r->len || memchr(data, '\0', len)) {
        return refuse(r, "a text is too long or has a NUL");
    }
    memcpy(r->text + r->len, data, len);
    r->len += len;
    return APR_SUCCESS;
}

static int is_under(const reader_t *r, int parent, int grandparent)
{
    return r->depth >= 3 && r->path[r->depth - 2] == parent
           && r->path[r->depth - 3] == grandparent;
}

/* The text of a leaf to where it belongs; others are passed over. */
static void take(reader_t *r, int tag, const char *text)
{
    san11_t *san = r->san;
    int last = san->ndatastores - 1;

    if (tag == SYNCML_VERPROTO) {
        r->version = text;
    }
    else if (tag == SYNCML_SESSIONID) {
        san->session = text;
    }
    else if (tag == SYNCML_LOCURI
             && is_under(r, SYNCML_TARGET, SYNCML_SYNCHDR)) {
        san->device = text;
    }
    else if (tag == SYNCML_LOCURI
             && is_under(r, SYNCML_SOURCE, SYNCML_SYNCHDR)) {
        san->server_url = text;
    }
    else if (tag == SYNCML_DATA && r->depth >= 2
             && r->path[r->depth - 2] == SYNCML_ALERT) {
        r->sync_type = (int)strtol(text, NULL, 10);
    }
    else if (tag == SYNCML_LOCURI && r->in_item
             && is_under(r, SYNCML_SOURCE, SYNCML_ITEM)) {
        san->datastores[last].uri = text;
    }
    else if (tag == METINF_TYPE && r->in_item) {
        san->types[last] = text;
    }
}

static apr_status_t on_end(void *baton, int tag)
{
    reader_t *r = baton;

    if (r->len) {
        take(r, tag, apr_pstrmemdup(r->p, r->text, r->len));
        r->len = 0;
    }
    if (tag == SYNCML_ITEM) {
        r->in_item = 0;
    }
    r->depth--;
    return APR_SUCCESS;
}

static const char *complete(const reader_t *r)
{
    if (!r->version || strncmp(r->version, "SyncML/1.", 9)) {
        return "VerProto is not SyncML/1.x";
    }
    return !r->san->server_url ? "SyncHdr has no Source"
        : !r->san->ndatastores ? "there is no Alert with an Item"
        : NULL;
}

apr_status_t san11_decode(san11_t **san, const unsigned char *data,
                          apr_size_t len, const char **error, apr_pool_t *p)
{
    codec_limits_t limits = { .max_octets = SAN_MAX_OCTETS,
                              .max_depth = MAX_DEPTH, .max_events = 1000 };
    san11_t *s = apr_pcalloc(p, sizeof *s);
    reader_t r = { .san = s, .p = p };
    codec_sink_t sink = { on_start, on_end, on_text, &r };
    codec_info_t info;
    apr_status_t rv = codec_decode(CODEC_WBXML, data, len, &limits, &sink,
                                   &info, NULL);
    const char *wrong = rv == APR_SUCCESS ? complete(&r)
        : r.wrong ? r.wrong : info.error ? info.error : "no SyncML message";

    *san = NULL;
    if (wrong) {
        if (error) {
            *error = wrong;
        }
        return SAN11_EMALFORMED;
    }
    if (!s->device) {
        s->device = "";
    }
    if (!s->session) {
        s->session = "";
    }
    *san = s;
    return APR_SUCCESS;
}

/* ---- in words ---------------------------------------------------------- */

const char *san11_describe(const san11_t *san, apr_pool_t *p)
{
    const char *lines = apr_psprintf(p,
        "Notification: SyncML 1.1\nSession: %s\nServer: %s\nDevice: %s\n",
        san_printable(san->session, p), san_printable(san->server_url, p),
        san_printable(san->device, p));
    int i;

    for (i = 0; i < san->ndatastores; i++) {
        const san_datastore_t *ds = &san->datastores[i];
        const char *type = san->types[i] ? san->types[i]
                           : san11_type(ds->content_code);

        lines = apr_psprintf(p, "%sDatastore: %s; sync %d (%s); %s\n", lines,
                             san_printable(ds->uri, p), ds->sync_type,
                             san_sync_name(ds->sync_type),
                             *type ? san_printable(type, p)
                             : "by URI only");
    }
    return lines;
}
