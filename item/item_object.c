/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* Emails and files as XML documents: see item_object.h. */
#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_charset.h"
#include "item/item_mime.h"
#include "item/item_object_int.h"
#include "item/item_sif_xml.h"

static const item_object_field_t email_fields[] = {
    { "read",      OBJECT_FLAG, 1, 1, 0 },
    { "forwarded", OBJECT_FLAG, 1, 1, 0 },
    { "replied",   OBJECT_FLAG, 1, 1, 0 },
    { "received",  OBJECT_DATE, 0, 0, 0 },
    { "created",   OBJECT_DATE, 0, 0, 0 },
    { "modified",  OBJECT_DATE, 0, 0, 0 },
    { "deleted",   OBJECT_FLAG, 1, 0, 0 },
    { "flagged",   OBJECT_FLAG, 1, 0, 0 },
    { NULL, OBJECT_TEXT, 0, 0, 0 }
};
static const item_object_field_t file_fields[] = {
    { "name",      OBJECT_TEXT, 1, 0, 0 },
    { "created",   OBJECT_DATE, 0, 0, 0 },
    { "modified",  OBJECT_DATE, 0, 0, 0 },
    { "accessed",  OBJECT_DATE, 0, 0, 0 },
    { "h",         OBJECT_FLAG, 1, 0, 1 },
    { "s",         OBJECT_FLAG, 1, 0, 1 },
    { "a",         OBJECT_FLAG, 1, 0, 1 },
    { "d",         OBJECT_FLAG, 1, 0, 1 },
    { "w",         OBJECT_FLAG, 1, 0, 1 },
    { "r",         OBJECT_FLAG, 1, 0, 1 },
    { "x",         OBJECT_FLAG, 1, 0, 1 },
    { "cttype",    OBJECT_TEXT, 1, 0, 0 },
    { "size",      OBJECT_NUMBER, 0, 0, 0 },
    { NULL, OBJECT_TEXT, 0, 0, 0 }
};

const item_object_field_t *item_object_fields(item_kind_e kind)
{
    return kind == ITEM_EMAIL ? email_fields : file_fields;
}

int item_is_object(item_kind_e kind)
{
    return kind == ITEM_EMAIL || kind == ITEM_FILE;
}

static const char *root_of(item_kind_e kind)
{
    return kind == ITEM_EMAIL ? "Email" : "File";
}

static const char *content_of(item_kind_e kind)
{
    return kind == ITEM_EMAIL ? "emailitem" : "body";
}

/** The index of a field, -1: none. */
static int find_field(item_kind_e kind, const char *name)
{
    const item_object_field_t *fields = item_object_fields(kind);
    int i;

    /* "e" for executable in some clients. */
    if (kind == ITEM_FILE && !strcasecmp(name, "e"))
        name = "x";
    for (i = 0; fields[i].name; i++)
        if (!strcasecmp(fields[i].name, name))
            return i;
    return -1;
}

const char *item_object_get(const item_object_t *object, const char *name)
{
    int i = find_field(object->kind, name);

    return i < 0 ? NULL : object->fields[i];
}

void item_object_set(item_object_t *object, const char *name,
                     const char *value)
{
    int i = find_field(object->kind, name);

    if (i >= 0)
        object->fields[i] = value;
}

/* ---- reading -------------------------------------------------------------- */

typedef struct reader_t {
    item_object_t *object;
    apr_pool_t *p;
    item_buf_t extensions;
} reader_t;

static const char *canon_flag(item_span_t text)
{
    if (item_span_is(text, "true") || item_span_is(text, "1")
        || item_span_is(text, "yes"))
        return "true";
    return item_span_is(text, "false") || item_span_is(text, "0")
           || item_span_is(text, "no") ? "false" : NULL;
}

static const char *canon_number(item_span_t text, apr_pool_t *p)
{
    apr_size_t i;

    for (i = 0; i < text.len && apr_isdigit(text.s[i]); i++)
        ;
    return text.len && i == text.len && i < 19
           ? apr_pstrmemdup(p, text.s, text.len) : NULL;
}

/** What is not understood counts as not said. */
static const char *canon_field(const item_object_field_t *field,
                               item_span_t text, apr_pool_t *p)
{
    static const item_span_t no_zone = { "", 0 };
    item_time_t t;

    switch (field->how) {
    case OBJECT_FLAG:
        return canon_flag(text);
    case OBJECT_DATE:
        return item_time_parse(&t, text, no_zone) ? item_time_canon(&t, p)
                                                  : NULL;
    case OBJECT_NUMBER:
        return canon_number(text, p);
    default:
        return text.len ? apr_pstrmemdup(p, text.s, text.len) : NULL;
    }
}

/** An element as it is, for extensions and what is not known. */
static void keep_element(item_buf_t *b, const item_xml_t *e)
{
    const item_xml_t *child;
    item_span_t text;

    if (!e->first) {
        text.s = e->text;
        text.len = e->len;
        item_xml_put(b, e->name, text);
        return;
    }
    item_xml_open(b, e->name);
    for (child = e->first; child; child = child->next)
        keep_element(b, child);
    item_xml_close(b, e->name);
}

