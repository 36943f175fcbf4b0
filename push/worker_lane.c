/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The push worker's gateways: a queue each, their health and their room, and
 * which of them takes a notification. */
#include <string.h>
#include <sys/eventfd.h>

#include <apr_strings.h>

#include "schedule.h"
#include "worker_int.h"

/* As much as a gateway takes in this time is claimed ahead. */
#define AHEAD_SECONDS  5.0
/* A delivery's time before the first is known, and the share that each new
 * one has in the mean. */
#define FIRST_TOOK     0.05
#define SHARE          0.1
/* What finds no room comes back after this at the earliest. */
#define LATER          (APR_USEC_PER_SEC / 4)

apr_uint32_t worker_random(worker_t *w)
{
    w->random ^= w->random << 13;
    w->random ^= w->random >> 17;
    w->random ^= w->random << 5;
    return w->random;
}

const char *worker_transport(const lane_t *lane, apr_pool_t *p)
{
    const gateway_t *gw = lane->route->gateway;

    return strcmp(gw->transport, "sms") != 0 ? gw->transport
        : apr_pstrcat(p, gw->transport, ":", lane->route->name, NULL);
}

/* ---- the lanes ----------------------------------------------------------- */

static void notify(void *baton)
{
    worker_t *w = baton;

    eventfd_write(w->self_fd, 1);
}

static apr_status_t create_lane(worker_t *w, lane_t *lane,
                                const route_t *route)
{
    gateway_options_t go = { .connect_timeout = WORKER_CONNECT,
                             .timeout = WORKER_TIMEOUT };
    apr_allocator_t *allocator;
    apr_pool_t *p;
    apr_status_t rv;

    lane->route = route;
    lane->parallel = route->parallel ? route->parallel
        : w->o.parallel ? w->o.parallel : WORKER_PARALLEL;
    lane->took = FIRST_TOOK;
    lane->last = &lane->first;
    go.parallel = lane->parallel;
    /* The queue's thread allocates: not from what others use. */
    rv = apr_allocator_create(&allocator);
    if (rv == APR_SUCCESS) {
        apr_pool_create_ex(&p, w->pool, NULL, allocator);
        apr_allocator_owner_set(allocator, p);
        rv = delivery_queue_create(&lane->queue, route->gateway, &go,
                                   route->rate, notify, w, p);
    }
    return rv;
}

apr_status_t worker_lanes_create(worker_t *w)
{
    apr_status_t rv = APR_SUCCESS;
    int n = w->o.routes->nelts, i;

    w->lanes = apr_pcalloc(w->pool, n * sizeof *w->lanes);
    for (i = 0; i < n && rv == APR_SUCCESS; i++) {
        rv = create_lane(w, &w->lanes[i],
                         APR_ARRAY_IDX(w->o.routes, i, route_t *));
        w->nlanes++;
    }
    return rv;
}

void worker_lanes_clock(worker_t *w)
{
    int i;

    for (i = 0; i < w->nlanes; i++) {
        w->lanes[i].health.until = 0;
        w->lanes[i].promised = 0;
    }
}

/* ---- room ---------------------------------------------------------------- */

/* Deliveries that the gateway takes in a second, by what it has shown. */
static double pace(const lane_t *lane)
{
    double rate = lane->parallel / (lane->took > 0.0001 ? lane->took : 0.0001);

    return lane->route->rate > 0 && lane->route->rate < rate
        ? lane->route->rate : rate;
}

/* Jobs that the queue may have, whatever its pace. */
static int most_of(const lane_t *lane)
{
    int most = lane->parallel * WORKER_AHEAD;

    return most > WORKER_BATCH ? most : WORKER_BATCH;
}

/* Jobs that the queue may have. */
static int capacity(const lane_t *lane)
{
    double ahead = pace(lane) * AHEAD_SECONDS;
    int most = most_of(lane);

    if (lane->route->rate <= 0 && ahead < lane->parallel) {
        return lane->parallel;      /* slow, but so many at a time */
    }
    return ahead < 1 ? 1 : ahead < most ? (int)ahead : most;
}

static int lane_room(const lane_t *lane, apr_time_t now)
{
    const health_t *h = &lane->health;
    int taken = lane->under_way + lane->reserved;
    int room = capacity(lane) - taken;

    if (now < h->until) {
        return 0;
    }
    if (schedule_pause(h->failures, h->refused)) {
        return taken ? 0 : 1;       /* after a pause: one to try it */
    }
    return room > 0 ? room : 0;
}

int worker_most(const worker_t *w)
{
    int most = 0, i;

    for (i = 0; i < w->nlanes; i++) {
        most += most_of(&w->lanes[i]);
    }
    return most;
}

