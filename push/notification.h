/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/notification.h
 * @brief From what a device is owed to the octets that tell it, and back into
 * words.
 *
 * One notification names all datastores that changed, with the URI and the
 * content type that the device itself used for them.  Up to 15 fit the
 * format; of more, the first 15 are named, and the sync that follows shows
 * the store whatever else is missing.  Where two of them are one datastore of
 * the device, with different types of sync, that one is two-way: it loses
 * nothing.
 *
 * There are two forms: the package of OMA DS 1.2 (san.h), and the message of
 * SyncML 1.1 (san11.h), which needs more room and the URL that the device
 * syncs with.  A telephone gets the one or the other, in a WSP push cut into
 * SMS.  Clients that are told over a connection read the package of DS 1.2
 * as it is; they know nothing else.
 */
#ifndef SYNCML_PUSH_NOTIFICATION_H
#define SYNCML_PUSH_NOTIFICATION_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_tables.h>

#include "san.h"
#include "store/store_push.h"

typedef enum {
    NOTIFICATION_DS12 = 0,
    NOTIFICATION_DS11 = 1
} notification_form_e;

/** "1.2" or "1.1", as settings and log lines have it. */
const char *notification_form_name(notification_form_e form);

/** How a device wants to be told; all zero is the usual way.  See
 * push_device.h for where it comes from. */
typedef struct notification_form_t {
    notification_form_e form;
    san_ui_e ui_mode;           /* 0: background.  DS 1.2 only, as what
                                   follows */
    const char *nonce;          /* NULL: "" */
    const unsigned char *vendor;    /* octets behind the datastores */
    apr_size_t vendor_len;
    const char *sync_url;       /* DS 1.1 only: the device's whole URL */
    const int *sync_types;      /* one for each datastore of the row; NULL:
                                   two-way all of them */
} notification_form_t;

typedef struct notification_t {
    const unsigned char *package;   /* of DS 1.2, for connections */
    apr_size_t package_len;
    notification_form_e form;   /* of what follows */
    const unsigned char *pdu;   /* WSP push */
    apr_size_t len;
    apr_array_header_t *parts;  /* of sms_part_t: the push, cut */
    const char *datastores;     /* names, with commas, for log lines */
    int left_out;               /* datastores that did not fit */
    int too_long;               /* octets above one SMS, 0: it fits */
} notification_t;

/**
 * Build the notification of a device.
 * @param due  its row, with at least one datastore
 * @param form  how it wants it
 * @param server_id  SyncMLServerID
 * @param password  the account's, for the digest.  "" where the store does
 *                  not have it (accounts of httpd's providers, no key
 *                  file): no device is known to check the digest
 * @param error  out: what cannot be told, and why
 * @return APR_SUCCESS; APR_EINVAL
 */
apr_status_t notification_create(notification_t **notification,
                                 const store_due_t *due,
                                 const notification_form_t *form,
                                 const char *server_id,
                                 const char *password, const char **error,
                                 apr_pool_t *p);

/**
 * What to shorten where a notification needs more than one SMS: its longest
 * fields with their lengths, in words for a log line.
 */
const char *notification_shorten(const notification_t *notification,
                                 const store_due_t *due,
                                 const notification_form_t *form,
                                 const char *server_id, apr_pool_t *p);

/**
 * What a device will make of these octets, in lines for people.  Octets that
 * are no notification are said to be none.
 * @param pdu, len  the data of all parts, joined
 */
const char *notification_describe(const unsigned char *pdu, apr_size_t len,
                                  apr_pool_t *p);

/** The same of a package without WSP headers, as connections carry it. */
const char *notification_describe_package(const unsigned char *package,
                                          apr_size_t len, apr_pool_t *p);

#endif
