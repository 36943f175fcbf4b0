/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Items that come in pieces (MoreData): each piece is answered with 213 and
 * kept in the session's state until the last one has come.
 *
 * A session that is resumed goes on in the middle of the object.  The client
 * begins with a piece that it has no Status for, so that may be here already.
 * Synthesis' clients say where a piece belongs (Meta EMI "datapos=N", octets
 * from the beginning); where nothing is said the pieces are put together as
 * they come, and if that is too long by just the latest piece of the former
 * session, that one has come twice.
 *
 * What follows of an object that was refused must not pass for an item: the
 * last piece looks like one.  So it is refused as well; and the latest object
 * that has ended is remembered (state->finished) with its Status and its last
 * piece, which comes again if the Status got lost.
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
    o->last = item->len;
    whole[o->len] = '\0';
}

/* Where the piece belongs, in octets; -1: not said. */
static long position(const sml_command_t *c, const sml_item_t *item)
{
    const char *emi = SML_META(item, c, emi);

    return emi != NULL && strncmp(emi, "datapos=", 8) == 0
        ? sml_number(emi + 8) : -1;
}

static int is_of(const sml_session_t *s, const sml_object_t *o,
                 const sml_sync_t *y, const sml_command_t *c,
                 const sml_item_t *item)
{
    return o != NULL && o->sync == sml_sync_index(s, y)
        /* In a slow sync the one is as good as the other. */
        && (o->tag == c->tag || (o->resumed && c->tag != SYNCML_DELETE
                                 && sml_sync_is_slow(y)))
        && item->source.uri != NULL && strcmp(o->luid, item->source.uri) == 0;
}

/* The object has come to its end.
 * @param code  see sml_object_t */
static void finish(sml_session_t *s, sml_object_t *o, int code)
{
    o->code = code;
    o->size = 0;
    s->state->finished = o;
    s->state->incoming = NULL;
}

/* The first piece. */
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
    if (position(c, item) > 0) {
        o->refused = 424;       /* the beginning is not here */
    }
    else if (size < 0) {
        o->refused = 411;       /* the first piece has to say the size */
    }
    else if ((apr_size_t)size > s->config->max_obj_size) {
        o->refused = 416;
        sml_log(s->config, 4, 0, "device %s of account %s has an item of %ld "
                "octets for %s: refused with 416, SyncMLMaxObjSize allows %"
                APR_SIZE_T_FMT, s->device->devid, s->state->user, size,
                y->name, s->config->max_obj_size);
    }
    else {
        o->size = (apr_size_t)size;
    }
    return o;
}

int sml_piece_refuse(sml_session_t *s, int code)
{
    sml_object_t *o = s->state->incoming;

    o->refused = code;
    o->data = "";
    o->len = o->room = 0;
    return code;
}

/* Octets of a line, without its end. */
static apr_size_t line_len(const char *text, apr_size_t len)
{
    apr_size_t n = 0;

    while (n < len && text[n] != '\r' && text[n] != '\n') {
        n++;
    }
    return n;
}

/* Does the text begin with BEGIN:x, and end with END:x? */
static int is_framed(const char *text, apr_size_t len)
{
    apr_size_t n = line_len(text, len), name = n - 6;

    while (len > n && (text[len - 1] == '\r' || text[len - 1] == '\n')) {
        len--;
    }
    return n > 6 && strncasecmp(text, "BEGIN:", 6) == 0 && len >= n + name + 5
        && strncasecmp(text + len - name, text + 6, name) == 0
        && strncasecmp(text + len - name - 4, "END:", 4) == 0;
}

/* A client that resumes may have another idea of how much fits into a message,
 * and send the object whole.  That has the size that was said, or if its user
 * has edited it meanwhile, beginning and end of an item, and no length that
 * would do for the rest.  All else is a last piece whose forerunner is missing,
 * and would be stored as an item that has lost its beginning. */
static int is_whole(const sml_object_t *o, const sml_item_t *item)
{
    return !item->more
        && (item->len == o->size || (o->len + item->len != o->size
                                     && is_framed(item->data, item->len)));
}

/* The piece is put where it belongs. @return 0, or a status code */
static int place(sml_session_t *s, sml_object_t *o, const sml_command_t *c,
                 const sml_item_t *item)
{
    long at = position(c, item), size = sml_number(SML_META(item, c, size));

    if (at >= 0) {
        if ((apr_size_t)at > o->len) {
            return sml_piece_refuse(s, 424);
        }
        o->len = (apr_size_t)at;
    }
    else if (o->resumed && size >= 0) {
        o->len = 0;                     /* the client begins anew */
        o->size = (apr_size_t)size;
    }
    else if (o->resumed && is_whole(o, item)) {
        o->len = 0;
        o->size = item->len;
    }
    else if (o->resumed) {
        o->seam = o->len;
        o->twice = o->last;
    }
    o->resumed = 0;
    o->tag = c->tag;
    if (o->size > s->config->max_obj_size) {
        return sml_piece_refuse(s, 416);
    }
    if (o->len + item->len > o->size + o->twice) {
        return sml_piece_refuse(s, 424);
    }
    append_piece(s, o, item);
    return 0;
}

