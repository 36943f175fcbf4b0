/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Emails and files among the items: see item_object_int.h. */
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_doc.h"
#include "item/item_mime.h"
#include "item/item_object_int.h"
#include "item/item_sif_xml.h"

static int same_text(const item_text_t *a, const item_text_t *b)
{
    return a->len == b->len && (!a->len || !memcmp(a->data, b->data, a->len));
}

/* ---- what is compared ----------------------------------------------------- */

static apr_uint64_t hash_of(const item_text_t *text)
{
    apr_uint64_t h = APR_UINT64_C(14695981039346656037);
    apr_size_t i;

    for (i = 0; i < text->len; i++)
        h = (h ^ (unsigned char)text->data[i])
            * APR_UINT64_C(1099511628211);
    return h;
}

static const char *message_id(const item_object_t *object, apr_pool_t *p)
{
    item_span_t id = item_span_of(item_object_header(object, "Message-ID", p));

    id = item_span_trim(id);
    return apr_pstrmemdup(p, id.s, id.len);
}

/** A message is known by its Message-ID: copies of it differ in what the way
 * has added, and where they were cut. */
static const char *content_key(const item_object_t *object, apr_pool_t *p)
{
    const char *id = "";

    if (!object->content.data)
        return "";
    if (object->kind == ITEM_EMAIL)
        id = message_id(object, p);
    return *id ? id : apr_psprintf(p, "%" APR_SIZE_T_FMT " octets, "
                                   "%016" APR_UINT64_T_HEX_FMT,
                                   object->content.len,
                                   hash_of(&object->content));
}

apr_status_t item_object_normalise(item_norm_t *norm, item_kind_e kind,
                                   const char *data, apr_size_t len,
                                   apr_pool_t *p)
{
    const item_object_field_t *fields = item_object_fields(kind);
    item_buf_t b = { NULL, NULL, 0, 0 }, near = { NULL, NULL, 0, 0 };
    item_object_t object;
    apr_status_t rv;
    int i;

    rv = item_object_read(&object, kind, data, len, p);
    if (rv != APR_SUCCESS)
        return rv;
    b.p = near.p = p;
    for (i = 0; fields[i].name; i++)
        if (fields[i].compared && object.fields[i]
            && strcmp(object.fields[i], "false"))
            item_buf_puts(&b, apr_pstrcat(p, fields[i].name, ": ",
                                          object.fields[i], "\n", NULL));
    item_buf_puts(&b, apr_pstrcat(p, "content: ", content_key(&object, p),
                                  "\n", NULL));
    norm->kind = kind;
    norm->canon = item_buf_span(&b);
    if (kind == ITEM_EMAIL) {
        norm->uid = item_span_of(message_id(&object, p));
        item_near_text(&near,
                       item_span_of(item_object_header(&object, "Subject", p)),
                       12);
        if (object.fields[3])
            item_time_parse(&norm->at, item_span_of(object.fields[3]),
                            item_span_of(""));
    }
    else if (object.fields[0])
        item_near_text(&near, item_span_of(object.fields[0]), 0);
    norm->near = item_buf_span(&near);
    return APR_SUCCESS;
}

item_likeness_e item_object_likeness(item_kind_e kind, const char *a,
                                     apr_size_t len_a, const char *b,
                                     apr_size_t len_b, apr_pool_t *p)
{
    const item_object_field_t *fields = item_object_fields(kind);
    item_object_t oa, ob;
    int i, odd = 0;

    if (item_object_read(&oa, kind, a, len_a, p) != APR_SUCCESS
        || item_object_read(&ob, kind, b, len_b, p) != APR_SUCCESS)
        return ITEM_DIFFERENT;
    if (kind == ITEM_EMAIL
        ? !oa.content.data || !ob.content.data
          || strcmp(content_key(&oa, p), content_key(&ob, p))
        : !oa.fields[0] || !ob.fields[0]
          || strcmp(oa.fields[0], ob.fields[0]))
        return ITEM_DIFFERENT;
    for (i = 0; fields[i].name; i++)
        odd |= fields[i].compared && oa.fields[i] && ob.fields[i]
               && strcmp(oa.fields[i], ob.fields[i]);
    odd |= oa.content.data && ob.content.data
           && strcmp(content_key(&oa, p), content_key(&ob, p));
    return odd ? ITEM_RELATED : ITEM_NEAR;
}

/* ---- merging -------------------------------------------------------------- */

