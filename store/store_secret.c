/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "store_secret.h"

#define KEY_LEN     32
#define NONCE_LEN   12
#define TAG_LEN     16
#define CHECK_LEN   16
/* A ciphertext: format, nonce, octets of the password, tag. */
#define FORMAT      1
#define OVERHEAD    (1 + NONCE_LEN + TAG_LEN)

struct store_secret_t {
    unsigned char key[KEY_LEN];
    char check[2 * CHECK_LEN + 1];
};

static apr_status_t wipe(void *baton)
{
    OPENSSL_cleanse(baton, sizeof(store_secret_t));
    return APR_SUCCESS;
}

static apr_status_t write_all(int fd, const unsigned char *buf, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, buf, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        buf += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? APR_SUCCESS : errno;
}

/* The directory entry is durable only when the directory is. */
static apr_status_t sync_dir(const char *file, apr_pool_t *p)
{
    const char *slash = strrchr(file, '/');
    const char *dir = !slash ? "." : slash == file ? "/"
                      : apr_pstrmemdup(p, file, slash - file);
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t rv = APR_SUCCESS;

    if (fd < 0)
        return errno;
    if (fsync(fd) != 0)
        rv = errno;
    close(fd);
    return rv;
}

/* Make the file whole under another name and link it into place: whoever
 * sees it sees 32 octets, and of several creators the first one wins. */
static apr_status_t make_file(const char *file, apr_pool_t *p)
{
    unsigned char key[KEY_LEN], tag[8];
    const char *temp;
    apr_status_t rv;
    int fd;

    if (RAND_bytes(key, sizeof(key)) != 1
        || RAND_bytes(tag, sizeof(tag)) != 1)
        return APR_EGENERAL;
    temp = apr_psprintf(p, "%s.%02x%02x%02x%02x%02x%02x%02x%02x", file,
                        tag[0], tag[1], tag[2], tag[3], tag[4], tag[5],
                        tag[6], tag[7]);
    fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
              0600);
    if (fd < 0) {
        rv = errno;
    }
    else {
        rv = write_all(fd, key, sizeof(key));
        if (close(fd) != 0 && rv == APR_SUCCESS)
            rv = errno;
        if (rv == APR_SUCCESS && link(temp, file) != 0 && errno != EEXIST)
            rv = errno;
        unlink(temp);
        if (rv == APR_SUCCESS)
            rv = sync_dir(file, p);
    }
    OPENSSL_cleanse(key, sizeof(key));
    return rv;
}

