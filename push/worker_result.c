/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker: what the results of deliveries mean for the row, and the
 * log line of each. */
#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "schedule.h"
#include "worker_int.h"

/* For a number that no gateway takes: an admin may change that. */
#define NO_GATEWAY  apr_time_from_sec(3600)

void worker_log(worker_t *w, int level, apr_status_t rv, const char *format,
                ...)
{
    char line[4096];
    va_list ap;

    if (w->o.log) {
        va_start(ap, format);
        apr_vsnprintf(line, sizeof line, format, ap);
        va_end(ap);
        w->o.log(w->o.log_baton, level, rv, line);
    }
}

/* ---- the line ------------------------------------------------------------ */

/* A value for key=value: as it is, or in quotes if it has to be. */
static const char *quoted(const char *value, apr_pool_t *p)
{
    char *out, *d;
    const char *c;

    for (c = value; *c > 0x20 && *c < 0x7F && *c != '"' && *c != '='
         && *c != '\\'; c++) {
    }
    if (!*c && *value) {
        return value;
    }
    out = d = apr_palloc(p, 2 * strlen(value) + 3);
    *d++ = '"';
    for (c = value; *c; c++) {
        if (*c == '"' || *c == '\\') {
            *d++ = '\\';
        }
        *d++ = (unsigned char)*c < 0x20 || *c == 0x7F ? '.' : *c;
    }
    *d++ = '"';
    *d = '\0';
    return out;
}

static const char *when(apr_time_t t, apr_pool_t *p)
{
    apr_time_exp_t e;

    if (!t) {
        return "never";
    }
    apr_time_exp_gmt(&e, t);
    return apr_psprintf(p, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                        e.tm_year + 1900, e.tm_mon + 1, e.tm_mday,
                        e.tm_hour, e.tm_min, e.tm_sec);
}

/* One line per attempt. */
static void report(worker_t *w, const job_t *job, const char *result)
{
    const gateway_answer_t *answer = &job->delivery.answer;
    const store_due_t *due = job->due;
    const notification_t *n = job->notification;
    apr_pool_t *p = job->batch->pool;

    worker_log(w, answer->result == GATEWAY_ACCEPTED && n ? 5 : 4, 0,
               "push account=%s device=%s number=%s datastores=%s "
               "session=%u parts=%d/%d gateway=%s result=%s status=%d "
               "answer=%s ms=%.1f attempt=%d unanswered=%d next=%s",
               quoted(due->account_name, p), quoted(due->devid, p),
               quoted(job->number, p),
               n ? quoted(n->datastores, p) : "\"\"", due->san_session,
               job->delivery.parts_sent, n ? n->parts->nelts : 0,
               quoted(job->lane ? job->lane->route->label : "none", p),
               result, answer->status,
               quoted(answer->words, p), answer->took / 1000.0,
               due->attempts + 1, due->unanswered, when(job->not_before, p));
}

/* ---- the row ------------------------------------------------------------- */

static void put_done(worker_t *w, job_t *job)
{
    if (!job->request) {
        apr_hash_set(w->under_way, &job->due->device,
                     sizeof job->due->device, NULL);
    }
    job->next = NULL;
    *w->last_done = job;
    w->last_done = &job->next;
    w->ndone++;
}

static void tell_reason(job_t *job, const gateway_answer_t *answer)
{
    job->reason = apr_psprintf(job->batch->pool, "%s: %s",
                               gateway_result_name(answer->result),
                               answer->words);
}

/* It went out. */
static void decide_sent(worker_t *w, job_t *job, apr_time_t now)
{
    apr_interval_time_t wait = job->wait;

    job->sent = 1;
    job->not_before = wait ? now + wait : 0;
    tell_reason(job, &job->delivery.answer);
}

/* No gateway took it: what leaves most hope decides. */
static void decide_failed(worker_t *w, job_t *job, apr_time_t now)
{
    apr_interval_time_t wait = schedule_retry(job->due->attempts + 1);
    const attempt_t *attempt = &APR_ARRAY_IDX(job->attempts, job->decisive,
                                              attempt_t);

    job->not_before = 0;
    if (attempt->answer.result != GATEWAY_REJECTED) {
        job->not_before = now + schedule_jitter(wait, worker_random(w));
    }
    tell_reason(job, &attempt->answer);
}

