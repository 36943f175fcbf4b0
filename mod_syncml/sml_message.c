/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
#include "mod_syncml/sml_message.h"

#include <string.h>

#include <apr_strings.h>

/* What the innermost open element stands for. */
typedef enum {
    IN_ROOT, IN_MESSAGE, IN_HEADER, IN_BODY, IN_COMMAND, IN_ITEM, IN_META,
    IN_ANCHOR, IN_CRED, IN_CHAL, IN_URI, IN_PARENT, IN_LEAF, IN_DATA,
    IN_DEVINF, IN_FILTER, IN_RECORD, IN_FIELD, IN_FIELD_DATA, IN_SKIP
} context_e;

typedef struct frame_t {
    context_e context;
    void *object;       /* the struct that the context fills in */
    const char **leaf;  /* IN_LEAF, IN_PARENT: where the text goes */
} frame_t;

#define MAX_FRAMES 40

/* Of a small message; a large one may have one per octet. */
#define MAX_EVENTS 500000

typedef struct builder_t {
    apr_pool_t *p;
    sml_message_t *m;
    frame_t stack[MAX_FRAMES];
    int depth;
    unsigned max_parts;
    int nesting;                /* containers open */
    int skipping;               /* open elements inside an ignored one */
    int saw_header, saw_body;
    const char *error;
    char *text;                 /* of the open leaf */
    apr_size_t len, size;
    codec_writer_t *devinf;     /* while inside an inline DevInf */
    int devinf_depth;
    int devinf_leaf;            /* tag whose end would close a leaf, or 0 */
} builder_t;

static frame_t *top(builder_t *b)
{
    return &b->stack[b->depth];
}

static apr_status_t push(builder_t *b, context_e context, void *object,
                         const char **leaf)
{
    if (b->depth + 1 >= MAX_FRAMES) {
        return SML_ELIMIT;
    }
    b->depth++;
    b->stack[b->depth].context = context;
    b->stack[b->depth].object = object;
    b->stack[b->depth].leaf = leaf;
    b->len = 0;
    return APR_SUCCESS;
}

static apr_status_t push_leaf(builder_t *b, const char **leaf)
{
    return push(b, IN_LEAF, NULL, leaf);
}

static apr_status_t skip(builder_t *b)
{
    return push(b, IN_SKIP, NULL, NULL);
}

static sml_command_t *make_command(builder_t *b, int tag)
{
    sml_command_t *c = apr_pcalloc(b->p, sizeof(*c));

    c->tag = tag;
    c->items = apr_array_make(b->p, 1, sizeof(sml_item_t));
    if (tag == SYNCML_SYNC || tag == SYNCML_ATOMIC
        || tag == SYNCML_SEQUENCE) {
        c->commands = apr_array_make(b->p, 8, sizeof(sml_command_t *));
    }
    if (tag == SYNCML_STATUS || tag == SYNCML_RESULTS) {
        c->targetrefs = apr_array_make(b->p, 1, sizeof(const char *));
        c->sourcerefs = apr_array_make(b->p, 1, sizeof(const char *));
    }
    return c;
}

static int is_command(int tag)
{
    switch (tag) {
    case SYNCML_ADD: case SYNCML_ALERT: case SYNCML_ATOMIC: case SYNCML_COPY:
    case SYNCML_DELETE: case SYNCML_EXEC: case SYNCML_GET: case SYNCML_MAP:
    case SYNCML_MOVE: case SYNCML_PUT: case SYNCML_REPLACE:
    case SYNCML_RESULTS: case SYNCML_SEARCH: case SYNCML_SEQUENCE:
    case SYNCML_STATUS: case SYNCML_SYNC:
        return 1;
    default:
        return 0;
    }
}

static apr_status_t start_command(builder_t *b, apr_array_header_t *list,
                                  int tag)
{
    sml_command_t *c;

    if (++b->m->parts > b->max_parts) {
        return SML_ELIMIT;
    }
    c = make_command(b, tag);
    if (c->commands != NULL && ++b->nesting > SML_MAX_NESTING) {
        return SML_ELIMIT;
    }
    APR_ARRAY_PUSH(list, sml_command_t *) = c;
    return push(b, IN_COMMAND, c, NULL);
}

