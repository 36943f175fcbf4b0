/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* push status, set: see ctl.h. */
#include <stdio.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "push/policy.h"
#include "syncmlctl/ctl.h"

/* ---- set ----------------------------------------------------------------- */

/** RULE VALUE pairs; "default" forgets one. */
int ctl_push_set_prepare(ctl_t *ctl)
{
    int i;

    if (ctl->argc % 2)
        return ctl_fail(ctl, CTL_USAGE, "a value is missing behind \"%s\"",
                        ctl->argv[ctl->argc - 1]);
    if (!ctl->options[OPT_DEVICE] && !ctl->options[OPT_ACCOUNT])
        return ctl_fail(ctl, CTL_USAGE, "say whose rules: --account NAME or "
                        "--device DEVICE (those of the server are "
                        "directives)");
    for (i = 0; i < ctl->argc; i += 2) {
        store_use_e scope = ctl->options[OPT_DEVICE] ? STORE_USE_DEVICE
                                                     : STORE_USE_ACCOUNT;
        const char *error = "", *value = ctl->argv[i + 1];
        policy_rules_t scratch;
        apr_status_t rv;

        policy_defaults(&scratch);
        rv = policy_set(&scratch, scope, ctl->argv[i],
                        strcmp(value, "default") ? value : "off", &error,
                        ctl->p);
        if (rv == APR_NOTFOUND)
            return ctl_fail(ctl, CTL_USAGE, "%s: %s", ctl->argv[i], error);
        if (rv != APR_SUCCESS && strcmp(value, "default"))
            return ctl_fail(ctl, CTL_BAD_DATA, "%s: %s", ctl->argv[i],
                            error);
    }
    return CTL_OK;
}

static apr_status_t write_rules(ctl_t *ctl, store_id_t account,
                                store_id_t device)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; i < ctl->argc && rv == APR_SUCCESS; i += 2) {
        const char *name = apr_pstrcat(ctl->p, POLICY_PREFIX, ctl->argv[i],
                                       NULL);
        const char *value = strcmp(ctl->argv[i + 1], "default")
            ? ctl->argv[i + 1] : NULL;

        rv = device ? store_device_setting_set(ctl->tx, device, name, value)
            : store_account_setting_set(ctl->tx, account, name, value);
    }
    return rv == APR_SUCCESS ? store_due_replan(ctl->tx, account, device)
                             : rv;
}

int ctl_push_set(ctl_t *ctl)
{
    ctl_json_t j = { 0, { 0 } };
    store_id_t account = 0, device = 0;
    const char *key = "", *whose = "";
    apr_status_t rv;
    int status = ctl_begin(ctl, STORE_WRITE), i;

    if (status == CTL_OK)
        status = ctl_push_scope(ctl, &account, &device, &key, &whose);
    if (status != CTL_OK)
        return status;
    rv = write_rules(ctl, account, device);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "nothing was changed");
    status = ctl_commit(ctl);
    if (status != CTL_OK)
        return status;
    if (!ctl->json) {
        for (i = 0; i < ctl->argc; i += 2)
            printf("%s %s: %s %s\n", key, ctl_clean(whose, ctl->p),
                   ctl_clean(ctl->argv[i], ctl->p),
                   ctl_clean(ctl->argv[i + 1], ctl->p));
        return CTL_OK;
    }
    ctl_json_open(&j, NULL, '{');
    ctl_json_string(&j, key, whose);
    for (i = 0; i < ctl->argc; i += 2)
        ctl_json_string(&j, ctl->argv[i], ctl->argv[i + 1]);
    ctl_json_close(&j, '}');
    return CTL_OK;
}

/* ---- status -------------------------------------------------------------- */

typedef struct status_t {
    ctl_t *ctl;
    apr_hash_t *dues;           /* store_due_t by device */
    store_id_t account, device; /* 0: all */
    int paused;                 /* the server */
    apr_time_t now;
    ctl_json_t j;
    ctl_table_t *t;
} status_t;

/* One device, as it is shown. */
typedef struct shown_t {
    const store_device_t *d;
    const char *account;
    const store_due_t *due;     /* NULL: it owes nothing */
    const char *state, *why;
    apr_time_t next;            /* 0: none known */
    apr_time_t last_sent, answered;
    store_use_t use;
    const char *rules;          /* its own and its account's, in words */
    int reached;                /* there is a way to tell it */
} shown_t;

