/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Our modifications: streamed out of the store by a cursor over the change
 * counter, as many as the client's MaxMsgSize has room for; the rest follows
 * in the next message.  What has been sent is remembered until its Status
 * comes, so that only what the device has confirmed counts as known to it.
 */
#include "mod_syncml/sml_occurrences.h"
#include "mod_syncml/sml_send.h"

#include <string.h>

#include <apr_strings.h>

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

void sml_send_remember(sml_sender_t *b, apr_uint32_t cmdid, int tag,
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

void sml_send_item(sml_session_t *s, int tag, const char *type,
                   store_id_t item, const char *luid, const char *data,
                   apr_size_t len, apr_size_t size, long at, int more,
                   apr_uint32_t *cmdid)
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

/* What is not sent, or not now, takes none of the device's places. */
static void give_back(sml_sender_t *b, int tag)
{
    b->y->room += tag == SYNCML_ADD;
}

/* The next message will do. */
static void put_off(sml_sender_t *b, int tag)
{
    give_back(b, tag);
    b->full = 1;
}

/* An item that was passed over before is no news. */
void sml_send_pass_over(sml_sender_t *b, store_id_t item, int tag,
                        const char *why)
{
    give_back(b, tag);
    b->y->sent[3] += b->y->retried;
    sml_log(b->s->config, b->y->retried ? 4 : 7, 0, "item %"
            APR_INT64_T_FMT " of account %s, %s, was not sent to device "
            "%s: %s", item, b->s->state->user, b->y->name,
            b->s->device->devid, why);
}

/* The message is as empty as they get: before this there are but the Sync
 * and the Statuses of SyncHdr and Alert 222. */
int sml_send_is_empty(const sml_sender_t *b)
{
    return b->written == 0 && b->sync_cmdid <= 3;
}

/* The change is dealt with. */
static void pass(sml_sender_t *b, const store_change_t *c)
{
    switch (b->stage) {
    case SML_STAGE_RETRY:   b->y->retry_cursor = c->item.id; break;
    case SML_STAGE_CHANGES: b->y->cursor = c->item.change; break;
    default:                b->y->moved_cursor = c->item.id; break;
    }
}

/* It is looked at again in each sync: the client may say another limit one
 * day, or the item may have become smaller. */
static void keep_for_later(sml_sender_t *b, const store_change_t *c)
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
static void too_large(sml_sender_t *b, const store_change_t *c, int tag)
{
    sml_session_t *s = b->s;

    if (s->state->client_large) {
        sml_large_begin(b, c, tag);
        sml_large_send(b);
        pass(b, c);
        return;
    }
    if (!sml_send_is_empty(b)) {
        put_off(b, tag);
        return;
    }
    sml_send_pass_over(b, c->item.id, tag, "larger than its MaxMsgSize, and "
                       "it takes no large objects");
    keep_for_later(b, c);
    pass(b, c);
}

/* ---- one change --------------------------------------------------------- */

int sml_send_is_too_large(const sml_session_t *s, const store_item_t *item)
{
    return s->state->client_max_obj && item->len > s->state->client_max_obj;
}

int sml_send_waits_for_map(const store_change_t *c)
{
    return c->mapped && c->luid == NULL && (c->version || c->item.deleted);
}

/* It is looked at again in the next sync; should its Map still be missing
 * then, only a slow sync helps. */
static void wait_for_map(sml_sender_t *b, const store_change_t *c)
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

/* The device has it so, whatever has changed in it. */
static void has_already(sml_sender_t *b, const store_change_t *c)
{
    store_map_t *map = apr_array_push(b->waiting);

    memset(map, 0, sizeof(*map));
    map->device = b->s->device->id;
    map->datastore = b->y->datastore;
    map->item = c->item.id;
    map->luid = c->luid ? apr_pstrdup(b->s->p, c->luid) : NULL;
    map->version = c->item.change;
    pass(b, c);
}

static void keep_waiting(sml_sender_t *b)
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
static int write_change(sml_sender_t *b, const store_change_t *c, int tag)
{
    sml_session_t *s = b->s;
    int gone = tag == SYNCML_DELETE;
    int anew = b->y->resumed && !gone, where = sml_large_says_where(s);
    apr_uint32_t before = s->cmdid, cmdid;
    codec_mark_t mark;

    codec_writer_mark(s->w, &mark);
    sml_send_item(s, tag, gone ? NULL : c->item.type, c->item.id, c->luid,
                  gone ? NULL : c->item.data, c->item.len,
                  anew && !where ? c->item.len : 0, anew && where ? 0 : -1,
                  0, &cmdid);
    if (!sml_reply_fits(s)) {
        codec_writer_rollback(s->w, &mark);
        s->cmdid = before;
        return 0;
    }
    sml_send_remember(b, cmdid, tag, c->item.id, c->item.change, c->luid);
    pass(b, c);
    b->written++;
    return 1;
}

static void send_change(sml_sender_t *b, const store_change_t *c, int tag)
{
    sml_session_t *s = b->s;

    if (tag != SYNCML_DELETE && sml_send_is_too_large(s, &c->item)) {
        sml_send_pass_over(b, c->item.id, tag, "larger than its MaxObjSize");
        keep_for_later(b, c);
        pass(b, c);
        return;
    }
    if (tag != SYNCML_DELETE && b->over) {
        sml_send_pass_over(b, c->item.id, tag, "what is left of it is larger "
                           "than the path allows");
        pass(b, c);
        return;
    }
    if (write_change(b, c, tag)) {
        return;
    }
    if (tag == SYNCML_DELETE
        || (b->written > 0 && (!s->state->client_large
                               || c->item.len < s->limit / 2))) {
        put_off(b, tag);
    }
    else {
        too_large(b, c, tag);
    }
}

int sml_send_form(sml_session_t *s, sml_sync_t *y, store_item_t *item,
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
    sml_sender_t *b = baton;
    sml_sync_t *y = b->y;
    store_change_t c = *found;
    int tag;

    if (sml_send_waits_for_map(&c)) {
        wait_for_map(b, &c);
        return APR_SUCCESS;
    }
    if (sml_atomic_holds(b->s, y, &c)) {
        if (c.mapped || !sml_sync_is_slow(y)) {
            keep_for_later(b, &c);
        }                       /* else it must stay free to be matched */
        pass(b, &c);
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
    if (tag == SYNCML_REPLACE && b->stage == SML_STAGE_CHANGES
        && sml_occurrences_only(b->s, y, &c, b->scratch)) {
        has_already(b, &c);
        return APR_SUCCESS;
    }
    if (tag != SYNCML_DELETE
        && !sml_send_form(b->s, y, &c.item, &b->over, b->scratch)) {
        sml_send_pass_over(b, c.item.id, tag, "its format has no such items");
        pass(b, &c);
        return APR_SUCCESS;
    }
    send_change(b, &c, tag);
    return b->full ? APR_EOF : APR_SUCCESS;
}

/* ---- one datastore ------------------------------------------------------ */

/* A LUID that no device has. */
#define NOBODY  "none-0"

/* Synthesis' clients remember the last object of a broken session by its
 * Status.  In the session that goes on they take the first one that comes in
 * pieces for that, answer as they did then, and drop it; a command that is
 * whole before it makes them forget (seen with SyncEvolution 2.0, where the
 * message was cut in the first piece of the second of two objects).  Such a
 * one is a Delete of what nobody has; what they say to it is ignored. */
int sml_send_begins_with_nothing(const sml_session_t *s, const sml_sync_t *y)
{
    const sml_object_t *o = s->state->outgoing;

    return o != NULL && o->sync == sml_sync_index(s, y) && o->resumed
        && !o->begun;
}

static void write_nothing(sml_session_t *s)
{
    apr_uint32_t cmdid;

    sml_send_item(s, SYNCML_DELETE, NULL, 0, NOBODY, NULL, 0, 0, -1, 0, &cmdid);
}

static void open_sync(sml_sender_t *b)
{
    sml_session_t *s = b->s;
    sml_sync_t *y = b->y;

    open_command(s, SYNCML_SYNC, &b->sync_cmdid);
    write_uri(s->w, SYNCML_TARGET, y->client_uri);
    write_uri(s->w, SYNCML_SOURCE, y->server_uri);
    if (!y->opened && y->member == 0 && s->state->client_counts
        && s->state->version != CODEC_V10) {
        sml_count_write(b);
    }
    if (!y->opened && sml_send_begins_with_nothing(s, y)) {
        write_nothing(s);
    }
}

/* May the next stage begin?  The last one is through and there is room. */
static int may_go_on(const sml_sender_t *b)
{
    return b->s->rv == APR_SUCCESS && !b->full && sml_reply_fits(b->s);
}

/* What the store has for the device, in this order: what it could not be
 * given last time, what comes or goes by itself, what has changed. */
static void send_changes(sml_sender_t *b)
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
    sml_sender_t b = { 0 };
    int first = !y->opened && y->member == 0;

    b.s = s;
    b.y = y;
    b.index = index;
    b.waiting = apr_array_make(s->p, 1, sizeof(store_map_t));
    apr_pool_create(&b.scratch, s->p);
    codec_writer_mark(s->w, &mark);
    sml_large_check(s);
    if (s->rv == APR_SUCCESS) {
        sml_select_open(s, y);
    }
    if (s->rv == APR_SUCCESS) {
        open_sync(&b);
    }
    if (s->rv != APR_SUCCESS) {
        return 0;
    }
    if (s->state->outgoing != NULL && s->state->outgoing->sync == index) {
        sml_large_send(&b);
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
