/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * One modification of the client, applied.  Each may come twice (a lost
 * answer, an older anchor), so an Add of a LUID that is mapped already is
 * taken as a Replace, a Replace of an unknown one as an Add, and equal text
 * changes nothing.
 *
 * The text that the device had is pinned to its map row, by version; what it
 * sends is put together with the server's text from there (sml_conflict.c).
 * Where the device is then to get another text than the one that it sent, its
 * own is stored as a version first, and pinned until it has confirmed the
 * other: should the session break off, the next still knows what it has.
 */
#include "mod_syncml/sml_conflict.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_uuid.h>

#include "item/item_edit.h"
#include "mod_syncml/sml_form.h"
#include "mod_syncml/sml_guard.h"
#include "mod_syncml/sml_held.h"
#include "mod_syncml/sml_occurrences.h"

/* So many of an item's latest texts are looked at for what a device had; of
 * large ones, whose texts stay in memory till the message is done, so many, and
 * more up to so many octets.  Of a device that had an older one, what the
 * server's side has changed since in the same property may lose to it, and is
 * then but a version. */
#define MOST_BASES    1000
#define LARGE_BASES   32
#define BASES_OCTETS  (4 * 1024 * 1024)

/* So many texts of an item without a name, and of no more octets than bases,
 * are looked at for one that was made up for a device. */
#define MOST_MADE     16

/* ---- finding the item --------------------------------------------------- */

/* The device's row for a LUID.  A client that uses our GUID as its own id
 * sends no Map for it; the row that waits for one is then meant, but not by
 * an Add: a new item's LUID may look like any GUID.  Nor is the row of an Add
 * that the client refused, nor one that a guard holds: it does not have those
 * items. */
apr_status_t sml_find_map(sml_session_t *s, const sml_sync_t *y, int tag,
                             const char *luid, const char *guid,
                             store_map_t **map)
{
    store_id_t item;
    apr_status_t rv = store_map_by_luid(s->tx, s->device->id, y->datastore,
                                        luid, map);

    if (rv != APR_NOTFOUND || tag == SYNCML_ADD) {
        return rv;
    }
    item = store_guid_parse(guid && *guid ? guid : luid);
    if (item == 0 || sml_sync_is_slow(y)) {
        return APR_NOTFOUND;    /* those begin by forgetting all rows */
    }
    rv = store_map_by_item(s->tx, s->device->id, item, y->datastore, map);
    if (rv == APR_SUCCESS
        && ((*map)->luid != NULL || (*map)->version == 0 || (*map)->soft)) {
        *map = NULL;
        return APR_NOTFOUND;
    }
    return rv;
}

/* @param version  that the device has
 * @param retry  non-zero: it is to get the item's present text, be that the
 *               one that it has */
static void put_map_row(sml_session_t *s, const sml_sync_t *y,
                        const char *luid, store_id_t item, store_id_t version,
                        int retry)
{
    store_map_t map = { 0 };

    if (s->rv != APR_SUCCESS) {
        return;
    }
    map.device = s->device->id;
    map.datastore = y->datastore;
    map.item = item;
    map.luid = luid;
    map.version = version;
    map.retry = retry;
    s->rv = store_map_put(s->tx, &map);
}

static void put_map(sml_session_t *s, const sml_sync_t *y, const char *luid,
                    store_id_t item, store_id_t version)
{
    put_map_row(s, y, luid, item, version, 0);
}

/* ---- applying ----------------------------------------------------------- */

