/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "store_driver.h"

static apr_status_t mem_open(store_t *store, const char *rest,
                             const char **error)
{
    *error = "not in this build";
    return APR_ENOTIMPL;
}

const store_driver_t store_memory_driver = {
    .scheme = "memory:",
    .open = mem_open
};
