/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker: what it writes into the push log. */
#include <string.h>

#include <apr_strings.h>

#include "worker_int.h"

/* Up to this time no row is SENDING: a setting of the store, microseconds. */
#define CLOSED      POLICY_PREFIX "log-closed"
/* A result that is being written may be so late. */
#define LATE        apr_time_from_sec(10)
/* So many rows in one transaction. */
#define CLOSE_ROWS  1000
#define CLOSE_INTERVAL  apr_time_from_sec(600)

const char *worker_names(const store_due_t *due, apr_pool_t *p)
{
    const char *all = "";
    int i;

    for (i = 0; i < due->datastores->nelts; i++) {
        all = apr_pstrcat(p, all, i ? "," : "",
                          APR_ARRAY_IDX(due->datastores, i,
                                        store_due_datastore_t).name, NULL);
    }
    return all;
}

apr_status_t worker_ledger_begin(worker_t *w, store_tx_t *tx, job_t *job)
{
    const store_due_t *due = job->due;
    store_push_log_t e = { .account = due->account, .device = due->device,
        .devid = due->devid, .event = STORE_PUSH_SENDING,
        .reason = due->plan, .number = due->number,
        .datastores = worker_names(due, job->batch->pool), .token = job->token,
        .parts = job->parts,    /* should its result be lost */
        .first_change = due->first_change };
    apr_status_t rv = store_push_log_add(tx, &e);

    job->log = e.id;
    return rv;
}

void worker_log_suspended(worker_t *w, const store_due_t *due,
                          const char *why, int unanswered)
{
    worker_log(w, 4, 0, "push account=%s device=%s number=%s suspended "
               "until it syncs: %s after %d unanswered", due->account_name,
               due->devid, due->number, why, unanswered);
}

/* The device is told no more until it syncs: said once. */
static apr_status_t suspended(worker_t *w, store_tx_t *tx, const job_t *job,
                              const char *why)
{
    const store_due_t *due = job->due;
    store_push_log_t e = { .account = due->account, .device = due->device,
        .devid = due->devid, .event = STORE_PUSH_SUSPENDED, .reason = why,
        .number = due->number, .first_change = due->first_change };

    worker_log_suspended(w, due, why, due->unanswered + job->sent);
    return store_push_log_add(tx, &e);
}

/* An answer that says nothing but "yes" needs no further words. */
static const char *reason(const job_t *job)
{
    const gateway_answer_t *answer = &job->delivery.answer;

    return answer->result == GATEWAY_ACCEPTED ? job->due->plan
        : gateway_result_name(answer->result);
}

/* Gateways that were asked before the one that decided, a row each. */
static apr_status_t add_attempts(store_tx_t *tx, const job_t *job)
{
    apr_pool_t *p = job->batch->pool;
    apr_status_t rv = APR_SUCCESS;
    int i, n = job->attempts ? job->attempts->nelts : 0;

    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        const attempt_t *a = &APR_ARRAY_IDX(job->attempts, i, attempt_t);
        store_push_log_t e = { .account = job->due->account,
            .device = job->due->device, .devid = job->due->devid,
            .event = STORE_PUSH_FAILED,
            .reason = gateway_result_name(a->answer.result),
            .transport = worker_transport(a->lane, p),
            .number = job->number, .parts = a->parts_sent,
            .datastores = worker_names(job->due, p),
            .answer = a->answer.words,
            .message_id = a->answer.id,
            .first_change = job->due->first_change };

        if (job->sent || i != job->decisive) {
            rv = store_push_log_add(tx, &e);
        }
    }
    return rv;
}

/* Of one part, by the gateway or by the number. */
static apr_int64_t price_of(const worker_t *w, const job_t *job)
{
    apr_int64_t price = job->lane ? job->lane->route->price : -1;

    if (job->lane && job->lane->route->gateway->whole) {
        return price > 0 ? price : 0;   /* no SMS */
    }
    return price >= 0 ? price : worker_price(w, job->number);
}

/* What is no SMS is not counted as one. */
static int is_sms(const job_t *job)
{
    return !job->lane || !job->lane->route->gateway->whole;
}

