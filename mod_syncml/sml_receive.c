/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The client's modifications: from the Sync command to the single item, and
 * a status for each.
 */
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_occurrences.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "item/item_note.h"

static void count(sml_sync_t *y, int tag, int code)
{
    int which = code >= 300 ? 3
              : tag == SYNCML_ADD || tag == SYNCML_COPY ? 0
              : tag == SYNCML_REPLACE ? 1 : 2;

    if (code != 211 && tag != SYNCML_MOVE) {
        y->received[which]++;
    }
}

/* ---- from the wire ------------------------------------------------------ */

/* A text for a datastore of journals becomes one. */
static void make_journal(sml_session_t *s, sml_change_t *c)
{
    item_text_t in = { c->item.data, c->item.len }, out;
    item_keys_t keys;

    if (item_note_promote(&in, &out, s->p) == APR_SUCCESS
        && item_keys(&keys, "text/calendar", out.data, out.len, s->p)
           == APR_SUCCESS) {
        c->keys = keys;
        c->item.data = out.data;
        c->item.len = out.len;
    }
}

/* @param y  in: the datastore that was named; out: of a combination the
 *           member whose items are of this kind
 * @return a status code for a refusal, 0 if it is an item of this place */
static int recognise(sml_session_t *s, sml_sync_t **y, sml_change_t *c,
                     const char *type)
{
    const sml_datastore_conf_t *d = sml_sync_conf(s, *y);
    sml_sync_t *member;
    apr_status_t rv;

    if (c->item.len > s->config->max_obj_size) {
        return 413;
    }
    rv = sml_form_import(s, *y, c, type ? type : d->type);
    if (rv == APR_SUCCESS) {
        rv = item_keys(&c->keys, c->item.type, c->item.data, c->item.len,
                       s->p);
    }
    if (rv == ITEM_ELIMIT) {
        return 413;
    }
    if (rv != APR_SUCCESS) {
        return rv == ITEM_ETYPE ? 415 : 400;
    }
    member = sml_sync_for_kind(s, *y, c->keys.kind);
    if (member == NULL && c->keys.kind == ITEM_TEXT
        && d->kind == ITEM_VJOURNAL) {
        make_journal(s, c);
        member = sml_sync_for_kind(s, *y, c->keys.kind);
    }
    if (member == NULL) {
        return 415;
    }
    *y = member;
    c->item.type = item_kind_type(c->keys.kind);
    sml_set_keys(&c->item, &c->keys);
    c->item.datastore = member->datastore;
    c->item.origin = s->device->id;
    return 0;
}

/* MetInf's Format: as it is, or base64.  The others (node, xml, int ...) are
 * of device management, or say that Data holds elements. */
typedef enum { FORMAT_PLAIN, FORMAT_B64, FORMAT_OTHER } format_e;

static format_e format_of(const char *format)
{
    if (format == NULL || *format == '\0' || strcasecmp(format, "chr") == 0
        || strcasecmp(format, "bin") == 0) {
        return FORMAT_PLAIN;
    }
    return strcasecmp(format, "b64") == 0 ? FORMAT_B64 : FORMAT_OTHER;
}

/* apr's decoder ends at the first octet that is no digit, so white space
 * goes first.  @return 0 if it is not base64 */
static int decode_b64(sml_change_t *c, apr_pool_t *p)
{
    char *text = apr_palloc(p, c->item.len + 1), *out;
    apr_size_t i, n = 0, digits = 0;

    for (i = 0; i < c->item.len; i++) {
        char x = c->item.data[i];

        if (x == ' ' || x == '\t' || x == '\r' || x == '\n') {
            continue;
        }
        if (x != '=' && digits == n
            && (apr_isalnum(x) || x == '+' || x == '/')) {
            digits++;
        }
        else if (x != '=' || n - digits == 2) {
            return 0;
        }
        text[n++] = x;
    }
    if (digits % 4 == 1) {
        return 0;
    }
    text[digits] = '\0';
    out = apr_palloc(p, (apr_size_t)apr_base64_decode_len(text) + 1);
    c->item.len = (apr_size_t)apr_base64_decode(out, text);
    c->item.data = out;
    return 1;
}

/* Does the text begin as SIF does? */
static int is_xml(const store_item_t *item)
{
    apr_size_t i = 0;

    if (item->len >= 3 && memcmp(item->data, "\xef\xbb\xbf", 3) == 0) {
        i = 3;
    }
    while (i < item->len && apr_isspace(item->data[i])) {
        i++;
    }
    return i < item->len && item->data[i] == '<';
}

/* The item is all there: what is it?
 * @param y  see recognise() */