/* What comes of the object that has ended.  @return 0: it is none of it */
static int take_again(sml_session_t *s, const sml_sync_t *y,
                      const sml_command_t *c, const sml_item_t *item)
{
    sml_object_t *f = s->state->finished;
    int code;

    if (!is_of(s, f, y, c, item)) {
        return 0;
    }
    if (sml_number(SML_META(item, c, size)) >= 0) {
        s->state->finished = NULL;      /* it begins anew */
        return 0;
    }
    if (f->code < 0) {
        code = -f->code;
        if (!item->more) {
            s->state->finished = NULL;  /* that was the last of it */
        }
        return code;
    }
    if (position(c, item) > 0) {
        return item->more ? 213 : f->code;
    }
    return f->resumed && !item->more && f->len == item->len
        && memcmp(f->data, item->data, f->len) == 0 ? f->code : 0;
}

int sml_piece_take(sml_session_t *s, const sml_sync_t *y,
                   const sml_command_t *c, const sml_item_t *item)
{
    sml_object_t *o = s->state->incoming;
    int code;

    if (!is_of(s, o, y, c, item)
        || (o->refused && SML_META(item, c, size) != NULL)) {
        o = begin(s, y, c, item);       /* Size: a first one, once more */
    }
    code = o->refused ? o->refused : place(s, o, c, item);
    return code ? code : 213;
}

int sml_piece_alone(sml_session_t *s, const sml_sync_t *y,
                    const sml_command_t *c, const sml_item_t *item)
{
    int code = s->state->finished ? take_again(s, y, c, item) : 0;

    if (code == 0 && !item->more && position(c, item) > 0) {
        return 424;                     /* the beginning is not here */
    }
    return code;
}

int sml_piece_join(sml_session_t *s, sml_change_t *change,
                   const sml_command_t *c, const sml_item_t *last,
                   const char **type, const char **format)
{
    sml_object_t *o = s->state->incoming;
    int code = o->refused ? o->refused : place(s, o, c, last);
    char *data;

    if (code != 0) {
        s->state->incoming = NULL;
        return code;
    }
    data = (char *)(apr_uintptr_t)o->data;
    if (o->twice && o->len == o->size + o->twice) {
        memmove(data + o->seam - o->twice, data + o->seam, o->len - o->seam);
        o->len -= o->twice;
    }
    change->item.len = o->len;
    change->item.data = o->data;
    if (*type == NULL) {
        *type = o->type;
    }
    if (*format == NULL) {
        *format = o->format;
    }
    code = o->len == o->size ? 0 : 424;
    o->data = last->data;
    o->len = last->len;
    finish(s, o, 424);
    return code;
}

/* ---- an Atomic that is to be undone ------------------------------------- */

/* Pieces that come are put elsewhere: those of before are not overwritten. */
void sml_pieces_keep(sml_session_t *s, sml_pieces_t *old)
{
    memset(old, 0, sizeof(*old));
    old->incoming = s->state->incoming;
    old->finished = s->state->finished;
    old->no_end = s->state->no_end;
    if (old->incoming != NULL) {
        old->incoming->room = 0;
        old->before = *old->incoming;
    }
}

sml_object_t *sml_pieces_left(const sml_session_t *s, const sml_pieces_t *old)
{
    sml_object_t *o = s->state->incoming;

    return o != NULL && !o->refused
        && (o != old->incoming || o->len != old->before.len) ? o : NULL;
}

/* Only an object that was under way, and was not given up inside. */
static int can_go_on(const sml_session_t *s, const sml_pieces_t *old)
{
    return old->incoming != NULL && !old->before.refused
        && s->state->no_end == old->no_end;
}

/* What has come of one inside is not stored; what was refused stays so. */
void sml_pieces_restore(sml_session_t *s, const sml_pieces_t *old,
                        sml_object_t *left)
{
    sml_state_t *state = s->state;

    if (can_go_on(s, old)) {
        state->incoming = apr_pmemdup(s->p, &old->before,
                                      sizeof(old->before));
        state->incoming->resumed = 1;
        state->finished = old->finished;
        if (left != NULL && left != old->incoming) {
            sml_object_t *kept = state->incoming;

            finish(s, left, -412);
            state->incoming = kept;
        }
        return;
    }
    if (state->finished != old->finished && state->finished != NULL
        && state->finished->code >= 0) {
        state->finished = NULL;
    }
    if (state->incoming != old->incoming) {
        state->incoming = NULL;
    }
    if (left != NULL) {
        state->incoming = left;
        sml_piece_refuse(s, 412);
    }
}

int sml_piece_of_same(const sml_session_t *s, const sml_sync_t *y,
                      const sml_command_t *c, const sml_item_t *item)
{
    const sml_object_t *o = s->state->incoming;

    /* After a refusal it may come in one piece, whose Size says that. */
    return is_of(s, o, y, c, item)
        && !(o->refused && !item->more
             && sml_number(SML_META(item, c, size)) == (long)item->len);
}

void sml_piece_done(sml_session_t *s, int code)
{
    s->state->finished->code = code;
}

void sml_receive_no_end(sml_session_t *s)
{
    sml_object_t *o = s->state->incoming;

    if (o == NULL || o->refused || o->resumed) {
        s->state->incoming = NULL;
        return;
    }
    sml_log(s->config, 5, 0, "device %s: an item in pieces was not finished; "
            "what had come of it is dropped", s->device->devid);
    s->state->no_end = o->luid;
    sml_atomic_lack(s, &APR_ARRAY_IDX(s->state->syncs, o->sync, sml_sync_t),
                    o->luid);
    o->data = "";
    o->len = 0;
    finish(s, o, -424);
}
