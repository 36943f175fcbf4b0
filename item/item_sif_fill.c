/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* What a device left out of its SIF because it has no such fields: see
 * item_sif.h. */
#include "item/item_sif.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "item/item_sif_xml.h"

static const char *lower(const char *name, apr_pool_t *p)
{
    char *copy = apr_pstrdup(p, name), *c;

    for (c = copy; *c; c++)
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c + 32);
    return copy;
}

apr_hash_t *item_sif_names(const item_text_t *in, apr_pool_t *p)
{
    apr_hash_t *names = apr_hash_make(p);
    const item_xml_t *child;
    item_xml_t *root;

    if (item_xml_read(&root, in->data, in->len, p) != APR_SUCCESS)
        return names;
    for (child = root->first; child; child = child->next)
        apr_hash_set(names, lower(child->name, p), APR_HASH_KEY_STRING, "");
    return names;
}

static void put_element(item_buf_t *b, const item_xml_t *element)
{
    const item_xml_t *child;
    item_span_t text;

    if (!element->first) {
        text.s = element->text;
        text.len = element->len;
        item_xml_put(b, element->name, text);
        return;
    }
    item_xml_open(b, element->name);
    for (child = element->first; child; child = child->next)
        put_element(b, child);
    item_xml_close(b, element->name);
}

apr_status_t item_sif_fill(const item_text_t *in, const item_text_t *had,
                           apr_hash_t *known, item_text_t *out,
                           apr_pool_t *p)
{
    item_xml_t *theirs, *was;
    const item_xml_t *child;
    item_buf_t b = { NULL, NULL, 0, 0 };
    int filled = 0;
    apr_status_t rv = item_xml_read(&theirs, in->data, in->len, p);

    *out = *in;
    if (rv == APR_SUCCESS)
        rv = item_xml_read(&was, had->data, had->len, p);
    if (rv != APR_SUCCESS || strcasecmp(theirs->name, was->name) != 0)
        return rv;
    b.p = p;
    item_xml_begin(&b);
    item_xml_open(&b, theirs->name);
    for (child = theirs->first; child; child = child->next) {
        if (child->enc)
            return APR_SUCCESS; /* encoded: as it is, it has its reasons */
        put_element(&b, child);
    }
    for (child = was->first; child; child = child->next) {
        if (!child->first && child->len && !item_xml_find(theirs, child->name)
            && !apr_hash_get(known, lower(child->name, p),
                             APR_HASH_KEY_STRING)) {
            put_element(&b, child);
            filled = 1;
        }
    }
    item_xml_close(&b, theirs->name);
    if (filled) {
        out->data = b.s;
        out->len = b.len;
    }
    return APR_SUCCESS;
}
