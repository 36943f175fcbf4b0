/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* WSP push PDU: see wsp.h. */
#include "wsp.h"

#include <string.h>

#include <apr_strings.h>

#define PDU_PUSH            0x06
#define HEADER_APPLICATION  0x2F
#define SHORT               0x80    /* a short integer, or a header's number */
#define LENGTH_QUOTE        31      /* the length follows as a uintvar */
#define QUOTE               0x7F    /* before text that starts above 0x7F */

apr_status_t wsp_encode(const unsigned char **out, apr_size_t *len,
                        const wsp_push_t *push, apr_pool_t *p)
{
    unsigned char *d;
    int type_len = push->content_type > 0x7F ? 4 : 1;

    *out = NULL;
    *len = 0;
    if (push->tid < 0 || push->tid > 0xFF
        || push->content_type < 0 || push->content_type > 0xFFFF
        || push->application < 0 || push->application > 0x7F) {
        return APR_EINVAL;
    }
    *len = 5 + type_len + push->body_len;
    *out = d = apr_palloc(p, *len);
    *d++ = (unsigned char)push->tid;
    *d++ = PDU_PUSH;
    *d++ = (unsigned char)(type_len + 2);   /* octets of headers */
    if (type_len == 1) {
        *d++ = (unsigned char)(SHORT | push->content_type);
    }
    else {                                  /* a value of 3: a long integer */
        *d++ = 3;
        *d++ = 2;
        *d++ = (unsigned char)(push->content_type >> 8);
        *d++ = push->content_type & 0xFF;
    }
    *d++ = SHORT | HEADER_APPLICATION;
    *d++ = (unsigned char)(SHORT | push->application);
    if (push->body_len) {
        memcpy(d, push->body, push->body_len);
    }
    return APR_SUCCESS;
}

/* ---- decoding ---------------------------------------------------------- */

typedef struct reader_t {
    const unsigned char *at, *end;
} reader_t;

/* A number in groups of seven bits, at most 32. @return 0 if there is none */
static int get_uintvar(reader_t *r, apr_uint32_t *n)
{
    int i;

    *n = 0;
    for (i = 0; i < 5 && r->at < r->end; i++) {
        if (*n > 0xFFFFFFFFu >> 7) {
            return 0;
        }
        *n = *n << 7 | (*r->at & 0x7F);
        if (!(*r->at++ & 0x80)) {
            return 1;
        }
    }
    return 0;
}

/* Text with its NUL; points into the data. */
static const char *get_text(reader_t *r)
{
    const char *text;
    const unsigned char *nul = memchr(r->at, '\0', r->end - r->at);

    if (!nul) {
        return NULL;
    }
    text = (const char *)r->at + (*r->at == QUOTE);
    r->at = nul + 1;
    return text;
}

/* A value with a length before it: what is inside. */
static int get_inner(reader_t *r, reader_t *inner)
{
    apr_uint32_t n = *r->at++;

    if ((n == LENGTH_QUOTE && !get_uintvar(r, &n))
        || n > (apr_size_t)(r->end - r->at)) {
        return 0;
    }
    inner->at = r->at;
    inner->end = r->at += n;
    return 1;
}

/* An integer or text. @return 0 if it is neither */
static int get_value(reader_t *r, int *number, const char **text)
{
    *number = -1;
    *text = NULL;
    if (r->at == r->end) {
        return 0;
    }
    if (*r->at & SHORT) {
        *number = *r->at++ & 0x7F;
        return 1;
    }
    if (*r->at > LENGTH_QUOTE || *r->at == 0) {
        *text = get_text(r);
        return *text != NULL;
    }
    /* a long integer: its length, its octets; at most 24 bits */
    {
        reader_t inner;

        if (*r->at == LENGTH_QUOTE || !get_inner(r, &inner)) {
            return 0;
        }
        for (*number = 0; inner.at < inner.end; inner.at++) {
            if (*number > 0xFFFF) {
                return 0;
            }
            *number = *number << 8 | *inner.at;
        }
        return 1;
    }
}

static int get_content_type(reader_t *r, wsp_push_t *push)
{
    if (r->at == r->end) {
        return 0;
    }
    if (!(*r->at & SHORT) && *r->at && *r->at <= LENGTH_QUOTE) {
        reader_t inner;                     /* with parameters, passed over */

        return get_inner(r, &inner)
               && get_value(&inner, &push->content_type,
                            &push->content_text);
    }
    return get_value(r, &push->content_type, &push->content_text);
}

/* One header: a number or name and its value. */
static int get_header(reader_t *r, wsp_push_t *push)
{
    int name, number = -1;
    const char *text = NULL;
    reader_t inner;

    if (*r->at & SHORT) {
        name = *r->at++ & 0x7F;
    }
    else {
        name = -1;
        if (*r->at <= LENGTH_QUOTE || !get_text(r)) {
            return 0;                       /* code page shifts too */
        }
    }
    if (r->at == r->end) {
        return 0;
    }
    if (!(*r->at & SHORT) && *r->at && *r->at <= LENGTH_QUOTE
        && name != HEADER_APPLICATION) {
        return get_inner(r, &inner);
    }
    if (!get_value(r, &number, &text)) {
        return 0;
    }
    if (name == HEADER_APPLICATION) {
        push->application = number;
    }
    return 1;
}

static const char *get_push(reader_t *r, wsp_push_t *push)
{
    apr_uint32_t n;
    reader_t headers;

    if (r->end - r->at < 3) {
        return "shorter than a WSP push";
    }
    push->tid = r->at[0];
    if (r->at[1] != PDU_PUSH) {
        return "the PDU is not a push";
    }
    r->at += 2;
    if (!get_uintvar(r, &n) || n > (apr_size_t)(r->end - r->at)) {
        return "the headers are cut short";
    }
    headers.at = r->at;
    headers.end = r->at + n;
    if (!get_content_type(&headers, push)) {
        return "the content type cannot be read";
    }
    while (headers.at < headers.end) {
        if (!get_header(&headers, push)) {
            return "a header cannot be read";
        }
    }
    push->body = headers.end;
    push->body_len = r->end - headers.end;
    return NULL;
}

apr_status_t wsp_decode(wsp_push_t **push, const unsigned char *data,
                        apr_size_t len, const char **error, apr_pool_t *p)
{
    reader_t r = { data, data + len };
    wsp_push_t *w = apr_pcalloc(p, sizeof *w);
    const char *wrong;

    w->content_type = w->application = -1;
    wrong = get_push(&r, w);
    if (wrong && error) {
        *error = wrong;
    }
    *push = wrong ? NULL : w;
    return wrong ? WSP_EMALFORMED : APR_SUCCESS;
}

const char *wsp_type_name(int content_type)
{
    switch (content_type) {
    case 0x36: return "application/vnd.wap.connectivity-wbxml";
    case 0x44: return "application/vnd.syncml.notification";
    case 0x4E: return "application/vnd.syncml.ds.notification";
    case 0x020B: return "application/vnd.nokia.syncset+wbxml";
    case 0x0302: return "application/vnd.syncml+xml";
    case 0x0303: return "application/vnd.syncml+wbxml";
    default: return NULL;
    }
}