static apr_status_t start_in_header(builder_t *b, int tag)
{
    sml_message_t *m = b->m;

    switch (tag) {
    case SYNCML_VERDTD:    return push_leaf(b, &m->verdtd);
    case SYNCML_VERPROTO:  return push_leaf(b, &m->verproto);
    case SYNCML_SESSIONID: return push_leaf(b, &m->session_id);
    case SYNCML_MSGID:     return push_leaf(b, &m->msg_id);
    case SYNCML_RESPURI:   return push_leaf(b, &m->resp_uri);
    case SYNCML_TARGET:    return push(b, IN_URI, &m->target, NULL);
    case SYNCML_SOURCE:    return push(b, IN_URI, &m->source, NULL);
    case SYNCML_META:      return push(b, IN_META, &m->meta, NULL);
    case SYNCML_NORESP:
        m->no_resp = 1;
        return skip(b);
    case SYNCML_CRED:
        m->cred = apr_pcalloc(b->p, sizeof(*m->cred));
        return push(b, IN_CRED, m->cred, NULL);
    default:
        return skip(b);
    }
}

static apr_status_t start_in_body(builder_t *b, int tag)
{
    if (tag == SYNCML_FINAL) {
        b->m->final = 1;
        return skip(b);
    }
    if (is_command(tag)) {
        return start_command(b, b->m->commands, tag);
    }
    return skip(b);
}

static apr_status_t start_item(builder_t *b, sml_command_t *c)
{
    if (++b->m->parts > b->max_parts) {
        return SML_ELIMIT;
    }
    /* The frame refers to the command: the array may move when it grows,
     * and the open item is always its last. */
    memset(apr_array_push(c->items), 0, sizeof(sml_item_t));
    return push(b, IN_ITEM, c, NULL);
}

static sml_item_t *open_item(sml_command_t *c)
{
    return &APR_ARRAY_IDX(c->items, c->items->nelts - 1, sml_item_t);
}

static apr_status_t start_ref(builder_t *b, apr_array_header_t *refs)
{
    if (refs == NULL) {
        return skip(b);
    }
    if (++b->m->parts > b->max_parts) {
        return SML_ELIMIT;
    }
    /* Filled in at the end of the leaf: see end_leaf(). */
    return push(b, IN_LEAF, refs, NULL);
}

static apr_status_t start_in_command(builder_t *b, sml_command_t *c, int tag)
{
    switch (tag) {
    case SYNCML_CMDID:     return push_leaf(b, &c->cmdid);
    case SYNCML_META:      return push(b, IN_META, &c->meta, NULL);
    case SYNCML_TARGET:    return push(b, IN_URI, &c->target, NULL);
    case SYNCML_SOURCE:    return push(b, IN_URI, &c->source, NULL);
    case SYNCML_DATA:      return push_leaf(b, &c->data);
    case SYNCML_MSGREF:    return push_leaf(b, &c->msgref);
    case SYNCML_CMDREF:    return push_leaf(b, &c->cmdref);
    case SYNCML_CMD:       return push_leaf(b, &c->cmd);
    case SYNCML_TARGETREF: return start_ref(b, c->targetrefs);
    case SYNCML_SOURCEREF: return start_ref(b, c->sourcerefs);
    case SYNCML_NUMBEROFCHANGES:
        return push_leaf(b, &c->number_of_changes);
    case SYNCML_ITEM:
    case SYNCML_MAPITEM:   return start_item(b, c);
    case SYNCML_NORESP:    c->no_resp = 1; return skip(b);
    case SYNCML_ARCHIVE:   c->archive = 1; return skip(b);
    case SYNCML_SFTDEL:    c->sftdel = 1; return skip(b);
    case SYNCML_CRED:
        c->cred = apr_pcalloc(b->p, sizeof(*c->cred));
        return push(b, IN_CRED, c->cred, NULL);
    case SYNCML_CHAL:
        c->chal = apr_pcalloc(b->p, sizeof(*c->chal));
        return push(b, IN_CHAL, c->chal, NULL);
    default:
        if (c->commands != NULL && is_command(tag)) {
            return start_command(b, c->commands, tag);
        }
        return skip(b);
    }
}

static apr_status_t start_in_item(builder_t *b, sml_command_t *c, int tag)
{
    sml_item_t *item = open_item(c);

    switch (tag) {
    case SYNCML_TARGET:    return push(b, IN_URI, &item->target, NULL);
    case SYNCML_SOURCE:    return push(b, IN_URI, &item->source, NULL);
    case SYNCML_META:      return push(b, IN_META, &item->meta, NULL);
    case SYNCML_DATA:      return push(b, IN_DATA, item, NULL);
    case SYNCML_MOREDATA:  item->more = 1; return skip(b);
    case SYNCML_SOURCEPARENT:
        return push(b, IN_PARENT, NULL, &item->source_parent);
    case SYNCML_TARGETPARENT:
        return push(b, IN_PARENT, NULL, &item->target_parent);
    default:
        return skip(b);
    }
}

