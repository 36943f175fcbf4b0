/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: what push owes.
 *
 * A row is cheap to make and costly to get wrong, so it is made on the mere
 * suspicion (another device's change in a datastore that this one syncs) and
 * looked at closely when it is claimed and when the device has synced.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/* ---- what is owed ------------------------------------------------------ */

/* An item that the device lacks, the first of a datastore. */
typedef struct lack_t {
    store_id_t datastore;
    store_id_t change;          /* 0: it lacks none */
    apr_time_t modified;
    apr_int64_t starts;
    int synced;                 /* the datastore has just been synced */
} lack_t;

/* A datastore with changes above what the device has seen: is one of them
 * another's, and does the device lack it?
 * @param row  of SQ_DUE_OWED */
static apr_status_t first_lack(store_tx_t *tx, store_id_t device,
                               sqlite3_stmt *row, lack_t *lack)
{
    sqlite3_stmt *st;
    apr_status_t rv;

    lack->datastore = sqlite3_column_int64(row, 3);
    lack->synced = sqlite3_column_int64(row, 11) == tx->now;
    lack->change = 0;
    rv = sq_first(tx, &st, SQ_DUE_LACKS, "iiiii", device, lack->datastore,
                  sqlite3_column_int64(row, 4),
                  sqlite3_column_int64(row, 5),
                  sqlite3_column_int64(row, 6));
    if (rv == APR_SUCCESS) {
        lack->change = sqlite3_column_int64(st, 0);
        lack->modified = sqlite3_column_int64(st, 1);
        lack->starts = sqlite3_column_int64(st, 2);
        sq_done(tx, st, SQ_DUE_LACKS);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

typedef struct owed_t {
    store_id_t device;
    apr_array_header_t *list;   /* of store_due_datastore_t */
    apr_array_header_t *lacks;  /* of lack_t, theirs; NULL: not wanted */
    apr_time_t told;            /* of what it has just answered by a sync; 0 */
} owed_t;

/* Put one among them, by name.  They are few: cheaper than to have SQLite
 * sort them. */
static store_due_datastore_t *add_owed(owed_t *owed, const char *name,
                                       const lack_t *lack)
{
    store_due_datastore_t *list;
    lack_t *lacks = NULL;
    int i = owed->list->nelts;

    apr_array_push(owed->list);
    list = (store_due_datastore_t *)owed->list->elts;
    if (owed->lacks) {
        apr_array_push(owed->lacks);
        lacks = (lack_t *)owed->lacks->elts;
    }
    for (; i > 0 && strcmp(list[i - 1].name, name) > 0; i--) {
        list[i] = list[i - 1];
        if (lacks)
            lacks[i] = lacks[i - 1];
    }
    if (lacks)
        lacks[i] = *lack;
    list[i].name = name;
    return &list[i];
}

static apr_status_t owed_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    owed_t *owed = baton;
    store_due_datastore_t *ds;
    lack_t lack;
    apr_status_t rv;

    rv = first_lack(tx, owed->device, st, &lack);
    if (rv != APR_SUCCESS || !lack.change)
        return rv;
    ds = add_owed(owed, sq_text(st, 0, tx->p), &lack);
    ds->uri = sq_text(st, 1, tx->p);
    ds->content_code = (apr_uint32_t)sqlite3_column_int64(st, 2);
    ds->change = lack.change;
    ds->first_change = sqlite3_column_int64(st, 7);
    ds->last_change = sqlite3_column_int64(st, 8);
    ds->changes = sqlite3_column_int(st, 9);
    ds->starts = sqlite3_column_int64(st, 10);
    ds->unfetched = sqlite3_column_int(st, 12);
    return APR_SUCCESS;
}

/* The datastores for which the device owes a sync.  The counters of this
 * transaction must be written. */
static apr_status_t find_owed(store_tx_t *tx, owed_t *owed)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_OWED, "i", owed->device);

    owed->list = apr_array_make(tx->p, 4, sizeof(store_due_datastore_t));
    return sq_each(tx, rv, st, SQ_DUE_OWED, owed_row, owed);
}

/* ---- deriving ---------------------------------------------------------- */

static apr_status_t remove_due(store_tx_t *tx, store_id_t device)
{
    apr_status_t rv = sq_do(tx, NULL, SQ_DUE_DELETE, "i", device);

    return rv == APR_SUCCESS
        ? sq_do(tx, NULL, SQ_DUE_CHANGES_DELETE, "i", device) : rv;
}

