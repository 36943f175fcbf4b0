/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file store/store_secret.h
 * @brief Passwords under the key file: AES-256-GCM.
 *
 * auth-md5 of SyncML 1.0 and the digest of a Server Alerted Notification are
 * computed from the password itself, so it must be kept in a form that can be
 * read again.  The key lies outside the database: a copied database alone
 * gives no password away.  The account's id is authenticated with each
 * ciphertext, so that one put into another account's row does not open.
 */
#ifndef SYNCML_STORE_SECRET_H
#define SYNCML_STORE_SECRET_H

#include "store_driver.h"

/** The setting with secret_check()'s words. */
#define STORE_KEY_CHECK  "store.key-check"

/**
 * Read the key file.
 * @param create  non-zero: make it if it does not exist, with mode 0600.
 *                Of several processes that do so at once all get one key.
 * @param error   out: words for an admin on failure
 * @param p       wiped and freed with this pool
 * @return APR_SUCCESS or STORE_EKEY (missing, unreadable, not a regular
 *         file, of another size than 32, or open to others than its owner)
 */
apr_status_t store_secret_open(store_secret_t **secret, const char *file,
                               int create, const char **error,
                               apr_pool_t *p);

/** A text that tells this key from others and nothing else about it. */
const char *store_secret_check(const store_secret_t *secret);

/** @param out  out: the ciphertext, in p */
apr_status_t store_secret_seal(const store_secret_t *secret,
                               store_id_t account, const char *password,
                               const unsigned char **out, apr_size_t *len,
                               apr_pool_t *p);

/** @return STORE_EKEY if it was not sealed by this key for this account */
apr_status_t store_secret_unseal(const store_secret_t *secret,
                                 store_id_t account,
                                 const unsigned char *in, apr_size_t len,
                                 const char **password, apr_pool_t *p);

#endif
