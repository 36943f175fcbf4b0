/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The push worker: rows that were planned by other rules than its own.
 *
 * The store keeps a digest of the rules by which its rows are planned; who
 * changes the settings of an account or a device plans those rows anew
 * himself.  So a worker that starts has nothing to do unless its directives
 * have changed.  Then every row is looked at, some at a time: syncs write
 * between them, and what is due does not wait for what is not.  The place is
 * kept in the store, for the next worker, should this one end before.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_md5.h>
#include <apr_strings.h>

#include "worker_int.h"

/* A setting of the store: the digest; and while not all rows are planned by
 * those rules, a blank and the device of the last that is. */
#define PLANNED_BY  POLICY_PREFIX "planned-by"
/* Part of the digest: another one where the same rules mean something else. */
#define MEANING     "5"
/* Rows at a time: some milliseconds of the store's one writer. */
#define PORTION     500
/* Who starts a worker has mended a gateway: what waits for one up to then
 * need not wait.  The longest pause of one, and its jitter. */
#define PAUSE       apr_time_from_sec(20 * 60)

typedef struct digest_t {
    apr_md5_ctx_t md5;
    apr_pool_t *p;
} digest_t;

/* A text with its length, so that no two lists of them look alike. */
static void add_text(digest_t *d, const char *text)
{
    const char *line = apr_psprintf(d->p, "%d:%s;", (int)strlen(text), text);

    apr_md5_update(&d->md5, line, strlen(line));
}

static void add_number(digest_t *d, apr_int64_t n)
{
    add_text(d, apr_psprintf(d->p, "%" APR_INT64_T_FMT, n));
}

static void add_limits(digest_t *d, const policy_rules_t *r)
{
    int scope, period;

    for (scope = 0; scope < 3; scope++) {
        for (period = 0; period < 2; period++) {
            add_number(d, r->budget[scope][period].sms);
            add_number(d, r->budget[scope][period].cost);
        }
        add_number(d, r->drop[scope]);
    }
}

static void add_rules(digest_t *d, const policy_rules_t *r)
{
    const apr_int64_t all[] = { r->delay, r->max_delay, r->min_interval,
        r->urgent, r->quiet_from, r->quiet_to, r->quiet_urgent,
        r->own_syncs, r->paused, r->dry_run, r->nsteps, r->ndatastores };
    apr_size_t i;
    int k;

    for (i = 0; i < sizeof all / sizeof *all; i++) {
        add_number(d, all[i]);
    }
    for (k = 0; k < r->nsteps; k++) {
        add_number(d, r->steps[k]);
    }
    add_text(d, r->zone_name ? r->zone_name : "");
    for (k = 0; k < r->ndatastores; k++) {
        add_text(d, r->datastores[k].name);
        add_number(d, r->datastores[k].delay);
        add_number(d, r->datastores[k].max_delay);
    }
    add_limits(d, r);
}

/* What decides when a row is told: rules, prices, gateways. */
static const char *digest(const worker_t *w, apr_pool_t *p)
{
    unsigned char octets[APR_MD5_DIGESTSIZE];
    digest_t d = { .p = p };
    int i;

    apr_md5_init(&d.md5);
    add_text(&d, MEANING);
    add_rules(&d, w->o.rules);
    for (i = 0; w->o.prices && i < w->o.prices->nelts; i++) {
        const policy_price_t *price
            = &APR_ARRAY_IDX(w->o.prices, i, policy_price_t);

        add_text(&d, price->prefix);
        add_number(&d, price->price);
    }
    for (i = 0; i < w->nlanes; i++) {
        const char *said = w->lanes[i].route->said;

        add_text(&d, said ? said : w->lanes[i].route->name);
    }
    apr_md5_final(octets, &d.md5);
    return apr_pescape_hex(p, octets, sizeof octets, 0);
}

apr_status_t worker_replan(worker_t *w, store_tx_t *tx, apr_time_t now,
                           int *done)
{
    const char *ours, *by = "";
    store_id_t after = 0, last = 0;
    apr_pool_t *p;
    apr_size_t n;
    apr_status_t rv;

    *done = 0;
    apr_pool_create(&p, w->store_pool);
    ours = digest(w, p);
    n = strlen(ours);
    rv = store_setting_get(tx, PLANNED_BY, &by);
    if (rv == APR_NOTFOUND) {
        by = "";
        rv = APR_SUCCESS;
    }
    if (rv == APR_SUCCESS && strcmp(by, ours) == 0) {
        *done = 1;
        rv = store_due_replan_gateway(tx, now, now + PAUSE);
    }
    else if (rv == APR_SUCCESS) {
        if (strncmp(by, ours, n) == 0 && by[n] == ' ') {
            after = apr_atoi64(by + n + 1);
        }
        rv = store_due_replan_some(tx, after, PORTION, &last);
        *done = !last;
        if (rv == APR_SUCCESS) {
            rv = store_setting_set(tx, PLANNED_BY, *done ? ours
                : apr_psprintf(p, "%s %" APR_INT64_T_FMT, ours, last));
        }
    }
    apr_pool_destroy(p);
    return rv;
}
