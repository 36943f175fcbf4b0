/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The session's entry in the store's log: which changes were its, and what
 * became of each datastore.  Written in the transaction of the message, so
 * that it is right also for a session that breaks off.
 */
#include "mod_syncml/sml_occurrences.h"

#include <string.h>

/* A datastore's counter before the message. */
typedef struct mark_t {
    store_id_t datastore, change;
} mark_t;

struct sml_journal_t {
    apr_array_header_t *marks;          /* of mark_t */
    apr_array_header_t *syncs;          /* of sml_sync_t, as they were */
};

static apr_status_t take_mark(void *baton, const store_datastore_t *ds)
{
    mark_t *mark = apr_array_push(baton);

    mark->datastore = ds->id;
    mark->change = ds->change;
    return APR_SUCCESS;
}

void sml_journal_open(sml_session_t *s)
{
    sml_journal_t *j = apr_palloc(s->p, sizeof(*j));

    j->marks = apr_array_make(s->p, 8, sizeof(mark_t));
    j->syncs = apr_array_copy(s->p, s->state->syncs);
    s->journal = j;
    s->rv = store_datastore_list(s->tx, s->account, take_mark, j->marks);
}

/* ---- what the message did ----------------------------------------------- */

static store_id_t change_before(const sml_journal_t *j, store_id_t datastore)
{
    int i;

    for (i = 0; i < j->marks->nelts; i++) {
        const mark_t *mark = &APR_ARRAY_IDX(j->marks, i, mark_t);

        if (mark->datastore == datastore) {
            return mark->change;
        }
    }
    return 0;                   /* made by this message */
}

/* Nobody else can have written since the message began, so all is its.  (But
 * occurrences are copies, of what others have changed as well: they follow
 * when the session is undone.) */
static apr_status_t note_range(void *baton, const store_datastore_t *ds)
{
    sml_session_t *s = baton;

    if (sml_occurrences_named(ds->name)) {
        return APR_SUCCESS;
    }
    return store_log_range(s->tx, s->state->log, ds->id,
                           change_before(s->journal, ds->id), ds->change);
}

static int is_same(const sml_sync_t *a, const sml_sync_t *b)
{
    return a->datastore == b->datastore && a->code == b->code
        && a->committed == b->committed && a->failed == b->failed
        && a->conflicts == b->conflicts
        && memcmp(a->received, b->received, sizeof(a->received)) == 0
        && memcmp(a->sent, b->sent, sizeof(a->sent)) == 0;
}

static apr_status_t note_sync(sml_session_t *s, const sml_sync_t *y, int i)
{
    store_log_datastore_t d = { 0 };

    if (y->datastore == 0
        || (i < s->journal->syncs->nelts
            && is_same(y, &APR_ARRAY_IDX(s->journal->syncs, i,
                                         sml_sync_t)))) {
        return APR_SUCCESS;
    }
    d.datastore = y->datastore;
    d.sync = y->code;
    d.status = y->committed ? 200 : y->failed;
    memcpy(d.received, y->received, sizeof(d.received));
    memcpy(d.sent, y->sent, sizeof(d.sent));
    d.conflicts = y->conflicts;
    return store_log_datastore(s->tx, s->state->log, &d);
}

static apr_status_t begin(sml_session_t *s)
{
    store_log_t log = { 0 };
    apr_status_t rv;

    log.account = s->account;
    log.device = s->device->id;
    log.session = s->state->session_id;
    rv = store_log_begin(s->tx, &log);
    s->state->log = log.id;
    return rv;
}

/* A session that synchronises nothing (a login, a look at the DevInf) is none
 * for the log. */
void sml_journal_write(sml_session_t *s)
{
    apr_array_header_t *syncs = s->state->syncs;
    int i, open = 0;

    if (s->rv != APR_SUCCESS || syncs->nelts == 0) {
        return;
    }
    if (s->state->log != 0) {
        s->rv = store_log_end(s->tx, s->state->log, STORE_LOG_OPEN);
    }
    if (s->state->log == 0 || s->rv == APR_NOTFOUND) {
        s->rv = begin(s);
    }
    if (s->rv == APR_SUCCESS) {
        s->rv = store_datastore_list(s->tx, s->account, note_range, s);
    }
    for (i = 0; i < syncs->nelts && s->rv == APR_SUCCESS; i++) {
        const sml_sync_t *y = &APR_ARRAY_IDX(syncs, i, sml_sync_t);

        s->rv = note_sync(s, y, i);
        open |= !y->committed && !y->failed;
    }
    if (s->rv == APR_SUCCESS && !open) {
        s->rv = store_log_end(s->tx, s->state->log, STORE_LOG_ENDED);
    }
}
