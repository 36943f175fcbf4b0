/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/glue_dlr.h
 * @brief SetHandler syncml-dlr: where gateways say what became of a message.
 *
 * A request is read (report.h) and its reports go through a pipe to the
 * worker, which knows the store: the handler never waits for it.  If the pipe
 * is full the answer is 503, and gateways that repeat a report do so.
 *
 * | answer | for                                                         |
 * | 200    | a report, also one that is repeated or of an unknown token  |
 * | 404    | no token in the request, or push is off here                |
 * | 405    | another method than GET, HEAD (which does nothing) and POST |
 * | 413    | a body above 64 KiB                                         |
 * | 503    | the worker does not keep up                                 |
 */
#ifndef SYNCML_PUSH_GLUE_DLR_H
#define SYNCML_PUSH_GLUE_DLR_H

#include "httpd.h"

#define GLUE_DLR_HANDLER  "syncml-dlr"

/** @param report_fd  of the worker of the server's store; -1: none */
int glue_dlr_handle(request_rec *r, int report_fd);

#endif
