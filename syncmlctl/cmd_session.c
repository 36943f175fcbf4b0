/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/* session list, show, undo: see ctl.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "item/item.h"
#include "mod_syncml/sml.h"
#include "syncmlctl/ctl.h"

#define SUMMARY_MAX   60
#define USUAL_LIMIT   50
#define LARGEST       1000000000L

typedef struct list_t {
    ctl_t *ctl;
    ctl_json_t j;
    ctl_table_t *t;
    store_id_t only;            /* device; 0: all */
    store_id_t account;         /* name is of this one */
    const char *name;
    apr_pool_t *scratch;
    int counts[4];              /* by store_undo_e */
} list_t;

/* ---- words --------------------------------------------------------------- */

static int number(const char *text, long *n)
{
    char *end;

    *n = strtol(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && *n < LARGEST;
}

int ctl_session_prepare(ctl_t *ctl)
{
    const char *limit = ctl->options[OPT_LIMIT];
    long n = USUAL_LIMIT;

    if (limit && !number(limit, &n))
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" is no number of sessions",
                        limit);
    ctl->limit = (int)n;
    if (ctl->argc == 0)
        return CTL_OK;
    if (!number(ctl->argv[0], &n) || n < 1)
        return ctl_fail(ctl, CTL_USAGE, "\"%s\" is no session: `syncmlctl "
                        "session list' shows their numbers", ctl->argv[0]);
    ctl->log = n;
    return CTL_OK;
}

/** "two-way"; "" for what was no sync. */
static const char *sync_name(int code)
{
    static const char *const names[] = {
        "two-way", "slow", "one-way-from-client", "refresh-from-client",
        "one-way-from-server", "refresh-from-server"
    };

    return code >= 200 && code <= 205 ? names[code - 200] : "";
}

/** Only a device whose session lives is still at it. */
static const char *state_name(ctl_t *ctl, const store_log_t *log)
{
    store_session_t *s;

    if (log->undoes)
        return "undo";
    if (log->state == STORE_LOG_ENDED)
        return "ended";
    if (log->state == STORE_LOG_OPEN
        && store_session_of_device(ctl->tx, log->device, &s) == APR_SUCCESS
        && s->expires > apr_time_now())
        return "under way";
    return "broken off";
}

static const char *counters(const apr_uint32_t n[4], apr_pool_t *p)
{
    const char *text = apr_psprintf(p, "%u+%u-%u", n[0], n[1], n[2]);

    return n[3] ? apr_psprintf(p, "%s, %u refused", text, n[3]) : text;
}

static const char *status_name(const store_log_datastore_t *d, apr_pool_t *p)
{
    return d->status == 200 ? "" : d->status
           ? apr_psprintf(p, ", failed with %d", d->status) : ", not ended";
}

/** "contacts slow: received 3+0-1, sent 2+0-0" */
static const char *datastore_words(const store_log_datastore_t *d,
                                   apr_pool_t *p)
{
    const char *sync = sync_name(d->sync);

    return apr_pstrcat(p, d->name, *sync ? " " : "", sync, ": ",
                       *sync ? "received " : "changed ",
                       counters(d->received, p), *sync ? ", sent " : "",
                       *sync ? counters(d->sent, p) : "",
                       d->conflicts ? apr_psprintf(p, ", %u conflicts",
                                                   d->conflicts) : "",
                       status_name(d, p), NULL);
}

static const char *account_name(list_t *list, store_id_t id)
{
    if (list->account != id) {
        list->account = id;
        list->name = ctl_account_name(list->ctl, id);
    }
    return list->name;
}

static const char *id_text(store_id_t id, apr_pool_t *p)
{
    return apr_psprintf(p, "%" APR_INT64_T_FMT, id);
}

/* ---- JSON ---------------------------------------------------------------- */

static void json_counters(ctl_json_t *j, const char *name,
                          const apr_uint32_t n[4])
{
    ctl_json_open(j, name, '{');
    ctl_json_int(j, "added", n[0]);
    ctl_json_int(j, "replaced", n[1]);
    ctl_json_int(j, "deleted", n[2]);
    ctl_json_int(j, "refused", n[3]);
    ctl_json_close(j, '}');
}

static void json_datastore(ctl_json_t *j, const store_log_datastore_t *d)
{
    ctl_json_open(j, NULL, '{');
    ctl_json_string(j, "datastore", d->name);
    ctl_json_string(j, "sync", *sync_name(d->sync) ? sync_name(d->sync)
                                                   : NULL);
    ctl_json_int(j, "status", d->status);
    json_counters(j, "received", d->received);
    json_counters(j, "sent", d->sent);
    ctl_json_int(j, "conflicts", d->conflicts);
    ctl_json_close(j, '}');
}

