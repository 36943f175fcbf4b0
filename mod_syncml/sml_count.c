/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * NumberOfChanges: how many commands the client will get in a datastore's
 * sync.  Phones show "12 of 15" by it, and some never say that they are ready
 * if the last three do not come.  So an item that is going to be passed over
 * is not counted.
 *
 * Changes are counted by index.  Only those that may be passed over are looked
 * at: what waits for its Map, and items so large that they might be above the
 * limits in the device's form; the store finds them by their length, without
 * reading them.  An item is turned into the device's form for it only if no
 * estimate of its size there is below the limit.
 */
#include "mod_syncml/sml_occurrences.h"
#include "mod_syncml/sml_send.h"

#include <string.h>

/* How the texts of the store grow on their way, at most, other than by lists
 * that stand for a rule: a short line in quoted-printable with its charset
 * becomes so many times as long; a line gets so many octets of parameters; an
 * empty SIF item has so many octets. */
#define GROWS_TIMES  8
#define GROWS_LINE   64
#define GROWS_ITEM   4096

/* What an empty message has besides its header: Sync and two Statuses. */
#define EMPTY_XML    800
#define EMPTY_WBXML  250

typedef struct counter_t {
    sml_session_t *s;
    sml_sync_t y;               /* a copy: nothing is sent yet */
    sml_stage_e stage;
    apr_int64_t n;
    apr_size_t message;         /* octets of a command that a message has room
                                   for; 0: it may go in pieces */
    apr_size_t limit;           /* items up to so many octets are sent, as far
                                   as their size goes; 0: all */
    apr_pool_t *scratch;
} counter_t;

static void lower(apr_size_t *limit, apr_size_t to)
{
    if (to > 0 && (*limit == 0 || to < *limit)) {
        *limit = to;
    }
}

static void begin_count(counter_t *count, sml_session_t *s,
                        const sml_sync_t *y, apr_pool_t *scratch)
{
    apr_size_t empty = s->head + s->tail
        + (s->request->format == CODEC_XML ? EMPTY_XML : EMPTY_WBXML);

    memset(count, 0, sizeof(*count));
    count->s = s;
    count->y = *y;
    count->stage = SML_STAGE_RETRY;
    count->scratch = scratch;
    if (!s->state->client_large) {
        count->message = s->limit > empty ? s->limit - empty : 1;
    }
    lower(&count->limit, s->state->client_max_obj);
    lower(&count->limit, count->message);
    lower(&count->limit,
          (apr_size_t)sml_sync_view(s, &count->y)->limit * 1024);
}

/* Octets that the item may have in any of the forms. */
static apr_size_t at_most(const store_item_t *item)
{
    apr_size_t n = GROWS_ITEM + item->len, i;

    for (i = 0; i < item->len; i++) {
        unsigned char c = (unsigned char)item->data[i];

        n += c == '\n' ? GROWS_LINE : 2 * (c >= 0x80 || c == '=')
             + 4 * (c == '<' || c == '>' || c == '&' || c == '"');
    }
    return n / 3 * 4 + 4;       /* SIF travels in base64 */
}

static int is_passed_over(counter_t *count, const store_change_t *c)
{
    sml_session_t *s = count->s;
    store_item_t item = c->item;
    int over;

    if (count->limit == 0
        || (item.len < count->limit && at_most(&item) <= count->limit)) {
        return 0;
    }
    return !sml_send_form(s, &count->y, &item, &over, count->scratch)
        || sml_send_is_too_large(s, &item) || over
        || (count->message > 0 && item.len > count->message);
}

static apr_status_t count_change(void *baton, const store_change_t *c)
{
    counter_t *count = baton;
    apr_int64_t room = count->y.room;
    int tag;

    if (sml_send_waits_for_map(c)
        || sml_atomic_holds(count->s, &count->y, c)) {
        return APR_SUCCESS;     /* it is kept for later */
    }
    if (c->item.id == count->y.large) {
        count->n++;             /* on its way already */
        return APR_SUCCESS;
    }
    tag = sml_select(count->s, &count->y, c, count->stage);
    if (tag == 0
        || (tag == SYNCML_REPLACE && count->stage == SML_STAGE_CHANGES
            && sml_occurrences_only(count->s, &count->y, c,
                                    count->scratch))) {
        return APR_SUCCESS;
    }
    if (tag != SYNCML_DELETE && is_passed_over(count, c)) {
        count->y.room = room;
        return APR_SUCCESS;     /* so is that */
    }
    count->n++;
    return APR_SUCCESS;
}

/* One that the index has counted. */
static apr_status_t uncount_change(void *baton, const store_change_t *c)
{
    counter_t *count = baton;

    if (sml_send_waits_for_map(c)
        || (!c->item.deleted && is_passed_over(count, c))) {
        count->n--;
    }
    return APR_SUCCESS;
}

/* Those that have changed; where the device sees not everything each has to
 * be looked at.
 * @param none  out: there are none, not even any to be passed over */
static void count_changed(counter_t *count, int *none)
{
    sml_session_t *s = count->s;
    sml_sync_t *y = &count->y;
    apr_int64_t n = 0, over = -1;

    count->stage = SML_STAGE_CHANGES;
    if (!sml_select_all(s, y) || s->state->owed->nelts > 0
        || (!SML_FORGETS(y->code) && sml_occurrences_of(s, y) != NULL)) {
        s->rv = store_changes(s->tx, s->account, s->device->id, y->datastore,
                              y->cursor, y->upto, count_change, count);
        return;
    }
    s->rv = store_changes_count(s->tx, s->account, s->device->id,
                                y->datastore, y->cursor, y->upto, &n);
    count->n += n;
    *none = n == 0;
    if (s->rv != APR_SUCCESS || n == 0) {
        return;
    }
    if (count->limit > 0) {
        over = count->limit > GROWS_ITEM * 2
             ? (apr_int64_t)(count->limit - GROWS_ITEM * 2) / GROWS_TIMES : 0;
    }
    s->rv = store_changes_doubtful(s->tx, s->account, s->device->id,
                                   y->datastore, y->cursor, y->upto, over,
                                   uncount_change, count);
}

/* What is left of the datastore: its Sync may have begun in an answer that had
 * no room for anything, not even for a piece of the first item; that one is
 * the object on its way since then, and behind the cursors.
 * @param none  out: nothing has changed */
static apr_int64_t number_of(sml_session_t *s, sml_sync_t *y,
                             apr_pool_t *scratch, int *none)
{
    counter_t count;

    if (y->access == SML_ACCESS_SEND_ONLY) {
        return 0;
    }
    begin_count(&count, s, y, scratch);
    if (!y->retried) {
        s->rv = store_changes_retry(s->tx, s->account, s->device->id,
                                    y->datastore, y->retry_cursor, y->seen,
                                    count_change, &count);
    }
    if (s->rv == APR_SUCCESS && !y->moved && !sml_select_all(s, y)) {
        count.stage = y->review ? SML_STAGE_HELD : SML_STAGE_MOVED;
        s->rv = sml_select_moved(s, y, y->moved_cursor, count_change, &count);
    }
    if (s->rv == APR_SUCCESS) {
        count_changed(&count, none);
    }
    return count.n;
}

void sml_count_write(sml_sender_t *b)
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
        n += sml_send_begins_with_nothing(s, y);
        if (o != NULL && o->sync == sml_sync_index(s, y)
            && (!y->large || y->large_is_newer)) {
            n++;                /* its turn had come, but there was no room */
        }
    }
    if (s->rv == APR_SUCCESS) {
        codec_number(s->w, SYNCML_NUMBEROFCHANGES, n);
    }
}
