/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * The calls of store.h for push: what is owed, what was told, budgets,
 * settings of accounts and requests for a test.
 */
#include <apr_strings.h>

#include "store_calls.h"

#define BAD_OWNER   "a lease's owner has 1 to 255 octets"
#define BAD_TIME    "a time is not negative"
#define BAD_ENTRY   "a row of the push log has an event, a number and a cost"
#define BAD_TOKEN   "a token has 1 to 64 octets"
#define BAD_REQUEST "no request was given"

/* A text for people: a long one is cut, at a whole character. */
static const char *cut(store_tx_t *tx, const char *text)
{
    size_t n;

    text = or_empty(text);
    n = strnlen(text, STORE_MAX_ANSWER + 1);
    if (n <= STORE_MAX_ANSWER)
        return text;
    n = STORE_MAX_ANSWER;
    while (n > 0 && (text[n] & 0xc0) == 0x80)
        n--;
    return apr_pstrmemdup(tx->p, text, n);
}

/* ---- what is owed ------------------------------------------------------ */

/* The rules of those who have none. */
static apr_status_t at_once(void *baton, store_tx_t *tx,
                            const store_due_t *due, apr_time_t now,
                            store_plan_t *plan)
{
    plan->when = due->not_before > now ? due->not_before : now;
    return APR_SUCCESS;
}

apr_status_t store_due_claim(store_tx_t *tx, apr_time_t now,
                             store_due_plan_fn *plan, void *baton,
                             apr_interval_time_t lease, const char *owner,
                             int max, apr_array_header_t **dues)
{
    *dues = NULL;
    BEGIN(STORE_WRITE);
    NEED(good_name(owner), BAD_OWNER);
    NEED(now > 0 && lease > 0 && max > 0,
         "a claim needs a time, a lease and a number of rows");
    CALL(due_claim, now, plan ? plan : at_once, baton, lease, owner, max,
         dues);
}

apr_status_t store_due_sent(store_tx_t *tx, store_id_t device,
                            const char *owner, apr_time_t not_before)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_name(owner), BAD_OWNER);
    NEED(not_before >= 0, BAD_TIME);
    CALL(due_sent, device, owner, not_before);
}

apr_status_t store_due_dry(store_tx_t *tx, store_id_t device,
                           const char *owner)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_name(owner), BAD_OWNER);
    CALL(due_dry, device, owner);
}

apr_status_t store_due_failed(store_tx_t *tx, store_id_t device,
                              const char *owner, apr_time_t not_before,
                              const char *reason)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_name(owner), BAD_OWNER);
    NEED(not_before >= 0, BAD_TIME);
    CALL(due_failed, device, owner, not_before, cut(tx, reason));
}

apr_status_t store_due_later(store_tx_t *tx, store_id_t device,
                             const char *owner, apr_time_t when)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(good_name(owner), BAD_OWNER);
    NEED(when > 0, BAD_TIME);
    CALL(due_later, device, owner, when);
}

apr_status_t store_due_undelivered(store_tx_t *tx, store_id_t device,
                                   apr_time_t until, apr_time_t not_before,
                                   const char *reason)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    NEED(until >= 0 && not_before >= 0, BAD_TIME);
    CALL(due_undelivered, device, until, not_before, cut(tx, reason));
}

apr_status_t store_due_release(store_tx_t *tx, const char *owner)
{
    BEGIN(STORE_WRITE);
    NEED(good_name(owner), BAD_OWNER);
    CALL(due_release, owner);
}

apr_status_t store_due_next(store_tx_t *tx, apr_time_t *when)
{
    *when = 0;
    BEGIN(STORE_READ);
    CALL(due_next, when);
}

apr_status_t store_due_get(store_tx_t *tx, store_id_t device,
                           store_due_t **due)
{
    BEGIN(STORE_READ);
    NEED(due, "an out argument is missing");
    *due = NULL;
    NEED(good_id(device), BAD_DEVICE);
    CALL(due_get, device, due);
}

apr_status_t store_due_list(store_tx_t *tx, store_id_t account,
                            store_due_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(account >= 0, BAD_ACCOUNT);
    NEED(fn, BAD_CALLBACK);
    CALL(due_list, account, fn, baton);
}

apr_status_t store_due_refresh(store_tx_t *tx, store_id_t device)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    CALL(due_refresh, device);
}

apr_status_t store_due_now(store_tx_t *tx, store_id_t device)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(device), BAD_DEVICE);
    CALL(due_now, device);
}

apr_status_t store_due_replan(store_tx_t *tx, store_id_t account,
                              store_id_t device)
{
    BEGIN(STORE_WRITE);
    NEED(account >= 0, BAD_ACCOUNT);
    NEED(device >= 0, BAD_DEVICE);
    CALL(due_replan, account, device);
}

