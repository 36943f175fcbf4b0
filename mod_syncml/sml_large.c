/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * An item of ours on its way in pieces: what the client says of a piece, and
 * whether a resumed session has to go on with it.
 */
#include "mod_syncml/sml_send.h"

#include <string.h>

#include <apr_strings.h>

/* The smallest piece worth sending, in octets. */
#define PIECE_MIN  64

int sml_large_says_where(const sml_session_t *s)
{
    return strstr(s->device->model, "SyncEvolution") != NULL
        || strstr(s->device->manufacturer, "Synthesis") != NULL;
}

static void go_on(sml_object_t *o)
{
    o->data += o->last;
    o->len -= o->last;
    o->last = 0;
}

void sml_large_next(const sml_session_t *s, sml_object_t *o)
{
    if (o->last > 0 && s->heard > 0 && s->heard < (long)o->msg) {
        o->last = 0;
        o->begun = o->len < o->size;
    }
    go_on(o);
}

int sml_large_confirm(sml_session_t *s, long msg, long cmd, long code,
                      sml_outstanding_t *refused)
{
    sml_object_t *o = s->state->outgoing;

    memset(refused, 0, sizeof(*refused));
    if (o == NULL || o->last == 0 || (long)o->msg != msg
        || (long)o->cmd != cmd) {
        return 0;
    }
    if (code < 300) {
        go_on(o);
        return 1;
    }
    refused->sync = o->sync;
    refused->tag = o->tag;
    refused->item = o->item;
    refused->version = o->version;
    refused->luid = o->luid;
    s->state->outgoing = NULL;
    return 1;
}

/* Does the device still lack it?  It may have told a Map of it, or changed
 * or deleted the item itself. */
static int is_due(const sml_object_t *o, const store_item_t *item,
                  const store_map_t *map)
{
    if (o->tag == SYNCML_ADD) {
        return map == NULL || (map->luid == NULL && map->version == 0);
    }
    return map != NULL && map->version != item->change;
}

static apr_status_t look(sml_session_t *s, const sml_sync_t *y,
                         const sml_object_t *o, int *due, int *newer)
{
    store_item_t *item;
    store_map_t *map = NULL;
    apr_status_t rv = store_item_get(s->tx, s->account, y->datastore,
                                     o->item, &item);

    *due = *newer = 0;
    if (rv != APR_SUCCESS) {
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    }
    rv = store_map_by_item(s->tx, s->device->id, o->item, y->datastore, &map);
    if (rv == APR_NOTFOUND) {
        rv = APR_SUCCESS;
        map = NULL;
    }
    if (rv == APR_SUCCESS) {
        *due = is_due(o, item, map);
        *newer = item->change > y->upto;
    }
    return rv;
}

void sml_large_check(sml_session_t *s)
{
    sml_object_t *o = s->state->outgoing;
    sml_sync_t *y;
    int due;

    if (o == NULL || !o->resumed) {
        return;
    }
    y = &APR_ARRAY_IDX(s->state->syncs, o->sync, sml_sync_t);
    s->rv = look(s, y, o, &due, &y->large_is_newer);
    if (s->rv == APR_SUCCESS && !due) {
        s->state->outgoing = NULL;
        y->large = 0;
    }
}

/* ---- pieces ------------------------------------------------------------- */

static void write_piece(sml_session_t *s, const sml_object_t *o,
                        apr_size_t n, int more, apr_uint32_t *cmdid)
{
    sml_send_item(s, o->tag, o->type, o->item, o->luid, o->data, n,
                  o->begun ? 0 : o->size,
                  o->resumed ? (long)(o->size - o->len) : -1, more, cmdid);
}

/* How many octets of data fit into what is left of the message: by trial,
 * because the encoding decides. */
static apr_size_t piece_size(sml_sender_t *b, const sml_object_t *o)
{
    sml_session_t *s = b->s;
    apr_size_t low = 0, high = o->len < s->limit ? o->len : s->limit;

    while (low < high) {
        apr_size_t half = low + (high - low + 1) / 2;
        apr_uint32_t before = s->cmdid, cmdid;
        codec_mark_t mark;

        codec_writer_mark(s->w, &mark);
        write_piece(s, o, half, 1, &cmdid);
        if (sml_reply_fits(s)) {
            low = half;
        }
        else {
            high = half - 1;
        }
        codec_writer_rollback(s->w, &mark);
        s->cmdid = before;
    }
    return low;
}

/* The next piece of the object on its way. */
void sml_large_send(sml_sender_t *b)
{
    sml_session_t *s = b->s;
    sml_object_t *o = s->state->outgoing;
    apr_uint32_t cmdid;
    apr_size_t n;
    int more;

    sml_large_next(s, o);
    n = piece_size(b, o);
    more = n < o->len;
    b->full = 1;
    if (n < PIECE_MIN && more) {
        if (sml_send_is_empty(b) && !o->begun) {
            sml_send_pass_over(b, o->item, o->tag,
                               "its MaxMsgSize has no room for any");
            s->state->outgoing = NULL;
            b->full = 0;
        }
        return;
    }
    if (more) {
        /* Not in the middle of a UTF-8 character: pieces that are text by
         * themselves survive clients that convert each. */
        while (n > PIECE_MIN / 2 && ((unsigned char)o->data[n] & 0xc0) == 0x80) {
            n--;
        }
    }
    write_piece(s, o, n, more, &cmdid);
    o->begun = 1;
    o->resumed = 0;
    o->msg = s->state->our_msg;
    o->cmd = cmdid;
    b->written++;
    s->sent = 1;
    if (more) {
        o->last = n;            /* until its Status has come */
        return;
    }
    sml_send_remember(b, cmdid, o->tag, o->item, o->version, o->luid);
    s->state->outgoing = NULL;
    b->full = 0;
}

void sml_large_begin(sml_sender_t *b, const store_change_t *c, int tag)
{
    sml_session_t *s = b->s;
    sml_object_t *o = apr_pcalloc(s->p, sizeof(*o));

    o->sync = b->index;
    o->tag = tag;
    o->type = apr_pstrdup(s->p, c->item.type);
    o->luid = c->luid ? apr_pstrdup(s->p, c->luid) : NULL;
    o->item = c->item.id;
    o->version = c->item.change;
    o->data = apr_pstrmemdup(s->p, c->item.data, c->item.len);
    o->len = o->size = c->item.len;
    /* The client may have pieces of it already, as of an object whose last
     * Status was lost: this one begins at 0. */
    o->resumed = b->y->resumed && sml_large_says_where(s);
    s->state->outgoing = o;
}
