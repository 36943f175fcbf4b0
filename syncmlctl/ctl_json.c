/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* JSON on standard output: see ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_encode.h>
#include <apr_strings.h>
#include <apr_time.h>

#include "syncmlctl/ctl.h"

apr_size_t ctl_utf8(const char *text, apr_size_t left)
{
    const unsigned char *s = (const unsigned char *)text;
    apr_size_t n, i;

    if (!left)
        return 0;
    if (s[0] < 0x80)
        return 1;
    n = s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : s[0] >= 0xe0 && s[0] < 0xf0 ? 3
        : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : 0;
    if (!n || n > left)
        return 0;
    for (i = 1; i < n; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    /* Longer than need be, a surrogate, or above U+10FFFF. */
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f)
        || (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return n;
}

static void put_string(const char *s, apr_size_t len)
{
    apr_size_t n;

    putchar('"');
    for (; len; s += n, len -= n) {
        n = ctl_utf8(s, len);
        if (!n) {
            fputs("\\ufffd", stdout);
            n = 1;
        }
        else if (n > 1)
            fwrite(s, 1, n, stdout);
        else if (*s == '"' || *s == '\\')
            printf("\\%c", *s);
        else if (*s == '\n')
            fputs("\\n", stdout);
        else if (*s == '\r')
            fputs("\\r", stdout);
        else if (*s == '\t')
            fputs("\\t", stdout);
        else if ((unsigned char)*s < ' ' || *s == 0x7f)
            printf("\\u%04x", *s);
        else
            putchar(*s);
    }
    putchar('"');
}

/** Comma, line and name of the next value. */
static void begin_value(ctl_json_t *j, const char *name)
{
    if (j->filled[j->depth]++)
        putchar(',');
    if (j->depth)
        printf("\n%*s", 2 * j->depth, "");
    if (name) {
        put_string(name, strlen(name));
        fputs(": ", stdout);
    }
}

void ctl_json_open(ctl_json_t *j, const char *name, char bracket)
{
    begin_value(j, name);
    putchar(bracket);
    j->filled[++j->depth] = 0;
}

void ctl_json_close(ctl_json_t *j, char bracket)
{
    int filled = j->filled[j->depth--];

    if (filled)
        printf("\n%*s", 2 * j->depth, "");
    putchar(bracket);
    if (!j->depth)
        putchar('\n');
}

void ctl_json_string(ctl_json_t *j, const char *name, const char *value)
{
    begin_value(j, name);
    if (value)
        put_string(value, strlen(value));
    else
        fputs("null", stdout);
}

void ctl_json_data(ctl_json_t *j, const char *name, const char *data,
                   apr_size_t len, apr_pool_t *p)
{
    apr_size_t i = 0, n;

    while (i < len && (n = ctl_utf8(data + i, len - i)) != 0)
        i += n;
    if (i == len) {
        begin_value(j, name);
        put_string(data, len);
        return;
    }
    begin_value(j, apr_pstrcat(p, name, "_base64", NULL));
    printf("\"%s\"", apr_pencode_base64_binary(
        p, (const unsigned char *)data, (apr_ssize_t)len,
        APR_ENCODE_NONE, NULL));
}

void ctl_json_int(ctl_json_t *j, const char *name, apr_int64_t value)
{
    begin_value(j, name);
    printf("%lld", (long long)value);
}

void ctl_json_bool(ctl_json_t *j, const char *name, int value)
{
    begin_value(j, name);
    fputs(value ? "true" : "false", stdout);
}

void ctl_json_time(ctl_json_t *j, const char *name, apr_time_t value)
{
    apr_time_exp_t t;

    begin_value(j, name);
    if (!value || apr_time_exp_gmt(&t, value) != APR_SUCCESS) {
        fputs("null", stdout);
        return;
    }
    printf("\"%04d-%02d-%02dT%02d:%02d:%02dZ\"", t.tm_year + 1900,
           t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
}
