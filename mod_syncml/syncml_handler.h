/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/syncml_handler.h
 * @brief The handler: HTTP around a SyncML message.
 *
 * Phones of the time end a session at anything that is not the SyncML
 * content type, at a missing Content-Length, and at most other statuses than
 * 200.  So a POST is answered with a whole SyncML message or, where there is
 * none, with one line of plain text; never with HTML.
 */
#ifndef SYNCML_HANDLER_H
#define SYNCML_HANDLER_H

#include "mod_syncml/syncml_config.h"

/** The content handler. */
int syncml_handler(request_rec *r);

/** insert_error_filter: httpd's own error pages (an access control's 403,
 * say) become one line of plain text where a client asked. */
void syncml_insert_error_filter(request_rec *r);
void syncml_register_error_filter(void);

/** Look for mod_syncml_push; once per configuration. */
void syncml_find_push(void);

/** " name=value" for a log line; quoted if the value has blanks or may be
 * taken for something else. */
const char *syncml_kv(apr_pool_t *p, const char *name, const char *value);

#endif
