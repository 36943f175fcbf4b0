/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The SQLite driver: the push log, what was used up, settings of accounts
 * and requests for a test.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_sqlite.h"

/* How long the counters of days and months are of any use. */
#define KEEP_DAYS    (40 * (apr_time_t)86400 * APR_USEC_PER_SEC)
#define KEEP_MONTHS  (400 * (apr_time_t)86400 * APR_USEC_PER_SEC)
#define KEEP_TESTS   ((apr_time_t)86400 * APR_USEC_PER_SEC)

/* ---- the push log ------------------------------------------------------ */

/* A device's month is the sum of its days: the row would be a second one for
 * each SMS. */
static apr_status_t add_use(store_tx_t *tx, int scope, store_id_t id,
                            sq_use_t *use)
{
    const sq_uses_t *u = &SQ_TX(tx)->uses;
    apr_status_t rv = APR_SUCCESS;
    int i, n = scope == STORE_USE_DEVICE ? 1 : 2;

    for (i = 0; i < n && use->any && rv == APR_SUCCESS; i++)
        rv = sq_do(tx, NULL, SQ_PUSH_USE_ADD, "didii", scope, id,
                   u->periods[i], use->sms, use->cost);
    memset(use, 0, sizeof(*use));
    return rv;
}

apr_status_t sq_uses_flush(store_tx_t *tx)
{
    sq_uses_t *u = &SQ_TX(tx)->uses;
    apr_status_t rv = add_use(tx, STORE_USE_SERVER, 0, &u->server);

    return rv == APR_SUCCESS
        ? add_use(tx, STORE_USE_ACCOUNT, u->account, &u->of_account) : rv;
}

static void grow(sq_use_t *use, int parts, apr_int64_t cost)
{
    use->any = 1;
    use->sms += parts;
    use->cost += cost;
}

/* What was sent counts at once for everybody whose budget it may be: a
 * device's is written, what many have in common is summed up first. */
static apr_status_t count(store_tx_t *tx, store_id_t account,
                          store_id_t device, int parts, apr_int64_t cost)
{
    sq_uses_t *u = &SQ_TX(tx)->uses;
    apr_status_t rv = APR_SUCCESS;
    sq_use_t one = { 0 };

    if (u->when != tx->now || u->account != account)
        rv = sq_uses_flush(tx);
    if (u->when != tx->now)
        store_use_period(tx->now, &u->periods[0], &u->periods[1]);
    u->when = tx->now;
    u->account = account;
    grow(&u->server, parts, cost);
    if (account)
        grow(&u->of_account, parts, cost);
    if (device)
        grow(&one, parts, cost);
    return rv == APR_SUCCESS
        ? add_use(tx, STORE_USE_DEVICE, device, &one) : rv;
}

/* Parts that the network has taken cost something, whatever became of the
 * rest. */
static int was_paid(const store_push_log_t *e)
{
    return e->event == STORE_PUSH_SENT
        || (e->event == STORE_PUSH_FAILED && e->parts > 0);
}

apr_status_t sq_push_log_add(store_tx_t *tx, store_push_log_t *e)
{
    int added = 0;
    apr_status_t rv;

    rv = sq_do(tx, &added, SQ_PUSH_LOG_ADD, "iitidtttt" "dittt" "ii",
               e->account, e->device, e->devid, e->time, (int)e->event,
               e->reason, e->transport, e->number, e->datastores, e->parts,
               e->cost, e->answer, e->message_id, e->token, e->first_change,
               e->until);
    if (rv == APR_SUCCESS && !added)
        return APR_EEXIST;      /* the token */
    if (rv != APR_SUCCESS)
        return rv;
    e->id = sqlite3_last_insert_rowid(SQ_TX(tx)->h->db);
    return was_paid(e)
        ? count(tx, e->account, e->device, e->parts, e->cost) : APR_SUCCESS;
}

