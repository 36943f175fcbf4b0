/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* OMA DS 1.2 notification package: see san.h. */
#include "san.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_escape.h>
#include <apr_md5.h>
#include <apr_strings.h>
#include <apr_tables.h>

#define DIGEST_LEN   APR_MD5_DIGESTSIZE
#define HEADER_LEN   24             /* up to and with the server id's length */
#define VERSION_12   12             /* ten bits */
#define B64_MD5_LEN  25             /* base64 of 16 octets, with NUL */

static apr_status_t fail(apr_status_t rv, const char **error,
                         const char *words)
{
    if (error) {
        *error = words;
    }
    return rv;
}

/* body: octets 16 to the end */
static void make_digest(unsigned char out[DIGEST_LEN], const char *server_id,
                        const char *password, const char *nonce,
                        const unsigned char *body, apr_size_t body_len)
{
    unsigned char md5[DIGEST_LEN];
    char credentials[B64_MD5_LEN], content[B64_MD5_LEN];
    apr_md5_ctx_t ctx;

    apr_md5_init(&ctx);
    apr_md5_update(&ctx, server_id, strlen(server_id));
    apr_md5_update(&ctx, ":", 1);
    apr_md5_update(&ctx, password, strlen(password));
    apr_md5_final(md5, &ctx);
    apr_base64_encode_binary(credentials, md5, DIGEST_LEN);

    apr_md5(md5, body, body_len);
    apr_base64_encode_binary(content, md5, DIGEST_LEN);

    apr_md5_init(&ctx);
    apr_md5_update(&ctx, credentials, strlen(credentials));
    apr_md5_update(&ctx, ":", 1);
    apr_md5_update(&ctx, nonce, strlen(nonce));
    apr_md5_update(&ctx, ":", 1);
    apr_md5_update(&ctx, content, strlen(content));
    apr_md5_final(out, &ctx);
}

/* ---- encoding ---------------------------------------------------------- */

/* Words for the first field outside its limits, or NULL. */
static const char *check(const san_t *san, apr_pool_t *p)
{
    int i;

    if (!san->server_id || !*san->server_id
        || strlen(san->server_id) > SAN_MAX_SERVER_ID) {
        return "the server id must have 1 to 255 octets";
    }
    if (san->ui_mode < SAN_UI_UNSPECIFIED
        || san->ui_mode > SAN_UI_INTERACTION) {
        return "the user interaction mode must be 0 to 3";
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
        if (ds->content_code > SAN_MAX_CONTENT) {
            return apr_psprintf(p, "the content type number %u has more "
                                "than 24 bits", ds->content_code);
        }
        if (!ds->uri || strlen(ds->uri) > SAN_MAX_URI) {
            return "a datastore's URI has at most 255 octets";
        }
    }
    if (san->vendor_len > SAN_MAX_OCTETS / 4) {
        return apr_psprintf(p, "vendor data has at most %d octets",
                            SAN_MAX_OCTETS / 4);
    }
    return NULL;
}

static apr_size_t encoded_size(const san_t *san)
{
    apr_size_t n = HEADER_LEN + strlen(san->server_id) + 1 + san->vendor_len;
    int i;

    for (i = 0; i < san->ndatastores; i++) {
        n += 5 + strlen(san->datastores[i].uri);
    }
    return n;
}

static unsigned char *put_text(unsigned char *d, const char *text)
{
    apr_size_t n = strlen(text);

    *d++ = (unsigned char)n;
    memcpy(d, text, n);
    return d + n;
}