int worker_room(const worker_t *w, apr_time_t now)
{
    int room = 0, left = worker_most(w) - w->unsettled, i;

    for (i = 0; i < w->nlanes; i++) {
        room += lane_room(&w->lanes[i], now);
    }
    return room < left ? room : left > 0 ? left : 0;
}

apr_time_t worker_pause_end(const worker_t *w)
{
    apr_time_t first = 0;
    int i;

    for (i = 0; i < w->nlanes; i++) {
        apr_time_t until = w->lanes[i].health.until;

        if (until && (!first || until < first)) {
            first = until;
        }
    }
    return first;
}

static void hold(lane_t *lane, int on)
{
    if (lane->health.held != on) {
        lane->health.held = on;
        delivery_queue_hold(lane->queue, on);
    }
}

/* ---- the rate of others -------------------------------------------------- */

/* Rows of the push log that are looked at; then as if the next had it. */
#define MAX_LOOKS  10000

typedef struct pace_t {
    worker_t *w;
    apr_time_t now, from;
    int looks;
    apr_pool_t *p;
} pace_t;

/* A row, the latest first: not known is only when within some seconds after
 * its claim it went out, and while it does, by which gateway. */
static apr_status_t see_sent(void *baton, const store_push_log_t *e)
{
    pace_t *s = baton;
    apr_time_t sent = e->time + WORKER_LATEST;
    int i, any = e->event == STORE_PUSH_SENDING || ++s->looks > MAX_LOOKS;

    if (sent < s->from) {
        return APR_EOF;
    }
    for (i = 0; i < s->w->nlanes; i++) {
        lane_t *lane = &s->w->lanes[i];

        if (lane->route->rate > 0 && !lane->start
            && (any || !strcmp(e->transport, worker_transport(lane, s->p)))) {
            lane->start = (sent < s->now ? sent : s->now)
                + (apr_interval_time_t)(APR_USEC_PER_SEC / lane->route->rate);
            delivery_queue_start(lane->queue, lane->start);
        }
    }
    return s->looks > MAX_LOOKS ? APR_EOF : APR_SUCCESS;
}

apr_status_t worker_lanes_pace(worker_t *w, apr_time_t now)
{
    store_push_filter_t filter = { .events = 1u << STORE_PUSH_SENDING
        | 1u << STORE_PUSH_SENT | 1u << STORE_PUSH_FAILED };
    pace_t s = { .w = w, .now = now, .from = now };
    store_tx_t *tx;
    apr_status_t rv;
    int i;

    for (i = 0; i < w->nlanes; i++) {
        double rate = w->lanes[i].route->rate;

        if (rate > 0 && now - APR_USEC_PER_SEC / rate < s.from) {
            s.from = now - (apr_interval_time_t)(APR_USEC_PER_SEC / rate);
        }
    }
    if (s.from == now) {
        return APR_SUCCESS;
    }
    apr_pool_create(&s.p, w->store_pool);
    rv = store_begin(&tx, w->store, STORE_READ, s.p);
    if (rv == APR_SUCCESS) {
        rv = store_push_log_list(tx, &filter, see_sent, &s);
        store_rollback(&tx);
    }
    apr_pool_destroy(s.p);
    return rv;
}

/* ---- the choice ---------------------------------------------------------- */

/* When a job that finds no room here may come back: one after the other, at
 * the gateway's pace, so that each comes about once. */
static apr_time_t promise(lane_t *lane, apr_time_t now)
{
    apr_time_t from = now > lane->health.until ? now : lane->health.until;

    if (lane->promised < from) {
        lane->promised = from;
    }
    lane->promised += (apr_interval_time_t)(APR_USEC_PER_SEC / pace(lane));
    return lane->promised > now + LATER ? lane->promised : now + LATER;
}

static void put(lane_t *lane, job_t *job)
{
    job->lane = lane;
    lane->under_way++;
    job->delivery.next = NULL;
    *lane->last = &job->delivery;
    lane->last = &job->delivery.next;
}

/* The first of some lanes with room.  One that is well, but busy, is waited
 * for and not gone round; one that is paused is.
 * @param at  in and out: where to begin, where to go on
 * @param wait  out: the lane to wait for, or NULL */
static lane_t *find_lane(worker_t *w, const int *choice, int n, int *at,
                         apr_time_t now, lane_t **wait)
{
    *wait = NULL;
    while (*at < n) {
        lane_t *lane = &w->lanes[choice[(*at)++]];
        const health_t *h = &lane->health;

        if (lane_room(lane, now) > 0) {
            return lane;
        }
        if (now >= h->until && !schedule_pause(h->failures, h->refused)) {
            *wait = lane;
            return NULL;
        }
        if (!*wait || h->until < (*wait)->health.until) {
            *wait = lane;
        }
    }
    return NULL;
}