/* What is wrong with this open key file, or NULL. */
static const char *complaint(int fd, unsigned char *key, apr_pool_t *p)
{
    unsigned char buf[KEY_LEN + 1];
    struct stat st;
    const char *words = NULL;
    ssize_t n;

    if (fstat(fd, &st) != 0)
        return apr_psprintf(p, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return "it is not a regular file";
    if (st.st_mode & 077)
        return apr_psprintf(p, "its mode %04o lets others than its owner at "
                            "it: chmod 600 it, and think about whether the "
                            "passwords are still secret",
                            (unsigned)(st.st_mode & 07777));
    do {
        n = read(fd, buf, sizeof(buf));
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        words = apr_psprintf(p, "%s", strerror(errno));
    else if (n != KEY_LEN || st.st_size != KEY_LEN)
        words = apr_psprintf(p, "it has %" APR_OFF_T_FMT " octets instead "
                             "of %d: it is no key file, or a damaged one",
                             (apr_off_t)st.st_size, KEY_LEN);
    else
        memcpy(key, buf, KEY_LEN);
    OPENSSL_cleanse(buf, sizeof(buf));
    return words;
}

static int make_check(store_secret_t *secret)
{
    static const char words[] = "mod_syncml store key check";
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    int i;

    if (!HMAC(EVP_sha256(), secret->key, KEY_LEN,
              (const unsigned char *)words, sizeof(words) - 1, mac, &len)
        || len < CHECK_LEN)
        return 0;
    for (i = 0; i < CHECK_LEN; i++)
        snprintf(secret->check + 2 * i, 3, "%02x", mac[i]);
    return 1;
}

apr_status_t store_secret_open(store_secret_t **secret, const char *file,
                               int create, const char **error, apr_pool_t *p)
{
    store_secret_t *s = apr_pcalloc(p, sizeof(*s));
    const char *words = NULL;
    apr_status_t rv = APR_SUCCESS;
    int fd;

    *secret = NULL;
    fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT && create) {
        rv = make_file(file, p);
        if (rv != APR_SUCCESS) {
            char buf[120];

            *error = apr_psprintf(p, "cannot make the key file %s: %s", file,
                                  apr_strerror(rv, buf, sizeof(buf)));
            return STORE_EKEY;
        }
        fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    }
    if (fd < 0) {
        words = strerror(errno);
    }
    else {
        apr_pool_cleanup_register(p, s, wipe, apr_pool_cleanup_null);
        words = complaint(fd, s->key, p);
        close(fd);
    }
    if (words) {
        *error = apr_psprintf(p, "the key file %s cannot be used: %s", file,
                              words);
        return STORE_EKEY;
    }
    if (!make_check(s)) {
        *error = "OpenSSL refuses HMAC-SHA256";
        return STORE_EKEY;
    }
    *secret = s;
    return APR_SUCCESS;
}

const char *store_secret_check(const store_secret_t *secret)
{
    return secret->check;
}

static int account_aad(char *buf, size_t size, store_id_t account)
{
    return snprintf(buf, size, "account %lld", (long long)account);
}

apr_status_t store_secret_seal(const store_secret_t *secret,
                               store_id_t account, const char *password,
                               const unsigned char **out, apr_size_t *len,
                               apr_pool_t *p)
{
    size_t n = strlen(password);
    unsigned char *buf = apr_palloc(p, OVERHEAD + n);
    unsigned char *nonce = buf + 1, *text = nonce + NONCE_LEN;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    char aad[40];
    int aad_len = account_aad(aad, sizeof(aad), account), k = 0, ok;

    *out = NULL;
    *len = 0;
    buf[0] = FORMAT;
    ok = ctx && RAND_bytes(nonce, NONCE_LEN) == 1
         && EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret->key,
                               nonce) == 1
         && EVP_EncryptUpdate(ctx, NULL, &k, (unsigned char *)aad,
                              aad_len) == 1
         && EVP_EncryptUpdate(ctx, text, &k,
                              (const unsigned char *)password, (int)n) == 1
         && EVP_EncryptFinal_ex(ctx, text + n, &k) == 1
         && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_LEN,
                                text + n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        return APR_EGENERAL;
    *out = buf;
    *len = OVERHEAD + n;
    return APR_SUCCESS;
}

apr_status_t store_secret_unseal(const store_secret_t *secret,
                                 store_id_t account,
                                 const unsigned char *in, apr_size_t len,
                                 const char **password, apr_pool_t *p)
{
    EVP_CIPHER_CTX *ctx;
    unsigned char tag[TAG_LEN], *text;
    char aad[40];
    int aad_len = account_aad(aad, sizeof(aad), account), k = 0, n, ok;

    *password = NULL;
    if (len < OVERHEAD || len > OVERHEAD + STORE_MAX_PASSWORD
        || in[0] != FORMAT)
        return STORE_EKEY;
    n = (int)(len - OVERHEAD);
    text = apr_palloc(p, n + 1);
    memcpy(tag, in + len - TAG_LEN, TAG_LEN);
    ctx = EVP_CIPHER_CTX_new();
    ok = ctx
         && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret->key,
                               in + 1) == 1
         && EVP_DecryptUpdate(ctx, NULL, &k, (unsigned char *)aad,
                              aad_len) == 1
         && EVP_DecryptUpdate(ctx, text, &k, in + 1 + NONCE_LEN, n) == 1
         && EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_LEN,
                                tag) == 1
         && EVP_DecryptFinal_ex(ctx, text + n, &k) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok) {
        OPENSSL_cleanse(text, n + 1);
        return STORE_EKEY;
    }
    text[n] = '\0';
    *password = (char *)text;
    return APR_SUCCESS;
}
