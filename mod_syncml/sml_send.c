/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Our modifications: streamed out of the store by a cursor over the change
 * counter, as many as the client's MaxMsgSize has room for; the rest follows
 * in the next message.  What has been sent is remembered until its Status
 * comes, so that only what the device has confirmed counts as known to it.
 */
#include "mod_syncml/sml_form.h"

#include <string.h>

#include <apr_strings.h>

/* Room for the commands that carry a piece of a large object, and the
 * smallest piece worth sending. */
#define PIECE_MIN  64

typedef struct sender_t {
    sml_session_t *s;
    sml_sync_t *y;
    int index;                  /* of y in the session */
    int full;                   /* the message has no room for the next */
    int written;                /* commands in this Sync */
    apr_uint32_t sync_cmdid;    /* of this Sync */
    int none;                   /* counted: there are no changes */
    int over;                   /* the present item is larger than the path
                                   allows */
    sml_stage_e stage;
    apr_pool_t *scratch;        /* for one item's way out */
    apr_array_header_t *waiting;        /* of store_map_t: due, but the Map of
                                   their Add has not come */
} sender_t;

static void open_command(sml_session_t *s, int tag, apr_uint32_t *cmdid)
{
    *cmdid = sml_reply_cmdid(s);
    codec_open(s->w, tag);
    codec_number(s->w, SYNCML_CMDID, *cmdid);
}

static void write_uri(codec_writer_t *w, int tag, const char *uri)
{
    codec_open(w, tag);
    codec_text(w, SYNCML_LOCURI, uri);
    codec_close(w);
}

static void remember(sender_t *b, apr_uint32_t cmdid, int tag,
                     store_id_t item, store_id_t version, const char *luid)
{
    sml_outstanding_t *o = apr_array_push(b->s->state->outstanding);

    memset(o, 0, sizeof(*o));
    o->msg = b->s->state->our_msg;
    o->cmd = cmdid;
    o->sync = b->index;
    o->tag = tag;
    o->item = item;
    o->version = version;
    o->luid = luid ? apr_pstrdup(b->s->p, luid) : NULL;
    b->y->waiting++;
    b->s->sent = 1;
}

/* @param size  of the whole, with its first piece; else 0
 * @param at  where the piece belongs, with the first one of a resumed session;
 *            else -1.  Synthesis' clients know no other way to be told. */
static void write_item(sml_session_t *s, int tag, const char *type,
                       store_id_t item, const char *luid, const char *data,
                       apr_size_t len, apr_size_t size, long at,
                       int more, apr_uint32_t *cmdid)
{
    codec_writer_t *w = s->w;
    char guid[STORE_GUID_LEN];

    open_command(s, tag, cmdid);
    if (type != NULL) {
        codec_open(w, SYNCML_META);
        codec_text(w, METINF_TYPE, type);
        if (sml_form_is_b64(type)) {
            codec_text(w, METINF_FORMAT, "b64");
        }
        if (size > 0) {
            codec_number(w, METINF_SIZE, (apr_int64_t)size);
        }
        if (at >= 0) {
            codec_text(w, METINF_EMI, apr_psprintf(s->p, "datapos=%ld", at));
        }
        codec_close(w);
    }
    codec_open(w, SYNCML_ITEM);
    if (luid != NULL) {
        write_uri(w, SYNCML_TARGET, luid);
    }
    if (luid == NULL || sml_quirk(s, SML_QUIRK_SEND_GUID)) {
        write_uri(w, SYNCML_SOURCE, store_guid(item, guid));
    }
    if (data != NULL) {
        codec_opaque(w, SYNCML_DATA, data, len);
    }
    if (more) {
        codec_empty(w, SYNCML_MOREDATA);
    }
    codec_close(w);
    codec_close(w);
}

/* An item that was passed over before is no news. */
static void pass_over(sender_t *b, store_id_t item, const char *why)
{
    b->y->sent[3] += b->y->retried;
    sml_log(b->s->config, b->y->retried ? 4 : 7, 0, "item %"
            APR_INT64_T_FMT " of account %s, %s, was not sent to device "
            "%s: %s", item, b->s->state->user, b->y->name, b->s->device->devid, why);
}

/* The message is as empty as they get: before this there are but the Sync
 * and the Statuses of SyncHdr and Alert 222. */