static void json_log(list_t *list, const store_log_t *log)
{
    ctl_json_t *j = &list->j;
    int i;

    ctl_json_int(j, "id", log->id);
    ctl_json_string(j, "account", account_name(list, log->account));
    ctl_json_string(j, "device", log->device ? log->devid : NULL);
    ctl_json_string(j, "session", log->session);
    ctl_json_string(j, "state", state_name(list->ctl, log));
    ctl_json_time(j, "started", log->started);
    ctl_json_time(j, "latest", log->latest);
    ctl_json_int(j, "undoes", log->undoes);
    ctl_json_int(j, "undone_by", log->undone_by);
    ctl_json_open(j, "datastores", '[');
    for (i = 0; i < log->datastores->nelts; i++)
        json_datastore(j, &APR_ARRAY_IDX(log->datastores, i,
                                         store_log_datastore_t));
    ctl_json_close(j, ']');
}

/* ---- list ---------------------------------------------------------------- */

static const char *what_it_did(const store_log_t *log, apr_pool_t *p)
{
    const char *text = log->undoes
                       ? apr_psprintf(p, "takes back %" APR_INT64_T_FMT,
                                      log->undoes) : "";
    int i;

    for (i = 0; i < log->datastores->nelts; i++)
        text = apr_pstrcat(p, text, *text ? "; " : "",
                           datastore_words(&APR_ARRAY_IDX(
                               log->datastores, i, store_log_datastore_t),
                               p), NULL);
    return log->undone_by
           ? apr_psprintf(p, "%s (taken back by %" APR_INT64_T_FMT ")", text,
                          log->undone_by) : text;
}

static apr_status_t list_one(void *baton, const store_log_t *row)
{
    list_t *list = baton;
    ctl_t *ctl = list->ctl;
    store_log_t *log;
    apr_status_t rv = store_log_get(ctl->tx, 0, row->id, &log);

    if (rv != APR_SUCCESS)
        return rv;
    if (ctl->json) {
        ctl_json_open(&list->j, NULL, '{');
        json_log(list, log);
        ctl_json_close(&list->j, '}');
        return APR_SUCCESS;
    }
    ctl_table_add(list->t, id_text(log->id, ctl->p));
    ctl_table_add(list->t, account_name(list, log->account));
    ctl_table_add(list->t, log->device ? log->devid : "server");
    ctl_table_add(list->t, ctl_time(log->started, ctl->p));
    ctl_table_add(list->t, state_name(ctl, log));
    ctl_table_add(list->t, what_it_did(log, ctl->p));
    return APR_SUCCESS;
}

int ctl_session_list(ctl_t *ctl)
{
    static const char *const heads[] = {
        "ID", "ACCOUNT", "DEVICE", "STARTED", "STATE", "WHAT IT DID", NULL
    };
    store_account_t *account = NULL;
    store_device_t *d = NULL;
    apr_status_t rv;
    list_t list;
    int status = ctl_begin(ctl, STORE_READ);

    if (status == CTL_OK && ctl->options[OPT_DEVICE])
        status = ctl_device(ctl, ctl->options[OPT_DEVICE], &d);
    else if (status == CTL_OK && ctl->options[OPT_ACCOUNT])
        status = ctl_account(ctl, &account);
    if (status != CTL_OK)
        return status;
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    list.t = ctl_table_make(ctl->p, heads);
    if (ctl->json)
        ctl_json_open(&list.j, NULL, '[');
    rv = store_log_list(ctl->tx, account ? account->id : 0, d ? d->id : 0, 0,
                        ctl->limit, list_one, &list);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot list the sessions");
    if (ctl->json)
        ctl_json_close(&list.j, ']');
    else
        ctl_table_print(list.t, "There are no sessions.");
    return CTL_OK;
}

/* ---- one session --------------------------------------------------------- */

static int find_log(ctl_t *ctl, int mode, store_log_t **log)
{
    store_account_t *account = NULL;
    apr_status_t rv;
    int status = ctl_begin(ctl, mode);

    if (status == CTL_OK && ctl->options[OPT_ACCOUNT])
        status = ctl_account(ctl, &account);
    if (status != CTL_OK)
        return status;
    rv = store_log_get(ctl->tx, account ? account->id : 0, ctl->log, log);
    if (rv == APR_NOTFOUND)
        return ctl_fail(ctl, CTL_NOT_FOUND, "there is no session %s%s: "
                        "`syncmlctl session list' shows those that are kept",
                        ctl->argv[0], account ? " of that account" : "");
    return rv == APR_SUCCESS ? CTL_OK
           : ctl_fail_store(ctl, rv, "cannot read the session");
}