static int same_field(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

/** One field of three; base NULL where it is not known. */
static const char *merge_field(const item_object_field_t *field,
                               const char *const *base, const char *ours,
                               const char *theirs, int prefer, int *clash)
{
    if (!theirs || same_field(ours, theirs))
        return ours;            /* not said is no change */
    if (!ours)
        return theirs;
    if (field->how == OBJECT_DATE) {
        item_time_t a, b;

        if (strcmp(field->name, "modified"))
            return ours;
        item_time_parse(&a, item_span_of(ours), item_span_of(""));
        item_time_parse(&b, item_span_of(theirs), item_span_of(""));
        return b.secs > a.secs ? theirs : ours;
    }
    if (base && same_field(*base, theirs))
        return ours;
    if (base && same_field(*base, ours))
        return theirs;
    if (field->grows && !base)
        return "true";
    *clash |= field->compared;
    return prefer & ITEM_PREFER_THEIRS ? theirs : ours;
}

/** Non-zero if a content is another one, cut short. */
static int is_cut(const item_text_t *a, const item_text_t *b)
{
    return a->len < b->len && !memcmp(a->data, b->data, a->len);
}

/** Whose content it is. @return non-zero: theirs */
static int merge_content(const item_object_t *base,
                         const item_object_t *ours,
                         const item_object_t *theirs, int prefer, int *clash)
{
    if (!theirs->content.data
        || (ours->content.data
            && same_text(&ours->content, &theirs->content)))
        return 0;
    if (!ours->content.data)
        return 1;
    /* Messages are not edited at their end; they are fetched in part. */
    if (ours->kind == ITEM_EMAIL) {
        if (is_cut(&theirs->content, &ours->content))
            return 0;
        if (is_cut(&ours->content, &theirs->content))
            return 1;
    }
    if (base && base->content.data) {
        if (same_text(&base->content, &theirs->content))
            return 0;
        if (same_text(&base->content, &ours->content))
            return 1;
    }
    *clash = 1;
    return (prefer & ITEM_PREFER_THEIRS) != 0;
}

static void note(apr_array_header_t *clashes, const char *name,
                 apr_pool_t *p)
{
    APR_ARRAY_PUSH(clashes, const char *) = item_span_upper(item_span_of(name),
                                                            p);
}

/** Non-zero if an object says all that another does, and not more. */
static int same_object(const item_object_t *a, const item_object_t *b,
                       apr_pool_t *p)
{
    item_text_t ta, tb;

    item_object_write(&ta, a, p);
    item_object_write(&tb, b, p);
    return same_text(&ta, &tb);
}

apr_status_t item_object_merge(item_merge_t *m, item_kind_e kind,
                               const item_text_t *base,
                               const item_text_t *ours,
                               const item_text_t *theirs, int prefer,
                               apr_array_header_t *clashes, apr_pool_t *p)
{
    const item_object_field_t *fields = item_object_fields(kind);
    item_object_t ob, oo, ot, out;
    item_text_t text;
    apr_status_t rv;
    int i, clash;

    rv = item_object_read(&oo, kind, ours->data, ours->len, p);
    if (rv == APR_SUCCESS)
        rv = item_object_read(&ot, kind, theirs->data, theirs->len, p);
    if (rv != APR_SUCCESS)
        return rv;
    if (base && item_object_read(&ob, kind, base->data, base->len, p)
                != APR_SUCCESS)
        base = NULL;
    out = oo;
    for (i = 0; fields[i].name; i++) {
        clash = 0;
        out.fields[i] = merge_field(&fields[i], base ? &ob.fields[i] : NULL,
                                    oo.fields[i], ot.fields[i], prefer,
                                    &clash);
        if (clash)
            note(clashes, fields[i].name, p);
    }
    clash = 0;
    if (merge_content(base ? &ob : NULL, &oo, &ot, prefer, &clash)) {
        out.content = ot.content;
        out.extensions = ot.extensions;
    }
    if (clash)
        note(clashes, "CONTENT", p);
    item_object_write(&text, &out, p);
    if (same_object(&out, &oo, p))
        text = *ours;
    else if (same_object(&out, &ot, p))
        text = *theirs;
    m->text = text.data;
    m->len = text.len;
    m->is_ours = same_text(&text, ours);
    m->is_theirs = same_text(&text, theirs);
    return text.len > ITEM_MAX_OCTETS ? ITEM_ELIMIT : APR_SUCCESS;
}

/* ---- small devices -------------------------------------------------------- */

static void put_extension(item_buf_t *b, const char *name, apr_size_t n,
                          apr_pool_t *p)
{
    item_xml_open(b, "Ext");
    item_xml_put(b, "XNam", item_span_of(name));
    item_xml_put(b, "XVal",
                 item_span_of(apr_psprintf(p, "%" APR_SIZE_T_FMT, n)));
    item_xml_close(b, "Ext");
}

/** A message with the first lines of its text, and how much is left. */
static int cut_message(item_object_t *object, item_text_t *text,
                       apr_size_t limit, apr_pool_t *p)
{
    item_text_t whole = object->content;
    const char *extensions = object->extensions;
    apr_size_t header, keep = whole.len;
    item_span_t message;

    message.s = whole.data;
    message.len = whole.len;
    header = item_mime_header(message);
    while (text->len > limit && keep > header) {
        item_buf_t b = { NULL, NULL, 0, 0 };
        apr_size_t excess = text->len - limit;

        keep = keep - header > excess ? keep - excess : header;
        while (keep > header && whole.data[keep - 1] != '\n')
            keep--;
        b.p = p;
        item_buf_puts(&b, extensions);
        put_extension(&b, "x-funambol-size", whole.len, p);
        put_extension(&b, "x-funambol-body", whole.len - keep, p);
        object->content.len = keep;
        object->extensions = b.s;
        item_object_write(text, object, p);
    }
    return text->len <= limit;
}

apr_status_t item_object_reduce(item_kind_e kind, const char **data,
                                apr_size_t *len, apr_size_t limit,
                                apr_pool_t *p)
{
    item_object_t object;
    item_text_t text;
    apr_status_t rv;

    rv = item_object_read(&object, kind, *data, *len, p);
    if (rv != APR_SUCCESS || *len <= limit)
        return rv;
    item_object_write(&text, &object, p);
    if (text.len > limit && object.content.data) {
        if (kind == ITEM_EMAIL)
            cut_message(&object, &text, limit, p);
        else {                  /* its name and size, at least */
            item_object_set(&object, "size",
                            apr_psprintf(p, "%" APR_SIZE_T_FMT,
                                         object.content.len));
            memset(&object.content, 0, sizeof(object.content));
            item_object_write(&text, &object, p);
        }
    }
    if (text.len > limit
        || item_object_read(&object, kind, text.data, text.len, p)
           != APR_SUCCESS)
        return ITEM_ELIMIT;
    *data = text.data;
    *len = text.len;
    return APR_SUCCESS;
}

/* ---- for people and filters ----------------------------------------------- */

item_span_t item_object_title(item_kind_e kind, const char *data,
                              apr_size_t len, apr_pool_t *p)
{
    item_object_t object;
    const char *title;

    if (item_object_read(&object, kind, data, len, p) != APR_SUCCESS)
        return item_span_of("");
    if (kind == ITEM_FILE)
        return item_span_of(object.fields[0] ? object.fields[0] : "");
    title = item_object_header(&object, "Subject", p);
    return item_span_of(*title ? title
                        : item_object_header(&object, "From", p));
}

void item_object_values(apr_array_header_t *values, item_kind_e kind,
                        const char *data, apr_size_t len, const char *name,
                        apr_pool_t *p)
{
    item_object_t object;
    const char *value;
    item_span_t title;

    if (item_object_read(&object, kind, data, len, p) != APR_SUCCESS)
        return;
    value = item_object_get(&object, name);
    if (!value && kind == ITEM_EMAIL)
        value = item_object_header(&object, name, p);
    if ((!value || !*value) && item_span_is(item_span_of(name), "SUMMARY")) {
        title = item_object_title(kind, data, len, p);
        value = apr_pstrmemdup(p, title.s, title.len);
    }
    if (value && *value)
        APR_ARRAY_PUSH(values, const char *) = value;
}

apr_int64_t item_object_modified(item_kind_e kind, const char *data,
                                 apr_size_t len, apr_pool_t *p)
{
    item_object_t object;
    const char *value;
    item_time_t t;

    if (item_object_read(&object, kind, data, len, p) != APR_SUCCESS)
        return 0;
    value = item_object_get(&object, "modified");
    return value && item_time_parse(&t, item_span_of(value), item_span_of(""))
           && t.kind != ITEM_TIME_DATE && t.secs > 0 ? t.secs : 0;
}
