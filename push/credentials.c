/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Files with what nobody else may read: see credentials.h. */
#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define MAX_FILE  8192
#define MAX_KEYS  32

static const char *because(const char *path, int failed, apr_pool_t *p)
{
    char buf[128];

    return apr_psprintf(p, "%s: %s", path,
                        apr_strerror(failed, buf, sizeof buf));
}

/* @return words for what is wrong with who may read the file, or NULL */
static const char *check_rights(int fd, const char *path, apr_pool_t *p)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return because(path, errno, p);
    }
    if (!S_ISREG(st.st_mode)) {
        return apr_psprintf(p, "%s is no ordinary file", path);
    }
    if (st.st_mode & 077) {
        return apr_psprintf(p, "%s can be read by others (mode %04o): right "
                            "is chmod 0600", path,
                            (unsigned)st.st_mode & 07777);
    }
    if (st.st_uid != 0 && st.st_uid != geteuid()) {
        return apr_psprintf(p, "%s belongs to user %ld: right is chown root",
                            path, (long)st.st_uid);
    }
    return NULL;
}

/* @return a line without the blanks at its ends */
static char *trim(char *text)
{
    char *end;

    while (apr_isspace(*text)) {
        text++;
    }
    for (end = text + strlen(text); end > text && apr_isspace(end[-1]);
         end--) {
    }
    *end = '\0';
    return text;
}

static const char *add_line(apr_table_t *values, char *line,
                            const char *path, int number, apr_pool_t *p)
{
    char *equals;

    line = trim(line);
    if (!*line || *line == '#') {
        return NULL;
    }
    equals = strchr(line, '=');
    if (!equals || equals == line) {
        return apr_psprintf(p, "%s line %d is no \"key = value\"", path,
                            number);
    }
    *equals = '\0';
    line = trim(line);
    if (apr_table_get(values, line)) {
        return apr_psprintf(p, "%s line %d: %s is said twice", path, number,
                            line);
    }
    if (apr_table_elts(values)->nelts >= MAX_KEYS) {
        return apr_psprintf(p, "%s has more than %d keys", path, MAX_KEYS);
    }
    apr_table_set(values, line, trim(equals + 1));
    return NULL;
}

/* @return the file as text, or NULL and *wrong */
static char *read_text(const char *path, const char **wrong, apr_pool_t *p)
{
    char *text = apr_palloc(p, MAX_FILE + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    ssize_t n = 0, len = 0;

    if (fd < 0) {
        *wrong = because(path, errno, p);
        return NULL;
    }
    *wrong = check_rights(fd, path, p);
    while (!*wrong && len <= MAX_FILE
           && (n = read(fd, text + len, MAX_FILE + 1 - len)) > 0) {
        len += n;
    }
    if (n < 0) {
        *wrong = because(path, errno, p);
    }
    close(fd);
    if (!*wrong && len > MAX_FILE) {
        *wrong = apr_psprintf(p, "%s has more than %d octets", path,
                              MAX_FILE);
    }
    else if (!*wrong && memchr(text, '\0', len)) {
        *wrong = apr_psprintf(p, "%s is no text file", path);
    }
    if (*wrong) {
        return NULL;
    }
    text[len] = '\0';
    return text;
}

const char *credentials_read(apr_table_t *values, const char *path,
                             apr_pool_t *p)
{
    const char *wrong;
    char *text = read_text(path, &wrong, p);
    int number = 0;

    while (!wrong && text) {
        char *end = strchr(text, '\n');

        if (end) {
            *end = '\0';
        }
        wrong = add_line(values, text, path, ++number, p);
        text = end ? end + 1 : NULL;
    }
    return wrong;
}

const char *credentials_readable(const char *path, apr_pool_t *p)
{
    return access(path, R_OK) == 0 ? NULL : because(path, errno, p);
}
