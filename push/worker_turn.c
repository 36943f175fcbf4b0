/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker: the transaction that writes results and claims rows, and
 * the way of claimed rows to the queues. */
#include <string.h>
#include <arpa/inet.h>

#include <apr_escape.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "schedule.h"
#include "sms.h"
#include "worker_int.h"

#define MAX_WARNED  10000       /* devices remembered as warned about */
/* When a row is looked at again whose device is being told already. */
#define SOON        (APR_USEC_PER_SEC / 4)

/* Results are written together with those of the next moment: the fewer
 * transactions, the less of the processor, which gateways often share, for
 * each.  A worker that is killed has lost what it did not write... */
#define GATHER  (APR_USEC_PER_SEC / 50)
/* ...unless there are so many, of all that may be under way. */
#define ENOUGH(most)  ((most) / 2)

apr_time_t worker_next_turn(const worker_t *w, apr_time_t now)
{
    int under_way = w->unsettled - w->ndone;

    if (!w->done && !w->nreports) {
        return w->look && worker_room(w, now) > 0 ? now : 0;
    }
    if (under_way <= worker_most(w) / WORKER_AHEAD
        || w->ndone >= ENOUGH(worker_most(w)) || w->turned + GATHER < now) {
        return now;
    }
    return w->turned + GATHER;
}

/* ---- results ------------------------------------------------------------- */

/* Is the form worth remembering until the device answers? */
static int told(const job_t *job)
{
    return job->notification && !job->device->form_set
           && !job->device->form_known;
}

/* It had no connection and no number: has it connected meanwhile? */
static void come_back(worker_t *w, job_t *job)
{
    if (!job->sent && !job->not_before && job->notification
        && !job->delivery.message.to && worker_is_free(w, job->due, "")) {
        job->not_before = apr_time_now();
    }
}

static apr_status_t settle(worker_t *w, store_tx_t *tx)
{
    apr_status_t rv = APR_SUCCESS;
    job_t *job;

    for (job = w->done; job && rv == APR_SUCCESS; job = job->next) {
        come_back(w, job);
        if (job->sent && told(job)) {
            rv = push_device_told(tx, job->due->device,
                                  job->device->form.form, apr_time_now(),
                                  job->batch->pool);
            if (rv != APR_SUCCESS) {
                break;
            }
        }
        if (job->request) {
            rv = worker_request_end(w, tx, job);
            continue;
        }
        rv = job->dry ? store_due_dry(tx, job->due->device, w->owner)
            : job->sent
            ? store_due_sent(tx, job->due->device, w->owner,
                             job->not_before)
            : job->delivery.answer.result == GATEWAY_NOT_TRIED
            ? store_due_later(tx, job->due->device, w->owner,
                              job->not_before)
            : store_due_failed(tx, job->due->device, w->owner,
                               job->not_before, job->reason);
        /* The device is gone, or has synced meanwhile. */
        if (rv == APR_NOTFOUND) {
            rv = APR_SUCCESS;
        }
        if (rv == APR_SUCCESS) {
            rv = worker_ledger_end(w, tx, job);
        }
    }
    return rv;
}

/* The results are durable: forget their jobs. */
static void forget_done(worker_t *w)
{
    job_t *job = w->done;

    w->done = NULL;
    w->last_done = &w->done;
    w->ndone = 0;
    while (job) {
        job_t *next = job->next;

        worker_count_job(w, job);
        w->unsettled--;
        if (--job->batch->left == 0) {
            apr_pool_destroy(job->batch->pool);
        }
        job = next;
    }
}

/* ---- claims -------------------------------------------------------------- */

static const char *get_password(worker_t *w, store_tx_t *tx,
                                store_id_t account, apr_status_t *rv)
{
    const char *password = NULL;

    *rv = store_account_password(tx, account, &password);
    if (*rv == STORE_EKEY && !w->warned_key) {
        w->warned_key = 1;
        worker_log(w, 4, *rv, "the accounts' passwords cannot be read: "
                   "notifications carry a digest without password");
    }
    if (*rv == STORE_EKEY || *rv == APR_NOTFOUND) {
        *rv = APR_SUCCESS;
    }
    return password ? password : "";
}

