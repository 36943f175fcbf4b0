/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file mod_syncml/syncml_page.h
 * @brief What a person sees who opens the sync URL in a browser.
 */
#ifndef SYNCML_PAGE_H
#define SYNCML_PAGE_H

#include "mod_syncml/syncml_config.h"

/**
 * Answer GET and HEAD: a page in XHTML Mobile Profile that says what the URL
 * is and how to set up a client.  One document of a few kB, nothing loaded
 * from elsewhere.
 * @param config  as for the engine; server_id NULL if the store is out of
 *                order
 * @return OK
 */
int syncml_page(request_rec *r, const sml_config_t *config);

#endif
