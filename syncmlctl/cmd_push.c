/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* push log, now, pause, resume, test: see ctl.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "push/policy.h"
#include "syncmlctl/ctl.h"

#define USUAL_LIMIT  50
/* How long somebody who asks for a test waits for the worker. */
#define TEST_WAIT    apr_time_from_sec(40)
#define TEST_LOOK    (APR_USEC_PER_SEC / 10)

/* ---- log ----------------------------------------------------------------- */

static const char *const events[STORE_PUSH_EVENTS + 1] = {
    "", "sending", "sent", "failed", "held", "suspended", "dry-run",
    "fetched", "undone", "released"
};
static const char *const reports[] = {
    "", "accepted", "buffered", "delivered", "failed"
};

static int find_event(const char *word)
{
    int i;

    for (i = 1; i <= STORE_PUSH_EVENTS; i++)
        if (!strcmp(events[i], word))
            return i;
    return 0;
}

int ctl_push_prepare(ctl_t *ctl)
{
    const char *limit = ctl->options[OPT_LIMIT];
    const char *since = ctl->options[OPT_SINCE];
    const char *event = ctl->options[OPT_EVENT];
    apr_interval_time_t age;
    char *end;

    ctl->limit = USUAL_LIMIT;
    if (limit) {
        long n = strtol(limit, &end, 10);

        if (end == limit || *end || n < 0 || n > 1000000000)
            return ctl_fail(ctl, CTL_USAGE, "\"%s\" is no number of rows",
                            limit);
        ctl->limit = (int)n;
    }
    if (since && policy_time(&age, since) != APR_SUCCESS)
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" is no time to look back; "
                        "right are 2h, 7d", since);
    if (event && !find_event(event))
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" is no event: there are "
                        "sending, sent, failed, held, suspended, dry-run, "
                        "fetched, undone and released", event);
    return CTL_OK;
}

typedef struct log_t {
    ctl_t *ctl;
    ctl_json_t j;
    ctl_table_t *t;
} log_t;

/** 750 is "0.075". */
static const char *money(apr_int64_t cost, apr_pool_t *p)
{
    char *text = apr_psprintf(p, "%" APR_INT64_T_FMT ".%04d", cost / 10000,
                              (int)(cost % 10000));
    size_t n = strlen(text);

    while (text[n - 1] == '0' && text[n - 3] != '.')
        text[--n] = '\0';
    return text;
}

static void json_entry(log_t *log, const store_push_log_t *e)
{
    ctl_json_t *j = &log->j;

    ctl_json_open(j, NULL, '{');
    ctl_json_int(j, "id", e->id);
    ctl_json_time(j, "time", e->time);
    ctl_json_string(j, "account", e->account
                    ? ctl_account_name(log->ctl, e->account) : NULL);
    ctl_json_string(j, "device", e->devid);
    ctl_json_string(j, "event", events[e->event]);
    ctl_json_string(j, "reason", e->reason);
    ctl_json_string(j, "transport", e->transport);
    ctl_json_string(j, "number", e->number);
    ctl_json_string(j, "datastores", e->datastores);
    ctl_json_int(j, "parts", e->parts);
    ctl_json_string(j, "cost", money(e->cost, log->ctl->p));
    ctl_json_string(j, "answer", e->answer);
    ctl_json_string(j, "message_id", e->message_id);
    ctl_json_time(j, "since", e->first_change);
    ctl_json_time(j, "until", e->until);
    ctl_json_string(j, "report", *reports[e->report] ? reports[e->report]
                                                     : NULL);
    ctl_json_string(j, "report_text", e->report_text);
    ctl_json_time(j, "report_time", e->report_time);
    ctl_json_time(j, "answered", e->answered);
    ctl_json_close(j, '}');
}

/** Until the phone synced: "12s", "3min", "2h". */
static const char *took(const store_push_log_t *e, apr_pool_t *p)
{
    apr_int64_t s = apr_time_sec(e->answered - e->time);

    if (e->event != STORE_PUSH_SENT && e->event != STORE_PUSH_SENDING)
        return "-";
    if (!e->answered)
        return "no";
    return s < 120 ? apr_psprintf(p, "%ds", (int)s)
        : s < 7200 ? apr_psprintf(p, "%dmin", (int)(s / 60))
        : apr_psprintf(p, "%dh", (int)(s / 3600));
}

