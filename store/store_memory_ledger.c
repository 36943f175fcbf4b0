/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The in-memory driver: the push log, what was used up, settings of accounts
 * and requests for a test.
 */
#include <string.h>

#include <apr_strings.h>

#include "store_memory.h"

#define DAYS(n)  ((n) * (apr_time_t)86400 * APR_USEC_PER_SEC)

/* ---- the push log ------------------------------------------------------ */

static void use(store_tx_t *tx, int scope, store_id_t id, int period,
                const store_push_log_t *e)
{
    mem_push_use_t row = { .scope = scope, .id = id, .period = period };
    mem_push_use_t *old = mem_find(tx, MEM_PUSH_USES, &row);

    if (old)
        row = *old;
    row.sms += e->parts;
    row.cost += e->cost;
    mem_put(tx, MEM_PUSH_USES, &row);
}

static void count(store_tx_t *tx, const store_push_log_t *e)
{
    store_id_t ids[3] = { 0, e->account, e->device };
    int scope, day, month;

    store_use_period(tx->now, &day, &month);
    for (scope = 0; scope < 3; scope++) {
        if (scope && !ids[scope])
            continue;
        use(tx, scope, ids[scope], day, e);
        use(tx, scope, ids[scope], month, e);
    }
}

static mem_push_log_t *of_token(store_tx_t *tx, const char *token)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_PUSH_LOG];
    int i;

    for (i = 0; *token && i < t->n; i++) {
        mem_push_log_t *row = t->rows[i];

        if (strcmp(row->v.token, token) == 0)
            return row;
    }
    return NULL;
}

static int was_paid(const store_push_log_t *e)
{
    return e->event == STORE_PUSH_SENT
        || (e->event == STORE_PUSH_FAILED && e->parts > 0);
}

apr_status_t mem_push_log_add(store_tx_t *tx, store_push_log_t *e)
{
    store_id_t id = ++MEM_STATE(tx)->last_push_log;
    mem_push_log_t row;

    if (of_token(tx, e->token))
        return APR_EEXIST;      /* that id is not given out any more */
    e->id = id;
    row.v = *e;
    row.v.report = STORE_REPORT_NONE;
    row.v.report_text = "";
    row.v.report_time = row.v.answered = 0;
    mem_put(tx, MEM_PUSH_LOG, &row);
    if (was_paid(e))
        count(tx, e);
    return APR_SUCCESS;
}

apr_status_t mem_push_log_result(store_tx_t *tx, store_push_log_t *e)
{
    mem_push_log_t key = { .v.id = e->id }, *old, row;

    old = mem_find(tx, MEM_PUSH_LOG, &key);
    if (!old || old->v.event != STORE_PUSH_SENDING)
        return APR_NOTFOUND;
    if (e->event == STORE_PUSH_RELEASED) {
        mem_remove(tx, MEM_PUSH_LOG, &key);
        return APR_SUCCESS;
    }
    row = *old;
    row.v.event = e->event;
    row.v.reason = e->reason;
    row.v.transport = e->transport;
    row.v.number = e->number;
    row.v.parts = e->parts;
    row.v.cost = e->cost;
    row.v.answer = e->answer;
    row.v.message_id = e->message_id;
    row.v.until = e->until;
    if (e->datastores)
        row.v.datastores = e->datastores;
    if (was_paid(e))
        count(tx, &row.v);
    e->report = row.v.report;
    e->report_text = apr_pstrdup(tx->p, row.v.report_text);
    e->answered = row.v.answered;
    mem_put(tx, MEM_PUSH_LOG, &row);
    return APR_SUCCESS;
}