static int read_whole(sml_session_t *s, sml_sync_t **y, sml_change_t *change,
                      const char *type, const char *format)
{
    if (format_of(format) == FORMAT_B64 && !decode_b64(change, s->p)) {
        return 400;
    }
    if (format_of(format) == FORMAT_PLAIN && type != NULL
        && sml_form_is_b64(type) && !is_xml(&change->item)) {
        decode_b64(change, s->p);       /* it forgot to say so */
    }
    return recognise(s, y, change, type);
}

static int whole(sml_session_t *s, sml_sync_t **y, sml_change_t *change,
                 const char *type, const char *format)
{
    sml_sync_t *head = *y;
    int code = read_whole(s, y, change, type, format);

    if (code != 0) {
        return code;
    }
    sml_occurrences_route(s, y, change);
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    if ((*y)->access == SML_ACCESS_READ_ONLY) {
        return sml_undo_change(s, *y, change);
    }
    sml_leave_other(s, head, *y, change);
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    code = sml_apply(s, *y, change);
    sml_select_mark(s, *y, change);
    return code;
}

static void make_change(sml_change_t *change, const sml_command_t *c,
                        const sml_item_t *item)
{
    memset(change, 0, sizeof(*change));
    change->tag = c->tag;
    change->luid = item->source.uri;
    change->guid = item->target.uri;
    change->item.data = item->data;
    change->item.len = item->len;
}

static int modify(sml_session_t *s, sml_sync_t **y, const sml_command_t *c,
                  const sml_item_t *item)
{
    sml_sync_t *head = *y;
    const char *type = SML_META(item, c, type);
    const char *format = SML_META(item, c, format);
    sml_change_t change;
    int code, coming;

    if (item->data == NULL) {
        return 400;
    }
    coming = sml_piece_of_same(s, head, c, item);
    if (s->state->incoming != NULL && !coming
        && !s->state->incoming->resumed) {
        sml_receive_no_end(s);
    }
    if (!coming && (code = sml_piece_alone(s, head, c, item)) != 0) {
        return code;
    }
    if (item->more) {
        code = sml_piece_take(s, head, c, item);
        return format_of(format) == FORMAT_OTHER ? sml_piece_refuse(s, 415)
                                                 : code;
    }
    if (format_of(format) == FORMAT_OTHER) {
        return 415;
    }
    make_change(&change, c, item);
    if (!coming) {
        return whole(s, y, &change, type, format);
    }
    code = sml_piece_join(s, &change, c, item, &type, &format);
    if (code == 0) {
        code = whole(s, y, &change, type, format);
        sml_piece_done(s, code);
    }
    return code;
}

/* The member of a combination that has the item.  A Copy may name it in
 * either place. */
static sml_sync_t *owner(sml_session_t *s, sml_sync_t *head,
                         const sml_command_t *c, const sml_item_t *item)
{
    const char *target = item->target.uri;
    sml_sync_t *y;
    store_map_t *map;

    if (head->combined == NULL) {
        return head;
    }
    y = sml_sync_with_luid(s, head, c->tag, item->source.uri,
                           c->tag == SYNCML_DELETE ? target : NULL, NULL,
                           &map);
    if (y == NULL && s->rv == APR_SUCCESS && c->tag == SYNCML_COPY && target) {
        y = sml_sync_with_luid(s, head, c->tag, target, NULL, NULL, &map);
    }
    return y ? y : head;
}

/* ---- commands ----------------------------------------------------------- */

static int one_item(sml_session_t *s, sml_sync_t **y, const sml_command_t *c,
                    const sml_item_t *item)
{
    if ((*y)->failed) {
        return (*y)->failed;
    }
    if (!sml_sync_from_client(*y)) {
        return 405;             /* this sync goes the other way */
    }
    if (item->source.uri == NULL || *item->source.uri == '\0'
        || strlen(item->source.uri) > STORE_MAX_LUID) {
        return 400;
    }
    if (c->tag == SYNCML_ADD || c->tag == SYNCML_REPLACE) {
        return modify(s, y, c, item);
    }
    *y = owner(s, *y, c, item);
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    if ((*y)->access == SML_ACCESS_READ_ONLY) {
        return c->tag == SYNCML_DELETE ? sml_undo_delete(s, *y, item) : 403;
    }
    switch (c->tag) {
    case SYNCML_DELETE:
        return sml_erase(s, *y, c, item);
    case SYNCML_COPY:
        return sml_copy(s, *y, item);
    default:
        return sml_move(s, *y, item);
    }
}

static void one_command(sml_session_t *s, const sml_command_t *c,
                        void *datastore);