static int same_text(const store_item_t *a, const store_item_t *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static int add(sml_session_t *s, sml_sync_t *y, sml_change_t *c)
{
    int code = sml_guard_add(s, y, c);

    if (code != 0 || s->rv != APR_SUCCESS) {
        return code;
    }
    s->rv = store_item_add(s->tx, s->account, &c->item);
    put_map(s, y, c->luid, c->item.id, c->item.change);
    sml_guard_added(s, y, c->item.id);
    return 201;
}

/* What somebody else made of the item is sent to this device, even where it
 * was offered that before and refused it. */
void sml_come_back(sml_sync_t *y, const store_item_t *item)
{
    if (y->seen >= item->change) {
        y->seen = item->change - 1;
    }
}

/* A text of the server's own making: every device gets it. */
static void put_ours(sml_session_t *s, const store_item_t *text,
                     store_id_t item)
{
    store_item_t ours = *text;

    ours.id = item;
    ours.origin = 0;
    if (s->rv == APR_SUCCESS) {
        s->rv = store_item_update(s->tx, s->account, &ours);
    }
}

apr_status_t sml_own_uid(sml_session_t *s, store_item_t *copy)
{
    char uid[APR_UUID_FORMATTED_LENGTH + 1];
    item_keys_t keys;
    apr_uuid_t uuid;
    apr_status_t rv;

    apr_uuid_get(&uuid);
    apr_uuid_format(uid, &uuid);
    copy->data = item_with_uid(copy->data, &copy->len, uid, s->p);
    rv = item_keys(&keys, copy->type, copy->data, copy->len, s->p);
    if (rv == APR_SUCCESS) {
        sml_set_keys(copy, &keys);
    }
    return rv;
}

/* The text of the server as an item of its own, beside the device's. */
static void keep_beside(sml_session_t *s, const store_item_t *old)
{
    store_item_t copy = *old;

    if (s->rv != APR_SUCCESS) {
        return;
    }
    s->rv = sml_own_uid(s, &copy);
    if (s->rv == APR_SUCCESS) {
        copy.origin = 0;
        s->rv = store_item_add(s->tx, s->account, &copy);
    }
}

/* The device's text, on its way to what becomes of it. */
static void store_theirs(sml_session_t *s, const sml_sync_t *y,
                         sml_change_t *c, const store_item_t *old)
{
    c->item.id = old->id;
    s->rv = old->deleted
          ? store_item_restore(s->tx, s->account, &c->item)
          : store_item_update(s->tx, s->account, &c->item);
    put_map(s, y, c->luid, old->id, c->item.change);
}

/* ---- what becomes of it -------------------------------------------------- */

/* The device has what it had, and gets the present text. */
static void send_again(sml_session_t *s, sml_sync_t *y, const char *luid,
                       const store_item_t *old, store_id_t version)
{
    if (version == old->change && old->change <= y->seen) {
        put_map_row(s, y, luid, old->id, version, 1);
        return;
    }
    /* What is not behind the device is sent only if the device is not known to
     * have it. */
    put_map(s, y, luid, old->id, version == old->change ? 0 : version);
    sml_come_back(y, old);
}

/* The server's text stays. */
static void leave(sml_session_t *s, sml_sync_t *y, sml_change_t *c,
                  const store_item_t *old, store_id_t version,
                  const sml_outcome_t *out)
{
    if (out->theirs_fine) {
        put_map(s, y, c->luid, old->id, old->change);
    }
    else if (out->unchanged) {
        send_again(s, y, c->luid, old, version);
    }
    else {
        store_theirs(s, y, c, old);
        put_ours(s, old, old->id);
    }
}

static void change(sml_session_t *s, sml_sync_t *y, sml_change_t *c,
                   const store_item_t *old, sml_outcome_t *out)
{
    if (!out->theirs_fine) {
        store_theirs(s, y, c, old);
        put_ours(s, &out->item, old->id);
        return;
    }
    s->rv = old->deleted
          ? store_item_restore(s->tx, s->account, &out->item)
          : store_item_update(s->tx, s->account, &out->item);
    put_map(s, y, c->luid, old->id, out->item.change);
}

/* @return the status, and in words what was done */
static int settle(const sml_outcome_t *out, const char **done)
{
    if (out->both) {
        *done = "both kept";
        return 209;
    }
    if (out->keep_ours) {
        *done = "the server's text was kept, the client's is a version of it";
        return out->theirs_fine ? 200 : 419;
    }
    if (out->theirs_fine) {
        *done = "the client's text was taken, the server's is a version of "
                "it";
        return 208;
    }
    *done = "merged";
    return 207;
}

static int resolve(sml_session_t *s, sml_sync_t *y, sml_change_t *c,
                   store_item_t *old, const store_item_t *base,
                   store_id_t version)
{
    int code = c->tag == SYNCML_ADD ? 201 : 200, conflict;
    const char *done;
    sml_outcome_t out;

    s->rv = sml_resolve(s, y, c, old, base, version, &out);
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    if (out.keep_ours && !out.both) {
        leave(s, y, c, old, version, &out);
    }
    else {
        change(s, y, c, old, &out);
    }
    if (out.both) {
        keep_beside(s, old);
    }
    conflict = settle(&out, &done);
    if (out.conflict && conflict != 200) {
        sml_conflict_log(s, y, old->id, out.clashes, done);
        return conflict;
    }
    return conflict == 207 ? 207 : code;
}

/* Is that just what the device had of it? */
static int is_echo(sml_session_t *s, const sml_sync_t *y,
                   const sml_change_t *c, const store_item_t *had)
{
    store_item_t echo = *had;

    sml_form_echo(s, y, had, &echo.data, &echo.len);
    return same_text(&echo, &c->item);
}

/* Does the device say of an item that the server has deleted what it said
 * before?  Then it has not heard of the delete. */
static int is_again(sml_session_t *s, const sml_sync_t *y,
                    const sml_change_t *c, const store_item_t *old,
                    const store_item_t *base)
{
    /* A delete keeps the text, but under its own change. */
    const store_item_t *had = base ? base : old;

    if (sml_sync_is_slow(y) && y->asked == y->code) {
        return 0;               /* its user wants everything in step: what
                                   one side has comes back on the other */
    }
    return same_text(had, &c->item)
        || (c->raw_type != NULL && is_echo(s, y, c, had))
        || (sml_sync_is_slow(y)
            && sml_form_likeness(s, y, had, &c->item) >= ITEM_NEAR
            && !sml_other_url(had, &c->item, s->p));
}

/* The server's side has deleted it. */
static int revive(sml_session_t *s, sml_sync_t *y, sml_change_t *c,
                  store_item_t *old, const store_item_t *base,
                  store_id_t version)
{
    int code = c->tag == SYNCML_ADD ? 201 : 200;
    sml_outcome_t out;

    if (is_again(s, y, c, old, base)) {
        put_map(s, y, c->luid, old->id, version);
        sml_come_back(y, old);
        return code;
    }
    if (sml_policy(s, y).delete_wins && !sml_sync_is_slow(y)) {
        store_theirs(s, y, c, old);
        if (s->rv == APR_SUCCESS) {
            s->rv = store_item_delete(s->tx, s->account, y->datastore,
                                      old->id, 0, NULL);
        }
        sml_conflict_log(s, y, old->id, "", "deleted on the server, the "
                         "client's change is kept as a version");
        return 419;
    }
    s->rv = sml_resolve(s, y, c, old, base, version, &out);
    if (s->rv == APR_SUCCESS) {
        change(s, y, c, old, &out);
    }
    if (sml_sync_is_slow(y)) {
        return code;
    }
    sml_conflict_log(s, y, old->id, "", "deleted on the server, back by the "
                     "client's change");
    return 208;
}

/* @return the text of that version; NULL: it is not known any more */
static store_item_t *had_text(sml_session_t *s, const sml_sync_t *y,
                              const store_item_t *old, store_id_t version)
{
    store_item_t *base = NULL;
    apr_status_t rv = APR_NOTFOUND;

    if (version != 0) {
        rv = store_item_version(s->tx, s->account, y->datastore, old->id,
                                version, &base);
    }
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND) {
        s->rv = rv;
    }
    return rv == APR_SUCCESS ? base : NULL;
}

