/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Who is it?  auth-basic is base64(user:password) and is checked by the HTTP
 * side's providers.  auth-md5 is, from SyncML 1.1 on,
 * base64(MD5(base64(MD5(user:password)):nonce)); 1.0 has MD5(user:password:
 * nonce), which over WBXML comes as 16 raw octets (SyncML Representation
 * Protocol 1.0 and 1.1, 5.x "Authentication"; both seen with SyncEvolution).
 *
 * Nonces.  A failed login never writes the store and never moves a nonce, so
 * nobody can lock a phone out by failing in its name.  A device that has
 * logged in before has the nonce that it was given at the end of its last
 * login, and the one before in case it missed the answer.  Any other device
 * gets a nonce derived from its id and the hour.
 */
#include "mod_syncml/sml_session.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_general.h>
#include <apr_strings.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#define NONCE_OCTETS    9       /* 12 characters */
#define NONCE_WINDOW    apr_time_from_sec(3600)
#define MAX_CRED        1024

static const char *base64(const void *data, apr_size_t len, apr_pool_t *p)
{
    char *text = apr_palloc(p, (apr_size_t)apr_base64_encode_len((int)len));

    apr_base64_encode_binary(text, data, (int)len);
    return text;
}

static void md5(unsigned char digest[16], const char *text, apr_size_t len)
{
    unsigned n = 16;

    EVP_Digest(text, len, digest, &n, EVP_md5(), NULL);
}

/* A nonce stands for any octets, but clients keep what they decode as text:
 * with an octet 0 inside, SyncEvolution failed in one login of twenty.  So
 * the octets are printable, and base64 once more on the wire. */
static const char *printable_nonce(const unsigned char *octets,
                                   apr_pool_t *p)
{
    const char *text = base64(octets, NONCE_OCTETS, p);

    return base64(text, strlen(text), p);
}

const char *sml_nonce(apr_pool_t *p)
{
    unsigned char random[NONCE_OCTETS];

    if (apr_generate_random_bytes(random, sizeof(random)) != APR_SUCCESS) {
        return NULL;
    }
    return printable_nonce(random, p);
}

/* Made with the server id, so it is there before the first request. */
static const char *nonce_key(store_tx_t *tx)
{
    const char *key;

    return store_setting_get(tx, SML_NONCE_KEY_SETTING, &key) == APR_SUCCESS ? key : "";
}

static const char *derived_nonce(const char *key, const char *devid,
                                 apr_time_t now, int back, apr_pool_t *p)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = sizeof(mac);
    const char *text = apr_psprintf(p, "%" APR_INT64_T_FMT ":%s",
                                    now / NONCE_WINDOW - back, devid);

    if (HMAC(EVP_sha256(), key, (int)strlen(key),
             (const unsigned char *)text, strlen(text), mac, &len) == NULL) {
        return NULL;
    }
    return printable_nonce(mac, p);
}

/* ---- digests ------------------------------------------------------------ */

static int equal_digest(const sml_cred_t *cred, const unsigned char d[16],
                        apr_pool_t *p)
{
    const char *text;
    apr_size_t len = cred->len;

    if (len == 16 && CRYPTO_memcmp(cred->data, d, 16) == 0) {
        return 1;
    }
    while (len > 0 && strchr(" \t\r\n", cred->data[len - 1]) != NULL) {
        len--;
    }
    text = base64(d, 16, p);
    return len == strlen(text) && CRYPTO_memcmp(cred->data, text, len) == 0;
}

/* MD5(text:nonce), the nonce as the octets that its base64 stands for. */
static void md5_with_nonce(unsigned char d[16], const char *text,
                           const char *nonce, apr_pool_t *p)
{
    apr_size_t head = strlen(text);
    char *buf = apr_palloc(p, head + 1
                              + (apr_size_t)apr_base64_decode_len(nonce));
    int n;

    memcpy(buf, text, head);
    buf[head] = ':';
    n = apr_base64_decode_binary((unsigned char *)buf + head + 1, nonce);
    md5(d, buf, head + 1 + (apr_size_t)n);
}

static int digest_is_right(const sml_message_t *in, const char *user,
                           const char *password, const char *nonce,
                           apr_pool_t *p)
{
    const char *pair = apr_pstrcat(p, user, ":", password, NULL);
    unsigned char d[16];

    md5(d, pair, strlen(pair));
    md5_with_nonce(d, base64(d, 16, p), nonce, p);
    if (equal_digest(in->cred, d, p)) {
        return 1;
    }
    if (in->version == CODEC_V10) {
        md5_with_nonce(d, pair, nonce, p);
        return equal_digest(in->cred, d, p);
    }
    return 0;
}