apr_status_t sq_push_log_result(store_tx_t *tx, store_push_log_t *e)
{
    store_id_t account, device;
    sqlite3_stmt *st;
    apr_status_t rv;
    int n = 0;

    if (e->event == STORE_PUSH_RELEASED) {
        rv = sq_do(tx, &n, SQ_PUSH_LOG_DROP, "i", e->id);
        return rv == APR_SUCCESS && !n ? APR_NOTFOUND : rv;
    }
    /* Read first: RETURNING would open a table of its own for each row. */
    rv = sq_first(tx, &st, SQ_PUSH_LOG_OPEN, "i", e->id);
    if (rv != APR_SUCCESS)
        return rv;
    account = sqlite3_column_int64(st, 0);
    device = sqlite3_column_int64(st, 1);
    e->report = (store_report_e)sqlite3_column_int(st, 2);
    e->report_text = e->report ? sq_text(st, 3, tx->p) : "";
    e->answered = sqlite3_column_int64(st, 4);
    sq_done(tx, st, SQ_PUSH_LOG_OPEN);
    rv = sq_do(tx, NULL, SQ_PUSH_LOG_RESULT, "idtttdittit", e->id,
               (int)e->event, e->reason, e->transport, e->number, e->parts,
               e->cost, e->answer, e->message_id, e->until, e->datastores);
    return rv == APR_SUCCESS && was_paid(e)
        ? count(tx, account, device, e->parts, e->cost) : rv;
}

static void read_entry(sqlite3_stmt *st, store_push_log_t *e, apr_pool_t *p)
{
    e->id = sqlite3_column_int64(st, 0);
    e->account = sqlite3_column_int64(st, 1);
    e->device = sqlite3_column_int64(st, 2);
    e->devid = sq_text(st, 3, p);
    e->time = sqlite3_column_int64(st, 4);
    e->event = (store_push_event_e)sqlite3_column_int(st, 5);
    e->reason = sq_text(st, 6, p);
    e->transport = sq_text(st, 7, p);
    e->number = sq_text(st, 8, p);
    e->datastores = sq_text(st, 9, p);
    e->parts = sqlite3_column_int(st, 10);
    e->cost = sqlite3_column_int64(st, 11);
    e->answer = sq_text(st, 12, p);
    e->message_id = sq_text(st, 13, p);
    e->token = sq_text(st, 14, p);
    e->first_change = sqlite3_column_int64(st, 15);
    e->until = sqlite3_column_int64(st, 16);
    e->report = (store_report_e)sqlite3_column_int(st, 17);
    e->report_text = sq_text(st, 18, p);
    e->report_time = sqlite3_column_int64(st, 19);
    e->answered = sqlite3_column_int64(st, 20);
}

apr_status_t sq_push_log_report(store_tx_t *tx, const char *token,
                                store_report_e report, const char *text,
                                apr_time_t when, store_push_log_t **entry)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_do(tx, NULL, SQ_PUSH_LOG_REPORT, "tdti", token,
                            (int)report, text, when);

    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_PUSH_LOG_OF_TOKEN, "t", token);
    if (rv == APR_SUCCESS) {
        *entry = apr_palloc(tx->p, sizeof(**entry));
        read_entry(st, *entry, tx->p);
        sq_done(tx, st, SQ_PUSH_LOG_OF_TOKEN);
    }
    return rv;
}

apr_status_t sq_push_log_answered(store_tx_t *tx, store_id_t device,
                                  apr_time_t when)
{
    return sq_do(tx, NULL, SQ_PUSH_LOG_ANSWERED, "ii", device, when);
}

typedef struct entries_t {
    store_push_log_fn *fn;
    void *baton;
} entries_t;

static apr_status_t entry_row(store_tx_t *tx, sqlite3_stmt *st, void *baton)
{
    entries_t *to = baton;
    store_push_log_t e;

    read_entry(st, &e, NULL);
    return to->fn(to->baton, &e);
}

apr_status_t sq_push_log_list(store_tx_t *tx,
                              const store_push_filter_t *f,
                              store_push_log_fn *fn, void *baton)
{
    entries_t to = { fn, baton };
    int which = f->device ? SQ_PUSH_LOG_LIST_DEVICE
                : f->account ? SQ_PUSH_LOG_LIST_ACCOUNT : SQ_PUSH_LOG_LIST;
    sqlite3_stmt *st;
    apr_status_t rv;

    rv = sq_first(tx, &st, which, which == SQ_PUSH_LOG_LIST ? "idiit"
                                                            : "idiiti",
                  f->before, f->limit ? f->limit : -1, f->since,
                  (apr_int64_t)f->events, f->number,
                  f->device ? f->device : f->account);
    return sq_each(tx, rv, st, which, entry_row, &to);
}