static apr_status_t start_in_meta(builder_t *b, sml_meta_t *meta, int tag)
{
    switch (tag) {
    case METINF_METINF:     return push(b, IN_META, meta, NULL);
    case METINF_ANCHOR:     return push(b, IN_ANCHOR, meta, NULL);
    case METINF_TYPE:       return push_leaf(b, &meta->type);
    case METINF_FORMAT:     return push_leaf(b, &meta->format);
    case METINF_NEXTNONCE:  return push_leaf(b, &meta->next_nonce);
    case METINF_MAXMSGSIZE: return push_leaf(b, &meta->max_msg_size);
    case METINF_MAXOBJSIZE: return push_leaf(b, &meta->max_obj_size);
    case METINF_SIZE:       return push_leaf(b, &meta->size);
    case METINF_MARK:       return push_leaf(b, &meta->mark);
    case METINF_EMI:        return push_leaf(b, &meta->emi);
    default:                return skip(b);
    }
}

static apr_status_t start_in_cred(builder_t *b, sml_cred_t *cred, int tag)
{
    switch (tag) {
    case SYNCML_META: return push(b, IN_META, &cred->meta, NULL);
    case SYNCML_DATA: return push(b, IN_LEAF, cred, NULL);
    default:          return skip(b);
    }
}

/* DevInf inside XML: rewritten as the WBXML document that it would be in a
 * WBXML message, so that the rest of the server knows one form only. */
static apr_status_t start_devinf(builder_t *b, int tag)
{
    if (CODEC_PAGE(tag) != CODEC_PAGE_DEVINF) {
        b->skipping++;          /* unknown, or of no meaning there */
        return APR_SUCCESS;
    }
    if (b->devinf == NULL) {
        b->devinf = codec_writer_create(CODEC_WBXML, CODEC_DOC_DEVINF,
                                        CODEC_V12, b->p);
        b->devinf_depth = 0;
    }
    else if (b->devinf_leaf) {
        codec_open(b->devinf, b->devinf_leaf);
    }
    b->devinf_leaf = tag;
    b->devinf_depth++;
    b->len = 0;
    return APR_SUCCESS;
}

static apr_status_t end_devinf(builder_t *b, int tag)
{
    if (b->devinf_leaf) {
        codec_textn(b->devinf, tag, b->len ? b->text : "", b->len);
        b->devinf_leaf = 0;
    }
    else {
        codec_close(b->devinf);
    }
    b->len = 0;
    b->devinf_depth--;
    return APR_SUCCESS;
}

static apr_status_t start_in_message(builder_t *b, int tag)
{
    if (tag == SYNCML_SYNCHDR && !b->saw_header) {
        b->saw_header = 1;
        return push(b, IN_HEADER, NULL, NULL);
    }
    if (tag == SYNCML_SYNCBODY && !b->saw_body) {
        b->saw_body = 1;
        return push(b, IN_BODY, NULL, NULL);
    }
    return skip(b);
}

/* One of two leaves is expected. */
static apr_status_t start_either(builder_t *b, int tag, int tag_a,
                                 const char **a, int tag_b, const char **leaf)
{
    if (tag == tag_a) {
        return push_leaf(b, a);
    }
    return tag == tag_b ? push_leaf(b, leaf) : skip(b);
}

static apr_status_t start_in_uri(builder_t *b, sml_uri_t *uri, int tag)
{
    if (tag != SYNCML_FILTER) {
        return start_either(b, tag, SYNCML_LOCURI, &uri->uri, SYNCML_LOCNAME,
                            &uri->name);
    }
    uri->filter = apr_pcalloc(b->p, sizeof(*uri->filter));
    return push(b, IN_FILTER, uri->filter, NULL);
}

static apr_status_t start_in_filter(builder_t *b, sml_filter_element_t *f,
                                    int tag)
{
    switch (tag) {
    case SYNCML_META:       return push(b, IN_META, &f->meta, NULL);
    case SYNCML_FILTERTYPE: return push_leaf(b, &f->type);
    case SYNCML_RECORD:     return push(b, IN_RECORD, f, NULL);
    case SYNCML_FIELD:
        f->properties = apr_array_make(b->p, 8, sizeof(const char *));
        return push(b, IN_FIELD, f, NULL);
    default:
        return skip(b);
    }
}

