/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The queue of writers, in a file beside the database.
 *
 * SQLite has no queue: who waits for its write lock looks from time to time
 * whether it is free, and a writer that begins again at once is always faster
 * than those that sleep.  So writers of all processes and threads draw a
 * number first: the file holds the last one, and whoever has a number holds a
 * lock on the octet of that number until his transaction ends.  It is the
 * turn of the one before whom no octet is locked.
 *
 * The locks belong to the open file (OFD), so a killed process leaves nothing
 * behind, and nobody waits for ever: a turn that does not come within the
 * busy timeout, and every other trouble with the file, means going without;
 * SQLite's own lock and its busy handler keep order then.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/** Octet 0 guards the number, which the first 8 octets hold. */
#define GUARD   0
#define FIRST   4096            /* octet of number 0 */
#define MASK    0xffffffffff
/** Microseconds between two looks: who comes next looks closely, the others
 * the less the more are before them. */
#define NEXT    50
#define LOOK    200
#define FARTHEST  8

static int lock(int fd, int command, short type, off_t start, off_t len,
                struct flock *found)
{
    struct flock l = { .l_type = type, .l_whence = SEEK_SET,
                       .l_start = start, .l_len = len };
    int rc;

    do {
        rc = fcntl(fd, command, &l);
    } while (rc != 0 && errno == EINTR);
    if (found)
        *found = l;
    return rc;
}

int sq_queue_open(const char *path, apr_pool_t *p)
{
    const char *name = apr_pstrcat(p, path, "-queue", NULL);
    struct stat st;
    int fd;

    if (stat(path, &st) != 0)
        return -1;
    fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
              st.st_mode & 0666);
    if (fd < 0)
        return -1;
    /* As the database's -wal: whoever writes first, it is the owner's and
     * open to those to whom the database is.  Not ours: it is right already,
     * or nothing can be done. */
    if (geteuid() == 0 && fchown(fd, st.st_uid, st.st_gid) != 0) {
        close(fd);
        return -1;
    }
    fchmod(fd, st.st_mode & 0666);
    return fd;
}

/* Short waits by looking again; @return 0: locked */
static int guard(int fd, apr_time_t give_up)
{
    while (lock(fd, F_OFD_SETLK, F_WRLCK, GUARD, 1, NULL) != 0) {
        if ((errno != EAGAIN && errno != EACCES)
            || apr_time_now() >= give_up)
            return -1;
        apr_sleep(50);
    }
    return 0;
}

static int draw(int fd, apr_time_t give_up, apr_int64_t *number)
{
    apr_int64_t last = 0;
    int rc;

    if (guard(fd, give_up) != 0)
        return -1;
    rc = pread(fd, &last, sizeof(last), 0) < 0;
    *number = ((last & MASK) + 1) & MASK;
    if (!rc)
        rc = pwrite(fd, number, sizeof(*number), 0) != sizeof(*number);
    if (!rc)
        rc = lock(fd, F_OFD_SETLK, F_WRLCK, FIRST + *number, 1, NULL);
    lock(fd, F_OFD_SETLK, F_UNLCK, GUARD, 1, NULL);
    return rc ? -1 : 0;
}

void sq_queue_enter(sq_handle_t *h)
{
    apr_int64_t number;
    struct flock before;

    if (h->queue < 0 || draw(h->queue, h->give_up, &number) != 0)
        return;
    h->queued = FIRST + number;
    while (number > 0
           && lock(h->queue, F_OFD_GETLK, F_WRLCK, FIRST, number,
                   &before) == 0
           && before.l_type != F_UNLCK && apr_time_now() < h->give_up) {
        apr_int64_t many = FIRST + number - before.l_start;

        apr_sleep(many == 1 ? NEXT
                  : LOOK * (many < FARTHEST ? many : FARTHEST));
    }
}

void sq_queue_leave(sq_handle_t *h)
{
    if (h->queued)
        lock(h->queue, F_OFD_SETLK, F_UNLCK, h->queued, 1, NULL);
    h->queued = 0;
}