apr_status_t mem_push_log_report(store_tx_t *tx, const char *token,
                                 store_report_e report, const char *text,
                                 apr_time_t when, store_push_log_t **entry)
{
    mem_push_log_t *old = of_token(tx, token), row;

    if (!old)
        return APR_NOTFOUND;
    row = *old;
    if (row.v.report < report) {
        row.v.report = report;
        row.v.report_text = text;
        row.v.report_time = when;
        mem_put(tx, MEM_PUSH_LOG, &row);
    }
    old = mem_copy(MEM_PUSH_LOG, of_token(tx, token), tx->p);
    *entry = &old->v;
    return APR_SUCCESS;
}

apr_status_t mem_push_log_answered(store_tx_t *tx, store_id_t device,
                                   apr_time_t when)
{
    mem_table_t *t = mem_hold(tx, MEM_PUSH_LOG);
    int i;

    for (i = 0; i < t->n; i++) {
        mem_push_log_t row = *(mem_push_log_t *)t->rows[i];

        if (row.v.device != device || row.v.answered
            || (row.v.event != STORE_PUSH_SENDING
                && row.v.event != STORE_PUSH_SENT))
            continue;
        row.v.answered = when;
        mem_put(tx, MEM_PUSH_LOG, &row);
    }
    mem_release(tx, t);
    return APR_SUCCESS;
}

static int wanted(const store_push_log_t *e, const store_push_filter_t *f)
{
    return e->id < f->before && e->time >= f->since
           && (f->events >> e->event & 1)
           && (!f->number || strcmp(e->number, f->number) == 0)
           && (f->device ? e->device == f->device
                         : !f->account || e->account == f->account);
}