/* ---- what the store knows ----------------------------------------------- */

/* What is looked up for a login; without a device id, of the account only. */
typedef struct known_t {
    int exists;                 /* the account is in the store */
    const char *password;       /* NULL: none kept */
    const char *nonces[4];      /* acceptable now, the best first */
    apr_status_t rv;
} known_t;

static apr_status_t read_known(store_tx_t *tx, const char *user,
                               const char *devid, known_t *known,
                               apr_pool_t *p)
{
    const char *key = nonce_key(tx);
    apr_time_t now = apr_time_now();
    store_account_t *account;
    store_device_t *device;
    apr_status_t rv;
    int n = 0;

    rv = user ? store_account_find(tx, user, &account) : APR_NOTFOUND;
    if (rv == APR_SUCCESS) {
        known->exists = 1;
        rv = store_account_password(tx, account->id, &known->password);
        if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
            return rv;
        }
        rv = devid ? store_device_find(tx, account->id, devid, &device)
                   : APR_NOTFOUND;
        if (rv == APR_SUCCESS && *device->nonce) {
            known->nonces[n++] = device->nonce;
            if (*device->nonce_prev) {
                known->nonces[n++] = device->nonce_prev;
            }
        }
    }
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        return rv;
    }
    if (n == 0 && devid != NULL) {
        known->nonces[n++] = derived_nonce(key, devid, now, 0, p);
        known->nonces[n++] = derived_nonce(key, devid, now, 1, p);
    }
    return APR_SUCCESS;
}

static void know(store_t *store, const char *user, const char *devid,
                 known_t *known, apr_pool_t *p)
{
    store_tx_t *tx;

    memset(known, 0, sizeof(*known));
    known->rv = store_begin(&tx, store, STORE_READ, p);
    if (known->rv == APR_SUCCESS) {
        known->rv = read_known(tx, user, devid, known, p);
        store_rollback(&tx);
    }
}

/* ---- too many failures ---------------------------------------------------- */

/* @return non-zero if this login is not to be tried now */
static int must_wait(const sml_config_t *config, const sml_message_t *in,
                     sml_login_t *login, apr_pool_t *p)
{
    int seconds = config->login_wait == NULL ? 0
                : config->login_wait(config->check_baton,
                                     login->user ? login->user : "",
                                     in->source.uri);

    if (seconds <= 0) {
        return 0;
    }
    login->code = 503;
    login->why = apr_psprintf(p, "too many failed logins; the next try is "
                              "allowed in %d s", seconds);
    return 1;
}

/* ---- the two schemes ---------------------------------------------------- */

static void check_md5(const sml_config_t *config, const sml_message_t *in,
                      const known_t *known, sml_login_t *login,
                      apr_pool_t *p)
{
    int i;

    if (must_wait(config, in, login, p)) {
        return;
    }
    login->code = 401;
    if (login->user == NULL) {
        login->why = "auth-md5 without a user name (SyncHdr Source LocName)";
        return;
    }
    if (known->password == NULL) {
        login->why = known->exists
            ? "auth-md5 needs the account's password in the store"
            : "no such account";
        return;
    }
    for (i = 0; i < 4 && known->nonces[i] != NULL; i++) {
        if (digest_is_right(in, login->user, known->password,
                            known->nonces[i], p)) {
            login->code = 212;
            login->used_nonce = known->nonces[i];
            return;
        }
    }
    /* At first contact the client has no nonce yet: no reason to warn. */
    if (!digest_is_right(in, login->user, known->password, "", p)) {
        login->why = "wrong digest (password or nonce)";
    }
}

/* "user:password", given as base64 or, by some clients, as it is. */
static char *basic_pair(const sml_cred_t *cred, apr_pool_t *p)
{
    char *pair;
    int n;

    if (memchr(cred->data, ':', cred->len) != NULL) {
        return apr_pstrmemdup(p, cred->data, cred->len);
    }
    pair = apr_palloc(p, (apr_size_t)apr_base64_decode_len(cred->data) + 1);
    n = apr_base64_decode(pair, cred->data);
    pair[n] = '\0';
    return pair;
}