apr_status_t store_due_replan_some(store_tx_t *tx, store_id_t after,
                                   int limit, store_id_t *last)
{
    *last = 0;
    BEGIN(STORE_WRITE);
    NEED(after >= 0, BAD_DEVICE);
    NEED(limit > 0, "a number of rows is above 0");
    CALL(due_replan_some, after, limit, last);
}

apr_status_t store_due_replan_gateway(store_tx_t *tx, apr_time_t from,
                                      apr_time_t to)
{
    BEGIN(STORE_WRITE);
    NEED(from >= 0 && to >= 0, BAD_TIME);
    CALL(due_replan_gateway, from, to);
}

apr_status_t store_due_waits(store_tx_t *tx, store_id_t after,
                             store_id_t *account)
{
    *account = 0;
    BEGIN(STORE_READ);
    NEED(after >= -1, BAD_ACCOUNT);
    CALL(due_waits, after, account);
}

apr_status_t store_due_wake(store_tx_t *tx, store_id_t account, int limit,
                            int *woken)
{
    *woken = 0;
    BEGIN(STORE_WRITE);
    NEED(account >= 0, BAD_ACCOUNT);
    NEED(limit > 0, "a number of rows is above 0");
    CALL(due_wake, account, limit, woken);
}

apr_status_t store_due_clock(store_tx_t *tx, apr_time_t now, int *moved)
{
    int ignored;

    if (!moved)
        moved = &ignored;
    *moved = 0;
    BEGIN(STORE_WRITE);
    NEED(now > 0, BAD_TIME);
    CALL(due_clock, now, moved);
}

apr_status_t store_due_ahead(store_tx_t *tx, apr_time_t now, int *ahead)
{
    *ahead = 0;
    BEGIN(STORE_READ);
    NEED(now > 0, BAD_TIME);
    CALL(due_ahead, now, ahead);
}

/* ---- the push log ------------------------------------------------------ */

static void complete(store_tx_t *tx, store_push_log_t *e)
{
    e->devid = cut(tx, e->devid);
    e->reason = cut(tx, e->reason);
    e->transport = cut(tx, e->transport);
    e->number = cut(tx, e->number);
    e->answer = cut(tx, e->answer);
    e->message_id = cut(tx, e->message_id);
    e->token = or_empty(e->token);
    e->report_text = cut(tx, e->report_text);
}

static int good_entry(const store_push_log_t *e)
{
    return e->event >= STORE_PUSH_SENDING && e->event <= STORE_PUSH_EVENTS
           && e->parts >= 0 && e->cost >= 0 && e->until >= 0 && e->time >= 0;
}

apr_status_t store_push_log_add(store_tx_t *tx, store_push_log_t *entry)
{
    store_push_log_t e = *entry;

    entry->id = 0;
    BEGIN(STORE_WRITE);
    NEED(e.account >= 0, BAD_ACCOUNT);
    NEED(e.device >= 0, BAD_DEVICE);
    NEED(good_entry(&e), BAD_ENTRY);
    complete(tx, &e);
    e.datastores = cut(tx, e.datastores);
    NEED(good_text(e.token, STORE_MAX_TOKEN), BAD_TOKEN);
    if (!e.time)
        e.time = tx->now;
    rv_ = store_tx_result(tx, mode_, tx->driver->push_log_add(tx, &e));
    entry->id = e.id;
    entry->time = e.time;
    return rv_;
}

apr_status_t store_push_log_result(store_tx_t *tx, store_push_log_t *entry)
{
    store_push_log_t e = *entry;

    entry->report = STORE_REPORT_NONE;
    entry->report_text = "";
    entry->answered = 0;
    BEGIN(STORE_WRITE);
    NEED(good_id(e.id) && good_entry(&e), BAD_ENTRY);
    complete(tx, &e);
    if (e.datastores)
        e.datastores = cut(tx, e.datastores);
    rv_ = store_tx_result(tx, mode_, tx->driver->push_log_result(tx, &e));
    if (rv_ == APR_SUCCESS && e.event != STORE_PUSH_RELEASED) {
        entry->report = e.report;
        entry->report_text = e.report_text;
        entry->answered = e.answered;
    }
    return rv_;
}

apr_status_t store_push_log_sending(store_tx_t *tx, apr_time_t from,
                                    apr_time_t to, int limit,
                                    store_push_log_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(from >= 0 && to >= 0, BAD_TIME);
    NEED(limit >= 0, "a limit is not negative");
    NEED(fn, BAD_CALLBACK);
    CALL(push_log_sending, from, to, limit, fn, baton);
}

apr_status_t store_push_log_report(store_tx_t *tx, const char *token,
                                   store_report_e report, const char *text,
                                   apr_time_t when,
                                   store_push_log_t **entry)
{
    store_push_log_t *ignored;

    if (!entry)
        entry = &ignored;
    *entry = NULL;
    BEGIN(STORE_WRITE);
    NEED(good_text(token, STORE_MAX_TOKEN) && *token, BAD_TOKEN);
    NEED(report > STORE_REPORT_NONE && report <= STORE_REPORT_FAILED,
         "a report is accepted, buffered, delivered or failed");
    NEED(when > 0, BAD_TIME);
    CALL(push_log_report, token, report, cut(tx, text), when, entry);
}