static void children(sml_session_t *s, sml_sync_t *y, const sml_command_t *c)
{
    int i;

    for (i = 0; i < c->commands->nelts && s->rv == APR_SUCCESS; i++) {
        one_command(s, APR_ARRAY_IDX(c->commands, i, sml_command_t *), y);
    }
}

static void items(sml_session_t *s, sml_sync_t *y, const sml_command_t *c)
{
    int i, code;

    if (c->items->nelts == 0 && sml_turn(s)) {
        sml_status(s, c, 400, NULL, NULL);
    }
    for (i = 0; i < c->items->nelts && s->rv == APR_SUCCESS; i++) {
        const sml_item_t *item = &APR_ARRAY_IDX(c->items, i, sml_item_t);
        sml_sync_t *where = y;

        if (!sml_turn(s)) {
            continue;
        }
        code = sml_atomic_failed(s) ? 215 : one_item(s, &where, c, item);
        if (code != 213) {
            y->came++;
        }
        if (code != 213 && code != 215) {
            count(where, c->tag, code);
        }
        if (code == 213 || code >= 300
            || !sml_quirk(s, SML_QUIRK_NO_ITEM_STATUS)) {
            sml_status(s, c, code, item->target.uri, item->source.uri);
        }
    }
}

/* Changes in a command that is not done. */
static int changes_in(const sml_command_t *c)
{
    int i, n = c->tag == SYNCML_ADD || c->tag == SYNCML_REPLACE
            || c->tag == SYNCML_DELETE || c->tag == SYNCML_COPY
            || c->tag == SYNCML_MOVE ? c->items->nelts : 0;

    for (i = 0; c->commands != NULL && i < c->commands->nelts; i++) {
        n += changes_in(APR_ARRAY_IDX(c->commands, i, sml_command_t *));
    }
    return n;
}

static void one_command(sml_session_t *s, const sml_command_t *c,
                        void *datastore)
{
    sml_sync_t *y = datastore;

    if (sml_atomic_skips(s, c)) {
        y->came += changes_in(c);
        return;
    }
    switch (c->tag) {
    case SYNCML_ADD: case SYNCML_REPLACE: case SYNCML_DELETE:
    case SYNCML_COPY: case SYNCML_MOVE:
        items(s, y, c);
        break;
    case SYNCML_SEQUENCE:
        if (sml_turn(s)) {
            sml_status(s, c, 200, NULL, NULL);
        }
        children(s, y, c);
        break;
    case SYNCML_ATOMIC:
        if (sml_turn(s)) {
            sml_atomic(s, c, y, one_command, y);
        }
        break;
    case SYNCML_EXEC: case SYNCML_SEARCH:
        sml_refuse(s, c, 406);
        break;
    default:                    /* they do not belong into a Sync */
        sml_refuse(s, c, 400);
        break;
    }
}

/* Are the datastore's items the only client's still, the ones just come?
 * @param after  non-zero: they have come, note what that made of it */
static void note_alone(sml_session_t *s, sml_sync_t *head, int after)
{
    store_datastore_t *ds;
    sml_sync_t *y;

    for (y = head; y != NULL && s->rv == APR_SUCCESS;
         y = sml_sync_next(s, y)) {
        s->rv = store_datastore_open(s->tx, s->account, y->name, &ds);
        if (s->rv == APR_SUCCESS && after) {
            y->left_at = ds->change;
        }
        else if (s->rv == APR_SUCCESS) {
            y->alone = y->alone && ds->change == y->left_at;
        }
    }
}

/* @return why nothing of the Sync can be done: a status code, or 0 */
static int no_place(sml_session_t *s, const sml_sync_t *y,
                    const sml_command_t *c)
{
    if (y == NULL) {
        const char *path = sml_server_path(&c->target, &c->source);

        /* 412: the Alert that has to come first did not come. */
        return sml_datastore_lookup(s->config, path) ? 412 : 404;
    }
    if (y->failed || y->client_ended) {
        return y->failed ? y->failed : 412;
    }
    /* 508: it cannot know yet that all is wanted, these are only changes. */
    return y->alert_pending && y->code != y->asked ? 508 : 0;
}

static void begin_members(sml_session_t *s, sml_sync_t *y)
{
    for (; y != NULL; y = sml_sync_next(s, y)) {
        sml_sync_begin(s, y);
    }
}

static void begin_sync(sml_session_t *s, sml_sync_t *y,
                       const sml_command_t *c)
{
    begin_members(s, y);
    if (c->number_of_changes != NULL && y->announced < 0) {
        y->announced = sml_number(c->number_of_changes);
    }
    sml_status(s, c, 200, c->target.uri, c->source.uri);
}