const unsigned char *worker_random_octets(int n, apr_pool_t *p)
{
    apr_size_t size = (apr_size_t)n * WORKER_RANDOM;
    unsigned char *random = apr_palloc(p, size);

    return apr_generate_random_bytes(random, size) == APR_SUCCESS ? random
        : NULL;
}

/* Milliseconds, then what nobody can guess: the latest tokens lie together
 * in the index of the push log. */
static void make_token(char token[GATEWAY_TOKEN + 1], apr_time_t now,
                       const unsigned char *random)
{
    unsigned char octets[GATEWAY_TOKEN / 2];
    apr_uint32_t ms = htonl((apr_uint32_t)apr_time_as_msec(now));

    memcpy(octets, &ms, sizeof ms);
    memcpy(octets + sizeof ms, random, WORKER_RANDOM);
    apr_escape_hex(token, octets, sizeof octets, 0, NULL);
}

/* The rules, and whether a gateway has room.  A device may have synced and owe
 * anew before the gateway's answer to the former notification: that answer
 * would be taken for the new one's. */
static apr_status_t plan_row(void *baton, store_tx_t *tx,
                             const store_due_t *due, apr_time_t now,
                             store_plan_t *plan)
{
    worker_t *w = baton;
    apr_time_t when;
    apr_status_t rv;

    if (apr_hash_get(w->under_way, &due->device, sizeof due->device)) {
        plan->when = now + SOON;
        plan->reason = "gateway";
        return APR_SUCCESS;
    }
    rv = worker_plan(w, tx, due, now, plan);
    if (rv == APR_SUCCESS && plan->when > 0 && plan->when <= now) {
        when = worker_lane_when(w, due, now, w->plan_pool);
        if (when > now) {
            plan->when = when;
            plan->reason = "gateway";
            worker_plan_undo(w);
        }
    }
    return rv;
}

apr_status_t worker_start_job(worker_t *w, store_tx_t *tx, job_t *job,
                              apr_time_t now, const unsigned char *random)
{
    job->delivery.deadline = now + WORKER_LATEST;
    if (!random) {
        return APR_SUCCESS;     /* it is rejected before it is sent */
    }
    make_token(job->token, now, random);
    return worker_ledger_begin(w, tx, job);
}

static apr_status_t start_claimed(worker_t *w, store_tx_t *tx, job_t *job,
                                  const job_t *former, apr_time_t now,
                                  const unsigned char *random)
{
    push_settings_t *settings = worker_plan_taken(w, job);
    apr_status_t rv = push_device_make(&job->device, tx, job->due, settings,
                                       job->batch->pool);

    if (rv == APR_SUCCESS) {
        job->device->form.sync_types = job->sync_types;
        job->password = former && former->due->account == job->due->account
            ? former->password
            : get_password(w, tx, job->due->account, &rv);
    }
    return rv == APR_SUCCESS ? worker_start_job(w, tx, job, now, random)
        : rv;
}

/* Claim at most max rows. @param jobs  out: array of job_t * */
static apr_status_t claim(worker_t *w, store_tx_t *tx, apr_time_t now,
                          int max, batch_t *batch, apr_array_header_t **jobs)
{
    apr_array_header_t *dues;
    const unsigned char *random = NULL;
    const job_t *former = NULL;
    apr_status_t rv;
    int i;

    *jobs = apr_array_make(batch->pool, 16, sizeof(job_t *));
    worker_unreserve(w);
    w->plan_pool = batch->pool;
    rv = store_due_claim(tx, now, plan_row, w, WORKER_LEASE, w->owner,
                         max, &dues);
    if (rv == APR_SUCCESS && dues->nelts) {
        random = worker_random_octets(dues->nelts, batch->pool);
    }
    for (i = 0; rv == APR_SUCCESS && i < dues->nelts; i++) {
        job_t *job = apr_pcalloc(batch->pool, sizeof *job);

        job->batch = batch;
        job->due = APR_ARRAY_IDX(dues, i, store_due_t *);
        rv = start_claimed(w, tx, job, former, now,
                           random ? random + i * WORKER_RANDOM : NULL);
        former = job;
        APR_ARRAY_PUSH(*jobs, job_t *) = job;
    }
    return rv;
}