static int is_empty(const sender_t *b)
{
    return b->written == 0 && b->sync_cmdid <= 3;
}

/* ---- large objects ------------------------------------------------------ */

static void write_piece(sml_session_t *s, const sml_object_t *o,
                        apr_size_t n, int more, apr_uint32_t *cmdid)
{
    write_item(s, o->tag, o->type, o->item, o->luid, o->data, n,
               o->begun ? 0 : o->size,
               o->resumed ? (long)(o->size - o->len) : -1, more, cmdid);
}

/* How many octets of data fit into what is left of the message: by trial,
 * because the encoding decides. */
static apr_size_t piece_size(sender_t *b, const sml_object_t *o)
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
static void send_piece(sender_t *b)
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
        if (is_empty(b) && !o->begun) {
            pass_over(b, o->item, "its MaxMsgSize has no room for any");
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
    remember(b, cmdid, o->tag, o->item, o->version, o->luid);
    s->state->outgoing = NULL;
    b->full = 0;
}

static void begin_large(sender_t *b, const store_change_t *c, int tag)
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

/* The change is dealt with. */
static void pass(sender_t *b, const store_change_t *c)
{
    switch (b->stage) {
    case SML_STAGE_RETRY:   b->y->retry_cursor = c->item.id; break;
    case SML_STAGE_CHANGES: b->y->cursor = c->item.change; break;
    default:                b->y->moved_cursor = c->item.id; break;
    }
}

/* It is looked at again in each sync: the client may say another limit one
 * day, or the item may have become smaller. */
static void keep_for_later(sender_t *b, const store_change_t *c)
{
    store_map_t *map;

    if (b->stage == SML_STAGE_RETRY) {
        return;                 /* it is kept already */
    }
    map = apr_array_push(b->waiting);
    memset(map, 0, sizeof(*map));
    map->device = b->s->device->id;
    map->datastore = b->y->datastore;
    map->item = c->item.id;
    map->luid = c->luid ? apr_pstrdup(b->s->p, c->luid) : NULL;
    map->version = c->version;
    map->retry = 1;
}

/* It did not fit.  Another message may have room; if this one is as empty as
 * they get, it has to go in pieces. */
static void too_large(sender_t *b, const store_change_t *c, int tag)
{
    sml_session_t *s = b->s;

    if (s->state->client_large) {
        begin_large(b, c, tag);
        send_piece(b);
        pass(b, c);
        return;
    }
    if (!is_empty(b)) {
        b->full = 1;
        return;
    }
    pass_over(b, c->item.id, "larger than its MaxMsgSize, and it takes no large "
              "objects");
    keep_for_later(b, c);
    pass(b, c);
}

/* ---- one change --------------------------------------------------------- */

static int is_too_large(const sml_session_t *s, const store_item_t *item)
{
    return s->state->client_max_obj && item->len > s->state->client_max_obj;
}

/* The device took it but has not said under which LUID: until its Map comes
 * nothing can be told of the item without doubling it. */
static int waits_for_map(const store_change_t *c)
{
    return c->mapped && c->luid == NULL && (c->version || c->item.deleted);
}

/* It is looked at again in the next sync; should its Map still be missing
 * then, only a slow sync helps. */
static void wait_for_map(sender_t *b, const store_change_t *c)
{
    store_map_t *map;

    if (b->stage != SML_STAGE_RETRY) {
        map = apr_array_push(b->waiting);
        memset(map, 0, sizeof(*map));
        map->device = b->s->device->id;
        map->datastore = b->y->datastore;
        map->item = c->item.id;
        map->version = c->version;
        map->retry = 1;
    }
    else if (!b->y->unmapped) {
        b->y->unmapped = c->item.id;
    }
    pass(b, c);
}

static void keep_waiting(sender_t *b)
{
    int i;

    for (i = 0; i < b->waiting->nelts && b->s->rv == APR_SUCCESS; i++) {
        b->s->rv = store_map_put(b->s->tx,
                                 &APR_ARRAY_IDX(b->waiting, i, store_map_t));
    }
    b->waiting->nelts = 0;
}

/* Write it.  A client that resumes may have pieces of it, of which the last
 * was lost here or there, and would add it to them: so it is told that this is
 * the whole, by the place where it begins or by its Size.
 * @return 0: it does not fit */