/* A decision that the store makes itself. */
static apr_status_t log_event(store_tx_t *tx, store_id_t account,
                              store_id_t device, store_push_event_e event,
                              const char *reason, apr_time_t first_change)
{
    store_push_log_t e = { .account = account, .device = device,
        .devid = "", .time = tx->now, .event = event, .reason = reason,
        .transport = "", .number = "", .datastores = "", .answer = "",
        .message_id = "", .token = "", .report_text = "",
        .first_change = first_change };
    store_device_t *d;
    apr_status_t rv = sq_device_get(tx, account, device, &d);

    if (rv == APR_SUCCESS) {
        e.devid = d->devid;
        rv = sq_push_log_add(tx, &e);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

/* Since when is this datastore owed?  If nothing is noted of it, or it has
 * just been synced, since the first item that is lacking was changed.  Has it
 * synced without fetching what it was told of? */
static apr_status_t note_lack(store_tx_t *tx, const owed_t *owed,
                              const lack_t *lack, store_due_datastore_t *ds)
{
    int noted = ds->first_change != 0, before = ds->unfetched;

    if (!noted || lack->synced) {
        if (ds->first_change < lack->modified)
            ds->unfetched = 0;  /* it has fetched the first of it */
        ds->first_change = lack->modified;
        if (ds->last_change < lack->modified)
            ds->last_change = lack->modified;
    }
    ds->unfetched += owed->told && ds->first_change <= owed->told;
    if (noted && !lack->synced)
        return ds->unfetched == before ? APR_SUCCESS
            : sq_do(tx, NULL, SQ_DUE_CHANGES_UNFETCHED, "iid", owed->device,
                    lack->datastore, ds->unfetched);
    return sq_do(tx, NULL, SQ_DUE_CHANGES_ADD, "iiiiid", owed->device,
                 lack->datastore, ds->first_change, ds->last_change,
                 lack->starts > apr_time_sec(tx->now) ? lack->starts
                                                      : (apr_int64_t)0,
                 ds->unfetched);
}

static apr_status_t note_owed(store_tx_t *tx, const owed_t *owed,
                              store_id_t account)
{
    apr_time_t first = 0, last = 0;
    apr_status_t rv = APR_SUCCESS;
    int i, unfetched = 0;

    for (i = 0; i < owed->list->nelts && rv == APR_SUCCESS; i++) {
        store_due_datastore_t *ds
            = &APR_ARRAY_IDX(owed->list, i, store_due_datastore_t);

        rv = note_lack(tx, owed, &APR_ARRAY_IDX(owed->lacks, i, lack_t), ds);
        unfetched |= ds->unfetched;
        if (!first || ds->first_change < first)
            first = ds->first_change;
        if (ds->last_change > last)
            last = ds->last_change;
    }
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_DUE_RESET, "iiiii", owed->device, account,
                   first, last, unfetched ? (apr_int64_t)STORE_LOGGED_GIVEN_UP
                                          : (apr_int64_t)0);
    SQ_TX(tx)->owes_push = 1;
    return rv;
}

/* Make the device's row what its state asks for, from the beginning.
 * @param told  it has been notified then, and has synced now; 0: no */
static apr_status_t derive_device(store_tx_t *tx, store_id_t device,
                                  apr_time_t told)
{
    owed_t owed = { device, NULL, apr_array_make(tx->p, 4, sizeof(lack_t)),
                    told };
    store_id_t account = 0;
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_PUSHABLE, "i", device);

    if (rv == APR_SUCCESS) {
        account = sqlite3_column_int64(st, 0);
        sq_done(tx, st, SQ_DUE_PUSHABLE);
        rv = find_owed(tx, &owed);
    }
    if (rv != APR_SUCCESS && rv != APR_NOTFOUND)
        return rv;
    if (!owed.list || !owed.lacks->nelts)
        return remove_due(tx, device);
    rv = sq_do(tx, NULL, SQ_DUE_CHANGES_SYNCED, "ii", device, tx->now);
    return rv == APR_SUCCESS ? note_owed(tx, &owed, account) : rv;
}

