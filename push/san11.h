/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/san11.h
 * @brief The notification of SyncML 1.1: "package #0", a SyncML message in
 * WBXML with one Alert for each datastore.
 *
 *   SyncHdr  VerDTD 1.1, VerProto SyncML/1.1, SessionID, MsgID 1, Target the
 *            device, Source the server's URL
 *   SyncBody (Alert: CmdID, Data 206 to 210, Item(Source, Meta/Type))*, Final
 *
 * What phones make of it (Nokia's client): the profile is found by the whole
 * URL in SyncHdr's Source, so it has to be the one that the device itself
 * uses.  Of an Alert only the first Item is read, so there is one Alert for
 * each datastore.  Of a text in several tokens the last one wins, so each
 * text is one token.  An Alert without Item or a SyncHdr without VerDTD,
 * VerProto or MsgID crash it, and an element that it does not know makes it
 * refuse the message: there is nothing else in it.  Meta/Type is compared
 * with the device's own, in lower case.
 *
 * Nothing here keeps state; results live in the pool given.
 */
#ifndef SYNCML_PUSH_SAN11_H
#define SYNCML_PUSH_SAN11_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "san.h"

/** Longest URL of a server that Nokia's profiles hold is 144; the store's
 * limit is the one here. */
#define SAN11_MAX_URL  255

/** Not a notification of SyncML 1.1 (or 1.0). */
#define SAN11_EMALFORMED  (APR_OS_START_USERERR + 6221)

typedef struct san11_t {
    const char *server_url;     /* SyncHdr Source: as the device has it */
    const char *device;         /* SyncHdr Target: its id, or "/" */
    const char *session;        /* SessionID; of ours: digits */
    int ndatastores;
    san_datastore_t datastores[SAN_MAX_DATASTORES];
    const char *types[SAN_MAX_DATASTORES];  /* Meta/Type; "" for none.  The
                                   encoder takes it from content_code where
                                   it is NULL */
} san11_t;

/** The media type of a content type number as phones write it, also of those
 * that only the store has a number for (STORE_CONTENT_VCARD...); "" for none
 * that is known. */
const char *san11_type(apr_uint32_t content_code);

/**
 * Build a package.
 * @param error  out: what is wrong with the fields; may be NULL
 * @return APR_SUCCESS; APR_EINVAL for a field outside its limits
 */
apr_status_t san11_encode(const unsigned char **out, apr_size_t *len,
                          const san11_t *san, const char **error,
                          apr_pool_t *p);

/**
 * Take a package apart.  Several Items in an Alert are as many datastores,
 * which is what others write.
 * @param error  out: what is wrong with it; may be NULL
 * @return APR_SUCCESS; SAN11_EMALFORMED
 */
apr_status_t san11_decode(san11_t **san, const unsigned char *data,
                          apr_size_t len, const char **error, apr_pool_t *p);

/** The package in words, one line per field, for people. */
const char *san11_describe(const san11_t *san, apr_pool_t *p);

#endif
