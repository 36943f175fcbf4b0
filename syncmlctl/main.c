/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* syncmlctl: accounts, devices and items of a store from the command line. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include <apr_general.h>

#include "syncmlctl/ctl.h"

/** No memory image with a password in it is left behind. */
static void keep_secrets(void)
{
    struct rlimit none = { 0, 0 };

    setrlimit(RLIMIT_CORE, &none);
}

static int run(ctl_t *ctl)
{
    int status = CTL_OK;

    if (ctl->command->prepare)
        status = ctl->command->prepare(ctl);
    if (status == CTL_OK)
        status = ctl_open(ctl);
    if (status == CTL_OK)
        status = ctl->command->run(ctl);
    store_rollback(&ctl->tx);
    store_close(&ctl->store);
    if (ctl->password)
        explicit_bzero(ctl->password, strlen(ctl->password));
    return status;
}

int main(int argc, const char *const *argv)
{
    ctl_t ctl;
    int status;

    keep_secrets();
    if (apr_initialize() != APR_SUCCESS)
        return CTL_FAILURE;
    memset(&ctl, 0, sizeof(ctl));
    apr_pool_create(&ctl.p, NULL);
    status = ctl_parse(&ctl, argc, argv);
    if (status == CTL_OK)
        status = run(&ctl);
    else if (status < 0)
        status = CTL_OK;
    /* What went into a full disk or a closed pipe was not printed. */
    if (fflush(stdout) != 0 || ferror(stdout))
        status = ctl_fail(&ctl, CTL_FAILURE, "cannot write the output: %s",
                          strerror(errno));
    apr_pool_destroy(ctl.p);
    apr_terminate();
    return status;
}