static const char *summary(const store_item_t *item, apr_pool_t *p)
{
    return item_summary(item->type, item->data, item->len, SUMMARY_MAX, p);
}

/** Present at some time? */
static int is_there(const store_item_t *item)
{
    return item && !item->deleted;
}

static const char *verb_of(const store_log_change_t *c)
{
    int is = !c->became || !c->became->deleted;

    if (c->outcome == STORE_UNDO_LOST)
        return is ? "changed" : "deleted";
    if (!c->was)
        return is ? "added" : "added, deleted";
    if (!is_there(c->was))
        return is ? "restored" : "restored, deleted";
    return is ? "changed"
           : c->became && c->became->archived ? "archived" : "deleted";
}

static const char *outcome_of(const store_log_change_t *c, int undoing)
{
    switch (c->outcome) {
    case STORE_UNDO_DONE:
        return undoing ? "put back" : "";
    case STORE_UNDO_NOTHING:
        return "is what it was";
    case STORE_UNDO_CHANGED:
        return undoing ? "left alone: changed by others since"
                       : "changed by others since";
    default:
        return "what it was is no longer kept";
    }
}

static const char *outcome_word(store_undo_e outcome)
{
    static const char *const words[] = { "done", "nothing", "changed",
                                         "lost" };

    return words[outcome];
}

static void json_state(list_t *list, const char *name,
                       const store_item_t *item)
{
    ctl_json_t *j = &list->j;

    if (!item) {
        ctl_json_string(j, name, NULL);
        return;
    }
    ctl_json_open(j, name, '{');
    ctl_json_bool(j, "deleted", item->deleted);
    ctl_json_bool(j, "archived", item->archived);
    ctl_json_string(j, "type", item->type);
    ctl_json_string(j, "summary", summary(item, list->scratch));
    ctl_json_time(j, "modified", item->modified);
    ctl_json_data(j, "data", item->data, item->len, list->scratch);
    ctl_json_close(j, '}');
}

static void json_change(list_t *list, const store_log_change_t *c)
{
    ctl_json_t *j = &list->j;
    char guid[STORE_GUID_LEN];

    ctl_json_open(j, NULL, '{');
    ctl_json_string(j, "item", store_guid(c->item, guid));
    ctl_json_string(j, "datastore", c->datastore_name);
    ctl_json_string(j, "what", verb_of(c));
    ctl_json_string(j, "undo", outcome_word(c->outcome));
    json_state(list, "was", c->was);
    json_state(list, "became", c->became);
    ctl_json_close(j, '}');
}

/** What it was and what it became in one line each; the same is said once. */
static void print_change(list_t *list, const store_log_change_t *c,
                         int undoing)
{
    const char *was = c->was ? summary(c->was, list->scratch) : NULL;
    const char *is = c->became ? summary(c->became, list->scratch) : NULL;
    const char *outcome = outcome_of(c, undoing);
    char guid[STORE_GUID_LEN];

    printf("%-8s  %-10s  %-9s  %s", store_guid(c->item, guid),
           ctl_clean(c->datastore_name, list->scratch), verb_of(c),
           ctl_clean(was ? was : is ? is : "?", list->scratch));
    if (was && is && strcmp(was, is))
        printf(" -> %s", ctl_clean(is, list->scratch));
    printf("%s%s%s\n", *outcome ? "  (" : "", outcome, *outcome ? ")" : "");
}

static apr_status_t show_change(void *baton, const store_log_change_t *c)
{
    list_t *list = baton;

    apr_pool_clear(list->scratch);
    list->counts[c->outcome]++;
    if (list->ctl->json)
        json_change(list, c);
    else
        print_change(list, c, 0);
    return APR_SUCCESS;
}

static void show_log(list_t *list, const store_log_t *log)
{
    apr_pool_t *p = list->ctl->p;
    int i;

    printf("Session    %" APR_INT64_T_FMT ", %s\n", log->id,
           state_name(list->ctl, log));
    printf("Account    %s\n", ctl_clean(account_name(list, log->account), p));
    printf("Device     %s\n", log->device ? ctl_clean(log->devid, p)
                                          : "server");
    printf("Started    %s\n", ctl_time(log->started, p));
    printf("Latest     %s\n", ctl_time(log->latest, p));
    if (log->undoes)
        printf("Takes back %" APR_INT64_T_FMT "\n", log->undoes);
    if (log->undone_by)
        printf("Taken back by %" APR_INT64_T_FMT "\n", log->undone_by);
    for (i = 0; i < log->datastores->nelts; i++)
        printf("%s\n", ctl_clean(datastore_words(&APR_ARRAY_IDX(
            log->datastores, i, store_log_datastore_t), p), p));
    printf("\n");
}