apr_status_t sq_push_log_sending(store_tx_t *tx, apr_time_t from,
                                 apr_time_t to, int limit,
                                 store_push_log_fn *fn, void *baton)
{
    entries_t list = { fn, baton };
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_PUSH_LOG_SENDING, "iid", from, to,
                               limit ? limit : -1);

    return sq_each(tx, rv, st, SQ_PUSH_LOG_SENDING, entry_row, &list);
}

apr_status_t sq_push_log_gc(store_tx_t *tx, apr_time_t before, int limit,
                            apr_int64_t *removed)
{
    int n = 0, day, month, ignored;
    apr_status_t rv = sq_do(tx, &n, SQ_PUSH_LOG_GC, "id", before,
                            limit ? limit : -1);

    *removed = n;
    store_use_period(tx->now - KEEP_DAYS, &day, &ignored);
    store_use_period(tx->now - KEEP_MONTHS, &ignored, &month);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, &n, SQ_PUSH_USE_GC, "dd", month, day);
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_PUSH_REQUEST_GC, "i", tx->now - KEEP_TESTS);
    return rv;
}

apr_status_t sq_push_delete(store_tx_t *tx, store_id_t account)
{
    apr_status_t rv = sq_do(tx, NULL, SQ_PUSH_LOG_OF_ACCOUNT, "i", account);

    return rv == APR_SUCCESS
        ? sq_do(tx, NULL, SQ_ACCOUNT_SETTINGS, "i", account) : rv;
}

/* ---- budgets ----------------------------------------------------------- */

/* Of the periods from one to another. */
static apr_status_t used(store_tx_t *tx, int scope, store_id_t id, int from,
                         int to, apr_int64_t *sms, apr_int64_t *cost)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_PUSH_USE, "didd", scope, id, from,
                               to);

    if (rv != APR_SUCCESS)
        return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
    *sms = sqlite3_column_int64(st, 0);
    *cost = sqlite3_column_int64(st, 1);
    sq_done(tx, st, SQ_PUSH_USE);
    return APR_SUCCESS;
}

apr_status_t sq_push_use(store_tx_t *tx, store_use_e scope, store_id_t id,
                         apr_time_t when, store_use_t *use)
{
    int day, month, from, to;
    sqlite3_stmt *st;
    apr_status_t rv;

    store_use_period(when, &day, &month);
    from = scope == STORE_USE_DEVICE ? 100 * month : month;
    to = scope == STORE_USE_DEVICE ? from + 99 : month;
    rv = sq_uses_flush(tx);
    if (rv == APR_SUCCESS)
        rv = used(tx, scope, id, day, day, &use->day, &use->day_cost);
    if (rv == APR_SUCCESS)
        rv = used(tx, scope, id, from, to, &use->month, &use->month_cost);
    if (rv == APR_SUCCESS)
        rv = sq_first(tx, &st, SQ_PUSH_USE_LEASED, "idi", when, (int)scope,
                      id);
    if (rv == APR_SUCCESS) {
        use->leased = sqlite3_column_int(st, 0);
        sq_done(tx, st, SQ_PUSH_USE_LEASED);
    }
    return rv;
}

/* ---- settings of an account -------------------------------------------- */

apr_status_t sq_account_setting_get(store_tx_t *tx, store_id_t account,
                                    const char *name, const char **value)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_ACCOUNT_SETTING_GET, "it",
                               account, name);

    if (rv == APR_SUCCESS) {
        *value = sq_text(st, 0, tx->p);
        sq_done(tx, st, SQ_ACCOUNT_SETTING_GET);
    }
    return rv;
}

apr_status_t sq_account_setting_set(store_tx_t *tx, store_id_t account,
                                    const char *name, const char *value)
{
    sq_account_t *a;
    apr_status_t rv = sq_account(tx, account, &a);

    if (rv != APR_SUCCESS)
        return rv;
    return value ? sq_do(tx, NULL, SQ_ACCOUNT_SETTING_SET, "itt", account,
                         name, value)
                 : sq_do(tx, NULL, SQ_ACCOUNT_SETTING_DELETE, "it", account,
                         name);
}

