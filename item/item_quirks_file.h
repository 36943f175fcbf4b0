/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file item/item_quirks_file.h
 * @brief A quirks file that may change while the server runs.
 *
 * One per process, shared by its threads.  The file is looked at from time to
 * time, when somebody asks for the quirks; if it has changed it is read anew.
 * One that cannot be read, or has an error in it, changes nothing: the quirks
 * read before stay in force, and a line in the log says what is wrong.
 */
#ifndef SYNCML_ITEM_QUIRKS_FILE_H
#define SYNCML_ITEM_QUIRKS_FILE_H

#include <apr_time.h>

#include "item/item_quirks.h"

/** At most so often the file is looked at. */
#define ITEM_QUIRKS_LOOK  apr_time_from_sec(2)

/** A line for the administrator. @param level  3 (an error) to 7, as syslog */
typedef void item_quirks_log_fn(void *baton, int level, const char *text);

typedef struct item_quirks_file_t item_quirks_file_t;

/**
 * Make the handle; the file is read when it is first asked for.
 * @param p  as long as the handle; to be made before there are threads
 */
apr_status_t item_quirks_file_make(item_quirks_file_t **file,
                                   const char *path, item_quirks_log_fn *log,
                                   void *baton, apr_pool_t *p);

/**
 * The quirks in force.
 * @param now  the time
 * @param p  they may be used until it is cleared
 * @return NULL: none could be read yet
 */
const item_quirks_t *item_quirks_file_get(item_quirks_file_t *file,
                                          apr_time_t now, apr_pool_t *p);

/**
 * Read a file once.
 * @param error  out: what is wrong, with the line; for a file that cannot be
 *               read its name and why
 * @return APR_SUCCESS, ITEM_E*, or why the file could not be read
 */
apr_status_t item_quirks_load(item_quirks_t **quirks, const char *path,
                              const char **error, apr_pool_t *p);

#endif