/* What a sync by the device says of its habits, and of what it was told. */
static apr_status_t note_sync(store_tx_t *tx, store_id_t device, int own)
{
    apr_status_t rv;

    rv = sq_do(tx, NULL, SQ_PUSH_STATE_SYNCED, "iid", device, tx->now, own);
    if (rv == APR_SUCCESS && own)
        rv = sq_do(tx, NULL, SQ_PUSH_STATE_OWN, "ii", device, tx->now);
    if (rv == APR_SUCCESS && own)
        rv = sq_do(tx, NULL, SQ_PUSH_STATE_FIRST, "ii", device, tx->now);
    if (rv == APR_SUCCESS)
        rv = sq_push_log_answered(tx, device, tx->now);
    return rv;
}

static apr_status_t device_synced(store_tx_t *tx, store_id_t device)
{
    int state = -1, gone = 0;
    apr_time_t first = 0, told = 0;
    store_id_t account = 0;
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_STATE, "i", device);

    if (rv == APR_SUCCESS) {
        state = sqlite3_column_int(st, 0);
        first = sqlite3_column_int64(st, 1);
        if (state == STORE_DUE_SENT || state == STORE_DUE_SUSPENDED)
            told = sqlite3_column_int64(st, 2);
        sq_done(tx, st, SQ_DUE_STATE);
    }
    if (rv == APR_SUCCESS || rv == APR_NOTFOUND)
        rv = note_sync(tx, device, state != STORE_DUE_SENT);
    if (rv == APR_SUCCESS)
        rv = derive_device(tx, device, told);
    if (rv != APR_SUCCESS || state != STORE_DUE_WAITING)
        return rv;
    rv = sq_first(tx, &st, SQ_DUE_STATE, "i", device);
    if (rv == APR_SUCCESS)
        sq_done(tx, st, SQ_DUE_STATE);
    gone = rv == APR_NOTFOUND;
    if (rv != APR_SUCCESS && !gone)
        return rv;
    rv = gone ? sq_device(tx, 0, device, &account) : APR_SUCCESS;
    return rv == APR_SUCCESS && gone
        ? log_event(tx, account, device, STORE_PUSH_FETCHED, "synced", first)
        : rv;
}

static apr_status_t state_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    if (sqlite3_column_int(st, 0) == STORE_DUE_WAITING
        && !sqlite3_column_int64(st, 1))
        SQ_TX(tx)->owes_push = 1;
    return APR_SUCCESS;
}

static apr_status_t derive_datastore(store_tx_t *tx,
                                     const sq_datastore_t *ds)
{
    store_id_t origin = ds->mixed ? 0 : ds->origin;
    apr_int64_t now = apr_time_sec(tx->now);
    int soon = ds->starts
               && ds->starts - now <= apr_time_sec(STORE_URGENT_LIMIT);
    sqlite3_stmt *st;
    apr_status_t rv;

    rv = sq_first(tx, &st, SQ_DUE_DERIVE, "iiiid", ds->account, ds->id,
                  origin, tx->now, soon);
    rv = sq_each(tx, rv, st, SQ_DUE_DERIVE, state_row, NULL);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_DUE_CHANGED, "iiiiidi", ds->account, ds->id,
                   origin, tx->now, ds->starts, ds->n_changes, now);
    return rv;
}

apr_status_t sq_derive_dues(store_tx_t *tx)
{
    sq_tx_t *t = SQ_TX(tx);
    sq_datastore_t *ds = (sq_datastore_t *)t->datastores->elts;
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < t->datastores->nelts && rv == APR_SUCCESS; i++) {
        if (ds[i].changed)
            rv = derive_datastore(tx, &ds[i]);
    }
    for (i = 0; i < t->synced->nelts && rv == APR_SUCCESS; i++)
        rv = device_synced(tx, APR_ARRAY_IDX(t->synced, i, store_id_t));
    return rv;
}

apr_status_t sq_due_refresh(store_tx_t *tx, store_id_t device)
{
    apr_status_t rv = sq_device(tx, 0, device, NULL);

    if (rv == APR_SUCCESS)
        rv = sq_flush(tx);
    return rv == APR_SUCCESS ? derive_device(tx, device, 0) : rv;
}

/* ---- rows -------------------------------------------------------------- */

