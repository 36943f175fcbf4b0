/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/ctp.h
 * @brief The wire format of connections that a client keeps open to be told
 * of changes: CTP, client-to-server TCP push, as the clients of the Funambol
 * family speak it (version 1.0, port 4745 by custom).
 *
 *   message  length, 2 octets, not counting itself; version 0x10; code;
 *            parameters: code, length (one octet), value
 *
 *   client                            server
 *   AUTH device, user, digest   ->
 *                               <-    NOT AUTHENTICATED nonce
 *   AUTH device, user, digest   ->
 *                               <-    OK nonce
 *   READY  (each few minutes)   ->
 *                               <-    OK
 *                               <-    SYNC notification of DS 1.2
 *   BYE                         ->
 *                               <-    OK
 *
 * The digest is base64(MD5(base64(MD5(user ":" password)) ":" nonce)), the
 * nonce as its octets.  Facts learnt from what clients do, which bind the
 * server:
 *  - one has 256 octets for a message with its length: CTP_MAX_OUT;
 *  - one takes length octets above 127 for negative: what can be shorter
 *    should be (CTP_EASY);
 *  - one takes all that it receives at once for one message: the server
 *    leaves CTP_GAP between two;
 *  - one keeps the nonce of OK for its next login and fails if there is
 *    none: an OK to AUTH has one; nonces are printable, at most 36 octets;
 *  - after UNAUTHORIZED and FORBIDDEN they give up until a person comes;
 *    after ERROR and a lost connection they come back by themselves, a minute
 *    later, then after twice as long each time.
 *
 * Pure functions over octets.
 */
#ifndef SYNCML_PUSH_CTP_H
#define SYNCML_PUSH_CTP_H

#include <apr_errno.h>
#include <apr_time.h>

#define CTP_PORT         4745
#define CTP_VERSION      0x10

/** Codes of messages: commands of clients... */
#define CTP_AUTH         0x01
#define CTP_READY        0x02
#define CTP_BYE          0x03
/** ... and statuses of the server. */
#define CTP_OK           0x20
#define CTP_SYNC         0x29
#define CTP_NOT_AUTHENTICATED  0x41     /* with a nonce: try again */
#define CTP_UNAUTHORIZED 0x42           /* wrong password */
#define CTP_FORBIDDEN    0x43
#define CTP_ERROR        0x50           /* come back later */

/** Codes of parameters. */
#define CTP_P_DEVICE     0x01
#define CTP_P_USER       0x02
#define CTP_P_CRED       0x03
#define CTP_P_FROM       0x04
#define CTP_P_TO         0x05
#define CTP_P_NONCE      0x06
#define CTP_P_SAN        0x07
#define CTP_P_SLEEP      0x09

/** Limits, in octets. */
#define CTP_MAX_IN       1056   /* a client's message, with its length */
#define CTP_MAX_OUT      255    /* ours: below what clients have room for */
#define CTP_MAX_SAN      (CTP_MAX_OUT - 6)
#define CTP_EASY         (127 - 4)      /* of a notification: all clients */
#define CTP_MAX_PARAMS   8
#define CTP_NONCE        12     /* characters of a nonce of ours */
#define CTP_GAP          (APR_USEC_PER_SEC * 3 / 10)

/** Not a message of this protocol. */
#define CTP_EMALFORMED   (APR_OS_START_USERERR + 6231)

typedef struct ctp_param_t {
    int code;
    const unsigned char *value; /* into the octets that were read */
    apr_size_t len;
} ctp_param_t;

typedef struct ctp_message_t {
    int code;
    int nparams;
    ctp_param_t params[CTP_MAX_PARAMS];
} ctp_message_t;

/**
 * Take one message from the front of what has been received.
 * @param used  out: its octets, on success
 * @param error  out: what is wrong; may be NULL
 * @return APR_SUCCESS; APR_INCOMPLETE: the rest is still to come;
 *         CTP_EMALFORMED: nothing sensible can follow
 */
apr_status_t ctp_read(ctp_message_t *message, const unsigned char *data,
                      apr_size_t len, apr_size_t *used, const char **error);

/** The first parameter of this code, or NULL. */
const ctp_param_t *ctp_param(const ctp_message_t *message, int code);

/**
 * Write a message with at most one parameter.
 * @param param  its code; 0: none
 * @param len  of the value, at most CTP_MAX_SAN
 * @return octets written
 */
apr_size_t ctp_write(unsigned char out[CTP_MAX_OUT], int code, int param,
                     const void *value, apr_size_t len);

/** Whether a digest is that of this user, password and nonce.  Takes the
 * same time for all wrong ones. */
int ctp_digest_matches(const ctp_param_t *cred, const char *user,
                       const char *password, const char *nonce);

/** A nonce of CTP_NONCE printable characters with NUL.
 * @return APR_SUCCESS; a status: there is no randomness */
apr_status_t ctp_nonce(char out[CTP_NONCE + 1]);

#endif