static void check_basic(const sml_config_t *config, const sml_message_t *in,
                        sml_login_t *login, apr_pool_t *p)
{
    char *pair = basic_pair(in->cred, p);
    char *colon = strchr(pair, ':');
    apr_status_t rv;

    login->code = 401;
    if (colon == NULL || colon == pair) {
        login->why = "auth-basic without user:password";
        return;
    }
    *colon = '\0';
    login->user = pair;
    if (strlen(pair) > STORE_MAX_NAME) {
        login->why = "user name too long";
        return;
    }
    if (must_wait(config, in, login, p)) {
        return;
    }
    rv = config->check_password(config->check_baton, pair, colon + 1);
    OPENSSL_cleanse(colon + 1, strlen(colon + 1));
    if (rv == APR_SUCCESS) {
        login->code = 200;
    }
    else if (rv == APR_EACCES) {
        login->why = "wrong password";
    }
    else if (rv == APR_NOTFOUND) {
        login->why = "no such account";
    }
    else {
        login->code = 500;
        login->why = "the password could not be checked";
    }
}

static int scheme_of(const sml_cred_t *cred)
{
    const char *type = cred->meta.type;

    if (type != NULL && strcasecmp(type, "syncml:auth-md5") == 0) {
        return SML_AUTH_MD5;
    }
    if (type == NULL || strcasecmp(type, "syncml:auth-basic") == 0) {
        return SML_AUTH_BASIC;
    }
    return 0;
}

/* The scheme that the client used, where it is allowed; else the stronger
 * one that can work for this account. */
static int scheme_to_ask(const sml_config_t *config, int used,
                         const known_t *known)
{
    int allowed = config->auth_schemes;

    if (allowed == (SML_AUTH_BASIC | SML_AUTH_MD5)) {
        if (known->password == NULL
            && (known->exists || config->other_accounts)) {
            return SML_AUTH_BASIC;
        }
        return used ? used : SML_AUTH_MD5;
    }
    return allowed;
}

/* A client that comes with a scheme that is not offered is told once which
 * one is (401 has to bring a challenge).  If it insists within the same
 * session, it has no other: the same challenge again would be answered in the
 * same way, by some clients for ever. */
static void wrong_scheme(const sml_message_t *in, sml_login_t *login)
{
    int insists = sml_number(in->msg_id) > 1;

    login->code = insists ? 403 : 401;
    login->why = insists ? "authentication scheme not offered, again"
                         : "authentication scheme not offered";
}

void sml_cred_check(const sml_config_t *config, store_t *store,
                    const sml_message_t *in, sml_login_t *login,
                    apr_pool_t *p)
{
    const sml_cred_t *cred = in->cred;
    char buf[128];
    int used = 0;
    known_t known;

    memset(login, 0, sizeof(*login));
    login->user = in->source.name && *in->source.name ? in->source.name
                                                       : NULL;
    if (login->user != NULL && strlen(login->user) > STORE_MAX_NAME) {
        login->user = NULL;
    }
    know(store, login->user, in->source.uri, &known, p);
    login->code = 407;
    if (known.rv != APR_SUCCESS) {
        login->code = 500;
        login->why = "the store could not be read";
        sml_log(config, 3, known.rv, "login of device %s: the store could not "
                "be read: %s", in->source.uri,
                store_strerror(known.rv, buf, sizeof(buf)));
    }
    else if (cred != NULL && cred->data != NULL && cred->len <= MAX_CRED) {
        used = scheme_of(cred);
        if (used == 0 || (used & config->auth_schemes) == 0) {
            wrong_scheme(in, login);
            used = 0;
        }
        else if (used == SML_AUTH_MD5) {
            check_md5(config, in, &known, login, p);
        }
        else {
            check_basic(config, in, login, p);
        }
    }
    login->scheme = scheme_to_ask(config, used, &known);
    login->nonce = known.nonces[0];
    if (known.password != NULL) {
        char *secret = (char *)(apr_uintptr_t)known.password;

        OPENSSL_cleanse(secret, strlen(secret));
    }
}

apr_status_t sml_check_store_password(store_t *store, const char *user,
                                      const char *password, apr_pool_t *p)
{
    unsigned char right[32], given[32];
    unsigned n = 32;
    known_t known;

    know(store, user, NULL, &known, p);
    if (known.rv != APR_SUCCESS) {
        return known.rv;
    }
    if (known.password == NULL) {
        return APR_NOTFOUND;    /* not for us to say: ask the next provider */
    }
    EVP_Digest(known.password, strlen(known.password), right, &n,
               EVP_sha256(), NULL);
    EVP_Digest(password, strlen(password), given, &n, EVP_sha256(), NULL);
    return CRYPTO_memcmp(right, given, 32) == 0 ? APR_SUCCESS : APR_EACCES;
}
