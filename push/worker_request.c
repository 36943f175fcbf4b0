/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker: test notifications that somebody asked for. */
#include <string.h>

#include <apr_strings.h>

#include "worker_int.h"

/* What a device would owe, for a number without a device. */
static store_due_t *make_due(worker_t *w, const store_push_request_t *r,
                             apr_time_t now, apr_pool_t *p)
{
    store_due_t *due = apr_pcalloc(p, sizeof *due);
    store_due_datastore_t *ds;

    due->account_name = due->devid = "test";
    due->number = apr_pstrdup(p, r->number);
    due->syncml_version = due->manufacturer = due->model = "";
    due->last_error = "";
    due->plan = "test";
    due->first_change = due->last_change = now;
    due->san_session = (apr_uint16_t)(worker_random(w) % 65535 + 1);
    due->datastores = apr_array_make(p, 1, sizeof(store_due_datastore_t));
    ds = apr_array_push(due->datastores);
    memset(ds, 0, sizeof *ds);
    ds->name = "test";
    ds->uri = apr_pstrdup(p, *r->uri ? r->uri : "contacts");
    ds->first_change = ds->last_change = now;
    return due;
}

apr_status_t worker_request_begin(worker_t *w, store_tx_t *tx, apr_time_t now,
                                  batch_t *batch, job_t **job)
{
    store_push_request_t *r;
    apr_status_t rv = store_push_request_claim(tx, now, WORKER_LEASE, &r);

    *job = NULL;
    if (rv == APR_NOTFOUND) {
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *job = apr_pcalloc(batch->pool, sizeof **job);
    (*job)->batch = batch;
    (*job)->due = make_due(w, r, now, batch->pool);
    (*job)->password = "";
    (*job)->request = r->id;
    (*job)->device = apr_pcalloc(batch->pool, sizeof *(*job)->device);
    (*job)->device->form_set = 1;       /* nobody's answer is waited for */
    (*job)->device->tcp = "";
    (*job)->dry = w->o.rules->dry_run;
    return worker_start_job(w, tx, *job, now,
                            worker_random_octets(1, batch->pool));
}

apr_status_t worker_request_end(worker_t *w, store_tx_t *tx,
                                const job_t *job)
{
    const gateway_answer_t *answer = &job->delivery.answer;
    int ok = job->sent && answer->result == GATEWAY_ACCEPTED;
    const char *words;
    apr_status_t rv;

    words = apr_psprintf(job->batch->pool, "%s by %s after %d ms: %s; %d of "
                         "%d SMS", job->dry ? "not sent"
                         : gateway_result_name(answer->result),
                         job->lane ? job->lane->route->label : "no gateway",
                         (int)(answer->took / 1000), answer->words,
                         job->delivery.parts_sent, job->notification
                         ? job->notification->parts->nelts : 0);
    rv = store_push_request_done(tx, job->request, ok, words);
    if (rv == APR_SUCCESS) {
        rv = worker_ledger_end(w, tx, job);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}
