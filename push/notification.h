/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/notification.h
 * @brief From what a device is owed to the SMS that tells it, and back into
 * words.
 *
 * One notification names all datastores that changed, with the URI and the
 * content type that the device itself used for them.  Up to 15 fit the
 * format; of more, the first 15 are named, and the sync that follows shows
 * the store whatever else is missing.
 */
#ifndef SYNCML_PUSH_NOTIFICATION_H
#define SYNCML_PUSH_NOTIFICATION_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "store/store.h"

typedef struct notification_t {
    const unsigned char *pdu;   /* WSP push with the package */
    apr_size_t len;
    apr_array_header_t *parts;  /* of sms_part_t */
    const char *datastores;     /* names, with commas, for log lines */
    int left_out;               /* datastores that did not fit */
} notification_t;

/**
 * Build the SMS for a device.
 * @param due  its row, with at least one datastore
 * @param server_id  SyncMLServerID
 * @param password  the account's, for the digest.  "" where the store does
 *                  not have it (accounts of httpd's providers, no key
 *                  file): no device is known to check the digest
 * @param error  out: what cannot be told, and why
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t notification_create(notification_t **notification,
                                 const store_due_t *due,
                                 const char *server_id,
                                 const char *password, const char **error,
                                 apr_pool_t *p);

/**
 * What a device will make of these octets, in lines for people.  Octets that
 * are no notification are said to be none.
 * @param pdu, len  the data of all parts, joined
 */
const char *notification_describe(const unsigned char *pdu, apr_size_t len,
                                  apr_pool_t *p);

#endif
