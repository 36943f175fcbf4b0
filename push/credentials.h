/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file push/credentials.h
 * @brief Files with what nobody else may read: a gateway's user and password.
 *
 *   # comment
 *   user = me
 *   password = s3cret
 *
 * One "key = value" a line; blanks around both are taken off, the rest of the
 * value stays as it is.  The file must belong to root or to who reads it, and
 * nobody else may have any right to it (mode 0600 or less).  Limits: 8 KiB,
 * 32 keys.
 */
#ifndef SYNCML_PUSH_CREDENTIALS_H
#define SYNCML_PUSH_CREDENTIALS_H

#include <apr_pools.h>
#include <apr_tables.h>

/**
 * Read such a file.
 * @param values  out: its keys are added; one that is there already is wrong
 * @return words for what is wrong, never with a value; or NULL
 */
const char *credentials_read(apr_table_t *values, const char *path,
                             apr_pool_t *p);

/** Words for why an ordinary file cannot be read, or NULL. */
const char *credentials_readable(const char *path, apr_pool_t *p);

#endif
