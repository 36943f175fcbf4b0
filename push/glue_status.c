/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* The workers on mod_status' page: see glue_status.h. */
#include "push/glue_status.h"

#include "apr_optional_hooks.h"
#include "apr_strings.h"
#include "http_core.h"
#include "http_main.h"
#include "http_protocol.h"
#include "mod_status.h"

#define KEY  "mod_syncml_push_status"

/* ---- ?auto --------------------------------------------------------------- */

static void auto_number(request_rec *r, const char *name, apr_int64_t n)
{
    ap_rprintf(r, "SyncMLPush%s: %" APR_INT64_T_FMT "\n", name, n);
}

static void auto_lane(request_rec *r, const push_lane_counters_t *lane)
{
    const struct { const char *name; apr_int64_t n; } values[] = {
        { "Queued", lane->queued }, { "Accepted", lane->accepted },
        { "Unanswered", lane->unanswered }, { "Failed", lane->failed },
        { "Rejected", lane->rejected },
        { "PausedUntil", apr_time_sec(lane->paused_until) }
    };
    apr_size_t i;

    for (i = 0; i < sizeof values / sizeof *values; i++) {
        auto_number(r, apr_pstrcat(r->pool, "Gateway.", lane->name, ".",
                                   values[i].name, NULL), values[i].n);
    }
}

static void show_auto(request_rec *r, const glue_worker_t *w)
{
    const push_counters_t *c = w->counters;
    int i;

    ap_rprintf(r, "SyncMLPushStore: %s\n", w->store_url);
    auto_number(r, "Workers", c->workers);
    auto_number(r, "Claimed", c->claimed);
    auto_number(r, "NextDue", apr_time_sec(c->next_due));
    auto_number(r, "Sent", c->sent);
    auto_number(r, "Failed", c->failed);
    auto_number(r, "Suspended", c->suspended);
    auto_number(r, "PutOff", c->put_off);
    auto_number(r, "HeldBack", c->held_back);
    auto_number(r, "HeldOpen", c->held.open);
    auto_number(r, "HeldConnected", c->held.connected);
    auto_number(r, "HeldLogins", c->held.logins);
    auto_number(r, "HeldFailedLogins", c->held.failed_logins);
    auto_number(r, "HeldTurnedAway", c->held.turned_away);
    auto_number(r, "HeldDead", c->held.dead);
    auto_number(r, "HeldTold", c->held.told);
    for (i = 0; i < c->nlanes; i++) {
        auto_lane(r, &c->lanes[i]);
    }
}

/* ---- for people ---------------------------------------------------------- */

static const char *when(request_rec *r, apr_time_t t)
{
    char buf[APR_RFC822_DATE_LEN];

    if (!t) {
        return "";
    }
    apr_rfc822_date(buf, t);
    return apr_pstrdup(r->pool, buf);
}

/* The words may be half-written while they are read: take them once. */
static const char *words(request_rec *r, const char *text)
{
    return ap_escape_html(r->pool, apr_pstrdup(r->pool, text));
}

static void show_lane(request_rec *r, const push_lane_counters_t *lane)
{
    ap_rprintf(r, "<tr><td>%s</td><td>%u</td><td>%u</td><td>%u</td><td>%u"
               "</td><td>%u</td><td>%s</td><td>%s %s</td></tr>\n",
               ap_escape_html(r->pool, lane->name), lane->queued,
               lane->accepted, lane->unanswered, lane->failed,
               lane->rejected, when(r, lane->paused_until),
               when(r, lane->error_time), words(r, lane->last_error));
}

static void show_page(request_rec *r, const glue_worker_t *w)
{
    const push_counters_t *c = w->counters;
    int i;

    ap_rprintf(r, "<h2>SyncML push: %s</h2>\n<dl>\n",
               ap_escape_html(r->pool, w->store_url));
    ap_rprintf(r, "<dt>Worker: since %s, %u started so far, latest round "
               "%s</dt>\n", c->started ? when(r, c->started)
               : "(none is running yet)", c->workers, when(r, c->looked));
    ap_rprintf(r, "<dt>Devices: %u being told, %u told, %u attempts failed, "
               "%u suspended, %u put off, %u held back by rules; next due: "
               "%s</dt>\n", c->claimed, c->sent, c->failed, c->suspended,
               c->put_off, c->held_back,
               c->next_due ? when(r, c->next_due) : "nothing");
    ap_rprintf(r, "<dt>Held connections: %u open, %u logged in; %u logins, "
               "%u failed, %u turned away, %u dead, %u notifications"
               "</dt>\n", c->held.open, c->held.connected, c->held.logins,
               c->held.failed_logins, c->held.turned_away, c->held.dead,
               c->held.told);
    if (c->error_time) {
        ap_rprintf(r, "<dt>The store, %s: %s</dt>\n",
                   when(r, c->error_time), words(r, c->last_error));
    }
    ap_rputs("</dl>\n<table border=\"0\"><tr><th>Gateway</th><th>Queued"
             "</th><th>Accepted</th><th>Unanswered</th><th>Failed</th>"
             "<th>Rejected</th><th>Paused until</th><th>Last error</th>"
             "</tr>\n", r);
    for (i = 0; i < c->nlanes; i++) {
        show_lane(r, &c->lanes[i]);
    }
    ap_rputs("</table>\n", r);
}

/* ---- the hook ------------------------------------------------------------ */

static const apr_array_header_t *shown(void)
{
    void *workers = NULL;

    apr_pool_userdata_get(&workers, KEY, ap_server_conf->process->pconf);
    return workers;
}

static int status_hook(request_rec *r, int flags)
{
    const apr_array_header_t *workers = shown();
    int i;

    for (i = 0; workers && i < workers->nelts; i++) {
        const glue_worker_t *w = APR_ARRAY_IDX(workers, i, glue_worker_t *);

        if (!w->counters) {
            continue;
        }
        if (flags & AP_STATUS_SHORT) {
            show_auto(r, w);
        }
        else {
            show_page(r, w);
        }
    }
    return OK;
}

void glue_status_register(apr_pool_t *p)
{
    APR_OPTIONAL_HOOK(ap, status_hook, status_hook, NULL, NULL,
                      APR_HOOK_MIDDLE);
}

void glue_status_show(const apr_array_header_t *workers, apr_pool_t *pconf)
{
    apr_pool_userdata_setn(workers, KEY, NULL, pconf);
}
