/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Output that waits for the end of a write transaction: see ctl.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "syncmlctl/ctl.h"

int ctl_output_hold(ctl_t *ctl)
{
    fflush(stdout);
    ctl->held = tmpfile();
    ctl->stdout_fd = ctl->held ? dup(STDOUT_FILENO) : -1;
    if (ctl->stdout_fd >= 0
        && dup2(fileno(ctl->held), STDOUT_FILENO) == STDOUT_FILENO)
        return CTL_OK;
    return ctl_fail(ctl, CTL_FAILURE, "cannot keep the output in a file in "
                    "/tmp for a while: %s; nothing was changed",
                    strerror(errno));
}

static int write_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR)
            return -1;
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

static int copy(FILE *from, int to)
{
    char buf[8192];
    size_t n;

    rewind(from);
    while ((n = fread(buf, 1, sizeof(buf), from)) > 0) {
        if (write_all(to, buf, n) != 0)
            return -1;
    }
    return ferror(from) ? -1 : 0;
}

int ctl_output_release(ctl_t *ctl, int status)
{
    int written = fflush(stdout) == 0;

    dup2(ctl->stdout_fd, STDOUT_FILENO);
    close(ctl->stdout_fd);
    if (status == CTL_OK
        && (!written || copy(ctl->held, STDOUT_FILENO) != 0))
        status = ctl_fail(ctl, CTL_FAILURE, "it is done, but the output "
                          "cannot be written: %s", strerror(errno));
    fclose(ctl->held);
    ctl->held = NULL;
    return status;
}