apr_status_t store_push_log_list(store_tx_t *tx,
                                 const store_push_filter_t *filter,
                                 store_push_log_fn *fn, void *baton)
{
    store_push_filter_t f = *filter;

    BEGIN(STORE_READ);
    NEED(f.account >= 0, BAD_ACCOUNT);
    NEED(f.device >= 0, BAD_DEVICE);
    NEED(f.before >= 0 && f.limit >= 0, "a limit is not negative");
    NEED(fn, BAD_CALLBACK);
    if (!f.before)
        f.before = APR_INT64_MAX;
    if (!f.events)
        f.events = ~(apr_uint32_t)0;
    CALL(push_log_list, &f, fn, baton);
}

apr_status_t store_push_log_gc(store_tx_t *tx, apr_time_t before, int limit,
                               apr_int64_t *removed)
{
    apr_int64_t ignored;

    if (!removed)
        removed = &ignored;
    *removed = 0;
    BEGIN(STORE_WRITE);
    NEED(before >= 0, BAD_TIME);
    NEED(limit >= 0, "a limit is not negative");
    CALL(push_log_gc, before, limit, removed);
}

/* ---- budgets ----------------------------------------------------------- */

void store_use_period(apr_time_t when, int *day, int *month)
{
    apr_time_exp_t e;

    apr_time_exp_lt(&e, when);
    *month = (e.tm_year + 1900) * 100 + e.tm_mon + 1;
    *day = *month * 100 + e.tm_mday;
}

apr_status_t store_push_use(store_tx_t *tx, store_use_e scope, store_id_t id,
                            apr_time_t when, store_use_t *use)
{
    memset(use, 0, sizeof(*use));
    BEGIN(STORE_READ);
    NEED(scope >= STORE_USE_SERVER && scope <= STORE_USE_DEVICE,
         "a budget is the server's, an account's or a device's");
    NEED(scope == STORE_USE_SERVER ? id == 0 : good_id(id), BAD_DEVICE);
    NEED(when > 0, BAD_TIME);
    CALL(push_use, scope, id, when, use);
}

/* ---- settings of an account -------------------------------------------- */

apr_status_t store_account_setting_get(store_tx_t *tx, store_id_t account,
                                       const char *name, const char **value)
{
    *value = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_name(name), BAD_SETTING);
    CALL(account_setting_get, account, name, value);
}

apr_status_t store_account_setting_set(store_tx_t *tx, store_id_t account,
                                       const char *name, const char *value)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(good_name(name), BAD_SETTING);
    NEED(!value || good_text(value, STORE_MAX_VALUE),
         "a setting's value is too long");
    CALL(account_setting_set, account, name, value);
}

apr_status_t store_account_setting_list(store_tx_t *tx, store_id_t account,
                                        store_setting_fn *fn, void *baton)
{
    BEGIN(STORE_READ);
    NEED(good_id(account), BAD_ACCOUNT);
    NEED(fn, BAD_CALLBACK);
    CALL(account_setting_list, account, fn, baton);
}

/* ---- requests for a test ----------------------------------------------- */

apr_status_t store_push_request_add(store_tx_t *tx,
                                    store_push_request_t *request)
{
    request->id = 0;
    BEGIN(STORE_WRITE);
    NEED(good_text(request->number, STORE_MAX_NUMBER) && *request->number,
         "a number has 1 to 32 octets");
    request->uri = or_empty(request->uri);
    NEED(good_text(request->uri, STORE_MAX_URI), "a path is too long");
    CALL(push_request_add, request);
}

apr_status_t store_push_request_claim(store_tx_t *tx, apr_time_t now,
                                      apr_interval_time_t lease,
                                      store_push_request_t **request)
{
    *request = NULL;
    BEGIN(STORE_WRITE);
    NEED(now > 0 && lease > 0, BAD_TIME);
    CALL(push_request_claim, now, lease, request);
}

apr_status_t store_push_request_next(store_tx_t *tx, apr_time_t *when)
{
    *when = 0;
    BEGIN(STORE_READ);
    CALL(push_request_next, when);
}

apr_status_t store_push_request_done(store_tx_t *tx, store_id_t id, int ok,
                                     const char *result)
{
    BEGIN(STORE_WRITE);
    NEED(good_id(id), BAD_REQUEST);
    CALL(push_request_done, id, ok, cut(tx, result));
}

apr_status_t store_push_request_get(store_tx_t *tx, store_id_t id,
                                    store_push_request_t **request)
{
    *request = NULL;
    BEGIN(STORE_READ);
    NEED(good_id(id), BAD_REQUEST);
    CALL(push_request_get, id, request);
}