/* A device that was sent a text, and whose Status was lost, may have it all
 * the same, and say its own edits on top of it.  So a newer text than the one
 * that it is known to have had is the base, if all that is new in it is in the
 * device's as well: else what was changed there since would clash with it, and
 * lose to it.
 * @param base  in and out, not NULL
 * @param version  in and out: of it */
static void newest_base(sml_session_t *s, const sml_sync_t *y,
                        const sml_change_t *c, const store_item_t *old,
                        store_item_t **base, store_id_t *version)
{
    store_id_t at = old->change + 1, known = *version;
    apr_size_t octets = 0;
    store_item_t *text;
    apr_pool_t *scratch = NULL;
    int i;

    s->rv = apr_pool_create(&scratch, s->p);
    for (i = 0; s->rv == APR_SUCCESS && i < MOST_BASES
             && (i < LARGE_BASES || octets < BASES_OCTETS); i++) {
        s->rv = store_item_version_before(s->tx, s->account, y->datastore,
                                          old->id, at, &text);
        if (s->rv != APR_SUCCESS || text->change <= known) {
            break;
        }
        apr_pool_clear(scratch);
        octets += text->len;
        if (sml_builds_on(*base, text, &c->item, scratch)) {
            sml_leave_unheard(text, *base, &c->item, s->p);
            *base = text;
            *version = text->change;
            break;
        }
        at = text->change;
    }
    if (scratch != NULL) {
        apr_pool_destroy(scratch);
    }
    s->rv = s->rv == APR_NOTFOUND ? APR_SUCCESS : s->rv;
}

/* A name that was made up for the device is none of its user's: not of what it
 * had now, nor, since it may not have got what was made of its own edits, of
 * what it had before.
 * @param like  what the device's text is an edit of */
static void unmake_names(sml_session_t *s, const sml_sync_t *y,
                         sml_change_t *c, store_id_t item,
                         const store_item_t *like)
{
    const store_item_t *had = like;
    store_item_t *before;
    apr_size_t octets = 0;
    int i;

    for (i = 0; i < MOST_MADE && octets < BASES_OCTETS
         && sml_form_unmake(s, y, c, had, like); i++) {
        s->rv = store_item_version_before(s->tx, s->account, y->datastore,
                                          item, had->change, &before);
        if (s->rv != APR_SUCCESS) {
            break;
        }
        had = before;
        octets += had->len;
    }
    s->rv = s->rv == APR_NOTFOUND ? APR_SUCCESS : s->rv;
}