int ctl_session_show(ctl_t *ctl)
{
    store_log_t *log;
    apr_status_t rv;
    list_t list;
    int status = find_log(ctl, STORE_READ, &log);

    if (status != CTL_OK)
        return status;
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    apr_pool_create(&list.scratch, ctl->p);
    if (ctl->json) {
        ctl_json_open(&list.j, NULL, '{');
        json_log(&list, log);
        ctl_json_open(&list.j, "items", '[');
    }
    else {
        show_log(&list, log);
    }
    rv = store_log_changes(ctl->tx, log->account, log->id, show_change,
                           &list);
    if (rv != APR_SUCCESS)
        return ctl_fail_store(ctl, rv, "cannot read what the session did");
    if (ctl->json) {
        ctl_json_close(&list.j, ']');
        ctl_json_close(&list.j, '}');
    }
    return CTL_OK;
}

/* ---- undo ---------------------------------------------------------------- */

static apr_status_t undo_change(void *baton, const store_log_change_t *c)
{
    list_t *list = baton;

    apr_pool_clear(list->scratch);
    list->counts[c->outcome]++;
    if (list->ctl->json)
        json_change(list, c);
    else if (c->outcome != STORE_UNDO_NOTHING)
        print_change(list, c, 1);
    return APR_SUCCESS;
}

/* A text that is not understood any more is given back all the same; slow
 * syncs will not recognise it. */
static apr_status_t compute_keys(void *baton, store_item_t *item)
{
    list_t *list = baton;

    apr_pool_clear(list->scratch);
    sml_compute_keys(item, list->scratch);
    return APR_SUCCESS;
}

static void report(list_t *list, store_id_t made)
{
    ctl_t *ctl = list->ctl;
    int dry = ctl->options[OPT_DRY_RUN] != NULL;

    if (ctl->json) {
        ctl_json_close(&list->j, ']');
        ctl_json_int(&list->j, "session", dry ? 0 : made);
        ctl_json_bool(&list->j, "dry_run", dry);
        ctl_json_close(&list->j, '}');
        return;
    }
    printf("%d items %s, %d left alone, %d no longer kept\n",
           list->counts[STORE_UNDO_DONE],
           dry ? "would be put back" : "put back",
           list->counts[STORE_UNDO_CHANGED], list->counts[STORE_UNDO_LOST]);
    if (made && !dry)
        printf("this was session %" APR_INT64_T_FMT ": `syncmlctl session "
               "undo %" APR_INT64_T_FMT "' takes it back\n", made, made);
}

static int undo(ctl_t *ctl, const store_log_t *log, list_t *list)
{
    store_undo_t how = { 0 };
    store_id_t made = 0;
    apr_status_t rv;
    int status = CTL_OK;

    how.force = ctl->options[OPT_FORCE] != NULL;
    how.keys = compute_keys;
    how.fn = undo_change;
    how.baton = list;
    if (ctl->json) {
        ctl_json_open(&list->j, NULL, '{');
        ctl_json_open(&list->j, "items", '[');
    }
    rv = store_log_undo(ctl->tx, log->account, log->id, &how, &made);
    if (rv != APR_SUCCESS)
        status = ctl_fail_store(ctl, rv, "nothing was changed");
    else if (ctl->options[OPT_DRY_RUN])
        store_rollback(&ctl->tx);
    else
        status = ctl_commit(ctl);
    if (status == CTL_OK)
        report(list, made);
    return status;
}

/** Nobody has to wait for whoever reads the output. */
static int undo_held(ctl_t *ctl, const store_log_t *log)
{
    list_t list;
    int status = ctl_output_hold(ctl);

    if (status != CTL_OK)
        return status;
    memset(&list, 0, sizeof(list));
    list.ctl = ctl;
    apr_pool_create(&list.scratch, ctl->p);
    status = undo(ctl, log, &list);
    store_rollback(&ctl->tx);
    return ctl_output_release(ctl, status);
}

int ctl_session_undo(ctl_t *ctl)
{
    store_log_t *log;
    int status;

    /* The question is asked before others have to wait for the answer. */
    status = find_log(ctl, STORE_READ, &log);
    if (status != CTL_OK)
        return status;
    store_rollback(&ctl->tx);
    if (!ctl->options[OPT_DRY_RUN]
        && !ctl_confirm(ctl, apr_psprintf(ctl->p, "Take session %s back, on "
                                          "all devices too?",
                                          ctl->argv[0])))
        return ctl_fail(ctl, CTL_FAILURE, "nothing was changed");
    status = find_log(ctl, STORE_WRITE, &log);
    return status == CTL_OK ? undo_held(ctl, log) : status;
}
