/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker's counters: see counters.h. */
#include <string.h>

#include <apr_strings.h>

#include "worker_int.h"

/* The last octet of words stays NUL from the beginning. */
static void put_words(char *to, const char *words, apr_size_t size)
{
    apr_size_t n = strlen(words);

    n = n < size - 1 ? n : size - 1;
    memcpy(to, words, n);
    memset(to + n, 0, size - 1 - n);
}

void worker_count_start(worker_t *w)
{
    push_counters_t *c = w->o.counters;
    int i;

    if (!c) {
        return;
    }
    for (i = 0; i < w->nlanes; i++) {
        push_lane_counters_t *lane = &c->lanes[i];
        const char *name = w->lanes[i].route->name;

        /* Another gateway than its predecessor's has other counts. */
        if (i >= c->nlanes || strcmp(lane->name, name) != 0) {
            memset(lane, 0, sizeof *lane);
            apr_cpystrn(lane->name, name, sizeof lane->name);
        }
    }
    c->nlanes = w->nlanes;
    c->workers++;
    c->started = apr_time_now();
}

void worker_count_round(worker_t *w, apr_time_t now)
{
    push_counters_t *c = w->o.counters;
    int i;

    if (!c) {
        return;
    }
    c->looked = now;
    c->claimed = (apr_uint32_t)w->unsettled;
    c->next_due = w->next_due;
    for (i = 0; i < w->nlanes; i++) {
        const lane_t *lane = &w->lanes[i];

        c->lanes[i].queued = (apr_uint32_t)lane->under_way;
        c->lanes[i].paused_until = lane->health.until > now
            ? lane->health.until : 0;
    }
}

void worker_count_answer(worker_t *w, const lane_t *lane,
                         const gateway_answer_t *answer, apr_time_t now)
{
    push_lane_counters_t *c;

    if (!w->o.counters) {
        return;
    }
    c = &w->o.counters->lanes[lane - w->lanes];
    switch (answer->result) {
    case GATEWAY_ACCEPTED:
        c->accepted++;
        return;
    case GATEWAY_UNANSWERED:
        c->unanswered++;
        break;
    case GATEWAY_REJECTED:
        c->rejected++;
        break;
    default:
        c->failed++;
    }
    put_words(c->last_error, answer->words, sizeof c->last_error);
    c->error_time = now;
}

void worker_count_job(worker_t *w, const job_t *job)
{
    push_counters_t *c = w->o.counters;

    if (!c || job->dry) {
        return;
    }
    if (job->sent) {
        c->sent++;
    }
    else if (job->delivery.answer.result == GATEWAY_NOT_TRIED) {
        c->put_off++;
    }
    else {
        c->failed++;
    }
    if (!job->not_before && !job->request
        && job->delivery.answer.result != GATEWAY_NOT_TRIED) {
        c->suspended++;
    }
}

void worker_count_hold(worker_t *w, apr_time_t until)
{
    push_counters_t *c = w->o.counters;

    if (c && until) {
        c->held_back++;
    }
    else if (c) {
        c->suspended++;
    }
}

void worker_count_trouble(worker_t *w, const char *words, apr_time_t now)
{
    push_counters_t *c = w->o.counters;

    if (c) {
        put_words(c->last_error, words, sizeof c->last_error);
        c->error_time = now;
    }
}
