/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/**
 * @file codec/utf8.c
 * @brief Checking and making UTF-8.
 */
#include <string.h>

#include "codec_int.h"

#define HIGH_BITS APR_UINT64_C(0x8080808080808080)

/* Octets of the well-formed sequence at s (not ASCII), or 0.  The ranges of
 * the second octet keep out overlong forms, surrogates and what is above
 * 10FFFF (Unicode, table 3-7). */
static unsigned sequence_len(const unsigned char *s, const unsigned char *end)
{
    unsigned char low = 0x80, high = 0xbf;
    unsigned len, i;

    if (*s < 0xc2 || *s > 0xf4)
        return 0;
    len = *s < 0xe0 ? 2 : *s < 0xf0 ? 3 : 4;
    if ((apr_size_t)(end - s) < len)
        return 0;
    switch (*s) {
    case 0xe0: low = 0xa0; break;
    case 0xed: high = 0x9f; break;
    case 0xf0: low = 0x90; break;
    case 0xf4: high = 0x8f; break;
    default: break;
    }
    if (s[1] < low || s[1] > high)
        return 0;
    for (i = 2; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    return len;
}

apr_size_t codec_utf8_prefix(const char *s, apr_size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    const unsigned char *end = p + len;

    for (;;) {
        unsigned n;

        /* Most texts are ASCII from end to end: many octets at a time. */
        while (end - p >= 32) {
            apr_uint64_t word[4];

            memcpy(word, p, sizeof(word));
            if ((word[0] | word[1] | word[2] | word[3]) & HIGH_BITS)
                break;
            p += 32;
        }
        while (end - p >= 8) {
            apr_uint64_t word;

            memcpy(&word, p, sizeof(word));
            if (word & HIGH_BITS)
                break;
            p += 8;
        }
        while (p < end && *p < 0x80)
            p++;
        if (p == end)
            return len;
        n = sequence_len(p, end);
        if (n == 0)
            return (apr_size_t)(p - (const unsigned char *)s);
        p += n;
    }
}

unsigned codec_utf8_put(apr_uint32_t c, char out[4])
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}
