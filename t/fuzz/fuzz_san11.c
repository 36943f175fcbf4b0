/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Notifications of SyncML 1.1.  What can be read can be described, and where
 * it is within the limits of the encoder, written and read again it is the
 * same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "push/notification.h"
#include "push/san11.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(int holds)
{
    if (!holds) {
        abort();
    }
}

static void again(const san11_t *san, apr_pool_t *p)
{
    const unsigned char *out;
    apr_size_t len;
    san11_t *back;
    int i;

    if (san11_encode(&out, &len, san, NULL, p) != APR_SUCCESS) {
        check(out == NULL && len == 0);
        return;
    }
    check(san11_decode(&back, out, len, NULL, p) == APR_SUCCESS);
    check(strcmp(back->server_url, san->server_url) == 0);
    check(strcmp(back->session, san->session) == 0);
    check(back->ndatastores == san->ndatastores);
    for (i = 0; i < back->ndatastores; i++) {
        check(back->datastores[i].sync_type
              == san->datastores[i].sync_type);
        check(strcmp(back->datastores[i].uri, san->datastores[i].uri) == 0);
        check(strcmp(back->types[i], san->types[i]) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *exact;
    apr_pool_t *p;
    san11_t *san;

    if (!size) {
        return 0;
    }
    apr_initialize();
    apr_pool_create(&p, NULL);
    exact = malloc(size);
    memcpy(exact, data, size);
    if (san11_decode(&san, exact, size, NULL, p) == APR_SUCCESS) {
        check(strlen(san11_describe(san, p)) > 0);
        again(san, p);
    }
    else {
        check(san == NULL);
    }
    check(strlen(notification_describe_package(exact, size, p)) > 0);
    free(exact);
    apr_pool_destroy(p);
    return 0;
}