static void take_fields(reader_t *r, const item_xml_t *parent, int attribute)
{
    const item_object_field_t *fields = item_object_fields(r->object->kind);
    const item_xml_t *e;
    item_span_t text, name;
    int i;

    for (e = parent->first; e; e = e->next) {
        text.s = e->text;
        text.len = e->len;
        name.s = e->name;
        name.len = strlen(name.s);
        if (!attribute && r->object->kind == ITEM_FILE
            && item_span_is(name, "attributes")) {
            take_fields(r, e, 1);
            continue;
        }
        i = find_field(r->object->kind, e->name);
        if (i >= 0 && fields[i].attribute == attribute)
            r->object->fields[i] = canon_field(&fields[i],
                                               item_span_trim(text), r->p);
        else if (!attribute && !item_span_is(name, "emailitem")
                 && !item_span_is(name, "body"))
            keep_element(&r->extensions, e);
    }
}

/** Octets as they were meant, by the encoding that was named. */
static apr_status_t take_content(reader_t *r, item_span_t text,
                                 const char *enc)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t how = { "", 0 };
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i;

    b.p = r->p;
    item_buf_add(&b, "", 0);
    if (enc) {
        how.s = enc;
        how.len = strlen(enc);
    }
    if (item_span_is(how, "base64") || item_span_is(how, "b64"))
        rv = item_mime_base64(&b, text);
    else if (item_span_is(how, "quoted-printable"))
        item_mime_quoted(&b, text, 0);
    else if (r->object->kind == ITEM_FILE)
        item_buf_add(&b, text.s, text.len);
    else                        /* XML has made LF of its line ends */
        for (i = 0; i < text.len; i++) {
            if (text.s[i] == '\n' && (!i || text.s[i - 1] != '\r'))
                item_buf_putc(&b, '\r');
            item_buf_putc(&b, text.s[i]);
        }
    if (r->object->kind == ITEM_EMAIL
        && !item_mime_header(item_buf_span(&b)))
        rv = ITEM_EMALFORMED;
    r->object->content.data = b.s;
    r->object->content.len = b.len;
    return rv;
}

static const char *find(const char *s, const char *end, const char *word)
{
    apr_size_t n = strlen(word);

    for (; (apr_size_t)(end - s) >= n; s++)
        if (*s == '<' && !strncasecmp(s, word, n))
            return s;
    return NULL;
}

static const char *find_last(const char *s, const char *end,
                             const char *word)
{
    const char *at = NULL;

    for (s = find(s, end, word); s; s = find(s + 1, end, word))
        at = s;
    return at;
}

/** CDATA in a message without its own ends: the message may hold "]]>", and
 * its own end may have been escaped. */
static item_span_t strip_cdata(item_span_t text, apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    apr_size_t i;

    text.s += 9;
    text.len -= 9;
    if (text.len >= 3 && !memcmp(text.s + text.len - 3, "]]>", 3))
        text.len -= 3;
    else if (text.len >= 6 && !memcmp(text.s + text.len - 6, "]]&gt;", 6))
        text.len -= 6;
    b.p = p;
    for (i = 0; i < text.len; i++) {
        if (text.len - i >= 12 && !memcmp(text.s + i, "]]><![CDATA[", 12))
            i += 11;
        else
            item_buf_putc(&b, text.s[i]);
    }
    return item_buf_span(&b);
}

/** A message in CDATA, taken out of a document before it is read as XML.
 * @param text  in: the document; out: without the message
 * @return 0: there is none of that form */
static int cut_message(reader_t *r, item_span_t *text, item_span_t *message,
                       const char **enc)
{
    const char *end = text->s + text->len, *tag, *from, *to;
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t inner;
    item_xml_t *e;

    tag = find(text->s, end, "<emailitem");
    to = tag ? find_last(tag, end, "</emailitem") : NULL;
    from = to ? memchr(tag, '>', (apr_size_t)(to - tag)) : NULL;
    if (!from)
        return 0;
    inner.s = ++from;
    inner.len = (apr_size_t)(to - from);
    inner = item_span_trim(inner);
    if (inner.len < 9 || memcmp(inner.s, "<![CDATA[", 9))
        return 0;
    *message = strip_cdata(inner, r->p);
    b.p = r->p;
    item_buf_add(&b, tag, (apr_size_t)(from - tag));
    item_buf_puts(&b, "</emailitem>");
    if (item_xml_read(&e, b.s, b.len, r->p) != APR_SUCCESS)
        return 0;
    *enc = e->enc;
    b.len = 0;
    item_buf_add(&b, text->s, (apr_size_t)(from - text->s));
    item_buf_add(&b, to, (apr_size_t)(end - to));
    *text = item_buf_span(&b);
    return 1;
}

/** A last segment of a path, and no way out of a folder. */
static int is_file_name(const char *name)
{
    return name && *name && strcmp(name, ".") && strcmp(name, "..")
           && !strpbrk(name, "/\\");
}

