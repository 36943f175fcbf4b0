/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Fuzz target: items.  The first octet chooses the media type, the rest is
 * the text, copied to memory of exactly its size.  Beyond not crashing, what
 * must hold for any text: keys come out the same again, an item equals
 * itself, line ends do not matter, and a summary is one line of valid UTF-8
 * within its limit.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_pools.h>

#include "item/item.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)  do { if (!(x)) abort(); } while (0)
#define SUMMARY_MAX  30

static const char *const types[] = {
    NULL, "text/vcard", "text/calendar", "text/plain", "text/x-vcard;a=b",
    "application/vnd.omads-email+xml", "application/vnd.omads-file+xml"
};

static void check_summary(const char *s)
{
    size_t chars = 0, more;

    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;

        MUST(c >= ' ' && c != 0x7f);
        MUST(c < 0x80 || (c >= 0xc2 && c < 0xf5));
        for (more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3; more;
             more--)
            MUST(((unsigned char)*++s & 0xc0) == 0x80);
        chars++;
    }
    MUST(chars <= SUMMARY_MAX);
}

/** The text with each LF as CRLF, if it has no CR yet. */
static char *to_crlf(const char *text, size_t len, size_t *out_len)
{
    char *out = malloc(2 * len + 1);
    size_t i;

    MUST(out);
    *out_len = 0;
    for (i = 0; i < len; i++) {
        if (text[i] == '\n')
            out[(*out_len)++] = '\r';
        out[(*out_len)++] = text[i];
    }
    return out;
}

/** A reduced item is an item of its kind (a note may be cut so that it looks
 * like another one), and small; a difference has few lines. */
static void check_tools(const char *type, item_kind_e kind, const char *text,
                        size_t len, apr_pool_t *p)
{
    static const size_t parts[] = { 1, 2, 8 };
    item_keys_t keys;
    const char *less;
    apr_size_t n;
    unsigned i, lines = 0;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        less = text;
        n = len;
        if (item_reduce(type, &less, &n, len / parts[i], p) != APR_SUCCESS) {
            MUST(less == text && n == len);
            continue;
        }
        MUST(n <= len / parts[i]);
        MUST(item_keys(&keys, item_kind_type(kind), less, n, p)
             == APR_SUCCESS && keys.kind == kind);
        for (less = item_diff(type, text, len, type, less, n, p); *less;
             less++)
            lines += *less == '\n';
    }
    MUST(lines <= 600);
    MUST(!*item_diff(type, text, len, type, text, len, p));
    item_values(type, text, len, "CATEGORIES", p);
    item_values(type, text, len, "SUMMARY", p);
}

/** What begins next begins when it was asked for. */
static void check_next(const char *type, const char *text, size_t len,
                       apr_int64_t from, apr_pool_t *p)
{
    apr_int64_t to = from + 48 * 3600;
    apr_int64_t next = item_next_start(type, text, len, from, to,
                                       "Europe/Berlin", p);

    MUST(!next || (next > from && next <= to));
}

static void check_item(const char *type, const char *text, size_t len,
                       apr_pool_t *p)
{
    item_keys_t keys, again;
    apr_status_t rv = item_keys(&keys, type, text, len, p);
    size_t crlf_len;
    char *crlf;

    MUST(item_equal(type, text, len, type, text, len, p));
    check_summary(item_summary(type, text, len, SUMMARY_MAX, p));
    MUST(item_modified(type, text, len, p) >= 0);
    if (rv != APR_SUCCESS) {
        MUST(item_strerror(rv));
        MUST(!keys.key && !keys.uid_key);
        return;
    }
    MUST(keys.key);
    check_tools(type, keys.kind, text, len, p);
    check_next(type, text, len, 1795939200, p);         /* in 2026 */
    if (keys.starts > 0 && keys.starts < ITEM_WHEN_ALWAYS)
        check_next(type, text, len, keys.starts, p);
    MUST(keys.starts <= keys.ends);
    MUST(item_likeness(type, text, len, type, text, len, p) == ITEM_EQUAL);
    MUST(item_keys(&again, type, text, len, p) == APR_SUCCESS);
    MUST(again.key == keys.key && again.uid_key == keys.uid_key
         && again.kind == keys.kind);
    if (memchr(text, '\r', len))
        return;
    crlf = to_crlf(text, len, &crlf_len);
    MUST(item_keys(&again, type, crlf, crlf_len, p) == APR_SUCCESS);
    MUST(again.key == keys.key && again.uid_key == keys.uid_key);
    MUST(item_equal(type, text, len, type, crlf, crlf_len, p));
    free(crlf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int ready;
    apr_pool_t *p;
    char *text;

    if (!ready) {
        apr_initialize();
        ready = 1;
    }
    if (!size)
        return 0;
    MUST(apr_pool_create(&p, NULL) == APR_SUCCESS);
    text = malloc(size > 1 ? size - 1 : 1);
    MUST(text);
    memcpy(text, data + 1, size - 1);
    check_item(types[data[0] % (sizeof(types) / sizeof(types[0]))], text,
               size - 1, p);
    free(text);
    apr_pool_destroy(p);
    return 0;
}