apr_status_t mem_push_log_list(store_tx_t *tx, const store_push_filter_t *f,
                               store_push_log_fn *fn, void *baton)
{
    mem_table_t *t = mem_hold(tx, MEM_PUSH_LOG);
    apr_status_t rv = APR_SUCCESS;
    int i, n = 0;

    for (i = t->n - 1; i >= 0 && rv == APR_SUCCESS; i--) {
        mem_push_log_t *row = t->rows[i];

        if (!wanted(&row->v, f))
            continue;
        if (f->limit && n++ == f->limit)
            break;
        rv = fn(baton, &row->v);
    }
    mem_release(tx, t);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

typedef struct span_t {
    apr_time_t from, to;
} span_t;

static int is_sending(const void *row, const void *vspan)
{
    const store_push_log_t *e = &((const mem_push_log_t *)row)->v;
    const span_t *span = vspan;

    return e->event == STORE_PUSH_SENDING && e->time >= span->from
           && e->time < span->to;
}

static int by_age(const void *va, const void *vb)
{
    const mem_push_log_t *a = *(void *const *)va, *b = *(void *const *)vb;

    return a->v.time < b->v.time ? -1 : a->v.time > b->v.time;
}

apr_status_t mem_push_log_sending(store_tx_t *tx, apr_time_t from,
                                  apr_time_t to, int limit,
                                  store_push_log_fn *fn, void *baton)
{
    mem_table_t *t = mem_hold(tx, MEM_PUSH_LOG);
    span_t span = { from, to };
    apr_status_t rv = APR_SUCCESS;
    int i, n;
    void **rows = mem_pick(tx, t, is_sending, &span, by_age, &n);

    for (i = 0; i < n && (!limit || i < limit) && rv == APR_SUCCESS; i++)
        rv = fn(baton, &((mem_push_log_t *)rows[i])->v);
    mem_release(tx, t);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

static int old_use(const void *vrow, const void *vperiods)
{
    const mem_push_use_t *row = vrow;
    const int *periods = vperiods;

    return row->period < periods[1]
           || (row->period > 999999 && row->period < periods[0]);
}

static int old_request(const void *row, const void *before)
{
    return ((const mem_push_request_t *)row)->v.created
           < *(const apr_time_t *)before;
}

static int log_before(const void *row, const void *before)
{
    return ((const mem_push_log_t *)row)->v.time
           < *(const apr_time_t *)before;
}

apr_status_t mem_push_log_gc(store_tx_t *tx, apr_time_t before, int limit,
                             apr_int64_t *removed)
{
    mem_table_t *t = mem_hold(tx, MEM_PUSH_LOG);
    apr_time_t yesterday = tx->now - DAYS(1);
    int i, n, ignored, periods[2];
    void **rows = mem_pick(tx, t, log_before, &before, by_age, &n);

    for (i = 0; i < n && (!limit || i < limit); i++)
        *removed += mem_remove(tx, MEM_PUSH_LOG, rows[i]);
    mem_release(tx, t);
    store_use_period(tx->now - DAYS(40), &periods[0], &ignored);
    store_use_period(tx->now - DAYS(400), &ignored, &periods[1]);
    mem_remove_if(tx, MEM_PUSH_USES, old_use, periods);
    mem_remove_if(tx, MEM_PUSH_REQUESTS, old_request, &yesterday);
    return APR_SUCCESS;
}

static int log_of(const void *row, const void *id)
{
    return ((const mem_push_log_t *)row)->v.account
           == *(const store_id_t *)id;
}

static int setting_of(const void *row, const void *id)
{
    return ((const mem_account_setting_t *)row)->account
           == *(const store_id_t *)id;
}

void mem_push_delete(store_tx_t *tx, store_id_t account)
{
    mem_remove_if(tx, MEM_PUSH_LOG, log_of, &account);
    mem_remove_if(tx, MEM_ACCOUNT_SETTINGS, setting_of, &account);
}

/* ---- budgets ----------------------------------------------------------- */

static void used(store_tx_t *tx, int scope, store_id_t id, int period,
                 apr_int64_t *sms, apr_int64_t *cost)
{
    mem_push_use_t key = { .scope = scope, .id = id, .period = period };
    mem_push_use_t *row = mem_find(tx, MEM_PUSH_USES, &key);

    if (row) {
        *sms = row->sms;
        *cost = row->cost;
    }
}

/* Being sent, by the log, while the device's row is gone or free again. */
static int without_lease(store_tx_t *tx, store_use_e scope, store_id_t id,
                         apr_time_t when)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_PUSH_LOG];
    int i, parts = 0;

    for (i = 0; i < t->n; i++) {
        const store_push_log_t *e = &((const mem_push_log_t *)t->rows[i])->v;
        mem_due_t key = { .device = e->device }, *row;

        if (e->event != STORE_PUSH_SENDING
            || (scope != STORE_USE_SERVER
                && id != (scope == STORE_USE_ACCOUNT ? e->account
                                                     : e->device)))
            continue;
        row = mem_find(tx, MEM_DUES, &key);
        if (!row || row->leased_until <= when)
            parts += e->parts > 1 ? e->parts : 1;
    }
    return parts;
}

apr_status_t mem_push_use(store_tx_t *tx, store_use_e scope, store_id_t id,
                          apr_time_t when, store_use_t *u)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_DUES];
    int i, day, month;

    store_use_period(when, &day, &month);
    used(tx, scope, id, day, &u->day, &u->day_cost);
    used(tx, scope, id, month, &u->month, &u->month_cost);
    for (i = 0; i < t->n; i++) {
        mem_due_t *row = t->rows[i];

        if (row->leased_until > when
            && (scope == STORE_USE_SERVER
                || (scope == STORE_USE_ACCOUNT ? row->account == id
                                               : row->device == id)))
            u->leased += row->parts > 1 ? row->parts : 1;
    }
    u->leased += without_lease(tx, scope, id, when);
    return APR_SUCCESS;
}

/* ---- settings of an account -------------------------------------------- */

apr_status_t mem_account_setting_get(store_tx_t *tx, store_id_t account,
                                     const char *name, const char **value)
{
    mem_account_setting_t key = { .account = account, .name = name }, *s;

    s = mem_find(tx, MEM_ACCOUNT_SETTINGS, &key);
    if (!s)
        return APR_NOTFOUND;
    *value = apr_pstrdup(tx->p, s->value);
    return APR_SUCCESS;
}

