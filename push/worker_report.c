/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker: delivery reports, from the pipe into the push log, and what
 * follows from one that says "not delivered". */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "worker_int.h"

/* What the network refused is told again after this. */
#define AGAIN  apr_time_from_sec(5 * 60)

/* The pipe has whole records only: each is written by one call, and is smaller
 * than what a call writes whole. */
void worker_reports_read(worker_t *w)
{
    ssize_t n = read(w->o.report_fd, w->reports + w->nreports,
                     (WORKER_REPORTS - w->nreports) * sizeof *w->reports);

    if (n > 0) {
        w->nreports += (int)(n / sizeof *w->reports);
    }
    else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        w->o.report_fd = -1;            /* nobody is at the other end */
    }
}

static const char *state_name(store_report_e state)
{
    switch (state) {
    case STORE_REPORT_ACCEPTED: return "accepted";
    case STORE_REPORT_BUFFERED: return "buffered";
    case STORE_REPORT_DELIVERED: return "delivered";
    case STORE_REPORT_FAILED: return "failed";
    default: return "none";
    }
}

/* Refused by the network's centre, not by the phone: Kannel's 16, SMPP's word
 * and others' for it. */
static int was_refused(const char *text)
{
    return strncmp(text, "dlr=16", 6) == 0 || strstr(text, "REJECTD")
           || strstr(text, "REJECTED") || strstr(text, "rejected");
}

/* That is a decision like any other. */
static apr_status_t note_suspended(store_tx_t *tx,
                                   const store_push_log_t *row)
{
    store_push_log_t e = { .account = row->account, .device = row->device,
        .devid = row->devid, .event = STORE_PUSH_SUSPENDED,
        .reason = "undelivered", .number = row->number,
        .first_change = row->first_change };

    return store_push_log_add(tx, &e);
}

/* A number that will never get one is left alone until the device syncs; what
 * the centre refused is told again soon; one that found the phone off waits
 * for its back-off, which it would have met anyway. */
apr_status_t worker_undelivered(worker_t *w, store_tx_t *tx,
                                const store_push_log_t *row,
                                const char *text, apr_time_t now,
                                apr_pool_t *p)
{
    int permanent = report_is_permanent(text);
    apr_time_t again = permanent ? 0 : now + AGAIN;
    apr_status_t rv;

    if (row->answered || !row->device || !row->until
        || (!permanent && !was_refused(text))) {
        return APR_SUCCESS;
    }
    rv = store_due_undelivered(tx, row->device, row->until, again,
                               apr_pstrcat(p, "undelivered: ", text, NULL));
    if (rv == APR_SUCCESS) {
        worker_log(w, 4, 0, "push device=%s number=%s: %s (%s)", row->devid,
                   row->number, again ? "refused by the network, it is told "
                   "again in 5 minutes" : "the number is no good, it is left "
                   "alone until it syncs", text);
    }
    if (rv == APR_SUCCESS && permanent) {
        worker_count_hold(w, 0);
        rv = note_suspended(tx, row);
    }
    return rv == APR_NOTFOUND ? APR_SUCCESS : rv;
}

static apr_status_t write_one(worker_t *w, store_tx_t *tx, report_t *report,
                              apr_time_t now)
{
    store_push_log_t *row = NULL;
    apr_status_t rv;

    /* It comes from a pipe: what is in it is checked. */
    report->token[GATEWAY_TOKEN] = '\0';
    report->text[REPORT_MAX_TEXT - 1] = '\0';
    if (!report_is_token(report->token)
        || report->state < STORE_REPORT_ACCEPTED
        || report->state > STORE_REPORT_FAILED) {
        return APR_SUCCESS;
    }
    rv = store_push_log_report(tx, report->token,
                               (store_report_e)report->state, report->text,
                               now, &row);
    if (rv == APR_NOTFOUND) {
        worker_log(w, 6, 0, "a delivery report for no message of ours: %s",
                   report->text);
        return APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    worker_log(w, 6, 0, "report device=%s number=%s state=%s text=\"%s\"",
               row->devid, row->number,
               state_name((store_report_e)report->state), report->text);
    /* Before the result of its message it is acted on with that. */
    return report->state == STORE_REPORT_FAILED
        ? worker_undelivered(w, tx, row, report->text, now, w->report_pool)
        : APR_SUCCESS;
}

apr_status_t worker_reports_write(worker_t *w, store_tx_t *tx,
                                  apr_time_t now)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    if (!w->nreports) {
        return rv;
    }
    apr_pool_create(&w->report_pool, w->pool);
    for (i = 0; i < w->nreports && rv == APR_SUCCESS; i++) {
        rv = write_one(w, tx, &w->reports[i], now);
    }
    apr_pool_destroy(w->report_pool);
    return rv;
}
