/* Licensed to you under the Apache License, Version 2.0: see LICENSE. */
/*
 * Alerts: which datastores, which sync type, and the anchors that say
 * whether both sides remember the same last sync (OMA DS Protocol 1.2,
 * chapter 6; SyncML Sync Protocol 1.0 and 1.1 likewise).
 */
#include "mod_syncml/sml_resume.h"

#include <string.h>

#include <apr_strings.h>

#define MAX_WORDS  200          /* octets of a text for the log */

/* ---- anchors ------------------------------------------------------------ */

static int was_ours(const char *next, const apr_array_header_t *anchors)
{
    int i;

    for (i = 0; i < anchors->nelts; i++) {
        const store_anchor_t *a = APR_ARRAY_IDX(anchors, i, store_anchor_t *);

        if (a != NULL && (strcmp(next, a->last.server) == 0
                          || strcmp(next, a->former.server) == 0)) {
            return 1;
        }
    }
    return 0;
}

/* Our Next: the time in UTC, never one of the last two. */
static const char *next_anchor(sml_session_t *s,
                               const apr_array_header_t *anchors)
{
    apr_time_t t = s->now;

    for (;;) {
        apr_time_exp_t x;
        const char *text;

        apr_time_exp_gmt(&x, t);
        text = apr_psprintf(s->p, "%04d%02d%02dT%02d%02d%02dZ",
                            x.tm_year + 1900, x.tm_mon + 1, x.tm_mday,
                            x.tm_hour, x.tm_min, x.tm_sec);
        if (!was_ours(text, anchors)) {
            return text;
        }
        t += apr_time_from_sec(1);
    }
}

/* Do both sides remember the same sync?  The former generation counts too:
 * the client may have missed the end of the last. */
const store_anchor_gen_t *sml_anchor_matching(const store_anchor_t *a,
                                              const char *client_last)
{
    if (a == NULL || client_last == NULL || *client_last == '\0') {
        return NULL;
    }
    if (strcmp(a->last.client, client_last) == 0) {
        return &a->last;
    }
    if (strcmp(a->former.client, client_last) == 0) {
        return &a->former;
    }
    return NULL;
}

/* A client that names the last sync has seen its end.  From now on only a
 * device that came back from a backup can name the one before, together with
 * the items of then: it needs a slow sync. */
static apr_status_t forget_former(sml_session_t *s, const store_anchor_t *a,
                                  const char *client_last)
{
    store_anchor_t proven;

    if (a == NULL || *a->former.client == '\0' || *client_last == '\0'
        || strcmp(a->last.client, client_last) != 0) {
        return APR_SUCCESS;
    }
    proven = *a;
    proven.former.client = "";
    return store_anchor_put(s->tx, &proven);
}

static void decide(sml_session_t *s, sml_sync_t *y, const store_anchor_t *a)
{
    const store_anchor_gen_t *match = sml_anchor_matching(a, y->client_last);

    y->code = y->asked;
    y->seen = 0;
    y->server_last = a ? a->last.server : "";
    if (SML_FORGETS(y->code)) {
        return;
    }
    if (match == NULL) {
        y->code = 201;
        return;
    }
    y->seen = match->seen;
    y->server_last = match->server;
}

static sml_sync_t *place_for(sml_session_t *s, const char *name)
{
    sml_sync_t *y = sml_sync_by_name(s, name);
    int waiting = y ? y->waiting : 0;

    if (y == NULL) {
        if (s->state->syncs->nelts >= SML_MAX_DATASTORES) {
            return NULL;
        }
        y = apr_array_push(s->state->syncs);
    }
    else if (y->client_began && !y->committed && !y->failed) {
        return NULL;
    }
    memset(y, 0, sizeof(*y));
    y->name = name;
    y->waiting = waiting;       /* of a former cycle */
    return y;
}

/* Two of the client's databases for one of ours: their LUIDs are not of one
 * kind, so what is done to one would be done to the other's items. */
static int taken_by_another(sml_session_t *s, const char *name,
                            const char *source, const char *combined)
{
    const sml_sync_t *y = sml_sync_by_name(s, name);
    const char *was = y ? sml_combination(y) : NULL;

    if (y == NULL || y->committed || y->failed
        || (strcmp(y->client_uri, source) == 0
            && (was == combined
                || (was && combined && strcmp(was, combined) == 0)))) {
        return 0;
    }
    sml_log(s->config, 4, 0, "device %s asks for %s with its \"%s\" and with "
            "its \"%s\"; only the first is synchronised", s->device->devid,
            name, y->client_uri, source);
    return 1;
}

