/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The wire format of connections held open: see ctp.h. */
#include "ctp.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_general.h>
#include <apr_md5.h>

#define B64_MD5  24             /* characters of 16 octets in base64 */

static apr_status_t refuse(const char **error, const char *words)
{
    if (error) {
        *error = words;
    }
    return CTP_EMALFORMED;
}

static apr_status_t read_params(ctp_message_t *m, const unsigned char *at,
                                const unsigned char *end,
                                const char **error)
{
    while (at < end) {
        ctp_param_t *p;

        if (m->nparams == CTP_MAX_PARAMS) {
            return refuse(error, "more parameters than any message has");
        }
        if (end - at < 2 || end - at - 2 < at[1]) {
            return refuse(error, "a parameter is cut short");
        }
        p = &m->params[m->nparams++];
        p->code = at[0];
        p->len = at[1];
        p->value = at + 2;
        at += 2 + p->len;
    }
    return APR_SUCCESS;
}

apr_status_t ctp_read(ctp_message_t *message, const unsigned char *data,
                      apr_size_t len, apr_size_t *used, const char **error)
{
    apr_status_t rv;
    apr_size_t n;

    memset(message, 0, sizeof *message);
    *used = 0;
    if (len < 2) {
        return APR_INCOMPLETE;
    }
    n = (apr_size_t)data[0] << 8 | data[1];
    if (n < 2 || n > CTP_MAX_IN - 2) {
        return refuse(error, "no message has this length");
    }
    if (len > 2 && (data[2] & 0xF0) != CTP_VERSION) {
        return refuse(error, "the version is not 1.x");
    }
    if (len - 2 < n) {
        return APR_INCOMPLETE;
    }
    message->code = data[3];
    rv = read_params(message, data + 4, data + 2 + n, error);
    *used = rv == APR_SUCCESS ? n + 2 : 0;
    return rv;
}

const ctp_param_t *ctp_param(const ctp_message_t *message, int code)
{
    int i;

    for (i = 0; i < message->nparams; i++) {
        if (message->params[i].code == code) {
            return &message->params[i];
        }
    }
    return NULL;
}

apr_size_t ctp_write(unsigned char out[CTP_MAX_OUT], int code, int param,
                     const void *value, apr_size_t len)
{
    apr_size_t n = 2;

    out[2] = CTP_VERSION;
    out[3] = (unsigned char)code;
    if (param) {
        len = len > CTP_MAX_SAN ? CTP_MAX_SAN : len;
        out[4] = (unsigned char)param;
        out[5] = (unsigned char)len;
        memcpy(out + 6, value, len);
        n += 2 + len;
    }
    out[0] = (unsigned char)(n >> 8);
    out[1] = n & 0xFF;
    return n + 2;
}

int ctp_digest_matches(const ctp_param_t *cred, const char *user,
                       const char *password, const char *nonce)
{
    unsigned char md5[APR_MD5_DIGESTSIZE], wrong = 0;
    char text[B64_MD5 + 1];
    apr_md5_ctx_t ctx;
    int i;

    apr_md5_init(&ctx);
    apr_md5_update(&ctx, user, strlen(user));
    apr_md5_update(&ctx, ":", 1);
    apr_md5_update(&ctx, password, strlen(password));
    apr_md5_final(md5, &ctx);
    apr_base64_encode_binary(text, md5, sizeof md5);

    apr_md5_init(&ctx);
    apr_md5_update(&ctx, text, B64_MD5);
    apr_md5_update(&ctx, ":", 1);
    apr_md5_update(&ctx, nonce, strlen(nonce));
    apr_md5_final(md5, &ctx);
    apr_base64_encode_binary(text, md5, sizeof md5);

    if (cred->len != B64_MD5) {
        return 0;
    }
    for (i = 0; i < B64_MD5; i++) {
        wrong |= cred->value[i] ^ (unsigned char)text[i];
    }
    return !wrong;
}

apr_status_t ctp_nonce(char out[CTP_NONCE + 1])
{
    unsigned char random[CTP_NONCE / 4 * 3];
    apr_status_t rv = apr_generate_random_bytes(random, sizeof random);

    if (rv == APR_SUCCESS) {
        apr_base64_encode_binary(out, random, sizeof random);
    }
    return rv;
}