typedef struct settings_t {
    store_setting_fn *fn;
    void *baton;
} settings_t;

static apr_status_t setting_row(store_tx_t *tx, sqlite3_stmt *st,
                                void *baton)
{
    settings_t *to = baton;

    return to->fn(to->baton, sq_text(st, 0, NULL), sq_text(st, 1, NULL));
}

apr_status_t sq_account_setting_list(store_tx_t *tx, store_id_t account,
                                     store_setting_fn *fn, void *baton)
{
    settings_t to = { fn, baton };
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_ACCOUNT_SETTING_LIST, "i",
                               account);

    return sq_each(tx, rv, st, SQ_ACCOUNT_SETTING_LIST, setting_row, &to);
}

/* ---- requests for a test ----------------------------------------------- */

apr_status_t sq_push_request_add(store_tx_t *tx, store_push_request_t *r)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_PUSH_REQUEST_ADD, "itt", tx->now,
                               r->number, r->uri);

    if (rv != APR_SUCCESS)
        return rv;
    r->id = sqlite3_column_int64(st, 0);
    r->created = tx->now;
    sq_done(tx, st, SQ_PUSH_REQUEST_ADD);
    SQ_TX(tx)->owes_push = 1;
    return APR_SUCCESS;
}

/* @param id  may be NULL */
static apr_status_t next_request(store_tx_t *tx, store_id_t *id,
                                 apr_time_t *when)
{
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_PUSH_REQUEST_NEXT, "");

    if (rv != APR_SUCCESS)
        return rv;
    if (id)
        *id = sqlite3_column_int64(st, 0);
    *when = sqlite3_column_int64(st, 1);
    sq_done(tx, st, SQ_PUSH_REQUEST_NEXT);
    return APR_SUCCESS;
}

apr_status_t sq_push_request_next(store_tx_t *tx, apr_time_t *when)
{
    apr_status_t rv = next_request(tx, NULL, when);

    if (rv == APR_SUCCESS && *when < 1)
        *when = 1;
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

apr_status_t sq_push_request_claim(store_tx_t *tx, apr_time_t now,
                                   apr_interval_time_t lease,
                                   store_push_request_t **request)
{
    apr_time_t when = 0;
    store_id_t id = 0;
    apr_status_t rv = next_request(tx, &id, &when);

    if (rv == APR_SUCCESS && when > now)
        rv = APR_NOTFOUND;
    if (rv == APR_SUCCESS)
        rv = sq_do(tx, NULL, SQ_PUSH_REQUEST_LEASE, "ii", id, now + lease);
    return rv == APR_SUCCESS ? sq_push_request_get(tx, id, request) : rv;
}

apr_status_t sq_push_request_done(store_tx_t *tx, store_id_t id, int ok,
                                  const char *result)
{
    int changed = 0;
    apr_status_t rv = sq_do(tx, &changed, SQ_PUSH_REQUEST_DONE, "iidt", id,
                            tx->now, ok != 0, result);

    return rv == APR_SUCCESS && !changed ? APR_NOTFOUND : rv;
}

apr_status_t sq_push_request_get(store_tx_t *tx, store_id_t id,
                                 store_push_request_t **request)
{
    store_push_request_t *r;
    sqlite3_stmt *st;
    apr_status_t rv = sq_first(tx, &st, SQ_PUSH_REQUEST_GET, "i", id);

    if (rv != APR_SUCCESS)
        return rv;
    *request = r = apr_pcalloc(tx->p, sizeof(*r));
    r->id = sqlite3_column_int64(st, 0);
    r->number = sq_text(st, 1, tx->p);
    r->uri = sq_text(st, 2, tx->p);
    r->created = sqlite3_column_int64(st, 3);
    r->done = sqlite3_column_int64(st, 4);
    r->ok = sqlite3_column_int(st, 5);
    r->result = sq_text(st, 6, tx->p);
    sq_done(tx, st, SQ_PUSH_REQUEST_GET);
    return APR_SUCCESS;
}
