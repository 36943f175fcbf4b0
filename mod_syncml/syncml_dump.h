/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/syncml_dump.h
 * @brief SyncMLDump: readable copies of one device's messages.
 *
 * Each message and each answer becomes a file
 * <directory>/<device>/<time>-<session>-<message>-{in,out}.xml, without
 * passwords, digests, nonces and the contents of items.  A file has at most
 * SYNCML_DUMP_OCTETS, a device at most SYNCML_DUMP_FILES of them: the oldest
 * go first.
 */
#ifndef SYNCML_DUMP_H
#define SYNCML_DUMP_H

#include "mod_syncml/syncml_config.h"

#define SYNCML_DUMP_FILES   1000
#define SYNCML_DUMP_OCTETS  (256 * 1024)

/**
 * Write both files if the answer went to the device of SyncMLDump.  Failures
 * are logged; the request goes on.
 */
void syncml_dump(request_rec *r, const sml_request_t *request,
                 const sml_answer_t *answer);

/** @return text as a part of a file name: other characters than letters,
 *  digits and - _ become %XX; at most 100 octets, never "" */
const char *syncml_dump_name(apr_pool_t *p, const char *text);

#endif
