/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker: what it writes into the push log. */
#include <apr_strings.h>

#include "worker_int.h"

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
        .first_change = due->first_change };
    apr_status_t rv;

    if (!job->request) {
        worker_plan_taken(w, job);
    }
    rv = store_push_log_add(tx, &e);
    job->log = e.id;
    return rv;
}

/* The device is told no more until it syncs: said once. */
static apr_status_t suspended(worker_t *w, store_tx_t *tx, const job_t *job,
                              const char *why)
{
    const store_due_t *due = job->due;
    store_push_log_t e = { .account = due->account, .device = due->device,
        .devid = due->devid, .event = STORE_PUSH_SUSPENDED, .reason = why,
        .number = due->number, .first_change = due->first_change };

    worker_log(w, 4, 0, "push account=%s device=%s number=%s suspended "
               "until it syncs: %s after %d unanswered", due->account_name,
               due->devid, due->number, why, due->unanswered + job->sent);
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
        .message_id = answer->id, .until = job->not_before };
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
    if (rv == APR_SUCCESS && !job->not_before && !job->dry && !job->request
        && e.event != STORE_PUSH_RELEASED) {
        rv = suspended(w, tx, job, job->sent ? "unanswered" : e.reason);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;   /* the account is gone */
}