static void warn_of_size(worker_t *w, const job_t *job)
{
    const store_due_t *due = job->due;
    const notification_t *n = job->notification;

    if (n->left_out) {
        worker_log(w, 4, 0, "account %s device %s: a notification names 15 "
                   "datastores, %d more are left out", due->account_name,
                   due->devid, n->left_out);
    }
    if (n->parts->nelts > 1
        && !apr_hash_get(w->warned, &due->device, sizeof due->device)) {
        worker_log(w, 4, 0, "account %s device %s: its notifications need "
                   "%d SMS each: %s", due->account_name, due->devid,
                   n->parts->nelts,
                   notification_shorten(n, due, &job->device->form, w->o.server_id,
                                        job->batch->pool));
        if (apr_hash_count(w->warned) < MAX_WARNED) {
            apr_hash_set(w->warned, apr_pmemdup(w->pool, &due->device,
                                                sizeof due->device),
                         sizeof due->device, "");
        }
    }
}

static void fill_message(job_t *job)
{
    gateway_message_t *m = &job->delivery.message;
    const store_due_t *due = job->due;

    m->validity = schedule_validity(job->wait);
    m->token = job->token;
    m->device = due->device;
    m->account = due->account;
    m->devid = due->devid;
    m->account_name = due->account_name;
    m->pdu = job->notification->pdu;
    m->len = job->notification->len;
    m->package = job->notification->package;
    m->package_len = job->notification->package_len;
    m->address = job->device->tcp;
    job->delivery.parts = job->notification->parts;
    job->delivery.baton = job;
}

/* @return words for why the device cannot be told, or NULL */
static const char *prepare(worker_t *w, job_t *job)
{
    apr_pool_t *p = job->batch->pool;
    gateway_message_t *m = &job->delivery.message;
    const char *error = NULL, *number = NULL;
    int i;

    job->number = job->due->number;
    if (notification_create(&job->notification, job->due, &job->device->form,
                            w->o.server_id, job->password, &error, p)
        != APR_SUCCESS) {
        return error ? error : "the notification cannot be built";
    }
    warn_of_size(w, job);
    if (!*job->token) {
        return "no random numbers for the token of a delivery report";
    }
    fill_message(job);
    if (sms_number(&number, job->due->number, &error, p) == APR_SUCCESS) {
        m->to = job->number = number;
    }
    job->nchoice = route_choose(w->o.routes, m, job->choice, ROUTE_MAX);
    if (job->free_only) {
        /* Those that cost nothing come first. */
        for (i = 0; i < job->nchoice
             && w->lanes[job->choice[i]].route->gateway->whole; i++) {
        }
        job->nchoice = i;
    }
    if (!job->nchoice) {
        return job->free_only ? "its budget is used up, and it is not "
                                "connected any more"
            : m->to ? apr_psprintf(p, "no SyncMLPushGateway takes the "
                                    "number %s", m->to)
            : !*job->due->number && (job->device->held || *job->device->tcp)
            ? "it has no number, and is not connected" : error;
    }
    for (i = 0; i < job->nchoice && !m->meaning; i++) {
        if (w->lanes[job->choice[i]].route->gateway->wants_meaning) {
            m->meaning = notification_describe(m->pdu, m->len, p);
        }
    }
    return NULL;
}

/* Give the claimed rows to the gateways. */
static void dispatch(worker_t *w, const apr_array_header_t *jobs,
                     apr_time_t now)
{
    apr_time_t when;
    int i;

    worker_unreserve(w);
    for (i = 0; i < jobs->nelts; i++) {
        job_t *job = APR_ARRAY_IDX(jobs, i, job_t *);
        const char *wrong;

        if (!job->request) {
            apr_hash_set(w->under_way, &job->due->device,
                         sizeof job->due->device, job);
        }
        wrong = prepare(w, job);
        if (wrong) {
            worker_reject(w, job, wrong, !job->delivery.message.to
                          || !job->notification);
        }
        else if (job->dry) {
            worker_dry(w, job);
        }
        else if (worker_place(w, job, now, &when) != PLACE_DONE) {
            worker_later(w, job, when, "the gateways for its number are "
                         "busy or paused");
        }
    }
    worker_flush(w);
}

/* ---- the transaction ----------------------------------------------------- */

