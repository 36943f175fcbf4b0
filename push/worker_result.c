/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker: what the results of deliveries mean, for the row and for
 * the gateway, and the log line of each. */
#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "schedule.h"
#include "worker_int.h"

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

static apr_uint32_t next_random(worker_t *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 17;
    w->random ^= w->random << 5;
    return w->random;
}

/* ---- the line ------------------------------------------------------------ */

/* A value for key=value: as it is, or in quotes if it has to be. */
static const char *quoted(const char *value, apr_pool_t *p)
{
    char *out, *d;
    const char *c;

    for (c = value; *c > 0x20 && *c < 0x7F && !strchr("\"=\\", *c); c++) {
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
               quoted(w->o.gateway->name, p), result, answer->status,
               quoted(answer->words, p), answer->took / 1000.0,
               due->attempts + 1, due->unanswered, when(job->not_before, p));
}

/* ---- the gateway --------------------------------------------------------- */

void worker_hold(worker_t *w, int hold)
{
    int i;

    if (w->health.held != hold) {
        w->health.held = hold;
        for (i = 0; i < w->o.threads; i++) {
            delivery_queue_hold(w->queues[i], hold);
        }
    }
}

static void gateway_works(worker_t *w)
{
    health_t *h = &w->health;

    if (schedule_pause(h->failures, h->refused)) {
        worker_log(w, 5, 0, "gateway %s works again", w->o.gateway->name);
    }
    h->failures = h->refused = 0;
    h->until = 0;
    worker_hold(w, 0);
}

static void gateway_fails(worker_t *w, const gateway_answer_t *answer,
                          apr_time_t now)
{
    health_t *h = &w->health;
    apr_interval_time_t wait;

    if (now < h->until) {
        return;                 /* it was in flight when the pause began */
    }
    if (h->refused != (answer->result == GATEWAY_REFUSED)) {
        h->refused = !h->refused;
        h->failures = 0;
    }
    h->failures++;
    wait = schedule_pause(h->failures, h->refused);
    if (wait) {
        wait = schedule_jitter(wait, next_random(w));
        h->until = now + wait;
        worker_hold(w, 1);
        worker_log(w, 4, 0, "gateway %s %s: %s; nothing is sent for %d s",
                   w->o.gateway->name, h->refused
                   ? "refuses our configuration" : "fails",
                   answer->words, (int)apr_time_sec(wait));
    }
}

/* ---- the row ------------------------------------------------------------- */

static void put_done(worker_t *w, job_t *job)
{
    job->next = NULL;
    *w->last_done = job;
    w->last_done = &job->next;
    w->ndone++;
}

static void decide(worker_t *w, job_t *job, apr_time_t now)
{
    const gateway_answer_t *answer = &job->delivery.answer;
    const store_due_t *due = job->due;
    apr_interval_time_t wait;

    switch (answer->result) {
    case GATEWAY_ACCEPTED:
    case GATEWAY_UNANSWERED:
        job->sent = 1;
        wait = schedule_unanswered(due->unanswered);
        job->not_before = wait ? now + wait : 0;
        break;
    case GATEWAY_REJECTED:
        job->not_before = 0;
        break;
    case GATEWAY_NOT_TRIED:
        job->not_before = now + schedule_retry(1);
        break;
    default:
        job->not_before = now + schedule_jitter(
            schedule_retry(due->attempts + 1), next_random(w));
    }
    job->reason = apr_psprintf(job->batch->pool, "%s: %s",
                               gateway_result_name(answer->result),
                               answer->words);
}

static void take_result(worker_t *w, job_t *job, apr_time_t now)
{
    const gateway_answer_t *answer = &job->delivery.answer;

    decide(w, job, now);
    if (answer->result == GATEWAY_NOT_TRIED) {
        worker_log(w, 7, 0, "push account=%s device=%s not tried: %s",
                   job->due->account_name, job->due->devid, answer->words);
    }
    else {
        report(w, job, gateway_result_name(answer->result));
        if (answer->result == GATEWAY_ACCEPTED
            || answer->result == GATEWAY_REJECTED) {
            gateway_works(w);
        }
        else {
            gateway_fails(w, answer, now);
        }
    }
    put_done(w, job);
}

void worker_collect(worker_t *w)
{
    apr_time_t now = apr_time_now();
    int i;

    for (i = 0; i < w->o.threads; i++) {
        delivery_t *d = delivery_queue_take(w->queues[i]);

        while (d) {
            delivery_t *next = d->next;

            take_result(w, d->baton, now);
            d = next;
        }
    }
}

void worker_reject(worker_t *w, job_t *job, const char *why)
{
    gateway_answer_t *answer = &job->delivery.answer;

    answer->result = GATEWAY_REJECTED;
    apr_cpystrn(answer->words, why, sizeof answer->words);
    job->sent = 0;
    job->not_before = 0;
    job->reason = apr_psprintf(job->batch->pool, "impossible: %s", why);
    report(w, job, "impossible");
    put_done(w, job);
}