void sml_receive(sml_session_t *s, const sml_command_t *c)
{
    sml_sync_t *y;
    int code;

    sml_occurrences_join(s);
    sml_occurrences_settle(s);
    if (s->rv != APR_SUCCESS) {
        return;
    }
    y = sml_sync_find(s, &c->target, &c->source);
    code = no_place(s, y, c);
    if (code == 0) {
        code = sml_filter_of_sync(s, y, c->target.filter);
    }
    if (code != 0) {
        sml_refuse(s, c, code);
        return;
    }
    if (sml_turn(s)) {
        begin_sync(s, y, c);
    }
    note_alone(s, y, 0);
    if (s->late || s->rv != APR_SUCCESS) {
        return;
    }
    children(s, y, c);
    note_alone(s, y, 1);
}

/* ---- an Atomic that is to be undone ------------------------------------- */

static int has_luid(const sml_item_t *item)
{
    const char *luid = item->source.uri;

    return luid != NULL && *luid != '\0' && strlen(luid) <= STORE_MAX_LUID;
}

static void note_known(sml_session_t *s, store_id_t datastore,
                       const char *luid, store_id_t item)
{
    sml_atomic_know(s, datastore, sml_atomic_luid(datastore, luid));
    sml_atomic_know(s, datastore, item);
}

/* Pieces are put together once more. @return 0: nothing comes of it */
static int read_known(sml_session_t *s, sml_sync_t **y, sml_change_t *change,
                      const sml_command_t *c, const sml_item_t *item)
{
    const char *type = SML_META(item, c, type);
    const char *format = SML_META(item, c, format);

    if (item->data == NULL || format_of(format) == FORMAT_OTHER) {
        return 0;
    }
    if (item->more) {
        sml_piece_take(s, *y, c, item);
        return 0;
    }
    make_change(change, c, item);
    if (sml_piece_of_same(s, *y, c, item)) {
        int refused = s->state->incoming->refused;

        if (sml_piece_join(s, change, c, item, &type, &format) != 0) {
            if (!refused) {
                sml_atomic_lack(s, *y, item->source.uri);
            }
            return 0;
        }
    }
    return read_whole(s, y, change, type, format) == 0;
}

/* One that was not tried, or was refused: which of ours would it have been? */
static void match(sml_session_t *s, sml_sync_t *y, const sml_command_t *c,
                  const sml_item_t *item)
{
    store_map_t map = { 0 };
    store_item_t *found = NULL;
    sml_change_t change;

    if (!read_known(s, &y, &change, c, item)) {
        return;
    }
    sml_occurrences_route(s, &y, &change);
    if (s->rv == APR_SUCCESS) {
        s->rv = sml_occurrences_slow(s, &y, &change, &found, &map.version);
    }
    if (s->rv != APR_SUCCESS) {
        return;
    }
    note_known(s, y->datastore, change.luid,
               found ? found->id : sml_match_related(s));
    if (found != NULL) {                /* no other matches that one */
        map.device = s->device->id;
        map.datastore = y->datastore;
        map.item = found->id;
        map.luid = change.luid;
        s->rv = store_map_put(s->tx, &map);
    }
}

static void known(sml_session_t *s, sml_sync_t *y, const sml_command_t *c)
{
    int i;

    for (i = 0; i < c->items->nelts && s->rv == APR_SUCCESS; i++) {
        const sml_item_t *item = &APR_ARRAY_IDX(c->items, i, sml_item_t);
        store_map_t *map;

        if (!has_luid(item)) {
            continue;
        }
        if (sml_sync_with_luid(s, y, SYNCML_ADD, item->source.uri, NULL,
                               NULL, &map) != NULL) {
            note_known(s, map->datastore, item->source.uri, map->item);
        }
        else if (s->rv == APR_SUCCESS) {
            match(s, y, c, item);
        }
    }
}

void sml_receive_known(sml_session_t *s, sml_sync_t *y,
                       const sml_command_t *c)
{
    int i;

    if (c->tag == SYNCML_SYNC) {
        y = sml_sync_find(s, &c->target, &c->source);
        if (no_place(s, y, c) != 0) {
            return;
        }
        begin_members(s, y);
    }
    for (i = 0; c->commands != NULL && i < c->commands->nelts
             && s->rv == APR_SUCCESS; i++) {
        sml_receive_known(s, y, APR_ARRAY_IDX(c->commands, i,
                                              sml_command_t *));
    }
    if ((c->tag == SYNCML_ADD || c->tag == SYNCML_REPLACE) && y != NULL
        && !y->failed && sml_sync_is_slow(y)) {
        known(s, y, c);
    }
}