/* What an Alert asks of one of the client's databases. */
typedef struct asked_t {
    int code;                   /* sync type */
    int resume;
    const sml_item_t *item;
    const char *uri;            /* ours, as the client wrote it */
    const char *source;         /* the client's */
    const char *combined;       /* name of the combination; or NULL */
    const sml_view_t *view;
    apr_array_header_t *names;  /* const char *: in the store */
    apr_array_header_t *anchors;        /* store_anchor_t *, may be NULL */
    const char *next;           /* our anchor */
} asked_t;

/* @return a status code, 0: go on */
static int read_anchors(sml_session_t *s, asked_t *q)
{
    int i;

    q->anchors = apr_array_make(s->p, 2, sizeof(store_anchor_t *));
    for (i = 0; i < q->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(q->names, i, const char *);
        store_anchor_t *a = NULL;
        store_datastore_t *ds;

        if (taken_by_another(s, name, q->source, q->combined)) {
            return 403;
        }
        s->rv = store_datastore_open(s->tx, s->account, name, &ds);
        if (s->rv == APR_SUCCESS) {
            s->rv = store_anchor_get(s->tx, s->device->id, ds->id, &a);
        }
        if (s->rv == APR_NOTFOUND) {
            s->rv = APR_SUCCESS;
        }
        if (s->rv != APR_SUCCESS) {
            return 510;
        }
        APR_ARRAY_PUSH(q->anchors, store_anchor_t *) = a;
    }
    q->next = next_anchor(s, q->anchors);
    return 0;
}

static int begin_one(sml_session_t *s, const asked_t *q, int member)
{
    const char *name = APR_ARRAY_IDX(q->names, member, const char *);
    const store_anchor_t *a = APR_ARRAY_IDX(q->anchors, member,
                                            store_anchor_t *);
    sml_sync_t *y = place_for(s, name);
    store_datastore_t *ds;
    sml_view_t view;

    if (y == NULL) {
        return 412;
    }
    s->rv = store_datastore_open(s->tx, s->account, name, &ds);
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    y->datastore = ds->id;
    y->combined = q->combined;
    y->member = member;
    y->client_uri = q->source;
    y->server_uri = q->uri;
    y->asked = q->code;
    y->announced = -1;
    y->client_last = q->item->meta.last ? q->item->meta.last : "";
    y->client_next = q->item->meta.next;
    y->server_next = q->next;
    y->first = a == NULL;
    decide(s, y, a);
    view = *q->view;
    view.access = sml_access_of(s, name, q->combined);
    if (sml_access_forbids(s, view.access, q->code, name)) {
        y->failed = 405;
        return 405;
    }
    sml_select_begin(s, y, &view, a);
    if (!sml_resume_datastore(s, y, q->resume) && q->resume) {
        y->code = 201;
        y->seen = 0;
    }
    s->rv = forget_former(s, a, y->client_last);
    return s->rv == APR_SUCCESS ? 0 : 510;
}

/* What one member of a group needs all do: the client knows but one.
 * @return non-zero if it is a slow sync that was not asked for */
static int agree(sml_session_t *s, sml_sync_t *head)
{
    sml_sync_t *y;
    int slow = 0;

    head->alert_pending = 1;
    for (y = head; y != NULL; y = sml_sync_next(s, y)) {
        slow |= y->code != y->asked;
    }
    for (y = head; slow && y != NULL; y = sml_sync_next(s, y)) {
        y->code = 201;
        y->seen = 0;
        sml_resume_not(s, y);
    }
    return slow;
}

static void log_resume(sml_session_t *s, const sml_sync_t *head, int slow)
{
    if (slow) {
        sml_log(s->config, 5, 0, "device %s of account %s wants to resume a "
                "sync of \"%s\" that is not known here any more: it is "
                "asked for a slow sync", s->device->devid, s->state->user,
                head->server_uri);
    }
    else {
        sml_log(s->config, 6, 0, "device %s of account %s resumes the %s "
                "sync of \"%s\"", s->device->devid, s->state->user,
                sml_sync_name(head->code), head->server_uri);
    }
}

/* @return the status of the Alert for this datastore */
static int begin_datastore(sml_session_t *s, asked_t *q)
{
    sml_sync_t *head;
    int i, code, slow;

    if (q->item->meta.next == NULL || *q->item->meta.next == '\0'
        || strlen(q->item->meta.next) > STORE_MAX_ANCHOR
        || strlen(q->uri) > STORE_MAX_URI) {
        return 400;
    }
    code = read_anchors(s, q);
    for (i = 0; i < q->names->nelts && code == 0; i++) {
        code = begin_one(s, q, i);
    }
    if (code != 0) {
        return code;
    }
    head = sml_sync_by_name(s, APR_ARRAY_IDX(q->names, 0, const char *));
    slow = agree(s, head);
    if (q->resume) {
        log_resume(s, head, slow);
    }
    return slow ? 508 : 200;
}