static apr_status_t log_row(void *baton, const store_push_log_t *e)
{
    log_t *log = baton;
    apr_pool_t *p = log->ctl->p;
    const char *words = e->answer;

    if (log->ctl->json) {
        json_entry(log, e);
        return APR_SUCCESS;
    }
    if (e->event == STORE_PUSH_HELD)
        words = e->until ? apr_pstrcat(p, "until ", ctl_time(e->until, p),
                                       NULL) : "until it is switched on";
    ctl_table_add(log->t, ctl_time(e->time, p));
    ctl_table_add(log->t, e->account ? ctl_account_name(log->ctl, e->account)
                                     : "-");
    ctl_table_add(log->t, *e->devid ? e->devid : "-");
    ctl_table_add(log->t, events[e->event]);
    ctl_table_add(log->t, e->reason);
    ctl_table_add(log->t, *e->transport ? e->transport : "-");
    ctl_table_add(log->t, *e->number ? e->number : "-");
    ctl_table_add(log->t, *e->datastores ? e->datastores : "-");
    ctl_table_add(log->t, apr_itoa(p, e->parts));
    ctl_table_add(log->t, money(e->cost, p));
    ctl_table_add(log->t, *reports[e->report] ? reports[e->report] : "-");
    ctl_table_add(log->t, took(e, p));
    ctl_table_add(log->t, words);
    return APR_SUCCESS;
}

static int make_filter(ctl_t *ctl, store_push_filter_t *f)
{
    apr_interval_time_t age = 0;
    store_device_t *d;
    store_account_t *account = NULL;
    int status = ctl_begin_list(ctl, &account);

    memset(f, 0, sizeof(*f));
    if (status == CTL_OK && ctl->options[OPT_DEVICE]) {
        status = ctl_device(ctl, ctl->options[OPT_DEVICE], &d);
        if (status == CTL_OK)
            f->device = d->id;
    }
    if (status != CTL_OK)
        return status;
    f->account = account ? account->id : 0;
    f->limit = ctl->limit;
    f->number = ctl->options[OPT_NUMBER];
    if (ctl->options[OPT_EVENT])
        f->events = 1u << find_event(ctl->options[OPT_EVENT]);
    if (ctl->options[OPT_SINCE]
        && policy_time(&age, ctl->options[OPT_SINCE]) == APR_SUCCESS)
        f->since = apr_time_now() - age;
    return CTL_OK;
}

int ctl_push_log(ctl_t *ctl)
{
    static const char *const heads[] = {
        "TIME", "ACCOUNT", "DEVICE", "EVENT", "REASON", "BY", "NUMBER",
        "DATASTORES", "SMS", "COST", "REPORT", "SYNCED", "ANSWER", NULL
    };
    store_push_filter_t filter;
    apr_status_t rv;
    log_t log;
    int status = make_filter(ctl, &filter);

    if (status != CTL_OK)
        return status;
    memset(&log, 0, sizeof(log));
    log.ctl = ctl;
    log.t = ctl_table_make(ctl->p, heads);
    if (ctl->json)
        ctl_json_open(&log.j, NULL, '[');
    rv = store_push_log_list(ctl->tx, &filter, log_row, &log);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list the push log");
    if (ctl->json)
        ctl_json_close(&log.j, ']');
    else
        ctl_table_print(log.t, "Nothing was told, and nothing was held.");
    return CTL_OK;
}

/* ---- now ----------------------------------------------------------------- */

static void say(ctl_t *ctl, const char *key, const char *whose,
                const char *done)
{
    ctl_json_t j = { 0, { 0 } };

    if (!ctl->json) {
        printf("%s%s%s: %s\n", key, *whose ? " " : "",
               ctl_clean(whose, ctl->p), done);
        return;
    }
    ctl_json_open(&j, NULL, '{');
    ctl_json_string(&j, key, whose);
    ctl_json_string(&j, "done", done);
    ctl_json_close(&j, '}');
}

int ctl_push_now(ctl_t *ctl)
{
    store_device_t *d;
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE), reached;

    if (status == CTL_OK)
        status = ctl_device(ctl, ctl->argv[0], &d);
    if (status != CTL_OK)
        return status;
    rv = ctl_device_reached(ctl, d, &reached);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the device is not told");
    if (!d->push || !reached)
        return ctl_fail(ctl, CTL_BAD_DATA, "device %s %s: `syncmlctl device "
                        "set' changes that", ctl_clean(d->devid, ctl->p),
                        d->push ? "has no number, and no other way to it is "
                        "known" : "is not to be told");
    rv = store_due_now(ctl->tx, d->id);
    if (rv == APR_NOTFOUND)
        return ctl_fail(ctl, CTL_NOT_FOUND, "device %s lacks nothing that it "
                        "could be told of", ctl_clean(d->devid, ctl->p));
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the device is not told");
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        say(ctl, "device", d->devid, "is told now");
    return status;
}

/* ---- pause, resume ------------------------------------------------------- */