place_e worker_place(worker_t *w, job_t *job, apr_time_t now,
                     apr_time_t *when)
{
    lane_t *wait = NULL, *lane = w->ending ? NULL
        : find_lane(w, job->choice, job->nchoice, &job->next_choice, now,
                    &wait);

    if (lane) {
        put(lane, job);
        return PLACE_DONE;
    }
    if (wait) {
        *when = promise(wait, now);
        return PLACE_LATER;
    }
    return PLACE_NOWHERE;
}

apr_time_t worker_lane_when(worker_t *w, const store_due_t *due,
                            apr_time_t now, apr_pool_t *ptemp)
{
    static const unsigned char some[1];
    gateway_message_t m = { .device = due->device, .account = due->account,
                            .devid = due->devid,
                            .account_name = due->account_name,
                            .address = w->address, .package = some };
    int choice[ROUTE_MAX], n, at = 0;
    lane_t *wait, *lane;

    if (sms_number(&m.to, due->number, NULL, ptemp) != APR_SUCCESS) {
        m.to = NULL;
    }
    n = route_choose(w->o.routes, &m, choice, ROUTE_MAX);
    lane = find_lane(w, choice, n, &at, now, &wait);
    if (lane) {
        lane->reserved++;
    }
    return lane || !wait ? now : promise(wait, now);
}

apr_int64_t worker_dearest(const worker_t *w, const char *number,
                           apr_pool_t *ptemp)
{
    apr_int64_t usual, dearest = -1, price;
    const char *to;
    int i;

    if (sms_number(&to, number, NULL, ptemp) != APR_SUCCESS) {
        return 0;
    }
    usual = worker_price(w, to);
    for (i = 0; i < w->nlanes; i++) {
        const route_t *route = w->lanes[i].route;

        if (!route->gateway->whole && route_match(route, to) >= 0) {
            price = route->price >= 0 ? route->price : usual;
            dearest = price > dearest ? price : dearest;
        }
    }
    return dearest >= 0 ? dearest : usual;
}

int worker_is_free(const worker_t *w, const store_due_t *due,
                   const char *address)
{
    static const unsigned char some[1];
    gateway_message_t m = { .device = due->device, .account = due->account,
                            .address = address, .package = some };
    int i;

    for (i = 0; i < w->nlanes; i++) {
        const gateway_t *gw = w->lanes[i].route->gateway;

        if (gw->whole && gw->reaches && gw->reaches(gw, &m)) {
            return 1;
        }
    }
    return 0;
}

void worker_unreserve(worker_t *w)
{
    int i;

    for (i = 0; i < w->nlanes; i++) {
        w->lanes[i].reserved = 0;
    }
}

void worker_flush(worker_t *w)
{
    int i;

    for (i = 0; i < w->nlanes; i++) {
        lane_t *lane = &w->lanes[i];

        if (lane->first) {
            hold(lane, 0);      /* the pause is over */
            delivery_queue_add(lane->queue, lane->first);
            lane->first = NULL;
            lane->last = &lane->first;
        }
    }
}

/* ---- health -------------------------------------------------------------- */

static void works(worker_t *w, lane_t *lane)
{
    health_t *h = &lane->health;

    if (schedule_pause(h->failures, h->refused)) {
        worker_log(w, 5, 0, "gateway %s works again", lane->route->label);
    }
    h->failures = h->refused = 0;
    h->until = 0;
    hold(lane, 0);
}

static void fails(worker_t *w, lane_t *lane, const gateway_answer_t *answer,
                  apr_time_t now)
{
    health_t *h = &lane->health;
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
        wait = schedule_jitter(wait, worker_random(w));
        h->until = now + wait;
        hold(lane, 1);
        worker_log(w, 4, 0, "gateway %s %s: %s; nothing is sent for %d s",
                   lane->route->label, h->refused ? "refuses our configuration" : "fails",
                   answer->words, (int)apr_time_sec(wait));
    }
}

void worker_lane_result(worker_t *w, job_t *job, apr_time_t now)
{
    const gateway_answer_t *answer = &job->delivery.answer;
    lane_t *lane = job->lane;

    lane->under_way--;
    if (answer->result == GATEWAY_NOT_TRIED) {
        return;
    }
    worker_count_answer(w, lane, answer, now);
    lane->took += SHARE * (answer->took / (double)APR_USEC_PER_SEC
                           - lane->took);
    if (lane->route->gateway->whole && answer->result != GATEWAY_REFUSED) {
        return;                 /* it says something of the device only */
    }
    switch (answer->result) {
    case GATEWAY_ACCEPTED:
    case GATEWAY_REJECTED:
        works(w, lane);
        break;
    default:
        fails(w, lane, answer, now);
    }
}