static apr_status_t check_object(const item_object_t *object)
{
    const char *name = object->fields[0];
    int i, said = object->content.data != NULL;

    if (object->kind == ITEM_FILE)
        return name ? is_file_name(name) ? APR_SUCCESS : ITEM_EMALFORMED
                    : said ? APR_SUCCESS : ITEM_EMALFORMED;
    for (i = 0; email_fields[i].name; i++)
        said |= object->fields[i] != NULL;
    return said ? APR_SUCCESS : ITEM_EMALFORMED;
}

apr_status_t item_object_read(item_object_t *object, item_kind_e kind,
                              const char *data, apr_size_t len,
                              apr_pool_t *p)
{
    item_span_t text, content = { "", 0 };
    const char *enc = NULL;
    const item_xml_t *e;
    item_xml_t *root;
    apr_status_t rv;
    reader_t r;
    int cut;

    memset(object, 0, sizeof(*object));
    memset(&r, 0, sizeof(r));
    if (len > ITEM_MAX_OCTETS)
        return ITEM_ELIMIT;
    object->kind = kind;
    object->extensions = "";
    r.object = object;
    r.p = r.extensions.p = p;
    text.s = data ? data : "";
    text.len = len;
    cut = kind == ITEM_EMAIL && cut_message(&r, &text, &content, &enc);
    rv = item_xml_read(&root, text.s, text.len, p);
    if (rv != APR_SUCCESS)
        return rv;
    if (strcasecmp(root->name, root_of(kind)))
        return ITEM_EMALFORMED;
    take_fields(&r, root, 0);
    e = item_xml_find(root, content_of(kind));
    if (e && !cut) {
        content.s = e->text;
        content.len = e->len;
        enc = e->enc;
    }
    if (e && (content.len || kind == ITEM_FILE))
        rv = take_content(&r, content, enc);
    if (r.extensions.len)
        object->extensions = r.extensions.s;
    return rv == APR_SUCCESS ? check_object(object) : rv;
}

/* ---- writing -------------------------------------------------------------- */

/** Non-zero if a text comes out of XML as it went in. */
static int is_safe(item_kind_e kind, item_span_t text)
{
    apr_size_t i, n;

    for (i = 0; i < text.len; i += n) {
        unsigned char c = (unsigned char)text.s[i];

        n = item_utf8_len(text.s + i, text.len - i);
        if (!n || (c < ' ' && !strchr("\t\r\n", c)) || !c
            || (n == 3 && c == 0xef && (unsigned char)text.s[i + 1] == 0xbf
                && (unsigned char)text.s[i + 2] >= 0xbe))
            return 0;
        if (c == '\r' && (kind == ITEM_FILE || i + 1 == text.len
                          || text.s[i + 1] != '\n'))
            return 0;
        if (c == '\n' && kind == ITEM_EMAIL
            && (!i || text.s[i - 1] != '\r'))
            return 0;
    }
    return 1;
}

static void put_content(item_buf_t *b, const item_object_t *object)
{
    const char *name = content_of(object->kind);
    item_span_t text;

    text.s = object->content.data;
    text.len = object->content.len;
    if (is_safe(object->kind, text)) {
        item_xml_put(b, name, text);
        return;
    }
    item_buf_puts(b, apr_pstrcat(b->p, "<", name, " enc=\"base64\">", NULL));
    item_mime_to_base64(b, text);
    item_xml_close(b, name);
}

static void put_fields(item_buf_t *b, const item_object_t *object)
{
    const item_object_field_t *fields = item_object_fields(object->kind);
    int i, inside = 0;

    for (i = 0; fields[i].name; i++) {
        item_span_t text;

        if (inside && !fields[i].attribute)
            item_xml_close(b, "attributes");
        inside &= fields[i].attribute;
        if (!object->fields[i]
            || (fields[i].how == OBJECT_NUMBER && object->content.data))
            continue;           /* a size that is seen */
        if (fields[i].attribute && !inside) {
            item_xml_open(b, "attributes");
            inside = 1;
        }
        text.s = object->fields[i];
        text.len = strlen(text.s);
        item_xml_put(b, fields[i].name, text);
    }
}

void item_object_write(item_text_t *out, const item_object_t *object,
                       apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };

    b.p = p;
    item_xml_begin(&b);
    item_xml_open(&b, root_of(object->kind));
    put_fields(&b, object);
    if (object->content.data)
        put_content(&b, object);
    item_buf_puts(&b, object->extensions);
    item_xml_close(&b, root_of(object->kind));
    out->data = b.s;
    out->len = b.len;
}

const char *item_object_header(const item_object_t *object, const char *name,
                               apr_pool_t *p)
{
    item_buf_t b = { NULL, NULL, 0, 0 };
    item_span_t message;

    b.p = p;
    item_buf_add(&b, "", 0);
    message.s = object->content.data ? object->content.data : "";
    message.len = object->content.len;
    if (object->kind == ITEM_EMAIL)
        item_mime_field(&b, message, name);
    return b.s;
}