static apr_status_t keep_due(void *baton, const store_due_t *due)
{
    status_t *s = baton;
    store_due_t *copy = apr_pmemdup(s->ctl->p, due, sizeof(*due));

    copy->plan = apr_pstrdup(s->ctl->p, due->plan);
    copy->last_error = apr_pstrdup(s->ctl->p, due->last_error);
    apr_hash_set(s->dues, &copy->device, sizeof(copy->device), copy);
    return APR_SUCCESS;
}

static apr_status_t last_one(void *baton, const store_push_log_t *e)
{
    shown_t *shown = baton;

    shown->last_sent = e->time;
    shown->answered = e->answered;
    return APR_EOF;
}

typedef struct rules_t {
    apr_pool_t *p;
    const char *words;
    const char *whose;
    int paused;                 /* by the nearest that says; -1: none */
} rules_t;

static apr_status_t add_rule(void *baton, const char *name,
                             const char *value)
{
    rules_t *r = baton;
    size_t n = sizeof(POLICY_PREFIX) - 1;
    policy_rules_t scratch;
    const char *error;

    policy_defaults(&scratch);
    if (strncmp(name, POLICY_PREFIX, n)
        || policy_set(&scratch, STORE_USE_SERVER, name + n, value, &error,
                      r->p) == APR_NOTFOUND)
        return APR_SUCCESS;
    if (!strcmp(name + n, "paused") && r->paused < 0)
        r->paused = scratch.paused;
    r->words = apr_pstrcat(r->p, r->words, *r->words ? ", " : "", name + n,
                           " ", value, r->whose, NULL);
    return APR_SUCCESS;
}

static void find_state(const status_t *s, shown_t *x, int paused)
{
    const store_due_t *due = x->due;

    x->why = "";
    if (!x->d->push || !x->reached) {
        x->state = x->d->push ? "no number" : "off";
    }
    else if (!due) {
        x->state = "told";
        x->why = "it lacks nothing";
    }
    else if (due->leased_until > s->now) {
        x->state = "in delivery";
        x->why = due->plan;
    }
    else if (due->state == STORE_DUE_SUSPENDED) {
        x->state = "suspended";
        x->why = *due->last_error ? due->last_error
            : due->unanswered ? "it did not answer" : due->plan;
    }
    else {
        x->state = due->state == STORE_DUE_SENT ? "sent"
            : due->state == STORE_DUE_DRY ? "dry-run" : "waiting";
        x->why = due->planned ? due->plan : "not planned yet";
        x->next = STORE_DUE_IS_TIME(due->planned)
            && due->state != STORE_DUE_DRY ? due->planned : 0;
    }
    if (due && paused)
        x->why = "paused";
}

static apr_status_t look_at(status_t *s, const store_device_t *d, shown_t *x)
{
    rules_t rules = { s->ctl->p, "", "", -1 };
    store_push_filter_t f = { .device = d->id, .limit = 1,
                              .events = 1u << STORE_PUSH_SENT };
    apr_status_t rv;

    memset(x, 0, sizeof(*x));
    x->d = d;
    x->account = ctl_account_name(s->ctl, d->account);
    x->due = apr_hash_get(s->dues, &d->id, sizeof(d->id));
    rv = store_push_log_list(s->ctl->tx, &f, last_one, x);
    if (rv == APR_SUCCESS)
        rv = store_push_use(s->ctl->tx, STORE_USE_DEVICE, d->id, s->now,
                            &x->use);
    if (rv == APR_SUCCESS)
        rv = store_device_setting_list(s->ctl->tx, d->id, add_rule, &rules);
    rules.whose = " (account)";
    if (rv == APR_SUCCESS)
        rv = store_account_setting_list(s->ctl->tx, d->account, add_rule,
                                        &rules);
    if (rv == APR_SUCCESS)
        rv = ctl_device_reached(s->ctl, d, &x->reached);
    x->rules = rules.words;
    find_state(s, x, rules.paused < 0 ? s->paused : rules.paused);
    return rv;
}