/* @return a status code if the path or its options are no good, 0: go on */
static int read_path(sml_session_t *s, asked_t *q, sml_path_t *path)
{
    sml_path_take(s, q->uri, path);
    q->names = sml_path_names(s, path);
    if (s->rv != APR_SUCCESS) {
        return 510;
    }
    if (q->names == NULL) {
        sml_path_log_unknown(s, q->uri, path);
        return 404;
    }
    if (path->error != NULL) {
        sml_log(s->config, 4, 0, "device %s of account %s asked for \"%s\": "
                "%s; its owner should correct the path", s->device->devid,
                s->state->user, q->uri, path->error);
        return 400;
    }
    if (path->passed_over != NULL) {
        sml_log(s->config, 6, 0, "device %s: \"%s\" in the path \"%s\" is "
                "not known here and was passed over", s->device->devid,
                path->passed_over, q->uri);
    }
    q->combined = path->conf->members ? path->conf->name : NULL;
    q->view = &path->view;
    return q->item->target.filter == NULL ? 0
        : sml_filter_element(s, &path->view, q->item->target.filter,
                             path->conf);
}

static void alert_item(sml_session_t *s, const sml_command_t *c, int code,
                       const sml_item_t *item, int resume)
{
    asked_t q = { 0 };
    sml_path_t path;
    int status;

    q.code = code;
    q.resume = resume;
    q.item = item;
    q.uri = sml_server_path(&item->target, &item->source);
    q.source = item->source.uri ? item->source.uri : "";
    status = read_path(s, &q, &path);
    if (status == 0) {
        status = begin_datastore(s, &q);
    }
    sml_status_anchor(s, c, status, item->target.uri, item->source.uri,
                      status == 200 || status == 508 ? item->meta.next
                                                     : NULL);
}

static void alert_sync(sml_session_t *s, const sml_command_t *c, int code,
                       int resume)
{
    int i;

    if (c->items->nelts == 0) {
        sml_status(s, c, 400, NULL, NULL);
        return;
    }
    if (s->state->phase == SML_MAP || s->state->phase == SML_DONE) {
        /* Another cycle in the same session. */
        s->state->phase = SML_INIT;
        s->state->final_sent = 0;
    }
    else if (s->state->phase != SML_INIT) {
        sml_status(s, c, 412, NULL, NULL);
        return;
    }
    for (i = 0; i < c->items->nelts && s->rv == APR_SUCCESS; i++) {
        alert_item(s, c, code, &APR_ARRAY_IDX(c->items, i, sml_item_t),
                   resume);
    }
}

/* Words for the user of the other side: those of a phone to its server are
 * for whoever reads the log. */
static void alert_display(sml_session_t *s, const sml_command_t *c)
{
    int i;

    for (i = 0; i < c->items->nelts; i++) {
        const sml_item_t *item = &APR_ARRAY_IDX(c->items, i, sml_item_t);

        if (item->data != NULL) {
            sml_log(s->config, 6, 0, "device %s of account %s says: %.*s",
                    s->device->devid, s->state->user, MAX_WORDS, item->data);
        }
    }
    sml_status(s, c, 200, NULL, NULL);
}

void sml_alert(sml_session_t *s, const sml_command_t *c)
{
    long code = sml_number(c->data);

    s->works |= code != 222;

    if (code >= 200 && code <= 205) {
        alert_sync(s, c, (int)code, 0);
    }
    else if (code >= 206 && code <= 210) {
        /* The answer to a notification names the type so; 201 has none. */
        static const int types[] = { 200, 202, 203, 204, 205 };

        alert_sync(s, c, types[code - 206], 0);
    }
    else if (code == 225) {
        alert_sync(s, c, 200, 1);
    }
    else if (code == 100) {
        alert_display(s, c);
    }
    else if (code >= 221 && code <= 224) {
        /* Results, next message, end of data: nothing to do here but to say
         * so.  Suspend: a Final beside it says nothing of the package, which
         * is not complete. */
        s->asks |= code == 222;
        s->suspended |= code == 224;
        sml_status(s, c, 200, NULL, NULL);
    }
    else {
        sml_status(s, c, code < 0 ? 400 : 406, NULL, NULL);
    }
}