apr_status_t san_encode(const unsigned char **out, apr_size_t *len,
                        const san_t *san, const char *password,
                        const char *nonce, const char **error, apr_pool_t *p)
{
    const char *wrong = check(san, p);
    unsigned char *buf, *d;
    int i;

    *out = NULL;
    *len = 0;
    if (wrong) {
        return fail(APR_EINVAL, error, wrong);
    }
    *len = encoded_size(san);
    buf = apr_pcalloc(p, *len);
    d = buf + DIGEST_LEN;

    /* ten bits version, two ui-mode, one initiator, 27 for the future */
    *d++ = VERSION_12 >> 2;
    *d++ = (unsigned char)((VERSION_12 & 3) << 6 | (san->ui_mode & 3) << 4
                           | (san->by_server ? 1 : 0) << 3);
    d += 3;
    *d++ = san->session >> 8;
    *d++ = san->session & 0xFF;
    d = put_text(d, san->server_id);
    *d++ = (unsigned char)(san->ndatastores << 4);
    for (i = 0; i < san->ndatastores; i++) {
        const san_datastore_t *ds = &san->datastores[i];

        *d++ = (unsigned char)((ds->sync_type - 200) << 4);
        *d++ = ds->content_code >> 16 & 0xFF;
        *d++ = ds->content_code >> 8 & 0xFF;
        *d++ = ds->content_code & 0xFF;
        d = put_text(d, ds->uri);
    }
    if (san->vendor_len) {
        memcpy(d, san->vendor, san->vendor_len);
    }
    make_digest(buf, san->server_id, password, nonce, buf + DIGEST_LEN,
                *len - DIGEST_LEN);
    *out = buf;
    return APR_SUCCESS;
}

/* ---- decoding ---------------------------------------------------------- */

typedef struct reader_t {
    const unsigned char *at, *end;
    apr_pool_t *p;
} reader_t;

/* A length octet and that much text without NUL; NULL if it is not there. */
static const char *get_text(reader_t *r)
{
    apr_size_t n;
    const unsigned char *text;

    if (r->at == r->end) {
        return NULL;
    }
    n = *r->at;
    if ((apr_size_t)(r->end - r->at) - 1 < n
        || memchr(r->at + 1, '\0', n)) {
        return NULL;
    }
    text = r->at + 1;
    r->at += 1 + n;
    return apr_pstrmemdup(r->p, (const char *)text, n);
}

static const char *get_datastore(reader_t *r, san_datastore_t *ds)
{
    if (r->end - r->at < 5) {
        return "ends inside a datastore";
    }
    ds->sync_type = 200 + (r->at[0] >> 4);
    ds->content_code = (apr_uint32_t)r->at[1] << 16 | r->at[2] << 8
                       | r->at[3];
    r->at += 4;
    ds->uri = get_text(r);
    return ds->uri ? NULL : "a datastore's URI is cut short or has a NUL";
}

/* Words for what is wrong, or NULL. */
static const char *get_package(reader_t *r, san_t *san)
{
    int i, n;

    if (r->end - r->at < HEADER_LEN) {
        return "shorter than a notification's header (24 octets)";
    }
    if (r->end - r->at > SAN_MAX_OCTETS) {
        return "longer than any notification";
    }
    if ((r->at[16] << 2 | r->at[17] >> 6) != VERSION_12) {
        return "the version is not 1.2";
    }
    memcpy(san->digest, r->at, DIGEST_LEN);
    san->ui_mode = (san_ui_e)(r->at[17] >> 4 & 3);
    san->by_server = r->at[17] >> 3 & 1;
    san->session = (apr_uint16_t)(r->at[21] << 8 | r->at[22]);
    r->at += HEADER_LEN - 1;
    san->server_id = get_text(r);
    if (!san->server_id) {
        return "the server id is cut short or has a NUL";
    }
    if (r->at == r->end) {
        return "ends before the number of datastores";
    }
    n = *r->at++ >> 4;
    for (i = 0; i < n; i++) {
        const char *wrong = get_datastore(r, &san->datastores[i]);

        if (wrong) {
            return wrong;
        }
    }
    san->ndatastores = n;
    san->vendor_len = r->end - r->at;
    if (san->vendor_len) {
        san->vendor = apr_pmemdup(r->p, r->at, san->vendor_len);
    }
    return NULL;
}