static int write_change(sender_t *b, const store_change_t *c, int tag)
{
    sml_session_t *s = b->s;
    int gone = tag == SYNCML_DELETE;
    int anew = b->y->resumed && !gone, where = sml_large_says_where(s);
    apr_uint32_t before = s->cmdid, cmdid;
    codec_mark_t mark;

    codec_writer_mark(s->w, &mark);
    write_item(s, tag, gone ? NULL : c->item.type, c->item.id, c->luid,
               gone ? NULL : c->item.data, c->item.len,
               anew && !where ? c->item.len : 0, anew && where ? 0 : -1, 0,
               &cmdid);
    if (!sml_reply_fits(s)) {
        codec_writer_rollback(s->w, &mark);
        s->cmdid = before;
        return 0;
    }
    remember(b, cmdid, tag, c->item.id, c->item.change, c->luid);
    pass(b, c);
    b->written++;
    return 1;
}

static void send_change(sender_t *b, const store_change_t *c, int tag)
{
    sml_session_t *s = b->s;

    if (tag != SYNCML_DELETE && is_too_large(s, &c->item)) {
        pass_over(b, c->item.id, "larger than its MaxObjSize");
        keep_for_later(b, c);
        pass(b, c);
        return;
    }
    if (tag != SYNCML_DELETE && b->over) {
        pass_over(b, c->item.id, "what is left of it is larger than the path "
                  "allows");
        pass(b, c);
        return;
    }
    if (write_change(b, c, tag)) {
        return;
    }
    if (tag == SYNCML_DELETE
        || (b->written > 0 && (!s->state->client_large
                               || c->item.len < s->limit / 2))) {
        b->full = 1;            /* the next message will do */
    }
    else {
        too_large(b, c, tag);
    }
}

/* The item as it goes on its way.
 * @param over  out: it is larger than the path allows
 * @param scratch  cleared, then the item is in it: any number of items may be
 *                 looked at for one answer, only to be passed over
 * @return 0: the device's form has no such items */
static int as_sent(sml_session_t *s, sml_sync_t *y, store_item_t *item,
                   int *over, apr_pool_t *scratch)
{
    const store_item_t whole = *item;
    apr_pool_t *own = s->p;
    apr_status_t rv;

    /* What the session keeps of them has to be in its own pool. */
    sml_sync_view(s, y);
    sml_form(s, y);
    apr_pool_clear(scratch);
    s->p = scratch;
    sml_select_part(s, y, &whole, &item->data, &item->len);
    *over = sml_too_large(s, y, item->len);
    rv = sml_form_export(s, y, item);
    s->p = own;
    /* What cannot be read goes as it is: better than not at all. */
    return rv != ITEM_ETYPE;
}

static apr_status_t on_change(void *baton, const store_change_t *found)
{
    sender_t *b = baton;
    sml_sync_t *y = b->y;
    apr_int64_t room = y->room;
    store_change_t c = *found;
    int tag;

    if (waits_for_map(&c)) {
        wait_for_map(b, &c);
        return APR_SUCCESS;
    }
    if (c.item.id == y->large) {
        pass(b, &c);            /* on its way already */
        return APR_SUCCESS;
    }
    if (b->s->state->outstanding->nelts >= SML_MAX_OUTSTANDING
        || (b->s->sent && sml_is_late(b->s))) {
        b->full = 1;
        return APR_EOF;
    }
    tag = sml_select(b->s, y, &c, b->stage);
    if (tag == 0) {
        pass(b, &c);
        return APR_SUCCESS;
    }
    if (tag != SYNCML_DELETE
        && !as_sent(b->s, y, &c.item, &b->over, b->scratch)) {
        pass_over(b, c.item.id, "its format has no such items");
        y->room = room;
        pass(b, &c);
        return APR_SUCCESS;
    }
    send_change(b, &c, tag);
    if (b->full) {
        y->room = room;         /* its turn comes again */
    }
    return b->full ? APR_EOF : APR_SUCCESS;
}

/* ---- one datastore ------------------------------------------------------ */

typedef struct counter_t {
    sml_session_t *s;
    sml_sync_t y;               /* a copy: nothing is sent yet */
    sml_stage_e stage;
    apr_int64_t n;
    apr_pool_t *scratch;
} counter_t;