static void json_status(status_t *s, const shown_t *x)
{
    ctl_json_t *j = &s->j;

    ctl_json_open(j, NULL, '{');
    ctl_json_string(j, "account", x->account);
    ctl_json_string(j, "device", x->d->devid);
    ctl_json_string(j, "number", x->d->number);
    ctl_json_string(j, "state", x->state);
    ctl_json_string(j, "why", x->why);
    ctl_json_time(j, "next", x->next);
    ctl_json_time(j, "since", x->due ? x->due->first_change : 0);
    ctl_json_int(j, "unanswered", x->due ? x->due->unanswered : 0);
    ctl_json_time(j, "last_sent", x->last_sent);
    ctl_json_time(j, "answered", x->answered);
    ctl_json_int(j, "sms_today", x->use.day);
    ctl_json_int(j, "sms_this_month", x->use.month);
    ctl_json_string(j, "rules", x->rules);
    ctl_json_close(j, '}');
}

static apr_status_t status_row(void *baton, const store_device_t *d)
{
    status_t *s = baton;
    apr_pool_t *p = s->ctl->p;
    shown_t x;
    apr_status_t rv;

    if (s->device && d->id != s->device)
        return APR_SUCCESS;
    rv = look_at(s, d, &x);
    if (rv != APR_SUCCESS)
        return rv;
    if (s->ctl->json) {
        json_status(s, &x);
        return APR_SUCCESS;
    }
    ctl_table_add(s->t, x.account);
    ctl_table_add(s->t, d->devid);
    ctl_table_add(s->t, *d->number ? d->number : "-");
    ctl_table_add(s->t, x.state);
    ctl_table_add(s->t, x.why);
    ctl_table_add(s->t, !x.next ? "-" : x.next <= s->now ? "now"
                                                 : ctl_time(x.next, p));
    ctl_table_add(s->t, ctl_time(x.last_sent, p));
    ctl_table_add(s->t, !x.last_sent ? "-" : x.answered ? "yes" : "no");
    ctl_table_add(s->t, apr_psprintf(p, "%d/%d", (int)x.use.day,
                                     (int)x.use.month));
    ctl_table_add(s->t, *x.rules ? x.rules : "-");
    return APR_SUCCESS;
}

static apr_status_t list_devices(status_t *s)
{
    const char *value;
    apr_status_t rv = store_setting_get(s->ctl->tx, POLICY_PREFIX "paused",
                                        &value);

    s->paused = rv == APR_SUCCESS && !strcmp(value, "on");
    if (rv == APR_SUCCESS || rv == APR_NOTFOUND)
        rv = store_due_list(s->ctl->tx, s->account, keep_due, s);
    return rv == APR_SUCCESS
        ? store_device_list(s->ctl->tx, s->account, status_row, s) : rv;
}

int ctl_push_status(ctl_t *ctl)
{
    static const char *const heads[] = {
        "ACCOUNT", "DEVICE", "NUMBER", "STATE", "WHY", "NEXT", "LAST SENT",
        "SYNCED", "SMS DAY/MONTH", "RULES", NULL
    };
    store_account_t *account;
    store_device_t *d;
    apr_status_t rv;
    status_t s;
    int status = ctl_begin_list(ctl, &account);

    memset(&s, 0, sizeof(s));
    if (status == CTL_OK && ctl->argc) {
        status = ctl_device(ctl, ctl->argv[0], &d);
        if (status == CTL_OK) {
            s.device = d->id;
            s.account = d->account;
        }
    }
    if (status != CTL_OK)
        return status;
    if (account)
        s.account = account->id;
    s.ctl = ctl;
    s.now = apr_time_now();
    s.dues = apr_hash_make(ctl->p);
    s.t = ctl_table_make(ctl->p, heads);
    if (ctl->json)
        ctl_json_open(&s.j, NULL, '[');
    rv = list_devices(&s);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list the devices");
    if (ctl->json)
        ctl_json_close(&s.j, ']');
    else
        ctl_table_print(s.t, "There is no device yet.");
    if (!ctl->json && s.paused)
        puts("Push is paused for the whole server: `syncmlctl push resume' "
             "lets it go on.");
    return CTL_OK;
}