apr_status_t san_decode(san_t **san, const unsigned char *data,
                        apr_size_t len, const char **error, apr_pool_t *p)
{
    reader_t r = { data, data + len, p };
    san_t *s = apr_pcalloc(p, sizeof *s);
    const char *wrong = get_package(&r, s);

    *san = wrong ? NULL : s;
    return wrong ? fail(SAN_EMALFORMED, error, wrong) : APR_SUCCESS;
}

int san_verify(const unsigned char *data, apr_size_t len,
               const char *server_id, const char *password,
               const char *nonce)
{
    unsigned char digest[DIGEST_LEN];

    if (len < DIGEST_LEN) {
        return 0;
    }
    make_digest(digest, server_id, password, nonce, data + DIGEST_LEN,
                len - DIGEST_LEN);
    return memcmp(digest, data, DIGEST_LEN) == 0;
}

/* ---- in words ---------------------------------------------------------- */

const char *san_sync_name(int type)
{
    switch (type) {
    case SAN_SYNC_TWO_WAY: return "two-way";
    case SAN_SYNC_ONE_WAY_FROM_CLIENT: return "one-way from client";
    case SAN_SYNC_REFRESH_FROM_CLIENT: return "refresh from client";
    case SAN_SYNC_ONE_WAY_FROM_SERVER: return "one-way from server";
    case SAN_SYNC_REFRESH_FROM_SERVER: return "refresh from server";
    default: return "unknown";
    }
}

/* The numbers that phones know for what they sync. */
static const char *content_name(apr_uint32_t code)
{
    switch (code) {
    case 0: return "by URI only";
    case 0x03: return "text/plain";
    case 0x06: return "text/x-vcalendar";
    case 0x07: return "text/x-vcard";
    case 0x0305: return "text/calendar";
    case 0x0306: return "e-mail object";
    case 0x0307: return "file object";
    case 0x0309: return "text/directory; profile=vCard";
    default: return "other";
    }
}

const char *san_printable(const char *text, apr_pool_t *p)
{
    static const char hex[] = "0123456789ABCDEF";
    char *out = apr_palloc(p, 4 * strlen(text) + 1), *d = out;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c >= 0x20 && c < 0x7F && c != '\\') {
            *d++ = (char)c;
        }
        else {
            *d++ = '\\';
            *d++ = 'x';
            *d++ = hex[c >> 4];
            *d++ = hex[c & 15];
        }
    }
    *d = '\0';
    return out;
}

const char *san_describe(const san_t *san, apr_pool_t *p)
{
    static const char *const modes[] = {
        "unspecified", "background", "informative", "user interaction"
    };
    apr_array_header_t *lines = apr_array_make(p, 12, sizeof(char *));
    int i;

#define LINE(...) \
    (*(const char **)apr_array_push(lines) = apr_psprintf(p, __VA_ARGS__))
    LINE("Notification: OMA DS 1.2\n");
    LINE("Digest: %s\n", apr_pescape_hex(p, san->digest, DIGEST_LEN, 0));
    LINE("Mode: %s\n", modes[san->ui_mode & 3]);
    LINE("Initiator: %s\n", san->by_server ? "server" : "client");
    LINE("Session: %u\n", san->session);
    LINE("Server-Id: %s\n", san_printable(san->server_id, p));
    for (i = 0; i < san->ndatastores; i++) {
        const san_datastore_t *ds = &san->datastores[i];

        LINE("Datastore: %s; sync %d (%s); content 0x%X (%s)\n",
             san_printable(ds->uri, p), ds->sync_type,
             san_sync_name(ds->sync_type), ds->content_code,
             content_name(ds->content_code));
    }
    if (san->ndatastores == 0) {
        LINE("Datastore: all\n");
    }
    if (san->vendor_len) {
        LINE("Vendor: %s\n", apr_pescape_hex(p, san->vendor,
                                             san->vendor_len, 0));
    }
#undef LINE
    return apr_array_pstrcat(p, lines, 0);
}