static void read_due(sqlite3_stmt *st, store_due_t *due, apr_pool_t *p)
{
    due->device = sqlite3_column_int64(st, 0);
    due->account = sqlite3_column_int64(st, 1);
    due->account_name = sq_text(st, 2, p);
    due->devid = sq_text(st, 3, p);
    due->number = sq_text(st, 4, p);
    due->syncml_version = sq_text(st, 5, p);
    due->manufacturer = sq_text(st, 6, p);
    due->model = sq_text(st, 7, p);
    due->san_session = (apr_uint16_t)sqlite3_column_int(st, 8);
    due->state = (store_due_state_e)sqlite3_column_int(st, 9);
    due->attempts = sqlite3_column_int(st, 10);
    due->unanswered = sqlite3_column_int(st, 11);
    due->first_change = sqlite3_column_int64(st, 12);
    due->last_change = sqlite3_column_int64(st, 13);
    due->not_before = sqlite3_column_int64(st, 14);
    due->leased_until = sqlite3_column_int64(st, 15);
    due->last_error = sq_text(st, 16, p);
    due->planned = sqlite3_column_int64(st, 18);
    due->plan = sq_text(st, 19, p);
    due->logged = (apr_uint32_t)sqlite3_column_int64(st, 20);
    due->now = sqlite3_column_int(st, 21);
    due->last_sent = sqlite3_column_int64(st, 22);
    due->last_sync = sqlite3_column_int64(st, 23);
    due->own_sync = sqlite3_column_int64(st, 24);
    due->gap = sqlite3_column_int64(st, 25);
    due->in_session = sqlite3_column_int64(st, 26);
    due->sync_url = sq_text(st, 27, p);
    due->last_seen = sqlite3_column_int64(st, 28);
}

/* The row's datastores; of those whose times are not noted, the row's. */
static apr_status_t read_owed(store_tx_t *tx, store_due_t *due)
{
    owed_t owed = { due->device, NULL, NULL, 0 };
    apr_status_t rv = find_owed(tx, &owed);
    int i;

    due->datastores = owed.list;
    for (i = 0; i < owed.list->nelts; i++) {
        store_due_datastore_t *ds
            = &APR_ARRAY_IDX(owed.list, i, store_due_datastore_t);

        if (!ds->first_change) {
            ds->first_change = due->first_change;
            ds->last_change = due->last_change;
        }
    }
    return rv;
}

typedef struct dues_t {
    store_due_fn *fn;
    void *baton;
} dues_t;

static apr_status_t due_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    dues_t *to = baton;
    store_due_t due;
    apr_status_t rv;

    read_due(st, &due, NULL);
    rv = read_owed(tx, &due);
    return rv == APR_SUCCESS ? to->fn(to->baton, &due) : rv;
}

apr_status_t sq_due_get(store_tx_t *tx, store_id_t device, store_due_t **due)
{
    store_due_t *d = apr_pcalloc(tx->p, sizeof(*d));
    sqlite3_stmt *st = NULL;
    apr_status_t rv = sq_flush(tx);

    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_DUE_GET, "i", device);
    if (rv != APR_SUCCESS)
        return rv;
    read_due(st, d, tx->p);
    sq_done(tx, st, SQ_DUE_GET);
    d->datastores = apr_array_make(tx->p, 1, sizeof(store_due_datastore_t));
    *due = d;
    return APR_SUCCESS;
}

apr_status_t sq_due_list(store_tx_t *tx, store_id_t account,
                         store_due_fn *fn, void *baton)
{
    dues_t to = { fn, baton };
    sqlite3_stmt *st = NULL;
    apr_status_t rv = sq_flush(tx);

    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_DUE_LIST, "i", account);
    return sq_each(tx, rv, st, SQ_DUE_LIST, due_row, &to);
}

