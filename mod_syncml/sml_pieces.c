/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Items that come in pieces (MoreData): each piece is answered with 213 and
 * kept in the session's state until the last one has come.
 */
#include "mod_syncml/sml_receive.h"

#include <string.h>

#include <apr_strings.h>

/* Put a piece to those before; room for twice as much each time, so that
 * many small ones cost no more than they bring. */
static void append_piece(sml_session_t *s, sml_object_t *o,
                         const sml_item_t *item)
{
    char *whole;

    if (o->len + item->len + 1 > o->room) {
        o->room = 2 * (o->len + item->len + 1);
        whole = apr_palloc(s->p, o->room);
        memcpy(whole, o->data, o->len);
        o->data = whole;
    }
    whole = (char *)(apr_uintptr_t)o->data;
    memcpy(whole + o->len, item->data, item->len);
    o->len += item->len;
    whole[o->len] = '\0';
}

static sml_object_t *begin(sml_session_t *s, const sml_sync_t *y,
                           const sml_command_t *c, const sml_item_t *item)
{
    sml_object_t *o = s->state->incoming = apr_pcalloc(s->p, sizeof(*o));
    long size = sml_number(SML_META(item, c, size));

    o->sync = sml_sync_index(s, y);
    o->tag = c->tag;
    o->luid = item->source.uri;
    o->type = SML_META(item, c, type);
    o->format = SML_META(item, c, format);
    o->data = "";
    if (size < 0) {
        o->refused = 411;       /* the first piece has to say the size */
    }
    else if ((apr_size_t)size > s->config->max_obj_size) {
        o->refused = 416;
    }
    else {
        o->size = (apr_size_t)size;
    }
    return o;
}

/* What is to come of it is refused too: taken by themselves, its last octets
 * would pass for an item. */
int sml_piece_refuse(sml_session_t *s, int code)
{
    sml_object_t *o = s->state->incoming;

    o->refused = code;
    o->data = "";
    o->len = o->room = 0;
    return code;
}

/* A piece that is not the last. */
int sml_piece_take(sml_session_t *s, const sml_sync_t *y,
                      const sml_command_t *c, const sml_item_t *item)
{
    sml_object_t *o = s->state->incoming;

    if (o == NULL || (o->refused && SML_META(item, c, size) != NULL)) {
        o = begin(s, y, c, item);       /* Size: a first one, once more */
    }
    if (o->refused) {
        return o->refused;
    }
    if (o->len + item->len > o->size) {
        return sml_piece_refuse(s, 424);
    }
    append_piece(s, o, item);
    return 213;
}

/* Put the last piece to those before. @return a status code or 0 */
int sml_piece_join(sml_session_t *s, sml_change_t *c,
                       const sml_item_t *last, const char **type,
                       const char **format)
{
    sml_object_t *o = s->state->incoming;

    if (o->refused) {
        s->state->incoming = NULL;
        return o->refused;
    }
    append_piece(s, o, last);
    c->item.len = o->len;
    c->item.data = o->data;
    if (*type == NULL) {
        *type = o->type;
    }
    if (*format == NULL) {
        *format = o->format;
    }
    s->state->incoming = NULL;
    return c->item.len == o->size ? 0 : 424;
}

int sml_piece_of_same(const sml_session_t *s, const sml_sync_t *y,
                       const sml_command_t *c, const sml_item_t *item)
{
    const sml_object_t *o = s->state->incoming;

    return o != NULL && o->sync == sml_sync_index(s, y) && o->tag == c->tag
        && item->source.uri != NULL && strcmp(o->luid, item->source.uri) == 0;
}

void sml_receive_no_end(sml_session_t *s)
{
    if (s->state->incoming == NULL || s->state->incoming->refused) {
        s->state->incoming = NULL;
        return;
    }
    sml_log(s->config, 5, 0, "device %s: an item in pieces was not finished; "
            "what had come of it is dropped", s->device->devid);
    s->state->no_end = s->state->incoming->luid;
    s->state->incoming = NULL;
}