/* The item exists; @p version is the one that the device knew, 0: none, it was
 * perhaps @p matched by its content. */
static int update(sml_session_t *s, sml_sync_t *y, sml_change_t *c,
                  store_item_t *old, store_id_t version, int matched)
{
    store_item_t *base = NULL;

    if (c->raw_type != NULL) {
        base = had_text(s, y, old, version);
        sml_form_import_like(s, y, c, base ? base : old);
        unmake_names(s, y, c, old->id, base ? base : old);
    }
    sml_occurrences_days(s, y, c, old);
    if (!old->deleted
        && (same_text(old, &c->item)
            || (version == 0 && matched && old->key == c->item.key))) {
        /* An equal item is no edit. */
        put_map(s, y, c->luid, old->id, old->change);
        return c->tag == SYNCML_ADD ? 201 : 200;
    }
    if (c->raw_type == NULL) {
        base = had_text(s, y, old, version);
    }
    if (base != NULL && version != old->change && s->rv == APR_SUCCESS) {
        newest_base(s, y, c, old, &base, &version);
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    return old->deleted ? revive(s, y, c, old, base, version)
                        : resolve(s, y, c, old, base, version);
}

/* A device that died after it took our Add has no memory of it: in the next
 * sync it tells the item as one of its own, while we, who had no Status, would
 * send it again.  So an equal item that it is still to be sent is meant; of
 * events and tasks also one of the same UID, the invitation that came to both
 * sides. */
static apr_status_t match_unsent(sml_session_t *s, const sml_sync_t *y,
                                 sml_change_t *c, store_item_t **old)
{
    apr_status_t rv;

    if (c->tag != SYNCML_ADD || y->code != 200 || y->alone) {
        return APR_NOTFOUND;
    }
    rv = sml_match_equal(s, y, &c->item, c->keys.kind == ITEM_VEVENT
                         || c->keys.kind == ITEM_VTODO
                         || c->keys.kind == ITEM_VJOURNAL, old);
    if (rv == APR_SUCCESS && *old != NULL && (*old)->change <= y->seen) {
        *old = NULL;
    }
    c->met = rv == APR_SUCCESS && *old != NULL;
    return rv;
}

static int same_octets(const item_text_t *raw, const store_item_t *item)
{
    return raw->data != NULL && raw->len == item->len
        && memcmp(raw->data, item->data, item->len) == 0;
}

/* What the device has sent it can hold; but not what was made of other things
 * that it sent: FN of N (SIF: FileAs), the state of a task of the day it was
 * done. */
static void note_held(sml_session_t *s, const sml_sync_t *y,
                      const sml_change_t *c)
{
    static const char *const made[] = {
        "FN", "STATUS", "PERCENT-COMPLETE", "COMPLETED", NULL
    };
    const char *data = c->item.data;
    apr_size_t len = c->item.len;
    apr_hash_t *names = apr_hash_make(s->p);
    int i, sif = c->raw_type != NULL && sml_form_is_b64(c->raw_type);

    if (same_octets(&c->raw, &c->item)) {
        /* Nothing was made: it has what it has sent. */
        sml_held_note(s, y, c->keys.kind, data, len);
        return;
    }
    for (i = 0; c->raw_type != NULL && made[i] != NULL; i++) {
        if (sif ? i == 0 && !sml_form_has_line(&c->raw, "<FileAs")
                : !sml_form_has_line(&c->raw, made[i])) {
            apr_hash_set(names, made[i], APR_HASH_KEY_STRING, "");
        }
    }
    data = item_without(data, &len, names, s->p);
    sml_held_note(s, y, c->keys.kind, data, len);
}

/* The device gives the LUID of an item that is gone to a new one: what comes is
 * no version of the former.  Either it has said that it deletes that one; or it
 * has taken the server's delete, perhaps before its Status was heard (not where
 * it says Replace: its owner may have changed all that there is to change).
 * @param version  that the device had; @param old  out: NULL if that is so */
static void look_for_successor(sml_session_t *s, const sml_sync_t *y,
                               const sml_change_t *c, store_id_t version,
                               store_item_t **old)
{
    store_item_t *had;

    if (sml_sync_is_slow(y) || (!sml_is_staged(s, (*old)->id)
                                && (!(*old)->deleted
                                    || c->tag != SYNCML_ADD))) {
        return;
    }
    had = had_text(s, y, *old, version);
    if (s->rv == APR_SUCCESS
        && sml_form_likeness(s, y, had ? had : *old, &c->item)
           == ITEM_DIFFERENT) {
        s->rv = store_map_delete(s->tx, s->device->id, y->datastore,
                                 (*old)->id);
        *old = NULL;
    }
}

/* The device has the item, whatever it said of it before. */
static void is_there(sml_session_t *s, const sml_sync_t *y,
                     const sml_change_t *c, store_id_t item)
{
    if (c->tag == SYNCML_ADD && !sml_sync_is_slow(y)) {
        sml_vouch(s, y, item);
    }
    else {
        sml_unstage(s, item);
    }
}

/* What the device's LUID means.
 * @param version  out: of it, that the device had
 * @return APR_NOTFOUND: nothing that we know */
static apr_status_t find_known(sml_session_t *s, const sml_sync_t *y,
                               const sml_change_t *c, store_item_t **old,
                               store_id_t *version)
{
    store_map_t *map;
    apr_status_t rv = sml_find_map(s, y, c->tag, c->luid, c->guid, &map);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    sml_atomic_paid(s, map->item);
    rv = store_item_get(s->tx, s->account, y->datastore, map->item, old);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    look_for_successor(s, y, c, map->version, old);
    if (s->rv != APR_SUCCESS || *old == NULL) {
        return s->rv != APR_SUCCESS ? s->rv : APR_NOTFOUND;
    }
    is_there(s, y, c, map->item);
    *version = map->version;
    return APR_SUCCESS;
}

/* A LUID that says nothing: what is like it.
 * @param y  in and out: it may be an occurrence */
static apr_status_t find_like(sml_session_t *s, sml_sync_t **y,
                              sml_change_t *c, store_item_t **old,
                              store_id_t *version)
{
    apr_status_t rv;

    if (sml_sync_is_slow(*y)) {
        rv = sml_occurrences_slow(s, y, c, old, version);
    }
    else {
        rv = match_unsent(s, *y, c, old);
        if (rv == APR_SUCCESS && *old == NULL && c->tag == SYNCML_ADD
            && (*y)->code == 200) {
            rv = sml_occurrences_match(s, y, c, old, version);
        }
    }
    if (rv == APR_SUCCESS && *old != NULL) {
        sml_atomic_paid(s, (*old)->id);
        sml_unstage(s, (*old)->id);     /* it is not deleted after all */
    }
    return rv;
}

int sml_apply(sml_session_t *s, sml_sync_t *y, sml_change_t *c)
{
    store_item_t *old = NULL;
    store_id_t version = 0;
    int code, matched = 0;

    note_held(s, y, c);
    sml_atomic_paid_luid(s, y, c->luid);
    if (s->rv == APR_SUCCESS) {
        s->rv = find_known(s, y, c, &old, &version);
    }
    if (s->rv == APR_NOTFOUND) {
        matched = 1;
        s->rv = find_like(s, &y, c, &old, &version);
    }
    if (s->rv == APR_NOTFOUND) {
        s->rv = APR_SUCCESS;
        old = NULL;
    }
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    code = old ? update(s, y, c, old, version, matched)
               : add(s, y, c);
    if (old == NULL && code == 201 && s->rv == APR_SUCCESS && !y->alone
        && !sml_occurrences_named(y->name) && sml_sync_is_slow(y)
        && sml_match_related(s)) {
        sml_related_note(s, y, c->item.id);
        sml_atomic_paid(s, sml_match_related(s));
        sml_atomic_know(s, y->datastore, sml_match_related(s));
    }
    return s->rv == APR_SUCCESS ? code : 510;
}

void sml_apply_related(sml_session_t *s, sml_sync_t *y, const char *luid,
                       const store_item_t *fresh, store_item_t *old)
{
    sml_change_t c = { 0 };
    item_keys_t keys;

    s->rv = item_keys(&keys, fresh->type, fresh->data, fresh->len, s->p);
    if (s->rv == APR_SUCCESS) {
        s->rv = store_item_delete(s->tx, s->account, y->datastore, fresh->id,
                                  s->device->id, NULL);
    }
    if (s->rv == APR_SUCCESS) {
        s->rv = store_map_delete(s->tx, s->device->id, y->datastore,
                                 fresh->id);
    }
    if (s->rv == APR_SUCCESS) {
        c.tag = SYNCML_REPLACE;
        c.luid = luid;
        c.keys = keys;
        c.item = *fresh;
        c.item.origin = s->device->id;
        update(s, y, &c, old, 0, 1);
    }
}