apr_status_t worker_ledger_end(worker_t *w, store_tx_t *tx, const job_t *job)
{
    const gateway_answer_t *answer = &job->delivery.answer;
    apr_pool_t *p = job->batch->pool;
    store_push_log_t e = { .id = job->log, .event = STORE_PUSH_FAILED,
        .reason = reason(job), .number = job->number,
        .parts = is_sms(job) ? job->delivery.parts_sent : 0,
        .answer = answer->words,
        .message_id = answer->id, .until = job->not_before,
        .account = job->due->account, .device = job->due->device,
        .devid = job->due->devid, .first_change = job->due->first_change };
    apr_status_t rv;

    if (!job->log) {
        return APR_SUCCESS;
    }
    if (job->lane) {
        e.transport = worker_transport(job->lane, p);
    }
    if (job->dry) {
        e.event = STORE_PUSH_DRY;
    }
    else if (job->sent) {
        e.event = STORE_PUSH_SENT;
    }
    else if (answer->result == GATEWAY_NOT_TRIED
             && !job->delivery.parts_sent) {
        e.event = STORE_PUSH_RELEASED;
    }
    e.cost = e.parts * price_of(w, job);
    rv = add_attempts(tx, job);
    if (rv == APR_SUCCESS) {
        rv = store_push_log_result(tx, &e);
    }
    if (rv == APR_SUCCESS && job->sent && e.report == STORE_REPORT_FAILED) {
        rv = worker_undelivered(w, tx, &e, e.report_text, apr_time_now(), p);
    }
    if (rv == APR_SUCCESS && !job->not_before && !job->dry && !job->request
        && e.event != STORE_PUSH_RELEASED) {
        rv = suspended(w, tx, job, job->sent ? "unanswered" : e.reason);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;   /* the account is gone */
}

/* ---- results that were lost ---------------------------------------------- */

static apr_status_t take_lost(void *baton, const store_push_log_t *e)
{
    apr_array_header_t *lost = baton;
    store_push_log_t *copy = apr_array_push(lost);

    memset(copy, 0, sizeof *copy);
    copy->id = e->id;
    copy->time = e->time;
    copy->number = apr_pstrdup(lost->pool, e->number);
    copy->parts = e->parts;
    return APR_SUCCESS;
}

/* @param from  in and out: looked through up to it */
static apr_status_t find_lost(worker_t *w, apr_time_t *from, apr_time_t to,
                              apr_array_header_t *lost, apr_pool_t *p)
{
    const char *value;
    store_tx_t *tx;
    apr_status_t rv = store_begin(&tx, w->store, STORE_READ, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = store_setting_get(tx, CLOSED, &value);
    *from = rv == APR_SUCCESS ? apr_atoi64(value) : 0;
    if (*from > to) {
        *from = 0;              /* by a clock that was wrong */
    }
    if (rv == APR_SUCCESS || rv == APR_NOTFOUND) {
        rv = store_push_log_sending(tx, *from, to, CLOSE_ROWS, take_lost,
                                    lost);
    }
    store_rollback(&tx);
    return rv;
}

/* Nobody knows whether it went out: what it would have cost is counted, so
 * that no budget is exceeded. */
static apr_status_t close_lost(const worker_t *w, store_tx_t *tx,
                               store_push_log_t *e)
{
    apr_status_t rv;

    e->event = STORE_PUSH_SENT;
    e->reason = "unknown";
    e->answer = "the worker was killed between POST and result: counted as "
                "sent";
    if (!e->parts && *e->number) {
        e->parts = 1;
    }
    e->cost = e->parts * worker_price(w, e->number);
    rv = store_push_log_result(tx, e);
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

apr_status_t worker_ledger_lost(worker_t *w, store_tx_t *tx,
                                store_id_t device, apr_pool_t *ptemp)
{
    store_push_filter_t open = { .device = device,
                                 .events = 1u << STORE_PUSH_SENDING };
    apr_array_header_t *lost = apr_array_make(ptemp, 1,
                                              sizeof(store_push_log_t));
    apr_status_t rv = store_push_log_list(tx, &open, take_lost, lost);
    int i;

    for (i = 0; i < lost->nelts && rv == APR_SUCCESS; i++) {
        rv = close_lost(w, tx, &APR_ARRAY_IDX(lost, i, store_push_log_t));
    }
    return rv;
}

static apr_status_t close_all(worker_t *w, apr_array_header_t *lost,
                              apr_time_t upto, apr_pool_t *p)
{
    store_tx_t *tx;
    apr_status_t rv = store_begin(&tx, w->store, STORE_WRITE, p);
    int i;

    for (i = 0; i < lost->nelts && rv == APR_SUCCESS; i++) {
        rv = close_lost(w, tx, &APR_ARRAY_IDX(lost, i, store_push_log_t));
    }
    if (rv == APR_SUCCESS) {
        rv = store_setting_set(tx, CLOSED, apr_psprintf(p, "%"
                               APR_TIME_T_FMT, upto));
    }
    if (rv == APR_SUCCESS) {
        rv = store_commit(&tx, NULL);
    }
    store_rollback(&tx);
    return rv;
}

apr_status_t worker_ledger_close(worker_t *w, apr_time_t now)
{
    apr_time_t from = 0, to = now - WORKER_LEASE - LATE;
    apr_array_header_t *lost;
    apr_pool_t *p;
    apr_status_t rv;

    apr_pool_create(&p, w->store_pool);
    lost = apr_array_make(p, 16, sizeof(store_push_log_t));
    rv = find_lost(w, &from, to, lost, p);
    if (rv == APR_SUCCESS && lost->nelts == CLOSE_ROWS) {
        to = APR_ARRAY_IDX(lost, CLOSE_ROWS - 1, store_push_log_t).time;
    }
    if (rv == APR_SUCCESS) {
        rv = close_all(w, lost, to, p);
    }
    if (rv == APR_SUCCESS && lost->nelts) {
        worker_log(w, 4, 0, "%d notifications have no result, because a "
                   "worker was killed: they count as sent", lost->nelts);
    }
    /* The next look is for those of a worker that was killed just now. */
    w->next_close = rv != APR_SUCCESS ? now
        : lost->nelts == CLOSE_ROWS ? now + APR_USEC_PER_SEC
        : !w->next_close ? now + WORKER_LEASE + 2 * LATE
        : now + CLOSE_INTERVAL;
    apr_pool_destroy(p);
    return rv;
}
