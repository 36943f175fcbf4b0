/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker: when a row is told. */
#include "worker_int.h"

apr_status_t worker_plan(void *baton, store_tx_t *tx, const store_due_t *due,
                         apr_time_t now, store_plan_t *plan)
{
    worker_t *w = baton;

    plan->when = due->last_change + w->o.quiet;
    plan->reason = "quiet";
    if (plan->when < due->not_before) {
        plan->when = due->not_before;
        plan->reason = "unanswered";
    }
    return APR_SUCCESS;
}