/* Of the Item in there, too. */
static apr_status_t start_in_record(builder_t *b, sml_filter_element_t *f,
                                    int tag)
{
    switch (tag) {
    case SYNCML_ITEM: return push(b, IN_RECORD, f, NULL);
    case SYNCML_META: return push(b, IN_META, &f->record, NULL);
    case SYNCML_DATA: return push_leaf(b, &f->expression);
    default:          return skip(b);
    }
}

static apr_status_t start_in_field(builder_t *b, sml_filter_element_t *f,
                                   int tag)
{
    switch (tag) {
    case SYNCML_ITEM: return push(b, IN_FIELD, f, NULL);
    case SYNCML_META: return push(b, IN_META, &f->field, NULL);
    case SYNCML_DATA: return push(b, IN_FIELD_DATA, f, NULL);
    default:          return skip(b);
    }
}

/* Elements of a DevInf document, as they are inside XML. */
static apr_status_t start_in_field_data(builder_t *b,
                                        sml_filter_element_t *f, int tag)
{
    switch (tag) {
    case DEVINF_PROPERTY: return push(b, IN_FIELD_DATA, f, NULL);
    case DEVINF_PROPNAME: return start_ref(b, f->properties);
    default:              return skip(b);
    }
}

static apr_status_t start_in(builder_t *b, frame_t *f, int tag)
{
    sml_meta_t *meta;

    switch (f->context) {
    case IN_ROOT:
        return tag == SYNCML_SYNCML ? push(b, IN_MESSAGE, NULL, NULL)
                                    : CODEC_EDOCTYPE;
    case IN_MESSAGE: return start_in_message(b, tag);
    case IN_HEADER:  return start_in_header(b, tag);
    case IN_BODY:    return start_in_body(b, tag);
    case IN_COMMAND: return start_in_command(b, f->object, tag);
    case IN_ITEM:    return start_in_item(b, f->object, tag);
    case IN_META:    return start_in_meta(b, f->object, tag);
    case IN_CRED:    return start_in_cred(b, f->object, tag);
    case IN_CHAL:
        return tag == SYNCML_META ? push(b, IN_META, f->object, NULL)
                                  : skip(b);
    case IN_ANCHOR:
        meta = f->object;
        return start_either(b, tag, METINF_LAST, &meta->last, METINF_NEXT,
                            &meta->next);
    case IN_URI:        return start_in_uri(b, f->object, tag);
    case IN_FILTER:     return start_in_filter(b, f->object, tag);
    case IN_RECORD:     return start_in_record(b, f->object, tag);
    case IN_FIELD:      return start_in_field(b, f->object, tag);
    case IN_FIELD_DATA: return start_in_field_data(b, f->object, tag);
    case IN_PARENT:
        return tag == SYNCML_LOCURI ? push_leaf(b, f->leaf) : skip(b);
    case IN_DATA:
        return tag == DEVINF_DEVINF ? start_devinf(b, tag) : skip(b);
    default:
        b->skipping++;
        return APR_SUCCESS;
    }
}

static apr_status_t on_start(void *baton, int tag)
{
    builder_t *b = baton;

    if (b->skipping > 0) {
        b->skipping++;
        return APR_SUCCESS;
    }
    if (b->devinf != NULL && b->devinf_depth > 0) {
        return start_devinf(b, tag);
    }
    return start_in(b, top(b), tag);
}

static void end_leaf(builder_t *b, const frame_t *f, const frame_t *parent)
{
    const char *value = apr_pstrmemdup(b->p, b->len ? b->text : "", b->len);

    if (f->leaf != NULL) {
        *f->leaf = value;
    }
    else if (parent->context == IN_CRED) {
        sml_cred_t *cred = f->object;

        cred->data = value;
        cred->len = b->len;
    }
    else {
        APR_ARRAY_PUSH((apr_array_header_t *)f->object,
                       const char *) = value;
    }
}

static void end_field_data(builder_t *b, sml_filter_element_t *f)
{
    if (b->len > 0 && f->properties->nelts == 0) {
        f->data = apr_pstrmemdup(b->p, b->text, b->len);
        f->len = b->len;
    }
}

static void end_data(builder_t *b, sml_item_t *item)
{
    if (b->devinf != NULL) {
        item->data = codec_writer_data(b->devinf, &item->len);
        item->devinf = 1;
        b->devinf = NULL;
    }
    else {
        item->data = apr_pstrmemdup(b->p, b->len ? b->text : "", b->len);
        item->len = b->len;
    }
}