static apr_status_t count_change(void *baton, const store_change_t *c)
{
    counter_t *count = baton;
    store_item_t item = c->item;
    apr_int64_t room = count->y.room;
    int over;

    if (waits_for_map(c)) {
        return APR_SUCCESS;     /* it is kept for later */
    }
    if (sml_select(count->s, &count->y, c, count->stage) == 0) {
        return APR_SUCCESS;
    }
    if (count->stage == SML_STAGE_RETRY && !c->item.deleted
        && count->s->state->client_max_obj
        && (!as_sent(count->s, &count->y, &item, &over, count->scratch)
            || is_too_large(count->s, &item))) {
        count->y.room = room;
        return APR_SUCCESS;     /* so is that */
    }
    count->n++;
    return APR_SUCCESS;
}

/* Those that have changed; where the device sees not everything each has to
 * be looked at. */
static apr_int64_t number_changed(sml_session_t *s, sml_sync_t *y,
                                  counter_t *count)
{
    apr_int64_t n = 0;

    if (sml_select_all(s, y)) {
        s->rv = store_changes_count(s->tx, s->account, s->device->id,
                                    y->datastore, y->cursor, y->upto, &n);
        return n;
    }
    n = count->n;
    count->stage = SML_STAGE_CHANGES;
    s->rv = store_changes(s->tx, s->account, s->device->id, y->datastore,
                          y->cursor, y->upto, count_change, count);
    n = count->n - n;
    count->n -= n;
    return n;
}

/* @param none  out: nothing has changed */
static apr_int64_t number_of(sml_session_t *s, sml_sync_t *y,
                             apr_pool_t *scratch, int *none)
{
    counter_t count = { s, *y, SML_STAGE_RETRY, 0, scratch };
    apr_int64_t n;

    if (y->access == SML_ACCESS_SEND_ONLY) {
        return 0;
    }
    if (!y->retried) {
        s->rv = store_changes_retry(s->tx, s->account, s->device->id,
                                    y->datastore, 0, y->seen, count_change,
                                    &count);
    }
    if (s->rv == APR_SUCCESS && !y->moved && !sml_select_all(s, y)) {
        count.stage = y->review ? SML_STAGE_HELD : SML_STAGE_MOVED;
        s->rv = sml_select_moved(s, y, 0, count_change, &count);
    }
    if (s->rv != APR_SUCCESS) {
        return 0;
    }
    n = number_changed(s, y, &count);
    *none = n == 0 && sml_select_all(s, y);
    return n + count.n;
}

/* A LUID that no device has. */
#define NOBODY  "none-0"

/* Synthesis' clients remember the last object of a broken session by its
 * Status.  In the session that goes on they take the first one that comes in
 * pieces for that, answer as they did then, and drop it; a command that is
 * whole before it makes them forget (seen with SyncEvolution 2.0, where the
 * message was cut in the first piece of the second of two objects).  Such a
 * one is a Delete of what nobody has; what they say to it is ignored. */
static int begins_with_nothing(const sml_session_t *s, const sml_sync_t *y)
{
    const sml_object_t *o = s->state->outgoing;

    return o != NULL && o->sync == sml_sync_index(s, y) && o->resumed
        && !o->begun;
}

static void write_nothing(sml_session_t *s)
{
    apr_uint32_t cmdid;

    write_item(s, SYNCML_DELETE, NULL, 0, NOBODY, NULL, 0, 0, -1, 0, &cmdid);
}

/* Of all members of a combination in the first's. */
static void write_number_of_changes(sender_t *b)
{
    sml_session_t *s = b->s;
    const sml_object_t *o = s->state->outgoing;
    sml_sync_t *y;
    apr_int64_t n = 0;

    for (y = b->y; y != NULL && s->rv == APR_SUCCESS;
         y = sml_sync_next(s, y)) {
        int none = 0;

        sml_select_open(s, y);
        n += number_of(s, y, b->scratch, &none);
        b->none |= y == b->y && none;
        n += begins_with_nothing(s, y);
        if (o != NULL && o->sync == sml_sync_index(s, y)
            && (!y->large || y->large_is_newer)) {
            n++;                /* its turn had come, but there was no room */
        }
    }
    if (s->rv == APR_SUCCESS) {
        codec_number(s->w, SYNCML_NUMBEROFCHANGES, n);
    }
}