/* When something is to be done next. */
static apr_status_t next_due(worker_t *w, store_tx_t *tx)
{
    apr_time_t request = 0;
    apr_status_t rv = store_due_next(tx, &w->next_due);

    if (rv == APR_SUCCESS) {
        rv = store_push_request_next(tx, &request);
    }
    if (request && (!w->next_due || request < w->next_due)) {
        w->next_due = request;
    }
    return rv == APR_SUCCESS ? worker_gate_next(w, tx, &w->next_due) : rv;
}

/* Whether anything is due, without taking the write lock. */
static apr_status_t peek(worker_t *w, apr_time_t now)
{
    apr_pool_t *p;
    store_tx_t *tx;
    apr_status_t rv;

    apr_pool_create(&p, w->store_pool);
    rv = store_begin(&tx, w->store, STORE_READ, p);
    if (rv == APR_SUCCESS) {
        rv = next_due(w, tx);
        store_rollback(&tx);
    }
    apr_pool_destroy(p);
    if (rv == APR_SUCCESS) {
        w->look = !w->replanned || (w->next_due && w->next_due <= now);
    }
    return rv;
}

/* Everything that happens in the write transaction. */
static apr_status_t write_all(worker_t *w, store_tx_t *tx, apr_time_t now,
                              int max, batch_t *batch,
                              apr_array_header_t **jobs)
{
    job_t *request = NULL;
    apr_status_t rv = settle(w, tx);

    if (rv == APR_SUCCESS && max) {
        rv = worker_plan_begin(w, tx);
    }
    if (rv == APR_SUCCESS) {
        rv = worker_reports_write(w, tx, now);
    }
    if (rv == APR_SUCCESS) {
        rv = max ? worker_gate(w, tx, now, max) : APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        rv = max ? claim(w, tx, now, max, batch, jobs) : APR_SUCCESS;
    }
    if (rv == APR_SUCCESS && max) {
        rv = worker_request_begin(w, tx, now, batch, &request);
    }
    if (request) {
        APR_ARRAY_PUSH(*jobs, job_t *) = request;
    }
    /* As many as there was room for: there may be more, no need to ask. */
    w->more = rv == APR_SUCCESS && max && (*jobs)->nelts >= max;
    if (rv == APR_SUCCESS && !w->more) {
        rv = next_due(w, tx);
    }
    return rv;
}

apr_status_t worker_turn(worker_t *w, apr_time_t now)
{
    apr_array_header_t *jobs = NULL;
    int max = w->look ? worker_room(w, now) : 0;
    store_tx_t *tx = NULL;
    batch_t *batch;
    apr_pool_t *p;
    apr_status_t rv;

    if (worker_has_upkeep(w, now) && !w->ending) {
        rv = worker_upkeep(w, now);
        if (rv != APR_SUCCESS) {
            w->turned = now;
            return rv;
        }
    }
    w->turned = now;
    if (!w->done && !w->more && !w->nreports) {
        rv = peek(w, now);
        if (rv != APR_SUCCESS || !w->look || !max) {
            return rv;
        }
    }
    apr_pool_create(&p, w->pool);
    batch = apr_pcalloc(p, sizeof *batch);
    batch->pool = p;
    rv = store_begin(&tx, w->store, STORE_WRITE, p);
    if (rv == APR_SUCCESS) {
        rv = write_all(w, tx, now, max, batch, &jobs);
    }
    if (rv == APR_SUCCESS) {
        rv = store_commit(&tx, NULL);
    }
    if (rv != APR_SUCCESS) {
        store_rollback(&tx);
        apr_pool_destroy(p);
        worker_unreserve(w);    /* or there is no room for another claim */
        return rv;
    }
    forget_done(w);
    w->nreports = 0;
    w->look = w->more || !w->replanned
        || (w->next_due && w->next_due <= now);
    if (jobs && jobs->nelts) {
        batch->left = jobs->nelts;
        w->unsettled += jobs->nelts;
        dispatch(w, jobs, now);
    }
    else {
        apr_pool_destroy(p);
        if (max && w->look && w->replanned) {
            /* Said to be due, but not to be had: do not ask in a circle. */
            w->look = 0;
            w->next_due = now + apr_time_from_sec(1);
        }
    }
    return APR_SUCCESS;
}