void worker_later(worker_t *w, job_t *job, apr_time_t when, const char *why)
{
    worker_log(w, 7, 0, "push account=%s device=%s not tried: %s",
               job->due->account_name, job->due->devid, why);
    job->delivery.answer.result = GATEWAY_NOT_TRIED;
    job->sent = 0;
    job->not_before = when;
    job->reason = apr_psprintf(job->batch->pool, "not-tried: %s", why);
    put_done(w, job);
}

/* ---- results ------------------------------------------------------------- */

/* How much hope a failure leaves for another try. */
static int hope(gateway_result_e result)
{
    switch (result) {
    case GATEWAY_TEMPORARY: return 3;
    case GATEWAY_UNREACHABLE: return 2;
    case GATEWAY_REFUSED: return 1;
    default: return 0;
    }
}

static void note_attempt(job_t *job)
{
    const gateway_answer_t *answer = &job->delivery.answer;
    attempt_t *attempt;

    if (!job->attempts) {
        job->attempts = apr_array_make(job->batch->pool, 2,
                                       sizeof(attempt_t));
    }
    attempt = apr_array_push(job->attempts);
    attempt->lane = job->lane;
    attempt->answer = *answer;
    attempt->parts_sent = job->delivery.parts_sent;
    if (hope(answer->result)
        > hope(APR_ARRAY_IDX(job->attempts, job->decisive,
                             attempt_t).answer.result)) {
        job->decisive = job->attempts->nelts - 1;
    }
}

/* Another gateway would send parts that this one has taken again, of which no
 * budget knows yet: the rules are asked first. */
static int is_paid_twice(const job_t *job)
{
    return job->parts && job->attempts && job->delivery.parts_sent;
}

/* Another gateway's turn, or the end. */
static void try_next(worker_t *w, job_t *job, apr_time_t now)
{
    apr_time_t when = 0;
    place_e place = now > job->delivery.deadline || is_paid_twice(job)
        ? PLACE_NOWHERE : worker_place(w, job, now, &when);
    const attempt_t *attempt;

    if (place == PLACE_DONE) {
        return;
    }
    if (!job->attempts) {
        worker_later(w, job, when ? when : now + schedule_retry(1),
                     job->delivery.answer.words);
        return;
    }
    attempt = &APR_ARRAY_IDX(job->attempts, job->decisive, attempt_t);
    job->delivery.answer = attempt->answer;
    job->delivery.parts_sent = attempt->parts_sent;
    job->lane = attempt->lane;
    if (job->not_before && job->not_before < when) {
        job->not_before = when;         /* no gateway has room before */
    }
    put_done(w, job);
}

static void take_result(worker_t *w, job_t *job, apr_time_t now)
{
    const gateway_answer_t *answer = &job->delivery.answer;

    worker_lane_result(w, job, now);
    switch (answer->result) {
    case GATEWAY_ACCEPTED:
    case GATEWAY_UNANSWERED:
        decide_sent(w, job, now);
        report(w, job, gateway_result_name(answer->result));
        put_done(w, job);
        break;
    case GATEWAY_NOT_TRIED:
        if (!job->attempts) {
            job->next_choice--;         /* it may have it again */
        }
        try_next(w, job, now);
        break;
    default:
        note_attempt(job);
        decide_failed(w, job, now);
        report(w, job, gateway_result_name(answer->result));
        try_next(w, job, now);
    }
}

void worker_collect(worker_t *w)
{
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < w->nlanes; i++) {
        delivery_t *d = delivery_queue_take(w->lanes[i].queue);

        while (d) {
            delivery_t *next = d->next;

            take_result(w, d->baton, now);
            d = next;
        }
    }
    worker_flush(w);
}

void worker_dry(worker_t *w, job_t *job)
{
    gateway_answer_t *answer = &job->delivery.answer;

    answer->result = GATEWAY_ACCEPTED;
    apr_cpystrn(answer->words, "not sent: dry run", sizeof answer->words);
    job->lane = job->nchoice ? &w->lanes[job->choice[0]] : NULL;
    job->delivery.parts_sent = job->notification->parts->nelts;
    job->sent = 0;
    report(w, job, "dry-run");
    put_done(w, job);
}

void worker_reject(worker_t *w, job_t *job, const char *why, int for_good)
{
    gateway_answer_t *answer = &job->delivery.answer;

    answer->result = GATEWAY_REJECTED;
    apr_cpystrn(answer->words, why, sizeof answer->words);
    job->sent = 0;
    job->not_before = for_good ? 0 : apr_time_now() + NO_GATEWAY;
    job->reason = apr_psprintf(job->batch->pool, "impossible: %s", why);
    report(w, job, "impossible");
    put_done(w, job);
}
