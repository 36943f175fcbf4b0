/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Keys and equality of items: see item.h. */
#include <string.h>

#include "item/item_norm.h"

/** 64-bit FNV-1a with a final mix; @p seed keeps kinds apart. Never 0. */
static apr_int64_t hash64(const char *s, apr_size_t len, unsigned seed)
{
    apr_uint64_t h = APR_UINT64_C(14695981039346656037) ^ seed;
    apr_int64_t result;
    apr_size_t i;

    for (i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * APR_UINT64_C(1099511628211);
    h ^= h >> 33;
    h *= APR_UINT64_C(0xff51afd7ed558ccd);
    h ^= h >> 33;
    memcpy(&result, &h, sizeof(result));
    return result ? result : 1;
}

apr_status_t item_keys(item_keys_t *keys, const char *type, const char *data,
                       apr_size_t len, apr_pool_t *p)
{
    item_norm_t norm;
    item_span_t near;
    apr_status_t rv;

    memset(keys, 0, sizeof(*keys));
    rv = item_normalise(&norm, type, data, len, p);
    if (rv != APR_SUCCESS)
        return rv;
    keys->kind = norm.kind;
    keys->key = hash64(norm.canon.s, norm.canon.len, norm.kind);
    if (norm.uid.len)
        keys->uid_key = hash64(norm.uid.s, norm.uid.len, 0x55u);
    near = item_near(&norm, p);
    if (near.len)
        keys->near_key = hash64(near.s, near.len, 0x4eu
                                + (norm.kind == ITEM_VJOURNAL ? ITEM_TEXT
                                                              : norm.kind));
    item_when(&norm, &keys->starts, &keys->ends);
    return APR_SUCCESS;
}

int item_equal(const char *type_a, const char *a, apr_size_t len_a,
               const char *type_b, const char *b, apr_size_t len_b,
               apr_pool_t *p)
{
    item_norm_t na, nb;
    apr_status_t rva, rvb;

    rva = item_normalise(&na, type_a, a, len_a, p);
    rvb = item_normalise(&nb, type_b, b, len_b, p);
    if (rva != APR_SUCCESS || rvb != APR_SUCCESS)
        return len_a == len_b && (!len_a || !memcmp(a, b, len_a));
    return na.kind == nb.kind && na.canon.len == nb.canon.len
           && (!na.canon.len
               || !memcmp(na.canon.s, nb.canon.s, na.canon.len));
}

const char *item_kind_type(item_kind_e kind)
{
    switch (kind) {
    case ITEM_VCARD30:  return "text/vcard";
    case ITEM_VEVENT:
    case ITEM_VTODO:
    case ITEM_VJOURNAL: return "text/calendar";
    case ITEM_EMAIL:    return "application/vnd.omads-email+xml";
    case ITEM_FILE:     return "application/vnd.omads-file+xml";
    default:            return "text/plain";
    }
}

const char *item_strerror(apr_status_t rv)
{
    switch (rv) {
    case ITEM_EMALFORMED:
        return "the text is not what its type says: BEGIN, END or VERSION "
               "missing or wrong, or a NUL octet";
    case ITEM_ETYPE:
        return "type or version not supported: vCard 3.0, iCalendar 2.0 with "
               "an event, task or journal, plain text, or OMA's XML of an "
               "email or file is needed";
    case ITEM_ELIMIT:
        return "the item is too large, or has too many lines, parameters or "
               "nested components";
    default:
        return NULL;
    }
}