/** Whose settings are meant: of --device, of --account, or of all. */
int ctl_push_scope(ctl_t *ctl, store_id_t *account, store_id_t *device,
                   const char **key, const char **whose)
{
    store_account_t *a;
    store_device_t *d;
    int status = CTL_OK;

    *account = *device = 0;
    *key = "server";
    *whose = "";
    if (ctl->options[OPT_DEVICE]) {
        status = ctl_device(ctl, ctl->options[OPT_DEVICE], &d);
        if (status == CTL_OK) {
            *account = d->account;
            *device = d->id;
            *key = "device";
            *whose = d->devid;
        }
    }
    else if (ctl->options[OPT_ACCOUNT]) {
        status = ctl_account(ctl, &a);
        if (status == CTL_OK) {
            *account = a->id;
            *key = "account";
            *whose = a->name;
        }
    }
    return status;
}

static int set_paused(ctl_t *ctl, const char *value, const char *done)
{
    static const char name[] = POLICY_PREFIX "paused";
    store_id_t account = 0, device = 0;
    const char *key = "", *whose = "";
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE);

    if (status == CTL_OK)
        status = ctl_push_scope(ctl, &account, &device, &key, &whose);
    if (status != CTL_OK)
        return status;
    rv = device ? store_device_setting_set(ctl->tx, device, name, value)
        : account ? store_account_setting_set(ctl->tx, account, name, value)
        : store_setting_set(ctl->tx, name, value);
    if (rv == APR_SUCCESS)
        rv = store_due_replan(ctl->tx, account, device);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "nothing was changed");
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        say(ctl, key, whose, done);
    return status;
}

int ctl_push_pause(ctl_t *ctl)
{
    return set_paused(ctl, "on", "push is paused");
}

int ctl_push_resume(ctl_t *ctl)
{
    return set_paused(ctl, NULL, "push goes on");
}

/* ---- test ---------------------------------------------------------------- */

int ctl_push_test_prepare(ctl_t *ctl)
{
    ctl->number = ctl_number(ctl->argv[0], ctl->p);
    if (!ctl->number)
        return ctl_fail(ctl, CTL_BAD_DATA, "\"%s\" is no telephone number: 3 "
                        "to 15 digits, with a + before the country code",
                        ctl->argv[0]);
    return CTL_OK;
}

/** Forget a request that nobody has taken in time: it must not go out when a
 * worker is started tomorrow. */
static int give_up(ctl_t *ctl, store_id_t id)
{
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE);

    if (status != CTL_OK)
        return status;
    rv = store_push_request_done(ctl->tx, id, 0, "nobody took it");
    if (rv == APR_SUCCESS)
        status = ctl_commit(ctl);
    return status != CTL_OK ? status
        : ctl_fail(ctl, CTL_FAILURE, "no worker has answered within %d "
                   "seconds: is httpd running with SyncMLPush on and this "
                   "store?", (int)apr_time_sec(TEST_WAIT));
}

static int wait_done(ctl_t *ctl, store_id_t id,
                     store_push_request_t **request)
{
    apr_time_t end = apr_time_now() + TEST_WAIT;
    int status;

    do {
        apr_status_t rv;

        apr_sleep(TEST_LOOK);
        status = ctl_begin(ctl, STORE_READ);
        if (status != CTL_OK)
            return status;
        rv = store_push_request_get(ctl->tx, id, request);
        store_rollback(&ctl->tx);
        if (rv != APR_SUCCESS)
            return ctl_fail(ctl, CTL_FAILURE, "the request is gone");
        if ((*request)->done)
            return CTL_OK;
    } while (apr_time_now() < end);
    return give_up(ctl, id);
}

int ctl_push_test(ctl_t *ctl)
{
    store_push_request_t request = { .number = ctl->number, .uri = "" };
    store_push_request_t *done;
    ctl_json_t j = { 0, { 0 } };
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE);

    if (status != CTL_OK)
        return status;
    rv = store_push_request_add(ctl->tx, &request);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "the test cannot be asked for");
    status = ctl_commit(ctl);
    if (status == CTL_OK)
        status = wait_done(ctl, request.id, &done);
    if (status != CTL_OK)
        return status;
    if (ctl->json) {
        ctl_json_open(&j, NULL, '{');
        ctl_json_string(&j, "number", ctl->number);
        ctl_json_bool(&j, "ok", done->ok);
        ctl_json_string(&j, "result", done->result);
        ctl_json_close(&j, '}');
    }
    else if (done->ok) {
        printf("%s: %s\n", ctl->number, ctl_clean(done->result, ctl->p));
    }
    return done->ok ? CTL_OK
        : ctl_fail(ctl, CTL_FAILURE, "the test to %s failed: %s", ctl->number,
                   done->result);
}
