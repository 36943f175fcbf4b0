/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Repairs Debian's SyncEvolution client (2.0.0-3) for HTTP, by LD_PRELOAD.
 *
 * Its CurlTransportAgent hands C++ lambda objects without captures to the
 * varargs of curl_easy_setopt() for CURLOPT_READFUNCTION and
 * CURLOPT_WRITEFUNCTION.  No function pointer arrives, and libcurl jumps into
 * the void with the first message.  Here these two options get functions that
 * call the agent's own methods; everything else passes through.
 *
 * Needed by our tests and the demonstration only: nothing is changed on disk.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define OPT_WRITEFUNCTION  20011    /* curl.h: CURLOPTTYPE_FUNCTIONPOINT + n */
#define OPT_READFUNCTION   20012
#define OPT_OFF_T          30000    /* first option with a 64 bit argument */
#define OPT_BLOB           40000

#define AGENT              "_ZN7SyncEvo18CurlTransportAgent"

typedef int setopt_fn(void *easy, int option, ...);
/* size_t CurlTransportAgent::readData(void *, size_t), writeData likewise */
typedef size_t method_fn(void *agent, void *buffer, size_t size);

int curl_easy_setopt(void *easy, int option, ...);

static void *find(void *handle, const char *name)
{
    void *sym = dlsym(handle, name);

    if (!sym) {
        fprintf(stderr, "syncevo_curlfix: no %s: %s\n", name, dlerror());
        abort();
    }
    return sym;
}

static size_t read_data(void *buffer, size_t size, size_t n, void *agent)
{
    method_fn *method = (method_fn *)find(RTLD_DEFAULT, AGENT "8readDataEPvm");

    return method(agent, buffer, size * n);
}

static size_t write_data(void *buffer, size_t size, size_t n, void *agent)
{
    method_fn *method = (method_fn *)find(RTLD_DEFAULT, AGENT "9writeDataEPvm");

    return method(agent, buffer, size * n);
}

int curl_easy_setopt(void *easy, int option, ...)
{
    static setopt_fn *setopt;
    va_list ap;
    int rc;

    if (!setopt)
        setopt = (setopt_fn *)dlvsym(RTLD_NEXT, "curl_easy_setopt",
                                     "CURL_GNUTLS_3");
    if (!setopt)
        setopt = (setopt_fn *)find(RTLD_NEXT, "curl_easy_setopt");
    va_start(ap, option);
    if (option == OPT_READFUNCTION)
        rc = setopt(easy, option, read_data);
    else if (option == OPT_WRITEFUNCTION)
        rc = setopt(easy, option, write_data);
    else if (option >= OPT_OFF_T && option < OPT_BLOB)
        rc = setopt(easy, option, va_arg(ap, long long));
    else
        rc = setopt(easy, option, va_arg(ap, void *));
    va_end(ap);
    return rc;
}