apr_status_t sq_due_next(store_tx_t *tx, apr_time_t *when)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_NEXT, "");

    if (rv == APR_SUCCESS) {
        *when = sqlite3_column_int64(st, 0);
        if (*when < 1)
            *when = 1;          /* to be planned */
        if (!STORE_DUE_IS_TIME(*when))
            *when = 0;
        sq_done(tx, st, SQ_DUE_NEXT);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

/* ---- claiming ---------------------------------------------------------- */

typedef struct claim_t {
    apr_time_t now;
    store_due_plan_fn *plan;
    void *baton;
    apr_interval_time_t lease;
    const char *owner;
} claim_t;

static apr_status_t lease_row(store_tx_t *tx, const claim_t *c,
                              store_due_t *due, const store_plan_t *plan)
{
    apr_status_t rv;

    due->leased_until = c->now + c->lease;
    due->logged = plan->logged;
    due->plan = plan->reason;
    due->san_session = (apr_uint16_t)(due->san_session % 65535 + 1);
    rv = sq_do(tx, NULL, SQ_DUE_LEASE, "itiitid", due->device, c->owner,
               due->leased_until, c->now, plan->reason,
               (apr_int64_t)plan->logged, plan->parts);
    return rv == APR_SUCCESS
        ? sq_do(tx, NULL, SQ_DUE_SAN_SESSION, "id", due->device,
                (int)due->san_session) : rv;
}

/* The rules have the word: take it, or plan it. */
static apr_status_t plan_row(store_tx_t *tx, const claim_t *c,
                             store_due_t *d, store_due_t **due)
{
    store_plan_t plan = { c->now, "", d->logged, 0 };
    apr_status_t rv = c->plan(c->baton, tx, d, c->now, &plan);

    if (rv != APR_SUCCESS)
        return rv;
    if (plan.when > 0 && plan.when <= c->now) {
        *due = d;
        return lease_row(tx, c, d, &plan);
    }
    return sq_do(tx, NULL, SQ_DUE_PLAN, "iiiti", d->device, plan.when,
                 c->now, plan.reason, (apr_int64_t)plan.logged);
}

/* One row: claim it, plan it, or remove it if its device owes nothing.
 * @param due  out: NULL if it was not claimed */
static apr_status_t claim(store_tx_t *tx, const claim_t *c,
                          store_id_t device, store_due_t **due)
{
    store_due_t *d = apr_pcalloc(tx->p, sizeof(*d));
    sqlite3_stmt *st;
    int push;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_GET, "i", device);

    *due = NULL;
    if (rv == APR_NOTFOUND)     /* a row without its device: impossible */
        return remove_due(tx, device);
    if (rv != APR_SUCCESS)
        return rv;
    read_due(st, d, tx->p);
    push = sqlite3_column_int(st, 17);
    sq_done(tx, st, SQ_DUE_GET);
    rv = read_owed(tx, d);
    if (rv != APR_SUCCESS)
        return rv;
    if (push && d->datastores->nelts)
        return plan_row(tx, c, d, due);
    rv = remove_due(tx, device);
    return rv == APR_SUCCESS
        ? log_event(tx, d->account, device, STORE_PUSH_UNDONE,
                    push ? "nothing lacking" : "push off", d->first_change)
        : rv;
}

static apr_status_t device_id(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    APR_ARRAY_PUSH((apr_array_header_t *)baton, store_id_t)
        = sqlite3_column_int64(st, 0);
    return APR_SUCCESS;
}

/* Claim a row; it is among the claimed if the rules take it. */
static apr_status_t claim_into(store_tx_t *tx, const claim_t *c,
                               store_id_t device, apr_array_header_t *out)
{
    store_due_t *due;
    apr_status_t rv = claim(tx, c, device, &due);

    if (rv == APR_SUCCESS && due)
        APR_ARRAY_PUSH(out, store_due_t *) = due;
    return rv;
}

/* The account whose turn is first: another one each time. */
static apr_status_t first_turn(store_tx_t *tx, apr_time_t now,
                               store_id_t *account)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_LAST, "");
    store_id_t last;

    if (rv != APR_SUCCESS)
        return rv;
    last = sqlite3_column_int64(st, 0);
    sq_done(tx, st, SQ_DUE_LAST);
    *account = now % (last + 1);
    return APR_SUCCESS;
}

/* The oldest row of one account after the other, at most n of them. */
static apr_status_t claim_turns(store_tx_t *tx, const claim_t *c, int n,
                                apr_array_header_t *out)
{
    store_id_t begin = 0, at, device;
    int wrapped = 0, looks;
    sqlite3_stmt *st;
    apr_time_t when;
    apr_status_t rv = first_turn(tx, c->now, &begin);

    at = begin;
    for (looks = 0; rv == APR_SUCCESS && out->nelts < n
                    && looks < STORE_CLAIM_TURNS; looks++) {
        rv = sq_first(tx, &st, SQ_DUE_TURN, "i", at);
        if (rv == APR_NOTFOUND) {
            if (wrapped++)
                return APR_SUCCESS;
            at = 0;
            rv = APR_SUCCESS;
            continue;
        }
        if (rv != APR_SUCCESS)
            return rv;
        device = sqlite3_column_int64(st, 0);
        at = sqlite3_column_int64(st, 1);
        when = sqlite3_column_int64(st, 2);
        sq_done(tx, st, SQ_DUE_TURN);
        if (wrapped && at > begin)
            return APR_SUCCESS;
        if (when <= c->now)
            rv = claim_into(tx, c, device, out);
    }
    return rv;
}

