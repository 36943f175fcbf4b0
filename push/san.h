/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/san.h
 * @brief The Server Alerted Notification of OMA DS 1.2: the octets that tell
 * a device which datastores to sync.
 *
 * The package is a digest of 16 octets, a header of 8, the server's
 * identifier and a list of at most 15 datastores (the count has four bits).
 * It is built complete or not at all: a phone's alert queue fails on a
 * package that is cut short.  The format allows a count of 0 for "all
 * datastores", but phones then sync nothing, so the encoder wants at least
 * one; the decoder takes any count.
 *
 * The digest is
 *   MD5(B64(MD5(server-id ":" password)) ":" nonce ":" B64(MD5(octets 16..)))
 * with both colons kept when password and nonce are empty, as in Nokia's own
 * packages.  No known device verifies it; what counts is that a new session
 * id makes every package different.
 *
 * Nothing here keeps state; results live in the pool given.
 */
#ifndef SYNCML_PUSH_SAN_H
#define SYNCML_PUSH_SAN_H

#include <apr_errno.h>
#include <apr_pools.h>

/** Limits of the format. */
#define SAN_MAX_DATASTORES  15
#define SAN_MAX_SERVER_ID   255     /* octets */
#define SAN_MAX_URI         255     /* octets */
#define SAN_MAX_CONTENT     0xFFFFFFu
/** Largest package the decoder looks at, octets: 15 datastores with the
 * longest URIs, the longest server id, and vendor data. */
#define SAN_MAX_OCTETS      8192

/** Not a package of OMA DS 1.2. */
#define SAN_EMALFORMED  (APR_OS_START_USERERR + 6201)

/** How the device is to treat the notification (2 bits). */
typedef enum {
    SAN_UI_UNSPECIFIED = 0,
    SAN_UI_BACKGROUND = 1,
    SAN_UI_INFORMATIVE = 2,
    SAN_UI_INTERACTION = 3
} san_ui_e;

/** Sync types as in an Alert; the package carries them less 200. */
#define SAN_SYNC_TWO_WAY              206
#define SAN_SYNC_ONE_WAY_FROM_CLIENT  207
#define SAN_SYNC_REFRESH_FROM_CLIENT  208
#define SAN_SYNC_ONE_WAY_FROM_SERVER  209
#define SAN_SYNC_REFRESH_FROM_SERVER  210

typedef struct san_datastore_t {
    int sync_type;              /* 206 to 210 */
    apr_uint32_t content_code;  /* OMNA WSP content type number (7 is
                                   text/x-vcard); 0: by URI only */
    const char *uri;            /* server's name of it as the device sent it
                                   in its latest sync */
} san_datastore_t;

typedef struct san_t {
    unsigned char digest[16];   /* set by the decoder */
    san_ui_e ui_mode;
    int by_server;              /* initiator: non-zero for the server */
    apr_uint16_t session;       /* session id that the device may use */
    const char *server_id;      /* equal to DevInf's DevID and the profile's
                                   server id, else the device drops it */
    int ndatastores;
    san_datastore_t datastores[SAN_MAX_DATASTORES];
    const unsigned char *vendor;    /* octets after the list, or NULL */
    apr_size_t vendor_len;
} san_t;

/**
 * Build a package.
 * @param out, len  the octets
 * @param san  digest is not read
 * @param password  the account's, for the digest; "" if it is not known
 * @param nonce  text between the digest's colons; "" for none
 * @param error  out: what is wrong with the fields; may be NULL
 * @return APR_SUCCESS; APR_EINVAL for a field outside its limits
 */
apr_status_t san_encode(const unsigned char **out, apr_size_t *len,
                        const san_t *san, const char *password,
                        const char *nonce, const char **error, apr_pool_t *p);

/**
 * Take a package apart.
 * @param error  out: what is wrong and where; may be NULL
 * @return APR_SUCCESS; SAN_EMALFORMED
 */
apr_status_t san_decode(san_t **san, const unsigned char *data,
                        apr_size_t len, const char **error, apr_pool_t *p);

/**
 * Whether the package's digest belongs to this password and nonce.
 * @param data, len  the package as it was received
 */
int san_verify(const unsigned char *data, apr_size_t len,
               const char *server_id, const char *password,
               const char *nonce);

/** A sync type in words ("two-way"), "unknown" where it is none. */
const char *san_sync_name(int type);

/** A text that others wrote, for one line: printable ASCII as it is, the
 * rest as \xNN. */
const char *san_printable(const char *text, apr_pool_t *p);

/** The package in words, one line per field, for people. */
const char *san_describe(const san_t *san, apr_pool_t *p);

#endif
