/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What is read from people and files: see ctl.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/select.h>
#include <termios.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "syncmlctl/ctl.h"

#define PASSWORD_ROOM  (STORE_MAX_PASSWORD + 3)

/* The signal that came while the terminal's echo was off. */
static volatile sig_atomic_t caught;

static void catch(int signal)
{
    caught = signal;
}

/** Read an octet. @param waiting  NULL, or the signals that are blocked only
 * while it waits: then none can come just before it waits for ever */
static ssize_t read_octet(int fd, char *c, const sigset_t *waiting)
{
    ssize_t got;
    fd_set fds;

    do {
        if (waiting) {
            FD_ZERO(&fds);
            FD_SET(fd, &fds);
            if (pselect(fd + 1, &fds, NULL, NULL, NULL, waiting) < 0)
                return -1;
        }
        got = read(fd, c, 1);
    } while (got < 0 && errno == EINTR);
    return got;
}

/** Read a line without its end. @return its octets, -1: nothing came, -2: it
 * is longer than the room */
static int read_line(int fd, char *buf, int room, const sigset_t *waiting)
{
    int n = 0;
    char c;

    for (;;) {
        ssize_t got = read_octet(fd, &c, waiting);

        if (got < 0 || (!got && !n))
            return -1;
        if (!got || c == '\n')
            break;
        if (n == room - 1)
            return -2;
        buf[n++] = c;
    }
    if (n && buf[n - 1] == '\r')
        n--;
    buf[n] = '\0';
    return n;
}

/** Read a line from the terminal without echo; a signal that ends or stops
 * the program takes effect after the echo is back. */
static int read_hidden(int fd, const char *prompt, char *buf, int room)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP };
    struct sigaction act, before[sizeof(signals) / sizeof(signals[0])];
    struct termios old, quiet;
    sigset_t all, mask;
    unsigned i;
    int n;

    if (tcgetattr(fd, &old) != 0)
        return -1;
    memset(&act, 0, sizeof(act));
    act.sa_handler = catch;
    sigemptyset(&act.sa_mask);
    sigemptyset(&all);
    caught = 0;
    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
        sigaction(signals[i], &act, &before[i]);
        sigaddset(&all, signals[i]);
    }
    sigprocmask(SIG_BLOCK, &all, &mask);
    quiet = old;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    quiet.c_lflag |= ECHONL;
    tcsetattr(fd, TCSAFLUSH, &quiet);
    fprintf(stderr, "%s: ", prompt);
    fflush(stderr);
    n = read_line(fd, buf, room, &mask);
    tcsetattr(fd, TCSAFLUSH, &old);
    for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaction(signals[i], &before[i], NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    if (caught)
        raise(caught);
    return n;
}

static int check_password(ctl_t *ctl, const char *password, int n)
{
    if (n == -1)
        return ctl_fail(ctl, CTL_BAD_DATA, "no password came: it is read "
                        "from standard input, as in `echo PASSWORD | "
                        "syncmlctl %s %s NAME', or from a terminal",
                        ctl->command->group, ctl->command->verb);
    if (n == -2 || n > STORE_MAX_PASSWORD)
        return ctl_fail(ctl, CTL_BAD_DATA, "the password is longer than %d "
                        "octets", STORE_MAX_PASSWORD);
    if (!n)
        return ctl_fail(ctl, CTL_BAD_DATA, "the password is empty; for an "
                        "account whose password only httpd's providers know, "
                        "use --no-password");
    if ((size_t)n != strlen(password))
        return ctl_fail(ctl, CTL_BAD_DATA, "the password contains a NUL "
                        "octet");
    return CTL_OK;
}

int ctl_read_password(ctl_t *ctl, char **password)
{
    char *first = apr_palloc(ctl->p, PASSWORD_ROOM), *second;
    int terminal = isatty(STDIN_FILENO), n, status;

    *password = NULL;
    n = terminal ? read_hidden(STDIN_FILENO, "Password", first,
                               PASSWORD_ROOM)
                 : read_line(STDIN_FILENO, first, PASSWORD_ROOM, NULL);
    status = check_password(ctl, first, n);
    if (status != CTL_OK)
        return status;
    if (terminal) {
        second = apr_palloc(ctl->p, PASSWORD_ROOM);
        n = read_hidden(STDIN_FILENO, "The same again", second,
                        PASSWORD_ROOM);
        status = n >= 0 && strcmp(first, second) == 0;
        explicit_bzero(second, PASSWORD_ROOM);
        if (!status)
            return ctl_fail(ctl, CTL_BAD_DATA, "that was not the same "
                            "password; nothing was changed");
    }
    *password = first;
    return CTL_OK;
}

int ctl_read_all(ctl_t *ctl, const char *file, apr_size_t limit,
                 const char **data, apr_size_t *len)
{
    int fd = file ? open(file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
    const char *name = file ? file : "standard input";
    apr_size_t room = 8192, used = 0;
    char *buf = apr_palloc(ctl->p, room), *more;
    ssize_t n;

    *data = NULL;
    *len = 0;
    if (fd < 0)
        return ctl_fail(ctl, errno == ENOENT ? CTL_NOT_FOUND : CTL_FAILURE,
                        "cannot read %s: %s", name, strerror(errno));
    if (!file && isatty(fd))
        fputs("The item's text, then Ctrl-D:\n", stderr);
    while ((n = read(fd, buf + used, room - used)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            int error = errno;

            if (file)
                close(fd);
            return ctl_fail(ctl, CTL_FAILURE, "cannot read %s: %s", name,
                            strerror(error));
        }
        used += (apr_size_t)n;
        if (used > limit) {
            if (file)
                close(fd);
            return ctl_fail(ctl, CTL_BAD_DATA, "%s has more than %"
                            APR_SIZE_T_FMT " octets", name, limit);
        }
        if (used == room) {
            more = apr_palloc(ctl->p, 2 * room);
            memcpy(more, buf, used);
            buf = more;
            room *= 2;
        }
    }
    if (file)
        close(fd);
    *data = buf;
    *len = used;
    return CTL_OK;
}

int ctl_confirm(ctl_t *ctl, const char *question)
{
    char answer[8];
    int n;

    if (ctl->options[OPT_YES] || !isatty(STDIN_FILENO))
        return 1;
    fprintf(stderr, "%s [y/N] ", question);
    fflush(stderr);
    n = read_line(STDIN_FILENO, answer, sizeof(answer), NULL);
    return n > 0 && (answer[0] == 'y' || answer[0] == 'Y');
}

const char *ctl_number(const char *text, apr_pool_t *p)
{
    char *number = apr_palloc(p, strlen(text) + 1), *w = number;
    size_t digits;

    for (; *text; text++) {
        if (apr_isdigit(*text) || (*text == '+' && w == number))
            *w++ = *text;
        else if (!strchr(" -./()\t", *text))
            return NULL;
    }
    *w = '\0';
    digits = strspn(number + (*number == '+'), "0123456789");
    /* E.164 has up to 15 digits; short numbers begin at 3. */
    return digits >= 3 && digits <= 15 ? number : NULL;
}
