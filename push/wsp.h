/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/wsp.h
 * @brief The WSP push PDU (WAP-230) that carries a notification in a SMS.
 *
 *   TID  06  headers-length  content-type  headers  body
 *
 * The encoder writes the fewest headers that phones take: the content type
 * and X-Wap-Application-Id.  Some phones drop a push with more headers
 * (Content-Length, Encoding-Version), and Nokia's drop one without the
 * application id.  The decoder reads what others write too: text content
 * types, parameters, further headers (skipped).
 */
#ifndef SYNCML_PUSH_WSP_H
#define SYNCML_PUSH_WSP_H

#include <apr_errno.h>
#include <apr_pools.h>

/** Well-known content types (OMNA's WSP table). */
#define WSP_TYPE_SYNCML_NOTIFICATION     0x44   /* DM */
#define WSP_TYPE_SYNCML_DS_NOTIFICATION  0x4E
#define WSP_TYPE_SYNCML_WBXML            0x0303 /* SyncML 1.1's notification */
/** X-Wap-Application-Id values. */
#define WSP_APP_SYNCML_DS   0x05    /* x-wap-application:push.syncml */
#define WSP_APP_SYNCML_DM   0x07    /* x-wap-application:syncml.dm */

/** Not a WSP push PDU. */
#define WSP_EMALFORMED  (APR_OS_START_USERERR + 6211)

typedef struct wsp_push_t {
    int tid;                    /* 0 to 255; means nothing in a push */
    int content_type;           /* number of the content type; -1: text */
    const char *content_text;   /* the content type if it came as text */
    int application;            /* application id; -1: none or as text */
    const unsigned char *body;
    apr_size_t body_len;
} wsp_push_t;

/**
 * Write a push PDU.
 * @param push  content_type 0 to 0xFFFF (one octet up to 127, else four),
 *              application 0 to 127: all that notifications need
 * @return APR_SUCCESS; APR_EINVAL for a number out of range
 */
apr_status_t wsp_encode(const unsigned char **out, apr_size_t *len,
                        const wsp_push_t *push, apr_pool_t *p);

/**
 * Read a push PDU.
 * @param push  out; body points into data
 * @param error  out: what is wrong; may be NULL
 * @return APR_SUCCESS; WSP_EMALFORMED
 */
apr_status_t wsp_decode(wsp_push_t **push, const unsigned char *data,
                        apr_size_t len, const char **error, apr_pool_t *p);

/** Name of a content type number that a notification or provisioning message
 * may have, or NULL. */
const char *wsp_type_name(int content_type);

#endif
