/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/glue_status.h
 * @brief What the push workers do, on mod_status' page: a section for
 * people, and lines "SyncMLPush...: value" with ?auto.
 */
#ifndef SYNCML_PUSH_GLUE_STATUS_H
#define SYNCML_PUSH_GLUE_STATUS_H

#include "push/glue_worker.h"

/** Take part in mod_status' page, where there is one. */
void glue_status_register(apr_pool_t *p);

/** These workers are shown from now on.
 * @param workers  array of glue_worker_t *, alive as long as pconf */
void glue_status_show(const apr_array_header_t *workers, apr_pool_t *pconf);

#endif