apr_status_t sq_due_claim(store_tx_t *tx, apr_time_t now,
                          store_due_plan_fn *plan, void *baton,
                          apr_interval_time_t lease, const char *owner,
                          int max, apr_array_header_t **dues)
{
    claim_t c = { now, plan, baton, lease, owner };
    apr_array_header_t *out = apr_array_make(tx->p, 8, sizeof(void *));
    apr_array_header_t *ids = apr_array_make(tx->p, 8, sizeof(store_id_t));
    sqlite3_stmt *st;
    apr_status_t rv = sq_flush(tx);
    int i, looks = 0;

    if (rv != APR_SUCCESS)
        return rv;
    do {                        /* again if rows were not for now */
        apr_array_clear(ids);
        rv = sq_first(tx, &st, SQ_DUE_READY, "id", now,
                      max - out->nelts + 1);
        rv = sq_each(tx, rv, st, SQ_DUE_READY, device_id, ids);
        if (rv == APR_SUCCESS && !looks && ids->nelts > max) {
            rv = claim_turns(tx, &c, STORE_CLAIM_SHARE(max, now), out);
            looks += out->nelts + 1;
            continue;           /* what they have taken is not ready now */
        }
        for (i = 0; i < ids->nelts && rv == APR_SUCCESS
                    && out->nelts < max; i++)
            rv = claim_into(tx, &c, APR_ARRAY_IDX(ids, i, store_id_t), out);
        looks += ids->nelts;
    } while (rv == APR_SUCCESS && ids->nelts > 0 && out->nelts < max
             && looks < STORE_CLAIM_LOOKS * max);
    if (rv == APR_SUCCESS)
        *dues = out;
    return rv;
}

/* ---- waiting for room in a budget -------------------------------------- */

apr_status_t sq_due_waits(store_tx_t *tx, store_id_t after,
                          store_id_t *account)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_DUE_WAITS, "ii",
                               STORE_DUE_ROOM(after), STORE_DUE_NEVER);

    if (rv == APR_SUCCESS) {
        *account = sqlite3_column_int64(st, 0) - STORE_DUE_ROOM(0);
        sq_done(tx, st, SQ_DUE_WAITS);
    }
    return rv;
}

/* The oldest row of one account after the other, at most n of them. */
static apr_status_t wake_turns(store_tx_t *tx, int n, int *woken)
{
    store_id_t begin = 0, at;
    int wrapped = 0, looks, one = 0;
    sqlite3_stmt *st;
    apr_status_t rv = n ? first_turn(tx, tx->now, &begin) : APR_SUCCESS;

    at = begin;
    for (looks = 0; rv == APR_SUCCESS && *woken < n
                    && looks < STORE_CLAIM_TURNS; looks++) {
        rv = sq_first(tx, &st, SQ_DUE_TURN, "i", at);
        if (rv == APR_NOTFOUND && !wrapped++) {
            at = 0;
            rv = APR_SUCCESS;
            continue;
        }
        if (rv != APR_SUCCESS)
            break;
        at = sqlite3_column_int64(st, 1);
        sq_done(tx, st, SQ_DUE_TURN);
        if (wrapped && at > begin)
            break;
        rv = sq_do(tx, &one, SQ_DUE_WAKE_OF, "ii", STORE_DUE_ROOM(0), at);
        *woken += one;
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

apr_status_t sq_due_wake(store_tx_t *tx, store_id_t account, int limit,
                         int *woken)
{
    int rest = 0;
    apr_status_t rv = account ? APR_SUCCESS
        : wake_turns(tx, STORE_CLAIM_SHARE(limit, tx->now), woken);

    if (rv == APR_SUCCESS && *woken < limit)
        rv = sq_do(tx, &rest, SQ_DUE_WAKE, "id", STORE_DUE_ROOM(account),
                   limit - *woken);
    *woken += rest;
    SQ_TX(tx)->owes_push |= *woken > 0;
    return rv;
}