apr_status_t mem_account_setting_set(store_tx_t *tx, store_id_t account,
                                     const char *name, const char *value)
{
    mem_account_setting_t row = { account, name, value };

    if (!mem_account(tx, account))
        return APR_NOTFOUND;
    if (value)
        mem_put(tx, MEM_ACCOUNT_SETTINGS, &row);
    else
        mem_remove(tx, MEM_ACCOUNT_SETTINGS, &row);
    return APR_SUCCESS;
}

apr_status_t mem_account_setting_list(store_tx_t *tx, store_id_t account,
                                      store_setting_fn *fn, void *baton)
{
    mem_table_t *t = mem_hold(tx, MEM_ACCOUNT_SETTINGS);
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < t->n && rv == APR_SUCCESS; i++) {
        mem_account_setting_t *s = t->rows[i];

        if (s->account == account)
            rv = fn(baton, s->name, s->value);
    }
    mem_release(tx, t);
    return rv == APR_EOF ? APR_SUCCESS : rv;
}

/* ---- requests for a test ----------------------------------------------- */

apr_status_t mem_push_request_add(store_tx_t *tx, store_push_request_t *r)
{
    mem_push_request_t row = { .v = *r };

    row.v.id = r->id = ++MEM_STATE(tx)->last_push_request;
    row.v.created = r->created = tx->now;
    row.v.done = 0;
    row.v.ok = 0;
    row.v.result = "";
    mem_put(tx, MEM_PUSH_REQUESTS, &row);
    MEM_TX(tx)->owes_push = 1;
    return APR_SUCCESS;
}

static mem_push_request_t *first_request(store_tx_t *tx)
{
    mem_table_t *t = MEM_STATE(tx)->tables[MEM_PUSH_REQUESTS];
    mem_push_request_t *best = NULL;
    int i;

    for (i = 0; i < t->n; i++) {
        mem_push_request_t *row = t->rows[i];

        if (!row->v.done && (!best || row->leased_until < best->leased_until))
            best = row;
    }
    return best;
}

apr_status_t mem_push_request_next(store_tx_t *tx, apr_time_t *when)
{
    mem_push_request_t *row = first_request(tx);

    *when = !row ? 0 : row->leased_until < 1 ? 1 : row->leased_until;
    return APR_SUCCESS;
}

apr_status_t mem_push_request_claim(store_tx_t *tx, apr_time_t now,
                                    apr_interval_time_t lease,
                                    store_push_request_t **request)
{
    mem_push_request_t *found = first_request(tx), row;

    if (!found || found->leased_until > now)
        return APR_NOTFOUND;
    row = *found;
    row.leased_until = now + lease;
    mem_put(tx, MEM_PUSH_REQUESTS, &row);
    return mem_push_request_get(tx, row.v.id, request);
}

apr_status_t mem_push_request_done(store_tx_t *tx, store_id_t id, int ok,
                                   const char *result)
{
    mem_push_request_t key = { .v.id = id }, *old, row;

    old = mem_find(tx, MEM_PUSH_REQUESTS, &key);
    if (!old || old->v.done)
        return APR_NOTFOUND;
    row = *old;
    row.v.done = tx->now;
    row.v.ok = ok != 0;
    row.v.result = result;
    mem_put(tx, MEM_PUSH_REQUESTS, &row);
    return APR_SUCCESS;
}

apr_status_t mem_push_request_get(store_tx_t *tx, store_id_t id,
                                  store_push_request_t **request)
{
    mem_push_request_t key = { .v.id = id }, *found;

    found = mem_find(tx, MEM_PUSH_REQUESTS, &key);
    if (!found)
        return APR_NOTFOUND;
    found = mem_copy(MEM_PUSH_REQUESTS, found, tx->p);
    *request = &found->v;
    return APR_SUCCESS;
}