/* Without its CmdID no command can be answered, so none of the message is
 * done.  (Nobody answers a Status.) */
static apr_status_t end_command(builder_t *b, const sml_command_t *c)
{
    if (c->commands != NULL) {
        b->nesting--;
    }
    if ((c->cmdid == NULL || *c->cmdid == '\0')
        && c->tag != SYNCML_STATUS) {
        b->error = "a command has no CmdID";
        return SML_EINCOMPLETE;
    }
    return APR_SUCCESS;
}

static apr_status_t on_end(void *baton, int tag)
{
    builder_t *b = baton;
    frame_t *f = top(b);
    apr_status_t rv = APR_SUCCESS;

    if (b->skipping > 0) {
        b->skipping--;
        return APR_SUCCESS;
    }
    if (b->devinf != NULL && b->devinf_depth > 0) {
        return end_devinf(b, tag);
    }
    switch (f->context) {
    case IN_LEAF:
        end_leaf(b, f, f - 1);
        break;
    case IN_DATA:
        end_data(b, open_item((f - 1)->object));
        break;
    case IN_COMMAND:
        rv = end_command(b, f->object);
        break;
    case IN_FIELD_DATA:
        end_field_data(b, f->object);
        break;
    default:
        break;
    }
    b->len = 0;
    b->depth--;
    return rv;
}

static apr_status_t on_text(void *baton, const char *data, apr_size_t len,
                            int opaque)
{
    builder_t *b = baton;
    context_e context = top(b)->context;

    if (len == 0 || b->skipping
        || !(context == IN_LEAF || context == IN_DATA
             || context == IN_FIELD_DATA)) {
        return APR_SUCCESS;
    }
    if (b->len + len > b->size) {
        apr_size_t size = b->size ? b->size : 256;
        char *text;

        while (size < b->len + len) {
            size *= 2;
        }
        text = apr_palloc(b->p, size);
        if (b->len) {
            memcpy(text, b->text, b->len);
        }
        b->text = text;
        b->size = size;
    }
    memcpy(b->text + b->len, data, len);
    b->len += len;
    return APR_SUCCESS;
}

static codec_version_e version_of(const sml_message_t *m,
                                  codec_version_e document)
{
    if (m->verproto != NULL) {
        if (strcmp(m->verproto, "SyncML/1.2") == 0) {
            return CODEC_V12;
        }
        if (strcmp(m->verproto, "SyncML/1.1") == 0) {
            return CODEC_V11;
        }
        if (strcmp(m->verproto, "SyncML/1.0") == 0) {
            return CODEC_V10;
        }
        return CODEC_V_UNKNOWN;
    }
    return document;
}

apr_status_t sml_message_decode(sml_message_t **message,
                                codec_format_e format, const char *data,
                                apr_size_t len, apr_size_t max_octets,
                                const char **error, apr_pool_t *p)
{
    builder_t *b = apr_pcalloc(p, sizeof(*b));
    codec_sink_t sink = { on_start, on_end, on_text, NULL };
    codec_limits_t limits = { 0 };
    codec_info_t info = { 0 };
    apr_status_t rv;

    *message = NULL;
    *error = NULL;
    b->p = p;
    b->m = apr_pcalloc(p, sizeof(*b->m));
    b->m->commands = apr_array_make(p, 8, sizeof(sml_command_t *));
    sink.baton = b;
    limits.max_octets = max_octets;
    b->max_parts = SML_MAX_PARTS;
    if (max_octets / SML_PART_OCTETS > b->max_parts) {
        b->max_parts = (unsigned)(max_octets / SML_PART_OCTETS);
    }
    /* Some 12 events for each item of a Map. */
    limits.max_events = MAX_EVENTS;
    if (max_octets > limits.max_events) {
        limits.max_events = (unsigned)max_octets;
    }
    rv = codec_decode(format, data, len, &limits, &sink, &info, p);
    if (rv != APR_SUCCESS) {
        *error = b->error ? b->error
               : info.error ? info.error
               : rv == SML_ELIMIT ? "too many commands or items"
               : codec_strerror(rv);
        return rv;
    }
    if (!b->saw_header) {
        *error = "SyncHdr is missing";
        return SML_EINCOMPLETE;
    }
    if (!b->saw_body) {
        *error = "SyncBody is missing";
        return SML_EINCOMPLETE;
    }
    b->m->version = version_of(b->m, info.version);
    *message = b->m;
    return APR_SUCCESS;
}