static void open_sync(sender_t *b)
{
    sml_session_t *s = b->s;
    sml_sync_t *y = b->y;

    open_command(s, SYNCML_SYNC, &b->sync_cmdid);
    write_uri(s->w, SYNCML_TARGET, y->client_uri);
    write_uri(s->w, SYNCML_SOURCE, y->server_uri);
    if (!y->opened && y->member == 0 && s->state->client_counts
        && s->state->version != CODEC_V10) {
        write_number_of_changes(b);
    }
    if (!y->opened && begins_with_nothing(s, y)) {
        write_nothing(s);
    }
}

/* May the next stage begin?  The last one is through and there is room. */
static int may_go_on(const sender_t *b)
{
    return b->s->rv == APR_SUCCESS && !b->full && sml_reply_fits(b->s);
}

/* What the store has for the device, in this order: what it could not be
 * given last time, what comes or goes by itself, what has changed. */
static void send_changes(sender_t *b)
{
    sml_session_t *s = b->s;
    sml_sync_t *y = b->y;

    if (!y->retried && may_go_on(b)) {
        b->stage = SML_STAGE_RETRY;
        s->rv = store_changes_retry(s->tx, s->account, s->device->id,
                                    y->datastore, y->retry_cursor, y->seen,
                                    on_change, b);
        y->retried = s->rv == APR_SUCCESS && !b->full;
    }
    if (y->retried && !y->moved && may_go_on(b)) {
        b->stage = y->review ? SML_STAGE_HELD : SML_STAGE_MOVED;
        if (!sml_select_all(s, y)) {
            s->rv = sml_select_moved(s, y, y->moved_cursor, on_change, b);
        }
        y->moved = s->rv == APR_SUCCESS && !b->full;
    }
    if (y->retried && y->moved && may_go_on(b)) {
        b->stage = SML_STAGE_CHANGES;
        if (!b->none) {
            s->rv = store_changes(s->tx, s->account, s->device->id,
                                  y->datastore, y->cursor, y->upto,
                                  on_change, b);
        }
        if (s->rv == APR_SUCCESS && !b->full) {
            y->cursor = y->upto;
            y->server_ended = 1;
        }
    }
}

/* @return non-zero if the datastore is through */
static int send_datastore(sml_session_t *s, sml_sync_t *y, int index)
{
    apr_uint32_t before = s->cmdid;
    codec_mark_t mark;
    sender_t b = { 0 };
    int first = !y->opened && y->member == 0;

    b.s = s;
    b.y = y;
    b.index = index;
    b.waiting = apr_array_make(s->p, 1, sizeof(store_map_t));
    apr_pool_create(&b.scratch, s->p);
    sml_select_open(s, y);
    codec_writer_mark(s->w, &mark);
    sml_large_check(s);
    if (s->rv == APR_SUCCESS) {
        open_sync(&b);
    }
    if (s->rv != APR_SUCCESS) {
        return 0;
    }
    if (s->state->outgoing != NULL && s->state->outgoing->sync == index) {
        send_piece(&b);
    }
    if (y->access == SML_ACCESS_SEND_ONLY) {
        y->server_ended = 1;
    }
    else {
        send_changes(&b);
    }
    keep_waiting(&b);
    if ((b.written == 0 && !(first && y->server_ended))
        || !sml_reply_fits(s)) {
        codec_writer_rollback(s->w, &mark);
        s->cmdid = before;
        /* An empty Sync that does not fit any more comes next time. */
        y->server_ended = y->server_ended && !first;
        return y->server_ended;
    }
    y->opened = 1;
    codec_close(s->w);
    return y->server_ended;
}

int sml_send(sml_session_t *s)
{
    int i;

    for (i = 0; i < s->state->syncs->nelts && s->rv == APR_SUCCESS; i++) {
        sml_sync_t *y = &APR_ARRAY_IDX(s->state->syncs, i, sml_sync_t);

        if (y->failed || y->server_ended || y->committed) {
            continue;
        }
        if (!send_datastore(s, y, i)) {
            return 0;
        }
        if (sml_outstanding(s, y) == 0) {
            sml_sync_commit(s, y);
        }
    }
    return s->rv == APR_SUCCESS;
}
